"""Evaluation by the definitions, one pair at a time in float64: the second source of the metrics' tests."""

import math
from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from reseen.metrics import Embedded, Protocol


class Entry(NamedTuple):
    """What a gallery ranks: an image, or the images of a track. ``number`` counts entries in gallery order."""

    number: int
    rows: list[int]
    identity: str
    camera: str
    name: str


class Ranked(NamedTuple):
    """One entry of a ranking; ``number`` is the entry's."""

    number: int
    match: bool
    similarity: float


class Naive(NamedTuple):
    """Means over the trials; ``first_hits`` of each trial, 0 for a query that it did not evaluate."""

    mean_average_precision: float
    mean_inverse_negative_penalty: float
    cmc: list[float]
    first_hits: list[list[int]]


def cosine(first, second) -> float:
    dot = math.fsum(float(a) * float(b) for a, b in zip(first, second, strict=True))
    lengths = [math.sqrt(math.fsum(float(a) ** 2 for a in vector)) for vector in (first, second)]
    return dot / lengths[0] / lengths[1]


def is_unknown(value) -> bool:
    return value is None or str(value) in {"", "-1"}


def naive_entries(gallery: Embedded, protocol: Protocol) -> list[Entry]:
    rows = defaultdict(list)
    for row, identity in enumerate(gallery.identities):
        if str(identity) not in protocol.junk:
            rows[gallery.tracks[row] if protocol.tracks else row].append(row)
    labels = [gallery.identities, gallery.cameras, gallery.names]
    return [
        Entry(number, group, *("" if values is None else str(values[group[0]]) for values in labels))
        for number, group in enumerate(rows.values())
    ]


def naive_rankings(
    query: Embedded, gallery: Embedded, protocol: Protocol, *, likeness=cosine
) -> list[dict[int, list[Ranked]]]:
    """For each trial the whole ranking of every query that is asked in it, best first, ties in gallery order."""
    entries = naive_entries(gallery, protocol)
    similarity = [
        [max(likeness(vector, gallery.vectors[row]) for row in entry.rows) for entry in entries]
        for vector in query.vectors
    ]
    trials = []
    for trial in range(protocol.trials):
        lots = np.random.default_rng([protocol.seed, trial]).permutation(len(entries))
        shown = {
            entry.number
            for identity in {e.identity for e in entries}
            for entry in drawn([e for e in entries if e.identity == identity], lots, protocol)
        }
        rankings = {}
        for row in range(len(query)):
            counted = _counted(query, row, entries, shown=shown, lots=lots, protocol=protocol)
            if counted is not None:
                ranked = [Ranked(entry.number, match, similarity[row][entry.number]) for entry, match in counted]
                rankings[row] = sorted(ranked, key=lambda one: (-one.similarity, one.number))
        trials.append(rankings)
    return trials


def drawn(entries: list[Entry], lots: np.ndarray, protocol: Protocol) -> list[Entry]:
    return sorted(entries, key=lambda entry: lots[entry.number])[: protocol.shots]


def _counted(query: Embedded, row: int, entries: list[Entry], *, shown: set, lots, protocol: Protocol):
    """The entries that count for a query and whether they match, None if it is not asked."""
    identity, camera = str(query.identities[row]), "" if query.cameras is None else str(query.cameras[row])
    if identity in protocol.junk:
        return None
    itself = [
        e.number
        for e in entries
        if protocol.same_pictures and (e.identity, e.name) == (identity, str(query.names[row]))
    ]
    if protocol.shots is not None and shown.intersection(itself):
        return None
    own = [
        entry
        for entry in entries
        if entry.identity == identity
        and entry.number not in itself
        and not (protocol.drop_same_camera and entry.camera == camera and not is_unknown(camera))
    ]
    rivals = [entry for entry in entries if entry.identity != identity and entry.number in shown]
    return [(entry, True) for entry in drawn(own, lots, protocol)] + [(entry, False) for entry in rivals]


def naive_average_precision(ranking: list[Ranked], *, kind: str, depth: int | None = None) -> float:
    matches = sum(entry.match for entry in ranking)
    deepest = len(ranking) if depth is None else depth
    if kind == "old-sklearn":
        return _area_over_thresholds(ranking, matches=matches, depth=deepest)
    area, found, precision_before = 0.0, 0, 1.0
    for rank, entry in enumerate(ranking[:deepest], start=1):
        found += entry.match
        precision = found / rank
        if entry.match:
            height = precision if kind == "rectangle" else (precision_before + precision) / 2
            area += height / matches
        precision_before = precision
    return area


def _area_over_thresholds(ranking: list[Ranked], *, matches: int, depth: int) -> float:
    """Under the curve with one point a threshold; a match past the depth takes its share of the width away."""
    points = [(0.0, 1.0)]
    for threshold in sorted({entry.similarity for entry in ranking}, reverse=True):
        above = [(rank, entry.match) for rank, entry in enumerate(ranking) if entry.similarity >= threshold]
        found = sum(match for _, match in above)
        points.append((sum(match for rank, match in above if rank < depth) / matches, found / len(above)))
    return sum(
        (recall - recall_before) * (precision_before + precision) / 2
        for (recall_before, precision_before), (recall, precision) in pairwise(points)
    )


def naive_evaluate(
    query: Embedded, rankings: list[dict[int, list[Ranked]]], *, kind: str, depth: int | None, length: int
) -> Naive | None:
    """Scores of ``naive_rankings``, None when no query was evaluated in any trial."""
    scores, first_hits = [], []
    for trial in rankings:
        precisions, penalties, firsts = [], [], [0] * len(query)
        for row, ranking in trial.items():
            ranks = [rank for rank, entry in enumerate(ranking, start=1) if entry.match]
            if ranks:
                precisions.append(naive_average_precision(ranking, kind=kind, depth=depth))
                penalties.append(len(ranks) / ranks[-1])
                firsts[row] = ranks[0]
        if precisions:
            count = len(precisions)
            curve = [sum(0 < first <= rank for first in firsts) / count for rank in range(1, length + 1)]
            scores.append((sum(precisions) / count, sum(penalties) / count, curve))
            first_hits.append(firsts)
    if not scores:
        return None
    precision, penalty, curves = zip(*scores, strict=True)
    return Naive(
        mean_average_precision=sum(precision) / len(scores),
        mean_inverse_negative_penalty=sum(penalty) / len(scores),
        cmc=[sum(values) / len(scores) for values in zip(*curves, strict=True)],
        first_hits=first_hits,
    )
