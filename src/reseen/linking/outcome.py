"""The outcome of a linking: identities of clusters, the links and doubts behind them, and what to say of them."""

from collections.abc import Iterable, Sequence

import numpy as np

from reseen.linking.candidates import Candidates
from reseen.linking.clocks_apart import clocks_apart
from reseen.linking.clustering import Clusters
from reseen.linking.evidence import Evidence
from reseen.linking.layout import Layout
from reseen.linking.results import Link, Linking, Way, numbered
from reseen.linking.sightings import Sightings
from reseen.linking.topology import Window
from reseen.metrics.array_types import Bools, Float64, Int64

DOUBTS = 200
"""Merges and near merges that are kept, the most doubtful first."""
_DOUBTFUL = 1.5
"""Nats of evidence below which a merge, or above minus which a pair that is not merged, is in doubt."""
_BLOCK = 4096
"""Pairs whose vectors are copied at once."""


def outcome(
    sightings: Sightings,
    evidence: Evidence,
    *,
    clusters: Clusters,
    nearly: Iterable[Link],
    windows: tuple[Window, ...],
    caution: float,
) -> Linking:
    """Clusters and near merges, by the layout's rows, as a linking of the sightings as they were given.

    ``caution``: nats that were taken off the evidence of merges and near merges.
    """
    layout = evidence.layout
    of = _in_given_order(layout, clusters.of)
    ways = tuple(Way(layout.names[a], layout.names[b], times) for (a, b), times in sorted(evidence.travel.ways.items()))
    doubts = _doubts(clusters, nearly)
    return Linking(
        sightings=sightings,
        identities=numbered(of, sightings),
        windows=windows,
        ways=ways,
        links=_chains(sightings, evidence, of),
        doubts=tuple(_as_given(doubt, layout, caution=caution) for doubt in doubts),
        threshold=_threshold_in_words(evidence),
        warnings=(*clocks_apart(ways), *_unsure(evidence)),
    )


def empty_linking(sightings: Sightings, topology: Sequence[Window]) -> Linking:
    """The linking of no tracks."""
    none = np.empty(0, dtype=np.int64)
    return Linking(sightings, none, tuple(topology), (), (), (), "no tracks", ())


def nearly_linked(pairs: Candidates, nats: Float64, *, near: Bools, clusters: Clusters) -> list[Link]:
    """Pairs that were nearly linked, by the layout's rows."""
    apart = clusters.of[pairs.first] != clusters.of[pairs.second]
    rows = np.flatnonzero(near & apart & (nats > -_DOUBTFUL))
    rows = rows[np.argsort(-nats[rows])][:DOUBTS]
    return [Link(int(pairs.first[row]), int(pairs.second[row]), float(nats[row]), linked=False) for row in rows]


def _in_given_order(layout: Layout, of: Int64) -> Int64:
    """From the layout's order to the order that was given."""
    given = np.empty_like(of)
    given[layout.order] = of
    return given


def _doubts(clusters: Clusters, nearly: Iterable[Link]) -> list[Link]:
    """Merges and near merges, the most doubtful first."""
    merged = [Link(*merge, linked=True) for merge in clusters.merges if merge.evidence < _DOUBTFUL]
    return sorted([*merged, *nearly], key=lambda link: abs(link.evidence))[:DOUBTS]


def _as_given(doubt: Link, layout: Layout, *, caution: float) -> Link:
    """The link by the rows that were given, with all of its evidence."""
    first, second = int(layout.order[doubt.first]), int(layout.order[doubt.second])
    return Link(first, second, doubt.evidence + caution, linked=doubt.linked)


def _chains(sightings: Sightings, evidence: Evidence, of: Int64) -> tuple[Link, ...]:
    """Each cluster's sightings in order of time, one to the next."""
    order = np.lexsort((sightings.begin, of))
    follows = of[order][1:] == of[order][:-1]
    first, second = order[:-1][follows], order[1:][follows]
    place = np.empty(len(of), dtype=np.int64)
    place[evidence.layout.order] = np.arange(len(of))
    nats = np.concatenate([evidence.of(place[f], place[s]) for f, s in _blocks(first, second)])
    links = zip(first.tolist(), second.tolist(), nats.tolist(), strict=True)
    return tuple(Link(*link, linked=True) for link in links)


def _blocks(first: Int64, second: Int64) -> list[tuple[Int64, Int64]]:
    """Pairs in blocks, one at least, so that their vectors are never all copied at once."""
    starts = range(0, max(1, len(first)), _BLOCK)
    return [(first[start : start + _BLOCK], second[start : start + _BLOCK]) for start in starts]


def _threshold_in_words(evidence: Evidence) -> str:
    across = evidence.across
    if not across.separated:
        return (
            f"contrast {across.threshold:.3f}, above what wrong pairs reach: right and wrong ones cannot be told apart"
        )
    return (
        f"contrast {across.threshold:.3f} between cameras, chosen from the data: {across.share:.0%} of the pairs that "
        "are each other's best are of one individual"
    )


def _unsure(evidence: Evidence) -> list[str]:
    if evidence.across.separated or len(evidence.layout.names) < 2:
        return []
    return [
        "appearance does not tell right pairs from wrong ones here: few tracks, or a network that does not fit them"
    ]
