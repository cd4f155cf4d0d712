"""Upsampling that learns or rearranges: transposed convolution, pixel shuffle, unpooling. Forward and backward.

Interpolation, which does neither, has a module of its own. Signatures are those of ``torch.nn.functional``.
"""

import functools

import numpy as np

from . import arithmetic
from ._indices import is_index_dtype
from .convolution import conv1d, conv2d, conv3d
from .correlation import Geometry, correlate, grad_input, grad_weight
from .tensor import as_operand, differentiable
from .windows import (
    as_int,
    as_tuple,
    batched,
    numeric,
    output_size,
    padding_pairs,
    size_text,
    taps,
    unroll,
    volume,
)

__all__ = [
    "channel_shuffle", "conv_matrix", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "max_unpool1d",
    "max_unpool2d", "max_unpool3d", "pixel_shuffle", "pixel_unshuffle",
]  # fmt: skip


@differentiable
def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Spread sequences, (N, C, L) or (C, L), with kernels, (C, O / groups, k); see :func:`conv_transpose2d`.

    Source: ``torch.nn.functional.conv_transpose1d``.
    """
    return _transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@differentiable
def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Spread images with kernels: each input element adds its multiple of a kernel to the output.

    ``input[c, y, x] * weight[c, o, u, v]`` is added to output channel o at ``(y * stride + u * dilation - padding,
    x * stride + v * dilation - padding)``, for all channels c of the group of o and all kernel positions (u, v); what
    falls outside is dropped. Then ``bias[o]`` is added.

    This is the gradient of :func:`conv2d` with respect to its input: with the same weight, stride, padding, dilation
    and groups the two exchange the shapes of input and output, not the values.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
        N may be 0.
    weight : array_like or Tensor, shape (C, O / groups, kh, kw)
        One kernel for each pair of an input channel and an output channel of its group.
    bias : array_like or Tensor, shape (O,), optional
    stride, dilation : int or tuple of int
        On the output: the step from kernel to kernel, and from element to element within a kernel.
    padding : int or tuple of int
        How much of the output to cut off on each side.
    output_padding : int or tuple of int
        How much to append after the output: with a stride above 1 images of several sizes convolve to the same size,
        and this says which one is meant. Less than stride or less than dilation.
    groups : int
        Split the channels into this many groups, each with its own kernels.

    Returns
    -------
    array or Tensor, shape (N, O, H', W') or (O, H', W')
        With ``H' = (H - 1) stride - 2 padding + dilation (kh - 1) + 1 + output_padding`` and W' likewise; the input's
        dtype.

    Raises
    ------
    RuntimeError
        Shapes that do not fit together, dtypes that differ, options out of range, an output without elements.
    TypeError
        Options that are not integers.

    Source: ``torch.nn.functional.conv_transpose2d``; Zeiler et al., "Deconvolutional networks" (2010); Dumoulin and
    Visin, "A guide to convolution arithmetic for deep learning" (2016), chapter 4.
    """
    return _transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@differentiable
