"""What a linking gives: an identity for each sighting, and all that a page needs to show why."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from reseen.linking.sightings import Sightings
from reseen.linking.topology import Window
from reseen.linking.travel import TravelTimes
from reseen.metrics.array_types import Int64


class Way(NamedTuple):
    """Travel times from one camera to another, learned from confident links.

    ``kind``: whose they are, where there are several kinds.
    """

    origin: str
    target: str
    times: TravelTimes
    kind: str = ""


class Link(NamedTuple):
    """Two sightings, as rows, and the evidence that they are one individual, in nats of log odds: 0 is even odds."""

    first: int
    second: int
    evidence: float
    linked: bool


@dataclass(frozen=True, eq=False)
class Linking:
    """Who is who.

    Attributes:
        sightings: The K tracks.
        identities: (K,) numbers from 1, in the order in which individuals were first seen.
        windows: Those given, then those learned.
        ways: The learned travel times.
        links: Each identity's sightings in order of time, linked one to the next.
        doubts: Merges and near merges, the most doubtful first.
        threshold: Of contrast between cameras, and how it was found.
        warnings: One line each.
    """

    sightings: Sightings
    identities: Int64
    windows: tuple[Window, ...]
    ways: tuple[Way, ...]
    links: tuple[Link, ...]
    doubts: tuple[Link, ...]
    threshold: str
    warnings: tuple[str, ...]

    def table(self) -> pl.DataFrame:
        """camera, track, identity: one row a sighting."""
        seen = self.sightings
        columns = {"camera": seen.cameras, "track": seen.tracks, "identity": self.identities}
        return pl.DataFrame({name: pl.Series(np.asarray(values)) for name, values in columns.items()})


def numbered(clusters: Int64, sightings: Sightings) -> Int64:
    """Clusters by the time of their first sighting, from 1."""
    order = np.lexsort((sightings.cameras, sightings.begin))
    names, first = np.unique(clusters[order], return_index=True)
    rank = np.empty(int(clusters.max(initial=-1)) + 1, dtype=np.int64)
    rank[names[np.argsort(first)]] = np.arange(1, len(names) + 1)
    return rank[clusters]
