"""Detection: boxes, and what is cut out of a feature map by them. Names and conventions are those of ``torchvision.ops``.

A box is (x1, y1, x2, y2), its left, top, right and bottom edge, with x1 < x2 and y1 < y2. Rotated boxes are left out.
Where torchvision asserts that shapes fit, RuntimeError is raised. Integers that are divided become float32.
"""

import math

import numpy as np

from .arithmetic import exp, log, select, stack, unbroadcast
from .interpolation import Taps, is_finite
from .tensor import Tensor, as_operand, differentiable
from .windows import as_bool, as_int, as_number, as_tuple

__all__ = [
    "anchors", "batched_nms", "box_area", "box_convert", "box_iou", "clip_boxes_to_image", "decode_boxes", "encode_boxes",
    "nms", "remove_small_boxes", "roi_align", "roi_pool",
]  # fmt: skip


LARGEST_GROWTH = math.log(1000 / 16)
"""By what a code may enlarge a box, at most, as a logarithm."""


QUIET = np.errstate(all="ignore")
"""For functions made of operators: of plain arrays these are NumPy's own, which warn of infinities and NaN."""


# Boxes


@QUIET
def box_area(boxes, fmt="xyxy"):
    """Width times height.

    Parameters
    ----------
    boxes : array_like or Tensor, shape (..., 4)
        Integers of less than 32 bits become int32, so that the product fits.
    fmt : {"xyxy", "xywh", "cxcywh"}
        How they are written, see :func:`box_convert`.

    Returns
    -------
    array or Tensor, shape (...)

    Raises
    ------
    RuntimeError
        Another shape.
    ValueError
        An unknown format.

    Source: ``torchvision.ops.box_area``.
    """
    boxes = as_operand(boxes)
    check_last_axis(boxes.shape), check_format(fmt, "fmt")
    if boxes.dtype.kind != "f":
        boxes = _converted(boxes, np.result_type(boxes.dtype, np.int32))
    if fmt == "xyxy":
        return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return boxes[..., 2] * boxes[..., 3]


def _converted(integers, dtype):
    """`integers`, an operand without gradient, in another dtype."""
    return Tensor(integers.data.astype(dtype)) if isinstance(integers, Tensor) else integers.astype(dtype)


def _floating(boxes):
    boxes = as_operand(boxes)
    return boxes if boxes.dtype.kind == "f" else _converted(boxes, np.float32)


@QUIET
def box_iou(boxes1, boxes2, fmt="xyxy"):
    """Intersection over union of each box with each: 1 for equal boxes, 0 for boxes apart.

    Parameters
    ----------
    boxes1 : array_like or Tensor, shape (..., N, 4)
    boxes2 : array_like or Tensor, shape (..., M, 4)
        The axes before are broadcast.
    fmt : {"xyxy", "xywh", "cxcywh"}
        How they are written, see :func:`box_convert`.

    Returns
    -------
    array or Tensor, shape (..., N, M)
        NaN for two boxes without area. Where two edges coincide, each gets half of the gradient.

    Raises
    ------
    RuntimeError
        Another shape.
    ValueError
        An unknown format.

    Source: ``torchvision.ops.box_iou``; Jaccard, "Étude comparative de la distribution florale dans une portion des
    Alpes et des Jura" (1901).
    """
    boxes1, boxes2 = _floating(boxes1), _floating(boxes2)
    check_last_axis(boxes1.shape, "boxes1", 2), check_last_axis(boxes2.shape, "boxes2", 2)
    check_format(fmt, "fmt")
    if fmt != "xyxy":
        boxes1, boxes2 = box_convert(boxes1, fmt, "xyxy"), box_convert(boxes2, fmt, "xyxy")
    return _overlaps(boxes1, boxes2)


