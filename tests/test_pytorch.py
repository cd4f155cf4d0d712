"""dlcore.pytorch: the names and signatures of dlcore.scratch, and its results where PyTorch has no such operator."""

import ast
import gc
import inspect
import re
import weakref

import numpy as np
import pytest
import torch

from dlcore import pytorch, scratch

# Parameters of PyTorch's that dlcore.scratch leaves out: where results go, the one device that NumPy has, what has been
# deprecated or is private, and writing into the input, which the tape needs.
THEIRS_ONLY_EVERYWHERE = {"out", "device", "size_average", "reduce", "_stacklevel", "inplace"}
THEIRS_ONLY = {
    "add": {"alpha"},
    "sub": {"alpha"},
    "div": {"rounding_mode"},
    "tensor": {"pin_memory"},
    "gradcheck": {  # questions about PyTorch's tape
        "nondet_tol",
        "check_undefined_grad",
        "check_grad_dtypes",
        "check_batched_grad",
        "check_batched_forward_grad",
        "check_forward_ad",
        "check_backward_ad",
        "fast_mode",
        "masked",
    },
    "Hardtanh": {"min_value", "max_value"},  # deprecated
    # Classes without a constructor of their own, which take whatever torch.nn.Module takes.
    **{
        key: {"args", "kwargs"}
        for key in ["LogSigmoid", "Sigmoid", "Softmax2d", "Softsign", "Tanh", "Tanhshrink"]
    },
}
ONLY_HOW = {"foreach", "differentiable", "fused", "capturable"}
"""What optimizers take there that says how to compute the same steps."""
OURS_ONLY_EVERYWHERE = {"generator"}  # what PyTorch draws comes from its global generator
DEFAULTS_DIFFER = {
    ("sum", "dim"),  # PyTorch has two overloads, with and without dim
    ("mean", "dim"),
}
NO_SIGNATURE_TO_COMPARE = {
    "Tensor",  # torch.Tensor(...) is discouraged; both sides make tensors with tensor()
    "Parameter",  # its data may be left out there
    "Module",  # takes anything there
    "Sequential",
    "reset_parameters",  # ours on both sides, see test_nn.py
    # Builtins that do not say what they take; the registry calls them by position and by name.
    "gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell",
    "GRU", "LSTM", "RNN",  # take *args there, and pass them on
}  # fmt: skip

functions = sorted(name for name in scratch.__all__ if not inspect.ismodule(getattr(scratch, name)))
layers = sorted(scratch.nn.__all__)
optimizers = sorted(scratch.optimizers.__all__)


def signature(function, name):
    """PyTorch's signature, from its documentation where it is a builtin; of several overloads the longest."""
    # The max poolings themselves dispatch on return_indices.
    function = getattr(torch.nn.functional, f"{name}_with_indices", function)
    try:
        return inspect.signature(function)
    except ValueError:
        pass
    inside = r"((?:[^()]|\([^()]*\))*)"
    found = re.findall(rf"^(?:\.\. function:: )?\s*{name}\({inside}\)", function.__doc__, re.MULTILINE)
    candidates = []
    for inside in found:
        try:
            arguments = ast.parse(f"def f({inside}): pass").body[0].args
        except SyntaxError:  # an example, not a signature
            continue
        ordered = [*arguments.args, *arguments.kwonlyargs]
        required = len(arguments.args) - len(arguments.defaults)
        defaults = [None] * required + arguments.defaults + arguments.kw_defaults
        kinds = [inspect.Parameter.POSITIONAL_OR_KEYWORD] * len(arguments.args)
        kinds += [inspect.Parameter.KEYWORD_ONLY] * len(arguments.kwonlyargs)
        candidates.append(
            inspect.Signature(
                [
                    inspect.Parameter(
                        item.arg,
                        kind,
                        default=inspect.Parameter.empty if value is None else ast.literal_eval(value),
                    )
                    for item, kind, value in zip(ordered, kinds, defaults)
                ]
            )
        )
    return max(candidates, key=lambda candidate: len(candidate.parameters))


