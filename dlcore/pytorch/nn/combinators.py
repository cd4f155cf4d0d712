"""How layers are put together."""

import torch
from torch.nn import Flatten

from .module import Module

__all__ = ["Flatten", "Sequential"]


class Sequential(Module, torch.nn.Sequential):
    """``torch.nn.Sequential``; its ``load_state_dict`` is that of :class:`Module`."""
