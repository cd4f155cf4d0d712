"""Activation functions as layers: PyTorch's own."""

from torch.nn import ReLU

__all__ = ["ReLU"]
