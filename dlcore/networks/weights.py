"""Weights that torchvision publishes, trained on ImageNet, for the networks here that are built as there."""

import re
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

__all__ = ["PRETRAINED", "Weights", "pretrained"]

FOLDER = "https://download.pytorch.org/models/"
MEAN, STD, HALF = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Weights:
    """One file of weights, and what images must be like for them.

    Attributes
    ----------
    file : str
        As torchvision names it: the hexadecimal digits at its end are the first of the file's SHA-256.
    top1 : float
        The share of ImageNet's validation images that it classifies right, in percent, as torchvision 0.28 states it.
    resize, crop : int
        The shorter side that images are resized to, and the square that is cut out of their middle.
    mean, std : tuple of three floats
        What is subtracted from red, green and blue in [0, 1], and what the result is divided by.
    """

    file: str
    top1: float
    resize: int = 256
    crop: int = 224
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD

    @property
    def checksum(self):
        """The digits of the SHA-256 that are known."""
        return re.search(r"-?([0-9a-f]{8,})\.pth$", self.file)[1]

    def preprocess(self, images):
        """Images as the network with these weights takes them.

        Parameters
        ----------
        images : ndarray (N, 3, H, W) or (3, H, W)
            Red, green and blue in [0, 1], such as those of ``data.photograph``.

        Returns
        -------
        ndarray (N, 3, crop, crop) or (3, crop, crop)

        Raises
        ------
        ValueError
            Images of another shape, integers, or values outside of [0, 1].

        Notes
        -----
        It is what torchvision does, which rounds the resized image to multiples of 1 / 255 once or twice on the way: so
        they differ by up to 1 / 255. For Inception v3 torchvision's network does a part of it (``transform_input``).
        """
        import numpy as np

        from ..scratch import augmentation

        images = np.asarray(images)
        if images.ndim not in (3, 4) or images.shape[-3] != 3 or not np.issubdtype(images.dtype, np.floating):
            raise ValueError(
                f"images: expected floating-point (N, 3, H, W) or (3, H, W), got {images.dtype} {images.shape}"
            )
        if images.size and (images.min() < -0.01 or images.max() > 1.01):  # off by more than resizing may be
            raise ValueError(
                f"images: expected values in [0, 1], got {images.min():.4g} to {images.max():.4g}"
            )
        images = augmentation.center_crop(augmentation.resize(images, self.resize), self.crop)
        mean, std = (np.array(values, images.dtype)[:, None, None] for values in (self.mean, self.std))
        return (images - mean) / std


PRETRAINED = {
    "vgg11": {"IMAGENET1K_V1": Weights("vgg11-8a719046.pth", 69.02)},
    "vgg11_bn": {"IMAGENET1K_V1": Weights("vgg11_bn-6002323d.pth", 70.37)},
    "vgg13": {"IMAGENET1K_V1": Weights("vgg13-19584684.pth", 69.928)},
    "vgg13_bn": {"IMAGENET1K_V1": Weights("vgg13_bn-abd245e5.pth", 71.586)},
    "vgg16": {"IMAGENET1K_V1": Weights("vgg16-397923af.pth", 71.592)},
    "vgg16_bn": {"IMAGENET1K_V1": Weights("vgg16_bn-6c64b313.pth", 73.36)},
    "vgg19": {"IMAGENET1K_V1": Weights("vgg19-dcbb9e9d.pth", 72.376)},
    "vgg19_bn": {"IMAGENET1K_V1": Weights("vgg19_bn-c79401a0.pth", 74.218)},
    "inception_v3": {
        "IMAGENET1K_V1": Weights("inception_v3_google-0cc3c7bd.pth", 77.294, 342, 299, HALF, HALF)
    },
    "resnet18": {"IMAGENET1K_V1": Weights("resnet18-f37072fd.pth", 69.758)},
    "resnet34": {"IMAGENET1K_V1": Weights("resnet34-b627a593.pth", 73.314)},
    "resnet50": {
        "IMAGENET1K_V1": Weights("resnet50-0676ba61.pth", 76.13),
        "IMAGENET1K_V2": Weights("resnet50-11ad3fa6.pth", 80.858, 232, 224),
    },
    "resnet101": {
        "IMAGENET1K_V1": Weights("resnet101-63fe2227.pth", 77.374),
        "IMAGENET1K_V2": Weights("resnet101-cd907fc2.pth", 81.886, 232, 224),
    },
    "resnet152": {
        "IMAGENET1K_V1": Weights("resnet152-394f9c45.pth", 78.312),
        "IMAGENET1K_V2": Weights("resnet152-f82ba261.pth", 82.284, 232, 224),
    },
    "resnext50_32x4d": {
        "IMAGENET1K_V1": Weights("resnext50_32x4d-7cdf4587.pth", 77.618),
        "IMAGENET1K_V2": Weights("resnext50_32x4d-1a0047aa.pth", 81.198, 232, 224),
    },
    "densenet121": {"IMAGENET1K_V1": Weights("densenet121-a639ec97.pth", 74.434)},
    "densenet161": {"IMAGENET1K_V1": Weights("densenet161-8d451a50.pth", 77.138)},
    "densenet169": {"IMAGENET1K_V1": Weights("densenet169-b2777c0a.pth", 75.6)},
    "densenet201": {"IMAGENET1K_V1": Weights("densenet201-c1103571.pth", 76.896)},
    "squeezenet1_0": {"IMAGENET1K_V1": Weights("squeezenet1_0-b66bff10.pth", 58.092)},
    "squeezenet1_1": {"IMAGENET1K_V1": Weights("squeezenet1_1-b8a52dc0.pth", 58.178)},
    "mobilenet_v2": {
        "IMAGENET1K_V1": Weights("mobilenet_v2-b0353104.pth", 71.878),
        "IMAGENET1K_V2": Weights("mobilenet_v2-7ebf99e0.pth", 72.154, 232, 224),
    },
    "shufflenet_v2_x1_0": {"IMAGENET1K_V1": Weights("shufflenetv2_x1-5666bf0f80.pth", 69.362)},
}
"""By the name of the network and that which torchvision gives the weights."""


