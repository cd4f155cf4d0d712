"""Pooling: one number for each window, its largest, its mean, or one between the two.

Signatures are those of ``torch.nn.functional``. Maxima and sums of windows come from :mod:`.sliding`; here stand the
operators, what they refuse, and what makes a mean, a norm or a draw of them.
"""

import functools
import math

import numpy as np

from . import arithmetic
from .arithmetic import select
from .sliding import adaptive_lines, maxima, spread, sums, window_lines
from .tensor import as_operand, differentiable
from .windows import (
    as_bool,
    as_generator,
    as_int,
    as_number,
    as_tuple,
    batched,
    numeric,
    output_size,
    size_text,
    taps,
    volume,
)

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d", "lp_pool2d", "lp_pool3d",
    "max_pool1d", "max_pool2d", "max_pool3d", "mixed_pool2d", "spatial_pyramid_pool2d", "stochastic_pool2d",
]  # fmt: skip


@differentiable
def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window of a sequence, (N, C, L) or (C, L); see :func:`max_pool2d`.

    Source: ``torch.nn.functional.max_pool1d``.
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@differentiable
def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size, dilation : int or tuple of int
    stride : int or tuple of int, optional
        The step from window to window; `kernel_size` by default.
    padding : int or tuple of int
        Positions on each side that never win; at most half of `kernel_size`.
    ceil_mode : bool
        Keep a last window that hangs over the end.
    return_indices : bool
        Also return where each maximum stood.

    Returns
    -------
    array or Tensor, shape (N, C, H', W') or (C, H', W')
        H' and W' as :func:`dlcore.scratch.windows.output_size` gives them. Among equal elements the first wins, and
        it alone gets the gradient; NaN wins over every number. A window wholly on padding gives minus infinity.
    array or Tensor of int64, of the same shape, only with `return_indices`
        ``y * W + x`` of each maximum in its channel; -1 for a window wholly on padding.

    Raises
    ------
    RuntimeError
        An input of another shape or with empty axes other than the batch, options out of range, no window that fits.
    TypeError
        Options that are not integers.

    Source: ``torch.nn.functional.max_pool2d``.
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@differentiable
def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window of a volume, (N, C, D, H, W) or (C, D, H, W); see :func:`max_pool2d`.

    The index of a maximum is ``(z * H + y) * W + x``.

    Source: ``torch.nn.functional.max_pool3d``.
    """
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@differentiable
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window of a sequence, (N, C, L) or (C, L); see :func:`avg_pool2d`.

    Source: ``torch.nn.functional.avg_pool1d``.
    """
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


@differentiable
def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The mean of each window.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size : int or tuple of int
    stride : int or tuple of int, optional
        The step from window to window; `kernel_size` by default.
    padding : int or tuple of int
        Zeros on each side; at most half of `kernel_size`.
    ceil_mode : bool
        Keep a last window that hangs over the end.
    count_include_pad : bool
        Whether the zeros of the padding count as elements. What hangs over the padding never does.
    divisor_override : int, optional
        Divide by this instead of the number of elements.

    Returns
    -------
    array or Tensor, shape (N, C, H', W') or (C, H', W')

    Raises
    ------
    RuntimeError
        As :func:`max_pool2d`, and a `divisor_override` of 0.
    TypeError
        Options that are not integers.

    Source: ``torch.nn.functional.avg_pool2d``.
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@differentiable
def avg_pool3d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The mean of each window of a volume, (N, C, D, H, W) or (C, D, H, W); see :func:`avg_pool2d`.

    Source: ``torch.nn.functional.avg_pool3d``.
    """
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@differentiable
def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The largest elements of windows of a sequence, (N, C, L) or (C, L); see :func:`adaptive_max_pool2d`.

    Source: ``torch.nn.functional.adaptive_max_pool1d``.
    """
    return _adaptive_max_pool(1, input, output_size, return_indices)


