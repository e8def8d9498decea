"""evaluate: a query set and a gallery in, one Report out.

Q = queries. Similarity is the cosine; ties stand in gallery order.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.metrics.counting import Hits, count_hits
from reseen.metrics.embedded import Embedded
from reseen.metrics.protocol import Protocol, find_protocol
from reseen.metrics.ranking import cumulative_matches, find_average_precision, inverse_negative_penalty
from reseen.metrics.selection import OWN_CAMERA, SKIP_REASONS, Selection, select
from reseen.metrics.similarity import similarity_blocks


@dataclass(frozen=True, eq=False)
class Report:
    """Scores as fractions, means over the evaluated queries.

    ``cmc`` (L,): share of queries with a match by rank 1..L. ``average_precisions`` and
    ``inverse_negative_penalties`` (Q,), NaN for a skipped query; ``first_hits`` (Q,) ranks from 1, 0 for a
    skipped query. ``skipped``: queries by reason. ``protocol`` and ``average_precision`` name the rules;
    ``settings`` says them in words.
    """

    mean_average_precision: float
    mean_inverse_negative_penalty: float
    cmc: NDArray[np.float64]
    average_precisions: NDArray[np.float64]
    inverse_negative_penalties: NDArray[np.float64]
    first_hits: NDArray[np.int64]
    evaluated: int
    skipped: dict[str, int]
    protocol: str
    average_precision: str
    settings: str

    def at(self, rank: int) -> float:
        """Share of queries with a match among the first ``rank``. ValueError past the end of ``cmc``."""
        if not 1 <= rank <= len(self.cmc):
            raise ValueError(f"rank: expected 1 to {len(self.cmc)}, got {rank}")
        return float(self.cmc[rank - 1])

    @property
    def rank1(self) -> float:
        """Share of queries whose first entry is a match."""
        return self.at(1)

    @property
    def rank5(self) -> float:
        """Share of queries with a match among the first five."""
        return self.at(5)

    @property
    def rank10(self) -> float:
        """Share of queries with a match among the first ten."""
        return self.at(10)

    def scores(self) -> dict[str, float]:
        """The headline scores, as fractions."""
        return {
            "mAP": self.mean_average_precision,
            "rank1": self.rank1,
            "rank5": self.rank5,
            "mINP": self.mean_inverse_negative_penalty,
        }

    def as_dict(self) -> dict[str, Any]:
        """Everything but the per-query values, ready for JSON."""
        return {
            **self.scores(),
            "rank10": self.rank10,
            "cmc": self.cmc.tolist(),
            "evaluated": self.evaluated,
            "skipped": dict(self.skipped),
            "protocol": self.protocol,
            "average_precision": self.average_precision,
            "settings": self.settings,
        }


def evaluate(
    query: Embedded,
    gallery: Embedded,
    *,
    protocol: str | Protocol = "market1501",
    average_precision: str = "rectangle",
    cmc_length: int = 50,
) -> Report:
    """Rank the gallery for every query and score the ranks of the matches.

    Which entries count is the protocol's; an entry or a query of unknown camera never shares one. Identity
    0 is an identity like any other, so distractors stay in every ranking. A query without a valid match is
    skipped. ReseenError: unknown protocol or average precision, what ``select`` refuses, no query with a
    valid match.
    """
    if cmc_length < 10:
        raise ValueError(f"cmc_length: expected at least 10, got {cmc_length}")
    rules = find_protocol(protocol)
    precision = find_average_precision(average_precision)
    selection = select(query, gallery, protocol=rules)
    hits = _all_hits(query, selection)
    if not hits:
        raise ReseenError(_nothing_valid(query, selection, protocol=rules))
    evaluated = np.array(sorted(hits))
    precisions, penalties = np.full(len(query), np.nan), np.full(len(query), np.nan)
    first_hits = np.zeros(len(query), dtype=np.int64)
    for row, found in hits.items():
        precisions[row] = precision(found)
        penalties[row] = inverse_negative_penalty(found)
        first_hits[row] = found.ranks[0]
    return Report(
        mean_average_precision=float(precisions[evaluated].mean()),
        mean_inverse_negative_penalty=float(penalties[evaluated].mean()),
        cmc=cumulative_matches(first_hits[evaluated], length=cmc_length),
        average_precisions=precisions,
        inverse_negative_penalties=penalties,
        first_hits=first_hits,
        evaluated=len(evaluated),
        skipped=_count_skipped(selection, hits),
        protocol=rules.name,
        average_precision=average_precision,
        settings=f"{rules.describe()}, {average_precision} average precision, cosine, ties in gallery order",
    )


def require_valid_query(query: Embedded, gallery: Embedded, *, protocol: str | Protocol = "market1501") -> None:
    """ReseenError when no query has a valid match, which the labels alone decide; says which identities and cameras."""
    rules = find_protocol(protocol)
    selection = select(query, gallery, protocol=rules)
    if not any(len(selection.eligible(row).matches) for row in range(len(query))):
        raise ReseenError(_nothing_valid(query, selection, protocol=rules))


def _all_hits(query: Embedded, selection: Selection) -> dict[int, Hits]:
    """The ranked matches of every query that has one."""
    matched = np.array([row for row in range(len(query)) if len(selection.eligible(row).matches)], dtype=np.int64)
    hits = {}
    for block in similarity_blocks(query.vectors, selection.vectors, queries=matched):
        for row, similarity in zip(block.queries.tolist(), block.similarity, strict=True):
            matches, dropped = selection.eligible(row)
            similarity[dropped] = -np.inf
            vector = query.vectors[row]
            hits[row] = count_hits(similarity, matches=matches, query=vector, gallery=selection.vectors)
    return hits


def _count_skipped(selection: Selection, hits: dict[int, Hits]) -> dict[str, int]:
    counts = Counter(selection.skip_reason(row) for row in range(len(selection)) if row not in hits)
    return {reason: counts[reason] for reason in SKIP_REASONS if counts[reason]}


def _nothing_valid(query: Embedded, selection: Selection, *, protocol: Protocol) -> str:
    reasons = np.array([selection.skip_reason(row) for row in range(len(query))])
    clauses = []
    for reason in SKIP_REASONS:
        skipped = reasons == reason
        if not skipped.any():
            continue
        cause = f"identities {_first_few(query.identities[skipped])}"
        if reason == OWN_CAMERA and query.cameras is not None:
            cause += f"; cameras {_first_few(query.cameras[skipped])}"
        clauses.append(f"{skipped.sum()} with {reason} ({cause})")
    return f"none of {len(query)} queries has a valid match under '{protocol.name}': {', '.join(clauses)}"


def _first_few(values: NDArray[Any], *, count: int = 5) -> str:
    names = [str(value) for value in np.unique(values)]
    more = f" and {len(names) - count} more" if len(names) > count else ""
    return f"{', '.join(names[:count])}{more}"
