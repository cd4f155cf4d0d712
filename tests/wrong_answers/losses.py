"""Wrong answers to the exercises on losses, each in another style, each with one mistake.

They are written from the text of the exercises alone, so that a mistake is recognised by what it computes.
"""

import math

import numpy as np

# ---- by_hand ---------------------------------------------------------------------------------------------------------


def divided_the_logarithms():
    z = [math.log(n) for n in (2, 5, 3)]
    q = [one / sum(z) for one in z]
    return {"probabilities": q, "loss": -math.log(q[2]), "gradient": [q[0], q[1], q[2] - 1]}


def where_the_scores_should_go():
    return {"probabilities": [0.2, 0.5, 0.3], "loss": 1.204, "gradient": [-0.2, -0.5, 0.7]}


def logarithm_as_it_is():
    return {"probabilities": [0.2, 0.5, 0.3], "loss": -1.204, "gradient": [0.2, 0.5, -0.7]}


def in_bits():
    return {"probabilities": [0.2, 0.5, 0.3], "loss": 1.737, "gradient": [0.2, 0.5, -0.7]}


def log_on_the_calculator():
    return {"probabilities": [0.2, 0.5, 0.3], "loss": 0.523, "gradient": [0.2, 0.5, -0.7]}


def took_the_most_probable():
    return {"probabilities": [0.2, 0.5, 0.3], "loss": 0.693, "gradient": [0.2, -0.5, 0.3]}


def softmax_is_its_own_gradient():
    q = [0.2, 0.5, 0.3]
    return {"probabilities": q, "loss": 1.204, "gradient": q}


def only_one_score_moves():
    return {"probabilities": (0.2, 0.5, 0.3), "loss": 1.204, "gradient": (0, 0, -0.7)}


# ---- best_constants --------------------------------------------------------------------------------------------------


def mixed_them_up():
    return {"squared": 2, "absolute": 2.2, "Huber": 2.05}


def always_the_mean():
    return dict.fromkeys(("squared", "absolute", "Huber"), 2.2)


def huber_is_squared():
    return {"squared": 2.2, "absolute": 2.0, "Huber": 2.2}


def huber_is_the_median():
    return {"squared": 2.2, "absolute": 2.0, "Huber": 2.0}


def huber_forgets_the_last():
    return {"squared": 2.2, "absolute": 2, "Huber": (20 + 20 + 20 + 21) / 40}


def everybody_forgets_the_last():
    mean = np.mean([20, 20, 20, 21]) / 10
    return {"squared": mean, "absolute": 2, "Huber": mean}


def half_way():
    return {"squared": (20 + 29) / 20, "absolute": 2.0, "Huber": 2.05}


def added_them_up():
    return {"squared": sum([20, 20, 20, 21, 29]) / 10, "absolute": 2, "Huber": 2.05}


def as_it_was_read():
    return {"squared": 22, "absolute": 20, "Huber": 20.5}


# ---- mended ----------------------------------------------------------------------------------------------------------


def copied(z, target):
    rows = np.arange(len(z))
    with np.errstate(all="ignore"):
        q = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = -np.log(q[rows, target]).mean()
    grad = q.copy()
    grad[rows, target] -= 1
    return loss, grad


def stable_but_a_sum(z, target):
    rows = np.arange(len(z))
    moved = z - z.max(axis=1, keepdims=True)
    log_q = moved - np.log(np.exp(moved).sum(axis=1, keepdims=True))
    grad = np.exp(log_q)
    grad[rows, target] -= 1
    return -log_q[rows, target].mean(), grad


def only_divided(z, target):
    loss, grad = copied(z, target)
    return loss, grad / len(z)


def moved_and_then_took_the_logarithm(z, target):
    rows = np.arange(len(z))
    powers = np.exp(z - z.max(axis=1)[:, None])
    q = powers / powers.sum(axis=1)[:, None]
    with np.errstate(divide="ignore"):
        loss = np.mean(-np.log(q[rows, target]))
    q[rows, target] -= 1
    return loss, q / len(rows)


