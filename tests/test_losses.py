"""dlcore.scratch.losses: PyTorch's values, gradients and errors."""

import numpy as np
import pytest
import torch
from agreement import agree, dtypes, generators, same_error
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from dlcore import scratch


def with_weight(weight):
    """The loss on both sides with class weights that do not ask for a gradient."""
    theirs = None if weight is None else torch.from_numpy(weight)
    return (
        lambda input, target, **options: scratch.cross_entropy(input, target, weight, **options),
        lambda input, target, **options: functional.cross_entropy(input, target, theirs, **options),
    )


@st.composite
def classifications(draw):
    """Scores, the shape of the target's indices, class weights, options and a generator."""
    generator, dtype = draw(generators), draw(dtypes)
    classes = draw(st.integers(1, 5))
    outer = draw(st.sampled_from([(), (0,), (1,), (4,), (2, 3), (2, 3, 2), (2, 0)]))
    shape = (*outer[:1], classes, *outer[1:])
    input = (generator.standard_normal(shape) * draw(st.sampled_from([1, 50]))).astype(dtype)
    weight = draw(st.sampled_from([None, generator.random(classes).astype(dtype), np.zeros(classes, dtype)]))
    options = {
        "reduction": draw(st.sampled_from(["mean", "sum", "none"])),
        "label_smoothing": draw(st.sampled_from([0.0, 0.1, 1.0, 1])),
    }
    return input, outer, weight, options, generator


@settings(max_examples=250)
@given(classifications(), st.sampled_from([None, -100, 0, 1, -1]), st.sampled_from([np.int64, np.uint8]))
def test_cross_entropy_of_class_indices_equals_torch(case, ignore_index, dtype):
    input, outer, weight, options, generator = case
    classes = input.shape[1 if outer else 0]
    if len(outer) > 1 or options["label_smoothing"]:
        dtype = np.int64  # here PyTorch takes no uint8, although its message says so
    target = np.asarray(generator.integers(0, classes, outer)).astype(dtype)
    if ignore_index is not None:
        options["ignore_index"] = ignore_index
        if dtype is np.int64:
            target = np.where(generator.random(outer) < 0.3, ignore_index, target).astype(dtype)
    agree(with_weight(weight), input, target, generator=generator, sums=False, **options)


@settings(max_examples=150)
@given(classifications())
def test_cross_entropy_of_class_probabilities_equals_torch(case):
    input, outer, weight, options, generator = case
    target = generator.random(input.shape) + 0.1
    target = (target / target.sum(1 if outer else 0, keepdims=True)).astype(input.dtype)
    agree(with_weight(weight), input, target, generator=generator, sums=False, **options)


@given(generators, st.integers(1, 6), st.integers(2, 5))
def test_indices_and_one_hot_probabilities_give_the_same_loss_and_gradient(generator, batch, classes):
    scores, target = generator.standard_normal((batch, classes)), generator.integers(0, classes, batch)
    one, other = (scratch.Tensor(scores, requires_grad=True) for _ in range(2))
    by_index = scratch.cross_entropy(one, target, label_smoothing=0.1)
    by_probability = scratch.cross_entropy(other, np.eye(classes)[target], label_smoothing=0.1)
    by_index.backward(), by_probability.backward()
    np.testing.assert_allclose(by_index.data, by_probability.data, rtol=1e-12)
    np.testing.assert_allclose(one.grad, other.grad, rtol=0, atol=1e-14)


