"""Colour transforms: known colours, colorsys and matplotlib, what is left alone, and what the draws look like."""

import colorsys
import itertools
import warnings

import matplotlib.colors
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from dlcore import data, pytorch, scratch
from dlcore.scratch.color_transforms import __all__ as drawn_names
from dlcore.scratch.colors import __all__ as color_names

ours, theirs = scratch.augmentation, pytorch.augmentation
BACKENDS = {
    "scratch": (ours, np.random.default_rng, lambda array: array),
    "pytorch": (theirs, lambda seed: torch.Generator().manual_seed(seed), torch.from_numpy),
}
backends = pytest.mark.parametrize(("backend", "generator", "of"), BACKENDS.values(), ids=BACKENDS)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])

# Every function of an image, with arguments that change it
FUNCTIONS = {
    "adjust_brightness": (0.7,),
    "adjust_contrast": (0.7,),
    "adjust_gamma": (0.7,),
    "adjust_hue": (0.3,),
    "adjust_saturation": (0.7,),
    "gaussian_noise": (0.1, 0.2, True),
    "hsv_to_rgb": (),
    "invert": (),
    "pca_color": ([0.1, 0.2, -0.3], [0.3, 0.2, 0.1], np.eye(3)),
    "posterize": (2,),
    "rgb_to_grayscale": (3,),
    "rgb_to_hsv": (),
    "solarize": (0.5,),
}
TRANSFORMS = {
    "ColorJitter": lambda backend: backend.ColorJitter(0.4, (0.5, 1.2), 0.9, 0.2),
    "GaussianNoise": lambda backend: backend.GaussianNoise(0.1, 0.2),
    "PCAColor": lambda backend: backend.PCAColor([0.3, 0.2, 0.1], np.eye(3)[::-1].copy(), 0.5),
    "RandomGrayscale": lambda backend: backend.RandomGrayscale(0.5),
    "RandomGamma": lambda backend: backend.RandomGamma((0.5, 2)),
}
functions = pytest.mark.parametrize("name", FUNCTIONS)
transforms = pytest.mark.parametrize("name", TRANSFORMS)


def photos(*shape, seed=0, dtype=np.float64):
    """Images with grey and black pixels, ties, and values at both ends."""
    values = np.random.default_rng(seed).integers(0, 9, shape) / 8
    return values.astype(dtype)


def call(backend, of, generator, name, images):
    """A function of FUNCTIONS on images, with noise for the one that needs some."""
    options = {"generator": generator(0)} if name == "gaussian_noise" else {}
    return np.asarray(getattr(backend, name)(of(images), *FUNCTIONS[name], **options))


def test_every_public_function_and_transform_is_tested():
    names = [*drawn_names, *color_names]
    assert set(names) == set(FUNCTIONS) | set(TRANSFORMS) | {"principal_components"}
    assert set(names) <= set(ours.__all__) and set(names) <= set(theirs.__all__)


# Known values

COLOR = np.array([0.8, 0.4, 0.2]).reshape(3, 1, 1)
GREY = 0.2989 * 0.8 + 0.587 * 0.4 + 0.114 * 0.2


@backends
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("rgb_to_grayscale", (), [GREY]),
        ("rgb_to_grayscale", (3,), [GREY, GREY, GREY]),
        ("adjust_brightness", (0.5,), [0.4, 0.2, 0.1]),
        ("adjust_brightness", (2,), [1, 0.8, 0.4]),
        ("adjust_contrast", (0,), [GREY, GREY, GREY]),
        ("adjust_contrast", (0.5,), [(0.8 + GREY) / 2, (0.4 + GREY) / 2, (0.2 + GREY) / 2]),
        ("adjust_saturation", (0,), [GREY, GREY, GREY]),
        ("adjust_saturation", (3,), [1, 1.2 - 2 * GREY, 0]),
        ("adjust_gamma", (2,), [0.64, 0.16, 0.04]),
        ("adjust_gamma", (2, 0.5), [0.32, 0.08, 0.02]),
        ("adjust_gamma", (0, 3), [1, 1, 1]),
        ("invert", (), [0.2, 0.6, 0.8]),
        ("posterize", (1,), [0.5, 0, 0]),
        ("posterize", (2,), [0.75, 0.25, 0]),
        ("posterize", (0,), [0, 0, 0]),
        ("solarize", (0.4,), [0.2, 0.6, 0.2]),
        ("rgb_to_hsv", (), [1 / 18, 0.75, 0.8]),
        ("adjust_hue", (1 / 3,), [0.2, 0.8, 0.4]),
        ("adjust_hue", (-1 / 3,), [0.4, 0.2, 0.8]),
        ("adjust_hue", (0.5,), [0.2, 0.6, 0.8]),
        ("pca_color", ([1, 0, 2], [0.1, 0.2, 0.3], np.eye(3)[::-1].copy()), [1, 0.4, 0.3]),
        ("pca_color", ([1, 0, 2], [0.1, 0.2, 0.3], np.eye(3)[::-1].copy(), False), [1.4, 0.4, 0.3]),
    ],
)
def test_known_colors(backend, generator, of, name, arguments, expected):
    output = np.asarray(getattr(backend, name)(of(COLOR), *arguments))
    assert np.allclose(output.reshape(-1), expected, atol=1e-12)


