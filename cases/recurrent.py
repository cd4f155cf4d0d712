"""Cases of ``dlcore.scratch.recurrent``."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Seed, Timed, refusal, sample, sizes

# Embeddings


def _indices(shape, high):
    return Array(shape, "integers", 0, high)


@st.composite
def _lookups(draw):
    rows, features = draw(st.integers(1, 6)), draw(st.integers(0, 4))
    shape = draw(sizes(0, 5, axes=(0, 3)))
    options = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "padding_idx": st.one_of(st.none(), st.integers(-rows, rows - 1)),
                "scale_grad_by_freq": st.booleans(),
            },
        )
    )
    smooth = not options  # a padding's gradient and a scaled one are not the slope
    return sample(_indices(shape, rows), Array((rows, features)), **options).but(smooth=smooth)


_TABLE = Array((5, 3))
_FEW = Literal([[0, 2, 2], [4, 2, 0]])


def _limited(input, weight, **options):
    return sample(input, weight, **options).but(smooth=False, updates=("weight",))


_EMBEDDING = Operator(
    "embedding",
    samples=_lookups(),
    examples=(
        sample(_FEW, _TABLE),
        sample(Literal(3), _TABLE),
        sample(Literal(np.array([1, 1], np.int32)), _TABLE),
        sample(_indices((0,), 5), _TABLE),
        sample(_indices((0, 2), 5), Array((0, 3))),
        sample(Literal([0] * 40 + [1] * 17 + [2] * 16), Array((4, 3))),
        sample(_FEW, Array((5, 3), "special")).but(smooth=False),
        sample(_FEW, Array((5, 3), "integers", 0, 9)),
        sample(_FEW, _TABLE, padding_idx=2).but(smooth=False),
        sample(_FEW, _TABLE, padding_idx=-1, scale_grad_by_freq=True).but(smooth=False),
        sample(_FEW, _TABLE, padding_idx=-5).but(smooth=False),
        sample(Literal(3), _TABLE, padding_idx=3, scale_grad_by_freq=True).but(smooth=False),
        sample(_indices((0, 2), 5), _TABLE, scale_grad_by_freq=True),
        sample(_FEW, Array((5, 0))),
        _limited(Literal(3), _TABLE, max_norm=np.float64(0.5)),
        *(_limited(_FEW, _TABLE, max_norm=1.0, norm_type=p) for p in (2, 1.0, 0.5, 3.0, np.inf, -1.0, 0.0)),
        _limited(_FEW, _TABLE, max_norm=0),
        _limited(_FEW, _TABLE, max_norm=-1.0),
        _limited(_FEW, _TABLE, max_norm=np.inf),
        _limited(_FEW, Array((5, 3), "special"), max_norm=1.0),
        _limited(_FEW, Literal(np.zeros((5, 3))), max_norm=1.0, padding_idx=0),
        _limited(_indices((0,), 5), _TABLE, max_norm=1.0),
    ),
    refusals=(
        refusal("input", Literal([5]), _TABLE),
        refusal("input", Literal([-1]), _TABLE),
        refusal("input", Literal([7]), _TABLE, max_norm=1.0),
        refusal("input", Literal([1.0]), _TABLE),
        refusal("input", Array((2,), "booleans"), _TABLE),
        refusal("input", Literal(np.array([1], np.int16)), _TABLE),
        refusal("weight", _FEW, Array((5,))),
        refusal("weight", _FEW, Array((5, 3, 2))),
        refusal("weight", _FEW, Array((5, 3), "integers", 0, 9), max_norm=1.0),
        *(refusal("padding_idx", _FEW, _TABLE, value) for value in (5, -6, 1.5, True, "a")),
        refusal("max_norm", _FEW, _TABLE, max_norm="a"),
        refusal("norm_type", _FEW, _TABLE, max_norm=1.0, norm_type="a"),
        refusal("scale_grad_by_freq", _FEW, _TABLE, scale_grad_by_freq=1),
        refusal("sparse", _FEW, _TABLE, sparse="a"),
        refusal("sparse", _FEW, _TABLE, sparse=True, error=NotImplementedError),
    ),
)


@st.composite
def _classes(draw):
    classes = draw(st.integers(1, 6))
    shape = draw(sizes(1, 4, axes=(0, 3)))
    return sample(_indices(shape, classes), draw(st.sampled_from([-1, classes, classes + 2])))


_ONE_HOT = Operator(
    "one_hot",
    samples=_classes(),
    examples=(
        sample(Literal([0, 2, 2])),
        sample(Literal(2), 4),
        sample(_indices((0,), 2), 3),
        sample(_indices((2, 0), 2), num_classes=1),
    ),
    refusals=(
        refusal("tensor", Literal([0.0])),
        refusal("tensor", Literal(np.array([0], np.int32))),
        refusal("tensor", Array((2,), "booleans")),
        refusal("tensor", Literal([-1])),
        refusal("num_classes", Literal([0, 3]), 3),
        refusal("num_classes", Literal([0]), 0),
        refusal("num_classes", Literal([0]), -2),
        refusal("num_classes", _indices((0,), 2)),
        refusal("num_classes", Literal([0]), 2.5),
        refusal("num_classes", Literal([0]), True),
    ),
)

# Cells

_GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}


def _state(kind, shape, values="normal"):
    """What a cell or layer of this kind remembers."""
    one = Array(shape, values)
    return (one, one) if kind == "lstm" else one


def _weights(kind, features, size, bias=True):
    rows = _GATES[kind] * size
    return [Array((rows, features)), Array((rows, size)), *([Array((rows,))] * 2 if bias else [])]


@st.composite
def _steps(draw, kind):
    batch, features, size = draw(st.integers(0, 4)), draw(st.integers(0, 4)), draw(st.integers(1, 4))
    weights = _weights(kind, features, size, bias=False)
    biases = [Array((_GATES[kind] * size,))] * 2
    options = draw(st.sampled_from([{}, dict(zip(("b_ih", "b_hh"), biases))]))
    return sample(Array((batch, features)), _state(kind, (batch, size)), *weights, **options).but(
        smooth=kind != "rnn_relu"
    )


def _cell(kind):
    gates, weights = _GATES[kind], _weights(kind, 3, 4)
    input, hx = Array((2, 3)), _state(kind, (2, 4))
    wrong_hx = Literal([[1.0]]) if kind == "lstm" else (Array((2, 4)), Array((2, 4)))
    return Operator(
        f"{kind}_cell",
        samples=_steps(kind),
        examples=(
            sample(input, hx, *weights),
            sample(input, hx, *weights[:2]),
            sample(input, hx, *weights[:3]),
            sample(input, hx, *weights[:2], b_hh=weights[3]),
            sample(Array((2, 3), "uniform", -300, 300), hx, *weights).but(smooth=False),
            sample(Array((2, 3), "special"), _state(kind, (2, 4)), *weights).but(smooth=False),
            sample(Array((0, 3)), _state(kind, (0, 4)), *weights),
            sample(Array((2, 0)), hx, *_weights(kind, 0, 4)),
            sample(input, _state(kind, (2, 0)), *_weights(kind, 3, 0)),
            *([sample(Array((2, 3), "ties"), Array((2, 4), "ties"), Array((4, 3), "ties"), Array((4, 4), "ties"))
               .but(smooth=False)] if kind == "rnn_relu" else []),
        ),
        refusals=(
            refusal("input", Array((3,)), _state(kind, (4,)), *weights),
            refusal("input", Array((1, 2, 3)), hx, *weights),
            refusal("w_ih", Array((2, 5)), hx, *weights),
            refusal("hx", input, _state(kind, (3, 4)), *weights),
            refusal("hx", input, _state(kind, (1, 4)), *weights),
            refusal("hx", input, wrong_hx, *weights, error=TypeError),
            refusal("w_hh", input, hx, weights[0], Array((gates * 4, 5))),
            refusal("w_ih", input, hx, Array((gates * 4 + 1, 3)), weights[1]),
            refusal("b_ih", input, hx, *weights[:2], Array((gates * 4 + 1,))),
            refusal("b_hh", input, hx, *weights[:3], Array((gates * 4 + 1,))),
            refusal("input", Array((2, 3), "integers", 0, 3), hx, *weights),
            refusal("hx", input, Literal(np.ones((2, 4), int)), *weights) if kind != "lstm"
            else refusal("hx", input, (Array((2, 4)),), *weights),
        ),
    )  # fmt: skip


# Layers


def _params(kind, features, size, layers=1, ways=1, bias=True, projected=None):
    output = projected or size
    params = []
    for layer in range(layers):
        for _ in range(ways):
            rows = _GATES[kind] * size
            params += [Array((rows, features if layer == 0 else ways * output)), Array((rows, output))]
            params += [Array((rows,))] * 2 if bias else []
            params += [Array((projected, size))] if projected else []
    return params


def _sequence(
    kind, steps=3, batch=2, features=3, size=4, bias=True, layers=1, dropout=0.0, train=False, ways=1, first=False,
    projected=None, values="normal",
):  # fmt: skip
    """A call of a layer, all arguments in PyTorch's order."""
    shape = (batch, steps, features) if first else (steps, batch, features)
    hx = _state(kind, (layers * ways, batch, size))
    if projected:
        hx = (Array((layers * ways, batch, projected)), hx[1])
    params = _params(kind, features, size, layers, ways, bias, projected)
    return sample(Array(shape, values), hx, params, bias, layers, dropout, train, ways == 2, first)


