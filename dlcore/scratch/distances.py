"""Distances and angles between vectors. Public under :mod:`dlcore.scratch.metric_losses`."""

import functools
import math

import numpy as np

from .arithmetic import unbroadcast
from .probabilities import axis_index
from .reductions import broadcast_shape, promoted, sign
from .special import floating
from .tensor import differentiable
from .windows import as_bool, as_number

__all__ = []  # dlcore.scratch.metric_losses hands them out


@differentiable
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors, ``x1 · x2 / (max(|x1|, eps) max(|x2|, eps))``.

    Parameters
    ----------
    x1, x2 : array_like or Tensor
        Vectors along `dim`; they are broadcast.
    dim : int
        The axis of the vectors after broadcasting.
    eps : float, not negative
        The length that shorter vectors are taken to have.

    Returns
    -------
    array or Tensor
        Of the inputs' shape without `dim`, from -1 to 1.

    Raises
    ------
    RuntimeError
        Shapes that cannot be broadcast, a negative `eps`, integers only.
    IndexError
        `dim` is not an axis.
    TypeError
        Options of another kind.

    Source: ``torch.nn.functional.cosine_similarity``.
    """
    eps = as_number(eps, "eps")
    if not eps >= 0:
        raise RuntimeError(f"eps: must not be negative, got {eps}")
    if np.asarray(x1).dtype.kind != "f" and np.asarray(x2).dtype.kind != "f":
        raise RuntimeError("x1: expected floating point, here or in x2")
    x1, x2 = promoted(x1=x1, x2=x2)
    shape = broadcast_shape(x1=x1, x2=x2)
    dim = axis_index(dim, len(shape))
    units, shrink, lengths = [], [], []
    for vectors in (x1, x2):
        vectors = np.atleast_1d(np.broadcast_to(vectors, shape))
        lengths.append(np.sqrt(dots(vectors, vectors, dim)))
        shrink.append(np.maximum(lengths[-1], eps))
        units.append(vectors / shrink[-1])  # before the product, which might overflow
    output = dots(*units, dim)

    def towards(grad, place):
        aside = np.where(lengths[place] == 0, 0, grad * output / lengths[place])
        result = units[1 - place] * (grad / shrink[place])
        result -= units[place] * aside
        return result

    def pullback(grad):
        grad = np.expand_dims(grad, dim)
        return (
            lambda: unbroadcast(towards(grad, 0), x1.shape),
            lambda: unbroadcast(towards(grad, 1), x2.shape),
        )

    return output.squeeze(dim), pullback


@differentiable
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The p-norm of ``x1 - x2 + eps`` along the last axis.

    Parameters
    ----------
    x1, x2 : array_like or Tensor, shape (..., D)
        They are broadcast.
    p : float
        2 for the Euclidean distance, 1 for the sum of absolute differences, infinity for the largest of them.
    eps : float
        Added to every difference, so that the distance of equal vectors has a gradient.
    keepdim : bool
        Keep the last axis, of size 1.

    Returns
    -------
    array or Tensor, shape (...)

    Raises
    ------
    RuntimeError
        Shapes that cannot be broadcast; the largest of no differences.
    TypeError
        Options of another kind.

    Source: ``torch.nn.functional.pairwise_distance``.
    """
    p, eps, keepdim = as_number(p, "p"), as_number(eps, "eps"), as_bool(keepdim, "keepdim")
    x1, x2 = promoted(x1=x1, x2=x2)
    distance, towards = distance_between(x1, x2, p, eps, "x2")
    output = distance[..., np.newaxis] if keepdim and (x1.ndim or x2.ndim) else distance

    def pullback(grad):
        down = functools.cache(lambda: towards(grad.reshape(distance.shape)))
        return lambda: unbroadcast(down(), x1.shape), lambda: unbroadcast(-down(), x2.shape)

    return output, pullback if p else lambda grad: (None, None)


@differentiable
def normalize(input, p=2.0, dim=1, eps=1e-12):
    """Vectors scaled to length 1: ``input / max(|input|, eps)`` with the p-norm along `dim`.

    Parameters
    ----------
    input : array_like or Tensor
    p : float
        As for :func:`pairwise_distance`.
    dim : int, tuple of int or None
        The axis of the vectors, several, or all of them, which the empty tuple stands for too.
    eps : float
        The length that shorter vectors are taken to have.

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    RuntimeError
        Integers; an axis given twice; the largest of no elements.
    IndexError
        `dim` is not an axis.
    TypeError
        Options of another kind.

    Source: ``torch.nn.functional.normalize``.
    """
    p, eps = as_number(p, "p"), as_number(eps, "eps")
    original = floating(input)
    array = np.atleast_1d(original)
    dims = dim if isinstance(dim, (tuple, list)) else () if dim is None else (dim,)
    dims = tuple(axis_index(item, original.ndim) for item in dims) or tuple(range(array.ndim))
    if len(set(dims)) < len(dims):
        raise RuntimeError(f"dim: an axis is given twice, got {dim}")
    length, slope = norm(array, p, dims, "input")
    shrink = np.maximum(length, eps)
    output = array / shrink

    def pullback(grad):
        grad = grad.reshape(array.shape)
        if p == 0:
            return (grad / shrink).reshape(original.shape)
        along = dots(grad, output, dims[0]) if len(dims) == 1 else (grad * output).sum(dims, keepdims=True)
        result = slope()
        result *= np.where(length >= eps, along, 0)
        np.subtract(grad, result, out=result)
        result /= shrink
        return result.reshape(original.shape)

    return output.reshape(original.shape), pullback


def dots(one, other, dim):
    """Inner products along `dim`, which is kept; along the last axis as matrix products."""
    if dim == one.ndim - 1:
        return np.vecdot(one, other)[..., np.newaxis]
    return (one * other).sum(dim, keepdims=True)


def distance_between(x1, x2, p, eps, name):
    """The p-norm of ``x1 - x2 + eps`` along the last axis, and how a gradient goes back to the difference."""
    broadcast_shape(**{"x1": x1, name: x2})
    difference = np.atleast_1d(x1 - x2)
    difference += eps
    distance, slope = norm(difference, p, (difference.ndim - 1,), name)
    return distance[..., 0], lambda grad: slope() * unbroadcast(grad, distance.shape[:-1])[..., np.newaxis]


def norm(array, p, dims, name):
    """The p-norm along the axes `dims`, which are kept, and the function that gives its derivative, 0 at 0."""
    if (p < 0 or p == math.inf) and 0 in (array.shape[dim] for dim in dims):
        raise RuntimeError(f"{name}: for p = {p} nothing has no norm, got shape {array.shape}")
    if p == 2 and len(dims) == 1:
        norm = np.sqrt(dots(array, array, dims[0]))
    elif abs(p) == math.inf:
        extreme = np.max if p > 0 else np.min
        norm = extreme(np.abs(array), axis=dims, keepdims=True)
    elif p == 0:
        norm = (array != 0).sum(dims, keepdims=True).astype(array.dtype)
    else:
        norm = (np.abs(array) ** p).sum(dims, keepdims=True) ** (1 / p)

    def slope():
        if p == 2:
            return array / np.where(norm == 0, 1, norm)
        if abs(p) == math.inf:
            winners = (np.abs(array) == norm) | np.isnan(array)
            return sign(array) * winners / winners.sum(dims, keepdims=True, dtype=array.dtype)
        nothing = (array == 0) | (norm == 0)  # the norm also where the powers round to 0
        return np.where(nothing, 0, sign(array) * (np.abs(array) / norm) ** (p - 1))

    return norm, slope
