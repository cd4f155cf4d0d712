"""Runs an answer on one case, whatever it does: raises, returns nonsense, changes its input, or never ends."""

import contextlib
import copy
import io
import sys
import time
import traceback
from dataclasses import dataclass

import numpy as np

__all__ = ["Outcome", "attempt"]


class _TimeIsUp(BaseException):
    """Raised inside an answer; an answer's own ``except Exception`` must not stop it."""


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
    timed_out : bool
    changed : int or None
        The first argument that it changed, counted from 0.
    """

    value: object = None
    error: BaseException | None = None
    line: int | None = None
    timed_out: bool = False
    changed: int | None = None


def attempt(function, arguments, seconds):
    """Call a function on copies of arguments.

    A clock is looked at on every line of Python that the call runs, so that an endless loop is ended without signals,
    threads or processes, which a browser does not have. A single call into NumPy is not interrupted.

    Parameters
    ----------
    function : callable
    arguments : tuple
    seconds : float
        After so long the call is ended.

    Returns
    -------
    Outcome
    """
    given = copy.deepcopy(arguments)
    deadline = time.perf_counter() + seconds

    def watch(frame, event, argument):
        if time.perf_counter() > deadline:
            raise _TimeIsUp
        return watch

    before = sys.gettrace()
    try:
        # What an answer prints is for its author, and not repeated once for each case.
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            sys.settrace(watch)
            try:
                value = function(*given)
            finally:
                sys.settrace(before)
    except _TimeIsUp:
        return Outcome(timed_out=True)
    except (Exception, SystemExit) as error:  # noqa: BLE001, whatever it was is the answer's, and told
        return Outcome(error=error, line=_line(error, function))
    changed = next((n for n, pair in enumerate(zip(arguments, given)) if not _same(*pair)), None)
    return Outcome(value=value, changed=changed)


def _line(error, function):
    """The last line of the answer's own file that the error went through."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    return lines[-1] if lines else None


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
