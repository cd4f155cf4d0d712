"""Second-order optimizers: PyTorch's path, the same on both sides, and what the theory promises on quadratics."""

import copy
import inspect
import itertools
import math
import pickle

import numpy as np
import pytest
import scipy.optimize
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import pytorch, scratch, surfaces, training
from dlcore.pytorch import second_order as their_methods
from dlcore.scratch import second_order as our_methods
from dlcore.scratch.line_search import strong_wolfe

pytestmark = pytest.mark.filterwarnings("error")
BACKENDS = {"scratch": (scratch, our_methods), "pytorch": (pytorch, their_methods)}
both = pytest.mark.parametrize("backend, methods", BACKENDS.values(), ids=BACKENDS)
SURFACES = {surface.name: surface for surface in surfaces.SURFACES if surface is not surfaces.saddle}
OWN = ["BFGS", "ConjugateGradient", "Newton"]


def numbers(param):
    return np.array(param.detach().numpy() if isinstance(param, torch.Tensor) else param.data)


def state_of(optimizer):
    (state,) = optimizer.state.values()
    return state


class Run:
    """One problem on one backend: the parameters, and a closure that writes down every place it was called at."""

    def __init__(self, backend, start, loss, dtype=np.float64):
        self.params = [backend.tensor(np.array(array, dtype), requires_grad=True) for array in start]
        self.loss, self.places = loss, []

    def place(self):
        return np.concatenate([numbers(param).ravel() for param in self.params])

    def closure(self):
        self.places.append(self.place())
        for param in self.params:
            param.grad = None
        loss = self.loss(*self.params)
        loss.backward()
        return loss

    def walk(self, optimizer, steps):
        """The loss before each step and the place after it."""
        walked = []
        for _ in range(steps):
            loss = optimizer.step(self.closure)
            walked.append([loss.item(), *self.place()])
        return np.array(walked)


def logistic_regression(backend, dtype=np.float64):
    """Two sets of weights, a bias, one parameter that has no gradient and one that the loss does not know."""
    generator = np.random.default_rng(3)
    inputs = generator.standard_normal((40, 5)).astype(dtype)
    labels = (inputs @ generator.standard_normal(5) + 0.5 * generator.standard_normal(40) > 0).astype(dtype)
    inputs, labels = backend.tensor(inputs), backend.tensor(labels)

    def loss(left, bias, unused, right, frozen):
        logits = inputs[:, :3] @ left + inputs[:, 3:] @ right + bias + frozen
        each = backend.binary_cross_entropy_with_logits(logits.reshape(-1), labels)
        return each + 0.05 * ((left * left).sum() + (right * right).sum())

    start = [np.zeros((3, 1)), np.zeros(()), np.ones(2), np.full((2, 1), 0.3), np.zeros(1)]
    run = Run(backend, start, loss, dtype)
    run.params[-1].requires_grad_(False)
    return run


def problem(backend, name, dtype=np.float64):
    if name == "logistic regression":
        return logistic_regression(backend, dtype)
    if name == "quadratic":
        quadratic = surfaces.random_quadratic(6, 30, np.random.default_rng(5))
        return Run(backend, [quadratic.start], quadratic, dtype)
    return Run(backend, [SURFACES[name].start], SURFACES[name], dtype)


PROBLEMS = ["Rosenbrock", "Beale", "quadratic", "logistic regression"]


def assert_same_walk(ours, theirs, first, second, tolerance=1e-8):
    assert len(ours.places) == len(theirs.places)
    for one, other in ((first, second), (np.array(ours.places), np.array(theirs.places))):
        difference = np.abs(one - other) / np.maximum(1, np.abs(other))
        assert difference.max() <= tolerance, (difference.max(), difference.max(1).argmax())


# --- the line search

LINES = st.tuples(
    st.floats(0.05, 5), st.floats(-3, 3), st.floats(0.1, 3), st.floats(-3, 3), st.floats(0, 0.5)
)


def line(curvature, wave, frequency, phase, quartic):
    """A smooth function of one number that rises on both sides, and its slope."""

    def value(x):
        return curvature * x**2 / 2 + wave * math.sin(frequency * x + phase) + quartic * x**4

    def slope(x):
        return curvature * x + wave * frequency * math.cos(frequency * x + phase) + 4 * quartic * x**3

    return value, slope


@given(
    LINES, st.floats(-5, 5), st.sampled_from([1e-3, 0.1, 1, 7]), st.sampled_from([(1e-4, 0.9), (0.05, 0.1)])
)
@settings(max_examples=100, deadline=None)
def test_the_step_found_fulfils_the_strong_wolfe_conditions(constants, start, step, conditions):
    value, slope = line(*constants)
    downhill = -1 if slope(start) > 0 else 1
    if abs(slope(start)) < 1e-3:
        return

    def evaluate(t):
        place = start + t * downhill
        return value(place), place, downhill * slope(place)

    at_0, slope_0 = value(start), downhill * slope(start)
    c1, c2 = conditions
    found = strong_wolfe(evaluate, step, at_0, slope_0, c1, c2, max_iter=60, tolerance=0)
    loss, place, slope_found = evaluate(found.step)
    assert (found.loss, found.gradient) == (loss, place)
    assert loss <= at_0 + c1 * found.step * slope_0
    assert abs(slope_found) <= c2 * abs(slope_0)


def test_the_search_tries_the_steps_that_pytorch_tries():
    """Losses and slopes are drawn, not computed: so the search meets every case, equal losses among them."""
    generator = np.random.default_rng(0)
    for _ in range(200):
        losses = generator.choice([-1.0, -0.5, 0.0, 0.999, 1.0, 5.0], 40) * generator.choice([1, 1e-3])
        slopes = generator.choice([1e-3, 1, 30]) * generator.normal(generator.choice([-0.2, -2]), 1, 40)
        options = {
            "lr": 10 ** generator.uniform(-3, 1),
            "max_eval": int(generator.choice([2, 4, 9, 30])),
            "tolerance_change": 10 ** generator.uniform(-9, -1),
        }
        tried = []
        for (backend, _), method in zip(BACKENDS.values(), (our_methods.LBFGS, torch.optim.LBFGS)):
            param, places = backend.tensor(np.array([0.3]), requires_grad=True), []

            def closure(param=param, places=places, backend=backend, losses=losses, slopes=slopes):
                gradient = slopes[len(places) : len(places) + 1]
                param.grad = gradient if backend is scratch else torch.tensor(gradient)
                places.append(param.item())
                return losses[len(places)]

            method([param], max_iter=1, line_search_fn="strong_wolfe", **options).step(closure)
            tried.append([*places, param.item()])
        np.testing.assert_allclose(*tried, rtol=1e-9, atol=1e-9)


