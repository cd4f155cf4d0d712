"""Geometric transforms: against SciPy and NumPy, both backends against each other, and the laws of their chance."""

import itertools
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from dlcore import pytorch, scratch

ours, theirs = scratch.augmentation, pytorch.augmentation
both = pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])
dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def batch(shape=(4, 3, 8, 10), seed=0, dtype=np.float64):
    return np.random.default_rng(seed).random(shape).astype(dtype)


def of(backend, array):
    return array if backend is scratch else torch.tensor(np.ascontiguousarray(array))


def call(backend, name, images, *arguments, **options):
    """A function of a backend on arrays, as an array."""
    output = getattr(backend.augmentation, name)(of(backend, images), *arguments, **options)
    return (
        np.stack([np.asarray(part) for part in output]) if isinstance(output, tuple) else np.asarray(output)
    )


def seeded(backend, seed=0):
    return np.random.default_rng(seed) if backend is scratch else torch.Generator().manual_seed(seed)


# Against SciPy and NumPy


def by_scipy(image, matrix, order, fill):
    """An image (H, W) read at the positions that the inverse of a matrix in (x, y) about its centre leads to."""
    inverse = np.linalg.inv(matrix)[::-1, ::-1]  # (row, column)
    middle = (np.array(image.shape) - 1) / 2
    return ndimage.affine_transform(
        image, inverse, middle - inverse @ middle, order=order, mode="grid-constant", cval=fill
    )


@both
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("fill", [0, 0.3])
@pytest.mark.parametrize("angle", [17.0, -64.5, 123.4])
def test_rotate_is_scipys(backend, angle, order, fill):
    images = batch((2, 1, 9, 12))
    output = call(backend, "rotate", images, angle, ("nearest", "bilinear")[order], fill=fill)
    turn = np.radians(-angle)  # counter-clockwise, with y pointing down
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    for image, result in zip(images, output):
        np.testing.assert_allclose(result[0], by_scipy(image[0], matrix, order, fill), atol=1e-9)


@both
@pytest.mark.parametrize("order", [0, 1])
def test_affine_is_scipys(backend, order):
    images, angle, scale, sx, sy = batch((1, 1, 11, 8)), 20.0, 1.3, 12.0, -7.0
    output = call(backend, "affine", images, angle, (0, 0), scale, (sx, sy), ("nearest", "bilinear")[order])
    turn, sx, sy = np.radians([angle, sx, sy])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shear = np.array([[1, 0], [-np.tan(sy), 1]]) @ np.array([[1, -np.tan(sx)], [0, 1]])
    np.testing.assert_allclose(
        output[0, 0], by_scipy(images[0, 0], scale * rotation @ shear, order, 0), atol=1e-9
    )


@both
@pytest.mark.parametrize("order", [0, 1])
def test_a_part_of_a_pixel_is_moved_as_scipy_moves_it(backend, order):
    images = batch((1, 1, 7, 9))
    output = call(backend, "translate", images, (1.3, -2.6), ("nearest", "bilinear")[order], 0.5)
    expected = ndimage.shift(images[0, 0], (-2.6, 1.3), order=order, mode="grid-constant", cval=0.5)
    np.testing.assert_allclose(output[0, 0], expected, atol=1e-9)


@both
@dtypes
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_quarter_turns_are_rot90(backend, interpolation, dtype):
    tolerance = 0 if backend is scratch or interpolation == "nearest" else 50 * np.finfo(dtype).eps
    for size, turns in itertools.product((1, 2, 5, 32), range(-3, 6)):
        images = batch((2, 3, size, size), dtype=dtype)
        output = call(backend, "rotate", images, 90 * turns, interpolation)
        np.testing.assert_allclose(output, np.rot90(images, turns, (2, 3)), rtol=0, atol=tolerance)


@both
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_quarter_turns_of_oblong_images_expand_to_rot90(backend, interpolation):
    images = batch((2, 3, 6, 11))
    for turns in range(-4, 5):
        output = call(backend, "rotate", images, 90.0 * turns, interpolation, True)
        np.testing.assert_allclose(output, np.rot90(images, turns, (2, 3)), atol=1e-14)


@both
@dtypes
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_whole_translations_are_roll(backend, interpolation, dtype):
    images = batch((2, 2, 7, 9), dtype=dtype)
    tolerance = 0 if backend is scratch or interpolation == "nearest" else 50 * np.finfo(dtype).eps
    for x, y in itertools.product((-9, -3, 0, 2), (-1, 0, 5, 7)):
        expected = np.roll(np.pad(images, [(0, 0), (0, 0), (7, 7), (9, 9)]), (y, x), (2, 3))[:, :, 7:14, 9:18]
        output = call(backend, "translate", images, (x, y), interpolation)
        np.testing.assert_allclose(output, expected, rtol=0, atol=tolerance)
        assert output.dtype == dtype


@both
def test_rotate_is_counter_clockwise_and_affine_clockwise(backend):
    images = np.zeros((1, 1, 5, 5))
    images[0, 0, 2, 4] = 1  # in the middle of the right edge
    assert call(backend, "rotate", images, 90)[0, 0, 0, 2] == 1
    assert call(backend, "affine", images, 90, (0, 0), 1, 0)[0, 0, 4, 2] == 1


@both
def test_translation_comes_after_rotation_and_scale(backend):
    images = np.zeros((1, 1, 9, 9))
    images[0, 0, 4, 6] = 1  # two right of the middle; turned, doubled: four below; then moved
    assert call(backend, "affine", images, 90, (3, -2), 2, 0)[0, 0, 4 + 4 - 2, 4 + 3] == 1


@both
def test_shear_along_x_moves_rows_and_along_y_columns(backend):
    images = np.zeros((1, 1, 9, 9))
    images[0, 0, :, 4] = 1
    sheared = call(backend, "affine", images, 0, (0, 0), 1, 45)[0, 0]
    np.testing.assert_array_equal(sheared, np.eye(9)[::-1])
    images = images.swapaxes(2, 3)
    sheared = call(backend, "affine", images, 0, (0, 0), 1, (0, 45))[0, 0]
    np.testing.assert_array_equal(sheared, np.eye(9)[::-1])


@both
def test_a_list_of_two_shears_is_a_pair_and_an_array_one_for_each_image(backend):
    images = batch((2, 1, 9, 9))
    pair = call(backend, "affine", images, 0, (0, 0), 1, [20, 30], "bilinear")
    for row, image in enumerate(images):
        along = call(backend, "affine", image, 0, (0, 0), 1, (20, 30), "bilinear")
        np.testing.assert_allclose(pair[row], along, atol=1e-12)
    each = call(backend, "affine", images, 0, (0, 0), 1, np.array([20, 30]), "bilinear")
    for row, shear in enumerate((20, 30)):
        alone = call(backend, "affine", images[row], 0, (0, 0), 1, shear, "bilinear")
        np.testing.assert_allclose(each[row], alone, atol=1e-12)


