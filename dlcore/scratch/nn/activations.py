"""Activation functions as layers. Their names, options and errors are those of the operators of the same name."""

import numpy as np

from .. import activations
from ..windows import as_int, as_number
from .module import Module, OperatorLayer, Parameter

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "SELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid",
    "LogSoftmax", "Maxout", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SiLU", "Sigmoid", "Softmax", "Softmax2d",
    "Softmin", "Softplus", "Softshrink", "Softsign", "Swish", "Tanh", "Tanhshrink", "Threshold",
]  # fmt: skip


# Straight pieces


class Threshold(OperatorLayer):
    """:func:`dlcore.scratch.threshold` as a layer. Source: ``torch.nn.Threshold``."""

    operator = staticmethod(activations.threshold)

    def __init__(self, threshold, value):
        super().__init__()
        self.keep(threshold=threshold, value=value)


class ReLU(OperatorLayer):
    """:func:`dlcore.scratch.relu` as a layer. Source: ``torch.nn.ReLU``."""

    operator = staticmethod(activations.relu)


class ReLU6(OperatorLayer):
    """:func:`dlcore.scratch.relu6` as a layer. Source: ``torch.nn.ReLU6``."""

    operator = staticmethod(activations.relu6)


class Hardtanh(OperatorLayer):
    """:func:`dlcore.scratch.hardtanh` as a layer; here the limits must differ. Source: ``torch.nn.Hardtanh``."""

    operator = staticmethod(activations.hardtanh)

    def __init__(self, min_val=-1.0, max_val=1.0):
        super().__init__()
        if as_number(min_val, "min_val") >= as_number(max_val, "max_val"):
            raise ValueError(f"min_val: must be below max_val, got {min_val} and {max_val}")
        self.keep(min_val=min_val, max_val=max_val)


class LeakyReLU(OperatorLayer):
    """:func:`dlcore.scratch.leaky_relu` as a layer. Source: ``torch.nn.LeakyReLU``."""

    operator = staticmethod(activations.leaky_relu)

    def __init__(self, negative_slope=0.01):
        super().__init__()
        self.keep(negative_slope=negative_slope)


class _Learned(Module):
    """An activation function with `num_parameters` numbers that are learned: one for each channel, or one for all."""

    parameter = None  # its name

    def __init__(self, num_parameters, init, dtype):
        super().__init__()
        self.num_parameters, self.init = as_int(num_parameters, "num_parameters", 0), as_number(init, "init")
        setattr(self, self.parameter, Parameter(np.full(self.num_parameters, self.init, dtype)))

    def reset_parameters(self, generator):
        """Back to where they began; nothing is drawn."""
        getattr(self, self.parameter).data[...] = self.init

    def extra_repr(self):
        return f"num_parameters={self.num_parameters}"


class PReLU(_Learned):
    """:func:`dlcore.scratch.prelu` as a layer, with slopes that are learned. Source: ``torch.nn.PReLU``."""

    parameter = "weight"

    def __init__(self, num_parameters=1, init=0.25, *, dtype=np.float32):
        super().__init__(num_parameters, init, dtype)

    def forward(self, input):
        return activations.prelu(input, self.weight)


class RReLU(OperatorLayer):
    """:func:`dlcore.scratch.rrelu` as a layer, which draws slopes in training. Source: ``torch.nn.RReLU``.

    Its generator starts from the operating system's entropy; :func:`reset_parameters` makes it reproducible.
    """

    operator = staticmethod(activations.rrelu)

    def __init__(self, lower=1 / 8, upper=1 / 3):
        super().__init__()
        self.keep(lower=lower, upper=upper)
        self.generator = np.random.default_rng()

    def reset_parameters(self, generator):
        """Draw from a child of `generator` from now on."""
        self.generator = generator.spawn(1)[0]

    def forward(self, input):
        return self.operator(input, self.lower, self.upper, self.training, generator=self.generator)


class Hardsigmoid(OperatorLayer):
    """:func:`dlcore.scratch.hardsigmoid` as a layer. Source: ``torch.nn.Hardsigmoid``."""

    operator = staticmethod(activations.hardsigmoid)


class Hardswish(OperatorLayer):
    """:func:`dlcore.scratch.hardswish` as a layer. Source: ``torch.nn.Hardswish``."""

    operator = staticmethod(activations.hardswish)


class _Shrink(OperatorLayer):
    def __init__(self, lambd=0.5):
        super().__init__()
        self.keep(lambd=lambd)

    def extra_repr(self):
        return str(self.lambd)


class Hardshrink(_Shrink):
    """:func:`dlcore.scratch.hardshrink` as a layer. Source: ``torch.nn.Hardshrink``."""

    operator = staticmethod(activations.hardshrink)


class Softshrink(_Shrink):
    """:func:`dlcore.scratch.softshrink` as a layer. Source: ``torch.nn.Softshrink``."""

    operator = staticmethod(activations.softshrink)


# Smooth


