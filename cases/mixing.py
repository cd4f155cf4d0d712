"""Cases of ``dlcore.scratch.mixing``."""

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Literal, Operator, Seed, Timed, known, refusal, sample, sizes

X, IMAGES, ORDER = Array((3, 4)), Array((3, 2, 4, 5)), Literal([2, 0, 1])
WHOLE = Array((3, 2, 4, 5), "integers", -5, 6)
LABELS = Literal([0, 2, 1])


def _orders(count):
    return st.permutations(range(count)).map(lambda order: Literal(np.array(order, np.int64)))


# Softened targets


@st.composite
def _smoothed(draw):
    classes, smoothing = draw(st.integers(1, 5)), draw(st.sampled_from([0, 0.1, 0.5, 1.0]))
    if draw(st.booleans()):
        return sample(Array(draw(sizes(0, 4, axes=(0, 3))), "integers", 0, classes), classes, smoothing)
    shape = draw(sizes(0, 4, axes=(0, 3)))
    axis = min(1, len(shape))
    return sample(Array((*shape[:axis], classes, *shape[axis:])), classes, label_smoothing=smoothing)


def _smoothed_by_definition(target, num_classes, label_smoothing=0.1):
    soft = target
    if target.dtype.kind != "f":
        axis = min(1, target.ndim)
        soft = np.zeros((*target.shape[:axis], num_classes, *target.shape[axis:]))
        for place in np.ndindex(target.shape):
            soft[(*place[:axis], target[place], *place[axis:])] = 1
    return soft * (1 - label_smoothing) + label_smoothing / num_classes


SMOOTH_LABELS = Operator(
    "smooth_labels",
    samples=_smoothed(),
    examples=(
        sample(LABELS, 3),
        sample(LABELS, num_classes=4, label_smoothing=0.3),
        sample(LABELS, 3, 0),
        sample(LABELS, 3, 1),
        sample(Literal(np.array([1, 0], np.uint8)), 2, 0.2),
        sample(Literal(2), 3, 0.2),
        sample(Literal(np.zeros((0,), np.int64)), 3, 0.2),
        sample(Array((2, 3, 4), "integers", 0, 5), 5, 0.2),
        sample(Array((3, 5), "probabilities"), 5, 0.2),
        sample(Array((5,), "probabilities"), 5, 0.2),
        sample(Array((2, 5, 3), "special"), 5, 0.2).but(smooth=False),
    ),
    refusals=(
        refusal("label_smoothing", LABELS, 3, -0.1, error=RuntimeError),
        refusal("label_smoothing", LABELS, 3, 1.1, error=RuntimeError),
        refusal("label_smoothing", LABELS, 3, float("nan"), error=RuntimeError),
        refusal("label_smoothing", LABELS, 3, "little", error=TypeError),
        refusal("num_classes", LABELS, 0, error=RuntimeError),
        refusal("num_classes", LABELS, 3.0, error=TypeError),
        refusal("target", LABELS, 2, error=IndexError),
        refusal("target", Literal([-1]), 2, error=IndexError),
        refusal("target", Array((3,), "booleans"), 2, error=RuntimeError),
        refusal("target", Literal(np.array([0, 1], np.int32)), 2, error=RuntimeError),
        refusal("target", Array((3, 4)), 3, error=RuntimeError),
        refusal("target", Array(()), 3, error=RuntimeError),
    ),
    known=(
        known([[0.95, 0.05], [0.05, 0.95]], "by hand: 0.9 + 0.1 / 2", Literal([0, 1]), 2, 0.1),
        known(
            [[0.85, 0.15], [0.15, 0.85]], "by hand: 0.9 q + 0.05",
            Literal([[8 / 9, 1 / 9], [1 / 9, 8 / 9]]), 2, 0.1,
        ),
    ),
    by_definition=_smoothed_by_definition,
)  # fmt: skip


# What was drawn, done


@st.composite
def _mixed(draw):
    shape = draw(sizes(0, 5, axes=(1, 4)))
    weight = draw(st.floats(0, 1) | st.sampled_from([0, 1, 0.5]))
    return sample(Array(shape), draw(_orders(shape[0])), weight)


def _mixed_by_definition(input, order, weight):
    output = np.zeros(input.shape)
    for place in np.ndindex(input.shape):
        output[place] = weight * input[place] + (1 - weight) * input[(order[place[0]], *place[1:])]
    return output


ORDER_REFUSALS = (
    ("order", Literal([0, 1]), ValueError),
    ("order", Literal([[0, 1, 2]]), ValueError),
    ("order", Literal([0, 1, 1]), ValueError),
    ("order", Literal([0, 1, 3]), ValueError),
    ("order", Literal([0, 1, -1]), ValueError),
    ("order", Literal([0.0, 1.0, 2.0]), TypeError),
    ("order", Literal([True, False, True]), TypeError),
)

