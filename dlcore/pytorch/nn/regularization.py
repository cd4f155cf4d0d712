"""Layers that regularize: PyTorch's own, and :class:`DropPath`. They draw from PyTorch's global generator."""

from torch.nn import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout

from ...scratch.regularization import path_mask_shape, probability
from .. import regularization
from .module import Module

__all__ = [
    "AlphaDropout",
    "DropPath",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class DropPath(Module):
    """:func:`dlcore.pytorch.drop_path` in training mode. Source: ``torchvision.ops.StochasticDepth``."""

    def __init__(self, p=0.5, mode="row"):
        super().__init__()
        probability(p)
        path_mask_shape((1,), mode)
        self.p, self.mode = p, mode

    def forward(self, input):
        return regularization.drop_path(input, self.p, self.training, mode=self.mode)

    def extra_repr(self):
        return f"p={self.p!r}, mode={self.mode!r}"
