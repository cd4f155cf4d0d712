"""Moving pixels at random: flips, rotations and other affine maps, crops. Each image gets numbers of its own.

What is drawn is applied by the functions of :mod:`dlcore.scratch.warps` and :mod:`dlcore.scratch.crops`, which say what it
means.
"""

import math

import numpy as np

from . import crops, warps
from .crops import as_sides, check_padding_mode, resampling
from .transform import (
    ImageTransform,
    as_pair,
    as_probability,
    as_size,
    interval,
    number_in_range,
)
from .warps import SMALLEST, STEEPEST, check_expand, check_options
from .windows import as_bool, volume

__all__ = [
    "CenterCrop", "RandomAffine", "RandomCrop", "RandomHorizontalFlip", "RandomResizedCrop", "RandomRotation",
    "RandomScale", "RandomTranslation", "RandomVerticalFlip",
]  # fmt: skip


class RandomHorizontalFlip(ImageTransform):
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

    function = staticmethod(warps.horizontal_flip)

    def __init__(self, p=0.5):
        self.p = as_probability(p)

    def draw(self, batch, generator=None):
        """`where`: for each image whether it is mirrored."""
        return {"where": self._uniform(batch, generator) < self.p}


class RandomVerticalFlip(RandomHorizontalFlip):
    """Mirror each image top to bottom with probability `p`: as :class:`RandomHorizontalFlip`.

    Source: ``torchvision.transforms.v2.RandomVerticalFlip``.
    """

    function = staticmethod(warps.vertical_flip)


class RandomRotation(ImageTransform):
    """Turn each image by a random angle, see ``rotate``.

    Parameters
    ----------
    degrees : float or (float, float)
        Angles are drawn evenly from `min` to `max`, counter-clockwise; d stands for (-d, d).
    interpolation, expand, center, fill
        As for ``rotate``. With `expand` a batch is as large as its largest image needs.

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        Negative `degrees`, the larger first, options out of range or unknown.

    Source: ``torchvision.transforms.v2.RandomRotation``.
    """

    function = staticmethod(warps.rotate)
    _options = ("interpolation", "expand", "center", "fill")

    def __init__(self, degrees, interpolation="nearest", expand=False, center=None, fill=0):
        check_options(interpolation, fill, center)
        check_expand(expand, center)
        self.degrees = symmetric(degrees, "degrees")
        self.interpolation, self.expand, self.center, self.fill = interpolation, expand, center, fill

    def draw(self, batch, generator=None):
        """`angle`, in degrees."""
        return {"angle": self._uniform(batch, generator, *self.degrees)}


class RandomAffine(ImageTransform):
    """Turn, move, scale and shear each image at random, see ``affine``. All are drawn evenly.

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
        As for ``affine``.

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        Negative `degrees`, the larger number first, options out of range or unknown.

    Source: ``torchvision.transforms.v2.RandomAffine``.
    """

    function = staticmethod(warps.affine)
    _options = ("interpolation", "fill", "center")

    def __init__(
        self, degrees, translate=None, scale=None, shear=None, interpolation="nearest", fill=0, center=None
    ):  # fmt: skip
        check_options(interpolation, fill, center)
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
        height, width = self._images(batch).shape[2:]
        farthest = reach[0] * width, reach[1] * height
        return tuple(self._floor(self._uniform(batch, generator, -far, far) + 0.5) for far in farthest)


class RandomTranslation(RandomAffine):
    """Move each image by random whole pixels: :class:`RandomAffine` with `translate` alone.

    Parameters
    ----------
    translate : (float, float)
        Farthest moves, as fractions of width and height.
    interpolation, fill
        As for ``affine``.

    Raises
    ------
    TypeError, ValueError
        As for :class:`RandomAffine`.

    Source: ``torchvision.transforms.v2.RandomAffine``.
    """

    function = staticmethod(warps.translate)
    _options = ("interpolation", "fill")

    def __init__(self, translate, interpolation="nearest", fill=0):
        check_options(interpolation, fill)
        self.translate = fractions(translate, "translate")
        self.interpolation, self.fill = interpolation, fill

    def draw(self, batch, generator=None):
        """`translate` = (x, y)."""
        return {"translate": self._moves(batch, generator, self.translate)}


class RandomScale(ImageTransform):
    """Enlarge each image by a random factor: :class:`RandomAffine` with `scale` alone.

    Parameters
    ----------
    scale : (float, float)
        Factors are drawn evenly from `min` to `max`, above 0.
    interpolation, fill, center
        As for ``affine``.

    Raises
    ------
    TypeError, ValueError
        As for :class:`RandomAffine`.

    Source: ``torchvision.transforms.v2.RandomAffine``.
    """

    function = staticmethod(warps.scale)
    _options = ("interpolation", "fill", "center")

    def __init__(self, scale, interpolation="nearest", fill=0, center=None):
        check_options(interpolation, fill, center)
        self.scale = interval(scale, "scale", SMALLEST)
        self.interpolation, self.fill, self.center = interpolation, fill, center

    def draw(self, batch, generator=None):
        """`scale`."""
        return {"scale": self._uniform(batch, generator, *self.scale)}


