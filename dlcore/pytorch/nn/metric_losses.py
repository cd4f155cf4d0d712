"""Losses on angles and distances as layers: PyTorch's own, and those that it lacks."""

import math

import torch
from torch.nn import CosineEmbeddingLoss, CosineSimilarity, PairwiseDistance, Parameter, TripletMarginLoss

from ...scratch.margin_softmax import additive_angle_options, additive_options, multiple_angle_options
from ...scratch.metric_losses import positive_margin
from ...scratch.nn import metric_losses as computing
from .. import metric_losses
from .module import Module, uniform

__all__ = [
    "AdditiveAngularMarginSoftmax", "AdditiveMarginSoftmax", "AngularSoftmax", "CenterLoss", "ContrastiveLoss",
    "CosineEmbeddingLoss", "CosineSimilarity", "LargeMarginSoftmax", "PairwiseDistance", "TripletMarginLoss",
]  # fmt: skip


class ContrastiveLoss(Module):
    """:func:`dlcore.pytorch.contrastive_loss` as a layer."""

    def __init__(self, margin=1.0, *, reduction="mean"):
        super().__init__()
        self.margin, self.reduction = positive_margin(margin), reduction

    def forward(self, input1, input2, target):
        return metric_losses.contrastive_loss(input1, input2, target, self.margin, reduction=self.reduction)

    extra_repr = computing.ContrastiveLoss.extra_repr


class CenterLoss(Module):
    """:func:`dlcore.pytorch.center_loss` with its own `centers`, shape (num_classes, in_features).

    An optimizer moves them by their gradient; :func:`dlcore.pytorch.update_centers_` as the paper does.
    """

    def __init__(self, in_features, num_classes, *, reduction="mean", device=None, dtype=None):
        super().__init__()
        self.in_features, self.num_classes = computing.class_options(in_features, num_classes)
        self.reduction = reduction
        self.centers = Parameter(torch.empty(num_classes, in_features, device=device, dtype=dtype))
        self.reset_parameters(torch.default_generator)

    @torch.no_grad()
    def reset_parameters(self, generator):
        """Normal with mean 0 and standard deviation 1."""
        drawn = torch.empty(self.centers.shape, dtype=self.centers.dtype, device=generator.device)
        self.centers.copy_(drawn.normal_(generator=generator))

    def forward(self, input, target):
        return metric_losses.center_loss(input, target, self.centers, reduction=self.reduction)

    extra_repr = computing.CenterLoss.extra_repr


class _MarginSoftmax(Module):
    """A loss that owns a vector for each class: `weight`, shape (num_classes, in_features), drawn as Linear's."""

    operator = None

    def __init__(self, in_features, num_classes, reduction, device, dtype, **options):
        super().__init__()
        self.in_features, self.num_classes = computing.class_options(in_features, num_classes)
        self.reduction, self.options = reduction, tuple(options)
        for name, value in options.items():
            setattr(self, name, value)
        self.weight = Parameter(torch.empty(num_classes, in_features, device=device, dtype=dtype))
        self.reset_parameters(torch.default_generator)

    @torch.no_grad()
    def reset_parameters(self, generator):
        """Uniform between ±1/√in_features."""
        uniform(self.weight, 1 / math.sqrt(self.in_features) if self.in_features else 0, generator)

    def forward(self, input, target):
        options = {name: getattr(self, name) for name in self.options}
        return self.operator(input, self.weight, target, **options, reduction=self.reduction)

    extra_repr = computing.LargeMarginSoftmax.extra_repr


class LargeMarginSoftmax(_MarginSoftmax):
    """:func:`dlcore.pytorch.large_margin_softmax` with its own `weight`; `annealing` may be changed in training."""

    operator = staticmethod(metric_losses.large_margin_softmax)

    def __init__(
        self, in_features, num_classes, margin=4, *, annealing=0.0, reduction="mean", device=None, dtype=None
    ):  # fmt: skip
        margin, annealing = multiple_angle_options(margin, annealing)
        super().__init__(
            in_features, num_classes, reduction, device, dtype, margin=margin, annealing=annealing
        )


class AngularSoftmax(LargeMarginSoftmax):
    """:func:`dlcore.pytorch.angular_softmax` with its own `weight`; `annealing` may be changed in training."""

    operator = staticmethod(metric_losses.angular_softmax)


class AdditiveMarginSoftmax(_MarginSoftmax):
    """:func:`dlcore.pytorch.additive_margin_softmax` with its own `weight`."""

    operator = staticmethod(metric_losses.additive_margin_softmax)

    def __init__(
        self, in_features, num_classes, margin=0.35, scale=30.0, *, reduction="mean", device=None, dtype=None
    ):  # fmt: skip
        margin, scale = additive_options(margin, scale)
        super().__init__(in_features, num_classes, reduction, device, dtype, margin=margin, scale=scale)


class AdditiveAngularMarginSoftmax(_MarginSoftmax):
    """:func:`dlcore.pytorch.additive_angular_margin_softmax` with its own `weight`."""

    operator = staticmethod(metric_losses.additive_angular_margin_softmax)

    def __init__(
        self, in_features, num_classes, margin=0.5, scale=64.0, *, reduction="mean", device=None, dtype=None
    ):  # fmt: skip
        margin, scale = additive_angle_options(margin, scale)
        super().__init__(in_features, num_classes, reduction, device, dtype, margin=margin, scale=scale)
