"""The student edition holds the stubs and nothing of the solutions, and is what nbgrader would release."""

import copy
import zipfile
from pathlib import Path

import nbformat
import pytest
from chapter_anatomy import COLAB_CELL, COLAB_TAGS
from student import SourceError, answers, leaks, main, readme, solution, stamp, student, write

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "book" / "exercises").glob("*.ipynb"))

every_source = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)

ANSWER = '''\
def full_mode(x, w):
    """Return the full convolution of x and w, of shapes (n,) and (k,)."""
    ### BEGIN SOLUTION
    # one row for each entry of the kernel
    places = len(x) + len(w) - 1
    y = np.zeros(places)
    for u, weight in enumerate(w):
        y[u : u + len(x)] += weight * x
    return y
    ### END SOLUTION'''
STUB = '''\
def full_mode(x, w):
    """Return the full convolution of x and w, of shapes (n,) and (k,)."""
    # YOUR CODE HERE
    raise NotImplementedError()'''
CHECK = """\
check("convolution.full_mode", full_mode)
### BEGIN HIDDEN TESTS
check("convolution.full_mode", full_mode, seed=1)
### END HIDDEN TESTS"""
GIVEN = """\
def shifted(x, weight):
    # moves nothing yet
    y = np.zeros(len(x))
    return y"""


def cell(kind, id, source, **metadata):
    make = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}[kind]
    return make(source, id=id, metadata=nbformat.from_dict(metadata))


def grading(grade_id, **options):
    plain = dict.fromkeys(("grade", "solution", "locked", "task"), False)
    return {"nbgrader": plain | {"grade_id": grade_id, "schema_version": 3} | options}