class RandomCrop(ImageTransform):
    """Cut each image out at a random place, see ``crop``; all places are as likely.

    Parameters
    ----------
    size : int or (int, int)
        Height and width; one int for both.
    padding : int or sequence of 1, 2 or 4 ints, optional
        Around the images, before they are cut: see ``pad``.
    pad_if_needed : bool
        Where an image is then smaller than `size`, add what is missing, on either side.
    fill, padding_mode
        As for ``pad``.

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        Options out of range or unknown; when called, images smaller than `size`.

    Source: ``torchvision.transforms.v2.RandomCrop``.
    """

    function = staticmethod(crops.crop)
    _pad = staticmethod(crops.pad)

    def __init__(self, size, padding=None, pad_if_needed=False, fill=0, padding_mode="constant"):
        check_padding_mode(padding_mode, fill)
        as_sides(0 if padding is None else padding)
        self.size, self.padding = as_size(size, "size"), padding
        self.pad_if_needed = as_bool(pad_if_needed, "pad_if_needed")
        self.fill, self.padding_mode = fill, padding_mode

    def draw(self, batch, generator=None):
        """`top` and `left` on the padded images."""
        sizes = tuple(self._images(batch).shape[2:])
        rooms = [
            count + sum(around) - n + 1 for count, around, n in zip(sizes, self._sides(sizes), self.size)
        ]
        if min(rooms) < 1:
            raise ValueError(f"size: {self.size} is larger than the images, {sizes}, and their padding")
        top, left = (self._place(batch, generator, room) for room in rooms)
        return {"top": top, "left": left}

    def apply(self, batch, top, left):
        """`batch` padded and cut out."""
        (up, down), (before, after) = self._sides(self._images(batch).shape[2:])
        if any((up, down, before, after)):
            batch = self._pad(batch, (before, up, after, down), self.fill, self.padding_mode)
        return self.function(batch, top, left, *self.size)

    def _sides(self, sizes):
        """The padding of the rows and columns of images (H, W), pairs (before, after)."""
        sides = as_sides(0 if self.padding is None else self.padding)
        missing = [
            max(0, n - count - sum(around)) if self.pad_if_needed else 0
            for count, around, n in zip(sizes, sides, self.size)
        ]
        return [(before + extra, after + extra) for (before, after), extra in zip(sides, missing)]


class CenterCrop(ImageTransform):
    """Cut the middle out of every image, see ``center_crop``. Nothing is drawn.

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

    function = staticmethod(crops.center_crop)

    def __init__(self, size):
        self.size = as_size(size, "size")

    def apply(self, batch):
        """The middle of `batch`."""
        return self.function(batch, self.size)


class RandomRectangle(ImageTransform):
    """Draws rectangles whose area is a share ``scale`` of the image's, with sides in the proportion ``ratio``."""

    _attempts = 10

    def _rectangles(self, batch, generator):
        """Ten rectangles for each image: two sides in whole pixels, (N, 10), the first ``ratio`` times the second."""
        ten, (low, high) = (self._attempts,), self.ratio
        area = self._uniform(batch, generator, *self.scale, count=ten) * volume(self._images(batch).shape[2:])
        ratio = low * (high / low) ** self._uniform(batch, generator, count=ten)
        return tuple(self._floor(side**0.5 + 0.5) for side in (area * ratio, area / ratio))


def first_fitting(height, width, fits):
    """In each row the first rectangle that fits, height and width, and whether there is one; without one 0."""
    first = fits & (fits.cumsum(1) == 1)
    return (height * first).sum(1), (width * first).sum(1), fits.any(1)


class RandomResizedCrop(RandomRectangle):
    """Cut out a rectangle of random area and ratio and resize it, as for GoogLeNet; see ``resized_crop``.

    Parameters
    ----------
    size : int or (int, int)
        Of the output; one int for both.
    scale : (float, float)
        The share of the image's area, drawn evenly.
    ratio : (float, float)
        Width by height before it is resized; its logarithm is drawn evenly.
    interpolation, antialias
        As for ``resize``.

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

    function = staticmethod(crops.resized_crop)
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
        rows, columns = self._images(batch).shape[2:]
        width, height = self._rectangles(batch, generator)
        fits = (height >= 1) & (height <= rows) & (width >= 1) & (width <= columns)
        height, width, found = first_fitting(height, width, fits)
        largest = largest_of_ratio((rows, columns), self.ratio)
        middle = (rows - largest[0]) // 2, (columns - largest[1]) // 2
        height, width = height + ~found * largest[0], width + ~found * largest[1]
        top, left = (
            self._place(batch, generator, count - side + 1) * found + ~found * place
            for count, side, place in zip((rows, columns), (height, width), middle)
        )
        return {"top": top, "left": left, "height": height, "width": width}


# Checks of the options


def symmetric(value, name, high=math.inf):
    """`value`, a pair (min, max), or a number v for (-v, v)."""
    if np.ndim(value) == 0:
        reach = float(number_in_range(value, name, 0, high))
        return -reach, reach
    return interval(value, name, -high, high)


def shear_intervals(shear):
    """`shear`, a number, a pair or two pairs in a row, as four numbers: from, to along x, from, to along y."""
    if np.shape(shear) == (4,):
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
