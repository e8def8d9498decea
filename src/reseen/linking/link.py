"""link: tracks of many cameras -> who is who."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reseen.linking.bias import corrected
from reseen.linking.by_kind import Part, kinds_of, put_together, require_kinds, rows_of, windows_of
from reseen.linking.candidates import Candidates, candidates
from reseen.linking.clustering import Clusters, cluster, kept
from reseen.linking.constraints import Constraints
from reseen.linking.evidence import Evidence, judge
from reseen.linking.layout import Layout, bounds_of, lay_out
from reseen.linking.outcome import DOUBTS, empty_linking, nearly_linked, outcome
from reseen.linking.results import Linking
from reseen.linking.settings import DEFAULTS, LinkSettings
from reseen.linking.sightings import Sightings
from reseen.linking.topology import Window, require_known
from reseen.linking.travel import windows as learned_windows
from reseen.metrics.array_types import Bools, Float64, Int64

_LEAST = -2.0
"""Nats below which a pair is not looked at until its clusters meet."""
_NEIGHBOURS = 12
"""Pairs of a sighting that are kept."""


def link(sightings: Sightings, *, settings: LinkSettings = DEFAULTS, topology: Sequence[Window] = ()) -> Linking:
    """Find which tracks are of one individual.

    Appearance and travel times are judged by what this town's own tracks show, without labels (`mixture.py`,
    `travel.py`); clusters are merged while the mean evidence of their pairs speaks for it. Two tracks of one camera
    that overlap in time are never one individual, nor are two that are apart by less than the topology's shortest time.
    Tracks of different kinds never are either: each kind is linked by itself.

    Args:
        sightings: The tracks.
        settings: How.
        topology: Windows between cameras.

    Raises:
        ReseenError: The topology names a camera or a kind that has no track.

    Example:
        >>> seen = Sightings(["a", "b"], [1, 1], [0.0, 9.0], [2.0, 11.0], [[1.0, 0.0], [0.0, 2.0]])
        >>> link(seen).identities.tolist()
        [1, 2]
    """
    require_known(topology, sorted(set(sightings.cameras)) if len(sightings) else [], source="topology")
    if not len(sightings):
        return empty_linking(sightings, topology)
    kinds = kinds_of(sightings)
    require_kinds(topology, kinds, source="topology")
    if len(kinds) == 1:
        return _link(sightings, settings=settings, topology=windows_of(topology, kinds[0]))
    parts = [_part(sightings, kind, settings=settings, topology=topology) for kind in kinds]
    return put_together(sightings, parts, topology=topology, doubts=DOUBTS, caution=settings.caution)


def _part(sightings: Sightings, kind: str, *, settings: LinkSettings, topology: Sequence[Window]) -> Part:
    """The sightings of one kind linked; windows of cameras that saw none of it are left out."""
    rows = rows_of(sightings, kind)
    own = sightings.rows(rows)
    seen = set(own.cameras.tolist())
    windows = [window for window in windows_of(topology, kind) if {window.origin, window.target} <= seen]
    return Part(kind, rows, _link(own, settings=settings, topology=windows))


def _link(sightings: Sightings, *, settings: LinkSettings, topology: Sequence[Window]) -> Linking:
    """Find who is who of one kind."""
    layout = lay_out(sightings, corrected(sightings, settings.bias), topology)
    pairs, evidence, windows = _search(layout, settings, topology)
    limit = np.inf if settings.returns else evidence.travel.usual.longest_break()
    constraints = Constraints(layout, limit)
    graph = _graph(pairs, evidence, constraints, caution=settings.caution)
    clusters = _clusters(graph, evidence, constraints, settings=settings)
    nearly = nearly_linked(pairs, graph.nats, near=graph.near, clusters=clusters)
    return outcome(sightings, evidence, clusters=clusters, nearly=nearly, windows=windows, caution=settings.caution)


class _Search(NamedTuple):
    """The candidates, how they are judged, and the windows that were given and learned."""

    pairs: Candidates
    evidence: Evidence
    windows: tuple[Window, ...]


def _search(layout: Layout, settings: LinkSettings, topology: Sequence[Window]) -> _Search:
    """Find candidates; where windows are learned from them, once more inside those."""
    pairs = candidates(layout, count=settings.neighbours)
    evidence = judge(layout, pairs, learn_times=settings.learn_times)
    learned = _learned(layout, evidence, topology)
    if learned:
        bounds = bounds_of(layout.names, (*topology, *learned))
        narrow = layout._replace(shortest=bounds.shortest, longest=bounds.longest)
        pairs = candidates(narrow, count=settings.neighbours, level=evidence.level)
    return _Search(pairs, evidence, (*topology, *learned))


def _learned(layout: Layout, evidence: Evidence, topology: Sequence[Window]) -> tuple[Window, ...]:
    """Windows of ways that none was given for."""
    given = {(window.origin, window.target) for window in topology}
    return tuple(w for w in learned_windows(layout, evidence.travel) if (w.origin, w.target) not in given)


class _Graph(NamedTuple):
    """E pairs with their evidence ``nats`` (E,), less the caution; ``near`` (E,): those that clustering begins with."""

    first: Int64
    second: Int64
    nats: Float64
    near: Bools


def _graph(pairs: Candidates, evidence: Evidence, constraints: Constraints, *, caution: float) -> _Graph:
    nats = evidence.of_contrast(pairs.contrast, pairs.first, pairs.second) - caution
    nats[constraints.came_back(pairs.first, pairs.second)] = -np.inf
    near = kept(pairs.first, pairs.second, nats, least=_LEAST, most=_NEIGHBOURS)
    return _Graph(pairs.first, pairs.second, nats, near)


def _clusters(graph: _Graph, evidence: Evidence, constraints: Constraints, *, settings: LinkSettings) -> Clusters:
    """Clusters of the layout's rows."""

    def ask(first: Int64, second: Int64) -> Float64:
        return constraints.allowed_evidence(evidence, first, second) - settings.caution

    return cluster(
        len(constraints.layout.order),
        graph.first[graph.near],
        graph.second[graph.near],
        ask=ask,
        evidence=graph.nats[graph.near],
        linkage=settings.linkage,
    )
