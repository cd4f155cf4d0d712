"""Cases of ``dlcore.scratch.pooling``."""

import itertools

import numpy as np
from hypothesis import strategies as st

from dlcore.scratch.windows import output_size

from .vocabulary import Array, Layer, Literal, Operator, Seed, Timed, known, refusal, sample

VALUES = ("normal", "normal", "ties", "special")
SPATIAL = {1: (11,), 2: (8, 9), 3: (5, 6, 4)}
BATCHES = st.sampled_from([(), (0,), (1,), (2,)])


def pooled(axes, values="normal", batch=(2,), channels=2, **array):
    """An input with some room for windows."""
    return Array((*batch, channels, *SPATIAL[axes]), values, **array)


def lengths(axes, values):
    """An int, one int in a tuple, or one for each axis, in a tuple or a list."""
    several = st.lists(values, min_size=axes, max_size=axes)
    return st.one_of(values, st.tuples(values), several.map(tuple), several)


def per_axis(option, axes):
    option = tuple(option) if isinstance(option, (tuple, list)) else (option,)
    return option * axes if len(option) == 1 else option


def every_window_meets_the_input(size, kernel_size, stride, padding, dilation, ceil_mode):
    """PyTorch 2.13 writes outside of its memory in the backward pass of a window that lies wholly on padding.

    It takes dilation: the window's elements step over the input.
    """
    axes = len(size)
    stride = stride or kernel_size
    for n, k, s, p, d in zip(
        size, *(per_axis(item, axes) for item in (kernel_size, stride, padding, dilation))
    ):
        count = output_size(n, k, s, p, d, ceil_mode)
        places = np.arange(count)[:, None] * s + np.arange(k) * d - p
        if not ((places >= 0) & (places < n)).any(1).all():
            return False
    return True


@st.composite
def windows(draw, axes, dilated=False, padded=True, single=True):
    """The spatial size of an input and options of a pooling that PyTorch accepts."""
    most = {1: 4, 2: 4, 3: 3}[axes]
    kernel_size = draw(lengths(axes, st.integers(1, most)) if single else st.integers(1, most))
    dilation = draw(lengths(axes, st.integers(1, 3))) if dilated else 1
    half = min(per_axis(kernel_size, axes)) // 2
    padding = draw(lengths(axes, st.integers(0, half))) if padded else 0
    reach = [d * (k - 1) + 1 for k, d in zip(per_axis(kernel_size, axes), per_axis(dilation, axes))]
    around = [
        2 * p if axes < 3 else 0 for p in per_axis(padding, axes)
    ]  # avg_pool3d wants no less than a kernel
    size = tuple(draw(st.integers(max(1, r - a), max(r, 13 - 3 * axes))) for r, a in zip(reach, around))
    options = {
        "kernel_size": kernel_size,
        "stride": draw(st.one_of(st.none(), st.just([]), lengths(axes, st.integers(1, 4)))),
        "padding": padding,
        "ceil_mode": draw(st.booleans()),
        "dilation": dilation,
    }
    while not every_window_meets_the_input(size, **options):
        size = tuple(n + 1 for n in size)
    return size, options


@st.composite
def max_poolings(draw, axes):
    size, options = draw(windows(axes, dilated=True))
    values = draw(st.sampled_from(VALUES))
    shape = (*draw(BATCHES), draw(st.integers(1, 2)), *size)
    result = sample(Array(shape, values), return_indices=draw(st.booleans()), **options)
    return result.but(smooth=values == "normal")


@st.composite
def avg_poolings(draw, axes):
    size, options = draw(windows(axes))
    del options["dilation"]
    options["count_include_pad"] = draw(st.booleans())
    if axes > 1:
        options["divisor_override"] = draw(st.sampled_from([None, 1, 3, -2]))
    return sample(Array((*draw(BATCHES), draw(st.integers(1, 2)), *size)), **options)


@st.composite
def adaptive_poolings(draw, axes, largest):
    most = {1: 14, 2: 9, 3: 5}[axes]
    size = [draw(st.integers(1, most)) for _ in range(axes)]
    counts = [st.integers(1, n + 2) if axes == 1 else st.none() | st.integers(1, n + 2) for n in size]
    output = draw(st.one_of(st.integers(1, most), st.tuples(*counts), st.tuples(*counts).map(list)))
    values = draw(st.sampled_from(VALUES if largest else VALUES[:1]))
    options = {"return_indices": draw(st.booleans())} if largest else {}
    shape = (*draw(BATCHES), draw(st.integers(1, 2)), *size)
    return sample(Array(shape, values), output, **options).but(smooth=values == "normal")