def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Spread volumes, (N, C, D, H, W) or (C, D, H, W), with kernels, (C, O / groups, kd, kh, kw).

    See :func:`conv_transpose2d`.

    Source: ``torch.nn.functional.conv_transpose3d``.
    """
    return _transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _transposed(axes, input, weight, bias, stride, padding, output_padding, groups, dilation):
    """A convolution read backwards: what is its input's gradient there is the output here, and vice versa.

    Where the kernel is a multiple of the stride it is unshuffled into ``stride ** axes`` smaller kernels, which are
    applied with stride 1 and whose outputs are shuffled together. The sum is the same and takes less time (Shi et
    al., "Is the deconvolution layer the same as a convolutional layer?", 2016).

    With stride 1 the zeros around the input are multiplied too, so that NaN or infinity in a kernel shows there as NaN.
    """
    images, weight, bias, is_batched = _check(axes, input, weight, bias)
    stride, padding, output_padding, dilation = transposed_options(
        axes, stride, padding, output_padding, dilation
    )
    shape = transposed_shape(
        images.shape, weight.shape, as_int(groups, "groups", 1), stride, padding, output_padding, dilation
    )
    if bias is not None and bias.shape != shape[1:2]:
        raise RuntimeError(f"bias: expected shape {shape[1:2]}, got {bias.shape}")

    factor = tuple(s if k % s == 0 and d == 1 else 1 for k, s, d in zip(weight.shape[2:], stride, dilation))
    steps, before = (tuple(n // f for n, f in zip(values, factor)) for values in (stride, padding))
    cut = tuple(p % f for p, f in zip(padding, factor))  # what `before` leaves to cut off
    coarse = tuple(-(-(n + c) // f) for n, c, f in zip(shape[2:], cut, factor))
    kernels = _to_channels(weight, factor)
    geometry = Geometry(images.shape[2:], steps, before, dilation, groups)
    output = grad_input(images, kernels, (len(images), shape[1] * volume(factor), *coarse), geometry)
    output = _to_pixels(output, factor, shape[2:], cut)
    if bias is not None:
        output += bias.reshape(-1, *[1] * axes)

    def pullback(grad):
        grad = grad.reshape(shape)
        parts = functools.cache(lambda: _to_channels(grad, factor, coarse, cut))
        return (
            lambda: correlate(parts(), kernels, geometry).reshape(np.shape(input)),
            lambda: _to_pixels(
                grad_weight(parts(), images, kernels.shape, geometry), factor, weight.shape[2:]
            ),
            lambda: grad.sum((0, *range(2, grad.ndim))),
        )

    return (output if is_batched else output[0]), pullback


def _check(axes, input, weight, bias):
    """The arrays of a transposed convolution, the input batched, and whether it came with a batch axis."""
    input, weight = numeric(input, "input"), np.asarray(weight)
    bias = None if bias is None else np.asarray(bias)
    if weight.ndim != axes + 2:
        raise RuntimeError(
            f"weight: expected {axes + 2} axes, (C, O / groups, *kernel_size), got shape {weight.shape}"
        )
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None and array.dtype != input.dtype:
            raise RuntimeError(f"{name}: expected the input's dtype {input.dtype}, got {array.dtype}")
    images, is_batched = batched(input, axes, "input")
    return images, weight, bias, is_batched


def transposed_options(axes, stride, padding, output_padding, dilation):
    """The options of a transposed convolution, each as a tuple with one entry per spatial axis."""
    stride, dilation = as_tuple(stride, axes, "stride", 1), as_tuple(dilation, axes, "dilation", 1)
    padding = as_tuple(padding, axes, "padding", 0)
    output_padding = as_tuple(output_padding, axes, "output_padding", 0)
    if any(extra >= max(s, d) for extra, s, d in zip(output_padding, stride, dilation)):
        raise RuntimeError(
            f"output_padding: must be less than stride={stride} or dilation={dilation}, got {output_padding}"
        )
    return stride, padding, output_padding, dilation


def transposed_shape(shape, weight_shape, groups, stride, padding, output_padding, dilation):
    """The shape of a transposed convolution's output for an input of `shape`, ``(N, C, *size)``.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), chapter 4, with dilation.
    """
    if 0 in weight_shape or weight_shape[0] % groups:
        raise RuntimeError(
            f"weight: expected no empty axis and input channels in multiples of groups={groups}, "
            f"got shape {weight_shape}"
        )
    if shape[1] != weight_shape[0]:
        raise RuntimeError(f"input: expected {weight_shape[0]} channels, got shape {shape}")
    if 0 in shape[1:]:
        raise RuntimeError(f"input: only the batch axis may be empty, got shape {shape}")
    lengths = zip(shape[2:], weight_shape[2:], stride, padding, output_padding, dilation)
    size = tuple((n - 1) * s - 2 * p + d * (k - 1) + 1 + extra for n, k, s, p, extra, d in lengths)
    if min(size) < 1:
        raise RuntimeError(f"input: with padding={padding} the output would be {size_text(size)}")
    return (shape[0], weight_shape[1] * groups, *size)


def conv_matrix(weight, input_size, stride=1, padding=0, dilation=1, groups=1):
    """The matrix that a convolution is: ``C @ image.reshape(-1)`` is the convolved image, laid flat.

    Column j is the convolution of the image that is 1 at position j and 0 everywhere else. The transposed matrix is
    the transposed convolution: ``C.T @ output.reshape(-1)``.

    Parameters
    ----------
    weight : array_like or Tensor, shape ``(O, C / groups, *kernel_size)``
        With 1 to 3 spatial axes.
    input_size : int or tuple of int
        The image's height and width, or as many numbers as there are spatial axes.
    stride, padding, dilation, groups
        As for :func:`conv2d`.

    Returns
    -------
    array or Tensor, shape (O * windows, C * pixels)
        Most of it is 0: a row has an element for each pixel of all the input's channels.

    Raises
    ------
    RuntimeError
        A weight with another number of axes or empty ones, options out of range, a kernel larger than the padded
        image.
    TypeError
        Options that are not integers.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), section 4.1.
    """
    weight = as_operand(weight)
    size, windows, _ = matrix_geometry(weight.shape, input_size, stride, padding, dilation, groups)
    shape = (weight.shape[1] * groups, *size)
    units = np.eye(volume(shape), dtype=weight.dtype).reshape(-1, *shape)
    convolution = (conv1d, conv2d, conv3d)[len(size) - 1]
    columns = convolution(units, weight, None, stride, padding, dilation, groups)
    return arithmetic.transpose(
        arithmetic.reshape(columns, (volume(shape), len(weight) * volume(windows))), 0, 1
    )


def matrix_geometry(weight_shape, input_size, stride, padding, dilation, groups):
    """Check the options of :func:`conv_matrix`.

    Returns
    -------
    size, windows : tuple of int
        The spatial size of the image and of its convolution.
    lengths : list of (kernel size, stride, padding before, dilation)
        One for each spatial axis.
    """
    axes = len(weight_shape) - 2
    if not 1 <= axes <= 3:
        raise RuntimeError(f"weight: expected (O, C / groups, 1 to 3 spatial axes), got shape {weight_shape}")
    if 0 in weight_shape or weight_shape[0] % as_int(groups, "groups", 1):
        raise RuntimeError(
            f"weight: expected no empty axis and output channels in multiples of groups={groups}, "
            f"got shape {weight_shape}"
        )
    size, kernel_size = as_tuple(input_size, axes, "input_size", 1), weight_shape[2:]
    stride, dilation = as_tuple(stride, axes, "stride", 1), as_tuple(dilation, axes, "dilation", 1)
    if padding == "same" and max(stride) > 1:
        raise RuntimeError(f"padding: 'same' needs stride 1, got stride={stride}")
    if padding not in ("same", "valid"):
        padding = as_tuple(padding, axes, "padding", 0)
    pairs = padding_pairs(padding, kernel_size, dilation)
    padded = [n + before + after for n, (before, after) in zip(size, pairs)]
    windows = tuple(output_size(n, k, s, 0, d) for n, k, s, d in zip(padded, kernel_size, stride, dilation))
    if min(windows) < 1:
        raise RuntimeError(
            f"input_size: padded to {size_text(padded)} it is smaller than the kernel of {size_text(kernel_size)} "
            f"with dilation {dilation}"
        )
    return size, windows, list(zip(kernel_size, stride, [before for before, _ in pairs], dilation))


@differentiable
def pixel_shuffle(input, upscale_factor):
    """Move channels to pixels: an image with r² times the channels becomes one r times as high and as wide.

    ``output[c, y r + u, x r + v] = input[c r² + u r + v, y, x]``, with r the `upscale_factor`.

    Parameters
    ----------
    input : array_like or Tensor, shape ``(*, C r², H, W)``
        Any number of leading axes.
    upscale_factor : int

    Returns
    -------
    array or Tensor, shape ``(*, C, H r, W r)``

    Raises
    ------
    RuntimeError
        Fewer than three axes, channels that are not a multiple of r², a factor below 1.
    TypeError
        A factor that is not an integer.

    Source: ``torch.nn.functional.pixel_shuffle``; Shi et al., "Real-time single image and video super-resolution using
    an efficient sub-pixel convolutional neural network" (2016), where the channels stand in another order.
    """
    before = np.shape(input)
    shape, factor = shuffled_shape(before, upscale_factor), (upscale_factor,) * 2
    output = _to_pixels(_batch(input), factor, shape[-2:]).reshape(shape)
    if upscale_factor == 1:  # nothing has moved
        output = output.copy()
    return output, lambda grad: _to_channels(_batch(grad), factor).reshape(before)


@differentiable
def pixel_unshuffle(input, downscale_factor):
    """Move pixels to channels: undoes :func:`pixel_shuffle`.

    ``output[c r² + u r + v, y, x] = input[c, y r + u, x r + v]``, with r the `downscale_factor`.

    Parameters
    ----------
    input : array_like or Tensor, shape ``(*, C, H r, W r)``
        Any number of leading axes.
    downscale_factor : int

    Returns
    -------
    array or Tensor, shape ``(*, C r², H, W)``

    Raises
    ------
    RuntimeError
        Fewer than three axes, a height or width that is not a multiple of r, a factor below 1.
    TypeError
        A factor that is not an integer.

    Source: ``torch.nn.functional.pixel_unshuffle``.
    """
    before = np.shape(input)
    shape, factor = unshuffled_shape(before, downscale_factor), (downscale_factor,) * 2
    output = _to_channels(_batch(input), factor).reshape(shape)
    if downscale_factor == 1:
        output = output.copy()
    return output, lambda grad: _to_pixels(_batch(grad), factor, before[-2:]).reshape(before)


def shuffled_shape(shape, upscale_factor):
    """The shape that :func:`pixel_shuffle` makes of `shape`."""
    factor = as_int(upscale_factor, "upscale_factor", 1)
    if len(shape) < 3 or shape[-3] % factor**2:
        raise RuntimeError(
            f"input: expected (*, C, H, W) with channels in multiples of {factor}², got shape {shape}"
        )
    *leading, channels, height, width = shape
    return (*leading, channels // factor**2, height * factor, width * factor)


def unshuffled_shape(shape, downscale_factor):
    """The shape that :func:`pixel_unshuffle` makes of `shape`."""
    factor = as_int(downscale_factor, "downscale_factor", 1)
    if len(shape) < 3 or shape[-2] % factor or shape[-1] % factor:
        raise RuntimeError(
            f"input: expected (*, C, H, W) with height and width in multiples of {factor}, got shape {shape}"
        )
    *leading, channels, height, width = shape
    return (*leading, channels * factor**2, height // factor, width // factor)


def _batch(input):
    """`input`, ``(*, C, H, W)``, with its leading axes as one."""
    input = np.asarray(input)
    return input.reshape(volume(input.shape[:-3]), *input.shape[-3:])


def _to_pixels(input, factor, size, cut=None):
    """Shuffle ``(N, C * prod(factor), *coarse)`` to ``(N, C, *size)``, from the position `cut` on."""
    if max(factor) == 1:
        return input
    count, channels, *coarse = input.shape
    output = np.empty((count, channels // volume(factor), *size), input.dtype)
    columns = input.reshape(*output.shape[:2], *factor, *coarse)
    cut, once = cut or (0,) * len(factor), (1,) * len(factor)
    for tap, where, source in taps(size, coarse, factor, factor, cut, once):
        output[(..., *source)] = columns[(..., *tap, *where)]
    return output


def _to_channels(input, factor, coarse=None, cut=None):
    """Undo :func:`_to_pixels`; what was cut off is 0."""
    if max(factor) == 1:
        return input
    count, channels, *size = input.shape
    coarse = coarse or tuple(n // f for n, f in zip(size, factor))
    columns = np.zeros((count, channels, *factor, *coarse), input.dtype)
    unroll(input, columns, factor, cut or (0,) * len(factor), (1,) * len(factor))
    return columns.reshape(count, channels * volume(factor), *coarse)


@differentiable
def channel_shuffle(input, groups):
    """Deal the channels out anew, so that the next grouped convolution sees channels of all groups.

    ``output[:, j groups + i] = input[:, i C / groups + j]``: the channels, laid out as a matrix with a row for each
    group, are transposed.

    Parameters
    ----------
    input : array_like or Tensor, shape ``(N, C, *)``
        With at least one axis after the channels.
    groups : int

    Returns
    -------
    array or Tensor, of the same shape

    Raises
    ------
    RuntimeError
        Fewer than three axes, channels that are not a multiple of `groups`, `groups` below 1.
    TypeError
        `groups` that is not an integer.

    Source: ``torch.nn.functional.channel_shuffle``; Zhang et al., "ShuffleNet: an extremely efficient convolutional
    neural network for mobile devices" (2018).
    """
    input = np.asarray(input)
    channels = channels_in_groups(input.shape, groups)[1]
    order = np.arange(channels).reshape(groups, channels // groups).T.reshape(-1)
    return input[:, order], lambda grad: grad[:, np.argsort(order)]


def channels_in_groups(shape, groups):
    """`shape`, or an error where :func:`channel_shuffle` cannot divide its channels."""
    groups = as_int(groups, "groups", 1)
    if len(shape) < 3:
        raise RuntimeError(f"input: expected at least 3 axes, (N, C, *), got shape {shape}")
    if shape[1] % groups:
        raise RuntimeError(f"groups: must divide the {shape[1]} channels, got {groups}")
    return shape


@differentiable
def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put the maxima of sequences, (N, C, L) or (C, L), back where they stood; see :func:`max_unpool2d`.

    Source: ``torch.nn.functional.max_unpool1d``.
    """
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


