"""Scores of a linking are those of TrackEval 1.3.0: its values by hand, and naive loops on random boxes."""

import numpy as np
import polars
import pytest

from naive_association import Naive, naive_scores
from reseen.errors import ReseenError
from reseen.metrics import IdentifiedBoxes, only_in_several_cameras, score_links

# Two cameras, two objects, ten frames, perfect boxes. TrackEval's HOTA, AssA and IDF1 with cameras end to end.
PERFECT, UNLINKED, SWAPPED = (("x", "y"), ("x", "y")), (("x", "y"), ("z", "w")), (("x", "y"), ("y", "x"))
TRACKEVAL = [(PERFECT, 1, 1, 1), (UNLINKED, 0.5**0.5, 0.5, 0.5), (SWAPPED, (1 / 3) ** 0.5, 1 / 3, 0.5)]


def town(names=PERFECT):
    rows = [
        (camera, frame, names[camera][which], 20.0 * which, 0.0, 10.0, 10.0)
        for camera in range(2)
        for frame in range(10)
        for which in range(2)
    ]
    columns = ["camera", "frame", "identity", "left", "top", "width", "height"]
    table = polars.DataFrame(rows, schema=columns, orient="row")
    return IdentifiedBoxes.from_table(table.with_columns(track=polars.col("left").cast(polars.Int64)))


def drawn(seed: int) -> tuple[IdentifiedBoxes, IdentifiedBoxes]:
    """Boxes that crowd and overlap, identities that jump, false and missed boxes."""
    draw = np.random.default_rng(seed)
    moments = np.array([(camera, frame, who) for camera in range(3) for frame in range(4) for who in range(6)])
    moments = moments[draw.random(len(moments)) < 0.7]
    boxes = np.c_[draw.uniform(0, 20, (len(moments), 2)), draw.uniform(4, 12, (len(moments), 2))]
    truth = IdentifiedBoxes(*moments.T, boxes)
    names = np.where(draw.random(len(moments)) < 0.3, 10 + draw.integers(0, 4, len(moments)), moments[:, 2])
    predicted = IdentifiedBoxes(moments[:, 0], moments[:, 1], names, boxes + draw.uniform(-1, 1, boxes.shape))
    rows = draw.permutation(len(predicted))[: len(predicted) * 4 // 5]
    keys = np.stack([predicted.cameras, predicted.frames, predicted.identities], axis=1)[rows]
    return truth, predicted.rows(rows[np.unique(keys, axis=0, return_index=True)[1]])


@pytest.mark.parametrize(("names", "hota", "association", "idf1"), TRACKEVAL, ids=["perfect", "unlinked", "swapped"])
def test_the_values_of_trackeval(names, hota, association, idf1):
    scores = score_links(town(), town(names))
    assert (scores.hota.value, scores.association.value, scores.idf1.value) == pytest.approx((hota, association, idf1))


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_crowded_boxes_are_those_of_naive_loops(seed):
    truth, predicted = drawn(seed)
    scores, naive = score_links(truth, predicted, resamples=100), naive_scores(truth, predicted)
    assert [getattr(scores, name).value for name in Naive._fields] == pytest.approx(list(naive), abs=1e-12)


@pytest.mark.parametrize(
    ("names", "purity", "completeness", "precision", "recall"),
    [
        (PERFECT, 1, 1, 1, 1),
        (UNLINKED, 1, 0.5, 0, 0),
        (SWAPPED, 0.5, 0.5, 0, 0),
        ((("x", "x"), ("x", "x")), 1, 1, 2 / 6, 1),  # repeats in a frame; 2 of its 6 pairs of tracks are right
    ],
    ids=["perfect", "unlinked", "swapped", "all one"],
)
def test_purity_completeness_and_pairs_of_tracks(names, purity, completeness, precision, recall):
    scores = score_links(town(), town(names))
    values = scores.purity, scores.completeness, scores.pair_precision, scores.pair_recall
    assert [value.value for value in values] == pytest.approx([purity, completeness, precision, recall])


def test_a_false_track_makes_its_links_wrong():
    truth, linked = town(), town()
    only_x = truth.rows(truth.identities == "x")
    everything = IdentifiedBoxes(linked.cameras, linked.frames, np.full(len(linked), "x"), linked.boxes, linked.tracks)
    scores = score_links(only_x, everything)
    assert scores.pair_precision.value == pytest.approx(1 / 6)
    assert scores.pair_recall.value == 1


def test_identities_of_one_camera_are_left_out_as_the_challenge_does():
    boxes = town(UNLINKED)
    assert len(only_in_several_cameras(boxes)) == 0
    assert score_links(town(), only_in_several_cameras(boxes)).idf1.value == 0
    assert len(only_in_several_cameras(town())) == len(town())


def test_repeats_and_cameras_without_truth_are_not_scored():
    twice = town().rows(np.repeat(np.arange(40), 2))
    assert score_links(town(), twice).idp.value == 1
    one_camera = town().rows(town().cameras == 0)
    assert score_links(one_camera, town()).idf1.value == 1


def test_an_interval_holds_the_score_and_narrows_with_more_identities():
    def scores(identities):
        generator = np.random.default_rng(3)
        rows = np.repeat(np.arange(identities), 2)
        boxes = np.tile([0.0, 0.0, 4.0, 4.0], (len(rows), 1)) + 10.0 * rows[:, None] * np.array([1, 0, 0, 0])
        cameras = np.tile([0, 1], identities)
        names = np.where((generator.random(len(rows)) < 0.3) & (cameras == 1), rows + identities, rows)
        return score_links(
            IdentifiedBoxes(cameras, np.ones(len(rows), int), rows, boxes),
            IdentifiedBoxes(cameras, np.ones(len(rows), int), names, boxes),
        )

    few, many = scores(30).idf1, scores(500).idf1
    assert few.low < few.value < few.high
    assert many.high - many.low < (few.high - few.low) / 2


def test_bad_boxes_are_one_line():
    with pytest.raises(ReseenError, match="truth: an identity stands twice"):
        score_links(town().rows(np.array([0, 0])), town())
    with pytest.raises(ReseenError, match="truth: expected at least one box, got none"):
        score_links(town().rows(np.zeros(40, bool)), town())
    with pytest.raises(ReseenError, match="width and height at least 0"):
        IdentifiedBoxes([1], [1], [1], [[0, 0, -1, 3]])
    with pytest.raises(ReseenError, match="boxes: no column frame"):
        IdentifiedBoxes.from_table(polars.DataFrame({"camera": [1]}))


def test_nothing_predicted_scores_0():
    scores = score_links(town(), town().rows(np.zeros(40, bool)))
    assert (scores.idf1.value, scores.hota.value, scores.pair_precision.value) == (0, 0, 0)
