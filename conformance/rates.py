"""The rates of a schedule of ``dlcore.scratch`` and of PyTorch's scheduler, step by step."""

import numpy as np
import torch

from cases.schedules import Schedule
from dlcore import pytorch, scratch

__all__ = ["deviation", "from_pytorch", "from_scratch", "of_step", "rate_of", "scheduler_of"]


def of_step(case):
    """The function of the step, or of the metrics so far, that the case describes, from scratch."""
    rates = [] if case.lr is None else [case.lr]
    options = _with_parts(case, of_step)
    return lambda step: getattr(scratch.schedules, case.name)(step, *rates, **options)


def from_scratch(case):
    """The rate at every step."""
    rates = of_step(case)
    watches = case.name == "reduce_on_plateau"
    return np.array([rates(case.metrics[:step] if watches else step) for step in range(case.steps)])


def from_pytorch(case):
    """What the scheduler writes into an optimizer at every step."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], rate_of(case), momentum=0.5)
    scheduler, rates = scheduler_of(case, optimizer), []
    for step in range(case.steps):
        rates.append(optimizer.param_groups[0][case.drives])
        optimizer.step()
        if step < case.steps - 1:
            scheduler.step(*case.metrics[step : step + 1])
    return np.array(rates)


def rate_of(case):
    """The rate that PyTorch's optimizer is made with: that of the case, or of its first part that has one."""
    parts = [part for part in case.options.get("schedulers", ()) if isinstance(part, Schedule)]
    return next((part.lr for part in (case, *parts) if part.lr is not None), 0.1)


def scheduler_of(case, optimizer):
    """PyTorch's scheduler of the case, which drives `optimizer`."""
    options = _with_parts(case, lambda part: scheduler_of(part, optimizer))
    return getattr(pytorch.schedules, case.name)(optimizer, **options)


def deviation(case):
    """How far the rates are apart at most, divided by the largest."""
    mine, theirs = from_scratch(case), from_pytorch(case)
    largest = np.abs(theirs).max()
    return float(np.abs(mine - theirs).max() / largest) if largest else float(np.abs(mine).max())


def _with_parts(case, make):
    """The options, with the schedules among them made."""
    options = dict(case.options)
    if "schedulers" in options:
        options["schedulers"] = [
            make(part) if isinstance(part, Schedule) else part for part in options["schedulers"]
        ]
    return options
