"""Recurrent networks: embeddings, cells that take one step in time, and layers that take all of them.

Signatures and the layout of the weights are those of ``torch``: the rows of a weight belong to the gates one after the
other, i, f, g, o for the LSTM and r, z, n for the GRU. Backpropagation through time is a loop over the steps, last to
first; a network of any length costs no recursion.
"""

import numpy as np

from . import regularization
from ._indices import is_index_dtype
from .arithmetic import cat, select, stack, transpose
from .tensor import as_operand, differentiable
from .windows import as_bool, as_int, as_number

__all__ = [
    "embedding", "gru", "gru_cell", "lstm", "lstm_cell", "one_hot", "rnn_relu", "rnn_relu_cell", "rnn_tanh",
    "rnn_tanh_cell",
]  # fmt: skip


@differentiable
def embedding(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False
):
    """Look up the row of `weight` for each index: ``output[..., :] = weight[input[...], :]``.

    Parameters
    ----------
    input : array_like or Tensor of int64 or int32, any shape
        Indices from 0 to V - 1.
    weight : array_like or Tensor, shape (V, D)
        One row for each word of the vocabulary.
    padding_idx : int, from -V to V - 1, optional
        This row gets no gradient.
    max_norm, norm_type : float, optional
        Rows that are looked up and whose `norm_type`-norm exceeds `max_norm` are first scaled down to it, in `weight`
        itself.
    scale_grad_by_freq : bool
        Divide the gradient of a row by how often its index occurs in `input`.
    sparse : bool
        There are no sparse gradients here.

    Returns
    -------
    array or Tensor, shape (..., D)

    Raises
    ------
    IndexError
        An index out of range.
    RuntimeError
        Indices of another dtype, a weight that is not a matrix.
    AssertionError
        `padding_idx` out of range.
    NotImplementedError
        ``sparse=True``.
    TypeError
        Options of another kind.

    Source: ``torch.nn.functional.embedding``; Bengio et al., "A neural probabilistic language model" (2003).
    """
    input, weight = np.asarray(input), np.asarray(weight)
    if weight.ndim != 2:
        raise RuntimeError(f"weight: expected shape (V, D), got {weight.shape}")
    padding_idx = embedding_options(len(weight), padding_idx, scale_grad_by_freq, sparse)
    if input.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"input: expected indices of dtype int64 or int32, got {input.dtype}")
    indices = input.reshape(-1)
    if indices.size and (indices.min() < 0 or indices.max() >= len(weight)):
        raise IndexError(
            f"input: indices go from 0 to {len(weight) - 1}, got {indices.min()} to {indices.max()}"
        )
    if max_norm is not None:
        _limit_norms(weight, np.unique(indices), max_norm, norm_type)

    def grad_weight(grad):
        rows, sums, counts = _sums_by_index(indices, grad.reshape(len(indices), weight.shape[1]))
        if scale_grad_by_freq:
            sums /= counts[:, np.newaxis].astype(grad.dtype)
        total = np.zeros_like(weight, dtype=grad.dtype)
        total[rows] = sums
        if padding_idx is not None:
            total[padding_idx] = 0
        return total

    output = weight.take(indices, axis=0).reshape(*input.shape, weight.shape[1])
    return output, lambda grad: (None, lambda: grad_weight(grad))


def embedding_options(rows, padding_idx, scale_grad_by_freq, sparse):
    """Check the options of an embedding of so many rows; `padding_idx`, counted from the front."""
    as_bool(scale_grad_by_freq, "scale_grad_by_freq")
    if as_bool(sparse, "sparse"):
        raise NotImplementedError("sparse: gradients are dense here, leave it False")
    if padding_idx is None:
        return None
    if not -rows <= as_int(padding_idx, "padding_idx") < rows:
        raise AssertionError(f"padding_idx: expected a row from {-rows} to {rows - 1}, got {padding_idx}")
    return padding_idx % rows