@st.composite
def _sequences(draw, kind):
    size = draw(st.integers(1, 4))
    projected = (
        draw(st.integers(1, size - 1)) if kind == "lstm" and size > 1 and draw(st.booleans()) else None
    )
    return _sequence(
        kind,
        steps=draw(st.integers(1, 5)),
        batch=draw(st.integers(0, 3)),
        features=draw(st.integers(0, 4)),
        size=size,
        bias=draw(st.booleans()),
        layers=draw(st.integers(1, 3)),
        dropout=draw(st.sampled_from([0.0, 0.3])),
        train=False,
        ways=draw(st.integers(1, 2)),
        first=draw(st.booleans()),
        projected=projected,
    ).but(smooth=kind != "rnn_relu")


def _layer(kind):
    """Everything about a whole layer of this kind. Refusals leave PyTorch out of account where it reads on unchecked."""
    smooth = kind != "rnn_relu"
    examples = [
        _sequence(kind),
        _sequence(kind, bias=False),
        _sequence(kind, first=True),
        _sequence(kind, ways=2),
        _sequence(kind, layers=2),
        _sequence(kind, layers=2, ways=2, first=True),
        _sequence(kind, layers=2, dropout=0.0, train=True),
        _sequence(kind, layers=1, dropout=0.5, train=True),
        _sequence(kind, layers=2, dropout=0.5, train=False),
        _sequence(kind, steps=1),
        _sequence(kind, steps=30, batch=1, size=2),
        _sequence(kind, batch=0),
        _sequence(kind, features=0),
    ]
    if kind == "lstm":
        examples += [_sequence(kind, projected=3, layers=2, ways=2), _sequence(kind, projected=1, bias=False)]
    drawing = _sequence(kind, layers=2, dropout=0.5, train=True)  # what dropout=1 leaves is certain
    random = sample(*drawing.arguments).but(random=True)
    input, hx, params = Array((3, 2, 3)), _state(kind, (1, 2, 4)), _params(kind, 3, 4)
    rest = (True, 1, 0.0, False, False, False)

    def changed(place, value):
        return (*rest[:place], value, *rest[place + 1 :])

    return Operator(
        kind,
        samples=_sequences(kind),
        examples=(
            *(item.but(smooth=smooth) for item in examples),
            _sequence(kind, values="special").but(smooth=False),
            replace(random, options={"generator": Seed(0)}),
            sample(*drawing.arguments[:5], 1.0, *drawing.arguments[6:]).but(smooth=smooth),
        ),
        refusals=(
            refusal("input", Array((3, 3)), hx, params, *rest, error=IndexError),
            refusal("input", Array((1, 3, 2, 3)), hx, params, *rest, error=RuntimeError),
            refusal("input", Array((0, 2, 3)), hx, params, *rest),
            refusal("input", Array((2, 0, 3)), hx, params, *changed(5, True)),
            refusal("input", Array((3, 2, 3), "integers", 0, 3), hx, params, *rest),
            refusal("params", Array((3, 2, 5)), hx, params, *rest),
            refusal("hx", input, _state(kind, (2, 2, 4)), params, *rest, error=RuntimeError),
            refusal("hx", input, _state(kind, (1, 3, 4)), params, *rest),
            refusal("hx", input, Array((1, 2, 4)) if kind == "lstm" else (Array((1, 2, 4)),), params, *rest),
            refusal("hx", input, (hx,) * 3 if kind != "lstm" else (*hx, hx[0]), params, *rest),
            refusal("params", input, hx, params[:3], *rest),
            refusal("params", input, hx, params[:2], *rest),
            refusal("params", input, hx, params, *changed(0, False), error=RuntimeError),
            refusal("params", input, hx, _params(kind, 3, 4, layers=2), *rest),
            refusal("params", input, hx, _params(kind, 3, 5), *rest),
            refusal("params[2]", input, hx, [*params[:2], Array((3,)), params[3]], *rest),
            refusal("params", input, hx, params[0], *rest),
            refusal("num_layers", input, hx, params, *changed(1, 0)),
            refusal("num_layers", input, hx, params, *changed(1, 1.5)),
            refusal("num_layers", input, hx, params, *changed(1, True)),
            refusal("dropout", input, hx, params, *changed(2, "a")),
            refusal("dropout", *drawing.arguments[:5], 1.5, *drawing.arguments[6:]),
            refusal("dropout", *drawing.arguments[:5], -0.5, *drawing.arguments[6:]),
            refusal("generator", *drawing.arguments, error=TypeError),
            refusal("has_biases", input, hx, params, *changed(0, 1)),
            refusal("train", input, hx, params, *changed(3, "a")),
            refusal("bidirectional", input, hx, params, *changed(4, "a")),
            refusal("batch_first", input, hx, params, *changed(5, None)),
        ),
    )


