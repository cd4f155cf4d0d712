"""Tries an answer on every case and says in words what came of it."""

import copy
import inspect
import time
import warnings
from dataclasses import replace
from itertools import takewhile

import numpy as np

from dlcore.exercises.answer import Answer
from dlcore.exercises.comparison import Difference, agree, find_difference, general_mistake, kind
from dlcore.exercises.trial import Outcome, attempt

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
    if (problem := _unusable(exercise, function)) is not None:
        return Answer(exercise.id, problem=problem)
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
    if isinstance(outcomes[-1].error, NotImplementedError):
        return replace(answer, case="", arguments={})
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
        is_telling = np.size(difference.expected) > 1 and (
            difference.differs is None or difference.differs.sum() > 1
        )
        mistake = _mistake(exercise, cases, outcomes, len(answer.right) + 1 if is_telling else None)
    else:
        mistake = next((one for one in exercise.mistakes if one.name == difference.problem), None)
    if mistake is not None:
        problem = answer.problem
        if exercise.accepts is not None:
            problem = f"{difference.name}: that is not right." if difference.name else "That is not right."
        return replace(answer, problem=problem, mistake=mistake.name, advice=mistake.advice)
    if exercise.is_question or exercise.accepts is not None:
        return answer
    again = attempt_on(cases[0])
    if _has_value(again) and not agree(outcomes[0].value, again.value, exercise.tolerance):
        return replace(
            answer,
            mistake="another result at each call",
            advice="The same arguments gave two different results. What does it keep from one call to the next?",
        )
    name, advice = general_mistake(difference.expected, difference.got, exercise.tolerance)
    return replace(answer, mistake=name, advice=advice)


def _unusable(exercise, function):
    """Why something is not a function that could be tried, in a sentence or two; None where it is one."""
    listed = ", ".join(exercise.parameters)
    asked = f"Expected a function of ({listed})" if listed else "Expected a function without parameters"
    if not callable(function):
        return f"{asked}, got {kind(function)}. Hand in the function itself, without calling it."
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C do not say
        return None
    names = list(signature.parameters)
    try:
        signature.bind(*exercise.parameters)
    except TypeError:
        return f"{asked}, got one of {signature}."
    if set(names) == set(exercise.parameters) and names != exercise.parameters:
        return f"{asked}, got one of {signature}. The order counts."
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
    if problem is None:
        return None
    name, said = problem if isinstance(problem, tuple) else ("", problem)
    if name and not any(mistake.name == said for mistake in exercise.mistakes):
        said = f"{name}: {said}"
    return Difference(said, name=name, got=outcome.value)


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


def _mistake(exercise, cases, outcomes, first=None):
    """The declared mistake that computes what the answer computed, on every case; None where there is none.

    Whoever writes step by step has made one mistake and not yet got to the later cases. So where none fits them all,
    the only one that fits the `first` cases is taken.
    """
    candidates = []
    for mistake in exercise.mistakes:
        pairs = ((_computed(exercise, mistake, case), outcome) for case, outcome in zip(cases, outcomes))
        fitting = sum(1 for _ in takewhile(lambda pair: _alike(*pair, exercise.tolerance), pairs))
        if fitting == len(cases):
            return mistake
        if first is not None and fitting >= first:
            candidates.append(mistake)
    return candidates[0] if len({mistake.name for mistake in candidates}) == 1 else None


def _computed(exercise, mistake, case):
    """What an answer with a declared mistake gives."""
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        try:
            return Outcome(value=exercise.use(mistake.function, *copy.deepcopy(case.arguments)))
        except Exception as error:  # noqa: BLE001, as an answer with this mistake would fail
            return Outcome(error=error)


def _alike(first, second, tolerance):
    if first.error is not None or second.error is not None:
        return type(first.error) is type(second.error)
    return _has_value(first) and _has_value(second) and agree(first.value, second.value, tolerance)
