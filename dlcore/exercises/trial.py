"""Runs an answer on one case, whatever it does: raises, returns nonsense, changes its input, or never ends."""

import contextlib
import copy
import inspect
import io
import sys
import textwrap
import time
import traceback
import warnings
from dataclasses import dataclass
from importlib import import_module

import numpy as np

__all__ = ["Outcome", "attempt"]


_LONGEST_LINE = 80


class _Ended(BaseException):
    """Raised inside an answer; an answer's own ``except Exception`` must not stop it.

    Python takes a trace function away that raises. So where an answer swallows this, the end of its handler, which
    deletes the exception, has the answer watched again.
    """

    def __init__(self, watch_again):
        super().__init__()
        self._watch_again = watch_again

    def __del__(self):
        self._watch_again(sys._getframe(1))


@dataclass(frozen=True)
class Outcome:
    """What came of calling an answer.

    Attributes
    ----------
    value : object
        What it returned; None where it did not return.
    error : BaseException or None
        What it raised.
    line : int or None
        The line of the answer's own code where it raised.
    code : str
        That line.
    timed_out : bool
    changed : int or None
        The first argument that it changed, counted from 0.
    refused : str
        What it called although it should do without; "" where it did not.
    """

    value: object = None
    error: BaseException | None = None
    line: int | None = None
    code: str = ""
    timed_out: bool = False
    changed: int | None = None
    refused: str = ""


def attempt(function, arguments, seconds, *, use=None, refuses=()):
    """Call a function on copies of arguments.

    A clock is looked at on every line of Python that the call runs, so that an endless loop is ended without signals,
    threads or processes, which a browser does not have. A single call into NumPy is not interrupted.

    Parameters
    ----------
    function : callable
    arguments : tuple
    seconds : float
        After so long the call is ended.
    use : callable, optional
        ``use(function, *arguments)`` in place of the plain call.
    refuses : sequence of str
        Modules and functions of Python, by their dotted names, at whose call the function is ended.

    Returns
    -------
    Outcome
    """
    given = copy.deepcopy(arguments)
    deadline = time.perf_counter() + seconds
    codes, modules = _code_of(refuses)
    refused = ""
    is_running = True

    def watch_again(frame):
        if is_running:
            sys.settrace(watch)
            while frame is not None and frame.f_code is not attempt.__code__:
                frame.f_trace = watch
                frame = frame.f_back

    def watch(frame, event, argument):
        nonlocal refused
        if event == "call" and refuses and not refused:
            module = frame.f_globals.get("__name__", "")
            refused = codes.get(frame.f_code) or next(
                (name for name in modules if module == name or module.startswith(f"{name}.")), ""
            )
        if refused or time.perf_counter() > deadline:
            raise _Ended(watch_again)
        return watch

    before = sys.gettrace()
    try:
        # What an answer prints is for its author, and not repeated once for each case. To nbgrader any text on
        # standard error, a warning's too, is a failed test.
        silent = io.StringIO()
        with (
            contextlib.redirect_stdout(silent),
            contextlib.redirect_stderr(silent),
            warnings.catch_warnings(action="ignore"),
            np.errstate(all="ignore"),
        ):
            sys.settrace(watch)
            try:
                value = function(*given) if use is None else use(function, *given)
            finally:
                is_running = False
                sys.settrace(before)
    except _Ended:
        return Outcome(timed_out=not refused, refused=refused)
    except (Exception, SystemExit) as error:  # noqa: BLE001, whatever it was is the answer's, and told
        line, code = _place(error, function)
        return Outcome(error=error, line=line, code=code, refused=refused)
    changed = next((n for n, pair in enumerate(zip(arguments, given)) if not _same(*pair)), None)
    return Outcome(value=value, changed=changed, refused=refused)


def _code_of(names):
    """The code objects of functions and the names of modules among dotted names."""
    codes, modules = {}, []
    for name in names:
        module, _, attribute = name.rpartition(".")
        # A submodule is not imported for this: that may take seconds, and it may be missing here.
        function = getattr(import_module(module), attribute, None) if module else None
        code = getattr(inspect.unwrap(function), "__code__", None) if function is not None else None
        if code is None:
            modules.append(name)
        else:
            codes[code] = name
    return codes, modules


def _place(error, function):
    """The last line of the answer's own file that the error went through, by number and as written."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    return (
        (frames[-1].lineno, textwrap.shorten(frames[-1].line or "", _LONGEST_LINE)) if frames else (None, "")
    )


def _same(first, second):
    if isinstance(first, np.ndarray):
        return (
            isinstance(second, np.ndarray)
            and first.dtype == second.dtype
            and np.array_equal(first, second, equal_nan=first.dtype.kind in "fc")
        )
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(_same, first, second))
    return first == second
