"""Runs the code of the page's live cells, as a notebook would.

A page's worker keeps one `Session`; its cells share their names::

    session = Session()
    result = session.run("import numpy as np\\nnp.ones(3)")
    result["output"]    # [{"text": "array([1., 1., 1.])", "after": 0}]

Asks for NumPy alone. Figures need matplotlib, which is imported when a cell uses it.
"""

import ast
import builtins
import contextlib
import io
import json
import linecache
import os
import re
import sys
import tokenize
import traceback
from types import ModuleType

__all__ = ["Session", "current"]

TEXT_LIMIT = 100_000
"""The most characters of text that one run of a cell may write."""

HTML_LIMIT = 4_000_000
"""The most characters of one HTML output, such as a figure."""

_BACKEND = "module://dlcore._live_figures"

_NOTHING = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)

# What only a notebook understands: %timeit, !ls, files = !ls, len?
_NOTEBOOK_LINE = re.compile(r"\s*[%!?]|[\w\s,]+=\s*[%!]|[\w.]+\?+\s*$")

_SETUP = "<set-up"
_IN_SETUP = "That was in the code that the page runs before yours, so your own has not run."

_sessions = []


def current():
    """Return the session whose cell is running, or None."""
    return _sessions[-1] if _sessions else None


class Session:
    """The names of the cells that have run, and the means to run another.

    Attributes
    ----------
    namespace : dict
        The names, as in ``__main__`` of a notebook.
    """

    def __init__(self):
        self._module = ModuleType("__main__")
        self.namespace = self._module.__dict__
        self.namespace["display"] = self.display
        self._runs = 0
        self._files = set()
        self._prepared = set()
        self._output = []
        self._written = _Written(_ignore)
        # The same in every run: loggers, for one, keep the stream that they find first.
        self._streams = {name: _Stream(name, self) for name in ("stdout", "stderr")}

    def run(self, code, write=None, setup=()):
        """Run a cell.

        Parameters
        ----------
        code : str
        write : callable, optional
            ``write(name, text)`` takes what the cell writes, line by line while it runs; `name` is "stdout" or "stderr".
        setup : sequence of str
            Code of the page that must have run before. Each text runs once in a session, and again if it failed.

        Returns
        -------
        dict
            ``output``: what the cell shows, in order, each ``{"text": ...}``, ``{"html": ...}``, ``{"svg": ...}`` or
            ``{"widget": {"declaration": ..., "reply": ...}}``, and ``"after"``: how many characters (UTF-16 units, as
            JavaScript counts) the cell had written before. ``error``: None, or the exception's ``name`` and
            ``message``, the ``line`` of the cell (from 1; None if unknown) and the ``traceback``, which leaves out
            whatever is not a cell's code.
        """
        self._runs += 1
        file = self._file(f"<cell, run {self._runs}>", code)
        self._output = []
        self._written = _Written(write or _ignore)
        self.namespace.pop("__warningregistry__", None)  # a cell that runs again warns again
        error = None
        is_prepared = False
        with self._installed():
            try:
                self._prepare(setup)
                is_prepared = True
                self._execute(code, file)
                self.show_figures()
            except BaseException as exception:  # noqa: BLE001, whatever a reader's code raises is told to the reader
                error = self._describe(exception, file)
                if not is_prepared:
                    error |= {"message": f"{error['message']}\n{_IN_SETUP}", "line": None}
                self._close_figures()
            self._flush()
            self._written.finish()
        return {"output": self._output, "error": error}

    def display(self, *values):
        """Show values as a cell shows its last expression. Cells know it as ``display``."""
        for value in values:
            self._add(**_representation(value))

    def show(self, svg, alt):
        """Show a figure that is SVG text already; its text alternative instead, where the SVG is too large."""
        self._add(**_drawn(svg, alt))

    def show_figures(self):
        """Show the figures that pyplot holds open, in order, and close them."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        from dlcore import _live_figures

        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            pyplot.close(figure)
            self.show(*_live_figures.picture(figure))

    def write(self, name, text):
        """Pass on what the running cell writes to the stream `name`."""
        self._written.put(name, text)

    def _flush(self):
        for stream in self._streams.values():
            stream.flush()

    def _add(self, **output):
        self._flush()
        self._output.append(output | {"after": self._written.units})

    def _file(self, name, code):
        """Give code the name of a file, where tracebacks, warnings and `inspect.getsource` find it."""
        self._files.add(name)
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        return name

    def _prepare(self, setup):
        for number, code in enumerate(setup, 1):
            if code not in self._prepared:
                file = self._file(f"{_SETUP} {number}, run {self._runs}>", code)
                exec(compile(code, file, "exec"), self.namespace)  # noqa: S102
                self._prepared.add(code)

    def _execute(self, code, file):
        tree = ast.parse(code, file)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not _ends_with_semicolon(code):
            last = ast.Expression(tree.body.pop().value)
        exec(compile(tree, file, "exec"), self.namespace)  # noqa: S102
        if last is not None:
            value = eval(compile(last, file, "eval"), self.namespace)
            if value is not None:
                self.namespace["_"] = value
                self.display(value)

    @contextlib.contextmanager
    def _installed(self):
        """Let the running code find this session where Python looks for output, input and figures."""
        main, ask, stop = sys.modules.get("__main__"), builtins.input, sys.breakpointhook
        backend = os.environ.get("MPLBACKEND")
        out, err = self._streams["stdout"], self._streams["stderr"]
        _sessions.append(self)
        sys.modules["__main__"], builtins.input, sys.breakpointhook = self._module, _no_input, _no_breakpoint
        os.environ["MPLBACKEND"] = _BACKEND
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                yield
        finally:
            _sessions.pop()
            sys.modules["__main__"], builtins.input, sys.breakpointhook = main, ask, stop
            if backend is None:
                del os.environ["MPLBACKEND"]
            else:
                os.environ["MPLBACKEND"] = backend

    def _close_figures(self):
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")

    def _describe(self, exception, file):
        """Return what the reader is told about an exception."""
        name, message = type(exception).__name__, _message(exception)
        if isinstance(exception, SyntaxError) and exception.filename == file:
            line, frames = exception.lineno, _marked(exception)
        else:
            own = self._frames(exception)
            line = next((frame.lineno for frame in reversed(own) if frame.filename == file), None)
            frames = _shortened([_place(frame, file) for frame in own]) or [
                "when the cell's output was drawn"
            ]
            for word, behind in _behind(exception):
                # What a library caught by itself is none of the reader's business.
                if places := [_place(frame, file) for frame in self._frames(behind)]:
                    frames += [f"{word} {type(behind).__name__}: {_message(behind)}", *_shortened(places)]
        return {"name": name, "message": message, "line": line, "traceback": "\n".join(frames)}

    def _frames(self, exception):
        """Return where an exception passed through the code of cells."""
        frames = traceback.extract_tb(exception.__traceback__)
        return [frame for frame in frames if frame.filename in self._files]


# ---- values ----------------------------------------------------------------------------------------------------------


def _representation(value):
    """Return how a value is shown: a widget, a figure, HTML, or text."""
    if (widget := _widget(value)) is not None:
        return {"widget": widget}
    figures = sys.modules.get("matplotlib.figure")
    if figures is not None and isinstance(value, figures.Figure):
        from dlcore import _live_figures

        _live_figures.forget(value)
        return _drawn(*_live_figures.picture(value))
    for kind, method in (("html", "_repr_html_"), ("svg", "_repr_svg_")):
        # A class has the method, too, but has no HTML of its own.
        if not isinstance(value, type) and callable(getattr(value, method, None)):
            content = getattr(value, method)()
            if isinstance(content, str) and len(content) <= HTML_LIMIT:
                return {kind: content}
    if not isinstance(value, type) and callable(getattr(value, "_repr_mimebundle_", None)):
        bundle = value._repr_mimebundle_()
        bundle = bundle[0] if isinstance(bundle, tuple) and bundle else bundle
        content = bundle.get("text/html") if isinstance(bundle, dict) else None
        if isinstance(content, str) and 0 < len(content) <= HTML_LIMIT:
            return {"html": content}
    return {"text": _cut(repr(value))}


def _widget(value):
    """Return what a page must know to make a widget of this book live, or None if `value` is none."""
    module = sys.modules.get("dlcore.widgets.widget")
    if module is None or not isinstance(value, module.Widget):
        return None
    from dlcore.widgets.scene import encode_as_text

    declaration = value.declaration
    # Python finds a widget again by the name of its module; a widget made in a cell has none.
    if not declaration["id"].startswith("dlcore.widgets."):
        return None
    content = {"declaration": declaration, "reply": value.first_reply(encode_as_text)}
    return json.loads(json.dumps(content, allow_nan=False))


def _drawn(svg, alt):
    if len(svg) <= HTML_LIMIT:
        return {"svg": svg}
    return {"text": f"{alt}\n[the picture has {len(svg):,} characters, which is too much for the page]"}


def _cut(text):
    rest = len(text) - TEXT_LIMIT
    return text if rest <= 0 else f"{text[:TEXT_LIMIT]}\n[{rest:,} more characters are left out]"


def _ends_with_semicolon(code):
    """Whether the last thing before comments is a semicolon, which hides the value."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    last = [token for token in tokens if token.type not in _NOTHING][-1:]
    return bool(last) and last[0].string == ";"


