"""Cases of ``dlcore.scratch.attention``."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Seed, Timed, known, refusal, sample, sizes

# Scaled dot-product attention


@st.composite
def _masks(draw, shape):
    """A mask that broadcasts to `shape`, of two axes at least."""
    sides = [draw(st.sampled_from([size, 1])) for size in shape]
    first = draw(st.integers(0, len(shape) - 2))
    return Array(tuple(sides[first:]), draw(st.sampled_from(["booleans", "normal"])))


@st.composite
def _attentions(draw):
    batch = draw(sizes(0, 3, axes=(0, 3)))
    queries, keys, features, values = (draw(st.integers(0, 5)) for _ in range(4))
    shapes = [(queries, features), (keys, features), (keys, values)]
    options = {}
    if draw(st.booleans()):
        options["scale"] = draw(st.sampled_from([0.3, -1.0, 2]))
    kind = draw(st.sampled_from(["plain", "causal", "mask", "groups", "broadcast"]))
    lead = [batch] * 3
    if kind == "causal":
        options["is_causal"] = True
    elif kind == "mask":
        options["attn_mask"] = draw(_masks((*batch, queries, keys)))
    elif kind == "groups":
        heads, times = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        lead = [(*batch[:1], heads * times), (*batch[:1], heads), (*batch[:1], heads)]
        options["enable_gqa"] = True
    elif kind == "broadcast":
        lead = [
            batch,
            batch[draw(st.integers(0, len(batch))) :],
            tuple(draw(st.sampled_from([n, 1])) for n in batch),
        ]
    arrays = [Array((*first, *last)) for first, last in zip(lead, shapes)]
    return sample(*arrays, **options)


_Q, _K, _V = Array((2, 2, 3, 4)), Array((2, 2, 5, 4)), Array((2, 2, 5, 6))
_SQUARE = Array((2, 2, 5, 4))  # values as long as keys: PyTorch then takes another path
_TRUE = np.ones((3, 5), bool)
_NOWHERE = np.array([[True] * 5, [False] * 5, [True, False, True, False, True]])
_INFINITE = np.where(_NOWHERE, 0.0, -np.inf)

_SCALED = Operator(
    "scaled_dot_product_attention",
    samples=_attentions(),
    examples=(
        sample(_Q, _K, _V),
        sample(_Q, _K, _SQUARE),
        sample(Array((3, 4)), Array((5, 4)), Array((5, 6))),
        sample(_Q, _K, _V, is_causal=True),
        sample(_K, _Q, Array((2, 2, 3, 6)), is_causal=True),
        sample(_K, _Q, Array((2, 2, 3, 4)), is_causal=True),
        sample(_Q, _K, _V, Literal(_NOWHERE)),
        sample(_Q, _K, _SQUARE, Literal(_NOWHERE)),
        sample(_Q, _K, _V, Literal(_INFINITE, requires_grad=False)),
        sample(_Q, _K, _V, Literal(_INFINITE)).but(smooth=False),
        sample(_Q, _K, _SQUARE, Array((3, 5))),
        sample(_Q, _K, _V, Array((2, 1, 1, 5))),
        sample(_Q, _K, _V, Array((2, 3, 1), "booleans")),
        sample(Array((2, 3, 4)), Array((2, 5, 4)), Array((2, 5, 6)), Literal(_NOWHERE[2])),
        sample(Array((3, 4)), Array((5, 4)), Array((5, 6)), Array((5,))),
        sample(Array((3, 4)), Array((5, 4)), Array((5, 6)), Literal(0.5)),
        sample(_Q, _K, _V, Array((2, 3, 5))),
        sample(_Q, Array((2, 2, 5, 4), "special"), _V, Array((3, 5), "booleans")).but(smooth=False),
        sample(_Q, _K, _V, Array((3, 5), "special")).but(smooth=False),
        sample(_Q, _K, _V, dropout_p=0.0, scale=0.0),
        sample(_Q, _K, _V, scale=np.float64(0.3)),
        sample(Array((70, 4)), Array((80, 4)), Array((80, 3)), is_causal=True),
        sample(_Q, _K, _V, dropout_p=1.0),
        sample(_Q, _K, _V, scale=-2.5),
        replace(sample(_Q, _K, _V, Literal(_NOWHERE), 0.5, generator=Seed(1)), random=True),
        replace(sample(_Q, _K, _V, None, 0.3, True, generator=Seed(1)), random=True),
        sample(Array((2, 6, 3, 4)), _K, _V, enable_gqa=True),
        sample(Array((2, 4, 3, 4)), Array((1, 2, 5, 4)), Array((1, 1, 5, 6)), enable_gqa=True),
        sample(Array((2, 4, 3, 4)), _K, _V, Array((2, 4, 3, 5)), enable_gqa=True),
        sample(Array((2, 6, 3, 4)), _K, Array((2, 3, 5, 6)), enable_gqa=True),
        sample(Array((2, 0, 3, 4)), Array((2, 0, 5, 4)), Array((2, 0, 5, 6)), enable_gqa=True),
        sample(Array((0, 2, 3, 4)), Array((0, 2, 5, 4)), Array((0, 2, 5, 6))),
        sample(Array((2, 0, 4)), Array((2, 5, 4)), Array((2, 5, 6))),
        sample(Array((2, 3, 4)), Array((2, 0, 4)), Array((2, 0, 6))),
        sample(Array((2, 3, 0)), Array((2, 5, 0)), Array((2, 5, 6))),
        sample(Array((3, 4), "uniform", -300, 300), Array((5, 4), "uniform", -300, 300), Array((5, 6))).but(
            smooth=False
        ),
        sample(Array((2, 3, 4), "special"), Array((2, 5, 4)), Array((2, 5, 6))).but(smooth=False),
        sample(Array((2, 3, 4), requires_grad=False), Array((2, 5, 4), requires_grad=False),
               Array((2, 5, 6), "special", requires_grad=False)),
    ),
    refusals=(
        refusal("query", Array((4,)), Array((5, 4)), Array((5, 6))),
        refusal("key", _Q, Array((4,)), _V),
        refusal("key", _Q, Array((2, 2, 5, 3)), _V),
        refusal("value", _Q, _K, Array((2, 2, 4, 6))),
        refusal("key", _Q, Array((3, 2, 5, 4)), _V),
        refusal("value", _Q, _K, Array((3, 2, 5, 6))),
        refusal("key", _Q, Array((2, 2, 5, 4), "integers", 0, 3), _V),
        refusal("query", *(Array((3, 4), "integers", 0, 3),) * 3, error=RuntimeError),
        refusal("attn_mask", _Q, _K, _V, Literal(np.ones((4, 5), bool))),
        refusal("attn_mask", Array((3, 4)), Array((5, 4)), Array((5, 6)), Literal(np.ones(4, bool))),
        refusal("query", Array(()), Array(()), Array(())),
        refusal("attn_mask", _Q, _K, _V, Literal(np.ones((3, 5), int))),
        refusal("attn_mask", _Q, _K, _V, Literal(np.ones((1, 2, 2, 3, 5), bool))),
        refusal("attn_mask", Array((1, 4)), Array((5, 4)), Array((5, 6)), Literal(_TRUE)),
        refusal("is_causal", _Q, _K, _V, Literal(_TRUE), is_causal=True),
        refusal("is_causal", _Q, _K, _V, is_causal="yes"),
        refusal("dropout_p", _Q, _K, _V, dropout_p=1.5),
        refusal("dropout_p", _Q, _K, _V, dropout_p=-0.5, error=RuntimeError),
        refusal("dropout_p", _Q, _K, _V, dropout_p="a"),
        refusal("generator", _Q, _K, _V, dropout_p=0.5, error=TypeError),
        refusal("scale", _Q, _K, _V, scale="a"),
        refusal("enable_gqa", _Q, _K, _V, enable_gqa=1),
        refusal("key", Array((2, 4, 3, 4)), _K, _V),
        refusal("key", Array((2, 3, 3, 4)), _K, _V, enable_gqa=True),
        refusal("key", Array((3, 4)), Array((5, 4)), Array((5, 6)), enable_gqa=True),
    ),
)  # fmt: skip

# Additive attention


def _additive_by_definition(query, key, value, query_weight, key_weight, score_weight, attn_mask=None):
    """Query by query and key by key."""
    shape = (*query.shape[:-1], key.shape[-2])
    mask = None if attn_mask is None else np.broadcast_to(attn_mask, shape)
    weights, context = np.zeros(shape), np.zeros((*query.shape[:-1], value.shape[-1]))
    for place in np.ndindex(query.shape[:-1]):
        batch, scores = place[:-1], []
        for j in range(key.shape[-2]):
            hidden = np.tanh(query_weight @ query[place] + key_weight @ key[(*batch, j)])
            scores.append(score_weight @ hidden)
        scores = np.array(scores)
        if mask is not None:
            scores = np.where(mask[place], scores, -np.inf) if mask.dtype == bool else scores + mask[place]
        if (scores != -np.inf).any():
            with np.errstate(invalid="ignore"):  # an infinite score
                weights[place] = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
        for j in range(key.shape[-2]):
            context[place] += weights[(*place, j)] * value[(*batch, j)]
    return context, weights


def _additive(batch=(2,), queries=3, keys=5, features=(2, 3), values=4, hidden=6, mask=None):
    arguments = [
        Array((*batch, queries, features[0])), Array((*batch, keys, features[1])), Array((*batch, keys, values)),
        Array((hidden, features[0])), Array((hidden, features[1])), Array((hidden,)),
    ]  # fmt: skip
    return sample(*arguments, *([] if mask is None else [mask]))


@st.composite
def _alignments(draw):
    batch = draw(sizes(0, 3, axes=(0, 2)))
    queries, keys, hidden = (draw(st.integers(1, 4)) for _ in range(3))
    mask = draw(st.one_of(st.none(), _masks((*batch, queries, keys))))
    features = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    return _additive(batch, queries, keys, features, draw(st.integers(0, 3)), hidden, mask)


_GOOD = _additive().arguments


def _with(place, value, rest=_GOOD):
    return (*rest[:place], value, *rest[place + 1 :])


_ADDITIVE = Operator(
    "additive_attention",
    samples=_alignments(),
    examples=(
        _additive(),
        _additive(batch=()),
        _additive(batch=(2, 3)),
        _additive(batch=(0,)),
        _additive(queries=0),
        _additive(keys=0),
        _additive(mask=Literal(_NOWHERE)),
        _additive(mask=Literal(_INFINITE, requires_grad=False)),
        _additive(mask=Array((2, 1, 5), "booleans")),
        _additive(mask=Array((2, 3, 1))),
        _additive(mask=Array((5,))),
        _additive(mask=Array((2, 3, 5), "special")).but(smooth=False),
    ),
    refusals=(
        refusal("query", *_with(0, Array((2,)))),
        refusal("query", *(Array(item.shape, "integers", 0, 3) for item in _GOOD)),
        refusal("key", *_with(1, Array((3, 5, 3)))),
        refusal("value", *_with(2, Array((2, 4, 4)))),
        refusal("value", *_with(2, Array((5, 4)))),
        refusal("query_weight", *_with(3, Array((6, 3)))),
        refusal("key_weight", *_with(4, Array((5, 3)))),
        refusal("score_weight", *_with(5, Array((6, 1)))),
        refusal("score_weight", *_with(5, Array((6,), "integers", 0, 3))),
        refusal("attn_mask", *_GOOD, Literal(np.ones((2, 5), bool))),
        refusal("attn_mask", *_GOOD, Literal(np.ones(4, bool))),
        refusal("attn_mask", *_GOOD, Literal(np.ones((3, 5), int))),
    ),
    known=(
        known(
            (np.array([[3.0]]), np.array([[0.25, 0.75]])),
            "by hand: the scores are 2 tanh(0) = 0 and 2 tanh(artanh(ln(3) / 2)) = ln 3",
            Literal([[0.0]]), Literal([[0.0], [float(np.arctanh(np.log(3) / 2))]]), Literal([[0.0], [4.0]]),
            Literal([[1.0]]), Literal([[1.0]]), Literal([2.0]),
        ),
    ),
    by_definition=_additive_by_definition,
)  # fmt: skip

# Multi-head attention


def _heads(
    queries=3, keys=5, batch=2, size=4, heads=2, bias=True, bias_kv=False, zero=False, dropout=0.0, out_bias=True,
    separate=None, **options,
):  # fmt: skip
    """A call with all that it needs; `separate` gives the numbers of features of keys and values."""
    kdim, vdim = separate or (size, size)
    lead = () if batch is None else (batch,)
    key, value = Array((keys, *lead, kdim)), Array((keys, *lead, vdim))
    weights = {}
    if separate:
        weights = {"use_separate_proj_weight": True}
        for name, width in (("q", size), ("k", kdim), ("v", vdim)):
            weights[f"{name}_proj_weight"] = Array((size, width))
    learned = Array((1, 1, size)) if bias_kv else None
    return sample(
        Array((queries, *lead, size)), key, value, size, heads, None if separate else Array((3 * size, size)),
        Array((3 * size,)) if bias else None, learned, learned, zero, dropout, Array((size, size)),
        Array((size,)) if out_bias else None, **weights, **options,
    )  # fmt: skip


@st.composite
def _multi_heads(draw):
    queries, keys, heads = (draw(st.integers(1, 4)) for _ in range(3))
    batch = draw(st.one_of(st.none(), st.integers(1, 3)))
    size = heads * draw(st.integers(1, 3))
    options = {"need_weights": draw(st.booleans()), "average_attn_weights": draw(st.booleans())}
    kind = draw(st.sampled_from([None, "booleans", "normal"]))
    if kind == "normal" and draw(st.booleans()):
        options["attn_mask"] = Array((heads * (1 if batch is None else batch), queries, keys), kind)
    elif kind:
        options["attn_mask"] = Array((queries, keys), kind)
    if kind and draw(st.booleans()):
        options["key_padding_mask"] = Array((keys,) if batch is None else (batch, keys), kind)
    separate = draw(st.one_of(st.none(), st.tuples(st.integers(1, 3), st.integers(1, 3))))
    call = _heads(
        queries, keys, batch, size, heads, *(draw(st.booleans()) for _ in range(3)), separate=separate, **options
    )  # fmt: skip
    nowhere = kind == "booleans" and options["need_weights"]  # a query that may look nowhere has weights NaN
    return call.but(smooth=not nowhere)


def _replaced(call, **changes):
    """The call with other arguments, by name."""
    names = (
        "query", "key", "value", "embed_dim_to_check", "num_heads", "in_proj_weight", "in_proj_bias", "bias_k", "bias_v",
        "add_zero_attn", "dropout_p", "out_proj_weight", "out_proj_bias",
    )  # fmt: skip
    arguments = tuple(changes.pop(name, value) for name, value in zip(names, call.arguments))
    return replace(call, arguments=arguments, options={**call.options, **changes})


def _refused(naming, call=None, error=None, **changes):
    call = _replaced(_heads() if call is None else call, **changes)
    return refusal(naming, *call.arguments, error=error, **call.options)


_CAUSAL = Literal(~np.tri(3, 5, dtype=bool))
_PADDED = Literal(np.array([[False, False, True, True, True], [False] * 5]))
_BLIND = Literal(np.array([[False, False, True, True, True], [True] * 5]))

_MULTI_HEAD = Operator(
    "multi_head_attention_forward",
    samples=_multi_heads(),
    examples=(
        _heads(),
        _heads(batch=None),
        _heads(batch=0),
        _heads(bias=False, out_bias=False),
        _heads(need_weights=False),
        _heads(average_attn_weights=False),
        _heads(batch=None, average_attn_weights=False),
        _heads(separate=(3, 6)),
        _heads(separate=(3, 6), bias=False, need_weights=False),
        _heads(bias_kv=True),
        _heads(zero=True, need_weights=False),
        _heads(bias_kv=True, zero=True, attn_mask=_CAUSAL, key_padding_mask=_PADDED),
        _heads(attn_mask=_CAUSAL),
        _heads(attn_mask=_CAUSAL, is_causal=True),
        _heads(attn_mask=_CAUSAL, is_causal=True, need_weights=False),
        _heads(attn_mask=_CAUSAL, is_causal=True, need_weights=False, key_padding_mask=_PADDED),
        _heads(attn_mask=Array((3, 5)), key_padding_mask=Array((2, 5))),
        _heads(attn_mask=Array((4, 3, 5)), need_weights=False),
        _heads(key_padding_mask=_PADDED, need_weights=False),
        _heads(key_padding_mask=_BLIND, need_weights=False),
        _heads(key_padding_mask=_BLIND).but(smooth=False),
        _heads(batch=None, key_padding_mask=Literal([True, False, False, False, False])),
        _heads(static_k=Array((4, 6, 2)), static_v=Array((4, 6, 2))),
        _heads(dropout=0.5, training=False),
        _heads(dropout=0.5, generator=Seed(1), need_weights=False).but(random=True),
        _heads(dropout=0.5, generator=Seed(1)).but(random=True),
        _heads(heads=1),
        _heads(heads=4),
    ),
    refusals=(
        _refused("query", query=Array((4,))),
        _refused("key", key=Array((5, 4))),
        _refused("value", value=Array((5, 4))),
        _refused("value", value=Array((4, 2, 4))),
        _refused("key", key=Array((5, 2, 3)), value=Array((5, 2, 3))),
        _refused("key", key=Array((5, 3, 4)), value=Array((5, 3, 4))),
        _refused("embed_dim_to_check", embed_dim_to_check=5),
        _refused("num_heads", num_heads=3),
        _refused("in_proj_weight", in_proj_weight=None),
        _refused("in_proj_weight", in_proj_weight=Array((12, 5))),
        _refused("in_proj_bias", in_proj_bias=Array((11,))),
        _refused("out_proj_weight", out_proj_weight=Array((4, 5))),
        _refused("q_proj_weight", _heads(separate=(3, 6)), q_proj_weight=None),
        _refused("k_proj_weight", _heads(separate=(3, 6)), k_proj_weight=None),
        _refused("v_proj_weight", _heads(separate=(3, 6)), v_proj_weight=Array((4, 5))),
        _refused("bias_k", bias_v=Array((1, 1, 4))),
        _refused("bias_v", bias_k=Array((1, 1, 4))),
        _refused("bias_k", bias_k=Array((1, 1, 3)), bias_v=Array((1, 1, 3))),
        _refused("static_k", _heads(bias_kv=True), static_k=Array((4, 6, 2))),
        _refused("static_k", static_k=Array((3, 6, 2)), static_v=Array((4, 6, 2))),
        _refused("static_v", static_k=Array((4, 6, 2)), static_v=Array((4, 6, 3))),
        _refused("attn_mask", attn_mask=Literal(np.zeros(5, bool))),
        _refused("attn_mask", attn_mask=Literal(np.zeros((3, 4), bool))),
        _refused("attn_mask", attn_mask=Literal(np.zeros((3, 3, 5), bool))),
        _refused("attn_mask", attn_mask=Literal(np.zeros((3, 5), int))),
        _refused("attn_mask", attn_mask=Literal(np.zeros((3, 5), int)), need_weights=False),
        _refused("attn_mask", is_causal=True),
        _refused("key_padding_mask", key_padding_mask=Literal(np.zeros(5, bool))),
        _refused("key_padding_mask", key_padding_mask=Literal(np.zeros((2, 4), bool))),
        _refused("key_padding_mask", key_padding_mask=Literal(np.zeros((2, 5), int))),
        _refused("generator", dropout_p=0.5, error=TypeError),
    ),
)

OPERATORS = [_SCALED, _ADDITIVE, _MULTI_HEAD]


def _triple(queries, keys, features, others=None):
    kdim, vdim = others or (features, features)
    return (Array((*queries, features)), Array((*keys, kdim)), Array((*keys, vdim)))


LAYERS = [
    Layer("MultiheadAttention", lambda nn: nn.MultiheadAttention(4, 2), _triple((3, 2), (5, 2), 4)),
    Layer("MultiheadAttention", lambda nn: nn.MultiheadAttention(4, 2), _triple((3,), (5,), 4)),
    Layer(
        "MultiheadAttention",
        lambda nn: nn.MultiheadAttention(4, 4, bias=False, add_bias_kv=True, batch_first=True),
        (*_triple((2, 3), (2, 5), 4), _PADDED),
    ),
    Layer(
        "MultiheadAttention",
        lambda nn: nn.MultiheadAttention(4, 1, add_zero_attn=True, kdim=3, vdim=6),
        (*_triple((3, 2), (5, 2), 4, (3, 6)), None, False),
    ),
    Layer(
        "MultiheadAttention",
        lambda nn: nn.MultiheadAttention(4, 2, dropout=0.5, add_bias_kv=True),
        (*_triple((3, 2), (5, 2), 4), None, True, _CAUSAL, False),
        random=True,
    ),
    Layer(
        "AdditiveAttention",
        lambda nn: nn.AdditiveAttention(2, 3, 6),
        (Array((2, 3, 2)), Array((2, 5, 3)), Array((2, 5, 3)), Literal(_NOWHERE)),
    ),
]

TIMED = [
    Timed("scaled dot product, 8x8 L128 E64", "attention", "scaled_dot_product_attention",
          sample(*(Array((8, 8, 128, 64)),) * 3)),
    Timed("the same, causal", "attention", "scaled_dot_product_attention",
          sample(*(Array((8, 8, 128, 64)),) * 3, is_causal=True)),
    Timed("additive, N32 L20 S20 A128", "attention", "additive_attention",
          _additive((32,), 20, 20, (128, 128), 128, 128)),
    Timed("multi-head, N8 L128 E256 H8, no weights", "attention", "multi_head_attention_forward",
          _heads(128, 128, 8, 256, 8, need_weights=False)),
]  # fmt: skip
