"""dlcore.surfaces: derivatives by hand against the tape, autograd and differences; minima; figures from the literature."""

import math
import re
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlcore import scratch, surfaces

TURNED = surfaces.quadratic(7.5, angle=0.6)
RANDOM = surfaces.random_quadratic(5, 30, np.random.default_rng(3))
EVERY = [*surfaces.SURFACES, TURNED]
each = pytest.mark.parametrize("surface", EVERY, ids=lambda surface: f"{surface.name} {surface.formula[:30]}")
each_and_random = pytest.mark.parametrize(
    "surface", [*EVERY, RANDOM], ids=[*(s.name for s in EVERY), "random"]
)


def points_of(surface, *shape, seed=0):
    """Points in the domain."""
    generator = np.random.default_rng(seed)
    if isinstance(surface, surfaces.Quadratic):
        return generator.uniform(-3, 3, (*shape, len(surface.start)))
    low, high = np.transpose(surface.domain)
    return generator.uniform(low, high, (*shape, 2))


def differences(function, point, step):
    """The derivatives of `function` along every axis of one point, by central differences of the fourth order."""
    columns = []
    for axis in np.eye(len(point)) * step:
        near, far = (function(point + k * axis) - function(point - k * axis) for k in (1, 2))
        columns.append((8 * near - far) / (12 * step))
    return np.stack(columns, -1)


@each_and_random
def test_the_gradient_is_the_tapes_and_autograds(surface):
    points = points_of(surface, 4, 5)
    ours, theirs = scratch.tensor(points, requires_grad=True), torch.tensor(points, requires_grad=True)
    surface(ours).sum().backward()
    surface(theirs).sum().backward()
    gradient = surface.gradient(points)
    scale = np.abs(gradient).max()
    np.testing.assert_allclose(ours.grad, gradient, rtol=1e-12, atol=1e-13 * scale)
    np.testing.assert_allclose(theirs.grad.numpy(), gradient, rtol=1e-12, atol=1e-13 * scale)


@each_and_random
def test_the_hessian_is_autograds(surface):
    points = points_of(surface, 6)
    theirs = np.stack([torch.autograd.functional.hessian(surface, point) for point in torch.tensor(points)])
    hessian = surface.hessian(points)
    np.testing.assert_allclose(theirs, hessian, rtol=1e-12, atol=1e-13 * np.abs(hessian).max())


@each_and_random
def test_derivatives_are_limits_of_differences(surface):
    for point in points_of(surface, 8):
        gradient, hessian = surface.gradient(point), surface.hessian(point)
        np.testing.assert_allclose(
            differences(surface, point, 1e-3), gradient, rtol=1e-7, atol=1e-7 * np.abs(gradient).max()
        )
        np.testing.assert_allclose(
            differences(surface.gradient, point, 1e-3), hessian, rtol=1e-7, atol=1e-7 * np.abs(hessian).max()
        )


@each_and_random
def test_minima_are_flat_and_curve_upwards(surface):
    for minimum in surface.minima:
        largest = np.abs(surface.hessian(minimum)).max()
        assert np.abs(surface.gradient(minimum)).max() <= 1e-14 * largest
        assert np.linalg.eigvalsh(surface.hessian(minimum)).min() > 0
        assert surface(minimum) == pytest.approx(0, abs=1e-25)


@each
def test_saddles_are_flat_and_curve_both_ways(surface):
    for point in surface.saddles:
        assert np.abs(surface.gradient(point)).max() <= 1e-14 * np.abs(surface.hessian(point)).max()
        low, high = np.linalg.eigvalsh(surface.hessian(point))
        assert low < -0.1 and high > 0.1


@each
def test_no_minimum_and_no_saddle_is_missing(surface):
    # Newton's method from everywhere in the domain stops at points of any kind.
    (left, right), (bottom, top) = surface.domain
    points = np.stack(np.meshgrid(np.linspace(left, right, 41), np.linspace(bottom, top, 37)), -1).reshape(
        -1, 2
    )
    with np.errstate(all="ignore"):
        for _ in range(60):
            steps = np.linalg.pinv(surface.hessian(points)) @ surface.gradient(points)[..., np.newaxis]
            points = np.clip(points - steps[..., 0], -1e6, 1e6)
    hessians = surface.hessian(points)
    flat = np.abs(surface.gradient(points)).max(-1) <= 1e-10
    inside = ((points >= [left, bottom]) & (points <= [right, top])).all(-1)
    eigenvalues = np.linalg.eigvalsh(hessians)
    found = {"minima": set(), "saddles": set()}
    for point, (low, high) in zip(points[flat & inside].round(6) + 0.0, eigenvalues[flat & inside]):
        if high > 0:
            found["minima" if low > 0 else "saddles"].add(tuple(point.tolist()))
    for kind, places in found.items():
        assert places == {tuple(np.round(point, 6).tolist()) for point in getattr(surface, kind)}, kind


