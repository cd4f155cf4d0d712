"""Activation functions: PyTorch's own, and those of ``dlcore.scratch.activations`` that it lacks."""

import torch
from torch.nn.functional import (
    celu,
    elu,
    gelu,
    glu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    mish,
    prelu,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softmin,
    softplus,
    softshrink,
    softsign,
    tanh,
    tanhshrink,
    threshold,
)  # fmt: skip

from ..scratch.activations import divided_shape
from ..scratch.rectifiers import channel_shape, check_bounds
from ..scratch.windows import as_bool, as_int, as_number

__all__ = [
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "log_softmax",
    "logsigmoid", "maxout", "mish", "prelu", "relu", "relu6", "rrelu", "selu", "sigmoid", "silu", "softmax", "softmin",
    "softplus", "softshrink", "softsign", "swish", "tanh", "tanhshrink", "threshold",
]  # fmt: skip


def rrelu(input, lower=1 / 8, upper=1 / 3, training=False, *, generator=None):
    """``torch.nn.functional.rrelu``, which here also takes the generator of its slopes.

    Parameters
    ----------
    input : torch.Tensor
    lower, upper : float
    training : bool
    generator : torch.Generator, optional
        PyTorch's global one by default.
    """
    _check_floating(input)
    check_bounds(lower, upper)
    return torch.rrelu(input, lower, upper, as_bool(training, "training"), generator)


def swish(input, beta=1.0):
    """``input * sigmoid(beta * input)``: from half the input at ``beta = 0`` to :func:`relu` as `beta` grows.

    Parameters
    ----------
    input : torch.Tensor, shape (), (L,) or (N, C, ...)
        Floating point.
    beta : float, or torch.Tensor of shape (C,), (1,) or ()
        One number for all, or one for each channel, which may be learned; a tensor has the input's dtype.

    Source: Ramachandran, Zoph and Le, "Searching for activation functions" (2017).
    """
    _check_floating(input)
    if isinstance(beta, torch.Tensor):
        if beta.dtype != input.dtype:
            raise RuntimeError(f"beta: expected the input's dtype {input.dtype}, got {beta.dtype}")
        beta = beta.reshape(channel_shape(tuple(beta.shape), tuple(input.shape), "beta"))
    else:
        beta = as_number(beta, "beta")
    return input * torch.sigmoid(beta * input)


def maxout(input, pieces, dim=1):
    """The largest of every `pieces` consecutive elements along `dim`: a convex function of as many straight pieces.

    Parameters
    ----------
    input : torch.Tensor, shape (..., pieces * m, ...)
    pieces : int
        How many elements make one.
    dim : int
        The axis of the channels.

    Returns
    -------
    torch.Tensor, shape (..., m, ...)
        Among equal elements the first gets the gradient.

    Source: Goodfellow et al., "Maxout networks" (2013).
    """
    if input.dtype == torch.bool or input.is_complex():
        raise NotImplementedError(f"input: expected real numbers, got {input.dtype}")
    shape, dim = divided_shape(tuple(input.shape), dim, as_int(pieces, "pieces", 1), "pieces")
    return input.reshape((*shape[: dim + 1], pieces, *shape[dim + 1 :])).max(dim + 1).values


def _check_floating(input):
    if not input.is_floating_point():
        raise NotImplementedError(f"input: expected floating point, got {input.dtype}")
