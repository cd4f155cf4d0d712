"""Attention: an average of values, weighted by how well the key of each answers a query.

Weights are recomputed in the backward pass rather than kept, and never held for more than a block of queries at a time:
for L queries and S keys the memory grows with L + S, not with L S, unless the weights themselves are asked for.
"""

import math

import numpy as np

from . import regularization
from .activations import softmax
from .arithmetic import add, cat, matmul, mean, mul, reshape, transpose, unbroadcast
from .fully_connected import linear
from .tensor import Tensor, as_operand, differentiable
from .windows import as_bool, as_generator, as_int, as_number, volume

__all__ = ["additive_attention", "multi_head_attention_forward", "scaled_dot_product_attention"]

BLOCK = 1 << 16  # elements that are worked on at once, which the cache holds
CAUSAL_ROWS = 64  # so few queries at once that most of the keys they must not look at can be left out


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None, enable_gqa=False,
    generator=None,
):  # fmt: skip
    """``softmax(query @ key.T * scale + mask) @ value``: the score of a key is its product with the query.

    Parameters
    ----------
    query : array_like or Tensor, shape (..., L, E)
    key : array_like or Tensor, shape (..., S, E)
    value : array_like or Tensor, shape (..., S, F)
        The axes before the last two broadcast.
    attn_mask : array_like or Tensor, broadcasting to (..., L, S), optional
        Booleans, True where a query may look at a key; or numbers of the query's dtype that are added to the scores. A
        query that may look nowhere gets 0.
    dropout_p : float, from 0 to 1
        Each weight is set to 0 with this probability, and the others are divided by the probability to be kept: always,
        not only in training.
    is_causal : bool
        Query i looks at keys 0 to i only. Most of the others are left out, not weighted with 0: a NaN there, which
        PyTorch may hand on, need not arrive.
    scale : float, optional
        By default 1 / √E, which keeps the variance of the scores at that of the elements.
    enable_gqa : bool
        Groups of queries share keys and values: axis -3 of `query` may be a multiple of theirs.
    generator : numpy.random.Generator, optional
        Needed where `dropout_p` draws numbers.

    Returns
    -------
    array or Tensor, shape (..., L, F)

    Raises
    ------
    RuntimeError, IndexError
        Shapes that do not fit together, dtypes that differ or are not floating point, a mask and `is_causal`, a
        probability out of range.
    TypeError
        Options of another kind, no `generator` where numbers must be drawn.

    Source: ``torch.nn.functional.scaled_dot_product_attention``; Vaswani et al., "Attention is all you need" (2017);
    blocks, and weights computed twice: Dao et al., "FlashAttention" (2022); groups: Ainslie et al., "GQA" (2023).
    """
    query, key, value = as_operand(query), as_operand(key), as_operand(value)
    attn_mask = None if attn_mask is None else as_operand(attn_mask)
    dropout_p = _check_options(dropout_p, is_causal, attn_mask)
    generator = as_generator(generator) if 0 < dropout_p < 1 else None
    if as_bool(enable_gqa, "enable_gqa"):
        key, value = _share(key, query, "key"), _share(value, query, "value")
    batch = _check_operands(query, key, value, attn_mask)
    mask = None if attn_mask is None else _flat(attn_mask, batch, keep=True)
    scale = 1 / math.sqrt(max(1, query.shape[-1])) if scale is None else as_number(scale, "scale")
    output = _attend(
        _flat(query, batch), _flat(key, batch), _flat(value, batch), mask, dropout_p, is_causal, scale, generator
    )  # fmt: skip
    return reshape(output, (*batch, *output.shape[1:]))


