"""dlcore.scratch.losses and metric_losses: what holds beyond agreement with PyTorch, which test_conformance checks."""

import tracemalloc
import warnings

import numpy as np
import pytest

from dlcore import scratch


def test_indices_and_one_hot_probabilities_give_the_same_loss_and_gradient():
    generator = np.random.default_rng(0)
    scores, target = generator.standard_normal((6, 5)), generator.integers(0, 5, 6)
    one, other = (scratch.Tensor(scores, requires_grad=True) for _ in range(2))
    by_index = scratch.cross_entropy(one, target, label_smoothing=0.1)
    by_probability = scratch.cross_entropy(other, np.eye(5)[target], label_smoothing=0.1)
    by_index.backward(), by_probability.backward()
    np.testing.assert_allclose(by_index.data, by_probability.data, rtol=1e-12)
    np.testing.assert_allclose(one.grad, other.grad, rtol=0, atol=1e-14)


def test_cross_entropy_is_the_negative_log_likelihood_after_log_softmax():
    generator = np.random.default_rng(0)
    scores, target = generator.standard_normal((2, 4, 3)), generator.integers(0, 4, (2, 3))
    one, other = (scratch.Tensor(scores, requires_grad=True) for _ in range(2))
    scratch.cross_entropy(one, target).backward()
    scratch.nll_loss(scratch.log_softmax(other, 1), target).backward()
    np.testing.assert_allclose(one.grad, other.grad, rtol=0, atol=1e-15)


def test_cross_entropy_stays_finite_where_the_probability_rounds_to_zero():
    scores = scratch.Tensor(np.array([[1000.0, 0.0]]), requires_grad=True)
    loss = scratch.cross_entropy(scores, np.array([1]))
    loss.backward()
    assert loss.item() == 1000
    np.testing.assert_array_equal(scores.grad, [[1, -1]])


def test_a_class_weight_has_no_gradient_for_class_indices():
    weight = scratch.Tensor(np.ones(3), requires_grad=True)
    loss = scratch.cross_entropy(np.zeros((2, 3)), np.array([0, 1]), weight)
    with pytest.raises(RuntimeError, match="weight"):
        loss.backward()


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_shapes_that_differ_are_broadcast_with_a_warning_at_the_callers_line(name):
    with pytest.warns(UserWarning, match="target") as warned:
        getattr(scratch, name)(np.zeros((3, 1)), np.zeros(3))
    assert warned[0].filename == __file__


def test_the_mean_of_a_divergence_warns_at_the_callers_line():
    with pytest.warns(UserWarning, match="batchmean") as warned:
        scratch.kl_div(np.zeros(3), np.zeros(3))
    assert warned[0].filename == __file__


def test_the_mean_of_many_float32_errors_is_that_of_float64():
    generator = np.random.default_rng(0)
    input, target = generator.standard_normal((2, 1_000_000)).astype(np.float32)
    for loss in (scratch.mse_loss, scratch.l1_loss, scratch.smooth_l1_loss):
        exact = loss(input.astype(np.float64), target.astype(np.float64))
        np.testing.assert_allclose(loss(input, target), exact, rtol=1e-6)


def test_the_mean_of_many_float16_errors_does_not_overflow():
    ones, zeros = np.ones(100_000, np.float16), np.zeros(100_000, np.float16)
    assert scratch.mse_loss(ones, zeros) == 1
    assert scratch.hinge_embedding_loss(ones, ones) == 1


def test_mean_losses_of_elements_keep_no_array():
    shape = (1_000_000,)
    input, target = (scratch.Tensor(np.full(shape, 0.5, np.float32), requires_grad=True) for _ in range(2))
    for name in ("mse_loss", "smooth_l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits"):
        tracemalloc.start()
        loss = getattr(scratch, name)(input, target)
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert loss.requires_grad and kept < input.data.nbytes / 100, name


def test_probabilities_and_weights_of_other_dtypes_are_promoted():
    q, weight = np.full((2, 3), 1 / 3), np.ones(3, np.float32)
    scores = scratch.Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    loss = scratch.cross_entropy(scores, q, weight)
    loss.backward()
    assert (loss.dtype, scores.grad.dtype) == (np.float64, np.float32)
    assert scratch.binary_cross_entropy_with_logits(scores, q).dtype == np.float64


