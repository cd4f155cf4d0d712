"""Checks and draws that the transforms share; :class:`Transform` and :class:`Compose` serve both backends."""

import torch

from ..scratch.transform import Compose, Transform

__all__ = ["Compose", "Transform"]


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


def uniform(shape, generator, device, low=0.0, high=1.0):
    """Numbers from `low` to `high`, float64, drawn where the generator is and brought to `device`."""
    source = device if generator is None else generator.device
    return low + (high - low) * torch.rand(shape, generator=generator, device=source, dtype=torch.float64).to(
        device
    )


def chosen(shape, p, generator, device):
    """For each example whether it is changed, with probability `p`."""
    return uniform(shape, generator, device) < p
