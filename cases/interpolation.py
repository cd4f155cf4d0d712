"""Cases of ``dlcore.scratch.interpolation``."""

import numpy as np
from hypothesis import strategies as st

from .vocabulary import Array, Layer, Literal, Operator, Timed, known, refusal, sample

LINEAR = ("linear", "bilinear", "trilinear")


@st.composite
def interpolations(draw):
    mode = draw(
        st.sampled_from(["nearest", "nearest-exact", "area", "linear", "bilinear", "trilinear", "bicubic"])
    )
    axes = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}.get(mode) or draw(st.integers(1, 3))
    size = tuple(draw(st.integers(1, (24, 9, 5)[axes - 1])) for _ in range(axes))
    options = {"mode": mode}
    if draw(st.booleans()):
        target = tuple(draw(st.integers(1, (24, 9, 5)[axes - 1])) for _ in range(axes))
        if draw(st.booleans()):
            target = target[:1] * axes
        options["size"] = draw(st.sampled_from([target, target[0]])) if len({*target}) == 1 else target
    else:
        # Where a factor leaves the size as it is, PyTorch's gradient is not always that of its own output.
        factors = [0.5, 1.5, 2, 3] if mode.startswith("nearest") else [0.3, 0.5, 1 / 3, 1.1, 1.5, 1.7, 2, 3]
        factor = [draw(st.sampled_from([f for f in factors if int(n * f) not in (0, n)])) for n in size]
        target = [int(n * f) for n, f in zip(size, factor)]
        options["scale_factor"] = factor[0] if len({*factor}) == 1 else tuple(factor)
        options["recompute_scale_factor"] = draw(st.sampled_from([None, False, True]))
    if mode in (*LINEAR, "bicubic"):
        options["align_corners"] = draw(st.sampled_from([None, False, True]))
    if mode in ("bilinear", "bicubic") and target[1] > 1:  # to a width of 1 PyTorch's antialias is wrong
        options["antialias"] = draw(st.booleans())
    return sample(Array((draw(st.integers(0, 2)), draw(st.integers(1, 3)), *size)), **options)


SHAPES = {1: (2, 2, 7), 2: (2, 2, 5, 7), 3: (2, 1, 3, 4, 5)}
MODES = {"linear": (1,), "bilinear": (2,), "trilinear": (3,), "bicubic": (2,)} | dict.fromkeys(
    ["nearest", "nearest-exact", "area"], (1, 2, 3)
)


def every_mode():
    """Each mode with each number of axes: enlarged, diminished, by sizes and by factors, and with values not finite."""
    for mode, ranks in MODES.items():
        for axes in ranks:
            yield sample(Array(SHAPES[axes]), size=(3, 11, 8)[:axes], mode=mode)
            yield sample(Array(SHAPES[axes]), scale_factor=1.5, mode=mode)
            yield sample(Array(SHAPES[axes]), scale_factor=0.5, mode=mode, recompute_scale_factor=True)
            yield sample(Array(SHAPES[axes], "special"), size=(9, 4, 4)[:axes], mode=mode).but(smooth=False)
        if mode in (*LINEAR, "bicubic"):
            (axes,) = ranks
            yield sample(Array(SHAPES[axes]), size=(3, 11, 1)[:axes], mode=mode, align_corners=True)
            yield sample(Array(SHAPES[axes]), scale_factor=2.3, mode=mode, align_corners=True)


