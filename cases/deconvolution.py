"""Cases of ``dlcore.scratch.deconvolution`` and of the initialization that goes with it."""

import itertools

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Sample, Timed, known, refusal, sample, sizes

AXES = (1, 2, 3)


def indices(shape, size):
    """An array of int64 with places in maps of this size, some of them perhaps the same."""
    return Array(shape, "integers", 0, size)


def distinct(shape, size, axes, seed=0):
    """The same, none of them twice in one map; the map is the last `axes` axes of `shape`."""
    maps, places = shape[: len(shape) - axes], int(np.prod(shape[len(shape) - axes :]))
    order = np.random.default_rng(seed).random((*maps, size)).argsort(-1)
    return Literal(order[..., :places].reshape(shape).astype(np.int64))


# Transposed convolution


@st.composite
def transposed(draw, axes):
    def lengths(least, most):
        return draw(st.one_of(st.integers(least, most), st.tuples(*[st.integers(least, most)] * axes)))

    def spread(value):
        return value if isinstance(value, tuple) else (value,) * axes

    most = {1: 6, 2: 4, 3: 3}[axes]
    groups = draw(st.integers(1, 3))
    channels, out_channels = groups * draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kernel_size = tuple(draw(st.integers(1, most)) for _ in range(axes))
    size = tuple(draw(st.integers(1, most)) for _ in range(axes))
    stride, dilation = lengths(1, 3), lengths(1, 2)
    extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(spread(stride), spread(dilation)))
    full = [
        (n - 1) * s + d * (k - 1) + 1 + e
        for n, k, s, d, e in zip(size, kernel_size, spread(stride), spread(dilation), extra)
    ]
    options = {
        "stride": stride, "dilation": dilation, "groups": groups,
        "padding": tuple(draw(st.integers(0, min(3, (n - 1) // 2))) for n in full),
        "output_padding": extra,
    }  # fmt: skip
    if draw(st.booleans()):
        options["bias"] = Array((groups * out_channels,))
    batch = draw(st.sampled_from([(), (0,), (1,), (2,)]))
    weight = Array((channels, out_channels, *kernel_size))
    return Sample((Array((*batch, channels, *size)), weight), options)


def transposed_refusals(axes):
    input, weight = Array((2, 4, *[5] * axes)), Array((4, 3, *[3] * axes))
    return (
        refusal("weight", input, Array((4, 3, *[3] * (axes + 1)))),
        refusal("weight", input, Array((4, 3, *[0] * axes))),
        refusal("weight", input, Array((4, 0, *[3] * axes))),
        refusal("weight", input, weight, groups=3),
        refusal("weight", Array((2, 4, *[5] * axes), "integers", 0, 3), weight),
        refusal("input", input, Array((5, 3, *[3] * axes))),
        refusal("input", Array((5,) * axes), weight),
        refusal("input", Array((2, 4, *[0] * axes)), weight),
        refusal("input", Array((0, 4, *[0] * axes)), weight, error=RuntimeError),
        refusal("input", Array((2, 4, *[5] * axes), "booleans"), Array((4, 3, *[3] * axes), "booleans")),
        refusal("input", Array((2, 4, *[1] * axes)), weight, padding=2),
        refusal("bias", input, weight, Array((4,))),
        refusal("bias", input, weight, Array((3, 1))),
        refusal("bias", input, weight, Array((3,), "integers", 0, 3), error=RuntimeError),
        refusal("stride", input, weight, stride=0),
        refusal("stride", input, weight, stride=2.0),
        refusal("stride", input, weight, stride=(1,) * (axes + 1)),
        refusal("padding", input, weight, padding=-1),
        refusal("padding", input, weight, padding="same"),
        refusal("output_padding", input, weight, output_padding=-1),
        refusal("output_padding", input, weight, stride=2, output_padding=2),
        refusal("output_padding", input, weight, output_padding=1),
        refusal("output_padding", input, weight, output_padding=0.5),
        refusal("groups", input, weight, groups=0),
        refusal("groups", input, weight, groups=1.0),
        refusal("dilation", input, weight, dilation=0),
        refusal("dilation", input, weight, dilation="2"),
    )


def transposed_examples(axes):
    def images(*shape, size=4):
        return Array((*shape, *[size] * axes))

    def kernels(*shape, size=3):
        return Array((*shape, *[size] * axes))

    return (
        sample(images(2, 3), kernels(3, 2)),
        sample(images(3), kernels(3, 2), Array((2,))),
        sample(images(0, 3), kernels(3, 2), Array((2,)), stride=2),
        sample(images(1, 2), kernels(2, 2, size=4), None, 2, 1),
        sample(images(1, 2), kernels(2, 2, size=4), None, 2, 1, 1, 2),
        sample(images(1, 2), kernels(2, 1, size=2), stride=3),  # gaps that no kernel reaches
        sample(images(1, 2), kernels(2, 1, size=4), stride=4, padding=5, output_padding=3),
        sample(images(1, 1, size=2), kernels(1, 1, size=6), stride=3, padding=2, output_padding=2),
        sample(images(1, 2), kernels(2, 1), dilation=3, output_padding=2, padding=1),
        sample(images(1, 4), kernels(4, 1), groups=4, stride=[2], padding=[1]),
        sample(images(1, 1, size=1), kernels(1, 1, size=5), padding=2),
        sample(images(1, 1, size=6), kernels(1, 1, size=1), padding=2),
        sample(
            Array((1, 2, *[3] * axes), "integers", -3, 4), Array((2, 1, *[2] * axes), "integers", -3, 4), stride=2
        ),
    )  # fmt: skip


TRANSPOSED = [
    Operator(
        f"conv_transpose{axes}d", transposed(axes), transposed_examples(axes), transposed_refusals(axes), sums=True
    )
    for axes in AXES
]  # fmt: skip


# The matrix of a convolution


def matrix_by_definition(weight, input_size, stride=1, padding=0, dilation=1, groups=1):
    """Every row holds a kernel, at the pixels on which its window lies."""
    out_channels, channels, *kernel_size = weight.shape
    axes = len(kernel_size)
    size, stride, dilation = (
        (value,) * axes if isinstance(value, int) else tuple(value)
        for value in (input_size, stride, dilation)
    )
    reach = [d * (k - 1) for k, d in zip(kernel_size, dilation)]
    if padding == "same":
        before, total = [r // 2 for r in reach], reach
    else:
        before = {"valid": (0,) * axes}.get(
            padding, padding if isinstance(padding, tuple) else (padding,) * axes
        )
        total = [2 * p for p in before]
    windows = [(n + t - r - 1) // s + 1 for n, t, r, s in zip(size, total, reach, stride)]
    matrix = np.zeros((out_channels, *windows, channels * groups, *size), weight.dtype)
    for o, c in itertools.product(range(out_channels), range(channels)):
        input_channel = o // (out_channels // groups) * channels + c
        for window in itertools.product(*map(range, windows)):
            for tap in itertools.product(*map(range, kernel_size)):
                lengths = zip(window, stride, tap, dilation, before)
                pixel = tuple(w * s + u * d - p for w, s, u, d, p in lengths)
                if all(0 <= i < n for i, n in zip(pixel, size)):
                    matrix[(o, *window, input_channel, *pixel)] = weight[(o, c, *tap)]
    return matrix.reshape(out_channels * int(np.prod(windows)), -1)


@st.composite
def matrices(draw):
    axes = draw(st.integers(1, 3))
    most = {1: 6, 2: 4, 3: 2}[axes]
    groups = draw(st.integers(1, 2))
    kernel_size = tuple(draw(st.integers(1, most)) for _ in range(axes))
    weight = Array((groups * draw(st.integers(1, 2)), draw(st.integers(1, 2)), *kernel_size))
    dilation = draw(st.integers(1, 2))
    size = tuple(dilation * (k - 1) + 1 + draw(st.integers(0, 2)) for k in kernel_size)
    padding = draw(st.sampled_from(["same", "valid", 0, 1, (1,) * axes]))
    stride = 1 if padding == "same" else draw(st.integers(1, 3))
    return sample(weight, size, stride, padding, dilation, groups)


MATRIX = Operator(
    "conv_matrix",
    matrices(),
    (
        sample(Array((1, 1, 3, 3)), (4, 4)),
        sample(Array((2, 1, 2)), 5, stride=2, padding=1),
        sample(Array((4, 2, 3, 2)), (3, 4), padding="same", groups=2),
        sample(Array((2, 2, 2, 1, 2)), (2, 2, 3), stride=(1, 2, 1), padding=(1, 0, 0), dilation=(1, 1, 2)),
        sample(Array((1, 1, 2, 2), "integers", -3, 4), [3, 3]),
    ),
    (
        refusal("weight", Array((2, 2)), 4),
        refusal("weight", Array((1, 1, 2, 2, 2, 2)), 4),
        refusal("weight", Array((1, 0, 3, 3)), 4),
        refusal("weight", Array((1, 1, 0, 3)), 4),
        refusal("weight", Array((3, 1, 2)), 4, groups=2),
        refusal("input_size", Array((1, 1, 3, 3)), (4, 4, 4)),
        refusal("input_size", Array((1, 1, 3, 3)), 2.0),
        refusal("input_size", Array((1, 1, 3, 3)), (0, 4)),
        refusal("input_size", Array((1, 1, 3, 3)), 2),
        refusal("stride", Array((1, 1, 3, 3)), 4, stride=0),
        refusal("padding", Array((1, 1, 3, 3)), 4, padding=-1),
        refusal("padding", Array((1, 1, 3, 3)), 4, padding="full"),
        refusal("padding", Array((1, 1, 3, 3)), 4, padding="same", stride=2),
        refusal("dilation", Array((1, 1, 3, 3)), 4, dilation=1.5),
        refusal("groups", Array((1, 1, 3, 3)), 4, groups=0),
    ),
    (
        known(
            [[1.0, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0],
             [0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0],
             [0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0],
             [0, 0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9]],
            "Dumoulin and Visin (2016), section 4.1: the matrix of a 3 x 3 kernel on a 4 x 4 image",
            Literal([[[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]]]), (4, 4),
        ),
        known(
            [[2.0, 0, 0], [0, 1, 2]], "by hand: two windows in steps of 2, the first half on padding",
            Literal([[[1.0, 2]]]), 3, stride=2, padding=1,
        ),
    ),
    matrix_by_definition,
)  # fmt: skip


# Shuffling


@st.composite
def shuffles(draw, up):
    """None without elements: there PyTorch's pixel_unshuffle, which is also the gradient, forgets to change the shape."""
    factor = draw(st.integers(1, 3))
    leading, channels = draw(sizes(1, 2, (0, 3))), draw(st.integers(1, 2))
    height, width = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    if up:
        return sample(Array((*leading, channels * factor**2, height, width)), factor)
    return sample(Array((*leading, channels, height * factor, width * factor)), factor)


SHUFFLES = [
    Operator(
        "pixel_shuffle",
        shuffles(True),
        (
            sample(Array((1, 8, 2, 3)), 2),
            sample(Array((9, 1, 1)), upscale_factor=3),
            sample(Array((2, 2, 2, 4, 2, 3)), 2),
            sample(Array((1, 4, 0, 3), requires_grad=False), 2),
            sample(Array((2, 4, 2, 2), "special"), 2).but(smooth=False),
            sample(Array((1, 4, 2, 3), "integers", -5, 5), 2),
            sample(Array((1, 4, 2, 3), "booleans"), 2),
        ),
        (
            refusal("input", Array((4, 2)), 2),
            refusal("input", Array((1, 6, 2, 2)), 2),
            refusal("upscale_factor", Array((1, 4, 2, 2)), 0),
            refusal("upscale_factor", Array((1, 4, 2, 2)), -2),
            refusal("upscale_factor", Array((1, 4, 2, 2)), 2.0),
            refusal("upscale_factor", Array((1, 4, 2, 2)), True),
        ),
    ),
    Operator(
        "pixel_unshuffle",
        shuffles(False),
        (
            sample(Array((1, 2, 4, 6)), 2),
            sample(Array((1, 3, 3)), downscale_factor=3),
            sample(Array((2, 2, 2, 1, 4, 2)), 2),
            sample(Array((2, 1, 4, 4), "special"), 2).but(smooth=False),
            sample(Array((1, 1, 4, 2), "integers", -5, 5), 2),
        ),
        (
            refusal("input", Array((4, 2)), 2),
            refusal("input", Array((1, 2, 3, 4)), 2),
            refusal("input", Array((1, 2, 4, 3)), 2),
            refusal("downscale_factor", Array((1, 4, 2, 2)), 0),
            refusal("downscale_factor", Array((1, 4, 2, 2)), 2.0),
        ),
    ),
    Operator(
        "channel_shuffle",
        st.builds(
            lambda groups, each, batch, rest: sample(Array((batch, groups * each, *rest)), groups),
            st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), sizes(0, 3, (1, 3)),
        ),
        (
            sample(Array((2, 6, 2, 3)), 2),
            sample(Array((1, 6, 4)), groups=3),
            sample(Array((1, 4, 1, 2, 1, 2)), 4),
            sample(Array((1, 4, 2, 2)), 1),
            sample(Array((1, 4, 2, 2), "special"), 2).but(smooth=False),
            sample(Array((1, 4, 2), "integers", -5, 5), 2),
        ),
        (
            refusal("input", Array((2, 4)), 2),
            refusal("groups", Array((2, 4, 3)), 3),
            refusal("groups", Array((2, 4, 3)), 0),
            refusal("groups", Array((2, 4, 3)), -2),
            refusal("groups", Array((2, 4, 3)), 2.0),
            refusal("groups", Array((2, 4, 3)), True),
        ),
    ),
]  # fmt: skip


# Unpooling


@st.composite
def unpooling(draw, axes):
    kernel_size, stride = (tuple(draw(st.integers(1, 3)) for _ in range(axes)) for _ in range(2))
    no_stride, given = draw(st.booleans()), draw(st.booleans())
    stride = kernel_size if no_stride else stride
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel_size)
    size = tuple(draw(st.integers(1, 3)) for _ in range(axes))
    default = [(n - 1) * s - 2 * p + k for n, s, p, k in zip(size, stride, padding, kernel_size)]
    output_size = tuple(max(1, n + draw(st.integers(1 - s, s - 1))) for n, s in zip(default, stride))
    output_size = output_size if given or min(default) < 1 else tuple(default)
    if any(abs(n - m) >= s for n, m, s in zip(output_size, default, stride)):
        kernel_size = stride = (2,) * axes  # all that can happen to a tiny map pooled with much padding
        padding, output_size = (0,) * axes, tuple(2 * n for n in size)
        given = no_stride = False
    shape = (*draw(st.sampled_from([(), (0,), (1,), (2,)])), draw(st.integers(1, 2)), *size)
    options = {"stride": None if no_stride else stride, "padding": padding}
    given = given or min(default) < 1
    options |= {"output_size": output_size} if given else {}
    volume = int(np.prod(output_size if given else default))
    if volume < np.prod(size):
        return Sample((Array(shape), indices(shape, volume), kernel_size), options, smooth=False)
    places = distinct(shape, volume, axes, draw(st.integers(0, 99)))
    return Sample((Array(shape), places, kernel_size), options)


def unpooling_examples(axes):
    shape = (2, 3, *[2] * axes)
    empty = (0, *shape[1:])
    overlapping = sample(Array(shape), indices(shape, 3**axes), (3,) * axes, (2,) * axes, (1,) * axes)
    return (
        sample(Array(shape), distinct(shape, 4**axes, axes), 2),
        sample(Array(shape[1:]), distinct(shape[1:], 4**axes, axes), 2),
        sample(Array(empty), distinct(empty, 4**axes, axes), 2),
        sample(Array(shape), distinct(shape, 5**axes, axes), 3, 2, 0, (5,) * axes),
        sample(Array(shape), distinct(shape, 5**axes, axes), 2, output_size=(7, 8, *[5] * axes)),
        sample(Array(shape), distinct(shape, 3**axes, axes), 2, output_size=[3] * axes),
        sample(Array(shape, "special"), distinct(shape, 4**axes, axes), 2).but(smooth=False),
        # With equal indices the last one stays; the gradient that reaches the others is not the slope.
        sample(Array(shape), indices(shape, 1), 2).but(smooth=False),
        overlapping.but(smooth=False),
    )


def unpooling_refusals(axes):
    shape = (2, 3, *[2] * axes)
    input, places = Array(shape), indices(shape, 4**axes)
    return (
        refusal("input", Array((2,) * axes), indices((2,) * axes, 4), 2),
        refusal("input", Array((1, *shape, 2)), indices((1, *shape, 2), 4), 2),
        refusal("input", Array((2, 0, *[2] * axes)), indices((2, 0, *[2] * axes), 4), 2),
        refusal("input", Array((2, 3, *[0] * axes)), indices((2, 3, *[0] * axes), 4), 2, output_size=(1,) * axes),
        refusal("input", Array(shape, "integers", 0, 5), places, 2),
        refusal("indices", input, indices((2, 2, *[2] * axes), 4), 2),
        refusal("indices", input, Array(shape, requires_grad=False), 2),
        refusal("indices", input, Literal(np.zeros(shape, np.int32)), 2),
        refusal("indices", input, Literal(np.full(shape, -1)), 2),
        refusal("indices", input, Literal(np.full(shape, 4**axes)), 2),
        refusal("output_size", input, places, 2, output_size=(6,) * axes),
        refusal("output_size", input, places, 2, output_size=(2,) * axes),
        refusal("output_size", input, places, 2, output_size=(4,) * (axes + 1)),
        refusal("output_size", input, places, 2, output_size=4),
        refusal("output_size", input, places, 1, 1, 2),
        refusal("kernel_size", input, places, 2.0),
        refusal("kernel_size", input, places, 0, 2, error=RuntimeError),
        refusal("stride", input, places, 2, 0, error=RuntimeError),
        refusal("stride", input, places, 2, "2"),
        refusal("padding", input, places, 2, padding=-1, error=RuntimeError),
        *(
            refusal(name, input, places, **{"kernel_size": 2, name: value}, error=RuntimeError)
            for name in ("kernel_size", "stride", "padding")
            for value in ((), (2,) * (1 if axes > 1 else 2))
        ),
    )  # fmt: skip


UNPOOLING = [
    Operator(f"max_unpool{axes}d", unpooling(axes), unpooling_examples(axes), unpooling_refusals(axes))
    for axes in AXES
]


# Initialization


def numbered(tensor):
    """Fill with 1, 2, 3 ...: an array, or a tensor of either backend."""
    if hasattr(tensor, "copy_"):
        tensor.copy_(tensor.fill_(1).flatten().cumsum(0).reshape(tensor.shape))
    else:
        array = tensor if isinstance(tensor, np.ndarray) else tensor.data
        array[...] = np.arange(1, array.size + 1).reshape(array.shape)


def icnr_by_definition(tensor, upscale_factor, initializer):
    """Each output channel takes the kernel of the channel to which pixel_shuffle moves it."""
    repeats = upscale_factor**2
    kernels = np.zeros((len(tensor) // repeats, *tensor.shape[1:]), tensor.dtype)
    initializer(kernels)
    for channel in range(len(tensor)):
        tensor[channel] = kernels[channel // repeats]
    return tensor


def _weight(*shape):
    return Array(shape, requires_grad=False)


ICNR = Operator(
    "initialization.icnr_",
    None,
    tuple(
        Sample(arguments, updates=("tensor",))
        for arguments in (
            (_weight(8, 2, 3, 2), 2, numbered), (_weight(9, 1), 3, numbered), (_weight(3, 2, 1, 1), 1, numbered),
            (_weight(4), 2, numbered), (_weight(0, 2, 3, 3), 2, numbered),
        )
    ),
    (
        refusal("tensor", _weight(6, 1, 3, 3), 2, numbered),
        refusal("tensor", _weight(), 1, numbered),
        refusal("upscale_factor", _weight(4, 1, 3, 3), 0, numbered),
        refusal("upscale_factor", _weight(4, 1, 3, 3), 2.0, numbered),
        refusal("initializer", _weight(4, 1, 3, 3), 2, None),
    ),
    (
        known(
            [[1.0, 2]] * 4 + [[3, 4]] * 4, "by hand: each kernel four times, then the next",
            Literal(np.zeros((8, 2)), requires_grad=False), 2, numbered,
        ),
    ),
    icnr_by_definition,
)  # fmt: skip


OPERATORS = [*TRANSPOSED, MATRIX, *SHUFFLES, *UNPOOLING, ICNR]


def _transposed_layers(axes):
    name = f"ConvTranspose{axes}d"
    images = Array((2, 4, *[3] * axes))
    for arguments, options in (
        ((4, 6, 3), {}),
        ((4, 6, 4), {"stride": 2, "padding": 1, "bias": False}),
        ((4, 6, 3), {"stride": 2, "padding": (1,) * axes, "output_padding": 1, "groups": 2, "dilation": 2}),
        ((4, 2, (2,) * axes, 3), {"output_padding": 2}),
    ):
        yield Layer(name, lambda nn, a=arguments, o=options: getattr(nn, name)(*a, **o), images)


def _unpooling_layers(axes):
    name, shape = f"MaxUnpool{axes}d", (2, 3, *[3] * axes)
    for arguments, size in (((2,), 6), ((3, 2, 1), 5), (((2,) * axes, (3,) * axes), 8)):
        inputs = Array(shape), indices(shape, size**axes)
        yield Layer(name, lambda nn, a=arguments: getattr(nn, name)(*a), inputs)


LAYERS = [
    *(layer for axes in AXES for layer in _transposed_layers(axes)),
    Layer("PixelShuffle", lambda nn: nn.PixelShuffle(2), Array((2, 8, 2, 3))),
    Layer("PixelUnshuffle", lambda nn: nn.PixelUnshuffle(3), Array((2, 2, 3, 6))),
    Layer("ChannelShuffle", lambda nn: nn.ChannelShuffle(3), Array((2, 6, 2, 3))),
    *(layer for axes in AXES for layer in _unpooling_layers(axes)),
]


def _timed(name, operator, *arguments, **options):
    return Timed(name, "deconvolution", operator, sample(*arguments, **options))


_SMALL = Array((8, 64, 28, 28))

TIMED = [
    _timed("conv_transpose2d 4x4 stride 2, N8 C64->32 28x28", "conv_transpose2d",
           _SMALL, Array((64, 32, 4, 4)), Array((32,)), stride=2, padding=1),
    _timed("conv_transpose2d 3x3, N8 C64->32 28x28", "conv_transpose2d",
           _SMALL, Array((64, 32, 3, 3)), Array((32,)), padding=1),
    _timed("conv_transpose2d 3x3 stride 2, N8 C64->32 28x28", "conv_transpose2d",
           _SMALL, Array((64, 32, 3, 3)), Array((32,)), stride=2, padding=1, output_padding=1),
    _timed("conv_transpose1d 4 stride 2, N32 C64->32 L256", "conv_transpose1d",
           Array((32, 64, 256)), Array((64, 32, 4)), Array((32,)), stride=2, padding=1),
    _timed("conv_transpose3d 4x4x4 stride 2, N2 C16->16 8x14x14", "conv_transpose3d",
           Array((2, 16, 8, 14, 14)), Array((16, 16, 4, 4, 4)), Array((16,)), stride=2, padding=1),
    _timed("pixel_shuffle 2, N32 C64 28x28", "pixel_shuffle", Array((32, 64, 28, 28)), 2),
    _timed("max_unpool2d 2x2, N32 C64 14x14", "max_unpool2d",
           Array((32, 64, 14, 14)), indices((32, 64, 14, 14), 28 * 28), 2),
]  # fmt: skip
