"""Cases of ``dlcore.scratch.detection``. Boxes are written as corner and size, so that they are boxes."""

import math

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Timed, known, refusal, sample


def boxes_of(seed, count, extent=10.0, whole=False, image=None):
    """Boxes (count, 4) within an image of about this extent, or (count, 5) with one of so many images before."""
    generator = np.random.default_rng(seed)
    corner, size = generator.uniform(-1, extent, (count, 2)), generator.uniform(0.5, extent, (count, 2))
    boxes = np.concatenate([corner, corner + size], axis=1)
    boxes = np.rint(boxes) + [0, 0, 1, 1] if whole else boxes
    if image is None:
        return boxes
    return np.concatenate([generator.integers(0, image, (count, 1)), boxes], axis=1)


def pairs_of_boxes(seed, most=6):
    generator = np.random.default_rng(seed)
    return [
        Literal(boxes_of(seed + number, generator.integers(0, most), whole=seed % 2)) for number in (0, 1)
    ]


seeds = st.integers(0, 1_000_000)


# Boxes


def corners(boxes, fmt):
    first, last = np.split(boxes, 2, axis=-1)
    if fmt == "cxcywh":
        first = first - last / 2
    return np.concatenate([first, last if fmt == "xyxy" else first + last], axis=-1)


def intersection_over_union(boxes1, boxes2, fmt="xyxy"):
    if boxes1.ndim > 2:
        return np.stack([intersection_over_union(part, boxes2, fmt) for part in boxes1])
    boxes1, boxes2 = corners(boxes1, fmt), corners(boxes2, fmt)
    output = np.empty((len(boxes1), len(boxes2)))
    for i, (left, top, right, bottom) in enumerate(boxes1):
        for j, (x1, y1, x2, y2) in enumerate(boxes2):
            common = max(0, min(right, x2) - max(left, x1)) * max(0, min(bottom, y2) - max(top, y1))
            output[i, j] = common / ((right - left) * (bottom - top) + (x2 - x1) * (y2 - y1) - common)
    return output


BOX_IOU = Operator(
    "box_iou",
    samples=seeds.map(lambda seed: sample(*pairs_of_boxes(seed)).but(smooth=seed % 2 == 0)),
    examples=(
        sample(Literal(boxes_of(0, 4)), Literal(boxes_of(1, 5))),
        sample(Literal(boxes_of(0, 4, whole=True)), Literal(boxes_of(0, 4, whole=True))).but(smooth=False),
        sample(Literal(np.zeros((0, 4))), Literal(boxes_of(1, 3))),
        sample(Literal([[0, 0, 2, 2]]), Literal([[1, 1, 3, 3]])),
        # apart, edge to edge, one within the other, one axis apart only
        sample(
            Literal([[0.0, 0.0, 2.0, 2.0]]),
            Literal([[5.0, 5, 6, 6], [2.0, 0, 4, 2], [0.5, 0.5, 1, 1], [0.0, 3, 2, 4]]),
        ).but(smooth=False),
        sample(Literal(boxes_of(0, 4)), Literal(boxes_of(1, 5)), "xywh"),
        sample(Literal(boxes_of(0, 4)), Literal(boxes_of(1, 5)), fmt="cxcywh"),
        sample(Literal(boxes_of(0, 6).reshape(2, 1, 3, 4)), Literal(boxes_of(1, 5))),
        sample(Literal(boxes_of(0, 3)[:, np.newaxis]), Literal(boxes_of(1, 1))),
    ),
    refusals=(
        refusal("boxes1", Array((4,)), Array((2, 4)), error=RuntimeError),
        refusal("boxes2", Array((2, 4)), Array((2, 5)), error=RuntimeError),
        refusal("fmt", Array((2, 4)), Array((2, 4)), "xyxyr", error=ValueError),
    ),
    known=(
        *(
            known([[1 / 7]], "by hand: the first two boxes below", Literal([one]), Literal([other]), fmt)
            for fmt, one, other in (
                ("xywh", [0.0, 0, 2, 2], [1.0, 1, 2, 2]), ("cxcywh", [1.0, 1, 2, 2], [2.0, 2, 2, 2])
            )
        ),
        known(
            [[1 / 7, 0.0, 1.0]],
            "by hand: 1 in common of 4 + 4 - 1",
            Literal([[0.0, 0.0, 2.0, 2.0]]),
            Literal([[1.0, 1, 3, 3], [2.0, 0, 3, 1], [0.0, 0, 2, 2]]),
        ),
        known([[math.nan]], "0 / 0", Literal([[1.0, 1, 1, 1]]), Literal([[1.0, 1, 1, 1]])),
    ),
    by_definition=intersection_over_union,
)  # fmt: skip

