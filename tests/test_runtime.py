"""What a page loads to run Python: how it comes into the build, is packed, and finds its way into the pages."""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import live_page
import numpy as np
import pack_runtime
import page_runtime
import pytest
import vendor_pyodide
from vendor_pyodide import VendorError

import self_contained
from dlcore.exercises import memory

ROOT = Path(__file__).resolve().parent.parent
TAG = "cp314-cp314-pyemscripten_2026_0_wasm32.whl"

# ---- vendoring ---------------------------------------------------------------------------------------------


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def wheel(name):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}-1.0.dist-info/licenses/LICENSE.txt", f"licence of {name}")
    return content.getvalue()


class Distribution:
    """A small distribution of the same form: the core's files, the lock file and the wheels it names."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.wheels = {f"{name}-1.0-{TAG}": wheel(name) for name in ("numpy", "matplotlib", "six")}
        packages = {
            name.split("-")[0]: {"file_name": name, "sha256": sha256(content), "depends": []}
            for name, content in self.wheels.items()
        }
        packages["matplotlib"]["depends"] = ["numpy", "six"]
        lock = json.dumps({"packages": packages}).encode()
        files = {"pyodide.mjs": b"export", "pyodide-lock.json": lock}
        self.core = {name: sha256(content) for name, content in files.items()}
        for name, content in (files | self.wheels).items():
            (folder / name).write_bytes(content)


@pytest.fixture
def distribution(tmp_path):
    return Distribution(tmp_path / "official")


@pytest.fixture
def server(distribution):
    """The address of the distribution, and the paths that were asked for."""
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            asked.append(self.path)

    handler = partial(Handler, directory=distribution.folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield SimpleNamespace(address=f"http://127.0.0.1:{running.server_port}/", asked=asked)
        running.shutdown()


def test_what_is_downloaded_is_what_the_lock_file_names(distribution, server, tmp_path):
    target = tmp_path / "vendor"
    names = vendor_pyodide.download(target, server.address, server.address, distribution.core)
    assert set(names) == set(distribution.core) | set(distribution.wheels)
    vendor_pyodide.finish(target, names)
    for name in names:
        assert (target / name).read_bytes() == (distribution.folder / name).read_bytes()
    sums = (target / "SHA256SUMS").read_text().split()
    assert set(sums[1::2]) == set(names)


def test_only_what_is_missing_or_broken_is_downloaded_again(distribution, server, tmp_path):
    target = tmp_path / "vendor"
    names = vendor_pyodide.download(target, server.address, server.address, distribution.core)
    missing, broken = names[-1], names[0]
    (target / missing).unlink()
    (target / broken).write_bytes(b"half")
    server.asked.clear()
    vendor_pyodide.download(target, server.address, server.address, distribution.core)
    assert sorted(server.asked) == sorted(f"/{name}" for name in (missing, broken))


def test_a_file_with_another_checksum_is_refused(distribution, server, tmp_path, monkeypatch):
    monkeypatch.setattr("dlcore.data.fetching.time.sleep", lambda seconds: None)
    name = f"numpy-1.0-{TAG}"
    (distribution.folder / name).write_bytes(b"something else")
    with pytest.raises(VendorError, match=f"{name}.*wrong checksum.*--from FOLDER"):
        vendor_pyodide.download(tmp_path / "vendor", server.address, server.address, distribution.core)
    assert not (tmp_path / "vendor" / name).exists()


def test_without_a_network_one_line_says_what_to_do(distribution, tmp_path, monkeypatch):
    monkeypatch.setattr("dlcore.data.fetching.time.sleep", lambda seconds: None)
    with pytest.raises(VendorError, match="--from FOLDER") as caught:
        vendor_pyodide.download(tmp_path / "vendor", "http://127.0.0.1:9/", "", distribution.core)
    assert "\n" not in str(caught.value)


def test_a_folder_gives_the_same_files_as_the_network(distribution, tmp_path):
    names = vendor_pyodide.copy(distribution.folder, tmp_path / "vendor", distribution.core)
    assert set(names) == set(distribution.core) | set(distribution.wheels)


def test_a_folder_may_hold_the_archive_of_the_core(distribution, tmp_path):
    with tarfile.open(distribution.folder / vendor_pyodide.CORE_ARCHIVE, "w:gz") as archive:
        for name in distribution.core:
            archive.add(distribution.folder / name, f"package/{name}")
            (distribution.folder / name).unlink()
    names = vendor_pyodide.copy(distribution.folder, tmp_path / "vendor", distribution.core)
    assert set(distribution.core) <= set(names)


def test_another_build_of_a_wheel_needs_a_checksum_of_its_own(distribution, tmp_path):
    name = f"numpy-1.0-{TAG}"
    (distribution.folder / name).write_bytes(wheel("numpy") + b"built elsewhere")
    with pytest.raises(VendorError, match=name):
        vendor_pyodide.copy(distribution.folder, tmp_path / "vendor", distribution.core)
    content = (distribution.folder / name).read_bytes()
    (distribution.folder / "SHA256SUMS").write_text(f"{sha256(content)}  {name}\n")
    assert name in vendor_pyodide.copy(distribution.folder, tmp_path / "vendor", distribution.core)
    (distribution.folder / "SHA256SUMS").write_text(f"{'0' * 64}  {name}\n")
    with pytest.raises(VendorError, match="SHA256SUMS"):
        vendor_pyodide.copy(distribution.folder, tmp_path / "vendor", distribution.core)


def test_numpy_is_needed_and_matplotlib_is_not(distribution, tmp_path, capsys):
    (distribution.folder / f"six-1.0-{TAG}").unlink()
    names = vendor_pyodide.copy(distribution.folder, tmp_path / "vendor", distribution.core)
    assert [name for name in names if name.endswith(".whl")] == [f"numpy-1.0-{TAG}"]
    assert "six" in capsys.readouterr().out
    (distribution.folder / f"numpy-1.0-{TAG}").unlink()
    with pytest.raises(VendorError, match="numpy"):
        vendor_pyodide.copy(distribution.folder, tmp_path / "vendor", distribution.core)


def test_errors_end_the_command_with_one_line(tmp_path):
    message = vendor_pyodide.main(["--from", str(tmp_path / "missing"), "--to", str(tmp_path / "vendor")])
    assert message.startswith("vendor_pyodide: --from: expected a folder")
    (tmp_path / "file").write_text("")
    message = vendor_pyodide.main(["--from", str(tmp_path), "--to", str(tmp_path / "file" / "vendor")])
    assert message.startswith("vendor_pyodide: ")
    assert "\n" not in message


def test_a_failed_attempt_leaves_a_good_folder_usable_and_a_half_changed_one_not(
    distribution, tmp_path, monkeypatch
):
    target, stamp = tmp_path / "vendor", tmp_path / "vendor" / "SHA256SUMS"
    vendor_pyodide.finish(target, vendor_pyodide.copy(distribution.folder, target, distribution.core))
    before = stamp.read_text(), stamp.stat().st_mtime_ns

    def fail(*arguments):
        raise vendor_pyodide.VendorError("no network")

    monkeypatch.setattr(vendor_pyodide, "download", fail)
    assert vendor_pyodide.main(["--to", str(target)]) == "vendor_pyodide: no network"
    assert (stamp.read_text(), stamp.stat().st_mtime_ns) == before

    def replace_and_fail(target, *arguments):
        (target / "pyodide.mjs").write_text("of another version")
        fail()

    monkeypatch.setattr(vendor_pyodide, "download", replace_and_fail)
    assert vendor_pyodide.main(["--to", str(target)]) == "vendor_pyodide: no network"
    assert not list(target.glob("SHA256SUMS*"))


def test_half_an_archive_is_named(distribution, tmp_path):
    with tarfile.open(distribution.folder / vendor_pyodide.CORE_ARCHIVE, "w:gz") as archive:
        archive.add(distribution.folder / f"numpy-1.0-{TAG}")
        archive.add(distribution.folder / "pyodide-lock.json")
    whole = (distribution.folder / vendor_pyodide.CORE_ARCHIVE).read_bytes()
    for content in (whole[: len(whole) // 2], b"not an archive"):
        (distribution.folder / vendor_pyodide.CORE_ARCHIVE).write_bytes(content)
        with pytest.raises(VendorError, match="tgz is broken; fetch it again"):
            vendor_pyodide.copy(distribution.folder, tmp_path / "vendor", distribution.core)


def test_a_folder_is_not_copied_onto_itself(distribution):
    folder = str(distribution.folder)
    assert "expected another folder" in vendor_pyodide.main(
        ["--from", folder, "--to", f"{folder}/../official"]
    )


def test_a_changed_core_is_refused(distribution, tmp_path):
    (distribution.folder / "pyodide.mjs").write_bytes(b"changed")
    with pytest.raises(VendorError, match="pyodide.mjs"):
        vendor_pyodide.copy(distribution.folder, tmp_path / "vendor", distribution.core)


def test_every_wheel_has_its_licence(distribution, tmp_path):
    target = tmp_path / "vendor"
    names = vendor_pyodide.copy(distribution.folder, target, distribution.core)
    vendor_pyodide.finish(target, names)
    for name in ("numpy", "matplotlib", "six"):
        assert (target / "LICENSES" / name / "LICENSE.txt").read_text() == f"licence of {name}"
    assert "Exhibit B" in (target / "LICENSES" / "MPL-2.0.txt").read_text()
    assert "PSF LICENSE" in (target / "LICENSES" / "Python.txt").read_text().upper()


def test_files_that_do_not_belong_to_the_runtime_are_left_alone(distribution, tmp_path):
    target = tmp_path / "vendor"
    target.mkdir()
    (target / "notes.txt").write_text("mine")
    (target / "numpy-0.9-old.whl").write_text("old")
    vendor_pyodide.finish(target, vendor_pyodide.copy(distribution.folder, target, distribution.core))
    assert (target / "notes.txt").exists()
    assert not (target / "numpy-0.9-old.whl").exists()


# ---- Python's side of the worker ---------------------------------------------------------------------------


@pytest.fixture
def finder(monkeypatch, tmp_path):
    """A finder whose archive holds the module `late_module`, and the archives that were fetched."""
    fetched = []

    def fetch(archive):
        fetched.append(archive)
        (tmp_path / "late_module.py").write_text("value = 1")
        return True

    made = page_runtime.LateFinder({"late_module": "rest", "late.part": "rest", "late": "rest"}, fetch)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("sys.meta_path", [*sys.meta_path, made])
    return SimpleNamespace(
        finder=made, fetched=fetched, fail=lambda: setattr(made, "fetch", lambda name: False)
    )


def test_a_late_module_is_fetched_when_it_is_imported(finder):
    import late_module

    assert late_module.value == 1
    assert finder.fetched == ["rest"]
    with pytest.raises(ModuleNotFoundError):
        import late_part  # noqa: F401
    assert finder.fetched == ["rest"]


def test_a_late_module_that_cannot_be_fetched_says_why(finder):
    finder.fail()
    with pytest.raises(ImportError, match="late could not be loaded, because the connection broke"):
        import late  # noqa: F401


@pytest.mark.parametrize(
    "code, archives",
    [
        ("import late", ["rest"]),
        ("import late.part as p", ["rest"]),
        ("from late import part", ["rest"]),
        ("def f():\n    import late_module", ["rest"]),
        ("import math", []),
        ("from . import late", []),
        ("import (", []),
        ("\0", []),
    ],
)
def test_what_a_cell_imports_is_known_before_it_runs(finder, code, archives):
    assert finder.finder.needed_by(code) == archives


def test_what_does_not_run_in_a_page_says_so(finder):
    for name in ("torch", "dlcore.pytorch", "matplotlib"):
        with pytest.raises(ModuleNotFoundError, match="Open the notebook"):
            finder.finder.find_spec(name)
    assert finder.finder.find_spec("no_such_module") is None


def decoded(text, content):
    """The reply, its arrays as NumPy's."""

    def array(value):
        if "dtype" not in value:
            return value
        start, length = value["data"]
        assert start % 8 == 0
        return np.frombuffer(content[start : start + length], value["dtype"]).reshape(value["shape"])

    return json.loads(text, object_hook=array)


