"""The speed of a recipe is measured on a batch that its losses take."""

from pathlib import Path

from reseen.data.datasets import read_data
from reseen.engine.hardware import one_device
from reseen.engine.pretrained import resolved
from reseen.tasks.reid.automatic.speed import first_batch, measure_speed
from reseen.tasks.reid.recipe import Recipe, read_recipe


def grouped(market, recipe_file: Path) -> tuple[Recipe, object]:
    """A set whose first identity alone has more images than a batch."""
    return resolved(read_recipe(recipe_file)), read_data(market(shots=9))


def test_a_set_in_the_order_of_its_identities_is_measured(market, recipe_file):
    recipe, splits = grouped(market, recipe_file)
    speed = measure_speed(recipe, splits, fabric=one_device("cpu"))
    assert speed.embed > 0
    assert speed.train > 0


def test_the_batch_has_several_identities_with_several_images(market, recipe_file):
    recipe, splits = grouped(market, recipe_file)
    rows = [draw.row for draw in first_batch(recipe, splits.train)]
    identities = splits.train.identities[rows].tolist()
    assert len(set(identities)) == 3
    assert all(identities.count(identity) == 2 for identity in identities)
