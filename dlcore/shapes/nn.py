"""Layers that know their shapes and their cost. Names, arguments, errors and repr are those of ``dlcore.scratch.nn``.

There are no parameters here to own or to draw, hence no ``Parameter`` and no ``reset_parameters``.
"""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from ..scratch import nn as computing
from ..scratch.pooling import pooling_options
from ..scratch.windows import as_bool, as_int, output_size, padding_pairs, size_text
from .receptive_field import Span

__all__ = [
    "AvgPool2d", "Conv1d", "Conv2d", "Conv3d", "Flatten", "Linear", "MaxPool2d", "Module", "ReLU", "Sequential",
]  # fmt: skip


@dataclass(frozen=True)
class Signal:
    """What runs between layers: a shape, and what its units see along each spatial axis of the network's input."""

    shape: tuple[int, ...]
    spans: tuple[Span, ...]


class Module:
    """A part of a network.

    Subclasses write ``read(signal, name, record)``: it takes the :class:`Signal` that comes in, calls ``record(layer,
    name, outgoing)`` for each layer within, and returns the signal that goes out. `name` is the dotted name that
    ``state_dict`` gives this part.
    """

    _modules: ClassVar = {}  # by name, those within

    def read(self, signal, name, record):
        raise NotImplementedError(f"{type(self).__name__}: write read()")

    extra_repr = computing.Module.extra_repr
    __repr__ = computing.Module.__repr__


class Sequential(Module):
    """Modules one after the other; each takes what the one before returns."""

    def __init__(self, *modules):
        for place, module in enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(f"Sequential: expected modules, got {type(module).__name__} at place {place}")
        self._modules = {str(place): module for place, module in enumerate(modules)}

    def read(self, signal, name, record):
        for place, module in self._modules.items():
            signal = module.read(signal, f"{name}.{place}" if name else place, record)
        return signal

    def __len__(self):
        return len(self._modules)

    def __getitem__(self, index):
        modules = list(self._modules.values())
        return Sequential(*modules[index]) if isinstance(index, slice) else modules[index]

    def __iter__(self):
        return iter(self._modules.values())


class _Layer(Module):
    """One layer. Unless a subclass says otherwise it keeps the shape and has neither parameters nor products."""

    def __init__(self):
        self.parameter_shapes = {}  # by name, as in state_dict

    def read(self, signal, name, record):
        try:
            outgoing = Signal(self.output_shape(signal.shape), self.spans(signal))
        except (RuntimeError, IndexError, TypeError) as error:
            raise type(error)(f"{name}: {type(self).__name__}: {error}" if name else str(error)) from None
        record(self, name, outgoing)
        return outgoing

    @property
    def bias(self):
        """The shape of the bias, or None without one."""
        return self.parameter_shapes.get("bias")

    @property
    def parameters(self):
        """The number of parameters."""
        return sum(map(prod, self.parameter_shapes.values()))

    def output_shape(self, shape):
        """The shape of the output for an input of `shape`; RuntimeError where that does not fit."""
        return shape

    def spans(self, signal):
        """What the output's units see of the network's input."""
        return signal.spans

    def multiply_adds(self, output_shape):
        """Products, each added to a sum, for an output of this shape."""
        return 0


