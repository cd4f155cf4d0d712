"""dlcore.scratch.convolution and windows: PyTorch's and SciPy's results, gradients and errors."""

import tracemalloc
import warnings

import numpy as np
import pytest
import scipy.signal
import torch
from agreement import agree, dtypes, generators, laid_out, same_error
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from dlcore import scratch
from dlcore.scratch import correlation, windows

CONVOLUTIONS = {1: "conv1d", 2: "conv2d", 3: "conv3d"}


def per_axis(values, axes, singles=True):
    """An option as PyTorch takes it: one number, a sequence with one entry per axis, a sequence of one."""
    forms = [values, st.tuples(*[values] * axes), st.lists(values, min_size=axes, max_size=axes)]
    return st.one_of(*forms, *([st.tuples(values)] if singles else []))


def spread(option, axes):
    values = tuple(option) if isinstance(option, (tuple, list)) else (option,)
    return values * axes if len(values) == 1 else values


@st.composite
def convolutions(draw, axes=None, most=8):
    """Arrays and options of a convolution that PyTorch accepts: axes, (input, weight, bias), options."""
    axes = draw(st.sampled_from([1, 2, 2, 3])) if axes is None else axes
    generator, dtype = draw(generators), draw(dtypes)
    groups = draw(st.integers(1, 3))
    channels, multiplier = draw(st.integers(1, 3)), draw(st.integers(1, 3))  # depthwise where channels is 1
    kernel_size = tuple(draw(st.integers(1, 3)) for _ in range(axes))
    dilation = draw(per_axis(st.integers(1, 3), axes))
    padding = draw(st.one_of(per_axis(st.integers(0, 3), axes), st.sampled_from(["same", "valid"])))
    stride = 1 if padding == "same" else draw(per_axis(st.integers(1, 3), axes))
    size = []
    for axis, (k, d) in enumerate(zip(kernel_size, spread(dilation, axes))):
        zeros = (
            d * (k - 1) if padding == "same" else 0 if padding == "valid" else 2 * spread(padding, axes)[axis]
        )
        least = max(1, d * (k - 1) + 1 - zeros)
        size.append(draw(st.integers(least, max(least, most if axes < 3 else 4))))
    batch = draw(st.sampled_from([(), (0,), (1,), (2,), (3,)]))
    input = generator.standard_normal((*batch, channels * groups, *size)).astype(dtype)
    weight = generator.standard_normal((multiplier * groups, channels, *kernel_size)).astype(dtype)
    bias = draw(st.sampled_from([None, generator.standard_normal(multiplier * groups).astype(dtype)]))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return axes, (input, weight, bias), options, generator