@differentiable
def _attend(query, key, value, mask, dropout_p, is_causal, scale, generator):
    """Attention of queries (B, L, E) to keys (B, S, E) and values (B, S, F); axes of the mask may be of size 1."""
    places = _blocks(len(query), query.shape[1], key.shape[1], CAUSAL_ROWS if is_causal else BLOCK)
    blocks = [
        (heads, rows, slice(rows.stop if is_causal else None), generator and generator.integers(1 << 62))
        for heads, rows in places
    ]
    output = np.empty((*query.shape[:2], value.shape[2]), value.dtype)

    def weights(heads, rows, keys, seed):
        """Of a block: the weights, and what dropout multiplies them with."""
        scores = (query[heads, rows] * scale) @ key[heads, keys].swapaxes(1, 2)
        visible = np.tri(*scores.shape[1:], rows.start, dtype=bool) if is_causal else _part(mask, heads, rows)
        p = _softmax(_masked(scores, visible))
        return p, _kept(p, dropout_p, seed)

    for heads, rows, keys, seed in blocks:
        p, kept = weights(heads, rows, keys, seed)
        np.matmul(p * kept, value[heads, keys], out=output[heads, rows])

    def backward(grad):
        """For each block: its places, its weights after dropout, and the gradient with respect to its scores."""
        for heads, rows, keys, seed in blocks:
            p, kept = weights(heads, rows, keys, seed)
            slope = grad[heads, rows] @ value[heads, keys].swapaxes(1, 2)
            slope *= kept
            slope -= (grad[heads, rows] * output[heads, rows]).sum(2, keepdims=True)
            slope *= p
            yield heads, rows, keys, p * kept, slope

    def grad_mask(grad):
        total = np.zeros_like(mask)
        for heads, rows, _, _, slope in backward(grad):
            part = _part(total, heads, rows)
            part += unbroadcast(slope, part.shape)
        return total

    def pullback(grad):
        dq, dk, dv = np.empty_like(query), np.zeros_like(key), np.zeros_like(value)
        for heads, rows, keys, dropped, slope in backward(grad):
            np.matmul(slope, key[heads, keys], out=dq[heads, rows])
            dk[heads, keys] += slope.swapaxes(1, 2) @ query[heads, rows]
            dv[heads, keys] += dropped.swapaxes(1, 2) @ grad[heads, rows]
        dq *= scale
        dk *= scale
        return dq, dk, dv, lambda: grad_mask(grad)

    return output, pullback


def additive_attention(query, key, value, query_weight, key_weight, score_weight, attn_mask=None):
    """An average of values in which the score of a key comes from a network of one hidden layer.

    With the weights W, U and v, for query i and key j ::

        e_ij = v . tanh(W q_i + U k_j)
        context_i = sum over j of a_ij value_j,   a_i = softmax(e_i)

    Parameters
    ----------
    query : array_like or Tensor, shape (..., L, I)
        For a decoder its states; one step at a time with L = 1.
    key : array_like or Tensor, shape (..., S, J)
        For an encoder its states.
    value : array_like or Tensor, shape (..., S, F)
        Often the keys again. The axes before the last two are the same for all three.
    query_weight, key_weight : array_like or Tensor, shapes (A, I) and (A, J)
        W and U, to A hidden units.
    score_weight : array_like or Tensor, shape (A,)
        The vector v.
    attn_mask : array_like or Tensor, broadcasting to (..., L, S), optional
        Booleans, True where a query may look at a key; or numbers of the query's dtype that are added to the scores. A
        query that may look nowhere gets 0.

    Returns
    -------
    context : array or Tensor, shape (..., L, F)
    weights : array or Tensor, shape (..., L, S)
        a, the alignment.

    Raises
    ------
    RuntimeError
        Shapes that do not fit together, dtypes that differ or are not floating point.

    Source: Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and translate" (2015),
    their appendix on the alignment model. Arguments as for :func:`scaled_dot_product_attention`.
    """
    names = "query", "key", "value", "query_weight", "key_weight", "score_weight"
    arguments = query, key, value, query_weight, key_weight, score_weight
    operands = {name: as_operand(item) for name, item in zip(names, arguments)}
    attn_mask = None if attn_mask is None else as_operand(attn_mask)
    mask_shape = None if attn_mask is None else attn_mask.shape
    check_additive({name: item.shape for name, item in operands.items()}, mask_shape)
    _check_dtypes(operands, attn_mask)
    query, key, value, query_weight, key_weight, score_weight = operands.values()
    batch = tuple(query.shape[:-2])
    mask = None if attn_mask is None else _flat(attn_mask, batch, keep=True)
    hidden = _flat(linear(query, query_weight), batch), _flat(linear(key, key_weight), batch)
    context, weights = _align(*hidden, _flat(value, batch), score_weight, mask)
    return tuple(reshape(output, (*batch, *output.shape[1:])) for output in (context, weights))


