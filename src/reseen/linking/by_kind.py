"""Kinds: persons and vehicles are linked each by themselves, and what was found is put together.

They never are one individual, and nothing that is learned of the one holds for the other: what a camera adds to their
vectors, how alike two of them are, how long they travel.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reseen.errors import ReseenError, unknown
from reseen.linking.results import Link, Linking, numbered
from reseen.linking.sightings import Sightings
from reseen.linking.topology import Window
from reseen.metrics.array_types import Int64


class Part(NamedTuple):
    """The sightings of one kind, as rows of all, and who is who of them."""

    kind: str
    rows: Int64
    linking: Linking


def kinds_of(sightings: Sightings) -> list[str]:
    """The kinds there are, sorted; "" for sightings of which it is not known."""
    return sorted(set(sightings.kinds)) or [""]


def rows_of(sightings: Sightings, kind: str) -> Int64:
    """The rows of a kind, where kinds are known."""
    return np.flatnonzero(np.asarray(sightings.kinds) == kind)


def windows_of(topology: Sequence[Window], kind: str) -> tuple[Window, ...]:
    """The windows of a kind, and those of all kinds where it has none of its own."""
    own = [window for window in topology if window.kind == kind] if kind else []
    given = {(window.origin, window.target) for window in own}
    shared = [window for window in topology if not window.kind and (window.origin, window.target) not in given]
    return (*own, *shared)


def require_kinds(topology: Sequence[Window], kinds: Sequence[str], *, source: object) -> None:
    """ReseenError where a window of ``source`` is of a kind that no track has."""
    known = [kind for kind in kinds if kind]
    for window in topology:
        if window.kind and not known:
            raise ReseenError(f"{source}: a window is of kind '{window.kind}', but no track says what it is of")
        if window.kind and window.kind not in known:
            raise ReseenError(f"{source}: {unknown('kind', window.kind, known)}")


def put_together(
    sightings: Sightings, parts: Sequence[Part], *, topology: Sequence[Window], doubts: int, caution: float
) -> Linking:
    """One linking of all kinds; at most so many ``doubts``, those whose evidence is nearest to ``caution`` first."""
    clusters, last = np.empty(len(sightings), dtype=np.int64), 0
    for part in parts:
        clusters[part.rows] = part.linking.identities + last
        last = int(clusters[part.rows].max(initial=last))
    learned = [window._replace(kind=part.kind) for part in parts for window in part.linking.windows if window.links > 0]
    doubtful = [link for part in parts for link in _in_all(part, part.linking.doubts)]
    return Linking(
        sightings=sightings,
        identities=numbered(clusters, sightings),
        windows=(*topology, *learned),
        ways=tuple(way._replace(kind=part.kind) for part in parts for way in part.linking.ways),
        links=tuple(link for part in parts for link in _in_all(part, part.linking.links)),
        doubts=tuple(sorted(doubtful, key=lambda link: abs(link.evidence - caution))[:doubts]),
        threshold="; ".join(f"{_named(part.kind)}: {part.linking.threshold}" for part in parts),
        warnings=tuple(f"{_named(part.kind)}: {line}" for part in parts for line in part.linking.warnings),
    )


def _in_all(part: Part, links: Sequence[Link]) -> list[Link]:
    """Links with their rows among all sightings."""
    return [link._replace(first=int(part.rows[link.first]), second=int(part.rows[link.second])) for link in links]


def _named(kind: str) -> str:
    return kind or "unknown kind"
