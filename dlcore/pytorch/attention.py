"""Attention: PyTorch's own, and what it lacks in its operations."""

import torch
from torch.nn.functional import linear, multi_head_attention_forward, scaled_dot_product_attention

from ..scratch.attention import check_additive

__all__ = ["additive_attention", "multi_head_attention_forward", "scaled_dot_product_attention"]


def additive_attention(query, key, value, query_weight, key_weight, score_weight, attn_mask=None):
    """An average of values in which the score of a key comes from a network of one hidden layer.

    With the weights W, U and v, for query i and key j ::

        e_ij = v . tanh(W q_i + U k_j)
        context_i = sum over j of a_ij value_j,   a_i = softmax(e_i)

    Parameters
    ----------
    query : torch.Tensor, shape (..., L, I)
        For a decoder its states; one step at a time with L = 1.
    key : torch.Tensor, shape (..., S, J)
        For an encoder its states.
    value : torch.Tensor, shape (..., S, F)
        Often the keys again. The axes before the last two are the same for all three.
    query_weight, key_weight : torch.Tensor, shapes (A, I) and (A, J)
        W and U, to A hidden units.
    score_weight : torch.Tensor, shape (A,)
        v.
    attn_mask : torch.Tensor, broadcasting to (..., L, S), optional
        Booleans, True where a query may look at a key; or numbers of the query's dtype that are added to the scores. A
        query that may look nowhere gets 0.

    Returns
    -------
    context : torch.Tensor, shape (..., L, F)
    weights : torch.Tensor, shape (..., L, S)
        a, the alignment.

    Raises
    ------
    RuntimeError
        Shapes that do not fit together, dtypes that differ or are not floating point.

    Source: Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and translate" (2015),
    their appendix on the alignment model.
    """
    operands = {
        "query": query, "key": key, "value": value,
        "query_weight": query_weight, "key_weight": key_weight, "score_weight": score_weight,
    }  # fmt: skip
    shapes = {name: tuple(item.shape) for name, item in operands.items()}
    check_additive(shapes, None if attn_mask is None else tuple(attn_mask.shape))
    _check_dtypes(operands, attn_mask)
    pairs = linear(query, query_weight)[..., :, None, :] + linear(key, key_weight)[..., None, :, :]
    scores = torch.tanh(pairs) @ score_weight
    if attn_mask is not None:
        if attn_mask.dtype == torch.bool:
            attn_mask = scores.new_zeros(attn_mask.shape).masked_fill(~attn_mask, -torch.inf)
        scores = scores + attn_mask
    nowhere = (scores == -torch.inf).all(-1, keepdim=True)  # where a softmax would be 0 / 0
    weights = torch.softmax(scores.masked_fill(nowhere, 0), -1).masked_fill(nowhere, 0)
    return weights @ value, weights


def _check_dtypes(operands, attn_mask):
    dtype = operands["query"].dtype
    if not dtype.is_floating_point:
        raise RuntimeError(f"query: expected floating point, got {dtype}")
    for name, item in operands.items():
        if item.dtype != dtype:
            raise RuntimeError(f"{name}: expected the query's dtype {dtype}, got {item.dtype}")
    if attn_mask is not None and attn_mask.dtype not in (torch.bool, dtype):
        raise RuntimeError(f"attn_mask: expected booleans or {dtype}, got {attn_mask.dtype}")
