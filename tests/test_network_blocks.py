"""The parts of dlcore.networks by themselves, and what networks refuse."""

import numpy as np
import pytest
import torch

from dlcore import networks, pytorch, scratch, shapes

VOCABULARIES = {"scratch": scratch.nn, "pytorch": pytorch.nn, "shapes": shapes.nn}

# Name, arguments, shape in and, from the papers' tables, shape out.
BLOCKS = [
    ("response_norm", (), (2, 8, 5, 5), (2, 8, 5, 5)),
    ("vgg_block", (8, 16, 2), (2, 8, 12, 12), (2, 16, 6, 6)),
    ("mlpconv", (3, (8, 6, 4), 5), (2, 3, 9, 9), (2, 4, 5, 5)),
    ("conv_bn_relu", (3, 8, 3), (2, 3, 7, 7), (2, 8, 5, 5)),
    ("googlenet_head", (512, 10), (2, 512, 14, 14), (2, 10)),
    ("inception_v3_head", (768, 10), (2, 768, 17, 17), (2, 10)),
    ("inception_resnet_stem", (), (1, 3, 75, 75), (1, 320, 7, 7)),
    ("inception_block", (192, 64, 96, 128, 16, 32, 32), (1, 192, 7, 7), (1, 256, 7, 7)),
    ("inception_bn_reduction", (64, 16, 24, 16, 20), (1, 64, 8, 8), (1, 108, 4, 4)),
    ("factorized_a", (192, 32), (1, 192, 5, 5), (1, 256, 5, 5)),
    ("grid_reduction_a", (288,), (1, 288, 7, 7), (1, 768, 3, 3)),
    ("factorized_b", (768, 128), (1, 768, 5, 5), (1, 768, 5, 5)),
    ("grid_reduction_b", (768,), (1, 768, 7, 7), (1, 1280, 3, 3)),
    ("factorized_c", (1280,), (1, 1280, 4, 4), (1, 2048, 4, 4)),
    ("inception_v4_stem", (), (1, 3, 75, 75), (1, 384, 7, 7)),
    ("inception_v4_a", (), (1, 384, 5, 5), (1, 384, 5, 5)),
    ("reduction_a", (), (1, 384, 7, 7), (1, 1024, 3, 3)),
    ("inception_v4_b", (), (1, 1024, 4, 4), (1, 1024, 4, 4)),
    ("inception_v4_reduction_b", (), (1, 1024, 7, 7), (1, 1536, 3, 3)),
    ("inception_v4_c", (), (1, 1536, 3, 3), (1, 1536, 3, 3)),
    ("inception_resnet_a", (), (1, 320, 4, 4), (1, 320, 4, 4)),
    ("inception_resnet_b", (), (1, 1088, 3, 3), (1, 1088, 3, 3)),
    ("inception_resnet_reduction_b", (), (1, 1088, 5, 5), (1, 2080, 2, 2)),
    ("inception_resnet_c", (), (1, 2080, 2, 2), (1, 2080, 2, 2)),
    ("basic_block", (8, 8), (2, 8, 6, 6), (2, 8, 6, 6)),
    ("basic_block", (8, 16, 2), (2, 8, 6, 6), (2, 16, 3, 3)),
    ("bottleneck_block", (64, 64), (1, 64, 5, 5), (1, 256, 5, 5)),
    ("bottleneck_block", (256, 128, 2, "1x1"), (1, 256, 6, 6), (1, 512, 3, 3)),
    ("preact_basic_block", (8, 16, 2), (2, 8, 6, 6), (2, 16, 3, 3)),
    ("preact_bottleneck_block", (64, 64), (1, 64, 5, 5), (1, 256, 5, 5)),
    ("dense_layer", (16,), (2, 16, 5, 5), (2, 48, 5, 5)),
    ("dense_block", (16, 3, 4), (2, 16, 5, 5), (2, 28, 5, 5)),
    ("transition", (16, 8), (2, 16, 6, 6), (2, 8, 3, 3)),
    ("se_gate", (32,), (2, 32, 5, 5), (2, 32, 5, 5)),
    ("fire", (96, 16, 64, 64), (1, 96, 6, 6), (1, 128, 6, 6)),
    ("depthwise_separable", (8, 16, 2), (2, 8, 6, 6), (2, 16, 3, 3)),
    ("inverted_residual", (8, 8), (2, 8, 6, 6), (2, 8, 6, 6)),
    ("inverted_residual", (8, 12, 2), (2, 8, 6, 6), (2, 12, 3, 3)),
    ("shuffle_unit", (24, 24, 3), (2, 24, 6, 6), (2, 24, 6, 6)),
    ("shuffle_unit", (24, 48, 3, 2), (2, 24, 6, 6), (2, 48, 3, 3)),
    ("shuffle_unit_v2", (8, 8), (2, 8, 6, 6), (2, 8, 6, 6)),
    ("shuffle_unit_v2", (8, 16, 2), (2, 8, 6, 6), (2, 16, 3, 3)),
]  # fmt: skip