def test_plain_lists_are_arrays():
    features, classes, target = [[1.0, 2.0], [0.5, -1.0]], [[1.0, 0.0], [3.0, 4.0]], [0, 1]
    for name in ("large_margin_softmax", "angular_softmax", "additive_margin_softmax"):
        arrays = getattr(scratch, name)(np.array(features), np.array(classes), np.array(target))
        np.testing.assert_array_equal(getattr(scratch, name)(features, classes, target), arrays)
    assert scratch.cross_entropy(features, target) > 0


def test_a_gradient_can_be_written_to():
    input = scratch.Tensor(np.ones(3), requires_grad=True)
    scratch.hinge_embedding_loss(input, np.ones(3), reduction="none").backward(np.ones(3))
    input.grad *= 2
    np.testing.assert_array_equal(input.grad, [2, 2, 2])


def test_centers_move_without_a_warning_whatever_the_features_are():
    features = np.array([[np.inf, np.nan], [-np.inf, 1.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scratch.update_centers_(np.zeros((2, 2)), features, np.array([0, 0]))


def test_the_right_class_scores_less_the_further_away_it_is():
    """Of all four losses with a margin: a larger angle to the own class costs more, from 0 to π."""
    angles = np.linspace(0, np.pi, 500)
    features = np.stack([np.cos(angles), np.sin(angles)], 1)
    classes, target = np.array([[1.0, 0.0], [0.0, 0.0]]), np.zeros(500, int)
    for name, margins in {
        "large_margin_softmax": (1, 2, 3, 4),
        "angular_softmax": (1, 2, 3, 4),
        "additive_margin_softmax": (0, 0.35),
        "additive_angular_margin_softmax": (0, 0.5, np.pi / 2),
    }.items():
        for margin in margins:
            losses = getattr(scratch, name)(features, classes, target, margin, reduction="none")
            assert (np.diff(losses) >= -1e-12).all(), (name, margin)


def test_moving_centers_shrinks_the_center_loss():
    generator = np.random.default_rng(0)
    features, target = generator.standard_normal((20, 3)), generator.integers(0, 4, 20)
    centers = scratch.Tensor(np.zeros((4, 3)))
    before = scratch.center_loss(features, target, centers).item()
    for _ in range(50):
        assert scratch.update_centers_(centers, features, target) is centers
    means = [features[target == label].mean(0) for label in range(4)]
    assert scratch.center_loss(features, target, centers).item() < before
    np.testing.assert_allclose(centers.data, means, atol=1e-6)


def test_the_weights_of_a_loss_are_buffers_that_move_with_it():
    layer = scratch.nn.BCEWithLogitsLoss(np.ones(3), pos_weight=scratch.Tensor(np.ones(1)))
    assert list(layer.state_dict()) == ["weight", "pos_weight"]
    assert list(layer.parameters()) == []
    assert layer.to(np.float32).pos_weight.dtype == np.float32
    assert list(scratch.nn.CrossEntropyLoss().state_dict()) == []
    with pytest.raises(TypeError, match="weight"):
        scratch.nn.NLLLoss([1.0, 2.0])


@pytest.mark.parametrize(
    ("naming", "make"),
    [
        ("delta", lambda nn: nn.HuberLoss(delta="1")),
        ("margin", lambda nn: nn.TripletMarginLoss(margin=0)),
        ("margin", lambda nn: nn.ContrastiveLoss(margin=-1.0)),
        ("margin", lambda nn: nn.LargeMarginSoftmax(3, 4, margin=0)),
        ("margin", lambda nn: nn.AngularSoftmax(3, 4, margin=1.5)),
        ("scale", lambda nn: nn.AdditiveMarginSoftmax(3, 4, scale=0)),
        ("margin", lambda nn: nn.AdditiveAngularMarginSoftmax(3, 4, margin=4.0)),
        ("in_features", lambda nn: nn.CenterLoss(3.5, 4)),
        ("num_classes", lambda nn: nn.CenterLoss(3, 0)),
    ],
)
def test_layers_refuse_bad_options_alike(naming, make):
    from dlcore import pytorch, shapes

    errors = []
    for nn in (scratch.nn, pytorch.nn, shapes.nn):
        with pytest.raises((TypeError, ValueError, RuntimeError), match=naming) as caught:
            make(nn)
        errors.append(caught.type)
    assert len(set(errors)) == 1, errors
