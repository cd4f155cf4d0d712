"""ShuffleNet v1 and v2: few multiply-adds by groups of channels, and a shuffle that lets the groups meet."""

from collections import OrderedDict

from ._checks import checked
from .blocks import conv_bn

__all__ = ["shuffle_unit", "shuffle_unit_v2", "shufflenet_v1", "shufflenet_v2_x1_0"]

# For each number of groups the channels of the first stage of ShuffleNet v1, and those of its small variant.
CHANNELS_V1 = {1: (144, 36), 2: (200, 48), 3: (240, 60), 4: (272, 64), 8: (384, 96)}


def shuffle_unit(nn, in_channels, out_channels, groups, stride=1, group_first=True):
    """A residual block whose 1 x 1 convolutions are grouped, with a shuffle of the channels after the first.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels, out_channels : int
        Channels that come in and go out; a quarter of those that go out are in the middle.
    groups : int
        Of the 1 x 1 convolutions. The 3 x 3 convolution between them is of each channel by itself.
    stride : {1, 2}
        With 1 the input is added, and has as many channels as go out. With 2 height and width are halved, and the
        averages of the input become the last `in_channels` of those that go out.
    group_first : bool
        Whether the first 1 x 1 convolution is grouped too.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride).

    Source: Zhang, Zhou, Lin and Sun, "ShuffleNet: An extremely efficient convolutional neural network for mobile
    devices" (2018), figure 2 (b) and (c).
    """
    _check_unit(in_channels, out_channels, stride)
    middle = out_channels // 4
    computed = out_channels - in_channels if stride == 2 else out_channels
    residual = OrderedDict(
        **conv_bn(nn, 1, in_channels, middle, 1, groups=groups if group_first else 1),
        relu1=nn.ReLU(),
        shuffle=nn.ChannelShuffle(groups),
        **conv_bn(nn, 2, middle, middle, 3, stride=stride, padding=1, groups=middle),
        **conv_bn(nn, 3, middle, computed, 1, groups=groups),
    )
    branches = OrderedDict(residual=nn.Sequential(residual))
    if stride == 2:
        branches["shortcut"] = nn.AvgPool2d(3, stride=2, padding=1)
        joined = {"concat": nn.Concat(branches)}
    else:
        branches["shortcut"] = nn.Identity()
        joined = {"sum": nn.Sum(branches)}
    return nn.Sequential(OrderedDict(**joined, relu=nn.ReLU()))


@checked
def shufflenet_v1(nn, num_classes=1000, in_channels=3, small=False, groups=3):
    """ShuffleNet v1 (1x): sixteen shuffle units in three stages.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.
    small : bool
        For images of 32 x 32: about a quarter of the width, and no pooling before the first unit.
    groups : {1, 2, 3, 4, 8}
        The more groups, the more channels for about the same number of multiply-adds.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 224 x 224 and any other size.

    Source: that of :func:`shuffle_unit`, table 1.
    """
    if groups not in CHANNELS_V1:
        raise ValueError(f"groups: expected one of {', '.join(map(str, CHANNELS_V1))}, got {groups!r}")
    channels, width = 24, CHANNELS_V1[groups][1 if small else 0]
    network = OrderedDict(_stem(nn, in_channels, channels, small))
    for stage, count in zip((2, 3, 4), (4, 8, 4)):
        units = [shuffle_unit(nn, channels, width, groups, stride=2, group_first=stage > 2)]
        units += [shuffle_unit(nn, width, width, groups) for _ in range(count - 1)]
        network[f"stage{stage}"] = nn.Sequential(*units)
        channels, width = width, 2 * width
    network.update(avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(channels, num_classes))
    return nn.Sequential(network)


def shuffle_unit_v2(nn, in_channels, out_channels, stride=1):
    """Half the channels pass, the others are convolved; then the halves are shuffled. No 1 x 1 convolution is grouped.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels, out_channels : int
        Channels that come in and go out, with stride 1 equally many; an even number.
    stride : {1, 2}
        With 2 height and width are halved, and both branches, which then take all the channels, convolve.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride).

    Source: Ma, Zhang, Zheng and Sun, "ShuffleNet V2: Practical guidelines for efficient CNN architecture design" (2018),
    figure 3 (c) and (d).
    """
    _check_unit(in_channels, out_channels, stride)
    if out_channels % 2:
        raise ValueError(f"out_channels: expected an even number, got {out_channels}")
    half = out_channels // 2
    taken = half if stride == 1 else in_channels
    computed = OrderedDict(
        **conv_bn(nn, 1, taken, half, 1),
        relu1=nn.ReLU(),
        **conv_bn(nn, 2, half, half, 3, stride=stride, padding=1, groups=half),
        **conv_bn(nn, 3, half, half, 1),
        relu3=nn.ReLU(),
    )
    if stride == 1:
        branches = OrderedDict(branch1=nn.Identity(), branch2=nn.Sequential(computed))
        return nn.Sequential(OrderedDict(split=nn.Split(branches), shuffle=nn.ChannelShuffle(2)))
    around = OrderedDict(
        **conv_bn(nn, 1, in_channels, in_channels, 3, stride=stride, padding=1, groups=in_channels),
        **conv_bn(nn, 2, in_channels, half, 1),
        relu2=nn.ReLU(),
    )
    branches = OrderedDict(branch1=nn.Sequential(around), branch2=nn.Sequential(computed))
    return nn.Sequential(OrderedDict(concat=nn.Concat(branches), shuffle=nn.ChannelShuffle(2)))


@checked
def shufflenet_v2_x1_0(nn, num_classes=1000, in_channels=3, small=False):
    """ShuffleNet v2 (1x): sixteen units in three stages, then a 1 x 1 convolution.

    Parameters
    ----------
    nn, num_classes, in_channels
        As for :func:`shufflenet_v1`.
    small : bool
        For images of 32 x 32: half the width, and no pooling before the first unit.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 224 x 224 and any other size.

    Source: that of :func:`shuffle_unit_v2`, table 5.
    """
    channels, width, last_channels = (24, 58, 512) if small else (24, 116, 1024)
    network = OrderedDict(_stem(nn, in_channels, channels, small))
    for stage, count in zip((2, 3, 4), (4, 8, 4)):
        units = [shuffle_unit_v2(nn, channels, width, stride=2)]
        units += [shuffle_unit_v2(nn, width, width) for _ in range(count - 1)]
        network[f"stage{stage}"] = nn.Sequential(*units)
        channels, width = width, 2 * width
    network.update(
        **conv_bn(nn, 5, channels, last_channels, 1),
        relu5=nn.ReLU(),
        avgpool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        fc=nn.Linear(last_channels, num_classes),
    )
    return nn.Sequential(network)


def _check_unit(in_channels, out_channels, stride):
    if stride not in (1, 2):
        raise ValueError(f"stride: expected 1 or 2, got {stride!r}")
    if stride == 1 and in_channels != out_channels:
        raise ValueError(
            f"out_channels: expected {in_channels}, as come in, with stride 1, got {out_channels}"
        )


def _stem(nn, in_channels, channels, small):
    """The layers before the first unit, by name. They divide height and width by 4, or where `small` by 2."""
    layers = {**conv_bn(nn, 1, in_channels, channels, 3, stride=2, padding=1), "relu1": nn.ReLU()}
    return layers if small else {**layers, "maxpool": nn.MaxPool2d(3, stride=2, padding=1)}
