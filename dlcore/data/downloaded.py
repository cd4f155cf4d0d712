"""Data sets that are downloaded once and then kept: MNIST, Fashion-MNIST, CIFAR-10.

The SHA-256 sums are those that TensorFlow Datasets publishes; Keras has the same for Fashion-MNIST.
"""

import gzip
import math
import tarfile
import zlib

import numpy as np

from dlcore.data._checks import one_of
from dlcore.data.fetching import Source, fetch

FASHION_MNIST_CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip

MNIST = Source(
    name="MNIST",
    folder="mnist",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    files={
        "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
    alternative="use dlcore.data.digits(), which needs no network",
)
FASHION_MNIST = Source(
    name="Fashion-MNIST",
    folder="fashion-mnist",
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    files={
        "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
    alternative="use dlcore.data.digits(), which needs no network",
)
CIFAR10_ARCHIVE = "cifar-10-binary.tar.gz"
CIFAR10 = Source(
    name="CIFAR-10",
    folder="cifar-10",
    mirrors=(
        "https://www.cs.toronto.edu/~kriz/",
        "https://cave.cs.toronto.edu/kriz/",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
    ),
    files={CIFAR10_ARCHIVE: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
    alternative="use dlcore.data.generate_shapes(count, generator), which needs no network",
)


def mnist(split="train", root=None):
    """Load MNIST: handwritten digits, 60,000 to train and 10,000 to test. About 12 MB to download, once.

    Parameters
    ----------
    split : {"train", "test"}
    root : path, optional
        Where downloads are kept (in a folder ``mnist``). Default: environment variable ``DLCORE_DATA``, else
        the user's cache folder. A file there whose checksum is wrong is deleted and downloaded again.

    Returns
    -------
    images : ndarray (N, 1, 28, 28) of float32, in [0, 1]
    labels : ndarray (N,) of int64
        The digit, 0 to 9.

    Raises
    ------
    DownloadError
        Every mirror failed; the message says how, where to put the files by hand, and what to use instead.
    ImportError
        pooch or tqdm is missing: they come with ``dlcore-book[data]``.
    ValueError
        `split` is unknown.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner. Gradient-based learning applied to document recognition.
    Proceedings of the IEEE 86(11), 1998.
    """
    return _load_idx(MNIST, split, root)


def fashion_mnist(split="train", root=None):
    """Load Fashion-MNIST: photographs of clothes, 60,000 to train and 10,000 to test. About 31 MB, once.

    Parameters, results and errors are those of `mnist`. Labels index `FASHION_MNIST_CLASSES`; the folder is
    ``fashion-mnist``.

    References
    ----------
    H. Xiao, K. Rasul, R. Vollgraf. Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms. arXiv:1708.07747, 2017. Licence: MIT.
    """
    return _load_idx(FASHION_MNIST, split, root)


def cifar10(split="train", root=None):
    """Load CIFAR-10: small colour photographs, 50,000 to train and 10,000 to test. 170 MB, once.

    Parameters and errors are those of `mnist`; the folder is ``cifar-10``.

    Returns
    -------
    images : ndarray (N, 3, 32, 32) of float32, in [0, 1]
    labels : ndarray (N,) of int64
        Index into `CIFAR10_CLASSES`.

    References
    ----------
    A. Krizhevsky. Learning multiple layers of features from tiny images. Technical report, University of
    Toronto, 2009.
    """
    return _load_cifar10(CIFAR10, split, root)


def _load_idx(source, split, root):
    """Load a data set of IDX files: images and labels of `split`."""
    prefix = {"train": "train", "test": "t10k"}[one_of("split", split, ("train", "test"))]
    images = _read_idx(fetch(source, f"{prefix}-images-idx3-ubyte.gz", root), dimensions=3)
    labels = _read_idx(fetch(source, f"{prefix}-labels-idx1-ubyte.gz", root), dimensions=1)
    if len(images) != len(labels):
        raise ValueError(f"{source.name} {split}: {len(images)} images, but {len(labels)} labels")
    return _scaled(images[:, np.newaxis]), labels.astype(np.int64)


def _read_idx(path, dimensions):
    """Read a gzipped IDX file of unsigned bytes.

    The format, all big-endian: two zero bytes, a byte for the type (8: unsigned byte), a byte for the number
    of dimensions, each dimension as 4 bytes, then the values.
    """
    try:
        with gzip.open(path) as file:
            content = file.read()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path.name}: not a whole gzip file ({error})") from error
    expected = bytes([0, 0, 8, dimensions])
    if content[:4] != expected:
        raise ValueError(
            f"{path.name}: IDX magic number must be 0x{expected.hex()} (unsigned bytes, {dimensions} "
            f"dimensions); got 0x{content[:4].hex()}"
        )
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise ValueError(f"{path.name}: IDX header must have {header} bytes, the file has {len(content)}")
    shape = [int.from_bytes(content[start : start + 4], "big") for start in range(4, header, 4)]
    if len(content) - header != math.prod(shape):
        raise ValueError(
            f"{path.name}: the header announces shape {tuple(shape)}, {math.prod(shape)} bytes; "
            f"{len(content) - header} follow"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _load_cifar10(source, split, root):
    """Load CIFAR-10, binary version: for each image a label byte, then 32x32 red, green, and blue bytes.

    The members are read inside the archive, by name: nothing is unpacked to disk, and no pickle is loaded.
    """
    members = {"train": [f"data_batch_{k}.bin" for k in range(1, 6)], "test": ["test_batch.bin"]}
    wanted = members[one_of("split", split, tuple(members))]
    path = fetch(source, CIFAR10_ARCHIVE, root)
    try:
        with tarfile.open(path, "r:gz") as archive:
            batches = [_read_records(archive, f"cifar-10-batches-bin/{member}") for member in wanted]
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path.name}: not a whole tar.gz archive ({error})") from error
    records = np.concatenate(batches)
    return _scaled(records[:, 1:].reshape(-1, 3, 32, 32)), records[:, 0].astype(np.int64)


def _read_records(archive, member):
    """Return the records (N, 3073) of one file in the archive."""
    record = 1 + 3 * 32 * 32
    try:
        entry = archive.getmember(member)
    except KeyError:
        raise ValueError(f"{CIFAR10_ARCHIVE}: it has no {member}") from None
    if not entry.isreg() or entry.size == 0 or entry.size % record:
        raise ValueError(
            f"{CIFAR10_ARCHIVE}: {member} must be a file of records of {record} bytes; "
            f"it has {entry.size} bytes"
        )
    return np.frombuffer(archive.extractfile(entry).read(), np.uint8).reshape(-1, record)


def _scaled(pixels):
    """Return uint8 pixels as float32 in [0, 1]."""
    images = pixels.astype(np.float32)
    images /= 255
    return images