@both
def test_the_centre_stays_where_it_is(backend):
    images = batch((1, 1, 8, 11))
    # A quarter turn about the centre of pixel (x, y) = (2, 3) leaves it, and moves its right neighbour above it.
    output = call(backend, "rotate", images, 90, center=(2.5, 3.5))
    assert output[0, 0, 3, 2] == images[0, 0, 3, 2]
    assert output[0, 0, 2, 2] == images[0, 0, 3, 3]
    enlarged = call(backend, "scale", images, 3, center=(2.5, 3.5))
    assert (enlarged[0, 0, 2:5, 1:4] == images[0, 0, 3, 2]).all()


@both
def test_scaling_by_a_whole_factor_repeats_pixels(backend):
    images = batch((1, 2, 6, 6))
    output = call(backend, "scale", images, 3)
    np.testing.assert_array_equal(output, images[:, :, 2:4, 2:4].repeat(3, 2).repeat(3, 3))


@both
def test_turning_there_and_back_leaves_a_smooth_image(backend):
    y, x = np.mgrid[:64, :64] / 64
    image = (0.5 + 0.5 * np.sin(4 * x) * np.cos(3 * y))[np.newaxis]
    output = call(backend, "rotate", call(backend, "rotate", image, 33, "bilinear"), -33, "bilinear")
    np.testing.assert_allclose(output[:, 20:44, 20:44], image[:, 20:44, 20:44], atol=1e-3)
    once = call(backend, "rotate", image, 33, "bilinear")
    assert np.abs(once[:, 20:44, 20:44] - image[:, 20:44, 20:44]).max() > 0.1


@both
def test_expanded_images_lose_nothing(backend):
    images = np.zeros((1, 1, 9, 15))
    images[:, :, [0, 0, -1, -1], [0, -1, 0, -1]] = 1  # the corners
    for angle in (10, 45, 100):
        turned = call(backend, "rotate", images, angle, "bilinear", True)
        corners = turned[0, 0] > 0.01
        _, count = ndimage.label(corners, np.ones((3, 3)))
        corners = np.array([7.5 + 4.5j, 7.5 - 4.5j]) * np.exp(1j * np.radians(angle))
        for size, extent in zip(
            turned.shape[:1:-1], (2 * abs(corners.real).max(), 2 * abs(corners.imag).max())
        ):
            assert extent - 1e-3 <= size < extent + 2  # a side grows by whole pixels at both ends
        assert count == 4
    several = call(backend, "rotate", np.repeat(images, 2, 0), np.array([0, 100.0]), "nearest", True)
    sizes = [call(backend, "rotate", images, angle, "nearest", True).shape for angle in (0.0, 100.0)]
    assert several.shape == (2, 1, *np.max(sizes, 0)[2:])


@both
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_what_lies_outside_has_the_colour_of_each_channel(backend, interpolation):
    images = batch((2, 3, 6, 6))
    output = call(backend, "translate", images, (4, 0), interpolation, [0.1, 0.2, 0.3])
    np.testing.assert_allclose(
        output[:, :, :, :4], np.broadcast_to([[[0.1]], [[0.2]], [[0.3]]], (2, 3, 6, 4))
    )
    np.testing.assert_allclose(output[:, :, :, 4:], images[:, :, :, :2])


@both
@pytest.mark.parametrize(
    "name, expected",
    [
        ("horizontal_flip", lambda images: images[..., ::-1]),
        ("vertical_flip", lambda images: images[..., ::-1, :]),
    ],
)
def test_flips_mirror(backend, name, expected):
    images = batch()
    np.testing.assert_array_equal(call(backend, name, images), expected(images))
    np.testing.assert_array_equal(call(backend, name, images[0]), expected(images[0]))
    where = np.array([True, False, False, True])
    some = call(backend, name, images, where)
    np.testing.assert_array_equal(some[where], expected(images)[where])
    np.testing.assert_array_equal(some[~where], images[~where])
    np.testing.assert_array_equal(call(backend, name, images, False), images)


@both
def test_crop_is_a_slice_and_zeros_outside(backend):
    images = batch((5, 2, 6, 7))
    around = np.pad(images, [(0, 0), (0, 0), (20, 20), (20, 20)])
    top, left = np.array([0, -2, 3, -30, 15]), np.array([1, 6, -9, 2, 3])
    output = call(backend, "crop", images, top, left, 4, 5)
    for row, (y, x) in enumerate(zip(np.clip(top, -8, 15), left)):
        np.testing.assert_array_equal(output[row], around[row, :, y + 20 : y + 24, x + 20 : x + 25])
        alone = call(backend, "crop", images[row], int(top[row]), int(x), 4, 5)
        np.testing.assert_array_equal(alone, output[row])
    np.testing.assert_array_equal(call(backend, "crop", images, 1, left, 3, 2)[2], np.zeros((2, 3, 2)))


@both
def test_center_crop_takes_the_middle(backend):
    images = batch((2, 1, 6, 9))
    np.testing.assert_array_equal(call(backend, "center_crop", images, 4), images[:, :, 1:5, 2:6])
    np.testing.assert_array_equal(call(backend, "center_crop", images, (2, 3)), images[:, :, 2:4, 3:6])
    larger = call(backend, "center_crop", images, (10, 9))
    np.testing.assert_array_equal(larger, np.pad(images, [(0, 0), (0, 0), (2, 2), (0, 0)]))
    # An odd pixel: torchvision adds it below and on the right, and cuts halves to even.
    for size, sides in ((9, [(1, 2), (0, 0)]), (11, [(2, 3), (1, 1)]), (7, [(0, 1), (-1, -1)])):
        padded = np.pad(images, [(0, 0), (0, 0), *(tuple(max(0, n) for n in side) for side in sides)])
        expected = padded[..., 1:-1] if size == 7 else padded
        np.testing.assert_array_equal(call(backend, "center_crop", images, size), expected)
    np.testing.assert_array_equal(call(backend, "center_crop", images, (3, 9)), images[:, :, 2:5])


@both
def test_five_crop_is_corners_and_middle(backend):
    images = batch((2, 1, 6, 8))
    expected = [images[:, :, :4, :4], images[:, :, :4, 4:], images[:, :, 2:, :4], images[:, :, 2:, 4:],
                images[:, :, 1:5, 2:6]]  # fmt: skip
    np.testing.assert_array_equal(call(backend, "five_crop", images, 4), np.stack(expected))