def epsilon_inside(z, target):
    n = len(z)
    powers = np.exp(z - z.max(axis=1)[:, None])
    q = powers / powers.sum(axis=1)[:, None]
    loss = -sum(math.log(q[i, target[i]] + 1e-12) for i in range(n)) / n
    for i in range(n):
        q[i, target[i]] -= 1
    return loss, q / n


def one_maximum_for_all(z, target):
    moved = z - np.max(z)
    loss, grad = copied(moved, target)
    return loss, grad / len(z)


def added_the_losses(z, target):
    loss, grad = stable_but_a_sum(z, target)
    return loss * len(z), grad / len(z)


def divided_by_the_size(z, target):
    loss, grad = stable_but_a_sum(z, target)
    return loss, grad / grad.size


# ---- boundary --------------------------------------------------------------------------------------------------------


def always_half_way(loss, margin, between):
    return 0.5 * between


def seen_from_the_other_side(loss, margin, between):
    own = _boundary(loss, margin, between)
    return float(between) - own


def stayed_in_radians(loss, margin, between):
    return _boundary(loss, margin, between) * math.pi / 180


def degrees_less_radians(loss, margin, between):
    if loss == "ArcFace":
        return between / 2 - margin / 2
    return _boundary(loss, margin, between)


def all_of_the_margin(loss, margin, between):
    if loss == "ArcFace":
        return between / 2 - margin * 180 / math.pi
    return _boundary(loss, margin, between)


def forgot_its_own_angle(loss, margin, between):
    return between / margin if loss == "A-Softmax" else _boundary(loss, margin, between)


def cosine_margin_as_an_angle(loss, margin, between):
    return _boundary("ArcFace" if loss == "AM-Softmax" else loss, margin, between)


def right_angle_in_mind(loss, margin, between):
    if loss != "AM-Softmax":
        return _boundary(loss, margin, between)
    # cos θ − sin θ = m
    return math.degrees(math.acos(margin / math.sqrt(2))) - 45


def _boundary(loss, margin, between):
    low, high = 0.0, float(between)
    for _ in range(60):
        middle = (low + high) / 2
        theta, other = math.radians(middle), math.radians(between - middle)
        ahead = {
            "softmax": other - theta,
            "A-Softmax": other - margin * theta,
            "ArcFace": other - theta - margin,
            "AM-Softmax": math.cos(theta) - margin - math.cos(other),
        }[loss]
        low, high = (middle, high) if ahead > 0 else (low, middle)
    return low


# ---- smoothed --------------------------------------------------------------------------------------------------------


def never_used_it(z, target, smoothing):
    t = np.zeros(z.shape)
    t[np.arange(len(z)), target] = 1
    return _loss_and_gradient(z, t)


def shared_among_the_wrong_ones(z, target, smoothing):
    t = np.full(z.shape, smoothing / (z.shape[1] - 1))
    t[np.arange(len(z)), target] = 1 - smoothing
    return _loss_and_gradient(z, t)


def right_class_without_its_share(z, target, smoothing):
    t = np.ones(z.shape) * smoothing / z.shape[1]
    for row, c in enumerate(target):
        t[row, c] = 1 - smoothing
    return _loss_and_gradient(z, t)


def everybody_gets_all_of_it(z, target, smoothing):
    t = np.full(z.shape, float(smoothing))
    t[np.arange(len(z)), target] += 1 - smoothing
    return _loss_and_gradient(z, t)


def gradient_as_before(z, target, smoothing):
    return _loss_and_gradient(z, _target(z, target, smoothing))[0], _loss_and_gradient(
        z, _target(z, target, 0)
    )[1]


def loss_as_before(z, target, smoothing):
    loss = _loss_and_gradient(z, np.eye(z.shape[1])[target])[0]
    return loss, _loss_and_gradient(z, _target(z, target, smoothing))[1]


def added_over_the_examples(z, target, smoothing):
    loss, gradient = _loss_and_gradient(z, _target(z, target, smoothing))
    return len(z) * loss, len(z) * gradient


