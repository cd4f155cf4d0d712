"""Rehearse a course: release the exercises by nbgrader, hand in notebooks, grade them, and compare the points.

Usage: python tools/rehearse_course.py [--to FOLDER] [--seconds 20] [--set-up FOLDER] [TOPIC ...]

Each topic of book/exercises gets a course of its own, set up as a teacher would do it, with the commands that a teacher
would type. The submissions are

    perfect    every solution
    empty      the notebook as it was released
    half       every other solution, and saved as Colab saves
    endless    two answers that never end, one inside its function, one while its cell runs; the rest is right
    mistaken   one answer with a typical mistake, which its feedback must name; the rest is right
    tampered   the imports and one check cell deleted, one check cell made harmless, one answer that is no Python, one
               answer cell deleted with its check, the file renamed; the rest is right

The exit status is 1 where a single point is not as expected. Nothing is written outside of the folder.

`--set-up FOLDER` rehearses nothing, and makes the folder of a course of your own: the configuration and the sources.
"""

import argparse
import copy
import html
import os
import re
import runpy
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from student import SOURCES, answers, solution

from dlcore.exercises import exercises

__all__ = [
    "CONFIG",
    "Rehearsal",
    "Submission",
    "compare",
    "rehearse",
    "set_up",
    "submissions",
    "typical_mistake",
]

ROOT = Path(__file__).resolve().parent.parent
WRONG_ANSWERS = ROOT / "tests" / "wrong_answers"

SECONDS = 20
_FEWEST = 4  # as many exercises are tampered with
_STUB = "    # YOUR CODE HERE\n    raise NotImplementedError()"
_LOOP = "    while True:\n        pass"

CONFIG = r'''# How this course is graded. nbgrader reads this file where its commands are run: in the folder it lies in.
from pathlib import Path

import nbformat
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
)

COURSE = Path(__file__).parent

c = get_config()
c.CourseDirectory.course_id = "deep_learning"

# After so many seconds a cell is interrupted, and the next cell runs. Most endless loops end earlier: the checker
# ends the calls of a student's function after 5 seconds. This limit is for a loop outside of a function.
c.Execute.timeout = 20

# For `nbgrader zip_collect`. Put what was handed in into downloaded/TOPIC/archive, as STUDENT_anything.ipynb or as a
# zip file named so. The student stands before the first "_" of the name. What a student calls the notebook does not
# matter: the folder says which one it is.
c.FileNameCollectorPlugin.named_regexp = (
    r".*[\\/](?P<file_id>[^\\/]+)[\\/]extracted[\\/](?P<student_id>[^_\\/]+)_.*"
)


class PutBackMissingCells(NbGraderPreprocessor):
    """Put cells that a student has deleted back where they stood: imports, given code, stubs, checks.

    OverwriteCells, the next step, replaces whatever is locked by your version, hidden tests included. Its own option
    for cells that are missing cannot place a check whose answer cell is gone too.
    """

    def preprocess(self, notebook, resources):
        own = resources["nbgrader"]
        file = COURSE / "release" / own["assignment"] / f"{own['notebook']}.ipynb"
        place = 0
        for cell in nbformat.read(file, as_version=4).cells:
            id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if id is None:
                continue
            present = [one.metadata.get("nbgrader", {}).get("grade_id") for one in notebook.cells]
            if id in present:
                place = present.index(id) + 1
                continue
            if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):  # as Colab saves: cells have no id
                cell.pop("id", None)
            notebook.cells.insert(place, cell)
            place += 1
        return notebook, resources


c.Autograde.sanitize_preprocessors = [
    ClearOutput,
    DeduplicateIds,
    OverwriteKernelspec,
    PutBackMissingCells,
    OverwriteCells,
    CheckCellMetadata,
]
'''


@dataclass
class Submission:
    """A notebook that is handed in, and what must come of it.

    Attributes
    ----------
    student : str
    notebook : nbformat.NotebookNode
    points : dict
        From the name of each exercise to the points it must get.
    file : str
        What the student called the file.
    feedback : str
        What the feedback must say; "" for anything.
    """

    student: str
    notebook: nbformat.NotebookNode
    points: dict
    file: str
    feedback: str = ""


@dataclass
class Rehearsal:
    """What came of a rehearsal.

    Attributes
    ----------
    topic : str
    most : dict
        From the name of each exercise to its points.
    got, expected : dict
        From each student to the points for each exercise.
    differences : list of str
        A sentence for each point or word of feedback that is not as expected.
    seconds : float
        For autograding all submissions.
    """

    topic: str
    most: dict
    got: dict = field(default_factory=dict)
    expected: dict = field(default_factory=dict)
    differences: list = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self):
        total = sum(self.most.values())
        lines = [
            f"{self.topic}: {total} points in {len(self.most)} exercises, graded in {self.seconds:.0f} s",
            f"  {'submission':<12}{'points':>8}{'expected':>10}",
        ]
        for student, points in self.got.items():
            expected = sum(self.expected[student].values())
            lines.append(f"  {student:<12}{sum(points.values()):>8g}{expected:>10g}")
        return "\n".join(lines + [f"  DIFFERENCE: {one}" for one in self.differences])


