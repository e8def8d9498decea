"""Classification as a whole: one loop, run directory, resume and strictness as in re-identification."""

import json

import pytest
import torch
from typer.testing import CliRunner

from reseen.cli import application
from reseen.engine.interrupt import Stopped
from reseen.engine.run import open_run
from reseen.engine.train import train_task
from reseen.errors import ReseenError
from reseen.recipe.training import read_as
from reseen.tasks.ablate import ablate
from reseen.tasks.classify import CLASSIFICATION
from reseen.tasks.classify.build import build_components, load_classifier
from reseen.tasks.classify.evaluate import CHANCE, evaluate_run
from reseen.tasks.classify.readers import read_classes
from reseen.tasks.classify.recipe import ClassifyRecipe
from reseen.tasks.reid.recipe import recipe_of
from stopping import Recorder, assert_same_end


def train(recipe, data, out, *overrides, **more):
    return train_task(CLASSIFICATION, read_as(ClassifyRecipe, recipe, overrides=overrides), data=data, out=out, **more)


def test_a_run_scores_what_training_said_and_is_reported(class_folder, classify_recipe, tmp_path):
    data, out = class_folder(), tmp_path / "run"
    words = ["classify", "train", classify_recipe, "--data", data, "--out", out, "--quiet", "--set", "training.ema=0.5"]
    done = CliRunner().invoke(application(), list(map(str, words)))
    assert done.exit_code == 0, done.output
    run = open_run(out)
    rows, scores = run.metrics(), run.scores()
    assert [row["epoch"] for row in rows] == [1, 2]
    assert scores["trained"]["top1"] == rows[-1]["top1"]
    assert scores[CHANCE] == {"top1": 1 / 3, "pictures": 9}
    classes = json.loads((out / "classes.json").read_text())
    assert sum(row["pictures"] for row in classes.values()) == 9
    page = run.report_file.read_text()
    assert all(word in page for word in ("most frequent class", "Each class", "ash", "reseen classify train"))
    assert {"confusion.png", "training.png"} <= {entry.name for entry in out.iterdir()}
    again = CliRunner().invoke(
        application(), ["classify", "evaluate", str(out), "--quiet", "--json", str(tmp_path / "j")]
    )
    assert again.exit_code == 0, again.output
    assert json.loads((tmp_path / "j").read_text())["top1"] == scores["trained"]["top1"]


def test_a_stopped_run_ends_where_a_whole_one_does(class_folder, classify_recipe, tmp_path):
    data = class_folder()
    train(classify_recipe, data, tmp_path / "whole")
    with pytest.raises(Stopped):
        train(classify_recipe, data, tmp_path / "cut", progress=Recorder(at_step=6))
    train(classify_recipe, data, tmp_path / "cut", resume=True)
    assert_same_end(tmp_path / "whole", tmp_path / "cut")


def test_stripes_are_learned(class_folder, classify_recipe, tmp_path):
    trained = train(
        classify_recipe,
        class_folder(),
        tmp_path / "run",
        "training.epochs=12",
        "mix={}",
        "optimizer.learning_rate=3e-3",
    )
    assert trained.best_score > 0.8, "chance is a third"


def test_attention_sits_where_the_recipe_says_and_loads_again(class_folder, classify_recipe, tmp_path):
    line = "model.attention={stage1={name='rga_sc', reduction=4, gate_reduction=2}}"
    trained = train(classify_recipe, class_folder(), tmp_path / "run", line, "training.epochs=1")
    model, recipe, names = load_classifier(trained.run.best_weights)
    assert model.backbone.slots == ("layer1.attention",)
    assert names == ("ash", "elm", "oak")
    assert recipe.model.attention["stage1"]["name"] == "rga_sc"
    images = torch.rand(2, 3, 32, 32)
    assert model(images).shape == (2, 3)
    assert torch.allclose(model(images)[1:], model(images[1:]), atol=1e-5), "images are independent"


def test_other_classes_than_were_learned_are_refused(class_folder, classify_recipe, tmp_path):
    trained = train(classify_recipe, class_folder(), tmp_path / "run", "training.epochs=1")
    other = class_folder("others", classes=("ash", "elm", "yew"))
    with pytest.raises(ReseenError, match=r"no oak, unknown yew; expected the classes that .*run learned"):
        evaluate_run(trained.run, data=other)
    assert evaluate_run(trained.run, data=class_folder("same")).report.confusion.sum() == 9


