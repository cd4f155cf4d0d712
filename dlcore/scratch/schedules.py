"""Schedules: the learning rate as a function of the step.

A schedule is called as ``name(step, lr, ...)``, where `lr` is the rate to begin with and `step` counts from 0; it
remembers nothing. Put its answer where the optimizer looks for it::

    for step in range(1000):
        for group in optimizer.param_groups:
            group["lr"] = schedules.cosine(step, lr=0.1, T_max=1000)
        ...
        optimizer.step()

A step is whatever one counts, updates or epochs. It is a number from 0 on, which gives a float, or an array of them,
which gives the array of their rates, to be drawn.

``dlcore.pytorch.schedules`` has the same names. There ``name(optimizer, ...)`` returns the scheduler of
``torch.optim.lr_scheduler`` that sets the same rates, one at each ``scheduler.step()``; the other parameters are the
same on both sides, with PyTorch's names and defaults. Three schedules have no `lr` to begin with: :func:`one_cycle` is
told the highest rate instead, :func:`one_cycle_momentum` gives a momentum, and the parts of :func:`sequential` know
their rates.
"""

import functools
import math
from bisect import bisect_right

import numpy as np

from .windows import as_bool, as_int, as_number

__all__ = [
    "cosine", "cosine_restarts", "exponential", "fixed", "inverse", "linear_warmup", "multistep", "one_cycle",
    "one_cycle_momentum", "polynomial", "reduce_on_plateau", "sequential", "sigmoid", "step",
]  # fmt: skip


def _of_steps(formula):
    """Let a formula of an array of steps also answer for a single step."""

    @functools.wraps(formula)
    @np.errstate(all="ignore")  # what overflows or vanishes does so in PyTorch, without a word
    def schedule(step, *args, **kwargs):
        steps = _steps(step)
        rates = np.asarray(formula(steps, *args, **kwargs), np.float64)
        return rates if steps.ndim else float(rates)

    return schedule


# The seven classic policies


@_of_steps
def fixed(step, lr):
    """``lr``, at every step.

    Parameters
    ----------
    step : number or array_like, from 0 on
    lr : float, not negative

    Returns
    -------
    float, or array of float64 where `step` is an array

    Raises
    ------
    ValueError
        A negative step or rate, or another number out of its range. (So in all schedules.)
    TypeError
        An argument of another type. (So in all schedules.)

    Source: the policy "fixed" of Caffe, see Jia et al., "Caffe: convolutional architecture for fast feature embedding"
    (2014); ``torch.optim.lr_scheduler.ConstantLR`` with a factor of 1.
    """
    return np.full(step.shape, _rate(lr))


