"""dlcore.scratch.arithmetic: PyTorch's values and gradients, with broadcasting, indexing and numbers."""

import operator

import numpy as np
import pytest
import torch
from agreement import agree, dtypes, generators
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import scratch
from dlcore.scratch import Tensor

shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)


@st.composite
def broadcastable(draw):
    """Two shapes that broadcast, either of them possibly the smaller."""
    full = draw(st.lists(st.integers(0, 3), max_size=4))
    pair = []
    for _ in range(2):
        kept = [1 if draw(st.booleans()) and draw(st.booleans()) else size for size in full]
        pair.append(tuple(kept[draw(st.integers(0, len(kept))) if draw(st.booleans()) else 0 :]))
    return pair


def normal(generator, shape, dtype):
    return np.asarray(generator.standard_normal(shape), dtype)


def positive(generator, shape, dtype):
    return np.asarray(generator.uniform(0.5, 2, shape), dtype)


BINARY = {
    "add": (lambda a, b: a + b, normal),
    "sub": (lambda a, b: a - b, normal),
    "mul": (lambda a, b: a * b, normal),
    "div": (lambda a, b: a / b, positive),
    "pow": (lambda a, b: a**b, positive),
}


@pytest.mark.parametrize("name", BINARY)
@given(generator=generators, dtype=dtypes, pair=broadcastable())
def test_elementwise_operators_broadcast_as_in_torch(name, generator, dtype, pair):
    expression, values = BINARY[name]
    arrays = [values(generator, shape, dtype) for shape in pair]
    agree((expression, expression), *arrays, generator=generator, sums=False)
    agree((getattr(scratch, name), getattr(torch, name)), *arrays, generator=generator, sums=False)


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


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3)])
def test_python_numbers_on_either_side_keep_the_dtype_as_in_torch(name, dtype, shape):
    generator = np.random.default_rng(0)
    ours = theirs = NUMBERS[name]
    x = Tensor(positive(generator, shape, dtype), requires_grad=True)
    assert ours(x).dtype == dtype
    agree((_with_tensors(ours), theirs), positive(generator, shape, dtype), generator=generator, sums=False)


def _with_tensors(operator):
    """`operator` on a tensor, also where `agree` hands in an array."""
    return lambda x: operator(x) if isinstance(x, Tensor) else operator(Tensor(x)).data


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 0.0, 1.0])
def test_powers_of_zero_have_torchs_gradient(exponent):
    x = np.array([0.0, -2.0, 1.5])
    agree(
        (_with_tensors(lambda x: x**exponent), lambda x: x**exponent),
        x,
        generator=np.random.default_rng(0),
        sums=False,
    )


def test_the_gradient_of_an_exponent_is_zero_where_the_base_is_zero_as_in_torch():
    arrays = np.array([0.0, 0.0, 2.0]), np.array([2.0, 0.0, 3.0])
    agree((scratch.pow, torch.pow), *arrays, generator=np.random.default_rng(0), sums=False)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "matmul"])
def test_an_array_on_the_left_hands_over_to_the_tensor(name):
    apply = getattr(operator, name)
    array, data = np.full((2, 2), 1.5), np.array([[1.0, 2.0], [0.5, 3.0]])
    x = Tensor(data, requires_grad=True)
    for output, expected in ((apply(array, x), apply(array, data)), (apply(x, array), apply(data, array))):
        assert isinstance(output, Tensor) and output.requires_grad and output.dtype == np.float64
        np.testing.assert_allclose(output.data, expected, rtol=1e-15)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "abs", "neg"])
@given(generator=generators, dtype=dtypes, shape=shapes)
def test_functions_of_one_argument_equal_torch(name, generator, dtype, shape):
    values = positive if name in ("log", "sqrt") else normal
    agree((getattr(scratch, name), getattr(torch, name)), values(generator, shape, dtype), generator=generator, sums=False)  # fmt: skip


def test_the_gradient_of_abs_is_zero_at_zero_as_in_torch():
    agree((scratch.abs, torch.abs), np.array([-1.0, 0.0, 2.0]), generator=np.random.default_rng(0))


