"""Notebook servers for the tests: the one installed here, and the classic one in its own environment."""

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

import nbformat

__all__ = ["ROOT", "Unavailable", "classic_environment", "jupyter", "write_notebook"]

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = Path(__file__).parent / "classic.txt"
TOKEN = "of-the-tests"


class Unavailable(Exception):
    """The environment cannot be had, for example without a network."""


def classic_environment(folder=ROOT / "_build" / ".classic"):
    """Return where the programs of an environment with the classic notebook lie; make it where it is missing.

    Raises
    ------
    Unavailable
        With what the installation said last.
    """
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    stamp = folder / "made-of"
    made_of = hashlib.sha256(REQUIREMENTS.read_bytes() + str(folder).encode()).hexdigest() + f" {sys.version}"
    if stamp.is_file() and stamp.read_text() == made_of:
        return programs
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # The project itself, as in the book's own environment: a change of it is seen at once.
    for packages in (["-r", str(REQUIREMENTS)], ["--no-deps", "-e", str(ROOT)]):
        done = subprocess.run([*pip, *packages], capture_output=True, text=True, timeout=600, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise Unavailable(f"The classic notebook could not be installed: {lines[-1]}")
    stamp.write_text(made_of)  # last: an installation that was interrupted is made anew
    return programs


def write_notebook(path, code):
    """A notebook of one cell."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)], metadata=kernel), path)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def jupyter(programs, command, options, home):
    """Start a notebook server in the folder `home` and stop it afterwards.

    Yields the address of the server and a function that adds the token to a path.
    """
    port = free_port()
    # Nothing of the user's settings, extensions and kernels takes part.
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))},
        "HOME": str(home),
        "USERPROFILE": str(home),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_DATA_DIR": str(home / ".data"),
        "JUPYTER_RUNTIME_DIR": str(home / ".runtime"),
        "IPYTHONDIR": str(home / ".ipython"),
    }
    arguments = [
        str(programs / "python"),
        "-m",
        *command,
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        *options,
    ]
    log = home / "server.log"
    with log.open("w") as messages:
        server = subprocess.Popen(
            arguments, cwd=home, env=environment, stdout=messages, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            if server.poll() is not None:
                break
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"{url}/api", timeout=1)
                yield url, lambda path: f"{path}?token={TOKEN}"
                return
            time.sleep(0.1)
        raise RuntimeError(f"{' '.join(command)} did not start: {log.read_text()[-2000:]}")
    finally:
        server.terminate()  # the server ends its kernels
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
