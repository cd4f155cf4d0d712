"""Sum, Concat, Split, AuxiliaryHeads, Scale and Multiply: their errors, and what dlcore.shapes says of units that are made of several branches."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import pytorch, scratch, shapes

VOCABULARIES = {"scratch": scratch.nn, "pytorch": pytorch.nn, "shapes": shapes.nn}
vocabularies = pytest.mark.parametrize("nn", VOCABULARIES.values(), ids=VOCABULARIES)


def run(nn, network, shape):
    """The shape of the output, computed or read."""
    if nn is shapes.nn:
        return shapes.layers(network, shape)[-1].output_shape
    array = np.ones(shape, np.float32)
    return tuple(network(torch.from_numpy(array) if nn is pytorch.nn else array).shape)


@vocabularies
@pytest.mark.parametrize("name", ["Sum", "Concat", "Split"])
def test_branches_are_counted_and_indexed(nn, name):
    branches = [nn.ReLU(), nn.Identity(), nn.Sigmoid()]
    network = getattr(nn, name)(*branches)
    assert len(network) == 3 and list(network) == branches
    assert network[0] is branches[0] and network[-1] is branches[2] and network[1:] == branches[1:]


@vocabularies
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda nn: nn.Sum(), ValueError, "Sum: expected at least one branch"),
        (lambda nn: nn.Concat(dim=2), ValueError, "Concat: expected at least one branch"),
        (lambda nn: nn.Sum(nn.ReLU(), "relu"), TypeError, "Sum: expected modules, got str at place 1"),
        (lambda nn: nn.Concat(3), TypeError, "Concat: expected modules, got int at place 0"),
        (lambda nn: nn.Concat(nn.ReLU(), dim=1.5), TypeError, "dim: expected an int"),
        (lambda nn: nn.Split(), ValueError, "Split: expected at least one branch"),
        (lambda nn: nn.Split(nn.ReLU(), nn), TypeError, "Split: expected modules, got module at place 1"),
        (lambda nn: nn.Split(nn.ReLU(), dim="1"), TypeError, "dim: expected an int"),
        (
            lambda nn: nn.AuxiliaryHeads([nn.ReLU()], {}),
            TypeError,
            "trunk: expected a dictionary of modules, got list",
        ),
        (
            lambda nn: nn.AuxiliaryHeads({}, nn.ReLU()),
            TypeError,
            "heads: expected a dictionary of modules, got ReLU",
        ),
        (
            lambda nn: nn.AuxiliaryHeads({"a": nn.ReLU()}, {"b": nn.ReLU()}),
            ValueError,
            "heads: 'b' is none of the modules in trunk",
        ),
        (
            lambda nn: nn.AuxiliaryHeads({"a": 3}, {}),
            TypeError,
            "AuxiliaryHeads: expected modules, got int as a",
        ),
        (
            lambda nn: nn.AuxiliaryHeads({"a": nn.ReLU()}, {"a": 3}),
            TypeError,
            "(Sequential: expected modules, got )?int (as a|is not a Module)",
        ),
        (
            lambda nn: nn.AuxiliaryHeads({"a.b": nn.ReLU()}, {}),
            KeyError,
            "[\"']AuxiliaryHeads: cannot call a module 'a.b'",
        ),
        (
            lambda nn: nn.AuxiliaryHeads({"heads": nn.ReLU()}, {}),
            KeyError,
            "[\"']trunk: cannot call a module 'heads'",
        ),
        (lambda nn: nn.Scale(None), TypeError, "Scale: expected modules, got NoneType as gate"),
        (lambda nn: nn.Multiply("0.1"), TypeError, "factor: expected a number, got '0.1'"),
        (lambda nn: nn.Multiply(nn.ReLU()), TypeError, r"factor: expected a number, got ReLU\(\)"),
    ],
)
def test_what_cannot_be_put_together_is_said(nn, make, error, message):
    with pytest.raises(error, match=f"^{message}"):
        make(nn)


@vocabularies
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda nn: nn.Sum(nn.Identity(), nn.Conv2d(3, 2, 1)), RuntimeError,
            r"branch 1: expected an output of shape \(2, 3, 4, 4\), as of branch 0, got \(2, 2, 4, 4\)",
        ),
        (lambda nn: nn.Sum(nn.Identity(), nn.Identity(), nn.Flatten()), RuntimeError, "branch 2: "),
        (lambda nn: nn.Concat(nn.Identity(), nn.MaxPool2d(2)), RuntimeError, "branch 1: .* but for axis 1"),
        (lambda nn: nn.Concat(nn.Identity(), nn.Flatten()), RuntimeError, "branch 1: "),
        (lambda nn: nn.Concat(nn.Identity(), dim=4), IndexError, "dim: "),
        (lambda nn: nn.Split(nn.Identity(), nn.Identity()), RuntimeError, r"input: expected an axis 1 that 2 branches can share, got shape \(2, 3, 4, 4\)"),
        (lambda nn: nn.Split(nn.Identity(), dim=4), IndexError, "dim: expected an axis of an input of shape"),
        (lambda nn: nn.Split(nn.Identity(), nn.Conv2d(3, 2, 3), dim=-1), RuntimeError, "1: Conv2d: "),
        (lambda nn: nn.Split(nn.Identity(), nn.Conv2d(3, 2, 1), dim=-1), RuntimeError, "branch 1: .* but for axis 3"),
        (lambda nn: nn.Scale(nn.MaxPool2d(2)), RuntimeError, "gate: "),
        (lambda nn: nn.Scale(nn.Unflatten(0, (1, 2))), RuntimeError, "gate: "),
        (lambda nn: nn.Unflatten(4, (1, 1)), IndexError, "[Dd]im"),
        (lambda nn: nn.Unflatten(1, (2, 2)), RuntimeError, "size"),
        (lambda nn: nn.Unflatten(1, (0, -1)), RuntimeError, "size"),
        (lambda nn: nn.Unflatten(1, (-1, -1)), RuntimeError, "size"),
        (lambda nn: nn.Unflatten(1, ()), RuntimeError, "size"),
    ],
)  # fmt: skip
def test_outputs_that_do_not_fit_together_are_named(nn, make, error, message):
    with pytest.raises(error, match=message):
        run(nn, nn.Sequential(make(nn)), (2, 3, 4, 4))


@vocabularies
@pytest.mark.parametrize("size", [3, "3", (2.0, 3), None])
def test_unflatten_wants_a_tuple_of_ints(nn, size):
    with pytest.raises(TypeError, match="unflattened_size"):
        nn.Unflatten(1, size)


@vocabularies
@pytest.mark.parametrize(
    ("names", "error"), [(["a.b"], KeyError), ([""], KeyError), (["training"], KeyError), ([1], TypeError)]
)
def test_names_must_be_free_and_without_dots(nn, names, error):
    if nn is shapes.nn and names == ["training"]:
        names = ["parameters"]  # what is taken there
    with pytest.raises(error):
        nn.Sum(OrderedDict((name, nn.ReLU()) for name in names))


@vocabularies
def test_a_combinator_shows_its_options_above_its_branches(nn):
    assert repr(nn.Concat(nn.ReLU(), dim=2)) == "Concat(\n  dim=2\n  (0): ReLU()\n)"
    assert repr(nn.Sum(nn.ReLU())) == "Sum(\n  (0): ReLU()\n)"


@pytest.mark.parametrize("nn", [scratch.nn, pytorch.nn], ids=["scratch", "pytorch"])
@pytest.mark.parametrize("factor", [0.25, np.float64(0.25), np.array(0.25), torch.tensor(0.25)])
def test_multiply_by_a_number_widens_no_dtype(nn, factor):
    input = np.arange(6, dtype=np.float32).reshape(2, 3)
    output = nn.Multiply(factor)(torch.from_numpy(input) if nn is pytorch.nn else input)
    output = np.asarray(output)
    assert output.dtype == np.float32 and (output == [[0, 0.25, 0.5], [0.75, 1, 1.25]]).all()


@vocabularies
def test_multiply_shows_its_factor(nn):
    assert repr(nn.Multiply(0.17)) == "Multiply(factor=0.17)"


def test_multiply_keeps_shape_and_view_and_costs_no_multiply_adds():
    nn = shapes.nn
    before, row = shapes.layers(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Multiply(0.1)), (1, 3, 8, 8))
    assert (row.name, row.kind, row.output_shape) == ("1", "Multiply", (1, 2, 6, 6))
    assert row.parameters == row.multiply_adds == 0 and row.memory == before.memory > 0
    assert (row.receptive_field, row.jump, row.offset) == (before.receptive_field, before.jump, before.offset)


def test_shapes_names_the_place_of_what_does_not_fit():
    nn = shapes.nn
    network = nn.Sequential(nn.ReLU(), nn.Sum(nn.Identity(), nn.Sequential(nn.Conv2d(3, 2, 1))))
    with pytest.raises(RuntimeError, match="^1: Sum: branch 1: "):
        shapes.layers(network, (1, 3, 4, 4))
    with pytest.raises(RuntimeError, match=r"^1\.1\.0: Conv2d: input: "):
        shapes.layers(network, (1, 2, 4, 4))
    network = nn.Sequential(nn.Scale(nn.Sequential(nn.Conv2d(2, 1, 1))))
    with pytest.raises(RuntimeError, match=r"^0\.gate\.0: Conv2d: input: "):
        shapes.layers(network, (1, 3, 4, 4))


def test_a_combinator_has_a_row_of_its_own_after_its_branches():
    nn = shapes.nn
    network = nn.Sequential(nn.Concat(nn.Identity(), nn.Conv2d(3, 2, 1)), nn.Scale(nn.Sigmoid()))
    rows = shapes.layers(network, (1, 3, 4, 4))
    assert [(row.name, row.kind) for row in rows] == [
        ("0.0", "Identity"), ("0.1", "Conv2d"), ("0", "Concat"), ("1.gate", "Sigmoid"), ("1", "Scale"),
    ]  # fmt: skip
    assert [row.output_shape[1] for row in rows] == [3, 2, 5, 5, 5]
    assert rows[2].parameters == rows[2].multiply_adds == 0


# What a unit sees


def reached(network, channels, size, unit):
    """First and last input position on each axis that the unit depends on, found by gradient with positive weights."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1)
    input = torch.ones((1, channels, *size), dtype=torch.float64, requires_grad=True)
    network.double()(input)[(0, slice(None), *unit)].sum().backward()
    positions = input.grad[0].sum(0).nonzero()
    return list(zip(positions.amin(0).tolist(), positions.amax(0).tolist()))


