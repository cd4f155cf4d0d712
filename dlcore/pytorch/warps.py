"""Moving pixels within images, with torch operations on any device: flips, rotations and other affine maps.

Arguments, results and errors are those of :mod:`dlcore.scratch.warps`. No function waits for a GPU, so numbers that lie on
one are not looked at: there a value out of range goes unnoticed. Only ``rotate`` with ``expand=True`` and angles on a GPU
must wait, to know the size of its output.
"""

import numpy as np
import torch
from torch.nn.functional import grid_sample

from ..scratch.transform import as_pair, unbatched
from ..scratch.warps import (
    GRAIN,
    SMALLEST,
    STEEPEST,
    center_shift,
    check_choices,
    check_expand,
    expanded_size,
    is_smooth,
    shear_pair,
)
from .transform import filling, images, moved, per_image, pixels_at

__all__ = ["affine", "horizontal_flip", "rotate", "scale", "translate", "vertical_flip"]


def horizontal_flip(input, where=None):
    """Mirror images left to right, all or those for which `where` is true."""
    return flipped(input, where, 3)


def vertical_flip(input, where=None):
    """Mirror images top to bottom, all or those for which `where` is true."""
    return flipped(input, where, 2)


def flipped(input, where, axis):
    """Images mirrored along an axis, 2 or 3, all or those for which `where` is true."""
    input, batched = images(input)
    if where is None:
        return unbatched(input.flip(axis), batched)
    where = where if isinstance(where, torch.Tensor) else np.array(where)
    check_choices(where.dtype in (bool, torch.bool), where.shape, len(input))
    where = torch.as_tensor(where)
    return unbatched(
        torch.where(moved(where, input.device).reshape(-1, 1, 1, 1), input.flip(axis), input), batched
    )


# Rotations and other affine maps


def affine(input, angle, translate, scale, shear, interpolation="nearest", fill=0, center=None):
    """Shear, scale, rotate clockwise and move: the pixel at p goes to ``scale R S (p - center) + center + translate``."""
    input, batched = images(input)
    (count, _, *sizes), device = input.shape, input.device
    angle = per_image(angle, count, "angle", device)
    scale = per_image(scale, count, "scale", device, SMALLEST)
    moves = [per_image(move, count, "translate", device) for move in as_pair(translate, "translate")]
    shears = [per_image(value, count, "shear", device, -STEEPEST, STEEPEST) for value in shear_pair(shear)]
    matrix = _inverse(angle, moves, scale, shears, center_shift(center, sizes))
    smooth, fill = is_smooth(interpolation), filling(fill, input)
    return unbatched(_warp(input, matrix, tuple(sizes), smooth, fill), batched)


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
    return unbatched(_warp(input, matrix, size, is_smooth(interpolation), filling(fill, input)), batched)


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
    values = pixels_at(input, y.clamp(0, height - 1) * width + x.clamp(0, width - 1))
    return torch.where(inside, values, fill)
