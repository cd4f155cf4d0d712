"""Cases of ``dlcore.scratch.arithmetic``."""

import math

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Literal, Operator, refusal, sample, sizes

X, NARROW, X_ROW = Array((2, 3, 4)), Array((2, 2, 4)), Array((3,))
POSITIVE = {"values": "uniform", "low": 0.5, "high": 2.0}
INTEGERS = Array((2, 3), "integers", 1, 5)


@st.composite
def pairs(draw, **values):
    """Two shapes that broadcast, either of them possibly the smaller, or an array and a number."""
    full = draw(st.lists(st.integers(0, 3), max_size=4))
    arrays = []
    for _ in range(2):
        kept = [1 if draw(st.booleans()) and draw(st.booleans()) else size for size in full]
        arrays.append(
            Array(tuple(kept[draw(st.integers(0, len(kept))) if draw(st.booleans()) else 0 :]), **values)
        )
    number = draw(st.sampled_from([None, None, None, 2, -3, 0.5]))
    return sample(arrays[0], arrays[1] if number is None else number)


def elementwise(name, *more, other="other", smooth_at_0=True, refusals=(), **values):
    """An operator of two arguments that broadcast; `values` its gradients need."""
    one, two = Array((2, 1, 3), **values), Array((4, 1), **values)
    return Operator(
        name,
        pairs(**values),
        (
            sample(one, two),
            sample(Array((), **values), one),
            sample(one, Array((), **values)),
            sample(Array((2, 3), **values), INTEGERS),
            sample(Array((2, 3), **values), 2),
            sample(Array((3, 0), **values), Array((1,), **values)),
            sample(Array((5,), "ties"), Array((5,), "uniform", 1.0, 2.0)).but(smooth=smooth_at_0),
            sample(Array((9,), "special"), Array((9,), "special")).but(smooth=False),
            *more,
        ),
        (
            refusal(other, X, NARROW),
            refusal(other, X, Array((5,))),
            refusal(other, X, "1"),
            refusal(other, X, None),
            *refusals,
        ),
    )


def kind(dtype, *shape):
    """Whole numbers from 1 on, of this dtype."""
    return Literal((np.arange(math.prod(shape)) % 3 + 1).reshape(shape).astype(dtype))


# Integers and what they become beside other integers, Python's numbers, and arrays without axes.
_KINDS = (
    sample(INTEGERS, INTEGERS), sample(INTEGERS, 2), sample(INTEGERS, 2.5),
    sample(kind(np.int32, 3), kind(np.int64)), sample(kind(np.uint8, 3), kind(np.int64)), sample(kind(np.int8, 3), 2.5),
    sample(kind(np.int8, 3), kind(np.uint8, 3)), sample(INTEGERS, X_ROW),
)  # fmt: skip
_BOOLEANS = (
    ("input", (Array((3,), "booleans"), 1)), ("other", (Array((3,)), True)), ("other", (Array((3,)), Array((3,), "booleans"))),
)  # fmt: skip


_WHOLE = tuple(sample(kind(dtype, 3)) for dtype in (np.int64, np.int32, np.int8, np.uint8, bool))


def of_one(name, *examples, refusals=(), **values):
    """An operator of one argument, elementwise."""
    strategy = sizes(0, 3, (0, 4)).map(lambda shape: sample(Array(shape, **values)))
    return Operator(
        name, strategy, (sample(Array((), **values)), sample(Array((2, 0), **values)), *examples), refusals
    )


MATRICES = (
    ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)),
    ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)), ((4, 1, 2, 3), (5, 3, 1)),
    ((2, 0), (0, 3)), ((0, 3), (3, 2)), ((0,), (0,)), ((0, 2, 3), (3, 4)), ((1,), (1,)), ((5, 1, 3), (3,)),
)  # fmt: skip

MISMATCHED = (
    ((2, 3, 4), (2, 2, 4)), ((2, 3, 4), (3, 4, 2)), ((3,), (4,)), ((2, 3), (2,)), ((), (3,)), ((3,), ()),
)  # fmt: skip


@st.composite
def products(draw):
    rows, inner, columns = (draw(st.integers(0, 4)) for _ in range(3))
    batch = draw(st.lists(st.integers(1, 3), max_size=2))
    left, right = (
        [1 if draw(st.booleans()) else size for size in batch][draw(st.integers(0, len(batch))) :]
        for _ in range(2)
    )
    one = draw(st.sampled_from([(*left, rows, inner), (inner,)]))
    return sample(Array(tuple(one)), Array(draw(st.sampled_from([(*right, inner, columns), (inner,)]))))


