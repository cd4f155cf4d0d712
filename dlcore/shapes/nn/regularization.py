"""Layers that regularize: they keep the shape."""

from ...scratch.regularization import channel_mask_shape, path_mask_shape
from .module import Mirrored

__all__ = [
    "AlphaDropout",
    "DropPath",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class _Dropout(Mirrored):
    @property
    def allocates(self):
        return self.training and self.layer.p > 0


class Dropout(_Dropout):
    """Shape of ``scratch.nn.Dropout``."""


class _ChannelDropout(_Dropout):
    axes = None

    def output_shape(self, shape):
        channel_mask_shape(shape, self.axes)
        return shape


class Dropout1d(_ChannelDropout):
    """Shape of ``scratch.nn.Dropout1d``."""

    axes = 1


class Dropout2d(_ChannelDropout):
    """Shape of ``scratch.nn.Dropout2d``."""

    axes = 2


class Dropout3d(_ChannelDropout):
    """Shape of ``scratch.nn.Dropout3d``."""

    axes = 3


class AlphaDropout(_Dropout):
    """Shape of ``scratch.nn.AlphaDropout``."""


class FeatureAlphaDropout(_ChannelDropout):
    """Shape of ``scratch.nn.FeatureAlphaDropout``."""


class DropPath(_Dropout):
    """Shape of ``scratch.nn.DropPath``."""

    def output_shape(self, shape):
        path_mask_shape(shape, self.layer.mode)
        return shape
