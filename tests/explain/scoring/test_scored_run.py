"""A whole run scored on data with masks: its numbers are those of its parts, and its tables say them."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from reseen.engine.run import open_run
from reseen.errors import ReseenError
from reseen.explain.maps import branch_vectors, maps_toward, similarity_shares, summed
from reseen.explain.run_model import load_run_model
from reseen.explain.scoring import (
    COLUMNS,
    SCORES,
    score_explanations,
    score_page,
    score_rows,
    scores_as_json,
    write_scores,
)
from reseen.explain.scoring.cases import find_cases
from reseen.explain.scoring.marks import mark_files, marks_of
from reseen.explain.scoring.measures import areas, curve_ends, energy_on, enlarged, points_at
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from stopping import Recorder


@pytest.fixture(scope="module")
def run(finished, masked_to_read, tmp_path_factory):
    """A finished run whose data are those with masks."""
    own = shutil.copytree(finished[0], tmp_path_factory.mktemp("scored") / "run")
    facts = json.loads((own / "data.json").read_text())
    (own / "data.json").write_text(json.dumps({**facts, "path": str(masked_to_read)}))
    return open_run(own)


@pytest.fixture(scope="module")
def scored(run, masked_to_read):
    return score_explanations(run, masked_to_read, pairs=5, method="occlusion")


def test_both_questions_are_scored_on_all_their_queries(scored):
    assert [(question.name, question.images, question.identities) for question in scored.questions] == [
        ("match", 3, 3),
        ("twin", 2, 2),
    ]
    assert scored.questions[0].marks_area == pytest.approx(48 / 1024)
    assert scored.tolerance == 1
    kinds = [one.method for one in scored.questions[0].maps]
    assert kinds == ["occlusion", "centre prior", "random map"]


def test_scores_are_the_means_of_the_measures(run, masked_to_read, scored):
    """Image by image, each alone, with the question of a twin: the means of what measures says."""
    run_model, result = load_run_model(run), saved_evaluation(run)
    paths = result.splits.query.paths
    cases = [case for case in find_cases(result, range(3), count=3, twins=[("0007", "0008")]) if case.twin is not None]
    found = []
    for case in cases:
        query = run_model.inputs(result.splits.query, [case.query])
        marks = marks_of(mark_files(masked_to_read), [paths[case.query]], size=(32, 32))
        match, twin = (
            branch_vectors(run_model.model, run_model.inputs(result.splits.gallery, [row]))
            for row in (case.match, case.twin)
        )

        def more_like(images, query=query, match=match, twin=twin):
            vectors = branch_vectors(run_model.model, query._replace(images=images))
            return (similarity_shares(vectors, match) - similarity_shares(vectors, twin)).sum(dim=1)

        toward, away = (
            summed(maps_toward(run_model.model, query, other, method="occlusion")) for other in (match, twin)
        )
        maps = enlarged(toward - away, size=(32, 32))
        change = areas(query.images, maps, more_like, ends=curve_ends(query.images, more_like))
        found.append(
            [
                energy_on(maps, marks) / marks.float().mean(),
                points_at(maps, marks, tolerance=1),
                change.deletion,
                change.insertion,
                change.insertion - change.deletion,
            ]
        )
    means = torch.tensor(found).mean(dim=0).tolist()
    scores = scored.questions[1].maps[0].scores
    assert [scores[name].value for name in SCORES] == pytest.approx(means, abs=1e-5)
    assert all(low <= value <= high for value, low, high in scores.values())


def test_the_centre_prior_is_no_better_than_itself(scored):
    for question in scored.questions:
        centre = question.maps[1]
        assert all(score == (0, 0, 0) for score in centre.over_centre.values())
        for name in SCORES:
            gap = question.maps[0].scores[name].value - centre.scores[name].value
            assert question.maps[0].over_centre[name].value == pytest.approx(gap)


def test_the_same_call_gives_the_same_scores(run, masked_to_read, scored):
    assert scores_as_json(score_explanations(run, masked_to_read, pairs=5, method="occlusion")) == scores_as_json(
        scored
    )


def test_scores_are_written_as_a_table_and_as_json(scored, tmp_path):
    page, numbers = write_scores(scored, tmp_path / "new")
    assert json.loads(numbers.read_text()) == scores_as_json(scored)
    text = page.read_text()
    assert text == score_page(scored)
    assert "on a mark or at most 1 pixels away" in text
    rows = score_rows(scored.questions[0])
    assert all(f"| {' | '.join(row)} |" in text for row in rows)
    assert len(rows[0]) == len(COLUMNS)
    value = scored.questions[0].maps[0].scores["energy"].value
    assert rows[0][1].startswith(f"{value:.2f} (")


def test_a_star_marks_a_significant_difference(scored):
    for one, row in zip(scored.questions[0].maps, score_rows(scored.questions[0]), strict=True):
        assert row[1].endswith("*") == (one.over_centre["energy"].low > 0)
        assert row[4].endswith("*") == (one.over_centre["deletion"].high < 0)


def test_data_of_another_folder_are_embedded_now_and_reported(finished, masked):
    recorder = Recorder()
    scored = score_explanations(finished[0], masked, pairs=2, method="decomposition", progress=recorder)
    assert recorder.lines == [f"{masked}: not the data of the run, embedded now"]
    assert scored.questions[0].images == 2


def test_attention_is_scored_beside_methods(attended, masked):
    scored = score_explanations(attended, masked, pairs=2, method="attention")
    assert [(one.method, one.stage) for one in scored.questions[0].maps][:1] == [("attention", "stage2 RGA-S")]


def test_data_without_masks_and_unknown_methods_are_refused(finished, masked):
    with pytest.raises(ReseenError, match="no masks, which --score needs"):
        score_explanations(finished[0], open_run(finished[0]).data()["path"])
    with pytest.raises(ReseenError, match="no method 'saliency'"):
        score_explanations(finished[0], masked, method="saliency")
    for mask in masked.glob("masks/*/*.png"):
        if not mask.name.startswith("0007"):
            Image.fromarray(np.zeros((32, 32), dtype=bool)).save(mask)
    with pytest.raises(ReseenError, match="at least 2 identities with visible marks, got 1"):
        score_explanations(finished[0], masked)
