"""Cases of ``dlcore.scratch.regularization``."""

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Seed, Timed, known, refusal, sample, sizes

X, INTEGERS = Array((2, 3, 4)), Array((2, 3, 4), "integers", -5, 6)
EDGES = Literal([[[np.inf, -np.inf, np.nan, 1.0, -0.0]]])


@st.composite
def _calls(draw, shapes, inverted=False):
    """Nothing, everything or something is dropped, in training or evaluation."""
    p, training = draw(st.sampled_from([0.0, 0.2, 0.5, 1, 1.0])), draw(st.booleans())
    options = {"inverted": draw(st.booleans())} if inverted else {}
    random = training and 0 < p < 1
    if random or draw(st.booleans()):
        options["generator"] = Seed(draw(st.integers(0, 99)))
    return sample(Array(draw(shapes)), p, training, **options).but(random=random)


def _dropout(name, shapes, *shape, examples=(), refusals=(), inverted=False, **more):
    """A kind of dropout, of inputs of these shapes, of which `shape` is one."""
    X, whole = Array(shape), Array(shape, "integers", -5, 6)
    return Operator(
        name,
        samples=_calls(shapes, inverted),
        examples=(
            sample(X, 0.5, False),
            sample(X, 0.5, True, generator=Seed(1)).but(random=True),
            sample(X, 0.0, True),
            sample(X, 1.0, True),
            sample(X, True, True),
            sample(X, training=False),
            sample(Array((0, *shape[1:])), 0.5, True, generator=Seed(0)),
            sample(whole, 0.5, False),
            sample(whole, 0, True),
            sample(whole, 1, True),
            sample(Array(shape, "booleans"), 1.0, True),
            sample(Array(shape, "booleans"), 0.0, True),
            sample(X, np.float64(1.0), True),
            *examples,
        ),
        refusals=(
            refusal("p", X, -0.1),
            refusal("p", X, 1.1),
            refusal("p", X, 1.1, False),
            refusal("p", X, "half", error=TypeError),
            refusal("p", X, None, error=TypeError),
            refusal("training", X, 0.5, 1, error=TypeError),
            refusal("training", X, 0.5, None, error=TypeError),
            refusal("input", whole, 0.5, True, generator=Seed(0)),
            refusal("generator", X, 0.5, True, error=TypeError),
            refusal("generator", X, 0.5, True, generator=3),
            *refusals,
        ),
        **more,
    )


# The mask of a sample that is not random keeps all or drops all.


def _dropped(input):
    with np.errstate(invalid="ignore"):  # infinity is not 0 even if it is dropped, as in PyTorch
        return 0 * input


def _dropout_by_definition(input, p=0.5, training=True, *, inverted=True, generator=None):
    if training:
        return input if p < 1 else _dropped(input)
    return input if inverted else input * (1 - p)


def _drop_path_by_definition(input, p=0.5, training=True, *, mode="row", generator=None):
    return _dropped(input) if training and p == 1 else input


def _alpha_by_definition(input, p=0.5, training=False, *, generator=None):
    return _dropped(input) if training and p == 1 else input


NOTHING_DROPPED = known([1.0, -2.0], "evaluation changes nothing", Literal([1.0, -2.0]), 0.3, False)


def _channels_kept(*shape):
    return known(np.ones(shape), "evaluation changes nothing", Literal(np.ones(shape)), 0.3, False)


DROPOUT = _dropout(
    "dropout",
    sizes(0, 5, axes=(0, 4)),
    3, 4,
    inverted=True,
    examples=(
        sample(Array(()), 0.5, False),
        sample(Array(()), 0.5, True, generator=Seed(3)).but(random=True),
        sample(X, 0.3, False, inverted=False),
        sample(X, 0.3, True, inverted=False, generator=Seed(4)).but(random=True),
        sample(X, 0.0, False, inverted=False),
        sample(X, 1.0, False, inverted=False),
        sample(X, 1.0, True, inverted=False),
        sample(INTEGERS, 0.0, False, inverted=False),
        sample(EDGES, 0.5, False).but(smooth=False),
        sample(EDGES, 1.0, True).but(smooth=False),
        sample(EDGES, 0.0, True).but(smooth=False),
    ),
    refusals=(
        refusal("inverted", X, 0.5, False, inverted="no", error=TypeError),
        refusal("input", INTEGERS, 0.5, False, inverted=False, error=RuntimeError),
    ),
    known=(
        NOTHING_DROPPED,
        known(
            [0.7, -1.4], "Srivastava et al. (2014), section 4: times the probability of being kept",
            Literal([1.0, -2.0]), 0.3, False, inverted=False,
        ),
    ),
    by_definition=_dropout_by_definition,
)  # fmt: skip

