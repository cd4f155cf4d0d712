"""networks.pretrained: torchvision's weights in our networks give torchvision's scores."""

import functools
import gc
import hashlib
import http.server
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision_states import SCORES, made_image, made_state, recorded

from dlcore import data, networks, pytorch, scratch
from dlcore.networks import weights

RECORDED = recorded()


@pytest.fixture(scope="module")
def resnet18_file(tmp_path_factory):
    """What torch.save makes of a state with torchvision's names and shapes."""
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    save(made_state(RECORDED["resnet18"]["shapes"]), path)
    return path


def save(state, path):
    torch.save({name: torch.from_numpy(array) for name, array in state.items()}, path)


def scores(nn, name, state, size):
    """The recorded scores, computed by one of our backends."""
    network = getattr(networks, name)(nn).eval()
    network.load_state_dict(state)
    image = made_image(size)
    backend = pytorch if nn is pytorch.nn else scratch
    with backend.training.Engine(**({"device": "cpu"} if backend is pytorch else {})).no_grad():
        output = network(backend.tensor(image))
    return np.asarray(output.data)[0, SCORES]


def test_every_network_with_weights_has_been_recorded():
    assert RECORDED.keys() == networks.PRETRAINED.keys()


@pytest.mark.parametrize("name", networks.PRETRAINED)
def test_torchvisions_weights_give_torchvisions_scores(name, tmp_path):
    record, path = RECORDED[name], tmp_path / "state.npz"
    np.savez(path, **made_state(record["shapes"]))
    state = networks.pretrained(name, file=path)
    expected = np.array(record["scores"])
    found = scores(pytorch.nn, name, state, record["size"])
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()
    gc.collect()


@pytest.mark.parametrize(
    "name", ["resnet50", "densenet121", "inception_v3", "mobilenet_v2", "shufflenet_v2_x1_0"]
)
def test_from_scratch_too(name, tmp_path):
    record, path = RECORDED[name], tmp_path / "state.npz"
    np.savez(path, **made_state(record["shapes"]))
    found = scores(scratch.nn, name, networks.pretrained(name, file=path), record["size"])
    expected = np.array(record["scores"])
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


def test_weights_in_the_wrong_places_would_be_seen(resnet18_file):
    state = networks.pretrained("resnet18", file=resnet18_file)
    first, second = "layer1.0.sum.residual.conv1.weight", "layer1.1.sum.residual.conv2.weight"
    state[first], state[second] = state[second], state[first]
    found, expected = scores(pytorch.nn, "resnet18", state, 64), np.array(RECORDED["resnet18"]["scores"])
    assert np.abs(found - expected).max() > 1e-2 * np.abs(expected).max()


def test_a_file_of_pytorch_and_one_of_numpy_hold_the_same(resnet18_file, tmp_path):
    np.savez(tmp_path / "state.npz", **made_state(RECORDED["resnet18"]["shapes"]))
    ours, theirs = (
        networks.pretrained("resnet18", file=file) for file in (tmp_path / "state.npz", str(resnet18_file))
    )
    assert ours.keys() == theirs.keys() == networks.resnet18(scratch.nn).state_dict().keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_files_of_early_versions_lack_the_counts_of_batches(tmp_path):
    made = made_state(RECORDED["resnet18"]["shapes"])
    save({name: array for name, array in made.items() if "num_batches" not in name}, tmp_path / "early.pth")
    state = networks.pretrained("resnet18", file=tmp_path / "early.pth")
    networks.resnet18(scratch.nn).load_state_dict(state)
    networks.resnet18(pytorch.nn).load_state_dict(state)


def test_early_names_of_densenet_are_understood(tmp_path):
    made = made_state(RECORDED["densenet121"]["shapes"])
    early = {name.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): made[name] for name in made}
    early = {name: array for name, array in early.items() if "num_batches" not in name}
    assert any(".norm.1." in name for name in early)
    save(early, tmp_path / "early.pth")
    state = networks.pretrained("densenet121", file=tmp_path / "early.pth")
    expected = np.array(RECORDED["densenet121"]["scores"])
    assert (
        np.abs(scores(pytorch.nn, "densenet121", state, 64) - expected).max() < 1e-4 * np.abs(expected).max()
    )


# What does not fit


def test_names_that_are_not_there():
    with pytest.raises(ValueError, match="name: expected one of .*resnet18.*, got 'alexnet'"):
        networks.pretrained("alexnet")
    with pytest.raises(ValueError, match="weights: expected one of IMAGENET1K_V1, got 'IMAGENET1K_V2'"):
        networks.pretrained("resnet18", weights="IMAGENET1K_V2")
    with pytest.raises(TypeError, match="file: expected a path, got int"):
        networks.pretrained("resnet18", file=3)


