"""Ranked sheets: the right images in the right frames, all tiles of one size."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from reseen.draw import Tile, draw_sheet, ranked_sheet
from reseen.draw import sheet as sheet_module
from reseen.draw.sheet import FRAMES
from reseen.errors import ReseenError
from reseen.metrics import Embedded

INKS = {"a": (250, 200, 0), "b": (0, 200, 250), "c": (150, 0, 150)}


@pytest.fixture
def images(tmp_path: Path) -> dict[str, Path]:
    sizes = {"a": (120, 80), "b": (60, 90), "c": (90, 90)}
    for name, ink in INKS.items():
        Image.new("RGB", sizes[name], ink).save(tmp_path / f"{name}.png")
    return {name: tmp_path / f"{name}.png" for name in INKS}


def toward(*angles: float) -> np.ndarray:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def framed(sheet: Image.Image) -> list[tuple[str, tuple[int, int, int, int]]]:
    """Each frame's kind and box, left to right and top to bottom, found from its pixels alone."""
    pixels = np.asarray(sheet)
    found = []
    for kind, colour in FRAMES.items():
        runs = np.all(pixels == colour, axis=2)
        long_rows = [row for row in range(1, len(runs)) if runs[row].sum() > 100 and not runs[row - 1].sum() > 100]
        for top in long_rows[::2]:
            edges = np.flatnonzero(np.diff(np.concatenate([[0], runs[top].astype(int), [0]])))
            for left, right in zip(edges[::2], edges[1::2], strict=True):
                column = runs[top:, left]
                bottom = top + (int(np.argmin(column)) if not column.all() else len(column))
                found.append((kind, (int(left), top, int(right), bottom)))
    return sorted(found, key=lambda entry: (entry[1][1], entry[1][0]))


def centre_of(sheet: Image.Image, box: tuple[int, int, int, int]) -> tuple[int, int, int]:
    return sheet.getpixel(((box[0] + box[2]) // 2, (box[1] + box[3]) // 2))


def test_a_ranked_sheet_has_frames_images_and_their_order(images: dict[str, Path]):
    query = Embedded(toward(0.0), ["x"], ["c1"])
    gallery = Embedded(toward(0.5, 0.1, 0.2, 0.05), ["x", "y", "x", "x"], ["c2", "c2", "", "c1"])
    sheet = ranked_sheet(
        query,
        gallery,
        query_paths=[images["a"]],
        gallery_paths=[images["a"], images["b"], images["c"], images["a"]],
        queries=[0],
        top=6,
    )
    # Nearest is the query's own camera, which the protocol drops; then y at .1, x at .2, x at .5.
    tiles = framed(sheet)
    assert [kind for kind, _ in tiles] == ["query", "other", "match", "match"]
    assert [centre_of(sheet, box) for _, box in tiles] == [INKS["a"], INKS["b"], INKS["c"], INKS["a"]]
    assert len({(right - left, bottom - top) for _, (left, top, right, bottom) in tiles}) == 1
    assert {top for _, (_, top, _, _) in tiles} == {tiles[0][1][1]}


def test_rows_of_a_sheet_follow_the_given_queries(images: dict[str, Path]):
    side = Embedded(toward(0.0, 1.0, 2.0), ["x", "y", "z"])
    paths = list(images.values())
    sheet = ranked_sheet(side, side, query_paths=paths, gallery_paths=paths, queries=[2, 0], top=1, protocol="wildlife")
    tiles = framed(sheet)
    assert [kind for kind, _ in tiles] == ["query", "match"] * 2
    assert [centre_of(sheet, box) for _, box in tiles] == [INKS["c"], INKS["c"], INKS["a"], INKS["a"]]


def test_images_on_a_sheet_keep_their_shape():
    tall, wide = Image.new("RGB", (50, 100), (9, 99, 199)), Image.new("RGB", (100, 50), (9, 99, 199))
    sheet = draw_sheet([[Tile(tall, "query", "", ""), Tile(wide, "match", "", "")]], columns=["query", "1"])
    for (_, (left, top, right, bottom)), shape in zip(framed(sheet), (0.5, 2.0), strict=True):
        inside = np.all(
            np.abs(np.asarray(sheet.crop((left, top, right, bottom))).astype(int) - (9, 99, 199)) < 3, axis=2
        )
        # A badge may cover a corner, so the middle row and column are measured.
        width, height = inside[inside.shape[0] // 2].sum(), inside[:, inside.shape[1] // 2].sum()
        assert width / height == pytest.approx(shape, rel=0.03)
        assert width == right - left - 10 or height == bottom - top - 10


def test_captions_give_identity_camera_and_similarity(images: dict[str, Path], monkeypatch):
    said = []

    def listen(rows, *, columns, titles):
        said.extend((tile.first_line, tile.second_line) for row in rows for tile in row)
        return columns

    monkeypatch.setattr(sheet_module, "draw_sheet", listen)
    query = Embedded(toward(0.0), [7], [1])
    gallery = Embedded(toward(np.pi / 3, 0.0), [7, 8], [2, -1])
    paths = [images["a"], images["b"]]
    columns = ranked_sheet(query, gallery, query_paths=paths[:1], gallery_paths=paths, queries=[0], top=2)
    assert columns == ["query", "1", "2"]
    assert said == [("id 7", "cam 1"), ("id 8", "cam ? · 1.000"), ("id 7", "cam 2 · 0.500")]


def test_long_captions_keep_their_end():
    font = ImageFont.load_default(19)
    assert sheet_module._shortened("id 0042", width=200) == "id 0042"
    short = sheet_module._shortened("id vehicle-with-a-very-long-name-0042", width=136)
    assert short.startswith("...")
    assert short.endswith("-0042")
    assert 100 < font.getlength(short) <= 136


def test_the_same_sheet_has_the_same_bytes(images: dict[str, Path]):
    side, paths = Embedded(toward(0.0, 1.0, 2.0), [1, 2, 3]), list(images.values())
    draw = {"query_paths": paths, "gallery_paths": paths, "queries": [1], "protocol": "wildlife"}
    assert ranked_sheet(side, side, **draw).tobytes() == ranked_sheet(side, side, **draw).tobytes()


def test_wrong_calls_of_sheets_are_refused(images: dict[str, Path], tmp_path: Path):
    side, paths = Embedded(toward(0.0, 1.0), [1, 2]), list(images.values())
    with pytest.raises(ValueError, match="gallery_paths: expected 2, one per vector, got 3"):
        ranked_sheet(side, side, query_paths=paths[:2], gallery_paths=paths, queries=[0], protocol="wildlife")
    with pytest.raises(ReseenError, match="at least one query"):
        ranked_sheet(side, side, query_paths=paths[:2], gallery_paths=paths[:2], queries=[], protocol="wildlife")
    gone = [tmp_path / "gone.png"] * 2
    with pytest.raises(ReseenError, match=r"gone\.png"):
        ranked_sheet(side, side, query_paths=gone, gallery_paths=gone, queries=[0], protocol="wildlife")
