"""Upsampling that learns or rearranges: PyTorch's operators, and those of ``dlcore.scratch.deconvolution`` it lacks."""

import torch
from torch.nn.functional import (
    channel_shuffle,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
    pixel_shuffle,
    pixel_unshuffle,
)

from ..scratch.deconvolution import matrix_geometry

__all__ = [
    "channel_shuffle", "conv_matrix", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "max_unpool1d",
    "max_unpool2d", "max_unpool3d", "pixel_shuffle", "pixel_unshuffle",
]  # fmt: skip


def conv_matrix(weight, input_size, stride=1, padding=0, dilation=1, groups=1):
    """The matrix that a convolution is: ``C @ image.reshape(-1)`` is the convolved image, laid flat.

    The element of C that leads from pixel i to output position o is ``weight[..., u]`` where ``i = o * stride +
    u * dilation - padding`` for some kernel position u, and 0 where there is none; likewise on every axis.

    Parameters
    ----------
    weight : torch.Tensor, shape ``(O, C / groups, *kernel_size)``
        With 1 to 3 spatial axes.
    input_size : int or tuple of int
        The image's height and width, or as many numbers as there are spatial axes.
    stride, padding, dilation, groups
        As for :func:`conv2d`.

    Returns
    -------
    torch.Tensor, shape (O * windows, C * pixels)
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
    size, windows, lengths = matrix_geometry(
        tuple(weight.shape), input_size, stride, padding, dilation, groups
    )
    out_channels, channels = weight.shape[:2]
    own_group = torch.eye(groups, dtype=weight.dtype, device=weight.device)
    # By group of outputs, output channel, group of inputs, input channel; then the kernel's axes, replaced one by one.
    matrix = weight.unflatten(0, (groups, out_channels // groups))[:, :, None]
    matrix = matrix * own_group.reshape(groups, 1, groups, *[1] * (matrix.ndim - 3))
    matrix = matrix.reshape(out_channels, groups * channels, *weight.shape[2:])
    for axis, (n, m, (k, s, p, d)) in enumerate(zip(size, windows, lengths)):
        i, o = (torch.arange(count, device=weight.device) for count in (n, m))
        reach = i - o[:, None] * s + p  # output position, pixel
        u, dim = torch.div(reach, d, rounding_mode="floor"), 2 + 2 * axis
        meets = (reach % d == 0) & (u >= 0) & (u < k)
        matrix = matrix.index_select(dim, u.clamp(0, k - 1).flatten()).unflatten(dim, (m, n))
        matrix = torch.where(meets.reshape(m, n, *[1] * (matrix.ndim - dim - 2)), matrix, 0)
    outputs, pixels = range(2, matrix.ndim, 2), range(3, matrix.ndim, 2)
    return matrix.permute(0, *outputs, 1, *pixels).flatten(len(size) + 1).flatten(0, len(size))
