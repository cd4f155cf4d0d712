"""Losses: one number that says how wrong a prediction is. Signatures are those of ``torch.nn.functional``.

Here stand the losses of a difference, those between probabilities, and those with a margin; the losses of a class among
several in :mod:`dlcore.scratch.classification_losses`.
"""

import warnings

import numpy as np

from .activations import logsigmoid, sigmoid
from .arithmetic import unbroadcast
from .classification_losses import cross_entropy, nll_loss
from .reductions import (
    TINY,
    broadcast_shape,
    check_reduction,
    elementwise,
    promoted,
    reduced,
    sign,
    weighted,
)
from .special import floating
from .tensor import differentiable
from .windows import as_bool, as_number, numeric

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "hinge_embedding_loss", "huber_loss",
    "kl_div", "l1_loss", "margin_ranking_loss", "mse_loss", "nll_loss", "smooth_l1_loss",
]  # fmt: skip


# Losses of the difference between input and target


@differentiable
def mse_loss(input, target, *, reduction="mean", weight=None):
    """The squared error, ``(input - target)**2``.

    Parameters
    ----------
    input, target : array_like or Tensor
        Of one shape; others are broadcast, with a warning. One of the two may hold integers or booleans.
    reduction : {"mean", "sum", "none"}
        With a `weight`, "mean" divides by the sum of the weights.
    weight : array_like or Tensor, optional
        How much each element counts, of the input's shape.

    Returns
    -------
    array or Tensor
        A scalar, or a loss for each element for "none". The mean of nothing is NaN.

    Raises
    ------
    RuntimeError
        Shapes that cannot be broadcast; no floating point.
    ValueError
        An unknown `reduction`, a `weight` of another shape.

    Source: ``torch.nn.functional.mse_loss``.
    """
    return _of_difference(input, target, weight, reduction, np.square, lambda d: 2 * d)


@differentiable
def l1_loss(input, target, *, reduction="mean", weight=None):
    """The absolute error, ``|input - target|``. Its gradient at 0 is 0.

    Arguments, result and errors as for :func:`mse_loss` (PyTorch takes no booleans here). Unless `reduction` is "mean",
    both may hold integers.

    Source: ``torch.nn.functional.l1_loss``.
    """
    return _of_difference(input, target, weight, reduction, np.abs, sign)


@differentiable
def smooth_l1_loss(input, target, *, reduction="mean", beta=1.0):
    """The squared error where it is small, the absolute error where it is large.

    Of a difference d it is ``d**2 / (2 beta)`` for ``|d| < beta`` and ``|d| - beta / 2`` elsewhere.

    Arguments, result and errors as for :func:`mse_loss`. With ``beta=0`` it is :func:`l1_loss`; a negative `beta` is a
    RuntimeError.

    Source: ``torch.nn.functional.smooth_l1_loss``; Girshick, "Fast R-CNN" (2015), equation 3.
    """
    beta = as_number(beta, "beta")
    if not beta >= 0:
        raise RuntimeError(f"beta: must not be negative, got {beta}")
    if beta == 0:
        return _of_difference(input, target, None, reduction, np.abs, sign)

    def loss(d):
        inner = np.clip(d, -beta, beta)
        return inner * (d - inner / 2) / beta

    return _of_difference(input, target, None, reduction, loss, lambda d: np.clip(d, -beta, beta) / beta)


@differentiable
def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """The squared error where it is small, a multiple of the absolute error where it is large.

    Of a difference d it is ``d**2 / 2`` for ``|d| < delta`` and ``delta (|d| - delta / 2)`` elsewhere: delta times
    :func:`smooth_l1_loss`.

    Arguments, result and errors as for :func:`mse_loss`, but "mean" divides by the number of elements even with a
    `weight`, the result has the input's dtype, and `delta` must be positive (RuntimeError).

    Source: ``torch.nn.functional.huber_loss``; Huber, "Robust estimation of a location parameter" (1964).
    """
    delta = as_number(delta, "delta")
    if not delta > 0:
        raise RuntimeError(f"delta: must be positive, got {delta}")
    input = floating(input)
    target = np.asarray(target).astype(input.dtype, copy=False)

    def loss(d):
        inner = np.clip(d, -delta, delta)
        return inner * (d - inner / 2)

    output, pullback = _of_difference(
        input, target, weight, reduction, loss, lambda d: np.clip(d, -delta, delta), by_weight=False
    )

    def in_order(grad):
        *others, grad_weight = pullback(grad)
        return *others, None, grad_weight  # delta stands before the weight

    return output, pullback if weight is None else in_order


