"""dlcore.scratch.activations: what the registry of cases cannot say."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import pytorch, scratch
from dlcore.scratch import activations
from dlcore.scratch.special import PIECE, normal_cdf

EXTREMES = [-np.inf, -1e30, -1000.0, -1.0, -0.0, 0.0, 1.0, 1000.0, 1e30, np.inf, np.nan]
ARGUMENTS = {
    "threshold": (0.0, 1.0), "prelu": (np.array([0.1]),), "glu": (-1,), "maxout": (2,), "softmax": (1,), "softmin": (1,),
    "log_softmax": (1,),
}  # fmt: skip


@pytest.mark.parametrize("name", activations.__all__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_no_input_however_extreme_causes_a_warning(name, dtype):
    pairs = np.array([[a, b] for a in EXTREMES for b in EXTREMES], dtype)
    arguments = [
        item.astype(dtype) if isinstance(item, np.ndarray) else item for item in ARGUMENTS.get(name, ())
    ]
    input = scratch.Tensor(pairs, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        output = getattr(scratch, name)(input, *arguments)
        output.backward(np.ones(output.shape, dtype))


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "logsigmoid", "relu", "elu", "softmax"])
def test_saturation_is_exact(name):
    ends = {
        "sigmoid": (0, 1), "tanh": (-1, 1), "softplus": (0, 1e4), "logsigmoid": (-1e4, 0), "relu": (0, 1e4),
        "elu": (-1, 1e4), "softmax": (0, 1),
    }  # fmt: skip
    output = getattr(scratch, name)(np.array([-1e4, 1e4]), *([0] if name == "softmax" else []))
    np.testing.assert_array_equal(output, ends[name])


@pytest.mark.parametrize(
    "name", sorted({"relu6", "hardtanh", "elu", "celu", "selu", "hardswish", "softshrink"})
)
def test_a_small_array_and_a_large_one_treat_nan_alike(name):
    # PyTorch's loops over vectors and over single elements do not; ours has one rule.
    gradients = []
    for size in (1, 100):
        input = scratch.Tensor(np.full(size, np.nan), requires_grad=True)
        output = getattr(scratch, name)(input)
        output.backward(np.ones(size))
        assert np.isnan(output.data).all()
        gradients.append(input.grad[-1])
    np.testing.assert_array_equal(*gradients)


# The normal distribution


@pytest.mark.parametrize(("dtype", "absolute"), [(np.float64, 4e-16), (np.float32, 3e-7)])
def test_the_normal_distribution_is_that_of_the_standard_library(dtype, absolute):
    x = np.concatenate([np.linspace(-12, 12, 4001), [0.0, -0.0, np.inf, -np.inf]]).astype(dtype)
    expected = np.array([math.erfc(-value * math.sqrt(0.5)) / 2 for value in x.tolist()])
    output = normal_cdf(x)
    assert output.dtype == dtype
    np.testing.assert_allclose(output, expected, rtol=0, atol=absolute)
    if dtype == np.float64:  # also where the probability is as small as 1e-33
        np.testing.assert_allclose(output, expected, rtol=1e-13, atol=0)


def test_the_normal_distribution_does_not_depend_on_how_an_array_is_cut():
    x = np.random.default_rng(0).standard_normal((3, PIECE))[:, ::2]
    np.testing.assert_array_equal(normal_cdf(x), [normal_cdf(row) for row in x])
    assert normal_cdf(np.zeros((0, 2))).shape == (0, 2) and normal_cdf(np.float32(0)) == 0.5
    assert normal_cdf(np.zeros(1, np.float16)).dtype == np.float16


# Numbers


@pytest.mark.parametrize("alpha", [0.3, 1.0, 7.3])
def test_the_slope_of_celu_is_that_of_elu_on_a_scale_of_its_own(alpha):
    # The registry draws alphas that single precision holds, as PyTorch's backward rounds them to it. Ours does not.
    x = np.linspace(-3, 3, 13)
    one, other = (scratch.Tensor(array, requires_grad=True) for array in (x, x / alpha))
    scratch.celu(one, alpha).backward(np.ones(13))
    scratch.elu(other).backward(np.ones(13))
    np.testing.assert_allclose(one.grad, other.grad, rtol=1e-14)


@pytest.mark.parametrize("name", ["mish", "softplus", "silu", "logsigmoid", "elu", "hardswish"])
def test_half_precision_is_computed_in_single(name):
    x = np.linspace(-30, 30, 241).astype(np.float16)
    tensor, reference = scratch.Tensor(x, requires_grad=True), torch.from_numpy(x).requires_grad_()
    output, expected = getattr(scratch, name)(tensor), getattr(pytorch, name)(reference)
    output.backward(np.ones_like(x))
    expected.backward(torch.ones_like(expected))
    np.testing.assert_allclose(output.data, expected.detach().numpy(), rtol=2e-3, atol=1e-7)
    np.testing.assert_allclose(tensor.grad, reference.grad.numpy(), rtol=2e-3, atol=1e-6)


@pytest.mark.parametrize("number", [np.array(0.5), scratch.tensor(0.5), np.float32(0.5)])
@pytest.mark.parametrize("name", ["elu", "celu", "leaky_relu", "hardshrink", "softshrink", "softplus"])
def test_a_number_may_come_as_an_array_or_a_tensor_without_axes(name, number):
    x = np.linspace(-3, 3, 13)
    np.testing.assert_array_equal(
        np.asarray(getattr(scratch, name)(x, number)), getattr(scratch, name)(x, 0.5)
    )
    with pytest.raises((TypeError, RuntimeError)):  # but it has no gradient
        getattr(scratch, name)(scratch.Tensor(x), scratch.tensor(0.5, requires_grad=True)).sum().backward()


# Random slopes


def test_rrelu_draws_a_slope_for_each_element_uniformly():
    input = -np.ones((100, 100))
    slopes = -scratch.rrelu(input, 0.1, 0.5, training=True, generator=np.random.default_rng(0))
    assert 0.1 <= slopes.min() < 0.11 and 0.49 < slopes.max() <= 0.5
    deciles = np.quantile(slopes, np.linspace(0, 1, 11))
    np.testing.assert_allclose(deciles, np.linspace(0.1, 0.5, 11), atol=0.01)
    positive = np.arange(1.0, 5)
    np.testing.assert_array_equal(
        scratch.rrelu(positive, training=True, generator=np.random.default_rng(0)), positive
    )


@pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])
def test_rrelu_sends_the_gradient_through_the_slopes_it_drew(backend):
    def generator():
        return np.random.default_rng(3) if backend is scratch else torch.Generator().manual_seed(3)

    input = backend.tensor(np.linspace(-2, 1, 30), requires_grad=True)
    output = backend.rrelu(input, training=True, generator=generator())
    output.sum().backward()
    values = np.asarray(output.detach().data if backend is scratch else output.detach())
    np.testing.assert_allclose(np.asarray(input.grad) * np.linspace(-2, 1, 30), values, rtol=1e-12)
    again = backend.rrelu(input.detach(), training=True, generator=generator())
    np.testing.assert_array_equal(np.asarray(again.data if backend is scratch else again), values)


def test_the_layer_rrelu_is_reproducible_and_still_in_evaluation():
    def network():
        layers = scratch.nn.Sequential(scratch.nn.RReLU(), scratch.nn.RReLU())
        return scratch.nn.reset_parameters(layers, np.random.default_rng(7))

    input = -np.ones((4, 5))
    one, two = network(), network()
    first = one(input)
    np.testing.assert_array_equal(first, two(input))
    assert not np.array_equal(first, one(input))
    one.eval()
    np.testing.assert_allclose(one(input), input * ((1 / 8 + 1 / 3) / 2) ** 2)


@pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])
@pytest.mark.parametrize(("name", "key"), [("PReLU", "weight"), ("Swish", "beta")])
def test_reset_parameters_takes_learned_slopes_back_to_where_they_began(backend, name, key):
    layer = getattr(backend.nn, name)(3, 0.5)
    layer.load_state_dict({key: torch.ones(3)})
    generator = np.random.default_rng(0) if backend is scratch else torch.Generator()
    backend.nn.reset_parameters(layer, generator)
    assert np.asarray(layer.state_dict()[key]).tolist() == [0.5, 0.5, 0.5]


def test_layers_refuse_what_their_operators_take_but_torchs_layers_do_not():
    for nn in (scratch.nn, torch.nn):
        with pytest.raises((ValueError, AssertionError), match="min_val"):
            nn.Hardtanh(1, 1)
    for nn in (scratch.nn, pytorch.nn):
        with pytest.raises(ValueError, match="expected"):
            nn.Softmax2d()(scratch.Tensor(np.ones((2, 3))) if nn is scratch.nn else torch.ones(2, 3))


# The softmax family


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 30, 1e4]), st.integers(-3, 2))
def test_softmax_adds_up_to_1_and_ignores_a_shift(seed, size, dim):
    input = np.random.default_rng(seed).standard_normal((2, 5, 3)) * size
    output = scratch.softmax(input, dim)
    np.testing.assert_allclose(output.sum(dim), 1, rtol=1e-12)
    np.testing.assert_allclose(scratch.softmax(input + 1000.0, dim), output, rtol=0, atol=1e-8)


def test_the_sigmoid_is_a_softmax_of_two():
    x = np.linspace(-5, 5, 11)
    np.testing.assert_allclose(scratch.softmax(np.stack([x, 0 * x]), 0)[0], scratch.sigmoid(x), rtol=1e-14)


def test_softmaxes_neither_overflow_nor_underflow():
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        np.testing.assert_array_equal(scratch.softmax(np.array([1e308, 0.0]), 0), [1, 0])
        np.testing.assert_array_equal(scratch.log_softmax(np.array([1e4, 0.0]), 0), [0, -1e4])


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
def test_softmaxes_convert_to_the_dtype_asked_for_and_send_back_the_inputs(name):
    input = scratch.Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    output = getattr(scratch, name)(input, 1, dtype=np.float64)
    assert output.dtype == np.float64
    output.backward(np.ones((2, 3)))
    assert input.grad.dtype == np.float32
    integers = np.arange(6).reshape(2, 3)
    output = getattr(scratch, name)(integers, 1, dtype=np.float32)
    expected = getattr(pytorch, name)(torch.from_numpy(integers), 1, dtype=torch.float32)
    assert output.dtype == np.float32
    np.testing.assert_allclose(output, expected.numpy(), rtol=1e-6)
    with pytest.raises(NotImplementedError, match="input"):
        getattr(scratch, name)(input, 1, dtype=np.int64)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (2, 3, 4, 2)])
def test_softmaxes_choose_the_axis_that_torch_chooses_and_warn(name, shape):
    input = np.asarray(np.random.default_rng(0).standard_normal(shape))
    with pytest.warns(UserWarning, match="dim") as caught:
        output = getattr(scratch, name)(input)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning):
        expected = getattr(pytorch, name)(torch.from_numpy(input))
    np.testing.assert_allclose(output, expected.numpy(), rtol=1e-12, atol=1e-12)
