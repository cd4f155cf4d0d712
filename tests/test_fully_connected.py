"""dlcore.scratch.fully_connected: PyTorch's values, gradients and errors."""

import numpy as np
import pytest
from agreement import agree, dtypes, generators, same_error
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=150)
@given(
    generators,
    dtypes,
    st.lists(st.integers(0, 4), max_size=3),
    st.integers(1, 5),
    st.one_of(st.none(), st.integers(1, 5)),
    st.sampled_from(["none", "full", "one", "scalar"]),
)
def test_linear_equals_torch(generator, dtype, batch, inputs, outputs, kind):
    input = generator.standard_normal((*batch, inputs)).astype(dtype)
    weight = generator.standard_normal((inputs,) if outputs is None else (outputs, inputs)).astype(dtype)
    bias = None
    if outputs is not None and kind != "none":
        shape = {"full": (outputs,), "one": (1,), "scalar": ()}[kind]
        bias = np.asarray(generator.standard_normal(shape)).astype(dtype)
    agree("linear", input, weight, bias, generator=generator)


@pytest.mark.parametrize(("inputs", "outputs"), [(0, 3), (3, 0), (0, 0)])
@pytest.mark.parametrize("batch", [(), (2,), (0,), (2, 3)])
def test_linear_takes_layers_without_inputs_or_outputs(batch, inputs, outputs):
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal(shape) for shape in ((*batch, inputs), (outputs, inputs), (outputs,))]
    agree("linear", *arrays, generator=generator)


@pytest.mark.parametrize(
    ("naming", "shapes"),
    [
        ("input", [(3, 5), (4, 6), (4,)]),
        ("input", [(), (4, 5), None]),
        ("input", [(5,), (4, 3), None]),
        ("input", [(3, 5), (6,), None]),
        ("weight", [(3, 5), (2, 4, 5), None]),
        ("weight", [(3, 5), (), None]),
        ("bias", [(3, 5), (4, 5), (3,)]),
        ("bias", [(3, 5), (5,), ()]),
        ("bias", [(3, 5), (5,), (1,)]),
        ("bias", [(5,), (4, 5), (3,)]),
    ],
)
def test_linear_refuses_the_shapes_that_torch_refuses(naming, shapes):
    same_error("linear", *[None if shape is None else np.ones(shape) for shape in shapes], naming=naming)


@pytest.mark.parametrize(("naming", "place"), [("weight", 0), ("weight", 1), ("bias", 2)])
def test_linear_refuses_dtypes_that_differ(naming, place):
    arrays = [np.ones((3, 5)), np.ones((4, 5)), np.ones(4)]
    arrays[place] = arrays[place].astype(np.float32)
    same_error("linear", *arrays, naming=naming)
