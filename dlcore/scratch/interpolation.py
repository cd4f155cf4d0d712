"""Interpolation: values between the samples of an image. Signatures are those of ``torch.nn.functional``.

On a regular grid every method is separable: along one axis, each output element is a weighted sum of few input
elements, its *taps*, and an image is interpolated axis by axis. The taps of an axis are the rows of a sparse matrix, and
its transpose is the gradient. What distinguishes the methods is a filter and the positions at which it is evaluated.
"""

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from .correlation import CACHE
from .pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .tensor import as_operand, differentiable
from .windows import as_bool, as_number, as_tuple, size_text, volume

__all__ = ["affine_grid", "grid_sample", "interpolate"]


def interpolate(
    input, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None, antialias=False
):  # fmt: skip
    """Resize the spatial axes: output position o lies at ``(o + 1/2) * scale - 1/2`` of the input, and is interpolated.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, W), (N, C, H, W) or (N, C, D, H, W)
        Floating point; of uint8 the result is rounded and clipped after each axis.
    size : int or tuple of int, optional
        Of the output's spatial axes; the scale is then ``input size / output size``.
    scale_factor : float or tuple of float, optional
        The output's size is ``floor(input size * scale_factor)``, the scale ``1 / scale_factor``. Either this or `size`.
    mode : str
        "nearest": the element at ``floor(o * scale)``. "nearest-exact": at ``floor((o + 1/2) * scale)``.
        "linear", "bilinear", "trilinear" (3, 4, 5 axes): between the two neighbours along each axis.
        "bicubic" (4 axes): between four, by Keys' cubic convolution with a = -3/4. "area": the mean of the elements that
        the output element covers, :func:`adaptive_avg_pool2d`. "lanczos" (4 axes, only with `antialias`): six, by
        ``sinc(x) sinc(x / 3)``.
    align_corners : bool, optional
        For the linear and cubic modes: o lies at ``o * (input size - 1) / (output size - 1)``, so that the corners'
        centres meet.
    recompute_scale_factor : bool, optional
        Take the scale from the two sizes although `scale_factor` is given.
    antialias : bool
        For "bilinear", "bicubic" (here with a = -1/2) and "lanczos": where the image shrinks, widen the filter by the
        scale, so that every element counts.

    Returns
    -------
    array or Tensor, of the same number of axes and dtype
        Beyond the edges the outermost element is repeated.

    Raises
    ------
    ValueError
        Neither or both of `size` and `scale_factor`, or as many entries as there are no spatial axes; `align_corners`,
        `recompute_scale_factor` or `antialias` with a mode or size that it does not go with.
    NotImplementedError
        A mode that is unknown or does not go with the number of axes, other dtypes.
    RuntimeError
        Empty axes other than the batch, an empty output.
    TypeError
        Options that are of another kind.

    Source: ``torch.nn.functional.interpolate``; Keys, "Cubic convolution interpolation for digital image processing"
    (1981).
    """
    input = as_operand(input)
    sizes, factors = resized(
        input.shape, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias
    )
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[len(sizes) - 1](input, sizes)
    return _resample(input, sizes, factors, mode, bool(align_corners), bool(antialias))


@differentiable
def _resample(input, sizes, factors, mode, align_corners, antialias):
    """One axis after the other, the last one first: backward, the transposed maps in the opposite order."""
    input = np.asarray(input)
    if input.dtype.kind != "f" and input.dtype != np.uint8:
        raise NotImplementedError(f"input: expected floating point or uint8, got {input.dtype}")
    images = input.astype(np.result_type(input, np.float32), copy=False)
    maps = [
        _axis_taps(n, m, factor, mode, align_corners, antialias, images.dtype, len(sizes))
        for n, m, factor in zip(images.shape[2:], sizes, factors)
    ]
    axes = range(images.ndim - 1, 1, -1)
    output, finite = images, is_finite(images)
    for axis in axes:
        output = maps[axis - 2].apply(output, axis, finite)
        if input.dtype == np.uint8:
            output = np.clip(np.floor(output + 0.5), 0, 255)

    def pullback(grad):
        total, finite = grad.astype(images.dtype, copy=False), is_finite(grad)
        for axis in reversed(axes):
            total = maps[axis - 2].apply_transposed(total, axis, finite)
        return total

    return output.astype(input.dtype, copy=False), pullback


