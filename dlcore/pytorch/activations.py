"""Activation functions: PyTorch's own."""

from torch.nn.functional import log_softmax, relu, softmax

__all__ = ["log_softmax", "relu", "softmax"]
