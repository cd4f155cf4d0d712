"""Layers that cut regions out of feature maps: shape.

How many regions there are the boxes say, which are not known here: one for each image is read.
"""

from ...scratch.detection import roi_options
from .module import Mirrored

__all__ = ["RoIAlign", "RoIPool"]


class _Region(Mirrored):
    def output_shape(self, shape):
        layer = self.layer
        options = (getattr(layer, name) for name in layer._options)
        return (*shape[:2], *roi_options(shape, *options))

    def spans(self, signal):
        """A region may lie anywhere: all that there is to see."""
        if len(signal.spans) != 2:
            return signal.spans
        return tuple(span.mixed(size) for span, size in zip(signal.spans, signal.shape[2:]))


class RoIPool(_Region):
    """Shape of ``scratch.nn.RoIPool`` for one region per image."""


class RoIAlign(_Region):
    """Shape of ``scratch.nn.RoIAlign`` for one region per image."""
