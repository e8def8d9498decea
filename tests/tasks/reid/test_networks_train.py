"""Each family of networks trains an epoch by the recipe of its authors, on small images and from random weights."""

import json

import pytest

from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.train import train

NETWORKS = {
    "clip-reid-market1501": ("model.blocks=2",),
    "fastreid-sbs-market1501": ("model.backbone=resnet26", "model.non_local=[1, 1]"),
    "lightmbn-market1501": ("model.backbone=osnet_x0_25",),
    "miewid-wildlife": ("model.backbone=tf_efficientnet_lite0",),
    "musp-veri776": ("model.backbone=resnet26", "model.head.width=64"),
    "osnet-x0-25-market1501": (),
    "solider-tiny-market1501": ("model.depths=[1, 1, 1, 1]",),
    "ssbver-veri776": ("model.backbone=resnet26", "training.ema=0.9", "crops={local=1, size=[48, 48]}"),
    "transreid-market1501": ("model.backbone=transreid_deit_tiny", "model.depth=2"),
}
"""Recipe -> what makes its network small."""
SMALL = (
    "data.image_size=[96, 48]",
    "data.workers=0",
    "model.weights=none",
    "model.expect_missing=[]",
    "model.expect_unexpected=[]",
    "sampler={identities=2, images=2}",
    "schedule={name='constant'}",
    "training={epochs=1}",
    "hardware={}",
    "evaluation={every=0, batch_size=8}",
)


@pytest.mark.long
@pytest.mark.parametrize("recipe", NETWORKS)
def test_a_network_trains_an_epoch_by_its_recipe_and_opens_again(market, tmp_path, recipe):
    run = train(recipe, data=market(), out=tmp_path / "run", overrides=[*SMALL, *NETWORKS[recipe]]).run
    (row,) = [row for row in map(json.loads, run.metrics_file.read_text().splitlines()) if "loss" in row]
    assert row["loss"] > 0
    assert load_model(run.best_weights).width > 0
