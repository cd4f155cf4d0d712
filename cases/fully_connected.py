"""Cases of ``dlcore.scratch.fully_connected``."""

from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Timed, refusal, sample, sizes


@st.composite
def _calls(draw):
    batch = draw(sizes(0, 4, axes=(0, 3)))
    inputs, outputs = draw(st.integers(0, 5)), draw(st.one_of(st.none(), st.integers(0, 5)))
    arguments = [Array((*batch, inputs)), Array((inputs,) if outputs is None else (outputs, inputs))]
    if outputs is not None:  # a weight of one axis takes no bias
        bias = draw(st.sampled_from([None, "left out", (outputs,), (1,), ()]))
        if bias != "left out":
            arguments.append(None if bias is None else Array(bias))
    return sample(*arguments)


_X, _WEIGHT, _BIAS = Array((3, 5)), Array((4, 5)), Array((4,))

OPERATORS = [
    Operator(
        "linear",
        samples=_calls(),
        examples=(
            sample(_X, _WEIGHT),
            sample(_X, _WEIGHT, _BIAS),
            sample(_X, _WEIGHT, Array((1,))),
            sample(_X, _WEIGHT, bias=Array(())),
            sample(_X, Array((5,))),
            sample(Array((5,)), _WEIGHT, _BIAS),
            sample(Array((5,)), Array((5,))),
            sample(Array((2, 3, 1, 5)), _WEIGHT, _BIAS),
            *(
                sample(Array((*batch, inputs)), Array((outputs, inputs)), Array((outputs,)))
                for inputs, outputs in ((0, 3), (3, 0), (0, 0))
                for batch in ((), (2,), (0,), (2, 3))
            ),
            sample(Literal([[float("nan"), 1.0], [2.0, 3.0]]), Array((3, 2))).but(smooth=False),
            sample(Array((6, 5), "special"), Array((4, 5), "special"), _BIAS).but(smooth=False),
            sample(*(Array(array.shape, "integers", -5, 6) for array in (_X, _WEIGHT, _BIAS))),
        ),
        refusals=(
            refusal("input", _X, Array((4, 6)), _BIAS),
            refusal("input", Array(()), _WEIGHT),
            refusal("input", Array((5,)), Array((4, 3))),
            refusal("input", _X, Array((6,))),
            refusal("weight", _X, Array((2, 4, 5))),
            refusal("weight", _X, Array(())),
            refusal("bias", _X, _WEIGHT, Array((3,))),
            refusal("bias", _X, Array((5,)), Array(())),
            refusal("bias", _X, Array((5,)), Array((1,))),
            refusal("bias", Array((5,)), _WEIGHT, Array((3,))),
            refusal("weight", _X, Array((4, 5), "integers", 0, 5)),
            refusal("bias", _X, _WEIGHT, Array((4,), "integers", 0, 5)),
            refusal("weight", Array((3, 5), "integers", 0, 5), _WEIGHT),
            refusal("input", Array((3, 5), "booleans"), Array((4, 5), "booleans")),
        ),
        sums=True,
    ),
]

LAYERS = [
    Layer("Linear", lambda nn: nn.Linear(5, 4), _X),
    Layer("Linear", lambda nn: nn.Linear(5, 1, bias=False), _X),
    Layer("Linear", lambda nn: nn.Linear(5, 4), Array((2, 3, 2, 5))),
    Layer("Linear", lambda nn: nn.Linear(0, 4), Array((2, 0))),
    Layer("Linear", lambda nn: nn.Linear(5, 0), _X),
]

TIMED = [
    Timed("linear, N256 784->512", "fully connected", "linear",
          sample(Array((256, 784)), Array((512, 784)), Array((512,)))),
    Timed("linear, N64 4096->1024", "fully connected", "linear",
          sample(Array((64, 4096)), Array((1024, 4096)), Array((1024,)))),
]  # fmt: skip
