"""Convolution: sliding a kernel over an input, forward and backward.

Deep learning calls *convolution* what mathematics calls cross-correlation: the kernel is not flipped. So do the
operators here, all but :func:`convolve`. Signatures, shapes and errors are those of ``torch.nn.functional``.
"""

import numpy as np

from . import arithmetic
from .correlation import Geometry, correlate, grad_input, grad_weight
from .special import representable
from .tensor import Tensor, as_operand, differentiable
from .windows import (
    as_int,
    as_number,
    as_tuple,
    batched,
    numeric,
    output_size,
    padding_pairs,
    roll_up,
    size_text,
    unroll,
    volume,
)

__all__ = [
    "conv1d", "conv2d", "conv2d_im2col", "conv2d_loops", "conv3d", "convolve", "depthwise_separable_conv2d", "focus",
    "fold", "pad", "unfold",
]  # fmt: skip


@differentiable
def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlate sequences with kernels: :func:`conv2d` with one spatial axis.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, L) or (C, L)
    weight : array_like or Tensor, shape (O, C / groups, k)
    bias, stride, padding, dilation, groups
        As for :func:`conv2d`.

    Returns
    -------
    array or Tensor, shape (N, O, L') or (O, L')

    Source: ``torch.nn.functional.conv1d``.
    """
    return _convolution(1, input, weight, bias, stride, padding, dilation, groups)


@differentiable
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlate images with kernels.

    Output channel o at (y, x) is the sum, over the input channels c of its group and over the kernel positions
    (u, v), of ``weight[o, c, u, v] * input[c, y * stride + u * dilation - padding, x * stride + v * dilation -
    padding]``, plus ``bias[o]``. Outside the image the input counts as 0.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
        Images; N may be 0.
    weight : array_like or Tensor, shape (O, C / groups, kh, kw)
        One kernel for each pair of an output channel and an input channel of its group.
    bias : array_like or Tensor, shape (O,), optional
    stride, dilation : int or tuple of int
        The step from window to window, and from element to element within a window.
    padding : int, tuple of int, "valid" or "same"
        Zeros on each side. "valid" is none; "same" keeps height and width (stride 1 only; where the number of zeros
        is odd the extra one goes after the image).
    groups : int
        Split the channels into this many groups, each with its own kernels; ``groups=C`` is depthwise convolution.

    Returns
    -------
    array or Tensor, shape (N, O, H', W') or (O, H', W')
        With ``H' = floor((H + 2 padding - dilation (kh - 1) - 1) / stride) + 1`` and W' likewise; the input's dtype.

    Raises
    ------
    RuntimeError
        Shapes that do not fit together, dtypes that differ, a kernel larger than the padded input, options out of
        range, ``padding="same"`` with a stride.
    TypeError
        Options that are not integers.

    Source: ``torch.nn.functional.conv2d``; LeCun et al., "Gradient-based learning applied to document recognition"
    (1998).
    """
    return _convolution(2, input, weight, bias, stride, padding, dilation, groups)