@given(st.floats(0.01, 100), st.floats(-100, -0.01), st.floats(0.01, 10))
@settings(deadline=None)
def test_a_quadratic_is_minimized_exactly(curvature, slope, step):
    trials = []

    def evaluate(t):
        trials.append(t)
        return slope * t + curvature * t**2 / 2, None, slope + curvature * t

    found = strong_wolfe(evaluate, step, 0.0, slope, 1e-7, 1e-6, max_iter=100, tolerance=0)
    assert found.step == pytest.approx(-slope / curvature, rel=2e-6)
    assert found.evaluations == len(trials)
    if 1.25 < -slope / curvature / step < 9.9:  # within reach of the first jump
        assert len(trials) == 2


@pytest.mark.parametrize("beyond", [math.inf, math.nan, -math.inf])
def test_the_search_steps_back_from_losses_that_are_not_finite(beyond):
    def evaluate(t):
        finite = t < 0.01
        return (
            (t - 0.004) ** 2 if finite else beyond,
            None,
            2 * (t - 0.004) if finite else math.nan,
        )

    found = strong_wolfe(evaluate, 1.0, 0.004**2, -0.008, c2=0.5)
    assert found.step == pytest.approx(0.004, abs=0.002) and found.loss < 0.004**2


@pytest.mark.parametrize("loss", [math.nan, math.inf, 1.0, 5.0])
def test_a_search_that_finds_nothing_lower_stays(loss):
    """NaN everywhere, and losses that the slope promised to be lower but are not."""
    calls = []

    def evaluate(t):
        calls.append(t)
        return loss, "there", math.nan if math.isnan(loss) else -1.0

    found = strong_wolfe(evaluate, 1.0, 1.0, -1.0, max_iter=25, gradient="here")
    assert (found.step, found.loss, found.gradient) == (0, 1, "here")
    assert found.evaluations == len(calls) <= 26


def test_a_line_without_end_is_followed_as_far_as_trials_allow():
    found = strong_wolfe(lambda t: (-t, None, -1.0), 1.0, 0.0, -1.0, max_iter=6)
    assert found.evaluations == 7 and found.step == pytest.approx(1e6)


def test_a_flat_line_ends_the_search():
    found = strong_wolfe(lambda t: (0.0, None, 0.0), 1.0, 0.0, -1e-3)
    assert found.evaluations <= 26 and found.loss == 0


@pytest.mark.parametrize(
    "arguments, name",
    [
        ((0, 1, -1), "step"), ((-1, 1, -1), "step"), ((math.inf, 1, -1), "step"), ((math.nan, 1, -1), "step"),
        ((1, 1, 0), "slope"), ((1, 1, 1), "slope"), ((1, 1, math.nan), "slope"),
        ((1, 1, -math.inf), "slope"), ((1, math.nan, -1), "loss"), ((1, math.inf, -1), "loss"),
        ((1, 1, -1, 0), "c1"), ((1, 1, -1, 0.9, 0.1), "c1, c2"), ((1, 1, -1, 0.1, 1), "c1, c2"),
        ((1, 1, -1, 0.1, 0.9, -1), "max_iter"),
    ],
)  # fmt: skip
def test_a_search_that_makes_no_sense_is_an_error(arguments, name):
    with pytest.raises(ValueError, match=f"^{name}"):
        strong_wolfe(lambda t: (0, None, 0), *arguments)


@pytest.mark.parametrize("options", [{"max_iter": math.nan}, {"tolerance": "small"}, {"scale": None}])
def test_options_of_the_search_that_are_no_numbers_are_errors(options):
    with pytest.raises(TypeError, match=f"^{next(iter(options))}:"):
        strong_wolfe(lambda t: (-t, None, -1.0), 1.0, 0.0, -1.0, **options)


def test_trials_are_numbers_where_the_loss_falls_by_more_than_can_be_squared():
    trials = []

    def evaluate(t):
        trials.append(t)
        return -1e200 * t, None, -1.0

    found = strong_wolfe(evaluate, 0.01, 0.0, -1.0, max_iter=5)
    assert np.isfinite(trials).all() and found.step == max(trials)


def test_a_step_may_grow_beyond_all_numbers():
    found = strong_wolfe(lambda t: (-t, None, -1.0), 1.0, 0.0, -1.0, max_iter=400)
    assert 1e307 < found.step < math.inf and found.loss == -found.step


# --- L-BFGS, PyTorch's path


LBFGS_OPTIONS = [
    {},
    {"line_search_fn": "strong_wolfe"},
    {"max_iter": 1, "max_eval": 30, "line_search_fn": "strong_wolfe"},
    {"max_iter": 3, "max_eval": 5, "lr": 0.3, "line_search_fn": "strong_wolfe"},
    {"max_iter": 5, "history_size": 2, "line_search_fn": "strong_wolfe"},
    {"max_iter": 7, "max_eval": 3, "line_search_fn": "strong_wolfe"},
    {"max_iter": 1, "lr": 0.3},
    {"max_iter": 6, "tolerance_grad": 1e-2, "tolerance_change": 1e-3, "line_search_fn": "strong_wolfe"},
    {"max_iter": 30, "tolerance_grad": 0.05, "lr": 0.5},
    {"max_iter": 30, "tolerance_change": 1e-2, "lr": 0.5},
    {"max_iter": 0},
    {"lr": 0.0, "max_iter": 3},
]


@pytest.mark.parametrize("name", ["Rosenbrock", "Beale", "logistic regression"])
@pytest.mark.parametrize("options", LBFGS_OPTIONS, ids=str)
def test_lbfgs_walks_pytorchs_path(name, options):
    ours, theirs = (problem(backend, name) for backend in (scratch, pytorch))
    steps = math.ceil(100 / max(1, options.get("max_iter", 20)))
    our_method, their_method = (
        our_methods.LBFGS(ours.params, **options),
        torch.optim.LBFGS(theirs.params, **options),
    )
    assert_same_walk(ours, theirs, ours.walk(our_method, steps), theirs.walk(their_method, steps))
    for key in ("n_iter", "func_evals"):
        assert state_of(our_method)[key] == state_of(their_method)[key]
    assert state_of(our_method)["func_evals"] == len(ours.places)
    for our, their in zip(ours.params, theirs.params):  # also of the last evaluation
        if their.grad is not None:
            np.testing.assert_allclose(our.grad, their.grad.numpy(), atol=1e-6)


