"""Cases of ``dlcore.scratch.schedules``: which schedule, which options, how many steps.

A :class:`Schedule` is run like this; in ``sequential`` the schedulers are themselves such cases, to be made first.

- From scratch: ``scratch.schedules.<name>(step, lr, **options)`` for each step from 0 to ``steps - 1``, without `lr`
  where that is None. With `metrics`: ``scratch.schedules.<name>(metrics[:step], lr, **options)``.
- Through PyTorch: an optimizer of one parameter with this `lr` (any rate and momentum where it is None), then
  ``scheduler = pytorch.schedules.<name>(optimizer, **options)``; for each step read what stands in the optimizer's
  group under `drives`, and then call ``optimizer.step()`` and ``scheduler.step()``. With `metrics`:
  ``scheduler.step(metrics[step])``.

Both give the same numbers to TOLERANCE relative, or FLOOR times the schedule's largest number where the rate is nearly 0:
PyTorch multiplies its way there and leaves a rounding error of the rates before.
"""

import math
from dataclasses import dataclass, field

from hypothesis import strategies as st

__all__ = [
    "FLOOR",
    "KNOWN",
    "REFUSALS",
    "SCHEDULES",
    "TOLERANCE",
    "Known",
    "Refusal",
    "Schedule",
    "schedules",
]

TOLERANCE, FLOOR = 1e-12, 1e-15


@dataclass(frozen=True)
class Schedule:
    """A schedule with its options.

    Attributes
    ----------
    name : str
        In both backends.
    lr : float or None
        The rate to begin with; None for a schedule that is not told one.
    options : dict
    steps : int
        How many steps are compared.
    metrics : tuple of float
        What is measured after each step, for a schedule that watches it.
    drives : str
        What it changes in the optimizer, "lr" or "momentum".
    """

    name: str
    lr: float | None = 0.1
    options: dict = field(default_factory=dict)
    steps: int = 210
    metrics: tuple = ()
    drives: str = "lr"


@dataclass(frozen=True)
class Known:
    """Rates that a paper or a calculation by hand gives, by step."""

    schedule: Schedule
    rates: dict
    source: str


@dataclass(frozen=True)
class Refusal:
    """Options that both backends refuse with this class of error and a message that names the argument `naming`.

    Where `only_scratch`, the argument is the step, the rate or the metrics, which PyTorch is not told there.
    """

    naming: str
    error: type
    schedule: Schedule
    only_scratch: bool = False


def _case(name, lr=0.1, steps=210, **options):
    return Schedule(name, lr, options, steps)


def _momentum(steps=210, **options):
    return Schedule("one_cycle_momentum", None, options, steps, drives="momentum")


def _plateau(metrics, lr=0.1, **options):
    return Schedule("reduce_on_plateau", lr, options, len(metrics) + 1, tuple(metrics))


def _sequence(milestones, *parts, steps=210):
    return Schedule("sequential", None, {"schedulers": parts, "milestones": milestones}, steps)


FALLING = [1 / (1 + step) for step in range(60)]
LEVEL = [1.0] * 209
BUMPY = [math.sin(step / 3) + math.exp(-step / 50) for step in range(209)]

