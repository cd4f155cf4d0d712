"""Regularization: what can be said of random operators only in numbers of draws."""

import numpy as np
import pytest
import torch

from dlcore import pytorch, scratch

BACKENDS = {
    "scratch": (scratch, np.random.default_rng, lambda array: array),
    "pytorch": (pytorch, lambda seed: torch.Generator().manual_seed(seed), torch.from_numpy),
}
backends = pytest.mark.parametrize(("backend", "generator", "of"), BACKENDS.values(), ids=BACKENDS)


def inputs(*shape):
    return np.random.default_rng(0).standard_normal(shape)


@backends
@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_dropout_keeps_a_share_of_one_minus_p(backend, generator, of, p):
    output = np.asarray(backend.dropout(of(np.ones((300, 300))), p, generator=generator(0)))
    assert set(np.unique(output)) <= {0.0, 1 / (1 - p)} and len(np.unique(output)) == 2
    assert abs((output != 0).mean() - (1 - p)) < 5 * np.sqrt(p * (1 - p) / output.size)


@backends
def test_inverted_dropout_keeps_the_expectation_and_the_classic_form_in_evaluation(backend, generator, of):
    X = of(np.ones((400, 400)))
    inverted = backend.dropout(X, 0.3, generator=generator(0))
    classic = backend.dropout(X, 0.3, inverted=False, generator=generator(0))
    later = backend.dropout(X, 0.3, False, inverted=False)
    assert abs(float(inverted.mean()) - 1) < 0.01
    assert set(np.unique(classic)) == {0.0, 1.0}
    assert abs(float(classic.mean()) - float(later.mean())) < 0.01


@backends
@pytest.mark.parametrize(
    "name", ["dropout", "dropout2d", "alpha_dropout", "feature_alpha_dropout", "drop_path"]
)
def test_the_same_generator_state_drops_the_same(backend, generator, of, name):
    X, operator = of(inputs(4, 5, 6, 7)), getattr(backend, name)
    first, second, other = (operator(X, 0.5, True, generator=generator(seed)) for seed in (1, 1, 2))
    assert (first == second).all() and (first != other).any()


def test_the_dtype_changes_the_precision_and_not_what_is_dropped():
    outputs = [
        scratch.dropout(np.ones((20, 20), dtype), generator=np.random.default_rng(0))
        for dtype in (np.float32, np.float64)
    ]
    assert [output.dtype for output in outputs] == [np.float32, np.float64]
    assert np.array_equal(*outputs)


@backends
@pytest.mark.parametrize(
    ("name", "shape", "whole"),
    [
        ("dropout1d", (30, 20, 5), (2,)),
        ("dropout1d", (200, 5), (1,)),
        ("dropout2d", (30, 20, 5, 4), (2, 3)),
        ("dropout3d", (30, 20, 2, 3, 2), (2, 3, 4)),
        ("dropout3d", (200, 2, 3, 2), (1, 2, 3)),
        ("drop_path", (200, 4, 3), (1, 2)),
    ],
)
def test_what_is_dropped_together_stays_together(backend, generator, of, name, shape, whole):
    output = np.asarray(getattr(backend, name)(of(np.ones(shape)), 0.4, generator=generator(0)))
    assert np.array_equal(output.min(whole), output.max(whole))
    kept = output.max(whole) != 0
    assert abs(kept.mean() - 0.6) < 5 * np.sqrt(0.24 / kept.size)
    assert np.allclose(output[output != 0], 1 / 0.6)


@backends
def test_drop_path_by_batch_drops_all_or_nothing(backend, generator, of):
    results = [
        np.asarray(backend.drop_path(of(np.ones((5, 2))), 0.5, mode="batch", generator=generator(seed)))
        for seed in range(40)
    ]
    assert {tuple(np.unique(result)) for result in results} == {(0.0,), (2.0,)}


