"""The page of an exercise notebook: the student's stub as a live cell, hints in steps, the solution in a dropdown.

A notebook in book/exercises is nbgrader's source: it holds the solutions. Sphinx reads in its place what `page` makes of
it, so that solutions are executed where they are shown, and stand nowhere where `exercises_hide_solutions` is set. The
page's download is the student edition, whatever is set.

A solution that is wrong fails the build: the checker raises where the environment variable NBGRADER_EXECUTION is set.
"""

import os
import re
import shutil
import sys
from functools import cache
from html import escape
from pathlib import Path

import nbformat
from docutils import nodes
from nbformat.v4 import new_code_cell, new_markdown_cell
from sphinx.environment import CONFIG_OK
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = "book/exercises/"

_HEADING = re.compile("## ")
_CHECK = re.compile(r'check\("([^"]+)"')
_LONGEST_NAME = 64  # of a cell, in nbformat


@cache
def student_tools():
    """The module `tools/student.py`."""
    sys.path.append(str(ROOT / "tools"))
    import student

    return student


# ---- the notebook of the page -----------------------------------------------------------------------------


def page(notebook, exercises, with_solutions):
    """Make the notebook of the page out of an exercise notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        In nbgrader's source format.
    exercises : dict
        The topic's `Exercise` objects by id. The notebook has to have each once.
    with_solutions : bool

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ValueError
        The notebook is not well formed; each line names a cell and says what is wrong with it.
    """
    made = student_tools().student(notebook)
    ids, headings, defects = find_answers(notebook, exercises)
    if defects:
        raise ValueError("\n".join(defects))
    cells = []
    for place, (cell, shown) in enumerate(zip(notebook.cells, made.cells, strict=True)):
        # All is the student edition's, but the solution itself.
        if place in ids:
            exercise, check = exercises[ids[place]], made.cells[place + 1].source
            cells += answer_cells(exercise, shown.source, check, with_solutions)
            if with_solutions:
                cells += solution_cells(exercise, student_tools().solution(cell), check)
        elif place - 1 not in ids:
            shown.metadata.pop("nbgrader", None)
            if place in headings:
                # The address of the exercise; in the notebook it would be seen as text.
                shown.source = f"({headings[place]})=\n{shown.source}"
            cells.append(shown)
    made.cells = cells
    return made


def find_answers(notebook, exercises):
    """Find the answer cells of a notebook, each of which its check cell follows.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        From which a student edition can be made.
    exercises : collection of str
        The ids of the topic's exercises.

    Returns
    -------
    ids, headings : dict
        From the place of an answer cell, and of the cell with its heading, to the id of the exercise.
    defects : list of str
        What is wrong, a sentence each.
    """
    ids, headings, defects, heading = {}, {}, [], None
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and _HEADING.match(cell.source):
            heading = place
        if not cell.metadata.get("nbgrader", {}).get("solution"):
            continue
        name = f"cell {names[place]!r}"
        if names[place + 1 : place + 2] != [f"{names[place]}_check"]:
            defects.append(f"{name}: its check cell has to follow it")
            continue
        id = ids[place] = _CHECK.match(notebook.cells[place + 1].source)[1]
        if id not in exercises:
            defects.append(f"{name}: there is no exercise {id}")
        if heading is None:
            defects.append(f"{name}: a cell that begins with a heading of its own has to stand above it")
        headings[heading], heading = id, None
    unchecked = [id for id in exercises if id not in ids.values()]
    return ids, headings, defects + [f"no cell checks the exercise {id}" for id in unchecked]


def answer_cells(exercise, stub, check, with_solutions):
    """The live cell with the stub, and the hints."""
    # A target gives the next element its id, the last target first. A link to a solution that is not there leads here.
    parts = ["answer"] if with_solutions else ["solution", "answer"]
    targets = "\n".join(f"({exercise.id}.{part})=" for part in parts)
    tags = {"tags": ["live", "exercise", "skip-execution"]}
    return [
        new_markdown_cell(targets, id=cell_name(exercise, "answer-target")),
        new_code_cell(joined(stub, check), id=cell_name(exercise, "answer"), metadata=tags),
        new_markdown_cell(hint_steps(exercise), id=cell_name(exercise, "hints")),
    ]


