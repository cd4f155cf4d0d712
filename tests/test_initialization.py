"""dlcore.scratch.initialization: distributions, exact fillers and errors, on both backends."""

import inspect
import itertools
import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from dlcore import pytorch, scratch

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

ours, theirs = scratch.initialization, pytorch.initialization
backends = pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])
dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])

MATRIX, KERNELS = (250, 400), (400, 25, 3, 3)
"""Of 90,000 elements or more: their standard deviation is known to 0.24 percent then."""


def normal(std, mean=0.0):
    return stats.norm(mean, std)


def uniform(bound):
    return stats.uniform(-bound, 2 * bound)


def truncated(mean, std, a, b):
    return stats.truncnorm((a - mean) / std, (b - mean) / std, mean, std)


DRAWN = {
    "uniform": ("uniform_", MATRIX, {}, stats.uniform(0, 1)),
    "uniform between -3 and 0.5": ("uniform_", MATRIX, {"a": -3, "b": 0.5}, stats.uniform(-3, 3.5)),
    "normal": ("normal_", MATRIX, {}, normal(1)),
    "normal with mean": ("normal_", (90_000,), {"mean": -2, "std": 0.1}, normal(0.1, -2)),
    "truncated": ("trunc_normal_", MATRIX, {}, truncated(0, 1, -2, 2)),
    "truncated, small": ("trunc_normal_", MATRIX, {"std": 0.02}, normal(0.02)),
    "truncated, lopsided": ("trunc_normal_", MATRIX, {"mean": 1, "a": -1, "b": 1.5}, truncated(1, 1, -1, 1.5)),
    "truncated, narrow": ("trunc_normal_", MATRIX, {"a": -0.3, "b": 0.4}, truncated(0, 1, -0.3, 0.4)),
    "truncated, half": ("trunc_normal_", MATRIX, {"a": 0, "b": math.inf}, truncated(0, 1, 0, math.inf)),
    "truncated, above": ("trunc_normal_", MATRIX, {"a": 0.7, "b": 2.5}, truncated(0, 1, 0.7, 2.5)),
    "truncated, below": (
        "trunc_normal_", MATRIX, {"mean": 2, "std": 0.5, "a": -1, "b": 1}, truncated(2, 0.5, -1, 1),
    ),
    "truncated, far tail": ("trunc_normal_", MATRIX, {"a": 6, "b": 8}, truncated(0, 1, 6, 8)),
    "standard, matrix": ("standard_uniform_", MATRIX, {}, uniform(1 / 20)),
    "standard, kernels": ("standard_uniform_", KERNELS, {}, uniform(1 / 15)),
    "Xavier uniform, matrix": ("xavier_uniform_", MATRIX, {}, uniform(math.sqrt(6 / 650))),
    "Xavier uniform, kernels": ("xavier_uniform_", KERNELS, {"gain": 5 / 3}, uniform(5 / 3 * math.sqrt(6 / 3825))),
    "Xavier normal, matrix": ("xavier_normal_", MATRIX, {"gain": 0.5}, normal(0.5 * math.sqrt(2 / 650))),
    "Xavier normal, kernels": ("xavier_normal_", KERNELS, {}, normal(math.sqrt(2 / 3825))),
    "Kaiming uniform, matrix": ("kaiming_uniform_", MATRIX, {}, uniform(math.sqrt(6 / 400))),
    "Kaiming uniform, kernels": (
        "kaiming_uniform_", KERNELS, {"mode": "fan_out", "nonlinearity": "tanh"}, uniform(5 / 3 * math.sqrt(3 / 3600)),
    ),
    "Kaiming normal, matrix": ("kaiming_normal_", MATRIX, {"nonlinearity": "relu"}, normal(math.sqrt(2 / 400))),
    "Kaiming normal, kernels": ("kaiming_normal_", KERNELS, {"a": 0.5}, normal(math.sqrt(2 / 1.25 / 225))),
    "Kaiming normal, fan_out": ("kaiming_normal_", MATRIX, {"mode": "FAN_OUT"}, normal(math.sqrt(2 / 250))),
    "sparse, none zero": ("sparse_", MATRIX, {"sparsity": 0}, normal(0.01)),
    "orthogonal": ("orthogonal_", MATRIX, {"gain": 1.5}, normal(1.5 / 20)),
}  # fmt: skip
drawn = pytest.mark.parametrize("case", DRAWN.values(), ids=DRAWN)
ONCE = {case[0]: case for case in DRAWN.values()}
each_function = pytest.mark.parametrize("case", ONCE.values(), ids=ONCE)


