"""Constrained clustering of a sparse graph: the most evident merge first, never one that cannot be.

K = sightings, E = pairs. Average linkage: the evidence of two clusters is the mean over all pairs of their sightings;
what the graph does not hold is asked for when two clusters first meet. Complete linkage takes the least instead.
"""

import heapq
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from reseen.metrics.array_types import Bools, Float64, Int64

Linkage: TypeAlias = Literal["average", "complete"]
Ask: TypeAlias = Callable[[Int64, Int64], Float64]
"""(E,), (E,) sightings -> (E,) their evidence in nats; -inf for two that cannot be one individual."""
Total: TypeAlias = Callable[[list[int], list[int]], float]
"""The sightings of two clusters -> the sum of the evidence of all pairs between them; -inf if they cannot be one."""


class Merge(NamedTuple):
    """Two clusters became one: a sighting of each, and the evidence of all pairs between them."""

    first: int
    second: int
    evidence: float


class Clusters(NamedTuple):
    """(K,) the number of each sighting's cluster, in order of their first sightings, and the merges in order."""

    of: Int64
    merges: list[Merge]


def cluster(count: int, first: Int64, second: Int64, *, ask: Ask, evidence: Float64, linkage: Linkage) -> Clusters:
    """Merge while there is evidence above 0."""
    average = linkage == "average"

    def total(mine: list[int], theirs: list[int]) -> float:
        asked = ask(np.repeat(mine, len(theirs)), np.tile(theirs, len(mine)))
        return float(asked.sum() if average else asked.min())

    return _Agglomeration(count, total, average=average).run(first, second, evidence)


def cluster_by_totals(count: int, first: Int64, second: Int64, *, total: Total, evidence: Float64) -> Clusters:
    """The same by average linkage, where the sum over all pairs of two clusters is known without each of them."""
    return _Agglomeration(count, total, average=True).run(first, second, evidence)


class _Agglomeration:
    """Clusters under way: members and neighbours (sums of evidence, or the least) of each."""

    def __init__(self, count: int, total: Total, *, average: bool) -> None:
        self._members = [[row] for row in range(count)]
        self._near: list[dict[int, float]] = [{} for _ in range(count)]
        self._total, self._average = total, average
        self._heap: list[tuple[float, int, int, int]] = []
        self._age = [0] * count

    def run(self, first: Int64, second: Int64, evidence: Float64) -> Clusters:
        for row, other, nats in zip(first.tolist(), second.tolist(), evidence.tolist(), strict=True):
            self._near[row][other] = self._near[other][row] = nats
            if nats > 0:
                self._heap.append((-nats, row, other, 0))
        heapq.heapify(self._heap)
        merges = []
        while self._heap:
            nats, row, other, age = heapq.heappop(self._heap)
            if self._members[row] and self._members[other] and self._age[row] + self._age[other] == age:
                merges.append(Merge(self._members[row][0], self._members[other][0], -nats))
                self._merge(row, other)
        return Clusters(self._numbers(), merges)

    def _merge(self, row: int, other: int) -> None:
        """The smaller cluster joins the larger one."""
        if len(self._members[row]) < len(self._members[other]):
            row, other = other, row
        mine, theirs = self._near[row], self._near[other]
        mine.pop(other), theirs.pop(row)
        joined = {near: self._sum(row, other, near) for near in {*mine, *theirs}}
        self._members[row] += self._members[other]
        self._members[other], self._near[other] = [], {}
        self._age[row] += self._age[other] + 1
        self._near[row] = {}
        for near, total in joined.items():
            self._near[near].pop(other, None)
            self._near[near].pop(row, None)
            if total > -np.inf:
                self._near[row][near] = self._near[near][row] = total
                self._offer(row, near, total)

    def _sum(self, row: int, other: int, near: int) -> float:
        parts = [self._of(cluster, near) for cluster in (row, other)]
        return sum(parts) if self._average else min(parts)

    def _of(self, cluster: int, near: int) -> float:
        """Summed, or least, evidence of two clusters: known, or asked for."""
        known = self._near[cluster].get(near)
        if known is not None:
            return known
        return self._total(self._members[cluster], self._members[near])

    def _offer(self, row: int, near: int, total: float) -> None:
        nats = total / (len(self._members[row]) * len(self._members[near])) if self._average else total
        if nats > 0:
            heapq.heappush(self._heap, (-nats, row, near, self._age[row] + self._age[near]))

    def _numbers(self) -> Int64:
        of = np.empty(len(self._members), dtype=np.int64)
        for members in self._members:
            of[members] = min(members, default=0)
        return np.unique(of, return_inverse=True)[1].astype(np.int64)


def kept(first: Int64, second: Int64, evidence: Float64, *, least: float, most: int) -> Bools:
    """(E,) the pairs with at least so much evidence, that are among the ``most`` of one of their sightings."""
    enough = evidence >= least
    wanted = np.zeros(len(evidence), dtype=np.bool_)
    rows = np.flatnonzero(enough)
    for side in (first, second):
        order = rows[np.lexsort((-evidence[rows], side[rows]))]
        places = np.arange(len(order)) - np.searchsorted(side[order], side[order], side="left")
        wanted[order[places < most]] = True
    return wanted