@st.composite
def lp_poolings(draw, axes):
    size, options = draw(windows(axes, padded=False, single=False))
    del options["dilation"], options["padding"]
    power = draw(st.sampled_from([1, 2, 3.0, 1.5, -1, -2.0, float("inf"), -float("inf")]))
    # Away from 0: there a root has no slope, and with a sum that cancels it has a steep one.
    array = Array((*draw(BATCHES), draw(st.integers(1, 2)), *size), "uniform", 0.3, 2.0)
    return sample(array, power, **options)


def refusals(axes, *before):
    """What every pooling with windows of a fixed size refuses; `before` stands between the input and the options."""
    image = pooled(axes)
    wrong = {
        "kernel_size": [0, -1, 2.5, None],
        "stride": [0, -1, (2,) * (axes + 1), 1.5, (1,) * (axes - 1) + (0,), "1"],
        "ceil_mode": [1.5, None, 1],
    }
    for name, values in wrong.items():
        for value in values:
            yield refusal(name, image, *before, **{"kernel_size": 3, name: value})
    yield refusal("input", image, *before, kernel_size=20)
    yield refusal("input", Array((3, 2, 2, *SPATIAL[axes])), *before, kernel_size=2)
    yield refusal("input", Array((2, 0, *SPATIAL[axes])), *before, kernel_size=2)
    yield refusal("input", Array((2, 3, *SPATIAL[axes][:-1], 0)), *before, kernel_size=2)
    # PyTorch fails with an IndexError from inside in some of its poolings.
    yield refusal("input", Array(SPATIAL[axes]), *before, kernel_size=2, error=RuntimeError)


def padded_refusals(axes):
    for value in [2, -1, (0,) * (axes + 1), 0.5, (), "same", None]:
        yield refusal("padding", pooled(axes), kernel_size=3, padding=value)
    for value in [(2,) * (axes + 1), (), "2"]:
        yield refusal("kernel_size", pooled(axes), kernel_size=value)


def max_refusals(axes):
    yield from refusals(axes)
    yield from padded_refusals(axes)
    for value in [0, -1, 1.5, (1,) * (axes + 1), None]:
        yield refusal("dilation", pooled(axes), 3, dilation=value)
    yield refusal("input", pooled(axes), 3, dilation=8)
    yield refusal("padding", pooled(axes), 2, 1, 2, 3)  # dilation allows no more padding
    # PyTorch takes any value as a condition, so that a forgotten argument goes unnoticed.
    yield refusal("return_indices", pooled(axes), 2, return_indices=1.5, error=TypeError)
    yield refusal("input", Literal([[[True, False]]]), 1, error=NotImplementedError)


def avg_refusals(axes):
    yield from refusals(axes)
    yield from padded_refusals(axes)
    yield refusal("count_include_pad", pooled(axes), 2, count_include_pad=1.5)
    yield refusal("count_include_pad", pooled(axes), 2, count_include_pad=None)
    if axes > 1:
        for value in [0, 1.5, (2,), True]:
            yield refusal("divisor_override", pooled(axes), 2, divisor_override=value)


def adaptive_refusals(axes, channels_may_be_empty):
    image = pooled(axes)
    for value in [-1, 2.0, (2,) * (axes + 1), [], "2", None, True, (2.0,) * axes]:
        yield refusal("output_size", image, value)
    yield refusal("output_size", image, (None,) if axes == 1 else (2,))
    yield refusal("input", Array(SPATIAL[axes]), 2)
    yield refusal("input", Array((3, 2, 2, *SPATIAL[axes])), 2)
    yield refusal("input", Array((2, 3, *SPATIAL[axes][:-1], 0)), 2)
    if not channels_may_be_empty:
        yield refusal("input", Array((2, 0, *SPATIAL[axes])), 2)
    yield refusal("input", Array((2, 1, *SPATIAL[axes]), "integers", -3, 3), 2)


def lp_refusals(axes):
    yield from refusals(axes, 2.0)
    for value in ("2", None):
        yield refusal("norm_type", pooled(axes), value, 2)
    yield refusal("norm_type", pooled(axes), 0, 2)
    yield refusal("kernel_size", pooled(axes), 2, (2,) if axes == 1 else (2,) * (axes + 1))
    # PyTorch pools powers of whole numbers as whole numbers, cutting off what the mean has behind the point.
    whole = Array((1, 1, *SPATIAL[axes]), "integers", 0, 4)
    yield refusal("input", whole, 2, 2, error=NotImplementedError)


