"""Convolution layers, and layers that unfold, fold and pad."""

import numpy as np

from .. import convolution
from ..windows import as_int, as_tuple, padding_pairs
from .module import Module, OperatorLayer, Weighted

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "Conv1d", "Conv2d", "Conv3d", "Fold", "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d",
    "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "Unfold", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip


class _Convolution(Weighted):
    axes = None

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
        padding_mode="zeros", *, dtype=np.float32,
    ):  # fmt: skip
        options = convolution_options(
            self.axes, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, padding_mode
        )
        super().__init__((out_channels, in_channels // groups, *options[0]), bias, dtype)
        self.kernel_size, self.stride, self.padding, self.dilation = options
        self.in_channels, self.out_channels, self.groups = int(in_channels), int(out_channels), int(groups)
        self.padding_mode = padding_mode

    def forward(self, input):
        operator = (convolution.conv1d, convolution.conv2d, convolution.conv3d)[self.axes - 1]
        padding = self.padding
        if self.padding_mode != "zeros":
            if 0 in np.shape(input)[-self.axes :]:
                raise RuntimeError(
                    f"input: only the batch and the channels may be empty, got shape {np.shape(input)}"
                )
            pairs = padding_pairs(self.padding, self.kernel_size, self.dilation)
            sides = [number for pair in reversed(pairs) for number in pair]  # from the last axis backwards
            input, padding = convolution.pad(input, sides, self.padding_mode), 0
        return operator(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self):
        shown = [
            f"{self.in_channels}, {self.out_channels}",
            f"kernel_size={self.kernel_size}",
            f"stride={self.stride}",
        ]
        defaults = {
            "padding": (0,) * self.axes, "dilation": (1,) * self.axes, "output_padding": (0,) * self.axes, "groups": 1,
        }  # fmt: skip
        shown += [
            f"{name}={getattr(self, name)}"
            for name, default in defaults.items()
            if getattr(self, name, default) != default
        ]
        shown += ["bias=False"] if self.bias is None else []
        shown += [f"padding_mode={self.padding_mode}"] if self.padding_mode != "zeros" else []
        return ", ".join(shown)


class Conv1d(_Convolution):
    """:func:`dlcore.scratch.conv1d` with its own kernels; see :class:`Conv2d`. Source: ``torch.nn.Conv1d``."""

    axes = 1


class Conv2d(_Convolution):
    """:func:`dlcore.scratch.conv2d` with its own kernels.

    Weight and bias begin at random; :func:`reset_parameters` makes them reproducible.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding, dilation, groups
        As the operator takes them.
    bias : bool
        Whether to add a bias to each output channel.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the padding holds, as for :func:`dlcore.scratch.pad`.
    dtype : dtype
        Of the parameters.

    Raises
    ------
    ValueError
        Channels that are not multiples of `groups`, an unknown padding, "same" padding with a stride.
    RuntimeError
        Negative channels, other options out of range.
    TypeError
        Options that are not integers.

    Source: ``torch.nn.Conv2d``.
    """

    axes = 2


class Conv3d(_Convolution):
    """:func:`dlcore.scratch.conv3d` with its own kernels; see :class:`Conv2d`. Source: ``torch.nn.Conv3d``."""

    axes = 3


def convolution_options(
    axes, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, padding_mode
):
    """Check what a convolution layer is made with; its kernel size, stride, padding and dilation as tuples."""
    for name, value, least in (
        ("in_channels", in_channels, 0), ("out_channels", out_channels, 0), ("groups", groups, None)
    ):  # fmt: skip
        as_int(value, name, least)
    kernel_size = as_tuple(kernel_size, axes, "kernel_size", 1, allow_single=False)
    stride, dilation = as_tuple(stride, axes, "stride", 1), as_tuple(dilation, axes, "dilation", 1)
    if groups < 1:
        raise ValueError(f"groups: must be at least 1, got {groups}")
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if channels % groups:
            raise ValueError(f"{name}: must be a multiple of groups={groups}, got {channels}")
    if not isinstance(padding, str):
        padding = as_tuple(padding, axes, "padding", 0)
    elif padding not in ("same", "valid"):
        raise ValueError(f"padding: expected ints, 'same' or 'valid', got {padding!r}")
    elif padding == "same" and max(stride) > 1:
        raise ValueError(f"padding: 'same' needs stride 1, got stride={stride}")
    if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
        raise ValueError(
            f"padding_mode: expected 'zeros', 'reflect', 'replicate' or 'circular', got {padding_mode!r}"
        )
    return kernel_size, stride, padding, dilation


class Unfold(OperatorLayer):
    """:func:`dlcore.scratch.unfold` as a layer. Source: ``torch.nn.Unfold``."""

    operator = staticmethod(convolution.unfold)

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.keep(kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)


class Fold(OperatorLayer):
    """:func:`dlcore.scratch.fold` as a layer. Source: ``torch.nn.Fold``."""

    operator = staticmethod(convolution.fold)

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.keep(
            output_size=output_size,
            kernel_size=kernel_size,
            dilation=dilation,
            padding=padding,
            stride=stride,
        )


class _Pad(Module):
    """:func:`dlcore.scratch.pad` as a layer.

    Parameters
    ----------
    padding : int or tuple of int
        The same everywhere, or pairs (before, after) from the last axis backwards: ``(left, right, top, bottom, ...)``.
    """

    axes, mode, value = None, "constant", None

    def __init__(self, padding):
        super().__init__()
        several = isinstance(padding, (tuple, list))
        self.padding = tuple(padding) if several else (padding,) * (2 * self.axes)

    def forward(self, input):
        return convolution.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self):
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding, value):
        super().__init__(padding)
        self.value = value

    def extra_repr(self):
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """Pad sequences with `value`. Source: ``torch.nn.ConstantPad1d``."""

    axes = 1


