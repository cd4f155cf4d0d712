"""Cases of ``dlcore.scratch.activations``."""

import math

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Seed, Timed, known, refusal, sample, sizes

X = Array((3, 4, 2))
INTEGERS, BOOLEANS = Array((3, 4), "integers", -5, 6), Array((3, 4), "booleans")
NUMBERS = st.one_of(st.floats(-3, 3), st.integers(-3, 3))
POSITIVE = st.floats(0.1, 3)
LARGE = Literal([-1e4, -1000.0, -100.0, -20.0, 20.0, 100.0, 1000.0, 1e4])
HUGE = Literal([-1e30, -1.0, 0.0, 1.0, 1e30])
SMALL = Literal([-1e-3, -1e-8, -1e-30, 0.0, 1e-30, 1e-8, 1e-3])


# Elementwise: one number in, one number out, so that they share their inputs


@st.composite
def _calls(draw, kinks, arguments, options, low=-30):
    """Calls with arguments and options drawn from these strategies, and inputs of any shape, some from `low` to 30.

    Where arguments may have moved the kinks, or ties meet them, the slope is not measured.
    """
    shape = draw(sizes(0, 5, axes=(0, 4)))
    kind = draw(st.sampled_from(["wide", "ties", *(["normal"] * 2 if low < 0 else [])]))
    input = Array(shape, "uniform", low, 30) if kind == "wide" else Array(shape, kind)
    given = [draw(argument) for argument in arguments]
    named = draw(st.fixed_dictionaries({}, optional=options))
    return sample(input, *given, **named).but(smooth=kind != "ties" and not (kinks and (given or named)))


def _elementwise(
    name,
    *arguments,
    kinks=(),
    examples=(),
    refusals=(),
    integers="refused",
    infinities=True,
    nan=True,
    low=-30,
    **options,
):
    """An operator with its cases.

    Parameters
    ----------
    arguments, options : strategy
        Of what comes after the input, in order or by name.
    kinks : tuple of float
        Where two pieces meet.
    integers : {"kept", "converted", "refused"}
        What becomes of them. Booleans are converted by some that convert integers.
    infinities : bool
        Whether PyTorch agrees with itself at plus infinity: gelu gives it in float64 and NaN in float32.
    nan : bool
        Whether PyTorch sends the same gradient back from NaN wherever in an array it stands. It does not for most
        functions made of pieces: there, its loop over vectors and that over the remaining elements differ.
    low : float
        The least input that is drawn, but for normal ones. Above 0 there are no normal ones.
    """
    required = next(iter(examples)).arguments[1:] if arguments else ()

    def call(*inputs):
        return sample(*inputs, *required)

    special = Array((4, 5), "special") if infinities else Literal([[math.nan, 1.0, -math.inf, 0.0, -0.0]])
    cases = [
        call(X),
        call(Array(())),
        call(Array((2, 0, 3))),
        call(Array((5, 40))),
        *(call(item).but(smooth=False) for item in (LARGE, HUGE, SMALL, Array((3, 40), "ties"))),
        call(special if nan else Literal([[math.inf, 1.0], [-math.inf, 0.0], [-0.0, -2.0]])).but(
            smooth=False
        ),
        call(Literal([[math.nan, -1.0, 2.0]], requires_grad=False)),
        *examples,
    ]
    if kinks:
        cases.append(
            call(Literal([[value, value - 0.25, value + 0.25] for value in kinks])).but(smooth=False)
        )
    wrong = [refusal("input", BOOLEANS, *required)] if integers != "converted" else []
    if integers == "refused":
        wrong += [refusal("input", INTEGERS, *required), refusal("input", Literal(3), *required)]
    else:
        cases += [call(INTEGERS), call(Literal(3))]
        if name != "hardtanh":  # by default its lower limit is negative
            cases.append(call(Literal(np.array([0, 1, 7], np.uint8))))
    return Operator(
        name,
        samples=_calls(bool(kinks), arguments, options, low),
        examples=tuple(cases),
        refusals=(*wrong, *refusals),
    )


def _no_number(name, *before):
    """`name`, an option after the arguments `before`, given what is not a number."""
    return tuple(refusal(name, X, *before, value) for value in ("a", None, [0.5]))


