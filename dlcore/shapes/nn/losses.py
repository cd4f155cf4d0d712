"""Losses: the shape of what they return, a scalar unless the reduction is "none". What they compute is not counted."""

from .module import Mirrored

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss",
    "MSELoss", "MarginRankingLoss", "NLLLoss", "SmoothL1Loss",
]  # fmt: skip


class Loss(Mirrored):
    """A loss with one number for each element, before it is reduced."""

    def output_shape(self, shape):
        return self.each(shape) if self.layer.reduction == "none" else ()

    def each(self, shape):
        """The shape of the losses of an input of `shape`, before they are reduced."""
        return shape


class _OfClasses(Loss):
    def each(self, shape):
        return shape[:1] + shape[2:]


class MSELoss(Loss):
    """Shape of ``scratch.nn.MSELoss``."""


class L1Loss(Loss):
    """Shape of ``scratch.nn.L1Loss``."""


class SmoothL1Loss(Loss):
    """Shape of ``scratch.nn.SmoothL1Loss``."""


class HuberLoss(Loss):
    """Shape of ``scratch.nn.HuberLoss``."""


class CrossEntropyLoss(_OfClasses):
    """Shape of ``scratch.nn.CrossEntropyLoss``."""


class NLLLoss(_OfClasses):
    """Shape of ``scratch.nn.NLLLoss``."""


class KLDivLoss(Loss):
    """Shape of ``scratch.nn.KLDivLoss``."""


class BCELoss(Loss):
    """Shape of ``scratch.nn.BCELoss``."""


class BCEWithLogitsLoss(Loss):
    """Shape of ``scratch.nn.BCEWithLogitsLoss``."""


class HingeEmbeddingLoss(Loss):
    """Shape of ``scratch.nn.HingeEmbeddingLoss``."""


class MarginRankingLoss(Loss):
    """Shape of ``scratch.nn.MarginRankingLoss``."""