@differentiable
def _align(query, key, value, score_weight, mask):
    """Additive attention of queries (B, L, A) and keys (B, S, A) that have been brought to the hidden layer."""
    blocks = list(_blocks(len(query), query.shape[1], key.shape[1] * query.shape[2]))
    weights = np.empty((*query.shape[:2], key.shape[1]), query.dtype)

    def hidden(heads, rows):
        """The hidden layer for each pair of query and key."""
        units = query[heads, rows, np.newaxis] + key[heads, np.newaxis]
        return np.tanh(units, out=units)

    for heads, rows in blocks:
        scores = hidden(heads, rows) @ score_weight
        weights[heads, rows] = _softmax(_masked(scores, _part(mask, heads, rows)))

    def pullback(grad, grad_weights):
        slopes = grad @ value.swapaxes(1, 2)
        slopes += grad_weights
        slopes -= (slopes * weights).sum(2, keepdims=True)
        slopes *= weights  # with respect to the scores
        dq, dk, d_score = np.empty_like(query), np.zeros_like(key), np.zeros_like(score_weight)
        for heads, rows in blocks:
            units, slope = hidden(heads, rows), slopes[heads, rows]
            d_score += slope.reshape(-1) @ units.reshape(slope.size, len(score_weight))
            units *= units
            np.subtract(1, units, out=units)
            units *= slope[..., np.newaxis]
            dq[heads, rows] = units.sum(2)
            dk[heads] += units.sum(1)
        dq *= score_weight
        dk *= score_weight
        return (
            dq, dk, lambda: weights.swapaxes(1, 2) @ grad, d_score, lambda: unbroadcast(slopes, mask.shape)
        )  # fmt: skip

    return (weights @ value, weights), pullback


