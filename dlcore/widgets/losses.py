"""The interactive figures of the losses chapter."""

import numpy as np

from dlcore import scratch
from dlcore.widgets.controls import Choice, Slider
from dlcore.widgets.scene import arrows, axis, label, line, paragraph, plot, points, scene, table, text
from dlcore.widgets.widget import widget

__all__ = ["divergence", "margins", "outlier", "punishment"]

# ---- cross entropy and squared error ---------------------------------------------------------------------------------

_LEADS = np.linspace(-8, 8, 129)


def _of_scores(lead, classes):
    """Probability of the right class; losses of cross entropy and squared error, and how hard each pulls its score up."""
    scores = np.zeros((len(lead), classes))
    scores[:, 0] = lead
    target = np.zeros(scores.shape)
    target[:, 0] = 1
    values, pulls = [], []
    for loss in (
        lambda z: scratch.cross_entropy(z, target, reduction="none"),
        lambda z: scratch.mse_loss(scratch.softmax(z, 1), target, reduction="none").sum(1),
    ):
        tracked = scratch.Tensor(scores, requires_grad=True)
        value = loss(tracked)
        value.sum().backward()
        values.append(value.data)
        pulls.append(-tracked.grad[:, 0])
    return scratch.softmax(scores, 1)[:, 0], values, pulls


@widget(
    "How hard does a loss punish a wrong answer?",
    Slider("lead", "score of the right class, less the others'", -8, 8, 0.25, -4, on="pulls.x"),
    Choice("classes", "classes", (2, 3, 10, 100), 10),
)
def punishment(lead, classes):
    """Draw cross entropy and squared error of probabilities, and their pulls, against the lead of the right class.

    Parameters
    ----------
    lead : float
        The score of the right class; all others are 0.
    classes : int

    Returns
    -------
    dict
        A scene with the losses, the pulls on the right class's score, and both in words at the lead.
    """
    _, values, pulls = _of_scores(_LEADS, classes)
    (q,), here, pull = _of_scores(np.array([lead], dtype=float), classes)
    names = ("cross entropy", "squared error")
    drawn = [
        plot(
            [
                *(
                    line(_LEADS, curve, name, series)
                    for series, (curve, name) in enumerate(zip(curves, names))
                ),
                *(points([lead], place, series=series) for series, place in enumerate(at)),
            ],
            title,
            x=axis("lead of the right class", limits=(-8, 8)),
            y=axis(limits=limits),
        )
        for title, curves, at, limits in (
            ("loss", values, here, (0, 8 + np.log(classes))),
            ("pull on the right class's score", pulls, pull, (0, 1.05)),
        )
    ]
    (entropy,), (square,) = pull
    ratio = f"{entropy / square:.3g} times as hard as" if square > 1e-12 else "far harder than"
    sentences = (
        f"The right class has probability {q:.3g}.",
        f"Cross entropy {here[0][0]:.3g} pulls with {entropy:.3g}, squared error {here[1][0]:.3g} with {square:.3g}.",
        f"Cross entropy pulls {ratio} the squared error.",
    )
    return scene(
        {"losses": drawn[0], "pulls": drawn[1], "sentences": text(*sentences)},
        f"Lead {lead:g} over {classes - 1} other {'class' if classes == 2 else 'classes'}. {' '.join(sentences)}",
        layout=[["losses", "pulls"], ["sentences"]],
    )


# ---- one outlier -----------------------------------------------------------------------------------------------------

_FIXED = np.array([1.0, 2.0, 2.5, 3.5, 4.0])