# By the beginning of a network's name: patterns and replacements, in order, that make torchvision's names ours.
RULES = {
    "resne": (
        (r"^(layer\d\.\d+)\.(conv|bn)", r"\1.sum.residual.\2"),
        (r"\.downsample\.0\.", ".sum.shortcut.conv."),
        (r"\.downsample\.1\.", ".sum.shortcut.bn."),
    ),
    "densenet": (
        (r"\.(norm|conv)\.([12])\.", r".\1\2."),  # as the files have it, which are older than the network
        (r"(\.denselayer\d+)\.", r"\1.new."),
    ),
    "inception_v3": (
        (r"^AuxLogits\.", "heads.Mixed_6e."),
        (r"_(\d)([ab])?\.(conv|bn)", lambda match: "." + ".".join(filter(None, match.groups()))),
        (r"\.branch_pool\.", ".branch_pool.1."),
    ),
    "squeezenet": (
        (r"^features\.0\.", "conv1."),
        (r"^classifier\.1\.", "conv10."),
        (r"\.expand", ".concat.expand"),
    ),
    "squeezenet1_0": tuple(
        (rf"^features\.{place}\.", f"fire{number}.")
        for number, place in enumerate((3, 4, 5, 7, 8, 9, 10, 12), 2)
    ),
    "squeezenet1_1": tuple(
        (rf"^features\.{place}\.", f"fire{number}.")
        for number, place in enumerate((3, 4, 6, 7, 9, 10, 11, 12), 2)
    ),
    "mobilenet_v2": (
        (r"^features\.(0|18)\.0\.", r"features.\1.conv."),
        (r"^features\.(0|18)\.1\.", r"features.\1.bn."),
        (r"^features\.1\.conv\.0\.0\.", "features.1.conv2."),  # the only block that does not expand
        (r"^features\.1\.conv\.0\.1\.", "features.1.bn2."),
        (r"^features\.1\.conv\.1\.", "features.1.conv3."),
        (r"^features\.1\.conv\.2\.", "features.1.bn3."),
        (r"\.conv\.0\.0\.", ".conv1."),
        (r"\.conv\.0\.1\.", ".bn1."),
        (r"\.conv\.1\.0\.", ".conv2."),
        (r"\.conv\.1\.1\.", ".bn2."),
        (r"\.conv\.2\.", ".conv3."),
        (r"\.conv\.3\.", ".bn3."),
        (r"^features\.(3|5|6|8|9|10|12|13|15|16)\.", r"features.\1.residual."),
        (r"^classifier\.1\.", "classifier.fc."),
    ),
    "shufflenet_v2": (
        (r"^conv(\d)\.0\.", r"conv\1."),
        (r"^conv(\d)\.1\.", r"bn\1."),
        (r"^(stage\d\.0)\.", r"\1.concat."),
        (r"^(stage\d\.[1-9])\.", r"\1.split."),
        (
            r"\.branch1\.([0-3])\.",
            lambda match: f".branch1.{('conv1', 'bn1', 'conv2', 'bn2')[int(match[1])]}.",
        ),
        (
            r"\.branch2\.([0-6])\.",
            lambda match: f".branch2.{('conv1', 'bn1', '', 'conv2', 'bn2', 'conv3', 'bn3')[int(match[1])]}.",
        ),
    ),
}