_STRAIGHT = [
    _elementwise(
        "threshold", NUMBERS, NUMBERS, kinks=(0.5,), integers="kept",
        examples=(
            sample(X, 0.5, 7.0),
            sample(X, -0.5, -math.inf).but(smooth=False),
            sample(X, 0.0, math.nan).but(smooth=False),
            sample(X, math.inf, 1.0),
            sample(Array((3, 4), "special"), -math.inf, 2).but(smooth=False),
            sample(X, threshold=np.float64(0.1), value=3),
            sample(INTEGERS, -0.5, -1.7),
            sample(INTEGERS, 2.9, 3.2),
        ),
        refusals=(
            *_no_number("threshold"),
            *_no_number("value", 0.5),
            refusal("threshold", X),
            refusal("value", INTEGERS, 1, math.inf),
            refusal("threshold", INTEGERS, math.nan, 1),
            refusal("value", Literal(np.array([1, 2], np.uint8)), 1, 300),
        ),
    ),
    _elementwise("relu", kinks=(0.0,), integers="kept"),
    _elementwise("relu6", kinks=(0.0, 6.0), integers="kept", nan=False),
    _elementwise(
        "hardtanh", kinks=(-1.0, 1.0), integers="kept", nan=False,
        min_val=st.floats(-3, 0), max_val=st.floats(0, 3),
        examples=(
            sample(X, -0.5),
            sample(X, -0.5, 2),
            sample(X, min_val=1, max_val=1).but(smooth=False),
            sample(X, -math.inf, 0.25),
            sample(INTEGERS, -1.5, 2.5),
        ),
        refusals=(
            refusal("min_val", X, 2, 1),
            refusal("min_val", X, "a"),
            refusal("max_val", X, -1, "a"),
            refusal("max_val", INTEGERS, -1, math.inf),
            refusal("min_val", Literal(np.array([1, 2], np.uint8))),
        ),
    ),
    _elementwise(
        "leaky_relu", kinks=(0.0,), negative_slope=NUMBERS,
        examples=(
            sample(X, 0.1), sample(X, -0.1), sample(X, 2.0), sample(X, 1), sample(X, True), sample(X, np.float64(0.3)),
            sample(X, 0.0), sample(Array((3, 40), "ties"), 0.25).but(smooth=False),
            sample(Array((4, 5), "special"), 0.0).but(smooth=False),
        ),
        refusals=_no_number("negative_slope"),
    ),
    _elementwise("hardsigmoid", kinks=(-3.0, 3.0)),
    _elementwise("hardswish", kinks=(-3.0, 3.0), nan=False),
    _elementwise(
        "hardshrink", kinks=(-0.5, 0.5), nan=False, lambd=NUMBERS,
        examples=(sample(X, 0.1), sample(X, -1.0), sample(X, 0).but(smooth=False), sample(X, math.inf)),
        refusals=_no_number("lambd"),
    ),
    _elementwise(
        "softshrink", kinks=(-0.5, 0.5), nan=False, lambd=st.floats(0, 3),
        examples=(sample(X, 0.1), sample(X, 0), sample(X, -0.0), sample(X, True), sample(X, np.bool_(True))),
        refusals=(*_no_number("lambd"), *(refusal("lambd", X, value) for value in (-1.0, math.nan, math.inf))),
    ),
]  # fmt: skip

_SMOOTH = [
    _elementwise("sigmoid", integers="converted", examples=(sample(BOOLEANS),)),
    _elementwise("logsigmoid"),
    _elementwise("tanh", integers="converted", examples=(sample(BOOLEANS),)),
    _elementwise(
        "elu", kinks=(0.0,), nan=False, alpha=NUMBERS,
        examples=(sample(X, 1.5), sample(X, -0.5), sample(X, 0), sample(X, alpha=np.float64(2))),
        refusals=_no_number("alpha"),
    ),
    _elementwise(
        # PyTorch's backward rounds alpha to single precision: here stand those that it holds
        "celu", kinks=(0.0,), nan=False, alpha=st.floats(0.125, 3, width=32),
        examples=(
            sample(X, 1.5), sample(X, -0.5), sample(X, 2), sample(LARGE, -5.0).but(smooth=False),
            sample(X, np.float32(0.75)),
        ),
        refusals=(*_no_number("alpha"), refusal("alpha", X, 0), refusal("alpha", X, 0.0)),
    ),
    _elementwise("selu", kinks=(0.0,), nan=False),
    _elementwise(
        "gelu", infinities=False, low=-3,  # below, PyTorch's float32 cancels: 1 + erf(x / √2)
        approximate=st.sampled_from(["none", "tanh"]),
        examples=(
            sample(X, approximate="none"),
            sample(X, approximate="tanh"),
            *(sample(item, approximate="tanh").but(smooth=False) for item in (LARGE, HUGE, SMALL)),
            sample(Array((4, 5), "special"), approximate="tanh").but(smooth=False),
            sample(Array((2, 300), "uniform", -9, 9)),
        ),
        refusals=(
            refusal("approximate", X, approximate="erf"),
            refusal("approximate", X, approximate=None),
            refusal("approximate", X, approximate=True),
        ),
    ),
    _elementwise("silu"),
    _elementwise("mish"),
    _elementwise(
        "softplus", beta=POSITIVE, threshold=st.floats(15, 30),
        examples=(
            sample(X, 2.0),
            sample(X, -2),
            sample(X, 0.0).but(smooth=False),
            sample(Array((3, 40)), 2, 0.5).but(smooth=False),
            sample(Literal([[1.0, 0.5, 1.5]]), 2.0, 2.0).but(smooth=False),
            sample(X, threshold=-1).but(smooth=False),
        ),
        refusals=(*_no_number("beta"), *_no_number("threshold", 1.0)),
    ),
    _elementwise("softsign", integers="kept"),
    _elementwise("tanhshrink", integers="kept", low=0.5),  # nearer to 0 the difference cancels on both sides
]  # fmt: skip


