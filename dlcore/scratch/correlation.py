"""The engine behind the convolution operators: cross-correlation as matrix products, and its two gradients.

A block of the windows is *unrolled* into columns, one for each, and the kernels, laid out as the rows of a matrix, are
multiplied with them (im2col; Chellapilla, Puri and Simard, 2006). A block is a few images, or a few rows of a large
one: as much as the processor's cache holds. So the memory needed grows neither with the batch nor with the image.
"""

from typing import NamedTuple

import numpy as np

from .windows import roll_up, unroll, volume

__all__ = ["Geometry", "correlate", "grad_input", "grad_weight"]

CACHE = 1 << 20
"""Bytes of columns to work on at a time: half the second-level cache of a common processor core."""


class Geometry(NamedTuple):
    """How the windows lie: tuples with one entry per spatial axis."""

    windows: tuple  # how many, the output's size
    stride: tuple
    padding: tuple  # before the input; what comes after follows from `windows`; may be negative, which crops
    dilation: tuple
    groups: int

    def taps(self, kernel_size):
        """How many positions of the kernel's first axis are reached by shifting columns instead of copying."""
        return kernel_size[0] if self.stride[0] == 1 else 1


def correlate(images, weight, geometry):
    """Slide the kernels over the images.

    Takes ``(N, C, *size)`` and ``(O, C / groups, *kernel_size)``, gives ``(N, O, *windows)``.
    """
    kernels = _matrices(weight, geometry)
    output = np.empty((len(images), len(weight), *geometry.windows), images.dtype)
    flat = _by_group(output, geometry)
    for block, columns in _columns(images, weight.shape[2:], geometry):
        np.matmul(kernels[0], columns[0], out=flat[block])
        for kernel, column in zip(kernels[1:], columns[1:]):
            flat[block] += kernel @ column
    return output


def grad_weight(images, grad, shape, geometry):
    """Correlate the input with the output's gradient: a product with the transposed columns for each block."""
    out_channels, channels, *kernel_size = shape
    groups, taps = geometry.groups, geometry.taps(kernel_size)
    total = np.zeros(
        (taps, groups, out_channels // groups, channels * volume(kernel_size) // taps), grad.dtype
    )
    flat = _by_group(grad, geometry)
    for block, columns in _columns(images, kernel_size, geometry):
        for tap, column in enumerate(columns):
            total[tap] += (flat[block] @ column.swapaxes(-1, -2)).sum(0)
    return np.moveaxis(total.reshape(taps, out_channels, channels, -1), 0, 2).reshape(shape)


def grad_input(grad, weight, shape, geometry):
    """Send the gradient back through the kernels, onto an input of `shape` ``(N, C, *size)``.

    With stride 1 this is a correlation again: of the gradient with the flipped kernels, input and output channels
    exchanged. Otherwise the columns' gradient is computed and rolled up onto the input.
    """
    windows, stride, padding, dilation, groups = geometry
    out_channels, channels, *kernel_size = weight.shape
    exchanged = weight.reshape(groups, out_channels // groups, channels, *kernel_size).swapaxes(1, 2)
    if max(stride) == 1:
        flipped = np.flip(exchanged, tuple(range(3, exchanged.ndim)))
        flipped = flipped.reshape(groups * channels, out_channels // groups, *kernel_size)
        reach = tuple(d * (k - 1) - p for d, k, p in zip(dilation, kernel_size, padding))
        return correlate(grad, flipped, Geometry(shape[2:], stride, reach, dilation, groups))
    transposed = np.ascontiguousarray(np.moveaxis(exchanged, 2, -1))
    transposed = transposed.reshape(groups, channels * volume(kernel_size), out_channels // groups)
    result = np.zeros(shape, grad.dtype)
    flat, row = _by_group(grad, geometry), volume(windows[1:])
    for some, top, rows in _blocks(
        len(grad), windows[0], shape[1] * volume(kernel_size) * row * grad.itemsize
    ):
        columns = transposed @ flat[some, ..., top * row : (top + rows) * row]
        columns = columns.reshape(-1, shape[1], *kernel_size, rows, *windows[1:])
        roll_up(columns, result[some], stride, (padding[0] - top * stride[0], *padding[1:]), dilation)
    return result


def _by_group(array, geometry):
    """A view ``(N, groups, channels per group, windows)`` of `array` ``(N, channels, *windows)``."""
    groups = geometry.groups
    return array.reshape(len(array), groups, array.shape[1] // groups, volume(geometry.windows))


def _matrices(weight, geometry):
    """The kernels as matrices that fit :func:`_columns`: (taps, groups, O / groups, C / groups * elements)."""
    out_channels, channels, *kernel_size = weight.shape
    groups, taps = geometry.groups, geometry.taps(kernel_size)
    split = weight.reshape(groups, out_channels // groups, channels, taps, volume(kernel_size) // taps)
    matrices = np.ascontiguousarray(np.moveaxis(split, 3, 0))
    return matrices.reshape(taps, groups, out_channels // groups, channels * volume(kernel_size) // taps)


def _blocks(count, rows, bytes_per_row):
    """Cut `count` images with so many rows of windows into blocks: the images, the first row, how many rows.

    A block is as many images as fill the cache. One image is cut only where it would fill it several times over,
    because rows of windows at a cut are unrolled twice.
    """
    parts = -(-bytes_per_row * rows // (4 * CACHE)) or 1
    height = -(-rows // min(parts, rows))
    size = max(1, CACHE // max(1, bytes_per_row * rows))
    for start in range(0, count, size):
        for top in range(0, rows, height):
            yield slice(start, min(start + size, count)), top, min(height, rows - top)


def _columns(images, kernel_size, geometry):
    """Unroll the windows block by block.

    With stride 1 along the first spatial axis only the kernel's other axes are unrolled: the windows one row further
    down are then the same columns, one row of windows later, and cost no copy.

    Yields
    ------
    block : tuple
        The part of :func:`_by_group`'s view that the block is.
    columns : list of array, each of shape (images, groups, C / groups * kernel elements, windows)
        One for each position along the kernel's first axis, or a single one with all positions.
    """
    windows, stride, padding, dilation, groups = geometry
    taps = geometry.taps(kernel_size)
    channels, row = images.shape[1], volume(windows[1:])
    unrolled = (kernel_size[0] // taps, *kernel_size[1:])
    below = dilation[0] * (taps - 1)
    buffer = np.zeros(0, images.dtype)
    for some, top, rows in _blocks(
        len(images), windows[0], channels * volume(unrolled) * row * images.itemsize
    ):
        part = images[some]
        shape = (len(part), channels, *unrolled, rows + below, *windows[1:])
        if buffer.size < volume(shape):
            buffer = np.zeros(volume(shape), images.dtype)  # fresh memory is costly, so it serves every block
        columns = buffer[: volume(shape)].reshape(shape)
        if rows < windows[0]:
            columns.fill(
                0
            )  # between whole images the padding keeps its place, between rows of one it does not
        unroll(part, columns, stride, (padding[0] - top * stride[0], *padding[1:]), dilation)
        columns = columns.reshape(
            len(part), groups, channels // groups * volume(unrolled), (rows + below) * row
        )
        shifts = (tap * dilation[0] * row for tap in range(taps))
        block = (some, ..., slice(top * row, (top + rows) * row))
        yield block, [columns[..., shift : shift + rows * row] for shift in shifts]