def many(axes, values="normal"):
    """So many maps that they are laid side by side."""
    return pooled(axes, values, batch=(3,), channels=5)


def max_examples(axes):
    for values in ("normal", "ties", "special"):
        yield sample(many(axes, values), 3, 2, 1, return_indices=True).but(smooth=values == "normal")
    for values, batch in itertools.product(("normal", "ties", "special"), ((2,), (), (0,))):
        for indices in (False, True):
            item = sample(pooled(axes, values, batch), 3, 2, 1, ceil_mode=True, return_indices=indices)
            yield item.but(smooth=values == "normal")
    nothing = Literal(np.full((1, 1, *SPATIAL[axes]), -np.inf))
    yield sample(nothing, 3, 2, 1, return_indices=True).but(smooth=False)
    yield sample(pooled(axes), 2, dilation=3, padding=1, stride=1)
    yield sample(pooled(axes), 4, dilation=2, padding=2, stride=1, return_indices=True)
    yield sample(pooled(axes), (1,) * axes, [2] * axes)
    yield sample(Array((2, 1, *SPATIAL[axes]), "integers", -9, 9), 3, 2, 1, return_indices=True)


def avg_examples(axes):
    yield sample(many(axes), 3, 2, 1)
    for batch in ((2,), (), (0,)):
        yield sample(pooled(axes, "normal", batch), 3)
    for count_include_pad, ceil_mode in itertools.product((False, True), repeat=2):
        yield sample(pooled(axes), 3, 2, 1, ceil_mode, count_include_pad)
    yield sample(pooled(axes, requires_grad=False, values="special"), 3, 2, 1).but(smooth=False)
    yield sample(Array((2, 1, *SPATIAL[axes]), "integers", -9, 9), 3, 2, 1)
    if axes > 1:
        yield sample(pooled(axes), 2, divisor_override=3)
        yield sample(Array((2, 1, *SPATIAL[axes]), "integers", -9, 9), 2, divisor_override=-3)


def adaptive_examples(axes, largest):
    values = ("normal", "ties", "special") if largest else ("normal",)
    size = SPATIAL[axes]
    yield sample(many(axes), 3, *([True] if largest else []))
    for kind, counts in itertools.product(values, (1, 2, 3, 7, size, tuple(2 * n for n in size))):
        yield sample(pooled(axes, kind), counts, *([True] if largest else [])).but(smooth=kind == "normal")
    for batch in ((), (0,)):
        yield sample(pooled(axes, batch=batch), 2)
    # PyTorch's backward pass refuses a gradient without elements.
    yield sample(pooled(axes, requires_grad=False), 0)
    if not largest and axes < 3:
        yield sample(pooled(axes, channels=0, requires_grad=False), 2)
    if axes > 1:
        yield sample(pooled(axes), (None,) * (axes - 1) + (2,))
    if not largest:
        yield sample(pooled(axes, "special", requires_grad=False), 3).but(smooth=False)


def lp_examples(axes):
    array = pooled(axes, "uniform", low=0.3, high=2.0)
    for power in (1, 2, 3, 0.5, -1, float("inf"), -float("inf")):
        yield sample(array, power, 2)
        yield sample(array, power, 3, 2, True)
    for batch in ((), (0,)):
        yield sample(pooled(axes, "uniform", batch, low=0.3, high=2.0), 2.0, 2, stride=1)
    yield sample(Array((1, 1, *SPATIAL[axes]), "uniform", 0.0, 0.0), 2.0, 2).but(smooth=False)  # no slope
    yield sample(pooled(axes, "ties"), 2.0, 2).but(smooth=False)
    yield sample(pooled(axes), 3.0, 2).but(smooth=False)  # roots of negative sums
    yield sample(pooled(axes, "special", requires_grad=False), 2.0, 2).but(smooth=False)
    yield sample(pooled(axes, "special"), float("inf"), 2).but(smooth=False)
    yield sample(array, Literal(2.0, requires_grad=False), 2)  # a number is a number


# Operators that PyTorch lacks, by definition


