"""dlcore.networks: each network, written once, computes, learns, costs and sees the same, whoever reads it."""

import contextlib
import copy
import functools
import inspect
import io
import math
import pickle
import re
import subprocess
import sys
import types
from collections import OrderedDict
from unittest import mock

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits
from torch.utils.flop_counter import FlopCounterMode

from dlcore import data, networks, pytorch, scratch, shapes
from dlcore.networks import PUBLISHED

NAMES = [
    "lenet5", "alexnet", "zfnet", "vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn",
    "vgg19_bn", "nin", "googlenet", "inception_v2", "inception_v3", "inception_v4", "inception_resnet_v2",
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnet200", "preact_resnet18",
    "preact_resnet50", "resnext50_32x4d", "densenet121", "densenet161", "densenet169", "densenet201",
    "se_resnet50", "squeezenet1_0", "squeezenet1_1", "mobilenet_v1", "mobilenet_v2", "shufflenet_v1",
    "shufflenet_v2_x1_0",
]  # fmt: skip

# What holds for every network. The scope puts the tests of one network next to each other.
each = pytest.mark.parametrize("name", PUBLISHED, scope="module")


@pytest.fixture(autouse=True)
def one_thread():
    """NumPy and PyTorch in turn, each with threads that wait for work, slow each other down many times over."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(threads)


def make(name, nn, **options):
    """The network of this name; where `empty`, without a value for its weights, which saves time and memory."""
    if options.get("small") and name == "lenet5":  # it is small
        del options["small"]
    with contextlib.ExitStack() as stack:
        if options.pop("empty", False):
            stack.enter_context(torch.device("meta"))
            stack.enter_context(mock.patch.object(scratch.nn.module.Weighted, "reset_parameters"))
        return getattr(networks, name)(nn, **options)


def native(name, batch=1):
    """The shape of a batch of the images that the network was made for."""
    return (batch, *PUBLISHED[name].input_shape)


@functools.cache
def fits(name, shape, **options):
    """Whether the network takes such images."""
    try:
        shapes.layers(make(name, shapes.nn, **options).eval(), shape)
    except RuntimeError:
        return False
    return True


def images(shape, seed):
    """Spots of different brightness and size with noise on them: images that a network can tell apart."""
    generator = np.random.default_rng(seed)
    batch, channels, height, width = shape
    coarse = generator.standard_normal((batch, channels, 4, 4))
    spots = torch.nn.functional.interpolate(torch.from_numpy(coarse), (height, width), mode="bilinear")
    means = generator.standard_normal((batch, channels, 1, 1))
    return spots.numpy() + 0.5 * means + 0.3 * generator.standard_normal(shape)


def still(network):
    """Leave out what is drawn at random in training mode."""
    for module in network.modules():
        if "Drop" in type(module).__name__:
            module.eval()
    return network


def randomized(name, seed, **options):
    """The network of scratch, in float64, with weights as `initialize` draws them, and nothing else at 0 or 1 either."""
    generator = np.random.default_rng(seed)
    with np.errstate(invalid="ignore"):  # what happened to be in memory
        network = make(name, scratch.nn, empty=True, **options).double()
    for key, array in network.state_dict().items():
        if array.ndim > 1:
            generator.standard_normal(out=array)
            array *= math.sqrt(2 / array[0].size)
        elif key.endswith(("bias", "running_mean")):
            array[...] = 0.1 * generator.standard_normal(array.shape)
        elif array.ndim:
            assert key.endswith(("weight", "running_var")), key
            array[...] = generator.uniform(0.7, 1.3, array.shape)
    return network


def distance(ours, reference):
    """The largest deviation, relative to the largest number of the reference."""
    return np.abs(ours - reference).max() / np.abs(reference).max()


# What there is


def test_all_networks_are_there():
    assert sorted(PUBLISHED) == sorted(NAMES)


@each
def test_a_network_is_a_public_function_of_its_name(name):
    function = getattr(networks, name)
    assert name in networks.__all__ and inspect.isfunction(function) and function.__name__ == name
    parameters = inspect.signature(function).parameters
    expected = {"nn": inspect.Parameter.empty, "num_classes": 1000, "in_channels": 3, "small": False}
    if name == "lenet5":
        expected = {"nn": inspect.Parameter.empty, "num_classes": 10, "in_channels": 1}
    assert {key: parameters[key].default for key in list(parameters)[: len(expected)]} == expected
    assert list(parameters)[: len(expected)] == list(expected)
    assert all(parameters[key].default is not inspect.Parameter.empty for key in list(parameters)[1:])
    assert inspect.getdoc(function)


def test_the_networks_import_nothing_heavy():
    code = "import sys, dlcore.networks; print([name for name in ('torch', 'numpy') if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


# Parameters and multiply-adds, as published


def state_shapes(network):
    """Keys and shapes of the state, in order."""
    return [(key, tuple(value.shape)) for key, value in network.state_dict().items()]


@each
def test_the_published_number_of_parameters(name):
    expected = PUBLISHED[name].parameters
    read = make(name, shapes.nn)
    assert shapes.summary(read, native(name, 2)).parameters == expected
    theirs = make(name, pytorch.nn, empty=True)
    assert sum(parameter.numel() for parameter in theirs.parameters()) == expected
    named = [(key, tuple(parameter.shape)) for key, parameter in theirs.named_parameters()]
    assert [
        (f"{place}.{key}", tuple(shape))
        for place, layer in read.named_modules()
        for key, shape in getattr(layer, "parameter_shapes", {}).items()
    ] == named
    assert PUBLISHED[name].parameters_source


@each
@pytest.mark.parametrize("channels", [1, 3])
def test_the_small_variants_have_the_same_parts(name, channels):
    options = {"num_classes": 7, "in_channels": channels, "small": True}
    ours, theirs = make(name, scratch.nn, **options), make(name, pytorch.nn, **options)
    assert state_shapes(ours) == state_shapes(theirs)
    assert repr(ours) == repr(theirs).replace(", inplace=False", "")
    if name != "lenet5":
        assert sum(parameter.numel() for parameter in theirs.parameters()) < PUBLISHED[name].parameters / 3
        weighted, all_weighted = kinds_with_weights(theirs), kinds_with_weights(make(name, shapes.nn))
        if name in SHALLOWER:
            assert set(weighted) == set(all_weighted) and len(weighted) < len(all_weighted)
        else:
            assert weighted == all_weighted


SHALLOWER = {"nin", "inception_v4", "inception_resnet_v2"}
"""Their small variants have fewer of the same modules, as they say."""


def kinds_with_weights(network):
    """The kinds of the layers that are counted for a network's depth, in order."""
    return [kind for module in network.modules() if (kind := type(module).__name__) in ("Conv2d", "Linear")]