@differentiable
def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlate volumes with kernels: :func:`conv2d` with three spatial axes.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, D, H, W) or (C, D, H, W)
    weight : array_like or Tensor, shape (O, C / groups, kd, kh, kw)
    bias, stride, padding, dilation, groups
        As for :func:`conv2d`.

    Returns
    -------
    array or Tensor, shape (N, O, D', H', W') or (O, D', H', W')

    Source: ``torch.nn.functional.conv3d``.
    """
    return _convolution(3, input, weight, bias, stride, padding, dilation, groups)


def _convolution(axes, input, weight, bias, stride, padding, dilation, groups):
    images, weight, bias, geometry, is_batched = _check(
        axes, input, weight, bias, stride, padding, dilation, groups
    )
    output = correlate(images, weight, geometry)
    if bias is not None:
        output += bias.reshape(-1, *[1] * axes)

    def whole(array):
        return array if is_batched else array[0]

    def pullback(grad):
        grad = grad.reshape(output.shape)
        return (
            lambda: whole(grad_input(grad, weight, images.shape, geometry)),
            lambda: grad_weight(images, grad, weight.shape, geometry),
            lambda: grad.sum((0, *range(2, grad.ndim))),
        )

    return whole(output), pullback


@differentiable
def conv2d_loops(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """:func:`conv2d` as its definition reads: four loops, over images, output channels, rows and columns.

    Same arguments, result and errors; slower by orders of magnitude, as the convolution chapter measures.
    """
    images, weight, bias, geometry, is_batched = _check(
        2, input, weight, bias, stride, padding, dilation, groups
    )
    (height, width), (sy, sx), before, (dy, dx), groups = geometry
    out_channels, channels, kh, kw = weight.shape
    needed = ((height - 1) * sy + (kh - 1) * dy + 1, (width - 1) * sx + (kw - 1) * dx + 1)
    after = [max(0, need - p - n) for need, p, n in zip(needed, before, images.shape[2:])]
    padded = np.pad(images, [(0, 0), (0, 0), *zip(before, after)])
    output = np.zeros((len(images), out_channels, height, width), images.dtype)

    def windows():
        for n in range(len(images)):
            for o in range(out_channels):
                first = o // (out_channels // groups) * channels
                for y in range(height):
                    for x in range(width):
                        rows = slice(y * sy, y * sy + (kh - 1) * dy + 1, dy)
                        columns = slice(x * sx, x * sx + (kw - 1) * dx + 1, dx)
                        yield o, (n, o, y, x), (n, slice(first, first + channels), rows, columns)

    for o, place, window in windows():
        output[place] = (padded[window] * weight[o]).sum() + (0 if bias is None else bias[o])

    def pullback(grad):
        grad = grad.reshape(output.shape)
        total_padded, total_weight = np.zeros_like(padded), np.zeros_like(weight)
        for o, place, window in windows():
            total_padded[window] += grad[place] * weight[o]
            total_weight[o] += grad[place] * padded[window]
        inside = tuple(slice(p, p + n) for p, n in zip(before, images.shape[2:]))
        return total_padded[(..., *inside)].reshape(np.shape(input)), total_weight, grad.sum((0, 2, 3))

    return (output if is_batched else output[0]), pullback


def conv2d_im2col(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """:func:`conv2d` as one matrix product for the whole batch: unfold, multiply, reshape.

    The columns hold every input element kh * kw times, which costs memory. Same arguments, result and errors as
    :func:`conv2d`, except that the input must be batched and `padding` be numbers, as :func:`unfold` wants it.

    Source: Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing"
    (2006).
    """
    plain = [array.data if isinstance(array, Tensor) else array for array in (input, weight, bias)]
    _, kernels, _, geometry, is_batched = _check(2, *plain, stride, padding, dilation, groups)
    if not is_batched:
        raise RuntimeError(f"input: expected a batch (N, C, H, W), got shape {np.shape(plain[0])}")
    if isinstance(padding, str):
        raise TypeError(f"padding: expected an int or 2 ints, got {padding!r}")
    out_channels, channels, kh, kw = kernels.shape
    columns = unfold(input, (kh, kw), geometry.dilation, geometry.padding, geometry.stride)
    columns = arithmetic.reshape(columns, (len(input), groups, channels * kh * kw, volume(geometry.windows)))
    matrices = arithmetic.reshape(weight, (groups, out_channels // groups, channels * kh * kw))
    output = arithmetic.reshape(
        arithmetic.matmul(matrices, columns), (len(input), out_channels, *geometry.windows)
    )
    return output if bias is None else arithmetic.add(output, arithmetic.reshape(bias, (out_channels, 1, 1)))


def depthwise_separable_conv2d(
    input, depthwise_weight, pointwise_weight, bias=None, stride=1, padding=0, dilation=1
):
    """A spatial convolution of each channel by itself, then a 1x1 convolution that mixes the channels.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    depthwise_weight : array_like or Tensor, shape (C * m, 1, kh, kw)
        m kernels for each channel.
    pointwise_weight : array_like or Tensor, shape (O, C * m, 1, 1)
    bias : array_like or Tensor, shape (O,), optional
        Added after the pointwise step.
    stride, padding, dilation
        Of the depthwise step, as for :func:`conv2d`.

    Returns
    -------
    array or Tensor, shape (N, O, H', W') or (O, H', W')

    Raises
    ------
    RuntimeError
        As :func:`conv2d`, and if a weight has not the shape of its step.

    Source: Sifre, "Rigid-motion scattering for image classification" (2014); Chollet, "Xception" (2017).
    """
    input, depthwise_weight, pointwise_weight = map(as_operand, (input, depthwise_weight, pointwise_weight))
    shapes = input.shape, depthwise_weight.shape, pointwise_weight.shape
    channels = separable_channels(*map(tuple, shapes))
    spatial = conv2d(input, depthwise_weight, None, stride, padding, dilation, groups=channels)
    return conv2d(spatial, pointwise_weight, bias)


def separable_channels(input_shape, depthwise_shape, pointwise_shape):
    """The channels of the input of a depthwise separable convolution, or an error where the shapes do not fit."""
    if len(input_shape) not in (3, 4):
        raise RuntimeError(f"input: expected shape (N, C, H, W) or (C, H, W), got {input_shape}")
    if len(depthwise_shape) != 4 or depthwise_shape[1] != 1:
        raise RuntimeError(f"depthwise_weight: expected shape (C * m, 1, kh, kw), got {depthwise_shape}")
    channels = input_shape[-3]
    if depthwise_shape[0] % max(1, channels):
        raise RuntimeError(
            f"depthwise_weight: expected m kernels for each of {channels} channels, got shape {depthwise_shape}"
        )
    if len(pointwise_shape) != 4 or pointwise_shape[1:] != (depthwise_shape[0], 1, 1):
        raise RuntimeError(
            f"pointwise_weight: expected shape (O, {depthwise_shape[0]}, 1, 1), got {pointwise_shape}"
        )
    return channels


@differentiable
def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Lay every window of `input` out as a column (im2col).

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size, dilation, padding, stride : int or tuple of int
        As for :func:`conv2d`; mind their order, which is PyTorch's.

    Returns
    -------
    array or Tensor, shape (N, C * kh * kw, L) or (C * kh * kw, L)
        L windows, row by row. An element that lies in several windows appears several times.

    Raises
    ------
    RuntimeError
        An input of another shape or with empty axes other than the batch, options out of range, no window that fits.
    TypeError
        Options that are not integers.

    Source: ``torch.nn.functional.unfold``.
    """
    input = np.asarray(input)
    images, is_batched = batched(input, 2, "input")
    kernel_size, stride, padding, dilation, windows = unfold_options(
        images.shape, kernel_size, dilation, padding, stride
    )
    columns = np.zeros((*images.shape[:2], *kernel_size, *windows), input.dtype)
    unroll(images, columns, stride, padding, dilation)

    def pullback(grad):
        total = np.zeros(images.shape, grad.dtype)
        roll_up(grad.reshape(columns.shape), total, stride, padding, dilation)
        return total if is_batched else total[0]

    output = columns.reshape(len(images), images.shape[1] * volume(kernel_size), volume(windows))
    return (output if is_batched else output[0]), pullback


