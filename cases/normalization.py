"""Cases of ``dlcore.scratch.normalization``."""

import itertools

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Timed, known, refusal, sample, sizes

RUNNING = ("running_mean", "running_var")


def _averages(channels):
    """A running mean and variance."""
    return (
        Array((channels,), requires_grad=False),
        Array((channels,), "uniform", 0.5, 2.0, requires_grad=False),
    )


def _channels(channels):
    """A weight and a bias."""
    return Array((channels,), "uniform", 0.5, 2.0), Array((channels,))


@st.composite
def _images(draw, most=4, axes=(0, 3), values=True):
    """A shape (N, C, ...) with several values per channel, and even several positions with `values` False."""
    spatial = draw(sizes(1, most, axes=axes))
    images, channels = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    if images * np.prod(spatial, dtype=int) == 1 or (not values and np.prod(spatial, dtype=int) == 1):
        spatial = (3, *spatial[1:])
        if not axes[1]:
            images, spatial = 3, ()
    return images, channels, *spatial


INFINITE = Literal([[[1.0, np.inf], [-1.0, 2.0]], [[3.0, 4.0], [0.5, 0.0]]])  # one of two channels, that is
CONSTANTS = Literal(
    np.repeat(np.linspace(0.1, 2, 8)[:, np.newaxis], 49, axis=1)
)  # sums of 49 equal numbers are rounded
HUGE = {"values": "uniform", "low": -1e30, "high": 1e30}  # in float32 the squares overflow

EPS = st.sampled_from(
    [1e-3, 0.1, 0.5]
)  # smaller ones leave few digits in float32 where values happen to be close
MOMENTUM = st.sampled_from([0.1, 0.0, 1.0, 0.3])


@st.composite
def _batch_norms(draw):
    shape = draw(_images())
    training = draw(st.booleans())
    running = _averages(shape[1]) if not training or draw(st.booleans()) else (None, None)
    weight, bias = (draw(st.sampled_from([item, None])) for item in _channels(shape[1]))
    return sample(
        Array(shape), *running, weight, bias, training, draw(MOMENTUM), draw(EPS)
    ).but(updates=RUNNING)  # fmt: skip


def _batch(*shape, values="normal", low=0.0, high=1.0, training=True, running=True, **options):
    """A call of :func:`batch_norm`, or of an operator with its first arguments."""
    mean, variance = _averages(shape[1]) if running else (None, None)
    call = sample(Array(shape, values, low, high), mean, variance, *_channels(shape[1]), training, **options)
    return call.but(updates=RUNNING, smooth=values != "special")


BATCH_NORM = Operator(
    "batch_norm",
    samples=_batch_norms(),
    examples=(
        _batch(4, 3, 5, 6),
        _batch(4, 3, 5, 6, training=False),
        _batch(8, 3),
        _batch(2, 3, 40),
        _batch(2, 3, 63),
        _batch(3, 2, 64),
        _batch(3, 4, 8, 9),
        _batch(3, 4, 8, 9, training=False),
        _batch(2, 3, 2, 3, 4),
        _batch(2, 1, 1, 20, 1, 1),
        _batch(2, 3, 5, running=False),
        _batch(1, 3, 200),
        _batch(0, 3, 2),
        _batch(0, 3, 2, training=False),
        sample(Array((2, 0, 3)), None, None, training=True),
        _batch(2, 3, 0),
        _batch(3, 4, 5, 5, values="uniform", low=20.0, high=21.0),
        _batch(3, 4, 5, values="uniform", low=-1e-6, high=1e-6),
        _batch(3, 4, 5, values="uniform", low=-1e6, high=1e6),
        _batch(3, 4, 5, values="ties"),
        _batch(6, 4, 5, values="special"),
        _batch(6, 4, 5, values="special", training=False),
        sample(INFINITE, *_averages(2), *_channels(2), True).but(updates=RUNNING, smooth=False),
        _batch(3, 4, 5, **HUGE).but(smooth=False),
        sample(Literal(np.full((4, 3, 5), 0.1)), None, None, *_channels(3), True).but(smooth=False),
        _batch(4, 3, 5, momentum=np.float64(0.3), eps=np.float64(0.1)),
        _batch(4, 3, 5, momentum=1.0),
        _batch(4, 3, 5, momentum=0, eps=1),
        _batch(4, 3, 5, training=False, eps=0.0),
        sample(Literal([[3.0, 1.0], [3.0, 2.0]]), None, None, training=True),
        sample(Array((3, 2)), None, None, Array((2,)), training=True),
        sample(Array((3, 2)), None, None, None, Array((2,)), training=True),
    ),
    refusals=(
        refusal("input", Array((1, 3)), None, None, training=True),
        refusal("input", Array((1, 3, 1, 1)), None, None, training=True),
        refusal("input", Array((3,)), None, None, training=True),
        refusal("input", Array((3,)), *_averages(3)),
        refusal("input", Array(()), *_averages(3), training=True),
        refusal("running_mean", Array((3,)), None, None),
        refusal("input", Array((3, 2), "integers", 0, 9), None, None, training=True),
        refusal("running_mean", Array((3, 2)), None, None),
        refusal("running_var", Array((3, 2)), _averages(2)[0], None),
        refusal("running_var", Array((3, 2)), _averages(2)[0], None, training=True),
        refusal("running_mean", Array((3, 2)), None, _averages(2)[1], training=True),
        refusal("running_mean", Array((3, 2)), *_averages(3), training=True),
        refusal("running_var", Array((3, 2)), _averages(2)[0], _averages(3)[1]),
        refusal("running_mean", Array((3, 2)), 0.5, _averages(2)[1]),
        refusal("running_mean", Array((3, 2)), Array((2,), "integers"), _averages(2)[1]),
        refusal("weight", Array((3, 2)), *_averages(2), Array((3,))),
        refusal("weight", Array((3, 2)), *_averages(2), Array((2,), "integers"), training=True),
        refusal("bias", Array((3, 2)), *_averages(2), Array((2,)), Array((3,)), training=True),
        refusal("eps", Array((3, 2)), None, None, training=True, eps=0.0),
        refusal("eps", Array((3, 2)), *_averages(2), eps=-1.0),
        refusal("eps", Array((3, 2)), *_averages(2), eps="small"),
        refusal("momentum", Array((3, 2)), *_averages(2), momentum=None),
        refusal("training", Array((3, 2)), *_averages(2), training=1),
    ),
)


