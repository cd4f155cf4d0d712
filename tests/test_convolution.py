"""dlcore.scratch.convolution, correlation and windows: what the registry of cases cannot say."""

import tracemalloc
from pathlib import Path

import nbformat
import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dlcore import networks, pytorch, scratch, shapes
from dlcore.exercises import convolution as exercises
from dlcore.scratch import correlation, windows

generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


# Convolution


def results(operator, arrays, **options):
    """The output and the gradients for a random cotangent."""
    inputs = [scratch.tensor(array, requires_grad=True) for array in arrays]
    output = operator(*inputs, **options)
    output.backward(np.random.default_rng(1).standard_normal(output.shape))
    return [output.data, *(tensor.grad for tensor in inputs)]


def assert_close(results, expected):
    for result, other in zip(results, expected, strict=True):
        assert np.abs(result - other).max() <= 1e-12 * np.abs(other).max()


@pytest.mark.parametrize("stride", [1, 2, (1, 2), (3, 1)])
def test_the_fast_path_equals_the_loops_at_sizes_that_take_several_blocks_of_images(stride, monkeypatch):
    monkeypatch.setattr(correlation, "CACHE", 20_000)
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal(shape) for shape in ((5, 4, 11, 9), (6, 2, 3, 2), (6,))]
    options = {"stride": stride, "padding": (2, 1), "dilation": (2, 1), "groups": 2}
    loops = results(scratch.conv2d_loops, arrays, **options)
    assert_close(results(scratch.conv2d, arrays, **options), loops)
    assert_close(results(scratch.conv2d_im2col, arrays, **options), loops)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(
    "channels", [(4, 6), (1, 12), (8, 2)]
)  # the last two decide what is copied and what shifted
def test_cutting_images_into_blocks_changes_nothing(axes, stride, channels, monkeypatch):
    generator = np.random.default_rng(0)
    size, kernel_size = {1: ((50,), (9,)), 2: ((11, 9), (3, 2)), 3: ((9, 6, 5), (3, 2, 3))}[axes]
    shapes = (3, channels[0], *size), (channels[1], channels[0], *kernel_size), channels[1:]
    arrays = [generator.standard_normal(shape) for shape in shapes]
    operator = (scratch.conv1d, scratch.conv2d, scratch.conv3d)[axes - 1]
    options = {"stride": stride, "padding": 2, "dilation": (2,) + (1,) * (axes - 1)}
    whole = results(operator, arrays, **options)
    for cache in (1, 3_000, 20_000):
        monkeypatch.setattr(correlation, "CACHE", cache)
        assert_close(results(operator, arrays, **options), whole)


