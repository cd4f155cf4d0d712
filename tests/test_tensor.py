"""dlcore.scratch.tensor: the tape records what is asked for, sends gradients back once, shares no arrays, and lets go."""

import contextlib
import gc
import threading
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlcore import scratch
from dlcore.scratch import Tensor, differentiable, no_grad


def leaf(*shape, seed=0, dtype=np.float64):
    return Tensor(np.random.default_rng(seed).standard_normal(shape).astype(dtype), requires_grad=True)


# Making tensors


def test_a_tensor_shares_the_array_it_is_made_of_and_tensor_copies_it():
    array = np.zeros(3)
    assert np.shares_memory(Tensor(array).data, array)
    assert not np.shares_memory(scratch.tensor(array).data, array)
    assert scratch.tensor(array, dtype=np.float32).dtype == np.float32


@pytest.mark.parametrize("data", [1, [1, 2], np.ones(2, bool), np.ones(2, np.uint8)])
def test_only_floating_point_tensors_can_require_gradients(data):
    with pytest.raises(RuntimeError, match="requires_grad"):
        Tensor(data, requires_grad=True)
    with pytest.raises(RuntimeError):
        torch.tensor(data, requires_grad=True)
    assert not Tensor(data).requires_grad


def test_shape_dtype_length_and_item_are_those_of_the_array():
    x = Tensor(np.zeros((2, 3), np.float32))
    assert (x.shape, x.dtype, x.ndim, len(x)) == ((2, 3), np.float32, 2, 2)
    assert Tensor(2.5).item() == 2.5 and isinstance(Tensor(2.5).item(), float)
    with pytest.raises(ValueError):
        x.item()


def test_truth_and_number_of_a_tensor_are_those_of_its_one_element():
    assert not Tensor([0.0]) and Tensor(2.0)
    assert float(Tensor(2.5, requires_grad=True)) == 2.5
    for convert in (bool, float):
        with pytest.raises((ValueError, TypeError)):
            convert(Tensor(np.ones(2)))


def test_iterating_goes_over_the_first_axis_and_a_number_has_none():
    assert [row.shape for row in Tensor(np.ones((2, 3)))] == [(3,), (3,)]
    for make in (Tensor, torch.tensor):
        with pytest.raises(TypeError):
            iter(make(3.0))


def test_repr_shows_the_values_and_whether_gradients_are_asked_for():
    assert repr(Tensor(np.array([1.0, 2.0]))) == "Tensor([1., 2.])"
    assert repr(Tensor(np.array([1.0, 2.0]), requires_grad=True)) == "Tensor([1., 2.], requires_grad=True)"


def test_a_tensor_becomes_an_array_only_where_no_gradient_is_lost():
    np.testing.assert_array_equal(np.asarray(Tensor([1.0, 2.0])), [1, 2])
    assert np.asarray(Tensor([1.0]), dtype=np.float32).dtype == np.float32
    with pytest.raises(RuntimeError, match="detach"):
        np.asarray(leaf(2))


# What is recorded


def test_operators_record_only_where_an_input_requires_gradients():
    x, constant = leaf(2), Tensor(np.ones(2))
    assert (x * constant).requires_grad and not (x * constant).is_leaf
    assert not (constant * constant).requires_grad and (constant * constant).is_leaf


def test_arrays_in_give_arrays_out():
    assert isinstance(scratch.add(np.ones(2), np.ones(2)), np.ndarray)
    assert isinstance(scratch.cat([np.ones(2), np.ones(2)]), np.ndarray)


def test_integer_outputs_of_an_operator_require_no_gradient():
    values, indices = scratch.max_pool2d(leaf(1, 1, 4, 4), 2, return_indices=True)
    assert values.requires_grad and not indices.requires_grad


def test_integers_pass_through_without_gradient():
    x, y = leaf(3), Tensor(np.arange(3))
    (x * y).sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 1, 2])
    assert y.grad is None and not (y + y).requires_grad and (y + y).dtype == np.int64


