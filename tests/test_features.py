"""dlcore.features: what layers return and the gradients there, by name, the same on both backends."""

import contextlib
import copy
import gc
import subprocess
import sys
import weakref
from collections import OrderedDict

import numpy as np
import pytest
import torch

from dlcore import features, networks, pytorch, scratch, shapes

backends = pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])


def array(tensor):
    """The values of a tensor of either backend, or an array."""
    tensor = tensor.detach() if hasattr(tensor, "detach") else tensor
    return np.asarray(tensor.numpy() if isinstance(tensor, torch.Tensor) else getattr(tensor, "data", tensor))


def flat(value):
    """The arrays within what a module returns."""
    if isinstance(value, tuple):
        return [array for item in value for array in flat(item)]
    return [None if value is None else array(value)]


def twins(build, seed=0):
    """A network of each backend with the same weights, in float64."""
    ours = scratch.nn.reset_parameters(build(scratch.nn).double(), np.random.default_rng(seed))
    theirs = build(pytorch.nn).double()
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def images(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape)


def simple(nn):
    """Two layers, a branch around the second, and a linear layer."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(2, 3, 3, padding=1),
            relu=nn.ReLU(),
            block=nn.Sum(OrderedDict(residual=nn.Conv2d(3, 3, 1), shortcut=nn.Identity())),
            flatten=nn.Flatten(),
            fc=nn.Linear(48, 4),
        )
    )


def made(backend, build=simple):
    return twins(build)[backend is pytorch]


def heads(nn):
    return nn.AuxiliaryHeads(
        OrderedDict(conv=nn.Conv2d(1, 4, 3), flatten=nn.Flatten(), fc=nn.Linear(4 * 36, 3)),
        {"flatten": nn.Linear(4 * 36, 3)},
    )


class First:
    """A part of a network that keeps the output of a recurrent layer and drops its state."""

    def forward(self, pair):
        return pair[0]


def recurrent(nn):
    first = type("First", (First, nn.Module), {})
    return nn.Sequential(OrderedDict(lstm=nn.LSTM(3, 4), first=first(), fc=nn.Linear(4, 2)))


# Recording


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (lambda nn: networks.resnet18(nn, 10, small=True), (2, 3, 32, 32)),
        (networks.lenet5, (2, 1, 32, 32)),
        (simple, (2, 2, 4, 4)),
        (heads, (2, 1, 8, 8)),
        (recurrent, (5, 2, 3)),
    ],
    ids=["resnet18", "lenet5", "simple", "heads", "recurrent"],
)
def test_every_activation_and_gradient_is_the_same_on_both_backends(build, shape):
    ours, theirs = twins(build)
    names = [name for name, _ in ours.named_modules()]
    assert "" in names
    found = []
    for backend, network in ((scratch, ours), (pytorch, theirs)):
        with features.record(network, *names) as seen:
            output = network(backend.tensor(images(*shape)))
        parts = output if isinstance(output, tuple) else (output,)
        weights = [backend.tensor(images(*part.shape, seed=2)) for part in parts]
        sum((part * weight).sum() for part, weight in zip(parts, weights)).backward()
        found.append(seen)
    ours, theirs = found
    assert set(ours.activations) == set(theirs.activations) == set(ours.gradients) == set(theirs.gradients)
    assert list(ours.activations) == list(theirs.activations)
    assert set(names) - set(ours.activations) <= {"heads"}  # the container of the heads is never called
    for name in ours.activations:
        for one, other in ((ours.activations, theirs.activations), (ours.gradients, theirs.gradients)):
            pairs = list(zip(flat(one[name]), flat(other[name]), strict=True))
            assert any(np.abs(our).max() > 0 for our, _ in pairs if our is not None)
            for our, their in pairs:
                assert (our is None) == (their is None)
                assert our is None or np.abs(our - their).max() < 1e-8, name


@backends
def test_the_gradient_of_a_unit_is_that_of_finite_differences(backend):
    network, input = made(backend), backend.tensor(images(2, 2, 4, 4))
    generator = np.random.default_rng(3)
    names = ["conv", "relu", "block.residual", "block.shortcut", "block", "flatten"]
    with features.record(network, *names) as seen:
        network(input)[1, 2].backward()
    for name in names:
        direction = generator.standard_normal(seen.activations[name].shape)
        scores = []
        for step in (1e-5, -1e-5):
            moved = backend.tensor(step * direction)
            with features.replace(network, {name: lambda output, moved=moved: output + moved}):
                scores.append(network(input)[1, 2].item())
        expected = (scores[0] - scores[1]) / 2e-5
        assert abs(expected) > 1e-3
        assert (array(seen.gradients[name]) * direction).sum() == pytest.approx(expected, abs=1e-8), name


@backends
def test_without_names_all_layers_without_layers_within_are_recorded_in_turn(backend):
    network = made(backend)
    with features.record(network) as seen:
        output = network(backend.tensor(images(2, 2, 4, 4)))
    assert seen.names == ("conv", "relu", "block.residual", "block.shortcut", "flatten", "fc")
    assert list(seen.activations) == list(seen.names) and len(seen.activations) == 6
    assert seen.activations["fc"] is output
    assert "block" not in seen.activations and seen.activations.get("block", 5) == 5
    assert repr(seen).startswith("Features(conv: (2, 3, 4, 4), relu: (2, 3, 4, 4), ")
    assert repr(seen.activations).startswith("{conv: (2, 3, 4, 4), relu: (2, 3, 4, 4), ")
    assert repr(seen.gradients) == "{}"
    layer = backend.nn.ReLU()
    with features.record(layer) as seen:
        output = layer(backend.tensor([1.0]))
    assert dict(seen.activations) == {"": output}


def learn(network, optimizer, input, labels, backend):
    output = network(input)
    optimizer.zero_grad()
    backend.cross_entropy(output, labels).backward()
    optimizer.step()
    return array(output).copy()


@backends
@pytest.mark.parametrize("copy", [False, True])
def test_recording_changes_nothing(backend, copy):
    results = []
    for watched in (False, True):
        network = made(backend)
        optimizer = backend.optimizers.SGD(network.parameters(), 0.1)
        every = [name for name, _ in network.named_modules()]
        with features.record(network, *every, copy=copy) if watched else contextlib.nullcontext():
            outputs = [
                learn(network, optimizer, backend.tensor(images(2, 2, 4, 4)), backend.tensor([1, 2]), backend)
                for _ in range(3)
            ]
        results.append([*outputs, *(array(value) for value in network.state_dict().values())])
        assert network.training
    for plain, watched in zip(*results, strict=True):
        assert np.array_equal(plain, watched)


def transferred(backend, steps=15):
    """The losses of an image that is drawn to the content of one image and the style of another."""
    network = made(backend, networks.lenet5)
    content, style = (backend.tensor(images(1, 1, 32, 32, seed=seed)) for seed in (4, 5))
    image = backend.tensor(images(1, 1, 32, 32, seed=6), requires_grad=True)
    optimizer, losses = backend.optimizers.Adam([image], 0.05), []
    with features.record(network, "1", "4") as seen:
        network(content)
        wanted = seen.activations["4"].detach()
        network(style)
        look = features.gram(seen.activations["1"]).detach()
        for _ in range(steps):
            network(image)
            loss = ((seen.activations["4"] - wanted) ** 2).mean()
            loss = loss + ((features.gram(seen.activations["1"]) - look) ** 2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


def test_a_loss_of_features_moves_an_image_toward_content_and_style():
    ours, theirs = transferred(scratch), transferred(pytorch)
    assert ours[-1] < ours[0] / 2
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@backends
def test_gradients_add_up_and_come_also_after_the_block(backend):
    network, input = made(backend), backend.tensor(images(2, 2, 4, 4))
    with features.record(network, "relu") as seen:
        output = network(input)
    gradients = seen.gradients
    assert dict(gradients) == {}
    output[0, 0].backward(retain_graph=True)
    once = array(gradients["relu"]).copy()
    output[0, 0].backward()
    np.testing.assert_allclose(array(gradients["relu"]), 2 * once)


@backends
def test_what_returns_its_input_has_a_gradient_of_its_own(backend):
    network = backend.nn.Sum(OrderedDict(twice=backend.nn.Identity(), once=backend.nn.Identity()))
    input = backend.tensor([1.0, 2.0], requires_grad=True)
    with (
        features.replace(network, {"twice": lambda output: 2 * output}),
        features.record(network, "twice", "once") as seen,
    ):
        network(input).sum().backward()
    assert array(input.grad).tolist() == [3, 3]
    assert array(seen.gradients["twice"]).tolist() == array(seen.gradients["once"]).tolist() == [1, 1]
    assert seen.activations["once"] is not input
    assert np.shares_memory(array(seen.activations["once"]), array(input))


@backends
def test_of_several_passes_the_last_counts(backend):
    network, input = made(backend, heads).train(), backend.tensor(images(2, 1, 8, 8))
    with features.record(network, "conv", "heads.flatten", "") as seen:
        first = network(input)
        assert seen.activations[""] is first and seen.activations["heads.flatten"] is first[1]
        second = network.eval()(2 * input)
        assert seen.activations[""] is second and list(seen.activations) == ["conv", ""]
        with pytest.raises(RuntimeError, match="'heads.flatten' has not run"):
            seen.activations["heads.flatten"]
        network.conv(input)  # also by itself
        assert np.array_equal(array(seen.activations["conv"]), array(network.conv(input)))
        assert seen.activations[""] is second
        seen.clear()
        assert not seen.activations


@backends
@pytest.mark.parametrize("every_call", [False, True])
def test_a_layer_at_several_places_counts_each_call_under_each_name(backend, every_call):
    relu = backend.nn.ReLU()
    network = backend.nn.Sequential(backend.nn.Linear(2, 2), relu, backend.nn.Linear(2, 2), relu).double()
    with features.record(network, "1", "3", every_call=every_call) as seen:
        for _ in range(2):
            output = network(backend.tensor(np.array([[1.0, 2.0]])))
        output.sum().backward()
    if every_call:
        assert len(seen.activations["1"]) == len(seen.gradients["3"]) == 2
        assert seen.activations["1"][1] is seen.activations["3"][1] is output
        assert array(seen.gradients["1"][1]).tolist() == [[1, 1]]
    else:
        assert seen.activations["1"] is seen.activations["3"] is output
    with features.record(network) as seen:
        assert seen.names == ("0", "1", "2")


@backends
def test_tuples_come_whole_and_their_gradients_with_gaps(backend):
    network = made(backend, recurrent)
    with features.record(network, "lstm", "first") as seen:
        output = network(backend.tensor(images(5, 2, 3)))
        sequence, (_hidden, cell) = seen.activations["lstm"]
        output.sum().backward()
    gradient, (none, gap) = seen.gradients["lstm"]
    assert gradient.shape == sequence.shape == (5, 2, 4) and cell.shape == (1, 2, 4)
    assert none is None and gap is None
    np.testing.assert_allclose(array(seen.gradients["first"]), array(gradient))


# What is missing


@backends
def test_what_is_missing_says_why(backend):
    network, input = made(backend), backend.tensor(images(2, 2, 4, 4))
    with features.record(network, "conv", "block.residual") as seen:
        for found in (seen.activations, seen.gradients):
            with pytest.raises(RuntimeError, match="'conv' has not run"):
                found["conv"]
            with pytest.raises(
                KeyError, match=r"'residual' is not recorded; did you mean 'block.residual'\?"
            ):
                found["residual"]
        output = network(input)
        with pytest.raises(RuntimeError, match=r"'conv' has no gradient yet: call backward\(\)"):
            seen.gradients["conv"]
        with backend.no_grad():
            network(input)
        assert array(seen.activations["conv"]).shape == (2, 3, 4, 4)
        with pytest.raises(RuntimeError, match="'conv' has no gradient: it ran under no_grad"):
            seen.gradients["conv"]
        output.sum().backward()
        assert "conv" not in seen.gradients and "conv" in seen.activations


@backends
@pytest.mark.parametrize("use", ["record", "replace", "statistics"])
def test_unknown_names_are_named_with_the_nearest(backend, use):
    network = made(backend)
    uses = {
        "record": lambda network, name: features.record(network, name).__enter__(),
        "replace": lambda network, name: features.replace(network, {name: abs}).__enter__(),
        "statistics": lambda network, name: features.statistics(network, None, name),
    }
    with pytest.raises(KeyError, match=r"Sequential has no module 'relu1'; did you mean 'relu'\?"):
        uses[use](network, "relu1")
    with pytest.raises(KeyError, match=r"'shortcut'; did you mean 'block.shortcut'\?"):
        uses[use](network, "shortcut")
    with pytest.raises(KeyError, match=r"'xyz'; did you mean '', 'conv', 'relu', "):
        uses[use](network, "xyz")
    block = backend.nn.Sequential(networks.basic_block(backend.nn, 2, 4))
    with pytest.raises(KeyError, match=r"'conv1'; did you mean '0.sum.residual.conv1'\?"):
        uses[use](block, "conv1")
    with pytest.raises(TypeError, match="names: expected strings, got tuple"):
        uses[use](network, ("conv", "relu"))
    with pytest.raises(TypeError, match="network: expected a module"):
        uses[use](simple(shapes.nn), "conv")


@pytest.mark.parametrize("kept", [True, False], ids=["copy", "no copy"])
def test_what_a_layer_overwrites_is_an_error_or_kept_in_a_copy(kept):
    def build():
        torch.manual_seed(0)
        return torch.nn.Sequential(
            OrderedDict(
                fc=torch.nn.Linear(3, 4), id=torch.nn.Identity(), relu=torch.nn.ReLU(inplace=True),
                last=torch.nn.Linear(4, 2),
            )
        )  # fmt: skip

    network, plain, input = build(), build(), torch.tensor(images(5, 3), dtype=torch.float32)
    expected = plain(input)
    expected.pow(2).sum().backward()
    with features.record(network, copy=kept) as seen:
        output = network(input)
        output.pow(2).sum().backward()
    assert torch.equal(output, expected)
    for one, other in zip(network.parameters(), plain.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)
    if kept:
        before = seen.activations["fc"]
        assert (before < 0).any() and torch.equal(before, plain.fc(input))
        assert torch.equal(seen.activations["relu"], before.relu())
        after = seen.gradients["relu"]
        assert torch.equal(seen.gradients["fc"], after * (before > 0)) and after.abs().max() > 0
    else:
        for name in ("fc", "id"):
            for found in (seen.activations, seen.gradients):
                assert name not in found
                with pytest.raises(RuntimeError, match=rf"'{name}' returned was changed in place.*copy=True"):
                    found[name]
        assert list(seen.activations) == list(seen.gradients) == ["relu", "last"]


def test_nothing_is_copied_unless_asked():
    outputs = []
    for options in ({}, {"copy": True}):
        layer, input = torch.nn.Linear(2, 2), torch.ones(1, 2)
        with features.record(layer, **options) as seen:
            outputs.append((layer(input), seen.activations[""]))
    (plain, same), (copied, other) = outputs
    assert plain is same and copied is not other and torch.equal(copied, other)


@pytest.mark.filterwarnings("ignore:.*inference:UserWarning")
def test_other_modes_of_pytorch():
    network, input = made(pytorch).float(), torch.tensor(images(2, 2, 4, 4), dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16), features.record(network, "conv", "fc") as seen:
        output = network(input)
    output.float().sum().backward()
    assert seen.activations["conv"].dtype == seen.gradients["conv"].dtype == torch.bfloat16
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(output, network(input))
    with torch.inference_mode(), features.record(network, "conv", "block.shortcut") as seen:
        network(input)
    assert seen.activations["conv"].is_inference() and set(seen.activations) == set(seen.names)
    output = {}

    class Named(torch.nn.Module):
        def forward(self, input):
            return {"same": input, "other": [torch.ones(2), 5]}

    named = Named()
    with features.record(named) as seen:
        output = named(input.requires_grad_())
        output["same"].sum().backward()
    assert seen.gradients[""]["same"].shape == input.shape and seen.gradients[""]["other"] == [None, 5]


# The end of the block


def hooks_of(network):
    return [hook for part in network.modules() for hook in (*part._forward_hooks, *part._forward_pre_hooks)]


@backends
def test_hooks_are_gone_afterwards_also_after_an_error(backend):
    network, input = made(backend), backend.tensor(images(2, 2, 4, 4))
    blocks = (
        lambda: features.record(network, "", "conv", "block"),
        lambda: features.replace(network, {"conv": abs, "block": lambda output: 2 * output}),
    )
    for block in blocks:
        with block():
            assert hooks_of(network)
        assert not hooks_of(network)
        with pytest.raises(ZeroDivisionError), block():
            assert hooks_of(network)
            raise ZeroDivisionError
        assert not hooks_of(network)
        with pytest.raises((RuntimeError, ValueError)), block():
            network(backend.tensor(images(2, 3, 4, 4)))
        assert not hooks_of(network)
    network.train()
    with pytest.raises((RuntimeError, ValueError)):
        features.statistics(network, backend.tensor(images(2, 3, 4, 4)))
    assert not hooks_of(network) and network.conv.training
    with features.record(network, "conv") as seen:
        network(input)
    activation = seen.activations["conv"]
    network(input)
    assert seen.activations["conv"] is activation


@backends
def test_an_error_on_the_way_leaves_what_ran_and_the_next_pass_begins_anew(backend):
    network, input = made(backend), backend.tensor(images(2, 2, 4, 4))
    with features.record(network, "relu", "fc", every_call=True) as seen:
        with (
            pytest.raises(RuntimeError, match="stop"),
            features.replace(network, {"block": lambda output: (_ for _ in ()).throw(RuntimeError("stop"))}),
        ):
            network(input)
        assert list(seen.activations) == ["relu"]
        network(input)
        assert [len(calls) for calls in seen.activations.values()] == [1, 1]


@backends
def test_nothing_is_kept_alive(backend):
    network, input = made(backend), backend.tensor(images(2, 2, 4, 4))
    gc.disable()  # so that a cycle would show
    try:
        with features.record(network, "conv", "block") as seen:
            network(input)
            first = weakref.ref(seen.activations["conv"])
            network(input)
            assert first() is None  # already in the block
            network.conv(input)
            again = weakref.ref(seen.activations["conv"])
            network.conv(input)
            assert again() is None
            second = weakref.ref(seen.activations["conv"])
            kept = weakref.ref(seen)
        assert second() is not None
        del seen
        assert second() is None and kept() is None
        with features.record(network, "conv") as seen:
            network(input)
        third = weakref.ref(seen.activations["conv"])
        seen.clear()
        assert third() is None
    finally:
        gc.enable()


@backends
def test_a_copy_made_in_the_block_records_nothing(backend):
    network, input = made(backend), backend.tensor(images(2, 2, 4, 4))
    with features.record(network, "conv") as seen:
        network(input)
        activation, other = seen.activations["conv"], copy.deepcopy(network)
        other(input)
        assert seen.activations["conv"] is activation


# Replacing


@backends
def test_a_branch_times_0_is_a_block_without_it(backend):
    block = made(backend, lambda nn: networks.basic_block(nn, 2, 4, stride=2))
    input = backend.tensor(images(2, 2, 8, 8), requires_grad=True)
    residual, shortcut = (block.get_submodule(f"sum.{name}") for name in ("residual", "shortcut"))
    with (
        features.replace(block, {"sum.residual": lambda output: 0 * output}),
        features.record(block, "sum.shortcut") as seen,
    ):
        output = block(input)
        output.sum().backward()
    expected = block.get_submodule("relu")(shortcut(input))
    assert np.array_equal(array(output), array(expected)) and array(output).max() > 0
    assert np.abs(array(block(input)) - array(expected)).max() > 0.01
    for parameter in residual.parameters():
        assert np.abs(array(parameter.grad)).max() == 0
    assert np.abs(array(seen.gradients["sum.shortcut"])).max() == 1


@backends
def test_a_channel_is_silenced_as_if_its_weights_were_0(backend):
    network, input = made(backend), backend.tensor(images(2, 2, 4, 4))
    mask = backend.tensor(np.array([1.0, 0, 1]).reshape(3, 1, 1))
    with features.replace(network, {"conv": lambda output: output * mask}):
        output = network(input)
        output.sum().backward()
    weight = network.conv.weight
    silent = [float(np.abs(array(part)).max()) for part in weight.grad]
    assert silent[1] == 0 < min(silent[0], silent[2])
    before = array(network(input))
    with backend.no_grad():
        for parameter in (weight, network.conv.bias):
            parameter *= backend.tensor(np.array([1.0, 0, 1]).reshape(-1, *[1] * (parameter.ndim - 1)))
    np.testing.assert_allclose(array(output), array(network(input)), atol=1e-12)
    assert np.abs(before - array(output)).max() > 1e-3


@backends
def test_functions_see_what_blocks_that_began_before_made(backend):
    layer, input = backend.nn.Identity(), backend.tensor([1.0])
    with (
        features.record(layer) as around,
        features.replace(layer, {"": lambda output: output + 1}),
        features.replace(layer, {"": lambda output: output * 10}),
        features.record(layer) as within,
    ):
        assert layer(input).item() == 20
    assert around.activations[""].item() == 1 and within.activations[""].item() == 20
    with features.replace(layer, {}):
        assert layer(input).item() == 1


@backends
def test_what_cannot_replace_is_an_error(backend):
    network, input = made(backend), backend.tensor(images(2, 2, 4, 4))
    with pytest.raises(TypeError, match="functions: expected a dictionary, got str"):
        features.replace(network, "conv").__enter__()
    with pytest.raises(TypeError, match="functions: expected a function for 'conv', got int"):
        features.replace(network, {"conv": 0}).__enter__()
    with (
        pytest.raises(TypeError, match="that for 'conv' returned None"),
        features.replace(network, {"conv": lambda output: None}),
    ):
        network(input)
    relu = backend.nn.ReLU()
    with pytest.raises(ValueError, match="functions: '0' and '1' are one module"):
        features.replace(backend.nn.Sequential(relu, relu), {"0": abs, "1": abs}).__enter__()
    assert not hooks_of(network)


# Statistics


@backends
def test_statistics_are_those_of_what_the_layers_return(backend):
    network, input = made(backend).train(), backend.tensor(images(2, 2, 4, 4))
    network.relu.eval()
    with features.record(network, "relu", "block") as seen:
        network(input)
    found = features.statistics(network, input, "relu", "block")
    assert list(found) == ["relu", "block"]
    for name, numbers in found.items():
        values = array(seen.activations[name])
        assert numbers == pytest.approx(
            {"mean": values.mean(), "std": values.std(), "zeros": (values == 0).mean()}
        )
    assert 0.2 < found["relu"]["zeros"] < 0.8 and found["block"]["zeros"] == 0
    assert network.training and network.conv.training and not network.relu.training
    assert list(features.statistics(network, input)) == [
        "conv", "relu", "block.residual", "block.shortcut", "flatten", "fc",
    ]  # fmt: skip


@backends
def test_statistics_are_taken_in_evaluation_mode_of_the_first_tensor_and_without_recording(backend):
    network = made(backend, heads).train()
    assert "heads.flatten" not in features.statistics(network, backend.tensor(images(2, 1, 8, 8)))
    network, input = made(backend, recurrent), backend.tensor(images(5, 2, 3))
    sequence = array(network.lstm(input)[0])
    assert features.statistics(network, input)["lstm"]["mean"] == pytest.approx(sequence.mean())
    seen = []
    handle = network.fc.register_forward_hook(
        lambda module, inputs, output: seen.append(output.requires_grad)
    )
    features.statistics(network, input)
    handle.remove()
    assert seen == [False]


def test_statistics_are_taken_before_a_layer_works_in_place():
    network = torch.nn.Sequential(torch.nn.Linear(2, 50), torch.nn.ReLU(inplace=True)).bfloat16()
    found = features.statistics(network, torch.ones(3, 2, dtype=torch.bfloat16))
    assert found["0"]["zeros"] < 0.1 < found["1"]["zeros"]


def test_statistics_of_arrays_through_layers_without_parameters():
    network = scratch.nn.Sequential(scratch.nn.Flatten(), scratch.nn.ReLU())
    found = features.statistics(network, np.array([[-1.0, 0, 4]]))
    assert found["1"] == pytest.approx({"mean": 4 / 3, "std": np.std([0, 0, 4]), "zeros": 2 / 3})
    with features.record(network) as seen:
        network(np.array([[-1.0, 0, 4]]))
    assert seen.activations["1"].tolist() == [[0, 0, 4]]


# Gram matrix


@backends
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3, 7), (1, 1, 2, 2, 2)])
def test_the_gram_matrix_and_its_gradient_are_those_of_the_formula(backend, shape):
    values = images(*shape)
    channels = values.reshape(*shape[:2], -1)
    size = channels[0].size
    activation, weight = (
        backend.tensor(values, requires_grad=True),
        images(shape[0], shape[1], shape[1], seed=2),
    )
    matrix = features.gram(activation)
    np.testing.assert_allclose(array(matrix), np.einsum("nik,njk->nij", channels, channels) / size)
    (matrix * backend.tensor(weight)).sum().backward()
    expected = np.einsum("nij,njk->nik", weight + weight.transpose(0, 2, 1), channels) / size
    np.testing.assert_allclose(array(activation.grad), expected.reshape(shape))


def test_the_gram_matrix_does_not_overflow_in_half_precision():
    assert features.gram(torch.full((1, 2, 64, 64), 100.0).half()).isfinite().all()


# Hooks


@backends
def test_pre_hooks_see_the_inputs_in_turn_and_may_change_them(backend):
    layer, seen = backend.nn.ReLU(), []
    input = backend.tensor([-1.0, 2.0])
    first = layer.register_forward_pre_hook(lambda module, inputs: seen.append((module, inputs)))
    layer.register_forward_hook(lambda module, inputs, output: seen.append(inputs))
    output = layer(input)
    assert seen == [(layer, (input,)), (input,)]
    first.remove()
    first.remove()
    with (
        layer.register_forward_pre_hook(lambda module, inputs: inputs[0] + 3),
        layer.register_forward_pre_hook(lambda module, inputs: (inputs[0] * 2,)),
    ):
        output = layer(input)
    assert array(output).tolist() == [4, 10] and array(seen[2][0]).tolist() == [4, 10]
    assert array(layer(input)).tolist() == [0, 2] and len(seen) == 4


def test_a_pre_hook_that_cannot_be_called_is_an_error():
    with pytest.raises(TypeError, match="hook: expected a function, got str"):
        scratch.nn.ReLU().register_forward_pre_hook("print")


# Without PyTorch


def test_features_need_no_pytorch():
    program = """
import sys
sys.modules["torch"] = None
import numpy as np
from dlcore import features, networks, scratch
network = networks.lenet5(scratch.nn)
with features.record(network, "0") as seen:
    network(scratch.tensor(np.ones((1, 1, 32, 32), np.float32))).sum().backward()
print(features.gram(seen.activations["0"]).shape, seen.gradients["0"].shape, len(features.statistics(network, np.ones((1, 1, 32, 32), np.float32))))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "(1, 6, 6) (1, 6, 28, 28) 12", run.stderr