def multi_head_attention_forward(
    query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v, add_zero_attn,
    dropout_p, out_proj_weight, out_proj_bias, training=True, key_padding_mask=None, need_weights=True,
    attn_mask=None, use_separate_proj_weight=False, q_proj_weight=None, k_proj_weight=None, v_proj_weight=None,
    static_k=None, static_v=None, average_attn_weights=True, is_causal=False, *, generator=None,
):  # fmt: skip
    """Scaled dot-product attention several times at once, each head in a subspace of its own.

    Queries, keys and values are projected (in_proj), cut into `num_heads` parts, attended to part by part, put side by
    side again and projected once more (out_proj).

    Parameters
    ----------
    query : array_like or Tensor, shape (L, N, E) or (L, E)
    key, value : array_like or Tensor, shapes (S, N, ...) or (S, ...)
        Of E features, or of any number with `use_separate_proj_weight`.
    embed_dim_to_check : int
        E.
    num_heads : int
        H, a divisor of E.
    in_proj_weight, in_proj_bias : array_like or Tensor, shapes (3 E, E) and (3 E,)
        For query, key and value, one below the other. The bias may be None.
    bias_k, bias_v : array_like or Tensor, shape (1, 1, E), or None
        One more key and value, learned ones.
    add_zero_attn : bool
        One more key and value, of zeros.
    dropout_p : float
        Of the weights, in training.
    out_proj_weight, out_proj_bias : array_like or Tensor, shapes (E, E) and (E,)
        The bias may be None.
    training : bool
    key_padding_mask : array_like or Tensor, shape (N, S) or (S,), optional
        Booleans, here True where a key is *not* to be looked at; or numbers of the query's dtype that are added to the
        scores.
    need_weights : bool
        Return the weights too, which then have to be kept.
    attn_mask : array_like or Tensor, shape (L, S) or (N H, L, S), optional
        The same for each pair of query and key.
    use_separate_proj_weight : bool
        Take `q_proj_weight` (E, E), `k_proj_weight` and `v_proj_weight` (E, ...) in place of `in_proj_weight`.
    static_k, static_v : array_like or Tensor, shape (N H, S, E / H), optional
        In place of the projected keys and values.
    average_attn_weights : bool
        Return the mean of the weights over the heads.
    is_causal : bool
        Says that `attn_mask`, which must be there, is the causal one; it may then be made up rather than read.
    generator : numpy.random.Generator, optional
        Needed where dropout draws numbers.

    Returns
    -------
    output : array or Tensor, shape (L, N, E) or (L, E)
    weights : array or Tensor, shape (N, L, S), without the mean (N, H, L, S), unbatched without N; or None
        A query that may look nowhere has NaN here, and 0 in the output without `need_weights`, as in PyTorch.

    Raises
    ------
    AssertionError
        Shapes that do not fit together, arguments that exclude each other: where PyTorch asserts.
    RuntimeError
        A mask or a parameter of another shape, dtypes that differ.
    TypeError
        No `generator` where numbers must be drawn.

    Source: ``torch.nn.functional.multi_head_attention_forward``; Vaswani et al., "Attention is all you need" (2017).
    """
    query, key, value = each_once(as_operand, query, key, value)
    key_padding_mask, attn_mask = each_once(as_operand, key_padding_mask, attn_mask)
    batched = _check_heads(query, key, value, key_padding_mask, attn_mask, embed_dim_to_check, num_heads,
                           use_separate_proj_weight)  # fmt: skip
    if is_causal and attn_mask is None:
        raise RuntimeError("attn_mask: must be given with is_causal")
    if not batched:
        query, key, value = each_once(lambda item: item[:, None], query, key, value)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask[None]
    steps, batch, size = query.shape
    is_causal = is_causal and key_padding_mask is None and not need_weights
    mask = None if is_causal else _check_mask(attn_mask, (steps, len(key)), batch * num_heads)
    weights = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else in_proj_weight
    q, k, v = _project(query, key, value, weights, in_proj_bias)
    k, v = _with_bias(k, v, bias_k, bias_v, static_k, static_v)
    q, k, v = (_split(item, num_heads) for item in (q, k, v))
    k, v = _static(k, static_k, "static_k", q), _static(v, static_v, "static_v", q)
    more = (bias_k is not None) + bool(add_zero_attn)
    if add_zero_attn:
        nothing = np.zeros((len(k), 1, k.shape[2]), k.dtype)
        k, v = cat([k, nothing], 1), cat([v, nothing], 1)
    mask = _merge(mask, key_padding_mask, more, (batch, k.shape[1]), num_heads, query.dtype)
    attend = _attend_openly if need_weights else _attend_in_blocks
    heads, weights = attend(q, k, v, mask, dropout_p if training else 0.0, is_causal, generator)
    joined = reshape(transpose(heads, 0, 1), (steps, batch, size))
    output = linear(joined, _expect("out_proj_weight", out_proj_weight, (None, size)), out_proj_bias)
    if need_weights:
        weights = reshape(weights, (batch, num_heads, *weights.shape[1:]))
        weights = mean(weights, 1) if average_attn_weights else weights
    return (output, weights) if batched else (output[:, 0], weights[0] if need_weights else None)


def each_once(function, *items):
    """`function` of each item, None of None; where two items are the same object, so are the results."""
    made = {id(item): None if item is None else function(item) for item in items}
    return tuple(made[id(item)] for item in items)


def _attend_openly(q, k, v, mask, dropout_p, is_causal, generator):
    """The heads' outputs and their weights, in the steps of the formula."""
    scores = matmul(mul(q, 1 / math.sqrt(q.shape[2])), transpose(k, 1, 2))
    weights = softmax(scores if mask is None else add(scores, mask), -1)
    if dropout_p > 0:
        weights = regularization.dropout(weights, dropout_p, True, generator=generator)
    return matmul(weights, v), weights


def _attend_in_blocks(q, k, v, mask, dropout_p, is_causal, generator):
    """The heads' outputs, without ever holding all weights."""
    return scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal, generator=generator), None


def _project(query, key, value, weights, bias):
    """Projected queries, keys and values, by three weights or by one; in one product where all three are the same."""
    items, names = (query, key, value), ("q_proj_weight", "k_proj_weight", "v_proj_weight")
    size = query.shape[2]
    error = AssertionError if isinstance(weights, tuple) else RuntimeError
    bias = None if bias is None else _expect("in_proj_bias", bias, (3 * size,), error)
    if not isinstance(weights, tuple):
        weight = _expect("in_proj_weight", weights, (3 * size, size))
        if query is key and key is value:
            return _thirds(linear(query, weight, bias), 2)
        weights = _thirds(weight, 0)
    biases = (None,) * 3 if bias is None else _thirds(bias, 0)
    return [
        linear(item, _expect(name, weight, (size, item.shape[2]), error), part)
        for name, item, weight, part in zip(names, items, weights, biases)
    ]


