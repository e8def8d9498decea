"""What is told of each layout: whole, as plain values, found by name or by the beginning of one."""

import json

import pytest

from reseen.data.datasets import LAYOUTS
from reseen.data.datasets.catalogue import PARTS, count_of, describe, find_layouts, text_lines
from reseen.errors import ReseenError


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_described(name: str) -> None:
    facts = json.loads(json.dumps(describe([name])))[0]
    assert facts["layout"] == name
    assert facts["task"] in {"person", "vehicle", "animal", "any"}
    assert all(facts[field] for field in ("title", "source", "access", "licence", "protocol", "expects"))
    assert all(set(edition) <= {*PARTS, "edition"} for edition in facts["published"])
    told = "\n".join(text_lines([name], briefly=False))
    assert all(facts[field] in told for field in ("title", "source", "access", "licence", "protocol", "expects"))


def test_layouts_are_found_by_the_beginning_of_their_names() -> None:
    assert find_layouts() == list(LAYOUTS)
    assert find_layouts("VehicleID") == ["vehicleid_800", "vehicleid_1600", "vehicleid_2400"]
    assert find_layouts("veri776") == ["veri776"]
    with pytest.raises(ReseenError, match="no data set 'msmt18'; did you mean 'msmt17'"):
        find_layouts("msmt18")


def test_published_counts_are_one_line_for_each_edition() -> None:
    assert count_of("market1501", "gallery") == "15,913 of 751"
    assert count_of("veri776", "train") == "37,778"
    assert count_of("cityflow", "whole") == "36,935 of 333\n52,717 of 440"
    assert count_of("folder", "train") == "-"


def test_in_brief_each_set_has_one_line_and_your_own_none() -> None:
    told = text_lines(list(LAYOUTS), briefly=True)
    assert sum("VERI-Wild" in line for line in told) == 1
    assert not any("your own" in line for line in told)
