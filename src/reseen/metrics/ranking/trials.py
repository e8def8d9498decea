"""Trials: which queries are ranked against which entries, all of them once or several draws by seed.

Q = queries, G = gallery entries.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Bools, Indices
from reseen.metrics.kernels.ragged import offsets, owners
from reseen.metrics.ranking.selection import Matches, Selection, compressed


class Trial(NamedTuple):
    """One ranking of entries for queries.

    ``queries`` (n,) rows of the queries; ``columns`` (C,) the entries that are ranked, ascending; ``lots`` (G,) the
    order in which entries were drawn, None without draws.
    """

    queries: Indices
    columns: Indices
    lots: Indices | None


def draw_trials(selection: Selection) -> Iterator[Trial]:
    """The trials of the selection's protocol. Trial t is a function of (seed, t) and the gallery's order."""
    protocol, queries = selection.protocol, np.flatnonzero(selection.groups.length)
    entries = np.arange(len(selection.identities.gallery))
    if protocol.shots is None:
        yield Trial(queries, entries, None)
        return
    for number in range(protocol.trials):
        lots = np.random.default_rng([protocol.seed, number]).permutation(len(entries))
        columns = entries[_drawn(selection.identities.gallery, lots, shots=protocol.shots)]
        yield Trial(_not_drawn(selection, queries, columns), columns, lots)


def matches_in(selection: Selection, trial: Trial, queries: Indices) -> Matches:
    """The matches of those of the queries that have any: all that count, or as many as the protocol draws."""
    matches = selection.matches(queries)
    if trial.lots is None:
        return matches
    assert selection.protocol.shots is not None
    owner = owners(np.diff(matches.first))
    drawn = _drawn(owner, trial.lots[matches.entries], shots=selection.protocol.shots)
    return compressed(matches.queries, owner[drawn], matches.entries[drawn])


def _drawn(groups: Indices, lots: Indices, *, shots: int) -> Bools:
    """(n,) groups and lots -> (n,) True for the lowest lots of each group."""
    order = np.lexsort((lots, groups))
    lengths = np.unique(groups, return_counts=True)[1]
    place = np.arange(len(groups)) - np.repeat(offsets(lengths)[:-1], lengths)
    drawn = np.empty(len(groups), dtype=np.bool_)
    drawn[order] = place < shots
    return drawn


def _not_drawn(selection: Selection, queries: Indices, columns: Indices) -> Indices:
    """The queries that are not among the columns themselves."""
    names = selection.names
    return queries if names is None else queries[~np.isin(names.query[queries], names.gallery[columns])]