SCHEDULES = (
    _case("fixed"),
    _case("step", 0.045, step_size=2, gamma=0.94),
    _case("step", step_size=30),
    _case("step", step_size=1, gamma=1.01),
    _case("step", step_size=7, gamma=0.0),
    _case("multistep", milestones=[30, 80]),
    _case("multistep", milestones=(150, 20, 20, 90), gamma=0.5),
    _case("multistep", milestones=[0, 10], gamma=0.3),
    _case("multistep", milestones=[]),
    _case("exponential", gamma=0.97),
    _case("exponential", gamma=1.0),
    _case("exponential", gamma=0.0),
    _case("inverse", 0.01, gamma=0.0001, power=0.75),
    _case("inverse", gamma=2, power=3),
    _case("inverse", gamma=0.0, power=1.0),
    _case("inverse", gamma=0.1, power=-0.5),
    _case("polynomial"),
    _case("polynomial", total_iters=200, power=0.5),
    _case("polynomial", total_iters=150, power=2),
    _case("polynomial", total_iters=1, power=0.0),
    _case("sigmoid", gamma=-0.05, step_size=100),
    _case("sigmoid", gamma=0.2, step_size=50),
    _case("sigmoid", gamma=-20.0, step_size=99.5),
    _case("linear_warmup"),
    _case("linear_warmup", start_factor=0.001, total_iters=205),
    _case("linear_warmup", start_factor=1.0, end_factor=0.0, total_iters=100),
    _case("linear_warmup", start_factor=0.5, end_factor=0.5),
    _case("cosine", T_max=209),
    _case("cosine", T_max=50),
    _case("cosine", T_max=60, eta_min=0.02),
    _case("cosine", T_max=1),
    _case("cosine", T_max=30, eta_min=0.3),
    _case("cosine_restarts", T_0=10),
    _case("cosine_restarts", T_0=1),
    _case("cosine_restarts", T_0=1, T_mult=3, steps=400),
    _case("cosine_restarts", T_0=10, T_mult=2, eta_min=0.001),
    _case("one_cycle", None, 211, max_lr=0.1, total_steps=210),
    _case("one_cycle", None, 211, max_lr=0.1, total_steps=210, anneal_strategy="linear"),
    _case("one_cycle", None, 211, max_lr=0.1, total_steps=210, three_phase=True),
    _case("one_cycle", None, 211, max_lr=0.1, epochs=10, steps_per_epoch=21, pct_start=0.4, anneal_strategy="linear",
          three_phase=True),
    _case("one_cycle", None, 210, max_lr=1, total_steps=210, pct_start=0.0, div_factor=10.0, final_div_factor=100.0),
    _case("one_cycle", None, 210, max_lr=1, total_steps=210, pct_start=1.0),
    _case("one_cycle", None, 210, max_lr=1, total_steps=210, pct_start=0.7, three_phase=True),
    _case("one_cycle", None, 2, max_lr=1, total_steps=1, three_phase=True),
    _momentum(211, total_steps=210),
    _momentum(211, total_steps=210, anneal_strategy="linear"),
    _momentum(211, epochs=21, steps_per_epoch=10, three_phase=True, pct_start=0.45, base_momentum=0.5),
    _momentum(2, total_steps=1, max_momentum=0.8),
    _plateau(LEVEL),
    _plateau(FALLING),
    _plateau(BUMPY, patience=5, factor=0.5, cooldown=3, min_lr=0.001),
    _plateau(BUMPY, mode="max", patience=5, factor=0.5, threshold_mode="abs", threshold=0.1),
    _plateau(BUMPY, mode="max", patience=0, factor=0.9, eps=0.001),
    _plateau([1.02**step for step in range(60)], mode="max", patience=3, factor=0.5, threshold=0.1),
    _plateau(BUMPY, patience=2, threshold_mode="abs", threshold=0.01, factor=0.5, min_lr=0.2),
    _plateau([1.0, math.nan, math.nan, math.inf, 0.5, -math.inf, *LEVEL], patience=1, factor=0.7, cooldown=1),
    _plateau([-value for value in BUMPY], patience=4, factor=0.5),
    _plateau([1.0] * 210, patience=0, factor=0.0),
    _sequence([5], _case("linear_warmup"), _case("cosine", T_max=204)),
    _sequence([10, 10, 100], _case("linear_warmup", start_factor=0.1, total_iters=10), _case("exponential", gamma=0.5),
              _case("fixed"), _case("multistep", milestones=[0, 20], gamma=0.2)),
    _sequence([0], _case("exponential", gamma=0.5), _case("cosine_restarts", T_0=7)),
    _sequence([], _case("polynomial", total_iters=100)),
    _sequence([40, 90], _case("cosine_restarts", T_0=15), _case("sigmoid", gamma=-0.1, step_size=20),
              _case("inverse", gamma=0.1, power=1)),
)  # fmt: skip

