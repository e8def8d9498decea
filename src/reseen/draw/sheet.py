"""Ranked sheets: queries at the left and the entries of their rankings to the right, framed by correctness."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from reseen.data.opening import open_image
from reseen.errors import ReseenError
from reseen.metrics import Embedded, Protocol, rankings
from reseen.metrics.labels import Labels
from reseen.types import UNKNOWN

Kind = Literal["query", "match", "other", "plain"]
"""``plain``: any other image, such as a map, or an entry that may or may not be a match."""

FRAMES: dict[Kind, tuple[int, int, int]] = {
    "query": (44, 98, 178),
    "match": (22, 140, 72),
    "other": (208, 48, 40),
    "plain": (150, 157, 165),
}
"""Frame colours. Matches and others also differ by a sign in the corner, for colour-blind readers."""

_PAPER, _INK, _FAINT, _MAT = (255, 255, 255), (28, 32, 38), (104, 112, 122), (226, 229, 233)
_AREA = 144 * 144
_FRAME, _GAP, _MARGIN, _HEADER, _LINE, _BADGE = 5, 12, 20, 34, 24, 13
_CAPTION, _HEADING = 2 * _LINE + 8, _LINE + 8
_CAPTION_SIZE, _TITLE_SIZE = 19, 20

_TICK = (((-0.45, 0.05), (-0.12, 0.38), (0.48, -0.32)),)
_CROSS = (((-0.36, -0.36), (0.36, 0.36)), ((-0.36, 0.36), (0.36, -0.36)))


class Tile(NamedTuple):
    """One framed image with two short lines under it."""

    image: Image.Image
    kind: Kind
    first_line: str
    second_line: str


def ranked_sheet(
    query: Embedded,
    gallery: Embedded,
    *,
    query_paths: Sequence[Path],
    gallery_paths: Sequence[Path],
    queries: Sequence[int],
    top: int = 10,
    protocol: str | Protocol = "market1501",
    titles: Sequence[str] | None = None,
) -> Image.Image:
    """``ranked_tiles`` as a sheet, with ``titles`` of the rows if given. ReseenError without queries."""
    if not queries:
        raise ReseenError("a ranked sheet needs at least one query, got none")
    rows = ranked_tiles(
        query,
        gallery,
        query_paths=query_paths,
        gallery_paths=gallery_paths,
        queries=queries,
        top=top,
        protocol=protocol,
    )
    return draw_sheet(rows, columns=rank_columns(top), titles=titles)


def ranked_tiles(
    query: Embedded,
    gallery: Embedded,
    *,
    query_paths: Sequence[Path],
    gallery_paths: Sequence[Path],
    queries: Sequence[int],
    top: int = 10,
    protocol: str | Protocol = "market1501",
) -> list[list[Tile]]:
    """A row per query in ``queries``: the query, then the ``top`` entries of its ranking under the protocol.

    ``query_paths`` and ``gallery_paths`` have the order of the vectors. Under each image: identity; camera and, for
    entries, cosine similarity. ReseenError names an image that cannot be read.
    """
    for side, paths, embedded in (("query", query_paths, query), ("gallery", gallery_paths, gallery)):
        if len(paths) != len(embedded):
            raise ValueError(f"{side}_paths: expected {len(embedded)}, one per vector, got {len(paths)}")
    ranked = rankings(query, gallery, protocol=protocol, top=top, queries=queries)
    rows = []
    for place, row in enumerate(queries):
        tiles = [tile_of(query, row, path=query_paths[row], kind="query")]
        for index, similarity, match in zip(
            ranked.indices[place], ranked.similarity[place], ranked.is_match[place], strict=True
        ):
            if index >= 0:
                kind: Kind = "match" if match else "other"
                tiles.append(tile_of(gallery, index, path=gallery_paths[index], kind=kind, similarity=similarity))
        rows.append(tiles)
    return rows


def rank_columns(top: int) -> list[str]:
    """The column titles of ``ranked_tiles``."""
    return ["query", *(str(rank) for rank in range(1, top + 1))]


def tile_of(side: Embedded, row: int, *, path: Path, kind: Kind, similarity: float | None = None) -> Tile:
    """An image of query or gallery with its identity, its camera and, if given, a similarity under it."""
    camera = _camera_words(side.cameras, row)
    second = camera if similarity is None else f"{camera} · {similarity:.3f}"
    return Tile(open_image(path), kind, f"id {side.identities[row]}", second)


def draw_sheet(
    rows: Sequence[Sequence[Tile | None]], *, columns: Sequence[str], titles: Sequence[str] | None = None
) -> Image.Image:
    """Tiles in a grid under column titles, each row under its own title if ``titles`` are given.

    The first column is set a little apart; None leaves a place empty. All tiles have the same size.
    """
    width, height = _tile_size([tile.image for row in rows for tile in row if tile is not None])
    heading = 0 if titles is None else _HEADING
    step_x, step_y = width + 2 * _FRAME + _GAP, heading + height + 2 * _FRAME + _CAPTION + _GAP
    sheet_width = 2 * _MARGIN + len(columns) * step_x
    sheet = Image.new("RGB", (sheet_width, _MARGIN + _HEADER + len(rows) * step_y + _MARGIN - _GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)

    def left(column: int) -> int:
        return _MARGIN + column * step_x + (_GAP if column else 0)

    for column, title in enumerate(columns):
        centre = left(column) + width // 2 + _FRAME
        draw.text((centre, _MARGIN), title, font=_font(_TITLE_SIZE), fill=_FAINT, anchor="ma")
    for number, row in enumerate(rows):
        top = _MARGIN + _HEADER + number * step_y
        if titles is not None:
            draw.text((_MARGIN, top), titles[number], font=_font(_TITLE_SIZE), fill=_INK, anchor="la")
        for column, tile in enumerate(row):
            if tile is not None:
                _draw_tile(sheet, tile, corner=(left(column), top + heading), size=(width, height))
    return sheet


def _camera_words(cameras: Labels | None, row: int) -> str:
    if cameras is None or str(cameras[row]) in {"", str(UNKNOWN)}:
        return "cam ?"
    return f"cam {cameras[row]}"


def _tile_size(images: Sequence[Image.Image]) -> tuple[int, int]:
    """One size of fixed area for all, with the shape of the median image, between 1 : 2 and 2 : 1."""
    shapes = sorted(image.width / image.height for image in images)
    shape = min(max(shapes[len(shapes) // 2], 0.5), 2.0)
    height = round((_AREA / shape) ** 0.5)
    return max(round(height * shape), 136), height


def _draw_tile(sheet: Image.Image, tile: Tile, *, corner: tuple[int, int], size: tuple[int, int]) -> None:
    left, top = corner
    width, height = size
    draw = ImageDraw.Draw(sheet)
    right, bottom = left + width + 2 * _FRAME, top + height + 2 * _FRAME
    draw.rectangle((left, top, right - 1, bottom - 1), fill=FRAMES[tile.kind])
    draw.rectangle((left + _FRAME, top + _FRAME, right - _FRAME - 1, bottom - _FRAME - 1), fill=_MAT)
    scale = min(width / tile.image.width, height / tile.image.height)
    fitted = (max(1, round(tile.image.width * scale)), max(1, round(tile.image.height * scale)))
    image = tile.image.resize(fitted, Image.Resampling.LANCZOS)
    sheet.paste(image, (left + _FRAME + (width - fitted[0]) // 2, top + _FRAME + (height - fitted[1]) // 2))
    if tile.kind in ("match", "other"):
        _draw_badge(sheet, kind=tile.kind, centre=(right - _BADGE - 2, top + _BADGE + 2))
    centre = (left + right) // 2
    for line, (text, colour) in enumerate(((tile.first_line, _INK), (tile.second_line, _FAINT))):
        words = _shortened(text, width=right - left)
        draw.text((centre, bottom + 4 + line * _LINE), words, font=_font(_CAPTION_SIZE), fill=colour, anchor="ma")


def _draw_badge(sheet: Image.Image, *, kind: Kind, centre: tuple[int, int]) -> None:
    """A disc with a tick or a cross, drawn four times too large and shrunk for smooth edges."""
    side, half = 8 * _BADGE, 4 * _BADGE
    disc = Image.new("L", (side, side), 0)
    ImageDraw.Draw(disc).ellipse((0, 0, side - 1, side - 1), fill=255)
    face = Image.new("RGB", (side, side), FRAMES[kind])
    for stroke in _TICK if kind == "match" else _CROSS:
        points = [(half + x * half, half + y * half) for x, y in stroke]
        ImageDraw.Draw(face).line(points, fill=_PAPER, width=half // 4, joint="curve")
    small = (2 * _BADGE, 2 * _BADGE)
    corner = (centre[0] - _BADGE, centre[1] - _BADGE)
    sheet.paste(face.resize(small, Image.Resampling.LANCZOS), corner, disc.resize(small, Image.Resampling.LANCZOS))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _shortened(text: str, *, width: int) -> str:
    """The text, or as much of its end as fits after three dots, since names differ at their ends."""
    font = _font(_CAPTION_SIZE)
    if font.getlength(text) <= width:
        return text
    cut = next(start for start in range(1, len(text) + 1) if font.getlength("..." + text[start:]) <= width)
    return "..." + text[cut:]