def test_detach_cuts_the_history_and_shares_the_values():
    x = leaf(3)
    y = x * 2
    cut = y.detach()
    assert not cut.requires_grad and cut.is_leaf and np.shares_memory(cut.data, y.data)
    (cut * x).sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * x.data)


# no_grad


def test_nothing_is_recorded_without_gradients_and_blocks_nest():
    x = leaf(2)
    assert scratch.is_grad_enabled()
    with no_grad():
        assert not (x * 2).requires_grad
        with no_grad():
            assert not scratch.is_grad_enabled()
        assert not scratch.is_grad_enabled()
    assert scratch.is_grad_enabled() and (x * 2).requires_grad


def test_no_grad_ends_with_its_block_also_when_an_error_leaves_it():
    with contextlib.suppress(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert scratch.is_grad_enabled()

    @no_grad()
    def fails():
        raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert scratch.is_grad_enabled()


def test_a_function_decorated_with_no_grad_may_call_itself():
    @no_grad()
    def countdown(x, n):
        assert not scratch.is_grad_enabled()
        return x if n == 0 else countdown(x * 2, n - 1)

    assert not countdown(leaf(1), 3).requires_grad
    assert scratch.is_grad_enabled()
    assert countdown.__name__ == "countdown"


def test_no_grad_in_one_thread_leaves_the_others_alone():
    inside, seen = threading.Barrier(2), []

    @no_grad()
    def without(barrier):
        barrier.wait(5), barrier.wait(5)

    def other():
        inside.wait(5)
        seen.append(scratch.is_grad_enabled())
        without_again()
        inside.wait(5)

    @no_grad()
    def without_again():
        seen.append(scratch.is_grad_enabled())

    thread = threading.Thread(target=other)
    thread.start()
    without(inside)
    thread.join()
    assert seen == [True, False] and scratch.is_grad_enabled()


# Backward


def test_a_tensor_used_twice_collects_both_gradients():
    x = leaf(3)
    y = x * x
    (y * y + y).sum().backward()  # a diamond: x^4 + x^2
    np.testing.assert_allclose(x.grad, 4 * x.data**3 + 2 * x.data, rtol=1e-13)


def test_gradients_accumulate_over_calls():
    x = leaf(3)
    for _ in range(3):
        (2 * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [6, 6, 6])


def test_gradients_arrive_only_at_leaves_and_where_they_are_retained():
    x = leaf(3)
    y = x * 2
    z = y * 3
    y.retain_grad()
    z.sum().backward()
    assert z.grad is None
    np.testing.assert_array_equal(y.grad, [3, 3, 3])
    np.testing.assert_array_equal(x.grad, [6, 6, 6])


def test_the_tensor_that_backward_starts_from_may_retain_its_gradient():
    y = leaf(3) * 2
    y.retain_grad()
    given = np.array([1.0, 2.0, 3.0])
    y.backward(given)
    np.testing.assert_array_equal(y.grad, given)
    assert not np.shares_memory(y.grad, given)


def test_retaining_needs_a_tensor_that_requires_gradients():
    with pytest.raises(RuntimeError, match="retain_grad"):
        Tensor(np.ones(2)).retain_grad()
    with pytest.raises(RuntimeError):
        torch.ones(2).retain_grad()


def test_a_leaf_is_its_own_gradient_path():
    x = leaf(2)
    x.backward(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(x.grad, [1, 2])


OPERATORS_THAT_PASS_GRADIENTS_ON = {
    "add": lambda x, y: x + y,
    "reshape": lambda x, y: x.reshape(4) + y.reshape(-1),
    "permute": lambda x, y: x.permute(1, 0) + y.transpose(0, 1),
    "cat": lambda x, y: scratch.cat([x, y]),
    "cat of the same": lambda x, y: scratch.cat([x, x, y]),
    "stack": lambda x, y: scratch.stack([x, y], 1),
    "sum": lambda x, y: x.sum() + y.sum(0),
    "index": lambda x, y: x[0] + y[:, 1],
    "relu": lambda x, y: scratch.relu(x) + y,
    "flatten": lambda x, y: x.flatten() + y.flatten(),
    "retained": lambda x, y: (x + y) + x,
}


@pytest.mark.parametrize("name", OPERATORS_THAT_PASS_GRADIENTS_ON)
def test_no_two_gradients_share_memory(name):
    x, y = leaf(2, 2), leaf(2, 2, seed=1)
    output = OPERATORS_THAT_PASS_GRADIENTS_ON[name](x, y)
    output.retain_grad()
    given = np.random.default_rng(2).standard_normal(output.shape)
    before = given.copy()
    output.backward(given)
    arrays = [x.grad, y.grad, output.grad, given, x.data, y.data, output.data]
    for place, array in enumerate(arrays):
        assert isinstance(array, np.ndarray)
        for other in arrays[:place]:
            assert not np.shares_memory(array, other)
    first = y.grad.copy()
    x.grad += 100
    output.grad += 100
    np.testing.assert_array_equal(y.grad, first)
    np.testing.assert_array_equal(given, before)


def test_a_gradient_does_not_change_after_it_was_handed_out():
    x = leaf(2)
    (x * 2).sum().backward()
    held = x.grad
    (x * 2).sum().backward()
    np.testing.assert_array_equal(held, [2, 2])


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_one_element_tensor_needs_no_gradient_argument(shape):
    x = leaf(*shape)
    (x * 3).backward()
    assert isinstance(x.grad, np.ndarray) and x.grad.shape == shape
    np.testing.assert_array_equal(x.grad, np.full(shape, 3))


def test_gradients_of_numbers_are_arrays_also_when_they_accumulate():
    x = leaf()
    y = x * x + x
    y.retain_grad()
    for _ in range(2):
        y.backward(retain_graph=True)
    assert all(isinstance(grad, np.ndarray) and grad.dtype == np.float64 for grad in (x.grad, y.grad))


@pytest.mark.parametrize("gradient", [np.ones(3), np.ones((1, 2)), np.ones(()), 1.0, [1.0]])
def test_the_gradient_argument_must_have_the_tensors_shape(gradient):
    with pytest.raises(RuntimeError, match="gradient"):
        (leaf(2) * 2).backward(gradient)


@pytest.mark.parametrize(
    "gradient", [[1, 2], np.array([1, 2]), Tensor([1.0, 2.0]), np.array([1, 2], np.float32)]
)
def test_the_gradient_argument_may_be_anything_that_is_an_array(gradient):
    x = leaf(2)
    (x * 2).backward(gradient)
    assert x.grad.dtype == np.float64
    np.testing.assert_array_equal(x.grad, [2, 4])


def test_more_than_one_element_needs_the_gradient_argument():
    for make in (lambda: leaf(2), lambda: torch.ones(2, requires_grad=True)):
        with pytest.raises(RuntimeError):
            (make() * 2).backward()


def test_backward_needs_a_tensor_that_requires_gradients():
    with pytest.raises(RuntimeError, match="require"):
        Tensor(1.0).backward()
    with pytest.raises(RuntimeError):
        torch.tensor(1.0).backward()


def test_a_second_backward_says_how_to_keep_the_record():
    y = (leaf(2) * leaf(2)).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


def test_a_record_that_two_results_share_is_dropped_by_the_first():
    x = leaf(2)
    shared = x * x
    one, other = shared.sum(), (shared * 2).sum()
    one.backward()
    with pytest.raises(RuntimeError, match="mul.*retain_graph=True"):
        other.backward()


def test_a_kept_record_can_be_gone_through_again():
    x = leaf(2)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_array_equal(x.grad, 4 * x.data)


def test_float32_stays_float32_through_python_numbers_and_back():
    x = leaf(3, dtype=np.float32)
    y = ((2 * x + 1) / 3 - 0.5) ** 2 + 2.0**x + abs(-1) * x.mean()
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float32


def test_each_gradient_has_the_dtype_of_its_tensor():
    x, y = leaf(3, dtype=np.float32), leaf(3)
    (x * y).sum().backward()
    assert x.grad.dtype == np.float32 and y.grad.dtype == np.float64


# @differentiable


@differentiable
def halves(input, scale=1.0):
    """Two outputs, the second half and the first."""
    middle = len(input) // 2

    def pullback(grad_back, grad_front):
        return np.concatenate([grad_front, grad_back]) * scale

    return (input[middle:] * scale, input[:middle] * scale), pullback


def test_an_operator_may_have_several_outputs_and_any_of_them_may_be_used():
    for use in range(3):
        x = leaf(4)
        back, front = halves(x, scale=2.0)
        (back if use == 0 else front if use == 1 else back * 3 + front).sum().backward()
        np.testing.assert_array_equal(x.grad, [[0, 0, 2, 2], [2, 2, 0, 0], [2, 2, 6, 6]][use])


def test_several_outputs_come_back_as_arrays_from_arrays():
    back, front = halves(np.arange(4.0))
    assert isinstance(back, np.ndarray) and isinstance(front, np.ndarray)


def test_an_operator_takes_lists_of_tensors_and_arrays():
    x, y = leaf(2), leaf(2, seed=1)
    (scratch.cat([x, np.ones(1), y]) * np.arange(5.0)).sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 1])
    np.testing.assert_array_equal(y.grad, [3, 4])
    (scratch.stack((x, x)) * np.array([[1.0], [10.0]])).sum().backward()
    np.testing.assert_array_equal(x.grad, [11, 12])