# With parameters of their own, or several numbers at once


@st.composite
def _per_channel(draw, *extra):
    """An input and a number for each channel, or one for all."""
    shape = draw(sizes(0, 4, axes=(0, 4)))
    channels = shape[1] if len(shape) > 1 else 1
    weight = draw(st.sampled_from([(), (1,), (channels,)]))
    kind = draw(st.sampled_from(["normal", "normal", "ties"]))
    return sample(Array(shape, kind), Array(weight)).but(smooth=kind == "normal")


_CHANNELS = Array((2, 3, 4))

_PRELU = Operator(
    "prelu",
    samples=_per_channel(),
    examples=(
        sample(_CHANNELS, Array((3,))),
        sample(_CHANNELS, Array((1,))),
        sample(_CHANNELS, Array(())),
        sample(Array(()), Array((1,))),
        sample(Array((4,)), Array((1,))),
        sample(Array((0, 3, 2)), Array((3,))),
        sample(Array((2, 0, 2)), Array((0,))),
        sample(Array((2, 3, 4), "ties"), Array((3,))).but(smooth=False),
        sample(Array((2, 3, 4), "special"), Array((3,))).but(smooth=False),
        sample(LARGE, Array((1,))),
    ),
    refusals=(
        refusal("weight", _CHANNELS, Array((2,))),
        refusal("weight", _CHANNELS, Array((4,))),
        refusal("weight", _CHANNELS, Array((1, 3))),
        refusal("weight", _CHANNELS, Array((1, 1))),
        refusal("weight", Array((3,)), Array((3,))),
        refusal("weight", Array(()), Array((3,))),
        refusal("weight", _CHANNELS, Array((0,))),
        refusal("weight", _CHANNELS, Array((3,), "integers", 0, 5)),
        refusal("input", Array((2, 3), "integers", 0, 5), Array((3,), "integers", 0, 5)),
    ),
)

_RRELU = Operator(
    "rrelu",
    samples=_calls(True, (), {"lower": st.floats(-1, 0.2), "upper": st.floats(0.2, 1)}),
    examples=(
        sample(X),
        sample(X, 0.1, 0.3),
        sample(X, -1, 1),
        sample(X, 0.25, 0.25, False),
        *(
            sample(item).but(smooth=False)
            for item in (LARGE, HUGE, Array((4, 5), "special"), Array((3, 40), "ties"))
        ),
        sample(Array(())),
        sample(Array((0, 3))),
        sample(X, 0.25, 0.25, True, generator=Seed()),
        sample(Array((3, 40), "ties"), 0.25, 0.25, True, generator=Seed()).but(smooth=False),
        sample(X, training=True, generator=Seed()).but(random=True),
        sample(X, 0, 1, training=True, generator=Seed(1)).but(random=True),
        sample(Array(()), training=True, generator=Seed()).but(random=True),
        sample(Array((2, 0)), training=True, generator=Seed()),
    ),
    refusals=(
        refusal("input", INTEGERS),
        refusal("input", BOOLEANS),
        *_no_number("lower"),
        *_no_number("upper", 0.1),
        refusal("upper", X, 0.5, 0.2),
        refusal("upper", X, 0.5, 0.2, True, generator=Seed()),
        refusal("lower", X, math.nan),
        refusal("upper", X, 0.1, math.inf),
        *(refusal("training", X, 0.1, 0.2, value) for value in (1, None, "a")),
        refusal("generator", X, training=True, error=TypeError),
        refusal("generator", X, training=True, generator=3),
    ),
)


