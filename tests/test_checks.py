"""The checks of ``conformance`` find what they are for: each is shown a fault of its kind, and a sound operator."""

import numpy as np
import pytest
import torch

from cases.vocabulary import Array, Known, Layer, Operator, Refusal, Sample, Seed, refusal, sample
from conformance import checks
from conformance.calls import LAYOUTS, laid_out
from dlcore import pytorch, scratch, shapes

ONE = sample(Array((3, 4)))
DOUBLE = Operator("double_it")


def install(monkeypatch, ours, theirs=None):
    """Make `ours` the operator ``double_it`` of scratch, and `theirs` that of pytorch."""
    monkeypatch.setattr(scratch, "double_it", scratch.differentiable(ours), raising=False)
    theirs = theirs or (lambda input: 2 * input)
    theirs.__module__ = "dlcore.pytorch.made_up"
    monkeypatch.setattr(pytorch, "double_it", theirs, raising=False)


def double_it(input):
    input = np.asarray(input)
    return 2 * input, lambda grad: 2 * grad


def wrong_forward(input):
    input = np.asarray(input)
    return 2 * input + 1e-3, lambda grad: 2 * grad


def wrong_in_one_layout(input):
    output = 2 * np.asarray(input)
    return (output if input.flags.c_contiguous else output * 1.001), lambda grad: 2 * grad


def wrong_gradient(input):
    return 2 * np.asarray(input), lambda grad: 2.001 * grad


def no_gradient(input):
    return 2 * np.asarray(input), lambda grad: None


def permuted_gradient(input):
    return 2 * np.asarray(input), lambda grad: 2 * grad[::-1]


def wider_dtype(input):
    return 2 * np.asarray(input, np.float64), lambda grad: 2 * grad


def changes_its_input(input):
    output = 2 * input
    input *= 1
    input[...] = 0
    return output, lambda grad: 2 * grad


def changes_its_gradient(input):
    def pullback(grad):
        grad *= 2
        return grad

    return 2 * np.asarray(input), pullback


def loses_nan(input):
    return np.nan_to_num(2 * np.asarray(input)), lambda grad: 2 * grad


def test_a_sound_operator_passes(monkeypatch):
    install(monkeypatch, double_it)
    for dtype in (np.float64, np.float32):
        assert checks.agrees(DOUBLE, ONE, dtype, 0) == {"forward": 0.0, "input": 0.0}
    assert checks.finite_differences_agree(DOUBLE, ONE, 0) < 1e-8
    assert checks.compiles(DOUBLE, ONE, 0) is None


@pytest.mark.parametrize(
    "fault",
    [wrong_forward, wrong_gradient, no_gradient, permuted_gradient, wider_dtype, changes_its_input, changes_its_gradient,
     loses_nan],
)  # fmt: skip
def test_a_fault_is_found(monkeypatch, fault):
    install(monkeypatch, fault)
    with pytest.raises(AssertionError):
        for seed in range(5):
            checks.agrees(DOUBLE, sample(Array((3, 4), "special")), np.float32, seed)


def test_a_fault_in_one_memory_layout_is_found(monkeypatch):
    install(monkeypatch, wrong_in_one_layout)
    with pytest.raises(AssertionError):
        for seed in range(20):
            checks.agrees(DOUBLE, ONE, np.float64, seed)


@pytest.mark.parametrize("fault", [wrong_gradient, no_gradient, permuted_gradient])
def test_finite_differences_find_a_wrong_gradient(monkeypatch, fault):
    install(monkeypatch, fault)
    with pytest.raises(AssertionError, match="slope"):
        checks.finite_differences_agree(DOUBLE, ONE, 0)


def test_finite_differences_forgive_a_kink_nearby_but_not_a_wrong_side_of_it(monkeypatch):
    near = sample(np.array([3e-6, -3e-6, 1.0, -1.0]))
    install(monkeypatch, lambda x: (np.maximum(x, 0), lambda grad: grad * (x > 0)))
    assert checks.finite_differences_agree(DOUBLE, near, 0) < 1e-5
    install(monkeypatch, lambda x: (np.maximum(x, 0), lambda grad: grad * (x < 0)))
    with pytest.raises(AssertionError, match="slope"):
        checks.finite_differences_agree(DOUBLE, near, 0)


def test_an_array_that_the_operator_updates_is_compared_afterwards(monkeypatch):
    def ours(input, total):
        total += np.sum(input)
        return 2 * np.asarray(input), lambda grad: 2 * grad

    def theirs(input, total):
        total += input.detach().sum()
        return 2 * input

    call = Sample((Array((3, 4)), Array((2,), requires_grad=False)), updates=("total",))
    install(monkeypatch, ours, theirs)
    checks.agrees(DOUBLE, call, np.float64, 0)
    install(monkeypatch, ours, lambda input, total: 2 * input)
    with pytest.raises(AssertionError, match="total after the call"):
        checks.agrees(DOUBLE, call, np.float64, 0)


