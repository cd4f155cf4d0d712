"""Activation functions: the non-linearity between two linear layers. Signatures are ``torch.nn.functional``'s.

Here stand the smooth ones, and those in which several numbers meet; those made of straight pieces in
:mod:`dlcore.scratch.rectifiers`, the softmax family in :mod:`dlcore.scratch.probabilities`. None has `inplace`, as the
tape needs the input.
"""

import functools
import math

import numpy as np

from .arithmetic import select, unbroadcast
from .probabilities import axis_index, log_softmax, softmax, softmin
from .rectifiers import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    per_channel,
    prelu,
    relu,
    relu6,
    rrelu,
    softshrink,
    threshold,
)
from .special import as_floating, by_pieces, floating, normal_cdf
from .tensor import differentiable
from .windows import as_int, as_number, numeric

__all__ = [
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "log_softmax",
    "logsigmoid", "maxout", "mish", "prelu", "relu", "relu6", "rrelu", "selu", "sigmoid", "silu", "softmax", "softmin",
    "softplus", "softshrink", "softsign", "swish", "tanh", "tanhshrink", "threshold",
]  # fmt: skip


# Smooth


@differentiable
def sigmoid(input):
    """``1 / (1 + exp(-input))``, elementwise: σ(x), between 0 and 1. σ' = σ (1 - σ).

    Source: ``torch.nn.functional.sigmoid``.
    """
    output = by_pieces(_sigmoid, as_floating(input))
    return output, lambda grad: by_pieces(lambda σ, grad: (1 - σ) * σ * grad, output, grad)


@differentiable
def logsigmoid(input):
    """``log(sigmoid(input))``, elementwise, finite also where the sigmoid rounds to 0.

    Source: ``torch.nn.functional.logsigmoid``.
    """
    input = floating(input)
    output = by_pieces(lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))), input)
    return output, lambda grad: by_pieces(lambda x, grad: grad * _sigmoid(-x), input, grad)


@differentiable
def tanh(input):
    """The hyperbolic tangent, elementwise: ``2 σ(2 x) - 1``, between -1 and 1. tanh' = 1 - tanh².

    Source: ``torch.nn.functional.tanh``; LeCun et al., "Efficient backprop" (1998).
    """
    output = np.tanh(as_floating(input))
    return output, lambda grad: grad * (1 - output * output)


def elu(input, alpha=1.0):
    """`input` where positive, elsewhere ``alpha * (exp(input) - 1)``. The gradient at 0 is `alpha`.

    Source: ``torch.nn.functional.elu``; Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning
    by exponential linear units (ELUs)" (2016).
    """
    return _exponential_linear(input, as_number(alpha, "alpha"))


def celu(input, alpha=1.0):
    """`input` where positive, elsewhere ``alpha * (exp(input / alpha) - 1)``, which is smooth for every `alpha`.

    Raises
    ------
    RuntimeError
        An `alpha` of 0.

    Source: ``torch.nn.functional.celu``; Barron, "Continuously differentiable exponential linear units" (2017).
    """
    alpha = as_number(alpha, "alpha")
    if alpha == 0:
        raise RuntimeError("alpha: must not be 0")
    return _exponential_linear(input, alpha, rate=1 / alpha)


def selu(input):
    """``1.0507 * elu(input, 1.6733)``: normally distributed inputs of mean 0 and variance 1 keep both.

    Source: ``torch.nn.functional.selu``; Klambauer et al., "Self-normalizing neural networks" (2017).
    """
    return _exponential_linear(
        input, alpha=1.6732632423543772848170429916717, scale=1.0507009873554804934193352946
    )


@differentiable
def _exponential_linear(input, alpha, rate=1, scale=1):
    """``scale * input`` where positive, elsewhere ``scale * alpha * (exp(rate * input) - 1)``."""

    def formula(x):
        result = np.minimum(x, 0)
        result *= rate
        np.expm1(result, out=result)
        result *= alpha
        result += np.maximum(x, 0)
        result *= scale
        return result

    def slope(x, grad):
        result = np.minimum(x, 0)
        result *= rate
        np.exp(result, out=result)  # 1 where positive
        result *= scale
        if alpha * rate != 1:
            positive = x > 0
            result *= positive + ~positive * x.dtype.type(alpha * rate)
        result *= grad
        return result

    input = floating(input)
    return by_pieces(formula, input), lambda grad: by_pieces(slope, input, grad)


