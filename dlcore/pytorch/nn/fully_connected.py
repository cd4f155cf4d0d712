"""The fully connected layer: PyTorch's own."""

from torch.nn import Linear

__all__ = ["Linear"]
