"""What is counted of a linking, by identity: boxes and pairs, matched and not.

T = boxes of the truth, P = predicted boxes, E = pairs that overlap, I = clusters: the true identities, and each
predicted identity that meets none of them. Sources: Ristani et al., ECCVW 2016 (identity scores); Luiten et al.,
IJCV 2020 (HOTA).
"""

from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Bools, Float64, Int64
from reseen.metrics.association.boxes import IdentifiedBoxes, Overlaps, overlapping
from reseen.metrics.association.matching import best_matching

SAME_BOX = 0.5
"""Intersection over union from which two boxes are of one object, for identity scores, purity and pairs."""

ALPHAS = np.arange(0.05, 0.99, 0.05)
"""The same for HOTA, which is a mean over these."""


class Identities(NamedTuple):
    """(T,) numbers of true identities, 0 to ``true`` - 1, and (P,) of predicted ones, 0 to ``linked`` - 1."""

    truth: Int64
    predicted: Int64
    true: int
    linked: int


class Edges(NamedTuple):
    """Pairs of a true and a predicted identity: ``true`` (E,), ``linked`` (E,), and which edge each overlap is of."""

    true: Int64
    linked: Int64
    of: Int64


class Counts(NamedTuple):
    """Boxes of each cluster (I,): of the truth, predicted, and in both those of identities that are matched; at each
    alpha (I, A) the matched boxes and the sum of their association accuracies."""

    truth: Float64
    predicted: Float64
    identified: Float64
    matched: Float64
    association: Float64


class Counted(NamedTuple):
    """Counts by cluster, the cluster of each predicted identity, and matched boxes at ``SAME_BOX`` as rows."""

    counts: Counts
    identities: Identities
    clusters: Int64
    same: Overlaps


def count(truth: IdentifiedBoxes, predicted: IdentifiedBoxes) -> Counted:
    """Match boxes and identities, and count."""
    overlaps, identities = overlapping(truth, predicted), _identities(truth, predicted)
    edges = _edges(overlaps, identities)
    close = overlaps.iou >= SAME_BOX
    potential = np.bincount(edges.of[close], minlength=len(edges.true)).astype(np.float64)
    clusters = _clusters(edges, potential, identities)
    size = max(int(clusters.max(initial=-1)) + 1, identities.true)
    one_to_one = _one_to_one(overlaps, edges, identities)
    sizes = np.bincount(clusters[identities.predicted], minlength=size)
    matched, association = _hota(overlaps, edges, identities, one_to_one=one_to_one, clusters=size)
    counts = Counts(
        truth=np.bincount(identities.truth, minlength=size).astype(np.float64),
        predicted=sizes.astype(np.float64),
        identified=_identified(edges, potential, clusters=size),
        matched=matched,
        association=association,
    )
    kept = one_to_one & close
    same = Overlaps(overlaps.truth[kept], overlaps.predicted[kept], overlaps.iou[kept])
    return Counted(counts, identities, clusters, same)


def _identities(truth: IdentifiedBoxes, predicted: IdentifiedBoxes) -> Identities:
    names, of_truth = np.unique(truth.identities, return_inverse=True)
    others, of_predicted = np.unique(predicted.identities, return_inverse=True)
    return Identities(of_truth.astype(np.int64), of_predicted.astype(np.int64), len(names), len(others))


def _edges(overlaps: Overlaps, identities: Identities) -> Edges:
    linked = max(identities.linked, 1)
    keys = identities.truth[overlaps.truth] * linked + identities.predicted[overlaps.predicted]
    names, of = np.unique(keys, return_inverse=True)
    return Edges(names // linked, names % linked, of.astype(np.int64))


def _identified(edges: Edges, potential: Float64, *, clusters: int) -> Float64:
    """(E,) boxes that the two identities share -> (I,) those shared with the one identity it is matched to."""
    possible = np.flatnonzero(potential)
    chosen = possible[best_matching(edges.true[possible], edges.linked[possible], potential[possible])]
    return np.bincount(edges.true[chosen], weights=potential[chosen], minlength=clusters).astype(np.float64)


def _clusters(edges: Edges, potential: Float64, identities: Identities) -> Int64:
    """The cluster of each predicted identity: the true one that it shares most boxes with, or one of its own."""
    clusters = np.full(identities.linked, -1, dtype=np.int64)
    order = np.argsort(potential, kind="stable")
    order = order[potential[order] > 0]
    clusters[edges.linked[order]] = edges.true[order]  # the last, largest one stays
    alone = np.flatnonzero(clusters < 0)
    clusters[alone] = identities.true + np.arange(len(alone))
    return clusters


def _one_to_one(overlaps: Overlaps, edges: Edges, identities: Identities) -> Bools:
    """(E,) the overlaps that HOTA matches: of each frame, those of the best aligned identities."""
    alignment = _alignment(overlaps, edges, identities)
    return best_matching(overlaps.truth, overlaps.predicted, alignment[edges.of] * overlaps.iou)


def _alignment(overlaps: Overlaps, edges: Edges, identities: Identities) -> Float64:
    """How far two identities are the same, before boxes are matched: the Jaccard index of their overlaps."""
    by_truth = np.bincount(overlaps.truth, weights=overlaps.iou, minlength=len(identities.truth))
    by_predicted = np.bincount(overlaps.predicted, weights=overlaps.iou, minlength=len(identities.predicted))
    shares = overlaps.iou / (by_truth[overlaps.truth] + by_predicted[overlaps.predicted] - overlaps.iou)
    shared = np.bincount(edges.of, weights=shares, minlength=len(edges.true))
    return np.asarray(shared / (_sizes(edges, identities) - shared), dtype=np.float64)


def _sizes(edges: Edges, identities: Identities) -> Float64:
    """(E,) boxes of the true and of the predicted identity together."""
    of_truth, of_predicted = np.bincount(identities.truth), np.bincount(identities.predicted)
    return (of_truth[edges.true] + of_predicted[edges.linked]).astype(np.float64)


def _hota(
    overlaps: Overlaps, edges: Edges, identities: Identities, *, one_to_one: Bools, clusters: int
) -> tuple[Float64, Float64]:
    """(I, A) matched boxes of each true identity, and the sum of their association accuracies."""
    matched, association = (np.zeros((clusters, len(ALPHAS))) for _ in range(2))
    sizes = _sizes(edges, identities)
    for place, alpha in enumerate(ALPHAS):
        of = edges.of[one_to_one & (overlaps.iou >= alpha - np.finfo(np.float64).eps)]
        shared = np.bincount(of, minlength=len(edges.true)).astype(np.float64)
        accuracy = shared * shared / np.maximum(1, sizes - shared)
        matched[:, place] = np.bincount(edges.true, weights=shared, minlength=clusters)
        association[:, place] = np.bincount(edges.true, weights=accuracy, minlength=clusters)
    return matched, association
