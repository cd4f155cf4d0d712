"""Moving pixels, with torch operations on any device: the names of torchvision, one number for each image allowed.

Arguments, results and errors are those of ``dlcore.scratch.augmentation``; a generator is a torch.Generator, and without
one numbers come from PyTorch's global one. What is drawn stays where the generator is; what is applied never waits for a
GPU, so numbers that lie on one are not looked at: there a value out of range goes unnoticed. Only ``rotate`` with
``expand=True`` and angles on a GPU must wait, to know the size of its output.
"""

import math
import numbers

import numpy as np
import torch
from torch.nn.functional import grid_sample, interpolate

from ..scratch import geometric_transforms as _scratch
from ..scratch.geometric_transforms import (
    GRAIN,
    SMALLEST,
    STEEPEST,
    as_pair,
    as_size,
    center_corner,
    center_shift,
    check_box,
    check_choices,
    check_erased,
    check_expand,
    expanded_size,
    fills,
    five_corners,
    is_smooth,
    padded_sides,
    resampling,
    resized_size,
    shear_pair,
)
from ..scratch.windows import as_bool
from .transform import images, number_in_range, per_image, precise, source, uniform

__all__ = [
    "CenterCrop", "Cutout", "RandomAffine", "RandomCrop", "RandomErasing", "RandomHorizontalFlip",
    "RandomResizedCrop", "RandomRotation", "RandomScale", "RandomTranslation", "RandomVerticalFlip",
    "affine", "center_crop", "crop", "cutout", "erase", "five_crop", "horizontal_flip", "pad", "resize",
    "resized_crop", "rotate", "scale", "ten_crop", "translate", "vertical_flip",
]  # fmt: skip


def horizontal_flip(input, where=None):
    """Mirror images left to right, all or those for which `where` is true."""
    return _flipped(input, where, 3)


def vertical_flip(input, where=None):
    """Mirror images top to bottom, all or those for which `where` is true."""
    return _flipped(input, where, 2)


def _flipped(input, where, axis):
    input, batched = images(input)
    if where is None:
        return _like(input.flip(axis), batched)
    where = torch.as_tensor(where)
    check_choices(where.dtype == torch.bool, where.shape, len(input))
    return _like(torch.where(where.to(input.device).reshape(-1, 1, 1, 1), input.flip(axis), input), batched)


def _like(output, batched):
    return output if batched else output[0]


# Rotations and other affine maps


def affine(input, angle, translate, scale, shear, interpolation="nearest", fill=0, center=None):
    """Shear, scale, rotate clockwise and move: the pixel at p goes to ``scale R S (p - center) + center + translate``."""
    input, batched = images(input)
    count, _, *sizes = input.shape
    device = input.device
    angle, scale = (
        per_image(angle, count, "angle", device),
        per_image(scale, count, "scale", device, SMALLEST),
    )
    moves = [per_image(move, count, "translate", device) for move in as_pair(translate, "translate")]
    shears = [per_image(value, count, "shear", device, -STEEPEST, STEEPEST) for value in shear_pair(shear)]
    matrix = _inverse(angle, moves, scale, shears, center_shift(center, sizes))
    smooth, fill = is_smooth(interpolation), _colour(fill, input)
    return _like(_warp(input, matrix, tuple(sizes), smooth, fill), batched)


def rotate(input, angle, interpolation="nearest", expand=False, center=None, fill=0):
    """Turn images counter-clockwise about their centre."""
    input, batched = images(input)
    count, _, *sizes = input.shape
    known, angle = angle, per_image(angle, count, "angle", input.device)
    size, shift = tuple(sizes), center_shift(center, sizes)
    if check_expand(expand, center):
        known = known.detach().cpu().double() if isinstance(known, torch.Tensor) else known
        size = expanded_size(np.asarray(known, float), sizes)
    nothing = torch.zeros_like(angle)
    matrix = _inverse(-angle, (nothing, nothing), torch.ones_like(angle), (nothing, nothing), shift)
    return _like(_warp(input, matrix, size, is_smooth(interpolation), _colour(fill, input)), batched)


