"""Lines of numbers, standardized: the arithmetic that the normalizations share, forward and backward.

The lines are the rows or the columns of a matrix. Each has a mean and a variance; those of several lines together
follow from them. The statistics of all lines form a small array, the *grid*, such as (images, channels), and which
lines belong together is said by axes of the grid.

Backward: let m and v be the mean and the variance of n numbers x, and let g be the gradient that arrives at ::

    y = (x - m) * scale + bias,  with  scale = weight / sqrt(v + eps)

By the chain rule ::

    the gradient of m is   dm = -scale * sum of g
    the gradient of v is   dv = -scale / (2 (v + eps)) * sum of g (x - m)
    that of each x is      g * scale + dm / n + dv * 2 (x - m) / n

since a step of one x moves m by 1 / n of it and v by 2 (x - m) / n of it. So all that is needed of g are its sum and
the sum of g (x - m), which are also the gradients of the bias and of the scale.
"""

import contextlib
import functools
from typing import NamedTuple

import numpy as np

from .arithmetic import unbroadcast
from .windows import volume

__all__ = []

BLOCK = 2**16
"""Elements that are worked on at once: a few arrays of this size stay in a core's cache."""


class Lines:
    """The rows (``axis=1``) or the columns (``axis=0``) of a matrix, laid out as a `grid`.

    What a method returns for each line is one-dimensional or has the shape of the grid.
    """

    def __init__(self, matrix, grid, axis=1):
        self.matrix, self.grid, self.axis = np.ascontiguousarray(matrix), grid, axis
        self.length = matrix.shape[axis]
        self.height = max(1, BLOCK // max(1, matrix.shape[1]))  # of a block

    def blocks(self):
        """Slices of the matrix that the cache holds, each with the lines that it meets."""
        for start in range(0, len(self.matrix), self.height):
            block = slice(start, start + self.height)
            yield block, block if self.axis == 1 else slice(None)

    def spread(self, values):
        """An array that broadcasts to the grid, so that it broadcasts to the matrix."""
        return np.expand_dims(np.broadcast_to(values, self.grid).reshape(-1), self.axis)

    def centered(self, mean):
        """Block by block: where it lies, the lines that it meets, and it less their mean, in one buffer."""
        mean, buffer = self.spread(mean), np.empty_like(self.matrix[: self.height])
        for block, lines in self.blocks():
            part = self.matrix[block]
            yield block, lines, np.subtract(part, mean[lines], out=buffer[: len(part)])

    def sums(self, part, factor=1):
        """The sum along the lines, times `factor`; a product with a vector, which BLAS is good at."""
        factors = np.full(part.shape[self.axis], factor, part.dtype)
        return part @ factors if self.axis == 1 else factors @ part

    def dots(self, part, other):
        """The sum of the products along the lines."""
        return np.vecdot(part, other) if self.axis == 1 else np.einsum("ij,ij->j", part, other)

    @contextlib.contextmanager
    def one_by_one(self):
        """For arithmetic in which each row meets a number of its own.

        Where a row is shorter than its buffer, NumPy fills the buffer with copies of that number, which takes three
        times as long. So the buffer is made short.
        """
        with np.errstate():
            if self.axis == 1 and self.length >= 128:
                np.setbufsize(64)  # until the end of errstate, which keeps it
            yield

    def moments(self):
        """The mean and the (biased) variance of each line, laid out as the grid.

        The mean is subtracted before squaring: the mean of the squares less the square of the mean would cancel. What
        the mean of the remainders differs from 0 by is the rounding error of the first mean, and mends it.
        """
        share = 1 / max(1, self.length)
        mean = self.sums(self.matrix, share)
        error, variance = np.zeros((2, len(mean)), mean.dtype)
        with self.one_by_one():
            for _, lines, centered in self.centered(mean.reshape(self.grid)):
                error[lines] += self.sums(centered, share)
                variance[lines] += self.dots(centered, centered)
        variance *= share
        error[~np.isfinite(variance)] = 0  # infinity less infinity says nothing about rounding
        variance -= error**2
        return (mean + error).reshape(self.grid), np.maximum(variance, 0).reshape(self.grid)


class Statistics(NamedTuple):
    """Where a mean and a variance come from: from lines pooled `over` axes of the grid.

    Where they are only a part of the mean and the variance that are used, the shares say how large a part.
    """

    mean: np.ndarray
    over: tuple = ()
    mean_share: float = 1.0
    variance_share: float = 1.0


def pool(mean, variance, over):
    """The mean and variance of lines taken together, `over` axes of their grid, which stay with size 1."""
    count = max(1, volume(mean.shape[axis] for axis in over))
    pooled = mean.sum(over, np.float64, keepdims=True) / count  # of few numbers: exactness is cheap here
    pooled = pooled.astype(mean.dtype)
    return pooled, (variance + (mean - pooled) ** 2).sum(over, keepdims=True) / count


def inverse_std_of(variance, eps):
    """``1 / sqrt(variance + eps)``."""
    return 1 / np.sqrt(variance + eps)


def inverse_std_or_zero(rows, variance, eps):
    """The same, but 0 where `eps` is 0 and a row constant (or the variance too small to be told from 0)."""
    inverse = inverse_std_of(variance, eps)
    if eps == 0:
        constant = (rows == rows[:, :1]).all(1).reshape(variance.shape)
        inverse[constant | (variance == 0)] = 0
    return inverse


def standardized(lines, mean, inverse_std, weight=None, bias=None, sources=(), along=(None, None)):
    """Subtract the mean, multiply by the inverse standard deviation and the weight, add the bias, line by line.

    Parameters
    ----------
    lines : Lines
    mean, inverse_std : array
    weight, bias : array or None
        All of shapes that broadcast to the grid.
    sources : list of Statistics
        What `mean` and the variance were computed from; empty where they are constants.
    along : (weight, bias), each an array with one number for each place within a row, or None
        Instead of numbers for each line.

    Returns
    -------
    output : array, of the matrix's shape
    backward : callable
        From the gradient of the output, of any shape with these elements, to :class:`_Gradients`.
    """
    scale = inverse_std if weight is None else inverse_std * weight
    shapes = np.shape(weight), np.shape(bias)
    output = _affine(lines, mean, scale, bias, *along)
    return output, lambda grad: _Gradients(grad, lines, mean, inverse_std, scale, shapes, sources, along[0])


class _Gradients:
    """The gradients of :func:`standardized`, each computed when it is asked for; the formulas stand above."""

    def __init__(self, grad, lines, mean, inverse_std, scale, shapes, sources, along):
        self._shape, self._grad = grad.shape, np.ascontiguousarray(grad).reshape(lines.matrix.shape)
        self._lines, self._mean, self._inverse_std, self._scale = lines, mean, inverse_std, scale
        self._shapes, self._sources, self._along = shapes, sources, along

    @functools.cached_property
    def _sums(self):
        """For each line the sum of g and of g (x - m); along the lines the gradient of the weights there."""
        return _sums(self._grad, self._lines, self._mean, self._inverse_std, self._along)

    def weight(self):
        """For each weight, as a vector."""
        return unbroadcast(self._sums[1] * self._inverse_std, self._shapes[0]).reshape(-1)

    def bias(self):
        """For each bias, as a vector."""
        return unbroadcast(self._sums[0], self._shapes[1]).reshape(-1)

    def weight_along(self):
        """For the weights along the rows."""
        return self._sums[2]

    def bias_along(self):
        """For the biases along the rows."""
        return np.ones(len(self._grad), self._grad.dtype) @ self._grad

    def mean(self):
        """For the mean that is subtracted from each line."""
        return -self._scale * self._sums[0]

    def variance(self):
        """For the variance of each line."""
        return -0.5 * self._scale * self._inverse_std**2 * self._sums[1]

    def input(self):
        """For each element of the matrix, in the shape in which the gradient of the output came.

        What comes by the mean and the variance is ``slope * (x - mean) + level``. A variance about another mean M adds
        ``slope * (x - M)``, which is ``slope * (x - mean) + slope * (mean - M)``.
        """
        if not self._sources:
            return (self._grad * self._lines.spread(self._scale)).reshape(self._shape)
        slope = level = 0
        for mean, over, mean_share, variance_share in self._sources:
            count = max(1, self._lines.length * volume(self._lines.grid[axis] for axis in over))
            to_mean, to_variance = (item.sum(over, keepdims=True) for item in (self.mean(), self.variance()))
            steepness = to_variance * (2 * variance_share / count)
            slope = slope + steepness
            level = level + to_mean * (mean_share / count) + steepness * (self._mean - mean)
        output = _combine(self._grad, self._lines, self._mean, self._scale, slope, level, self._along)
        return output.reshape(self._shape)


def _affine(lines, mean, scale, shift, weights, biases):
    """``(x - mean) * scale + shift``, line by line, then ``* weights + biases`` along the rows."""
    output = np.empty_like(lines.matrix)
    mean, scale, shift = (None if item is None else lines.spread(item) for item in (mean, scale, shift))
    with lines.one_by_one():
        for block, here in lines.blocks():
            part = np.subtract(lines.matrix[block], mean[here], out=output[block])
            part *= scale[here]
            if shift is not None:
                part += shift[here]
            if weights is not None:
                part *= weights
            if biases is not None:
                part += biases
    return output


def _sums(grad, lines, mean, inverse_std, weights):
    """For each line the sums of `grad` and of ``grad * (x - mean)``, both times `weights` along the rows.

    With `weights` also the sum over all rows of ``grad * (x - mean) * inverse_std``, for each place within them.
    """
    total = lines.sums(grad) if weights is None else grad @ weights
    products, along = np.zeros_like(total), None if weights is None else np.zeros_like(weights)
    inverse_std = lines.spread(inverse_std)
    with lines.one_by_one():
        for block, here, centered in lines.centered(mean):
            if weights is None:
                products[here] += lines.dots(grad[block], centered)
            else:
                centered *= grad[block]
                products[here] = centered @ weights
                along += inverse_std[here, 0] @ centered
    return total.reshape(lines.grid), products.reshape(lines.grid), along


def _combine(grad, lines, mean, scale, slope, level, weights):
    """``grad * scale * weights + (x - mean) * slope + level``, line by line, `weights` along the rows."""
    output = np.empty_like(grad)
    scale, slope, level = (lines.spread(item) for item in (scale, slope, level))
    with lines.one_by_one():
        for block, here, centered in lines.centered(mean):
            centered *= slope[here]
            centered += level[here]
            part = np.multiply(grad[block], scale[here], out=output[block])
            if weights is not None:
                part *= weights
            part += centered
    return output
