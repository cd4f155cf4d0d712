"""dlcore.scratch.gradcheck finds the errors it is there to find, and only those."""

import numpy as np
import pytest

from dlcore import scratch
from dlcore.scratch import Tensor, differentiable, gradcheck, numerical_gradient


def leaf(*shape, seed=0):
    return Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True)


def test_the_numerical_gradient_of_a_square_is_twice_the_number():
    array = np.random.default_rng(0).standard_normal((2, 3))
    before = array.copy()
    np.testing.assert_allclose(
        numerical_gradient(lambda x: (x**2).sum(), array), 2 * array, rtol=0, atol=1e-8
    )
    np.testing.assert_array_equal(array, before)


def test_the_numerical_gradient_weighs_the_outputs():
    gradient = np.array([1.0, -2.0, 0.5])
    result = numerical_gradient(lambda x: 3 * x, np.ones(3), gradient)
    np.testing.assert_allclose(result, 3 * gradient, rtol=0, atol=1e-8)


def test_the_numerical_gradient_does_not_fall_for_a_function_that_returns_its_argument():
    np.testing.assert_allclose(numerical_gradient(lambda x: x, np.ones(3)), np.ones(3), rtol=0, atol=1e-8)


OPERATORS = {
    "conv1d": (scratch.conv1d, [(2, 2, 5), (3, 2, 2), (3,)]),
    "conv2d": (lambda x, w, b: scratch.conv2d(x, w, b, 2, 1, 1, 2), [(2, 2, 4, 5), (4, 1, 2, 3), (4,)]),
    "conv2d_loops": (lambda x, w: scratch.conv2d_loops(x, w, padding="same"), [(1, 2, 3, 4), (2, 2, 2, 3)]),
    "conv2d_im2col": (lambda x, w: scratch.conv2d_im2col(x, w, dilation=2), [(1, 2, 5, 5), (2, 2, 2, 3)]),
    "conv3d": (lambda x, w: scratch.conv3d(x, w, padding=1), [(1, 1, 2, 3, 3), (2, 1, 2, 2, 2)]),
    "unfold": (lambda x: scratch.unfold(x, 2, padding=1), [(1, 2, 3, 4)]),
    "fold": (lambda x: scratch.fold(x, (3, 4), 2), [(1, 8, 6)]),
    "pad": (lambda x: scratch.pad(x, (2, 1, -1, 2), "reflect"), [(1, 2, 4, 4)]),
    "max_pool2d": (lambda x: scratch.max_pool2d(x, 2, ceil_mode=True), [(1, 2, 5, 5)]),
    "avg_pool2d": (lambda x: scratch.avg_pool2d(x, 3, 2, 1, True, False), [(1, 2, 6, 5)]),
    "relu": (scratch.relu, [(3, 4)]),
    "softmax": (lambda x: scratch.softmax(x, 0), [(3, 4)]),
    "log_softmax": (lambda x: scratch.log_softmax(x, 1), [(3, 4)]),
    "cross_entropy": (lambda x: scratch.cross_entropy(x, np.array([0, 2]), label_smoothing=0.1), [(2, 3)]),
    "linear": (scratch.linear, [(2, 3, 4), (5, 4), (5,)]),
    "matmul": (scratch.matmul, [(2, 3, 4), (4, 2)]),
    "focus": (scratch.focus, [(1, 2, 4, 2)]),
    "convolve": (scratch.convolve, [(4, 3), (2, 2)]),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_the_operators_pass(name):
    operator, shapes = OPERATORS[name]
    assert gradcheck(operator, [leaf(*shape, seed=seed) for seed, shape in enumerate(shapes)])


def with_pullback(pullback):
    """The square, with this pullback of (input, gradient)."""

    @differentiable
    def square(input):
        return input**2, lambda grad: pullback(input, grad)

    return square


PLANTED = {
    "sign": lambda x, grad: -2 * x * grad,
    "factor": lambda x, grad: x * grad,
    "gradient not used": lambda x, grad: 2 * x,
    "axis reversed": lambda x, grad: (2 * x * grad)[::-1].copy(),
    "gradient permuted": lambda x, grad: 2 * x * grad[:, ::-1],
    "one element": lambda x, grad: np.where(np.arange(x.size).reshape(x.shape) == 4, 0, 2 * x * grad),
    "forgotten": lambda x, grad: None,
    "nan": lambda x, grad: np.full_like(x, np.nan),
    "one in a thousand": lambda x, grad: 2.01 * x * grad,
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_is_found(name):
    x = leaf(2, 3)
    with pytest.raises(RuntimeError, match="inputs\\[0\\]"):
        gradcheck(with_pullback(PLANTED[name]), [x])
    assert gradcheck(with_pullback(PLANTED[name]), [x], raise_exception=False) is False


def test_the_right_pullback_passes():
    assert gradcheck(with_pullback(lambda x, grad: 2 * x * grad), [leaf(2, 3)]) is True


def test_the_report_names_the_input_the_element_and_both_values():
    @differentiable
    def product(a, b):
        wrong = np.zeros_like(b)
        wrong[1, 2] = 7
        return a * b, lambda grad: (grad * b, grad * a + wrong)

    a, b = leaf(2, 3), leaf(2, 3, seed=1)
    gradient = np.random.default_rng(5).standard_normal((2, 3))
    right = gradient[1, 2] * a.data[1, 2]
    with pytest.raises(RuntimeError) as caught:
        gradcheck(product, [a, b], generator=np.random.default_rng(5))
    message = str(caught.value)
    assert "inputs[1]" in message and "1 of 6" in message and "(1, 2)" in message
    assert f"{right + 7:.6g}" in message and f"{right:.6g}" in message


def test_the_error_that_a_gradient_of_ones_would_hide_is_found():
    @differentiable
    def shuffled(input):
        return input * 2, lambda grad: 2 * np.roll(grad, 1)

    x = leaf(5)
    np.testing.assert_allclose(
        numerical_gradient(lambda a: 2 * a, x.data), shuffled_gradient(shuffled, x), rtol=1e-6
    )
    with pytest.raises(RuntimeError):
        gradcheck(shuffled, [x])


def shuffled_gradient(operator, x):
    fresh = Tensor(x.data, requires_grad=True)
    operator(fresh).backward(np.ones(x.shape))
    return fresh.grad


@pytest.mark.parametrize("seed", range(5))
def test_the_generator_decides_the_direction_and_none_hides_the_error(seed):
    with pytest.raises(RuntimeError):
        gradcheck(with_pullback(PLANTED["sign"]), [leaf(2)], generator=np.random.default_rng(seed))


def test_inputs_keep_their_values_and_gradients():
    x, plain = leaf(2, 3), np.ones((2, 3))
    x.grad = np.full((2, 3), 5.0)
    before = x.data.copy()
    assert gradcheck(lambda a, b: a * b * 2, [x, plain])
    np.testing.assert_array_equal(x.data, before)
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 5.0))


