"""Exercises and the one checker that answers them: in the page, in Colab, in a classroom. ::

    from dlcore.exercises import check, hint

    check("convolution.full_mode", my_function)
    hint("convolution.full_mode")

A check tries a function on small cases and says in words what came of it, by the name of the mistake where it is a
typical one. It needs NumPy alone and sends nothing anywhere.
"""

from importlib import import_module
from importlib.util import find_spec

from dlcore.exercises.checker import judge
from dlcore.exercises.exercise import Exercise

__all__ = ["check", "exercises", "hint"]

_shown = {}


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
    if not topic.isidentifier() or find_spec(f"{__name__}.{topic}") is None:
        raise ValueError(f"topic: expected a chapter with exercises, got {topic!r}")
    members = vars(import_module(f"{__name__}.{topic}")).values()
    return {member.id.partition(".")[2]: member for member in members if isinstance(member, Exercise)}


def check(id, answer, seed=0):
    """Judge an answer to an exercise.

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
    return judge(_exercise(id), answer, seed=seed)


def hint(id):
    """Return the next hint for an exercise; each call says a little more, up to three times.

    Raises
    ------
    ValueError
        There is no such exercise.
    """
    hints = _exercise(id).hints
    number = min(_shown.get(id, 0) + 1, len(hints))
    _shown[id] = number
    return f"Hint {number} of {len(hints)}: {hints[number - 1]}"


def _exercise(id):
    topic, _, name = id.partition(".")
    found = exercises(topic)
    if name not in found:
        raise ValueError(f"id: expected one of {', '.join(f'{topic}.{one}' for one in found)}, got {id!r}")
    return found[name]