@differentiable
def _overlaps(boxes1, boxes2):
    """With intersection i and union u, the slopes of i / u are (1 + i / u) / u for i, -i / u² for both areas."""
    one, other = boxes1[..., :, np.newaxis, :], boxes2[..., np.newaxis, :, :]
    inside = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    sides = np.maximum(inside, 0)  # width and height of the intersection
    intersection = sides[..., 0] * sides[..., 1]
    sides1, sides2 = (boxes[..., 2:] - boxes[..., :2] for boxes in (one, other))
    union = sides1.prod(-1) + sides2.prod(-1) - intersection
    output = intersection / union

    def pullback(grad):
        per_area = -grad * output / union
        per_side = ((grad / union - per_area)[..., np.newaxis] * sides[..., ::-1]) * (inside >= 0)

        def gradient(own, another, own_sides, shape):
            first, last = (own[..., :2], another[..., :2]), (another[..., 2:], own[..., 2:])
            # Whose edge bounds the intersection
            chosen = [(a > b) + (a == b) * grad.dtype.type(0.5) for a, b in (first, last)]
            areas = per_area[..., np.newaxis] * own_sides[..., ::-1]
            low, high = -per_side * chosen[0] - areas, per_side * chosen[1] + areas
            return unbroadcast(np.concatenate([low, high], axis=-1), own.shape).reshape(shape)

        return (
            lambda: gradient(one, other, sides1, boxes1.shape),
            lambda: gradient(other, one, sides2, boxes2.shape),
        )

    return output, pullback


@QUIET
def box_convert(boxes, in_fmt, out_fmt):
    """From one way to write a box to another.

    Parameters
    ----------
    boxes : array_like or Tensor, shape (..., 4)
    in_fmt, out_fmt : {"xyxy", "xywh", "cxcywh"}
        Two corners; the left upper corner and the size; the centre and the size.

    Returns
    -------
    array or Tensor, shape (..., 4)

    Raises
    ------
    ValueError
        An unknown format.
    RuntimeError
        Another shape.

    Source: ``torchvision.ops.box_convert``.
    """
    boxes = as_operand(boxes)
    check_format(in_fmt, "in_fmt"), check_format(out_fmt, "out_fmt"), check_last_axis(boxes.shape)
    if in_fmt == out_fmt:
        return stack([boxes[..., place] for place in range(4)], -1)
    if "cxcywh" in (in_fmt, out_fmt):
        boxes = _floating(boxes)
    x, y, right, bottom = (boxes[..., place] for place in range(4))
    if in_fmt == "xywh":
        right, bottom = x + right, y + bottom
    elif in_fmt == "cxcywh":
        x, y, right, bottom = x - right / 2, y - bottom / 2, x + right / 2, y + bottom / 2
    if out_fmt == "xyxy":
        return stack([x, y, right, bottom], -1)
    width, height = right - x, bottom - y
    if out_fmt == "xywh":
        return stack([x, y, width, height], -1)
    return stack([x + width / 2, y + height / 2, width, height], -1)


@differentiable
def clip_boxes_to_image(boxes, size):
    """Cut off what lies outside an image.

    Parameters
    ----------
    boxes : array_like or Tensor, shape (..., 4)
    size : tuple of int
        The image's height and width.

    Returns
    -------
    array or Tensor, shape (..., 4)
        The gradient is 0 for edges that were moved.

    Raises
    ------
    RuntimeError
        Another shape.
    TypeError
        `size` is not an int or two.

    Source: ``torchvision.ops.clip_boxes_to_image``.
    """
    boxes = np.asarray(boxes)
    check_last_axis(boxes.shape)
    height, width = as_tuple(size, 2, "size", 0, allow_single=False)
    limit = np.array([width, height, width, height], boxes.dtype)
    return np.clip(boxes, 0, limit), lambda grad: select(grad, (boxes >= 0) & (boxes <= limit))


@differentiable
def remove_small_boxes(boxes, min_size):
    """Which boxes have no side shorter than `min_size`.

    Parameters
    ----------
    boxes : array_like or Tensor, shape (N, 4)
    min_size : float

    Returns
    -------
    array or Tensor of int64, shape (K,)
        Their indices.

    Raises
    ------
    RuntimeError
        Another shape.

    Source: ``torchvision.ops.remove_small_boxes``.
    """
    boxes = np.asarray(boxes)
    check_boxes(boxes.shape)
    sides = boxes[:, 2:] - boxes[:, :2]
    return np.flatnonzero((sides >= as_number(min_size, "min_size")).all(1)), lambda grad: (None,)


# Choosing among boxes


