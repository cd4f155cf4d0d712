"""Ensembles: averages of predictions and of weights, and the draws of bagging."""

import functools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlcore import data, pytorch, scratch
from dlcore.pytorch import ensembles as torch_ensembles
from dlcore.scratch import ensembles as scratch_ensembles
from dlcore.scratch.schedules import cosine_restarts
from dlcore.training import evaluate, train

BACKENDS = {
    "scratch": (scratch, scratch_ensembles, np.random.default_rng, np.asarray),
    "pytorch": (pytorch, torch_ensembles, lambda seed: torch.Generator().manual_seed(seed), torch.as_tensor),
}
backends = pytest.mark.parametrize(("backend", "ensembles", "seeded", "of"), BACKENDS.values(), ids=BACKENDS)


def array(values):
    values = values.detach() if hasattr(values, "detach") else values
    return np.asarray(values).copy()


def softmax(scores):
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


# Averaging predictions


@backends
@pytest.mark.parametrize("weights", [None, [1, 2, 5], np.array([0.0, 0.25, 0.75])])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_ensemble_is_the_average_by_hand(backend, ensembles, seeded, of, weights, dtype):
    generator = np.random.default_rng(0)
    inputs = generator.standard_normal((6, 4)).astype(dtype)
    matrices = [generator.standard_normal((4, 3)).astype(dtype) for _ in range(3)]
    members = [functools.partial(lambda matrix, input: input @ matrix, of(matrix)) for matrix in matrices]
    shares = np.full(3, 1 / 3) if weights is None else np.array(weights) / np.sum(weights)
    scores = [inputs @ matrix for matrix in matrices]
    tolerance = 1e-12 if dtype == np.float64 else 1e-5

    ensemble = ensembles.Ensemble(members, weights)
    actual = array(ensemble(of(inputs)))
    assert actual.dtype == dtype and len(ensemble) == 3
    expected = sum(share * softmax(score) for share, score in zip(shares, scores))
    np.testing.assert_allclose(actual, expected, rtol=tolerance)
    np.testing.assert_allclose(actual.sum(1), 1, rtol=1e-5)

    actual = array(ensembles.Ensemble(members, weights, softmax=False)(of(inputs)))
    expected = sum(share * score for share, score in zip(shares, scores))
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@backends
def test_large_weights_do_not_overflow_where_the_predictions_are_of_half_precision(
    backend, ensembles, seeded, of
):
    predictions = [of(np.array([1, 2], np.float16)), of(np.array([3, 6], np.float16))]
    average = array(ensembles.average_predictions(predictions, [1e5, 1e5]))
    assert average.tolist() == [2, 4] and average.dtype == np.float16


@backends
@pytest.mark.parametrize("weights", [None, [1, 1]])
def test_predictions_of_different_precision_are_averaged_in_the_higher(
    backend, ensembles, seeded, of, weights
):
    predictions = [of(np.ones(2, np.float32)), of(np.full(2, 1 + 1e-12))]
    average = array(ensembles.average_predictions(predictions, weights))
    assert average.dtype == np.float64 and (average > 1).all()


@backends
def test_an_ensemble_takes_the_axis_of_the_classes(backend, ensembles, seeded, of):
    scores = np.random.default_rng(0).standard_normal((2, 5, 3, 4))
    for dim in (1, -1, 2):
        total = array(ensembles.Ensemble([lambda input: input] * 2, dim=dim)(of(scores))).sum(dim)
        np.testing.assert_allclose(total, 1, rtol=1e-12)


@backends
def test_an_ensemble_of_networks_can_be_trained_as_one(backend, ensembles, seeded, of):
    networks = [backend.nn.Linear(3, 2) for _ in range(2)]
    inputs = backend.tensor(np.ones((1, 3), np.float32))
    output = ensembles.Ensemble(networks)(inputs)
    output[0, 0].backward()
    assert all(np.abs(array(network.weight.grad)).max() > 0 for network in networks)


@backends
@pytest.mark.parametrize(
    ("arguments", "options", "naming", "error"),
    [
        (([],), {}, "members", ValueError),
        (([1, 2],), {}, "members", TypeError),
        (([abs, abs], [1]), {}, "weights", ValueError),
        (([abs, abs], [1, -1]), {}, "weights", ValueError),
        (([abs, abs], [0, 0]), {}, "weights", ValueError),
        (([abs, abs], [1, math.nan]), {}, "weights", ValueError),
        (([abs],), {"dim": 0.5}, "dim", TypeError),
        (([abs],), {"softmax": "no"}, "softmax", TypeError),
        ((abs,), {}, "members", TypeError),
        (([abs, abs], [1, math.inf]), {}, "weights", ValueError),
        (([abs, abs], [1e308, 1e308]), {}, "weights", ValueError),
        (([abs, abs], "12"), {}, "weights", TypeError),
        (([abs, abs], 0.5), {}, "weights", TypeError),
    ],
)
def test_bad_ensembles_are_refused(backend, ensembles, seeded, of, arguments, options, naming, error):
    with pytest.raises(error, match=f"^{naming}: "):
        ensembles.Ensemble(*arguments, **options)


