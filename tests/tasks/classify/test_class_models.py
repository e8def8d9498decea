"""The networks of the shipped recipes: torchvision's in size, and RGA fits the maps they have."""

import pytest
from torchvision.models import resnet18, resnet50

from reseen.recipe.training import read_as
from reseen.tasks.classify.build import build_classifier
from reseen.tasks.classify.recipe import ClassifyRecipe

THEIRS = {"classify-imagenet-r18-baseline": resnet18, "classify-imagenet-r50-baseline": resnet50}


def parameters(network) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def built(name: str, classes: int):
    return build_classifier(read_as(ClassifyRecipe, name), classes=classes, start_weights=False)


@pytest.mark.parametrize("name", THEIRS)
def test_a_baseline_is_torchvisions_network(name):
    assert parameters(built(name, 1000)) == parameters(THEIRS[name](num_classes=1000))


def test_the_small_stem_has_nine_weights_where_there_were_forty_nine():
    ours, theirs = built("classify-cifar10-baseline", 10), resnet18(num_classes=10)
    assert parameters(theirs) - parameters(ours) == 64 * 3 * (49 - 9)


@pytest.mark.parametrize("name", ["classify-cifar10-rga-sc", "classify-cifar100-rga-s", "classify-bodytype-rga-sc"])
def test_attention_fits_the_maps(name):
    model = built(name, 10)
    assert len(model.backbone.slots) in {2, 4}
    maps = {"classify-bodytype-rga-sc": 3}.get(name, 4)
    assert model.backbone.feature_map[1:] == (maps, maps)
