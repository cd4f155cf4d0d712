"""Activation functions: they keep the shape. What they compute for each element is not counted."""

from .module import Mirrored

__all__ = ["ReLU"]


class ReLU(Mirrored):
    """Shape of ``scratch.nn.ReLU``."""