@given(st.integers(1, 5), st.integers(1, 6), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_the_loss_of_the_average_is_at_most_the_average_loss(members, count, classes, seed):
    """Jensen's inequality: the logarithm is concave."""
    generator = np.random.default_rng(seed)
    predictions = generator.dirichlet(np.full(classes, 0.5), (members, count)) + 1e-9
    weights = generator.uniform(0.1, 1, members)
    labels = generator.integers(classes, size=count)
    average = scratch_ensembles.average_predictions(predictions, weights)
    own = -np.log(predictions[:, np.arange(count), labels])
    losses = -np.log(average[np.arange(count), labels])
    assert (losses <= np.average(own, axis=0, weights=weights) + 1e-12).all()


def classifier(backend, generator):
    """Two layers, of the same numbers in both backends."""

    def make(nn):
        return nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10))

    network = make(backend.nn)
    network.load_state_dict(scratch.nn.reset_parameters(make(scratch.nn), generator).state_dict())
    return network


def digits():
    images, labels = data.digits()
    images = images.reshape(len(images), 64)
    return (images[:400], labels[:400]), (images[400:], labels[400:])


def learn(backend, network, examples, epochs, **options):
    """Train a classifier of digits."""
    optimizer = backend.optimizers.SGD(network.parameters(), 0.2, momentum=0.9)
    train(
        network, optimizer, backend.cross_entropy, examples, epochs, batch_size=50, progress=False, **options
    )
    return network


def measured(backend, ensemble, examples):
    """Loss and accuracy of an ensemble, and the accuracies of its members."""
    found = evaluate(
        ensemble, lambda output, target: backend.nll_loss(output.log(), target), examples, batch_size=500
    )
    each = [
        evaluate(member, backend.cross_entropy, examples, batch_size=500)["accuracy"]
        for member in ensemble.members
    ]
    return found, each


@backends
def test_bagged_classifiers_of_digits_beat_the_mean_of_the_members(backend, ensembles, seeded, of):
    examples, unseen = digits()
    members, generator = [], seeded(0)
    for seed in range(6):
        *drawn, left_out = ensembles.bootstrap(*examples, generator=generator)
        assert [type(array) for array in (*drawn, left_out)] == [np.ndarray] * 3
        network = classifier(backend, np.random.default_rng(seed))
        members.append(learn(backend, network, drawn, 15, seed=seed))
    ensemble = ensembles.Ensemble(members)
    found, each = measured(backend, ensemble, unseen)
    assert np.mean(each) > 0.8  # they have learned something
    assert found["accuracy"] > np.mean(each) + 0.01
    assert all(member.training for member in members)  # as evaluation found them
    assert ensemble.eval() is ensemble and not any(member.training for member in members)
    probabilities = np.mean([softmax(array(member(of(unseen[0])))) for member in members], axis=0)
    assert found["accuracy"] == (probabilities.argmax(1) == unseen[1]).mean()
    likelihood = probabilities[np.arange(len(unseen[1])), unseen[1]]
    assert found["loss"] == pytest.approx(-np.log(likelihood).mean(), rel=1e-4)


@backends
def test_functions_in_an_ensemble_have_no_mode(backend, ensembles, seeded, of):
    network = backend.nn.Linear(2, 2)
    ensemble = ensembles.Ensemble([network, lambda input: input]).eval()
    assert list(ensemble.modules()) == [network] and not network.training


# Bagging


@backends
def test_a_bootstrap_has_632_in_1000_and_leaves_out_the_others(backend, ensembles, seeded, of):
    generator, shares = seeded(0), []
    for _ in range(50):
        drawn, left_out = map(array, ensembles.bootstrap(2000, generator=generator))
        assert drawn.shape == (2000,) and drawn.dtype == left_out.dtype == np.int64
        assert set(drawn) | set(left_out) == set(range(2000)) and not set(drawn) & set(left_out)
        assert (np.diff(left_out) > 0).all()
        shares.append(len(set(drawn)) / 2000)
    expected, deviation = 1 - (1 - 1 / 2000) ** 2000, math.sqrt(1 / math.e - 2 / math.e**2) / math.sqrt(2000)
    assert abs(np.mean(shares) - expected) < 4 * deviation / math.sqrt(50)
    assert 0.5 * deviation < np.std(shares) < 1.5 * deviation