MATRICES = [
    ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)),
    ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)), ((4, 1, 2, 3), (5, 3, 1)),
    ((2, 0), (0, 3)), ((0, 3), (3, 2)), ((0,), (0,)), ((0, 2, 3), (3, 4)), ((1,), (1,)), ((5, 1, 3), (3,)),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), MATRICES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_matrix_products_of_vectors_matrices_and_batches_equal_torch(left, right, dtype):
    generator = np.random.default_rng(0)
    arrays = [normal(generator, shape, dtype) for shape in (left, right)]
    agree((scratch.matmul, torch.matmul), *arrays, generator=generator)


@st.composite
def reductions(draw):
    shape = draw(st.lists(st.integers(1, 3), max_size=4).map(tuple))
    dim = None
    if shape and draw(st.booleans()):
        axes = st.integers(-len(shape), len(shape) - 1)
        dim = draw(st.one_of(axes, st.lists(axes, min_size=1, unique_by=lambda axis: axis % len(shape))))
        dim = draw(st.sampled_from([tuple, list]))(dim) if isinstance(dim, list) else dim
    return shape, dim, draw(st.booleans()) if dim is not None else False


@pytest.mark.parametrize("name", ["sum", "mean"])
@given(generator=generators, dtype=dtypes, case=reductions())
def test_sum_and_mean_equal_torch(name, generator, dtype, case):
    shape, dim, keepdim = case
    options = {} if dim is None else {"dim": dim, "keepdim": keepdim}
    agree((getattr(scratch, name), getattr(torch, name)), normal(generator, shape, dtype), generator=generator, **options)  # fmt: skip
    method = operator.methodcaller(name, **options)
    agree((_with_tensors(method), method), normal(generator, shape, dtype), generator=generator)


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
    generator = np.random.default_rng(0)
    move = MOVES[name]
    agree((_with_tensors(move), move), generator.standard_normal((2, 3, 4)), generator=generator)


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


@given(generators, dtypes, st.integers(-3, 2), st.integers(1, 3))
def test_cat_and_stack_equal_torch(generator, dtype, dim, count):
    shapes = [[2, 3, 2] for _ in range(count)]
    stacked = [normal(generator, shape, dtype) for shape in shapes]
    for shape in shapes:
        shape[dim] = int(generator.integers(0, 4))
    joined = [normal(generator, shape, dtype) for shape in shapes]
    agree((lambda *x: scratch.cat(list(x), dim), lambda *x: torch.cat(x, dim)), *joined, generator=generator)
    agree(
        (lambda *x: scratch.stack(list(x), dim), lambda *x: torch.stack(x, dim)),
        *stacked,
        generator=generator,
    )


def test_flatten_of_a_number_has_one_element():
    assert scratch.flatten(np.asarray(3.0)).shape == (1,)
    assert Tensor(3.0).flatten().shape == (1,)


@pytest.mark.parametrize(
    ("error", "operation"),
    [
        (IndexError, lambda x: x.flatten(3)),
        (IndexError, lambda x: x.flatten(0, 5)),
        (IndexError, lambda x: x.flatten(-4)),
        (RuntimeError, lambda x: x.flatten(2, 1)),
        (IndexError, lambda x: x.transpose(0, 3)),
        (IndexError, lambda x: x.sum(3)),
        (IndexError, lambda x: x.mean(3)),
        (IndexError, lambda x: x[5]),
        (IndexError, lambda x: x[0, 0, 0, 0]),
        ((RuntimeError, ValueError), lambda x: x.reshape(5)),
        ((RuntimeError, ValueError), lambda x: x.permute(0, 1)),
        ((RuntimeError, ValueError), lambda x: x.permute(0, 0, 1)),
        ((RuntimeError, ValueError), lambda x: x @ x[:, :2]),
        ((RuntimeError, ValueError), lambda x: x + x[:, :2]),
        (TypeError, lambda x: x + "1"),
        (TypeError, lambda x: x + None),
    ],
)
def test_torch_and_arithmetic_refuse_the_same(error, operation):
    # Where PyTorch says RuntimeError, broadcasting and shapes are NumPy's, which says ValueError.
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
