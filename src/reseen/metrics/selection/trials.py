"""Trials: which queries are asked and which entries are the gallery, once for all or drawn by seed.

Q = queries, G = gallery entries.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.kernels.segments import Rows, offsets, owners
from reseen.metrics.selection.selection import Matches, Selection, compressed


class Trial(NamedTuple):
    """One ranking of entries for queries.

    ``queries`` (n,) rows that are asked; ``columns`` (C,) the entries that are ranked, ascending; ``lots`` (G,) the
    order in which entries were drawn, None where nothing is.
    """

    queries: Rows
    columns: Rows
    lots: Rows | None


def draw_trials(selection: Selection) -> Iterator[Trial]:
    """The trials of the selection's protocol. Trial t is a function of (seed, t) and the gallery's order."""
    protocol, asked = selection.protocol, np.flatnonzero(selection.groups.length)
    entries = np.arange(len(selection.identities.gallery))
    if protocol.shots is None:
        yield Trial(asked, entries, None)
        return
    for number in range(protocol.trials):
        lots = np.random.default_rng([protocol.seed, number]).permutation(len(entries))
        columns = entries[_drawn(selection.identities.gallery, lots, shots=protocol.shots)]
        yield Trial(_not_drawn(selection, asked, columns), columns, lots)


def matches_in(selection: Selection, trial: Trial, queries: Rows) -> Matches:
    """The matches of those of the queries that have any: all that count, or as many as are drawn, by lot."""
    found = selection.matches(queries)
    if trial.lots is None:
        return found
    assert selection.protocol.shots is not None
    owner = owners(np.diff(found.first))
    drawn = _drawn(owner, trial.lots[found.entries], shots=selection.protocol.shots)
    return compressed(found.queries, owner[drawn], found.entries[drawn])


def _drawn(groups: Rows, lots: Rows, *, shots: int) -> NDArray[np.bool_]:
    """(n,) groups and lots -> (n,) True for the lowest lots of each group."""
    order = np.lexsort((lots, groups))
    lengths = np.unique(groups, return_counts=True)[1]
    place = np.arange(len(groups)) - np.repeat(offsets(lengths)[:-1], lengths)
    drawn = np.empty(len(groups), dtype=np.bool_)
    drawn[order] = place < shots
    return drawn


def _not_drawn(selection: Selection, queries: Rows, columns: Rows) -> Rows:
    """The queries that are not among the columns themselves."""
    names = selection.names
    return queries if names is None else queries[~np.isin(names.query[queries], names.gallery[columns])]
