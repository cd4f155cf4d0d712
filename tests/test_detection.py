"""What the registry of cases cannot say about detection."""

import numpy as np
import pytest
import torch

from dlcore import pytorch, scratch, shapes

GENERATOR = np.random.default_rng(0)


def test_anchors_take_plain_numbers():
    for backend in (scratch, pytorch):
        boxes = backend.anchors((2, 2), 8, (16, 32.0), [0.5, 1])
        assert tuple(boxes.shape) == (16, 4)
        assert str(boxes.dtype).endswith("float32")
        assert [float(number) for number in boxes[4]] == [8 - 11, -6, 8 + 11, 6]


def test_a_box_of_an_image_that_is_not_there_is_refused():
    for backend, array in ((scratch, np.array), (pytorch, torch.tensor)):
        images = array(np.zeros((2, 1, 4, 4), np.float32))
        for operator in (backend.roi_pool, backend.roi_align):
            for image in (-1, 2):
                with pytest.raises(IndexError):
                    operator(images, array(np.array([[image, 0, 0, 2, 2]], np.float32)), 2)


def test_boxes_get_no_gradient_from_regions():
    for backend in (scratch, pytorch):
        make = scratch.tensor if backend is scratch else torch.tensor
        images = make(GENERATOR.standard_normal((1, 2, 6, 6)), requires_grad=True)
        boxes = [make([[0.5, 1.0, 4.0, 5.0]], dtype=images.dtype, requires_grad=True)]
        for operator in (backend.roi_pool, backend.roi_align):
            output = operator(images, boxes, 2)
            output.backward(np.ones(output.shape) if backend is scratch else torch.ones(output.shape))
        assert images.grad is not None
        assert boxes[0].grad is None


def test_infinities_outside_a_region_do_not_reach_it():
    image = GENERATOR.standard_normal((1, 1, 8, 8))
    boxes = np.array([[0.0, 0, 0, 3, 3]])
    spoiled = image.copy()
    spoiled[0, 0, 6] = np.inf
    spoiled[0, 0, :, 7] = np.nan
    for operator in (scratch.roi_pool, scratch.roi_align):
        np.testing.assert_allclose(operator(spoiled, boxes, 2), operator(image, boxes, 2))
    for operator in (pytorch.roi_pool, pytorch.roi_align):
        outputs = [operator(torch.from_numpy(item), torch.from_numpy(boxes), 2) for item in (spoiled, image)]
        torch.testing.assert_close(*outputs)


def test_a_region_of_many_small_samples_is_the_integral():
    """With ever more samples a bin's mean is that of the interpolated surface; of a linear one, its middle."""
    y, x = np.mgrid[:12, :12]
    image = (2.0 * x - 3.0 * y)[np.newaxis, np.newaxis]
    output = scratch.roi_align(image, np.array([[0, 2.5, 3.0, 8.5, 9.0]]), 3, sampling_ratio=7, aligned=True)
    centres = np.array([1.0, 3.0, 5.0])
    expected = 2 * (2.5 + centres[np.newaxis] - 0.5) - 3 * (3.0 + centres[:, np.newaxis] - 0.5)
    np.testing.assert_allclose(output[0, 0], expected)


def test_codes_turn_back_into_boxes():
    corner, size = GENERATOR.uniform(0, 50, (20, 2)), GENERATOR.uniform(5, 30, (20, 2))
    reference = np.concatenate([corner, corner + size], axis=1)
    proposals = reference + GENERATOR.uniform(-2, 2, (20, 4))
    codes = scratch.encode_boxes(reference, proposals, (10.0, 10.0, 5.0, 5.0))
    np.testing.assert_allclose(scratch.decode_boxes(codes, proposals, (10.0, 10.0, 5.0, 5.0)), reference)


def test_scores_that_are_not_numbers_come_first_in_both_backends():
    boxes = np.array([[0.0, 0, 1, 1], [2.0, 2, 3, 3], [4.0, 4, 5, 5]])
    scores = np.array([0.5, np.nan, 0.9])
    assert scratch.nms(boxes, scores, 0.5).tolist() == [1, 2, 0]
    assert pytorch.nms(torch.from_numpy(boxes), torch.from_numpy(scores), 0.5).tolist() == [1, 2, 0]


def test_a_region_may_see_all_of_the_input():
    network = shapes.nn.Sequential(shapes.nn.Conv2d(1, 2, 3, padding=1), shapes.nn.RoIAlign(2, 1.0, 2))
    row = shapes.layers(network, (1, 1, 6, 9))[-1]
    assert row.receptive_field == (6, 9)
    assert row.output_shape == (1, 2, 2, 2)