def test_a_reply_carries_its_arrays_beside_its_text():
    from dlcore import widgets

    widget = widgets.convolution.sliding_kernel()
    parameters = json.loads(json.dumps(widget.first_reply()["parameters"]))
    request = json.dumps({"id": 7, "parameters": parameters, "changed": None, "previous": {}})
    target = "dlcore.widgets.convolution:sliding_kernel"
    reply = decoded(*page_runtime.Responder().respond(target, "{}", request))
    assert (reply["id"], reply["error"], reply["parameters"]) == (7, None, parameters)
    for name, panel in widget.scene()["panels"].items():
        if panel["kind"] == "cells":
            np.testing.assert_array_equal(reply["scene"]["panels"][name]["values"], panel["values"])


def test_a_widget_is_made_once_for_the_same_start():
    made = []

    def make(**starts):
        made.append(starts)
        return SimpleNamespace(respond=lambda request: {"id": request["id"], "a": b"123", "b": b"45"})

    module = SimpleNamespace(make=make)
    responder = page_runtime.Responder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "made_widgets", module)
        for starts in ("{}", '{"stride": 2}', "{}"):
            text, content = responder.respond("made_widgets:make", starts, '{"id": 1}')
    assert made == [{}, {"stride": 2}]
    assert json.loads(text) == {"id": 1, "a": [0, 3], "b": [8, 2]}
    assert bytes(content) == b"123\0\0\0\0\x0045"