DROPOUT_1D = _dropout(
    "dropout1d",
    sizes(0, 5, axes=(2, 3)),
    2, 3, 4,
    examples=(
        sample(Array((3, 4)), 1.0, True),
        sample(Array((3, 4)), 0.5, True, generator=Seed(1)).but(random=True),
    ),
    refusals=(refusal("input", Array((3,)), 0.5, False), refusal("input", Array((2, 3, 4, 5)), 0.0)),
    known=(_channels_kept(2, 3, 4),),
)  # fmt: skip

DROPOUT_2D = _dropout(
    "dropout2d",
    sizes(0, 4, axes=(4, 4)),
    2, 3, 2, 2,
    examples=(
        sample(Array((2, 3, 4)), 0.5, False),
        sample(Array((2, 3, 4)), 0.5, True, generator=Seed(1)).but(random=True),
        sample(Array((2, 3)), 0.5, True, generator=Seed(1)).but(random=True),
        sample(Array((3,)), 1.0, True),
    ),
    refusals=(refusal("input", Array((3,)), 0.5, True, generator=Seed(0)),),
    known=(_channels_kept(2, 3, 2, 2),),
)  # fmt: skip

DROPOUT_3D = _dropout(
    "dropout3d",
    sizes(0, 3, axes=(4, 5)),
    2, 3, 2, 2, 2,
    examples=(
        sample(Array((2, 3, 4)), 0.5, True, generator=Seed(1)).but(random=True),
        sample(Array(()), 1.0, True),
    ),
    refusals=(refusal("input", Array(()), 0.5, True, generator=Seed(0)),),
    known=(_channels_kept(2, 3, 2, 2, 2),),
)  # fmt: skip

ALPHA_DROPOUT = _dropout(
    "alpha_dropout",
    sizes(0, 5, axes=(0, 4)),
    3, 4,
    examples=(sample(X), sample(EDGES, 1.0, True).but(smooth=False)),
    known=(NOTHING_DROPPED,),
    by_definition=_alpha_by_definition,
)  # fmt: skip

FEATURE_ALPHA_DROPOUT = _dropout(
    "feature_alpha_dropout",
    sizes(0, 4, axes=(2, 4)),
    2, 3, 4,
    examples=(sample(X), sample(Array((3,)), 1.0, True)),
    refusals=(refusal("input", Array((3,)), 0.5, True, generator=Seed(0)),),
    known=(NOTHING_DROPPED,),
    by_definition=_alpha_by_definition,
)  # fmt: skip

DROP_PATH = _dropout(
    "drop_path",
    sizes(0, 4, axes=(1, 4)),
    3, 4,
    examples=(
        sample(X, 0.5, True, mode="batch", generator=Seed(1)).but(random=True),
        sample(X, 1.0, True, mode="batch"),
        sample(X, 0.5, False, mode="batch"),
    ),
    refusals=(
        refusal("input", Array(()), 0.5, False, error=IndexError),
        refusal("mode", X, 0.5, False, mode="column", error=ValueError),
    ),
    known=(NOTHING_DROPPED,),
    by_definition=_drop_path_by_definition,
)  # fmt: skip


def _arrays(parameters):
    return [parameters] if isinstance(parameters, np.ndarray) else list(parameters)


def _l1(parameters):
    return np.array(sum(abs(value) for array in _arrays(parameters) for value in array.flat))


def _l2(parameters):
    return np.array(sum(value * value / 2 for array in _arrays(parameters) for value in array.flat))


@st.composite
def _parameters(draw):
    if draw(st.booleans()):
        return sample(Array(draw(sizes(1, 5))))
    return sample([Array(shape) for shape in draw(st.lists(sizes(1, 4), min_size=1, max_size=3))])


