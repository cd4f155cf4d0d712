"""Activation functions: the non-linearity between two linear layers. Signatures are ``torch.nn.functional``'s."""

import warnings

import numpy as np

from .arithmetic import select
from .tensor import differentiable
from .windows import as_int, numeric

__all__ = ["log_softmax", "relu", "softmax"]


@differentiable
def relu(input):
    """``max(0, input)``, elementwise.

    The gradient is 0 at 0. NaN stays NaN. There is no `inplace`: the tape needs the input.

    Source: ``torch.nn.functional.relu``; Nair and Hinton, "Rectified linear units improve restricted Boltzmann
    machines" (2010).
    """
    input = numeric(input, "input")
    return np.maximum(input, 0), lambda grad: select(grad, ~(input <= 0))


@differentiable
def softmax(input, dim=None, *, dtype=None):
    """Positive numbers that add up to 1 along `dim`: ``exp(x_i) / sum over j of exp(x_j)``.

    Parameters
    ----------
    input : array_like or Tensor
        Floating point, any shape.
    dim : int
        The axis of the classes. Leaving it out warns and takes 0 for 0, 1 or 3 axes, otherwise 1.
    dtype : dtype, optional
        Convert the input to this first.

    Returns
    -------
    array or Tensor, of the input's shape
        The largest input is subtracted before exponentiating, which changes nothing and cannot overflow.

    Raises
    ------
    IndexError
        `dim` is not an axis of the input.
    NotImplementedError
        An input that is not floating point.

    Source: ``torch.nn.functional.softmax``.
    """
    original, input, dim = _check(input, dim, dtype)
    output = np.exp(input - input.max(axis=dim, keepdims=True, initial=-np.inf))
    output /= output.sum(axis=dim, keepdims=True)

    def pullback(grad):
        product = grad * output
        product -= output * product.sum(axis=dim, keepdims=True)
        return product.reshape(original.shape)

    return output.reshape(original.shape), pullback


@differentiable
def log_softmax(input, dim=None, *, dtype=None):
    """The logarithm of :func:`softmax`, without computing the quotient: ``x_i - log(sum over j of exp(x_j))``.

    Arguments, result and errors as for :func:`softmax`. It stays finite where the softmax itself rounds to 0.

    Source: ``torch.nn.functional.log_softmax``.
    """
    original, input, dim = _check(input, dim, dtype)
    output = input - input.max(axis=dim, keepdims=True, initial=-np.inf)
    output -= np.log(np.exp(output).sum(axis=dim, keepdims=True))

    def pullback(grad):
        return (grad - np.exp(output) * grad.sum(axis=dim, keepdims=True)).reshape(original.shape)

    return output.reshape(original.shape), pullback


def _check(input, dim, dtype):
    """The input as given, the input to compute with (at least one axis), and its axis `dim`."""
    original = np.asarray(input)
    converted = original if dtype is None else original.astype(dtype)
    if not np.issubdtype(converted.dtype, np.floating):
        raise NotImplementedError(f"input: expected floating point, got {converted.dtype}")
    if dim is None:
        dim = 0 if original.ndim in (0, 1, 3) else 1
        warnings.warn(f"dim: not given, taking {dim}; say which axis holds the classes", stacklevel=4)
    axes = max(1, original.ndim)
    if not -axes <= as_int(dim, "dim") < axes:
        raise IndexError(f"dim: expected an axis from {-axes} to {axes - 1}, got {dim}")
    return original, np.atleast_1d(converted), dim