class Linear(_Layer):
    """Shape and cost of ``scratch.nn.Linear``."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = computing.linear_options(in_features, out_features)
        self.parameter_shapes = {"weight": (out_features, in_features)}
        if bias:
            self.parameter_shapes["bias"] = (out_features,)

    extra_repr = computing.Linear.extra_repr

    def output_shape(self, shape):
        if shape[-1] != self.in_features:
            raise RuntimeError(f"input: expected a last axis of {self.in_features}, got shape {shape}")
        return (*shape[:-1], self.out_features)

    def spans(self, signal):
        if not signal.spans or len(signal.shape) != len(signal.spans) + 2:
            return signal.spans  # flattened before: every unit sees all there is to see
        return (*signal.spans[:-1], signal.spans[-1].mixed(signal.shape[-1]))

    def multiply_adds(self, output_shape):
        return prod(output_shape) * self.in_features


class _Windows(_Layer):
    """A layer whose units look through windows. Subclasses say where they lie: `lengths` per spatial axis."""

    axes = 2

    def lengths(self):
        """For each axis (kernel_size, stride, (padding before, after), dilation)."""
        raise NotImplementedError

    def output_shape(self, shape):
        if len(shape) != self.axes + 2:
            raise RuntimeError(
                f"input: expected {self.axes + 2} axes, (N, C, {self.axes} spatial), got shape {shape}"
            )
        windows = tuple(map(self.count, shape[2:], self.lengths()))
        if min(windows) < 1:
            sizes = size_text(kernel_size for kernel_size, *_ in self.lengths())
            raise RuntimeError(
                f"input: no window of size {sizes} fits into {size_text(shape[2:])} as it is padded"
            )
        return (*shape[:2], *windows)

    def count(self, size, lengths):
        """The number of windows along one axis."""
        kernel_size, stride, (before, after), dilation = lengths
        return output_size(size + before + after, kernel_size, stride, 0, dilation)

    def spans(self, signal):
        if len(signal.spans) != self.axes:
            return signal.spans  # axes were merged before: every unit sees all there is to see
        return tuple(
            span.through(kernel_size, stride, before, dilation)
            for span, (kernel_size, stride, (before, _), dilation) in zip(signal.spans, self.lengths())
        )


class _Convolution(_Windows):
    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
        padding_mode="zeros",
    ):  # fmt: skip
        super().__init__()
        self.kernel_size, self.stride, self.padding, self.dilation = computing.convolution_options(
            self.axes, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, padding_mode
        )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.groups, self.padding_mode = groups, padding_mode
        self.parameter_shapes = {"weight": (out_channels, in_channels // groups, *self.kernel_size)}
        if bias:
            self.parameter_shapes["bias"] = (out_channels,)

    extra_repr = computing.Conv2d.extra_repr

    def lengths(self):
        pairs = padding_pairs(self.padding, self.kernel_size, self.dilation)
        return list(zip(self.kernel_size, self.stride, pairs, self.dilation))

    def output_shape(self, shape):
        windows = super().output_shape(shape)[2:]
        if shape[1] != self.in_channels:
            raise RuntimeError(f"input: expected {self.in_channels} channels, got shape {shape}")
        if self.out_channels == 0:
            raise RuntimeError("weight: expected at least one output channel, got 0")
        if min(shape[2:]) == 0 and (prod(shape[:2]) or self.padding_mode != "zeros"):
            raise RuntimeError(f"input: only the batch and the channels may be empty, got shape {shape}")
        for size, (_, _, pair, _) in zip(shape[2:], self.lengths()):
            most = {"reflect": size - 1, "circular": size}.get(self.padding_mode)
            if most is not None and max(pair) > most:
                raise RuntimeError(
                    f"padding: mode {self.padding_mode!r} takes at most {most}, got {max(pair)}"
                )
        return (shape[0], self.out_channels, *windows)

    def multiply_adds(self, output_shape):
        return prod(output_shape) * prod(self.parameter_shapes["weight"][1:])


class Conv1d(_Convolution):
    """Shape and cost of ``scratch.nn.Conv1d``."""

    axes = 1


class Conv2d(_Convolution):
    """Shape and cost of ``scratch.nn.Conv2d``."""

    axes = 2


class Conv3d(_Convolution):
    """Shape and cost of ``scratch.nn.Conv3d``."""

    axes = 3


class ReLU(_Layer):
    """Shape of ``scratch.nn.ReLU``. Its comparisons are not counted."""


class _Pool2d(_Windows):
    def __init__(self, kernel_size, stride, padding, dilation, ceil_mode):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation, self.ceil_mode = padding, dilation, ceil_mode

    def lengths(self):
        kernel_size, stride, padding, dilation, _ = pooling_options(
            2, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode
        )
        return list(zip(kernel_size, stride, [(p, p) for p in padding], dilation))

    def output_shape(self, shape):
        if min(shape[1:]) == 0:
            raise RuntimeError(f"input: only the batch axis may be empty, got shape {shape}")
        return super().output_shape(shape)

    def count(self, size, lengths):
        kernel_size, stride, (padding, _), dilation = lengths
        return output_size(size, kernel_size, stride, padding, dilation, self.ceil_mode)


class MaxPool2d(_Pool2d):
    """Shape of ``scratch.nn.MaxPool2d``, of its first output with `return_indices`. Comparisons are not counted."""

    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__(kernel_size, stride, padding, dilation, ceil_mode)
        self.return_indices = return_indices

    extra_repr = computing.MaxPool2d.extra_repr

    def output_shape(self, shape):
        as_bool(self.return_indices, "return_indices")
        return super().output_shape(shape)


class AvgPool2d(_Pool2d):
    """Shape of ``scratch.nn.AvgPool2d``. Its additions, which multiply nothing, are not counted."""

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        super().__init__(kernel_size, stride, padding, 1, ceil_mode)
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    extra_repr = computing.AvgPool2d.extra_repr

    def output_shape(self, shape):
        as_bool(self.count_include_pad, "count_include_pad")
        if self.divisor_override is not None and as_int(self.divisor_override, "divisor_override") == 0:
            raise RuntimeError("divisor_override: must not be 0")
        return super().output_shape(shape)


class Flatten(_Layer):
    """Shape of ``scratch.nn.Flatten``.

    Where it merges spatial axes, a position of the output stands for no place any more. Its receptive field is then
    given as that of all the positions together, which is what the next layer sees.
    """

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = as_int(start_dim, "start_dim"), as_int(end_dim, "end_dim")

    extra_repr = computing.Flatten.extra_repr

    def _range(self, shape):
        for name, axis in (("start_dim", self.start_dim), ("end_dim", self.end_dim)):
            if not -len(shape) <= axis < len(shape):
                raise IndexError(f"{name}: expected an axis of an input of shape {shape}, got {axis}")
        start, end = self.start_dim % len(shape), self.end_dim % len(shape)
        if start > end:
            raise RuntimeError(
                f"start_dim: must not come after end_dim, got {self.start_dim} and {self.end_dim}"
            )
        return start, end

    def output_shape(self, shape):
        start, end = self._range(shape)
        return (*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :])

    def spans(self, signal):
        start, end = self._range(signal.shape)
        if start == end or len(signal.shape) != len(signal.spans) + 2:
            return signal.spans
        return tuple(span.mixed(size) for span, size in zip(signal.spans, signal.shape[2:]))
