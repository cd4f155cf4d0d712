"""dlcore.scratch.schedules: the rates of torch.optim.lr_scheduler, from formulas."""

import copy
import dataclasses
import inspect
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.schedules import FLOOR, KNOWN, REFUSALS, SCHEDULES, TOLERANCE, schedules
from conformance.rates import from_pytorch, from_scratch, of_step, rate_of, scheduler_of
from dlcore import pytorch, scratch

pytestmark = pytest.mark.filterwarnings("error")

NAMES = scratch.schedules.__all__


def titled(cases):
    return [
        pytest.param(case, id=f"{getattr(case, 'schedule', case).name}-{number}")
        for number, case in enumerate(cases)
    ]


def an_optimizer(lr, kind=torch.optim.SGD, **options):
    return kind([torch.zeros(1, requires_grad=True)], lr, **({"momentum": 0.5} | options))


def assert_same(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=FLOOR * np.abs(theirs).max())


# PyTorch's numbers


@pytest.mark.parametrize("case", titled(SCHEDULES))
def test_every_rate_is_pytorchs(case):
    assert_same(from_scratch(case), from_pytorch(case))


@pytest.mark.parametrize("name", NAMES)
def test_every_rate_is_pytorchs_whatever_the_options(name):
    @settings(max_examples=20)
    @given(schedules(name))
    def check(case):
        assert_same(from_scratch(case), from_pytorch(case))

    check()


@pytest.mark.parametrize("case", titled(case for case in SCHEDULES if case.name != "reduce_on_plateau"))
def test_an_array_of_steps_gives_the_array_of_rates(case):
    steps = np.arange(case.steps)
    rates = of_step(case)(steps)
    assert rates.dtype == np.float64
    np.testing.assert_allclose(rates, from_scratch(case), rtol=1e-14)
    shuffled = np.random.default_rng(0).permutation(steps)[: 2 * (case.steps // 2)].reshape(2, -1)
    np.testing.assert_array_equal(of_step(case)(shuffled), rates[shuffled])
    assert type(of_step(case)(1)) is type(of_step(case)(np.int64(1))) is type(of_step(case)(1.0)) is float
    assert of_step(case)(np.array([], int)).shape == (0,)


@pytest.mark.parametrize("known", titled(KNOWN))
def test_known_rates_come_out(known):
    rates = of_step(known.schedule)
    for step, rate in known.rates.items():
        step = known.schedule.metrics[:step] if known.schedule.name == "reduce_on_plateau" else step
        assert rates(step) == pytest.approx(rate, rel=1e-12, abs=1e-15), (step, known.source)


@pytest.mark.parametrize("name", NAMES)
def test_signatures_differ_in_the_first_parameters_alone(name):
    ours, theirs = (
        list(inspect.signature(getattr(backend.schedules, name)).parameters.values())
        for backend in (scratch, pytorch)
    )
    known = [parameter for parameter in ours if parameter.name not in ("step", "metrics", "lr")]
    assert theirs[0].name == "optimizer"
    assert [(p.name, p.default, p.kind) for p in known] == [(p.name, p.default, p.kind) for p in theirs[1:]]


@pytest.mark.parametrize(
    ("name", "pytorchs"),
    {
        "step": "StepLR", "multistep": "MultiStepLR", "exponential": "ExponentialLR", "polynomial": "PolynomialLR",
        "linear_warmup": "LinearLR", "cosine": "CosineAnnealingLR", "cosine_restarts": "CosineAnnealingWarmRestarts",
        "one_cycle": "OneCycleLR", "one_cycle_momentum": "OneCycleLR", "reduce_on_plateau": "ReduceLROnPlateau",
        "sequential": "SequentialLR",
    }.items(),
)  # fmt: skip
def test_arguments_have_pytorchs_names_and_defaults(name, pytorchs):
    theirs = inspect.signature(getattr(torch.optim.lr_scheduler, pytorchs)).parameters
    for parameter in inspect.signature(getattr(scratch.schedules, name)).parameters.values():
        if parameter.name not in ("step", "lr", "metrics"):
            assert parameter.default == theirs[parameter.name].default, parameter.name


def test_both_backends_have_the_same_names():
    assert set(scratch.schedules.__all__) == set(pytorch.schedules.__all__)


def test_the_cases_leave_no_schedule_out():
    assert {case.name for case in SCHEDULES} == {known.schedule.name for known in KNOWN} == set(NAMES)
    assert all(case.steps >= 200 for case in SCHEDULES if case.name in ("cosine", "step", "exponential"))


# One cycle


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.AdamW])
@pytest.mark.parametrize("options", [{}, {"three_phase": True}, {"anneal_strategy": "linear"}])
def test_rate_and_momentum_together_are_pytorchs_one_cycle(kind, options):
    more = {"momentum": 0.3} if kind is torch.optim.SGD else {"betas": (0.3, 0.99)}
    ours, theirs = (kind([torch.zeros(1, requires_grad=True)], 0.5, **more) for _ in range(2))
    steppers = [
        pytorch.schedules.one_cycle(ours, 0.1, 60, **options),
        pytorch.schedules.one_cycle_momentum(ours, 60, **options),
    ]
    reference = torch.optim.lr_scheduler.OneCycleLR(theirs, 0.1, 60, **options)
    for step in range(61):
        group, other = ours.param_groups[0], theirs.param_groups[0]
        assert group["lr"] == other["lr"]
        momentum = group.get("betas", [group.get("momentum")])
        np.testing.assert_allclose(momentum, other.get("betas", [other.get("momentum")]), rtol=1e-12)
        assert momentum[0] == pytest.approx(
            scratch.schedules.one_cycle_momentum(step, 60, **options), rel=1e-12
        )
        ours.step(), theirs.step()
        if step < 60:
            for scheduler in [*steppers, reference]:
                scheduler.step()
    for scheduler in [*steppers, reference]:
        with pytest.raises(ValueError):
            scheduler.step()
    with pytest.raises(ValueError, match="step"):
        scratch.schedules.one_cycle(61, 0.1, 60, **options)