@widget(
    "How far does a fit follow one outlier?",
    Slider("moved", "the sixth measurement", -10, 20, 0.5, 14, on="row.x"),
    Slider("delta", "threshold δ of the Huber error", 0.25, 10, 0.25, 1),
)
def outlier(moved, delta):
    """Fit one number to six measurements, under three losses, while one of them is moved.

    Parameters
    ----------
    moved : float
    delta : float

    Returns
    -------
    dict
        A scene with the measurements and the best fits, the loss of every guess, and a table with the pulls.
    """
    values = np.append(_FIXED, moved)
    guesses = np.linspace(-10, 20, 241)
    away = guesses[:, None] - values
    losses = {
        "squared": scratch.mse_loss(away, np.zeros(away.shape), reduction="none"),
        "absolute": scratch.l1_loss(away, np.zeros(away.shape), reduction="none"),
        "Huber": scratch.huber_loss(away, np.zeros(away.shape), reduction="none", delta=delta),
    }
    fits = {"squared": values.mean(), "absolute": np.median(values), "Huber": _huber_fit(values, delta)}
    pulls = {
        "squared": 2 * (moved - fits["squared"]),
        "absolute": np.sign(moved - fits["absolute"]),
        "Huber": np.clip(moved - fits["Huber"], -delta, delta),
    }
    row = plot(
        [
            points(_FIXED, np.zeros(5), "measured", series=3),
            points([moved], [0], "moved", series=4),
            *(
                points([fit], [1 + n], f"best, {name}", series=n)
                for n, (name, fit) in enumerate(fits.items())
            ),
        ],
        "measurements and best fits",
        x=axis("value", limits=(-10, 20)),
        y=axis(limits=(-0.7, 3.7), ticks=[]),
    )
    curves = plot(
        [
            line(guesses, loss.sum(1) / loss.sum(1).max(), name, series=n)
            for n, (name, loss) in enumerate(losses.items())
        ],
        "loss of a guess, relative to the largest",
        x=axis("guess", limits=(-10, 20)),
        y=axis(limits=(0, 1.05)),
    )
    rows = [[name, f"{fit:.2f}", f"{pulls[name]:+.2f}"] for name, fit in fits.items()]
    fitted = ", ".join(f"{name} {fit:.2f}" for name, fit in fits.items())
    pulled = ", ".join(f"{pull:+.2f} ({name})" for name, pull in pulls.items())
    return scene(
        {"row": row, "curves": curves, "table": table(["loss", "best fit", "pull of the moved one"], rows)},
        f"With the sixth measurement at {moved:g} the best fits are: {fitted} (δ = {delta:g}). It pulls with {pulled}. "
        f"The other five lie at {', '.join(f'{value:g}' for value in _FIXED)}.",
        layout=[["row", "curves"], ["table"]],
    )


def _huber_fit(values, delta):
    """Where the clipped differences add up to 0; in the middle, where that is so on an interval."""
    low = high = None
    knots = np.unique(np.concatenate([values - delta, values + delta]))
    totals = np.clip(knots[:, None] - values, -delta, delta).sum(1)
    first = int(np.searchsorted(totals, -1e-9, side="right"))  # totals never fall
    last = int(np.searchsorted(totals, 1e-9, side="right")) - 1
    if last >= first:
        low, high = knots[first], knots[last]
    else:
        share = totals[first - 1] / (totals[first - 1] - totals[first])
        low = high = knots[first - 1] + share * (knots[first] - knots[first - 1])
    return float((low + high) / 2)


# ---- the Kullback-Leibler divergence ---------------------------------------------------------------------------------

_PLACES = np.linspace(-6, 6, 97)


def _bell(mean, width):
    return scratch.softmax(-0.5 * ((_PLACES - mean) / width) ** 2, 0)


_HUMPS = 0.6 * _bell(-2.0, 0.7) + 0.4 * _bell(2.0, 0.7)


@widget(
    "Which bell is nearest to two humps?",
    Slider("mean", "mean of q", -4, 4, 0.1, 1, on="bells.x"),
    Slider("width", "width of q", 0.4, 4, 0.1, 1),
)
def divergence(mean, width):
    """Compare a bell q with a distribution t that has two humps, by the divergence in both directions.

    Parameters
    ----------
    mean, width : float
        Of q.

    Returns
    -------
    dict
        A scene with both distributions, what each place adds to each divergence, and the two sums.
    """
    q = _bell(mean, width)
    log_t, log_q = np.log(_HUMPS), scratch.log_softmax(-0.5 * ((_PLACES - mean) / width) ** 2, 0)
    there = scratch.kl_div(log_q, _HUMPS, reduction="none")
    back = scratch.kl_div(log_t, q, reduction="none")
    bells = plot(
        [line(_PLACES, _HUMPS, "t"), line(_PLACES, q, "q", series=1)],
        "distributions",
        x=axis("place", limits=(-6, 6)),
        y=axis(limits=(0, 0.13)),
    )
    reach = max(0.05, 1.1 * np.abs([there, back]).max())
    parts = plot(
        [line(_PLACES, there, "t ln(t/q)", series=2), line(_PLACES, back, "q ln(q/t)", series=3)],
        "what each place adds",
        x=axis("place", limits=(-6, 6)),
        y=axis(limits=(-0.3 * reach, reach)),
    )
    sums = f"D(t ‖ q) = {there.sum():.3f}, D(q ‖ t) = {back.sum():.3f}"
    return scene(
        {"bells": bells, "parts": parts, "sums": text(paragraph(sums, strong=True))},
        f"{sums}, for a bell q with mean {mean:g} and width {width:g}. t has humps at -2 and 2, where its probabilities are "
        f"{_HUMPS[32]:.3f} and {_HUMPS[64]:.3f}; those of q are {q[32]:.3f} and {q[64]:.3f} there.",
        layout=[["bells", "parts"], ["sums"]],
    )


# ---- margins ---------------------------------------------------------------------------------------------------------

_THETA = np.radians(np.linspace(0, 180, 721))
_SHOWN = slice(None, None, 6)