def _of_difference(input, target, weight, reduction, loss, slope, by_weight=True):
    """``loss(d)`` of the difference d = input - target, where `slope` is its derivative.

    The pullback gives the gradients of input and target, and of reduction and weight if there is a weight.
    """
    check_reduction(reduction)
    input, target = _pair(input, target)
    dtype = np.result_type(input, target)
    if dtype.kind != "f" and (reduction == "mean" or loss is not np.abs):
        raise NotImplementedError(f"input: expected floating point, got {dtype}")

    def losses(x, y):
        return loss(x - y)

    slopes = (lambda x, y: slope(x - y)), (lambda x, y: -slope(x - y))
    if weight is None:
        return elementwise(losses, slopes, (input, target), reduction)

    weight = _weight_like(input, weight, dtype)
    by_weight = by_weight and reduction == "mean"
    divisor = weight.sum() if by_weight else None
    slopes = (*map(weighted, slopes), lambda x, y, _: losses(x, y))  # the loss is linear in the weight
    output, pullback = elementwise(weighted(losses), slopes, (input, target, weight), reduction, divisor)

    def with_divisor(grad):
        *others, grad_weight = pullback(grad)
        # The weights also stand in the divisor
        return *others, None, lambda: grad_weight() - (output * grad / divisor if by_weight else 0)

    return output, with_divisor


def _pair(input, target):
    """Input and target as numbers that can be subtracted; a warning if they are broadcast."""
    input, target = np.asarray(input), np.asarray(target)
    if input.dtype == target.dtype == bool:
        raise NotImplementedError("input: booleans cannot be subtracted")
    input, target = _numbers(input, "input"), _numbers(target, "target")
    if input.shape != target.shape:
        broadcast_shape(input=input, target=target)
        warnings.warn(
            f"target: has shape {target.shape} where the input has {input.shape}; they are broadcast, which is seldom "
            "meant",
            stacklevel=6,
        )
    if input.dtype.kind != target.dtype.kind and "f" in (input.dtype.kind, target.dtype.kind):
        input, target = promoted(input=input, target=target)
    return input, target


def _numbers(array, name):
    """`array` as an array of real numbers, which booleans are too."""
    array = np.asarray(array)
    return array.astype(np.int8) if array.dtype == bool else numeric(array, name)


def _weight_like(input, weight, dtype):
    """The weight of each element; integers in the losses' dtype."""
    weight = _numbers(weight, "weight")
    if weight.shape != input.shape:
        raise ValueError(f"weight: expected the input's shape {input.shape}, got {weight.shape}")
    return weight if weight.dtype.kind == "f" else weight.astype(dtype)


# Losses between probabilities


@differentiable
def kl_div(input, target, *, reduction="mean", log_target=False):
    """The Kullback-Leibler divergence of log-probabilities `input` from probabilities `target`.

    Each element adds ``target * (log(target) - input)``, and 0 where the target is 0.

    Parameters
    ----------
    input : array_like or Tensor
        Log-probabilities.
    target : array_like or Tensor
        Probabilities, of a shape that can be broadcast with the input's.
    reduction : {"mean", "batchmean", "sum", "none"}
        "batchmean", the sum divided by the input's first axis, is the divergence of the definition; "mean" divides
        by the number of elements and warns.
    log_target : bool
        Whether `target` too holds logarithms: the loss is then ``exp(target) * (target - input)``.

    Returns
    -------
    array or Tensor
        A scalar, or a loss for each element for "none".

    Raises
    ------
    RuntimeError
        Shapes that cannot be broadcast, integers.
    ValueError
        An unknown `reduction`.
    TypeError
        A `log_target` that is not a bool.

    Source: ``torch.nn.functional.kl_div``; Kullback and Leibler, "On information and sufficiency" (1951).
    """
    check_reduction(reduction, "batchmean")
    log_target = as_bool(log_target, "log_target")
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides by the number of elements; 'batchmean' gives the divergence", stacklevel=4
        )  # fmt: skip
    input, target = floating(input), floating(target, "target")
    broadcast_shape(input=input, target=target)

    if log_target:

        def loss(x, t):
            return np.exp(t) * (t - x)

        slopes = (lambda x, t: -np.exp(t)), (lambda x, t: np.exp(t) * (t - x) + np.exp(t))
    else:

        def loss(x, t):
            return t * np.log(np.where(t == 0, 1, t)) - t * x

        # The derivative of t log(t) is log(t) + t / t: NaN at 0, as PyTorch gives it
        slopes = (lambda x, t: -t), (lambda x, t: np.log(t) + t / t - x)

    if reduction == "batchmean":
        return elementwise(loss, slopes, (input, target), "mean", len(input) if input.ndim else 1)
    return elementwise(loss, slopes, (input, target), reduction)


