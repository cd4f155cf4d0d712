"""Losses of a class among several. Public under :mod:`dlcore.scratch.losses`."""

import math

import numpy as np

from ._indices import is_class_dtype
from .reductions import check_reduction, promoted, reduced
from .special import pieces
from .tensor import differentiable
from .windows import as_int, as_number

__all__ = []  # dlcore.scratch.losses hands them out


@differentiable
def cross_entropy(input, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """The negative log-probability that softmax gives the right class.

    With class probabilities p = softmax(input) and a target distribution q, the loss of one example is ``-sum over c
    of weight[c] * q[c] * log(p[c])``, and its gradient with respect to the input is p - q where the weights are 1.

    Parameters
    ----------
    input : array_like or Tensor, shape (C,), (N, C) or (N, C, d1, ...)
        Scores (logits), not probabilities.
    target : array_like or Tensor
        Class indices of dtype int64 or uint8, of the input's shape without its axis C; or probabilities q, of the
        input's shape.
    weight : array_like or Tensor, shape (C,), optional
        How much each class counts. It has a gradient for probabilities only; for indices, to ask for one is an error
        in the backward pass (in PyTorch already in the forward pass).
    ignore_index : int
        Examples of this class index count nothing. Not for probabilities.
    reduction : {"mean", "sum", "none"}
        For indices, "mean" divides by the weights of the examples' classes, for probabilities by their number.
    label_smoothing : float, from 0 to 1
        Replace q by ``(1 - label_smoothing) * q + label_smoothing / C``.

    Returns
    -------
    array or Tensor
        A scalar, or the target's shape without classes for "none". The mean of no examples is NaN.

    Raises
    ------
    RuntimeError
        Shapes or dtypes that do not fit together, a smoothing out of range, `ignore_index` with probabilities.
    ValueError
        An unknown `reduction`, a batch of another size.
    IndexError
        A class index outside of 0 to C - 1.

    Source: ``torch.nn.functional.cross_entropy``; label smoothing: Szegedy et al., "Rethinking the Inception
    architecture for computer vision" (2016).
    """
    input, target = np.asarray(input), np.asarray(target)
    check_reduction(reduction)
    label_smoothing = as_number(label_smoothing, "label_smoothing")
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing: expected a number from 0 to 1, got {label_smoothing!r}")
    weight = _check_scores(input, weight, ignore_index)
    if target.shape == input.shape:
        _check_probabilities(target, ignore_index)
        return _against_probabilities(input, target, weight, reduction, label_smoothing)
    _check_indices(input, target, weight, ignore_index)
    return _against_indices(input, target, weight, ignore_index, reduction, label_smoothing)


@differentiable
def nll_loss(input, target, weight=None, *, ignore_index=-100, reduction="mean"):
    """The negative log-likelihood, ``-weight[target] * input[target]``, of log-probabilities.

    It is what :func:`cross_entropy` does after :func:`log_softmax`.

    Parameters
    ----------
    input : array_like or Tensor, shape (C,), (N, C) or (N, C, d1, ...)
        Log-probabilities.
    target : array_like or Tensor
        Class indices of dtype int64 or uint8, of the input's shape without its axis C.
    weight : array_like or Tensor, shape (C,), optional
        How much each class counts; it has no gradient, as in :func:`cross_entropy`.
    ignore_index : int
        Examples of this class index count nothing.
    reduction : {"mean", "sum", "none"}
        "mean" divides by the weights of the examples' classes.

    Returns
    -------
    array or Tensor
        A scalar, or the target's shape for "none". The mean of no examples is NaN.

    Raises
    ------
    RuntimeError, ValueError, IndexError
        As :func:`cross_entropy` for class indices.

    Source: ``torch.nn.functional.nll_loss``.
    """
    input, target = np.asarray(input), np.asarray(target)
    check_reduction(reduction)
    if input.ndim == 0:
        raise ValueError("input: expected log-probabilities (C,) or (N, C, ...), got a number")
    weight = _check_scores(input, weight, ignore_index)
    _check_indices(input, target, weight, ignore_index)
    scores = _by_class(input)
    kept, chosen, weights = _chosen(scores, target, weight, ignore_index)
    picked = np.take_along_axis(scores, chosen, 1)[:, 0]
    losses = np.where(kept, -picked * weights, 0)
    output, share = reduced(losses.reshape(target.shape), reduction, weights.sum())

    def pullback(grad):
        result = np.zeros(scores.shape, scores.dtype)
        part = np.where(kept, -_each(share(grad), kept.shape) * weights, 0)
        np.put_along_axis(result, chosen, part[:, np.newaxis], 1)
        return (result.reshape(input.shape),)

    return output, pullback


def _against_indices(input, target, weight, ignore_index, reduction, label_smoothing):
    """Cross entropy where q is 1 at one class and 0 elsewhere, and is never written out."""
    scores = _by_class(input)
    powers, largest, total = _exponentials(scores)
    kept, chosen, weights = _chosen(scores, target, weight, ignore_index)
    right = (1 - label_smoothing) * weights
    losses = -right * (np.take_along_axis(scores, chosen, 1) - largest - np.log(total))[:, 0]
    if label_smoothing:
        even = np.full(scores.shape[1], label_smoothing / max(1, scores.shape[1]), scores.dtype)
        even = (even if weight is None else even * weight)[:, np.newaxis]
        losses -= (_log_p(scores, largest, total) * even).sum(1)
    losses = np.where(kept, losses, 0)
    output, share = reduced(losses.reshape(target.shape), reduction, weights.sum())

    def pullback(grad):
        grad = np.where(kept, _each(share(grad), kept.shape), 0)
        factor = right + even.sum() if label_smoothing else right
        result = powers * (grad * factor / total[:, 0])[:, np.newaxis]
        if label_smoothing:
            result -= even * grad[:, np.newaxis]
        at_chosen = np.take_along_axis(result, chosen, 1) - (grad * right)[:, np.newaxis]
        np.put_along_axis(result, chosen, at_chosen, 1)
        return (result.reshape(input.shape),)

    return output, pullback


def _against_probabilities(input, target, weight, reduction, label_smoothing):
    """Cross entropy with a distribution q for each example."""
    weight = np.ones(1, np.int8) if weight is None else weight
    scores, q, weight = promoted(
        input=_by_class(input), target=_by_class(target), weight=weight[:, np.newaxis]
    )
    powers, largest, total = _exponentials(scores)
    if label_smoothing:
        q = (1 - label_smoothing) * q + label_smoothing / max(1, q.shape[1])
    log_p, wanted = _log_p(scores, largest, total), q * weight
    losses = -(log_p * wanted).sum(1)
    shape = target.shape[: min(1, target.ndim - 1)] + target.shape[2:]
    output, share = reduced(losses.reshape(shape), reduction, losses.size if q.shape[1] else 0)

    def pullback(grad):
        grad = _each(share(grad), losses.shape)[:, np.newaxis]
        return (
            lambda: ((powers * (wanted.sum(1, keepdims=True) / total) - wanted) * grad).reshape(input.shape),
            lambda: (log_p * weight * ((label_smoothing - 1) * grad)).reshape(input.shape),
            lambda: -(log_p * q * grad).sum((0, 2)),
        )  # fmt: skip

    return output, pullback


def _by_class(array):
    """``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)`` as ``(N, C, d1 * ...)``."""
    shape = (1, *array.shape) if array.ndim == 1 else array.shape
    return array.reshape(*shape[:2], math.prod(shape[2:]))


def _each(share, shape):
    """The gradient of each example's loss, given one for all or one for each."""
    return share.reshape(shape) if share.ndim else np.broadcast_to(share, shape)


def _exponentials(scores):
    """``exp(scores - largest)``, the largest score, and the sum of the exponentials, along the axis of the classes.

    The first divided by the last is the softmax. The passes over a few rows follow one another while they are in the
    cache.
    """
    powers = np.empty(scores.shape, scores.dtype)
    largest = np.empty((len(scores), 1, scores.shape[2]), scores.dtype)
    total = np.empty_like(largest)
    for rows in pieces(len(scores), math.prod(scores.shape[1:])):
        np.max(scores[rows], axis=1, keepdims=True, initial=-np.inf, out=largest[rows])
        np.subtract(scores[rows], largest[rows], out=powers[rows])
        np.exp(powers[rows], out=powers[rows])
        np.sum(powers[rows], axis=1, keepdims=True, out=total[rows])
    return powers, largest, total


def _log_p(scores, largest, total):
    """The logarithm of the softmax, for every class."""
    result = scores - largest
    result -= np.log(total)
    return result


def _chosen(scores, target, weight, ignore_index):
    """Which examples count, their classes (N, 1, M) for ``take_along_axis``, and the weight of each example."""
    target = target.reshape(len(scores), scores.shape[2])
    kept = target != ignore_index
    chosen = np.where(kept, target, 0).astype(np.intp)
    weights = kept.astype(scores.dtype) if weight is None else np.where(kept, weight[chosen], 0)
    return kept, chosen[:, np.newaxis], weights


def _check_scores(input, weight, ignore_index):
    """Raise unless `input` holds scores of classes and `weight` one number for each of them; return it as an array."""
    as_int(ignore_index, "ignore_index")
    if input.ndim == 0 or input.dtype.kind != "f":
        raise NotImplementedError(
            f"input: expected floating-point scores (N, C, ...), got {input.dtype} {input.shape}"
        )
    if weight is None:
        return None
    weight, classes = np.asarray(weight), input.shape[min(1, input.ndim - 1)]
    if weight.shape != (classes,):
        raise RuntimeError(f"weight: expected one for each of {classes} classes, got shape {weight.shape}")
    return weight


def _check_probabilities(target, ignore_index):
    if target.dtype.kind != "f":
        raise RuntimeError(f"target: class probabilities must be floating point, got {target.dtype}")
    if ignore_index >= 0:
        raise RuntimeError(f"ignore_index: only for class indices, got {ignore_index} with probabilities")


def _check_indices(input, target, weight, ignore_index):
    """Raise unless `target` holds a class index for each example."""
    axis = min(1, input.ndim - 1)
    expected, classes = input.shape[:axis] + input.shape[axis + 1 :], input.shape[axis]
    batch = len(input) if axis else 1
    if (target.ndim or axis) and target.shape[:1] != (batch,):
        raise ValueError(f"target: expected a batch of {batch}, got shape {target.shape}")
    if target.shape != expected:
        raise RuntimeError(f"target: expected class indices of shape {expected}, got shape {target.shape}")
    if not is_class_dtype(target.dtype):
        raise RuntimeError(f"target: class indices must have dtype int64 or uint8, got {target.dtype}")
    wrong = (target != ignore_index) & ((target < 0) | (target >= classes))
    if not classes and target.size:
        raise IndexError(f"target: there is no class, got shape {target.shape}")
    if wrong.any():
        raise IndexError(f"target: class indices go from 0 to {classes - 1}, got {target[wrong].flat[0]}")
    if weight is not None and weight.dtype != input.dtype:
        raise RuntimeError(f"weight: expected the input's dtype {input.dtype}, got {weight.dtype}")
