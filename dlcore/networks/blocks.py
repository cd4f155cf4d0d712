"""What several networks are made of."""

from collections import OrderedDict

__all__ = ["conv_bn", "conv_bn_relu"]


def conv_bn(nn, number, in_channels, out_channels, kernel_size, **options):
    """A convolution and its batch normalization, by name, for the layers of a larger block.

    The convolution has no bias: normalization would subtract it again.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    number : int or str
        What their names, conv and bn, end in.
    in_channels, out_channels : int
        Channels that come in and go out.
    kernel_size, **options
        Of the convolution, such as `stride` and `padding`.

    Returns
    -------
    dict of str to module
        Both, in their order.
    """
    return {
        f"conv{number}": nn.Conv2d(in_channels, out_channels, kernel_size, bias=False, **options),
        f"bn{number}": nn.BatchNorm2d(out_channels),
    }


def conv_bn_relu(nn, in_channels, out_channels, kernel_size, eps=1e-5, **options):
    """A convolution without bias, batch normalization and ReLU, called conv, bn and relu.

    Parameters
    ----------
    nn, in_channels, out_channels, kernel_size, **options
        As for :func:`conv_bn`.
    eps : float
        Of the normalization: what it adds to the variance.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to (N, out_channels, H', W'), sizes as the convolution makes them.
    """
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(in_channels, out_channels, kernel_size, bias=False, **options),
            bn=nn.BatchNorm2d(out_channels, eps=eps),
            relu=nn.ReLU(),
        )
    )
