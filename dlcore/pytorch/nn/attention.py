"""Attention layers: PyTorch's own, and what it lacks."""

import math

import torch
from torch.nn import MultiheadAttention
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

from ...scratch.nn.attention import additive_shapes
from ..attention import additive_attention
from .module import Module, Parameter, rule, uniform

__all__ = ["AdditiveAttention", "MultiheadAttention"]


class AdditiveAttention(Module):
    """:func:`dlcore.pytorch.additive_attention` from queries of `query_dim` and keys of `key_dim` numbers.

    Its weights begin uniform between ±1/√fan_in. Source: Bahdanau, Cho and Bengio, "Neural machine translation by
    jointly learning to align and translate" (2015).
    """

    def __init__(self, query_dim, key_dim, hidden_dim, *, device=None, dtype=None):
        super().__init__()
        for name, shape in additive_shapes(query_dim, key_dim, hidden_dim).items():
            setattr(self, name, Parameter(torch.empty(shape, device=device, dtype=dtype)))
        self.query_dim, self.key_dim, self.hidden_dim = query_dim, key_dim, hidden_dim
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self, generator=None):
        """Uniform between ±1/√fan_in, as the weights of fully connected layers."""
        for parameter in self.parameters():
            bound = 1 / math.sqrt(parameter.shape[-1])
            if generator is None:
                parameter.uniform_(-bound, bound)
            else:
                uniform(parameter, bound, generator)

    def forward(self, query, key, value, attn_mask=None):
        return additive_attention(
            query, key, value, self.query_weight, self.key_weight, self.score_weight, attn_mask
        )

    def extra_repr(self):
        return f"query_dim={self.query_dim}, key_dim={self.key_dim}, hidden_dim={self.hidden_dim}"


@rule(MultiheadAttention)
def _of_heads(layer, generator):
    """Weights Xavier uniform, bias 0, the learned key and value Xavier normal."""
    for name, parameter in layer.named_parameters(recurse=False):
        if name == "in_proj_bias":
            parameter.zero_()
        elif name.startswith("bias"):
            drawn = torch.empty(parameter.shape, dtype=parameter.dtype, device=generator.device)
            parameter.copy_(drawn.normal_(0, 1 / math.sqrt(layer.embed_dim), generator=generator))
        else:
            uniform(parameter, math.sqrt(6 / sum(parameter.shape)), generator)


@rule(NonDynamicallyQuantizableLinear)
def _of_output(layer, generator):
    """The last projection: its weight uniform between ±1/√fan_in, its bias 0."""
    uniform(layer.weight, 1 / math.sqrt(layer.in_features), generator)
    if layer.bias is not None:
        layer.bias.zero_()
