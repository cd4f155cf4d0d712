"""Networks, each written once as a function of ``nn``, the vocabulary of layers it is spelled in.

``resnet18(scratch.nn)`` computes with NumPy, ``resnet18(pytorch.nn)`` is a PyTorch module, and ``resnet18(shapes.nn)`` is
read for its shapes and its cost. The names and shapes of their parameters agree, so that weights move from one to
another by ``load_state_dict``. With ``small=True`` each is a narrow version of itself for images of 32 x 32.
"""

from . import (
    blocks,
    initialization,
    lenet,
    published,
    resnet,
)
from .blocks import *
from .initialization import *
from .lenet import *
from .published import *
from .resnet import *

__all__ = []
__all__ += blocks.__all__
__all__ += initialization.__all__
__all__ += lenet.__all__
__all__ += published.__all__
__all__ += resnet.__all__
