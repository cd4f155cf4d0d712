"""Losses on angles and distances between features, which learn an embedding rather than a decision.

Here stand the losses of pairs and triplets and those around centers; the distances themselves in
:mod:`dlcore.scratch.distances`, the softmax with a margin in :mod:`dlcore.scratch.margin_softmax`. What PyTorch has bears
the signature of ``torch.nn.functional``; the others follow its conventions.
"""

import functools

import numpy as np

from .arithmetic import unbroadcast
from .distances import cosine_similarity, distance_between, dots, normalize, pairwise_distance
from .margin_softmax import (
    additive_angular_margin_softmax,
    additive_margin_softmax,
    angular_softmax,
    check_labelled,
    large_margin_softmax,
)
from .reductions import TINY, check_reduction, promoted, reduced
from .tensor import Tensor, differentiable
from .windows import as_bool, as_number

__all__ = [
    "additive_angular_margin_softmax", "additive_margin_softmax", "angular_softmax", "center_loss",
    "contrastive_loss", "cosine_embedding_loss", "cosine_similarity", "large_margin_softmax", "normalize",
    "pairwise_distance", "triplet_margin_loss", "update_centers_",
]  # fmt: skip


# Losses of pairs and triplets


@differentiable
def cosine_embedding_loss(input1, input2, target, margin=0.0, *, reduction="mean"):
    """``1 - cos`` for like pairs and ``max(0, cos - margin)`` for unlike ones, where cos is the cosine of their angle.

    Parameters
    ----------
    input1, input2 : array_like or Tensor, shape (N, D) or (D,)
    target : array_like or Tensor, shape (N,) or ()
        1 for like pairs, -1 for unlike ones; another number counts nothing. It has no gradient.
    margin : float
        The cosine that unlike pairs may have.
    reduction : {"mean", "sum", "none"}

    Returns
    -------
    array or Tensor
        A scalar, or shape (N,) for "none".

    Raises
    ------
    RuntimeError
        Numbers of axes that do not fit together, shapes that cannot be broadcast.
    ValueError
        An unknown `reduction`.
    TypeError
        A `margin` that is not a number.

    Source: ``torch.nn.functional.cosine_embedding_loss``, which adds 1e-12 to the squared lengths, as we do.
    """
    check_reduction(reduction)
    margin = as_number(margin, "margin")
    input1, input2 = promoted(input1=input1, input2=input2)
    target = np.asarray(target)
    check_pairs(input1.shape, input2.shape, target.shape)
    square1, square2 = (
        dots(input1, input1, input1.ndim - 1) + TINY,
        dots(input2, input2, input2.ndim - 1) + TINY,
    )
    vectors1, vectors2 = np.broadcast_arrays(input1, input2)
    lengths = np.sqrt(square1 * square2)
    cosine = dots(vectors1, vectors2, vectors1.ndim - 1) / lengths
    short, like, unlike = (cosine - margin)[..., 0], target == 1, target == -1
    losses = np.where(like, 1 - cosine[..., 0], 0) + np.where(unlike, np.maximum(short, 0), 0)
    output, share = reduced(losses.astype(cosine.dtype, copy=False), reduction)

    def pullback(grad):
        sign = (unlike & (short >= 0)).astype(cosine.dtype) - like
        grad = (share(grad) * sign)[..., np.newaxis]

        def towards(one, square, other):
            along = unbroadcast(grad * cosine / square, square.shape)
            return unbroadcast(other * (grad / lengths), one.shape) - one * along

        return lambda: towards(input1, square1, vectors2), lambda: towards(input2, square2, vectors1), None

    return output, pullback


