"""Schedules: PyTorch's own schedulers, under the names of ``dlcore.scratch.schedules``.

``name(optimizer, ...)`` returns an object of ``torch.optim.lr_scheduler``, which sets the rate of every group, from the
rate that the group begins with, and again at each ``scheduler.step()``::

    scheduler = schedules.cosine(optimizer, T_max=1000)
    for step in range(1000):
        ...
        optimizer.step()
        scheduler.step()

What follows `optimizer` is documented in ``dlcore.scratch.schedules``, which takes ``(step, lr, ...)`` instead; so are
the errors. Numbers that a group has for itself (`max_lr`, `min_lr`, `base_momentum`, `max_momentum`) may be lists, one
for each group.

Training that was interrupted goes on with ``optimizer.load_state_dict`` and ``scheduler.load_state_dict``. PyTorch's
other way, `last_epoch`, is left out: with it some schedulers want the next rate in the groups and others the last, and
cosine restarts of growing length and sequences lose their place.

Most of PyTorch's schedulers do not compute the formula. They multiply the rate that stands in the group by the quotient
of two neighbouring values of the formula, so that

- a rate that somebody changes in between stays changed, which a function of the step knows nothing of;
- rounding errors add up, to about one unit in the last place for each step;
- :func:`linear_warmup` to an `end_factor` of 0 may end at 1e-18 of the rate, or a little below 0.
"""

import math

from torch.optim import Optimizer, lr_scheduler

from ..scratch import schedules as formulas

__all__ = [
    "cosine", "cosine_restarts", "exponential", "fixed", "inverse", "linear_warmup", "multistep", "one_cycle",
    "one_cycle_momentum", "polynomial", "reduce_on_plateau", "sequential", "sigmoid", "step",
]  # fmt: skip


def fixed(optimizer):
    """``lr``, at every step. ``torch.optim.lr_scheduler.ConstantLR`` with a factor of 1."""
    _checked(formulas.fixed, optimizer)
    return lr_scheduler.ConstantLR(optimizer, 1.0)


def step(optimizer, step_size, gamma=0.1):
    """``lr * gamma ** floor(step / step_size)``. ``torch.optim.lr_scheduler.StepLR``."""
    step_size, gamma = _checked(formulas.step, optimizer, step_size, gamma)
    return lr_scheduler.StepLR(optimizer, step_size, gamma)


def multistep(optimizer, milestones, gamma=0.1):
    """``lr * gamma ** (how many milestones are <= step)``. ``torch.optim.lr_scheduler.MultiStepLR``."""
    milestones = list(milestones) if hasattr(milestones, "__iter__") else milestones
    milestones, gamma = _checked(formulas.multistep, optimizer, milestones, gamma)
    return lr_scheduler.MultiStepLR(optimizer, milestones, gamma)


def exponential(optimizer, gamma):
    """``lr * gamma ** step``. ``torch.optim.lr_scheduler.ExponentialLR``."""
    (gamma,) = _checked(formulas.exponential, optimizer, gamma)
    return lr_scheduler.ExponentialLR(optimizer, gamma)


def inverse(optimizer, gamma, power):
    """``lr * (1 + gamma * step) ** -power``, as a ``torch.optim.lr_scheduler.LambdaLR``."""
    gamma, power = _checked(formulas.inverse, optimizer, gamma, power)
    return lr_scheduler.LambdaLR(optimizer, lambda epoch: (1 + gamma * epoch) ** -power)


def polynomial(optimizer, total_iters=5, power=1.0):
    """``lr * (1 - step / total_iters) ** power``, then 0. ``torch.optim.lr_scheduler.PolynomialLR``."""
    total_iters, power = _checked(formulas.polynomial, optimizer, total_iters, power)
    return lr_scheduler.PolynomialLR(optimizer, total_iters, power)


