"""Upsampling layers that interpolate: shape."""

from fractions import Fraction

from ...scratch.interpolation import REACH, resized
from .module import Mirrored

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Mirrored):
    """Shape of ``scratch.nn.Upsample``."""

    def _resized(self, shape):
        layer = self.layer
        return resized(
            shape, layer.size, layer.scale_factor, layer.mode, layer.align_corners, layer.recompute_scale_factor, False
        )  # fmt: skip

    def output_shape(self, shape):
        return (*shape[:2], *self._resized(shape)[0])

    def spans(self, signal):
        if len(signal.spans) != len(signal.shape) - 2:
            return signal.spans  # axes were merged before: every unit sees all there is to see
        return tuple(map(self._span, signal.spans, signal.shape[2:], *self._resized(signal.shape)))

    def _span(self, span, size, count, factor):
        """After this layer has made `count` units of `size`: each sees those that get a weight in it."""
        if count == size:
            return span
        mode = self.layer.mode
        scale = Fraction(size, count)
        if factor and mode != "area":
            scale = 1 / Fraction(factor).limit_denominator(10_000)
        hair = Fraction(1, 4 * scale.denominator)  # less than what two different positions differ by
        if mode == "area":
            return span.through_interval(hair - 1, scale - hair, scale)
        if mode.startswith("nearest"):
            place = scale / 2 if mode == "nearest-exact" else Fraction(0)
            return span.through_interval(place - 1 + hair, place, scale)
        place, reach = scale / 2 - Fraction(1, 2), REACH.get(mode, 1)
        if self.layer.align_corners:
            place, scale = Fraction(0), Fraction(size - 1, count - 1) if count > 1 else Fraction(0)
            hair = Fraction(1, 2 * scale.denominator)
        return span.through_interval(place - reach + hair, place + reach - hair, scale)


class UpsamplingNearest2d(Upsample):
    """Shape of ``scratch.nn.UpsamplingNearest2d``."""


class UpsamplingBilinear2d(Upsample):
    """Shape of ``scratch.nn.UpsamplingBilinear2d``."""
