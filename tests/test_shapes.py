"""dlcore.shapes: what it says of a network without computing it is what PyTorch finds by computing it."""

import re
from collections import OrderedDict
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from dlcore import networks, pytorch, scratch, shapes
from dlcore.shapes import summaries

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")


# Networks are drawn as lists of (name of a layer, its arguments), so that each reader builds its own.


def build(nn, spelling):
    """A network in the vocabulary `nn`; a nested list is a network within."""
    return nn.Sequential(
        *(build(nn, item) if isinstance(item, list) else getattr(nn, item[0])(**item[1]) for item in spelling)
    )


@st.composite
def convolution(draw, axes, in_channels, modes=("zeros", "reflect", "replicate", "circular")):
    def lengths(least, most):
        return draw(st.one_of(st.integers(least, most), st.tuples(*[st.integers(least, most)] * axes)))

    groups = draw(st.sampled_from([g for g in (1, 2) if in_channels % g == 0]))
    padding = draw(st.sampled_from(["same", "valid", lengths(0, 2)]))
    return f"Conv{axes}d", {
        "in_channels": in_channels,
        "out_channels": groups * draw(st.integers(1, 3)),
        "kernel_size": lengths(1, 4),
        "stride": 1 if padding == "same" else lengths(1, 3),
        "padding": padding,
        "dilation": lengths(1, 3),
        "groups": groups,
        "bias": draw(st.booleans()),
        "padding_mode": draw(st.sampled_from(modes)),
    }


@st.composite
def pooling(draw, ceil=True):
    def pair(least, most):
        return draw(st.one_of(st.integers(least, most), st.tuples(*[st.integers(least, most)] * 2)))

    kernel_size = pair(1, 3)
    half = min(kernel_size if isinstance(kernel_size, tuple) else (kernel_size,)) // 2
    options = {"kernel_size": kernel_size, "stride": draw(st.sampled_from([None, pair(1, 3)])),
               "padding": draw(st.integers(0, half + 1)), "ceil_mode": ceil and draw(st.booleans())}  # fmt: skip
    name = draw(st.sampled_from(["MaxPool2d", "AvgPool2d"]))
    if name == "MaxPool2d":
        options["dilation"] = pair(1, 2)
    return name, options


@st.composite
def stacks(draw, axes=2, most=4, **options):
    """A list of convolutions, poolings and activations, and the number of channels that it takes."""
    channels = first = draw(st.integers(1, 4))
    spelling = []
    for _ in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(["convolution", "convolution", "ReLU"] + ["pooling"] * (axes == 2)))
        if kind == "convolution":
            item = draw(convolution(axes, channels, **options))
            channels = item[1]["out_channels"]
        else:
            item = ("ReLU", {}) if kind == "ReLU" else draw(pooling(ceil=not options))
        spelling.append([item] if draw(st.booleans()) else item)
    return spelling, first


def compute(network, shape):
    """The shape that goes out of each layer of a torch network by name, or None if an input does not fit."""
    seen = {}
    hooks = [
        module.register_forward_hook(
            lambda module, inputs, output, name=name: seen.update({name: tuple(output.shape)})
        )
        for name, module in network.named_modules()
        if not list(module.children())
    ]
    try:
        network(torch.zeros(shape))
    except RuntimeError:
        return None
    finally:
        for hook in hooks:
            hook.remove()
    return seen


@settings(max_examples=150)
@given(st.data(), st.sampled_from([1, 2, 2, 3]))
def test_output_shapes_and_parameters_are_pytorchs(data, axes):
    spelling, channels = data.draw(stacks(axes))
    shape = (data.draw(st.integers(0, 2)), channels, *(data.draw(st.integers(4, 14)) for _ in range(axes)))
    network = build(torch.nn, spelling)
    expected = compute(network, shape)
    if expected is None:
        with pytest.raises(RuntimeError, match=r"^\d[\d.]*: (Conv|MaxPool|AvgPool)\dd: (input|padding): "):
            shapes.layers(build(shapes.nn, spelling), shape)
        return
    rows = shapes.layers(build(shapes.nn, spelling), shape)
    assert {row.name: row.output_shape for row in rows} == expected
    for row in rows:
        module = network.get_submodule(row.name)
        assert row.kind == type(module).__name__
        assert row.parameters == sum(parameter.numel() for parameter in module.parameters())


@settings(max_examples=40)
@given(st.data())
def test_multiply_adds_are_half_of_what_pytorchs_counter_counts(data):
    spelling, channels = data.draw(stacks(axes=data.draw(st.sampled_from([1, 2, 3])), modes=("zeros",)))
    axes = next((int(item[0][4]) for item in flat(spelling) if item[0].startswith("Conv")), 2)
    shape = (2, channels, *[9] * axes)
    sizes = compute(build(torch.nn, spelling), shape)
    assume(sizes is not None)
    *_, last = sizes.values()
    spelling = [
        *spelling,
        ("Flatten", {}),
        ("Linear", {"in_features": int(np.prod(last[1:])), "out_features": 3}),
    ]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        build(torch.nn, spelling)(torch.zeros(shape))
    assert shapes.summary(build(shapes.nn, spelling), shape).multiply_adds * 2 == counter.get_total_flops()


