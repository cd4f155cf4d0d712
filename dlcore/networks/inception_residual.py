"""Inception v4, and Inception-ResNet v2, whose modules add to their input instead of replacing it."""

from collections import OrderedDict
from functools import partial

from ._checks import checked
from .blocks import conv_bn_relu
from .inception import chain

__all__ = [
    "inception_resnet_a", "inception_resnet_b", "inception_resnet_c", "inception_resnet_reduction_b",
    "inception_resnet_stem", "inception_resnet_v2", "inception_v4", "inception_v4_a", "inception_v4_b",
    "inception_v4_c", "inception_v4_reduction_b", "inception_v4_stem", "reduction_a", "scaled_residual",
]  # fmt: skip

unit = partial(conv_bn_relu, eps=0.001)


def _branch(nn, in_channels, *steps, narrow, **options):
    """The :func:`chain` of these steps (channels, kernel_size), where `narrow` divides the channels."""
    return chain(nn, unit, in_channels, *((channels // narrow, size) for channels, size in steps), **options)


def _average(nn):
    """Of each position and its neighbours, at the border of those that there are."""
    return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)


def _first(nn, in_channels, narrow, stride):
    """The three convolutions that both networks begin with, by name."""
    return {
        "conv1": unit(nn, in_channels, 32 // narrow, 3, stride=stride),
        "conv2": unit(nn, 32 // narrow, 32 // narrow, 3),
        "conv3": unit(nn, 32 // narrow, 64 // narrow, 3, padding="same"),
    }


# Inception v4


def inception_v4_stem(nn, in_channels=3, narrow=1, strides=(2, 2, 2)):
    """From the image to 384 channels. Where the grid shrinks again, convolution and pooling share the work.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels : int
    narrow : int
        By how much all channel numbers but `in_channels` are divided, as in all blocks of this module. It
        must divide them.
    strides : three ints
        At the three places where the resolution falls.

    Returns
    -------
    nn.Sequential
        (N, in_channels, 299, 299) to (N, 384 / narrow, 35, 35).

    Source: figure 3 of the paper named under :func:`inception_v4`. Here and in all blocks 1 x 7 and 7 x 1
    follow each other as in the released networks.
    """
    branch1 = partial(_branch, nn, 64 // narrow, narrow=narrow)
    branch2 = partial(_branch, nn, 160 // narrow, narrow=narrow)
    branch3 = partial(_branch, nn, 192 // narrow, narrow=narrow)
    mixed1 = OrderedDict(
        branch_pool=nn.MaxPool2d(3, stride=strides[1]), branch3x3=branch1((96, 3), stride=strides[1])
    )
    mixed2 = OrderedDict(
        branch3x3=branch2((64, 1), (96, 3), stride=1),
        branch7x7=branch2((64, 1), (64, (1, 7)), (64, (7, 1)), (96, 3), stride=1),
    )
    mixed3 = OrderedDict(
        branch3x3=branch3((192, 3), stride=strides[2]), branch_pool=nn.MaxPool2d(3, stride=strides[2])
    )
    joined = {"mixed1": nn.Concat(mixed1), "mixed2": nn.Concat(mixed2), "mixed3": nn.Concat(mixed3)}
    return nn.Sequential(OrderedDict(**_first(nn, in_channels, narrow, strides[0]), **joined))


def inception_v4_a(nn, in_channels=384, narrow=1):
    """Inception-A: 1 x 1, 3 x 3, twice 3 x 3, and average, side by side; (N, 384, 35, 35) in and out.

    Arguments as for :func:`inception_v4_stem`. Source: its paper, figure 4.
    """
    branch = partial(_branch, nn, in_channels, narrow=narrow)
    branches = OrderedDict(
        branch1x1=branch((96, 1)),
        branch3x3=branch((64, 1), (96, 3)),
        branch3x3dbl=branch((64, 1), (96, 3), (96, 3)),
        branch_pool=branch((96, 1), pool=_average(nn)),
    )
    return nn.Concat(branches)


def inception_v4_b(nn, in_channels=1024, narrow=1):
    """Inception-B: 7 x 7 as 1 x 7 and 7 x 1, once and twice; (N, 1024, 17, 17) in and out.

    Arguments as for :func:`inception_v4_stem`. Source: its paper, figure 5.
    """
    branch = partial(_branch, nn, in_channels, narrow=narrow)
    branches = OrderedDict(
        branch1x1=branch((384, 1)),
        branch7x7=branch((192, 1), (224, (1, 7)), (256, (7, 1))),
        branch7x7dbl=branch((192, 1), (192, (7, 1)), (224, (1, 7)), (224, (7, 1)), (256, (1, 7))),
        branch_pool=branch((128, 1), pool=_average(nn)),
    )
    return nn.Concat(branches)


def inception_v4_c(nn, in_channels=1536, narrow=1):
    """Inception-C: two branches end in 1 x 3 beside 3 x 1; (N, 1536, 8, 8) in and out.

    Arguments as for :func:`inception_v4_stem`. Source: its paper, figure 6.
    """
    branch = partial(_branch, nn, in_channels, narrow=narrow)

    def fanned(steps, channels):
        end = partial(_branch, nn, channels // narrow, narrow=narrow)
        fan = nn.Concat(OrderedDict(row=end((256, (1, 3))), column=end((256, (3, 1)))))
        return nn.Sequential(OrderedDict(convs=steps, fan=fan))

    branches = OrderedDict(
        branch1x1=branch((256, 1)),
        branch3x3=fanned(branch((384, 1)), 384),
        branch3x3dbl=fanned(branch((384, 1), (448, (3, 1)), (512, (1, 3))), 512),
        branch_pool=branch((256, 1), pool=_average(nn)),
    )
    return nn.Concat(branches)


def reduction_a(nn, in_channels=384, widths=(192, 224, 256, 384), narrow=1):
    """Reduction-A, which both networks have: half the resolution, by convolutions and by pooling.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels : int
    widths : four ints
        The channels k, l, m and n of the paper's table 1: three convolutions one after the other, 1 x 1, 3 x
        3 and 3 x 3 with stride; beside them one, 3 x 3 with stride. The default is that of Inception v4.
    narrow : int
        By how much `widths` are divided.

    Returns
    -------
    nn.Concat
        (N, in_channels, 35, 35) to (N, in_channels + (m + n) / narrow, 17, 17).

    Source: figure 7 of the paper named under :func:`inception_v4`.
    """
    branch = partial(_branch, nn, in_channels, narrow=narrow)
    squeezed, middle, last, single = widths
    branches = OrderedDict(
        branch3x3=branch((single, 3), stride=2),
        branch3x3dbl=branch((squeezed, 1), (middle, 3), (last, 3), stride=2),
        branch_pool=nn.MaxPool2d(3, stride=2),
    )
    return nn.Concat(branches)


def inception_v4_reduction_b(nn, in_channels=1024, narrow=1):
    """Reduction-B of Inception v4: (N, 1024, 17, 17) to (N, 1536, 8, 8).

    Arguments as for :func:`inception_v4_stem`. Source: its paper, figure 8.
    """
    branch = partial(_branch, nn, in_channels, narrow=narrow)
    branches = OrderedDict(
        branch3x3=branch((192, 1), (192, 3), stride=2),
        branch7x7=branch((256, 1), (256, (1, 7)), (320, (7, 1)), (320, 3), stride=2),
        branch_pool=nn.MaxPool2d(3, stride=2),
    )
    return nn.Concat(branches)


@checked
def inception_v4(nn, num_classes=1000, in_channels=3, small=False):
    """Inception v4: 4, 7 and 3 inception modules at three resolutions.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.
    small : bool
        For images of 32 x 32: an eighth of the width, a stem of which only the last step halves the
        resolution, and 1, 2 and 1 modules: with 4, 7 and 3, and no way around them, so narrow a network takes
        long to learn.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 299 x 299 and any other size from 75 x 75 on.

    Source: Szegedy, Ioffe, Vanhoucke and Alemi, "Inception-v4, Inception-ResNet and the impact of residual
    connections on learning" (2017), figure 9.
    """
    narrow, strides, counts = (8, (1, 1, 2), (1, 2, 1)) if small else (1, (2, 2, 2), (4, 7, 3))
    width_a, width_b, width_c = 384 // narrow, 1024 // narrow, 1536 // narrow
    network = OrderedDict(
        stem=inception_v4_stem(nn, in_channels, narrow, strides),
        inception_a=nn.Sequential(*_several(counts[0], inception_v4_a, nn, width_a, narrow)),
        reduction_a=reduction_a(nn, width_a, (192, 224, 256, 384), narrow),
        inception_b=nn.Sequential(*_several(counts[1], inception_v4_b, nn, width_b, narrow)),
        reduction_b=inception_v4_reduction_b(nn, width_b, narrow),
        inception_c=nn.Sequential(*_several(counts[2], inception_v4_c, nn, width_c, narrow)),
        **_classifier(nn, width_c, num_classes),
    )
    return nn.Sequential(network)


def _several(count, block, *arguments):
    return (block(*arguments) for _ in range(count))


def _classifier(nn, channels, num_classes):
    return {
        "avgpool": nn.AdaptiveAvgPool2d(1),
        "flatten": nn.Flatten(),
        "dropout": nn.Dropout(0.2),
        "fc": nn.Linear(channels, num_classes),
    }


# Inception-ResNet v2


def inception_resnet_stem(nn, in_channels=3, narrow=1, strides=(2, 2, 2)):
    """From the image to 320 channels: convolutions, pooling, and an inception module without a way around.

    Parameters
    ----------
    nn, in_channels, narrow, strides
        As for :func:`inception_v4_stem`.

    Returns
    -------
    nn.Sequential
        (N, in_channels, 299, 299) to (N, 320 / narrow, 35, 35).

    Source: the released network, see :func:`inception_resnet_v2`.
    """
    branch = partial(_branch, nn, 192 // narrow, narrow=narrow)
    mixed = OrderedDict(
        branch1x1=branch((96, 1)),
        branch5x5=branch((48, 1), (64, 5)),
        branch3x3dbl=branch((64, 1), (96, 3), (96, 3)),
        branch_pool=branch((64, 1), pool=_average(nn)),
    )
    layers = OrderedDict(
        **_first(nn, in_channels, narrow, strides[0]),
        pool1=nn.MaxPool2d(3, stride=strides[1]),
        conv4=unit(nn, 64 // narrow, 80 // narrow, 1),
        conv5=unit(nn, 80 // narrow, 192 // narrow, 3),
        pool2=nn.MaxPool2d(3, stride=strides[2]),
        mixed=nn.Concat(mixed),
    )
    return nn.Sequential(layers)


def scaled_residual(nn, in_channels, branches, width, scale, relu=True):
    """An inception module whose output, as wide as the input again and made small, is added to the input.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels : int
        Channels that come in and go out.
    branches : OrderedDict of str to module
        They take the input, and are joined.
    width : int
        Their channels together.
    scale : float
        What the residual is multiplied by. Without it, the paper found, wide networks died early in training:
        they made nothing but zeros after a few tens of thousands of steps, which no lower learning rate
        prevented.
    relu : bool
        Whether ReLU follows the sum.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) in and out.

    Source: section 3.3 and figure 20 of the paper named under :func:`inception_v4`, with factors from 0.1 to
    0.3.
    """
    residual = OrderedDict(
        concat=nn.Concat(branches), conv=nn.Conv2d(width, in_channels, 1), scale=nn.Multiply(scale)
    )
    block = OrderedDict(
        sum=nn.Sum(OrderedDict(residual=nn.Sequential(residual), shortcut=nn.Identity())),
        relu=nn.ReLU() if relu else nn.Identity(),
    )
    return nn.Sequential(block)


def inception_resnet_a(nn, in_channels=320, narrow=1, scale=0.17):
    """Inception-ResNet-A: 1 x 1, 3 x 3, and twice 3 x 3; (N, 320, 35, 35) in and out.

    Arguments as for :func:`inception_v4_stem` and :func:`scaled_residual`. Source: their paper, figure 16.
    """
    branch = partial(_branch, nn, in_channels, narrow=narrow)
    branches = OrderedDict(
        branch1x1=branch((32, 1)),
        branch3x3=branch((32, 1), (32, 3)),
        branch3x3dbl=branch((32, 1), (48, 3), (64, 3)),
    )
    return scaled_residual(nn, in_channels, branches, 128 // narrow, scale)


def inception_resnet_b(nn, in_channels=1088, narrow=1, scale=0.1):
    """Inception-ResNet-B: 1 x 1, and 7 x 7 as 1 x 7 and 7 x 1; (N, 1088, 17, 17) in and out.

    Arguments as for :func:`inception_v4_stem` and :func:`scaled_residual`. Source: their paper, figure 17.
    """
    branch = partial(_branch, nn, in_channels, narrow=narrow)
    branches = OrderedDict(
        branch1x1=branch((192, 1)), branch7x7=branch((128, 1), (160, (1, 7)), (192, (7, 1)))
    )
    return scaled_residual(nn, in_channels, branches, 384 // narrow, scale)


def inception_resnet_c(nn, in_channels=2080, narrow=1, scale=0.2, relu=True):
    """Inception-ResNet-C: 1 x 1, and 3 x 3 as 1 x 3 and 3 x 1; (N, 2080, 8, 8) in and out.

    Arguments as for :func:`inception_v4_stem` and :func:`scaled_residual`. Source: their paper, figure 19.
    """
    branch = partial(_branch, nn, in_channels, narrow=narrow)
    branches = OrderedDict(
        branch1x1=branch((192, 1)), branch3x3=branch((192, 1), (224, (1, 3)), (256, (3, 1)))
    )
    return scaled_residual(nn, in_channels, branches, 448 // narrow, scale, relu)


def inception_resnet_reduction_b(nn, in_channels=1088, narrow=1):
    """Reduction-B of Inception-ResNet v2: (N, 1088, 17, 17) to (N, 2080, 8, 8).

    Arguments as for :func:`inception_v4_stem`. Source: its paper, figure 18.
    """
    branch = partial(_branch, nn, in_channels, narrow=narrow)
    branches = OrderedDict(
        branch3x3_wide=branch((256, 1), (384, 3), stride=2),
        branch3x3=branch((256, 1), (288, 3), stride=2),
        branch3x3dbl=branch((256, 1), (288, 3), (320, 3), stride=2),
        branch_pool=nn.MaxPool2d(3, stride=2),
    )
    return nn.Concat(branches)


@checked
def inception_resnet_v2(nn, num_classes=1000, in_channels=3, small=False):
    """Inception-ResNet v2: 10, 20 and 10 residual inception modules at three resolutions.

    Parameters
    ----------
    nn, num_classes, in_channels
        As for :func:`inception_v4`.
    small : bool
        For images of 32 x 32: an eighth of the width, a stem of which only the last step halves the
        resolution, and 2, 4 and 2 modules.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 299 x 299 and any other size from 75 x 75 on.

    Notes
    -----
    It is the network whose weights the authors released, not that of the paper's figures. There:

    - the stem is that of Inception v4, with 384 channels; here it is the older one, without branches, whose
      last step is an inception module, with 320 channels;
    - 5, 10 and 5 modules follow; here twice as many, the last of them without a factor and without ReLU;
    - the residuals are multiplied by factors between 0.1 and 0.3; here by 0.17, 0.1 and 0.2;
    - the classifier follows the last module; here a 1 x 1 convolution to 1536 channels comes between.

    Source: that of :func:`inception_v4`, figure 15, with table 1 for Reduction-A; the released network:
    ``inception_resnet_v2.py`` in TensorFlow's slim models.
    """
    narrow, strides, counts = (8, (1, 1, 2), (2, 4, 1)) if small else (1, (2, 2, 2), (10, 20, 9))
    width_a, width_b, width_c = 320 // narrow, 1088 // narrow, 2080 // narrow
    last = inception_resnet_c(nn, width_c, narrow, scale=1.0, relu=False)
    network = OrderedDict(
        stem=inception_resnet_stem(nn, in_channels, narrow, strides),
        inception_a=nn.Sequential(*_several(counts[0], inception_resnet_a, nn, width_a, narrow)),
        reduction_a=reduction_a(nn, width_a, (256, 256, 384, 384), narrow),
        inception_b=nn.Sequential(*_several(counts[1], inception_resnet_b, nn, width_b, narrow)),
        reduction_b=inception_resnet_reduction_b(nn, width_b, narrow),
        inception_c=nn.Sequential(*_several(counts[2], inception_resnet_c, nn, width_c, narrow), last),
        conv=unit(nn, width_c, 1536 // narrow, 1),
        **_classifier(nn, 1536 // narrow, num_classes),
    )
    return nn.Sequential(network)
