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


class Dropout(Mirrored):
    """Shape of ``scratch.nn.Dropout``."""


class _ChannelDropout(Mirrored):
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


class AlphaDropout(Mirrored):
    """Shape of ``scratch.nn.AlphaDropout``."""


class FeatureAlphaDropout(_ChannelDropout):
    """Shape of ``scratch.nn.FeatureAlphaDropout``."""


class DropPath(Mirrored):
    """Shape of ``scratch.nn.DropPath``."""

    def output_shape(self, shape):
        path_mask_shape(shape, self.layer.mode)
        return shape
