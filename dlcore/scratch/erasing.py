"""Erasing a part of each image: a rectangle, or a square around a pixel; given, or drawn at random.

Images are floating point, (N, C, H, W) or one (C, H, W). Where a function takes a number "or one for each image", that is
an array of shape (N,).
"""

import numpy as np

from .geometric_transforms import RandomRectangle, first_fitting
from .transform import (
    ImageTransform,
    as_probability,
    as_size,
    check_fill,
    filling,
    images,
    interval,
    real_array,
    unbatched,
    whole_numbers,
)
from .warps import SMALLEST

__all__ = ["Cutout", "RandomErasing", "cutout", "erase"]


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
        An input that is not floating point, options that are not ints, a `v` that is not real.
    ValueError
        Another number of axes, another number of values than images, a negative size, a `v` that does not broadcast.

    Source: ``torchvision.transforms.v2.functional.erase``; Zhong et al., "Random erasing data augmentation" (2017). There
    `v` has the size of the rectangle, which here may differ from image to image.
    """
    input, batched = images(input)
    values = real_array(v, "v").astype(input.dtype)
    check_erased(values.shape, input.shape)
    corner, size = whole_numbers(len(input), i=i, j=j), whole_numbers(len(input), 0, h=h, w=w)
    rows, columns = (
        (np.arange(count) >= start.reshape(-1, 1)) & (np.arange(count) < (start + length).reshape(-1, 1))
        for count, start, length in zip(input.shape[2:], corner, size)
    )
    inside = rows[:, np.newaxis, :, np.newaxis] & columns[:, np.newaxis, np.newaxis]
    return unbatched(np.where(inside, values, input), batched)


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
    batch, _ = images(input)
    y, x = whole_numbers(len(batch), y=y, x=x)
    return erase(input, y - height // 2, x - width // 2, height, width, filling(fill, batch))


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
        rows, columns = self._images(batch).shape[2:]
        where = self._uniform(batch, generator) < self.p
        height, width = self._rectangles(batch, generator)
        height, width, _ = first_fitting(height, width, (height < rows) & (width < columns))
        drawn = {
            "i": self._place(batch, generator, rows - height + 1),
            "j": self._place(batch, generator, columns - width + 1),
            "h": height * where,
            "w": width * where,
        }
        return drawn | ({"v": self._noise(batch, generator)} if isinstance(self.value, str) else {})

    def apply(self, batch, i, j, h, w, v=None):
        """`batch` with the rectangles overwritten, with `v` or with the colour `value`."""
        if v is None:
            v = self._color(self._images(batch))
        return self.function(batch, i, j, h, w, v)

    def _color(self, batch):
        return filling(self.value, batch, "value")


class Cutout(ImageTransform):
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
        rows, columns = self._images(batch).shape[2:]
        return {"y": self._place(batch, generator, rows), "x": self._place(batch, generator, columns)}


def check_erased(shape, sizes):
    """An error unless `v` of this shape broadcasts to images of the shape `sizes`."""
    if len(shape) > 4 or any(n not in (1, m) for n, m in zip(reversed(shape), reversed(sizes))):
        raise ValueError(f"v: expected a shape that broadcasts to {tuple(sizes)}, got {tuple(shape)}")
