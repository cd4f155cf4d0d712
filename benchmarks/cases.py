"""What is timed: one forward and one backward pass of each operator, described as data."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Case:
    """An operator with its inputs.

    Attributes
    ----------
    name : str
        What the table calls it.
    family : str
        Cases of one family share a geometric mean.
    operator : str
        Its name in ``dlcore.scratch`` and ``dlcore.pytorch``.
    shapes : tuple of tuple of int
        One float32 input for each, standard normal, all of which require grad.
    classes : int, optional
        If given, a last input of class indices below this, one for each row of the first.
    options : dict
        Further arguments.
    """

    name: str
    family: str
    operator: str
    shapes: tuple
    classes: int | None = None
    options: dict = field(default_factory=dict)

    def arrays(self):
        """The float inputs and, where there is one, the class indices; the same at every call."""
        generator = np.random.default_rng(0)
        floats = [generator.standard_normal(shape, dtype=np.float32) for shape in self.shapes]
        indices = None if self.classes is None else generator.integers(self.classes, size=self.shapes[0][0])
        return floats, indices


def _conv2d(name, input, weight, **options):
    return Case(name, "convolution", "conv2d", (input, weight), options=options)


CASES = [
    _conv2d("conv 3x3, N32 C16->32 28x28", (32, 16, 28, 28), (32, 16, 3, 3), padding=1),
    _conv2d("conv 3x3, N8 C64->64 56x56", (8, 64, 56, 56), (64, 64, 3, 3), padding=1),
    _conv2d("depthwise 3x3, N8 C64 56x56", (8, 64, 56, 56), (64, 1, 3, 3), padding=1, groups=64),
    _conv2d("conv 1x1, N32 C256->64 28x28", (32, 256, 28, 28), (64, 256, 1, 1)),
    _conv2d("conv 7x7 stride 2, N8 C3->64 112x112", (8, 3, 112, 112), (64, 3, 7, 7), stride=2, padding=3),
    Case(
        "conv1d 9, N32 C32->32 L1024",
        "convolution, other",
        "conv1d",
        ((32, 32, 1024), (32, 32, 9)),
        options={"padding": 4},
    ),
    Case(
        "conv3d 3x3x3, N2 C16->16 16x28x28",
        "convolution, other",
        "conv3d",
        ((2, 16, 16, 28, 28), (16, 16, 3, 3, 3)),
        options={"padding": 1},
    ),
    Case(
        "unfold 3x3, N8 C16 56x56",
        "convolution, other",
        "unfold",
        ((8, 16, 56, 56),),
        options={"kernel_size": 3, "padding": 1},
    ),
    Case(
        "max pool 2x2, N32 C64 28x28",
        "pooling",
        "max_pool2d",
        ((32, 64, 28, 28),),
        options={"kernel_size": 2},
    ),
    Case(
        "avg pool 2x2, N32 C64 28x28",
        "pooling",
        "avg_pool2d",
        ((32, 64, 28, 28),),
        options={"kernel_size": 2},
    ),
    Case("relu, N32 C64 28x28", "activations and losses", "relu", ((32, 64, 28, 28),)),
    Case(
        "log_softmax, 1024x1000", "activations and losses", "log_softmax", ((1024, 1000),), options={"dim": 1}
    ),
    Case(
        "cross_entropy, 1024x1000", "activations and losses", "cross_entropy", ((1024, 1000),), classes=1000
    ),
    Case("linear, N256 512->512", "fully connected", "linear", ((256, 512), (512, 512), (512,))),
]
