"""Evaluation by the definitions, one pair at a time in float64: the second source of the metrics' tests."""

import math
from itertools import pairwise
from typing import NamedTuple

from reseen.metrics import Embedded


class Naive(NamedTuple):
    """Scores over the evaluated queries; ``skipped`` rows."""

    mean_average_precision: float
    mean_inverse_negative_penalty: float
    cmc: list[float]
    evaluated: int
    skipped: list[int]


def cosine(first, second) -> float:
    dot = math.fsum(float(a) * float(b) for a, b in zip(first, second, strict=True))
    lengths = [math.sqrt(math.fsum(float(a) ** 2 for a in vector)) for vector in (first, second)]
    return dot / lengths[0] / lengths[1]


def is_unknown(value) -> bool:
    return value is None or str(value) in {"", "-1"}


def naive_ranking(query: Embedded, gallery: Embedded, *, row: int, drops: bool) -> list[tuple[int, bool, float]]:
    """(gallery row, is a match, similarity) of what counts, best first, ties in gallery order."""
    counted = []
    for other in range(len(gallery)):
        same = query.identities[row] == gallery.identities[other]
        if drops and str(gallery.identities[other]) == "-1":
            continue
        if drops and same and query.cameras[row] == gallery.cameras[other] and not is_unknown(query.cameras[row]):
            continue
        counted.append((other, bool(same), cosine(query.vectors[row], gallery.vectors[other])))
    return sorted(counted, key=lambda entry: -entry[2])


def naive_average_precision(ranking: list[tuple[int, bool, float]], *, kind: str) -> float:
    matches = sum(match for _, match, _ in ranking)
    if kind == "old-sklearn":
        return _area_over_thresholds(ranking, matches=matches)
    area, found, precision_before = 0.0, 0, 1.0
    for rank, (_, match, _) in enumerate(ranking, start=1):
        found += match
        precision = found / rank
        if match:
            height = precision if kind == "rectangle" else (precision_before + precision) / 2
            area += height / matches
        precision_before = precision
    return area


def _area_over_thresholds(ranking, *, matches: int) -> float:
    points = [(0.0, 1.0)]
    for threshold in sorted({similarity for _, _, similarity in ranking}, reverse=True):
        above = [match for _, match, similarity in ranking if similarity >= threshold]
        points.append((sum(above) / matches, sum(above) / len(above)))
    return sum(
        (recall - recall_before) * (precision_before + precision) / 2
        for (recall_before, precision_before), (recall, precision) in pairwise(points)
    )


def naive_evaluate(query: Embedded, gallery: Embedded, *, drops: bool, kind: str, length: int) -> Naive:
    precisions, penalties, firsts, skipped = [], [], [], []
    for row in range(len(query)):
        ranking = naive_ranking(query, gallery, row=row, drops=drops)
        ranks = [rank for rank, (_, match, _) in enumerate(ranking, start=1) if match]
        if not ranks:
            skipped.append(row)
            continue
        precisions.append(naive_average_precision(ranking, kind=kind))
        penalties.append(len(ranks) / ranks[-1])
        firsts.append(ranks[0])
    count = len(precisions)
    return Naive(
        mean_average_precision=sum(precisions) / count if count else math.nan,
        mean_inverse_negative_penalty=sum(penalties) / count if count else math.nan,
        cmc=[sum(first <= rank for first in firsts) / max(count, 1) for rank in range(1, length + 1)],
        evaluated=count,
        skipped=skipped,
    )
