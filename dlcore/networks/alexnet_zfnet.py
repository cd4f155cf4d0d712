"""AlexNet, and ZFNet, which looked into it and improved its first layers."""

from collections import OrderedDict

from ._checks import checked

__all__ = ["alexnet", "response_norm", "zfnet"]


def response_norm(nn, size=5, alpha=1e-4, beta=0.75, k=2.0):
    """Local response normalization: each channel is divided by what its neighbours say.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    size : int
        How many neighbouring channels have a say, the channel itself included.
    alpha, beta, k : float
        Of the paper: ``x_c / (k + alpha * sum of x_j^2)^beta``.

    Returns
    -------
    nn.LocalResponseNorm
        The shape stays.

    Notes
    -----
    ``nn.LocalResponseNorm``, as PyTorch has it, multiplies its `alpha` by the mean over the neighbours, where
    the paper multiplies by their sum. It therefore gets ``size * alpha`` here: handed on as it is, 1e-4 would
    mean a fifth of that.

    Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
    networks" (2012), section 3.3.
    """
    return nn.LocalResponseNorm(size, alpha=size * alpha, beta=beta, k=k)


@checked
def alexnet(nn, num_classes=1000, in_channels=3, small=False):
    """AlexNet: five convolutions, three of them in two groups, and three fully connected layers.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.
    small : bool
        For images of 32 x 32: an eighth of the channels, and a first layer of 5 x 5 with stride 1 instead of
        11 x 11 with stride 4.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 224, 224), or (N, in_channels, 32, 32) where `small`, to scores
        (N, num_classes).

    Notes
    -----
    - The paper divides the network over two GPUs, which exchange channels only in the third convolution and
      in the fully connected layers. Two groups are the same: in conv2, conv4 and conv5 half of the channels
      sees half.
    - The paper prints images of 224 x 224 and 55 x 55 outputs of the first layer, and no padding. The two
      agree with a padding of 2, as here; others take images of 227 x 227.
    - Dropout sets half of the outputs of the first two fully connected layers to zero.
    - ``torchvision.models.alexnet`` is another network, that of Krizhevsky, "One weird trick for
      parallelizing convolutional neural networks" (2014): 64 channels come first, and it has neither groups
      nor normalization.

    Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
    networks" (2012), section 3.5 and figure 2.
    """
    c1, c2, c3, c4, c5, hidden = _widths(small)
    first = {"kernel_size": 5, "padding": 2} if small else {"kernel_size": 11, "stride": 4, "padding": 2}
    grid = 3 if small else 6  # what is left of the image's height and width
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, c1, **first), relu1=nn.ReLU(),
            norm1=response_norm(nn), pool1=nn.MaxPool2d(3, stride=2),
            conv2=nn.Conv2d(c1, c2, 5, padding=2, groups=2), relu2=nn.ReLU(),
            norm2=response_norm(nn), pool2=nn.MaxPool2d(3, stride=2),
            conv3=nn.Conv2d(c2, c3, 3, padding=1), relu3=nn.ReLU(),
            conv4=nn.Conv2d(c3, c4, 3, padding=1, groups=2), relu4=nn.ReLU(),
            conv5=nn.Conv2d(c4, c5, 3, padding=1, groups=2), relu5=nn.ReLU(), pool5=nn.MaxPool2d(3, stride=2),
            **_fully_connected(nn, c5 * grid * grid, hidden, num_classes),
        )
    )  # fmt: skip


@checked
def zfnet(nn, num_classes=1000, in_channels=3, small=False):
    """ZFNet: AlexNet without groups, with smaller kernels and strides in its first two layers.

    Parameters
    ----------
    nn, num_classes, in_channels
        As for :func:`alexnet`.
    small : bool
        For images of 32 x 32: an eighth of the channels, and stride 1 in the first two layers.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 224, 224), or (N, in_channels, 32, 32) where `small`, to scores
        (N, num_classes).

    Notes
    -----
    - The figure prints maps of 110, 55, 26, 13 and 6 on a side, and no padding. With a padding of 1 in the
      first layer, and pooling that keeps what is left over at the border (`ceil_mode`), they come out.
    - For contrast normalization across channels, which here follows pooling, the paper refers to AlexNet
      and prints no constants. They are AlexNet's: :func:`response_norm`.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks" (2014), figure 3.
    """
    c1, c2, c3, c4, c5, hidden = _widths(small)
    grid = 2 if small else 6

    def pool():
        return nn.MaxPool2d(3, stride=2, ceil_mode=True)

    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, c1, 7, stride=1 if small else 2, padding=1), relu1=nn.ReLU(),
            pool1=pool(), norm1=response_norm(nn),
            conv2=nn.Conv2d(c1, c2, 5, stride=1 if small else 2), relu2=nn.ReLU(),
            pool2=pool(), norm2=response_norm(nn),
            conv3=nn.Conv2d(c2, c3, 3, padding=1), relu3=nn.ReLU(),
            conv4=nn.Conv2d(c3, c4, 3, padding=1), relu4=nn.ReLU(),
            conv5=nn.Conv2d(c4, c5, 3, padding=1), relu5=nn.ReLU(), pool5=pool(),
            **_fully_connected(nn, c5 * grid * grid, hidden, num_classes),
        )
    )  # fmt: skip


def _widths(small):
    """Channels of the five convolutions, and units of the two hidden layers."""
    return [width // 8 if small else width for width in (96, 256, 384, 384, 256, 4096)]


def _fully_connected(nn, features, hidden, num_classes):
    """The last three layers, by name."""
    return {
        "flatten": nn.Flatten(),
        "fc6": nn.Linear(features, hidden), "relu6": nn.ReLU(), "drop6": nn.Dropout(0.5),
        "fc7": nn.Linear(hidden, hidden), "relu7": nn.ReLU(), "drop7": nn.Dropout(0.5),
        "fc8": nn.Linear(hidden, num_classes),
    }  # fmt: skip