@differentiable
def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add columns back onto an image (col2im): the transpose of :func:`unfold`, not its inverse.

    Where windows overlap their values add up; ``fold(unfold(x))`` is x times the number of windows that hold each
    element.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C * kh * kw, L) or (C * kh * kw, L)
    output_size : int or tuple of int
        Height and width of the image; L must be the number of windows that fit into it.
    kernel_size, dilation, padding, stride : int or tuple of int
        As for :func:`unfold`.

    Returns
    -------
    array or Tensor, shape (N, C, H, W) or (C, H, W)

    Raises
    ------
    RuntimeError
        An input whose rows are not a multiple of the kernel's elements or whose columns are not L; options out of
        range.
    TypeError
        Options that are not integers.

    Source: ``torch.nn.functional.fold``.
    """
    input = np.asarray(input)
    columns, is_batched = batched(input, 1, "input")
    size, kernel_size, stride, padding, dilation, windows = fold_options(
        columns.shape, output_size, kernel_size, dilation, padding, stride
    )
    channels = columns.shape[1] // volume(kernel_size)
    shape = (len(columns), channels, *kernel_size, *windows)
    output = np.zeros((len(columns), channels, *size), input.dtype)
    roll_up(columns.reshape(shape), output, stride, padding, dilation)

    def pullback(grad):
        result = np.zeros(input.shape, grad.dtype)
        unroll(grad.reshape(output.shape), result.reshape(shape), stride, padding, dilation)
        return result

    return (output if is_batched else output[0]), pullback


@differentiable
def pad(input, pad, mode="constant", value=None):
    """Extend (or, with negative numbers, crop) the last axes.

    Parameters
    ----------
    input : array_like or Tensor
    pad : sequence of int
        Pairs (before, after) from the last axis backwards: ``(left, right, top, bottom, ...)``.
    mode : str
        "constant"; "reflect" mirrors without repeating the edge; "replicate" repeats the edge; "circular" goes on at
        the other end. All but "constant" pad the last one, two or three axes of an input with one or two axes more.
    value : float, optional
        What "constant" pads with; 0 by default. Integers cut its fraction off.

    Returns
    -------
    array or Tensor
        Of the input's dtype; each padded axis is longer by before + after.

    Raises
    ------
    RuntimeError
        An odd number of entries, more pairs than axes, cropping more than there is, reflecting as much as the axis is
        long or more, going round more than once, `value` with a mode other than "constant".
    NotImplementedError
        An unknown mode, or a mode that cannot pad this number of axes.
    TypeError
        `pad` is not a sequence of ints, `value` not a number.

    Source: ``torch.nn.functional.pad``.
    """
    input = np.asarray(input)
    amounts = pad_amounts(input.shape, pad, mode, value)
    value = 0 if value is None else as_number(value, "value")
    if input.dtype.kind in "iuf":
        value = representable(value, "value", input.dtype)
    output = input
    steps = []
    for axis, (before, after) in amounts:
        if (before, after) == (0, 0):
            continue
        steps.append((axis, before, after, output.shape[axis]))
        output = _pad_axis(output, axis, before, after, mode, value)

    def pullback(grad):
        for step in reversed(steps):
            grad = _pad_axis_pullback(grad, *step, mode)
        return grad

    return (output.copy() if output is input else output), pullback


def _pad_axis(array, axis, before, after, mode, value):
    size = array.shape[axis]
    place = np.arange(-before, size + after)
    if mode == "constant":
        inside = (place >= 0) & (place < size)
        shape = list(array.shape)
        shape[axis] = len(place)
        result = np.full(shape, value, array.dtype)
        _along(result, axis)[inside] = _along(array, axis)[place[inside]]
        return result
    return np.take(array, _source(before, after, size, mode), axis)


def _pad_axis_pullback(grad, axis, before, after, size, mode):
    """Each element collects the gradients of its copies."""
    place = np.arange(-before, size + after)
    inside = (place >= 0) & (place < size)
    shape = list(grad.shape)
    shape[axis] = size
    total = np.zeros(shape, grad.dtype)
    rows, received = _along(total, axis), _along(grad, axis)
    rows[place[inside]] = received[inside]
    if mode != "constant":
        source = _source(before, after, size, mode)
        for copy in np.flatnonzero(~inside):  # only the border, and an element may have several copies there
            rows[source[copy]] += received[copy]
    return total


def _along(array, axis):
    """A view with `axis` in front, so that one index speaks of it."""
    return np.moveaxis(array, axis, 0)


def _source(before, after, size, mode):
    """Which of the axis's `size` elements stands at each place of the padded axis."""
    place = np.arange(-before, size + after)
    if mode == "circular":  # round what is left after cropping
        first, left = max(0, -before), size - max(0, -before) - max(0, -after)
        return first + (place - first) % left
    if mode == "replicate":
        return np.clip(place, 0, size - 1)
    return size - 1 - np.abs(size - 1 - np.abs(place))


