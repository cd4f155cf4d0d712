"""Checks and draws that the transforms share; :class:`Transform` and :class:`Compose` serve both backends."""

import math
import numbers

import numpy as np
import torch

from ..scratch import transform as scratch
from ..scratch.transform import (
    Compose,
    Transform,
    fills,
    number_in_range,
    real_array,
    require_count,
    values_in_range,
)

__all__ = ["Compose", "RandomApply", "Transform"]


class RandomApply(scratch.RandomApply):
    """Change each example with probability `p`, and leave it as it is otherwise: as ``dlcore.scratch``'s.

    Source: ``torchvision.transforms.v2.RandomApply``, which decides once for the whole batch.
    """

    def _chosen(self, shape, batch, generator):
        return chosen(shape, self.p, generator, getattr(batch, "device", "cpu"))

    def _taken(self, where, changed, batch):
        return torch.where(torch.as_tensor(where, device=batch.device), changed, batch)


def images(batch, name="input"):
    """`batch`, floating-point images (N, C, H, W) or one (C, H, W), with a batch axis, and whether it had one."""
    if not isinstance(batch, torch.Tensor):
        raise TypeError(f"{name}: expected a torch.Tensor, got {type(batch).__name__}")
    if not batch.is_floating_point():
        raise TypeError(f"{name}: expected floating-point images in [0, 1], got {batch.dtype}")
    if batch.ndim not in (3, 4):
        raise ValueError(
            f"{name}: expected images (N, C, H, W) or one (C, H, W), got shape {tuple(batch.shape)}"
        )
    return (batch, True) if batch.ndim == 4 else (batch[None], False)


class Draws:
    """What depends on the backend in the image transforms of ``dlcore.scratch``, in front of which it stands."""

    def _images(self, batch):
        return images(batch)[0]

    def _uniform(self, batch, generator, low=0.0, high=1.0, count=()):
        shape = (len(images(batch)[0]), *count)
        return uniform(shape, generator, source(generator, batch.device), low, high)

    def _normal(self, batch, generator, count):
        place = source(generator, images(batch)[0].device)
        return normal((len(self._images(batch)), *count), generator, place, precise(place))

    def _noise(self, batch, generator):
        return normal(batch.shape, generator, source(generator, images(batch)[0].device), batch.dtype)

    def _floor(self, values):
        return values.floor().long()


def filling(fill, input, name="fill"):
    """`fill`, a number or one for each channel of the images `input`, as what meets them: a number, or (C, 1, 1)."""
    values = fills(fill, input.shape[1], name)
    if len(values) == 1:
        return values[0]
    return moved(torch.tensor(values, dtype=input.dtype), input.device).reshape(-1, 1, 1)


def pixels_at(input, places):
    """The pixels of each image at these places, (N or 1, rows, columns), counted row by row."""
    rows, columns = places.shape[1:]
    places = places[:, None].flatten(2).expand(*input.shape[:2], -1)
    return input.flatten(2).gather(2, places).unflatten(2, (rows, columns))


def real_tensor(value, name, input, dtype=None):
    """`value`, real numbers, as a tensor beside the images `input` and by default in their dtype; or an error."""
    if not isinstance(value, torch.Tensor):
        value = torch.from_numpy(np.array(real_array(value, name), float))
    if value.dtype == torch.bool or value.is_complex():
        raise TypeError(f"{name}: expected real numbers, got {value.dtype}")
    return moved(value, input.device, dtype or input.dtype)


def moved(value, device, dtype=None):
    """A tensor on `device`. What comes from the CPU is sent to a GPU without waiting for it."""
    ahead = value.device.type == "cpu" and torch.device(device).type == "cuda"
    return value.to(device, dtype or value.dtype, non_blocking=ahead)


def precise(device):
    """The most precise dtype that a device has: float64, but for Apple's GPUs."""
    return torch.float32 if torch.device(device).type == "mps" else torch.float64


def source(generator, device):
    """The device where numbers are drawn: the generator's; without one, `device`."""
    if generator is not None and not isinstance(generator, torch.Generator):
        raise TypeError(f"generator: expected a torch.Generator or None, got {generator!r}")
    return torch.device(device) if generator is None else generator.device


def uniform(shape, generator, device, low=0.0, high=1.0):
    """Numbers from `low` to `high`, as precise as can be, drawn where the generator is and brought to `device`."""
    place = source(generator, device)
    drawn = low + (high - low) * torch.rand(shape, generator=generator, device=place, dtype=precise(place))
    return moved(drawn, device, precise(device))


def normal(shape, generator, device, dtype):
    """Normal numbers with mean 0 and variance 1, drawn where the generator is and brought to `device`."""
    place = source(generator, device)
    return moved(torch.randn(shape, generator=generator, device=place, dtype=dtype), device)


def chosen(shape, p, generator, device):
    """For each example whether it is changed, with probability `p`."""
    return (uniform(shape, generator, source(generator, device)) < p).to(device)


def per_image(value, count, name, device, low=-math.inf, high=math.inf, whole=False):
    """`value`, a number or one for each image, as a tensor of shape (1,) or (N,) on `device`, or an error naming `name`.

    Numbers that lie on another device than the CPU are not looked at: that would be to wait for it.
    """
    dtype = torch.int64 if whole else precise(device)
    if isinstance(value, numbers.Real):
        return torch.full((1,), number_in_range(value, name, low, high, whole), dtype=dtype, device=device)
    if not isinstance(value, torch.Tensor):
        values = values_in_range(value, count, name, low, high, whole)
        value = torch.from_numpy(np.array(values, np.int64 if whole else float))
    elif value.device.type == "cpu" and not torch.compiler.is_compiling():
        plain = value.detach()
        plain = plain.double() if plain.is_floating_point() else plain  # NumPy has no bfloat16
        values_in_range(plain.numpy(), count, name, low, high, whole)
    else:
        require_count(value.shape, count, name)
    return moved(value, device, dtype).reshape(-1)