@st.composite
def _instance_norms(draw):
    shape = draw(_images(axes=(1, 3), values=False))
    use_input_stats = draw(st.booleans())
    running = _averages(shape[1]) if not use_input_stats or draw(st.booleans()) else (None, None)
    weight, bias = (draw(st.sampled_from([item, None])) for item in _channels(shape[1]))
    return sample(
        Array(shape), *running, weight, bias, use_input_stats, draw(MOMENTUM), draw(EPS)
    ).but(updates=RUNNING)  # fmt: skip


INSTANCE_NORM = Operator(
    "instance_norm",
    samples=_instance_norms(),
    examples=(
        sample(Array((2, 3, 4, 5))),
        _batch(4, 3, 5, 6),
        _batch(4, 3, 5, 6, training=False),
        _batch(2, 3, training=False),
        _batch(2, 3, 1, training=False),
        _batch(2, 3, 200),
        _batch(2, 3, 2, 3, 2),
        sample(Array((0, 3, 4))),
        sample(Array((2, 0, 4))),
        _batch(2, 3, 0),
        _batch(3, 4, 5, 5, values="uniform", low=20.0, high=21.0),
        _batch(3, 4, 5, values="special"),
        sample(INFINITE, *_averages(2), *_channels(2)).but(updates=RUNNING, smooth=False),
        _batch(3, 4, 5, **HUGE).but(smooth=False),
        sample(Literal([[[2.0, 2.0, 2.0], [0.5, 0.5, 0.5], [1.0, 2.0, 4.0]]]), eps=0.0).but(smooth=False),
        sample(Array((2, 3, 4)), None, None, Array((3,))),
        sample(Array((2, 3, 4)), None, None, None, Array((3,))),
    ),
    refusals=(
        refusal("input", Array((2, 3))),
        refusal("input", Array((2, 3, 1))),
        refusal("input", Array((2,))),
        refusal("input", Array((2,)), *_averages(2), use_input_stats=False),
        refusal("input", Array((2, 3, 4), "integers", 0, 9)),
        refusal("running_mean", Array((2, 3, 4)), use_input_stats=False),
        refusal("running_mean", Array((3,)), use_input_stats=False),
        refusal(
            "running_mean", Array((2, 3, 4)), Array((3,), "integers"), _averages(3)[1], error=RuntimeError
        ),
        refusal("running_var", Array((2, 3, 4)), _averages(3)[0]),
        refusal("running_mean", Array((2, 3, 4)), *_averages(2)),
        refusal("running_var", Array((2, 3, 4)), _averages(3)[0], _averages(2)[1]),
        refusal("weight", Array((2, 3, 4)), None, None, Array((2,))),
        refusal("bias", Array((2, 3, 4)), None, None, Array((3,)), Array((2,))),
        refusal("momentum", Array((2, 3, 4)), *_averages(3), momentum=None),
        refusal("use_input_stats", Array((2, 3, 4)), use_input_stats=1),
    ),
)


@st.composite
def _group_norms(draw):
    images, channels, *spatial = draw(_images())
    groups = draw(st.integers(1, 3))
    if channels * np.prod(spatial, dtype=int) == 1:
        channels = 2
    channels *= groups
    weight, bias = _channels(channels)
    affine = draw(
        st.sampled_from([(weight, bias), (weight, None), (None, None)])
    )  # PyTorch has no (None, bias)
    return sample(Array((images, channels, *spatial)), groups, *affine, draw(EPS))


