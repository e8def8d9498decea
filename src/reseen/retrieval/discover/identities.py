"""Drafts of proposals: what looks like an identity, two identities that look the same, one that falls in two.

R = records of one side.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from reseen.metrics.array_types import Float32, Int64
from reseen.retrieval.discover.groups import Group, members, share_image
from reseen.retrieval.discover.judge import Judge
from reseen.retrieval.discover.neighbours import NearRecords, Records
from reseen.retrieval.discover.proposal import Kind

_SAMPLE = 256
"""Records of one side that are compared with the other side, evenly chosen."""
_LARGE = 2000
"""Records of an identity that are compared with each other to split it."""
_CANDIDATES = 4
"""Identities that a group is compared with."""


class Draft(NamedTuple):
    """``rows`` that would change, and ``beside`` them those of the target, or the rest of a split identity.

    ``identity`` is what the rows hold, ``target`` what they would get; -1 for none. ``evidence`` in nats.
    """

    kind: Kind
    rows: Int64
    beside: Int64
    identity: int
    target: int
    evidence: float


def of_groups(records: Records, near: NearRecords, *, groups: Sequence[Group], judge: Judge) -> Iterator[Draft]:
    """A draft for each group: to merge with the identity that it looks like, else to name, if it is not one record."""
    named = members_of_names(records)
    close = _close_identities(records, near, groups=groups, judge=judge)
    nobody = np.empty(0, dtype=np.int64)
    for number, group in enumerate(groups):
        best = _best(records, group.rows, others=[(name, named[name]) for name in close.get(number, ())], judge=judge)
        if best is not None:
            name, evidence = best
            yield Draft("merge", group.rows, named[name], -1, name, evidence)
        elif len(group.rows) > 1:
            yield Draft("name", group.rows, nobody, -1, -1, group.evidence)


def of_identities(records: Records, near: NearRecords, *, judge: Judge) -> Iterator[Draft]:
    """Two identities that look the same: the smaller would get the larger one's name."""
    named = members_of_names(records)
    first, second, similarity = near.pairs()
    one, other = records.identity[first], records.identity[second]
    close = (one >= 0) & (other >= 0) & (one != other) & (judge.evidence(similarity) > 0)
    for low, high in {(min(pair), max(pair)) for pair in zip(one[close].tolist(), other[close].tolist(), strict=True)}:
        small, large = sorted((low, high), key=lambda name: (len(named[name]), -name))
        best = _best(records, named[small], others=[(large, named[large])], judge=judge)
        if best is not None:
            yield Draft("merge", named[small], named[large], small, large, best[1])


def of_splits(records: Records, *, judge: Judge, least: int) -> Iterator[Draft]:
    """Identities of which some records are linked with the rest by no similarity that speaks for one individual."""
    for name, rows in enumerate(members_of_names(records)):
        if len(rows) < 2 * least:
            continue
        parts, best = _parts(records.vectors[rows], judge)
        sizes = np.bincount(parts)
        for part in np.flatnonzero(sizes >= least):
            if part != np.argmax(sizes):
                inside = parts == part
                evidence = -float(judge.evidence(float(best[part])))
                yield Draft("split", rows[inside], rows[~inside], name, -1, evidence)


def members_of_names(records: Records) -> list[Int64]:
    """The rows of each identity."""
    rows = np.flatnonzero(records.identity >= 0)
    return [rows[places] for places in members(records.identity[rows])]


def nearness(records: Records, rows: Int64, others: Int64) -> float:
    """The mean over the rows of the best similarity to one of the others; of many, a sample."""
    left, right = records.vectors[_sampled(rows, _SAMPLE)], records.vectors[_sampled(others, 4 * _SAMPLE)]
    return float((left @ right.T).max(axis=1).mean())


def _best(
    records: Records, rows: Int64, *, others: Sequence[tuple[int, Int64]], judge: Judge
) -> tuple[int, float] | None:
    """The identity that the rows look most like, and the evidence; None where they look like none."""
    may = [(name, theirs) for name, theirs in others if not share_image(records, rows, theirs)]
    judged = [(float(judge.evidence(nearness(records, rows, theirs))), -name) for name, theirs in may]
    evidence, name = max(judged, default=(-np.inf, 0))
    return (-name, evidence) if evidence > 0 else None


def _close_identities(
    records: Records, near: NearRecords, *, groups: Sequence[Group], judge: Judge
) -> dict[int, list[int]]:
    """For each group, the identities that one of its records has near, the nearest first."""
    group = np.full(len(records.identity), -1, dtype=np.int64)
    for number, found in enumerate(groups):
        group[found.rows] = number
    best: dict[int, dict[int, float]] = {}
    first, second, similarity = near.pairs()
    evident = judge.evidence(similarity) > 0
    for rows, others in ((first, second), (second, first)):
        close = evident & (group[rows] >= 0) & (records.identity[others] >= 0)
        listed = zip(group[rows[close]], records.identity[others[close]], similarity[close], strict=True)
        for number, name, value in listed:
            held = best.setdefault(int(number), {})
            held[int(name)] = max(held.get(int(name), -1.0), float(value))
    return {number: sorted(held, key=lambda name: -held[name])[:_CANDIDATES] for number, held in best.items()}


def _parts(vectors: Float32, judge: Judge) -> tuple[Int64, Float32]:
    """(R, D) -> (R,) the part of each record, and each part's best similarity to the other parts."""
    sample = _sampled(np.arange(len(vectors)), _LARGE)
    similarity = vectors[sample] @ vectors[sample].T
    linked = judge.evidence(similarity) > 0
    count, parts = (1, sample) if linked.all() else connected_components(csr_array(linked), directed=False)
    if count == 1:
        return np.zeros(len(vectors), dtype=np.int64), np.ones(1, dtype=np.float32)
    best = [similarity[np.ix_(parts == part, parts != part)].max() for part in range(count)]
    return _of_nearest(vectors, sample, parts=parts.astype(np.int64)), np.array(best, dtype=np.float32)


def _of_nearest(vectors: Float32, sample: Int64, *, parts: Int64) -> Int64:
    """(R,) the part of the nearest sampled record, which is the record itself where all were sampled."""
    if len(sample) == len(vectors):
        return parts
    blocks = range(0, len(vectors), _LARGE)
    return np.concatenate([parts[(vectors[b : b + _LARGE] @ vectors[sample].T).argmax(axis=1)] for b in blocks])


def _sampled(rows: Int64, most: int) -> Int64:
    """At most so many of the rows, evenly chosen."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