@pytest.mark.parametrize("name, arguments, shape, expected", BLOCKS, ids=lambda value: str(value))
def test_a_block_stands_by_itself(name, arguments, shape, expected):
    modules = {backend: getattr(networks, name)(nn, *arguments) for backend, nn in VOCABULARIES.items()}
    assert shapes.layers(modules["shapes"], shape)[-1].output_shape == expected
    ours, theirs = modules["scratch"].double(), modules["pytorch"].double()
    theirs.load_state_dict(ours.state_dict())
    if name == "googlenet_head":  # its dropout draws differently on the two sides
        ours.eval(), theirs.eval()
    images = np.random.default_rng(0).standard_normal(shape)
    output = ours(scratch.tensor(images))
    assert output.shape == expected
    other = theirs(torch.tensor(images)).detach().numpy()
    assert np.abs(output.data - other).max() < 1e-10 * max(1, np.abs(other).max())
    assert np.ptp(other) > 0


REFUSED = [
    ("num_classes", 0, RuntimeError),
    ("num_classes", 2.5, TypeError),
    ("num_classes", "10", TypeError),
    ("in_channels", -1, RuntimeError),
    ("small", "yes", TypeError),
    ("nn", None, TypeError),
]


@pytest.mark.parametrize(
    "name, argument, value, error",
    [
        (name, *refused)
        for name in networks.PUBLISHED
        for refused in REFUSED
        if (name, refused[0]) != ("lenet5", "small")  # it has no such argument
    ],
)
def test_networks_refuse_what_makes_no_sense(name, argument, value, error):
    options = {"nn": shapes.nn, argument: value}
    with pytest.raises(error, match=f"^{argument}: expected|^{argument}: must"):
        getattr(networks, name)(**options)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda nn: networks.resnet50(nn, stride_on="2x2"), ValueError, "stride_on: expected '3x3' or '1x1', got '2x2'"),
        (lambda nn: networks.shufflenet_v1(nn, groups=5), ValueError, "groups: expected"),
        (lambda nn: networks.mobilenet_v1(nn, width_multiplier=0), ValueError, "width_multiplier: expected"),
        (lambda nn: networks.mobilenet_v2(nn, width_multiplier=-1), ValueError, "width_multiplier: expected"),
        (lambda nn: networks.googlenet(nn, aux_heads=2), TypeError, "aux_heads: expected"),
        (lambda nn: networks.se_gate(nn, 8, reduction=16), ValueError, "reduction: "),
        (lambda nn: networks.shuffle_unit_v2(nn, 7, 7), ValueError, "channels: "),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make(shapes.nn)


@pytest.mark.parametrize(
    "make, parameters",
    [  # of the same networks in pytorchcv 0.0.74: mobilenet_wd4, mobilenet_w3d4 and shufflenet_g1_w1, shufflenet_g8_w1
        (lambda nn: networks.mobilenet_v1(nn, width_multiplier=0.25), 470_072),
        (lambda nn: networks.mobilenet_v1(nn, width_multiplier=0.75), 2_585_560),
        (lambda nn: networks.shufflenet_v1(nn, groups=1), 1_531_936),
        (lambda nn: networks.shufflenet_v1(nn, groups=8), 2_434_768),
    ],
)
def test_other_widths_and_groups_have_the_published_number_of_parameters(make, parameters):
    assert shapes.summary(make(shapes.nn), (1, 3, 224, 224)).parameters == parameters