def _swish_by_definition(input, beta=1.0):
    output = np.empty_like(input)
    for place, x in np.ndenumerate(input):
        channel = place[1] if input.ndim > 1 else 0
        b = np.asarray(beta).ravel()[channel if np.size(beta) > 1 else 0]
        output[place] = x / (1 + math.exp(min(-b * x, 700)))
    return output


@st.composite
def _swish_calls(draw):
    if draw(st.booleans()):
        return draw(_per_channel()).but(smooth=True)
    shape, kind = draw(sizes(0, 5, axes=(0, 4))), draw(st.sampled_from(["normal", "ties"]))
    return sample(Array(shape, kind), **draw(st.fixed_dictionaries({}, optional={"beta": NUMBERS})))


_SWISH = Operator(
    "swish",
    samples=_swish_calls(),
    examples=(
        sample(X),
        sample(X, 2.0),
        sample(X, -1),
        sample(X, 0),
        sample(X, np.float64(0.5)),
        *(sample(item, 1.5).but(smooth=False) for item in (HUGE, SMALL)),
        sample(_CHANNELS, Array((3,))),
        sample(_CHANNELS, Array((1,))),
        sample(_CHANNELS, Array(())),
        sample(Array(()), Array((1,))),
        sample(Array((0, 3)), Array((3,))),
    ),
    refusals=(
        refusal("input", INTEGERS),
        refusal("input", BOOLEANS),
        refusal("beta", X, "a", error=TypeError),
        refusal("beta", X, None, error=TypeError),
        refusal("beta", _CHANNELS, Array((2,)), error=RuntimeError),
        refusal("beta", _CHANNELS, Array((1, 3)), error=RuntimeError),
        refusal("beta", Array((3,)), Array((3,)), error=RuntimeError),
        refusal("beta", _CHANNELS, Array((3,), "integers", 0, 5), error=RuntimeError),
    ),
    known=(
        known([0.5, -1.0, 0.0], "half the input at beta = 0", Literal([1.0, -2.0, 0.0]), 0),
        known([0.0, 3.0], "ReLU for a large beta", Literal([-2.0, 3.0]), 1000.0),
        known([math.log(3) * 0.75], "by hand: 1 / (1 + 1/3) = 3/4", Literal([math.log(3)])),
        known([2 * 0.9], "by hand: 1 / (1 + 1/9) = 0.9", Literal([2.0]), math.log(3)),
    ),
    by_definition=_swish_by_definition,
)