@differentiable
def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The largest element of each window, in as many windows as the output has elements.

    The windows are those of :func:`adaptive_avg_pool2d`.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    output_size : int or tuple of int or None
        H' and W'; None keeps the input's size.
    return_indices : bool
        Also return where each maximum stood.

    Returns
    -------
    array or Tensor, shape (N, C, H', W') or (C, H', W')
        Ties and NaN as in :func:`max_pool2d`.
    array or Tensor of int64, of the same shape, only with `return_indices`
        ``y * W + x`` of each maximum in its channel.

    Raises
    ------
    RuntimeError
        An input of another shape or with empty axes other than the batch, an `output_size` that is negative or has not
        one entry for each spatial axis.
    TypeError
        An `output_size` that is not an int.
    NotImplementedError
        An input that is not floating point.

    Source: ``torch.nn.functional.adaptive_max_pool2d``.
    """
    return _adaptive_max_pool(2, input, output_size, return_indices)


@differentiable
def adaptive_max_pool3d(input, output_size, return_indices=False):
    """The largest elements of windows of a volume, (N, C, D, H, W) or (C, D, H, W); see :func:`adaptive_max_pool2d`.

    Source: ``torch.nn.functional.adaptive_max_pool3d``.
    """
    return _adaptive_max_pool(3, input, output_size, return_indices)


@differentiable
def adaptive_avg_pool1d(input, output_size):
    """The means of windows of a sequence, (N, C, L) or (C, L); see :func:`adaptive_avg_pool2d`.

    Source: ``torch.nn.functional.adaptive_avg_pool1d``.
    """
    return _adaptive_avg_pool(1, input, output_size)


@differentiable
def adaptive_avg_pool2d(input, output_size):
    """The mean of each window, in as many windows as the output has elements.

    Along an axis of n elements, window i of m reaches from ``floor(i n / m)`` to just before ``ceil((i + 1) n / m)``.
    Where m does not divide n, neighbours share an element. ``adaptive_avg_pool2d(input, 1)`` is *global average
    pooling*: one number for each channel (Lin, Chen and Yan, "Network in network" (2014)).

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    output_size : int or tuple of int or None
        H' and W'; None keeps the input's size.

    Returns
    -------
    array or Tensor, shape (N, C, H', W') or (C, H', W')

    Raises
    ------
    RuntimeError
        An input of another shape or with empty spatial axes, an `output_size` that is negative or has not one entry for
        each spatial axis.
    TypeError
        An `output_size` that is not an int.
    NotImplementedError
        An input that is not floating point.

    Source: ``torch.nn.functional.adaptive_avg_pool2d``.
    """
    return _adaptive_avg_pool(2, input, output_size)


@differentiable
def adaptive_avg_pool3d(input, output_size):
    """The means of windows of a volume, (N, C, D, H, W) or (C, D, H, W); see :func:`adaptive_avg_pool2d`.

    Source: ``torch.nn.functional.adaptive_avg_pool3d``.
    """
    return _adaptive_avg_pool(3, input, output_size)


@differentiable
def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window of a sequence, (N, C, L) or (C, L); see :func:`lp_pool2d`.

    Source: ``torch.nn.functional.lp_pool1d``.
    """
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


@differentiable
def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window, ``(sum of x**p) ** (1/p)``: the sum for p = 1, towards the maximum for large p.

    The sum is of the powers themselves, not of their absolute values: with an odd p, elements of opposite sign cancel,
    and the root of a negative sum is NaN.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    norm_type : float
        p, not 0. Infinity gives the largest absolute value, minus infinity the smallest.
    kernel_size : int or tuple of int
    stride : int or tuple of int, optional
        The step from window to window; `kernel_size` by default.
    ceil_mode : bool
        Keep a last window that hangs over the end. Its sum is that of the elements it meets, times the number of
        positions in a window over the number of those elements.

    Returns
    -------
    array or Tensor, shape (N, C, H', W') or (C, H', W')
        Where the sum is 0 the root has no slope; the gradient there is 0.

    Raises
    ------
    RuntimeError
        As :func:`avg_pool2d`.
    TypeError
        Options of the wrong type.
    ValueError
        A `kernel_size` that has not one entry for each spatial axis.
    ZeroDivisionError
        A `norm_type` of 0.
    NotImplementedError
        An input that is not floating point.

    Source: ``torch.nn.functional.lp_pool2d``; Sermanet, Chintala and LeCun, "Convolutional neural networks applied to
    house numbers digit classification" (2012).
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


