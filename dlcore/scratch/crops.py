"""Images of another size: crops, padding, and resizing.

Images are floating point, (N, C, H, W) or one (C, H, W). Where a function takes a number "or one for each image", that is
an array of shape (N,). Names and meanings are those of ``torchvision.transforms.v2``.
"""

import math

import numpy as np

from .interpolation import cubic, interpolate, triangle
from .transform import as_size, check_fill, filling, images, number_in_range, unbatched, whole_numbers
from .warps import flipped
from .windows import as_bool

__all__ = ["center_crop", "crop", "five_crop", "pad", "resize", "resized_crop", "ten_crop"]


# Crops and padding


def crop(input, top, left, height, width):
    """Cut out ``input[..., top : top + height, left : left + width]``, with zeros for what lies outside.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    top, left : int or array of shape (N,)
    height, width : int
        At least 1.

    Returns
    -------
    array, shape (N, C, height, width) or (C, height, width)

    Raises
    ------
    TypeError
        An input that is not floating point, options that are not ints.
    ValueError
        Another number of axes, another number of values than images, a size below 1.

    Source: ``torchvision.transforms.v2.functional.crop``.
    """
    input, batched = images(input)
    size = as_size((height, width), "height, width")
    corners = whole_numbers(len(input), top=top, left=left)
    # A corner further out than this sees only zeros as well.
    corners = [np.clip(corner, -n, m) for corner, n, m in zip(corners, size, input.shape[2:])]
    before = [max(0, -int(corner.min(initial=0))) for corner in corners]
    after = [
        max(0, int(corner.max(initial=0)) + n - m) for corner, n, m in zip(corners, size, input.shape[2:])
    ]
    if any(before + after):
        input = np.pad(input, [(0, 0), (0, 0), *zip(before, after)])
    top, left = (corner + margin for corner, margin in zip(corners, before))
    if top.ndim == left.ndim == 0:
        return unbatched(input[:, :, top : top + size[0], left : left + size[1]].copy(), batched)
    windows = np.lib.stride_tricks.sliding_window_view(input, size, (2, 3))
    return unbatched(windows[np.arange(len(input)), :, top, left], batched)


def center_crop(input, output_size):
    """Cut out the middle, with zeros around it where the output is larger.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    output_size : int or (int, int)
        Height and width; one int for both.

    Returns
    -------
    array, shape (N, C, ``*output_size``) or (C, ``*output_size``)

    Raises
    ------
    TypeError, ValueError
        As for :func:`crop`.

    Source: ``torchvision.transforms.v2.functional.center_crop``.
    """
    size = as_size(output_size, "output_size")
    return crop(input, *center_corner(images(input)[0].shape[2:], size), *size)


def five_crop(input, size):
    """The four corners and the middle.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    size : int or (int, int)
        Height and width; one int for both.

    Returns
    -------
    tuple of 5 arrays
        Top left, top right, bottom left, bottom right, middle.

    Raises
    ------
    TypeError
        As for :func:`crop`.
    ValueError
        As for :func:`crop`; a size larger than the image.

    Source: ``torchvision.transforms.v2.functional.five_crop``.
    """
    corners, size = five_corners(images(input)[0].shape[2:], size)
    return tuple(crop(input, *corner, *size) for corner in corners)


def ten_crop(input, size, vertical_flip=False):
    """:func:`five_crop` of the images and of their mirror images: what AlexNet averages its predictions over.

    Parameters
    ----------
    input, size
        As for :func:`five_crop`.
    vertical_flip : bool
        Mirror top to bottom instead of left to right.

    Returns
    -------
    tuple of 10 arrays

    Raises
    ------
    TypeError, ValueError
        As for :func:`five_crop`; a `vertical_flip` that is not a bool.

    Source: ``torchvision.transforms.v2.functional.ten_crop``; Krizhevsky, Sutskever and Hinton, "ImageNet classification
    with deep convolutional neural networks" (2012), section 4.1.
    """
    axis = 2 if as_bool(vertical_flip, "vertical_flip") else 3
    return five_crop(input, size) + five_crop(flipped(input, None, axis), size)


