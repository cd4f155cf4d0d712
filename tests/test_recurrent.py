"""dlcore.scratch.recurrent: what the registry of cases cannot say, from very long sequences to random numbers."""

import contextlib
import gc
import inspect
import sys
import tracemalloc
import warnings
import weakref

import numpy as np
import pytest
import torch

from dlcore import pytorch, scratch, shapes

STEPS = 5000


@contextlib.contextmanager
def little_recursion():
    """Leave Python some hundred nested calls and no more."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 200)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def parameters(gates, features=2, size=3):
    """w_ih, w_hh, b_ih, b_hh that keep the state away from 0 and from saturation."""
    generator = np.random.default_rng(0)
    shapes = [(gates * size, features), (gates * size, size), (gates * size,), (gates * size,)]
    return [scratch.Tensor(0.5 * generator.standard_normal(shape), requires_grad=True) for shape in shapes]


def unrolled(cell, inputs, hx, weights):
    """The states after every step, by a loop over cells, and the sum of the squares of the last one's h."""
    states = [hx]
    for input in inputs:
        states.append(cell(input, states[-1], *weights))
    last = states[-1][0] if isinstance(states[-1], tuple) else states[-1]
    return states, (last * last).sum()


@pytest.mark.parametrize(("kind", "gates"), [("rnn_tanh", 1), ("lstm", 4)])
def test_a_loop_of_5000_cells_gives_the_gradients_of_the_layer_without_recursion(kind, gates):
    inputs = np.random.default_rng(1).standard_normal((STEPS, 1, 2))
    zeros = np.zeros((1, 3))
    weights = parameters(gates)
    with little_recursion():
        _, loss = unrolled(
            getattr(scratch, f"{kind}_cell"), inputs, (zeros, zeros) if gates == 4 else zeros, weights
        )
        loss.backward()
    by_loop = [weight.grad for weight in weights]
    for weight in weights:
        weight.grad = None
    first = scratch.Tensor(np.zeros((1, 1, 3)))
    _, h_n, *_ = getattr(scratch, kind)(
        inputs, (first, first) if gates == 4 else first, weights, True, 1, 0.0, True, False, False
    )
    (h_n * h_n).sum().backward()
    for weight, gradient in zip(weights, by_loop):
        assert np.abs(gradient).max() > 0
        np.testing.assert_allclose(gradient, weight.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("kind", "gates"), [("rnn_tanh", 1), ("lstm", 4)])
