"""Pooling layers: PyTorch's own, and those it lacks."""

import torch
from torch.nn import (
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveAvgPool3d,
    AdaptiveMaxPool1d,
    AdaptiveMaxPool2d,
    AdaptiveMaxPool3d,
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    LPPool1d,
    LPPool2d,
    LPPool3d,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
)

from ...scratch.pooling import mixing_weights
from .. import pooling
from .module import Module, Parameter

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d", "MaxPool1d",
    "MaxPool2d", "MaxPool3d", "MixedPool2d", "SpatialPyramidPool2d", "StochasticPool2d",
]  # fmt: skip


class _Pool(Module):
    def __init__(self, kernel_size, stride, padding, ceil_mode):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode

    def extra_repr(self):
        return (
            f"kernel_size={self.kernel_size!r}, stride={self.stride!r}, padding={self.padding!r}, "
            f"ceil_mode={self.ceil_mode!r}"
        )


class MixedPool2d(_Pool):
    """:func:`dlcore.pytorch.mixed_pool2d` as a layer.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode
        As for the operator.
    num_parameters : int
        How many weights are learned: 0, and each channel tosses a coin in training; 1 for all channels together; or
        as many as there are channels.
    init : float
        What the weights start from.
    dtype : torch.dtype, optional
        Of the weights.
    """

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, num_parameters=0, init=0.5, *, dtype=None
    ):  # fmt: skip
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.num_parameters, self.init = mixing_weights(num_parameters), init
        weight = torch.full((num_parameters,), float(init), dtype=dtype)
        self.weight = Parameter(weight) if num_parameters else None

    def reset_parameters(self, generator):
        """Set the weights to `init`; nothing is drawn."""
        if self.weight is not None:
            self.weight.fill_(self.init)

    def forward(self, input):
        return pooling.mixed_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.weight, self.training
        )

    def extra_repr(self):
        return f"{super().extra_repr()}, num_parameters={self.num_parameters!r}"


class StochasticPool2d(_Pool):
    """:func:`dlcore.pytorch.stochastic_pool2d` as a layer, which draws in training."""

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False):
        super().__init__(kernel_size, stride, padding, ceil_mode)

    def forward(self, input):
        return pooling.stochastic_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.training
        )


class SpatialPyramidPool2d(Module):
    """:func:`dlcore.pytorch.spatial_pyramid_pool2d` as a layer."""

    def __init__(self, levels=(1, 2, 4), method="max"):
        super().__init__()
        self.levels, self.method = levels, method

    def forward(self, input):
        return pooling.spatial_pyramid_pool2d(input, self.levels, self.method)

    def extra_repr(self):
        return f"levels={self.levels!r}, method={self.method!r}"
