"""Every case of the registry (``cases``), run through both backends by the checks of ``conformance``."""

import inspect
import shutil

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cases
from conformance import checks
from conformance.calls import is_pytorchs_own
from dlcore import scratch

DTYPES = [np.float64, np.float32]
DEVICES = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])
seeds = st.integers(0, 2**32 - 1)

# Both sides warn the user at some of these calls. NumPy's own warnings would be a defect.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("error::RuntimeWarning"),
]


def by_name(entries):
    return [pytest.param(entry, id=entry.name) for entry in entries]


drawn = by_name(operator for operator in cases.OPERATORS if operator.samples is not None)
own = [operator for operator in cases.OPERATORS if not is_pytorchs_own(operator.name)]
listed = [
    pytest.param(operator, sample, id=f"{operator.name}-{number}")
    for operator in cases.OPERATORS
    for number, sample in enumerate(operator.examples)
]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("operator", drawn)
def test_backends_agree_on_random_calls(operator, dtype):
    @settings(max_examples=25)
    @given(operator.samples, seeds)
    def check(sample, seed):
        checks.agrees(operator, sample, dtype, seed)

    check()


@pytest.fixture(autouse=True, scope="module")
def full_single_precision():
    checks.full_single_precision()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize(("operator", "sample"), listed)
def test_backends_agree_on_listed_calls(operator, sample, dtype, device):
    checks.agrees(operator, sample, dtype, seed=0, device=device)


@pytest.mark.parametrize("operator", drawn)
def test_the_gradient_is_the_slope(operator):
    @settings(max_examples=10)
    @given(operator.samples, seeds)
    def check(sample, seed):
        if sample.smooth:
            checks.finite_differences_agree(operator, sample, seed)

    check()


@pytest.mark.parametrize(("operator", "sample"), [item for item in listed if item.values[1].smooth])
def test_the_gradient_is_the_slope_in_listed_calls(operator, sample):
    checks.finite_differences_agree(operator, sample, seed=0)


@pytest.mark.parametrize(
    ("operator", "refusal"),
    [
        pytest.param(operator, refusal, id=f"{operator.name}-{refusal.naming}-{number}")
        for operator in cases.OPERATORS
        for number, refusal in enumerate(operator.refusals)
    ],
)
def test_bad_calls_are_refused_alike(operator, refusal):
    checks.refuses(operator, refusal)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize(
    ("operator", "known"),
    [
        pytest.param(operator, known, id=f"{operator.name}-{number}")
        for operator in cases.OPERATORS
        for number, known in enumerate(operator.known)
    ],
)
def test_known_results_come_out(operator, known, dtype):
    checks.gives_what_is_known(operator, known, dtype)


@pytest.mark.parametrize("operator", by_name(op for op in cases.OPERATORS if op.by_definition is not None))
def test_operators_follow_their_definition(operator):
    for sample in operator.examples:
        if not sample.random:
            checks.follows_its_definition(operator, sample, np.float64, seed=0)
    if operator.samples is None:
        return

    @settings(max_examples=20)
    @given(operator.samples, seeds)
    def check(sample, seed):
        if not sample.random:
            checks.follows_its_definition(operator, sample, np.float64, seed)

    check()


def first_example(operator):
    """One that does not depend on a generator, which PyTorch's compiler cannot take as an argument."""
    sample = next((item for item in operator.examples if not item.random), None)
    assert sample is not None, f"{operator.name}: list an example that is not random"
    return sample


@pytest.mark.parametrize("operator", by_name(op for op in own if not op.uncompiled))
def test_our_own_operators_compile_into_one_graph(operator):
    checks.compiles(operator, first_example(operator), seed=0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PyTorch, in its own compiler
@pytest.mark.skipif(shutil.which("c++") is None, reason="PyTorch's own compiler backend needs a C++ compiler")
@pytest.mark.parametrize(
    "operator", by_name(op for op in own if any(example.updates for example in op.examples))
)
def test_operators_that_update_arrays_compile_with_the_optimizing_backend(operator):
    """It computes parts of the forward pass again in the backward pass, when the arrays have changed."""
    for sample in [example for example in operator.examples if example.updates][:2]:
        checks.compiles(operator, sample, seed=0, backend="inductor")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("operator", by_name(own))
def test_our_own_operators_run_under_autocast(operator, device):
    checks.runs_under_autocast(operator, first_example(operator), seed=0, device=device)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize(
    "layer", [pytest.param(layer, id=f"{layer.name}-{number}") for number, layer in enumerate(cases.LAYERS)]
)
def test_layers_agree_in_all_three_vocabularies(layer, dtype):
    checks.layer_agrees(layer, dtype, seed=0)


# The registry itself

NOT_OPERATORS = {
    "EarlyStopping", "Ensemble", "Snapshots", "Tensor", "average_weights", "bootstrap", "continue_on_all",
    "differentiable", "gradcheck", "is_grad_enabled", "no_grad", "numerical_gradient", "output_size",
    "retrain_from_start", "same_padding", "tensor", "train_until_stopped",
}  # fmt: skip
NOT_LAYERS = {"Module", "Parameter", "reset_parameters"}


def test_every_operator_has_cases():
    names = {name for name in scratch.__all__ if not inspect.ismodule(getattr(scratch, name))}
    assert names - NOT_OPERATORS <= {operator.name for operator in cases.OPERATORS}


def test_every_layer_has_cases():
    assert set(scratch.nn.__all__) - NOT_LAYERS <= {layer.name for layer in cases.LAYERS}


def test_names_are_registered_once():
    names = [operator.name for operator in cases.OPERATORS]
    assert sorted(names) == sorted(set(names))


def test_operators_that_pytorch_lacks_are_checked_by_something_else():
    """Both backends are our own there: agreement alone would prove little."""
    lacking = [op for op in own if not any(hasattr(place, op.name) for place in (torch.nn.functional, torch))]
    assert [op.name for op in lacking if not op.known and op.by_definition is None] == []
    assert len(lacking) > 20
