"""Activation functions made of straight pieces. Public under :mod:`dlcore.scratch.activations`.

Where two pieces meet, the gradient is PyTorch's.
"""

import math

import numpy as np

from .arithmetic import select, unbroadcast
from .special import by_pieces, floating, representable
from .tensor import differentiable
from .windows import as_bool, as_generator, as_number, numeric

__all__ = []  # dlcore.scratch.activations hands them out


@differentiable
def threshold(input, threshold, value):
    """`input` where it is above `threshold`, elsewhere `value`. The gradient at the threshold is 0.

    Source: ``torch.nn.functional.threshold``.
    """
    input = numeric(input, "input")
    threshold = representable(as_number(threshold, "threshold"), "threshold", input.dtype)
    value = input.dtype.type(representable(as_number(value, "value"), "value", input.dtype))
    above = ~(input <= threshold)
    return select(input, above) + select(value, ~above), lambda grad: select(grad, above)


@differentiable
def relu(input):
    """``max(0, input)``, elementwise. The gradient at 0 is 0, and NaN stays NaN.

    Source: ``torch.nn.functional.relu``; Nair and Hinton, "Rectified linear units improve restricted Boltzmann
    machines" (2010).
    """
    input = numeric(input, "input")
    return np.maximum(input, 0), lambda grad: select(grad, ~(input <= 0))


def relu6(input):
    """``min(max(0, input), 6)``, elementwise. The gradient at 0 and at 6 is 0.

    Source: ``torch.nn.functional.relu6``; Krizhevsky, "Convolutional deep belief networks on CIFAR-10" (2010).
    """
    return hardtanh(input, 0, 6)


@differentiable
def hardtanh(input, min_val=-1.0, max_val=1.0):
    """`input`, but nowhere below `min_val` or above `max_val`. The gradient at both is 0.

    Integers cut the fractions of the limits off.

    Raises
    ------
    ValueError
        `min_val` above `max_val`.
    RuntimeError
        A limit that integers cannot hold.

    Source: ``torch.nn.functional.hardtanh``; Collobert, "Large scale machine learning" (2004).
    """
    input = numeric(input, "input")
    low, high = as_number(min_val, "min_val"), as_number(max_val, "max_val")
    if low > high:
        raise ValueError(f"min_val: must not be above max_val, got {low} and {high}")
    low, high = representable(low, "min_val", input.dtype), representable(high, "max_val", input.dtype)
    output = np.clip(input, low, high)
    return output, lambda grad: select(grad, (input > low) & (input < high))


def leaky_relu(input, negative_slope=0.01):
    """`input` where positive, elsewhere ``negative_slope * input``. The gradient at 0 is `negative_slope`.

    Source: ``torch.nn.functional.leaky_relu``; Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network
    acoustic models" (2013).
    """
    negative_slope = as_number(negative_slope, "negative_slope")
    return _leaky(input, lambda shape, dtype: dtype.type(negative_slope))


@differentiable
def prelu(input, weight):
    """``max(0, input) + weight * min(0, input)``: :func:`leaky_relu` whose slope is learned.

    Parameters
    ----------
    input : array_like or Tensor, shape (), (L,) or (N, C, ...)
    weight : array_like or Tensor, shape (C,), (1,) or ()
        The slope of each channel, or one for all, of the input's dtype.

    Returns
    -------
    array or Tensor, of the input's shape
        The gradient with respect to the input at 0 is the weight.

    Raises
    ------
    RuntimeError
        A weight of another shape or dtype.

    Source: ``torch.nn.functional.prelu``; He et al., "Delving deep into rectifiers: surpassing human-level
    performance on ImageNet classification" (2015).
    """
    input, weight = floating(input), np.asarray(weight)
    slopes, negative = per_channel(weight, input, "weight"), ~(input > 0)
    factor = negative * slopes
    factor += ~negative

    def grad_weight(grad):
        return unbroadcast(grad * np.minimum(input, 0), slopes.shape).reshape(weight.shape)

    return input * factor, lambda grad: (lambda: grad * factor, lambda: grad_weight(grad))


def rrelu(input, lower=1 / 8, upper=1 / 3, training=False, *, generator=None):
    """:func:`leaky_relu` with a slope drawn for each element, uniform between `lower` and `upper`.

    Parameters
    ----------
    input : array_like or Tensor
        Floating point, any shape.
    lower, upper : float
    training : bool
        Without it every slope is the mean of `lower` and `upper`.
    generator : numpy.random.Generator
        Where the slopes come from; only for `training`.

    Raises
    ------
    RuntimeError
        Bounds that are not finite, or `lower` above `upper`.
    TypeError
        `training` without a generator.

    Source: ``torch.nn.functional.rrelu``; Xu et al., "Empirical evaluation of rectified activations in convolutional
    network" (2015).
    """
    lower, upper = check_bounds(lower, upper)
    if not as_bool(training, "training"):
        return leaky_relu(input, (lower + upper) / 2)
    generator = as_generator(generator)

    def draw(shape, dtype):
        drawn = generator.random(shape, np.promote_types(dtype, np.float32))
        return np.asarray(drawn, dtype) * (upper - lower) + lower

    return _leaky(input, draw)