def test_arguments_by_name_get_their_gradients():
    x, y = leaf(2), leaf(2, seed=1)
    scratch.mul(other=y, input=x).sum().backward()
    np.testing.assert_array_equal(x.grad, y.data)
    np.testing.assert_array_equal(y.grad, x.data)


def test_a_gradient_that_nobody_needs_is_not_computed():
    computed = []

    @differentiable
    def operator(a, b):
        def compute(name, grad):
            computed.append(name)
            return grad

        return a + b, lambda grad: (lambda: compute("a", grad), lambda: compute("b", grad))

    operator(leaf(2), Tensor(np.ones(2))).backward(np.ones(2))
    assert computed == ["a"]


def test_a_pullback_may_give_no_gradient():
    @differentiable
    def sign(input):
        return np.sign(input), lambda grad: None

    x = leaf(2)
    (sign(x * 2) + x).sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 1])


def test_a_pullback_of_the_wrong_shape_is_named():
    @differentiable
    def careless(input):
        return input * 2, lambda grad: grad.sum()

    with pytest.raises(RuntimeError, match="careless.*\\(\\).*\\(2,\\)"):
        careless(leaf(2)).backward(np.ones(2))


def test_an_argument_that_requires_a_gradient_and_cannot_have_one_is_named():
    weight = leaf(3)
    with pytest.raises(RuntimeError, match="cross_entropy.*weight"):
        scratch.cross_entropy(leaf(2, 3), np.array([0, 1]), weight).backward()


