"""Overlays: where a map says nothing the image is as it was, and values lie where they belong."""

import numpy as np
import torch
from matplotlib import colormaps
from PIL import Image

from reseen.draw.overlay import COVER, contrast_overlay, enlarged, marked, overlay

GREY = Image.new("RGB", (40, 20), (90, 120, 150))


def test_enlarging_is_bilinear_at_cell_centres():
    values = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], size=(21, 40), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(enlarged(values, size=(40, 21)), expected[0, 0].numpy(), atol=1e-5)


def test_a_map_of_zero_or_less_leaves_the_image():
    for values in (np.zeros((2, 2)), -np.ones((2, 2)), np.array([[-1.0]])):
        assert np.array_equal(np.asarray(overlay(GREY, values)), np.asarray(GREY))
    assert np.array_equal(np.asarray(contrast_overlay(GREY, np.zeros((2, 2)))), np.asarray(GREY))


def test_the_largest_value_has_the_end_of_the_scale():
    values = np.array([[0.0, 4.0]])
    drawn = np.asarray(overlay(GREY, values), dtype=float)
    assert np.array_equal(drawn[:, 0], np.asarray(GREY)[:, 0])
    brightest = np.array(colormaps["inferno"](1.0)[:3]) * 255
    expected = (1 - COVER) * np.array([90, 120, 150]) + COVER * brightest
    np.testing.assert_allclose(drawn[:, -1], np.broadcast_to(expected, (20, 3)), atol=0.51)
    # A quarter of a scale that reaches 4: the same value, less of it.
    faint = np.asarray(overlay(GREY, values / 4, top=4.0), dtype=float)
    colour = np.array(colormaps["inferno"](0.25)[:3]) * 255
    expected = (1 - COVER / 4) * np.array([90, 120, 150]) + COVER / 4 * colour
    np.testing.assert_allclose(faint[:, -1], np.broadcast_to(expected, (20, 3)), atol=0.51)


def test_positive_contrast_is_orange_and_negative_is_blue():
    drawn = np.asarray(contrast_overlay(GREY, np.array([[-2.0, 1.0]])), dtype=float)
    base, blue, orange = (np.array(colour) for colour in ((90, 120, 150), (0, 0x72, 0xB2), (0xD5, 0x5E, 0)))
    np.testing.assert_allclose(drawn[10, 0], base + COVER * (blue - base), atol=0.51)
    np.testing.assert_allclose(drawn[10, -1], base + COVER / 2 * (orange - base), atol=0.51)


def test_overlays_leave_images_and_maps_unchanged():
    values, before = np.random.default_rng(1).normal(size=(4, 4)), np.asarray(GREY).copy()
    kept = values.copy()
    for drawn in (overlay(GREY, values), contrast_overlay(GREY, values), marked(GREY, (0.5, 0.5))):
        assert drawn.size == GREY.size
        assert drawn.mode == "RGB"
    assert np.array_equal(np.asarray(GREY), before)
    assert np.array_equal(values, kept)


def test_a_ring_is_drawn_around_its_position():
    changed = np.any(np.asarray(marked(GREY, (0.5, 0.25))) != np.asarray(GREY), axis=2)
    rows, columns = np.nonzero(changed)
    assert (rows.mean(), columns.mean()) == (10, 10)