@both
@pytest.mark.parametrize("vertical", [False, True])
def test_an_average_over_ten_crops_does_not_see_a_mirror(backend, vertical):
    images = batch((3, 2, 10, 12))
    weight = batch((2, 6, 6), seed=1)

    def predict(images):
        crops = call(backend, "ten_crop", images, 6, vertical)
        assert crops.shape == (10, 3, 2, 6, 6)
        return np.tanh((crops * weight).sum((2, 3, 4)) - 18).mean(0)

    mirrored = images[:, :, ::-1] if vertical else images[..., ::-1]
    np.testing.assert_allclose(predict(images), predict(mirrored), atol=1e-12)
    other = images[..., ::-1] if vertical else images[:, :, ::-1]
    assert np.abs(predict(images) - predict(other)).max() > 1e-6


@both
@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
def test_pad_is_numpys(backend, mode):
    images = batch((2, 3, 4, 5))
    for padding, sides in (
        (2, [(2, 2), (2, 2)]), ([1], [(1, 1), (1, 1)]), ((3, 1), [(1, 1), (3, 3)]), ([1, 0, 4, 3], [(0, 3), (1, 4)]),
    ):  # fmt: skip
        expected = np.pad(images, [(0, 0), (0, 0), *sides], mode=mode)
        np.testing.assert_array_equal(call(backend, "pad", images, padding, padding_mode=mode), expected)


@both
def test_pad_fills_each_channel(backend):
    output = call(backend, "pad", batch((1, 2, 3, 3)), (1, 0), [0.25, 0.75])
    assert output.shape == (1, 2, 3, 5)
    assert (output[0, 0, :, [0, -1]] == 0.25).all() and (output[0, 1, :, [0, -1]] == 0.75).all()


@both
def test_resize_keeps_the_ratio_of_the_sides_for_one_int(backend):
    images = batch((1, 2, 6, 10))
    assert call(backend, "resize", images, 3).shape == (1, 2, 3, 5)
    assert call(backend, "resize", images.swapaxes(2, 3), [9]).shape == (1, 2, 15, 9)
    assert call(backend, "resize", images, 9, max_size=12).shape == (1, 2, 7, 12)
    assert call(backend, "resize", images, 4).shape == (1, 2, 4, 6)  # of 6.67, rounded down
    assert call(backend, "resize", images[0], (4, 3)).shape == (2, 4, 3)


@both
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("interpolation", ["nearest", "nearest-exact", "bilinear", "bicubic"])
def test_resize_is_pytorchs(backend, interpolation, antialias):
    images = batch((2, 2, 9, 8))
    smooth = interpolation in ("bilinear", "bicubic")
    for size in ((4, 5), (13, 8), (9, 8)):
        expected = torch.nn.functional.interpolate(
            torch.tensor(images), size, mode=interpolation, antialias=smooth and antialias,
            align_corners=False if smooth else None,
        )  # fmt: skip
        output = call(backend, "resize", images, size, interpolation, antialias=antialias)
        np.testing.assert_allclose(output, expected.numpy(), atol=1e-9)


@both
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("interpolation", ["nearest", "nearest-exact", "bilinear", "bicubic"])
def test_a_crop_of_its_own_for_each_image_is_cropped_and_resized_alone(backend, interpolation, antialias):
    images = batch((5, 2, 12, 16))
    top, left = np.array([0, 3, 8, 0, 5]), np.array([0, 2, 15, 9, 0])
    height, width = np.array([12, 7, 4, 1, 5]), np.array([16, 8, 1, 7, 11])
    output = call(backend, "resized_crop", images, top, left, height, width, (5, 8), interpolation, antialias)
    for row in range(5):
        part = images[row, :, top[row] : top[row] + height[row], left[row] : left[row] + width[row]]
        alone = call(backend, "resize", part, (5, 8), interpolation, None, antialias)
        np.testing.assert_allclose(output[row], alone, atol=1e-12)
        box = int(top[row]), int(left[row]), int(height[row]), int(width[row])
        same = call(backend, "resized_crop", images[row], *box, (5, 8), interpolation, antialias)
        np.testing.assert_array_equal(same, alone)


@both
def test_erase_overwrites_a_rectangle(backend):
    images = batch((3, 2, 6, 7))
    i, j, h, w = np.array([0, 4, -2]), np.array([1, 5, 0]), np.array([2, 9, 3]), np.array([3, 1, 0])
    noise = batch((3, 2, 6, 7), seed=1)
    for v in (0, 0.5, noise, noise[0], noise[0, :, :1, :1]):
        output = call(backend, "erase", images, i, j, h, w, v)
        expected = images.copy()
        values = np.broadcast_to(v, images.shape)
        expected[0, :, 0:2, 1:4] = values[0, :, 0:2, 1:4]
        expected[1, :, 4:, 5:6] = values[1, :, 4:, 5:6]
        np.testing.assert_array_equal(output, expected)
    assert (call(backend, "erase", images, 1, 2, 3, 2)[:, :, 1:4, 2:4] == 0).all()


@both
def test_cutout_clips_its_square_at_the_edges(backend):
    images = 1 + batch((3, 2, 8, 9))
    output = call(backend, "cutout", images, np.array([0, 4, 7]), np.array([4, 0, 8]), 4, [0.1, 0.2])
    expected = images.copy()
    for row, part in enumerate((np.s_[:2, 2:6], np.s_[2:6, :2], np.s_[5:, 6:])):
        expected[row, 0][part], expected[row, 1][part] = 0.1, 0.2
    np.testing.assert_array_equal(output, expected)
    odd = call(backend, "cutout", images[0], 4, 4, (3, 1))
    assert (odd[:, 3:6, 4] == 0).all() and (odd == 0).sum() == 6


# Both backends do the same


