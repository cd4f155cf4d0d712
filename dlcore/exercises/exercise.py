"""What an exercise is: a reference, cases to try an answer on, typical mistakes, and hints.

A topic's file declares its exercises beside each other::

    def _cases(generator):
        yield case("three numbers", np.array([1.0, 2, 3]))
        yield case("no number", np.array([]))
        yield case("random numbers", generator.normal(size=5))

    @exercise("sum_of_squares", cases=_cases, hints=("Which NumPy function adds up?",))
    def sum_of_squares(x):
        return (x**2).sum()

    @sum_of_squares.mistake("mean for sum", "Your numbers are too small by a factor. What is divided that need not be?")
    def _(x):
        return (x**2).mean()

An answer is always a function. One without parameters answers a question by a value, or by several in a dict.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Case", "Exercise", "Mistake", "case", "exercise"]

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


@dataclass(frozen=True)
class Case:
    """Arguments to try an answer on.

    Attributes
    ----------
    label : str
        What is particular about them: "a kernel longer than the input".
    arguments : tuple
    """

    label: str
    arguments: tuple


def case(label, *arguments):
    """Make a `Case`."""
    return Case(label, arguments)


class Exercise:
    """An exercise, whose answer is a function.

    Parameters
    ----------
    name : str
        The part of its id after the topic.
    reference : callable
        The right answer. What it returns is a number, an array, or a tuple or a dict of these. Without parameters it
        answers a question; then the checker never shows what was expected.
    cases : callable, optional
        ``cases(generator)`` yields the cases; small ones first, edge cases among them. Needed for an answer with
        parameters.
    hints : sequence of str
        Up to three, each saying more than the one before.
    tolerance : float
        How far an answer may be from the reference, relative to its largest number.
    use : callable, optional
        ``use(answer, *arguments)`` calls an answer and returns its results, where that takes more than one call: a
        pullback, the steps of an optimizer. The names of the arguments are taken from here.
    results : sequence of str
        The names of the results, where they are a tuple.
    refuses : sequence of str
        What an answer is to do without, because the exercise asks to write it: modules or functions by their dotted
        names, as ``"dlcore.scratch"`` or ``"numpy.convolve"``. Functions written in C are not noticed.
    accepts : callable, optional
        ``accepts(value, *arguments)``, for exercises with many right answers: None where a value is right, the name
        of a mistake of this exercise, or a sentence that says what is wrong; or a pair, of the part that is wrong and
        one of these.

    Attributes
    ----------
    id : str
        ``"topic.name"``: stable, whatever becomes of the text.
    mistakes : list of Mistake
    """

    def __init__(
        self,
        name,
        reference,
        *,
        hints,
        cases=None,
        tolerance=1e-6,
        use=None,
        results=(),
        refuses=(),
        accepts=None,
    ):
        hints = tuple(hints)
        if not 1 <= len(hints) <= _HINTS:
            raise ValueError(f"hints: expected 1 to {_HINTS}, got {len(hints)}")
        self.parameters = _names(reference)
        self.is_question = not self.parameters
        if cases is None and not self.is_question:
            raise ValueError(
                f"cases: expected a function for an answer with parameters {self.parameters}, got None"
            )
        topic = reference.__module__.rpartition(".")[2]
        self.id = f"{topic}.{name}"
        self.reference, self.hints, self.tolerance = reference, hints, tolerance
        self.results, self.refuses, self.accepts = tuple(results), tuple(refuses), accepts
        self.arguments = self.parameters if use is None else _names(use)[1:]
        self._use, self._cases = use, cases
        self.mistakes = []
        self.__doc__ = reference.__doc__

    def cases(self, seed=0):
        """Return every `Case`; the same seed gives the same cases."""
        if self._cases is None:
            return [Case("the answer", ())]
        return list(self._cases(np.random.default_rng(seed)))

    def use(self, answer, *arguments):
        """Call an answer on the arguments of a case and return its results."""
        return answer(*arguments) if self._use is None else self._use(answer, *arguments)

    def mistake(self, name, advice=None):
        """Declare a mistake. A decorator for what an answer with this mistake computes.

        Without advice it is another way to make a mistake that was declared before.
        """
        if advice is None:
            advice = next((mistake.advice for mistake in self.mistakes if mistake.name == name), None)
            if advice is None:
                raise ValueError(f"advice: expected some for the new mistake {name!r}, got none")

        def declare(function):
            self.mistakes.append(Mistake(name, advice, function))
            return function

        return declare

    def declare(self, table):
        """Declare mistakes: from the name of each to its advice, and one or more functions that make it."""
        for name, (advice, *ways) in table.items():
            for way in ways:
                self.mistake(name, advice)(way)

    def __call__(self, *arguments):
        return self.reference(*arguments)

    def __repr__(self):
        return f"<exercise {self.id}({', '.join(self.parameters)})>"


def _names(function):
    return list(inspect.signature(function).parameters)


def exercise(name, **options):
    """Turn a right answer into an `Exercise`. A decorator; its arguments are those of `Exercise`."""

    def declare(reference):
        return Exercise(name, reference, **options)

    return declare
