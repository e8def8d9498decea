"""Sheets of maps: what stands where, and pixels that say what the numbers say."""

import numpy as np
import pytest
import torch
from PIL import Image

from reseen.data.table import split_of
from reseen.draw.overlay import contrast_overlay, overlay
from reseen.draw.sheet import Tile
from reseen.explain import attention_sheet as attention_module
from reseen.explain import map_sheet as map_module
from reseen.explain.attention_sheet import attention_sheet, plot_channels
from reseen.explain.map_sheet import ExplainedPair, map_sheet
from reseen.explain.maps import AttentionMaps
from reseen.explain.pairs import RankedPair
from reseen.explain.queries import QuerySet
from reseen.metrics import Embedded


@pytest.fixture
def grey(tmp_path):
    path = tmp_path / "grey.png"
    Image.new("RGB", (32, 32), (90, 90, 90)).save(path)
    return path


@pytest.fixture
def explained(grey):
    side = Embedded(np.eye(2), np.array(["7", "8"]), np.array(["1", "2"]), names=np.array(["one", "two"]))
    asked = QuerySet(split_of([grey, grey], ["7", "8"]), side)

    def make(branches=1, **about):
        pair = RankedPair(asked, 0, 1, **{"rank": 1, "similarity": 0.5, "kind": "other", **about})
        maps = tuple(np.arange(4.0).reshape(2, 2) + number for number in range(branches + 1 if branches > 1 else 1))
        contrast = None if pair.rival is None else np.array([[1.0, -1.0]])
        return ExplainedPair(pair, np.full(branches, 0.25), query=maps, match=maps, contrast=contrast)

    return make, side, [grey, grey]


@pytest.fixture
def drawn(monkeypatch):
    """What is handed to draw_sheet."""
    seen = {}

    def record(rows, *, columns, titles=None):
        seen.update(rows=rows, columns=columns, titles=titles)
        return Image.new("RGB", (1, 1))

    monkeypatch.setattr(map_module, "draw_sheet", record)
    monkeypatch.setattr(attention_module, "draw_sheet", record)
    return seen


def sheet_of(explained, *pairs):
    return map_sheet(pairs, gallery=explained[1], gallery_paths=explained[2], words=("occlusion", "picture"))


def test_a_pair_of_one_branch_is_one_row(explained, drawn):
    sheet_of(explained, explained[0](), explained[0](kind="match", rank=4, rival=0))
    assert drawn["columns"] == ["query", "its map", "match", "its map", "match or rank 1"]
    assert drawn["titles"] == ["one · rank 1, no match: two", "one · rank 4, first match: two"]
    first, second = drawn["rows"]
    assert first[4] is None
    assert [tile.kind for tile in second] == ["query", "plain", "match", "plain", "plain"]
    assert tuple(second[1][2:]) == ("occlusion", "picture")
    expected = contrast_overlay(second[0].image, np.array([[1.0, -1.0]]))
    assert np.array_equal(second[4].image, expected)


def test_without_a_rival_there_is_no_column_of_contrasts(explained, drawn):
    sheet_of(explained, explained[0](kind="plain"))
    assert drawn["columns"] == ["query", "its map", "match", "its map"]
    assert drawn["titles"] == ["one · rank 1: two"]


def test_branches_are_drawn_beside_their_sum_on_one_scale(explained, drawn):
    sheet_of(explained, explained[0](branches=3, kind="match"))
    assert drawn["columns"] == ["", "sum", "branch 1", "branch 2", "branch 3"]
    assert drawn["titles"] == ["one", "rank 1, match: two"]
    query, match = drawn["rows"]
    assert len(query) == len(match) == 5
    assert tuple(query[2][2:]) == ("0.250", "of the sum")
    plain = query[0].image
    assert np.array_equal(query[2].image, overlay(plain, np.arange(4.0).reshape(2, 2) + 1, top=6))


def test_a_sheet_of_maps_is_drawn_as_an_image(explained):
    sheet = sheet_of(explained, explained[0](), explained[0](kind="match", rank=4, rival=0))
    assert sheet.width > sheet.height > 300


@pytest.fixture
def seen():
    gate = torch.linspace(0, 1, 8).reshape(2, 2, 2)
    flat = 0.5 + gate / 1000
    return [
        AttentionMaps("stage2", "RGA-S", {"gate": gate, "r(i, k)": 1 - gate}, None),
        AttentionMaps("stage2", "RGA-C", {}, torch.rand(2, 9)),
        AttentionMaps("stage3", "HCA", {"weight": flat}, None),
    ]


@pytest.fixture
def tiles():
    return [Tile(Image.new("RGB", (32, 32), (90, 90, 90)), "query", "id 7", "cam 1")] * 2


def test_attention_sheets_have_a_row_per_image_with_the_first_map_of_each_module(tiles, seen, drawn):
    attention_sheet(tiles, seen)
    assert [[tile.second_line for tile in row[1:]] for row in drawn["rows"]] == [
        ["gate 0-0.429", "weight 0.5-0.5"],
        ["gate 0.571-1", "weight 0.501-0.501"],
    ]
    assert [tile.first_line for tile in drawn["rows"][0][1:]] == ["stage2 RGA-S", "stage3 HCA"]


def test_flat_attention_maps_are_drawn_faint(tiles, seen, drawn):
    attention_sheet(tiles, seen)
    _, gate, flat = drawn["rows"][0]
    moved = [np.abs(np.asarray(tile.image, float) - 90).max() for tile in (gate, flat)]
    assert moved[0] > 80
    assert moved[1] < 5


def test_with_a_position_every_attention_map_is_drawn(tiles, seen, drawn):
    attention_sheet(tiles, seen, position=(0.5, 0.5))
    assert [len(row) for row in drawn["rows"]] == [3, 2, 3, 2]
    ringed = np.asarray(drawn["rows"][0][0].image)
    assert (ringed[16, 16] == 90).all()
    assert (ringed[16, 10:16] != 90).any()


def test_channel_weights_are_sorted_by_their_mean(seen):
    figure = plot_channels(seen)
    (axes,) = figure.axes
    drawn = axes.lines[0].get_ydata()
    assert np.allclose(drawn, np.sort(seen[1].channels.mean(dim=0).numpy()))


def test_modules_without_maps_or_channels_draw_nothing(tiles, seen):
    assert attention_sheet(tiles, seen[1:2]) is None
    assert plot_channels([seen[0]]) is None
