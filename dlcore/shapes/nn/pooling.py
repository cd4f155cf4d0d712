"""Pooling layers: shape. Their comparisons and sums multiply nothing and are not counted."""

from fractions import Fraction
from math import gcd

from ...scratch.pooling import (
    adaptive_size,
    mixing_shape,
    norm_kernel,
    norm_power,
    override,
    pooling_options,
    pyramid_options,
)
from ...scratch.windows import as_bool, output_size
from .module import Mirrored, Windows

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d", "MaxPool1d",
    "MaxPool2d", "MaxPool3d", "MixedPool2d", "SpatialPyramidPool2d", "StochasticPool2d",
]  # fmt: skip


class _Pool(Mirrored, Windows):
    def lengths(self):
        layer = self.layer
        padding, dilation = getattr(layer, "padding", 0), getattr(layer, "dilation", 1)
        kernel_size, stride, padding, dilation, _ = pooling_options(
            self.axes, layer.kernel_size, layer.stride, padding, dilation, layer.ceil_mode
        )
        return list(zip(kernel_size, stride, [(p, p) for p in padding], dilation))

    def output_shape(self, shape):
        if min(shape[1:]) == 0:
            raise RuntimeError(f"input: only the batch axis may be empty, got shape {shape}")
        return super().output_shape(shape)

    def count(self, size, lengths):
        kernel_size, stride, (padding, _), dilation = lengths
        return output_size(size, kernel_size, stride, padding, dilation, self.layer.ceil_mode)


class _MaxPool(_Pool):
    def output_shape(self, shape):
        as_bool(self.layer.return_indices, "return_indices")
        return super().output_shape(shape)


class MaxPool1d(_MaxPool):
    """Shape of ``scratch.nn.MaxPool1d``, of its first output with `return_indices`."""

    axes = 1


class MaxPool2d(_MaxPool):
    """Shape of ``scratch.nn.MaxPool2d``, of its first output with `return_indices`."""


class MaxPool3d(_MaxPool):
    """Shape of ``scratch.nn.MaxPool3d``, of its first output with `return_indices`."""

    axes = 3


class _AvgPool(_Pool):
    def output_shape(self, shape):
        as_bool(self.layer.count_include_pad, "count_include_pad")
        if getattr(self.layer, "divisor_override", None) is not None:
            override(self.layer.divisor_override)
        return super().output_shape(shape)


class AvgPool1d(_AvgPool):
    """Shape of ``scratch.nn.AvgPool1d``."""

    axes = 1


class AvgPool2d(_AvgPool):
    """Shape of ``scratch.nn.AvgPool2d``."""


class AvgPool3d(_AvgPool):
    """Shape of ``scratch.nn.AvgPool3d``."""

    axes = 3


class _LPPool(_Pool):
    def output_shape(self, shape):
        norm_power(self.layer.norm_type)
        norm_kernel(self.axes, self.layer.kernel_size)
        return super().output_shape(shape)


class LPPool1d(_LPPool):
    """Shape of ``scratch.nn.LPPool1d``."""

    axes = 1


class LPPool2d(_LPPool):
    """Shape of ``scratch.nn.LPPool2d``."""


class LPPool3d(_LPPool):
    """Shape of ``scratch.nn.LPPool3d``."""

    axes = 3


class _AdaptivePool(Mirrored):
    axes = 2
    channels = True  # whether there must be any

    def output_shape(self, shape):
        as_bool(getattr(self.layer, "return_indices", False), "return_indices")
        _check_rank(self.axes, shape)
        if 0 in shape[1 if self.channels else 2 :]:
            raise RuntimeError(f"input: only the batch axis may be empty, got shape {shape}")
        return (*shape[:2], *adaptive_size(self.layer.output_size, shape[2:]))

    def spans(self, signal):
        if len(signal.spans) != self.axes:
            return signal.spans  # axes were merged before
        windows = self.output_shape(signal.shape)[2:]
        return tuple(map(_adaptive, signal.spans, signal.shape[2:], windows))


def _adaptive(span, size, windows):
    """After adaptive pooling: window o reaches from ``floor(o n / m)`` to just before ``ceil((o + 1) n / m)``."""
    common = gcd(size, windows)
    n, m = size // common, max(1, windows // common)
    # The first whole number from (o n - m + 1) / m on is floor(o n / m), and likewise at the other end.
    return span.through_interval(Fraction(1 - m, m), Fraction(n - 1, m), Fraction(n, m))


def _check_rank(axes, shape):
    if len(shape) != axes + 2:
        raise RuntimeError(f"input: expected {axes + 2} axes, (N, C, {axes} spatial), got shape {shape}")


class AdaptiveMaxPool1d(_AdaptivePool):
    """Shape of ``scratch.nn.AdaptiveMaxPool1d``, of its first output with `return_indices`."""

    axes = 1


class AdaptiveMaxPool2d(_AdaptivePool):
    """Shape of ``scratch.nn.AdaptiveMaxPool2d``, of its first output with `return_indices`."""


class AdaptiveMaxPool3d(_AdaptivePool):
    """Shape of ``scratch.nn.AdaptiveMaxPool3d``, of its first output with `return_indices`."""

    axes = 3


class AdaptiveAvgPool1d(_AdaptivePool):
    """Shape of ``scratch.nn.AdaptiveAvgPool1d``."""

    axes, channels = 1, False


class AdaptiveAvgPool2d(_AdaptivePool):
    """Shape of ``scratch.nn.AdaptiveAvgPool2d``."""

    channels = False


class AdaptiveAvgPool3d(_AdaptivePool):
    """Shape of ``scratch.nn.AdaptiveAvgPool3d``."""

    axes = 3


class MixedPool2d(_Pool):
    """Shape of ``scratch.nn.MixedPool2d``."""

    def output_shape(self, shape):
        output = super().output_shape(shape)
        if self.layer.num_parameters:
            mixing_shape((self.layer.num_parameters,), shape[1])
        return output


class StochasticPool2d(_Pool):
    """Shape of ``scratch.nn.StochasticPool2d``."""


class SpatialPyramidPool2d(Mirrored):
    """Shape of ``scratch.nn.SpatialPyramidPool2d``.

    As behind ``Flatten``, the receptive field is that of all the windows together.
    """

    def output_shape(self, shape):
        levels, _ = pyramid_options(self.layer.levels, self.layer.method)
        _check_rank(2, shape)
        if 0 in shape[1:]:
            raise RuntimeError(f"input: only the batch axis may be empty, got shape {shape}")
        return shape[0], shape[1] * sum(level**2 for level in levels)

    def spans(self, signal):
        if len(signal.spans) != 2:
            return signal.spans
        return tuple(span.mixed(size) for span, size in zip(signal.spans, signal.shape[2:]))
