"""Cases of ``dlcore.scratch.metric_losses``."""

import math

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Sample, Timed, known, refusal, sample, sizes

REDUCTIONS = ("mean", "sum", "none")
reductions = st.sampled_from(REDUCTIONS)
CONSTANT = {"requires_grad": False}
INF, NAN = np.inf, np.nan
NORMS = (2.0, 1, 3, 1.5, 0.5, 0, -1, INF, -INF)


# Distances and angles


@st.composite
def vectors(draw, **options):
    """Two arrays of vectors, of one shape or broadcast."""
    shape = draw(sizes(1, 4, axes=(1, 4)))
    other = tuple(draw(st.sampled_from([size, size, 1])) for size in shape[:-1]) + shape[-1:]
    other = other[draw(st.sampled_from([0, 0, len(other) - 1])) :]
    pair = [Array(shape), Array(other)]
    if draw(st.booleans()):
        pair.reverse()
    return Sample(tuple(pair), {name: draw(choices) for name, choices in options.items()})


@st.composite
def cosines(draw):
    made = draw(vectors())
    axes = max(len(item.shape) for item in made.arguments)
    options = {"dim": draw(st.integers(-axes, axes - 1)), "eps": draw(st.sampled_from([1e-8, 0.5, 0]))}
    return Sample(made.arguments, options, smooth=options["eps"] < 0.5)


@st.composite
def normalized(draw):
    shape = draw(sizes(1, 4, axes=(1, 4)))
    every = st.integers(-len(shape), len(shape) - 1)
    several = st.just(tuple(range(len(shape)))[draw(st.integers(0, len(shape) - 1)) :])
    options = {
        "p": draw(st.sampled_from(NORMS)),
        "dim": draw(st.one_of(every, several, st.none())),
        "eps": draw(st.sampled_from([1e-12, 1.0])),
    }
    return Sample((Array(shape),), options, smooth=options["eps"] < 1)


WIDE = Literal([[INF, 1.0], [NAN, 1.0], [3.0, 4.0], [0.1, -2.0]])
ONES = Literal(np.ones((4, 2)))
HALF_ZERO = Literal([[0.0, 0.0, 0.0], [1.0, -2.0, 3.0]]), Literal([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])

DISTANCES = [
    Operator(
        "cosine_similarity",
        cosines(),
        (
            sample(Array((2, 3)), Array((2, 3))),
            sample(Array((2, 3, 4)), Array((3, 1)), dim=-1),
            sample(Array((2, 3, 4)), Array((2, 3, 4)), dim=1, eps=0),
            sample(Array((2, 1, 3)), Array((4, 3)), dim=1),
            # PyTorch's gradient of a length below eps is that of the length itself: it is not the slope
            sample(Array((2, 3)), Array((2, 3)), eps=10.0).but(smooth=False),
            sample(Array((2, 3)), Literal([[1, 2, 3], [0, 1, 0]])),
            sample(Array((0, 3)), Array((0, 3))),
            sample(Array((2, 0)), Array((2, 0))),
            sample(Array(()), Array(()), dim=0).but(smooth=False),
            Sample(HALF_ZERO, smooth=False),
            Sample((Literal([[0.3, 0.4]]), Literal([[0.6, 0.8]])), smooth=False),
            Sample((WIDE, ONES), smooth=False),
        ),
        (
            refusal("dim", Array((3,)), Array((3,))),
            refusal("dim", Array((2, 3)), Array((2, 3)), dim=2),
            refusal("dim", Array((2, 3)), Array((2, 3)), dim=1.0),
            refusal("x2", Array((2, 3)), Array((2, 2))),
            refusal("x1", Literal([[1, 2]]), Literal([[1, 2]])),
            refusal("eps", Array((2, 3)), Array((2, 3)), eps=-1),
            refusal("eps", Array((2, 3)), Array((2, 3)), eps=NAN),
            refusal("eps", Array((2, 3)), Array((2, 3)), eps="1"),
        ),
        (known([0.96, 0.0], "by hand", Literal([[3.0, 4.0], [1.0, 0.0]]), Literal([[4.0, 3.0], [0.0, 1.0]])),),
    ),
    Operator(
        "pairwise_distance",
        vectors(p=st.sampled_from([2.0, 1, 3, 1.5, 0.5, -1, INF, -INF]), keepdim=st.booleans()),
        (
            *(sample(Array((3, 4)), Array((3, 4)), p) for p in NORMS),
            *(Sample(HALF_ZERO, {"p": p, "eps": 0}, smooth=False) for p in NORMS),
            *(Sample((ONES, Literal(np.zeros((4, 2)))), {"p": p, "eps": 0}, smooth=False) for p in NORMS),
            *(Sample((Array((2, 3)),) * 2, {"p": p, "eps": 0}) for p in NORMS),
            *(Sample((Literal([[1.0, 0.0, 2.0]]), Literal([[1.0, 1.0, 0.0]])), {"p": p, "eps": 0}, smooth=False)
              for p in NORMS),
            sample(Array((3, 4)), Array((3, 4)), 2.0, 0.1, True),
            sample(Array((2, 3)), Array((4, 1, 3))),
            sample(Array((3,)), Array(())),
            sample(Array(()), Array(())),
            sample(Array(()), Array(()), keepdim=True),
            sample(Array((3,)), Literal([1, 2, 3])),
            sample(Literal([1, 2]), Literal([0, 1])),
            sample(Array((0, 3)), Array((0, 3))),
            sample(Array((3, 0)), Array((3, 0))),
            *(Sample((WIDE, ONES), {"p": p}, smooth=False) for p in (2, 1, INF, -INF)),
        ),
        (
            refusal("x2", Array((3,)), Array((2,))),
            refusal("p", Array((3,)), Array((3,)), p="2"),
            refusal("p", Array((3, 0)), Array((3, 0)), p=INF),
            refusal("eps", Array((3,)), Array((3,)), eps="0"),
            refusal("keepdim", Array((3,)), Array((3,)), keepdim=1),
        ),
        (
            known([5.0], "by hand", Literal([[3.0, 4.0]]), Literal([[0.0, 0.0]]), eps=0.0),
            known([7.0], "by hand", Literal([[3.0, -4.0]]), Literal([[0.0, 0.0]]), p=1, eps=0.0),
        ),
    ),
    Operator(
        "normalize",
        normalized(),
        (
            *(sample(Array((3, 4)), p) for p in NORMS),
            *(Sample((Literal([[1.0, 2.0, -1.0], [0.0] * 3, [2.0] * 3, [1.0, -1.0, 0.0]]), p), smooth=False)
              for p in (2, 1, INF)),
            *(sample(Array((2, 3, 4)), dim=dim) for dim in (0, -1, (0, 2), [1], (), None)),
            Sample((Literal([[1e-200, 2e-200], [1e-30, 2e-30]]), 3), smooth=False),
            sample(Array((3,)), dim=0),
            sample(Array(()), dim=0).but(smooth=False),
            sample(Array((2, 3)), eps=10.0),
            sample(Array((0, 3))),
            sample(Array((3, 0))),
            Sample((WIDE,), smooth=False),
        ),
        (
            refusal("dim", Array((3,))),
            refusal("dim", Array((2, 3)), dim=2),
            refusal("dim", Array((2, 3)), dim=(1, -1)),
            refusal("dim", Array((2, 3)), dim=1.0),
            refusal("input", Literal([[1, 2]])),
            refusal("input", Array((3, 0)), p=INF),
            refusal("eps", Array((2, 3)), eps="1"),
        ),
        (known([[0.6, 0.8]], "by hand", Literal([[3.0, 4.0]])),),
    ),
]  # fmt: skip


# Pairs and triplets


@st.composite
def pairs(draw, margins):
    """Two features and what they are to each other."""
    batch, size = draw(st.integers(0, 5)), draw(st.integers(2, 4))
    if draw(st.booleans()):
        arguments = Array((size,)), Array((size,)), Literal(draw(st.sampled_from([1, -1])))
    else:
        other = draw(st.sampled_from([batch, 1]))
        signs = np.where(np.arange(batch) % 2, 1, -1)
        arguments = Array((batch, size)), Array((other, size)), Literal(signs)
    options = {"margin": draw(margins), "reduction": draw(reductions)}
    return Sample(arguments, options, smooth=batch > 0 or options["reduction"] != "mean")


@st.composite
def triplets(draw):
    shape = draw(sizes(1, 4, axes=(1, 3)))
    options = {
        "margin": draw(st.sampled_from([1.0, 0.5, 3])),
        "p": draw(st.sampled_from([2.0, 1, 3.0, INF])),
        "swap": draw(st.booleans()),
        "reduction": draw(reductions),
    }
    parts = [
        Array(tuple(draw(st.sampled_from([size, size, 1])) for size in shape[:-1]) + shape[-1:])
        for _ in range(3)
    ]
    return Sample(tuple(parts), options)


FEATURES = Array((4, 3)), Array((4, 3))
SIGNS = Literal([1, -1, -1, 1])


def pair_examples():
    """What the two losses of pairs share."""
    return (
        *(sample(*FEATURES, SIGNS, reduction=how) for how in REDUCTIONS),
        sample(*FEATURES, Literal([1.0, -1.0, 0.0, 2.0], False)),
        sample(*FEATURES, Literal([1])),
        sample(Array((3,)), Array((3,)), Literal(-1), 0.2),
        sample(Array((4, 3)), Array((1, 3)), SIGNS),
        sample(Array((4, 3)), Array((4, 1)), SIGNS),
        sample(Array((1, 1)), Array((4, 3)), SIGNS),
        sample(Array((0, 3)), Array((0, 3)), Array((0,), **CONSTANT)).but(smooth=False),
        Sample(HALF_ZERO + (Literal([1, -1]),), smooth=False),
        Sample((Literal([[NAN, 1.0], [1e5, -1e5]]), Literal([[1.0, 1.0]]), Literal([1, -1])), smooth=False),
    )


def pair_refusals():
    return (
        refusal("target", *FEATURES, Literal([1, -1])),
        refusal("target", *FEATURES, Literal([[1], [1], [1], [1]])),
        refusal("target", *FEATURES, Literal(1)),
        refusal("target", Array((3,)), Array((3,)), Literal([1])),
        refusal("target", Array((4, 3)), Array((3,)), SIGNS),
        refusal("target", Array((4, 3, 2)), Array((4, 3, 2)), SIGNS),
        refusal("input2", Array((4, 3)), Array((4, 2)), SIGNS),
        refusal("margin", *FEATURES, SIGNS, margin="1"),
        refusal("reduction", *FEATURES, SIGNS, reduction="avg"),
    )


def contrastive_by_loops(input1, input2, target, margin=1.0, *, reduction="mean"):
    """Hadsell, Chopra and LeCun (2006), equation 4, pair by pair."""
    if target.ndim == 0:
        input1, input2, target = input1[None], input2[None], target[None]
        scalar = True
    else:
        scalar = False
    count = max(len(input1), len(input2)) if len(input1) and len(input2) else 0
    losses = []
    for pair in range(count):
        one, two = np.broadcast_arrays(input1[min(pair, len(input1) - 1)], input2[min(pair, len(input2) - 1)])
        kind = target[min(pair, len(target) - 1)]
        distance = math.sqrt(sum((a - b) ** 2 for a, b in zip(one, two)))
        like, unlike = (
            distance**2 / 2,
            max(0.0, margin - distance) ** 2 / 2 if not math.isnan(distance) else NAN,
        )
        losses.append(like if kind == 1 else unlike if kind == -1 else 0.0)
    return _by(reduction, np.array(losses, input1.dtype), scalar)


def _by(reduction, losses, scalar=False):
    if reduction == "none":
        return losses[0] if scalar else losses
    if reduction == "sum" or not len(losses):
        return losses.sum() if reduction == "sum" else np.array(NAN)
    return losses.mean()


PAIRS = [
    Operator(
        "cosine_embedding_loss",
        pairs(st.sampled_from([0.0, 0.3, -0.2])),
        (*pair_examples(), Sample((Literal([[1.0, 0.0]]), Literal([[0.0, 1.0]]), Literal([-1])), smooth=False)),
        pair_refusals(),
        (
            known([0.04, 0.46], "by hand: a cosine of 0.96", Literal([[3.0, 4.0]] * 2), Literal([[4.0, 3.0]] * 2),
                  Literal([1, -1]), margin=0.5, reduction="none"),
        ),
    ),
    Operator(
        "contrastive_loss",
        pairs(st.sampled_from([1.0, 0.5, 3])),
        pair_examples(),
        (
            *pair_refusals(),
            refusal("margin", *FEATURES, SIGNS, margin=0),
            refusal("margin", *FEATURES, SIGNS, margin=-1.0),
        ),
        (
            known([12.5, 0.5, 0.0], "by hand: distances 5, 5 and 5, margins 6, 6 and 6, but the last counts nothing",
                  Literal([[3.0, 4.0]] * 3), Literal([[0.0, 0.0]] * 3), Literal([1, -1, 0]), 6.0, reduction="none"),
            known(12.5, "by hand: integers at distance 5", Literal([[3, 4]]), Literal([[0, 0]]), Literal([1])),
            known(2.0, "by hand: unlike and equal", Literal([[1.0, 1.0]]), Literal([[1.0, 1.0]]), Literal([-1]), 2),
        ),
        by_definition=contrastive_by_loops,
    ),
    Operator(
        "triplet_margin_loss",
        triplets(),
        (
            *(
                sample(Array((4, 3)), Array((4, 3)), Array((4, 3)), reduction=how, swap=swap)
                for how in REDUCTIONS
                for swap in (False, True)
            ),
            *(sample(*[Array((4, 3))] * 3, p=p, swap=True) for p in NORMS),
            sample(Array((4, 3)), Array((1, 3)), Array((4, 1))),
            sample(Array((1, 3)), Array((1, 3)), Array((4, 3)), swap=True),
            sample(Array((3,)), Array((3,)), Array((3,)), 0.5, eps=0.1),
            sample(*[Array((2, 3, 2))] * 3),
            sample(*[Array((0, 2))] * 3).but(smooth=False),
            sample(*[Array(())] * 3),
            sample(Array((2, 2)), Array((2, 2)), Literal([[1, 2], [0, 1]])),
            Sample(
                (Literal([[0.0, 0.0]]), Literal([[1.0, 0.0]]), Literal([[0.0, 2.0]])), {"eps": 0}, smooth=False
            ),
            Sample(
                (Literal([[0.0, 0.0]]), Literal([[2.0, 0.0]]), Literal([[1.0, 1.0]])),
                {"eps": 0, "swap": True, "margin": 3},
                smooth=False,
            ),
            Sample((Literal(np.zeros((1, 2))),) * 3, {"eps": 0, "swap": True}, smooth=False),
            Sample((WIDE, Literal(np.zeros((4, 2))), ONES), {"reduction": "none"}, smooth=False),
        ),
        (
            refusal("margin", *[Array((2, 3))] * 3, margin=0),
            refusal("margin", *[Array((2, 3))] * 3, margin=-1),
            refusal("margin", *[Array((2, 3))] * 3, margin="1"),
            refusal("p", *[Array((2, 3))] * 3, p="2"),
            refusal("swap", *[Array((2, 3))] * 3, swap="no"),
            refusal("positive", Array((2, 3)), Array((2, 2)), Array((2, 3))),
            refusal("negative", Array((2, 3)), Array((2, 3)), Array((2, 2))),
            refusal("negative", Array((4, 2)), Array((2,)), Array((2,))),
            refusal("reduction", *[Array((2, 3))] * 3, reduction="avg"),
        ),
        (known([2.0], "by hand: distances 5 and 4", Literal([[0.0, 0.0]]), Literal([[3.0, 4.0]]), Literal([[4.0, 0.0]]),
               eps=0.0, reduction="none"),),
    ),
]  # fmt: skip


# Centers and margins


@st.composite
def labelled(draw, owned, **options):
    """Features, classes, and a vector for each class, in the order of the operator's arguments."""
    batch, size, classes = draw(st.integers(0, 5)), draw(st.integers(2, 5)), draw(st.integers(1, 5))
    target = Array((batch,), "integers", 0, classes)
    arguments = (Array((batch, size)), Array((classes, size)), target)
    if owned == "centers":
        arguments = (arguments[0], arguments[2], arguments[1])
    given = {name: draw(choices) for name, choices in options.items()}
    given["reduction"] = draw(reductions)
    return Sample(arguments, given, smooth=batch > 0 or given["reduction"] != "mean")


def center_by_loops(input, target, centers, *, reduction="mean"):
    """Wen et al. (2016), equation 2, example by example."""
    losses = [sum((a - b) ** 2 for a, b in zip(x, centers[y])) / 2 for x, y in zip(input, target)]
    return _by(reduction, np.array(losses, input.dtype))


def update_by_loops(centers, input, target, alpha=0.5):
    """Wen et al. (2016), equation 4 and algorithm 1, class by class."""
    moved = centers.copy()
    for j in range(len(centers)):
        members = [x for x, y in zip(input, target) if y == j]
        moved[j] -= (
            alpha * sum((centers[j] - x for x in members), np.zeros_like(centers[j])) / (1 + len(members))
        )
    return moved


def margin_by_loops(score):
    """The cross entropy over ``score(cosine, |x|, |w|, is the right class, options)``, example by example."""

    def definition(input, weight, target, *options, reduction="mean", **named):
        losses = []
        for x, y in zip(input, target):
            scores = []
            for j, w in enumerate(weight):
                lengths = np.linalg.norm(x), np.linalg.norm(w)
                cosine = float(x @ w / max(lengths[0] * lengths[1], 1e-30))
                scores.append(score(min(1.0, max(-1.0, cosine)), *lengths, j == y, *options, **named))
            scores = np.array(scores)
            if y != -100:
                losses.append(np.log(np.exp(scores - scores.max()).sum()) + scores.max() - scores[y])
            elif reduction == "none":
                losses.append(0.0)
        return _by(reduction, np.array(losses, input.dtype))

    return definition


def _psi(cosine, margin, annealing):
    theta = math.acos(cosine)
    k = min(int(theta * margin / math.pi), margin - 1)
    return (annealing * cosine + (-1) ** k * math.cos(margin * theta) - 2 * k) / (1 + annealing)


def large_margin(cosine, length, other, right, margin=4, annealing=0.0):
    return length * other * (_psi(cosine, margin, annealing) if right else cosine)


def angular(cosine, length, other, right, margin=4, annealing=0.0):
    return length * (_psi(cosine, margin, annealing) if right else cosine)


def additive(cosine, length, other, right, margin=0.35, scale=30.0):
    return scale * (cosine - margin if right else cosine)


def additive_angular(cosine, length, other, right, margin=0.5, scale=64.0):
    theta = math.acos(cosine)
    if right and theta + margin > math.pi:
        return scale * (cosine - margin * math.sin(margin))
    return scale * math.cos(theta + margin if right else theta)


CLASSES = Array((5, 3)), Array((4, 3)), Literal([0, 3, 1, 0, 2])
AROUND = Literal([[math.cos(angle), math.sin(angle)] for angle in np.linspace(0.1, 3.0, 8)])
AXES = Literal([[2.0, 0.0], [0.0, 1.0]])


def margin_examples(*options):
    """What the four losses share; `options` are their own."""
    return (
        *(sample(*CLASSES, reduction=how) for how in REDUCTIONS),
        *(sample(*CLASSES, **option) for option in options),
        *(sample(AROUND, AXES, Literal([0] * 8), **option, reduction="none") for option in options),
        sample(CLASSES[0], CLASSES[1], Literal([0, -100, 1, -100, 2])),
        sample(CLASSES[0], CLASSES[1], Literal(np.array([0, 3, 1, 0, 2], np.uint8))),
        sample(Array((0, 3)), Array((4, 3)), Array((0,), "integers")).but(smooth=False),
        Sample(
            (Literal([[0.0, 0.0], [1.0, 2.0]]), Literal([[1.0, 1.0], [2.0, -1.0]]), Literal([0, 1])),
            smooth=False,
        ),
    )


def labelled_refusals(name, call):
    """What all the losses refuse that own a vector for each class; `call` orders features, vectors and classes."""
    features, owned, classes = CLASSES
    return (
        refusal("input", *call(Array((5,)), owned, classes)),
        refusal("input", *call(Literal(np.ones((5, 3), int)), Literal(np.ones((4, 3), int)), classes)),
        refusal(name, *call(features, Array((4, 2)), classes)),
        refusal(name, *call(features, Array((3,)), classes)),
        refusal("target", *call(features, owned, Literal([0, 1]))),
        refusal("target", *call(features, owned, Literal([[0]] * 5))),
        refusal("target", *call(features, owned, Literal([0, 1, 2, 3, 4]))),
        refusal("target", *call(features, owned, Literal([0, 1, 2, 3, -1]))),
        refusal("target", *call(features, owned, Literal(np.zeros(5, np.int32)))),
        refusal("target", *call(features, owned, Array((5,), **CONSTANT))),
    )


def margin_refusals(*wrong):
    return (
        *labelled_refusals("weight", lambda *arguments: arguments),
        refusal("reduction", *CLASSES, reduction="avg"),
        refusal("margin", *CLASSES, margin="4"),
        *(refusal(name, *CLASSES, **{name: value}) for name, value in wrong),
    )


SCORES = Literal([[1.0, 2.0], [0.5, -1.0]]), Literal([[1.0, 0.0], [3.0, 4.0]]), Literal([0, 1])
BY_SOFTMAX = np.array([np.log1p(np.exp(11.0 - 1.0)), np.log1p(np.exp(0.5 + 2.5))])
BY_COSINES = np.array([
    np.log1p(np.exp(30 * (11 / 5 - 1) / math.sqrt(5))), np.log1p(np.exp(30 * (0.5 + 2.5 / 5) / math.sqrt(1.25)))
])  # fmt: skip
BY_ANGLES = np.array([np.log1p(np.exp(11 / 5 - 1.0)), np.log1p(np.exp(0.5 + 2.5 / 5))])
TURNED = (
    Literal([[0.0, 1.0]]),
    Literal([[1.0, 0.0], [0.0, 1.0]]),
    Literal([0]),
)  # at a right angle to its class

OWNED = [
    Operator(
        "center_loss",
        labelled("centers"),
        (
            *(sample(CLASSES[0], CLASSES[2], CLASSES[1], reduction=how) for how in REDUCTIONS),
            sample(CLASSES[0], Literal(np.array([0, 3, 3, 3, 3], np.uint8)), CLASSES[1]),
            sample(Array((0, 3)), Array((0,), "integers"), Array((4, 3))).but(smooth=False),
        ),
        (
            *labelled_refusals("centers", lambda features, owned, classes: (features, classes, owned)),
            refusal("reduction", CLASSES[0], CLASSES[2], CLASSES[1], reduction="avg"),
        ),
        (known([12.5, 1.0], "by hand", Literal([[3.0, 4.0], [1.0, 1.0]]), Literal([1, 0]),
               Literal([[0.0, 2.0], [0.0, 0.0]]), reduction="none"),),
        by_definition=center_by_loops,
    ),
    Operator(
        "update_centers_",
        None,
        (
            Sample((Array((4, 3), **CONSTANT), Array((5, 3), **CONSTANT), CLASSES[2]), updates=("centers",)),
            Sample(
                (Array((4, 3), **CONSTANT), Array((5, 3), **CONSTANT), Literal([1] * 5), 1.0), updates=("centers",)
            ),
            Sample(
                (Array((4, 3), **CONSTANT), Array((0, 3), **CONSTANT), Array((0,), "integers")), updates=("centers",)
            ),
        ),
        (
            *labelled_refusals("centers", lambda features, owned, classes: (owned, features, classes)),
            refusal("alpha", CLASSES[1], CLASSES[0], CLASSES[2], alpha="1"),
            refusal("centers", [[0.0]], Literal([[1.0]]), Literal([0])),
        ),
        (
            known([[1.0, 0.0], [5.0, 5.0]], "by hand: two examples 3 away, divided by 3, half a step",
                  Literal([[0.0, 0.0], [5.0, 5.0]], False), Literal([[3.0, 1.0], [3.0, -1.0]]), Literal([0, 0])),
        ),
        by_definition=update_by_loops,
    ),
    Operator(
        "large_margin_softmax",
        labelled("weight", margin=st.integers(1, 5), annealing=st.sampled_from([0.0, 5])),
        margin_examples(*({"margin": margin} for margin in (1, 2, 3, 4, 7)), {"annealing": 2.5}),
        margin_refusals(("margin", 0), ("margin", 1.5), ("annealing", -1.0), ("annealing", "1")),
        (
            known(BY_SOFTMAX, "margin 1: cross entropy of the scores 1, 11 and 0.5, -2.5", *SCORES, margin=1,
                  reduction="none"),
            known(np.log1p(np.exp(1 + 3.0)), "by hand: k = 1 or 2 and psi = -3 at 90°", *TURNED,
                  margin=4),
        ),
        by_definition=margin_by_loops(large_margin),
    ),
    Operator(
        "angular_softmax",
        labelled("weight", margin=st.integers(1, 5), annealing=st.sampled_from([0.0, 5])),
        margin_examples(*({"margin": margin} for margin in (1, 2, 3, 4, 7)), {"annealing": 2.5}),
        margin_refusals(("margin", 0), ("margin", 1.5), ("annealing", -1.0), ("annealing", "1")),
        (
            known(BY_ANGLES, "margin 1: cross entropy of the scores divided by the lengths 1 and 5", *SCORES, margin=1,
                  reduction="none"),
            known(np.log1p(np.exp(1 + 1.0)), "by hand: cos(2 * 90°) = -1", *TURNED, margin=2),
        ),
        by_definition=margin_by_loops(angular),
    ),
    Operator(
        "additive_margin_softmax",
        labelled("weight", margin=st.sampled_from([0, 0.35, 1.5]), scale=st.sampled_from([1, 4.0])),
        margin_examples(*({"margin": margin} for margin in (0, 0.1, 1.5)), {"scale": 4}),
        margin_refusals(("margin", -0.1), ("scale", 0), ("scale", "1")),
        (
            known(BY_COSINES, "margin 0: cross entropy of 30 times the cosines", *SCORES, margin=0, reduction="none"),
            known(np.log1p(np.exp(2 * (1 + 0.5))), "by hand: 2 (0 - 0.5) against 2", *TURNED, 0.5, 2),
        ),
        by_definition=margin_by_loops(additive),
    ),
    Operator(
        "additive_angular_margin_softmax",
        labelled("weight", margin=st.sampled_from([0, 0.5, 1.5]), scale=st.sampled_from([1, 4.0])),
        margin_examples(*({"margin": margin} for margin in (0, 0.2, 1.5, math.pi / 2)), {"scale": 4}),
        margin_refusals(("margin", -0.1), ("margin", 1.6), ("scale", 0), ("scale", "1")),
        (
            known(BY_COSINES, "margin 0: cross entropy of 30 times the cosines", *SCORES, margin=0, scale=30,
                  reduction="none"),
            known(np.log1p(np.exp(2 * (1 + math.sin(0.5)))), "by hand: 2 cos(90° + 0.5) against 2", *TURNED, 0.5, 2),
            known(np.log1p(np.exp(2 * (0 + 1 + 0.5 * math.sin(0.5)))), "by hand: opposite to its class",
                  Literal([[-1.0, 0.0]]), Literal([[1.0, 0.0], [0.0, 1.0]]), Literal([0]), 0.5, 2),
        ),
        by_definition=margin_by_loops(additive_angular),
    ),
]  # fmt: skip