@settings(max_examples=30)
@given(
    st.sampled_from(["Sum", "Concat", "Scale"]),
    st.lists(st.tuples(st.sampled_from([1, 3, 5, 7]), st.integers(1, 2)), min_size=1, max_size=3),
    st.integers(1, 2),
)
def test_units_see_what_one_of_their_branches_sees(name, kernels, stride):
    def network(nn):
        convolutions = [
            nn.Conv2d(2, 2, (k, 1), padding=(k // 2 * d, 0), dilation=(d, 1), bias=False) for k, d in kernels
        ]
        parts = [nn.Sequential(*convolutions)] if name == "Scale" else convolutions
        joined = getattr(nn, name)(*parts)
        return nn.Sequential(nn.Conv2d(1, 2, 3, stride, bias=False), joined, nn.Conv2d(len(kernels) * 2 if name == "Concat" else 2, 1, 2))  # fmt: skip

    size, unit = (120, 20), (20, 3)
    row = shapes.layers(network(shapes.nn), (1, 1, *size))[-1]
    starts = [o + u * j for o, u, j in zip(row.offset, unit, row.jump)]
    expected = [(start, start + length - 1) for start, length in zip(starts, row.receptive_field)]
    assert reached(network(pytorch.nn), 1, size, unit) == expected


def test_a_gate_that_looks_everywhere_shows_every_unit_the_whole_input():
    def network(nn):
        pooled = nn.Sequential(nn.AvgPool2d(6), nn.Flatten(), nn.Linear(2, 2), nn.Unflatten(1, (2, 1, 1)))
        return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Scale(pooled), nn.Conv2d(2, 1, 2))

    row = shapes.layers(network(shapes.nn), (1, 1, 8, 8))[-1]
    assert row.receptive_field == (8, 8) and row.jump == row.offset == (0, 0)
    assert reached(network(pytorch.nn), 1, (8, 8), (1, 3)) == [(0, 7), (0, 7)]


def test_branches_that_follow_each_other_along_an_axis_are_seen_together():
    nn = shapes.nn
    rows = shapes.layers(nn.Concat(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, (1, 3)), dim=2), (1, 1, 8, 8))
    assert rows[-1].output_shape == (1, 1, 14, 6)
    assert (rows[-1].receptive_field, rows[-1].jump) == ((8, 3), (0, 1))


