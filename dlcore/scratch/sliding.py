"""The engine behind the pooling operators: the maximum and the sum of sliding windows, forward and backward.

A window is a box, so its maximum is a maximum of maxima and its sum a sum of sums: the spatial axes are gone through
one after the other, and a box of k x k elements costs 2 k operations instead of k * k.

A map is one channel of one image, and maps know nothing of one another. As many as the processor's cache holds are laid
side by side, ``(*size, maps)``: then each operation runs over neighbours in memory, along whichever axis windows slide.
"""

import math
from typing import NamedTuple

import numpy as np

from .arithmetic import select
from .correlation import CACHE
from .windows import taps, volume

__all__ = ["Line", "adaptive_lines", "maxima", "spread", "sums", "window_lines"]


class Line(NamedTuple):
    """How windows lie along one axis.

    Each of the `meetings` says what the windows meet with one of their positions: the position's number, a slice of
    the windows, and the slice of as many input elements.
    """

    axis: int  # 0 is the first spatial one
    size: int  # of the input
    windows: int  # how many
    first: np.ndarray  # each window's first position that lies on the input and not on padding
    meetings: list

    def part(self, block, along):
        """The view of `block` that the slice `along` of this axis gives."""
        return block[(slice(None),) * self.axis + (along,)]

    def zeros(self, like, count, dtype):
        """Zeros in the shape of `like`, but for `count` along this axis."""
        return np.zeros((*like.shape[: self.axis], count, *like.shape[self.axis + 1 :]), dtype)

    def counts(self):
        """How many elements of the input each window meets."""
        result = np.zeros(self.windows, np.int64)
        for _, where, _ in self.meetings:
            result[where] += 1
        return result


