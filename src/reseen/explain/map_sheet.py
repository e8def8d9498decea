"""Sheets of explained pairs: both pictures, and over each what makes it like the other, branch by branch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.draw.overlay import Values, contrast_overlay, overlay
from reseen.draw.sheet import Tile, draw_sheet, tile_of
from reseen.explain.pairs import Pair
from reseen.metrics import Embedded


@dataclass(frozen=True, eq=False)
class ExplainedPair:
    """A pair with its maps, each (h, w) and signed.

    ``shares`` (n,) of the branches; ``query`` and ``match``: the sum of all branches, then each of them where there are
    several. ``contrast``: what in the query speaks for this match rather than for the pair's rival, or None.
    """

    pair: Pair
    shares: NDArray[np.floating]
    query: tuple[Values, ...]
    match: tuple[Values, ...]
    contrast: Values | None = None


def map_sheet(
    explained: Sequence[ExplainedPair], *, gallery: Embedded, gallery_paths: Sequence[Path], words: tuple[str, str]
) -> Image.Image:
    """A row a pair; two rows, the query's and the match's, where there is a map a branch.

    ``words`` stand under each map: its method and its stage. PictureError names a picture that cannot be read.
    """
    rows: list[list[Tile | None]] = []
    titles: list[str] = []
    branches = len(explained[0].query) - 1
    for one in explained:
        query, match = _pictures(one, gallery, gallery_paths)
        of_query, of_match = (
            _maps(tile, maps, shares=one.shares, words=words) for tile, maps in ((query, one.query), (match, one.match))
        )
        asked, found = _titles(one, gallery)
        if branches:
            rows += [[query, *of_query, _contrast(one, query)], [match, *of_match, None]]
            titles += [asked, found]
        else:
            rows.append([query, *of_query, match, *of_match, _contrast(one, query)])
            titles.append(f"{asked} · {found}")
    columns = ["", "sum", *(f"branch {number}" for number in range(1, branches + 1))] if branches else list(_COLUMNS)
    if all(one.contrast is None for one in explained):
        return draw_sheet([row[:-1] for row in rows], columns=columns, titles=titles)
    return draw_sheet(rows, columns=[*columns, "it or rank 1"], titles=titles)


_COLUMNS = ("query", "why", "found", "why")


def _pictures(one: ExplainedPair, gallery: Embedded, gallery_paths: Sequence[Path]) -> tuple[Tile, Tile]:
    pair = one.pair
    query = tile_of(pair.asked.embedded, pair.row, path=pair.asked.split.paths[pair.row], kind="query")
    path = gallery_paths[pair.entry]
    return query, tile_of(gallery, pair.entry, path=path, kind=pair.kind, similarity=pair.similarity)


def _maps(tile: Tile, maps: Sequence[Values], *, shares: NDArray[np.floating], words: tuple[str, str]) -> list[Tile]:
    """The picture under each map; branches share one scale, so that weak ones look weak.

    Frame and badge stay with the picture itself: over a map a badge would hide what it shows.
    """
    whole, *branches = maps
    top = max((float(branch.max()) for branch in branches), default=0.0)
    drawn = [Tile(overlay(tile.picture, whole), "plain", *words)]
    for branch, share in zip(branches, shares, strict=False):
        drawn.append(Tile(overlay(tile.picture, branch, top=top), "plain", f"{share:.3f}", "of the sum"))
    return drawn


def _contrast(one: ExplainedPair, query: Tile) -> Tile | None:
    if one.contrast is None:
        return None
    return Tile(contrast_overlay(query.picture, one.contrast), "plain", "orange: for it", "blue: for rank 1")


def _titles(one: ExplainedPair, gallery: Embedded) -> tuple[str, str]:
    """The query's name; the match's rank, whether it is right, and its name."""
    pair = one.pair
    assert pair.asked.embedded.names is not None, "embedded from files"
    assert gallery.names is not None, "embedded from files"
    right = "the first that is right" if pair.rival is not None else "right"
    verdict = {"match": f", {right}", "other": ", wrong"}.get(pair.kind, "")
    found = f"rank {pair.rank}{verdict}: {gallery.names[pair.entry]}"
    return str(pair.asked.embedded.names[pair.row]), found