def translate(input, translate, interpolation="nearest", fill=0):
    """Move images by `translate` = (x, y) pixels to the right and down."""
    return affine(input, 0, translate, 1, 0, interpolation, fill)


def scale(input, scale, interpolation="nearest", fill=0, center=None):
    """Enlarge images `scale` times about their centre, the output's size being the input's."""
    return affine(input, 0, (0, 0), scale, 0, interpolation, fill, center)


def _inverse(angle, translate, scale, shear, shift):
    """The matrices (N or 1, 2, 3) from output to input positions, both relative to their images' centres."""
    turn, lean_x, lean_y = torch.broadcast_tensors(*(torch.deg2rad(value) for value in (angle, *shear)))
    one, zero = torch.ones_like(turn), torch.zeros_like(turn)
    rotation = _matrices([turn.cos(), -turn.sin()], [turn.sin(), turn.cos()])
    unshear = _matrices([one, lean_x.tan()], [zero, one]) @ _matrices([one, zero], [lean_y.tan(), one])
    # In steps of GRAIN, so that quarter turns copy pixels exactly.
    linear = unshear @ rotation.mT / scale[:, None, None]
    linear = (linear * GRAIN).round() / GRAIN
    moved = [center + move for center, move in zip(shift, translate)]
    offset = [center - (row * torch.stack(torch.broadcast_tensors(*moved), -1)).sum(-1)
              for center, row in zip(shift, linear.unbind(1))]  # fmt: skip
    offset = torch.stack(offset, -1)[:, :, None]
    count = torch.broadcast_shapes(linear.shape[:1], offset.shape[:1])
    return torch.cat([linear.expand(*count, 2, 2), offset.expand(*count, 2, 1)], 2)


def _matrices(*rows):
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _warp(input, matrix, size, bilinear, fill):
    """Images of this `size`, each output pixel read from where the matrices, (N or 1, 2, 3), lead."""
    count, channels, height, width = input.shape
    if input.numel() == 0:
        return input.new_zeros(count, channels, *size) + fill
    work = torch.promote_types(input.dtype, torch.float32) if bilinear else matrix.dtype
    x, y = _positions(matrix, size, (height, width), work)
    if not bilinear:
        return _nearest(input, x, y, fill)
    grid = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), -1).expand(count, -1, -1, -1)
    filled = isinstance(fill, torch.Tensor) or fill != 0
    values = (input - fill if filled else input).to(work)  # outside grid_sample has zeros
    output = grid_sample(values, grid, align_corners=False)
    return (output + fill if filled else output).to(input.dtype)


def _positions(matrix, size, sizes, dtype):
    """Where each output pixel lies on the input, x and y, (N or 1, rows, columns); one pixel outside at the most."""
    row, column = (
        torch.arange(count, dtype=matrix.dtype, device=matrix.device) - (count - 1) / 2 for count in size
    )
    for line, count in zip(matrix.unbind(1), reversed(sizes)):
        along, across, offset = line[:, :, None].unbind(1)
        columns, rows = along * column, across * row + (offset + (count - 1) / 2)
        yield (columns.to(dtype)[:, None, :] + rows.to(dtype)[:, :, None]).clamp(-1, count)


def _nearest(input, x, y, fill):
    """The pixels of `input` nearest to these positions, and `fill` outside."""
    height, width = input.shape[2:]
    x, y = x.round().long(), y.round().long()
    inside = ((x >= 0) & (x < width) & (y >= 0) & (y < height))[:, None]
    values = _taken(input, y.clamp(0, height - 1) * width + x.clamp(0, width - 1))
    return torch.where(inside, values, fill)


def _colour(fill, input, name="fill"):
    """`fill` as what broadcasts to images: a number, or a tensor (C, 1, 1)."""
    values = fills(fill, input.shape[1], name)
    if isinstance(fill, (tuple, list)):
        return torch.as_tensor(values, dtype=input.dtype, device=input.device)[:, None, None]
    return float(fill)


