"""A course with nbgrader gives every answer exactly its points: the round trip from source to feedback."""

from pathlib import Path

import nbformat
import pytest
from rehearse_course import SECONDS, Submission, compare, main, rehearse, set_up, typical_mistake
from student import answers, student

from dlcore.exercises import check

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "book" / "exercises").glob("*.ipynb"))
CHECKER_SECONDS = 5  # the checker ends a call after so long
SLOW = 30  # for one submission without an endless loop, on a machine that is busy


class Course:
    """A rehearsed course."""

    def __init__(self, source, folder, home):
        self.source, self.folder, self.home = source, folder, home
        self.result = rehearse(source, folder)

    def graded(self, student):
        """What a submission's cells printed when they were graded, by grade_id."""
        topic = self.source.stem
        notebook = nbformat.read(
            self.folder / "autograded" / student / topic / f"{topic}.ipynb", as_version=4
        )
        cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata and cell.cell_type == "code"]
        return {cell.metadata.nbgrader.grade_id: cell.outputs for cell in cells}


@pytest.fixture(scope="module", params=SOURCES, ids=lambda source: source.stem)
def course(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "USERPROFILE"):
            patch.setenv(name, str(home))
        return Course(request.param, tmp_path_factory.mktemp("a course") / "ü", home)


def test_there_are_sources():
    assert SOURCES


def test_every_point_is_as_expected(course):
    assert course.result.differences == [], str(course.result)


def test_the_expected_points_are_what_the_submissions_deserve(course):
    most, expected = course.result.most, course.result.expected
    names, total = list(most), sum(most.values())
    assert expected["perfect"] == most
    assert set(expected["empty"].values()) == {0}
    assert expected["half"] == {name: most[name] * (n % 2 == 0) for n, name in enumerate(names)}
    assert sum(expected["endless"].values()) == total - sum(most[name] for name in names[:2])
    assert [n for n, points in expected["mistaken"].items() if not points] == [
        typical_mistake(course.source.stem)[0]
    ]
    assert [n for n, points in expected["tampered"].items() if not points] == names[1:4]


def test_endless_loops_are_ended_within_their_limits(course):
    first, second = list(course.result.most)[:2]
    outputs = course.graded("endless")
    assert "CellTimeoutError" in {output.get("ename") for output in outputs[first]}
    assert "still running" in outputs[f"{second}_check"][0].evalue
    limit = SECONDS + CHECKER_SECONDS + SLOW * len(course.result.expected)
    assert course.result.seconds < limit


def test_an_empty_answer_is_told_that_nothing_is_written(course):
    outputs = course.graded("empty")
    for name in course.result.most:
        assert "Nothing is written yet" in outputs[f"{name}_check"][0].evalue


def test_what_was_deleted_or_made_harmless_is_graded_with_the_teachers_cells(course):
    outputs = course.graded("tampered")
    first, second, third, fourth = list(course.result.most)[:4]
    assert f"{first}_check" in outputs and "imports" in outputs
    assert outputs[f"{second}_check"][0].ename == "WrongAnswer"
    assert outputs[third][0].ename == "SyntaxError"
    assert outputs[f"{third}_check"][0].ename == "NameError"
    assert "Nothing is written yet" in outputs[f"{fourth}_check"][0].evalue


def test_what_nbgrader_releases_is_the_student_edition(course):
    topic = course.source.stem
    released = nbformat.read(course.folder / "release" / topic / f"{topic}.ipynb", as_version=4)
    edition = student(nbformat.read(course.source, as_version=4))
    assert [cell.source for cell in released.cells] == [cell.source for cell in edition.cells]
    assert [cell.metadata for cell in released.cells] == [cell.metadata for cell in edition.cells]


def test_nothing_is_written_outside_of_the_course(course):
    assert not [path for path in course.home.rglob("*") if path.is_file()]
    assert not (course.folder / "exercises.json").exists()


# ---- the rehearsal itself ----------------------------------------------------------------------------------------


def test_a_difference_is_noticed():
    submission = Submission("ada", None, {"full_mode": 2, "by_hand": 1}, "", feedback="not flipped")
    assert compare(submission, {"full_mode": 2.0, "by_hand": 1.0}, "is not flipped here") == []
    assert len(compare(submission, {"full_mode": 2.0, "by_hand": 0.5}, "not flipped")) == 1
    assert len(compare(submission, {"full_mode": 2.0, "by_hand": 1.0, "more": 1.0}, "not flipped")) == 1
    assert len(compare(submission, {"full_mode": 2.0}, "")) == 2


def test_a_course_that_is_there_is_not_overwritten(tmp_path):
    set_up(tmp_path, SOURCES, seconds=60)
    config = (tmp_path / "nbgrader_config.py").read_text("utf-8")
    assert "c.Execute.timeout = 60" in config
    compile(config, "nbgrader_config.py", "exec")
    with pytest.raises(FileExistsError):
        set_up(tmp_path, SOURCES)
    assert (tmp_path / "nbgrader_config.py").read_text("utf-8") == config


def test_main_sets_up_a_course_of_ones_own(tmp_path, capsys):
    assert main(["--set-up", str(tmp_path / "course")]) == 0
    assert all((tmp_path / "course" / "source" / one.stem / one.name).is_file() for one in SOURCES)
    assert "nbgrader_config.py" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--set-up", str(tmp_path / "course")])
    assert "there is a course already" in capsys.readouterr().err


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_the_typical_mistake_of_a_topic_is_one(source):
    exercise, code, mistake = typical_mistake(source.stem)
    assert exercise in answers(nbformat.read(source, as_version=4))
    names = {}
    exec(code, names)  # noqa: S102, as the notebook will
    assert check(f"{source.stem}.{exercise}", names[exercise]).mistake == mistake
