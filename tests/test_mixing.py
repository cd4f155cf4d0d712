"""Mixing: what can be said of random operators only in numbers of draws, and of their targets in a loss."""

import functools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlcore import pytorch, scratch
from dlcore.scratch.mixing import box_around

BACKENDS = {
    "scratch": (scratch, np.random.default_rng, lambda array: array),
    "pytorch": (pytorch, lambda seed: torch.Generator().manual_seed(seed), torch.from_numpy),
}
backends = pytest.mark.parametrize(("backend", "generator", "of"), BACKENDS.values(), ids=BACKENDS)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)


def inputs(*shape, dtype=np.float64):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def mixed_once(backend, of, generator, alpha, count=7):
    """λ and the order of one call of mixup, read off the unit vectors that went in."""
    rows = np.asarray(backend.mixup(of(np.eye(count)), of(np.eye(count)), alpha, generator=generator)[0])
    off = rows - np.diag(np.diag(rows))
    fixed = np.isclose(np.diag(rows), 1) & (off.sum(1) < 1e-9)
    order = np.where(fixed, np.arange(count), off.argmax(1))
    return np.diag(rows)[~fixed], order


# Softened targets


@pytest.mark.parametrize("shape", [(6,), (6, 3), (0,), ()])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("name", BACKENDS)
def test_smoothed_targets_give_the_cross_entropy_with_label_smoothing(name, shape, smoothing):
    backend, _, of = BACKENDS[name]
    scores = of(inputs(*shape[:1], 4, *shape[1:], dtype=np.float32))
    target = of(np.random.default_rng(1).integers(0, 4, shape))
    soft = backend.smooth_labels(target, 4, smoothing)
    for reduction in ("none", "mean", "sum"):
        direct = backend.cross_entropy(scores, target, label_smoothing=smoothing, reduction=reduction)
        through = backend.cross_entropy(scores, soft, reduction=reduction)
        np.testing.assert_allclose(np.asarray(through), np.asarray(direct), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", BACKENDS)
def test_distributions_are_smoothed_as_in_the_cross_entropy(name):
    backend, _, of = BACKENDS[name]
    scores, target = of(inputs(6, 4)), of(np.random.default_rng(1).dirichlet(np.ones(4), 6))
    direct = backend.cross_entropy(scores, target, label_smoothing=0.3)
    through = backend.cross_entropy(scores, backend.smooth_labels(target, 4, 0.3))
    assert float(through) == pytest.approx(float(direct), rel=1e-12)


# What is drawn


@backends
@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.4, 1.0, 3.0, 50.0])
def test_the_weight_has_the_moments_of_a_beta_distribution(backend, generator, of, alpha):
    state, count, rows = generator(0), 2000, of(np.eye(8))
    weights = np.empty(count)
    for draw in range(
        count
    ):  # what an example keeps of itself is 1 for those that meet themselves, never for all
        kept = np.diag(np.asarray(backend.mixup(rows, rows, alpha, generator=state)[0]))
        weights[draw] = kept.min()
    assert ((weights >= 0) & (weights <= 1)).all()
    variance = 1 / (4 * (2 * alpha + 1))
    fourth = 3 / (16 * (2 * alpha + 1) * (2 * alpha + 3))  # the fourth central moment
    assert abs(weights.mean() - 0.5) < 5 * np.sqrt(variance / count)
    assert abs(((weights - 0.5) ** 2).mean() - variance) < 5 * np.sqrt((fourth - variance**2) / count) + 1e-4


@backends
def test_extreme_alphas_take_one_example_or_the_mean(backend, generator, of):
    for alpha in (1e-300, 1e-5):
        weights, _ = mixed_once(backend, of, generator(0), alpha)
        assert np.isin(np.round(weights, 6), [0, 1]).all()
    weights, _ = mixed_once(backend, of, generator(0), 1e12)
    np.testing.assert_allclose(weights, 0.5, atol=1e-4)


@backends
def test_one_weight_serves_the_whole_batch_and_the_order_is_a_permutation(backend, generator, of):
    state, orders = generator(0), set()
    for _ in range(300):
        weights, order = mixed_once(backend, of, state, 1.0, 3)
        assert len(weights) == 0 or np.ptp(weights) < 1e-12
        assert sorted(order) == [0, 1, 2]
        orders.add(tuple(order))
    assert len(orders) == 6


@backends
def test_permutations_are_equally_likely(backend, generator, of):
    state, met = generator(0), np.zeros((4, 4))
    for _ in range(600):
        _, order = mixed_once(backend, of, state, 5.0, 4)
        met[np.arange(4), order] += 1
    assert (np.abs(met / 600 - 0.25) < 5 * np.sqrt(0.1875 / 600)).all()