BYTES = Literal(np.array([[10, 20, 110, 220]], np.uint8))
BOX_AREA = Operator(
    "box_area",
    examples=(
        sample(Array((5, 4))),
        sample(Array((0, 4))),
        sample(Array((4,))),
        sample(Array((2, 3, 4)), "xywh"),
        sample(Array((3, 4)), fmt="cxcywh"),
        sample(Array((3, 4), "integers", 0, 9)),
    ),
    refusals=(
        refusal("boxes", Array((3, 5)), error=RuntimeError),
        refusal("fmt", Array((3, 4)), "yxyx", error=ValueError),
    ),
    known=(
        known([6.0], "by hand: 2 x 3", Literal([[1.0, 1.0, 3.0, 4.0]])),
        known([6.0], "by hand: 2 x 3", Literal([[1.0, 1.0, 2.0, 3.0]]), "xywh"),
        known(np.array([20_000]), "by hand: 100 x 200, which no byte holds", BYTES),
    ),
)

FORMATS = ("xyxy", "xywh", "cxcywh")
BOX_CONVERT = Operator(
    "box_convert",
    examples=(
        *(sample(Array((3, 4)), one, other) for one in FORMATS for other in FORMATS),
        sample(Array((2, 3, 4)), "xywh", "cxcywh"),
        sample(Array((0, 4)), "xywh", "xyxy"),
        sample(Array((4,)), "xywh", "xyxy"),
        *(sample(Array((3, 4), "integers", 0, 9), one, other) for one in FORMATS for other in FORMATS),
    ),
    refusals=(
        refusal("in_fmt", Array((3, 4)), "xyx", "xyxy", error=ValueError),
        refusal("out_fmt", Array((3, 4)), "xyxy", None, error=ValueError),
        refusal("boxes", Array((3, 5)), "xyxy", "xywh", error=RuntimeError),
    ),
    known=(
        known([[1.0, 2.0, 4.0, 6.0]], "by hand", Literal([[1.0, 2.0, 3.0, 4.0]]), "xywh", "xyxy"),
        known([[2.5, 4.0, 3.0, 4.0]], "by hand", Literal([[1.0, 2.0, 4.0, 6.0]]), "xyxy", "cxcywh"),
        known([[1.0, 2.0, 3.0, 4.0]], "by hand", Literal([[2.5, 4.0, 3.0, 4.0]]), "cxcywh", "xywh"),
    ),
)

CLIP = Operator(
    "clip_boxes_to_image",
    examples=(
        sample(Array((6, 4), "uniform", -3, 12), (7, 9)),
        sample(Array((2, 3, 4), "uniform", -3, 12), [7, 9]),
        sample(Array((0, 4)), (7, 9)),
        sample(Literal([[0.0, 0.0, 9.0, 7.0]]), (7, 9)).but(smooth=False),
        sample(Array((4, 4), "special"), (1, 2)).but(smooth=False),
        sample(Array((3, 4), "integers", -5, 9), (2, 3)),
    ),
    refusals=(
        refusal("boxes", Array((3, 5)), (7, 9), error=RuntimeError),
        refusal("size", Array((3, 4)), (7, 9, 1), error=RuntimeError),
        refusal("size", Array((3, 4)), (7.5, 9), error=TypeError),
    ),
    known=(
        known(
            [[0.0, 2, 9, 7]], "by hand: height 7, width 9", Literal([[-1.0, 2.0, 20.0, 8.0]]), (7, 9)
        ),
    ),
)  # fmt: skip

REMOVE_SMALL = Operator(
    "remove_small_boxes",
    examples=(
        sample(Literal(boxes_of(3, 9)), 3.0).but(smooth=False),
        sample(Literal(boxes_of(3, 0)), 3.0).but(smooth=False),
    ),
    refusals=(
        refusal("boxes", Array((3, 5)), 1.0, error=RuntimeError),
        refusal("min_size", Array((3, 4)), "1", error=TypeError),
    ),
    known=(
        known(
            np.array([0, 2]),
            "by hand: a side of just that length stays",
            Literal([[0.0, 0, 2, 2], [0.0, 0, 1.9, 5], [1.0, 1, 9, 9]]),
            2.0,
        ),
    ),
    uncompiled="how many boxes stay depends on them",
)