def _limit_norms(weight, rows, max_norm, norm_type):
    """Scale, in place, those of these rows whose norm is above `max_norm` down to it."""
    max_norm, norm_type = as_number(max_norm, "max_norm"), as_number(norm_type, "norm_type")
    if weight.dtype.kind != "f":
        raise RuntimeError(f"weight: max_norm needs floating point, got {weight.dtype}")
    if not weight.flags.writeable:
        raise RuntimeError("weight: max_norm scales it in place, but it is read-only")
    if weight.shape[1] == 0:
        return
    norms = np.linalg.norm(weight[rows], norm_type, axis=1)
    over = norms > max_norm
    weight[rows[over]] *= (max_norm / (norms[over] + 1e-7))[:, np.newaxis].astype(weight.dtype)


def _sums_by_index(indices, values):
    """The rows of `values`, added up where their indices are equal: the indices, the sums, and how many they were.

    Sorted, so that equal indices stand together. A few rounds then add the first row of every group, the second, and
    so on; what is left of large groups is added up group by group.
    """
    rounds = 16
    order = np.argsort(indices, kind="stable")
    ordered = indices[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    counts = np.diff(starts, append=len(ordered))
    by_size = np.argsort(-counts, kind="stable")
    starts, counts = starts[by_size], counts[by_size]
    rows = ordered[starts]
    sums = np.zeros((len(rows), values.shape[1]), values.dtype)
    for turn in range(min(rounds, counts.max(initial=0))):
        groups = np.searchsorted(-counts, -turn)  # so many have more than `turn` rows
        sums[:groups] += values[order[starts[:groups] + turn]]
    for group in range(np.searchsorted(-counts, -rounds)):
        rest = order[starts[group] + rounds : starts[group] + counts[group]]
        sums[group] += values[rest].sum(0)
    return rows, sums, counts


@differentiable
def one_hot(tensor, num_classes=-1):
    """A vector for each class index, 1 at that class and 0 elsewhere.

    Parameters
    ----------
    tensor : array_like or Tensor of int64, any shape
        Indices, not negative.
    num_classes : int
        The length of the vectors; by default one more than the largest index.

    Returns
    -------
    array or Tensor of int64, shape (..., num_classes)

    Raises
    ------
    RuntimeError
        Another dtype, an index out of range, or nothing to infer the number of classes from.

    Source: ``torch.nn.functional.one_hot``.
    """
    indices = np.asarray(tensor)
    num_classes = as_int(num_classes, "num_classes")
    if not is_index_dtype(indices.dtype):
        raise RuntimeError(f"tensor: expected indices of dtype int64, got {indices.dtype}")
    if indices.size == 0 and num_classes < 1:
        raise RuntimeError(f"num_classes: must be given where there are no indices, got {num_classes}")
    if indices.min(initial=0) < 0:
        raise RuntimeError(f"tensor: indices must not be negative, got {indices.min()}")
    if num_classes == -1:
        num_classes = int(indices.max()) + 1
    if indices.max(initial=-1) >= num_classes:
        raise RuntimeError(
            f"num_classes: must be larger than every index, got {num_classes} and {indices.max(initial=0)}"
        )
    output = np.zeros((indices.size, num_classes), np.int64)
    output[np.arange(indices.size), indices.reshape(-1)] = 1
    return output.reshape(*indices.shape, num_classes), lambda grad: None


# Cells: one step in time. Each is a layer of one step.


@differentiable
def rnn_tanh_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of an Elman network: ``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)``.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, I)
        x, the input at this time.
    hx : array_like or Tensor, shape (N, H)
        h, the state after the time before.
    w_ih, w_hh : array_like or Tensor, shapes (H, I) and (H, H)
    b_ih, b_hh : array_like or Tensor, shape (H,), optional

    Returns
    -------
    array or Tensor, shape (N, H)
        h', the new state.

    Raises
    ------
    IndexError, RuntimeError
        Shapes that do not fit together; dtypes that differ or are not floating point.

    Source: ``torch.nn.RNNCell``, ``torch.rnn_tanh_cell``; Elman, "Finding structure in time" (1990).
    """
    return _one_step(_rnn_tanh, input, (hx,), w_ih, w_hh, b_ih, b_hh)


@differentiable
def rnn_relu_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of an Elman network with ReLU: ``h' = max(0, W_ih x + b_ih + W_hh h + b_hh)``.

    Arguments, result and errors as for :func:`rnn_tanh_cell`.

    Source: ``torch.nn.RNNCell``, ``torch.rnn_relu_cell``; Le, Jaitly and Hinton, "A simple way to initialize recurrent
    networks of rectified linear units" (2015).
    """
    return _one_step(_rnn_relu, input, (hx,), w_ih, w_hh, b_ih, b_hh)


