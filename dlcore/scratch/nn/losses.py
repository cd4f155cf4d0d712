"""Losses as layers."""

from .. import losses
from ..tensor import Tensor
from ..windows import as_number
from .module import OperatorLayer

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss",
    "MSELoss", "MarginRankingLoss", "NLLLoss", "SmoothL1Loss",
]  # fmt: skip


class Loss(OperatorLayer):
    """A loss with its options; called with the prediction and the target. As PyTorch's it shows no options in repr."""

    def __init__(self, *, reduction="mean"):
        super().__init__()
        self.keep(reduction=reduction)

    def keep_weights(self, **weights):
        """Keep weights, arrays or None, as buffers, which move with the layer, and as arguments of every call."""
        self._options += tuple(weights)
        for name, weight in weights.items():
            self.register_buffer(name, weight.data if isinstance(weight, Tensor) else weight)

    def extra_repr(self):
        return ""


class MSELoss(Loss):
    """:func:`dlcore.scratch.mse_loss` as a layer. Source: ``torch.nn.MSELoss``."""

    operator = staticmethod(losses.mse_loss)


class L1Loss(Loss):
    """:func:`dlcore.scratch.l1_loss` as a layer. Source: ``torch.nn.L1Loss``."""

    operator = staticmethod(losses.l1_loss)


class SmoothL1Loss(Loss):
    """:func:`dlcore.scratch.smooth_l1_loss` as a layer. Source: ``torch.nn.SmoothL1Loss``."""

    operator = staticmethod(losses.smooth_l1_loss)

    def __init__(self, *, reduction="mean", beta=1.0):
        super().__init__()
        self.keep(reduction=reduction, beta=beta)


class HuberLoss(Loss):
    """:func:`dlcore.scratch.huber_loss` as a layer. Source: ``torch.nn.HuberLoss``."""

    operator = staticmethod(losses.huber_loss)

    def __init__(self, reduction="mean", delta=1.0):
        super().__init__()
        self.keep(reduction=reduction, delta=as_number(delta, "delta"))


class CrossEntropyLoss(Loss):
    """:func:`dlcore.scratch.cross_entropy` as a layer. Source: ``torch.nn.CrossEntropyLoss``."""

    operator = staticmethod(losses.cross_entropy)

    def __init__(self, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0):
        super().__init__()
        self.keep(ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing)
        self.keep_weights(weight=weight)


class NLLLoss(Loss):
    """:func:`dlcore.scratch.nll_loss` as a layer. Source: ``torch.nn.NLLLoss``."""

    operator = staticmethod(losses.nll_loss)

    def __init__(self, weight=None, *, ignore_index=-100, reduction="mean"):
        super().__init__()
        self.keep(ignore_index=ignore_index, reduction=reduction)
        self.keep_weights(weight=weight)


class KLDivLoss(Loss):
    """:func:`dlcore.scratch.kl_div` as a layer. Source: ``torch.nn.KLDivLoss``."""

    operator = staticmethod(losses.kl_div)

    def __init__(self, *, reduction="mean", log_target=False):
        super().__init__()
        self.keep(reduction=reduction, log_target=log_target)


class BCELoss(Loss):
    """:func:`dlcore.scratch.binary_cross_entropy` as a layer. Source: ``torch.nn.BCELoss``."""

    operator = staticmethod(losses.binary_cross_entropy)

    def __init__(self, weight=None, *, reduction="mean"):
        super().__init__(reduction=reduction)
        self.keep_weights(weight=weight)


class BCEWithLogitsLoss(Loss):
    """:func:`dlcore.scratch.binary_cross_entropy_with_logits` as a layer. Source: ``torch.nn.BCEWithLogitsLoss``."""

    operator = staticmethod(losses.binary_cross_entropy_with_logits)

    def __init__(self, weight=None, *, reduction="mean", pos_weight=None):
        super().__init__(reduction=reduction)
        self.keep_weights(weight=weight, pos_weight=pos_weight)


class HingeEmbeddingLoss(Loss):
    """:func:`dlcore.scratch.hinge_embedding_loss` as a layer. Source: ``torch.nn.HingeEmbeddingLoss``."""

    operator = staticmethod(losses.hinge_embedding_loss)

    def __init__(self, margin=1.0, *, reduction="mean"):
        super().__init__()
        self.keep(margin=margin, reduction=reduction)


class MarginRankingLoss(Loss):
    """:func:`dlcore.scratch.margin_ranking_loss` as a layer. Source: ``torch.nn.MarginRankingLoss``."""

    operator = staticmethod(losses.margin_ranking_loss)

    def __init__(self, margin=0.0, *, reduction="mean"):
        super().__init__()
        self.keep(margin=margin, reduction=reduction)
