"""Normalization: what holds between operators, and what goes on over several calls."""

import numpy as np
import pytest
import torch

from dlcore import pytorch, scratch
from dlcore.scratch import lines


def images(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def averages(channels):
    return np.zeros(channels), np.ones(channels)


def test_batch_norm_with_the_channels_own_deviation_and_mean_is_the_identity():
    X = 3 * images(8, 4, 5, 5) + 2
    deviation, mean = np.sqrt(X.var((0, 2, 3)) + 1e-5), X.mean((0, 2, 3))
    assert np.allclose(scratch.batch_norm(X, None, None, deviation, mean, training=True), X)


def test_group_norm_has_instance_and_layer_norm_at_its_ends():
    X = images(3, 6, 4, 5)
    assert np.allclose(scratch.group_norm(X, 6), scratch.instance_norm(X))
    assert np.allclose(scratch.group_norm(X, 1), scratch.layer_norm(X, (6, 4, 5)))


def test_switchable_norm_is_the_one_norm_that_has_all_the_weight():
    X = images(3, 6, 4, 5)
    alone = [
        scratch.instance_norm(X),
        scratch.group_norm(X, 1),
        scratch.batch_norm(X, None, None, training=True),
    ]
    for place, expected in enumerate(alone):
        scores = np.where(np.arange(3) == place, 60.0, 0.0)
        assert np.allclose(scratch.switchable_norm(X, None, None, scores, scores, training=True), expected)


def test_batch_renorm_without_correction_is_batch_norm_to_the_averages():
    one, other = averages(4), averages(4)
    for seed in range(3):
        X = 2 * images(5, 4, 3, seed=seed) + 1
        renormed = scratch.batch_renorm(X, *one, training=True, r_max=1, d_max=0)
        assert np.allclose(renormed, scratch.batch_norm(X, *other, training=True))
    assert np.array_equal(one, other)


def test_batch_renorm_gives_in_training_what_it_gives_in_evaluation_if_nothing_is_clipped():
    X = images(5, 4, 3)
    for training in (True, False):
        output = scratch.batch_renorm(X, *averages(4), training=training, r_max=1e9, d_max=1e9)
        assert np.allclose(output, X / np.sqrt(1 + 1e-5))


@pytest.mark.parametrize("name", ["batch_norm", "batch_renorm", "instance_norm"])
def test_running_averages_approach_the_datas(name):
    running_mean, running_var = averages(2)
    generator = np.random.default_rng(0)
    for _ in range(200):
        X = generator.normal([[[3.0], [-1.0]]], [[[2.0], [0.5]]], (64, 2, 30))
        getattr(scratch, name)(X, running_mean, running_var, None, None, True)
    assert np.allclose(running_mean, [3, -1], atol=0.05)
    assert np.allclose(running_var, [4, 0.25], rtol=0.05)


@pytest.mark.parametrize("name", ["batch_norm", "batch_renorm", "instance_norm", "switchable_norm"])
@pytest.mark.parametrize("training", [True, False])
def test_running_averages_that_require_grad_are_refused_where_operations_are_recorded(name, training):
    scores = (np.ones(3), np.ones(3)) if name == "switchable_norm" else ()
    for backend in (scratch, pytorch):
        X, mean, *rest = map(backend.tensor, (images(4, 3, 2), *averages(3), *scores))
        arguments = (X, mean.requires_grad_(), *rest, None, None, training)
        with pytest.raises(RuntimeError, match="running_mean"):
            getattr(backend, name)(*arguments)
        with backend.no_grad():
            getattr(backend, name)(*arguments)


def test_evaluation_goes_back_through_the_averages_that_it_took():
    X, (mean, variance) = scratch.Tensor(images(4, 3), requires_grad=True), averages(3)
    weight = scratch.Tensor(np.ones(3), requires_grad=True)
    output = scratch.batch_norm(X, mean, variance, weight)
    mean[...], variance[...] = 9, 9  # a later batch
    output.backward(np.ones(output.shape))
    assert np.allclose(weight.grad, X.data.sum(0) / np.sqrt(1 + 1e-5))
    assert np.allclose(X.grad, 1 / np.sqrt(1 + 1e-5))


@pytest.mark.parametrize("block", [1, 7, 40])
@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 4), (4, 3, 70)])
def test_the_size_of_the_blocks_does_not_matter(monkeypatch, shape, block):
    def run():
        for name, *options in (
            ("batch_norm", None, None),
            ("layer_norm", shape[-1:]),
            ("rms_norm", shape[-1:]),
        ):
            X, cotangent = scratch.Tensor(images(*shape), requires_grad=True), images(*shape, seed=2)
            size = shape[1] if name == "batch_norm" else shape[-1]
            weight = scratch.Tensor(images(size, seed=1), requires_grad=True)
            training = {"training": True} if name == "batch_norm" else {}
            output = getattr(scratch, name)(X, *options, weight, **training)
            output.backward(cotangent)
            yield from (output.data, X.grad, weight.grad)

    expected = list(run())
    monkeypatch.setattr(lines, "BLOCK", block)
    assert all(np.allclose(*pair, rtol=1e-12, atol=1e-12) for pair in zip(run(), expected))


