"""Losses: one number that says how wrong a prediction is. Signatures are those of ``torch.nn.functional``."""

import numbers

import numpy as np

from .activations import log_softmax
from .tensor import differentiable
from .windows import as_int

__all__ = ["cross_entropy"]


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
        Class indices of dtype int64 or uint8, of the input's shape without its axis C; or probabilities q of the
        input's shape and dtype.
    weight : array_like or Tensor, shape (C,), optional
        How much each class counts.
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
    axis = _check(input, target, weight, ignore_index, reduction, label_smoothing)
    classes = input.shape[axis]
    weight = np.ones(classes, input.dtype) if weight is None else np.asarray(weight)
    scores = np.moveaxis(input, axis, -1)
    shape = scores.shape
    log_p = log_softmax(scores.reshape(-1, classes), 1)
    if target.shape == input.shape:
        q = np.moveaxis(target, axis, -1).reshape(-1, classes)
        losses, divisor, grad_scores = _of_probabilities(log_p, q, weight, label_smoothing)
    else:
        losses, divisor, grad_scores = _of_indices(
            log_p, target.reshape(-1), weight, ignore_index, label_smoothing
        )
    with np.errstate(invalid="ignore", divide="ignore"):  # the mean of no examples
        scale = input.dtype.type(1) / input.dtype.type(divisor if reduction == "mean" else 1)
    output = losses.reshape(shape[:-1]) if reduction == "none" else losses.sum() * scale

    def pullback(grad):
        share = np.broadcast_to(grad * scale, shape[:-1]).reshape(-1, 1)
        return (
            lambda: np.moveaxis(grad_scores(share).reshape(shape), -1, axis),
            lambda: np.moveaxis(((label_smoothing - 1) * share * log_p * weight).reshape(shape), -1, axis),
        )

    return output, pullback


def _of_probabilities(log_p, q, weight, label_smoothing):
    """The loss of each example against the distributions `q`, what a mean divides by, and the scores' gradient."""
    wanted = weight * ((1 - label_smoothing) * q + label_smoothing / q.shape[1] if label_smoothing else q)

    def grad_scores(share):
        return (np.exp(log_p) * wanted.sum(1, keepdims=True) - wanted) * share

    return -(log_p * wanted).sum(1), len(q), grad_scores


def _of_indices(log_p, indices, weight, ignore_index, label_smoothing):
    """The same against class indices, where q is 1 at one class and 0 elsewhere, and is never written out."""
    kept = np.flatnonzero(indices != ignore_index)
    chosen = indices[kept]
    losses = np.zeros(len(log_p), log_p.dtype)
    losses[kept] = -log_p[kept, chosen] * weight[chosen]
    even = (label_smoothing / log_p.shape[1] * weight).astype(log_p.dtype, copy=False)
    if label_smoothing:
        losses[kept] = (1 - label_smoothing) * losses[kept] - (log_p[kept] * even).sum(1)

    def grad_scores(share):
        right = ((1 - label_smoothing) * weight[chosen]).astype(log_p.dtype, copy=False)
        p = np.exp(log_p[kept])
        p *= (right + even.sum())[:, np.newaxis]
        p -= even
        p[np.arange(len(kept)), chosen] -= right
        p *= share[kept]
        result = np.zeros_like(log_p)
        result[kept] = p
        return result

    return losses, weight[chosen].sum(), grad_scores


def _check(input, target, weight, ignore_index, reduction, label_smoothing):
    """The axis of the classes."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction: expected 'mean', 'sum' or 'none', got {reduction!r}")
    ignore_index = as_int(ignore_index, "ignore_index")
    if not isinstance(label_smoothing, numbers.Real):
        raise TypeError(f"label_smoothing: expected a number from 0 to 1, got {label_smoothing!r}")
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing: expected a number from 0 to 1, got {label_smoothing!r}")
    if input.ndim == 0 or not np.issubdtype(input.dtype, np.floating):
        raise RuntimeError(
            f"input: expected floating-point scores (N, C, ...), got {input.dtype} {input.shape}"
        )
    axis = 0 if input.ndim == 1 else 1
    classes = input.shape[axis]
    if weight is not None:
        weight = np.asarray(weight)
        if weight.shape != (classes,):
            raise RuntimeError(
                f"weight: expected one for each of {classes} classes, got shape {weight.shape}"
            )
        if weight.dtype != input.dtype:
            raise RuntimeError(f"weight: expected the input's dtype {input.dtype}, got {weight.dtype}")
    if target.shape == input.shape:
        if target.dtype != input.dtype:
            raise RuntimeError(
                f"target: class probabilities must have dtype {input.dtype}, got {target.dtype}"
            )
        if ignore_index >= 0:
            raise RuntimeError(f"ignore_index: only for class indices, got {ignore_index} with probabilities")
        return axis
    expected = input.shape[:axis] + input.shape[axis + 1 :]
    batch = len(input) if input.ndim > 1 else 1
    if (target.ndim or batch > 1) and target.shape[:1] != (batch,):
        raise ValueError(f"target: expected a batch of {batch}, got shape {target.shape}")
    if target.shape != expected:
        raise RuntimeError(
            f"target: expected indices of shape {expected} or probabilities, got shape {target.shape}"
        )
    if target.dtype not in (np.int64, np.uint8):
        raise RuntimeError(f"target: class indices must have dtype int64 or uint8, got {target.dtype}")
    wrong = (target != ignore_index) & ((target < 0) | (target >= classes))
    if wrong.any():
        raise IndexError(f"target: class indices go from 0 to {classes - 1}, got {target[wrong].flat[0]}")
    return axis
