"""Regularization: noise that keeps units from relying on each other, and penalties on large weights.

What stands in ``early_stopping``, ``ensembles`` and ``mixing`` is handed on here.
"""

import math
import warnings

import numpy as np

from . import early_stopping, ensembles, mixing
from .early_stopping import *
from .ensembles import *
from .mixing import *
from .normalization_checks import is_floating
from .tensor import Tensor, differentiable
from .windows import as_bool, as_generator, as_number

__all__ = [
    "alpha_dropout", "drop_path", "dropout", "dropout1d", "dropout2d", "dropout3d", "elastic_net_penalty",
    "feature_alpha_dropout", "l1_penalty", "l2_penalty",
]  # fmt: skip
__all__ += early_stopping.__all__
__all__ += ensembles.__all__
__all__ += mixing.__all__

SELU_LIMIT = -1.7580993408473766
"""What SELU tends to for very negative inputs, minus its scale times its alpha; Klambauer et al. (2017)."""


@differentiable
def dropout(input, p=0.5, training=True, *, inverted=True, generator=None):
    """Set each element to 0 with probability `p`, independently; in training only.

    Parameters
    ----------
    input : array_like or Tensor
        Any shape; floating point where elements are dropped.
    p : float, from 0 to 1
    training : bool
    inverted : bool
        True: what is left is divided by ``1 - p`` in training, and evaluation changes nothing. False, the classic form:
        what is left stays as it is, and evaluation multiplies by ``1 - p``. The expectation is the same in both.
    generator : numpy.random.Generator
        Needed in training unless `p` is 0 or 1.

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    ValueError
        A `p` out of range.
    TypeError
        Options of another type, no `generator` where numbers must be drawn.
    RuntimeError
        An input of integers of which some would be dropped.

    Source: ``torch.nn.functional.dropout``; Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting" (2014), whose section 4 has the classic form.
    """
    input = np.asarray(input)
    p = check_dropout(input, p, training, inverted)
    if inverted:
        return _times(input, _noise(input, input.shape, p, training, generator))
    return _times(input, _mask(input, input.shape, p, training, generator) if training or p == 0 else 1 - p)


@differentiable
def dropout1d(input, p=0.5, training=True, *, generator=None):
    """Set whole channels to 0 with probability `p` and divide the others by ``1 - p``; in training only.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, L) or (C, L)
    p, training, generator
        As for :func:`dropout`.

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    RuntimeError
        Another number of axes, an input of integers of which some would be dropped.
    ValueError, TypeError
        As for :func:`dropout`.

    Source: ``torch.nn.functional.dropout1d``; Tompson et al., "Efficient object localization using convolutional
    networks" (2015).
    """
    return _channel_dropout(1, input, p, training, generator)


@differentiable
def dropout2d(input, p=0.5, training=True, *, generator=None):
    """Set whole channels to 0 with probability `p` and divide the others by ``1 - p``; in training only.

    As :func:`dropout1d`, for inputs (N, C, H, W). Like PyTorch's it warns of another number of axes than four and takes
    the first two for N and C, so it has no unbatched form.

    Source: ``torch.nn.functional.dropout2d``; Tompson et al. (2015).
    """
    return _channel_dropout(2, input, p, training, generator)


@differentiable
def dropout3d(input, p=0.5, training=True, *, generator=None):
    """Set whole channels to 0 with probability `p` and divide the others by ``1 - p``; in training only.

    As :func:`dropout1d`, for inputs (N, C, D, H, W) or (C, D, H, W). Like PyTorch's it warns of another number of axes
    and takes the first one for C.

    Source: ``torch.nn.functional.dropout3d``; Tompson et al. (2015).
    """
    return _channel_dropout(3, input, p, training, generator)


@differentiable
def alpha_dropout(input, p=0.5, training=False, *, generator=None):
    """Set elements to SELU's lower limit with probability `p`, then restore mean 0 and variance 1; in training only.

    A dropped element becomes ``limit``, -1.758; then ``a x + b`` is applied with ``a = 1 / sqrt((1 - p) (1 + p
    limit^2))`` and ``b = -a p limit``, which keeps mean 0 and variance 1.

    Parameters
    ----------
    input : array_like or Tensor
    p, training, generator
        As for :func:`dropout`. With a `p` of 1 everything becomes 0.

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    ValueError, TypeError, RuntimeError
        As for :func:`dropout`.

    Source: ``torch.nn.functional.alpha_dropout``; Klambauer et al., "Self-normalizing neural networks" (2017).
    """
    input = np.asarray(input)
    return _alpha_dropout(input, input.shape, check_dropout(input, p, training), training, generator)


