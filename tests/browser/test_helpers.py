"""The tests' own tools: what would fail silently if they were wrong."""

import base64
import random
import urllib.error
import urllib.request

import install_chromium
import numpy as np
import pytest

from .conftest import missing
from .figures import random_value
from .scenes import decode, differences
from .server import Site

SCENE = {
    "panels": {
        "numbers": {
            "kind": "cells",
            "values": np.array([[1.0, np.nan]]),
            "marks": {"muted": np.array([[True, False]])},
        },
        "picture": {"kind": "image", "values": np.array([[[0.1, 0.2]]]), "boxes": []},
    },
    "layout": [["numbers", "picture"]],
    "description": "Two panels.",
    "limits": {"stride": [1, 3]},
}


def changed(path, value):
    """A copy of the scene with one entry changed."""

    def copy(node, keys):
        if not keys:
            return value
        if isinstance(node, dict):
            return {name: copy(entry, keys[1:]) if name == keys[0] else entry for name, entry in node.items()}
        return [copy(entry, keys[1:]) if index == keys[0] else entry for index, entry in enumerate(node)]

    return copy(SCENE, path)


def test_a_scene_equals_itself():
    assert differences(SCENE, SCENE) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["description"], "Three panels."),
        (["limits", "stride"], [1, 4]),
        (["limits", "stride"], [1]),
        (["layout", 0, 1], "numbers"),
        (["panels", "numbers", "values"], np.array([[1.0 + 3e-6, np.nan]])),
        (["panels", "numbers", "values"], np.array([[1.0, 0.0]])),
        (["panels", "numbers", "values"], np.array([[1.0], [np.nan]])),
        (["panels", "numbers", "values"], None),
        (["panels", "numbers", "marks"], {}),
        (["panels", "numbers", "marks", "muted"], np.array([[True, True]])),
        (["panels", "numbers", "marks", "muted"], np.array([[1.0, 0.0]])),
        (["panels", "picture", "values"], np.array([[[0.1, 0.2001]]])),
    ],
)
def test_a_scene_that_differs_anywhere_is_found_out(path, value):
    (found,) = differences(SCENE, changed(path, value))
    assert found.startswith(f"scene.{path[0]}")


def test_only_pictures_may_be_rounded_to_shades():
    rounded = changed(
        ["panels", "picture", "values"], np.rint(SCENE["panels"]["picture"]["values"] * 255) / 255
    )
    assert differences(SCENE, rounded) and not differences(SCENE, rounded, shades=True)
    coarse = changed(["panels", "numbers", "values"], np.array([[1.001, np.nan]]))
    assert differences(SCENE, coarse, shades=True)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_travels_as_nothing(value):
    assert differences({"x": value}, {"x": None}) == []
    assert differences({"x": value}, {"x": 0.0})


def test_arrays_are_decoded_with_their_type_shape_and_scale():
    data = base64.b64encode(np.array([0, 255], np.uint8).tobytes()).decode()
    encoded = {"values": {"dtype": "uint8", "shape": [2, 1], "data": data, "scale": 255}}
    np.testing.assert_array_equal(decode(encoded)["values"], [[0.0], [1.0]])


@pytest.mark.parametrize(
    "control",
    [
        {"type": "slider", "minimum": -1, "maximum": 1, "step": 0.25},
        {"type": "choice", "options": ["a", "b", 3]},
        {"type": "checkbox"},
        {"type": "matrix", "shapes": [[1, 2], [3, 3]], "limit": 2},
        {"type": "picture", "options": ["a"], "height": 5, "width": 7},
    ],
    ids=lambda control: control["type"],
)
def test_random_values_are_such_as_the_control_allows(control):
    generator = random.Random(0)
    drawn = [random_value(control, generator) for _ in range(40)]
    assert len({repr(value) for value in drawn}) > 1
    for value in drawn:
        if control["type"] == "slider":
            assert -1 <= value <= 1 and (value / 0.25).is_integer()
        elif control["type"] == "choice":
            assert value in control["options"]
        elif control["type"] == "checkbox":
            assert isinstance(value, bool)
        elif control["type"] == "matrix":
            assert np.shape(value) in [(1, 2), (3, 3)] and np.abs(value).max() <= 2
        elif value != "a":
            assert len(base64.b64decode(value["pixels"])) == 3 * value["height"] * value["width"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "page.html").write_text("a" * 10_000)
    (tmp_path / "numbers.zip").write_bytes(bytes(1000))
    return tmp_path


def fetch(address, **head):
    with urllib.request.urlopen(urllib.request.Request(address, headers=head), timeout=10) as answer:
        return answer, answer.read()