KNOWN = (
    Known(
        _case("step", 0.045, step_size=2, gamma=0.94),
        {0: 0.045, 1: 0.045, 2: 0.0423, 3: 0.0423, 4: 0.039762, 6: 0.03737628},
        "Szegedy et al., \"Rethinking the Inception architecture for computer vision\" (2016), section 8",
    ),
    Known(_case("fixed", 0.3), {0: 0.3, 1000: 0.3}, "by hand"),
    Known(_case("multistep", 1.0, milestones=[4, 2]), {1: 1.0, 2: 0.1, 3: 0.1, 4: 0.01, 9: 0.01}, "by hand"),
    Known(_case("exponential", 1.0, gamma=0.5), {0: 1.0, 1: 0.5, 10: 1 / 1024}, "by hand"),
    Known(_case("inverse", 1.0, gamma=1.0, power=2.0), {0: 1.0, 1: 1 / 4, 3: 1 / 16}, "by hand"),
    Known(
        _case("inverse", 0.01, gamma=0.0001, power=0.75),
        {10000: 0.01 / 2**0.75},
        "Caffe's LeNet, by hand: after 10,000 steps the base has doubled",
    ),
    Known(_case("polynomial", 1.0, total_iters=4, power=2.0), {0: 1.0, 1: 9 / 16, 2: 1 / 4, 4: 0, 5: 0}, "by hand"),
    Known(_case("sigmoid", 1.0, gamma=-1.0, step_size=3), {3: 0.5, 2: 1 / (1 + math.exp(-1)), 5000: 0}, "by hand"),
    Known(_case("linear_warmup", 0.3), {0: 0.1, 1: 0.14, 5: 0.3, 6: 0.3}, "by hand"),
    Known(_case("cosine", 1.0, T_max=6), {0: 1.0, 2: 0.75, 3: 0.5, 4: 0.25, 6: 0, 9: 0.5, 12: 1.0}, "by hand"),
    Known(
        _case("cosine_restarts", 1.0, T_0=3, T_mult=2),
        {0: 1.0, 1: 0.75, 2: 0.25, 3: 1.0, 5: 0.75, 6: 0.5, 7: 0.25, 9: 1.0, 13: 0.75},
        "Loshchilov and Hutter (2017), equation 5, by hand",
    ),
    Known(
        _case("one_cycle", None, max_lr=1.0, total_steps=11, pct_start=5 / 11, anneal_strategy="linear", div_factor=5.0,
              final_div_factor=10.0),
        {0: 0.2, 1: 0.4, 2: 0.6, 4: 1.0, 7: 0.51, 10: 0.02},
        "by hand: 0.2 to 1 in 4 steps, 1 to 0.02 in 6",
    ),
    Known(_momentum(total_steps=20, pct_start=0.25), {0: 0.95, 2: 0.9, 4: 0.85, 19: 0.95}, "by hand"),
    Known(_plateau([3, 2, 2, 2, 2], patience=1), {0: 0.1, 3: 0.1, 4: 0.01, 5: 0.01}, "by hand"),
    Known(
        _plateau([1, 1.05, 1.09, 1.11, 1.2, 1.22], mode="max", patience=1, threshold=0.1),
        {2: 0.1, 3: 0.01, 5: 0.01, 6: 0.001},
        "by hand: 1.05 and 1.09 are less than a tenth above 1, 1.2 and 1.22 less than a tenth above 1.11",
    ),
    Known(
        _sequence([2], _case("linear_warmup", start_factor=0.5, total_iters=2), _case("exponential", gamma=0.5)),
        {0: 0.05, 1: 0.075, 2: 0.1, 3: 0.05, 4: 0.025},
        "by hand",
    ),
)  # fmt: skip


def _refuse(naming, name, error=ValueError, lr=0.1, **options):
    return Refusal(naming, error, Schedule(name, lr, options))


CYCLE = {"lr": None, "max_lr": 0.1}