# Crops and padding


def crop(input, top, left, height, width):
    """Cut out ``input[..., top : top + height, left : left + width]``, with zeros for what lies outside."""
    input, batched = images(input)
    size, sizes, device = as_size((height, width), "height, width"), input.shape[2:], input.device
    if isinstance(top, numbers.Integral) and isinstance(left, numbers.Integral):
        corner = [number_in_range(value, name, whole=True) for value, name in ((top, "top"), (left, "left"))]
        return _like(_sliced(input, corner, size), batched)
    rows, columns = (
        per_image(corner, len(input), name, device, whole=True)[:, None] + _line(n, device)
        for corner, name, n in ((top, "top", size[0]), (left, "left", size[1]))
    )
    if 0 in sizes:
        return _like(input.new_zeros(*input.shape[:2], *size), batched)
    inside = [(line >= 0) & (line < count) for line, count in zip((rows, columns), sizes)]
    inside = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    rows, columns = (line.clamp(0, count - 1) for line, count in zip((rows, columns), sizes))
    return _like(
        torch.where(inside, _taken(input, rows[:, :, None] * sizes[1] + columns[:, None, :]), 0), batched
    )


def _sliced(input, corner, size):
    """:func:`crop` of all images at the same place."""
    output = input.new_zeros(*input.shape[:2], *size)
    taken = [
        (max(0, start), max(0, min(start + n, count)))
        for start, n, count in zip(corner, size, input.shape[2:])
    ]
    (top, bottom), (left, right) = taken
    if bottom > top and right > left:
        y, x = (first - start for (first, _), start in zip(taken, corner))
        output[:, :, y : y + bottom - top, x : x + right - left] = input[:, :, top:bottom, left:right]
    return output


def _taken(input, places):
    """The pixels of each image at these places, (N or 1, rows, columns)."""
    rows, columns = places.shape[1:]
    places = places[:, None].flatten(2).expand(*input.shape[:2], -1)
    return input.flatten(2).gather(2, places).unflatten(2, (rows, columns))


def _line(count, device):
    return torch.arange(count, device=device)


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
    return five_crop(input, size) + five_crop(_flipped(input, None, axis), size)


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
        return _like(_taken(input, (rows[:, None] * input.shape[3] + columns)[None]), batched)
    count, channels, height, width = input.shape
    shape = count, channels, top + height + bottom, left + width + right
    output = input.new_zeros(shape) + _colour(fill, input)
    output[:, :, top : top + height, left : left + width] = input
    return _like(output, batched)


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
        start = _line(1, input.device)
        return _like(
            _resampled(input, (start, start), [start + n for n in input.shape[2:]], size, options), batched
        )
    work = torch.promote_types(input.dtype, torch.float32)
    output = interpolate(input.to(work), size, **options).to(input.dtype)
    return _like(output.clone() if output is input else output, batched)


def resized_crop(input, top, left, height, width, size, interpolation="bilinear", antialias=True):
    """:func:`crop`, then :func:`resize`."""
    input, batched = images(input)
    box, ranges = (top, left, height, width), (-math.inf, -math.inf, 1, 1)
    names = ("top", "left", "height", "width")
    box = [side if isinstance(side, torch.Tensor) else np.asarray(side) for side in box]
    alike = all(side.ndim == 0 for side in box)
    box = [
        per_image(
            side, len(input), name, "cpu" if isinstance(side, np.ndarray) else side.device, low, whole=True
        )
        for side, name, low in zip(box, names, ranges)
    ]
    if all(side.device.type == "cpu" for side in box):
        check_box(*box, tuple(input.shape[2:]))
        if alike:
            return _like(resize(crop(input, *map(int, box)), size, interpolation, None, antialias), batched)
    options, size = resampling(interpolation, antialias), as_size(size, "size", single=False)
    top, left, height, width = (side.to(input.device) for side in box)
    return _like(_resampled(input, (top, left), (height, width), size, options), batched)


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
    output, inputs = _line(outputs, start.device)[:, None], _line(count, start.device)
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


