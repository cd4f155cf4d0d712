"""Exercises and the one checker that answers them: in the page, in Colab, in a classroom. ::

    from dlcore.exercises import check, hint, progress

    check("convolution.full_mode", my_function)
    hint("convolution.full_mode")
    progress("convolution")

A check tries a function on small cases and says in words what came of it, by the name of the mistake where it is a
typical one. It needs NumPy alone and sends nothing anywhere. What was solved is kept in a file of the reader's own
(`dlcore.exercises.memory`).
"""

import os
from importlib import import_module
from importlib.util import find_spec

from dlcore.exercises import memory
from dlcore.exercises.checker import judge
from dlcore.exercises.exercise import Exercise

__all__ = ["check", "exercises", "hint", "progress"]


class _Text(str):
    """A string that a notebook shows without quotation marks."""

    def __repr__(self):
        return str(self)


def exercises(topic):
    """Return the exercises of a topic, by name.

    Parameters
    ----------
    topic : str
        As in ``"convolution.full_mode"``, before the point.

    Returns
    -------
    dict
        From the name after the point to the `Exercise`.

    Raises
    ------
    ValueError
        There is no such topic.
    """
    name = f"{__name__}.{topic}"
    if not topic.isidentifier() or find_spec(name) is None:
        raise ValueError(f"topic: expected a chapter with exercises, got {topic!r}")
    members = vars(import_module(name)).values()
    found = {member.id.partition(".")[2]: member for member in members if isinstance(member, Exercise)}
    if not found:
        raise ValueError(f"topic: expected a chapter with exercises, got {topic!r}")
    return found


def check(id, answer, seed=0):
    """Judge an answer to an exercise.

    Where nbgrader runs the notebook (it sets the environment variable ``NBGRADER_EXECUTION``), a wrong answer raises
    `dlcore.exercises.answer.WrongAnswer`, so that it costs its points, and nothing is kept.

    Parameters
    ----------
    id : str
        As the exercise gives it: ``"topic.name"``.
    answer : callable
        The function that the exercise asks for.
    seed : int
        Of the cases on which it is tried.

    Returns
    -------
    Answer
        True where the answer is right; shown, it says what was right, where it first differs, and which mistake that is.

    Raises
    ------
    ValueError
        There is no such exercise.
    """
    judged = judge(_exercise(id), answer, seed=seed)
    if "NBGRADER_EXECUTION" in os.environ:
        judged.require()
    else:
        memory.note_try(id, solved=bool(judged))
    return judged


def hint(id):
    """Return the next hint for an exercise; each call says a little more, up to three times.

    Raises
    ------
    ValueError
        There is no such exercise.
    """
    hints = _exercise(id).hints
    number = memory.note_hint(id, most=len(hints))
    return _Text(f"Hint {number} of {len(hints)}: {hints[number - 1]}")


def progress(topic):
    """Return what was tried and solved of a topic's exercises, a line for each.

    Raises
    ------
    ValueError
        There is no such topic.
    """
    kept = memory.read()
    return _Text(
        "\n".join(_line(exercise.id, kept.get(exercise.id, {})) for exercise in exercises(topic).values())
    )


def _line(id, record):
    tries, hints = record.get("tries", 0), record.get("hints", 0)
    state = "solved" if record.get("solved") else "open"
    return f"{id}: {state}, tries {tries}, hints {hints}"


def _exercise(id):
    topic, _, name = id.partition(".")
    found = exercises(topic)
    if name not in found:
        raise ValueError(f"id: expected one of {', '.join(f'{topic}.{one}' for one in found)}, got {id!r}")
    return found[name]
