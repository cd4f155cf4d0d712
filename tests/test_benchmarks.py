"""The benchmark's own arithmetic, and that both sides of every case compute the same thing."""

import numpy as np
import pytest

from benchmarks import training
from benchmarks.__main__ import geometric_means
from benchmarks.comparison import measure, table
from benchmarks.worker import one_pass, operator_pass
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
    (record,) = measure([case.name], operator_pass, threads=1, repeats=3)
    assert record["scratch_seconds"] > 0 and record["pytorch_seconds"] > 0
    assert record["time_ratio"] == record["scratch_seconds"] / record["pytorch_seconds"]
    output_and_gradient = 2 * 4 * int(np.prod(case.sample.arguments[0].shape))
    for backend in ("scratch", "pytorch"):
        peak = record[f"{backend}_peak_bytes"]
        assert peak is None or peak >= 0.8 * output_and_gradient
    assert case.name in table([record], "forward")


@pytest.mark.parametrize("seed", [0, 1])
def test_lenet_from_scratch_learns_the_digits_as_well_as_pytorchs(seed):
    accuracies = [training.train(backend, seed, epochs=4)["accuracy"] for backend in (scratch, pytorch)]
    assert min(accuracies) > 0.9
    assert abs(accuracies[0] - accuracies[1]) <= 0.005


def test_a_measurement_of_training_holds_times_and_accuracies_of_both_implementations():
    (record,) = training.measure(seeds=1, epochs=1, threads=1)
    assert record["time_ratio"] == record["scratch_seconds"] / record["pytorch_seconds"] > 0
    points = 100 * (record["scratch_accuracy"] - record["pytorch_accuracy"])
    assert record["accuracy_points"] == pytest.approx(points)
    assert f"{record['time_ratio']:.2f}" in training.table([record])