# Erasing


def erase(input, i, j, h, w, v=0):
    """Overwrite a rectangle, ``output[..., i : i + h, j : j + w] = v``."""
    input, batched = images(input)
    values = v if isinstance(v, numbers.Real) else torch.as_tensor(v).to(input.device, input.dtype)
    check_erased(() if isinstance(v, numbers.Real) else tuple(values.shape), tuple(input.shape))
    inside = True
    for axis, start, length, names in ((2, i, h, "ih"), (3, j, w, "jw")):
        start = per_image(start, len(input), names[0], input.device, whole=True).reshape(-1, 1, 1, 1)
        length = per_image(length, len(input), names[1], input.device, 0, whole=True).reshape(-1, 1, 1, 1)
        line = _line(input.shape[axis], input.device)
        line = line[:, None] if axis == 2 else line
        inside = (line >= start) & (line < start + length) & inside
    return _like(torch.where(inside, values, input), batched)


def cutout(input, y, x, size, fill=0):
    """Overwrite a square around (x, y); what of it lies outside the image is lost."""
    height, width = as_size(size, "size")
    batch, _ = images(input)
    y = per_image(y, len(batch), "y", input.device, whole=True)
    x = per_image(x, len(batch), "x", input.device, whole=True)
    # One of each is meant for all images, which erase takes as a number without an axis.
    y, x = (value[0] if len(value) == 1 else value for value in (y, x))
    return erase(input, y - height // 2, x - width // 2, height, width, _colour(fill, batch))


# At random: for each image numbers of its own


class _Torch:
    """Draws of torch numbers, in front of ``dlcore.scratch``'s transforms."""

    _images = staticmethod(images)

    def _uniform(self, batch, generator, low=0.0, high=1.0, count=()):
        """Numbers from `low` to `high`, one (or so many) for each image, where the generator is."""
        shape = (len(images(batch)[0]), *count)
        return uniform(shape, generator, source(generator, batch.device), low, high)

    def _floor(self, values):
        return values.floor().long()


class RandomHorizontalFlip(_Torch, _scratch.RandomHorizontalFlip):
    """Mirror each image left to right with probability `p`."""

    function = staticmethod(horizontal_flip)


class RandomVerticalFlip(_Torch, _scratch.RandomVerticalFlip):
    """Mirror each image top to bottom with probability `p`."""

    function = staticmethod(vertical_flip)


class RandomRotation(_Torch, _scratch.RandomRotation):
    """Turn each image by a random angle."""

    function = staticmethod(rotate)


class RandomAffine(_Torch, _scratch.RandomAffine):
    """Turn, move, scale and shear each image at random."""

    function = staticmethod(affine)


class RandomTranslation(_Torch, _scratch.RandomTranslation):
    """Move each image by random whole pixels."""

    function = staticmethod(translate)


class RandomScale(_Torch, _scratch.RandomScale):
    """Enlarge each image by a random factor."""

    function = staticmethod(scale)


class RandomCrop(_Torch, _scratch.RandomCrop):
    """Cut each image out at a random place."""

    function = staticmethod(crop)
    _pad = staticmethod(pad)


class CenterCrop(_Torch, _scratch.CenterCrop):
    """Cut the middle out of every image."""

    function = staticmethod(center_crop)


class RandomResizedCrop(_Torch, _scratch.RandomResizedCrop):
    """Cut out a rectangle of random area and ratio and resize it."""

    function = staticmethod(resized_crop)


class RandomErasing(_Torch, _scratch.RandomErasing):
    """Overwrite a rectangle of random place, area and ratio in each image, with probability `p`."""

    function = staticmethod(erase)

    def _normal(self, batch, generator):
        place = source(generator, batch.device)
        return torch.randn(batch.shape, generator=generator, device=place, dtype=batch.dtype)

    def _colour(self, batch):
        return _colour(self.value, batch, "value")


class Cutout(_Torch, _scratch.Cutout):
    """Overwrite a square at a random place in each image."""

    function = staticmethod(cutout)