@differentiable
def feature_alpha_dropout(input, p=0.5, training=False, *, generator=None):
    """:func:`alpha_dropout` of whole channels, the first two axes being N and C.

    Source: ``torch.nn.functional.feature_alpha_dropout``.
    """
    input = np.asarray(input)
    p = check_dropout(input, p, training)
    return _alpha_dropout(input, channel_mask_shape(input.shape, None, p, training), p, training, generator)


@differentiable
def drop_path(input, p=0.5, training=True, *, mode="row", generator=None):
    """Set whole examples to 0 with probability `p` and divide the others by ``1 - p``; in training only.

    Before the branch of a residual block is added this leaves out the block, for some examples: stochastic depth.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, ...)
        Floating point.
    p, training, generator
        As for :func:`dropout`.
    mode : {"row", "batch"}
        Whether each example is dropped by itself, or all together.

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    ValueError
        A `p` out of range, an unknown `mode`.
    IndexError
        An input without axes.
    TypeError, RuntimeError
        As for :func:`dropout`.

    Source: ``torchvision.ops.stochastic_depth``; Huang et al., "Deep networks with stochastic depth" (2016)
    (where evaluation multiplies by ``1 - p`` instead).
    """
    input = np.asarray(input)
    p = check_dropout(input, p, training)
    return _times(input, _noise(input, path_mask_shape(input.shape, mode), p, training, generator))


def l1_penalty(parameters):
    """The sum of the absolute values of all elements, to be added to a loss; its gradient is the sign, at 0 it is 0.

    Parameters
    ----------
    parameters : array, Tensor, or iterable of them
        Floating point, such as ``network.parameters()``.

    Returns
    -------
    array or Tensor
        A scalar; 0 for no parameters.

    Raises
    ------
    RuntimeError
        Parameters that are not floating point.

    Source: Tibshirani, "Regression shrinkage and selection via the lasso" (1996); Goodfellow, Bengio and Courville,
    "Deep learning" (2016), section 7.1.
    """
    return _l1_penalty(_several(parameters))


def l2_penalty(parameters):
    """Half the sum of the squares of all elements, to be added to a loss.

    The half makes the gradient the parameter itself, so that ``loss + rate * l2_penalty(parameters)`` is what an
    optimizer with ``weight_decay=rate`` goes down.

    Parameters, result and errors as for :func:`l1_penalty`.

    Source: Goodfellow, Bengio and Courville, "Deep learning" (2016), section 7.1.
    """
    return _l2_penalty(_several(parameters))


def elastic_net_penalty(parameters, l1_ratio=0.5):
    """Both penalties, ``l1_ratio * l1_penalty + (1 - l1_ratio) * l2_penalty``: sparse, and even among equals.

    Of several parameters that do the same work L1 keeps one, and which one is chance; the L2 part shares it out.

    Parameters
    ----------
    parameters
        As for :func:`l1_penalty`.
    l1_ratio : float, from 0 to 1
        1 gives L1 alone, 0 L2 alone.

    Returns
    -------
    array or Tensor
        A scalar; 0 for no parameters.

    Raises
    ------
    ValueError
        An `l1_ratio` out of range.
    TypeError
        An `l1_ratio` that is no number.
    RuntimeError
        Parameters that are not floating point.

    Source: Zou and Hastie, "Regularization and variable selection via the elastic net" (2005); the division by a ratio
    is that of scikit-learn's ``ElasticNet``.
    """
    return _elastic_net_penalty(_several(parameters), check_ratio(l1_ratio))


@differentiable
def _l1_penalty(parameters):
    total = _total([np.abs(array).sum() for array in parameters])
    return total, lambda grad: ([np.sign(array) * grad for array in parameters],)


@differentiable
def _l2_penalty(parameters):
    total = _total([np.vdot(array, array) / 2 for array in parameters])
    return total, lambda grad: ([array * grad for array in parameters],)


@differentiable
def _elastic_net_penalty(parameters, l1_ratio):
    rest = 1 - l1_ratio
    total = _total(
        [l1_ratio * np.abs(array).sum() + rest / 2 * np.vdot(array, array) for array in parameters]
    )
    return total, lambda grad: ([(l1_ratio * np.sign(array) + rest * array) * grad for array in parameters],)


