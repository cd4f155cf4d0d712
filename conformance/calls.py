"""From a sample to a call: the same arrays as arrays, as tensors of ours, and as PyTorch's."""

import functools
import inspect
from dataclasses import dataclass

import numpy as np

from cases.vocabulary import Array, Literal, Seed
from dlcore import scratch

__all__ = ["Call", "Leaf", "find", "laid_out"]

LAYOUTS = ("C", "Fortran", "strided", "reversed", "channels last")


def find(backend, name):
    """The operator of a possibly dotted name in ``scratch`` or ``pytorch``."""
    return functools.reduce(getattr, name.split("."), backend)


@dataclass(eq=False)
class Leaf:
    """One array of a call: what it holds, whether it asks for a gradient, and what to call it in a message."""

    array: np.ndarray
    requires_grad: bool
    label: str


class Call:
    """A sample drawn: arguments and options in which every array is a :class:`Leaf`.

    Parameters
    ----------
    operator : callable
        Whose parameters name the arguments.
    sample : Sample
    dtype : dtype
        Of the floating-point arrays.
    seed : int
        The same seed draws the same arrays.
    """

    def __init__(self, operator, sample, dtype, seed):
        self.sample, self.leaves = sample, []
        self._generator = np.random.default_rng(seed)
        self._dtype = dtype
        names = _parameter_names(operator)
        labels = [
            names[place] if place < len(names) else str(place) for place in range(len(sample.arguments))
        ]
        self.arguments = [self._draw(value, label) for label, value in zip(labels, sample.arguments)]
        self.options = {name: self._draw(value, name) for name, value in sample.options.items()}
        updates = {labels[item] if isinstance(item, int) else item for item in sample.updates}
        self.updated = [leaf for leaf in self.leaves if leaf.label in updates]
        self.layouts = self._generator.choice(LAYOUTS, len(self.leaves))

    def _draw(self, value, label):
        if isinstance(value, np.ndarray):
            value = Literal(value)
        if isinstance(value, (Array, Literal)):
            array = value.draw(self._generator, self._dtype)
            self.leaves.append(Leaf(array, value.requires_grad and array.dtype.kind == "f", label))
            return self.leaves[-1]
        if isinstance(value, (list, tuple)) and any(
            isinstance(item, (Array, Literal, np.ndarray)) for item in value
        ):
            return type(value)(self._draw(item, f"{label}[{place}]") for place, item in enumerate(value))
        return value

    def run(self, operator, make, seeds):
        """Call `operator` with every leaf replaced by ``make(leaf)``: its outputs as a tuple, and what was made."""
        made = {id(leaf): make(leaf) for leaf in self.leaves}

        def fill(value):
            if isinstance(value, Leaf):
                return made[id(value)]
            if isinstance(value, Seed):
                return seeds(value.number)
            return type(value)(map(fill, value)) if type(value) in (list, tuple) else value

        output = operator(
            *map(fill, self.arguments), **{name: fill(value) for name, value in self.options.items()}
        )
        return flat(output), [made[id(leaf)] for leaf in self.leaves]

    def arrays(self, operator):
        """Call `operator` of ``dlcore.scratch`` with plain arrays, copies of their own."""
        return self.run(operator, lambda leaf: leaf.array.copy(), np.random.default_rng)

    def tensors(self, operator, asking=None, arrays=None):
        """Call `operator` of ``dlcore.scratch`` with tensors, each in a memory layout of its own.

        `asking` are the leaves that require grad, by default those that say so; `arrays` what they hold, by default
        their own.
        """
        arrays = [leaf.array for leaf in self.leaves] if arrays is None else arrays
        layout = {id(leaf): (array, how) for leaf, array, how in zip(self.leaves, arrays, self.layouts)}

        def make(leaf):
            requires_grad = leaf.requires_grad if asking is None else leaf in asking
            return scratch.Tensor(laid_out(*layout[id(leaf)]), requires_grad)

        return self.run(operator, make, np.random.default_rng)

    def torch(self, operator, device="cpu", convert=np.array):
        """Call `operator` of ``dlcore.pytorch`` with its tensors; `convert` makes of each array another first."""
        import torch  # here, so that a process that measures dlcore.scratch holds nothing of PyTorch

        def make(leaf):
            tensor = torch.from_numpy(np.array(convert(leaf.array), order="C")).to(device)
            return tensor.requires_grad_(leaf.requires_grad)

        return self.run(operator, make, lambda number: torch.Generator(device).manual_seed(number))


def _parameter_names(operator):
    try:
        return list(inspect.signature(operator).parameters)
    except (TypeError, ValueError):
        return []


def flat(output):
    """The outputs of an operator or layer, tuples within tuples included, as one tuple."""
    if isinstance(output, (tuple, list)):
        return tuple(item for part in output for item in flat(part))
    return () if output is None else (output,)


def laid_out(array, layout):
    """`array`, the same values, in another memory layout."""
    if layout == "C" or array.ndim == 0:
        return np.array(array, order="C")
    if layout == "Fortran":
        return np.array(array, order="F")
    if layout == "channels last":
        return np.moveaxis(
            np.array(np.moveaxis(array, min(1, array.ndim - 1), -1), order="C"), -1, min(1, array.ndim - 1)
        )
    steps = (slice(None, None, 2 if layout == "strided" else -1),) * array.ndim
    shape = tuple(2 * size for size in array.shape) if layout == "strided" else array.shape
    home = np.full(shape, np.nan if array.dtype.kind == "f" else 0, array.dtype)
    view = home[steps]
    view[...] = array
    return view


def is_pytorchs_own(name):
    """Whether ``dlcore.pytorch`` takes the operator from PyTorch unchanged."""
    from dlcore import pytorch

    return not (getattr(find(pytorch, name), "__module__", None) or "torch").startswith("dlcore")
