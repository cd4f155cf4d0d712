"""dlcore.scratch.arithmetic as the operators, methods and indices of a tensor, which the registry of cases cannot spell."""

import operator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import scratch
from dlcore.scratch import Tensor

generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def agree(expression, *arrays):
    """The same expression gives the same value, dtype and gradients with our tensors and with PyTorch's."""
    ours = [Tensor(array, requires_grad=True) for array in arrays]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    output, reference = expression(*ours), expression(*theirs)
    assert output.shape == tuple(reference.shape) and output.dtype == reference.detach().numpy().dtype
    tolerance = 1e-12 if output.dtype == np.float64 else 1e-5
    np.testing.assert_allclose(output.data, reference.detach().numpy(), rtol=tolerance, atol=tolerance)
    gradient = np.asarray(np.random.default_rng(1).standard_normal(output.shape), output.dtype)
    output.backward(gradient)
    reference.backward(torch.from_numpy(gradient))
    for tensor, other in zip(ours, theirs):
        np.testing.assert_allclose(tensor.grad, other.grad.numpy(), rtol=tolerance, atol=tolerance)


def positive(shape, dtype=np.float64):
    return np.asarray(np.random.default_rng(0).uniform(0.5, 2, shape), dtype)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow"])
def test_the_operators_broadcast_as_in_torch(name):
    agree(getattr(operator, name), positive((2, 1, 3)), positive((4, 1)))


METHODS = {
    "matmul": lambda x: x @ x.transpose(-1, -2),
    "sum": lambda x: x.sum(),
    "sum(1, keepdim=True)": lambda x: x.sum(1, keepdim=True),
    "mean": lambda x: x.mean((0, -1)),
    "exp, log, sqrt, abs": lambda x: (x.exp().log() - 1).abs().sqrt(),
}


NUMBERS = {
    "x + 2": lambda x: x + 2,
    "2 + x": lambda x: 2 + x,
    "x - 0.5": lambda x: x - 0.5,
    "0.5 - x": lambda x: 0.5 - x,
    "x * -3": lambda x: x * -3,
    "-3 * x": lambda x: -3 * x,
    "x / 3": lambda x: x / 3,
    "3 / x": lambda x: 3 / x,
    "x ** 2": lambda x: x**2,
    "x ** 0": lambda x: x**0,
    "x ** -1": lambda x: x**-1,
    "x ** 0.5": lambda x: x**0.5,
    "2 ** x": lambda x: 2**x,
    "2.5 ** x": lambda x: 2.5**x,
    "-x": lambda x: -x,
}


@pytest.mark.parametrize("name", METHODS)
def test_the_methods_are_the_functions(name):
    agree(METHODS[name], positive((2, 3, 4)))


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3)])
def test_python_numbers_on_either_side_keep_the_dtype_as_in_torch(name, dtype, shape):
    agree(NUMBERS[name], positive(shape, dtype))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "matmul"])
def test_an_array_on_the_left_hands_over_to_the_tensor(name):
    apply = getattr(operator, name)
    array, data = np.full((2, 2), 1.5), np.array([[1.0, 2.0], [0.5, 3.0]])
    x = Tensor(data, requires_grad=True)
    for output, expected in ((apply(array, x), apply(array, data)), (apply(x, array), apply(data, array))):
        assert isinstance(output, Tensor) and output.requires_grad and output.dtype == np.float64
        np.testing.assert_allclose(output.data, expected, rtol=1e-15)


MOVES = {
    "reshape(-1)": lambda x: x.reshape(-1),
    "reshape(4, 6)": lambda x: x.reshape(4, 6),
    "reshape((6, -1))": lambda x: x.reshape((6, -1)),
    "permute(2, 0, 1)": lambda x: x.permute(2, 0, 1),
    "permute(-1, 0, -2)": lambda x: x.permute((-1, 0, -2)),
    "transpose(0, 2)": lambda x: x.transpose(0, 2),
    "transpose(-1, -2)": lambda x: x.transpose(-1, -2),
    "flatten()": lambda x: x.flatten(),
    "flatten(1)": lambda x: x.flatten(1),
    "flatten(0, 1)": lambda x: x.flatten(0, 1),
    "flatten(-2)": lambda x: x.flatten(-2),
    "[1]": lambda x: x[1],
    "[-1, 2]": lambda x: x[-1, 2],
    "[0, 1, 2]": lambda x: x[0, 1, 2],
    "[..., 0]": lambda x: x[..., 0],
    "[:, 1:]": lambda x: x[:, 1:],
    "[:, ::2, None]": lambda x: x[:, ::2, None],
    "[2:1]": lambda x: x[2:1],
    "[[1, 1, 0]]": lambda x: x[[1, 1, 0]],
    "[:, [0, 0, 2]]": lambda x: x[:, [0, 0, 2]],
    "[[0, 1], [2, 2]]": lambda x: x[[0, 1], [2, 2]],
    "iterated": lambda x: sum(row * number for number, row in enumerate(x)),
}