def mean_loss_summed_gradient(z, target, smoothing):
    loss, gradient = _loss_and_gradient(z, _target(z, target, smoothing))
    return loss, gradient * len(target)


def kept_the_smoothing(z, target, smoothing):
    return _loss_and_gradient(z, _target(z, target, 1 - smoothing))


def _target(z, target, smoothing):
    return (1 - smoothing) * np.eye(z.shape[1])[target] + smoothing / z.shape[1]


def _loss_and_gradient(z, t):
    z = z - z.max(axis=1, keepdims=True)
    log_q = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -np.mean((t * log_q).sum(axis=1)), (np.exp(log_q) - t) / len(z)


# ---- additive_margin -------------------------------------------------------------------------------------------------


def no_margin_at_all(x, w, target, margin, scale):
    return _am(x, w, target, 0 * margin, scale)


def same_margin_for_every_class(x, w, target, margin, scale):
    u, v, nx, nw = _units(x, w)
    loss, g = _loss_and_gradient(scale * (u @ v.T - margin), np.eye(len(w))[target])
    return loss, _back(scale * g @ v, u, nx), _back(scale * g.T @ u, v, nw)


def made_it_easier(x, w, target, margin, scale):
    u, v, nx, nw = _units(x, w)
    z = scale * (u @ v.T + margin * np.eye(len(w))[target])
    loss, g = _loss_and_gradient(z, np.eye(len(w))[target])
    return loss, _back(scale * g @ v, u, nx), _back(scale * g.T @ u, v, nw)


def margin_after_the_scale(x, w, target, margin, scale):
    return _am(x, w, target, margin / scale, scale)


def lengths_as_constants(x, w, target, margin, scale):
    u, v, nx, nw = _units(x, w)
    z = scale * (u @ v.T - margin * np.eye(len(w))[target])
    loss, g = _loss_and_gradient(z, np.eye(len(w))[target])
    return loss, scale * g @ v / nx, scale * g.T @ u / nw


def projected_only(x, w, target, margin, scale):
    nx, nw = _units(x, w)[2:]
    loss, gx, gw = _am(x, w, target, margin, scale)
    return loss, gx * nx, gw * nw


def stopped_at_the_unit_vectors(x, w, target, margin, scale):
    nx, nw = _units(x, w)[2:]
    loss, gx, gw = lengths_as_constants(x, w, target, margin, scale)
    return loss, gx * nx, gw * nw


def scale_on_the_way_there_only(x, w, target, margin, scale):
    loss, gx, gw = _am(x, w, target, margin, scale)
    return loss, gx / scale, gw / scale


def features_as_they_are(x, w, target, margin, scale):
    _, v, _, nw = _units(x, w)
    z = scale * (x @ v.T - margin * np.eye(len(w))[target])
    loss, g = _loss_and_gradient(z, np.eye(len(w))[target])
    return loss, scale * g @ v, _back(scale * g.T @ x, v, nw)


def classes_as_they_are(x, w, target, margin, scale):
    u, _, nx, _ = _units(x, w)
    z = scale * (u @ w.T - margin * np.eye(len(w))[target])
    loss, g = _loss_and_gradient(z, np.eye(len(w))[target])
    return loss, _back(scale * g @ w, u, nx), scale * g.T @ u


def summed_over_the_batch(x, w, target, margin, scale):
    return tuple(len(x) * part for part in _am(x, w, target, margin, scale))


def _units(x, w):
    nx, nw = (np.sqrt((a * a).sum(axis=1))[:, None] for a in (x, w))
    return x / nx, w / nw, nx, nw


def _back(grad, unit, length):
    return (grad - (grad * unit).sum(axis=1)[:, None] * unit) / length


def _am(x, w, target, margin, scale):
    u, v, nx, nw = _units(x, w)
    z = scale * (u @ v.T - margin * np.eye(len(w))[target])
    loss, g = _loss_and_gradient(z, np.eye(len(w))[target])
    return loss, _back(scale * g @ v, u, nx), _back(scale * g.T @ u, v, nw)


