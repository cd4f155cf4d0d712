"""PyTorch's modules, which here also take NumPy arrays, and drawing parameters from an explicit generator."""

import math
from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import Conv1d, Conv2d, Conv3d, Linear, Parameter

__all__ = ["Module", "Parameter", "reset_parameters"]


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


def _as_tensor(value):
    if isinstance(value, torch.Tensor):
        return value
    value = value.detach() if hasattr(value, "detach") else value
    return torch.from_numpy(np.array(value, order="C"))


_RULES = {}  # PyTorch's classes, each with the function that draws the parameters of a layer of that class


def rule(*classes):
    """Register a function ``(layer, generator)`` that draws the parameters of PyTorch's layers of these classes."""

    def register(function):
        _RULES.update(dict.fromkeys(classes, function))
        return function

    return register


def uniform(parameter, bound, generator):
    """Fill `parameter` with numbers uniform between -bound and bound, drawn on the generator's device."""
    drawn = torch.empty(parameter.shape, dtype=parameter.dtype, device=generator.device)
    parameter.copy_(drawn.uniform_(-bound, bound, generator=generator))


@torch.no_grad()
def reset_parameters(module, generator):
    """Draw the parameters of `module` and all within anew, from PyTorch's default distributions.

    Parameters
    ----------
    module : torch.nn.Module
        A module with parameters of its own that is not one of PyTorch's layers draws them in a method
        ``reset_parameters(generator)``.
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
        known = [_RULES[kind] for kind in type(part).__mro__ if kind in _RULES]
        if known:
            known[0](part, generator)
        elif hasattr(part, "reset_parameters") and isinstance(part, Module):
            part.reset_parameters(generator)
        elif any(True for _ in part.parameters(recurse=False)):
            raise TypeError(f"module: no rule to draw the parameters of {type(part).__name__}")
    return module


@rule(Linear, Conv1d, Conv2d, Conv3d)
def by_fan_in(layer, generator):
    """Weight and bias uniform between ±1/√fan_in, where fan_in counts the products that an output takes."""
    fan_in = math.prod(layer.weight.shape[1:])
    for parameter in layer.parameters(recurse=False):
        uniform(parameter, 1 / math.sqrt(fan_in) if fan_in else 0, generator)
