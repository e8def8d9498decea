"""Handing over: what stands in the run afterwards is the chosen network, whenever the call was killed and repeated."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import nn

from reseen.data.datasets import read_data
from reseen.data.table import Splits
from reseen.engine.checkpoint import load_card, save_weights
from reseen.engine.hardware import one_device
from reseen.engine.pretrained import resolved
from reseen.engine.run import Run, create_run
from reseen.errors import ReseenError
from reseen.metrics import custom_protocol
from reseen.progress import SILENT
from reseen.report.choice import choice_of, choice_section
from reseen.tasks.reid import EvaluationOptions
from reseen.tasks.reid.build import build_embedder, load_model
from reseen.tasks.reid.choose import Choice, hand_over
from reseen.tasks.reid.recipe import Recipe, read_recipe
from reseen.tasks.reid.scoring import score_model
from reseen.tasks.reid.task import REIDENTIFICATION
from stopping import Recorder

RULES = custom_protocol(drop_same_camera=False, junk=(), same_pictures=True)
BRANCHES = (
    'backbone = "narrow_resnet14t"\n'
    'branches = [{ name = "bottleneck", role = "both" }, { name = "hca", role = "both" }]'
)


class Finished(NamedTuple):
    """A run whose training is over, and what is known of it."""

    run: Run
    recipe: Recipe
    splits: Splits
    untrained: nn.Module

    def hand_over(self, progress: Recorder | None = None) -> Choice:
        return hand_over(
            self.run,
            self.untrained,
            validation=self.held_out,
            train=self.splits.train,
            recipe=self.recipe,
            protocol=RULES,
            fabric=one_device("cpu"),
            progress=progress or SILENT,
        )

    @property
    def held_out(self) -> Splits:
        """The gallery's images, each a query against all others."""
        return self.splits._replace(query=self.splits.gallery)

    def score_of_best(self) -> float:
        """The mAP of the run's best weights on the held-out images, embedded anew."""
        model, options = load_model(self.run.best_weights), EvaluationOptions(protocol=RULES)
        result = score_model(
            model, self.held_out, self.recipe, fabric=one_device("cpu"), progress=SILENT, name="", options=options
        )
        return result.report.mean_average_precision


@pytest.fixture
def finished_training(market: Callable[..., Path], recipe_file: Path, tmp_path: Path) -> Callable[..., Finished]:
    """A run without the hours: ``blind`` is the network that cannot tell images apart, "untrained" or "trained"."""

    def make(blind: str, *overrides: str, model: str = "", name: str = "run") -> Finished:
        if model:
            recipe_file.write_text(recipe_file.read_text().replace('backbone = "test_resnet.r160_in1k"', model))
        recipe = resolved(read_recipe(recipe_file, overrides=overrides))
        splits = read_data(market(f"data-{name}", test=9))
        networks = {}
        for which, seed in (("untrained", 0), ("trained", 1)):
            seeded = recipe.model_copy(update={"seed": seed})
            networks[which] = build_embedder(seeded, num_identities=6, start_weights=False)
        _blinded(networks[blind])
        run = create_run(tmp_path / name, recipe)
        card = REIDENTIFICATION.card(recipe, splits, score=0.5)
        save_weights(run.best_weights, networks["trained"].state_dict(), card)
        return Finished(run, recipe, splits, networks["untrained"])

    return make


def _blinded(model: nn.Module) -> None:
    """What differs between images is nearly lost at each norm: their vectors come to lie in nearly one direction."""
    with torch.no_grad():
        for part in model.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.weight.mul_(1e-3)
                part.bias.fill_(1.0)


def test_training_that_helps_is_handed_over_and_the_best_weights_score_as_the_choice_says(finished_training) -> None:
    finished = finished_training("untrained")
    untrained = {name: tensor.clone() for name, tensor in finished.untrained.state_dict().items()}
    recorder = Recorder()
    choice = finished.hand_over(recorder)
    assert not choice.untrained_kept
    assert finished.score_of_best() == pytest.approx(choice.chosen.mean_average_precision)
    assert load_card(finished.run.best_weights).score == pytest.approx(choice.chosen.mean_average_precision)
    assert recorder.lines == [choice.reason]
    assert (choice.identities, choice.images) == (9, len(finished.splits.gallery))
    assert all(torch.equal(tensor, untrained[name]) for name, tensor in finished.untrained.state_dict().items())
    shares = {outcome.candidate.share for outcome in choice.outcomes}
    assert shares == {0.0, 0.25, 0.5, 0.75, 1.0}


def test_training_that_hurts_is_not_handed_over(finished_training) -> None:
    finished = finished_training("trained")
    choice = finished.hand_over()
    assert choice.chosen.mean_average_precision >= choice.outcomes[0].mean_average_precision
    assert choice.chosen.candidate.share < 1
    assert finished.score_of_best() == pytest.approx(choice.chosen.mean_average_precision)


