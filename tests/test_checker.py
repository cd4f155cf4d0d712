"""The checker on exercises made for it: several results, protocols, questions, and what an answer is to do without."""

import json
import sys
import warnings

import numpy as np
import pytest

from dlcore import scratch
from dlcore.exercises import memory
from dlcore.exercises.answer import WrongAnswer
from dlcore.exercises.checker import judge
from dlcore.exercises.exercise import Exercise, case, exercise
from dlcore.exercises.question import question

HINTS = ("Look at the formula.",)


def vectors(generator):
    yield case("three numbers", np.array([1.0, -2, 3]), np.array([1.0, 1, 1]))
    yield case("random numbers", generator.normal(size=4), generator.normal(size=4))


# ---- several results, and calls that are more than one ---------------------------------------------------------------


def through_pullback(answer, x, g):
    output, pullback = answer(x)
    return output, pullback(g)


@exercise(
    "square", cases=vectors, hints=HINTS, use=through_pullback, results=("the output", "the gradient of x")
)
def square(x):
    return x**2, lambda g: 2 * x * g


@square.mistake("chain rule forgotten", "What arrives from above?")
def _(x):
    return x**2, lambda g: 2 * x


def test_a_pullback_is_called_and_its_result_has_a_name():
    assert judge(square, lambda x: (x * x, lambda g: g * (x + x)))
    answer = judge(square, lambda x: (x * x, lambda g: g * x**2))
    assert answer.problem == "the gradient of x: 3 of 3 numbers differ."
    assert answer.right_results == ("the output",)
    assert "Already right there: the output." in repr(answer)
    assert list(answer.arguments) == ["x", "g"]
    assert answer.mistake == ""


def test_a_mistake_in_a_protocol_is_named():
    answer = judge(square, lambda x: (x * x, lambda g: x + x))
    assert (answer.mistake, len(answer.right)) == ("chain rule forgotten", 1)


def test_a_general_mistake_is_that_of_the_part_that_differs():
    assert judge(square, lambda x: (x * x, lambda g: -2 * g * x)).mistake == "sign"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (3, "Expected 2 values (the output, the gradient of x), got 3 (int)."),
        ((1, 2, 3), "Expected 2 values (the output, the gradient of x), got a tuple of 3 values."),
        ((None, np.ones(3)), "the output: None. Is something missing?"),
        ((np.array([1.0, 4, 9]), "text"), "the gradient of x: Expected an array of shape (3,)"),
    ],
)
def test_a_wrong_number_or_kind_of_results_is_told(value, problem):
    direct = Exercise(
        "direct", lambda x, g: (x**2, 2 * x * g), cases=vectors, hints=HINTS, results=square.results
    )
    answer = judge(direct, lambda x, g: value)
    assert answer.problem.startswith(problem)
    assert repr(answer) and answer._repr_html_()


def test_an_error_is_told_with_its_line():
    answer = judge(square, lambda x: (x * x, lambda g: g[17]))
    assert answer.problem.startswith("It raised IndexError in line ")
    assert "lambda g: g[17]" in answer.problem


def test_results_that_are_no_numbers_can_be_compared():
    answer = judge(square, lambda x: ([("text", 1)], lambda g: g))
    assert answer.problem.startswith("the output: Expected an array") and answer.mistake == ""


# ---- questions -------------------------------------------------------------------------------------------------------


@exercise("sizes", hints=HINTS)
def sizes():
    return {"full": 6, "valid": 2, "values": np.array([1.0, 2.0])}


@sizes.mistake("valid and full exchanged", "Which one is longer?")
def _():
    return {"full": 2, "valid": 6, "values": np.array([1.0, 2.0])}


def test_a_question_is_answered_without_telling_what_was_expected():
    assert judge(sizes, lambda: {"valid": 2, "values": np.array([1, 2]), "full": 6})
    answer = judge(sizes, lambda: {"full": 7777, "valid": 2, "values": np.array([1.0, 2.0])})
    assert answer.problem == "full: 7777 is not right."
    assert answer.expected is None and answer.differs is None and not answer.detail
    assert "6" not in repr(answer).replace("7777", "")
    answer = judge(sizes, lambda: {"full": 6, "valid": 2, "values": np.array([1.0, 3.0])})
    assert answer.right_results == ("full", "valid")
    assert "2." not in repr(answer).partition("Already right")[0]


def test_a_wrong_answer_to_a_question_is_named():
    answer = judge(sizes, lambda: {"full": 2, "valid": 6, "values": np.array([1.0, 2.0])})
    assert answer.mistake == "valid and full exchanged"