# ---- the submissions ---------------------------------------------------------------------------------------------


def submissions(source, released, wrong):
    """Make the notebooks that are handed in.

    Parameters
    ----------
    source, released : nbformat.NotebookNode
        With solutions, and as students get it.
    wrong : tuple
        Exercise, code of a wrong answer, and the name of its mistake.

    Returns
    -------
    list of Submission
    """
    most = _most(source)
    names = list(most)
    if len(names) < _FEWEST:
        raise ValueError(f"source: expected at least {_FEWEST} exercises, got {len(names)}")
    right = {name: solution(cell) for name, cell in answers(source).items()}
    stubs = {name: cell.source for name, cell in answers(released).items()}
    topic = _topic(source)

    def hand_in(student, answered, lost, **more):
        points = {name: 0 if name in lost else most[name] for name in names}
        options = {"file": f"{student}_{topic}.ipynb"} | more
        return Submission(student, _filled(released, answered), points, **options)

    first, second, third, fourth = names[:4]
    endless = right | {
        first: "while True:\n    pass",
        second: stubs[second].replace(_STUB, _LOOP),
    }
    exercise, code, mistake = wrong
    tampered = hand_in(
        "tampered",
        right | {second: stubs[second], third: f"{right[third]}\n    return ("},
        lost=(second, third, fourth),
        file=f"tampered_Copy of {topic} (1).ipynb",
    )
    cells = tampered.notebook.cells
    for grade_id in ("imports", f"{first}_check", fourth, f"{fourth}_check"):
        cells.remove(_cell(cells, grade_id))
    harmless = _cell(cells, f"{second}_check")
    harmless.source = "pass"
    harmless.metadata.nbgrader.update(points=100, locked=False)
    half = hand_in("half", {name: right[name] for name in names[::2]}, lost=names[1::2])
    half.notebook = _from_colab(half.notebook)
    return [
        hand_in("perfect", right, lost=()),
        hand_in("empty", {}, lost=names),
        half,
        hand_in("endless", endless, lost=(first, second)),
        hand_in("mistaken", right | {exercise: code}, lost=(exercise,), feedback=mistake),
        tampered,
    ]


def _from_colab(notebook):
    """The notebook as Colab saves it: in an older format, without the cells' ids, with metadata of its own."""
    notebook.nbformat_minor = 0
    notebook.metadata["colab"] = {"provenance": []}
    for cell in notebook.cells:
        cell.metadata["id"] = cell.pop("id")
        if cell.cell_type == "code":
            cell.execution_count = 1
            cell.outputs = [nbformat.v4.new_output("stream", text="what Colab showed")]
    return notebook


def _most(source):
    """The points of each exercise."""
    return {
        name: _cell(source.cells, f"{name}_check").metadata.nbgrader["points"] for name in answers(source)
    }


