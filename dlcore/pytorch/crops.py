"""Images of another size, with torch operations on any device: crops, padding, and resizing.

Arguments, results and errors are those of :mod:`dlcore.scratch.crops`. No function waits for a GPU, so numbers that lie on
one are not looked at: there a value out of range goes unnoticed.
"""

import math
import numbers

import torch
from torch.nn.functional import interpolate

from ..scratch.crops import (
    center_corner,
    check_box,
    five_corners,
    padded_sides,
    resampling,
    resized_size,
)
from ..scratch.transform import as_size, number_in_range, unbatched
from ..scratch.windows import as_bool
from .transform import filling, images, moved, per_image, pixels_at, precise
from .warps import flipped

__all__ = ["center_crop", "crop", "five_crop", "pad", "resize", "resized_crop", "ten_crop"]


# Crops and padding


def crop(input, top, left, height, width):
    """Cut out ``input[..., top : top + height, left : left + width]``, with zeros for what lies outside."""
    input, batched = images(input)
    size, sizes, device = as_size((height, width), "height, width"), input.shape[2:], input.device
    if isinstance(top, numbers.Integral) and isinstance(left, numbers.Integral):
        corner = [number_in_range(value, name, whole=True) for value, name in ((top, "top"), (left, "left"))]
        return unbatched(_sliced(input, corner, size), batched)
    rows, columns = (
        per_image(corner, len(input), name, device, whole=True)[:, None] + torch.arange(n, device=device)
        for corner, name, n in ((top, "top", size[0]), (left, "left", size[1]))
    )
    if 0 in sizes:
        return unbatched(input.new_zeros(*input.shape[:2], *size), batched)
    inside = [(line >= 0) & (line < count) for line, count in zip((rows, columns), sizes)]
    inside = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    rows, columns = (line.clamp(0, count - 1) for line, count in zip((rows, columns), sizes))
    places = rows[:, :, None] * sizes[1] + columns[:, None, :]
    return unbatched(torch.where(inside, pixels_at(input, places), 0), batched)


def _sliced(input, corner, size):
    """:func:`crop` of all images at the same place."""
    output = input.new_zeros(*input.shape[:2], *size)
    taken = [(max(0, start), min(start + n, count)) for start, n, count in zip(corner, size, input.shape[2:])]
    (top, bottom), (left, right) = taken
    if bottom > top and right > left:
        y, x = (first - start for (first, _), start in zip(taken, corner))
        output[:, :, y : y + bottom - top, x : x + right - left] = input[:, :, top:bottom, left:right]
    return output


def center_crop(input, output_size):
    """Cut out the middle, with zeros around it where the output is larger."""
    size = as_size(output_size, "output_size")
    return crop(input, *center_corner(images(input)[0].shape[2:], size), *size)


def five_crop(input, size):
    """Top left, top right, bottom left, bottom right, middle."""
    corners, size = five_corners(images(input)[0].shape[2:], size)
    return tuple(crop(input, *corner, *size) for corner in corners)


def ten_crop(input, size, vertical_flip=False):
    """:func:`five_crop` of the images and of their mirror images."""
    axis = 2 if as_bool(vertical_flip, "vertical_flip") else 3
    return five_crop(input, size) + five_crop(flipped(input, None, axis), size)


def pad(input, padding, fill=0, padding_mode="constant"):
    """Add pixels around the images."""
    input, batched = images(input)
    sides = padded_sides(padding, fill, padding_mode, tuple(input.shape))
    (top, bottom), (left, right) = sides
    if padding_mode != "constant":
        rows, columns = (
            _mirrored(count, *around, padding_mode, input.device)
            for count, around in zip(input.shape[2:], sides)
        )
        return unbatched(pixels_at(input, (rows[:, None] * input.shape[3] + columns)[None]), batched)
    count, channels, height, width = input.shape
    shape = count, channels, top + height + bottom, left + width + right
    output = input.new_zeros(shape) + filling(fill, input)
    output[:, :, top : top + height, left : left + width] = input
    return unbatched(output, batched)