@backends
@pytest.mark.parametrize("bits", [0, 1, 3, 8])
def test_posterize_leaves_two_to_the_bits_levels(backend, generator, of, bits):
    X = np.linspace(0, 1, 1025).reshape(1, 1, -1)
    levels = 2**bits
    assert np.array_equal(np.unique(backend.posterize(of(X), bits)), np.arange(levels) / levels)


@backends
def test_contrast_turns_around_the_mean_of_each_image(backend, generator, of):
    X = photos(4, 3, 5, 6) * 0.4 + 0.3
    grey = np.tensordot([0.2989, 0.587, 0.114], X, axes=(0, 1)).mean((1, 2)).reshape(4, 1, 1, 1)
    output = np.asarray(backend.adjust_contrast(of(X), 0.6))
    assert np.allclose(output, grey + 0.6 * (X - grey), atol=1e-12)
    one_channel = np.asarray(backend.adjust_contrast(of(X[:, :1]), 0.6))
    assert np.allclose(
        one_channel - X[:, :1].mean((2, 3), keepdims=True), 0.6 * (X - X.mean((2, 3), keepdims=True))[:, :1]
    )


@backends
@pytest.mark.parametrize("direction", ["rgb_to_hsv", "hsv_to_rgb"])
def test_conversions_agree_with_colorsys_and_matplotlib(backend, generator, of, direction):
    levels = (0, 0.1, 0.25, 0.5, 0.75, 0.9, 1)
    colors = np.array([color for color in itertools.product(levels, repeat=3)])
    colors = np.concatenate([colors, np.random.default_rng(0).random((300, 3))])
    output = np.asarray(getattr(backend, direction)(of(colors.T.reshape(3, -1, 1).copy())))[..., 0].T
    expected = np.array([getattr(colorsys, direction)(*color) for color in colors])
    assert np.abs(output - expected).max() < 1e-12
    assert np.abs(output - getattr(matplotlib.colors, direction)(colors)).max() < 1e-12


@backends
@dtypes
@given(st.data())
def test_conversions_are_inverse_to_each_other(backend, generator, of, dtype, data):
    width = 32 if dtype is np.float32 else 64
    level = st.one_of(st.floats(0, 1, width=width), st.sampled_from([0, 0.5, 1]))
    colors = np.array(data.draw(st.lists(st.tuples(level, level, level), min_size=1, max_size=8)), dtype)
    X = colors.T.reshape(3, 1, -1).copy()
    hsv = backend.rgb_to_hsv(of(X))
    assert 0 <= float(hsv.min()) and float(hsv.max()) <= 1
    tolerance = 20 * np.finfo(dtype).eps
    assert np.abs(np.asarray(backend.hsv_to_rgb(hsv)) - X).max() <= tolerance
    for turn in (0, 0.25, -0.5):
        there = backend.adjust_hue(of(X), turn)
        assert np.abs(np.asarray(backend.adjust_hue(there, -turn)) - X).max() <= tolerance


@backends
def test_hue_is_one_periodic(backend, generator, of):
    X = photos(2, 3, 4, 5)
    turned = X.copy()
    turned[:, 0] += 3
    assert np.allclose(backend.hsv_to_rgb(of(X)), backend.hsv_to_rgb(of(turned)), atol=1e-12)
    assert np.allclose(backend.adjust_hue(of(X), 0.5), backend.adjust_hue(of(X), -0.5), atol=1e-12)


# What is left alone


@backends
@dtypes
def test_neutral_options_change_nothing(backend, generator, of, dtype):
    X = photos(3, 3, 4, 5, dtype=dtype)
    for name in ("adjust_brightness", "adjust_contrast", "adjust_saturation", "adjust_gamma"):
        assert np.array_equal(getattr(backend, name)(of(X), 1), X), name
    assert np.allclose(backend.adjust_hue(of(X), 0), X, atol=1e-6)
    assert np.array_equal(backend.invert(backend.invert(of(X))), X)
    assert np.array_equal(backend.pca_color(of(X), np.zeros((3, 3)), np.ones(3), np.eye(3)), X)
    assert np.array_equal(backend.gaussian_noise(of(X), sigma=0, noise=of(photos(3, 3, 4, 5))), X)