@differentiable
def nms(boxes, scores, iou_threshold):
    """Non-maximum suppression: the best box goes through and strikes out those that overlap it, and so on.

    Parameters
    ----------
    boxes : array_like or Tensor, shape (N, 4)
    scores : array_like or Tensor, shape (N,)
    iou_threshold : float
        A box is struck out if its intersection over union with a better one that went through is larger than this.

    Returns
    -------
    array or Tensor of int64, shape (K,)
        The indices of the boxes that went through, the best first. Of equal scores the first box counts as better.

    Raises
    ------
    RuntimeError
        Other shapes.

    Source: ``torchvision.ops.nms``; Girshick et al., "Rich feature hierarchies for accurate object detection and
    semantic segmentation" (2014).
    """
    boxes, scores = np.asarray(boxes), np.asarray(scores)
    check_scores(boxes.shape, scores.shape, iou_threshold)
    return _suppress(boxes, scores, np.zeros(len(scores), int), iou_threshold), lambda grad: (None, None)


@differentiable
def batched_nms(boxes, scores, idxs, iou_threshold):
    """:func:`nms` among the boxes of each category by itself.

    Parameters
    ----------
    boxes, scores, iou_threshold
        As for :func:`nms`.
    idxs : array_like or Tensor of int, shape (N,)
        The category of each box.

    Returns
    -------
    array or Tensor of int64, shape (K,)
        The boxes of all categories that went through, the best first.

    Raises
    ------
    RuntimeError
        Other shapes.

    Source: ``torchvision.ops.batched_nms``.
    """
    boxes, scores, idxs = np.asarray(boxes), np.asarray(scores), np.asarray(idxs)
    check_scores(boxes.shape, scores.shape, iou_threshold, idxs.shape)
    return _suppress(boxes, scores, idxs, iou_threshold), lambda grad: (None, None, None)


def _suppress(boxes, scores, categories, iou_threshold):
    # From the best on; of equal scores the first comes first, and NaN before all, as PyTorch sorts.
    waiting = len(scores) - 1 - np.argsort(scores[::-1], kind="stable")[::-1]
    kept = []
    while waiting.size:
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        overlaps = box_iou(boxes[best : best + 1], boxes[waiting])[0] > iou_threshold
        waiting = waiting[~(overlaps & (categories[waiting] == categories[best]))]
    return np.array(kept, np.int64)


# Anchors and the code of a box relative to one


@differentiable
def anchors(feature_size, stride, sizes, aspect_ratios):
    """The boxes that a detector starts from: at every place of a feature map one of each size and shape.

    Parameters
    ----------
    feature_size : tuple of int
        Height and width of the feature map.
    stride : int or tuple of int
        How many pixels of the image lie between neighbours on the feature map.
    sizes : array_like, shape (S,)
        Square roots of the areas, in pixels.
    aspect_ratios : array_like, shape (R,)
        Height by width.

    Returns
    -------
    array, shape (height * width * R * S, 4)
        In the dtype of `sizes` if that is an array of floating point, else float32. Row by row, in each row from left to right, at
        each place ratio by ratio the sizes. The boxes at the first place lie around (0, 0), their edges rounded to whole
        pixels (halves to the even one).

    Raises
    ------
    RuntimeError
        Other shapes, sizes or strides below 1.
    TypeError
        `feature_size` or `stride` are not ints.

    Source: ``torchvision.models.detection.anchor_utils.AnchorGenerator``; Ren et al., "Faster R-CNN: Towards
    real-time object detection with region proposal networks" (2015).
    """
    sizes, aspect_ratios = (
        np.asarray(numbers, getattr(numbers, "dtype", np.float32)) for numbers in (sizes, aspect_ratios)
    )
    (rows, columns), (down, right) = anchor_options(feature_size, stride, sizes.shape, aspect_ratios.shape)
    sizes = sizes.astype(sizes.dtype if sizes.dtype.kind == "f" else np.float32, copy=False)
    stretch = np.sqrt(aspect_ratios.astype(sizes.dtype))[:, np.newaxis]
    half = np.stack([sizes / stretch, sizes * stretch], axis=-1).reshape(-1, 2) / 2  # width, height
    shapes = np.rint(np.concatenate([-half, half], axis=1))
    y, x = np.meshgrid(np.arange(rows) * down, np.arange(columns) * right, indexing="ij")
    places = np.stack([x, y, x, y], axis=-1).reshape(-1, 1, 4).astype(sizes.dtype)
    return (places + shapes).reshape(-1, 4), lambda grad: (None, None, None, None)


