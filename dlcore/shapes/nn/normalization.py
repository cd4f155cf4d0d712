"""Normalization layers: they keep the shape. A product for each element is not counted.

Those whose evaluation averages over positions let every unit see the whole of its image (or of the axes averaged over).
"""

from ...scratch.normalization_checks import check_groups
from ...scratch.windows import as_int
from .module import Mirrored

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "BatchRenorm1d", "BatchRenorm2d", "BatchRenorm3d", "GroupNorm",
    "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LayerNorm", "LocalResponseNorm", "RMSNorm",
    "SwitchableNorm2d",
]  # fmt: skip


def _mixed(signal, first=2):
    """What units see that see all positions along the axes from `first` on."""
    if len(signal.shape) != len(signal.spans) + 2:
        return signal.spans  # axes were merged before: every unit sees all there is to see
    return tuple(
        span.mixed(size) if axis >= first else span
        for axis, (span, size) in enumerate(zip(signal.spans, signal.shape[2:]), 2)
    )


class _Tracking(Mirrored):
    def output_shape(self, shape):
        self.layer.check_axes(shape)
        if shape[1] != self.layer.num_features:
            raise RuntimeError(f"input: expected {self.layer.num_features} channels, got shape {shape}")
        return shape


class BatchNorm1d(_Tracking):
    """Shape of ``scratch.nn.BatchNorm1d``."""


class BatchNorm2d(_Tracking):
    """Shape of ``scratch.nn.BatchNorm2d``."""


class BatchNorm3d(_Tracking):
    """Shape of ``scratch.nn.BatchNorm3d``."""


class BatchRenorm1d(_Tracking):
    """Shape of ``scratch.nn.BatchRenorm1d``."""


class BatchRenorm2d(_Tracking):
    """Shape of ``scratch.nn.BatchRenorm2d``."""


class BatchRenorm3d(_Tracking):
    """Shape of ``scratch.nn.BatchRenorm3d``."""


class SwitchableNorm2d(_Tracking):
    """Shape of ``scratch.nn.SwitchableNorm2d``."""

    def spans(self, signal):
        return _mixed(signal)


class _InstanceNorm(Mirrored):
    def output_shape(self, shape):
        self.layer.check_axes(shape)
        return shape

    def spans(self, signal):
        return signal.spans if self.layer.track_running_stats else _mixed(signal)


class InstanceNorm1d(_InstanceNorm):
    """Shape of ``scratch.nn.InstanceNorm1d``."""


class InstanceNorm2d(_InstanceNorm):
    """Shape of ``scratch.nn.InstanceNorm2d``."""


class InstanceNorm3d(_InstanceNorm):
    """Shape of ``scratch.nn.InstanceNorm3d``."""


class GroupNorm(Mirrored):
    """Shape of ``scratch.nn.GroupNorm``."""

    def output_shape(self, shape):
        if len(shape) < 2:
            raise RuntimeError(f"input: expected at least 2 axes (N, C, ...), got shape {shape}")
        check_groups(self.layer.num_groups, shape[1], RuntimeError)
        if self.layer.affine and shape[1] != self.layer.num_channels:
            raise RuntimeError(f"input: expected {self.layer.num_channels} channels, got shape {shape}")
        return shape

    def spans(self, signal):
        return _mixed(signal)


class _LastAxesNorm(Mirrored):
    def output_shape(self, shape):
        wanted = self.layer.normalized_shape
        if not wanted or shape[-len(wanted) :] != wanted:
            raise RuntimeError(f"normalized_shape: expected the last axes of {shape}, got {wanted}")
        return shape

    def spans(self, signal):
        return _mixed(signal, len(signal.shape) - len(self.layer.normalized_shape))


class LayerNorm(_LastAxesNorm):
    """Shape of ``scratch.nn.LayerNorm``."""


class RMSNorm(_LastAxesNorm):
    """Shape of ``scratch.nn.RMSNorm``."""


class LocalResponseNorm(Mirrored):
    """Shape of ``scratch.nn.LocalResponseNorm``."""

    def output_shape(self, shape):
        if len(shape) < 3:
            raise ValueError(f"input: expected at least 3 axes (N, C, ...), got shape {shape}")
        as_int(self.layer.size, "size", 1)
        return shape