GROUP_NORM = Operator(
    "group_norm",
    samples=_group_norms(),
    examples=(
        sample(Array((2, 6, 5, 4)), 3, *_channels(6)),
        sample(Array((2, 6, 5, 4)), 1, *_channels(6)),
        sample(Array((2, 6, 5, 4)), 6, *_channels(6)),
        sample(Array((3, 6)), 2, *_channels(6)),
        sample(Array((2, 4)), 4),
        sample(Array((2, 4, 150)), 2, Array((4,))),
        sample(Array((2, 4, 3, 2, 2)), 2),
        sample(Array((0, 4, 3)), 2, *_channels(4)),
        sample(Array((2, 4, 0)), 2),
        sample(Array((2, 0, 3)), 2),
        sample(Array((2, 4, 5), "uniform", 20, 21), 2, *_channels(4)),
        sample(Array((4, 4, 5), "special"), 2, *_channels(4)).but(smooth=False),
        sample(Array((2, 4, 5), "ties"), 2, eps=1.0),
        sample(Array((2, 4, 5)), np.int64(2), eps=np.float64(0.1)),
        sample(Array((2, 4, 5)), 2, eps=0),
    ),
    refusals=(
        refusal("input", Array((4,)), 2),
        refusal("input", Array((1, 4)), 4),
        refusal("input", Array((1, 1, 1)), 1),
        refusal("input", Array((2, 4, 3), "integers", 0, 9), 2),
        refusal("num_groups", Array((2, 4, 3)), 3),
        refusal("num_groups", Array((2, 4, 3)), -2),
        refusal("num_groups", Array((2, 4, 3)), 0, error=ZeroDivisionError),
        refusal("num_groups", Array((2, 4, 3)), 2.0),
        refusal("num_groups", Array((2, 4, 3)), True),
        refusal("weight", Array((2, 4, 3)), 2, Array((2,))),
        refusal("weight", Array((2, 4, 3)), 2, Array((4, 1))),
        refusal("bias", Array((2, 4, 3)), 2, Array((4,)), Array((3,))),
        refusal("eps", Array((2, 4, 3)), 2, eps="small"),
    ),
)


@st.composite
def _last_axes(draw, bias):
    shape = draw(sizes(1, 5, axes=(1, 4)))
    shape = (*shape[:-1], shape[-1] + 1)
    normalized = shape[-draw(st.integers(1, len(shape))) :]
    given = [draw(st.sampled_from([Array(normalized), None])) for _ in range(1 + bias)]
    eps = draw(EPS if bias else st.one_of(EPS, st.none()))
    kind = draw(st.sampled_from([tuple, list]))
    return sample(Array(shape), kind(normalized), *given, eps)


def _shape_refusals(bias):
    """What :func:`layer_norm` and :func:`rms_norm` refuse."""
    X = Array((3, 2))
    yield refusal("normalized_shape", X, 2)
    yield refusal("normalized_shape", X, (3,))
    yield refusal("normalized_shape", X, (4, 3, 2))
    yield refusal("normalized_shape", X, ())
    yield refusal("normalized_shape", X, (2.0,))
    yield refusal("normalized_shape", X, "2")
    yield refusal("normalized_shape", Array((3, 1)), (True,))
    yield refusal("normalized_shape", Array(()), (1,))
    yield refusal("input", Array((3, 2), "integers", 0, 9), (2,))
    yield refusal("weight", X, (2,), Array((3,)))
    yield refusal("eps", X, (2,), eps="small")
    if bias:
        yield refusal("bias", X, (2,), Array((2,)), Array((1, 2)))
        yield refusal("weight", X, (2,), Array((2,), "integers"))


LAYER_NORM = Operator(
    "layer_norm",
    samples=_last_axes(bias=True),
    examples=(
        sample(Array((3, 4, 6)), (6,), Array((6,)), Array((6,))),
        sample(Array((3, 4, 6)), (4, 6), Array((4, 6)), Array((4, 6))),
        sample(Array((3, 4, 6)), (3, 4, 6)),
        sample(Array((5,)), [5]),
        sample(Array((4, 300)), (300,), Array((300,)), Array((300,))),
        sample(Array((3, 1)), (1,), Array((1,)), Array((1,))).but(smooth=False),
        sample(Array((0, 4)), (4,), Array((4,)), Array((4,))),
        sample(Array((3, 0)), (0,), Array((0,)), Array((0,))),
        sample(Array((4, 6), "uniform", 20, 21), (6,)),
        sample(Array((4, 6), "uniform", -1e6, 1e6), (6,)),
        sample(Array((4, 6), "ties"), (6,), eps=0.1),
        sample(Array((9, 6), "special"), (6,), Array((6,)), Array((6,))).but(smooth=False),
        sample(Array((3, 4)), (4,), None, Array((4,))),
        sample(Array((3, 4)), (np.int64(4),), eps=np.float64(0.1)),
    ),
    refusals=tuple(_shape_refusals(bias=True)),
)

