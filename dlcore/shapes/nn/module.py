"""What every layer of this reader is made of: a signal that comes in, and one that goes out."""

import contextlib
import inspect
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from ...scratch import nn as computing
from ...scratch.nn.combinators import name_place
from ...scratch.windows import output_size, size_text
from ..receptive_field import Span

__all__ = ["Module"]


@dataclass(frozen=True)
class Signal:
    """What runs between layers: a shape, and what its units see along each spatial axis of the network's input."""

    shape: tuple[int, ...]
    spans: tuple[Span, ...]
    has_more: bool = False  # whether it stands for a tuple, that of AuxiliaryHeads in training mode


class Module:
    """A part of a network.

    Subclasses write ``read(signal, name, record)``: it takes the :class:`Signal` that comes in, calls ``record(layer,
    name, outgoing)`` for each layer within, and returns the signal that goes out. `name` is the dotted name that
    ``state_dict`` gives this part.
    """

    _modules: ClassVar = {}  # by name, those within
    training = True

    def read(self, signal, name, record):
        raise NotImplementedError(f"{type(self).__name__}: write read()")

    extra_repr = computing.Module.extra_repr
    __repr__ = computing.Module.__repr__
    named_modules = computing.Module.named_modules
    modules = computing.Module.modules
    children = computing.Module.children
    get_submodule = computing.Module.get_submodule
    train = computing.Module.train
    eval = computing.Module.eval


@contextlib.contextmanager
def placed(module, name):
    """Give an error within the block the dotted name of the `module` that it is about."""
    try:
        yield
    except Exception as error:
        if name:
            name_place(error, name, module)
        raise


def check_single(*signals):
    """None of the `signals` is a tuple, or TypeError."""
    if any(signal.has_more for signal in signals):
        raise TypeError(
            "input: expected one array, got the tuple that AuxiliaryHeads returns in training mode"
        )


class Layer(Module):
    """One layer. Unless a subclass says otherwise it keeps the shape and has neither parameters nor products."""

    allocates = True  # whether its output is another array than its input

    def __init__(self):
        self.parameter_shapes = {}  # by name, as in state_dict

    def read(self, signal, name, record):
        with placed(self, name):
            check_single(signal)
            outgoing = Signal(self.output_shape(signal.shape), self.spans(signal))
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


class Mirrored(Layer):
    """A layer that asks the layer of the same name in ``scratch.nn`` for its arguments, parameters and repr.

    For layers with few parameters only: the other layer is made, and its parameters with it.
    """

    def __init_subclass__(cls):
        cls.computing = getattr(computing, cls.__name__, None)
        if cls.computing is not None:
            signature = inspect.signature(cls.computing)
            arguments = [
                item for item in signature.parameters.values() if item.name not in ("dtype", "generator")
            ]
            cls.__signature__ = signature.replace(parameters=arguments)

    def __init__(self, *arguments, **options):
        super().__init__()
        self.__signature__.bind(*arguments, **options)
        self.layer = self.computing(*arguments, **options)
        self.parameter_shapes = {name: parameter.shape for name, parameter in self.layer.named_parameters()}

    def extra_repr(self):
        return self.layer.extra_repr()


class Windows(Layer):
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