@st.composite
def reductions(draw):
    shape = draw(sizes(1, 3, (0, 4)))
    if not shape or draw(st.booleans()):
        return sample(Array(shape))
    axes = st.integers(-len(shape), len(shape) - 1)
    several = st.lists(axes, unique_by=lambda axis: axis % len(shape))
    dim = draw(st.one_of(axes, several, several.map(tuple), st.none()))
    return sample(Array(shape), dim, draw(st.booleans()))


def reduction(name, *more):
    return Operator(
        name,
        reductions(),
        (
            sample(X),
            sample(X, 1),
            sample(X, dim=-1, keepdim=True),
            sample(X, [0, 2]),
            sample(X, (2, 0), True),
            sample(X, None, True),
            sample(X, ()),
            sample(Array(()), 0),
            sample(Array(()), -1, True),
            sample(Array((3, 0)), 0),
            sample(Array((4,), "special")).but(smooth=False),
            *more,
        ),
        (
            *(refusal("dim", X, dim) for dim in (3, -4, (0, 3), (0, 0), (0, -3), 1.5, "0", True)),
            refusal("dim", Array(()), 1),
            *(refusal("keepdim", X, 1, value) for value in (1, None, "a")),
        ),
        sums=True,
    )


@st.composite
def moved(draw):
    shape = draw(sizes(0, 3, (0, 4)))
    return shape, draw(st.permutations(range(len(shape))))


@st.composite
def transpositions(draw):
    shape = draw(sizes(0, 3, (1, 4)))
    axes = st.integers(-len(shape), len(shape) - 1)
    return sample(Array(shape), draw(axes), draw(axes))


@st.composite
def flattenings(draw):
    shape = draw(sizes(0, 3, (1, 4)))
    start = draw(st.integers(0, len(shape) - 1))
    end = draw(st.integers(start, len(shape) - 1))
    ends = [draw(st.sampled_from([axis, axis - len(shape)])) for axis in (start, end)]
    return sample(Array(shape), *ends)


@st.composite
def joins(draw, new_axis):
    shape = draw(sizes(0, 3, (0 if new_axis else 1, 3)))
    axes = len(shape) + new_axis
    dim = draw(st.integers(-axes, axes - 1))
    shapes = [list(shape) for _ in range(draw(st.integers(1, 3)))]
    if not new_axis:
        for item in shapes:
            item[dim] = draw(st.integers(0, 3))
    return sample(draw(st.sampled_from([list, tuple]))(Array(tuple(item)) for item in shapes), dim)


