"""The benchmark's own arithmetic, and that both sides of every case compute the same thing."""

import numpy as np
import pytest

from benchmarks.__main__ import geometric_means, measure, table
from benchmarks.cases import CASES, Case
from dlcore import pytorch, scratch


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_sides_compute_the_same(case):
    floats, indices = case.arrays()
    floats = [
        array[:2] if place == 0 and case.operator != "linear" else array for place, array in enumerate(floats)
    ]
    targets = [] if indices is None else [indices[:2]]
    ours = getattr(scratch, case.operator)(*floats, *targets, **case.options)
    theirs = getattr(pytorch, case.operator)(*map(pytorch.tensor, floats + targets), **case.options).numpy()
    assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


def test_case_names_are_unique():
    assert len({case.name for case in CASES}) == len(CASES)


def test_geometric_mean_is_taken_within_family_and_thread_count():
    records = [
        {"family": "a", "threads": 1, "time_ratio": 1.0},
        {"family": "a", "threads": 1, "time_ratio": 4.0},
        {"family": "a", "threads": 2, "time_ratio": 3.0},
    ]
    means = {(mean["family"], mean["threads"]): mean["time_ratio"] for mean in geometric_means(records)}
    assert means == pytest.approx({("a", 1): 2.0, ("a", 2): 3.0})


def test_a_measurement_holds_times_and_peaks_of_both_implementations():
    case = next(case for case in CASES if case.operator == "relu")
    (record,) = measure([case], threads=1, repeats=3)
    assert record["scratch_seconds"] > 0 and record["pytorch_seconds"] > 0
    assert record["time_ratio"] == record["scratch_seconds"] / record["pytorch_seconds"]
    output_and_gradient = 2 * 4 * int(np.prod(case.shapes[0]))
    for backend in ("scratch", "pytorch"):
        peak = record[f"{backend}_peak_bytes"]
        assert peak is None or peak >= 0.8 * output_and_gradient
    assert case.name in table([record], geometric_means([record]))


def test_inputs_are_the_same_for_both_sides():
    case = Case("a case", "a family", "cross_entropy", ((3, 4),), classes=4)
    (first, indices), (again, indices_again) = case.arrays(), case.arrays()
    assert np.array_equal(first[0], again[0]) and np.array_equal(indices, indices_again)
    assert indices.max() < 4