def sigmoid(optimizer, gamma, step_size):
    """``lr / (1 + exp(-gamma * (step - step_size)))``, as a ``torch.optim.lr_scheduler.LambdaLR``."""
    gamma, step_size = _checked(formulas.sigmoid, optimizer, gamma, step_size)

    def share(epoch):
        x = gamma * (epoch - step_size)
        rest = math.exp(-abs(x))  # cannot overflow
        return (1 if x >= 0 else rest) / (1 + rest)

    return lr_scheduler.LambdaLR(optimizer, share)


def linear_warmup(optimizer, start_factor=1 / 3, end_factor=1.0, total_iters=5):
    """``lr * (start_factor + (end_factor - start_factor) * step / total_iters)``, then the end.

    ``torch.optim.lr_scheduler.LinearLR``.
    """
    start_factor, end_factor, total_iters = _checked(
        formulas.linear_warmup, optimizer, start_factor, end_factor, total_iters
    )
    return lr_scheduler.LinearLR(optimizer, start_factor, end_factor, total_iters)


def cosine(optimizer, T_max, eta_min=0.0):
    """``eta_min + (lr - eta_min) * (1 + cos(pi * step / T_max)) / 2``. ``torch.optim.lr_scheduler.CosineAnnealingLR``."""
    T_max, eta_min = _checked(formulas.cosine, optimizer, T_max, eta_min)
    return lr_scheduler.CosineAnnealingLR(optimizer, T_max, eta_min)


def cosine_restarts(optimizer, T_0, T_mult=1, eta_min=0.0):
    """``eta_min + (lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2``, in cycles of ``T_i`` steps.

    ``torch.optim.lr_scheduler.CosineAnnealingWarmRestarts``.
    """
    T_0, T_mult, eta_min = _checked(formulas.cosine_restarts, optimizer, T_0, T_mult, eta_min)
    return lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0, T_mult, eta_min)


def one_cycle(
    optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3, anneal_strategy="cos", *,
    div_factor=25.0, final_div_factor=1e4, three_phase=False,
):  # fmt: skip
    """From ``max_lr / div_factor`` up to ``max_lr``, then down to ``max_lr / div_factor / final_div_factor``.

    ``torch.optim.lr_scheduler.OneCycleLR`` with ``cycle_momentum=False``: the momentum has a function of its own,
    :func:`one_cycle_momentum`. It overwrites the rates that the groups begin with. In :func:`sequential` it should
    therefore be made first.
    """
    cycle = {"total_steps": total_steps, "epochs": epochs, "steps_per_epoch": steps_per_epoch}
    cycle |= {"pct_start": pct_start, "anneal_strategy": anneal_strategy, "three_phase": three_phase}
    cycle |= {"div_factor": div_factor, "final_div_factor": final_div_factor}
    _check_optimizer(optimizer)
    for rate in _several(max_lr):
        formulas.one_cycle(0, rate, **cycle)
    max_lr, cycle = _plain(max_lr), {name: _plain(value) for name, value in cycle.items()}
    return lr_scheduler.OneCycleLR(optimizer, max_lr, **cycle, cycle_momentum=False)


def one_cycle_momentum(
    optimizer, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3, anneal_strategy="cos", *,
    base_momentum=0.85, max_momentum=0.95, three_phase=False,
):  # fmt: skip
    """The momentum beside :func:`one_cycle`, or the first of the `betas`, of an optimizer that has one.

    What ``torch.optim.lr_scheduler.OneCycleLR`` does to it with ``cycle_momentum=True``, as a scheduler that leaves the
    rate alone.
    """
    _check_optimizer(optimizer)
    if not {"momentum", "betas"} & optimizer.defaults.keys():
        raise ValueError(f"optimizer: {type(optimizer).__name__} has neither momentum nor betas")
    cycle = {"total_steps": total_steps, "epochs": epochs, "steps_per_epoch": steps_per_epoch}
    cycle |= {"pct_start": pct_start, "anneal_strategy": anneal_strategy, "three_phase": three_phase}
    groups = len(optimizer.param_groups)
    lows = _several(base_momentum, groups, "base_momentum")
    highs = _several(max_momentum, groups, "max_momentum")
    for low, high in zip(lows, highs):
        formulas.one_cycle_momentum(0, base_momentum=low, max_momentum=high, **cycle)
    total_steps = _plain(epochs * steps_per_epoch if total_steps is None else total_steps)
    rise = _plain(pct_start) * total_steps - 1
    ends = [*([rise, 2 * rise] if three_phase else [rise]), total_steps - 1]
    return _OneCycleMomentum(optimizer, ends, anneal_strategy, _plain(lows), _plain(highs))


