"""Softmax with a margin between the classes. Public under :mod:`dlcore.scratch.metric_losses`.

The cross entropy of a linear layer asks no more than that the score of the right class be the largest. Here that class
scores less than its angle to the features deserves, and has to win all the same.
"""

import functools
import math

import numpy as np

from ._indices import is_class_dtype
from .arithmetic import mul, permute
from .classification_losses import cross_entropy
from .distances import norm, normalize
from .fully_connected import linear
from .tensor import differentiable
from .windows import as_int, as_number

__all__ = []  # dlcore.scratch.metric_losses hands them out


def large_margin_softmax(input, weight, target, margin=4, *, annealing=0.0, reduction="mean"):
    """Cross entropy over ``|w_j| |x| cos(θ_j)``, where the right class scores only ``|w_y| |x| ψ(θ_y)``.

    The first are the scores of a linear layer without bias. ``ψ(θ) = (-1)**k cos(margin θ) - 2 k`` for θ from
    ``k π / margin`` to ``(k + 1) π / margin`` lies below cos(θ) and falls from 0 to π as it does: the right class must
    win by an angle.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, D)
        Features x.
    weight : array_like or Tensor, shape (C, D)
        One vector w for each class.
    target : array_like or Tensor, shape (N,)
        Class indices of dtype int64 or uint8; examples of class -100 count nothing, as in :func:`cross_entropy`.
    margin : int, at least 1
        1 gives the cross entropy of the linear layer.
    annealing : float, not negative
        Replace ψ by ``(annealing cos + ψ) / (annealing + 1)``: large at the beginning of a training that does not
        converge otherwise.
    reduction : {"mean", "sum", "none"}

    Returns
    -------
    array or Tensor
        A scalar, or shape (N,) for "none".

    Raises
    ------
    RuntimeError
        Shapes or dtypes that do not fit together, a margin below 1, a negative `annealing`.
    ValueError
        An unknown `reduction`.
    IndexError
        A class index outside of 0 to C - 1.
    TypeError
        A margin that is not an int.

    Source: Liu et al., "Large-margin softmax loss for convolutional neural networks" (2016), equations 4 to 6; the
    annealing in its section on optimization.
    """
    psi = functools.partial(multiple_angle, *multiple_angle_options(margin, annealing))
    cosines = _cosines(input, weight, target, psi)
    scale = mul(_length(input), permute(_length(weight), (1, 0)))
    return cross_entropy(mul(cosines, scale), target, reduction=reduction)


def angular_softmax(input, weight, target, margin=4, *, annealing=0.0, reduction="mean"):
    """:func:`large_margin_softmax` with the classes' vectors scaled to length 1, so that angles alone decide.

    It is the cross entropy over ``|x| cos(θ_j)``, where the right class scores only ``|x| ψ(θ_y)``.

    Arguments, result and errors as for :func:`large_margin_softmax`.

    Source: Liu et al., "SphereFace: deep hypersphere embedding for face recognition" (2017), equation 7.
    """
    psi = functools.partial(multiple_angle, *multiple_angle_options(margin, annealing))
    cosines = _cosines(input, weight, target, psi)
    return cross_entropy(mul(cosines, _length(input)), target, reduction=reduction)


def additive_margin_softmax(input, weight, target, margin=0.35, scale=30.0, *, reduction="mean"):
    """Cross entropy over ``scale cos(θ_j)``, where the right class scores only ``scale (cos(θ_y) - margin)``.

    Arguments, result and errors as for :func:`large_margin_softmax`, except

    Parameters
    ----------
    margin : float, not negative
        0 gives the softmax of the cosines.
    scale : float, positive
        The length that all features are scaled to.

    Source: F. Wang et al., "Additive margin softmax for face verification" (2018); H. Wang et al., "CosFace: large
    margin cosine loss for deep face recognition" (2018), equation 4.
    """
    margin, scale = additive_options(margin, scale)
    cosines = _cosines(input, weight, target, lambda cosine: (cosine - margin, np.ones_like(cosine)))
    return cross_entropy(mul(cosines, scale), target, reduction=reduction)


def additive_angular_margin_softmax(input, weight, target, margin=0.5, scale=64.0, *, reduction="mean"):
    """Cross entropy over ``scale cos(θ_j)``, where the right class scores only ``scale cos(θ_y + margin)``.

    Beyond π - margin that cosine would rise again; there we take ``cos(θ_y) - margin sin(margin)``, as the authors'
    program does: it falls on, after a small step down.

    Arguments, result and errors as for :func:`additive_margin_softmax`; the margin is an angle from 0 to π / 2.

    Source: Deng et al., "ArcFace: additive angular margin loss for deep face recognition" (2019), equation 3.
    """
    margin, scale = additive_angle_options(margin, scale)
    cosines = _cosines(input, weight, target, functools.partial(_added_angle, margin))
    return cross_entropy(mul(cosines, scale), target, reduction=reduction)


