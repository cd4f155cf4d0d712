"""What the registry of cases cannot say about interpolation."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import scratch, shapes
from dlcore.scratch import gradcheck

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
@pytest.mark.parametrize("antialias", [False, True])
def test_the_gradient_is_that_of_the_output_where_a_factor_leaves_the_size_as_it_is(mode, antialias):
    """There PyTorch's is not always that of its own output, which ours is equal to."""
    if antialias and mode.startswith("nearest"):
        return
    image = GENERATOR.standard_normal((1, 2, 5, 5))

    def resize(images):
        return scratch.interpolate(images, scale_factor=1.1, mode=mode, antialias=antialias)

    expected = torch.nn.functional.interpolate(
        torch.from_numpy(image), scale_factor=1.1, mode=mode, antialias=antialias
    )
    np.testing.assert_allclose(resize(image), expected.numpy(), atol=1e-12)
    assert gradcheck(resize, scratch.tensor(image, requires_grad=True))


def test_antialias_to_a_width_of_one_adds_up_every_row():
    """There PyTorch repeats the first row."""
    image = np.array([1.0, 5.0]).reshape(1, 1, 2, 1)
    output = scratch.interpolate(image, size=(3, 1), mode="bilinear", antialias=True)
    np.testing.assert_allclose(output.ravel(), [1, 3, 5])


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_bytes_are_rounded_and_clipped(mode):
    """PyTorch computes with integers there, and may be off by one."""
    image = np.array([[0, 255, 255, 0], [0, 255, 255, 255]], np.uint8).reshape(1, 1, 2, 4)
    output = scratch.interpolate(image, scale_factor=3, mode=mode)
    expected = torch.nn.functional.interpolate(torch.from_numpy(image), scale_factor=3, mode=mode).numpy()
    assert output.dtype == np.uint8
    assert np.abs(output.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_positions_that_are_not_finite_are_sampled_somewhere(mode, padding_mode):
    image = np.arange(1.0, 13).reshape(1, 1, 3, 4)
    grid = np.array([np.nan, np.inf, -np.inf, 1e30, -1.0])
    grid = np.stack([grid, np.zeros(5)], axis=-1).reshape(1, 1, 5, 2)
    output = scratch.grid_sample(image, grid, mode, padding_mode, True).ravel()
    assert np.isfinite(output).all()
    assert output[0] == output[4] == 5  # NaN is -1
    if padding_mode != "reflection":
        np.testing.assert_allclose(output[1:4], [0, 0, 0] if padding_mode == "zeros" else [8, 5, 8])


def test_an_infinite_gradient_stays_where_it_is():
    image = scratch.Tensor(np.zeros((1, 1, 4, 4)), True)
    gradient = np.zeros((1, 1, 8, 8))
    gradient[0, 0, 0, 0] = np.inf
    scratch.interpolate(image, scale_factor=2).backward(gradient)
    assert image.grad[0, 0, 0, 0] == np.inf
    assert np.count_nonzero(image.grad) == 1


def test_identity_grids_sample_the_image_itself():
    image = GENERATOR.standard_normal((2, 3, 5, 4))
    theta = np.tile(np.eye(2, 3), (2, 1, 1))
    for align_corners in (False, True):
        grid = scratch.affine_grid(theta, image.shape, align_corners)
        np.testing.assert_allclose(
            scratch.grid_sample(image, grid, align_corners=align_corners), image, atol=1e-12
        )


# What the units of an upsampling layer see


@settings(max_examples=60)
@given(
    st.sampled_from(["nearest", "nearest-exact", "linear", "area", "bicubic"]),
    st.integers(1, 9),
    st.integers(1, 20),
    st.booleans(),
    st.sampled_from([None, 0.5, 1.5, 2, 3, 2.5]),
)
def test_units_see_what_the_receptive_field_says(mode, size, count, align_corners, factor):
    """Perturb the input: what an output depends on lies within its span, and spans are no longer than necessary."""
    align_corners = align_corners if mode in ("linear", "bicubic") else None
    axes = 2 if mode == "bicubic" else 1
    options = {"size": count} if factor is None or int(size * factor) < 1 else {"scale_factor": factor}
    layer = shapes.nn.Upsample(**options, mode=mode, align_corners=align_corners)
    span = layer.spans(_signal((1, 1) + (size,) * axes))[-1]
    images = np.eye(size).reshape(size, 1, size) if axes == 1 else np.eye(size)[:, None, None].repeat(size, 2)
    output = scratch.interpolate(images, **options, mode=mode, align_corners=align_corners)
    weights = output.reshape(size, -1, output.shape[-1])[:, 0]
    for position in range(output.shape[-1]):
        first, last = span.sees(position)
        used = np.flatnonzero(np.abs(weights[:, position]) > 1e-9)
        assert max(0, first) <= used.min(initial=size)
        assert used.max(initial=-1) <= max(min(last, size - 1), max(0, first))
        assert last - first + 1 <= len(used) + (4 if mode == "bicubic" else 1)


def _signal(shape):
    from dlcore.shapes.nn.module import Signal
    from dlcore.shapes.receptive_field import Span

    return Signal(shape, tuple(map(Span, shape[2:])))


def test_spans_stay_what_they_are_once_axes_were_merged():
    network = shapes.nn.Sequential(shapes.nn.Conv2d(1, 2, 3), shapes.nn.Upsample(scale_factor=2))
    row = shapes.layers(network, (1, 1, 6, 6))[-1]
    assert row.receptive_field == (3, 3)
    assert row.output_shape == (1, 2, 8, 8)
