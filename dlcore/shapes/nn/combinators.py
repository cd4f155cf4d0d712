"""How layers are put together."""

from math import prod

from ...scratch import nn as computing
from ...scratch.windows import as_int
from .module import Layer, Module

__all__ = ["Flatten", "Sequential"]


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


class Flatten(Layer):
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
