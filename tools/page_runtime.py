"""Python's side of the worker that runs Python in a page (`book/_static/live/worker.js`).

Modules that a page rarely needs stand in archives of their own, which are fetched at the first import. The
worker calls `install` once and then `respond` and `run`.
"""

import ast
import importlib
import json
import os
import sys
import threading
from importlib.machinery import PathFinder

_BUILT_WITHOUT = {
    "torch": "PyTorch does not run in a page. Open the notebook to use it.",
    "dlcore.pytorch": "PyTorch does not run in a page. Open the notebook to use it.",
    "matplotlib": "This page was built without matplotlib. Open the notebook to plot.",
}


class LateFinder:
    """Finds what no other finder has found: modules in archives that are not there yet.

    Parameters
    ----------
    modules : dict
        Full name of a module -> name of its archive.
    fetch : callable
        ``fetch(archive)`` unpacks an archive where the other finders look; returns whether it could be
        fetched.
    """

    def __init__(self, modules, fetch):
        self.modules, self.fetch, self.fetched = modules, fetch, set()

    def archive_of(self, name):
        """The archive that has a module and was not fetched yet, or None."""
        archive = self.modules.get(name)
        return None if archive in self.fetched else archive

    def find_spec(self, name, path=None, target=None):
        archive = self.archive_of(name)
        if archive is not None:
            if not self.fetch(archive):
                raise ImportError(
                    f"{name} could not be loaded, because the connection broke. Try again.", name=name
                )
            self.arrived(archive)
            return PathFinder.find_spec(name, path)
        if name in _BUILT_WITHOUT and name not in self.modules:
            # With the module's own name `from dlcore import pytorch` would swallow the message.
            raise ModuleNotFoundError(_BUILT_WITHOUT[name], name=name.rpartition(".")[2])
        return None

    def arrived(self, archive):
        """Take note that an archive is unpacked."""
        self.fetched.add(archive)
        importlib.invalidate_caches()
        if archive == "matplotlib":
            threading.Timer.start = lambda self: None  # matplotlib starts one, and here are no threads

    def needed_by(self, code):
        """The archives not fetched yet that a cell's own import statements ask for, in order.

        Parameters
        ----------
        code : str

        Returns
        -------
        list of str
            Empty for code that is not Python: running it will say so.
        """
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError):
            return []
        names = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        parts = [name.split(".") for name in names]
        prefixes = [".".join(part[:length]) for part in parts for length in range(1, len(part) + 1)]
        archives = [self.archive_of(name) for name in prefixes]
        return [archive for archive in dict.fromkeys(archives) if archive is not None]


class Responder:
    """Answers the requests of views; makes each widget once."""

    def __init__(self):
        self._widgets = {}

    def respond(self, target, starts, request):
        """Answer a request.

        Parameters
        ----------
        target : str
            ``module:function``.
        starts, request : str
            JSON: the parameters of the call, and what `Widget.respond` takes.

        Returns
        -------
        text : str
            The reply as JSON, in which ``data`` of an array is [where its bytes start, how many there are].
        content : bytearray
            The bytes of all arrays, each starting at a multiple of 8.

        Raises
        ------
        MemoryError
            Every other error is a reply.
        """
        content = bytearray()

        def place(data):
            content.extend(bytes(-len(content) % 8))
            content.extend(data)
            return [len(content) - len(data), len(data)]

        request = json.loads(request)
        try:
            reply = self._widget(target, starts).respond(request)
            text = json.dumps(reply, default=place)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001, whatever a widget does wrong ends in its own place
            content.clear()
            message = f"{type(error).__name__}: {error}"
            text = json.dumps(
                {"id": request["id"], "parameters": request["parameters"], "scene": None, "error": message}
            )
        return text, content

    def _widget(self, target, starts):
        if (target, starts) not in self._widgets:
            module, _, function = target.partition(":")
            make = getattr(importlib.import_module(module), function)
            self._widgets[target, starts] = make(**json.loads(starts))
        return self._widgets[target, starts]


def install(late_modules, fetch):
    """Prepare this Python for the page.

    Parameters
    ----------
    late_modules : str
        JSON: full name of a module -> name of its archive.
    fetch : callable
        See `LateFinder`.

    Returns
    -------
    LateFinder
    """
    finder = LateFinder(json.loads(late_modules), fetch)
    sys.meta_path.append(finder)
    # The archive of matplotlib has the list of its fonts, which takes seconds to make.
    folder = os.path.join(os.path.dirname(__file__), "matplotlib", "mpl-data", "page-cache")
    os.environ |= {"MPLBACKEND": "agg", "MPLCONFIGDIR": folder}
    return finder


_responder = Responder()
respond = _responder.respond
_session = None


def run(code, write, setup="[]", kept=None, keep=None):
    """Run a live cell in the session that all cells of the page share.

    Parameters
    ----------
    code : str
    write : callable
        ``write(name, text)`` takes what is printed to "stdout" and "stderr".
    setup : str
        JSON: a list of code that must have run before.
    kept : str, optional
        On a page with exercises, what the browser keeps of them.
    keep : callable, optional
        ``keep(text)`` lets the browser keep a text.

    Returns
    -------
    str
        JSON: what `dlcore.live.Session.run` returned.
    """
    global _session
    if _session is None:
        from dlcore.live import Session

        _session = Session()
    setup = json.loads(setup)
    if keep is not None and any("exercises" in text for text in (code, *setup)):
        _keep_records(kept, keep)
    return json.dumps(_session.run(code, write, setup))


def _keep_records(kept, keep):
    """Let the browser keep what is tried and solved. Called at each run: another tab may have solved something."""
    try:
        from dlcore.exercises import memory
    except ImportError:  # the connection broke, and the import in the cell tells so
        return
    memory.keep(kept, keep)
