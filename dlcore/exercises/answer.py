"""What the checker says about an answer: in a terminal, in a notebook, and in the page."""

from dataclasses import dataclass, field, replace
from html import escape

import numpy as np

__all__ = ["Answer"]

_LARGEST = 12


@dataclass(frozen=True)
class Answer:
    """The judgement on one answer. It is true where the answer is right.

    Attributes
    ----------
    id : str
    right, total : int
        Cases that came out right before the first that did not, and all of them.
    problem : str
        What is wrong on the first case that came out wrong; "" where the answer is right.
    mistake : str
        The name of the mistake, where it is a typical one.
    advice : str
        Where to look.
    arguments : dict
        Of the first case that came out wrong, by name.
    expected, got : object
    differs : array of bool or None
        Where the two differ, if both are arrays of one shape.
    """

    id: str
    right: int = 0
    total: int = 0
    problem: str = ""
    mistake: str = ""
    advice: str = ""
    arguments: dict = field(default_factory=dict)
    expected: object = None
    got: object = None
    differs: np.ndarray | None = None

    def __bool__(self):
        return not self.problem

    def with_advice(self, mistake, advice):
        return replace(self, mistake=mistake, advice=advice)

    def with_values(self, expected, got, differs):
        return replace(self, expected=expected, got=got, differs=differs)

    @property
    def sentences(self):
        """The judgement, a sentence or two in each."""
        if self:
            return [f"{self.id}: right, in all {self.total} cases."]
        told = [f"{self.id}: not yet. {self.problem}"]
        if self.mistake:
            told.append(f"This looks like a known mistake: {self.mistake}. {self.advice}")
        elif self.advice:
            told.append(self.advice)
        if self.right:
            plural = "" if self.right == 1 else "s"
            told.append(f"Right before that: {self.right} case{plural} of {self.total}.")
        return told

    def __repr__(self):
        shown = [f"{name} = {_text(value)}" for name, value in self.arguments.items()]
        if self.expected is not None:
            shown += [f"expected {_text(self.expected)}", f"got {_text(self.got)}"]
        return "\n".join([*self.sentences, *shown])

    def _repr_html_(self):
        head, *rest = self.sentences
        tables = [_table(name, value) for name, value in self.arguments.items()]
        if self.expected is not None:
            tables += [_table("expected", self.expected), _table("got", self.got, self.differs)]
        colour = "#1a7f4b" if self else "#9a6100"
        return (
            f'<div class="dlcore-answer" role="status" style="border-left: 4px solid {colour}; padding: 0 0 0 0.75rem">'
            f"<p><strong>{escape(head)}</strong></p>"
            + "".join(f"<p>{escape(sentence)}</p>" for sentence in rest)
            + f'<div style="display: flex; flex-wrap: wrap; gap: 1rem">{"".join(tables)}</div></div>'
        )


def _text(value):
    return np.array2string(value, precision=4) if isinstance(value, np.ndarray) else repr(value)


def _table(name, value, marked=None):
    """A small array as a table with its wrong cells marked by colour and frame; anything else as text."""
    caption = f"<figcaption>{escape(name)}</figcaption>"
    array = value if isinstance(value, np.ndarray) else None
    if (
        array is None
        or array.dtype.kind not in "fiu"
        or array.ndim > 2
        or not array.size
        or max(array.shape) > _LARGEST
    ):
        return f'<figure style="margin: 0">{caption}<pre>{escape(_text(value))}</pre></figure>'
    rows = np.atleast_2d(array)
    marks = np.zeros(rows.shape, bool) if marked is None else np.atleast_2d(marked)
    body = "".join(
        "<tr>" + "".join(_cell(*pair) for pair in zip(row, row_marks)) + "</tr>"
        for row, row_marks in zip(rows, marks)
    )
    return f'<figure style="margin: 0">{caption}<table>{body}</table></figure>'


def _cell(number, is_marked):
    style = "padding: 0.1rem 0.4rem; text-align: right"
    if is_marked:
        style += "; outline: 2px solid #d97a06; font-weight: bold"
    return f'<td style="{style}">{number:.4g}</td>'