def test_an_operator_keeps_its_name_and_documentation():
    assert halves.__name__ == "halves" and halves.__doc__.startswith("Two outputs")


# Depth and memory


def test_a_chain_of_20000_operations_goes_back_and_away_without_recursion():
    x = leaf(1)
    y, alive = x, None
    for _ in range(20_000):
        y = y + x
        alive = alive or weakref.ref(y)
    y.backward(retain_graph=True)
    np.testing.assert_array_equal(x.grad, [20_001])
    assert alive() is not None
    del y
    assert alive() is None


def test_backward_and_deletion_free_the_record_without_the_garbage_collector():
    @differentiable
    def watched(input):
        kept = input * 2
        references.append(weakref.ref(kept))
        return input + 1, lambda grad: grad * kept

    for backward in (True, False):
        references = []
        gc.disable()
        try:
            x = leaf(3)
            hidden = watched(x)
            output = watched(hidden).sum()
            inner = weakref.ref(hidden)
            del hidden
            assert all(reference() is not None for reference in references)
            if backward:
                output.backward()  # the output lives on
            else:
                del output
            assert [reference() for reference in references] == [None, None] and inner() is None
        finally:
            gc.enable()


def test_nothing_is_kept_where_nothing_is_recorded():
    references = []

    @differentiable
    def watched(input):
        kept = input * 2
        references.append(weakref.ref(kept))
        return input + 1, lambda grad: grad * kept

    with no_grad():
        outputs = [watched(leaf(3)), watched(leaf(3).data)]
    outputs.append(watched(Tensor(np.ones(3))))
    assert [reference() for reference in references] == [None] * 3


