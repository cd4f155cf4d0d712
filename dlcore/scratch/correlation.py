"""The engine behind the convolution operators: cross-correlation as matrix products, and its two gradients.

A block of the windows is *unrolled* into columns, one for each, and the kernels, laid out as the rows of a matrix, are
multiplied with them (im2col; Chellapilla, Puri and Simard, 2006). A block is a few images, or a few rows of a large
one: as much as the processor's cache holds. So the memory needed grows neither with the batch nor with the image.

With stride 1 not every kernel position needs columns of its own. The windows one row further down are the same columns,
one row of windows later: for them the kernel is *shifted* along the columns, and nothing is copied.
"""

import itertools
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


def correlate(images, weight, geometry):
    """Slide the kernels over the images.

    Takes ``(N, C, *size)`` and ``(O, C / groups, *kernel_size)``, gives ``(N, O, *windows)``.
    """
    split, order = _layout(weight.shape, geometry)
    kernels = np.ascontiguousarray(weight.reshape(split).transpose(order)).reshape(_matrices(split))
    output = np.empty((len(images), len(weight), *geometry.windows), images.dtype)
    product = np.empty(0, output.dtype)
    for block, columns in _columns(images, weight.shape, geometry):
        total = _by_group(output[block], geometry)
        np.matmul(kernels[0], columns[0], out=total)
        if len(columns) > 1 and product.size < total.size:
            product = np.empty(total.size, output.dtype)
        for kernel, column in zip(kernels[1:], columns[1:]):
            part = _by_group(product[: total.size].reshape(output[block].shape), geometry)
            np.add(total, np.matmul(kernel, column, out=part), out=total)
    return output


def grad_weight(images, grad, shape, geometry):
    """Correlate the input with the output's gradient: a product with the transposed columns for each block."""
    split, order = _layout(shape, geometry)
    taps, groups, _, rows, length = _matrices(split)
    total = np.zeros((taps, groups, length, rows), grad.dtype).swapaxes(-1, -2)  # laid out as most products
    for block, columns in _columns(images, shape, geometry):
        part = _by_group(grad[block], geometry)
        for tap, column in enumerate(columns):
            total[tap] += _outer(part, column)
    return total.reshape([split[axis] for axis in order]).transpose(np.argsort(order)).reshape(shape)


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
    row = volume(windows[1:])
    flat = grad.reshape(len(grad), groups, out_channels // groups, windows[0] * row)
    per_row = shape[1] * volume(kernel_size) * row * grad.itemsize
    for some, top, rows in _blocks(len(grad), windows[0], per_row):
        columns = transposed @ flat[some, ..., top * row : (top + rows) * row]
        columns = columns.reshape(-1, shape[1], *kernel_size, rows, *windows[1:])
        roll_up(columns, result[some], stride, (padding[0] - top * stride[0], *padding[1:]), dilation)
    return result


def _outer(left, right):
    """``left @ right.T``, summed over images and planes."""
    if left.shape[-2] < right.shape[-2]:  # the taller first: BLAS multiplies it up to twice as fast that way
        return _outer(right, left).swapaxes(-1, -2)
    if (
        left.shape[-1] < right.shape[-2]
    ):  # few windows: those of all images in one row cost less than many products
        left, right = (
            array.transpose(1, 3, 0, 2, 4).reshape(1, array.shape[1], 1, array.shape[3], -1)
            for array in (left, right)
        )
    return (left @ right.swapaxes(-1, -2)).sum((0, 2))


def _by_group(array, geometry):
    """A view of `array` ``(N, channels, *windows)`` as matrices: (N, groups, planes, channels / groups, windows).

    The planes of a volume stay apart, each a matrix of its own, since shifting may leave gaps between them.
    """
    groups, planes = geometry.groups, array.shape[2] if len(geometry.windows) == 3 else 1
    shape = (len(array), groups, array.shape[1] // groups, planes, volume(array.shape[2:]) // max(1, planes))
    return array.reshape(shape).swapaxes(2, 3)


def _shifts(shape, geometry):
    """How many positions of each axis of the kernels are reached by shifting; the others are copied for each of them.

    A shift passes over the output once more, a copy over the input's channels. Where there are many more of the
    output's than the columns have rows, as in the first layer of a network, copying is cheaper.
    """
    out_channels, channels, *kernel_size = shape
    *others, last = kernel_size
    if geometry.stride[-1] == 1 and not others:  # a sequence: about as many shifts as copies
        last = next(copied for copied in range(1, last + 1) if last % copied == 0 and copied**2 >= last)
    if out_channels // geometry.groups > 2 * channels * last:
        return (1,) * len(kernel_size)
    shifts = [k if step == 1 else 1 for k, step in zip(others, geometry.stride)]
    return (*shifts, kernel_size[-1] // last)


def _layout(shape, geometry):
    """How a weight of `shape` is split, and the order of its axes that makes it the matrices of :func:`_columns`.

    Split it is (groups, O / groups, C / groups, shifts, copies, shifts, copies, ...), with two entries for each
    spatial axis; in order, first all shifts, then groups and channels, and last all copies.
    """
    shifts, groups = _shifts(shape, geometry), geometry.groups
    pairs = [number for shift, k in zip(shifts, shape[2:]) for number in (shift, k // shift)]
    split = (groups, shape[0] // groups, shape[1], *pairs)
    return split, [*range(3, len(split), 2), 0, 1, 2, *range(4, len(split), 2)]


def _matrices(split):
    """The shape of kernels split and ordered by :func:`_layout`: (taps, groups, 1, O / groups, C / groups * copies)."""
    groups, out_channels, channels = split[:3]
    return (volume(split[3::2]), groups, 1, out_channels, channels * volume(split[4::2]))


def _blocks(count, rows, bytes_per_row, reads=1):
    """Cut `count` images with so many rows of windows into blocks: the images, the first row, how many rows.

    A block is as many images as fill the cache. One image is cut only where it would fill it several times over, or
    is read many times, because rows of windows at a cut are unrolled twice.
    """
    parts = -(-bytes_per_row * rows // (max(1, 12 // max(3, reads)) * CACHE)) or 1
    height = -(-rows // max(1, min(parts, rows)))
    size = max(1, CACHE // max(1, bytes_per_row * rows))
    for start in range(0, count, size):
        for top in range(0, rows, height):
            yield slice(start, min(start + size, count)), top, min(height, rows - top)


def _columns(images, kernels, geometry):
    """Unroll the windows block by block, for kernels of the shape `kernels`.

    Yields
    ------
    block : tuple
        The part of an array ``(N, channels, *windows)`` that the block is.
    columns : list of array, each of shape (images, groups, planes, C / groups * copies, windows of a plane)
        One for each position of the kernel that is reached by shifting.
    """
    windows, stride, padding, dilation, _ = geometry
    shifts, channels = _shifts(kernels, geometry), images.shape[1]
    copies = tuple(k // shift for k, shift in zip(kernels[2:], shifts))
    steps = tuple(d * copied for d, copied in zip(dilation, copies))
    beyond = [step * (shift - 1) for step, shift in zip(steps, shifts)]  # of the windows, to shift into
    starts = list(itertools.product(*map(range, (0,) * len(shifts), [b + 1 for b in beyond], steps)))
    per_row = channels * volume(copies) * volume(map(sum, zip(windows[1:], beyond[1:]))) * images.itemsize
    buffer = np.zeros(0, images.dtype)
    for some, top, rows in _blocks(len(images), windows[0], per_row, len(starts)):
        part, size = images[some], (rows, *windows[1:])
        shape = (len(part), channels, *copies, *map(sum, zip(size, beyond)))
        if buffer.size < volume(shape):
            buffer = np.zeros(volume(shape), images.dtype)  # fresh memory is costly, so it serves every block
        columns = buffer[: volume(shape)].reshape(shape)
        if (
            rows < windows[0]
        ):  # between whole images the padding keeps its place, between rows of one it does not
            columns.fill(0)
        unroll(part, columns, stride, (padding[0] - top * stride[0], *padding[1:]), dilation)
        columns = columns.reshape(len(part), channels * volume(copies), *shape[2 + len(size) :])
        views = [columns[(..., *map(slice, start, map(sum, zip(start, size))))] for start in starts]
        yield (some, slice(None), slice(top, top + rows)), [_by_group(view, geometry) for view in views]
