"""dlcore.data: bundled files are scikit-learn's, boxes bound their shapes, downloads are whole or refused."""

import gzip
import hashlib
import io
import struct
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from dlcore import data
from dlcore.data import bundle, bundled, downloaded, fetching, generated


def seeded(seed=0):
    return np.random.default_rng(seed)


# Bundled


def test_digits_equal_those_of_scikit_learn():
    expected = pytest.importorskip("sklearn.datasets").load_digits()
    images, labels = data.digits(np.float64)
    np.testing.assert_array_equal(images[:, 0] * 16, expected.images)
    np.testing.assert_array_equal(labels, expected.target)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_digits_have_the_dtype_asked_for_and_lie_in_0_to_1(dtype):
    images, labels = data.digits(dtype)
    assert images.shape == (1797, 1, 8, 8) and images.dtype == dtype
    assert labels.shape == (1797,) and labels.dtype == np.int64
    assert images.min() == 0 and images.max() == 1
    assert set(labels) == set(range(10))


@pytest.mark.parametrize("name", data.PHOTOGRAPHS)
def test_photographs_equal_those_of_scikit_learn(name):
    expected = pytest.importorskip("sklearn.datasets").load_sample_image(f"{name}.jpg")
    image = data.photograph(name)
    assert image.shape == (3, 427, 640) and image.dtype == np.float32
    np.testing.assert_array_equal(image, (expected.transpose(2, 0, 1) / 255).astype(np.float32))


@pytest.mark.parametrize("name", data.PHOTOGRAPHS)
def test_gray_is_the_luma_of_bt601(name):
    red, green, blue = data.photograph(name, dtype=np.float64)
    gray = data.photograph(name, gray=True, dtype=np.float64)
    assert gray.shape == (1, 427, 640)
    np.testing.assert_allclose(gray[0], 0.299 * red + 0.587 * green + 0.114 * blue, rtol=0, atol=1e-14)
    assert gray.min() >= 0 and gray.max() <= 1


def test_gray_of_white_is_exactly_1(monkeypatch):
    monkeypatch.setattr(bundled, "_load", lambda name: {"image": np.full((3, 2, 2), 255, np.uint8)})
    np.testing.assert_array_equal(data.photograph(gray=True, dtype=np.float64), 1)


def test_each_call_returns_arrays_of_its_own():
    first, _ = data.digits()
    first[:] = 7
    assert data.digits()[0].max() == 1