@differentiable
def binary_cross_entropy(input, target, weight=None, *, reduction="mean"):
    """The cross entropy of two classes, of which `input` is the probability of the first.

    It is ``-(target * log(input) + (1 - target) * log(1 - input))``. A logarithm below -100 counts as -100, so that the
    loss stays finite.

    Parameters
    ----------
    input : array_like or Tensor
        Probabilities, from 0 to 1.
    target : array_like or Tensor
        Probabilities too, of the input's shape and dtype.
    weight : array_like or Tensor, optional
        How much each element counts, of a shape that can be broadcast to the input's; it has no gradient.
    reduction : {"mean", "sum", "none"}

    Returns
    -------
    array or Tensor
        A scalar, or a loss for each element for "none".

    Raises
    ------
    RuntimeError
        Numbers outside of 0 to 1, dtypes that differ, a `weight` that cannot be broadcast.
    ValueError
        An unknown `reduction`, a target of another shape.

    Source: ``torch.nn.functional.binary_cross_entropy``.
    """
    check_reduction(reduction)
    input, target = floating(input), np.asarray(target)
    _same_shape(input, target)
    if target.dtype != input.dtype:
        raise RuntimeError(f"target: expected the input's dtype {input.dtype}, got {target.dtype}")
    for name, array in (("input", input), ("target", target)):
        if array.size and not (array.min() >= 0 and array.max() <= 1):
            raise RuntimeError(f"{name}: expected numbers from 0 to 1")

    def loss(p, t):
        return (t - 1) * np.maximum(np.log1p(-p), -100) - t * np.maximum(np.log(p), -100)

    slopes = (
        lambda p, t: (p - t) / np.maximum((1 - p) * p, TINY),
        lambda p, t: np.log1p(-p) - np.log(p),
    )  # fmt: skip
    return _of_elements(loss, slopes, (input, target), weight, reduction)


@differentiable
def binary_cross_entropy_with_logits(
    input, target, weight=None, *, reduction="mean", pos_weight=None
):  # fmt: skip
    """:func:`binary_cross_entropy` of ``sigmoid(input)``, computed without the sigmoid, which would round to 0 or 1.

    With s = sigmoid(input) the loss is ``-(pos_weight * target * log(s) + (1 - target) * log(1 - s))``, and its
    gradient is s - target where `pos_weight` is 1.

    Parameters
    ----------
    input : array_like or Tensor
        Scores (logits), of any size.
    target : array_like or Tensor
        Probabilities, of the input's shape. Of two dtypes the wider one counts (PyTorch takes the target's).
    weight : array_like or Tensor, optional
        How much each element counts, of a shape that can be broadcast to the input's; it has no gradient.
    reduction : {"mean", "sum", "none"}
    pos_weight : array_like or Tensor, optional
        How much the positive part counts, of a shape that can be broadcast to the input's; it has no gradient.

    Returns
    -------
    array or Tensor
        A scalar, or a loss for each element for "none".

    Raises
    ------
    RuntimeError
        Integers, weights that cannot be broadcast.
    ValueError
        An unknown `reduction`, a target of another shape.

    Source: ``torch.nn.functional.binary_cross_entropy_with_logits``.
    """
    check_reduction(reduction)
    input, target = floating(input), floating(target, "target")
    _same_shape(input, target)
    if pos_weight is None:

        def loss(x, t):
            return (1 - t) * x - logsigmoid(x)

        slopes = (lambda x, t: sigmoid(x) - t), (lambda x, t: -x)
        return _of_elements(loss, slopes, (input, target), weight, reduction)

    def loss(x, t, positive):
        return (1 - t) * x - (1 + (positive - 1) * t) * logsigmoid(x)

    slopes = (
        lambda x, t, positive: (1 + (positive - 1) * t) * sigmoid(x) - positive * t,
        lambda x, t, positive: logsigmoid(-x) - positive * logsigmoid(x),
    )  # fmt: skip
    pos_weight = _broadcast_weight(pos_weight, input, "pos_weight")
    return _of_elements(loss, slopes, (input, target, pos_weight), weight, reduction)


