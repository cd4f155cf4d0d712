"""Losses on angles and distances as layers."""

import numpy as np

from .. import metric_losses
from ..margin_softmax import additive_angle_options, additive_options, multiple_angle_options
from ..windows import as_int
from .losses import Loss
from .module import Module, OperatorLayer, Parameter, Weighted

__all__ = [
    "AdditiveAngularMarginSoftmax", "AdditiveMarginSoftmax", "AngularSoftmax", "CenterLoss", "ContrastiveLoss",
    "CosineEmbeddingLoss", "CosineSimilarity", "LargeMarginSoftmax", "PairwiseDistance", "TripletMarginLoss",
]  # fmt: skip


class CosineSimilarity(OperatorLayer):
    """:func:`dlcore.scratch.cosine_similarity` as a layer. Source: ``torch.nn.CosineSimilarity``."""

    operator = staticmethod(metric_losses.cosine_similarity)

    def __init__(self, dim=1, eps=1e-8):
        super().__init__()
        self.keep(dim=dim, eps=eps)

    def extra_repr(self):
        return ""


class PairwiseDistance(OperatorLayer):
    """:func:`dlcore.scratch.pairwise_distance` as a layer, whose p is the attribute `norm`.

    Source: ``torch.nn.PairwiseDistance``.
    """

    def __init__(self, p=2.0, eps=1e-6, keepdim=False):
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1, x2):
        return metric_losses.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineEmbeddingLoss(Loss):
    """:func:`dlcore.scratch.cosine_embedding_loss` as a layer. Source: ``torch.nn.CosineEmbeddingLoss``."""

    operator = staticmethod(metric_losses.cosine_embedding_loss)

    def __init__(self, margin=0.0, *, reduction="mean"):
        super().__init__()
        self.keep(margin=margin, reduction=reduction)


class TripletMarginLoss(Loss):
    """:func:`dlcore.scratch.triplet_margin_loss` as a layer. Source: ``torch.nn.TripletMarginLoss``."""

    operator = staticmethod(metric_losses.triplet_margin_loss)

    def __init__(self, margin=1.0, p=2.0, eps=1e-6, swap=False, *, reduction="mean"):
        super().__init__()
        margin = metric_losses.positive_margin(margin)
        self.keep(margin=margin, p=p, eps=eps, swap=swap, reduction=reduction)


class ContrastiveLoss(Loss):
    """:func:`dlcore.scratch.contrastive_loss` as a layer."""

    operator = staticmethod(metric_losses.contrastive_loss)

    def __init__(self, margin=1.0, *, reduction="mean"):
        super().__init__()
        self.keep(margin=metric_losses.positive_margin(margin), reduction=reduction)

    def extra_repr(self):
        return f"margin={self.margin}"


class CenterLoss(Module):
    """:func:`dlcore.scratch.center_loss` with its own `centers`, shape (num_classes, in_features).

    An optimizer moves them by their gradient; :func:`dlcore.scratch.update_centers_` as the paper does.
    """

    def __init__(self, in_features, num_classes, *, reduction="mean", dtype=np.float32):
        super().__init__()
        self.in_features, self.num_classes = class_options(in_features, num_classes)
        self.reduction = reduction
        self.centers = Parameter(np.empty((num_classes, in_features), dtype))
        self.reset_parameters(np.random.default_rng())

    def reset_parameters(self, generator):
        """Normal with mean 0 and standard deviation 1."""
        self.centers.data[...] = generator.standard_normal(self.centers.shape)

    def forward(self, input, target):
        return metric_losses.center_loss(input, target, self.centers, reduction=self.reduction)

    def extra_repr(self):
        return f"in_features={self.in_features}, num_classes={self.num_classes}"


class _MarginSoftmax(Weighted):
    """A loss that owns a vector for each class: `weight`, shape (num_classes, in_features), drawn as Linear's."""

    operator = None

    def __init__(self, in_features, num_classes, dtype, reduction, **options):
        in_features, num_classes = class_options(in_features, num_classes)
        super().__init__((num_classes, in_features), False, dtype)
        self.in_features, self.num_classes, self.reduction = in_features, num_classes, reduction
        self.options = tuple(options)
        for name, value in options.items():
            setattr(self, name, value)

    def forward(self, input, target):
        options = {name: getattr(self, name) for name in self.options}
        return self.operator(input, self.weight, target, **options, reduction=self.reduction)

    def extra_repr(self):
        return ", ".join(
            f"{name}={getattr(self, name)}" for name in ("in_features", "num_classes", *self.options)
        )


class LargeMarginSoftmax(_MarginSoftmax):
    """:func:`dlcore.scratch.large_margin_softmax` with its own `weight`; `annealing` may be changed in training."""

    operator = staticmethod(metric_losses.large_margin_softmax)

    def __init__(
        self, in_features, num_classes, margin=4, *, annealing=0.0, reduction="mean", dtype=np.float32
    ):  # fmt: skip
        margin, annealing = multiple_angle_options(margin, annealing)
        super().__init__(in_features, num_classes, dtype, reduction, margin=margin, annealing=annealing)


class AngularSoftmax(LargeMarginSoftmax):
    """:func:`dlcore.scratch.angular_softmax` with its own `weight`; `annealing` may be changed in training."""

    operator = staticmethod(metric_losses.angular_softmax)


class AdditiveMarginSoftmax(_MarginSoftmax):
    """:func:`dlcore.scratch.additive_margin_softmax` with its own `weight`."""

    operator = staticmethod(metric_losses.additive_margin_softmax)

    def __init__(
        self, in_features, num_classes, margin=0.35, scale=30.0, *, reduction="mean", dtype=np.float32
    ):  # fmt: skip
        margin, scale = additive_options(margin, scale)
        super().__init__(in_features, num_classes, dtype, reduction, margin=margin, scale=scale)


class AdditiveAngularMarginSoftmax(_MarginSoftmax):
    """:func:`dlcore.scratch.additive_angular_margin_softmax` with its own `weight`."""

    operator = staticmethod(metric_losses.additive_angular_margin_softmax)

    def __init__(
        self, in_features, num_classes, margin=0.5, scale=64.0, *, reduction="mean", dtype=np.float32
    ):  # fmt: skip
        margin, scale = additive_angle_options(margin, scale)
        super().__init__(in_features, num_classes, dtype, reduction, margin=margin, scale=scale)


def class_options(in_features, num_classes):
    """Check the sizes of a layer that owns a vector for each class."""
    return as_int(in_features, "in_features", 0), as_int(num_classes, "num_classes", 1)
