"""Make the student edition of the exercises: stubs for solutions, and no hidden tests, as nbgrader releases them.

Usage: python tools/student.py [--to FOLDER] [--source OWNER/NAME@REVISION]

For every notebook in book/exercises a folder and a zip file of the same content are written, by default into
_build/student. `--source` names the repository on GitHub from which Colab installs the package.
"""

import argparse
import ast
import copy
import io
import re
import sys
import tokenize
import zipfile
from collections.abc import Mapping
from pathlib import Path

import nbformat
import numpy as np

from dlcore.exercises import exercises

__all__ = ["SourceError", "answers", "leaks", "solution", "student"]

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "book" / "exercises"

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
STUB_COMMENT = "# YOUR CODE HERE"  # as nbgrader writes it
_REGION = re.compile(rf"^[ \t]*{BEGIN}\n(.*?)^[ \t]*{END}$", re.DOTALL | re.MULTILINE)
_CHECK = re.compile(r'check\("(\w+)\.(\w+)", (\w+)\)')
_ADDRESS = re.compile(r"[\w.-]+/[\w.-]+@[\w./-]+")
_LINK = re.compile(r"\[([^\]]+)\]\(\.\./([^)]+)\)")
# Shorter pieces of code stand in any text.
_TRIVIAL = 15
_SHORTEST_LIST = 3
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
_TIME_STAMP = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can hold


class SourceError(ValueError):
    """A source notebook from which no student edition can be made; the message names the cell's grade_id."""


# ---- the source --------------------------------------------------------------------------------------------------


def answers(source):
    """Return the answer cells of a source notebook or of its student edition.

    Parameters
    ----------
    source : nbformat.NotebookNode

    Returns
    -------
    dict
        From the name of the exercise, which is the cell's grade_id, to the cell.
    """
    return {_meta(cell)["grade_id"]: cell for cell in source.cells if _is_answer(cell)}


def solution(cell):
    """Return the code of an answer cell as a student would write it: solution in, marks of its region out."""
    return "\n".join(line for line in cell.source.split("\n") if line.strip() not in (BEGIN, END))


def _meta(cell):
    return cell.metadata.get("nbgrader", {})


def _is_answer(cell):
    return bool(_meta(cell).get("solution")) and not _meta(cell).get("grade")


def _is_check(cell):
    return bool(_meta(cell).get("grade"))


def _checked(cell):
    """Topic and name of the exercise that a check cell checks; None where it checks none."""
    match = _CHECK.match(cell.source)
    return match and (match[1], match[2])


def student(notebook):
    """Make the student edition of a notebook in nbgrader's source format.

    It equals what ``nbgrader generate_assignment`` releases, with nbgrader's own steps, but needs no course.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Stays as it is.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    SourceError
        An answer cell without a solution region, a check cell without points, a stub that would give something away.
    """
    # Here and not above: with its database, nbgrader takes seconds to import.
    from nbgrader.preprocessors import (
        CheckCellMetadata,
        ClearHiddenTests,
        ClearMarkScheme,
        ClearOutput,
        ClearSolutions,
        ComputeChecksums,
        LockCells,
    )

    _require_marks(notebook)
    edition = copy.deepcopy(notebook)
    steps = (
        LockCells,
        ClearSolutions,
        ClearOutput,
        CheckCellMetadata,
        ClearHiddenTests,
        ClearMarkScheme,
        ComputeChecksums,
    )
    for step in steps:
        edition, _ = step().preprocess(edition, {})
    _require_stubs(notebook, edition)
    return edition


def _require_marks(notebook):
    """Raise unless every answer cell has one region, every check cell points, and they belong together."""
    seen = set()
    for cell in notebook.cells:
        grade_id = _meta(cell).get("grade_id")
        if grade_id in seen and grade_id is not None:
            raise SourceError(f"{grade_id}: two cells have this grade_id")
        seen.add(grade_id)
        if _is_answer(cell):
            _require_region(cell, grade_id)
        elif BEGIN in cell.source:
            raise SourceError(f"{grade_id or cell.id}: a solution region stands outside of an answer cell")
        if _is_check(cell):
            _require_check(cell, grade_id, answers(notebook))
        elif BEGIN_HIDDEN in cell.source:
            raise SourceError(f"{grade_id or cell.id}: hidden tests stand outside of a check cell")
    unchecked = [name for name in answers(notebook) if f"{name}_check" not in seen]
    if unchecked:
        raise SourceError(f"{unchecked[0]}: no check cell has the grade_id {unchecked[0]}_check")


