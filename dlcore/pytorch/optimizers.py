"""Optimizers: PyTorch's own."""

from torch.optim import SGD, Optimizer

__all__ = ["SGD", "Optimizer"]