def test_values_are_those_of_the_literature():
    assert surfaces.rosenbrock((-1.2, 1)) == pytest.approx(24.2, rel=1e-14)
    assert surfaces.rosenbrock((0, 0)) == 1
    assert surfaces.beale((1, 1)) == 14.203125
    assert surfaces.beale((0, 0)) == 14.203125  # 1.5² + 2.25² + 2.625², there and wherever y = 1
    assert surfaces.himmelblau((0, 0)) == 170
    assert surfaces.himmelblau((-0.270845, -0.923039)) == pytest.approx(181.617, abs=5e-4)  # the hill
    assert surfaces.saddle((3, 2)) == 5
    assert surfaces.bowl((3, 4)) == 12.5
    assert surfaces.ravine((3, 4)) == 804.5


def test_the_ends_of_the_valleys_have_the_condition_that_is_said():
    assert np.linalg.cond(surfaces.rosenbrock.hessian((1, 1))) == pytest.approx(2508, abs=0.5)
    assert np.linalg.cond(surfaces.ravine.hessian((0, 0))) == 100
    assert np.linalg.cond(surfaces.bowl.hessian((0, 0))) == 1


@each
def test_the_formula_says_what_is_computed(surface):
    code = surface.formula.replace(r"\tfrac{1}{2}", "0.5").replace("^", "**")
    code = re.sub(r"\\(cos|sin) (-?[\d.]+)", r"\1(\2)", code)
    code = re.sub(r"(?<=[\w)]) (?=[(\w])", " * ", code)
    for x, y in points_of(surface, 5).tolist():
        value = eval(code, {"x": x, "y": y, "cos": math.cos, "sin": math.sin})
        assert surface((x, y)) == pytest.approx(value, rel=1e-12), code


@given(condition=st.floats(1, 1e6), angle=st.floats(-7, 7))
def test_a_turned_valley_lies_at_its_angle(condition, angle):
    hessian = surfaces.quadratic(condition, angle).hessian((0.3, -0.2))
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    np.testing.assert_allclose(hessian @ along, along, atol=1e-14 * condition)
    np.testing.assert_allclose(hessian @ across, condition * across, atol=1e-14 * condition)


@given(size=st.integers(1, 12), condition=st.floats(1, 1e4), seed=st.integers(0, 2**32))
def test_a_random_quadratic_has_the_curvatures_that_were_asked_for(size, condition, seed):
    surface = surfaces.random_quadratic(size, condition, np.random.default_rng(seed))
    expected = condition ** (np.arange(size) / max(1, size - 1))
    np.testing.assert_allclose(np.linalg.eigvalsh(surface.matrix), expected, atol=1e-13 * condition)
    np.testing.assert_array_equal(surface.matrix, surface.matrix.T)
    again = surfaces.random_quadratic(size, condition, np.random.default_rng(seed))
    np.testing.assert_array_equal(surface.matrix, again.matrix)
    np.testing.assert_array_equal(surface.minimum, again.minimum)


@given(size=st.integers(1, 12), seed=st.integers(0, 2**32))
def test_newton_needs_one_step_and_conjugate_gradients_as_many_as_there_are_numbers(size, seed):
    surface = surfaces.random_quadratic(size, 20, np.random.default_rng(seed))
    start = surface.start
    step = np.linalg.solve(surface.hessian(start), surface.gradient(start))
    np.testing.assert_allclose(start - step, surface.minimum, atol=1e-12)

    point, residual = start, -surface.gradient(start)
    direction = residual
    for _ in range(size):
        bent = surface.matrix @ direction
        point = point + (residual @ residual) / (direction @ bent) * direction
        residual, before = -surface.gradient(point), residual
        direction = residual + (residual @ residual) / (before @ before) * direction
        if residual @ residual < 1e-25:
            break
    np.testing.assert_allclose(point, surface.minimum, atol=1e-6)


def test_directions_of_a_random_quadratic_are_random():
    generator = np.random.default_rng(0)
    steep = [np.linalg.eigh(surfaces.random_quadratic(3, 9, generator).matrix)[1][:, -1] for _ in range(600)]
    second = np.einsum("ki,kj->ij", steep, steep) / 600
    np.testing.assert_allclose(second, np.eye(3) / 3, atol=0.06)


def test_the_learning_rates_that_are_said_lead_to_the_minimum_or_away():
    def descend(surface, rate, steps):
        point = np.array(surface.start)
        for _ in range(steps):
            point = point - rate * surface.gradient(point)
        return surface(point)

    assert descend(surfaces.bowl, 1, 1) == 0
    assert descend(surfaces.ravine, 0.0199, 2000) < 1e-10
    assert descend(surfaces.ravine, 0.0201, 2000) > 1e10
    ridge = (-1.5, 0.0)  # the start of the race, but for a thousandth
    np.testing.assert_allclose(surfaces.saddle.start, ridge, atol=0.0011)
    assert descend(surfaces.saddle, 0.1, 20) == pytest.approx(0, abs=0.01)
    assert descend(surfaces.saddle, 0.1, 100) < -1e4