RMS_NORM = Operator(
    "rms_norm",
    samples=_last_axes(bias=False),
    examples=(
        sample(Array((3, 4, 6)), (6,), Array((6,))),
        sample(Array((3, 4, 6)), (4, 6), Array((4, 6)), 1e-5),
        sample(Array((4, 300)), (300,), Array((300,))),
        sample(Array((3, 1)), (1,), Array((1,))).but(smooth=False),
        sample(Literal([[0.0, 0.0], [1e-4, -1e-4], [1e-9, 2e-9]]), (2,)).but(smooth=False),
        sample(Array((0, 4)), (4,), Array((4,))),
        sample(Array((3, 0)), (0,), Array((0,))),
        sample(Array((4, 6), "uniform", -1e6, 1e6), (6,)),
        sample(Array((9, 6), "special"), (6,), Array((6,))).but(smooth=False),
    ),
    refusals=tuple(_shape_refusals(bias=False)),
)


@st.composite
def _local_responses(draw):
    shape = draw(sizes(1, 4, axes=(3, 5)))
    return sample(
        Array(shape), draw(st.integers(1, 7)), draw(st.sampled_from([1e-4, 0.5, 1, 3.0])),
        draw(st.sampled_from([0.75, 0.5, 1, 2.0, -0.3])), draw(st.sampled_from([1.0, 2, 0.5])),
    )  # fmt: skip


LOCAL_RESPONSE_NORM = Operator(
    "local_response_norm",
    samples=_local_responses(),
    examples=(
        sample(Array((2, 6, 4, 3)), 5, 0.5, 0.75, 2.0),
        sample(Array((2, 6, 4)), 4),
        sample(Array((2, 3, 2, 2, 2)), 2, alpha=1.0),
        sample(Array((2, 3, 2, 2, 1, 2)), 3, alpha=1.0, beta=1),
        sample(Array((2, 3, 4)), 9, alpha=1.0),
        sample(Array((2, 3, 4)), 1, alpha=1.0, beta=0.0),
        sample(Array((0, 3, 4)), 2),
        sample(Array((2, 0, 4)), 2),
        sample(Array((2, 3, 0)), 2),
        sample(Array((2, 5, 4), "uniform", -1e3, 1e3), 3),
        sample(Array((2, 5, 4)), np.int64(3), np.float64(0.5), np.float64(0.75), np.float64(2.0)),
        sample(Array((4, 5, 4), "special"), 3, 0.5).but(smooth=False),
        sample(Literal([[[0.0], [0.0], [0.0], [0.0], [3.0]]]), 2, k=0.0, alpha=1.0, beta=0.5).but(
            smooth=False
        ),
    ),
    refusals=(
        refusal("input", Array((2, 3)), 2),
        refusal("input", Array((2, 3, 4), "integers", 0, 9), 2, error=NotImplementedError),
        refusal("size", Array((2, 3, 4)), 0),
        refusal("size", Array((2, 3, 4)), -1),
        refusal("size", Array((2, 3, 4)), 2.0),
        refusal("size", Array((2, 3, 4)), True),
        refusal("size", Array((2, 3, 4)), None),
        refusal("alpha", Array((2, 3, 4)), 2, "small"),
        refusal("beta", Array((2, 3, 4)), 2, beta="small"),
        refusal("k", Array((2, 3, 4)), 2, k=None),
    ),
)


# Operators that PyTorch lacks


def _axes(dim, axes):
    """`dim` as a tuple of axes that count from 0."""
    if dim is None:
        return tuple(range(axes))
    return tuple(item % max(axes, 1) for item in (dim if isinstance(dim, (tuple, list)) else (dim,)))[:axes]


def _slices(array, dim):
    """Every part of `array` that is normalized by itself, as an index."""
    axes = _axes(dim, array.ndim)
    ranges = [[slice(None)] if axis in axes else range(size) for axis, size in enumerate(array.shape)]
    return itertools.product(*ranges)


def _standardize(input, dim=None, correction=0, eps=0.0):
    output = np.zeros_like(input)
    for index in _slices(input, dim):
        part = input[index]
        if part.size and part.max() > part.min():
            variance = ((part - part.sum() / part.size) ** 2).sum() / (part.size - correction)
            output[index] = (part - part.sum() / part.size) / np.sqrt(variance + eps)
    return output


@st.composite
def _dims(draw, least, smallest):
    """A shape and some of its axes."""
    shape = draw(sizes(smallest, 5, axes=(least, 4 if smallest < 3 else 3)))
    axes = draw(st.sets(st.integers(0, len(shape) - 1), min_size=1)) if shape else {0}
    signed = tuple(axis - draw(st.sampled_from([0, max(len(shape), 1)])) for axis in axes)
    return shape, draw(st.sampled_from([None, signed, list(signed), signed[0]]))