def _cell(cells, grade_id):
    return next(cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def _topic(source):
    first = next(iter(answers(source)))
    return re.match(r'check\("(\w+)\.', _cell(source.cells, f"{first}_check").source)[1]


def _filled(released, answered):
    notebook = copy.deepcopy(released)
    for name, code in answered.items():
        answers(notebook)[name].source = code
    return notebook


def typical_mistake(topic):
    """Return exercise, code and name of the first typical mistake that the tests have for an answer with parameters."""
    file = WRONG_ANSWERS / f"{topic}.py"
    known = exercises(topic)
    for number, (exercise, _, mistake) in enumerate(runpy.run_path(str(file))["WRONG"]):
        if not known[exercise].is_question:
            code = f'import runpy\n\n{exercise} = runpy.run_path({str(file)!r})["WRONG"][{number}][1]'
            return exercise, code, mistake
    raise ValueError(f"{file} has no wrong answer to an exercise of {topic} with parameters")


# ---- the course --------------------------------------------------------------------------------------------------


def set_up(folder, sources, seconds=SECONDS):
    """Make the folder of a course.

    Parameters
    ----------
    folder : Path
        The configuration and ``source/topic/topic.ipynb`` are written into it.
    sources : list of Path
        Notebooks in nbgrader's source format.
    seconds : int
        What a cell may take.

    Raises
    ------
    FileExistsError
        There is such a course already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "nbgrader_config.py").open("x", encoding="utf-8", newline="\n") as config:
        config.write(CONFIG.replace(f"timeout = {SECONDS}", f"timeout = {seconds}"))
    for source in sources:
        copied = folder / "source" / source.stem / source.name
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes(source.read_bytes())


def rehearse(source, folder, seconds=SECONDS, wrong=None):
    """Set up a course with one notebook, hand in, grade, and compare.

    Parameters
    ----------
    source : Path
        A notebook in nbgrader's source format.
    folder : Path
        Of the course; everything is written into it.
    seconds : int
        What a cell may take.
    wrong : tuple, optional
        Exercise, code of a wrong answer, and the name of its mistake; by default one of tests/wrong_answers.

    Returns
    -------
    Rehearsal

    Raises
    ------
    RuntimeError
        One of nbgrader's commands failed.
    """
    topic, folder = source.stem, folder.resolve()
    notebook = nbformat.read(source, as_version=4)
    set_up(folder, [source], seconds)
    _nbgrader(folder, "generate_assignment", topic)
    released = nbformat.read(folder / "release" / topic / f"{topic}.ipynb", as_version=4)

    handed_in = submissions(notebook, released, wrong or typical_mistake(topic))
    archive = folder / "downloaded" / topic / "archive"
    archive.mkdir(parents=True)
    for submission in handed_in:
        nbformat.write(submission.notebook, archive / submission.file)
    _nbgrader(folder, "zip_collect", topic)

    start = time.perf_counter()
    _nbgrader(folder, "autograde", topic)
    result = Rehearsal(topic, _most(notebook), seconds=time.perf_counter() - start)
    _nbgrader(folder, "generate_feedback", topic)

    graded = _points(folder, topic)
    for submission in handed_in:
        got, student = graded.get(submission.student, {}), submission.student
        result.got[student], result.expected[student] = got, submission.points
        result.differences += compare(submission, got, _feedback(folder, topic, student))
    if (folder / "exercises.json").exists():
        result.differences.append("grading has kept what was solved, as if a student had solved it here")
    return result


def compare(submission, got, feedback):
    """Say what about a graded submission is not as expected.

    Parameters
    ----------
    submission : Submission
    got : dict
        From the name of each exercise to its points.
    feedback : str
        The text of the page that the student gets back.

    Returns
    -------
    list of str
    """
    expected, student = submission.points, submission.student
    found = [
        f"{student}, {name}: {got.get(name)} points, expected {expected.get(name)}"
        for name in {**expected, **got}
        if got.get(name) != expected.get(name)
    ]
    if submission.feedback not in feedback:
        found.append(f"{student}: the feedback does not say {submission.feedback!r}")
    return found


def _nbgrader(folder, command, topic):
    """Run one of nbgrader's commands in the folder of a course."""
    own = folder / ".jupyter"
    # Neither the configuration nor the files of whoever runs this.
    env = os.environ | {
        # nbgrader calls the command `alembic`, which lies beside Python in a virtual environment.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "IPYTHONDIR": str(own / "ipython"),
        "MPLCONFIGDIR": str(own / "matplotlib"),
        "DLCORE_EXERCISES": str(folder / "exercises.json"),
        "OMP_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
    }
    env.pop("NBGRADER_EXECUTION", None)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", command, topic],
        check=False,
        cwd=folder,
        env=env,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        raise RuntimeError(f"nbgrader {command} {topic} failed:\n{done.stderr[-3000:]}")


def _points(folder, topic):
    """What nbgrader's database says: from each student to the points for each exercise."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return {
            submission.student.id: {
                grade.name.removesuffix("_check"): grade.score
                for notebook in submission.notebooks
                for grade in notebook.grades
                if not grade.needs_manual_grade
            }
            for submission in gradebook.assignment_submissions(topic)
        }


def _feedback(folder, topic, student):
    """The text of the page that a student gets back."""
    page = folder / "feedback" / student / topic / f"{topic}.html"
    text = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(text))


def main(arguments=None):
    """Rehearse the named topics, or all; the exit status is 1 where one did not come out as expected."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("topics", nargs="*", help="all, if none is named")
    parser.add_argument(
        "--to", type=Path, help="a new folder that keeps the courses; by default they are removed"
    )
    parser.add_argument("--seconds", type=int, default=SECONDS, help="what a cell may take (default: 20)")
    parser.add_argument("--set-up", type=Path, metavar="FOLDER", help="only make a course of your own there")
    options = parser.parse_args(arguments)
    topics = options.topics or sorted(file.stem for file in SOURCES.glob("*.ipynb"))
    sources = [SOURCES / f"{topic}.ipynb" for topic in topics]
    missing = [source for source in sources if not source.is_file()]
    if missing:
        parser.error(f"there is no {missing[0]}")
    taken = options.set_up and options.set_up / "nbgrader_config.py"
    if taken and taken.exists():
        parser.error(f"there is a course already: {taken}")
    if options.set_up:
        set_up(options.set_up, sources, options.seconds)
        print(f"{options.set_up}: nbgrader_config.py, and the sources of {', '.join(topics)}")
        return 0
    differs = False
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as temporary:
        for source in sources:
            folder = (options.to or Path(temporary)) / source.stem
            result = rehearse(source, folder, options.seconds)
            print(result, flush=True)
            differs |= bool(result.differences)
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
