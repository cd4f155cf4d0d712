"""What several networks are made of."""

__all__ = ["conv_bn"]


def conv_bn(nn, number, in_channels, out_channels, kernel_size, **options):
    """A convolution without bias, which would be subtracted again, and its batch normalization, by name."""
    return {
        f"conv{number}": nn.Conv2d(in_channels, out_channels, kernel_size, bias=False, **options),
        f"bn{number}": nn.BatchNorm2d(out_channels),
    }