def suppression(boxes, scores, iou_threshold):
    return suppression_by_category(boxes, scores, np.zeros(len(scores)), iou_threshold)


def suppression_by_category(boxes, scores, idxs, iou_threshold):
    overlaps = intersection_over_union(boxes, boxes)
    kept = []
    for place in sorted(range(len(scores)), key=lambda place: -scores[place]):
        if all(idxs[place] != idxs[other] or not overlaps[place, other] > iou_threshold for other in kept):
            kept.append(place)
    return np.array(kept, np.int64)


@st.composite
def crowds(draw):
    """Boxes close to each other; scores of which some are equal."""
    seed, count = draw(seeds), draw(st.integers(0, 12))
    boxes = boxes_of(seed, count, extent=3.0)
    scores = Array((count,), draw(st.sampled_from(["uniform", "ties"])), requires_grad=False)
    return Literal(boxes, False), scores, count, draw(st.sampled_from([0.0, 0.2, 0.5, 1.0]))


CROWD = Literal(boxes_of(5, 12, extent=3.0), False)
EQUAL = Literal([[0.0, 0, 2, 2], [0.0, 0, 2, 2], [5.0, 5, 6, 6]], False)
THIRDS = Literal([[0.0, 0, 1, 2], [0.0, 1, 1, 3]], False)  # whose intersection over union is 1 / 3

NMS = Operator(
    "nms",
    samples=crowds().map(lambda c: sample(c[0], c[1], c[3]).but(smooth=False)),
    examples=(
        sample(CROWD, Array((12,), requires_grad=False), 0.3).but(smooth=False),
        sample(CROWD, Array((12,), "ties", requires_grad=False), 0.3).but(smooth=False),
        sample(Literal(np.zeros((0, 4))), Array((0,)), 0.5).but(smooth=False),
    ),
    refusals=(
        refusal("boxes", Array((4,)), Array((4,)), 0.5, error=RuntimeError),
        refusal("boxes", Array((4, 5)), Array((4,)), 0.5, error=RuntimeError),
        refusal("scores", Array((4, 4)), Array((3,)), 0.5, error=RuntimeError),
        refusal("scores", Array((4, 4)), Array((4, 1)), 0.5, error=RuntimeError),
        refusal("iou_threshold", Array((4, 4)), Array((4,)), None, error=TypeError),
    ),
    known=(
        known(np.array([1, 2]), "by hand", EQUAL, Literal([0.3, 0.9, 0.1], False), 0.5),
        known(np.array([0, 2]), "by hand: of equals the first", EQUAL, Literal([0.5, 0.5, 0.1], False), 0.5),
        known(
            np.array([1, 0]), "by hand: just the threshold is not more", Literal([[0.0, 0, 1, 1], [0.0, 0, 1, 2]], False),
            Literal([0.5, 0.6], False), 0.5,
        ),
        known(np.array([1]), "by hand: 1/3 > 0.3", THIRDS, Literal([0.5, 0.6], False), 0.3),
        # what is struck out strikes out nothing: the chain 0 - 1 - 2, where only neighbours overlap
        known(
            np.array([0, 2]), "by hand", Literal([[0.0, 0, 4, 1], [1.0, 0, 5, 1], [2.5, 0, 6.5, 1]], False),
            Literal([0.9, 0.8, 0.7], False), 0.4,
        ),
    ),
    by_definition=suppression,
    uncompiled="how many boxes stay depends on them",
)  # fmt: skip

BATCHED_NMS = Operator(
    "batched_nms",
    samples=crowds().map(
        lambda c: sample(c[0], c[1], Array((c[2],), "integers", 0, 3), c[3]).but(smooth=False)
    ),
    examples=(
        sample(CROWD, Array((12,), requires_grad=False), Array((12,), "integers", 0, 3), 0.3).but(
            smooth=False
        ),
    ),
    refusals=(
        refusal("idxs", Array((4, 4)), Array((4,)), Array((3,), "integers", 0, 3), 0.5, error=RuntimeError),
    ),
    known=(
        known(
            np.array([1, 0, 2]), "by hand: another category", EQUAL, Literal([0.3, 0.9, 0.1], False),
            Literal([0, 1, 1]), 0.5,
        ),
    ),
    by_definition=suppression_by_category,
    uncompiled="how many boxes stay depends on them",
)  # fmt: skip


# Anchors and codes


