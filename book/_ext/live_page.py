"""Widgets and live cells of a page work without a server: Python runs in the reader's browser.

Where the files of `tools/vendor_pyodide.py` are there, they are packed (`tools/pack_runtime.py`), put beside
the pages, and loaded by the pages that have something to bring to life. A page loads nothing of Python before
somebody touches a widget. Where the files are missing, the pages show the first pictures and say so.
"""

import re
import shutil
import sys
from functools import cache
from pathlib import Path

from sphinx.errors import ExtensionError
from sphinx.util import logging

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent.parent
LIVE = "_static/live"
RUNTIME = f"{LIVE}/runtime/"
VIEW = ("view.js", "view.css")
WITHOUT_PYTHON = "The controls work in the notebook; this page shows the first picture."
EXERCISES_WITHOUT_PYTHON = (
    '<p class="dlcore-exercises__note">This copy of the book was built without Python for the page: '
    "do the exercises in the notebook, which the download button gives you.</p>"
)

_WIDGET = re.compile(r'<figure[^>]*\bclass="[^"]*\bdlcore-widget\b')
_LIVE_CELL = re.compile(r'<div[^>]*\bclass="[^"]*\btag_live\b')
_EXERCISE = re.compile(r'<div[^>]*\bclass="[^"]*\btag_exercise\b')
_NOTE = re.compile(r'(<p[^>]*\bclass="[^"]*\bdlcore-widget__note\b[^>]*>).*?(</p>)', re.DOTALL)


def vendor_folder(app):
    """The folder of the vendored files, or None where it is missing or was not finished."""
    folder = Path(app.confdir, app.config.live_vendor)
    return folder if (folder / "SHA256SUMS").exists() else None


def note_runtime(app, config):
    """Write down whether there is Python for the pages: when that changes all pages are written again."""
    config.live_has_python = vendor_folder(app) is not None


def add_scripts(app, pagename, templatename, context, doctree):
    body = context.get("body", "")
    if not (_WIDGET.search(body) or _LIVE_CELL.search(body)):
        return
    if not app.config.live_has_python:
        body = _NOTE.sub(rf"\g<1>{WITHOUT_PYTHON}\g<2>", body)
        if _EXERCISE.search(body):
            body = body.replace("</h1>", f"</h1>\n{EXERCISES_WITHOUT_PYTHON}", 1)
        context["body"] = body
        return
    runtime = context["pathto"](RUNTIME, 1)
    # Called while a page is made, these add to this page alone.
    app.add_js_file("live/start.js", defer="defer", **{"data-runtime": runtime})
    app.add_css_file("live/live.css")
    if _WIDGET.search(body):
        app.add_css_file("live/view.css")


def copy_runtime(app, exception):
    """Put the view and the runtime beside the pages."""
    if exception is not None or app.builder.format != "html":
        return
    target = Path(app.outdir, LIVE)
    if not app.config.live_has_python:
        shutil.rmtree(target, ignore_errors=True)
        return
    target.mkdir(parents=True, exist_ok=True)
    for name in VIEW:
        shutil.copyfile(ROOT / "dlcore/widgets/static" / name, target / name)
    try:
        packed = pack_runtime().pack(vendor_folder(app), Path(app.confdir, app.config.live_cache))
    except pack_runtime().PackError as error:
        raise ExtensionError(f"live_page: {error}") from error
    mirror(packed, Path(app.outdir, RUNTIME))


def mirror(source, target):
    """Make a folder the copy of another. Files with a hash in their name are copied once.

    Parameters
    ----------
    source, target : Path
    """
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    for path in [path for path in target.rglob("*") if path.is_file()]:
        if path.relative_to(target) not in wanted:
            path.unlink()
    for path in wanted:
        is_whole = (target / path).exists() and (target / path).stat().st_size == (
            source / path
        ).stat().st_size
        if not is_whole or path.name == "manifest.json":
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / path, target / path)
    for folder in sorted((path for path in target.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


@cache
def pack_runtime():
    """The module `tools/pack_runtime.py`."""
    sys.path.append(str(ROOT / "tools"))
    import pack_runtime

    return pack_runtime


def setup(app):
    app.add_config_value("live_vendor", "vendor/pyodide", "html", str)
    app.add_config_value("live_cache", "_build/.runtime", "", str)
    app.add_config_value("live_has_python", False, "html", bool)
    app.connect("config-inited", note_runtime)
    app.connect("html-page-context", add_scripts)
    app.connect("build-finished", copy_runtime)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