@differentiable
def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window of a volume, (N, C, D, H, W) or (C, D, H, W); see :func:`lp_pool2d`.

    Source: ``torch.nn.functional.lp_pool3d``.
    """
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def mixed_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    weight=None,
    training=False,
    *,
    generator=None,
):
    """Between the largest element of each window and the mean: ``weight * maximum + (1 - weight) * mean``.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size, stride, padding, ceil_mode
        As for :func:`max_pool2d`. The padding does not count, neither for the maximum nor for the mean.
    weight : float, array_like or Tensor of one element or of shape (C,), optional
        The share of the maximum, one for all channels or one for each; it may be learned. Without it each channel
        pools, in training, by its maximum or by its mean, as a coin falls anew in every call; otherwise both count
        half, what the coin gives on average.
    training : bool
        Whether a `weight` that is not given is drawn.
    generator : numpy.random.Generator
        Where the coins come from; needed only if there are any.

    Returns
    -------
    array or Tensor, shape (N, C, H', W') or (C, H', W')

    Raises
    ------
    RuntimeError
        As :func:`max_pool2d`, and a `weight` of another shape.
    TypeError
        Options of the wrong type, no `generator` where one is needed.
    NotImplementedError
        An input that is not floating point.

    Source: Yu, Wang, Chen and Wei, "Mixed pooling for convolutional neural networks" (2014), with the coin; Lee,
    Gallagher and Tu, "Generalizing pooling functions in convolutional neural networks: mixed, gated, and tree" (2016),
    with a learned weight.
    """
    input = as_operand(input)
    _floating(input.dtype)
    largest = max_pool2d(input, kernel_size, stride, padding, ceil_mode=ceil_mode)
    mean = avg_pool2d(input, kernel_size, stride, padding, ceil_mode, count_include_pad=False)
    is_training, channels = as_bool(training, "training"), input.shape[-3]
    if weight is not None:
        weight = as_operand(weight)
        weight = arithmetic.reshape(weight, mixing_shape(weight.shape, channels))
    elif is_training:
        coins = as_generator(generator).integers(0, 2, (channels, 1, 1))
        weight = coins.astype(largest.dtype)
    else:
        weight = 0.5
    return arithmetic.add(arithmetic.mul(largest, weight), arithmetic.mul(mean, arithmetic.sub(1, weight)))


@differentiable
def stochastic_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, training=False, *, generator=None
):
    """One element of each window, drawn with a probability in proportion to its size; or what that gives on average.

    Element i of a window is drawn with probability ``p_i = a_i / sum of a``, and it alone gets the
    gradient. Outside of training the output is ``sum of p_i * a_i``.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
        Activations that are not negative, as behind a ReLU; what is negative counts as 0. A window of nothing but
        zeros gives 0 and no gradient.
    kernel_size, stride, padding, ceil_mode
        As for :func:`max_pool2d`. The padding is never drawn.
    training : bool
        Whether to draw.
    generator : numpy.random.Generator
        Where the draws come from; needed only in training.

    Returns
    -------
    array or Tensor, shape (N, C, H', W') or (C, H', W')
        NaN where a window holds NaN or infinity.

    Raises
    ------
    RuntimeError
        As :func:`max_pool2d`.
    TypeError
        Options of the wrong type, no `generator` in training.
    NotImplementedError
        An input that is not floating point.

    Source: Zeiler and Fergus, "Stochastic pooling for regularization of deep convolutional neural networks" (2013).
    """
    images, windows, *options = _check(2, input, kernel_size, stride, padding, 1, ceil_mode)
    _floating(images.dtype)
    meetings = [
        ((..., *where), (..., *source)) for _, where, source in taps(images.shape[-2:], windows, *options)
    ]
    activations = np.maximum(images, 0)
    total = np.zeros((*images.shape[:-2], *windows), images.dtype)
    for where, source in meetings:
        total[where] += activations[source]
    if as_bool(training, "training"):
        output, gradient = _drawn(activations, total, meetings, as_generator(generator))
    else:
        output, gradient = _expected(activations, total, meetings)

    def pullback(grad):
        result = np.zeros(activations.shape, grad.dtype)
        for number, (where, source) in enumerate(meetings):
            result[source] += gradient(grad[where], number)
        return select(result, ~(activations <= 0))

    return output, pullback


def spatial_pyramid_pool2d(input, levels=(1, 2, 4), method="max"):
    """Pool to l x l windows for each level l and lay the results side by side: a vector of one length for every image.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
        H and W may differ from call to call.
    levels : sequence of int
        How many windows along each axis; they lie as in :func:`adaptive_avg_pool2d`.
    method : {"max", "avg"}

    Returns
    -------
    array or Tensor, shape (N, C * sum of l**2) or (C * sum of l**2,)
        Level after level; within a level channel after channel, and each channel's windows row by row.

    Raises
    ------
    RuntimeError
        An input that :func:`adaptive_max_pool2d` refuses, no levels, or levels below 1.
    TypeError
        Levels that are not a sequence of integers.
    ValueError
        An unknown method.

    Source: He, Zhang, Ren and Sun, "Spatial pyramid pooling in deep convolutional networks for visual recognition"
    (2014). It trains with windows of ``ceil(n / l)`` elements, ``floor(n / l)`` apart; where l does not divide n, those
    need not be l windows.
    """
    levels, method = pyramid_options(levels, method)
    input = as_operand(input)
    if 0 in input.shape[-3:]:
        raise RuntimeError(f"input: only the batch axis may be empty, got shape {input.shape}")
    pool = {"max": adaptive_max_pool2d, "avg": adaptive_avg_pool2d}[method]
    return arithmetic.cat([arithmetic.flatten(pool(input, level), -3) for level in levels], -1)


# The operators in any number of dimensions


def _max_pool(axes, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    images, windows, *options = _check(axes, input, kernel_size, stride, padding, dilation, ceil_mode)
    return _maximum(images, window_lines(images.shape[-axes:], windows, *options), return_indices)


def _adaptive_max_pool(axes, input, output_size, return_indices):
    images, lines = _check_adaptive(axes, input, output_size)
    return _maximum(images, lines, return_indices)


def _maximum(images, lines, return_indices):
    return_indices = as_bool(return_indices, "return_indices")
    output, indices, pull = maxima(images, lines, return_indices)
    return ((output, indices) if return_indices else output), lambda grad, *_: pull(grad)


def _avg_pool(
    axes, input, kernel_size, stride, padding, ceil_mode, count_include_pad=True, divisor_override=None
):
    images, windows, *options = _check(axes, input, kernel_size, stride, padding, 1, ceil_mode)
    size, count_include_pad = images.shape[-axes:], as_bool(count_include_pad, "count_include_pad")
    lines = window_lines(size, windows, *options)
    if divisor_override is not None:
        divisor = override(divisor_override)
    elif count_include_pad:
        kernel_size, stride, padding, dilation = options
        padded = [n + 2 * p for n, p in zip(size, padding)]
        divisor = _elements(window_lines(padded, windows, kernel_size, stride, (0,) * axes, dilation))
    else:
        divisor = _elements(lines)
    return _mean(images, lines, divisor)


def _adaptive_avg_pool(axes, input, output_size):
    images, lines = _check_adaptive(axes, input, output_size, channels_may_be_empty=axes < 3)
    return _mean(images, lines, _elements(lines))


def _elements(lines):
    """How many elements each window meets."""
    return functools.reduce(np.multiply.outer, [line.counts() for line in lines])


def _mean(images, lines, divisor):
    """The sum of each window over `divisor`, and the pullback."""
    if images.dtype.kind == "f":
        divisor = np.asarray(divisor, images.dtype)
        output = sums(images, lines)
        output /= divisor
    else:
        total = sums(images.astype(np.int64), lines)
        towards_zero = np.abs(total) // np.abs(divisor) * np.sign(total) * np.sign(divisor)  # as in C
        output = towards_zero.astype(images.dtype)
    return output, lambda grad: spread(grad / divisor, lines)


def _lp_pool(axes, input, norm_type, kernel_size, stride, ceil_mode):
    input, power = np.asarray(input), norm_power(norm_type)
    _floating(input.dtype)
    kernel_size = norm_kernel(axes, kernel_size)
    if math.isinf(power):
        sign = math.copysign(1, power)
        output, pull = _max_pool(axes, sign * np.abs(input), kernel_size, stride, 0, 1, ceil_mode, False)
        return sign * output, lambda grad: pull(grad) * np.nan_to_num(np.sign(input))  # of NaN, 0
    mean, pull = _avg_pool(axes, input**power, kernel_size, stride, 0, ceil_mode)
    total = mean * volume(kernel_size)

    def pullback(grad):
        slope = total ** (1 / power - 1) * (volume(kernel_size) / power)
        slope[total == 0] = 0
        return pull(grad * slope) * (power * input ** (power - 1))

    return total ** (1 / power), pullback


# Stochastic pooling: the output, and what one position of the windows passes on of its gradient


def _drawn(activations, total, meetings, generator):
    """An element of each window: the first with which the sum so far exceeds a random part of the whole."""
    threshold = generator.random(total.shape) * total
    so_far, winner = np.zeros_like(total), np.zeros(total.shape, np.min_scalar_type(len(meetings)))
    for where, source in meetings:
        so_far[where] += activations[source]
        winner += so_far <= threshold
    output = total * 0  # NaN where the sum is not finite
    for number, (where, source) in enumerate(meetings):
        output[where] += select(activations[source], winner[where] == number)
    return output, lambda grad, number: select(grad, winner[meetings[number][0]] == number)


def _expected(activations, total, meetings):
    """The mean of each window, every element weighted by its probability."""
    output, whole = np.zeros_like(total), np.where(total == 0, 1, total)
    for where, source in meetings:
        output[where] += activations[source] / whole[where] * activations[source]

    def gradient(grad, number):
        where, source = meetings[number]
        return grad * (2 * activations[source] - output[where]) / whole[where]

    return output, gradient


# Checks, some of which the layers share


def _check(axes, input, kernel_size, stride, padding, dilation, ceil_mode):
    """The input, the number of windows, and the options as tuples."""
    images = _images(axes, input)
    *options, ceil_mode = pooling_options(axes, kernel_size, stride, padding, dilation, ceil_mode)
    windows = tuple(output_size(*lengths, ceil_mode) for lengths in zip(images.shape[-axes:], *options))
    if min(windows) < 1:
        kernel_size, _, padding, dilation = options
        raise RuntimeError(
            f"input: no window of size {size_text(kernel_size)} fits into {size_text(images.shape[-axes:])} "
            f"with padding {padding} and dilation {dilation}"
        )
    return images, windows, *options


def _check_adaptive(axes, input, output_size, channels_may_be_empty=False):
    """The input and its windows."""
    images = _images(axes, input, channels_may_be_empty)
    _floating(images.dtype)
    size = images.shape[-axes:]
    return images, adaptive_lines(size, adaptive_size(output_size, size))


def _images(axes, input, channels_may_be_empty=False):
    """The input as an array, if it is of a shape that can be pooled."""
    images = numeric(input, "input")
    shape = batched(images, axes, "input")[0].shape
    if 0 in shape[2 if channels_may_be_empty else 1 :]:
        raise RuntimeError(f"input: only the batch axis may be empty, got shape {images.shape}")
    return images


def _floating(dtype):
    if dtype.kind != "f":
        raise NotImplementedError(f"input: expected floating-point numbers, got {dtype}")


def pooling_options(axes, kernel_size, stride, padding, dilation, ceil_mode):
    """The options of a pooling operator, each as a tuple with one entry per spatial axis, and `ceil_mode`."""
    kernel_size = as_tuple(kernel_size, axes, "kernel_size", 1)
    no_stride = stride is None or (isinstance(stride, (tuple, list)) and not stride)
    stride = kernel_size if no_stride else as_tuple(stride, axes, "stride", 1)
    padding = as_tuple(padding, axes, "padding", 0)
    dilation = as_tuple(dilation, axes, "dilation", 1)
    for k, p in zip(kernel_size, padding):
        if p > k // 2:
            raise RuntimeError(
                f"padding: at most half of kernel_size, got padding={padding}, kernel_size={kernel_size}"
            )
    return kernel_size, stride, padding, dilation, as_bool(ceil_mode, "ceil_mode")


def override(divisor_override):
    """The divisor that takes the place of the number of elements."""
    divisor = as_int(divisor_override, "divisor_override")
    if divisor == 0:
        raise RuntimeError("divisor_override: must not be 0")
    return divisor


def adaptive_size(output_size, size):
    """The output size of adaptive pooling as a tuple, for an input of `size`."""
    several = isinstance(output_size, (tuple, list)) and len(output_size) == len(size) > 1
    if several:
        output_size = tuple(n if item is None else item for n, item in zip(size, output_size))
    return as_tuple(output_size, len(size), "output_size", 0, allow_single=False)


def norm_power(norm_type):
    """The power of :func:`lp_pool2d` as a float."""
    power = float(as_number(norm_type, "norm_type"))
    if power == 0:
        raise ZeroDivisionError("norm_type: must not be 0")
    return power


def norm_kernel(axes, kernel_size):
    """The kernel size of :func:`lp_pool2d` as a tuple; with one axis, PyTorch wants an int."""
    if axes == 1:
        return (as_int(kernel_size, "kernel_size", 1),)
    if isinstance(kernel_size, (tuple, list)) and len(kernel_size) != axes:
        raise ValueError(f"kernel_size: expected an int or {axes} ints, got {kernel_size!r}")
    return as_tuple(kernel_size, axes, "kernel_size", 1)


def mixing_shape(shape, channels):
    """How the weight of :func:`mixed_pool2d`, of `shape`, is reshaped to meet (N, C, H, W)."""
    if tuple(shape) not in ((), (1,), (channels,)):
        raise RuntimeError(
            f"weight: expected one number or {channels}, one per channel, got shape {tuple(shape)}"
        )
    return (-1, 1, 1) if shape else ()


def mixing_weights(num_parameters):
    """The number of weights of a layer of mixed pooling."""
    return as_int(num_parameters, "num_parameters", 0)


def pyramid_options(levels, method):
    """The levels of :func:`spatial_pyramid_pool2d` as a tuple, and the method."""
    if not isinstance(levels, (tuple, list)):
        raise TypeError(f"levels: expected a sequence of ints, got {levels!r}")
    if not levels:
        raise RuntimeError("levels: expected at least one")
    if method not in ("max", "avg"):
        raise ValueError(f"method: expected 'max' or 'avg', got {method!r}")
    return tuple(as_int(level, "levels", 1) for level in levels), method
