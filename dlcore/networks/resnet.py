"""Residual networks: ResNet and ResNeXt."""

from collections import OrderedDict
from functools import partial

from ._checks import checked
from .blocks import conv_bn

__all__ = [
    "basic_block", "bottleneck_block", "residual_network", "resnet18", "resnet34", "resnet50", "resnet101",
    "resnet152", "resnet200", "resnext50_32x4d",
]  # fmt: skip


def basic_block(nn, in_channels, width, stride=1):
    """Two 3 x 3 convolutions, to whose output the input is added.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels, width : int
        Channels that come in and go out.
    stride : int
        Of the first convolution; with 2 height and width are halved.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, width, H / stride, W / stride).

    Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2016), figure 5 left.
    """
    residual = OrderedDict(
        **conv_bn(nn, 1, in_channels, width, 3, stride=stride, padding=1),
        relu1=nn.ReLU(),
        **conv_bn(nn, 2, width, width, 3, padding=1),
    )
    return _added(nn, residual, shortcut(nn, in_channels, width, stride))


def bottleneck_block(
    nn, in_channels, width, stride=1, stride_on="3x3", groups=1, width_per_group=64, gate=None
):
    """1 x 1, 3 x 3 and 1 x 1 convolutions; the input is added to what comes out.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels : int
        Channels that come in; four times `width` go out.
    width : int
        Channels in the middle, unless `groups` and `width_per_group` say otherwise.
    stride : int
        With 2 height and width are halved.
    stride_on : {"3x3", "1x1"}
        Which convolution has the stride: the one in the middle, or as in the paper the first.
    groups, width_per_group : int
        ResNeXt: the convolution in the middle is divided into `groups`, each of
        ``width * width_per_group // 64`` channels.
    gate : function of (nn, channels), optional
        Makes a module through which the residual goes before it is added, such as
        :func:`~dlcore.networks.senet.se_gate`.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, 4 width, H / stride, W / stride).

    Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2016), figure 5 right; Xie,
    Girshick, Dollár, Tu and He, "Aggregated residual transformations for deep neural networks" (2017), figure 3c.
    """
    first, second = strides(stride, stride_on)
    middle, out_channels = width * width_per_group // 64 * groups, 4 * width
    if width * width_per_group < 64:
        raise ValueError(f"width * width_per_group: expected at least 64, got {width} * {width_per_group}")
    residual = OrderedDict(
        **conv_bn(nn, 1, in_channels, middle, 1, stride=first),
        relu1=nn.ReLU(),
        **conv_bn(nn, 2, middle, middle, 3, stride=second, padding=1, groups=groups),
        relu2=nn.ReLU(),
        **conv_bn(nn, 3, middle, out_channels, 1),
    )
    if gate is not None:
        residual["scale"] = gate(nn, out_channels)
    return _added(nn, residual, shortcut(nn, in_channels, out_channels, stride))


def strides(stride, stride_on):
    """The strides of a bottleneck's first two convolutions, 1 x 1 and 3 x 3, of which one has `stride`."""
    if stride_on not in ("1x1", "3x3"):
        raise ValueError(f"stride_on: expected '3x3' or '1x1', got {stride_on!r}")
    return (stride, 1) if stride_on == "1x1" else (1, stride)


def shortcut(nn, in_channels, channels, stride):
    """The way around a block: the input itself, or, where the shape changes, its projection by a 1 x 1 convolution."""
    if stride == 1 and in_channels == channels:
        return nn.Identity()
    return nn.Sequential(OrderedDict(conv_bn(nn, "", in_channels, channels, 1, stride=stride)))


def _added(nn, residual, way_around):
    branches = OrderedDict(residual=nn.Sequential(residual), shortcut=way_around)
    return nn.Sequential(OrderedDict(sum=nn.Sum(branches), relu=nn.ReLU()))


@checked
def residual_network(
    nn, block, counts, num_classes, in_channels, small, expansion=1, first_block=None, last=None
):
    """A residual network of four stages, each at half the resolution and with twice the width of the one before.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    block : function of (nn, in_channels, width, stride)
        :func:`basic_block` or :func:`bottleneck_block`.
    counts : sequence of int
        How many blocks each stage has.
    num_classes, in_channels, small
        As for :func:`resnet18`.
    expansion : int
        How many times `width` channels come out of a block.
    first_block : function like `block`, optional
        Makes the very first block, where that differs.
    last : function of (nn, channels), optional
        Makes, by name, the layers between the last block and the pooling.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes).
    """
    width = 8 if small else 64
    network, channels, make = OrderedDict(stem(nn, in_channels, width, small)), width, first_block or block
    for stage, count in enumerate(counts, 1):
        blocks = []
        for place in range(count):
            blocks.append(make(nn, channels, width, stride=2 if stage > 1 and place == 0 else 1))
            channels, make = expansion * width, block
        network[f"layer{stage}"] = nn.Sequential(*blocks)
        width *= 2
    if last is not None:
        network.update(last(nn, channels))
    network.update(avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(channels, num_classes))
    return nn.Sequential(network)


