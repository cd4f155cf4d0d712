"""Deconvolution: what the registry of cases cannot say about it."""

import numpy as np
import pytest
import torch

from dlcore import pytorch, scratch, shapes

rng = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("operator", "shape", "expected"),
    [
        (scratch.pixel_shuffle, (0, 4, 2, 3), (0, 1, 4, 6)),
        (scratch.pixel_shuffle, (2, 8, 0, 3), (2, 2, 0, 6)),
        (scratch.pixel_unshuffle, (0, 1, 4, 6), (0, 4, 2, 3)),
        (scratch.pixel_unshuffle, (2, 1, 4, 0), (2, 4, 2, 0)),
    ],
)
def test_shuffling_nothing_changes_the_shape_as_ever(operator, shape, expected):
    # PyTorch's pixel_unshuffle leaves the shape of an empty tensor as it is.
    input = scratch.Tensor(np.ones(shape), requires_grad=True)
    output = operator(input, 2)
    output.backward(np.ones(expected))
    assert output.shape == expected and input.grad.shape == shape


@pytest.mark.parametrize(
    "operator", [scratch.pixel_shuffle, scratch.pixel_unshuffle, scratch.channel_shuffle]
)
def test_where_nothing_moves_the_output_is_still_an_array_of_its_own(operator):
    input = rng.standard_normal((2, 4, 3, 3))
    output = operator(input, 1)
    np.testing.assert_array_equal(output, input)
    assert not np.shares_memory(output, input)


@pytest.mark.parametrize(
    "options", [{}, {"stride": 2, "padding": 1}, {"dilation": 2}, {"groups": 2, "padding": (0, 2)}], ids=str
)
def test_three_ways_to_the_same_transposed_convolution(options):
    # The transposed matrix, and the gradient of convolution; zeros between the pixels are in the chapter.
    weight, image = (
        rng.standard_normal((4, 2, 3, 2)),
        rng.standard_normal((2 * options.get("groups", 1), 7, 8)),
    )
    matrix = scratch.conv_matrix(weight, image.shape[1:], **options)
    tensor = scratch.Tensor(image, requires_grad=True)
    convolved = scratch.conv2d(tensor, weight, **options)
    np.testing.assert_allclose(matrix @ image.reshape(-1), convolved.data.reshape(-1), rtol=1e-12)
    seed = rng.standard_normal(convolved.shape)
    convolved.backward(seed)
    np.testing.assert_allclose(matrix.T @ seed.reshape(-1), tensor.grad.reshape(-1), rtol=1e-12)
    stride, padding = options.get("stride", 1), options.get("padding", 0)
    whole = (
        np.array(image.shape[1:])
        + 2 * np.array(padding)
        - options.get("dilation", 1) * (np.array([3, 2]) - 1)
        - 1
    )
    spread = scratch.conv_transpose2d(seed, weight, output_padding=tuple(map(int, whole % stride)), **options)
    np.testing.assert_allclose(spread, tensor.grad, rtol=1e-12)


@pytest.mark.parametrize("backend", [scratch, pytorch], ids=["scratch", "pytorch"])
def test_icnr_begins_as_nearest_neighbour_interpolation(backend):
    make = torch.from_numpy if backend is pytorch else np.asarray
    normal = (lambda kernels, generator: kernels.normal_(generator=generator)) if backend is pytorch else (
        lambda kernels, generator: np.copyto(kernels, generator.standard_normal(kernels.shape))
    )  # fmt: skip
    generator = torch.Generator().manual_seed(0) if backend is pytorch else np.random.default_rng(0)
    weight = make(np.zeros((8, 3, 3, 3)))
    assert backend.initialization.icnr_(weight, 2, normal, generator) is weight
    image = make(rng.standard_normal((1, 3, 5, 5)))
    enlarged = np.asarray(backend.pixel_shuffle(backend.conv2d(image, weight), 2))
    coarse = np.asarray(backend.conv2d(image, weight[::4]))
    np.testing.assert_allclose(enlarged, coarse.repeat(2, -1).repeat(2, -2))
    assert np.unique(coarse).size == coarse.size


def test_icnr_fills_parameters_and_leaves_no_record():
    layer = scratch.nn.Conv2d(2, 4, 3)
    scratch.initialization.icnr_(layer.weight, 2, lambda kernels: kernels.__iadd__(0.5))
    assert (layer.weight.data == 0.5).all() and layer.weight.is_leaf and layer.weight.requires_grad


