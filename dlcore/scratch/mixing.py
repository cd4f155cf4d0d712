"""Mixed examples and softened targets: regularization by training between the examples and not only at them.

Chance is kept apart from arithmetic. :func:`mixup` and :func:`cutmix` draw who meets whom and how much of each stays;
:func:`mix_examples` and :func:`cut_and_paste` do what was drawn.
"""

import math

import numpy as np

from ._indices import is_class_dtype
from .normalization_checks import is_floating
from .tensor import differentiable
from .windows import as_generator, as_int, as_number, as_tuple

__all__ = ["cut_and_paste", "cutmix", "mix_examples", "mixup", "smooth_labels"]


@differentiable
def smooth_labels(target, num_classes, label_smoothing=0.1):
    """Class indices as distributions that keep a little for every class: ``(1 - ε) one_hot + ε / K``.

    With ε the `label_smoothing` and K the `num_classes`. The cross entropy with them is what
    ``cross_entropy(..., label_smoothing=ε)`` gives.

    Parameters
    ----------
    target : array_like or Tensor
        Class indices, (), (N,) or (N, d1, ...), of dtype int64 or uint8; or distributions of floats, (K,) or
        (N, K, d1, ...), which take the place of one_hot.
    num_classes : int, K
    label_smoothing : float, from 0 to 1

    Returns
    -------
    array or Tensor, shape (K,) or (N, K, d1, ...)
        Of the target's dtype, float32 for indices.

    Raises
    ------
    RuntimeError
        A smoothing or a number of classes out of range, distributions over another number of classes, another dtype.
    IndexError
        A class index outside of 0 to K - 1.

    Source: Szegedy et al., "Rethinking the Inception architecture for computer vision" (2016), section 7.
    """
    target = np.asarray(target)
    num_classes, label_smoothing = check_smoothing(target, num_classes, label_smoothing)
    soft = target if is_floating(target) else _one_hot(target, num_classes, np.float32)
    output = (1 - label_smoothing) * soft + label_smoothing / num_classes
    return output, lambda grad: (1 - label_smoothing) * grad


@differentiable
def mix_examples(input, order, weight):
    """Each example mixed with another one: ``weight * input + (1 - weight) * input[order]``.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, ...)
        Floating point.
    order : array of int, shape (N,)
        A permutation of 0 to N - 1: which example is mixed into each.
    weight : float, from 0 to 1

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    RuntimeError
        An input that is not floating point.
    ValueError
        An input without axes, an `order` that is no permutation, a `weight` out of range.
    TypeError
        An `order` of another dtype than int64 and int32, a `weight` that is no number.

    Source: Zhang et al., "mixup: beyond empirical risk minimization" (2018); used within a network: Verma et al.,
    "Manifold mixup" (2019).
    """
    input, order = np.asarray(input), np.asarray(order)
    return _mix(input, order, check_mixing(input, order, weight))


@differentiable
def cut_and_paste(input, order, box):
    """Each image with a rectangle of another one pasted into it, at the same place.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W)
    order : array of int, shape (N,)
        A permutation of 0 to N - 1: from which image each gets its rectangle.
    box : tuple of int, (x1, y1, x2, y2)
        Columns x1 to x2 - 1 and rows y1 to y2 - 1; it lies within the images and may be empty.

    Returns
    -------
    array or Tensor, of the input's shape

    Raises
    ------
    RuntimeError
        A `box` that is not four ints, or not within the images.
    ValueError
        An input of another number of axes, an `order` that is no permutation.
    TypeError
        An `order` of another dtype than int64 and int32, a `box` that is not of ints.

    Source: Yun et al., "CutMix: regularization strategy to train strong classifiers with localizable features" (2019),
    equation 1, M being 0 in the box and 1 elsewhere.
    """
    input, order = np.asarray(input), np.asarray(order)
    return _paste(input, order, check_pasting(input, order, box))


@differentiable
def mixup(input, target, alpha=1.0, *, num_classes=None, generator=None):
    """Inputs and targets, each mixed with those of another example in the same proportion: ``λ a + (1 - λ) b``.

    λ is drawn from Beta(alpha, alpha), one for the whole batch, the other example by a random permutation.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, ...)
        Floating point.
    target : array_like or Tensor
        Class indices (N,) of dtype int64 or uint8; or floats (N, ...): distributions over classes, or values of a
        regression.
    alpha : float, positive
        Near 0 one of the two nearly vanishes, 1 makes all λ equally likely, large values make λ nearly 1/2.
    num_classes : int
        Needed for class indices. Given with floats, their second axis must have this size.
    generator : numpy.random.Generator

    Returns
    -------
    input : array or Tensor, of the input's shape
    target : array or Tensor
        Distributions (N, num_classes) of the input's dtype for class indices, otherwise of the target's shape.

    Raises
    ------
    ValueError
        An `alpha` that is not positive and finite, no `num_classes` for class indices, shapes that do not go together.
    RuntimeError
        An input that is not floating point, a target of another dtype.
    IndexError
        A class index outside of 0 to num_classes - 1.
    TypeError
        No `generator`, options of another type.

    Source: Zhang et al., "mixup: beyond empirical risk minimization" (2018);
    ``torchvision.transforms.v2.MixUp``, which takes each example's neighbour in the batch in place of a permutation.
    """
    input, target = np.asarray(input), np.asarray(target)
    alpha, target = check_alpha(alpha), _soft_targets(input, target, num_classes)
    weight = as_generator(generator).beta(alpha, alpha)
    order = generator.permutation(len(input))
    mixed, input_pullback = _mix(input, order, weight)
    targets, target_pullback = _mix(target, order, weight)
    return (mixed, targets), lambda grad, of_targets: (
        lambda: input_pullback(grad),
        lambda: target_pullback(of_targets),
    )


