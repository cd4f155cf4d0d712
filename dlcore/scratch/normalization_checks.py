"""What the normalizations accept. The checks look at shapes and dtypes alone, so they serve both backends."""

import numpy as np

from .windows import as_bool, as_int, as_number, volume

__all__ = []


def is_floating(array):
    """Whether an array, or a tensor of PyTorch, holds floats."""
    own = getattr(array.dtype, "is_floating_point", None)
    return np.issubdtype(array.dtype, np.floating) if own is None else own


def require_floating(input):
    """NotImplementedError for anything else."""
    if not is_floating(input):
        raise NotImplementedError(f"input: expected floating point, got {input.dtype}")


def require_constant(recording, **averages):
    """Refuse running averages that require grad, as PyTorch does where operations are recorded."""
    for name, array in averages.items():
        if recording and getattr(array, "requires_grad", False):
            raise RuntimeError(f"{name}: is changed in place, so it must not require grad")


def values_per_channel(input):
    """How many numbers a statistic over batch and positions is made of."""
    return volume(input.shape[:1]) * volume(input.shape[2:])


def check_parameter(name, array, input, shape, same_dtype=True):
    """One parameter (or None) against the shape that it must have and the input's dtype."""
    if array is None:
        return
    if tuple(np.shape(array)) != shape:
        raise RuntimeError(f"{name}: expected shape {shape}, got {tuple(np.shape(array))}")
    dtype = array.dtype if hasattr(array, "dtype") else np.asarray(array).dtype
    if same_dtype and dtype != input.dtype:
        raise RuntimeError(f"{name}: expected the input's dtype {input.dtype}, got {dtype}")


def check_affine(input, weight, bias, shape):
    """A weight and a bias of this shape, or None."""
    check_parameter("weight", weight, input, shape)
    check_parameter("bias", bias, input, shape)


def _check_presence(needed, **averages):
    """Running averages are both there or both missing; they are arrays, as they are changed in place."""
    for name, array in averages.items():
        if array is None and needed:
            raise RuntimeError(f"{name}: is needed, got None")
        if array is None and any(other is not None for other in averages.values()):
            raise ValueError(f"{name}: got None, but the other running average is given")
        if array is not None and not hasattr(array, "shape"):
            raise TypeError(f"{name}: expected an array, got {type(array).__name__}")


def batch_norm_check(input, running_mean, running_var, weight, bias, training, momentum, eps, needed=False):
    """Check what :func:`batch_norm` is called with; momentum and eps as numbers."""
    momentum, eps = as_number(momentum, "momentum"), as_number(eps, "eps")
    if as_bool(training, "training") and eps <= 0:
        raise ValueError(f"eps: must be positive in training, got {eps}")
    if eps < 0:
        raise ValueError(f"eps: must not be negative, got {eps}")
    _check_presence(needed or not training, running_mean=running_mean, running_var=running_var)
    if input.ndim < 2:
        error = IndexError if training and (running_mean is None or input.ndim == 0) else RuntimeError
        raise error(f"input: expected at least 2 axes (N, C, ...), got shape {tuple(input.shape)}")
    require_floating(input)
    if training and values_per_channel(input) == 1:
        raise ValueError(
            f"input: expected more than one value per channel in training, got shape {tuple(input.shape)}"
        )
    channels = (input.shape[1],)
    check_parameter("running_mean", running_mean, input, channels)
    check_parameter("running_var", running_var, input, channels)
    check_affine(input, weight, bias, channels)
    return momentum, eps


def batch_renorm_check(input, running_mean, running_var, weight, bias, training, momentum, eps, r_max, d_max):
    """Check what :func:`batch_renorm` is called with; its four numbers."""
    momentum, eps = batch_norm_check(
        input, running_mean, running_var, weight, bias, training, momentum, eps, needed=True
    )
    r_max, d_max = as_number(r_max, "r_max"), as_number(d_max, "d_max")
    if not r_max >= 1:
        raise ValueError(f"r_max: must be at least 1, got {r_max}")
    if not d_max >= 0:
        raise ValueError(f"d_max: must not be negative, got {d_max}")
    return momentum, eps, r_max, d_max


def switchable_norm_check(
    input, running_mean, running_var, mean_weight, var_weight, weight, bias, training, momentum, eps
):
    """Check what :func:`switchable_norm` is called with; momentum and eps as numbers."""
    if input.ndim < 3:
        raise RuntimeError(f"input: expected at least 3 axes (N, C, ...), got shape {tuple(input.shape)}")
    numbers = batch_norm_check(input, running_mean, running_var, weight, bias, training, momentum, eps)
    for name, array in (("mean_weight", mean_weight), ("var_weight", var_weight)):
        if array is None:
            raise TypeError(f"{name}: expected an array, got None")
        check_parameter(name, array, input, (3,))
    return numbers


def instance_norm_check(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps):
    """Check what :func:`instance_norm` is called with; momentum and eps as numbers."""
    momentum, eps = as_number(momentum, "momentum"), as_number(eps, "eps")
    if as_bool(use_input_stats, "use_input_stats") and volume(input.shape[2:]) == 1:
        raise ValueError(f"input: expected more than one position per channel, got shape {input.shape}")
    _check_presence(not use_input_stats, running_mean=running_mean, running_var=running_var)
    if input.ndim < 2:
        raise IndexError(f"input: expected (N, C, ...), got shape {input.shape}")
    require_floating(input)
    channels = (input.shape[1],)
    for name, average in (("running_mean", running_mean), ("running_var", running_var)):
        check_parameter(name, average, input, channels, same_dtype=False)
        if average is not None and not is_floating(average):
            raise RuntimeError(f"{name}: expected floating point, got {average.dtype}")
    check_affine(input, weight, bias, channels)
    return momentum, eps


def check_groups(num_groups, channels, error):
    """The number of groups of :func:`group_norm` and of its layer, which has another class of error."""
    groups = as_int(num_groups, "num_groups")
    if groups == 0:
        raise ZeroDivisionError("num_groups: must be at least 1, got 0")
    if channels % groups:
        raise error(f"num_groups: must divide the {channels} channels, got {groups}")


def group_norm_check(input, num_groups, weight, bias, eps):
    """Check what :func:`group_norm` is called with; eps as a number."""
    if input.ndim < 2:
        raise RuntimeError(f"input: expected at least 2 axes (N, C, ...), got shape {input.shape}")
    check_groups(num_groups, input.shape[1], RuntimeError)
    if num_groups < 0:
        raise RuntimeError(f"num_groups: must be at least 1, got {num_groups}")
    if input.size == num_groups:
        raise ValueError(f"input: expected more than one value per group, got shape {input.shape}")
    require_floating(input)
    check_affine(input, weight, bias, (input.shape[1],))
    return as_number(eps, "eps")


def last_axes_check(input, normalized_shape, too_few=RuntimeError):
    """The sizes of the axes that :func:`layer_norm` averages over, as a tuple; `too_few` is for an input with fewer."""
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(f"normalized_shape: expected a tuple of ints, got {normalized_shape!r}")
    shape = tuple(as_int(size, "normalized_shape") for size in normalized_shape)
    if not shape:
        raise RuntimeError("normalized_shape: expected at least one size, got none")
    if input.shape[-len(shape) :] != shape:
        error = too_few if input.ndim < len(shape) else RuntimeError
        raise error(f"normalized_shape: expected the last axes of {input.shape}, got {shape}")
    require_floating(input)
    return shape
