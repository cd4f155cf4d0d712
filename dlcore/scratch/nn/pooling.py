"""Pooling layers."""

import numpy as np

from .. import pooling
from .module import OperatorLayer, Parameter

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d", "MaxPool1d",
    "MaxPool2d", "MaxPool3d", "MixedPool2d", "SpatialPyramidPool2d", "StochasticPool2d",
]  # fmt: skip


class _Pool(OperatorLayer):
    """A pooling operator whose windows, unless told otherwise, do not overlap."""

    def keep(self, kernel_size, stride, **options):
        super().keep(kernel_size=kernel_size, stride=kernel_size if stride is None else stride, **options)


class _MaxPool(_Pool):
    shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__()
        self.keep(
            kernel_size, stride,
            padding=padding, dilation=dilation, return_indices=return_indices, ceil_mode=ceil_mode,
        )  # fmt: skip


class MaxPool1d(_MaxPool):
    """:func:`dlcore.scratch.max_pool1d` as a layer. Source: ``torch.nn.MaxPool1d``."""

    operator = staticmethod(pooling.max_pool1d)


class MaxPool2d(_MaxPool):
    """:func:`dlcore.scratch.max_pool2d` as a layer. Source: ``torch.nn.MaxPool2d``."""

    operator = staticmethod(pooling.max_pool2d)


class MaxPool3d(_MaxPool):
    """:func:`dlcore.scratch.max_pool3d` as a layer. Source: ``torch.nn.MaxPool3d``."""

    operator = staticmethod(pooling.max_pool3d)


class AvgPool1d(_Pool):
    """:func:`dlcore.scratch.avg_pool1d` as a layer. Source: ``torch.nn.AvgPool1d``."""

    operator = staticmethod(pooling.avg_pool1d)
    shown = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__()
        single = [
            value if value is None else tuple(value) if isinstance(value, (tuple, list)) else (value,)
            for value in (kernel_size, stride, padding)
        ]  # as in PyTorch, only this layer makes tuples of its lengths
        self.keep(*single[:2], padding=single[2], ceil_mode=ceil_mode, count_include_pad=count_include_pad)


class _AvgPool(_Pool):
    shown = ("kernel_size", "stride", "padding")

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
    ):  # fmt: skip
        super().__init__()
        self.keep(
            kernel_size, stride, padding=padding, ceil_mode=ceil_mode,
            count_include_pad=count_include_pad, divisor_override=divisor_override,
        )  # fmt: skip


class AvgPool2d(_AvgPool):
    """:func:`dlcore.scratch.avg_pool2d` as a layer. Source: ``torch.nn.AvgPool2d``."""

    operator = staticmethod(pooling.avg_pool2d)


class AvgPool3d(_AvgPool):
    """:func:`dlcore.scratch.avg_pool3d` as a layer. Source: ``torch.nn.AvgPool3d``."""

    operator = staticmethod(pooling.avg_pool3d)


class _AdaptiveMaxPool(OperatorLayer):
    shown = ("output_size",)

    def __init__(self, output_size, return_indices=False):
        super().__init__()
        self.keep(output_size=output_size, return_indices=return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """:func:`dlcore.scratch.adaptive_max_pool1d` as a layer. Source: ``torch.nn.AdaptiveMaxPool1d``."""

    operator = staticmethod(pooling.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """:func:`dlcore.scratch.adaptive_max_pool2d` as a layer. Source: ``torch.nn.AdaptiveMaxPool2d``."""

    operator = staticmethod(pooling.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """:func:`dlcore.scratch.adaptive_max_pool3d` as a layer. Source: ``torch.nn.AdaptiveMaxPool3d``."""

    operator = staticmethod(pooling.adaptive_max_pool3d)


class _AdaptiveAvgPool(OperatorLayer):
    def __init__(self, output_size):
        super().__init__()
        self.keep(output_size=output_size)


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """:func:`dlcore.scratch.adaptive_avg_pool1d` as a layer. Source: ``torch.nn.AdaptiveAvgPool1d``."""

    operator = staticmethod(pooling.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """:func:`dlcore.scratch.adaptive_avg_pool2d` as a layer; with `output_size` 1, global average pooling.

    Source: ``torch.nn.AdaptiveAvgPool2d``.
    """

    operator = staticmethod(pooling.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """:func:`dlcore.scratch.adaptive_avg_pool3d` as a layer. Source: ``torch.nn.AdaptiveAvgPool3d``."""

    operator = staticmethod(pooling.adaptive_avg_pool3d)


class _LPPool(OperatorLayer):
    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.keep(norm_type=norm_type, kernel_size=kernel_size, stride=stride, ceil_mode=ceil_mode)


class LPPool1d(_LPPool):
    """:func:`dlcore.scratch.lp_pool1d` as a layer. Source: ``torch.nn.LPPool1d``."""

    operator = staticmethod(pooling.lp_pool1d)


class LPPool2d(_LPPool):
    """:func:`dlcore.scratch.lp_pool2d` as a layer. Source: ``torch.nn.LPPool2d``."""

    operator = staticmethod(pooling.lp_pool2d)


class LPPool3d(_LPPool):
    """:func:`dlcore.scratch.lp_pool3d` as a layer. Source: ``torch.nn.LPPool3d``."""

    operator = staticmethod(pooling.lp_pool3d)


class MixedPool2d(_Pool):
    """:func:`dlcore.scratch.mixed_pool2d` as a layer.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode
        As for the operator.
    num_parameters : int
        How many weights are learned: 0, and each channel tosses a coin in training; 1 for all channels together; or
        as many as there are channels.
    init : float
        What the weights start from.
    dtype : dtype
        Of the weights.
    """

    operator = staticmethod(pooling.mixed_pool2d)
    shown = ("kernel_size", "stride", "padding", "ceil_mode", "num_parameters")

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, num_parameters=0, init=0.5, *, dtype=np.float32
    ):  # fmt: skip
        super().__init__()
        self.keep(kernel_size, stride, padding=padding, ceil_mode=ceil_mode)
        self.num_parameters, self.init = pooling.mixing_weights(num_parameters), init
        self.weight = Parameter(np.empty(num_parameters, dtype)) if num_parameters else None
        self.reset_parameters(np.random.default_rng())

    def reset_parameters(self, generator):
        """Set the weights to `init`, and let the coins come from `generator`."""
        self.generator = generator.spawn(1)[0]
        if self.weight is not None:
            self.weight.data[...] = self.init

    def forward(self, input):
        options = {name: getattr(self, name) for name in self._options}
        return self.operator(
            input, weight=self.weight, training=self.training, generator=self.generator, **options
        )


class StochasticPool2d(_Pool):
    """:func:`dlcore.scratch.stochastic_pool2d` as a layer, which draws in training."""

    operator = staticmethod(pooling.stochastic_pool2d)

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False):
        super().__init__()
        self.keep(kernel_size, stride, padding=padding, ceil_mode=ceil_mode)
        self.reset_parameters(np.random.default_rng())

    def reset_parameters(self, generator):
        """Let the draws come from `generator`."""
        self.generator = generator.spawn(1)[0]

    def forward(self, input):
        options = {name: getattr(self, name) for name in self._options}
        return self.operator(input, training=self.training, generator=self.generator, **options)


class SpatialPyramidPool2d(OperatorLayer):
    """:func:`dlcore.scratch.spatial_pyramid_pool2d` as a layer."""

    operator = staticmethod(pooling.spatial_pyramid_pool2d)

    def __init__(self, levels=(1, 2, 4), method="max"):
        super().__init__()
        self.keep(levels=levels, method=method)
