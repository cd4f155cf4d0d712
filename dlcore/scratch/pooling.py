"""Pooling: one number for each window, its largest or its mean. Signatures are those of ``torch.nn.functional``."""

import numpy as np

from .arithmetic import select
from .tensor import differentiable
from .windows import as_bool, as_int, as_tuple, batched, numeric, output_size, size_text, taps, volume

__all__ = ["avg_pool2d", "max_pool2d"]


@differentiable
def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size, dilation : int or tuple of int
    stride : int or tuple of int, optional
        The step from window to window; `kernel_size` by default.
    padding : int or tuple of int
        Positions on each side that never win; at most half of `kernel_size`.
    ceil_mode : bool
        Keep a last window that hangs over the end.
    return_indices : bool
        Also return where each maximum stood.

    Returns
    -------
    array or Tensor, shape (N, C, H', W') or (C, H', W')
        H' and W' as :func:`dlcore.scratch.windows.output_size` gives them. Among equal elements the first wins, and
        it alone gets the gradient; NaN wins over every number. A window wholly on padding gives minus infinity.
    array or Tensor of int64, of the same shape, only with `return_indices`
        ``y * W + x`` of each maximum in its channel; -1 for a window wholly on padding.

    Raises
    ------
    RuntimeError
        An input of another shape or with empty axes other than the batch, options out of range, no window that fits.
    TypeError
        Options that are not integers.

    Source: ``torch.nn.functional.max_pool2d``.
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@differentiable
def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The mean of each window.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size : int or tuple of int
    stride : int or tuple of int, optional
        The step from window to window; `kernel_size` by default.
    padding : int or tuple of int
        Zeros on each side; at most half of `kernel_size`.
    ceil_mode : bool
        Keep a last window that hangs over the end.
    count_include_pad : bool
        Whether the zeros of the padding count as elements. What hangs over the padding never does.
    divisor_override : int, optional
        Divide by this instead of the number of elements.

    Returns
    -------
    array or Tensor, shape (N, C, H', W') or (C, H', W')

    Raises
    ------
    RuntimeError
        As :func:`max_pool2d`, and a `divisor_override` of 0.
    TypeError
        Options that are not integers.

    Source: ``torch.nn.functional.avg_pool2d``.
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _max_pool(axes, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    images, is_batched, windows, *options = _check(
        axes, input, kernel_size, stride, padding, dilation, ceil_mode
    )
    kernel_size, stride, padding, dilation = options
    shape, size = (*images.shape[:2], *windows), images.shape[2:]
    is_float = np.issubdtype(images.dtype, np.floating)
    output = np.full(shape, -np.inf if is_float else np.iinfo(images.dtype).min, images.dtype)
    positions = list(enumerate(taps(size, windows, *options)))
    winner = np.zeros(shape, np.min_scalar_type(len(positions)))
    if max(padding) > 0:  # the first position on the input, should no element be above minus infinity
        for number, (_, where, _) in reversed(positions):
            winner[(..., *where)] = number
    for number, (_, where, source) in positions:
        candidate, best = images[(..., *source)], output[(..., *where)]
        later = (candidate > best).astype(winner.dtype)
        later *= number
        np.maximum(winner[(..., *where)], later, out=winner[(..., *where)])
        np.maximum(best, candidate, out=best)
    if is_float and np.isnan(output).any():
        for number, (_, where, source) in positions:
            winner[(..., *where)][np.isnan(images[(..., *source)])] = number

    def pullback(grad, *_):
        grad = grad.reshape(shape)
        total = np.zeros(images.shape, grad.dtype)
        for number, (_, where, source) in positions:
            total[(..., *source)] += select(grad[(..., *where)], winner[(..., *where)] == number)
        return total.reshape(np.shape(input))

    results = [output]
    if as_bool(return_indices, "return_indices"):
        results.append(_indices(winner, positions, size, windows, *options))
    results = [result if is_batched else result[0] for result in results]
    return (tuple(results) if return_indices else results[0]), pullback


def _indices(winner, positions, size, windows, kernel_size, stride, padding, dilation):
    """Where each maximum stood, as an index into its channel laid flat; -1 for a window that met no element."""
    indices = np.full(winner.shape, -1)
    places = np.arange(volume(size)).reshape(size)
    for number, (_, where, source) in positions:
        chosen = winner[(..., *where)] == number
        np.copyto(indices[(..., *where)], places[source], where=chosen)
    return indices


def _avg_pool(axes, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    images, is_batched, windows, *options = _check(axes, input, kernel_size, stride, padding, 1, ceil_mode)
    kernel_size, stride, padding, _ = options
    size, count_include_pad = images.shape[2:], as_bool(count_include_pad, "count_include_pad")
    if divisor_override is not None:
        divisor = as_int(divisor_override, "divisor_override")
        if divisor == 0:
            raise RuntimeError("divisor_override: must not be 0")
    else:
        counts = []
        for n, m, k, s, p in zip(size, windows, kernel_size, stride, padding):
            start = np.arange(m) * s - p
            stop = np.minimum(start + k, n + p)
            counts.append(stop - start if count_include_pad else np.minimum(stop, n) - np.maximum(start, 0))
        divisor = np.prod(np.meshgrid(*counts, indexing="ij"), axis=0).astype(images.dtype)
    positions = list(taps(size, windows, *options))
    output = np.zeros((*images.shape[:2], *windows), images.dtype)
    for _, where, source in positions:
        output[(..., *where)] += images[(..., *source)]
    if np.issubdtype(images.dtype, np.floating):
        output /= divisor
    else:
        output = (np.sign(output) * (np.abs(output) // divisor)).astype(images.dtype)  # towards zero, as in C

    def pullback(grad):
        share = grad.reshape(output.shape) / divisor
        total = np.zeros(images.shape, grad.dtype)
        for _, where, source in positions:
            total[(..., *source)] += share[(..., *where)]
        return total.reshape(np.shape(input))

    return (output if is_batched else output[0]), pullback


def _check(axes, input, kernel_size, stride, padding, dilation, ceil_mode):
    """The input batched, whether it was, the number of windows, and the options as tuples."""
    images, is_batched = batched(numeric(input, "input"), axes, "input")
    if min(images.shape[1:]) == 0:
        raise RuntimeError(f"input: only the batch axis may be empty, got shape {np.shape(input)}")
    *options, ceil_mode = pooling_options(axes, kernel_size, stride, padding, dilation, ceil_mode)
    windows = tuple(output_size(*lengths, ceil_mode) for lengths in zip(images.shape[2:], *options))
    if min(windows) < 1:
        kernel_size, _, padding, dilation = options
        raise RuntimeError(
            f"input: no window of size {size_text(kernel_size)} fits into {size_text(images.shape[2:])} "
            f"with padding {padding} and dilation {dilation}"
        )
    return images, is_batched, windows, *options


def pooling_options(axes, kernel_size, stride, padding, dilation, ceil_mode):
    """The options of a pooling operator, each as a tuple with one entry per spatial axis, and `ceil_mode`."""
    kernel_size = as_tuple(kernel_size, axes, "kernel_size", 1)
    no_stride = stride is None or (isinstance(stride, (tuple, list)) and not stride)
    stride = kernel_size if no_stride else as_tuple(stride, axes, "stride", 1)
    padding = as_tuple(padding, axes, "padding", 0)
    dilation = as_tuple(dilation, axes, "dilation", 1)
    for k, p in zip(kernel_size, padding):
        if p > k // 2:
            raise RuntimeError(
                f"padding: at most half of kernel_size, got padding={padding}, kernel_size={kernel_size}"
            )
    return kernel_size, stride, padding, dilation, as_bool(ceil_mode, "ceil_mode")