def sample():
    """A source notebook with one exercise."""
    given = grading("shifted", locked=True)
    cells = [
        cell("markdown", "title", "# Exercises: convolution\n\nWrite, run, and read what the check says."),
        cell("code", "colab", COLAB_CELL, tags=list(COLAB_TAGS)),
        cell(
            "code",
            "imports",
            "import numpy as np\n\nfrom dlcore.exercises import check, hint, progress",
            tags=["live-setup"],
            **grading("imports", locked=True),
        ),
        cell("markdown", "text", "## 1. Full mode\n\n*10 minutes, 2 points*"),
        cell("code", "given", GIVEN, **given),
        cell("code", "answer", ANSWER, **grading("full_mode", solution=True)),
        cell("code", "check", CHECK, **grading("full_mode_check", grade=True, locked=True, points=2)),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    notebook.nbformat_minor = 5
    return notebook


def by_id(notebook, id):
    return next(cell for cell in notebook.cells if cell.id == id)


# ---- every source ------------------------------------------------------------------------------------------------


@every_source
def test_every_source_has_a_student_edition_that_gives_nothing_away(source):
    notebook = nbformat.read(source, as_version=4)
    assert leaks(notebook, student(notebook)) == []


@every_source
def test_an_edition_has_the_cells_of_its_source_in_their_order(source):
    notebook = nbformat.read(source, as_version=4)
    edition = student(notebook)
    assert [cell.id for cell in edition.cells] == [cell.id for cell in notebook.cells]
    for stub in answers(edition).values():
        assert stub.source.endswith("    # YOUR CODE HERE\n    raise NotImplementedError()")


# ---- the edition -------------------------------------------------------------------------------------------------


def test_solutions_become_stubs_and_hidden_tests_and_outputs_go():
    notebook = sample()
    by_id(notebook, "check").outputs = [nbformat.v4.new_output("stream", text="right")]
    by_id(notebook, "check").execution_count = 3
    before = copy.deepcopy(notebook)
    edition = student(notebook)
    assert notebook == before
    assert by_id(edition, "answer").source == STUB
    assert by_id(edition, "check").source == 'check("convolution.full_mode", full_mode)'
    assert not by_id(edition, "check").outputs and by_id(edition, "check").execution_count is None
    assert by_id(edition, "given").source == GIVEN
    nbformat.validate(edition)


def test_the_edition_is_what_nbgrader_can_collect():
    for cell in student(sample()).cells:
        if "nbgrader" in cell.metadata:
            assert cell.metadata.deletable is False
            assert "checksum" in cell.metadata.nbgrader


def test_a_solution_is_the_answer_cell_without_marks():
    code = solution(answers(sample())["full_mode"])
    assert "###" not in code
    assert code.count("\n") == ANSWER.count("\n") - 2 and code.endswith("    return y")


@pytest.mark.parametrize(
    ("id", "old", "new", "message"),
    [
        ("answer", "    ### BEGIN SOLUTION\n", "", "^full_mode: expected one region"),
        ("answer", "    ### END SOLUTION", "", "^full_mode: expected one region"),
        ("answer", "    ### BEGIN SOLUTION", "    n = len(x)\n    ### BEGIN SOLUTION", "^full_mode: code of"),
        (
            "answer",
            "    ### BEGIN SOLUTION",
            "    # add rows\n    ### BEGIN SOLUTION",
            "^full_mode: a comment",
        ),
        ("answer", "    ### END SOLUTION", "    ### END SOLUTION\n    return y", "^full_mode: code of"),
        (
            "answer",
            "    ### END SOLUTION",
            "    ### END SOLUTION\nn = 3",
            "^full_mode: expected one function",
        ),
        ("answer", "def full_mode(", "def convolved(", "^full_mode: expected one function full_mode"),
        ("answer", '    """Return the full', '    # """Return the full', "^full_mode: expected one function"),
        (
            "answer",
            "    ### BEGIN SOLUTION",
            "### BEGIN SOLUTION",
            "^full_mode: expected one function",
        ),
        ("answer", "def full_mode(x, w):", "def full_mode(x, w:", "^full_mode: .* no Python"),
        ("check", "full_mode)\n", "other)\n", "^full_mode_check: expected check"),
        ("check", "### END HIDDEN TESTS", "", "^full_mode_check: .* do not match"),
        ("text", "*10 minutes", "### BEGIN SOLUTION\n*10 minutes", "^text: a solution region"),
        ("given", "return y", "### BEGIN HIDDEN TESTS", "^shifted: hidden tests stand outside"),
    ],
)
def test_a_source_that_is_not_well_formed_is_named_by_its_cell(id, old, new, message):
    notebook = sample()
    changed = by_id(notebook, id)
    assert old in changed.source
    changed.source = changed.source.replace(old, new, 1)
    with pytest.raises(SourceError, match=message):
        student(notebook)


@pytest.mark.parametrize(
    ("id", "entries", "message"),
    [
        ("check", {"points": None}, "^full_mode_check: expected points"),
        ("check", {"points": 0}, "^full_mode_check: expected points"),
        ("check", {"locked": False}, "^full_mode_check: a check cell must be locked"),
        ("check", {"grade_id": "other_check"}, "^other_check: expected check"),
        ("check", {"grade": False}, "^full_mode_check: hidden tests stand outside"),
        ("given", {"grade_id": "imports"}, "^imports: two cells"),
    ],
)
def test_metadata_that_is_not_well_formed_is_named_by_its_cell(id, entries, message):
    notebook = sample()
    by_id(notebook, id).metadata.nbgrader.update(entries)
    with pytest.raises(SourceError, match=message):
        student(notebook)


def test_an_answer_without_its_check_is_named():
    notebook = sample()
    notebook.cells.remove(by_id(notebook, "check"))
    with pytest.raises(SourceError, match="^full_mode: no check cell"):
        student(notebook)


# ---- leaks -------------------------------------------------------------------------------------------------------


def test_the_sample_gives_nothing_away():
    assert leaks(sample(), student(sample())) == []


def in_prose(edition):
    by_id(edition, "text").source += "\n\nThe line `y[u:u+len(x)] += weight*x` adds a row."


def in_a_comment_of_given_code(edition):
    by_id(edition, "given").source += "\n    # y[u : u + len(x)] += weight * x"


def in_a_string_of_given_code(edition):
    by_id(edition, "given").source += "\n'''\ny[u : u + len(x)] += weight * x\n'''"


def as_given_code(edition):
    by_id(edition, "given").source = solution(answers(sample())["full_mode"])


def in_an_output(edition):
    text = 'np.zeros(places)\n"len(x) + len(w) - 1"'
    by_id(edition, "check").outputs = [nbformat.v4.new_output("stream", text=text)]


def in_the_metadata_of_a_cell(edition):
    by_id(edition, "answer").metadata["before"] = {"source": [ANSWER]}


def in_the_metadata_of_the_notebook(edition):
    edition.metadata["old"] = ANSWER


def in_an_attachment(edition):
    by_id(edition, "text").attachments = {"solution.txt": {"text/plain": ANSWER}}


def in_the_answer_cell(edition):
    by_id(edition, "answer").source += "\n    # len(x) + len(w) - 1 places"


def as_hidden_tests(edition):
    by_id(edition, "check").source = CHECK


@pytest.mark.parametrize(
    "plant",
    [
        in_prose,
        in_a_comment_of_given_code,
        in_a_string_of_given_code,
        as_given_code,
        in_an_output,
        in_the_metadata_of_a_cell,
        in_the_metadata_of_the_notebook,
        in_an_attachment,
        in_the_answer_cell,
        as_hidden_tests,
    ],
)
def test_a_planted_leak_is_found(plant):
    edition = student(sample())
    plant(edition)
    found = leaks(sample(), edition)
    assert found and all("full_mode" in leak for leak in found)


def test_lines_that_given_code_shows_anyway_are_no_leak():
    notebook = sample()
    by_id(
        notebook, "given"
    ).source += "\n\n\ndef wrong(x, w):\n    y = np.zeros(len(x) + len(w) - 1)\n    return y"
    by_id(notebook, "text").source += "\n\nIn `wrong`, is `len(x) + len(w) - 1` right?"
    assert leaks(notebook, student(notebook)) == []


@pytest.fixture
def question(monkeypatch):
    """A source notebook whose exercise is a question with three values."""

    class Question:
        is_question = True

        @staticmethod
        def reference():
            return {"full": [1, 4, 9.5, 6], "seen_pixels": 13, "widths": (3, 5)}

    monkeypatch.setattr("student.exercises", lambda topic: {"full_mode": Question})
    notebook = sample()
    by_id(notebook, "answer").source = (
        'def full_mode():\n    """Return a dict."""\n    ### BEGIN SOLUTION\n'
        '    return {"full": [1, 4, 9.5, 6], "seen_pixels": 13, "widths": (3, 5)}\n    ### END SOLUTION'
    )
    return notebook


@pytest.mark.parametrize(
    ("text", "is_leak"),
    [
        ("The sequence (1, 4, 9.5, 6) has four entries.", True),
        ("NumPy prints `[1.  4.  9.5 6. ]`.", True),
        ("There are 13 seen pixels.", True),
        ("The widths are 3 and 5.", True),
        ("A layer with 13 channels has 4 rows.", False),
        ("Given are (1, 4, 9, 6).", False),
        ("How many seen pixels are there on 130 x 5?", False),
    ],
)
def test_an_answer_in_prose_is_found(question, text, is_leak):
    by_id(question, "text").source += f"\n\n{text}"
    assert bool(leaks(question, student(question))) == is_leak


def test_an_answer_in_metadata_is_found(question):
    edition = student(question)
    by_id(edition, "answer").metadata["expected"] = [1, 4, 9.5, 6]
    assert leaks(question, edition)
    del by_id(edition, "answer").metadata["expected"]
    edition.metadata["seen_pixels"] = 13
    assert leaks(question, edition)


# ---- folders and zip files ---------------------------------------------------------------------------------------


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "with ü and space"
    folder.mkdir()
    nbformat.write(sample(), folder / "convolution.ipynb")
    return folder / "convolution.ipynb"


def test_the_zip_file_has_notebook_and_readme_and_is_the_same_each_time(source, tmp_path):
    first, second = (write(source, tmp_path / name) for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as packed:
        assert packed.namelist() == ["convolution/convolution.ipynb", "convolution/README.txt"]
        text = packed.read("convolution/convolution.ipynb").decode("utf-8")
    assert text == (tmp_path / "one" / "convolution" / "convolution.ipynb").read_text("utf-8")
    assert "SOLUTION" not in text and 'SOURCE = \\"\\"' in text


def test_the_set_up_cell_can_be_stamped(source, tmp_path):
    write(source, tmp_path, "someone/book@v1.0")
    notebook = nbformat.read(tmp_path / "convolution" / "convolution.ipynb", as_version=4)
    assert by_id(notebook, "colab").source == COLAB_CELL.replace('""', '"someone/book@v1.0"', 1)
    assert "git+https://github.com/someone/book@v1.0" in (tmp_path / "convolution" / "README.txt").read_text()
    for wrong in ("someone/book", 'a/b@c"\nprint()', "https://github.com/a/b"):
        with pytest.raises(ValueError, match="^source: expected owner/name@revision"):
            stamp(notebook, wrong)


def test_nobody_is_told_to_install_somebody_elses_package():
    assert "install dlcore" not in readme("convolution") + readme("convolution", "a/b@c")


def test_main_writes_every_source_and_says_what_it_could_not_make(source, tmp_path, capsys):
    to, sources = tmp_path / "student", source.parent
    assert main(["--from", str(sources), "--to", str(to)]) == 0
    assert sorted(path.name for path in to.iterdir()) == ["convolution", "convolution.zip"]
    notebook = sample()
    by_id(notebook, "text").source += "\n\n`y[u:u+len(x)] += weight*x`"
    nbformat.write(notebook, source)
    assert main(["--from", str(sources), "--to", str(to)]) == 1
    assert "convolution.ipynb: the student edition gives something away" in capsys.readouterr().err


def test_links_into_the_book_lead_somewhere(tmp_path):
    source = ROOT / "book" / "exercises" / "convolution.ipynb"
    write(source, tmp_path)
    bare = (tmp_path / "convolution" / "convolution.ipynb").read_text(encoding="utf-8")
    assert "](../" not in bare and "chapter Convolution" in bare
    write(source, tmp_path, "owner/name@v1")
    pointed = (tmp_path / "convolution" / "convolution.ipynb").read_text(encoding="utf-8")
    assert "[Convolution](https://github.com/owner/name/blob/v1/book/operators/convolution.ipynb)" in pointed
