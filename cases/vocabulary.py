"""The words in which cases are written down: inputs as data, and what is called with them.

Nothing here computes an operator. ``conformance`` runs the cases through both backends, ``tests`` asserts on what it
finds, ``benchmarks`` times those that are meant to be timed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import strategies as st

__all__ = [
    "Array", "Known", "Layer", "Literal", "Operator", "Optimizer", "Path", "Refusal", "Sample", "Seed", "Timed", "known",
    "path", "refusal", "sample", "sizes",
]  # fmt: skip


@dataclass(frozen=True)
class Array:
    """An input that is drawn: its shape, and what it holds.

    Attributes
    ----------
    shape : tuple of int
    values : str
        "normal"; "uniform" in [low, high); "ties", floats that are whole numbers from -2 to 2, so that many are equal;
        "special", normal with some NaN, infinities and zeros among them; "probabilities", positive and adding up to 1
        along `axis`; "integers", int64 in [low, high); "booleans".
    low, high : float
    axis : int
    requires_grad : bool
        Whether a floating-point array asks for its gradient.
    """

    shape: tuple
    values: str = "normal"
    low: float = 0.0
    high: float = 1.0
    axis: int = -1
    requires_grad: bool = True

    def draw(self, generator, dtype):
        """The array, its floats of this dtype."""
        if self.values == "integers":
            return generator.integers(int(self.low), int(self.high), self.shape)
        if self.values == "booleans":
            return generator.random(self.shape) < 0.5
        return np.asarray(self._floats(generator), dtype)

    def _floats(self, generator):
        if self.values == "normal":
            return generator.standard_normal(self.shape)
        if self.values == "uniform":
            return generator.uniform(self.low, self.high, self.shape)
        if self.values == "ties":
            return generator.integers(-2, 3, self.shape)
        if self.values == "probabilities":
            positive = generator.exponential(size=self.shape) + 1e-3
            return positive / positive.sum(self.axis, keepdims=True)
        if self.values == "special":
            some = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0])[generator.integers(5, size=self.shape)]
            return np.where(generator.random(self.shape) < 0.3, some, generator.standard_normal(self.shape))
        raise ValueError(f"values: unknown kind {self.values!r}")


@dataclass(frozen=True)
class Literal:
    """An input that is written out: a nested list or an array. Its floats take the dtype that is tested."""

    values: object
    requires_grad: bool = True

    def draw(self, generator, dtype):
        """The array, its floats of this dtype."""
        array = np.array(self.values)
        return array.astype(dtype) if array.dtype.kind == "f" else array


@dataclass(frozen=True)
class Seed:
    """A generator of random numbers in this state, the backend's own."""

    number: int = 0


@dataclass(frozen=True)
class Sample:
    """What an operator is called with.

    Attributes
    ----------
    arguments : tuple
        Array and Literal become arrays or tensors, also within lists and tuples; Seed becomes a generator. Everything
        else is handed over as it is.
    options : dict
        The same, by name.
    smooth : bool
        False where the function has a kink (ties, zeros) or is not finite: finite differences say nothing there.
    random : bool
        The result depends on a generator, whose numbers differ between the backends.
    updates : tuple of str or int
        Arguments (by name or place) that the operator changes in place, such as running statistics.
    """

    arguments: tuple = ()
    options: dict = field(default_factory=dict)
    smooth: bool = True
    random: bool = False
    updates: tuple = ()

    def but(self, **changes):
        """The same with other `smooth`, `random` or `updates`."""
        return replace(self, **changes)


def sample(*arguments, **options):
    """A smooth sample that is not random and changes nothing: ``sample(Array((2, 3)), dim=1)``."""
    return Sample(arguments, options)


@dataclass(frozen=True)
class Refusal:
    """A call that must fail, with PyTorch's class of error and a message that names the argument `naming`.

    Attributes
    ----------
    error : type, optional
        The class, where PyTorch accepts the call and we do not, or has no such operator in C++ or Python of its own.
    """

    naming: str
    sample: Sample
    error: type | None = None


