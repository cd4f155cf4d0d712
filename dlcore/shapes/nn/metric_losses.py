"""Losses on angles and distances: shape, and the products of those that own a vector for each class."""

from math import prod

from ...scratch import nn as computing
from ...scratch.margin_softmax import additive_angle_options, additive_options, multiple_angle_options
from ...scratch.nn.metric_losses import class_options
from ...scratch.probabilities import axis_index
from .losses import Loss
from .module import Layer, Mirrored

__all__ = [
    "AdditiveAngularMarginSoftmax", "AdditiveMarginSoftmax", "AngularSoftmax", "CenterLoss", "ContrastiveLoss",
    "CosineEmbeddingLoss", "CosineSimilarity", "LargeMarginSoftmax", "PairwiseDistance", "TripletMarginLoss",
]  # fmt: skip


class CosineSimilarity(Mirrored):
    """Shape of ``scratch.nn.CosineSimilarity``."""

    def output_shape(self, shape):
        dim = axis_index(self.layer.dim, len(shape))
        return shape[:dim] + shape[dim + 1 :]


class PairwiseDistance(Mirrored):
    """Shape of ``scratch.nn.PairwiseDistance``."""

    def output_shape(self, shape):
        return (*shape[:-1], 1) if self.layer.keepdim else shape[:-1]


class _OfVectors(Loss):
    def each(self, shape):
        return shape[:-1]


class CosineEmbeddingLoss(_OfVectors):
    """Shape of ``scratch.nn.CosineEmbeddingLoss``."""


class TripletMarginLoss(_OfVectors):
    """Shape of ``scratch.nn.TripletMarginLoss``."""


class ContrastiveLoss(_OfVectors):
    """Shape of ``scratch.nn.ContrastiveLoss``."""


class _WithClasses(Layer):
    """A loss that owns a vector for each class; the parameters are counted, not made."""

    vectors = "weight"

    def __init__(self, in_features, num_classes, reduction):
        super().__init__()
        self.in_features, self.num_classes = class_options(in_features, num_classes)
        self.reduction = reduction
        self.parameter_shapes = {self.vectors: (num_classes, in_features)}

    def output_shape(self, shape):
        if len(shape) != 2 or shape[1] != self.in_features:
            raise RuntimeError(f"input: expected features (N, {self.in_features}), got shape {shape}")
        return shape[:1] if self.reduction == "none" else ()


class CenterLoss(_WithClasses):
    """Shape of ``scratch.nn.CenterLoss``."""

    vectors = "centers"

    def __init__(self, in_features, num_classes, *, reduction="mean"):
        super().__init__(in_features, num_classes, reduction)

    extra_repr = computing.CenterLoss.extra_repr


class _MarginSoftmax(_WithClasses):
    options = ("margin", "scale")

    extra_repr = computing.LargeMarginSoftmax.extra_repr

    def read(self, signal, name, record):
        self.batch = signal.shape[0]  # of which nothing is left in the shape of a mean
        return super().read(signal, name, record)

    def multiply_adds(self, output_shape):
        return self.batch * prod(self.parameter_shapes["weight"])


class LargeMarginSoftmax(_MarginSoftmax):
    """Shape and cost of ``scratch.nn.LargeMarginSoftmax``."""

    options = ("margin", "annealing")

    def __init__(self, in_features, num_classes, margin=4, *, annealing=0.0, reduction="mean"):
        super().__init__(in_features, num_classes, reduction)
        self.margin, self.annealing = multiple_angle_options(margin, annealing)


class AngularSoftmax(LargeMarginSoftmax):
    """Shape and cost of ``scratch.nn.AngularSoftmax``."""


class AdditiveMarginSoftmax(_MarginSoftmax):
    """Shape and cost of ``scratch.nn.AdditiveMarginSoftmax``."""

    def __init__(self, in_features, num_classes, margin=0.35, scale=30.0, *, reduction="mean"):
        super().__init__(in_features, num_classes, reduction)
        self.margin, self.scale = additive_options(margin, scale)


class AdditiveAngularMarginSoftmax(_MarginSoftmax):
    """Shape and cost of ``scratch.nn.AdditiveAngularMarginSoftmax``."""

    def __init__(self, in_features, num_classes, margin=0.5, scale=64.0, *, reduction="mean"):
        super().__init__(in_features, num_classes, reduction)
        self.margin, self.scale = additive_angle_options(margin, scale)