@st.composite
def _standardizations(draw):
    shape, dim = draw(_dims(least=1, smallest=3))
    return sample(Array(shape), dim, draw(st.sampled_from([0, 1])), draw(st.sampled_from([0.0, 1e-3, 1])))


STANDARDIZE = Operator(
    "standardize",
    samples=_standardizations(),
    examples=(
        sample(Array((5, 3)), 0),
        sample(Array((5, 3)), 0, 1),
        sample(Array((2, 3, 4)), (0, -1), eps=0.1),
        sample(Array((2, 3, 4))),
        sample(Array(())),
        sample(Array((3, 0))),
        sample(Array((0, 3)), 1),
        sample(Array((3, 200)), -1),
        sample(Literal([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]]), 0).but(smooth=False),
        sample(Array((4, 3), "uniform", 20, 21), 0),
        sample(Array((4, 3), "uniform", -1e6, 1e6), 0),
        sample(Array((4, 3), "uniform", -1e30, 1e30), 0).but(smooth=False),
        sample(CONSTANTS, 1).but(smooth=False),
    ),
    refusals=(
        refusal("input", Array((3, 2), "integers", 0, 9)),
        refusal("input", Array((1, 3)), 0, 1),
        refusal("dim", Array((3, 2)), 2),
        refusal("dim", Array((3, 2)), (0, -2)),
        refusal("dim", Array((3, 2)), 1.0),
        refusal("correction", Array((3, 2)), 0, -1),
        refusal("correction", Array((3, 2)), 0, 0.5),
        refusal("eps", Array((3, 2)), eps=None),
        refusal("eps", Array((3, 2)), eps=-0.1),
    ),
    known=(
        known([-1.0, 1.0, -1.0, 1.0], "by hand: mean 3, deviation 2", Literal([1.0, 5.0, 1.0, 5.0])),
        known([-1.0, 0.0, 1.0], "by hand: mean 2, unbiased variance 1", Literal([1.0, 2.0, 3.0]), None, 1),
    ),
    by_definition=_standardize,
)


def _contrast_stretch(input, dim=(-2, -1)):
    output = np.zeros_like(input)
    for index in _slices(input, dim):
        low, high = input[index].min(), input[index].max()
        if high > low:
            output[index] = (input[index] - low) / (high - low)
    return output


@st.composite
def _stretches(draw):
    shape, dim = draw(_dims(least=2, smallest=2))
    values = draw(st.sampled_from(["normal", "normal", "ties"]))
    dim = {"dim": dim} if draw(st.booleans()) else {}
    return sample(Array(shape, values), **dim).but(smooth=values == "normal")


CONTRAST_STRETCH = Operator(
    "contrast_stretch",
    samples=_stretches(),
    examples=(
        sample(Array((2, 3, 4, 5))),
        sample(Array((2, 3, 4, 5)), (-3, -2, -1)),
        sample(Array((2, 3, 4, 5)), None),
        sample(Array((5,)), 0),
        sample(Array(()), None),
        sample(Array((0, 4, 5))),
        sample(Array((4, 5), "ties")).but(smooth=False),
        sample(Literal([[[7.0, 7.0], [7.0, 7.0]], [[1.0, 3.0], [1.0, 3.0]]])).but(smooth=False),
        sample(Array((4, 5), "uniform", 0, 255)),
        sample(Literal([[0.0, 1e-39], [5e-40, 0.0]], requires_grad=False)).but(smooth=False),
        sample(Literal([[np.inf, np.inf]])).but(smooth=False),
    ),
    refusals=(
        refusal("input", Array((3, 2), "integers", 0, 9)),
        refusal("input", Array((3, 0))),
        refusal("dim", Array((3,))),
        refusal("dim", Array((3, 2)), (0, -2)),
        refusal("dim", Array((3, 2)), "rows"),
    ),
    known=(
        known([[0.0, 0.25], [0.5, 1.0]], "by hand: from 50 to 90", Literal([[50.0, 60.0], [70.0, 90.0]])),
    ),
    by_definition=_contrast_stretch,
)


def _equalize_histogram(input, levels=256):
    output = np.zeros_like(input)
    for index in _slices(input, (-2, -1)):
        image = input[index]
        for place in np.ndindex(image.shape):
            share = np.count_nonzero(image <= image[place]) / image.size
            output[(*index[:-2], *place)] = np.floor((levels - 1) * share + 0.5)
    return output


def _grey(shape, seed, levels=256):
    return Literal(np.random.default_rng(seed).integers(0, levels, shape, dtype=np.uint8))


@st.composite
def _equalizations(draw):
    levels = draw(st.sampled_from([256, 8, 2, 100]))
    return sample(_grey(draw(sizes(0, 6, axes=(2, 4))), draw(st.integers(0, 999)), levels), levels)


