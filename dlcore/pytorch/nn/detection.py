"""Layers that cut regions out of feature maps."""

from .. import detection
from .module import Module

__all__ = ["RoIAlign", "RoIPool"]


class RoIPool(Module):
    """:func:`dlcore.pytorch.roi_pool` as a layer, called with the input and the boxes."""

    def __init__(self, output_size, spatial_scale):
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale

    def forward(self, input, boxes):
        return detection.roi_pool(input, boxes, self.output_size, self.spatial_scale)

    def extra_repr(self):
        return f"output_size={self.output_size!r}, spatial_scale={self.spatial_scale!r}"


class RoIAlign(Module):
    """:func:`dlcore.pytorch.roi_align` as a layer, called with the input and the boxes."""

    def __init__(self, output_size, spatial_scale, sampling_ratio, aligned=False):
        super().__init__()
        self.output_size, self.spatial_scale = output_size, spatial_scale
        self.sampling_ratio, self.aligned = sampling_ratio, aligned

    def forward(self, input, boxes):
        return detection.roi_align(
            input, boxes, self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned
        )

    def extra_repr(self):
        return (
            f"output_size={self.output_size!r}, spatial_scale={self.spatial_scale!r}, "
            f"sampling_ratio={self.sampling_ratio!r}, aligned={self.aligned!r}"
        )