REFUSALS = (
    *(
        Refusal("lr", error, Schedule(name, lr, options), only_scratch=True)
        for name, options in (
            ("fixed", {}), ("step", {"step_size": 3}), ("multistep", {"milestones": [3]}), ("exponential", {"gamma": 1}),
            ("inverse", {"gamma": 1, "power": 1}), ("polynomial", {}), ("sigmoid", {"gamma": 1, "step_size": 3}),
            ("linear_warmup", {}), ("cosine", {"T_max": 3}), ("cosine_restarts", {"T_0": 3}), ("reduce_on_plateau", {}),
        )
        for error, lr in ((ValueError, -0.1), (ValueError, math.nan), (ValueError, math.inf), (TypeError, "fast"))
    ),
    _refuse("step_size", "step", step_size=0),
    _refuse("step_size", "step", step_size=-3),
    _refuse("step_size", "step", TypeError, step_size=2.5),
    _refuse("gamma", "step", step_size=2, gamma=-0.1),
    _refuse("gamma", "step", TypeError, step_size=2, gamma="half"),
    _refuse("milestones", "multistep", TypeError, milestones=30),
    _refuse("milestones", "multistep", TypeError, milestones="30"),
    _refuse("milestones", "multistep", TypeError, milestones=[30, 2.5]),
    _refuse("milestones", "multistep", milestones=[-1, 30]),
    _refuse("gamma", "multistep", milestones=[30], gamma=-1),
    _refuse("gamma", "exponential", gamma=-0.5),
    _refuse("gamma", "exponential", gamma=math.nan),
    _refuse("gamma", "exponential", TypeError, gamma=[0.9]),
    _refuse("gamma", "inverse", gamma=-0.1, power=1),
    _refuse("power", "inverse", TypeError, gamma=0.1, power="1"),
    _refuse("power", "inverse", gamma=0.1, power=math.inf),
    _refuse("total_iters", "polynomial", total_iters=0),
    _refuse("total_iters", "polynomial", TypeError, total_iters=2.5),
    _refuse("power", "polynomial", power=-1),
    _refuse("gamma", "sigmoid", TypeError, gamma=None, step_size=3),
    _refuse("step_size", "sigmoid", gamma=-1, step_size=math.nan),
    _refuse("start_factor", "linear_warmup", start_factor=0),
    _refuse("start_factor", "linear_warmup", start_factor=1.1),
    _refuse("end_factor", "linear_warmup", end_factor=-0.1),
    _refuse("end_factor", "linear_warmup", end_factor=1.1),
    _refuse("total_iters", "linear_warmup", total_iters=0),
    _refuse("T_max", "cosine", T_max=0),
    _refuse("T_max", "cosine", TypeError, T_max=10.5),
    _refuse("eta_min", "cosine", TypeError, T_max=10, eta_min="0"),
    _refuse("T_0", "cosine_restarts", T_0=0),
    _refuse("T_0", "cosine_restarts", T_0=2.5),
    _refuse("T_mult", "cosine_restarts", T_0=2, T_mult=0),
    _refuse("T_mult", "cosine_restarts", T_0=2, T_mult=1.5),
    _refuse("eta_min", "cosine_restarts", T_0=2, eta_min="0"),
    _refuse("max_lr", "one_cycle", lr=None, max_lr=-1, total_steps=10),
    _refuse("max_lr", "one_cycle", TypeError, lr=None, max_lr="high", total_steps=10),
    _refuse("total_steps", "one_cycle", **CYCLE),
    _refuse("total_steps", "one_cycle", **CYCLE, epochs=3),
    _refuse("total_steps", "one_cycle", **CYCLE, total_steps=0),
    _refuse("total_steps", "one_cycle", **CYCLE, total_steps=2.5),
    _refuse("epochs", "one_cycle", **CYCLE, epochs=0, steps_per_epoch=3),
    _refuse("steps_per_epoch", "one_cycle", **CYCLE, epochs=3, steps_per_epoch=-3),
    _refuse("pct_start", "one_cycle", **CYCLE, total_steps=10, pct_start=1.1),
    _refuse("pct_start", "one_cycle", **CYCLE, total_steps=10, pct_start=1),
    _refuse("pct_start", "one_cycle", **CYCLE, total_steps=10, pct_start=0.1),
    _refuse("anneal_strategy", "one_cycle", **CYCLE, total_steps=10, anneal_strategy="cosine"),
    _refuse("div_factor", "one_cycle", **CYCLE, total_steps=10, div_factor=0),
    _refuse("final_div_factor", "one_cycle", **CYCLE, total_steps=10, final_div_factor=-1.0),
    _refuse("three_phase", "one_cycle", TypeError, **CYCLE, total_steps=10, three_phase=2),
    _refuse("total_steps", "one_cycle_momentum", lr=None),
    _refuse("base_momentum", "one_cycle_momentum", lr=None, total_steps=10, base_momentum=-0.1),
    _refuse("max_momentum", "one_cycle_momentum", TypeError, lr=None, total_steps=10, max_momentum="high"),
    _refuse("anneal_strategy", "one_cycle_momentum", lr=None, total_steps=10, anneal_strategy="cosine"),
    _refuse("mode", "reduce_on_plateau", mode="least"),
    _refuse("factor", "reduce_on_plateau", factor=1.0),
    _refuse("factor", "reduce_on_plateau", factor=-0.1),
    _refuse("patience", "reduce_on_plateau", patience=-1),
    _refuse("patience", "reduce_on_plateau", TypeError, patience=2.5),
    _refuse("cooldown", "reduce_on_plateau", cooldown=-1),
    _refuse("threshold", "reduce_on_plateau", TypeError, threshold="small"),
    _refuse("threshold_mode", "reduce_on_plateau", threshold_mode="relative"),
    _refuse("min_lr", "reduce_on_plateau", TypeError, min_lr="0"),
    _refuse("eps", "reduce_on_plateau", TypeError, eps=None),
    _refuse("schedulers", "sequential", lr=None, schedulers=(), milestones=[]),
    _refuse("schedulers", "sequential", TypeError, lr=None, schedulers=("fixed",), milestones=[]),
    _refuse("milestones", "sequential", lr=None, schedulers=(_case("fixed"), _case("fixed")), milestones=[]),
    _refuse("milestones", "sequential", lr=None, schedulers=(_case("fixed"),) * 3, milestones=[20, 10]),
    _refuse("milestones", "sequential", lr=None, schedulers=(_case("fixed"),) * 2, milestones=[-1]),
    _refuse("milestones", "sequential", TypeError, lr=None, schedulers=(_case("fixed"),) * 2, milestones=[2.5]),
)  # fmt: skip


