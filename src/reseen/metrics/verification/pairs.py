"""All pairs of a query and a gallery image that count, with their cosine, block by block.

A pair is genuine when both show one identity, else an impostor's. Q = queries, G = gallery entries, of those that are
not junk; I = identities.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Float32, Indices, Vectors
from reseen.metrics.embedded import Embedded
from reseen.metrics.evaluation import require_valid_query
from reseen.metrics.kernels.ragged import take_rows
from reseen.metrics.labels import Codes, shared_codes
from reseen.metrics.protocol import Protocol
from reseen.metrics.ranking.selection import is_junk
from reseen.metrics.similarity import similarity_blocks
from reseen.types import UNKNOWN


class PairBlock(NamedTuple):
    """Some queries: ``rows``, their place among the Q, and ``similarity`` (b, G), -inf where a pair does not count."""

    rows: slice
    similarity: Float32


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs of one query set and one gallery.

    ``identities`` of the Q and the G, numbered alike from 0; ``excluded``: labels that the two images of a pair must
    not share.
    """

    query: Vectors
    gallery: Vectors
    query_rows: Indices
    identities: Codes
    excluded: tuple[Codes, ...]

    @property
    def identity_count(self) -> int:
        """Identities on either side."""
        return int(max(self.identities.query.max(), self.identities.gallery.max())) + 1

    def blocks(self) -> Iterator[PairBlock]:
        """The similarities of every query, in order; the consumer may write into the blocks."""
        start = 0
        for block in similarity_blocks(self.query, self.gallery, queries=self.query_rows):
            rows = slice(start, start + len(block.queries))
            similarity = np.ascontiguousarray(block.similarity)
            for labels in self.excluded:
                similarity[labels.query[rows, None] == labels.gallery] = -np.inf
            yield PairBlock(rows, similarity)
            start = rows.stop


def find_pairs(query: Embedded, gallery: Embedded, *, protocol: Protocol) -> Pairs:
    """The pairs that count under a protocol, whatever its trials.

    Junk stands in no pair, nor do an image and itself (identity, camera and name agree), nor, where the protocol
    drops them from a ranking, two images of one identity and camera. ReseenError: what ``require_valid_query``
    refuses.
    """
    require_valid_query(query, gallery, protocol=protocol)
    query_rows, gallery_rows = (
        np.flatnonzero(~is_junk(side.identities, protocol=protocol)) for side in (query, gallery)
    )
    identities = _renumbered(shared_codes(query.identities, gallery.identities, what="identities"))
    excluded = [
        Codes(labels.query[query_rows], _never_unknown(labels.gallery[gallery_rows]))
        for labels in _not_shared(query, gallery, identities=identities, protocol=protocol)
    ]
    return Pairs(
        query=query.vectors,
        gallery=take_rows(gallery.vectors, gallery_rows),
        query_rows=query_rows,
        identities=_renumbered(Codes(identities.query[query_rows], identities.gallery[gallery_rows])),
        excluded=tuple(excluded),
    )


def _not_shared(query: Embedded, gallery: Embedded, *, identities: Codes, protocol: Protocol) -> Iterator[Codes]:
    """Labels that two images of a pair do not have in common, -1 where unknown."""
    cameras = None
    if query.cameras is not None and gallery.cameras is not None:
        cameras = shared_codes(query.cameras, gallery.cameras, what="cameras")
    if protocol.drop_same_camera and cameras is not None:
        yield _joined([cameras, identities])
    if query.names is not None and gallery.names is not None:
        names = shared_codes(query.names, gallery.names, what="names")
        yield _joined([names, identities] + ([Codes(cameras.query + 1, cameras.gallery + 1)] if cameras else []))


def _joined(labels: Sequence[Codes]) -> Codes:
    """Equal numbers where all labels are equal, -1 where one is unknown."""
    both = np.concatenate([np.stack(side, axis=1) for side in zip(*labels, strict=True)])
    codes = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    codes[(both == UNKNOWN).any(axis=1)] = UNKNOWN
    return Codes(codes[: len(labels[0].query)], codes[len(labels[0].query) :])


def _renumbered(codes: Codes) -> Codes:
    """The same labels from 0 without gaps."""
    numbers = np.unique(np.concatenate(codes), return_inverse=True)[1].astype(np.int64)
    return Codes(numbers[: len(codes.query)], numbers[len(codes.query) :])


def _never_unknown(gallery: Indices) -> Indices:
    """Unknown takes a number that no query has."""
    return np.where(gallery == UNKNOWN, UNKNOWN - 1, gallery)
