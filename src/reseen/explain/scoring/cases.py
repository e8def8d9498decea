"""The cases that are scored: queries that show marks, each with its best match and its twin's best image."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reseen.data.twins import IdentityPair
from reseen.metrics import rankings
from reseen.tasks.reid.scoring import Evaluated


class Case(NamedTuple):
    """Rows of a query, of its best match in the gallery, and of the best image of its twin, or None."""

    query: int
    match: int
    twin: int | None


def find_cases(result: Evaluated, visible: Sequence[int], *, count: int, twins: Sequence[IdentityPair]) -> list[Case]:
    """At most ``count`` cases of the ``visible`` queries that have a match: one per identity, then a second, and so on.

    The order of the queries of an identity is drawn at random, the same each time.
    """
    matched = [row for row in visible if not np.isnan(result.report.average_precisions[row])]
    rows = _in_turn(matched, [str(result.query.identities[row]) for row in matched])[:count]
    twin_of = {identity: twin for pair in twins for identity, twin in (pair, pair[::-1])}
    ranking = rankings(result.query, result.gallery, protocol=result.protocol, top=len(result.gallery), queries=rows)
    cases: list[Case] = []
    for row, entries, matches in zip(rows, ranking.indices, ranking.is_match, strict=True):
        ranked = entries[entries >= 0]
        twin = twin_of.get(str(result.query.identities[row]))
        of_twin = ranked[result.gallery.identities[ranked].astype(np.str_) == twin]
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
