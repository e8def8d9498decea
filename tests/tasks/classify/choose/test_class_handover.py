"""Handing over: what stands in the run afterwards is the chosen network, whenever the call was killed and repeated."""

import json
from collections.abc import Callable

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from reseen.cli import application
from reseen.engine.checkpoint import load_card, save_weights
from reseen.engine.hardware import one_device
from reseen.engine.run import Run, create_run
from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.models import read_weights
from reseen.progress import SILENT
from reseen.recipe.training import read_as
from reseen.tasks.ablate import ablate
from reseen.tasks.classify import CLASSIFICATION, evaluate_run
from reseen.tasks.classify.build import build_classifier, load_classifier
from reseen.tasks.classify.choose import Candidate, choose_network
from reseen.tasks.classify.choose.page import choice_section
from reseen.tasks.classify.readers import read_classes
from reseen.tasks.classify.recipe import ClassifyRecipe
from reseen.tasks.classify.report import report_run
from reseen.tasks.classify.scoring import score_classifier
from reseen.tasks.classify.validation import hold_out
from stopping import Recorder

CHOOSE = ("validation.images=0.5", "validation.choose=true")


@pytest.fixture
def finished_training(class_folder, classify_recipe, tmp_path) -> Callable[..., Run]:
    """A run without the hours; its trained network answers the first class whatever it sees."""

    def make(*overrides: str, name: str = "run") -> Run:
        recipe = CLASSIFICATION.resolve(read_as(ClassifyRecipe, classify_recipe, overrides=[*CHOOSE, *overrides]))
        data = tmp_path / "classes"
        if not data.exists():
            class_folder(shots=24)
        splits = read_classes(data)
        network = build_classifier(recipe.model_copy(update={"seed": 9}), classes=3, start_weights=False)
        with torch.no_grad():
            network.head.bias[0] = 100
        run = create_run(tmp_path / name, recipe)
        write_json(run.data_file, {"path": str(data), "fingerprint": splits.fingerprint})
        save_weights(run.best_weights, network.state_dict(), CLASSIFICATION.card(recipe, splits, score=0.5))
        return run

    return make


def held_out_top1(run: Run, weights: str = "best.safetensors") -> float:
    """Of a weights file of the run, scored anew on the held-out images."""
    model, recipe, _ = load_classifier(run.path / weights)
    splits = hold_out(read_classes(run.data_path()), recipe)
    return score_classifier(model, splits, recipe, fabric=one_device(), progress=SILENT).top1


def test_a_useless_training_hands_over_the_start_weights_with_a_fitted_head(finished_training):
    run, said = finished_training(), Recorder()
    choice = choose_network(run, progress=said)
    assert choice is not None
    assert choice.untrained_kept
    assert said.lines == [choice.reason]
    assert (choice.images, choice.classes) == (36, 3)
    trained = next(outcome for outcome in choice.outcomes if outcome.candidate.share == 1)
    assert trained.top1 == pytest.approx(1 / 3)
    assert choice.chosen.top1 > 0.6
    assert held_out_top1(run) == held_out_top1(run, "untrained.safetensors") == pytest.approx(choice.chosen.top1)
    assert load_card(run.best_weights).score == pytest.approx(choice.chosen.top1)
    recipe = read_as(ClassifyRecipe, run.recipe_file)
    start = build_classifier(recipe, classes=3, start_weights=True).state_dict()
    tensors = read_weights(run.best_weights).tensors
    assert all(torch.equal(tensors[name], tensor) for name, tensor in start.items() if name.startswith("backbone."))


@pytest.mark.parametrize(
    "forced",
    [
        Candidate(1.0, "trained"),
        Candidate(0.5, "class means"),
        Candidate(0.75, "logistic regression"),
        Candidate(0.25, "class means"),
        Candidate(0.0, "logistic regression"),
    ],
    ids=str,
)
def test_whichever_is_chosen_the_best_weights_score_as_the_choice_says(finished_training, monkeypatch, forced):
    monkeypatch.setattr(
        "reseen.tasks.classify.choose.choice._chosen",
        lambda outcomes: next(outcome for outcome in outcomes if outcome.candidate == forced),
    )
    run = finished_training()
    choice = choose_network(run)
    assert choice is not None
    assert held_out_top1(run) == pytest.approx(choice.chosen.top1)
    assert held_out_top1(run, "untrained.safetensors") == pytest.approx(choice.untrained.top1)


def test_the_trainings_own_weights_stay_beside_the_chosen_ones(finished_training):
    run = finished_training()
    before = run.best_weights.read_bytes()
    choose_network(run)
    assert run.trained_weights.read_bytes() == before
    assert run.best_weights.read_bytes() != before


