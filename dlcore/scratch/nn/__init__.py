"""Layers: operators that own their parameters. Names, arguments and state are those of ``torch.nn``.

A network is spelled in this vocabulary; ``dlcore.pytorch.nn`` and ``dlcore.shapes.nn`` read the same spelling.

Layers with parameters draw them when they are made, from the operating system's entropy: two networks differ.
``reset_parameters(network, generator)`` draws them again and makes a network reproducible.
"""

from . import (
    activations,
    attention,
    combinators,
    convolution,
    deconvolution,
    detection,
    fully_connected,
    interpolation,
    losses,
    metric_losses,
    module,
    normalization,
    pooling,
    recurrent,
    regularization,
)
from .activations import *
from .attention import *
from .combinators import *
from .convolution import *
from .deconvolution import *
from .detection import *
from .fully_connected import *
from .interpolation import *
from .losses import *
from .metric_losses import *
from .module import *
from .normalization import *
from .pooling import *
from .recurrent import *
from .regularization import *

__all__ = []
__all__ += activations.__all__
__all__ += attention.__all__
__all__ += combinators.__all__
__all__ += convolution.__all__
__all__ += deconvolution.__all__
__all__ += detection.__all__
__all__ += fully_connected.__all__
__all__ += interpolation.__all__
__all__ += losses.__all__
__all__ += metric_losses.__all__
__all__ += module.__all__
__all__ += normalization.__all__
__all__ += pooling.__all__
__all__ += recurrent.__all__
__all__ += regularization.__all__
