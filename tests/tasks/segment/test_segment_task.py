"""A whole run: trained, resumed to the same bits, scored, labelled, reported; and the same from the command line."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from reseen.engine.run import Run
from reseen.engine.train import train_task
from reseen.errors import ReseenError
from reseen.models import read_weights
from reseen.progress import Silent
from reseen.recipe.training import read_as
from reseen.tasks.ablate import ablate
from reseen.tasks.segment import SEGMENTATION, predict
from reseen.tasks.segment.build import load_segmenter
from reseen.tasks.segment.classes import COLOURS, KNOWN_IDS
from reseen.tasks.segment.evaluate import CHANCE, evaluate_run
from reseen.tasks.segment.overlay import legend, overlay, paint
from reseen.tasks.segment.predict import Prediction
from reseen.tasks.segment.recipe import SegmentRecipe
from stopping import Recorder


class KilledError(Exception):
    """As a power cut would."""


class KilledLater(Silent):
    """Dies when the second scoring begins: after the first epoch was saved."""

    def __init__(self) -> None:
        self.scorings = 0

    def bar(self, description, *, total):
        self.scorings += description == "validate: segment"
        if self.scorings == 2:
            raise KilledError
        return super().bar(description, total=total)


def train(recipe, data, out, **settings):
    read = read_as(SegmentRecipe, recipe, overrides=settings.pop("overrides", ()))
    return train_task(SEGMENTATION, read, data=data, out=out, **settings)


def test_a_killed_run_resumes_to_the_same_bits(scenes, segment_recipe, tmp_path):
    data, often = scenes(), ["evaluation.every=1"]
    whole = train(segment_recipe, data, tmp_path / "whole", overrides=often)
    with pytest.raises(KilledError):
        train(segment_recipe, data, tmp_path / "killed", overrides=often, progress=KilledLater())
    again = train(segment_recipe, data, tmp_path / "killed", overrides=often, resume=True)
    one, other = (read_weights(run.run.best_weights).tensors for run in (whole, again))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    rows = [[row["mIoU"] for row in run.run.metrics()] for run in (whole, again)]
    assert rows[0] == rows[1]


def test_more_epochs_beat_chance(scenes, segment_recipe, tmp_path):
    overrides = ["training.epochs=40", "model.attention.stage4.start=neutral", "optimizer.learning_rate=1e-2"]
    run = train(segment_recipe, scenes(), tmp_path / "run", overrides=overrides).run
    report = evaluate_run(run).report
    scores = run.scores()
    assert scores["trained"]["mIoU"] == pytest.approx(report.miou)
    assert report.miou > scores[CHANCE]["mIoU"] + 0.1
    classes = json.loads((run.path / "classes.json").read_text())
    assert classes["sky"]["iou"] > 0.8
    assert classes["train"] == {"share": 0.0, "iou": None}
    loaded = load_segmenter(run.best_weights)
    assert not loaded.model.training
    assert loaded.recipe.model.attention["stage4"]["name"] == "rga_sc"


def test_pieces_larger_than_images_are_said_once(scenes, segment_recipe, tmp_path):
    recorder = Recorder()
    overrides = ["data.image_size=[48,64]", "training.epochs=1"]
    train(segment_recipe, scenes(), tmp_path / "run", overrides=overrides, progress=recorder)
    said = [line for line in recorder.lines if "larger than" in line]
    assert len(said) == 1
    assert "48 x 64 is larger than 6 of 6 training images (the first is 32 x 64): they are padded" in said[0]


def test_a_recipe_of_another_task_names_its_command(recipe_file):
    with pytest.raises(ReseenError, match=r"task: expected 'segment', got 'reid', which `reseen train` is for"):
        read_as(SegmentRecipe, recipe_file)


def test_the_segment_commands_train_report_and_evaluate(reseen, scenes, segment_recipe, tmp_path):
    data, run = scenes(), tmp_path / "run"
    code, out, err = reseen("segment", "train", segment_recipe, "--data", data, "--out", run, "-q")
    assert (code, err) == (0, "")
    assert all(word in out for word in (CHANCE, "trained", "mIoU", "report:"))
    page = (run / "report.html").read_text()
    assert page.count("data:image/") == 2
    assert "intersection over union" in page
    for words in (("--inference", "sliding"), ("--data", data)):
        code, out, _ = reseen("segment", "evaluate", run, *words, "--json", tmp_path / "scores.json", "-q")
        assert code == 0
        assert json.loads((tmp_path / "scores.json").read_text())["pictures"] == 2
    assert "windows of 32 x 64" in out
    code, out, _ = reseen("segment", "predict", run, data / "leftImg8bit/val", "--out", tmp_path / "labelled", "-q")
    assert code == 0
    made = sorted(path.name for path in (tmp_path / "labelled/town").iterdir())
    assert made[0].endswith("_labelIds.png")
    assert made[1].endswith("_overlay.jpg")
    ids = np.asarray(Image.open(tmp_path / "labelled/town" / made[0]))
    assert ids.shape == (32, 64)
    assert set(np.unique(ids).tolist()) <= set(KNOWN_IDS)
    code, _, err = reseen("segment", "predict", run, tmp_path / "nowhere", "--out", tmp_path / "x", "-q")
    assert code == 2
    assert "expected an image or a folder with images" in err


def test_images_that_differ_in_their_suffix_alone_are_written_apart(tmp_path, monkeypatch):
    names = ["a.png", "a.jpg", "b.png", "c.png", "c.png.jpg", "deep/a.png"]
    for number, name in enumerate(names):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / "in" / name)

    def label(_run, files, *, progress):
        for number, file in enumerate(files):
            yield Prediction(file, Image.open(file).convert("RGB"), np.full((8, 8), number, np.uint8))

    monkeypatch.setattr(predict, "label_images", label)
    made = predict.predict_run(Run(tmp_path), tmp_path / "in", out=tmp_path / "out")
    assert len(set(made)) == len(names)
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in made) == [
        "a.jpg_overlay.jpg", "a.png_overlay.jpg", "b_overlay.jpg", "c.png.jpg_overlay.jpg", "c_overlay.jpg",
        "deep/a_overlay.jpg",
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["train", "evaluate", "predict"])
def test_help_teaches_by_example(reseen, command):
    code, out, _ = reseen("segment", command, "--help")
    assert code == 0
    assert f"reseen segment {command}" in out.split("Example")[1]


def test_overlays_are_blends_of_image_and_colours():
    classes = np.asarray([[0, 10, 255]], np.uint8)
    image = Image.fromarray(np.full((1, 3, 3), 200, np.uint8))
    painted = np.asarray(paint(classes))[0]
    assert painted.tolist() == [COLOURS[0].tolist(), COLOURS[10].tolist(), [0, 0, 0]]
    laid = np.asarray(overlay(image, classes, strength=0.5)).astype(int)[0]
    assert abs(laid[:2] - (200 + painted[:2].astype(int)) / 2).max() <= 1
    assert laid[2].tolist() == [200, 200, 200]


def test_legend_breaks_its_lines():
    assert legend(2000, shown=range(19)).height < legend(300, shown=range(19)).height


def test_attentions_are_ablated_over_seeds(scenes, segment_recipe, tmp_path):
    table = ablate(
        segment_recipe,
        rows=["baseline", "rga_s"],
        seeds=[0, 1],
        data=scenes(),
        out=tmp_path / "table",
        overrides=["training.epochs=1"],
    )
    assert [row.name for row in table] == ["baseline", "rga_s"]
    for row in table:
        assert list(row.scores) == ["mIoU", "pixel accuracy"]
    recipes = [path.read_text() for path in sorted((tmp_path / "table").rglob("recipe.toml"))]
    assert len(recipes) == 4
    assert ["rga_s" in text for text in recipes] == [False, False, True, True]