def flat(spelling):
    return [layer for item in spelling for layer in (flat(item) if isinstance(item, list) else [item])]


# The receptive field, found by looking which inputs reach a unit


def reached(network, shape, unit):
    """The input positions that the unit depends on, first and one past the last on each axis, by gradient.

    All weights are positive, so that nothing cancels.
    """
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1)
    input = torch.ones(shape, dtype=torch.float64, requires_grad=True)
    network.double()(input)[(0, 0, *unit)].backward()
    positions = input.grad[0].sum(0).nonzero()
    if not len(positions):
        return []
    return list(zip(positions.amin(0).tolist(), (positions.amax(0) + 1).tolist()))


@settings(max_examples=100)
@given(st.data(), st.sampled_from([1, 2, 2, 3]))
def test_the_receptive_field_is_where_the_gradient_is_not_zero(data, axes):
    spelling, channels = data.draw(stacks(axes, most=3 if axes < 3 else 2, modes=("zeros",)))
    assume("MaxPool2d" not in [name for name, _ in flat(spelling)])  # sends its gradient to one position only
    check_receptive_field(spelling, channels, axes, reached)


@settings(max_examples=40)
@given(st.data())
def test_the_receptive_field_of_max_pooling_is_where_nan_comes_from(data):
    spelling, channels = data.draw(stacks(most=2, modes=("zeros",)))
    spelling = [
        *spelling,
        ("MaxPool2d", {"kernel_size": (3, 2), "stride": 2, "padding": 1, "dilation": (1, 2)}),
    ]

    def reached(network, shape, unit):
        """NaN spreads to all units that depend on it, through maxima too."""
        size = shape[2:]
        inputs = torch.zeros((size[0] * size[1], *shape[1:]))
        inputs.reshape(len(inputs), shape[1], -1)[range(len(inputs)), :, range(len(inputs))] = torch.nan
        with torch.no_grad():
            poisoned = network(inputs)[(slice(None), 0, *unit)].isnan().reshape(size).nonzero()
        return list(zip(poisoned.amin(0).tolist(), (poisoned.amax(0) + 1).tolist()))

    check_receptive_field(spelling, channels, 2, reached)