def anchors_one_by_one(feature_size, stride, sizes, aspect_ratios):
    down, right = stride if isinstance(stride, (tuple, list)) else (stride, stride)
    boxes = []
    for row in range(feature_size[0]):
        for column in range(feature_size[1]):
            for ratio in aspect_ratios:
                for size in sizes:
                    half_width, half_height = size / math.sqrt(ratio) / 2, size * math.sqrt(ratio) / 2
                    corners = round(-half_width), round(-half_height), round(half_width), round(half_height)
                    x, y = column * right, row * down
                    boxes.append([x + corners[0], y + corners[1], x + corners[2], y + corners[3]])
    return np.reshape(boxes, (-1, 4)).astype(np.float64)


def plain(values):
    return Literal(values, False)


ANCHORS = Operator(
    "anchors",
    examples=(
        sample((2, 3), 16, plain([32.0, 64.0]), plain([0.5, 1.0, 2.0])).but(smooth=False),
        sample([3, 1], (4, 8), plain([10.0]), plain([0.5])).but(smooth=False),
        sample((0, 3), 16, plain([32.0]), plain([1.0])).but(smooth=False),
    ),
    refusals=(
        refusal("feature_size", (2,), 16, plain([32.0]), plain([1.0]), error=RuntimeError),
        refusal("feature_size", (2.0, 3), 16, plain([32.0]), plain([1.0]), error=TypeError),
        refusal("stride", (2, 3), 0, plain([32.0]), plain([1.0]), error=RuntimeError),
        refusal("sizes", (2, 3), 16, plain([[32.0]]), plain([1.0]), error=RuntimeError),
        refusal("aspect_ratios", (2, 3), 16, plain([32.0]), plain(1.0), error=RuntimeError),
    ),
    known=(
        known(
            [[-23.0, -11, 23, 11], [-16.0, -16, 16, 16], [-11.0, -23, 11, 23]],
            "by hand: 32 / sqrt 2 is 22.6, half of it 11.3; 32 sqrt 2 is 45.3, half of it 22.6",
            (1, 1),
            16,
            plain([32.0]),
            plain([0.5, 1.0, 2.0]),
        ),
        known(
            [[-2.0, -2, 2, 2], [0.0, 0, 0, 0], [-2.0, -2, 2, 2]], "by hand: 5, 1 and 3 halved, to the even one",
            (1, 1), 16, plain([5.0, 1.0, 3.0]), plain([1.0]),
        ),
        known(
            [[-2.0, -4, 2, 4], [6.0, -4, 10, 4], [-2.0, 0, 2, 8], [6.0, 0, 10, 8]],
            "by hand: 4 wide, 8 high; 8 apart in a row, rows 4 apart",
            (2, 2), (4, 8), plain([math.sqrt(32)]), plain([2.0]),
        ),
    ),
    by_definition=anchors_one_by_one,
)  # fmt: skip


def encoded(reference, proposals, weights=(1, 1, 1, 1)):
    output = np.empty((len(reference), 4))
    for i, ((x1, y1, x2, y2), (px1, py1, px2, py2)) in enumerate(zip(reference, proposals)):
        width, height = px2 - px1, py2 - py1
        output[i] = [
            weights[0] * ((x1 + x2) / 2 - (px1 + px2) / 2) / width,
            weights[1] * ((y1 + y2) / 2 - (py1 + py2) / 2) / height,
            weights[2] * math.log((x2 - x1) / width),
            weights[3] * math.log((y2 - y1) / height),
        ]
    return output


def decoded(codes, proposals, weights=(1, 1, 1, 1), clip=4.135166556742356):
    output = np.empty(codes.shape)
    for i, (x1, y1, x2, y2) in enumerate(proposals):
        for start in range(0, codes.shape[1], 4):
            tx, ty, tw, th = codes[i, start : start + 4] / np.array(weights)
            x, y = tx * (x2 - x1) + (x1 + x2) / 2, ty * (y2 - y1) + (y1 + y2) / 2
            w, h = (x2 - x1) * math.exp(min(tw, clip)), (y2 - y1) * math.exp(min(th, clip))
            output[i, start : start + 4] = x - w / 2, y - h / 2, x + w / 2, y + h / 2
    return output


@st.composite
def codings(draw):
    seed, count = draw(seeds), draw(st.integers(0, 5))
    weights = {"weights": (10.0, 10.0, 5.0, 5.0)} if draw(st.booleans()) else {}
    return Literal(boxes_of(seed, count)), Literal(boxes_of(seed + 1, count)), weights, count


