"""Networks, each written once as a function of ``nn``, the vocabulary of layers it is spelled in.

``lenet5(scratch.nn)`` computes with NumPy, ``lenet5(pytorch.nn)`` is a PyTorch module, and ``lenet5(shapes.nn)`` is read
for its shapes and its cost. The names and shapes of their parameters agree, so that weights move from one to
another by ``load_state_dict``.
"""

from .lenet_alexnet_zfnet import lenet5

__all__ = ["lenet5"]