def test_lbfgs_stays_at_a_minimum_and_says_its_loss():
    run = Run(scratch, [surfaces.rosenbrock.minima[0]], surfaces.rosenbrock)
    optimizer = our_methods.LBFGS(run.params)
    assert optimizer.step(run.closure).item() == 0 and len(run.places) == 1
    np.testing.assert_array_equal(run.place(), surfaces.rosenbrock.minima[0])


@pytest.mark.parametrize("line_search_fn", [None, "strong_wolfe"])
def test_lbfgs_continues_from_pytorchs_state(line_search_fn):
    ours, theirs = (problem(backend, "logistic regression") for backend in (scratch, pytorch))
    options = {"max_iter": 4, "history_size": 3, "line_search_fn": line_search_fn}
    their_method = torch.optim.LBFGS(theirs.params, **options)
    theirs.walk(their_method, 3)
    our_method = our_methods.LBFGS(ours.params)
    our_method.load_state_dict(their_method.state_dict())
    assert our_method.param_groups[0]["history_size"] == 3
    for our, their in zip(ours.params, theirs.params):
        our.data[...] = numbers(their)
    theirs.places.clear()
    assert_same_walk(ours, theirs, ours.walk(our_method, 5), theirs.walk(their_method, 5))


def test_lbfgs_in_float32_stays_there_and_reaches_the_minimum():
    run = problem(scratch, "logistic regression", np.float32)
    arrays = [param.data for param in run.params]
    optimizer = our_methods.LBFGS(run.params, line_search_fn="strong_wolfe")
    run.walk(optimizer, 4)
    exact = problem(scratch, "logistic regression")
    exact.walk(our_methods.LBFGS(exact.params, line_search_fn="strong_wolfe"), 4)
    np.testing.assert_allclose(run.place(), exact.place(), atol=2e-3)
    assert all(param.data is array and array.dtype == np.float32 for param, array in zip(run.params, arrays))
    assert state_of(optimizer)["d"].dtype == state_of(optimizer)["old_dirs"][0].dtype == np.float32


def test_a_search_without_finite_losses_leaves_the_parameters_where_they_are():
    param = scratch.tensor([1.0], requires_grad=True)
    first = []

    def closure():
        param.grad = np.array([1.0])
        first.append(1)
        return 3.0 if len(first) == 1 else math.nan

    our_methods.LBFGS([param], line_search_fn="strong_wolfe").step(closure)
    assert param.item() == 1


@both
@pytest.mark.parametrize("gradient", [math.inf, -math.inf, math.nan])
def test_a_gradient_that_is_not_finite_ends_the_step(backend, methods, gradient):
    for name in ("LBFGS", "BFGS", "ConjugateGradient"):
        if (name, backend) == ("LBFGS", pytorch):
            continue  # there the parameters become NaN
        param = backend.tensor([1.0], requires_grad=True)
        calls = []

        def closure(param=param, calls=calls):
            param.grad = backend.tensor([gradient])
            if backend is scratch:
                param.grad = param.grad.data
            calls.append(1)
            return math.nan

        optimizer = getattr(methods, name)([param], line_search_fn="strong_wolfe")
        optimizer.step(closure)
        assert len(calls) == state_of(optimizer)["n_iter"] == 1 and param.item() == 1


@both
@pytest.mark.parametrize("method", [*OWN, "LBFGS"])
def test_closures_are_recorded_where_the_caller_records_nothing(backend, methods, method):
    run = problem(backend, "bowl")
    with backend.no_grad():
        getattr(methods, method)(run.params).step(run.closure)
    assert np.abs(run.place()).max() < np.abs(surfaces.bowl.start).max()


@both
@pytest.mark.parametrize("method", OWN)
def test_options_may_be_arrays_that_hold_a_number(backend, methods, method):
    run, plain = (problem(backend, "quadratic", np.float32) for _ in range(2))
    options = {"lr": 0.5, "tolerance_grad": 1e-3, "tolerance_change": 1e-3, "curvature": 0.25}
    options |= {"damping": 0.5} if method == "Newton" else {}
    kinds = itertools.cycle(
        [np.float64, lambda value: backend.tensor([value]), lambda value: np.array([value])]
    )
    arrays = {key: kind(value) for kind, (key, value) in zip(kinds, options.items())}
    optimizer = getattr(methods, method)(run.params, **arrays)
    other = getattr(methods, method)(plain.params, **options)
    np.testing.assert_array_equal(run.walk(optimizer, 2), plain.walk(other, 2))
    assert state_of(optimizer)["d"].dtype in (np.float32, torch.float32)


# --- what PyTorch lacks: both sides


OWN_OPTIONS = [
    ("BFGS", {}),
    ("BFGS", {"max_iter": 1, "max_eval": 30, "curvature": 0.3}),
    ("BFGS", {"max_iter": 3, "lr": 0.3, "tolerance_change": 1e-4}),
    ("ConjugateGradient", {}),
    ("ConjugateGradient", {"method": "polak-ribiere"}),
    ("ConjugateGradient", {"max_iter": 1, "max_eval": 30, "method": "polak-ribiere", "restart": 7}),
    ("ConjugateGradient", {"max_iter": 6, "restart": 3, "curvature": 0.4, "tolerance_grad": 1e-3}),
    ("ConjugateGradient", {"lr": 0.5, "max_iter": 9, "max_eval": 4}),
    ("Newton", {"damping": 1.0}),
    ("Newton", {"damping": 60.0, "line_search_fn": "strong_wolfe", "lr": 0.7}),
    ("Newton", {"damping": 30.0, "max_iter": 4, "lr": 0.5}),
]


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("method, options", OWN_OPTIONS, ids=str)
def test_both_sides_walk_the_same_path(name, method, options):
    runs, walks, counts = [], [], []
    steps = 8 if method == "Newton" else math.ceil(100 / options.get("max_iter", 20))
    for backend, methods in BACKENDS.values():
        runs.append(problem(backend, name))
        optimizer = getattr(methods, method)(runs[-1].params, **options)
        walks.append(runs[-1].walk(optimizer, steps))
        counts.append([state_of(optimizer)[key] for key in ("n_iter", "func_evals")])
        assert counts[-1][1] == len(runs[-1].places)
    assert counts[0] == counts[1]
    assert_same_walk(*runs, *walks)