@backends
@pytest.mark.parametrize("name", ["alpha_dropout", "feature_alpha_dropout"])
@pytest.mark.parametrize("p", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(backend, generator, of, name, p):
    output = getattr(backend, name)(of(inputs(400, 400, 1)), p, True, generator=generator(0))
    assert abs(float(output.mean())) < 0.02
    assert abs(float(output.std()) - 1) < 0.02


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_alpha_dropout_has_pytorchs_two_branches(p):
    X = np.full((40, 40), 0.7)
    ours = np.unique(scratch.alpha_dropout(X, p, True, generator=np.random.default_rng(0)))
    theirs = np.unique(torch.nn.functional.alpha_dropout(torch.from_numpy(X), p, True).numpy())
    assert np.allclose(ours, theirs, rtol=1e-12) and len(ours) == 2


@pytest.mark.parametrize(
    "name",
    ["dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "drop_path"],
)
def test_the_gradient_goes_where_the_input_went(name):
    X, axes = inputs(6, 5, 4), {"dropout1d": 1, "dropout2d": 2, "dropout3d": 3}.get(name, 1)
    X = X.reshape(6, 5, *[4] + [1] * (axes - 1))

    def run(array):
        return getattr(scratch, name)(array, 0.4, True, generator=np.random.default_rng(3))

    tensor = scratch.Tensor(X, requires_grad=True)
    output = run(tensor)
    output.backward(np.ones(X.shape))
    slope = run(X + 1) - run(X)  # the operator is linear, once the mask is drawn
    assert np.allclose(tensor.grad, slope, rtol=1e-12)
    assert (tensor.grad == 0).any() and (tensor.grad != 0).any()


LAYERS = {
    "Dropout": (8, 9), "Dropout1d": (8, 9, 2), "Dropout2d": (8, 9, 2, 2), "Dropout3d": (8, 9, 2, 2, 2),
    "AlphaDropout": (8, 9), "FeatureAlphaDropout": (8, 9, 2), "DropPath": (50, 2),
}  # fmt: skip


@pytest.mark.parametrize(("name", "shape"), LAYERS.items(), ids=LAYERS)
def test_layers_draw_anew_each_time_in_training_and_not_at_all_in_evaluation(name, shape):
    layer, X = getattr(scratch.nn, name)(0.5), inputs(*shape)
    scratch.nn.reset_parameters(layer, np.random.default_rng(0))
    first, second = layer(X), layer(X)
    assert (first != second).any()
    scratch.nn.reset_parameters(layer, np.random.default_rng(0))
    assert np.array_equal(layer(X), first)
    layer.eval()
    assert np.array_equal(layer(X), X)


def test_two_layers_of_a_network_draw_different_numbers():
    network = scratch.nn.Sequential(scratch.nn.Dropout(), scratch.nn.Dropout())
    scratch.nn.reset_parameters(network, np.random.default_rng(0))
    first, second = (layer(np.ones((10, 10))) for layer in network)
    assert (first != second).any()


@pytest.mark.parametrize("nn", [scratch.nn, pytorch.nn], ids=["scratch", "pytorch"])
@pytest.mark.parametrize(
    ("arguments", "error"), [((-0.1,), ValueError), ((2,), ValueError), (("a",), TypeError)]
)
def test_layers_check_their_probability(nn, arguments, error):
    for name in LAYERS:
        with pytest.raises(error):
            getattr(nn, name)(*arguments)


@backends
def test_l2_penalty_is_what_weight_decay_goes_down(backend, generator, of):
    weight = backend.tensor(inputs(3, 4), requires_grad=True)
    (0.1 * backend.l2_penalty([weight])).backward()
    assert np.allclose(np.asarray(weight.grad), 0.1 * inputs(3, 4))


@backends
def test_penalties_take_a_networks_parameters_and_give_0_for_none(backend, generator, of):
    network = backend.nn.Linear(3, 2)
    total = backend.l1_penalty(network.parameters()) + backend.l2_penalty(network.parameters())
    total.backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert float(backend.l1_penalty([])) == float(backend.l2_penalty(iter(()))) == 0