OPERATORS = [
    _EMBEDDING,
    _ONE_HOT,
    *map(_cell, _GATES),
    *map(_layer, _GATES),
]


def _of_sequence(kind, make, shape=(3, 2, 3), hx=None, random=False):
    return Layer(kind, make, (Array(shape),) if hx is None else (Array(shape), hx), random)


LAYERS = [
    Layer("Embedding", lambda nn: nn.Embedding(5, 3), (_FEW,)),
    Layer("Embedding", lambda nn: nn.Embedding(5, 3, 2, scale_grad_by_freq=True), (_FEW,)),
    Layer("Embedding", lambda nn: nn.Embedding(5, 3, padding_idx=-1, max_norm=1.0, norm_type=1.0), (_FEW,)),
    *(
        _of_sequence(f"{kind.upper()}Cell", make, shape, hx)
        for kind in ("rnn", "lstm", "gru")
        for make in (lambda nn, kind=kind: getattr(nn, f"{kind.upper()}Cell")(3, 4),)
        for shape, hx in (
            ((2, 3), _state(kind, (2, 4))),
            ((2, 3), None),
        )
    ),
    _of_sequence("RNNCell", lambda nn: nn.RNNCell(3, 4, bias=False, nonlinearity="relu"), (2, 3)),
    _of_sequence("LSTMCell", lambda nn: nn.LSTMCell(3, 4, bias=False), (2, 3)),
    _of_sequence("GRUCell", lambda nn: nn.GRUCell(3, 4, bias=False), (2, 3)),
    *(
        _of_sequence(kind, make, shape, hx)
        for kind in ("RNN", "LSTM", "GRU")
        for make, shape, hx in (
            (lambda nn, kind=kind: getattr(nn, kind)(3, 4), (5, 2, 3), None),
            (lambda nn, kind=kind: getattr(nn, kind)(3, 4, batch_first=True), (5, 3), None),
            (lambda nn, kind=kind: getattr(nn, kind)(3, 4), (5, 3), _state(kind.lower(), (1, 4))),
            (
                lambda nn, kind=kind: getattr(nn, kind)(
                    3, 4, 2, bias=False, batch_first=True, bidirectional=True
                ),
                (2, 5, 3),
                _state(kind.lower(), (4, 2, 4)),
            ),
        )
    ),
    _of_sequence("RNN", lambda nn: nn.RNN(3, 4, 2, "relu")),
    _of_sequence("RNN", lambda nn: nn.RNN(3, 4, 2, dropout=0.5), random=True),
    _of_sequence("RNN", lambda nn: nn.RNN(3, 4, 2, dropout=1)),
    _of_sequence("LSTM", lambda nn: nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2)),
    _of_sequence("LSTM", lambda nn: nn.LSTM(3, 4, proj_size=3), hx=(Array((1, 2, 3)), Array((1, 2, 4)))),
    _of_sequence("LSTM", lambda nn: nn.LSTM(3, 4, 3, dropout=0.3, bidirectional=True), random=True),
    _of_sequence("GRU", lambda nn: nn.GRU(3, 4, 2, dropout=0.5), random=True),
]


def _layer_to_time(kind):
    """T50 N32 H128, its weights from PyTorch's initial distribution: larger ones make the sequence chaotic."""
    call = _sequence(kind, 50, 32, 128, 128, train=True)
    input, hx, params, *rest = call.arguments
    bound = 128**-0.5
    params = [replace(item, values="uniform", low=-bound, high=bound) for item in params]
    return replace(call, arguments=(input, hx, params, *rest))


TIMED = [
    *(Timed(f"{kind} T50 N32 H128", "recurrent", kind, _layer_to_time(kind)) for kind in ("lstm", "gru", "rnn_tanh")),
    Timed("embedding 1000x128, 32x50", "recurrent", "embedding",
          sample(Array((32, 50), "integers", 0, 1000), Array((1000, 128)))),
]  # fmt: skip