@each_and_random
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_comes_out_is_what_went_in(surface, dtype):
    array = points_of(surface, 2, 3).astype(dtype)
    before = array.copy()
    size = array.shape[-1]
    expected = surface(before.astype(float))
    for make, kind in (
        (np.asarray, np.ndarray),
        (lambda points: scratch.nn.Parameter(points), scratch.Tensor),
        (lambda points: torch.nn.Parameter(torch.tensor(points)), torch.Tensor),
    ):
        point = make(array)
        for result, shape in (
            (surface(point), (2, 3)), (surface.gradient(point), (2, 3, size)), (surface.hessian(point), (2, 3, size, size)),
        ):  # fmt: skip
            assert type(result) is kind and tuple(result.shape) == shape
            assert str(result.dtype).removeprefix("torch.") == dtype
        assert not getattr(surface.gradient(point), "requires_grad", False)
        value = surface(point)
        value = value.detach() if kind is torch.Tensor else value
        close = 1e-4 if dtype == "float32" else 1e-12
        np.testing.assert_allclose(getattr(value, "data", value), expected, rtol=close, atol=close)
    np.testing.assert_array_equal(array, before)


@each_and_random
def test_points_in_half_precision_are_points(surface):
    ones = np.ones(len(surface.start))
    for point in (ones.astype("float16"), torch.ones(len(ones)).half(), torch.ones(len(ones)).bfloat16()):
        for function in (surface, surface.gradient, surface.hessian):
            result = function(point)
            assert result.dtype == point.dtype
            close = {"rtol": 0.02, "atol": 0.02 * np.abs(function(ones)).max() + 0.01}
            np.testing.assert_allclose(
                np.asarray(result, float) if isinstance(point, np.ndarray) else result.double().numpy(),
                function(ones),
                **close,
            )


@each_and_random
def test_a_race_that_diverges_does_so_without_a_warning(surface):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in (1e200, -math.inf, math.nan):
            point = np.full(len(surface.start), number)
            for function in (surface, surface.gradient, surface.hessian):
                function(point)


def test_a_surface_compiles_into_one_graph():
    point = torch.tensor([0.0, 2.0])
    assert torch.compile(surfaces.rosenbrock.__call__, backend="eager", fullgraph=True)(point) == 401


@each
def test_numbers_and_integers_are_points_too(surface):
    assert surface((2, 1)) == surface.value(2.0, 1.0) == surface(np.array([2, 1]))
    gradient = surface.gradient([2, 1])
    assert gradient.dtype == float and tuple(gradient) == surface.slopes(2.0, 1.0)
    xx, xy, yy = surface.curvatures(2.0, 1.0)
    np.testing.assert_array_equal(surface.hessian((2, 1)), [[xx, xy], [xy, yy]])


@each_and_random
def test_points_of_another_size_are_errors(surface):
    size = len(surface.start)
    for point in (np.zeros(size + 1), torch.zeros(2, size - 1), scratch.tensor(1.0), 3.0):
        for function in (surface, surface.gradient, surface.hessian):
            with pytest.raises(ValueError, match=r"^point: expected shape \(\.\.\., "):
                function(point)


@each_and_random
def test_what_is_no_floating_point_is_an_error(surface):
    size = len(surface.start)
    for point in (
        torch.ones(size, dtype=torch.int64),
        scratch.tensor(np.ones(size, int)),
        np.ones(size, complex),
    ):
        for function in (surface, surface.gradient, surface.hessian):
            with pytest.raises(TypeError, match="^point: expected floating point"):
                function(point)


@pytest.mark.parametrize("condition", [0.99, -1, math.nan, math.inf])
def test_conditions_below_1_are_errors(condition):
    with pytest.raises(ValueError, match="^condition: "):
        surfaces.quadratic(condition)
    with pytest.raises(ValueError, match="^condition: "):
        surfaces.random_quadratic(3, condition, np.random.default_rng(0))


def test_other_arguments_out_of_range_are_errors():
    generator = np.random.default_rng(0)
    with pytest.raises(TypeError, match="^condition: "):
        surfaces.quadratic("10")
    with pytest.raises(ValueError, match="^angle: "):
        surfaces.quadratic(10, math.inf)
    with pytest.raises(TypeError, match="^angle: "):
        surfaces.quadratic(10, None)
    with pytest.raises(RuntimeError, match="^size: "):
        surfaces.random_quadratic(0, 10, generator)
    with pytest.raises(TypeError, match="^size: "):
        surfaces.random_quadratic(2.0, 10, generator)
    with pytest.raises(TypeError, match="^generator: "):
        surfaces.random_quadratic(2, 10, 0)


@each_and_random
def test_a_surface_does_not_change(surface):
    with pytest.raises(AttributeError):
        surface.start = (0, 0)
    points = points_of(surface, 3)
    for function in (surface, surface.gradient, surface.hessian):
        result, before = function(points), function(points)
        result[...] = 7
        np.testing.assert_array_equal(function(points), before)


@each
def test_races_begin_and_end_where_the_drawing_shows(surface):
    (left, right), (bottom, top) = surface.domain
    for x, y in (surface.start, *surface.minima, *surface.saddles):
        assert left < x < right and bottom < y < top
