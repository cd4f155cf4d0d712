"""Detection: boxes, and what is cut out of a feature map by them, written with PyTorch's operations.

Names and conventions are those of ``torchvision.ops``, which need not be installed. Each operator is described in
``dlcore.scratch.detection``.
"""

import torch
from torch.nn.functional import pad

from ..scratch.detection import (
    FAR,
    LARGEST_GROWTH,
    anchor_options,
    check_boxes,
    check_format,
    check_last_axis,
    check_regions,
    check_scores,
    code_options,
    roi_options,
)
from ..scratch.windows import as_number, as_tuple

__all__ = [
    "anchors", "batched_nms", "box_area", "box_convert", "box_iou", "clip_boxes_to_image", "decode_boxes", "encode_boxes",
    "nms", "remove_small_boxes", "roi_align", "roi_pool",
]  # fmt: skip


def box_area(boxes, fmt="xyxy"):
    """Width times height: (...) for boxes of shape (..., 4)."""
    check_last_axis(boxes.shape), check_format(fmt, "fmt")
    if not boxes.is_floating_point():
        boxes = boxes.to(torch.promote_types(boxes.dtype, torch.int32))
    sides = boxes[..., 2:] - boxes[..., :2] if fmt == "xyxy" else boxes[..., 2:]
    return sides.prod(-1).to(boxes.dtype)


def box_iou(boxes1, boxes2, fmt="xyxy"):
    """Intersection over union of each of `boxes1` (..., N, 4) with each of `boxes2` (..., M, 4): (..., N, M)."""
    check_last_axis(boxes1.shape, "boxes1", 2), check_last_axis(boxes2.shape, "boxes2", 2)
    check_format(fmt, "fmt")
    boxes1, boxes2 = (boxes if boxes.is_floating_point() else boxes.float() for boxes in (boxes1, boxes2))
    boxes1, boxes2 = box_convert(boxes1, fmt, "xyxy"), box_convert(boxes2, fmt, "xyxy")
    one, other = boxes1[..., :, None, :], boxes2[..., None, :, :]
    first, last = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    intersection = (last - first).clamp(min=0).prod(-1)
    return intersection / (box_area(one) + box_area(other) - intersection)


def box_convert(boxes, in_fmt, out_fmt):
    """From one way to write a box, "xyxy", "xywh" or "cxcywh", to another: (..., 4) to (..., 4)."""
    check_format(in_fmt, "in_fmt"), check_format(out_fmt, "out_fmt"), check_last_axis(boxes.shape)
    if in_fmt == out_fmt:
        return boxes.clone()
    first, last = boxes[..., :2], boxes[..., 2:]
    if in_fmt == "xywh":
        last = first + last
    elif in_fmt == "cxcywh":
        first, last = first - last / 2, first + last / 2
    if out_fmt == "xyxy":
        return torch.cat([first, last], -1)
    return torch.cat([first if out_fmt == "xywh" else (first + last) / 2, last - first], -1)


def clip_boxes_to_image(boxes, size):
    """Cut off what of the boxes (..., 4) lies outside an image of `size` (height, width)."""
    check_last_axis(boxes.shape)
    height, width = as_tuple(size, 2, "size", 0, allow_single=False)
    x, y = boxes[..., ::2].clamp(0, width), boxes[..., 1::2].clamp(0, height)
    return torch.stack([x, y], -1).reshape(boxes.shape)


def remove_small_boxes(boxes, min_size):
    """The indices (K,) of those boxes (N, 4) that have no side shorter than `min_size`."""
    check_boxes(boxes.shape)
    return (boxes[:, 2:] - boxes[:, :2] >= as_number(min_size, "min_size")).all(1).nonzero()[:, 0]


def nms(boxes, scores, iou_threshold):
    """Non-maximum suppression: the indices (K,) of the boxes (N, 4) that no better one suppresses, the best first."""
    check_scores(boxes.shape, scores.shape, iou_threshold)
    return _suppress(boxes, scores, torch.zeros_like(scores), iou_threshold)


def batched_nms(boxes, scores, idxs, iou_threshold):
    """:func:`nms` among the boxes of each category `idxs` (N,) by itself."""
    check_scores(boxes.shape, scores.shape, iou_threshold, idxs.shape)
    return _suppress(boxes, scores, idxs, iou_threshold)


@torch.no_grad()
def _suppress(boxes, scores, categories, iou_threshold):
    """A box stays if no better one that stays overlaps it: the fixed point of that rule.

    It is reached from the best box downwards, so after as many rounds as boxes suppress one another in a chain.
    """
    order = scores.argsort(descending=True, stable=True)
    boxes, categories = boxes[order], categories[order]
    overlaps = (box_iou(boxes, boxes) > iou_threshold) & (categories[:, None] == categories)
    overlaps = overlaps.triu(diagonal=1)  # better than, and overlaps
    stays = torch.ones_like(order, dtype=torch.bool)
    while True:
        before, stays = stays, ~(overlaps & stays[:, None]).any(0)
        if torch.equal(before, stays):
            return order[stays]


