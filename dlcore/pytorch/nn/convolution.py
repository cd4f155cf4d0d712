"""Convolution layers: PyTorch's own."""

from torch.nn import Conv1d, Conv2d, Conv3d

__all__ = ["Conv1d", "Conv2d", "Conv3d"]