@st.composite
def cases(draw):
    """A function's name, images and arguments, with one number for each image or for all."""
    count, channels = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    sizes = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    images = batch((count, channels, *sizes), draw(st.integers(0, 99)))

    def numbers(low, high, whole=False):
        kind = st.integers(low, high) if whole else st.floats(low, high, width=32)
        if draw(st.booleans()):
            return draw(kind)
        return np.array([draw(kind) for _ in range(count)], int if whole else float)

    def look():
        fill = draw(st.floats(0, 1))
        fill = draw(st.sampled_from([0, fill, [fill / (1 + c) for c in range(channels)]]))
        return {"interpolation": draw(st.sampled_from(["nearest", "bilinear"])), "fill": fill}

    def center():
        return {"center": draw(st.sampled_from([None, (0, 2), (3.3, 1.7)]))}

    name = draw(st.sampled_from(["rotate", "affine", "translate", "scale", "crop", "resized_crop", "erase",
                                 "cutout", "pad", "resize", "center_crop"]))  # fmt: skip
    if name == "rotate":
        options = look() | draw(st.sampled_from([{"expand": True}, center()]))
        return name, images, (numbers(-400, 400),), options
    if name == "affine":
        moves, shears = (numbers(-9, 9), numbers(-9, 9)), (numbers(-60, 60), numbers(-60, 60))
        return name, images, (numbers(-180, 180), moves, numbers(0.25, 4), shears), look() | center()
    if name == "translate":
        return name, images, ((numbers(-9, 9), numbers(-9, 9)),), look()
    if name == "scale":
        return name, images, (numbers(0.125, 8),), look() | center()
    if name == "crop":
        return name, images, (numbers(-9, 9, True), numbers(-9, 9, True), draw(st.integers(1, 9)), 4), {}
    if name == "erase":
        return (
            name,
            images,
            tuple(numbers(low, 9, True) for low in (-9, -9, 0, 0)),
            {"v": draw(st.floats(0, 1))},
        )
    if name == "cutout":
        return name, images, (numbers(-2, 9, True), numbers(-2, 9, True), (draw(st.integers(1, 5)), 2)), {}
    if name == "pad":
        mode = draw(st.sampled_from(["constant", "edge", "symmetric"]))
        return name, images, ([draw(st.integers(0, min(sizes))) for _ in range(4)],), {"padding_mode": mode}
    if name == "center_crop":
        return name, images, ((draw(st.integers(1, 12)), draw(st.integers(1, 12))),), {}
    size = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    look = {
        "interpolation": draw(st.sampled_from(["bilinear", "bicubic"])),
        "antialias": draw(st.booleans()),
    }
    if name == "resize":
        return name, images, (size,), look
    top, left = (draw(st.integers(0, n - 1)) for n in sizes)
    box = top, left, numbers(1, sizes[0] - top, True), numbers(1, sizes[1] - left, True)
    return name, images, (*box, size), look


def places_are_clear(name, images, arguments, options):
    """Whether rounding cannot decide which pixel is the nearest: a hair further right gives the same image."""
    if options.get("interpolation") != "nearest":
        return True
    angles = {"rotate": 1e-7, "affine": 1e-7, "translate": (1e-7, 1e-7), "scale": 1 + 1e-7}[name]
    center = options.get("center")
    options = options if center is None else options | {"center": (center[0] + 1e-7, center[1] - 1e-7)}
    first = np.asarray(arguments[0]) if name != "translate" else arguments[0]
    for sign in (1, -1):
        if name == "translate":
            moved = (tuple(np.asarray(move) + sign * 1e-7 for move in first),)
        elif name == "scale":
            moved = (first * angles**sign,)
        else:
            moved = (first + sign * angles, *arguments[1:])
        if not np.array_equal(
            call(scratch, name, images, *moved, **options),
            call(scratch, name, images, *arguments, **options),
        ):
            return False
    return True


@settings(max_examples=300)
@given(cases())
def test_both_backends_do_the_same(case):
    name, images, arguments, options = case
    clear = places_are_clear(*case)
    for dtype, tolerance in ((np.float64, 1e-9), (np.float32, 1e-4)):
        given_images, before = images.astype(dtype), images.astype(dtype)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            mine = call(scratch, name, given_images, *arguments, **options)
            other = call(pytorch, name, given_images, *arguments, **options)
        np.testing.assert_array_equal(given_images, before)
        assert mine.dtype == other.dtype == dtype and mine.shape == other.shape
        if clear:
            np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance)


def test_both_backends_take_the_same_of_two_pixels_that_are_as_near():
    for size, angle, scale in itertools.product(
        [(4, 7), (6, 9), (8, 8)], range(-360, 361, 90), (0.5, 1, 0.25)
    ):
        images = batch((1, 1, *size))
        arguments = angle, (0.5, 0), scale, 0
        np.testing.assert_array_equal(
            call(scratch, "affine", images, *arguments), call(pytorch, "affine", images, *arguments)
        )


@settings(max_examples=50)
@given(cases())
def test_each_image_gets_its_own_numbers(case):
    name, images, arguments, options = case
    together = call(scratch, name, images, *arguments, **options)
    for row in range(len(images)):
        own = tuple(
            tuple(part[row] if isinstance(part, np.ndarray) else part for part in argument)
            if isinstance(argument, tuple)
            else argument[row] if isinstance(argument, np.ndarray) else argument
            for argument in arguments
        )  # fmt: skip
        alone = call(scratch, name, images[row], *own, **options)
        if alone.shape == together.shape[1:]:  # expanded images are as large as the largest
            np.testing.assert_allclose(alone, together[row], rtol=0, atol=1e-12)


def test_images_of_more_than_one_block_are_seamless():
    """What is computed in parts, so that it stays in the cache: many rows, many images."""
    for shape in ((9, 1, 130, 140), (700, 1, 5, 6)):
        images = batch(shape)
        angles = np.linspace(-40, 40, shape[0])
        for arguments in (("rotate", angles, "bilinear"), ("rotate", angles),
                          ("resized_crop", 0, 0, 4 + np.arange(shape[0]) % 2, 5, shape[2:])):  # fmt: skip
            mine, other = (
                call(backend, arguments[0], images, *arguments[1:]) for backend in (scratch, pytorch)
            )
            np.testing.assert_allclose(mine, other, rtol=0, atol=1e-9)


@both
def test_half_precision_is_kept(backend):
    images = batch((2, 3, 8, 8))
    half = of(backend, images.astype(np.float16))
    for name, arguments in (("rotate", (30.0, "bilinear")), ("resize", (5,)), ("crop", (1, 1, 4, 4))):
        output = getattr(backend.augmentation, name)(half, *arguments)
        assert output.dtype == half.dtype
        exact = call(scratch, name, images, *arguments)
        np.testing.assert_allclose(np.asarray(output, float), exact, atol=2e-3)


@both
def test_options_may_be_arrays_that_hold_numbers(backend):
    """Of one number or of several, in any dtype and layout, read-only too; of a channel's number for all channels."""
    images, angles = batch((3, 3, 8, 8)), np.array([10.0, -20, 50])
    expected = call(backend, "rotate", images, angles, fill=[0.1, 0.2, 0.3])
    backwards, steps = angles[::-1].copy()[::-1], np.repeat(angles, 2)[::2]
    steps.flags.writeable = False
    for same in (backwards, steps, angles.astype(">f8"), angles.astype(np.int16), list(angles)):
        output = call(backend, "rotate", images, same, fill=np.array([0.1, 0.2, 0.3]))
        np.testing.assert_array_equal(output, expected)
    for one in (np.float32(20), np.array(20.0), torch.tensor(20.0)):
        for name, arguments in (("rotate", (one,)), ("rotate", (20, "nearest", False, None, one))):
            plain = [20 if part is one else part for part in arguments]
            output = call(backend, name, images, *arguments)
            np.testing.assert_array_equal(output, call(backend, name, images, *plain))
        assert repr(backend.augmentation.RandomRotation(one)) == repr(backend.augmentation.RandomRotation(20))
    alike = call(backend, "pad", images, 1, [0.5])
    np.testing.assert_array_equal(alike, call(backend, "pad", images, 1, 0.5))


