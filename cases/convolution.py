"""Cases of ``dlcore.scratch.convolution``."""

from .vocabulary import Array, Timed, sample

OPERATORS = []
LAYERS = []


def _conv2d(name, input, weight, **options):
    return Timed(name, "convolution", "conv2d", sample(Array(input), Array(weight), **options))


TIMED = [
    _conv2d("conv 3x3, N32 C16->32 28x28", (32, 16, 28, 28), (32, 16, 3, 3), padding=1),
    _conv2d("conv 3x3, N8 C64->64 56x56", (8, 64, 56, 56), (64, 64, 3, 3), padding=1),
    _conv2d("depthwise 3x3, N8 C64 56x56", (8, 64, 56, 56), (64, 1, 3, 3), padding=1, groups=64),
    _conv2d("conv 1x1, N32 C256->64 28x28", (32, 256, 28, 28), (64, 256, 1, 1)),
    _conv2d("conv 7x7 stride 2, N8 C3->64 112x112", (8, 3, 112, 112), (64, 3, 7, 7), stride=2, padding=3),
    Timed("conv1d 9, N32 C32->32 L1024", "convolution, other", "conv1d",
          sample(Array((32, 32, 1024)), Array((32, 32, 9)), padding=4)),
    Timed("conv3d 3x3x3, N2 C16->16 16x28x28", "convolution, other", "conv3d",
          sample(Array((2, 16, 16, 28, 28)), Array((16, 16, 3, 3, 3)), padding=1)),
    Timed("unfold 3x3, N8 C16 56x56", "convolution, other", "unfold",
          sample(Array((8, 16, 56, 56)), kernel_size=3, padding=1)),
]  # fmt: skip