# ---- errors ----------------------------------------------------------------------------------------------------------


def _message(exception):
    """Return an exception's message, and advice where the page differs from a notebook."""
    if isinstance(exception, SystemExit):
        return "exit() ends a program. A cell ends after its last line, so leave the call out."
    if isinstance(exception, SyntaxError):
        message = exception.msg
        if _NOTEBOOK_LINE.match(exception.text or ""):
            message += ". Commands with %, ! or ? work in a notebook, not in a page."
        elif "async" in message or "await" in message:
            message += ". In a page these words work inside of async functions alone."
        return message
    try:
        message = str(exception)
    except Exception:  # noqa: BLE001, a message that cannot be made
        message = "(its message cannot be shown)"
    if isinstance(exception, KeyError) and len(exception.args) == 1:
        message = f"there is no key {message}"
    if message.startswith("No module named") and sys.platform == "emscripten":
        message += ". In the page there are Python's own modules, NumPy, matplotlib and dlcore on NumPy."
    if isinstance(exception, NameError) and "is not defined" in message:
        message += ". If an earlier cell defines it, run that cell first."
    if isinstance(exception, MemoryError):
        message = (message + ". " if message else "") + "Python has no memory left for that."
    parts = [f"{type(part).__name__}: {_message(part)}" for part in getattr(exception, "exceptions", ())]
    return "\n".join([message, *map(str, getattr(exception, "__notes__", [])), *parts])


