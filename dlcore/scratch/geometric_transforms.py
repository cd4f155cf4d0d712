"""Moving pixels: flips, rotations, crops, erasing; the last part of the file draws them at random.

Images are floating point, (N, C, H, W) or one (C, H, W). Where a function takes a number "or one for each image", that is
an array of shape (N,). Names and meanings are those of ``torchvision.transforms.v2``. Positions are (x, y) from the upper
left corner, x to the right and y down, and pixel (0, 0) covers the square from (0, 0) to (1, 1): its centre is at (1/2,
1/2), the centre of the image at (W / 2, H / 2).
"""

import math
import numbers

import numpy as np

from .interpolation import cubic, interpolate, triangle
from .transform import (
    Transform,
    as_probability,
    images,
    number_in_range,
    require_count,
    uniform,
    values_in_range,
)
from .windows import as_bool, volume

__all__ = [
    "CenterCrop", "Cutout", "RandomAffine", "RandomCrop", "RandomErasing", "RandomHorizontalFlip",
    "RandomResizedCrop", "RandomRotation", "RandomScale", "RandomTranslation", "RandomVerticalFlip",
    "affine", "center_crop", "crop", "cutout", "erase", "five_crop", "horizontal_flip", "pad", "resize",
    "resized_crop", "rotate", "scale", "ten_crop", "translate", "vertical_flip",
]  # fmt: skip


# Flips


def horizontal_flip(input, where=None):
    """Mirror images left to right: ``output[..., x] = input[..., W - 1 - x]``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    where : bool or array of shape (N,), optional
        Which images; by default all.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, a `where` that is not bool.
    ValueError
        Another number of axes, another number of choices than images.

    Source: ``torchvision.transforms.v2.functional.horizontal_flip``, which has no `where`.
    """
    return _flipped(input, where, 3)


def vertical_flip(input, where=None):
    """Mirror images top to bottom: ``output[..., y, :] = input[..., H - 1 - y, :]``.

    Arguments and errors are those of :func:`horizontal_flip`.

    Source: ``torchvision.transforms.v2.functional.vertical_flip``, which has no `where`.
    """
    return _flipped(input, where, 2)


def _flipped(input, where, axis):
    input, batched = images(input)
    where = np.asarray(True if where is None else where)
    check_choices(where.dtype == bool, where.shape, len(input))
    where = where.reshape(-1, 1, 1, 1)
    return _like(np.where(where, np.flip(input, axis), input), batched)


def _like(output, batched):
    return output if batched else output[0]


# Rotations and other affine maps


def affine(input, angle, translate, scale, shear, interpolation="nearest", fill=0, center=None):
    """Shear, scale, rotate and move: the pixel at p goes to ``scale R S (p - center) + center + translate``.

    With y pointing down ``R = [[cos a, -sin a], [sin a, cos a]]`` turns clockwise by the `angle` a, and ::

        S = [[1, 0], [-tan sy, 1]] [[1, -tan sx], [0, 1]]

    shears by `shear` = (sx, sy). Each output pixel is interpolated where the inverse map leads.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    angle : float or array of shape (N,)
        Degrees, clockwise (:func:`rotate` turns the other way).
    translate : pair of float or of arrays of shape (N,)
        Pixels to the right and down.
    scale : float or array of shape (N,)
        Above 0.
    shear : float, array of shape (N,), or a pair of these
        Degrees between -90 and 90, along x and along y; one is along x.
    interpolation : {"nearest", "bilinear"}
        The nearest pixel (of two the even one), or between the four around.
    fill : float or sequence of C floats
        What lies outside the image.
    center : pair of float, optional
        (x, y), by default the image's centre.

    Returns
    -------
    array, of the input's shape
        Whole-pixel translations and quarter turns of square images copy the pixels exactly.

    Raises
    ------
    TypeError
        An input that is not floating point, options that are not numbers.
    ValueError
        Another number of axes, another number of values than images, options out of range, an unknown `interpolation`.

    Source: ``torchvision.transforms.v2.functional.affine``.
    """
    input, batched = images(input)
    count, channels, *sizes = input.shape
    angle, scale = _per_image(angle, count, "angle"), _per_image(scale, count, "scale", SMALLEST)
    moves = [_per_image(move, count, "translate") for move in as_pair(translate, "translate")]
    shears = [_per_image(value, count, "shear", -STEEPEST, STEEPEST) for value in shear_pair(shear)]
    matrix = _inverse(angle, moves, scale, shears, center_shift(center, sizes))
    smooth, fill = is_smooth(interpolation), fills(fill, channels)
    return _like(_warp(input, matrix, tuple(sizes), smooth, fill), batched)