class Sigmoid(OperatorLayer):
    """:func:`dlcore.scratch.sigmoid` as a layer. Source: ``torch.nn.Sigmoid``."""

    operator = staticmethod(activations.sigmoid)


class LogSigmoid(OperatorLayer):
    """:func:`dlcore.scratch.logsigmoid` as a layer. Source: ``torch.nn.LogSigmoid``."""

    operator = staticmethod(activations.logsigmoid)


class Tanh(OperatorLayer):
    """:func:`dlcore.scratch.tanh` as a layer. Source: ``torch.nn.Tanh``."""

    operator = staticmethod(activations.tanh)


class _WithAlpha(OperatorLayer):
    def __init__(self, alpha=1.0):
        super().__init__()
        self.keep(alpha=alpha)


class ELU(_WithAlpha):
    """:func:`dlcore.scratch.elu` as a layer. Source: ``torch.nn.ELU``."""

    operator = staticmethod(activations.elu)


class CELU(_WithAlpha):
    """:func:`dlcore.scratch.celu` as a layer. Source: ``torch.nn.CELU``."""

    operator = staticmethod(activations.celu)


class SELU(OperatorLayer):
    """:func:`dlcore.scratch.selu` as a layer. Source: ``torch.nn.SELU``."""

    operator = staticmethod(activations.selu)


class GELU(OperatorLayer):
    """:func:`dlcore.scratch.gelu` as a layer. Source: ``torch.nn.GELU``."""

    operator = staticmethod(activations.gelu)

    def __init__(self, approximate="none"):
        super().__init__()
        self.keep(approximate=approximate)


class SiLU(OperatorLayer):
    """:func:`dlcore.scratch.silu` as a layer. Source: ``torch.nn.SiLU``."""

    operator = staticmethod(activations.silu)


class Swish(_Learned):
    """:func:`dlcore.scratch.swish` as a layer, with a β that is learned, for each channel or one for all.

    Source: Ramachandran, Zoph and Le, "Searching for activation functions" (2017). Without learning β = 1
    is :class:`SiLU`.
    """

    parameter = "beta"

    def __init__(self, num_parameters=1, init=1.0, *, dtype=np.float32):
        super().__init__(num_parameters, init, dtype)

    def forward(self, input):
        return activations.swish(input, self.beta)


class Mish(OperatorLayer):
    """:func:`dlcore.scratch.mish` as a layer. Source: ``torch.nn.Mish``."""

    operator = staticmethod(activations.mish)


class Softplus(OperatorLayer):
    """:func:`dlcore.scratch.softplus` as a layer. Source: ``torch.nn.Softplus``."""

    operator = staticmethod(activations.softplus)

    def __init__(self, beta=1.0, threshold=20.0):
        super().__init__()
        self.keep(beta=beta, threshold=threshold)


class Softsign(OperatorLayer):
    """:func:`dlcore.scratch.softsign` as a layer. Source: ``torch.nn.Softsign``."""

    operator = staticmethod(activations.softsign)


class Tanhshrink(OperatorLayer):
    """:func:`dlcore.scratch.tanhshrink` as a layer. Source: ``torch.nn.Tanhshrink``."""

    operator = staticmethod(activations.tanhshrink)


# Several numbers meet


class GLU(OperatorLayer):
    """:func:`dlcore.scratch.glu` as a layer. Source: ``torch.nn.GLU``."""

    operator = staticmethod(activations.glu)

    def __init__(self, dim=-1):
        super().__init__()
        self.keep(dim=dim)


class Maxout(OperatorLayer):
    """:func:`dlcore.scratch.maxout` as a layer. Source: Goodfellow et al., "Maxout networks" (2013)."""

    operator = staticmethod(activations.maxout)

    def __init__(self, pieces, dim=1):
        super().__init__()
        self.keep(pieces=pieces, dim=dim)


class _Shares(OperatorLayer):
    def __init__(self, dim=None):
        super().__init__()
        self.keep(dim=dim)


class Softmax(_Shares):
    """:func:`dlcore.scratch.softmax` as a layer. Source: ``torch.nn.Softmax``."""

    operator = staticmethod(activations.softmax)


class LogSoftmax(_Shares):
    """:func:`dlcore.scratch.log_softmax` as a layer. Source: ``torch.nn.LogSoftmax``."""

    operator = staticmethod(activations.log_softmax)


class Softmin(_Shares):
    """:func:`dlcore.scratch.softmin` as a layer. Source: ``torch.nn.Softmin``."""

    operator = staticmethod(activations.softmin)


class Softmax2d(Module):
    """:func:`dlcore.scratch.softmax` over the channels of (N, C, H, W) or (C, H, W). Source: ``torch.nn.Softmax2d``."""

    def forward(self, input):
        check_image(len(input.shape))
        return activations.softmax(input, -3)


def check_image(axes):
    """What :class:`Softmax2d` takes has so many axes, or ValueError."""
    if axes not in (3, 4):
        raise ValueError(f"input: expected 3 or 4 axes, (N, C, H, W) or (C, H, W), got {axes}")