class _OneCycleMomentum(lr_scheduler.LRScheduler):
    """Sets the momentum and leaves the rate as it is."""

    def __init__(self, optimizer, ends, anneal_strategy, lows, highs):
        self.ends, self.anneal_strategy, self.lows, self.highs = ends, anneal_strategy, lows, highs
        super().__init__(optimizer)

    def get_lr(self):
        step, last = self.last_epoch, self.ends[-1]
        if step > last + 1:
            raise ValueError(f"step: expected steps from 0 to total_steps={last + 1}, got {step}")
        phase = next((place for place, end in enumerate(self.ends) if step <= end), len(self.ends) - 1)
        start, end = [0.0, *self.ends][phase], self.ends[phase]
        part = (step - start) / (end - start)
        part = part if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * part)) / 2
        for group, low, high in zip(self.optimizer.param_groups, self.lows, self.highs):
            before, after = [(high, low), (low, high), (high, high)][phase]
            momentum = before + (after - before) * part
            if "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum
        return [group["lr"] for group in self.optimizer.param_groups]


def reduce_on_plateau(
    optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel", cooldown=0, min_lr=0,
    eps=1e-8,
):  # fmt: skip
    """The rate ``factor`` times smaller whenever more than `patience` metrics in a row were not better.

    ``torch.optim.lr_scheduler.ReduceLROnPlateau``, whose ``step(metric)`` takes the metrics one by one.
    """
    options = [mode, factor, patience, threshold, threshold_mode, cooldown]
    _check_optimizer(optimizer)
    for group in optimizer.param_groups:
        for bound in _several(min_lr):
            formulas.reduce_on_plateau((), group["lr"], *options, bound, eps)
    return lr_scheduler.ReduceLROnPlateau(optimizer, *map(_plain, [*options, min_lr, eps]))


def sequential(optimizer, schedulers, milestones):
    """One scheduler of the same optimizer after the other, each from its own beginning.

    ``torch.optim.lr_scheduler.SequentialLR``; :func:`reduce_on_plateau` cannot be among them.
    """
    _check_optimizer(optimizer)
    schedulers = list(schedulers)
    for scheduler in schedulers:
        if not isinstance(scheduler, lr_scheduler.LRScheduler):
            raise TypeError(f"schedulers: expected schedulers of PyTorch, got {type(scheduler).__name__}")
    milestones = formulas.in_order(milestones, len(schedulers))
    return lr_scheduler.SequentialLR(optimizer, schedulers, milestones)


def _checked(formula, optimizer, *options):
    """The options, of which the formula has refused what it does not accept."""
    _check_optimizer(optimizer)
    for group in optimizer.param_groups:
        formula(0, group["lr"], *options)
    return _plain(options)


def _check_optimizer(optimizer):
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer: expected an optimizer of PyTorch, got {type(optimizer).__name__}")


def _several(value, count=1, name=""):
    """A list as it is, one number as often as there are groups."""
    values = list(value) if isinstance(value, (list, tuple)) else [value] * count
    if name and len(values) != count:
        raise ValueError(f"{name}: expected one number or {count}, got {len(values)}")
    return values


def _plain(value):
    """An array or tensor without axes as a Python number, alone or in a list; anything else as it is.

    PyTorch would compute with the array itself, put it into the groups, and there change it in place.
    """
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.item() if getattr(value, "ndim", None) == 0 else value