def pad_amounts(shape, pad, mode, value):
    """Check what :func:`pad` does with an input of `shape`: pairs (axis, (before, after)), from the last axis backwards."""
    if not isinstance(pad, (tuple, list)):
        raise TypeError(f"pad: expected a sequence of ints, got {pad!r}")
    pad = as_tuple(pad, len(pad), "pad") if len(pad) else ()
    if len(pad) % 2:
        raise RuntimeError(f"pad: expected pairs (before, after), got {len(pad)} numbers: {pad}")
    pairs = list(zip(pad[::2], pad[1::2]))
    if len(pairs) > len(shape):
        raise RuntimeError(f"pad: {len(pairs)} pairs are more than the axes of an input of shape {shape}")
    if not isinstance(mode, str):
        raise TypeError(f"mode: expected a string, got {mode!r}")
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise NotImplementedError(
            f"mode: expected 'constant', 'reflect', 'replicate' or 'circular', got {mode!r}"
        )
    if value is not None:
        as_number(value, "value")
    if mode != "constant":
        if value:
            raise RuntimeError(f"value: only mode 'constant' takes one, got {value!r} with mode {mode!r}")
        if not 1 <= len(pairs) <= 3 or len(shape) - len(pairs) not in (1, 2):
            raise NotImplementedError(
                f"pad: mode {mode!r} pads the last 1, 2 or 3 axes of an input with 1 or 2 axes more, "
                f"got {len(pairs)} pairs for shape {shape}"
            )
    batch_axes = len(shape) - len(pairs) - 1  # channels and the padded axes stand behind them
    if mode in ("reflect", "replicate") and 0 in shape[batch_axes:]:
        raise RuntimeError(f"input: only the batch axis may be empty in mode {mode!r}, got shape {shape}")
    for axis, (before, after) in enumerate(pairs, 1):
        size = shape[-axis]
        left = size - max(0, -before) - max(0, -after)
        if size + before + after < 0 or (left < 0 and mode in ("constant", "circular")):
            raise RuntimeError(f"pad: {(before, after)} crops more than the {size} elements of axis {-axis}")
        if mode == "reflect" and max(before, after) >= size:
            raise RuntimeError(
                f"pad: reflecting {(before, after)} needs more than {size} elements on axis {-axis}"
            )
        if mode == "circular" and max(before, after) > left:
            raise RuntimeError(
                f"pad: {(before, after)} goes round axis {-axis} of {size} elements more than once"
            )
    if mode in ("reflect", "replicate") and not any(
        shape[-axis] + sum(pair) for axis, pair in enumerate(pairs, 1)
    ):
        raise RuntimeError(f"pad: {tuple(pad)} crops an input of shape {shape} to nothing in mode {mode!r}")
    return [(-axis, pair) for axis, pair in enumerate(pairs, 1)]


