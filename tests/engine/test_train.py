"""Training as a whole: what a run holds, that stopping never changes where it ends, and what it refuses."""

import shutil
from pathlib import Path

import pytest

from reseen.engine.checkpoint import load_checkpoint
from reseen.engine.interrupt import Stopped
from reseen.engine.run import open_run
from reseen.errors import ReseenError
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.evaluate import evaluate_baselines, evaluate_run
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from reseen.tasks.reid.train import train
from stopping import Recorder, assert_same_end

EVERY_EPOCH = ["evaluation.every=1"]


@pytest.fixture
def whole(uninterrupted):
    """A data set, and a run on it that nothing stopped; all tests share it."""
    run = open_run(uninterrupted)
    return Path(run.data()["path"]), run


@pytest.fixture
def copied(whole, tmp_path):
    """The same to be changed: the run is the test's own."""
    data, run = whole
    return data, open_run(shutil.copytree(run.path, tmp_path / "whole"))


def test_a_run_holds_all_that_it_promises(whole):
    _, run = whole
    names = {entry.name for entry in run.path.iterdir()}
    assert names == {"recipe.toml", "environment.json", "data.json", "metrics.jsonl", "last.ckpt", "best.safetensors"}
    rows = run.metrics()
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[0]["loss"] == pytest.approx(sum(rows[0]["losses"].values())), "both weights are 1"
    assert run.data()["pictures"] == {"train": 24, "query": 3, "gallery": 9}


def test_the_best_weights_score_what_training_said(copied):
    _, run = copied
    result = evaluate_run(run)
    assert result.report.mean_average_precision == max(row["mAP"] for row in run.metrics())
    assert evaluate_baselines(run).keys() == {"histogram", "untrained"}
    assert run.scores().keys() == {"trained", "histogram", "untrained"}
    assert not load_model(run.best_weights).training


def without_times(rows: list[dict]) -> list[dict]:
    return [{key: value for key, value in row.items() if "second" not in key} for row in rows]


def test_ctrl_c_finishes_the_step_and_resuming_ends_at_the_same_weights(whole, recipe_file, tmp_path):
    data, run = whole
    out = tmp_path / "stopped"
    arguments = {"data": data, "out": out, "overrides": EVERY_EPOCH}
    done = 0
    for step in (1, 3, 4, 6):  # each call goes on where the one before was stopped
        with pytest.raises(Stopped, match="--resume"):
            train(recipe_file, **arguments, resume=done > 0, progress=Recorder(at_step=step - done))
        place = load_checkpoint(out / "last.ckpt")["place"]
        assert place == divmod(step, 4), "24 images in batches of 6: 4 steps an epoch"
        done = step
    resumed = train(recipe_file, **arguments, resume=True)
    assert_same_end(run.path, out)
    assert without_times(resumed.run.metrics()) == without_times(run.metrics())
    assert resumed.best_score == max(row["mAP"] for row in run.metrics())


def test_a_kill_at_any_write_is_made_good_by_resume(whole, recipe_file, tmp_path, monkeypatch):
    data, run = whole
    arguments = {"data": data, "overrides": EVERY_EPOCH}
    replace, out, killed = Path.replace, tmp_path / "run", []

    def leaves_a_copy(self: Path, target: Path) -> Path:
        """What SIGKILL would leave is what lies there now: the new file beside its place, not yet in it."""
        killed.append(shutil.copytree(out, tmp_path / f"killed{len(killed)}"))
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", leaves_a_copy)
        train(recipe_file, out=out, **arguments)
    assert_same_end(run.path, out)
    assert len(killed) >= 7, "recipe, environment, data; metrics and checkpoint of two epochs; best"
    for left in killed:
        train(recipe_file, out=left, resume=True, **arguments)
        assert_same_end(run.path, left)


