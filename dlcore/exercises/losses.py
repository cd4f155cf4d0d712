"""Exercises on losses: what is right, and what typical mistakes look like.

The references are written in NumPy alone, because several exercises ask to do without `dlcore.scratch`.
"""

import numpy as np

from dlcore.exercises.exercise import case, exercise

__all__ = ["additive_margin", "best_constants", "boundary", "by_hand", "mended", "smoothed"]


def _mistakes(exercise, table):
    """Declare mistakes: from the name of each to its advice, and the ways to make it."""
    for name, (advice, *ways) in table.items():
        for way in ways:
            exercise.mistake(name, advice)(way)


def _answers(right, table):
    """The mistakes of a question: from each name to its advice, and to what is answered in place of the right values."""
    return {
        name: (advice, *((lambda other=other: right | other) for other in others))
        for name, (advice, *others) in table.items()
    }


# ---- 1. by hand ------------------------------------------------------------------------------------------------------

_BY_HAND = {
    "probabilities": [0.2, 0.5, 0.3],
    "loss": float(-np.log(0.3)),
    "gradient": [0.2, 0.5, -0.7],
}
_SCORES = np.log([2.0, 5.0, 3.0])
_SHARES = _SCORES / _SCORES.sum()
_LOGARITHMS = {
    "probabilities": _SHARES.tolist(),
    "loss": float(-np.log(_SHARES[2])),
    "gradient": (_SHARES - [0, 0, 1]).tolist(),
}


@exercise(
    "by_hand",
    tolerance=5e-3,
    hints=(
        "What is e to the power of ln 5?",
        "Divide each of the three powers by their sum. The loss looks at one of the results only.",
        "Write the right answer as three probabilities, and compare them with yours, one by one.",
    ),
)
def by_hand():
    """Probabilities, loss and gradient for the scores (ln 2, ln 5, ln 3), the third class being right."""
    return dict(_BY_HAND)


_mistakes(
    by_hand,
    _answers(
        _BY_HAND,
        {
            "exponentials forgotten": (
                "You divided the scores themselves. What does softmax do with a score before it divides?",
                _LOGARITHMS,
            ),
            "sign of the gradient": (
                "The gradient says where the loss rises. Does it rise or fall when the right class's score grows?",
                {"gradient": [-0.2, -0.5, 0.7]},
            ),
            "minus forgotten": (
                "The logarithm of a probability is negative. May a loss be?",
                {"loss": float(np.log(0.3))},
            ),
            "another base of the logarithm": (
                "The probabilities are right. To which base does the chapter take its logarithm?",
                {"loss": float(-np.log2(0.3))},
                {"loss": float(-np.log10(0.3))},
            ),
            "another class taken for the right one": (
                "Which class is right, and which one has only the largest probability?",
                {"loss": float(-np.log(0.5)), "gradient": [0.2, -0.5, 0.3]},
                {"loss": float(-np.log(0.2)), "gradient": [-0.8, 0.5, 0.3]},
            ),
            "target left out of the gradient": (
                "Your gradient is the same whichever class is right. What has to be taken off the probabilities?",
                {"gradient": _BY_HAND["probabilities"]},
            ),
            "gradient of the right class alone": (
                "The scores of the other classes stand in the sum too. What happens to the loss when one of them grows?",
                {"gradient": [0.0, 0.0, -0.7]},
            ),
        },
    ),
)


# ---- 2. best constants -----------------------------------------------------------------------------------------------

_CONSTANTS = {"squared": 2.2, "absolute": 2.0, "Huber": 2.05}


@exercise(
    "best_constants",
    tolerance=2e-3,
    hints=(
        "At the best time the pulls of all readings cancel. How hard does each pull under each of the losses?",
        "Under the absolute error every reading pulls equally hard. How many may lie on each side?",
        "Under the Huber error a reading that is further than a tenth pulls with a tenth, a nearer one with its distance.",
    ),
)
def best_constants():
    """The times, in seconds, that fit 20, 20, 20, 21 and 29 tenths of a second best under three losses."""
    return dict(_CONSTANTS)


