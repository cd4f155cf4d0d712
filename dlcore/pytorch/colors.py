"""Colours of pixels, with torch operations on any device: the names of torchvision, one number for each image allowed.

Arguments, results and errors are those of :mod:`dlcore.scratch.colors`. No function waits for a GPU, so numbers that lie
on one are not looked at: there a factor out of range goes unnoticed.
"""

import math

import torch

from ..scratch.colors import GREY, check_grey_channels, color_channels, require_colors
from ..scratch.transform import unbatched
from .transform import images, per_image

__all__ = [
    "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue", "adjust_saturation", "hsv_to_rgb", "invert",
    "posterize", "rgb_to_grayscale", "rgb_to_hsv", "solarize",
]  # fmt: skip


def rgb_to_grayscale(input, num_output_channels=1):
    """The grey level of every pixel, ``0.2989 R + 0.587 G + 0.114 B``, in 1 channel or 3."""
    input, batched = images(input)
    check_grey_channels(num_output_channels)
    grey = input.clone() if color_channels(input) == 1 else _grey(input)
    return unbatched(grey.repeat(1, num_output_channels, 1, 1), batched)


def _grey(input):
    return sum(share * channel for share, channel in zip(GREY, input.split(1, dim=1)))


def adjust_brightness(input, brightness_factor):
    """``clip(f x, 0, 1)`` with a factor that is not negative."""
    input, batched = images(input)
    color_channels(input)
    return unbatched((factors(brightness_factor, input, "brightness_factor", 0) * input).clamp(0, 1), batched)


def adjust_contrast(input, contrast_factor):
    """``clip(f x + (1 - f) mean(grey(x)), 0, 1)`` with a factor that is not negative."""
    input, batched = images(input)
    factor = factors(contrast_factor, input, "contrast_factor", 0)
    grey = input if color_channels(input) == 1 else _grey(input)
    return unbatched(_blended(input, grey.mean((1, 2, 3), keepdim=True), factor), batched)


def adjust_saturation(input, saturation_factor):
    """``clip(f x + (1 - f) grey(x), 0, 1)`` with a factor that is not negative; one channel is left as it is."""
    input, batched = images(input)
    factor = factors(saturation_factor, input, "saturation_factor", 0)
    if color_channels(input) == 1:
        return unbatched(input.clone(), batched)
    return unbatched(_blended(input, _grey(input), factor), batched)


def _blended(input, other, factor):
    return (factor * input + (1 - factor) * other).clamp(0, 1)


def rgb_to_hsv(input):
    """Hue, saturation and value of every pixel, each from 0 to 1; grey has hue and saturation 0."""
    input, batched = images(input)
    require_colors(input)
    red, green, blue = input.unbind(1)
    value = input.amax(1)
    chroma = value - input.amin(1)
    divisor = torch.where(chroma == 0, 1, chroma)
    sixths = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    hue = (sixths / 6).remainder(1)
    saturation = chroma / torch.where(value == 0, 1, value)
    return unbatched(torch.stack((hue, saturation, value), 1), batched)


def hsv_to_rgb(input):
    """The colour of every hue, saturation and value: the inverse of :func:`rgb_to_hsv`.

    A channel is ``V - V S clip(min(k, 4 - k), 0, 1)`` with ``k = (6 H + n) mod 6``; n = 5, 3, 1 for red, green, blue.
    """
    input, batched = images(input)
    require_colors(input)
    hue, saturation, value = input.split(1, dim=1)
    starts = torch.arange(5, 0, -2, device=input.device, dtype=input.dtype).reshape(1, 3, 1, 1)
    places = (6 * hue + starts).remainder(6)
    return unbatched(value - value * saturation * torch.minimum(places, 4 - places).clamp(0, 1), batched)


def adjust_hue(input, hue_factor):
    """Turn every hue by this fraction of the circle, from -0.5 to 0.5; one channel is left as it is."""
    input, batched = images(input)
    factor = factors(hue_factor, input, "hue_factor", -0.5, 0.5)
    if color_channels(input) == 1:
        return unbatched(input.clone(), batched)
    hue, saturation, value = rgb_to_hsv(input).split(1, dim=1)
    return unbatched(hsv_to_rgb(torch.cat((hue + factor, saturation, value), 1)), batched)


def adjust_gamma(input, gamma, gain=1):
    """``clip(gain x^gamma, 0, 1)`` with a gamma that is not negative."""
    input, batched = images(input)
    powers = input ** factors(gamma, input, "gamma", 0)
    return unbatched((factors(gain, input, "gain") * powers).clamp(0, 1), batched)


def invert(input):
    """The negative: ``1 - x``."""
    input, batched = images(input)
    return unbatched(1 - input, batched)


def posterize(input, bits):
    """Leave ``L = 2^bits`` levels: ``clip(floor(L x), 0, L - 1) / L``."""
    input, batched = images(input)
    levels = 2 ** factors(bits, input, "bits", 0, 8, whole=True)
    return unbatched(torch.minimum((levels * input).floor().clamp(min=0), levels - 1) / levels, batched)


def solarize(input, threshold):
    """``1 - x where x >= threshold``, which is from 0 to 1."""
    input, batched = images(input)
    bright = input >= factors(threshold, input, "threshold", 0, 1)
    return unbatched(torch.where(bright, 1 - input, input), batched)


def factors(value, input, name, low=-math.inf, high=math.inf, whole=False):
    """`value`, a number or one for each image, in the input's dtype and shaped to meet it: (1 or N, 1, 1, 1)."""
    values = per_image(value, len(input), name, input.device, low, high, whole)
    return values.to(input.dtype).reshape(-1, 1, 1, 1)
