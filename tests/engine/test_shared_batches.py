"""A recipe's batch is that of all processes together, and a run says so."""

import pytest

from reseen.data.datasets import read_data
from reseen.engine.pretrained import resolved
from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.tasks.reid.components import build_components
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.train import train
from stopping import Recorder


def test_each_process_trains_its_share_of_the_recipes_batch(market, recipe_file):
    recipe = resolved(read_recipe(recipe_file, overrides=["sampler.identities=6"]))
    splits = read_data(market())
    alone = build_components(recipe, splits, rank=0, world_size=1)
    shared = [build_components(recipe, splits, rank=rank, world_size=3) for rank in range(3)]
    assert {len(pieces.batches) for pieces in (alone, *shared)} == {2}
    assert [len(next(iter(pieces.loader)).image) for pieces in (alone, *shared)] == [12, 4, 4, 4]


def test_a_loss_over_pairs_needs_two_identities_on_each_process(market, recipe_file):
    recipe = resolved(read_recipe(recipe_file, overrides=["sampler.identities=4"]))
    with pytest.raises(ReseenError, match=r"triplet needs at least 2 identities on each of 4 processes.*at most 2"):
        build_components(recipe, read_data(market()), rank=0, world_size=4)


def test_a_run_says_how_many_images_a_step_takes(market, recipe_file, tmp_path):
    said = Recorder()
    overrides = ["training.epochs=1", "training.accumulate=2"]
    trained = train(recipe_file, data=market(), out=tmp_path / "run", overrides=overrides, progress=said)
    steps = "12 images a step; 2 steps an epoch, 2 in all"
    assert steps in said.lines
    facts = read_json(trained.run.environment_file)
    assert (facts["processes"], facts["steps"]) == ("1", steps)