def compare_signatures(ours, theirs, name):
    """Names, order and defaults. A layer's dtype has another default there, and stands elsewhere: it is left out."""
    theirs_only = THEIRS_ONLY.get(name, set()) | THEIRS_ONLY_EVERYWHERE
    theirs_only |= ONLY_HOW if name in optimizers else set()
    either = {"dtype"} if name in layers else set()
    ours, theirs = (
        [p for p in parameters.parameters.values() if p.name not in leave_out | either and p.name[0] != "_"]
        for parameters, leave_out in (
            (inspect.signature(ours), OURS_ONLY_EVERYWHERE),
            (signature(theirs, name), theirs_only | OURS_ONLY_EVERYWHERE),
        )
    )
    assert [p.name for p in ours] == [p.name for p in theirs]
    for our, their in zip(ours, theirs):
        if (name, our.name) not in DEFAULTS_DIFFER:
            assert our.default == their.default, our.name


def test_every_public_name_of_scratch_is_there():
    assert set(scratch.__all__) <= set(pytorch.__all__)
    assert set(scratch.nn.__all__) == set(pytorch.nn.__all__)
    assert set(scratch.optimizers.__all__) == set(pytorch.optimizers.__all__)
    assert len(set(pytorch.__all__)) == len(pytorch.__all__)
    for name in pytorch.__all__:
        assert hasattr(pytorch, name), name


def test_every_name_stands_in_the_module_of_the_same_name():
    for name in scratch.__all__:
        module = getattr(scratch, name)
        if inspect.ismodule(module):
            assert set(module.__all__) <= set(getattr(pytorch, name).__all__), name


@pytest.mark.parametrize("name", [name for name in functions if name not in NO_SIGNATURE_TO_COMPARE])
def test_signatures_agree(name):
    compare_signatures(getattr(scratch, name), getattr(pytorch, name), name)


@pytest.mark.parametrize("name", [name for name in layers if name not in NO_SIGNATURE_TO_COMPARE])
def test_signatures_of_layers_agree(name):
    compare_signatures(getattr(scratch.nn, name), getattr(pytorch.nn, name), name)


@pytest.mark.parametrize("name", optimizers)
def test_signatures_of_optimizers_agree(name):
    """Also what stands where: nothing that PyTorch takes by name alone, or after what is left out here, has a place."""
    ours, theirs = (getattr(backend.optimizers, name) for backend in (scratch, pytorch))
    compare_signatures(ours, theirs, name)
    for place, parameter in enumerate(inspect.signature(ours).parameters.values()):
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            assert list(inspect.signature(theirs).parameters)[place] == parameter.name


def test_a_signature_that_differs_is_found():
    def linear(input, weight, bias=0):
        pass

    with pytest.raises(AssertionError):
        compare_signatures(linear, pytorch.linear, "linear")


# Ours on both sides although PyTorch has one of the name: each takes more than PyTorch's, the last a generator.
OURS_ON_BOTH_SIDES = {
    "Module", "Sequential", "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout",
    "rrelu",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted({*functions, *layers} - OURS_ON_BOTH_SIDES))
def test_what_pytorch_has_is_pytorchs_own(name):
    here = getattr(pytorch.nn, name) if name in layers else getattr(pytorch, name)
    places = [torch.nn] if name in layers else [torch.nn.functional, torch, torch.autograd]
    there = [getattr(place, name) for place in places if hasattr(place, name)]
    assert not there or here in there


@pytest.mark.parametrize("name", optimizers)
def test_optimizers_that_pytorch_has_are_pytorchs_own(name):
    there = [getattr(place, name) for place in (torch.optim, torch.nn.utils) if hasattr(place, name)]
    assert not there or getattr(pytorch.optimizers, name) in there


# The numerical gradient, which PyTorch lacks


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 2)])
def test_numerical_gradient_agrees(shape):
    generator = np.random.default_rng(0)
    array, gradient = generator.standard_normal(shape), generator.standard_normal(shape)
    ours = scratch.numerical_gradient(lambda a: np.exp(a) * 2, array, gradient)
    theirs = pytorch.numerical_gradient(lambda a: a.exp() * 2, torch.tensor(array), torch.tensor(gradient))
    assert theirs.shape == shape
    np.testing.assert_allclose(theirs.numpy(), ours, rtol=1e-12)
    np.testing.assert_allclose(theirs.numpy(), 2 * np.exp(array) * gradient, rtol=1e-6)