@pytest.mark.parametrize(
    ("operator", "image", "weight", "options"),
    [
        ("conv2d", (1, 16, 192, 192), (4, 16, 7, 7), {"stride": 2, "padding": 3}),
        ("conv2d", (1, 32, 160, 160), (32, 32, 3, 3), {"padding": 1}),
        ("conv1d", (1, 32, 65_536), (32, 32, 9), {"padding": 4}),
        ("conv3d", (1, 16, 24, 48, 48), (16, 16, 3, 3, 3), {"padding": 1}),
        ("conv2d", (32, 16, 7, 7), (256, 16, 3, 3), {"padding": 1}),
    ],
)
def test_memory_does_not_grow_with_the_columns(operator, image, weight, options):
    x, w = (scratch.Tensor(np.ones(shape, np.float32), requires_grad=True) for shape in (image, weight))
    tracemalloc.start()
    output = getattr(scratch, operator)(x, w, **options)
    output.backward(np.ones(output.shape, np.float32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    arrays = sum(
        array.data.nbytes for array in (x, output, output, w, w)
    )  # two of the outputs: and its gradient
    assert peak < arrays + 12 * correlation.CACHE


def test_a_whole_batch_is_not_unrolled_at_once():
    x = scratch.Tensor(np.ones((64, 16, 56, 56), np.float32))
    tracemalloc.start()
    output = scratch.conv2d(x, np.ones((4, 16, 3, 3), np.float32), padding=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < output.data.nbytes + 6 * correlation.CACHE


def test_convolution_without_channels_is_the_bias_alone():
    # PyTorch 2.13 returns an output of the input's channel count here; its documented shape has the weight's.
    output = scratch.conv2d(np.zeros((1, 0, 5, 5)), np.zeros((6, 0, 3, 3)), np.arange(6.0))
    np.testing.assert_array_equal(output, np.broadcast_to(np.arange(6.0)[:, None, None], (1, 6, 3, 3)))


@pytest.mark.parametrize("backend", [scratch, pytorch])
@pytest.mark.parametrize("name", ["conv2d", "conv2d_loops", "conv2d_im2col"])
def test_precisions_that_differ_are_an_error(backend, name):
    single, double = np.ones((1, 1, 3, 3), np.float32), np.ones((1, 1, 2, 2))
    with pytest.raises(RuntimeError):
        getattr(backend, name)(backend.tensor(single), backend.tensor(double))


def test_lists_are_array_like():
    ones = np.ones((2, 4, 4)).tolist()
    depthwise, pointwise = np.ones((2, 1, 3, 3)).tolist(), np.ones((3, 2, 1, 1)).tolist()
    assert scratch.depthwise_separable_conv2d(ones, depthwise, pointwise).shape == (3, 2, 2)
    assert scratch.focus(ones).shape == (8, 2, 2)


# Unfold, fold and pad


def test_fold_of_unfold_counts_the_windows_that_hold_each_element():
    image = np.random.default_rng(0).standard_normal((2, 3, 6, 7))
    columns = scratch.unfold(image, (3, 2), padding=1, stride=2)
    counts = scratch.fold(np.ones_like(columns), (6, 7), (3, 2), padding=1, stride=2)
    folded = scratch.fold(columns, (6, 7), (3, 2), padding=1, stride=2)
    np.testing.assert_allclose(folded, counts * image, rtol=1e-14)


@settings(max_examples=300)
@given(st.data(), st.sampled_from(["constant", "reflect", "replicate", "circular"]))
def test_pad_takes_the_amounts_that_pytorch_takes_and_refuses_the_others(data, mode):
    axes = data.draw(st.integers(1, 3))
    shape = (1, 2, *(data.draw(st.integers(0 if mode == "constant" else 1, 4)) for _ in range(axes)))
    pad = [data.draw(st.integers(-size - 1, size + 1)) for size in reversed(shape[2:]) for _ in range(2)]
    pairs = list(zip(reversed(shape), pad[::2], pad[1::2]))
    if mode in ("reflect", "replicate") and any(sum(pair) < 0 for pair in pairs):
        return  # PyTorch may try to make an array of a negative size here
    left = [size - max(0, -before) - max(0, -after) for size, before, after in pairs]
    if mode == "circular" and any(max(item[1:]) > some for item, some in zip(pairs, left)):
        accepted = False  # PyTorch reads memory that nobody wrote
    else:
        try:
            accepted = torch.nn.functional.pad(torch.zeros(shape), pad, mode).shape
        except (RuntimeError, NotImplementedError):
            accepted = False
    if accepted:
        assert scratch.pad(np.zeros(shape), pad, mode).shape == tuple(accepted)
    else:
        with pytest.raises((RuntimeError, NotImplementedError), match="pad"):
            scratch.pad(np.zeros(shape), pad, mode)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_the_gradient_of_an_image_cropped_to_nothing_is_zero(mode):
    # PyTorch leaves it unwritten
    input = scratch.Tensor(np.ones((1, 2, 3, 4)), requires_grad=True)
    scratch.pad(input, (-2, -2, 1, 1), mode).backward(np.zeros((1, 2, 5, 0)))
    np.testing.assert_array_equal(input.grad, np.zeros((1, 2, 3, 4)))


def test_pad_never_returns_its_input():
    input = np.zeros((2, 3))
    for pad in ((), (0, 0), (-1, 0)):
        assert not np.shares_memory(scratch.pad(input, pad), input)


# Convolution in the mathematical sense, and focus


@st.composite
def pairs_of_signals(draw):
    axes = draw(st.integers(1, 3))
    sizes = st.lists(st.integers(1, 7 if axes < 3 else 4), min_size=axes, max_size=axes)
    generator = draw(generators)
    return [generator.standard_normal(draw(sizes)) for _ in range(2)]


@settings(max_examples=100)
@given(pairs_of_signals(), st.sampled_from(["full", "same", "valid"]))
def test_convolve_equals_scipy_in_every_mode(signals, mode):
    try:
        expected = scipy.signal.convolve(*signals, mode, method="direct")
    except ValueError:
        with pytest.raises((ValueError, RuntimeError), match="mode"):
            scratch.convolve(*signals, mode)
        return
    np.testing.assert_allclose(scratch.convolve(*signals, mode), expected, rtol=0, atol=1e-12)


@given(pairs_of_signals())
def test_full_convolution_commutes(signals):
    one, other = signals
    np.testing.assert_allclose(scratch.convolve(one, other), scratch.convolve(other, one), rtol=0, atol=1e-12)


def test_convolve_promotes_arrays_and_names_the_kernel_of_tensors():
    assert np.array_equal(scratch.convolve([1, 2, 3], [0, 1, 0.5]), np.convolve([1, 2, 3], [0, 1, 0.5]))
    with pytest.raises(RuntimeError, match="kernel.*float32.*float64"):
        scratch.convolve(scratch.tensor(np.ones(3, np.float32)), np.ones(2))


def test_focus_is_pixel_unshuffle_with_its_channels_in_another_order():
    input = np.random.default_rng(0).standard_normal((2, 3, 4, 6))
    # pixel_unshuffle counts channel, row, column; focus counts column, row, channel
    shuffled = torch.nn.functional.pixel_unshuffle(torch.from_numpy(input), 2).numpy()
    order = np.arange(12).reshape(3, 2, 2).transpose(2, 1, 0).ravel()
    np.testing.assert_array_equal(scratch.focus(input), shuffled[:, order])


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


# ---- the exercises: their references are written without the operators, and agree with them --------------------------


def cases_of(exercise):
    return [case.arguments for seed in range(5) for case in exercise.cases(seed)]


def test_the_references_of_the_exercises_agree_with_the_operators():
    for arguments in cases_of(exercises.output_size):
        assert exercises.output_size(*arguments) == scratch.output_size(*arguments)
    for x, w in cases_of(exercises.full_mode):
        assert_allclose(exercises.full_mode(x, w), scratch.convolve(x, w, "full"))
    for image, kernel, stride, padding in cases_of(exercises.mended):
        output = scratch.conv2d(image[None, None], kernel[None, None], stride=stride, padding=padding)
        assert_allclose(exercises.mended(image, kernel, stride, padding), output[0, 0])
    for arguments in cases_of(exercises.conv2d):
        assert_allclose(exercises.conv2d(*arguments), scratch.conv2d(*arguments))
    sequence, kernel = np.array([1.0, 0, 2, 1]), np.array([1.0, 3, 2])
    for mode, numbers in exercises.by_hand().items():
        assert_allclose(numbers, scratch.convolve(sequence, kernel, mode))


def test_the_reference_of_the_backward_pass_is_the_gradient_of_the_operator():
    for g, x, w, stride, padding in cases_of(exercises.backward):
        inputs = [scratch.Tensor(array, requires_grad=True) for array in (x, w, np.zeros(len(w)))]
        scratch.conv2d(*inputs, stride=stride, padding=padding).backward(g)
        for gradient, tensor in zip(exercises.backward(g, x, w, stride, padding), inputs, strict=True):
            assert_allclose(gradient, tensor.grad, atol=1e-12)


def test_mobilenet_in_the_exercise_is_the_network_of_the_book():
    path = Path(__file__).parent.parent / "book" / "exercises" / "convolution.ipynb"
    (cell,) = [cell for cell in nbformat.read(path, as_version=4).cells if "def mobilenet()" in cell.source]
    names = {}
    exec(cell.source, names)  # noqa: S102, a cell of our own
    rows = [
        row for row in shapes.layers(networks.mobilenet_v1(shapes.nn), (1, 3, 224, 224)) if row.multiply_adds
    ]
    listed = names["mobilenet"]()
    costs = [
        k * k * (1 if kind == "depthwise" else c_in) * c_out * height * width
        for kind, k, c_in, c_out, height, width in listed
    ]
    assert costs == [row.multiply_adds for row in rows]
