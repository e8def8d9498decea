"""Linker: identities as tracks come, with earlier ones revised where later tracks speak against them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reseen.errors import ReseenError
from reseen.linking.link import link
from reseen.linking.results import Linking
from reseen.linking.settings import DEFAULTS, LinkSettings
from reseen.linking.sightings import Sightings, joined
from reseen.linking.topology import Window
from reseen.metrics.array_types import Int64


class Revised(NamedTuple):
    """A track that now has another identity than it was given."""

    camera: str
    track: str
    before: int
    now: int


class Updated(NamedTuple):
    """(n,) identities of the tracks that came, and earlier tracks that were revised."""

    identities: Int64
    revised: tuple[Revised, ...]


class Linker:
    """Links tracks as they come.

    Args:
        settings: How.
        topology: Windows between cameras.
        horizon: Seconds; tracks that ended longer ago than that before the newest one are forgotten, and keep their
            identities.

    Example:
        >>> linker = Linker()
        >>> first = linker.update(Sightings(["a"], [1], [0.0], [2.0], [[1.0, 0.0]]))
        >>> first.identities.tolist(), first.revised
        ([1], ())
    """

    def __init__(
        self, *, settings: LinkSettings = DEFAULTS, topology: Sequence[Window] = (), horizon: float = np.inf
    ) -> None:
        if not horizon > 0:
            raise ReseenError(f"horizon: expected seconds above 0, got {horizon}")
        self._settings, self._topology, self._horizon = settings, tuple(topology), horizon
        self._held: Sightings | None = None
        self._identities = np.empty(0, dtype=np.int64)
        self._next = 1
        self.linking: Linking | None = None

    def update(self, tracks: Sightings) -> Updated:
        """Add tracks that have ended; all that are held are linked anew, and keep their numbers where they can."""
        before, count = self._identities, len(tracks)
        held = tracks if self._held is None else joined(self._held, tracks)
        cameras = set(held.cameras.tolist()) if len(held) else set()
        kinds = {"", *held.kinds}
        known = [w for w in self._topology if {w.origin, w.target} <= cameras and w.kind in kinds]
        linking = link(held, settings=self._settings, topology=known)
        identities = self._named(linking.identities, before)
        changed = np.flatnonzero(identities[: len(before)] != before)
        revised = tuple(
            Revised(str(held.cameras[row]), str(held.tracks[row]), int(before[row]), int(identities[row]))
            for row in changed
        )
        self._keep(held, identities)
        self.linking = linking
        return Updated(identities[len(identities) - count :], revised)

    def _named(self, clusters: Int64, before: Int64) -> Int64:
        """Numbers of identities: each cluster has that of most of its earlier tracks, which no other has then."""
        old = clusters[: len(before)]
        pairs, votes = np.unique(np.stack([old, before], axis=1), axis=0, return_counts=True)
        names: dict[int, int] = {}
        for place in np.lexsort((pairs[:, 1], -votes)):
            cluster, identity = (int(value) for value in pairs[place])
            if cluster not in names and identity not in names.values():
                names[cluster] = identity
        for cluster in np.unique(clusters).tolist():
            if cluster not in names:
                names[cluster] = self._next
                self._next += 1
        return np.array([names[cluster] for cluster in clusters.tolist()], dtype=np.int64)

    def _keep(self, held: Sightings, identities: Int64) -> None:
        newest = held.end.max(initial=-np.inf)
        recent = np.asarray(held.end >= newest - self._horizon)
        self._held, self._identities = held.rows(recent), identities[recent]
