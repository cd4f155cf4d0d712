"""The pages of the exercise notebooks: what stands in them, and what nowhere."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from bs4 import BeautifulSoup
from exercise_pages import page, write_page
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sphinx.errors import ExtensionError

import dlcore.exercises

ROOT = Path(__file__).resolve().parent.parent

TOPIC = '''
from dlcore.exercises.exercise import case, exercise


def numbers(generator):
    yield case("one", 1.0)
    yield case("another one", generator.normal())


@exercise("square", cases=numbers, hints=("Use `x[i] < y`,\\n as & says.", "Multiply.", "By itself."))
def square(x):
    """Square a number."""
    return x * x


@exercise("how_many", hints=("Count.",))
def how_many():
    """Say how many there are."""
    return 3
'''
HERE = "../../topics"
IMPORTS = f"""\
import os

import dlcore.exercises
from dlcore.exercises import check

dlcore.exercises.__path__.append({HERE!r})"""
GIVEN = """\
open("executed", "a").write("once ")
print("given", os.environ["NBGRADER_EXECUTION"])"""
SQUARE = '''\
def square(x):
    """Square a number."""
    ### BEGIN SOLUTION
    the_secret_power = 2
    return x**the_secret_power
    ### END SOLUTION'''
SQUARE_CHECK = """\
check("areas.square", square)
### BEGIN HIDDEN TESTS
check("areas.square", square, seed=1)
### END HIDDEN TESTS"""
HOW_MANY = '''\
def how_many():
    """Say how many there are."""
    ### BEGIN SOLUTION
    return 3
    ### END SOLUTION'''


def text(source):
    return new_markdown_cell(source)


def code(source, grade_id, tags=(), **grading):
    grading = {
        "grade": False,
        "solution": False,
        "locked": True,
        "task": False,
        "schema_version": 3,
    } | grading
    metadata = {"nbgrader": grading | {"grade_id": grade_id}} | ({"tags": list(tags)} if tags else {})
    return new_code_cell(source, metadata=metadata)


def answer(source, name):
    return code(source, name, solution=True, locked=False)


def graded(source, name):
    return code(source, f"{name}_check", grade=True, points=2)