def pad(input, padding, fill=0, padding_mode="constant"):
    """Add pixels around the images.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    padding : int or sequence of 1, 2 or 4 ints
        On all sides; left and right, top and bottom; or left, top, right, bottom. Not negative.
    fill : float or sequence of C floats
        For "constant".
    padding_mode : {"constant", "edge", "reflect", "symmetric"}
        `fill`; the outermost pixel; the image mirrored at its outermost pixels, or at its edge, which repeats these.

    Returns
    -------
    array, shape (N, C, H', W') or (C, H', W')

    Raises
    ------
    TypeError
        An input that is not floating point, options of another type.
    ValueError
        Another number of axes, a negative `padding`, one larger than can be mirrored, an unknown `padding_mode`, a `fill`
        without use or for another number of channels.

    Source: ``torchvision.transforms.v2.functional.pad``.
    """
    input, batched = images(input)
    sides = padded_sides(padding, fill, padding_mode, input.shape)
    if padding_mode != "constant":
        return unbatched(np.pad(input, [(0, 0), (0, 0), *sides], mode=padding_mode), batched)
    (top, bottom), (left, right) = sides
    count, channels, height, width = input.shape
    output = np.empty((count, channels, top + height + bottom, left + width + right), input.dtype)
    output[:] = filling(fill, input)
    output[:, :, top : top + height, left : left + width] = input
    return unbatched(output, batched)


# Other sizes


def resize(input, size, interpolation="bilinear", max_size=None, antialias=True):
    """Scale images to another size: :func:`dlcore.scratch.interpolate`.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    size : int or (int, int)
        Height and width. One int is the shorter side, and the ratio of the sides stays: ``int(size * longer / shorter)``.
    interpolation : {"nearest", "nearest-exact", "bilinear", "bicubic"}
    max_size : int, optional
        The longer side's limit; with one int for `size` only, and larger than that.
    antialias : bool
        Let every pixel count where images shrink. Means nothing to the first two.

    Returns
    -------
    array, shape (N, C, H', W') or (C, H', W')

    Raises
    ------
    TypeError
        An input that is not floating point, options of another type.
    ValueError
        Another number of axes, an empty image, a size below 1, a `max_size` that is no limit, an unknown `interpolation`.

    Source: ``torchvision.transforms.v2.functional.resize``.
    """
    input, batched = images(input)
    size = resized_size(input.shape, size, max_size)
    return unbatched(np.asarray(interpolate(input, size, **resampling(interpolation, antialias))), batched)