WRONG = [
    ("by_hand", divided_the_logarithms, "exponentials forgotten"),
    ("by_hand", where_the_scores_should_go, "sign of the gradient"),
    ("by_hand", logarithm_as_it_is, "minus forgotten"),
    ("by_hand", in_bits, "another base of the logarithm"),
    ("by_hand", log_on_the_calculator, "another base of the logarithm"),
    ("by_hand", took_the_most_probable, "another class taken for the right one"),
    ("by_hand", softmax_is_its_own_gradient, "target left out of the gradient"),
    ("by_hand", only_one_score_moves, "gradient of the right class alone"),
    ("best_constants", mixed_them_up, "squared and absolute exchanged"),
    ("best_constants", always_the_mean, "mean for all"),
    ("best_constants", huber_is_squared, "mean for all"),
    ("best_constants", huber_is_the_median, "median for all"),
    ("best_constants", huber_forgets_the_last, "outlier left out"),
    ("best_constants", everybody_forgets_the_last, "outlier left out"),
    ("best_constants", half_way, "middle of the range"),
    ("best_constants", added_them_up, "sum for mean"),
    ("best_constants", as_it_was_read, "tenths in place of seconds"),
    ("mended", copied, "unchanged copy"),
    ("mended", stable_but_a_sum, "gradient not divided by the number of examples"),
    ("mended", only_divided, "exponential overflows"),
    ("mended", moved_and_then_took_the_logarithm, "logarithm of a probability rounded to zero"),
    ("mended", epsilon_inside, "a small number added to the probability"),
    ("mended", one_maximum_for_all, "largest score of the whole batch"),
    ("mended", added_the_losses, "loss summed"),
    ("mended", divided_by_the_size, "divided by the number of scores"),
    ("boundary", always_half_way, "margin ignored"),
    ("boundary", seen_from_the_other_side, "boundary of the other class"),
    ("boundary", stayed_in_radians, "radians"),
    ("boundary", degrees_less_radians, "ArcFace's margin taken as degrees"),
    ("boundary", all_of_the_margin, "whole margin taken off"),
    ("boundary", forgot_its_own_angle, "A-Softmax divided by m"),
    ("boundary", cosine_margin_as_an_angle, "AM-Softmax's margin taken as an angle"),
    ("boundary", right_angle_in_mind, "other class at a right angle"),
    ("smoothed", never_used_it, "smoothing ignored"),
    ("smoothed", shared_among_the_wrong_ones, "share spread over the other classes only"),
    ("smoothed", right_class_without_its_share, "right class gets no share"),
    ("smoothed", everybody_gets_all_of_it, "share not divided by the number of classes"),
    ("smoothed", gradient_as_before, "gradient of the hard target"),
    ("smoothed", loss_as_before, "loss of the hard target"),
    ("smoothed", added_over_the_examples, "sum for mean"),
    ("smoothed", mean_loss_summed_gradient, "gradient not divided by the number of examples"),
    ("smoothed", kept_the_smoothing, "smoothing and its rest exchanged"),
    ("additive_margin", no_margin_at_all, "margin ignored"),
    ("additive_margin", same_margin_for_every_class, "margin ignored"),
    ("additive_margin", made_it_easier, "margin added"),
    ("additive_margin", margin_after_the_scale, "margin not scaled"),
    ("additive_margin", lengths_as_constants, "change of the length left in the gradient"),
    ("additive_margin", projected_only, "gradients not divided by the lengths"),
    ("additive_margin", stopped_at_the_unit_vectors, "gradients of the unit vectors"),
    ("additive_margin", scale_on_the_way_there_only, "scale left out of the gradient"),
    ("additive_margin", features_as_they_are, "features not normalized"),
    ("additive_margin", classes_as_they_are, "class vectors not normalized"),
    ("additive_margin", summed_over_the_batch, "sum for mean"),
]
