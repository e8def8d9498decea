"""Each layout's own protocol is one there is, agrees with what `check` takes for a match, and is what "auto" means."""

from pathlib import Path

import pytest
import torch

from reseen.data.datasets import LAYOUTS
from reseen.data.table import Splits, split_of
from reseen.engine.embed import embedded
from reseen.metrics import PROTOCOLS, evaluate
from reseen.tasks.reid.load import protocol_for
from reseen.tasks.reid.recipe import read_recipe

OWN = {name: layout for name, layout in LAYOUTS.items() if layout.protocol}


@pytest.mark.parametrize("name", OWN)
def test_a_layouts_protocol_exists_and_check_knows_its_rule(name: str) -> None:
    protocol = PROTOCOLS[str(OWN[name].protocol)]
    assert protocol.drop_same_camera is not OWN[name].same_camera_counts


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("cameras", [["1"], None])
def test_auto_is_the_layouts_own_or_goes_by_cameras(name: str, cameras: list[str] | None) -> None:
    table = split_of(["a.jpg"], ["a"], cameras=cameras)
    splits, recipe = Splits(name, Path(), table, table, table), read_recipe("demo")
    by_cameras = "market1501" if cameras else "wildlife"
    assert protocol_for(recipe, splits) == (LAYOUTS[name].protocol or by_cameras)
    named = recipe.model_copy(update={"evaluation": recipe.evaluation.model_copy(update={"protocol": "wildlife"})})
    assert protocol_for(named, splits) == "wildlife"


def test_tracks_and_file_names_reach_the_protocols_that_need_them() -> None:
    tracked = split_of(["x/a.jpg", "x/b.jpg"], ["7", "7"], extra={"track": ["t1", "t1"]})
    made = embedded(tracked, torch.eye(2))
    assert made.tracks is not None
    assert made.names is not None
    assert (made.tracks.tolist(), made.names.tolist()) == (["t1", "t1"], ["a.jpg", "b.jpg"])
    assert embedded(split_of(["a.jpg"], ["7"]), torch.ones(1, 2)).tracks is None


def test_a_set_that_is_query_and_gallery_at_once_is_scored() -> None:
    images = split_of(["a.jpg", "b.jpg", "c.jpg", "d.jpg"], ["1", "1", "2", "2"])
    vectors = torch.tensor([[1.0, 0.1], [1.0, 0.0], [0.0, 1.0], [0.1, 1.0]])
    report = evaluate(embedded(images, vectors), embedded(images, vectors), protocol="vehicleid")
    assert report.mean_average_precision == pytest.approx(1.0)