def test_only_inputs_that_require_gradients_are_checked_and_an_unused_one_has_gradient_zero():
    whole, unused = Tensor(np.arange(3)), leaf(2)
    assert gradcheck(lambda a, b, c: a * b, [leaf(3), whole, unused])


def test_a_single_tensor_may_stand_for_a_list_of_one():
    assert gradcheck(scratch.exp, leaf(3))


def test_the_tolerances_decide():
    slightly = with_pullback(lambda x, grad: 2 * x * grad + 1e-4)
    assert not gradcheck(slightly, [leaf(3)], raise_exception=False)
    assert gradcheck(slightly, [leaf(3)], atol=1e-3)


@pytest.mark.parametrize("inputs", [[], [np.ones(2)], [Tensor(np.ones(2))]])
def test_something_must_require_gradients(inputs):
    with pytest.raises(ValueError, match="inputs"):
        gradcheck(lambda *arguments: arguments[0], inputs)


def test_float32_is_too_coarse():
    with pytest.raises(ValueError, match="inputs\\[0\\].*float64.*float32"):
        gradcheck(scratch.exp, [Tensor(np.ones(2, np.float32), requires_grad=True)])


def test_every_output_of_several_is_checked():
    x = scratch.tensor(np.array([0.5, 1.5]), requires_grad=True)
    assert scratch.gradcheck(lambda x: (x * x, scratch.exp(x)), x)

    @scratch.differentiable
    def wrong(input):
        return (input * 2, input * 3), lambda first, second: first * 2 + second * 4

    with pytest.raises(RuntimeError, match="differ"):
        scratch.gradcheck(wrong, x)
