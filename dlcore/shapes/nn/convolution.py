"""Convolution layers, and layers that unfold, fold and pad: shape and cost."""

from math import prod

from ...scratch import nn as computing
from ...scratch.convolution import fold_options, pad_amounts, unfold_options
from ...scratch.nn.convolution import convolution_options
from ...scratch.windows import padding_pairs
from .module import Mirrored, Windows

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "Conv1d", "Conv2d", "Conv3d", "Fold", "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d",
    "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "Unfold", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip


class _Convolution(Windows):
    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
        padding_mode="zeros",
    ):  # fmt: skip
        super().__init__()
        self.kernel_size, self.stride, self.padding, self.dilation = convolution_options(
            self.axes, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, padding_mode
        )
        self.in_channels, self.out_channels, self.groups = int(in_channels), int(out_channels), int(groups)
        self.padding_mode = padding_mode
        self.parameter_shapes = {
            "weight": (self.out_channels, self.in_channels // self.groups, *self.kernel_size)
        }
        if bias:
            self.parameter_shapes["bias"] = (self.out_channels,)

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


class Unfold(Mirrored):
    """Shape of ``scratch.nn.Unfold``. It merges the spatial axes; see :class:`Flatten` for what its units see."""

    def _windows(self, shape):
        if len(shape) != 4:
            raise RuntimeError(f"input: expected 4 axes, (N, C, H, W), got shape {shape}")
        layer = self.layer
        return unfold_options(shape, layer.kernel_size, layer.dilation, layer.padding, layer.stride)

    def output_shape(self, shape):
        kernel_size, *_, windows = self._windows(shape)
        return (shape[0], shape[1] * prod(kernel_size), prod(windows))

    def spans(self, signal):
        kernel_size, stride, padding, dilation, windows = self._windows(signal.shape)
        if len(signal.spans) != 2:
            return signal.spans  # axes were merged before: every unit sees all there is to see
        lengths = zip(kernel_size, stride, padding, dilation)
        return tuple(
            span.through(*item).mixed(count) for span, item, count in zip(signal.spans, lengths, windows)
        )


class Fold(Mirrored):
    """Shape of ``scratch.nn.Fold``. Its units see what all columns see together."""

    def output_shape(self, shape):
        if len(shape) != 3:
            raise RuntimeError(f"input: expected 3 axes, (N, C * kh * kw, L), got shape {shape}")
        layer = self.layer
        size, kernel_size, *_ = fold_options(
            shape, layer.output_size, layer.kernel_size, layer.dilation, layer.padding, layer.stride
        )
        return (shape[0], shape[1] // prod(kernel_size), *size)

    def spans(self, signal):
        return tuple(span.mixed(signal.shape[-1]) for span in signal.spans)


class _Pad(Mirrored):
    def _amounts(self, shape):
        return pad_amounts(shape, self.layer.padding, self.layer.mode, self.layer.value)

    def output_shape(self, shape):
        sizes = list(shape)
        for axis, (before, after) in self._amounts(shape):
            sizes[axis] += before + after
        return tuple(sizes)

    def spans(self, signal):
        """What is padded counts as padding whatever it holds, as in a convolution that pads."""
        spans = list(signal.spans)
        if len(spans) == len(signal.shape) - 2:
            for axis, (before, _) in self._amounts(signal.shape)[: len(spans)]:
                spans[axis] = spans[axis].through(1, 1, before, 1)
        return tuple(spans)


class ConstantPad1d(_Pad):
    """Shape of ``scratch.nn.ConstantPad1d``."""


class ConstantPad2d(_Pad):
    """Shape of ``scratch.nn.ConstantPad2d``."""


class ConstantPad3d(_Pad):
    """Shape of ``scratch.nn.ConstantPad3d``."""


class ZeroPad1d(_Pad):
    """Shape of ``scratch.nn.ZeroPad1d``."""


class ZeroPad2d(_Pad):
    """Shape of ``scratch.nn.ZeroPad2d``."""


class ZeroPad3d(_Pad):
    """Shape of ``scratch.nn.ZeroPad3d``."""


class ReflectionPad1d(_Pad):
    """Shape of ``scratch.nn.ReflectionPad1d``."""


class ReflectionPad2d(_Pad):
    """Shape of ``scratch.nn.ReflectionPad2d``."""


class ReflectionPad3d(_Pad):
    """Shape of ``scratch.nn.ReflectionPad3d``."""


class ReplicationPad1d(_Pad):
    """Shape of ``scratch.nn.ReplicationPad1d``."""


class ReplicationPad2d(_Pad):
    """Shape of ``scratch.nn.ReplicationPad2d``."""


class ReplicationPad3d(_Pad):
    """Shape of ``scratch.nn.ReplicationPad3d``."""


class CircularPad1d(_Pad):
    """Shape of ``scratch.nn.CircularPad1d``."""


class CircularPad2d(_Pad):
    """Shape of ``scratch.nn.CircularPad2d``."""


class CircularPad3d(_Pad):
    """Shape of ``scratch.nn.CircularPad3d``."""