ENCODE = Operator(
    "encode_boxes",
    samples=codings().map(lambda c: sample(c[0], c[1], **c[2])),
    examples=(
        sample(Literal(boxes_of(0, 4)), Literal(boxes_of(1, 4))),
        sample(Literal(boxes_of(0, 4)), Literal(boxes_of(1, 4)), weights=[10, 10, 5, 5]),
        sample(Literal(np.array([[1, 2, 4, 8]])), Literal(np.array([[1, 1, 3, 4]]))),
        sample(Literal(np.array([[1, 2, 4, 8]])), Literal([[1.0, 1, 3, 4]])),
        sample(Literal([[1.0, 1, 2, 2]]), Literal([[1.0, 1, 1, 3]])).but(
            smooth=False
        ),  # a proposal without area
    ),
    refusals=(
        refusal("reference", Array((3, 4)), Array((2, 4)), error=RuntimeError),
        refusal("reference", Array((3, 5)), Array((3, 4)), error=RuntimeError),
        refusal("proposals", Array((3, 4)), Array((3, 5)), error=RuntimeError),
        refusal("weights", Array((3, 4)), Array((3, 4)), weights=(1, 1), error=RuntimeError),
        refusal("weights", Array((3, 4)), Array((3, 4)), weights=(1, 1, 1, "1"), error=TypeError),
    ),
    known=(
        known(
            [[0.5, -0.25, math.log(2), 0.0]],
            "by hand: half a width to the right, a quarter of the height up, twice as wide",
            Literal([[1.0, -1, 5, 3]]),
            Literal([[1.0, 0, 3, 4]]),
        ),
        known(
            [[1.0, -0.75, 5 * math.log(2), 0.0]],
            "by hand: the same with weights",
            Literal([[1.0, -1, 5, 3]]),
            Literal([[1.0, 0, 3, 4]]),
            (2, 3, 5, 7),
        ),
    ),
    by_definition=encoded,
)

DECODE = Operator(
    "decode_boxes",
    samples=st.tuples(codings(), st.integers(0, 3)).map(
        lambda c: sample(Array((c[0][3], 4 * c[1])), c[0][1], **c[0][2])
    ),
    examples=(
        sample(Array((4, 4)), Literal(boxes_of(1, 4))),
        sample(Array((4, 8)), Literal(boxes_of(1, 4)), weights=(10.0, 10.0, 5.0, 5.0)),
        sample(Array((3, 8), "uniform", 3, 9), Literal(boxes_of(1, 3))),  # sizes at the limit
        sample(Array((3, 8)), Literal(boxes_of(1, 3)), clip=0.1),
        sample(Array((3, 4), "special"), Literal(boxes_of(1, 3))).but(smooth=False),
        sample(Array((3, 4)), Literal(boxes_of(1, 3)), clip=np.float64(0.5)),
        sample(Array((2, 4)), Literal([[0.0, 0, 2, 3], [1.0, 1, 1, 1]]), clip=0),
        sample(Array((2, 8), "integers", -3, 3), Literal(np.array([[0, 0, 2, 3], [1, 1, 5, 5]]))),
    ),
    refusals=(
        refusal("codes", Array((3, 6)), Array((3, 4)), error=RuntimeError),
        refusal("codes", Array((2, 4)), Array((3, 4)), error=RuntimeError),
        refusal("proposals", Array((3, 4)), Array((4,)), error=RuntimeError),
        refusal("weights", Array((3, 4)), Array((3, 4)), weights=1.0, error=RuntimeError),
        refusal("clip", Array((3, 4)), Array((3, 4)), clip=None, error=TypeError),
    ),
    known=(
        known(
            [[1.0, -1.0, 5.0, 3.0]],
            "by hand: what encode_boxes encodes above",
            Literal([[0.5, -0.25, math.log(2), 0.0]]),
            Literal([[1.0, 0, 3, 4]]),
        ),
        known(
            [[1.0, -1.0, 5.0, 3.0, -60.5, 0.0, 64.5, 4.0]],
            "by hand: with weights; for a second class as wide as allowed, 2 x 1000 / 16",
            Literal([[1.0, -0.75, 5 * math.log(2), 0.0, 0.0, 0.0, 99.0, 0.0]]),
            Literal([[1.0, 0, 3, 4]]),
            (2, 3, 5, 7),
        ),
    ),
    by_definition=decoded,
)


# Regions of interest


def _listed(boxes):
    """Boxes of all images as rows (image, x1, y1, x2, y2)."""
    if isinstance(boxes, list):
        return [(number, *box) for number, part in enumerate(boxes) for box in part]
    return [(int(number), *box) for number, *box in boxes]