def _require_region(cell, grade_id):
    if len(_REGION.findall(cell.source)) != 1 or cell.source.count(BEGIN) != 1 or cell.source.count(END) != 1:
        raise SourceError(f"{grade_id}: expected one region from {BEGIN!r} to {END!r}")


def _require_check(cell, grade_id, answer_cells):
    points = _meta(cell).get("points")
    if not isinstance(points, int) or points <= 0:
        raise SourceError(f"{grade_id}: expected points, a whole number above 0, got {points!r}")
    if not _meta(cell).get("locked"):
        raise SourceError(
            f"{grade_id}: a check cell must be locked, or a student's version of it would count"
        )
    if cell.source.count(BEGIN_HIDDEN) != cell.source.count(END_HIDDEN):
        raise SourceError(f"{grade_id}: {BEGIN_HIDDEN!r} and {END_HIDDEN!r} do not match")
    match = _CHECK.match(cell.source)
    if not match or match[2] != match[3] or grade_id != f"{match[2]}_check" or match[2] not in answer_cells:
        raise SourceError(
            f'{grade_id}: expected check("topic.name", name) in its first line, of an answer cell above'
        )


def _require_stubs(source, edition):
    """Raise unless each stub is its solution minus the body: same signature, same docstring, nothing else left."""
    stubs = answers(edition)
    for name, cell in answers(source).items():
        stub = stubs[name].source
        try:
            full, empty = ast.parse(solution(cell)), ast.parse(stub)
        except SyntaxError as error:
            raise SourceError(f"{name}: its stub or its solution is no Python: {error}") from None
        if _head(empty, name) is None or _head(full, name) != _head(empty, name):
            raise SourceError(
                f"{name}: expected one function {name} with a docstring, equal in solution and stub"
            )
        body = [ast.unparse(statement) for statement in empty.body[0].body[1:]]
        if body != ["raise NotImplementedError()"]:
            raise SourceError(f"{name}: code of the solution stands outside of its region: {body[0]}")
        if len(full.body[0].body) == 1:
            raise SourceError(f"{name}: its solution is empty")
        comments = [comment for comment in _pieces(stub, tokenize.COMMENT) if comment != STUB_COMMENT]
        if comments:
            raise SourceError(f"{name}: a comment stands outside of the solution's region: {comments[0]}")


def _head(tree, name):
    """Signature and docstring of the one function in a cell; None if that is not what the cell holds."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef) or tree.body[0].name != name:
        return None
    function = tree.body[0]
    docstring = ast.get_docstring(function)
    if not docstring:
        return None
    returns = function.returns and ast.dump(function.returns)
    return ast.dump(function.args), returns, [ast.dump(one) for one in function.decorator_list], docstring


def _pieces(code, kind):
    """The comments or strings in some code."""
    try:
        return [
            token.string
            for token in tokenize.generate_tokens(io.StringIO(code).readline)
            if token.type == kind
        ]
    except (tokenize.TokenError, SyntaxError):  # a magic command of IPython
        return code.split("\n")


# ---- what must not be in the student edition ---------------------------------------------------------------------


def leaks(source, edition):
    """Find what a student edition gives away.

    Looked for are the lines of the solutions, the hidden tests, and the values that answer questions: in prose, outputs,
    metadata, attachments, stubs, and in comments and strings of given code. Given code may share lines with a solution,
    as where a bug is to be found; it may not hold all of its lines.

    Parameters
    ----------
    source, edition : nbformat.NotebookNode
        The notebook with solutions, and the one that students get.

    Returns
    -------
    list of str
        A sentence for each leak; empty where there is none.
    """
    given = _bare("\n".join(cell.source for cell in source.cells if _is_given(cell)))
    secrets = {name: _secret_lines(cell, given) for name, cell in answers(source).items()}
    hidden = {
        _meta(cell)["grade_id"]: [_bare(line) for line in _hidden_lines(cell)]
        for cell in source.cells
        if _is_check(cell)
    }
    values = _values(source)
    found = []
    for place, text in _texts(edition):
        bare = _bare(text)
        for name, lines in [*secrets.items(), *hidden.items()]:
            found += [f"{place}: a line of {name}: {line}" for line in lines if line in bare]
        for name, label, value in values:
            if any(_tells(line, label, value) for line in text.split("\n")):
                found.append(f"{place}: the answer to {name}{f' ({label})' if label else ''}")
    for cell in edition.cells:
        if _is_given(cell):
            code = _bare(cell.source)
            whole = {name: _secret_lines(answer, "") for name, answer in answers(source).items()}
            found += [
                f"cell {cell.id}: the whole solution of {name}"
                for name, lines in whole.items()
                if lines and all(line in code for line in lines)
            ]
    return found


def _is_given(cell):
    return cell.cell_type == "code" and not _is_answer(cell) and not _is_check(cell)


def _bare(text):
    """Text without white space and quotation marks' kind, so that no difference in form hides a line."""
    return re.sub(r"\s+", "", text).replace("'", '"')


