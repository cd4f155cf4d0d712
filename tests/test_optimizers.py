"""dlcore.scratch.optimizers: the trajectories and errors of torch.optim."""

import itertools

import numpy as np
import pytest
import torch

from dlcore import pytorch, scratch

COMBINATIONS = [
    {
        "momentum": momentum,
        "dampening": dampening,
        "weight_decay": decay,
        "nesterov": nesterov,
        "maximize": maximize,
    }
    for momentum, dampening, decay, nesterov, maximize in itertools.product(
        (0, 0.9), (0, 0.3), (0, 0.05), (False, True), (False, True)
    )
    if not (nesterov and (momentum == 0 or dampening != 0))
]
backends = pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])


@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda options: str(options).replace("'", ""))
def test_sgd_walks_pytorchs_path(options):
    generator = np.random.default_rng(0)
    shapes = [(3, 2), (4,), ()]
    start = [generator.standard_normal(shape) for shape in shapes]
    ours = [scratch.tensor(array, requires_grad=True) for array in start]
    theirs = [torch.tensor(array, requires_grad=True) for array in start]
    our_steps, their_steps = (
        scratch.optimizers.SGD(ours, 0.05, **options),
        torch.optim.SGD(theirs, 0.05, **options),
    )
    for step in range(100):
        for place, (our, their) in enumerate(zip(ours, theirs)):
            # The gradient of a quadratic plus noise; now and then a parameter has none.
            noise = generator.standard_normal(our.shape)
            missing = place == step % 7
            our.grad = None if missing else np.asarray(0.5 * our.data + noise)
            their.grad = None if missing else 0.5 * their.detach() + torch.tensor(noise)
        our_steps.step()
        their_steps.step()
        for our, their in zip(ours, theirs):
            scale = max(1, np.abs(our.data).max())
            assert np.abs(our.data - their.detach().numpy()).max() <= 1e-12 * scale, step


@pytest.mark.parametrize("weight_decay", [0, 0.1])
def test_sgd_keeps_float32_and_the_callers_gradients(weight_decay):
    parameter = scratch.tensor(np.ones(3, np.float32), requires_grad=True)
    optimizer = scratch.optimizers.SGD([parameter], 0.1, momentum=0.9, weight_decay=weight_decay)
    gradient = np.array([1, 2, 3], np.float32)
    for _ in range(3):
        parameter.grad = gradient
        optimizer.step()
    assert parameter.dtype == np.float32
    np.testing.assert_array_equal(gradient, [1, 2, 3])


def test_sgd_changes_parameters_in_place():
    layer = scratch.nn.Linear(2, 2)
    array = layer.weight.data
    optimizer = scratch.optimizers.SGD(layer.parameters(), 0.1)
    layer(np.ones((1, 2), np.float32)).sum().backward()
    before = array.copy()
    optimizer.step()
    assert layer.weight.data is array and not np.array_equal(array, before)


@backends
def test_zero_grad_forgets(backend):
    parameter = backend.tensor([1.0, 2.0], requires_grad=True)
    optimizer = backend.optimizers.SGD([parameter], 0.1)
    parameter.sum().backward()
    optimizer.zero_grad()
    assert parameter.grad is None
    optimizer.step()
    assert parameter.tolist() == [1, 2] if backend is pytorch else parameter.data.tolist() == [1, 2]


@backends
@pytest.mark.parametrize(
    "options, name",
    [
        ({"lr": -0.1}, "lr|learning rate"),
        ({"lr": 0.1, "momentum": -1}, "momentum"),
        ({"lr": 0.1, "weight_decay": -1}, "weight_decay"),
        ({"lr": 0.1, "nesterov": True}, "[Nn]esterov"),
        ({"lr": 0.1, "nesterov": True, "momentum": 0.9, "dampening": 0.1}, "[Nn]esterov"),
    ],
)
def test_options_out_of_range_are_errors(backend, options, name):
    parameter = backend.tensor([1.0], requires_grad=True)
    with pytest.raises(ValueError, match=name):
        backend.optimizers.SGD([parameter], **options)


@backends
def test_parameters_that_cannot_be_optimized_are_errors(backend):
    with pytest.raises(ValueError):
        backend.optimizers.SGD([], 0.1)
    with pytest.raises(TypeError):
        backend.optimizers.SGD([np.ones(2)], 0.1)
    with pytest.raises(TypeError):
        backend.optimizers.SGD(backend.tensor([1.0], requires_grad=True), 0.1)


@backends
def test_what_is_no_leaf_cannot_be_optimized(backend):
    with pytest.raises(ValueError, match="leaf|leaves"):
        backend.optimizers.SGD([backend.tensor([1.0], requires_grad=True) * 2], 0.1)


def test_the_same_parameter_twice_is_an_error():
    # PyTorch warns as yet and announces that it will be an error.
    ours, theirs = (backend.tensor([1.0], requires_grad=True) for backend in (scratch, pytorch))
    with pytest.raises(ValueError, match="params: the same tensor stands there twice"):
        scratch.optimizers.SGD([ours, ours], 0.1)
    with pytest.warns(UserWarning, match="duplicate"):
        torch.optim.SGD([theirs, theirs], 0.1)


@backends
def test_frozen_parameters_stay_as_they_are(backend):
    frozen, free = backend.tensor([1.0]), backend.tensor([1.0], requires_grad=True)
    optimizer = backend.optimizers.SGD([frozen, free], 0.5, weight_decay=0.1)
    (frozen * free * 3).sum().backward()
    optimizer.step()
    assert frozen.item() == 1 and free.item() == pytest.approx(1 - 0.5 * 3.1)
