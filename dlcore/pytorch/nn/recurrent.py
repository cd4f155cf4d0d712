"""Recurrent layers and embeddings: PyTorch's own."""

import math

import torch
from torch.nn import GRU, LSTM, RNN, Embedding, GRUCell, LSTMCell, RNNCell

from .module import rule, uniform

__all__ = ["GRU", "LSTM", "RNN", "Embedding", "GRUCell", "LSTMCell", "RNNCell"]


@rule(RNN, LSTM, GRU, RNNCell, LSTMCell, GRUCell)
def _by_hidden_size(layer, generator):
    """All parameters uniform between ±1/√hidden_size."""
    for parameter in layer.parameters(recurse=False):
        uniform(parameter, 1 / math.sqrt(layer.hidden_size) if layer.hidden_size else 0, generator)


@rule(Embedding)
def _normal(layer, generator):
    """Standard normal, but for the row of the padding, which is 0."""
    drawn = torch.empty(layer.weight.shape, dtype=layer.weight.dtype, device=generator.device)
    layer.weight.copy_(drawn.normal_(generator=generator))
    if layer.padding_idx is not None:
        layer.weight[layer.padding_idx] = 0