@pytest.mark.parametrize("name", ["rotate", "affine", "crop", "pad", "erase", "horizontal_flip", "resize"])
def test_functions_compile_to_one_graph(name):
    images, function = torch.tensor(batch((3, 3, 8, 9))), getattr(theirs, name)
    angle, place = torch.tensor([10.0, 20, 30]), torch.tensor([0, 1, 2])
    arguments = {"rotate": (angle, "bilinear"), "affine": (angle, (1, 2), 1.2, 3), "crop": (place, 0, 4, 4), "pad": (2, 0.5),
                 "erase": (place, 1, 2, 3), "horizontal_flip": (place > 0,), "resize": (5,)}[name]  # fmt: skip
    compiled = torch.compile(function, fullgraph=True, backend="eager")
    assert torch.allclose(compiled(images, *arguments), function(images, *arguments), atol=1e-12)


@both
def test_memory_layouts_do_not_matter(backend):
    images = batch((2, 3, 8, 9))
    for other in (
        np.asfortranarray(images),
        images[:, :, ::-1].copy()[:, :, ::-1],
        np.repeat(images, 2, 3)[..., ::2],
    ):
        given_images = (
            other if backend is scratch else torch.tensor(images).to(memory_format=torch.channels_last)
        )
        for name, arguments in (
            ("rotate", (30.0, "bilinear")), ("rotate", (30.0,)), ("crop", (np.array([1, 2]), 0, 4, 4)),
            ("resized_crop", (0, 0, np.array([4, 5]), 4, (3, 3))), ("pad", (2, 0, "reflect")),
        ):  # fmt: skip
            output = getattr(backend.augmentation, name)(given_images, *arguments)
            np.testing.assert_allclose(
                np.asarray(output), call(scratch, name, images, *arguments), rtol=0, atol=1e-9
            )


def test_tensors_may_be_differentiated_through():
    images = torch.tensor(batch((2, 1, 5, 5)), requires_grad=True)
    for name, arguments in (
        ("rotate", (torch.tensor([10.0, 40.0]), "bilinear")), ("rotate", (10.0,)), ("crop", (torch.tensor([0, 1]), 1, 3, 3)),
        ("resized_crop", (0, 0, torch.tensor([2, 3]), 2, (4, 4))), ("horizontal_flip", (torch.tensor([True, False]),)),
        ("erase", (1, 1, 2, 2)), ("pad", (1, 0, "reflect")),
    ):  # fmt: skip
        function = getattr(theirs, name)
        assert torch.autograd.gradcheck(lambda x: function(x, *arguments), images)  # noqa: B023


# At random

TRANSFORMS = {
    "RandomHorizontalFlip": [{}, {"p": 0.2}],
    "RandomVerticalFlip": [{}],
    "RandomRotation": [{"degrees": 40}, {"degrees": (10, 80), "interpolation": "bilinear", "fill": 0.5}],
    "RandomAffine": [
        {"degrees": 20},
        {"degrees": (0, 90), "translate": (0.2, 0.3), "scale": (0.5, 2), "shear": 20, "interpolation": "bilinear"},
        {"degrees": 0, "shear": (-10, 10, 5, 20), "center": (2, 3), "interpolation": "bilinear"},
    ],
    "RandomTranslation": [{"translate": (0.3, 0.5)}],
    "RandomScale": [{"scale": (0.5, 2), "interpolation": "bilinear"}],
    "RandomCrop": [{"size": 5}, {"size": (8, 6), "padding": (1, 2), "padding_mode": "reflect"},
                   {"size": 13, "pad_if_needed": True, "fill": 0.3}],
    "CenterCrop": [{"size": (3, 5)}],
    "RandomResizedCrop": [{"size": 6}, {"size": (4, 9), "scale": (0.5, 1), "ratio": (1, 2), "interpolation": "bicubic"}],
    "RandomErasing": [{}, {"p": 1, "value": "random"}, {"p": 0.7, "value": (0.1, 0.2, 0.3)}],
    "Cutout": [{"size": 4}, {"size": (1, 20), "fill": (0.1, 0.2, 0.3)}],
}  # fmt: skip
CHOICES = [(name, options) for name, several in TRANSFORMS.items() for options in several]
each = pytest.mark.parametrize(
    "name, options", CHOICES, ids=[f"{name}-{options}" for name, options in CHOICES]
)


@each
def test_with_the_same_draws_both_backends_make_the_same(name, options):
    generator = np.random.default_rng(1)
    mine, other = getattr(ours, name)(**options), getattr(theirs, name)(**options)
    assert repr(mine) == repr(other)
    for shape in ((6, 3, 9, 12), (0, 3, 9, 12), (3, 9, 12)):
        for dtype, tolerance in ((np.float64, 1e-9), (np.float32, 1e-4)):
            images = batch(shape, dtype=dtype)
            drawn = mine.draw(images, generator)
            expected, output = mine.apply(images, **drawn), other.apply(torch.tensor(images), **drawn)
            assert expected.dtype == dtype and output.numpy().dtype == dtype
            np.testing.assert_allclose(output.numpy(), expected, rtol=0, atol=tolerance)


