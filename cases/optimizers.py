"""Optimizers with the paths they walk: every option of ``torch.optim``, alone and with others."""

import itertools
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Optimizer, Path, path, refusal

__all__ = ["OPTIMIZERS"]

small = st.floats(1e-4, 0.05)
near_one = st.floats(0.5, 0.999)
flag = st.booleans()
rates = {"lr": small, "weight_decay": st.just(0.0) | st.floats(1e-4, 0.01), "maximize": flag}
stability = st.sampled_from([1e-10, 1e-8, 1e-3, 0.1])
betas = {"betas": st.tuples(st.floats(0, 0.99), near_one), "eps": stability}


def every(base=None, /, **choices):
    """A path for each combination of the choices, on top of the options in `base`."""
    return tuple(
        path(**(base or {}), **dict(zip(choices, values))) for values in itertools.product(*choices.values())
    )


def on_the_way(**options):
    """Paths that change: the rate falls twice; two groups, of which the second has options of its own; both."""
    other = {"lr": 0.3, "weight_decay": 0.2, "maximize": True}
    falling = {30: {"lr": 0.02}, 60: {"lr": 0.0}, 70: {"lr": 0.005, "weight_decay": 0.1}}
    return (
        Path(options, changes=falling),
        Path(options, groups=({}, other)),
        Path(options, groups=(other, {"lr": 1e-3}, {"weight_decay": 0.0}), changes={50: {"lr": 0.1}}),
    )


@st.composite
def paths(draw, **options):
    """Options from these strategies, or left at their defaults; one group or two, and a rate that may fall."""
    chosen = draw(st.fixed_dictionaries({}, optional=options))
    drawn = Path(chosen)
    if draw(flag):
        drawn = replace(drawn, groups=({}, {"lr": draw(small), "weight_decay": draw(st.floats(0, 0.01))}))
    if draw(flag):
        drawn = replace(drawn, changes={draw(st.integers(1, 99)): {"lr": draw(small)}})
    return drawn


def negative(*names):
    """Each of these options must not be negative, be NaN, or be something else than a number."""
    yield from (refusal(name, **{name: value}) for name in names for value in (-1e-3, -1, -np.inf))
    yield from (
        refusal(name, error=ValueError, **{name: np.nan}) for name in names
    )  # SGD of PyTorch takes it
    yield from (
        refusal(name, error=TypeError, **{name: value}) for name in names for value in (None, "1", [1.0])
    )
    yield from (refusal(name, error=ValueError, **{name: np.array([0.1, 0.1])}) for name in names)


def no_bool(*names):
    """Each of these options must be a bool; PyTorch takes everything."""
    yield from (
        refusal(name, error=TypeError, **{name: value}) for name in names for value in ("no", 1, None)
    )


BETAS = (
    refusal("betas", betas=(-0.1, 0.9)), refusal("betas", betas=(0.9, -0.1)), refusal("betas", betas=(1.0, 0.9)),
    refusal("betas", betas=(0.9, 1.0)), refusal("betas", betas=(0.9, 1.5)), refusal("betas", betas=(np.nan, 0.9)),
    refusal("betas", betas=(0.9, np.nan)), refusal("betas", betas=0.9), refusal("betas", betas=None),
    refusal("betas", betas=(0.9,), error=ValueError),
    refusal("betas", betas=(0.9, 0.99, 0.999), error=ValueError),  # PyTorch notices it in step()
    refusal("betas", betas=("0.9", 0.9), error=TypeError),
)  # fmt: skip

SGD = Optimizer(
    "SGD",
    paths(**rates, momentum=st.floats(0.0, 1.1), dampening=st.floats(-1, 1))
    | paths(**rates, momentum=near_one, nesterov=st.just(True)).map(
        # Nesterov needs momentum
        lambda drawn: replace(drawn, options={"momentum": 0.9, **drawn.options})
    ),
    (
        path(),
        *(
            item
            for item in every(
                {"lr": 0.05},
                momentum=(0, 0.9), dampening=(0, 0.3), weight_decay=(0, 0.05), nesterov=(False, True),
                maximize=(False, True),
            )
            if not item.options["nesterov"] or (item.options["momentum"] and not item.options["dampening"])
        ),
        *on_the_way(lr=0.05, momentum=0.9),
        Path({"lr": 0.1}, changes={20: {"momentum": 0.9}, 50: {"nesterov": True}, 70: {"momentum": 0}}),
    ),
    (
        *negative("lr", "momentum", "weight_decay"),
        *no_bool("maximize"),
        refusal("nesterov", nesterov=True),
        refusal("nesterov", nesterov=True, momentum=0.9, dampening=0.1),
        refusal("dampening", dampening="0.1", error=TypeError),
        refusal("nesterov", nesterov="no", momentum=0.9, error=TypeError),
    ),
)  # fmt: skip

ADAGRAD = Optimizer(
    "Adagrad",
    paths(**rates, lr_decay=st.floats(0, 1), initial_accumulator_value=st.floats(0, 1), eps=stability),
    (
        path(),
        *every(
            {"lr": 0.1},
            lr_decay=(0, 0.1), weight_decay=(0, 0.05), initial_accumulator_value=(0, 0.5), maximize=(False, True),
        ),
        path(eps=0.1),
        path(eps=1e-3, lr=1.0),
        *on_the_way(lr=0.1, lr_decay=0.02),
    ),
    (*negative("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"), *no_bool("maximize")),
)  # fmt: skip