def test_whatever_a_widget_raises_is_a_reply_but_for_lack_of_memory():
    request = json.dumps({"id": 3, "parameters": {"a": 1}, "changed": "a"})
    responder = page_runtime.Responder()
    text, content = responder.respond("dlcore.widgets.convolution:missing", "{}", request)
    reply = json.loads(text)
    assert (reply["id"], reply["parameters"], reply["scene"], bytes(content)) == (3, {"a": 1}, None, b"")
    assert "missing" in reply["error"]

    def respond(request):
        raise MemoryError

    responder._widgets["m:f", "{}"] = SimpleNamespace(respond=respond)
    with pytest.raises(MemoryError):
        responder.respond("m:f", "{}", request)


def test_cells_share_one_session_and_write_while_they_run():
    written = []
    page_runtime.run("x = 2", lambda *text: written.append(text))
    result = json.loads(page_runtime.run("print('a')\nx + 1", lambda *text: written.append(text)))
    assert result["error"] is None
    assert [output["text"] for output in result["output"]] == ["3"]
    assert written == [("stdout", "a\n")]


@pytest.fixture
def new_session(monkeypatch):
    monkeypatch.setattr(page_runtime, "_session", None)
    monkeypatch.setattr(memory, "_keeper", None)
    monkeypatch.setattr(memory, "_here", {})


