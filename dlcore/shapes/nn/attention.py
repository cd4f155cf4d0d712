"""Attention layers: shape and cost, as self-attention: with as many keys as queries."""

from math import prod

from ...scratch import nn as computing
from ...scratch.nn.attention import additive_shapes, heads_shapes
from .fully_connected import Linear
from .module import Layer

__all__ = ["AdditiveAttention", "MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """The last projection of :class:`MultiheadAttention`, under the name by which PyTorch shows it."""


class MultiheadAttention(Layer):
    """Shape and cost of ``scratch.nn.MultiheadAttention``; the shape is that of the output.

    Counted are the projections and, for each query and key, the products of the score and of the average.
    """

    spans = Linear.spans

    def __init__(
        self, embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None,
        vdim=None, batch_first=False,
    ):  # fmt: skip
        super().__init__()
        self.parameter_shapes = heads_shapes(embed_dim, num_heads, bias, add_bias_kv, kdim, vdim)
        last = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias)
        self.parameter_shapes |= {f"out_proj.{name}": shape for name, shape in last.parameter_shapes.items()}
        self._modules = {"out_proj": last}
        self.embed_dim, self.batch_first = embed_dim, batch_first
        self.more = int(add_bias_kv) + int(add_zero_attn)

    def output_shape(self, shape):
        if len(shape) not in (2, 3) or shape[-1] != self.embed_dim:
            raise RuntimeError(
                f"input: expected 2 or 3 axes, the last of {self.embed_dim}, got shape {shape}"
            )
        return shape

    def multiply_adds(self, output_shape):
        steps = output_shape[-2 if self.batch_first or len(output_shape) == 2 else 0]
        weights = [shape for name, shape in self.parameter_shapes.items() if name.endswith("weight")]
        positions = prod(output_shape[:-1])
        return positions * sum(map(prod, weights)) + 2 * positions * (steps + self.more) * self.embed_dim


class AdditiveAttention(Layer):
    """Shape and cost of ``scratch.nn.AdditiveAttention`` with values like the keys; the shape is the context's."""

    spans = Linear.spans

    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.parameter_shapes = additive_shapes(query_dim, key_dim, hidden_dim)
        self.query_dim, self.key_dim, self.hidden_dim = query_dim, key_dim, hidden_dim

    extra_repr = computing.AdditiveAttention.extra_repr

    def output_shape(self, shape):
        if len(shape) < 2 or shape[-1] != self.query_dim:
            raise RuntimeError(f"input: expected queries (..., L, {self.query_dim}), got shape {shape}")
        return (*shape[:-1], self.key_dim)

    def multiply_adds(self, output_shape):
        positions, steps = prod(output_shape[:-1]), output_shape[-2]
        projections = self.hidden_dim * (self.query_dim + self.key_dim)
        return positions * (projections + steps * (self.hidden_dim + self.key_dim))