def _secret_lines(cell, given):
    """What a solution's lines say, without ``return`` or the name that they assign to; trivial ones are left out."""
    (region,) = _REGION.findall(cell.source)
    lines = [re.sub(r"^(return\b|[\w, ]+=(?!=)|#+)", "", line.strip()).strip() for line in region.split("\n")]
    bare = dict.fromkeys(_bare(line) for line in lines)
    return [line for line in bare if len(line) >= _TRIVIAL and line not in given]


def _hidden_lines(cell):
    region = cell.source.partition(BEGIN_HIDDEN)[2].partition(END_HIDDEN)[0]
    return [line for line in region.split("\n") if len(_bare(line)) >= _TRIVIAL]


def _values(source):
    """The values that answer the questions: exercise, key or "", and the numbers as written."""
    found = []
    for cell in source.cells:
        if not _is_check(cell) or not _checked(cell):
            continue
        topic, name = _checked(cell)
        exercise = exercises(topic).get(name)
        if exercise is None:
            raise SourceError(f"{name}: there is no exercise {topic}.{name}")
        if exercise.is_question:
            value = exercise.reference()
            parts = value.items() if isinstance(value, Mapping) else [("", value)]
            found += [(name, str(label), _numbers(part)) for label, part in parts]
    return [(name, label, numbers) for name, label, numbers in found if numbers]


def _numbers(value):
    try:
        return [float(number) for number in np.ravel(value)]
    except (TypeError, ValueError):
        return []


def _tells(line, label, value):
    """Whether a line of text holds an answer: a list of numbers in a row, or a single one beside what it answers."""
    words = re.sub(r"[_\W]+", " ", label).strip().lower()
    plain = re.sub(r"[^\w.-]+", " ", line.replace("_", " ")).lower()
    if len(value) < _SHORTEST_LIST:
        if words and words not in plain or not words and not re.search("answer|solution|result", plain):
            return False
        plain = plain.replace(words, " ", 1)
    numbers = [float(number) for number in _NUMBER.findall(plain)]
    return any(numbers[n : n + len(value)] == value for n in range(len(numbers) - len(value) + 1))


def _texts(edition):
    """Everything in a notebook that is not given code, by place."""
    for text in _strings(edition.metadata):
        yield "the notebook's metadata", text
    for cell in edition.cells:
        if _is_given(cell):
            for piece in _pieces(cell.source, tokenize.COMMENT) + _pieces(cell.source, tokenize.STRING):
                yield f"cell {cell.id}, comments and strings", piece
        else:
            yield f"cell {cell.id}", cell.source
        for part in ("metadata", "outputs", "attachments"):
            for text in _strings(cell.get(part, {})):
                yield f"cell {cell.id}, {part}", text


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield key
            yield from _strings(one)
            # Under one key, a number may be the answer.
            if isinstance(one, int | float) and not isinstance(one, bool):
                yield f"{key}: {one}"
    elif isinstance(value, list | tuple):
        if value and all(isinstance(one, int | float) for one in value):
            yield ", ".join(map(str, value))
        for one in value:
            yield from _strings(one)


# ---- folders and zip files ---------------------------------------------------------------------------------------

