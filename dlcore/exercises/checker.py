"""Tries an answer on every case and says in words what came of it."""

import inspect
import numbers
import time

import numpy as np

from dlcore.exercises.answer import Answer
from dlcore.exercises.trial import attempt

__all__ = ["judge"]

_SECONDS = 5


def judge(exercise, function, seconds=_SECONDS, seed=0):
    """Compare an answer with the reference of its exercise.

    Parameters
    ----------
    exercise : Exercise
    function : object
        What the student hands in; anything at all.
    seconds : float
        For all cases together; a call that is running then is ended.
    seed : int
        Of the cases.

    Returns
    -------
    Answer
    """
    if not callable(function):
        return Answer(
            exercise.id,
            problem=f"Expected a function of ({', '.join(exercise.parameters)}), got {_kind(function)}.",
            advice="Hand in the function itself, without calling it.",
        )
    if (own := _refused(function, len(exercise.parameters))) is not None:
        return Answer(
            exercise.id,
            problem=f"Expected a function of ({', '.join(exercise.parameters)}), got one of {own}.",
        )
    cases = exercise.cases(seed)
    outcomes = []
    deadline = time.perf_counter() + seconds
    for number, arguments in enumerate(cases):
        outcome = attempt(function, arguments, deadline - time.perf_counter())
        outcomes.append(outcome)
        problem = _problem(exercise, arguments, outcome)
        if problem is not None:
            break
    else:
        return Answer(exercise.id, right=len(cases), total=len(cases))
    answer = Answer(
        exercise.id,
        right=number,
        total=len(cases),
        problem=problem,
        arguments=dict(zip(exercise.parameters, arguments)),
    )
    if outcome.timed_out or outcome.error is not None or outcome.changed is not None:
        return answer
    expected = exercise.reference(*arguments)
    answer = answer.with_values(expected, outcome.value, _wrong(expected, outcome.value, exercise.tolerance))
    # The remaining cases tell mistakes apart that agree on the first one.
    outcomes += [attempt(function, rest, deadline - time.perf_counter()) for rest in cases[len(outcomes) :]]
    mistake = _mistake(exercise, cases, outcomes, seconds)
    if mistake is not None:
        return answer.with_advice(mistake.name, mistake.advice)
    return answer.with_advice(*_general_mistake(answer.expected, answer.got, exercise.tolerance))