def fill(backend, name, shape, seed=0, dtype="float64", generator=None, **options):
    """The elements after a function of this name has filled them."""
    function = getattr(backend.initialization, name)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "mean is more than 2 std")  # PyTorch, although its result is exact
        if backend is scratch:
            generator = generator or np.random.default_rng(seed)
            return function(np.full(shape, np.nan, dtype), generator=generator, **options)
        generator = generator or torch.Generator().manual_seed(seed)
        tensor = torch.full(shape, math.nan, dtype=getattr(torch, dtype))
        with torch.random.fork_rng(enabled=name == "sparse_"):
            if name == "sparse_":
                torch.manual_seed(seed)
            return function(tensor, generator=generator, **options).numpy()


def check_moments(values, distribution):
    """Mean and standard deviation lie where those of this many numbers of the distribution do."""
    mean, variance, excess = distribution.stats("mvk")
    std, count = math.sqrt(variance), values.size
    assert abs(values.mean(dtype=float) - mean) <= 4.5 * std / math.sqrt(count)
    assert abs(values.std(dtype=float) / std - 1) <= min(0.012, 4.5 * math.sqrt((excess + 2) / 4 / count))


@drawn
@dtypes
@backends
def test_mean_and_deviation_are_right(backend, dtype, case):
    name, shape, options, distribution = case
    values = fill(backend, name, shape, dtype=dtype, **options)
    assert values.dtype == dtype
    check_moments(values, distribution)


@drawn
def test_an_error_of_3_percent_would_be_seen(case):
    name, shape, options, distribution = case
    values = fill(scratch, name, shape, **options)
    mean = distribution.mean()
    for factor in (0.97, 1.03):
        with pytest.raises(AssertionError):
            check_moments(mean + factor * (values - mean), distribution)
    with pytest.raises(AssertionError):
        check_moments(values + 0.03 * distribution.std(), distribution)


@drawn
@backends
def test_the_whole_distribution_is_right(backend, case):
    name, shape, options, distribution = case
    values = fill(backend, name, shape, 1, "float32", **options).reshape(-1).astype(float)
    assert stats.kstest(values, distribution.cdf).pvalue > 1e-3


@pytest.mark.parametrize("slope", [1e-12, 0.4, 0.53, 1, 3, 12, 37, 1e4], ids=str)
@pytest.mark.parametrize("length", [1e-3, 0.2, 1, math.inf], ids=str)
@pytest.mark.parametrize("side", [1, -1])
def test_tails_of_the_normal_distribution_are_exact_however_far(slope, length, side):
    # Beyond 37 the tail's probability underflows, so that its fractions are computed from logarithms.
    a, b = sorted((side * slope, side * (slope + length)))
    values = fill(scratch, "trunc_normal_", (20_000,), a=3 + 2 * a, b=3 + 2 * b, mean=3, std=2)
    distance = np.sort(side * (values - 3) / 2)
    beyond = stats.norm.logsf(distance) - stats.norm.logsf(slope)
    left = np.expm1(stats.norm.logsf(slope + length) - stats.norm.logsf(slope))
    fractions = np.expm1(beyond) / left
    assert stats.kstest(fractions, "uniform").pvalue > 1e-3


class Counting(np.random.Generator):
    """Counts the candidates, each of which takes a normal number, or a uniform one and another to reject it."""

    candidates = 0

    def standard_normal(self, size=None, dtype=np.float64, out=None):
        self.candidates += size
        return super().standard_normal(size, dtype, out)

    def random(self, size=None, dtype=np.float64, out=None):
        self.candidates += size / 2
        return super().random(size, dtype, out)


