"""Sliding windows: the arithmetic that convolution, unfolding and pooling share.

A window of `kernel_size` positions, `dilation` apart, moves in steps of `stride` over an input with `padding` on
both sides. Along one axis, output position o and kernel position u meet input position ::

    i = o * stride + u * dilation - padding

Everything here works on any number of spatial axes.
"""

import difflib
import itertools
import math
import numbers

import numpy as np

__all__ = ["output_size", "same_padding"]


def output_size(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    """How many windows fit along one axis.

    Parameters
    ----------
    size, kernel_size, stride, padding, dilation : int
        Lengths along the axis; `padding` is added on both sides.
    ceil_mode : bool
        Round up instead of down. A window that would start in the right-hand padding is still dropped.

    Returns
    -------
    int
        ``floor((size + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1``; below 1 if none fits.

    Source: the shape formula of ``torch.nn.Conv2d`` and ``torch.nn.MaxPool2d``; Dumoulin and Visin, "A guide to
    convolution arithmetic for deep learning" (2016), relationship 6.
    """
    last_start = size + 2 * padding - dilation * (kernel_size - 1) - 1
    if not ceil_mode:
        return last_start // stride + 1
    count = -(-last_start // stride) + 1
    return count - 1 if (count - 1) * stride >= size + padding else count


def same_padding(kernel_size, dilation=1):
    """The padding ``(before, after)`` along one axis that ``padding="same"`` stands for, after the odd one more."""
    total = dilation * (kernel_size - 1)
    return total // 2, total - total // 2


def padding_pairs(padding, kernel_size, dilation):
    """The padding of a convolution, a tuple, "same" or "valid", as pairs (before, after), one for each axis."""
    if padding == "same":
        return [same_padding(k, d) for k, d in zip(kernel_size, dilation)]
    return [(p, p) for p in ((0,) * len(kernel_size) if padding == "valid" else padding)]


def as_generator(generator):
    """`generator`, or an error where random numbers are needed and there is none to draw them from."""
    if not isinstance(generator, np.random.Generator):
        raise TypeError(f"generator: expected a numpy.random.Generator, got {generator!r}")
    return generator


def as_int(value, name, minimum=None):
    """`value`, an int of at least `minimum`, or an error naming `name`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}: expected an int, got {value!r}")
    if minimum is not None and value < minimum:
        raise RuntimeError(f"{name}: must be at least {minimum}, got {value!r}")
    return int(value)


def as_bool(value, name):
    """`value`, a bool, or an error naming `name`."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected a bool, got {value!r}")
    return bool(value)


def as_number(value, name):
    """`value`, a real number, as a Python number, which widens no dtype; or an error naming `name`."""
    if getattr(value, "ndim", None) == 0 and not getattr(value, "requires_grad", False):
        value = value.item()  # an array or tensor that holds one
    if not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    return value


def as_tuple(value, count, name, minimum=None, allow_single=True):
    """`value`, an int or a sequence of `count` ints, as a tuple; at least `minimum`, or an error naming `name`."""
    sequence = isinstance(value, (tuple, list))
    values = tuple(value) if sequence else (value,)
    for item in values:
        if isinstance(item, (bool, np.bool_)) or not isinstance(item, numbers.Integral):
            raise TypeError(f"{name}: expected an int or {count} ints, got {value!r}")
    if len(values) == 1 and (allow_single or not sequence):
        values *= count
    if len(values) != count:
        raise RuntimeError(f"{name}: expected an int or {count} ints, got {value!r}")
    if minimum is not None and min(values) < minimum:
        wanted = "at least 1" if minimum == 1 else "not negative"
        raise RuntimeError(f"{name}: must be {wanted}, got {value!r}")
    return tuple(int(item) for item in values)


def numeric(array, name):
    """`array` as an array of real numbers, or an error naming it."""
    array = np.asarray(array)
    if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        raise NotImplementedError(f"{name}: expected real numbers, got {array.dtype}")
    return array


def taps(size, windows, kernel_size, stride, padding, dilation):
    """Walk over the kernel's positions and say which windows meet the input there.

    All arguments are tuples with one entry per spatial axis; `size` is the input's, `windows` the number of windows,
    `padding` what stands before the input.

    Yields
    ------
    tap : tuple of int
        The position in the kernel.
    where : tuple of slice
        The windows for which this position lies on the input rather than on padding.
    source : tuple of slice
        The input elements that it meets, as many.
    """
    ranges = [
        [_meeting(n, m, u * d - p, s) for u in range(k)]
        for n, m, k, s, p, d in zip(size, windows, kernel_size, stride, padding, dilation)
    ]
    for tap in itertools.product(*map(range, kernel_size)):
        meetings = [ranges[axis][u] for axis, u in enumerate(tap)]
        if None not in meetings:
            yield tap, tuple(where for where, _ in meetings), tuple(source for _, source in meetings)


def _meeting(size, windows, offset, stride):
    """Slices of windows and input along one axis where ``0 <= window * stride + offset < size``."""
    first = max(0, -(offset // stride))
    stop = min(windows, (size - 1 - offset) // stride + 1)
    if first >= stop:
        return None
    start = first * stride + offset
    return slice(first, stop), slice(start, start + (stop - first - 1) * stride + 1, stride)


def unroll(input, columns, stride, padding, dilation):
    """Copy every window of `input`, ``(N, C, *size)``, into `columns`, ``(N, C, *kernel_size, *windows)``.

    What falls on padding is left as it is in `columns`: hand in zeros, and the same buffer serves again.
    """
    axes = input.ndim - 2
    kernel_size, windows = columns.shape[2 : 2 + axes], columns.shape[2 + axes :]
    for tap, where, source in taps(input.shape[2:], windows, kernel_size, stride, padding, dilation):
        columns[(..., *tap, *where)] = input[(..., *source)]
    return columns


def roll_up(columns, output, stride, padding, dilation):
    """Add every window back onto `output`, ``(N, C, *size)``: the transpose of :func:`unroll`."""
    axes = output.ndim - 2
    kernel_size, windows = columns.shape[2 : 2 + axes], columns.shape[2 + axes :]
    for tap, where, source in taps(output.shape[2:], windows, kernel_size, stride, padding, dilation):
        output[(..., *source)] += columns[(..., *tap, *where)]
    return output


def batched(input, axes, name):
    """`input` with a leading batch axis, and whether it had one; `axes` spatial axes after the channels."""
    if input.ndim == axes + 2:
        return input, True
    if input.ndim == axes + 1:
        return input[np.newaxis], False
    raise RuntimeError(
        f"{name}: expected {axes + 1} axes (unbatched) or {axes + 2} axes (batched), got shape {input.shape}"
    )


def size_text(sizes):
    """Sizes as a reader expects them, ``3 x 4``."""
    return " x ".join(map(str, sizes))


def nearest(name, names):
    """The end of a message: which of `names` may be meant."""
    inner = [other for other in names if other.endswith(f".{name}")]
    nearest = inner[:3] or difflib.get_close_matches(str(name), names, cutoff=0.5) or list(names)[:5]
    return f"; did you mean {', '.join(map(repr, nearest))}?"


def volume(sizes):
    """The number of elements of an array of shape `sizes`."""
    return math.prod(sizes)