def test_where_no_run_is_yet_resume_begins_one(whole, recipe_file, tmp_path):
    data, run = whole
    fresh = train(recipe_file, data=data, out=tmp_path / "new", overrides=EVERY_EPOCH, resume=True)
    assert fresh.best_score == max(row["mAP"] for row in fresh.run.metrics())
    assert_same_end(run.path, fresh.run.path)


def test_accumulated_halves_are_one_whole_batch_for_losses_without_mining(market, recipe_file, tmp_path):
    """Two batches accumulated move the weights as their mean gradient does: once an optimiser step, not twice."""
    out = tmp_path / "accumulated"
    train(recipe_file, data=market(), out=out, overrides=["training.accumulate=2", "training.epochs=1"])
    state = load_checkpoint(out / "last.ckpt")["optimizer"]["state"]
    assert {int(entry["step"]) for entry in state.values()} == {2}, "4 batches, 2 optimiser steps"


def test_a_run_is_not_overwritten_and_not_mixed_with_another(copied, recipe_file, market):
    data, run = copied
    before = run.last_checkpoint.read_bytes()
    out = run.path
    with pytest.raises(ReseenError, match="a run is there already; continue it with --resume"):
        train(recipe_file, data=data, out=out)
    with pytest.raises(ReseenError, match=r"resumed with another recipe: \[evaluation\] differ"):
        train(recipe_file, data=data, out=out, resume=True)
    with pytest.raises(ReseenError, match="resumed on other data"):
        train(recipe_file, data=market("other", shots=5), out=out, resume=True, overrides=EVERY_EPOCH)
    assert run.last_checkpoint.read_bytes() == before


def test_a_folder_that_is_no_run_is_left_alone(market, recipe_file, tmp_path):
    out = tmp_path / "precious"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    with pytest.raises(ReseenError, match="is not empty and is not a run"):
        train(recipe_file, data=market(), out=out)
    with pytest.raises(ReseenError, match=r"not a run: it has no recipe\.toml"):
        open_run(out)
    assert [entry.name for entry in out.iterdir()] == ["thesis.tex"]


def spoil(data: Path) -> list[Path]:
    """Zero bytes, cut in half, and not an image."""
    zero, half, text = sorted((data / "bounding_box_train").iterdir())[:3]
    zero.write_bytes(b"")
    half.write_bytes(half.read_bytes()[:200])
    text.write_text("hello")
    return [zero, half, text]


def test_unreadable_images_stop_training_before_the_first_step(market, recipe_file, tmp_path):
    data = market()
    spoiled = spoil(data)
    with pytest.raises(ReseenError, match="3 unreadable images") as caught:
        train(recipe_file, data=data, out=tmp_path / "run")
    assert all(path.name in str(caught.value) for path in spoiled)
    assert not (tmp_path / "run").exists()


def test_unreadable_images_are_skipped_and_counted_where_the_recipe_says_so(market, recipe_file, tmp_path):
    data = market()
    spoil(data)
    said = Recorder()
    out = tmp_path / "run"
    trained = train(
        recipe_file, data=data, out=out, overrides=["data.unreadable=skip", "training.epochs=1"], progress=said
    )
    assert trained.run.data()["skipped_unreadable"] == 3
    assert trained.run.data()["pictures"]["train"] == 21
    assert "skipped 3 unreadable images" in said.lines[0]
    assert "1 training identity has a single image" in said.lines[1]


def test_skipped_queries_and_gallery_images_stay_left_out_of_the_kept_run(market, recipe_file, tmp_path):
    data, out = market(test=4), tmp_path / "run"
    bad = [sorted((data / folder).iterdir())[-1] for folder in ("query", "bounding_box_test")]
    for image in bad:
        image.write_bytes(b"")
    overrides = ["data.unreadable=skip", "training.epochs=1"]
    run = train(recipe_file, data=data, out=out, overrides=overrides).run
    assert run.unreadable().keys() == {str(image.relative_to(data)) for image in bad}
    said = Recorder()
    result = evaluate_run(run, progress=said)
    assert "left out, as in training: 2 unreadable" in said.lines[0]
    assert (len(result.query), len(result.gallery)) == (3, 11)
    assert result.report.mean_average_precision == run.metrics()[-1]["mAP"]
    assert saved_evaluation(run).report.evaluated == 3
    # The same images elsewhere are the run's own, and what else is broken there is skipped as well.
    moved = shutil.copytree(data, tmp_path / "moved")
    assert evaluate_run(run, data=moved).name == "trained"
    min((moved / "query").iterdir()).write_bytes(b"")
    assert len(evaluate_run(run, data=moved).query) == 2


