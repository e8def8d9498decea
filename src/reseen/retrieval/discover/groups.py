"""Groups of records without identity that look like one individual: average linkage over the nearest pairs.

U = records without identity, E = pairs.
"""

from typing import NamedTuple

import numpy as np

from reseen.linking.clustering import cluster_by_totals, kept
from reseen.metrics.array_types import Int64
from reseen.retrieval.discover.judge import Judge
from reseen.retrieval.discover.neighbours import NearRecords, Records

_LEAST = -2.0
"""Nats below which a pair is not looked at until its groups meet."""
_NEIGHBOURS = 12
"""Pairs of a record that are kept."""


class Group(NamedTuple):
    """``rows`` of records; ``evidence`` of the join of two parts that had the least, infinite for one record."""

    rows: Int64
    evidence: float


def unnamed_groups(records: Records, near: NearRecords, judge: Judge, *, caution: float) -> list[Group]:
    """All records without identity, each in one group, which may be of one record."""
    rows = np.flatnonzero(records.identity < 0)
    first, second, nats = _pairs(records, near, judge)
    wanted = kept(first, second, nats - caution, least=_LEAST, most=_NEIGHBOURS)
    image, vectors = records.image[rows], records.vectors[rows]
    shared = bool((image >= 0).any())

    def total(mine: list[int], theirs: list[int]) -> float:
        """The sum over all pairs is that of the sums of the vectors, because evidence is a straight line."""
        if shared and _meet(image[mine], image[theirs]):
            return -np.inf
        pairs = len(mine) * len(theirs)
        cosines = float(vectors[mine].sum(axis=0) @ vectors[theirs].sum(axis=0))
        return judge.slope * (cosines - judge.level * pairs) - caution * pairs

    found = cluster_by_totals(len(rows), first[wanted], second[wanted], total=total, evidence=(nats - caution)[wanted])
    weakest: dict[int, float] = {}
    for merge in found.merges:
        number = int(found.of[merge.first])
        weakest[number] = min(weakest.get(number, np.inf), merge.evidence + caution)
    return [Group(rows[places], weakest.get(number, np.inf)) for number, places in enumerate(members(found.of))]


def members(numbers: Int64) -> list[Int64]:
    """The places of each number from 0 on.

    >>> [places.tolist() for places in members(np.array([1, 0, 1]))]
    [[1], [0, 2]]
    """
    order = np.argsort(numbers, kind="stable")
    edges = np.searchsorted(numbers[order], np.arange(1, int(numbers.max(initial=-1)) + 1))
    return np.split(order, edges) if len(numbers) else []


def share_image(records: Records, first: Int64, second: Int64) -> bool:
    """Whether some of both were cut from one image, so that they are two individuals."""
    return _meet(records.image[first], records.image[second])


def _pairs(records: Records, near: NearRecords, judge: Judge) -> tuple[Int64, Int64, np.ndarray]:
    """Pairs of records without identity, as places among them, and their evidence."""
    first, second, similarity = near.pairs()
    image = records.image
    may = (records.identity[first] < 0) & (records.identity[second] < 0)
    may &= (image[first] < 0) | (image[first] != image[second])
    place = np.cumsum(records.identity < 0) - 1
    return place[first[may]], place[second[may]], judge.evidence(similarity[may])


def _meet(first: Int64, second: Int64) -> bool:
    return bool(np.isin(first[first >= 0], second).any())
