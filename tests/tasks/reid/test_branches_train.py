"""A multi-branch model from a recipe: trained with metadata, its trunk at rest first, loaded and scored by name."""

from pathlib import Path

import pytest
import torch

from reseen.engine.checkpoint import load_card
from reseen.errors import ReseenError
from reseen.recipe.training import recipe_text
from reseen.tasks.reid.build import build_embedder, load_model
from reseen.tasks.reid.evaluate import evaluate
from reseen.tasks.reid.recipe import read_recipe, recipe_of
from reseen.tasks.reid.train import train

BRANCHED = """
seed = 3

[data]
image_size = [32, 32]
workers = 0

[model]
backbone = "narrow_resnet26"
branches = [{ name = "hca", role = "classify" }, { name = "lka", role = "triplet", kernel = 9 }]
metadata = { drop = 0.25 }

[sampler]
identities = 3
images = 2

[losses]
cross_entropy = {}
triplet = {}

[optimizer]
name = "adam"
learning_rate = 1e-3

[training]
epochs = 1

[hardware]
accelerator = "cpu"
"""


@pytest.fixture
def branched(tmp_path: Path) -> Path:
    path = tmp_path / "branched.toml"
    path.write_text(BRANCHED)
    return path


@pytest.fixture
def trained(market, branched, tmp_path):
    """One epoch in which the trunk rests."""
    return train(branched, data=market(), out=tmp_path / "run", overrides=["training.freeze_backbone=1"]).run


def test_a_run_learns_its_branches_and_leaves_a_resting_trunk_alone(trained) -> None:
    model, recipe = load_model(trained.best_weights), recipe_of(trained)
    began = build_embedder(recipe, num_identities=6, start_weights=True, metadata_names=(("1", "2"), ()))
    moved = {
        name.split(".")[0]
        for name, parameter in began.named_parameters()
        if not torch.equal(parameter, model.get_parameter(name))
    }
    assert moved == {"branches", "metadata"}
    assert model.metadata.camera_names == ("1", "2")
    assert load_card(trained.best_weights).camera_names == ["1", "2"]
    assert set(trained.metrics()[0]["losses"]) == {"cross_entropy", "triplet"}


def test_scores_use_the_cameras_unless_they_are_withheld(trained) -> None:
    given, withheld = evaluate(trained), evaluate(trained, metadata="withheld")
    assert given.query.vectors.shape == withheld.query.vectors.shape == (3, 2 * 192)
    assert abs(given.query.vectors - withheld.query.vectors).max() > 1e-4
    only_views = evaluate(trained, metadata="views").query.vectors
    assert (only_views == withheld.query.vectors).all(), "this set has no views"
    assert {"trained", "trained, metadata withheld", "trained, metadata views"} == set(trained.scores())


def test_the_trunk_moves_once_its_rest_is_over(market, branched, tmp_path) -> None:
    overrides = ["training.freeze_backbone=1", "training.epochs=2"]
    run = train(branched, data=market(), out=tmp_path / "run", overrides=overrides).run
    began = build_embedder(recipe_of(run), num_identities=6, start_weights=True, metadata_names=(("1", "2"), ()))
    model = load_model(run.best_weights)
    assert not torch.equal(began.backbone.body.conv1.weight, model.backbone.body.conv1.weight)


def test_the_recipe_as_run_reads_back_the_same(branched, tmp_path) -> None:
    recipe = read_recipe(branched)
    again = tmp_path / "again.toml"
    again.write_text(recipe_text(recipe))
    assert read_recipe(again) == recipe
    assert "dilation = 3" in again.read_text(), "a default of lka"


def test_a_name_stands_for_its_lines_and_gives_way_to_those_beside_it(branched) -> None:
    named = read_recipe(branched, overrides=['model={name="lka_reid", backbone="narrow_resnet26"}']).model
    assert (named.backbone, named.ibn) == ("narrow_resnet26", "a")
    assert [(line["name"], line["role"]) for line in named.branches] == [
        ("hca", "classify"),
        ("hca", "triplet"),
        ("lka", "classify"),
        ("lka", "triplet"),
    ]


BAD = {
    'model={name="lka_ried"}': "no model 'lka_ried'; did you mean 'lka_reid'",
    'model.branches=[{name="hka", role="both"}]': "no branch 'hka'; did you mean '[hl]",
    'model.branches=[{name="hca", role="all"}]': "hca: role: expected one of classify, triplet, both, got 'all'",
    'model.branches=[{name="lka", role="both", kernal=9}]': "lka: no setting 'kernal'; did you mean 'kernel'",
    'model.branches=[{role="both"}]': "expected name = one of bot, bottleneck, hca",
    "model.branches=[]": "metadata: expected a model with branches, got none",
    "model.metadata.drop=2.0": r"metadata\.drop: .*less than or equal to 1",
    "training.freeze_backbone=-1": r"freeze_backbone: .*greater than or equal to 0",
    "evaluation.metadata=camera": r"evaluation\.metadata: .*'given', 'cameras'",
}


@pytest.mark.parametrize(("override", "message"), BAD.items())
def test_a_bad_line_is_one_line_that_says_where(branched, override, message) -> None:
    with pytest.raises(ReseenError, match=message) as caught:
        read_recipe(branched, overrides=[override])
    assert "\n" not in str(caught.value)