@given(
    mean=st.floats(-1e3, 1e3),
    std=st.floats(1e-4, 1e4),
    a=st.floats(-1e3, 1e3),
    length=st.sampled_from([0.0, 1e-300, math.inf]) | st.floats(1e-3, 1e3),
    seed=st.integers(0, 99),
)
def test_truncation_draws_fewer_than_four_numbers_for_each_that_is_kept(mean, std, a, length, seed):
    generator = Counting(np.random.PCG64(seed))
    values = np.empty(2000)
    ours.trunc_normal_(values, mean, std, a, a + length, generator=generator)
    assert (values >= a).all() and (values <= a + length).all()
    assert generator.candidates <= 4 * values.size


@given(
    a=st.floats(-1e3, 1e3), length=st.floats(0, 1e3), dtype=st.sampled_from(["float16", "float32", "float64"])
)
def test_numbers_stay_between_their_bounds(a, length, dtype):
    low, high = (np.array(bound, dtype) for bound in (a, a + length))
    for name, options in (("uniform_", {}), ("trunc_normal_", {"mean": -3, "std": 20})):
        values = fill(scratch, name, (500,), dtype=dtype, a=a, b=a + length, **options)
        assert (values >= low).all() and (values <= high).all()


def test_rounding_does_not_lead_beyond_a_bound():
    step = 2.0**-23  # between one float32 and the next; both bounds round to 1 + step
    values = fill(scratch, "uniform_", (500,), dtype="float32", a=1 + 0.6 * step, b=1 + 1.4 * step)
    np.testing.assert_array_equal(values, np.float32(1 + step))


@pytest.mark.parametrize(
    "name, options, bound",
    [
        ("standard_uniform_", {}, 1 / 20),
        ("xavier_uniform_", {}, 0.0960769),
        ("kaiming_uniform_", {}, 0.122475),
    ],
)
@backends
def test_uniform_numbers_fill_the_interval_and_no_more(backend, name, options, bound):
    largest = np.abs(fill(backend, name, MATRIX, **options)).max()
    assert 0.999 * bound < largest <= bound


def test_standard_is_what_pytorchs_layers_begin_with():
    for layer, seed in ((torch.nn.Linear(30, 7), 0), (torch.nn.Conv2d(6, 9, (2, 3)), 1)):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            layer.reset_parameters()
        begun = theirs.standard_uniform_(torch.empty_like(layer.weight), torch.Generator().manual_seed(seed))
        torch.testing.assert_close(begun, layer.weight.detach(), rtol=1e-6, atol=0)


@given(
    rows=st.integers(1, 12), inner=st.lists(st.integers(1, 4), min_size=1, max_size=3), gain=st.floats(-3, 3),
    seed=st.integers(0, 2**32), backend=st.sampled_from([scratch, pytorch]),
)  # fmt: skip
def test_orthogonal_matrices_are_orthogonal(rows, inner, gain, seed, backend):
    shape = (rows, *inner)  # tall, wide, of up to four axes
    matrix = fill(backend, "orthogonal_", shape, seed, gain=gain).reshape(rows, -1)
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-12)


@dtypes
@pytest.mark.parametrize("shape", [(200, 80), (80, 200), (64, 32, 3, 3), (64, 4, 3, 3)], ids=str)
def test_large_orthogonal_matrices_are_orthogonal(shape, dtype):
    matrix = fill(scratch, "orthogonal_", shape, dtype=dtype)
    assert matrix.dtype == dtype
    matrix = matrix.reshape(len(matrix), -1).astype(float)
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12 if dtype == "float64" else 1e-5)


@backends
@pytest.mark.parametrize("shape", [(3, 3), (3, 2), (2, 3)], ids=str)
def test_all_orthogonal_matrices_are_equally_likely(backend, shape):
    # Each row or column of three is a point on the sphere, of which each coordinate is uniform, as Archimedes found.
    # With the signs that the decomposition happens to have, the diagonal would be of one sign.
    generator = np.random.default_rng(0) if backend is scratch else torch.Generator().manual_seed(0)
    matrices = np.stack([fill(backend, "orthogonal_", shape, generator=generator) for _ in range(1000)])
    for entry in matrices.reshape(1000, -1).T:
        assert stats.kstest(entry, stats.uniform(-1, 2).cdf).pvalue > 1e-3
    if shape == (3, 3):
        assert 430 < (np.linalg.det(matrices) > 0).sum() < 570


