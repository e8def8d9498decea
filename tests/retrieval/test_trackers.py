"""One object serves trackers of three projects: each way of calling it gives the vectors of the same crops."""

from pathlib import Path

import numpy as np
import pytest
import supervision
from numpy.typing import NDArray
from PIL import Image
from trackers import ByteTrackTracker

import reseen
from reseen.data.frames import crops_of
from reseen.errors import ReseenError
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.trackers import TrackFeatures

BOXES = np.array([[4.4, 3.6, 40.2, 50.0], [60, 10, 90.5, 58.5]])
CENTRED = np.column_stack([(BOXES[:, :2] + BOXES[:, 2:]) / 2, BOXES[:, 2:] - BOXES[:, :2]])


@pytest.fixture(scope="module")
def features(weights_file: Path) -> TrackFeatures:
    return reseen.track_features(Embedder.from_pretrained(weights_file))


@pytest.fixture(scope="module")
def frame() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def expected(features: TrackFeatures, frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Of the crops cut by hand from the RGB image."""
    image = Image.fromarray(frame[..., ::-1])
    return features.embedder([image.crop((4, 4, 40, 50)), image.crop((60, 10, 90, 58))])


def test_corners_in_a_bgr_frame_give_the_vectors_of_the_crops(features, frame, expected):
    found = features.get_features(BOXES.astype(np.float32), frame)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_centres_and_sizes_give_a_list_of_the_same_vectors(features, frame, expected):
    found = features(frame, np.column_stack([CENTRED, [0.0, 1.0]]))  # a detection's number, no angle
    assert isinstance(found, list)
    np.testing.assert_allclose(np.stack(found), expected, atol=1e-5)


def test_detections_of_supervision_keep_the_same_vectors_when_a_tracker_numbers_them(features, frame, expected):
    detections = supervision.Detections(BOXES, confidence=np.array([0.9, 0.8]), class_id=np.array([0, 0]))
    detections.data["embedding"] = features.extract_embeddings(detections, frame)
    np.testing.assert_allclose(detections.data["embedding"], expected, atol=1e-5)
    tracked = ByteTrackTracker().update(detections)
    order = [int(np.flatnonzero((box == BOXES).all(axis=1))[0]) for box in tracked.xyxy]
    np.testing.assert_allclose(tracked.data["embedding"], expected[order], atol=1e-5)
    assert len(tracked[:1].data["embedding"]) == 1


def test_a_quarter_turn_swaps_the_sides_of_a_rotated_box(features, frame):
    turned = np.array([[50.0, 30.0, 20.0, 40.0, np.pi / 2]])
    upright = np.array([[30.0, 20.0, 70.0, 40.0]])
    np.testing.assert_allclose(features.get_features(turned, frame), features.get_features(upright, frame), atol=1e-5)


def test_no_boxes_give_no_vectors_in_each_form(features, frame):
    assert features.get_features(np.empty((0, 4)), frame).shape == (0, features.embedder.width)
    assert features(frame, []) == []
    assert features.extract_embeddings(supervision.Detections.empty(), frame).shape == (0, 0)


def test_what_leaves_the_frame_is_cut_and_what_lies_outside_is_the_nearest_pixel(frame):
    boxes = np.array([[-10.0, -10, 5, 5], [90, 60, 200, 200], [200, 200, 210, 210], [-20, 5, -10, 10], [7, 7, 7, 7]])
    shapes = [crop.shape[:2] for crop in crops_of(frame, boxes)]
    assert shapes == [(5, 5), (4, 6), (1, 1), (5, 1), (1, 1)]


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        (np.zeros((2, 3)), r"expected boxes \(N, 4\), got \(2, 3\)"),
        (np.zeros((2, 7)), r"expected boxes \(N, 4\) of corners or \(N, 5\) rotated, got \(2, 7\)"),
        (np.array([[0, 0, np.nan, 4]]), "finite"),
    ],
)
def test_other_boxes_are_refused_in_one_line(boxes, message, features, frame):
    with pytest.raises(ReseenError, match=message):
        features.get_features(boxes, frame)


def test_another_frame_is_refused_in_one_line(features):
    with pytest.raises(ReseenError, match=r"expected a frame \(H, W, 3\) of uint8, BGR, got \(8, 8\) of float64"):
        features.get_features(BOXES, np.zeros((8, 8)))


def test_a_frame_that_runs_backwards_or_is_read_only_is_taken(features, frame, expected):
    rgb = frame[..., ::-1].copy()
    rgb.setflags(write=False)
    np.testing.assert_allclose(features.get_features(BOXES, rgb[..., ::-1]), expected, atol=1e-5)
    whole = np.array([[0, 0, 96, 64]])
    frozen = frame.copy()
    frozen.setflags(write=False)
    np.testing.assert_allclose(features.get_features(whole, frozen), features.get_features(whole, frame), atol=1e-6)