def _floats(least, most):
    return st.floats(least, most, allow_subnormal=False)


def _ints(least, most):
    return st.integers(least, most)


_PLAIN = {
    "fixed": {},
    "step": {"step_size": _ints(1, 100), "gamma": _floats(0, 1.05)},
    "multistep": {"milestones": st.lists(_ints(0, 250), max_size=5), "gamma": _floats(0, 1.5)},
    "exponential": {"gamma": _floats(0, 1.05)},
    "inverse": {"gamma": _floats(0, 3), "power": _floats(-2, 3)},
    "polynomial": {"total_iters": _ints(1, 250), "power": _floats(0, 4)},
    "sigmoid": {"gamma": _floats(-3, 3), "step_size": _ints(0, 250)},
    "linear_warmup": {
        "start_factor": _floats(0.01, 1),
        "end_factor": st.one_of(st.just(0.0), _floats(0.01, 1)),
        "total_iters": _ints(1, 250),
    },
    "cosine": {"T_max": _ints(1, 250), "eta_min": _floats(0, 1)},  # here a share of the rate
    "cosine_restarts": {"T_0": _ints(1, 50), "T_mult": _ints(1, 4), "eta_min": _floats(0, 1)},
}
_WATCHED = {
    "mode": st.sampled_from(["min", "max"]),
    "factor": _floats(0, 0.99),
    "patience": _ints(0, 5),
    "threshold": _floats(0, 0.5),
    "threshold_mode": st.sampled_from(["rel", "abs"]),
    "cooldown": _ints(0, 4),
    "min_lr": _floats(0, 0.05),
    "eps": _floats(0, 0.01),
}


def _plain(draw, name, lr):
    options = draw(st.fixed_dictionaries(_PLAIN[name]))
    return Schedule(
        name, lr, {key: lr * value if key == "eta_min" else value for key, value in options.items()}
    )


@st.composite
def schedules(draw, name):
    """A strategy of cases of the schedule of this name."""
    lr = draw(_floats(1e-4, 1))
    if name in _PLAIN:
        return _plain(draw, name, lr)
    if name == "reduce_on_plateau":
        metrics = draw(
            st.lists(st.floats(-10, 10) | st.sampled_from([0.0, 1.0, math.nan, math.inf]), max_size=40)
        )
        return _plateau(metrics, lr, **draw(st.fixed_dictionaries({}, optional=_WATCHED)))
    if name == "sequential":
        names = draw(st.lists(st.sampled_from(sorted(_PLAIN)), min_size=1, max_size=4))
        parts = [_plain(draw, part, lr) for part in names]
        milestones = draw(st.lists(_ints(0, 220), min_size=len(parts) - 1, max_size=len(parts) - 1))
        return _sequence(sorted(milestones), *parts)
    total_steps = draw(_ints(10, 250))
    cycle = {
        "total_steps": total_steps,
        "pct_start": draw(_floats(0.15, 0.5)),
        "anneal_strategy": draw(st.sampled_from(["cos", "linear"])),
        "three_phase": draw(st.booleans()),
    }
    if name == "one_cycle":
        factors = {"div_factor": draw(_floats(1, 100)), "final_div_factor": draw(_floats(1, 1e4))}
        return Schedule(name, None, {"max_lr": lr, **cycle, **factors}, total_steps + 1)
    bounds = {"base_momentum": draw(_floats(0, 0.9)), "max_momentum": draw(_floats(0.5, 0.99))}
    return _momentum(total_steps + 1, **cycle, **bounds)