_AXES = {"linear": 1, "bilinear": 2, "bicubic": 2, "lanczos": 2, "trilinear": 3}
_ANY_AXES = ("nearest", "nearest-exact", "area")


def resized(shape, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias):
    """The size of the output along each spatial axis, and the scale factor there, None for the quotient of the sizes.

    Everything that :func:`interpolate` refuses is refused here, so also where only shapes are known.
    """
    axes = len(shape) - 2
    if mode in _ANY_AXES and align_corners is not None:
        raise ValueError(f"align_corners: goes with the linear and cubic modes only, got mode={mode!r}")
    if (size is None) == (scale_factor is None):
        raise ValueError(f"size, scale_factor: give one, got size={size!r}, scale_factor={scale_factor!r}")
    name, given = ("size", size) if scale_factor is None else ("scale_factor", scale_factor)
    if isinstance(given, (tuple, list)) and len(given) != axes:
        raise ValueError(
            f"{name}: expected one number or {axes} for an input of shape {shape}, got {given!r}"
        )
    if size is not None and recompute_scale_factor:
        raise ValueError("recompute_scale_factor: means nothing where size is given")
    if antialias and (mode not in ("bilinear", "bicubic", "lanczos") or axes != 2):
        raise ValueError(
            f"antialias: goes with bilinear, bicubic, lanczos and 4 axes, got mode={mode!r} and shape {shape}"
        )
    if not 1 <= axes <= 3:
        raise NotImplementedError(f"input: expected 3, 4 or 5 axes, got shape {shape}")
    if mode not in _ANY_AXES and _AXES.get(mode) != axes:
        raise NotImplementedError(f"mode: {mode!r} is unknown, or does not go with an input of shape {shape}")
    align_corners = _flag(align_corners)
    if mode == "lanczos" and (align_corners or not antialias):
        raise ValueError("mode: 'lanczos' needs antialias=True and align_corners=False")
    if size is not None:
        sizes, factors = as_tuple(size, axes, "size"), (None,) * axes
    else:
        factors = _factors(scale_factor, axes)
        sizes = tuple(int(n * factor) for n, factor in zip(shape[2:], factors))
        factors = (None,) * axes if recompute_scale_factor else factors
    if min(sizes) < 1 or min(shape[2:]) < 1 or (shape[1] == 0 and mode != "area"):
        raise RuntimeError(
            f"input, {name}: only the batch may be empty, got shape {shape} and output size {size_text(sizes)}"
        )
    return sizes, factors


def _flag(align_corners):
    return False if align_corners is None else as_bool(align_corners, "align_corners")


def _factors(scale_factor, axes):
    factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * axes
    factors = tuple(float(as_number(factor, "scale_factor")) for factor in factors)
    if not all(map(math.isfinite, factors)):
        raise RuntimeError(f"scale_factor: expected finite numbers, got {scale_factor!r}")
    return factors


# The taps of an axis

BLOCK = 32
"""Outputs whose taps make one matrix: enough for a matrix product, few enough to leave out most zeros."""


