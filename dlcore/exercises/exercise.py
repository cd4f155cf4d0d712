"""What an exercise is: a reference, cases to try an answer on, typical mistakes, and hints.

A topic's file declares its exercises beside each other::

    @exercise("sum_of_squares", cases=_cases, hints=("Which NumPy function adds up?",))
    def sum_of_squares(x):
        return (x**2).sum()

    @sum_of_squares.mistake("mean for sum", "Your numbers are too small by a factor. What is divided that need not be?")
    def _(x):
        return (x**2).mean()
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Exercise", "Mistake", "exercise"]

_HINTS = 3


@dataclass(frozen=True)
class Mistake:
    """A typical wrong answer.

    Attributes
    ----------
    name : str
        The field's or the classroom's name of it: "kernel not flipped".
    advice : str
        Where to look. It does not give the solution away.
    function : callable
        What an answer with this mistake computes. An answer that agrees with it on every case has made the mistake.
    """

    name: str
    advice: str
    function: Callable = field(repr=False)


class Exercise:
    """An exercise whose answer is a function.

    Parameters
    ----------
    name : str
        The part of its id after the topic.
    reference : callable
        The right answer.
    cases : callable
        ``cases(generator)`` yields tuples of arguments; small ones first, edge cases among them.
    hints : sequence of str
        Up to three, each saying more than the one before.
    tolerance : float
        How far an answer may be from the reference, relative to its largest number.

    Attributes
    ----------
    id : str
        ``"topic.name"``: stable, whatever becomes of the text.
    mistakes : list of Mistake
    """

    def __init__(self, name, reference, cases, hints, tolerance):
        hints = tuple(hints)
        if not 1 <= len(hints) <= _HINTS:
            raise ValueError(f"hints: expected 1 to {_HINTS}, got {len(hints)}")
        topic = reference.__module__.rpartition(".")[2]
        self.id = f"{topic}.{name}"
        self.reference, self.hints, self.tolerance = reference, hints, tolerance
        self._cases = cases
        self.mistakes = []
        self.__doc__ = reference.__doc__

    def cases(self, seed=0):
        """Return the arguments of every case, as tuples; the same seed gives the same cases."""
        return [tuple(case) for case in self._cases(np.random.default_rng(seed))]

    @property
    def parameters(self):
        """The names of the answer's parameters, in order."""
        return list(inspect.signature(self.reference).parameters)

    def mistake(self, name, advice):
        """Declare a mistake. A decorator for what an answer with this mistake computes."""

        def declare(function):
            self.mistakes.append(Mistake(name, advice, function))
            return function

        return declare

    def __call__(self, *arguments):
        return self.reference(*arguments)

    def __repr__(self):
        return f"<exercise {self.id}({', '.join(self.parameters)})>"


def exercise(name, *, cases, hints, tolerance=1e-6):
    """Turn a right answer into an `Exercise`. A decorator; its arguments are those of `Exercise`."""

    def declare(reference):
        return Exercise(name, reference, cases, hints, tolerance)

    return declare