def test_the_rate_and_the_momentum_leave_each_other_alone():
    optimizer = an_optimizer(0.3, momentum=0.2)
    scheduler = pytorch.schedules.one_cycle(optimizer, 0.1, 10)
    optimizer.step(), scheduler.step()
    assert optimizer.param_groups[0]["momentum"] == 0.2
    optimizer = an_optimizer(0.3, momentum=0.2)
    scheduler = pytorch.schedules.one_cycle_momentum(optimizer, 10)
    optimizer.step(), scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 0.3


def test_groups_may_have_bounds_of_their_own():
    groups = [{"params": [torch.zeros(1, requires_grad=True)]} for _ in range(2)]
    optimizer = torch.optim.SGD(groups, 0.1, momentum=0.9)
    pytorch.schedules.one_cycle(optimizer, [0.1, 0.2], 10)
    pytorch.schedules.one_cycle_momentum(optimizer, 10, max_momentum=[0.8, 0.7])
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.1 / 25, 0.2 / 25])
    assert [group["momentum"] for group in optimizer.param_groups] == pytest.approx([0.8, 0.7])
    scheduler = pytorch.schedules.reduce_on_plateau(optimizer, patience=0, factor=0.0, min_lr=[1e-3, 2e-3])
    for _ in range(2):
        scheduler.step(1.0)
    assert [group["lr"] for group in optimizer.param_groups] == [1e-3, 2e-3]
    for call in (
        lambda: pytorch.schedules.one_cycle(optimizer, [0.1, -0.2], 10),
        lambda: pytorch.schedules.one_cycle_momentum(optimizer, 10, max_momentum=[0.8]),
        lambda: pytorch.schedules.reduce_on_plateau(optimizer, min_lr=[0.1]),
    ):
        with pytest.raises(ValueError, match="max_lr|max_momentum|min_lr"):
            call()


# Errors


@pytest.mark.parametrize("refusal", titled(REFUSALS))
def test_bad_options_are_refused_alike(refusal):
    case = refusal.schedule
    start = () if case.name == "reduce_on_plateau" else 0
    with pytest.raises(refusal.error, match=f"^{refusal.naming}: "):
        of_step(case)(start)
    if not refusal.only_scratch:
        with pytest.raises(refusal.error, match=f"^{refusal.naming}: "):
            scheduler_of(case, an_optimizer(rate_of(case)))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "reduce_on_plateau"])
@pytest.mark.parametrize(
    ("step", "error"),
    [(-1, ValueError), (math.nan, ValueError), (math.inf, ValueError), ([0, 3, -2], ValueError), ("1", TypeError),
     (None, TypeError), (True, TypeError), (1j, TypeError)],
)  # fmt: skip
def test_steps_begin_at_0(name, step, error):
    case = next(case for case in SCHEDULES if case.name == name)
    with pytest.raises(error, match="^step: "):
        of_step(case)(step)


def test_metrics_are_numbers():
    for metrics in (3.0, [1.0, "2"], [None], ["nan"]):
        with pytest.raises(TypeError, match="^metrics: "):
            scratch.schedules.reduce_on_plateau(metrics, 0.1)