class Taps(NamedTuple):
    """A linear map along one axis: ``output[o] = sum over t of weights[t, o] * input[indices[t, o]]``.

    An index equal to the input's size stands for no tap.

    Attributes
    ----------
    indices, weights : numpy.ndarray, shape (taps, outputs)
    size : int
        Of the input.
    blocks : list of (slice, slice, numpy.ndarray)
        The same as a banded matrix: outputs, inputs, and the part of the matrix where they meet.
    """

    indices: np.ndarray
    weights: np.ndarray
    size: int
    blocks: list

    @classmethod
    def of(cls, indices, weights, size):
        """From the first three attributes."""
        count = indices.shape[1]
        if max(count, size) <= 2 * BLOCK:
            return cls(indices, weights, size, [_block(indices, weights, slice(0, count), slice(0, size))])
        blocks = []
        for start in range(0, count, BLOCK):
            outputs = slice(start, min(start + BLOCK, count))
            part = indices[:, outputs]
            first = part.min(initial=size)
            inputs = slice(first, part[part < size].max(initial=first - 1) + 1)
            blocks.append(_block(indices, weights, outputs, inputs))
        return cls(indices, weights, size, blocks)

    def apply(self, array, axis, finite):
        """The map along `axis`; `finite` says whether `array` is free of infinities and NaN.

        As matrix products. A zero of the matrix would make NaN of an infinity that is no tap: then tap by tap.
        """
        if not finite:
            return self._tap_by_tap(array, axis)
        output = np.empty(_resized(array, axis, self.indices.shape[1]), array.dtype)
        source, target = _lines(array, axis), _lines(output, axis)
        for outputs, inputs, matrix in self.blocks:
            _multiply(matrix, source[:, inputs], target[:, outputs])
        return output

    def apply_transposed(self, grad, axis, finite):
        """The transpose of :meth:`apply`: from the gradient with respect to the output to that of the input."""
        if not finite:
            return self._tap_by_tap_transposed(grad, axis)
        output = np.zeros(_resized(grad, axis, self.size), grad.dtype)
        source, target = _lines(grad, axis), _lines(output, axis)
        if len(self.blocks) == 1:
            _multiply(self.blocks[0][2].T, source, target)
            return output
        for outputs, inputs, matrix in self.blocks:  # whose inputs may overlap
            part = target[:, inputs]
            part += _multiply(matrix.T, source[:, outputs], np.empty(part.shape, part.dtype))
        return output

    def _tap_by_tap(self, array, axis):
        padded = np.concatenate([array, np.zeros(_resized(array, axis, 1), array.dtype)], axis)
        column = (-1,) + (1,) * (array.ndim - axis - 1)
        output = np.zeros(_resized(array, axis, self.indices.shape[1]), array.dtype)
        for index, weight in zip(self.indices, self.weights):
            output += padded.take(index, axis) * weight.reshape(column)
        return output

    def _tap_by_tap_transposed(self, grad, axis):
        total, moved = np.zeros(_resized(grad, axis, self.size + 1), grad.dtype), np.moveaxis(grad, axis, -1)
        for index, weight in zip(self.indices, self.weights):
            np.add.at(np.moveaxis(total, axis, 0), index, np.moveaxis(moved * weight, -1, 0))
        return total.take(range(self.size), axis)


def _block(indices, weights, outputs, inputs):
    """The part of the map's matrix that leads from `inputs` to `outputs`."""
    matrix = np.zeros((outputs.stop - outputs.start, inputs.stop - inputs.start), weights.dtype)
    for index, weight in zip(indices[:, outputs], weights[:, outputs]):
        (row,) = np.nonzero(index < inputs.stop)
        matrix[row, index[row] - inputs.start] += weight[row]
    return outputs, inputs, matrix


def is_finite(array):
    """Whether `array` holds neither infinities nor NaN; False also where its sum is too large for the dtype."""
    return bool(np.isfinite(array.sum()))


def _resized(array, axis, size):
    return (*array.shape[:axis], size, *array.shape[axis + 1 :])


def _lines(array, axis):
    """`array` with three axes: those before `axis`, `axis`, those after it."""
    return array.reshape(volume(array.shape[:axis]), array.shape[axis], volume(array.shape[axis + 1 :]))


def _multiply(matrix, lines, out):
    """``matrix @ lines`` along the middle axis, into `out`: one product for all lines where they are contiguous."""
    if lines.shape[2] == 1:
        np.matmul(lines[..., 0], matrix.T, out=out[..., 0])
    else:
        np.matmul(matrix, lines, out=out)
    return out


# Where the taps of a resized axis are, and their weights


def triangle(distance):
    """The filter of linear interpolation: ``1 - |x|`` for |x| below 1."""
    return np.maximum(0, 1 - np.abs(distance))


def cubic(distance, a=-0.75):
    """Keys' cubic filter, for |x| below 2; his paper has a = -1/2."""
    x = np.abs(distance)
    near, far = ((a + 2) * x - (a + 3)) * x * x + 1, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def lanczos(distance):
    """The product of two sines over x, for |x| below 3."""
    return np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)