RMSPROP = Optimizer(
    "RMSprop",
    paths(**rates, alpha=near_one, eps=stability, momentum=st.floats(0, 1))
    # A gradient that hardly changes has a variance that is lost in rounding, unless the average is a long one.
    | paths(**rates, alpha=st.floats(0.97, 0.999), eps=stability, momentum=st.floats(0, 1), centered=flag),
    (
        path(),
        *every(
            {"alpha": 0.98, "lr": 0.02},
            weight_decay=(0, 0.05), momentum=(0, 0.9), centered=(False, True), maximize=(False, True),
        ),
        path(alpha=0.0),
        path(eps=0.1, alpha=0.5),
        path(eps=1.0, alpha=0.9, momentum=0.9, lr=0.045),
        *on_the_way(momentum=0.5, centered=True),
    ),
    (*negative("lr", "alpha", "eps", "weight_decay", "momentum"), *no_bool("centered", "maximize")),
)  # fmt: skip

ADADELTA = Optimizer(
    "Adadelta",
    paths(**{**rates, "lr": st.floats(0.01, 2)}, rho=st.floats(0, 1), eps=st.sampled_from([1e-8, 1e-6, 1e-3, 0.1])),
    (
        path(),
        *every({"eps": 1e-4}, lr=(1.0, 0.3), rho=(0.9, 0.5), weight_decay=(0, 0.05), maximize=(False, True)),
        path(rho=0, eps=0.1),
        path(rho=1, eps=0.1),
        *on_the_way(eps=1e-3),
    ),
    (
        *negative("lr", "rho", "eps", "weight_decay"),
        *no_bool("maximize"),
        refusal("rho", rho=1.001),
        refusal("rho", rho=np.inf),
    ),
)  # fmt: skip


def adam(name, **more):
    """Adam and AdamW, whose constructors differ by one option and one default."""
    choices = {key: (False, True) for key in more}
    return Optimizer(
        name,
        paths(**rates, **betas, amsgrad=flag, **more),
        (
            path(),
            *every(
                {"lr": 0.05}, weight_decay=(0, 0.1), amsgrad=(False, True), maximize=(False, True), **choices
            ),
            path(betas=(0.0, 0.9)),
            path(betas=(0.9, 0.0), eps=0.1),
            path(betas=[0.5, 0.99], eps=1e-3),
            path(lr=np.float64(0.05), betas=(np.float64(0.8), np.float64(0.99))),
            *on_the_way(lr=0.05, amsgrad=True),
        ),
        (*negative("lr", "eps", "weight_decay"), *no_bool("amsgrad", "maximize", *more), *BETAS),
    )


ADAMAX = Optimizer(
    "Adamax",
    paths(**rates, **betas),
    (
        path(),
        *every({"lr": 0.05}, weight_decay=(0, 0.1), maximize=(False, True), betas=((0.9, 0.999), (0.5, 0.8))),
        path(betas=(0.0, 0.0), eps=0.1),
        path(eps=1e-3),
        *on_the_way(lr=0.05),
    ),
    (*negative("lr", "eps", "weight_decay"), *no_bool("maximize"), *BETAS),
)

NADAM = Optimizer(
    "NAdam",
    paths(**rates, **betas, momentum_decay=st.floats(0, 1), decoupled_weight_decay=flag),
    (
        path(),
        *every(
            {"lr": 0.05},
            weight_decay=(0, 0.1), decoupled_weight_decay=(False, True), maximize=(False, True),
            momentum_decay=(4e-3, 0.5),
        ),
        path(momentum_decay=0),
        path(betas=(0.0, 0.9)),
        path(betas=(0.5, 0.0), eps=0.1),
        *on_the_way(lr=0.05, decoupled_weight_decay=True),
    ),
    (
        *negative("lr", "eps", "weight_decay", "momentum_decay"),
        *no_bool("decoupled_weight_decay", "maximize"),
        *BETAS,
    ),
)  # fmt: skip

RADAM = Optimizer(
    "RAdam",
    paths(**rates, **betas, decoupled_weight_decay=flag),
    (
        path(),
        *every(
            {"lr": 0.05},
            weight_decay=(0, 0.1), decoupled_weight_decay=(False, True), maximize=(False, True),
            betas=((0.9, 0.999), (0.5, 0.9)),
        ),
        path(betas=(0.0, 0.5)),  # never enough gradients to divide
        path(eps=0.1),
        *on_the_way(lr=0.05, decoupled_weight_decay=True),
    ),
    (*negative("lr", "eps", "weight_decay"), *no_bool("decoupled_weight_decay", "maximize"), *BETAS),
)  # fmt: skip

OPTIMIZERS = [
    SGD, ADAGRAD, RMSPROP, ADADELTA, adam("Adam", decoupled_weight_decay=flag), adam("AdamW"), ADAMAX, NADAM, RADAM,
]  # fmt: skip