def test_pytorchs_side_needs_its_optimizer():
    parameter = scratch.tensor([1.0], requires_grad=True)
    for name in NAMES:
        case = next(case for case in SCHEDULES if case.name == name)
        options = {**case.options, "schedulers": []} if name == "sequential" else case.options
        with pytest.raises(TypeError, match="^optimizer: "):
            getattr(pytorch.schedules, name)(scratch.optimizers.SGD([parameter], 0.1), **options)
    with pytest.raises(ValueError, match="^optimizer: "):
        pytorch.schedules.one_cycle_momentum(torch.optim.Adagrad([torch.zeros(1, requires_grad=True)]), 10)
    with pytest.raises(TypeError, match="^schedulers: "):
        pytorch.schedules.sequential(an_optimizer(0.1), [lambda step: 0.1], [])
    optimizer = an_optimizer(0.1)
    with pytest.raises(ValueError, match="ReduceLROnPlateau"):
        pytorch.schedules.sequential(optimizer, [pytorch.schedules.reduce_on_plateau(optimizer)], [])


# In training


@pytest.mark.parametrize(
    "case", titled(case for case in SCHEDULES if case.lr is not None and case.name != "reduce_on_plateau")
)
def test_a_function_of_the_step_drives_an_optimizer_as_pytorchs_scheduler_does(case):
    generator = np.random.default_rng(0)
    start, matrix = generator.standard_normal(3), generator.standard_normal((3, 3))
    matrix = matrix @ matrix.T / 10
    ours, theirs = scratch.tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    our_steps = scratch.optimizers.SGD([ours], case.lr, momentum=0.5)
    their_steps = torch.optim.SGD([theirs], case.lr, momentum=0.5)
    rate, scheduler = of_step(case), scheduler_of(case, their_steps)
    for step in range(60):
        for group in our_steps.param_groups:
            group["lr"] = rate(step)
        ours.grad, theirs.grad = matrix @ ours.data, torch.tensor(matrix) @ theirs.detach()
        our_steps.step(), their_steps.step(), scheduler.step()
        assert np.abs(ours.data - theirs.detach().numpy()).max() <= 1e-10 * np.abs(start).max(), step


@pytest.mark.parametrize("case", titled(case for case in SCHEDULES if case.steps >= 50))
def test_a_scheduler_goes_on_from_its_state(case):
    expected, optimizer = from_pytorch(case)[25:50], an_optimizer(rate_of(case))
    scheduler = scheduler_of(case, optimizer)
    for step in range(50):
        if step == 25:
            before = optimizer, scheduler
            optimizer = an_optimizer(rate_of(case))
            scheduler = scheduler_of(case, optimizer)
            for old, new in zip(before, (optimizer, scheduler)):
                new.load_state_dict(copy.deepcopy(old.state_dict()))
        if step >= 25:
            assert optimizer.param_groups[0][case.drives] == expected[step - 25]
        optimizer.step(), scheduler.step(*case.metrics[step : step + 1])


@pytest.mark.parametrize("wrap", [np.asarray, torch.tensor, np.float64])
@pytest.mark.parametrize(
    "case",
    titled(case for case in SCHEDULES if any(isinstance(value, float) for value in case.options.values())),
)
def test_numbers_of_numpy_and_pytorch_are_numbers(case, wrap):
    wraps = {int: np.int64, float: wrap}
    options = {
        name: value if name == "pct_start" else wraps.get(type(value), lambda it: it)(value)
        for name, value in case.options.items()
    }
    case = dataclasses.replace(case, steps=min(case.steps, 40))
    wrapped = dataclasses.replace(case, options=options)
    expected = from_scratch(case)
    close = {"rtol": 1e-6, "atol": 1e-8} if wrap is torch.tensor else {"rtol": 1e-12, "atol": 1e-15}
    np.testing.assert_allclose(from_scratch(wrapped), expected, **close)
    optimizer = an_optimizer(rate_of(case))
    scheduler = scheduler_of(wrapped, optimizer)
    for step in range(case.steps):
        rate = optimizer.param_groups[0][case.drives]
        assert type(rate) in (float, int)
        np.testing.assert_allclose(rate, expected[step], **close)
        optimizer.step()
        if step < case.steps - 1:
            scheduler.step(*case.metrics[step : step + 1])


@given(st.integers(1, 20), st.integers(1, 5), st.integers(0, 10**6))
def test_restarts_are_where_the_cycles_end(T_0, T_mult, step):
    start, length = 0, T_0
    while step >= start + length and length < 10**7:
        start, length = (start + length, length * T_mult) if T_mult > 1 else (step - step % T_0, T_0)
    share = (1 + math.cos(math.pi * (step - start) / length)) / 2
    assert scratch.schedules.cosine_restarts(step, 1.0, T_0, T_mult) == pytest.approx(
        share, rel=1e-12, abs=1e-15
    )