def quietly(function, *arguments, **options):
    """PyTorch warns that padding="same" with an even kernel copies the input."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same'", UserWarning)
        return function(*arguments, **options)


@settings(max_examples=150)
@given(convolutions())
def test_convolutions_equal_torch_forward_and_in_every_gradient(case):
    axes, arrays, options, generator = case
    quietly(agree, CONVOLUTIONS[axes], *arrays, generator=generator, **options)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("groups", [1, 4])
def test_conv2d_equals_torch_at_sizes_that_take_several_blocks_of_images(stride, groups):
    generator, dtype = np.random.default_rng(0), np.float64
    input = generator.standard_normal((5, 16, 32, 32)).astype(dtype)
    weight = generator.standard_normal((8, 16 // groups, 3, 3)).astype(dtype)
    bias = generator.standard_normal(8).astype(dtype)
    agree("conv2d", input, weight, bias, generator=generator, stride=stride, padding=1, groups=groups)


@settings(max_examples=40)
@given(convolutions(axes=2, most=5))
def test_the_three_ways_to_compute_conv2d_agree_with_each_other_and_in_every_gradient(case):
    _, (input, weight, bias), options, generator = case
    quietly(
        agree, (scratch.conv2d_loops, functional.conv2d), input, weight, bias, generator=generator, **options
    )
    pair = (scratch.conv2d, scratch.conv2d_loops)
    if input.ndim == 4 and not isinstance(options["padding"], str):
        two = {name: spread(options[name], 2) for name in ("stride", "padding", "dilation")}
        pair += (scratch.conv2d_im2col,)
        agree(
            (scratch.conv2d_im2col, functional.conv2d), input, weight, bias, generator=generator,
            groups=options["groups"], **two,
        )  # fmt: skip
        options = {**options, **two}
    outputs = [function(input, weight, bias, **options) for function in pair]
    tolerance = (1e-10 if input.dtype == np.float64 else 1e-5) * input[:1].size * 10
    for output in outputs[1:]:
        np.testing.assert_allclose(output, outputs[0], rtol=0, atol=tolerance)


def test_integer_convolution_is_exact_as_in_torch():
    generator = np.random.default_rng(0)
    input, weight = generator.integers(-9, 9, (2, 4, 7, 6)), generator.integers(-9, 9, (6, 2, 3, 2))
    agree("conv2d", input, weight, generator=generator, stride=(2, 1), padding=1, groups=2)


def test_convolution_without_channels_is_the_bias_alone():
    # PyTorch 2.13 returns an output of the input's channel count here; its documented shape has the weight's.
    output = scratch.conv2d(np.zeros((1, 0, 5, 5)), np.zeros((6, 0, 3, 3)), np.arange(6.0))
    np.testing.assert_array_equal(output, np.broadcast_to(np.arange(6.0)[:, None, None], (1, 6, 3, 3)))


@pytest.mark.parametrize("operator", ["conv1d", "conv2d", "conv3d"])
def test_cross_correlation_does_not_flip_the_kernel(operator):
    axes = int(operator[4])
    input, weight = np.zeros((1, 1, *[3] * axes)), np.arange(2.0**axes).reshape(1, 1, *[2] * axes)
    input[(0, 0, *[1] * axes)] = 1
    np.testing.assert_array_equal(getattr(scratch, operator)(input, weight), np.flip(weight))


def convolution_arrays(axes=2):
    generator = np.random.default_rng(0)
    input = generator.standard_normal((2, 4, *(8, 9, 7)[:axes])).astype(np.float32)
    weight = generator.standard_normal((6, 4, *[3] * axes)).astype(np.float32)
    return input, weight, generator.standard_normal(6).astype(np.float32)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    ("naming", "value"),
    [
        ("stride", 0), ("stride", -1), ("stride", 1.5), ("stride", ()), ("stride", (1, 1, 1, 1)), ("stride", True),
        ("stride", "1"), ("stride", None), ("stride", (1.0,)),
        ("padding", -1), ("padding", 0.5), ("padding", (0, 0, 0, 0)), ("padding", ()), ("padding", "full"),
        ("padding", None), ("padding", "SAME"),
        ("dilation", 0), ("dilation", -2), ("dilation", 1.5), ("dilation", (1, 1, 1, 1)), ("dilation", ()),
        ("groups", 0), ("groups", -1), ("groups", 3), ("groups", 4), ("groups", 2.0), ("groups", (1,)),
        ("groups", True), ("groups", None),
    ],
)  # fmt: skip
def test_a_convolution_refuses_the_options_that_torch_refuses(axes, naming, value):
    same_error(CONVOLUTIONS[axes], *convolution_arrays(axes), naming=naming, **{naming: value})


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_same_padding_needs_stride_1(axes):
    same_error(CONVOLUTIONS[axes], *convolution_arrays(axes), naming="padding", stride=2, padding="same")


@pytest.mark.parametrize("operator", ["conv2d", (scratch.conv2d_loops, functional.conv2d), (scratch.conv2d_im2col, functional.conv2d)])  # fmt: skip
@pytest.mark.parametrize(
    ("naming", "change"),
    [
        ("input", lambda x, w, b: (x[0, 0], w, b)),
        ("input", lambda x, w, b: (x[None], w, b)),
        ("input", lambda x, w, b: (x[:, :3], w, b)),
        ("input", lambda x, w, b: (x[:, :, :2, :2], w, b)),
        ("input", lambda x, w, b: (x[:, :, :2, :], w, b)),
        ("input", lambda x, w, b: (x[:, :, :0, :], w, b)),
        ("weight", lambda x, w, b: (x, w[:, :, :, 0], b)),
        ("weight", lambda x, w, b: (x, w[0, 0, 0], b)),
        ("weight", lambda x, w, b: (x, w[:, :, :0], b)),
        ("weight", lambda x, w, b: (x, w[:0], None)),
        ("weight", lambda x, w, b: (x, w[:, :3], b)),
        ("weight", lambda x, w, b: (x, w.astype(np.float64), b)),
        ("weight", lambda x, w, b: (x.astype(np.int64), w, b)),
        ("bias", lambda x, w, b: (x, w, b[:5])),
        ("bias", lambda x, w, b: (x, w, b[:, None])),
        ("bias", lambda x, w, b: (x, w, b[:1])),
        ("bias", lambda x, w, b: (x, w, b.astype(np.float64))),
    ],
)  # fmt: skip
def test_conv2d_refuses_the_arrays_that_torch_refuses(operator, naming, change):
    same_error(operator, *change(*convolution_arrays()), naming=naming)


@pytest.mark.parametrize("axes", [1, 3])
@pytest.mark.parametrize(
    ("naming", "change"),
    [
        ("input", lambda x, w, b: (x[0, 0], w, b)),
        ("input", lambda x, w, b: (x[None], w, b)),
        ("input", lambda x, w, b: (x[:, :3], w, b)),
        ("input", lambda x, w, b: (x[..., :2], w, b)),
        ("weight", lambda x, w, b: (x, w[..., 0], b)),
        ("weight", lambda x, w, b: (x, w.astype(np.float64), b)),
        ("bias", lambda x, w, b: (x, w, b[:5])),
    ],
)
def test_conv1d_and_conv3d_refuse_the_arrays_that_torch_refuses(axes, naming, change):
    same_error(CONVOLUTIONS[axes], *change(*convolution_arrays(axes)), naming=naming)


def test_groups_must_divide_the_output_channels():
    input, weight, _ = convolution_arrays()
    same_error("conv2d", input, weight[:3, :2], naming="groups", groups=2)


# Unfold and fold


@st.composite
def foldings(draw):
    """An input of `unfold`, its options, and a generator."""
    generator, dtype = draw(generators), draw(dtypes)
    kernel_size = draw(per_axis(st.integers(1, 3), 2, singles=False))
    dilation = draw(per_axis(st.integers(1, 3), 2, singles=False))
    padding = draw(per_axis(st.integers(0, 3), 2, singles=False))
    stride = draw(per_axis(st.integers(1, 4), 2, singles=False))
    size = [
        draw(st.integers(max(1, d * (k - 1) + 1 - 2 * p), 8))
        for k, d, p in zip(spread(kernel_size, 2), spread(dilation, 2), spread(padding, 2))
    ]
    batch = draw(st.sampled_from([(), (0,), (1,), (2,)]))
    input = generator.standard_normal((*batch, draw(st.integers(1, 3)), *size)).astype(dtype)
    return (
        input,
        {"kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride},
        generator,
    )


@given(foldings())
def test_unfold_equals_torch(case):
    input, options, generator = case
    agree("unfold", input, generator=generator, **options)


@given(foldings())
def test_fold_equals_torch(case):
    input, options, generator = case
    columns = generator.standard_normal(scratch.unfold(input, **options).shape).astype(input.dtype)
    agree("fold", columns, generator=generator, output_size=input.shape[-2:], **options)


@given(foldings())
def test_fold_is_the_transpose_of_unfold(case):
    input, options, generator = case
    input = input.astype(np.float64)
    columns = scratch.unfold(input, **options)
    other = generator.standard_normal(columns.shape)
    image = scratch.fold(other, input.shape[-2:], **options)
    size = np.abs(input).sum() * 1e-10 * (1 + np.abs(other).sum())
    assert abs((columns * other).sum() - (input * image).sum()) <= size


def test_fold_takes_a_square_output_size_as_one_number():
    generator = np.random.default_rng(0)
    agree("fold", generator.standard_normal((2, 36, 36)), generator=generator, output_size=8, kernel_size=3)


IMAGE = np.random.default_rng(0).standard_normal((2, 4, 8, 9))
COLUMNS = scratch.unfold(IMAGE, 3)


@pytest.mark.parametrize(
    ("naming", "value"),
    [
        ("kernel_size", 0), ("kernel_size", -1), ("kernel_size", (3,)), ("kernel_size", (3, 3, 3)), ("kernel_size", 3.0),
        ("kernel_size", ()), ("kernel_size", None), ("kernel_size", (3, 1.5)),
        ("stride", 0), ("stride", -1), ("stride", 1.5), ("stride", (1,)), ("stride", (1, 1, 1)),
        ("padding", -1), ("padding", 0.5), ("padding", (1,)), ("padding", "same"),
        ("dilation", 0), ("dilation", -1), ("dilation", 1.5), ("dilation", (1, 1, 1)),
    ],
)  # fmt: skip
def test_unfold_and_fold_refuse_the_options_that_torch_refuses(naming, value):
    same_error("unfold", IMAGE, naming=naming, **{"kernel_size": 3, naming: value})
    same_error("fold", COLUMNS, naming=naming, **{"output_size": (8, 9), "kernel_size": 3, naming: value})


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x[None],
        lambda x: x[:, :0],
        lambda x: x[:, :, :0],
        lambda x: x[:, :, :2, :2],
        lambda x: x[0][:, :2],
    ],
)
def test_unfold_refuses_the_inputs_that_torch_refuses(change):
    same_error("unfold", change(IMAGE), naming="input", kernel_size=3)


def test_unfold_refuses_an_image_without_channel_axis():
    # PyTorch fails here too, with an IndexError from inside, before its own check of the shape.
    with pytest.raises(RuntimeError, match="input: .*\\(8, 9\\)"):
        scratch.unfold(IMAGE[0, 0], 3)


@pytest.mark.parametrize(
    ("naming", "change", "options"),
    [
        ("input", lambda c: c, {"output_size": (8, 8)}),
        ("input", lambda c: c[:, :35], {}),
        ("input", lambda c: c[:, :, :41], {}),
        ("input", lambda c: c[None], {}),
        ("input", lambda c: c[:, :0], {}),
        ("output_size", lambda c: c, {"output_size": (-8, 9)}),
        ("output_size", lambda c: c, {"output_size": (2, 2)}),
        ("output_size", lambda c: c, {"output_size": (8, 9, 1)}),
        ("output_size", lambda c: c[:, :, :36], {"output_size": (8,)}),
        ("output_size", lambda c: c, {"output_size": 8.0}),
        ("output_size", lambda c: c, {"output_size": ()}),
        ("output_size", lambda c: c, {"output_size": None}),
    ],
)  # fmt: skip
def test_fold_refuses_what_torch_refuses(naming, change, options):
    same_error("fold", change(COLUMNS), naming=naming, **{"output_size": (8, 9), "kernel_size": 3, **options})


# Pad


@st.composite
def paddings(draw):
    """An input of `pad`, amounts that PyTorch may refuse, the mode, the value and a generator."""
    generator, dtype = draw(generators), draw(dtypes)
    mode = draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
    value = None
    if mode == "constant":
        shape = draw(st.lists(st.integers(0, 4), min_size=1, max_size=5))
        axes = draw(st.integers(0, len(shape)))
        value = draw(st.sampled_from([None, 0, 2, -1.5, np.inf]))
    else:
        axes = draw(st.integers(1, 3))
        front = draw(st.sampled_from([(2,), (1, 2), (0, 2)]))
        shape = [*front, *(draw(st.integers(1, 5)) for _ in range(axes))]
    pad = []
    for axis in range(1, axes + 1):
        size = shape[-axis]
        most = {"constant": 3, "reflect": size - 1, "replicate": 4, "circular": size}[mode]
        before = draw(st.integers(-size - 1, most))
        after = draw(st.integers(-size - 1, most))
        if mode in ("reflect", "replicate"):  # PyTorch may try to make an array of a negative size here
            after = max(after, -size - before)
        pad += [before, after]
    input = generator.standard_normal(shape).astype(dtype)
    return input, draw(st.sampled_from([tuple, list]))(pad), mode, value, generator


def torch_accepts(function, *arguments, **options):
    try:
        function(*arguments, **options)
    except (RuntimeError, NotImplementedError):
        return False
    return True


def wraps_what_was_cropped(shape, pad):
    """Where a circular pad is larger than what cropping left. PyTorch then reads memory that nobody wrote."""
    return any(
        max(before, after) > size - max(0, -before) - max(0, -after)
        for size, before, after in zip(reversed(shape), pad[::2], pad[1::2])
    )


@settings(max_examples=400)
@given(paddings())
def test_pad_equals_torch_also_where_it_crops_and_refuses_the_same_amounts(case):
    input, pad, mode, value, generator = case
    if mode == "circular" and wraps_what_was_cropped(input.shape, pad):
        with pytest.raises(RuntimeError, match="pad"):
            scratch.pad(input, pad, mode)
    elif torch_accepts(functional.pad, torch.from_numpy(input), pad, mode, value):
        options = {} if value is None else {"value": value}
        finite = value is None or np.isfinite(value)
        # of an output without elements PyTorch's backward leaves the gradient unwritten
        gradients = scratch.pad(input, pad, mode).size > 0
        agree(
            "pad",
            input,
            pad,
            generator=generator,
            sums=finite,
            check_gradients=gradients,
            mode=mode,
            **options,
        )
    else:
        same_error("pad", input, pad, mode, naming="pad", **({} if value is None else {"value": value}))


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_the_gradient_of_an_image_cropped_to_nothing_is_zero(mode):
    input = scratch.Tensor(np.ones((1, 2, 3, 4)), requires_grad=True)
    scratch.pad(input, (-2, -2, 1, 1), mode).backward(np.zeros((1, 2, 5, 0)))
    np.testing.assert_array_equal(input.grad, np.zeros((1, 2, 3, 4)))


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool])
def test_pad_keeps_the_dtype_of_integers(dtype):
    input = np.ones((1, 2, 3), dtype)
    agree("pad", input, (1, 2), generator=np.random.default_rng(0))


def test_pad_never_returns_its_input():
    input = np.zeros((2, 3))
    for pad in ((), (0, 0), (-1, 0)):
        assert not np.shares_memory(scratch.pad(input, pad), input)


@pytest.mark.parametrize(
    ("naming", "change", "pad", "options"),
    [
        ("pad", lambda x: x, (1,), {}),
        ("pad", lambda x: x, (1,) * 10, {}),
        ("pad", lambda x: x, (-5, -5), {}),
        ("pad", lambda x: x, (-10, 0), {}),
        ("pad", lambda x: x, (1.5, 1), {}),
        ("pad", lambda x: x, 1, {}),
        ("pad", lambda x: x, None, {}),
        ("pad", lambda x: x, "11", {}),
        ("pad", lambda x: x, (1, 1), {"mode": "reflect"}),
        ("pad", lambda x: x, (), {"mode": "reflect"}),
        ("pad", lambda x: x, (1, 1, 1), {"mode": "replicate"}),
        ("pad", lambda x: x, (9, 1, 1, 1), {"mode": "reflect"}),
        ("pad", lambda x: x, (1, 1, 8, 1), {"mode": "reflect"}),
        ("pad", lambda x: x, (10, 1, 1, 1), {"mode": "circular"}),
        ("pad", lambda x: x[0, 0], (1, 1, 1, 1), {"mode": "reflect"}),
        ("pad", lambda x: x[0, 0, 0], (1, 1), {"mode": "circular"}),
        ("pad", lambda x: x[None], (1, 1, 1, 1), {"mode": "replicate"}),
        ("value", lambda x: x, (1, 1, 1, 1), {"mode": "reflect", "value": 1.0}),
        ("value", lambda x: x, (1, 1, 1, 1), {"mode": "replicate", "value": 1.0}),
        ("mode", lambda x: x, (1, 1), {"mode": "mirror"}),
        ("mode", lambda x: x, (1, 1), {"mode": "mirror", "value": 1.0}),
    ],
)  # fmt: skip
def test_pad_refuses_what_torch_refuses(naming, change, pad, options):
    same_error("pad", change(IMAGE), pad, naming=naming, **options)


# Convolution in the mathematical sense


@st.composite
def pairs_of_signals(draw):
    axes = draw(st.integers(1, 3))
    generator, dtype = draw(generators), draw(dtypes)
    sizes = st.lists(st.integers(1, 7 if axes < 3 else 4), min_size=axes, max_size=axes)
    one, other = (generator.standard_normal(draw(sizes)).astype(dtype) for _ in range(2))
    return one, other, generator


@settings(max_examples=150)
@given(pairs_of_signals(), st.sampled_from(["full", "same", "valid"]))
def test_convolve_equals_scipy_in_every_mode(signals, mode):
    one, other, generator = signals
    tolerance = 1e-10 if one.dtype == np.float64 else 1e-5
    try:
        expected = scipy.signal.convolve(one, other, mode, method="direct")
    except ValueError:
        with pytest.raises((ValueError, RuntimeError), match="mode"):
            scratch.convolve(one, other, mode)
        return
    sums = scipy.signal.convolve(np.abs(one), np.abs(other), mode, method="direct")
    one, other = laid_out(one, generator.choice(["C", "Fortran", "reversed"])), laid_out(other, "strided")
    output = scratch.convolve(one, other, mode)
    assert output.shape == expected.shape and output.dtype == expected.dtype
    assert (np.abs(output - expected) <= tolerance * sums).all()


@given(pairs_of_signals(), st.sampled_from(["full", "same", "valid"]))
def test_convolve_of_two_sequences_equals_numpy_up_to_which_of_the_two_same_follows(signals, mode):
    one, other = (array.astype(np.float64).ravel() for array in signals[:2])
    if mode == "same" and len(one) < len(other):
        return  # numpy's "same" is as long as the longer, SciPy's as the first
    np.testing.assert_allclose(
        scratch.convolve(one, other, mode), np.convolve(one, other, mode), rtol=0, atol=1e-10
    )


@settings(max_examples=30)
@given(pairs_of_signals(), st.sampled_from(["full", "same", "valid"]))
def test_the_gradients_of_convolve_are_those_of_its_definition(signals, mode):
    one, other, generator = signals
    if mode == "valid" and not (np.array(one.shape) >= other.shape).all():
        other = other[tuple(slice(n) for n in one.shape)]
    inputs = [scratch.Tensor(array.astype(np.float64), requires_grad=True) for array in (one, other)]
    assert scratch.gradcheck(lambda a, b: scratch.convolve(a, b, mode), inputs, generator=generator)


@given(pairs_of_signals())
def test_full_convolution_commutes(signals):
    one, other = (array.astype(np.float64) for array in signals[:2])
    np.testing.assert_allclose(scratch.convolve(one, other), scratch.convolve(other, one), rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("naming", "input", "kernel", "mode"),
    [
        ("mode", (5,), (3,), "SAME"),
        ("mode", (5,), (3,), 1),
        ("mode", (5, 2), (3, 3), "valid"),
        ("kernel", (5,), (3, 3), "full"),
        ("kernel", (), (), "full"),
        ("kernel", (2, 2, 2, 2), (2, 2, 2, 2), "full"),
        ("input", (0,), (3,), "full"),
        ("kernel", (3,), (0,), "full"),
    ],
)
def test_convolve_refuses_what_it_cannot_compute(naming, input, kernel, mode):
    with pytest.raises((RuntimeError, ValueError), match=naming):
        scratch.convolve(np.ones(input), np.ones(kernel), mode)


# Composed operators


@st.composite
def separable_convolutions(draw):
    generator, dtype = draw(generators), draw(dtypes)
    channels, multiplier = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kernel_size, stride = draw(st.tuples(*[st.integers(1, 3)] * 2)), draw(st.integers(1, 2))
    padding = draw(st.sampled_from([0, 1, (1, 0), "valid"] + ["same"] * (stride == 1)))
    batch, out_channels = draw(st.sampled_from([(), (0,), (2,)])), draw(st.integers(1, 4))
    shapes = [(*batch, channels, 6, 7), (channels * multiplier, 1, *kernel_size), (out_channels, channels * multiplier, 1, 1)]  # fmt: skip
    arrays = [generator.standard_normal(shape).astype(dtype) for shape in shapes]
    arrays.append(draw(st.sampled_from([None, generator.standard_normal(out_channels).astype(dtype)])))
    options = {"stride": stride, "padding": padding, "dilation": draw(st.integers(1, 2))}
    return arrays, options, generator


@given(separable_convolutions())
def test_depthwise_separable_conv2d_equals_two_convolutions_of_torch(case):
    arrays, options, generator = case

    def reference(input, depthwise, pointwise, bias, **options):
        spatial = functional.conv2d(input, depthwise, groups=input.shape[-3], **options)
        return functional.conv2d(spatial, pointwise, bias)

    quietly(agree, (scratch.depthwise_separable_conv2d, reference), *arrays, generator=generator, **options)


@pytest.mark.parametrize(
    ("naming", "shapes"),
    [
        ("depthwise_weight", [(1, 4, 5, 5), (4, 4, 3, 3), (2, 4, 1, 1)]),
        ("depthwise_weight", [(1, 4, 5, 5), (4, 3, 3), (2, 4, 1, 1)]),
        ("depthwise_weight", [(1, 4, 5, 5), (6, 1, 3, 3), (2, 6, 1, 1)]),
        ("pointwise_weight", [(1, 4, 5, 5), (4, 1, 3, 3), (2, 4, 3, 3)]),
        ("pointwise_weight", [(1, 4, 5, 5), (4, 1, 3, 3), (2, 4)]),
        ("pointwise_weight", [(1, 4, 5, 5), (4, 1, 3, 3), (2, 3, 1, 1)]),
        ("input", [(5, 5), (4, 1, 3, 3), (2, 4, 1, 1)]),
    ],
)
def test_depthwise_separable_conv2d_names_the_weight_that_does_not_fit(naming, shapes):
    with pytest.raises(RuntimeError, match=naming):
        scratch.depthwise_separable_conv2d(*map(np.ones, shapes))


@given(
    generators,
    dtypes,
    st.sampled_from([(), (1,), (2,)]),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_focus_is_pixel_unshuffle_with_its_channels_in_another_order(
    generator, dtype, batch, channels, height, width
):
    input = generator.standard_normal((*batch, channels, 2 * height, 2 * width)).astype(dtype)

    def slicing(x):
        return torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], -3)

    (output,) = agree((scratch.focus, slicing), input, generator=generator)
    # pixel_unshuffle counts channel, row, column; focus counts column, row, channel
    shuffled = functional.pixel_unshuffle(torch.from_numpy(input), 2).numpy()
    order = np.arange(4 * channels).reshape(channels, 2, 2).transpose(2, 1, 0).ravel()
    np.testing.assert_array_equal(output, shuffled[..., order, :, :])


def test_focus_takes_an_empty_batch():
    assert scratch.focus(np.zeros((0, 3, 4, 6))).shape == (0, 12, 2, 3)


@pytest.mark.parametrize("shape", [(1, 3, 5, 4), (1, 3, 4, 5), (4, 4), (1, 1, 3, 4, 4), ()])
def test_focus_refuses_odd_sizes_and_other_numbers_of_axes(shape):
    with pytest.raises(RuntimeError, match="input"):
        scratch.focus(np.ones(shape))


# Windows


def starts_of_windows(size, kernel_size, stride, padding, dilation, ceil_mode):
    """Where windows start, one by one, counted from the first element of the input."""
    reach = dilation * (kernel_size - 1) + 1
    start = -padding
    while start + reach <= size + padding or (
        # rounding up keeps one that hangs over the end, if it starts on the input or in the padding before it
        ceil_mode and start + reach - stride < size + padding and start < size
    ):
        yield start
        start += stride


lengths = st.integers(1, 5)


@settings(max_examples=300)
@given(st.integers(1, 20), lengths, lengths, st.integers(0, 5), lengths, st.booleans())
def test_output_size_is_the_number_of_windows_counted_one_by_one(
    size, kernel_size, stride, padding, dilation, ceil_mode
):
    padding = min(padding, (dilation * (kernel_size - 1) + 1) // 2)
    counted = len(list(starts_of_windows(size, kernel_size, stride, padding, dilation, ceil_mode)))
    assert max(0, windows.output_size(size, kernel_size, stride, padding, dilation, ceil_mode)) == counted


@given(st.integers(1, 9), lengths, lengths)
def test_same_padding_keeps_the_size_and_puts_the_odd_zero_after(size, kernel_size, dilation):
    before, after = windows.same_padding(kernel_size, dilation)
    assert 0 <= after - before <= 1
    assert windows.output_size(size + before + after, kernel_size, dilation=dilation) == size


@pytest.mark.parametrize("stride", [1, 2, (1, 2), (3, 1)])
def test_cutting_images_into_blocks_changes_nothing(stride, monkeypatch):
    generator = np.random.default_rng(0)
    shapes = (3, 4, 11, 9), (6, 2, 3, 2), (6,)
    arrays = [generator.standard_normal(shape) for shape in shapes]
    options = {"stride": stride, "padding": (2, 1), "dilation": (2, 1), "groups": 2}

    def results():
        inputs = [scratch.tensor(array, requires_grad=True) for array in arrays]
        output = scratch.conv2d(*inputs, **options)
        output.backward(np.random.default_rng(1).standard_normal(output.shape))
        return [output.data, *(tensor.grad for tensor in inputs)]

    whole = results()
    for cache in (1, 3_000, 20_000):
        monkeypatch.setattr(correlation, "CACHE", cache)
        for result, expected in zip(results(), whole):
            assert np.abs(result - expected).max() <= 1e-12 * np.abs(expected).max()


def test_memory_does_not_grow_with_the_columns_of_a_large_image():
    image, weight = np.ones((1, 16, 192, 192), np.float32), np.ones((4, 16, 7, 7), np.float32)
    columns = 16 * 7 * 7 * 96 * 96 * 4
    x, w = scratch.Tensor(image, requires_grad=True), scratch.Tensor(weight, requires_grad=True)
    tracemalloc.start()
    output = scratch.conv2d(x, w, stride=2, padding=3)
    output.backward(np.ones(output.shape, np.float32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * image.nbytes + 12 * correlation.CACHE < columns


def test_convolve_promotes_arrays_and_names_the_kernel_of_tensors():
    assert np.array_equal(scratch.convolve([1, 2, 3], [0, 1, 0.5]), np.convolve([1, 2, 3], [0, 1, 0.5]))
    with pytest.raises(RuntimeError, match="kernel.*float32.*float64"):
        scratch.convolve(scratch.tensor(np.ones(3, np.float32)), np.ones(2))


def test_lists_are_array_like():
    ones = np.ones((2, 4, 4)).tolist()
    depthwise, pointwise = np.ones((2, 1, 3, 3)).tolist(), np.ones((3, 2, 1, 1)).tolist()
    assert scratch.depthwise_separable_conv2d(ones, depthwise, pointwise).shape == (3, 2, 2)
    assert scratch.focus(ones).shape == (8, 2, 2)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("value", [None, 0, 0.0, 1.0])
def test_pad_takes_the_values_that_torch_takes(mode, value):
    image = np.arange(12.0).reshape(1, 3, 4)
    try:
        expected = torch.nn.functional.pad(torch.tensor(image), (1, 2), mode, value).numpy()
    except RuntimeError:
        with pytest.raises(RuntimeError, match="value"):
            scratch.pad(image, (1, 2), mode, value)
    else:
        assert np.array_equal(scratch.pad(image, (1, 2), mode, value), expected)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize(
    ("shape", "amounts"),
    [
        ((1, 2, 0), (1, 1)),
        ((1, 0, 3), (1, 1)),
        ((1, 2, 0), (0, 0)),
        ((0, 2, 3), (1, 1)),
        ((1, 1, 0, 5), (0, 0, 1, 1)),
    ],
)
def test_padding_empty_axes_is_refused_where_torch_refuses_it(mode, shape, amounts):
    try:
        expected = torch.nn.functional.pad(torch.zeros(shape), amounts, mode).shape
    except RuntimeError:
        with pytest.raises(RuntimeError, match="input|pad"):
            scratch.pad(np.zeros(shape), amounts, mode)
    else:
        assert scratch.pad(np.zeros(shape), amounts, mode).shape == tuple(expected)