def rotate(input, angle, interpolation="nearest", expand=False, center=None, fill=0):
    """Turn images counter-clockwise about their centre.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    angle : float or array of shape (N,)
        Degrees, counter-clockwise.
    interpolation, fill, center
        As for :func:`affine`.
    expand : bool
        Make the output as large as the turned image needs; all images of a batch become as large as the largest.

    Returns
    -------
    array, of the input's shape, or (N, C, H', W') with `expand`

    Raises
    ------
    TypeError
        As for :func:`affine`; an `expand` that is not a bool.
    ValueError
        As for :func:`affine`; both `expand` and `center`.

    Source: ``torchvision.transforms.v2.functional.rotate``.
    """
    input, batched = images(input)
    count, channels, *sizes = input.shape
    angle = _per_image(angle, count, "angle")
    matrix = _inverse(-angle, (0, 0), 1, (0, 0), center_shift(center, sizes))
    size = expanded_size(angle, sizes) if check_expand(expand, center) else tuple(sizes)
    return _like(_warp(input, matrix, size, is_smooth(interpolation), fills(fill, channels)), batched)


def translate(input, translate, interpolation="nearest", fill=0):
    """Move images by `translate` = (x, y) pixels to the right and down: :func:`affine` with nothing else.

    Source: ``torchvision.transforms.v2.functional.affine``.
    """
    return affine(input, 0, translate, 1, 0, interpolation, fill)


def scale(input, scale, interpolation="nearest", fill=0, center=None):
    """Enlarge images `scale` times about their centre, the output's size being the input's: :func:`affine`.

    Source: ``torchvision.transforms.v2.functional.affine``.
    """
    return affine(input, 0, (0, 0), scale, 0, interpolation, fill, center)


def _per_image(value, count, name, low=-math.inf, high=math.inf):
    return values_in_range(value, count, name, low, high).astype(float).reshape(-1)


def _inverse(angle, translate, scale, shear, shift):
    """The matrices (N, 2, 3) from output to input positions, both relative to their images' centres.

    ``R S`` has determinant 1; its inverse is ``[[d, -b], [-c, a]]``.
    """
    angle, shear_x, shear_y, scale = np.broadcast_arrays(*map(np.radians, (angle, *shear)), scale)
    a = np.cos(angle - shear_y) / np.cos(shear_y)
    c = np.sin(angle - shear_y) / np.cos(shear_y)
    b = -a * np.tan(shear_x) - np.sin(angle)
    d = -c * np.tan(shear_x) + np.cos(angle)
    # cos(pi / 2) is not quite 0 in floating point. Without this, quarter turns would not copy pixels exactly.
    a, b, c, d = (np.rint(entry / scale * GRAIN) / GRAIN for entry in (a, b, c, d))
    x, y = (center + move for center, move in zip(shift, translate))
    rows = (d, -b, shift[0] - d * x + b * y), (-c, a, shift[1] + c * x - a * y)
    return np.stack([np.stack(np.broadcast_arrays(*row), -1) for row in rows], -2)


GRAIN = 2.0**44
"""Matrices are rounded to multiples of its inverse: far finer than any image shows."""


def expanded_size(angle, sizes):
    """Height and width that hold images of this size, turned by each of the angles (an array)."""
    height, width = sizes
    angle = np.radians(angle)
    cos, sin = np.abs(np.cos(angle)), np.abs(np.sin(angle))
    extents = height * cos + width * sin, width * cos + height * sin
    quarter = np.minimum(cos, sin) < 1e-9
    # A side grows by whole pixels at either end, but for quarter turns; the tolerance is for what is whole but for rounding.
    grown = [np.ceil((extent - size) / 2 - 1e-4) for extent, size in zip(extents, sizes)]
    return tuple(
        int(np.where(quarter, np.rint(extent), size + 2 * pixels).max(initial=1))
        for extent, size, pixels in zip(extents, sizes, grown)
    )


BLOCK = 1 << 13
"""Pixels sampled at a time, so that what is computed for them stays in the cache."""


