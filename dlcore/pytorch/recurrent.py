"""Recurrent networks: PyTorch's own."""

from torch import gru, gru_cell, lstm, lstm_cell, rnn_relu, rnn_relu_cell, rnn_tanh, rnn_tanh_cell
from torch.nn.functional import embedding, one_hot

__all__ = [
    "embedding", "gru", "gru_cell", "lstm", "lstm_cell", "one_hot", "rnn_relu", "rnn_relu_cell", "rnn_tanh",
    "rnn_tanh_cell",
]  # fmt: skip