_mistakes(
    best_constants,
    _answers(
        _CONSTANTS,
        {
            "squared and absolute exchanged": (
                "Two of your times would change places. Which of the two losses minds most how far away the last one is?",
                {"squared": 2.0, "absolute": 2.2},
            ),
            "mean for all": (
                "The mean is the answer to one of the three. Where do as many readings lie below as above?",
                {"absolute": 2.2, "Huber": 2.2},
                {"absolute": 2.2},
                {"Huber": 2.2},
            ),
            "median for all": (
                "The median is the answer to one of the three. Do the pulls on it cancel under the others?",
                {"squared": 2.0, "Huber": 2.0},
                {"squared": 2.0},
                {"Huber": 2.0},
            ),
            "outlier left out": (
                "Your time is that of the first four readings. No loss here pulls with nothing at a large distance.",
                {"squared": 2.025, "Huber": 2.025},
                {"squared": 2.025},
                {"Huber": 2.025},
            ),
            "middle of the range": (
                "You took the middle between the smallest and the largest. Do three equal readings count no more than one?",
                {"squared": 2.45},
                {"absolute": 2.45},
                {"squared": 2.45, "absolute": 2.45, "Huber": 2.45},
            ),
            "tenths in place of seconds": (
                "The readings are in tenths. In which unit is the answer asked for?",
                {"squared": 22.0, "absolute": 20.0, "Huber": 20.5},
            ),
            "sum for mean": ("That is where the sum goes. How many readings are there?", {"squared": 11.0}),
        },
    ),
)


# ---- cross entropy, for the exercises 3 and 5 ------------------------------------------------------------------------


