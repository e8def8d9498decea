"""The ablation: mean and spread of real runs, nothing done twice, and the papers' rows with what differs."""

import json
from statistics import fmean, stdev

import pytest

from reseen.engine.ablation import cells, markdown
from reseen.engine.run import open_run
from reseen.errors import ReseenError
from reseen.models import NamedModel
from reseen.progress import Silent
from reseen.tasks.reid import ablate as module
from reseen.tasks.reid import model_settings
from reseen.tasks.reid.ablate import METADATA, ablate
from reseen.tasks.reid.recipe import recipe_of

TINY = {
    "mbr_4b": NamedModel("Plain.", {"backbone": "test_resnet.r160_in1k"}),
    "lka_reid": NamedModel("With another pooling.", {"backbone": "test_resnet.r160_in1k", "pooling": "max"}),
    "light": NamedModel("With a third pooling.", {"backbone": "test_resnet.r160_in1k", "pooling": "gem"}),
}
ONE_EPOCH = ["training.epochs=1", "transforms={}"]


class Lines(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    @property
    def begun(self) -> list[str]:
        return [line for line in self.lines if ", seed " in line]


@pytest.fixture(autouse=True)
def _tiny_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three small networks under names that the papers have rows for, or not."""
    monkeypatch.setattr(module, "MODELS", TINY)
    monkeypatch.setattr(model_settings, "MODELS", TINY)


def test_each_row_is_the_mean_over_its_seeds(market, recipe_file, tmp_path):
    data, out = market(), tmp_path / "out"
    table = ablate(recipe_file, rows=["mbr_4b", "light"], seeds=[0, 4], data=data, out=out, overrides=ONE_EPOCH)
    assert [row.name for row in table] == ["mbr_4b", "light"]
    for row in table:
        runs = [open_run(out / row.name / f"seed-{seed}") for seed in (0, 4)]
        assert [recipe_of(run).seed for run in runs] == [0, 4]
        scores = [run.scores()["trained"]["mAP"] for run in runs]
        assert row.scores["mAP"].mean == pytest.approx(fmean(scores))
        assert row.scores["mAP"].deviation == pytest.approx(stdev(scores))
    saved = json.loads((out / "ablation.json").read_text())
    assert [entry["name"] for entry in saved["rows"]] == ["mbr_4b", "light"]
    assert (out / "ablation.md").read_text() == markdown(table)


def test_the_papers_row_stands_beside_ours_with_what_differs(market, recipe_file, tmp_path):
    (row, other) = ablate(
        recipe_file, rows=["mbr_4b", "light"], seeds=[1], data=market(), out=tmp_path / "out", overrides=ONE_EPOCH
    )
    assert row.notes["what differs"] == (
        "24 training images of market, not VeRi-776; epochs: 1, not 130; 32 x 32, not 256 x 256; "
        "random start weights, not ImageNet's"
    )
    assert cells(row)[4] == "84.72% / 97.68% (LKA-ReID, Table II)"
    assert "±" not in cells(row)[2], "one seed has no spread"
    assert cells(other)[4:] == ("-", "no such row in the papers")


def test_finished_runs_of_an_ablation_are_not_trained_again(market, recipe_file, tmp_path):
    data, out, first, second = market(), tmp_path / "out", Lines(), Lines()
    before = ablate(recipe_file, rows=["light"], seeds=[0], data=data, out=out, overrides=ONE_EPOCH, progress=first)
    (out / "light" / "seed-0" / "last.ckpt").unlink()  # nothing can be trained on from here
    after = ablate(
        recipe_file, rows=["light", "lka_reid"], seeds=[0], data=data, out=out, overrides=ONE_EPOCH, progress=second
    )
    assert first.begun == ["light, seed 0"]
    assert second.begun == ["lka_reid, seed 0"]
    assert after[0] == before[0]


def test_a_stopped_row_goes_on(market, recipe_file, tmp_path):
    data, out = market(), tmp_path / "out"
    ablate(recipe_file, rows=["light"], seeds=[0], data=data, out=out, overrides=ONE_EPOCH)
    (out / "light" / "seed-0" / "scores.json").unlink()  # as if killed between training and scoring
    said = Lines()
    ablate(recipe_file, rows=["light"], seeds=[0], data=data, out=out, overrides=ONE_EPOCH, progress=said)
    assert any(line.startswith("resumed at epoch 2") for line in said.lines)


def test_other_settings_are_not_mixed_into_a_finished_row(market, recipe_file, tmp_path):
    data, out = market(), tmp_path / "out"
    ablate(recipe_file, rows=["light"], seeds=[0], data=data, out=out, overrides=ONE_EPOCH)
    with pytest.raises(ReseenError, match="finished with other settings or data"):
        ablate(recipe_file, rows=["light"], seeds=[0], data=data, out=out, overrides=["training.epochs=2"])


def test_wrong_rows_and_seeds_are_known_before_training(market, recipe_file, tmp_path):
    wrong = {
        (("mbr_4c",), (0,)): "no model 'mbr_4c'; did you mean 'mbr_4b'",
        (("light", "light"), (0,)): "at least one row, each once, got",
        (("light",), ()): "at least one seed, each once, got",
        ((f"light{METADATA}",), (0,)): "metadata: expected a model with branches",
    }
    for (rows, seeds), message in wrong.items():
        with pytest.raises(ReseenError, match=message):
            ablate(recipe_file, rows=rows, seeds=seeds, data=market(), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_start_weights_that_are_not_at_hand_are_known_before_any_row_is_trained(recipe_file, tmp_path):
    weights = ["model.weights=nowhere.pth"]
    with pytest.raises(ReseenError, match=r"no weights file nowhere\.pth"):
        ablate(recipe_file, rows=["light"], seeds=[0], data=tmp_path, out=tmp_path / "out", overrides=weights)
    assert not (tmp_path / "out").exists()


def test_each_row_is_scored_with_its_trained_network_though_the_recipe_chooses_one(market, recipe_file, tmp_path):
    data, out, said = market(train=9), tmp_path / "out", Lines()
    chooses = [*ONE_EPOCH, "validation.identities=0.34", "validation.choose=true", "validation.train_on_all=true"]
    ablate(recipe_file, rows=["light"], seeds=[0], data=data, out=out, overrides=chooses, progress=said)
    run = open_run(out / "light" / "seed-0")
    assert recipe_of(run).validation.identities == 0.34
    assert not recipe_of(run).validation.choose
    assert not run.choice_file.exists()
    lines = [line for line in said.lines if "validation.choose" in line]
    assert lines == ["an ablation compares trained networks, so validation.choose is false in each of its runs"]


def test_automatic_settings_are_chosen_for_each_row_and_kept_when_the_ablation_goes_on(market, recipe_file, tmp_path):
    data, out, again = market(), tmp_path / "out", Lines()
    automatic = [*ONE_EPOCH, 'data.image_size="auto"', 'sampler.identities="auto"']
    before = ablate(recipe_file, rows=["light"], seeds=[0], data=data, out=out, overrides=automatic)
    recipe = recipe_of(open_run(out / "light" / "seed-0"))
    assert (recipe.data.image_size, recipe.sampler.identities) == ((64, 64), 6), "not the placeholders"
    after = ablate(recipe_file, rows=["light"], seeds=[0], data=data, out=out, overrides=automatic, progress=again)
    assert after == before
    assert again.begun == []
