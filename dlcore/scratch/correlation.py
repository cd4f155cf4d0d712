"""The engine behind the convolution operators: cross-correlation as matrix products, and its two gradients.

A block of images is *unrolled* into columns, one for each window, and the kernels, laid out as the rows of a matrix,
are multiplied with them (im2col; Chellapilla, Puri and Simard, 2006). The block is as large as the processor's cache
can hold, and its buffer is used again for the next, so the memory needed does not grow with the batch.
"""

from typing import NamedTuple

import numpy as np

from .windows import images_per_block, roll_up, unroll, volume

__all__ = ["Geometry", "correlate", "grad_input", "grad_weight"]


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
    """Slide the kernels over the images: ``(N, C, *size)`` and
    ``(O, C / groups, *kernel_size)`` to ``(N, O, *windows)``."""
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
    taps = geometry.taps(kernel_size)
    rows, columns_ = out_channels // geometry.groups, channels * volume(kernel_size) // taps
    total = np.zeros((taps, geometry.groups, rows, columns_), grad.dtype)
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
    flat = _by_group(grad, geometry)
    size = images_per_block(len(grad), shape[1] * volume(kernel_size) * volume(windows) * grad.itemsize)
    for start in range(0, len(grad), size):
        block = slice(start, start + size)
        columns = (transposed @ flat[block]).reshape(-1, shape[1], *kernel_size, *windows)
        roll_up(columns, result[block], stride, padding, dilation)
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
    return np.ascontiguousarray(np.moveaxis(split, 3, 0)).reshape(taps, groups, out_channels // groups, -1)


def _columns(images, kernel_size, geometry):
    """Unroll a few images at a time into one buffer.

    With stride 1 along the first spatial axis only the kernel's other axes are unrolled: the windows one row further
    down are then the same columns, one row of windows later, and cost no copy.

    Yields
    ------
    block : slice
        Which images.
    columns : list of array, each of shape (images, groups, C / groups * kernel elements, windows)
        One for each position along the kernel's first axis, or a single one with all positions.
    """
    windows, stride, padding, dilation, groups = geometry
    taps = geometry.taps(kernel_size)
    channels, row, length = images.shape[1], volume(windows[1:]), volume(windows)
    rows = windows[0] + dilation[0] * (taps - 1)
    unrolled = (kernel_size[0] // taps, *kernel_size[1:])
    size = images_per_block(len(images), channels * volume(unrolled) * rows * row * images.itemsize)
    buffer = np.zeros((size, channels, *unrolled, rows, *windows[1:]), images.dtype)
    for start in range(0, len(images), size):
        part = images[start : start + size]
        columns = unroll(part, buffer[: len(part)], stride, padding, dilation)
        columns = columns.reshape(len(part), groups, channels // groups * volume(unrolled), rows * row)
        shifts = (tap * dilation[0] * row for tap in range(taps))
        yield slice(start, start + size), [columns[..., shift : shift + length] for shift in shifts]