@pytest.mark.parametrize(
    "killed_at",
    [
        "engine.averages.write_bytes",
        "tasks.classify.choose.handover.save_weights",
        "tasks.classify.choose.handover.write_json",
    ],
)
def test_a_call_that_was_killed_is_repeated_to_the_same_files(finished_training, monkeypatch, killed_at):
    whole, again = finished_training(name="whole"), finished_training(name="again")
    choose_network(whole)

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"reseen.{killed_at}", kill)
        with pytest.raises(KeyboardInterrupt):
            choose_network(again)
    assert not again.choice_file.exists()
    choose_network(again)
    for file in ("best.safetensors", "trained.safetensors", "untrained.safetensors", "choice.json"):
        assert (again.path / file).read_bytes() == (whole.path / file).read_bytes()


def test_a_choice_that_was_made_is_read_and_not_made_again(finished_training):
    run = finished_training()
    choice = choose_network(run)
    run.best_weights.unlink()
    assert choose_network(run) == choice
    assert not run.best_weights.exists()


def test_a_trained_network_whose_vectors_are_not_finite_is_no_candidate(finished_training):
    run = finished_training()
    tensors = read_weights(run.best_weights).tensors
    tensors = {
        name: tensor * float("nan") if tensor.is_floating_point() else tensor for name, tensor in tensors.items()
    }
    save_weights(run.best_weights, tensors, load_card(run.best_weights))
    choice = choose_network(run)
    assert choice is not None
    assert {outcome.candidate.share for outcome in choice.outcomes} == {0.0}


def test_an_untrained_network_whose_vectors_are_not_finite_is_an_error_of_one_line(finished_training, monkeypatch):
    def broken(*args: object, **settings: object) -> nn.Module:
        model = build_classifier(*args, **settings)
        for parameter in model.parameters():
            nn.init.constant_(parameter, float("nan"))
        return model

    monkeypatch.setattr("reseen.tasks.classify.choose.handover.build_classifier", broken)
    with pytest.raises(ReseenError, match="the untrained network gives an image a vector that is not finite"):
        choose_network(finished_training())


def test_a_run_that_wants_no_choice_keeps_its_weights(finished_training):
    run = finished_training("validation.choose=false")
    assert choose_network(run) is None
    assert not run.choice_file.exists()
    assert choice_section(run).empty


def test_scores_and_page_show_the_untrained_network_and_every_candidate(finished_training):
    run = finished_training()
    choice = choose_network(run)
    assert choice is not None
    run.save_metrics([{"epoch": 1, "loss": 1.0, "top1": 0.3, "learning_rate": 0.1}])
    write_json(run.environment_file, {})
    result = evaluate_run(run)
    assert list(run.scores()) == ["most frequent class", "untrained", "trained"]
    assert run.scores()["untrained"] == run.scores()["trained"], "the untrained network was handed over"
    (table,) = choice_section(run).tables
    assert len(table.rows) == len(choice.outcomes) == 9
    assert [row[0].endswith("(chosen)") for row in table.rows].count(True) == 1
    page = report_run(run, result).read_text()
    assert "Choice of the network" in page
    assert "Chosen on 36 training images of 3 classes that were held out" in page


def test_the_command_trains_chooses_and_scores(class_folder, classify_recipe, tmp_path):
    data, out = class_folder(), tmp_path / "run"
    words = ["classify", "train", classify_recipe, "--data", data, "--out", out, "--quiet", "--set", CHOOSE[0]]
    done = CliRunner().invoke(application(), [*map(str, words), "--set", CHOOSE[1]])
    assert done.exit_code == 0, done.output
    assert "untrained" in done.output
    chosen = json.loads((out / "choice.json").read_text())["chosen"]
    assert load_card(out / "best.safetensors").score == pytest.approx(chosen["top1"])
    again = CliRunner().invoke(application(), [*map(str, words), "--set", CHOOSE[1], "--resume"])
    assert again.exit_code == 0, again.output


def test_an_ablation_scores_the_trained_network_though_the_recipe_chooses_one(class_folder, classify_recipe, tmp_path):
    overrides = [*CHOOSE, "training.epochs=1"]
    ablate(
        classify_recipe, rows=["baseline"], seeds=[0], data=class_folder(), out=tmp_path / "out", overrides=overrides
    )
    run = tmp_path / "out" / "baseline" / "seed-0"
    assert not (run / "choice.json").exists()
    assert "choose = false" in (run / "recipe.toml").read_text()