@pytest.mark.parametrize("value", [6, {"full": 6}, {"full": 6, "valid": 2, "more": 1}, [6, 2]])
def test_the_names_of_a_question_s_parts_are_told(value):
    assert judge(sizes, lambda: value).problem.startswith(
        "Expected a dict with 'full', 'valid', 'values', got "
    )


def _halves(value):
    if 2 * value != round(2 * value):
        return "Twice your number is not whole."
    return "a whole number" if value == round(value) else None


@exercise("half", hints=HINTS, accepts=_halves)
def half():
    return 0.5


@half.mistake("a whole number", "What lies between two of them?")
def _():
    return 1.0


def test_the_part_that_is_wrong_can_be_told():
    def judge_pair(value):
        return ("first", "the second taken") if value["first"] == 2 else ("first", "Look again.")

    pair = Exercise("pair", lambda: {"first": 1, "second": 2}, hints=HINTS, accepts=judge_pair)
    pair.mistake("the second taken", "Which one comes first?")(lambda: {"first": 2, "second": 2})
    answer = judge(pair, lambda: {"first": 2, "second": 2})
    assert (answer.problem, answer.mistake) == ("first: that is not right.", "the second taken")
    assert judge(pair, lambda: {"first": 3, "second": 2}).problem == "first: Look again."


@pytest.mark.parametrize("value", [0.5, 2.5, -1.5])
def test_a_question_can_have_many_right_answers(value):
    assert judge(half, lambda: value)


@pytest.mark.parametrize(
    ("value", "problem", "mistake"),
    [
        (0.3, "Twice your number is not whole.", ""),
        (4.0, "That is not right.", "a whole number"),
        ("half", "It cannot be judged: 'half' (str).", ""),
        (None, "It returned None.", ""),
    ],
)
def test_a_wrong_one_of_many_answers_is_told(value, problem, mistake):
    answer = judge(half, lambda: value)
    assert answer.problem.startswith(problem) and answer.mistake == mistake


# ---- what an answer is to do without ---------------------------------------------------------------------------------


def two_vectors(answer_refuses):
    return Exercise(
        "product", lambda x, w: np.convolve(x, w), cases=vectors, hints=HINTS, refuses=answer_refuses
    )


def swallowing(x, w):
    try:
        return np.convolve(x, w)
    except:  # noqa: E722
        return np.zeros(5)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (lambda x, w: np.convolve(x, w), "numpy.convolve"),
        (lambda x, w: scratch.convolve(x, w, "full"), "dlcore.scratch"),
        (swallowing, "numpy.convolve"),
    ],
)
def test_a_call_of_what_is_to_be_written_is_refused(answer, name):
    refuses = ("dlcore.scratch", "numpy.convolve")
    judged = judge(two_vectors(refuses), answer)
    assert judged.problem == f"It calls {name}, which this exercise asks you to do without."
    assert judge(two_vectors(()), lambda x, w: np.convolve(x, w))


def test_code_that_is_not_refused_may_be_called():
    def by_hand(x, w):
        result = np.zeros(len(x) + len(w) - 1)
        for place, weight in enumerate(w):
            result[place : place + len(x)] += np.multiply(weight, x)
        return result

    assert judge(two_vectors(("dlcore.scratch", "numpy.convolve")), by_hand)


# ---- what goes wrong in any exercise ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (lambda x: -x, "sign"),
        (lambda x: x.T, "axes exchanged"),
        (lambda x: x[::-1], "order reversed"),
        (lambda x: x[:, ::-1], "order reversed"),
        (lambda x: 3 * x, "constant factor"),
        (lambda x: x.astype(int), "cut to integers"),
        (lambda x: x + 1, ""),
        (lambda x: list(x), ""),
    ],
)
def test_a_general_mistake_is_named(answer, mistake):
    def matrices(generator):
        yield case("a matrix", np.array([[1.5, 2.25, -3.5], [4.75, 0.5, 6.5]]))

    copy = Exercise("copy", lambda x: x.copy(), cases=matrices, hints=HINTS)
    judged = judge(copy, answer)
    assert not judged and judged.mistake == mistake


def test_of_a_large_result_the_plane_with_the_first_wrong_number_is_shown():
    def batches(generator):
        yield case("a batch", generator.normal(size=(2, 3, 4, 5)))

    def one_wrong(x):
        x = x.copy()
        x[1, 2, 0, 3] = 99
        return x

    judged = judge(Exercise("copy", lambda x: x.copy(), cases=batches, hints=HINTS), one_wrong)
    assert judged.detail.startswith("The first, at [1, 2, 0, 3], should be ")
    assert "got, of shape (2, 3, 4, 5), at [1, 2]" in judged._repr_html_()
    assert judged._repr_html_().count("outline") == 1