@pytest.mark.parametrize("offset", [1e3, 1e4])
def test_a_mean_far_from_0_costs_no_more_digits_than_the_input_lacks(offset):
    X = (offset + images(16, 4, 20, 20)).astype(np.float32)
    exact = scratch.batch_norm(X.astype(np.float64), None, None, training=True)
    error = np.abs(scratch.batch_norm(X, None, None, training=True) - exact).max()
    assert error < offset * np.finfo(np.float32).eps


@pytest.mark.parametrize("value", [0.1, 1e-30, -3.7e8])
def test_constants_are_standardized_and_stretched_to_0(value):
    X = scratch.Tensor(np.full((3, 7), value), requires_grad=True)
    for operator in (scratch.standardize, scratch.contrast_stretch):
        X.grad, output = None, operator(X)
        output.backward(images(3, 7))
        assert not output.data.any() and not X.grad.any()


def test_equalizing_makes_any_distribution_nearly_uniform():
    generator = np.random.default_rng(0)
    grey = np.clip(generator.normal(90, 12, (256, 256)), 0, 255).round().astype(np.uint8)
    share = np.bincount(grey.reshape(-1), minlength=256).max() / grey.size
    equalized = scratch.equalize_histogram(grey).reshape(-1)
    below = np.arange(256) / 255
    distribution = np.bincount(equalized, minlength=256).cumsum() / equalized.size
    assert np.abs(distribution - below).max() <= share + 1 / 255


def test_equalized_images_are_no_part_of_the_tape():
    output = scratch.equalize_histogram(scratch.Tensor(np.arange(6, dtype=np.uint8).reshape(2, 3)))
    assert not output.requires_grad and output.dtype == np.uint8


@pytest.mark.parametrize("nn", [scratch.nn, pytorch.nn], ids=["scratch", "pytorch"])
def test_counting_batches_without_momentum_averages_them_alike(nn):
    backend = scratch if nn is scratch.nn else pytorch
    for layer in (nn.BatchNorm1d(2, momentum=None), nn.BatchRenorm1d(2, momentum=None)):
        batches = [images(20, 2, seed=seed).astype(np.float32) for seed in range(4)]
        for batch in batches:
            layer(backend.tensor(batch))
        assert int(layer.num_batches_tracked) == 4
        means = np.mean([batch.mean(0) for batch in batches], 0)
        assert np.allclose(np.asarray(layer.running_mean), means, atol=1e-6)


@pytest.mark.parametrize("nn", [scratch.nn, pytorch.nn], ids=["scratch", "pytorch"])
def test_resetting_forgets_weights_and_running_averages(nn):
    backend = scratch if nn is scratch.nn else pytorch
    generator = np.random.default_rng(0) if nn is scratch.nn else torch.Generator()
    for layer in (nn.BatchNorm1d(2), nn.BatchRenorm1d(2), nn.InstanceNorm1d(2, track_running_stats=True)):
        before = {name: np.asarray(value).copy() for name, value in layer.state_dict().items()}
        layer(backend.tensor(images(4, 2, 3).astype(np.float32)))
        assert (np.asarray(layer.running_mean) != 0).all()
        nn.reset_parameters(layer, generator)
        after = {name: np.asarray(value) for name, value in layer.state_dict().items()}
        assert all(np.array_equal(after[name], before[name]) for name in before)


@pytest.mark.filterwarnings("ignore:input:UserWarning")
def test_layers_refuse_what_pytorchs_refuse():
    for make, shape in (
        (lambda nn: nn.BatchNorm2d(3), (2, 3, 4)),
        (lambda nn: nn.BatchNorm1d(3), (3,)),
        (lambda nn: nn.BatchNorm2d(3), (2, 4, 5, 5)),
        (lambda nn: nn.InstanceNorm2d(3, affine=True), (2, 4, 5, 5)),
        (lambda nn: nn.InstanceNorm2d(3, track_running_stats=True), (2, 4, 5, 5)),
        (lambda nn: nn.InstanceNorm1d(3), (3,)),
        (lambda nn: nn.GroupNorm(2, 4), (2, 6, 5)),
        (lambda nn: nn.LayerNorm(4), (2, 3)),
        (lambda nn: nn.BatchNorm2d(2.0), None),
        (lambda nn: nn.BatchNorm2d(-1), None),
        (lambda nn: nn.GroupNorm(3, 4), None),
        (lambda nn: nn.GroupNorm(0, 4), None),
        (lambda nn: nn.LayerNorm(2.0), None),
        (lambda nn: nn.LayerNorm(-1), None),
    ):
        errors = []
        for backend in (scratch, pytorch):
            with pytest.raises((RuntimeError, TypeError, ValueError, ZeroDivisionError)) as caught:
                make(backend.nn)(backend.tensor(np.ones(shape, np.float32)))
            errors.append(caught.type)
        assert errors[0] is errors[1], (shape, errors)


def test_instance_norm_layers_take_one_image_and_warn_of_a_number_of_features_that_is_not_used():
    X = images(3, 4, 5).astype(np.float32)
    for nn, tensor in ((scratch.nn, scratch.tensor), (pytorch.nn, pytorch.tensor)):
        with pytest.warns(UserWarning, match="num_features"):
            alone = nn.InstanceNorm2d(7)(tensor(X))
        batch = nn.InstanceNorm2d(3)(tensor(X[np.newaxis]))
        assert np.allclose(np.asarray(alone), np.asarray(batch)[0])
