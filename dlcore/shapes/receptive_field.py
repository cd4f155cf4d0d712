"""The receptive field: which part of the network's input a unit can see."""

from dataclasses import dataclass, replace

__all__ = ["Span"]


@dataclass(frozen=True)
class Span:
    """What units see along one axis of the network's input.

    The unit at position o sees the input positions from ``offset + o * jump`` on, `size` of them, counted from the
    first to the last: a dilated kernel or a stride larger than the kernel leaves some between them unseen. Positions
    below 0 or from `extent` on are padding.

    Attributes
    ----------
    extent : int
        The size of the input.
    size, jump, offset : int
        A `jump` of 0 means that all units see the same.

    Source: Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill (2019). They
    walk from the output back to the input; here the same recurrence runs forward, layer by layer.
    """

    extent: int
    size: int = 1
    jump: int = 1
    offset: int = 0

    def through(self, kernel_size, stride, padding, dilation):
        """After a window of these lengths, with `padding` before the input."""
        return replace(
            self,
            size=self.size + (kernel_size - 1) * dilation * self.jump,
            jump=self.jump * stride,
            offset=self.offset - padding * self.jump,
        )

    def mixed(self, positions):
        """After a layer whose units see `positions` units of this kind at once.

        Exact without padding. With it, some windows may lie on padding alone, and less is seen than this.
        """
        stop = self.offset + (positions - 1) * self.jump + self.size  # the first window begins at 0 or before
        return replace(self, size=min(self.extent, stop), jump=0, offset=0)
