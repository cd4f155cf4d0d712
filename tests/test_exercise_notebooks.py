"""The exercises of a chapter: what the notebook poses and what the package judges are the same."""

import re
from pathlib import Path

import nbformat
import pytest
import yaml
from chapter_anatomy import COLAB_CELL, COLAB_TAGS, chapters
from exercise_table import HEADING, read_entries, rows

from dlcore.exercises import exercises

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "book" / "exercises").glob("*.ipynb"))
KINDS = {
    "answer": {"grade": False, "solution": True, "locked": False, "task": False, "schema_version": 3},
    "check": {"grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3},
    "given": {"grade": False, "solution": False, "locked": True, "task": False, "schema_version": 3},
}

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_every_chapter_has_exercises():
    assert {path.stem for path in NOTEBOOKS} == {chapter.stem for chapter in chapters(ROOT)}
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"book/exercises/(\w+)", str(yaml.safe_load(toc))))
    assert listed == {path.stem for path in NOTEBOOKS}


@every_notebook
def test_four_to_eight_exercises_from_a_warm_up_to_an_evening(path):
    entries = read_entries(path)
    assert 4 <= len(entries) <= 8
    assert [entry.id for entry in entries] == [exercise.id for exercise in exercises(path.stem).values()]
    assert min(entry.minutes for entry in entries) <= 3
    assert max(entry.minutes for entry in entries) >= 60


@every_notebook
def test_the_titles_are_numbered_in_order(path):
    titles = [entry.title for entry in read_entries(path)]
    assert [title.partition(". ")[0] for title in titles] == [str(n + 1) for n in range(len(titles))]


@every_notebook
def test_the_cells_are_those_of_an_exercise_notebook(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    title, colab, imports, *rest = notebook.cells
    assert re.match(r"# Exercises: .+\n\n[^\n]+[.]\n", title.source)
    assert (colab.source, colab.metadata.tags) == (COLAB_CELL, COLAB_TAGS)
    assert imports.metadata.tags == ["live-setup"]
    topic, is_waiting, answer, ids = path.stem, False, None, set()
    for cell in rest:
        grading = cell.metadata.get("nbgrader")
        if cell.cell_type == "markdown":
            assert grading is None
            if found := HEADING.match(cell.source):
                assert not is_waiting, f"no answer and check cell before {found['title']!r}"
                is_waiting = True
            continue
        if grading is None:
            continue
        name = grading["grade_id"]
        assert name not in ids
        ids.add(name)
        kind = "answer" if grading["solution"] else "check" if grading["grade"] else "given"
        assert {key: grading[key] for key in KINDS[kind]} == KINDS[kind], name
        if kind == "answer":
            assert is_waiting
            answer = name
            assert cell.source.startswith(f"def {name}(")
        elif kind == "check":
            assert name == f"{answer}_check"
            assert cell.source.startswith(f'check("{topic}.{answer}", {answer})')
            # Imported again, because an answer may have given `check` another meaning.
            hidden = (
                f'from dlcore.exercises import check\n\nassert check("{topic}.{answer}", {answer}, seed=1)\n'
            )
            assert f"### BEGIN HIDDEN TESTS\n{hidden}### END HIDDEN TESTS" in cell.source
            is_waiting, answer = False, None
    assert not is_waiting and answer is None


@every_notebook
def test_the_parameters_are_those_that_the_checker_expects(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            name = cell.metadata.nbgrader.grade_id
            names = re.match(rf"def {name}\((.*?)\)", cell.source).group(1)
            assert [one.strip().partition("=")[0] for one in names.split(",") if one.strip()] == exercises(
                path.stem
            )[name].parameters


def test_the_table_of_the_teaching_page_lists_every_exercise():
    lines = rows(ROOT / "book" / "exercises")[2:]
    ids = [exercise.id for path in NOTEBOOKS for exercise in exercises(path.stem).values()]
    assert len(lines) == len(ids)
    for line, id in zip(lines, ids, strict=True):
        assert f"#{id.replace('.', '-').replace('_', '-')})" in line
