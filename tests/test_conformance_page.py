"""book/conformance.md: written by the script, of this registry and this release of PyTorch."""

import json
import re
from dataclasses import replace

import torch

import cases
from cases.optimizers import OPTIMIZERS
from cases.schedules import SCHEDULES
from cases.schedules import TOLERANCE as RATE_TOLERANCE
from conformance import measuring, page, paths
from conformance.__main__ import PAGE, RESULTS, TOLERANCE

RUNS = json.loads(RESULTS.read_text())
RECORDS = {record["name"]: record for record in RUNS["cpu"]["operators"]}


def test_the_page_is_what_the_script_writes_of_the_data():
    assert PAGE.read_text() == page.render(RUNS, TOLERANCE), "run `make conformance`"


def test_the_data_is_of_this_registry():
    """The same operators, as many cases and refusals as the registry holds today."""
    assert list(RECORDS) == [operator.name for operator in cases.OPERATORS], "run `make conformance`"
    for operator in cases.OPERATORS:
        record = RECORDS[operator.name]
        assert record["refusals"] == len(operator.refusals), f"{operator.name}: run `make conformance`"
        assert record["cases"] + record["random_cases"] >= len(operator.examples), operator.name


def test_the_data_is_of_these_optimizers_and_schedules():
    run = RUNS["cpu"]
    assert [record["name"] for record in run["optimizers"]] == [item.name for item in OPTIMIZERS]
    for record, optimizer in zip(run["optimizers"], OPTIMIZERS):
        assert record["refusals"] == len(optimizer.refusals), f"{optimizer.name}: run `make conformance`"
        assert record["paths"] > len(optimizer.examples), f"{optimizer.name}: run `make conformance`"
    assert [record["name"] for record in run["schedules"]] == list(
        dict.fromkeys(schedule.name for schedule in SCHEDULES)
    ), "run `make conformance`"
    for record in run["schedules"]:
        listed = sum(schedule.name == record["name"] for schedule in SCHEDULES)
        assert record["cases"] > listed, f"{record['name']}: run `make conformance`"


def test_the_data_is_of_this_release_of_pytorch():
    recorded, here = (
        re.match(r"[\d.]+", text).group() for text in (RUNS["cpu"]["versions"]["torch"], torch.__version__)
    )
    assert recorded == here, "run `make conformance`"


def test_no_recorded_error_is_larger_than_the_tests_allow():
    for run in RUNS.values():
        for record in run["operators"]:
            for part, errors in record["errors"].items():
                for kind, error in errors.items():
                    assert error <= TOLERANCE[kind], (record["name"], part)
        for record in run["optimizers"]:
            for kind, error in record["errors"].items():
                assert error <= paths.TOLERANCE[kind], record["name"]
        for record in run["schedules"]:
            assert record["error"] <= RATE_TOLERANCE, record["name"]


def test_the_same_cases_are_drawn_at_every_run():
    operator = next(operator for operator in cases.OPERATORS if operator.samples is not None)
    assert measuring.draw(operator.samples, 10) == measuring.draw(operator.samples, 10)


def test_a_measured_operator_becomes_rows_of_the_page():
    operator = next(operator for operator in cases.OPERATORS if operator.name == "relu")
    topic = next(topic for topic in cases.TOPICS if operator in topic.OPERATORS)
    record = measuring.record(topic, operator, "cpu", drawn=3)
    run = {"device": "cpu", "date": "2026-01-01", "processor": "P", "versions": {"numpy": "2", "torch": "3"}}
    text = page.render({"cpu": run | {"operators": [record], "optimizers": [], "schedules": []}}, TOLERANCE)
    assert f"| `relu` | output | 0 | 0 | {record['cases']} |" in text
    assert "gradient of `input`" in text


def test_measured_optimizers_and_schedules_become_rows_of_the_page():
    last = replace(OPTIMIZERS[-1], examples=OPTIMIZERS[-1].examples[-2:])
    optimizer = measuring.optimizer_record(last, "cpu", drawn=1)
    assert optimizer["paths"] == 3 and optimizer["refusals"] == len(last.refusals)
    other = optimizer | {"name": "Other", "errors": {"float64": 2e-16, "float32": 3e-7}}
    text = page.optimizers(
        {"cpu": {"optimizers": [optimizer, other]}, "cuda": {"optimizers": [other]}, "mps": {}}
    )
    assert "| Optimizer | CPU float64 | CPU float32 | CUDA float64 |" in text
    assert f"| `Other` | 2e-16 | 3e-7 | 2e-16 | 3e-7 |  |  | {optimizer['paths']} |" in text
    figures = [page.figure(optimizer["errors"][kind]) for kind in ("float64", "float32")]
    assert f"| `{OPTIMIZERS[-1].name}` | {figures[0]} | {figures[1]} |  |  |" in text
    schedule = measuring.schedule_record("cosine", drawn=2)
    listed = [item.steps for item in SCHEDULES if item.name == "cosine"]
    assert schedule["cases"] == len(listed) + 2 and schedule["steps"] > sum(listed)
    assert f"| `cosine` | {page.figure(schedule['error'])} | {schedule['cases']} |" in page.schedules(
        [schedule]
    )


def test_figures_are_short():
    assert [page.figure(error) for error in (None, 0.0, 2.3e-16, 4e-7)] == ["", "0", "2e-16", "4e-7"]
