"""Every operator from scratch: NumPy only, forward and backward.

Operators stand here under PyTorch's names (``scratch.conv2d``), layers in ``scratch.nn``, the rest by topic
(``scratch.optimizers.SGD``).
"""

from . import (
    activations,
    arithmetic,
    convolution,
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
from .fully_connected import *
from .gradcheck import *
from .losses import *
from .pooling import *
from .tensor import *
from .windows import *

__all__ = [
    "activations",
    "arithmetic",
    "convolution",
    "fully_connected",
    "losses",
    "nn",
    "optimizers",
    "pooling",
    "windows",
]
__all__ += activations.__all__
__all__ += arithmetic.__all__
__all__ += convolution.__all__
__all__ += fully_connected.__all__
__all__ += _gradcheck.__all__
__all__ += losses.__all__
__all__ += pooling.__all__
__all__ += _tensor.__all__
__all__ += windows.__all__
