"""Every operator of ``dlcore.scratch`` through PyTorch, under the same names.

What PyTorch has is PyTorch's own function or class. The rest is written here with its operations and runs on any
device, under autograd, autocast and ``torch.compile``. :func:`device` picks the device.
"""

from . import (
    activations,
    arithmetic,
    convolution,
    devices,
    fully_connected,
    losses,
    nn,
    optimizers,
    pooling,
    windows,
)
from . import gradcheck as _gradcheck
from . import tensor as _tensor
from .activations import *
from .arithmetic import *
from .convolution import *
from .devices import *
from .fully_connected import *
from .gradcheck import *
from .losses import *
from .pooling import *
from .tensor import *
from .windows import *

__all__ = [
    "activations", "arithmetic", "convolution", "fully_connected", "losses", "nn", "optimizers", "pooling", "windows",
]  # fmt: skip
__all__ += activations.__all__
__all__ += arithmetic.__all__
__all__ += convolution.__all__
__all__ += devices.__all__
__all__ += fully_connected.__all__
__all__ += _gradcheck.__all__
__all__ += losses.__all__
__all__ += pooling.__all__
__all__ += _tensor.__all__
__all__ += windows.__all__