def _cosines(input, weight, target, psi):
    """The cosines between all examples and all classes, ψ of it in place of that of the right class."""
    check_labelled(
        *(item if hasattr(item, "dtype") else np.asarray(item) for item in (input, target, weight)), "weight"
    )
    return _with_margin(linear(normalize(input), normalize(weight)), target, psi)


@differentiable
def _with_margin(cosines, target, psi):
    """`cosines` (N, C) with ``psi(cosine)``, which also gives its derivative, at the target's class of each row."""
    target = np.asarray(target)
    rows = np.flatnonzero((target >= 0) & (target < cosines.shape[1]))  # cross_entropy speaks of the others
    place = rows, target[rows]
    output = cosines.copy()
    output[place], slope = psi(cosines[place])

    def pullback(grad):
        result = grad.copy()
        result[place] *= slope
        return result

    return output, pullback


@differentiable
def _length(input):
    """The Euclidean length of each row, shape (N, 1)."""
    lengths, slope = norm(np.asarray(input), 2, (1,), "input")
    return lengths, lambda grad: slope() * grad


def multiple_angle(margin, annealing, cosine):
    """``ψ(θ) = (-1)**k cos(margin θ) - 2 k`` and its derivative with respect to cos(θ).

    cos(m θ) = T_m(cos θ), the Chebyshev polynomial, whose derivative is m U_{m-1}; both by their recurrences.
    """
    before, value = np.ones_like(cosine), cosine
    slope_before, slope = np.zeros_like(cosine), np.ones_like(cosine)  # U_{-1}, U_0
    for _ in range(margin - 1):
        before, value = value, 2 * cosine * value - before
        slope_before, slope = slope, 2 * cosine * slope - slope_before
    k = np.zeros_like(cosine)
    for turn in range(1, margin):
        k += cosine <= math.cos(turn * math.pi / margin)
    sign = 1 - 2 * (k % 2)
    value, slope = sign * value - 2 * k, sign * slope * margin
    return (annealing * cosine + value) / (annealing + 1), (annealing + slope) / (annealing + 1)


def _added_angle(margin, cosine):
    """``cos(θ + margin)``, beyond π - margin the line that falls on, and the derivative with respect to cos(θ)."""
    most = 1 - np.finfo(cosine.dtype).eps  # at θ = 0 the slope is infinite
    inside = np.clip(cosine, -most, most)
    sine = np.sqrt((1 - inside) * (1 + inside))
    value = inside * math.cos(margin) - sine * math.sin(margin)
    slope = (math.cos(margin) + inside / sine * math.sin(margin)) * (np.abs(cosine) <= most)
    beyond = cosine < -math.cos(margin)
    return np.where(beyond, cosine - margin * math.sin(margin), value), np.where(beyond, 1, slope)


def multiple_angle_options(margin, annealing):
    """Check the options of the losses that multiply the angle."""
    margin, annealing = as_int(margin, "margin", 1), as_number(annealing, "annealing")
    if not annealing >= 0:
        raise RuntimeError(f"annealing: must not be negative, got {annealing}")
    return margin, float(annealing)


def additive_options(margin, scale, most=math.inf):
    """Check the options of the losses that add a margin."""
    margin, scale = as_number(margin, "margin"), as_number(scale, "scale")
    if not 0 <= margin <= most:
        raise RuntimeError(f"margin: must lie between 0 and {most:.4g}, got {margin}")
    if not scale > 0:
        raise RuntimeError(f"scale: must be positive, got {scale}")
    return float(margin), float(scale)


def additive_angle_options(margin, scale):
    """The same where the margin is an angle. With more than a right angle the score would not fall from 0 to π."""
    return additive_options(margin, scale, most=math.pi / 2)


def check_labelled(input, target, vectors, name):
    """Raise unless these arrays or tensors are features (N, D), class indices (N,), and vectors (C, D), by `name`."""
    shape, other = tuple(input.shape), tuple(vectors.shape)
    if len(shape) != 2:
        raise RuntimeError(f"input: expected features (N, D), got shape {shape}")
    if "float" not in str(input.dtype):
        raise NotImplementedError(f"input: expected floating point, got {input.dtype}")
    if len(other) != 2 or other[1] != shape[1]:
        raise RuntimeError(f"{name}: expected a vector for each class, (C, {shape[1]}), got shape {other}")
    if vectors.dtype != input.dtype:
        raise RuntimeError(f"{name}: expected the input's dtype {input.dtype}, got {vectors.dtype}")
    if tuple(target.shape) != shape[:1]:
        raise RuntimeError(
            f"target: expected one class for each of {shape[0]}, got shape {tuple(target.shape)}"
        )
    if not is_class_dtype(target.dtype):
        raise RuntimeError(f"target: class indices must have dtype int64 or uint8, got {target.dtype}")
