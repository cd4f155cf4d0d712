"""Moving pixels at random, with torch operations on any device: flips, affine maps, crops.

Options and errors are those of :mod:`dlcore.scratch.geometric_transforms`; a generator is a torch.Generator, and without
one numbers come from PyTorch's global one. What is drawn stays where the generator is; what is applied never waits for a
GPU.
"""

from ..scratch import geometric_transforms as _scratch
from . import crops, warps
from .transform import Draws

__all__ = [
    "CenterCrop", "RandomAffine", "RandomCrop", "RandomHorizontalFlip", "RandomResizedCrop", "RandomRotation",
    "RandomScale", "RandomTranslation", "RandomVerticalFlip",
]  # fmt: skip


class RandomHorizontalFlip(Draws, _scratch.RandomHorizontalFlip):
    """Mirror each image left to right with probability `p`."""

    function = staticmethod(warps.horizontal_flip)


class RandomVerticalFlip(Draws, _scratch.RandomVerticalFlip):
    """Mirror each image top to bottom with probability `p`."""

    function = staticmethod(warps.vertical_flip)


class RandomRotation(Draws, _scratch.RandomRotation):
    """Turn each image by a random angle."""

    function = staticmethod(warps.rotate)


class RandomAffine(Draws, _scratch.RandomAffine):
    """Turn, move, scale and shear each image at random."""

    function = staticmethod(warps.affine)


class RandomTranslation(Draws, _scratch.RandomTranslation):
    """Move each image by random whole pixels."""

    function = staticmethod(warps.translate)


class RandomScale(Draws, _scratch.RandomScale):
    """Enlarge each image by a random factor."""

    function = staticmethod(warps.scale)


class RandomCrop(Draws, _scratch.RandomCrop):
    """Cut each image out at a random place."""

    function = staticmethod(crops.crop)
    _pad = staticmethod(crops.pad)


class CenterCrop(Draws, _scratch.CenterCrop):
    """Cut the middle out of every image."""

    function = staticmethod(crops.center_crop)


class RandomResizedCrop(Draws, _scratch.RandomResizedCrop):
    """Cut out a rectangle of random area and ratio and resize it."""

    function = staticmethod(crops.resized_crop)
