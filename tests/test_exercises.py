"""Every exercise tells a right answer from a wrong one, and names the mistake; the checker survives any answer."""

import pkgutil
import sys
import time
from importlib import import_module

import numpy as np
import pytest

import dlcore.exercises
from dlcore.exercises import check, exercises, hint, memory
from dlcore.exercises.checker import judge
from dlcore.exercises.trial import attempt

MACHINERY = {"answer", "checker", "comparison", "exercise", "memory", "question", "trial"}
TOPICS = sorted(
    module.name for module in pkgutil.iter_modules(dlcore.exercises.__path__) if module.name not in MACHINERY
)
EXERCISES = [exercise for topic in TOPICS for exercise in exercises(topic).values()]
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]


@pytest.fixture
def nothing_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_here", {})
    monkeypatch.setenv("DLCORE_EXERCISES", str(tmp_path / "exercises.json"))


every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)


# ---- every exercise --------------------------------------------------------------------------------------------------


@every_exercise
@pytest.mark.parametrize("seed", range(5))
def test_the_reference_is_right(exercise, seed):
    answer = check(exercise.id, exercise.reference, seed)
    assert answer and (answer.total >= 3 or exercise.is_question), answer


@every_exercise
def test_an_empty_stub_is_told_that_nothing_is_written_yet(exercise):
    def stub(*arguments):
        raise NotImplementedError

    assert check(exercise.id, stub).problem == "Nothing is written yet."


@every_exercise
def test_at_least_three_mistakes_are_known(exercise):
    advice = {}
    for mistake in exercise.mistakes:
        assert advice.setdefault(mistake.name, mistake.advice) == mistake.advice
    assert len(advice) >= 3


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("exercise", "mistake"), MISTAKES, ids=[f"{exercise.id}-{mistake.name}" for exercise, mistake in MISTAKES]
)
def test_a_mistake_is_named(exercise, mistake, seed):
    answer = check(exercise.id, mistake.function, seed)
    assert not answer
    assert (answer.mistake, answer.advice) == (mistake.name, mistake.advice)


@every_exercise
def test_hints_come_one_by_one_and_the_last_one_stays(exercise, nothing_kept):
    given = [hint(exercise.id) for _ in range(len(exercise.hints) + 1)]
    assert given[-1] == given[-2] and len(set(given)) == len(exercise.hints)


# ---- wrong answers written by somebody else: not one of them is the function that stands for its mistake --------------

WRONG = [
    (f"{topic}.{name}", answer, mistake)
    for topic in TOPICS
    for name, answer, mistake in import_module(f"wrong_answers.{topic}").WRONG
]


@pytest.mark.parametrize(
    ("id", "answer", "mistake"),
    WRONG,
    ids=[f"{id}-{mistake}-{answer.__name__}" for id, answer, mistake in WRONG],
)
def test_a_plausible_wrong_answer_is_named(id, answer, mistake):
    for seed in (0, 1):
        judged = check(id, answer, seed)
        assert not judged
        assert judged.mistake == mistake, judged


@every_exercise
def test_there_are_three_plausible_wrong_answers(exercise):
    own = [(answer, mistake) for id, answer, mistake in WRONG if id == exercise.id]
    assert len({mistake for _, mistake in own}) >= 3
    declared = {written(mistake.function) for mistake in exercise.mistakes}
    assert not declared & {written(answer) for answer, _ in own}


def written(function):
    code = function.__code__
    return code.co_code, code.co_names, str(code.co_consts)


@pytest.mark.parametrize(
    ("exercise", "mistake"), MISTAKES, ids=[f"{exercise.id}-{mistake.name}" for exercise, mistake in MISTAKES]
)
def test_advice_is_a_sentence_or_two(exercise, mistake):
    assert 20 <= len(mistake.advice) <= 220
    assert mistake.advice[-1] in ".?" and mistake.name[-1] not in ".?"


# ---- whatever is handed in is answered -------------------------------------------------------------------------------


