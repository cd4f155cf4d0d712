"""From scores to probabilities: softmax and its relatives. Public under :mod:`dlcore.scratch.activations`."""

import math
import warnings

import numpy as np

from .special import floating, pieces
from .tensor import differentiable
from .windows import as_int

__all__ = []  # dlcore.scratch.activations hands them out


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
        The largest input is subtracted before exponentiating, which changes nothing and cannot overflow. Where all
        are minus infinity, or one is plus infinity, it is NaN.

    Raises
    ------
    IndexError
        `dim` is not an axis of the input.
    NotImplementedError
        An input that is not floating point.

    Source: ``torch.nn.functional.softmax``; Bridle, "Probabilistic interpretation of feedforward classification
    network outputs, with relationships to statistical pattern recognition" (1990).
    """
    shape = np.shape(input)
    output = _softmax(_scores(input, dim, dtype))
    return output.reshape(shape), lambda grad: _softmax_backward(grad, output)


@differentiable
def softmin(input, dim=None, *, dtype=None):
    """``softmax(-input)``: the smallest input gets the largest share.

    Arguments, result and errors as for :func:`softmax`.

    Source: ``torch.nn.functional.softmin``.
    """
    shape = np.shape(input)
    output = _softmax(-_scores(input, dim, dtype))
    return output.reshape(shape), lambda grad: -_softmax_backward(grad, output)


@differentiable
def log_softmax(input, dim=None, *, dtype=None):
    """The logarithm of :func:`softmax`, without computing the quotient: ``x_i - log(sum over j of exp(x_j))``.

    Arguments, result and errors as for :func:`softmax`. It stays finite where the softmax itself rounds to 0.

    Source: ``torch.nn.functional.log_softmax``.
    """
    shape = np.shape(input)
    scores = _scores(input, dim, dtype)
    output = np.empty_like(scores)
    for rows in pieces(len(scores), math.prod(scores.shape[1:])):
        shifted = _below_the_largest(scores[rows], output[rows])
        shifted -= np.log(np.exp(shifted).sum(1, keepdims=True))

    def pullback(grad):
        result = np.empty(grad.shape, grad.dtype)
        grad, total = grad.reshape(output.shape), result.reshape(output.shape)
        for rows in pieces(len(output), math.prod(output.shape[1:])):
            np.exp(output[rows], out=total[rows])
            total[rows] *= -grad[rows].sum(1, keepdims=True)
            total[rows] += grad[rows]
        return result

    return output.reshape(shape), pullback


def _softmax(scores):
    """The softmax along the second axis; a few rows at a time, while they are in the cache."""
    output = np.empty_like(scores)
    for rows in pieces(len(scores), math.prod(scores.shape[1:])):
        part = _below_the_largest(scores[rows], output[rows])
        np.exp(part, out=part)
        part /= part.sum(1, keepdims=True)
    return output


def _softmax_backward(grad, output):
    """``output * (grad - sum of grad * output)``: from the output's gradient to that of the scores."""
    result = np.empty(grad.shape, grad.dtype)
    grad, total = grad.reshape(output.shape), result.reshape(output.shape)
    for rows in pieces(len(output), math.prod(output.shape[1:])):
        weighted = np.einsum("nc...,nc...->n...", grad[rows], output[rows])[:, np.newaxis]
        part = np.subtract(grad[rows], weighted, out=total[rows])
        part *= output[rows]
    return result


def _below_the_largest(scores, output):
    """`scores` less the largest along the second axis, into `output`."""
    return np.subtract(scores, scores.max(1, keepdims=True, initial=-np.inf), out=output)


def _scores(input, dim, dtype):
    """The input with the classes on the second axis: what comes before flattened in front, what follows behind."""
    array = np.asarray(input) if dtype is None else np.asarray(input).astype(dtype)
    array = floating(array)
    if dim is None:
        dim = implicit_axis(array.ndim)
        warnings.warn(f"dim: not given, taking {dim}; say which axis holds the classes", stacklevel=5)
    dim = axis_index(dim, array.ndim)
    shape = array.shape or (1,)
    rest = math.prod(shape[dim + 1 :])
    return array.reshape(math.prod(shape[:dim]), shape[dim], *((rest,) if rest != 1 else ()))


def axis_index(dim, axes):
    """`dim`, an axis of an array with so many, counted from the front; a single number counts as one axis."""
    axes = max(1, axes)
    if not -axes <= as_int(dim, "dim") < axes:
        raise IndexError(f"dim: expected an axis from {-axes} to {axes - 1}, got {dim}")
    return dim % axes


def implicit_axis(axes):
    """The axis that the softmax family takes when told none."""
    return 0 if axes in (0, 1, 3) else 1
