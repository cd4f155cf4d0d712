"""What several networks are made of."""

from collections import OrderedDict

__all__ = ["conv_bn", "conv_bn_relu"]


def conv_bn(nn, number, in_channels, out_channels, kernel_size, **options):
    """A convolution without bias, which would be subtracted again, and its batch normalization, by name."""
    return {
        f"conv{number}": nn.Conv2d(in_channels, out_channels, kernel_size, bias=False, **options),
        f"bn{number}": nn.BatchNorm2d(out_channels),
    }


def conv_bn_relu(nn, in_channels, out_channels, kernel_size, eps=1e-5, **options):
    """A convolution without bias, batch normalization with `eps`, and ReLU, called conv, bn and relu."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(in_channels, out_channels, kernel_size, bias=False, **options),
            bn=nn.BatchNorm2d(out_channels, eps=eps),
            relu=nn.ReLU(),
        )
    )