def check_ratio(l1_ratio):
    """`l1_ratio`, a number from 0 to 1, or an error."""
    l1_ratio = as_number(l1_ratio, "l1_ratio")
    if not 0 <= l1_ratio <= 1:
        raise ValueError(f"l1_ratio: expected a number from 0 to 1, got {l1_ratio!r}")
    return l1_ratio


def _total(terms):
    return sum(terms[1:], terms[0]) if terms else np.float32(0)


def _several(parameters):
    """One tensor, or the tensors of an iterable, as a list."""
    single = isinstance(parameters, (Tensor, np.ndarray))
    parameters = [parameters] if single else list(parameters)
    for parameter in parameters:
        if not hasattr(parameter, "dtype") or not is_floating(parameter):
            raise RuntimeError(f"parameters: expected arrays of floats, got {parameter!r}")
    return parameters


# Noise


def probability(p):
    """`p`, a number from 0 to 1, or an error."""
    p = as_number(p, "p")
    if not 0 <= p <= 1:
        raise ValueError(f"p: expected a number from 0 to 1, got {p!r}")
    return p


def check_dropout(input, p, training, inverted=True):
    """Check what dropout is called with, of either backend; `p` as a number."""
    p, training, inverted = probability(p), as_bool(training, "training"), as_bool(inverted, "inverted")
    changes = 0 < p < 1 if training else p > 0 and not inverted
    if changes and not is_floating(input):
        raise RuntimeError(f"input: expected floating point, got {input.dtype}")
    return p


def _mask(input, shape, p, training, generator):
    """What each element (or each slice: `shape` may hold ones) is multiplied by, 0 or 1; None for 1 everywhere."""
    if not training or p == 0 or input.size == 0:
        return None
    if p == 1:
        return np.zeros(shape, input.dtype)
    return (as_generator(generator).random(shape, np.float32) >= p).astype(input.dtype)


def _noise(input, shape, p, training, generator):
    """As :func:`_mask`, with ``1 / (1 - p)`` in place of 1."""
    mask = _mask(input, shape, p, training, generator)
    if mask is not None and p < 1:
        mask *= 1 / (1 - p)
    return mask


def _times(input, factor):
    """The product with a constant that broadcasts, forward and backward; with None the input itself."""
    if factor is None:
        return input, lambda grad: grad
    return input * factor, lambda grad: grad * factor


def _channel_dropout(axes, input, p, training, generator):
    input = np.asarray(input)
    p = check_dropout(input, p, training)
    shape = channel_mask_shape(input.shape, axes, p, training)
    return _times(input, _noise(input, shape, p, training, generator))


def _alpha_dropout(input, shape, p, training, generator):
    kept = _mask(input, shape, p, training, generator)
    if kept is None or p == 1:
        return _times(input, kept)
    scale = 1 / math.sqrt((1 - p) * (1 + p * SELU_LIMIT**2))
    shift = (1 - kept) * (scale * SELU_LIMIT) - scale * p * SELU_LIMIT
    kept *= scale
    output, pullback = _times(input, kept)
    output += shift
    return output, pullback


def channel_mask_shape(shape, axes, p=0.5, training=True, stacklevel=6):
    """The shape of one number for each channel of an input with so many spatial `axes`, or any if that is None.

    Warns or refuses as PyTorch does, even where nothing is dropped; but too few axes only where something is.
    """
    if axes == 1 and len(shape) not in (2, 3):
        raise RuntimeError(f"input: expected (N, C, L) or (C, L), got shape {tuple(shape)}")
    if (axes == 2 and len(shape) != 4) or (axes == 3 and len(shape) not in (4, 5)):
        wanted = "(N, C, H, W)" if axes == 2 else "(N, C, D, H, W) or (C, D, H, W)"
        warnings.warn(
            f"input: expected {wanted}, got shape {tuple(shape)}; use dropout", stacklevel=stacklevel
        )
    leading = 1 if axes in (1, 3) and len(shape) != axes + 2 else 2
    if len(shape) < leading and training and 0 < p < 1:
        raise RuntimeError(f"input: expected at least {leading} axes, got shape {tuple(shape)}")
    return tuple(size if axis < leading else 1 for axis, size in enumerate(shape))


def path_mask_shape(shape, mode):
    """The shape of one number for each example, or for all together."""
    if mode not in ("row", "batch"):
        raise ValueError(f"mode: expected 'row' or 'batch', got {mode!r}")
    if not shape:
        raise IndexError("input: expected a batch axis, got none")
    return (shape[0] if mode == "row" else 1, *[1] * (len(shape) - 1))
