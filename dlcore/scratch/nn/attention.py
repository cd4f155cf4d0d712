"""Attention layers."""

import math

import numpy as np

from .. import attention
from ..arithmetic import transpose
from ..attention import each_once
from ..tensor import as_operand
from ..windows import as_int
from .fully_connected import Linear
from .module import Module, Parameter

__all__ = ["AdditiveAttention", "MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """The last projection of :class:`MultiheadAttention`, under the name by which PyTorch shows it; its bias begins at 0."""

    def reset_parameters(self, generator):
        super().reset_parameters(generator)
        if self.bias is not None:
            self.bias.data[...] = 0


class MultiheadAttention(Module):
    """:func:`dlcore.scratch.multi_head_attention_forward` with its own parameters.

    Weights begin Xavier uniform, but that of the last projection uniform between ±1/√embed_dim; biases begin at 0,
    `bias_k` and `bias_v` Xavier normal. Source: ``torch.nn.MultiheadAttention``.
    """

    def __init__(
        self, embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None,
        vdim=None, batch_first=False, *, dtype=np.float32,
    ):  # fmt: skip
        super().__init__()
        shapes = heads_shapes(embed_dim, num_heads, bias, add_bias_kv, kdim, vdim)
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim = (embed_dim if size is None else size for size in (kdim, vdim))
        self.dropout, self.add_zero_attn, self.batch_first = dropout, add_zero_attn, batch_first
        for name in (
            "in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias", "bias_k", "bias_v"
        ):  # fmt: skip
            shape = shapes.get(name)
            setattr(self, name, None if shape is None else Parameter(np.empty(shape, dtype)))
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, dtype=dtype)
        self.reset_parameters(np.random.default_rng())

    def reset_parameters(self, generator):
        """PyTorch's distributions; dropout draws from a child of `generator` from now on."""
        for name, parameter in self._parameters.items():
            if name == "in_proj_bias":
                parameter.data[...] = 0
            elif name.startswith("bias"):
                parameter.data[...] = generator.normal(0, 1 / math.sqrt(self.embed_dim), parameter.shape)
            else:
                bound = math.sqrt(6 / sum(parameter.shape))
                parameter.data[...] = generator.uniform(-bound, bound, parameter.shape)
        self.generator = generator.spawn(1)[0]

    def forward(
        self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, average_attn_weights=True,
        is_causal=False,
    ):  # fmt: skip
        """The output and, with `need_weights`, the weights; see :func:`dlcore.scratch.multi_head_attention_forward`.

        With `batch_first` the first two axes of inputs and output change places.
        """
        query, key, value = each_once(as_operand, query, key, value)
        swapped = self.batch_first and query.ndim == 3
        if swapped:
            query, key, value = each_once(lambda item: transpose(item, 0, 1), query, key, value)
        output, weights = attention.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k,
            self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias,
            training=self.training, key_padding_mask=key_padding_mask, need_weights=need_weights,
            attn_mask=attn_mask, use_separate_proj_weight=self.in_proj_weight is None,
            q_proj_weight=self.q_proj_weight, k_proj_weight=self.k_proj_weight, v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights, is_causal=is_causal, generator=self.generator,
        )  # fmt: skip
        return transpose(output, 0, 1) if swapped else output, weights


class AdditiveAttention(Module):
    """:func:`dlcore.scratch.additive_attention` from queries of `query_dim` and keys of `key_dim` numbers.

    Its weights begin uniform between ±1/√fan_in. Source: Bahdanau, Cho and Bengio, "Neural machine translation by
    jointly learning to align and translate" (2015).
    """

    def __init__(self, query_dim, key_dim, hidden_dim, *, dtype=np.float32):
        super().__init__()
        for name, shape in additive_shapes(query_dim, key_dim, hidden_dim).items():
            setattr(self, name, Parameter(np.empty(shape, dtype)))
        self.query_dim, self.key_dim, self.hidden_dim = query_dim, key_dim, hidden_dim
        self.reset_parameters(np.random.default_rng())

    def reset_parameters(self, generator):
        """Uniform between ±1/√fan_in, as the weights of fully connected layers."""
        for parameter in self._parameters.values():
            bound = 1 / math.sqrt(parameter.shape[-1])
            parameter.data[...] = generator.uniform(-bound, bound, parameter.shape)

    def forward(self, query, key, value, attn_mask=None):
        return attention.additive_attention(
            query, key, value, self.query_weight, self.key_weight, self.score_weight, attn_mask
        )

    def extra_repr(self):
        return f"query_dim={self.query_dim}, key_dim={self.key_dim}, hidden_dim={self.hidden_dim}"


def heads_shapes(embed_dim, num_heads, bias, add_bias_kv, kdim, vdim):
    """The shapes of the parameters of multi-head attention, by name in the order of the state; or an error."""
    for name, size in (("embed_dim", embed_dim), ("num_heads", num_heads)):
        if as_int(size, name) <= 0:
            raise ValueError(f"{name}: must be at least 1, got {size!r}")
    if embed_dim % num_heads:
        raise AssertionError(f"num_heads: must divide embed_dim {embed_dim}, got {num_heads}")
    kdim = embed_dim if kdim is None else as_int(kdim, "kdim", 0)
    vdim = embed_dim if vdim is None else as_int(vdim, "vdim", 0)
    if kdim == vdim == embed_dim:
        shapes = {"in_proj_weight": (3 * embed_dim, embed_dim)}
    else:
        sizes = {"q_proj_weight": embed_dim, "k_proj_weight": kdim, "v_proj_weight": vdim}
        shapes = {name: (embed_dim, size) for name, size in sizes.items()}
    shapes |= {"in_proj_bias": (3 * embed_dim,)} if bias else {}
    return shapes | (dict.fromkeys(("bias_k", "bias_v"), (1, 1, embed_dim)) if add_bias_kv else {})


def additive_shapes(query_dim, key_dim, hidden_dim):
    """The shapes of the parameters of additive attention, by name; or an error about its sizes."""
    hidden_dim = as_int(hidden_dim, "hidden_dim", 1)
    return {
        "query_weight": (hidden_dim, as_int(query_dim, "query_dim", 1)),
        "key_weight": (hidden_dim, as_int(key_dim, "key_dim", 1)),
        "score_weight": (hidden_dim,),
    }