@differentiable
def cutmix(input, target, alpha=1.0, *, num_classes=None, generator=None):
    """Images with a rectangle of another one pasted into each, and targets mixed in proportion to the areas.

    λ is drawn from Beta(alpha, alpha). The rectangle has sides ``sqrt(1 - λ)`` times those of the image, its centre is
    drawn uniformly, and what sticks out is cut off. The targets are mixed by what is left of the first image,
    ``λ = 1 - area / (H W)``. Rectangle and λ are the same for the whole batch, the other image is drawn by a random
    permutation.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W)
        Floating point.
    target : array_like or Tensor
        Class indices (N,) of dtype int64 or uint8; or distributions of floats (N, K, ...).
    alpha, num_classes, generator
        As for :func:`mixup`.

    Returns
    -------
    input, target
        As of :func:`mixup`.

    Raises
    ------
    ValueError, RuntimeError, IndexError, TypeError
        As for :func:`mixup`.

    Source: Yun et al., "CutMix: regularization strategy to train strong classifiers with localizable features" (2019),
    equations 1 and 2; ``torchvision.transforms.v2.CutMix``, which takes each image's neighbour in the batch.
    """
    input, target = np.asarray(input), np.asarray(target)
    alpha, target = check_alpha(alpha), _soft_targets(input, target, num_classes, images=True)
    weight = as_generator(generator).beta(alpha, alpha)
    box, weight = box_around(*generator.random(2).tolist(), weight, *input.shape[2:])
    order = generator.permutation(len(input))
    mixed, input_pullback = _paste(input, order, box)
    targets, target_pullback = _mix(target, order, weight)
    return (mixed, targets), lambda grad, of_targets: (
        lambda: input_pullback(grad),
        lambda: target_pullback(of_targets),
    )


def _mix(input, order, weight):
    output = input[order]
    output *= 1 - weight
    output += weight * input

    def pullback(grad):
        result = np.empty(grad.shape, grad.dtype)
        result[order] = grad
        result *= 1 - weight
        result += weight * grad
        return result

    return output, pullback


def _paste(input, order, box):
    left, top, right, bottom = box
    inside = (..., slice(top, bottom), slice(left, right))
    output = input.copy()
    output[inside] = input[inside][order]

    def pullback(grad):
        result = grad.copy()
        result[inside][order] = grad[inside]
        return result

    return output, pullback


def _one_hot(target, num_classes, dtype):
    """1 at each index and 0 elsewhere along a new axis, which stands where the losses expect the classes."""
    wrong = (target < 0) | (target >= num_classes)
    if wrong.any():
        raise IndexError(f"target: class indices go from 0 to {num_classes - 1}, got {target[wrong][0]}")
    axis = min(1, target.ndim)
    output = np.zeros((*target.shape[:axis], num_classes, *target.shape[axis:]), dtype)
    np.put_along_axis(output, np.expand_dims(target, axis).astype(np.int64), 1, axis)
    return output


def _soft_targets(input, target, num_classes, images=False):
    """The targets as floats."""
    num_classes = check_examples(input, target, num_classes, images)
    return target if is_floating(target) else _one_hot(target, num_classes, input.dtype)


# Checks of shapes, dtypes and options, for either backend


def check_smoothing(target, num_classes, label_smoothing):
    """`num_classes` and `label_smoothing` as numbers, or an error."""
    num_classes = as_int(num_classes, "num_classes", minimum=1)
    label_smoothing = as_number(label_smoothing, "label_smoothing")
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing: expected a number from 0 to 1, got {label_smoothing!r}")
    if not is_floating(target):
        check_index_dtype(target)
    elif not target.shape or target.shape[min(1, len(target.shape) - 1)] != num_classes:
        raise RuntimeError(
            f"target: expected distributions over {num_classes} classes, got shape {tuple(target.shape)}"
        )
    return num_classes, label_smoothing