FILTERS = {"bicubic": cubic, "lanczos": lanczos}
"""By mode; the linear ones have :func:`triangle`."""

REACH = {"nearest": 0, "nearest-exact": 0, "bicubic": 2, "lanczos": 3}
"""How far a mode's filter reaches; the linear ones to 1."""


def _axis_taps(size, count, factor, mode, align_corners, antialias, dtype, axes):
    """The taps of `count` outputs on an axis of this `size`, one of so many `axes`."""
    filter, reach = FILTERS.get(mode, triangle), REACH.get(mode, 1)
    outputs = np.arange(count)
    if count == size and (antialias or reach == 1 or (mode == "nearest" and axes == 2)):
        # Copied, whatever the factor, as PyTorch does; the linear modes with their second tap, of weight 0.
        taps = 2 if reach == 1 and not antialias else 1
        weights = np.zeros((taps, count), dtype)
        weights[0] = 1
        return Taps.of(np.tile(outputs, (taps, 1)), weights, size)
    if reach == 0:
        indices = _nearest(outputs, size, factor, mode, dtype, axes)[np.newaxis]
        return Taps.of(indices, np.ones(indices.shape, dtype), size)
    if align_corners:
        scale = (size - 1) / (count - 1) if count > 1 else 0.0
    else:
        scale = 1 / factor if factor else size / count
    if antialias:
        filter = partial(cubic, a=-0.5) if mode == "bicubic" else filter
        indices, weights = _widened(filter, reach, (outputs + 0.5) * scale, max(scale, 1.0), size)
        return Taps.of(indices, weights.astype(dtype), size)
    positions = outputs * scale if align_corners else (outputs + 0.5) * scale - 0.5
    if filter is triangle:
        positions = np.maximum(positions, 0)
    neighbours = np.floor(positions).astype(int) + np.arange(1 - reach, reach + 1)[:, np.newaxis]
    weights = filter(positions - neighbours).astype(dtype)
    return Taps.of(np.clip(neighbours, 0, size - 1), weights, size)


def _nearest(outputs, size, factor, mode, dtype, axes):
    """Where the positions fall exactly between two elements, rounding decides: so the precision is PyTorch's."""
    if axes == 2 and mode == "nearest" and len(outputs) == 2 * size:
        return outputs // 2
    precision = np.float32 if axes == 2 else dtype.type
    scale = precision(1 / factor if factor else size / len(outputs))
    shift = precision(0.5 if mode == "nearest-exact" else 0)
    positions = ((outputs.astype(precision) + shift) * scale).astype(np.float32)
    return np.minimum(np.floor(positions).astype(int), size - 1)


def _widened(filter, reach, centres, stretch, size):
    """Taps and weights of a filter made `stretch` times as wide; the weights of an output are made to add up to 1."""
    first = np.maximum((centres - reach * stretch + 0.5).astype(int), 0)
    stop = np.minimum((centres + reach * stretch + 0.5).astype(int), size)
    indices = first + np.arange((stop - first).max())[:, np.newaxis]
    used = indices < stop
    weights = np.where(used, filter((indices + 0.5 - centres) / stretch), 0)
    return np.where(used, indices, size), weights / weights.sum(0)


# Sampling at any position


