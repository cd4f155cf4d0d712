"""Losses on angles and distances between features: PyTorch's, and those that it lacks in its operations.

The latter have the arguments, results and errors of their counterparts in ``dlcore.scratch.metric_losses``, which
describes them. A class index that does not exist is an IndexError where the tensors are on the CPU.
"""

import math

import torch
from torch.nn.functional import (
    cosine_embedding_loss,
    cosine_similarity,
    cross_entropy,
    embedding,
    linear,
    normalize,
    pairwise_distance,
    triplet_margin_loss,
)

from ..scratch.margin_softmax import (
    additive_angle_options,
    additive_options,
    check_labelled,
    multiple_angle_options,
)
from ..scratch.metric_losses import check_pairs, positive_margin
from ..scratch.reductions import check_reduction
from ..scratch.windows import as_number

__all__ = [
    "additive_angular_margin_softmax", "additive_margin_softmax", "angular_softmax", "center_loss",
    "contrastive_loss", "cosine_embedding_loss", "cosine_similarity", "large_margin_softmax", "normalize",
    "pairwise_distance", "triplet_margin_loss", "update_centers_",
]  # fmt: skip


def contrastive_loss(input1, input2, target, margin=1.0, *, reduction="mean"):
    """``D**2 / 2`` for like pairs and ``max(0, margin - D)**2 / 2`` for unlike ones at the Euclidean distance D."""
    margin = positive_margin(margin)
    check_pairs(input1.shape, input2.shape, target.shape)
    difference = input1 - input2
    if not difference.is_floating_point():
        difference = difference.float()
    distance = torch.linalg.vector_norm(difference, dim=-1)
    like = torch.where(target == 1, distance**2 / 2, 0)
    unlike = torch.where(target == -1, (margin - distance).clamp_min(0) ** 2 / 2, 0)
    return _reduced(like + unlike, reduction)


def center_loss(input, target, centers, *, reduction="mean"):
    """Half the squared distance of each example from the center of its class, ``|x - c_y|**2 / 2``."""
    check_labelled(input, target, centers, "centers")
    _check_classes(target, len(centers))
    return _reduced(((input - embedding(target.long(), centers)) ** 2).sum(1) / 2, reduction)


@torch.no_grad()
def update_centers_(centers, input, target, alpha=0.5):
    """Move the centers, in place, towards the examples: ``c - alpha * sum(c - x) / (n + 1)``."""
    alpha = as_number(alpha, "alpha")
    if not isinstance(centers, torch.Tensor):
        raise TypeError(f"centers: expected a tensor, got {type(centers).__name__}")
    check_labelled(input, target, centers, "centers")
    _check_classes(target, len(centers))
    members = _members(target, len(centers)).to(input.dtype)
    counts = members.sum(0)[:, None]
    return centers.sub_(alpha * (counts * centers - members.T @ input) / (1 + counts))


def large_margin_softmax(input, weight, target, margin=4, *, annealing=0.0, reduction="mean"):
    """Cross entropy over ``|w_j| |x| cos(θ_j)``, where the right class scores only ``|w_y| |x| ψ(θ_y)``."""
    margin, annealing = multiple_angle_options(margin, annealing)
    logits = _cosines(input, weight, target, lambda cosine: _multiple_angle(cosine, margin, annealing))
    return cross_entropy(logits * _length(input) * _length(weight).T, target, reduction=reduction)


def angular_softmax(input, weight, target, margin=4, *, annealing=0.0, reduction="mean"):
    """Cross entropy over ``|x| cos(θ_j)``, where the right class scores only ``|x| ψ(θ_y)``."""
    margin, annealing = multiple_angle_options(margin, annealing)
    logits = _cosines(input, weight, target, lambda cosine: _multiple_angle(cosine, margin, annealing))
    return cross_entropy(logits * _length(input), target, reduction=reduction)


def additive_margin_softmax(input, weight, target, margin=0.35, scale=30.0, *, reduction="mean"):
    """Cross entropy over ``scale cos(θ_j)``, where the right class scores only ``scale (cos(θ_y) - margin)``."""
    margin, scale = additive_options(margin, scale)
    logits = _cosines(input, weight, target, lambda cosine: cosine - margin)
    return cross_entropy(scale * logits, target, reduction=reduction)


def additive_angular_margin_softmax(input, weight, target, margin=0.5, scale=64.0, *, reduction="mean"):
    """Cross entropy over ``scale cos(θ_j)``, where the right class scores only ``scale cos(θ_y + margin)``."""
    margin, scale = additive_angle_options(margin, scale)

    def added_angle(cosine):
        most = 1 - torch.finfo(cosine.dtype).eps  # at an angle of 0 the slope is infinite
        added = torch.cos(torch.acos(cosine.clamp(-most, most)) + margin)
        return torch.where(cosine < -math.cos(margin), cosine - margin * math.sin(margin), added)

    return cross_entropy(
        scale * _cosines(input, weight, target, added_angle), target, reduction=reduction
    )  # fmt: skip


def _multiple_angle(cosine, margin, annealing):
    """ψ(θ), annealed; cos(margin θ) by the binomial expansion of (cos θ + i sin θ)**margin, Liu et al., equation 7."""
    squared_sine = 1 - cosine**2
    expansion = sum(
        (-1) ** n * math.comb(margin, 2 * n) * cosine ** (margin - 2 * n) * squared_sine**n
        for n in range(margin // 2 + 1)
    )
    k = sum(cosine <= math.cos(turn * math.pi / margin) for turn in range(1, margin))
    k = torch.as_tensor(k, dtype=cosine.dtype, device=cosine.device)
    return (annealing * cosine + (1 - 2 * (k % 2)) * expansion - 2 * k) / (annealing + 1)


def _cosines(input, weight, target, psi):
    """The cosines between all examples and all classes, ψ of it in place of that of the right class."""
    check_labelled(input, target, weight, "weight")
    _check_classes(target, len(weight), ignored=-100)
    cosines = linear(normalize(input), normalize(weight))
    return torch.where(_members(target, len(weight)), psi(cosines), cosines)


def _members(target, classes):
    """Which class is the target's, (N, C) of booleans."""
    return target[:, None] == torch.arange(classes, device=target.device)


def _length(input):
    """The Euclidean length of each row, shape (N, 1)."""
    return torch.linalg.vector_norm(input, dim=1, keepdim=True)


def _reduced(losses, reduction):
    check_reduction(reduction)
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


def _check_classes(target, classes, ignored=None):
    """IndexError for a class that does not exist; not where it would make a compiled graph or a GPU wait."""
    if torch.compiler.is_compiling() or target.device.type != "cpu":
        return
    wrong = (target < 0) | (target >= classes)
    wrong = wrong if ignored is None else wrong & (target != ignored)
    if wrong.any():
        raise IndexError(f"target: class indices go from 0 to {classes - 1}, got {target[wrong][0]}")
