"""What the losses share: one number made of the losses of many elements, and the dtypes and shapes of their inputs."""

import numpy as np

from .arithmetic import unbroadcast
from .special import pieces
from .windows import numeric, volume

__all__ = []  # for the losses here, not for readers

TINY = float(np.float32(1e-12))
"""What PyTorch adds to squared lengths or divides by at least; there it is a float32."""


def check_reduction(reduction, *more):
    """Raise unless `reduction` is one of the three that every loss knows, or one of `more`."""
    known = ("mean", *more, "sum", "none")
    if reduction not in known:
        raise ValueError(f"reduction: expected {', '.join(map(repr, known))}, got {reduction!r}")


def reduced(losses, reduction, divisor=None):
    """The `losses` as `reduction` wants them, and the function that gives each its share of the gradient.

    A mean is divided by `divisor`, by default the number of losses. The share is one number for all unless `reduction`
    is "none".
    """
    if reduction == "none":
        return losses, lambda grad: grad
    total = losses.sum(dtype=np.promote_types(losses.dtype, np.float32))  # float16 would overflow
    return _scaled(total, reduction, losses.size if divisor is None else divisor, losses.dtype)


def elementwise(loss, slopes, arrays, reduction, divisor=None):
    """The losses ``loss(*arrays)`` of elements that have nothing to do with one another, reduced, and the pullback.

    Everything is computed a block at a time, while that is in the cache. So a mean or a sum keeps no array: to compute
    a difference again in the backward pass takes less time than to fetch it from memory. The blocks are added up in
    float64.

    Parameters
    ----------
    loss : callable
        A function of as many arrays.
    slopes : sequence of callable
        Its derivatives with respect to the first arrays, functions of all of them too.
    arrays : sequence of numpy.ndarray
        They are broadcast.
    reduction, divisor
        As in :func:`reduced`.
    """
    if reduction == "none":
        output, share = in_blocks(loss, *arrays), lambda grad: grad
    else:
        shape, dtype = _common(arrays)
        wide = np.promote_types(dtype, np.float32)
        total = np.float64(sum(loss(*block).sum(dtype=wide).item() for _, block in _blocks(shape, arrays)))
        output, share = _scaled(total, reduction, volume(shape) if divisor is None else divisor, dtype)

    def pullback(grad):
        grad = share(grad)

        def towards(array, slope):
            return lambda: unbroadcast(in_blocks(weighted(slope), *arrays, grad), array.shape)

        return tuple(towards(array, slope) for array, slope in zip(arrays, slopes))

    return output, pullback


def weighted(function):
    """`function` of some arrays, times one array more."""
    return lambda *arrays: function(*arrays[:-1]) * arrays[-1]


def in_blocks(function, *arrays):
    """`function`, which works element by element, of arrays that are broadcast; a block at a time."""
    output = np.empty(*_common(arrays))
    flat = output.reshape(-1)
    for piece, block in _blocks(output.shape, arrays):
        flat[piece] = function(*block)
    return output


def _common(arrays):
    """The shape and the dtype that all the arrays have together."""
    return np.broadcast_shapes(*(array.shape for array in arrays)), np.result_type(*arrays)


def _blocks(shape, arrays):
    """Slices of an array of this shape, laid out flat, and what stands there in `arrays`; single numbers as they are."""
    flat = [np.broadcast_to(array, shape).reshape(-1) if array.ndim else array for array in arrays]
    for piece in pieces(volume(shape)):
        yield piece, [part[piece] if part.ndim else part for part in flat]


def _scaled(total, reduction, divisor, dtype):
    """A sum, or with "mean" its quotient by `divisor`, in this dtype, and the function of :func:`reduced`."""
    if reduction == "sum":
        return total.astype(np.int64 if dtype.kind in "iu" else dtype), lambda grad: grad
    scale = 1 / np.asarray(divisor, total.dtype)  # the mean of nothing is 0 * inf, NaN
    return (total * scale).astype(dtype), lambda grad: np.multiply(grad, scale.astype(dtype))


def sign(array):
    """-1, 0 or 1; 0 also for NaN, as PyTorch has it in gradients."""
    return np.subtract(array > 0, array < 0, dtype=array.dtype)


def promoted(**arrays):
    """Arrays of real numbers, by name, in the floating-point dtype that PyTorch computes in, float32 for integers."""
    arrays = {name: numeric(array, name) for name, array in arrays.items()}
    dtypes = [array.dtype for array in arrays.values() if array.dtype.kind == "f"] or [np.float32]
    dtype = np.result_type(*dtypes)
    return [array.astype(dtype, copy=False) for array in arrays.values()]


def broadcast_shape(**arrays):
    """The common shape of arrays by name, or an error naming the last."""
    try:
        return np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise RuntimeError(f"{list(arrays)[-1]}: shapes that cannot be broadcast, {shapes}") from None
