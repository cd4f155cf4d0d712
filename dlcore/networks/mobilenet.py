"""MobileNet v1 and v2: convolutions divided into one over positions and one over channels."""

from collections import OrderedDict

from ._checks import checked
from .blocks import conv_bn

__all__ = ["depthwise_separable", "inverted_residual", "mobilenet_v1", "mobilenet_v2"]

# Channels that go out and stride of each depthwise separable convolution of MobileNet v1.
BLOCKS_V1 = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
# Expansion, channels that go out, number of blocks and stride of the first, for each stage of MobileNet v2.
STAGES_V2 = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
]  # fmt: skip


def depthwise_separable(nn, in_channels, out_channels, stride=1):
    """A 3 x 3 convolution of each channel by itself, then a 1 x 1 convolution that mixes the channels.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels, out_channels : int
        Channels that come in and go out.
    stride : int
        Of the 3 x 3 convolution; with 2 height and width are halved.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride).

    Source: Howard et al., "MobileNets: Efficient convolutional neural networks for mobile vision applications" (2017),
    figure 3 right.
    """
    return nn.Sequential(
        OrderedDict(
            **conv_bn(nn, 1, in_channels, in_channels, 3, stride=stride, padding=1, groups=in_channels),
            relu1=nn.ReLU(),
            **conv_bn(nn, 2, in_channels, out_channels, 1),
            relu2=nn.ReLU(),
        )
    )


@checked
def mobilenet_v1(nn, num_classes=1000, in_channels=3, small=False, width_multiplier=1.0):
    """MobileNet v1: thirteen depthwise separable convolutions after one of the usual kind.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.
    small : bool
        For images of 32 x 32: half the width, and without the last two halvings of the resolution.
    width_multiplier : float
        All channels are multiplied by it and rounded, at least to 1; the paper has 0.25, 0.5, 0.75 and 1.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 224 x 224 and any other size.

    Notes
    -----
    In the paper's table 1 the last 3 x 3 convolution has stride 2 and yet keeps 7 x 7; here, as in implementations, its
    stride is 1. ReLU is the paper's; the authors' released code has ReLU6.

    Source: that of :func:`depthwise_separable`, table 1.
    """
    width = width_multiplier / 2 if small else width_multiplier

    def wide(channels):
        return max(1, round(channels * width))

    channels = wide(32)
    stem = {**conv_bn(nn, 1, in_channels, channels, 3, stride=2, padding=1), "relu": nn.ReLU()}
    blocks = []
    for full_width, stride in BLOCKS_V1:
        stride = 1 if small and full_width > 256 else stride
        blocks.append(depthwise_separable(nn, channels, wide(full_width), stride))
        channels = wide(full_width)
    return nn.Sequential(
        OrderedDict(
            **stem,
            blocks=nn.Sequential(*blocks),
            avgpool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            fc=nn.Linear(channels, num_classes),
        )
    )


def inverted_residual(nn, in_channels, out_channels, stride=1, expansion=6):
    """To many channels, a 3 x 3 convolution of each by itself, and back to few, which may be added to the input.

    Where a bottleneck block joins its wide ends and is narrow inside, this one joins its narrow ends. After the last
    convolution there is no activation: it would lose what the few channels carry.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels, out_channels : int
        Channels that come in and go out.
    stride : int
        With 2 height and width are halved.
    expansion : int
        There are ``expansion * in_channels`` channels inside; with 1 the first convolution is left out.

    Returns
    -------
    nn.Sum or nn.Sequential
        (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride). It is a sum with the input where that has
        the same shape.

    Source: Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: Inverted residuals and linear bottlenecks" (2018),
    table 1.
    """
    inside = expansion * in_channels
    layers = OrderedDict()
    if expansion != 1:
        layers.update(**conv_bn(nn, 1, in_channels, inside, 1), relu1=nn.ReLU6())
    layers.update(
        **conv_bn(nn, 2, inside, inside, 3, stride=stride, padding=1, groups=inside),
        relu2=nn.ReLU6(),
        **conv_bn(nn, 3, inside, out_channels, 1),
    )
    residual = nn.Sequential(layers)
    if stride == 1 and in_channels == out_channels:
        return nn.Sum(OrderedDict(residual=residual, shortcut=nn.Identity()))
    return residual


@checked
def mobilenet_v2(nn, num_classes=1000, in_channels=3, small=False, width_multiplier=1.0):
    """MobileNet v2: seventeen inverted residuals.

    Parameters
    ----------
    nn, num_classes, in_channels
        As for :func:`mobilenet_v1`.
    small : bool
        For images of 32 x 32: a quarter of the width, and without the last two halvings of the resolution.
    width_multiplier : float
        All channels are multiplied by it and rounded to multiples of 8; those of the last convolution, 1280, only where
        they become more.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 224 x 224 and any other size.

    Notes
    -----
    The paper's text counts 19 blocks, its table 2 has these 17. It uses dropout, without saying where; before the last
    layer, with 0.2, is common.

    Source: that of :func:`inverted_residual`, table 2.
    """
    narrow = 4 if small else 1

    def wide(channels, least=0.0):
        return _multiple_of_8(channels * max(width_multiplier, least) / narrow)

    channels = wide(32)
    features = [_conv_bn_relu6(nn, in_channels, channels, 3, stride=2, padding=1)]
    for stage, (expansion, full_width, count, first_stride) in enumerate(STAGES_V2, 1):
        if small and stage > 3:
            first_stride = 1
        for place in range(count):
            stride = first_stride if place == 0 else 1
            features.append(inverted_residual(nn, channels, wide(full_width), stride, expansion))
            channels = wide(full_width)
    last_channels = wide(1280, least=1.0)
    features.append(_conv_bn_relu6(nn, channels, last_channels, 1))
    return nn.Sequential(
        OrderedDict(
            features=nn.Sequential(*features),
            avgpool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            classifier=nn.Sequential(
                OrderedDict(dropout=nn.Dropout(0.2), fc=nn.Linear(last_channels, num_classes))
            ),
        )
    )


def _conv_bn_relu6(nn, in_channels, out_channels, kernel_size, **options):
    layers = conv_bn(nn, "", in_channels, out_channels, kernel_size, **options)
    return nn.Sequential(OrderedDict(**layers, relu=nn.ReLU6()))


def _multiple_of_8(channels):
    """The nearest multiple of 8, but at least 8, and the next above where the nearest loses more than a tenth."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest
