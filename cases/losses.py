"""Cases of ``dlcore.scratch.losses``."""

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Sample, Timed, known, refusal, sample, sizes

REDUCTIONS = ("mean", "sum", "none")
reductions = st.sampled_from(REDUCTIONS)


def is_number(shape, options):
    """Whether the loss of an input of `shape` is no mean of nothing, which is NaN and has no slope."""
    return 0 not in shape or options["reduction"] not in ("mean", "batchmean")


IMAGES = (32, 64, 28, 28)
INF, NAN = np.inf, np.nan
CONSTANT = {"requires_grad": False}


def signs(shape):
    """1 and -1, of which every second one is the other."""
    return Literal(np.where(np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2, 1.0, -1.0), False)


# Losses of the difference


@st.composite
def differences(draw, **options):
    """Input and target, of one shape or broadcast, options, and perhaps weights."""
    shape = draw(sizes(0, 4))
    other = tuple(draw(st.sampled_from([size, size, 1])) for size in shape)
    other = other[draw(st.sampled_from([0, 0, len(other)])) :]
    values = draw(st.sampled_from(["normal", "ties"]))
    given = {name: draw(choices) for name, choices in options.items()}
    if "weight" in given:
        given["weight"] = Array(shape, "uniform", 0.1, 2.0) if given["weight"] else None
    arguments = (Array(shape, values), Array(draw(st.sampled_from([shape, other])), values))
    given["reduction"] = draw(reductions)
    return Sample(arguments, given, smooth=values == "normal" and is_number(shape, given))


def difference_examples(**options):
    """The calls that all losses of a difference share."""
    pair = Array((3, 4)), Array((3, 4))
    return (
        *(sample(*pair, reduction=reduction, **options) for reduction in REDUCTIONS),
        sample(*pair),
        sample(Array((3, 1)), Array((2,))),
        sample(Array(()), Array(()), reduction="none"),
        sample(Array((0, 3)), Array((0, 3))).but(smooth=False),
        sample(Array((0, 3)), Array((0, 3)), reduction="sum"),
        Sample((Array((4, 3), "ties"), Array((4, 3), "ties")), options, smooth=False),
        Sample((Literal([1.0, -2.0, 0.5, -0.5, 0.0]), Literal([0.0] * 5)), options, smooth=False),
        Sample(
            (Literal([NAN, INF, 1.0, INF, 1e4]), Literal([0.0, 0.0, -INF, INF, -1e4])),
            {"reduction": "none", **options},
            smooth=False,
        ),
    )


INTEGERS = (
    sample(Array((2, 3)), Literal([[0, 1, -1], [2, 0, 1]])),
    sample(Literal([1, 2]), Array((2,))),
)
BOOLEANS = sample(Array((2,)), Literal([True, False]))


def weighted_examples():
    """The same with weights."""
    pair = Array((3, 4)), Array((3, 4))
    return (
        *(sample(*pair, reduction=reduction, weight=Array((3, 4), "uniform")) for reduction in REDUCTIONS),
        *(
            sample(Array((3, 1)), Array((2,)), reduction=reduction, weight=Array((3, 1)))
            for reduction in REDUCTIONS
        ),
        sample(Array((3,)), Array((3,)), weight=Literal([True, False, True])),
        sample(Array((3,)), Array((3,)), reduction="none", weight=Literal([1, 0, 2])),
        Sample((*pair,), {"weight": Literal(np.zeros((3, 4)), False)}, smooth=False),
    )


def difference_refusals():
    """What all of them refuse."""
    return (
        refusal("target", Array((3,)), Array((2,))),
        refusal("reduction", Array((3,)), Array((3,)), reduction="avg"),
        refusal("reduction", Array((3,)), Array((3,)), reduction=None),
        refusal("input", Literal([1, 2]), Literal([1, 2])),
        refusal("input", Literal([True]), Literal([True])),
    )


WEIGHT_REFUSALS = (
    refusal("weight", Array((3,)), Array((3,)), weight=Array((1,))),
    refusal("weight", Array((3,)), Array((3,)), weight=Array((4,))),
    refusal("reduction", Array((3,)), Array((3,)), weight=Array((3,)), reduction="avg"),
)

LINES = "by hand: errors 1 and -3"
ERRORS = Literal([2.0, 1.0]), Literal([1.0, 4.0])

OF_DIFFERENCE = [
    Operator(
        "mse_loss",
        differences(weight=st.booleans()),
        (*difference_examples(), *weighted_examples(), *INTEGERS, BOOLEANS),
        (*difference_refusals(), *WEIGHT_REFUSALS),
        (known(5.0, LINES, *ERRORS), known(7.0, LINES, *ERRORS, weight=Literal([1.0, 3.0]))),
    ),
    Operator(
        "l1_loss",
        differences(weight=st.booleans()),
        (
            *difference_examples(), *weighted_examples(), *INTEGERS,
            sample(Literal([1, 2]), Literal([3, 0]), reduction="none"),
            sample(Literal([1, 2]), Literal([3, 0]), reduction="sum"),
            sample(*[Literal(np.array([3, 1], np.uint8))] * 2, reduction="sum"),
        ),
        (*difference_refusals(), *WEIGHT_REFUSALS),
        (known(2.0, LINES, *ERRORS), known(2.5, LINES, *ERRORS, weight=Literal([1.0, 3.0]))),
    ),
    Operator(
        "smooth_l1_loss",
        differences(beta=st.sampled_from([0, 0.5, 1.0, 3])),
        (*difference_examples(), *difference_examples(beta=0.5), *difference_examples(beta=0),
         sample(Array((3, 4)), Array((3, 4)), beta=1e-3), *INTEGERS, BOOLEANS),
        (
            *difference_refusals(),
            refusal("beta", Array((3,)), Array((3,)), beta=-1.0),
            refusal("beta", Array((3,)), Array((3,)), beta=NAN),
            refusal("beta", Array((3,)), Array((3,)), beta="1"),
            refusal("beta", Array((3,)), Array((3,)), beta=None),
        ),
        (known([0.25, 2.0], LINES, *ERRORS, beta=2.0, reduction="none"),),
    ),
    Operator(
        "huber_loss",
        differences(delta=st.sampled_from([0.5, 1.0, 3]), weight=st.booleans()),
        (*difference_examples(), *difference_examples(delta=0.5), *weighted_examples()),
        (
            *difference_refusals(), *WEIGHT_REFUSALS,
            refusal("input", Literal([1, 2]), Array((2,))),
            refusal("delta", Array((3,)), Array((3,)), delta=0),
            refusal("delta", Array((3,)), Array((3,)), delta=-1.0),
            refusal("delta", Array((3,)), Array((3,)), delta="1"),
        ),
        (known([0.5, 4.0], LINES, *ERRORS, delta=2.0, reduction="none"),),
    ),
]  # fmt: skip


# Losses of a class


@st.composite
def indices(draw, smoothing=False):
    """Scores, class indices of which some may be ignored, class weights, options."""
    classes = draw(st.integers(1, 5))
    outer = draw(st.sampled_from([(), (0,), (1,), (4,), (2, 3), (2, 3, 2), (2, 0), (2, 1, 3, 2)]))
    low, options = 0, {"reduction": draw(reductions)}
    ignored = draw(st.sampled_from([None, -100, 0, 1, -1]))
    if ignored is not None:
        options["ignore_index"] = ignored
        low = -1 if ignored == -1 else 0
    if smoothing:
        options["label_smoothing"] = draw(st.sampled_from([0.0, 0.1, 1.0, 1]))
    weight = draw(st.sampled_from([None, Array((classes,), "uniform", 0.1, 2.0, **CONSTANT)]))
    scores = Array((*outer[:1], classes, *outer[1:]), draw(st.sampled_from(["normal", "ties"])))
    smooth = is_number(outer if ignored is None else (0,), options)
    return Sample((scores, Array(outer, "integers", low, classes), weight), options, smooth=smooth)


@st.composite
def distributions(draw):
    """Scores, class probabilities, class weights, options."""
    classes = draw(st.integers(1, 5))
    outer = draw(st.sampled_from([(), (0,), (1,), (4,), (2, 3), (2, 3, 2), (2, 0)]))
    shape = (*outer[:1], classes, *outer[1:])
    weight = draw(st.sampled_from([None, Array((classes,), "uniform", 0.1, 2.0)]))
    options = {
        "reduction": draw(reductions),
        "label_smoothing": draw(st.sampled_from([0.0, 0.1, 1.0])),
    }
    target = Array(shape, "probabilities", axis=1 if outer else 0)
    return Sample((Array(shape), target, weight), options, smooth=is_number(shape, options))


LABELS = Literal([0, 1, 2, 0, 1])
SCORES = Array((5, 3))
WEIGHTS = Array((3,), "uniform", 0.1, 2.0, **CONSTANT)
THIRDS = np.full((5, 3), 1 / 3)

INDEX_EXAMPLES = (
    *(sample(SCORES, LABELS, weight, reduction=how) for how in REDUCTIONS for weight in (None, WEIGHTS)),
    *(sample(SCORES, LABELS, ignore_index=0, reduction=how) for how in REDUCTIONS),
    *(sample(Array((3, 4)), Literal([-100] * 3), reduction=how).but(smooth=False) for how in REDUCTIONS),
    sample(SCORES, Literal(np.array([0, 1, 2, 0, 1], np.uint8))),
    sample(Array((4,)), Literal(2)),
    sample(Array((2, 3, 2, 2)), Array((2, 2, 2), "integers", 0, 3), reduction="none"),
    sample(Array((0, 3)), Array((0,), "integers"), reduction="sum"),
    sample(Array((0, 3)), Array((0,), "integers")).but(smooth=False),
    Sample((SCORES, LABELS, Literal(np.zeros(3), False)), smooth=False),
    Sample(
        (
            Literal([[0.0, -INF, 1.0], [0.0, 1.0, -INF], [NAN, 1.0, 2.0], [1.0, 2.0, 3.0]]),
            Literal([1, 0, 1, -100]),
        ),
        {"reduction": "none"},
        smooth=False,
    ),
)

INDEX_REFUSALS = (
    refusal("target", SCORES, Literal([0, 1, 2, 0])),
    refusal("target", SCORES, Literal([0, 1, 2, 0, 3])),
    refusal("target", SCORES, Literal([0, 1, 2, 0, -1])),
    refusal("target", SCORES, Array((5,), **CONSTANT)),
    refusal("target", SCORES, Literal(np.zeros(5, np.int32))),
    refusal("target", SCORES, Literal(np.zeros(5, bool))),
    refusal("target", SCORES, Literal(np.zeros((5, 1), int))),
    refusal("target", SCORES, Literal(1)),
    refusal("target", Array((1, 3)), Literal(1)),
    refusal("target", Array((2, 0)), Literal([-100, -100]), error=IndexError),  # PyTorch gives NaN
    refusal("target", Array((3,)), Literal(3)),
    refusal("target", Array((3,)), Literal([0, 1])),
    # PyTorch accepts an array of one here and then fails in the backward pass.
    refusal("target", Array((3,)), Literal([0]), error=RuntimeError),
    refusal("target", Array((2, 3, 4)), Literal(np.zeros((2, 5), int))),
    refusal("target", Array((2, 3, 4)), Literal(np.zeros(2, int))),
    refusal("target", Array((2, 3, 4)), Literal(np.zeros((4, 2), int))),
    refusal("input", Array(()), Literal(0)),
    refusal("input", Literal(np.ones((5, 3), int)), LABELS),
    refusal("reduction", SCORES, LABELS, reduction="avg"),
    refusal("reduction", SCORES, LABELS, reduction=None),
    refusal("ignore_index", SCORES, LABELS, ignore_index=1.5),
    refusal("weight", SCORES, LABELS, Array((4,), **CONSTANT)),
    refusal("weight", SCORES, LABELS, Array((3, 1), **CONSTANT)),
    refusal("weight", SCORES, LABELS, Array((), **CONSTANT)),
    refusal("weight", SCORES, LABELS, Literal(np.ones(3, int))),
)

CLASSES = [
    Operator(
        "cross_entropy",
        st.one_of(indices(smoothing=True), distributions()),
        (
            *INDEX_EXAMPLES,
            *(sample(SCORES, LABELS, label_smoothing=amount) for amount in (0.0, 0.1, 1.0, 1)),
            *(sample(SCORES, LABELS, WEIGHTS, label_smoothing=0.2, ignore_index=1, reduction=how) for how in REDUCTIONS),
            *(sample(SCORES, Array((5, 3), "probabilities"), Array((3,)), reduction=how) for how in REDUCTIONS),
            sample(Array((3,)), Array((3,), "probabilities"), reduction="none"),
            sample(Array((2, 3, 4)), Array((2, 3, 4), "probabilities", axis=1), label_smoothing=0.1),
            sample(SCORES, Array((5, 3), "probabilities"), Literal([1, 0, 2])),
            sample(Array((0, 0)), Array((0,), "integers"), label_smoothing=0.1).but(smooth=False),
            *(Sample((Array(shape), Array(shape)), {"label_smoothing": 0.1}, smooth=False)
              for shape in ((3, 0), (2, 0, 3), (0,))),
            sample(Literal([[1000.0, 0.0]]), Literal([1])),
            sample(Literal([[1e4, -1e4], [-1e4, 1e4]]), Literal([[0.5, 0.5], [1.0, 0.0]])),
            Sample((Array((6, 5), "ties"), Array((6,), "integers", 0, 5)), {"label_smoothing": 0.1}),
        ),
        (
            *INDEX_REFUSALS,
            refusal("target", SCORES, Literal(THIRDS[:, :2])),
            refusal("target", SCORES, Literal(np.ones((5, 3), int))),
            refusal("target", SCORES, Literal(THIRDS[:4])),
            refusal("label_smoothing", SCORES, LABELS, label_smoothing=1.5),
            refusal("label_smoothing", SCORES, LABELS, label_smoothing="0.1"),
            refusal("label_smoothing", SCORES, LABELS, label_smoothing=-0.1, error=RuntimeError),  # PyTorch ignores it
            refusal("ignore_index", SCORES, Literal(THIRDS), ignore_index=1),
            # PyTorch broadcasts some of these over the wrong axis
            refusal("weight", SCORES, Literal(THIRDS), Array((5, 1)), error=RuntimeError),
        ),
        (
            known(np.log(4.0), "by hand: four equal scores", Literal([[7.0] * 4]), Literal([2])),
            known(1000.0, "by hand: the probability is exp(-1000)", Literal([[1000.0, 0.0]]), Literal([1])),
            known(
                0.9 * np.log(2) + 0.1 * (np.log(2) + np.log(2)) / 2, "by hand: smoothed among two equal scores",
                Literal([[0.0, 0.0]]), Literal([1]), label_smoothing=0.1,
            ),
        ),
    ),
    Operator(
        "nll_loss",
        indices(),
        INDEX_EXAMPLES,
        INDEX_REFUSALS,
        (known(2.5, "by hand", Literal([[-1.0, -2.0], [-3.0, -4.0]]), Literal([1, 0])),),
    ),
]  # fmt: skip


# Losses between probabilities


@st.composite
def divergences(draw):
    shape = draw(sizes(0, 4))
    log_target = draw(st.booleans())
    target = Array(shape[draw(st.integers(0, len(shape))) :], "normal" if log_target else "uniform", 0.1, 1.0)
    options = {"reduction": draw(st.sampled_from([*REDUCTIONS, "batchmean"])), "log_target": log_target}
    return Sample((Array(shape), target), options, smooth=is_number(shape, options))


@st.composite
def binary(draw, logits):
    shape = draw(sizes(0, 4))
    options = {"reduction": draw(reductions)}
    parts = st.sampled_from([None, shape, shape[-1:], (1,) * len(shape)])
    for name in ("weight", "pos_weight")[: 1 + logits]:
        part = draw(parts)
        options[name] = None if part is None else Array(part, "uniform", 0.1, 2.0, **CONSTANT)
    input = Array(shape) if logits else Array(shape, "uniform", 0.01, 0.99)
    return Sample((input, Array(shape, "uniform")), options, smooth=is_number(shape, options))


HALVES = Array((2, 3), "uniform", 0.1, 0.9)
KL_REDUCTIONS = (*REDUCTIONS, "batchmean")
EDGES = Literal([0.2, 0.0, 1.0, 0.0, 1.0, 0.5]), Literal([0.5, 0.0, 1.0, 1.0, 0.0, 1.0])
WIDE = (
    Literal([1000.0, -1000.0, 30.0, -30.0, 0.0, INF, -INF, NAN]),
    Literal([0.0, 1.0, 1.0, 0.0, 0.5, 0.0, 1.0, 1.0]),
)

PROBABILITIES = [
    Operator(
        "kl_div",
        divergences(),
        (
            *(sample(Array((2, 3)), Array((2, 3), "probabilities"), reduction=how) for how in KL_REDUCTIONS),
            *(sample(Array((2, 3)), Array((2, 3)), reduction=how, log_target=True) for how in KL_REDUCTIONS),
            sample(Array((3,)), Array((2, 3), "probabilities"), reduction="batchmean"),
            sample(Array(()), Array((), "uniform"), reduction="batchmean"),
            sample(Array((0, 3)), Array((0, 3)), reduction="batchmean").but(smooth=False),
            sample(Array((0, 3)), Array((0, 3)), reduction="sum"),
            Sample((Array((4, 3)), Array((4, 3), "ties")), {"reduction": "none"}, smooth=False),
            *(
                Sample(
                    (
                        Literal([0.0, 1.0, -INF, -INF, NAN, 2.0, 1.0]),
                        Literal([0.0, -1.0, 0.0, 0.5, 0.0, INF, 800.0]),
                    ),
                    {"reduction": "none", "log_target": log_target},
                    smooth=False,
                )
                for log_target in (False, True)
            ),
        ),
        (
            refusal("target", Array((3,)), Array((2,), "uniform")),
            refusal("reduction", Array((3,)), Array((3,)), reduction="avg"),
            refusal("input", Literal([1, 2]), Array((2,), "uniform")),
            refusal("target", Array((2,)), Literal([0, 1])),
            refusal("log_target", Array((3,)), Array((3,), "uniform"), log_target=1),
            refusal("log_target", Array((3,)), Array((3,), "uniform"), log_target="no"),
        ),
        (
            known(
                np.log(2.0), "by hand: a sure outcome against a fair coin",
                Literal(np.log([[0.5, 0.5]])), Literal([[1.0, 0.0]]), reduction="batchmean",
            ),
        ),
    ),
    Operator(
        "binary_cross_entropy",
        binary(logits=False),
        (
            *(sample(HALVES, HALVES, reduction=how) for how in REDUCTIONS),
            *(sample(HALVES, HALVES, Array((3,), "uniform", **CONSTANT), reduction=how) for how in REDUCTIONS),
            sample(HALVES, HALVES, Literal([1, 0, 2])),
            sample(HALVES, HALVES, Literal([True, False, True])),
            sample(Array((), "uniform"), Array((), "uniform")),
            sample(Array((0, 3)), Array((0, 3))).but(smooth=False),
            Sample(EDGES, {"reduction": "none"}, smooth=False),
        ),
        (
            refusal("input", Literal([1.1]), Literal([1.0])),
            refusal("input", Literal([-0.1]), Literal([1.0])),
            refusal("input", Literal([NAN]), Literal([1.0])),
            refusal("target", Literal([0.5]), Literal([1.1])),
            refusal("target", HALVES, Array((3,), "uniform")),
            refusal("target", Literal([0.5]), Literal([1])),
            refusal("weight", HALVES, HALVES, Array((2,), **CONSTANT)),
            refusal("weight", HALVES, HALVES, Array((4, 2, 3), **CONSTANT)),
            refusal("reduction", HALVES, HALVES, reduction="avg"),
        ),
        (known([np.log(4.0), 100.0], "by hand", Literal([0.25, 0.0]), Literal([1.0, 1.0]), reduction="none"),),
    ),
    Operator(
        "binary_cross_entropy_with_logits",
        binary(logits=True),
        (
            *(sample(Array((2, 3)), HALVES, reduction=how) for how in REDUCTIONS),
            *(
                sample(
                    Array((2, 3)), HALVES, Array((2, 1), "uniform", **CONSTANT), reduction=how,
                    pos_weight=Array((3,), "uniform", **CONSTANT),
                )
                for how in REDUCTIONS
            ),
            sample(Array((2, 3)), Array((2, 3)), Array((2, 3), **CONSTANT)),
            sample(Array((3,)), Array((3,)), pos_weight=Literal([1, 2, 1])),
            sample(Array(()), Array(())),
            sample(Array((0, 3)), Array((0, 3))).but(smooth=False),
            Sample(WIDE, {"reduction": "none"}, smooth=False),
            Sample(WIDE, {"reduction": "none", "pos_weight": Literal(2.0, False)}, smooth=False),
        ),
        (
            refusal("target", Array((3,)), Array((1,))),
            refusal("target", Array((3,)), Literal([0, 1, 1])),
            refusal("input", Literal([0, 1, 1]), Array((3,))),
            refusal("weight", Array((3,)), Array((3,)), Array((2,), **CONSTANT)),
            refusal("weight", Array((3,)), Array((3,)), Array((2, 3), **CONSTANT)),
            refusal("pos_weight", Array((3,)), Array((3,)), pos_weight=Array((2,), **CONSTANT)),
            refusal("pos_weight", Array((3,)), Array((3,)), pos_weight=Array((2, 3), **CONSTANT)),
            refusal("reduction", Array((3,)), Array((3,)), reduction="avg"),
        ),
        (
            known(np.log(2.0), "by hand: a score of 0", Literal([0.0]), Literal([1.0])),
            known(3 * np.log(2.0), "by hand: a positive counts three times", Literal([0.0]), Literal([1.0]),
                  pos_weight=Literal([3.0], False)),
        ),
    ),
]  # fmt: skip


# Losses with a margin


@st.composite
def embeddings(draw):
    shape = draw(sizes(0, 4))
    margin = draw(st.sampled_from([1.0, 0.5, 2, -1.0]))
    values = draw(st.sampled_from(["normal", "ties"]))
    options = {"margin": margin, "reduction": draw(reductions)}
    target = signs(shape[draw(st.integers(0, len(shape))) :])
    smooth = values == "normal" and is_number(shape, options)
    return Sample((Array(shape, values), target), options, smooth=smooth)


@st.composite
def rankings(draw):
    shape = draw(sizes(0, 4))
    parts = [tuple(draw(st.sampled_from([size, size, 1])) for size in shape) for _ in range(3)]
    values = draw(st.sampled_from(["normal", "ties"]))
    target = draw(st.sampled_from([signs(parts[2]), Array(parts[2], values)]))
    options = {"margin": draw(st.sampled_from([0, 0.5, 1.0, -0.5])), "reduction": draw(reductions)}
    smooth = values == "normal" and is_number(shape, options)
    return Sample((Array(parts[0], values), Array(parts[1], values), target), options, smooth=smooth)


MARGINS = [
    Operator(
        "hinge_embedding_loss",
        embeddings(),
        (
            *(sample(Array((4, 3)), signs((4, 3)), reduction=how) for how in REDUCTIONS),
            sample(Array((4, 3)), signs((4, 3)), 0.5),
            sample(Array((3,)), Literal([[1, -1, -1], [1, 1, 1]])),
            sample(Array((2, 3)), Literal([1, -1, 0])),
            sample(Array((0,)), Array((0,))).but(smooth=False),
            Sample(
                (Literal([0.5, 0.5, 2.0, 1.0, 1.0, NAN, NAN, INF]), Literal([1, -1, -1, -1, 1, 1, -1, -1])),
                {"reduction": "none"},
                smooth=False,
            ),
        ),
        (
            refusal("target", Array((2,)), signs((3,))),
            refusal("reduction", Array((2,)), signs((2,)), reduction="avg"),
            refusal("margin", Array((2,)), signs((2,)), margin="1"),
            refusal("margin", Array((2,)), signs((2,)), margin=None),
            refusal("input", Literal([1, 2]), signs((2,))),
        ),
        (known([0.3, 0.8, 0.0], "by hand", Literal([0.3, 0.2, 1.5]), Literal([1, -1, -1]), reduction="none"),),
    ),
    Operator(
        "margin_ranking_loss",
        rankings(),
        (
            *(sample(Array((4, 3)), Array((4, 3)), signs((4, 3)), reduction=how) for how in REDUCTIONS),
            sample(Array((4, 3)), Array((4, 3)), signs((4, 3)), 0.5),
            sample(Array((2, 3)), Array((2, 1)), Array((1, 3)), margin=0.5),
            sample(Array((2, 3)), Array((2, 1)), Literal([[1, -1, -1]])),
            sample(Array(()), Array(()), Literal(1)),
            sample(Array((0,)), Array((0,)), Array((0,))).but(smooth=False),
            Sample(
                (
                    Literal([1.0, 2.0, 3.0, 1.0, 1.0, NAN, INF]), Literal([2.0, 1.0, 3.0, 1.0, 1.0, 0.0, 0.0]),
                    Literal([1.0, 1.0, 1.0, -1.0, 0.0, 1.0, -1.0]),
                ),
                {"reduction": "none"},
                smooth=False,
            ),
        ),
        (
            refusal("target", Array((2,)), Array((1, 2)), signs((2,))),
            refusal("target", Array((2,)), Array((3,)), signs((3,))),
            refusal("target", Array((2,)), Array((2,)), Literal([True, False])),
            refusal("reduction", Array((2,)), Array((2,)), signs((2,)), reduction="avg"),
            refusal("margin", Array((2,)), Array((2,)), signs((2,)), margin="1"),
        ),
        (
            known([1.5, 0.0], "by hand", Literal([1.0, 5.0]), Literal([2.0, 3.0]), Literal([1, 1]), margin=0.5,
                  reduction="none"),
        ),
    ),
]  # fmt: skip

