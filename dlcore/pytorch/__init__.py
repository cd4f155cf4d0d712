"""Every operator of ``dlcore.scratch`` through PyTorch, under the same names.

What PyTorch has is PyTorch's own function or class. The rest is written here with its operations and runs on any
device, under autograd, autocast and ``torch.compile``. :func:`device` picks the device.
"""

from . import (
    activations,
    arithmetic,
    attention,
    augmentation,
    convolution,
    deconvolution,
    detection,
    devices,
    fully_connected,
    initialization,
    interpolation,
    losses,
    metric_losses,
    nn,
    normalization,
    optimizers,
    pooling,
    recurrent,
    regularization,
    schedules,
    training,
    windows,
)
from . import gradcheck as _gradcheck
from . import tensor as _tensor
from .activations import *
from .arithmetic import *
from .attention import *
from .convolution import *
from .deconvolution import *
from .detection import *
from .devices import *
from .fully_connected import *
from .gradcheck import *
from .interpolation import *
from .losses import *
from .metric_losses import *
from .normalization import *
from .pooling import *
from .recurrent import *
from .regularization import *
from .tensor import *
from .windows import *

__all__ = [
    "activations",
    "arithmetic",
    "attention",
    "augmentation",
    "convolution",
    "deconvolution",
    "detection",
    "fully_connected",
    "initialization",
    "interpolation",
    "losses",
    "metric_losses",
    "nn",
    "normalization",
    "optimizers",
    "pooling",
    "recurrent",
    "regularization",
    "schedules",
    "training",
    "windows",
]
__all__ += _gradcheck.__all__ + _tensor.__all__
__all__ += activations.__all__
__all__ += arithmetic.__all__
__all__ += attention.__all__
__all__ += convolution.__all__
__all__ += deconvolution.__all__
__all__ += detection.__all__
__all__ += devices.__all__
__all__ += fully_connected.__all__
__all__ += interpolation.__all__
__all__ += losses.__all__
__all__ += metric_losses.__all__
__all__ += normalization.__all__
__all__ += pooling.__all__
__all__ += recurrent.__all__
__all__ += regularization.__all__
__all__ += windows.__all__
