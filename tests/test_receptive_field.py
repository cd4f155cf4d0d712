"""The receptive field three ways: by the recurrence of the chapter, by dlcore.shapes and by the gradient.

`tests/test_shapes.py` tests the calculator on layers of all kinds; here it is what a student computes by hand.
"""

from math import ceil

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dlcore import pytorch, scratch, shapes
from dlcore.exercises import receptive_field as exercises
from dlcore.widgets import receptive_field as widgets

BACKENDS = (scratch, pytorch)

# Kernel size, stride, padding, dilation.
layer = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3))
stacks = st.lists(layer, min_size=1, max_size=4)


def by_shapes(layers, size):
    network = shapes.nn.Sequential(*(shapes.nn.Conv1d(1, 1, k, s, p, d) for k, s, p, d in layers))
    return shapes.layers(network, (1, 1, size))


def seen_by_gradient(backend, layers, size, unit):
    """The pixels that have a gradient from one unit: all weights are one, so that nothing cancels."""
    x = backend.tensor(np.ones((1, 1, size)), requires_grad=True)
    y = x
    for k, s, p, d in layers:
        y = backend.conv1d(y, backend.tensor(np.ones((1, 1, k))), stride=s, padding=p, dilation=d)
    y[0, 0, unit].backward()
    return np.flatnonzero(np.asarray(x.grad)[0, 0])


def first_unit_inside(jump, offset):
    """The first unit whose field begins inside of the image."""
    return ceil(max(0, -offset) / jump)


@settings(max_examples=60)
@given(stacks)
@example([(3, 2, 1, 1), (3, 1, 2, 2)])
@example([(1, 3, 0, 1), (4, 1, 0, 3)])  # a stride longer than its window
def test_recurrence_calculator_and_both_gradients_agree(layers):
    size, jump, offset = (int(number) for number in exercises.fields(layers)[-1])
    unit = first_unit_inside(jump, offset)
    pixels = offset + (unit + 1) * jump + size + 1 + jump
    assume(pixels < 3000)
    row = by_shapes(layers, pixels)[-1]
    assert (row.receptive_field, row.jump, row.offset) == ((size,), (jump,), (offset,))
    for backend in BACKENDS:
        for t in (unit, unit + 1):
            seen = seen_by_gradient(backend, layers, pixels, t)
            assert (seen[0], seen[-1]) == (offset + t * jump, offset + t * jump + size - 1)


@settings(max_examples=60)
@given(stacks, st.integers(8, 30), st.data())
@example([(3, 1, 0, 1), (3, 1, 3, 3)], 12, None)  # padding between the layers
def test_what_a_unit_sees_is_found_by_walking_back(layers, size, data):
    try:
        units = by_shapes(layers, size)[-1].output_shape[-1]
    except RuntimeError:  # a window that does not fit
        assume(False)
    unit = 2 if data is None else data.draw(st.integers(0, units - 1))
    expected = exercises.sees(layers, size, unit)
    for backend in BACKENDS:
        np.testing.assert_array_equal(seen_by_gradient(backend, layers, size, unit), expected)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), min_size=1, max_size=5), st.integers(1, 4))
def test_the_size_is_what_one_unit_needs_and_each_further_one_needs_a_jump(layers, units):
    size, jump, _ = exercises.fields([(k, s, 0, 1) for k, s in layers])[-1]
    needed = exercises.mended(layers, units)
    assert needed == size + (units - 1) * jump
    assert by_shapes([(k, s, 0, 1) for k, s in layers], int(needed))[-1].output_shape[-1] == units


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 7), st.integers(1, 4)), min_size=1, max_size=6))
def test_kernel_sizes_are_recovered_from_sizes_and_jumps(layers):
    table = [tuple(row[:2]) for row in exercises.fields([(k, s, 0, 1) for k, s in layers])]
    assert exercises.kernel_sizes(table).tolist() == [list(layer) for layer in layers]


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.__name__)
@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 2)), min_size=1, max_size=3),
    st.integers(0, 2**32 - 1),
)
def test_the_gradient_through_relu_is_that_of_both_backends(backend, layers, seed):
    generator = np.random.default_rng(seed)
    size = exercises.mended(layers, 2)
    image = generator.standard_normal((size, size + 1))
    kernels = [generator.standard_normal((k, k)) for k, _ in layers]
    x = backend.tensor(image[None, None], requires_grad=True)
    y = x
    for number, (kernel, (_, stride)) in enumerate(zip(kernels, layers, strict=True)):
        y = backend.relu(y) if number else y
        y = backend.conv2d(y, backend.tensor(kernel[None, None]), stride=stride)
    y[0, 0, 1, 0].backward()
    ours = exercises.gradient(image, kernels, [stride for _, stride in layers], (1, 0))
    np.testing.assert_allclose(ours, np.asarray(x.grad)[0, 0], rtol=1e-10, atol=1e-10)


# The widgets


kinds = st.sampled_from(
    next(control for control in widgets.stack().controls if control.name == "first").options
)


@settings(max_examples=60)
@given(st.tuples(*[kinds] * 5), st.booleans(), st.integers(1, 5), st.integers(0, 23))
def test_the_drawn_stack_is_what_the_gradient_reaches(layers, padded, level, pixel):
    drawn = widgets.stack.compute(*layers, padded=padded, layer=level, pixel=pixel)
    assert "other pixels" not in drawn["description"]
    low, high = drawn["panels"]["stack"]["x"]["limits"]
    for mark in drawn["panels"]["stack"]["marks"]:
        inside = mark["x"][~np.isnan(mark["x"])]
        assert ((inside >= low) & (inside <= high)).all()


@settings(max_examples=40)
@given(
    st.integers(1, 6),
    st.sampled_from([3, 5]),
    st.sampled_from(["1 in every layer", "1, 2, 4, 1, 2, 4", "2 in every layer"]),
)
def test_weights_of_one_have_the_effective_width_of_the_formula(depth, kernel_size, dilations):
    words = widgets.effective.compute(depth, kernel_size, dilations, "all one", 1, 1)["description"]
    measured, predicted = (
        words.split("Effective width ")[1].split(", ")[0],
        words.split("gives ")[1].split(",")[0],
    )
    assert measured == predicted


def test_random_weights_have_that_width_in_the_mean():
    """Over draws, the energy is proportional to the number of ways; the mean of many is near it."""
    ways = np.ones(1)
    for _ in range(4):
        ways = np.convolve(ways, np.ones(3))
    total = np.zeros(9)
    for seed in range(20):
        scene = widgets.effective.compute(4, 3, "1 in every layer", "random", 16, seed + 1)
        total += next(mark for mark in scene["panels"]["profile"]["marks"] if mark["mark"] == "bars")["y"]
    assert np.abs(total / total.sum() - ways / ways.sum()).max() < 0.04
