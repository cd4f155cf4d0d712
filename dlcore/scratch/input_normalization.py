"""Normalization of what goes into a network: features, and the grey levels of images."""

import numpy as np

from .lines import Lines, Statistics, inverse_std_or_zero, standardized
from .normalization_checks import require_floating
from .tensor import differentiable
from .windows import as_int, as_number, volume

__all__ = ["contrast_stretch", "equalize_histogram", "standardize"]


@differentiable
def standardize(input, dim=None, correction=0, eps=0.0):
    """Shift to mean 0 and scale to variance 1 along `dim`: ``(x - mean) / sqrt(variance + eps)``.

    Parameters
    ----------
    input : array_like or Tensor
        Floating point, any shape.
    dim : int or tuple of int, optional
        The axes to average over; all by default. For a table with one example per row, 0.
    correction : int
        The variance divides by the number of elements less this: 0 for the biased one, 1 for the unbiased one.
    eps : float
        Not negative. With 0 a constant gives 0 (and has the gradient 0).

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    ValueError
        No more elements than `correction`, a negative `eps`.
    IndexError
        `dim` is not an axis.
    RuntimeError
        A `dim` that comes twice, a negative `correction`.
    TypeError
        Options of another type.
    NotImplementedError
        An input that is not floating point.

    Source: z-scores; `correction` is that of ``torch.var``. Constants give 0 as in scikit-learn's ``StandardScaler``.
    """
    input = np.asarray(input)
    axes, correction, eps = standardize_check(input, dim, correction, eps)
    rows, restore = _axes_last(input, axes)
    lines = Lines(rows, (len(rows),))
    mean, variance = lines.moments()
    share = lines.length / max(lines.length - correction, 1)
    inverse_std = inverse_std_or_zero(rows, variance * share, eps)
    sources = [Statistics(mean, variance_share=share)]
    output, backward = standardized(lines, mean, inverse_std, sources=sources)
    return restore(output), lambda grad: restore(backward(_axes_last(grad, axes)[0]).input())


def _axes_last(array, axes):
    """The elements along `axes` as rows, and the function that puts such rows back in their place."""
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(array, axes, last)
    kept, averaged = moved.shape[: array.ndim - len(axes)], moved.shape[array.ndim - len(axes) :]
    rows = np.ascontiguousarray(moved).reshape(volume(kept), volume(averaged))
    return rows, lambda rows: np.asarray(np.moveaxis(rows.reshape(moved.shape), last, axes), order="C")


@differentiable
def contrast_stretch(input, dim=(-2, -1)):
    """Stretch the grey levels over the whole range from 0 to 1: ``(x - min) / (max - min)``.

    Parameters
    ----------
    input : array_like or Tensor
        Floating point; images (..., H, W) of any range.
    dim : int or tuple of int, or None
        The axes over which minimum and maximum are taken: by default each channel by itself; (-3, -2, -1) takes the
        channels of an image together, None everything.

    Returns
    -------
    array or Tensor, of the input's shape
        From 0 to 1; a constant image gives 0 (and has the gradient 0). Elements that share the minimum or maximum
        share its gradient equally.

    Raises
    ------
    IndexError
        `dim` is not an axis.
    RuntimeError
        A `dim` that comes twice, empty axes.
    TypeError
        A `dim` of another type.
    NotImplementedError
        An input that is not floating point.

    Source: Gonzalez and Woods, "Digital image processing" (2008).
    """
    input = np.asarray(input)
    axes = contrast_stretch_check(input, dim)
    low, high = input.min(axes, keepdims=True), input.max(axes, keepdims=True)
    constant = low == high  # also where both are infinite
    extent = np.where(constant, np.inf, high - low)
    output = np.where(constant, 0, (input - low) / extent)

    def pullback(grad):
        result = grad / extent
        to_high = (result * output).sum(axes, keepdims=True)
        to_low = result.sum(axes, keepdims=True) - to_high
        for extreme, share in ((low, to_low), (high, to_high)):
            chosen = input == extreme
            result -= chosen * (share / chosen.sum(axes, keepdims=True, dtype=grad.dtype))
        return result

    return output, pullback


