"""The receptive field: which part of the network's input a unit can see."""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import ceil, floor, prod

__all__ = ["Span"]

LONGEST = 10_000
"""More units than an axis has: so many are looked at, at most, to see what distinguishes them."""


@dataclass(frozen=True)
class Span:
    """What units see along one axis of the network's input.

    A layer says it by an interval: its unit at position o sees those units of the layer before whose positions lie
    between ``first + o * jump`` and ``last + o * jump``, both included. In a convolution the three are integers, and
    the intervals of such layers one after the other are again one interval. Behind a layer that enlarges they are
    fractions: with ``jump = 1/2`` two neighbours may see the same unit, or see different numbers of them. So the
    layers are kept in `steps`, and :meth:`sees` walks back through them.

    Attributes
    ----------
    extent : int
        The size of the network's input.
    steps : tuple of (first, last, jump)
        From the network's input to here, each an int or a Fraction.
    size : int
        How many positions of the input a unit sees, counted from the first to the last: a dilated kernel or a stride
        larger than the kernel leaves some between them unseen. Where the units differ, it is that of the one that
        sees most.
    jump : int or Fraction
        How far apart on the input neighbours look. A `jump` of 0 means that all units see the same.
    offset : int or Fraction
        The unit at position o sees the input from ``offset + o * jump`` on; behind a layer that enlarges, from there
        or a little later. Positions below 0 or from `extent` on are padding.

    Source: Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill (2019). They
    walk from the output back to the input; here the same recurrence runs forward, layer by layer.
    """

    extent: int
    steps: tuple = ((0, 0, 1),)

    def through_interval(self, first, last, jump):
        """After a layer whose unit o sees those before it from ``first + o * jump`` to ``last + o * jump``.

        Ints or Fractions. Only whole positions within the interval are seen; there may be none.
        """
        *earlier, (first_before, last_before, jump_before) = self.steps
        step = (first_before + jump_before * first, last_before + jump_before * last, jump_before * jump)
        if any(value != int(value) for value in (first, last, jump)):  # the ends may lie between two units
            earlier, step = self.steps, (first, last, jump)
        return replace(self, steps=(*earlier, tuple(map(_simplest, step))))

    def through(self, kernel_size, stride, padding, dilation):
        """After a window of these lengths, with `padding` before the input."""
        return self.through_interval(-padding, (kernel_size - 1) * dilation - padding, stride)

    def through_transposed(self, kernel_size, stride, padding, dilation):
        """After a transposed convolution, or any layer that adds up windows on its output.

        Input i reaches the outputs ``i * stride + u * dilation - padding`` for u below `kernel_size`; so output o sees
        the inputs from ``(o + padding - (kernel_size - 1) * dilation) / stride`` to ``(o + padding) / stride``. With
        dilation it may see fewer: those between which the kernel has a gap are counted too. Repeating each unit
        `n` times is ``through_transposed(n, n, 0, 1)``.
        """
        reach = padding - (kernel_size - 1) * dilation
        return self.through_interval(*(Fraction(value, stride) for value in (reach, padding, 1)))

    def mixed(self, positions):
        """After a layer whose units see `positions` units of this kind at once.

        Exact without padding. With it, some windows may lie on padding alone, and less is seen than this.
        """
        start = max(0, self.sees(0)[0])
        stop = min(self.extent, self.sees(positions - 1)[1] + 1)
        return replace(self, steps=((start, max(start, stop) - 1, 0),))

    def sees(self, position):
        """The first and the last position of the input that the unit at `position` sees; the last may come before."""
        start = stop = position
        for first, last, jump in reversed(self.steps):
            start, stop = ceil(first + start * jump), floor(last + stop * jump)
        return start, stop

    @property
    def jump(self):
        return _simplest(prod(jump for _, _, jump in self.steps))

    @property
    def size(self):
        return max(stop - start + 1 for start, stop in self._fields)

    @property
    def offset(self):
        return _simplest(min(start - self.jump * o for o, (start, _) in enumerate(self._fields)))

    @cached_property
    def _fields(self):
        """What the units see that differ: those of one period, after which the same comes again, a jump further."""
        period = prod(Fraction(value).denominator for step in self.steps for value in step[2:])
        return [self.sees(position) for position in range(min(period, LONGEST))]


def _simplest(number):
    """An int where the number is whole."""
    return int(number) if number == int(number) else number
