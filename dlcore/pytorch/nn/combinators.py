"""How layers are put together: PyTorch's own, and those that it lacks."""

import torch
from torch.nn import Flatten, Identity, Unflatten

from ...scratch.nn.combinators import (
    check_branches,
    check_factor,
    check_module,
    concat_shape,
    named,
    sum_shape,
)
from ...scratch.windows import as_int
from .module import Module

__all__ = ["Concat", "Flatten", "Identity", "Scale", "Sequential", "Sum", "Unflatten"]


class Sequential(Module, torch.nn.Sequential):
    """``torch.nn.Sequential``; its ``load_state_dict`` is that of :class:`Module`."""


class _Branches(Module):
    """Modules that all take the input, named as in ``scratch.nn``."""

    def __init__(self, *branches):
        super().__init__()
        for name, branch in named(self, branches, torch.nn.Module).items():
            self.add_module(name, branch)
        check_branches(self)

    def __len__(self):
        return len(self._modules)

    def __getitem__(self, index):
        return list(self._modules.values())[index]

    def __iter__(self):
        return iter(self._modules.values())


class Sum(_Branches):
    """Branches that all take the input; their outputs, equal in shape, are added.

    Raises
    ------
    RuntimeError
        When called: outputs that differ in shape.

    Source: the residual connection of He et al., "Deep residual learning for image recognition" (2016).
    """

    def forward(self, input):
        outputs = [branch(input) for branch in self]
        sum_shape([output.shape for output in outputs])
        total = outputs[0]
        for output in outputs[1:]:
            total = total + output
        return total


class Concat(_Branches):
    """Branches that all take the input; their outputs are joined along the axis `dim`, by default the channels.

    Raises
    ------
    RuntimeError
        When called: outputs that differ in shape elsewhere.

    Source: the inception module of Szegedy et al., "Going deeper with convolutions" (2015); the dense connection of
    Huang et al., "Densely connected convolutional networks" (2017).
    """

    def __init__(self, *branches, dim=1):
        super().__init__(*branches)
        self.dim = as_int(dim, "dim")

    def extra_repr(self):
        return f"dim={self.dim}"

    def forward(self, input):
        outputs = [branch(input) for branch in self]
        concat_shape([output.shape for output in outputs], self.dim)
        return torch.cat(outputs, self.dim)


class Scale(Module):
    """The input times what the module `gate` makes of it, which is broadcast: attention to what matters.

    Raises
    ------
    RuntimeError
        When called: a gate whose output does not fit over the input.

    Source: Hu, Shen and Sun, "Squeeze-and-excitation networks" (2018).
    """

    def __init__(self, gate):
        super().__init__()
        check_module(self, gate, torch.nn.Module, "gate")
        self.gate = gate

    def forward(self, input):
        factor = self.gate(input)
        check_factor(input.shape, factor.shape)
        return input * factor
