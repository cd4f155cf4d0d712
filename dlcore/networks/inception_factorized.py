"""Inception v3: large kernels taken apart into rows and columns, and grids made smaller without a bottleneck."""

from collections import OrderedDict
from functools import partial

from ._checks import checked
from .blocks import conv_bn_relu
from .inception import chain

__all__ = [
    "factorized_a", "factorized_b", "factorized_c", "grid_reduction_a", "grid_reduction_b", "inception_v3",
    "inception_v3_head",
]  # fmt: skip

unit = partial(conv_bn_relu, eps=0.001)


def factorized_a(nn, in_channels, pooled, narrow=1):
    """Branches of 1 x 1, 5 x 5, twice 3 x 3 and pooling, for the largest grid.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels : int
    pooled : int
        Channels that come out of the branch with the pooling.
    narrow : int
        What all other widths are divided by.

    Returns
    -------
    nn.Concat
        (N, in_channels, H, W) to (N, 224 / narrow + pooled, H, W).

    Source: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception architecture for computer vision"
    (2016), figure 5. There each 5 x 5 is two 3 x 3; the network that was released keeps one 5 x 5, as here.
    """
    reduced, out, double = (width // narrow for width in (48, 64, 96))
    return nn.Concat(
        OrderedDict(
            branch1x1=chain(nn, unit, in_channels, (out, 1)),
            branch5x5=chain(nn, unit, in_channels, (reduced, 1), (out, 5)),
            branch3x3dbl=chain(nn, unit, in_channels, (out, 1), (double, 3), (double, 3)),
            branch_pool=chain(nn, unit, in_channels, (pooled, 1), pool=_average(nn)),
        )
    )


def factorized_b(nn, in_channels, width, narrow=1):
    """Branches of 1 x 1, 7 x 7, twice 7 x 7 and pooling, where each 7 x 7 is a row of 1 x 7 and a column of 7 x 1.

    Parameters
    ----------
    nn, in_channels, narrow
        As for :func:`factorized_a`.
    width : int
        Channels between the convolutions of the two branches with 7 x 7; `narrow` does not divide it.

    Returns
    -------
    nn.Concat
        (N, in_channels, H, W) to (N, 768 / narrow, H, W).

    Source: that of :func:`factorized_a`, figure 6 with n = 7.
    """
    out = 192 // narrow
    row, column = (width, (1, 7)), (width, (7, 1))
    return nn.Concat(
        OrderedDict(
            branch1x1=chain(nn, unit, in_channels, (out, 1)),
            branch7x7=chain(nn, unit, in_channels, (width, 1), row, (out, (7, 1))),
            branch7x7dbl=chain(nn, unit, in_channels, (width, 1), column, row, column, (out, (1, 7))),
            branch_pool=chain(nn, unit, in_channels, (out, 1), pool=_average(nn)),
        )
    )


def factorized_c(nn, in_channels, narrow=1):
    """Branches whose 3 x 3 is a row of 1 x 3 and a column of 3 x 1 side by side, for the smallest grid.

    Parameters
    ----------
    nn, in_channels, narrow
        As for :func:`factorized_a`.

    Returns
    -------
    nn.Concat
        (N, in_channels, H, W) to (N, 2048 / narrow, H, W).

    Source: that of :func:`factorized_a`, figure 7.
    """
    one, three, double, pooled = (width // narrow for width in (320, 384, 448, 192))

    def row_and_column():
        return nn.Concat(
            OrderedDict(
                a=unit(nn, three, three, (1, 3), padding="same"),
                b=unit(nn, three, three, (3, 1), padding="same"),
            )
        )

    steps = {"1": unit(nn, in_channels, three, 1), "2": row_and_column()}
    double_steps = {
        "1": unit(nn, in_channels, double, 1),
        "2": unit(nn, double, three, 3, padding="same"),
        "3": row_and_column(),
    }
    return nn.Concat(
        OrderedDict(
            branch1x1=chain(nn, unit, in_channels, (one, 1)),
            branch3x3=nn.Sequential(OrderedDict(steps)),
            branch3x3dbl=nn.Sequential(OrderedDict(double_steps)),
            branch_pool=chain(nn, unit, in_channels, (pooled, 1), pool=_average(nn)),
        )
    )


def grid_reduction_a(nn, in_channels, narrow=1):
    """Half the height and width, and more channels: convolutions with stride 2 and a pooling, side by side.

    Pooling first would squeeze everything through a grid of a quarter of the numbers; convolving first, at full size,
    would cost four times as much.

    Parameters
    ----------
    nn, in_channels, narrow
        As for :func:`factorized_a`.

    Returns
    -------
    nn.Concat
        (N, in_channels, H, W) to (N, 480 / narrow + in_channels, (H - 1) / 2, (W - 1) / 2).

    Source: that of :func:`factorized_a`, figure 10.
    """
    large, reduced, double = (width // narrow for width in (384, 64, 96))
    return nn.Concat(
        OrderedDict(
            branch3x3=unit(nn, in_channels, large, 3, stride=2),
            branch3x3dbl=chain(nn, unit, in_channels, (reduced, 1), (double, 3), (double, 3), stride=2),
            branch_pool=nn.MaxPool2d(3, stride=2),
        )
    )


def grid_reduction_b(nn, in_channels, narrow=1):
    """As :func:`grid_reduction_a`, with 7 x 7 as row and column in the larger branch.

    Parameters
    ----------
    nn, in_channels, narrow
        As for :func:`factorized_a`.

    Returns
    -------
    nn.Concat
        (N, in_channels, H, W) to (N, 512 / narrow + in_channels, (H - 1) / 2, (W - 1) / 2).

    Source: torchvision's inception_v3; the paper does not draw it.
    """
    width, large = 192 // narrow, 320 // narrow
    steps = (width, 1), (width, (1, 7)), (width, (7, 1)), (width, 3)
    return nn.Concat(
        OrderedDict(
            branch3x3=chain(nn, unit, in_channels, (width, 1), (large, 3), stride=2),
            branch7x7x3=chain(nn, unit, in_channels, *steps, stride=2),
            branch_pool=nn.MaxPool2d(3, stride=2),
        )
    )


def _average(nn):
    return nn.AvgPool2d(3, stride=1, padding=1)


def inception_v3_head(nn, in_channels, num_classes, widths=(128, 768), pool=(5, 3), kernel_size=5):
    """Scores from the middle of :func:`inception_v3`, whose loss helps to train it.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels, num_classes : int
    widths : (int, int)
        Channels of its two convolutions.
    pool : (int, int)
        Kernel and stride of the average pooling it begins with.
    kernel_size : int
        Of its second convolution.

    Returns
    -------
    nn.Sequential
        (N, in_channels, 17, 17) to scores (N, num_classes).

    Source: that of :func:`factorized_a`, figure 8.
    """
    first, second = widths
    size, stride = pool
    return nn.Sequential(
        OrderedDict(
            pool=nn.AvgPool2d(size, stride=stride),
            conv0=unit(nn, in_channels, first, 1),
            conv1=unit(nn, first, second, kernel_size),
            avgpool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            fc=nn.Linear(second, num_classes),
        )
    )


@checked
def inception_v3(nn, num_classes=1000, in_channels=3, small=False, aux_heads=True):
    """Inception v3: factorized convolutions on three grids, and a head that helps to train it.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.
    small : bool
        For images of 32 x 32: a quarter of the width, but half of it in the first layers, which pad, and pool with
        stride 1; and a head for a grid of 5 x 5.
    aux_heads : bool
        Whether to have a head behind Mixed_6e; it needs images of 299 x 299 (or 32 x 32) at least.

    Returns
    -------
    nn.AuxiliaryHeads, or nn.Sequential without head
        (N, in_channels, H, W) to scores (N, num_classes). In training mode the head's scores come with them, for
        :func:`auxiliary_loss`; in evaluation mode it is left out, and sizes from 75 x 75 on are taken.

    Notes
    -----
    This is the network that was released, and that torchvision has. The paper's table 1 is another: its first layers
    have no 1 x 1 convolution and only one pooling, and not all widths are printed. Label smoothing, which the paper
    trains with, is the loss's business: ``smooth_labels``.

    Source: Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception architecture for computer vision"
    (2016), and torchvision's inception_v3.
    """
    narrow = 4 if small else 1
    widths = (16, 32, 40, 48) if small else (32, 64, 80, 192)
    trunk = stem(nn, in_channels, widths, *((1, 1) if small else (0, 2)))
    for name, block, channels, *width in BLOCKS:
        trunk[name] = block(nn, channels // narrow, *(number // narrow for number in width), narrow=narrow)
    trunk.update(
        avgpool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        dropout=nn.Dropout(0.5),
        fc=nn.Linear(2048 // narrow, num_classes),
    )
    if not aux_heads:
        return nn.Sequential(trunk)
    pool, kernel_size = ((3, 1), 3) if small else ((5, 3), 5)
    head_widths = 128 // narrow, 768 // narrow
    head = inception_v3_head(nn, 768 // narrow, num_classes, head_widths, pool, kernel_size)
    return nn.AuxiliaryHeads(trunk, {"Mixed_6e": head})


def stem(nn, in_channels, widths, padding, pool_stride):
    """The layers before the first block, by name."""
    first, second, third, last = widths
    return OrderedDict(
        Conv2d_1a_3x3=unit(nn, in_channels, first, 3, stride=2, padding=padding),
        Conv2d_2a_3x3=unit(nn, first, first, 3, padding=padding),
        Conv2d_2b_3x3=unit(nn, first, second, 3, padding=1),
        maxpool1=nn.MaxPool2d(3, stride=pool_stride),
        Conv2d_3b_1x1=unit(nn, second, third, 1),
        Conv2d_4a_3x3=unit(nn, third, last, 3, padding=padding),
        maxpool2=nn.MaxPool2d(3, stride=pool_stride),
    )


# Name, block, channels that come in, and the width that differs from block to block.
BLOCKS = (
    ("Mixed_5b", factorized_a, 192, 32),
    ("Mixed_5c", factorized_a, 256, 64),
    ("Mixed_5d", factorized_a, 288, 64),
    ("Mixed_6a", grid_reduction_a, 288),
    ("Mixed_6b", factorized_b, 768, 128),
    ("Mixed_6c", factorized_b, 768, 160),
    ("Mixed_6d", factorized_b, 768, 160),
    ("Mixed_6e", factorized_b, 768, 192),
    ("Mixed_7a", grid_reduction_b, 768),
    ("Mixed_7b", factorized_c, 1280),
    ("Mixed_7c", factorized_c, 2048),
)
