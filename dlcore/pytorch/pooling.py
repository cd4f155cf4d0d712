"""Pooling: PyTorch's own."""

from torch.nn.functional import avg_pool2d, max_pool2d

__all__ = ["avg_pool2d", "max_pool2d"]
