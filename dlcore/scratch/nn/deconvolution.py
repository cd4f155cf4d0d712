"""Upsampling layers that learn or rearrange."""

import numpy as np

from .. import deconvolution
from ..deconvolution import spatial_part, unpooling_options
from ..windows import as_tuple
from .convolution import Conv2d, convolution_options
from .module import OperatorLayer, Weighted

__all__ = [
    "ChannelShuffle", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "MaxUnpool1d", "MaxUnpool2d",
    "MaxUnpool3d", "PixelShuffle", "PixelUnshuffle",
]  # fmt: skip


class _Transposed(Weighted):
    axes = operator = None

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True,
        dilation=1, padding_mode="zeros", *, dtype=np.float32,
    ):  # fmt: skip
        options = transposed_layer_options(
            self.axes, in_channels, out_channels, kernel_size, stride, padding, output_padding, groups, dilation,
            padding_mode,
        )  # fmt: skip
        super().__init__((in_channels, out_channels // groups, *options[0]), bias, dtype, out_channels)
        self.kernel_size, self.stride, self.padding, self.output_padding, self.dilation = options
        self.in_channels, self.out_channels = in_channels, out_channels
        self.groups, self.padding_mode = groups, padding_mode

    def forward(self, input, output_size=None):
        output_padding = self.output_padding
        if output_size is not None:
            output_padding = self._missing(np.shape(input), output_size)
        return self.operator(
            input, self.weight, self.bias, self.stride, self.padding, output_padding, self.groups, self.dilation
        )  # fmt: skip

    def _missing(self, shape, output_size):
        """The output_padding that leads to `output_size`, which may be a whole shape."""
        size = spatial_part(output_size, self.axes, len(shape))
        lengths = zip(shape[-self.axes :], self.kernel_size, self.stride, self.padding, self.dilation)
        least = tuple((n - 1) * s - 2 * p + d * (k - 1) + 1 for n, k, s, p, d in lengths)
        missing = tuple(n - m for n, m in zip(size, least))
        if any(not 0 <= extra < s for extra, s in zip(missing, self.stride)):
            raise ValueError(
                f"output_size: expected {least} or up to stride - 1 = {tuple(s - 1 for s in self.stride)} more, "
                f"got {output_size}"
            )
        return missing

    extra_repr = Conv2d.extra_repr


class ConvTranspose1d(_Transposed):
    """:func:`dlcore.scratch.conv_transpose1d` with its own kernels; see :class:`ConvTranspose2d`.

    Source: ``torch.nn.ConvTranspose1d``.
    """

    axes = 1
    operator = staticmethod(deconvolution.conv_transpose1d)


class ConvTranspose2d(_Transposed):
    """:func:`dlcore.scratch.conv_transpose2d` with its own kernels.

    Weight and bias begin at random; :func:`reset_parameters` makes them reproducible.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding, output_padding, groups, dilation
        As the operator takes them.
    bias : bool
        Whether to add a bias to each output channel.
    padding_mode : {"zeros"}
    dtype : dtype
        Of the parameters.

    Raises
    ------
    ValueError
        Channels that are not multiples of `groups`, another `padding_mode`.
    RuntimeError
        Negative channels, other options out of range.
    TypeError
        Options that are not integers.

    Called with ``output_size=`` (H', W') or a whole shape, it finds the `output_padding` that gives this size; where
    there is none that is a ValueError.

    Source: ``torch.nn.ConvTranspose2d``.
    """

    axes = 2
    operator = staticmethod(deconvolution.conv_transpose2d)


class ConvTranspose3d(_Transposed):
    """:func:`dlcore.scratch.conv_transpose3d` with its own kernels; see :class:`ConvTranspose2d`.

    Source: ``torch.nn.ConvTranspose3d``.
    """

    axes = 3
    operator = staticmethod(deconvolution.conv_transpose3d)


def transposed_layer_options(
    axes, in_channels, out_channels, kernel_size, stride, padding, output_padding, groups, dilation, padding_mode
):  # fmt: skip
    """Check what a layer is made with; its kernel size, stride, padding, output_padding and dilation as tuples."""
    padding = as_tuple(padding, axes, "padding", 0)
    output_padding = as_tuple(output_padding, axes, "output_padding", 0)
    if padding_mode != "zeros":
        raise ValueError(f"padding_mode: expected 'zeros', got {padding_mode!r}")
    kernel_size, stride, padding, dilation = convolution_options(
        axes, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, padding_mode
    )
    return kernel_size, stride, padding, output_padding, dilation


class PixelShuffle(OperatorLayer):
    """:func:`dlcore.scratch.pixel_shuffle` as a layer. Source: ``torch.nn.PixelShuffle``."""

    operator = staticmethod(deconvolution.pixel_shuffle)

    def __init__(self, upscale_factor):
        super().__init__()
        self.keep(upscale_factor=upscale_factor)


class PixelUnshuffle(OperatorLayer):
    """:func:`dlcore.scratch.pixel_unshuffle` as a layer. Source: ``torch.nn.PixelUnshuffle``."""

    operator = staticmethod(deconvolution.pixel_unshuffle)

    def __init__(self, downscale_factor):
        super().__init__()
        self.keep(downscale_factor=downscale_factor)


class ChannelShuffle(OperatorLayer):
    """:func:`dlcore.scratch.channel_shuffle` as a layer. Source: ``torch.nn.ChannelShuffle``."""

    operator = staticmethod(deconvolution.channel_shuffle)

    def __init__(self, groups):
        super().__init__()
        self.keep(groups=groups)


class _MaxUnpool(OperatorLayer):
    axes = None

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        kernel_size, stride, padding = unpooling_options(self.axes, kernel_size, stride, padding)
        self.keep(kernel_size=kernel_size, stride=stride, padding=padding)

    def forward(self, input, indices, output_size=None):
        return self.operator(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(_MaxUnpool):
    """:func:`dlcore.scratch.max_unpool1d` as a layer. Source: ``torch.nn.MaxUnpool1d``."""

    axes = 1
    operator = staticmethod(deconvolution.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """:func:`dlcore.scratch.max_unpool2d` as a layer, called with input, indices and perhaps `output_size`.

    Source: ``torch.nn.MaxUnpool2d``.
    """

    axes = 2
    operator = staticmethod(deconvolution.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """:func:`dlcore.scratch.max_unpool3d` as a layer. Source: ``torch.nn.MaxUnpool3d``."""

    axes = 3
    operator = staticmethod(deconvolution.max_unpool3d)
