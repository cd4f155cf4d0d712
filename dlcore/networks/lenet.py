"""LeNet-5, which began it all: convolution, pooling, and layers that are trained together."""

from ._checks import checked

__all__ = ["lenet5"]


@checked
def lenet5(nn, num_classes=10, in_channels=1):
    """LeNet-5 for images of 32 x 32: two convolutions with pooling, then three fully connected layers.

    Parameters
    ----------
    nn : module
        The vocabulary: ``dlcore.scratch.nn``, ``dlcore.pytorch.nn`` or ``dlcore.shapes.nn``.
    num_classes : int
        How many scores come out.
    in_channels : int
        1 for gray images, 3 for colour.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 32, 32) to scores (N, num_classes). With the defaults it has 61,706 parameters. They
        begin at random; ``nn.reset_parameters(network, generator)`` makes them reproducible.

    Notes
    -----
    It is the form in common use, not the network of 1998 to the letter. There:

    - each map of the second convolution (C3) sees a chosen few of the six maps before it; here it sees all six;
    - the activation is a scaled hyperbolic tangent, and follows pooling too; here ReLU follows convolutions only;
    - pooling multiplies the average by a trained coefficient and adds a trained bias; here it only averages;
    - the output units are radial basis functions, the distance to a drawn character; here they are linear scores for
      softmax and cross-entropy.

    Hence 61,706 parameters here and 60,000 there: C3 has 1,516 instead of 2,416, the pooling layers S2 and S4
    have 12 and 32 instead of none, and the drawn characters are fixed, where the scores have 850 here.

    Source: LeCun et al., "Gradient-based learning applied to document recognition" (1998), section II.B.
    """
    return nn.Sequential(
        nn.Conv2d(in_channels, 6, 5),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, num_classes),
    )