OPERATORS = [*OF_DIFFERENCE, *CLASSES, *PROBABILITIES, *MARGINS]


def on(nn, *numbers):
    """The numbers as a vocabulary wants the weights of a loss: a tensor for PyTorch, else an array."""
    array = np.array(numbers, np.float32)
    if "pytorch" not in nn.__name__:
        return array
    import torch  # here, so that a process that measures dlcore.scratch holds nothing of PyTorch

    return torch.from_numpy(array)


PAIR = Array((4, 3)), Array((4, 3))
DECIDED = Array((4, 3)), Array((4,), "integers", 0, 3)
SPATIAL = Array((2, 3, 5)), Array((2, 5), "integers", 0, 3)
CHANCES = Array((4, 3), "uniform", 0.1, 0.9), Array((4, 3), "uniform")

LAYERS = [
    Layer("MSELoss", lambda nn: nn.MSELoss(), PAIR),
    Layer("MSELoss", lambda nn: nn.MSELoss(reduction="none"), PAIR),
    Layer("L1Loss", lambda nn: nn.L1Loss(reduction="sum"), PAIR),
    Layer("SmoothL1Loss", lambda nn: nn.SmoothL1Loss(beta=0.5), PAIR),
    Layer("HuberLoss", lambda nn: nn.HuberLoss("none", 0.5), PAIR),
    Layer("CrossEntropyLoss", lambda nn: nn.CrossEntropyLoss(), DECIDED),
    Layer(
        "CrossEntropyLoss",
        lambda nn: nn.CrossEntropyLoss(
            on(nn, 1.0, 2.0, 0.5), ignore_index=1, reduction="none", label_smoothing=0.1
        ),
        SPATIAL,
    ),
    Layer("NLLLoss", lambda nn: nn.NLLLoss(on(nn, 1.0, 2.0, 0.5), ignore_index=0), DECIDED),
    Layer("NLLLoss", lambda nn: nn.NLLLoss(reduction="none"), SPATIAL),
    Layer("KLDivLoss", lambda nn: nn.KLDivLoss(reduction="batchmean", log_target=True), PAIR),
    Layer("BCELoss", lambda nn: nn.BCELoss(on(nn, 1.0, 2.0, 0.5)), CHANCES),
    Layer(
        "BCEWithLogitsLoss",
        lambda nn: nn.BCEWithLogitsLoss(on(nn, 1.0, 2.0, 0.5), pos_weight=on(nn, 3.0)),
        CHANCES,
    ),
    Layer(
        "HingeEmbeddingLoss",
        lambda nn: nn.HingeEmbeddingLoss(0.5, reduction="none"),
        (Array((4, 3)), signs((4, 3))),
    ),
    Layer("MarginRankingLoss", lambda nn: nn.MarginRankingLoss(0.5), (*PAIR, signs((4, 3)))),
]

TIMED = [
    Timed("mse_loss, N32 C64 28x28", "losses", "mse_loss", sample(Array(IMAGES), Array(IMAGES, **CONSTANT))),
    Timed(
        "smooth_l1_loss, N32 C64 28x28", "losses", "smooth_l1_loss",
        sample(Array(IMAGES), Array(IMAGES, **CONSTANT)),
    ),
    Timed(
        "binary cross entropy with logits, N32 C64 28x28", "losses", "binary_cross_entropy_with_logits",
        sample(Array(IMAGES), Array(IMAGES, "uniform", **CONSTANT)),
    ),
    Timed(
        "cross_entropy, 1024x1000", "losses", "cross_entropy",
        sample(Array((1024, 1000)), Array((1024,), "integers", 0, 1000)),
    ),
    Timed(
        "cross_entropy of pixels, N8 C21 64x64", "losses", "cross_entropy",
        sample(Array((8, 21, 64, 64)), Array((8, 64, 64), "integers", 0, 21)),
    ),
]  # fmt: skip
