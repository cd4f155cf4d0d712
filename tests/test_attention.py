"""dlcore.scratch.attention: what the registry of cases cannot say, from blocks and memory to random numbers."""

import tracemalloc

import numpy as np
import pytest
import torch

from dlcore import pytorch, scratch, shapes
from dlcore.scratch import attention


def tensors(*shapes, seed=0):
    generator = np.random.default_rng(seed)
    return [scratch.Tensor(generator.standard_normal(shape), requires_grad=True) for shape in shapes]


def gradients(operator, arrays, *more, **options):
    """The first output of an operator and all gradients, for a random cotangent of each output."""
    outputs = operator(*arrays, *more, **options)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    generator = np.random.default_rng(9)
    loss = sum((output * generator.standard_normal(output.shape)).sum() for output in outputs)
    for array in arrays:
        array.grad = None
    loss.backward()
    return [outputs[0].data, *(array.grad for array in arrays)]


MASK = np.random.default_rng(5).random((2, 1, 7, 5)) < 0.7
SCALED = [
    {}, {"is_causal": True}, {"attn_mask": MASK}, {"attn_mask": np.where(MASK, 0.3, -np.inf)},
    {"attn_mask": MASK[0, 0, :1]}, {"attn_mask": scratch.Tensor(np.ones((3, 7, 1)), requires_grad=True)},
    {"attn_mask": scratch.Tensor(np.ones((1, 5)), requires_grad=True)},
]  # fmt: skip


@pytest.mark.parametrize("block", [1, 7, 40, 200])
@pytest.mark.parametrize("options", SCALED)
def test_attention_in_blocks_of_any_size_is_the_same(monkeypatch, options, block):
    arrays = tensors((2, 3, 7, 4), (2, 3, 5, 4), (2, 3, 5, 6))
    mask = options.get("attn_mask")
    inputs = [*arrays, mask] if isinstance(mask, scratch.Tensor) else arrays
    options = {} if len(inputs) == 4 else options
    expected = gradients(scratch.scaled_dot_product_attention, inputs, **options)
    monkeypatch.setattr(attention, "BLOCK", block)
    for actual, truth in zip(
        gradients(scratch.scaled_dot_product_attention, inputs, **options), expected, strict=True
    ):
        np.testing.assert_allclose(actual, truth, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("block", [1, 50, 300])
@pytest.mark.parametrize("mask", [None, MASK, MASK[0, 0]])
def test_additive_attention_in_blocks_of_any_size_is_the_same(monkeypatch, mask, block):
    arrays = tensors((2, 3, 7, 4), (2, 3, 5, 2), (2, 3, 5, 6), (8, 4), (8, 2), (8,))
    expected = gradients(scratch.additive_attention, arrays, mask)
    monkeypatch.setattr(attention, "BLOCK", block)
    for actual, truth in zip(gradients(scratch.additive_attention, arrays, mask), expected, strict=True):
        np.testing.assert_allclose(actual, truth, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"dropout_p": 0.1}])
def test_the_memory_of_attention_does_not_grow_with_the_square_of_the_length(options):
    length, features = 3000, 8
    arrays = [scratch.Tensor(np.ones((length, features), np.float32), requires_grad=True) for _ in range(3)]
    tracemalloc.start()
    try:
        generator = np.random.default_rng(0)
        output = scratch.scaled_dot_product_attention(*arrays, **options, generator=generator)
        output.backward(np.ones(output.shape, np.float32))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < length * length * 4 / 10


def test_dropout_of_weights_draws_the_same_in_both_directions(monkeypatch):
    monkeypatch.setattr(attention, "BLOCK", 40)
    arrays = tensors((2, 7, 4), (2, 5, 4), (2, 5, 6))
    cotangent = np.random.default_rng(1).standard_normal((2, 7, 6))

    def loss(shift=0.0, direction=(0, 0, 0)):
        moved = [
            scratch.Tensor(array.data + shift * way, requires_grad=True)
            for array, way in zip(arrays, direction)
        ]
        output = scratch.scaled_dot_product_attention(
            *moved, dropout_p=0.4, generator=np.random.default_rng(3)
        )
        return moved, (output * cotangent).sum()

    moved, value = loss()
    value.backward()
    direction = [np.random.default_rng(4).standard_normal(array.shape) for array in arrays]
    slope = (loss(1e-6, direction)[1].item() - loss(-1e-6, direction)[1].item()) / 2e-6
    expected = sum((array.grad * way).sum() for array, way in zip(moved, direction))
    assert abs(slope - expected) < 1e-6 * max(1, abs(expected))


def test_dropout_of_weights_has_the_right_probability_and_mean():
    keys = 400
    zeros = np.zeros((50, keys, 2))
    values = np.broadcast_to(np.eye(keys), (50, keys, keys))  # the output is then the weights, 1 / keys each
    weights = scratch.scaled_dot_product_attention(
        zeros, zeros, values, dropout_p=0.25, generator=np.random.default_rng(0)
    )
    np.testing.assert_allclose(np.unique(weights), [0, 1 / 0.75 / keys], atol=1e-12)
    assert abs((weights == 0).mean() - 0.25) < 0.001


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("pattern", ["qqq", "qkk", "qkv"])
def test_heads_project_what_is_the_same_only_once_and_get_the_same(pattern, need_weights, batch_first):
    theirs = torch.nn.MultiheadAttention(6, 3, batch_first=batch_first).double()
    ours = scratch.nn.MultiheadAttention(6, 3, batch_first=batch_first).double()
    ours.load_state_dict(theirs.state_dict())
    arrays = dict(zip("qkv", tensors((4, 4, 6), (4, 4, 6), (4, 4, 6))))
    copies = {name: torch.tensor(array.data, requires_grad=True) for name, array in arrays.items()}
    output, weights = ours(*(arrays[name] for name in pattern), need_weights=need_weights)
    expected, expected_weights = theirs(*(copies[name] for name in pattern), need_weights=need_weights)
    np.testing.assert_allclose(output.data, expected.detach().numpy(), rtol=1e-10, atol=1e-12)
    cotangent = np.random.default_rng(1).standard_normal(output.shape)
    output.backward(cotangent)
    expected.backward(torch.tensor(cotangent))
    for name in set(pattern):
        np.testing.assert_allclose(arrays[name].grad, copies[name].grad.numpy(), rtol=1e-10, atol=1e-12)
    for name, parameter in ours.named_parameters():
        truth = dict(theirs.named_parameters())[name].grad.numpy()
        np.testing.assert_allclose(parameter.grad, truth, rtol=1e-10, atol=1e-12)
    if need_weights:
        np.testing.assert_allclose(weights.data, expected_weights.detach().numpy(), rtol=1e-10)
        np.testing.assert_allclose(weights.data.sum(-1), 1)
    else:
        assert weights is None


