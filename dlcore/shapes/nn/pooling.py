"""Pooling layers: shape. Their comparisons and sums multiply nothing and are not counted."""

from ...scratch.pooling import pooling_options
from ...scratch.windows import as_bool, as_int, output_size
from .module import Mirrored, Windows

__all__ = ["AvgPool2d", "MaxPool2d"]


class _Pool(Mirrored, Windows):
    def lengths(self):
        layer = self.layer
        dilation = getattr(layer, "dilation", 1)
        kernel_size, stride, padding, dilation, _ = pooling_options(
            self.axes, layer.kernel_size, layer.stride, layer.padding, dilation, layer.ceil_mode
        )
        return list(zip(kernel_size, stride, [(p, p) for p in padding], dilation))

    def output_shape(self, shape):
        if min(shape[1:]) == 0:
            raise RuntimeError(f"input: only the batch axis may be empty, got shape {shape}")
        return super().output_shape(shape)

    def count(self, size, lengths):
        kernel_size, stride, (padding, _), dilation = lengths
        return output_size(size, kernel_size, stride, padding, dilation, self.layer.ceil_mode)


class MaxPool2d(_Pool):
    """Shape of ``scratch.nn.MaxPool2d``, of its first output with `return_indices`."""

    def output_shape(self, shape):
        as_bool(self.layer.return_indices, "return_indices")
        return super().output_shape(shape)


class AvgPool2d(_Pool):
    """Shape of ``scratch.nn.AvgPool2d``."""

    def output_shape(self, shape):
        as_bool(self.layer.count_include_pad, "count_include_pad")
        divisor = self.layer.divisor_override
        if divisor is not None and as_int(divisor, "divisor_override") == 0:
            raise RuntimeError("divisor_override: must not be 0")
        return super().output_shape(shape)
