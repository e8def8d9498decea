"""The DukeMTMC-reID layout: Market's folders, told apart from Market's by the frame number in the names."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reseen.data.datasets import LAYOUTS, choose_layout, read_data
from reseen.errors import ReseenError


def test_identities_and_cameras_come_from_the_names(duke: Path) -> None:
    splits = read_data(duke)
    assert splits.layout == "dukemtmc"
    assert splits.train.identities.tolist() == ["0002"]
    assert splits.query.cameras.tolist() == ["2"]
    assert splits.gallery.cameras.tolist() == ["5", "8"]


def test_markets_names_are_not_dukes(duke: Path, market: Path, write_image: Callable[..., Path]) -> None:
    assert choose_layout(market) == "market1501"
    write_image(duke / "query/0001_c1s1_001051_00.jpg")
    with pytest.raises(ReseenError, match=r"1 of 2 file names in query does not parse as 0002_c1_f0044158.jpg"):
        read_data(duke)


def test_dukemtmc_is_described_as_withdrawn() -> None:
    assert "withdrawn" in LAYOUTS["dukemtmc"].about.access
    assert "never downloads" in LAYOUTS["dukemtmc"].about.access