@QUIET
def encode_boxes(reference, proposals, weights=(1.0, 1.0, 1.0, 1.0)):
    """What a regressor has to predict to turn proposals into the reference boxes.

    With centre (x, y) and size (w, h) of the reference and (p_x, p_y), (p_w, p_h) of the proposal ::

        t = (x - p_x) / p_w,  (y - p_y) / p_h,  log(w / p_w),  log(h / p_h)

    Parameters
    ----------
    reference, proposals : array_like or Tensor, shape (N, 4)
    weights : sequence of four floats
        Factors of the four numbers.

    Returns
    -------
    array or Tensor, shape (N, 4)

    Raises
    ------
    RuntimeError
        Other shapes.

    Source: Girshick et al., "Rich feature hierarchies for accurate object detection and semantic segmentation" (2014);
    ``torchvision.models.detection._utils.BoxCoder``.
    """
    reference, proposals = _floating(reference), _floating(proposals)
    weights = code_options(reference.shape, proposals.shape, weights)
    (x, y, w, h), (px, py, pw, ph) = _centre_and_size(reference), _centre_and_size(proposals)
    codes = (x - px) / pw, (y - py) / ph, log(w / pw), log(h / ph)
    return stack([code * weight for code, weight in zip(codes, weights)], dim=1)


@QUIET
def decode_boxes(codes, proposals, weights=(1.0, 1.0, 1.0, 1.0), clip=LARGEST_GROWTH):
    """The boxes that codes stand for: the opposite of :func:`encode_boxes`.

    Parameters
    ----------
    codes : array_like or Tensor, shape (N, 4 * classes)
        One code for each class.
    proposals : array_like or Tensor, shape (N, 4)
    weights : sequence of four floats
    clip : float
        Logarithms of sizes are at most this, so that no exponential overflows.

    Returns
    -------
    array or Tensor, shape (N, 4 * classes)

    Raises
    ------
    RuntimeError
        Other shapes.

    Source: Girshick et al., "Rich feature hierarchies for accurate object detection and semantic segmentation" (2014);
    ``torchvision.models.detection._utils.BoxCoder``.
    """
    codes, proposals = _floating(codes), _floating(proposals)
    weights = code_options(codes.shape, proposals.shape, weights, classes=True)
    clip = as_number(clip, "clip")
    px, py, pw, ph = (column.reshape(len(proposals), 1) for column in _centre_and_size(proposals))
    tx, ty, tw, th = (codes[:, place::4] / weight for place, weight in enumerate(weights))
    x, y, w, h = tx * pw + px, ty * ph + py, exp(_at_most(tw, clip)) * pw, exp(_at_most(th, clip)) * ph
    corners = stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], dim=2)
    return corners.reshape(codes.shape)


def _centre_and_size(boxes):
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    return boxes[:, 0] + width / 2, boxes[:, 1] + height / 2, width, height


@differentiable
def _at_most(input, limit):
    return np.minimum(input, limit), lambda grad: select(grad, input <= limit)


# Regions of interest

FAR = 1e9
"""Outside of every input, but within the range of integers."""


