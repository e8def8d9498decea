"""Embedded: what it refuses, and that a file gives back what was saved."""

import numpy as np
import polars as pl
import pytest

from reseen.errors import ReseenError
from reseen.metrics import Embedded
from reseen.metrics.embedded import saved_metadata

VECTORS = np.arange(1, 13, dtype=np.float32).reshape(4, 3)


def bad(**change) -> dict:
    return {"vectors": VECTORS, "identities": [1, 2, 3, 4], **change}


def with_row(row: int, value: float) -> np.ndarray:
    vectors = VECTORS.copy()
    vectors[row] = value
    return vectors


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (bad(identities=[1, 2, 3]), "identities: expected 4, one per vector, got 3"),
        (bad(identities=None), "identities: expected 4"),
        (bad(cameras=["1"] * 5), "cameras: expected 4, one per vector, got 5"),
        (bad(identities=[1.0, 2.0, 3.0, 4.0]), "identities: expected whole numbers or text, got float64"),
        (
            bad(identities=np.array(["a", None, None, "b"], dtype=object)),
            "identities: 2 of 4 are missing, first at row 1",
        ),
        (
            bad(views=np.array(["a", 1, None, "b"], dtype=object)),
            "views: expected whole numbers or text, got int, str",
        ),
        (bad(vectors=VECTORS[0]), r"vectors: expected \(images, width\)"),
        (bad(vectors=VECTORS[:0], identities=[]), r"both at least 1, got \(0, 3\)"),
        (bad(vectors=VECTORS.astype(np.int64)), "expected float32 or float64, got int64"),
        (bad(vectors=VECTORS.astype(np.complex64)), "expected float32 or float64, got complex64"),
        (bad(vectors=with_row(2, np.nan)), "1 of 4 vectors are not finite .*first at row 2"),
        (bad(vectors=with_row(1, np.inf)), "1 of 4 vectors are not finite .*first at row 1"),
        (bad(vectors=with_row(3, 0)), "1 of 4 vectors are all zeros .*first at row 3"),
    ],
)
def test_fields_that_do_not_fit_are_refused_in_one_line(arguments: dict, words: str):
    with pytest.raises(ReseenError, match=words):
        Embedded(**arguments)


def test_the_metadata_of_a_file_are_read_without_its_vectors(tmp_path):
    path = tmp_path / "a[1].parquet"
    Embedded(VECTORS, [1, 2, 3, 4]).save(path, metadata={"weights": "abc"})
    assert saved_metadata(path)["weights"] == "abc"
    np.testing.assert_array_equal(Embedded.load(path).vectors, VECTORS)
    with pytest.raises(ReseenError, match="no such file"):
        saved_metadata(tmp_path / "other.parquet")


@pytest.mark.parametrize(
    ("chosen", "rows"),
    [
        ([3, 0, 3], [3, 0, 3]),
        (np.array([0, 1, 2, 3]), [0, 1, 2, 3]),
        ([True, False, False, True], [0, 3]),
        (np.zeros(4, dtype=bool) | np.array([False, True, False, False]), [1]),
    ],
)
def test_images_are_picked_by_row_or_by_mask_with_all_their_labels(chosen, rows: list[int]):
    side = Embedded(VECTORS, ["a", "b", "c", "d"], cameras=[1, 2, 3, 4], names=["w", "x", "y", "z"])
    picked = side.rows(chosen)
    np.testing.assert_array_equal(picked.vectors, VECTORS[rows])
    for field in ("identities", "cameras", "names"):
        np.testing.assert_array_equal(getattr(picked, field), getattr(side, field)[rows])
    assert picked.views is None
    assert picked.tracks is None


def test_missing_cameras_and_views_become_unknown():
    side = Embedded(
        VECTORS,
        ["a", "b", "c", "d"],
        cameras=np.array([1, None, 3, None], dtype=object),
        views=np.array(["front", None, "rear", None], dtype=object),
    )
    assert side.cameras.tolist() == [1, -1, 3, -1]
    assert side.views.tolist() == ["front", "", "rear", ""]


def test_arrays_cannot_be_written_and_the_callers_still_can():
    vectors = VECTORS.copy()
    side = Embedded(vectors, np.array([1, 2, 3, 4]))
    with pytest.raises(ValueError, match="read-only"):
        side.vectors[0] = 0
    vectors[0] = 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "labels",
    [
        {"identities": [5, 6, -1, 0]},
        {"identities": ["a", "b", "-1", "0000"], "cameras": ["c1", "", "c2", "c2"], "views": [1, -1, 3, 4]},
        {"identities": [1, 2, 3, 4], "names": ["ä.jpg", "b/c.jpg", "d", "e"], "cameras": [1, 2, -1, 4]},
    ],
)
def test_a_file_gives_back_what_was_saved(tmp_path, dtype, labels: dict):
    saved = Embedded(VECTORS.astype(dtype) / 7, **labels)
    saved.save(tmp_path / "query.parquet")
    loaded = Embedded.load(tmp_path / "query.parquet")
    assert loaded.vectors.dtype == dtype
    np.testing.assert_array_equal(loaded.vectors, saved.vectors)
    for field in ("identities", "cameras", "views", "names"):
        expected = labels.get(field)
        got = getattr(loaded, field)
        assert (got if got is None else got.tolist()) == expected
    assert [path.name for path in tmp_path.iterdir()] == ["query.parquet"]


def test_files_without_readable_embeddings_are_refused(tmp_path):
    path = tmp_path / "query.parquet"
    with pytest.raises(ReseenError, match="no such file"):
        Embedded.load(path)
    path.write_bytes(b"not a table")
    with pytest.raises(ReseenError, match="cannot read it as such"):
        Embedded.load(path)
    pl.DataFrame({"name": ["a"], "camera": [1]}).write_parquet(path)
    with pytest.raises(ReseenError, match="no column vector, identity; it has name, camera"):
        Embedded.load(path)
    pl.DataFrame({"vector": [[1.0], [1.0, 2.0]], "identity": [1, 2]}).write_parquet(path)
    with pytest.raises(ReseenError, match="column vector: expected arrays of one width"):
        Embedded.load(path)


def test_a_failed_save_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "query.parquet"
    Embedded(VECTORS, [1, 2, 3, 4]).save(path)
    before = path.read_bytes()

    def disk_full(*_arguments, **_settings):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", disk_full)
    with pytest.raises(ReseenError, match=r"No space left on device.*untouched"):
        Embedded(VECTORS + 1, [1, 2, 3, 4]).save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["query.parquet"]