def test_a_mistake_is_named_before_the_later_cases_are_written():
    def steps(generator):
        yield case("a vector", np.array([1.0, 2, 3]), 1)
        yield case("a vector and a factor", np.array([1.0, 2, 3]), 2)

    scaled = Exercise("scaled", lambda x, factor: factor * x + 5, cases=steps, hints=HINTS)
    scaled.mistake("five forgotten", "What is added?")(lambda x, factor: factor * x)
    scaled.mistake("ten added", "How much is added?")(lambda x, factor: factor * x + 10)
    # The factor is not written yet, so no mistake fits both cases.
    assert judge(scaled, lambda x, factor: 1 * x).mistake == "five forgotten"
    scaled.mistake("nothing added", "Is that all?")(lambda x, factor: factor**2 * x)
    assert judge(scaled, lambda x, factor: 1 * x).mistake == ""


# ---- in nbgrader, and what is kept -----------------------------------------------------------------------------------


def test_what_an_answer_writes_and_warns_of_is_not_shown(capfd):
    def loud(x):
        print("output")
        print("error", file=sys.stderr)
        warnings.warn("a warning", stacklevel=1)
        return x / 0 * 0 + x**2, lambda g: 2 * x * g

    with warnings.catch_warnings(action="error"):
        judge(square, loud)
    assert capfd.readouterr() == ("", "")


def correlated(x, w):
    padded = np.pad(x, len(w) - 1)
    return np.array([padded[i : i + len(w)] @ w for i in range(len(x) + len(w) - 1)])


def test_under_nbgrader_a_wrong_answer_raises_and_nothing_is_kept(monkeypatch, tmp_path):
    from dlcore.exercises import check

    monkeypatch.setenv("DLCORE_EXERCISES", str(tmp_path / "kept.json"))
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(WrongAnswer, match="kernel not flipped"):
        check("convolution.full_mode", correlated)
    assert not (tmp_path / "kept.json").exists()


def test_tries_and_hints_are_kept(monkeypatch, tmp_path):
    from dlcore.exercises import check, hint, progress

    monkeypatch.setattr(memory, "_here", {})
    monkeypatch.setenv("DLCORE_EXERCISES", str(tmp_path / "folder" / "kept.json"))
    assert "convolution.full_mode: open, tries 0, hints 0" in progress("convolution")
    check("convolution.full_mode", lambda x, w: x)
    hint("convolution.full_mode")
    monkeypatch.setattr(memory, "_here", {})  # as another process would find it
    assert "convolution.full_mode: open, tries 1, hints 1" in progress("convolution")
    memory.note_try("convolution.full_mode", solved=True)
    memory.note_try("convolution.full_mode", solved=False)
    assert json.loads((tmp_path / "folder" / "kept.json").read_text())["convolution.full_mode"] == {
        "tries": 3,
        "hints": 1,
        "solved": True,
    }
    assert [file.name for file in (tmp_path / "folder").iterdir()] == ["kept.json"]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"convolution.full_mode": 3}'])
def test_a_damaged_file_is_no_obstacle(monkeypatch, tmp_path, text):
    file = tmp_path / "kept.json"
    file.write_text(text)
    monkeypatch.setattr(memory, "_here", {})
    monkeypatch.setenv("DLCORE_EXERCISES", str(file))
    memory.note_try("convolution.full_mode", solved=True)
    assert memory.read()["convolution.full_mode"]["solved"] is True


def test_where_nothing_can_be_kept_it_says_so_and_goes_on(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(memory, "_here", {})
    monkeypatch.setenv("DLCORE_EXERCISES", str(tmp_path / "file" / "kept.json"))
    with pytest.warns(UserWarning, match="What you have solved is not kept"):
        memory.note_try("convolution.full_mode", solved=True)
    assert memory.read()["convolution.full_mode"]["tries"] == 1


def test_a_keeper_takes_the_place_of_the_file(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_here", {})
    monkeypatch.setattr(memory, "_keeper", None)
    monkeypatch.setenv("DLCORE_EXERCISES", str(tmp_path / "kept.json"))
    texts = []
    memory.keep('{"convolution.full_mode": {"tries": 2, "hints": 0, "solved": true}}', texts.append)
    memory.note_try("convolution.full_mode", solved=False)
    assert json.loads(texts[-1])["convolution.full_mode"] == {"tries": 3, "hints": 0, "solved": True}
    assert not (tmp_path / "kept.json").exists()


# ---- declaring an exercise -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hints": ()}, "hints: expected 1 to 3, got 0"),
        ({"hints": ("a", "b", "c", "d"), "cases": vectors}, "hints: expected 1 to 3, got 4"),
        ({"hints": HINTS}, r"cases: expected a function for an answer with parameters \['x'\], got None"),
    ],
)
def test_a_wrong_declaration_raises_an_error_that_names_the_argument(options, message):
    with pytest.raises(ValueError, match=message):
        Exercise("name", lambda x: x, **options)


