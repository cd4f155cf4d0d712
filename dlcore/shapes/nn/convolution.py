"""Convolution layers: shape and cost."""

from math import prod

from ...scratch import nn as computing
from ...scratch.nn.convolution import convolution_options
from ...scratch.windows import padding_pairs
from .module import Windows

__all__ = ["Conv1d", "Conv2d", "Conv3d"]


class _Convolution(Windows):
    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
        padding_mode="zeros",
    ):  # fmt: skip
        super().__init__()
        self.kernel_size, self.stride, self.padding, self.dilation = convolution_options(
            self.axes, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, padding_mode
        )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.groups, self.padding_mode = groups, padding_mode
        self.parameter_shapes = {"weight": (out_channels, in_channels // groups, *self.kernel_size)}
        if bias:
            self.parameter_shapes["bias"] = (out_channels,)

    extra_repr = computing.Conv2d.extra_repr

    def lengths(self):
        pairs = padding_pairs(self.padding, self.kernel_size, self.dilation)
        return list(zip(self.kernel_size, self.stride, pairs, self.dilation))

    def output_shape(self, shape):
        windows = super().output_shape(shape)[2:]
        if shape[1] != self.in_channels:
            raise RuntimeError(f"input: expected {self.in_channels} channels, got shape {shape}")
        if self.out_channels == 0:
            raise RuntimeError("weight: expected at least one output channel, got 0")
        if min(shape[2:]) == 0 and (prod(shape[:2]) or self.padding_mode != "zeros"):
            raise RuntimeError(f"input: only the batch and the channels may be empty, got shape {shape}")
        for size, (_, _, pair, _) in zip(shape[2:], self.lengths()):
            most = {"reflect": size - 1, "circular": size}.get(self.padding_mode)
            if most is not None and max(pair) > most:
                raise RuntimeError(
                    f"padding: mode {self.padding_mode!r} takes at most {most}, got {max(pair)}"
                )
        return (shape[0], self.out_channels, *windows)

    def multiply_adds(self, output_shape):
        return prod(output_shape) * prod(self.parameter_shapes["weight"][1:])


class Conv1d(_Convolution):
    """Shape and cost of ``scratch.nn.Conv1d``."""

    axes = 1


class Conv2d(_Convolution):
    """Shape and cost of ``scratch.nn.Conv2d``."""

    axes = 2


class Conv3d(_Convolution):
    """Shape and cost of ``scratch.nn.Conv3d``."""

    axes = 3
