"""Bring Pyodide, NumPy and matplotlib into the build: Python for the reader's browser.

Usage: python tools/vendor_pyodide.py [--from FOLDER] [--to vendor/pyodide]

Without `--from` the files of the official distribution are downloaded. The checksums of Pyodide's core stand
below; those of the wheels stand in the core's lock file. With `--from` they are copied from a folder that
holds the npm archive of Pyodide, or its files unpacked, and the wheels. A wheel is accepted there if the lock
file or the folder's own SHA256SUMS vouches for it.

Files that are there and right are left alone, so an interrupted run can be started again. SHA256SUMS is
written last.
"""

import argparse
import contextlib
import hashlib
import json
import re
import shutil
import sys
import tarfile
import tempfile
import zipfile
import zlib
from importlib import metadata
from pathlib import Path

from dlcore.data.fetching import DownloadError, Source, fetch, has_checksum

VERSION = "314.0.7"
CORE_ADDRESS = f"https://cdn.jsdelivr.net/npm/pyodide@{VERSION}/"
WHEELS_ADDRESS = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
# SHA-256 of the files in the npm package.
CORE = {
    "pyodide.mjs": "6f1d60f7bf529beb300f0f47983c921d3982363640ba20af0e38efdddbc66109",
    "pyodide.asm.mjs": "f7cdc8ece80678ceb712f8e65ebe6d3a83203a180c399865f49612a051693635",
    "pyodide.asm.wasm": "cc36e3cab04fdfc9a63ff13eb52eae2b911bf46c025cc7b281f394bd3de1d5e6",
    "python_stdlib.zip": "fa1957e5777068fc4f7437f96d860ae2fbe9c19732ba06c84e004ec16dd7dd7a",
    "pyodide-lock.json": "5dc2fc119108bc148c7457dc86e7675b5c87e1cafd420b9c34c1eaef7b36c010",
}
CORE_ARCHIVE = f"pyodide-{VERSION}.tgz"
REQUIRED, OPTIONAL = "numpy", "matplotlib"
# matplotlib names them as dependencies and imports them only to write PDF and PostScript, or not at all.
DISPENSABLE = {"fonttools", "pytz"}
STAMP = "SHA256SUMS"
LICENCES = Path(__file__).resolve().parent / "licences"


class VendorError(RuntimeError):
    """The files could not be brought in. The message is one line that says what to do."""


def download(target, core_address=CORE_ADDRESS, wheels_address=WHEELS_ADDRESS, core=CORE):
    """Download what is missing from the official distribution.

    Parameters
    ----------
    target : Path
    core_address, wheels_address : str
        Where the core's files and the wheels are; both end in a slash.
    core : dict
        File name -> SHA-256.

    Returns
    -------
    list of str
        The names of the files that belong to the runtime.

    Raises
    ------
    VendorError
        There is no network, or a file came broken.
    """
    _fetch_all(core_address, core, target)
    packages = _locked_packages(target)
    wheels = {packages[name]["file_name"]: packages[name]["sha256"] for name in needed(packages)}
    _fetch_all(wheels_address, wheels, target)
    return [*core, *wheels]


def copy(folder, target, core=CORE):
    """Take the files from a folder.

    Parameters
    ----------
    folder, target : Path
    core : dict
        File name -> SHA-256.

    Returns
    -------
    list of str
        The names of the files that belong to the runtime.

    Raises
    ------
    VendorError
        A file is missing or is not what its checksum says.
    """
    if not folder.is_dir():
        raise VendorError(f"--from: expected a folder, got {folder}")
    sums = _read_sums(folder / STAMP)
    for name, checksum in sums.items():
        if (folder / name).exists() and not has_checksum(folder / name, checksum):
            raise VendorError(f"{folder / name} differs from its checksum in {STAMP}; fetch the folder again")
    with tempfile.TemporaryDirectory() as unpacked:
        if (folder / CORE_ARCHIVE).exists():
            try:
                with tarfile.open(folder / CORE_ARCHIVE) as archive:
                    archive.extractall(unpacked, filter="data")
            except (tarfile.TarError, EOFError, zlib.error) as error:
                raise VendorError(f"{folder / CORE_ARCHIVE} is broken; fetch it again") from error
        places = (folder, folder / "package", Path(unpacked, "package"))
        for name, checksum in core.items():
            source = next((place / name for place in places if (place / name).exists()), None)
            if source is None:
                raise VendorError(f"{folder} has neither {name} nor {CORE_ARCHIVE}")
            if not has_checksum(source, checksum):
                raise VendorError(f"{name} in {folder} is not the one of Pyodide {VERSION}")
            _copy_whole(source, target / name)

    packages, wheels = _locked_packages(target), {}
    for name in needed(packages):
        wheel = _find_wheel(folder, name, packages[name])
        if wheel is None:
            continue
        if not (has_checksum(wheel, packages[name]["sha256"]) or wheel.name in sums):
            raise VendorError(
                f"{wheel} has neither the checksum of {target}/pyodide-lock.json nor one in {STAMP}"
            )
        wheels[name] = wheel
    if REQUIRED not in wheels:
        raise VendorError(f"{folder} has no wheel of {REQUIRED} for Pyodide {VERSION}")
    missing = set(needed(packages)) - set(wheels) - DISPENSABLE
    if missing:
        print(f"Without {', '.join(sorted(missing))}: live cells of the book's pages cannot plot.")
        wheels = {REQUIRED: wheels[REQUIRED]}
    for wheel in wheels.values():
        _copy_whole(wheel, target / wheel.name)
    return [*core, *(wheel.name for wheel in wheels.values())]