@_of_steps
def step(step, lr, step_size, gamma=0.1):
    """``lr * gamma ** floor(step / step_size)``: down by the factor `gamma` every `step_size` steps.

    Parameters
    ----------
    step, lr
        As for :func:`fixed`.
    step_size : int, at least 1
    gamma : float, not negative

    Returns
    -------
    float, or array of float64 where `step` is an array

    Source: ``torch.optim.lr_scheduler.StepLR``; the policy "step" of Caffe.
    """
    return _rate(lr) * _positive(gamma, "gamma") ** (step // _count(step_size, "step_size"))


@_of_steps
def multistep(step, lr, milestones, gamma=0.1):
    """``lr * gamma ** (how many milestones are <= step)``: down by the factor `gamma` at every milestone.

    Parameters
    ----------
    step, lr
        As for :func:`fixed`.
    milestones : iterable of int, not negative
        In any order. One that stands there twice counts twice.
    gamma : float, not negative

    Returns
    -------
    float, or array of float64 where `step` is an array

    Source: ``torch.optim.lr_scheduler.MultiStepLR``, which never reaches a milestone that is negative or no whole
    number, and does not say so; here it is an error. The policy "multistep" of Caffe.
    """
    passed = np.searchsorted(sorted(_milestones(milestones)), step, side="right")
    return _rate(lr) * _positive(gamma, "gamma") ** passed


@_of_steps
def exponential(step, lr, gamma):
    """``lr * gamma ** step``.

    Parameters
    ----------
    step, lr
        As for :func:`fixed`.
    gamma : float, not negative

    Returns
    -------
    float, or array of float64 where `step` is an array

    Source: ``torch.optim.lr_scheduler.ExponentialLR``; the policy "exp" of Caffe.
    """
    return _rate(lr) * _positive(gamma, "gamma") ** step


@_of_steps
def inverse(step, lr, gamma, power):
    """``lr * (1 + gamma * step) ** -power``: fast at first, then ever more slowly.

    Parameters
    ----------
    step, lr
        As for :func:`fixed`.
    gamma : float, not negative
    power : float
        0.75 in Caffe's LeNet, with a `gamma` of 0.0001.

    Returns
    -------
    float, or array of float64 where `step` is an array

    Source: the policy "inv" of Caffe.
    """
    return _rate(lr) * (1 + _positive(gamma, "gamma") * step) ** -_number(power, "power")


@_of_steps
def polynomial(step, lr, total_iters=5, power=1.0):
    """``lr * (1 - step / total_iters) ** power``, and 0 from `total_iters` on.

    Parameters
    ----------
    step, lr
        As for :func:`fixed`.
    total_iters : int, at least 1
    power : float, not negative
        1 is a straight line.

    Returns
    -------
    float, or array of float64 where `step` is an array

    Source: ``torch.optim.lr_scheduler.PolynomialLR``; the policy "poly" of Caffe.
    """
    total_iters = _count(total_iters, "total_iters")
    return _rate(lr) * (1 - np.minimum(step, total_iters) / total_iters) ** _positive(power, "power")


@_of_steps
def sigmoid(step, lr, gamma, step_size):
    """``lr / (1 + exp(-gamma * (step - step_size)))``: half the rate at `step_size`, a smooth stair around it.

    Parameters
    ----------
    step, lr
        As for :func:`fixed`.
    gamma : float
        How steep. Negative: the rate falls from `lr` to 0. Positive: it rises from 0 to `lr`.
    step_size : float
        The step in the middle.

    Returns
    -------
    float, or array of float64 where `step` is an array

    Source: the policy "sigmoid" of Caffe.
    """
    return _rate(lr) / (1 + np.exp(-_number(gamma, "gamma") * (step - _number(step_size, "step_size"))))


# Warm-up and cosines


@_of_steps
def linear_warmup(step, lr, start_factor=1 / 3, end_factor=1.0, total_iters=5):
    """``lr * (start_factor + (end_factor - start_factor) * step / total_iters)``; from `total_iters` on, the end.

    Parameters
    ----------
    step, lr
        As for :func:`fixed`.
    start_factor : float, above 0, at most 1
    end_factor : float, from 0 to 1
    total_iters : int, at least 1

    Returns
    -------
    float, or array of float64 where `step` is an array

    Source: ``torch.optim.lr_scheduler.LinearLR``; Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1
    hour" (2017), section 2.2.
    """
    start, end = _number(start_factor, "start_factor"), _number(end_factor, "end_factor")
    if not 0 < start <= 1:
        raise ValueError(f"start_factor: expected a number above 0 and at most 1, got {start_factor!r}")
    if not 0 <= end <= 1:
        raise ValueError(f"end_factor: expected a number from 0 to 1, got {end_factor!r}")
    total_iters = _count(total_iters, "total_iters")
    return _rate(lr) * (start + (end - start) * np.minimum(step, total_iters) / total_iters)


@_of_steps
def cosine(step, lr, T_max, eta_min=0.0):
    """``eta_min + (lr - eta_min) * (1 + cos(pi * step / T_max)) / 2``: half a wave from `lr` down to `eta_min`.

    Parameters
    ----------
    step, lr
        As for :func:`fixed`.
    T_max : int, at least 1
        The step with the lowest rate. After it the rate rises again, as the cosine does, and so on.
    eta_min : float

    Returns
    -------
    float, or array of float64 where `step` is an array

    Source: ``torch.optim.lr_scheduler.CosineAnnealingLR``; Loshchilov and Hutter, "SGDR: stochastic gradient descent
    with warm restarts" (2017), equation 5.
    """
    return _half_wave(_rate(lr), _number(eta_min, "eta_min"), np.pi * step / _count(T_max, "T_max"))


@_of_steps
def cosine_restarts(step, lr, T_0, T_mult=1, eta_min=0.0):
    """``eta_min + (lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2``: from `lr` down to `eta_min`, again and again.

    ``T_cur`` steps have passed since the last restart, of a cycle of ``T_i`` steps. The first cycle has `T_0` steps,
    each later one `T_mult` times as many as the one before. The lowest rate is never reached: there is the restart.

    Parameters
    ----------
    step, lr
        As for :func:`fixed`.
    T_0 : int, at least 1
    T_mult : int, at least 1
    eta_min : float

    Returns
    -------
    float, or array of float64 where `step` is an array

    Source: ``torch.optim.lr_scheduler.CosineAnnealingWarmRestarts``; Loshchilov and Hutter (2017), equation 5. Huang et
    al., "Snapshot ensembles: train 1, get M for free" (2017) keep a network from the end of each cycle.
    """
    T_0, T_mult = _whole(T_0, "T_0"), _whole(T_mult, "T_mult")
    lr, eta_min = _rate(lr), _real(eta_min, "eta_min")
    if T_mult == 1:
        return _half_wave(lr, eta_min, np.pi * (step % T_0) / T_0)
    restarts, last = [0], step.max(initial=0)
    while restarts[-1] <= last:
        restarts.append(restarts[-1] * T_mult + T_0)
    restarts = np.array(restarts, np.float64)
    cycle = np.searchsorted(restarts, step, side="right") - 1
    return _half_wave(lr, eta_min, np.pi * (step - restarts[cycle]) / (T_0 * float(T_mult) ** cycle))


# One cycle


@_of_steps
def one_cycle(
    step, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3, anneal_strategy="cos", *,
    div_factor=25.0, final_div_factor=1e4, three_phase=False,
):  # fmt: skip
    """From ``max_lr / div_factor`` up to ``max_lr``, then down to ``max_lr / div_factor / final_div_factor``.

    From ``start`` to ``end``, with a part p of the phase behind, the rate is ``end + (start - end) * (1 + cos(pi * p))
    / 2``, or ``start + (end - start) * p`` on a straight line. The way up ends at the step ``pct_start * total_steps -
    1``, the way down at ``total_steps - 1``.

    Parameters
    ----------
    step : number or array_like, from 0 to `total_steps`
        The last one is a step more than the cycle has: PyTorch answers it, with ``p > 1``, and so does this.
    max_lr : float, not negative
        The highest rate.
    total_steps : int, at least 1
        The length of the cycle; or else `epochs` times `steps_per_epoch`.
    pct_start : float, from 0 to 1
        Which part of the cycle is the way up.
    anneal_strategy : {"cos", "linear"}
    div_factor, final_div_factor : float, above 0
    three_phase : bool
        The way down takes as long as the way up and ends at the rate of the beginning; the rest goes down from there.

    Returns
    -------
    float, or array of float64 where `step` is an array

    Raises
    ------
    ValueError
        A step beyond `total_steps`, neither `total_steps` nor both of `epochs` and `steps_per_epoch`, an unknown
        `anneal_strategy`, a phase without length; see also :func:`fixed`.

    Source: ``torch.optim.lr_scheduler.OneCycleLR``; Smith and Topin, "Super-convergence: very fast training of neural
    networks using large learning rates" (2018).
    """
    high = _rate(max_lr, "max_lr")
    low = high / _above_0(div_factor, "div_factor")
    last = low / _above_0(final_div_factor, "final_div_factor")
    values = [(low, high), (high, low), (low, last)] if three_phase else [(low, high), (high, last)]
    total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
    return _phases(step, values, total_steps, pct_start, anneal_strategy, three_phase)


@_of_steps
def one_cycle_momentum(
    step, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3, anneal_strategy="cos", *,
    base_momentum=0.85, max_momentum=0.95, three_phase=False,
):  # fmt: skip
    """The momentum beside :func:`one_cycle`: from `max_momentum` down to `base_momentum` while the rate rises, and back.

    In Adam and its relatives it is the first of the `betas`.

    Parameters
    ----------
    step, total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, three_phase
        As for :func:`one_cycle`; in a third phase the momentum stays.
    base_momentum, max_momentum : float, not negative

    Returns
    -------
    float, or array of float64 where `step` is an array

    Source: ``torch.optim.lr_scheduler.OneCycleLR`` with ``cycle_momentum=True``; Smith and Topin (2018).
    """
    low, high = _positive(base_momentum, "base_momentum"), _positive(max_momentum, "max_momentum")
    values = [(high, low), (low, high), (high, high)] if three_phase else [(high, low), (low, high)]
    total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
    return _phases(step, values, total_steps, pct_start, anneal_strategy, three_phase)


def _phases(step, values, total_steps, pct_start, anneal_strategy, three_phase):
    """Go through pairs (start, end) of values, one pair for each phase of a cycle of `total_steps`."""
    if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
        raise ValueError(f"pct_start: expected a float from 0 to 1, got {pct_start!r}")
    if anneal_strategy not in ("cos", "linear"):
        raise ValueError(f"anneal_strategy: expected 'cos' or 'linear', got {anneal_strategy!r}")
    if (step > total_steps).any():
        raise ValueError(f"step: expected steps from 0 to total_steps={total_steps}, got {step.max():g}")
    rise = pct_start * total_steps - 1
    ends = [rise, *([2 * rise] if as_bool(three_phase, "three_phase") else []), total_steps - 1]
    rates = np.empty(step.shape)
    earlier = np.zeros(step.shape, bool)  # steps that belong to a phase before
    for place, (start, end) in enumerate(zip([0.0, *ends], ends)):
        here = ~earlier & ((step <= end) | (place == len(ends) - 1))
        if start == end and here.any():
            raise ValueError(f"pct_start: {pct_start!r} of {total_steps} steps leaves a phase without length")
        first, last = values[place]
        part = (step[here] - start) / (end - start) if start != end else np.empty(0)
        line, wave = first + (last - first) * part, _half_wave(first, last, np.pi * part)
        rates[here] = line if anneal_strategy == "linear" else wave
        earlier |= here
    return rates


def _half_wave(start, end, angle):
    """From `start`, at an angle of 0, to `end`, at pi, along the cosine."""
    return end + (start - end) * (1 + np.cos(angle)) / 2


def _total_steps(total_steps, epochs, steps_per_epoch):
    if total_steps is not None:
        return _whole(total_steps, "total_steps")
    if epochs is None or steps_per_epoch is None:
        raise ValueError("total_steps: is needed, or else both epochs and steps_per_epoch")
    return _whole(epochs, "epochs") * _whole(steps_per_epoch, "steps_per_epoch")


# Schedules that watch, and schedules of schedules


def reduce_on_plateau(
    metrics, lr, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel", cooldown=0, min_lr=0,
    eps=1e-8,
):  # fmt: skip
    """The rate after these metrics: ``factor`` times smaller whenever more than `patience` in a row were not better.

    Better means less than ``best * (1 - threshold)``, or less than ``best - threshold`` with ``threshold_mode="abs"``;
    with ``mode="max"``, more than ``best * (1 + threshold)`` or ``best + threshold``.

    Parameters
    ----------
    metrics : iterable of numbers
        What was measured so far, such as the validation loss after each epoch. NaN is not better.
    lr : float, not negative
        The rate before the first of them.
    mode : {"min", "max"}
    factor : float, not negative, below 1
    patience : int, not negative
        How many metrics in a row may be no better.
    threshold : float
    threshold_mode : {"rel", "abs"}
    cooldown : int, not negative
        How many metrics after a reduction are not counted among those that are no better.
    min_lr : float
        The rate is not reduced below it.
    eps : float
        A reduction by no more than this is left out.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A factor of 1 or more, an unknown mode, a negative rate, factor, patience or cooldown.
    TypeError
        An argument of another type.

    Source: ``torch.optim.lr_scheduler.ReduceLROnPlateau``.
    """
    lr, factor, min_lr = _rate(lr), _positive(factor, "factor"), _number(min_lr, "min_lr")
    patience, cooldown = _count(patience, "patience", 0), _count(cooldown, "cooldown", 0)
    threshold, eps = _number(threshold, "threshold"), _number(eps, "eps")
    if factor >= 1:
        raise ValueError(f"factor: expected a number below 1, got {factor!r}")
    if mode not in ("min", "max"):
        raise ValueError(f"mode: expected 'min' or 'max', got {mode!r}")
    if threshold_mode not in ("rel", "abs"):
        raise ValueError(f"threshold_mode: expected 'rel' or 'abs', got {threshold_mode!r}")
    if not hasattr(metrics, "__iter__"):
        raise TypeError(f"metrics: expected several numbers, got {metrics!r}")
    sign = 1 if mode == "min" else -1
    best, waited, cooling = sign * math.inf, 0, 0
    for metric in metrics:
        metric = as_number(metric, "metrics")
        bound = best * (1 - sign * threshold) if threshold_mode == "rel" else best - sign * threshold
        if sign * metric < sign * bound:
            best, waited = metric, 0
        else:
            waited += 1
        if cooling > 0:
            cooling, waited = cooling - 1, 0
        if waited > patience:
            reduced = max(lr * factor, min_lr)
            lr = reduced if lr - reduced > eps else lr
            waited, cooling = 0, cooldown
    return float(lr)


@_of_steps
def sequential(step, schedulers, milestones):
    """One schedule after the other: ``schedulers[i](step - milestones[i - 1])``, with i milestones <= step.

    A warm-up, and then whatever one likes::

        sequential(step, [lambda t: linear_warmup(t, 0.1), lambda t: cosine(t, 0.1, T_max=95)], [5])

    Parameters
    ----------
    step : number or array_like, from 0 on
    schedulers : sequence of callables, at least one
        From a step, which each of them counts from its own beginning, to a rate. Arrays must give arrays if `step` is
        one.
    milestones : sequence of int, not negative, ascending
        Where the next one begins; one fewer than `schedulers`.

    Returns
    -------
    float, or array of float64 where `step` is an array

    Raises
    ------
    ValueError
        No schedules, another number of milestones, milestones that are negative or descend.
    TypeError
        Schedules that cannot be called, milestones that are no whole numbers.

    Source: ``torch.optim.lr_scheduler.SequentialLR``.
    """
    schedulers = list(schedulers)
    for schedule in schedulers:
        if not callable(schedule):
            raise TypeError(f"schedulers: expected functions of the step, got {type(schedule).__name__}")
    milestones = in_order(milestones, len(schedulers))
    starts = [0, *milestones]
    if not step.ndim:
        place = bisect_right(milestones, step)
        return schedulers[place](float(step) - starts[place])
    rates, places = np.empty(step.shape), np.searchsorted(milestones, step, side="right")
    for place, (schedule, start) in enumerate(zip(schedulers, starts)):
        here = places == place
        if here.any():
            rates[here] = schedule(step[here] - start)
    return rates


# What is accepted


def _steps(step):
    """`step` as an array of float64."""
    steps = np.asarray(step)
    if steps.dtype.kind not in "iuf":
        raise TypeError(f"step: expected a number or an array of numbers, got {step!r}")
    if not (np.isfinite(steps) & (steps >= 0)).all():
        raise ValueError(f"step: expected numbers from 0 on, got {step!r}")
    return steps.astype(np.float64)


def _number(value, name):
    value = as_number(value, name)
    if not math.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, got {value!r}")
    return float(value)


def _positive(value, name):
    if _number(value, name) < 0:
        raise ValueError(f"{name}: must not be negative, got {value!r}")
    return _number(value, name)


def _above_0(value, name):
    if _number(value, name) <= 0:
        raise ValueError(f"{name}: must be above 0, got {value!r}")
    return _number(value, name)


def _rate(lr, name="lr"):
    return _positive(lr, name)


def _count(value, name, least=1):
    if as_int(value, name) < least:
        raise ValueError(f"{name}: must be at least {least}, got {value!r}")
    return int(value)


def _wrong_value(check):
    """`check` where PyTorch calls a value of another type a ValueError too."""

    def checked(value, name):
        try:
            return check(value, name)
        except TypeError as error:
            raise ValueError(str(error)) from None

    return checked


_whole, _real = _wrong_value(_count), _wrong_value(_number)


def _milestones(milestones):
    if isinstance(milestones, str) or not hasattr(milestones, "__iter__"):
        raise TypeError(f"milestones: expected several ints, got {milestones!r}")
    return [_count(milestone, "milestones", 0) for milestone in milestones]


def in_order(milestones, count):
    """The milestones between so many schedules, as a list, or an error naming them."""
    if count < 1:
        raise ValueError("schedulers: expected at least one, got none")
    milestones = _milestones(milestones)
    if len(milestones) != count - 1:
        raise ValueError(
            f"milestones: expected {count - 1} between {count} schedulers, got {len(milestones)}"
        )
    if milestones != sorted(milestones):
        raise ValueError(f"milestones: expected ascending steps, got {milestones}")
    return milestones
