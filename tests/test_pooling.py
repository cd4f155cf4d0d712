"""dlcore.scratch.pooling: what the registry of cases cannot say."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cases.pooling import windows
from dlcore import pytorch, scratch, shapes
from dlcore.scratch import sliding


@given(windows(2, dilated=True), st.integers(0, 2**32 - 1))
def test_the_indices_of_max_pool2d_find_the_maxima(drawn, seed):
    size, options = drawn
    input = np.random.default_rng(seed).standard_normal((2, 2, *size))
    output, indices = scratch.max_pool2d(input, return_indices=True, **options)
    found = np.take_along_axis(input.reshape(2, 2, -1), indices.reshape(2, 2, -1), -1)
    np.testing.assert_array_equal(found.reshape(output.shape), output)


# PyTorch 2.13 reads and writes outside of its memory here.
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_dilated_window_that_steps_over_the_input_has_no_maximum_and_no_gradient(axes):
    input = scratch.Tensor(np.ones((1, *[2] * axes)), requires_grad=True)
    pool = getattr(scratch, f"max_pool{axes}d")
    output, indices = pool(input, 2, padding=1, dilation=3, return_indices=True)
    output.backward(np.ones((1, *[1] * axes)))
    assert output.item() == -np.inf and indices.item() == -1
    np.testing.assert_array_equal(input.grad, np.zeros(input.shape))


def test_large_windows_remember_where_their_maximum_stood():
    """More positions than a byte can number."""
    input = np.arange(2 * 700.0).reshape(1, 2, 700)
    output, indices = scratch.max_pool1d(input, 600, 200, 300, return_indices=True)
    assert indices.tolist() == [[[299, 499, 699, 699]] * 2]
    np.testing.assert_array_equal(output, np.take_along_axis(input, indices, -1))


@pytest.mark.parametrize("cache", [1, 2_000, 5_000])
@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d", "adaptive_max_pool2d", "adaptive_avg_pool2d"])
def test_the_blocks_that_fill_the_cache_change_nothing(monkeypatch, name, cache):
    def run():
        input = scratch.Tensor(np.random.default_rng(0).standard_normal((4, 9, 5, 4)), requires_grad=True)
        options = {"return_indices": True} if "max" in name else {}
        outputs = getattr(scratch, name)(input, 3, **options)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        outputs[0].backward(np.random.default_rng(1).standard_normal(outputs[0].shape))
        return [*(output.data for output in outputs), input.grad]

    at_once = run()
    monkeypatch.setattr(sliding, "CACHE", cache)
    for whole, piecewise in zip(at_once, run(), strict=True):
        np.testing.assert_array_equal(whole, piecewise)


@given(st.integers(1, 12), st.integers(1, 12))
def test_units_behind_adaptive_pooling_see_exactly_their_window(size, count):
    (row,) = shapes.layers(shapes.nn.Sequential(shapes.nn.AdaptiveAvgPool1d(count)), (1, 1, size))
    spans = [((i * size) // count, -(-(i + 1) * size // count)) for i in range(count)]
    assert row.receptive_field == (max(stop - start for start, stop in spans),)
    gradients = []
    for unit in range(count):
        input = scratch.Tensor(np.ones((1, 1, size)), requires_grad=True)
        scratch.adaptive_avg_pool1d(input, count)[0, 0, unit].backward()
        (seen,) = np.nonzero(input.grad[0, 0])
        gradients.append((seen.min(), seen.max() + 1))
    assert gradients == spans


# Random pooling

WINDOW = np.array([[[1.6, 0.0], [0.0, 2.4]]])  # one window; probabilities 0.4 and 0.6


def test_stochastic_pooling_draws_in_proportion_to_the_elements():
    many = np.tile(WINDOW, (1, 100, 100))
    output = scratch.stochastic_pool2d(many, 2, training=True, generator=np.random.default_rng(0))
    assert set(output.ravel()) == {1.6, 2.4}
    assert abs((output == 2.4).mean() - 0.6) < 4 * np.sqrt(0.6 * 0.4 / output.size)
    expected = scratch.stochastic_pool2d(WINDOW, 2)
    assert expected == pytest.approx(0.4 * 1.6 + 0.6 * 2.4)


def test_stochastic_pooling_through_pytorch_draws_in_proportion_too():
    many = torch.from_numpy(np.tile(WINDOW, (1, 100, 100)))
    output = pytorch.stochastic_pool2d(many, 2, training=True, generator=torch.Generator().manual_seed(0))
    assert set(output.ravel().tolist()) == {1.6, 2.4}
    assert abs((output == 2.4).double().mean() - 0.6) < 4 * np.sqrt(0.6 * 0.4 / output.numel())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stochastic_pooling_sends_the_gradient_to_the_element_that_was_drawn(dtype):
    values = np.random.default_rng(0).standard_normal((2, 3, 6, 6)).astype(dtype)
    input = scratch.Tensor(values, requires_grad=True)
    output = scratch.stochastic_pool2d(input, 2, training=True, generator=np.random.default_rng(1))
    output.backward(np.ones(output.shape))
    blocks = np.where(input.grad == 1, values, 0).reshape(2, 3, 3, 2, 3, 2)
    np.testing.assert_array_equal(blocks.sum((3, 5)), output.data)
    assert ((input.grad == 0) | (values > 0)).all()
    mine = torch.from_numpy(values).requires_grad_()
    output = pytorch.stochastic_pool2d(mine, 2, training=True, generator=torch.Generator().manual_seed(1))
    output.sum().backward()
    blocks = torch.where(mine.grad == 1, mine, 0).reshape(2, 3, 3, 2, 3, 2)
    assert torch.equal(blocks.sum((3, 5)), output)


def test_a_window_of_zeros_stays_zero_when_drawn():
    input = scratch.Tensor(np.array([[[0.0, -1.0]]]), requires_grad=True)
    output = scratch.stochastic_pool2d(input, (1, 2), training=True, generator=np.random.default_rng(0))
    output.backward()
    assert output.item() == 0 and not input.grad.any()
    drawn = pytorch.stochastic_pool2d(torch.tensor([[[0.0, -1.0]]]), (1, 2), training=True)
    assert drawn.item() == 0


def test_a_window_that_holds_nan_or_infinity_gives_nan_when_drawn():
    window = np.array([[[1.0, np.nan, 1.0, np.inf]]])
    drawn = scratch.stochastic_pool2d(window, (1, 2), training=True, generator=np.random.default_rng(0))
    assert np.isnan(drawn).all()
    assert pytorch.stochastic_pool2d(torch.from_numpy(window), (1, 2), training=True).isnan().all()


def mixed(input, seed):
    if isinstance(input, torch.Tensor):
        generator = torch.Generator().manual_seed(seed)
        return pytorch.mixed_pool2d(input, 2, training=True, generator=generator).numpy()
    return scratch.mixed_pool2d(input, 2, training=True, generator=np.random.default_rng(seed))


@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy])
def test_mixed_pooling_tosses_one_coin_for_each_channel(convert):
    input = np.random.default_rng(0).standard_normal((2, 400, 4, 4))
    output = mixed(convert(input), 0)
    largest, mean = scratch.max_pool2d(input, 2), scratch.avg_pool2d(input, 2)
    is_largest = np.isclose(output, largest).all((0, 2, 3))
    assert (is_largest ^ np.isclose(output, mean).all((0, 2, 3))).all()
    assert 150 < is_largest.sum() < 250
    assert np.array_equal(output, mixed(convert(input), 0)) and not np.array_equal(
        output, mixed(convert(input), 1)
    )


@pytest.mark.parametrize("pool", [scratch.mixed_pool2d, scratch.stochastic_pool2d])
@pytest.mark.parametrize("generator", [None, 0, np.random])
def test_random_numbers_come_from_an_explicit_generator(pool, generator):
    with pytest.raises(TypeError, match="generator"):
        pool(np.ones((1, 2, 2)), 2, training=True, generator=generator)
    pool(np.ones((1, 2, 2)), 2)  # nothing is drawn


@pytest.mark.parametrize("name", ["MixedPool2d", "StochasticPool2d"])
def test_layers_that_draw_repeat_themselves_after_a_reset(name):
    layer, input = getattr(scratch.nn, name)(2), np.random.default_rng(0).random((2, 20, 6, 6))
    results = []
    for seed in (0, 0, 1):
        scratch.nn.reset_parameters(layer, np.random.default_rng(seed))
        results.append(layer(input))
    assert np.array_equal(results[0], results[1]) and not np.array_equal(results[0], results[2])
    layer.eval()
    assert np.array_equal(layer(input), layer(input))