def agrees(computed, printed):
    """Within 1 % of a printed figure, or within half a unit of its last digit; two digits are printed at least."""
    digits = max(2, len(f"{printed:.12g}".replace(".", "").partition("e")[0].strip("0")))
    unit = 10 ** (math.floor(math.log10(printed)) - digits + 1)
    return abs(computed - printed) <= max(0.01 * printed, unit / 2)


@each
def test_the_published_multiply_adds(name):
    record = PUBLISHED[name]
    computed = shapes.summary(make(name, shapes.nn).eval(), native(name)).multiply_adds
    if record.multiply_adds is None:
        assert record.multiply_adds_source == record.multiply_adds_note == ""
    elif agrees(computed, record.multiply_adds):
        assert record.multiply_adds_source and not record.multiply_adds_note
    else:
        assert record.multiply_adds_source and record.multiply_adds_note, f"{computed:,}"


def test_a_printed_figure_is_taken_as_precisely_as_it_is_printed():
    assert agrees(1.849e9, 1.8e9) and not agrees(1.851e9, 1.8e9)
    assert agrees(3.951e9, 4e9) and not agrees(3.949e9, 4e9)  # 4.0: a float does not keep the zero
    assert agrees(574e6, 569e6) and not agrees(575e6, 569e6)
    assert agrees(305e6, 300e6) and not agrees(306e6, 300e6)


# Output, at the size of ImageNet