def pretrained(name, weights="IMAGENET1K_V1", file=None, root=None):
    """The state of a network that was trained on ImageNet, for ``load_state_dict`` on either backend.

    Parameters
    ----------
    name : str
        One of `PRETRAINED`: a network here that torchvision builds in the same way.
    weights : str
        Which of its weights, as torchvision names them.
    file : path, optional
        A file of torchvision's state (``.pth``), or an ``.npz`` with arrays under the same names. By default it is
        downloaded once, at 5 MB (SqueezeNet) to 575 MB (VGG), and its checksum compared.
    root : path, optional
        Where downloads are kept (in a folder ``weights``). Default: environment variable ``DLCORE_DATA``, else the
        user's cache folder.

    Returns
    -------
    dict of str to ndarray
        Under our names. For the 1000 classes of ImageNet, and for images as
        ``PRETRAINED[name][weights].preprocess(images)`` makes them::

            network = networks.resnet18(scratch.nn).eval()
            network.load_state_dict(networks.pretrained("resnet18"))

        For other classes the last layer is then replaced, and learns from there::

            network.fc = scratch.nn.Linear(512, 10)

        ``inception_v3`` with ``aux_heads=False`` takes all but the names that begin with ``heads.``.

    Raises
    ------
    ValueError
        A network or weights of another name, a file that holds something else.
    FileNotFoundError
        There is no `file`.
    ImportError
        PyTorch, which reads ``.pth``, is not installed; or pooch and tqdm, which download.
    DownloadError
        Of ``dlcore.data``: no connection, or a file that is not the right one. The message says where to put a file
        that you bring yourself.
    """
    if name not in PRETRAINED:
        raise ValueError(f"name: expected one of {', '.join(PRETRAINED)}, got {name!r}")
    if weights not in PRETRAINED[name]:
        raise ValueError(f"weights: expected one of {', '.join(PRETRAINED[name])}, got {weights!r}")
    if file is None:
        file = _downloaded(PRETRAINED[name][weights], root)
    elif not isinstance(file, (str, PathLike)):
        raise TypeError(f"file: expected a path, got {type(file).__name__}")
    state = {_renamed(name, key): array for key, array in _read(Path(file)).items()}
    _complete(state)
    _check(name, state, file)
    return state


def _downloaded(weights, root):
    from ..data.fetching import Source, fetch

    source = Source(
        name=f"The weights {weights.file}",
        folder="weights",
        mirrors=(FOLDER,),
        files={weights.file: weights.checksum},
        alternative="pass file=, the path of a copy of it",
    )
    return fetch(source, weights.file, root)


def _read(path):
    """Arrays by torchvision's names."""
    import numpy as np

    if not path.is_file():
        raise FileNotFoundError(f"file: there is no file {path}")
    if path.suffix == ".npz":
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
        except Exception as error:  # whatever NumPy's reader raises for a file that it does not know
            raise ValueError(f"file: {path} is not an .npz of arrays: {error}") from error
    try:
        import torch
    except ImportError as error:
        raise ImportError(
            f"file: PyTorch reads {path.name}, and it is not installed. It comes with the extra dlcore-book[torch]. "
            "An .npz with the same arrays can be read without it.",
            name="torch",
        ) from error
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever torch's reader raises for a file that it does not know
        raise ValueError(f"file: {path} is not a state that PyTorch can read: {error}") from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError(f"file: expected a dictionary of tensors in {path}")
    return {name: tensor.detach().numpy() for name, tensor in state.items()}


def _renamed(name, key):
    """Our name for what torchvision calls `key`."""
    for start, rules in RULES.items():
        if name.startswith(start):
            for pattern, replacement in rules:
                key = re.sub(pattern, replacement, key)
    return key


def _complete(state):
    """Add the counts of batches seen, which files written by early versions of PyTorch do not have."""
    import numpy as np

    for key in list(state):
        if key.endswith("running_mean"):
            state.setdefault(key.replace("running_mean", "num_batches_tracked"), np.zeros((), np.int64))


def _check(name, state, file):
    """The arrays have the names and shapes of the network's state, or ValueError."""
    from .. import networks, shapes

    wanted = {}
    for place, module in getattr(networks, name)(shapes.nn).named_modules():
        held = getattr(module, "parameter_shapes", {})
        if hasattr(module, "layer"):  # that of scratch.nn, which knows its buffers too
            held = {key: array.shape for key, array in module.layer.state_dict().items()}
        wanted.update({f"{place}.{key}": shape for key, shape in held.items()})
    found = {key: array.shape for key, array in state.items()}
    problems = [f"{key!r} is missing" for key in wanted if key not in found]
    problems += [f"{key!r} is unknown" for key in found if key not in wanted]
    problems += [
        f"{key!r} has shape {found[key]} instead of {shape}"
        for key, shape in wanted.items()
        if found.get(key, shape) != shape
    ]
    if problems:
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise ValueError(f"file: {file} does not fit {name}: {'; '.join(problems[:3])}{more}")