def _of_elements(loss, slopes, arrays, weight, reduction):
    """A loss of each element of the first array times its weight, which has no gradient."""
    if weight is None:
        return elementwise(loss, slopes, arrays, reduction)
    weight = _broadcast_weight(weight, arrays[0], "weight")
    return elementwise(weighted(loss), [*map(weighted, slopes)], (*arrays, weight), reduction)


def _broadcast_weight(weight, input, name):
    """A weight that can be broadcast to the input's shape, in its dtype."""
    weight = _numbers(weight, name).astype(input.dtype, copy=False)
    try:
        np.broadcast_to(weight, input.shape)
    except ValueError:
        raise RuntimeError(f"{name}: cannot be broadcast from {weight.shape} to {input.shape}") from None
    return weight


def _same_shape(input, target):
    if target.shape != input.shape:
        raise ValueError(f"target: expected the input's shape {input.shape}, got {target.shape}")


# Losses with a margin


@differentiable
def hinge_embedding_loss(input, target, margin=1.0, *, reduction="mean"):
    """``input`` where the target is 1, and ``max(0, margin - input)`` where it is -1.

    Distances of like pairs shall be small, those of unlike pairs at least `margin`.

    Parameters
    ----------
    input : array_like or Tensor
        Distances.
    target : array_like or Tensor
        1 or -1, of a shape that can be broadcast with the input's; it has no gradient.
    margin : float
    reduction : {"mean", "sum", "none"}

    Returns
    -------
    array or Tensor
        A scalar, or a loss for each element for "none".

    Raises
    ------
    RuntimeError
        Shapes that cannot be broadcast; no floating point.
    ValueError
        An unknown `reduction`.
    TypeError
        A `margin` that is not a number.

    Source: ``torch.nn.functional.hinge_embedding_loss``.
    """
    check_reduction(reduction)
    margin = as_number(margin, "margin")
    input, target = floating(input), np.asarray(target)
    broadcast_shape(input=input, target=target)
    # A target that is neither counts as both, as in PyTorch
    short, alike, unlike = margin - input, target != -1, target != 1
    output, share = reduced(np.where(unlike, np.maximum(short, 0), 0) + np.where(alike, input, 0), reduction)

    def pullback(grad):
        slope = np.subtract(alike, unlike & (short >= 0), dtype=input.dtype)
        return unbroadcast(slope * share(grad), input.shape), None

    return output, pullback


@differentiable
def margin_ranking_loss(input1, input2, target, margin=0, *, reduction="mean"):
    """``max(0, -target * (input1 - input2) + margin)``: where the target is 1, the first shall be the larger.

    Where it is -1, the second shall be.

    Parameters
    ----------
    input1, input2 : array_like or Tensor
    target : array_like or Tensor
        1 or -1. The three have as many axes and are broadcast.
    margin : float
        By how much the one shall be larger.
    reduction : {"mean", "sum", "none"}

    Returns
    -------
    array or Tensor
        A scalar, or a loss for each element for "none".

    Raises
    ------
    RuntimeError
        Numbers of axes that differ, shapes that cannot be broadcast.
    ValueError
        An unknown `reduction`.
    TypeError
        A `margin` that is not a number.

    Source: ``torch.nn.functional.margin_ranking_loss``.
    """
    check_reduction(reduction)
    margin = as_number(margin, "margin")
    input1, input2, target = promoted(input1=input1, input2=input2, target=target)
    if not input1.ndim == input2.ndim == target.ndim:
        shapes = f"{input1.shape}, {input2.shape} and {target.shape}"
        raise RuntimeError(f"target: expected input1, input2 and target with as many axes, got {shapes}")
    broadcast_shape(input1=input1, input2=input2, target=target)
    difference = input1 - input2
    losses = margin - target * difference
    output, share = reduced(np.maximum(losses, 0), reduction)

    def pullback(grad):
        active = share(grad) * (losses >= 0)
        return (
            lambda: unbroadcast(-target * active, input1.shape),
            lambda: unbroadcast(target * active, input2.shape),
            lambda: unbroadcast(-difference * active, target.shape),
        )

    return output, pullback