@backends
@dtypes
@pytest.mark.parametrize("factor", [0.5, -0.37, 0.1])
def test_hue_leaves_grey_pixels_exactly_alone(backend, generator, of, dtype, factor):
    grey = np.random.default_rng(0).random((2, 1, 8, 8)).astype(dtype).repeat(3, axis=1)
    assert np.array_equal(backend.adjust_hue(of(grey), factor), grey)
    hsv = np.asarray(backend.rgb_to_hsv(of(grey)))
    assert not hsv[:, :2].any() and np.array_equal(hsv[:, 2], grey[:, 0])
    assert np.array_equal(backend.hsv_to_rgb(of(hsv)), grey)


@backends
def test_saturation_hue_and_grayscale_leave_one_channel_as_it_is(backend, generator, of):
    X = photos(3, 1, 4, 5)
    for output in (
        backend.adjust_saturation(of(X), 0),
        backend.adjust_hue(of(X), 0.3),
        backend.rgb_to_grayscale(of(X)),
        backend.RandomGrayscale(1.0)(of(X), generator(0)),
        backend.ColorJitter(saturation=0.5, hue=0.5)(of(X), generator(0)),
    ):
        assert np.array_equal(output, X)
    assert tuple(backend.rgb_to_grayscale(of(X), 3).shape) == (3, 3, 4, 5)


@backends
@functions
@dtypes
def test_functions_keep_dtype_and_input_and_take_single_images_and_no_images(
    backend, generator, of, name, dtype
):
    X = photos(2, 3, 4, 5, dtype=dtype)
    before = X.copy()
    output = call(backend, of, generator, name, X)
    assert output.dtype == dtype and output.shape == X.shape
    assert not np.shares_memory(output, X)
    assert np.array_equal(X, before) and not np.array_equal(output, X)
    if name != "gaussian_noise":
        assert np.array_equal(call(backend, of, generator, name, X[1].copy()), output[1])
    flipped = np.asfortranarray(X)  # another memory layout
    assert np.allclose(call(backend, of, generator, name, flipped), output, atol=1e-6)
    for shape in ((0, 3, 4, 5), (2, 3, 0, 5)):
        assert call(backend, of, generator, name, np.zeros(shape, dtype)).shape == shape


@backends
@transforms
@dtypes
def test_transforms_keep_dtype_and_input_and_take_single_images_and_no_images(
    backend, generator, of, name, dtype
):
    transform = TRANSFORMS[name](backend)
    X = photos(8, 3, 4, 5, dtype=dtype)
    before = X.copy()
    output = np.asarray(transform(of(X), generator(0)))
    assert output.dtype == dtype and output.shape == X.shape
    assert not np.shares_memory(output, X)
    assert np.array_equal(X, before) and not np.array_equal(output, X)
    assert output.min() >= 0 and output.max() <= 1
    for shape in ((3, 4, 5), (0, 3, 4, 5)):
        assert np.asarray(transform(of(np.zeros(shape, dtype)), generator(0))).shape == shape


@backends
def test_a_jitter_of_nothing_gives_a_copy(backend, generator, of):
    X = photos(2, 3, 4, 5)
    with pytest.raises(TypeError, match="^input: "):
        backend.ColorJitter()(of(X.astype(int)), generator(0))
    output = np.asarray(backend.ColorJitter()(of(X), generator(0)))
    assert np.array_equal(output, X) and not np.shares_memory(output, X)


@backends
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("adjust_brightness", [0.5, 1.0, 2.0]),
        ("adjust_contrast", [0.5, 1.0, 2.0]),
        ("adjust_saturation", [0.5, 1.0, 2.0]),
        ("adjust_gamma", [0.5, 1.0, 2.0]),
        ("adjust_hue", [-0.5, 0.1, 0.3]),
        ("posterize", [1, 2, 8]),
        ("solarize", [0.2, 0.5, 0.9]),
    ],
)
def test_one_value_for_each_image(backend, generator, of, name, values):
    X, function = photos(3, 3, 4, 5), getattr(backend, name)
    together = np.asarray(function(of(X), of(np.array(values))))
    for image, value, output in zip(X, values, together):
        assert np.allclose(function(of(image), value), output, atol=1e-12)


# Both backends


@pytest.mark.parametrize("shape", [(700, 3, 5, 6), (3, 3, 130, 140)])
def test_images_of_more_than_one_block_are_seamless(shape):
    X, turns = np.random.default_rng(0).random(shape), np.linspace(-0.5, 0.5, shape[0])
    for name, arguments in (("adjust_hue", (turns,)), ("rgb_to_hsv", ()), ("hsv_to_rgb", ())):
        mine, other = (
            getattr(ours, name)(X, *arguments),
            getattr(theirs, name)(torch.from_numpy(X), *arguments),
        )
        assert np.abs(mine - other.numpy()).max() < 1e-9