def _penalty(name, output, source, definition):
    return Operator(
        name,
        samples=_parameters(),
        examples=(
            sample(Array((3, 4))),
            sample([Array((3, 4)), Array((2,)), Array(())]),
            sample((Array((3, 4)), Array((2,)))),
            sample(Array((0, 3))),
            sample(Array((3, 50), "ties")).but(smooth=False),
            sample(Literal([np.inf, 1.0, 0.0, -0.0])).but(smooth=False),
        ),
        refusals=(
            refusal("parameters", Array((3,), "integers"), error=RuntimeError),
            refusal("parameters", [Array((3,)), Array((3,), "integers")], error=RuntimeError),
            refusal("parameters", ["weight"], error=RuntimeError),
        ),
        known=(known(output, source, [Literal([[3.0, -1.0]]), Literal([2.0])]),),
        by_definition=definition,
    )


@st.composite
def _elastic_parameters(draw):
    called = draw(_parameters())
    return sample(*called.arguments, draw(st.sampled_from([0, 0.3, 0.5, 1.0])))


PAIR = [Literal([[3.0, -1.0]]), Literal([2.0])]

ELASTIC_NET = Operator(
    "elastic_net_penalty",
    samples=_elastic_parameters(),
    examples=(
        sample(Array((3, 4))),
        sample([Array((3, 4)), Array((2,)), Array(())], 0.2),
        sample(Array((3, 4)), l1_ratio=0),
        sample((Array((3, 4)), Array((2,))), l1_ratio=1),
        sample(Array((3, 4)), np.float64(0.7)),
        sample(Array((0, 3))),
        sample(Array((3, 50), "ties")).but(smooth=False),
        sample(Literal([np.inf, 1.0, 0.0, -0.0])).but(smooth=False),
    ),
    refusals=(
        refusal("parameters", Array((3,), "integers"), error=RuntimeError),
        refusal("parameters", ["weight"], error=RuntimeError),
        refusal("l1_ratio", Array((3,)), -0.1, error=ValueError),
        refusal("l1_ratio", Array((3,)), 1.1, error=ValueError),
        refusal("l1_ratio", Array((3,)), "half", error=TypeError),
    ),
    known=(
        known(6.75, "by hand: 6 / 4 + 7 * 3 / 4", PAIR, 0.25),
        known(6.0, "L1 alone", PAIR, 1.0),
        known(7.0, "L2 alone", PAIR, 0),
    ),
    by_definition=lambda parameters, l1_ratio=0.5: (
        l1_ratio * _l1(parameters) + (1 - l1_ratio) * _l2(parameters)
    ),
)

OPERATORS = [
    DROPOUT, DROPOUT_1D, DROPOUT_2D, DROPOUT_3D, ALPHA_DROPOUT, FEATURE_ALPHA_DROPOUT, DROP_PATH,
    _penalty("l1_penalty", 6.0, "by hand: 3 + 1 + 2", _l1),
    _penalty("l2_penalty", 7.0, "by hand: (9 + 1 + 4) / 2", _l2),
    ELASTIC_NET,
]  # fmt: skip

LAYERS = [
    Layer("Dropout", lambda nn: nn.Dropout(0.3), X, random=True),
    Layer("Dropout", lambda nn: nn.Dropout(), X, random=True),
    Layer("Dropout", lambda nn: nn.Dropout(1.0), X),
    Layer("Dropout1d", lambda nn: nn.Dropout1d(0.3), X, random=True),
    Layer("Dropout2d", lambda nn: nn.Dropout2d(0.3), Array((2, 3, 4, 4)), random=True),
    Layer("Dropout3d", lambda nn: nn.Dropout3d(0.3), Array((2, 3, 2, 2, 2)), random=True),
    Layer("AlphaDropout", lambda nn: nn.AlphaDropout(0.3), X, random=True),
    Layer("FeatureAlphaDropout", lambda nn: nn.FeatureAlphaDropout(0.3), X, random=True),
    Layer("DropPath", lambda nn: nn.DropPath(0.3), X, random=True),
    Layer("DropPath", lambda nn: nn.DropPath(0.3, mode="batch"), X, random=True),
]

MAPS = Array((32, 64, 28, 28))

TIMED = [
    Timed(
        "dropout, N32 C64 28x28",
        "regularization",
        "dropout",
        sample(MAPS, 0.5, generator=Seed(0)).but(random=True),
    ),
    Timed(
        "dropout2d, N32 C64 28x28",
        "regularization",
        "dropout2d",
        sample(MAPS, 0.5, generator=Seed(0)).but(random=True),
    ),
    Timed("l2 penalty, 1024x1024", "regularization", "l2_penalty", sample(Array((1024, 1024)))),
]