def test_the_memory_of_a_loop_of_5000_cells_is_freed(kind, gates):
    inputs = np.random.default_rng(1).standard_normal((STEPS, 1, 2))
    zeros = np.zeros((1, 3))
    weights = parameters(gates)
    cell, hx = getattr(scratch, f"{kind}_cell"), (zeros, zeros) if gates == 4 else zeros
    unrolled(cell, inputs[:10], hx, weights)[1].backward()  # what is made once and kept, such as caches
    gc.collect()
    gc.disable()  # freed means at once, not when the collector finds a cycle
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        states, loss = unrolled(cell, inputs, hx, weights)
        watched = [
            weakref.ref(state[0] if isinstance(state, tuple) else state) for state in states[1 :: STEPS // 10]
        ]
        held = tracemalloc.get_traced_memory()[0] - before
        loss.backward()
        del states, loss
        assert [reference() for reference in watched] == [None] * len(watched)
        left = tracemalloc.get_traced_memory()[0] - before
        assert left < held / 10  # Python keeps some thousand small objects for whoever asks next
    finally:
        tracemalloc.stop()
        gc.enable()


def test_a_loop_that_is_not_differentiated_keeps_nothing():
    weights = parameters(1)
    inputs = np.random.default_rng(1).standard_normal((STEPS, 1, 2))
    with scratch.no_grad():
        states, _ = unrolled(scratch.rnn_tanh_cell, inputs, np.zeros((1, 3)), weights)
    watched, last = weakref.ref(states[-2]), states[-1]
    del states
    assert watched() is None
    assert last.shape == (1, 3)


def passing_on(dropout, train, generator, size=200):
    """Two layers of rectifiers that hand on what they get, and what comes out for ones."""
    eye, nothing = np.eye(size), np.zeros((size, size))
    output, _ = scratch.rnn_relu(
        np.ones((50, 4, size)), np.zeros((2, 4, size)), [eye, nothing] * 2, False, 2, dropout, train, False, False,
        generator=generator,
    )  # fmt: skip
    return output


def test_dropout_between_layers_keeps_elements_with_the_right_probability_and_the_mean():
    output = passing_on(0.3, True, np.random.default_rng(0))
    assert set(np.unique(output)) == {0.0, 1 / 0.7}
    assert abs((output == 0).mean() - 0.3) < 0.01
    np.testing.assert_array_equal(output, passing_on(0.3, True, np.random.default_rng(0)))
    assert (output != passing_on(0.3, True, np.random.default_rng(1))).any()


def test_dropout_between_layers_is_for_training_only():
    np.testing.assert_array_equal(passing_on(0.3, False, None), 1)
    np.testing.assert_array_equal(passing_on(0.0, True, None), 1)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_a_layer_with_dropout_is_reproducible_from_a_generator(kind):
    network = getattr(scratch.nn, kind)(3, 4, 2, dropout=0.5)
    input, outputs = np.ones((5, 2, 3), np.float32), []
    for _ in range(2):
        scratch.nn.reset_parameters(network, np.random.default_rng(0))
        outputs.append([network(input)[0].data for _ in range(2)])
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert (outputs[0][0] != outputs[0][1]).any()


def agree(ours, theirs):
    """Nested outputs of both backends are the same arrays."""
    if isinstance(theirs, tuple):
        assert isinstance(ours, tuple) and len(ours) == len(theirs)
        for mine, reference in zip(ours, theirs):
            agree(mine, reference)
    else:
        assert ours.shape == tuple(theirs.shape)
        np.testing.assert_allclose(ours.data, theirs.detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cells_take_one_example_without_a_batch_axis(kind, given):
    theirs, ours = getattr(torch.nn, kind)(3, 4), getattr(scratch.nn, kind)(3, 4)
    ours.load_state_dict(theirs.state_dict())
    input, state = np.ones(3, np.float32), np.full(4, 0.5, np.float32)
    hx = (state, state) if kind == "LSTMCell" else state
    if given:
        as_torch = tuple(map(torch.tensor, hx)) if kind == "LSTMCell" else torch.tensor(hx)
        agree(ours(input, hx), theirs(torch.tensor(input), as_torch))
    else:
        agree(ours(input), theirs(torch.tensor(input)))


def test_the_output_of_layers_keeps_the_nesting_of_pytorch():
    for kind in ("RNN", "LSTM", "GRU"):
        theirs, ours = getattr(torch.nn, kind)(3, 4, 2), getattr(scratch.nn, kind)(3, 4, 2)
        ours.load_state_dict(theirs.state_dict())
        for shape in ((5, 2, 3), (5, 3)):
            input = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
            agree(ours(input), theirs(torch.tensor(input)))


MADE_WRONG = [
    ("LSTM", {"input_size": 0}, "input_size"), ("GRU", {"hidden_size": 0}, "hidden_size"),
    ("RNN", {"num_layers": 0}, "num_layers"), ("LSTM", {"num_layers": 1.5}, "num_layers"),
    ("LSTM", {"proj_size": 4}, "proj_size"), ("LSTM", {"proj_size": -1}, "proj_size"),
    ("LSTM", {"dropout": 2}, "dropout"), ("LSTM", {"dropout": True}, "dropout"), ("GRU", {"bias": 1}, "bias"),
    ("GRU", {"batch_first": 1}, "batch_first"), ("LSTM", {"input_size": 1.5}, "input_size"),
    ("RNN", {"nonlinearity": "gelu"}, "nonlinearity"), ("LSTMCell", {"input_size": -1}, "input_size"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options", "naming"), MADE_WRONG)
def test_layers_are_not_made_with_what_pytorch_refuses(kind, options, naming):
    options = {"input_size": 3, "hidden_size": 4, **options}
    with pytest.raises(Exception) as theirs:
        getattr(torch.nn, kind)(**options)
    for nn in (scratch.nn, shapes.nn):
        with pytest.raises(theirs.type, match=naming):
            getattr(nn, kind)(**options)


ONE, TWO, THREE = np.ones(3, np.float32), np.ones((2, 3), np.float32), np.ones((5, 2, 3), np.float32)
CALLED_WRONG = [
    ("LSTM", (np.ones((1, 5, 2, 3), np.float32),), "input"),
    ("GRU", (ONE,), "input"),
    ("RNN", (np.ones((5, 2, 4), np.float32),), "input"),
    ("RNN", (THREE.astype(np.float64),), "input"),
    ("GRU", (THREE, np.ones((1, 3, 4), np.float32)), "hx"),
    ("GRU", (THREE, np.ones((2, 4), np.float32)), "hx"),
    ("RNN", (TWO, np.ones((1, 2, 4), np.float32)), "hx"),
    ("LSTM", (THREE, (np.ones((1, 2, 4), np.float32), np.ones((1, 2, 5), np.float32))), "hx"),
    ("RNNCell", (THREE,), "input"),
    ("LSTMCell", (TWO, (THREE, THREE)), "hx"),
    ("GRUCell", (np.ones((2, 5), np.float32),), "w_ih"),
    ("GRUCell", (TWO, np.ones((3, 4), np.float32)), "hx"),
]


@pytest.mark.parametrize(("kind", "arguments", "naming"), CALLED_WRONG)
def test_layers_refuse_what_pytorchs_refuse(kind, arguments, naming):
    def as_torch(item):
        return tuple(map(as_torch, item)) if isinstance(item, tuple) else torch.tensor(item)

    with pytest.raises(Exception) as theirs:
        getattr(torch.nn, kind)(3, 4)(*map(as_torch, arguments))
    with pytest.raises(theirs.type, match=naming):
        getattr(scratch.nn, kind)(3, 4)(*arguments)


STATE = np.ones((1, 2, 4), np.float32)


@pytest.mark.parametrize(
    ("kind", "hx", "error"),
    [
        ("RNN", (STATE,), TypeError),
        ("GRU", (STATE, STATE), TypeError),
        ("LSTM", STATE, TypeError),
        ("LSTM", (STATE,), RuntimeError),
        ("LSTM", (STATE,) * 3, RuntimeError),
        ("RNNCell", (STATE[0], STATE[0]), TypeError),
        ("LSTMCell", np.ones((2, 2, 4), np.float32), TypeError),
        ("GRUCell", STATE[0, 0], RuntimeError),
    ],
)
def test_a_wrong_number_of_states_is_named(kind, hx, error):
    with pytest.raises(error, match="hx: expected"):
        getattr(scratch.nn, kind)(3, 4)(TWO if kind.endswith("Cell") else THREE, hx)


def test_an_embedding_does_not_scale_a_table_that_is_read_only():
    table = np.ones((4, 3))
    table.flags.writeable = False
    assert scratch.embedding(np.array([1]), table).tolist() == [[1, 1, 1]]
    with pytest.raises(RuntimeError, match="weight: .* read-only"):
        scratch.embedding(np.array([1]), table, max_norm=1.0)


def test_packed_sequences_are_refused_with_a_word_on_what_to_do():
    packed = torch.nn.utils.rnn.pack_sequence([torch.ones(3, 3), torch.ones(2, 3)])
    state, weights = np.zeros((1, 2, 4), np.float32), parameters(3, 3, 4)
    with pytest.raises(TypeError, match="input: packed sequences .* padded"):
        scratch.nn.GRU(3, 4)(packed)
    with pytest.raises(TypeError, match="input: packed sequences .* padded"):
        scratch.gru(packed, state, weights, True, 1, 0.0, False, False, False)


def test_dropout_of_a_single_layer_warns():
    with pytest.warns(UserWarning, match="dropout"):
        scratch.nn.LSTM(3, 4, dropout=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scratch.nn.LSTM(3, 4, 2, dropout=0.5)


def drawn(nn, layer):
    """The state of a layer drawn anew, as arrays."""
    generator = np.random.default_rng(0) if nn is scratch.nn else torch.Generator().manual_seed(0)
    nn.reset_parameters(layer, generator)
    return {name: np.asarray(value) for name, value in layer.state_dict().items()}


@pytest.mark.parametrize("nn", [scratch.nn, pytorch.nn], ids=["scratch", "pytorch"])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"])
def test_parameters_begin_uniform_by_the_size_of_the_state(nn, kind):
    for value in drawn(nn, getattr(nn, kind)(300, 100)).values():
        assert np.abs(value).max() <= 0.1
        assert abs(value.std() * 3**0.5 / 0.1 - 1) < 0.25 if value.ndim == 1 else 0.02
        assert abs(value.mean()) < 0.02


@pytest.mark.parametrize("nn", [scratch.nn, pytorch.nn], ids=["scratch", "pytorch"])
def test_embeddings_begin_standard_normal_and_their_padding_at_zero(nn):
    table = drawn(nn, nn.Embedding(200, 100, padding_idx=3))["weight"]
    assert not table[3].any()
    others = np.delete(table, 3, axis=0)
    assert abs(others.mean()) < 0.02
    assert abs(others.std() - 1) < 0.02


def test_an_embedding_takes_a_table_that_is_there():
    table = np.arange(12.0).reshape(4, 3)
    layer = scratch.nn.Embedding.from_pretrained(table, padding_idx=1)
    assert layer.weight.data is table
    assert not layer.weight.requires_grad
    assert (layer.num_embeddings, layer.embedding_dim, layer.padding_idx) == (4, 3, 1)
    np.testing.assert_array_equal(layer(np.array([2, 0])).data, table[[2, 0]])
    assert scratch.nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad
    with pytest.raises(AssertionError, match="embeddings"):
        scratch.nn.Embedding.from_pretrained(table[0])


def test_the_gradient_of_an_embedding_adds_up_many_equal_indices():
    generator = np.random.default_rng(0)
    indices = np.minimum(generator.geometric(0.02, 3000) - 1, 99)
    indices[:500] = 7
    weight = scratch.Tensor(np.zeros((100, 8)), requires_grad=True)
    gradient = generator.standard_normal((3000, 8))
    scratch.embedding(indices, weight).backward(gradient)
    expected = np.zeros((100, 8))
    np.add.at(expected, indices, gradient)
    np.testing.assert_allclose(weight.grad, expected, rtol=1e-10, atol=1e-12)


def test_the_cost_of_recurrent_layers_is_that_of_their_products():
    (row,) = shapes.layers(shapes.nn.LSTM(3, 4), (5, 2, 3))
    assert row.multiply_adds == 5 * 2 * 4 * (3 * 4 + 4 * 4)
    (row,) = shapes.layers(shapes.nn.GRU(3, 4, 2, bidirectional=True), (5, 2, 3))
    assert row.multiply_adds == 5 * 2 * 3 * 2 * (3 * 4 + 4 * 4 + 8 * 4 + 4 * 4)
    assert row.output_shape == (5, 2, 8)
    (row,) = shapes.layers(shapes.nn.LSTM(3, 4, proj_size=2), (5, 2, 3))
    assert row.multiply_adds == 5 * 2 * (16 * 3 + 16 * 2 + 4 * 2)
    (row,) = shapes.layers(shapes.nn.RNNCell(3, 4), (2, 3))
    assert row.multiply_adds == 2 * (3 * 4 + 4 * 4)
    (row,) = shapes.layers(shapes.nn.Embedding(1000, 4), (2, 7))
    assert (row.output_shape, row.parameters, row.multiply_adds) == ((2, 7, 4), 4000, 0)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_shapes_refuses_sequences_that_do_not_fit(kind):
    for shape in ((5, 2, 4), (0, 2, 3), (1, 5, 2, 3)):
        with pytest.raises(RuntimeError, match="input"):
            shapes.layers(getattr(shapes.nn, kind)(3, 4), shape)
