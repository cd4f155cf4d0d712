"""Normalization: subtract a mean, divide by a standard deviation, scale and shift. They differ in what is averaged.

For an input (N, C, ...) with N images and C channels the averages run over

===================== ==================================================
batch norm            the images and the positions, for each channel
instance norm         the positions, for each image and channel
group norm            the positions and the channels of one group, for each image
layer norm            the last axes, whichever they are
switchable norm       all of these: a learned mixture of instance, layer and batch norm
===================== ==================================================

Forward and backward are written once, in :mod:`dlcore.scratch.lines`, for any averages. An operator here says how its
input is laid out: which numbers form a line, how the lines' statistics form a grid, and over which axes of the grid they
are pooled. Signatures are ``torch.nn.functional``'s. What is done to the input of a network stands in
:mod:`dlcore.scratch.input_normalization`.
"""

import functools
import inspect

import numpy as np

from .input_normalization import contrast_stretch, equalize_histogram, standardize
from .lines import Lines, Statistics, inverse_std_of, inverse_std_or_zero, pool, standardized
from .normalization_checks import (
    batch_norm_check,
    batch_renorm_check,
    check_affine,
    check_parameter,
    group_norm_check,
    instance_norm_check,
    last_axes_check,
    require_constant,
    require_floating,
    switchable_norm_check,
    values_per_channel,
)
from .tensor import differentiable, is_grad_enabled
from .windows import as_int, as_number, taps, volume

__all__ = [
    "batch_norm", "batch_renorm", "contrast_stretch", "equalize_histogram", "group_norm", "instance_norm",
    "layer_norm", "local_response_norm", "rms_norm", "standardize", "switchable_norm",
]  # fmt: skip

SHORT = 64
"""Fewer positions than this are no row of their own where the statistics are those of a batch."""

BATCH = (0, 2)
"""The axes over which the statistics of a batch are pooled, in the grid of :func:`_batch_lines`."""


