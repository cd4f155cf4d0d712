"""Layers that cut regions out of feature maps."""

from .. import detection
from .module import OperatorLayer

__all__ = ["RoIAlign", "RoIPool"]


class RoIPool(OperatorLayer):
    """:func:`dlcore.scratch.roi_pool` as a layer, called with the input and the boxes.

    Source: ``torchvision.ops.RoIPool``.
    """

    operator = staticmethod(detection.roi_pool)

    def __init__(self, output_size, spatial_scale):
        super().__init__()
        self.keep(output_size=output_size, spatial_scale=spatial_scale)


class RoIAlign(OperatorLayer):
    """:func:`dlcore.scratch.roi_align` as a layer, called with the input and the boxes.

    Source: ``torchvision.ops.RoIAlign``.
    """

    operator = staticmethod(detection.roi_align)

    def __init__(self, output_size, spatial_scale, sampling_ratio, aligned=False):
        super().__init__()
        self.keep(
            output_size=output_size,
            spatial_scale=spatial_scale,
            sampling_ratio=sampling_ratio,
            aligned=aligned,
        )
