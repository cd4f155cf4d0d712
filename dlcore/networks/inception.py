"""GoogLeNet, which looks at every place at several scales at once, and the same with batch normalization."""

from collections import OrderedDict

from ._checks import checked
from .blocks import conv_bn_relu

__all__ = [
    "auxiliary_loss", "googlenet", "googlenet_head", "inception_block", "inception_bn_block",
    "inception_bn_reduction", "inception_v2",
]  # fmt: skip

# Channels as table 1 and figure 5 of the papers print them: 1 x 1; for 3 x 3 reduced, then out; for 5 x 5 (or twice
# 3 x 3) reduced, then out; behind the pooling. 0 where a stride of 2 leaves the branch out.
GOOGLENET = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
INCEPTION_V2 = {
    "3a": (64, 64, 64, 64, 96, 32),
    "3b": (64, 64, 96, 64, 96, 64),
    "3c": (0, 128, 160, 64, 96, 0),
    "4a": (224, 64, 96, 96, 128, 128),
    "4b": (192, 96, 128, 96, 128, 128),
    "4c": (160, 128, 160, 128, 160, 128),
    "4d": (96, 128, 192, 160, 192, 128),
    "4e": (0, 128, 192, 192, 256, 0),
    "5a": (352, 192, 320, 160, 224, 128),
    "5b": (352, 192, 320, 192, 224, 128),
}


def conv_relu(nn, in_channels, out_channels, kernel_size, **options):
    """A convolution and ReLU, called conv and relu."""
    return nn.Sequential(
        OrderedDict(conv=nn.Conv2d(in_channels, out_channels, kernel_size, **options), relu=nn.ReLU())
    )


def chain(nn, unit, in_channels, *steps, pool=None, **last):
    """Units such as :func:`conv_relu` one after the other, called 1, 2 and so on; a single one is returned itself.

    Each step is (channels, kernel_size), and keeps height and width; `last` are options of the last, such as `stride`
    and `padding`. Before the first stands `pool`, if there is one.
    """
    modules = OrderedDict() if pool is None else OrderedDict(pool=pool)
    for number, (channels, kernel_size) in enumerate(steps, 1):
        options = last if last and number == len(steps) else {"padding": "same"}
        modules[str(number)] = unit(nn, in_channels, channels, kernel_size, **options)
        in_channels = channels
    return nn.Sequential(modules) if len(modules) > 1 else modules["1"]


def inception_block(nn, in_channels, one, three_reduced, three, five_reduced, five, pooled):
    """Convolutions of 1 x 1, 3 x 3 and 5 x 5 and a pooling, side by side; their maps are joined.

    Before the large kernels a convolution of 1 x 1 reduces the channels, which is what makes them affordable.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels : int
    one, three, five, pooled : int
        Channels that come out of each branch; `pooled` behind a 1 x 1 convolution.
    three_reduced, five_reduced : int
        Channels before the 3 x 3 and the 5 x 5 convolution.

    Returns
    -------
    nn.Concat
        (N, in_channels, H, W) to (N, one + three + five + pooled, H, W).

    Source: Szegedy et al., "Going deeper with convolutions" (2015), figure 2b.
    """
    return nn.Concat(
        OrderedDict(
            branch1x1=chain(nn, conv_relu, in_channels, (one, 1)),
            branch3x3=chain(nn, conv_relu, in_channels, (three_reduced, 1), (three, 3)),
            branch5x5=chain(nn, conv_relu, in_channels, (five_reduced, 1), (five, 5)),
            branch_pool=chain(
                nn, conv_relu, in_channels, (pooled, 1), pool=nn.MaxPool2d(3, stride=1, padding=1)
            ),
        )
    )


def inception_bn_block(
    nn, in_channels, one, three_reduced, three, double_reduced, double, pooled, pool="avg"
):
    """:func:`inception_block` with batch normalization, and two convolutions of 3 x 3 in place of the 5 x 5.

    Parameters
    ----------
    nn, in_channels, one, three_reduced, three, pooled
        As for :func:`inception_block`.
    double_reduced, double : int
        Channels before the two convolutions, and of both.
    pool : {"avg", "max"}
        How the last branch pools.

    Returns
    -------
    nn.Concat
        (N, in_channels, H, W) to (N, one + three + double + pooled, H, W).

    Source: Ioffe and Szegedy, "Batch normalization" (2015), figure 5.
    """
    if pool not in ("avg", "max"):
        raise ValueError(f"pool: expected 'avg' or 'max', got {pool!r}")
    pooling = (nn.AvgPool2d if pool == "avg" else nn.MaxPool2d)(3, stride=1, padding=1)
    return nn.Concat(
        OrderedDict(
            branch1x1=chain(nn, conv_bn_relu, in_channels, (one, 1)),
            **_three_and_double(nn, in_channels, three_reduced, three, double_reduced, double),
            branch_pool=chain(nn, conv_bn_relu, in_channels, (pooled, 1), pool=pooling),
        )
    )


