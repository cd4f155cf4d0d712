"""Networks, each written once as a function of ``nn``, the vocabulary of layers it is spelled in.

``resnet18(scratch.nn)`` computes with NumPy, ``resnet18(pytorch.nn)`` is a PyTorch module, and ``resnet18(shapes.nn)`` is
read for its shapes and its cost. The names and shapes of their parameters agree, so that weights move from one to
another by ``load_state_dict``. With ``small=True`` each is a narrow version of itself for images of 32 x 32, but for
``lenet5``, which is made for them. What they are built of are functions too: ``basic_block(nn, in_channels, width)``.
"""

from . import (
    alexnet_zfnet,
    blocks,
    densenet,
    inception,
    inception_factorized,
    inception_residual,
    initialization,
    lenet,
    mobilenet,
    network_in_network,
    preact_resnet,
    published,
    resnet,
    senet,
    shufflenet,
    squeezenet,
    vgg,
    weights,
)
from .alexnet_zfnet import *
from .blocks import *
from .densenet import *
from .inception import *
from .inception_factorized import *
from .inception_residual import *
from .initialization import *
from .lenet import *
from .mobilenet import *
from .network_in_network import *
from .preact_resnet import *
from .published import *
from .resnet import *
from .senet import *
from .shufflenet import *
from .squeezenet import *
from .vgg import *
from .weights import *

__all__ = []
__all__ += alexnet_zfnet.__all__
__all__ += blocks.__all__
__all__ += densenet.__all__
__all__ += inception.__all__
__all__ += inception_factorized.__all__
__all__ += inception_residual.__all__
__all__ += initialization.__all__
__all__ += lenet.__all__
__all__ += mobilenet.__all__
__all__ += network_in_network.__all__
__all__ += preact_resnet.__all__
__all__ += published.__all__
__all__ += resnet.__all__
__all__ += senet.__all__
__all__ += shufflenet.__all__
__all__ += squeezenet.__all__
__all__ += vgg.__all__
__all__ += weights.__all__
