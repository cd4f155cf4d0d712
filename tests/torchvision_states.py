"""What torchvision's networks are made of and compute, recorded once: ``python tests/torchvision_states.py`` records again.

For each network of ``networks.PRETRAINED`` the names and shapes of its state, and ten of the scores that it gives for the
weights of :func:`made_state` and the image of :func:`made_image`. torchvision is needed only to record.
"""

import gzip
import json
from pathlib import Path

import numpy as np

RECORD = Path(__file__).parent / "files" / "torchvision_states.json.gz"
SCORES = slice(0, 1000, 100)


def recorded():
    """By network: "shapes", a dictionary from names to lists of int, "size" of the image, "scores"."""
    with gzip.open(RECORD, "rt") as file:
        return json.load(file)["networks"]


def made_state(shapes):
    """Weights of these names and shapes: different for each, of a size at which signals neither vanish nor explode."""
    numbers = np.random.default_rng(0).standard_normal(10_007, dtype=np.float32)
    state = {}
    for place, (name, shape) in enumerate(shapes.items()):
        count = int(np.prod(shape))
        array = np.resize(np.roll(numbers, -17 * place), count).reshape(shape)
        if name.endswith("num_batches_tracked"):
            array = np.zeros(shape, np.int64)
        elif name.endswith("running_var"):
            array = 1 + array**2 / 4
        elif len(shape) > 1:
            array = array * np.float32((2 / np.prod(shape[1:])) ** 0.5)
        elif name.endswith("weight"):
            array = 1 + array / 10
        else:
            array = array / 10
        state[name] = array
    return state


def made_image(size):
    """(1, 3, size, size) of float32."""
    return np.random.default_rng(1).standard_normal((1, 3, size, size), dtype=np.float32)


def record():
    """Write what the installed torchvision makes of it."""
    import torch
    import torchvision

    from dlcore import networks

    found = {}
    for name in networks.PRETRAINED:
        options = {"transform_input": False, "init_weights": False} if name == "inception_v3" else {}
        network = getattr(torchvision.models, name)(**options).eval()
        shapes = {key: list(tensor.shape) for key, tensor in network.state_dict().items()}
        network.load_state_dict({key: torch.from_numpy(array) for key, array in made_state(shapes).items()})
        size = 96 if name == "inception_v3" else 64
        with torch.no_grad():
            scores = network.double()(torch.from_numpy(made_image(size)).double())[0]
        assert scores.std() > 1e-3 and scores.abs().max() < 1e6, (name, scores)
        found[name] = {"shapes": shapes, "size": size, "scores": scores[SCORES].tolist()}
        print(name, len(shapes), float(scores.std()))
    text = json.dumps({"torchvision": torchvision.__version__.split("+")[0], "networks": found})
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    record()