def test_the_host_compresses_texts_and_counts_what_travels(folder):
    with Site(folder) as site:
        answer, body = fetch(f"{site.url}/page.html", **{"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip" and len(body) < 200
        _, archive = fetch(f"{site.url}/numbers.zip", **{"Accept-Encoding": "gzip"})
        assert archive == bytes(1000)
        assert [(one.path, one.status, one.bytes) for one in site.answers] == [
            ("/page.html", 200, len(body)),
            ("/numbers.zip", 200, 1000),
        ]


def test_the_host_knows_what_the_browser_has(folder):
    with Site(folder) as site:
        answer, _ = fetch(f"{site.url}/page.html")
        with pytest.raises(urllib.error.HTTPError, match="304"):
            fetch(f"{site.url}/page.html", **{"If-None-Match": answer.headers["ETag"]})
        (folder / "page.html").write_text("b")
        _, body = fetch(f"{site.url}/page.html", **{"If-None-Match": answer.headers["ETag"]})
        assert body == b"b"


@pytest.mark.parametrize("path", ["nothing.html", "../secret", "%2e%2e/secret"])
def test_the_host_serves_its_folder_alone(folder, path):
    (folder.parent / "secret").write_text("secret")
    with Site(folder) as site, pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(f"{site.url}/{path}")


def test_a_chromium_that_is_named_must_start(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "no-such-browser")
    with pytest.raises(FileNotFoundError, match="no-such-browser"):
        install_chromium.find()


def test_without_any_way_to_install_it_says_what_helps(monkeypatch, capsys):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(install_chromium, "find", lambda: None)
    monkeypatch.setattr(install_chromium, "commands", lambda: [[["false"]], [["no-such-program"]]])
    assert install_chromium.main() == 1
    said = capsys.readouterr()
    assert said.out == "" and "set the environment variable CHROMIUM" in said.err


def test_without_a_browser_tests_are_skipped_but_fail_where_the_tests_decide(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        missing("no browser")
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="no browser"):
        missing("no browser")


def test_a_page_that_asks_another_host_is_caught(visit, site):
    asked = visit("book/index.html", allowed=["ERR_NAME_NOT_RESOLVED"])
    asked.page.evaluate("fetch('https://example.org/').catch(() => null)")
    assert asked.defects() == ["request to another host: https://example.org/"]
    asked.foreign.clear()


def test_a_worker_that_asks_another_host_is_caught(visit):
    asked = visit("book/index.html", allowed=["ERR_NAME_NOT_RESOLVED"])
    program = "fetch('https://example.org/').catch(() => 0).then(() => postMessage(0))"
    asked.page.evaluate(
        """program => new Promise(done => {
            const worker = new Worker(URL.createObjectURL(new Blob([program])));
            worker.onmessage = done;
        }).then(() => null)""",
        program,
    )
    assert asked.defects() == ["request to another host: https://example.org/"]
    asked.foreign.clear()


def test_errors_of_a_page_are_caught(visit):
    broken = visit("book/index.html")
    broken.page.evaluate("console.error('one'); setTimeout(() => { throw new Error('two') })")
    broken.page.wait_for_timeout(100)
    assert [error.split(" (")[0] for error in broken.defects()] == ["console: one", "exception: two"]
    broken.errors.clear()


@pytest.fixture
def live():
    """The benchmark of the pages, which needs Playwright."""
    pytest.importorskip("playwright")
    from benchmarks import live

    return live


def moves(*milliseconds):
    return [{"drawn": time, "shown": time + 10, "touched": 0} for time in milliseconds]


def test_the_moves_of_a_widget_are_summed_up(live):
    found = live.record("figure", {"quick": moves(*range(1, 20)), "slow": moves(100), "dead": []})
    assert found["moves"] == 20
    assert (found["median_milliseconds"], found["percentile_milliseconds"]) == (10.5, 19)
    assert (found["shown_median_milliseconds"], found["shown_percentile_milliseconds"]) == (20.5, 29)
    assert (found["slowest"], found["slowest_median_milliseconds"]) == ("slow", 100)


@pytest.mark.parametrize(("total", "parts"), [(100, 11), (100, 1), (3, 5)])
def test_moves_are_shared_out_completely_and_evenly(live, total, parts):
    found = live.shares(total, parts)
    assert len(found) == parts and sum(found) == total and max(found) - min(found) <= 1


def test_the_table_names_what_goes_beyond_a_limit(live):
    start = {"figure": "one", "cold_seconds": 6.5, "again_seconds": 1, "live_bytes": 8.5e6}
    weights = {"book/heavy.html": 1_300_000, "book/light.html": 10}
    records = [live.record("one", {"slider": moves(*[70] * 9, 140)})]
    assert live.exceeded(start, weights, records) == [
        "cold_seconds 6.5",
        "book/heavy.html 1300000 bytes",
        "one median_milliseconds 70",
    ]
    printed = live.table(start, weights, records)
    assert "6.50 s" in printed and "8.50 MB" in printed and "1.30 MB" in printed