@backends
def test_expected_targets_are_half_their_own_and_half_the_batchs(backend, generator, of):
    """A permutation brings every example equally often, itself included."""
    state, total, draws = generator(0), 0.0, 1500
    for _ in range(draws):
        total = total + np.asarray(backend.mixup(of(inputs(4, 1)), of(np.eye(4)), 1.0, generator=state)[1])
    np.testing.assert_allclose(total / draws, 0.5 * np.eye(4) + 0.125, atol=0.05)


# What is done with it


@backends
@dtypes
@pytest.mark.parametrize("name", ["mixup", "cutmix"])
@pytest.mark.parametrize("kind", ["indices", "distributions"])
def test_targets_stay_distributions_and_nothing_is_changed(backend, generator, of, dtype, name, kind):
    X = inputs(6, 2, 8, 9, dtype=dtype)
    target = np.array([0, 1, 2, 3, 3, 1])
    target = target if kind == "indices" else np.eye(4, dtype=dtype)[target]
    given, held = of(X.copy()), of(target.copy())
    for seed in range(10):
        output, soft = getattr(backend, name)(given, held, num_classes=4, generator=generator(seed))
        output, soft = np.asarray(output), np.asarray(soft)
        assert output.shape == X.shape and soft.shape == (6, 4)
        assert output.dtype == soft.dtype == dtype
        np.testing.assert_allclose(soft.sum(1), 1, rtol=1e-6)
        assert (soft >= 0).all()
        assert np.array_equal(np.asarray(given), X) and np.array_equal(np.asarray(held), target)
        assert not np.shares_memory(output, np.asarray(given))


@backends
def test_inputs_and_targets_are_mixed_alike(backend, generator, of):
    """Both are what mix_examples makes of the same weight and order."""
    rows, targets = np.eye(5), inputs(5, 3)
    for seed in range(20):
        mixed, soft = map(np.asarray, backend.mixup(of(rows), of(targets), 0.7, generator=generator(seed)))
        np.testing.assert_allclose(soft, mixed @ targets, rtol=1e-12, atol=1e-12)


@backends
def test_values_of_a_regression_are_mixed_linearly(backend, generator, of):
    X = inputs(8, 1)
    for targets in (3 * X[:, 0] + 1, 3 * X[:, :, None] + 1):
        mixed, soft = backend.mixup(of(X), of(targets), generator=generator(2))
        expected = 3 * np.asarray(mixed).reshape(targets.shape) + 1
        np.testing.assert_allclose(np.asarray(soft), expected, rtol=1e-12)


@backends
@pytest.mark.parametrize("shape", [(7, 9), (1, 6), (10, 10)])
def test_cutmix_weighs_targets_by_the_pixels_that_are_left(backend, generator, of, shape):
    count = 5
    X = np.broadcast_to(np.arange(count, dtype=np.float64)[:, None, None, None], (count, 2, *shape)).copy()
    cut = 0
    for seed in range(60):
        output, soft = map(
            np.asarray,
            backend.cutmix(of(X), of(np.arange(count)), num_classes=count, generator=generator(seed)),
        )
        shares = np.stack([(output == index).mean((1, 2, 3)) for index in range(count)], 1)
        np.testing.assert_allclose(soft, shares, atol=1e-12)
        assert np.array_equal(output[:, 0], output[:, 1])
        foreign = output[:, 0] != np.arange(count)[:, None, None]
        foreign = foreign[foreign.any((1, 2))]
        if len(foreign):  # one box for the whole batch, and it is a rectangle
            cut += 1
            assert (foreign == foreign[0]).all()
            assert np.array_equal(foreign[0], np.outer(foreign[0].any(1), foreign[0].any(0)))
    assert cut > 20 or shape[0] == 1  # half of one row is none


@given(
    st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True), st.floats(0, 1),
    st.integers(0, 50), st.integers(0, 50),
)  # fmt: skip
def test_boxes_lie_within_the_image_and_their_weight_is_true(across, down, weight, height, width):
    (left, top, right, bottom), true = box_around(across, down, weight, height, width)
    assert 0 <= left <= right <= width and 0 <= top <= bottom <= height
    assert 0 <= true <= 1
    assert true * height * width == pytest.approx(height * width - (right - left) * (bottom - top))
    half = (
        np.sqrt(1 - weight) / 2
    )  # what the box measures where nothing sticks out, to within a pixel on either side
    assert right - left <= 2 * half * width + 1e-9 and bottom - top <= 2 * half * height + 1e-9
    if half <= across <= 1 - half and width:
        assert right - left >= 2 * half * width - 3