def test_branches_that_drift_apart_are_an_error():
    nn = shapes.nn
    network = nn.Sequential(nn.Sum(nn.Conv2d(1, 1, 1, stride=2), nn.Conv2d(1, 1, 5)))
    with pytest.raises(
        RuntimeError, match="^0: Sum: branches: along spatial axis 0 neighbours look 1, 2 positions"
    ):
        shapes.layers(network, (1, 1, 8, 8))


@pytest.mark.parametrize(
    ("make", "field", "jump"),
    [
        (lambda nn: nn.GLU(2), (3 + 8, 3), (1, 1)),
        (lambda nn: nn.Maxout(2, 2), (3 + 1, 3), (2, 1)),
        (lambda nn: nn.Softmax(-1), (3, 18), (1, 0)),
        (lambda nn: nn.Softmax(1), (3, 3), (1, 1)),
        (lambda nn: nn.Softmax2d(), (3, 3), (1, 1)),
        (lambda nn: nn.GLU(1), (3, 3), (1, 1)),
    ],
)
def test_activations_along_a_spatial_axis_widen_what_a_unit_sees(make, field, jump):
    nn = shapes.nn
    rows = shapes.layers(nn.Sequential(nn.Conv2d(1, 2, 3), make(nn)), (1, 1, 18, 18))
    assert (rows[-1].receptive_field, rows[-1].jump) == (field, jump)