@differentiable
def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put the maxima of :func:`max_pool2d` back where they stood, among zeros: undoes it as far as it can be undone.

    Parameters
    ----------
    input : array_like or Tensor of floats, shape (N, C, H, W) or (C, H, W)
        N may be 0.
    indices : array of int64, of the same shape
        ``y * W' + x`` for each element, as ``max_pool2d(..., return_indices=True)`` gives them. Where several elements
        have the same index the last one stays; the gradient reaches them all.
    kernel_size, stride, padding
        Those of the pooling; they only say how large the output is.
    output_size : tuple of int, optional
        H' and W', where it is not the smallest size that pools to the input's. It may begin with two more numbers,
        which are not looked at, so that an array's shape will do.

    Returns
    -------
    array or Tensor, shape (N, C, H', W') or (C, H', W')
        With ``H' = (H - 1) stride - 2 padding + kernel_size`` unless `output_size` says otherwise, and W' likewise.

    Raises
    ------
    RuntimeError
        Another number of axes, empty ones other than the batch, indices of another shape or dtype or outside of the
        output, options out of range.
    ValueError
        An `output_size` that differs by `stride` or more from the default, or with another number of entries; an
        output of negative size.
    NotImplementedError
        An input that is not floating point.
    TypeError
        Options that are not integers.

    Source: ``torch.nn.functional.max_unpool2d``; Zeiler and Fergus, "Visualizing and understanding convolutional
    networks" (2014).
    """
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


@differentiable
def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put the maxima of volumes, (N, C, D, H, W) or (C, D, H, W), back where they stood; see :func:`max_unpool2d`.

    Source: ``torch.nn.functional.max_unpool3d``.
    """
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)