@given(
    rows=st.integers(0, 9), columns=st.integers(0, 5), seed=st.integers(0, 99),
    sparsity=st.sampled_from([0, 0.1, 0.3, 0.5, 1]) | st.floats(0, 1), backend=st.sampled_from([scratch, pytorch]),
)  # fmt: skip
def test_every_column_of_a_sparse_matrix_has_its_zeros(rows, columns, seed, sparsity, backend):
    values = fill(backend, "sparse_", (rows, columns), seed, sparsity=sparsity)
    assert ((values == 0).sum(0) == math.ceil(sparsity * rows)).all()


@backends
def test_zeros_of_a_sparse_matrix_lie_anywhere(backend):
    values = fill(backend, "sparse_", (10, 20_000), sparsity=0.3, std=2)
    check_moments(values[values != 0], normal(2))
    zeros = values == 0
    assert stats.chisquare(zeros.sum(1)).pvalue > 1e-3
    together = np.stack(
        [zeros[i] & zeros[j] for i in range(10) for j in range(i)]
    )  # as often for any two rows
    np.testing.assert_allclose(together.mean(1), 3 / 10 * 2 / 9, atol=0.01)


SHAPES = st.lists(st.integers(0, 5), min_size=2, max_size=5)


@given(SHAPES)
def test_fans_are_pytorchs(shape):
    fans = ours.calculate_fan_in_and_fan_out(np.empty(shape))
    assert fans == theirs.calculate_fan_in_and_fan_out(torch.empty(shape))
    assert fans == ours.calculate_fan_in_and_fan_out(scratch.tensor(np.empty(shape)))


@given(
    st.sampled_from([*ours.LINEAR, "sigmoid", "tanh", "relu", "leaky_relu", "selu"]),
    st.none() | st.integers(-9, 9) | st.floats(-9, 9),
)
@example("leaky_relu", 0)
@example("leaky_relu", None)
def test_gains_are_pytorchs(nonlinearity, param):
    assert ours.calculate_gain(nonlinearity, param) == theirs.calculate_gain(nonlinearity, param)


@given(
    shape=st.lists(st.integers(0, 6), max_size=5), dtype=st.sampled_from(["float32", "float64", "int64", "bool"]),
    val=st.integers(-9, 9) | st.floats(-1e6, 1e6), groups=st.integers(1, 3),
)  # fmt: skip
def test_exact_fillers_are_pytorchs(shape, dtype, val, groups):
    calls = [("zeros_", ()), ("ones_", ()), ("constant_", (val,))]
    if len(shape) == 2:
        calls.append(("eye_", ()))
    if len(shape) >= 3 and 0 not in shape[2:]:
        shape[0] *= groups
        calls.append(("dirac_", (groups,)))
    for name, options in calls:
        array, tensor = np.full(shape, 7, dtype), torch.full(shape, 7).to(getattr(torch, dtype))
        assert getattr(ours, name)(array, *options) is array
        getattr(theirs, name)(tensor, *options)
        np.testing.assert_array_equal(array, tensor.numpy())
        assert array.dtype == dtype


