"""Cases of ``dlcore.scratch.convolution``."""

import itertools

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Timed, known, refusal, sample

SPATIAL = {1: (9,), 2: (8, 9), 3: (5, 6, 4)}
BATCHES = st.sampled_from([(), (0,), (1,), (2,), (3,)])


def per_axis(values, axes, single=True):
    """An option as PyTorch takes it: one number, a sequence with one entry per axis, a sequence of one."""
    several = st.lists(values, min_size=axes, max_size=axes)
    return st.one_of(values, several.map(tuple), several, *([st.tuples(values)] if single else []))


def spread(option, axes):
    values = tuple(option) if isinstance(option, (tuple, list)) else (option,)
    return values * axes if len(values) == 1 else values


# Convolutions


@st.composite
def convolutions(draw, axes, most=7, named=True, unbatched=True):
    """A convolution that PyTorch accepts; `named` whether its padding may be "same" or "valid"."""
    groups, channels = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    outputs = groups * draw(st.integers(1, 3))  # depthwise where channels is 1
    kernel_size = [draw(st.integers(1, {1: 9, 2: 3, 3: 3}[axes])) for _ in range(axes)]
    dilation = draw(per_axis(st.integers(1, 3 if axes < 3 else 2), axes, single=named))
    numbers = per_axis(st.integers(0, 3), axes, single=named)
    padding = draw(st.one_of(numbers, st.sampled_from(["same", "valid"])) if named else numbers)
    stride = 1 if padding == "same" else draw(st.one_of(st.just(1), per_axis(st.integers(1, 3), axes, named)))
    reach = [d * (k - 1) for k, d in zip(kernel_size, spread(dilation, axes))]
    around = {"same": reach, "valid": [0] * axes}.get(padding) if isinstance(padding, str) else None
    around = [2 * p for p in spread(padding, axes)] if around is None else around
    size = []
    for least in (max(1, r + 1 - a) for r, a in zip(reach, around)):
        size.append(draw(st.integers(least, max(least, most if axes < 3 else 4))))
    batch = draw(BATCHES if unbatched else BATCHES.filter(bool))
    arrays = [Array((*batch, channels * groups, *size)), Array((outputs, channels, *kernel_size))]
    if draw(st.booleans()):
        arrays.append(Array((outputs,)))
    return sample(*arrays, stride=stride, padding=padding, dilation=dilation, groups=groups)