def refusal(naming, *arguments, error=None, **options):
    """``refusal("dim", Array((2, 3)), dim=5)``: this call fails and the message names `dim`."""
    return Refusal(naming, Sample(arguments, options), error)


@dataclass(frozen=True)
class Known:
    """A call whose result is known from a paper, a definition, or a calculation by hand: `output`, from `source`."""

    sample: Sample
    output: object
    source: str


def known(output, source, *arguments, **options):
    """``known([3.0, 4.0], "by hand: ...", Literal([...]), dim=0)``."""
    return Known(Sample(arguments, options), output, source)


@dataclass(frozen=True)
class Operator:
    """An operator of ``dlcore.scratch`` and ``dlcore.pytorch`` with its cases.

    Attributes
    ----------
    name : str
        In both backends; dotted where it is not flat ("initialization.icnr_").
    samples : hypothesis strategy of Sample, optional
        Random shapes and options that PyTorch accepts.
    examples : tuple of Sample
        What no random draw should be trusted to meet: every documented option, ties, NaN, empty axes.
    refusals : tuple of Refusal
    known : tuple of Known
    by_definition : callable, optional
        For an operator that PyTorch lacks: the definition in NumPy, literal and slow, on plain arrays.
    sums : bool
        It adds products, which may cancel: errors are measured against the sum of the terms' absolute values (see
        ``conformance.checks``).
    uncompiled : str
        Why an operator of our own does not run under ``torch.compile(fullgraph=True)``, if it cannot.
    """

    name: str
    samples: object = None
    examples: tuple = ()
    refusals: tuple = ()
    known: tuple = ()
    by_definition: Callable | None = None
    sums: bool = False
    uncompiled: str = ""


@dataclass(frozen=True)
class Layer:
    """A layer, spelled once for the three vocabularies: ``Layer("ELU", lambda nn: nn.ELU(0.5), Array((2, 3)))``.

    Attributes
    ----------
    name : str
        Its class.
    make : callable
        From a vocabulary to a layer or a small network.
    inputs : Array or tuple
        What it is called with; the first one with a batch axis.
    random : bool
        In training mode the backends draw different numbers.
    """

    name: str
    make: Callable
    inputs: object
    random: bool = False


@dataclass(frozen=True)
class Path:
    """How an optimizer is made, and what changes while it walks.

    Attributes
    ----------
    options : dict
    groups : tuple of dict
        Where there are some, the parameters are dealt out to as many groups, which have these options of their own.
    changes : dict of int to dict
        Options that all groups are given before the step of this number.
    """

    options: dict = field(default_factory=dict)
    groups: tuple = ()
    changes: dict = field(default_factory=dict)


def path(**options):
    """``path(lr=0.1, momentum=0.9)``: one group whose options stay."""
    return Path(options)


@dataclass(frozen=True)
class Optimizer:
    """An optimizer of ``dlcore.scratch.optimizers`` and ``torch.optim`` with its cases.

    Attributes
    ----------
    name : str
        In both.
    samples : hypothesis strategy of Path
        Random options that both accept.
    examples : tuple of Path
        Every option, alone and with others.
    refusals : tuple of Refusal
        Options that must fail.
    """

    name: str
    samples: object
    examples: tuple
    refusals: tuple = ()


@dataclass(frozen=True)
class Timed:
    """A call to be timed, forward and backward, in float32.

    Attributes
    ----------
    name : str
        What the table calls it.
    family : str
        Cases of one family share a geometric mean.
    operator : str
    sample : Sample
    """

    name: str
    family: str
    operator: str
    sample: Sample


def sizes(least=1, most=5, axes=(0, 4)):
    """A strategy of shapes: `axes` (from, to) of them, each of a size from `least` to `most`."""
    return st.lists(st.integers(least, most), min_size=axes[0], max_size=axes[1]).map(tuple)