@backends
@pytest.mark.parametrize("groups", [1, 2])
def test_dirac_and_eye_hand_on_what_comes_in(backend, groups):
    make = torch.tensor if backend is pytorch else np.asarray
    image, rows = (np.random.default_rng(0).standard_normal(shape) for shape in ((2, 6, 5, 4), (2, 6)))
    kernels = backend.initialization.dirac_(make(np.ones((6, 6 // groups, 3, 3))), groups)
    np.testing.assert_array_equal(backend.conv2d(make(image), kernels, padding=1, groups=groups), image)
    matrix = backend.initialization.eye_(make(np.ones((6, 6))))
    np.testing.assert_array_equal(backend.linear(make(rows), matrix), rows)


@each_function
@backends
def test_the_same_state_of_the_generator_gives_the_same_numbers(backend, case):
    name, _, options, _ = case
    first, again, other = (fill(backend, name, (8, 9), seed, **options) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.9


@each_function
@dtypes
def test_arrays_tensors_and_views_get_the_same_numbers_in_place(case, dtype):
    name, _, options, _ = case
    function = getattr(ours, name)
    expected = fill(scratch, name, (6, 5), dtype=dtype, **options)
    parameter = scratch.nn.Parameter(np.zeros((6, 5), dtype))
    memory = parameter.data
    assert function(parameter, generator=np.random.default_rng(0), **options) is parameter
    assert parameter.data is memory and parameter.is_leaf and parameter.requires_grad
    np.testing.assert_array_equal(memory, expected)
    around = np.zeros((12, 7), dtype)
    for view in (around[::2, 5:0:-1], np.zeros((5, 6), dtype).T):
        assert function(view, generator=np.random.default_rng(0), **options) is view
        np.testing.assert_array_equal(view, expected)
    assert not around[1::2].any() and not around[:, 0].any() and not around[:, 6].any()


@pytest.mark.parametrize("name", ["zeros_", "ones_", "eye_", "constant_"])
def test_exact_fillers_take_tensors_in_place(name):
    parameter = scratch.nn.Parameter(np.full((2, 2), 7.0))
    memory = parameter.data
    function = getattr(ours, name)
    assert function(parameter, *([3] if name == "constant_" else [])) is parameter
    assert parameter.data is memory and parameter.is_leaf and not (memory == 7).any()


@pytest.mark.parametrize("name", sorted(set(ours.__all__) - {"icnr_"}))
def test_the_signatures_are_pytorchs(name):
    signatures = [inspect.signature(getattr(side, name)).parameters for side in (ours, theirs)]
    assert [(p.name, p.default, p.kind) for p in signatures[0].values()] == [
        (p.name, p.default, p.kind) for p in signatures[1].values()
    ]


def test_both_backends_have_the_same_names_and_pytorchs_are_its_own():
    assert set(ours.__all__) == set(theirs.__all__)
    for name in set(ours.__all__) - {"icnr_", "standard_uniform_", "calculate_fan_in_and_fan_out"}:
        assert getattr(theirs, name) is getattr(torch.nn.init, name)


REFUSED = [
    # name, argument, class, shape, dtype, options
    *[(name, "tensor", ValueError, shape, float, {}) for shape in ((), (3,)) for name in (
        "xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "standard_uniform_", "orthogonal_",
        "eye_", "dirac_",
    )],
    *[(name, "tensor", NotImplementedError, (2, 2), dtype, {}) for dtype in (np.int64, bool) for name in (
        "xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "standard_uniform_", "orthogonal_",
        "normal_", "uniform_", "trunc_normal_",
    )],
    *[(name, "tensor", ZeroDivisionError, (3, 2, 0), float, {}) for name in ("xavier_uniform_", "xavier_normal_")],
    *[(name, "gain", RuntimeError, (3, 2), float, {"gain": gain}) for gain in (-1, math.nan)
      for name in ("xavier_uniform_", "xavier_normal_")],
    *[(name, "gain", TypeError, (3, 2), float, {"gain": "large"}) for name in (
        "xavier_uniform_", "xavier_normal_", "orthogonal_")],
    ("xavier_uniform_", "gain", RuntimeError, (3, 2), float, {"gain": math.inf}),
    *[(name, argument, ValueError, (3, 2), float, options)
      for name in ("kaiming_uniform_", "kaiming_normal_") for argument, options in (
        ("mode", {"mode": "fan_sum"}), ("nonlinearity", {"nonlinearity": "swish"}),
        ("nonlinearity", {"nonlinearity": None}), ("a", {"a": True}), ("a", {"a": "0.1"}),
    )],
    ("kaiming_normal_", "a", RuntimeError, (3, 2), float, {"a": math.nan}),
    ("kaiming_uniform_", "a", RuntimeError, (3, 2), float, {"a": math.nan}),
    ("normal_", "std", RuntimeError, (3,), float, {"std": -1}),
    ("normal_", "std", RuntimeError, (0,), float, {"std": math.nan}),
    ("normal_", "std", TypeError, (3,), float, {"std": "1"}),
    ("normal_", "mean", TypeError, (3,), float, {"mean": None}),
    ("uniform_", "a", RuntimeError, (3,), float, {"a": 2}),
    ("uniform_", "a", RuntimeError, (0,), float, {"a": 2}),
    ("uniform_", "a", RuntimeError, (3,), float, {"a": math.nan}),
    ("uniform_", "b", RuntimeError, (3,), float, {"b": math.inf}),
    ("uniform_", "b", RuntimeError, (3,), np.float32, {"b": 1e39}),
    ("uniform_", "a", RuntimeError, (3,), np.float32, {"a": -3e38, "b": 3e38}),
    ("uniform_", "a", TypeError, (3,), float, {"a": "0"}),
    ("trunc_normal_", "a", RuntimeError, (3,), float, {"a": 1, "b": 0}),
    ("trunc_normal_", "a", RuntimeError, (3,), float, {"a": math.nan}),
    ("trunc_normal_", "std", ZeroDivisionError, (3,), float, {"std": 0}),
    ("trunc_normal_", "std", TypeError, (3,), float, {"std": "1"}),
    ("eye_", "tensor", ValueError, (2, 2, 2), float, {}),
    ("dirac_", "tensor", ValueError, (2, 2), float, {}),
    ("dirac_", "tensor", ValueError, (1,) * 6, float, {}),
    ("dirac_", "tensor", IndexError, (2, 2, 0), float, {}),
    ("dirac_", "groups", ValueError, (4, 2, 3), float, {"groups": 3}),
    ("dirac_", "groups", TypeError, (4, 2, 3), float, {"groups": 2.0}),
    ("sparse_", "tensor", ValueError, (2, 2, 2), float, {"sparsity": 0.5}),
    ("sparse_", "tensor", NotImplementedError, (2, 2), int, {"sparsity": 0.5}),
    ("sparse_", "sparsity", ValueError, (2, 2), float, {"sparsity": math.nan}),
    ("sparse_", "sparsity", TypeError, (2, 2), float, {"sparsity": "half"}),
    ("sparse_", "std", RuntimeError, (2, 2), float, {"sparsity": 0.5, "std": -1}),
    ("constant_", "val", TypeError, (2,), float, {"val": "1"}),
    ("constant_", "val", TypeError, (2,), float, {"val": None}),
    ("constant_", "val", RuntimeError, (2,), np.float32, {"val": 1e300}),
    ("constant_", "val", RuntimeError, (2,), np.int32, {"val": 1e12}),
    ("constant_", "val", RuntimeError, (2,), np.int64, {"val": math.nan}),
    ("constant_", "val", RuntimeError, (2,), np.uint8, {"val": -1.2}),
    ("calculate_fan_in_and_fan_out", "tensor", ValueError, (3,), float, {}),
]  # fmt: skip


@pytest.mark.parametrize("name, argument, kind, shape, dtype, options", REFUSED)
def test_errors_are_pytorchs_and_name_the_argument(name, argument, kind, shape, dtype, options):
    array = np.ones(shape, dtype)
    with pytest.raises(kind):
        getattr(theirs, name)(torch.tensor(array), **options)
    generator = {"generator": np.random.default_rng(0)}
    takes_one = "generator" in inspect.signature(getattr(ours, name)).parameters
    with pytest.raises(kind, match=f"^{argument}: "):
        getattr(ours, name)(array, **options, **(generator if takes_one else {}))
    np.testing.assert_array_equal(array, np.ones(shape, dtype))


@pytest.mark.parametrize(
    "kind, argument, name, options",
    [
        (RuntimeError, "std", "trunc_normal_", {"std": -1}),
        (RuntimeError, "std", "trunc_normal_", {"std": math.inf}),
        (RuntimeError, "mean", "trunc_normal_", {"mean": math.nan}),
        (RuntimeError, "a", "trunc_normal_", {"a": math.inf, "b": math.inf}),
        (RuntimeError, "b", "trunc_normal_", {"b": 1e39}),
        (ValueError, "sparsity", "sparse_", {"sparsity": 1.1}),
        (ValueError, "sparsity", "sparse_", {"sparsity": -0.1}),
        (ValueError, "mode", "kaiming_normal_", {"mode": None}),
    ],
)
def test_what_pytorch_takes_without_a_meaning_is_an_error(kind, argument, name, options):
    with pytest.raises(kind, match=f"^{argument}: "):
        fill(scratch, name, (4, 4), dtype="float32", **options)


@pytest.mark.parametrize("args", [("swish",), (None,), ([1],), ("leaky_relu", True), ("leaky_relu", "0.1")])
def test_gains_that_nobody_knows_are_errors(args):
    for side in (ours, theirs):
        with pytest.raises(ValueError):
            side.calculate_gain(*args)
    with pytest.raises(ValueError, match="^nonlinearity: " if len(args) == 1 else "^param: "):
        ours.calculate_gain(*args)


@pytest.mark.parametrize("groups", [0, -1])
def test_less_than_one_group_is_an_error(groups):
    with pytest.raises(ValueError, match="^groups: "):
        ours.dirac_(np.ones((4, 2, 3)), groups)


@each_function
@pytest.mark.parametrize("generator", [None, 0, np.random.RandomState(0)], ids=["none", "int", "RandomState"])
def test_numbers_are_not_drawn_without_a_generator(case, generator):
    name, _, options, _ = case
    with pytest.raises(TypeError, match="^generator: "):
        getattr(ours, name)(np.ones((2, 3)), **options, generator=generator)


@pytest.mark.parametrize("tensor", [[1.0, 2.0], 3.0, np.float64(3), None], ids=repr)
def test_what_cannot_be_filled_in_place_is_an_error(tensor):
    for call in (ours.zeros_, ours.calculate_fan_in_and_fan_out, ours.eye_):
        with pytest.raises(TypeError, match="^tensor: "):
            call(tensor)
    with pytest.raises(TypeError, match="^tensor: "):
        ours.normal_(tensor, generator=np.random.default_rng(0))
    with pytest.raises(TypeError, match="^tensor: "):
        ours.icnr_(tensor, 1, ours.zeros_)


@pytest.mark.parametrize(
    "name", sorted(set(ours.__all__) - {"calculate_gain", "calculate_fan_in_and_fan_out"})
)
def test_what_is_read_only_is_an_error(name):
    shape = (4, 4, 3) if name == "dirac_" else (4, 4)
    values = np.broadcast_to(np.ones(()), shape)
    assert ours.calculate_fan_in_and_fan_out(values)[0] in (4, 12)
    options = {"constant_": {"val": 2}, "sparse_": {"sparsity": 0.5}}.get(name, {})
    options = {"upscale_factor": 2, "initializer": ours.ones_} if name == "icnr_" else options
    if name != "icnr_" and "generator" in inspect.signature(getattr(ours, name)).parameters:
        options = options | {"generator": np.random.default_rng(0)}
    with pytest.raises(ValueError, match="^tensor: .* read-only"):
        getattr(ours, name)(values, **options)


@backends
@pytest.mark.parametrize("name", ["kaiming_uniform_", "kaiming_normal_", "standard_uniform_"])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0,), (2, 2, 0)], ids=str)
def test_who_fills_nothing_is_warned(backend, name, shape):
    tensor = np.empty(shape) if backend is scratch else torch.empty(shape)
    with pytest.warns(UserWarning) as caught:
        assert getattr(backend.initialization, name)(tensor) is tensor
    assert caught[0].filename == __file__ or backend is pytorch


@backends
@pytest.mark.parametrize(
    "name", ["xavier_uniform_", "xavier_normal_", "orthogonal_", "normal_", "trunc_normal_"]
)
def test_nothing_is_filled_without_a_warning_where_pytorch_gives_none(backend, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fill(backend, name, (0, 3)).shape == (0, 3)


def test_special_values_are_results_like_any_other():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(fill(scratch, "normal_", (9,), std=math.inf)).all()
        assert np.isnan(fill(scratch, "normal_", (9,), mean=math.nan)).all()
        assert np.isnan(fill(scratch, "orthogonal_", (3, 3), gain=math.nan)).all()
        assert (fill(scratch, "normal_", (9,), mean=2, std=0) == 2).all()
        assert (fill(scratch, "uniform_", (9,), a=2, b=2) == 2).all()
        assert (fill(scratch, "trunc_normal_", (9,), a=2, b=2, std=1e-320) == 2).all()
        assert not fill(scratch, "kaiming_normal_", (9, 9), a=math.inf).any()
        assert np.isnan(ours.constant_(np.zeros(2), math.nan)).all()
        assert fill(scratch, "normal_", (), generator=np.random.default_rng(0)).shape == ()


# What the formulas are for: signals that keep their size. Through ten layers the size of the signal is multiplied
# ten times by nearly the same factor, which the tenth root finds.

LAYERS = 10


def factors(backend, name, options, activation, widths, scale=1.0):
    """By which factor each layer multiplies the mean square of what goes forward, and of the gradient on its way back."""
    generator = np.random.default_rng(0) if backend is scratch else torch.Generator().manual_seed(0)
    start = scale * np.random.default_rng(1).standard_normal((200, widths[0]))
    start = backend.tensor(start, requires_grad=True)
    signal = start
    for inputs, outputs in itertools.pairwise(widths):
        weight = backend.tensor(np.zeros((outputs, inputs)))
        getattr(backend.initialization, name)(weight, generator=generator, **options)
        signal = activation(backend.linear(signal, weight))
    sent = np.random.default_rng(2).standard_normal(tuple(signal.shape))
    signal.backward(sent if backend is scratch else torch.tensor(sent))
    end, begun, returned = (np.asarray(array) for array in (signal.detach(), start.detach(), start.grad))
    layers = len(widths) - 1
    forward = np.square(end).mean() / np.square(begun).mean()
    return forward ** (1 / layers), (np.square(returned).mean() / np.square(sent).mean()) ** (1 / layers)


SQUARE = (400,) * (LAYERS + 1)
TAPERED = (200, 400) * (LAYERS // 2) + (200,)


@pytest.mark.parametrize(
    "name, options, activation, widths, forward, backward",
    [
        ("xavier_uniform_", {}, None, SQUARE, 1, 1),
        ("xavier_normal_", {}, None, SQUARE, 1, 1),
        ("orthogonal_", {}, None, SQUARE, 1, 1),
        ("kaiming_normal_", {"nonlinearity": "linear"}, None, TAPERED, 1, 1),
        ("kaiming_normal_", {}, "relu", SQUARE, 1, 1),
        ("kaiming_uniform_", {"nonlinearity": "relu"}, "relu", SQUARE, 1, 1),
        ("kaiming_normal_", {"nonlinearity": "relu", "mode": "fan_out"}, "relu", SQUARE, 1, 1),
        ("xavier_normal_", {}, "relu", SQUARE, 1 / 2, 1 / 2),
        ("standard_uniform_", {}, None, SQUARE, 1 / 3, 1 / 3),
        ("normal_", {"std": 0.01}, None, SQUARE, 0.04, 0.04),
    ],
)
@backends
def test_signals_keep_the_size_that_theory_says(
    backend, name, options, activation, widths, forward, backward
):
    activation = getattr(backend, activation) if activation else (lambda signal: signal)
    found = factors(backend, name, options, activation, widths)
    assert found == pytest.approx((forward, backward), rel=0.08)


@backends
def test_fan_in_keeps_the_activations_and_fan_out_the_gradients(backend):
    widths = [600 // 2**k for k in range(4)]  # 600, 300, 150, 75
    for mode, place in (("fan_in", 0), ("fan_out", 1)):
        found = factors(
            backend, "kaiming_normal_", {"mode": mode, "nonlinearity": "relu"}, backend.relu, widths
        )
        assert found[place] == pytest.approx(1, rel=0.15)
        ratio = (0.5, 2)[place]  # of the fans: the price in the other direction
        assert found[1 - place] == pytest.approx(ratio, rel=0.15)


@backends
def test_xavier_keeps_a_small_signal_through_tanh_and_the_gain_holds_a_large_one(backend):
    small = factors(backend, "xavier_normal_", {}, backend.tanh, SQUARE, scale=1e-3)
    assert small == pytest.approx((1, 1), rel=0.05)
    # With the gain 5/3 the mean square q settles where q = E[tanh²(5/3 √q z)], z standard normal.
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    settled = 0.5
    for _ in range(200):
        settled = weights @ np.tanh(5 / 3 * math.sqrt(settled) * nodes) ** 2 / weights.sum()
    for scale in (0.3, 3):
        deep = factors(backend, "xavier_uniform_", {"gain": 5 / 3}, backend.tanh, SQUARE * 2, scale=scale)
        assert deep[0] ** (2 * LAYERS + 1) * scale**2 == pytest.approx(settled, rel=0.1)