@differentiable
def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """Sample the input at the positions that `grid` names: the last step of a spatial transformer.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (N, C, D, H, W)
    grid : array_like or Tensor, shape (N, H', W', 2) or (N, D', H', W', 3)
        For each output element its position (x, y) or (x, y, z), from -1 (left, top, front edge) to 1. NaN is -1.
    mode : {"bilinear", "nearest", "bicubic"}
        Between the neighbours along each axis (for 5 axes too), the nearest element (of two the even one), or between
        four along each axis (4 axes only) by Keys' cubic convolution with a = -3/4.
    padding_mode : {"zeros", "border", "reflection"}
        What lies outside: zeros, the outermost element, or the input reflected as often as necessary.
    align_corners : bool, optional
        Whether -1 and 1 are the centres of the outermost elements rather than their outer edges, which is the default.

    Returns
    -------
    array or Tensor, shape (N, C, H', W') or (N, C, D', H', W')

    Raises
    ------
    ValueError
        An unknown `mode` or `padding_mode`.
    RuntimeError
        Shapes or dtypes that do not fit each other, empty spatial axes of the input, "bicubic" with 5 axes.
    NotImplementedError
        An input that is not floating point.
    TypeError
        `align_corners` is not a bool.

    Source: ``torch.nn.functional.grid_sample``; Jaderberg et al., "Spatial transformer networks" (2015).
    """
    images, grid = np.asarray(input), np.asarray(grid)
    align_corners = _flag(align_corners)
    _check_grid(images, grid, mode, padding_mode)
    dtype = np.result_type(images, np.float32)
    batch, channels, *sizes = images.shape
    positions = np.clip(np.where(np.isnan(grid), -1, grid), -1e9, 1e9).astype(dtype)  # as integers hold them
    positions = positions.reshape(batch * volume(grid.shape[1:-1]), len(sizes)).T
    taps = [
        _position_taps(positions[-1 - axis], size, mode, padding_mode, align_corners)
        for axis, size in enumerate(sizes)
    ]
    indices = _flat_indices([index for index, _, _ in taps], sizes, batch)
    weights = _outer([weight for _, weight, _ in taps])
    columns = _by_channel(images.astype(dtype, copy=False), extra=1)  # the last column is zeros
    output = _gather(columns, indices, weights)

    def grad_input(grad):
        total = _scatter(grad, indices, weights, columns.shape[1])
        return _by_image(total[:, :-1], images.shape)

    def grad_grid(grad):
        if mode == "nearest":
            return np.zeros_like(grid)
        sensitivity = _correlation(grad, indices, columns)  # to each weight
        slopes = [
            (sensitivity * _outer([taps[b][2 if b == axis else 1] for b in range(len(sizes))])).sum(0)
            for axis in reversed(range(len(sizes)))
        ]
        return np.stack(slopes, axis=-1).reshape(grid.shape)

    def pullback(grad):
        by_channel = _by_channel(grad.astype(dtype, copy=False))
        return lambda: grad_input(by_channel), lambda: grad_grid(by_channel)

    output = _by_image(output, (batch, channels, *grid.shape[1:-1]))
    return output.astype(images.dtype, copy=False), pullback


def _check_grid(images, grid, mode, padding_mode):
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(f"mode: expected 'bilinear', 'nearest' or 'bicubic', got {mode!r}")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(f"padding_mode: expected 'zeros', 'border' or 'reflection', got {padding_mode!r}")
    if images.ndim not in (4, 5):
        raise RuntimeError(f"input: expected 4 or 5 axes, got shape {images.shape}")
    if (grid.ndim, grid.shape[-1:], grid.shape[:1]) != (images.ndim, (images.ndim - 2,), images.shape[:1]):
        raise RuntimeError(
            f"grid: expected shape ({len(images)}, ..., {images.ndim - 2}) with {images.ndim} axes for an input of "
            f"shape {images.shape}, got {grid.shape}"
        )
    if min(images.shape[2:]) == 0:
        raise RuntimeError(f"input: expected no empty spatial axis, got shape {images.shape}")
    if mode == "bicubic" and images.ndim == 5:
        raise RuntimeError(f"mode: 'bicubic' goes with 4 axes only, got an input of shape {images.shape}")
    if images.dtype.kind != "f":
        raise NotImplementedError(f"input: expected floating point, got {images.dtype}")
    if grid.dtype != images.dtype:
        raise RuntimeError(f"grid: expected the input's dtype {images.dtype}, got {grid.dtype}")