# Gonzalez and Woods, "Digital image processing" (2008): 64 x 64 pixels with 8 grey levels
COUNTS = [790, 1023, 850, 656, 329, 245, 122, 81]
EQUALIZED = [1, 3, 5, 6, 6, 7, 7, 7]

EQUALIZE_HISTOGRAM = Operator(
    "equalize_histogram",
    samples=_equalizations(),
    examples=(
        sample(_grey((2, 3, 8, 9), 0)),
        sample(_grey((5, 5), 1)),
        sample(_grey((0, 3, 3), 1)),
        sample(_grey((2, 0, 3), 1)),
        sample(Literal(np.full((3, 4), 17, np.uint8))),
        sample(_grey((40, 30), 2, 4), levels=4),
    ),
    refusals=(
        refusal("input", Array((3, 2))),
        refusal("input", Array((3, 2), "integers", 0, 9)),
        refusal("input", _grey((5,), 0)),
        refusal("input", Literal(np.array([[3, 8]], np.uint8)), 8),
        refusal("levels", _grey((3, 2), 0), 1),
        refusal("levels", _grey((3, 2), 0), 257),
        refusal("levels", _grey((3, 2), 0), 8.0),
    ),
    known=(
        known(
            np.repeat(EQUALIZED, COUNTS).reshape(64, 64).astype(np.uint8),
            'Gonzalez and Woods, "Digital image processing" (2008), 64 x 64 pixels',
            Literal(np.repeat(np.arange(8), COUNTS).reshape(64, 64).astype(np.uint8)),
            levels=8,
        ),
    ),
    by_definition=_equalize_histogram,
)


def _per_channel(input, weight, bias, channel_output):
    """Apply ``channel_output(x, channel)`` to each channel, then its weight and bias."""
    output = np.zeros_like(input)
    for channel in range(input.shape[1]):
        result = channel_output(input[:, channel], channel)
        result = result * (1 if weight is None else weight[channel])
        output[:, channel] = result + (0 if bias is None else bias[channel])
    return output


def _batch_renorm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5, r_max=3.0,
    d_max=5.0,
):  # fmt: skip
    def channel_output(x, channel):
        mean, std = running_mean[channel], np.sqrt(running_var[channel] + eps)
        if not training or x.size == 0:
            return (x - mean) / std
        batch_mean, batch_std = x.mean(), np.sqrt(x.var() + eps)
        r = min(max(batch_std / std, 1 / r_max), r_max)
        d = min(max((batch_mean - mean) / std, -d_max), d_max)
        return (x - batch_mean) / batch_std * r + d

    return _per_channel(input, weight, bias, channel_output)


@st.composite
def _batch_renorms(draw):
    call = draw(_batch_norms())
    input, *rest = call.arguments
    running = _averages(input.shape[1])
    bounds = {"r_max": draw(st.sampled_from([3.0, 1, 1.2])), "d_max": draw(st.sampled_from([5.0, 0, 0.2]))}
    renorm = sample(input, *running, *rest[2:], **bounds).but(updates=RUNNING)
    return renorm.but(smooth=not rest[4])  # r and d count as constants, which finite differences do not know


BATCH_RENORM = Operator(
    "batch_renorm",
    samples=_batch_renorms(),
    examples=tuple(
        call.but(smooth=not call.arguments[5] or call.options.get("r_max") == 1)
        for call in (
            _batch(4, 3, 5, 6),
            _batch(4, 3, 5, 6, training=False),
            _batch(4, 3, 5, 6, r_max=1, d_max=0),
            _batch(8, 3, r_max=1.1, d_max=0.1),
            _batch(3, 2, 70, r_max=1.1, d_max=0.1),
            _batch(2, 3, 40, momentum=1.0),
            _batch(0, 3, 2),
            _batch(2, 0, 3),
            _batch(3, 4, 5, 5, values="uniform", low=20.0, high=21.0),
        )
    ),
    refusals=(
        refusal("input", Array((1, 3)), *_averages(3), training=True),
        refusal("input", Array((3,)), *_averages(3)),
        refusal("input", Array((3, 2), "integers", 0, 9), *_averages(2), training=True),
        refusal("running_mean", Array((3, 2)), None, None, training=True),
        refusal("running_var", Array((3, 2)), *_averages(2)[:1], _averages(3)[1], training=True),
        refusal("weight", Array((3, 2)), *_averages(2), Array((3,)), training=True),
        refusal("eps", Array((3, 2)), *_averages(2), training=True, eps=0.0),
        refusal("r_max", Array((3, 2)), *_averages(2), training=True, r_max=0.5),
        refusal("d_max", Array((3, 2)), *_averages(2), training=True, d_max=-1.0),
        refusal("r_max", Array((3, 2)), *_averages(2), training=True, r_max=None),
    ),
    known=(
        known(
            [[-1.0, -2.0], [3.0, 6.0]],
            "by hand: nothing is clipped, so (x - running mean) / running deviation, (x - 1) / 2 and (x - 2) / 1",
            Literal([[-1.0, 0.0], [7.0, 8.0]]), Literal([1.0, 2.0], False), Literal([3.75, 0.75], False),
            training=True, eps=0.25, r_max=9.0,
        ),
        known(
            [[0.0, 1.0], [2.0, 3.0]],
            "by hand: s = 5 and S = 3, their quotient clipped to 1.25; the difference of the means over 3 is 1, and 3 "
            "clipped to 2",
            Literal([[-1.0, -2.0], [7.0, 6.0]]), Literal([0.0, -7.0], False), Literal([0.0, 0.0], False),
            training=True, eps=9.0, r_max=1.25, d_max=2.0,
        ),
    ),
    by_definition=_batch_renorm,
)  # fmt: skip