@differentiable
def roi_pool(input, boxes, output_size, spatial_scale=1.0):
    """Max pooling of each box into the same number of bins.

    The box's edges are rounded to whole elements, and both of them belong to it. Its bins, of equal real size, are
    widened to whole elements, so that neighbours may share some. (That size is a fraction here; torchvision rounds it to
    a float, which may add an element.)

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W)
    boxes : array_like or Tensor, shape (K, 5), or a list of N of shape (L, 4)
        (image, x1, y1, x2, y2), or for each image its boxes. They get no gradient.
    output_size : int or tuple of int
        Rows and columns of bins.
    spatial_scale : float
        Size of `input` by the size that the boxes refer to.

    Returns
    -------
    array or Tensor, shape ``(K, C, *output_size)``
        0 in bins outside the input. Among equal elements the first wins and alone gets the gradient. NaN wins over every
        number, as in :func:`max_pool2d` (torchvision passes it over).

    Raises
    ------
    RuntimeError
        Other shapes, boxes of another dtype than the input, an output size below 1.
    IndexError
        A box of an image that is not there.
    TypeError
        Options of another kind.

    Source: ``torchvision.ops.roi_pool``; Girshick, "Fast R-CNN" (2015).
    """
    images = np.asarray(input)
    rows, columns = roi_options(images.shape, output_size, spatial_scale)
    regions = _regions(images, boxes)
    image, edges = regions[:, 0].astype(int), regions[:, 1:] * images.dtype.type(spatial_scale)
    edges = np.trunc(edges + np.copysign(0.5, edges)).astype(float)  # rounded, halves away from zero
    edges[np.isnan(edges).any(1)] = -FAR  # so that nothing is in the box
    edges = np.clip(edges, -FAR, FAR).astype(int)
    batch, channels, height, width = images.shape
    tops, heights = _bins(edges[:, 1], edges[:, 3], rows, height)  # (K, rows)
    lefts, widths = _bins(edges[:, 0], edges[:, 2], columns, width)
    lines = (image[:, np.newaxis] * height + tops)[:, :, np.newaxis] * width
    bins = np.broadcast_arrays(lines + lefts[:, np.newaxis], heights[:, :, np.newaxis], widths[:, np.newaxis])
    elements = np.moveaxis(images, 1, -1).reshape(batch * height * width, channels)
    output, winner = _largest(elements, *(array.ravel() for array in bins), width)

    def pullback(grad):
        gradient = np.moveaxis(grad, 1, -1).reshape(winner.shape)
        used = winner >= 0
        places = winner * channels + np.arange(channels)
        total = np.bincount(places[used], gradient[used], elements.size).astype(grad.dtype)
        total = np.moveaxis(total.reshape(batch, height, width, channels), -1, 1)
        return total, (None if isinstance(boxes, np.ndarray) else [None] * len(boxes))

    return np.moveaxis(output.reshape(len(image), rows, columns, channels), -1, 1), pullback


def _largest(elements, firsts, heights, widths, step):
    """The largest element of each bin, for each channel, and its place; 0 and -1 where a bin is empty.

    `elements` has the shape (places, channels); a bin has so many rows and columns of places, its rows `step` apart.
    """
    area = heights * widths
    order = np.argsort(-area, kind="stable")  # the bins that have a t-th element come first
    counts = np.cumsum(np.bincount(area, minlength=1)[::-1])[::-1][1:]  # and are so many
    best = np.zeros((len(order), elements.shape[1]), elements.dtype)
    winner = np.full(best.shape, -1)
    for t, count in enumerate(counts):
        some = order[:count]
        places = firsts[some] + t // widths[some] * step + t % widths[some]
        candidates, previous = elements[places], best[:count]
        wins = (candidates > previous) | (np.isnan(candidates) & ~np.isnan(previous)) | (t == 0)
        np.copyto(previous, candidates, where=wins)
        np.copyto(winner[:count], places[:, np.newaxis], where=wins)
    back = np.argsort(order, kind="stable")
    return best[back], winner[back]