def _max_unpool(axes, input, indices, kernel_size, stride, padding, output_size):
    input, indices = np.asarray(input), np.asarray(indices)
    images, is_batched = batched(input, axes, "input")
    if not np.issubdtype(input.dtype, np.floating):
        raise NotImplementedError(f"input: expected floating point, got {input.dtype}")
    if not is_index_dtype(indices.dtype):
        raise RuntimeError(f"indices: expected int64, got {indices.dtype}")
    if indices.shape != input.shape:
        raise RuntimeError(f"indices: expected the input's shape {input.shape}, got {indices.shape}")
    options = unpooling_options(axes, kernel_size, stride, padding)
    shape = unpooled_shape(images.shape, *options, output_size)
    size = shape[2:]
    maps = images.shape[0] * images.shape[1]
    places = indices.reshape(maps, volume(images.shape[2:]))
    if places.size and not 0 <= places.min() <= places.max() < volume(size):
        raise RuntimeError(
            f"indices: expected 0 to {volume(size) - 1} for an output of {size_text(size)}, "
            f"got {places.min()} to {places.max()}"
        )
    places = places + np.arange(0, maps * volume(size), volume(size) or 1)[:, np.newaxis]
    output = np.zeros(shape, input.dtype)
    output.reshape(-1)[places] = images.reshape(places.shape)
    input_shape = input.shape

    def pullback(grad):
        return grad.reshape(-1).take(places).reshape(input_shape)

    return (output if is_batched else output[0]), pullback


