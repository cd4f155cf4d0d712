"""Recurrent layers and embeddings: shape and cost."""

from math import prod

from ...scratch import nn as computing
from ...scratch.nn.recurrent import cell_shapes, check_nonlinearity, embedding_options, sequence_shapes
from ...scratch.windows import as_int
from .fully_connected import Linear
from .module import Layer

__all__ = ["GRU", "LSTM", "RNN", "Embedding", "GRUCell", "LSTMCell", "RNNCell"]


class Embedding(Layer):
    """Shape of ``scratch.nn.Embedding``, which multiplies nothing."""

    def __init__(
        self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False,
        sparse=False,
    ):  # fmt: skip
        super().__init__()
        self.num_embeddings = as_int(num_embeddings, "num_embeddings", 0)
        self.embedding_dim = as_int(embedding_dim, "embedding_dim", 0)
        self.padding_idx = embedding_options(num_embeddings, padding_idx, scale_grad_by_freq, sparse)
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.parameter_shapes = {"weight": (num_embeddings, embedding_dim)}

    extra_repr = computing.Embedding.extra_repr

    def output_shape(self, shape):
        return (*shape, self.embedding_dim)


class _Recurrent(Layer):
    """The products of the weights count, those of the gates with the states do not."""

    bias = None  # an option here, as it is in the layers that compute
    spans = Linear.spans

    def multiply_adds(self, output_shape):
        weights = [shape for name, shape in self.parameter_shapes.items() if name.startswith("weight")]
        return prod(output_shape[:-1]) * sum(map(prod, weights))

    def check(self, shape, axes):
        """RuntimeError unless `shape` has so many axes and the last is that of the features."""
        if len(shape) not in axes or shape[-1] != self.input_size:
            raise RuntimeError(
                f"input: expected {axes[0]} or {axes[1]} axes, the last of {self.input_size}, got shape {shape}"
            )


class _Cell(_Recurrent):
    gates = 1

    def __init__(self, input_size, hidden_size, bias=True):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self.parameter_shapes = cell_shapes(self.gates, input_size, hidden_size, bias)

    extra_repr = computing.RNNCell.extra_repr

    def output_shape(self, shape):
        self.check(shape, (1, 2))
        return (*shape[:-1], self.hidden_size)


class RNNCell(_Cell):
    """Shape and cost of ``scratch.nn.RNNCell``."""

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh"):
        super().__init__(input_size, hidden_size, bias)
        self.nonlinearity = nonlinearity


class GRUCell(_Cell):
    """Shape and cost of ``scratch.nn.GRUCell``."""

    gates = 3


class LSTMCell(_Cell):
    """Shape and cost of ``scratch.nn.LSTMCell``; the shape is that of h."""

    gates = 4


class _Sequence(_Recurrent):
    gates = 1

    def __init__(
        self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False,
        proj_size=0,
    ):  # fmt: skip
        super().__init__()
        self.parameter_shapes = sequence_shapes(
            self.gates, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size
        )  # fmt: skip
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size

    extra_repr = computing.LSTM.extra_repr

    def output_shape(self, shape):
        self.check(shape, (2, 3))
        if shape[-2 if self.batch_first or len(shape) == 2 else 0] == 0:
            raise RuntimeError(f"input: expected at least one step, got shape {shape}")
        return (*shape[:-1], (self.proj_size or self.hidden_size) * (2 if self.bidirectional else 1))


class RNN(_Sequence):
    """Shape and cost of ``scratch.nn.RNN``; the shape is that of the output at all steps."""

    def __init__(
        self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True, batch_first=False, dropout=0.0,
        bidirectional=False,
    ):  # fmt: skip
        check_nonlinearity(nonlinearity)
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)
        self.nonlinearity = nonlinearity


class GRU(_Sequence):
    """Shape and cost of ``scratch.nn.GRU``; the shape is that of the output at all steps."""

    gates = 3

    def __init__(
        self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False
    ):  # fmt: skip
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)


class LSTM(_Sequence):
    """Shape and cost of ``scratch.nn.LSTM``; the shape is that of the output at all steps."""

    gates = 4
