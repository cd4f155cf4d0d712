"""DenseNet: every layer of a block sees what all layers before it have computed."""

from collections import OrderedDict

from ._checks import checked

__all__ = [
    "dense_block", "dense_layer", "densenet121", "densenet161", "densenet169", "densenet201", "transition",
]  # fmt: skip


def dense_layer(nn, in_channels, growth=32, bottleneck=4):
    """The input, and joined to it `growth` new channels, which a 1 x 1 and a 3 x 3 convolution compute from it.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels : int
        Channels that come in.
    growth : int
        How many are added.
    bottleneck : int
        How many times `growth` channels are between the two convolutions.

    Returns
    -------
    nn.Concat
        (N, in_channels, H, W) to (N, in_channels + growth, H, W).

    Source: Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks" (2017), section 3,
    there DenseNet-B.
    """
    middle = bottleneck * growth
    new = OrderedDict(
        norm1=nn.BatchNorm2d(in_channels),
        relu1=nn.ReLU(),
        conv1=nn.Conv2d(in_channels, middle, 1, bias=False),
        norm2=nn.BatchNorm2d(middle),
        relu2=nn.ReLU(),
        conv2=nn.Conv2d(middle, growth, 3, padding=1, bias=False),
    )
    return nn.Concat(OrderedDict(input=nn.Identity(), new=nn.Sequential(new)))


def dense_block(nn, in_channels, count, growth=32, bottleneck=4):
    """Dense layers one after the other.

    Parameters
    ----------
    nn, in_channels, growth, bottleneck
        As for :func:`dense_layer`.
    count : int
        How many layers.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to ``(N, in_channels + count * growth, H, W)``.

    Source: that of :func:`dense_layer`, figure 1.
    """
    layers = OrderedDict()
    for number in range(count):
        layer = dense_layer(nn, in_channels + number * growth, growth, bottleneck)
        layers[f"denselayer{number + 1}"] = layer
    return nn.Sequential(layers)


def transition(nn, in_channels, out_channels):
    """What stands between two dense blocks: a 1 x 1 convolution to fewer channels, and pooling to half the size.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels, out_channels : int
        Channels that come in and go out.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, out_channels, H / 2, W / 2).

    Source: that of :func:`dense_layer`, section 3 and table 1.
    """
    layers = OrderedDict(
        norm=nn.BatchNorm2d(in_channels),
        relu=nn.ReLU(),
        conv=nn.Conv2d(in_channels, out_channels, 1, bias=False),
        pool=nn.AvgPool2d(2),
    )
    return nn.Sequential(layers)


def densenet121(nn, num_classes=1000, in_channels=3, small=False):
    """DenseNet-121: four dense blocks of 6, 12, 24 and 16 layers, each of which adds 32 channels.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.
    small : bool
        For images of 32 x 32: an eighth of all channels, and a first layer of 3 x 3 instead of 7 x 7 and pooling.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 224 x 224 and any other size from 32 x 32 on.

    Notes
    -----
    Each layer joins its channels to all before it, so that the time and memory for joining grow with the square of the
    depth; parameters and multiply-adds do not show it.

    Source: Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks" (2017), table 1, which
    halves the channels between blocks (there DenseNet-BC).
    """
    return _densenet(nn, (6, 12, 24, 16), num_classes, in_channels, small)


def densenet161(nn, num_classes=1000, in_channels=3, small=False):
    """DenseNet-161: 6, 12, 36 and 24 layers, each of which adds 48 channels. As :func:`densenet121` otherwise.

    It is in table 1 of the paper's earlier versions; the last has DenseNet-264 in its place.
    """
    return _densenet(nn, (6, 12, 36, 24), num_classes, in_channels, small, growth=48)


def densenet169(nn, num_classes=1000, in_channels=3, small=False):
    """DenseNet-169: 6, 12, 32 and 32 layers. Arguments, result and source are those of :func:`densenet121`."""
    return _densenet(nn, (6, 12, 32, 32), num_classes, in_channels, small)


def densenet201(nn, num_classes=1000, in_channels=3, small=False):
    """DenseNet-201: 6, 12, 48 and 32 layers. Arguments, result and source are those of :func:`densenet121`."""
    return _densenet(nn, (6, 12, 48, 32), num_classes, in_channels, small)


@checked
def _densenet(nn, counts, num_classes, in_channels, small, growth=32):
    growth = growth // 8 if small else growth
    channels = 2 * growth
    features = OrderedDict(_stem(nn, in_channels, channels, small))
    for number, count in enumerate(counts, 1):
        features[f"denseblock{number}"] = dense_block(nn, channels, count, growth)
        channels += count * growth
        if number < len(counts):
            features[f"transition{number}"] = transition(nn, channels, channels // 2)
            channels //= 2
    features[f"norm{len(counts) + 1}"] = nn.BatchNorm2d(channels)
    network = OrderedDict(
        features=nn.Sequential(features),
        relu=nn.ReLU(),
        avgpool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        classifier=nn.Linear(channels, num_classes),
    )
    return nn.Sequential(network)


def _stem(nn, in_channels, channels, small):
    kernel_size = 3 if small else 7
    layers = {
        "conv0": nn.Conv2d(
            in_channels, channels, kernel_size, stride=2, padding=kernel_size // 2, bias=False
        ),
        "norm0": nn.BatchNorm2d(channels),
        "relu0": nn.ReLU(),
    }
    return layers if small else {**layers, "pool0": nn.MaxPool2d(3, stride=2, padding=1)}
