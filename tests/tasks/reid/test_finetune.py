import json

import pytest

from reseen.engine.checkpoint import load_card
from reseen.engine.train import train_task
from reseen.errors import ReseenError
from reseen.progress import Silent
from reseen.recipe.training import read_as
from reseen.tasks.classify import CLASSIFICATION
from reseen.tasks.classify.recipe import ClassifyRecipe
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.choose import Candidate, Choice, Outcome
from reseen.tasks.reid.evaluate import evaluate_baselines, evaluate_run
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.train import train
from reseen.tasks.reid.train_on_all import FOLDER, best_epoch, recipe_on_all

TINY = ["data.workers=0", 'model.backbone="test_resnet.r160_in1k"', "model.weights=none"]
HELD_OUT = ["validation.identities=0.3", "validation.choose=true", "evaluation.every=1"]


class Lines(Silent):
    """Remembers what a run says."""

    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)


@pytest.fixture
def finetuned(market, recipe_file, tmp_path):
    def made(*overrides, **options):
        data = market("set", train=10)
        return train(recipe_file, data=data, out=tmp_path / "run", overrides=[*HELD_OUT, *overrides], **options).run

    return made


def test_a_run_with_held_out_identities_hands_over_the_network_that_they_chose(finetuned):
    run = finetuned()
    choice = json.loads(run.choice_file.read_text())
    assert choice["held_out"] == {"identities": 3, "images": 12}
    card = load_card(run.best_weights)
    assert card.score == pytest.approx(choice["chosen"]["mAP"])
    trained = evaluate_run(run).report.scores()["mAP"]
    assert set(run.scores()) == {"trained"}
    assert evaluate_baselines(run)["untrained"].scores()["mAP"] > 0
    assert run.scores()["trained"]["mAP"] == trained


def test_the_untrained_network_is_kept_where_training_spoils_it(finetuned, monkeypatch):
    from reseen.tasks.reid.choose import handover

    def nothing_is_better(scored, *_args, **_kwargs):
        outcomes = [Outcome(entry.candidate, 0.5, 0.5, None) for entry in scored]
        return Choice(outcomes, outcomes[0], identities=3, images=12, settings="rules")

    monkeypatch.setattr(handover, "choose", nothing_is_better)
    run = finetuned()
    evaluated, untrained = evaluate_run(run).report, evaluate_baselines(run)["untrained"]
    assert evaluated.scores()["mAP"] == pytest.approx(untrained.scores()["mAP"], abs=1e-6)


def test_the_same_command_with_resume_changes_nothing_of_a_finished_run(finetuned):
    run = finetuned()
    before = run.best_weights.read_bytes(), run.choice_file.read_bytes()
    finetuned(resume=True)
    assert (run.best_weights.read_bytes(), run.choice_file.read_bytes()) == before


def test_automatic_settings_of_a_run_are_those_it_began_with_when_it_is_resumed(finetuned, recipe_file):
    automatic = ["training.epochs=auto", "validation.identities=auto", "sampler.identities=auto"]
    run = finetuned(*automatic)
    began = read_recipe(run.recipe_file)
    assert began.automatic == ()
    run.choice_file.unlink()
    resumed = finetuned(*automatic, resume=True)
    assert read_recipe(resumed.recipe_file) == began
    assert resumed.choice_file.exists()


def test_a_last_training_takes_in_the_held_out_identities(finetuned, monkeypatch):
    from reseen.tasks.reid.choose import handover

    def the_trained_is_better(scored, *_args, **_kwargs):
        outcomes = [Outcome(entry.candidate, 0.5, 0.5, None) for entry in scored]
        chosen = next(outcome for outcome in outcomes if outcome.candidate == Candidate(0.5, "pooled"))
        return Choice(outcomes, chosen, identities=3, images=12, settings="rules")

    monkeypatch.setattr(handover, "choose", the_trained_is_better)
    run = finetuned("validation.train_on_all=true")
    assert load_card(run.best_weights).num_identities == 10
    assert load_card(run.trained_weights).num_identities == 7
    assert load_card(run.path / FOLDER / "best.safetensors").num_identities == 10
    assert load_model(run.best_weights).embedding == "pooled"


def test_the_last_training_is_as_long_as_the_chosen_epoch(recipe_file):
    recipe = recipe_on_all(read_recipe(recipe_file, overrides=["training.epochs=9"]), epochs=4)
    assert recipe.training.epochs == 4
    assert not recipe.validation.train_on_all
    with pytest.raises(ReseenError, match=r"train_on_all: .*epoch is 1, within training\.warmup"):
        recipe_on_all(read_recipe(recipe_file, overrides=["training.warmup.epochs=2"]), epochs=1)


def test_the_best_epoch_is_the_first_of_those_with_the_best_score(finetuned):
    run = finetuned()
    run.save_metrics([{"epoch": 1, "mAP": 0.2}, {"epoch": 2, "mAP": 0.4}, {"epoch": 3, "mAP": 0.4}, {"epoch": 4}])
    assert best_epoch(run) == 2


def test_minutes_beside_a_number_of_epochs_are_said_to_change_nothing(finetuned):
    said = Lines()
    finetuned("training.minutes=5", progress=said)
    assert "training.epochs is set to 2, so training.minutes changes nothing" in said.lines


def test_minutes_are_refused_where_a_task_chooses_nothing_from_them(tmp_path):
    recipe = read_as(ClassifyRecipe, "classify-bodytype-baseline", overrides=["training.minutes=5"])
    with pytest.raises(ReseenError, match=r"training\.minutes: recipes of the task 'classify' choose nothing from it"):
        train_task(CLASSIFICATION, recipe, data=tmp_path, out=tmp_path / "run")


def test_minutes_are_measured_and_kept_on_a_real_set(market, tmp_path):
    overrides = ["training.minutes=0.75", *TINY]
    run = train("finetune", data=market("set", train=10), out=tmp_path / "run", overrides=overrides).run
    recipe = read_recipe(run.recipe_file)
    assert recipe.automatic == ()
    assert recipe.training.epochs >= 1
    assert recipe.validation.identities == 0.2
    assert run.choice_file.exists()


def test_with_too_few_identities_a_run_trains_on_all_and_warns(market, tmp_path):
    said = Lines()
    overrides = ["training.epochs=1", *TINY]
    run = train("finetune", data=market("set"), out=tmp_path / "run", overrides=overrides, progress=said).run
    assert any("too few to hold any out" in line for line in said.lines)
    assert "warning: no identities are held out, so nothing shows whether training helped" in said.lines
    assert read_recipe(run.recipe_file).validation.identities == 0
    assert not run.choice_file.exists()