MIX_EXAMPLES = Operator(
    "mix_examples",
    samples=_mixed(),
    examples=(
        sample(X, ORDER, 0.3),
        sample(X, Literal(np.array([1, 2, 0], np.int32)), 0.3),
        sample(X, Literal([0, 1, 2]), 0.3),
        sample(X, ORDER, weight=0),
        sample(X, ORDER, 1),
        sample(X, ORDER, np.float64(0.7)),
        sample(IMAGES, ORDER, 0.6),
        sample(Array((3,)), ORDER, 0.6),
        sample(Array((1, 2)), Literal([0]), 0.6),
        sample(Array((0, 2)), Literal(np.zeros(0, np.int64)), 0.6),
        sample(Array((3, 0)), ORDER, 0.6),
        sample(Array((3, 4), "special"), ORDER, 0.6).but(smooth=False),
    ),
    refusals=(
        *(refusal(name, X, order, 0.5, error=error) for name, order, error in ORDER_REFUSALS),
        refusal("input", Array((3, 4), "integers", 0, 5), ORDER, 0.5, error=RuntimeError),
        refusal("input", Array(()), ORDER, 0.5, error=ValueError),
        refusal("weight", X, ORDER, -0.1, error=ValueError),
        refusal("weight", X, ORDER, 1.1, error=ValueError),
        refusal("weight", X, ORDER, float("nan"), error=ValueError),
        refusal("weight", X, ORDER, None, error=TypeError),
    ),
    known=(
        known(
            [[2.5, 5.0], [7.5, 15.0]], "by hand: 3/4 of one and 1/4 of the other",
            Literal([[0.0, 0.0], [10.0, 20.0]]), Literal([1, 0]), 0.75,
        ),
    ),
    by_definition=_mixed_by_definition,
)  # fmt: skip


@st.composite
def _pasted(draw):
    count, channels = draw(st.tuples(st.integers(0, 4), st.integers(0, 3)))
    height, width = draw(st.tuples(st.integers(0, 5), st.integers(0, 5)))
    top, bottom = sorted(draw(st.tuples(st.integers(0, height), st.integers(0, height))))
    left, right = sorted(draw(st.tuples(st.integers(0, width), st.integers(0, width))))
    return sample(Array((count, channels, height, width)), draw(_orders(count)), (left, top, right, bottom))


def _pasted_by_definition(input, order, box):
    output = input.copy()
    for n, c, i, j in np.ndindex(input.shape):
        if box[0] <= j < box[2] and box[1] <= i < box[3]:
            output[n, c, i, j] = input[order[n], c, i, j]
    return output


CUT_AND_PASTE = Operator(
    "cut_and_paste",
    samples=_pasted(),
    examples=(
        sample(IMAGES, ORDER, (1, 2, 5, 3)),
        sample(IMAGES, ORDER, box=[0, 0, 5, 4]),
        sample(IMAGES, ORDER, (2, 2, 2, 4)),
        sample(IMAGES, Literal([0, 1, 2]), (1, 1, 3, 3)),
        sample(Array((3, 2, 4, 5), "special"), ORDER, (1, 1, 3, 3)).but(smooth=False),
        sample(WHOLE, ORDER, (1, 1, 3, 3)),
        sample(Array((0, 2, 4, 5)), Literal(np.zeros(0, np.int64)), (1, 1, 3, 3)),
    ),
    refusals=(
        *(refusal(name, IMAGES, order, (1, 1, 2, 2), error=error) for name, order, error in ORDER_REFUSALS),
        refusal("input", X, ORDER, (0, 0, 1, 1), error=ValueError),
        refusal("box", IMAGES, ORDER, (0, 0, 6, 1), error=RuntimeError),
        refusal("box", IMAGES, ORDER, (0, 0, 1, 5), error=RuntimeError),
        refusal("box", IMAGES, ORDER, (2, 0, 1, 1), error=RuntimeError),
        refusal("box", IMAGES, ORDER, (0, 2, 1, 1), error=RuntimeError),
        refusal("box", IMAGES, ORDER, (-1, 0, 1, 1), error=RuntimeError),
        refusal("box", IMAGES, ORDER, (0, 0, 1), error=RuntimeError),
        refusal("box", IMAGES, ORDER, (0.0, 0, 1, 1), error=TypeError),
        refusal("box", IMAGES, ORDER, 1, error=TypeError),
    ),
    known=(
        known(
            [[[[1.0, 2.0, 3.0], [4.0, 50.0, 60.0]]], [[[10.0, 20.0, 30.0], [40.0, 5.0, 6.0]]]],
            "by hand: columns 1 and 2 of row 1 change places",
            Literal([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]], [[[10.0, 20.0, 30.0], [40.0, 50.0, 60.0]]]]),
            Literal([1, 0]), (1, 1, 3, 2),
        ),
    ),
    by_definition=_pasted_by_definition,
)  # fmt: skip


# With chance. An example alone in its batch meets itself, so chance changes nothing.


