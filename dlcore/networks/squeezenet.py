"""SqueezeNet: few parameters, because channels are squeezed before each 3 x 3 convolution."""

from collections import OrderedDict

from ._checks import checked

__all__ = ["fire", "squeezenet1_0", "squeezenet1_1"]


def fire(nn, in_channels, squeeze, expand1x1, expand3x3):
    """A 1 x 1 convolution to few channels, and from these 1 x 1 and 3 x 3 convolutions side by side.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels : int
        Channels that come in.
    squeeze : int
        Channels in the middle.
    expand1x1, expand3x3 : int
        Channels that go out, of either kind.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, expand1x1 + expand3x3, H, W).

    Source: Iandola, Han, Moskewicz, Ashraf, Dally and Keutzer, "SqueezeNet: AlexNet-level accuracy with 50x fewer
    parameters and <0.5MB model size" (2016), section 3.2 and figure 1.
    """
    expanded = OrderedDict(
        expand1x1=nn.Conv2d(squeeze, expand1x1, 1),
        expand3x3=nn.Conv2d(squeeze, expand3x3, 3, padding=1),
    )
    return nn.Sequential(
        OrderedDict(
            squeeze=nn.Conv2d(in_channels, squeeze, 1),
            relu1=nn.ReLU(),
            concat=nn.Concat(expanded),
            relu2=nn.ReLU(),
        )
    )


def squeezenet1_0(nn, num_classes=1000, in_channels=3, small=False):
    """SqueezeNet 1.0: eight fire modules between two convolutions, no fully connected layer.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.
    small : bool
        For images of 32 x 32: half the width, and a first layer of 3 x 3 with padding.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 224 x 224 and any other size from 21 x 21 on.

    Notes
    -----
    The layers have the paper's names. As in the authors' files there is ReLU after the last convolution too, so that
    scores are never negative; their padding of that convolution is left out, as in other implementations. The paper's
    table 1 says 224 x 224, but its sizes, 111 x 111 after the first layer, are those for 227 x 227.

    Source: that of :func:`fire`, table 1.
    """
    return _squeezenet(nn, 96, 7, (1, 4, 8), num_classes, in_channels, small)


def squeezenet1_1(nn, num_classes=1000, in_channels=3, small=False):
    """SqueezeNet 1.1: a smaller first layer and earlier pooling, at less than half the multiply-adds.

    Arguments and result are those of :func:`squeezenet1_0`.

    Source: the authors' repository, https://github.com/forresti/SqueezeNet, SqueezeNet_v1.1.
    """
    return _squeezenet(nn, 64, 3, (1, 3, 5), num_classes, in_channels, small)


@checked
def _squeezenet(nn, first_channels, first_kernel, pooled, num_classes, in_channels, small):
    """The network whose layers numbered in `pooled` are followed by pooling.

    Two fire modules each have the same width; each two are wider by that of the first two. An eighth of the channels
    remain when squeezed, and half of the expanded are 3 x 3: the paper's section 5.1.
    """
    narrow, kernel_size, padding = (2, 3, 1) if small else (1, first_kernel, 0)
    width, channels = 128 // narrow, first_channels // narrow
    layers = OrderedDict(
        conv1=nn.Conv2d(in_channels, channels, kernel_size, stride=2, padding=padding), relu1=nn.ReLU()
    )
    for number in range(1, 10):
        if number > 1:
            expanded = width * (number // 2)
            layers[f"fire{number}"] = fire(nn, channels, expanded // 8, expanded // 2, expanded // 2)
            channels = expanded
        if number in pooled:
            layers[f"maxpool{number}"] = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    layers.update(
        dropout=nn.Dropout(0.5),
        conv10=nn.Conv2d(channels, num_classes, 1),
        relu10=nn.ReLU(),
        avgpool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
    )
    return nn.Sequential(layers)
