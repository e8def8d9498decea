"""A track's vector is that of its best images; a change of individual inside a track is noticed."""

import numpy as np
import polars
import pytest

from reseen.errors import ReseenError
from reseen.linking.pooling import pool, quality


def boxes(count=10, *, track="1", **columns):
    row = {"camera": "a", "track": track, "left": 50.0, "top": 50.0, "width": 10.0, "height": 10.0}
    return polars.DataFrame({**row, "time": np.arange(count, dtype=float), **columns})


def test_large_sure_and_whole_images_count_more():
    rows = boxes(4, width=[10.0, 40.0, 10.0, 10.0], confidence=[1.0, 1.0, 0.5, 1.0], left=[50.0, 50.0, 50.0, 0.0])
    small, large, unsure, cut = quality(rows, boxes(1, width=500.0, height=500.0))
    assert large == pytest.approx(2 * small)
    assert unsure == pytest.approx(small / 2)
    assert cut == pytest.approx(0.3 * small)


def test_the_best_images_are_kept_best_first():
    rows = boxes(6, width=[10.0, 60.0, 20.0, 50.0, 30.0, 40.0], image=[f"{n}.jpg" for n in range(6)])
    pooled = pool(rows, np.tile([1.0, 0.0], (6, 1)), spans=boxes(1, width=500.0, height=500.0).vstack(rows[:, :7]))
    assert pooled.sightings.images == (("1.jpg", "3.jpg", "5.jpg", "4.jpg"),)


def test_an_image_unlike_the_others_counts_less():
    vectors = np.array([[1.0, 0.02 * n] for n in range(9)] + [[0.0, 1.0]])
    assert pool(boxes(), vectors).sightings.vectors[0, 0] > 0.98


def test_rows_need_no_order():
    rows, vectors = boxes(), np.random.default_rng(0).normal(size=(10, 4)) + 2
    order = np.random.default_rng(1).permutation(10)
    pooled, mixed = pool(rows, vectors), pool(rows[order.tolist()], vectors[order])
    np.testing.assert_allclose(pooled.sightings.vectors, mixed.sightings.vectors, atol=1e-6)


def test_a_track_that_changes_its_individual_is_noticed_with_the_time():
    draw = np.random.default_rng(0)
    faces = draw.normal(size=(13, 32))
    parts, vectors = [], []
    for track in range(12):
        parts.append(boxes(12, track=str(track)))
        who = np.where(np.arange(12) < 7, track, 12) if track == 5 else np.full(12, track)
        vectors.append(faces[who] + draw.normal(0, 0.3, (12, 32)))
    switches = pool(polars.concat(parts), np.concatenate(vectors)).switches
    assert [(switch.track, switch.time) for switch in switches] == [("5", 7.0)]


def test_each_box_needs_a_vector():
    with pytest.raises(ReseenError, match="expected 10, one per box, got 9"):
        pool(boxes(), np.ones((9, 2)))