def test_numerical_gradient_leaves_its_argument_and_the_tape_alone():
    array = torch.ones(3, dtype=torch.float64, requires_grad=True)
    result = pytorch.numerical_gradient(lambda a: a.sum(), array)
    assert torch.equal(array, torch.ones(3)) and array.grad is None and not result.requires_grad


# differentiable


@pytorch.differentiable
def affine(input, weight, bias=None):
    """input @ weight.T + bias, with its gradients stated."""
    output = input @ weight.T

    def pullback(grad):
        return lambda: grad @ weight, lambda: grad.T @ input, lambda: grad.sum(0)

    return (output if bias is None else output + bias), pullback


@pytorch.differentiable
def joined_and_largest(parts, scale=1.0):
    """Several inputs in a list, several outputs, one of them integers."""
    output = torch.cat(parts) * scale
    largest, place = output.max(0)

    def pullback(grad, grad_largest, grad_place):
        total = grad.index_add(0, place.reshape(1), grad_largest.reshape(1)) * scale
        return (list(total.split([len(part) for part in parts])),)

    return (output, largest, place), pullback


def leaves(*shapes, dtype=torch.float64, device="cpu"):
    generator = torch.Generator().manual_seed(0)
    drawn = (torch.randn(shape, dtype=dtype, generator=generator).to(device) for shape in shapes)
    return [tensor.requires_grad_() for tensor in drawn]


def test_a_stated_gradient_is_right_and_goes_through_the_tape():
    input, weight, bias = leaves((4, 3), (5, 3), (5,))
    assert torch.autograd.gradcheck(affine, (input, weight, bias))
    assert torch.autograd.gradcheck(
        lambda *a: affine(a[0].sin(), a[1], bias=a[2]).exp(), (input, weight, bias)
    )
    assert affine(input, weight).grad_fn is not None


def test_a_wrong_stated_gradient_is_the_one_that_autograd_uses():
    @pytorch.differentiable
    def tripled(input):
        return 3 * input, lambda grad: 5 * grad

    (input,) = leaves((2,))
    tripled(input).sum().backward()
    assert torch.equal(input.grad, torch.full((2,), 5.0))


def test_lists_and_several_outputs():
    parts = leaves((3,), (2,))
    outputs = joined_and_largest(parts, scale=2.0)
    assert isinstance(outputs, tuple) and [output.requires_grad for output in outputs] == [True, True, False]
    assert torch.autograd.gradcheck(lambda *a: joined_and_largest(list(a), 2.0)[:2], parts)
    outputs[1].backward()
    expected = torch.zeros(5, dtype=torch.float64)
    expected[torch.cat(parts).argmax()] = 2
    assert torch.equal(torch.cat([part.grad for part in parts]), expected)


def test_a_gradient_is_computed_only_when_somebody_needs_it():
    asked = []

    @pytorch.differentiable
    def product(input, other):
        def gradient(name, factor, grad):
            asked.append(name)
            return grad * factor

        return input * other, lambda grad: (
            lambda: gradient("input", other, grad),
            lambda: gradient("other", input, grad),
        )

    (input,) = leaves((2,))
    product(input, torch.ones(2, dtype=torch.float64)).sum().backward()
    product(other=input, input=torch.ones(2, dtype=torch.float64)).sum().backward()
    assert asked == ["input", "other"]


def test_nothing_is_recorded_without_need():
    input, weight = leaves((4, 3), (5, 3))
    with pytorch.no_grad():
        assert not affine(input, weight).requires_grad
    assert not affine(input.detach(), weight.detach()).requires_grad


def test_a_parameter_without_gradient():
    @pytorch.differentiable
    def scaled(input, factor):
        return input * factor, lambda grad: (grad * factor, None)

    input, factor = leaves((2,), (2,))
    scaled(input, factor).sum().backward()
    assert torch.equal(input.grad, factor) and factor.grad is None


def test_a_gradient_of_the_wrong_shape_is_named():
    @pytorch.differentiable
    def broadcast(input):
        return input + torch.zeros(3, 2), lambda grad: grad

    with pytest.raises(RuntimeError, match=r"broadcast: .*shape \(3, 2\) for an input of shape \(2,\)"):
        broadcast(torch.ones(2, requires_grad=True)).sum().backward()


