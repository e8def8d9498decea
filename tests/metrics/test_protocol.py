"""Protocols: the table, their words, and a protocol of one's own."""

import dataclasses

import numpy as np
import pytest

from reseen.metrics import PROTOCOLS, Embedded, Protocol, evaluate

VECTORS = np.array([[1.0, 0.0], [1.0, 0.1], [1.0, 0.2], [1.0, 0.3]])


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_each_protocol_says_its_rules_and_its_source(name: str):
    protocol = PROTOCOLS[name]
    assert protocol.name == name
    assert protocol.source
    assert protocol.describe().startswith(f"{name} (")
    assert ("same identity and camera dropped" in protocol.describe()) == protocol.drop_same_camera


def test_the_tables_of_metrics_are_read_only():
    with pytest.raises(TypeError):
        PROTOCOLS["mine"] = PROTOCOLS["veri776"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROTOCOLS["veri776"].drop_same_camera = False


def test_a_custom_protocol_holds_the_rules_that_it_was_given():
    mine = Protocol("mine", drop_same_camera=False, junk=("9",), source="here")
    query = Embedded(VECTORS[:1], [1])
    gallery = Embedded(VECTORS, [9, 2, 1, 9])
    # Entry 0 is junk: the match of entry 2 comes second, after entry 1.
    report = evaluate(query, gallery, protocol=mine)
    assert report.mean_average_precision == pytest.approx(1 / 2)
    assert report.protocol == "mine"
