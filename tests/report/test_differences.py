"""How two runs differ: settings that differ and no others, and names that tell the runs apart."""

from pathlib import Path

import pytest

from reseen.report import Change
from reseen.report.differences import change_section, changes, distinct_names, flat_settings, recipe_section

NAMES = ("plain", "ours")
CHANGED = [Change("model.name", '"a"', '"b"'), Change("model.attention.stage3.name", "", '"rga_s"')]


def test_changed_settings_stand_side_by_side():
    section = recipe_section(CHANGED, names=NAMES, alike=42)
    assert section.tables[0].columns == ("setting", "plain", "ours")
    assert section.tables[0].rows == [
        ("model.name", '"a"', '"b"'),
        ("model.attention.stage3.name", "not set", '"rga_s"'),
    ]
    assert section.notes == ["42 more settings are the same in both."]


def test_equal_recipes_are_said_to_be_equal_and_equal_environments_are_left_out():
    assert recipe_section([], names=NAMES, alike=44).notes == ["The recipes are the same, line by line."]
    assert change_section("Environment", [], names=NAMES).empty


def test_settings_are_flat_and_only_differences_are_listed():
    first = flat_settings('seed = 0\nsize = [1, 2]\n[model]\nname = "a"\n[model.attention]\n[transforms.flip]\n')
    second = flat_settings('seed = 0\nsize = [1, 3]\n[model]\nname = "a"\n[model.attention.stage3]\nname = "rga_s"\n')
    assert first == {
        "seed": "0",
        "size": "[1, 2]",
        "model.name": '"a"',
        "model.attention": "{}",
        "transforms.flip": "{}",
    }
    assert changes(first, second) == [
        ("size", "[1, 2]", "[1, 3]"),
        ("transforms.flip", "{}", ""),
        ("model.attention.stage3.name", "", '"rga_s"'),
    ]
    assert changes(first, first) == []


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("runs/market", "runs/veri", ("market", "veri")),
        ("runs/lka/seed-0", "runs/rga/seed-0", ("lka", "rga")),
        ("runs/lka/seed-0", "runs/rga/seed-1", ("lka/seed-0", "rga/seed-1")),
        ("runs/lka/seed-0", "runs/lka/seed-1", ("seed-0", "seed-1")),
        ("runs/lka", "runs/lka/again", ("runs/lka", "runs/lka/again")),
    ],
)
def test_runs_are_named_by_what_their_paths_do_not_share(first, second, names):
    assert distinct_names(Path(first), Path(second)) == names
