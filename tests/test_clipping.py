"""Gradient clipping in dlcore.scratch.optimizers: what torch.nn.utils makes of the same gradients."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import pytorch, scratch

dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])
backends = pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])
every_clipping = pytest.mark.parametrize("norm_type", [2.0, 1, 3.0, 0.5, 0, np.inf, -np.inf, -1.0, "inf"])


def with_gradients(gradients, dtype=np.float64):
    """The same parameters for both backends, None where there is no gradient."""
    sides = []
    for backend in (scratch, pytorch):
        parameters = []
        for gradient in gradients:
            parameter = backend.tensor(
                np.zeros(np.shape(0.0 if gradient is None else gradient), dtype), requires_grad=True
            )
            if gradient is not None:
                array = np.array(gradient, dtype)
                parameter.grad = torch.from_numpy(array) if backend is pytorch else array
            parameters.append(parameter)
        sides.append(parameters)
    return sides


def gradients_agree(mine, theirs, rtol):
    for one, other in zip(mine, theirs):
        assert (one.grad is None) == (other.grad is None)
        if one.grad is not None:
            np.testing.assert_allclose(one.grad, other.grad.numpy(), rtol=rtol, atol=1e-30)
            assert one.grad.dtype == other.grad.numpy().dtype


@st.composite
def gradients(draw):
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    shapes = draw(st.lists(st.lists(st.integers(1, 4), max_size=3), max_size=4))
    scale = draw(st.sampled_from([0.0, 1e-3, 1.0, 1e3]))
    return [
        None if generator.random() < 0.2 else np.asarray(scale * generator.standard_normal(shape))
        for shape in shapes
    ]


@dtypes
@every_clipping
@settings(max_examples=15)
@given(drawn=gradients(), max_norm=st.sampled_from([0, 0.0, 0.1, 1, 10.0, np.inf]))
def test_clipping_by_norm_is_pytorchs(dtype, norm_type, drawn, max_norm):
    mine, theirs = with_gradients(drawn, dtype)
    rtol = 1e-12 if dtype is np.float64 else 1e-5
    norms = [
        backend.optimizers.clip_grad_norm_(side, max_norm, norm_type)
        for backend, side in ((scratch, mine), (pytorch, theirs))
    ]
    np.testing.assert_allclose(norms[0], norms[1].item(), rtol=rtol)
    assert norms[0].dtype == norms[1].numpy().dtype
    gradients_agree(mine, theirs, rtol)


@dtypes
@settings(max_examples=25)
@given(drawn=gradients(), clip_value=st.sampled_from([0, 1e-3, 0.5, 1, np.inf]))
def test_clipping_by_value_is_pytorchs(dtype, drawn, clip_value):
    mine, theirs = with_gradients(drawn, dtype)
    scratch.optimizers.clip_grad_value_(mine, clip_value)
    if any(gradient is not None for gradient in drawn):  # PyTorch fails where there is nothing to clip
        pytorch.optimizers.clip_grad_value_(theirs, clip_value)
    gradients_agree(mine, theirs, 0)


@pytest.mark.filterwarnings("error")
@every_clipping
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_clipped_as_in_pytorch(norm_type, bad):
    mine, theirs = with_gradients([[1.0, bad], 2.0])
    norms = [
        backend.optimizers.clip_grad_norm_(side, 1.0, norm_type)
        for backend, side in ((scratch, mine), (pytorch, theirs))
    ]
    np.testing.assert_allclose(norms[0], norms[1].item())
    gradients_agree(mine, theirs, 1e-12)


@backends
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_can_be_refused(backend, bad):
    side = with_gradients([[1.0, bad]])[backend is pytorch]
    with pytest.raises(
        RuntimeError, match="(?s)total.norm.*non-finite|total_norm: .*error_if_nonfinite=False"
    ):
        backend.optimizers.clip_grad_norm_(side, 1.0, error_if_nonfinite=True)
    assert side[0].grad[0] == 1
    assert backend.optimizers.clip_grad_norm_(with_gradients([3.0])[backend is pytorch], 1.0, 2.0, True) == 3


@backends
@pytest.mark.parametrize("norm_type", [np.inf, -np.inf, -1])
def test_an_extreme_of_nothing_is_an_error(backend, norm_type):
    empty = [np.zeros((0, 2)), np.ones(2)]
    empty = empty if backend is scratch else [torch.tensor(array) for array in empty]
    with pytest.raises(RuntimeError, match="norm"):
        backend.optimizers.get_total_norm(empty, norm_type)
    assert backend.optimizers.get_total_norm(empty, 1) == 2


@backends
def test_one_parameter_an_iterator_and_nothing_can_be_clipped(backend):
    clip = backend.optimizers.clip_grad_norm_
    index = int(backend is pytorch)
    (one,) = with_gradients([[3.0, 4.0]])[index]
    gradient = one.grad
    assert clip(one, 1) == 5 and one.grad is gradient
    np.testing.assert_allclose(gradient, [0.6, 0.8], rtol=1e-6)
    side = with_gradients([[3.0], [4.0]])[index]
    assert clip((parameter for parameter in side), 1.0) == 5 and side[1].grad[0] == pytest.approx(0.8)
    backend.optimizers.clip_grad_value_((parameter for parameter in side), 0.5)
    assert [side[0].grad.item(), side[1].grad.item()] == [0.5, 0.5]
    backend.optimizers.clip_grads_with_norm_((parameter for parameter in side), 1.0, backend.tensor(2.0))
    assert side[0].grad.item() == pytest.approx(0.25)
    assert clip([], 1.0) == 0 and clip(with_gradients([None])[index], 1.0) == 0
    with pytest.warns(UserWarning, match="empty generator"):
        clip((parameter for parameter in []), 1.0)


@pytest.mark.parametrize("dtypes", [["float16"], ["float16", "float32"], ["float64", "float32"], []])
def test_the_norm_has_the_widest_dtype(dtypes):
    ours = scratch.optimizers.get_total_norm([np.ones(2, dtype) for dtype in dtypes])
    theirs = pytorch.optimizers.get_total_norm(
        [torch.ones(2, dtype=getattr(torch, dtype)) for dtype in dtypes]
    )
    assert ours.dtype == theirs.numpy().dtype and ours == pytest.approx(theirs.item(), rel=1e-3)


@backends
def test_the_norm_is_of_floating_point_numbers(backend):
    for values in ([1, 2], [True, False]):
        with pytest.raises(RuntimeError, match="floating.point"):
            backend.optimizers.get_total_norm([backend.tensor(values)])


def test_a_limit_beyond_the_dtype_clips_nothing():
    mine, _ = with_gradients([[1.0, -6e4]], np.float16)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scratch.optimizers.clip_grad_value_(mine, 1e6)
        scratch.optimizers.clip_grad_norm_(mine, 1e6)
    assert mine[0].grad.tolist() == [1.0, -59999.0 // 32 * 32]


def test_the_norm_is_of_arrays_and_tensors():
    total = scratch.optimizers.get_total_norm
    assert total(np.array([3.0, 4.0])) == 5 and total(scratch.tensor([3.0, 4.0])) == 5
    assert total([np.array([3.0]), scratch.tensor(4.0)]) == 5
    assert total([np.full(4, 1e25, np.float32)]) == np.float32(2e25)  # summed in float64


@settings(max_examples=25)
@given(drawn=gradients(), max_norm=st.floats(0.01, 10))
def test_clipping_by_norm_keeps_the_direction_and_by_value_does_not(drawn, max_norm):
    mine, _ = with_gradients(drawn)
    before = np.concatenate([item.grad.ravel() for item in mine if item.grad is not None] or [np.zeros(0)])
    norm = scratch.optimizers.clip_grad_norm_(mine, max_norm)
    after = np.concatenate([item.grad.ravel() for item in mine if item.grad is not None] or [np.zeros(0)])
    assert np.linalg.norm(after) <= max_norm * (1 + 1e-12)
    np.testing.assert_allclose(after * norm, before * np.linalg.norm(after), rtol=1e-9, atol=1e-12)


def test_limits_that_make_no_sense_are_errors():
    """PyTorch takes all of these numbers, and turns gradients round or makes them NaN."""
    mine, _ = with_gradients([[1.0]])
    for limit, error in ((-1.0, ValueError), (np.nan, ValueError), ("1", TypeError), (None, TypeError)):
        with pytest.raises(error, match="^max_norm: "):
            scratch.optimizers.clip_grad_norm_(mine, limit)
        with pytest.raises(error, match="^max_norm: "):
            scratch.optimizers.clip_grads_with_norm_(mine, limit, 1.0)
        with pytest.raises(error, match="^clip_value: "):
            scratch.optimizers.clip_grad_value_(mine, limit)
    with pytest.raises(ValueError, match="^total_norm: must not be negative"):
        scratch.optimizers.clip_grads_with_norm_(mine, 1.0, -1e-6)
    for norm_type, error in (("long", ValueError), (None, TypeError)):
        with pytest.raises(error):
            scratch.optimizers.clip_grad_norm_(mine, 1.0, norm_type)
    with pytest.raises(TypeError, match="^parameters: expected tensors, got ndarray"):
        scratch.optimizers.clip_grad_norm_([np.ones(2)], 1.0)
    assert mine[0].grad.tolist() == [1.0]