def test_a_box_known_by_hand():
    """A quarter of 8 x 20 around the middle; and around a corner, where a quarter of that quarter is left."""
    assert box_around(0.5, 0.5, 0.75, 8, 20) == ((5, 2, 15, 6), 0.75)
    assert box_around(0.0, 0.0, 0.75, 8, 20) == ((0, 0, 5, 2), 1 - 10 / 160)
    assert box_around(0.3, 0.3, 1.0, 8, 20)[1] == 1.0
    assert box_around(0.5, 0.5, 0.0, 8, 20) == ((0, 0, 20, 8), 0.0)


@backends
@pytest.mark.parametrize("alpha", [0.3, 1.0, 8.0])
def test_the_area_cut_out_has_the_papers_distribution(backend, generator, of, alpha):
    state, draws, X = generator(0), 1500, of(np.zeros((7, 0, 64, 64)))  # images without channels cost nothing
    areas = np.empty(draws)
    for draw in range(draws):
        kept = backend.cutmix(X, of(np.eye(7)), alpha, generator=state)[1]
        areas[draw] = 1 - np.diag(np.asarray(kept)).min()
    rng = np.random.default_rng(1)
    side, centre = np.sqrt(rng.beta(alpha, alpha, 200_000)), rng.random((2, 200_000))
    sides = np.minimum(centre + side / 2, 1) - np.maximum(centre - side / 2, 0)
    expected = sides[0] * sides[1]
    assert abs(areas.mean() - expected.mean()) < 5 * expected.std() / np.sqrt(draws) + 0.01
    assert abs(areas.std() - expected.std()) < 0.03


# How it is used


@backends
@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_the_same_generator_state_mixes_the_same(backend, generator, of, name):
    X, target = of(inputs(6, 2, 8, 8)), of(np.arange(6))
    first, second, other = (
        getattr(backend, name)(X, target, num_classes=6, generator=generator(seed)) for seed in (1, 1, 2)
    )
    assert all((a == b).all() for a, b in zip(first, second))
    assert any((a != b).any() for a, b in zip(first, other))


def test_without_a_generator_scratch_refuses_and_pytorch_draws_from_its_global_one():
    with pytest.raises(TypeError, match="generator"):
        scratch.mixup(inputs(3, 2), np.eye(3))
    with pytest.raises(TypeError, match="generator"):
        scratch.cutmix(inputs(3, 2, 4, 4), np.eye(3))
    results = []
    for _ in range(2):
        torch.manual_seed(3)
        results.append(pytorch.mixup(torch.eye(3), torch.eye(3))[0])
    assert torch.equal(*results)


def test_what_is_no_tensor_is_refused_by_name():
    image, order = torch.zeros(2, 1, 2, 2), torch.arange(2)
    for name, function, arguments in (
        ("target", pytorch.smooth_labels, ([0, 1], 2)),
        ("input", pytorch.mix_examples, (image.numpy(), order, 0.5)),
        ("order", pytorch.mix_examples, (image, [1, 0], 0.5)),
        ("order", pytorch.cut_and_paste, (image, np.arange(2), (0, 0, 1, 1))),
        ("input", pytorch.mixup, (image.numpy(), image)),
        ("target", pytorch.mixup, (image, [0, 1])),
        ("target", pytorch.cutmix, (image, np.eye(2))),
    ):
        with pytest.raises(TypeError, match=f"^{name}: expected a torch.Tensor"):
            function(*arguments)


@backends
@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_a_partial_is_a_transform_of_minibatches(backend, generator, of, name):
    transform = functools.partial(getattr(backend, name), alpha=0.4, num_classes=3)
    output, soft = transform(
        of(inputs(4, 1, 6, 6, dtype=np.float32)), of(np.array([0, 2, 1, 1])), generator=generator(0)
    )
    scores = of(inputs(4, 3, dtype=np.float32))
    assert np.isfinite(float(backend.cross_entropy(scores, soft)))
    assert tuple(output.shape) == (4, 1, 6, 6)


@backends
@pytest.mark.parametrize("name", ["mixup", "cutmix"])
@pytest.mark.parametrize("count", [0, 1])
def test_no_example_and_one_alone_stay_as_they_are(backend, generator, of, name, count):
    X, target = inputs(count, 2, 5, 5), np.zeros(count, np.int64)
    output, soft = getattr(backend, name)(of(X), of(target), num_classes=2, generator=generator(0))
    np.testing.assert_allclose(np.asarray(output), X, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(soft), np.eye(2)[target], rtol=1e-12)


def test_mixing_within_a_network_sends_gradients_to_both_examples():
    hidden = scratch.tensor(inputs(4, 3), requires_grad=True)
    output, _ = scratch.mixup(hidden, np.eye(4), 1.0, generator=np.random.default_rng(1))
    output.backward(np.ones((4, 3)))
    np.testing.assert_allclose(hidden.grad, 1)