def _alone_by_definition(input, target, alpha=1.0, *, num_classes=None, generator=None):
    if target.dtype.kind == "f":
        return input, target
    rows = [[float(index == label) for index in range(num_classes)] for label in target]
    return input, np.reshape(rows, (len(input), num_classes))


@st.composite
def _drawn(draw, images):
    count, classes = draw(st.integers(0, 4)), draw(st.integers(1, 4))
    axes = (3, 3) if images else (0, 3)
    input = Array((count, *draw(sizes(0, 4, axes=axes))))
    options = {"generator": Seed(draw(st.integers(0, 99)))}
    kind = draw(st.sampled_from(["indices", "distributions", "values"]))
    if kind == "indices":
        target, options["num_classes"] = Array((count,), "integers", 0, classes), classes
    elif kind == "distributions" or images:
        target = Array((count, classes), "probabilities")
        if draw(st.booleans()):
            options["num_classes"] = classes
    else:
        target = Array((count, *draw(sizes(1, 3, axes=(0, 2)))))
    alpha = draw(st.sampled_from([1.0, 0.2, 2, 1e-3, 30.0]))
    return sample(input, target, alpha, **options).but(random=count > 1)


def _chance(name, images):
    X, one = (IMAGES, Array((1, 2, 3, 4))) if images else (Array((3, 4)), Array((1, 4)))
    seed = {"generator": Seed(5)}
    wrong = Array((3, 4)) if images else Array(())
    more = (refusal("target", X, Array((3,)), error=ValueError, **seed),) if images else ()
    return Operator(
        name,
        samples=_drawn(images),
        examples=(
            sample(one, Literal([1]), num_classes=3, **seed),
            sample(one, Literal([[0.25, 0.75]]), 0.3, **seed),
            sample(Array((0, *one.shape[1:])), Literal(np.zeros(0, np.int64)), num_classes=3, **seed),
            sample(X, LABELS, num_classes=3, **seed).but(random=True),
            sample(X, Literal(np.array([1, 0, 1], np.uint8)), 0.4, num_classes=2, **seed).but(random=True),
            sample(X, Array((3, 4), "probabilities"), **seed).but(random=True),
            sample(X, Array((3, 4), "probabilities"), num_classes=4, **seed).but(random=True),
        ),
        refusals=(
            refusal("alpha", X, LABELS, 0, num_classes=3, error=ValueError, **seed),
            refusal("alpha", X, LABELS, -1.0, num_classes=3, error=ValueError, **seed),
            refusal("alpha", X, LABELS, float("nan"), num_classes=3, error=ValueError, **seed),
            refusal("alpha", X, LABELS, float("inf"), num_classes=3, error=ValueError, **seed),
            refusal("alpha", X, LABELS, "one", num_classes=3, error=TypeError, **seed),
            refusal("num_classes", X, LABELS, error=ValueError, **seed),
            refusal("num_classes", X, LABELS, num_classes=0, error=RuntimeError, **seed),
            refusal("num_classes", X, LABELS, num_classes=3.0, error=TypeError, **seed),
            refusal("num_classes", X, Array((3, 4)), num_classes=3, error=ValueError, **seed),
            refusal("target", X, LABELS, num_classes=2, error=IndexError, **seed),
            refusal("target", X, Literal([0, 1]), num_classes=2, error=ValueError, **seed),
            refusal("target", X, Array((2, 4)), error=ValueError, **seed),
            refusal("target", X, Array((3, 4), "integers", 0, 2), num_classes=4, error=ValueError, **seed),
            refusal("target", X, Array((3,), "booleans"), num_classes=2, error=RuntimeError, **seed),
            refusal("input", wrong, LABELS, num_classes=3, error=ValueError, **seed),
            refusal("input", Array(X.shape, "integers"), LABELS, num_classes=3, error=RuntimeError, **seed),
            refusal("generator", X, LABELS, num_classes=3, generator=3, error=TypeError),
            refusal("generator", X, LABELS, num_classes=3, error=TypeError),
            *more,
        ),
        known=(
            known(
                (np.full(one.shape, 2.0), [[0.0, 1.0]]), "an example alone meets itself",
                Literal(np.full(one.shape, 2.0)), Literal([1]), num_classes=2, **seed,
            ),
        ),
        by_definition=_alone_by_definition,
        uncompiled="what is drawn decides in Python",
    )  # fmt: skip


OPERATORS = [
    SMOOTH_LABELS, MIX_EXAMPLES, CUT_AND_PASTE, _chance("mixup", images=False), _chance("cutmix", images=True),
]  # fmt: skip

LAYERS = []

MAPS, CLASSES = Array((32, 64, 28, 28)), Array((32,), "integers", 0, 10)

TIMED = [
    Timed(
        f"{name}, N32 C64 28x28",
        "regularization",
        name,
        sample(MAPS, CLASSES, num_classes=10, generator=Seed(0)).but(random=True),
    )
    for name in ("mixup", "cutmix")
]
