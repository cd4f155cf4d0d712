"""Pooling layers."""

from .. import pooling
from .module import OperatorLayer

__all__ = ["AvgPool2d", "MaxPool2d"]


class _Pool(OperatorLayer):
    """A pooling operator whose windows, unless told otherwise, do not overlap."""

    def keep(self, kernel_size, stride, **options):
        super().keep(kernel_size=kernel_size, stride=kernel_size if stride is None else stride, **options)


class MaxPool2d(_Pool):
    """:func:`dlcore.scratch.max_pool2d` as a layer. Source: ``torch.nn.MaxPool2d``."""

    operator = staticmethod(pooling.max_pool2d)
    shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__()
        self.keep(
            kernel_size, stride,
            padding=padding, dilation=dilation, return_indices=return_indices, ceil_mode=ceil_mode,
        )  # fmt: skip


class AvgPool2d(_Pool):
    """:func:`dlcore.scratch.avg_pool2d` as a layer. Source: ``torch.nn.AvgPool2d``."""

    operator = staticmethod(pooling.avg_pool2d)
    shown = ("kernel_size", "stride", "padding")

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
    ):  # fmt: skip
        super().__init__()
        self.keep(
            kernel_size, stride, padding=padding, ceil_mode=ceil_mode,
            count_include_pad=count_include_pad, divisor_override=divisor_override,
        )  # fmt: skip
