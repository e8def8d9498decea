"""Confusions: the hardest query of each pair, both sides of it, and the pairs most often mistaken."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.data.table import Splits, split_of
from reseen.errors import ReseenError
from reseen.metrics import PROTOCOLS, Embedded, evaluate
from reseen.report.confusions import confused_pairs, confusion_sheet, find_confusions
from reseen.tasks.reid.scoring import Evaluated


def toward(*angles: float) -> np.ndarray:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


@pytest.fixture
def result(tmp_path: Path) -> Evaluated:
    """Directions on a circle, given as angles: x and y lie close together, z apart.

    The query x at 0.00 meets y at 0.05 before its own x at 0.10 (that at 0.01 is of its own camera); the query y at
    0.08 meets x at 0.10 before its own; the queries x at 0.30 and z meet their own first.
    """
    query = Embedded(toward(0.00, 0.30, 0.08, 1.5), ["x", "x", "y", "z"], ["1", "1", "1", "1"])
    gallery = Embedded(toward(0.10, 0.05, 1.4, 0.01), ["x", "y", "z", "x"], ["2", "2", "2", "1"])
    for number in range(4):
        Image.new("RGB", (40, 40), (60 * number, 90, 120)).save(tmp_path / f"{number}.png")
    paths = [tmp_path / f"{number}.png" for number in range(4)]
    splits = Splits(
        "market1501",
        tmp_path,
        train=split_of(paths[:1], ["t"]),
        query=split_of(paths, query.identities.tolist()),
        gallery=split_of(paths, gallery.identities.tolist()),
    )
    return Evaluated(evaluate(query, gallery), query, gallery, PROTOCOLS["market1501"], splits)


def test_a_confusion_is_the_hardest_query_of_a_pair_with_the_entries_of_both(result):
    (found,) = find_confusions(result, [("x", "y")])
    # y1 at 0.08: x at 0.10 is nearer (0.02) than y at 0.05 (0.03); x1: y leads by cos .05 - cos .10, which is more.
    assert found.query == 0
    assert [entry.row for entry in found.own] == [0], "the entry of its own camera is dropped"
    assert [entry.row for entry in found.other] == [1]
    assert found.lead == pytest.approx(np.cos(0.05) - np.cos(0.10), abs=1e-9)


def test_confusions_are_ordered_by_lead_and_unknown_pairs_are_left_out(result):
    found = find_confusions(result, [("z", "x"), ("nobody", "z"), ("x", "y"), ("nobody", "none")])
    assert [(confusion.query, confusion.lead > 0) for confusion in found] == [(0, True), (1, False)]
    # Of x and z, x2 at 0.30 is hardest: z at 1.4 is 1.1 away, x at 0.10 only 0.2; z1 and x1 are safer.
    assert found[1].lead == pytest.approx(np.cos(1.1) - np.cos(0.2), abs=1e-9)


def test_most_confused_pairs_count_queries_that_rank_the_other_first(result):
    # x1 and y1 both rank the other of the pair first; nobody takes z for anyone.
    assert result.report.first_hits.tolist() == [2, 1, 2, 1]
    assert confused_pairs(result) == [("x", "y")]
    assert confused_pairs(result, count=0) == []


def test_without_failures_there_are_no_confused_pairs():
    side = Embedded(np.eye(3), ["a", "b", "c"])
    assert confused_pairs(Evaluated(evaluate(side, side, protocol="wildlife"), side, side, PROTOCOLS["wildlife"])) == []


def test_a_sheet_of_confusions_has_a_row_per_pair_and_leaves_places_empty(result, monkeypatch):
    drawn = {}

    def listen(rows, *, columns, titles):
        drawn.update(rows=rows, columns=columns, titles=titles)

    monkeypatch.setattr("reseen.report.confusions.draw_sheet", listen)
    confusion_sheet(result, find_confusions(result, [("x", "y"), ("x", "z")]), shown=2)
    assert drawn["columns"] == ["query", "same 1", "same 2", "twin 1", "twin 2"]
    assert [[tile and tile.kind for tile in row] for row in drawn["rows"]] == [
        ["query", "match", None, "other", None],
        ["query", "match", None, "other", None],
    ]
    assert drawn["rows"][0][1].second_line == f"cam 2 · {np.cos(0.1):.3f}"
    assert drawn["titles"] == [
        f"x and twin y: the twin leads by {np.cos(0.05) - np.cos(0.10):.3f}",
        f"x and twin z: told apart by {np.cos(0.2) - np.cos(1.1):.3f}",
    ]


def test_a_sheet_of_no_confusions_is_refused(result):
    assert confusion_sheet(result, find_confusions(result, [("x", "y")])).width > 900
    with pytest.raises(ReseenError, match="at least one pair of identities, got none"):
        confusion_sheet(result, [])
