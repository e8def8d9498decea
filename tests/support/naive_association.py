"""IDF1 and HOTA of a linking as their papers write them: loops over frames, dense matrices, one assignment each."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from reseen.metrics.association.boxes import IdentifiedBoxes


class Naive(NamedTuple):
    idf1: float
    idp: float
    idr: float
    hota: float
    association: float
    detection: float


def naive_scores(truth: IdentifiedBoxes, predicted: IdentifiedBoxes) -> Naive:
    moments = sorted(
        {*zip(truth.cameras, truth.frames, strict=True)} | {*zip(predicted.cameras, predicted.frames, strict=True)}
    )
    true, linked = np.unique(truth.identities), np.unique(predicted.identities)
    frames = []
    for camera, frame in moments:
        rows = np.flatnonzero((truth.cameras == camera) & (truth.frames == frame))
        others = np.flatnonzero((predicted.cameras == camera) & (predicted.frames == frame))
        iou = np.array([[_iou(truth.boxes[row], predicted.boxes[other]) for other in others] for row in rows])
        ids = np.searchsorted(true, truth.identities[rows]), np.searchsorted(linked, predicted.identities[others])
        frames.append((*ids, iou.reshape(len(rows), len(others))))
    sizes = (
        np.bincount(np.searchsorted(true, truth.identities)),
        np.bincount(np.searchsorted(linked, predicted.identities)),
    )
    return Naive(*_identity(frames, *sizes), *_hota(frames, *sizes))


def _identity(frames, of_true, of_linked):
    shared = np.zeros((len(of_true), len(of_linked)))
    for true, linked, iou in frames:
        for row, column in np.argwhere(iou >= 0.5):
            shared[true[row], linked[column]] += 1
    right = shared[linear_sum_assignment(-shared)].sum()
    return 2 * right / (of_true.sum() + of_linked.sum()), right / of_linked.sum(), right / of_true.sum()


def _hota(frames, of_true, of_linked):
    shared = np.zeros((len(of_true), len(of_linked)))
    for true, linked, iou in frames:
        for row, column in np.argwhere(iou > 0):
            total = iou[row].sum() + iou[:, column].sum() - iou[row, column]
            shared[true[row], linked[column]] += iou[row, column] / total
    alignment = shared / (of_true[:, None] + of_linked - shared)
    scores = []
    for alpha in np.arange(0.05, 0.99, 0.05):
        matches = np.zeros_like(shared)
        for true, linked, iou in frames:
            for row, column in zip(*linear_sum_assignment(-alignment[np.ix_(true, linked)] * iou), strict=True):
                matches[true[row], linked[column]] += iou[row, column] >= alpha - np.finfo(float).eps
        total = matches.sum()
        association = (matches**2 / (of_true[:, None] + of_linked - matches)).sum() / max(1, total)
        detection = total / (of_true.sum() + of_linked.sum() - total)
        scores.append((np.sqrt(association * detection), association, detection))
    return np.mean(scores, axis=0)


def _iou(box, other):
    width = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
    height = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (box[2] * box[3] + other[2] * other[3] - shared)