@differentiable
def gelu(input, *, approximate="none"):
    """``input * Φ(input)``, where Φ(x) is the probability that a standard normal number is at most x.

    Parameters
    ----------
    input : array_like or Tensor
        Floating point, any shape.
    approximate : {"none", "tanh"}
        "tanh" computes ``(1 + tanh(√(2/π) (x + 0.044715 x³))) / 2`` in place of Φ(x).

    Raises
    ------
    RuntimeError
        Another `approximate`.

    Source: ``torch.nn.functional.gelu``; Hendrycks and Gimpel, "Gaussian error linear units (GELUs)" (2016).
    """
    input = floating(input)
    if not isinstance(approximate, str):
        raise TypeError(f"approximate: expected 'none' or 'tanh', got {approximate!r}")
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate: expected 'none' or 'tanh', got {approximate!r}")
    if approximate == "tanh":
        return by_pieces(_gelu_by_tanh, input), lambda grad: by_pieces(_gelu_by_tanh_backward, input, grad)
    probability = normal_cdf(input)

    def slope(x, probability, grad):  # grad * (Φ(x) + x φ(x)), with the density φ(x) = exp(-x² / 2) / √(2 π)
        result = np.square(x)
        result *= -0.5
        np.exp(result, out=result)
        result *= math.sqrt(0.5 / math.pi)
        result *= x
        result += probability
        result *= grad
        return result

    return input * probability, lambda grad: by_pieces(slope, input, probability, grad)


_SCALE, _CUBIC = math.sqrt(2 / math.pi), 0.044715


def _gelu_by_tanh(x):
    return 0.5 * x * (1 + np.tanh(x * (_SCALE + _SCALE * _CUBIC * (x * x))))


def _gelu_by_tanh_backward(x, grad):
    square = x * x
    tanh = np.tanh(x * (_SCALE + _SCALE * _CUBIC * square))
    inner = _SCALE + 3 * _SCALE * _CUBIC * square
    return grad * (0.5 + 0.5 * tanh + 0.5 * x * (1 - tanh * tanh) * inner)


@differentiable
def silu(input):
    """``input * sigmoid(input)``, elementwise.

    Source: ``torch.nn.functional.silu``; Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network
    function approximation in reinforcement learning" (2018).
    """
    input = floating(input)

    def slope(x, grad):  # grad * σ * (1 + x * (1 - σ))
        sigmoid = _sigmoid(x)
        result = 1 - sigmoid
        result *= x
        result += 1
        result *= sigmoid
        result *= grad
        return result

    return by_pieces(lambda x: x * _sigmoid(x), input), lambda grad: by_pieces(slope, input, grad)


@differentiable
def swish(input, beta=1.0):
    """``input * sigmoid(beta * input)``: from half the input at ``beta = 0`` to :func:`relu` as `beta` grows.

    Parameters
    ----------
    input : array_like or Tensor, shape (), (L,) or (N, C, ...)
        Floating point.
    beta : float, or array_like or Tensor of shape (C,), (1,) or ()
        One number for all, or one for each channel, which may be learned; an array has the input's dtype.

    Raises
    ------
    RuntimeError
        A `beta` of another shape or dtype.

    Source: Ramachandran, Zoph and Le, "Searching for activation functions" (2017). PyTorch has
    :func:`silu`, which is this for ``beta = 1``.
    """
    input = floating(input)
    if not isinstance(beta, (np.ndarray, list, tuple)):
        output, grad_input, _ = _swish(input, as_number(beta, "beta"))
        return output, grad_input
    beta = np.asarray(beta)
    output, grad_input, grad_beta = _swish(input, per_channel(beta, input, "beta"))
    return output, lambda grad: (lambda: grad_input(grad), lambda: grad_beta(grad).reshape(beta.shape))


def _swish(x, beta):
    """The output and how to send a gradient back to `x` and to `beta`, a number or an array that broadcasts."""
    sigmoid = _sigmoid(beta * x)
    output = x * sigmoid

    def grad_input(grad):
        slope = 1 - sigmoid
        slope *= output
        slope *= beta
        slope += sigmoid
        slope *= grad
        return slope

    def grad_beta(grad):
        return unbroadcast(grad * x * output * (1 - sigmoid), np.shape(beta))

    return output, grad_input, grad_beta


@differentiable
def mish(input):
    """``input * tanh(softplus(input))``, elementwise.

    With w = exp(x) the hyperbolic tangent is ``w (w + 2) / (w (w + 2) + 2)``.

    Source: ``torch.nn.functional.mish``; Misra, "Mish: a self regularized non-monotonic activation function" (2020).
    """
    input = floating(input)

    def gate(w):
        return 1 / (1 + 2 / (w * (w + 2)))  # 0 and 1 where w is 0 and infinite

    def slope(x, grad):
        w = np.exp(x)
        tanh = gate(w)
        return grad * (tanh + x * (1 - tanh * tanh) / (1 + 1 / w))

    return by_pieces(lambda x: x * gate(np.exp(x)), input), lambda grad: by_pieces(slope, input, grad)


