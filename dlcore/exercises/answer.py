"""What the checker says about an answer: in a terminal, in a notebook, and in the page."""

from dataclasses import dataclass, field
from html import escape

import numpy as np

from dlcore.exercises.comparison import kind

__all__ = ["Answer", "WrongAnswer"]

_LARGEST = 12
_LISTED = 3


class WrongAnswer(AssertionError):
    """What a wrong answer raises where an exercise is graded."""


@dataclass(frozen=True)
class Answer:
    """The judgement on one answer. It is true where the answer is right.

    Attributes
    ----------
    id : str
    total : int
        How many cases there are.
    right : tuple of str
        The cases that came out right before the first that did not.
    problem, detail : str
        What is wrong on that first case, and the first number that differs; "" where the answer is right.
    case : str
        What is particular about that case.
    right_results : tuple of str
        The results that are right on that case, where there are several.
    mistake : str
        The name of the mistake, where it is a typical one.
    advice : str
        Where to look.
    arguments : dict
        Of that case, by name.
    expected, got : object
        The first result of that case that differs. Nothing is expected where a question was answered.
    differs : array of bool or None
        Where the two differ, if both are arrays of one shape.
    """

    id: str
    total: int = 0
    right: tuple = ()
    problem: str = ""
    detail: str = ""
    case: str = ""
    right_results: tuple = ()
    mistake: str = ""
    advice: str = ""
    arguments: dict = field(default_factory=dict)
    expected: object = None
    got: object = None
    differs: np.ndarray | None = None

    def __bool__(self):
        return not self.problem

    def require(self):
        """Raise `WrongAnswer`, with everything there is to say, unless the answer is right."""
        if not self:
            raise WrongAnswer(repr(self))

    @property
    def sentences(self):
        """The judgement, a sentence or two in each."""
        if self:
            return [
                f"{self.id}: right." if self.total == 1 else f"{self.id}: right, in all {self.total} cases."
            ]
        told = [f"{self.id}: not yet. {self.problem}"]
        if self.mistake:
            told.append(f"This looks like a known mistake: {self.mistake}. {self.advice}")
        elif self.advice:
            told.append(self.advice)
        if self.arguments:
            told.append(f"It was tried on {self.case}. {self.detail}".rstrip())
        if self.right_results:
            told.append(f"Already right there: {_listed(self.right_results)}.")
        if self.right:
            told.append(f"Passed: {len(self.right)} of {self.total} cases ({_listed(self.right)}).")
        return told

    @property
    def _values(self):
        """What is shown: name, value, and which cells are marked."""
        shown = [(name, *_plane(value, None)) for name, value in self.arguments.items()]
        if self.expected is not None:
            shown.append(("expected", *_plane(self.expected, self.differs)))
        if self.got is not None:
            shown.append(("got", *_plane(self.got, self.differs)))
        return [(f"{name}{place}", value, marks) for name, place, value, marks in shown]

    def __repr__(self):
        shown = [f"{name} = {_text(value)}" for name, value, _ in self._values]
        return "\n".join([*self.sentences, *shown])

    def _repr_html_(self):
        head, *rest = self.sentences
        tables = "".join(
            _table(name, value, marks if name.startswith("got") else None)
            for name, value, marks in self._values
        )
        state = "right" if self else "wrong"
        return (
            f'<div class="dlcore-answer dlcore-answer--{state}" role="status" data-exercise="{escape(self.id)}" '
            f'style="border-left: 4px solid {"#1a7f4b" if self else "#b06a00"}; padding: 0 0 0 0.75rem">'
            f"<p><strong>{escape(head)}</strong></p>"
            + "".join(f"<p>{escape(sentence)}</p>" for sentence in rest)
            + f'<div style="display: flex; flex-wrap: wrap; gap: 1rem">{tables}</div></div>'
        )


def _listed(names):
    rest = len(names) - _LISTED
    return "; ".join(names[:_LISTED]) + (f"; and {rest} more" if rest > 0 else "")


def _plane(value, differs):
    """Of an array with more than two axes the plane with the first wrong number; a caption says which.

    Returns
    -------
    place : str
    value : object
    marks : array of bool or None
    """
    if not isinstance(value, np.ndarray) or value.ndim <= 2 or not value.size:
        return "", value, differs
    has_marks = differs is not None and differs.shape == value.shape and differs.any()
    place = tuple(int(n) for n in np.argwhere(differs)[0][:-2]) if has_marks else (0,) * (value.ndim - 2)
    only = value.shape[:-2] == (1,) * (value.ndim - 2)
    written = "" if only else f", at [{', '.join(map(str, place))}]"
    return f", of shape {value.shape}{written}", value[place], differs[place] if has_marks else None


def _text(value):
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=4, threshold=200)
    if isinstance(value, int | float | str | tuple | list | dict) and len(repr(value)) <= 200:
        return repr(value)
    return kind(value)


def _table(name, value, marked):
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
        return (
            f'<figure style="margin: 0; max-width: 100%">{caption}<pre>{escape(_text(value))}</pre></figure>'
        )
    rows = np.atleast_2d(array)
    marks = np.zeros(rows.shape, bool) if marked is None else np.atleast_2d(marked)
    body = "".join(
        "<tr>" + "".join(_cell(*pair) for pair in zip(row, row_marks)) + "</tr>"
        for row, row_marks in zip(rows, marks)
    )
    return f'<figure style="margin: 0; overflow-x: auto">{caption}<table>{body}</table></figure>'


def _cell(number, is_marked):
    style = "padding: 0.1rem 0.4rem; text-align: right"
    if is_marked:
        style += "; outline: 2px solid #d97a06; font-weight: bold"
    return f'<td style="{style}">{number:.4g}</td>'