def _maxout_by_definition(input, pieces, dim=1):
    input = np.moveaxis(input, dim, 0)
    output = np.empty((len(input) // pieces, *input.shape[1:]), input.dtype)
    for place in np.ndindex(output.shape):
        largest = -math.inf if input.dtype.kind == "f" else np.iinfo(input.dtype).min
        for j in range(pieces):
            x = input[(place[0] * pieces + j, *place[1:])]
            largest = x if x > largest or math.isnan(x) else largest
        output[place] = largest
    return np.moveaxis(output, 0, dim)


@st.composite
def _maxout_calls(draw):
    shape, pieces = list(draw(sizes(0, 3, axes=(1, 4)))), draw(st.integers(1, 4))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    shape[dim] *= pieces
    kind = draw(st.sampled_from(["normal", "normal", "ties"]))
    named = {} if dim == 1 and draw(st.booleans()) else {"dim": dim}
    return sample(Array(tuple(shape), kind), pieces, **named).but(smooth=kind == "normal")


_MAXOUT = Operator(
    "maxout",
    samples=_maxout_calls(),
    examples=(
        sample(Array((2, 6)), 2),
        sample(Array((2, 6, 3)), 3),
        sample(Array((2, 6, 3, 2)), 1),
        sample(Array((2, 6)), 6, -1),
        sample(Array((6,)), 2, dim=0),
        sample(Array((0, 4)), 2),
        sample(Array((2, 0)), 2),
        sample(Array((2, 4, 0)), 2),
        sample(Array((5, 12), "ties"), 4).but(smooth=False),
        sample(Array((8, 12), "special"), 4).but(smooth=False),
        sample(Literal([[-math.inf, -math.inf, 1.0, math.inf]]), 2).but(smooth=False),
        sample(Array((5, 12), "integers", -3, 3), 3),
    ),
    refusals=(
        refusal("pieces", Array((2, 6)), 4, error=RuntimeError),
        refusal("pieces", Array((2, 6)), 0, error=RuntimeError),
        refusal("pieces", Array((2, 6)), -2, error=RuntimeError),
        *(refusal("pieces", Array((2, 6)), value, error=TypeError) for value in (2.0, "2", None, True, (2,))),
        *(refusal("dim", Array((2, 6)), 2, dim=value, error=IndexError) for value in (2, -3)),
        *(refusal("dim", Array((2, 6)), 2, dim=value, error=TypeError) for value in (1.0, None, "1")),
        refusal("dim", Array((4,)), 2, error=IndexError),
        refusal("pieces", Array(()), 1, dim=0, error=RuntimeError),
        refusal("input", Array((2, 6), "booleans"), 2, error=NotImplementedError),
    ),
    known=(
        known([[3.0, 5.0]], "by hand", Literal([[1.0, 3.0, 5.0, -2.0]]), 2),
        known([[0.0, 0.0, 0.5, 2.0]], "pieces 0 and x are ReLU: Goodfellow et al. (2013)",
              Literal([[0.0, -1.0, 0.0, 0.0, 0.0, 0.5, 0.0, 2.0]]), 2),
        known([[1.0, 0.5, 0.0, 2.0]], "pieces -x and x are the absolute value: the same paper",
              Literal([[1.0, -1.0, -0.5, 0.5, 0.0, 0.0, -2.0, 2.0]]), 2),
    ),
    by_definition=_maxout_by_definition,
)  # fmt: skip


@st.composite
def _glu_calls(draw):
    shape = list(draw(sizes(0, 3, axes=(1, 4))))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    shape[dim] *= 2
    named = {} if dim == -1 and draw(st.booleans()) else {"dim": dim}
    return sample(Array(tuple(shape), draw(st.sampled_from(["normal", "ties"]))), **named)


_GLU = Operator(
    "glu",
    samples=_glu_calls(),
    examples=(
        sample(Array((4,))),
        sample(Array((2, 6))),
        sample(Array((2, 6)), 0),
        sample(Array((2, 6, 3)), 1),
        sample(Array((2, 4, 3, 2)), dim=-3),
        sample(Array((0, 4)), 0),
        sample(Array((0, 4))),
        sample(Array((2, 0))),
        sample(Array((40, 6), "ties")),
        sample(Array((8, 12), "special")).but(smooth=False),
        sample(Literal([[2.0, -3.0, 1000.0, -1000.0]])),
    ),
    refusals=(
        refusal("dim", Array((2, 3))),
        refusal("dim", Array((3, 4)), 0),
        refusal("dim", Array(())),
        *(refusal("dim", Array((2, 6)), value) for value in (2, -3, 1.0, None, "1", True)),
        refusal("input", Array((2, 6), "integers", 0, 5)),
        refusal("input", Array((2, 6), "booleans")),
    ),
)


# The softmax family


@st.composite
def _scores(draw):
    shape = draw(sizes(0, 4, axes=(0, 4)))
    axes = max(1, len(shape))
    kind = draw(st.sampled_from(["normal", "normal", "wide", "huge", "special", "ties"]))
    ranges = {"wide": ("uniform", -30, 30), "huge": ("uniform", -1e4, 1e4)}
    array = Array(shape, *ranges.get(kind, (kind,)))
    return sample(array, dim=draw(st.integers(-axes, axes - 1))).but(smooth=kind not in ("special", "huge"))


def _of_scores(name):
    infinite = [
        [0.0, -math.inf, 1.0],
        [-math.inf] * 3,
        [math.inf, 0.0, 1.0],
        [math.nan, 0.0, 1.0],
        [1e4, -1e4, 0.0],
    ]
    return Operator(
        name,
        samples=_scores(),
        examples=(
            sample(Array((5, 3)), 1),
            sample(Array((5, 3)), 0),
            sample(Array((5, 3)), dim=-1),
            sample(Array((2, 3, 4, 2)), 1),
            sample(Array((2, 3, 4, 2)), -1),
            sample(Array(()), 0),
            sample(Array((3,)), 0),
            sample(Array((0, 3)), 1),
            sample(Array((3, 0)), 1),
            sample(Array((3, 0)), 0),
            sample(Array((300, 40)), 1),
            sample(Array((70, 2, 40)), 1),
            sample(Array((2, 3), "ties"), 1),
            sample(Literal(infinite), 1).but(smooth=False),
            sample(Literal(infinite), 0).but(smooth=False),
            sample(Literal([1e30, 0.0, -1e30]), 0).but(smooth=False),
        ),
        refusals=(
            *(refusal("dim", Array((5, 3)), value) for value in (2, -3, 1.0, (0, 1), "1", True)),
            refusal("dim", Array(()), 1),
            refusal("input", Array((5, 3), "integers", 0, 5), 1),
            refusal("input", Array((5, 3), "booleans"), 1),
        ),
    )  # fmt: skip


OPERATORS = [
    *_STRAIGHT, _PRELU, _RRELU, *_SMOOTH, _SWISH, _GLU, _MAXOUT,
    _of_scores("softmax"), _of_scores("log_softmax"), _of_scores("softmin"),
]  # fmt: skip

_IMAGES, _ROWS = Array((2, 4, 3, 2)), Array((3, 4))

LAYERS = [
    *(
        Layer(name, lambda nn, name=name: getattr(nn, name)(), input)
        for name in (
            "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU",
            "LogSigmoid", "Mish", "PReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus", "Softshrink",
            "Softsign", "Swish", "Tanh", "Tanhshrink",
        )
        for input in (_IMAGES, _ROWS)
    ),
    Layer("Threshold", lambda nn: nn.Threshold(0.1, 2), _IMAGES),
    Layer("Hardtanh", lambda nn: nn.Hardtanh(-0.5, 2), _IMAGES),
    Layer("LeakyReLU", lambda nn: nn.LeakyReLU(0.2), _IMAGES),
    Layer("PReLU", lambda nn: nn.PReLU(4), _IMAGES),
    Layer("PReLU", lambda nn: nn.PReLU(init=0.1), _IMAGES),
    Layer("RReLU", lambda nn: nn.RReLU(), _IMAGES, random=True),
    Layer("RReLU", lambda nn: nn.RReLU(0.1, 0.2), _ROWS, random=True),
    Layer("Hardshrink", lambda nn: nn.Hardshrink(0.1), _IMAGES),
    Layer("Softshrink", lambda nn: nn.Softshrink(0.1), _IMAGES),
    Layer("ELU", lambda nn: nn.ELU(0.5), _IMAGES),
    Layer("CELU", lambda nn: nn.CELU(0.5), _IMAGES),
    Layer("GELU", lambda nn: nn.GELU("tanh"), _IMAGES),
    Layer("Softplus", lambda nn: nn.Softplus(2, 1.0), _IMAGES),
    Layer("Swish", lambda nn: nn.Swish(4, 0.5), _IMAGES),
    Layer("GLU", lambda nn: nn.GLU(1), _IMAGES),
    Layer("GLU", lambda nn: nn.GLU(2), Array((2, 3, 4, 2))),
    Layer("Maxout", lambda nn: nn.Maxout(2), _IMAGES),
    Layer("Maxout", lambda nn: nn.Maxout(3, 2), _IMAGES),
    Layer("Maxout", lambda nn: nn.Maxout(4), _ROWS),
    *(
        Layer(name, lambda nn, name=name, dim=dim: getattr(nn, name)(dim), _IMAGES)
        for name in ("Softmax", "LogSoftmax", "Softmin")
        for dim in (1, -1)
    ),
    Layer("Softmax2d", lambda nn: nn.Softmax2d(), _IMAGES),
]  # fmt: skip

_BIG = Array((32, 64, 28, 28))

TIMED = [
    *(
        Timed(f"{name}, N32 C64 28x28", "activations", name, sample(_BIG))
        for name in (
            "relu",
            "leaky_relu",
            "sigmoid",
            "tanh",
            "elu",
            "gelu",
            "silu",
            "mish",
            "softplus",
            "hardswish",
        )
    ),
    Timed("gelu by tanh, N32 C64 28x28", "activations", "gelu", sample(_BIG, approximate="tanh")),
    Timed("prelu, N32 C64 28x28", "activations", "prelu", sample(_BIG, Array((64,)))),
    Timed("swish, N32 C64 28x28", "activations", "swish", sample(_BIG, Array((64,)))),
    Timed("glu, N32 C64 28x28", "activations", "glu", sample(_BIG, 1)),
    Timed("maxout of 2, N32 C64 28x28", "activations", "maxout", sample(_BIG, 2)),
    Timed("softmax, 1024x1000", "activations", "softmax", sample(Array((1024, 1000)), 1)),
    Timed("log_softmax, 1024x1000", "activations", "log_softmax", sample(Array((1024, 1000)), 1)),
]