def boxes(input, kernel_size, stride, padding, ceil_mode):
    """For each window (index of the output, the input's elements there), one channel at a time."""
    kernel_size, padding = per_axis(kernel_size, 2), per_axis(padding, 2)
    stride = per_axis(stride or kernel_size, 2)
    images = input if input.ndim == 4 else input[None]
    height, width = (
        output_size(n, k, s, p, 1, ceil_mode)
        for n, k, s, p in zip(images.shape[2:], kernel_size, stride, padding)
    )
    output = np.zeros((*images.shape[:2], height, width))
    found = []
    for n, c, i, j in np.ndindex(output.shape):
        top, left = i * stride[0] - padding[0], j * stride[1] - padding[1]
        rows = slice(max(0, top), max(0, top + kernel_size[0]))
        columns = slice(max(0, left), max(0, left + kernel_size[1]))
        found.append(((n, c, i, j), images[n, c, rows, columns]))
    return output, found


def mixed_by_definition(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, weight=None, training=False, generator=None
):
    output, found = boxes(input, kernel_size, stride, padding, ceil_mode)
    weight = np.broadcast_to(0.5 if weight is None else np.reshape(weight, -1), output.shape[1])
    for place, elements in found:
        share = weight[place[1]]
        output[place] = share * elements.max() + (1 - share) * elements.sum() / elements.size
    return output if input.ndim == 4 else output[0]


def stochastic_by_definition(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, training=False, generator=None
):
    output, found = boxes(np.where(input < 0, 0, input), kernel_size, stride, padding, ceil_mode)
    for place, elements in found:
        total = elements.sum()
        with np.errstate(invalid="ignore"):
            output[place] = 0 if total == 0 else sum(a / total * a for a in elements.flat)
    return output if input.ndim == 4 else output[0]


def pyramid_by_definition(input, levels=(1, 2, 4), method="max"):
    images = input if input.ndim == 4 else input[None]
    height, width = images.shape[2:]
    rows = []
    for image in images:
        row = []
        for level in levels:
            for channel, i, j in np.ndindex(len(image), level, level):
                top, bottom = int(np.floor(i * height / level)), int(np.ceil((i + 1) * height / level))
                left, right = int(np.floor(j * width / level)), int(np.ceil((j + 1) * width / level))
                part = image[channel, top:bottom, left:right]
                row.append(part.max() if method == "max" else part.mean())
        rows.append(row)
    output = np.array(rows, input.dtype).reshape(len(images), images.shape[1] * sum(n * n for n in levels))
    return output if input.ndim == 4 else output[0]


@st.composite
def mixed_poolings(draw):
    size, options = draw(windows(2))
    del options["dilation"]
    channels = draw(st.integers(1, 3))
    options["weight"] = draw(
        st.sampled_from(
            [None, 0.25, Array((), "uniform"), Array((1,), "uniform"), Array((channels,), "uniform")]
        )
    )
    options["training"] = draw(st.booleans()) if options["weight"] is not None else False
    return sample(Array((*draw(BATCHES), channels, *size)), **options)


@st.composite
def stochastic_poolings(draw):
    size, options = draw(windows(2))
    del options["dilation"]
    return sample(Array((*draw(BATCHES), draw(st.integers(1, 2)), *size)), **options)