@differentiable
def _thirds(input, axis):
    """The three parts of an array along `axis`."""
    return tuple(np.split(input, 3, axis)), lambda *grads: np.concatenate(grads, axis)


def _with_bias(k, v, bias_k, bias_v, static_k, static_v):
    """Keys and values with one more, the learned one."""
    for name, one, other in (("bias_k", bias_k, bias_v), ("bias_v", bias_v, bias_k)):
        if one is None and other is not None:
            raise AssertionError(f"{name}: must be given, as the other one is")
    if bias_k is None:
        return k, v
    for name, static in (("static_k", static_k), ("static_v", static_v)):
        if static is not None:
            raise AssertionError(f"{name}: excludes bias_k and bias_v")
    room = np.zeros((1, *k.shape[1:]), k.dtype)
    pairs = (
        (k, _expect("bias_k", bias_k, (1, 1, k.shape[2]))),
        (v, _expect("bias_v", bias_v, (1, 1, k.shape[2]))),
    )
    return [cat([item, add(bias, room)], 0) for item, bias in pairs]


def _split(item, num_heads):
    """From (T, N, E) to (N H, T, E / H)."""
    steps, batch, size = item.shape
    return transpose(reshape(item, (steps, batch * num_heads, size // num_heads)), 0, 1)


def _static(item, static, name, q):
    """`static` where there is one, otherwise `item`."""
    if static is None:
        return item
    static = as_operand(static)
    if static.ndim != 3 or (static.shape[0], static.shape[2]) != (q.shape[0], q.shape[2]):
        raise AssertionError(f"{name}: expected shape ({len(q)}, S, {q.shape[2]}), got {static.shape}")
    return static


def _merge(mask, padding, more, shape, num_heads, dtype):
    """What is added to the scores, (1 or N H, L or 1, S), `more` keys at the end being free to see; or None."""
    mask, padding = _as_scores(mask, "attn_mask", dtype), _as_scores(padding, "key_padding_mask", dtype)
    mask, padding = (
        cat([item, np.zeros((*item.shape[:-1], more), item.dtype)], -1) if item is not None and more else item
        for item in (mask, padding)
    )
    if padding is None:
        return mask
    if padding.shape != shape:
        raise AssertionError(
            f"key_padding_mask: expected shape {shape[0], shape[1] - more}, got {padding.shape}"
        )
    batch, keys = shape
    padding = add(reshape(padding, (batch, 1, 1, keys)), np.zeros((1, num_heads, 1, 1), dtype))
    padding = reshape(padding, (batch * num_heads, 1, keys))
    return padding if mask is None else add(mask, padding)


def _as_scores(mask, name, dtype):
    """A mask as numbers to be added: -inf where it is true."""
    if mask is None or mask.dtype == dtype:
        return mask
    if mask.dtype != bool:
        error = RuntimeError if np.issubdtype(mask.dtype, np.floating) else AssertionError
        raise error(f"{name}: expected booleans or {dtype}, got {mask.dtype}")
    return np.where(mask.data if isinstance(mask, Tensor) else mask, dtype.type(-np.inf), dtype.type(0))


def _check_heads(query, key, value, key_padding_mask, attn_mask, embed_dim, num_heads, separate):
    """Whether there is a batch axis."""
    axes = query.ndim
    if axes not in (2, 3):
        raise AssertionError(f"query: expected shape (L, N, E) or (L, E), got {query.shape}")
    wanted = {"key": (key, (axes,)), "value": (value, (axes,)), "attn_mask": (attn_mask, (2, 3))}
    for name, (item, counts) in {**wanted, "key_padding_mask": (key_padding_mask, (axes - 1,))}.items():
        if item is not None and item.ndim not in counts:
            raise AssertionError(f"{name}: expected {counts[0]} axes, as query has {axes}, got {item.shape}")
    if query.shape[-1] != embed_dim:
        raise AssertionError(f"embed_dim_to_check: {embed_dim}, but query has shape {query.shape}")
    if embed_dim % as_int(num_heads, "num_heads", 1):
        raise AssertionError(f"num_heads: must divide {embed_dim}, got {num_heads}")
    if key.shape[:-1] != value.shape[:-1] or (not separate and key.shape != value.shape):
        raise AssertionError(f"value: expected as many as keys, {key.shape}, got {value.shape}")
    if not separate and key.shape[-1] != embed_dim:
        raise RuntimeError(f"key: expected a last axis of {embed_dim}, got shape {key.shape}")
    if axes == 3 and key.shape[1] != query.shape[1]:
        raise RuntimeError(f"key: expected the query's batch of {query.shape[1]}, got shape {key.shape}")
    return axes == 3


def _check_mask(mask, lengths, heads):
    """The mask with an axis for the heads."""
    if mask is None:
        return None
    expected = lengths if mask.ndim == 2 else (heads, *lengths)
    if mask.shape != expected:
        raise RuntimeError(f"attn_mask: expected shape {expected}, got {mask.shape}")
    return mask[None] if mask.ndim == 2 else mask


def _expect(name, parameter, shape, error=RuntimeError):
    """The parameter, of this shape, or an error that names it; None in the shape fits any size."""
    if parameter is None:
        raise AssertionError(f"{name}: must be given")
    parameter = as_operand(parameter)
    if len(parameter.shape) != len(shape) or any(
        size not in (None, found) for size, found in zip(shape, parameter.shape)
    ):
        raise error(f"{name}: expected shape {shape}, got {parameter.shape}")
    return parameter


def _share(item, query, name):
    """Keys or values with each head as often as there are queries for it."""
    if item.ndim < 3 or query.ndim < 3:
        raise IndexError(f"{name}: enable_gqa needs an axis of heads, got shape {item.shape}")
    heads, wanted = item.shape[-3], query.shape[-3]
    if wanted != heads and (heads == 0 or wanted % heads):
        raise RuntimeError(f"{name}: its {heads} heads must divide the query's {wanted}")
    return item if heads == wanted else _repeat_heads(item, wanted // heads)


@differentiable
def _repeat_heads(input, times):
    *batch, heads, steps, features = input.shape

    def pullback(grad):
        return grad.reshape(*batch, heads, times, steps, features).sum(-3)

    return np.repeat(input, times, axis=-3), pullback


@differentiable
def _flat(array, batch, keep=False):
    """`array` with one axis in place of `batch`, to which it is broadcast; with `keep` only where it has to be."""
    matrices = np.atleast_2d(array)
    lead, sides = matrices.shape[:-2], matrices.shape[-2:]
    batch = lead if keep and volume(lead) == 1 else batch
    wide = np.broadcast_to(matrices, (*batch, *sides))
    return wide.reshape(volume(batch), *sides), lambda grad: unbroadcast(
        grad.reshape(wide.shape), array.shape
    )


def _blocks(heads, rows, each, most=BLOCK):
    """Slices of heads and of at most so many rows, such that a block, of `each` elements a row, is not too large."""
    tall = max(1, min(rows, most, BLOCK // max(1, each)))
    many = max(1, BLOCK // max(1, tall * each))
    for head in range(0, heads, many):
        for row in range(0, rows, tall):
            yield slice(head, min(heads, head + many)), slice(row, min(rows, row + tall))


def _part(mask, heads, rows):
    """The part of a flat mask that concerns a block; axes of size 1 stay. None of None."""
    if mask is None:
        return None
    everything = slice(None)
    return mask[heads if len(mask) > 1 else everything, rows if mask.shape[1] > 1 else everything]


def _masked(scores, mask):
    """The scores under a mask of booleans or numbers, or under None, in place. A NaN stays one, as in PyTorch."""
    if mask is None:
        return scores
    scores += mask if mask.dtype != bool else np.where(mask, 0, -np.inf).astype(scores.dtype)
    return scores


def _softmax(scores):
    """Along the last axis, in place; 0 where all scores are -inf."""
    most = scores.max(-1, keepdims=True, initial=-np.inf)
    most[most == -np.inf] = 0
    scores -= most
    np.exp(scores, out=scores)
    total = scores.sum(-1, keepdims=True)
    total[total == 0] = 1
    scores /= total
    return scores


def _kept(weights, dropout_p, seed):
    """What dropout multiplies the weights with. The same seed draws the same numbers again."""
    if dropout_p in (0, 1):
        return 1 - dropout_p
    drawn = np.random.default_rng(seed).random(weights.shape, np.float32)
    return (drawn >= dropout_p).astype(weights.dtype) / weights.dtype.type(1 - dropout_p)


def _check_options(dropout_p, is_causal, attn_mask):
    """`dropout_p` as a number, or an error about an option."""
    dropout_p = as_number(dropout_p, "dropout_p")
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout_p: expected a number from 0 to 1, got {dropout_p!r}")
    if as_bool(is_causal, "is_causal") and attn_mask is not None:
        raise RuntimeError("is_causal: excludes attn_mask")
    return dropout_p


def _check_operands(query, key, value, attn_mask):
    """The axes before the last two, broadcast, or an error about an operand."""
    operands = {"query": query, "key": key, "value": value}
    _check_dtypes(operands, attn_mask)
    batch = check_sequences({name: item.shape for name, item in operands.items()})
    if attn_mask is not None:
        check_mask(attn_mask.shape, (*batch, query.shape[-2], key.shape[-2]))
    if key.shape[-1] != query.shape[-1]:
        raise RuntimeError(f"key: expected a last axis of {query.shape[-1]}, got shape {tuple(key.shape)}")
    return batch


def check_sequences(shapes):
    """The axes before the last two, broadcast, of queries, keys and values of these shapes; or an error."""
    for name, shape in shapes.items():
        if len(shape) < 2:
            raise RuntimeError(f"{name}: expected at least two axes, got shape {tuple(shape)}")
    if shapes["value"][-2] != shapes["key"][-2]:
        raise RuntimeError(f"value: expected one for each of {shapes['key'][-2]} keys, got {shapes['value']}")
    batch = tuple(shapes["query"][:-2])
    for name in ("key", "value"):
        try:
            batch = np.broadcast_shapes(batch, tuple(shapes[name][:-2]))
        except ValueError:
            raise RuntimeError(
                f"{name}: its first axes do not broadcast with the others, got shape {tuple(shapes[name])}"
            ) from None
    return batch


def check_mask(shape, scores):
    """An error unless a mask of this shape broadcasts to the scores'."""
    missing = (1,) * (len(scores) - len(shape))
    fits = len(shape) <= len(scores) and all(
        size in (1, there) for size, there in zip((*missing, *shape), scores)
    )
    if not fits:
        raise RuntimeError(f"attn_mask: does not broadcast to {tuple(scores)}, got shape {tuple(shape)}")


def check_additive(shapes, mask):
    """Check the shapes of additive attention's arguments, by name, and of its mask, or None."""
    sequences = {name: shapes[name] for name in ("query", "key", "value")}
    check_sequences(sequences)
    batch = tuple(shapes["query"][:-2])
    for name, shape in sequences.items():
        if tuple(shape[:-2]) != batch:
            raise RuntimeError(f"{name}: expected first axes {batch}, got shape {tuple(shape)}")
    if len(shapes["score_weight"]) != 1:
        raise RuntimeError(f"score_weight: expected shape (A,), got {tuple(shapes['score_weight'])}")
    for name in ("query", "key"):
        expected = shapes["score_weight"][0], shapes[name][-1]
        if tuple(shapes[f"{name}_weight"]) != expected:
            raise RuntimeError(
                f"{name}_weight: expected shape {expected}, got {tuple(shapes[f'{name}_weight'])}"
            )
    if mask is not None:
        check_mask(mask, (*batch, shapes["query"][-2], shapes["key"][-2]))


def _check_dtypes(operands, attn_mask):
    dtype = operands["query"].dtype
    if not np.issubdtype(dtype, np.floating):
        raise RuntimeError(f"query: expected floating point, got {dtype}")
    for name, item in operands.items():
        if item.dtype != dtype:
            raise RuntimeError(f"{name}: expected the query's dtype {dtype}, got {item.dtype}")
    if attn_mask is not None and attn_mask.dtype not in (bool, dtype):
        raise RuntimeError(f"attn_mask: expected booleans or {dtype}, got {attn_mask.dtype}")
