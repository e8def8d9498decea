"""Which gallery entries count for each query under a protocol, and why a query is skipped.

Q = queries, G = gallery entries that are not junk.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.metrics.embedded import Embedded, Vectors
from reseen.metrics.labels import Codes, Labels, known, shared_codes
from reseen.metrics.protocol import Protocol, protocol_without_cameras
from reseen.types import UNKNOWN

Rows = NDArray[np.int64]

JUNK = "junk identity"
ABSENT = "identity not in the gallery"
OWN_CAMERA = "matches from its own camera only"
SKIP_REASONS = (JUNK, ABSENT, OWN_CAMERA)


class Eligible(NamedTuple):
    """Gallery rows for one query, ascending: its matches, and what the protocol drops from its ranking."""

    matches: Rows
    dropped: Rows


@dataclass(frozen=True, eq=False)
class Selection:
    """A protocol applied to one query set and one gallery.

    ``kept`` (G,) rows of the gallery as given; all other row numbers count within ``kept``.
    """

    kept: Rows
    vectors: Vectors
    query_identities: Rows
    query_junk: NDArray[np.bool_]
    query_cameras: Rows
    gallery_cameras: Rows
    by_identity: Rows
    sorted_identities: Rows

    def __len__(self) -> int:
        return len(self.query_identities)

    def eligible(self, query: int) -> Eligible:
        """The matches of one query, and the entries dropped for it."""
        if self.query_junk[query]:
            return Eligible(matches=self.by_identity[:0], dropped=self.by_identity[:0])
        identity = self.query_identities[query]
        first, end = np.searchsorted(self.sorted_identities, [identity, identity + 1])
        same = self.by_identity[first:end]
        camera = self.query_cameras[query]
        dropped = (self.gallery_cameras[same] == camera) & (camera != UNKNOWN)
        return Eligible(matches=same[~dropped], dropped=same[dropped])

    def skip_reason(self, query: int) -> str:
        """Why a query without matches has none; one of ``SKIP_REASONS``."""
        if self.query_junk[query]:
            return JUNK
        return OWN_CAMERA if len(self.eligible(query).dropped) else ABSENT


def select(query: Embedded, gallery: Embedded, *, protocol: Protocol) -> Selection:
    """Apply a protocol. ReseenError: widths differ, no camera where one is needed, only junk."""
    if query.width != gallery.width:
        raise ReseenError(f"vectors of the query have {query.width} numbers, those of the gallery {gallery.width}")
    kept = np.flatnonzero(~_is_junk(gallery.identities, protocol=protocol)).astype(np.int64)
    if not len(kept):
        raise ReseenError(f"all {len(gallery)} gallery entries have a junk identity ({', '.join(protocol.junk)})")
    identities = shared_codes(query.identities, gallery.identities, what="identities")
    cameras = _cameras(query, gallery, protocol=protocol)
    gallery_identities = identities.gallery[kept]
    by_identity = np.argsort(gallery_identities, kind="stable").astype(np.int64)
    return Selection(
        kept=kept,
        vectors=gallery.vectors if len(kept) == len(gallery) else gallery.vectors[kept],
        query_identities=identities.query,
        query_junk=_is_junk(query.identities, protocol=protocol),
        query_cameras=cameras.query,
        gallery_cameras=cameras.gallery[kept],
        by_identity=by_identity,
        sorted_identities=gallery_identities[by_identity],
    )


def _is_junk(identities: Labels, *, protocol: Protocol) -> NDArray[np.bool_]:
    return np.isin(identities.astype(np.str_), protocol.junk)


def _cameras(query: Embedded, gallery: Embedded, *, protocol: Protocol) -> Codes:
    """Camera numbers of both sides; all unknown where the protocol does not look at cameras."""
    if not protocol.drop_same_camera:
        return Codes(query=np.full(len(query), UNKNOWN), gallery=np.full(len(gallery), UNKNOWN))
    return shared_codes(
        _known_cameras(query, side="query", protocol=protocol),
        _known_cameras(gallery, side="gallery", protocol=protocol),
        what="cameras",
    )


def _known_cameras(embedded: Embedded, *, side: str, protocol: Protocol) -> Labels:
    if embedded.cameras is None or not known(embedded.cameras).any():
        raise ReseenError(
            f"protocol '{protocol.name}' needs cameras, and none is known in the {side}; "
            f"a protocol without cameras is '{protocol_without_cameras()}'"
        )
    return embedded.cameras
