"""Nearest neighbours against a plain sort of float64 products."""

import numpy as np
import pytest

from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.postprocess import neighbours
from reseen.metrics.postprocess.neighbours import nearest, nearest_among
from reseen.metrics.unit_vectors import checked_unit_vectors

DEVICES = ("cpu", "cpu:0")
"""numba's way, and torch's."""


def made_units(seed: int, *, count: int, width: int = 6):
    return checked_unit_vectors(np.random.default_rng(seed).standard_normal((count, width)), name="query")


def sorted_rows(units, others, *, itself: bool):
    """Each pair by the same float64 arithmetic; ties by row."""
    similarity = np.stack([(others.astype(np.float64) * unit).sum(axis=1) for unit in units])
    ranked = similarity.copy()
    if itself:
        np.fill_diagonal(ranked, 2)
    return np.argsort(-ranked, axis=1, kind="stable"), similarity


@pytest.fixture
def threads():
    with RowThreads(2) as threads:
        yield threads


@pytest.fixture(params=[(1024, 8_000_000), (7, 7 * 40)], ids=["one tile", "many tiles"], autouse=True)
def _tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(neighbours, "_TILE_ROWS", request.param[0])
    monkeypatch.setattr(neighbours, "_TILE_ENTRIES", request.param[1])
    monkeypatch.setattr(neighbours, "_DEVICE_TILE_ENTRIES", request.param[1])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("count", [1, 5, 150])
def test_neighbours_equal_a_plain_sort(threads: RowThreads, device: str, count: int):
    units, others = made_units(0, count=33), made_units(1, count=150)
    for found, of, among, itself in (
        (nearest(units, others, count=count, threads=threads, device=device), units, others, False),
        (nearest_among(others, count=count, threads=threads, device=device), others, others, True),
    ):
        rows, similarity = sorted_rows(of, among, itself=itself)
        assert found.rows.dtype == np.int32
        np.testing.assert_array_equal(found.rows, rows[:, :count])
        np.testing.assert_allclose(
            found.similarity, np.take_along_axis(similarity, rows[:, :count], axis=1), rtol=0, atol=1e-6
        )
        np.testing.assert_allclose(found.lowest, similarity.min(axis=1), rtol=0, atol=1e-6)


@pytest.mark.parametrize("device", DEVICES)
def test_tied_neighbours_stand_in_the_order_of_rows(threads: RowThreads, device: str):
    units = made_units(2, count=120)
    units[60:] = units[:60]
    rows, _ = sorted_rows(units, units, itself=True)
    found = nearest_among(units, count=9, threads=threads, device=device)
    np.testing.assert_array_equal(found.rows, rows[:, :9])
    assert (found.rows[:, 0] == np.arange(120)).all()
    assert (found.similarity[:, 0] == 1).all()


@pytest.mark.parametrize("device", DEVICES)
def test_neighbours_too_close_for_float32_are_ordered_in_float64(threads: RowThreads, device: str):
    rng = np.random.default_rng(3)
    centres = np.repeat(rng.standard_normal((20, 64)), 6, axis=0)
    others = checked_unit_vectors(centres + 1e-7 * rng.standard_normal(centres.shape), name="gallery")
    units = checked_unit_vectors(rng.standard_normal((40, 64)), name="query")
    rows, _ = sorted_rows(units, others, itself=False)
    by_float32 = np.argsort(-(units @ others.T), axis=1, kind="stable")
    assert (by_float32[:, :10] != rows[:, :10]).any()
    np.testing.assert_array_equal(nearest(units, others, count=10, threads=threads, device=device).rows, rows[:, :10])


@pytest.mark.parametrize("count", [0, 13])
def test_more_neighbours_than_rows_are_refused(threads: RowThreads, count: int):
    units = made_units(4, count=12)
    with pytest.raises(ValueError, match=f"count: expected 1 to 12, got {count}"):
        nearest(units, units, count=count, threads=threads)
    with pytest.raises(ValueError, match=f"count: expected 1 to 12, got {count}"):
        nearest_among(units, count=count, threads=threads)
