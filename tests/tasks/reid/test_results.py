"""What an evaluation writes: a summary with intervals, and a row a query that says why it was skipped."""

import numpy as np
import polars as pl
import pytest

from reseen.errors import ReseenError
from reseen.metrics import Embedded, evaluate, interval
from reseen.metrics.protocol import PROTOCOLS
from reseen.tasks.reid.results import intervals_of, per_query, require_writable, summary, write_per_query
from reseen.tasks.reid.scoring import Evaluated


@pytest.fixture
def result() -> Evaluated:
    """Five queries: two found, at ranks 1 and 2; one alone in its camera, one not in the gallery, one junk."""
    query = Embedded(
        np.eye(5, dtype=np.float32),
        [1, 2, 3, 4, -1],
        cameras=["a"] * 4 + [""],
        names=[f"{row}.jpg" for row in range(5)],
    )
    near = np.array([[1, 0, 0, 0, 0], [0, 0.5, 0, 0, 0.9], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]], dtype=np.float32)
    gallery = Embedded(near, [1, 2, 9, 3], cameras=["b", "b", "b", "a"])
    return Evaluated(evaluate(query, gallery), query, gallery, PROTOCOLS["market1501"])


def test_results_hold_one_row_for_each_query(result, tmp_path) -> None:
    table = per_query(result)
    assert table["name"].to_list() == [f"{row}.jpg" for row in range(5)]
    assert table["identity"].to_list() == [1, 2, 3, 4, -1]
    assert table["camera"].to_list() == ["a", "a", "a", "a", None]
    assert table["average_precision"].to_list() == [1.0, 0.5, None, None, None]
    assert table["first_hit"].to_list() == [1, 2, None, None, None]
    assert table["inverse_negative_penalty"].to_list() == [1.0, 0.5, None, None, None]
    assert table["skipped"][:2].to_list() == [None, None]
    counts = dict(table["skipped"].drop_nulls().value_counts().iter_rows())
    assert counts == result.report.skipped
    for suffix, read in (("csv", pl.read_csv), ("parquet", pl.read_parquet)):
        path = tmp_path / f"queries.{suffix}"
        write_per_query(path, result)
        assert read(path).equals(table)


def test_tracks_are_skipped_for_tracks_reasons(result) -> None:
    rules = PROTOCOLS["veri776_track"]
    gallery = Embedded(result.gallery.vectors, [1, 2, 9, 3], cameras=["b", "b", "b", "a"], tracks=[1, 2, 3, 4])
    tracked = Evaluated(evaluate(result.query, gallery, protocol=rules), result.query, gallery, rules)
    assert per_query(tracked).equals(per_query(result))


def test_the_summary_has_what_must_stand_beside_a_score(result) -> None:
    intervals = intervals_of(result)
    assert intervals == interval(result.report, result.query.identities)
    written = summary(result, intervals)
    assert written["mAP"] == 0.75
    assert written["intervals"]["mAP"] == {"low": intervals["mAP"].low, "high": intervals["mAP"].high}
    assert {key: written[key] for key in ("queries", "evaluated", "gallery", "width", "identities")} == {
        "queries": 5,
        "evaluated": 2,
        "gallery": 4,
        "width": 5,
        "identities": 2,
    }
    assert written["protocol"] == "market1501"


def test_one_identity_has_no_interval() -> None:
    one = Embedded(np.ones((2, 3), dtype=np.float32), [1, 1])
    rules = PROTOCOLS["wildlife"]
    result = Evaluated(evaluate(one, one, protocol=rules), one, one, rules)
    assert intervals_of(result) == {}
    assert summary(result, {})["intervals"] == {}


def test_a_result_that_would_find_no_place_is_refused(tmp_path) -> None:
    require_writable(json=tmp_path / "a.json", per_query=tmp_path / "a.csv")
    with pytest.raises(ReseenError, match=r"--json .*no folder"):
        require_writable(json=tmp_path / "none" / "a.json", per_query=None)
    with pytest.raises(ReseenError, match=r"expected a name that ends in .csv or .parquet"):
        require_writable(json=None, per_query=tmp_path / "a.txt")
