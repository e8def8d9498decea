"""Which pairs are scored: queries that show marks, each with its best true match and its twin's best picture."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reseen.draw.confusions import IdentityPair
from reseen.metrics import rankings
from reseen.tasks.reid.scoring import Evaluated


class Case(NamedTuple):
    """Rows of a query, of its best true match in the gallery, and of the best picture of its twin, or None."""

    query: int
    match: int
    twin: int | None


def find_cases(result: Evaluated, visible: Sequence[int], *, count: int, twins: Sequence[IdentityPair]) -> list[Case]:
    """At most ``count`` cases of the ``visible`` queries that have a match: one an identity, then a second, and so on.

    Which queries of an identity come first is drawn, the same each time.
    """
    matched = [row for row in visible if not np.isnan(result.report.average_precisions[row])]
    rows = _in_turn(matched, [str(result.query.identities[row]) for row in matched])[:count]
    twin_of = {one: other for pair in twins for one, other in (pair, pair[::-1])}
    found = rankings(result.query, result.gallery, protocol=result.protocol, top=len(result.gallery), queries=rows)
    cases: list[Case] = []
    for row, entries, matches in zip(rows, found.indices, found.is_match, strict=True):
        ranked = entries[entries >= 0]
        own_twin = twin_of.get(str(result.query.identities[row]))
        of_twin = ranked[result.gallery.identities[ranked].astype(np.str_) == own_twin]
        cases.append(Case(row, int(entries[matches][0]), int(of_twin[0]) if len(of_twin) else None))
    return cases


def _in_turn(rows: Sequence[int], identities: Sequence[str]) -> list[int]:
    """Rows shuffled, then dealt so that each identity has its first before any has its second.

    >>> [row // 10 for row in _in_turn([10, 11, 12, 20], ["a", "a", "a", "b"])]
    [1, 2, 1, 1]
    """
    shuffled = np.random.default_rng(0).permutation(len(rows))
    seen: dict[str, int] = {}
    turns = []
    for place in shuffled:
        name = identities[place]
        turns.append((seen.get(name, 0), name, rows[place]))
        seen[name] = seen.get(name, 0) + 1
    return [row for _, _, row in sorted(turns)]