def anchors(feature_size, stride, sizes, aspect_ratios):
    """The boxes (height * width * R * S, 4) that a detector starts from, on the device of `sizes` if it is a tensor."""
    sizes = torch.as_tensor(sizes)
    aspect_ratios = torch.as_tensor(aspect_ratios, device=sizes.device)
    feature_size, (down, right) = anchor_options(feature_size, stride, sizes.shape, aspect_ratios.shape)
    sizes = sizes if sizes.is_floating_point() else sizes.float()
    heights = (aspect_ratios.to(sizes.dtype).sqrt()[:, None] * sizes).reshape(-1)
    widths = (sizes / aspect_ratios.to(sizes.dtype).sqrt()[:, None]).reshape(-1)
    shapes = (torch.stack([-widths, -heights, widths, heights], 1) / 2).round()
    rows, columns = (torch.arange(n, dtype=sizes.dtype, device=sizes.device) for n in feature_size)
    y, x = torch.meshgrid(rows * down, columns * right, indexing="ij")
    return (torch.stack([x, y, x, y], -1).reshape(-1, 1, 4) + shapes).reshape(-1, 4)


def encode_boxes(reference, proposals, weights=(1.0, 1.0, 1.0, 1.0)):
    """What a regressor has to predict to turn `proposals` (N, 4) into the `reference` boxes (N, 4): (N, 4)."""
    weights = code_options(tuple(reference.shape), tuple(proposals.shape), weights)
    place, size = (proposals[:, :2] + proposals[:, 2:]) / 2, proposals[:, 2:] - proposals[:, :2]
    shift = ((reference[:, :2] + reference[:, 2:]) / 2 - place) / size
    growth = ((reference[:, 2:] - reference[:, :2]) / size).log()
    return torch.cat([shift, growth], 1) * reference.new_tensor(weights)