def _mirrored(count, before, after, padding_mode, device):
    """The places that are read along an axis of `count` pixels, with so many added before and after it."""
    places = torch.arange(-before, count + after, device=device)
    if padding_mode == "edge":
        return places.clamp(0, count - 1)
    beyond = 0 if padding_mode == "reflect" else 1  # a mirror at the outermost pixel, or half a pixel beyond
    places = torch.where(places < 0, -places - beyond, places)
    return torch.where(places < count, places, 2 * (count - 1) + beyond - places)


# Other sizes


def resize(input, size, interpolation="bilinear", max_size=None, antialias=True):
    """Scale images to another size: ``torch.nn.functional.interpolate``."""
    input, batched = images(input)
    size = resized_size(tuple(input.shape), size, max_size)
    options = resampling(interpolation, antialias)
    if options.get("antialias") and size[1] == 1:  # PyTorch's answer is wrong there
        start = torch.arange(1, device=input.device)
        return unbatched(
            _resampled(input, (start, start), [start + n for n in input.shape[2:]], size, options), batched
        )
    work = torch.promote_types(input.dtype, torch.float32)
    return unbatched(interpolate(input.to(work), size, **options).to(input.dtype), batched)


def resized_crop(input, top, left, height, width, size, interpolation="bilinear", antialias=True):
    """:func:`crop`, then :func:`resize`."""
    input, batched = images(input)
    low = {"top": -math.inf, "left": -math.inf, "height": 1, "width": 1}
    box = [  # where they are: on the CPU they can be looked at
        per_image(side, len(input), name, getattr(side, "device", "cpu"), low[name], whole=True)
        for name, side in zip(low, (top, left, height, width))
    ]
    alike = all(len(side) == 1 for side in box)
    if all(side.device.type == "cpu" for side in box):
        check_box(*box, tuple(input.shape[2:]))
        if alike:
            return unbatched(
                resize(crop(input, *map(int, box)), size, interpolation, None, antialias), batched
            )
    options, size = resampling(interpolation, antialias), as_size(size, "size", single=False)
    top, left, height, width = (moved(side, input.device) for side in box)
    return unbatched(_resampled(input, (top, left), (height, width), size, options), batched)


def _resampled(input, corner, lengths, size, options):
    """A part of each image in another size, as products with matrices."""
    work = torch.promote_types(input.dtype, torch.float32)
    rows, columns = (
        _resampling(start, length, count, outputs, **options).to(work)[:, None]
        for start, length, count, outputs in zip(corner, lengths, input.shape[2:], size)
    )
    return (rows @ input.to(work) @ columns.mT).to(input.dtype)


def _resampling(start, length, count, outputs, mode, align_corners=None, antialias=False):
    """Matrices (N, outputs, count) that make `outputs` elements of `length` ones of `count`, from `start` on."""
    start, length = start.reshape(-1, 1, 1), length.reshape(-1, 1, 1)
    output = torch.arange(outputs, device=start.device)[:, None]
    inputs = torch.arange(count, device=start.device)
    if mode == "nearest":
        return inputs == start + output * length // outputs
    if mode == "nearest-exact":
        return inputs == start + (2 * output + 1) * length // (2 * outputs)
    ratio = length.to(precise(start.device)) / outputs
    if antialias:
        stretch = ratio.clamp(min=1)
        weights = _filter(mode, (inputs - start + 0.5 - (output + 0.5) * ratio) / stretch, -0.5)
        weights = weights * ((inputs >= start) & (inputs < start + length))
        return weights / weights.sum(2, keepdim=True)
    positions = (output + 0.5) * ratio - 0.5
    weights = 0
    for tap in (0, 1) if mode == "bilinear" else (-1, 0, 1, 2):
        neighbour = positions.floor() + tap
        taken = start + neighbour.clamp(min=0).minimum(length - 1)
        weights = weights + _filter(mode, positions - neighbour, -0.75) * (inputs == taken)
    return weights


def _filter(mode, distance, a):
    """The triangle of linear interpolation, or Keys' cubic filter."""
    x = distance.abs()
    if mode == "bilinear":
        return (1 - x).clamp(min=0)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return torch.where(x <= 1, near, torch.where(x < 2, far, 0))