@pytest.mark.parametrize("name", MOVES)
def test_moving_and_indexing_equal_torch(name):
    agree(MOVES[name], positive((2, 3, 4)))


def test_masks_and_arrays_of_indices_may_be_arrays_or_tensors():
    data = np.arange(6.0).reshape(2, 3)
    mask, rows, columns = data > 2, np.array([0, 1, 1]), np.array([2, 0, 0])
    for wrap in (np.asarray, Tensor):
        x = Tensor(data, requires_grad=True)
        (
            x[wrap(mask)].sum() + 10 * x[wrap(rows), wrap(columns)].sum() + 100 * x[:, wrap(columns)].sum()
        ).backward()
        expected = mask * 1.0
        np.add.at(expected, (rows, columns), 10)
        np.add.at(expected, (slice(None), columns), 100)
        np.testing.assert_array_equal(x.grad, expected)


def test_flatten_of_a_number_has_one_element():
    assert scratch.flatten(3.0).shape == Tensor(3.0).flatten().shape == (1,)


@pytest.mark.parametrize(
    ("error", "operation"),
    [
        (IndexError, lambda x: x.sum(3)),
        (IndexError, lambda x: x[5]),
        (IndexError, lambda x: x[0, 0, 0, 0]),
        (RuntimeError, lambda x: x.reshape(5)),
        (RuntimeError, lambda x: x.permute(0, 1)),
        (RuntimeError, lambda x: x @ x[:, :2]),
        (RuntimeError, lambda x: x + x[:, :2]),
        (TypeError, lambda x: x + "1"),
        (TypeError, lambda x: x + None),
    ],
)
def test_torch_and_arithmetic_refuse_the_same(error, operation):
    for x in (Tensor(np.ones((2, 3, 4))), torch.ones(2, 3, 4)):
        with pytest.raises(error):
            operation(x)


LEAVES = 3