@given(st.data())
@dtypes
def test_backends_agree(dtype, data):
    count, height, width = (data.draw(st.integers(least, 5)) for least in (0, 1, 1))
    channels, seed = data.draw(st.sampled_from([1, 3])), data.draw(st.integers(0, 99))
    X = np.random.default_rng(seed).random((count, channels, height, width)).astype(dtype)
    if data.draw(st.booleans()):
        X = np.round(X * 4) / dtype(4)  # ties and greys
    if count == 1 and data.draw(st.booleans()):
        X = X[0]
    names = [
        "adjust_brightness",
        "adjust_contrast",
        "adjust_saturation",
        "adjust_gamma",
        "adjust_hue",
        "invert",
    ]
    name = data.draw(
        st.sampled_from([*names, "rgb_to_grayscale"] + ["rgb_to_hsv", "hsv_to_rgb"] * (channels == 3))
    )
    arguments = ()
    if name in names[:5]:
        factor = st.floats(-0.5, 0.5) if name == "adjust_hue" else st.floats(0, 3)
        many = data.draw(st.booleans())
        arguments = (
            np.array(data.draw(st.lists(factor, min_size=count, max_size=count)))
            if many
            else data.draw(factor),
        )
        arguments = arguments if X.ndim == 4 or not many else (arguments[0][:1],)
    mine = getattr(ours, name)(X, *arguments)
    other = getattr(theirs, name)(
        torch.from_numpy(X),
        *(torch.from_numpy(value) if isinstance(value, np.ndarray) else value for value in arguments),
    )
    assert mine.shape == tuple(other.shape) and mine.dtype == dtype == other.numpy().dtype
    distance = np.abs(mine - other.numpy())
    if name == "rgb_to_hsv":
        distance = (
            np.minimum(distance, 1 - distance) if channels == 3 else distance
        )  # 0 and 1 are the same hue
    assert distance.max(initial=0) <= (1e-4 if dtype is np.float32 else 1e-9)


@transforms
@dtypes
@pytest.mark.parametrize("shape", [(6, 3, 7, 5), (3, 4, 4), (0, 3, 2, 2)])
def test_both_backends_apply_the_same_parameters_alike(name, dtype, shape):
    X = np.random.default_rng(1).random(shape).astype(dtype)
    mine, other = TRANSFORMS[name](ours), TRANSFORMS[name](theirs)
    for seed in range(8):
        drawn = mine.draw(X, np.random.default_rng(seed))
        same = {key: torch.from_numpy(value) if key != "order" else value for key, value in drawn.items()}
        first, second = mine.apply(X, **drawn), other.apply(torch.from_numpy(X), **same).numpy()
        assert np.abs(first - second).max(initial=0) <= (1e-4 if dtype is np.float32 else 1e-9)
        assert np.array_equal(
            second, other.apply(torch.from_numpy(X), **drawn)
        )  # NumPy's parameters serve too
        back = other.draw(torch.from_numpy(X), torch.Generator().manual_seed(seed))
        assert {key: np.shape(value) for key, value in back.items()} == {
            key: np.shape(value) for key, value in drawn.items()
        }


@transforms
def test_what_is_applied_never_reads_a_number_from_the_device(name):
    # A meta tensor holds no numbers: whatever asks for one fails.
    transform, X = TRANSFORMS[name](theirs), torch.rand(4, 3, 5, 5)
    drawn = transform.draw(X, torch.Generator().manual_seed(0))
    away = {key: value if key == "order" else value.to("meta") for key, value in drawn.items()}
    output = transform.apply(X.to("meta"), **away)
    assert output.device.type == "meta" and output.shape == X.shape and output.dtype == X.dtype