# Shares of the input, and heads on the way


def compute(nn, network, array):
    """What a network makes of an array, as arrays."""
    output = network(torch.from_numpy(array) if nn is pytorch.nn else scratch.tensor(array))
    several = output if isinstance(output, tuple) else (output,)
    return [np.asarray(one.detach().data) for one in several]


computing = pytest.mark.parametrize("nn", [scratch.nn, pytorch.nn], ids=["scratch", "pytorch"])


@computing
@pytest.mark.parametrize("dim", [1, -3, 3, -1, 0])
def test_each_branch_takes_its_share_in_order(nn, dim):
    array = np.arange(2.0 * 6 * 2 * 4).reshape(2, 6, 2, 4)
    network = nn.Split(nn.Multiply(2), nn.Identity(), dim=dim)
    first, second = np.split(array, 2, dim)
    assert np.array_equal(compute(nn, network, array)[0], np.concatenate([2 * first, second], dim))
    assert shapes.layers(shapes.nn.Split(shapes.nn.ReLU(), shapes.nn.ReLU(), dim=dim), array.shape)[-1].output_shape == array.shape  # fmt: skip


def test_what_the_branches_of_a_split_see():
    nn = shapes.nn
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.Split(nn.Identity(), nn.Conv2d(2, 3, 5, padding=2))
    )
    rows = shapes.layers(network, (2, 1, 12, 12))
    assert [(row.name, row.kind, row.output_shape[1]) for row in rows] == [
        ("0", "Conv2d", 4), ("1.0", "Identity", 2), ("1.1", "Conv2d", 3), ("1", "Split", 5),
    ]  # fmt: skip
    assert [row.receptive_field for row in rows] == [(3, 3), (3, 3), (7, 7), (7, 7)]
    assert [row.memory for row in rows] == [4 * 2 * 144 * 4, 0, 4 * 2 * 144 * 3, 4 * 2 * 144 * 5]