def _averaging(function):
    """:func:`differentiable`, for an operator with running averages, which must not require grad."""
    operator, signature = differentiable(function), inspect.signature(function)

    @functools.wraps(function)
    def checked(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        averages = {name: given.get(name) for name in ("running_mean", "running_var")}
        require_constant(is_grad_enabled(), **averages)
        return operator(*args, **kwargs)

    return checked


@_averaging
def batch_norm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    """Standardize each channel over the batch: ``(x - mean) / sqrt(variance + eps) * weight + bias``.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C) or (N, C, ...)
    running_mean, running_var : array or Tensor, shape (C,), or None
        Averages over the batches seen so far. In training they are *changed in place*: ``(1 - momentum) * running +
        momentum * this batch's``, with the unbiased variance. An empty batch leaves them alone.
    weight, bias : array or Tensor, shape (C,), optional
    training : bool
        Whether mean and (biased) variance are the batch's, or the running ones.
    momentum, eps : float

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    ValueError
        In training: one value per channel, an `eps` that is not positive, one running average without the other.
    RuntimeError
        Arrays of another length or dtype than the input's; no running averages in evaluation, or some that require grad.
    IndexError, RuntimeError
        An input with fewer than two axes.
    NotImplementedError
        An input that is not floating point.

    Source: ``torch.nn.functional.batch_norm``; Ioffe and Szegedy, "Batch normalization: accelerating deep network
    training by reducing internal covariate shift" (2015).
    """
    input = np.asarray(input)
    momentum, eps = batch_norm_check(input, running_mean, running_var, weight, bias, training, momentum, eps)
    lines = _batch_lines(input)
    if training:
        mean, variance = pool(*lines.moments(), BATCH)
        _update(running_mean, running_var, mean, variance, values_per_channel(input), momentum)
        sources = [Statistics(mean, BATCH)]
    else:
        mean, variance, sources = _per_channel(running_mean).copy(), _per_channel(running_var), []
    inverse_std = inverse_std_of(variance, eps)
    output, backward = standardized(
        lines, mean, inverse_std, _per_channel(weight), _per_channel(bias), sources
    )

    def pullback(grad):
        grads = backward(grad)
        return grads.input, None, None, grads.weight, grads.bias

    return output.reshape(input.shape), pullback


@_averaging
def instance_norm(
    input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-5
):  # fmt: skip
    """Standardize each channel of each image by itself.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, ...)
    running_mean, running_var : array or Tensor, shape (C,), optional
        As for :func:`batch_norm`; here they follow the average, over the images, of mean and unbiased variance.
    weight, bias : array or Tensor, shape (C,), optional
    use_input_stats : bool
        Whether mean and variance are the image's own, or the running ones.
    momentum, eps : float
        With an `eps` of 0 a constant channel gives 0.

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    ValueError
        One position per channel, one running average without the other.
    RuntimeError
        Arrays of another length or dtype, neither input nor running statistics, running averages that require grad.
    IndexError
        An input with fewer than two axes.
    NotImplementedError
        An input that is not floating point.

    Source: ``torch.nn.functional.instance_norm``; Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing
    ingredient for fast stylization" (2016).
    """
    input = np.asarray(input)
    momentum, eps = instance_norm_check(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )
    lines = _channel_lines(input)
    if use_input_stats:
        mean, variance = lines.moments()
        images = max(1, len(mean))
        averages = [statistic.sum(0) / images for statistic in (mean, variance)]
        _update(running_mean, running_var, *averages, lines.length, momentum)
        inverse_std, sources = inverse_std_or_zero(lines.matrix, variance, eps), [Statistics(mean)]
    else:
        mean, variance = (np.array(array, input.dtype) for array in (running_mean, running_var))
        inverse_std, sources = inverse_std_of(variance, eps), []
    output, backward = standardized(lines, mean, inverse_std, weight, bias, sources)

    def pullback(grad):
        grads = backward(grad)
        return grads.input, None, None, grads.weight, grads.bias

    return output.reshape(input.shape), pullback


@differentiable
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Standardize each image over the positions and channels of one group at a time.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C) or (N, C, ...)
    num_groups : int
        Divides C. 1 takes all channels together; C is :func:`instance_norm`.
    weight, bias : array or Tensor, shape (C,), optional
        For each channel, not each group.
    eps : float

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    RuntimeError
        Fewer than two axes, a `num_groups` that does not divide C, arrays of another shape or dtype.
    ValueError
        One image with one value per group.
    ZeroDivisionError
        No groups.
    NotImplementedError
        An input that is not floating point.

    Source: ``torch.nn.functional.group_norm``; Wu and He, "Group normalization" (2018).
    """
    input = np.asarray(input)
    eps = group_norm_check(input, num_groups, weight, bias, eps)
    groups = num_groups, input.shape[1] // num_groups  # and the channels of each
    lines = _channel_lines(input, groups)
    mean, variance = pool(*lines.moments(), (2,))
    weight, bias = (None if array is None else np.reshape(array, groups) for array in (weight, bias))
    inverse_std, sources = inverse_std_of(variance, eps), [Statistics(mean, (2,))]
    output, backward = standardized(lines, mean, inverse_std, weight, bias, sources)

    def pullback(grad):
        grads = backward(grad)
        return grads.input, None, grads.weight, grads.bias

    return output.reshape(input.shape), pullback


@differentiable
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Standardize over the last axes, then scale and shift each element.

    Parameters
    ----------
    input : array_like or Tensor, shape ``(..., *normalized_shape)``
    normalized_shape : tuple of int
        The sizes of the axes to average over.
    weight, bias : array or Tensor, of shape `normalized_shape`, optional
    eps : float

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    RuntimeError
        An input that does not end in `normalized_shape`, arrays of another shape or dtype, an empty
        `normalized_shape`.
    TypeError
        A `normalized_shape` that is not a tuple or list of ints.
    NotImplementedError
        An input that is not floating point.

    Source: ``torch.nn.functional.layer_norm``; Ba, Kiros and Hinton, "Layer normalization" (2016).
    """
    input = np.asarray(input)
    eps, shape = as_number(eps, "eps"), last_axes_check(input, normalized_shape)
    check_affine(input, weight, bias, shape)
    lines = _last_axes_lines(input, shape)
    mean, variance = lines.moments()
    return _over_last_axes(input, lines, mean, inverse_std_of(variance, eps), weight, bias, Statistics(mean))