@st.composite
def pyramids(draw):
    levels = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    shape = (*draw(BATCHES), draw(st.integers(1, 2)), draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    levels = tuple(levels) if draw(st.booleans()) else levels
    return sample(Array(shape), levels, draw(st.sampled_from(["max", "avg"])))


def own_refusals():
    yield from refusals(2)
    yield from padded_refusals(2)
    yield refusal("training", pooled(2), 2, training=1.5, error=TypeError)
    whole = Array((1, 2, 4, 4), "integers", 0, 4)
    yield refusal("input", whole, 2, error=NotImplementedError)
    yield refusal("input", Array((0, 4, 4)), 2)


SQUARE = Literal([[[1.0, 2.0], [3.0, 6.0]]])

OPERATORS = [
    *(
        Operator(
            f"max_pool{axes}d",
            samples=max_poolings(axes),
            examples=tuple(max_examples(axes)),
            refusals=tuple(max_refusals(axes)),
        )
        for axes in (1, 2, 3)
    ),
    *(
        Operator(
            f"avg_pool{axes}d",
            samples=avg_poolings(axes),
            examples=tuple(avg_examples(axes)),
            refusals=tuple(avg_refusals(axes)),
            sums=True,
        )
        for axes in (1, 2, 3)
    ),
    *(
        Operator(
            f"adaptive_max_pool{axes}d",
            samples=adaptive_poolings(axes, True),
            examples=tuple(adaptive_examples(axes, True)),
            refusals=(
                *adaptive_refusals(axes, False),
                refusal("return_indices", pooled(axes), 2, return_indices=1.5, error=TypeError),
            ),
        )
        for axes in (1, 2, 3)
    ),
    *(
        Operator(
            f"adaptive_avg_pool{axes}d",
            samples=adaptive_poolings(axes, False),
            examples=tuple(adaptive_examples(axes, False)),
            refusals=tuple(adaptive_refusals(axes, axes < 3)),
            sums=True,
        )
        for axes in (1, 2, 3)
    ),
    *(
        Operator(
            f"lp_pool{axes}d",
            samples=lp_poolings(axes),
            examples=tuple(lp_examples(axes)),
            refusals=tuple(lp_refusals(axes)),
        )
        for axes in (1, 2, 3)
    ),
    Operator(
        "mixed_pool2d",
        samples=mixed_poolings(),
        examples=(
            sample(pooled(2), 3, 2, 1, True, Array((2,), "uniform")),
            sample(pooled(2), 2),
            sample(pooled(2), 2, weight=0.25, training=True),
            sample(pooled(2), 2, weight=Array((), "uniform")),
            sample(pooled(2, batch=()), (2, 3), weight=Array((1,), "uniform")),
            sample(pooled(2), 2, weight=Literal([0, 1])),
            sample(pooled(2, batch=(0,)), 2, weight=Array((2,), "uniform")),
            sample(pooled(2, "ties"), 2, weight=0.25).but(smooth=False),
            sample(pooled(2), 2, training=True, generator=Seed(1)).but(smooth=False, random=True),
            sample(pooled(2, batch=()), 2, training=True, generator=Seed(1)).but(smooth=False, random=True),
        ),
        refusals=(
            *own_refusals(),
            refusal("weight", pooled(2), 2, weight=Array((3,)), error=RuntimeError),
            refusal("weight", pooled(2), 2, weight=Array((2, 1, 1)), error=RuntimeError),
        ),
        known=(
            known([[[4.5]]], "by hand: (6 + 3) / 2", SQUARE, 2),
            known([[[3.75]]], "by hand: 6 / 4 + 3 * 3 / 4", SQUARE, 2, weight=0.25),
            known([[[6.0]]], "weight 1 is max pooling", SQUARE, 2, weight=Literal([1.0])),
            known([[[3.0]]], "weight 0 is average pooling", SQUARE, 2, weight=Literal(0.0)),
        ),
        by_definition=mixed_by_definition,
    ),
    Operator(
        "stochastic_pool2d",
        samples=stochastic_poolings(),
        examples=(
            sample(pooled(2), 3, 2, 1, True),
            sample(pooled(2, "uniform"), 2),
            sample(pooled(2, batch=()), (2, 3), 1),
            sample(pooled(2, batch=(0,)), 2),
            sample(pooled(2, "uniform", low=0.0, high=0.0), 2).but(smooth=False),
            sample(pooled(2, "uniform", low=1e15, high=1e20), 2),  # whose squares exceed float32
            sample(pooled(2, "special", requires_grad=False), 2).but(smooth=False),
            sample(pooled(2), 3, 2, 1, True, training=True, generator=Seed(1)).but(smooth=False, random=True),
            sample(pooled(2, batch=()), 2, training=True, generator=Seed(1)).but(smooth=False, random=True),
        ),
        refusals=tuple(own_refusals()),
        known=(
            known([[[4.1666666667]]], "by hand: (1 + 4 + 9 + 36) / 12", SQUARE, 2),
            known([[[0.0]]], "by hand: a window of zeros", Literal([[[0.0, -1.0]]]), (1, 2)),
        ),
        by_definition=stochastic_by_definition,
    ),
    Operator(
        "spatial_pyramid_pool2d",
        samples=pyramids(),
        examples=(
            sample(pooled(2)),
            sample(pooled(2), (6, 3, 2, 1), "avg"),
            sample(pooled(2, batch=()), [2], "max"),
            sample(pooled(2, batch=(0,))),
            sample(Array((1, 1, 2, 3))),
            sample(pooled(2, "ties")).but(smooth=False),
        ),
        refusals=(
            refusal("levels", pooled(2), 2, error=TypeError),
            refusal("levels", pooled(2), (), error=RuntimeError),
            refusal("levels", pooled(2), (1, 0), error=RuntimeError),
            refusal("levels", pooled(2), (1, 2.0), error=TypeError),
            refusal("method", pooled(2), method="sum", error=ValueError),
            refusal("input", Array((5, 6))),
            refusal("input", Array((2, 0, 5, 6))),
            refusal("input", Array((2, 1, 5, 0)), method="avg"),
            refusal("input", Array((0, 5, 6)), method="avg"),
        ),
        known=(
            known([6.0, 1.0, 2.0, 3.0, 6.0], "by hand", SQUARE, (1, 2)),
            known([3.0, 1.0, 2.0, 3.0, 6.0], "by hand", SQUARE, (1, 2), "avg"),
        ),
        by_definition=pyramid_by_definition,
    ),
]


def layers():
    for axes in (1, 2, 3):
        image, positive = pooled(axes), pooled(axes, "uniform", low=0.3, high=2.0)
        pair = (3,) * axes
        several = {
            f"MaxPool{axes}d": [((3,), {}), ((pair, 2, 1, 2), {"return_indices": True, "ceil_mode": True})],
            f"AvgPool{axes}d": [((3,), {}), ((pair, 2, 1, True, False), {})],
            f"AdaptiveMaxPool{axes}d": [((3,), {}), ((pair, True), {})],
            f"AdaptiveAvgPool{axes}d": [((1,), {}), ((pair,), {})],
            f"LPPool{axes}d": [((2, 2), {}), ((1.5, 3, 2), {"ceil_mode": True})],
        }
        for name, calls in several.items():
            for arguments, options in calls:
                yield Layer(
                    name,
                    lambda nn, name=name, arguments=arguments, options=options: getattr(nn, name)(
                        *arguments, **options
                    ),
                    positive if name.startswith("LP") else image,
                )


LAYERS = [
    *layers(),
    Layer("AvgPool2d", lambda nn: nn.AvgPool2d(2, divisor_override=3), pooled(2)),
    Layer("AdaptiveAvgPool2d", lambda nn: nn.AdaptiveAvgPool2d((None, 5)), pooled(2)),
    Layer("MixedPool2d", lambda nn: nn.MixedPool2d(3, 2, 1, True), pooled(2), random=True),
    Layer("MixedPool2d", lambda nn: nn.MixedPool2d((2, 3), num_parameters=2, init=0.25), pooled(2)),
    Layer("MixedPool2d", lambda nn: nn.MixedPool2d(2, num_parameters=1), pooled(2)),
    Layer("StochasticPool2d", lambda nn: nn.StochasticPool2d(3, 2, 1, True), pooled(2), random=True),
    Layer("SpatialPyramidPool2d", lambda nn: nn.SpatialPyramidPool2d(), pooled(2)),
    Layer("SpatialPyramidPool2d", lambda nn: nn.SpatialPyramidPool2d([3, 1], "avg"), pooled(2)),
]

IMAGES = Array((32, 64, 28, 28))
TIMED = [
    Timed("max pool 2x2, N32 C64 28x28", "pooling", "max_pool2d", sample(IMAGES, 2)),
    Timed("max pool 3x3 stride 2", "pooling", "max_pool2d", sample(IMAGES, 3, 2, 1)),
    Timed("average pool 2x2", "pooling", "avg_pool2d", sample(IMAGES, 2)),
    Timed("average pool 3x3 stride 2", "pooling", "avg_pool2d", sample(IMAGES, 3, 2, 1)),
    Timed("adaptive average pool to 7x7", "pooling", "adaptive_avg_pool2d", sample(IMAGES, 7)),
    Timed("global average pool", "pooling", "adaptive_avg_pool2d", sample(IMAGES, 1)),
    Timed(
        "adaptive max pool 13x13 to 6x6", "pooling", "adaptive_max_pool2d", sample(Array((32, 64, 13, 13)), 6)
    ),
    Timed("L2 pool 2x2", "pooling", "lp_pool2d", sample(IMAGES, 2.0, 2)),
    Timed("mixed pool 2x2", "pooling", "mixed_pool2d", sample(IMAGES, 2)),
    Timed("stochastic pool 2x2, evaluation", "pooling", "stochastic_pool2d", sample(IMAGES, 2)),
    Timed(
        "pyramid pool 13x13 to 6, 3, 2, 1",
        "pooling",
        "spatial_pyramid_pool2d",
        sample(Array((32, 64, 13, 13)), (6, 3, 2, 1)),
    ),
]
