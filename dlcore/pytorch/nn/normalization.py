"""Normalization layers: PyTorch's own, and those that it lacks."""

import torch
from torch.nn import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    GroupNorm,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    LayerNorm,
    LocalResponseNorm,
    Parameter,
    RMSNorm,
)

from .. import normalization
from .module import Module, rule

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "BatchRenorm1d", "BatchRenorm2d", "BatchRenorm3d", "GroupNorm",
    "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LayerNorm", "LocalResponseNorm", "RMSNorm",
    "SwitchableNorm2d",
]  # fmt: skip


@rule(
    BatchNorm1d, BatchNorm2d, BatchNorm3d, GroupNorm, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, LayerNorm, RMSNorm
)  # fmt: skip
def _from_the_identity(layer, generator):
    """Scale by 1, shift by 0, and forget the running averages; nothing is drawn."""
    layer.reset_parameters()


class _Tracking(Module):
    """What the layers of our own take from PyTorch's batch norm: parameters, running averages, checks."""

    def _momentum(self):
        """In training one more batch is tracked; the momentum with which it counts, 1 / batches for None."""
        if self.training:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                return 1 / float(self.num_batches_tracked)
        return 0.0 if self.momentum is None else self.momentum

    def extra_repr(self):
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}"


class _BatchRenorm(_Tracking):
    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, *, r_max=3.0, d_max=5.0, device=None, dtype=None
    ):  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, device=device, dtype=dtype)
        self.r_max, self.d_max = r_max, d_max

    def forward(self, input):
        self._check_input_dim(input)
        momentum = self._momentum()
        return normalization.batch_renorm(
            input, self.running_mean, self.running_var, self.weight, self.bias, self.training, momentum,
            self.eps, self.r_max, self.d_max,
        )  # fmt: skip

    def extra_repr(self):
        return f"{super().extra_repr()}, r_max={self.r_max}, d_max={self.d_max}"


class BatchRenorm1d(_BatchRenorm, BatchNorm1d):
    """:func:`dlcore.pytorch.batch_renorm` of (N, C) or (N, C, L); see ``dlcore.scratch.nn.BatchRenorm2d``."""


class BatchRenorm2d(_BatchRenorm, BatchNorm2d):
    """:func:`dlcore.pytorch.batch_renorm` of (N, C, H, W); see ``dlcore.scratch.nn.BatchRenorm2d``."""


class BatchRenorm3d(_BatchRenorm, BatchNorm3d):
    """:func:`dlcore.pytorch.batch_renorm` of (N, C, D, H, W); see ``dlcore.scratch.nn.BatchRenorm2d``."""


class SwitchableNorm2d(_Tracking, BatchNorm2d):
    """:func:`dlcore.pytorch.switchable_norm` of (N, C, H, W); see ``dlcore.scratch.nn.SwitchableNorm2d``."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, *, device=None, dtype=None):
        super().__init__(num_features, eps, momentum, affine, device=device, dtype=dtype)
        self.mean_weight = Parameter(torch.ones(3, device=device, dtype=dtype))
        self.var_weight = Parameter(torch.ones(3, device=device, dtype=dtype))

    def reset_parameters(self):
        """As batch norm does; instance, layer and batch have equal shares. Nothing is drawn."""
        super().reset_parameters()
        if "var_weight" in self._parameters:  # not while the base class is being made
            for scores in (self.mean_weight, self.var_weight):
                torch.nn.init.ones_(scores)

    def forward(self, input):
        self._check_input_dim(input)
        momentum = self._momentum()
        return normalization.switchable_norm(
            input, self.running_mean, self.running_var, self.mean_weight, self.var_weight, self.weight,
            self.bias, self.training, momentum, self.eps,
        )  # fmt: skip