@pytest.mark.parametrize("size", [(7, 6), [6, 7], (2, 5, 7, 7)], ids=str)
def test_a_transposed_layer_finds_the_padding_for_an_output_size(size):
    theirs = torch.nn.ConvTranspose2d(3, 5, 2, stride=2).double()
    ours = scratch.nn.ConvTranspose2d(3, 5, 2, stride=2, dtype=np.float64)
    ours.load_state_dict(theirs.state_dict())
    image = rng.standard_normal((2, 3, 3, 3))
    assert ours(image, output_size=size).shape == tuple(
        theirs(torch.from_numpy(image), output_size=size).shape
    )
    np.testing.assert_allclose(
        ours(image, size).data, theirs(torch.from_numpy(image), size).detach().numpy(), rtol=1e-12
    )


@pytest.mark.parametrize("size", [(5, 6), (6, 8), (6,), (3, 6, 6)], ids=str)
def test_no_padding_leads_to_an_impossible_output_size(size):
    theirs, ours = (nn.ConvTranspose2d(3, 5, 2, stride=2) for nn in (torch.nn, scratch.nn))
    image = np.zeros((2, 3, 3, 3), np.float32)
    with pytest.raises(ValueError):
        theirs(torch.from_numpy(image), size)
    with pytest.raises(ValueError, match="^output_size: "):
        ours(image, size)


def test_an_unpooling_layer_takes_an_output_size():
    pool, unpool = scratch.nn.MaxPool2d(2, return_indices=True), scratch.nn.MaxUnpool2d(2)
    image = rng.standard_normal((1, 2, 5, 7))
    maxima, places = pool(image)
    restored = unpool(maxima, places, image.shape)
    assert restored.shape == image.shape and (restored[restored != 0] == image[restored != 0]).all()


@pytest.mark.parametrize("nn", [scratch.nn, shapes.nn], ids=["scratch", "shapes"])
@pytest.mark.parametrize(
    ("layer", "arguments", "argument", "error"),
    [
        ("ConvTranspose2d", (2.0, 2, 3), "in_channels", TypeError),
        ("ConvTranspose2d", (2, -2, 3), "out_channels", RuntimeError),
        ("ConvTranspose2d", (2, 2, (3, 3, 3)), "kernel_size", RuntimeError),
        ("ConvTranspose2d", (2, 2, 3, 0), "stride", RuntimeError),
        ("ConvTranspose2d", (2, 2, 3, 1, "same"), "padding", TypeError),
        ("ConvTranspose2d", (2, 2, 3, 1, 0, -1), "output_padding", RuntimeError),
        ("ConvTranspose2d", (3, 2, 3, 1, 0, 0, 2), "in_channels", ValueError),
        ("ConvTranspose2d", (2, 2, 3, 1, 0, 0, 0), "groups", ValueError),
        ("ConvTranspose2d", (2, 2, 3, 1, 0, 0, 1, True, 1, "reflect"), "padding_mode", ValueError),
        ("MaxUnpool2d", (2.0,), "kernel_size", TypeError),
        ("MaxUnpool2d", (2, 0), "stride", RuntimeError),
        ("MaxUnpool2d", ((2,),), "kernel_size", RuntimeError),
    ],
)  # fmt: skip
def test_constructors_reject_the_same(nn, layer, arguments, argument, error):
    with pytest.raises(error, match=f"^{argument}: "):
        getattr(nn, layer)(*arguments)


@pytest.mark.parametrize(
    ("layer", "arguments", "shape", "argument"),
    [
        ("ConvTranspose2d", (2, 2, 3), (1, 3, 4, 4), "input"),
        ("ConvTranspose2d", (2, 0, 3), (1, 2, 4, 4), "weight"),
        ("ConvTranspose2d", (2, 2, 1, 1, 2), (1, 2, 4, 4), "input"),
        ("ConvTranspose2d", (2, 2, 1, 2, 0, 2), (1, 2, 4, 4), "output_padding"),
        ("PixelShuffle", (2,), (1, 2, 4, 4), "input"),
        ("PixelShuffle", (0,), (1, 2, 4, 4), "upscale_factor"),
        ("PixelUnshuffle", (3,), (1, 2, 3, 4), "input"),
        ("ChannelShuffle", (3,), (1, 2, 3, 4), "groups"),
        ("ChannelShuffle", (1,), (1, 2), "input"),
    ],
)
def test_what_a_layer_cannot_take_is_rejected_alike(layer, arguments, shape, argument):
    with pytest.raises(RuntimeError, match=f"^{argument}: "):
        getattr(scratch.nn, layer)(*arguments)(np.ones(shape, np.float32))
    with pytest.raises(RuntimeError, match=f"^{argument}: "):
        shapes.layers(getattr(shapes.nn, layer)(*arguments), shape)


@pytest.mark.parametrize("shape", [(1, 2, 4), (1, 0, 4, 4)], ids=str)
def test_unpooling_what_cannot_be_is_rejected_alike(shape):
    with pytest.raises(RuntimeError, match="^input: "):
        shapes.layers(shapes.nn.MaxUnpool2d(2), shape)
