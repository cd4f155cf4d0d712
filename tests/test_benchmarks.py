"""The benchmark's own arithmetic, and that both sides of every case compute the same thing."""

import numpy as np
import pytest

from benchmarks.__main__ import geometric_means, measure, table
from benchmarks.worker import one_pass
from cases import TIMED
from cases.vocabulary import Array, Timed, sample
from conformance.calls import Call, find
from conformance.checks import compare
from dlcore import pytorch, scratch


@pytest.mark.parametrize("case", TIMED, ids=lambda case: case.name)
def test_both_sides_compute_the_same(case):
    call = Call(None, case.sample, np.float32, seed=0)
    ours, _ = call.arrays(find(scratch, case.operator))
    theirs, _ = call.torch(find(pytorch, case.operator))
    if not case.sample.random:
        for output, expected in zip(ours, theirs, strict=True):
            compare(np.asarray(output), expected.detach().numpy(), None, case.name)


@pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])
def test_a_pass_goes_forward_and_backward(backend, monkeypatch):
    shapes = []
    backward = backend.Tensor.backward
    monkeypatch.setattr(
        backend.Tensor, "backward", lambda self, grad: (shapes.append(self.shape), backward(self, grad))
    )
    one_pass(backend, Timed("relu", "activations", "relu", sample(Array((3, 4)))))()
    assert shapes == [(3, 4)]


def test_case_names_are_unique():
    assert len({case.name for case in TIMED}) == len(TIMED)


def test_geometric_mean_is_taken_within_family_and_thread_count():
    records = [
        {"family": "a", "threads": 1, "time_ratio": 1.0},
        {"family": "a", "threads": 1, "time_ratio": 4.0},
        {"family": "a", "threads": 2, "time_ratio": 3.0},
    ]
    means = {(mean["family"], mean["threads"]): mean["time_ratio"] for mean in geometric_means(records)}
    assert means == pytest.approx({("a", 1): 2.0, ("a", 2): 3.0})


def test_a_measurement_holds_times_and_peaks_of_both_implementations():
    case = next(case for case in TIMED if case.operator == "relu")
    (record,) = measure([case], threads=1, repeats=3)
    assert record["scratch_seconds"] > 0 and record["pytorch_seconds"] > 0
    assert record["time_ratio"] == record["scratch_seconds"] / record["pytorch_seconds"]
    output_and_gradient = 2 * 4 * int(np.prod(case.sample.arguments[0].shape))
    for backend in ("scratch", "pytorch"):
        peak = record[f"{backend}_peak_bytes"]
        assert peak is None or peak >= 0.8 * output_and_gradient
    assert case.name in table([record], geometric_means([record]))
