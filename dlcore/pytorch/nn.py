"""Layers: PyTorch's own classes, under the vocabulary in which the networks are spelled.

:class:`Module` and :class:`Sequential` differ from PyTorch's in one thing: their ``load_state_dict`` also takes NumPy
arrays, so that weights move here from ``dlcore.scratch.nn``. The other direction needs nothing:
``scratch_network.load_state_dict(torch_network.state_dict())``.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import AvgPool2d, Conv1d, Conv2d, Conv3d, Flatten, Linear, MaxPool2d, Parameter, ReLU

__all__ = [
    "AvgPool2d", "Conv1d", "Conv2d", "Conv3d", "Flatten", "Linear", "MaxPool2d", "Module", "Parameter", "ReLU",
    "Sequential", "reset_parameters",
]  # fmt: skip


class Module(torch.nn.Module):
    """``torch.nn.Module``; its ``load_state_dict`` also takes NumPy arrays and tensors of ``dlcore.scratch``."""

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copy values into the parameters and buffers of the same names.

        Parameters
        ----------
        state_dict : mapping of str to torch.Tensor, array_like or dlcore.scratch.Tensor
        strict, assign : bool
            As for ``torch.nn.Module.load_state_dict``, whose errors it also raises.
        """
        if isinstance(state_dict, Mapping):
            metadata = getattr(state_dict, "_metadata", None)
            state_dict = OrderedDict((name, _as_tensor(value)) for name, value in state_dict.items())
            if metadata is not None:
                state_dict._metadata = metadata
        return super().load_state_dict(state_dict, strict, assign)


class Sequential(Module, torch.nn.Sequential):
    """``torch.nn.Sequential``; its ``load_state_dict`` is that of :class:`Module`."""


def _as_tensor(value):
    if isinstance(value, torch.Tensor):
        return value
    value = value.detach() if hasattr(value, "detach") else value
    return torch.from_numpy(np.array(value, order="C"))


@torch.no_grad()
def reset_parameters(module, generator):
    """Draw the parameters of `module` and all within anew, from PyTorch's default distributions.

    Linear and Conv layers: weight and bias uniform between ±1/√fan_in. A module with parameters of its own draws them
    in a method ``reset_parameters(generator)``.

    Parameters
    ----------
    module : torch.nn.Module
    generator : torch.Generator
        Where the numbers come from, whatever device the parameters are on; the same generator state gives the same
        network.

    Returns
    -------
    torch.nn.Module
        `module` itself.

    Raises
    ------
    TypeError
        A generator of another kind, or a module that has parameters and no such rule.
    """
    if not isinstance(generator, torch.Generator):
        raise TypeError(f"generator: expected a torch.Generator, got {type(generator).__name__}")
    for part in module.modules():
        own = [parameter for parameter in part.parameters(recurse=False)]
        if isinstance(part, (Linear, Conv1d, Conv2d, Conv3d)):
            fan_in = math.prod(part.weight.shape[1:])
            bound = 1 / math.sqrt(fan_in) if fan_in else 0
            for parameter in own:
                drawn = torch.empty(parameter.shape, dtype=parameter.dtype, device=generator.device)
                parameter.copy_(drawn.uniform_(-bound, bound, generator=generator))
        elif hasattr(part, "reset_parameters") and isinstance(part, Module):
            part.reset_parameters(generator)
        elif own:
            raise TypeError(f"module: no rule to draw the parameters of {type(part).__name__}")
    return module