def full(x, w):
    result = np.zeros(len(x) + len(w) - 1)
    for place, weight in enumerate(w):
        result[place : place + len(x)] += weight * x
    return result


def never_ends(x, w):
    while True:
        try:
            x = x + 0
        except Exception:  # noqa: BLE001, S110
            pass


def swallows_everything(x, w):
    while True:
        try:
            x = x + 0
        except:  # noqa: E722, S110
            pass


def swallows_everything_in_a_loop_in_a_loop(x, w):
    while True:
        try:
            while True:
                x = x + 0
        except:  # noqa: E722, S110
            pass
        finally:
            x = x - 0


@pytest.mark.parametrize(
    "answer", [never_ends, swallows_everything, swallows_everything_in_a_loop_in_a_loop] * 5
)
def test_an_endless_loop_is_ended(answer):
    started = time.perf_counter()
    outcome = attempt(answer, (np.ones(2), np.ones(2)), seconds=0.2)
    assert outcome.timed_out and time.perf_counter() - started < 5


def test_the_time_is_for_all_cases_together():
    def slow(x, w):
        ended = time.perf_counter() + 0.15
        while time.perf_counter() < ended:
            pass
        return full(x, w)

    judged = judge(exercises("convolution")["full_mode"], slow, seconds=0.4)
    assert len(judged.right) < judged.total and "time was over" in judged.problem


def changes_its_input(x, w):
    result = full(x, w)
    x[0] += 1
    return result


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (3, "Expected a function of (x, w), got 3 (int). Hand in the function itself, without calling it."),
        (lambda x: x, "Expected a function of (x, w), got one of (x)."),
        (lambda x, w: None, "It returned None. Is a return missing?"),
        (lambda x, w: "text", "Expected an array of shape (6,) and type float64, got 'text' (str)."),
        (
            lambda x, w: list(full(x, w)),
            "Expected an array, got a list of 6 values. numpy.array makes one of it.",
        ),
        (lambda x, w: np.ones(3), "Expected shape (6,), got (3,)."),
        (lambda x, w: np.full(6, np.nan), "6 of 6 numbers are NaN."),
        (lambda x, w: 1 / 0, "It raised ZeroDivisionError"),
        (lambda x, w: sys.exit(), "It raised SystemExit"),
        (
            changes_its_input,
            "It changed its argument x. Whoever calls it still needs that array: work on a copy.",
        ),
    ],
)
def test_an_answer_that_is_no_answer_is_answered(answer, problem):
    judged = check("convolution.full_mode", answer)
    assert not judged
    assert judged.problem.startswith(problem)
    assert judged.problem in repr(judged)


@pytest.mark.parametrize(
    "value",
    [
        np.array(["a"] * 6),
        np.array([None] * 6),
        np.ones(6, bool),
        np.ones(6) * 1j,
        [[1], [2, 3]],
        np.zeros((0,)),
    ],
    ids=["texts", "objects", "booleans", "complex", "ragged", "empty"],
)
def test_a_value_of_any_type_can_be_judged_and_shown(value):
    judged = check("convolution.full_mode", lambda x, w: value)
    assert not judged and repr(judged) and judged._repr_html_()


def test_what_is_shown_is_escaped_and_marks_the_wrong_cells():
    judged = check("convolution.full_mode", lambda x, w: np.append(full(x, w)[:-1], 99.0))
    assert judged.problem == "1 of 6 numbers differ."
    assert judged.detail == "The first, at [5], should be 2 and is 99."
    assert judged._repr_html_().count("outline") == 1
    judged = check("convolution.full_mode", lambda x, w: "<b>")
    assert "<b>" not in judged._repr_html_() and "&lt;b&gt;" in judged._repr_html_()


@pytest.mark.parametrize("id", ["convolution.nonsense", "nonsense.full_mode", "convolution", ""])
def test_an_unknown_exercise_raises_an_error_that_names_the_argument(id):
    with pytest.raises(ValueError, match=r"^(id|topic): expected"):
        check(id, print)
