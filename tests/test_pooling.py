"""dlcore.scratch.pooling: PyTorch's results, winners, gradients and errors."""

import numpy as np
import pytest
import torch
from agreement import agree, dtypes, generators, same_error
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from dlcore import scratch
from dlcore.scratch import windows


def pairs(values):
    return st.one_of(
        values, st.tuples(values), st.tuples(values, values), st.lists(values, min_size=2, max_size=2)
    )


def both_axes(option):
    values = tuple(option) if isinstance(option, (tuple, list)) else (option,)
    return values * 2 if len(values) == 1 else values


@st.composite
def poolings(draw, dilated):
    """An input of a pooling operator that PyTorch accepts, the options, and a generator."""
    generator, dtype = draw(generators), draw(dtypes)
    kernel_size = draw(pairs(st.integers(1, 4)))
    dilation = draw(pairs(st.integers(1, 3))) if dilated else 1
    reach = [d * (k - 1) + 1 for k, d in zip(both_axes(kernel_size), both_axes(dilation))]
    padding = draw(pairs(st.integers(0, min(both_axes(kernel_size)) // 2)))
    size = [draw(st.integers(max(1, r - 2 * p), 11)) for r, p in zip(reach, both_axes(padding))]
    batch = draw(st.sampled_from([(), (0,), (1,), (2,)]))
    input = generator.standard_normal((*batch, draw(st.integers(1, 3)), *size)).astype(dtype)
    options = {
        "kernel_size": kernel_size,
        "stride": draw(st.one_of(st.none(), st.just([]), pairs(st.integers(1, 4)))),
        "padding": padding,
        "ceil_mode": draw(st.booleans()),
    }
    if dilated:
        options["dilation"] = dilation
    return input, {name: value for name, value in options.items() if value is not None}, generator


def every_window_meets_the_input(input, options):
    """PyTorch 2.13 writes outside of its memory in the backward pass of a window that lies wholly on padding."""
    names = {"kernel_size": None, "stride": options["kernel_size"], "padding": 0, "dilation": 1}
    lengths = [both_axes(options.get(name) or default) for name, default in names.items()]
    for size, kernel_size, stride, padding, dilation in zip(input.shape[-2:], *lengths):
        count = windows.output_size(size, kernel_size, stride, padding, dilation, options["ceil_mode"])
        places = np.arange(count)[:, None] * stride + np.arange(kernel_size) * dilation - padding
        if not ((places >= 0) & (places < size)).any(1).all():
            return False
    return True


@settings(max_examples=200)
@given(poolings(dilated=True), st.booleans(), st.sampled_from(["distinct", "ties", "nan", "inf", "nothing"]))
def test_max_pool2d_equals_torch_values_winners_and_gradient(case, return_indices, kind):
    input, options, generator = case
    assume(every_window_meets_the_input(input, options))
    if kind != "distinct":
        input = np.round(input).astype(input.dtype)  # equal elements: who wins?
    if kind in ("nan", "inf"):
        for value in (np.nan,) if kind == "nan" else (np.inf, -np.inf):
            input[generator.random(input.shape) < 0.3] = value
    if kind == "nothing":
        input[...] = -np.inf
    agree("max_pool2d", input, generator=generator, sums=False, return_indices=return_indices, **options)


@settings(max_examples=200)
@given(poolings(dilated=False), st.booleans(), st.sampled_from([None, 1, 3, -2]))
def test_avg_pool2d_equals_torch(case, count_include_pad, divisor_override):
    input, options, generator = case
    options.update(count_include_pad=count_include_pad, divisor_override=divisor_override)
    agree("avg_pool2d", input, generator=generator, **options)


@settings(max_examples=30)
@given(poolings(dilated=False))
def test_avg_pool2d_carries_nan_and_infinities_as_torch_does(case):
    input, options, generator = case
    for value in (np.nan, np.inf, -np.inf):
        input[generator.random(input.shape) < 0.1] = value
    agree("avg_pool2d", input, generator=generator, sums=False, check_gradients=False, **options)


@pytest.mark.parametrize("operator", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_pooling_of_integers_equals_torch(operator, dtype):
    generator = np.random.default_rng(0)
    input = generator.integers(0 if dtype is np.uint8 else -20, 20, (2, 3, 7, 6)).astype(dtype)
    try:
        functional_operator = getattr(functional, operator)
        functional_operator(torch.from_numpy(input), 2)
    except NotImplementedError:
        pytest.skip("PyTorch does not pool this dtype")
    agree(operator, input, generator=generator, sums=False, kernel_size=3, stride=2, padding=1)


@settings(max_examples=40)
@given(poolings(dilated=True))
def test_the_indices_of_max_pool2d_find_the_maxima(case):
    input, options, _ = case
    assume(every_window_meets_the_input(input, options) and len(input))
    output, indices = scratch.max_pool2d(input, return_indices=True, **options)
    assert indices.dtype == np.int64
    flat = input.reshape(*input.shape[:-2], -1)
    found = np.take_along_axis(flat, indices.reshape(*indices.shape[:-2], -1), -1)
    np.testing.assert_array_equal(found.reshape(output.shape), output)


def test_a_dilated_window_that_steps_over_the_input_has_no_maximum_and_no_gradient():
    input = scratch.Tensor(np.ones((1, 2, 2)), requires_grad=True)
    output, indices = scratch.max_pool2d(input, 2, padding=1, dilation=3, return_indices=True)
    output.backward(np.ones((1, 1, 1)))
    assert output.item() == -np.inf and indices.item() == -1
    np.testing.assert_array_equal(input.grad, np.zeros((1, 2, 2)))


@given(poolings(dilated=False))
def test_average_pooling_without_padding_is_the_mean_of_each_window(case):
    input, options, _ = case
    input, kernel_size = input.astype(np.float64), both_axes(options["kernel_size"])
    if any(n < k for n, k in zip(input.shape[-2:], kernel_size)):
        return
    output = scratch.avg_pool2d(input, options["kernel_size"], stride=1)
    for y, x in np.ndindex(output.shape[-2:]):
        window = input[..., y : y + kernel_size[0], x : x + kernel_size[1]]
        np.testing.assert_allclose(output[..., y, x], window.mean((-2, -1)), rtol=0, atol=1e-12)


IMAGE = np.random.default_rng(0).standard_normal((2, 4, 8, 9))
OPTIONS = [
    ("kernel_size", 0), ("kernel_size", -1), ("kernel_size", (2, 2, 2)), ("kernel_size", 2.5), ("kernel_size", ()),
    ("kernel_size", None), ("kernel_size", "2"),
    ("stride", 0), ("stride", -1), ("stride", (2, 2, 2)), ("stride", 1.5), ("stride", (1, 0)),
    ("padding", 2), ("padding", -1), ("padding", (0, 0, 0)), ("padding", 0.5), ("padding", ()), ("padding", "same"),
]  # fmt: skip


@pytest.mark.parametrize("operator", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize(("naming", "value"), OPTIONS)
def test_pooling_refuses_the_options_that_torch_refuses(operator, naming, value):
    same_error(operator, IMAGE, naming=naming, **{"kernel_size": 3, naming: value})


@pytest.mark.parametrize(
    ("operator", "naming", "value"),
    [
        ("max_pool2d", "dilation", 0),
        ("max_pool2d", "dilation", -1),
        ("max_pool2d", "dilation", 1.5),
        ("max_pool2d", "dilation", (1, 1, 1)),
        ("max_pool2d", "dilation", 8),
        ("max_pool2d", "ceil_mode", 1.5),
        ("max_pool2d", "ceil_mode", None),
        ("avg_pool2d", "divisor_override", 0),
        ("avg_pool2d", "divisor_override", 1.5),
        ("avg_pool2d", "divisor_override", (2,)),
        ("avg_pool2d", "ceil_mode", None),
        ("avg_pool2d", "count_include_pad", 1.5),
    ],
)
def test_pooling_refuses_what_torch_refuses_of_the_options_of_one_operator(operator, naming, value):
    same_error(operator, IMAGE, naming=naming, **{"kernel_size": 3, naming: value})


@pytest.mark.parametrize(("kernel_size", "dilation"), [(2, 3), (1, 2), ((4, 2), 2)])
def test_dilation_allows_no_more_padding(kernel_size, dilation):
    same_error("max_pool2d", IMAGE, naming="padding", kernel_size=kernel_size, padding=2, dilation=dilation)


@pytest.mark.parametrize("operator", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize("kernel_size", [20, (2, 20), (9, 2)])
def test_pooling_refuses_a_window_larger_than_the_input(operator, kernel_size):
    same_error(operator, IMAGE, naming="input", kernel_size=kernel_size)


@pytest.mark.parametrize("operator", [scratch.max_pool2d, scratch.avg_pool2d])
def test_pooling_refuses_an_image_without_channel_axis(operator):
    # PyTorch's avg_pool2d fails with an IndexError from inside, its max_pool2d with this RuntimeError.
    with pytest.raises(RuntimeError, match="input: .*\\(8, 9\\)"):
        operator(IMAGE[0, 0], 2)


@pytest.mark.parametrize("operator", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize(
    "change", [lambda x: x[None], lambda x: x[:, :0], lambda x: x[:, :, :0], lambda x: x[..., :2]]
)
def test_pooling_refuses_the_inputs_that_torch_refuses(operator, change):
    same_error(operator, change(IMAGE), naming="input", kernel_size=3)
