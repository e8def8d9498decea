"""Pairs of identities that a model confuses, and a sheet of them: each query between its own identity and the other."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from reseen.data.twins import IdentityPair, known_twins
from reseen.deprecation import renamed_keywords
from reseen.draw.sheet import Kind, Tile, draw_sheet, tile_of
from reseen.errors import ReseenError
from reseen.metrics import rankings
from reseen.tasks.reid.scoring import Evaluated

_RANKS = 20
"""First ranks in which a wrong identity counts as confused with the query's."""
_PAIRS = 8
"""Pairs of identities that are looked at, the most confused first."""


class Entry(NamedTuple):
    """A gallery row and its cosine with the query."""

    row: int
    similarity: float


class Confusion(NamedTuple):
    """One query between its own identity and another: the gallery's entries of either, the most similar first."""

    query: int
    own: tuple[Entry, ...]
    other: tuple[Entry, ...]

    @property
    def lead(self) -> float:
        """How much more similar the other's best entry is than the query's own; below 0 the query is ranked right."""
        return self.other[0].similarity - self.own[0].similarity


def confused_pairs(result: Evaluated, *, count: int = _PAIRS) -> list[IdentityPair]:
    """The pairs of identities with the most queries that rank one of the pair before the first of their own."""
    failed = np.flatnonzero(result.report.first_hits > 1)
    if not len(failed):
        return []
    ranked = rankings(
        result.query, result.gallery, protocol=result.protocol, top=_RANKS, queries=failed.astype(np.int64)
    )
    pairs: Counter[IdentityPair] = Counter()
    for place, row in enumerate(failed):
        own = str(result.query.identities[row])
        before = (ranked.indices[place] >= 0) & ~np.maximum.accumulate(ranked.is_match[place])
        others = np.unique(result.gallery.identities[ranked.indices[place][before]])
        pairs.update((min(own, other), max(own, other)) for other in map(str, others))
    by_queries = sorted(pairs.items(), key=lambda entry: (-entry[1], entry[0]))
    return [pair for pair, _ in by_queries[:count]]


def find_confusions(result: Evaluated, pairs: Sequence[IdentityPair]) -> list[Confusion]:
    """The hardest query of each pair, the largest lead of the other first.

    Pairs without a query, or of which either side has no entry that counts, are left out.
    """
    hardest = [_hardest(result, pair) for pair in pairs]
    return sorted((confusion for confusion in hardest if confusion), key=lambda confusion: -confusion.lead)


def hard_pairs(result: Evaluated) -> tuple[str, list[Confusion]]:
    """The word for the other of a pair, and the pairs: twins where the data name them, else the most confused."""
    twins = find_confusions(result, known_twins(result.splits.root))
    return ("twin", twins) if twins else ("other", find_confusions(result, confused_pairs(result)))


def _hardest(result: Evaluated, pair: IdentityPair) -> Confusion | None:
    queries, entries = (
        np.flatnonzero(np.isin(side.identities.astype(np.str_), pair)) for side in (result.query, result.gallery)
    )
    if not len(queries) or not len(entries):
        return None
    ranked = rankings(
        result.query,
        result.gallery.rows(entries),
        protocol=result.protocol,
        top=len(entries),
        queries=queries,
    )
    between = []
    for place, row in enumerate(queries.tolist()):
        counted = [
            (Entry(int(entries[index]), float(similarity)), bool(match))
            for index, similarity, match in zip(
                ranked.indices[place], ranked.similarity[place], ranked.is_match[place], strict=True
            )
            if index >= 0
        ]
        own, other = (tuple(entry for entry, match in counted if match is wanted) for wanted in (True, False))
        if own and other:
            between.append(Confusion(row, own, other))
    return max(between, key=lambda confusion: confusion.lead, default=None)


@renamed_keywords(found="confusions")
def confusion_sheet(
    result: Evaluated, confusions: Sequence[Confusion], *, other: str = "twin", shown: int = 3
) -> Image.Image:
    """A row each: the query, the ``shown`` most similar of its own identity, then those of the other.

    ``other`` is the word for the other identity. ReseenError: no confusions, or an image that cannot be read.
    """
    if not confusions:
        raise ReseenError("a sheet of confusions needs at least one pair of identities, got none")
    rows = [_row(result, confusion, shown=shown) for confusion in confusions]
    columns = [
        "query",
        *(f"same {rank}" for rank in range(1, shown + 1)),
        *(f"{other} {rank}" for rank in range(1, shown + 1)),
    ]
    return draw_sheet(rows, columns=columns, titles=[_title(result, confusion, other) for confusion in confusions])


def _row(result: Evaluated, confusion: Confusion, *, shown: int) -> list[Tile | None]:
    query_path = result.splits.query.paths[confusion.query]
    gallery_paths = result.splits.gallery.paths
    row: list[Tile | None] = [tile_of(result.query, confusion.query, path=query_path, kind="query")]
    kinds: tuple[Kind, Kind] = ("match", "other")
    for kind, entries in zip(kinds, (confusion.own, confusion.other), strict=True):
        tiles = [
            tile_of(
                result.gallery,
                entry.row,
                path=gallery_paths[entry.row],
                kind=kind,
                similarity=entry.similarity,
            )
            for entry in entries[:shown]
        ]
        row += [*tiles, *[None] * (shown - len(tiles))]
    return row


def _title(result: Evaluated, confusion: Confusion, other: str) -> str:
    own = result.query.identities[confusion.query]
    rival = result.gallery.identities[confusion.other[0].row]
    verdict = f"the {other} leads by" if confusion.lead > 0 else "told apart by"
    return f"{own} and {other} {rival}: {verdict} {abs(confusion.lead):.3f}"