def _softmax(z):
    powers = np.exp(z - z.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def _log_softmax(z):
    z = z - z.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def _against(z, t, divisor=None, of_gradient=None):
    """Cross entropy with targets t, and its gradient; divided by the number of examples, or by others."""
    n = len(z) if divisor is None else divisor
    total = t.sum(1, keepdims=True)
    gradient = (_softmax(z) * total - t) / (n if of_gradient is None else of_gradient)
    return -(t * _log_softmax(z)).sum() / n, gradient


def _one_hot(z, target):
    return np.eye(z.shape[1])[target]


# ---- 3. find the bug -------------------------------------------------------------------------------------------------


def _batches(generator):
    yield case("one example with small scores", np.array([[1.0, 2.0, 0.0]]), np.array([1]))
    yield case("three examples with small scores", generator.normal(size=(3, 4)), np.array([0, 3, 1]))
    yield case("scores of a thousand", np.array([[1000.0, 999.0], [998.0, 1000.0]]), np.array([0, 0]))
    yield case(
        "scores of minus a thousand", np.array([[-1000.0, -1001.0], [-999.0, -1000.0]]), np.array([1, 0])
    )
    yield case("a right class far behind", np.array([[900.0, 0.0, 1.0]]), np.array([1]))
    yield case(
        "one example with large scores, one with small", np.array([[2000.0, 1999], [1, 2]]), np.array([1, 1])
    )
    for n, c in ((5, 3), (2, 6)):
        yield case("random scores", 3 * generator.normal(size=(n, c)), generator.integers(0, c, n))


@exercise(
    "mended",
    cases=_batches,
    results=("loss", "gradient"),
    refuses=("dlcore.scratch", "torch", "scipy"),
    hints=(
        "Try it on two examples, and on scores of a thousand. What comes out?",
        "The loss is a mean. If every example counts less in it, what about its share of the gradient?",
        "Taking the same number off all scores of an example changes no probability. Which number keeps `exp` small?",
    ),
)
def mended(z, target):
    """The mean cross entropy of scores with class indices, and its gradient."""
    return _against(z, _one_hot(z, target))


def _naive(z, target, divide):
    with np.errstate(all="ignore"):
        q = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        loss = -np.log(q[np.arange(len(z)), target]).mean()
    gradient = q - _one_hot(z, target)
    return loss, gradient / len(z) if divide else gradient


def _logarithm_of_rounded(z, target, least=0.0, divide=True):
    q = _softmax(z)
    with np.errstate(all="ignore"):
        loss = -np.log(q[np.arange(len(z)), target] + least).mean()
    return loss, (q - _one_hot(z, target)) / (len(z) if divide else 1)


def _largest_of_all(z, target, divide=True):
    return _naive(z - z.max(), target, divide)


_mistakes(
    mended,
    {
        "unchanged copy": (
            "It computes what the given code computes. On how many examples did its author try it?",
            lambda z, target: _naive(z, target, False),
        ),
        "gradient not divided by the number of examples": (
            "The loss is right. It is a mean over the examples: by what is each example's share divided?",
            lambda z, target: _against(z, _one_hot(z, target), of_gradient=1),
            lambda z, target: _logarithm_of_rounded(z, target, divide=False),
        ),
        "exponential overflows": (
            "With small scores all is well. What is the exponential of a thousand, in floating point?",
            lambda z, target: _naive(z, target, True),
        ),
        "logarithm of a probability rounded to zero": (
            "No exponential overflows any more. But a probability may become exactly zero before its logarithm is taken.",
            _logarithm_of_rounded,
        ),
        "a small number added to the probability": (
            "The added number hides how wrong the answer is. Can the logarithm be written without the probability?",
            lambda z, target: _logarithm_of_rounded(z, target, 1e-12),
            lambda z, target: _logarithm_of_rounded(z, target, 1e-8),
            lambda z, target: _logarithm_of_rounded(z, target, 1e-10),
            lambda z, target: _logarithm_of_rounded(z, target, 1e-15),
        ),
        "largest score of the whole batch": (
            "You take the same number off all examples. What becomes of one whose scores are all far below it?",
            _largest_of_all,
        ),
        "loss summed": (
            "The gradient is right. Is the loss a sum over the examples, or a mean?",
            lambda z, target: (
                _against(z, _one_hot(z, target), divisor=1)[0],
                _against(z, _one_hot(z, target))[1],
            ),
        ),
        "divided by the number of scores": (
            "The gradient is too small by the number of classes. Over what is the loss a mean?",
            lambda z, target: _against(z, _one_hot(z, target), of_gradient=z.size),
        ),
    },
)


# ---- 4. boundary -----------------------------------------------------------------------------------------------------


def _boundaries(generator):
    yield case("softmax", "softmax", 0.0, 90.0)
    yield case("A-Softmax with m = 1, which is no margin", "A-Softmax", 1, 60.0)
    yield case("A-Softmax with m = 4", "A-Softmax", 4, 90.0)
    yield case("ArcFace", "ArcFace", 0.5, 90.0)
    yield case("AM-Softmax", "AM-Softmax", 0.35, 90.0)
    yield case("AM-Softmax between opposite classes", "AM-Softmax", 0.5, 180.0)
    yield case("AM-Softmax between close classes", "AM-Softmax", 0.1, 40.0)
    yield case("ArcFace between close classes", "ArcFace", 0.3, 40.0)
    for _ in range(2):
        between = float(generator.integers(60, 171))
        yield case("a random angle", "A-Softmax", int(generator.integers(2, 5)), between)
        yield case("a random angle", "AM-Softmax", float(generator.integers(4, 9)) / 20, between)
        yield case("a random angle", "ArcFace", float(generator.integers(4, 9)) / 20, between)


def _edge(loss, margin, between):
    if loss == "A-Softmax":
        return between / (margin + 1)
    if loss == "ArcFace":
        return (between - np.degrees(margin)) / 2
    if loss == "AM-Softmax":
        return between / 2 - np.degrees(np.arcsin(margin / (2 * np.sin(np.radians(between) / 2))))
    return between / 2


def _edge_but(**ways):
    """The boundary with other ways for some of the losses; `_` stands for "-" in their names."""
    ways = {name.replace("_", "-"): way for name, way in ways.items()}

    def mistaken(loss, margin, between):
        return ways[loss](margin, between) if loss in ways else _edge(loss, margin, between)

    return mistaken


@exercise(
    "boundary",
    cases=_boundaries,
    hints=(
        "At the boundary two scores are equal. If the feature is θ away from its class, how far is it from the other one?",
        "Scale and length stand on both sides. Two cosines are equal where their angles are.",
        "For AM-Softmax write both angles as half of β plus or minus something, and use cos a − cos b.",
    ),
)
def boundary(loss, margin, between):
    """How far, in degrees, a feature between two classes may be from the right one until both score the same."""
    return float(_edge(loss, margin, between))


_mistakes(
    boundary,
    {
        "margin ignored": (
            "Your boundary lies in the middle whatever the loss. Which score does the margin lower?",
            lambda loss, margin, between: between / 2,
        ),
        "boundary of the other class": (
            "That is where the other class begins, seen from the right one. From which side is the angle measured?",
            lambda loss, margin, between: between - _edge(loss, margin, between),
        ),
        "radians": (
            "Your numbers are too small by one factor throughout. In which unit is the angle asked for?",
            lambda loss, margin, between: np.radians(_edge(loss, margin, between)),
        ),
        "ArcFace's margin taken as degrees": (
            "One loss goes wrong. In which unit is its margin, and in which are your angles?",
            _edge_but(ArcFace=lambda margin, between: (between - margin) / 2),
            _edge_but(ArcFace=lambda margin, between: between / 2 - margin),
        ),
        "whole margin taken off": (
            "Where the feature moves towards its class, it moves away from the other one. Who gains how much by that?",
            _edge_but(ArcFace=lambda margin, between: between / 2 - np.degrees(margin)),
        ),
        "A-Softmax divided by m": (
            "One loss goes wrong: with m = 1 the boundary must be in the middle, and with m = 4 both angles matter.",
            _edge_but(A_Softmax=lambda margin, between: between / margin),
            _edge_but(A_Softmax=lambda margin, between: between / (2 * margin)),
        ),
        "AM-Softmax's margin taken as an angle": (
            "One loss goes wrong. From what does AM-Softmax take its margin off: from the angle, or from its cosine?",
            _edge_but(AM_Softmax=lambda margin, between: (between - np.degrees(margin)) / 2),
            _edge_but(AM_Softmax=lambda margin, between: between / 2 - np.degrees(np.arcsin(margin / 2))),
            _edge_but(AM_Softmax=lambda margin, between: between / 2 - np.degrees(np.arcsin(margin))),
        ),
        "other class at a right angle": (
            "It comes out right at 90 degrees only. What is the cosine of the angle to the other class?",
            _edge_but(
                AM_Softmax=lambda margin, between: 45 - np.degrees(np.arcsin(margin / np.sqrt(2))),
            ),
        ),
    },
)


# ---- 5. label smoothing ----------------------------------------------------------------------------------------------


def _smoothings(generator):
    yield case("no smoothing", np.array([[2.0, 0.0, 1.0]]), np.array([0]), 0.0)
    yield case("one example", np.array([[2.0, 0.0, 1.0]]), np.array([0]), 0.3)
    yield case("two classes", np.array([[0.0, 1.0], [3.0, 1.0]]), np.array([1, 1]), 0.2)
    yield case("nothing but smoothing", generator.normal(size=(2, 4)), np.array([3, 0]), 1.0)
    yield case("large scores", np.array([[1000.0, 0.0, 500.0]]), np.array([0]), 0.1)
    for n, c in ((4, 3), (3, 10)):
        yield case("random scores", 2 * generator.normal(size=(n, c)), generator.integers(0, c, n), 0.1)


def _smooth(z, target, smoothing):
    return (1 - smoothing) * _one_hot(z, target) + smoothing / z.shape[1]


@exercise(
    "smoothed",
    cases=_smoothings,
    results=("loss", "gradient"),
    refuses=("dlcore.scratch", "torch", "scipy"),
    hints=(
        "Write down the smoothed target first: a row of probabilities for each example. What must each row add up to?",
        "Use the logarithms of the probabilities, of every class this time, and keep the exponentials small.",
        "The gradient for any target is the one of the chapter. Only the target is another one.",
    ),
)
def smoothed(z, target, smoothing):
    """The mean cross entropy with label smoothing, and its gradient."""
    return _against(z, _smooth(z, target, smoothing))


def _with_target(make, **options):
    return lambda z, target, smoothing: _against(z, make(z, target, smoothing), **options)


def _over_the_others(z, target, smoothing):
    hot = _one_hot(z, target)
    return (1 - smoothing) * hot + smoothing * (1 - hot) / (z.shape[1] - 1)


def _no_share_for_the_right_class(z, target, smoothing):
    hot = _one_hot(z, target)
    return (1 - smoothing) * hot + smoothing * (1 - hot) / z.shape[1]


def _parts(loss_target, gradient_target):
    """The loss of one target and the gradient of another."""

    def mistaken(z, target, smoothing):
        loss = _against(z, loss_target(z, target, smoothing))[0]
        return loss, _against(z, gradient_target(z, target, smoothing))[1]

    return mistaken


def _hard(z, target, smoothing):
    return _one_hot(z, target)


def _plain_gradient(make):
    """The gradient as softmax less target, for a target that does not add up to one."""

    def mistaken(z, target, smoothing):
        t = make(z, target, smoothing)
        return _against(z, t)[0], (_softmax(z) - t) / len(z)

    return mistaken


def _not_divided_by_classes(z, target, smoothing):
    return (1 - smoothing) * _one_hot(z, target) + smoothing


_mistakes(
    smoothed,
    {
        "smoothing ignored": (
            "Your numbers do not change with the smoothing. What is the target now?",
            _with_target(_hard),
        ),
        "share spread over the other classes only": (
            "Your targets add up to one. But over how many classes does the chapter spread the share?",
            _with_target(_over_the_others),
        ),
        "right class gets no share": (
            "Add up a row of your target: something is missing. Is the right class one of all classes?",
            _with_target(_no_share_for_the_right_class),
            _plain_gradient(_no_share_for_the_right_class),
        ),
        "share not divided by the number of classes": (
            "Add up a row of your target. The share is spread over all classes: how much does each get?",
            _with_target(_not_divided_by_classes),
            _plain_gradient(_not_divided_by_classes),
        ),
        "gradient of the hard target": (
            "The loss is right. Which target does your gradient take off the probabilities?",
            _parts(_smooth, _hard),
        ),
        "loss of the hard target": (
            "The gradient is right. Which terms has the loss when no class has a target of zero?",
            _parts(_hard, _smooth),
        ),
        "sum for mean": (
            "With one example it is right. What is done over the examples?",
            _with_target(_smooth, divisor=1),
        ),
        "gradient not divided by the number of examples": (
            "The loss is right. It is a mean over the examples: by what is each example's share divided?",
            _with_target(_smooth, of_gradient=1),
        ),
        "smoothing and its rest exchanged": (
            "With no smoothing at all, what should the target be, and what is yours?",
            _with_target(lambda z, target, smoothing: _smooth(z, target, 1 - smoothing)),
        ),
    },
)


# ---- 6. softmax with a margin ----------------------------------------------------------------------------------------


def _marginal(generator):
    def draw(label, n, d, c, margin, scale):
        x, w = generator.normal(size=(n, d)), generator.normal(size=(c, d))
        return case(label, x, w, generator.integers(0, c, n), margin, scale)

    yield draw("one example in the plane, no margin", 1, 2, 2, 0.0, 1.0)
    yield draw("one example in the plane, scale 4", 1, 2, 2, 0.0, 4.0)
    yield draw("one example, a margin", 1, 2, 3, 0.35, 1.0)
    yield draw("one example, a margin and a scale", 1, 3, 3, 0.35, 5.0)
    yield draw("several examples", 4, 3, 3, 0.2, 3.0)
    yield draw("more classes than dimensions", 3, 2, 6, 0.1, 2.0)
    yield draw("a large scale", 3, 4, 5, 0.35, 30.0)


def _unit(vectors):
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths, lengths


def _additive(
    x,
    w,
    target,
    margin,
    scale,
    *,
    outside=False,
    projects=True,
    divides=True,
    times=True,
    normal=(True, True),
    n=None,
):
    """AM-Softmax and its gradients; the options leave out what students leave out."""
    n = len(x) if n is None else n
    (u, x_length), (v, w_length) = _unit(x), _unit(w)
    if not normal[0]:
        u, x_length = x, np.ones_like(x_length)
    if not normal[1]:
        v, w_length = w, np.ones_like(w_length)
    z = scale * (u @ v.T) - margin * (1 if outside else scale) * np.eye(len(w))[target]
    loss, back = _against(z, _one_hot(z, target), divisor=n)
    back = back * scale if times else back

    def towards(grad, unit, length, is_normal):
        if projects and is_normal:
            grad = grad - unit * (grad * unit).sum(1, keepdims=True)
        return grad / length if divides else grad

    return loss, towards(back @ v, u, x_length, normal[0]), towards(back.T @ u, v, w_length, normal[1])


@exercise(
    "additive_margin",
    cases=_marginal,
    results=("loss", "gradient of x", "gradient of w"),
    refuses=("dlcore.scratch", "torch", "scipy"),
    hints=(
        "Write the forward pass in four steps: lengths to one, cosines, margin and scale, cross entropy. Then go back.",
        "The gradient of the cosines is the scale times q − t, over the number of examples. The margin is a constant.",
        (
            "A step along x changes its length and not its direction, so that part of the gradient is taken off; and the "
            "longer x is, the less its direction turns."
        ),
    ),
)
def additive_margin(x, w, target, margin, scale):
    """AM-Softmax: the mean loss and the gradients of features and class vectors."""
    return _additive(x, w, target, margin, scale)


def _but(**options):
    return lambda *arguments: _additive(*arguments, **options)


_mistakes(
    additive_margin,
    {
        "margin ignored": (
            "Your loss does not change with the margin. From which scores is it taken off? Not from all: that changes nothing.",
            lambda x, w, target, margin, scale: _additive(x, w, target, 0.0, scale),
        ),
        "margin added": (
            "With a margin your loss gets smaller. Shall the right class have it easier, or harder?",
            lambda x, w, target, margin, scale: _additive(x, w, target, -margin, scale),
        ),
        "margin not scaled": (
            "With scale 1 it is right. Is the margin taken off before the scale, or after?",
            _but(outside=True),
        ),
        "change of the length left in the gradient": (
            "The loss is right. Make x a little longer: does the loss change? And along x, what does your gradient say?",
            _but(projects=False),
        ),
        "gradients not divided by the lengths": (
            "The loss is right, and so are the directions of your gradients. How far does a step turn a vector twice as long?",
            _but(divides=False),
        ),
        "gradients of the unit vectors": (
            "The loss is right. Your gradients are those of the vectors of length one: what lies between them and x and w?",
            _but(projects=False, divides=False),
        ),
        "scale left out of the gradient": (
            "The loss is right. The cosines were multiplied on their way to the scores: what happens on the way back?",
            _but(times=False),
        ),
        "features not normalized": (
            "Make x twice as long: your loss changes. Which angles and lengths count in AM-Softmax?",
            _but(normal=(False, True)),
        ),
        "class vectors not normalized": (
            "Make a row of w twice as long: your loss changes. Which angles and lengths count in AM-Softmax?",
            _but(normal=(True, False)),
        ),
        "nothing normalized": (
            "Your scores are products, not cosines. By what does one divide to get the cosine of an angle?",
            _but(normal=(False, False)),
        ),
        "sum for mean": (
            "With one example it is right. What is done over the examples?",
            _but(n=1),
        ),
    },
)
