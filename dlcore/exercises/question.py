"""Questions with several parts: each part is judged by itself, and its typical wrong values are known.

A topic's file states the right values and, for each mistake, what it makes of each part::

    @question(
        "sizes",
        asked="a number",
        hints=("How many windows fit?",),
        mistakes={"padding ignored": ("Where do the zeros go?", {"same": [3], "full": [3]})},
    )
    def sizes():
        return {"same": 5, "full": 7, "valid": 3}

An answer is a function that returns such a dict. It is never told what is right.
"""

import numpy as np

from dlcore.exercises.comparison import kind
from dlcore.exercises.exercise import Exercise

__all__ = ["question"]


def question(name, *, asked, hints, mistakes, parts=(), tolerance=1e-6):
    """Turn a function that returns the right values into an `Exercise`. A decorator.

    Parameters
    ----------
    name : str
        The part of the exercise's id after the topic.
    asked : str
        What each entry of the answer is to be: "a list of numbers".
    hints : sequence of str
        Up to three, each saying more than the one before.
    mistakes : dict
        From the name of a mistake to its advice and to a dict: from the key of an entry to the wrong values that the
        mistake makes of it.
    parts : sequence of str
        The names of the numbers of an entry, where each has one: ("width", "height").
    tolerance : float
        How far a number may be from the right one.

    Returns
    -------
    callable
    """

    def declare(reference):
        right = reference()

        def accepts(value):
            return _judge(value, right, mistakes, asked, parts, tolerance)

        exercise = Exercise(name, reference, hints=hints, accepts=accepts)
        for mistake, (advice, entries) in mistakes.items():
            answer = right | {key: values[0] for key, values in entries.items()}
            exercise.mistake(mistake, advice)(lambda answer=answer: answer)
        return exercise

    return declare


def _judge(value, right, mistakes, asked, parts, tolerance):
    """Say what is wrong with the first wrong entry; None where all are right."""
    if not isinstance(value, dict) or set(value) != set(right):
        given = ", ".join(map(repr, value)) or "an empty dict" if isinstance(value, dict) else kind(value)
        return f"Expected a dict with {', '.join(map(repr, right))}, got {given}."
    for key, expected in right.items():
        got = _as_numbers(value[key])
        if got is None or got.ndim != np.ndim(expected):
            return key, f"Expected {asked}, got {value[key]!r:.60}."
        if _same(got, expected, tolerance):
            continue
        for name, (_, entries) in mistakes.items():
            if any(_same(got, wrong, tolerance) for wrong in entries.get(key, ())):
                return key, name
        return key, _described(got, np.asarray(expected), parts, tolerance)
    return None


def _as_numbers(value):
    """A number or a nest of sequences of numbers as an array; None where it is anything else."""
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array if array.dtype.kind in "iuf" else None


def _same(got, expected, tolerance):
    return got.shape == np.shape(expected) and np.allclose(got, expected, rtol=0, atol=tolerance)


def _described(got, expected, parts, tolerance):
    """What is wrong, without the right numbers or how many there are."""
    if not got.ndim:
        return f"{got:g} is not right."
    if len(got) != len(expected):
        return f"Too {'few' if len(got) < len(expected) else 'many'} numbers: {len(got)}."
    if got.shape != expected.shape:
        return f"The shape {got.shape} is not right."
    wrong = ~np.isclose(got, expected, rtol=0, atol=tolerance)
    if parts:
        first = int(np.argmax(wrong))
        return f"The {parts[first]} {got[first]:g} is not right."
    return f"Not right at {wrong.sum()} of {got.size} places."