def test_errors_must_be_of_the_same_class_and_name_the_argument(monkeypatch):
    def refuse(kind, message):
        def operator(input):
            raise kind(message)

        return operator

    bad = refusal("input", Array((2,)))
    install(monkeypatch, refuse(RuntimeError, "input: bad"), refuse(RuntimeError, "input: bad"))
    checks.refuses(DOUBLE, bad)
    for ours, theirs, match in [
        (double_it, refuse(RuntimeError, "input: bad"), "accepted"),
        (refuse(RuntimeError, "input: bad"), None, "PyTorch accepts"),
        (refuse(TypeError, "input: bad"), refuse(RuntimeError, "input: bad"), "class"),
        (refuse(RuntimeError, "bad"), refuse(RuntimeError, "input: bad"), "name"),
        (refuse(RuntimeError, "input: bad"), refuse(RuntimeError, "bad"), "name"),
    ]:
        install(monkeypatch, ours, theirs)
        with pytest.raises(AssertionError, match=match):
            checks.refuses(DOUBLE, bad)
    install(monkeypatch, refuse(ValueError, "input: bad"))
    checks.refuses(DOUBLE, Refusal("input", ONE, ValueError))


def test_known_results_and_definitions_are_compared_on_both_sides(monkeypatch):
    given = Known(sample(np.array([1.0, 2.0])), [2.0, 4.0], "by hand")
    other = Known(sample(np.array([1.0, 2.0])), [2.0, 4.1], "by hand")
    install(monkeypatch, double_it)
    checks.gives_what_is_known(DOUBLE, given, np.float32)
    with pytest.raises(AssertionError, match="by hand"):
        checks.gives_what_is_known(DOUBLE, other, np.float32)
    by_definition = Operator("double_it", by_definition=lambda input: input + input)
    checks.follows_its_definition(by_definition, ONE, np.float64, 0)
    install(monkeypatch, double_it, lambda input: 2.1 * input)
    for check in (
        lambda: checks.gives_what_is_known(DOUBLE, given, np.float32),
        lambda: checks.follows_its_definition(by_definition, ONE, np.float64, 0),
    ):
        with pytest.raises(AssertionError, match="off by"):
            check()


def test_what_breaks_the_graph_does_not_compile(monkeypatch):
    install(monkeypatch, double_it, lambda input: input * float(input.detach().sum() > 0))
    with pytest.raises(Exception, match="."):
        checks.compiles(DOUBLE, ONE, 0)


def test_a_seed_becomes_a_generator_of_the_backend(monkeypatch):
    kinds = []

    def ours(input, generator):
        kinds.append(type(generator))
        return 2 * np.asarray(input), lambda grad: 2 * grad

    def theirs(input, generator):
        kinds.append(type(generator))
        return 2 * input

    install(monkeypatch, ours, theirs)
    checks.agrees(DOUBLE, sample(Array((2,)), generator=Seed(3)), np.float64, 0)
    assert set(kinds) == {np.random.Generator, torch.Generator}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(), (0, 3), (2,), (2, 3), (2, 3, 4, 5)])
def test_layouts_hold_the_same_values(layout, shape):
    array = np.arange(np.prod(shape, dtype=int), dtype=np.float64).reshape(shape)
    np.testing.assert_array_equal(laid_out(array, layout), array)
    assert not np.shares_memory(laid_out(array, layout), array)


class FaultyLinear(scratch.nn.Linear):
    def forward(self, input):
        return super().forward(input) + (0.001 if self.training else 0)


def test_a_fault_of_a_layer_in_one_mode_is_found(monkeypatch):
    layer = Layer("Linear", lambda nn: nn.Linear(4, 2), Array((3, 4)))
    checks.layer_agrees(layer, np.float64, 0)
    monkeypatch.setattr(scratch.nn, "Linear", FaultyLinear)
    with pytest.raises(AssertionError):
        checks.layer_agrees(layer, np.float64, 0)


def test_a_wrong_prediction_of_a_layers_shape_is_found(monkeypatch):
    layer = Layer("Linear", lambda nn: nn.Linear(4, 2), Array((3, 4)))
    monkeypatch.setattr(shapes.nn.Linear, "output_shape", lambda self, shape: shape)
    with pytest.raises(AssertionError, match="foretold"):
        checks.layer_agrees(layer, np.float64, 0)
