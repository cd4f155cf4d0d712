"""The fully connected layer as an operator: PyTorch's own."""

from torch.nn.functional import linear

__all__ = ["linear"]
