"""Sound: measured ratios, spectra and shifts; both backends with the same numbers; what is drawn."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import pytorch, scratch
from dlcore.pytorch import audio_transforms as theirs
from dlcore.scratch import audio_transforms as ours

BACKENDS = {
    "scratch": (ours, np.random.default_rng, lambda array: array),
    "pytorch": (theirs, lambda seed: torch.Generator().manual_seed(seed), torch.from_numpy),
}
backends = pytest.mark.parametrize(("backend", "generator", "of"), BACKENDS.values(), ids=BACKENDS)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
DEVICES = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])
TOLERANCE = {np.dtype(np.float32): 1e-4, np.dtype(np.float64): 1e-9}

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def signals(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def ratio(signal, noise):
    """In decibels."""
    signal, noise = (np.asarray(part, np.float64) for part in (signal, noise))
    return 10 * np.log10((signal**2).sum(-1) / (noise**2).sum(-1))


def same(one, other):
    one, other = np.asarray(one), np.asarray(other.cpu())
    assert one.dtype == other.dtype and one.shape == other.shape
    size = max(np.abs(one[np.isfinite(one)]).max(initial=0), 1e-30)
    np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE[one.dtype] * size)


def test_the_backends_have_the_same_names():
    assert set(ours.__all__) == set(theirs.__all__)
    assert set(ours.__all__) <= set(scratch.augmentation.__all__)
    assert set(ours.__all__) <= set(pytorch.augmentation.__all__)


# Noise at a given ratio


@backends
@dtypes
@pytest.mark.parametrize("snr", [-30.0, 0, 12.5, 60])
def test_the_measured_ratio_is_the_one_asked_for(backend, generator, of, dtype, snr):
    clean, noise = 0.3 * signals(4, 500, dtype=dtype), 7 * signals(4, 500, seed=1, dtype=dtype)
    held = clean.copy(), noise.copy()
    noisy = np.asarray(backend.add_noise(of(clean), of(noise), snr))
    assert noisy.dtype == dtype
    np.testing.assert_allclose(ratio(clean, noisy - clean), snr, atol=0.01 if dtype == np.float32 else 1e-8)
    assert np.array_equal(clean, held[0]) and np.array_equal(noise, held[1])


@backends
def test_each_waveform_gets_its_own_ratio(backend, generator, of):
    clean, noise = signals(3, 2, 400), signals(3, 2, 400, seed=1)
    snr = np.array([[0.0, 5], [10, 20], [-7, 3]])
    noisy = np.asarray(backend.add_noise(of(clean), of(noise), of(snr)))
    np.testing.assert_allclose(ratio(clean, noisy - clean), snr, atol=1e-9)


@backends
def test_only_the_valid_part_counts_and_noise_is_added_everywhere(backend, generator, of):
    clean, noise = signals(3, 100), signals(3, 100, seed=1)
    lengths = np.array([100, 40, 0])
    for row, length in enumerate(lengths):
        clean[row, length:] = np.nan if row == 2 else 0
        noise[row, length:] *= 50
    noisy = np.asarray(backend.add_noise(of(clean), of(noise), of(np.full(3, 6.0)), of(lengths)))
    added = noisy - clean
    for row, length in enumerate(lengths[:2]):
        assert ratio(clean[row, :length], added[row, :length]) == pytest.approx(6, abs=1e-9)
    scale = added[1] / noise[1]
    np.testing.assert_allclose(scale, scale[0])
    assert np.isnan(noisy[2]).all()  # no valid sample: nothing is added


@backends
@dtypes
def test_silence_gets_no_noise_and_silent_noise_changes_nothing(backend, generator, of, dtype):
    clean, noise = signals(3, 50, dtype=dtype), signals(3, 50, seed=1, dtype=dtype)
    clean[0], noise[1] = 0, 0
    for snr in (3.0, np.inf, -np.inf):
        noisy = np.asarray(backend.add_noise(of(clean), of(noise), snr))
        assert np.array_equal(noisy[:2], clean[:2])
        assert (np.array_equal(noisy[2], clean[2]) or snr == 3.0) if snr > 0 else np.isinf(noisy[2]).all()


@backends
@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_faint_and_loud_signals_keep_the_ratio_in_single_precision(backend, generator, of, size):
    clean, noise = signals(200, dtype=np.float32) * np.float32(size), signals(200, seed=1, dtype=np.float32)
    noisy = np.asarray(backend.add_noise(of(clean), of(noise), 0.0))
    assert ratio(clean / np.float32(size), (noisy - clean) / np.float32(size)) == pytest.approx(0, abs=1e-3)


@backends
@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_squares_beyond_double_precision_do_no_harm(backend, generator, of, size):
    clean, noise = signals(200), signals(200, seed=1)
    noisy = np.asarray(backend.add_noise(of(clean * size), of(noise * size), 3.0))
    assert ratio(clean, noisy / size - clean) == pytest.approx(3, abs=1e-9)


@backends
def test_a_scale_beyond_the_range_of_the_dtype_keeps_the_ratio(backend, generator, of):
    """A noise so faint that the factor overflows, but not the noise times the factor."""
    for dtype, loud, faint in ((np.float16, 1, 1e-5), (np.float32, 1e30, 1e-30)):
        clean = (signals(500) * loud).astype(dtype)
        noise = (signals(500, seed=1) * faint).astype(dtype)
        added = np.asarray(backend.add_noise(of(clean), of(noise), 0.0)).astype(np.float64) - clean
        assert ratio(clean, added) == pytest.approx(0, abs=0.1)
        louder = np.asarray(backend.gain(of(noise), 20 * np.log10(1 / faint)))
        np.testing.assert_allclose(louder, noise.astype(np.float64) / faint, rtol=1e-3)
        assert np.isinf(np.asarray(backend.gain(of(clean), 1e6))).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_sound_of_half_precision_stays_so(dtype):
    X, noise = (torch.from_numpy(signals(3, 40, seed=seed)) for seed in (0, 1))
    for transform in (theirs.AdditiveNoise(exponent=1.0), theirs.RandomGain(), theirs.TimeShift(3)):
        assert transform(X.to(dtype)).dtype == dtype
    coloured = theirs.color_noise(noise.to(dtype), 1.0)
    torch.testing.assert_close(coloured.double(), theirs.color_noise(noise, 1.0), rtol=0, atol=0.03)


@backends
def test_an_array_without_axes_is_one_number_for_all(backend, generator, of):
    X, noise = of(signals(3, 9)), of(signals(3, 9, seed=1))
    for name, arguments in (("add_noise", (noise, 3.0)), ("gain", (3.0,)), ("time_shift", (3,))):
        function, *others = getattr(backend, name), *arguments[:-1]
        for one in (np.array(arguments[-1]), torch.tensor(arguments[-1]), np.asarray(arguments[-1])[()]):
            assert np.array_equal(function(X, *others, one), function(X, *arguments))


@backends
@pytest.mark.parametrize("kind", ["uint8", "uint16", "uint64", "int8"])
def test_shifts_and_lengths_may_be_of_any_type_of_integers(backend, generator, of, kind):
    X, noise, numbers = of(signals(3, 9)), of(signals(3, 9, seed=1)), np.array([0, 2, 9])
    for function, others in ((backend.time_shift, ()), (backend.add_noise, (noise, 3.0))):
        expected = function(X, *others, of(numbers))
        assert np.array_equal(function(X, *others, of(numbers.astype(kind))), expected)


@backends
def test_what_is_no_number_is_refused_by_name(backend, generator, of):
    X = of(signals(2, 5))
    for value in ("loud", None, 1j, np.array(["a", "b"]), [True, False]):
        for name, function, others in (
            ("snr", backend.add_noise, (X,)),
            ("gain_db", backend.gain, ()),
            ("shift", backend.time_shift, ()),
            ("lengths", backend.add_noise, (X, 1.0)),
        ):
            if name != "lengths" or value is not None:  # None: all of it
                with pytest.raises(TypeError, match=f"^{name}: "):
                    function(X, *others, value)
    for shift in (2**63, -(2**63)):
        with pytest.raises(ValueError, match="^shift: "):
            backend.time_shift(X, shift)
    for dtype in (np.int64, np.complex64) if backend is ours else (torch.int64, torch.complex64, None):
        with pytest.raises(TypeError, match="^dtype: "):
            backend.white_noise((3,), generator(0), dtype=dtype)


@backends
def test_leading_axes_of_size_1_are_repeated(backend, generator, of):
    clean, noise = signals(4, 3, 50), signals(1, 3, 50, seed=1)
    snr, lengths = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([[50, 20, 30]])
    noisy = np.asarray(backend.add_noise(of(clean), of(noise), of(snr), of(lengths)))
    for i, j in np.ndindex(4, 3):
        one = backend.add_noise(of(clean[i, j]), of(noise[0, j]), snr[i, 0], of(lengths[0, j : j + 1])[0])
        np.testing.assert_allclose(noisy[i, j], np.asarray(one), rtol=1e-12)


@backends
@pytest.mark.parametrize(
    ("arguments", "error", "name"),
    [
        ((signals(2, 5), signals(2, 6), 1.0), ValueError, "noise"),
        ((signals(2, 5), signals(5), 1.0), ValueError, "noise"),
        ((signals(2, 5), signals(3, 5), 1.0), ValueError, "noise"),
        ((signals(2, 5), signals(2, 5), np.ones(3)), ValueError, "snr"),
        ((signals(2, 5), signals(2, 5), np.ones((2, 1))), ValueError, "snr"),
        ((signals(2, 5), signals(2, 5), np.array([True, False])), TypeError, "snr"),
        ((signals(2, 5), signals(2, 5), 1.0, np.array([3])[0:0]), ValueError, "lengths"),
        ((signals(2, 5), signals(2, 5), 1.0, np.ones(2)), TypeError, "lengths"),
        ((np.ones((2, 5), np.int64), signals(2, 5), 1.0), TypeError, "waveform"),
        ((signals(2, 5), np.ones((2, 5), np.int64), 1.0), TypeError, "noise"),
        ((signals(), signals(2, 5), 1.0), ValueError, "waveform"),
    ],
)
def test_noise_that_does_not_fit_is_refused(backend, generator, of, arguments, error, name):
    arguments = [of(np.asarray(item)) if isinstance(item, np.ndarray) else item for item in arguments]
    with pytest.raises(error, match=name):
        backend.add_noise(*arguments)


def test_noise_is_differentiable_in_pytorch_and_compiles_into_one_graph():
    clean, noise = (torch.from_numpy(signals(2, 20, seed=seed)).requires_grad_() for seed in (0, 1))
    snr = torch.tensor([3.0, 6.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(theirs.add_noise, (clean, noise, snr))
    with torch.no_grad():
        silent = torch.zeros(2, 20, dtype=torch.float64)
    silent.requires_grad_()
    theirs.add_noise(clean, silent, snr).sum().backward()
    assert torch.isfinite(silent.grad).all() and torch.equal(clean.grad, torch.ones_like(clean))
    compiled = torch.compile(theirs.add_noise, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(clean, noise, snr), theirs.add_noise(clean, noise, snr))


# Colour


@backends
@dtypes
@pytest.mark.parametrize("exponent", [-2, -1, 0, 1, 2.0])
def test_power_falls_with_the_frequency_to_the_exponent(backend, generator, of, dtype, exponent):
    white = signals(400, 512, dtype=dtype)
    noise = np.asarray(backend.color_noise(of(white), exponent))
    assert noise.dtype == dtype
    power = (np.abs(np.fft.rfft(noise)) ** 2).mean(0)[1:256]
    slope = np.polyfit(np.log(np.arange(1, 256)), np.log(power), 1)[0]
    assert slope == pytest.approx(-exponent, abs=0.03)
    assert (noise**2).mean() == pytest.approx(1, abs=0.1)  # on average the power stays


@backends
@pytest.mark.parametrize("length", [1, 2, 7, 8])
def test_exponent_0_leaves_noise_as_it_is(backend, generator, of, length):
    noise = signals(3, length)
    np.testing.assert_allclose(np.asarray(backend.color_noise(of(noise), 0)), noise, atol=1e-14)


@pytest.mark.parametrize("length", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("exponent", [-3, 0.5, 2, 1e6, -1e6])
def test_the_power_of_white_noise_is_kept_exactly_in_expectation(length, exponent):
    """The filter is a circulant matrix; the expected power is its squared Frobenius norm over its size."""
    matrix = ours.color_noise(np.eye(length), exponent)
    assert (matrix**2).sum() == pytest.approx(length, rel=1e-9)


@backends
@dtypes
def test_white_noise_is_standard_normal(backend, generator, of, dtype):
    dtype = dtype if backend is ours else getattr(torch, np.dtype(dtype).name)
    noise = backend.white_noise((200, 300), generator(0), dtype=dtype)
    assert noise.dtype == dtype
    noise = np.asarray(noise, np.float64)
    assert abs(noise.mean()) < 0.02 and abs(noise.std() - 1) < 0.01
    assert abs((np.abs(noise) < 1).mean() - 0.6827) < 0.01
    assert abs((noise[:, 1:] * noise[:, :-1]).mean()) < 0.02


# Gain and time


@backends
@dtypes
def test_gain_multiplies_the_amplitude(backend, generator, of, dtype):
    X = signals(3, 20, dtype=dtype)
    louder = np.asarray(backend.gain(of(X), 20))
    np.testing.assert_allclose(louder, 10 * X, rtol=1e-6)
    assert louder.dtype == dtype
    each = np.asarray(backend.gain(of(X), of(np.array([0.0, -20, 6]))))
    np.testing.assert_allclose(each, X * np.array([[1], [0.1], [10**0.3]]), rtol=1e-6)
    np.testing.assert_allclose(np.asarray(backend.gain(of(X))), X * 10**0.05, rtol=1e-6)


@backends
def test_shifts_known_by_hand(backend, generator, of):
    X = np.array([[1.0, 2, 3, 4]] * 5)
    shift = np.array([0, 1, -2, 4, -9])
    lost = [[1, 2, 3, 4], [0, 1, 2, 3], [3, 4, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert np.asarray(backend.time_shift(of(X), of(shift))).tolist() == lost
    around = np.asarray(backend.time_shift(of(X), of(shift), circular=True))
    assert np.array_equal(around, [np.roll(row, by) for row, by in zip(X, shift)])
    assert np.array_equal(np.asarray(backend.time_shift(of(X[0]), 1)), lost[1])
    with_holes = np.array([np.nan, 1.0, np.inf])
    assert np.asarray(backend.time_shift(of(with_holes), 2)).tolist()[:2] == [0, 0]


@backends
@pytest.mark.parametrize("name", ["gain", "time_shift"])
def test_numbers_that_do_not_fit_are_refused(backend, generator, of, name):
    function, X = getattr(backend, name), of(signals(2, 5))
    number = {"gain": "gain_db", "time_shift": "shift"}[name]
    with pytest.raises(ValueError, match=number):
        function(X, of(np.ones(3, np.int64)))
    with pytest.raises(TypeError, match=number):
        function(X, of(np.array([True, False])))
    with pytest.raises(TypeError, match="waveform"):
        function(of(np.ones((2, 5), np.int64)), 1)
    with pytest.raises(ValueError, match="waveform"):
        function(of(np.ones(())), 1)


@backends
def test_shifts_are_whole(backend, generator, of):
    with pytest.raises(TypeError, match="shift"):
        backend.time_shift(of(signals(2, 5)), 1.0)
    with pytest.raises(TypeError, match="shift"):
        backend.time_shift(of(signals(2, 5)), of(np.ones(2)))
    with pytest.raises(TypeError, match="circular"):
        backend.time_shift(of(signals(2, 5)), 1, 1)


# Both backends with the same numbers

shapes = st.tuples(st.lists(st.integers(0, 3), max_size=2), st.integers(0, 12)).map(lambda p: (*p[0], p[1]))


@dtypes
@pytest.mark.parametrize("device", DEVICES)
def test_backends_agree(dtype, device):
    @settings(max_examples=60, deadline=None)
    @given(shapes, st.integers(0, 99), st.floats(-40, 40), st.floats(-2, 2))
    def check(shape, seed, number, exponent):
        generator = np.random.default_rng(seed)
        X, noise = (generator.standard_normal(shape).astype(dtype) for _ in range(2))
        each = np.asarray(generator.uniform(-20, 20, shape[:-1]))
        whole = np.asarray(generator.integers(-15, 16, shape[:-1]))
        lengths = np.asarray(generator.integers(0, shape[-1] + 1, shape[:-1]))

        def on(array):
            return torch.from_numpy(np.array(array)).to(device)

        calls = [
            ("add_noise", X, noise, number),
            ("add_noise", X, noise, each),
            ("add_noise", X, noise, each, lengths),
            ("color_noise", noise, exponent),
            ("gain", X, number),
            ("gain", X, each),
            ("time_shift", X, whole),
            ("time_shift", X, whole, True),
        ]
        for name, *arguments in calls:
            given_theirs = [on(item) if isinstance(item, np.ndarray) else item for item in arguments]
            output = getattr(theirs, name)(*given_theirs)
            assert output.device.type == device
            same(getattr(ours, name)(*arguments), output)

    check()


@dtypes
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "make",
    [
        lambda backend: backend.AdditiveNoise((0.0, 10.0), exponent=1.0),
        lambda backend: backend.AdditiveNoise(5),
        lambda backend: backend.RandomGain((-3.0, 3.0)),
        lambda backend: backend.TimeShift(4),
        lambda backend: backend.TimeShift(4, circular=True),
    ],
)
def test_transforms_agree_on_the_same_draws(dtype, device, make):
    X = signals(5, 30, dtype=dtype)
    drawn = make(ours).draw(X, np.random.default_rng(0))
    on_device = {name: torch.from_numpy(np.asarray(item)).to(device) for name, item in drawn.items()}
    same(make(ours).apply(X, **drawn), make(theirs).apply(torch.from_numpy(X).to(device), **on_device))
    for generator in (torch.Generator().manual_seed(0), None):
        output = make(theirs)(torch.from_numpy(X).to(device), generator)
        assert output.device.type == device and output.dtype == getattr(torch, np.dtype(dtype).name)


# What is drawn


@backends
def test_additive_noise_draws_ratio_and_noise_for_each_waveform(backend, generator, of):
    X = signals(2000, 60)
    transform = backend.AdditiveNoise((-5.0, 15.0))
    drawn = transform.draw(of(X), generator(0))
    noisy = np.asarray(transform.apply(of(X), **drawn))
    measured = ratio(X, noisy - X)
    np.testing.assert_allclose(measured, np.asarray(drawn["snr"]), atol=1e-9)
    assert -5 <= measured.min() < -4.8 and 14.8 < measured.max() <= 15
    assert abs(measured.mean() - 5) < 5 * 20 / np.sqrt(12 * 2000)
    assert abs(measured.std() - 20 / np.sqrt(12)) < 0.4
    noise = np.asarray(drawn["noise"])
    assert abs(np.corrcoef(noise[0], noise[1])[0, 1]) < 0.6 and abs(noise.std() - 1) < 0.02


@backends
def test_a_fixed_ratio_is_kept_and_the_noise_has_its_colour(backend, generator, of):
    X = signals(300, 256)
    added = np.asarray(backend.AdditiveNoise(10, exponent=2.0)(of(X), generator(0))) - X
    np.testing.assert_allclose(ratio(X, added), 10, atol=1e-9)
    power = (np.abs(np.fft.rfft(added)) ** 2).mean(0)
    assert power[1] > 1000 * power[100]


@backends
def test_gains_and_shifts_are_drawn_uniformly(backend, generator, of):
    X = np.zeros((3000, 9))
    X[:, 4] = 1
    decibels = 20 * np.log10(np.asarray(backend.RandomGain((-4.0, 8.0))(of(X), generator(0)))[:, 4])
    assert decibels.min() > -4.001 and decibels.max() < 8.001
    assert abs(decibels.mean() - 2) < 0.4 and abs(decibels.std() - 12 / np.sqrt(12)) < 0.2
    moved = np.asarray(backend.TimeShift(2)(of(X), generator(0))).argmax(-1) - 4
    values, counts = np.unique(moved, return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    assert (np.abs(counts / 3000 - 0.2) < 5 * np.sqrt(0.16 / 3000)).all()


@backends
@pytest.mark.parametrize("shape", [(7,), (0, 7), (3, 0), (3, 7), (2, 3, 7)])
def test_batches_of_every_rank_are_changed_and_left_alone(backend, generator, of, shape):
    for transform in (backend.AdditiveNoise(), backend.RandomGain(), backend.TimeShift(3)):
        X = signals(*shape, dtype=np.float32)
        given_in = of(X.copy())
        output, again = (np.asarray(transform(given_in, generator(4))) for _ in range(2))
        assert output.shape == shape and output.dtype == np.float32
        assert np.array_equal(output, again)
        assert np.array_equal(np.asarray(given_in), X)
        assert X.size == 0 or not np.array_equal(output, np.asarray(transform(given_in, generator(5))))


@backends
@pytest.mark.parametrize(
    ("make", "error", "name"),
    [
        (lambda backend: backend.AdditiveNoise((3.0, 1.0)), ValueError, "snr"),
        (lambda backend: backend.AdditiveNoise((1.0, 2.0, 3.0)), ValueError, "snr"),
        (lambda backend: backend.AdditiveNoise("loud"), TypeError, "snr"),
        (lambda backend: backend.AdditiveNoise(float("nan")), ValueError, "snr"),
        (lambda backend: backend.AdditiveNoise(3, "pink"), TypeError, "exponent"),
        (lambda backend: backend.RandomGain((3.0, 1.0)), ValueError, "gain_db"),
        (lambda backend: backend.TimeShift(-1), ValueError, "shift"),
        (lambda backend: backend.TimeShift(0.5), TypeError, "shift"),
        (lambda backend: backend.TimeShift(1, "yes"), TypeError, "circular"),
    ],
)
def test_bad_options_are_refused(backend, generator, of, make, error, name):
    with pytest.raises(error, match=name):
        make(backend)


def test_without_a_generator_scratch_refuses_and_pytorch_draws_from_its_global_one():
    X = signals(2, 5)
    for transform in (ours.AdditiveNoise(), ours.RandomGain(), ours.TimeShift(2)):
        with pytest.raises(TypeError, match="generator"):
            transform(X)
    results = []
    for _ in range(2):
        torch.manual_seed(0)
        results.append(theirs.AdditiveNoise()(torch.from_numpy(X)))
    assert torch.equal(*results)
    with pytest.raises(TypeError, match="generator"):
        theirs.RandomGain()(torch.from_numpy(X), np.random.default_rng(0))


@backends
def test_transforms_work_within_compose_and_random_apply(backend, generator, of):
    home = {ours: scratch, theirs: pytorch}[backend].augmentation
    X = signals(200, 40)
    both = home.Compose([backend.RandomGain(), home.RandomApply(backend.AdditiveNoise(0), 0.5)])
    output = np.asarray(both(of(X), generator(0)))
    scale = output[:, :1] / X[:, :1]
    untouched = np.isclose(output, scale * X).all(1)
    assert 0.3 < untouched.mean() < 0.7