def check_index_dtype(target):
    """RuntimeError for anything that :func:`cross_entropy` takes neither for class indices nor for distributions."""
    if not is_class_dtype(target.dtype):
        raise RuntimeError(
            f"target: expected floats, or class indices of dtype int64 or uint8, got {target.dtype}"
        )


def check_order(input, order):
    """Raise unless `input` has a batch axis and `order` an integer for each example."""
    if not input.shape:
        raise ValueError("input: expected a batch axis, got none")
    if str(order.dtype).removeprefix("torch.") not in ("int64", "int32"):
        raise TypeError(f"order: expected int64 or int32, got {order.dtype}")
    if tuple(order.shape) != (input.shape[0],):
        raise ValueError(
            f"order: expected an index for each of {input.shape[0]}, got shape {tuple(order.shape)}"
        )


def check_weight(input, weight):
    """`weight` as a number, or an error."""
    if not is_floating(input):
        raise RuntimeError(f"input: expected floating point, got {input.dtype}")
    weight = as_number(weight, "weight")
    if not 0 <= weight <= 1:
        raise ValueError(f"weight: expected a number from 0 to 1, got {weight!r}")
    return weight


def check_box(input, box):
    """`box` as four ints within the images, or an error."""
    if len(input.shape) != 4:
        raise ValueError(f"input: expected images (N, C, H, W), got shape {tuple(input.shape)}")
    if not isinstance(box, (tuple, list)):
        raise TypeError(f"box: expected (x1, y1, x2, y2), got {box!r}")
    left, top, right, bottom = as_tuple(box, 4, "box", minimum=0, allow_single=False)
    height, width = input.shape[2:]
    if not (left <= right <= width and top <= bottom <= height):
        raise RuntimeError(
            f"box: expected x1 <= x2 <= {width} and y1 <= y2 <= {height}, got {(left, top, right, bottom)}"
        )
    return left, top, right, bottom


def check_mixing(input, order, weight):
    """`weight` as a number; raise unless the arrays suit :func:`mix_examples`."""
    weight = check_weight(input, weight)
    check_order(input, order)
    _check_permutation(order)
    return weight


def check_pasting(input, order, box):
    """`box` as four ints; raise unless the arrays suit :func:`cut_and_paste`."""
    box = check_box(input, box)
    check_order(input, order)
    _check_permutation(order)
    return box


def _check_permutation(order):
    if not np.array_equal(np.sort(order), np.arange(len(order))):
        raise ValueError(f"order: expected a permutation of 0 to {len(order) - 1}, got {order}")


def check_alpha(alpha):
    """`alpha`, a positive number, or an error."""
    alpha = as_number(alpha, "alpha")
    if not 0 < alpha < math.inf:
        raise ValueError(f"alpha: expected a positive number, got {alpha!r}")
    return float(alpha)


def check_examples(input, target, num_classes, images=False):
    """`num_classes` as an int or None; raise unless inputs and targets can be mixed."""
    shape, wanted = tuple(target.shape), "images (N, C, H, W)" if images else "a batch axis"
    if len(input.shape) != 4 if images else not input.shape:
        raise ValueError(f"input: expected {wanted}, got shape {tuple(input.shape)}")
    if not is_floating(input):
        raise RuntimeError(f"input: expected floating point, got {input.dtype}")
    if shape[:1] != tuple(input.shape[:1]):
        raise ValueError(f"target: expected one for each of {input.shape[0]} examples, got shape {shape}")
    num_classes = None if num_classes is None else as_int(num_classes, "num_classes", minimum=1)
    if is_floating(target):
        if images and len(shape) < 2:
            raise ValueError(f"target: expected class indices or distributions (N, K), got floats {shape}")
        if num_classes is not None and shape[1:2] != (num_classes,):
            raise ValueError(
                f"num_classes: expected the size of the target's axis 1, got {num_classes} for {shape}"
            )
        return num_classes
    check_index_dtype(target)
    if len(shape) != 1:
        raise ValueError(f"target: expected class indices (N,) or floats, got shape {shape}")
    if num_classes is None:
        raise ValueError("num_classes: is needed to mix class indices")
    return num_classes


def box_around(across, down, weight, height, width):
    """A box with ``1 - weight`` of the area around a point, and what it leaves of an image.

    Parameters
    ----------
    across, down : float in [0, 1)
        The point, as parts of width and height.
    weight : float, from 0 to 1
        The part that the box would leave if nothing stuck out.
    height, width : int

    Returns
    -------
    box : tuple of int, (x1, y1, x2, y2)
    weight : float
        The part that it leaves in truth.
    """
    side = math.sqrt(1 - weight)
    (left, right), (top, bottom) = (
        (
            max(0, int(place * size) - int(side * size / 2)),
            min(size, int(place * size) + int(side * size / 2)),
        )
        for place, size in ((across, width), (down, height))
    )
    area = (right - left) * (bottom - top)
    return (left, top, right, bottom), 1 - area / (height * width) if area else 1.0
