"""Colours of pixels: grey levels, brightness, contrast, saturation, hue, and what is done to each value by itself.

Images are floating point in [0, 1], (N, C, H, W) or one (C, H, W). Where a function takes a number, it also takes one
number for each image, an array of shape (N,).
"""

import math

import numpy as np

from .transform import images, unbatched, values_in_range
from .windows import volume

__all__ = [
    "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue", "adjust_saturation", "hsv_to_rgb", "invert",
    "posterize", "rgb_to_grayscale", "rgb_to_hsv", "solarize",
]  # fmt: skip

GREY = (0.2989, 0.587, 0.114)
"""The shares of red, green and blue in a grey level, as torchvision has them; together 0.9999."""

JITTER = ("brightness", "contrast", "saturation", "hue")
BLOCK = 1 << 14
"""Pixels converted at a time: the dozen planes of a conversion stay in the cache."""


# Grey, brightness, contrast, saturation: a blend of the image with something simpler


def rgb_to_grayscale(input, num_output_channels=1):
    """The grey level of every pixel: ``0.2989 R + 0.587 G + 0.114 B``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        3 channels, or 1, which is grey already.
    num_output_channels : {1, 3}
        With 3 the grey level stands in each of them.

    Returns
    -------
    array, shape (N, num_output_channels, H, W) or (num_output_channels, H, W)

    Raises
    ------
    TypeError
        An input that is not floating point, another number of channels.
    ValueError
        Another number of axes, another `num_output_channels`.

    Source: ``torchvision.transforms.v2.functional.rgb_to_grayscale``. The weights are those of ITU-R BT.601 (0.299,
    0.587, 0.114), but that torchvision has 0.2989 for the first: white becomes 0.9999.
    """
    input, batched = images(input)
    check_grey_channels(num_output_channels)
    grey = input.copy() if color_channels(input) == 1 else _grey(input)
    if num_output_channels == 3:
        grey = np.repeat(grey, 3, axis=1)
    return unbatched(grey, batched)


def _grey(input):
    """The grey level of colour images, (N, 1, H, W)."""
    red, green, blue = (input[:, c : c + 1] for c in range(3))
    grey = red * GREY[0]
    grey += green * GREY[1]
    grey += blue * GREY[2]
    return grey


def adjust_brightness(input, brightness_factor):
    """Make images brighter or darker: ``clip(f x, 0, 1)``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        1 or 3 channels.
    brightness_factor : float or array of shape (N,)
        Not negative: 0 gives black, 1 the image.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, another number of channels, a factor that is not a number.
    ValueError
        Another number of axes, a negative factor, another number of factors than images.

    Source: ``torchvision.transforms.v2.functional.adjust_brightness``.
    """
    input, batched = images(input)
    color_channels(input)
    return unbatched(clipped(input * per_image(brightness_factor, input, "brightness_factor", 0)), batched)


def adjust_contrast(input, contrast_factor):
    """Blend each image with the mean of its grey levels: ``clip(f x + (1 - f) mean(grey(x)), 0, 1)``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        1 or 3 channels.
    contrast_factor : float or array of shape (N,)
        Not negative: 0 gives one grey level everywhere, 1 the image.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError, ValueError
        As for :func:`adjust_brightness`.

    Source: ``torchvision.transforms.v2.functional.adjust_contrast``.
    """
    input, batched = images(input)
    factor = per_image(contrast_factor, input, "contrast_factor", 0)
    colored = color_channels(input) == 3
    if input.size == 0:
        return unbatched(input.copy(), batched)
    means = input.mean((2, 3), keepdims=True)  # the mean of the grey levels is the grey level of the means
    return unbatched(_blended(input, _grey(means) if colored else means, factor), batched)


def adjust_saturation(input, saturation_factor):
    """Blend each image with its grey version: ``clip(f x + (1 - f) grey(x), 0, 1)``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        3 channels, or 1, which is left as it is.
    saturation_factor : float or array of shape (N,)
        Not negative: 0 gives the grey version, 1 the image.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError, ValueError
        As for :func:`adjust_brightness`.

    Source: ``torchvision.transforms.v2.functional.adjust_saturation``.
    """
    input, batched = images(input)
    factor = per_image(saturation_factor, input, "saturation_factor", 0)
    if color_channels(input) == 1:
        return unbatched(input.copy(), batched)
    return unbatched(_blended(input, _grey(input), factor), batched)


