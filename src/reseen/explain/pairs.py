"""Pairs to explain: each query with entries of its ranking."""

from dataclasses import dataclass, replace

from reseen.draw.sheet import Kind
from reseen.explain.queries import UNKNOWN_IDENTITY, QuerySet
from reseen.metrics import Protocol, rankings
from reseen.metrics.labels import known
from reseen.metrics.protocol import find_protocol
from reseen.tasks.reid.scoring import Evaluated


@dataclass(frozen=True, eq=False)
class RankedPair:
    """A query (``row`` of ``queries``) and a gallery entry: its ``rank`` from 1 under the protocol, their cosine.

    ``kind``: "match" for the same identity, "other" for another, "plain" where the query's identity is unknown.
    ``rival``: for the first true match of a query that ranks another first, that other entry.
    """

    queries: QuerySet
    row: int
    entry: int
    rank: int
    similarity: float
    kind: Kind
    rival: int | None = None


def find_pairs(queries: QuerySet, result: Evaluated, *, top: int = 1) -> list[RankedPair]:
    """Each query with the ``top`` entries of its ranking and, if none of them is a match, with its first match."""
    ranked = rankings(
        queries.embedded, result.gallery, protocol=_protocol_for(queries, result), top=len(result.gallery)
    )
    pairs = []
    for row, (entries, similarities, matches) in enumerate(
        zip(ranked.indices, ranked.similarity, ranked.is_match, strict=True)
    ):
        known = str(queries.embedded.identities[row]) != UNKNOWN_IDENTITY
        shown = [place for place in range(top) if place < len(entries) and entries[place] >= 0]
        if matches.any() and not matches[:top].any():
            shown.append(int(matches.argmax()))
        for place in shown:
            kind: Kind = "plain" if not known else "match" if matches[place] else "other"
            is_late = kind == "match" and not matches[:place].any() and place > 0
            pairs.append(
                RankedPair(
                    queries,
                    row,
                    entry=int(entries[place]),
                    rank=place + 1,
                    similarity=float(similarities[place]),
                    kind=kind,
                    rival=int(entries[0]) if is_late else None,
                )
            )
    return pairs


def _protocol_for(queries: QuerySet, result: Evaluated) -> Protocol:
    """The run's protocol; no entry is dropped for its camera where the cameras of the queries are unknown."""
    protocol, cameras = find_protocol(result.protocol), queries.embedded.cameras
    return protocol if cameras is not None and known(cameras).any() else replace(protocol, drop_same_camera=False)