def test_a_second_derivative_is_refused():
    (input,) = leaves((2, 3))
    weight = torch.ones(5, 3, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(affine(input, weight).pow(2).sum(), input, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable|differentiat"):
        gradient.sum().backward()


def test_memory_is_given_back_without_the_garbage_collector():
    held = []

    @pytorch.differentiable
    def exponential(input):
        output = input.exp()
        held.append(weakref.ref(output))
        return output, lambda grad: grad * output

    (input,) = leaves((2,))
    gc.disable()
    try:
        result = exponential(input)
        assert held[0]() is not None
        del result
        assert held[0]() is None
    finally:
        gc.enable()


def test_an_operator_keeps_its_name_and_signature():
    assert affine.__name__ == "affine" and list(inspect.signature(affine).parameters) == [
        "input",
        "weight",
        "bias",
    ]


# A stated gradient under autocast, torch.compile, and on every device. test_conformance does the same with the operators.

CASES = {
    "differentiable": (affine, [(4, 3), (5, 3), (5,)]),
    "differentiable in lower precision": (affine, [(4, 3), (5, 3)]),
    "differentiable with lists": (lambda a, b: joined_and_largest([a, b])[1], [(3,), (4,)]),
}
devices = ["cpu"] + [name for name in ("cuda", "mps") if pytorch.device().type == name]


def value_and_gradients(function, tensors):
    output = function(*tensors)
    return output.detach(), torch.autograd.grad(output.float().sin().sum(), tensors)


@pytest.mark.parametrize("device", devices)
@pytest.mark.parametrize("name", CASES)
def test_compiles_into_one_graph(name, device):
    function, shapes = CASES[name]
    tensors = leaves(*shapes, dtype=torch.float32, device=device)
    torch.compiler.reset()
    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    for one, other in zip(
        torch.utils._pytree.tree_leaves(value_and_gradients(compiled, tensors)),
        torch.utils._pytree.tree_leaves(value_and_gradients(function, tensors)),
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("device", devices)
@pytest.mark.parametrize("name", CASES)
def test_runs_under_autocast(name, device):
    function, shapes = CASES[name]
    tensors = leaves(*shapes, dtype=torch.float32, device=device)

    def cast(*tensors):
        with torch.autocast(device, torch.bfloat16):
            return function(*tensors)

    output, gradients = value_and_gradients(cast, tensors)
    expected, expected_gradients = value_and_gradients(function, tensors)
    for one, other in zip((output, *gradients), (expected, *expected_gradients)):
        # bfloat16 keeps 8 bits, and the sine above moves with the output's error.
        torch.testing.assert_close(one.float(), other, rtol=0.05, atol=0.05 * other.abs().max().item())
    assert all(gradient.dtype == torch.float32 for gradient in gradients)


@pytest.mark.parametrize("device", devices)
@pytest.mark.parametrize("name", CASES)
def test_stays_on_the_device_it_is_given(name, device):
    function, shapes = CASES[name]
    output, gradients = value_and_gradients(function, leaves(*shapes, dtype=torch.float32, device=device))
    assert {tensor.device.type for tensor in (output, *gradients)} == {device}


def pretend(monkeypatch, cuda, mps):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize("cuda, mps, chosen", [(2, True, "cuda"), (0, True, "mps"), (0, False, "cpu")])
def test_the_device_is_cuda_then_mps_then_cpu(monkeypatch, cuda, mps, chosen):
    pretend(monkeypatch, cuda, mps)
    assert pytorch.device() == torch.device(chosen)
    assert pytorch.device("cpu") == torch.device("cpu")
    assert pytorch.device(torch.device(chosen)) == torch.device(chosen)


def test_a_device_that_is_not_there_is_an_error(monkeypatch):
    pretend(monkeypatch, 2, False)
    assert pytorch.device("cuda:1") == torch.device("cuda", 1)
    for name in ("cuda:2", "mps"):
        with pytest.raises(RuntimeError, match=f"preferred: '{name}' is not available here, only cuda, cpu"):
            pytorch.device(name)
    for name in ("gpu", "meta", 1.5):
        with pytest.raises(ValueError, match="preferred: expected 'cuda'"):
            pytorch.device(name)