def finish(target, names):
    """Add the licences, remove wheels of other versions, and write the list of checksums.

    Parameters
    ----------
    target : Path
    names : list of str
        The files of the runtime.
    """
    write_licences(target, [name for name in names if name.endswith(".whl")])
    for wheel in target.glob("*.whl"):
        if wheel.name not in names:
            wheel.unlink()
    sums = "".join(f"{_sha256(target / name)}  {name}\n" for name in sorted(names))
    (target / STAMP).write_text(sums, encoding="utf-8")


def write_licences(target, wheels):
    """Write the licence texts that a site with these files must show into the folder LICENSES.

    Parameters
    ----------
    target : Path
        Holds the wheels.
    wheels : list of str
        Their file names.

    Raises
    ------
    VendorError
        A wheel carries no licence text and its package is not installed here, where its text could be taken
        from.
    """
    folder = target / "LICENSES"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(LICENCES, folder)
    for wheel in wheels:
        name = _normalized(wheel.split("-")[0])
        texts = _licences_of_wheel(target / wheel)
        # A wheel that was built by other hands may have lost the package's own licence.
        if not any(".dist-info/" in path for path in texts):
            texts |= _licences_of_installed(name)
        if not any(".dist-info/" in path for path in texts):
            raise VendorError(f"{wheel} has no licence text, and no {name} is installed to take it from")
        for path, text in texts.items():
            place = folder / name / re.sub(r"^[^/]*\.dist-info/(licenses/)?", "", path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text)


def needed(packages):
    """The names of the packages that the book's pages use, with what they depend on, in alphabetical order.

    Parameters
    ----------
    packages : dict
        The section "packages" of `pyodide-lock.json`.
    """
    found, waiting = set(), [REQUIRED, OPTIONAL]
    while waiting:
        name = _normalized(waiting.pop())
        if name not in found:
            found.add(name)
            waiting += packages[name]["depends"]
    return sorted(found)


def _fetch_all(address, files, target):
    source = Source(
        name="Pyodide",
        folder=".",
        mirrors=(address,),
        files=files,
        alternative="name a folder that has the files: --from FOLDER",
    )
    for name in files:
        try:
            fetch(source, name, target)
        except DownloadError as error:
            answer = str(error).splitlines()[1].strip()  # the mirror's
            raise VendorError(f"{answer}. Where there is no network, name a folder: --from FOLDER") from error


def _locked_packages(folder):
    return json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]


def _find_wheel(folder, name, locked):
    """The wheel of a package: of the locked version where there is a choice."""
    if (folder / locked["file_name"]).exists():
        return folder / locked["file_name"]
    tag = locked["file_name"].split("-", 2)[2]  # a wheel for another Python or another ABI is of no use
    wheels = [path for path in sorted(folder.glob("*.whl")) if path.name.split("-", 2)[2] == tag]
    return next((path for path in wheels if _normalized(path.name.split("-")[0]) == name), None)


def _licences_of_wheel(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if _is_licence(name)}


def _licences_of_installed(name):
    try:
        files = metadata.files(name) or []
    except metadata.PackageNotFoundError:
        return {}
    return {str(file): file.read_binary() for file in files if _is_licence(str(file))}


def _is_licence(path):
    """Whether this is a licence text and no module called so."""
    return bool(
        re.search(r"(^|/)(licen[cs]e|copying|notice|authors)[^/]*$", path, re.IGNORECASE)
    ) and not re.search(r"\.(py|pyc|pyi|so)$", path)


def _read_sums(path):
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.split(maxsplit=1)[1].lstrip("*"): line.split()[0] for line in lines if line.strip()}


def _copy_whole(source, target):
    """Copy a file by way of another name, so that one with its own name is never cut short."""
    if target.exists() and _sha256(target) == _sha256(source):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        shutil.copyfile(source, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _stamp_taken_off(target):
    """Take the list of checksums away while files change; after a failure that changed none, put it back."""
    stamp, taken = target / STAMP, target / (STAMP + ".old")
    if stamp.exists():
        stamp.replace(taken)
    try:
        yield
    except BaseException:
        sums = _read_sums(taken)
        if sums and all(
            (target / name).exists() and has_checksum(target / name, sums[name]) for name in sums
        ):
            taken.replace(stamp)
        raise
    finally:
        taken.unlink(missing_ok=True)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--from", dest="folder", type=Path, help="take the files from this folder")
    parser.add_argument("--to", dest="target", type=Path, default=Path("vendor/pyodide"))
    parser.add_argument("--core-address", default=CORE_ADDRESS, help="another place for the core")
    parser.add_argument("--wheels-address", default=WHEELS_ADDRESS, help="another place for the wheels")
    options = parser.parse_args(arguments)
    if options.folder and options.folder.resolve() == options.target.resolve():
        return f"vendor_pyodide: --from: expected another folder than the target, {options.target}"
    try:
        options.target.mkdir(parents=True, exist_ok=True)
        with _stamp_taken_off(options.target):
            if options.folder:
                names = copy(options.folder, options.target)
            else:
                names = download(options.target, options.core_address, options.wheels_address)
            finish(options.target, names)
    except (VendorError, OSError, zipfile.BadZipFile) as error:
        return f"vendor_pyodide: {error}"
    size = sum((options.target / name).stat().st_size for name in names)
    print(f"Pyodide {VERSION}: {len(names)} files, {size / 1e6:.1f} MB, in {options.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