def _margin_scores(multiplier, cosine_margin, angle_margin):
    """From the name of each loss to the score that it gives the right class at the angles."""
    k = np.minimum(np.floor(_THETA * multiplier / np.pi), multiplier - 1)
    shifted = np.where(
        _THETA <= np.pi - angle_margin,
        np.cos(_THETA + angle_margin),
        np.cos(_THETA) - angle_margin * np.sin(angle_margin),
    )
    return {
        "softmax": np.cos(_THETA),
        "multiplied angle": (-1) ** k * np.cos(multiplier * _THETA) - 2 * k,
        "AM-Softmax": np.cos(_THETA) - cosine_margin,
        "ArcFace": shifted,
    }


def _crossing(lead, index):
    """The angle after the one of this index at which a lead that falls is used up, in radians."""
    after = min(index + 1, len(_THETA) - 1)
    here, there = lead[index], lead[after]
    share = here / (here - there) if here > 0 >= there and after > index else 0.0
    return _THETA[index] + share * (_THETA[after] - _THETA[index])


@widget(
    "What does a margin ask for?",
    Slider("angle", "angle of the feature, in degrees", 0, 180, 1, 20, on="scores.x"),
    Slider("between", "angle between the two classes", 20, 180, 5, 90),
    Slider("multiplier", "m of L- and A-Softmax", 1, 4, 1, 2),
    Slider("cosine_margin", "m of AM-Softmax", 0, 0.9, 0.01, 0.35),
    Slider("angle_margin", "m of ArcFace, in radians", 0, 1.5, 0.05, 0.5),
)
def margins(angle, between, multiplier, cosine_margin, angle_margin):
    """Draw the scores of the right class under four losses, and how far from its class each lets a feature stray.

    Parameters
    ----------
    angle, between : int
        In degrees, from the right class.
    multiplier : int
    cosine_margin, angle_margin : float

    Returns
    -------
    dict
        A scene with the scores of features of length 1 and scale 1, the plane with both classes and the last angles at
        which the right class leads, and those angles in a table.
    """
    degrees = np.degrees(_THETA)
    other = np.cos(np.radians(between) - _THETA)
    scores = _margin_scores(multiplier, cosine_margin, angle_margin)
    at = round(4 * angle)
    rows, rays, verdicts = [], [], []
    for series, (name, score) in enumerate(scores.items()):
        # A feature between the two classes; the lead falls all the way.
        lead = np.flatnonzero((score - other >= -1e-12) & (degrees <= between))
        leads = score[at] >= other[at] - 1e-12
        verdicts.append(f"{name} {'leads' if leads else 'does not lead'}")
        if len(lead):
            last = _crossing(score - other, lead[-1])
            for ray in (last, np.radians(between) - last):
                rays.append(line([0, np.cos(ray)], [0, np.sin(ray)], series=series, dashed=True))
            reach = np.degrees(last)
            clear = max(0.0, between - 2 * reach)
            rows.append([name, f"{reach:.1f}°", f"{clear:.1f}°", f"{score[at]:.2f}"])
        else:
            rows.append([name, "nowhere", "", f"{score[at]:.2f}"])
    curves = plot(
        [
            *(
                line(degrees[_SHOWN], score[_SHOWN], name, n)
                for n, (name, score) in enumerate(scores.items())
            ),
            line(degrees[_SHOWN], other[_SHOWN], "the other class", series=4, dashed=True),
            points(np.full(4, angle), [score[at] for score in scores.values()]),
        ],
        "score of the right class",
        x=axis("angle of the feature", limits=(0, 180), ticks=[0, 45, 90, 135, 180]),
        y=axis(limits=(-4, 1.2)),
    )
    turn, beside = np.radians(between), np.radians(angle)
    plane = plot(
        [
            *rays,
            arrows([0, 0], [0, 0], [1, np.cos(turn)], [0, np.sin(turn)], series=4),
            points([0.8 * np.cos(beside)], [0.8 * np.sin(beside)]),
            label([1.28, 1.14 * np.cos(turn)], [0, 1.14 * np.sin(turn)], ["right", "other"], series=4),
        ],
        "where each loss draws the line",
        x=axis(limits=(-1.5, 1.6), ticks=[]),
        y=axis(limits=(-0.2, 1.4), ticks=[]),
        aspect="equal",
    )
    columns = ["loss", "leads up to", "kept clear", "score here"]
    limits = "; ".join(f"{row[0]} up to {row[1]}" if row[2] else f"{row[0]} nowhere" for row in rows)
    return scene(
        {"scores": curves, "plane": plane, "table": table(columns, rows)},
        f"A feature {angle}° from its class, the other class at {between}°: {', '.join(verdicts)}. The right class leads "
        f"under {limits}.",
        layout=[["scores", "plane"], ["table"]],
    )
