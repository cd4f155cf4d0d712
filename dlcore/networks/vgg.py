"""VGG: nothing but 3 x 3 convolutions and pooling, up to 19 layers deep."""

from collections import OrderedDict

from ._checks import checked

__all__ = [
    "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn", "vgg_block",
    "vgg_network",
]  # fmt: skip


def vgg_block(nn, in_channels, width, count, batch_norm=False):
    """3 x 3 convolutions, each with ReLU, and pooling.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels, width : int
        Channels that come in and go out.
    count : int
        How many convolutions. Two of them see as far as one of 5 x 5, three as far as one of 7 x 7.
    batch_norm : bool
        Whether batch normalization follows each.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, width, H / 2, W / 2).

    Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition"
    (2015), section 2.
    """
    layers = []
    for channels in [in_channels] + [width] * (count - 1):
        layers.append(nn.Conv2d(channels, width, 3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(width))
        layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.MaxPool2d(2))


@checked
def vgg_network(nn, counts, num_classes, in_channels, small, batch_norm=False):
    """A VGG network: five blocks and three fully connected layers.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    counts : sequence of int
        How many convolutions each of the five blocks has.
    num_classes, in_channels, small
        As for :func:`vgg11`.
    batch_norm : bool
        Whether batch normalization follows each convolution.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes).
    """
    widths, hidden, grid = ((8, 16, 32, 64, 64), 128, 1) if small else ((64, 128, 256, 512, 512), 4096, 7)
    features, channels = [], in_channels
    for count, width in zip(counts, widths):
        features.extend(vgg_block(nn, channels, width, count, batch_norm))
        channels = width
    return nn.Sequential(
        OrderedDict(
            features=nn.Sequential(*features),
            avgpool=nn.AdaptiveAvgPool2d(grid),
            flatten=nn.Flatten(),
            classifier=nn.Sequential(
                nn.Linear(channels * grid * grid, hidden), nn.ReLU(), nn.Dropout(0.5),
                nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.5),
                nn.Linear(hidden, num_classes),
            ),
        )
    )  # fmt: skip


def vgg11(nn, num_classes=1000, in_channels=3, small=False):
    """VGG-11: eight convolutions and three fully connected layers.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.
    small : bool
        For images of 32 x 32, of which five times pooling leaves 1 x 1 instead of 7 x 7: an eighth of the
        channels, and 128 units instead of 4096.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 224 x 224 and any other size from 32 x 32 on.

    Notes
    -----
    The average pooling before the fully connected layers is not in the paper; at 224 x 224 it changes
    nothing. Layers are named and numbered as in torchvision.

    Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition"
    (2015), table 1, configuration A.
    """
    return vgg_network(nn, (1, 1, 2, 2, 2), num_classes, in_channels, small)


def vgg13(nn, num_classes=1000, in_channels=3, small=False):
    """VGG-13, configuration B: ten convolutions. The rest is that of :func:`vgg11`."""
    return vgg_network(nn, (2, 2, 2, 2, 2), num_classes, in_channels, small)


def vgg16(nn, num_classes=1000, in_channels=3, small=False):
    """VGG-16, configuration D: thirteen convolutions. The rest is that of :func:`vgg11`."""
    return vgg_network(nn, (2, 2, 3, 3, 3), num_classes, in_channels, small)


def vgg19(nn, num_classes=1000, in_channels=3, small=False):
    """VGG-19, configuration E: sixteen convolutions. The rest is that of :func:`vgg11`."""
    return vgg_network(nn, (2, 2, 4, 4, 4), num_classes, in_channels, small)


def vgg11_bn(nn, num_classes=1000, in_channels=3, small=False):
    """VGG-11 with batch normalization, which is younger than the paper, after each convolution.

    Arguments and result are those of :func:`vgg11`. The convolutions keep the bias that batch normalization
    makes useless, as those of torchvision do: there are weights for them. Source: Ioffe and Szegedy, "Batch
    normalization: accelerating deep network training by reducing internal covariate shift" (2015).
    """
    return vgg_network(nn, (1, 1, 2, 2, 2), num_classes, in_channels, small, batch_norm=True)


def vgg13_bn(nn, num_classes=1000, in_channels=3, small=False):
    """VGG-13 with batch normalization. Arguments, result and source are those of :func:`vgg11_bn`."""
    return vgg_network(nn, (2, 2, 2, 2, 2), num_classes, in_channels, small, batch_norm=True)


def vgg16_bn(nn, num_classes=1000, in_channels=3, small=False):
    """VGG-16 with batch normalization. Arguments, result and source are those of :func:`vgg11_bn`."""
    return vgg_network(nn, (2, 2, 3, 3, 3), num_classes, in_channels, small, batch_norm=True)


def vgg19_bn(nn, num_classes=1000, in_channels=3, small=False):
    """VGG-19 with batch normalization. Arguments, result and source are those of :func:`vgg11_bn`."""
    return vgg_network(nn, (2, 2, 4, 4, 4), num_classes, in_channels, small, batch_norm=True)