def resized_crop(input, top, left, height, width, size, interpolation="bilinear", antialias=True):
    """:func:`crop`, then :func:`resize`.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    top, left, height, width : int or array of shape (N,)
        The crop, within the image.
    size : int or (int, int)
        As for :func:`resize`; height and width where crops differ from image to image.
    interpolation, antialias
        As for :func:`resize`.

    Returns
    -------
    array, shape (N, C, H', W') or (C, H', W')

    Raises
    ------
    TypeError
        As for :func:`resize`.
    ValueError
        As for :func:`resize`; a crop that does not lie within the image, one int for `size` where crops differ.

    Source: ``torchvision.transforms.v2.functional.resized_crop``.
    """
    input, batched = images(input)
    box = whole_numbers(len(input), top=top, left=left) + whole_numbers(
        len(input), 1, height=height, width=width
    )
    check_box(*box, input.shape[2:])
    if all(side.ndim == 0 for side in box):
        return unbatched(resize(crop(input, *map(int, box)), size, interpolation, None, antialias), batched)
    options, size = resampling(interpolation, antialias), as_size(size, "size", single=False)
    top, left, height, width = (np.broadcast_to(side, len(input)) for side in box)
    work = np.result_type(input.dtype, np.float32)
    output = np.empty((*input.shape[:2], *size), input.dtype)
    step = max(1, RESAMPLED // max(1, size[0] * input.shape[2] + size[1] * input.shape[3]))
    for start in range(0, len(input), step):
        some = slice(start, start + step)
        rows, columns = (
            _resampling(start[some], length[some], count, outputs, **options).astype(work)[:, np.newaxis]
            for start, length, count, outputs in zip((top, left), (height, width), input.shape[2:], size)
        )
        output[some] = rows @ input[some] @ columns.swapaxes(2, 3)
    return unbatched(output, batched)


RESAMPLED = 1 << 18
"""Elements of resampling matrices to make at a time."""


def _resampling(start, length, count, outputs, mode, align_corners=None, antialias=False):
    """Matrices (N, outputs, count) that make `outputs` elements of `length` ones of `count`, from `start` on.

    The same weights as :func:`dlcore.scratch.interpolate`'s, for another part of each line.
    """
    start, length = start.reshape(-1, 1, 1), length.reshape(-1, 1, 1)
    output, inputs = np.arange(outputs)[:, np.newaxis], np.arange(count)
    if mode.startswith("nearest"):
        taken = (
            (2 * output + 1) * length // (2 * outputs)
            if mode == "nearest-exact"
            else output * length // outputs
        )
        return (inputs == start + taken).astype(float)
    filter, reach = (cubic, 2) if mode == "bicubic" else (triangle, 1)
    if antialias:
        distances = inputs + 0.5 - start - (output + 0.5) * length / outputs
        distances /= np.maximum(length / outputs, 1)
        weights = cubic(distances, -0.5) if mode == "bicubic" else triangle(distances)
        weights *= (inputs >= start) & (inputs < start + length)
        return weights / weights.sum(2, keepdims=True)
    positions = (output + 0.5) * length / outputs - 0.5
    below = np.floor(positions)
    weights = np.zeros((len(start), outputs, count))
    for tap in range(1 - reach, reach + 1):  # those outside the crop count for its outermost element
        place = start + np.clip(below + tap, 0, length - 1)
        weights += filter(positions - below - tap) * (inputs == place)
    return weights


# Checks of the options, which serve both backends


def center_corner(sizes, size):
    """Top and left of the middle, as torchvision rounds: a crop's halves to even, what is padded before it down."""
    return tuple(
        round((count - n) / 2) if n <= count else -((n - count) // 2) for count, n in zip(sizes, size)
    )


def five_corners(sizes, size):
    """Top and left of the crops of :func:`five_crop`, and their size."""
    size = as_size(size, "size")
    bottom, right = (count - n for count, n in zip(sizes, size))
    if min(bottom, right) < 0:
        raise ValueError(f"size: expected at most {tuple(sizes)}, got {size!r}")
    return ((0, 0), (0, right), (bottom, 0), (bottom, right), center_corner(sizes, size)), size


def as_sides(padding):
    """`padding` as pairs (before, after) of the rows and of the columns."""
    values = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,)
    if len(values) not in (1, 2, 4):
        raise ValueError(f"padding: expected 1, 2 or 4 ints, got {padding!r}")
    values = [int(number_in_range(value, "padding", 0, whole=True)) for value in values]
    left, top, right, bottom = values * (4 // len(values))
    return (top, bottom), (left, right)


def check_padding_mode(padding_mode, fill):
    """An error unless `padding_mode` is known and goes with `fill`."""
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError(
            f"padding_mode: expected 'constant', 'edge', 'reflect' or 'symmetric', got {padding_mode!r}"
        )
    if any(check_fill(fill)) and padding_mode != "constant":
        raise ValueError(f"fill: goes with padding_mode='constant' only, got {fill!r}")


def padded_sides(padding, fill, padding_mode, shape):
    """As :func:`as_sides`, for images of this shape."""
    check_padding_mode(padding_mode, fill)
    sides = as_sides(padding)
    # A mirror shows every pixel once, or all but the one that it stands on.
    missing = {"constant": -math.inf, "edge": -math.inf, "reflect": 1, "symmetric": 0}[padding_mode]
    for around, count in zip(sides, shape[2:]):
        if max(around) > count - missing or (count == 0 and padding_mode != "constant"):
            raise ValueError(
                f"padding: too large for padding_mode={padding_mode!r} and shape {tuple(shape)}: {padding!r}"
            )
    return sides


def resized_size(shape, size, max_size):
    """Height and width that :func:`resize` makes of images (N, C, H, W)."""
    if 0 in shape[1:]:
        raise ValueError(f"input: only the batch may be empty, got shape {tuple(shape)}")
    if isinstance(size, (tuple, list)) and len(size) != 1:
        if max_size is not None:
            raise ValueError(f"max_size: goes with one int for size only, got size={size!r}")
        return as_size(size, "size")
    shorter, _ = as_size(size, "size")
    height, width = shape[2:]
    longer = int(shorter * max(height, width) / min(height, width))
    if max_size is not None:
        if number_in_range(max_size, "max_size", whole=True) <= shorter:
            raise ValueError(f"max_size: expected more than size, {shorter}, got {max_size!r}")
        if longer > max_size:
            shorter, longer = max(1, int(max_size * shorter / longer)), max_size
    return (shorter, longer) if height <= width else (longer, shorter)


def resampling(interpolation, antialias):
    """The options of :func:`dlcore.scratch.interpolate`."""
    as_bool(antialias, "antialias")
    if interpolation in ("nearest", "nearest-exact"):
        return {"mode": interpolation}
    if interpolation not in ("bilinear", "bicubic"):
        raise ValueError(
            f"interpolation: expected 'nearest', 'nearest-exact', 'bilinear' or 'bicubic', got {interpolation!r}"
        )
    return {"mode": interpolation, "align_corners": False, "antialias": bool(antialias)}


def check_box(top, left, height, width, sizes):
    """An error unless rectangles, arrays, lie within images (H, W)."""
    for name, start, length, count in zip(("top", "left"), (top, left), (height, width), sizes):
        if (start < 0).any() or (start + length > count).any():
            raise ValueError(
                f"{name}: expected a crop within {tuple(sizes)}, got {start.tolist()} and the size {length.tolist()}"
            )