@backends
def test_every_example_is_drawn_as_often_as_any_other(backend, ensembles, seeded, of):
    generator = seeded(1)
    counts = np.bincount(
        np.concatenate([array(ensembles.bootstrap(7, generator=generator)[0]) for _ in range(3000)])
    )
    chi_squared = ((counts - 3000) ** 2 / 3000).sum()
    assert len(counts) == 7 and chi_squared < 22.5  # 6 degrees of freedom: exceeded once in 1000 times


@backends
def test_arrays_are_drawn_from_alike(backend, ensembles, seeded, of):
    inputs, targets = np.arange(20.0).reshape(10, 2), np.arange(10)
    before = inputs.copy()
    some, classes, left_out = ensembles.bootstrap(of(inputs), of(targets), generator=seeded(3))
    drawn, same = ensembles.bootstrap(10, generator=seeded(3))
    np.testing.assert_array_equal(array(classes), array(drawn))
    np.testing.assert_array_equal(array(some), inputs[array(drawn)])
    np.testing.assert_array_equal(array(left_out), array(same))
    np.testing.assert_array_equal(inputs, before)
    assert array(ensembles.bootstrap(1, generator=seeded(0))[1]).shape == (0,)


@backends
@pytest.mark.parametrize(
    ("arrays", "naming", "error"),
    [
        ((), "arrays", ValueError),
        ((0,), "arrays", ValueError),
        ((2.5,), "arrays", TypeError),
        (([1, 2],), "arrays", TypeError),
        ((np.zeros(3), np.zeros(4)), "arrays", ValueError),
        ((np.zeros((0, 2)),), "arrays", ValueError),
        ((np.zeros(3), 3), "arrays", TypeError),
        ((np.zeros(()),), "arrays", TypeError),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(backend, ensembles, seeded, of, arrays, naming, error):
    arrays = [of(item) if isinstance(item, np.ndarray) else item for item in arrays]
    with pytest.raises(error, match=f"^{naming}: "):
        ensembles.bootstrap(*arrays, generator=seeded(0))


def test_numbers_come_from_a_generator_of_the_backend():
    with pytest.raises(TypeError, match="^generator: "):
        scratch_ensembles.bootstrap(5)
    with pytest.raises(TypeError, match="^generator: "):
        torch_ensembles.bootstrap(5, generator=np.random.default_rng(0))
    torch.manual_seed(0)
    first = torch_ensembles.bootstrap(50)[0]
    torch.manual_seed(0)
    assert torch.equal(torch_ensembles.bootstrap(50)[0], first)


# Averaging weights


@backends
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_weights_are_averaged_and_counters_are_the_last(backend, ensembles, seeded, of, dtype):
    generator = np.random.default_rng(0)
    states = [
        {"w": of(generator.uniform(3e4, 6e4, (3, 2)).astype(dtype)), "n": of(np.array(count)), "b": of(np.array([True]))}
        for count in (4, 7, 6)
    ]  # fmt: skip
    given = [array(state["w"]) for state in states]
    average = ensembles.average_weights(iter(states))
    expected = np.mean([values.astype(np.float64) for values in given], axis=0)
    assert array(average["w"]).dtype == dtype and list(average) == ["w", "n", "b"]
    np.testing.assert_allclose(array(average["w"]), expected, rtol=4 * np.finfo(dtype).eps)
    assert (
        array(average["n"]) == 6 and array(average["n"]).dtype == np.int64 and array(average["b"]) == [True]
    )
    average["w"][...] = 0
    average["n"][...] = 0
    for state, values, count in zip(states, given, (4, 7, 6)):
        assert np.array_equal(array(state["w"]), values) and array(state["n"]) == count


@backends
def test_an_average_of_states_can_be_loaded(backend, ensembles, seeded, of):
    def make():
        return backend.nn.Sequential(backend.nn.Linear(3, 2), backend.nn.BatchNorm1d(2))

    networks = [make() for _ in range(3)]
    average, network = ensembles.average_weights(network.state_dict() for network in networks), make()
    network.load_state_dict(average)
    mean = np.mean([array(network[0].weight) for network in networks], axis=0)
    np.testing.assert_allclose(array(network[0].weight), mean, rtol=1e-6, atol=1e-7)


@backends
def test_states_of_different_networks_cannot_be_averaged(backend, ensembles, seeded, of):
    state = {"w": of(np.ones(3))}
    for others in (
        [],
        [state, {}],
        [state, {"w": of(np.ones(3)), "b": of(np.ones(1))}],
        [state, {"w": of(np.ones(4))}],
    ):
        with pytest.raises(ValueError, match="^state_dicts: "):
            ensembles.average_weights(others)
    for others in (state, [backend.nn.Linear(2, 3)]):
        with pytest.raises(TypeError, match="^state_dicts: "):
            ensembles.average_weights(others)


# Snapshots


def one_weight(backend):
    return backend.nn.Sequential(backend.nn.Linear(1, 1, bias=False))


def snapshots_of(backend, ensembles, cycle_length, steps):
    """Snapshots of a network whose weight is the number of the step, from 1 on."""
    network, snapshots, ended = one_weight(backend), ensembles.Snapshots(cycle_length), []
    for step in range(1, steps + 1):
        network.load_state_dict({"0.weight": np.full((1, 1), step, np.float32)})
        if snapshots.observe(network):
            ended.append(step)
    return snapshots, ended


@backends
def test_snapshots_are_copies_from_the_ends_of_the_cycles(backend, ensembles, seeded, of):
    snapshots, ended = snapshots_of(backend, ensembles, 3, 11)
    assert ended == [3, 6, 9] and snapshots.step == 11
    assert [float(state["0.weight"].item()) for state in snapshots.states] == [3, 6, 9]
    inputs = of(np.ones((2, 1), np.float32))
    whole = snapshots.ensemble(lambda: one_weight(backend), softmax=False)
    assert array(whole(inputs)).tolist() == [[6.0]] * 2
    late = snapshots.ensemble(lambda: one_weight(backend), last=2, softmax=False, weights=[1, 3])
    assert array(late(inputs)).tolist() == [[8.25]] * 2
    assert type(whole) is ensembles.Ensemble and not any(member.training for member in whole.members)
    assert snapshots.average()["0.weight"].item() == 6 and snapshots.average(last=2)["0.weight"].item() == 7.5


@backends
def test_the_rate_is_lowest_where_a_snapshot_is_taken(backend, ensembles, seeded, of):
    rates = scratch.schedules.cosine_restarts(np.arange(40), 0.1, T_0=8)
    _, ended = snapshots_of(backend, ensembles, 8, 40)
    assert all(rates[step - 1] == pytest.approx(rates.min()) for step in ended) and len(ended) == 5


@backends
def test_resumed_snapshots_go_on_in_the_middle_of_a_cycle(backend, ensembles, seeded, of):
    snapshots, _ = snapshots_of(backend, ensembles, 3, 4)
    resumed, saved = ensembles.Snapshots(3), snapshots.state_dict()
    resumed.load_state_dict(saved)
    for _ in range(3):
        snapshots.observe(one_weight(backend))
    assert len(snapshots.states) == 2 and len(saved["states"]) == 1
    saved["states"][0]["0.weight"][...] = 99
    network = one_weight(backend)
    assert [resumed.observe(network) for _ in range(3)] == [False, True, False]
    assert len(resumed.states) == 2 and resumed.states[0]["0.weight"].item() == 3
    with pytest.raises(ValueError, match="^state_dict: "):
        resumed.load_state_dict({"step": 3})


@backends
def test_snapshots_that_were_not_taken_cannot_be_had(backend, ensembles, seeded, of):
    snapshots, _ = snapshots_of(backend, ensembles, 3, 7)
    for last, error in ((3, ValueError), (0, ValueError), (1.5, TypeError)):
        with pytest.raises(error, match="^last: "):
            snapshots.average(last)
    with pytest.raises(ValueError, match="^last: "):
        ensembles.Snapshots(3).ensemble(None)
    for length, error in ((0, ValueError), (2.5, TypeError)):
        with pytest.raises(error, match="^cycle_length: "):
            ensembles.Snapshots(length)


@backends
def test_snapshots_of_a_training_on_digits_beat_their_mean(backend, ensembles, seeded, of):
    examples, unseen = digits()
    make = functools.partial(classifier, backend, np.random.default_rng(0))
    snapshots, rate = ensembles.Snapshots(80), functools.partial(cosine_restarts, T_0=80)
    learn(backend, make(), examples, 50, schedule=rate, snapshots=snapshots)
    found, each = measured(backend, snapshots.ensemble(make), unseen)
    assert len(each) == 5 and min(each) > 0.75 and found["accuracy"] > np.mean(each)


@backends
def test_snapshots_of_an_interrupted_training_are_those_of_an_undisturbed_one(
    backend, ensembles, seeded, of, tmp_path
):
    def run(epochs, path=None):
        network, snapshots = classifier(backend, np.random.default_rng(0)), ensembles.Snapshots(6)
        learn(backend, network, digits()[0], epochs, snapshots=snapshots, checkpoint=path)
        return snapshots

    whole, first = run(4), run(1, tmp_path / "run")
    assert (first.step, len(first.states)) == (8, 1)
    resumed = run(4, tmp_path / "run")
    assert (resumed.step, len(resumed.states), len(whole.states)) == (32, 5, 5)
    for one, other in zip(resumed.states, whole.states):
        for name in one:
            np.testing.assert_array_equal(array(one[name]), array(other[name]))