@differentiable
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """Divide by the root of the mean square over the last axes: ``x / sqrt(mean of x^2 + eps) * weight``.

    Parameters
    ----------
    input : array_like or Tensor, shape ``(..., *normalized_shape)``
    normalized_shape : tuple of int
    weight : array or Tensor, of shape `normalized_shape`, optional
    eps : float, optional
        By default the distance from 1 to the next number of the input's dtype.

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    RuntimeError, TypeError, NotImplementedError
        As :func:`layer_norm`.
    ValueError
        An input with fewer axes than `normalized_shape`.

    Source: ``torch.nn.functional.rms_norm``; Zhang and Sennrich, "Root mean square layer normalization" (2019).
    """
    input = np.asarray(input)
    shape = last_axes_check(input, normalized_shape, too_few=ValueError)
    check_parameter("weight", weight, input, shape, same_dtype=False)
    weight = None if weight is None else np.asarray(weight, input.dtype)
    eps = float(np.finfo(input.dtype).eps) if eps is None else as_number(eps, "eps")
    lines = _last_axes_lines(input, shape)
    zero = np.zeros(lines.grid, input.dtype)
    square = lines.dots(lines.matrix, lines.matrix) / max(1, lines.length)  # a variance about 0
    inverse_std, source = inverse_std_of(square, eps), Statistics(zero, mean_share=0)
    output, pullback = _over_last_axes(input, lines, zero, inverse_std, weight, None, source)
    return output, lambda grad: pullback(grad)[:3]


def _over_last_axes(input, lines, mean, inverse_std, weight, bias, source):
    """What layer norm and RMS norm share: a line for each average, and weights along the lines."""
    along = tuple(None if array is None else np.reshape(array, -1) for array in (weight, bias))
    output, backward = standardized(lines, mean, inverse_std, sources=[source], along=along)

    def pullback(grad):
        grads = backward(grad)
        return (
            grads.input, None,
            lambda: grads.weight_along().reshape(np.shape(weight)),
            lambda: grads.bias_along().reshape(np.shape(bias)),
        )  # fmt: skip

    return output.reshape(input.shape), pullback


@_averaging
def batch_renorm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5, r_max=3.0,
    d_max=5.0,
):  # fmt: skip
    """Batch norm, corrected in training to what the running averages would give.

    With the batch's mean m and standard deviation s, and M and S from the running averages before this batch ::

        (x - m) / s * r + d,   r = s / S within [1 / r_max, r_max],   d = (m - M) / S within [-d_max, d_max]

    where s and S are ``sqrt(variance + eps)``; then `weight` and `bias` as in :func:`batch_norm`. As long as nothing is
    clipped, this is ``(x - M) / S``, as in evaluation. r and d count as constants: no gradient goes through them.

    Parameters
    ----------
    input, weight, bias, training, momentum, eps
        As for :func:`batch_norm`.
    running_mean, running_var : array or Tensor, shape (C,)
        Changed in place in training, just as :func:`batch_norm` does. (The paper averages the standard deviation, not
        the variance.)
    r_max, d_max : float
        ``r_max=1, d_max=0`` is :func:`batch_norm`, from where training is to begin.

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    ValueError, RuntimeError, IndexError, NotImplementedError
        As :func:`batch_norm`; ValueError for an `r_max` below 1 or a `d_max` below 0, RuntimeError without running
        averages.

    Source: Ioffe, "Batch renormalization: towards reducing minibatch dependence in batch-normalized models" (2017).
    """
    input = np.asarray(input)
    momentum, eps, r_max, d_max = batch_renorm_check(
        input, running_mean, running_var, weight, bias, training, momentum, eps, r_max, d_max
    )
    lines = _batch_lines(input)
    mean, inverse_std = _per_channel(running_mean).copy(), inverse_std_of(_per_channel(running_var), eps)
    r, d, sources = np.ones_like(mean), np.zeros_like(mean), []
    if training and input.size:
        batch_mean, variance = pool(*lines.moments(), BATCH)
        batch_inverse_std = inverse_std_of(variance, eps)
        r = np.clip(inverse_std / batch_inverse_std, 1 / r_max, r_max)
        d = np.clip((batch_mean - mean) * inverse_std, -d_max, d_max)
        _update(running_mean, running_var, batch_mean, variance, values_per_channel(input), momentum)
        mean, inverse_std, sources = batch_mean, batch_inverse_std, [Statistics(batch_mean, BATCH)]
    scale = r if weight is None else r * _per_channel(weight)
    shift = d if weight is None else d * _per_channel(weight)
    shift = shift if bias is None else shift + _per_channel(bias)
    output, backward = standardized(lines, mean, inverse_std, scale, shift, sources)

    def pullback(grad):
        grads = backward(grad)
        return (
            grads.input, None, None,
            lambda: grads.weight() * r.reshape(-1) + grads.bias() * d.reshape(-1),
            grads.bias,
        )  # fmt: skip

    return output.reshape(input.shape), pullback