@st.composite
def expressions(draw, depth=4):
    """A random expression in x[0], x[1], x[2] as text: the same text runs on both sides."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return f"x[{draw(st.integers(0, LEAVES - 1))}]"
    one, other = draw(expressions(depth=depth - 1)), draw(expressions(depth=depth - 1))
    forms = ["({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} / ({1}**2 + 1))", "-{0}", "(2 - {0})", "({0} * 0.5)",
             "({0}.abs() + 1).log()", "({0} / ({0}**2 + 1)).exp()", "({0}**2 + 1).sqrt()", "{0}.sum(-1, keepdim=True)",
             "{0}.mean(0, keepdim=True)", "({0}**2)"]  # fmt: skip
    return draw(st.sampled_from(forms)).format(one, other)


@settings(max_examples=150)
@given(generators, expressions())
def test_gradients_of_random_expressions_equal_torch(generator, text):
    arrays = [generator.standard_normal(shape) for shape in ((2, 3), (1, 3), (2, 1))]
    ours = [Tensor(array, requires_grad=True) for array in arrays]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    output, reference = (eval(text, {"x": x}) for x in (ours, theirs))
    assert output.shape == tuple(reference.shape)
    gradient = generator.standard_normal(output.shape)
    output.backward(gradient)
    reference.backward(torch.from_numpy(gradient))
    for tensor, other in zip(ours, theirs):
        assert (tensor.grad is None) == (other.grad is None), text
        if other.grad is not None:
            # squares of squares reach 1e6 and cancel: the error is that of the largest term
            size = max(1, *(np.abs(leaf.grad.numpy()).max() for leaf in theirs if leaf.grad is not None))
            np.testing.assert_allclose(
                tensor.grad, other.grad.numpy(), rtol=0, atol=1e-10 * size, err_msg=text
            )


def test_comparisons_are_elementwise_and_without_gradient():
    left, right = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    ours, theirs = scratch.tensor(left, requires_grad=True), torch.tensor(left, requires_grad=True)
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        method = f"__{name}__"
        for other, other_there in ((scratch.tensor(right), torch.tensor(right)), (2.0, 2.0)):
            result, expected = getattr(ours, method)(other), getattr(theirs, method)(other_there)
            assert result.dtype == bool and not result.requires_grad
            assert np.array_equal(result.data, expected.numpy())
    assert len({ours, ours}) == 1


@pytest.mark.parametrize("scalar", [2.0, np.float64(2), np.int64(2)])
def test_a_scalar_leaves_the_dtype_alone(scalar):
    for tensor in (scratch.tensor(np.ones(3, np.float32), requires_grad=True),):
        for result in (
            tensor * scalar,
            scalar * tensor,
            tensor + scalar,
            tensor / scalar,
            tensor**scalar,
            scalar - tensor,
        ):
            assert result.dtype == np.float32


def test_scalars_and_integers_do_not_widen_a_float():
    single = np.ones(3, np.float32)
    for weak in (
        np.array(2.0),
        np.float64(2),
        np.array([1, 2, 3]),
        np.array(2),
        2,
        2.0,
        np.array([True, False, True]),
    ):
        for operator_ in (scratch.add, scratch.sub, scratch.mul, scratch.div, scratch.pow):
            if operator_ is scratch.sub and np.asarray(weak).dtype == bool:
                continue  # as in torch, booleans are not subtracted
            assert operator_(single, weak).dtype == np.float32
            result = operator_(scratch.tensor(single, requires_grad=True), scratch.tensor(np.asarray(weak)))
            assert result.dtype == np.float32
        if not isinstance(weak, np.ndarray) or weak.dtype != bool:
            expected = torch.ones(3) * torch.as_tensor(weak)
            assert expected.dtype == torch.float32
    assert scratch.add(single, np.ones(3)).dtype == np.float64


def test_in_place_arithmetic_updates_a_parameter_and_is_refused_where_it_would_be_lost():
    parameter = scratch.tensor(np.ones(3, np.float32), requires_grad=True)
    values = parameter.data
    with scratch.no_grad():
        parameter -= 0.5 * scratch.tensor(np.ones(3, np.float32))
        parameter *= np.float64(2)
        parameter += 1
        parameter /= 4
    assert parameter.requires_grad and parameter.is_leaf and parameter.data is values
    assert np.array_equal(values, np.full(3, 0.5)) and values.dtype == np.float32
    with pytest.raises(RuntimeError, match="no_grad"):
        parameter -= 1
    constant = scratch.tensor(np.ones(3))
    with pytest.raises(RuntimeError, match="no_grad"):
        constant += parameter
    constant += 1
    assert np.array_equal(constant.data, np.full(3, 2.0))


def test_the_mean_of_many_half_precision_numbers_is_finite():
    assert scratch.mean(np.ones(100_000, np.float16)) == 1
    assert scratch.mean([[1.0, 3.0], [5.0, 7.0]], dim=0).tolist() == [3, 5]
    with pytest.raises(RuntimeError, match="input.*int64"):
        scratch.mean(np.arange(3))


@pytest.mark.parametrize("name", ["sum", "mean"])
def test_sums_convert_to_the_dtype_asked_for_and_send_back_the_inputs(name):
    single = np.arange(6, dtype=np.float32).reshape(2, 3)
    for array in (single, single.astype(np.int64), single > 2):
        output = getattr(scratch, name)(array, 1, dtype=np.float64)
        expected = getattr(torch, name)(torch.from_numpy(array), 1, dtype=torch.float64)
        assert output.dtype == np.float64 and np.array_equal(output, expected.numpy())
    x = Tensor(single, requires_grad=True)
    getattr(scratch, name)(x, dtype=np.float64).backward()
    assert x.grad.dtype == np.float32 and np.allclose(x.grad, 1 if name == "sum" else 1 / 6)
