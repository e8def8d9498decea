"""link: tracks of many cameras -> who is who."""

from collections.abc import Sequence

import numpy as np

from reseen.linking.bias import corrected
from reseen.linking.by_kind import Part, kinds_of, put_together, require_kinds, rows_of, windows_of
from reseen.linking.candidates import Candidates, candidates
from reseen.linking.clock import gaps
from reseen.linking.clocks_apart import clocks_apart
from reseen.linking.clustering import Clusters, cluster, kept
from reseen.linking.evidence import Evidence, judge
from reseen.linking.layout import Layout, bounds_of, lay_out
from reseen.linking.results import Link, Linking, Way, numbered
from reseen.linking.settings import DEFAULTS, LinkSettings
from reseen.linking.sightings import Sightings
from reseen.linking.topology import Window, require_known
from reseen.linking.travel import windows as learned_windows
from reseen.metrics.array_types import Bools, Float64, Int64

_LEAST = -2.0
"""Nats below which a pair is not looked at until its clusters meet."""
_NEIGHBOURS = 12
"""Pairs of a sighting that are kept."""
_DOUBTS = 200
_DOUBTFUL = 1.5
"""Nats of evidence below which a merge, or above minus which a pair that is not merged, is in doubt."""


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
        return _empty(sightings, topology)
    kinds = kinds_of(sightings)
    require_kinds(topology, kinds)
    if len(kinds) == 1:
        return _link(sightings, settings=settings, topology=windows_of(topology, kinds[0]))
    parts = [_part(sightings, kind, settings=settings, topology=topology) for kind in kinds]
    return put_together(sightings, parts, topology=topology, doubts=_DOUBTS)


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
    pairs = candidates(layout, count=settings.neighbours)
    evidence = judge(layout, pairs, learn_times=settings.learn_times)
    learned = _learned(layout, evidence, topology)
    if learned:
        bounds = bounds_of(layout.names, (*topology, *learned))
        narrow = layout._replace(shortest=bounds.shortest, longest=bounds.longest)
        pairs = candidates(narrow, count=settings.neighbours, level=evidence.level)
    limit = np.inf if settings.returns else evidence.travel.usual.longest_break()
    again = _again(layout, pairs.first, pairs.second, limit=limit)
    nats = evidence.of_contrast(pairs.contrast, pairs.first, pairs.second) - settings.caution
    nats[again] = -np.inf
    near = kept(pairs.first, pairs.second, nats, least=_LEAST, most=_NEIGHBOURS)
    clusters = cluster(
        len(sightings),
        pairs.first[near],
        pairs.second[near],
        ask=lambda first, second: _asked(layout, evidence, first=first, second=second, limit=limit) - settings.caution,
        evidence=nats[near],
        linkage=settings.linkage,
    )
    found = Clusters(_in_order(layout, clusters.of), clusters.merges)
    nearly = _nearly(pairs, nats, near=near, clusters=clusters)
    return _result(
        sightings,
        evidence,
        found=found,
        windows=(*topology, *learned),
        nearly=nearly,
        layout=layout,
        caution=settings.caution,
    )


def _learned(layout: Layout, evidence: Evidence, topology: Sequence[Window]) -> tuple[Window, ...]:
    """Windows of ways that none was given for."""
    given = {(window.origin, window.target) for window in topology}
    return tuple(w for w in learned_windows(layout, evidence.travel) if (w.origin, w.target) not in given)


def _asked(layout: Layout, evidence: Evidence, *, first: Int64, second: Int64, limit: float) -> Float64:
    """Evidence of pairs; -inf for those that cannot be."""
    may = _may_be_one(layout, first, second) & ~_again(layout, first, second, limit=limit)
    return np.where(may, evidence.of(first, second), -np.inf)


def _again(layout: Layout, first: Int64, second: Int64, *, limit: float) -> Bools:
    """Whether both are of one camera, so far apart in time that the individual would have come back."""
    apart = gaps(layout.times(first), layout.times(second)).seconds > limit
    return np.asarray(apart & (layout.camera[first] == layout.camera[second]), dtype=np.bool_)


def _may_be_one(layout: Layout, first: Int64, second: Int64) -> Bools:
    between = gaps(layout.times(first), layout.times(second))
    cameras = layout.camera[first], layout.camera[second]
    least = np.where(between.forward, layout.shortest[cameras], layout.shortest[cameras[::-1]])
    same = cameras[0] == cameras[1]
    return np.asarray((between.seconds >= least) & (~same | (between.seconds >= 0)), dtype=np.bool_)


def _in_order(layout: Layout, of: Int64) -> Int64:
    """From the layout's order to the order that was given."""
    given = np.empty_like(of)
    given[layout.order] = of
    return given


def _nearly(pairs: Candidates, nats: Float64, *, near: Bools, clusters: Clusters) -> list[Link]:
    """Pairs that were nearly linked, by the layout's rows."""
    apart = clusters.of[pairs.first] != clusters.of[pairs.second]
    rows = np.flatnonzero(near & apart & (nats > -_DOUBTFUL))
    rows = rows[np.argsort(-nats[rows])][:_DOUBTS]
    return [Link(int(pairs.first[row]), int(pairs.second[row]), float(nats[row]), linked=False) for row in rows]


def _result(
    sightings: Sightings,
    evidence: Evidence,
    *,
    layout: Layout,
    found: Clusters,
    windows: tuple[Window, ...],
    nearly: list[Link],
    caution: float,
) -> Linking:
    order = layout.order.tolist()
    merged = [Link(*merge, linked=True) for merge in found.merges if merge.evidence < _DOUBTFUL]
    doubts = sorted([*merged, *nearly], key=lambda link: abs(link.evidence))[:_DOUBTS]
    given = [
        Link(order[doubt.first], order[doubt.second], doubt.evidence + caution, linked=doubt.linked) for doubt in doubts
    ]
    ways = tuple(Way(layout.names[a], layout.names[b], times) for (a, b), times in sorted(evidence.travel.ways.items()))
    return Linking(
        sightings=sightings,
        identities=numbered(found.of, sightings),
        windows=windows,
        ways=ways,
        links=_chains(sightings, evidence, layout=layout, of=found.of),
        doubts=tuple(given),
        threshold=_said(evidence),
        warnings=(*clocks_apart(ways), *_unsure(evidence)),
    )


def _chains(sightings: Sightings, evidence: Evidence, *, layout: Layout, of: Int64) -> tuple[Link, ...]:
    """Each cluster's sightings in order of time, one to the next."""
    order = np.lexsort((sightings.begin, of))
    follows = of[order][1:] == of[order][:-1]
    first, second = order[:-1][follows], order[1:][follows]
    place = np.empty(len(of), dtype=np.int64)
    place[layout.order] = np.arange(len(of))
    nats = np.concatenate([evidence.of(place[f], place[s]) for f, s in _blocks(first, second)])
    links = zip(first.tolist(), second.tolist(), nats.tolist(), strict=True)
    return tuple(Link(*link, linked=True) for link in links)


def _blocks(first: Int64, second: Int64) -> list[tuple[Int64, Int64]]:
    """Pairs in blocks, one at least, so that their vectors are never all copied at once."""
    step = 4096
    return [(first[at : at + step], second[at : at + step]) for at in range(0, max(1, len(first)), step)]


def _said(evidence: Evidence) -> str:
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


def _empty(sightings: Sightings, topology: Sequence[Window]) -> Linking:
    none = np.empty(0, dtype=np.int64)
    return Linking(sightings, none, tuple(topology), (), (), (), "no tracks", ())
