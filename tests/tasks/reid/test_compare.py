"""Comparing runs: the kept embeddings are scored again, and what does not compare is refused in one line."""

import numpy as np
import pytest

from kept_runs import keep_run
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.metrics import Embedded, evaluate
from reseen.tasks.reid.compare import compare_runs
from reseen.tasks.reid.train import train


@pytest.fixture
def runs(tmp_path, recipe_file) -> tuple[Run, Run]:
    return keep_run(tmp_path / "plain", recipe_file, noise=1.2), keep_run(tmp_path / "better", recipe_file, noise=0.3)


def test_the_scores_are_the_runs_own(runs):
    found = compare_runs(*runs)
    for place, run in enumerate(runs):
        own = run.scores()["trained"]
        assert {score: values[place] for score, values in found.differences.items()} == pytest.approx(
            {score: own[score] for score in found.differences}
        )
    assert found.more_than_chance
    assert (found.queries, found.identities) == (24, 12)
    backwards = compare_runs(*runs[::-1])
    assert backwards.differences["mAP"].difference.value == -found.differences["mAP"].difference.value


def test_a_run_is_level_with_itself(runs):
    found = compare_runs(runs[0].path, str(runs[0].path))
    assert not found.more_than_chance
    assert found.differences["mAP"].difference == (0, 0, 0)


def test_runs_are_compared_under_another_protocol(runs):
    kept = [Embedded.load(runs[0].embeddings / f"{side}.parquet") for side in ("query", "gallery")]
    found = compare_runs(*runs, protocol="wildlife")
    assert found.differences["mAP"].first == pytest.approx(evaluate(*kept, protocol="wildlife").mean_average_precision)
    assert found.settings.startswith("wildlife")


def changed(run: Run, **fields: object) -> None:
    """Keep the query embeddings anew with other labels."""
    path = run.embeddings / "query.parquet"
    kept = Embedded.load(path)
    values = {name: getattr(kept, name) for name in ("vectors", "identities", "cameras", "names")}
    Embedded(**{**values, **fields}).save(path)


def test_runs_on_other_data_are_refused(tmp_path, runs, recipe_file):
    other = keep_run(tmp_path / "other", recipe_file, data="b")
    with pytest.raises(ReseenError, match=r"runs on different data \(/data/a, /data/b\).* --data DATA scores both"):
        compare_runs(runs[0], other)


def test_runs_on_other_images_are_not_compared(tmp_path, runs, recipe_file):
    larger = keep_run(tmp_path / "larger", recipe_file, identities=13)
    with pytest.raises(ReseenError, match="different query images: 24 and 26; evaluate both"):
        compare_runs(runs[0], larger)
    names = np.array([f"{row}.jpg" for row in range(24)])
    changed(runs[1], names=names)
    with pytest.raises(ReseenError, match=r"names of row 1: '2.jpg' and '1.jpg'"):
        compare_runs(*runs)
    changed(runs[1], names=None)
    with pytest.raises(ReseenError, match=r"names of row 0: '0.jpg' and none known"):
        compare_runs(*runs)


def test_runs_scored_by_different_rules_are_not_compared(runs):
    row = runs[1].scores()["trained"]
    runs[1].save_scores({"trained": {**row, "protocol": "veri776"}})
    with pytest.raises(ReseenError, match="protocol market1501 and veri776; say one for both with --protocol"):
        compare_runs(*runs)
    assert compare_runs(*runs, protocol="market1501").more_than_chance
    runs[1].save_scores({"trained": {**row, "average_precision": "trapezoid"}})
    with pytest.raises(ReseenError, match=r"average precision rectangle and trapezoid$"):
        compare_runs(*runs)


def test_a_run_without_embeddings_says_how_to_make_them(runs):
    (runs[1].embeddings / "gallery.parquet").unlink()
    with pytest.raises(ReseenError, match=r"no .*gallery.parquet; `reseen evaluate .*better` makes them"):
        compare_runs(*runs)
    keep = runs[0]
    keep.scores_file.unlink()
    with pytest.raises(ReseenError, match=r"no scores in .*; `reseen evaluate"):
        compare_runs(keep, keep)


def test_data_is_embedded_by_both_and_kept_by_none(market, recipe_file, tmp_path):
    overrides = ["training.epochs=1", "transforms={}"]
    runs = [
        train(recipe_file, data=market(name), out=tmp_path / f"run-{name}", overrides=overrides).run
        for name in ("one", "two")
    ]
    found = compare_runs(*runs, data=market("third", test=6))
    assert (found.identities, found.queries) == (6, 6)
    assert not any(run.embeddings.exists() for run in runs)