@both
@each
def test_the_same_seed_gives_the_same_and_the_input_stays(backend, name, options):
    transform = getattr(backend.augmentation, name)(**options)
    images = of(backend, batch((6, 3, 9, 12)))
    before = np.asarray(images).copy()
    first, second = (np.asarray(transform(images, seeded(backend, 5))) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(np.asarray(images), before)
    assert not np.shares_memory(first, np.asarray(images))
    if name != "CenterCrop":
        others = [np.asarray(transform(images, seeded(backend, seed))) for seed in range(6, 12)]
        assert not all(np.array_equal(first, other) for other in others)


@both
@each
def test_each_image_gets_its_own_draw(backend, name, options):
    images = np.repeat(batch((1, 3, 9, 12)), 24, 0)
    output = np.asarray(
        getattr(backend.augmentation, name)(**options)(of(backend, images), seeded(backend)), float
    )
    different = len(np.unique(output.reshape(24, -1), axis=0))
    assert different == 1 if name == "CenterCrop" else different >= 2


@each
def test_repr_says_how_to_make_it(name, options):
    transform = getattr(ours, name)(**options)
    assert repr(eval(repr(transform), {name: getattr(ours, name)})) == repr(transform)


def draws(backend, transform, shape, seed=0):
    image = of(backend, np.zeros(1, np.float32))
    images = np.broadcast_to(image, shape) if backend is scratch else image.expand(shape)  # takes no memory
    drawn = transform.draw(images, seeded(backend, seed))
    return {
        name: [np.asarray(part) for part in value] if isinstance(value, tuple) else np.asarray(value)
        for name, value in drawn.items()
    }


def is_uniform(values, low, high):
    """Kolmogorov's distance from the uniform distribution, below what one of ten million samples exceeds."""
    values = np.sort(values)
    assert low <= values[0] and values[-1] <= high
    distance = np.abs((values - low) / (high - low) - np.arange(len(values)) / len(values)).max()
    return distance < 2.9 / np.sqrt(len(values))


@both
@pytest.mark.parametrize("p", [0, 0.3, 0.5, 1])
def test_the_share_of_flips_is_p(backend, p):
    for name in ("RandomHorizontalFlip", "RandomVerticalFlip"):
        where = draws(backend, getattr(backend.augmentation, name)(p), (20000, 1, 1, 1))["where"]
        assert abs(where.mean() - p) <= 5 * np.sqrt(p * (1 - p) / 20000)


@both
def test_angles_scales_and_shears_are_uniform(backend):
    transforms, shape = backend.augmentation, (5000, 1, 10, 20)
    assert is_uniform(draws(backend, transforms.RandomRotation(30), shape)["angle"], -30, 30)
    assert is_uniform(draws(backend, transforms.RandomScale((0.5, 3)), shape)["scale"], 0.5, 3)
    drawn = draws(backend, transforms.RandomAffine((5, 50), None, (1, 2), (-10, 0, 20, 60)), shape)
    assert is_uniform(drawn["angle"], 5, 50) and is_uniform(drawn["scale"], 1, 2)
    assert is_uniform(drawn["shear"][0], -10, 0) and is_uniform(drawn["shear"][1], 20, 60)
    assert (
        abs(np.corrcoef(np.stack([drawn["angle"], drawn["scale"], *drawn["shear"]])) - np.eye(4)).max() < 0.08
    )


@both
@pytest.mark.parametrize("name", ["RandomTranslation", "RandomAffine"])
def test_translations_are_whole_pixels_up_to_the_fraction(backend, name):
    options = {"degrees": 0} if name == "RandomAffine" else {}
    transform = getattr(backend.augmentation, name)(translate=(0.1, 0.4), **options)
    x, y = draws(backend, transform, (4000, 1, 10, 20))["translate"]
    assert set(x) == set(range(-2, 3)) and set(y) == set(range(-4, 5))


@both
def test_every_place_of_a_crop_is_reached_and_as_likely(backend):
    # From 256 to 224 there are 33 places along each side, 0 to 32, and with mirror images 33 * 33 * 2 = 2178 patches. The
    # 2048 of AlexNet's paper is 32 * 32 * 2.
    drawn = draws(backend, backend.augmentation.RandomCrop(224), (40000, 1, 256, 256))
    for corner in (drawn["top"], drawn["left"]):
        assert corner.min() == 0 and corner.max() == 32
        shares = np.bincount(corner) / 40000
        assert len(shares) == 33
        assert np.abs(shares - 1 / 33).max() < 5 * np.sqrt(1 / 33 / 40000)
    pairs = np.unique(drawn["top"] * 33 + drawn["left"])
    assert len(pairs) == 33 * 33


@both
def test_crops_of_padded_images_are_parts_of_them(backend):
    images = 1 + batch((200, 1, 4, 4))
    transform = backend.augmentation.RandomCrop(4, padding=(2, 1), fill=0.5)
    drawn = transform.draw(of(backend, images), seeded(backend))
    assert set(np.asarray(drawn["top"])) == set(range(3)) and set(np.asarray(drawn["left"])) == set(range(5))
    padded = np.pad(images, [(0, 0), (0, 0), (1, 1), (2, 2)], constant_values=0.5)
    output = np.asarray(transform.apply(of(backend, images), **drawn))
    for row, (top, left) in enumerate(zip(drawn["top"], drawn["left"])):
        np.testing.assert_array_equal(output[row], padded[row, :, top : top + 4, left : left + 4])


@both
def test_random_resized_crops_have_areas_and_ratios_in_range(backend):
    transform = backend.augmentation.RandomResizedCrop(8, (0.2, 0.5), (0.5, 1.5))
    drawn = draws(backend, transform, (4000, 1, 300, 300))
    area, ratio = drawn["height"] * drawn["width"] / 90000, drawn["width"] / drawn["height"]
    assert is_uniform(area, 0.198, 0.503)
    assert is_uniform(np.log(ratio), np.log(0.49), np.log(1.53))
    assert drawn["top"].min() >= 0 and (drawn["top"] + drawn["height"]).max() == 300
    assert drawn["left"].min() >= 0 and (drawn["left"] + drawn["width"]).max() >= 299
    share = drawn["left"] / (300 - drawn["width"])
    assert is_uniform(share, 0, 1)


@both
@pytest.mark.parametrize(
    "ratio, expected", [((3, 4), (3, 10)), ((0.1, 0.2), (10, 2)), ((0.9, 1.1), (10, 10))]
)
def test_where_no_crop_fits_the_largest_in_the_middle_is_taken(backend, ratio, expected):
    drawn = draws(backend, backend.augmentation.RandomResizedCrop(8, (1, 1), ratio), (50, 1, 10, 10))
    height, width = expected
    unfit = (drawn["height"] == height) & (drawn["width"] == width)
    assert unfit.all()
    assert (drawn["top"] == (10 - height) // 2).all() and (drawn["left"] == (10 - width) // 2).all()


@both
def test_rectangles_are_erased_with_areas_and_ratios_in_range(backend):
    drawn = draws(backend, backend.augmentation.RandomErasing(0.6, (0.1, 0.2), (0.5, 3)), (6000, 1, 200, 300))
    erased = drawn["h"] > 0
    assert abs(erased.mean() - 0.6) < 5 * np.sqrt(0.24 / 6000)
    assert (drawn["w"][~erased] == 0).all()
    h, w = drawn["h"][erased], drawn["w"][erased]
    assert is_uniform(h * w / 60000, 0.098, 0.203)
    assert is_uniform(np.log(h / w), np.log(0.49), np.log(3.06))
    i, j = drawn["i"][erased], drawn["j"][erased]
    assert i.min() == 0 and (i + h).max() == 200 and is_uniform(i / (200 - h), 0, 1)
    assert j.min() == 0 and is_uniform(j / (300 - w), 0, 1)
    whole = draws(backend, backend.augmentation.RandomErasing(1, (1, 1), (1, 1)), (50, 1, 10, 10))
    assert not whole["h"].any()  # something of the image is left


def test_arrays_may_be_lists():
    images = batch((2, 3, 8, 8))
    for name in ("RandomCrop", "RandomErasing"):
        options = {"size": 5} if name == "RandomCrop" else {"p": 1, "value": "random"}
        transform = getattr(ours, name)(**options)
        expected = transform(images, seeded(scratch))
        np.testing.assert_array_equal(transform(images.tolist(), seeded(scratch)), expected)


@both
def test_noise_is_normal_and_where_the_rectangle_is(backend):
    images = 9 * np.ones((60, 2, 30, 40))
    transform = backend.augmentation.RandomErasing(1, (0.2, 0.5), value="random")
    output = np.asarray(transform(of(backend, images), seeded(backend)))
    noise = output[output != 9]
    assert 0.2 < noise.size / output.size < 0.5
    assert abs(noise.mean()) < 0.05 and abs(noise.std() - 1) < 0.05


@both
def test_every_pixel_may_be_the_middle_of_a_cutout(backend):
    drawn = draws(backend, backend.augmentation.Cutout(3), (20000, 1, 5, 7))
    shares = np.bincount(drawn["y"] * 7 + drawn["x"], minlength=35) / 20000
    assert np.abs(shares - 1 / 35).max() < 5 * np.sqrt(1 / 35 / 20000)


@both
def test_crops_larger_than_the_images_are_errors_unless_padding_is_allowed(backend):
    images = of(backend, batch((2, 3, 8, 8)))
    with pytest.raises(ValueError, match="size"):
        backend.augmentation.RandomCrop(9)(images, seeded(backend))
    assert backend.augmentation.RandomCrop(9, 1)(images, seeded(backend)).shape == (2, 3, 9, 9)
    enough = backend.augmentation.RandomCrop(10, 1, pad_if_needed=True).draw(images, seeded(backend))
    assert not enough["top"].any() and not enough["left"].any()  # the padding is needed once
    assert backend.augmentation.RandomCrop(9, pad_if_needed=True)(images, seeded(backend)).shape == (
        2,
        3,
        9,
        9,
    )


# Errors

BAD_CALLS = [
    ("horizontal_flip", (1,), TypeError, "where"),
    ("horizontal_flip", ([True, False],), ValueError, "where"),
    ("rotate", ("10",), TypeError, "angle"),
    ("rotate", (True,), TypeError, "angle"),
    ("rotate", (float("nan"),), ValueError, "angle"),
    ("rotate", (np.array([1.0, 2.0]),), ValueError, "angle"),
    ("rotate", (10, "bicubic"), ValueError, "interpolation"),
    ("rotate", (10, "nearest", 1), TypeError, "expand"),
    ("rotate", (10, "nearest", True, (1, 1)), ValueError, "center"),
    ("rotate", (10, "nearest", False, 3), TypeError, "center"),
    ("rotate", (10, "nearest", False, (1, 2, 3)), ValueError, "center"),
    ("rotate", (10, "nearest", False, None, (1, 2)), ValueError, "fill"),
    ("rotate", (10, "nearest", False, None, "red"), TypeError, "fill"),
    ("affine", (0, 5, 1, 0), TypeError, "translate"),
    ("affine", (0, (1, 2, 3), 1, 0), ValueError, "translate"),
    ("affine", (0, (0, 0), 0, 0), ValueError, "scale"),
    ("affine", (0, (0, 0), -1, 0), ValueError, "scale"),
    ("affine", (0, (0, 0), 1, 90), ValueError, "shear"),
    ("affine", (0, (0, 0), 1, (1, 2, 3)), ValueError, "shear"),
    ("crop", (0.5, 0, 2, 2), TypeError, "top"),
    ("crop", (0, np.zeros(5, int), 2, 2), ValueError, "left"),
    ("crop", (0, 0, 0, 2), ValueError, "height"),
    ("center_crop", (0,), ValueError, "output_size"),
    ("center_crop", ((1, 2, 3),), ValueError, "output_size"),
    ("five_crop", (9,), ValueError, "size"),
    ("ten_crop", (4, 1), TypeError, "vertical_flip"),
    ("pad", (-1,), ValueError, "padding"),
    ("pad", ((1, 2, 3),), ValueError, "padding"),
    ("pad", (1.5,), TypeError, "padding"),
    ("pad", (1, 0, "mirror"), ValueError, "padding_mode"),
    ("pad", (8, 0, "reflect"), ValueError, "padding"),
    ("pad", (1, 0.5, "reflect"), ValueError, "fill"),
    ("resize", (0,), ValueError, "size"),
    ("resize", (2.5,), TypeError, "size"),
    ("resize", (4, "lanczos"), ValueError, "interpolation"),
    ("resize", (4, "bilinear", 3), ValueError, "max_size"),
    ("resize", ((4, 4), "bilinear", 9), ValueError, "max_size"),
    ("resize", (4, "bilinear", None, 1), TypeError, "antialias"),
    ("resized_crop", (0, 0, 9, 4, 4), ValueError, "top"),
    ("resized_crop", (0, -1, 4, 4, 4), ValueError, "left"),
    ("resized_crop", (0, np.array([0, 3, 5]), 4, 4, (4, 4)), ValueError, "left"),
    ("resized_crop", (0, np.array([0, 3, 4]), 4, 4, 4), ValueError, "size"),
    ("resized_crop", (0, 0, 0, 4, 4), ValueError, "height"),
    ("erase", (0, 0, -1, 2), ValueError, "h"),
    ("erase", (0, 0, 1, 1.5), TypeError, "w"),
    ("erase", (0, 0, 1, 1, np.zeros((2, 3))), ValueError, "v"),
    ("erase", (0, 0, 1, 1, "red"), TypeError, "v"),
    ("erase", (0, 0, 1, 1, 1j), TypeError, "v"),
    ("horizontal_flip", ("left",), TypeError, "where"),
    ("cutout", (0, 0, 0), ValueError, "size"),
    ("cutout", (0.5, 0, 1), TypeError, "y"),
]


@both
@pytest.mark.parametrize("name, arguments, error, argument", BAD_CALLS)
def test_bad_arguments_are_errors_that_name_them(backend, name, arguments, error, argument):
    with pytest.raises(error, match=rf"\b{argument}\b.*: "):
        call(backend, name, batch((3, 3, 8, 8)), *arguments)


@both
@pytest.mark.parametrize(
    "name", ["horizontal_flip", "rotate", "crop", "pad", "resize", "resized_crop", "erase"]
)
def test_what_is_no_image_is_an_error(backend, name):
    arguments = {"horizontal_flip": (), "rotate": (5,), "crop": (0, 0, 2, 2), "pad": (1,), "resize": (2,),
                 "resized_crop": (0, 0, 2, 2, 2), "erase": (0, 0, 1, 1)}[name]  # fmt: skip
    with pytest.raises(ValueError, match="input"):
        call(backend, name, batch((8, 8)), *arguments)
    with pytest.raises(TypeError, match="input"):
        call(backend, name, np.zeros((1, 3, 8, 8), np.uint8), *arguments)


BAD_OPTIONS = [
    ("RandomHorizontalFlip", {"p": 1.5}, ValueError, "p"),
    ("RandomHorizontalFlip", {"p": -0.1}, ValueError, "p"),
    ("RandomVerticalFlip", {"p": "often"}, TypeError, "p"),
    ("RandomVerticalFlip", {"p": True}, TypeError, "p"),
    ("RandomRotation", {"degrees": -1}, ValueError, "degrees"),
    ("RandomRotation", {"degrees": (20, 10)}, ValueError, "degrees"),
    ("RandomRotation", {"degrees": (1, 2, 3)}, ValueError, "degrees"),
    ("RandomRotation", {"degrees": "10"}, TypeError, "degrees"),
    ("RandomRotation", {"degrees": 10, "interpolation": "cubic"}, ValueError, "interpolation"),
    ("RandomRotation", {"degrees": 10, "fill": "red"}, TypeError, "fill"),
    ("RandomRotation", {"degrees": 10, "expand": 1}, TypeError, "expand"),
    ("RandomRotation", {"degrees": 10, "expand": True, "center": (1, 1)}, ValueError, "center"),
    ("RandomAffine", {"degrees": 0, "translate": (0.1, 1.1)}, ValueError, "translate"),
    ("RandomAffine", {"degrees": 0, "translate": 0.1}, TypeError, "translate"),
    ("RandomAffine", {"degrees": 0, "scale": (2, 1)}, ValueError, "scale"),
    ("RandomAffine", {"degrees": 0, "scale": (0, 1)}, ValueError, "scale"),
    ("RandomAffine", {"degrees": 0, "shear": (1, 2, 3)}, ValueError, "shear"),
    ("RandomAffine", {"degrees": 0, "shear": 95}, ValueError, "shear"),
    ("RandomTranslation", {"translate": (-0.1, 0)}, ValueError, "translate"),
    ("RandomScale", {"scale": (1.5, 0.5)}, ValueError, "scale"),
    ("RandomScale", {"scale": 2}, TypeError, "scale"),
    ("RandomCrop", {"size": 0}, ValueError, "size"),
    ("RandomCrop", {"size": 4, "padding": -1}, ValueError, "padding"),
    ("RandomCrop", {"size": 4, "padding": False}, TypeError, "padding"),
    ("RandomCrop", {"size": 4, "padding": []}, ValueError, "padding"),
    ("RandomCrop", {"size": 4, "padding": 1, "fill": [0, 0.5], "padding_mode": "edge"}, ValueError, "fill"),
    ("RandomCrop", {"size": 4, "pad_if_needed": 1}, TypeError, "pad_if_needed"),
    ("RandomCrop", {"size": 4, "padding_mode": "wrap"}, ValueError, "padding_mode"),
    ("CenterCrop", {"size": 2.5}, TypeError, "size"),
    ("RandomResizedCrop", {"size": 4, "scale": (1, 0.5)}, ValueError, "scale"),
    ("RandomResizedCrop", {"size": 4, "scale": (0.5, 1.5)}, ValueError, "scale"),
    ("RandomResizedCrop", {"size": 4, "ratio": (2, 1)}, ValueError, "ratio"),
    ("RandomResizedCrop", {"size": 4, "ratio": (0, 1)}, ValueError, "ratio"),
    ("RandomResizedCrop", {"size": 4, "interpolation": "box"}, ValueError, "interpolation"),
    ("RandomErasing", {"p": 2}, ValueError, "p"),
    ("RandomErasing", {"scale": (0.3, 0.2)}, ValueError, "scale"),
    ("RandomErasing", {"ratio": (3, 1)}, ValueError, "ratio"),
    ("RandomErasing", {"value": "noise"}, ValueError, "value"),
    ("RandomErasing", {"value": (1, "x")}, TypeError, "value"),
    ("Cutout", {"size": 0}, ValueError, "size"),
    ("Cutout", {"size": 3, "fill": None}, TypeError, "fill"),
]  # fmt: skip


@both
@pytest.mark.parametrize("name, options, error, argument", BAD_OPTIONS)
def test_bad_options_are_errors_that_name_them(backend, name, options, error, argument):
    with pytest.raises(error, match=rf"^{argument}: "):
        getattr(backend.augmentation, name)(**options)


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - {"CenterCrop"}))
def test_a_missing_generator_is_an_error(name):
    transform = getattr(ours, name)(**TRANSFORMS[name][0])
    for generator in (None, 0, np.random):
        with pytest.raises(TypeError, match="generator"):
            transform(batch(), generator)
    with pytest.raises(TypeError, match="generator"):
        getattr(theirs, name)(**TRANSFORMS[name][0])(torch.tensor(batch()), np.random.default_rng(0))


