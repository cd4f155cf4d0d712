"""Erasing a part of each image, with torch operations on any device.

Arguments, results and errors are those of :mod:`dlcore.scratch.erasing`. Numbers that lie on a GPU are not looked at.
"""

import torch

from ..scratch import erasing as _scratch
from ..scratch.erasing import check_erased
from ..scratch.transform import as_size, unbatched
from .transform import Draws, filling, images, per_image, real_tensor

__all__ = ["Cutout", "RandomErasing", "cutout", "erase"]


def erase(input, i, j, h, w, v=0):
    """Overwrite a rectangle, ``output[..., i : i + h, j : j + w] = v``."""
    input, batched = images(input)
    values = v if type(v) in (int, float) else real_tensor(v, "v", input)
    check_erased(tuple(getattr(values, "shape", ())), tuple(input.shape))
    inside = True
    for axis, start, length, names in ((2, i, h, "ih"), (3, j, w, "jw")):
        start = per_image(start, len(input), names[0], input.device, whole=True).reshape(-1, 1, 1, 1)
        length = per_image(length, len(input), names[1], input.device, 0, whole=True).reshape(-1, 1, 1, 1)
        line = torch.arange(input.shape[axis], device=input.device)
        line = line[:, None] if axis == 2 else line
        inside = (line >= start) & (line < start + length) & inside
    return unbatched(torch.where(inside, values, input), batched)


def cutout(input, y, x, size, fill=0):
    """Overwrite a square around (x, y); what of it lies outside the image is lost."""
    height, width = as_size(size, "size")
    batch, _ = images(input)
    y = per_image(y, len(batch), "y", input.device, whole=True)
    x = per_image(x, len(batch), "x", input.device, whole=True)
    # One of each is meant for all images, which erase takes as a number without an axis.
    y, x = (value[0] if len(value) == 1 else value for value in (y, x))
    return erase(input, y - height // 2, x - width // 2, height, width, filling(fill, batch))


class RandomErasing(Draws, _scratch.RandomErasing):
    """Overwrite a rectangle of random place, area and ratio in each image, with probability `p`."""

    function = staticmethod(erase)

    def _color(self, batch):
        return filling(self.value, batch, "value")


class Cutout(Draws, _scratch.Cutout):
    """Overwrite a square at a random place in each image."""

    function = staticmethod(cutout)
