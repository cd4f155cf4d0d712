"""The book's data: bundled with the package, generated from a seed, or downloaded.

- bundled, read by NumPy alone: `digits`, `photograph`
- generated from a seed by NumPy alone: `generate_shapes`
- downloaded, with the extra ``dlcore-book[data]``: `mnist`, `fashion_mnist`, `cifar10`
- words that may stand for each other: `synonyms`
- divided: `train_test_split`, `minibatches`

Images are floating-point in [0, 1], channels first (N, C, H, W); labels are int64. pooch and tqdm are
imported only when something has to be downloaded.
"""

from dlcore.data.batches import minibatches, train_test_split
from dlcore.data.bundled import PHOTOGRAPHS, digits, photograph
from dlcore.data.downloaded import CIFAR10_CLASSES, FASHION_MNIST_CLASSES, cifar10, fashion_mnist, mnist
from dlcore.data.fetching import DownloadError
from dlcore.data.generated import SHAPE_CLASSES, generate_shapes
from dlcore.data.synonyms import synonyms

__all__ = [
    "CIFAR10_CLASSES",
    "FASHION_MNIST_CLASSES",
    "PHOTOGRAPHS",
    "SHAPE_CLASSES",
    "DownloadError",
    "cifar10",
    "digits",
    "fashion_mnist",
    "generate_shapes",
    "minibatches",
    "mnist",
    "photograph",
    "synonyms",
    "train_test_split",
]