@differentiable
def softplus(input, beta=1.0, threshold=20.0):
    """``log(1 + exp(beta * input)) / beta``, elementwise; simply `input` where ``beta * input > threshold``.

    Source: ``torch.nn.functional.softplus``; Dugas et al., "Incorporating second-order functional knowledge for better
    option pricing" (2001).
    """
    input = floating(input)
    beta, threshold = as_number(beta, "beta"), as_number(threshold, "threshold")

    def formula(x):
        scaled = x * beta
        result = np.exp(scaled)
        np.log1p(result, out=result)
        result /= beta
        np.copyto(result, x, where=scaled > threshold)
        return result

    def slope(x, grad):
        scaled = x * beta
        result = _sigmoid(scaled)
        np.copyto(result, 1, where=scaled > threshold)
        result *= grad
        return result

    return by_pieces(formula, input), lambda grad: by_pieces(slope, input, grad)


@differentiable
def softsign(input):
    """``input / (1 + |input|)``, elementwise.

    Source: ``torch.nn.functional.softsign``; Bergstra et al., "Quadratic polynomials learn better image features"
    (2009).
    """
    input = as_floating(numeric(input, "input"))
    divisor = np.abs(input) + 1
    output = input / divisor
    return output, lambda grad: grad * (1 - np.abs(output)) / divisor


@differentiable
def tanhshrink(input):
    """``input - tanh(input)``, elementwise.

    Source: ``torch.nn.functional.tanhshrink``.
    """
    input = as_floating(numeric(input, "input"))
    tanh = np.tanh(input)
    return input - tanh, lambda grad: grad * tanh * tanh


# Several numbers meet


@differentiable
def glu(input, dim=-1):
    """The first half along `dim`, gated by the second: ``a * sigmoid(b)`` for an input ``[a, b]``.

    Raises
    ------
    RuntimeError
        An odd number of elements along `dim`.
    IndexError
        `dim` is not an axis of the input.

    Source: ``torch.nn.functional.glu``; Dauphin et al., "Language modeling with gated convolutional networks" (2017).
    """
    input = floating(input)
    shape, dim = divided_shape(input.shape, dim, 2)
    halves = input.reshape(math.prod(shape[:dim]), 2, math.prod(shape[dim:]))
    values, gate = halves[:, 0], _sigmoid(halves[:, 1])

    def pullback(grad):
        result = np.empty(input.shape, grad.dtype)
        first, second = result.reshape(halves.shape).swapaxes(0, 1)
        np.multiply(grad.reshape(gate.shape), gate, out=first)
        np.multiply(first, values, out=second)
        second *= 1 - gate
        return result

    return (values * gate).reshape(shape), pullback


@differentiable
def maxout(input, pieces, dim=1):
    """The largest of every `pieces` consecutive elements along `dim`: a convex function of as many straight pieces.

    Fed by a linear layer or convolution with ``pieces * m`` outputs it makes m units, each the maximum of `pieces`
    linear functions, ``h_i = max over j of z_ij``.

    Parameters
    ----------
    input : array_like or Tensor, shape (..., pieces * m, ...)
    pieces : int
        How many elements make one.
    dim : int
        The axis of the channels.

    Returns
    -------
    array or Tensor, shape (..., m, ...)
        Among equal elements the first gets the gradient. NaN is larger than every number.

    Raises
    ------
    RuntimeError
        `pieces` below 1, or an axis whose size it does not divide.
    IndexError
        `dim` is not an axis of the input.

    Source: Goodfellow et al., "Maxout networks" (2013).
    """
    input = numeric(input, "input")
    shape, dim = divided_shape(input.shape, dim, as_int(pieces, "pieces", 1), "pieces")
    groups = input.reshape(math.prod(shape[:dim]), shape[dim], pieces, math.prod(shape[dim + 1 :]))
    candidates = [groups[:, :, j] for j in range(pieces)]
    output = functools.reduce(np.maximum, candidates[1:], candidates[0].copy())

    def pullback(grad):
        result, free = np.empty(input.shape, grad.dtype), np.ones(output.shape, bool)
        for j, candidate in enumerate(candidates):
            wins = (candidate == output) | np.isnan(candidate)
            wins &= free
            free ^= wins
            result.reshape(groups.shape)[:, :, j] = select(grad.reshape(output.shape), wins)
        return result

    return output.reshape(shape), pullback


def divided_shape(shape, dim, parts, name="dim"):
    """A shape whose axis `dim` is divided by `parts`, and that axis, counted from the front."""
    dim = axis_index(dim, len(shape))
    if not shape or shape[dim] % parts:
        raise RuntimeError(f"{name}: axis {dim} of an input of shape {shape} is not a multiple of {parts}")
    return (*shape[:dim], shape[dim] // parts, *shape[dim + 1 :]), dim


# Shared


def _sigmoid(x):
    result = np.asarray(np.negative(x))
    np.exp(result, out=result)  # where that is infinite, its inverse is the 0 that is wanted
    result += 1
    return np.reciprocal(result, out=result)
