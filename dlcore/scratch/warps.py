"""Moving pixels within images: flips, and rotations and other affine maps.

Images are floating point, (N, C, H, W) or one (C, H, W). Where a function takes a number "or one for each image", that is
an array of shape (N,). Names and meanings are those of ``torchvision.transforms.v2``. Positions are (x, y) from the upper
left corner, x to the right and y down, and pixel (0, 0) covers the square from (0, 0) to (1, 1): its centre is at (1/2,
1/2), the centre of the image at (W / 2, H / 2).
"""

import math

import numpy as np

from .transform import (
    as_pair,
    check_fill,
    filling,
    images,
    number_in_range,
    require_count,
    unbatched,
    values_in_range,
)
from .windows import as_bool, volume

__all__ = ["affine", "horizontal_flip", "rotate", "scale", "translate", "vertical_flip"]


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
    return flipped(input, where, 3)


def vertical_flip(input, where=None):
    """Mirror images top to bottom: ``output[..., y, :] = input[..., H - 1 - y, :]``.

    Arguments and errors are those of :func:`horizontal_flip`.

    Source: ``torchvision.transforms.v2.functional.vertical_flip``, which has no `where`.
    """
    return flipped(input, where, 2)


def flipped(input, where, axis):
    """Images mirrored along an axis, 2 or 3, all or those for which `where` is true."""
    input, batched = images(input)
    where = np.asarray(True if where is None else where)
    check_choices(where.dtype == bool, where.shape, len(input))
    where = where.reshape(-1, 1, 1, 1)
    return unbatched(np.where(where, np.flip(input, axis), input), batched)


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
        What lies outside the image. "bilinear" also blends the image's rim with it, once (torchvision does so twice).
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
    count, _, *sizes = input.shape
    angle, scale = _per_image(angle, count, "angle"), _per_image(scale, count, "scale", SMALLEST)
    moves = [_per_image(move, count, "translate") for move in as_pair(translate, "translate")]
    shears = [_per_image(value, count, "shear", -STEEPEST, STEEPEST) for value in shear_pair(shear)]
    matrix = _inverse(angle, moves, scale, shears, center_shift(center, sizes))
    smooth, fill = is_smooth(interpolation), filling(fill, input)
    return unbatched(_warp(input, matrix, tuple(sizes), smooth, fill), batched)


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
    count, _, *sizes = input.shape
    angle = _per_image(angle, count, "angle")
    matrix = _inverse(-angle, (0, 0), 1, (0, 0), center_shift(center, sizes))
    size = expanded_size(angle, sizes) if check_expand(expand, center) else tuple(sizes)
    return unbatched(_warp(input, matrix, size, is_smooth(interpolation), filling(fill, input)), batched)


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
        output[:] = fill
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
    planes[:] = fill[:, np.newaxis]
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


# Checks of the options, which serve both backends


SMALLEST, STEEPEST = 1e-6, 89.99
"""The smallest scale and the steepest shear, in degrees: beyond, nothing would be left of the image."""


def check_choices(is_bool, shape, count):
    """An error unless `where` holds choices, and so many of them."""
    if not is_bool:
        raise TypeError("where: expected bools")
    require_count(shape, count, "where")


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


def check_options(interpolation, fill, center=None):
    """An error unless :func:`affine` takes these."""
    is_smooth(interpolation)
    check_fill(fill)
    center_shift(center, (0, 0))


def is_smooth(interpolation):
    """Whether `interpolation` is "bilinear" rather than "nearest"."""
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError(f"interpolation: expected 'nearest' or 'bilinear', got {interpolation!r}")
    return interpolation == "bilinear"
