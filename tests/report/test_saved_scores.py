"""Scores of explanations read back: the page's table is the one that was written, cell by cell."""

import json
from pathlib import Path

import pytest

from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.explain.scoring import (
    COLUMNS,
    SCORES,
    TITLES,
    ScoredExplanations,
    ScoredMap,
    ScoredQuestion,
    score_rows,
    write_scores,
)
from reseen.metrics import Estimate
from reseen.report.saved_scores import saved_scores


def scored(method: str, stage: str, value: float) -> ScoredMap:
    scores = {name: Estimate(value + place, value, value + 9) for place, name in enumerate(SCORES)}
    return ScoredMap(
        method, stage, scores, over_centre={name: Estimate(value, value - 1, value + 1) for name in SCORES}
    )


QUESTIONS = [
    ScoredQuestion(
        name, images=40, identities=12, marks_area=0.015, maps=[scored("centre", "", 0.5), scored("cam", "stage4", 2)]
    )
    for name in TITLES
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path)
    write_scores(
        ScoredExplanations(tmp_path, "model", Path("data"), tolerance=7, questions=QUESTIONS), run.explanations
    )
    return run


def test_a_run_without_scored_explanations_has_no_tables(tmp_path):
    assert saved_scores(Run(tmp_path)) == []


def test_saved_scores_are_the_table_that_was_written(run):
    tables = saved_scores(run)
    page = (run.explanations / "explanations.md").read_text()
    assert [table.title for table in tables] == list(TITLES.values())
    for table, question in zip(tables, QUESTIONS, strict=True):
        assert (table.columns, table.rows) == (COLUMNS, score_rows(question))
        assert all(f"| {' | '.join(row)} |" in page for row in table.rows)
        assert table.caption.startswith("40 queries of 12 identities; marks cover 1.5% of their pixels. ")
        assert str(run.explanations / "explanations.md") in table.caption


@pytest.mark.parametrize(
    "facts", [{}, {"questions": []}, {"questions": {"match": {}}}, {"questions": {"other": {"maps": []}}}]
)
def test_a_file_without_scores_is_refused(run, facts):
    (run.explanations / "explanations.json").write_text(json.dumps(facts))
    with pytest.raises(ReseenError, match=r"explanations\.json: expected what `reseen explain --score` wrote"):
        saved_scores(run)