def _blended(input, other, factor):
    output = input * factor
    output += other * (1 - factor)
    return clipped(output)


# Hue


def rgb_to_hsv(input):
    """Hue, saturation and value of every pixel.

    With ``V = max(R, G, B)`` and the chroma ``C = V - min(R, G, B)``, the saturation is ``S = C / V``, and the hue is
    the position on the hexagon of pure colours, ::

        6 H = (G - B) / C        if R is the maximum     red at 0
              (B - R) / C + 2    if G is                 green at 1/3
              (R - G) / C + 4    if B is                 blue at 2/3

    Parameters
    ----------
    input : array_like, shape (N, 3, H, W) or (3, H, W)
        Not negative.

    Returns
    -------
    array, of the input's shape
        Channels H, S, V, from 0 to 1 (a hue of 1 is one of 0). Grey has H = S = 0, black too.

    Raises
    ------
    TypeError
        An input that is not floating point, another number of channels.
    ValueError
        Another number of axes.

    Source: Smith, "Color gamut transform pairs" (1978); as Python's ``colorsys.rgb_to_hsv``.
    """
    input, batched = images(input)
    require_colors(input)
    output = np.empty(input.shape, input.dtype)
    for part in blocks(input.shape):
        hue, chroma, value = _hexagon(input[part])
        hue /= 6
        hue -= np.floor(hue)
        output[part, 0], output[part, 2] = hue, value
        np.divide(chroma, value + (value == 0), out=output[part, 1])
    return unbatched(output, batched)


def hsv_to_rgb(input):
    """The colour of every hue, saturation and value: the inverse of :func:`rgb_to_hsv`.

    Each channel falls from V by the chroma ``V S`` as the hue leaves its colour: ``V - V S clip(d - 1, 0, 1)``, where d
    is the distance from 6 H to 0 for red, 2 for green and 4 for blue on a circle of length 6.

    Parameters
    ----------
    input : array_like, shape (N, 3, H, W) or (3, H, W)
        Channels H (1 turns once around the circle, also outside [0, 1]), S and V.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError, ValueError
        As for :func:`rgb_to_hsv`.

    Source: Smith, "Color gamut transform pairs" (1978); as Python's ``colorsys.hsv_to_rgb``.
    """
    input, batched = images(input)
    require_colors(input)
    output = np.empty(input.shape, input.dtype)
    for part in blocks(input.shape):
        hue, saturation, value = (input[part, c] for c in range(3))
        _colored(hue * 6, value * saturation, value, output[part])
    return unbatched(output, batched)


def adjust_hue(input, hue_factor):
    """Turn the hue of every pixel by `hue_factor`, and leave saturation and value.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        3 channels, not negative; or 1, which is left as it is.
    hue_factor : float or array of shape (N,)
        From -0.5 to 0.5, as a fraction of the circle: 0 leaves the image, 1/3 makes red green, and both ends give the
        opposite colours.

    Returns
    -------
    array, of the input's shape
        Grey pixels stay exactly as they are.

    Raises
    ------
    TypeError
        An input that is not floating point, another number of channels, a factor that is not a number.
    ValueError
        Another number of axes, a factor out of range, another number of factors than images.

    Source: ``torchvision.transforms.v2.functional.adjust_hue``.
    """
    input, batched = images(input)
    turn = 6 * per_image(hue_factor, input, "hue_factor", -0.5, 0.5)
    if color_channels(input) == 1:
        return unbatched(input.copy(), batched)
    turn = np.broadcast_to(turn[:, 0], (len(input), 1, 1))
    output = np.empty(input.shape, input.dtype)
    for part in blocks(input.shape):
        hue, chroma, value = _hexagon(input[part])
        hue += turn[part]
        _colored(hue, chroma, value, output[part])
    return unbatched(output, batched)