def check_receptive_field(spelling, channels, axes, reached):
    # Large enough that a unit in the middle sees no padding.
    try:
        far = shapes.layers(build(shapes.nn, spelling), (1, channels, *[200] * axes))[-1]
    except RuntimeError:  # options that do not fit together
        assume(False)
    size = [2 * f + 2 * j + 2 * abs(o) for f, j, o in zip(far.receptive_field, far.jump, far.offset)]
    assume(np.prod(size) < 3000)
    shape = (1, channels, *size)
    last = shapes.layers(build(shapes.nn, spelling), shape)[-1]
    assert (last.receptive_field, last.jump, last.offset) == (far.receptive_field, far.jump, far.offset)
    # The first unit whose field begins inside of the input.
    unit = [max(0, -(o // j)) for o, j in zip(last.offset, last.jump)]
    starts = [o + u * j for o, u, j in zip(last.offset, unit, last.jump)]
    expected = [(start, start + f) for start, f in zip(starts, last.receptive_field)]
    assert all(stop <= n for (_, stop), n in zip(expected, size))
    assert reached(build(torch.nn, spelling), shape, unit) == expected


@st.composite
def enlarging(draw, gaps=False):
    """Layers that enlarge and layers that shrink, in any order, on one channel at their ends."""
    spelling = []
    for kind in draw(
        st.lists(st.sampled_from(["up", "up", "down", "shuffle", "unshuffle"]), min_size=1, max_size=3)
    ):
        stride, kernel_size, padding = (
            draw(st.integers(1, 3)),
            draw(st.integers(1, 4)),
            draw(st.integers(0, 2)),
        )
        options = {"in_channels": 1, "out_channels": 1, "stride": stride, "padding": padding}
        if kind == "up":
            kernel_size = kernel_size if gaps else max(kernel_size, stride)
            dilation = draw(st.integers(1, 3)) if gaps else 1
            spelling.append(("ConvTranspose2d", {**options, "kernel_size": kernel_size, "dilation": dilation,
                             "output_padding": draw(st.integers(0, max(stride, dilation) - 1))}))  # fmt: skip
        elif kind == "down":
            spelling.append(
                ("Conv2d", {**options, "kernel_size": kernel_size, "dilation": draw(st.integers(1, 2))})
            )
        elif kind == "shuffle":  # the convolutions see to the channels
            spelling.append(("Conv2d", {"in_channels": 1, "out_channels": stride**2, "kernel_size": 1}))
            spelling.append(("PixelShuffle", {"upscale_factor": stride}))
        else:
            spelling.append(("PixelUnshuffle", {"downscale_factor": stride}))
            spelling.append(("Conv2d", {"in_channels": stride**2, "out_channels": 1, "kernel_size": 1}))
    return spelling


def outgoing(network, shape):
    """The signal that goes out of a network spelled in shapes.nn, or no example where the input does not fit."""
    spans = tuple(map(shapes.receptive_field.Span, shape[2:]))
    try:
        return network.read(shapes.nn.module.Signal(shape, spans), "", lambda *row: None)
    except RuntimeError:
        assume(False)


@settings(max_examples=100)
@given(st.data(), st.booleans())
def test_every_unit_behind_an_enlarging_layer_sees_what_its_gradient_reaches(data, gaps):
    spelling = data.draw(enlarging(gaps))
    shape = (1, 1, 36, 36)
    signal = outgoing(build(shapes.nn, spelling), shape)
    assume(4 <= signal.shape[2] <= 150)
    (span, _), middle = signal.spans, signal.shape[2] // 2
    start, stop = span.sees(middle)[0], span.sees(middle + 3)[1] + 1
    assume(6 <= start and stop <= 30)  # far from the border, where padding is seen
    for unit in range(middle, middle + 4):
        first, last = span.sees(unit)
        assert span.offset + unit * span.jump <= first and last - first < span.size
        found = reached(build(torch.nn, spelling), shape, (unit, unit))
        if gaps:
            assert not found or (first <= found[0][0] and found[0][1] <= last + 1)
        else:
            assert found == [(first, last + 1)] * 2


def test_receptive_fields_behind_enlarging_layers_by_hand():
    def read(*layers):
        row = shapes.layers(shapes.nn.Sequential(*layers), (1, 4, 8, 8))[-1]
        return row.receptive_field[0], row.jump[0], row.offset[0]

    nn, half = shapes.nn, Fraction(1, 2)
    doubled = nn.PixelShuffle(2)  # positions 0, 0, 1, 1, 2, 2 ...
    assert read(doubled) == (1, half, -half)
    assert read(doubled, nn.Conv2d(1, 1, 3, padding=1)) == (2, half, -1)
    assert read(doubled, nn.Conv2d(1, 1, 2, stride=2)) == (1, 1, 0)
    assert read(nn.MaxPool2d(2), doubled) == (2, 1, -1)  # pairs 0 to 1, 0 to 1, 2 to 3, 2 to 3 ...
    assert read(nn.ConvTranspose2d(4, 1, 4, stride=2, padding=1)) == (2, half, -1)
    assert read(nn.ConvTranspose2d(4, 1, 3, padding=1)) == (3, 1, -1)  # with stride 1 a convolution
    assert read(nn.ConvTranspose2d(4, 1, 2, stride=3)) == (1, Fraction(1, 3), -Fraction(1, 3))
    assert read(nn.MaxUnpool2d(2)) == (1, half, -half)
    assert read(doubled, nn.Flatten()) == (8, 0, 0)
    assert read(nn.ConvTranspose2d(4, 1, 1, padding=2), nn.Flatten()) == (4, 0, 2)  # the border is cut off
    assert all(type(number) is int for number in read(nn.ConvTranspose2d(4, 1, 3, padding=1)))


def test_multiply_adds_of_transposed_convolutions_are_half_of_what_pytorchs_counter_counts():
    spelling = [
        ("ConvTranspose2d", {"in_channels": 4, "out_channels": 6, "kernel_size": (3, 4), "stride": 2, "padding": 1,
                             "output_padding": (1, 0), "groups": 2}),
        ("ConvTranspose2d", {"in_channels": 6, "out_channels": 3, "kernel_size": 2, "stride": 3, "dilation": 2}),
    ]  # fmt: skip
    shape = (2, 4, 5, 6)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        build(torch.nn, spelling)(torch.zeros(shape))
    assert shapes.summary(build(shapes.nn, spelling), shape).multiply_adds * 2 == counter.get_total_flops()


def test_a_known_receptive_field():
    # Two 3 x 3 convolutions see 5 x 5; a stride doubles what later layers add; dilation stretches.
    nn = shapes.nn
    network = nn.Sequential(
        nn.Conv2d(1, 1, 3, padding=1),
        nn.Conv2d(1, 1, 3, stride=2, padding=1),
        nn.Conv2d(1, 1, (3, 1), dilation=2, padding="same"),
    )
    rows = shapes.layers(network, (1, 1, 32, 32))
    assert [row.receptive_field for row in rows] == [(3, 3), (5, 5), (13, 5)]
    assert [row.jump for row in rows] == [(1, 1), (2, 2), (2, 2)]
    assert [row.offset for row in rows] == [(-1, -1), (-2, -2), (-6, -2)]


@settings(max_examples=40)
@given(st.data(), st.booleans())
def test_after_flattening_units_see_what_the_layers_before_reach(data, padded):
    spelling, channels = data.draw(stacks(most=2, modes=("zeros",)))
    spelling = [item for item in flat(spelling) if item[0] != "MaxPool2d"]
    if not padded:
        spelling = [
            (name, {**options, **({"padding": 0} if "padding" in options else {})})
            for name, options in spelling
        ]
    shape = (1, channels, data.draw(st.integers(5, 12)), data.draw(st.integers(5, 12)))
    sizes = compute(build(torch.nn, spelling), shape)
    assume(sizes)
    *_, last = sizes.values()
    spelling = [
        *spelling,
        ("Flatten", {}),
        ("Linear", {"in_features": int(np.prod(last[1:])), "out_features": 1}),
    ]
    row = shapes.layers(build(shapes.nn, spelling), shape)[-1]
    stops = [o + f for o, f in zip(row.offset, row.receptive_field)]
    assert row.jump == (0, 0) and min(row.offset) >= 0 and stops[0] <= shape[2] and stops[1] <= shape[3]
    found = reached(build(torch.nn, spelling), shape, ())
    if padded:  # then a window may lie on padding alone, and less is seen than could be
        assert all(o <= start and end <= stop for o, stop, (start, end) in zip(row.offset, stops, found))
    else:
        assert list(zip(row.offset, stops)) == found


def test_a_linear_layer_on_images_mixes_the_last_axis():
    network = shapes.nn.Sequential(
        shapes.nn.Conv2d(1, 2, 3), shapes.nn.Linear(6, 5), shapes.nn.Conv2d(2, 1, 2)
    )
    rows = shapes.layers(network, (1, 1, 8, 8))
    assert [row.receptive_field for row in rows] == [(3, 3), (3, 8), (4, 8)]
    assert [row.output_shape for row in rows] == [(1, 2, 6, 6), (1, 2, 6, 5), (1, 1, 5, 4)]


def test_features_have_no_receptive_field():
    (row,) = shapes.layers(shapes.nn.Linear(6, 5), (4, 6))
    assert row == shapes.Layer("", "Linear", (4, 5), 35, 4 * 30, 4 * 5 * 4, (), (), ())


# Vocabulary


def test_the_vocabulary_is_that_of_the_other_readers():
    assert set(scratch.nn.__all__) - set(shapes.nn.__all__) == {"Parameter", "reset_parameters"}
    assert set(shapes.nn.__all__) < set(scratch.nn.__all__)


@pytest.mark.parametrize("name", sorted(set(shapes.nn.__all__) - {"Module", "Sequential"}))
def test_layers_take_the_same_arguments(name):
    from inspect import signature

    ours, theirs = (list(signature(getattr(nn, name)).parameters.values()) for nn in (shapes.nn, scratch.nn))
    theirs = [parameter for parameter in theirs if parameter.name != "dtype"]  # a shape has none
    assert [(p.name, p.default, p.kind) for p in ours] == [(p.name, p.default, p.kind) for p in theirs]


readers = pytest.mark.parametrize("nn", [shapes.nn, scratch.nn], ids=["shapes", "scratch"])


@pytest.mark.parametrize(
    "layer, arguments, argument, error",
    [
        ("Linear", (1.5, 2), "in_features", TypeError),
        ("Linear", (2, "2"), "out_features", TypeError),
        ("Linear", (True, 2), "in_features", TypeError),
        ("Linear", (-1, 2), "in_features", RuntimeError),
        ("Linear", (2, -1), "out_features", RuntimeError),
        ("Conv2d", (1.0, 1, 3), "in_channels", TypeError),
        ("Conv2d", (1, 2.0, 3), "out_channels", TypeError),
        ("Conv2d", (-3, 1, 1), "in_channels", RuntimeError),
        ("Conv2d", (1, -3, 1), "out_channels", RuntimeError),
        ("Conv2d", (1, 1, 2.5), "kernel_size", TypeError),
        ("Conv2d", (1, 1, 0), "kernel_size", RuntimeError),
        ("Conv2d", (1, 1, (1, 2, 3)), "kernel_size", RuntimeError),
        ("Conv2d", (1, 1, 1, 0), "stride", RuntimeError),
        ("Conv2d", (1, 1, 1, 1, -1), "padding", RuntimeError),
        ("Conv2d", (1, 1, 1, 1, 0, 1.5), "dilation", TypeError),
        ("Conv2d", (1, 1, 1, 1, 0, 1, 1.0), "groups", TypeError),
        ("Conv2d", (4, 4, 3, 1, 0, 1, 0), "groups", ValueError),
        ("Conv2d", (4, 3, 3, 1, 0, 1, 2), "out_channels", ValueError),
        ("Conv2d", (4, 4, 3, 1, "full"), "padding", ValueError),
        ("Conv2d", (4, 4, 3, 2, "same"), "padding", ValueError),
        ("Conv2d", (4, 4, 3, 1, 0, 1, 1, True, "mirror"), "padding_mode", ValueError),
        ("Conv1d", (1, 1, (3, 3)), "kernel_size", RuntimeError),
        ("Conv3d", (1, -1, 3), "out_channels", RuntimeError),
    ],
)  # fmt: skip
@readers
def test_constructors_reject_the_same(nn, layer, arguments, argument, error):
    with pytest.raises(error, match=f"^{argument}: "):
        getattr(nn, layer)(*arguments)


def evaluate(nn, layer, shape):
    """The shape of the output, read or computed."""
    return shapes.layers(layer, shape)[-1].output_shape if nn is shapes.nn else layer(np.ones(shape)).shape


@pytest.mark.parametrize(
    "layer, options, shape, argument, error",
    [
        ("MaxPool2d", {"kernel_size": 2}, (1, 0, 4, 4), "input", RuntimeError),
        ("AvgPool2d", {"kernel_size": 2}, (1, 0, 4, 4), "input", RuntimeError),
        ("AvgPool2d", {"kernel_size": 3, "padding": 1}, (1, 1, 0, 4), "input", RuntimeError),
        ("AvgPool2d", {"kernel_size": 2, "divisor_override": 0}, (1, 1, 4, 4), "divisor_override", RuntimeError),
        ("AvgPool2d", {"kernel_size": 2, "divisor_override": 1.5}, (1, 1, 4, 4), "divisor_override", TypeError),
        ("AvgPool2d", {"kernel_size": 2, "count_include_pad": "no"}, (1, 1, 4, 4), "count_include_pad", TypeError),
        ("MaxPool2d", {"kernel_size": 2, "return_indices": "no"}, (1, 1, 4, 4), "return_indices", TypeError),
        ("MaxPool2d", {"kernel_size": 2, "ceil_mode": "no"}, (1, 1, 4, 4), "ceil_mode", TypeError),
        ("MaxPool2d", {"kernel_size": 2.0}, (1, 1, 4, 4), "kernel_size", TypeError),
        ("MaxPool2d", {"kernel_size": 2, "padding": 2}, (1, 1, 4, 4), "padding", RuntimeError),
        ("MaxPool2d", {"kernel_size": 2, "dilation": 0}, (1, 1, 4, 4), "dilation", RuntimeError),
        *(("Conv2d", {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "padding": 1, "padding_mode": mode},
           (1, 1, 0, 4), "input", RuntimeError) for mode in ("zeros", "reflect", "replicate", "circular")),
        ("Conv2d", {"in_channels": 1, "out_channels": 0, "kernel_size": 1}, (1, 1, 4, 4), "weight", RuntimeError),
        ("Flatten", {"start_dim": 1.5}, (1, 2, 3), "start_dim", TypeError),
        ("Flatten", {"start_dim": 3}, (1, 2, 3), "start_dim", IndexError),
    ],
)  # fmt: skip
@readers
def test_what_a_layer_cannot_take_is_rejected_alike(nn, layer, options, shape, argument, error):
    if nn is scratch.nn and layer in ("Conv2d", "Linear"):
        options = {**options, "dtype": np.float64}
    with pytest.raises(error, match=f"^{argument}: "):
        evaluate(nn, getattr(nn, layer)(**options), shape)


@pytest.mark.parametrize("name", ["MaxPool2d", "AvgPool2d"])
@readers
def test_an_empty_stride_is_the_kernel_size(nn, name):
    assert evaluate(nn, getattr(nn, name)(2, ()), (1, 1, 4, 6)) == (1, 1, 2, 3)


@settings(max_examples=60)
@given(st.data())
def test_networks_show_themselves_as_in_the_other_readers(data):
    spelling = data.draw(stacks())[0]
    expected = repr(build(torch.nn, spelling))
    assert repr(build(shapes.nn, spelling)) == repr(build(scratch.nn, spelling)) == expected


def test_lenet5_shows_itself_as_in_the_other_readers():
    assert repr(networks.lenet5(shapes.nn)) == repr(networks.lenet5(scratch.nn))


def test_parameters_have_the_names_of_the_state():
    network, layers = networks.lenet5(pytorch.nn), networks.lenet5(shapes.nn)
    state = {f"{place}.{name}": shape for place, layer in enumerate(layers) for name, shape in layer.parameter_shapes.items()}  # fmt: skip
    assert state == {name: tuple(value.shape) for name, value in network.state_dict().items()}


def test_a_shared_layer_has_its_parameters_counted_once():
    shared = shapes.nn.Linear(3, 3)
    table = shapes.summary(shapes.nn.Sequential(shared, shapes.nn.ReLU(), shared), (1, 3))
    assert [row.parameters for row in table.rows] == [12, 0, 0]
    assert (table.parameters, table.multiply_adds) == (12, 18)


@pytest.mark.parametrize(
    "network, shape, error, message",
    [
        (lambda nn: nn.Sequential(nn.ReLU(), nn.Conv2d(2, 1, 3)), (1, 3, 5, 5), RuntimeError, "^1: Conv2d: input: expected 2 channels"),
        (lambda nn: nn.Sequential(nn.Sequential(nn.Conv2d(2, 1, 3))), (1, 2, 2, 5), RuntimeError, "^0.0: Conv2d: input: no window of size 3 x 3 fits into 2 x 5"),
        (lambda nn: nn.Conv2d(3, 1, 3), (3, 5, 5), RuntimeError, r"^input: expected 4 axes, \(N, C, 2 spatial\)"),
        (lambda nn: nn.Linear(3, 1), (1, 4), RuntimeError, "^input: expected a last axis of 3"),
        (lambda nn: nn.MaxPool2d(2, padding=2), (1, 1, 4, 4), RuntimeError, "^padding: at most half"),
        (lambda nn: nn.Conv2d(1, 1, 3, padding=4, padding_mode="reflect"), (1, 1, 4, 4), RuntimeError, "^padding: mode 'reflect' takes at most 3"),
        (lambda nn: nn.Flatten(2, 1), (1, 2, 3), RuntimeError, "^start_dim: "),
        (lambda nn: nn.Flatten(3), (1, 2, 3), IndexError, "^start_dim: "),
        (lambda nn: nn.ReLU(), (3,), RuntimeError, "^input_shape: "),
        (lambda nn: nn.ReLU(), 3, TypeError, "^input_shape: "),
        (lambda nn: nn.ReLU(), (1, 2.5), TypeError, "^input_shape: "),
        (lambda nn: nn.ReLU(), (1, -1), RuntimeError, "^input_shape: "),
        (lambda nn: nn.Module(), (1, 2), NotImplementedError, "Module: write read"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(network, shape, error, message):
    with pytest.raises(error, match=message):
        shapes.layers(network(shapes.nn), shape)


def test_another_vocabulary_is_an_error():
    with pytest.raises(TypeError, match="network: expected one spelled in dlcore.shapes.nn, got Sequential"):
        shapes.layers(networks.lenet5(scratch.nn), (1, 1, 32, 32))
    with pytest.raises(TypeError, match="Sequential: expected modules, got int at place 1"):
        shapes.nn.Sequential(shapes.nn.ReLU(), 3)


def test_sequential_counts_indexes_and_slices():
    network = networks.lenet5(shapes.nn)
    assert len(network) == 12 and network[0] is next(iter(network)) and network[-1] is list(network)[-1]
    assert isinstance(network[1:3], shapes.nn.Sequential) and network[1:3][0] is network[1]


# The table


def test_the_table_prints_each_layer_and_the_totals():
    table = shapes.summary(networks.lenet5(shapes.nn), [1, 1, 32, 32])
    lines = str(table).splitlines()
    assert len(lines) == 1 + 2 + 1 + 12 + 1 + 1
    assert lines[0] == "input 1×1×32×32"
    assert lines[1].split() == ["output", "receptive"]
    assert lines[7].split() == ["3", "Conv2d", "1×16×10×10", "2,416", "240,000", "6.40", "kB", "14×14", "2×2"]
    assert lines[-1].split() == ["total", "61,706", "416,520", "58.4", "kB"]
    assert max(map(len, lines)) == len(lines[3])
    assert repr(table) == str(table)


def test_a_table_of_resnet50_fits_into_a_wide_terminal():
    network = networks.resnet50(shapes.nn)
    for depth, width in ((None, 120), (1, 100)):
        lines = str(shapes.summary(network, (1, 3, 224, 224), depth=depth)).splitlines()
        assert max(map(len, lines)) <= width


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (802_816, "803 kB"), (999_499, "999 kB"),
     (999_500, "1.00 MB"), (3_211_264, "3.21 MB"), (150_239_136, "150 MB"), (2_500_000_000, "2.50 GB")],
)  # fmt: skip
def test_memory_is_told_in_units(number, text):
    assert summaries.bytes_text(number) == text


def test_a_row_is_found_by_the_name_of_its_layer():
    table = shapes.summary(networks.resnet18(shapes.nn), (1, 3, 64, 64))
    assert table["layer1.0.sum.residual.conv1"].parameters == 64 * 64 * 9
    assert len(table) == len(list(table)) == len(table.rows) and next(iter(table)) is table["conv1"]
    assert (
        shapes.summary(networks.resnet18(shapes.nn), (1, 3, 64, 64), depth=1)["layer1"].kind == "Sequential"
    )
    with pytest.raises(KeyError, match="name: 'layer1.0.conv1' has no row; did you mean .*residual.conv1'"):
        table["layer1.0.conv1"]
    with pytest.raises(KeyError, match="name: 0 has no row"):
        table[0]


def test_the_table_in_a_notebook_says_the_same():
    table = shapes.summary(networks.lenet5(shapes.nn), (1, 1, 32, 32))
    html = table._repr_html_()
    titles, *rows = [
        re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html)
    ]
    _, upper, lower, *lines = [line for line in str(table).splitlines() if not line.startswith("--")]
    assert ["".join(" ".join(row).split()) for row in rows] == ["".join(line.split()) for line in lines]
    assert sorted(" ".join(titles).split()) == sorted(f"{upper} {lower}".split())
    assert html.count('scope="col"') == 8 and "<caption>" in html
    assert html.count('class="number"') == 6 * (1 + 12 + 1)


def test_a_long_table_scrolls_in_itself_with_its_titles_in_sight():
    html = shapes.summary(networks.lenet5(shapes.nn), (1, 1, 32, 32))._repr_html_()
    style = re.search(r"<style>(.*?)</style>", html)[1]
    assert re.search(r"\.dlcore-layers \{ overflow: auto; max-height: \d+rem \}", style)
    assert re.search(r"thead, tfoot\) \{ position: sticky; background: ", style)
    assert "@media print { .dlcore-layers { max-height: none } }" in style
    assert 'tabindex="0" role="region" aria-label="Layers for an input of 1×1×32×32"' in html
    assert "color: #" not in style  # it takes those of the page, light or dark


def test_the_table_escapes_what_a_class_is_called():
    layer = shapes.nn.ReLU()
    layer.__class__ = type("<b>", (shapes.nn.ReLU,), {})
    assert "<b>" not in shapes.summary(layer, (1, 2))._repr_html_()


# Memory, and the parts of a network


def block(nn):
    """A block with a way around it, and a classifier: names with one, two and three parts."""
    residual = nn.Sequential(
        OrderedDict(conv=nn.Conv2d(3, 3, 3, padding=1), relu=nn.ReLU(), drop=nn.Dropout(0.5))
    )
    first = nn.Sequential(OrderedDict(sum=nn.Sum(OrderedDict(residual=residual, shortcut=nn.Identity()))))
    return nn.Sequential(
        OrderedDict(block1=first, pool=nn.MaxPool2d(2, stride=1), flatten=nn.Flatten(), fc=nn.Linear(27, 2))
    )


def test_memory_is_that_of_new_arrays():
    network = block(shapes.nn)
    image, pooled = 2 * 3 * 16, 2 * 3 * 9
    expected = {
        "block1.sum.residual.conv": image, "block1.sum.residual.relu": image, "block1.sum.residual.drop": image,
        "block1.sum.shortcut": 0, "block1.sum": image, "pool": pooled, "flatten": 0, "fc": 2 * 2,
    }  # fmt: skip
    table = shapes.summary(network, (2, 3, 4, 4))
    assert {row.name: row.memory for row in table.rows} == {name: 4 * n for name, n in expected.items()}
    assert table.memory == 4 * sum(expected.values())
    assert shapes.summary(network, (2, 3, 4, 4), dtype=np.float64).memory == 2 * table.memory
    assert shapes.summary(network, (2, 3, 4, 4), dtype="float16").memory * 2 == table.memory
    # Dropout hands on its input when it does not drop.
    assert shapes.summary(network.eval(), (2, 3, 4, 4)).memory == table.memory - 4 * image
    assert shapes.summary(network.train(), (2, 3, 4, 4)) == table


@pytest.mark.parametrize("training", [True, False])
def test_memory_is_what_pytorchs_layers_allocate(training):
    made = [
        ("Dropout", (0.3,)), ("Dropout2d", (0.3,)), ("AlphaDropout", (0.3,)), ("Identity", ()), ("Flatten", ()),
        ("Flatten", (2,)), ("Unflatten", (1, (2, 2))), ("ReLU", ()), ("AvgPool2d", (1,)), ("AdaptiveAvgPool2d", (6,)),
        ("BatchNorm2d", (4,)), ("ChannelShuffle", (2,)), ("LocalResponseNorm", (3,)), ("PixelShuffle", (2,)),
    ]  # fmt: skip
    input = torch.rand(2, 4, 6, 6)
    for name, arguments in made:
        output = getattr(torch.nn, name)(*arguments).train(training)(input)
        shared = output.untyped_storage().data_ptr() == input.untyped_storage().data_ptr()
        (row,) = shapes.layers(getattr(shapes.nn, name)(*arguments).train(training), tuple(input.shape))
        assert row.memory == (0 if shared else output.numel() * 4), name


def test_rows_are_folded_by_the_first_parts_of_their_names():
    network = block(shapes.nn)
    rows = {row.name: row for row in shapes.layers(network, (2, 3, 4, 4))}
    table = shapes.summary(network, (2, 3, 4, 4), depth=1)
    assert [(row.name, row.kind) for row in table.rows] == [
        ("block1", "Sequential"), ("pool", "MaxPool2d"), ("flatten", "Flatten"), ("fc", "Linear"),
    ]  # fmt: skip
    first, whole = table.rows[0], shapes.summary(network, (2, 3, 4, 4))
    inside = [row for name, row in rows.items() if name.startswith("block1.")]
    assert len(inside) == 5
    assert first.parameters == sum(row.parameters for row in inside) == 84
    assert first.multiply_adds == sum(row.multiply_adds for row in inside) > 0
    assert first.memory == sum(row.memory for row in inside)
    last = rows["block1.sum"]
    assert (first.output_shape, first.receptive_field, first.jump, first.offset) == (
        last.output_shape, last.receptive_field, last.jump, last.offset,
    )  # fmt: skip
    assert table.rows[1:] == [rows[name] for name in ("pool", "flatten", "fc")]
    for depth in (1, 2, 3, 4, 9):
        folded = shapes.summary(network, (2, 3, 4, 4), depth=depth)
        assert [folded.parameters, folded.multiply_adds, folded.memory] == [
            whole.parameters, whole.multiply_adds, whole.memory,
        ]  # fmt: skip
    assert [row.name for row in shapes.summary(network, (2, 3, 4, 4), depth=3).rows[:3]] == [
        "block1.sum.residual", "block1.sum.shortcut", "block1.sum",
    ]  # fmt: skip
    assert shapes.summary(network, (2, 3, 4, 4), depth=4) == whole


def test_a_network_with_heads_is_folded_in_the_order_of_computation():
    nn = shapes.nn
    trunk = OrderedDict(first=nn.Linear(3, 3), second=nn.Linear(3, 3))
    network = nn.AuxiliaryHeads(trunk, {"first": nn.Sequential(nn.ReLU(), nn.Linear(3, 2))})
    table = shapes.summary(network, (1, 3), depth=1)
    assert [(row.name, row.parameters) for row in table.rows] == [
        ("first", 12), ("heads.first", 8), ("second", 12),
    ]  # fmt: skip
    assert [row.name for row in shapes.summary(network.eval(), (1, 3), depth=1).rows] == ["first", "second"]


def test_a_part_with_heads_within_is_told_by_its_trunk():
    nn = shapes.nn
    inner = nn.AuxiliaryHeads(OrderedDict(a=nn.Linear(3, 4), b=nn.Linear(4, 5)), {"b": nn.Linear(5, 7)})
    (row,) = shapes.summary(nn.Sequential(OrderedDict(body=inner)), (1, 3), depth=1)
    assert (row.name, row.kind, row.output_shape, row.parameters) == (
        "body",
        "AuxiliaryHeads",
        (1, 5),
        16 + 25 + 42,
    )
    table = shapes.summary(nn.Sequential(OrderedDict(body=inner)), (1, 3), depth=2)
    assert [(row.name, row.output_shape[1]) for row in table] == [
        ("body.a", 4),
        ("body.b", 5),
        ("body.heads.b", 7),
    ]
    other = nn.Sequential(OrderedDict(heads=nn.Sequential(nn.ReLU(), nn.ReLU())))  # only called so
    assert [row.name for row in shapes.summary(other, (1, 3), depth=1)] == ["heads"]


def test_every_head_of_googlenet_is_a_part():
    table = shapes.summary(networks.googlenet(shapes.nn), (1, 3, 224, 224), depth=1)
    assert [row.name for row in table if "heads" in row.name] == ["heads.inception4a", "heads.inception4d"]
    assert len({row.name for row in table}) == len(table)


@pytest.mark.parametrize("dtype", ["float99", None, torch.float32, "int8", object, "complex64"], ids=str)
def test_activations_are_floating_point_numbers(dtype):
    with pytest.raises(TypeError, match="^dtype: expected a floating-point one of NumPy, got "):
        shapes.summary(shapes.nn.ReLU(), (1, 3), dtype=dtype)


def test_a_layer_by_itself_is_its_own_part():
    table = shapes.summary(shapes.nn.Linear(3, 2), (1, 3), depth=1)
    assert [(row.name, row.kind, row.parameters) for row in table.rows] == [("", "Linear", 8)]


@pytest.mark.parametrize(
    ("depth", "error", "message"),
    [(0, ValueError, "depth: must be at least 1, got 0"), (-1, ValueError, "depth: "), (1.5, TypeError, "depth: "),
     ("1", TypeError, "depth: "), (True, TypeError, "depth: ")],
)  # fmt: skip
def test_a_depth_is_a_positive_int(depth, error, message):
    with pytest.raises(error, match=f"^{message}"):
        shapes.summary(shapes.nn.ReLU(), (1, 3), depth=depth)


def test_train_and_eval_reach_every_part():
    network = block(shapes.nn)
    assert len(list(network.modules())) == 11
    assert all(module.training for module in network.modules())
    assert network.eval() is network and not any(module.training for module in network.modules())
    assert network.train() is network and all(module.training for module in network.modules())


def test_parts_are_found_by_the_names_of_the_rows():
    network, other = block(shapes.nn), block(scratch.nn)
    assert [name for name, _ in network.named_modules()] == [name for name, _ in other.named_modules()]
    assert network.get_submodule("") is network
    assert network.get_submodule("block1.sum") is network[0][0]
    for row in shapes.layers(network, (2, 3, 4, 4)):
        assert type(network.get_submodule(row.name)).__name__ == row.kind
    part = network.get_submodule("block1.sum.residual")
    assert [row.name for row in shapes.layers(part, (1, 3, 4, 4))] == ["conv", "relu", "drop"]
    for unknown in ("block2", "block1.sum.left", "fc.weight", "block1..sum"):
        with pytest.raises(AttributeError, match=f"^target: no module '{unknown}': .* has "):
            network.get_submodule(unknown)
