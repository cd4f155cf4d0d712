"""Transforms as such: composing them, applying them to some examples, drawing first and applying then."""

import copy
import pickle

import numpy as np
import pytest
import torch

from dlcore import data, pytorch, scratch, training

both = pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])


def batch(backend, shape=(6, 3, 8, 10), seed=0):
    images = np.random.default_rng(seed).random(shape)
    return images if backend is scratch else torch.tensor(images)


def seeded(backend, seed=0):
    return np.random.default_rng(seed) if backend is scratch else torch.Generator().manual_seed(seed)


def several(backend):
    """Transforms that change values, places and sizes."""
    transforms = backend.augmentation
    return [
        transforms.RandomCrop(7, 1),
        transforms.RandomRotation(30, "bilinear"),
        transforms.RandomErasing(),
    ]


def test_both_backends_have_the_same_names():
    assert set(scratch.augmentation.__all__) == set(pytorch.augmentation.__all__)
    assert {"Compose", "RandomApply", "RandomRotation", "rotate"} <= set(scratch.augmentation.__all__)


@both
def test_no_name_is_in_two_modules(backend):
    names = backend.augmentation.__all__
    assert len(names) == len(set(names))
    assert all(hasattr(backend.augmentation, name) for name in names)


@both
def test_composing_is_applying_in_turn(backend):
    transforms, images = several(backend), batch(backend)
    output = backend.augmentation.Compose(transforms)(images, seeded(backend))
    generator = seeded(backend)
    expected = images
    for transform in transforms:
        expected = transform(expected, generator)
    assert (output == expected).all() and output.shape == (6, 3, 7, 7)
    reversed_order = backend.augmentation.Compose(transforms[::-1])(images, seeded(backend))
    assert not np.array_equal(np.asarray(output), np.asarray(reversed_order))


@both
def test_composed_transforms_draw_ahead_what_they_draw_when_called(backend):
    images, composed = batch(backend), backend.augmentation.Compose(several(backend))
    called = composed(images, seeded(backend))
    drawn = composed.draw(images, seeded(backend))
    assert (composed.apply(images, **drawn) == called).all()
    assert (composed.apply(images, **drawn) == called).all()  # as often as one likes


def test_composed_draws_mean_the_same_to_both_backends():
    images = batch(scratch)
    drawn = scratch.augmentation.Compose(several(scratch)).draw(images, np.random.default_rng(0))
    expected = scratch.augmentation.Compose(several(scratch)).apply(images, **drawn)
    output = pytorch.augmentation.Compose(several(pytorch)).apply(torch.tensor(images), **drawn)
    np.testing.assert_allclose(output.numpy(), expected, atol=1e-9)


@both
def test_any_function_of_a_batch_and_a_generator_may_be_composed(backend):
    images = batch(backend)
    transforms = [lambda batch, generator: batch + 1, backend.augmentation.CenterCrop(4)]
    composed = backend.augmentation.Compose(transforms)
    output = composed(images, seeded(backend))
    assert (output == images[:, :, 2:6, 3:7] + 1).all()
    with pytest.raises(TypeError, match="transforms"):
        composed.draw(images, seeded(backend))


@both
def test_composing_nothing_changes_nothing(backend):
    images = batch(backend)
    assert (backend.augmentation.Compose([])(images) == images).all()


@both
def test_each_example_is_changed_or_left(backend):
    images = batch(backend, (200, 1, 4, 5))
    transform = backend.augmentation.RandomApply(backend.augmentation.RandomHorizontalFlip(1), 0.3)
    output = np.asarray(transform(images, seeded(backend)))
    images = np.asarray(images)
    changed = (output == images[..., ::-1]).all((1, 2, 3))
    left = (output == images).all((1, 2, 3))
    assert (changed ^ left).all()
    assert abs(changed.mean() - 0.3) < 5 * np.sqrt(0.21 / 200)


@both
@pytest.mark.parametrize("p", [0, 1])
def test_certainty_is_certain(backend, p):
    images = batch(backend)
    transform = backend.augmentation.RandomApply(backend.augmentation.RandomVerticalFlip(1), p)
    expected = np.asarray(images)[:, :, ::-1] if p else np.asarray(images)
    np.testing.assert_array_equal(np.asarray(transform(images, seeded(backend))), expected)


@both
def test_a_single_image_is_changed_or_left_as_a_whole(backend):
    image = batch(backend, (3, 6, 6))
    transform = backend.augmentation.RandomApply(backend.augmentation.RandomVerticalFlip(1))
    kinds = set()
    for seed in range(20):
        output = np.asarray(transform(image, seeded(backend, seed)))
        kinds.add(
            (
                np.array_equal(output, np.asarray(image)),
                np.array_equal(output, np.asarray(image)[:, ::-1]),
            )
        )
    assert kinds == {(True, False), (False, True)}