def fit_statistics(theirs, shape, seed):
    """Running statistics as one image gives them, so that signals keep their size through any depth."""
    normalizations = [module for module in theirs.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    if not normalizations:
        return
    theirs.eval()
    for module in normalizations:
        module.train()
        module.momentum = 1.0
    with torch.no_grad():
        theirs(torch.from_numpy(images(shape, seed)))
        generator = torch.Generator().manual_seed(seed)
        for module in normalizations:
            mean, var = module.running_mean, module.running_var
            assert not torch.equal(var, torch.ones_like(var)) or not module.training
            factor = torch.rand(var.shape, generator=generator, dtype=var.dtype)
            var.mul_(0.8 + 0.4 * factor).add_(0.1 * var.mean())
            shift = torch.randn(var.shape, generator=generator, dtype=var.dtype)
            mean.add_(0.2 * shift * var.sqrt())
    theirs.eval()


def outputs(ours, theirs, array):
    """What both make of an image, in evaluation mode."""
    with scratch.no_grad():
        mine = ours(array).data
    with torch.no_grad():
        return mine, theirs(torch.from_numpy(array)).numpy()


@each
def test_the_same_weights_give_the_same_output(name):
    ours = randomized(name, seed=0).eval()
    theirs = make(name, pytorch.nn, empty=True).eval()
    assert state_shapes(theirs) == state_shapes(ours)
    theirs.load_state_dict(ours.state_dict(), assign=True)
    channels, *_ = PUBLISHED[name].input_shape
    shape = (1, channels, 224, 224) if fits(name, (1, channels, 224, 224)) else native(name)
    reduced = (1, channels, 128, 128)
    fit_statistics(theirs, reduced if fits(name, reduced) else shape, seed=1)
    ours.load_state_dict(theirs.state_dict())
    for (key, value), (their_key, their_value) in zip(
        ours.state_dict().items(), theirs.state_dict().items(), strict=True
    ):
        assert key == their_key and np.array_equal(value, their_value.numpy()), key

    one, expected = outputs(ours, theirs, images(shape, seed=2))
    assert one.dtype == expected.dtype == np.float64 and one.shape == (1, 10 if name == "lenet5" else 1000)
    assert distance(one, expected) < 1e-8
    # So that the comparison says something: scores that differ, and another image (below) is scored otherwise.
    assert np.isfinite(one).all() and one.std() > 0.1 * np.abs(one).max()

    ours.float()
    theirs.load_state_dict(ours.state_dict(), assign=True)
    other, expected = outputs(ours, theirs, images(native(name), seed=3).astype(np.float32))
    assert other.dtype == expected.dtype == np.float32
    assert distance(other, expected) < 1e-4
    assert distance(other, one) > 0.01


# Gradients and what is learned, at reduced size


def twins(name, seed=0, **options):
    """The network from both backends with the same weights, in float64, training but for dropout."""
    ours = randomized(name, seed, **options)
    theirs = make(name, pytorch.nn, **options).double()
    theirs.load_state_dict(ours.state_dict())
    return still(ours.train()), still(theirs.train())


def as_tuple(output):
    """The outputs, of which there are several where heads help to train."""
    return output if isinstance(output, tuple) else (output,)


def check_gradients(name, shape, **options):
    ours, theirs = twins(name, in_channels=shape[1], **options)
    array = images(shape, seed=1)
    input, reference = scratch.tensor(array, requires_grad=True), pytorch.tensor(array, requires_grad=True)
    mine, expected = as_tuple(ours(input)), as_tuple(theirs(reference))
    generator = np.random.default_rng(2)
    loss, their_loss = 0, 0
    for output, their_output in zip(mine, expected, strict=True):
        assert distance(output.data, their_output.detach().numpy()) < 1e-8
        cotangent = generator.standard_normal(output.shape)
        loss = loss + (output * scratch.tensor(cotangent)).sum()
        their_loss = their_loss + (their_output * torch.from_numpy(cotangent)).sum()
    loss.backward()
    their_loss.backward()
    assert distance(input.grad, reference.grad.numpy()) < 1e-8 and np.abs(input.grad).max() > 0
    pairs = list(zip(ours.named_parameters(), theirs.named_parameters(), strict=True))
    typical = np.median([np.abs(parameter.grad).max() for (_, parameter), _ in pairs])
    lost = []
    for (key, parameter), (their_key, their_parameter) in pairs:
        assert key == their_key
        difference = np.abs(parameter.grad - their_parameter.grad.numpy()).max()
        largest = np.abs(their_parameter.grad.numpy()).max()
        if largest < 1e-10 * typical:  # nothing but rounding
            lost.append(key)
            assert difference < 1e-10 * typical, key
        else:
            assert difference < 1e-8 * largest, key
    # A constant that normalization subtracts again: a bias can be that, if nothing in between bends it, a weight cannot.
    assert all(key.endswith(".bias") for key in lost)
    for (key, buffer), (_, their_buffer) in zip(ours.state_dict().items(), theirs.state_dict().items()):
        assert np.abs(buffer - their_buffer.numpy()).max() <= 1e-8 * np.abs(buffer).max(), key
    return mine


@each
@pytest.mark.parametrize("channels", [1, 3])
def test_the_same_gradients_where_it_is_small(name, channels):
    outputs = check_gradients(name, (4, channels, 32, 32), num_classes=7, small=True)
    heads = sum(isinstance(module, shapes.nn.AuxiliaryHeads) for module in make(name, shapes.nn).modules())
    assert (len(outputs) > 1) == (heads > 0)


@pytest.mark.parametrize(
    ("name", "size"),
    [("resnet18", 64), ("googlenet", 224), ("inception_v2", 64), ("densenet121", 64), ("shufflenet_v1", 64)],
)
def test_the_same_gradients_where_it_is_as_published(name, size):
    check_gradients(name, (2, 3, size, size))


LEARNED = 1.8
"""A loss below log 8 = 2.08, which is the best that guesses can reach on eight digits if they ignore the images."""


def losses(name, backend, channels, steps=24, lr=1e-3, contrast=1):
    """The losses of steps of Adam on eight digits, from the weights that networks begin with, until it has learned."""
    array, labels = digits(8, channels)
    options = {"num_classes": 10, "in_channels": channels, "small": True}
    network = networks.initialize(make(name, scratch.nn, **options).double(), np.random.default_rng(0))
    inputs, targets = contrast * array, labels
    if backend is pytorch:
        weights, network = network.state_dict(), make(name, pytorch.nn, **options).double()
        network.load_state_dict(weights)
        inputs, targets = torch.tensor(inputs), torch.tensor(labels)
    optimizer = backend.optimizers.Adam(still(network).parameters(), lr=lr)
    curve = []
    while len(curve) < steps and min(curve, default=np.inf) > LEARNED:
        first, *heads = [backend.cross_entropy(output, targets) for output in as_tuple(network(inputs))]
        loss = first
        for head in heads:
            loss = loss + 0.3 * head
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(first.item())
    assert curve[0] > 2 and np.isfinite(curve).all()
    return np.array(curve)


def digits(count, channels):
    """Handwritten digits, all different, each pixel of 8 x 8 repeated to 32 x 32; channels differ in brightness."""
    array, labels = data.digits(dtype=np.float64)
    array, labels = array[:count], labels[:count]
    assert len(set(labels)) == count
    array = (array - array.mean()) / array.std()
    array = array.repeat(4, axis=2).repeat(4, axis=3)
    return array * np.linspace(1, 0.5, channels).reshape(-1, 1, 1), labels


@each
def test_the_small_variants_learn_along_the_same_losses(name):
    ours, theirs = losses(name, scratch, channels=1), losses(name, pytorch, channels=1)
    assert ours[-1] < LEARNED
    # Rounding grows with each step, and a hundredfold where normalization makes a network of 100 layers steep.
    alike = 3 if len(kinds_with_weights(make(name, shapes.nn))) > 100 else max(len(ours), len(theirs))
    assert np.abs(ours[:alike] - theirs[:alike]).max() < 1e-6


@each
def test_the_small_variants_learn_in_colour(name):
    assert losses(name, scratch, channels=3)[-1] < LEARNED


@pytest.mark.parametrize("options", [{"lr": 0}, {"contrast": 0}])
def test_what_cannot_learn_is_found(options):
    assert losses("resnet18", pytorch, 1, **options)[-1] > LEARNED


# What dlcore.shapes says


BUNDLES = ("Sequential", "AuxiliaryHeads")
"""What has no row of its own in a table of layers, as it only calls others, one after the other."""


def measured(network, input):
    """What hooks find at each layer of a PyTorch network, in the order of computation."""
    rows, hooks = [], []

    def hook(module, inputs, output, name):
        (taken,) = inputs
        shared = output.untyped_storage()._cdata == taken.untyped_storage()._cdata
        count = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        size = 0 if shared else output.numel() * output.element_size()
        rows.append([name, type(module).__name__, tuple(output.shape), count, size])

    for name, module in network.named_modules(remove_duplicate=False):
        if type(module).__name__ not in BUNDLES:
            hooks.append(module.register_forward_hook(functools.partial(hook, name=name)))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(input)
    for handle in hooks:
        handle.remove()
    counts = {
        place.partition(".")[2]: sum(count.values()) for place, count in counter.get_flop_counts().items()
    }
    for row in rows:
        inside = [f"{row[0]}.{place}" for place, _ in network.get_submodule(row[0]).named_children()]
        row.append((counts.get(row[0], 0) - sum(counts.get(name, 0) for name in inside)) // 2)
    assert counter.get_total_flops() == 2 * sum(row[-1] for row in rows) > 0
    return rows


def check_table(name, shape, training, **options):
    network = make(name, pytorch.nn, empty=True, **options).train(training)
    table = shapes.summary(make(name, shapes.nn, **options).train(training), shape)
    rows = measured(network, torch.zeros(shape, device="meta"))
    assert [
        [row.name, row.kind, row.output_shape, row.parameters, row.memory, row.multiply_adds]
        for row in table.rows
    ] == rows
    assert [table.parameters, table.memory, table.multiply_adds] == [
        sum(row[k] for row in rows) for k in (3, 4, 5)
    ]
    return sum(parameter.numel() for parameter in network.parameters()) - table.parameters


@each
def test_the_table_says_what_hooks_measure(name):
    network = make(name, shapes.nn)
    kinds = {type(module).__name__ for module in network.modules()}
    heads = [module for key, module in network.named_modules() if key == "heads" or key.endswith(".heads")]
    left_out = sum(
        layer.parameters for head in heads for layer in head.modules() if hasattr(layer, "parameters")
    )
    assert check_table(name, native(name), training=False) == left_out
    assert bool(left_out) == ("AuxiliaryHeads" in kinds)
    if kinds & {"AuxiliaryHeads", "Dropout"}:
        assert check_table(name, native(name, 2), training=True) == 0
    assert check_table(name, (2, 1, 32, 32), training=True, num_classes=7, in_channels=1, small=True) == 0


# What units see: the same definition in a vocabulary with a single channel and no weight that is not positive, so that
# no gradient is lost


class Window(torch.nn.Module):
    """Convolution with one kernel for all channels together."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, **options):
        super().__init__()
        assert set(options) <= {"groups", "bias"}
        height, width = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        self.kernel = torch.full((1, 1, height, width), 1 / (height * width), dtype=torch.float64)
        self.options = (None, stride, padding, dilation)

    def forward(self, input):
        return torch.nn.functional.conv2d(input, self.kernel, *self.options)


class Everything(torch.nn.Module):
    """A linear layer: all that comes in is added."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()

    def forward(self, input):
        return input.sum(-1, keepdim=True)


class Together(pytorch.nn.Sum):
    """Branches side by side, of whatever channels."""

    def __init__(self, *branches, dim=1):
        super().__init__(*branches)
        assert dim == 1


class Gated(torch.nn.Module):
    """What goes through a gate depends on what comes in, and on what the gate depends on."""

    def __init__(self, gate):
        super().__init__()
        self.gate = gate

    def forward(self, input):
        return input + self.gate(input)


class Channels(torch.nn.Module):
    """Features as channels of one unit."""

    def __init__(self, dim, unflattened_size):
        super().__init__()
        assert dim == 1 and tuple(unflattened_size[1:]) == (1, 1)

    def forward(self, input):
        return input.reshape(len(input), 1, 1, 1)


SEEING = types.SimpleNamespace(
    **{name: getattr(pytorch.nn, name) for name in (
        "AdaptiveAvgPool2d", "AuxiliaryHeads", "AvgPool2d", "Flatten", "Identity", "Sequential", "Sum",
    )},
    **{name: torch.nn.Identity for name in (
        "BatchNorm2d", "ChannelShuffle", "Dropout", "Dropout2d", "LocalResponseNorm", "Multiply", "ReLU", "ReLU6",
        "Sigmoid",
    )},
    Concat=Together, Conv2d=Window, Linear=Everything, MaxPool2d=torch.nn.AvgPool2d, Scale=Gated, Split=Together,
    Unflatten=Channels,
)  # fmt: skip


def footprints(network, shape, units):
    """By layer the first and the last row and column of the input that its units reach, one unit for each image."""
    ((_, several), *_) = units.items()
    input = torch.ones((len(several), 1, *shape[2:]), dtype=torch.float64, requires_grad=True)
    outputs = {}
    for name in units:
        network.get_submodule(name).register_forward_hook(
            lambda module, inputs, output, name=name: outputs.update({name: output})
        )
    network(input)
    reached = {}
    for name, several in units.items():
        total = sum(outputs[name][(image, slice(None), *unit)].sum() for image, unit in enumerate(several))
        (gradient,) = torch.autograd.grad(total, input, retain_graph=True)
        seen = [[image.any(1).nonzero(), image.any(0).nonzero()] for image in gradient[:, 0] != 0]
        reached[name] = [[(along.min().item(), along.max().item()) for along in image] for image in seen]
    return reached


def chosen(rows, count):
    """All layers of a small network; of a large one the last of each part, and some drawn at random."""
    last = {row.name.split(".")[0]: row.name for row in rows}
    drawn = np.random.default_rng(len(rows)).permutation(len(rows))[: max(0, count - len(last))]
    wanted = {*last.values(), *(rows[place].name for place in drawn)}
    return [row for row in rows if len(rows) <= count or row.name in wanted]


@each
def test_units_see_what_their_gradient_reaches(name):
    shape = native(name)
    rows = shapes.layers(make(name, shapes.nn), shape)
    first = rows[0]  # its windows may leave out the last row and column
    ends = [o + (n - 1) * j + length for o, n, j, length in
            zip(first.offset, first.output_shape[2:], first.jump, first.receptive_field)]  # fmt: skip
    units, expected = {}, {}
    for row in chosen(rows, 100):
        size = row.output_shape[2:]  # none once positions are mixed
        units[row.name] = [tuple(0 for _ in size), tuple(n // 2 for n in size), tuple(n - 1 for n in size)]
        expected[row.name] = [
            [
                (max(0, o + u * j), min(n, end, o + u * j + length) - 1)
                for o, u, j, length, n, end in zip(
                    row.offset, unit or (0, 0), row.jump, row.receptive_field, shape[2:], ends, strict=True
                )
            ]
            for unit in units[row.name]
        ]
    assert footprints(make(name, SEEING), shape, units) == expected


# What does not fit


def complaint(backend, network, shape):
    """What is said when the network is called with such images; None where it takes them."""
    try:
        if backend is shapes:
            shapes.layers(network, shape)
        elif backend is scratch:
            with scratch.no_grad():
                network(np.zeros(shape, np.float32))
        else:
            device = next(network.parameters()).device
            with torch.no_grad():
                network(torch.zeros(shape, device=device))
    except RuntimeError as error:
        return str(error)
    return None


@each
def test_a_wrong_number_of_channels_is_named(name):
    channels, *size = PUBLISHED[name].input_shape
    wrong = (1, 4 - channels, *size)
    read = make(name, shapes.nn)
    place = next(key for key, layer in read.named_modules() if type(layer).__name__ == "Conv2d")
    expected = f"{place}: Conv2d: input: expected {channels} channels, got shape {wrong}"
    assert complaint(shapes, read, wrong) == expected
    assert complaint(pytorch, make(name, pytorch.nn, empty=True), wrong).startswith(expected)
    assert complaint(scratch, make(name, scratch.nn, in_channels=channels, small=True), wrong).startswith(
        expected
    )


@each
def test_a_wrong_size_is_named(name):
    """At whichever layer one reader stops, the others stop too."""
    readers = {backend: make(name, backend.nn, small=True).eval() for backend in (shapes, scratch, pytorch)}
    for size in ((1, 1), (2, 3), (5, 5), (17, 16), (32, 31), (48, 32)):
        shape = native(name)[:2] + size
        messages = {backend: complaint(backend, network, shape) for backend, network in readers.items()}
        if messages[shapes] is None:  # networks with global pooling take many
            assert set(messages.values()) == {None}
            continue
        place, kind, _ = messages[shapes].split(": ", 2)
        assert type(readers[pytorch].get_submodule(place)).__name__ == kind
        for message in messages.values():
            assert message.startswith(f"{place}: {kind}: "), message
            assert len(re.findall(r"\d+", message.removeprefix(place))) >= 2, message  # expected and got


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (lambda nn: networks.resnet18(nn), (1, 1, 224, 224), "conv1: Conv2d: input: expected 3 channels"),
        (
            lambda nn: networks.alexnet(nn),
            (1, 3, 256, 256),
            "fc6: Linear: input: expected a last axis of 9216",
        ),
        (lambda nn: networks.lenet5(nn), (1, 1, 28, 28), "7: Linear: input: expected a last axis of 400"),
        (
            lambda nn: mismatched(nn),
            (1, 8, 9, 9),
            r"layer2\.0\.sum\.shortcut\.conv: Conv2d: input: expected 6 channels",
        ),
    ],
    ids=["channels", "size", "batch", "block"],
)
@pytest.mark.parametrize("backend", [shapes, scratch, pytorch], ids=["shapes", "scratch", "pytorch"])
def test_errors_name_the_place_what_was_expected_and_what_came(backend, make, shape, message):
    got = shape if "Conv2d" in message else "(1, "
    assert re.match(
        rf"{message}, got shape {re.escape(str(got))}", complaint(backend, make(backend.nn), shape)
    )


def mismatched(nn):
    """A block whose way around was built for other channels."""
    block = networks.basic_block(nn, 8, 16, stride=2)
    other = networks.basic_block(nn, 6, 16, stride=2)
    residual, around = (
        one.get_submodule(f"sum.{part}") for one, part in ((block, "residual"), (other, "shortcut"))
    )
    sum_ = nn.Sum(OrderedDict(residual=residual, shortcut=around))
    return nn.Sequential(
        OrderedDict(layer2=nn.Sequential(nn.Sequential(OrderedDict(sum=sum_, relu=nn.ReLU()))))
    )


# What else a network must allow


@pytest.mark.parametrize("name", ["resnet18", "googlenet"])
def test_networks_compile_to_one_graph(name):
    network = still(make(name, pytorch.nn, small=True).double().train())
    array = torch.from_numpy(images((2, 3, 32, 32), seed=0))
    expected = as_tuple(copy.deepcopy(network)(array))
    torch.compiler.reset()
    found = as_tuple(torch.compile(network, backend="aot_eager", fullgraph=True)(array))
    for one, other in zip(found, expected, strict=True):
        assert distance(one.detach().numpy(), other.detach().numpy()) < 1e-10


@each
def test_networks_can_be_copied_and_stored(name):
    array = images((2, PUBLISHED[name].input_shape[0], 32, 32), seed=0).astype(np.float32)
    for backend, input in ((scratch, array), (pytorch, torch.from_numpy(array)), (shapes, None)):
        network = make(name, backend.nn, small=True).eval()
        for copied in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
            assert repr(copied) == repr(network) and copied is not network
            if backend is shapes:
                assert shapes.layers(copied, array.shape) == shapes.layers(network, array.shape)
                continue
            expected, found = (backend_array(one(input)) for one in (network, copied))
            assert np.array_equal(expected, found)
            parameter = next(iter(copied.parameters()))
            parameter.data += 1  # which is the copy's own
            assert not np.array_equal(expected, backend_array(copied(input)))
            assert np.array_equal(expected, backend_array(network(input)))


def backend_array(tensor):
    """The numbers of a tensor of either backend."""
    return np.asarray(tensor.detach().data)


@each
def test_the_state_goes_through_a_file(name):
    """From scratch to PyTorch, into a file and back, and nothing has changed."""
    ours = randomized(name, seed=0, small=True).float()
    theirs = make(name, pytorch.nn, small=True)
    theirs.load_state_dict(ours.state_dict())
    file = io.BytesIO()
    torch.save(theirs.state_dict(), file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    other = make(name, scratch.nn, small=True)
    other.load_state_dict(state)
    assert list(other.state_dict()) == list(state)
    for (key, value), (other_key, other_value) in zip(
        ours.state_dict().items(), other.state_dict().items(), strict=True
    ):
        assert key == other_key and value.dtype == other_value.dtype and np.array_equal(value, other_value), (
            key
        )


# Initialization


def drawn(backend, seed, name="vgg13_bn"):
    """A new network with weights from `initialize`, and its state as arrays."""
    generator = np.random.default_rng(seed) if backend is scratch else torch.Generator().manual_seed(seed)
    network = make(name, backend.nn, small=True)
    assert networks.initialize(network, generator) is network
    return network, {key: np.asarray(value) for key, value in network.state_dict().items()}


backends = pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])


@backends
def test_weights_begin_with_the_variance_that_rectifiers_need(backend):
    network, state = drawn(backend, seed=0)
    with_weights = [
        key for key, layer in network.named_modules() if type(layer).__name__ in ("Conv2d", "Linear")
    ]
    assert len(with_weights) == 13
    for key in with_weights:
        weight = state[f"{key}.weight"]
        variance, tolerance = 2 / weight[0].size, 5 * math.sqrt(2 / weight.size)
        assert abs(weight.var() / variance - 1) < tolerance, key
        assert abs(weight.mean()) < 5 * math.sqrt(variance / weight.size), key
        assert 0.02 < (np.abs(weight) > 2 * math.sqrt(variance)).mean() < 0.08, key  # normal
        assert not state.get(f"{key}.bias", np.zeros(1)).any()
    for key, layer in network.named_modules():
        if type(layer).__name__ == "BatchNorm2d":
            assert (state[f"{key}.weight"] == 1).all() and (state[f"{key}.running_var"] == 1).all()
            assert not state[f"{key}.bias"].any() and not state[f"{key}.running_mean"].any()


@backends
def test_the_same_generator_state_gives_the_same_network(backend):
    once, again, other = (drawn(backend, seed)[1] for seed in (3, 3, 4))
    assert all(np.array_equal(once[key], again[key]) for key in once)
    assert any(not np.array_equal(once[key], other[key]) for key in once)


@backends
@pytest.mark.parametrize("name", ["resnet18", "preact_resnet50", "se_resnet50", "inception_resnet_v2"])
def test_residual_branches_begin_at_zero(backend, name):
    network, _ = drawn(backend, 0, name)
    array = images((2, 3, 32, 32), seed=1).astype(np.float32)
    seen = []
    for key, module in network.eval().named_modules():
        if key.endswith(".residual"):
            module.register_forward_hook(
                lambda module, inputs, output: seen.append(np.abs(backend_array(output)).max())
            )
    output = network(array if backend is scratch else torch.from_numpy(array))
    assert len(seen) > 7 and max(seen) == 0 and np.abs(backend_array(output)).max() > 0


@pytest.mark.parametrize(
    ("network", "generator", "message"),
    [
        (lambda: networks.lenet5(shapes.nn), np.random.default_rng(0), "network: expected a module of scratch.nn or torch.nn"),
        (lambda: 3, np.random.default_rng(0), "network: expected a module of scratch.nn or torch.nn, got int"),
        (lambda: networks.lenet5(scratch.nn), torch.Generator(), "generator: expected a numpy.random.Generator"),
        (lambda: networks.lenet5(scratch.nn), 0, "generator: expected a numpy.random.Generator"),
        (lambda: networks.lenet5(pytorch.nn), np.random.default_rng(0), "generator: expected a torch.Generator"),
    ],
)  # fmt: skip
def test_what_cannot_be_initialized_is_named(network, generator, message):
    with pytest.raises(TypeError, match=f"^{message}"):
        networks.initialize(network(), generator)


# LeNet-5 in full: over one epoch


def test_the_same_weights_learn_along_the_same_loss_curve():
    images, labels = data.digits(dtype=np.float64)
    images = images.repeat(4, axis=2).repeat(4, axis=3)
    ours = scratch.nn.reset_parameters(networks.lenet5(scratch.nn).double(), np.random.default_rng(0))
    theirs = networks.lenet5(pytorch.nn).double()
    theirs.load_state_dict(ours.state_dict())
    options = {"lr": 0.02, "momentum": 0.9}
    our_optimizer = scratch.optimizers.SGD(ours.parameters(), **options)
    their_optimizer = pytorch.optimizers.SGD(theirs.parameters(), **options)
    order = np.random.default_rng(0).permutation(len(images))
    losses = []
    for start in range(0, len(order), 32):
        batch = order[start : start + 32]
        our_loss = scratch.cross_entropy(ours(images[batch]), labels[batch])
        their_loss = pytorch.cross_entropy(theirs(torch.tensor(images[batch])), torch.tensor(labels[batch]))
        for optimizer, loss in ((our_optimizer, our_loss), (their_optimizer, their_loss)):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append((our_loss.item(), their_loss.item()))
    losses = np.array(losses)
    assert len(losses) == 57
    assert np.abs(losses[:, 0] - losses[:, 1]).max() < 1e-6
    assert losses[-10:].mean() < 0.7 * losses[:10].mean()  # and it does learn