@differentiable
def lstm_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of a network with long short-term memory, whose cell c is changed only by products and sums.

    With ``W_ih x + b_ih + W_hh h + b_hh`` cut into four parts i, f, g, o of H rows each ::

        c' = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h' = sigmoid(o) * tanh(c')

    Parameters
    ----------
    input : array_like or Tensor, shape (N, I)
    hx : tuple of two array_like or Tensor, shape (N, H)
        h and c after the time before.
    w_ih, w_hh : array_like or Tensor, shapes (4 H, I) and (4 H, H)
    b_ih, b_hh : array_like or Tensor, shape (4 H,), optional

    Returns
    -------
    tuple of two arrays or Tensors, shape (N, H)
        h' and c'.

    Raises
    ------
    IndexError, RuntimeError
        Shapes that do not fit together; dtypes that differ or are not floating point; not two states.
    TypeError
        `hx` is not a tuple.

    Source: ``torch.nn.LSTMCell``, ``torch.lstm_cell``; Hochreiter and Schmidhuber, "Long short-term memory" (1997);
    with the forget gate f of Gers, Schmidhuber and Cummins, "Learning to forget" (2000).
    """
    return _one_step(_lstm, input, two_states(hx), w_ih, w_hh, b_ih, b_hh)


@differentiable
def gru_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of a network with gated recurrent units, which blends its old state with a new one.

    With ``W_ih x + b_ih`` and ``W_hh h + b_hh`` each cut into three parts of H rows ::

        r = sigmoid(x_r + h_r)         how much of the old state the new one may see
        z = sigmoid(x_z + h_z)         how much of the old state stays
        n = tanh(x_n + r * h_n)
        h' = (1 - z) * n + z * h

    Parameters
    ----------
    input : array_like or Tensor, shape (N, I)
    hx : array_like or Tensor, shape (N, H)
    w_ih, w_hh : array_like or Tensor, shapes (3 H, I) and (3 H, H)
    b_ih, b_hh : array_like or Tensor, shape (3 H,), optional

    Returns
    -------
    array or Tensor, shape (N, H)

    Raises
    ------
    IndexError, RuntimeError
        Shapes that do not fit together; dtypes that differ or are not floating point.

    Source: ``torch.nn.GRUCell``, ``torch.gru_cell``; Cho et al., "Learning phrase representations using RNN
    encoder-decoder for statistical machine translation" (2014), where r is applied to h, before the product with W_hh.
    """
    return _one_step(_gru, input, (hx,), w_ih, w_hh, b_ih, b_hh)


# Layers: all steps in time, in one or both directions, layer upon layer.


def rnn_tanh(
    input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first, *, generator=None
):
    """An Elman network over a whole sequence: :func:`rnn_tanh_cell` at every step.

    Parameters
    ----------
    input : array_like or Tensor, shape (T, N, I), or (N, T, I) with `batch_first`
        T steps, at least one.
    hx : array_like or Tensor, shape (K, N, H)
        The states to begin with. K is `num_layers`, twice that if `bidirectional`: first layer forward, first layer
        backward, second layer forward, ...
    params : list of array_like or Tensor
        For each of the K in turn w_ih, w_hh and, if `has_biases`, b_ih, b_hh, of the shapes that the cell wants.
        Layers after the first take an input of H, or 2 H if `bidirectional`.
    has_biases : bool
    num_layers : int
    dropout : float, from 0 to 1
        Between layers, in training, an element is set to 0 with this probability; the others are divided by the
        probability to be kept.
    train : bool
    bidirectional : bool
        A second network reads the sequence from its end; the outputs of both are put side by side.
    batch_first : bool
        Whether the first axis of input and output is the batch. It does not concern `hx`.
    generator : numpy.random.Generator, optional
        Needed where dropout draws numbers.

    Returns
    -------
    output : array or Tensor, shape (T, N, H) or (T, N, 2 H), or with `batch_first` (N, T, ...)
        The states of the last layer at every step.
    h_n : array or Tensor, shape (K, N, H)
        The states after the last step; for the direction from the end, after the first.

    Raises
    ------
    RuntimeError, IndexError
        Shapes that do not fit together, no steps, dtypes that differ or are not floating point, a wrong number of
        parameters, `dropout` out of range.
    TypeError
        Options of another kind, a packed sequence, no `generator` where numbers must be drawn.

    Source: ``torch.nn.RNN``, ``torch.rnn_tanh``; Werbos, "Backpropagation through time: what it does and how to do it"
    (1990); Schuster and Paliwal, "Bidirectional recurrent neural networks" (1997).
    """
    return _all_steps(
        _rnn_tanh_direction, 1, input, (one_state(hx),), params, has_biases, num_layers, dropout, train,
        bidirectional, batch_first, generator,
    )  # fmt: skip


def rnn_relu(
    input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first, *, generator=None
):
    """An Elman network with ReLU over a whole sequence: :func:`rnn_relu_cell` at every step.

    Arguments, results and errors as for :func:`rnn_tanh`. Source: ``torch.nn.RNN``, ``torch.rnn_relu``.
    """
    return _all_steps(
        _rnn_relu_direction, 1, input, (one_state(hx),), params, has_biases, num_layers, dropout, train,
        bidirectional, batch_first, generator,
    )  # fmt: skip


def lstm(
    input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first, *, generator=None
):
    """A network with long short-term memory over a whole sequence: :func:`lstm_cell` at every step.

    Arguments and errors as for :func:`rnn_tanh`, but for these.

    Parameters
    ----------
    hx : tuple of two array_like or Tensor, shapes (K, N, P) and (K, N, H)
        h and c to begin with. Where P is not H, each h is the cell's output projected to P numbers, ``h' = W_hr
        (sigmoid(o) * tanh(c'))``.
    params : list of array_like or Tensor
        With a projection, w_hr of shape (P, H) stands after the other parameters of each of the K.

    Returns
    -------
    output, h_n, c_n : arrays or Tensors, shapes (T, N, P) or (T, N, 2 P), (K, N, P) and (K, N, H)

    Source: ``torch.nn.LSTM``, ``torch.lstm``; the projection: Sak, Senior and Beaufays, "Long short-term memory
    recurrent neural network architectures for large scale acoustic modeling" (2014).
    """
    return _all_steps(
        _lstm_direction, 4, input, two_states(hx), params, has_biases, num_layers, dropout, train,
        bidirectional, batch_first, generator,
    )  # fmt: skip


def gru(
    input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first, *, generator=None
):
    """A network with gated recurrent units over a whole sequence: :func:`gru_cell` at every step.

    Arguments, results and errors as for :func:`rnn_tanh`. Source: ``torch.nn.GRU``, ``torch.gru``.
    """
    return _all_steps(
        _gru_direction, 3, input, (one_state(hx),), params, has_biases, num_layers, dropout, train,
        bidirectional, batch_first, generator,
    )  # fmt: skip


def _all_steps(
    direction, gates, input, states, params, has_biases, num_layers, dropout, train, bidirectional, batch_first,
    generator,
):  # fmt: skip
    """Layers upon each other, each reading the sequence in one `direction` or in both."""
    if hasattr(input, "batch_sizes"):
        raise TypeError("input: packed sequences are not supported, give a padded one")
    input, states = as_operand(input), [as_operand(state) for state in states]
    groups = _check_layers(
        gates, input, states, params, has_biases, num_layers, dropout, train, bidirectional, batch_first
    )
    ways = 2 if bidirectional else 1
    sequence = transpose(input, 0, 1) if batch_first else input
    ends = []
    for layer in range(num_layers):
        if layer and train and dropout:
            sequence = regularization.dropout(sequence, dropout, True, generator=generator)
        outputs = []
        for way in range(ways):
            place = layer * ways + way
            output, *last = direction(
                sequence, *(state[place] for state in states), *groups[place], reverse=way == 1
            )
            outputs.append(output)
            ends.append(last)
        sequence = cat(outputs, 2) if bidirectional else outputs[0]
    output = transpose(sequence, 0, 1) if batch_first else sequence
    return output, *(stack(list(last)) for last in zip(*ends))


# One direction of one layer. Each function takes an input (T, N, I), a state (N, H), for the LSTM a second one, and the
# parameters, and returns the states after every step and after the last, and a pullback with the gradients in the
# order of its arguments. The pullback's first argument is None where only the last state is used.


def _rnn_tanh(input, hidden, weight_ih, weight_hh, bias_ih=None, bias_hh=None, reverse=False):
    def activate(a, output):
        np.tanh(a, out=output)

    def slope(grad, output):
        return grad * (1 - output * output)

    return _rnn(input, hidden, weight_ih, weight_hh, bias_ih, bias_hh, reverse, activate, slope)


def _rnn_relu(input, hidden, weight_ih, weight_hh, bias_ih=None, bias_hh=None, reverse=False):
    def activate(a, output):
        np.maximum(a, 0, out=output)

    def slope(grad, output):
        return select(grad, ~(output <= 0))

    return _rnn(input, hidden, weight_ih, weight_hh, bias_ih, bias_hh, reverse, activate, slope)


def _rnn(input, hidden, weight_ih, weight_hh, bias_ih, bias_hh, reverse, activate, slope):
    sums = _project(input, weight_ih, bias_ih, bias_hh)
    weight = np.ascontiguousarray(weight_hh.T)
    times, before, after = _timeline(len(input), hidden, reverse)
    for t in times:
        sums[t] += before[t] @ weight
        activate(sums[t], after[t])

    def pullback(grads, grad_last):
        grad_sums = np.empty_like(sums)
        dh = grad_last
        for t in reversed(times):
            dh = dh if grads is None else dh + grads[t]
            grad_sums[t] = slope(dh, after[t])
            dh = grad_sums[t] @ weight_hh
        return _parameter_gradients(input, before, weight_ih, grad_sums, grad_sums, (dh,))

    return (after, after[times[-1]]), pullback


def _lstm(
    input, hidden, cell, weight_ih, weight_hh, bias_ih=None, bias_hh=None, weight_hr=None, reverse=False
):
    # sigmoid(v) = (1 + tanh(v / 2)) / 2: with the rows of i, f, o halved, one tanh serves all four gates.
    scale, shift = np.full((2, 4, cell.shape[1]), 0.5, cell.dtype)
    scale[2], shift[2] = 1, 0
    scale, shift = scale.reshape(-1), shift.reshape(-1)
    gates = _project(input, weight_ih, bias_ih, bias_hh, scale)
    weight = np.ascontiguousarray((weight_hh * scale[:, np.newaxis]).T)
    times, h_before, h_after = _timeline(len(input), hidden, reverse)
    _, c_before, c_after = _timeline(len(input), cell, reverse)
    tanh_c = np.empty_like(c_after)
    shown = h_after if weight_hr is None else np.empty_like(c_after)
    for t in times:
        a = gates[t]
        a += h_before[t] @ weight
        np.tanh(a, out=a)
        a *= scale
        a += shift
        i, f, g, o = _parts(a, 4)
        np.multiply(f, c_before[t], out=c_after[t])
        c_after[t] += i * g
        np.tanh(c_after[t], out=tanh_c[t])
        np.multiply(o, tanh_c[t], out=shown[t])
        if weight_hr is not None:
            np.matmul(shown[t], weight_hr.T, out=h_after[t])

    def pullback(grads, grad_last, grad_c):
        grad_gates = np.empty_like(gates)
        grad_h = None if weight_hr is None else np.empty_like(h_after)
        dh, dc = grad_last, grad_c.copy()
        for t in reversed(times):
            dh = dh if grads is None else dh + grads[t]
            if weight_hr is not None:
                grad_h[t] = dh
                dh = dh @ weight_hr
            _lstm_step_back(gates[t], c_before[t], tanh_c[t], dh, dc, grad_gates[t])
            dh = grad_gates[t] @ weight_hh
        gradients = _parameter_gradients(input, h_before, weight_ih, grad_gates, grad_gates, (dh, dc))
        return *gradients, lambda: _product(grad_h, shown)

    return (h_after, h_after[times[-1]], c_after[times[-1]]), pullback


def _lstm_step_back(gates, c_before, tanh_c, dh, dc, grad_gates):
    """From the gradients with respect to h' and c' to those before the gates, in place, and to c, in `dc`."""
    i, f, g, o = _parts(gates, 4)
    di, df, dg, do = _parts(grad_gates, 4)
    through = tanh_c * tanh_c
    np.subtract(1, through, out=through)
    through *= o
    through *= dh
    dc += through
    np.subtract(1, gates, out=grad_gates)
    grad_gates *= gates  # the slope of a sigmoid
    np.multiply(g, g, out=dg)
    np.subtract(1, dg, out=dg)  # the slope of a tanh
    for grad, partner, incoming in ((di, g, dc), (df, c_before, dc), (dg, i, dc), (do, tanh_c, dh)):
        grad *= partner
        grad *= incoming
    dc *= f


def _gru(input, hidden, weight_ih, weight_hh, bias_ih=None, bias_hh=None, reverse=False):
    size = hidden.shape[1]
    scale = np.ones(3 * size, hidden.dtype)
    scale[: 2 * size] = 0.5  # sigmoids by tanh, as for the LSTM
    gates = _project(input, weight_ih, bias_ih, None, scale)
    weight = np.ascontiguousarray((weight_hh * scale[:, np.newaxis]).T)
    bias = 0 if bias_hh is None else bias_hh * scale
    times, before, after = _timeline(len(input), hidden, reverse)
    inner = np.empty_like(after)  # what r is multiplied with
    for t in times:
        sums = before[t] @ weight
        sums += bias
        inner[t] = sums[:, 2 * size :]
        rz, (r, z, n) = gates[t, :, : 2 * size], _parts(gates[t], 3)
        rz += sums[:, : 2 * size]
        np.tanh(rz, out=rz)
        rz *= 0.5
        rz += 0.5
        n += r * inner[t]
        np.tanh(n, out=n)
        np.subtract(before[t], n, out=after[t])
        after[t] *= z
        after[t] += n

    def pullback(grads, grad_last):
        grad_ih, grad_hh = np.empty_like(gates), np.empty_like(gates)
        dh = grad_last
        for t in reversed(times):
            dh = dh if grads is None else dh + grads[t]
            r, z, n = _parts(gates[t], 3)
            dr, dz, dn = _parts(grad_ih[t], 3)
            np.multiply(dh * (1 - z), 1 - n * n, out=dn)
            np.multiply(dn * inner[t], r * (1 - r), out=dr)
            np.multiply(dh * (before[t] - n), z * (1 - z), out=dz)
            grad_hh[t] = grad_ih[t]
            grad_hh[t, :, 2 * size :] *= r
            dh = dh * z
            dh += grad_hh[t] @ weight_hh
        return _parameter_gradients(input, before, weight_ih, grad_ih, grad_hh, (dh,))

    return (after, after[times[-1]]), pullback


_rnn_tanh_direction, _rnn_relu_direction = differentiable(_rnn_tanh), differentiable(_rnn_relu)
_lstm_direction, _gru_direction = differentiable(_lstm), differentiable(_gru)


def _one_step(direction, input, states, w_ih, w_hh, b_ih, b_hh):
    """The output and pullback of a cell: `direction` over a sequence of one."""
    arrays = _check_cell(input, states, w_ih, w_hh, b_ih, b_hh, {_lstm: 4, _gru: 3}.get(direction, 1))
    (_, *last), through_time = direction(arrays[0][np.newaxis], *arrays[1:])

    def pullback(*grads):
        grad_input, *gradients = through_time(None, *grads)
        grad_states, gradients = gradients[: len(states)], gradients[len(states) :]
        return lambda: grad_input()[0], grad_states if len(states) > 1 else grad_states[0], *gradients

    return tuple(last) if len(last) > 1 else last[0], pullback


def _timeline(steps, first, reverse):
    """The order of the steps, and room for the states before and after each, that before all of them being `first`.

    Both are views of steps + 1 states, in the order of the sequence whichever way it is read.
    """
    states = np.empty((steps + 1, *first.shape), first.dtype)
    times, before, after = range(steps), states[:-1], states[1:]
    if reverse:
        times, before, after = times[::-1], after, before
    before[times[0]] = first
    return times, before, after


def _project(input, weight, bias, other_bias, scale=None):
    """What the input contributes to all steps, (T, N, rows of the weight): one product. The rows may be scaled."""
    steps, batch, features = input.shape
    weight = weight if scale is None else weight * scale[:, np.newaxis]
    output = input.reshape(steps * batch, features) @ weight.T
    biases = [item for item in (bias, other_bias) if item is not None]
    if biases:
        total = sum(biases[1:], biases[0])
        output += total if scale is None else total * scale
    return output.reshape(steps, batch, len(weight))


def _parts(array, count):
    """`count` views of equal parts of the last axis."""
    size = array.shape[-1] // count
    return [array[..., part * size : (part + 1) * size] for part in range(count)]


def _product(left, right):
    """The sum over all steps and examples of the outer products, as one product of matrices."""
    rows = left.shape[0] * left.shape[1]
    return left.reshape(rows, left.shape[2]).T @ right.reshape(rows, right.shape[2])


def _parameter_gradients(input, before, weight_ih, grad_ih, grad_hh, grad_states):
    """The gradients of all arguments, from those with respect to what the weights contribute to each step."""

    def grad_input():
        rows = grad_ih.reshape(grad_ih.shape[0] * grad_ih.shape[1], len(weight_ih))
        return (rows @ weight_ih).reshape(input.shape)

    return (
        grad_input,
        *grad_states,
        lambda: _product(grad_ih, input),
        lambda: _product(grad_hh, before),
        lambda: grad_ih.sum((0, 1)),
        lambda: grad_hh.sum((0, 1)),
    )


def one_state(hx):
    """`hx`, or an error if it is a tuple."""
    if isinstance(hx, (tuple, list)):
        raise TypeError(f"hx: expected an array or a tensor, got {type(hx).__name__}")
    return hx


def two_states(hx):
    """`hx` as a tuple of two, or an error."""
    if not isinstance(hx, (tuple, list)):
        raise TypeError(f"hx: expected a tuple (h, c), got {type(hx).__name__}")
    if len(hx) != 2:
        raise RuntimeError(f"hx: expected two states, h and c, got {len(hx)}")
    return tuple(hx)


def _check_cell(input, states, w_ih, w_hh, b_ih, b_hh, gates):
    """All arguments as arrays, in the order in which one direction of a layer takes them."""
    input, w_ih, w_hh, *states = (np.asarray(array) for array in (input, w_ih, w_hh, *map(one_state, states)))
    b_ih, b_hh = (None if bias is None else np.asarray(bias) for bias in (b_ih, b_hh))
    _check_axes("input", input, 2, "(N, I)")
    for state in states:
        _check_axes("hx", state, 2, "(N, H)")
    batch, features, size = *input.shape, states[0].shape[1]
    expected = [("hx", state, (batch, size)) for state in states]
    expected += [("w_ih", w_ih, (gates * size, features)), ("w_hh", w_hh, (gates * size, size))]
    expected += [("b_ih", b_ih, (gates * size,)), ("b_hh", b_hh, (gates * size,))]
    _check_arrays(input, expected)
    return input, *states, w_ih, w_hh, b_ih, b_hh


def _check_layers(
    gates, input, states, params, has_biases, num_layers, dropout, train, bidirectional, batch_first
):
    """The parameters of each direction of each layer, in the order in which one direction takes them."""
    ways = 2 if as_bool(bidirectional, "bidirectional") else 1
    as_bool(has_biases, "has_biases"), as_bool(train, "train"), as_bool(batch_first, "batch_first")
    as_int(num_layers, "num_layers", 1)
    dropout = as_number(dropout, "dropout")
    if num_layers > 1 and train and not 0 <= dropout <= 1:
        raise RuntimeError(f"dropout: expected a number from 0 to 1, got {dropout!r}")
    if not isinstance(params, (tuple, list)):
        raise TypeError(f"params: expected a list, got {type(params).__name__}")
    _check_axes("input", input, 3, "(N, T, I)" if batch_first else "(T, N, I)")
    for state in states:
        _check_axes("hx", state, 3, "(K, N, H)")
    batch, steps = input.shape[:2] if batch_first else input.shape[1::-1]
    if steps == 0:
        raise RuntimeError(f"input: expected at least one step, got shape {input.shape}")
    output, size = states[0].shape[2], states[-1].shape[2]
    each = 2 + 2 * has_biases + (output != size)
    count = num_layers * ways
    if len(params) != count * each:
        raise RuntimeError(f"params: expected {count} times {each}, got {len(params)}")
    params = [as_operand(array) for array in params]
    expected = [("hx", state, (count, batch, state.shape[2])) for state in states]
    groups = []
    for place in range(count):
        group = params[place * each : (place + 1) * each]
        features = input.shape[2] if place < ways else ways * output
        shapes = [(gates * size, features), (gates * size, output)]
        shapes += [(gates * size,), (gates * size,)] if has_biases else []
        shapes += [(output, size)] if output != size else []
        for number, (array, shape) in enumerate(zip(group, shapes), place * each):
            expected.append((f"params[{number}]", array, shape))
        if output != size and not has_biases:
            group = [*group[:2], None, None, group[2]]
        groups.append(group)
    _check_arrays(input, expected)
    return groups


def _check_axes(name, array, count, meaning):
    if array.ndim != count:
        raise (IndexError if array.ndim < count else RuntimeError)(
            f"{name}: expected shape {meaning}, got {array.shape}"
        )


def _check_arrays(input, expected):
    """Dtypes, and (name, array, expected shape) of each."""
    if not np.issubdtype(input.dtype, np.floating):
        raise RuntimeError(f"input: expected floating point, got {input.dtype}")
    for name, array, shape in expected:
        if array is not None and array.shape != shape:
            raise RuntimeError(f"{name}: expected shape {shape}, got {array.shape}")
        if array is not None and array.dtype != input.dtype:
            raise RuntimeError(f"{name}: expected the input's dtype {input.dtype}, got {array.dtype}")