@differentiable
def contrastive_loss(input1, input2, target, margin=1.0, *, reduction="mean"):
    """``D**2 / 2`` for like pairs and ``max(0, margin - D)**2 / 2`` for unlike ones at the Euclidean distance D.

    Parameters
    ----------
    input1, input2 : array_like or Tensor, shape (N, D) or (D,)
    target : array_like or Tensor, shape (N,) or ()
        As in :func:`cosine_embedding_loss` 1 for like pairs and -1 for unlike ones (the paper writes 0 and 1); another
        number counts nothing. It has no gradient.
    margin : float, positive
        The distance beyond which unlike pairs are left alone.
    reduction : {"mean", "sum", "none"}
        The paper's is "sum".

    Returns
    -------
    array or Tensor
        A scalar, or shape (N,) for "none". The gradient of an unlike pair at distance 0 is 0.

    Raises
    ------
    RuntimeError
        Numbers of axes that do not fit together, shapes that cannot be broadcast.
    ValueError
        An unknown `reduction`, a margin that is not positive.
    TypeError
        A `margin` that is not a number.

    Source: Hadsell, Chopra and LeCun, "Dimensionality reduction by learning an invariant mapping" (2006), equation 4.
    """
    margin = positive_margin(margin)
    check_reduction(reduction)
    input1, input2 = promoted(input1=input1, input2=input2)
    target = np.asarray(target)
    check_pairs(input1.shape, input2.shape, target.shape)
    difference = input1 - input2
    distance = np.sqrt(dots(difference, difference, difference.ndim - 1))[..., 0]
    like, missing = target == 1, np.where(target == -1, np.maximum(margin - distance, 0), 0)
    losses = (np.where(like, distance, 0) ** 2 + missing**2) / 2
    output, share = reduced(losses, reduction)

    def pullback(grad):
        @functools.cache
        def down():
            pull = like - missing / np.where(distance == 0, np.inf, distance)
            return difference * (share(grad) * pull)[..., np.newaxis]

        return lambda: unbroadcast(down(), input1.shape), lambda: unbroadcast(-down(), input2.shape), None

    return output, pullback


