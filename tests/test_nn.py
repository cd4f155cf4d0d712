"""dlcore.scratch.nn and dlcore.pytorch.nn: layers, state and errors are those of torch.nn, weights move both ways."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.vocabulary import Array, Layer
from conformance.checks import layer_agrees
from dlcore import pytorch, scratch

backends = pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])


def nested(nn):
    """A network with modules in modules, with and without bias, without parameters in places."""
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.ReLU()),
        nn.MaxPool2d(2),
        nn.Sequential(nn.Sequential(nn.Conv2d(4, 6, (1, 2), groups=2)), nn.AvgPool2d(2)),
        nn.Flatten(),
        nn.Linear(6, 3),
    )


def same_weights(ours, theirs):
    ours.double().load_state_dict(theirs.double().state_dict())
    return ours, theirs


# Layers


@st.composite
def convolution_options(draw, axes):
    def lengths(least, most):
        return draw(st.one_of(st.integers(least, most), st.tuples(*[st.integers(least, most)] * axes)))

    groups = draw(st.integers(1, 2))
    options = {
        "in_channels": groups * draw(st.integers(1, 2)),
        "out_channels": groups * draw(st.integers(1, 2)),
        "kernel_size": lengths(1, 3),
        "padding": draw(st.sampled_from(["same", "valid", lengths(0, 2)])),
        "dilation": lengths(1, 2),
        "groups": groups,
        "bias": draw(st.booleans()),
        "padding_mode": draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"])),
    }
    options["stride"] = 1 if options["padding"] == "same" else lengths(1, 2)
    return options


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")
@settings(max_examples=40)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_convolution_layers_agree_for_any_options(axes, data, seed):
    name, options = f"Conv{axes}d", data.draw(convolution_options(axes))
    size = [data.draw(st.integers(5, 6)) for _ in range(axes)]
    image = Array((2, options["in_channels"], *size))
    layer_agrees(Layer(name, lambda nn: getattr(nn, name)(**options), image), np.float64, seed)


def test_max_pool2d_returns_indices_where_asked():
    array = np.random.default_rng(0).standard_normal((1, 2, 4, 4))
    ours, theirs = (nn.MaxPool2d(2, return_indices=True) for nn in (scratch.nn, torch.nn))
    for one, other in zip(ours(array), theirs(torch.tensor(array)), strict=True):
        np.testing.assert_array_equal(one, other.numpy())


@pytest.mark.parametrize(
    "options",
    [
        {"groups": 0},
        {"groups": 3},
        {"groups": 2, "out_channels": 3},
        {"padding": "full"},
        {"padding": "same", "stride": 2},
        {"padding_mode": "mirror"},
    ],
)
@pytest.mark.parametrize("name", ["Conv1d", "Conv2d", "Conv3d"])
def test_convolution_layers_reject_what_pytorch_rejects(name, options):
    options = {"in_channels": 4, "out_channels": 4, "kernel_size": 3, **options}
    for nn in (scratch.nn, torch.nn):
        with pytest.raises(ValueError):
            getattr(nn, name)(**options)
    with pytest.raises(ValueError, match="^(groups|in_channels|out_channels|padding|padding_mode): "):
        getattr(scratch.nn, name)(**options)


# Modules


def test_a_nested_network_has_the_same_state():
    ours, theirs = nested(scratch.nn).state_dict(), nested(torch.nn).state_dict()
    assert list(ours) == list(theirs)
    for name, array in ours.items():
        assert array.shape == tuple(theirs[name].shape), name
        assert array.dtype == np.float32
    assert [name for name, _ in nested(scratch.nn).named_parameters()] == list(ours)
    assert repr(nested(scratch.nn)) == repr(nested(torch.nn))
    names = [name for name, _ in nested(scratch.nn).named_modules()]
    assert names == [name for name, _ in nested(torch.nn).named_modules()]


@pytest.mark.parametrize("dtype", ["float", "double"])
def test_weights_move_both_ways(dtype):
    generator = np.random.default_rng(0)
    first, second = getattr(nested(pytorch.nn), dtype)(), getattr(nested(scratch.nn), dtype)()
    pytorch.nn.reset_parameters(first, torch.Generator().manual_seed(0))
    third = getattr(nested(pytorch.nn), dtype)()
    second.load_state_dict(first.state_dict())
    third.load_state_dict(second.state_dict())
    for name, value in first.state_dict().items():
        np.testing.assert_array_equal(second.state_dict()[name], value.numpy())
        assert torch.equal(third.state_dict()[name], value)
    image = generator.standard_normal((2, 2, 4, 6)).astype({"float": np.float32, "double": np.float64}[dtype])
    expected = third(torch.tensor(image)).detach().numpy()
    # Sums that nearly cancel keep the error of their largest terms.
    np.testing.assert_allclose(second(image).data, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_a_nested_network_agrees():
    layer_agrees(Layer("nested", nested, Array((2, 2, 4, 6))), np.float64, seed=0)


def test_pytorch_loads_arrays_and_tensors_of_scratch_by_copy():
    network, source = pytorch.nn.Sequential(pytorch.nn.Linear(2, 2)), scratch.nn.Linear(2, 2)
    state = {"0.weight": source.weight, "0.bias": np.array([2.0, 1.0], np.float32)[::-1]}
    state["0.bias"].flags.writeable = False
    assert str(network.load_state_dict(state)) == "<All keys matched successfully>"
    np.testing.assert_array_equal(network[0].weight.detach().numpy(), source.weight.data)
    assert network[0].bias.tolist() == [1, 2]
    source.weight.data[...] = 7
    assert network[0].weight.max() < 7
    assert not np.shares_memory(network[0].weight.detach().numpy(), source.weight.data)


def test_a_module_of_ones_own_in_pytorch_loads_arrays():
    class Network(pytorch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Linear(2, 1)
            self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    network = Network()
    network.load_state_dict(
        {"inner.weight": np.ones((1, 2)), "inner.bias": np.zeros(1), "count": np.array(3)}
    )
    assert network.inner.weight.tolist() == [[1, 1]] and network.count.item() == 3
    with pytest.raises(TypeError):
        network.load_state_dict([1, 2])


def test_pytorch_keeps_the_state_dicts_metadata():
    # It holds each module's version; without it BatchNorm would take a complete state for an old one.
    network = pytorch.nn.Sequential(torch.nn.BatchNorm1d(2))
    state = network.state_dict()
    del state["0.num_batches_tracked"]
    with pytest.raises(RuntimeError, match="num_batches_tracked"):
        network.load_state_dict(state)


@backends
@pytest.mark.parametrize(
    "change, message",
    [
        (lambda state: state.pop("4.bias"), "4.bias"),
        (lambda state: state.update({"5.weight": np.ones(2)}), "5.weight"),
        (lambda state: state.update({"4.bias": np.ones(7, np.float32)}), "4.bias"),
    ],
    ids=["missing", "unexpected", "shape"],
)
def test_strict_loading_names_what_does_not_fit(backend, change, message):
    network = nested(backend.nn)
    state = dict(nested(scratch.nn).state_dict())
    change(state)
    with pytest.raises(RuntimeError, match=message):
        network.load_state_dict(state)


def test_loading_refuses_numbers_that_the_parameter_cannot_hold():
    layer = scratch.nn.Linear(2, 1)
    before = layer.weight.data.copy()
    state = {"weight": np.full((1, 2), 1 + 2j), "bias": np.zeros(1)}
    with pytest.raises(RuntimeError, match="'weight': float32 cannot hold complex128"):
        layer.load_state_dict(state)
    np.testing.assert_array_equal(layer.weight.data, before)
    layer.load_state_dict({"weight": np.ones((1, 2), int), "bias": np.zeros(1)})
    assert layer.weight.data.tolist() == [[1, 1]]


@backends
def test_loading_wants_a_mapping(backend):
    with pytest.raises(TypeError, match="state_dict"):
        backend.nn.Sequential(backend.nn.Linear(2, 1)).load_state_dict([1, 2])


def test_loading_that_fails_changes_nothing():
    network = nested(scratch.nn)
    before = copy.deepcopy(network.state_dict())
    state = {name: array + 1 for name, array in before.items()}
    state["4.bias"] = np.ones(7)
    with pytest.raises(RuntimeError, match=r"'4.bias': expected shape \(3,\), got \(7,\)"):
        network.load_state_dict(state)
    for name, array in network.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


@backends
def test_loading_that_is_not_strict_takes_what_fits(backend):
    network = nested(backend.nn)
    before = copy.deepcopy(np.asarray(network.state_dict()["4.weight"]))
    network.load_state_dict({"4.bias": np.ones(3, np.float32), "other": np.ones(2, np.float32)}, strict=False)
    np.testing.assert_array_equal(np.asarray(network.state_dict()["4.bias"]), np.ones(3))
    np.testing.assert_array_equal(np.asarray(network.state_dict()["4.weight"]), before)
    with pytest.raises(RuntimeError, match="4.bias"):
        network.load_state_dict({"4.bias": np.ones(4, np.float32)}, strict=False)


@backends
def test_train_and_eval_reach_every_module(backend):
    network = nested(backend.nn)
    assert all(module.training for module in network.modules())
    assert network.eval() is network and not any(module.training for module in network.modules())
    assert network.train() is network and all(module.training for module in network.modules())
    assert len(list(network.modules())) == 11 and len(list(network.children())) == 5


@backends
def test_a_shared_module_comes_once_and_its_state_under_both_names(backend):
    shared = backend.nn.Linear(2, 2)
    network = backend.nn.Sequential(shared, backend.nn.ReLU(), shared)
    assert [name for name, _ in network.named_modules()] == ["", "0", "1"]
    names = [name for name, _ in network.named_modules(prefix="net", remove_duplicate=False)]
    assert names == ["net", "net.0", "net.1", "net.2"]
    assert list(network.children()) == [shared, network[1]]
    assert [name for name, _ in network.named_parameters()] == ["0.weight", "0.bias"]
    assert list(network.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_a_shared_module_collects_both_gradients():
    def twice(nn):
        shared = nn.Linear(3, 3)
        return nn.Sequential(shared, nn.ReLU(), shared)

    layer_agrees(Layer("shared", twice, Array((4, 3))), np.float64, seed=0)


@backends
def test_a_parameter_shared_by_two_modules_comes_once(backend):
    one, two = backend.nn.Linear(2, 2), backend.nn.Linear(2, 2)
    two.weight = one.weight
    network = backend.nn.Sequential(one, two)
    assert [name for name, _ in network.named_parameters()] == ["0.weight", "0.bias", "1.bias"]


@backends
def test_attributes_register_parameters_modules_and_nothing_else(backend):
    class Block(backend.nn.Module):
        def __init__(self):
            super().__init__()
            self.last = backend.nn.Linear(2, 2)
            self.scale = backend.nn.Parameter(backend.tensor([1.0, 2.0]))
            self.first = backend.nn.Linear(2, 2, bias=False)
            self.width = 2
            self.off = None

        def forward(self, input):
            return self.last(self.first(input)) * self.scale

    block = Block()
    assert block(backend.tensor(np.ones((1, 2), np.float32))).shape == (1, 2)
    assert [name for name, _ in block.named_parameters()] == [
        "scale",
        "last.weight",
        "last.bias",
        "first.weight",
    ]
    assert list(block.state_dict()) == ["scale", "last.weight", "last.bias", "first.weight"]
    assert [name for name, _ in block.named_modules()] == ["", "last", "first"]
    assert block.scale.requires_grad and block.width == 2 and block.off is None
    block.scale = None
    assert "scale" not in block.state_dict() and block.scale is None
    with pytest.raises(AttributeError, match="height"):
        getattr(block, "height")  # noqa: B009


@backends
def test_parameters_need_super_init_first(backend):
    class Forgetful(backend.nn.Module):
        def __init__(self):
            self.layer = backend.nn.Linear(2, 2)

    with pytest.raises(AttributeError, match=r"__init__\(\)"):
        Forgetful()


@backends
def test_buffers_are_state_but_no_parameters(backend):
    module = backend.nn.Module()
    module.register_buffer("mean", np.ones(2, np.float32) if backend is scratch else torch.ones(2))
    module.double()
    assert list(module.state_dict()) == ["mean"] and not list(module.parameters())
    assert "float64" in str(module.mean.dtype)
    module.load_state_dict({"mean": np.array([3.0, 4.0])})
    assert module.mean.tolist() == [3, 4]


@backends
@pytest.mark.parametrize(
    "name, value",
    [
        ("weight", lambda backend: np.ones((2, 2), np.float32)),
        ("weight", lambda backend: backend.tensor(np.ones((2, 2), np.float32))),
        ("bias", lambda backend: backend.nn.ReLU()),
        ("inner", lambda backend: backend.relu),
        ("mean", lambda backend: [1.0, 2.0]),
    ],
    ids=["array", "tensor", "module", "function", "list"],
)
def test_what_is_registered_takes_nothing_else(backend, name, value):
    layer = backend.nn.Linear(2, 2)
    layer.inner = backend.nn.ReLU()
    layer.register_buffer("mean", np.ones(2, np.float32) if backend is scratch else torch.ones(2))
    before, modules = list(layer.state_dict()), list(layer.modules())
    with pytest.raises(TypeError, match=name):
        setattr(layer, name, value(backend))
    assert list(layer.state_dict()) == before and list(layer.modules()) == modules
    setattr(layer, name, None)
    assert getattr(layer, name) is None


@backends
def test_a_parameter_in_the_place_of_a_module_or_buffer_replaces_it(backend):
    network = backend.nn.Module()
    network.part = backend.nn.Linear(2, 2)
    network.part = backend.nn.Parameter(backend.tensor([1.0]))
    assert list(network.state_dict()) == ["part"] and not list(network.children())


def test_a_buffer_stays_an_array_when_a_number_is_computed_from_it():
    module = scratch.nn.Module()
    module.register_buffer("count", np.array(0))
    module.count = module.count + 1
    module.load_state_dict({"count": np.array(5)})
    assert isinstance(module.count, np.ndarray) and module.count == 5
    with pytest.raises(TypeError, match="^mean: expected an array or None, got list"):
        module.register_buffer("mean", [1.0])


@backends
def test_double_and_float_convert_and_forget_no_layer(backend):
    network = nested(backend.nn)
    assert network.double() is network
    assert all("float64" in str(parameter.dtype) for parameter in network.parameters())
    assert network.float() is network
    assert all("float32" in str(parameter.dtype) for parameter in network.parameters())


@backends
def test_zero_grad_forgets(backend):
    network = nested(backend.nn)
    network(backend.tensor(np.ones((1, 2, 4, 6), np.float32))).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    network.zero_grad()
    assert all(parameter.grad is None for parameter in network.parameters())


@backends
def test_sequential_counts_indexes_and_slices(backend):
    network = nested(backend.nn)
    assert len(network) == 5 and len(list(network)) == 5
    assert network[0] is next(iter(network)) and network[-1] is list(network)[-1]
    part = network[1:3]
    assert type(part) is backend.nn.Sequential and part[0] is network[1] and len(part) == 2
    with pytest.raises(IndexError):
        network[5]
    with pytest.raises(TypeError):
        backend.nn.Sequential(backend.nn.ReLU(), "relu")


@backends
def test_a_module_without_forward_says_so(backend):
    with pytest.raises(NotImplementedError, match="forward"):
        backend.nn.Module()(1)


# Drawing parameters


def generator_of(backend, seed):
    return np.random.default_rng(seed) if backend is scratch else torch.Generator().manual_seed(seed)


@backends
def test_the_same_generator_state_gives_the_same_network(backend):
    one, two, other = (
        backend.nn.reset_parameters(nested(backend.nn), generator_of(backend, seed)).state_dict()
        for seed in (0, 0, 1)
    )
    for name in one:
        assert np.array_equal(one[name], two[name]) and not np.array_equal(one[name], other[name])


def test_a_shared_layer_is_drawn_once():
    shared = scratch.nn.Linear(3, 2)
    scratch.nn.reset_parameters(scratch.nn.Sequential(shared, shared), np.random.default_rng(0))
    alone = scratch.nn.reset_parameters(scratch.nn.Linear(3, 2), np.random.default_rng(0))
    np.testing.assert_array_equal(shared.weight.data, alone.weight.data)


@backends
@pytest.mark.parametrize(
    "name, arguments, fan_in", [("Linear", (50, 400), 50), ("Conv2d", (8, 400, (5, 2), 1, 0, 1, 4), 20)]
)
def test_parameters_are_drawn_from_pytorchs_distribution(backend, name, arguments, fan_in):
    layer = getattr(backend.nn, name)(*arguments)
    assert backend.nn.reset_parameters(layer, generator_of(backend, 0)) is layer
    reference = getattr(torch.nn, name)(*arguments)
    for key in ("weight", "bias"):
        values = np.asarray(layer.state_dict()[key])
        bound = 1 / np.sqrt(fan_in)
        assert np.abs(values).max() <= bound
        # Uniform on [-b, b]: mean 0, variance b²/3. Four standard errors of each.
        assert abs(values.mean()) < 4 * bound / np.sqrt(3 * values.size)
        assert abs((values**2).mean() * 3 / bound**2 - 1) < 4 * np.sqrt(0.8 / values.size)
        assert reference.state_dict()[key].abs().max() <= bound  # and PyTorch's own lie in the same range
        assert reference.state_dict()[key].abs().max() > 0.98 * bound


@backends
def test_drawing_touches_neither_global_random_state_nor_the_tape(backend):
    network = nested(backend.nn)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    backend.nn.reset_parameters(network, generator_of(backend, 0))
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002
    for parameter in network.parameters():
        assert parameter.requires_grad and parameter.is_leaf and parameter.grad is None


@backends
def test_what_cannot_be_drawn_is_named(backend):
    class Scale(backend.nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = backend.nn.Parameter(backend.tensor([1.0]))

    class Drawn(Scale):
        def reset_parameters(self, generator):
            self.factor = backend.nn.Parameter(backend.tensor([5.0]))

    with pytest.raises(TypeError, match="module: no rule to draw the parameters of Scale"):
        backend.nn.reset_parameters(backend.nn.Sequential(Scale()), generator_of(backend, 0))
    with pytest.raises(TypeError, match="generator: expected a"):
        backend.nn.reset_parameters(nested(backend.nn), 0)
    assert (
        backend.nn.reset_parameters(backend.nn.Sequential(Drawn()), generator_of(backend, 0))[0].factor.item()
        == 5
    )


# Hooks


@backends
def test_forward_hooks_see_every_pass_in_turn_until_they_are_removed(backend):
    layer, seen = backend.nn.ReLU(), []
    input = backend.tensor([-1.0, 2.0])
    first = layer.register_forward_hook(lambda module, inputs, output: seen.append((module, inputs, output)))
    layer.register_forward_hook(lambda module, inputs, output: seen.append("second"))
    output = layer(input)
    assert len(seen) == 2 and seen[1] == "second"
    assert seen[0][0] is layer and seen[0][1] == (input,) and seen[0][2] is output
    first.remove()
    first.remove()
    layer(input)
    assert seen[2:] == ["second"]


@backends
def test_what_a_hook_returns_takes_the_place_of_the_output(backend):
    network = backend.nn.Sequential(backend.nn.ReLU(), backend.nn.ReLU())
    input = backend.tensor([-1.0, 2.0])
    with next(network.children()).register_forward_hook(lambda module, inputs, output: output - 1.5):
        assert [float(value) for value in network(input)] == [0, 0.5]
    assert [float(value) for value in network(input)] == [0, 2]


@backends
def test_a_hook_may_remove_itself(backend):
    layer, seen = backend.nn.ReLU(), []
    once = layer.register_forward_hook(lambda module, inputs, output: (seen.append(1), once.remove())[1])
    for _ in range(2):
        layer(backend.tensor([1.0]))
    assert seen == [1]


def test_a_hook_that_cannot_be_called_is_an_error():
    with pytest.raises(TypeError, match="hook"):
        scratch.nn.ReLU().register_forward_hook("print")