class ConstantPad2d(_ConstantPad):
    """Pad images with `value`. Source: ``torch.nn.ConstantPad2d``."""

    axes = 2


class ConstantPad3d(_ConstantPad):
    """Pad volumes with `value`. Source: ``torch.nn.ConstantPad3d``."""

    axes = 3


class ZeroPad1d(_Pad):
    """Pad sequences with zeros. Source: ``torch.nn.ZeroPad1d``."""

    axes = 1


class ZeroPad2d(_Pad):
    """Pad images with zeros. Source: ``torch.nn.ZeroPad2d``."""

    axes = 2


class ZeroPad3d(_Pad):
    """Pad volumes with zeros. Source: ``torch.nn.ZeroPad3d``."""

    axes = 3


class ReflectionPad1d(_Pad):
    """Pad sequences with what lies on the other side of the edge, the edge itself not repeated. Source: ``torch.nn.ReflectionPad1d``."""

    axes, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Pad images with what lies on the other side of the edge, the edge itself not repeated. Source: ``torch.nn.ReflectionPad2d``."""

    axes, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """Pad volumes with what lies on the other side of the edge, the edge itself not repeated. Source: ``torch.nn.ReflectionPad3d``."""

    axes, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Pad sequences with the elements at the edge. Source: ``torch.nn.ReplicationPad1d``."""

    axes, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Pad images with the elements at the edge. Source: ``torch.nn.ReplicationPad2d``."""

    axes, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """Pad volumes with the elements at the edge. Source: ``torch.nn.ReplicationPad3d``."""

    axes, mode = 3, "replicate"


class CircularPad1d(_Pad):
    """Pad sequences with what comes at the opposite edge. Source: ``torch.nn.CircularPad1d``."""

    axes, mode = 1, "circular"


class CircularPad2d(_Pad):
    """Pad images with what comes at the opposite edge. Source: ``torch.nn.CircularPad2d``."""

    axes, mode = 2, "circular"


class CircularPad3d(_Pad):
    """Pad volumes with what comes at the opposite edge. Source: ``torch.nn.CircularPad3d``."""

    axes, mode = 3, "circular"