@pytest.mark.parametrize("name", ["adjust_contrast", "adjust_hue", "adjust_saturation", "adjust_gamma"])
def test_gradients_flow_through_the_image_and_the_factor(name):
    # Away from ties, greys and the ends, where nothing has a derivative
    X = (
        0.2 + 0.6 * torch.rand(2, 3, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ).requires_grad_()
    factor = torch.tensor([0.23, 0.41], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(getattr(theirs, name), (X, factor))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_works(dtype):
    X = torch.rand(4, 3, 5, 5, generator=torch.Generator().manual_seed(0)).to(dtype)
    for transform in (*(make(theirs) for make in TRANSFORMS.values()), theirs.PCAColor.fit(X)):
        output = transform(X, torch.Generator().manual_seed(0))
        assert output.dtype == dtype and output.isfinite().all() and not torch.equal(output, X)
    assert torch.equal(theirs.adjust_brightness(X, torch.full((4,), 1.0, dtype=dtype)), X)


# Draws


@backends
@transforms
def test_the_same_seed_gives_the_same_and_another_seed_something_else(backend, generator, of, name):
    X, transform = of(photos(16, 3, 4, 5)), TRANSFORMS[name](backend)
    first, second, other = (np.asarray(transform(X, generator(seed))) for seed in (1, 1, 2))
    assert np.array_equal(first, second) and not np.array_equal(first, other)


@transforms
def test_pytorch_draws_from_its_global_generator_where_none_is_given(name):
    X, transform = torch.rand(16, 3, 4, 5), TRANSFORMS[name](theirs)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        first, again = transform(X), transform(X)
        torch.manual_seed(3)
        assert torch.equal(transform(X), first) and not torch.equal(again, first)


@transforms
def test_another_generator_or_none_is_an_error(name):
    for generator in (None, 0, torch.Generator()):
        with pytest.raises(TypeError, match="^generator: "):
            TRANSFORMS[name](ours)(photos(2, 3, 4, 5), generator)
    for generator in (0, np.random.default_rng(0)):
        with pytest.raises(TypeError, match="^generator: "):
            TRANSFORMS[name](theirs)(torch.rand(2, 3, 4, 5), generator)


@transforms
def test_nothing_of_one_batch_is_kept_for_the_next(name):
    X, transform = torch.rand(2, 3, 4, 5), TRANSFORMS[name](theirs)
    shown, draw = repr(transform), lambda: transform.draw(X, torch.Generator().manual_seed(0))
    expected = transform.apply(X, **draw())
    transform.apply(X.to("meta"), **draw())
    assert torch.equal(transform.apply(X, **draw()), expected)
    assert repr(transform) == shown == repr(TRANSFORMS[name](ours))


@backends
def test_jitter_factors_are_uniform_and_different_for_each_image(backend, generator, of):
    jitter = backend.ColorJitter(0.4, (0.5, 2), 1.5, (-0.1, 0.3))
    drawn = jitter.draw(of(np.zeros((4000, 1, 1, 1))), generator(0))
    bounds = {"brightness": (0.6, 1.4), "contrast": (0.5, 2), "saturation": (0, 2.5), "hue": (-0.1, 0.3)}
    places = []
    for name, (low, high) in bounds.items():
        assert getattr(jitter, name) == pytest.approx((low, high))
        place = (np.asarray(drawn[name]) - low) / (high - low)
        assert place.min() >= 0 and place.max() <= 1
        assert (
            np.abs(np.sort(place) - np.linspace(0, 1, 4000)).max() < 0.035
        )  # Kolmogorov and Smirnov's distance
        places.append(place)
    assert np.abs(np.corrcoef(places) - np.eye(4)).max() < 0.08


@backends
def test_jitter_draws_all_orders_alike(backend, generator, of):
    jitter, source, X = backend.ColorJitter(0.1), generator(0), of(np.zeros((1, 1, 1, 1)))
    orders = [jitter.draw(X, source)["order"] for _ in range(2400)]
    counts = [
        orders.count(order)
        for order in itertools.permutations(("brightness", "contrast", "saturation", "hue"))
    ]
    assert sum(counts) == 2400
    assert (
        sum((count - 100) ** 2 / 100 for count in counts) < 60
    )  # chi squared, 23 degrees of freedom: p < 1e-4


@backends
def test_jitter_follows_its_order(backend, generator, of):
    X, jitter = of(photos(2, 3, 4, 5)), backend.ColorJitter()
    factors = {"brightness": 1.6, "contrast": 0.5, "saturation": 0.3, "hue": 0.2}
    results = set()
    for order in itertools.permutations(factors):
        expected = X
        for name in order:
            expected = getattr(backend, f"adjust_{name}")(expected, factors[name])
        output = np.asarray(jitter.apply(X, order, **factors))
        assert np.array_equal(output, expected)
        results.add(output.round(9).tobytes())
    assert len(results) > 6  # clipping makes the order matter


@backends
@dtypes
def test_noise_has_its_mean_and_standard_deviation(backend, generator, of, dtype):
    X = np.full((20, 3, 40, 40), 0.5, dtype)
    noise = np.asarray(backend.GaussianNoise(0.03, 0.05, clip=False)(of(X), generator(0))) - X
    error = 0.05 / np.sqrt(noise.size)
    assert abs(noise.mean() - 0.03) < 5 * error and abs(noise.std() - 0.05) < 5 * error
    assert abs(((noise - 0.03) ** 4).mean() / 0.05**4 - 3) < 0.1
    drawn = backend.gaussian_noise(of(X), 0.03, 0.05, False, generator=generator(0))
    assert np.array_equal(np.asarray(drawn) - X, noise)
    drawn = np.asarray(backend.GaussianNoise().draw(of(X), generator(0))["noise"])
    assert drawn.dtype == dtype and np.array_equal(drawn, drawn.astype(np.float32)) == (dtype is np.float32)
    for clip in (True, False):
        output = np.asarray(backend.gaussian_noise(of(X), sigma=2, clip=clip, generator=generator(0)))
        assert (output.min() < 0 and output.max() > 1) != clip
    assert np.array_equal(backend.gaussian_noise(of(X), 0.25, 2, noise=of(0 * X)), X + dtype(0.25))


@backends
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_a_share_of_p_of_the_images_becomes_grey(backend, generator, of, p):
    X = photos(2000, 3, 1, 2)
    output = np.asarray(backend.RandomGrayscale(p)(of(X), generator(0)))
    grey = np.asarray(backend.rgb_to_grayscale(of(X), 3))
    is_grey = (output == grey).all((1, 2, 3))
    assert (is_grey | (output == X).all((1, 2, 3))).all()
    assert abs(is_grey.mean() - p) <= 5 * np.sqrt(p * (1 - p) / 2000) + 0.01  # some are grey already
    drawn = np.asarray(backend.RandomGrayscale(p).draw(of(X), generator(0))["where"])
    assert drawn.shape == (2000,) and abs(drawn.mean() - p) <= 5 * np.sqrt(p * (1 - p) / 2000)


@backends
def test_gamma_is_drawn_for_each_image(backend, generator, of):
    gamma = np.asarray(backend.RandomGamma(0.5).draw(of(np.zeros((4000, 1, 1, 1))), generator(0))["gamma"])
    assert np.abs(np.sort(gamma) - np.linspace(0.5, 1.5, 4000)).max() < 0.035
    X = photos(3, 3, 2, 2)
    drawn = backend.RandomGamma((2, 3)).draw(of(X), generator(0))
    expected = X ** np.asarray(drawn["gamma"]).reshape(3, 1, 1, 1)
    assert np.allclose(backend.RandomGamma((2, 3)).apply(of(X), **drawn), expected, atol=1e-12)


# Principal components

AXES = np.array([[2, 1, 2], [2, -2, -1], [1, 2, -2]]).T / 3  # orthonormal columns
VARIANCES = np.array([0.04, 0.01, 0.0025])


def images_with_known_components():
    """Two images whose 8 pixels lie at the corners of a box around 0.5, along AXES."""
    corners = np.array(list(itertools.product((-1, 1), repeat=3)))
    pixels = 0.5 + corners * np.sqrt(VARIANCES) @ AXES.T
    return pixels.reshape(2, 2, 2, 3).transpose(0, 3, 1, 2).copy()


@backends
@dtypes
def test_components_of_a_box(backend, generator, of, dtype):
    eigenvalues, eigenvectors = backend.principal_components(of(images_with_known_components().astype(dtype)))
    assert np.asarray(eigenvalues).dtype == np.asarray(eigenvectors).dtype == dtype
    assert np.allclose(eigenvalues, VARIANCES, atol=1e-7)
    # 2/3 comes twice in each column, up to its sign: the first one is made positive
    assert np.allclose(eigenvectors, AXES * np.sign([2, 2, 2]), atol=1e-6)


@backends
def test_components_are_those_of_scikit_learn(backend, generator, of):
    X = np.random.default_rng(0).random((5, 3, 7, 6)) @ np.diag(np.arange(1, 7) / 6)
    X[:, 1] = X[:, 1] * 0.3 + 0.5 * X[:, 0]
    eigenvalues, eigenvectors = map(np.asarray, backend.principal_components(of(X)))
    reference = PCA().fit(X.transpose(0, 2, 3, 1).reshape(-1, 3))
    count = X.size // 3
    assert np.allclose(eigenvalues, reference.explained_variance_ * (count - 1) / count, atol=1e-12)
    assert np.allclose(eigenvectors, reference.components_.T, atol=1e-9)
    one = backend.principal_components(of(X[:, :1].copy()))
    assert np.allclose(one[0], X[:, 0].var()) and np.array_equal(one[1], [[1.0]])
    blocks = backend.principal_components(of(np.tile(X, (200, 1, 10, 1))))  # more than one block
    assert np.allclose(blocks[0], eigenvalues, atol=1e-9) and np.allclose(blocks[1], eigenvectors, atol=1e-9)


@backends
def test_a_constant_training_set_has_no_variance(backend, generator, of):
    eigenvalues, _ = backend.principal_components(of(np.full((3, 3, 4, 4), 0.7)))
    assert float(eigenvalues.min()) >= 0 and float(eigenvalues.max()) < 1e-15


@backends
def test_the_colors_shift_with_the_stated_covariance(backend, generator, of):
    transform = backend.PCAColor.fit(of(images_with_known_components()), std=0.3, clip=False)
    X = np.full((20000, 3, 1, 2), 0.5)
    shifts = np.asarray(transform(of(X), generator(0))) - X
    assert np.allclose(shifts[..., 0], shifts[..., 1], atol=1e-15)  # the same in every pixel of an image
    expected = 0.3**2 * AXES @ np.diag(VARIANCES**2) @ AXES.T
    assert np.abs(np.cov(shifts[:, :, 0, 0].T) - expected).max() < 0.05 * expected.max()
    # along each axis the standard deviation is std times the eigenvalue, and there is no drift
    along = shifts[:, :, 0, 0] @ AXES / (0.3 * VARIANCES)
    assert np.abs(along.std(0) - 1).max() < 0.03 and np.abs(along.mean(0)).max() < 0.04
    assert np.abs(np.corrcoef(along.T) - np.eye(3)).max() < 0.04


@backends
def test_clipping_is_optional(backend, generator, of):
    X = photos(50, 3, 2, 2)
    for clip in (True, False):
        output = np.asarray(backend.PCAColor([9, 1, 1], np.eye(3), clip=clip)(of(X), generator(0)))
        assert (output.min() < 0 and output.max() > 1) != clip


# Errors

BAD_CALLS = [
    ("adjust_brightness", (-0.1,), ValueError, "brightness_factor"),
    ("adjust_contrast", (-0.1,), ValueError, "contrast_factor"),
    ("adjust_saturation", (-0.1,), ValueError, "saturation_factor"),
    ("adjust_saturation", (float("nan"),), ValueError, "saturation_factor"),
    ("adjust_saturation", (float("inf"),), ValueError, "saturation_factor"),
    ("adjust_hue", (0.51,), ValueError, "hue_factor"),
    ("adjust_hue", (-0.51,), ValueError, "hue_factor"),
    ("adjust_hue", ("red",), TypeError, "hue_factor"),
    ("adjust_hue", (np.array([0.1, 0.2]),), ValueError, "hue_factor"),
    ("adjust_hue", (np.array([0.1, 0.2, 0.7]),), ValueError, "hue_factor"),
    ("adjust_gamma", (-1,), ValueError, "gamma"),
    ("adjust_gamma", (1, None), TypeError, "gain"),
    ("posterize", (2.5,), TypeError, "bits"),
    ("posterize", (np.array([1.0, 2.0, 3.0]),), TypeError, "bits"),
    ("posterize", (9,), ValueError, "bits"),
    ("posterize", (-1,), ValueError, "bits"),
    ("posterize", (True,), TypeError, "bits"),
    ("solarize", (1.5,), ValueError, "threshold"),
    ("rgb_to_grayscale", (2,), ValueError, "num_output_channels"),
    ("gaussian_noise", (0, -1), ValueError, "sigma"),
    ("gaussian_noise", ("0",), TypeError, "mean"),
    ("gaussian_noise", (0, 1, "yes"), TypeError, "clip"),
    ("pca_color", (np.ones(2), np.ones(3), np.eye(3)), ValueError, "alpha"),
    ("pca_color", (np.ones((2, 3)), np.ones(3), np.eye(3)), ValueError, "alpha"),
    ("pca_color", (np.ones(3), np.ones(2), np.eye(3)), ValueError, "eigenvalues"),
    ("pca_color", (np.ones(3), np.ones(3), np.eye(2)), ValueError, "eigenvectors"),
    ("pca_color", (np.ones(3), np.ones(3), np.eye(3), None), TypeError, "clip"),
    ("pca_color", (np.ones(3) * 1j, np.ones(3), np.eye(3)), TypeError, "alpha"),
    ("pca_color", (np.ones(3), "red", np.eye(3)), TypeError, "eigenvalues"),
]


@backends
@pytest.mark.parametrize(("name", "arguments", "error", "argument"), BAD_CALLS)
def test_bad_options_are_named(backend, generator, of, name, arguments, error, argument):
    arguments = [of(value) if isinstance(value, np.ndarray) else value for value in arguments]
    with pytest.raises(error, match=f"^{argument}: "):
        getattr(backend, name)(of(photos(3, 3, 2, 2)), *arguments)


@backends
def test_noise_must_fit(backend, generator, of):
    with pytest.raises(ValueError, match="^noise: "):
        backend.gaussian_noise(of(photos(2, 3, 2, 2)), noise=of(np.zeros((3, 2, 2))))
    with pytest.raises(TypeError, match="^noise: "):
        backend.gaussian_noise(of(photos(2, 3, 2, 2)), noise=of(np.zeros((2, 3, 2, 2), complex)))


@backends
@functions
def test_other_images_are_refused(backend, generator, of, name):
    for images, error in (
        (photos(2, 3, 4, 5, dtype=np.uint8), TypeError),
        (photos(4, 5), ValueError),
        (photos(1, 1, 3, 4, 5), ValueError),
    ):
        with pytest.raises(error, match="^input: "):
            call(backend, of, generator, name, images)
    # Other numbers of channels: what works on single values allows them
    if name in ("adjust_gamma", "gaussian_noise", "invert", "posterize", "solarize"):
        assert call(backend, of, generator, name, photos(2, 4, 2, 2)).shape == (2, 4, 2, 2)
    else:
        with pytest.raises((TypeError, ValueError), match=r"^(input|eigenvalues): .*[34]"):
            call(backend, of, generator, name, photos(2, 4, 2, 2))


@backends
@pytest.mark.parametrize(
    ("make", "error", "argument"),
    [
        (lambda backend: backend.ColorJitter(-0.1), ValueError, "brightness"),
        (lambda backend: backend.ColorJitter((0.5, 0.4)), ValueError, "brightness"),
        (lambda backend: backend.ColorJitter((-0.5, 0.4)), ValueError, "brightness"),
        (lambda backend: backend.ColorJitter(contrast=(1, 2, 3)), TypeError, "contrast"),
        (lambda backend: backend.ColorJitter(contrast="much"), TypeError, "contrast"),
        (lambda backend: backend.ColorJitter(saturation=float("inf")), ValueError, "saturation"),
        (lambda backend: backend.ColorJitter(saturation=(1, float("nan"))), ValueError, "saturation"),
        (lambda backend: backend.ColorJitter(saturation=True), TypeError, "saturation"),
        (lambda backend: backend.ColorJitter(hue=0.6), ValueError, "hue"),
        (lambda backend: backend.ColorJitter(hue=(-0.6, 0)), ValueError, "hue"),
        (lambda backend: backend.GaussianNoise(sigma=-1), ValueError, "sigma"),
        (lambda backend: backend.GaussianNoise("0"), TypeError, "mean"),
        (lambda backend: backend.GaussianNoise(clip=1), TypeError, "clip"),
        (lambda backend: backend.PCAColor([1, 2, -3], np.eye(3)), ValueError, "eigenvalues"),
        (lambda backend: backend.PCAColor(np.ones((3, 1)), np.eye(3)), ValueError, "eigenvalues"),
        (lambda backend: backend.PCAColor([1, 2, 3], np.eye(2)), ValueError, "eigenvectors"),
        (lambda backend: backend.PCAColor("abc", np.eye(3)), TypeError, "eigenvalues"),
        (lambda backend: backend.PCAColor([1, 2, 3], np.eye(3), -1), ValueError, "std"),
        (lambda backend: backend.PCAColor([1, 2, 3], np.eye(3), clip=None), TypeError, "clip"),
        (lambda backend: backend.RandomGrayscale(1.1), ValueError, "p"),
        (lambda backend: backend.RandomGrayscale("1"), TypeError, "p"),
        (lambda backend: backend.RandomGamma(-1), ValueError, "gamma"),
        (lambda backend: backend.RandomGamma((1, 0)), ValueError, "gamma"),
    ],
)
def test_bad_options_of_transforms_are_named(backend, generator, of, make, error, argument):
    with pytest.raises(error, match=rf"^{argument}\b"):
        make(backend)


@backends
def test_an_order_must_be_one(backend, generator, of):
    for order in (
        ("hue",),
        ("hue", "hue", "contrast", "brightness"),
        ("hue", "gamma", "contrast", "brightness"),
    ):
        with pytest.raises(ValueError, match="^order: "):
            backend.ColorJitter().apply(of(photos(2, 3, 2, 2)), order)


@backends
def test_there_are_no_components_of_nothing(backend, generator, of):
    for shape in ((0, 3, 2, 2), (2, 0, 2, 2), (2, 3, 0, 2)):
        with pytest.raises(ValueError, match="^images: "):
            backend.principal_components(of(np.zeros(shape)))
    with pytest.raises(TypeError, match="^images: "):
        backend.principal_components(of(np.zeros((2, 3, 2, 2), np.uint8)))


@backends
def test_a_photograph_passes_through_everything_without_a_warning(backend, generator, of):
    X = data.photograph("flower")[None, :, ::8, ::8].repeat(4, axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for make in TRANSFORMS.values():
            output = np.asarray(make(backend)(of(X), generator(0)))
            assert np.isfinite(output).all() and output.dtype == np.float32
