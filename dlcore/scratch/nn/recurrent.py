"""Recurrent layers and embeddings."""

import math
import numbers
import warnings

import numpy as np

from .. import recurrent
from ..recurrent import embedding_options
from ..tensor import Tensor, as_operand
from ..windows import as_bool, as_int
from .module import Module, Parameter

__all__ = ["GRU", "LSTM", "RNN", "Embedding", "GRUCell", "LSTMCell", "RNNCell"]


class Embedding(Module):
    """:func:`dlcore.scratch.embedding` with a table of its own, `num_embeddings` rows of `embedding_dim` numbers.

    The table begins standard normal, its row `padding_idx` at 0. Source: ``torch.nn.Embedding``.
    """

    def __init__(
        self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False,
        sparse=False, *, dtype=np.float32,
    ):  # fmt: skip
        super().__init__()
        self.num_embeddings = as_int(num_embeddings, "num_embeddings", 0)
        self.embedding_dim = as_int(embedding_dim, "embedding_dim", 0)
        self.padding_idx = embedding_options(num_embeddings, padding_idx, scale_grad_by_freq, sparse)
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self.weight = Parameter(np.empty((num_embeddings, embedding_dim), dtype))
        self.reset_parameters(np.random.default_rng())

    def reset_parameters(self, generator):
        """Standard normal, but for the row `padding_idx`, which is 0."""
        self.weight.data[...] = generator.standard_normal(self.weight.shape)
        if self.padding_idx is not None:
            self.weight.data[self.padding_idx] = 0

    @classmethod
    def from_pretrained(
        cls, embeddings, freeze=True, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False,
        sparse=False,
    ):  # fmt: skip
        """A layer whose table is `embeddings`, shape (V, D), shared and not copied; with `freeze` it is not trained."""
        table = embeddings.data if isinstance(embeddings, Tensor) else np.asarray(embeddings)
        if table.ndim != 2:
            raise AssertionError(f"embeddings: expected shape (V, D), got {table.shape}")
        layer = cls(*table.shape, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        layer.weight = Parameter(table, requires_grad=not freeze)
        return layer

    def forward(self, input):
        return recurrent.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )  # fmt: skip

    def extra_repr(self):
        defaults = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False}
        return _shown(self, ("num_embeddings", "embedding_dim"), defaults)