@pytest.mark.parametrize(
    "method, options", [("BFGS", {"lr": 0.02}), ("ConjugateGradient", {"lr": 0.02, "restart": 1})]
)
def test_both_sides_walk_the_same_path_without_line_search(method, options):
    runs, walks = [], []
    for backend, methods in BACKENDS.values():
        runs.append(problem(backend, "quadratic"))
        optimizer = getattr(methods, method)(runs[-1].params, line_search_fn=None, **options)
        walks.append(runs[-1].walk(optimizer, 5))
    assert len(runs[0].places) == 100
    assert_same_walk(*runs, *walks)


@pytest.mark.parametrize(
    "method, options, peer",
    [
        ("BFGS", {}, "BFGS"),
        ("ConjugateGradient", {"method": "polak-ribiere"}, "CG"),
        ("ConjugateGradient", {"method": "fletcher-reeves"}, "CG"),
        ("Newton", {"line_search_fn": "strong_wolfe"}, "BFGS"),
    ],
)
@pytest.mark.parametrize("name", ["Rosenbrock", "logistic regression"])
def test_the_minimum_is_that_of_scipy(method, options, peer, name):
    run, other = problem(scratch, name), problem(scratch, name)
    if name == "logistic regression":  # without the parameters that the loss does not know
        run.params = run.params[:2] + run.params[3:4]
        other.params = other.params[:2] + other.params[3:4]
        run.loss, other.loss = (
            lambda left, bias, right, loss=each.loss: loss(left, bias, None, right, 0.0)
            for each in (run, other)
        )

    def value(place):
        for param in other.params:
            param.data[...], place = place[: param.data.size].reshape(param.shape), place[param.data.size :]
        loss = other.closure().item()
        return loss, np.concatenate([param.grad.ravel() for param in other.params])

    theirs = scipy.optimize.minimize(value, run.place(), jac=True, method=peer, options={"gtol": 1e-7})
    optimizer = getattr(our_methods, method)(run.params, tolerance_change=1e-16, **options)
    run.walk(optimizer, 20)
    np.testing.assert_allclose(run.place(), theirs.x, atol=1e-4)
    assert value(run.place())[0] <= theirs.fun + 1e-9


@both
@pytest.mark.parametrize("surface", surfaces.SURFACES, ids=lambda surface: surface.name)
@pytest.mark.parametrize("method", [*OWN, "LBFGS"])
def test_every_surface_is_walked_down_from_its_start_in_float32(backend, methods, method, surface):
    options = {"damping": 45.0} if method == "Newton" else {}
    run = Run(backend, [surface.start], surface, np.float32)
    optimizer = getattr(methods, method)(run.params, line_search_fn="strong_wolfe", **options)
    run.walk(optimizer, 2 if surface is surfaces.saddle else 8)  # which has no end
    assert run.place().dtype == np.float32
    if method == "Newton" or surface is surfaces.saddle:
        assert surface(run.place()) < surface(np.array(surface.start)) - 1e-3
    else:
        assert min(np.abs(run.place() - minimum).max() for minimum in surface.minima) < 2e-3


# --- what the theory promises


@both
@pytest.mark.parametrize("size", [1, 2, 5, 12])
def test_newton_solves_a_quadratic_in_one_step(backend, methods, size):
    quadratic = surfaces.random_quadratic(size, 1 if size == 1 else 50, np.random.default_rng(size))
    run = Run(backend, [quadratic.start], quadratic)
    loss = methods.Newton(run.params).step(run.closure)
    assert loss.item() == pytest.approx(quadratic(quadratic.start))
    np.testing.assert_allclose(run.place(), quadratic.minimum, atol=1e-8)
    assert len(run.places) == 1 + 2 * size


@both
@pytest.mark.parametrize("method", ["fletcher-reeves", "polak-ribiere"])
@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_conjugate_gradients_solve_a_quadratic_of_n_unknowns_in_n_steps(backend, methods, method, size):
    quadratic = surfaces.random_quadratic(size, 10, np.random.default_rng(size))
    run = Run(backend, [quadratic.start], quadratic)
    optimizer = methods.ConjugateGradient(run.params, method=method, curvature=1e-3, max_iter=size)
    optimizer.step(run.closure)
    assert state_of(optimizer)["n_iter"] <= size
    np.testing.assert_allclose(run.place(), quadratic.minimum, atol=1e-7)

    short = Run(backend, [quadratic.start], quadratic)
    optimizer = methods.ConjugateGradient(short.params, method=method, curvature=1e-3, max_iter=size - 1)
    optimizer.step(short.closure)
    assert np.abs(short.place() - quadratic.minimum).max() > 1e-4  # one fewer does not do


@both
@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_bfgs_with_exact_steps_solves_a_quadratic_in_n_steps_and_knows_its_inverse(backend, methods, size):
    quadratic = surfaces.random_quadratic(size, 10, np.random.default_rng(size))
    run = Run(backend, [quadratic.start], quadratic)
    options = {"curvature": 1e-3, "tolerance_change": 0, "tolerance_grad": 0, "max_eval": 50 * size}
    optimizer = methods.BFGS(run.params, max_iter=size, **options)
    optimizer.step(run.closure)
    np.testing.assert_allclose(run.place(), quadratic.minimum, atol=1e-7)
    optimizer.param_groups[0]["max_iter"] = 1  # what the last step taught is learned before the next
    optimizer.step(run.closure)
    np.testing.assert_allclose(
        np.asarray(state_of(optimizer)["inverse_hessian"]), np.linalg.inv(quadratic.matrix), atol=1e-6
    )


@both
def test_bfgs_keeps_a_positive_definite_matrix_where_the_loss_curves_downwards(backend, methods):
    def double_well(point):
        return point[0] ** 4 / 4 - point[0] ** 2 / 2 + point[1] ** 2

    for options in ({"line_search_fn": None, "lr": 0.1}, {}):
        run = Run(backend, [[0.05, 1.0]], double_well)
        optimizer = methods.BFGS(run.params, max_iter=1, max_eval=20, **options)
        for _ in range(20):
            s = run.place()
            optimizer.step(run.closure)
            s = run.place() - s
            if "inverse_hessian" in state_of(optimizer):
                assert np.linalg.eigvalsh(np.asarray(state_of(optimizer)["inverse_hessian"])).min() > 0
        assert np.isfinite(run.place()).all()