def convolved(axes, batch=(2,), channels=4, outputs=6, groups=1, kernel=3, **array):
    """Input, weight and bias of a convolution."""
    return (
        Array((*batch, channels, *SPATIAL[axes]), **array),
        Array((outputs, channels // groups, *spread(kernel, axes))),
        Array((outputs,)),
    )


def examples(axes):
    """What random convolutions may miss."""
    yield sample(*convolved(axes))
    yield sample(*convolved(axes, groups=2), stride=2, padding=1, groups=2)
    yield sample(*convolved(axes, batch=()), padding="same", dilation=2)
    yield sample(*convolved(axes)[:2], padding="valid")
    yield sample(*convolved(axes, batch=(0,)), padding=1)
    yield sample(Array((0, 4, *[0] * axes)), Array((6, 4, *[3] * axes)), padding=2)
    yield sample(
        *convolved(axes, groups=4, outputs=8), stride=(2,) * (axes - 1) + (1,), padding=(1,) * axes, groups=4
    )
    yield sample(*convolved(axes, groups=4, outputs=4), padding="same", groups=4)
    # Few channels in and many out, and the reverse.
    yield sample(*convolved(axes, channels=1, outputs=12), padding=2)
    yield sample(*convolved(axes, channels=8, outputs=1), padding=1, dilation=(2,) + (1,) * (axes - 1))
    yield sample(*convolved(axes, kernel=1))
    yield sample(*convolved(axes, kernel=4), padding="same")  # an odd number of zeros, the odd one after
    yield sample(*convolved(axes, values="special"), padding=1).but(smooth=False)
    integers = [Array(item.shape, "integers", -9, 9) for item in convolved(axes)]
    yield sample(*integers, stride=2, padding=1)
    yield sample(*convolved(axes, requires_grad=False))


def refusals(axes):
    """What a convolution refuses: options, then arrays."""
    wrong = {
        "stride": [0, -1, 1.5, (), (1,) * (axes + 1), True, "1", None, (1.0,)],
        "padding": [-1, 0.5, (0,) * (axes + 1), (), "full", None, "SAME"],
        "dilation": [0, -2, 1.5, (1,) * (axes + 1), ()],
        "groups": [0, -1, 3, 4, 2.0, (1,), True, None],
    }
    for name, values in wrong.items():
        for value in values:
            yield refusal(name, *convolved(axes), **{name: value})
    yield refusal("padding", *convolved(axes), stride=2, padding="same")
    yield refusal("groups", *convolved(axes, groups=2, outputs=3), groups=2)
    yield from bad_arrays(axes)


def bad_arrays(axes):
    input, weight, bias = convolved(axes)
    size, kernel = SPATIAL[axes], (3,) * axes
    for shape in (size[1:], (1, 2, 4, *size), (2, 3, *size), (2, 4, *size[:-1], 2), (2, 4, *size[:-1], 0)):
        yield refusal("input", Array(shape), weight, bias)
    for shape in ((6, 4, *kernel[1:]), kernel[:1], (6, 3, *kernel)):
        yield refusal("weight", input, Array(shape), bias)
    yield refusal("weight", input, Array((0, 4, *kernel)))
    yield refusal("weight", input, Array((6, 4, *kernel[1:], 0)), bias)
    yield refusal("weight", input, Array(weight.shape, "integers", 0, 9), bias)
    yield refusal("weight", Array(input.shape, "integers", 0, 9), weight, bias)
    for shape in ((5,), (6, 1), (1,)):
        yield refusal("bias", input, weight, Array(shape))
    yield refusal("bias", input, weight, Array((6,), "integers", 0, 9))


@np.errstate(invalid="ignore")
def conv2d_by_definition(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The sum of products, one output element after the other."""
    images = input if input.ndim == 4 else input[None]
    out_channels, channels, *kernel_size = weight.shape
    stride, dilation = np.array(spread(stride, 2)), np.array(spread(dilation, 2))
    reach = dilation * (np.array(kernel_size) - 1)
    if isinstance(padding, str):
        before, after = (reach // 2, reach - reach // 2) if padding == "same" else (0 * reach, 0 * reach)
    else:
        before = after = np.array(spread(padding, 2))
    windows = (np.array(images.shape[2:]) + before + after - reach - 1) // stride + 1
    output = np.zeros((len(images), out_channels, *windows))
    for n, o, y, x in np.ndindex(output.shape):
        total = 0 if bias is None else bias[o]
        for c, u, v in np.ndindex(weight.shape[1:]):
            row, column = np.array([y, x]) * stride + np.array([u, v]) * dilation - before
            if 0 <= row < images.shape[2] and 0 <= column < images.shape[3]:
                total += (
                    weight[o, c, u, v] * images[n, o // (out_channels // groups) * channels + c, row, column]
                )
        output[n, o, y, x] = total
    return output if input.ndim == 4 else output[0]


def small(*options, **named):
    """A call that even the loops and their compilation do in a moment."""
    return sample(Array((1, 2, 4, 4)), Array((2, 1, 3, 3)), Array((2,)), *options, groups=2, **named)


IM2COL_ONLY = (
    refusal("input", Array((4, 8, 9)), *convolved(2)[1:]),
    refusal("padding", *convolved(2), padding="same", error=TypeError),
)


def refused_by_im2col():
    """As :func:`refusals`, but for the forms of options that unfolding refuses."""
    for item in refusals(2):
        if item.naming in ("groups", "weight", "bias") and item.sample.options.get("padding") is None:
            yield item
    for name in ("stride", "dilation"):
        yield refusal(name, *convolved(2), **{name: 0})
        yield refusal(name, *convolved(2), **{name: 1.5})
    yield refusal("padding", *convolved(2), padding=-1)
    yield refusal("input", Array((2, 3, 8, 9)), *convolved(2)[1:])


# Depthwise separable convolution


@st.composite
def separable_convolutions(draw):
    channels, multiplier, outputs = (draw(st.integers(1, 3)) for _ in range(3))
    kernel_size, stride = draw(st.tuples(*[st.integers(1, 3)] * 2)), draw(st.integers(1, 2))
    padding = draw(st.sampled_from([0, 1, (1, 0), "valid"] + ["same"] * (stride == 1)))
    arrays = [
        Array((*draw(st.sampled_from([(), (0,), (2,)])), channels, 6, 7)),
        Array((channels * multiplier, 1, *kernel_size)),
        Array((outputs, channels * multiplier, 1, 1)),
    ]
    if draw(st.booleans()):
        arrays.append(Array((outputs,)))
    return sample(*arrays, stride=stride, padding=padding, dilation=draw(st.integers(1, 2)))


def separable_by_definition(input, depthwise, pointwise, bias=None, stride=1, padding=0, dilation=1):
    """Each channel by itself, then a sum over channels at each place."""
    spatial = conv2d_by_definition(input, depthwise, None, stride, padding, dilation, input.shape[-3])
    output = np.tensordot(pointwise[:, :, 0, 0], spatial, (1, input.ndim - 3))  # its channels come first
    output = np.moveaxis(output, 0, -3)
    return output if bias is None else output + bias[:, None, None]


# Unfold and fold


@st.composite
def foldings(draw, folding=False):
    kernel_size, dilation, padding = (
        draw(per_axis(st.integers(*ends), 2, single=False)) for ends in ((1, 3), (1, 3), (0, 3))
    )
    stride = draw(per_axis(st.integers(1, 4), 2, single=False))
    lengths = [spread(option, 2) for option in (kernel_size, stride, padding, dilation)]
    size = [draw(st.integers(max(1, d * (k - 1) + 1 - 2 * p), 8)) for k, _, p, d in zip(*lengths)]
    batch, channels = draw(st.sampled_from([(), (0,), (1,), (2,)])), draw(st.integers(1, 3))
    options = {"kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride}
    if not folding:
        return sample(Array((*batch, channels, *size)), **options)
    windows = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(size, *lengths)]
    rows = channels * lengths[0][0] * lengths[0][1]
    return sample(Array((*batch, rows, windows[0] * windows[1])), output_size=tuple(size), **options)


IMAGE, COLUMNS = Array((2, 4, 8, 9)), Array((2, 36, 42))
WRONG_WINDOWS = {
    "kernel_size": [0, -1, (3,), (3, 3, 3), 3.0, (), None, (3, 1.5)],
    "stride": [0, -1, 1.5, (1,), (1, 1, 1)],
    "padding": [-1, 0.5, (1,), "same"],
    "dilation": [0, -1, 1.5, (1, 1, 1)],
}
WRONG_SIZES = [(-8, 9), (2, 2), (8, 9, 1), 8.0, (), None]


def refused_windows(*arguments, **options):
    for name, values in WRONG_WINDOWS.items():
        for value in values:
            yield refusal(name, *arguments, **{"kernel_size": 3, **options, name: value})


# Pad

MODES = ("constant", "reflect", "replicate", "circular")


@st.composite
def amounts(draw, size, mode):
    """(before, after) for one axis, which leaves at least one element if there is one."""
    most = {"constant": 3, "reflect": size - 1, "replicate": 4, "circular": size}[mode]
    before = draw(st.integers(min(0, 1 - size), most))
    left = size - max(0, -before)
    least = max(min(0, 1 - left), before - size) if mode == "circular" else min(0, 1 - left)
    return before, draw(st.integers(least, min(most, left) if mode == "circular" else most))


@st.composite
def paddings(draw):
    mode, options = draw(st.sampled_from(MODES)), {}
    if mode == "constant":
        shape = draw(st.lists(st.integers(0, 4), min_size=1, max_size=5))
        axes = draw(st.integers(0, len(shape)))
        options = draw(st.sampled_from([{}, {"value": 0}, {"value": 2}, {"value": -1.5}]))
    else:
        axes = draw(st.integers(1, 3))
        shape = [
            *draw(st.sampled_from([(2,), (1, 2), (0, 2)])),
            *(draw(st.integers(1, 5)) for _ in range(axes)),
        ]
    pad = [number for axis in range(1, axes + 1) for number in draw(amounts(shape[-axis], mode))]
    return sample(Array(tuple(shape)), draw(st.sampled_from([tuple, list]))(pad), mode=mode, **options)


def pad_refusals():
    for pad in ((1,), (1,) * 10, (-5, -5), (-10, 0), (1.5, 1), (True, 1), 1, None, "11"):
        yield refusal("pad", IMAGE, pad)
    for pad, mode in (
        ((1, 1), "reflect"), ((), "reflect"), ((1, 1, 1), "replicate"), ((9, 1, 1, 1), "reflect"), ((1, 1, 8, 1), "reflect"),
        ((10, 1, 1, 1), "circular"), ((-5, -5, 0, 0), "circular"), ((-9, -1, 0, 0), "replicate"),
        ((-5, -4, -4, -4), "reflect"),
    ):  # fmt: skip
        yield refusal("pad", IMAGE, pad, mode=mode)
    # What cropping has left is too little to go round. PyTorch then reads memory that nobody wrote.
    yield refusal("pad", IMAGE, (-5, 6, 0, 0), mode="circular", error=RuntimeError)
    for shape, pad, mode in (
        ((8, 9), (1, 1, 1, 1), "reflect"), ((9,), (1, 1), "circular"), ((1, 2, 4, 8, 9), (1, 1, 1, 1), "replicate"),
    ):  # fmt: skip
        yield refusal("pad", Array(shape), pad, mode=mode)
    for shape, pad in (
        ((1, 2, 0), (1, 1)),
        ((1, 0, 3), (1, 1)),
        ((1, 2, 0), (0, 0)),
        ((1, 1, 0, 5), (0, 0, 1, 1)),
    ):
        for mode in ("reflect", "replicate"):
            yield refusal("input", Array(shape), pad, mode=mode)
    for mode in MODES[1:]:
        yield refusal("value", IMAGE, (1, 1, 1, 1), mode=mode, value=1.0)
    for value in ("2", [1.0], 1j):
        yield refusal("value", IMAGE, (1, 1), value=value)
    for dtype, value in ((np.int64, float("nan")), (np.int64, float("inf")), (np.uint8, 300), (np.uint8, -1)):
        yield refusal("value", Literal(np.ones((2, 3), dtype)), (1, 1), value=value)
    yield refusal("mode", IMAGE, (1, 1), mode=None)
    yield refusal("mode", IMAGE, (1, 1), mode="mirror")
    yield refusal("mode", IMAGE, (1, 1), mode="mirror", value=1.0)


# Convolution in the mathematical sense, and focus


@st.composite
def signals(draw):
    axes, mode = draw(st.integers(1, 3)), draw(st.sampled_from(["full", "same", "valid"]))
    sizes = st.lists(st.integers(1, 7 if axes < 3 else 4), min_size=axes, max_size=axes)
    one, other = draw(sizes), draw(sizes)
    if mode == "valid":
        one, other = map(max, one, other), map(min, one, other)
    pair = [Array(tuple(size)) for size in (one, other)]
    return sample(*(reversed(pair) if draw(st.booleans()) else pair), mode=mode)


def convolve_by_definition(input, kernel, mode="full"):
    """``output[n] = sum over m of input[m] * kernel[n - m]`` for every n where there is a product, then what is kept."""
    output = np.zeros([n + k - 1 for n, k in zip(input.shape, kernel.shape)])
    for m in np.ndindex(input.shape):
        for offset in np.ndindex(kernel.shape):
            output[tuple(map(sum, zip(m, offset)))] += input[m] * kernel[offset]
    smaller = [min(pair) for pair in zip(input.shape, kernel.shape)]
    starts = {
        "full": [0 for _ in smaller], "same": [(k - 1) // 2 for k in kernel.shape], "valid": [k - 1 for k in smaller],
    }  # fmt: skip
    sizes = {
        "full": output.shape, "same": input.shape,
        "valid": [abs(n - k) + 1 for n, k in zip(input.shape, kernel.shape)],
    }  # fmt: skip
    return output[tuple(slice(start, start + size) for start, size in zip(starts[mode], sizes[mode]))]


@st.composite
def focused(draw):
    batch = draw(st.sampled_from([(), (0,), (1,), (2,)]))
    channels, height, width = (draw(st.integers(1, 3)) for _ in range(3))
    return sample(Array((*batch, channels, 2 * height, 2 * width)))


def focus_by_definition(input):
    """Channel block (x, y), counted with y first, holds the rows from y on and the columns from x on, every second."""
    *batch, channels, height, width = input.shape
    output = np.zeros((*batch, 4 * channels, height // 2, width // 2))
    for c, y, x in np.ndindex(channels, height, width):
        block = y % 2 + 2 * (x % 2)
        output[..., block * channels + c, y // 2, x // 2] = input[..., c, y, x]
    return output


OPERATORS = [
    *(
        Operator(
            f"conv{axes}d",
            convolutions(axes),
            tuple(examples(axes)),
            tuple(refusals(axes)),
            known=(
                known(
                    np.arange(2.0**axes)[::-1].reshape(1, 1, *[2] * axes),
                    "the kernel is not flipped: a single 1 meets its elements from the last to the first",
                    Literal(np.pad(np.ones((1, 1, *[1] * axes)), [(0, 0)] * 2 + [(1, 1)] * axes)),
                    Literal(np.arange(2.0**axes).reshape(1, 1, *[2] * axes)),
                ),
            ),
            sums=True,
        )
        for axes in (1, 2, 3)
    ),
    Operator(
        "conv2d_loops",
        convolutions(2, most=4),
        (small(2, 1), small(1, "same", (1, 2)), small(padding="valid"), *examples(2)),
        tuple(refusals(2)),
        by_definition=conv2d_by_definition,
        sums=True,
    ),
    Operator(
        "conv2d_im2col",
        convolutions(2, most=5, named=False, unbatched=False),
        (
            small(2, 1),
            sample(*convolved(2), stride=(2, 1), padding=1, dilation=(1, 2)),
            sample(*convolved(2, batch=(0,)), padding=1),
            sample(*convolved(2, channels=1, outputs=12)),
        ),
        (*refused_by_im2col(), *IM2COL_ONLY),
        by_definition=conv2d_by_definition,
        sums=True,
    ),
    Operator(
        "depthwise_separable_conv2d",
        separable_convolutions(),
        (
            sample(
                Array((2, 2, 4, 4)), Array((4, 1, 3, 3)), Array((3, 4, 1, 1)), Array((3,)), padding="same"
            ),
            sample(Array((2, 5, 6)), Array((2, 1, 3, 2)), Array((4, 2, 1, 1)), stride=(2, 1), padding=1),
            sample(Array((0, 2, 5, 6)), Array((2, 1, 3, 2)), Array((4, 2, 1, 1))),
        ),
        tuple(
            refusal(name, *map(Array, shapes))
            for name, *shapes in (
                ("depthwise_weight", (1, 4, 5, 5), (4, 4, 3, 3), (2, 4, 1, 1)),
                ("depthwise_weight", (1, 4, 5, 5), (4, 3, 3), (2, 4, 1, 1)),
                ("depthwise_weight", (1, 4, 5, 5), (6, 1, 3, 3), (2, 6, 1, 1)),
                ("pointwise_weight", (1, 4, 5, 5), (4, 1, 3, 3), (2, 4, 3, 3)),
                ("pointwise_weight", (1, 4, 5, 5), (4, 1, 3, 3), (2, 4)),
                ("pointwise_weight", (1, 4, 5, 5), (4, 1, 3, 3), (2, 3, 1, 1)),
                ("input", (5, 5), (4, 1, 3, 3), (2, 4, 1, 1)),
            )
        ),
        by_definition=separable_by_definition,
        sums=True,
    ),
    Operator(
        "unfold",
        foldings(),
        (
            sample(IMAGE, 3),
            sample(IMAGE, (3, 2), 2, 1, (2, 3)),
            sample(Array((0, 2, 4, 5)), 2),
            sample(Array((2, 4, 5), "special"), 2, padding=1).but(smooth=False),
            sample(Array((1, 2, 4, 5)), [2, 3]),
        ),
        (
            *refused_windows(IMAGE),
            *(
                refusal("input", Array(shape), 3)
                for shape in ((1, 2, 4, 8, 9), (2, 0, 8, 9), (2, 4, 0, 9), (2, 4, 2, 2), (4, 2, 9))
            ),
            refusal("input", Array((8, 9)), 3, error=RuntimeError),  # PyTorch: an IndexError from inside
        ),
        sums=True,
    ),
    Operator(
        "fold",
        foldings(folding=True),
        (
            sample(COLUMNS, (8, 9), 3),
            sample(Array((2, 36, 36)), 8, 3),
            sample(Array((12, 9)), (8, 7), (3, 2), 2, 1, (2, 3)),
            sample(Array((0, 36, 42)), (8, 9), 3),
            sample(Array((1, 8, 12), "special"), (4, 5), 2).but(smooth=False),
        ),
        (
            *refused_windows(COLUMNS, output_size=(8, 9)),
            *(refusal("output_size", COLUMNS, value, 3) for value in WRONG_SIZES),
            refusal("output_size", Array((2, 36, 36)), (8,), 3),
            *(
                refusal("input", Array(shape), size, 3)
                for size, *shapes in (
                    ((8, 8), (2, 36, 42)),
                    ((8, 9), (2, 35, 42), (2, 36, 41), (1, 2, 36, 42), (2, 0, 42)),
                )
                for shape in shapes
            ),
        ),
        sums=True,
    ),
    Operator(
        "pad",
        paddings(),
        (
            *(sample(Array((1, 2, 3, 4)), (1, 2, 2, 1), mode) for mode in MODES),
            *(sample(Array((1, 2, 3, 4)), (-1, 2, 1, -2), mode) for mode in MODES),
            *(sample(Array((0, 2, 3)), (1, 1), mode) for mode in MODES),
            *(sample(Array((1, 2, 3)), (1, 2), mode, value) for mode in MODES for value in (None, 0, 0.0)),
            sample(Array((1, 3, 4)), (1, 2), "constant", 1.5),
            sample(Array((1, 3, 4)), (1, 2), "constant", float("inf")).but(smooth=False),
            sample(Array((2, 3)), (1, 1), value=True),
            sample(Array((2, 3)), (1, 1), value=np.float64(0.1)),
            sample(Array((2, 3), "integers", 0, 9), (1, 1), value=-1.5),
            sample(Array((2, 3)), ()),
            sample(Array((2, 3)), (0, 0)),
            sample(Array((3,)), [2, 1]),
            sample(Array((1, 2, 3), "integers", 0, 9), (1, 2)),
            sample(Array((1, 2, 3), "integers", 0, 9), (1, 2), "reflect"),
            sample(Array((1, 2, 3), "booleans"), (1, 2)),
            sample(Array((1, 2, 3), "special"), (1, 2), "replicate").but(smooth=False),
            sample(Array((1, 2, 2, 3, 4)), (3, 3, 2, 2, 1, 1), "reflect"),
            sample(Array((1, 2, 2, 3, 4)), (4, 4, 3, 3, 2, 2), "circular"),
        ),
        tuple(pad_refusals()),
        sums=True,
    ),
    Operator(
        "convolve",
        signals(),
        (
            sample(Array((5, 4)), Array((2, 3)), "same"),
            *(sample(Array((6,)), Array((k,)), mode) for k in (3, 4) for mode in ("full", "same", "valid")),
            sample(Array((2,)), Array((5,)), "same"),
            sample(Array((2, 2, 3)), Array((3, 2, 4)), mode="valid"),
        ),
        (
            *(refusal("mode", Array((5,)), Array((3,)), mode) for mode in ("SAME", 1, None)),
            refusal("mode", Array((5, 2)), Array((3, 3)), "valid"),
            *(
                refusal("kernel", Array(one), Array(other))
                for one, other in (((5,), (3, 3)), ((), ()), ((2,) * 4, (2,) * 4), ((3,), (0,)))
            ),
            refusal("input", Array((0,)), Array((3,))),
        ),
        known=(
            known([0.0, 1.0, 2.5, 4.0, 1.5], "by hand", Literal([1.0, 2.0, 3.0]), Literal([0.0, 1.0, 0.5])),
            known(
                [1.0, 3.0, 3.0, 1.0],
                "the coefficients of (1 + x)^2 times those of 1 + x",
                Literal([1.0, 2.0, 1.0]),
                Literal([1.0, 1.0]),
            ),
        ),
        by_definition=convolve_by_definition,
        sums=True,
    ),
    Operator(
        "focus",
        focused(),
        (sample(Array((2, 3, 4, 4))), sample(Array((0, 3, 4, 6))), sample(Array((3, 2, 4)))),
        tuple(
            refusal("input", Array(shape))
            for shape in ((1, 3, 5, 4), (1, 3, 4, 5), (4, 4), (1, 1, 3, 4, 4), ())
        ),
        known=(
            known(
                [[[[0.0]], [[2.0]], [[1.0]], [[3.0]]]],
                "by hand: upper left, lower left, upper right, lower right",
                Literal([[[[0.0, 1.0], [2.0, 3.0]]]]),
            ),
        ),
        by_definition=focus_by_definition,
    ),
]


def convolution_layers():
    for axes in (1, 2, 3):
        name, input = f"Conv{axes}d", Array((2, 4, *SPATIAL[axes]))
        odd = tuple(range(1, axes + 1))
        for arguments, options in (
            ((4, 6, 3), {}),
            ((4, 6, 3, 2, 1), {"bias": False}),
            ((4, 4, (3,) * axes), {"padding": odd, "groups": 4}),
            ((4, 6, 2), {"padding": "same", "dilation": 2, "groups": 2}),
            ((4, 6, 3), {"padding": "valid", "stride": odd}),
            *(((4, 2, 3, 2, 1), {"padding_mode": mode}) for mode in ("reflect", "replicate", "circular")),
            *(((4, 2, 2), {"padding": "same", "padding_mode": mode}) for mode in ("reflect", "circular")),
        ):
            yield Layer(name, lambda nn, n=name, a=arguments, o=options: getattr(nn, n)(*a, **o), input)


def padding_layers():
    kinds = {"Zero": (), "Constant": (1.5,), "Reflection": (), "Replication": (), "Circular": ()}
    for (kind, more), axes in itertools.product(kinds.items(), (1, 2, 3)):
        name, input = f"{kind}Pad{axes}d", Array((2, 3, *SPATIAL[axes]))
        for padding in (2, (0, 1, 3, 2, 1, 4)[: 2 * axes], [1, -2] * axes):
            yield Layer(name, lambda nn, n=name, p=padding, m=more: getattr(nn, n)(p, *m), input)


LAYERS = [
    *convolution_layers(),
    Layer("Unfold", lambda nn: nn.Unfold(3), IMAGE),
    Layer("Unfold", lambda nn: nn.Unfold((3, 2), 2, 1, (2, 3)), IMAGE),
    Layer("Fold", lambda nn: nn.Fold((8, 9), 3), COLUMNS),
    Layer("Fold", lambda nn: nn.Fold(8, 3, stride=1), Array((2, 36, 36))),
    *padding_layers(),
]


def timed_conv2d(name, input, weight, **options):
    return Timed(name, "convolution", "conv2d", sample(Array(input), Array(weight), **options))


TIMED = [
    timed_conv2d("conv 3x3, N32 C16->32 28x28", (32, 16, 28, 28), (32, 16, 3, 3), padding=1),
    timed_conv2d("conv 3x3, N8 C64->64 56x56", (8, 64, 56, 56), (64, 64, 3, 3), padding=1),
    timed_conv2d("depthwise 3x3, N8 C64 56x56", (8, 64, 56, 56), (64, 1, 3, 3), padding=1, groups=64),
    timed_conv2d("conv 1x1, N32 C256->64 28x28", (32, 256, 28, 28), (64, 256, 1, 1)),
    timed_conv2d(
        "conv 7x7 stride 2, N8 C3->64 112x112", (8, 3, 112, 112), (64, 3, 7, 7), stride=2, padding=3
    ),
    Timed(
        "conv1d 9, N32 C32->32 L1024",
        "convolution, other",
        "conv1d",
        sample(Array((32, 32, 1024)), Array((32, 32, 9)), padding=4),
    ),
    Timed(
        "conv3d 3x3x3, N2 C16->16 16x28x28",
        "convolution, other",
        "conv3d",
        sample(Array((2, 16, 16, 28, 28)), Array((16, 16, 3, 3, 3)), padding=1),
    ),
    Timed(
        "unfold 3x3, N8 C16 56x56",
        "convolution, other",
        "unfold",
        sample(Array((8, 16, 56, 56)), kernel_size=3, padding=1),
    ),
]