def test_a_file_that_does_not_fit_is_named(resnet18_file, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"file: there is no file .*nowhere.pth"):
        networks.pretrained("resnet18", file=tmp_path / "nowhere.pth")
    with pytest.raises(ValueError, match=r"resnet18.pth does not fit resnet34: .* is missing"):
        networks.pretrained("resnet34", file=resnet18_file)
    (tmp_path / "text.pth").write_text("not weights")
    with pytest.raises(ValueError, match=r"text.pth is not a state that PyTorch can read"):
        networks.pretrained("resnet18", file=tmp_path / "text.pth")
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    with pytest.raises(ValueError, match="expected a dictionary of tensors"):
        networks.pretrained("resnet18", file=tmp_path / "list.pth")
    shapes = RECORDED["resnet18"]["shapes"]
    other = made_state({**shapes, "fc.weight": [10, 512], "fc.bias": [10]})
    np.savez(tmp_path / "ten.npz", **other)
    message = r"'fc.weight' has shape \(10, 512\) instead of \(1000, 512\)"
    with pytest.raises(ValueError, match=message):
        networks.pretrained("resnet18", file=tmp_path / "ten.npz")
    without = {name: shape for name, shape in shapes.items() if name != "bn1.running_var"}
    np.savez(tmp_path / "less.npz", **made_state(without))
    with pytest.raises(ValueError, match=r"less.npz does not fit resnet18: 'bn1.running_var' is missing$"):
        networks.pretrained("resnet18", file=tmp_path / "less.npz")
    np.savez(tmp_path / "more.npz", **made_state({**shapes, "fc.scale": [1000]}))
    with pytest.raises(ValueError, match="'fc.scale' is unknown"):
        networks.pretrained("resnet18", file=tmp_path / "more.npz")


@pytest.mark.parametrize("kind", ["text", "empty", "one array", "objects"])
def test_what_is_no_npz_of_arrays_is_named(kind, tmp_path):
    path = tmp_path / "state.npz"
    if kind == "objects":
        np.savez(path, a=np.array([None]))
    elif kind == "one array":
        with path.open("wb") as file:
            np.save(file, np.ones(3))
    else:
        path.write_text("not weights" if kind == "text" else "")
    with pytest.raises(ValueError, match=r"file: .*state.npz is not an .npz of arrays"):
        networks.pretrained("resnet18", file=path)


def test_parameters_that_want_gradients_are_read_too(tmp_path):
    made = made_state(RECORDED["resnet18"]["shapes"])
    learning = {
        name: torch.from_numpy(array).requires_grad_(array.dtype.kind == "f") for name, array in made.items()
    }
    torch.save(learning, tmp_path / "learning.pth")
    state = networks.pretrained("resnet18", file=tmp_path / "learning.pth")
    assert np.array_equal(state["conv1.weight"], made["conv1.weight"])


@pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])
def test_the_last_layer_is_replaced_for_other_classes(backend, resnet18_file):
    network = networks.resnet18(backend.nn)
    network.load_state_dict(networks.pretrained("resnet18", file=resnet18_file))
    network.fc = backend.nn.Linear(512, 10)
    assert tuple(network.eval()(backend.tensor(made_image(64))).shape) == (1, 10)
    assert list(network.state_dict())[-2:] == ["fc.weight", "fc.bias"]
    other = networks.resnet18(backend.nn, num_classes=10)
    other.load_state_dict(network.state_dict())


@pytest.mark.parametrize("nn", [scratch.nn, pytorch.nn], ids=["scratch", "pytorch"])
def test_inception_v3_without_its_head_takes_the_rest(nn, tmp_path):
    np.savez(tmp_path / "state.npz", **made_state(RECORDED["inception_v3"]["shapes"]))
    state = networks.pretrained("inception_v3", file=tmp_path / "state.npz")
    trunk = {name: array for name, array in state.items() if not name.startswith("heads.")}
    assert len(trunk) < len(state)
    networks.inception_v3(nn, aux_heads=False).load_state_dict(trunk)


def test_without_pytorch_an_error_says_what_to_do(resnet18_file, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"PyTorch reads resnet18.pth.*dlcore-book\[torch\]"):
        networks.pretrained("resnet18", file=resnet18_file)