def test_a_network_that_is_kept_untrained_gives_the_untrained_networks_vectors(
    finished_training, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reseen.tasks.reid.choose.choice._chosen", lambda outcomes, *_: outcomes[0])
    finished = finished_training("trained")
    choice = finished.hand_over()
    assert choice.untrained_kept
    image = torch.randn(2, 3, 32, 32)
    expected = finished.untrained.eval()(image)
    torch.testing.assert_close(load_model(finished.run.best_weights)(image).embedding, expected.pooled[0])
    # What `untrained` in scores.json is: a fresh neck only scales, so the ranking is the same.
    cosine = nn.functional.cosine_similarity(expected.pooled[0], expected.embedding)
    torch.testing.assert_close(cosine, torch.ones(2))


def test_an_untrained_network_whose_vectors_have_no_direction_is_an_error_of_one_line(finished_training) -> None:
    finished = finished_training("trained")
    with torch.no_grad():
        for part in finished.untrained.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.weight.zero_()
                part.bias.zero_()
    with pytest.raises(ReseenError, match=r"the untrained network gives a held-out image a vector that is zero"):
        finished.hand_over()


def test_a_trained_network_whose_vectors_are_not_finite_is_no_candidate(finished_training) -> None:
    finished = finished_training("trained")
    tensors = dict(load_model(finished.run.best_weights).state_dict())
    norm = next(name for name in tensors if name.endswith("running_var"))
    tensors[norm] = torch.full_like(tensors[norm], float("nan"))
    save_weights(finished.run.best_weights, tensors, load_card(finished.run.best_weights))
    choice = finished.hand_over()
    assert {outcome.candidate.share for outcome in choice.outcomes} == {0.0}


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("head", ["pooled", "centred", "necked", "whitened"])
def test_every_head_in_the_weights_file_scores_as_it_did_on_the_vectors(
    finished_training, monkeypatch: pytest.MonkeyPatch, head: str, flip: bool
) -> None:
    def chosen(outcomes, *_):
        return next(one for one in outcomes if (one.candidate.share, one.candidate.head) == (0.5, head))

    monkeypatch.setattr("reseen.tasks.reid.choose.choice._chosen", chosen)
    finished = finished_training("untrained", f"evaluation.flip={str(flip).lower()}")
    choice = finished.hand_over()
    assert finished.score_of_best() == pytest.approx(choice.chosen.mean_average_precision)
    model = load_card(finished.run.best_weights).recipe["model"]
    assert model.get("embedding", "necked") == ("necked" if head == "necked" else "pooled")
    assert ("whitening" in model) == (head in {"centred", "whitened"})


def test_the_trainings_own_weights_stay_beside_the_chosen_ones(finished_training) -> None:
    finished = finished_training("trained")
    before = finished.run.best_weights.read_bytes()
    finished.hand_over()
    assert finished.run.trained_weights.read_bytes() == before
    assert finished.run.best_weights.read_bytes() != before


@pytest.mark.parametrize(
    "killed_at",
    ["engine.averages.write_bytes", "tasks.reid.choose.handover.save_weights", "tasks.reid.choose.handover.write_json"],
)
def test_a_call_that_was_killed_is_repeated_to_the_same_files(
    finished_training, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    whole, again = finished_training("untrained", name="whole"), finished_training("untrained", name="again")
    whole.hand_over()

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"reseen.{killed_at}", kill)
        with pytest.raises(KeyboardInterrupt):
            again.hand_over()
    assert not again.run.choice_file.exists()
    again.hand_over()
    for file in ("best.safetensors", "trained.safetensors", "choice.json"):
        assert (again.run.path / file).read_bytes() == (whole.run.path / file).read_bytes()


def test_a_choice_that_was_made_is_read_and_not_made_again(finished_training) -> None:
    finished = finished_training("untrained")
    choice = finished.hand_over()
    finished.run.best_weights.unlink()
    assert finished.hand_over() == choice
    assert not finished.run.best_weights.exists()


def test_a_model_with_branches_is_chosen_among_weights_alone(finished_training) -> None:
    finished = finished_training("untrained", model=BRANCHES)
    choice = finished.hand_over()
    assert [outcome.candidate.head for outcome in choice.outcomes] == ["necked"] * 5
    assert finished.score_of_best() == pytest.approx(choice.chosen.mean_average_precision)


def test_the_page_shows_every_candidate_and_on_what_the_choice_was_made(finished_training) -> None:
    finished = finished_training("untrained")
    assert choice_section(choice_of(finished.run)).empty
    choice = finished.hand_over()
    section = choice_section(choice_of(finished.run))
    (table,) = section.tables
    assert (
        len(table.rows) == len(choice.outcomes) == len(json.loads(finished.run.choice_file.read_text())["candidates"])
    )
    assert [row[0].endswith("(chosen)") for row in table.rows].count(True) == 1
    assert section.notes[0].lower() == f"{choice.reason}.".lower()
    assert "images of 9 training identities" in section.notes[1]