@pytest.fixture
def notebook():
    cells = [
        text("# Exercises: areas\n\nYou measure areas."),
        new_code_cell("SOURCE = 'colab'", metadata={"tags": ["colab-setup", "remove-cell"]}),
        code(IMPORTS, "imports", tags=["live-setup"]),
        text("## 1. A square\n\n*2 minutes, 2 points*\n\nSquare it."),
        code(GIVEN, "given"),
        answer(SQUARE, "square"),
        graded(SQUARE_CHECK, "square"),
        text("## 2. How many?\n\n*1 minute, 2 points*\n\nCount them."),
        answer(HOW_MANY, "how_many"),
        graded('check("areas.how_many", how_many)', "how_many"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


@pytest.fixture
def areas(tmp_path, monkeypatch):
    """The exercises of the topic by id."""
    (tmp_path / "areas.py").write_text(TOPIC)
    monkeypatch.setattr(dlcore.exercises, "__path__", [*dlcore.exercises.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "dlcore.exercises.areas", raising=False)
    yield {exercise.id: exercise for exercise in dlcore.exercises.exercises("areas").values()}
    sys.modules.pop("dlcore.exercises.areas", None)


def place(notebook, grade_id):
    """Where a cell stands."""
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    return ids.index(grade_id)


# ---- the notebook of the page -----------------------------------------------------------------------------


def test_an_exercise_becomes_a_live_stub_hints_and_the_executed_solution(notebook, areas):
    made = page(notebook, areas, with_solutions=True)
    nbformat.validate(made)
    first = [cell.source for cell in made.cells].index("(areas.square.answer)=")
    _, live, hints, _, solution = made.cells[first : first + 5]
    assert live.source == (
        'def square(x):\n    """Square a number."""\n    # YOUR CODE HERE\n    raise NotImplementedError()\n\n'
        'check("areas.square", square)'
    )
    assert live.metadata.tags == ["live", "exercise", "skip-execution"]
    assert "Hint 1 of 3" in hints.source
    assert "\n\n" not in hints.source
    assert "the_secret_power = 2" in solution.source
    assert solution.source.endswith('\n\ncheck("areas.square", square)')
    assert "SOLUTION" not in solution.source
    assert solution.metadata.tags == ["hide-cell", "exercise-solution"]


def test_cells_that_are_no_exercise_stay(notebook, areas):
    made = page(notebook, areas, with_solutions=True)
    sources = [cell.source for cell in made.cells]
    for kept in (0, 1, 2, 4):
        assert notebook.cells[kept].source in sources
    for heading, id in ((3, "areas.square"), (7, "areas.how_many")):
        assert f"({id})=\n{notebook.cells[heading].source}" in sources
    assert made.cells[2].metadata.tags == ["live-setup"]
    assert not any("nbgrader" in cell.metadata for cell in made.cells)


def test_without_solutions_the_page_has_none(notebook, areas):
    made = nbformat.writes(page(notebook, areas, with_solutions=False))
    assert "the_secret_power" not in made
    assert "seed=1" not in made
    assert "Hint 3 of 3" in made


def remove_check(notebook):
    del notebook.cells[place(notebook, "square_check")]


def part_check_from_answer(notebook):
    notebook.cells.insert(place(notebook, "square_check"), text("But first, a word."))


def rename_exercise(notebook):
    for cell in notebook.cells:
        cell.source = cell.source.replace("square", "cube")
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.grade_id = cell.metadata.nbgrader.grade_id.replace("square", "cube")


def answer_twice(notebook):
    first = place(notebook, "square")
    notebook.cells += [cell.copy() for cell in notebook.cells[first : first + 2]]


def remove_heading(notebook):
    cell = notebook.cells[place(notebook, "given") - 1]
    cell.source = cell.source.partition("\n\n")[2]


def omit_exercise(notebook):
    first = place(notebook, "how_many")
    del notebook.cells[first - 1 : first + 2]


@pytest.mark.parametrize(
    "spoil, message",
    [
        (remove_check, "square: no check cell"),
        (part_check_from_answer, "cell 'square': its check cell has to follow it"),
        (rename_exercise, "cell 'cube': there is no exercise areas.cube"),
        (answer_twice, "square: two cells have this grade_id"),
        (remove_heading, "cell 'square': a cell that begins with a heading of its own has to stand above it"),
        (omit_exercise, "no cell checks the exercise areas.how_many"),
    ],
)
def test_a_notebook_that_is_not_well_formed_is_refused(notebook, areas, spoil, message):
    spoil(notebook)
    with pytest.raises(ValueError, match=message):
        page(notebook, areas, with_solutions=True)


# ---- real builds ------------------------------------------------------------------------------------------

CONFIGURATION = f"""
import sys
sys.path[:0] = [{str(ROOT / "book" / "_ext")!r}]
import dlcore.exercises
dlcore.exercises.__path__.append("topics")
extensions = ["myst_nb", "exercise_pages"]
exclude_patterns = ["out", "topics"]
nb_execution_mode = "cache"
html_sourcelink_suffix = ""
"""
PAGE = "book/exercises/areas"


@pytest.fixture
def book(tmp_path, notebook):
    """A book of one exercise notebook."""
    for folder in ("topics", "book/exercises"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "topics" / "areas.py").write_text(TOPIC)
    (tmp_path / "conf.py").write_text(CONFIGURATION)
    link = f"[solution]({PAGE}.ipynb), [by name](#areas.square.solution)"
    (tmp_path / "index.md").write_text(f"# Book\n\n{link}\n\n```{{toctree}}\n{PAGE}\n```\n")
    nbformat.write(notebook, tmp_path / f"{PAGE}.ipynb")
    return tmp_path


def build(book, *options):
    """Build the book; the warnings that the build failed on, "" where there were none."""
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-W",
            "--keep-going",
            *options,
            ".",
            "out/html",
            "-d",
            "out/doctrees",
        ],
        cwd=book,
        env={name: value for name, value in os.environ.items() if name != "NBGRADER_EXECUTION"},
        check=False,
        capture_output=True,
        text=True,
    )
    # A kernel may write to this stream as well.
    return result.stderr if result.returncode else ""


def built_page(book):
    return BeautifulSoup((book / f"out/html/{PAGE}.html").read_text(), "html.parser")


def test_the_page_is_executed_once_and_its_parts_have_the_exercise_s_address(book):
    assert build(book) == ""
    built = built_page(book)
    assert built.find(id="areas-square").find_parent("section").h2.text.startswith("1. A square")

    live = built.find(id="areas-square-answer")
    assert {"cell", "tag_live", "tag_exercise"} <= set(live["class"])
    assert "raise NotImplementedError()" in live.text
    assert not live.find(class_="cell_output")

    hint = live.find_next("details", class_="dlcore-hint")
    assert hint.p.text == "Use x[i] < y, as & says."
    assert hint.code.text == "x[i] < y"
    assert [step.summary.text for step in hint.find_all("details")] == ["Hint 2 of 3", "Hint 3 of 3"]
    assert hint["data-exercise"] == "areas.square"

    solution = built.find(id="areas-square-solution")
    assert {"cell", "tag_exercise-solution"} <= set(solution["class"])
    closed = solution.find("details", open=False)
    assert "Show the solution" in closed.summary.text
    assert "the_secret_power" in closed.text
    assert "areas.square: right, in all 2 cases." in closed.find(class_="cell_output").text
    index = BeautifulSoup((book / "out/html/index.html").read_text(), "html.parser")
    assert index.find("a", string="by name")["href"] == f"{PAGE}.html#areas-square-solution"

    assert files_with(book, b"the_secret_pow") == {f"{PAGE}.html", "searchindex.js"}
    assert files_with(book, b"seed=1") == set()
    assert "YOUR CODE HERE" in (book / f"out/html/_sources/{PAGE}.ipynb").read_text()

    assert "given book" in built.text
    executed = book / "book/exercises/executed"
    topic = book / "topics" / "areas.py"
    topic.write_text(TOPIC.replace("Multiply", "Take it twice"))
    assert build(book) == ""
    assert "Take it twice" in built_page(book).text
    assert executed.read_text() == "once "


def test_a_wrong_solution_fails_the_build(book, notebook):
    cell = notebook.cells[place(notebook, "square")]
    cell.source = cell.source.replace("= 2", "= 3")
    nbformat.write(notebook, book / f"{PAGE}.ipynb")
    assert "Executing notebook failed" in build(book)


def files_with(book, word):
    """The built files that hold a word; every word of the solution starts like this one in the search index too."""
    files = [path for path in (book / "out" / "html").rglob("*") if path.is_file()]
    return {path.relative_to(book / "out" / "html").as_posix() for path in files if word in path.read_bytes()}


def test_hidden_solutions_are_nowhere_and_their_links_lead_to_the_answers(book):
    assert build(book, "-D", "nb_execution_mode=off") == ""
    assert files_with(book, b"the_secret_pow")
    assert build(book, "-D", "nb_execution_mode=off", "-D", "exercises_hide_solutions=1") == ""
    assert files_with(book, b"the_secret_pow") == files_with(book, b"seed=1") == set()
    assert "YOUR CODE HERE" in (book / f"out/html/_sources/{PAGE}.ipynb").read_text()
    live = built_page(book).find(id="areas-square-answer")
    assert "raise NotImplementedError()" in live.text
    assert live.find(id="areas-square-solution")


def test_the_build_names_the_notebook_that_is_not_well_formed(areas, notebook):
    remove_heading(notebook)
    environment = SimpleNamespace(doc2path=lambda docname: f"/project/{docname}.ipynb")
    app = SimpleNamespace(env=environment, config=SimpleNamespace(exercises_hide_solutions=False))
    with pytest.raises(ExtensionError, match=f"(?s)/project/{PAGE}.ipynb.*cell 'square'"):
        write_page(app, PAGE, [nbformat.writes(notebook)])