README = """\
Exercises: {topic}

{topic}.ipynb holds the exercises. Write each answer into its cell, in place of

    # YOUR CODE HERE
    raise NotImplementedError()

and run the cell below it. check(...) tries your function on small inputs and says what is right, where it first
differs, and which mistake that is if it is a common one. hint(...) gives a hint, and a further one at each call.
progress(...) says what you have solved. All of this is computed where the notebook runs. Nothing is sent anywhere,
and you need no account for it.


In Google Colab

1. Choose File > Upload notebook and give it {topic}.ipynb.
2. {colab}


On your own computer

1. Install Python 3.11 or newer, and JupyterLab: pip install jupyterlab
2. Install the package of the book from its source, in one of two ways:
       pip install "{git}"
       pip install path/to/the/folder        (a copy of the repository, with pyproject.toml in it)
   Install it from no other place: another project has the same short name in the public index.
3. Start jupyter lab in this folder, open {topic}.ipynb, and run its cells from the top.


If you hand it in

Keep the cells as they are: write into the answer cells only, and add cells of your own where you like. The name of an
answer function must stay. Before you hand in, choose Restart and run all.
"""
_COLAB = "Run its first code cell: it installs the package of the book."
_NO_COLAB = (
    'In its first code cell write where the package comes from: SOURCE = "owner/name@revision", as the one\n'
    "   who gave you this tells you. Then run the cell: it installs the package."
)


def readme(topic, address=""):
    """Return the text that goes with a notebook.

    Parameters
    ----------
    topic : str
    address : str
        ``"owner/name@revision"`` on GitHub; "" if it is not known.
    """
    git = f"git+https://github.com/{address or 'owner/name@revision'}"
    return README.format(topic=topic, git=git, colab=_COLAB if address else _NO_COLAB)


def stamp(edition, address):
    """Write into the set-up cell, in place, where Colab installs the package from.

    Raises
    ------
    ValueError
        The address is not of the form ``owner/name@revision``.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"source: expected owner/name@revision, got {address!r}")
    for cell in edition.cells:
        if "colab-setup" in cell.metadata.get("tags", []):
            cell.source = cell.source.replace('SOURCE = ""', f'SOURCE = "{address}"', 1)


def point_links(edition, address):
    """Let links to other files of the book lead to them on GitHub, in place; without an address only their text stays."""
    base = f"https://github.com/{address.replace('@', '/blob/')}/book" if address else ""
    for cell in edition.cells:
        if cell.cell_type == "markdown":
            cell.source = _LINK.sub(rf"[\1]({base}/\2)" if base else r"\1", cell.source)


def write(source, to, address=""):
    """Write the student edition of one notebook as a folder and as a zip file.

    Parameters
    ----------
    source : Path
        The notebook with solutions; its name is the topic.
    to : Path
        The folder is ``to/topic``, the zip file ``to/topic.zip``. The same notebook gives the same bytes.
    address : str
        ``"owner/name@revision"`` for Colab; "" leaves it open.

    Returns
    -------
    Path
        The zip file.

    Raises
    ------
    SourceError
        The notebook is not well formed, or its student edition would give something away.
    """
    topic = source.stem
    notebook = nbformat.read(source, as_version=4)
    edition = student(notebook)
    found = leaks(notebook, edition)
    if found:
        raise SourceError("the student edition gives something away\n  " + "\n  ".join(found))
    point_links(edition, address)
    if address:
        stamp(edition, address)
    files = {f"{topic}.ipynb": nbformat.writes(edition) + "\n", "README.txt": readme(topic, address)}
    folder = to / topic
    folder.mkdir(parents=True, exist_ok=True)
    archive = to / f"{topic}.zip"
    # Not compressed: what compression makes of the same text depends on the version of zlib.
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
            entry = zipfile.ZipInfo(f"{topic}/{name}", _TIME_STAMP)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # the same from Windows
            packed.writestr(entry, text.encode("utf-8"))
    return archive


def main(arguments=None):
    """Write every student edition; the exit status is 1 where one cannot be made."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--to", type=Path, default=ROOT / "_build" / "student", help="folder to write into")
    parser.add_argument("--source", default="", help="owner/name@revision, from where Colab installs")
    parser.add_argument("--from", dest="sources", type=Path, default=SOURCES, help="folder of the sources")
    options = parser.parse_args(arguments)
    if options.source and not _ADDRESS.fullmatch(options.source):
        parser.error(f"--source: expected owner/name@revision, got {options.source!r}")
    failed = 0
    for source in sorted(options.sources.glob("*.ipynb")):
        try:
            print(write(source, options.to, options.source))
        except SourceError as error:
            print(f"{source}: {error}", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