INTERPOLATE = Operator(
    "interpolate",
    samples=interpolations(),
    examples=(
        *every_mode(),
        sample(Array((2, 2, 9, 7)), size=(4, 12), mode="bilinear", antialias=True),
        sample(Array((2, 2, 9, 7)), size=(4, 12), mode="bicubic", antialias=True, align_corners=True),
        sample(Array((1, 2, 9, 7)), scale_factor=(0.4, 1.2), mode="bicubic", antialias=True),
        *(
            sample(Array((2, 2, 7, 9)), size, mode="lanczos", antialias=True)
            for size in ((4, 5), (20, 6), (7, 9))
        ),
        sample(Array((1, 2, 7, 9), "special"), (4, 5), mode="bicubic", antialias=True).but(smooth=False),
        sample(Array((0, 3, 4, 5)), scale_factor=2),  # an empty batch
        sample(Array((2, 0, 4, 5), requires_grad=False), size=3, mode="area"),
        sample(Array((1, 1, 1, 1)), size=(3, 2), mode="bilinear"),
        sample(Array((1, 2, 5, 5)), scale_factor=1.1, mode="bilinear"),  # the size stays: copied
        sample(Array((1, 2, 5, 5), requires_grad=False), scale_factor=1.1, mode="bicubic"),  # interpolated
        sample(Array((1, 2, 5, 5)), scale_factor=1.1),
        sample(Array((1, 2, 5, 5)), scale_factor=2.1),
        sample(Array((1, 1, 70, 150)), size=(150, 33), mode="bilinear"),  # more than one block of the matrix
        sample(Array((1, 1, 70, 150)), size=(150, 33)),
        sample(Array((1, 1, 150, 70)), size=(9, 140), mode="bicubic", antialias=True),
        sample(Literal(np.arange(200, 240, dtype=np.uint8).reshape(1, 2, 4, 5)), scale_factor=2),
    ),
    refusals=(
        refusal("size", Array((1, 1, 4, 4))),
        refusal("scale_factor", Array((1, 1, 4, 4)), size=3, scale_factor=2.0),
        refusal("size", Array((1, 1, 4, 4)), size=(3,)),
        refusal("size", Array((1, 1, 4, 4)), size=(3, 3, 3)),
        refusal("scale_factor", Array((1, 1, 4, 4)), scale_factor=(2.0,)),
        refusal("size", Array((1, 1, 4, 4)), size=3.5),
        refusal("size", Array((1, 1, 4, 4)), size=(3.0, 3.0)),
        refusal("size", Array((1, 1, 4, 4)), size="3"),
        refusal("size", Array((1, 1, 4, 4)), size=True),
        refusal("size", Array((1, 1, 4, 4)), size=0),
        refusal("size", Array((1, 1, 4, 4)), size=(3, -1)),
        refusal("scale_factor", Array((1, 1, 4, 4)), scale_factor=0.1),
        refusal("scale_factor", Array((1, 1, 4, 4)), scale_factor=0),
        refusal("scale_factor", Array((1, 1, 4, 4)), scale_factor=-1.0),
        refusal("scale_factor", Array((1, 1, 4, 4)), scale_factor=float("nan")),
        refusal("scale_factor", Array((1, 1, 4, 4)), scale_factor=float("inf")),
        refusal("scale_factor", Array((1, 1, 4, 4)), scale_factor="2"),
        refusal("scale_factor", Array((1, 1, 4, 4)), scale_factor=(2.0, None)),
        refusal("align_corners", Array((1, 1, 4, 4)), size=3, align_corners=True),
        refusal("align_corners", Array((1, 1, 4, 4)), size=3, mode="area", align_corners=False),
        refusal("align_corners", Array((1, 1, 4, 4)), size=3, mode="bilinear", align_corners=1),
        refusal("align_corners", Array((1, 1, 4, 4)), size=3, mode="bilinear", align_corners="yes"),
        refusal("recompute_scale_factor", Array((1, 1, 4, 4)), size=3, recompute_scale_factor=True),
        refusal("antialias", Array((1, 1, 4, 4)), size=3, antialias=True),
        refusal("antialias", Array((1, 1, 4)), size=3, mode="linear", antialias=True),
        refusal("mode", Array((1, 1, 4, 4)), size=3, mode="cubic"),
        refusal("mode", Array((1, 1, 4, 4)), size=3, mode=None),
        refusal("mode", Array((1, 1, 4, 4)), size=3, mode="linear"),
        refusal("mode", Array((1, 1, 4, 4)), size=3, mode="lanczos"),
        refusal("mode", Array((1, 1, 4, 4)), size=3, mode="lanczos", antialias=True, align_corners=True),
        refusal("mode", Array((1, 1, 4)), size=3, mode="bilinear"),
        refusal("mode", Array((1, 1, 4)), size=3, mode="bicubic"),
        refusal("mode", Array((1, 1, 4, 4, 4)), size=3, mode="bicubic"),
        refusal("mode", Array((1, 1, 4, 4)), size=3, mode="trilinear"),
        refusal("input", Array((4, 4)), size=3),
        refusal("input", Array((1, 1, 2, 2, 2, 2)), size=3),
        refusal("input", Array((1, 1, 0, 4)), size=3),
        refusal("input", Array((1, 0, 4, 4)), size=3, mode="bilinear"),
        refusal("input", Array((1, 1, 0, 4)), size=3, mode="area"),
        refusal("input", Array((1, 1, 4, 4), "integers", 0, 9), size=3),
        refusal("input", Array((1, 1, 4, 4), "booleans"), size=3, mode="bilinear"),
    ),
    known=(
        known(
            [[[0.0, 0.25, 0.75, 1.0]]],
            "by hand: quarters of the way",
            Literal([[[0.0, 1.0]]]),
            scale_factor=2,
            mode="linear",
        ),
        known(
            [[[0.0, 1 / 3, 2 / 3, 1.0]]],
            "by hand: the ends meet",
            Literal([[[0.0, 1.0]]]),
            size=4,
            mode="linear",
            align_corners=True,
        ),
        known(
            [[[[0.59375 * 2]]]],
            "Keys (1981), with a = -3/4: halfway the weights are -3/32, 19/32, 19/32, -3/32",
            Literal([[[[0.0, 1.0, 1.0, 0.0]]]]),
            size=(1, 1),
            mode="bicubic",
        ),
    ),
)


