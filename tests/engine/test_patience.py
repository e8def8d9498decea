"""training.patience: a run stops after scorings without gain, knows that it is finished, and its page says so."""

import pytest

from reseen.engine.checkpoint import load_checkpoint
from reseen.engine.interrupt import Stopped
from reseen.engine.patience import scorings_without_gain
from reseen.errors import ReseenError
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.task import Reidentification
from reseen.tasks.reid.train import train
from stopping import Recorder, assert_same_end

SETTINGS = ["training.epochs=6", "evaluation.every=1", "training.patience=2"]


@pytest.mark.parametrize(
    ("scores", "without"),
    [([], 0), ([0.1], 0), ([0.1, 0.2], 0), ([0.2, 0.2], 1), ([0.3, 0.1, 0.2], 2), ([0.3, 0.1, 0.4, 0.4], 1)],
)
def test_only_scorings_after_the_best_count_and_an_equal_one_is_no_gain(scores, without):
    rows = [{"epoch": 1}, *({"mAP": score} for score in scores), {"epoch": 2}]
    assert scorings_without_gain(rows, monitor="mAP") == without


@pytest.fixture
def scored_as(monkeypatch):
    """Gives the runs these scores, one after the other."""

    def set_scores(*scores: float) -> None:
        coming = iter(scores)
        monkeypatch.setattr(Reidentification, "score", lambda *_, **__: {"mAP": next(coming), "rank1": 0.5})

    return set_scores


def test_a_run_out_of_patience_stops_says_why_and_is_finished(market, recipe_file, tmp_path, scored_as):
    arguments = {"data": market(), "out": tmp_path / "run", "overrides": SETTINGS}
    scored_as(0.2, 0.4, 0.3, 0.4, 0.9)
    said = Recorder()
    trained = train(recipe_file, **arguments, progress=said)
    assert (trained.epochs, trained.best_score, trained.run.epochs_done()) == (4, 0.4, 4)
    assert said.lines[-1] == (
        "stopped early, after epoch 4 of 6: 2 scorings in a row brought nothing better than mAP 40.0% "
        "(training.patience = 2)"
    )
    before = trained.run.last_checkpoint.read_bytes()
    again = Recorder()
    resumed = train(recipe_file, **arguments, resume=True, progress=again)
    assert (resumed.epochs, resumed.best_score, again.steps) == (4, 0.4, 0)
    assert again.lines[-1] == said.lines[-1]
    assert resumed.run.last_checkpoint.read_bytes() == before


def test_patience_is_counted_on_over_a_stop(market, recipe_file, tmp_path, scored_as):
    data, scores = market(), (0.4, 0.3, 0.2, 0.9)
    scored_as(*scores)
    train(recipe_file, data=data, out=tmp_path / "whole", overrides=SETTINGS)
    scored_as(*scores)
    with pytest.raises(Stopped):
        train(recipe_file, data=data, out=tmp_path / "cut", overrides=SETTINGS, progress=Recorder(at_step=9))
    assert train(recipe_file, data=data, out=tmp_path / "cut", overrides=SETTINGS, resume=True).epochs == 3
    assert_same_end(tmp_path / "whole", tmp_path / "cut")


def test_ctrl_c_in_the_last_step_before_an_early_stop_ends_the_run(market, recipe_file, tmp_path, scored_as):
    scored_as(0.4, 0.3, 0.2)
    stops = Recorder(at_step=12)
    assert train(recipe_file, data=market(), out=tmp_path / "run", overrides=SETTINGS, progress=stops).epochs == 3
    assert tuple(load_checkpoint(tmp_path / "run" / "last.ckpt")["place"]) == (3, 0)


def test_patience_without_scorings_is_refused(recipe_file):
    with pytest.raises(ReseenError, match=r"training\.patience counts scorings.*set evaluation\.every to 1"):
        read_recipe(recipe_file, overrides=["training.patience=2"])