def test_bundled_files_are_those_the_script_makes(tmp_path):
    pytest.importorskip("sklearn")
    bundle.bundle(tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(path.name for path in bundle.FILES.glob("*.npz"))
    for name in names:
        with np.load(tmp_path / name) as made, np.load(bundle.FILES / name) as kept:
            assert made.files == kept.files
            for key in made.files:
                np.testing.assert_array_equal(made[key], kept[key])


def test_every_bundled_file_has_its_licence_beside_it():
    notice = (bundle.FILES / "NOTICE.txt").read_text(encoding="utf-8")
    entries = notice.split("\n\n")[1:]
    assert sorted(entry.split("\n")[0] for entry in entries) == sorted(
        p.name for p in bundle.FILES.glob("*.npz")
    )
    assert all("Licence: Creative Commons Attribution" in entry and "https://" in entry for entry in entries)


def test_numpy_alone_is_enough_for_everything_that_is_not_downloaded():
    script = """
import sys

class NumPyAlone:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in {"numpy", "dlcore"} | sys.stdlib_module_names:
            raise ModuleNotFoundError(f"blocked: {name}", name=name.split(".")[0])

sys.meta_path.insert(0, NumPyAlone())
import numpy as np
from dlcore import data
images, labels = data.digits()
data.photograph(), data.photograph("flower", gray=True)
data.generate_shapes(2, np.random.default_rng(0))
data.train_test_split(images, labels, generator=np.random.default_rng(0))
next(data.minibatches(images, batch_size=2))
for load in (data.mnist, data.fashion_mnist, data.cifar10):
    try:
        load()
    except ImportError as error:
        assert "dlcore-book[data]" in str(error) and "pooch" in str(error), error
        assert "digits()" in str(error) or "generate_shapes" in str(error), error
    else:
        raise AssertionError("no ImportError")
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_bundled_data_name_the_wrong_argument():
    with pytest.raises(TypeError, match=r"dtype.*floating-point.*int64"):
        data.digits(np.int64)
    with pytest.raises(TypeError, match=r"dtype.*floating-point.*uint8"):
        data.photograph(dtype=np.uint8)
    with pytest.raises(ValueError, match="name must be one of 'china', 'flower'; got 'rome'"):
        data.photograph("rome")
    with pytest.raises(ValueError, match=r"name.*got None"):
        data.photograph(None)


# Generated


def placed(count, seed):
    """Return labels, outlines, boxes that `generate_shapes` uses, and the backgrounds it paints on."""
    generator = seeded(seed)
    return *generated._place_shapes(count, generator), generated._background(count, generator)[0]


def test_shapes_come_in_the_promised_form():
    images, labels, boxes = data.generate_shapes(300, seeded())
    assert images.shape == (300, 3, 32, 32) and images.dtype == np.float32
    assert images.min() >= 0 and images.max() <= 1
    assert labels.shape == (300,) and labels.dtype == np.int64
    assert set(labels) == set(range(len(data.SHAPE_CLASSES)))
    assert boxes.shape == (300, 4) and boxes.dtype == np.float32
    assert (boxes[:, :2] >= 1 - 1e-5).all() and (boxes[:, 2:] <= 31 + 1e-5).all()
    assert (boxes[:, 2:] - boxes[:, :2] > 5).all()


def test_shapes_follow_from_the_generator_alone():
    for once, again in zip(
        data.generate_shapes(20, seeded(3)), data.generate_shapes(20, seeded(3)), strict=True
    ):
        np.testing.assert_array_equal(once, again)
    assert (data.generate_shapes(20, seeded(3))[0] != data.generate_shapes(20, seeded(4))[0]).any()
    generator = seeded(3)
    first, second = (data.generate_shapes(20, generator)[0] for _ in range(2))
    assert (first != second).any()


def test_box_equals_the_extent_of_the_mask():
    step = 1 / 16
    fine = np.arange(0, 32, step) + step / 2
    points = np.stack(np.meshgrid(fine, fine, indexing="xy"), axis=-1).reshape(-1, 2)
    labels, outlines, boxes, _ = placed(40, seed=1)
    inside = (generated._signed_distances(labels, outlines, points) <= 0).reshape(40, len(fine), len(fine))
    for mask, box in zip(inside, boxes, strict=True):
        columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        extent = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) * step
        # The sharpest corner, a star's 36 degrees, is one step wide only 1.54 steps from its tip.
        np.testing.assert_allclose(extent, box, rtol=0, atol=3 * step)


def test_painted_pixels_fill_the_box_and_stay_in_it():
    images, _, boxes = data.generate_shapes(500, seeded(2), noise=0)
    backgrounds = np.clip(placed(500, seed=2)[3], 0, 1)
    painted = (np.abs(images - backgrounds) > 1e-6).any(axis=1)
    for mask, box in zip(painted, boxes, strict=True):
        columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        extent = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
        np.testing.assert_allclose(extent, box, rtol=0, atol=1)


def test_inside_of_a_polygon_is_what_matplotlib_says():
    path = pytest.importorskip("matplotlib.path")
    _, outlines, _, _ = placed(60, seed=5)
    points = seeded(6).uniform(0, 32, size=(2000, 2))
    for label in map(data.SHAPE_CLASSES.index, ("square", "triangle", "star", "cross")):
        distances = generated._polygon_distance(outlines[label], points)
        for vertices, distance in zip(outlines[label], distances, strict=True):
            np.testing.assert_array_equal(distance < 0, path.Path(vertices).contains_points(points))


def test_classes_are_told_apart_by_how_much_of_their_circle_they_fill():
    labels, outlines, _, _ = placed(400, seed=7)
    fine = np.arange(0, 32, 0.25) + 0.125
    points = np.stack(np.meshgrid(fine, fine), axis=-1).reshape(-1, 2)
    areas = (generated._signed_distances(labels, outlines, points) < 0).sum(axis=1) / 16
    radius = seeded(7)
    radius.integers(len(data.SHAPE_CLASSES), size=400)
    radius = radius.uniform(*generated.RADII, size=400)
    pentagram = 5 * np.cos(2 * np.pi / 5) / np.cos(np.pi / 5) * np.sin(np.pi / 5)
    filled = {
        "circle": np.pi,
        "square": 2,
        "triangle": 3 * np.sqrt(3) / 4,
        "star": pentagram,
        "cross": 8 * 0.3 * np.sqrt(1 - 0.3**2) - 4 * 0.3**2,
        "ring": np.pi * (1 - generated.RING_HOLE**2),
    }
    expected = np.array([filled[name] for name in data.SHAPE_CLASSES])[labels] * radius**2
    np.testing.assert_allclose(areas, expected, rtol=0.03)


def test_edges_are_antialiased_and_shapes_stand_out():
    images, _, _ = data.generate_shapes(200, seeded(8), noise=0)
    generator = seeded(8)
    labels, outlines, _ = generated._place_shapes(200, generator)
    background, colour = generated._background(200, generator)
    distances = generated._signed_distances(labels, outlines, generated._pixel_centres()).reshape(200, 32, 32)
    deep, edge = distances < -0.5, np.abs(distances) < 0.4
    for image, behind, shape, inner, border in zip(images, background, colour, deep, edge, strict=True):
        np.testing.assert_allclose(
            image[:, inner], np.broadcast_to(shape[:, None], image[:, inner].shape), atol=1e-6
        )
        low, high = np.minimum(behind, shape[:, None, None]), np.maximum(behind, shape[:, None, None])
        assert ((image >= np.clip(low, 0, 1) - 1e-6) & (image <= np.clip(high, 0, 1) + 1e-6)).all()
        between = np.abs(image - shape[:, None, None]).max(axis=0)[border]
        assert (between > 0).all()
        contrast = np.linalg.norm(shape[:, None, None] - behind, axis=0)
        assert contrast.min() > 0.2


def test_noise_has_the_standard_deviation_asked_for():
    quiet = data.generate_shapes(100, seeded(9), noise=0, dtype=np.float64)[0]
    noisy = data.generate_shapes(100, seeded(9), noise=0.05, dtype=np.float64)[0]
    unclipped = (quiet > 0.25) & (quiet < 0.75)
    assert (noisy - quiet)[unclipped].std() == pytest.approx(0.05, rel=0.02)


def test_no_shapes_at_all_are_empty_arrays():
    images, labels, boxes = data.generate_shapes(0, seeded())
    assert (images.shape, labels.shape, boxes.shape) == ((0, 3, 32, 32), (0,), (0, 4))


def test_generate_shapes_names_the_wrong_argument():
    with pytest.raises(ValueError, match="count must be at least 0, got -1"):
        data.generate_shapes(-1, seeded())
    with pytest.raises(TypeError, match=r"count must be a whole number, got 2.5"):
        data.generate_shapes(2.5, seeded())
    with pytest.raises(TypeError, match=r"generator must be a numpy.random.Generator.*got int"):
        data.generate_shapes(2, 0)
    with pytest.raises(TypeError, match=r"dtype.*floating-point.*int64"):
        data.generate_shapes(2, seeded(), dtype=np.int64)
    for noise in (-0.1, float("nan")):
        with pytest.raises(ValueError, match="noise must be"):
            data.generate_shapes(2, seeded(), noise=noise)


# Divided


def test_train_and_test_part_together_are_the_whole_and_rows_stay_together():
    numbers = np.arange(101)
    train, test, train_squares, test_squares = data.train_test_split(
        numbers, numbers**2, test_fraction=0.3, generator=seeded()
    )
    assert (len(train), len(test)) == (71, 30)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), numbers)
    np.testing.assert_array_equal(train_squares, train**2)
    np.testing.assert_array_equal(test_squares, test**2)
    assert (np.diff(train) < 0).any() and (np.diff(test) < 0).any()


@pytest.mark.parametrize("stratified", [False, True])
def test_every_example_is_equally_likely_in_the_test_part(stratified):
    generator, seen = seeded(1), np.zeros(20)
    labels = np.arange(20) % 4
    for _ in range(2000):
        _, test = data.train_test_split(
            np.arange(20), test_fraction=0.4, generator=generator, stratify=labels if stratified else None
        )
        seen[test] += 1
    # Binomial: standard deviation 0.011.
    np.testing.assert_allclose(seen / 2000, 0.4, atol=0.05)


def test_stratified_parts_have_every_class_in_proportion():
    labels = np.repeat([0, 1, 2], [100, 37, 8])
    train, test = data.train_test_split(labels, generator=seeded(), stratify=labels)
    assert len(test) == 36
    assert np.abs(np.bincount(test) - np.bincount(labels) * 36 / 145).max() <= 1
    assert (np.bincount(train) + np.bincount(test) == [100, 37, 8]).all()


def test_train_test_split_names_the_wrong_argument():
    five, six = np.arange(5), np.arange(6)
    with pytest.raises(ValueError, match=r"same length.*\[5, 6\]"):
        data.train_test_split(five, six, generator=seeded())
    with pytest.raises(ValueError, match="at least one"):
        data.train_test_split(generator=seeded())
    with pytest.raises(TypeError, match=r"arrays\[1\].*list"):
        data.train_test_split(five, [1, 2, 3, 4, 5], generator=seeded())
    with pytest.raises(TypeError, match="generator"):
        data.train_test_split(five, generator=None)
    for fraction in (0.0, 1.0, -0.5, float("nan"), 2, "half"):
        with pytest.raises(ValueError, match="test_fraction"):
            data.train_test_split(five, test_fraction=fraction, generator=seeded())
    with pytest.raises(ValueError, match="leaves 5 for training and 0 for the test"):
        data.train_test_split(five, test_fraction=0.05, generator=seeded())
    with pytest.raises(ValueError, match=r"stratify must have shape \(5,\).*\(6,\)"):
        data.train_test_split(five, generator=seeded(), stratify=six)


@pytest.mark.parametrize("drop_last, sizes", [(False, [4, 4, 2]), (True, [4, 4])])
@pytest.mark.parametrize("shuffled", [False, True])
def test_minibatches_go_through_the_arrays_once(drop_last, sizes, shuffled):
    numbers = np.arange(10)
    generator = seeded() if shuffled else None
    batches = list(
        data.minibatches(numbers, numbers * 2, batch_size=4, generator=generator, drop_last=drop_last)
    )
    assert [len(batch) for batch, _ in batches] == sizes
    assert all((doubled == batch * 2).all() for batch, doubled in batches)
    seen = np.concatenate([batch for batch, _ in batches])
    assert len(set(seen)) == len(seen)
    assert (seen != numbers[: len(seen)]).any() == shuffled


def test_minibatches_of_a_divisible_length_drop_nothing():
    assert [len(batch) for (batch,) in data.minibatches(np.arange(8), batch_size=4, drop_last=True)] == [4, 4]
    assert list(data.minibatches(np.arange(0), batch_size=4)) == []


def test_minibatches_are_in_a_new_order_each_epoch():
    generator = seeded()
    first, second = (
        next(data.minibatches(np.arange(50), batch_size=50, generator=generator))[0] for _ in range(2)
    )
    assert (first != second).any()


def test_minibatches_name_the_wrong_argument_when_called():
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        data.minibatches(np.arange(5), batch_size=0)
    with pytest.raises(TypeError, match="batch_size"):
        data.minibatches(np.arange(5), batch_size=2.0)
    with pytest.raises(ValueError, match="same length"):
        data.minibatches(np.arange(5), np.arange(6), batch_size=2)
    with pytest.raises(TypeError, match="generator"):
        data.minibatches(np.arange(5), batch_size=2, generator=1)


# Downloaded: every mirror is a folder of one server on this machine


class Mirrors(ThreadingHTTPServer):
    """A server whose answer to /<folder>/<name> is `files[name]`, spoilt in the way that the folder says."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files, self.requests, self.closing = files, [], threading.Event()

    def __getitem__(self, folder):
        return f"http://127.0.0.1:{self.server_port}/{folder}/"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        folder, name = self.path.strip("/").split("/")
        server.requests.append((folder, name))
        body = server.files[name]
        asked = server.requests.count((folder, name))
        if folder in ("404", "500"):
            return self.send_error(int(folder))
        if folder == "once-503" and asked == 1:
            return self.send_error(503)
        if folder == "silent":
            return server.closing.wait(10)
        if folder == "elsewhere":
            self.send_response(302)
            self.send_header("Location", f"/good/{name}")
            return self.end_headers()
        self.send_response(200)
        if folder != "truncated-unannounced":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if folder == "corrupt":
            self.wfile.write(bytes([body[0] ^ 1]) + body[1:])
        elif folder.startswith("truncated"):
            self.wfile.write(body[: len(body) // 2])
        elif folder == "stalled":
            self.wfile.write(body[: len(body) // 2])
            server.closing.wait(10)
        elif folder == "trickling":
            for byte in body:
                if server.closing.wait(0.05):
                    return None
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:  # given up on the other side
                    return None
        else:
            self.wfile.write(body)
        return None

    def log_message(self, *arguments):
        pass


def idx(array):
    """Return `array` (uint8) as a gzipped IDX file."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.tobytes())


def small_mnist():
    generator = seeded(10)
    images, labels = (
        generator.integers(256, size=(5, 28, 28), dtype=np.uint8),
        np.array([3, 1, 4, 1, 5], np.uint8),
    )
    return images, labels


def cifar_archive(batches, kind=tarfile.REGTYPE):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in batches.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            entry.size, entry.type, entry.linkname = len(content), kind, "/etc/hostname"
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def mirrors():
    pytest.importorskip("pooch")
    images, labels = small_mnist()
    server = Mirrors(
        {
            "train-images-idx3-ubyte.gz": idx(images),
            "train-labels-idx1-ubyte.gz": idx(labels),
            "t10k-images-idx3-ubyte.gz": idx(images[:2]),
            "t10k-labels-idx1-ubyte.gz": idx(labels[:2]),
        }
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


IMAGES = "train-images-idx3-ubyte.gz"


def source_of(server, *folders, base=downloaded.MNIST, timeout=30):
    sums = {name: hashlib.sha256(body).hexdigest() for name, body in server.files.items()}
    mirrors = tuple(server[folder] for folder in folders)
    return replace(base, mirrors=mirrors, files=sums, timeout=timeout, pause=0.01)


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_good_mirror_gives_images_and_labels(mirrors, tmp_path):
    source = source_of(mirrors, "good")
    pixels, digits = small_mnist()
    images, labels = downloaded._load_idx(source, "train", tmp_path)
    assert images.dtype == np.float32 and labels.dtype == np.int64
    np.testing.assert_array_equal(images, (pixels[:, np.newaxis] / np.float32(255)).astype(np.float32))
    np.testing.assert_array_equal(labels, digits)
    images, labels = downloaded._load_idx(source, "test", tmp_path)
    assert images.shape == (2, 1, 28, 28) and labels.shape == (2,)


def test_the_second_call_makes_no_request(mirrors, tmp_path):
    source = source_of(mirrors, "good")
    first = downloaded._load_idx(source, "train", tmp_path)
    assert len(mirrors.requests) == 2
    second = downloaded._load_idx(source, "train", tmp_path)
    assert len(mirrors.requests) == 2
    for once, again in zip(first, second, strict=True):
        np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize(
    "folder, reason, timeout",
    [
        ("404", "answered 404 Not Found", 30),
        ("500", "answered 500 Internal Server Error", 30),
        ("corrupt", "wrong checksum", 30),
        ("truncated", "broke off after", 30),
        ("truncated-unannounced", "wrong checksum", 30),
        ("silent", "sent nothing for 0.3 s", 0.3),
        ("stalled", "sent nothing for 0.3 s", 0.3),
        ("trickling", "sent only", 1),  # much longer than from byte to byte, on a busy machine too
    ],
)
def test_a_bad_mirror_is_passed_over_and_named_when_it_was_the_last(
    mirrors, tmp_path, folder, reason, timeout
):
    bad = source_of(mirrors, folder, timeout=timeout)
    start = time.monotonic()
    with pytest.raises(data.DownloadError, match=reason) as caught:
        fetching.fetch(bad, IMAGES, tmp_path)
    assert time.monotonic() - start < 8, "a mirror that does not answer must be given up in bounded time"
    assert mirrors[folder] + IMAGES in str(caught.value)
    assert files_in(tmp_path) == []

    source = source_of(mirrors, folder, "good", timeout=max(timeout, 1))  # time for the good one to answer
    path = fetching.fetch(source, IMAGES, tmp_path)
    assert path.read_bytes() == mirrors.files[IMAGES]
    assert files_in(tmp_path) == [IMAGES]


def test_a_mirror_that_nobody_serves_is_passed_over(mirrors, tmp_path):
    closed = Mirrors({})
    closed.server_close()
    source = source_of(mirrors, "good")
    source = replace(source, mirrors=(closed["gone"], *source.mirrors))
    assert fetching.fetch(source, IMAGES, tmp_path).exists()
    with pytest.raises(data.DownloadError, match="connection failed"):
        fetching.fetch(replace(source, mirrors=(closed["gone"],)), IMAGES, tmp_path / "other")


def test_a_redirect_is_followed(mirrors, tmp_path):
    assert fetching.fetch(source_of(mirrors, "elsewhere"), IMAGES, tmp_path).exists()


def test_passing_troubles_are_tried_again_and_lasting_ones_are_not(mirrors, tmp_path):
    assert fetching.fetch(source_of(mirrors, "404", "once-503"), IMAGES, tmp_path).exists()
    assert [folder for folder, _ in mirrors.requests] == ["404", "once-503", "once-503"]


def test_when_every_mirror_fails_the_error_says_what_to_do(mirrors, tmp_path):
    source = source_of(mirrors, "404", "corrupt", "500")
    with pytest.raises(data.DownloadError) as caught:
        downloaded._load_idx(source, "train", tmp_path)
    message = str(caught.value)
    assert isinstance(caught.value, ConnectionError)
    assert "MNIST could not be downloaded" in message
    for folder, reason in [("404", "answered 404"), ("corrupt", "wrong checksum"), ("500", "answered 500")]:
        assert any(mirrors[folder] + IMAGES in line and reason in line for line in message.splitlines())
    assert str(tmp_path / "mnist" / IMAGES) in message and source.files[IMAGES] in message
    assert "dlcore.data.digits()" in message


def test_a_file_put_by_hand_where_the_error_says_is_used(mirrors, tmp_path):
    source = source_of(mirrors, "404")
    with pytest.raises(data.DownloadError) as caught:
        fetching.fetch(source, IMAGES, tmp_path)
    asked = len(mirrors.requests)
    line = next(
        line.strip() for line in str(caught.value).splitlines() if line.strip().startswith(str(tmp_path))
    )
    with open(line, "wb") as file:
        file.write(mirrors.files[IMAGES])
    assert str(fetching.fetch(source, IMAGES, tmp_path)) == line
    assert len(mirrors.requests) == asked


def test_a_corrupt_file_in_the_cache_is_never_used(mirrors, tmp_path):
    path = fetching.fetch(source_of(mirrors, "good"), IMAGES, tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert fetching.fetch(source_of(mirrors, "good"), IMAGES, tmp_path).read_bytes() == mirrors.files[IMAGES]
    path.write_bytes(b"spoilt")
    with pytest.raises(data.DownloadError):
        fetching.fetch(source_of(mirrors, "404"), IMAGES, tmp_path)
    assert files_in(tmp_path) == []


def test_an_interrupted_download_leaves_nothing_behind(mirrors, tmp_path, monkeypatch):
    def interrupt(self, response, url, output_file):
        with open(output_file, "wb") as file:
            file.write(b"partial")
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching._Downloader, "_save", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetching.fetch(source_of(mirrors, "good"), IMAGES, tmp_path)
    assert files_in(tmp_path) == []


def test_a_download_shows_its_progress(mirrors, tmp_path, capsys):
    fetching.fetch(source_of(mirrors, "good"), IMAGES, tmp_path)
    assert IMAGES in capsys.readouterr().err


def test_the_cache_is_root_then_the_environment_then_the_users(tmp_path, monkeypatch):
    pooch = pytest.importorskip("pooch")
    source = downloaded.CIFAR10
    monkeypatch.delenv("DLCORE_DATA", raising=False)
    assert fetching.cache_folder(source) == pooch.os_cache("dlcore").absolute() / "cifar-10"
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path / "environment"))
    assert fetching.cache_folder(source) == tmp_path / "environment" / "cifar-10"
    assert fetching.cache_folder(source, tmp_path) == tmp_path / "cifar-10"
    with pytest.raises(TypeError, match="root must be a path or None, got int"):
        fetching.cache_folder(source, 3)


def test_data_sets_whose_files_have_the_same_names_do_not_share_a_folder():
    folders = [source.folder for source in (downloaded.MNIST, downloaded.FASHION_MNIST, downloaded.CIFAR10)]
    assert len(set(folders)) == 3


@pytest.mark.parametrize("source", [downloaded.MNIST, downloaded.FASHION_MNIST, downloaded.CIFAR10])
def test_every_file_has_a_sha256_and_every_mirror_is_a_folder(source):
    assert len(source.mirrors) > 1 and all(mirror.endswith("/") for mirror in source.mirrors)
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in source.files.values())


@pytest.mark.parametrize("load", [data.mnist, data.fashion_mnist, data.cifar10])
def test_an_unknown_split_is_named_before_anything_is_downloaded(load, tmp_path):
    with pytest.raises(ValueError, match="split must be one of 'train', 'test'; got 'valid'"):
        load("valid", root=tmp_path)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    "content, message",
    [
        (bytes([0, 0, 8, 1]) + bytes(100), "magic number must be 0x00000803.*got 0x00000801"),
        (bytes([0, 0, 13, 3]) + bytes(100), "magic number must be 0x00000803.*got 0x00000d03"),
        (b"", "magic number"),
        (bytes([0, 0, 8, 3, 0, 0]), "header must have 16 bytes, the file has 6"),
        (idx(np.zeros((2, 3, 3), np.uint8))[:-9], "not a whole gzip file"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 3, 3) + bytes(17), r"\(2, 3, 3\), 18 bytes; 17 follow"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 3, 3) + bytes(19), r"\(2, 3, 3\), 18 bytes; 19 follow"),
        (b"<html>", None),
    ],
)
def test_a_file_that_is_no_idx_file_is_named(tmp_path, content, message):
    path = tmp_path / "images.gz"
    packed = content[:2] == b"\x1f\x8b" or message is None
    path.write_bytes(content if packed else gzip.compress(content))
    with pytest.raises(ValueError, match=f"images.gz: .*{message or 'not a whole gzip file'}"):
        downloaded._read_idx(path, dimensions=3)


def test_unequal_numbers_of_images_and_labels_are_an_error(mirrors, tmp_path):
    mirrors.files["train-labels-idx1-ubyte.gz"] = idx(np.zeros(4, np.uint8))
    with pytest.raises(ValueError, match="5 images, but 4 labels"):
        downloaded._load_idx(source_of(mirrors, "good"), "train", tmp_path)


def cifar_records(count, seed):
    generator = seeded(seed)
    images = generator.integers(256, size=(count, 3, 32, 32), dtype=np.uint8)
    labels = generator.integers(10, size=count, dtype=np.uint8)
    return images, labels, np.concatenate([labels[:, None], images.reshape(count, -1)], axis=1).tobytes()


def test_cifar10_is_read_in_the_order_of_its_batches(mirrors, tmp_path):
    parts = [cifar_records(2, seed) for seed in range(6)]
    names = [f"data_batch_{k}.bin" for k in range(1, 6)] + ["test_batch.bin"]
    contents = dict(zip(names, (part[2] for part in parts), strict=True))
    mirrors.files[downloaded.CIFAR10_ARCHIVE] = cifar_archive(dict(reversed(contents.items())))
    source = source_of(mirrors, "corrupt", "good", base=downloaded.CIFAR10)
    for split, chosen in (("train", parts[:5]), ("test", parts[5:])):
        images, labels = downloaded._load_cifar10(source, split, tmp_path)
        assert images.dtype == np.float32 and labels.dtype == np.int64
        expected = np.concatenate([part[0] for part in chosen])
        np.testing.assert_array_equal(np.round(images * 255), expected)
        np.testing.assert_array_equal(labels, np.concatenate([part[1] for part in chosen]))
    assert files_in(tmp_path) == [downloaded.CIFAR10_ARCHIVE], "nothing of the archive may be unpacked"


@pytest.mark.parametrize(
    "archive, message",
    [
        (cifar_archive({"readme.html": b""}), "it has no cifar-10-batches-bin/test_batch.bin"),
        (cifar_archive({"test_batch.bin": bytes(3072)}), "records of 3073 bytes; it has 3072"),
        (cifar_archive({"test_batch.bin": b""}), "it has 0 bytes"),
        (cifar_archive({"test_batch.bin": b""}, kind=tarfile.SYMTYPE), "must be a file of records"),
        (cifar_archive({"test_batch.bin": bytes(3073)})[:-20], "not a whole tar.gz"),
        (b"<html>", "not a whole tar.gz"),
    ],
)
def test_an_archive_that_is_not_cifar10_is_named(mirrors, tmp_path, archive, message):
    mirrors.files[downloaded.CIFAR10_ARCHIVE] = archive
    with pytest.raises(ValueError, match=f"cifar-10-binary.tar.gz: .*{message}"):
        downloaded._load_cifar10(source_of(mirrors, "good", base=downloaded.CIFAR10), "test", tmp_path)
