"""Tracks as gallery entries: their nearest image counts, and what makes a track unfit."""

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.metrics import Embedded, evaluate

QUERY = Embedded(np.array([[1.0, 0.0]]), ["a"], ["c1"])


def leaning(*cosines: float) -> np.ndarray:
    return np.array([[value, np.sqrt(1 - value**2)] for value in cosines])


def gallery(identities: str, cameras: str, tracks, cosines=(0.9, 0.1, 0.5, 0.7, 0.2, 0.95)) -> Embedded:
    return Embedded(leaning(*cosines), list(identities), [f"c{one}" for one in cameras], tracks=tracks)


def test_a_track_is_as_near_as_its_nearest_image():
    # Tracks: b .9, a .7 (its images .1 and .7), b .5, a .95 (own camera, with .2: dropped). Match at rank 2 of 3.
    side = gallery("babaaa", "222211", [7, 3, 5, 3, 1, 1])
    report = evaluate(QUERY, side, protocol="veri776_track")
    assert report.first_hits.tolist() == [2]
    assert report.mean_average_precision == pytest.approx(1 / 2)
    assert "a track counts as its nearest image" in report.settings
    # Image by image: b .9, a .7, b .5, a .1.
    assert evaluate(QUERY, side).mean_average_precision == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_equal_tracks_stand_in_the_order_of_their_first_images():
    side = gallery("babab", "22222", ["z", "y", "x", "y", "z"], cosines=(0.1, 0.8, 0.8, 0.1, 0.8))
    assert evaluate(QUERY, side, protocol="veri776_track").first_hits.tolist() == [2]


@pytest.mark.parametrize(
    ("side", "words"),
    [
        (gallery("babaaa", "222211", None), "needs tracks, and the gallery has none: add a column 'track'"),
        (gallery("babaaa", "222211", [7, 3, -1, 3, 1, -1]), "2 of 6 gallery images have none, first at row 2"),
        (gallery("babaaa", "222211", [7, 3, 5, 3, 3, 7]), "track 7 has images of several identities"),
        (gallery("babaaa", "222211", [7, 3, 5, 3, 1, 3]), "track 3 has images of several cameras"),
    ],
)
def test_unfit_tracks_are_refused_in_one_line(side: Embedded, words: str):
    with pytest.raises(ReseenError, match=words):
        evaluate(QUERY, side, protocol="veri776_track")


def test_tracks_are_saved_and_loaded(tmp_path):
    side = gallery("babaaa", "222211", ["t7", "t3", "t5", "t3", "t1", "t1"])
    side.save(tmp_path / "gallery.parquet")
    assert Embedded.load(tmp_path / "gallery.parquet").tracks.tolist() == side.tracks.tolist()