def test_cross_entropy_stays_finite_where_the_probability_rounds_to_zero():
    scores = scratch.Tensor(np.array([[1000.0, 0.0]]), requires_grad=True)
    loss = scratch.cross_entropy(scores, np.array([1]))
    loss.backward()
    assert loss.item() == 1000
    np.testing.assert_array_equal(scores.grad, [[1, -1]])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_an_impossible_class_has_an_infinite_loss_as_in_torch():
    scores, target = np.array([[0.0, -np.inf, 1.0], [0.0, 1.0, -np.inf]]), np.array([1, 0])
    agree(with_weight(None), scores, target, generator=np.random.default_rng(0), sums=False, reduction="none")


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_batch_of_which_everything_is_ignored_gives_what_torch_gives(reduction):
    scores, target = np.random.default_rng(0).standard_normal((3, 4)), np.full(3, -100)
    agree(
        with_weight(None), scores, target, generator=np.random.default_rng(0), sums=False, reduction=reduction
    )


SCORES = np.random.default_rng(0).standard_normal((5, 3))
LABELS = np.array([0, 1, 2, 0, 1])
PROBABILITIES = np.full((5, 3), 1 / 3)


@pytest.mark.parametrize(
    ("naming", "input", "target", "options"),
    [
        ("target", SCORES, LABELS[:4], {}),
        ("target", SCORES, LABELS + 1, {}),
        ("target", SCORES, LABELS - 1, {}),
        ("target", SCORES, LABELS.astype(np.float64), {}),
        ("target", SCORES, LABELS.astype(np.int32), {}),
        ("target", SCORES, LABELS.astype(bool), {}),
        ("target", SCORES, LABELS[:, None], {}),
        ("target", SCORES, PROBABILITIES[:, :2], {}),
        ("target", SCORES, np.ones((5, 3), np.int64), {}),
        ("target", SCORES, PROBABILITIES[:4], {}),
        ("target", SCORES, np.array(1), {}),
        ("target", SCORES[0], np.array(3), {}),
        ("target", SCORES[0], LABELS[:2], {}),
        ("target", np.zeros((2, 3, 4)), np.zeros((2, 5), np.int64), {}),
        ("target", np.zeros((2, 3, 4)), np.zeros(2, np.int64), {}),
        ("target", np.zeros((2, 3, 4)), np.zeros((4, 2), np.int64), {}),
        ("input", np.array(1.0), np.array(0), {}),
        ("input", np.ones((5, 3), np.int64), LABELS, {}),
        ("reduction", SCORES, LABELS, {"reduction": "avg"}),
        ("reduction", SCORES, LABELS, {"reduction": None}),
        ("label_smoothing", SCORES, LABELS, {"label_smoothing": 1.5}),
        ("label_smoothing", SCORES, LABELS, {"label_smoothing": "0.1"}),
        ("ignore_index", SCORES, PROBABILITIES, {"ignore_index": 1}),
        ("ignore_index", SCORES, LABELS, {"ignore_index": 1.5}),
    ],
)  # fmt: skip
def test_cross_entropy_refuses_what_torch_refuses(naming, input, target, options):
    same_error("cross_entropy", input, target, naming=naming, **options)


def test_cross_entropy_refuses_negative_smoothing_which_torch_ignores():
    with pytest.raises(RuntimeError, match="label_smoothing"):
        scratch.cross_entropy(SCORES, LABELS, label_smoothing=-0.1)


def test_the_class_of_one_example_without_batch_axis_is_a_number():
    # PyTorch accepts an array of one here and then fails in the backward pass.
    with pytest.raises(RuntimeError, match="target"):
        scratch.cross_entropy(SCORES[0], LABELS[:1])


@pytest.mark.parametrize(
    "weight", [np.ones(4), np.ones((3, 1)), np.ones(3, np.float32), np.ones(3, np.int64), np.ones(())]
)
@pytest.mark.parametrize("target", [LABELS, PROBABILITIES])
def test_cross_entropy_refuses_a_weight_that_does_not_fit(weight, target):
    if target is PROBABILITIES:
        # PyTorch broadcasts some of these over the wrong axis or converts them
        with pytest.raises(RuntimeError, match="weight"):
            scratch.cross_entropy(SCORES, target, weight)
    else:
        same_error("cross_entropy", SCORES, target, weight, naming="weight")
