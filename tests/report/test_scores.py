"""The score section: cells, the best of several, intervals, differences, and notes on rules and skipped queries."""

import numpy as np
import pytest

from reseen.metrics import Embedded, evaluate
from reseen.report import Cell, ScoreRow, score_section
from reseen.report.scores import with_difference

HALF = {"mAP": 0.5, "rank1": 0.5, "rank5": 0.5, "mINP": 0.5}
PLAIN = ScoreRow("plain", {"mAP": 0.465, "rank1": 0.7, "rank5": 0.9, "mINP": 0.2}, evaluated=217)
OURS = ScoreRow("ours", {"mAP": 0.512, "rank1": 0.65, "rank5": 0.9, "mINP": 0.3}, evaluated=217)


def test_scores_are_percentages_with_a_bar_behind_the_first():
    (table,) = score_section([PLAIN], heading="run").tables
    assert table.columns == ("run", "mAP", "rank-1", "rank-5", "mINP", "queries", "skipped")
    assert table.rows == [
        ("plain", Cell("46.5 %", share=0.465), Cell("70.0 %"), Cell("90.0 %"), Cell("20.0 %"), "217", "0")
    ]


def test_the_best_of_several_systems_is_marked_and_ties_are_both():
    (table,) = score_section([PLAIN, OURS]).tables
    assert [[cell.best for cell in row[1:5]] for row in table.rows] == [
        [False, True, True, False],
        [True, False, True, True],
    ]


def test_scores_of_a_task_without_queries_have_no_such_columns_and_may_be_missing():
    rows = [ScoreRow("baseline", {"top1": 0.1}), ScoreRow("trained", {"top1": 0.5, "top5": 0.9})]
    (table,) = score_section(rows, columns={"top1": "top-1", "top5": "top-5"}).tables
    assert table.columns == ("system", "top-1", "top-5")
    assert [cell.text for cell in table.rows[0][1:]] == ["10.0 %", ""]
    assert table.rows[1][2] == Cell("90.0 %", best=True)


def test_no_systems_make_an_empty_section():
    assert score_section([]).empty


def test_intervals_are_explained_only_where_some_are_shown():
    with_interval = ScoreRow("ours", HALF, evaluated=9, intervals={"mAP": (0.4321, 0.65)})
    section = score_section([with_interval])
    assert section.tables[0].rows[0][1].note == "43.2 to 65.0"
    assert "95 % interval" in section.notes[0]
    assert score_section([ScoreRow("ours", HALF, evaluated=9)]).notes == []


def test_the_difference_is_signed_and_in_percentage_points():
    section = with_difference(score_section([PLAIN, OURS]), PLAIN, OURS, intervals={"mAP": (0.01, 0.084)})
    name, *cells = section.tables[0].rows[-1]
    assert name == "difference"
    assert cells == [Cell("+4.7", note="+1.0 to +8.4"), Cell("-5.0"), Cell("+0.0"), Cell("+10.0"), "", ""]
    assert "95 % interval paired by query" in section.notes[0]
    assert "paired by query" not in with_difference(score_section([PLAIN, OURS]), PLAIN, OURS, intervals={}).notes[0]


def test_skipped_queries_are_explained_once_or_by_system():
    same = [ScoreRow(name, HALF, evaluated=9, skipped={"junk identity": 2}) for name in ("a", "b")]
    assert score_section(same, settings="wildlife").notes == [
        "Protocol: wildlife.",
        "Skipped queries: 2 with junk identity.",
    ]
    different = [same[0], ScoreRow("b", HALF, evaluated=9, skipped={"junk identity": 3})]
    assert score_section(different).notes == [
        "Queries skipped by a: 2 with junk identity.",
        "Queries skipped by b: 3 with junk identity.",
    ]


def test_a_row_of_a_report_has_its_scores_and_counts():
    query = Embedded(np.eye(3), [1, 2, 3], [1, 1, 1])
    gallery = Embedded(np.eye(3), [1, 2, 9], [2, 1, 1])
    row = ScoreRow.of("model", evaluate(query, gallery), intervals={"mAP": (0.5, 1.0)})
    assert (row.name, row.evaluated, sum(row.skipped.values())) == ("model", 1, 2)
    assert row.intervals == {"mAP": (0.5, 1.0)}
    assert row.scores == pytest.approx({"mAP": 1.0, "rank1": 1.0, "rank5": 1.0, "mINP": 1.0})
