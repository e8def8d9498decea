"""Which gallery entries count for each query under a protocol.

Q = queries, G = gallery entries (images, or tracks of images) that are not junk, P = images behind them.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from reseen.errors import ReseenError
from reseen.metrics.array_types import Bools, Indices, Vectors
from reseen.metrics.embedded import Embedded
from reseen.metrics.kernels.ragged import offsets, owners, ranges, take_rows
from reseen.metrics.labels import Codes, Labels, known, shared_codes
from reseen.metrics.protocol import Protocol, protocol_without_cameras
from reseen.types import UNKNOWN


class Eligible(NamedTuple):
    """Gallery entries for one query, ascending: its matches, and what the protocol drops from its ranking."""

    matches: Indices
    dropped: Indices


class Matches(NamedTuple):
    """The matches of some queries, one query after the other.

    ``queries`` (b,) those that have any; ``first`` (b + 1,) where each one's begin; ``entries`` (p,) ascending for
    each.
    """

    queries: Indices
    first: Indices
    entries: Indices


class Groups(NamedTuple):
    """Entries by identity: ``members`` (G,); those of a query's are ``length`` (Q,) of them from ``begin`` (Q,)."""

    members: Indices
    begin: Indices
    length: Indices


@dataclass(frozen=True, eq=False)
class Selection:
    """A protocol applied to one query set and one gallery.

    ``kept`` (P,) rows of the gallery as given, entry after entry; ``starts`` (G + 1,) where each entry's begin.
    ``identities``, ``cameras`` and, where they matter, ``names`` of the queries and the entries are numbered alike.
    """

    protocol: Protocol
    gallery: Vectors
    kept: Indices
    starts: Indices
    identities: Codes
    cameras: Codes
    names: Codes | None
    query_junk: Bools
    groups: Groups

    def __len__(self) -> int:
        return len(self.query_junk)

    @cached_property
    def vectors(self) -> Vectors:
        """(P, D) of the images kept; a copy where some are not."""
        return take_rows(self.gallery, self.kept)

    def eligible(self, query: int) -> Eligible:
        """The matches of one query, and the entries dropped for it."""
        same = self.groups.members[self.groups.begin[query] :][: self.groups.length[query]]
        dropped = self._is_dropped(np.full(len(same), query), same)
        return Eligible(matches=same[~dropped], dropped=same[dropped])

    def matches(self, queries: Indices) -> Matches:
        """The matches of those of the queries that have any."""
        lengths = self.groups.length[queries]
        owner = owners(lengths)
        entries = self.groups.members[ranges(self.groups.begin[queries], lengths)]
        counts = ~self._is_dropped(queries[owner], entries)
        return compressed(queries, owner[counts], entries[counts])

    def _is_dropped(self, queries: Indices, entries: Indices) -> Bools:
        """(n,) pairs of one identity -> (n,) True where the protocol drops the entry from the query's ranking."""
        dropped = _same(self.cameras, queries, entries)
        return dropped if self.names is None else dropped | _same(self.names, queries, entries)


def compressed(queries: Indices, owner: Indices, entries: Indices) -> Matches:
    """(b,) queries, (p,) the place of each match's query among them, ascending, and (p,) matches -> those with any."""
    lengths = np.bincount(owner, minlength=len(queries))
    return Matches(queries=queries[lengths > 0], first=offsets(lengths[lengths > 0]), entries=entries)


def select(query: Embedded, gallery: Embedded, *, protocol: Protocol) -> Selection:
    """Apply a protocol to images. ReseenError: widths differ, a label is missing that it needs, only junk."""
    if query.width != gallery.width:
        raise ReseenError(f"vectors of the query have {query.width} numbers, those of the gallery {gallery.width}")
    kept = np.flatnonzero(~is_junk(gallery.identities, protocol=protocol)).astype(np.int64)
    if not len(kept):
        raise ReseenError(f"all {len(gallery)} gallery entries have a junk identity ({', '.join(protocol.junk)})")
    both = shared_codes(query.identities, gallery.identities, what="identities")
    cameras = _cameras(query, gallery, protocol=protocol)
    names = _names(query, gallery, identities=both, protocol=protocol)
    identities, junk = Codes(both.query, both.gallery[kept]), is_junk(query.identities, protocol=protocol)
    return Selection(
        protocol=protocol,
        gallery=gallery.vectors,
        kept=kept,
        starts=np.arange(len(kept) + 1),
        identities=identities,
        cameras=Codes(cameras.query, cameras.gallery[kept]),
        names=None if names is None else Codes(names.query, names.gallery[kept]),
        query_junk=junk,
        groups=group(identities, junk=junk),
    )


def group(identities: Codes, *, junk: Bools) -> Groups:
    """(Q,) and (G,) identities -> the entries of each query's; none where the query (Q,) is junk."""
    members = np.argsort(identities.gallery, kind="stable").astype(np.int64)
    ordered = identities.gallery[members]
    begin = np.searchsorted(ordered, identities.query)
    length = np.searchsorted(ordered, identities.query, side="right") - begin
    return Groups(members=members, begin=begin, length=np.where(junk, 0, length))


def _same(codes: Codes, queries: Indices, entries: Indices) -> Bools:
    labels = codes.query[queries]
    return np.asarray((codes.gallery[entries] == labels) & (labels != UNKNOWN))


def is_junk(identities: Labels, *, protocol: Protocol) -> Bools:
    """(N,) -> (N,) True for identities that the protocol leaves out for every query."""
    if identities.dtype.kind == "i":
        identities = identities.astype(np.str_)
    return np.isin(identities, protocol.junk)


def _cameras(query: Embedded, gallery: Embedded, *, protocol: Protocol) -> Codes:
    """Camera numbers of queries and gallery; all unknown where the protocol ignores cameras."""
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


def _names(query: Embedded, gallery: Embedded, *, identities: Codes, protocol: Protocol) -> Codes | None:
    """Numbers of the images, by name and identity; None where the protocol ignores names."""
    if not protocol.same_pictures:
        return None
    for side, embedded in (("query", query), ("gallery", gallery)):
        if embedded.names is None or not known(embedded.names).all():
            raise ReseenError(
                f"protocol '{protocol.name}' tells an image from itself by name, and the {side} has "
                f"{'no names' if embedded.names is None else 'images without one'}: give names to both sides"
            )
    assert query.names is not None
    assert gallery.names is not None
    names = shared_codes(query.names, gallery.names, what="names")
    count = max(identities.query.max(), identities.gallery.max()) + 2
    return Codes(*(name * count + identity + 1 for name, identity in zip(names, identities, strict=True)))