def _position_taps(grid, size, mode, padding_mode, align_corners):
    """The taps along one axis at the normalized positions `grid`, shape (positions,).

    Returns
    -------
    indices, weights, slopes : arrays of shape (taps, positions)
        Indices outside 0 ... size - 1 lie on zeros. Slopes are the weights' derivatives with respect to `grid`.
    """
    slope = grid.dtype.type((size - 1) / 2 if align_corners else size / 2)
    positions = (grid + 1) * slope - grid.dtype.type(0 if align_corners else 0.5)
    if mode != "bicubic":  # which pads its taps instead
        positions, factor = _padded(positions, size, padding_mode, align_corners)
        slope = slope * factor
    if mode == "nearest":
        indices = np.rint(positions)[np.newaxis]
        return indices.astype(int), np.ones_like(indices), np.zeros_like(indices)
    below = np.floor(positions)
    if mode == "bilinear":
        rest = positions - below
        return (
            np.stack([below, below + 1]).astype(int), np.stack([1 - rest, rest]), np.stack([-slope, slope])
        )  # fmt: skip
    indices = below + np.arange(-1, 3, dtype=grid.dtype)[:, np.newaxis]
    weights, slopes = cubic(positions - indices), _cubic_slope(positions - indices)
    return _padded(indices, size, padding_mode, align_corners)[0].astype(int), weights, slopes * slope


def _cubic_slope(distance, a=-0.75):
    """The derivative of :func:`cubic`."""
    x = np.abs(distance)
    near, far = (3 * (a + 2) * x - 2 * (a + 3)) * x, (3 * a * x - 10 * a) * x + 8 * a
    return np.where(x <= 1, near, far) * np.sign(distance)


def _padded(positions, size, padding_mode, align_corners):
    """Where on the input a position outside is read instead, and the derivative of that: 1, -1 or 0."""
    factor = np.ones_like(positions)
    if padding_mode == "zeros":
        return positions, factor
    if padding_mode == "reflection":
        low, span = (0, size - 1) if align_corners else (-0.5, size)
        if span == 0:
            return np.zeros_like(positions), np.zeros_like(positions)
        flips, rest = np.divmod(np.abs(positions - low), span)
        odd = flips % 2 == 1
        factor = np.where((positions < low) != odd, -factor, factor)
        positions = np.where(odd, span - rest, rest) + low
    inside = (positions > 0) & (positions < size - 1)
    return np.clip(positions, 0, size - 1), factor * inside


def _outer(arrays, combine=np.multiply):
    """Arrays (taps, positions), one per axis, multiplied in all combinations: (taps ** axes, positions)."""
    product = arrays[0]
    for array in arrays[1:]:
        pairs = combine(product[:, np.newaxis], array)
        product = pairs.reshape(len(product) * len(array), -1 if pairs.size else 0)
    return product