@both
def test_bfgs_without_line_search_skips_updates_along_negative_curvature(backend, methods):
    run = Run(backend, [[0.1]], lambda x: -(x * x).sum())
    optimizer = methods.BFGS(run.params, lr=0.5, max_iter=4, line_search_fn=None)
    optimizer.step(run.closure)
    assert state_of(optimizer)["n_iter"] == 4 and "inverse_hessian" not in state_of(optimizer)
    assert run.place()[0] == pytest.approx(0.1 * 2**4)  # each -(-2 x) / 2 doubles x


@both
def test_with_restart_1_conjugate_gradients_are_steepest_descent(backend, methods):
    run = problem(backend, "Rosenbrock")
    optimizer = methods.ConjugateGradient(run.params, restart=1, max_iter=1, max_eval=20)
    for _ in range(5):
        before = run.place()
        optimizer.step(run.closure)
        moved, gradient = run.place() - before, surfaces.rosenbrock.gradient(before)
        assert moved @ gradient == pytest.approx(-np.linalg.norm(moved) * np.linalg.norm(gradient))


@both
def test_conjugate_gradients_restart_where_the_direction_would_lead_up(backend, methods):
    for t in (1.0, 0.0):  # 0: the last search found nothing, so that the same gradient comes again
        run = Run(backend, [[1.0, 2.0]], lambda x: (x * x).sum() / 2)
        optimizer = methods.ConjugateGradient(run.params, max_iter=1, max_eval=20)
        earlier = [4.0, 1.0] if t else [-0.5, 0.1]
        optimizer.state[run.params[0]].update(
            n_iter=1,
            since_restart=0,
            t=t,
            d=backend.tensor(np.array(earlier)).data,
            prev_flat_grad=backend.tensor(np.array([1.0, 2.0])).data,
        )
        optimizer.step(run.closure)
        np.testing.assert_array_equal(np.asarray(state_of(optimizer)["d"]), [-1, -2])


@both
@pytest.mark.parametrize("method", ["fletcher-reeves", "polak-ribiere"])
def test_conjugate_directions_follow_their_formula(backend, methods, method):
    run = problem(backend, "Beale")
    optimizer = methods.ConjugateGradient(run.params, method=method, restart=4, max_iter=1, max_eval=20)
    before, restarts = None, 0
    for step in range(12):
        gradient = surfaces.beale.gradient(run.place())
        if np.abs(gradient).max() <= 1e-7:
            break
        optimizer.step(run.closure)
        d = np.asarray(state_of(optimizer)["d"])
        expected = -gradient
        if before is not None and step % 4:
            change = gradient - (0 if method == "fletcher-reeves" else before[0])
            expected = -gradient + max(0, gradient @ change / (before[0] @ before[0])) * before[1]
            if expected @ gradient >= 0:
                expected = -gradient
        restarts += np.allclose(d, -gradient, rtol=1e-12)
        np.testing.assert_allclose(d, expected, rtol=1e-9)
        before = gradient, d
    assert 3 <= restarts < 12


@both
@pytest.mark.parametrize("name", SURFACES)
def test_the_measured_hessian_is_as_exact_as_promised(backend, methods, name):
    surface, dtypes = SURFACES[name], (np.float64, np.float32)
    for dtype in dtypes:
        point = np.array([0.7, 1.3], dtype)
        run = Run(backend, [point], surface, dtype)
        methods.Newton(run.params, damping=3.0).step(run.closure)
        hessian = surface.hessian(point.astype(float))
        exact = -np.linalg.solve(hessian + 3 * np.eye(2), surface.gradient(point.astype(float)))
        error = np.abs(run.place() - point - exact).max() / np.abs(exact).max()
        assert error <= 100 * np.finfo(dtype).eps ** (2 / 3)
        assert run.params[0].data.dtype in (dtype, getattr(torch, np.dtype(dtype).name))


@both
def test_the_width_of_differences_is_that_of_the_coarsest_dtype(backend, methods):
    params = [
        backend.tensor(np.array([0.7], dtype), requires_grad=True) for dtype in (np.float32, np.float64)
    ]

    def closure():
        optimizer.zero_grad()
        loss = sum((x**4).sum() / 4 + 10 * x.sum() for x in params)
        loss.backward()
        return loss

    optimizer = methods.Newton(params)
    optimizer.step(closure)
    for param in params:
        assert numbers(param)[0] == pytest.approx(0.7 - (0.7**3 + 10) / (3 * 0.7**2), rel=1e-3)


@both
def test_the_measured_hessian_is_the_mean_with_its_transpose(backend, methods):
    jacobian = np.array([[2.0, 1.0], [0.0, 3.0]])  # of something that is no gradient
    run = Run(backend, [[1.0, -2.0]], None)

    def closure():
        grad = jacobian @ run.place()
        run.params[0].grad = grad if backend is scratch else torch.tensor(grad)
        return 0.0

    methods.Newton(run.params).step(closure)
    step = np.linalg.solve((jacobian + jacobian.T) / 2, jacobian @ [1, -2])
    np.testing.assert_allclose(run.place(), [1, -2] - step, rtol=1e-8)


@both
def test_a_hessian_is_recorded_where_the_caller_records_nothing(backend, methods):
    run = Run(backend, [[1.0, -2.0]], lambda x: (x**2).sum())

    def hessian():
        point = backend.tensor([3.0, 4.0], requires_grad=True)
        (point**3).sum().backward()
        return np.diag(numbers(point.grad) if backend is pytorch else point.grad)  # 27, 48

    with backend.no_grad():
        methods.Newton(run.params, hessian=hessian).step(run.closure)
    np.testing.assert_allclose(run.place(), [1 - 2 / 27, -2 + 4 / 48], rtol=1e-6)


@both
def test_newton_in_half_precision_solves_in_single_precision(backend, methods):
    run = Run(backend, [[1.0, -2.0]], lambda x: ((x - 3) ** 2).sum(), np.float16)
    methods.Newton(run.params).step(run.closure)
    np.testing.assert_allclose(run.place(), 3, atol=0.02)
    assert run.place().dtype == np.float16


