"""Pairs to explain: each query asked about, with what was found for it."""

from dataclasses import dataclass, replace

from reseen.draw.sheet import Kind
from reseen.explain.queries import NOBODY, Asked
from reseen.metrics import Protocol, rankings
from reseen.metrics.labels import known
from reseen.metrics.protocol import find_protocol
from reseen.tasks.reid.scoring import Evaluated


@dataclass(frozen=True, eq=False)
class Pair:
    """A query (``row`` of ``asked``) and a gallery entry: its ``rank`` from 1 under the protocol, their cosine.

    ``kind``: "match" for the same identity, "other" for another, "plain" where the query's identity is not known.
    ``rival``: for the first true match of a query that ranks another first, that other entry.
    """

    asked: Asked
    row: int
    entry: int
    rank: int
    similarity: float
    kind: Kind
    rival: int | None = None


def find_pairs(asked: Asked, result: Evaluated, *, top: int = 1) -> list[Pair]:
    """Each query with the ``top`` entries of its ranking and, if none is a match, with the first that is."""
    found = rankings(asked.embedded, result.gallery, protocol=_protocol_for(asked, result), top=len(result.gallery))
    pairs = []
    for row, (entries, similarities, matches) in enumerate(
        zip(found.indices, found.similarity, found.is_match, strict=True)
    ):
        known = str(asked.embedded.identities[row]) != NOBODY
        shown = [place for place in range(top) if place < len(entries) and entries[place] >= 0]
        if matches.any() and not matches[:top].any():
            shown.append(int(matches.argmax()))
        for place in shown:
            kind: Kind = "plain" if not known else "match" if matches[place] else "other"
            is_late = kind == "match" and not matches[:place].any() and place > 0
            pairs.append(
                Pair(
                    asked,
                    row,
                    entry=int(entries[place]),
                    rank=place + 1,
                    similarity=float(similarities[place]),
                    kind=kind,
                    rival=int(entries[0]) if is_late else None,
                )
            )
    return pairs


def _protocol_for(asked: Asked, result: Evaluated) -> Protocol:
    """The run's, but that nothing is left out for its camera where no camera is known of what is asked about."""
    protocol, cameras = find_protocol(result.protocol), asked.embedded.cameras
    return protocol if cameras is not None and known(cameras).any() else replace(protocol, drop_same_camera=False)
