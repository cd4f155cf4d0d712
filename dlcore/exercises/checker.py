"""Tries an answer on every case and says in words what came of it."""

import copy
import inspect
import time
from dataclasses import replace

from dlcore.exercises.answer import Answer
from dlcore.exercises.comparison import Difference, agree, find_difference, general_mistake, kind
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
    asked = f"Expected a function of ({', '.join(exercise.parameters)})"
    if not callable(function):
        advice = "Hand in the function itself, without calling it."
        return Answer(exercise.id, problem=f"{asked}, got {kind(function)}.", advice=advice)
    if (own := _refused(function, len(exercise.parameters))) is not None:
        return Answer(exercise.id, problem=f"{asked}, got one of {own}.")
    cases = exercise.cases(seed)
    deadline = time.perf_counter() + seconds

    def attempt_on(case):
        left = deadline - time.perf_counter()
        return attempt(function, case.arguments, left, use=exercise.use, refuses=exercise.refuses)

    outcomes = []
    for case in cases:
        outcomes.append(attempt_on(case))
        difference = _difference(exercise, case, outcomes[-1])
        if difference is not None:
            break
    else:
        return Answer(exercise.id, total=len(cases), right=tuple(case.label for case in cases))
    answer = Answer(
        exercise.id,
        total=len(cases),
        right=tuple(case.label for case in cases[: len(outcomes) - 1]),
        problem=difference.problem,
        case=case.label,
        arguments=dict(zip(exercise.arguments, case.arguments)),
    )
    if not _has_value(outcomes[-1]):
        return answer
    # Whoever answers a question is not told what is right.
    shown = Difference(difference.problem, got=difference.got) if exercise.is_question else difference
    answer = replace(
        answer,
        detail=shown.detail,
        right_results=difference.right,
        expected=shown.expected,
        got=shown.got,
        differs=shown.differs,
    )
    # The remaining cases tell mistakes apart that agree on the first one.
    if exercise.accepts is None:
        outcomes += [attempt_on(rest) for rest in cases[len(outcomes) :]]
        mistake = _mistake(exercise, cases, outcomes, seconds)
    else:
        mistake = next((one for one in exercise.mistakes if one.name == difference.problem), None)
    if mistake is not None:
        problem = answer.problem if exercise.accepts is None else "That is not right."
        return replace(answer, problem=problem, mistake=mistake.name, advice=mistake.advice)
    if exercise.is_question or exercise.accepts is not None:
        return answer
    name, advice = general_mistake(difference.expected, difference.got, exercise.tolerance)
    return replace(answer, mistake=name, advice=advice)


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


def _has_value(outcome):
    return not (
        outcome.timed_out or outcome.refused or outcome.error is not None or outcome.changed is not None
    )


def _difference(exercise, case, outcome):
    """The `Difference` of an outcome from what the exercise asks for; None where it is right."""
    if not _has_value(outcome):
        return Difference(_failure(exercise, outcome))
    if exercise.accepts is None:
        expected = exercise.use(exercise.reference, *copy.deepcopy(case.arguments))
        return find_difference(expected, outcome.value, exercise.tolerance, exercise.results)
    if outcome.value is None:
        return Difference("It returned None. Is a return missing?")
    try:
        problem = exercise.accepts(outcome.value, *copy.deepcopy(case.arguments))
    except Exception:  # noqa: BLE001, a value of another kind than asked for
        problem = (
            f"It cannot be judged: {kind(outcome.value)}. Return what the text of the exercise asks for."
        )
    return None if problem is None else Difference(problem, got=outcome.value)


def _failure(exercise, outcome):
    """Why there is no value to judge, in one sentence or two."""
    if outcome.refused:
        return f"It calls {outcome.refused}, which this exercise asks you to do without."
    if outcome.timed_out:
        return "It was still running when its time was over. Does a loop never end?"
    if isinstance(outcome.error, NotImplementedError):
        return "Nothing is written yet."
    if outcome.error is not None:
        where = f" in line {outcome.line}" if outcome.line else ""
        where += f" ({outcome.code})" if outcome.code else ""
        said = f": {outcome.error}" if str(outcome.error) else "."
        return f"It raised {type(outcome.error).__name__}{where}{said}"
    return (
        f"It changed its argument {exercise.arguments[outcome.changed]}. "
        "Whoever calls it still needs that array: work on a copy."
    )


def _mistake(exercise, cases, outcomes, seconds):
    """The declared mistake that computes what the answer computed, on every case; None where there is none."""
    for mistake in exercise.mistakes:
        pairs = (
            (attempt(mistake.function, case.arguments, seconds, use=exercise.use), outcome)
            for case, outcome in zip(cases, outcomes)
        )
        if all(_alike(*pair, exercise.tolerance) for pair in pairs):
            return mistake
    return None


def _alike(first, second, tolerance):
    if first.error is not None or second.error is not None:
        return type(first.error) is type(second.error)
    return _has_value(first) and _has_value(second) and agree(first.value, second.value, tolerance)
