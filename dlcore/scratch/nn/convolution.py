"""Convolution layers."""

import numpy as np

from .. import convolution
from ..windows import as_int, as_tuple, padding_pairs
from .module import Weighted

__all__ = ["Conv1d", "Conv2d", "Conv3d"]


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
        self.in_channels, self.out_channels = in_channels, out_channels
        self.groups, self.padding_mode = groups, padding_mode

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
        defaults = {"padding": (0,) * self.axes, "dilation": (1,) * self.axes, "groups": 1}
        shown += [
            f"{name}={getattr(self, name)}"
            for name, default in defaults.items()
            if getattr(self, name) != default
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
    kernel_size = as_tuple(kernel_size, axes, "kernel_size", 1)
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