def check_bounds(lower, upper):
    """What :func:`rrelu` draws between: two finite numbers in order, or an error."""
    lower, upper = as_number(lower, "lower"), as_number(upper, "upper")
    for value, name in ((lower, "lower"), (upper, "upper")):
        if not math.isfinite(value):
            raise RuntimeError(f"{name}: must be finite, got {value}")
    if lower > upper:
        raise RuntimeError(f"lower: must not be above upper, got {lower} and {upper}")
    return lower, upper


@differentiable
def _leaky(input, slopes):
    """``input * factor``, where the factor is 1 for positive numbers, and ``slopes(shape, dtype)`` for all others."""
    input = floating(input)
    positive = input > 0
    factor = ~positive * slopes(input.shape, input.dtype)
    factor += positive
    return input * factor, lambda grad: grad * factor


@differentiable
def hardsigmoid(input):
    """``min(max(0, input + 3), 6) / 6``: three straight pieces like a :func:`sigmoid`. The gradient at ±3 is 0.

    Source: ``torch.nn.functional.hardsigmoid``; Howard et al., "Searching for MobileNetV3" (2019).
    """
    input = floating(input)
    output = np.clip(input + 3, 0, 6)
    output /= 6
    sixth = float(np.float32(1 / 6))  # PyTorch's constant, whatever the dtype: 5e-9 more than a sixth
    return output, lambda grad: select(grad * sixth, (input > -3) & (input < 3))


@differentiable
def hardswish(input):
    """``input * hardsigmoid(input)``. The gradient at -3 is 0, at 3 it is 1.

    Source: ``torch.nn.functional.hardswish``; Howard et al., "Searching for MobileNetV3" (2019).
    """
    input = floating(input)

    def formula(x):  # x * min(max(0, x + 3), 6) / 6
        result = np.clip(x, -3, 3)
        result += 3
        result *= x
        result *= 1 / 6
        return result

    def slope(x, grad):
        bounded = np.clip(x, -3, 3)
        result = bounded * (np.abs(x) < 3)
        result += bounded
        result += 3
        result *= 1 / 6
        result *= grad
        return result

    return by_pieces(formula, input), lambda grad: by_pieces(slope, input, grad)


@differentiable
def hardshrink(input, lambd=0.5):
    """`input` where it is above `lambd` or below `-lambd`, elsewhere 0. The gradient at both is 0.

    Source: ``torch.nn.functional.hardshrink``.
    """
    input, lambd = floating(input), as_number(lambd, "lambd")
    outside = ~((input >= -lambd) & (input <= lambd))
    return select(input, outside), lambda grad: select(grad, outside)


@differentiable
def softshrink(input, lambd=0.5):
    """`input` moved towards 0 by `lambd`, and 0 where it would change its sign. The gradient at ±`lambd` is 0.

    Raises
    ------
    RuntimeError
        A `lambd` that is negative or not finite.

    Source: ``torch.nn.functional.softshrink``; Donoho, "De-noising by soft-thresholding" (1995).
    """
    input = floating(input)
    lambd = as_number(lambd, "lambd")
    if not 0 <= lambd < math.inf:
        raise RuntimeError(f"lambd: expected a finite number, not negative, got {lambd}")
    return input - np.clip(input, -lambd, lambd), lambda grad: select(grad, np.abs(input) > lambd)


# Shared


def per_channel(weight, input, name):
    """`weight`, a number for each channel or one for all, in a shape that broadcasts over the input."""
    if weight.dtype != input.dtype:
        raise RuntimeError(f"{name}: expected the input's dtype {input.dtype}, got {weight.dtype}")
    return weight.reshape(channel_shape(weight.shape, input.shape, name))


def channel_shape(shape, input_shape, name):
    """In which shape a number for each channel, or one for all, given in `shape`, broadcasts over an input."""
    channels = input_shape[1] if len(input_shape) > 1 else 1
    if len(shape) > 1 or math.prod(shape) not in (1, channels):
        raise RuntimeError(f"{name}: expected shape ({channels},), (1,) or (), got {shape}")
    return () if math.prod(shape) == 1 else (channels, *(1 for _ in input_shape[2:]))
