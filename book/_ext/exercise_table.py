"""The directive `exercise-table` lists every exercise of the book, as the notebooks in book/exercises have them.

The last columns are taken from book/exercises/trials.toml: in how many minutes, and with how many checks, an exercise
was solved when somebody tried it.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import nbformat
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

HEADING = re.compile(
    r"\A## (?P<title>.+)\n\n\*(?P<amount>\d+) (?P<unit>minute|hour)s?, (?P<points>\d+) points?\*\n"
)
CHECK = re.compile(r'\Acheck\("(?P<id>\w+\.\w+)"')


@dataclass(frozen=True)
class Entry:
    """An exercise as its notebook announces it.

    Attributes
    ----------
    id, title : str
    minutes, points : int
    """

    id: str
    title: str
    minutes: int
    points: int


def read_entries(path):
    """Return the exercises of a notebook, in order.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of Entry

    Raises
    ------
    ValueError
        A check cell follows no announcement, or its points are others than those announced.
    """
    entries, heading = [], None
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            heading = HEADING.match(cell.source) or heading
        grading = cell.metadata.get("nbgrader", {})
        if grading.get("grade"):
            name, check = grading["grade_id"], CHECK.match(cell.source)
            if heading is None or check is None:
                raise ValueError(
                    f"{path.name}: the check cell {name} follows no heading with minutes and points"
                )
            minutes = int(heading["amount"]) * (60 if heading["unit"] == "hour" else 1)
            entry = Entry(check["id"], heading["title"], minutes, int(heading["points"]))
            if grading["points"] != entry.points:
                raise ValueError(
                    f"{path.name}: {entry.id} announces {entry.points} points, its cell has {grading['points']}"
                )
            entries.append(entry)
            heading = None
    return entries


def read_trials(path):
    """Return the records of a trials file: exercise id -> list of {"minutes": number, "checks": int}."""
    tried = {}
    for trial in tomllib.loads(path.read_text(encoding="utf-8"))["trial"] if path.exists() else []:
        for id, record in trial["exercises"].items():
            tried.setdefault(id, []).append(record)
    return tried


def rows(folder):
    """Return the lines of the table, in Markdown."""
    tried = read_trials(folder / "trials.toml")
    lines = [
        "| Exercise | Points | Planned | Tried | Checks |",
        "|---|---|---|---|---|",
    ]
    for path in sorted(folder.glob("*.ipynb")):
        for entry in read_entries(path):
            records = tried.get(entry.id, [])
            minutes = ", ".join(f"{record['minutes']:g} min" for record in records) or "not yet"
            checks = ", ".join(str(record["checks"]) for record in records)
            anchor = re.sub("[._]", "-", entry.id)
            link = f"[{path.stem}: {entry.title}](exercises/{path.name}#{anchor})"
            lines.append(f"| {link} | {entry.points} | {entry.minutes} min | {minutes} | {checks} |")
    return lines


class ExerciseTable(SphinxDirective):
    """The table; it stands in a page of the folder book."""

    def run(self):
        folder = Path(self.env.srcdir, "book", "exercises")
        for path in [folder / "trials.toml", *folder.glob("*.ipynb"), folder]:
            self.env.note_dependency(str(path))
        try:
            lines = rows(folder)
        except ValueError as error:
            raise ExtensionError(f"exercise_table: {error}") from error
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app):
    app.add_directive("exercise-table", ExerciseTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
