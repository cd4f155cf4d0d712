"""Squeeze-and-excitation networks: ResNet whose channels are weighed by what the whole image shows."""

from collections import OrderedDict
from functools import partial

from .resnet import bottleneck_block, residual_network

__all__ = ["se_gate", "se_resnet50"]


def se_gate(nn, channels, reduction=16):
    """Channels times a factor in (0, 1) each, which two layers compute from the averages of all channels.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    channels : int
        That come in and go out.
    reduction : int
        How many times fewer channels are between the two layers.

    Returns
    -------
    nn.Scale
        (N, channels, H, W) to the same shape.

    Notes
    -----
    The two layers are linear ones, spelled as 1 x 1 convolutions of an image of one pixel, so that their result fits
    over the input.

    Source: Hu, Shen and Sun, "Squeeze-and-excitation networks" (2018), figures 1 and 3.
    """
    if reduction not in range(1, channels + 1):
        raise ValueError(f"reduction: expected an int from 1 to {channels}, the channels, got {reduction!r}")
    gate = OrderedDict(
        pool=nn.AdaptiveAvgPool2d(1),
        fc1=nn.Conv2d(channels, channels // reduction, 1),
        relu=nn.ReLU(),
        fc2=nn.Conv2d(channels // reduction, channels, 1),
        sigmoid=nn.Sigmoid(),
    )
    return nn.Scale(nn.Sequential(gate))


def se_resnet50(nn, num_classes=1000, in_channels=3, small=False, stride_on="1x1", reduction=16):
    """SE-ResNet-50: ResNet-50 with a gate at the end of each residual branch.

    Parameters
    ----------
    nn, num_classes, in_channels, small
        As for :func:`~dlcore.networks.resnet.resnet18`.
    stride_on : {"1x1", "3x3"}
        Which convolution of a block halves the resolution. It is the first, 1 x 1, as the authors have it; many newer
        implementations have it in the middle, as in :func:`~dlcore.networks.resnet.resnet50`.
    reduction : int
        As for :func:`se_gate`.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes).

    Notes
    -----
    The first pooling of the authors' network has no padding and rounds its size up; here it is that of ResNet, to the
    same size.

    Source: Hu, Shen and Sun, "Squeeze-and-excitation networks" (2018), table 1.
    """
    block = partial(bottleneck_block, stride_on=stride_on, gate=partial(se_gate, reduction=reduction))
    return residual_network(nn, block, (3, 4, 6, 3), num_classes, in_channels, small, expansion=4)
