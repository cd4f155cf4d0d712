"""How layers are put together: PyTorch's own, and those that it lacks."""

import torch
from torch.nn import Flatten, Identity, Unflatten
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from ...scratch.nn.combinators import (
    check_branches,
    check_factor,
    check_module,
    concat_shape,
    explain_tuple,
    is_plain,
    name_place,
    named,
    share_slices,
    sum_shape,
    trunk_and_heads,
)
from ...scratch.windows import as_int, as_number
from .module import Module

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


def called(place, module, input):
    """What `module`, which stands at `place`, makes of the input; an error within is told the place."""
    try:
        return module(input)
    except Exception as error:
        explain_tuple(error, input)
        explain(error, module, input)
        name_place(error, place, module)
        raise


def explain(error, module, input):
    """Say what `module` expected, where PyTorch's message leaves that to be guessed."""
    if not isinstance(input, torch.Tensor) or not is_plain(error) or hasattr(error, "_place"):
        return
    wanted, got = None, f"shape {tuple(input.shape)}"
    if isinstance(module, torch.nn.Linear):
        if input.shape[-1:] != (module.in_features,):
            wanted = f"a last axis of {module.in_features}"
    elif isinstance(module, (_ConvNd, _BatchNorm)):
        axes = next((axes for axes in (1, 2, 3) if type(module).__name__.endswith(f"{axes}d")), None)
        channels = getattr(module, "in_channels", None) or getattr(module, "num_features", None)
        if axes and input.ndim != axes + 2 and not (axes == 1 and input.ndim == 2):
            wanted = f"{axes + 2} axes"
        elif input.shape[1:2] != (channels,):
            wanted = f"{channels} channels"
    else:
        return
    if wanted is None and module.weight is not None and module.weight.dtype != input.dtype:
        wanted, got = str(module.weight.dtype), str(input.dtype)
    if wanted is not None:
        error.args = (f"input: expected {wanted}, got {got} ({error})",)


class Sequential(Module, torch.nn.Sequential):
    """``torch.nn.Sequential``; its ``load_state_dict`` is that of :class:`Module`, and errors say where they happened."""

    def forward(self, input):
        for name, module in self._modules.items():
            input = called(name, module, input)
        return input


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
        outputs = [called(name, branch, input) for name, branch in self._modules.items()]
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
        outputs = [called(name, branch, input) for name, branch in self._modules.items()]
        concat_shape([output.shape for output in outputs], self.dim)
        return torch.cat(outputs, self.dim)


class Split(_Branches):
    """Each branch takes its share of the input along the axis `dim`, by default the channels; the outputs are joined there.

    The shares are equal, and follow each other in the order of the branches.

    Raises
    ------
    RuntimeError
        When called: an axis that cannot be divided so, or outputs that differ in shape elsewhere.

    Source: the channel split of Ma et al., "ShuffleNet V2" (2018).
    """

    def __init__(self, *branches, dim=1):
        super().__init__(*branches)
        self.dim = as_int(dim, "dim")

    def extra_repr(self):
        return f"dim={self.dim}"

    def forward(self, input):
        shares = [input[share] for share in share_slices(input.shape, self.dim, len(self))]
        outputs = [
            called(name, branch, share) for (name, branch), share in zip(self._modules.items(), shares)
        ]
        concat_shape([output.shape for output in outputs], self.dim)
        return torch.cat(outputs, self.dim)


class AuxiliaryHeads(Module):
    """A network with further outputs on the way, which help to train it and are left out afterwards.

    Parameters
    ----------
    trunk : OrderedDict of str to Module
        Modules one after the other, as for :class:`Sequential`, and found under the same names.
    heads : dict of str to Module
        For some of these names the head that takes what that module returns. They are found under "heads".

    Returns
    -------
    When called in training mode, a tuple: the output of the trunk, then those of the heads in the order of `heads`. In
    evaluation mode the output of the trunk alone; the heads are not computed.

    Source: Szegedy et al., "Going deeper with convolutions" (2015), section 5.
    """

    def __init__(self, trunk, heads):
        super().__init__()
        for name, module in trunk_and_heads(self, trunk, heads, torch.nn.Module, Sequential).items():
            self.add_module(name, module)

    def forward(self, input):
        outputs = {}
        for name, module in self._modules.items():
            if module is not self.heads:
                input = called(name, module, input)
                if self.training and name in self.heads._modules:
                    head = self.heads._modules[name]
                    outputs[name] = called(f"heads.{name}", head, input)
        return (input, *(outputs[name] for name in self.heads._modules)) if self.training else input


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
        factor = called("gate", self.gate, input)
        check_factor(input.shape, factor.shape)
        return input * factor


class Multiply(Module):
    """The input times the number `factor`: with a small one, a branch weighs less in a sum.

    Parameters
    ----------
    factor : float

    Raises
    ------
    TypeError
        A factor that is not a number.

    Source: the scaled residuals of Szegedy et al., "Inception-v4, Inception-ResNet and the impact of residual
    connections on learning" (2017), section 3.3.
    """

    def __init__(self, factor):
        super().__init__()
        self.factor = as_number(factor, "factor")

    def extra_repr(self):
        return f"factor={self.factor}"

    def forward(self, input):
        return input * self.factor