def ignore(*arguments):
    pass


def test_what_a_page_sets_up_comes_before_its_cells(new_session):
    result = json.loads(page_runtime.run("x + 1", ignore, '["x = 1"]'))
    assert [output["text"] for output in result["output"]] == ["2"]


def test_the_browser_s_records_are_those_of_the_latest_run(new_session):
    setup = json.dumps(["from dlcore.exercises import memory"])
    kept = []
    page_runtime.run("memory.note_try('a.b', True)", ignore, setup, "", kept.append)
    assert json.loads(kept.pop()) == {"a.b": {"tries": 1, "hints": 0, "solved": True}}
    other = '{"c.d": {"tries": 2, "hints": 0, "solved": false}}'
    page_runtime.run("memory.note_hint('c.d', 3)", ignore, setup, other, kept.append)
    assert json.loads(kept.pop()) == {"c.d": {"tries": 2, "hints": 1, "solved": False}}


@pytest.mark.parametrize("keep", ["print", "None"])
def test_pages_without_exercises_import_nothing_of_them(keep):
    code = (
        f"import sys, page_runtime\npage_runtime.run('1 + 1', print, '[]', '', {keep})\n"
        "assert 'dlcore.exercises' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(ROOT / "tools")}
    )


# ---- packing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path, module",
    [
        ("numpy/fft/__init__.pyc", "numpy.fft"),
        ("numpy/linalg/_umath_linalg.cpython-314-wasm32-emscripten.so", "numpy.linalg._umath_linalg"),
        ("random.pyc", "random"),
    ],
)
def test_the_module_in_a_file(path, module):
    assert pack_runtime._module(path) == module