@each
def test_what_is_applied_never_waits_for_the_device(name, options):
    # Tensors on the device "meta" have no values: whatever asked for one would fail.
    transform, images = getattr(theirs, name)(**options), torch.tensor(batch((6, 3, 9, 12)))
    drawn = transform.draw(images.to("meta"), seeded(pytorch))
    parts = [part for value in drawn.values() for part in (value if isinstance(value, tuple) else (value,))]
    assert all(part.device.type == "cpu" for part in parts)
    output = transform.apply(images.to("meta"), **drawn)
    assert output.device.type == "meta" and output.shape == transform.apply(images, **drawn).shape
    there = {
        key: tuple(part.to("meta") for part in value) if isinstance(value, tuple) else value.to("meta")
        for key, value in drawn.items()
    }
    assert transform.apply(images.to("meta"), **there).shape == output.shape


def test_images_on_another_device_expand_by_angles_of_the_cpu():
    images = torch.zeros(2, 1, 4, 6, device="meta")
    assert theirs.rotate(images, torch.tensor([0.0, 90.0]), expand=True).shape == (2, 1, 6, 6)
    assert theirs.rotate(images, 90, expand=True).shape == (2, 1, 6, 4)


def test_without_a_generator_tensors_take_pytorchs_own():
    images = torch.tensor(batch())
    transform = theirs.RandomRotation(90, "bilinear")
    with torch.random.fork_rng():
        torch.manual_seed(3)
        first, other = transform(images), transform(images)
        torch.manual_seed(3)
        again = transform(images)
    assert torch.equal(first, again) and not torch.equal(first, other)
