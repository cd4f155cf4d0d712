"""dlcore.scratch.activations: PyTorch's values, gradients and errors, also where numbers are large or infinite."""

import numpy as np
import pytest
from agreement import agree, dtypes, generators, same_error
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import scratch

shapes = st.lists(st.integers(0, 4), max_size=4)


@given(generators, dtypes, shapes)
def test_relu_equals_torch(generator, dtype, shape):
    input = np.asarray(generator.standard_normal(shape)).astype(dtype)
    agree("relu", input, generator=generator)


def test_relu_keeps_nan_and_gives_no_gradient_at_zero_as_torch_does():
    input = np.array([-np.inf, -1, -0.0, 0, 1e-300, 1, np.inf, np.nan])
    agree("relu", input, generator=np.random.default_rng(0), sums=False)


def test_relu_of_integers_equals_torch():
    agree("relu", np.arange(-3, 4), generator=np.random.default_rng(0))


@st.composite
def scores(draw):
    """An input of a softmax, its axis, and a generator."""
    generator, dtype, shape = draw(generators), draw(dtypes), draw(shapes)
    axes = max(1, len(shape))
    input = np.asarray(generator.standard_normal(shape) * draw(st.sampled_from([1, 30, 1e4]))).astype(dtype)
    kind = draw(st.sampled_from(["finite", "finite", "some -inf", "nan", "inf"]))
    if kind != "finite":
        value = {"some -inf": -np.inf, "nan": np.nan, "inf": np.inf}[kind]
        input = np.where(generator.random(shape) < 0.3, value, input).astype(dtype)
    return input, draw(st.integers(-axes, axes - 1)), generator


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("operator", ["softmax", "log_softmax"])
@settings(max_examples=150)
@given(case=scores())
def test_softmaxes_equal_torch_also_for_large_and_infinite_scores(operator, case):
    input, dim, generator = case
    agree(operator, input, generator=generator, sums=False, dim=dim)


@given(scores())
def test_softmax_adds_up_to_1_and_ignores_a_shift(case):
    input, dim, _ = case
    if input.size == 0 or not np.isfinite(input).all():
        return
    input = input.astype(np.float64)
    output = scratch.softmax(input, dim)
    np.testing.assert_allclose(output.sum(axis=dim if input.ndim else None), 1, rtol=1e-12)
    np.testing.assert_allclose(scratch.softmax(input + 1000.0, dim), output, rtol=0, atol=1e-8)


def test_softmaxes_neither_overflow_nor_underflow():
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        np.testing.assert_array_equal(scratch.softmax(np.array([1e308, 0.0]), 0), [1, 0])
        np.testing.assert_array_equal(scratch.log_softmax(np.array([1e4, 0.0]), 0), [0, -1e4])


@pytest.mark.parametrize("operator", [scratch.softmax, scratch.log_softmax])
def test_softmaxes_convert_to_the_dtype_asked_for_and_send_back_the_inputs(operator):
    input = scratch.Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    output = operator(input, 1, dtype=np.float64)
    assert output.dtype == np.float64
    output.backward(np.ones((2, 3)))
    assert input.grad.dtype == np.float32
    assert operator(np.ones((2, 3), np.int64), 1, dtype=np.float32).dtype == np.float32


@pytest.mark.parametrize("operator", ["softmax", "log_softmax"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (2, 3, 4, 2)])
def test_softmaxes_choose_the_axis_that_torch_chooses_and_warn(operator, shape):
    input = np.random.default_rng(0).standard_normal(shape)
    with pytest.warns(UserWarning):
        agree(operator, np.asarray(input), generator=np.random.default_rng(0), sums=False)
    with pytest.warns(UserWarning, match="dim") as caught:
        getattr(scratch, operator)(input)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("operator", ["softmax", "log_softmax"])
@pytest.mark.parametrize(
    ("naming", "shape", "dtype", "dim"),
    [
        ("dim", (5, 3), np.float64, 2),
        ("dim", (5, 3), np.float64, -3),
        ("dim", (), np.float64, 1),
        ("dim", (5, 3), np.float64, 1.0),
        ("dim", (5, 3), np.float64, (0, 1)),
        ("dim", (5, 3), np.float64, "1"),
        ("input", (5, 3), np.int64, 1),
        ("input", (5, 3), bool, 1),
    ],
)
def test_softmaxes_refuse_what_torch_refuses(operator, naming, shape, dtype, dim):
    same_error(operator, np.ones(shape, dtype), naming=naming, dim=dim)