def decode_boxes(codes, proposals, weights=(1.0, 1.0, 1.0, 1.0), clip=LARGEST_GROWTH):
    """The boxes that `codes` (N, 4 * classes) stand for, relative to `proposals` (N, 4): (N, 4 * classes)."""
    weights = code_options(tuple(codes.shape), tuple(proposals.shape), weights, classes=True)
    place, size = (proposals[:, :2] + proposals[:, 2:]) / 2, proposals[:, 2:] - proposals[:, :2]
    relative = codes.reshape(len(codes), codes.shape[1] // 4, 4) / codes.new_tensor(weights)
    centre = relative[..., :2] * size[:, None] + place[:, None]
    half = relative[..., 2:].clamp(max=as_number(clip, "clip")).exp() * size[:, None] / 2
    return torch.cat([centre - half, centre + half], -1).reshape(codes.shape)


def roi_pool(input, boxes, output_size, spatial_scale=1.0):
    """Max pooling of each box into bins of whole elements: ``(K, C, *output_size)``. `boxes` as for :func:`roi_align`."""
    rows, columns = roi_options(tuple(input.shape), output_size, spatial_scale)
    image, edges = _regions(input, boxes, spatial_scale)
    edges = (
        (edges + torch.copysign(torch.full_like(edges, 0.5), edges)).trunc().float()
    )  # halves away from zero
    edges = edges.masked_fill(edges.isnan().any(1, keepdim=True), -FAR)  # so that nothing is in the box
    left, top, right, bottom = edges.clamp(-FAR, FAR).long().unbind(1)
    tops, heights = _bins(top, bottom, rows, input.shape[2])  # (K, rows)
    lefts, widths = _bins(left, right, columns, input.shape[3])
    with torch.no_grad():  # only where the largest elements are; their values are read below
        padded = pad(input, (0, 1, 0, 1))
        # Along rows first: among equals the first row wins, and in it the first column.
        best, column = _largest(
            lambda place: padded[image[:, None], :, :, place].movedim(1, -1), lefts, widths, input.shape[3]
        )  # (K, C, H + 1, columns)
        best, row = _largest(
            lambda place: best.take_along_dim(place[:, None, :, None], 2).mT, tops, heights, input.shape[2]
        )  # (K, C, columns, rows)
        row = row.mT
        column = column.take_along_dim(row, 2)
    channel = torch.arange(input.shape[1], device=input.device)[:, None, None]
    output = input[image[:, None, None, None], channel, row, column]
    empty = (heights[:, None, :, None] == 0) | (widths[:, None, None, :] == 0)
    return output.masked_fill(empty, 0)


def _bins(first, last, count, size):
    """Where the bins of each region begin along one axis, and how many elements each has, clipped to the input."""
    length = (last - first + 1).clamp(min=1)[:, None]
    number = torch.arange(count, device=first.device)
    starts, stops = (
        number * length // count + first[:, None],
        -(-(number + 1) * length // count) + first[:, None],
    )
    starts, stops = starts.clamp(0, size), stops.clamp(0, size)
    return starts, (stops - starts).clamp(min=0)


def _largest(read, starts, lengths, size):
    """The largest of the elements that ``read(place)`` finds, in each bin (K, count), and the first place of it."""
    best, where = None, None
    for number in range(_at_most(lengths, size)):
        place = torch.where(number < lengths, starts + number, size)
        values = read(place)
        place = place.reshape(len(place), *(1,) * (values.ndim - 2), place.shape[1])
        if best is None:
            best, where = values, place.clamp(max=size - 1).expand(values.shape)
            continue
        better = ((values > best) | (values.isnan() & ~best.isnan())) & (number < lengths).reshape(
            place.shape
        )
        best, where = torch.where(better, values, best), torch.where(better, place, where)
    return best, where


def _at_most(counts, limit):
    """The largest of `counts`, at least 1; while a graph is compiled its limit, since values are not known then."""
    if torch.compiler.is_compiling():
        return limit
    return max(1, int(counts.max())) if counts.numel() else 1


def roi_align(input, boxes, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    """The mean of each bin of each box, of interpolated values: ``(K, C, *output_size)``.

    `boxes` is a tensor (K, 5) of (image, x1, y1, x2, y2) or a list of one tensor (L, 4) for each image.
    """
    rows, columns = roi_options(tuple(input.shape), output_size, spatial_scale, sampling_ratio, aligned)
    image, edges = _regions(input, boxes, spatial_scale)
    left, top, right, bottom = (edges - (0.5 if aligned else 0)).unbind(1)
    vertical = _taps(top, bottom, rows, input.shape[2], sampling_ratio, aligned)
    horizontal = _taps(left, right, columns, input.shape[3], sampling_ratio, aligned)
    padded = pad(input, (0, 1, 0, 1))  # where there is no tap, zeros are read
    lines = sum(
        padded[image[:, None], :, place] * weight[:, :, None, None] for place, weight in vertical
    )  # (K, rows, C, W + 1)
    output = sum(
        lines.take_along_dim(place[:, None, None], 3) * weight[:, None, None] for place, weight in horizontal
    )
    return output.transpose(1, 2)


def _taps(first, last, count, size, sampling_ratio, aligned):
    """Of which elements a bin's mean of interpolated values is the weighted sum: places and weights (K, count)."""
    length = last - first if aligned else (last - first).clamp(min=1)
    bin = (length / count)[:, None]
    samples = torch.full_like(bin, sampling_ratio) if sampling_ratio > 0 else bin.ceil()
    samples = samples.where(bin.isfinite(), 0)
    divisor = samples.clamp(min=1)
    starts = first[:, None] + torch.arange(count, dtype=first.dtype, device=first.device) * bin
    if sampling_ratio > 0:
        skipped, number = 0, sampling_ratio
    else:  # samples lie half an element apart or more, so that few of them are on the input
        skipped = ((-1 - starts) * divisor / bin - 1).floor().nan_to_num(0, 0, 0).clamp(min=0)
        number = min(2 * size + 5, _at_most(samples, 2 * size + 5))
    for sample in range(number):
        positions = starts + (sample + skipped + 0.5) * bin / divisor
        counts = (sample + skipped < samples) & (positions >= -1) & (positions <= size)
        positions = torch.where(counts, positions, 0).clamp(0, size - 1)
        below = positions.floor()
        rest = positions - below
        for place, weight in ((below, 1 - rest), ((below + 1).clamp(max=size - 1), rest)):
            yield torch.where(counts, place, size).long(), weight / divisor


def _regions(input, boxes, spatial_scale):
    """Of all boxes the image (K,) and the edges (K, 4) on the feature map."""
    if not input.is_floating_point():
        raise NotImplementedError(f"input: expected floating point, got {input.dtype}")
    check_regions(input, boxes, len(input))
    if isinstance(boxes, (list, tuple)):
        numbered = [
            torch.cat([part.new_full((len(part), 1), number), part], 1) for number, part in enumerate(boxes)
        ]
        boxes = torch.cat([input.new_zeros((0, 5)), *numbered])
    boxes = boxes.detach()
    image = boxes[:, 0].long()
    image = image.where(
        image >= 0, len(input)
    )  # so that an image before the first is refused like one after the last
    return image, boxes[:, 1:] * spatial_scale
