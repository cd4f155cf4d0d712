"""Activation functions as layers: PyTorch's own, and those that it lacks."""

import torch
from torch.nn import (
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    RReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softmax2d,
    Softmin,
    Softplus,
    Softshrink,
    Softsign,
    Tanh,
    Tanhshrink,
    Threshold,
)

from ...scratch.windows import as_int, as_number
from .. import activations
from .module import Module, rule

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "SELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid",
    "LogSoftmax", "Maxout", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SiLU", "Sigmoid", "Softmax", "Softmax2d",
    "Softmin", "Softplus", "Softshrink", "Softsign", "Swish", "Tanh", "Tanhshrink", "Threshold",
]  # fmt: skip


class Swish(Module):
    """:func:`dlcore.pytorch.swish` as a layer, with a β that is learned, for each channel or one for all.

    Source: Ramachandran, Zoph and Le, "Searching for activation functions" (2017).
    """

    def __init__(self, num_parameters=1, init=1.0, *, dtype=None):
        super().__init__()
        self.num_parameters, self.init = as_int(num_parameters, "num_parameters", 0), as_number(init, "init")
        self.beta = torch.nn.Parameter(
            torch.full((self.num_parameters,), self.init, dtype=dtype or torch.get_default_dtype())
        )

    def reset_parameters(self, generator):
        """Back to where they began; nothing is drawn."""
        self.beta.fill_(self.init)

    def forward(self, input):
        return activations.swish(input, self.beta)

    def extra_repr(self):
        return f"num_parameters={self.num_parameters}"


class Maxout(Module):
    """:func:`dlcore.pytorch.maxout` as a layer. Source: Goodfellow et al., "Maxout networks" (2013)."""

    def __init__(self, pieces, dim=1):
        super().__init__()
        self.pieces, self.dim = pieces, dim

    def forward(self, input):
        return activations.maxout(input, self.pieces, self.dim)

    def extra_repr(self):
        return f"pieces={self.pieces}, dim={self.dim}"


@rule(PReLU)
def _constant(layer, generator):
    """Every slope as it began; nothing is drawn."""
    layer.weight.fill_(layer.init)