def pooled_regions(input, boxes, output_size, spatial_scale=1.0):
    rows, columns = (output_size, output_size) if isinstance(output_size, int) else output_size
    regions = _listed(boxes)
    output = np.zeros((len(regions), input.shape[1], rows, columns))

    def elements(first, last, number, count, size):
        if not math.isfinite(first + last):
            return []
        first, last = (
            math.floor(abs(edge) * spatial_scale + 0.5) * (1 if edge > 0 else -1) for edge in (first, last)
        )
        length = max(last - first + 1, 1)
        start, stop = first + number * length // count, first - (-(number + 1) * length // count)
        return range(max(0, start), min(stop, size))

    for k, (image, x1, y1, x2, y2) in enumerate(regions):
        for row in range(rows):
            for column in range(columns):
                places = [
                    (y, x)
                    for y in elements(y1, y2, row, rows, input.shape[2])
                    for x in elements(x1, x2, column, columns, input.shape[3])
                ]
                for channel in range(input.shape[1]):
                    values = [input[image, channel, y, x] for y, x in places]
                    output[k, channel, row, column] = np.max(values) if values else 0
    return output


def aligned_regions(input, boxes, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    rows, columns = (output_size, output_size) if isinstance(output_size, int) else output_size
    regions, (height, width) = _listed(boxes), input.shape[2:]
    output = np.zeros((len(regions), input.shape[1], rows, columns))

    def value(image, y, x):
        if y < -1 or y > height or x < -1 or x > width:
            return np.zeros(len(image))
        y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
        top, left = math.floor(y), math.floor(x)
        down, right = y - top, x - left
        below, beside = min(top + 1, height - 1), min(left + 1, width - 1)
        return (1 - down) * ((1 - right) * image[:, top, left] + right * image[:, top, beside]) + down * (
            (1 - right) * image[:, below, left] + right * image[:, below, beside]
        )

    for k, (number, *box) in enumerate(regions):
        if not np.isfinite(box).all():
            continue
        x1, y1, x2, y2 = (edge * spatial_scale - (0.5 if aligned else 0) for edge in box)
        w, h = (x2 - x1, y2 - y1) if aligned else (max(x2 - x1, 1), max(y2 - y1, 1))
        down = sampling_ratio if sampling_ratio > 0 else math.ceil(h / rows)
        across = sampling_ratio if sampling_ratio > 0 else math.ceil(w / columns)
        for row in range(rows):
            for column in range(columns):
                for i in range(down):
                    for j in range(across):
                        y = y1 + (row + (i + 0.5) / down) * h / rows
                        x = x1 + (column + (j + 0.5) / across) * w / columns
                        output[k, :, row, column] += value(input[number], y, x) / (down * across)
    return output


@st.composite
def regions(draw):
    seed, batch = draw(seeds), draw(st.integers(1, 3))
    shape = (batch, draw(st.integers(1, 3)), draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    scale = draw(st.sampled_from([1.0, 0.5, 0.37, 2.0]))
    if draw(st.booleans()):
        boxes = Literal(boxes_of(seed, draw(st.integers(0, 4)), 8 / scale, image=batch), False)
    else:
        counts = np.random.default_rng(seed).integers(0, 3, batch)
        boxes = [Literal(boxes_of(seed + n, count, 8 / scale), False) for n, count in enumerate(counts)]
    output_size = draw(st.sampled_from([1, 2, 3, (2, 3), (7, 1)]))
    return sample(Array(shape), boxes, output_size, spatial_scale=scale)


REGIONS = Literal(boxes_of(7, 5, image=2), False)
BY_IMAGE = [Literal(boxes_of(8, 2), False), Literal(boxes_of(9, 0), False), Literal(boxes_of(10, 1), False)]
RAMP = np.arange(16.0).reshape(1, 1, 4, 4)
BAD_REGIONS = (
    refusal("input", Array((2, 6, 6)), REGIONS, 2, error=RuntimeError),
    refusal("input", Array((2, 1, 0, 6)), REGIONS, 2, error=RuntimeError),
    refusal("input", Array((2, 1, 6, 6), "integers"), REGIONS, 2, error=NotImplementedError),
    refusal("boxes", Array((2, 1, 6, 6)), Array((3, 4)), 2, error=RuntimeError),
    refusal("boxes", Array((2, 1, 6, 6)), Array((5,)), 2, error=RuntimeError),
    refusal("boxes", Array((2, 1, 6, 6)), Array((3, 5), "integers"), 2, error=RuntimeError),
    refusal("boxes", Array((2, 1, 6, 6)), [Array((3, 4))], 2, error=RuntimeError),
    refusal("boxes", Array((1, 1, 6, 6)), [Array((3, 5))], 2, error=RuntimeError),
    refusal("output_size", Array((2, 1, 6, 6)), REGIONS, 0, error=RuntimeError),
    refusal("output_size", Array((2, 1, 6, 6)), REGIONS, (2, 2, 2), error=RuntimeError),
    refusal("output_size", Array((2, 1, 6, 6)), REGIONS, 2.0, error=TypeError),
    refusal("spatial_scale", Array((2, 1, 6, 6)), REGIONS, 2, "half", error=TypeError),
)

ROI_POOL = Operator(
    "roi_pool",
    samples=regions(),
    examples=(
        sample(Array((2, 3, 9, 8)), REGIONS, 2),
        sample(Array((2, 3, 9, 8)), REGIONS, (7, 3), spatial_scale=0.5),  # more bins than elements
        sample(Array((3, 2, 9, 8)), BY_IMAGE, 3),
        sample(Array((2, 3, 9, 8), "ties"), REGIONS, 2).but(smooth=False),
        sample(Array((2, 3, 9, 8), "special"), REGIONS, 2).but(smooth=False),
        sample(Literal(np.where(RAMP % 5 == 1, np.nan, RAMP)), Literal([[0.0, 0, 0, 3, 3]], False), 2).but(smooth=False),
        sample(Array((2, 3, 9, 8)), Literal(np.zeros((0, 5)), False), 2),
        sample(Array((2, 0, 9, 8)), REGIONS, 2),
        sample(Array((1, 1, 3, 3)), Literal([[0.0, math.nan, 0, 1, 1], [0.0, 0, 0, math.nan, 1]], False), 2),
        # outside, inverted, larger than the input, at halves
        sample(
            Array((1, 2, 5, 6)),
            Literal([[0.0, 20, 20, 30, 30], [0.0, 4, 4, 2, 2], [0.0, -5, -5, 50, 50], [0.0, 0.5, 1.5, 2.5, 3.5]], False),
            2,
        ),
    ),
    refusals=BAD_REGIONS,
    known=(
        known(
            [[[[5.0, 7.0], [13.0, 15.0]]]], "by hand", Literal(RAMP), Literal([[0.0, 0, 0, 3, 3]]), 2,
        ),
        # 3 elements in two bins of 1.5: both take the middle one
        known([[[[5.0, 6.0], [9.0, 10.0]]]], "by hand", Literal(RAMP), Literal([[0.0, 0, 0, 2, 2]]), 2),
        known(
            [[[[15.0]]], [[[5.0]]], [[[0.0]]]],
            "by hand: 1 1 3 3 after halves were rounded away from 0; -1 -1 1 1; outside",
            Literal(RAMP), Literal([[0.0, 1, 1, 5, 5], [0.0, -1, -1, 1, 1], [0.0, 8, 8, 9, 9]]), 1, 0.5,
        ),
    ),
    by_definition=pooled_regions,
)  # fmt: skip

ROI_ALIGN = Operator(
    "roi_align",
    samples=st.tuples(regions(), st.sampled_from([-1, 0, 1, 2, 3]), st.booleans()).map(
        lambda drawn: sample(
            *drawn[0].arguments, **drawn[0].options, sampling_ratio=drawn[1], aligned=drawn[2]
        )
    ),
    examples=(
        sample(Array((2, 3, 9, 8)), REGIONS, 2),
        sample(Array((2, 3, 9, 8)), REGIONS, (7, 3), spatial_scale=0.5, sampling_ratio=2, aligned=True),
        sample(Array((3, 2, 9, 8)), BY_IMAGE, 3, aligned=True),
        sample(Array((2, 3, 9, 8)), Literal(np.zeros((0, 5)), False), 2),
        sample(Array((2, 0, 9, 8)), REGIONS, 2),
        sample(Array((2, 3, 9, 8), "special"), REGIONS, 2).but(smooth=False),
        sample(Array((2, 3, 9, 8), "special"), REGIONS, 3, 0.5, 2, True).but(smooth=False),
        # no sample at all, and neither in a box that is not finite
        sample(Array((1, 2, 5, 6), "special"), Literal([[0.0, 4, 4, 2, 2]], False), 2, aligned=True).but(smooth=False),
        *(
            sample(
                Array((1, 1, 3, 3)), Literal([[0.0, math.nan, 0, 1, 1], [0.0, 0, 0, math.inf, 1]], False), 2,
                sampling_ratio=ratio,
            )
            for ratio in (-1, 2)
        ),
        # outside, inverted, larger than the input, a point, up to one element outside
        *(
            sample(
                Array((1, 2, 5, 6)),
                Literal(
                    [[0.0, 20, 20, 30, 30], [0.0, 4, 4, 2, 2], [0.0, -5, -5, 50, 50], [0.0, 2.5, 2.5, 2.5, 2.5], [0.0, -0.9, -0.9, 6.8, 5.9]],
                    False,
                ),
                2,
                sampling_ratio=ratio,
                aligned=aligned,
            )
            for ratio in (-1, 2)
            for aligned in (False, True)
        ),
    ),
    refusals=(
        *BAD_REGIONS,
        refusal("sampling_ratio", Array((2, 1, 6, 6)), REGIONS, 2, 1.0, 1.5, error=TypeError),
        refusal("aligned", Array((2, 1, 6, 6)), REGIONS, 2, 1.0, 1, 1, error=TypeError),
    ),
    known=(
        # means of a linear function are its values in the middle: element i lies at i + 1/2
        known(
            [[[[2.5, 4.5], [10.5, 12.5]]]], "by hand", Literal(RAMP), Literal([[0.0, 0, 0, 4, 4]]), 2,
            sampling_ratio=2, aligned=True,
        ),
        known(
            [[[[5.0, 6.0], [9.0, 10.0]]]], "by hand", Literal(RAMP), Literal([[0.0, 0.5, 0.5, 2.5, 2.5]]), 2,
            sampling_ratio=1,
        ),
        known(
            [[[[15.0]]], [[[0.0]]], [[[1.0]]], [[[2.5]]]],
            "by hand: at (4, 4), to where the edge is continued; at (4.25, 4.25); made 1 wide and high, at (1, 0); "
            "the mean of four, as many as the box has elements",
            Literal(RAMP),
            Literal([
                [0.0, 3.5, 3.5, 4.5, 4.5], [0.0, 3.75, 3.75, 4.75, 4.75], [0.0, 0.5, -0.5, 0.7, 0.1], [0.0, -0.5, -0.5, 1.5, 1.5],
            ]),
            1,
        ),
    ),
    by_definition=aligned_regions,
)  # fmt: skip

OPERATORS = [
    BOX_AREA, BOX_IOU, BOX_CONVERT, CLIP, REMOVE_SMALL, NMS, BATCHED_NMS, ANCHORS, ENCODE, DECODE, ROI_POOL, ROI_ALIGN,
]  # fmt: skip

ONE_EACH = Literal([[0.0, 1, 1, 5, 6], [1.0, 0, 2, 7, 4]], False)
LAYERS = [
    Layer("RoIPool", lambda nn: nn.RoIPool(2, 0.5), (Array((2, 3, 8, 9)), ONE_EACH)),
    Layer("RoIPool", lambda nn: nn.RoIPool(output_size=(3, 2), spatial_scale=1.0), (Array((2, 3, 8, 9)), ONE_EACH)),
    Layer("RoIAlign", lambda nn: nn.RoIAlign((3, 2), 1.0, -1), (Array((2, 3, 8, 9)), ONE_EACH)),
    Layer("RoIAlign", lambda nn: nn.RoIAlign(2, 0.5, 2, aligned=True), (Array((2, 3, 8, 9)), ONE_EACH)),
]  # fmt: skip


def _some(seed, count, extent, size, image=None):
    generator = np.random.default_rng(seed)
    corner = generator.uniform(0, extent - size, (count, 2))
    boxes = np.concatenate([corner, corner + generator.uniform(size / 4, size, (count, 2))], axis=1)
    return (
        boxes if image is None else np.concatenate([generator.integers(0, image, (count, 1)), boxes], axis=1)
    )


MAP, PROPOSALS = Array((2, 256, 38, 50)), Literal(_some(0, 128, 600.0, 400.0, image=2), False)
TIMED = [
    Timed("box_iou", "detection", "box_iou", sample(Literal(_some(1, 1000, 600.0, 100.0)), Literal(_some(2, 200, 600.0, 100.0)))),
    Timed("nms", "detection", "nms", sample(Literal(_some(3, 2000, 600.0, 100.0), False), Array((2000,), requires_grad=False), 0.5)),
    Timed("roi_pool", "detection", "roi_pool", sample(MAP, PROPOSALS, 7, 1 / 16)),
    Timed("roi_align", "detection", "roi_align", sample(MAP, PROPOSALS, 7, 1 / 16, 2)),
]  # fmt: skip