@st.composite
def samplings(draw):
    mode = draw(st.sampled_from(["bilinear", "nearest", "bicubic"]))
    axes = 2 if mode == "bicubic" else draw(st.integers(2, 3))
    most = 7 if axes == 2 else 4
    batch = draw(st.integers(0, 2))
    shape = (batch, draw(st.integers(0, 3)), *(draw(st.integers(1, most)) for _ in range(axes)))
    grid = (batch, *(draw(st.integers(0, most)) for _ in range(axes)), axes)
    reach = draw(st.sampled_from([0.9, 1.3, 4.0]))
    return sample(
        Array(shape),
        Array(grid, "uniform", -reach, reach),
        mode,
        draw(st.sampled_from(["zeros", "border", "reflection"])),
        draw(st.booleans()),
    )


HALVES = np.stack(np.meshgrid(*2 * [np.linspace(-1.5, 1.5, 13)]), -1)[np.newaxis]
GRID_SAMPLE = Operator(
    "grid_sample",
    samples=samplings(),
    examples=(
        *(
            sample(
                Array((2, 3, 4, 5)), Array((2, 3, 6, 2), "uniform", -1.7, 1.7), mode, padding, align_corners
            )
            for mode in ("bilinear", "nearest", "bicubic")
            for padding in ("zeros", "border", "reflection")
            for align_corners in (False, True)
        ),
        *(
            sample(
                Array((2, 2, 3, 4, 5)),
                Array((2, 2, 3, 3, 3), "uniform", -1.7, 1.7),
                mode,
                padding,
                align_corners,
            )
            for mode in ("bilinear", "nearest")
            for padding in ("zeros", "border", "reflection")
            for align_corners in (False, True)
        ),
        sample(Array((1, 2, 4, 5)), Array((1, 3, 3, 2), "uniform", -1, 1), align_corners=False),
        sample(Array((1, 1, 1, 1)), Array((1, 3, 3, 2), "uniform", -2, 2), "bilinear", "reflection", True),
        sample(Array((0, 2, 3, 3)), Array((0, 2, 2, 2)), align_corners=False),
        sample(Array((1, 0, 3, 3)), Array((1, 2, 2, 2)), align_corners=False),
        sample(Array((1, 2, 3, 3)), Array((1, 0, 2, 2)), align_corners=False),
        # All at one place, many contributions to the same elements
        sample(
            Array((1, 2, 3, 3)),
            Literal(np.full((1, 9, 11, 2), 0.3), False),
            align_corners=True,
        ),
        *(
            sample(
                Array((2, 2, 3, 4), "special"),
                Array((2, 3, 6, 2), "uniform", -1.5, 1.5),
                mode,
                align_corners=False,
            ).but(smooth=False)
            for mode in ("bilinear", "nearest", "bicubic")
        ),
        sample(
            Array((1, 1, 4, 6), requires_grad=False),
            Literal(
                np.stack(np.meshgrid(np.linspace(-1, 1, 6), np.linspace(-1, 1, 4)), -1)[np.newaxis], False
            ),
            "bilinear",
            "zeros",
            True,
        ).but(smooth=False),  # at the elements themselves
        # halfway between elements, where the even one is nearest, and at the edges, where the gradient is 0
        *(
            sample(Array((1, 2, 5, 5)), Literal(HALVES), mode, padding, True).but(smooth=False)
            for mode in ("nearest", "bilinear")
            for padding in ("border", "reflection")
        ),
    ),
    refusals=(
        refusal("mode", Array((1, 1, 3, 3)), Array((1, 2, 2, 2)), "linear", align_corners=False),
        refusal("mode", Array((1, 1, 3, 3)), Array((1, 2, 2, 2)), None, align_corners=False),
        refusal("padding_mode", Array((1, 1, 3, 3)), Array((1, 2, 2, 2)), padding_mode="wrap"),
        refusal("align_corners", Array((1, 1, 3, 3)), Array((1, 2, 2, 2)), align_corners=1),
        refusal("align_corners", Array((1, 1, 3, 3)), Array((1, 2, 2, 2)), align_corners="no"),
        refusal("grid", Array((2, 1, 3, 3)), Array((1, 2, 2, 2)), align_corners=False),
        refusal("grid", Array((1, 1, 3, 3)), Array((1, 2, 2, 3)), align_corners=False),
        refusal("grid", Array((1, 1, 3, 3)), Array((1, 2, 2, 2, 2)), align_corners=False),
        refusal("grid", Array((1, 1, 3, 3, 3)), Array((1, 2, 2, 2, 2)), align_corners=False),
        refusal("input", Array((1, 3, 3)), Array((1, 2, 2)), align_corners=False),
        refusal("input", Array((1, 1, 0, 3)), Array((1, 2, 2, 2)), align_corners=False),
        refusal("mode", Array((1, 1, 3, 3, 3)), Array((1, 2, 2, 2, 3)), "bicubic", align_corners=False),
        refusal("input", Array((1, 1, 3, 3), "integers"), Array((1, 2, 2, 2)), align_corners=False),
        refusal("grid", Array((1, 1, 3, 3)), Array((1, 2, 2, 2), "integers"), align_corners=False),
    ),
    known=(
        known(
            [[[[2.5, 1.0, 4.0, 0.0, 1.5]]]],
            "by hand: the middle, two corners, outside, the middle of an edge",
            Literal([[[[1.0, 2.0], [3.0, 4.0]]]]),
            Literal([[[[0.0, 0.0], [-1.0, -1.0], [1.0, 1.0], [-3.0, 0.0], [0.0, -1.0]]]]),
            align_corners=True,
        ),
    ),
)


