"""Dropout and penalties; and what ``ensembles`` and ``mixing`` have, and early stopping, which is the same here.

Dropout is PyTorch's own where it can be; here it also takes a generator. Without one, numbers come from PyTorch's global
generator.
"""

import math

import torch
from torch.nn import functional

from ..scratch import early_stopping
from ..scratch.early_stopping import *
from ..scratch.regularization import (
    SELU_LIMIT,
    channel_mask_shape,
    check_dropout,
    check_ratio,
    path_mask_shape,
)
from . import ensembles, mixing
from .ensembles import *
from .mixing import *

__all__ = [
    "alpha_dropout", "drop_path", "dropout", "dropout1d", "dropout2d", "dropout3d", "elastic_net_penalty",
    "feature_alpha_dropout", "l1_penalty", "l2_penalty",
]  # fmt: skip
__all__ += early_stopping.__all__
__all__ += ensembles.__all__
__all__ += mixing.__all__


def dropout(input, p=0.5, training=True, *, inverted=True, generator=None):
    """``torch.nn.functional.dropout``, and with ``inverted=False`` the classic form, which scales in evaluation.

    Arguments, result and errors are those of ``dlcore.scratch.dropout``; `generator` is a torch.Generator.
    """
    p = check_dropout(input, p, training, inverted)
    if inverted:
        if generator is None:
            return functional.dropout(input, p, training)
        return _times(input, _noise(input, input.shape, p, training, generator))
    return _times(input, _mask(input, input.shape, p, training, generator) if training or p == 0 else 1 - p)


def dropout1d(input, p=0.5, training=True, *, generator=None):
    """``torch.nn.functional.dropout1d``, which here also takes a `generator` (torch.Generator)."""
    return _channel_dropout(1, input, p, training, generator)


def dropout2d(input, p=0.5, training=True, *, generator=None):
    """``torch.nn.functional.dropout2d``, which here also takes a `generator` (torch.Generator)."""
    return _channel_dropout(2, input, p, training, generator)


def dropout3d(input, p=0.5, training=True, *, generator=None):
    """``torch.nn.functional.dropout3d``, which here also takes a `generator` (torch.Generator)."""
    return _channel_dropout(3, input, p, training, generator)


def alpha_dropout(input, p=0.5, training=False, *, generator=None):
    """``torch.nn.functional.alpha_dropout``, which here also takes a `generator` (torch.Generator)."""
    p = check_dropout(input, p, training)
    if generator is None:
        return functional.alpha_dropout(input, p, training)
    return _alpha_dropout(input, input.shape, p, training, generator)


def feature_alpha_dropout(input, p=0.5, training=False, *, generator=None):
    """``torch.nn.functional.feature_alpha_dropout``, which here also takes a `generator` (torch.Generator)."""
    p = check_dropout(input, p, training)
    shape = channel_mask_shape(input.shape, None, p, training)
    if generator is None:
        return functional.feature_alpha_dropout(input, p, training)
    return _alpha_dropout(input, shape, p, training, generator)


def drop_path(input, p=0.5, training=True, *, mode="row", generator=None):
    """Set whole examples to 0 with probability `p` and divide the others by ``1 - p``; in training only.

    Arguments, result and errors are those of ``dlcore.scratch.drop_path``; `generator` is a torch.Generator. Source:
    ``torchvision.ops.stochastic_depth``.
    """
    p = check_dropout(input, p, training)
    return _times(input, _noise(input, path_mask_shape(input.shape, mode), p, training, generator))


def l1_penalty(parameters):
    """The sum of the absolute values of all elements of the `parameters`, a tensor or an iterable of tensors."""
    return _total([parameter.abs().sum() for parameter in _several(parameters)])


def l2_penalty(parameters):
    """Half the sum of the squares of all elements of the `parameters`, a tensor or an iterable of tensors."""
    return _total([parameter.square().sum() / 2 for parameter in _several(parameters)])


def elastic_net_penalty(parameters, l1_ratio=0.5):
    """``l1_ratio * l1_penalty + (1 - l1_ratio) * l2_penalty`` of the `parameters`, a tensor or an iterable of tensors."""
    parameters, l1_ratio = _several(parameters), check_ratio(l1_ratio)
    return l1_ratio * l1_penalty(parameters) + (1 - l1_ratio) * l2_penalty(parameters)


def _total(terms):
    return sum(terms[1:], terms[0]) if terms else torch.zeros(())


def _several(parameters):
    parameters = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
    for parameter in parameters:
        if not isinstance(parameter, torch.Tensor) or not parameter.is_floating_point():
            raise RuntimeError(f"parameters: expected tensors of floats, got {parameter!r}")
    return parameters


def _channel_dropout(axes, input, p, training, generator):
    p = check_dropout(input, p, training)
    shape = channel_mask_shape(input.shape, axes, p, training, stacklevel=4)
    if generator is None and axes == len(input.shape) - 2:
        own = (functional.dropout1d, functional.dropout2d, functional.dropout3d)[axes - 1]
        return own(input, p, training)
    return _times(input, _noise(input, shape, p, training, generator))


def _mask(input, shape, p, training, generator):
    """What each element (or each slice: `shape` may hold ones) is multiplied by, 0 or 1; None for 1 everywhere."""
    if not training or p == 0 or input.numel() == 0:
        return None
    if p == 1:
        return input.new_zeros(shape)
    return input.new_empty(shape).bernoulli_(1 - p, generator=generator)


def _noise(input, shape, p, training, generator):
    """As :func:`_mask`, with ``1 / (1 - p)`` in place of 1."""
    mask = _mask(input, shape, p, training, generator)
    return mask if mask is None or p == 1 else mask / (1 - p)


def _times(input, factor):
    """The product; with None the input itself."""
    return input if factor is None else input * factor


def _alpha_dropout(input, shape, p, training, generator):
    kept = _mask(input, shape, p, training, generator)
    if kept is None or p == 1:
        return _times(input, kept)
    scale = 1 / math.sqrt((1 - p) * (1 + p * SELU_LIMIT**2))
    return input * kept * scale + ((1 - kept) - p) * scale * SELU_LIMIT
