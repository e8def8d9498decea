"""Sheets of explained pairs: both images, each under maps of what makes it similar to the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.draw.overlay import Values, contrast_overlay, overlay
from reseen.draw.sheet import Tile, draw_sheet, tile_of
from reseen.explain.pairs import RankedPair
from reseen.metrics import Embedded


@dataclass(frozen=True, eq=False)
class ExplainedPair:
    """A pair with its maps, each (h, w) and signed.

    ``shares`` (n,) of the branches; ``query`` and ``match``: the sum of all branches, then each of them where there are
    several. ``contrast``: a map of what in the query speaks for this match rather than for the pair's rival, or None.
    """

    pair: RankedPair
    shares: NDArray[np.floating]
    query: tuple[Values, ...]
    match: tuple[Values, ...]
    contrast: Values | None = None


def map_sheet(
    explained: Sequence[ExplainedPair], *, gallery: Embedded, gallery_paths: Sequence[Path], words: tuple[str, str]
) -> Image.Image:
    """One row per pair; with several branches two, the query's and the match's, with one map per branch.

    ``words`` stand under each map: its method and its stage. PictureError names an image that cannot be read.
    """
    rows: list[list[Tile | None]] = []
    titles: list[str] = []
    branches = len(explained[0].query) - 1
    for entry in explained:
        query, match = _images(entry, gallery, gallery_paths)
        of_query, of_match = (
            _maps(tile, maps, shares=entry.shares, words=words)
            for tile, maps in ((query, entry.query), (match, entry.match))
        )
        query_title, match_title = _titles(entry, gallery)
        if branches:
            rows += [[query, *of_query, _contrast(entry, query)], [match, *of_match, None]]
            titles += [query_title, match_title]
        else:
            rows.append([query, *of_query, match, *of_match, _contrast(entry, query)])
            titles.append(f"{query_title} · {match_title}")
    columns = ["", "sum", *(f"branch {number}" for number in range(1, branches + 1))] if branches else list(_COLUMNS)
    if all(entry.contrast is None for entry in explained):
        return draw_sheet([row[:-1] for row in rows], columns=columns, titles=titles)
    return draw_sheet(rows, columns=[*columns, "match or rank 1"], titles=titles)


_COLUMNS = ("query", "its map", "match", "its map")


def _images(entry: ExplainedPair, gallery: Embedded, gallery_paths: Sequence[Path]) -> tuple[Tile, Tile]:
    pair = entry.pair
    query = tile_of(pair.queries.embedded, pair.row, path=pair.queries.split.paths[pair.row], kind="query")
    path = gallery_paths[pair.entry]
    return query, tile_of(gallery, pair.entry, path=path, kind=pair.kind, similarity=pair.similarity)


def _maps(tile: Tile, maps: Sequence[Values], *, shares: NDArray[np.floating], words: tuple[str, str]) -> list[Tile]:
    """The image under each map; branches share one scale, so that weak ones look weak.

    Frame and badge stay on the plain image: over a map a badge would hide part of it.
    """
    whole, *branches = maps
    top = max((float(branch.max()) for branch in branches), default=0.0)
    drawn = [Tile(overlay(tile.image, whole), "plain", *words)]
    for branch, share in zip(branches, shares, strict=False):
        drawn.append(Tile(overlay(tile.image, branch, top=top), "plain", f"{share:.3f}", "of the sum"))
    return drawn


def _contrast(entry: ExplainedPair, query: Tile) -> Tile | None:
    if entry.contrast is None:
        return None
    return Tile(contrast_overlay(query.image, entry.contrast), "plain", "orange: for match", "blue: for rank 1")


def _titles(entry: ExplainedPair, gallery: Embedded) -> tuple[str, str]:
    """The query's name; the match's rank, whether its identity is right, and its name."""
    pair = entry.pair
    assert pair.queries.embedded.names is not None, "embedded from files"
    assert gallery.names is not None, "embedded from files"
    right = "first match" if pair.rival is not None else "match"
    verdict = {"match": f", {right}", "other": ", no match"}.get(pair.kind, "")
    match = f"rank {pair.rank}{verdict}: {gallery.names[pair.entry]}"
    return str(pair.queries.embedded.names[pair.row]), match
