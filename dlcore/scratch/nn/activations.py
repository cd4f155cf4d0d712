"""Activation functions as layers."""

from .. import activations
from .module import OperatorLayer

__all__ = ["ReLU"]


class ReLU(OperatorLayer):
    """:func:`dlcore.scratch.relu` as a layer. Source: ``torch.nn.ReLU``."""

    operator = staticmethod(activations.relu)
