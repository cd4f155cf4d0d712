"""Convolution: PyTorch's operators, and those of ``dlcore.scratch.convolution`` that it lacks, in its operations."""

import torch
from torch.nn.functional import conv1d, conv2d, conv3d, fold, pad, unfold

from ..scratch.convolution import convolution_geometry, kernel_is_larger, separable_channels

__all__ = [
    "conv1d", "conv2d", "conv2d_im2col", "conv2d_loops", "conv3d", "convolve", "depthwise_separable_conv2d", "focus",
    "fold", "pad", "unfold",
]  # fmt: skip


def conv2d_loops(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """:func:`conv2d` as its definition reads: four loops, over images, output channels, rows and columns.

    Same arguments, result and errors; slower by orders of magnitude, as the convolution chapter measures.
    """
    images, geometry, is_batched = _geometry(input, weight, bias, stride, padding, dilation, groups)
    (height, width), (sy, sx), (top, left), (dy, dx), groups = geometry
    out_channels, channels, kh, kw = weight.shape
    needed = ((height - 1) * sy + (kh - 1) * dy + 1, (width - 1) * sx + (kw - 1) * dx + 1)
    bottom, right = (need - p - n for need, p, n in zip(needed, (top, left), images.shape[2:]))
    padded = pad(images, (left, max(0, right), top, max(0, bottom)))
    # Pieces without elements, so that an empty batch too is on the tape.
    sums = [array.reshape(-1)[:0] for array in (input, weight, bias) if array is not None]
    for n in range(len(padded)):
        for o in range(out_channels):
            first = o // (out_channels // groups) * channels
            for y in range(height):
                for x in range(width):
                    rows = slice(y * sy, y * sy + (kh - 1) * dy + 1, dy)
                    columns = slice(x * sx, x * sx + (kw - 1) * dx + 1, dx)
                    window = padded[n, first : first + channels, rows, columns]
                    sums.append(((window * weight[o]).sum() + (0 if bias is None else bias[o])).reshape(1))
    output = torch.cat(sums).reshape(len(images), out_channels, height, width)
    return output if is_batched else output[0]


def conv2d_im2col(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """:func:`conv2d` as one matrix product for the whole batch: unfold, multiply, reshape.

    The columns hold every input element kh * kw times, which costs memory. Same arguments, result and errors as
    :func:`conv2d`, except that the input must be batched and `padding` be numbers, as :func:`unfold` wants it.

    Source: Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing"
    (2006).
    """
    _, geometry, is_batched = _geometry(input, weight, bias, stride, padding, dilation, groups)
    if not is_batched:
        raise RuntimeError(f"input: expected a batch (N, C, H, W), got shape {tuple(input.shape)}")
    if isinstance(padding, str):
        raise TypeError(f"padding: expected an int or 2 ints, got {padding!r}")
    (height, width), stride, padding, dilation, groups = geometry
    out_channels, channels, kh, kw = weight.shape
    columns = unfold(input, (kh, kw), dilation, padding, stride)
    columns = columns.reshape(len(input), groups, channels * kh * kw, height * width)
    matrices = weight.reshape(groups, out_channels // groups, channels * kh * kw)
    output = (matrices @ columns).reshape(len(input), out_channels, height, width)
    return output if bias is None else output + bias.reshape(out_channels, 1, 1)


def depthwise_separable_conv2d(
    input, depthwise_weight, pointwise_weight, bias=None, stride=1, padding=0, dilation=1
):
    """A spatial convolution of each channel by itself, then a 1x1 convolution that mixes the channels.

    Parameters
    ----------
    input : torch.Tensor, shape (N, C, H, W) or (C, H, W)
    depthwise_weight : torch.Tensor, shape (C * m, 1, kh, kw)
        m kernels for each channel.
    pointwise_weight : torch.Tensor, shape (O, C * m, 1, 1)
    bias : torch.Tensor, shape (O,), optional
        Added after the pointwise step.
    stride, padding, dilation
        Of the depthwise step, as for :func:`conv2d`.

    Returns
    -------
    torch.Tensor, shape (N, O, H', W') or (O, H', W')

    Raises
    ------
    RuntimeError
        As :func:`conv2d`, and if a weight has not the shape of its step.

    Source: Sifre, "Rigid-motion scattering for image classification" (2014); Chollet, "Xception" (2017).
    """
    shapes = input.shape, depthwise_weight.shape, pointwise_weight.shape
    channels = separable_channels(*map(tuple, shapes))
    spatial = conv2d(input, depthwise_weight, None, stride, padding, dilation, groups=channels)
    return conv2d(spatial, pointwise_weight, bias)


def convolve(input, kernel, mode="full"):
    """Convolve in the mathematical sense: the kernel is flipped, so that the order of the two does not matter.

    ``output[n] = sum over m of input[m] * kernel[n - m]``, along one, two or three axes.

    Parameters
    ----------
    input, kernel : torch.Tensor, with the same number of axes, 1 to 3
    mode : {"full", "same", "valid"}
        Which n to keep: all where the two overlap, M + K - 1 along an axis; the M in the middle, as large as the
        input; those where the smaller lies wholly on the larger, M - K + 1.

    Returns
    -------
    torch.Tensor

    Raises
    ------
    RuntimeError
        Numbers of axes that differ or are not 1 to 3, empty tensors, an unknown mode, "valid" where neither is at
        least as large as the other along every axis.

    Source: ``scipy.signal.convolve``, whose modes these are; ``numpy.convolve`` for one axis.
    """
    axes, size = input.ndim, input.shape
    if kernel_is_larger(tuple(size), tuple(kernel.shape), mode):
        input, kernel = kernel, input
    padding = 0 if mode == "valid" else [k - 1 for k in kernel.shape]
    correlation = (conv1d, conv2d, conv3d)[axes - 1]
    flipped = kernel.flip(tuple(range(axes)))
    output = correlation(input[None, None], flipped[None, None], padding=padding)[0, 0]
    if mode == "same":
        output = output[tuple(slice((k - 1) // 2, (k - 1) // 2 + n) for k, n in zip(kernel.shape, size))]
    return output


def focus(input):
    """Move every second row and column into channels of their own: half the height and width, four times the channels.

    Parameters
    ----------
    input : torch.Tensor, shape (N, C, H, W) or (C, H, W)
        H and W even.

    Returns
    -------
    torch.Tensor, shape (N, 4 C, H / 2, W / 2) or (4 C, H / 2, W / 2)
        Four blocks of C channels: even rows and even columns, odd rows and even columns, even rows and odd columns,
        odd rows and odd columns. Nothing is lost, only moved.

    Raises
    ------
    RuntimeError
        An odd height or width, or another number of axes.

    Source: the Focus module of Jocher, "YOLOv5" (2020).
    """
    if input.ndim not in (3, 4) or input.shape[-1] % 2 or input.shape[-2] % 2:
        raise RuntimeError(
            f"input: expected (N, C, H, W) or (C, H, W) with even H and W, got shape {tuple(input.shape)}"
        )
    return torch.cat([input[..., y::2, x::2] for x in (0, 1) for y in (0, 1)], dim=-3)


def _geometry(input, *arguments):
    """As in ``dlcore.scratch``. Under autocast PyTorch itself brings different dtypes together."""
    one_dtype = not torch.is_autocast_enabled(input.device.type)
    return convolution_geometry(2, input, *arguments, one_dtype=one_dtype)