OPERATORS = [
    elementwise("add", sample(X, True), *_KINDS),
    elementwise("sub", *_KINDS, refusals=tuple(refusal(name, *pair) for name, pair in _BOOLEANS)),
    elementwise("mul", sample(X, False), sample(INTEGERS, 3), sample(X, Array((4,), "booleans")), *_KINDS),
    elementwise("div", sample(Literal([-1.0, 0.0, 1.0]), 0).but(smooth=False), *_KINDS, **POSITIVE),
    elementwise(
        "pow",
        *(
            sample(Literal([0.0, -2.0, 1.5]), exponent).but(smooth=False)
            for exponent in (0, 1, 2, 3, -1, 0.0, 1.0, 0.5, Literal([2.0, 0.0, 3.0]))
        ),
        sample(Literal([0.0, 0.0, 2.0]), Literal([2.0, 0.0, 3.0])).but(smooth=False),
        sample(Literal([0.0, -0.0, 0.0, 2.0]), Literal([-2.0, -1.0, -0.5, -3.0])).but(smooth=False),
        sample(0, Literal([-1.0, 0.0, 1.0])).but(smooth=False),
        sample(INTEGERS, 2),
        sample(INTEGERS, 0.5),
        sample(2.5, INTEGERS),
        sample(2, Array((3,))),
        sample(2.5, Array((3,))),
        other="exponent",
        smooth_at_0=False,
        **POSITIVE,
    ),
    of_one(
        "neg",
        sample(INTEGERS),
        sample(Array((6,), "special")).but(smooth=False),
        refusals=(refusal("input", Array((3,), "booleans")),),
    ),
    of_one("exp", *_WHOLE, sample(Literal([-800.0, -10.0, 0.0, 10.0, 800.0])).but(smooth=False)),
    of_one(
        "log",
        *_WHOLE,
        sample(Array((9,), "special")).but(smooth=False),
        sample(Literal([1e-20, 1.0, 1e20])).but(smooth=False),
        **POSITIVE,
    ),
    of_one(
        "sqrt",
        *_WHOLE,
        sample(Array((9,), "special")).but(smooth=False),
        sample(Literal([1e-20, 1.0, 1e20])).but(smooth=False),
        **POSITIVE,
    ),
    of_one(
        "abs",
        sample(Array((9,), "ties")).but(smooth=False),
        sample(Array((40,), "special")).but(smooth=False),
        sample(INTEGERS),
        refusals=(refusal("input", Array((3,), "booleans")),),
    ),
    Operator(
        "matmul",
        products(),
        tuple(sample(Array(left), Array(right)) for left, right in MATRICES),
        (
            *(refusal("other", Array(left), Array(right)) for left, right in MISMATCHED),
            refusal("other", Array((2, 3)), Array((3, 2), "integers", 0, 5)),
            refusal("input", Array((2, 3), "booleans"), Array((3, 2), "booleans")),
        ),
        sums=True,
    ),
    reduction("sum", sample(INTEGERS, 0), sample(Array((2, 3), "booleans")), sample(kind(np.uint8, 2, 3), 1)),
    reduction(
        "mean",
        sample(Array((0,))).but(smooth=False),
        sample(Array((2, 0)), 1).but(smooth=False),
        sample(Array((0, 2)), 1),
    ),
    Operator(
        "reshape",
        examples=tuple(
            sample(X, shape) for shape in ((4, 6), (-1,), (6, -1), [2, -1, 2], (24,), (1, 2, 1, 12))
        )
        + (
            sample(Array((0, 3)), (3, 0)),
            sample(Array((1,)), ()),
            sample(Array(()), (1, 1)),
            sample(INTEGERS, (6,)),
        ),
        refusals=tuple(
            refusal("shape", X, shape)
            for shape in ((5,), (-1, -1), (-2, 12), (2.0, 12), (5, -1), 24, None, "24")
        )
        + (refusal("shape", Array((0, 2)), (0, -1)),),
    ),
    Operator(
        "permute",
        moved().map(lambda item: sample(Array(item[0]), tuple(item[1]))),
        (sample(X, (2, 0, 1)), sample(X, [-1, 0, -2]), sample(Array(()), ()), sample(INTEGERS, (1, 0))),
        tuple(
            refusal("dims", X, dims)
            for dims in ((0, 1), (0, 0, 1), (0, 1, 3), (0, 1.0, 2), (0, 1, 2, 3), 0, None)
        ),
    ),
    Operator(
        "transpose",
        transpositions(),
        (sample(X, 0, 2), sample(X, -1, -2), sample(X, 1, 1), sample(Array(()), 0, -1)),
        tuple(
            refusal(name, X, **{"dim0": 0, "dim1": 1, name: value})
            for name in ("dim0", "dim1")
            for value in (3, -4, 1.0)
        ),
    ),
    Operator(
        "flatten",
        flattenings(),
        (
            sample(X),
            sample(X, 1),
            sample(X, end_dim=1),
            sample(X, -2),
            sample(Array(())),
            sample(Array((0, 3, 2)), 1),
            sample(Array((3,)), 0, 0),
        ),
        (
            *(refusal("start_dim", X, dim) for dim in (3, -4, 1.0)),
            *(refusal("end_dim", X, 0, dim) for dim in (5, -4, None)),
            refusal("start_dim", X, 2, 1),
        ),
    ),
    Operator(
        "cat",
        joins(new_axis=False),
        (
            sample([X, NARROW], 1),
            sample((X, X, X), dim=-1),
            sample([X]),
            sample([Array((0, 3)), Array((2, 3))]),
            sample([Array((2, 3)), INTEGERS]),
            # an array without elements and with one axis fits everywhere
            sample([Array((0,)), Array((2, 3)), Array((0,)), Array((2, 1))], 1),
            sample([Array((0,)), Array((0,))]),
        ),
        (
            *(refusal("dim", [X, X], dim) for dim in (3, -4, 1.0)),
            refusal("tensors", [X, NARROW], 0),
            refusal("tensors", [X, Array((3, 4))]),
            refusal("tensors", [Array(()), Array(())]),
            refusal("tensors", []),
            refusal("tensors", X),
            refusal("tensors", None),
        ),
    ),
    Operator(
        "stack",
        joins(new_axis=True),
        (sample([X, X], 3), sample((X, X, X), dim=-4), sample([X]), sample([Array(()), Array(())])),
        (
            *(refusal("dim", [X, X], dim) for dim in (4, -5, 1.0)),
            refusal("tensors", [X, NARROW]),
            refusal("tensors", []),
            refusal("tensors", X),
        ),
    ),
]
LAYERS = []
TIMED = []