def inception_bn_reduction(nn, in_channels, three_reduced, three, double_reduced, double):
    """The two large branches of :func:`inception_bn_block` with stride 2; beside them the input passes, pooled.

    Parameters
    ----------
    nn, in_channels, three_reduced, three, double_reduced, double
        As for :func:`inception_bn_block`.

    Returns
    -------
    nn.Concat
        (N, in_channels, H, W) to (N, three + double + in_channels, H / 2, W / 2), for even H and W.

    Source: that of :func:`inception_bn_block`, rows 3c and 4e.
    """
    widths = three_reduced, three, double_reduced, double
    return nn.Concat(
        OrderedDict(
            **_three_and_double(nn, in_channels, *widths, stride=2, padding=1),
            branch_pool=nn.MaxPool2d(3, stride=2, ceil_mode=True),
        )
    )


def _three_and_double(nn, in_channels, three_reduced, three, double_reduced, double, **last):
    steps = (double_reduced, 1), (double, 3), (double, 3)
    return {
        "branch3x3": chain(nn, conv_bn_relu, in_channels, (three_reduced, 1), (three, 3), **last),
        "branch3x3dbl": chain(nn, conv_bn_relu, in_channels, *steps, **last),
    }


def googlenet_head(nn, in_channels, num_classes, width=128, hidden=1024, pool=(5, 3), grid=4):
    """Scores from the middle of :func:`googlenet`; their loss gives the layers below a gradient of their own.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    in_channels, num_classes : int
    width, hidden : int
        Channels of its 1 x 1 convolution, and units of its first fully connected layer.
    pool : (int, int)
        Kernel and stride of the average pooling it begins with.
    grid : int
        Height and width behind that, on which the fully connected layer stands.

    Returns
    -------
    nn.Sequential
        (N, in_channels, 14, 14) to scores (N, num_classes).

    Source: Szegedy et al., "Going deeper with convolutions" (2015), section 5.
    """
    kernel_size, stride = pool
    return nn.Sequential(
        OrderedDict(
            avgpool=nn.AvgPool2d(kernel_size, stride=stride),
            conv=conv_relu(nn, in_channels, width, 1),
            flatten=nn.Flatten(),
            fc1=nn.Linear(width * grid * grid, hidden),
            relu=nn.ReLU(),
            dropout=nn.Dropout(0.7),
            fc2=nn.Linear(hidden, num_classes),
        )
    )