@_averaging
def switchable_norm(
    input, running_mean, running_var, mean_weight, var_weight, weight=None, bias=None, training=False, momentum=0.1,
    eps=1e-5,
):  # fmt: skip
    """Standardize by a learned mixture of instance, layer and batch statistics.

    The mean is ``p[0] * instance's + p[1] * layer's + p[2] * batch's`` with ``p = softmax(mean_weight)``, the variance
    the same with ``softmax(var_weight)``; then as in :func:`batch_norm`. The layer's statistics are those of all
    channels and positions of an image.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, ...), at least three axes
    running_mean, running_var : array or Tensor, shape (C,), or None
        Averages of the batch's statistics, as for :func:`batch_norm`, which they replace in evaluation. (The paper
        averages over some batches once training is over.)
    mean_weight, var_weight : array or Tensor, shape (3,)
        For instance, layer and batch.
    weight, bias, training, momentum, eps
        As for :func:`batch_norm`.

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    ValueError, RuntimeError, NotImplementedError
        As :func:`batch_norm`; RuntimeError for fewer than three axes.

    Source: Luo, Ren, Peng, Zhang and Li, "Differentiable learning-to-normalize via switchable normalization" (2019).
    """
    input = np.asarray(input)
    momentum, eps = switchable_norm_check(
        input, running_mean, running_var, mean_weight, var_weight, weight, bias, training, momentum, eps
    )
    lines = _channel_lines(input)
    scopes = ((), (1,), (0,))  # which axes of the grid instance, layer and batch norm pool
    of_lines = lines.moments()
    statistics = [pool(*of_lines, over) for over in scopes]
    if training:
        _update(running_mean, running_var, *statistics[2], values_per_channel(input), momentum)
    else:
        statistics[2] = running_mean[np.newaxis].copy(), running_var[np.newaxis].copy()
    means, variances = zip(*statistics)
    shares, var_shares = _softmax(mean_weight), _softmax(var_weight)
    mean = sum(share * item for share, item in zip(shares, means))
    variance = sum(share * item for share, item in zip(var_shares, variances))
    sources = list(map(Statistics, means, scopes, shares, var_shares))[: 3 if training else 2]
    output, backward = standardized(lines, mean, inverse_std_of(variance, eps), weight, bias, sources)

    def pullback(grad):
        grads = backward(grad)

        def to_scores(shares, gradient, items):  # the softmax, backward
            to_shares = np.array([(gradient * item).sum() for item in items], shares.dtype)
            return shares * (to_shares - shares @ to_shares)

        return (
            grads.input, None, None,
            lambda: to_scores(shares, grads.mean(), means), lambda: to_scores(var_shares, grads.variance(), variances),
            grads.weight, grads.bias,
        )  # fmt: skip

    return output.reshape(input.shape), pullback


def _softmax(scores):
    """Shares that add up to 1."""
    shares = np.exp(scores - np.max(scores))
    return shares / shares.sum()