def _flat_indices(indices, sizes, batch):
    """All combinations of the axes' indices, as places in the images laid one after the other.

    What lies outside gets the place after the last.
    """
    steps = [volume(sizes[axis + 1 :]) for axis in range(len(sizes))]
    flat = _outer([index * step for index, step in zip(indices, steps)], np.add)
    inside = _outer([(index >= 0) & (index < size) for index, size in zip(indices, sizes)], np.logical_and)
    image = np.repeat(np.arange(batch) * volume(sizes), flat.shape[1] // max(1, batch))
    return np.where(inside, flat + image, batch * volume(sizes))


def _by_channel(images, extra=0):
    """``(N, C, *size)`` as (C, N * positions), and `extra` columns of zeros."""
    batch, channels, *sizes = images.shape
    columns = np.zeros((channels, batch * volume(sizes) + extra), images.dtype)
    target = columns[:, : batch * volume(sizes)].reshape(channels, batch, volume(sizes))
    target[...] = images.reshape(batch, channels, volume(sizes)).swapaxes(0, 1)
    return columns


def _by_image(columns, shape):
    """The opposite of :func:`_by_channel`, to `shape`."""
    return columns.reshape(shape[1], shape[0], volume(shape[2:])).swapaxes(0, 1).reshape(shape)


def _blocks(indices, columns):
    """Slices of channels that fit the cache, each with the places that `indices` names in those laid flat."""
    channels, count = columns
    step = min(channels, max(1, CACHE // max(1, 4 * indices.size)))
    places = indices[np.newaxis]
    if step > 1:
        places = places + np.arange(step)[:, np.newaxis, np.newaxis] * count
    for start in range(0, channels, max(1, step)):
        some = slice(start, min(start + step, channels))
        yield some, places[: some.stop - start]


def _gather(columns, indices, weights):
    """``output[c, p] = sum over t of weights[t, p] * columns[c, indices[t, p]]``."""
    output = np.empty((len(columns), indices.shape[1]), columns.dtype)
    for some, places in _blocks(indices, columns.shape):
        values = columns[some].take(places)
        values *= weights
        np.sum(values, axis=1, out=output[some])
    return output


def _scatter(grad, indices, weights, count):
    """From the gradient of :func:`_gather`'s output to that of its `count` columns: its transpose."""
    total = np.empty((len(grad), count), grad.dtype)
    for some, places in _blocks(indices, total.shape):
        shares = weights * grad[some, np.newaxis]
        total[some] = np.bincount(places.ravel(), shares.ravel(), total[some].size).reshape(-1, count)
    return total


def _correlation(grad, indices, columns):
    """From the gradient of :func:`_gather`'s output to that of its weights."""
    total = np.zeros(indices.shape, grad.dtype)
    for some, places in _blocks(indices, columns.shape):
        values = columns[some].take(places)
        values *= grad[some, np.newaxis]
        total += values.sum(0)
    return total


@differentiable
def affine_grid(theta, size, align_corners=None):
    """Positions for :func:`grid_sample`: each output position, mapped by an affine matrix.

    Parameters
    ----------
    theta : array_like or Tensor, shape (N, 2, 3) or (N, 3, 4)
    size : tuple of int
        Of the output that is to be sampled: (N, C, H, W) or (N, C, D, H, W).
    align_corners : bool, optional
        As for :func:`grid_sample`.

    Returns
    -------
    array or Tensor, shape (N, H, W, 2) or (N, D, H, W, 3)
        ``theta @ (x, y, 1)`` with x and y from -1 to 1; 0 along an axis of size 1.

    Raises
    ------
    ValueError
        `theta` is not floating point, or its shape does not go with `size`; an empty size.
    RuntimeError
        `size` has another N than `theta`.
    NotImplementedError
        `size` has not 4 or 5 entries.
    TypeError
        `size` is not a sequence of ints, `align_corners` not a bool.

    Source: ``torch.nn.functional.affine_grid``; Jaderberg et al., "Spatial transformer networks" (2015).
    """
    theta, align_corners = np.asarray(theta), _flag(align_corners)
    if theta.dtype.kind != "f":
        raise ValueError(f"theta: expected floating point, got {theta.dtype}")
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"size: expected a tuple of ints, got {size!r}")
    axes = len(size) - 2
    if axes not in (2, 3):
        raise NotImplementedError(f"size: expected 4 or 5 entries, got {size!r}")
    if theta.shape[1:] != (axes, axes + 1) or theta.ndim != 3:
        raise ValueError(
            f"theta: expected shape (N, {axes}, {axes + 1}) for size {size!r}, got {theta.shape}"
        )
    batch, channels, *sizes = as_tuple(size, len(size), "size")
    if min(batch, channels, *sizes) <= 0:
        raise ValueError(f"size: expected positive entries, got {size!r}")
    if batch != len(theta):
        raise RuntimeError(f"size: expected N = {len(theta)} as in theta, got {size!r}")
    lines = [_coordinates(n, align_corners, theta.dtype) for n in reversed(sizes)]
    planes = np.meshgrid(*reversed(lines), indexing="ij")[::-1]
    points = np.stack([*planes, np.ones(sizes, theta.dtype)], axis=-1).reshape(-1, axes + 1)

    def pullback(grad):
        return grad.reshape(batch, -1, axes).swapaxes(1, 2) @ points

    return (points @ theta.swapaxes(1, 2)).reshape(batch, *sizes, axes), pullback


def _coordinates(count, align_corners, dtype):
    """The positions of `count` elements between -1 and 1."""
    if count == 1:
        return np.zeros(1, dtype)
    line = np.linspace(-1, 1, count)
    return (line if align_corners else line * (count - 1) / count).astype(dtype)