@given(st.integers(0, 2**32 - 1))
def test_gradients_of_random_graphs_equal_torch(seed):
    generator = np.random.default_rng(seed)
    arrays = [generator.standard_normal(3) for _ in range(3)]

    def build(nodes):
        draws = np.random.default_rng(seed)
        nodes = list(nodes)
        for _ in range(int(draws.integers(1, 12))):
            one, other = (nodes[int(place)] for place in draws.integers(0, len(nodes), 2))
            kind = draws.integers(3)
            nodes.append(one + other if kind == 0 else one * other * 0.5 if kind == 1 else one - 2 * other)
        return nodes[-1] + nodes[int(draws.integers(len(nodes)))]

    ours = [Tensor(array, requires_grad=True) for array in arrays]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    build(ours).sum().backward()
    build(theirs).sum().backward()
    for tensor, reference in zip(ours, theirs):
        assert (tensor.grad is None) == (reference.grad is None)
        if reference.grad is not None:
            size = max(1, np.abs(reference.grad.numpy()).max())
            np.testing.assert_allclose(tensor.grad, reference.grad.numpy(), rtol=0, atol=1e-10 * size)


def test_data_must_be_an_array():
    tensor = scratch.tensor([1.0, 2.0])
    with pytest.raises(TypeError, match="data: expected a NumPy array, got list"):
        tensor.data = [1.0, 2.0]


def test_a_number_formats_as_one_and_argmax_has_no_gradient():
    assert f"{scratch.tensor(2.5, requires_grad=True):.2f}" == "2.50"
    scores = scratch.tensor([[1.0, 3.0], [5.0, 2.0]], requires_grad=True)
    assert scores.argmax(1).data.tolist() == [1, 0] and scores.argmax().item() == 2
    assert not scores.argmax(1).requires_grad


def test_requires_grad_is_switched_on_leaves_only():
    leaf_ = scratch.tensor([1.0]).requires_grad_()
    assert leaf_.requires_grad
    with pytest.raises(RuntimeError, match="leaf"):
        (leaf_ * 2).requires_grad_(False)
    with pytest.raises(RuntimeError, match="int64"):
        scratch.tensor([1]).requires_grad_()


def test_a_fresh_gradient_in_another_shape_is_not_copied_but_a_view_of_what_came_in_is():
    made = []

    @scratch.differentiable
    def rows(input):
        def pullback(grad):
            made.append(np.multiply(grad, 2).reshape(-1))
            return made[-1].reshape(np.shape(input))

        return np.multiply(input, 2), pullback

    leaf = scratch.Tensor(np.ones((2, 3)), requires_grad=True)
    rows(leaf).sum().backward()
    assert np.shares_memory(leaf.grad, made[0])
    gradient = np.ones((3, 2))
    leaf.grad = None
    scratch.transpose(leaf, 0, 1).backward(gradient)
    assert not np.shares_memory(leaf.grad, gradient)
    leaf.grad = None
    (scratch.sum(leaf, 0) * 2).sum().backward()  # a row that stands for both
    leaf.grad[0] = 5
    np.testing.assert_array_equal(leaf.grad, [[5, 5, 5], [2, 2, 2]])