def test_shares_of_a_spatial_axis_see_different_places():
    nn = shapes.nn
    network = nn.Split(*[nn.Sequential(nn.Conv2d(1, 1, (1, 3)), nn.Flatten(2)) for _ in range(3)], dim=-1)
    rows = {row.name: row for row in shapes.layers(network, (1, 1, 4, 12))}
    assert [rows[f"{place}.0"].offset for place in range(3)] == [(0, 0), (0, 4), (0, 8)]
    assert [rows[f"{place}.1"].receptive_field for place in range(3)] == [(4, 4)] * 3
    assert rows[""].output_shape == (1, 1, 24) and rows[""].receptive_field == (4, 12)


def helped(nn):
    """A network with two heads, which are given in another order than they come in."""
    trunk = OrderedDict(first=nn.Linear(3, 4), second=nn.ReLU(), last=nn.Linear(4, 2))
    return nn.AuxiliaryHeads(
        trunk, {"second": nn.Linear(4, 5), "first": nn.Sequential(nn.Linear(4, 6), nn.ReLU())}
    )


@computing
def test_heads_are_computed_in_training_only(nn):
    network = helped(nn)
    array = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    called = []
    for name, module in network.named_modules():
        module.register_forward_hook(lambda module, inputs, output, name=name: called.append(name))
    output, second, first = compute(nn, network, array)
    assert called == [
        "first",
        "heads.first.0",
        "heads.first.1",
        "heads.first",
        "second",
        "heads.second",
        "last",
        "",
    ]
    assert (output.shape, second.shape, first.shape) == ((7, 2), (7, 5), (7, 6))
    called.clear()
    (alone,) = compute(nn, network.eval(), array)
    assert called == ["first", "second", "last", ""] and np.array_equal(alone, output)
    assert not isinstance(network(torch.from_numpy(array) if nn is pytorch.nn else array), tuple)


def test_heads_learn_alike_and_help_the_trunk():
    ours = scratch.nn.reset_parameters(helped(scratch.nn), np.random.default_rng(0)).double()
    theirs = helped(pytorch.nn).double()
    theirs.load_state_dict(ours.state_dict())
    array = np.random.default_rng(1).standard_normal((7, 3))
    sum(output.sum() * place for place, output in enumerate(ours(array))).backward()
    sum(output.sum() * place for place, output in enumerate(theirs(torch.from_numpy(array)))).backward()
    for (name, one), (other_name, other) in zip(
        ours.named_parameters(), theirs.named_parameters(), strict=True
    ):
        assert name == other_name
        assert np.abs(one.grad - other.grad.numpy()).max() < 1e-12, name
    assert not ours.last.weight.grad.any()  # place 0
    assert all(
        parameter.grad.any()
        for parameter in (ours.first.weight, ours.heads.first[0].bias, ours.heads.second.weight)
    )