def solution_cells(exercise, solution, check):
    """The solution, which is executed, as what a reader opens."""
    prompts = {"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"}
    metadata = {"tags": ["hide-cell", "exercise-solution"], "mystnb": prompts}
    return [
        new_markdown_cell(f"({exercise.id}.solution)=", id=cell_name(exercise, "solution-target")),
        new_code_cell(joined(solution, check), id=cell_name(exercise, "solution"), metadata=metadata),
    ]


def joined(answer, check):
    return f"{answer.rstrip()}\n\n{check.strip()}"


def cell_name(exercise, part):
    """The id of a cell, of letters, digits and hyphens."""
    return f"{part}-{re.sub('[^a-zA-Z0-9]+', '-', exercise.id)}"[:_LONGEST_NAME]


def hint_steps(exercise):
    """The hints in HTML: each opens to its text and to the next one. An empty line would end the HTML."""
    steps = ""
    for number, hint in reversed([*enumerate(exercise.hints, 1)]):
        text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(" ".join(hint.split())))
        steps = (
            f'<details class="dlcore-hint" data-exercise="{exercise.id}">\n'
            f"<summary>Hint {number} of {len(exercise.hints)}</summary>\n<p>{text}</p>\n{steps}</details>\n"
        )
    return steps


# ---- the build --------------------------------------------------------------------------------------------


def is_exercises(env, docname):
    return docname.startswith(FOLDER) and env.doc2path(docname).endswith(".ipynb")


def write_page(app, docname, source):
    """Have Sphinx read the page in place of the notebook."""
    if not is_exercises(app.env, docname):
        return
    from dlcore.exercises import exercises

    topic = docname.rpartition("/")[2]
    try:
        declared = {exercise.id: exercise for exercise in exercises(topic).values()}
        notebook = nbformat.reads(source[0], as_version=4)
        source[0] = nbformat.writes(page(notebook, declared, not app.config.exercises_hide_solutions))
    except ValueError as error:
        raise ExtensionError(f"exercise_pages: {app.env.doc2path(docname)}:\n{error}") from error
    # Hints and stubs come from there.
    for path in (sys.modules[f"dlcore.exercises.{topic}"].__file__, student_tools().__file__, __file__):
        app.env.note_dependency(str(path))


def add_anchors(app, doctree):
    """Let links such as `convolution.ipynb#convolution-full-mode` find an exercise, as they find headings."""
    if not is_exercises(app.env, app.env.docname):
        return
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for section in doctree.findall(nodes.section):
        for anchor in section["ids"]:
            slugs.setdefault(anchor, (section.line, anchor, section[0].astext()))


def write_download(app, pagename, templatename, context, doctree):
    """Put the student edition where the page's download button leads."""
    if doctree is None or not is_exercises(app.env, pagename) or not context.get("sourcename"):
        return
    notebook = nbformat.read(app.env.doc2path(pagename), as_version=4)
    download = Path(app.outdir, "_sources", context["sourcename"])
    download.parent.mkdir(parents=True, exist_ok=True)
    edition = student_tools().student(notebook)
    student_tools().point_links(edition, "")  # the other files are not where the reader puts this one
    nbformat.write(edition, download)
    # The buttons are made by now. Sphinx would copy the source there, with its solutions.
    context["sourcename"] = ""


def remove_remains(app):
    """Remove what Sphinx would leave of an earlier build with other settings, which may have shown the solutions."""
    if app.env.config_status == CONFIG_OK:
        return
    # Every page is written anew.
    Path(app.outdir, "searchindex.js").unlink(missing_ok=True)  # it would keep the words of the earlier pages
    for folder in ("_images", "reports"):
        shutil.rmtree(Path(app.outdir, folder), ignore_errors=True)


def require_right_answers(app):
    os.environ["NBGRADER_EXECUTION"] = "book"


def require_nothing(app, exception):
    os.environ.pop("NBGRADER_EXECUTION", None)


def setup(app):
    app.add_config_value("exercises_hide_solutions", False, "env", bool)
    app.connect("builder-inited", remove_remains)
    app.connect("builder-inited", require_right_answers)
    app.connect("source-read", write_page)
    app.connect("doctree-read", add_anchors)
    app.connect("html-page-context", write_download, priority=900)  # after the theme's buttons
    app.connect("build-finished", require_nothing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