def stem(nn, in_channels, channels, small):
    """The layers before the first block, by name. They divide height and width by 4, or where `small` by 2."""
    if small:
        return {**conv_bn(nn, 1, in_channels, channels, 3, stride=2, padding=1), "relu": nn.ReLU()}
    return {
        **conv_bn(nn, 1, in_channels, channels, 7, stride=2, padding=3),
        "relu": nn.ReLU(),
        "maxpool": nn.MaxPool2d(3, stride=2, padding=1),
    }


def resnet18(nn, num_classes=1000, in_channels=3, small=False):
    """ResNet-18: eight basic blocks.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.
    small : bool
        For images of 32 x 32: an eighth of the width, and a first layer of 3 x 3 instead of 7 x 7 and pooling.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 224 x 224 and any other size.

    Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2016), table 1, with projections
    where the shape changes (option B).
    """
    return residual_network(nn, basic_block, (2, 2, 2, 2), num_classes, in_channels, small)


def resnet34(nn, num_classes=1000, in_channels=3, small=False):
    """ResNet-34: sixteen basic blocks. Arguments, result and source are those of :func:`resnet18`."""
    return residual_network(nn, basic_block, (3, 4, 6, 3), num_classes, in_channels, small)


def resnet50(nn, num_classes=1000, in_channels=3, small=False, stride_on="3x3"):
    """ResNet-50: sixteen bottleneck blocks.

    Parameters
    ----------
    nn, num_classes, in_channels, small
        As for :func:`resnet18`.
    stride_on : {"3x3", "1x1"}
        Which convolution of a block halves the resolution. In the paper it is the first, 1 x 1, at 3.9 billion
        multiply-adds. Since then most implementations have it in the middle, at 4.1 billion, and weights that one
        finds are trained so; the parameters are as many.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes).

    Source: that of :func:`resnet18`; the stride on 3 x 3: Gross and Wilber, "Training and investigating residual nets"
    (2016).
    """
    return _bottleneck_resnet(nn, (3, 4, 6, 3), num_classes, in_channels, small, stride_on=stride_on)


def resnet101(nn, num_classes=1000, in_channels=3, small=False, stride_on="3x3"):
    """ResNet-101: 33 bottleneck blocks. Arguments and result are those of :func:`resnet50`."""
    return _bottleneck_resnet(nn, (3, 4, 23, 3), num_classes, in_channels, small, stride_on=stride_on)


def resnet152(nn, num_classes=1000, in_channels=3, small=False, stride_on="3x3"):
    """ResNet-152: 50 bottleneck blocks. Arguments and result are those of :func:`resnet50`."""
    return _bottleneck_resnet(nn, (3, 8, 36, 3), num_classes, in_channels, small, stride_on=stride_on)


def resnet200(nn, num_classes=1000, in_channels=3, small=False, stride_on="3x3"):
    """ResNet-200: 66 bottleneck blocks. Arguments and result are those of :func:`resnet50`.

    Source: the depths are those of He, Zhang, Ren and Sun, "Identity mappings in deep residual networks" (2016), section 5.
    There it is a network with pre-activation; here, like the others of this module, one without.
    """
    return _bottleneck_resnet(nn, (3, 24, 36, 3), num_classes, in_channels, small, stride_on=stride_on)


def resnext50_32x4d(nn, num_classes=1000, in_channels=3, small=False):
    """ResNeXt-50 (32 x 4d): ResNet-50 whose 3 x 3 convolutions have 32 groups, and twice the channels there.

    Parameters
    ----------
    nn, num_classes, in_channels, small
        As for :func:`resnet18`. Where `small`, 8 groups of 2 channels in the first stage.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes).

    Source: Xie, Girshick, Dollár, Tu and He, "Aggregated residual transformations for deep neural networks" (2017),
    table 1.
    """
    groups, width_per_group = (8, 16) if small else (32, 4)
    return _bottleneck_resnet(
        nn, (3, 4, 6, 3), num_classes, in_channels, small, groups=groups, width_per_group=width_per_group
    )


def _bottleneck_resnet(nn, counts, num_classes, in_channels, small, **options):
    block = partial(bottleneck_block, **options)
    return residual_network(nn, block, counts, num_classes, in_channels, small, expansion=4)