def window_lines(size, windows, kernel_size, stride, padding, dilation):
    """Windows of one size, one step apart, along each spatial axis."""
    result = []
    for axis, lengths in enumerate(zip(size, windows, kernel_size, stride, padding, dilation)):
        n, m, _, s, p, d = lengths
        meetings = [
            (tap, where, source) for (tap,), (where,), (source,) in taps(*((length,) for length in lengths))
        ]
        first = np.maximum(0, -((np.arange(m) * s - p) // d))
        result.append(Line(axis, n, m, first, meetings))
    return result


def adaptive_lines(size, windows):
    """The windows of adaptive pooling along each spatial axis.

    With g the greatest common divisor of n and m, window ``i + m / g`` lies ``n / g`` after window i and is as large.
    So the windows fall into ``m / g`` groups, each of ordinary windows.
    """
    result = []
    for axis, (n, m) in enumerate(zip(size, windows)):
        common = math.gcd(n, m)
        groups, step = m // common, n // common
        meetings = []
        for i in range(groups):
            start, stop = i * n // m, -(-(i + 1) * n // m)
            for number in range(stop - start):
                source = slice(start + number, start + number + (common - 1) * step + 1, step)
                meetings.append((number, slice(i, None, groups), source))
        result.append(Line(axis, n, m, np.zeros(m, np.int64), meetings))
    return result


def maxima(images, lines, return_indices=False):
    """The largest element of each window, where it stood, and the pullback.

    Takes ``(..., *size)``. Gives ``(..., *windows)``; only with `return_indices` as many integers, the places in a map
    laid flat, or -1 for a window that met no element.
    """
    maps, shape, size = _maps(images, lines), images.shape, _sizes(lines)
    output = np.empty((len(maps), *_windows(lines)), images.dtype)
    indices = np.empty(output.shape, np.int64) if return_indices else None
    record = []
    for some in _blocks(len(maps), volume(size) * images.itemsize):
        block, winners = _side_by_side(maps[some]), []
        for line in reversed(lines):  # among equal elements, the first in the first row that has one wins
            block, winner = _maximum(block, line)
            winners.append(winner)
        output[some] = _apart(block)
        record.append((some, winners))
        if return_indices:
            indices[some] = _apart(_places(winners, lines))
    result_shape = (*shape[: -len(lines)], *output.shape[1:])

    def pullback(grad):
        grad, total = _maps(grad, lines), np.empty((volume(shape[: -len(lines)]), *size), grad.dtype)
        for some, winners in record:
            block = _side_by_side(grad[some])
            for line, winner in zip(lines, reversed(winners)):
                block = _to_winners(block, winner, line)
            total[some] = _apart(block)
        return total.reshape(shape)

    return output.reshape(result_shape), indices.reshape(result_shape) if return_indices else None, pullback


def _maximum(block, line):
    """The largest element of each window along one axis, and the number of its position: the first of equal ones.

    NaN is larger than every number, and the last NaN wins, as in PyTorch.
    """
    is_float = block.dtype.kind == "f"
    output = line.zeros(block, line.windows, block.dtype)
    most = max([int(line.first.max(initial=0)), *(number for number, _, _ in line.meetings)])
    winner = line.zeros(block, line.windows, np.min_scalar_type(most))
    if line.first.any():
        output[...] = -np.inf if is_float else np.iinfo(block.dtype).min
        np.moveaxis(winner, line.axis, -1)[...] = line.first
    for number, where, source in line.meetings:
        candidate, best = line.part(block, source), line.part(output, where)
        if number == 0:
            best[...] = candidate
            continue
        later = (candidate > best).astype(winner.dtype)
        later *= number
        np.maximum(line.part(winner, where), later, out=line.part(winner, where))
        np.maximum(best, candidate, out=best)
    if is_float and np.isnan(output).any():
        for number, where, source in line.meetings:
            line.part(winner, where)[np.isnan(line.part(block, source))] = number
    return output, winner


def _to_winners(grad, winner, line):
    """What each window gets, added to its largest element: the way back through :func:`_maximum`."""
    total = line.zeros(grad, line.size, grad.dtype)
    for number, where, source in line.meetings:
        part = line.part(total, source)
        part += select(line.part(grad, where), line.part(winner, where) == number)
    return total


def _places(winners, lines):
    """Where each maximum stood in its map laid flat, from the winners of the last axis to those of the first."""
    indices, stride = None, 1
    for line, winner in zip(reversed(lines), winners):
        places = np.full(winner.shape, -1)
        elements = np.arange(line.size).reshape(-1, *[1] * (winner.ndim - 1 - line.axis))
        for number, where, source in line.meetings:
            won = line.part(winner, where) == number
            np.copyto(line.part(places, where), elements[source], where=won)
        if indices is None:
            indices = places
        else:  # of the places found within each row, that in the row that won
            within = np.take_along_axis(indices, np.maximum(places, 0), line.axis)
            indices = np.where(np.minimum(places, within) < 0, -1, places * stride + within)
        stride *= line.size
    return indices


def sums(images, lines):
    """The sum of each window: from ``(..., *size)`` to ``(..., *windows)``."""
    if _is_everything(lines):
        return images.sum(tuple(range(-len(lines), 0)), images.dtype, keepdims=True)
    return _through(images, lines, _windows(lines), _sum)


def spread(grad, lines):
    """What each window gets, added to all its elements: the transpose of :func:`sums`. May be a view of `grad`."""
    if _is_everything(lines):
        return np.broadcast_to(grad, (*grad.shape[: -len(lines)], *_sizes(lines)))
    return _through(grad, lines[::-1], _sizes(lines), _unsum)


def _through(array, lines, size, step):
    """Take the maps through `step` line by line; `size` is what they have afterwards."""
    maps = _maps(array, lines)
    result = np.empty((len(maps), *size), array.dtype)
    for some in _blocks(len(maps), volume(_sizes(lines)) * array.itemsize):
        block = _side_by_side(maps[some])
        for line in lines:
            block = step(block, line)
        result[some] = _apart(block)
    return result.reshape(*array.shape[: -len(lines)], *size)


def _sum(block, line):
    """The sum of each window along one axis."""
    total = line.zeros(block, line.windows, block.dtype)
    for _, where, source in line.meetings:
        part = line.part(total, where)
        part += line.part(block, source)
    return total


def _unsum(block, line):
    """The transpose of :func:`_sum`."""
    total = line.zeros(block, line.size, block.dtype)
    for _, where, source in line.meetings:
        part = line.part(total, source)
        part += line.part(block, where)
    return total


def _is_everything(lines):
    """Whether there is one window, which holds the whole map."""
    return all(line.windows == 1 and len(line.meetings) == line.size for line in lines)


def _sizes(lines):
    return tuple(line.size for line in lines)


def _windows(lines):
    return tuple(line.windows for line in lines)


def _maps(array, lines):
    """``(..., *spatial)`` as ``(maps, *spatial)``."""
    axes = len(lines)
    return array.reshape(volume(array.shape[:-axes]), *array.shape[-axes:])


def _blocks(count, bytes_each):
    """Slices of as many maps as fill the cache; single maps, where they are so large that only a few would fit."""
    size = min(count, CACHE // bytes_each)
    if size < 8:  # side by side in rows of so few, maps would be slower to walk over than one alone
        size = 1
    for start in range(0, count, size):
        yield slice(start, start + size)


def _side_by_side(maps):
    return np.ascontiguousarray(np.moveaxis(maps, 0, -1))


def _apart(block):
    return np.moveaxis(block, -1, 0)
