"""Gradient clipping: gradients that are too long are shortened before the optimizer's step."""

import math
import types
import warnings

import numpy as np

from .optimizer import gradient, not_below_0, number
from .tensor import Tensor
from .windows import as_bool

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """Shorten all gradients by one factor, so that together they are no longer than `max_norm`.

    ``g = g * min(1, max_norm / (|g| + 1e-6))`` where ``|g|`` is the norm of all gradients as one vector. Their common
    direction stays.

    Parameters
    ----------
    parameters : iterable of Tensor, or Tensor
        Their ``.grad`` is changed in place; those without are passed over.
    max_norm : float
        Not negative.
    norm_type : float or str
        See :func:`get_total_norm`.
    error_if_nonfinite : bool
        Refuse gradients whose norm is infinite or NaN. Otherwise an infinite norm makes finite gradients 0 and infinite
        ones NaN, and a NaN makes all NaN.

    Returns
    -------
    numpy scalar
        The norm before clipping.

    Raises
    ------
    ValueError
        A negative `max_norm`.
    RuntimeError
        See :func:`get_total_norm`.

    Source: ``torch.nn.utils.clip_grad_norm_``; Pascanu et al., "On the difficulty of training recurrent neural
    networks" (2013), algorithm 1.
    """
    parameters = _parameters(parameters)
    max_norm = not_below_0(max_norm, "max_norm")
    total_norm = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total_norm)
    return total_norm


def clip_grads_with_norm_(parameters, max_norm, total_norm):
    """Multiply all gradients by ``min(1, max_norm / (total_norm + 1e-6))``, for a norm that is known already.

    Parameters
    ----------
    parameters : iterable of Tensor, or Tensor
        Their ``.grad`` is changed in place.
    max_norm : float
        Not negative.
    total_norm : float or array of one element
        What :func:`get_total_norm` returned; may be infinite or NaN.

    Raises
    ------
    ValueError
        A negative `max_norm` or `total_norm`.

    Source: ``torch.nn.utils.clip_grads_with_norm_``.
    """
    max_norm, total_norm = not_below_0(max_norm, "max_norm"), number(total_norm, "total_norm")
    if total_norm < 0:
        raise ValueError(f"total_norm: must not be negative, got {total_norm!r}")
    factor = np.minimum(max_norm / (total_norm + 1e-6), 1.0).item()  # NaN stays NaN
    with np.errstate(all="ignore"):
        for grad in _gradients(_parameters(parameters)):
            grad *= factor


def clip_grad_value_(parameters, clip_value):
    """Bring every element of every gradient into ``[-clip_value, clip_value]``; their direction may change.

    Parameters
    ----------
    parameters : iterable of Tensor, or Tensor
        Their ``.grad`` is changed in place.
    clip_value : float
        Not negative.

    Raises
    ------
    ValueError
        A negative `clip_value`.

    Source: ``torch.nn.utils.clip_grad_value_``.
    """
    clip_value = not_below_0(clip_value, "clip_value")
    with np.errstate(over="ignore"):  # a limit beyond the dtype is infinite
        for grad in _gradients(_parameters(parameters)):
            np.clip(grad, -clip_value, clip_value, out=grad)


def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False):
    """The norm ``(Σ |x|^p)^(1/p)`` of all arrays as one vector.

    Parameters
    ----------
    tensors : iterable of arrays or Tensor, or one
        Gradients, for instance.
    norm_type : float or str
        p. ``inf`` or ``"inf"``: the largest absolute value; ``-inf``: the smallest; 0: how many of the arrays are not
        zero throughout.
    error_if_nonfinite : bool
        Refuse an infinite norm and NaN.

    Returns
    -------
    numpy scalar
        In the widest dtype of `tensors`; 0 in float32 where there are none. It is summed in float64.

    Raises
    ------
    RuntimeError
        A norm that is not finite, if `error_if_nonfinite`; an array that is not floating-point; one without elements
        for a `norm_type` that is negative or infinite.

    Source: ``torch.nn.utils.get_total_norm``.
    """
    tensors = [tensors] if isinstance(tensors, (Tensor, np.ndarray)) else list(tensors)
    arrays = [np.asarray(item.data if isinstance(item, Tensor) else item) for item in tensors]
    p = float(norm_type) if isinstance(norm_type, str) else number(norm_type, "norm_type")
    for array in arrays:
        if array.dtype.kind != "f":
            raise RuntimeError(f"tensors: expected floating-point numbers, got {array.dtype}")
    if (p < 0 or p == math.inf) and not all(array.size for array in arrays):
        raise RuntimeError(f"norm_type: the norm of order {p} of an array without elements is not defined")
    with np.errstate(all="ignore"):
        norms = [_norm(array, p) for array in arrays]
        total = _norm(np.array(norms), p) if norms else 0.0
        total = np.result_type(*({array.dtype for array in arrays} or {np.float32})).type(total)
    if as_bool(error_if_nonfinite, "error_if_nonfinite") and not np.isfinite(total):
        raise RuntimeError(
            f"total_norm: the norm of order {p} of the gradients of `parameters` is {total}; pass "
            "error_if_nonfinite=False to scale by it all the same"
        )
    return total


def _norm(array, p):
    return np.linalg.norm(array.ravel().astype(np.float64, copy=False), p)


def _parameters(parameters):
    """A list of tensors: an iterator can be read only once, and clipping reads the gradients twice."""
    if isinstance(parameters, Tensor):
        return [parameters]
    listed = list(parameters)
    if not listed and isinstance(parameters, types.GeneratorType):
        warnings.warn("parameters: an empty generator, nothing is clipped", stacklevel=3)
    for item in listed:
        if not isinstance(item, Tensor):
            raise TypeError(f"parameters: expected tensors, got {type(item).__name__}")
    return listed


def _gradients(parameters):
    return [gradient(parameter) for parameter in parameters if parameter.grad is not None]
