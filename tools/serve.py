"""Build the book, open it in the browser, and build it again whenever a source changes.

Usage: python tools/serve.py [--port PORT] [--no-browser]
"""

import argparse
import subprocess
import sys
from pathlib import Path

from livereload import Server

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "_build" / "html"
# The same command as `make book`.
BUILD = [
    str(Path(sys.executable).with_name("jupyter-book")),
    "build",
    ".",
    "--warningiserror",
    "--keep-going",
    "--quiet",
]
WATCHED = ["book/**/*.*", "dlcore/**/*.*", "_config.yml", "_toc.yml"]
# What editors and Python write beside the sources must not start a build.
IGNORED = ("__pycache__", ".ipynb_checkpoints", "~", ".swp")


def build():
    """Build the book. A failure is printed and the last good pages stay up."""
    result = subprocess.run(BUILD, cwd=ROOT, check=False)
    print("The book is built." if result.returncode == 0 else "The build failed; the messages above say why.")
    return result.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--no-browser", action="store_true")
    arguments = parser.parse_args()
    if not build() and not (PAGES / "index.html").exists():
        sys.exit(1)
    server = Server()
    for pattern in WATCHED:
        server.watch(str(ROOT / pattern), build, ignore=lambda path: any(mark in path for mark in IGNORED))
    server.serve(
        root=str(PAGES),
        host="127.0.0.1",
        port=arguments.port,
        open_url_delay=None if arguments.no_browser else 1,
    )


if __name__ == "__main__":
    main()