@differentiable
def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Divide by what the neighbouring channels say: ``x_c / (k + alpha * mean of x_j^2)^beta``.

    The mean runs over `size` channels j, from ``c - size // 2`` to ``c + (size - 1) // 2``; those that do not exist
    count as 0.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, ...), at least three axes
    size : int
    alpha, beta, k : float

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    ValueError
        Fewer than three axes.
    RuntimeError
        A `size` below 1.
    TypeError
        Options that are not numbers.
    NotImplementedError
        An input that is not floating point. (PyTorch takes integers, and rounds the means of their squares down.)

    Source: ``torch.nn.functional.local_response_norm``; Krizhevsky, Sutskever and Hinton, "ImageNet classification
    with deep convolutional neural networks" (2012), section 3.3, where alpha stands before the sum, not the mean.
    """
    input = np.asarray(input)
    if input.ndim < 3:
        raise ValueError(f"input: expected at least 3 axes (N, C, ...), got shape {input.shape}")
    if input.size == 0:
        return input, lambda grad: grad
    require_floating(input)
    size = as_int(size, "size", 1)
    alpha, beta, k = as_number(alpha, "alpha"), as_number(beta, "beta"), as_number(k, "k")
    images = np.ascontiguousarray(input).reshape(*input.shape[:2], -1)
    base = _response_base(images, size, alpha, k)
    factor = _negative_power(base, beta)
    output = images * factor

    def pullback(grad):
        result = np.empty_like(images)
        np.multiply(grad.reshape(images.shape), factor, out=result)
        response = result * images
        response /= base
        neighbours = _channel_sums(response, size, backward=True)
        neighbours *= images
        neighbours *= 2 * alpha * beta / size
        result -= neighbours
        return result.reshape(input.shape)

    return output.reshape(input.shape), pullback


def _channel_sums(images, size, backward=False):
    """For each channel the sum over the `size` channels around it; `backward` the transpose of that."""
    sums = np.zeros_like(images)
    channels = images.shape[1]
    for _, (where,), (source,) in taps((channels,), (channels,), (size,), (1,), (size // 2,), (1,)):
        to, of = (source, where) if backward else (where, source)
        for image, total in zip(images, sums):  # one at a time, for the cache
            total[to] += image[of]
    return sums


def _response_base(images, size, alpha, k):
    """``k + alpha * mean of the squares around``, what is raised to a power."""
    base = _channel_sums(images * images, size)
    base *= alpha / size
    base += k
    return base


def _negative_power(base, beta):
    """``base ** -beta``; at the usual 0.75 by two square roots, a tenth of a power's time."""
    if beta != 0.75:
        return base**-beta
    root = np.sqrt(base)
    factor = np.sqrt(root)
    factor *= root
    return np.divide(1, factor, out=factor)


# How inputs are laid out


def _channel_lines(input, channels=None):
    """The positions of each channel of each image, in a grid (N, C), or with the channels laid out as `channels`."""
    grid = (len(input), *(input.shape[1:2] if channels is None else channels))
    return Lines(input.reshape(volume(input.shape[:2]), volume(input.shape[2:])), grid)


def _batch_lines(input):
    """Lines in a grid of three axes, the middle one for the channels; the statistics of a batch pool the others.

    As a rule the positions of a channel of an image form a row, and the grid is (N, C, 1). Short rows would cost more
    than what is in them. Then what stands at the same place in all images forms a column: the grid is (1, C, positions).
    """
    (images, channels), positions = input.shape[:2], volume(input.shape[2:])
    if positions >= SHORT:
        return Lines(input.reshape(images * channels, positions), (images, channels, 1))
    return Lines(input.reshape(images, channels * positions), (1, channels, positions), axis=0)


def _per_channel(array):
    """One number for each channel, so that it broadcasts to the grid of :func:`_batch_lines`."""
    return None if array is None else np.reshape(array, (-1, 1))


def _last_axes_lines(input, shape):
    """The last axes, of this `shape`, as rows."""
    rows = volume(input.shape[: input.ndim - len(shape)])
    return Lines(input.reshape(rows, volume(shape)), (rows,))


def _update(running_mean, running_var, mean, variance, count, momentum):
    """Move the running averages, if any, towards statistics of `count` values each."""
    if running_mean is None or count == 0:
        return
    for running, statistic in ((running_mean, mean), (running_var, variance * (count / (count - 1)))):
        running *= 1 - momentum
        running += momentum * statistic.reshape(-1)
