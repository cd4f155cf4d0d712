"""Residual networks with pre-activation: normalization and ReLU stand before the convolutions, the sum is left alone."""

from collections import OrderedDict
from functools import partial

from .resnet import residual_network, strides

__all__ = ["preact_basic_block", "preact_bottleneck_block", "preact_resnet18", "preact_resnet50"]


def preact_basic_block(nn, in_channels, width, stride=1, activated=False):
    """Two 3 x 3 convolutions, each after normalization and ReLU; to their output the input is added.

    Where the shape is kept nothing stands between the input and the sum. Where it changes, the first normalization and
    ReLU stand before the fork, and the projection, a 1 x 1 convolution, takes what they return.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels, width : int
        Channels that come in and go out.
    stride : int
        Of the first convolution; with 2 height and width are halved.
    activated : bool
        The input is normalized and has been through ReLU already, as in a network's first block: the block begins with
        its first convolution.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, width, H / stride, W / stride).

    Source: He, Zhang, Ren and Sun, "Identity mappings in deep residual networks" (2016), figure 4e and the appendix; the
    projection as in the authors' implementation, fb.resnet.torch.
    """
    residual = {
        "conv1": nn.Conv2d(in_channels, width, 3, stride=stride, padding=1, bias=False),
        **_bn_relu(nn, width, 2),
        "conv2": nn.Conv2d(width, width, 3, padding=1, bias=False),
    }
    return _preactivated(nn, in_channels, width, stride, activated, residual)


def preact_bottleneck_block(nn, in_channels, width, stride=1, stride_on="3x3", activated=False):
    """1 x 1, 3 x 3 and 1 x 1 convolutions, each after normalization and ReLU; to their output the input is added.

    Parameters
    ----------
    nn, activated
        As for :func:`preact_basic_block`.
    in_channels, width : int
        Channels that come in, and that are in the middle; four times `width` go out.
    stride : int
        With 2 height and width are halved.
    stride_on : {"3x3", "1x1"}
        Which convolution has the stride.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, 4 width, H / stride, W / stride).

    Source: that of :func:`preact_basic_block`.
    """
    first, second = strides(stride, stride_on)
    residual = {
        "conv1": nn.Conv2d(in_channels, width, 1, stride=first, bias=False),
        **_bn_relu(nn, width, 2),
        "conv2": nn.Conv2d(width, width, 3, stride=second, padding=1, bias=False),
        **_bn_relu(nn, width, 3),
        "conv3": nn.Conv2d(width, 4 * width, 1, bias=False),
    }
    return _preactivated(nn, in_channels, 4 * width, stride, activated, residual)


def _preactivated(nn, in_channels, channels, stride, activated, residual):
    before = {} if activated else _bn_relu(nn, in_channels, 1)
    if stride == 1 and in_channels == channels:
        way_around, residual, before = nn.Identity(), {**before, **residual}, {}
    else:
        projection = nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False)
        way_around = nn.Sequential(OrderedDict(conv=projection))
    branches = OrderedDict(residual=nn.Sequential(OrderedDict(residual)), shortcut=way_around)
    return nn.Sequential(OrderedDict(**before, sum=nn.Sum(branches)))


def _bn_relu(nn, channels, number="_last"):
    return {f"bn{number}": nn.BatchNorm2d(channels), f"relu{number}": nn.ReLU()}


def preact_resnet18(nn, num_classes=1000, in_channels=3, small=False):
    """ResNet-18 with pre-activation: eight blocks of two convolutions.

    Parameters
    ----------
    nn, num_classes, in_channels, small
        As for :func:`~dlcore.networks.resnet.resnet18`.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes).

    Notes
    -----
    The network begins as ResNet does, so that the first block finds its input activated. After the last block there is
    one more normalization and ReLU.

    Source: that of :func:`preact_basic_block`, and for the depth :func:`~dlcore.networks.resnet.resnet18`.
    """
    return _preact_resnet(nn, preact_basic_block, (2, 2, 2, 2), num_classes, in_channels, small)


def preact_resnet50(nn, num_classes=1000, in_channels=3, small=False, stride_on="3x3"):
    """ResNet-50 with pre-activation: sixteen blocks of three convolutions.

    Parameters
    ----------
    nn, num_classes, in_channels, small, stride_on
        As for :func:`~dlcore.networks.resnet.resnet50`.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes).

    Source: that of :func:`preact_resnet18`.
    """
    block = partial(preact_bottleneck_block, stride_on=stride_on)
    return _preact_resnet(nn, block, (3, 4, 6, 3), num_classes, in_channels, small, expansion=4)


def _preact_resnet(nn, block, counts, num_classes, in_channels, small, expansion=1):
    activated = partial(block, activated=True)
    return residual_network(
        nn, block, counts, num_classes, in_channels, small, expansion, first_block=activated, last=_bn_relu
    )