def test_archives_depend_on_their_content_alone(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "package").mkdir(parents=True)
        for file in ("b.txt", "a.pyc") if name == "one" else ("a.pyc", "b.txt"):
            (tmp_path / name / "package" / file).write_text(file)
        names = {"package/a.pyc", "package/b.txt"}
        pack_runtime._write_archive(tmp_path / f"{name}.tar", tmp_path / name, names)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_bytes_on_the_wire_are_compressed_where_hosts_compress(tmp_path):
    (tmp_path / "program.mjs").write_text("a" * 10000)
    (tmp_path / "archive.tar.zst").write_text("a" * 10000)
    assert pack_runtime.wire_bytes(tmp_path / "program.mjs") == len(gzip.compress(b"a" * 10000, 6))
    assert pack_runtime.wire_bytes(tmp_path / "archive.tar.zst") == 10000


@pytest.fixture(scope="module")
def runtime():
    """The packed runtime; packing takes long only where the book was not built before."""
    if not (ROOT / "vendor/pyodide/SHA256SUMS").exists():
        pytest.skip("no vendored Pyodide; make vendor-pyodide brings it")
    folder = pack_runtime.pack(ROOT / "vendor/pyodide", ROOT / "_build/.runtime")
    return folder, json.loads((folder / "manifest.json").read_text())


def test_the_start_keeps_to_its_budget(runtime):
    folder, manifest = runtime
    files = [*manifest["core"]["files"].values(), *manifest["start"]]
    total = sum(file["bytes"] for file in files) + pack_runtime.wire_bytes(folder / "manifest.json")
    assert total < 7.9e6


def test_names_carry_a_hash_and_sizes_are_right(runtime):
    folder, manifest = runtime
    for archive in [*manifest["start"], *manifest["late"]]:
        content = (folder / archive["file"]).read_bytes()
        assert len(content) == archive["bytes"]
        assert pack_runtime._digest(content) in archive["file"]
    core = folder / manifest["core"]["folder"]
    for name, file in manifest["core"]["files"].items():
        assert (core / name).stat().st_size == file["size"]
        assert pack_runtime.wire_bytes(core / name) == file["bytes"]
    assert (folder / "LICENSES/MPL-2.0.txt").exists()


def test_a_second_packing_changes_nothing(runtime, monkeypatch):
    _, manifest = runtime

    def never(*arguments):
        raise AssertionError("packed again")

    monkeypatch.setattr(pack_runtime, "_run_node", never)
    again = pack_runtime.pack(ROOT / "vendor/pyodide", ROOT / "_build/.runtime")
    assert json.loads((again / "manifest.json").read_text()) == manifest


