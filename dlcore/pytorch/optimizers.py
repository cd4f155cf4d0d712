"""Optimizers and gradient clipping: PyTorch's own, and those that look at curvature."""

from torch.optim import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, NAdam, Optimizer, RAdam, RMSprop

from . import clipping, second_order
from .clipping import *
from .second_order import *

__all__ = [
    "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam", "RMSprop",
]  # fmt: skip
__all__ += clipping.__all__ + second_order.__all__