def _behind(exception, most=5):
    """Yield how and which exceptions led to this one, the nearest first, as Python's traceback tells of them."""
    for _ in range(most):
        if exception.__cause__ is not None:
            word, exception = "because of", exception.__cause__
        elif exception.__context__ is not None and not exception.__suppress_context__:
            word, exception = "while handling", exception.__context__
        else:
            return
        yield word, exception


def _marked(error):
    """Return the line of a syntax error, with a mark below the place."""
    if error.lineno is None:
        return []
    # Only the parser hands the text over, the compiler does not.
    text = (error.text or linecache.getline(error.filename, error.lineno)).rstrip("\n")
    if not text:
        return [f"line {error.lineno}"]
    column = (error.offset or 1) - 1 - (len(text) - len(text.lstrip()))
    return [f"line {error.lineno}", f"    {text.lstrip()}", f"    {' ' * max(column, 0)}^"]


def _place(frame, file):
    """Return where a frame is, with its line of code."""
    where = f"line {frame.lineno}"
    if frame.filename.startswith(_SETUP):
        where += " of the page's set-up"
    elif frame.filename != file:
        where += " of a cell that ran before"
    if frame.name != "<module>":
        where += f", in {frame.name}"
    return f"{where}\n    {frame.line}" if frame.line else where


def _shortened(places, most=6):
    """Return the first and the last of many places, as deep recursion leaves them."""
    if len(places) <= most:
        return places
    half = most // 2
    return [*places[:half], f"... and {len(places) - 2 * half:,} more ...", *places[-half:]]


def _no_breakpoint(*arguments, **options):
    raise RuntimeError("breakpoint() cannot stop a cell in a page. Print what you want to see instead.")


def _no_input(prompt=""):
    raise RuntimeError("input() cannot ask for text in a page. Write the value into the code instead.")


# ---- what a cell writes ----------------------------------------------------------------------------------------------


class _Written:
    """Counts what a cell writes, passes it on, and leaves out what is too much."""

    def __init__(self, write):
        self._write = write
        self._left_out = 0
        self.units = 0

    def put(self, name, text):
        kept = text[: max(TEXT_LIMIT - self.units, 0)]
        self._left_out += len(text) - len(kept)
        if kept:
            self._pass_on(name, kept)

    def finish(self):
        if self._left_out:
            self._pass_on("stderr", f"\n[{self._left_out:,} more characters are left out]\n")

    def _pass_on(self, name, text):
        self._write(name, text)
        self.units += len(text.encode("utf-16-le", "surrogatepass")) // 2


class _Stream(io.TextIOBase):
    """Standard output or standard error of a session's cells, line by line."""

    encoding = "utf-8"

    def __init__(self, name, session):
        self._name, self._session, self._line = name, session, []

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write: expected a string, got {type(text).__name__}")
        # Every message to the page costs time, so a line goes as one.
        self._line.append(text)
        if "\n" in text:
            self.flush()
        return len(text)

    def flush(self):
        text, self._line = "".join(self._line), []
        if text:
            self._session.write(self._name, text)


def _ignore(name, text):
    pass
