"""Cases of ``dlcore.scratch.ensembles``."""

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Literal, Operator, Timed, known, refusal, sample, sizes

P, Q = (Literal([[0.9, 0.1], [0.5, 0.5]]), Literal([[0.3, 0.7], [0.1, 0.9]]))


def _positive(*shape, **more):
    return Array(shape, "uniform", 0.1, 1.0, **more)


@st.composite
def _predictions(draw):
    count, shape = draw(st.integers(1, 4)), draw(sizes(0, 4, axes=(0, 3)))
    if draw(st.booleans()):
        predictions = _positive(count, *shape)
    else:
        predictions = draw(st.sampled_from([list, tuple]))([_positive(*shape) for _ in range(count)])
    weights = draw(
        st.one_of(
            st.none(),
            st.just(_positive(count)),
            st.lists(st.integers(1, 9) | st.floats(0.1, 9), min_size=count, max_size=count),
        )
    )
    return sample(predictions) if weights is None else sample(predictions, weights)


def _by_definition(predictions, weights=None):
    weights = np.ones(len(predictions)) if weights is None else np.asarray(weights, np.float64)
    output = np.zeros(np.shape(predictions[0]))
    for place in np.ndindex(output.shape):
        terms = [weight * member[place] for weight, member in zip(weights, predictions)]
        output[place] = sum(terms) / sum(weights)
    return output.astype(np.asarray(predictions[0]).dtype)


AVERAGE = Operator(
    "average_predictions",
    samples=_predictions(),
    examples=(
        sample([_positive(3, 4), _positive(3, 4), _positive(3, 4)]),
        sample((_positive(3, 4), _positive(3, 4)), weights=_positive(2)),
        sample(_positive(3, 2, 4)),
        sample(_positive(3, 2, 4), _positive(3)),
        sample(_positive(3, 2, 4, requires_grad=False), _positive(3)),
        sample(_positive(3, 2, 4), weights=[1, 2, 3]),
        sample(_positive(3, 2, 4), weights=(0.5, 0.0, 2.0)),
        sample(_positive(3, 2, 4), weights=Array((3,), "integers", 1, 5)),
        sample([_positive(2, 3)]),
        sample(_positive(4)),
        sample([_positive(), _positive()]),
        sample(_positive(2, 0, 3), _positive(2)),
        sample([Array((2, 3)), Array((2, 3))], weights=[1, -0.5]),
        sample([Array((50,), "special"), Array((50,), "special")]).but(smooth=False),
        sample([Array((50,), "special"), Array((50,), "special")], weights=[1, 0]).but(smooth=False),
    ),
    refusals=(
        refusal("predictions", [], error=RuntimeError),
        refusal("predictions", Array((0, 3)), error=RuntimeError),
        refusal("predictions", Array(()), error=RuntimeError),
        refusal("predictions", [Array((2, 3)), Array((3, 2))], error=RuntimeError),
        refusal("predictions", Array((2, 3), "integers", 0, 5), error=RuntimeError),
        refusal("predictions", [Array((3,)), Array((3,), "booleans")], error=RuntimeError),
        refusal("weights", Array((2, 3)), Array((3,)), error=RuntimeError),
        refusal("weights", Array((2, 3)), [1.0], error=RuntimeError),
        refusal("weights", Array((2, 3)), Array((2, 1)), error=RuntimeError),
        refusal("weights", Array((2, 3)), 0.5, error=RuntimeError),
        refusal("weights", Array((2, 3)), ["a", "b"], error=TypeError),
    ),
    known=(
        known([[0.6, 0.4], [0.3, 0.7]], "by hand", [P, Q]),
        known([[0.75, 0.25], [0.4, 0.6]], "by hand: three parts of one, one part of the other", [P, Q], [3, 1]),
    ),
    by_definition=_by_definition,
)  # fmt: skip

OPERATORS = [AVERAGE]

LAYERS = []

TIMED = [
    Timed(
        "average of 5 predictions, N10000 C100",
        "regularization",
        "average_predictions",
        sample([_positive(10000, 100) for _ in range(5)]),
    ),
]