def blocks(shape):
    """Slices of a batch of this shape with about ``BLOCK`` pixels each."""
    step = max(1, BLOCK // max(1, volume(shape[2:])))
    return [slice(start, start + step) for start in range(0, shape[0], step)]


def _hexagon(input):
    """Hue from -1 to 5 (0 for grey), chroma and value of colours (N, 3, H, W)."""
    red, green, blue = (input[:, c] for c in range(3))
    value = np.maximum(red, green)
    chroma = np.minimum(red, green)
    np.maximum(value, blue, out=value)
    np.minimum(chroma, blue, out=chroma)
    np.subtract(value, chroma, out=chroma)
    # Where two colours share the maximum, both formulas give the same hue.
    is_blue = value == blue
    is_red = value == red
    hue = np.where(is_red, green, np.where(is_blue, red, blue))
    hue -= np.where(is_red, blue, np.where(is_blue, green, red))
    hue /= chroma + (chroma == 0)  # of grey: 0 / 1
    hue += np.where(is_red, 0, np.where(is_blue, 4, 2)).astype(np.int8)
    return hue, chroma, value


def _colored(hue, chroma, value, output):
    """Put the colours of a hue (6 is once around; changed here), chroma and value into `output`, (N, 3, H, W)."""
    hue -= 6 * np.floor(hue / 6)
    for channel, center in enumerate((3, 2, 4)):
        fall = np.abs(hue - center)
        if channel == 0:
            np.subtract(2, fall, out=fall)  # red lies at both ends of the circle: 3 is opposite
        else:
            fall -= 1
        np.clip(fall, 0, 1, out=fall)
        fall *= chroma
        np.subtract(value, fall, out=output[:, channel])


# Pixel by pixel


def adjust_gamma(input, gamma, gain=1):
    """Gamma correction: ``clip(gain x^gamma, 0, 1)``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        Not negative, any number of channels.
    gamma : float or array of shape (N,)
        Not negative: above 1 makes shadows darker, below 1 brighter.
    gain : float or array of shape (N,)

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, options that are not numbers.
    ValueError
        Another number of axes, a negative `gamma`, another number of values than images.

    Source: ``torchvision.transforms.v2.functional.adjust_gamma``.
    """
    input, batched = images(input)
    output = input ** per_image(gamma, input, "gamma", 0)
    output *= per_image(gain, input, "gain")
    return unbatched(clipped(output), batched)


def invert(input):
    """The negative: ``1 - x``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point.
    ValueError
        Another number of axes.

    Source: ``torchvision.transforms.v2.functional.invert``.
    """
    input, batched = images(input)
    return unbatched(1 - input, batched)


def posterize(input, bits):
    """Leave ``L = 2^bits`` levels: ``clip(floor(L x), 0, L - 1) / L``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    bits : int or array of shape (N,)
        From 0 to 8.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, `bits` that are not integers.
    ValueError
        Another number of axes, `bits` out of range, another number of values than images.

    Source: ``torchvision.transforms.v2.functional.posterize`` of floating-point images.
    """
    input, batched = images(input)
    levels = 2 ** per_image(bits, input, "bits", 0, 8, whole=True)
    output = np.floor(input * levels)
    np.clip(output, 0, levels - 1, out=output)
    output /= levels
    return unbatched(output, batched)


def solarize(input, threshold):
    """The negative of what is bright: ``1 - x where x >= threshold``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    threshold : float or array of shape (N,)
        From 0 to 1.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, a `threshold` that is not a number.
    ValueError
        Another number of axes, a `threshold` out of range, another number of values than images.

    Source: ``torchvision.transforms.v2.functional.solarize``.
    """
    input, batched = images(input)
    return unbatched(
        np.where(input >= per_image(threshold, input, "threshold", 0, 1), 1 - input, input), batched
    )


# What the functions share. But for `per_image` the checks serve both backends.


def clipped(output):
    """`output` with its values brought into [0, 1], in place."""
    return np.clip(output, 0, 1, out=output)


def per_image(value, input, name, low=-math.inf, high=math.inf, whole=False):
    """`value`, a number or one for each image, in the input's dtype and shaped to meet it: (1 or N, 1, 1, 1)."""
    values = values_in_range(value, len(input), name, low, high, whole)
    return values.astype(input.dtype).reshape(-1, 1, 1, 1)


def check_grey_channels(count):
    """An error unless `count` is a number of channels that grey images have."""
    if isinstance(count, bool) or count not in (1, 3):
        raise ValueError(f"num_output_channels: expected 1 or 3, got {count!r}")


def color_channels(input):
    """The number of channels of images (N, C, H, W), 1 or 3."""
    if input.shape[1] not in (1, 3):
        raise TypeError(f"input: expected 1 or 3 channels, got {input.shape[1]}")
    return input.shape[1]


def require_colors(input):
    """An error unless images (N, C, H, W) have 3 channels."""
    if input.shape[1] != 3:
        raise TypeError(f"input: expected 3 channels, got {input.shape[1]}")