@both
def test_differences_are_divided_by_the_width_that_rounding_left(backend, methods):
    """Then nothing is lost near the minimum of a quadratic, where the gradients are exact."""
    for start in np.linspace(3.05, 3.4, 8):
        run = Run(backend, [[start]], lambda x: ((x - 3) ** 2).sum() / 2, np.float32)
        methods.Newton(run.params).step(run.closure)
        assert abs(run.place()[0] - 3) < 5e-7


@both
def test_newton_takes_a_given_hessian_and_calls_the_closure_once(backend, methods):
    run = problem(backend, "Rosenbrock")
    ways = [
        lambda: surfaces.rosenbrock.hessian(run.params[0]),
        lambda: surfaces.rosenbrock.hessian(run.place()),
    ]
    for hessian in ways:
        place, before = run.place(), len(run.places)
        methods.Newton(run.params, hessian=hessian).step(run.closure)
        expected = np.linalg.solve(surfaces.rosenbrock.hessian(place), -surfaces.rosenbrock.gradient(place))
        np.testing.assert_allclose(run.place() - place, expected, rtol=1e-10)
        assert len(run.places) == before + 1


@both
def test_newton_walks_to_a_saddle_point_unless_damped(backend, methods):
    run = Run(backend, [surfaces.saddle.start], surfaces.saddle)
    methods.Newton(run.params).step(run.closure)
    np.testing.assert_allclose(run.place(), 0, atol=1e-9)

    run = Run(backend, [surfaces.saddle.start], surfaces.saddle)
    run.walk(methods.Newton(run.params, damping=3.0), 12)
    assert surfaces.saddle(run.place()) < -1

    run = Run(backend, [[0.001, 1.0]], surfaces.saddle)
    with pytest.raises(RuntimeError, match="damping: too small"):
        methods.Newton(run.params, line_search_fn="strong_wolfe").step(run.closure)
    np.testing.assert_array_equal(run.place(), [0.001, 1])
    methods.Newton(run.params, damping=2.5, line_search_fn="strong_wolfe").step(run.closure)
    assert surfaces.saddle(run.place()) < surfaces.saddle(np.array([0.001, 1.0]))


@both
def test_newton_leaves_out_what_has_no_gradient(backend, methods):
    run = logistic_regression(backend)
    unused = numbers(run.params[2])
    calls = len(run.places)
    methods.Newton(run.params).step(run.closure)
    assert len(run.places) - calls == 1 + 2 * 6
    np.testing.assert_array_equal(numbers(run.params[2]), unused)
    assert numbers(run.params[4]) == 0
    whole = np.diag([4.0] * 6 + [0, 0, 0])[[0, 1, 2, 3, 6, 7, 4, 5, 8]]
    whole = whole[:, [0, 1, 2, 3, 6, 7, 4, 5, 8]]  # 0 in the rows of the two parameters without gradient
    before = run.place()
    methods.Newton(run.params, hessian=lambda: whole).step(run.closure)
    moved = run.place() - before
    assert np.count_nonzero(moved) == 6 and not moved[[4, 5, 8]].any()


@both
@pytest.mark.parametrize(
    "hessian, message",
    [
        (None, "hessian: is singular"),
        (lambda: np.zeros((2, 2)), "hessian: is singular"),
        (lambda: np.ones((2, 2)), "hessian: is singular"),
        (lambda: np.ones((2, 3)), r"hessian: expected shape \(2, 2\)"),
        (lambda: np.ones(2), r"hessian: expected shape \(2, 2\)"),
        (lambda: np.eye(2) * 1j, r"hessian: expected shape \(2, 2\) and real numbers"),
        (lambda: np.full((2, 2), np.nan), "hessian: has entries that are not finite"),
    ],
)
def test_a_hessian_that_cannot_be_inverted_is_an_error(backend, methods, hessian, message):
    run = Run(backend, [[1.0, 2.0]], lambda x: (x[0] + x[1]) ** 2)
    with pytest.raises(RuntimeError, match=message):
        methods.Newton(run.params, hessian=hessian).step(run.closure)
    np.testing.assert_array_equal(run.place(), [1, 2])
    methods.Newton(run.params, damping=0.1).step(run.closure)
    assert run.place().sum() < 0.1


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_measured_hessian_is_singular_if_it_is_within_its_error(backend, methods, dtype):
    run = Run(backend, [[0.31, 1.27]], lambda x: (0.3 * x[0] + 0.7 * x[1]) ** 4, dtype)
    with pytest.raises(RuntimeError, match="hessian: is singular"):
        methods.Newton(run.params).step(run.closure)


# --- the interface


@both
@pytest.mark.parametrize("method", [*OWN, "LBFGS"])
def test_training_that_was_interrupted_ends_with_the_same_weights(backend, methods, method, tmp_path):
    generator = np.random.default_rng(4)
    inputs = generator.standard_normal((12, 3)).astype(np.float32)
    data = inputs, generator.integers(0, 2, 12)
    start = generator.standard_normal((2, 3)).astype(np.float32)
    options = {"damping": 0.1} if method == "Newton" else {"max_iter": 3, "line_search_fn": "strong_wolfe"}

    def trained(path, *epochs):
        for count in epochs:  # each in a process of its own, which knows only the checkpoint
            network = backend.nn.Linear(3, 2)
            for param, values in zip(network.parameters(), (start, np.zeros(2, np.float32))):
                param.data[...] = backend.tensor(values).data
            optimizer = getattr(methods, method)(network.parameters(), lr=0.5, **options)
            history = training.train(
                network, optimizer, backend.cross_entropy, data, count, batch_size=12,
                checkpoint=path, checkpoint_every=1, progress=False,
            )  # fmt: skip
        return np.concatenate([numbers(param).ravel() for param in network.parameters()]), history.loss

    (one, losses), (other, _) = trained(tmp_path / "whole", 3), trained(tmp_path / "parts", 1, 2, 3)
    np.testing.assert_array_equal(one, other)
    assert losses[-1] < losses[0]


@both
@pytest.mark.parametrize("method", [*OWN, "LBFGS"])
def test_copies_and_pickles_continue_alike(backend, methods, method):
    if (backend, method) == (pytorch, "LBFGS"):
        pytest.skip("PyTorch's LBFGS cannot be copied")
    options = {"hessian": curvature_of_fourth_power} if method == "Newton" else {"max_iter": 2}
    places = []
    for way in (lambda pair: pair, copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))):
        param = backend.tensor([1.0, -2.0], requires_grad=True)
        pair = param, getattr(methods, method)([param], **options)
        for step in range(2):
            param, optimizer = pair

            def closure(param=param, optimizer=optimizer):
                optimizer.zero_grad()
                loss = ((param - 3) ** 4).sum()
                loss.backward()
                return loss

            optimizer.step(closure)
            pair = way(pair) if step == 0 else pair
        places.append(numbers(param))
    assert (places[0] == places[1]).all() and (places[0] == places[2]).all()