@pytest.mark.parametrize("left", [b"", b"PK"])
def test_a_checkpoint_that_is_empty_or_cut_is_one_line(copied, recipe_file, left):
    data, run = copied
    run.last_checkpoint.write_bytes(left)
    with pytest.raises(ReseenError, match=r"last\.ckpt: (damaged or not a checkpoint|holds more than)"):
        train(recipe_file, data=data, out=run.path, resume=True, overrides=EVERY_EPOCH)


def test_a_cut_line_of_metrics_is_named_and_without_it_the_run_goes_on(copied, recipe_file):
    data, run = copied
    file = run.metrics_file
    whole_lines = file.read_text().splitlines(keepends=True)
    file.write_text(whole_lines[0][:-20] + "\n" + whole_lines[1])
    arguments = {"data": data, "out": run.path, "resume": True, "overrides": EVERY_EPOCH}
    with pytest.raises(ReseenError, match=r"metrics\.jsonl: line 1 is cut or damaged; .*delete the line"):
        train(recipe_file, **arguments)
    file.write_text(whole_lines[1])
    assert train(recipe_file, **arguments).epochs == 2
    assert [row["epoch"] for row in run.metrics()] == [2]


def test_more_identities_a_batch_than_there_are(market, recipe_file, tmp_path):
    with pytest.raises(ReseenError, match="7 different identities, the training split has 6"):
        train(recipe_file, data=market(), out=tmp_path / "run", overrides=["sampler.identities=7"])
    assert not (tmp_path / "run").exists()


def test_queries_without_a_match_are_known_before_training(market, recipe_file, tmp_path):
    data = market()
    for file in (data / "bounding_box_test").iterdir():
        file.rename(file.with_name(file.name.replace("_c2", "_c1")))
    with pytest.raises(ReseenError, match="none of 3 queries has a valid match"):
        train(recipe_file, data=data, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_loss_that_explodes_stops_and_keeps_the_last_checkpoint(market, recipe_file, tmp_path):
    explode = ["optimizer={name='sgd', learning_rate=1e30}"]
    with pytest.raises(ReseenError, match="the loss is not finite at epoch 1, step"):
        train(recipe_file, data=market(), out=tmp_path / "run", overrides=explode)


def test_half_precision_wants_a_gpu(market, recipe_file, tmp_path):
    with pytest.raises(ReseenError, match=r"hardware\.precision: fp16 needs a GPU"):
        train(recipe_file, data=market(), out=tmp_path / "run", overrides=["hardware.precision=fp16"])


def test_bfloat16_trains_on_the_cpu(market, recipe_file, tmp_path):
    overrides = ["hardware.precision=bf16", "training.epochs=1", "hardware.channels_last=true"]
    assert train(recipe_file, data=market(), out=tmp_path / "run", overrides=overrides).epochs == 1


def test_a_checkpoint_of_another_architecture_is_refused_with_names(whole, tmp_path, recipe_file):
    data, run = whole
    text = run.recipe_file.read_text().replace("test_resnet.r160_in1k", "resnet18")
    other = tmp_path / "other.toml"
    other.write_text(text)
    overrides = [f'model.weights="{run.best_weights}"', "training.epochs=3"]
    with pytest.raises(ReseenError, match=r"the weights do not fit: .* missing"):
        train(other, data=data, out=tmp_path / "run", overrides=overrides)
    assert not (tmp_path / "run").exists()