@st.composite
def affine_grids(draw):
    axes = draw(st.integers(2, 3))
    batch = draw(st.integers(1, 3))
    size = (batch, draw(st.integers(1, 3)), *(draw(st.integers(1, 5)) for _ in range(axes)))
    align_corners = False if min(size[2:]) == 1 else draw(st.booleans())
    return sample(Array((batch, axes, axes + 1)), size, align_corners)


AFFINE_GRID = Operator(
    "affine_grid",
    samples=affine_grids(),
    examples=(
        sample(Array((2, 2, 3)), (2, 1, 3, 4), align_corners=False),
        sample(Array((2, 2, 3)), [2, 1, 3, 4], align_corners=True),
        sample(Array((2, 3, 4)), (2, 1, 3, 4, 5), align_corners=False),
        sample(Array((2, 3, 4)), (2, 1, 3, 4, 5), align_corners=True),
        sample(Array((1, 2, 3)), (1, 1, 1, 1), align_corners=False),
        sample(Array((1, 2, 3)), (1, 1, 1, 4), align_corners=True),
    ),
    refusals=(
        refusal("theta", Array((1, 2, 3), "integers"), (1, 1, 4, 4), False),
        refusal("theta", Array((1, 3, 4)), (1, 1, 4, 4), False),
        refusal("theta", Array((2, 3)), (1, 1, 4, 4), False),
        refusal("theta", Array((1, 2, 3)), (1, 1, 4, 4, 4), False),
        refusal("size", Array((2, 2, 3)), (1, 1, 4, 4), False),
        refusal("size", Array((1, 2, 3)), (1, 1, 4), False),
        refusal("size", Array((1, 2, 3)), (1, 1, 0, 4), False),
        refusal("size", Array((1, 2, 3)), (1, 1, -1, 4), False),
        refusal("size", Array((1, 2, 3)), (1, 0, 4, 4), False),
        refusal("size", Array((1, 2, 3)), (1, 1, 4.0, 4), False),
        refusal("size", Array((1, 2, 3)), 5, False),
        refusal("align_corners", Array((1, 2, 3)), (1, 1, 4, 4), 1),
    ),
    known=(
        known(
            [[[[-0.5, -0.5], [0.5, -0.5]], [[-0.5, 0.5], [0.5, 0.5]]]],
            "by hand: the identity names the centres of a 2 x 2 image",
            Literal([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]),
            (1, 1, 2, 2),
            False,
        ),
    ),
)