def curvature_of_fourth_power():
    return np.diag([12.0, 48.0])


@both
@pytest.mark.parametrize("method", OWN)
def test_parameters_without_entries_are_left_alone(backend, methods, method):
    for start in ([np.zeros(0)], [np.zeros(0), np.ones(2)]):
        run = Run(backend, start, lambda *params: sum((x * x).sum() for x in params))
        run.walk(getattr(methods, method)(run.params), 3)
        np.testing.assert_allclose(run.place(), 0, atol=1e-6)


@both
@pytest.mark.parametrize("method", OWN)
def test_without_evaluations_left_the_first_trial_is_taken(backend, methods, method):
    run = Run(backend, [[1.0, 2.0]], lambda x: (x * x).sum())
    optimizer = getattr(methods, method)(run.params, max_eval=0, max_iter=5, line_search_fn="strong_wolfe")
    optimizer.step(run.closure)
    assert state_of(optimizer)["n_iter"] == 1 and np.abs(run.place()).max() < 2


@both
def test_conjugate_gradients_survive_gradients_whose_squares_are_0(backend, methods):
    run = Run(backend, [[1.0, 2.0]], lambda x: (x * x).sum() * 1e-200)
    run.walk(methods.ConjugateGradient(run.params, tolerance_grad=0, tolerance_change=0), 2)
    np.testing.assert_array_equal(run.place(), [1, 2])


@pytest.mark.parametrize("method", [*OWN, "LBFGS"])
def test_gradients_of_another_shape_or_dtype_are_errors(method):
    params = [scratch.tensor(np.ones(size), requires_grad=True) for size in (2, 3)]
    for gradients in ([np.ones(3), np.ones(2)], [np.ones(2, np.float32), np.ones(3)]):

        def closure(gradients=gradients):
            for param, gradient in zip(params, gradients):
                param.grad = gradient
            return 1.0

        with pytest.raises(RuntimeError, match="^grad: expected shape"):
            getattr(our_methods, method)(params).step(closure)


@both
def test_nothing_remembered_shares_memory_with_the_parameters(backend, methods):
    for method in OWN:
        run = Run(backend, [[0.3, -0.2]], lambda x: (x**4 + x).sum())
        optimizer = getattr(methods, method)(run.params, max_iter=2)
        optimizer.step(run.closure)
        for value in state_of(optimizer).values():
            for own in (run.params[0].data, run.params[0].grad):
                assert not (
                    getattr(value, "ndim", 0) and np.shares_memory(np.asarray(value), np.asarray(own))
                )


@both
@pytest.mark.parametrize("method", OWN)
def test_float32_stays_and_reaches_the_minimum(backend, methods, method):
    run = problem(backend, "logistic regression", np.float32)
    exact = problem(scratch, "logistic regression")
    exact.walk(our_methods.LBFGS(exact.params, line_search_fn="strong_wolfe"), 5)
    memory = run.params[0].data
    optimizer = getattr(methods, method)(run.params)
    run.walk(optimizer, 6)
    np.testing.assert_allclose(run.place(), exact.place(), atol=3e-3)
    assert run.place().dtype == np.float32
    vectors = [value for value in state_of(optimizer).values() if getattr(value, "ndim", 0)]
    assert all(value.dtype in (np.float32, torch.float32) for value in vectors) and vectors
    assert np.shares_memory(np.asarray(run.params[0].data), np.asarray(memory))


@both
@pytest.mark.parametrize("method", [*OWN, "LBFGS"])
def test_a_saved_state_continues_as_if_nothing_had_happened(backend, methods, method):
    options = {} if method == "Newton" else {"max_iter": 2, "max_eval": 20, "line_search_fn": "strong_wolfe"}
    run = problem(backend, "logistic regression")
    optimizer = getattr(methods, method)(run.params, lr=0.5, **options)
    run.walk(optimizer, 3)
    saved, place = optimizer.state_dict(), run.place()
    saved = copy.deepcopy(saved) if backend is pytorch else saved  # PyTorch goes on writing into it
    onward = run.walk(optimizer, 4)

    again = problem(backend, "logistic regression")
    for param, part in zip(again.params, np.split(place, np.cumsum([numbers(p).size for p in again.params]))):
        param.data[...] = backend.tensor(part.reshape(numbers(param).shape)).data
    other = getattr(methods, method)(again.params)
    other.load_state_dict(saved)
    np.testing.assert_array_equal(again.walk(other, 4), onward)
    if method != "Newton":  # without its state it would not
        fresh = getattr(methods, method)(again.params, lr=0.5, **options)
        assert fresh.state_dict()["state"] == {}


@pytest.mark.parametrize("method", OWN)
def test_scratch_continues_from_the_state_of_the_other_side(method):
    ours, theirs = (problem(backend, "logistic regression") for backend in (scratch, pytorch))
    their_method = getattr(their_methods, method)(theirs.params, max_iter=3)
    theirs.walk(their_method, 2)
    our_method = getattr(our_methods, method)(ours.params)
    our_method.load_state_dict(their_method.state_dict())
    for our, their in zip(ours.params, theirs.params):
        our.data[...] = numbers(their)
    theirs.places.clear()
    assert_same_walk(ours, theirs, ours.walk(our_method, 4), theirs.walk(their_method, 4))


@pytest.mark.parametrize("method", [*OWN, "LBFGS"])
def test_a_loaded_state_is_a_copy_in_the_dtype_of_the_parameters(method):
    double, single = (problem(scratch, "quadratic", dtype) for dtype in (np.float64, np.float32))
    one, other, same = (
        getattr(our_methods, method)(run.params, max_iter=3) for run in (double, single, double)
    )
    double.walk(one, 1)
    saved = one.state_dict()
    other.load_state_dict(saved)
    same.load_state_dict(saved)
    assert state_of(other)["d"].dtype == np.float32
    assert not np.shares_memory(state_of(same)["d"], state_of(one)["d"])
    np.testing.assert_array_equal(state_of(same)["d"], state_of(one)["d"])