def _refused(function, count):
    """The parameters of a function that cannot be called with so many arguments; None where it can."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C do not say
        return None
    try:
        signature.bind(*range(count))
    except TypeError:
        return str(signature)
    return None


def _problem(exercise, arguments, outcome):
    """What is wrong with an outcome, in one sentence; None where it is right."""
    if outcome.timed_out:
        return "It was still running when its time was over. Does a loop never end?"
    if isinstance(outcome.error, NotImplementedError):
        return "Nothing is written yet."
    if outcome.error is not None:
        where = f" in line {outcome.line}" if outcome.line else ""
        said = f": {outcome.error}" if str(outcome.error) else "."
        return f"It raised {type(outcome.error).__name__}{where}{said}"
    if outcome.changed is not None:
        return (
            f"It changed its argument {exercise.parameters[outcome.changed]}. "
            "Whoever calls it still needs that array: work on a copy."
        )
    return _difference(exercise.reference(*arguments), outcome.value, exercise.tolerance)


def _difference(expected, got, tolerance):
    """How a value differs from the expected one, in one sentence; None where it does not."""
    if got is None:
        return "It returned None. Is a return missing?"
    if isinstance(expected, tuple):
        if not isinstance(got, tuple | list) or len(got) != len(expected):
            return f"Expected {len(expected)} values, got {_kind(got)}."
        for number, pair in enumerate(zip(expected, got), 1):
            if (problem := _difference(*pair, tolerance)) is not None:
                return f"Value {number} of {len(expected)}: {problem}"
        return None
    try:
        array = np.asarray(got)
    except ValueError:
        array = None
    if array is None or array.dtype.kind not in "fiubc":
        return f"Expected {_kind(expected)}, got {_kind(got)}."
    reference = np.asarray(expected)
    if isinstance(expected, np.ndarray) and not isinstance(got, np.ndarray):
        return f"Expected an array, got {_kind(got)}."
    if array.shape != reference.shape:
        return f"Expected shape {reference.shape}, got {array.shape}."
    if _agree(reference, array, tolerance):
        return None
    if np.isnan(array).any() and not np.isnan(reference).any():
        return f"{int(np.isnan(array).sum())} of {array.size} numbers are NaN."
    wrong = _wrong(reference, array, tolerance)
    place = tuple(int(index) for index in np.argwhere(wrong)[0])
    at = f"at {list(place)} " if place else ""
    return (
        f"{int(wrong.sum())} of {array.size} numbers differ; the first {at}"
        f"should be {reference[place]:.6g} and is {array[place]:.6g}."
        if array.size > 1
        else f"Expected {reference.item():.6g}, got {array.item():.6g}."
    )


def _wrong(reference, array, tolerance):
    """Where two arrays of one shape differ; None where they cannot be laid over each other."""
    if not all(isinstance(one, np.ndarray) and one.dtype.kind in "fiubc" for one in (reference, array)):
        return None
    if array.shape != reference.shape:
        return None
    return ~np.isclose(array, reference, rtol=0, atol=_margin(reference, tolerance), equal_nan=True)


def _agree(first, second, tolerance):
    if isinstance(first, tuple):
        return (
            isinstance(second, tuple | list)
            and len(first) == len(second)
            and all(_agree(*pair, tolerance) for pair in zip(first, second))
        )
    try:
        first, second = np.asarray(first), np.asarray(second)
    except ValueError:
        return False
    if first.shape != second.shape or second.dtype.kind not in "fiubc" or first.dtype.kind not in "fiubc":
        return False
    return np.allclose(second, first, rtol=0, atol=_margin(first, tolerance), equal_nan=True)


def _margin(reference, tolerance):
    finite = np.abs(reference[np.isfinite(reference)]) if reference.size else reference
    return tolerance * max(1.0, float(finite.max()) if finite.size else 1.0)


def _mistake(exercise, cases, outcomes, seconds):
    """The declared mistake that computes what the answer computed, on every case; None where there is none."""
    for mistake in exercise.mistakes:
        pairs = [(attempt(mistake.function, case, seconds), got) for case, got in zip(cases, outcomes)]
        if all(_alike(*pair, exercise.tolerance) for pair in pairs):
            return mistake
    return None


def _alike(first, second, tolerance):
    if first.error is not None or second.error is not None:
        return type(first.error) is type(second.error)
    return first.timed_out == second.timed_out and _agree(first.value, second.value, tolerance)


def _general_mistake(expected, got, tolerance):
    """A name and advice for what goes wrong in any exercise, from one expected and one wrong array."""
    if not all(isinstance(one, np.ndarray | numbers.Number) for one in (expected, got)):
        return "", ""
    if np.asarray(got).dtype.kind not in "fiubc":
        return "", ""
    expected, got = np.asarray(expected, float), np.asarray(got)
    if expected.ndim >= 2 and got.shape == expected.shape[::-1] and _agree(expected.T, got, tolerance):
        return "axes exchanged", "Every number is right, and stands in the transposed place."
    if got.shape != expected.shape or not expected.any():
        return "", ""
    if _agree(-expected, got, tolerance):
        return "sign", "Every number has the wrong sign."
    for axis in range(expected.ndim):
        if expected.shape[axis] > 1 and _agree(np.flip(expected, axis), got, tolerance):
            return "order reversed", f"The numbers are right, and run backwards along axis {axis}."
    is_large = np.abs(expected) > 1e-6 * np.abs(expected).max()
    ratios = got[is_large] / expected[is_large]
    if ratios.size > 1 and ratios[0] and np.allclose(ratios, ratios[0], rtol=tolerance):
        return "constant factor", f"Every number is {ratios[0]:.4g} times the right one."
    return "", ""


def _kind(value):
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value)} values"
    return f"{value!r:.60} ({type(value).__name__})"
