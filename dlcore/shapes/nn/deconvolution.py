"""Upsampling layers that learn or rearrange: shape and cost."""

from math import prod

from ...scratch import nn as computing
from ...scratch.deconvolution import (
    channels_in_groups,
    shuffled_shape,
    transposed_options,
    transposed_shape,
    unpooled_shape,
    unshuffled_shape,
)
from ...scratch.nn.deconvolution import transposed_layer_options
from ...scratch.windows import output_size
from .module import Layer, Mirrored

__all__ = [
    "ChannelShuffle", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "MaxUnpool1d", "MaxUnpool2d",
    "MaxUnpool3d", "PixelShuffle", "PixelUnshuffle",
]  # fmt: skip


class _Transposed(Layer):
    axes = None

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True,
        dilation=1, padding_mode="zeros",
    ):  # fmt: skip
        super().__init__()
        options = transposed_layer_options(
            self.axes, in_channels, out_channels, kernel_size, stride, padding, output_padding, groups, dilation,
            padding_mode,
        )  # fmt: skip
        self.kernel_size, self.stride, self.padding, self.output_padding, self.dilation = options
        self.in_channels, self.out_channels = in_channels, out_channels
        self.groups, self.padding_mode = groups, padding_mode
        self.parameter_shapes = {"weight": (in_channels, out_channels // groups, *self.kernel_size)}
        if bias:
            self.parameter_shapes["bias"] = (out_channels,)

    extra_repr = computing.ConvTranspose2d.extra_repr

    def output_shape(self, shape):
        options = transposed_options(self.axes, self.stride, self.padding, self.output_padding, self.dilation)
        if len(shape) != self.axes + 2:
            raise RuntimeError(
                f"input: expected {self.axes + 2} axes, (N, C, {self.axes} spatial), got shape {shape}"
            )
        return transposed_shape(shape, self.parameter_shapes["weight"], self.groups, *options)

    def spans(self, signal):
        if len(signal.spans) != self.axes:
            return signal.spans  # axes were merged before: every unit sees all there is to see
        lengths = zip(self.kernel_size, self.stride, self.padding, self.dilation)
        return tuple(span.through_transposed(*item) for span, item in zip(signal.spans, lengths))

    def multiply_adds(self, output_shape):
        """The whole kernels for each element of the input, also where they are cut off."""
        sizes = (n - extra for n, extra in zip(output_shape[2:], self.output_padding))
        input_size = map(output_size, sizes, self.kernel_size, self.stride, self.padding, self.dilation)
        return output_shape[0] * prod(input_size) * prod(self.parameter_shapes["weight"])


class ConvTranspose1d(_Transposed):
    """Shape and cost of ``scratch.nn.ConvTranspose1d``."""

    axes = 1


class ConvTranspose2d(_Transposed):
    """Shape and cost of ``scratch.nn.ConvTranspose2d``."""

    axes = 2


class ConvTranspose3d(_Transposed):
    """Shape and cost of ``scratch.nn.ConvTranspose3d``."""

    axes = 3


class PixelShuffle(Mirrored):
    """Shape of ``scratch.nn.PixelShuffle``."""

    def output_shape(self, shape):
        return shuffled_shape(shape, self.layer.upscale_factor)

    def spans(self, signal):
        factor = self.layer.upscale_factor
        if len(signal.spans) != 2:
            return signal.spans  # axes were merged before: every unit sees all there is to see
        return tuple(span.through_transposed(factor, factor, 0, 1) for span in signal.spans)


class PixelUnshuffle(Mirrored):
    """Shape of ``scratch.nn.PixelUnshuffle``.

    The receptive field is that of all the channels together, which is what the next layer sees.
    """

    def output_shape(self, shape):
        return unshuffled_shape(shape, self.layer.downscale_factor)

    def spans(self, signal):
        factor = self.layer.downscale_factor
        if len(signal.spans) != 2:
            return signal.spans
        return tuple(span.through(factor, factor, 0, 1) for span in signal.spans)


class ChannelShuffle(Mirrored):
    """Shape of ``scratch.nn.ChannelShuffle``."""

    def output_shape(self, shape):
        return channels_in_groups(shape, self.layer.groups)


class _MaxUnpool(Mirrored):
    def output_shape(self, shape):
        axes, layer = len(self.layer.kernel_size), self.layer
        if len(shape) != axes + 2:
            raise RuntimeError(f"input: expected {axes + 2} axes, (N, C, {axes} spatial), got shape {shape}")
        return unpooled_shape(shape, layer.kernel_size, layer.stride, layer.padding)

    def spans(self, signal):
        layer = self.layer
        if len(signal.spans) != len(layer.kernel_size):
            return signal.spans
        lengths = zip(layer.kernel_size, layer.stride, layer.padding)
        return tuple(span.through_transposed(*item, 1) for span, item in zip(signal.spans, lengths))


class MaxUnpool1d(_MaxUnpool):
    """Shape of ``scratch.nn.MaxUnpool1d``; see :class:`MaxUnpool2d`."""


class MaxUnpool2d(_MaxUnpool):
    """Shape of ``scratch.nn.MaxUnpool2d``, called without `output_size`.

    What a unit sees is right for indices that come from pooling with the same options.
    """


class MaxUnpool3d(_MaxUnpool):
    """Shape of ``scratch.nn.MaxUnpool3d``; see :class:`MaxUnpool2d`."""
