"""Compares what an answer gave with what was expected, part by part, and puts a difference into words."""

import numbers
from collections.abc import Coroutine, Generator
from dataclasses import dataclass

import numpy as np

__all__ = ["Difference", "agree", "find_difference", "general_mistake"]


@dataclass(frozen=True)
class Difference:
    """The first part of a result that differs.

    Attributes
    ----------
    problem : str
        In one sentence, without the expected numbers.
    detail : str
        The first number that differs, with the expected one; "" where there is none.
    name : str
        Of the part, where the result has several.
    right : tuple of str
        The names of the parts before it.
    expected, got : object
    differs : array of bool or None
        Where the two differ, if both are arrays of one shape.
    """

    problem: str
    detail: str = ""
    name: str = ""
    right: tuple = ()
    expected: object = None
    got: object = None
    differs: np.ndarray | None = None


def find_difference(expected, got, tolerance, names=()):
    """Return the first `Difference` between two results, or None where they agree.

    Parameters
    ----------
    expected, got : object
        Numbers, arrays, or tuples or dicts of these.
    tolerance : float
        Relative to the largest expected number of a part.
    names : sequence of str
        Of the parts of a tuple.

    Returns
    -------
    Difference or None
    """
    if got is None:
        return Difference("It returned None. Is a return missing?")
    if isinstance(expected, dict):
        if not isinstance(got, dict) or set(got) != set(expected):
            given = f"a dict with {', '.join(map(repr, got))}" if isinstance(got, dict) else kind(got)
            return Difference(f"Expected a dict with {', '.join(map(repr, expected))}, got {given}.", got=got)
        names, expected, got = tuple(expected), tuple(expected.values()), [got[name] for name in expected]
    if isinstance(expected, tuple):
        if not isinstance(got, tuple | list) or len(got) != len(expected):
            listed = f" ({', '.join(names)})" if names else ""
            return Difference(f"Expected {len(expected)} values{listed}, got {kind(got)}.", got=got)
        names = names or [f"value {number} of {len(expected)}" for number in range(1, len(expected) + 1)]
        for number, pair in enumerate(zip(expected, got)):
            if (found := _one(*pair, tolerance)) is not None:
                problem = f"{names[number]}: {found.problem}"
                return Difference(
                    **(
                        vars(found)
                        | {"problem": problem, "name": names[number], "right": tuple(names[:number])}
                    )
                )
        return None
    return _one(expected, got, tolerance)


def _one(expected, got, tolerance):
    """The difference between two single parts."""
    if got is None:
        return Difference("None. Is something missing?")
    both = {"expected": expected, "got": got}
    array, reference = _as_numbers(got), np.asarray(expected)
    if array is None:
        return Difference(f"Expected {kind(expected)}, got {kind(got)}.", **both)
    if isinstance(expected, np.ndarray) and expected.ndim and not isinstance(got, np.ndarray):
        advice = " numpy.array makes one of it." if isinstance(got, list) else ""
        return Difference(f"Expected an array, got {kind(got)}.{advice}", **both)
    if array.shape != reference.shape:
        asked = f"shape {reference.shape}" if reference.ndim else "one number"
        given = f"{array.shape}" if reference.ndim else f"an array of shape {array.shape}"
        return Difference(f"Expected {asked}, got {given}.", **both)
    if agree(reference, array, tolerance):
        return None
    if not array.ndim:
        return Difference(
            f"{_number(array)} is not right.", f"Expected {_number(reference)}, got {_number(array)}.", **both
        )
    differs = ~np.isclose(array, reference, rtol=0, atol=_margin(reference, tolerance), equal_nan=True)
    place = tuple(int(index) for index in np.argwhere(differs)[0])
    if np.isnan(array).any() and not np.isnan(reference).any():
        return Difference(
            f"{np.isnan(array).sum()} of {array.size} numbers are NaN.", **both, differs=differs
        )
    return Difference(
        f"{differs.sum()} of {array.size} numbers differ." if array.size > 1 else "The number differs.",
        f"The first, at {list(place)}, should be {_number(reference[place])} and is {_number(array[place])}.",
        **both,
        differs=differs,
    )


def _number(value):
    value = value.item()
    return f"{value:.6g}" if isinstance(value, float | complex) else str(value)


def _as_numbers(value):
    """A value as an array of numbers; None where it is none."""
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array if array.dtype.kind in "fiubc" else None


def agree(expected, got, tolerance):
    """Whether two results are the same within a tolerance."""
    if isinstance(expected, dict):
        return (
            isinstance(got, dict)
            and set(got) == set(expected)
            and all(agree(expected[name], got[name], tolerance) for name in expected)
        )
    if isinstance(expected, tuple):
        return (
            isinstance(got, tuple | list)
            and len(got) == len(expected)
            and all(agree(*pair, tolerance) for pair in zip(expected, got))
        )
    first, second = _as_numbers(expected), _as_numbers(got)
    if first is None or second is None:
        try:
            return bool(expected == got)
        except Exception:  # noqa: BLE001, an object of a student's own may compare as it likes
            return False
    return first.shape == second.shape and np.allclose(
        second, first, rtol=0, atol=_margin(first, tolerance), equal_nan=True
    )


def _margin(reference, tolerance):
    finite = np.abs(reference[np.isfinite(reference)])
    return tolerance * max(1.0, float(finite.max()) if finite.size else 1.0)


def general_mistake(expected, got, tolerance):
    """Name what can go wrong in any exercise, from one expected and one wrong part.

    Returns
    -------
    name, advice : str
        Empty where it is nothing known.
    """
    if not isinstance(expected, np.ndarray | numbers.Number) or _as_numbers(got) is None:
        return "", ""
    expected, got = np.asarray(expected), np.asarray(got)
    if expected.ndim >= 2 and got.shape == expected.shape[::-1] and agree(expected.T, got, tolerance):
        return "axes exchanged", "Every number is right, and stands in the transposed place."
    if got.shape != expected.shape or not expected.any() or agree(expected, got, tolerance):
        return "", ""
    if agree(-expected.astype(float), got, tolerance):
        return "sign", "Every number has the wrong sign."
    for axis in range(expected.ndim):
        if expected.shape[axis] > 1 and agree(np.flip(expected, axis), got, tolerance):
            return "order reversed", f"The numbers are right, and run backwards along axis {axis}."
    if got.dtype.kind in "iu" and np.isfinite(expected).all() and np.array_equal(np.trunc(expected), got):
        return (
            "cut to integers",
            "The digits after the point are gone. Which type has the array that you write into?",
        )
    is_large = np.abs(expected) > 1e-6 * np.abs(expected).max()
    ratios = got[is_large] / expected[is_large]
    if (
        ratios.size > 1
        and np.isfinite(ratios[0])
        and ratios[0]
        and agree(expected * ratios[0], got, tolerance)
    ):
        return "constant factor", f"Every number is {ratios[0]:.4g} times the right one."
    return "", ""


def kind(value):
    """What a value is, in a few words."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    if isinstance(value, dict):
        return f"a dict of {len(value)} values"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)} values"
    if isinstance(value, Generator | Coroutine):
        return f"a {type(value).__name__}, as a function with yield or async gives it"
    return f"{_text(value)} ({type(value).__name__})"


def _text(value):
    try:
        return f"{value!r:.60}"
    except Exception:  # noqa: BLE001, an object of a student's own may have a broken repr
        return "an object that cannot be shown"