def test_a_mistake_can_be_made_in_several_ways():
    own = Exercise("own", lambda x, w: x + w, cases=vectors, hints=HINTS)
    own.mistake("only one of them", "Where is the other?")(lambda x, w: x)
    own.mistake("only one of them")(lambda x, w: w)
    for answer in (lambda x, w: x, lambda x, w: w):
        assert judge(own, answer).advice == "Where is the other?"
    with pytest.raises(ValueError, match="advice: expected some for the new mistake 'unknown', got none"):
        own.mistake("unknown")


def memory_of_its_own():
    kept = []

    def answer(x, w):
        kept.append(1)
        return np.convolve(x, w) + len(kept) // 2

    return answer


def returns_a_generator(x, w):
    yield from x


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda w, x: x, "Expected a function of (x, w), got one of (w, x). The order counts."),
        (
            returns_a_generator,
            "Expected an array of shape (5,) and type float64, got a generator, as a function with",
        ),
        (lambda x, w: list(np.convolve(x, w)), "got a list of 5 values. numpy.array makes one of it."),
    ],
)
def test_what_goes_wrong_with_any_function_is_told(answer, problem):
    assert problem in judge(two_vectors(()), answer).problem


def test_an_answer_that_remembers_is_told():
    assert judge(two_vectors(()), memory_of_its_own()).mistake == "another result at each call"


def test_numbers_are_asked_for_by_that_word():
    assert judge(sizes, lambda: {"full": [6], "valid": 2, "values": np.array([1.0, 2])}).problem == (
        "full: Expected one number, got an array of shape (1,)."
    )
    assert judge(sizes, print).problem.startswith("It returned None")
    assert judge(sizes, lambda x: x).problem == "Expected a function without parameters, got one of (x)."


def test_nothing_but_nan_is_no_constant_factor():
    judged = judge(two_vectors(()), lambda x, w: np.full(len(x) + len(w) - 1, np.nan))
    assert judged.problem == "5 of 5 numbers are NaN." and not judged.mistake


def test_a_long_line_is_cut_where_it_is_quoted():
    def long(x, w):
        raise ValueError(
            "x"
        )  # a comment as long as a student's afternoon, which goes on and on, and on and on

    assert len(judge(two_vectors(()), long).problem) < 160


# ---- questions with parts --------------------------------------------------------------------------------------------


@question(
    "windows",
    asked="a pair (width, height)",
    parts=("width", "height"),
    hints=HINTS,
    mistakes={"padding ignored": ("Where are the zeros?", {"same": [(3, 3), (3, 5)], "full": [(3, 3)]})},
)
def windows():
    return {"same": (5, 5), "full": (7, 7), "valid": (3, 3)}


@pytest.mark.parametrize(
    ("value", "problem", "mistake"),
    [
        ({"same": (5, 5), "full": [7.0, 7], "valid": np.array([3, 3])}, "", ""),
        ({"same": (3, 5), "full": (7, 7), "valid": (3, 3)}, "same: that is not right.", "padding ignored"),
        ({"same": (5, 5), "full": (3, 3), "valid": (1, 1)}, "full: that is not right.", "padding ignored"),
        ({"same": (5, 6), "full": (7, 7), "valid": (3, 3)}, "same: The height 6 is not right.", ""),
        ({"same": (5,), "full": (7, 7), "valid": (3, 3)}, "same: Too few numbers: 1.", ""),
        (
            {"same": "5, 5", "full": (7, 7), "valid": (3, 3)},
            "same: Expected a pair (width, height), got '5, 5'.",
            "",
        ),
        (
            {"same": 5, "full": (7, 7), "valid": (3, 3)},
            "same: Expected a pair (width, height), got 5.",
            "",
        ),
        ({}, "Expected a dict with 'same', 'full', 'valid', got an empty dict.", ""),
        (7, "Expected a dict with 'same', 'full', 'valid', got 7 (int).", ""),
    ],
)
def test_a_question_with_parts_is_judged_part_by_part(value, problem, mistake):
    judged = judge(windows, lambda: value)
    assert (judged.problem, judged.mistake) == (problem, mistake)
    assert judged.expected is None


def test_the_mistakes_of_a_question_are_declared():
    (mistake,) = windows.mistakes
    assert mistake.function() == {"same": (3, 3), "full": (3, 3), "valid": (3, 3)}
    assert judge(windows, mistake.function).mistake == mistake.name == "padding ignored"