def _switchable_norm(
    input, running_mean, running_var, mean_weight, var_weight, weight=None, bias=None, training=False, momentum=0.1,
    eps=1e-5,
):  # fmt: skip
    shares, var_shares = (np.exp(scores) / np.exp(scores).sum() for scores in (mean_weight, var_weight))
    output = np.zeros_like(input)
    for image, channel in np.ndindex(input.shape[:2]):
        x = input[image, channel]
        scopes = [x, input[image], input[:, channel]]
        means, variances = [scope.mean() for scope in scopes], [scope.var() for scope in scopes]
        if not training:
            means[2], variances[2] = running_mean[channel], running_var[channel]
        y = (x - shares @ means) / np.sqrt(var_shares @ variances + eps)
        y = y * (1 if weight is None else weight[channel])
        output[image, channel] = y + (0 if bias is None else bias[channel])
    return output


def _switchable(*shape, training=True, running=True, affine=True, **options):
    averages = _averages(shape[1]) if running else (None, None)
    parameters = _channels(shape[1]) if affine else (None, None)
    call = sample(Array(shape), *averages, Array((3,)), Array((3,)), *parameters, training, **options)
    return call.but(updates=RUNNING)


@st.composite
def _switchables(draw):
    shape = draw(_images(axes=(1, 3)))
    training = draw(st.booleans())
    running = not training or draw(st.booleans())
    return _switchable(
        *shape, training=training, running=running, affine=draw(st.booleans()), momentum=draw(MOMENTUM),
        eps=draw(EPS),
    )  # fmt: skip


X3 = Array((2, 3, 4))
SCORES = (Array((3,)), Array((3,)))

SWITCHABLE_NORM = Operator(
    "switchable_norm",
    samples=_switchables(),
    examples=(
        _switchable(3, 4, 5, 2),
        _switchable(3, 4, 5, 2, training=False),
        _switchable(3, 4, 5, running=False, affine=False),
        _switchable(2, 3, 2, 2, 2, momentum=1.0),
        _switchable(3, 4, 1, 1),
        _switchable(1, 4, 3, 3),
        _switchable(2, 3, 150),
        _switchable(0, 3, 2),
        _switchable(2, 0, 3),
        _switchable(2, 3, 0),
    ),
    refusals=(
        refusal("input", Array((3, 2)), *_averages(2), *SCORES),
        refusal("input", Array((1, 2, 1)), *_averages(2), *SCORES, training=True),
        refusal("input", Array((2, 3, 4), "integers", 0, 9), *_averages(3), *SCORES),
        refusal("running_mean", X3, None, None, *SCORES),
        refusal("mean_weight", X3, *_averages(3), Array((2,)), Array((3,))),
        refusal("mean_weight", X3, *_averages(3), None, Array((3,))),
        refusal("var_weight", X3, *_averages(3), Array((3,)), Array((3, 1))),
        refusal("weight", X3, *_averages(3), *SCORES, Array((2,))),
        refusal("eps", X3, *_averages(3), *SCORES, training=True, eps=0.0),
    ),
    known=(
        known(
            [[[-1.0, 1.0], [-1.0, 1.0]]],
            "by hand: instance norm alone, as its score is far above the others'",
            Literal([[[1.0, 3.0], [-5.0, 5.0]]]), None, None, Literal([90.0, 0.0, 0.0]), Literal([90.0, 0.0, 0.0]),
            training=True, eps=1e-12,
        ),
        known(
            [[[-1.0, 1.0], [-1.0, 1.0]]],
            "by hand: layer norm alone",
            Literal([[[1.0, 3.0], [1.0, 3.0]]]), None, None, Literal([0.0, 90.0, 0.0]), Literal([0.0, 90.0, 0.0]),
            training=True, eps=1e-12,
        ),
        known(
            [[[-1.0, -1.0]], [[1.0, 1.0]]],
            "by hand: batch norm alone",
            Literal([[[1.0, 1.0]], [[5.0, 5.0]]]), None, None, Literal([0.0, 0.0, 90.0]), Literal([0.0, 0.0, 90.0]),
            training=True, eps=1e-12,
        ),
    ),
    by_definition=_switchable_norm,
)  # fmt: skip


