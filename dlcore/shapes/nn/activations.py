"""Activation functions: nearly all keep the shape. What they compute for each element is not counted."""

import numpy as np

from ...scratch.activations import divided_shape
from ...scratch.probabilities import axis_index, implicit_axis
from ...scratch.windows import as_int
from .module import Mirrored

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "SELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid",
    "LogSoftmax", "Maxout", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SiLU", "Sigmoid", "Softmax", "Softmax2d",
    "Softmin", "Softplus", "Softshrink", "Softsign", "Swish", "Tanh", "Tanhshrink", "Threshold",
]  # fmt: skip


class _Activation(Mirrored):
    """It keeps the shape. What it refuses it refuses here too: it is tried on no images at all, which costs nothing."""

    def output_shape(self, shape):
        self.layer(np.empty((0, *shape[1:]), np.float32))
        return shape


class _Along(Mirrored):
    """It works along an axis `dim`, which may be a spatial one."""

    parts = 1  # by how much it divides the size of that axis

    def output_shape(self, shape):
        return divided_shape(shape, self.dim(shape), self.parts)[0]

    def dim(self, shape):
        """The axis, counted from the front."""
        axes, dim = len(shape), self.layer.dim
        return axis_index(implicit_axis(axes) if dim is None else dim, axes)

    def spans(self, signal):
        axis = self.dim(signal.shape) - 2
        if axis < 0 or len(signal.shape) != len(signal.spans) + 2:
            return signal.spans
        merged = self.merged(signal.spans[axis], signal.shape[axis + 2])
        return (*signal.spans[:axis], merged, *signal.spans[axis + 1 :])


class Threshold(_Activation):
    """Shape of ``scratch.nn.Threshold``."""


class ReLU(_Activation):
    """Shape of ``scratch.nn.ReLU``."""


class ReLU6(_Activation):
    """Shape of ``scratch.nn.ReLU6``."""


class Hardtanh(_Activation):
    """Shape of ``scratch.nn.Hardtanh``."""


class LeakyReLU(_Activation):
    """Shape of ``scratch.nn.LeakyReLU``."""


class PReLU(_Activation):
    """Shape of ``scratch.nn.PReLU``."""


class RReLU(_Activation):
    """Shape of ``scratch.nn.RReLU``."""


class Hardsigmoid(_Activation):
    """Shape of ``scratch.nn.Hardsigmoid``."""


class Hardswish(_Activation):
    """Shape of ``scratch.nn.Hardswish``."""


class Hardshrink(_Activation):
    """Shape of ``scratch.nn.Hardshrink``."""


class Softshrink(_Activation):
    """Shape of ``scratch.nn.Softshrink``."""


class Sigmoid(_Activation):
    """Shape of ``scratch.nn.Sigmoid``."""


class LogSigmoid(_Activation):
    """Shape of ``scratch.nn.LogSigmoid``."""


class Tanh(_Activation):
    """Shape of ``scratch.nn.Tanh``."""


class ELU(_Activation):
    """Shape of ``scratch.nn.ELU``."""


class CELU(_Activation):
    """Shape of ``scratch.nn.CELU``."""


class SELU(_Activation):
    """Shape of ``scratch.nn.SELU``."""


class GELU(_Activation):
    """Shape of ``scratch.nn.GELU``."""


class SiLU(_Activation):
    """Shape of ``scratch.nn.SiLU``."""


class Swish(_Activation):
    """Shape of ``scratch.nn.Swish``."""


class Mish(_Activation):
    """Shape of ``scratch.nn.Mish``."""


class Softplus(_Activation):
    """Shape of ``scratch.nn.Softplus``."""


class Softsign(_Activation):
    """Shape of ``scratch.nn.Softsign``."""


class Tanhshrink(_Activation):
    """Shape of ``scratch.nn.Tanhshrink``."""


class GLU(_Along):
    """Shape of ``scratch.nn.GLU``."""

    parts = 2

    def merged(self, span, size):
        return span.through_interval(0, size // 2, 1)


class Maxout(_Along):
    """Shape of ``scratch.nn.Maxout``."""

    @property
    def parts(self):
        return as_int(self.layer.pieces, "pieces", 1)

    def merged(self, span, size):
        return span.through(self.parts, self.parts, 0, 1)


class _Shares(_Along):
    def merged(self, span, size):
        return span.mixed(size)


class Softmax(_Shares):
    """Shape of ``scratch.nn.Softmax``."""


class LogSoftmax(_Shares):
    """Shape of ``scratch.nn.LogSoftmax``."""


class Softmin(_Shares):
    """Shape of ``scratch.nn.Softmin``."""


class Softmax2d(_Activation):
    """Shape of ``scratch.nn.Softmax2d``."""
