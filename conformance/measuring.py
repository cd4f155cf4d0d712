"""The errors of every operator, optimizer and schedule over its cases: one run, as data."""

import datetime
import platform

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

import cases
import cases.optimizers
import cases.schedules
from benchmarks.machine import processor, versions

from . import checks, paths, rates
from .calls import is_pytorchs_own

__all__ = ["run"]

DTYPES = (np.float64, np.float32)


def run(device="cpu", drawn=25, progress=iter):
    """Measure every operator of the registry against PyTorch on `device`.

    Parameters
    ----------
    device : str
        Where PyTorch computes.
    drawn : int
        Random cases of each, the same at every run, besides the listed ones.
    progress : callable
        Wraps the list of operators, and that of optimizers, as ``tqdm.tqdm`` does.

    Returns
    -------
    dict
        When and where it ran, and under "operators", "optimizers" and "schedules" a record for each; plain data for a
        JSON file.
    """
    checks.full_single_precision()
    return {
        "device": device,
        "date": datetime.date.today().isoformat(),
        "processor": processor(device),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": versions(),
        "operators": [
            record(topic, operator, device, drawn)
            for topic, operator in progress([(t, o) for t in cases.TOPICS for o in t.OPERATORS])
        ],
        "optimizers": [
            optimizer_record(optimizer, device, drawn) for optimizer in progress(cases.optimizers.OPTIMIZERS)
        ],
        "schedules": [
            schedule_record(name, drawn)
            for name in dict.fromkeys(schedule.name for schedule in cases.schedules.SCHEDULES)
        ],
    }


def record(topic, operator, device, drawn):
    """What one operator's cases show."""
    samples = [*draw(operator.samples, drawn), *operator.examples]
    compared = [sample for sample in samples if not sample.random]
    native = is_pytorchs_own(operator.name)
    errors = {}
    for dtype in DTYPES:
        for number, sample in enumerate(samples):
            for part, error in checks.agrees(operator, sample, dtype, number, device).items():
                row = errors.setdefault(part, {})
                row[dtype.__name__] = max(row.get(dtype.__name__, 0.0), error)
    smooth = [sample for sample in samples if sample.smooth]
    defined = compared if operator.by_definition is not None else []
    return {
        "topic": topic.__name__.rpartition(".")[2],
        "name": operator.name,
        "pytorchs_own": native,
        "cases": len(compared),
        "random_cases": len(samples) - len(compared),
        "refusals": len(operator.refusals),
        "errors": errors,
        "finite_differences": max(
            (
                checks.finite_differences_agree(operator, sample, number)
                for number, sample in enumerate(smooth)
            ),
            default=None,
        ),
        "by_definition": max(
            (
                checks.follows_its_definition(operator, item, np.float64, number)
                for number, item in enumerate(defined)
            ),
            default=None,
        ),
        "known": sorted({known.source for known in operator.known if not _known(operator, known)}),
        "uncompiled": operator.uncompiled,
        "compiled": None if native or operator.uncompiled or not compared else _compiles(operator),
    }


def optimizer_record(optimizer, device, drawn):
    """How far an optimizer's paths lead from PyTorch's."""
    walked = [*optimizer.examples, *draw(optimizer.samples, drawn)]
    return {
        "name": optimizer.name,
        "paths": len(walked),
        "refusals": len(optimizer.refusals),
        "errors": {
            dtype.__name__: max(
                paths.deviation(optimizer.name, path, dtype, device, seed) for seed, path in enumerate(walked)
            )
            for dtype in DTYPES
        },
    }


def schedule_record(name, drawn):
    """How far a schedule's rates are from those of PyTorch's scheduler."""
    listed = [schedule for schedule in cases.schedules.SCHEDULES if schedule.name == name]
    compared = [*listed, *draw(cases.schedules.schedules(name), drawn)]
    return {
        "name": name,
        "cases": len(compared),
        "steps": sum(schedule.steps for schedule in compared),
        "error": max(map(rates.deviation, compared)),
    }


def _known(operator, known):
    for dtype in DTYPES:
        checks.gives_what_is_known(operator, known, dtype)


def _compiles(operator):
    sample = next(sample for sample in operator.examples if not sample.random)
    checks.compiles(operator, sample, seed=0)
    return True


def draw(strategy, count):
    """`count` samples at most; the same at every run."""
    samples = []
    if strategy is None:
        return samples

    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def collect(sample):
        samples.append(sample)

    collect()
    return samples
