"""dlcore.networks: a network written once computes the same, and learns the same, whoever reads it."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from dlcore import data, networks, pytorch, scratch, shapes


@pytest.fixture(autouse=True)
def one_thread():
    """NumPy and PyTorch in turn, each with threads that wait for work, slow each other down many times over."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(threads)


def twins(seed=0, **options):
    """LeNet-5 from both backends with the same weights, in float64."""
    ours = scratch.nn.reset_parameters(
        networks.lenet5(scratch.nn, **options).double(), np.random.default_rng(seed)
    )
    theirs = networks.lenet5(pytorch.nn, **options).double()
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


@pytest.mark.parametrize("options", [{}, {"num_classes": 7, "in_channels": 3}])
def test_the_same_weights_give_the_same_output_and_gradients(options):
    ours, theirs = twins(**options)
    generator = np.random.default_rng(1)
    images = generator.standard_normal((4, options.get("in_channels", 1), 32, 32))
    labels = generator.integers(options.get("num_classes", 10), size=4)
    input, reference = scratch.tensor(images, requires_grad=True), pytorch.tensor(images, requires_grad=True)
    output, expected = ours(input), theirs(reference)
    assert np.abs(output.data - expected.detach().numpy()).max() < 1e-10
    scratch.cross_entropy(output, labels).backward()
    pytorch.cross_entropy(expected, torch.tensor(labels)).backward()
    assert np.abs(input.grad - reference.grad.numpy()).max() < 1e-10
    pairs = list(zip(ours.named_parameters(), theirs.named_parameters(), strict=True))
    assert len(pairs) == 10
    for (our_name, our), (their_name, their) in pairs:
        assert our_name == their_name
        assert np.abs(our.grad).max() > 0
        assert np.abs(our.grad - their.grad.numpy()).max() < 1e-10, our_name


def test_the_same_weights_learn_along_the_same_loss_curve():
    # One epoch over all handwritten digits, each pixel of 8 x 8 repeated to 32 x 32.
    images, labels = data.digits(dtype=np.float64)
    images = images.repeat(4, axis=2).repeat(4, axis=3)
    ours, theirs = twins()
    options = {"lr": 0.02, "momentum": 0.9}
    our_optimizer = scratch.optimizers.SGD(ours.parameters(), **options)
    their_optimizer = pytorch.optimizers.SGD(theirs.parameters(), **options)
    order = np.random.default_rng(0).permutation(len(images))
    losses = []
    for start in range(0, len(order), 32):
        batch = order[start : start + 32]
        our_loss = scratch.cross_entropy(ours(images[batch]), labels[batch])
        their_loss = pytorch.cross_entropy(theirs(torch.tensor(images[batch])), torch.tensor(labels[batch]))
        for optimizer, loss in ((our_optimizer, our_loss), (their_optimizer, their_loss)):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append((our_loss.item(), their_loss.item()))
    losses = np.array(losses)
    assert len(losses) == 57
    assert np.abs(losses[:, 0] - losses[:, 1]).max() < 1e-6
    assert losses[-10:].mean() < 0.7 * losses[:10].mean()  # and it does learn


def test_the_three_readers_agree():
    ours, theirs, third = (networks.lenet5(backend.nn) for backend in (scratch, pytorch, shapes))
    images = np.zeros((2, 1, 32, 32), np.float32)
    table = shapes.summary(third, images.shape)
    assert (
        table.rows[-1].output_shape
        == ours(images).shape
        == tuple(theirs(torch.tensor(images)).shape)
        == (2, 10)
    )
    count = sum(parameter.data.size for parameter in ours.parameters())
    assert table.parameters == count == sum(parameter.numel() for parameter in theirs.parameters()) == 61_706
    assert [row.kind for row in table.rows] == [type(layer).__name__ for layer in ours]
    assert [row.kind for row in table.rows] == [type(layer).__name__ for layer in theirs]


def test_another_size_of_image_is_an_error_everywhere():
    for backend, make in ((scratch, np.zeros), (pytorch, torch.zeros)):
        with pytest.raises(RuntimeError):
            networks.lenet5(backend.nn)(make((1, 1, 28, 28)))
    with pytest.raises(RuntimeError, match="7: Linear: input: expected a last axis of 400"):
        shapes.layers(networks.lenet5(shapes.nn), (1, 1, 28, 28))


def test_the_networks_import_nothing_heavy():
    code = "import sys, dlcore.networks; print([name for name in ('torch', 'numpy') if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