@differentiable
def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2.0, eps=1e-6, swap=False, *, reduction="mean"
):  # fmt: skip
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)``: the like example shall be the nearer one.

    Parameters
    ----------
    anchor, positive, negative : array_like or Tensor, shape (..., D)
        They have as many axes and are broadcast.
    margin : float, positive
        How much nearer.
    p, eps : float
        Of the distance d, :func:`pairwise_distance`.
    swap : bool
        Take d(positive, negative) where that is smaller than d(anchor, negative).
    reduction : {"mean", "sum", "none"}

    Returns
    -------
    array or Tensor
        A scalar, or shape (...) for "none".

    Raises
    ------
    RuntimeError
        Numbers of axes that differ, shapes that cannot be broadcast.
    ValueError
        An unknown `reduction`, a margin that is not positive.
    TypeError
        Options of another kind.

    Source: ``torch.nn.functional.triplet_margin_loss``; Schroff, Kalenichenko and Philbin, "FaceNet" (2015), equation
    3, there with squared distances; swap: Balntas et al., "Learning local feature descriptors with triplets and
    shallow convolutional neural networks" (2016).
    """
    check_reduction(reduction)
    p, eps, swap = as_number(p, "p"), as_number(eps, "eps"), as_bool(swap, "swap")
    margin = positive_margin(margin)
    anchor, positive, negative = promoted(anchor=anchor, positive=positive, negative=negative)
    if not anchor.ndim == positive.ndim == negative.ndim:
        shapes = f"{anchor.shape}, {positive.shape} and {negative.shape}"
        raise RuntimeError(
            f"negative: expected anchor, positive and negative with as many axes, got {shapes}"
        )
    near, towards_near = distance_between(anchor, positive, p, eps, "positive")
    far, towards_far = distance_between(anchor, negative, p, eps, "negative")
    closer, swapped = far, 0
    if swap:
        third, towards_third = distance_between(positive, negative, p, eps, "negative")
        closer, swapped = np.minimum(far, third), np.add(third < far, third <= far, dtype=far.dtype) / 2
    losses = margin + near - closer
    output, share = reduced(np.maximum(losses, 0), reduction)

    def pullback(grad):
        active = share(grad) * (losses >= 0)
        pull = functools.cache(lambda: towards_near(active))
        push = functools.cache(lambda: towards_far(active * (swapped - 1)))
        aside = functools.cache(lambda: towards_third(-active * swapped))

        def total(shape, *parts):
            return functools.reduce(np.add, (unbroadcast(part, shape) for part in parts))

        return (
            lambda: total(anchor.shape, pull(), push()),
            lambda: total(positive.shape, -pull(), *([aside()] if swap else [])),
            lambda: total(negative.shape, -push(), *([-aside()] if swap else [])),
        )

    return output, pullback if p else lambda grad: (None, None, None)


def check_pairs(shape1, shape2, target_shape):
    """Raise unless the shapes are those of pairs of features, (N, D) or (D,), and of one number for each pair."""
    axes = len(target_shape) + 1
    if axes > 2:
        raise RuntimeError(f"target: expected one number for each pair, got shape {tuple(target_shape)}")
    if not len(shape1) == len(shape2) == axes:
        raise RuntimeError(
            f"target: of shape {tuple(target_shape)} it expects inputs of {axes} axes, got {tuple(shape1)} and "
            f"{tuple(shape2)}"
        )
    try:
        pairs = np.broadcast_shapes(shape1, shape2)
    except ValueError:
        raise RuntimeError(f"input2: cannot be broadcast, {tuple(shape2)} with {tuple(shape1)}") from None
    try:
        np.broadcast_shapes(pairs[:-1], target_shape)
    except ValueError:
        raise RuntimeError(
            f"target: expected shape {pairs[:-1]}, one number for each pair, got {tuple(target_shape)}"
        ) from None


def positive_margin(margin):
    """`margin`, a positive number, or an error."""
    margin = float(as_number(margin, "margin"))
    if not margin > 0:
        raise ValueError(f"margin: must be positive, got {margin}")
    return margin


# Centers


@differentiable
def center_loss(input, target, centers, *, reduction="mean"):
    """Half the squared distance of each example from the center of its class, ``|x - c_y|**2 / 2``.

    Added to :func:`cross_entropy` it draws the examples of a class together. Its gradient moves the centers too; the
    paper moves them by :func:`update_centers_` instead.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, D)
    target : array_like or Tensor, shape (N,)
        Class indices of dtype int64 or uint8.
    centers : array_like or Tensor, shape (C, D)
    reduction : {"mean", "sum", "none"}
        "mean" over the examples; the paper's is "sum".

    Returns
    -------
    array or Tensor
        A scalar, or shape (N,) for "none".

    Raises
    ------
    RuntimeError
        Shapes or dtypes that do not fit together.
    ValueError
        An unknown `reduction`.
    IndexError
        A class index outside of 0 to C - 1.

    Source: Wen et al., "A discriminative feature learning approach for deep face recognition" (2016), equation 2.
    """
    check_reduction(reduction)
    input, target, centers = np.asarray(input), np.asarray(target), np.asarray(centers)
    check_labelled(input, target, centers, "centers")
    _check_classes(target, len(centers))
    away = input - centers[target]
    output, share = reduced(np.vecdot(away, away) / 2, reduction)

    def pullback(grad):
        down = functools.cache(lambda: away * np.broadcast_to(share(grad), target.shape)[:, np.newaxis])
        return lambda: down(), None, lambda: -_sum_by_class(down(), target, len(centers))

    return output, pullback


@np.errstate(all="ignore")  # no operator: nobody else has switched the warnings off
def update_centers_(centers, input, target, alpha=0.5):
    """Move the centers, in place, towards the examples of their classes.

    The center c of a class with n examples x among the input goes to ``c - alpha * sum(c - x) / (n + 1)``; classes
    that do not occur stay where they are. Nothing is recorded.

    Parameters
    ----------
    centers : numpy.ndarray or Tensor, shape (C, D)
        Changed in place.
    input : array_like or Tensor, shape (N, D)
    target : array_like or Tensor, shape (N,)
        Class indices.
    alpha : float
        The centers' learning rate.

    Returns
    -------
    numpy.ndarray or Tensor
        `centers`.

    Raises
    ------
    TypeError
        `centers` that cannot be changed in place, an `alpha` that is not a number.
    RuntimeError, IndexError
        As :func:`center_loss`.

    Source: Wen et al., "A discriminative feature learning approach for deep face recognition" (2016), equation 4 and
    algorithm 1.
    """
    alpha = as_number(alpha, "alpha")
    places, input, target = (
        item.data if isinstance(item, Tensor) else item for item in (centers, input, target)
    )
    if not isinstance(places, np.ndarray):
        raise TypeError(f"centers: expected an array or a tensor, got {type(centers).__name__}")
    input, target = np.asarray(input), np.asarray(target)
    check_labelled(input, target, places, "centers")
    _check_classes(target, len(places))
    counts = np.bincount(target, minlength=len(places)).astype(places.dtype)[:, np.newaxis]
    total = places * counts - _sum_by_class(input, target, len(places))
    places -= alpha * total / (counts + 1)
    return centers


def _sum_by_class(rows, target, classes):
    """The sum of the rows of each class, shape (classes, D): sorted by class, then added run by run."""
    sums = np.zeros((classes, rows.shape[1]), rows.dtype)
    if len(rows):
        order = np.argsort(target, kind="stable")
        found, starts = np.unique(target[order], return_index=True)
        sums[found] = np.add.reduceat(rows[order], starts, axis=0)
    return sums


def _check_classes(target, classes):
    wrong = (target < 0) | (target >= classes)
    if wrong.any():
        raise IndexError(f"target: class indices go from 0 to {classes - 1}, got {target[wrong][0]}")