def unpooling_options(axes, kernel_size, stride, padding):
    """The options of unpooling, each as a tuple with one entry per spatial axis."""
    kernel_size = as_tuple(kernel_size, axes, "kernel_size", 1, allow_single=False)
    stride = kernel_size if stride is None else as_tuple(stride, axes, "stride", 1, allow_single=False)
    return kernel_size, stride, as_tuple(padding, axes, "padding", 0, allow_single=False)


def unpooled_shape(shape, kernel_size, stride, padding, output_size=None):
    """What pools to `shape`, ``(N, C, *size)``: by default the smallest, or `output_size` if that is possible."""
    if 0 in shape[1:]:
        raise RuntimeError(f"input: only the batch axis may be empty, got shape {shape}")
    lengths = zip(shape[2:], kernel_size, stride, padding)
    default = size = tuple((n - 1) * s - 2 * p + k for n, k, s, p in lengths)
    if output_size is not None:
        size = spatial_part(output_size, len(default), len(shape))
    if any(abs(n - m) >= s for n, m, s in zip(size, default, stride)):
        raise ValueError(
            f"output_size: must differ by less than stride={stride} from {default}, got {output_size}"
        )
    if min(size) < 0:
        raise ValueError(f"output_size: must not be negative, got {size}")
    return (*shape[:2], *size)


def spatial_part(output_size, axes, whole):
    """`output_size`, a tuple of `axes` ints or a shape of `whole` ones, as the former."""
    if not isinstance(output_size, (tuple, list)):
        raise TypeError(f"output_size: expected a tuple of ints, got {output_size!r}")
    if len(output_size) not in (axes, whole):
        raise ValueError(f"output_size: expected {axes} or {whole} entries, got {output_size}")
    return as_tuple(output_size, len(output_size), "output_size")[-axes:]