@checked
def googlenet(nn, num_classes=1000, in_channels=3, small=False, aux_heads=True):
    """GoogLeNet (Inception v1): nine inception blocks, and two heads that help to train them.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.
    small : bool
        For images of 32 x 32: an eighth of the width, a first layer of 3 x 3 with stride 1, and heads on 2 x 2.
    aux_heads : bool
        Whether to have two heads, behind the blocks 4a and 4d. They are made for 224 x 224 (or 32 x 32).

    Returns
    -------
    nn.AuxiliaryHeads, or nn.Sequential without heads
        (N, in_channels, H, W) to scores (N, num_classes). In training mode the heads' scores come with them, for
        :func:`auxiliary_loss`; in evaluation mode they are left out, and any size from 32 x 32 on is taken.

    Notes
    -----
    The convolutions have biases and no batch normalization, and 5 x 5 is 5 x 5, as in the paper. torchvision's network
    of this name has batch normalization and 3 x 3 in its place, so that its weights do not fit here. The paper does not
    say how its local response normalization is set; here it is as in Caffe's bvlc_googlenet.

    Source: Szegedy et al., "Going deeper with convolutions" (2015), table 1.
    """
    narrow = 8 if small else 1
    trunk, channels = stem(nn, conv_relu, in_channels, narrow, small, norm=True)
    heads = {}
    for name, row in GOOGLENET.items():
        widths = [width // narrow for width in row]
        if name in ("4a", "5a"):
            trunk[f"maxpool{int(name[0]) - 1}"] = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        trunk[f"inception{name}"] = inception_block(nn, channels, *widths)
        channels = widths[0] + widths[2] + widths[4] + widths[5]
        if aux_heads and name in ("4a", "4d"):
            pool, grid = ((2, 2), 2) if small else ((5, 3), 4)
            head = googlenet_head(nn, channels, num_classes, 128 // narrow, 1024 // narrow, pool, grid)
            heads[f"inception{name}"] = head
    trunk.update(
        avgpool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        dropout=nn.Dropout(0.4),
        fc=nn.Linear(channels, num_classes),
    )
    return nn.AuxiliaryHeads(trunk, heads) if aux_heads else nn.Sequential(trunk)


@checked
def inception_v2(nn, num_classes=1000, in_channels=3, small=False):
    """Inception v2 (BN-Inception): GoogLeNet with batch normalization, and two 3 x 3 for each 5 x 5.

    Parameters
    ----------
    nn, num_classes, in_channels
        As for :func:`googlenet`.
    small : bool
        For images of 32 x 32: an eighth of the width, and a first layer of 3 x 3 with stride 1.

    Returns
    -------
    nn.Sequential
        (N, in_channels, H, W) to scores (N, num_classes), for 224 x 224 and other multiples of 32; at sizes between
        them convolutions and pooling with stride 2 may not agree.

    Notes
    -----
    - Figure 5 prints 576 channels behind 4c and 4d and 1024 behind 4e, but its columns add up to 608, 608 and 1056.
      Here the columns count, as in pytorchcv.
    - The first convolution of the paper was separable, with depth multiplier 8; here it is an ordinary one.
    - Szegedy et al., "Rethinking the Inception architecture" (2016), call another network Inception-v2: one with
      factorized convolutions, on the way to :func:`inception_v3`. Later papers of theirs use the name as here.

    Source: Ioffe and Szegedy, "Batch normalization" (2015), figure 5; convolutions without bias: section 3.2.
    """
    narrow = 8 if small else 1
    trunk, channels = stem(nn, conv_bn_relu, in_channels, narrow, small)
    for name, row in INCEPTION_V2.items():
        widths = [width // narrow for width in row]
        if widths[0]:
            pool = "max" if name == "5b" else "avg"
            block = inception_bn_block(nn, channels, *widths, pool=pool)
            channels = widths[0] + widths[2] + widths[4] + widths[5]
        else:
            block = inception_bn_reduction(nn, channels, *widths[1:5])
            channels += widths[2] + widths[4]
        trunk[f"inception{name}"] = block
    trunk.update(avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(channels, num_classes))
    return nn.Sequential(trunk)


def stem(nn, unit, in_channels, narrow, small, norm=False):
    """The layers before the first block, by name, and their channels. They divide the size by 8 (`small`: by 4)."""
    first, last = 64 // narrow, 192 // narrow
    options = {"kernel_size": 3, "padding": 1} if small else {"kernel_size": 7, "stride": 2, "padding": 3}
    trunk = OrderedDict(conv1=unit(nn, in_channels, first, **options))
    trunk["maxpool1"] = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    if norm:
        trunk["lrn1"] = nn.LocalResponseNorm(5)
    trunk.update(conv2=unit(nn, first, first, 1), conv3=unit(nn, first, last, 3, padding=1))
    if norm:
        trunk["lrn2"] = nn.LocalResponseNorm(5)
    trunk["maxpool2"] = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    return trunk, last


def auxiliary_loss(loss, weight=0.3):
    """The `loss` of a network with auxiliary heads: that of its scores, and `weight` times that of each head's.

    Parameters
    ----------
    loss : callable
        ``loss(scores, targets)``, such as ``scratch.cross_entropy`` or ``pytorch.cross_entropy``.
    weight : float
        0.3 for GoogLeNet; 0.4 is in common use for Inception v3.

    Returns
    -------
    function of (output, targets)
        For ``training.train`` and ``training.evaluate``. An output that is no tuple, as in evaluation mode, is given to
        `loss` as it is.

    Source: Szegedy et al., "Going deeper with convolutions" (2015), section 5. 0.4: train_image_classifier.py of
    TensorFlow-Slim.
    """

    def total(output, targets):
        if not isinstance(output, tuple):
            return loss(output, targets)
        scores, *heads = output
        value = loss(scores, targets)
        for head in heads:
            value = value + weight * loss(head, targets)
        return value

    return total
