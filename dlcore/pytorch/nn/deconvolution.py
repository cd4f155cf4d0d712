"""Upsampling layers that learn or rearrange: PyTorch's own."""

from torch.nn import (
    ChannelShuffle,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    MaxUnpool1d,
    MaxUnpool2d,
    MaxUnpool3d,
    PixelShuffle,
    PixelUnshuffle,
)

from .module import by_fan_in, rule

__all__ = [
    "ChannelShuffle", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "MaxUnpool1d", "MaxUnpool2d",
    "MaxUnpool3d", "PixelShuffle", "PixelUnshuffle",
]  # fmt: skip

rule(ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)(by_fan_in)