@differentiable
def equalize_histogram(input, levels=256):
    """Spread the grey levels evenly: level k becomes ``round((levels - 1) * share of the pixels that are <= k)``.

    A half is rounded up. Each image (and each of its channels) has a histogram of its own. A constant image becomes
    white, since all its pixels are at most as bright as it is.

    Parameters
    ----------
    input : array_like or Tensor of uint8, shape (..., H, W)
        Grey levels from 0 to ``levels - 1``.
    levels : int
        From 2 to 256.

    Returns
    -------
    array or Tensor of uint8, of the input's shape
        It has no gradient.

    Raises
    ------
    TypeError
        Another dtype, a `levels` that is not an int.
    RuntimeError
        Fewer than two axes, a `levels` out of range, a grey level that does not exist.

    Source: Gonzalez and Woods, "Digital image processing" (2008). (Pillow's and torchvision's
    ``equalize`` leave out the share of the brightest level, and leave a constant image as it is.)
    """
    input = np.asarray(input)
    levels = equalize_histogram_check(input, levels)
    if input.size and input.max() >= levels:
        raise RuntimeError(f"input: expected grey levels from 0 to {levels - 1}, got {input.max()}")
    pixels = volume(input.shape[-2:])
    rows = input.reshape(volume(input.shape[:-2]), pixels)
    places = rows + levels * np.arange(len(rows))[:, np.newaxis]
    counts = np.bincount(places.reshape(-1), minlength=levels * len(rows)).reshape(-1, levels)
    twice = 2 * max(pixels, 1)
    table = ((2 * (levels - 1) * counts.cumsum(1) + pixels) // twice).astype(np.uint8)
    return np.take(table, places).reshape(input.shape), None


# What is allowed: shapes and dtypes alone are looked at, so that the checks serve both backends


def _as_axes(dim, axes):
    """`dim` (an int, several, or None for all) as places from 0 to ``axes - 1``."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(axes))
    places = []
    for item in dim if isinstance(dim, (tuple, list)) else (dim,):
        place, least = as_int(item, "dim"), -max(axes, 1)
        if not least <= place < -least:
            raise IndexError(f"dim: expected an axis from {least} to {-least - 1}, got {item}")
        place %= -least
        if place in places:
            raise RuntimeError(f"dim: {item} comes twice in {dim}")
        places.append(place)
    return tuple(sorted(places))[:axes]


def standardize_check(input, dim, correction, eps):
    """Check what :func:`standardize` is called with; the axes, the correction, and eps as a number."""
    require_floating(input)
    axes, correction = _as_axes(dim, input.ndim), as_int(correction, "correction", 0)
    eps = as_number(eps, "eps")
    count = volume([input.shape[axis] for axis in axes])
    if volume(input.shape) and count <= correction:
        raise ValueError(f"input: expected more than {correction} elements along dim, got {count}")
    if eps < 0:
        raise ValueError(f"eps: must not be negative, got {eps}")
    return axes, correction, eps


def contrast_stretch_check(input, dim):
    """Check what :func:`contrast_stretch` is called with; the axes."""
    require_floating(input)
    axes = _as_axes(dim, input.ndim)
    if volume([input.shape[axis] for axis in axes]) == 0:
        raise RuntimeError(
            f"input: there is nothing along dim to take a minimum of, got shape {tuple(input.shape)}"
        )
    return axes


def equalize_histogram_check(input, levels):
    """Check what :func:`equalize_histogram` is called with, but for the grey levels; the number of levels."""
    if str(input.dtype).rpartition(".")[2] != "uint8":
        raise TypeError(f"input: expected uint8, got {input.dtype}")
    if input.ndim < 2:
        raise RuntimeError(f"input: expected images (..., H, W), got shape {tuple(input.shape)}")
    levels = as_int(levels, "levels", 2)
    if levels > 256:
        raise RuntimeError(f"levels: at most 256, got {levels}")
    return levels