OPERATORS = [
    BATCH_NORM, BATCH_RENORM, LAYER_NORM, INSTANCE_NORM, GROUP_NORM, SWITCHABLE_NORM, RMS_NORM, LOCAL_RESPONSE_NORM,
    STANDARDIZE, CONTRAST_STRETCH, EQUALIZE_HISTOGRAM,
]  # fmt: skip

IMAGES = Array((3, 4, 5, 6))

LAYERS = [
    Layer("BatchNorm1d", lambda nn: nn.BatchNorm1d(4), Array((3, 4))),
    Layer("BatchNorm1d", lambda nn: nn.BatchNorm1d(4, momentum=None), Array((3, 4, 5))),
    Layer("BatchNorm2d", lambda nn: nn.BatchNorm2d(4, 1e-3, 0.3), IMAGES),
    Layer("BatchNorm2d", lambda nn: nn.BatchNorm2d(4, affine=False), IMAGES),
    Layer("BatchNorm2d", lambda nn: nn.BatchNorm2d(4, track_running_stats=False), IMAGES),
    Layer("BatchNorm3d", lambda nn: nn.BatchNorm3d(2), Array((3, 2, 2, 3, 2))),
    Layer("BatchRenorm1d", lambda nn: nn.BatchRenorm1d(4), Array((6, 4))),
    Layer("BatchRenorm2d", lambda nn: nn.BatchRenorm2d(4, momentum=None, r_max=1.5, d_max=0.2), IMAGES),
    Layer("BatchRenorm2d", lambda nn: nn.BatchRenorm2d(4, 1e-3, 0.3, affine=False), IMAGES),
    Layer("BatchRenorm3d", lambda nn: nn.BatchRenorm3d(2), Array((3, 2, 2, 3, 2))),
    Layer("LayerNorm", lambda nn: nn.LayerNorm(6), IMAGES),
    Layer("LayerNorm", lambda nn: nn.LayerNorm((5, 6), 1e-3, bias=False), IMAGES),
    Layer("LayerNorm", lambda nn: nn.LayerNorm([4, 5, 6], elementwise_affine=False), IMAGES),
    Layer("RMSNorm", lambda nn: nn.RMSNorm(6), IMAGES),
    Layer("RMSNorm", lambda nn: nn.RMSNorm((5, 6), 1e-3, elementwise_affine=False), IMAGES),
    Layer("InstanceNorm1d", lambda nn: nn.InstanceNorm1d(4), Array((3, 4, 5))),
    Layer("InstanceNorm2d", lambda nn: nn.InstanceNorm2d(4, affine=True, track_running_stats=True), IMAGES),
    Layer("InstanceNorm2d", lambda nn: nn.InstanceNorm2d(4, affine=True), IMAGES),
    Layer("InstanceNorm3d", lambda nn: nn.InstanceNorm3d(2, momentum=0.5, track_running_stats=True),
          Array((3, 2, 2, 3, 2))),
    Layer("GroupNorm", lambda nn: nn.GroupNorm(2, 4), IMAGES),
    Layer("GroupNorm", lambda nn: nn.GroupNorm(4, 4, 1e-3, affine=False), IMAGES),
    Layer("SwitchableNorm2d", lambda nn: nn.SwitchableNorm2d(4), IMAGES),
    Layer("SwitchableNorm2d", lambda nn: nn.SwitchableNorm2d(4, 1e-3, None, affine=False), IMAGES),
    Layer("LocalResponseNorm", lambda nn: nn.LocalResponseNorm(3), IMAGES),
    Layer("LocalResponseNorm", lambda nn: nn.LocalResponseNorm(2, 0.5, 0.5, 2.0), IMAGES),
]  # fmt: skip

MAPS = Array((32, 64, 28, 28))
SENTENCES, WIDTH = Array((32, 128, 512)), Array((512,))

TIMED = [
    Timed("batch norm, training, N32 C64 28x28", "normalization", "batch_norm",
          sample(MAPS, *_averages(64), *_channels(64), True).but(updates=RUNNING)),
    Timed("batch norm, training, N1024 C512", "normalization", "batch_norm",
          sample(Array((1024, 512)), *_averages(512), *_channels(512), True).but(updates=RUNNING)),
    Timed("instance norm, N32 C64 28x28", "normalization", "instance_norm",
          sample(MAPS, None, None, *_channels(64))),
    Timed("group norm 8, N32 C64 28x28", "normalization", "group_norm", sample(MAPS, 8, *_channels(64))),
    Timed("layer norm, N32 T128 D512", "normalization", "layer_norm", sample(SENTENCES, (512,), WIDTH, WIDTH)),
    Timed("RMS norm, N32 T128 D512", "normalization", "rms_norm", sample(SENTENCES, (512,), WIDTH)),
    Timed("local response norm 5, N32 C64 28x28", "normalization", "local_response_norm", sample(MAPS, 5)),
]  # fmt: skip
