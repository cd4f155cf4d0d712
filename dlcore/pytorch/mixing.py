"""Mixed examples and softened targets, with PyTorch's operations.

Arguments, results and errors are those of ``dlcore.scratch.mixing``; a `generator` is a torch.Generator, and without
one numbers come from PyTorch's global one. That a class index exists and an `order` is a permutation is checked where
the tensors are on the CPU.
"""

import torch

from ..scratch.mixing import (
    box_around,
    check_alpha,
    check_box,
    check_examples,
    check_order,
    check_smoothing,
    check_weight,
)
from .transform import precise, source

__all__ = ["cut_and_paste", "cutmix", "mix_examples", "mixup", "smooth_labels"]


def smooth_labels(target, num_classes, label_smoothing=0.1):
    """Class indices as distributions that keep a little for every class: ``(1 - ε) one_hot + ε / K``."""
    _require_tensors(target=target)
    num_classes, label_smoothing = check_smoothing(target, num_classes, label_smoothing)
    if not target.is_floating_point():
        target = _one_hot(target, num_classes, torch.float32)
    return (1 - label_smoothing) * target + label_smoothing / num_classes


def mix_examples(input, order, weight):
    """Each example mixed with another one: ``weight * input + (1 - weight) * input[order]``."""
    _require_tensors(input=input, order=order)
    weight = check_weight(input, weight)
    check_order(input, order)
    _check_permutation(order)
    return weight * input + (1 - weight) * input[order]


def cut_and_paste(input, order, box):
    """Each image with the rectangle `box`, (x1, y1, x2, y2), of another one pasted into it."""
    _require_tensors(input=input, order=order)
    box = check_box(input, box)
    check_order(input, order)
    _check_permutation(order)
    return _paste(input, order, box)


def mixup(input, target, alpha=1.0, *, num_classes=None, generator=None):
    """Inputs and targets, each mixed with those of another example in the same proportion, from Beta(alpha, alpha)."""
    _require_tensors(input=input, target=target)
    alpha, target = check_alpha(alpha), _soft_targets(input, target, num_classes)
    weight = _beta(alpha, generator)
    order = _permutation(input, generator)
    return tuple(weight * item + (1 - weight) * item[order.to(item.device)] for item in (input, target))


def cutmix(input, target, alpha=1.0, *, num_classes=None, generator=None):
    """Images with a rectangle of another one pasted into each, and targets mixed in proportion to the areas."""
    _require_tensors(input=input, target=target)
    alpha, target = check_alpha(alpha), _soft_targets(input, target, num_classes, images=True)
    weight = _beta(alpha, generator)
    device = source(generator, "cpu")
    place = torch.rand(2, generator=generator, device=device, dtype=precise(device)).tolist()
    box, weight = box_around(*place, weight, *input.shape[2:])
    order = _permutation(input, generator)
    return _paste(input, order, box), weight * target + (1 - weight) * target[order.to(target.device)]


def _require_tensors(**tensors):
    for name, tensor in tensors.items():
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"{name}: expected a torch.Tensor, got {type(tensor).__name__}")


def _paste(input, order, box):
    left, top, right, bottom = box
    rows = torch.arange(input.shape[2], device=input.device)[:, None]
    columns = torch.arange(input.shape[3], device=input.device)
    inside = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
    return torch.where(inside, input[order], input)


def _one_hot(target, num_classes, dtype):
    """1 at each index and 0 elsewhere along a new axis, which stands where the losses expect the classes."""
    if _checked(target):
        wrong = (target < 0) | (target >= num_classes)
        if wrong.any():
            raise IndexError(f"target: class indices go from 0 to {num_classes - 1}, got {target[wrong][0]}")
    axis = min(1, target.ndim)
    shape = (*target.shape[:axis], num_classes, *target.shape[axis:])
    zeros = torch.zeros(shape, dtype=dtype, device=target.device)
    return zeros.scatter(axis, target.long().unsqueeze(axis), 1.0)


def _soft_targets(input, target, num_classes, images=False):
    """The targets as floats."""
    num_classes = check_examples(input, target, num_classes, images)
    return target if target.is_floating_point() else _one_hot(target, num_classes, input.dtype)


def _checked(indices):
    """Whether to look at the values: not where it would make a compiled graph or a GPU wait."""
    return not torch.compiler.is_compiling() and indices.device.type == "cpu"


def _check_permutation(order):
    if _checked(order) and not torch.equal(order.sort().values, torch.arange(len(order), dtype=order.dtype)):
        raise ValueError(f"order: expected a permutation of 0 to {len(order) - 1}, got {order.tolist()}")


def _permutation(input, generator):
    return torch.randperm(len(input), generator=generator, device=source(generator, "cpu")).to(input.device)


def _beta(alpha, generator):
    """A number from Beta(alpha, alpha), as a float.

    It is ``a / (a + b)`` for two numbers from Gamma(alpha), which for small `alpha` are too small to be written down.
    But Gamma(alpha) is Gamma(alpha + 1) times ``u ** (1 / alpha)`` for a uniform u, and of that the logarithm will do.
    """
    device = source(generator, "cpu")
    shape = torch.full((2,), alpha + 1, dtype=precise(device), device=device)
    gamma = torch._standard_gamma(shape, generator=generator)  # torch.distributions takes no generator
    uniform = 1 - torch.rand(2, generator=generator, dtype=shape.dtype, device=device)
    a, b = gamma.log().tolist()
    u, v = uniform.log().tolist()
    return torch.sigmoid(torch.tensor(a - b + (u - v) / alpha, dtype=torch.float64)).item()