@pytest.mark.parametrize("need_weights", [False, True])
def test_a_layer_of_heads_with_dropout_is_reproducible_from_a_generator(need_weights):
    network = scratch.nn.MultiheadAttention(6, 3, dropout=0.5)
    input, outputs = np.random.default_rng(0).standard_normal((5, 2, 6), dtype=np.float32), []
    for _ in range(2):
        scratch.nn.reset_parameters(network, np.random.default_rng(0))
        outputs.append([network(input, input, input, None, need_weights)[0].data for _ in range(2)])
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert (outputs[0][0] != outputs[0][1]).any()
    network.eval()
    evaluated = [network(input, input, input)[0].data for _ in range(2)]
    np.testing.assert_array_equal(*evaluated)


@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("name", ["attn_mask", "key_padding_mask"])
def test_a_mask_of_numbers_has_the_dtype_of_the_queries(name, need_weights):
    network = scratch.nn.MultiheadAttention(6, 3)
    input = np.ones((5, 2, 6), np.float32)
    mask = np.zeros((5, 5) if name == "attn_mask" else (2, 5))
    with pytest.raises(RuntimeError, match=f"{name}: expected .* float32"):
        network(input, input, input, need_weights=need_weights, **{name: mask})
    output, _ = network(input, input, input, need_weights=need_weights, **{name: mask.astype(np.float32)})
    assert output.dtype == np.float32


def drawn(nn, layer):
    """The state of a layer drawn anew, as arrays."""
    generator = np.random.default_rng(0) if nn is scratch.nn else torch.Generator().manual_seed(0)
    nn.reset_parameters(layer, generator)
    return {name: np.asarray(value) for name, value in layer.state_dict().items()}


def is_uniform(array, bound):
    return np.abs(array).max() <= bound and abs(array.std() * 3**0.5 / bound - 1) < 0.03


@pytest.mark.parametrize("nn", [scratch.nn, pytorch.nn], ids=["scratch", "pytorch"])
def test_heads_begin_with_pytorchs_distributions(nn):
    size = 100
    state = drawn(nn, nn.MultiheadAttention(size, 4, add_bias_kv=True))
    assert is_uniform(state["in_proj_weight"], (6 / (4 * size)) ** 0.5)
    assert is_uniform(state["out_proj.weight"], size**-0.5)
    assert not state["in_proj_bias"].any()
    assert not state["out_proj.bias"].any()
    assert abs(np.concatenate([state["bias_k"], state["bias_v"]]).std() * size**0.5 - 1) < 0.2
    state = drawn(nn, nn.MultiheadAttention(size, 4, kdim=50, vdim=200))
    for name, columns in (("q", 100), ("k", 50), ("v", 200)):
        assert is_uniform(state[f"{name}_proj_weight"], (6 / (size + columns)) ** 0.5)


@pytest.mark.parametrize("nn", [scratch.nn, pytorch.nn], ids=["scratch", "pytorch"])
def test_additive_attention_begins_uniform_by_fan_in(nn):
    state = drawn(nn, nn.AdditiveAttention(100, 400, 900))
    assert is_uniform(state["query_weight"], 0.1)
    assert is_uniform(state["key_weight"], 0.05)
    assert np.abs(state["score_weight"]).max() <= 1 / 30


@pytest.mark.parametrize(
    ("options", "naming"),
    [({"embed_dim": 0}, "embed_dim"), ({"num_heads": 0}, "num_heads"), ({"num_heads": 3}, "num_heads")],
)
def test_heads_are_not_made_with_what_pytorch_refuses(options, naming):
    options = {"embed_dim": 4, "num_heads": 2, **options}
    with pytest.raises(Exception) as theirs:
        torch.nn.MultiheadAttention(**options)
    for nn in (scratch.nn, shapes.nn):
        with pytest.raises(theirs.type, match=naming):
            nn.MultiheadAttention(**options)


def test_the_cost_of_attention_is_that_of_its_products():
    (row,) = shapes.layers(shapes.nn.MultiheadAttention(8, 2), (5, 3, 8))
    assert row.multiply_adds == 3 * (4 * 5 * 8 * 8 + 2 * 5 * 5 * 8)
    (row,) = shapes.layers(shapes.nn.MultiheadAttention(8, 2, batch_first=True), (3, 5, 8))
    assert row.multiply_adds == 3 * (4 * 5 * 8 * 8 + 2 * 5 * 5 * 8)
    (row,) = shapes.layers(shapes.nn.AdditiveAttention(2, 3, 6), (3, 5, 2))
    assert row.output_shape == (3, 5, 3)
    assert row.multiply_adds == 3 * (5 * 6 * 2 + 5 * 6 * 3 + 5 * 5 * 6 + 5 * 5 * 3)