def convolve(input, kernel, mode="full"):
    """Convolve in the mathematical sense: the kernel is flipped, so that the order of the two does not matter.

    ``output[n] = sum over m of input[m] * kernel[n - m]``, along one, two or three axes.

    Parameters
    ----------
    input, kernel : array_like or Tensor, with the same number of axes, 1 to 3
    mode : {"full", "same", "valid"}
        Which n to keep: all where the two overlap, M + K - 1 along an axis; the M in the middle, as large as the
        input; those where the smaller lies wholly on the larger, M - K + 1.

    Returns
    -------
    array or Tensor

    Raises
    ------
    RuntimeError
        Tensors of different dtypes (arrays are promoted), numbers of axes that differ or are not 1 to 3, empty arrays,
        an unknown mode, "valid" where neither is at least as large as the other along every axis.

    Source: ``scipy.signal.convolve``, whose modes these are; ``numpy.convolve`` for one axis.
    """
    input, kernel = as_operand(input), as_operand(kernel)
    if input.dtype != kernel.dtype:
        if isinstance(input, Tensor) or isinstance(kernel, Tensor):
            raise RuntimeError(f"kernel: expected the input's dtype {input.dtype}, got {kernel.dtype}")
        dtype = np.result_type(input, kernel)
        input, kernel = input.astype(dtype), kernel.astype(dtype)
    axes, size = input.ndim, input.shape
    if kernel_is_larger(size, kernel.shape, mode):
        input, kernel = kernel, input
    flipped = kernel[(slice(None, None, -1),) * axes]
    padding = 0 if mode == "valid" else tuple(k - 1 for k in kernel.shape)
    correlation = (conv1d, conv2d, conv3d)[axes - 1]
    output = correlation(input[None, None], flipped[None, None], padding=padding)[0, 0]
    if mode == "same":
        output = output[tuple(slice((k - 1) // 2, (k - 1) // 2 + n) for k, n in zip(kernel.shape, size))]
    return output


def kernel_is_larger(input_shape, kernel_shape, mode):
    """Whether "valid" convolution must slide the input over the kernel; an error where :func:`convolve` has no result."""
    shapes = f"{input_shape} and {kernel_shape}"
    if len(input_shape) != len(kernel_shape) or not 1 <= len(input_shape) <= 3:
        raise RuntimeError(f"kernel: expected as many axes as the input, 1 to 3, got shapes {shapes}")
    if 0 in input_shape or 0 in kernel_shape:
        raise RuntimeError(f"input, kernel: must have elements, got shapes {shapes}")
    if mode not in ("full", "same", "valid"):
        raise RuntimeError(f"mode: expected 'full', 'same' or 'valid', got {mode!r}")
    if mode != "valid" or all(n >= k for n, k in zip(input_shape, kernel_shape)):
        return False
    if not all(n <= k for n, k in zip(input_shape, kernel_shape)):
        raise RuntimeError(
            f"mode: 'valid' needs one of the two to be at least as large along every axis, got shapes {shapes}"
        )
    return True


def focus(input):
    """Move every second row and column into channels of their own: half the height and width, four times the channels.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
        H and W even.

    Returns
    -------
    array or Tensor, shape (N, 4 C, H / 2, W / 2) or (4 C, H / 2, W / 2)
        Four blocks of C channels: even rows and even columns, odd rows and even columns, even rows and odd columns,
        odd rows and odd columns. Nothing is lost, only moved.

    Raises
    ------
    RuntimeError
        An odd height or width, or another number of axes.

    Source: the Focus module of Jocher, "YOLOv5" (2020).
    """
    input = as_operand(input)
    if input.ndim not in (3, 4) or input.shape[-1] % 2 or input.shape[-2] % 2:
        raise RuntimeError(
            f"input: expected (N, C, H, W) or (C, H, W) with even H and W, got shape {input.shape}"
        )
    return arithmetic.cat([input[..., y::2, x::2] for x in (0, 1) for y in (0, 1)], dim=-3)


def unfold_options(shape, kernel_size, dilation, padding, stride):
    """Check what :func:`unfold` does with images of `shape` (N, C, H, W).

    Returns kernel size, stride, padding and dilation as tuples, and the number of windows along each axis.
    """
    if min(shape[1:]) == 0:
        raise RuntimeError(f"input: only the batch axis may be empty, got shape {shape}")
    return _sliding(shape[2:], kernel_size, dilation, padding, stride, "input")


def fold_options(shape, output_size, kernel_size, dilation, padding, stride):
    """Check what :func:`fold` does with columns of `shape` (N, C * kh * kw, L).

    Returns the size of the image before what :func:`unfold_options` returns.
    """
    if min(shape[1:]) == 0:
        raise RuntimeError(f"input: only the batch axis may be empty, got shape {shape}")
    size = as_tuple(output_size, 2, "output_size", 1, allow_single=False)
    kernel_size, *others, windows = _sliding(size, kernel_size, dilation, padding, stride, "output_size")
    if shape[1] % volume(kernel_size):
        raise RuntimeError(
            f"input: expected rows a multiple of the kernel's {volume(kernel_size)} elements, got shape {shape}"
        )
    if shape[2] != volume(windows):
        raise RuntimeError(
            f"input: expected {volume(windows)} columns, one for each of {size_text(windows)} windows, "
            f"got shape {shape}"
        )
    return size, kernel_size, *others, windows


def _sliding(size, kernel_size, dilation, padding, stride, name):
    kernel_size = as_tuple(kernel_size, 2, "kernel_size", 1, allow_single=False)
    dilation = as_tuple(dilation, 2, "dilation", 1, allow_single=False)
    padding = as_tuple(padding, 2, "padding", 0, allow_single=False)
    stride = as_tuple(stride, 2, "stride", 1, allow_single=False)
    windows = tuple(map(output_size, size, kernel_size, stride, padding, dilation))
    if min(windows) < 1:
        raise RuntimeError(
            f"{name}: no window of size {size_text(kernel_size)} with dilation {dilation} fits into "
            f"{size_text(size)} with padding {padding}"
        )
    return kernel_size, stride, padding, dilation, windows


def _check(axes, input, weight, bias, stride, padding, dilation, groups):
    """The arguments of a convolution as arrays, the input batched; its geometry; whether it came with a batch axis."""
    input, weight = numeric(input, "input"), np.asarray(weight)
    bias = None if bias is None else np.asarray(bias)
    images, geometry, is_batched = convolution_geometry(
        axes, input, weight, bias, stride, padding, dilation, groups
    )
    return images, weight, bias, geometry, is_batched


def convolution_geometry(axes, input, weight, bias, stride, padding, dilation, groups, one_dtype=True):
    """Check the arguments of a convolution with so many spatial axes: arrays, or PyTorch's tensors.

    Returns the input, batched, how the windows lie on it, and whether it came with a batch axis.
    """
    shape, weight_shape = tuple(input.shape), tuple(weight.shape)
    if len(weight_shape) != axes + 2:
        raise RuntimeError(
            f"weight: expected {axes + 2} axes, (O, C / groups, *kernel_size), got shape {weight_shape}"
        )
    images, is_batched = batched(input, axes, "input")
    groups = as_int(groups, "groups", 1)
    out_channels, channels, *kernel_size = weight_shape
    if out_channels == 0 or out_channels % groups:
        raise RuntimeError(
            f"weight: its {out_channels} output channels must be a positive multiple of groups={groups}"
        )
    if min(kernel_size) == 0:
        raise RuntimeError(f"weight: a kernel of size {size_text(kernel_size)} has no elements")
    if images.shape[1] != channels * groups:
        raise RuntimeError(
            f"input: expected {channels * groups} channels, got shape {shape}; the weight has shape {weight_shape}, "
            f"with groups={groups}"
        )
    if bias is not None and tuple(bias.shape) != (out_channels,):
        raise RuntimeError(f"bias: expected shape ({out_channels},), got {tuple(bias.shape)}")
    for name, array in (("weight", weight), ("bias", bias)):
        if one_dtype and array is not None and array.dtype != input.dtype:
            raise RuntimeError(f"{name}: expected the input's dtype {input.dtype}, got {array.dtype}")
    if min(shape[-axes:]) == 0 and len(images) and channels:
        raise RuntimeError(f"input: only the batch and the channels may be empty, got shape {shape}")
    geometry = _geometry(shape[-axes:], kernel_size, stride, padding, dilation, groups)
    return images, geometry, is_batched


def _geometry(size, kernel_size, stride, padding, dilation, groups):
    """How the windows of a convolution lie on an input of `size`."""
    axes = len(size)
    stride = as_tuple(stride, axes, "stride", 1)
    dilation = as_tuple(dilation, axes, "dilation", 1)
    if not isinstance(padding, str):
        padding = as_tuple(padding, axes, "padding", 0)
    elif padding not in ("same", "valid"):
        raise RuntimeError(f"padding: expected an int, {axes} ints, 'same' or 'valid', got {padding!r}")
    elif padding == "same" and max(stride) > 1:
        raise RuntimeError(f"padding: 'same' needs stride 1, got stride={stride}")
    sides = padding_pairs(padding, kernel_size, dilation)
    padded = tuple(n + before + after for n, (before, after) in zip(size, sides))
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel_size, dilation))
    if any(n < r for n, r in zip(padded, reach)):
        raise RuntimeError(
            f"input: padded to {size_text(padded)} it is smaller than the kernel, which spans {size_text(reach)}"
        )
    windows = tuple((n - r) // s + 1 for n, r, s in zip(padded, reach, stride))
    return Geometry(windows, stride, tuple(before for before, _ in sides), dilation, groups)