# Downloading


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def served(resnet18_file, monkeypatch):
    """A server that has the file under the name that it asks for, with the checksum in the name."""
    digits = hashlib.sha256(resnet18_file.read_bytes()).hexdigest()[:8]
    name = f"resnet18-{digits}.pth"
    resnet18_file.with_name(name).write_bytes(resnet18_file.read_bytes())
    handler = functools.partial(Quiet, directory=str(resnet18_file.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(weights, "FOLDER", f"http://127.0.0.1:{server.server_port}/")
    table = networks.PRETRAINED["resnet18"]
    monkeypatch.setitem(table, "IMAGENET1K_V1", replace(table["IMAGENET1K_V1"], file=name))
    yield server
    server.shutdown()
    server.server_close()


def test_weights_are_downloaded_once(served, resnet18_file, tmp_path, monkeypatch):
    state = networks.pretrained("resnet18", root=tmp_path)
    local = networks.pretrained("resnet18", file=resnet18_file)
    assert all(np.array_equal(state[name], local[name]) for name in local)
    monkeypatch.setattr(weights, "FOLDER", "http://127.0.0.1:1/")
    networks.pretrained("resnet18", root=tmp_path)  # from the cache


def test_a_download_with_another_checksum_is_refused(served, tmp_path, monkeypatch):
    table = networks.PRETRAINED["resnet18"]
    name = table["IMAGENET1K_V1"].file
    wrong = name[:-5] + ("0" if name[-5] != "0" else "1") + ".pth"
    monkeypatch.setitem(table, "IMAGENET1K_V1", replace(table["IMAGENET1K_V1"], file=wrong))
    folder = served.RequestHandlerClass.keywords["directory"]
    with open(f"{folder}/{name}", "rb") as good, open(f"{folder}/{wrong}", "wb") as bad:
        bad.write(good.read())
    with pytest.raises(data.DownloadError, match="wrong checksum"):
        networks.pretrained("resnet18", root=tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_without_a_connection_the_error_says_where_to_put_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "FOLDER", "http://127.0.0.1:1/")
    with pytest.raises(data.DownloadError) as caught:
        networks.pretrained("resnet18", root=tmp_path)
    message = str(caught.value)
    assert str(tmp_path / "weights" / "resnet18-f37072fd.pth") in message
    assert "SHA-256 f37072fd..." in message and "file=" in message


# The images that the weights were trained for


def test_images_are_resized_cut_and_normalized():
    record = networks.PRETRAINED["resnet18"]["IMAGENET1K_V1"]
    image = np.full((3, 300, 400), 0.5, np.float32)
    found = record.preprocess(image)
    assert found.shape == (3, 224, 224) and found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0, 0], [0.5 - 0.485, 0.5 - 0.456, 0.5 - 0.406] / np.array([0.229, 0.224, 0.225]), rtol=1e-5)  # fmt: skip
    assert networks.PRETRAINED["inception_v3"]["IMAGENET1K_V1"].preprocess(image[None]).shape == (
        1,
        3,
        299,
        299,
    )
    with pytest.raises(ValueError, match=r"images: expected floating-point .* got uint8 \(300, 400, 3\)"):
        record.preprocess(np.zeros((300, 400, 3), np.uint8))
    for wrong in (255 * image, image - 1):
        with pytest.raises(
            ValueError, match=r"images: expected values in \[0, 1\], got -?[\d.]+ to -?[\d.]+$"
        ):
            record.preprocess(wrong)


@pytest.mark.parametrize("name", ["IMAGENET1K_V1", "IMAGENET1K_V2", "inception_v3"])
def test_images_are_those_of_pillow(name):
    """Pillow resizes as torchvision does for files; it rounds each of two passes to whole steps of 1 / 255."""
    table = networks.PRETRAINED["inception_v3" if name == "inception_v3" else "resnet50"]
    record = table[name if name in table else "IMAGENET1K_V1"]
    steps = np.round(data.photograph() * 255).astype(np.uint8)
    for height, width in ((427, 640), (400, 200), (150, 210)):
        cut = steps[:, :height, :width]
        size = tuple(length * record.resize // min(height, width) for length in (width, height))
        resized = Image.fromarray(cut.transpose(1, 2, 0)).resize(size, Image.Resampling.BILINEAR)
        left, top = (round((length - record.crop) / 2) for length in size)
        expected = np.asarray(resized.crop((left, top, left + record.crop, top + record.crop))).transpose(
            2, 0, 1
        )
        found = record.preprocess(cut / np.float32(255))
        found = found * np.array(record.std)[:, None, None] + np.array(record.mean)[:, None, None]
        assert np.abs(found * 255 - expected).max() <= 1.01


def test_the_checksum_is_that_of_the_name():
    assert networks.PRETRAINED["shufflenet_v2_x1_0"]["IMAGENET1K_V1"].checksum == "5666bf0f80"
    assert networks.PRETRAINED["inception_v3"]["IMAGENET1K_V1"].checksum == "0cc3c7bd"
    for table in networks.PRETRAINED.values():
        assert all(len(record.checksum) >= 8 for record in table.values())
