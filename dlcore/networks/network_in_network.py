"""Network in Network: a small perceptron slides over the image, and the average of its maps is the score."""

from collections import OrderedDict

from ._checks import checked

__all__ = ["mlpconv", "nin"]


def mlpconv(nn, in_channels, widths, kernel_size, last_relu=True, **options):
    """A convolution and two of 1 x 1, each with ReLU: at every position the same perceptron of three layers.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels : int
    widths : three ints
        Channels of the three layers; the last go out.
    kernel_size, **options
        Of the first, such as `stride` and `padding`.
    last_relu : bool
        Whether ReLU follows the third layer too.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, widths[2], H', W'), sizes as the first convolution makes them. The 1 x 1
        convolutions are called cccp1 and cccp2, cascaded cross channel parametric pooling, as by the authors.

    Source: Lin, Chen and Yan, "Network in network" (2014), section 3.1.
    """
    first, second, third = widths
    layers = OrderedDict(
        conv=nn.Conv2d(in_channels, first, kernel_size, **options), relu=nn.ReLU(),
        cccp1=nn.Conv2d(first, second, 1), relu1=nn.ReLU(),
        cccp2=nn.Conv2d(second, third, 1),
    )  # fmt: skip
    if last_relu:
        layers["relu2"] = nn.ReLU()
    return nn.Sequential(layers)


@checked
def nin(nn, num_classes=1000, in_channels=3, small=False):
    """Network in Network: four mlpconv layers, and no fully connected one.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.
    small : bool
        For images of 32 x 32: the three mlpconv layers of the paper's network for CIFAR-10, with a quarter of
        the channels, and no ReLU over the scores.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 224 x 224 and any other size from 39 x 39 on.

    Notes
    -----
    - The network for ImageNet is the one that the authors put into the Caffe model zoo as NIN-Imagenet; the
      paper's experiments are on small images. Pooling keeps what is left over at the border (`ceil_mode`), as
      Caffe does. There is one dropout, before the last mlpconv; the paper has one before every mlpconv but
      the first.
    - The last mlpconv has a map for each class, whose average is the score. With ReLU, as the authors have
      it, no score is negative, and a class whose map is 0 everywhere gets no gradient and is never learned.
      That happens with some of the random beginnings, hence none where `small`.

    Source: Lin, Chen and Yan, "Network in network" (2014), figure 2 and section 3.2.
    """
    if small:
        layers = [
            ((48, 40, 24), 5, {"padding": 2}),
            ((48, 48, 48), 5, {"padding": 2}),
            ((48, 48, num_classes), 3, {"padding": 1, "last_relu": False}),
        ]
    else:
        layers = [
            ((96, 96, 96), 11, {"stride": 4}),
            ((256, 256, 256), 5, {"padding": 2}),
            ((384, 384, 384), 3, {"padding": 1}),
            ((1024, 1024, num_classes), 3, {"padding": 1}),
        ]
    network, channels = OrderedDict(), in_channels
    for number, (widths, kernel_size, options) in enumerate(layers, 1):
        if number > 1:
            network[f"pool{number - 1}"] = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        if number == len(layers):
            network["drop"] = nn.Dropout(0.5)
        network[f"mlpconv{number}"] = mlpconv(nn, channels, widths, kernel_size, **options)
        channels = widths[-1]
    network.update(avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())
    return nn.Sequential(network)