class _Recurrent(Module):
    """Parameters that all begin uniform between ±1/√hidden_size, as those of PyTorch's recurrent layers."""

    gates = 1  # so many times hidden_size rows has a weight

    def make(self, options, shapes, dtype):
        """Keep the options as attributes and draw parameters of these shapes."""
        for name, value in options.items():
            setattr(self, name, value)
        for name, shape in shapes.items():
            setattr(self, name, Parameter(np.empty(shape, dtype)))
        self.reset_parameters(np.random.default_rng())

    def reset_parameters(self, generator):
        """Uniform between ±1/√hidden_size."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0
        for parameter in self._parameters.values():
            parameter.data[...] = generator.uniform(-bound, bound, parameter.shape)


class _Cell(_Recurrent):
    def __init__(self, input_size, hidden_size, bias=True, *, dtype=np.float32):
        super().__init__()
        self.bias_ih = self.bias_hh = None
        options = {"input_size": input_size, "hidden_size": hidden_size, "bias": bias}
        self.make(options, cell_shapes(self.gates, **options), dtype)

    def forward(self, input, hx=None):
        """The next state from an input (N, I) or (I,) and a state (N, H) or (H,), by default zeros."""
        input = as_operand(input)
        axes = _axes(self, input, (1, 2))
        states = self.states(hx, (*input.shape[:-1], self.hidden_size), input.dtype)
        for state in states:
            if state.ndim != axes:
                error = RuntimeError if state.ndim in (1, 2) else ValueError
                raise error(f"hx: expected {axes} axes, as input has, got shape {state.shape}")
        if axes == 1:
            input, states = input[None], [state[None] for state in states]
        hx = states[0] if len(states) == 1 else tuple(states)
        output = self.operator(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        if axes == 2:
            return output
        return tuple(state[0] for state in output) if isinstance(output, tuple) else output[0]

    def states(self, hx, shape, dtype):
        """The states to begin with, as a list."""
        return [np.zeros(shape, dtype) if hx is None else as_operand(recurrent.one_state(hx))]

    def extra_repr(self):
        return _shown(self, ("input_size", "hidden_size"), {"bias": True, "nonlinearity": "tanh"})


class RNNCell(_Cell):
    """:func:`dlcore.scratch.rnn_tanh_cell`, or with `nonlinearity` "relu" :func:`dlcore.scratch.rnn_relu_cell`.

    Source: ``torch.nn.RNNCell``.
    """

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh", *, dtype=np.float32):
        super().__init__(input_size, hidden_size, bias, dtype=dtype)
        self.nonlinearity = nonlinearity

    def operator(self, *arguments):
        cells = {"tanh": recurrent.rnn_tanh_cell, "relu": recurrent.rnn_relu_cell}
        if self.nonlinearity not in cells:
            raise RuntimeError(f"nonlinearity: expected 'tanh' or 'relu', got {self.nonlinearity!r}")
        return cells[self.nonlinearity](*arguments)


class GRUCell(_Cell):
    """:func:`dlcore.scratch.gru_cell` with its own parameters. Source: ``torch.nn.GRUCell``."""

    gates = 3
    operator = staticmethod(recurrent.gru_cell)


class LSTMCell(_Cell):
    """:func:`dlcore.scratch.lstm_cell` with its own parameters; it takes and returns (h, c).

    Source: ``torch.nn.LSTMCell``.
    """

    gates = 4
    operator = staticmethod(recurrent.lstm_cell)

    def states(self, hx, shape, dtype):
        return [np.zeros(shape, dtype)] * 2 if hx is None else list(map(as_operand, recurrent.two_states(hx)))


class _Sequence(_Recurrent):
    """A recurrent network over whole sequences."""

    remembered = 1  # states

    def __init__(
        self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False,
        proj_size=0, *, dtype=np.float32,
    ):  # fmt: skip
        super().__init__()
        options = {
            "input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers, "bias": bias,
            "batch_first": batch_first, "dropout": dropout, "bidirectional": bidirectional, "proj_size": proj_size,
        }  # fmt: skip
        shapes = sequence_shapes(self.gates, **options)
        self.make(options | {"dropout": float(dropout)}, shapes, dtype)

    def reset_parameters(self, generator):
        """Uniform between ±1/√hidden_size; dropout draws from a child of `generator` from now on."""
        super().reset_parameters(generator)
        self.generator = generator.spawn(1)[0]

    def forward(self, input, hx=None):
        """The states of the last layer at all steps, and those of all layers at the end.

        `input` is (T, N, I), (N, T, I) with `batch_first`, or (T, I) for one sequence without a batch axis. Its first
        states `hx`, by default zeros, are (K, N, H) or, without a batch axis, (K, H).
        """
        if hasattr(input, "batch_sizes"):
            raise TypeError("input: packed sequences are not supported, give a padded one")
        input = as_operand(input)
        axes = _axes(self, input, (2, 3))
        place = 0 if self.batch_first else 1
        if axes == 2:
            input = input[None] if self.batch_first else input[:, None]
        if input.dtype != self.weight_ih_l0.dtype:
            raise ValueError(
                f"input: expected the weights' dtype {self.weight_ih_l0.dtype}, got {input.dtype}"
            )
        if input.shape[2] != self.input_size:
            raise RuntimeError(f"input: expected a last axis of {self.input_size}, got shape {input.shape}")
        states = self.states(hx, input.shape[place], input.dtype, axes)
        output, *ends = self.operator(
            input, tuple(states) if len(states) > 1 else states[0], list(self._parameters.values()), self.bias,
            self.num_layers, self.dropout, self.training, self.bidirectional, self.batch_first,
            generator=self.generator,
        )  # fmt: skip
        if axes == 2:
            output = output[0] if self.batch_first else output[:, 0]
            ends = [state[:, 0] for state in ends]
        return output, tuple(ends) if len(ends) > 1 else ends[0]

    def states(self, hx, batch, dtype, axes):
        """The states to begin with, as a list of batches."""
        count = self.num_layers * (2 if self.bidirectional else 1)
        sizes = [self.proj_size or self.hidden_size, self.hidden_size][: self.remembered]
        if hx is None:
            return [np.zeros((count, batch, size), dtype) for size in sizes]
        states = recurrent.two_states(hx) if self.remembered == 2 else (recurrent.one_state(hx),)
        states = [as_operand(state) for state in states]
        for state, size in zip(states, sizes, strict=True):
            expected = (count, batch, size) if axes == 3 else (count, size)
            if state.shape != expected:
                raise RuntimeError(f"hx: expected shape {expected}, got {state.shape}")
        return states if axes == 3 else [state[:, None] for state in states]

    def extra_repr(self):
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False,
        }  # fmt: skip
        return _shown(self, ("input_size", "hidden_size"), defaults)


class RNN(_Sequence):
    """:func:`dlcore.scratch.rnn_tanh`, or with `nonlinearity` "relu" :func:`dlcore.scratch.rnn_relu`.

    Source: ``torch.nn.RNN``.
    """

    def __init__(
        self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True, batch_first=False, dropout=0.0,
        bidirectional=False, *, dtype=np.float32,
    ):  # fmt: skip
        check_nonlinearity(nonlinearity)
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype=dtype
        )
        self.nonlinearity = nonlinearity

    def operator(self, *arguments, **options):
        operator = recurrent.rnn_relu if self.nonlinearity == "relu" else recurrent.rnn_tanh
        return operator(*arguments, **options)


class GRU(_Sequence):
    """:func:`dlcore.scratch.gru` with its own parameters. Source: ``torch.nn.GRU``."""

    gates = 3
    operator = staticmethod(recurrent.gru)

    def __init__(
        self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False,
        *, dtype=np.float32,
    ):  # fmt: skip
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype=dtype
        )


class LSTM(_Sequence):
    """:func:`dlcore.scratch.lstm` with its own parameters; it returns the output and (h_n, c_n).

    With `proj_size` the output and h are projected to so many numbers. Source: ``torch.nn.LSTM``.
    """

    gates = 4
    remembered = 2
    operator = staticmethod(recurrent.lstm)


def check_nonlinearity(nonlinearity):
    """An error unless it is one that a recurrent network can have."""
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"nonlinearity: expected 'tanh' or 'relu', got {nonlinearity!r}")


def cell_shapes(gates, input_size, hidden_size, bias):
    """The shapes of a cell's parameters, by name; or an error about its sizes."""
    rows = gates * as_int(hidden_size, "hidden_size", 0)
    shapes = {"weight_ih": (rows, as_int(input_size, "input_size", 0)), "weight_hh": (rows, hidden_size)}
    return shapes | ({"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {})


def sequence_shapes(
    gates, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size
):
    """The shapes of the parameters of all layers and directions, by name; or an error about the options."""
    if isinstance(dropout, bool) or not isinstance(dropout, numbers.Number) or not 0 <= dropout <= 1:
        raise ValueError(f"dropout: expected a number from 0 to 1, got {dropout!r}")
    as_bool(bias, "bias"), as_bool(batch_first, "batch_first"), as_bool(bidirectional, "bidirectional")
    lowest = {"input_size": (input_size, 1), "hidden_size": (hidden_size, 1), "num_layers": (num_layers, 1)}
    for name, (value, minimum) in {**lowest, "proj_size": (proj_size, 0)}.items():
        if as_int(value, name) < minimum:
            raise ValueError(f"{name}: must be at least {minimum}, got {value!r}")
    if proj_size >= hidden_size:
        raise ValueError(f"proj_size: must be smaller than hidden_size {hidden_size}, got {proj_size}")
    if dropout > 0 and num_layers == 1:
        warnings.warn(f"dropout: works between layers, and there is one; got {dropout}", stacklevel=4)
    ways, output, rows = 2 if bidirectional else 1, proj_size or hidden_size, gates * hidden_size
    shapes = {}
    for layer in range(num_layers):
        for suffix in (f"_l{layer}", f"_l{layer}_reverse")[:ways]:
            shapes["weight_ih" + suffix] = (rows, input_size if layer == 0 else ways * output)
            shapes["weight_hh" + suffix] = (rows, output)
            if bias:
                shapes["bias_ih" + suffix] = shapes["bias_hh" + suffix] = (rows,)
            if proj_size:
                shapes["weight_hr" + suffix] = (proj_size, hidden_size)
    return shapes


def _axes(layer, input, allowed):
    """The number of axes of the input, one of those allowed."""
    if input.ndim not in allowed:
        raise ValueError(
            f"input: {type(layer).__name__} expects {allowed[0]} or {allowed[1]} axes, got shape {input.shape}"
        )
    return input.ndim


def _shown(layer, always, defaults):
    """The sizes, and the options that are not at their defaults."""
    shown = [str(getattr(layer, name)) for name in always]
    shown += [
        f"{name}={getattr(layer, name)}"
        for name, default in defaults.items()
        if hasattr(layer, name) and getattr(layer, name) != default
    ]
    return ", ".join(shown)