OPERATORS = [*DISTANCES, *PAIRS, *OWNED]

MADE = Array((5, 3)), Literal([0, 3, 1, 0, 2])

LAYERS = [
    Layer("CosineSimilarity", lambda nn: nn.CosineSimilarity(), (Array((2, 3, 4)), Array((2, 3, 4)))),
    Layer("CosineSimilarity", lambda nn: nn.CosineSimilarity(-1, 0.5), (Array((2, 3, 4)), Array((2, 3, 4)))),
    Layer("PairwiseDistance", lambda nn: nn.PairwiseDistance(), FEATURES),
    Layer("PairwiseDistance", lambda nn: nn.PairwiseDistance(1, keepdim=True), FEATURES),
    Layer("CosineEmbeddingLoss", lambda nn: nn.CosineEmbeddingLoss(0.1, reduction="none"), (*FEATURES, SIGNS)),
    Layer("TripletMarginLoss", lambda nn: nn.TripletMarginLoss(swap=True), (*FEATURES, Array((4, 3)))),
    Layer(
        "TripletMarginLoss", lambda nn: nn.TripletMarginLoss(0.5, 1, reduction="none"), (*FEATURES, Array((4, 3)))
    ),
    Layer("ContrastiveLoss", lambda nn: nn.ContrastiveLoss(2.0), (*FEATURES, SIGNS)),
    Layer("ContrastiveLoss", lambda nn: nn.ContrastiveLoss(reduction="none"), (*FEATURES, SIGNS)),
    Layer("CenterLoss", lambda nn: nn.CenterLoss(3, 4, reduction="sum"), MADE),
    Layer("CenterLoss", lambda nn: nn.CenterLoss(3, 4, reduction="none"), MADE),
    Layer("LargeMarginSoftmax", lambda nn: nn.LargeMarginSoftmax(3, 4, 2), MADE),
    Layer("AngularSoftmax", lambda nn: nn.AngularSoftmax(3, 4, annealing=5.0, reduction="none"), MADE),
    Layer("AdditiveMarginSoftmax", lambda nn: nn.AdditiveMarginSoftmax(3, 4, 0.2), MADE),
    Layer("AdditiveAngularMarginSoftmax", lambda nn: nn.AdditiveAngularMarginSoftmax(3, 4, scale=8), MADE),
]  # fmt: skip

MANY = Array((4096, 256))
LABELS = Array((256,), "integers", 0, 1000)

TIMED = [
    Timed("triplet_margin_loss, 4096x256", "losses", "triplet_margin_loss", sample(MANY, MANY, MANY)),
    Timed(
        "large_margin_softmax, 256x512, 1000 classes", "losses", "large_margin_softmax",
        sample(Array((256, 512)), Array((1000, 512), "uniform", -0.05, 0.05), LABELS),
    ),
    Timed(
        "additive angular margin, 256x512, 1000 classes", "losses", "additive_angular_margin_softmax",
        sample(Array((256, 512)), Array((1000, 512), "uniform", -0.05, 0.05), LABELS),
    ),
]  # fmt: skip
