"""How layers are put together."""

from collections import OrderedDict
from dataclasses import replace
from math import prod

from ...scratch import nn as computing
from ...scratch.nn.combinators import (
    check_branches,
    check_factor,
    check_module,
    concat_shape,
    named,
    share_slices,
    sum_shape,
    trunk_and_heads,
    unflatten_shape,
)
from ...scratch.windows import as_int
from .module import Layer, Mirrored, Module, Signal, check_single, placed

__all__ = [
    "AuxiliaryHeads",
    "Concat",
    "Flatten",
    "Identity",
    "Multiply",
    "Scale",
    "Sequential",
    "Split",
    "Sum",
    "Unflatten",
]


class _Several(Module):
    """Modules side by side or one after the other, named as in ``scratch.nn``."""

    def __init__(self, *modules):
        super().__init__()
        self._modules = named(self, modules, Module)

    def __len__(self):
        return len(self._modules)

    def __getitem__(self, index):
        return list(self._modules.values())[index]

    def __iter__(self):
        return iter(self._modules.values())


class Sequential(_Several):
    """Modules one after the other; each takes what the one before returns."""

    def read(self, signal, name, record):
        for place, module in self._modules.items():
            signal = module.read(signal, _within(name, place), record)
        return signal

    def __getitem__(self, index):
        chosen = list(self._modules.items())[index]
        return Sequential(OrderedDict(chosen)) if isinstance(index, slice) else chosen[1]


class _Joining(Layer):
    """Parts that all take the input, and whose outputs are then joined. Its own row comes after theirs.

    A unit sees what the units that it is made of see, and what lies between.
    """

    def read(self, signal, name, record):
        with placed(self, name):
            check_single(signal)
            shares = self.shares(signal)
        signals = [
            module.read(share, _within(name, place), record)
            for (place, module), share in zip(self._modules.items(), shares)
        ]
        with placed(self, name):
            check_single(*signals)
            outgoing = self.join(signal, signals)
        record(self, name, outgoing)
        return outgoing

    def shares(self, signal):
        """What each part takes."""
        return [signal] * len(self._modules)


class Sum(_Several, _Joining):
    """Shape of ``scratch.nn.Sum``."""

    def __init__(self, *branches):
        super().__init__(*branches)
        check_branches(self)

    def join(self, signal, outputs):
        return Signal(sum_shape([output.shape for output in outputs]), _together(outputs))


class Concat(_Several, _Joining):
    """Shape of ``scratch.nn.Concat``."""

    def __init__(self, *branches, dim=1):
        super().__init__(*branches)
        check_branches(self)
        self.dim = as_int(dim, "dim")

    def extra_repr(self):
        return f"dim={self.dim}"

    def join(self, signal, outputs):
        shape = concat_shape([output.shape for output in outputs], self.dim)
        return Signal(shape, _together(outputs, self.dim % len(shape) - 2))


class Split(Concat):
    """Shape of ``scratch.nn.Split``."""

    def shares(self, signal):
        slices = share_slices(signal.shape, self.dim, len(self))
        dim = self.dim % len(signal.shape)
        shares = []
        for part in (share[dim] for share in slices):
            spans = list(signal.spans)
            if dim >= 2:
                spans[dim - 2] = spans[dim - 2].through_interval(part.start, part.start, 1)
            shape = (*signal.shape[:dim], part.stop - part.start, *signal.shape[dim + 1 :])
            shares.append(Signal(shape, tuple(spans)))
        return shares


class AuxiliaryHeads(Module):
    """Shape of ``scratch.nn.AuxiliaryHeads``: of the output of the trunk. In evaluation mode its heads are not read."""

    def __init__(self, trunk, heads):
        self._modules = trunk_and_heads(self, trunk, heads, Module, Sequential)

    def read(self, signal, name, record):
        heads = self._modules["heads"]._modules
        for place, module in self._modules.items():
            if place != "heads":
                signal = module.read(signal, _within(name, place), record)
                if self.training and place in heads:
                    heads[place].read(signal, _within(name, f"heads.{place}"), record)
        return replace(signal, has_more=self.training)


class Scale(_Joining):
    """Shape of ``scratch.nn.Scale``."""

    def __init__(self, gate):
        super().__init__()
        check_module(self, gate, Module, "gate")
        self.gate = gate
        self._modules = {"gate": gate}

    def join(self, signal, outputs):
        check_factor(signal.shape, outputs[0].shape)
        return Signal(signal.shape, _together([signal, outputs[0]]))


def _within(name, place):
    """The dotted name of the module at `place` in the one called `name`."""
    return f"{name}.{place}" if name else place


def _together(signals, strung=-1):
    """What units see that are made of one unit of each signal; along the axis `strung` the signals follow each other.

    Where some see all there is to see (a gate behind global pooling), or the signals follow each other, the units no
    longer move over the input in step: then it is given what all of them see together, as after Flatten. So it is
    where a unit has no neighbour, and stands for all there are.
    """
    merged = []
    for axis, spans in enumerate(zip(*(signal.spans for signal in signals))):
        jumps = {span.jump for span in spans}
        alone = any(signal.shape[axis + 2 : axis + 3] == (1,) for signal in signals)
        if axis == strung or (len(jumps) > 1 and (0 in jumps or alone)):
            spans = [_mixed(span, signal.shape, axis) for span, signal in zip(spans, signals)]
        elif len(jumps) > 1:
            raise RuntimeError(
                f"branches: along spatial axis {axis} neighbours look {', '.join(map(str, sorted(jumps)))} positions "
                "of the input apart, so that branches drift away from each other"
            )
        merged.append(_union(spans))
    return tuple(merged)


def _mixed(span, shape, axis):
    """What all units together see along an axis."""
    return span.mixed(shape[axis + 2]) if span.jump != 0 and len(shape) > axis + 2 else span


def _union(spans):
    """The span from the first to the last position that one of the `spans` sees, which move in step."""
    if len(set(spans)) == 1:
        return spans[0]
    first = min(span.offset for span in spans)
    last = max(span.offset + span.size - 1 for span in spans)
    return replace(spans[0], steps=((first, last, spans[0].jump),))


class Identity(Mirrored):
    """Shape of ``scratch.nn.Identity``."""

    allocates = False


class Multiply(Mirrored):
    """Shape of ``scratch.nn.Multiply``."""


class Flatten(Layer):
    """Shape of ``scratch.nn.Flatten``.

    Where it merges spatial axes, a position of the output stands for no place any more. Its receptive field is then
    given as that of all the positions together, which is what the next layer sees.
    """

    allocates = False

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


class Unflatten(Mirrored):
    """Shape of ``scratch.nn.Unflatten``. A spatial axis that it divides is given as :class:`Flatten` gives it."""

    allocates = False

    def output_shape(self, shape):
        return unflatten_shape(shape, self.layer.dim, self.layer.unflattened_size)

    def spans(self, signal):
        axis = self.layer.dim % len(signal.shape) - 2
        if axis < 0 or len(signal.shape) != len(signal.spans) + 2 or len(self.layer.unflattened_size) == 1:
            return signal.spans
        mixed = signal.spans[axis].mixed(signal.shape[axis + 2])
        return (*signal.spans[:axis], mixed, *signal.spans[axis + 1 :])