def _warp(input, matrix, size, bilinear, fill):
    """Images of this `size`, each output pixel read from where the matrices, (N or 1, 2, 3), lead."""
    count, channels, height, width = input.shape
    output = np.empty((count, channels, *size), input.dtype)
    work = np.result_type(input.dtype, np.float32) if bilinear else np.dtype(float)
    if output.size == 0 or height * width == 0:
        output[:] = fill[:, np.newaxis, np.newaxis]
        return output
    columns, rows = _lines(np.broadcast_to(matrix, (count, 2, 3)), size, (height, width), work)
    images_at_once = max(1, BLOCK // volume(size))
    rows_at_once = max(1, BLOCK // size[1])
    for start in range(0, count, images_at_once):
        some = slice(start, start + images_at_once)
        planes = _bordered(input[some], fill, work if bilinear else input.dtype)
        for top in range(0, size[0], rows_at_once):
            lines = slice(top, top + rows_at_once)
            positions = columns[some, :, np.newaxis, :] + rows[some, :, lines, np.newaxis]
            _sample(planes, positions, (height, width), bilinear, output[some, :, lines])
    return output


def _lines(matrix, size, sizes, dtype):
    """What column and row of an output pixel add to its (x, y) on the input.

    Two arrays, (N, 2, columns) and (N, 2, rows).
    """
    row, column = (np.arange(count) - (count - 1) / 2 for count in size)
    middle = (np.array(sizes[::-1]) - 1) / 2
    columns = matrix[:, :, 0, np.newaxis] * column
    rows = matrix[:, :, 1, np.newaxis] * row + (matrix[:, :, 2] + middle)[:, :, np.newaxis]
    return columns.astype(dtype), rows.astype(dtype)


def _bordered(input, fill, dtype):
    """Images with a border of one pixel, (C, N, H + 2, W + 2): whatever is outside is read there."""
    count, channels, height, width = input.shape
    planes = np.empty((channels, count, height + 2, width + 2), dtype)
    planes[:] = fill[:, np.newaxis, np.newaxis, np.newaxis]
    planes[:, :, 1:-1, 1:-1] = input.swapaxes(0, 1)
    return planes


def _sample(planes, positions, sizes, bilinear, output):
    """The bordered images `planes` at `positions`, (N, 2, rows, columns), into `output`, (N, C, rows, columns)."""
    (height, width), stride = sizes, sizes[1] + 2
    x, y = positions.swapaxes(0, 1)
    np.clip(x, -1, width, out=x)
    np.clip(y, -1, height, out=y)
    left, above = np.floor(x) if bilinear else np.rint(x), np.floor(y) if bilinear else np.rint(y)
    if bilinear:
        x -= left
        y -= above
    places = above.astype(np.intp)
    places *= stride
    places += left.astype(np.intp)
    first = np.arange(len(places)) * (stride * (height + 2)) + stride + 1  # behind the border
    places += first[:, np.newaxis, np.newaxis]
    for channel, plane in enumerate(planes.reshape(len(planes), -1)):
        value = plane.take(places, mode="wrap")  # past the end the weights are 0
        if bilinear:
            value = _between(value, plane[1:].take(places, mode="wrap"), x)
            below = plane[stride:].take(places, mode="wrap")
            value = _between(value, _between(below, plane[stride + 1 :].take(places, mode="wrap"), x), y)
        output[:, channel] = value


def _between(first, second, weight):
    """``(1 - weight) first + weight second``; changes both."""
    second -= first
    second *= weight
    first += second
    return first


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
    corners = _whole(len(input), top=top, left=left)
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
        return _like(input[:, :, top : top + size[0], left : left + size[1]].copy(), batched)
    windows = np.lib.stride_tricks.sliding_window_view(input, size, (2, 3))
    return _like(windows[np.arange(len(input)), :, top, left], batched)


def _whole(count, low=-math.inf, **options):
    """Each option, an int or one for each image, as an array."""
    return [values_in_range(value, count, name, low, whole=True) for name, value in options.items()]


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
    return five_crop(input, size) + five_crop(_flipped(input, None, axis), size)


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
        return _like(np.pad(input, [(0, 0), (0, 0), *sides], mode=padding_mode), batched)
    (top, bottom), (left, right) = sides
    count, channels, height, width = input.shape
    output = np.empty((count, channels, top + height + bottom, left + width + right), input.dtype)
    output[:] = fills(fill, channels)[:, np.newaxis, np.newaxis]
    output[:, :, top : top + height, left : left + width] = input
    return _like(output, batched)


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
    return _like(np.asarray(interpolate(input, size, **resampling(interpolation, antialias))), batched)


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
    box = _whole(len(input), top=top, left=left) + _whole(len(input), 1, height=height, width=width)
    check_box(*box, input.shape[2:])
    if all(side.ndim == 0 for side in box):
        return _like(resize(crop(input, *map(int, box)), size, interpolation, None, antialias), batched)
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
    return _like(output, batched)


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


# Erasing


def erase(input, i, j, h, w, v=0):
    """Overwrite a rectangle, ``output[..., i : i + h, j : j + w] = v``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    i, j : int or array of shape (N,)
        The upper left corner, which may lie outside (there is nothing to count from the end).
    h, w : int or array of shape (N,)
        Height and width, not negative.
    v : float or array_like
        Anything that broadcasts to the shape of the images, of which the rectangle is taken: a number, (C, 1, 1) for a
        colour, (N, C, H, W) for noise.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, options that are not ints.
    ValueError
        Another number of axes, another number of values than images, a negative size, a `v` that does not broadcast.

    Source: ``torchvision.transforms.v2.functional.erase``; Zhong et al., "Random erasing data augmentation" (2017). There
    `v` has the size of the rectangle, which here may differ from image to image.
    """
    input, batched = images(input)
    values = np.asarray(v, input.dtype)
    check_erased(values.shape, input.shape)
    corner, size = _whole(len(input), i=i, j=j), _whole(len(input), 0, h=h, w=w)
    rows, columns = (
        (np.arange(count) >= start.reshape(-1, 1)) & (np.arange(count) < (start + length).reshape(-1, 1))
        for count, start, length in zip(input.shape[2:], corner, size)
    )
    inside = rows[:, np.newaxis, :, np.newaxis] & columns[:, np.newaxis, np.newaxis]
    return _like(np.where(inside, values, input), batched)


def cutout(input, y, x, size, fill=0):
    """Overwrite a square around (x, y); what of it lies outside the image is lost.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    y, x : int or array of shape (N,)
        The pixel in the middle; for an even size the one right of and below the middle.
    size : int or (int, int)
        Height and width; one int for both.
    fill : float or sequence of C floats

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError, ValueError
        As for :func:`erase`.

    Source: DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout" (2017).
    """
    height, width = as_size(size, "size")
    colour = fills(fill, images(input)[0].shape[1])[:, np.newaxis, np.newaxis]
    y, x = _whole(len(images(input)[0]), y=y, x=x)
    return erase(input, y - height // 2, x - width // 2, height, width, colour)


# At random: for each image numbers of its own


class GeometricTransform(Transform):
    """What the transforms of this file share: `function` does the change, with what is drawn and with `_options`.

    The pytorch side has another `function` and other draws; what is done with the numbers is written in operators that
    arrays and tensors have in common.
    """

    function = None
    _options = ()
    _images = staticmethod(images)

    def apply(self, batch, **parameters):
        """`batch` changed by what was drawn."""
        return self.function(batch, **parameters, **{name: getattr(self, name) for name in self._options})

    def _uniform(self, batch, generator, low=0.0, high=1.0, count=()):
        """Numbers from `low` to `high`, one (or so many) for each image."""
        return uniform((len(self._images(batch)[0]), *count), generator, low, high)

    def _floor(self, values):
        return np.floor(values).astype(np.intp)

    def _place(self, batch, generator, rooms):
        """An int from 0 to below `rooms`, an int or one for each image."""
        return self._floor(self._uniform(batch, generator) * rooms)


class RandomHorizontalFlip(GeometricTransform):
    """Mirror each image left to right with probability `p`.

    Parameters
    ----------
    p : float, from 0 to 1

    Raises
    ------
    TypeError
        Not a number.
    ValueError
        Out of range.

    Source: ``torchvision.transforms.v2.RandomHorizontalFlip``.
    """

    function = staticmethod(horizontal_flip)

    def __init__(self, p=0.5):
        self.p = as_probability(p)

    def draw(self, batch, generator=None):
        """`where`: for each image whether it is mirrored."""
        return {"where": self._uniform(batch, generator) < self.p}


class RandomVerticalFlip(RandomHorizontalFlip):
    """Mirror each image top to bottom with probability `p`: as :class:`RandomHorizontalFlip`.

    Source: ``torchvision.transforms.v2.RandomVerticalFlip``.
    """

    function = staticmethod(vertical_flip)


class RandomRotation(GeometricTransform):
    """Turn each image by a random angle, see :func:`rotate`.

    Parameters
    ----------
    degrees : float or (float, float)
        Angles are drawn evenly from `min` to `max`, counter-clockwise; d stands for (-d, d).
    interpolation, expand, center, fill
        As for :func:`rotate`. With `expand` a batch is as large as its largest image needs.

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        Negative `degrees`, the larger first, options out of range or unknown.

    Source: ``torchvision.transforms.v2.RandomRotation``.
    """

    function = staticmethod(rotate)
    _options = ("interpolation", "expand", "center", "fill")

    def __init__(self, degrees, interpolation="nearest", expand=False, center=None, fill=0):
        is_smooth(interpolation), check_expand(expand, center), check_fill(fill), center_shift(center, (0, 0))
        self.degrees = symmetric(degrees, "degrees")
        self.interpolation, self.expand, self.center, self.fill = interpolation, expand, center, fill

    def draw(self, batch, generator=None):
        """`angle`, in degrees."""
        return {"angle": self._uniform(batch, generator, *self.degrees)}


class RandomAffine(GeometricTransform):
    """Turn, move, scale and shear each image at random, see :func:`affine`. All are drawn evenly.

    Parameters
    ----------
    degrees : float or (float, float)
        Angles from `min` to `max`, clockwise; d stands for (-d, d).
    translate : (float, float), optional
        From -a W to a W pixels to the right and from -b H to b H down, rounded to whole ones; a and b from 0 to 1.
    scale : (float, float), optional
        From `min` to `max`, above 0.
    shear : float or sequence of 2 or 4 floats, optional
        Degrees: along x from `min` to `max`, and with four also along y; s stands for (-s, s).
    interpolation, fill, center
        As for :func:`affine`.

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        Negative `degrees`, the larger number first, options out of range or unknown.

    Source: ``torchvision.transforms.v2.RandomAffine``.
    """

    function = staticmethod(affine)
    _options = ("interpolation", "fill", "center")

    def __init__(
        self, degrees, translate=None, scale=None, shear=None, interpolation="nearest", fill=0, center=None
    ):  # fmt: skip
        is_smooth(interpolation), check_fill(fill), center_shift(center, (0, 0))
        self.degrees = symmetric(degrees, "degrees")
        self.translate = None if translate is None else fractions(translate, "translate")
        self.scale = None if scale is None else interval(scale, "scale", SMALLEST)
        self.shear = None if shear is None else shear_intervals(shear)
        self.interpolation, self.fill, self.center = interpolation, fill, center

    def draw(self, batch, generator=None):
        """`angle`, `translate` = (x, y), `scale` and `shear` = (x, y)."""
        shear = self.shear or (0, 0, 0, 0)
        return {
            "angle": self._uniform(batch, generator, *self.degrees),
            "translate": self._moves(batch, generator, self.translate or (0, 0)),
            "scale": self._uniform(batch, generator, *(self.scale or (1, 1))),
            "shear": tuple(self._uniform(batch, generator, *shear[k : k + 2]) for k in (0, 2)),
        }

    def _moves(self, batch, generator, reach):
        """Whole pixels up to these fractions of width and height."""
        height, width = self._images(batch)[0].shape[2:]
        farthest = reach[0] * width, reach[1] * height
        return tuple(self._floor(self._uniform(batch, generator, -far, far) + 0.5) for far in farthest)


class RandomTranslation(RandomAffine):
    """Move each image by random whole pixels: :class:`RandomAffine` with `translate` alone.

    Parameters
    ----------
    translate : (float, float)
        Farthest moves, as fractions of width and height.
    interpolation, fill
        As for :func:`affine`.

    Raises
    ------
    TypeError, ValueError
        As for :class:`RandomAffine`.

    Source: ``torchvision.transforms.v2.RandomAffine``.
    """

    function = staticmethod(translate)
    _options = ("interpolation", "fill")

    def __init__(self, translate, interpolation="nearest", fill=0):
        is_smooth(interpolation), check_fill(fill)
        self.translate = fractions(translate, "translate")
        self.interpolation, self.fill = interpolation, fill

    def draw(self, batch, generator=None):
        """`translate` = (x, y)."""
        return {"translate": self._moves(batch, generator, self.translate)}


class RandomScale(GeometricTransform):
    """Enlarge each image by a random factor: :class:`RandomAffine` with `scale` alone.

    Parameters
    ----------
    scale : (float, float)
        Factors are drawn evenly from `min` to `max`, above 0.
    interpolation, fill, center
        As for :func:`affine`.

    Raises
    ------
    TypeError, ValueError
        As for :class:`RandomAffine`.

    Source: ``torchvision.transforms.v2.RandomAffine``.
    """

    function = staticmethod(scale)
    _options = ("interpolation", "fill", "center")

    def __init__(self, scale, interpolation="nearest", fill=0, center=None):
        is_smooth(interpolation), check_fill(fill), center_shift(center, (0, 0))
        self.scale = interval(scale, "scale", SMALLEST)
        self.interpolation, self.fill, self.center = interpolation, fill, center

    def draw(self, batch, generator=None):
        """`scale`."""
        return {"scale": self._uniform(batch, generator, *self.scale)}


class RandomCrop(GeometricTransform):
    """Cut each image out at a random place, see :func:`crop`; all places are as likely.

    Parameters
    ----------
    size : int or (int, int)
        Height and width; one int for both.
    padding : int or sequence of 1, 2 or 4 ints, optional
        Around the images, before they are cut: see :func:`pad`.
    pad_if_needed : bool
        Where an image is then smaller than `size`, add what is missing, on either side.
    fill, padding_mode
        As for :func:`pad`.

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        Options out of range or unknown; when called, images smaller than `size`.

    Source: ``torchvision.transforms.v2.RandomCrop``.
    """

    function = staticmethod(crop)
    _pad = staticmethod(pad)

    def __init__(self, size, padding=None, pad_if_needed=False, fill=0, padding_mode="constant"):
        check_fill(fill), check_padding_mode(padding_mode, fill)
        self.size = as_size(size, "size")
        self.padding = padding
        as_sides(padding or 0)
        self.pad_if_needed = as_bool(pad_if_needed, "pad_if_needed")
        self.fill, self.padding_mode = fill, padding_mode

    def draw(self, batch, generator=None):
        """`top` and `left` on the padded images."""
        padded = self._sides(batch)
        rooms = [count + sum(around) - n + 1
                 for count, around, n in zip(batch.shape[-2:], padded, self.size)]  # fmt: skip
        if min(rooms) < 1:
            raise ValueError(
                f"size: {self.size} is larger than the images, {tuple(batch.shape[-2:])} and padding"
            )
        top, left = (self._place(batch, generator, room) for room in rooms)
        return {"top": top, "left": left}

    def apply(self, batch, top, left):
        """`batch` padded and cut out."""
        (up, down), (before, after) = self._sides(batch)
        if any((up, down, before, after)):
            batch = self._pad(batch, (before, up, after, down), self.fill, self.padding_mode)
        return self.function(batch, top, left, *self.size)

    def _sides(self, batch):
        """The padding of rows and columns, pairs (before, after)."""
        sides = as_sides(self.padding or 0)
        missing = [
            max(0, n - count - sum(around)) if self.pad_if_needed else 0
            for count, around, n in zip(self._images(batch)[0].shape[2:], sides, self.size)
        ]
        return [(before + extra, after + extra) for (before, after), extra in zip(sides, missing)]


class CenterCrop(GeometricTransform):
    """Cut the middle out of every image, see :func:`center_crop`. Nothing is drawn.

    Parameters
    ----------
    size : int or (int, int)
        Height and width; one int for both.

    Raises
    ------
    TypeError
        Not ints.
    ValueError
        A size below 1.

    Source: ``torchvision.transforms.v2.CenterCrop``.
    """

    function = staticmethod(center_crop)

    def __init__(self, size):
        self.size = as_size(size, "size")

    def apply(self, batch):
        """The middle of `batch`."""
        return self.function(batch, self.size)


class RandomRectangle(GeometricTransform):
    """Draws rectangles of random area and ratio: ten for each image, of which the first that fits is taken."""

    _attempts = 10

    def _rectangle(self, batch, generator, fits, ratio):
        """Heights and widths, 0 where none fits; `ratio` is whether ``ratio`` means width by height."""
        sizes = self._images(batch)[0].shape[2:]
        area = self._uniform(batch, generator, *self.scale, count=(self._attempts,)) * volume(sizes)
        low, high = self.ratio
        tall = low * (high / low) ** self._uniform(batch, generator, count=(self._attempts,))
        tall = 1 / tall if ratio else tall
        height, width = self._floor((area * tall) ** 0.5 + 0.5), self._floor((area / tall) ** 0.5 + 0.5)
        fit = fits(height, width)
        first = fit & (fit.cumsum(1) == 1)
        return (height * first).sum(1), (width * first).sum(1), fit.any(1)


class RandomResizedCrop(RandomRectangle):
    """Cut out a rectangle of random area and ratio and resize it, as for GoogLeNet; see :func:`resized_crop`.

    Parameters
    ----------
    size : int or (int, int)
        Of the output; one int for both.
    scale : (float, float)
        The share of the image's area, drawn evenly.
    ratio : (float, float)
        Width by height before it is resized; its logarithm is drawn evenly.
    interpolation, antialias
        As for :func:`resize`.

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        The larger number first, options out of range or unknown.

    Notes
    -----
    Where none of ten rectangles fits into the image, the largest of allowed ratio in the middle is taken.

    Source: ``torchvision.transforms.v2.RandomResizedCrop``; Szegedy et al., "Going deeper with convolutions" (2015),
    section 6.
    """

    function = staticmethod(resized_crop)
    _options = ("size", "interpolation", "antialias")

    def __init__(
        self, size, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), interpolation="bilinear", antialias=True
    ):  # fmt: skip
        resampling(interpolation, antialias)
        self.size = as_size(size, "size")
        self.scale, self.ratio = interval(scale, "scale", SMALLEST, 1), interval(ratio, "ratio", SMALLEST)
        self.interpolation, self.antialias = interpolation, antialias

    def draw(self, batch, generator=None):
        """`top`, `left`, `height` and `width`."""
        rows, columns = self._images(batch)[0].shape[2:]
        height, width, found = self._rectangle(
            batch,
            generator,
            lambda height, width: (height >= 1) & (height <= rows) & (width >= 1) & (width <= columns),
            ratio=True,
        )
        largest = largest_of_ratio((rows, columns), self.ratio)
        middle = center_corner((rows, columns), largest)
        height, width = height + ~found * largest[0], width + ~found * largest[1]
        top, left = (
            self._place(batch, generator, count - side + 1) * found + ~found * place
            for count, side, place in zip((rows, columns), (height, width), middle)
        )
        return {"top": top, "left": left, "height": height, "width": width}


class RandomErasing(RandomRectangle):
    """Overwrite a rectangle of random place, area and ratio in each image, with probability `p`; see :func:`erase`.

    Parameters
    ----------
    p : float, from 0 to 1
    scale : (float, float)
        The share of the image's area, drawn evenly.
    ratio : (float, float)
        Height by width; its logarithm is drawn evenly.
    value : float, sequence of C floats, or "random"
        "random" is normal noise.

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        The larger number first, options out of range or unknown.

    Notes
    -----
    Where none of ten rectangles fits into the image, it stays as it is.

    Source: ``torchvision.transforms.v2.RandomErasing``; Zhong et al., "Random erasing data augmentation" (2017).
    """

    function = staticmethod(erase)

    def __init__(self, p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0):
        if isinstance(value, str) and value != "random":
            raise ValueError(f"value: expected a number, one for each channel, or 'random', got {value!r}")
        check_fill(0 if isinstance(value, str) else value, "value")
        self.p = as_probability(p)
        self.scale, self.ratio = interval(scale, "scale", 0, 1), interval(ratio, "ratio", SMALLEST)
        self.value = value

    def draw(self, batch, generator=None):
        """`i`, `j`, `h` and `w`, which are 0 where nothing is erased; and `v`, for "random"."""
        rows, columns = self._images(batch)[0].shape[2:]
        where = self._uniform(batch, generator) < self.p
        height, width, _ = self._rectangle(
            batch, generator, lambda height, width: (height < rows) & (width < columns), ratio=False
        )
        drawn = {
            "i": self._place(batch, generator, rows - height + 1),
            "j": self._place(batch, generator, columns - width + 1),
            "h": height * where,
            "w": width * where,
        }
        return drawn | ({"v": self._normal(batch, generator)} if self.value == "random" else {})

    def apply(self, batch, i, j, h, w, v=None):
        """`batch` with the rectangles overwritten, with `v` or with the colour `value`."""
        if v is None:
            v = self._colour(self._images(batch)[0])
        return self.function(batch, i, j, h, w, v)

    def _normal(self, batch, generator):
        return generator.standard_normal(batch.shape)

    def _colour(self, batch):
        return fills(self.value, batch.shape[1], "value")[:, np.newaxis, np.newaxis]


class Cutout(GeometricTransform):
    """Overwrite a square at a random place in each image, see :func:`cutout`.

    All pixels are as likely to be its middle, so that it may lie partly outside.

    Parameters
    ----------
    size : int or (int, int)
        Height and width; one int for both.
    fill : float or sequence of C floats

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        A size below 1.

    Source: DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout" (2017).
    """

    function = staticmethod(cutout)
    _options = ("size", "fill")

    def __init__(self, size, fill=0):
        check_fill(fill)
        self.size, self.fill = as_size(size, "size"), fill

    def draw(self, batch, generator=None):
        """`y` and `x`, the pixel in the middle."""
        rows, columns = self._images(batch)[0].shape[2:]
        return {"y": self._place(batch, generator, rows), "x": self._place(batch, generator, columns)}


# Checks of the options, which serve both backends

SMALLEST, STEEPEST = 1e-6, 89.99
"""The smallest scale and the steepest shear, in degrees: beyond, nothing would be left of the image."""


def check_choices(is_bool, shape, count):
    """An error unless `where` holds choices, and so many of them."""
    if not is_bool:
        raise TypeError("where: expected bools")
    require_count(shape, count, "where")


def as_pair(value, name):
    """`value`, something of length 2, or an error naming `name`."""
    try:
        first, second = value
    except (TypeError, ValueError):
        raise (TypeError if np.ndim(value) == 0 else ValueError)(
            f"{name}: expected a pair, got {value!r}"
        ) from None
    return first, second


def shear_pair(shear):
    """Shears along x and y; what is no tuple or list is along x."""
    return as_pair(shear, "shear") if isinstance(shear, (tuple, list)) else (shear, 0)


def center_shift(center, sizes):
    """How far `center`, by default in the middle, lies right of and below the middle of images (H, W)."""
    if center is None:
        return 0.0, 0.0
    return tuple(
        float(number_in_range(place, "center")) - size / 2
        for place, size in zip(as_pair(center, "center"), reversed(sizes))
    )


def check_expand(expand, center):
    """`expand`, a bool, which does not go with a `center`."""
    if as_bool(expand, "expand") and center is not None:
        raise ValueError(f"center: expected None with expand=True, got {center!r}")
    return expand


def is_smooth(interpolation):
    """Whether `interpolation` is "bilinear" rather than "nearest"."""
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError(f"interpolation: expected 'nearest' or 'bilinear', got {interpolation!r}")
    return interpolation == "bilinear"


def fills(fill, channels, name="fill"):
    """`fill`, a number or one for each channel, as an array of shape (channels,)."""
    check_fill(fill, name)
    if isinstance(fill, (tuple, list)) and len(fill) != channels:
        raise ValueError(f"{name}: expected a number or one for each of {channels} channels, got {fill!r}")
    return np.broadcast_to(np.array(fill, float), channels).copy()


def check_fill(fill, name="fill"):
    """An error unless `fill` is a number or a sequence of them."""
    for value in fill if isinstance(fill, (tuple, list)) else [fill]:
        number_in_range(value, name)


def as_size(size, name, single=True):
    """`size`, an int or two of them, as height and width, at least 1; or an error naming `name`."""
    values = tuple(size) if isinstance(size, (tuple, list)) else (size,)
    if len(values) == 1 and single:
        values *= 2
    if len(values) != 2:
        raise ValueError(f"{name}: expected height and width, got {size!r}")
    return tuple(int(number_in_range(value, name, 1, whole=True)) for value in values)


def center_corner(sizes, size):
    """Top and left of the middle; halves round to even."""
    return tuple(round((count - n) / 2) for count, n in zip(sizes, size))


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
    if padding_mode != "constant" and fill != 0:
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


def check_erased(shape, sizes):
    """An error unless `v` of this shape broadcasts to images of the shape `sizes`."""
    if len(shape) > 4 or any(n not in (1, m) for n, m in zip(reversed(shape), reversed(sizes))):
        raise ValueError(f"v: expected a shape that broadcasts to {tuple(sizes)}, got {tuple(shape)}")


def interval(value, name, low=-math.inf, high=math.inf):
    """`value`, a pair (min, max) within these limits, or an error naming `name`."""
    bounds = tuple(float(number_in_range(bound, name, low, high)) for bound in as_pair(value, name))
    if bounds[0] > bounds[1]:
        raise ValueError(f"{name}: expected the smaller number first, got {value!r}")
    return bounds


def symmetric(value, name, high=math.inf):
    """`value`, a pair (min, max), or a number v for (-v, v)."""
    if isinstance(value, numbers.Real):
        reach = float(number_in_range(value, name, 0, high))
        return -reach, reach
    return interval(value, name, -high, high)


def shear_intervals(shear):
    """`shear`, a number, a pair or two pairs in a row, as four numbers: from, to along x, from, to along y."""
    if isinstance(shear, (tuple, list)) and len(shear) == 4:
        return sum((interval(shear[k : k + 2], "shear", -STEEPEST, STEEPEST) for k in (0, 2)), ())
    return symmetric(shear, "shear", STEEPEST) + (0.0, 0.0)


def fractions(value, name):
    """`value`, two fractions from 0 to 1."""
    return tuple(float(number_in_range(fraction, name, 0, 1)) for fraction in as_pair(value, name))


def largest_of_ratio(sizes, ratio):
    """Height and width of the largest rectangle in images (H, W) whose width by height is within `ratio`."""
    height, width = sizes
    low, high = ratio
    return min(height, max(1, round(width / low))), min(width, max(1, round(height * high)))