@vocabularies
def test_the_parts_of_a_network_with_heads_have_their_names(nn):
    network = helped(nn)
    assert [name for name, _ in network.named_modules()] == [
        "", "first", "second", "last", "heads", "heads.second", "heads.first", "heads.first.0", "heads.first.1",
    ]  # fmt: skip
    assert network.get_submodule("heads.first.1") is list(network.get_submodule("heads.first"))[1]
    assert type(network.get_submodule("heads")).__name__ == "Sequential"


def test_heads_are_read_in_training_only():
    network = helped(shapes.nn)
    rows = shapes.layers(network, (7, 3))
    assert [row.name for row in rows] == [
        "first",
        "heads.first.0",
        "heads.first.1",
        "second",
        "heads.second",
        "last",
    ]
    assert shapes.layers(network.eval(), (7, 3)) == [row for row in rows if not row.name.startswith("heads")]
    assert shapes.layers(network.train(), (7, 3)) == rows


@vocabularies
def test_an_error_in_a_head_names_its_place(nn):
    trunk = OrderedDict(body=nn.Sequential(nn.Linear(3, 4)), last=nn.ReLU())
    network = nn.Sequential(nn.AuxiliaryHeads(trunk, {"body": nn.Sequential(nn.ReLU(), nn.Linear(5, 2))}))
    with pytest.raises(
        RuntimeError,
        match=r"^0\.heads\.body\.1: Linear: input: expected a last axis of 5, got shape \(2, 4\)",
    ):
        run(nn, network, (2, 3))
    assert run(nn, network.eval(), (2, 3)) == (2, 4)


@vocabularies
def test_an_error_names_the_way_to_it_through_all_combinators(nn):
    inner = nn.Sequential(OrderedDict(relu=nn.ReLU(), conv=nn.Conv2d(4, 2, 1)))
    network = nn.Sequential(
        OrderedDict(
            a=nn.Sum(OrderedDict(b=nn.Concat(OrderedDict(c=nn.Split(OrderedDict(d=nn.Scale(inner)))))))
        )
    )
    with pytest.raises(
        RuntimeError, match=r"^a\.b\.c\.d\.gate\.conv: Conv2d: input: .*4 channels.*\(2, 3, 5, 5\)"
    ):
        run(nn, network, (2, 3, 5, 5))
    with pytest.raises(
        RuntimeError,
        match=r"^a\.b\.c\.d: Scale: gate: expected an output that fits over an input of shape \(2, 4, 5, 5\), got \(2, 2, 5, 5\)$",
    ):
        run(nn, network, (2, 4, 5, 5))


def of_all_combinators(nn):
    gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 4, 1), nn.Sigmoid())
    trunk = OrderedDict(
        split=nn.Split(nn.Identity(), nn.Conv2d(2, 2, 3, padding=1)),
        sum=nn.Sum(nn.Scale(gate), nn.Multiply(0.1)),
        concat=nn.Concat(nn.ReLU(), nn.Identity()),
    )
    return nn.AuxiliaryHeads(trunk, {"sum": nn.Flatten()})


def compiled(network, input):
    torch.compiler.reset()
    return torch.compile(network, backend="aot_eager", fullgraph=True)


@pytest.mark.filterwarnings("ignore:.*torch.jit.trace", "ignore:Converting a tensor")
@pytest.mark.parametrize(
    "again",
    [
        compiled,
        lambda network, input: torch.export.export(network, (input,)).module(),
        torch.jit.trace,
        lambda network, input: copy.deepcopy(network),
        lambda network, input: pickle.loads(pickle.dumps(network)),
    ],
    ids=["compiled", "exported", "traced", "copied", "pickled"],
)
def test_networks_of_all_combinators_compute_the_same_however_they_are_kept(again):
    network = of_all_combinators(pytorch.nn).double()
    input = torch.randn((2, 4, 5, 5), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = network(input)
    found = again(network, input)(input)
    assert len(found) == 2
    assert all(
        torch.allclose(one, other, rtol=1e-12, atol=1e-12) for one, other in zip(found, expected, strict=True)
    )