def test_a_state_of_other_parameters_is_an_error_and_changes_nothing():
    small = Run(scratch, [[1.0, 2.0]], lambda x: (x * x).sum())
    large = Run(scratch, [[1.0, 2.0, 3.0]], lambda x: (x * x).sum())
    one, other = (
        our_methods.LBFGS(run.params, lr=lr, max_iter=3) for run, lr in ((small, 0.1), (large, 0.2))
    )
    small.walk(one, 1)
    large.walk(other, 1)
    before = copy.deepcopy(state_of(one))
    with pytest.raises(ValueError, match="state_dict: expected .* with 2 entries"):
        one.load_state_dict(other.state_dict())
    assert one.param_groups[0]["lr"] == 0.1
    np.testing.assert_array_equal(state_of(one)["d"], before["d"])
    saved = one.state_dict()
    for places in ([7], [0, 1]):
        with pytest.raises(ValueError, match="state_dict: expected a state of the first parameter alone"):
            one.load_state_dict({**saved, "state": dict.fromkeys(places, saved["state"][0])})
    two = our_methods.LBFGS([scratch.tensor([1.0], requires_grad=True) for _ in range(2)])
    with pytest.raises(ValueError, match="state_dict: expected groups"):
        two.load_state_dict(one.state_dict())


WRONG = [
    ({"lr": -1}, ValueError, "lr"),
    ({"lr": "fast"}, TypeError, "lr"),
    ({"lr": math.nan}, ValueError, "lr"),
    ({"max_iter": -1}, ValueError, "max_iter"),
    ({"max_iter": 1.5}, TypeError, "max_iter"),
    ({"max_eval": -1}, ValueError, "max_eval"),
    ({"max_eval": 2.5}, TypeError, "max_eval"),
    ({"tolerance_grad": "small"}, TypeError, "tolerance_grad"),
    ({"tolerance_change": None}, TypeError, "tolerance_change"),
    ({"line_search_fn": "backtracking"}, ValueError, "line_search_fn"),
    ({"line_search_fn": True}, ValueError, "line_search_fn"),
    ({"curvature": 0}, ValueError, "curvature"),
    ({"curvature": 1}, ValueError, "curvature"),
    ({"curvature": "flat"}, TypeError, "curvature"),
]


@both
@pytest.mark.parametrize(
    "method, options, error, name",
    [(method, *wrong) for method, wrong in itertools.product(OWN, WRONG)]
    + [
        ("ConjugateGradient", {"method": "hestenes-stiefel"}, ValueError, "method"),
        ("ConjugateGradient", {"restart": 0}, ValueError, "restart"),
        ("ConjugateGradient", {"restart": 2.0}, TypeError, "restart"),
        ("Newton", {"damping": -1}, ValueError, "damping"),
        ("Newton", {"damping": "some"}, TypeError, "damping"),
        ("Newton", {"hessian": np.eye(2)}, TypeError, "hessian"),
    ],
)
def test_options_out_of_range_are_errors(backend, methods, method, options, error, name):
    param = backend.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(error, match=f"^{name}:"):
        getattr(methods, method)([param], **options)
    if name != "hessian":  # in a group as well
        with pytest.raises(error, match=f"^{name}:"):
            getattr(methods, method)([{"params": [param], **options}])


@pytest.mark.parametrize(
    "options, error, name",
    [wrong for wrong in WRONG if not {"curvature", "line_search_fn"} & set(wrong[0])]
    + [
        ({"history_size": 0}, ValueError, "history_size"),
        ({"history_size": 2.5}, TypeError, "history_size"),
        ({"line_search_fn": "backtracking"}, RuntimeError, "line_search_fn"),
    ],
)
def test_options_of_lbfgs_out_of_range_are_errors(options, error, name):
    with pytest.raises(error, match=f"^{name}:"):
        our_methods.LBFGS([scratch.tensor([1.0], requires_grad=True)], **options)


@both
@pytest.mark.parametrize("method", [*OWN, "LBFGS"])
def test_there_is_one_group(backend, methods, method):
    one, other = (backend.tensor([1.0], requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="group"):
        getattr(methods, method)([{"params": [one]}, {"params": [other]}])
    if (backend, method) != (pytorch, "LBFGS"):
        with pytest.raises(ValueError, match="params: .* one group"):
            getattr(methods, method)([one]).add_param_group({"params": [other]})


@both
@pytest.mark.parametrize("method", [*OWN, "LBFGS"])
def test_a_closure_that_cannot_be_used_is_an_error(backend, methods, method):
    param = backend.tensor([1.0], requires_grad=True)
    param.grad = backend.tensor([1.0]).data
    optimizer = getattr(methods, method)([param])
    with pytest.raises(TypeError, match=None if (backend, method) == (pytorch, "LBFGS") else "closure"):
        optimizer.step()
    for closure in (None, lambda: None):
        with pytest.raises(TypeError, match=None if (backend, method) == (pytorch, "LBFGS") else "closure:"):
            optimizer.step(closure)


@pytest.mark.parametrize("name", [*OWN, "LBFGS"])
def test_both_sides_have_the_same_names_and_arguments(name):
    assert set(our_methods.__all__) == set(their_methods.__all__) == {*OWN, "LBFGS", "strong_wolfe"}
    ours, theirs = (
        inspect.signature(getattr(methods, name)).parameters for methods in (our_methods, their_methods)
    )
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]
    assert their_methods.LBFGS is torch.optim.LBFGS
    groups = [
        getattr(methods, name)([backend.tensor([1.0], requires_grad=True)]).param_groups[0]
        for backend, methods in BACKENDS.values()
    ]
    for group in groups:
        del group["params"]
    assert groups[0] == groups[1]


def test_the_other_side_refuses_complex_parameters_and_takes_odd_layouts():
    with pytest.raises(ValueError, match="params: expected real"):
        their_methods.BFGS([torch.zeros(2, dtype=torch.complex64, requires_grad=True)])
    walks = []
    for layout in (torch.contiguous_format, torch.channels_last):
        param = torch.arange(24.0, dtype=torch.float64).reshape(1, 2, 3, 4).to(memory_format=layout)
        param.requires_grad_()
        run = Run(pytorch, [], None)
        run.params, run.loss = [param], lambda x: ((x - 1) ** 4 / 4 + x**2).sum()
        walks.append(run.walk(their_methods.BFGS(run.params), 5))
    np.testing.assert_allclose(*walks, rtol=1e-9, atol=1e-9)