def test_of_two_builds_the_first_to_finish_makes_the_folder(tmp_path):
    folder = tmp_path / "package-1"
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
        pack_runtime._keep(tmp_path / name, folder)
    assert (folder / "file").read_text() == "first"
    with pytest.raises(OSError):
        pack_runtime._keep(tmp_path / "missing", tmp_path / "package-2")


def test_only_what_nobody_used_for_a_while_is_removed(tmp_path):
    for name in ("used", "recent", "old", "work-interrupted"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("")
    for name in ("used", "old", "work-interrupted"):
        os.utime(tmp_path / name, (0, 0))
    pack_runtime._clean(tmp_path, [tmp_path / "used"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["recent", "used"]
    assert (tmp_path / "used").stat().st_mtime > 0


def test_what_the_widgets_import_is_there_at_the_start(runtime):
    _, manifest = runtime
    late = manifest["modules"]
    at_start = (
        "numpy.random",
        "dlcore.scratch.convolution",
        "dlcore.widgets.convolution",
        "dlcore.live",
        "zipfile",
    )
    assert not set(at_start) & set(late)
    assert late["dlcore.networks.resnet"] == "dlcore-rest"
    assert late["unittest.mock"] == "standard-library-rest"
    assert not any(name.startswith("dlcore.pytorch") for name in late)
    assert {file["path"].rsplit("/", 1)[-1] for file in manifest["lazy"]} >= {"china.npz", "digits.npz"}


# ---- pages -------------------------------------------------------------------------------------------------

WIDGET = '<figure class="dlcore-widget" data-dlcore="m:f"><p class="dlcore-widget__note">Old.</p></figure>'
LIVE_CELL = '<div class="cell tag_live docutils container">1 + 1</div>'


def scripts_of(body, has_python=True):
    """What `live_page` adds to a page with this body, and the body."""
    added = []
    app = SimpleNamespace(
        config=SimpleNamespace(live_has_python=has_python),
        add_js_file=lambda name, **attributes: added.append((name, attributes.get("data-runtime"))),
        add_css_file=lambda name: added.append((name, None)),
    )
    context = {"body": body, "pathto": lambda path, resource: f"../{path}"}
    live_page.add_scripts(app, "page", "", context, None)
    return added, context["body"]


def test_only_pages_with_something_alive_load_scripts():
    start = ("live/start.js", "../_static/live/runtime/")
    style, view = ("live/live.css", None), ("live/view.css", None)
    assert scripts_of("<p>the class dlcore-widget and tag_live</p>") == (
        [],
        "<p>the class dlcore-widget and tag_live</p>",
    )
    assert scripts_of(WIDGET) == ([start, style, view], WIDGET)
    assert scripts_of(LIVE_CELL) == ([start, style], LIVE_CELL)


def test_without_python_the_page_says_where_the_controls_work():
    added, body = scripts_of(WIDGET + LIVE_CELL, has_python=False)
    assert added == []
    assert f'<p class="dlcore-widget__note">{live_page.WITHOUT_PYTHON}</p>' in body
    assert "Old." not in body


def test_pages_are_written_again_when_the_runtime_comes_or_goes_and_only_then(tmp_path, monkeypatch):
    from sphinx.application import Sphinx

    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "manifest.json").write_text("{}")
    monkeypatch.setattr(pack_runtime, "pack", lambda vendor, cache: packed)
    monkeypatch.setattr(live_page, "pack_runtime", lambda: pack_runtime)
    book, site = tmp_path / "a book", tmp_path / "site"
    (book / "vendor").mkdir(parents=True)
    (book / "conf.py").write_text("extensions = ['live_page']\nlive_vendor = 'vendor'\nhtml_theme = 'basic'")
    (book / "index.rst").write_text(f"Page\n====\n\n.. raw:: html\n\n   {WIDGET}\n")

    def build():
        """Whether the page was written, and whether it loads the script and finds view and runtime."""
        app = Sphinx(book, book, site, site / ".trees", "html", status=None, warning=None)
        page = site / "index.html"
        before = page.stat().st_mtime_ns if page.exists() else None
        app.build()
        files = [
            (site / live_page.LIVE / name).exists() for name in (*live_page.VIEW, "runtime/manifest.json")
        ]
        return page.stat().st_mtime_ns != before, "live/start.js" in page.read_text(), *files

    assert build() == (True, False, False, False, False)
    (book / "vendor/SHA256SUMS").write_text("")
    assert build() == (True, True, True, True, True)
    assert build() == (False, True, True, True, True)
    (book / "vendor/SHA256SUMS").unlink()
    assert build() == (True, False, False, False, False)


def test_a_mirror_has_the_same_files_and_no_others(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "a-1.zst").write_text("a")
    (source / "manifest.json").write_text("{}")
    (target / "old").mkdir(parents=True)
    (target / "old" / "b-0.zst").write_text("b")
    live_page.mirror(source, target)
    (source / "manifest.json").write_text("[]")
    live_page.mirror(source, target)
    files = {
        path.relative_to(target).as_posix(): path.read_text() for path in target.rglob("*") if path.is_file()
    }
    assert files == {"deep/a-1.zst": "a", "manifest.json": "[]"}
    assert not (target / "old").exists()


@pytest.fixture
def static(tmp_path):
    """The theme's static files, copied as a build does."""
    theme = Path(find_spec("pydata_sphinx_theme").origin).parent / "theme/pydata_sphinx_theme/static"
    shutil.copytree(theme, tmp_path / "_static")
    return tmp_path / "_static"


def test_icons_come_from_a_small_font(static):
    from fontTools.ttLib import TTFont

    page = static.parent / "page.html"
    page.write_text(
        '<script defer src="_static/scripts/fontawesome.js?digest=1"></script>\n'
        '<script src="_static/searchtools.js"></script><script src="searchindex.js"></script>\n'
        '<span class="fa-solid fa-bars"></span>'
    )
    (static.parent / "search.html").write_text('<script src="searchindex.js"></script>')
    app = SimpleNamespace(outdir=static.parent, builder=SimpleNamespace(format="html"))
    for _ in range(2):  # a second build finds the work done
        self_contained.trim_pages(app, None)
        assert "<script" not in page.read_text()
        assert "searchindex.js" in (static.parent / "search.html").read_text()
        assert not (static / "scripts/fontawesome.js").exists()
        characters = TTFont(static / "styles/icons.woff").getBestCmap()
        assert 0xF0C9 in characters  # bars, from the page
        assert 0xF0EB in characters  # the light bulb of a tip, from the style sheet
        assert 0xF1C1 not in characters  # file-pdf, which no page has
        assert (static / "styles/icons.woff").stat().st_size < 10_000
        sheet = (static / "styles/pydata-sphinx-theme.css").read_text()
        assert "url(icons.woff)" in sheet
        assert "fa-solid-900" not in sheet
        assert sheet.count(self_contained.ICON_STYLE) == 1


def test_a_package_that_waits_leaves_no_folder_behind(tmp_path):
    """Its licence alone would be imported as an empty package of its name."""
    for name in (
        "base/__init__.pyc",
        "base/ma/__init__.pyc",
        "base/ma/LICENSE",
        "base/data/table.txt",
        "NOTICE",
    ):
        (tmp_path / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "files" / name).write_bytes(b"")
    pack_runtime._split(tmp_path / "files", "base", {"base"}, tmp_path)
    with tarfile.open(tmp_path / "base.tar") as start, tarfile.open(tmp_path / "base-rest.tar") as rest:
        assert set(start.getnames()) == {"base/__init__.pyc", "base/data/table.txt", "NOTICE"}
        assert set(rest.getnames()) == {"base/ma/__init__.pyc", "base/ma/LICENSE"}