OPERATORS = [INTERPOLATE, GRID_SAMPLE, AFFINE_GRID]

LAYERS = [
    Layer("Upsample", lambda nn: nn.Upsample(scale_factor=2), Array((2, 3, 4, 5))),
    Layer("Upsample", lambda nn: nn.Upsample(size=7, mode="linear"), Array((2, 3, 4))),
    Layer(
        "Upsample", lambda nn: nn.Upsample((7, 3), mode="bicubic", align_corners=True), Array((2, 3, 4, 5))
    ),
    Layer("Upsample", lambda nn: nn.Upsample(None, (1.5, 2, 2), "trilinear"), Array((2, 1, 3, 4, 5))),
    Layer(
        "Upsample", lambda nn: nn.Upsample(scale_factor=1.7, recompute_scale_factor=True), Array((2, 3, 4, 5))
    ),
    Layer("UpsamplingNearest2d", lambda nn: nn.UpsamplingNearest2d(scale_factor=2), Array((2, 3, 4, 5))),
    Layer("UpsamplingNearest2d", lambda nn: nn.UpsamplingNearest2d((3, 9)), Array((2, 3, 4, 5))),
    Layer(
        "UpsamplingBilinear2d", lambda nn: nn.UpsamplingBilinear2d(scale_factor=(2, 3)), Array((2, 3, 4, 5))
    ),
    Layer("UpsamplingBilinear2d", lambda nn: nn.UpsamplingBilinear2d(size=6), Array((2, 3, 4, 5))),
]

BIG = Array((32, 64, 28, 28))
GRID = Array((32, 28, 28, 2), "uniform", -1.1, 1.1)
TIMED = [
    Timed("nearest, twice as large", "interpolation", "interpolate", sample(BIG, scale_factor=2)),
    Timed(
        "bilinear, twice as large",
        "interpolation",
        "interpolate",
        sample(BIG, scale_factor=2, mode="bilinear"),
    ),
    Timed(
        "bicubic, twice as large", "interpolation", "interpolate", sample(BIG, scale_factor=2, mode="bicubic")
    ),
    Timed(
        "bilinear, photographs halved",
        "interpolation",
        "interpolate",
        sample(Array((8, 3, 256, 256)), scale_factor=0.5, mode="bilinear"),
    ),
    Timed("grid_sample, bilinear", "interpolation", "grid_sample", sample(BIG, GRID, align_corners=False)),
    Timed(
        "grid_sample, bicubic",
        "interpolation",
        "grid_sample",
        sample(BIG, GRID, "bicubic", align_corners=False),
    ),
]