@both
def test_several_may_be_applied_to_the_same_examples(backend):
    flips = backend.augmentation.RandomHorizontalFlip(1), backend.augmentation.RandomVerticalFlip(1)
    for together in (list(flips), backend.augmentation.Compose(flips)):
        transform = backend.augmentation.RandomApply(together)
        images = batch(backend, (60, 1, 4, 5))
        output, images = np.asarray(transform(images, seeded(backend))), np.asarray(images)
        turned = (output == images[:, :, ::-1, ::-1]).all((1, 2, 3))
        assert (turned ^ (output == images).all((1, 2, 3))).all() and 0 < turned.sum() < 60


def test_the_same_choice_means_the_same_to_both_backends():
    images = batch(scratch)
    make = [
        backend.augmentation.RandomApply(backend.augmentation.RandomRotation(45, "bilinear"), 0.5)
        for backend in (scratch, pytorch)
    ]
    for examples in (images, images[0], images[:0]):
        drawn = make[0].draw(examples, np.random.default_rng(1))
        output = make[1].apply(torch.tensor(examples), **drawn)
        np.testing.assert_allclose(output.numpy(), make[0].apply(examples, **drawn), atol=1e-9)


@both
def test_a_list_is_changed_example_by_example(backend):
    class Shout(backend.augmentation.Transform):
        def apply(self, batch):
            return [text.upper() for text in batch]

    words = ["yes", "no"] * 50
    output = backend.augmentation.RandomApply(Shout(), 0.4)(words, seeded(backend))
    changed = [new != old for new, old in zip(output, words)]
    assert output == [old.upper() if change else old for change, old in zip(changed, words)]
    assert 15 <= sum(changed) <= 65


@both
def test_a_transform_that_changes_the_shape_cannot_be_applied_to_some(backend):
    transform = backend.augmentation.RandomApply(backend.augmentation.CenterCrop(4))
    with pytest.raises(ValueError, match="transform"):
        transform(batch(backend), seeded(backend))


@both
def test_what_is_no_transform_is_an_error(backend):
    for transforms in ([3], None, backend.augmentation.CenterCrop(4)):
        with pytest.raises(TypeError, match="^transforms: "):
            backend.augmentation.Compose(transforms)
    for transforms in (3, [3], None):
        with pytest.raises(TypeError, match="^transforms: "):
            backend.augmentation.RandomApply(transforms)
    with pytest.raises(ValueError, match="p: "):
        backend.augmentation.RandomApply(backend.augmentation.CenterCrop(4), 1.5)


@both
def test_a_transform_without_apply_says_so(backend):
    with pytest.raises(NotImplementedError, match="apply"):
        backend.augmentation.Transform()(batch(backend))


@both
def test_transforms_are_pickled_and_copied(backend):
    images, composed = batch(backend), backend.augmentation.Compose(several(backend))
    expected = composed(images, seeded(backend))
    for other in (pickle.loads(pickle.dumps(composed)), copy.deepcopy(composed)):
        assert (other(images, seeded(backend)) == expected).all() and repr(other) == repr(composed)


@both
def test_a_network_learns_the_digits_from_augmented_images(backend):
    transforms, (images, labels) = backend.augmentation, data.digits()
    transform = transforms.Compose(
        [
            transforms.RandomCrop(8, padding=1),
            transforms.RandomApply([transforms.RandomRotation(10, "bilinear")], 0.5),
            transforms.ColorJitter(0.2, 0.2),
            transforms.GaussianNoise(0, 0.05),
            transforms.Cutout(2),
        ]
    )

    def learn(**options):
        network = backend.nn.Sequential(backend.nn.Flatten(), backend.nn.Linear(64, 10))
        backend.nn.reset_parameters(network, seeded(backend))
        optimizer = backend.optimizers.Adam(network.parameters(), 0.01)
        history = training.train(
            network, optimizer, backend.cross_entropy, (images[:1000], labels[:1000]), 4, progress=False, **options
        )  # fmt: skip
        return history.loss, training.evaluate(network, backend.cross_entropy, (images[1000:], labels[1000:]))

    before = images.copy()
    losses, result = learn(transform=transform)
    assert result["accuracy"] > 0.75
    assert losses == learn(transform=transform)[0] and losses != learn()[0]
    assert np.array_equal(images, before)


@both
def test_repr_shows_the_options(backend):
    transforms = backend.augmentation
    composed = transforms.Compose(
        [transforms.CenterCrop(4), transforms.RandomApply(transforms.RandomVerticalFlip())]
    )
    assert repr(composed) == (
        "Compose(transforms=[CenterCrop(size=(4, 4)), "
        "RandomApply(transforms=[RandomVerticalFlip(p=0.5)], p=0.5)])"
    )