def test_unreadable_images_stop_a_run_or_are_skipped(class_folder, classify_recipe, tmp_path):
    data = class_folder()
    (data / "train" / "elm" / "0.png").write_bytes(b"")
    with pytest.raises(ReseenError, match=r"elm/0\.png \(the file is empty .*--set data\.unreadable=skip"):
        train(classify_recipe, data, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    said = Recorder()
    trained = train(classify_recipe, data, tmp_path / "run", "data.unreadable=skip", "training.epochs=1", progress=said)
    assert trained.run.data()["pictures"] == {"train": 17, "val": 9}
    assert any("skipped 1 unreadable" in line for line in said.lines)


def test_skipped_validation_images_stay_left_out_of_the_kept_run(class_folder, classify_recipe, tmp_path):
    data = class_folder()
    (data / "val" / "oak" / "100.png").write_bytes(b"")
    run = train(classify_recipe, data, tmp_path / "run", "data.unreadable=skip", "training.epochs=1").run
    assert run.unreadable().keys() == {"val/oak/100.png"}
    assert evaluate_run(run).report.confusion.sum() == 8


def test_each_process_needs_two_images_of_a_batch(class_folder, classify_recipe):
    recipe = CLASSIFICATION.resolve(read_as(ClassifyRecipe, classify_recipe))
    with pytest.raises(ReseenError, match=r"data\.batch_size is 4, .*expected at least 2 for each of 4 processes"):
        build_components(recipe, read_classes(class_folder()), rank=0, world_size=4)


def test_a_run_is_not_taken_for_one_of_another_task(class_folder, classify_recipe, tmp_path):
    trained = train(classify_recipe, class_folder(), tmp_path / "run", "training.epochs=1")
    with pytest.raises(ReseenError, match=r"task: expected 'reid', got 'classify'"):
        recipe_of(trained.run)


@pytest.mark.parametrize(
    ("override", "message"),
    {
        "loss.label_smothing=0.1": r"loss: no setting 'label_smothing'; did you mean 'label_smoothing'\?",
        "mix.mixup=-1": r"mix\.mixup: .*greater than or equal to 0, got -1",
        "data.layout=cifar": r"data\.layout: no layout 'cifar'; did you mean 'cifar10'\?",
        "data.batch_size=1": r"data\.batch_size: .*greater than or equal to 2, got 1",
        "model.stem=imagenet": r"model\.stem: .*'cifar', got 'imagenet'",
        "model.attention={stage1={name='rga_sd'}}": r"model\.attention: stage1: .*did you mean 'rga_s",
        "evaluation.centre_crop=1.5": r"evaluation\.centre_crop: .*less than or equal to 1, got 1\.5",
        "transforms.flop={}": r"transforms: no transform 'flop'; did you mean 'flip'\?",
        "training.ema=1.0": r"training\.ema: .*less than 1, got 1\.0",
    }.items(),
)
def test_a_bad_setting_is_one_line_that_says_where(classify_recipe, override, message):
    with pytest.raises(ReseenError, match=message) as caught:
        read_as(ClassifyRecipe, classify_recipe, overrides=[override])
    assert "\n" not in str(caught.value)


def test_rows_of_an_ablation_are_attentions_in_the_recipes_slots(class_folder, classify_recipe, tmp_path):
    line = "model.attention={stage1={name='rga_s', reduction=4, gate_reduction=2}}"
    more = {"data": class_folder(), "out": tmp_path / "out", "overrides": [line, "training.epochs=1"]}
    table = ablate(classify_recipe, rows=["baseline", "rga_c", "se"], seeds=[0, 1], **more)
    assert [row.name for row in table] == ["baseline", "rga_c", "se"]
    assert all(row.scores["top-1"].deviation is not None for row in table)
    lines = {
        row.name: read_as(ClassifyRecipe, tmp_path / "out" / row.name / "seed-1" / "recipe.toml").model.attention
        for row in table
    }
    assert lines["baseline"] == {}
    assert lines["rga_c"]["stage1"] == {"name": "rga_c", "reduction": 4, "gate_reduction": 2, "start": "random"}
    assert set(lines["se"]) == {"stage1"}
    assert "| row | seeds | top-1 |" in (tmp_path / "out" / "ablation.md").read_text()
    with pytest.raises(ReseenError, match="no attention 'rga_d'; did you mean 'rga_"):
        ablate(classify_recipe, rows=["rga_d"], seeds=[0], **more)