def _bins(first, last, count, size):
    """Where the bins of each region begin along one axis, and how many elements each has, clipped to the input."""
    length = np.maximum(last - first + 1, 1)[:, np.newaxis]
    number = np.arange(count)
    starts = number * length // count + first[:, np.newaxis]
    stops = -(-(number + 1) * length // count) + first[:, np.newaxis]
    starts, stops = np.clip(starts, 0, size), np.clip(stops, 0, size)
    return starts, np.maximum(stops - starts, 0)


@differentiable
def roi_align(input, boxes, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    """The mean of each bin of each box, of values interpolated at regular positions: nothing is rounded.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W)
    boxes : array_like or Tensor, shape (K, 5), or a list of N of shape (L, 4)
        (image, x1, y1, x2, y2), or for each image its boxes. They get no gradient.
    output_size : int or tuple of int
        Rows and columns of bins.
    spatial_scale : float
        Size of `input` by the size that the boxes refer to.
    sampling_ratio : int
        How many positions per bin and axis; if not positive, as many as elements, ``ceil(box size / output size)``.
    aligned : bool
        Whether element i lies at i + 1/2 in the boxes' coordinates, as it should, rather than at i. Without it boxes are
        also made at least 1 wide and high.

    Returns
    -------
    array or Tensor, shape ``(K, C, *output_size)``
        A position up to 1 outside the input takes the value at the edge, one farther out 0.

    Raises
    ------
    RuntimeError
        Other shapes, boxes of another dtype than the input, an output size below 1.
    IndexError
        A box of an image that is not there.
    TypeError
        Options of another kind.

    Source: ``torchvision.ops.roi_align``; He et al., "Mask R-CNN" (2017).
    """
    images = np.asarray(input)
    rows, columns = roi_options(images.shape, output_size, spatial_scale, sampling_ratio, aligned)
    regions = _regions(images, boxes)
    image, edges = regions[:, 0].astype(int), regions[:, 1:] * images.dtype.type(spatial_scale)
    edges = edges - images.dtype.type(0.5 if aligned else 0)
    down = list(_region_taps(edges[:, 1], edges[:, 3], rows, images.shape[2], sampling_ratio, aligned))
    across = list(_region_taps(edges[:, 0], edges[:, 2], columns, images.shape[3], sampling_ratio, aligned))
    finite = is_finite(images)
    output = np.empty((len(image), images.shape[1], rows, columns), images.dtype)
    for number, (n, (top, vertical), (left, horizontal)) in enumerate(zip(image, down, across)):
        output[number] = horizontal.apply(vertical.apply(images[n, :, top, left], 1, finite), 2, finite)

    def pullback(grad):
        total, finite = np.zeros(images.shape, grad.dtype), is_finite(grad)
        for part, n, (top, vertical), (left, horizontal) in zip(grad, image, down, across):
            part = vertical.apply_transposed(horizontal.apply_transposed(part, 2, finite), 1, finite)
            total[n, :, top, left] += part
        return total, (None if isinstance(boxes, np.ndarray) else [None] * len(boxes))

    return output, pullback


def _region_taps(first, last, count, size, sampling_ratio, aligned):
    """For each region the part of an axis that it needs, a slice, and the taps of its `count` bins there.

    A bin's mean over positions of values interpolated between two elements is a weighted sum: so is :func:`roi_align`,
    along one axis after the other.
    """
    dtype = first.dtype
    length = (last - first) if aligned else np.maximum(last - first, 1)
    bin = length / dtype.type(count)
    samples = np.full(len(bin), sampling_ratio) if sampling_ratio > 0 else np.ceil(bin)
    samples = np.where(np.isfinite(bin), np.maximum(samples, 0), 0).astype(int)[:, np.newaxis]
    number = np.arange(samples.max(initial=0))[:, np.newaxis, np.newaxis]  # (samples, regions, bins)
    divisor = np.maximum(samples, 1).astype(dtype)
    starts = first[:, np.newaxis] + np.arange(count, dtype=dtype) * bin[:, np.newaxis]
    positions = starts + (number + dtype.type(0.5)) * bin[:, np.newaxis] / divisor
    counts = (number < samples) & (positions >= -1) & (positions <= size)
    positions = np.clip(np.where(counts, positions, 0), 0, size - 1)
    below = np.floor(positions)
    weights = np.concatenate([1 - (positions - below), positions - below]) / divisor
    indices = np.concatenate([below, np.minimum(below + 1, size - 1)]).astype(int)
    used = np.concatenate([counts, counts])
    starts = np.where(used, indices, size).min((0, 2), initial=size)
    stops = np.where(used, indices + 1, 0).max((0, 2), initial=0)
    for region, (start, stop) in enumerate(zip(starts, np.maximum(starts, stops))):
        here = used[:, region]
        part = np.where(here, indices[:, region] - start, stop - start), np.where(here, weights[:, region], 0)
        yield slice(start, stop), Taps.of(*part, stop - start)


# What both backends and the layers' shapes check


def check_boxes(shape, name="boxes"):
    """RuntimeError unless `shape` is (N, 4)."""
    if len(shape) != 2 or shape[1] != 4:
        raise RuntimeError(f"{name}: expected shape (N, 4), got {tuple(shape)}")


def check_last_axis(shape, name="boxes", axes=1):
    """RuntimeError unless the last axis holds the four numbers of a box, and there are so many axes at least."""
    if len(shape) < axes or shape[-1] != 4:
        wanted = "(..., 4)" if axes == 1 else "(..., N, 4)"
        raise RuntimeError(f"{name}: expected shape {wanted}, got {tuple(shape)}")


def check_format(value, name):
    """ValueError unless `value` is a way to write boxes."""
    if value not in ("xyxy", "xywh", "cxcywh"):
        raise ValueError(f"{name}: expected 'xyxy', 'xywh' or 'cxcywh', got {value!r}")


def check_scores(boxes, scores, iou_threshold, idxs=None):
    """The arguments of :func:`nms` and :func:`batched_nms`; `boxes`, `scores` and `idxs` are shapes."""
    check_boxes(boxes)
    for name, shape in (("scores", scores), ("idxs", scores if idxs is None else idxs)):
        if tuple(shape) != (boxes[0],):
            raise RuntimeError(f"{name}: expected one for each of {boxes[0]} boxes, got shape {tuple(shape)}")
    as_number(iou_threshold, "iou_threshold")


def anchor_options(feature_size, stride, sizes, aspect_ratios):
    """The size of the feature map and the stride as pairs; `sizes` and `aspect_ratios` are shapes."""
    feature_size = as_tuple(feature_size, 2, "feature_size", 0, allow_single=False)
    stride = as_tuple(stride, 2, "stride", 1)
    for name, shape in (("sizes", sizes), ("aspect_ratios", aspect_ratios)):
        if len(shape) != 1:
            raise RuntimeError(f"{name}: expected one axis, got shape {tuple(shape)}")
    return feature_size, stride


def code_options(codes, proposals, weights, classes=False):
    """The weights as four floats; the others are shapes."""
    check_boxes(proposals, "proposals")
    name, wanted = ("codes", "(N, 4 * classes)") if classes else ("reference", "(N, 4)")
    fits = len(codes) == 2 and codes[0] == proposals[0] and (codes[1] % 4 == 0 if classes else codes[1] == 4)
    if not fits:
        raise RuntimeError(f"{name}: expected shape {wanted} with N = {proposals[0]}, got {tuple(codes)}")
    if not isinstance(weights, (tuple, list)) or len(weights) != 4:
        raise RuntimeError(f"weights: expected four numbers, got {weights!r}")
    return tuple(float(as_number(weight, "weights")) for weight in weights)


def roi_options(shape, output_size, spatial_scale, sampling_ratio=-1, aligned=False):
    """The number of rows and columns of bins, after a look at the other options and the shape of the input."""
    if len(shape) != 4 or min(shape[2:]) == 0:
        raise RuntimeError(f"input: expected shape (N, C, H, W) with H and W above 0, got {tuple(shape)}")
    as_number(spatial_scale, "spatial_scale")
    as_int(sampling_ratio, "sampling_ratio"), as_bool(aligned, "aligned")
    return as_tuple(output_size, 2, "output_size", 1)


def check_regions(input, boxes, batch):
    """Of `boxes`, a tensor or a list of them, the shapes and dtypes."""
    parts = boxes if isinstance(boxes, (list, tuple)) else [boxes]
    if parts is boxes and len(boxes) != batch:
        raise RuntimeError(f"boxes: expected one tensor for each of {batch} images, got {len(boxes)}")
    width = 4 if parts is boxes else 5
    for part in parts:
        if len(part.shape) != 2 or part.shape[1] != width:
            raise RuntimeError(f"boxes: expected shape (N, {width}), got {tuple(part.shape)}")
        if part.dtype != input.dtype:
            raise RuntimeError(f"boxes: expected the input's dtype {input.dtype}, got {part.dtype}")


def _regions(images, boxes):
    """`boxes` as one array (K, 5) with the image first; a list tells it by its place."""
    if images.dtype.kind != "f":
        raise NotImplementedError(f"input: expected floating point, got {images.dtype}")
    boxes = list(map(np.asarray, boxes)) if isinstance(boxes, (list, tuple)) else np.asarray(boxes)
    check_regions(images, boxes, len(images))
    if isinstance(boxes, list):
        numbered = [np.insert(part, 0, number, axis=1) for number, part in enumerate(boxes)]
        boxes = np.concatenate([np.zeros((0, 5), images.dtype), *numbered])
    if boxes.size and not (boxes[:, 0].min() >= 0 and boxes[:, 0].max() < len(images)):
        raise IndexError(f"boxes: expected images from 0 to {len(images) - 1} in the first column")
    return boxes
