"""Purity and completeness of predicted identities, and pairs of tracks: counted by cluster, as `counts.py` has them.

I = clusters, K = tracks.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Float64, Int64
from reseen.metrics.association.boxes import IdentifiedBoxes
from reseen.metrics.association.counts import Counted, count
from reseen.metrics.labels import Labels


class Grouping(NamedTuple):
    """Boxes (I,) that are matched; of them those whose predicted identity is mostly of their true one, and those in
    the predicted identity that has most of their true one."""

    matched: Float64
    pure: Float64
    whole: Float64


class Pairs(NamedTuple):
    """Pairs of tracks (I,): linked and rightly so, linked, and of one true identity."""

    right: Float64
    linked: Float64
    true: Float64


def grouping(counted: Counted) -> Grouping:
    """Of the boxes matched one to one."""
    identities, size = counted.identities, len(counted.counts.truth)
    true, linked = identities.truth[counted.same.truth], identities.predicted[counted.same.predicted]
    table = _table(true, linked)
    pure = _largest(table.linked, table.boxes)
    whole = _largest(table.true, table.boxes)
    return Grouping(
        *(
            np.bincount(table.true[keep], weights=table.boxes[keep], minlength=size).astype(np.float64)
            for keep in (slice(None), pure, whole)
        )
    )


def track_pairs(truth: IdentifiedBoxes, predicted: IdentifiedBoxes, counted: Counted) -> Pairs:
    """Of all predicted boxes, repeats included.

    A track is of the true identity that most of its matched boxes have, or of none: then each of its links is wrong.
    """
    tracks = _tracks(predicted)
    true = _true_identities(truth, predicted, tracks)
    linked = np.zeros(len(true), dtype=np.int64)
    linked[tracks] = np.unique(predicted.identities, return_inverse=True)[1]
    size = len(counted.counts.truth)
    table = _table(true[true >= 0], linked[true >= 0])
    right = np.bincount(table.true, weights=_two_of(table.boxes), minlength=size)
    wanted = _two_of(np.bincount(true[true >= 0], minlength=size).astype(np.float64))
    claimed = _two_of(np.bincount(linked, minlength=len(counted.clusters)).astype(np.float64))
    by_cluster = np.bincount(counted.clusters, weights=claimed, minlength=size)
    return Pairs(right.astype(np.float64), by_cluster.astype(np.float64), wanted)


class TrueTracks(NamedTuple):
    """(K,) camera, track and true identity of the tracks that match one."""

    cameras: Labels
    tracks: Labels
    identities: Labels


def true_tracks(truth: IdentifiedBoxes, predicted: IdentifiedBoxes) -> TrueTracks:
    """The true identity of each track: that of most of its matched boxes.

    Example:
        >>> import numpy as np
        >>> boxes = np.array([[0.0, 0.0, 4.0, 4.0], [9.0, 9.0, 4.0, 4.0]])
        >>> truth = IdentifiedBoxes(["a", "a"], [1, 1], ["x", "y"], boxes)
        >>> true_tracks(truth, IdentifiedBoxes(["a"], [1], [0], boxes[1:], tracks=["7"])).identities.tolist()
        ['y']
    """
    assert predicted.tracks is not None
    tracks = _tracks(predicted)
    true = _true_identities(truth, predicted, tracks)
    first = np.unique(tracks, return_index=True)[1][true >= 0]
    names = np.unique(truth.identities)
    return TrueTracks(predicted.cameras[first], predicted.tracks[first], names[true[true >= 0]])


class _Table(NamedTuple):
    true: Int64
    linked: Int64
    boxes: Float64


def _table(true: Int64, linked: Int64) -> _Table:
    """How many have each pair of a true and a predicted identity."""
    pairs, boxes = np.unique(np.stack([true, linked], axis=1), axis=0, return_counts=True)
    return _Table(pairs[:, 0], pairs[:, 1], boxes.astype(np.float64))


def _largest(group: Int64, boxes: Float64) -> Int64:
    """Of each group the row with most boxes; of equal ones the first."""
    order = np.lexsort((-boxes, group))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = np.diff(group[order]) > 0
    return np.asarray(order[first], dtype=np.int64)


def _tracks(predicted: IdentifiedBoxes) -> Int64:
    """(P,) the number of each box's track; tracks of two cameras are two."""
    assert predicted.tracks is not None
    cameras, tracks = (np.unique(labels, return_inverse=True)[1] for labels in (predicted.cameras, predicted.tracks))
    keys = cameras.astype(np.int64) * (int(tracks.max(initial=0)) + 1) + tracks
    return np.asarray(np.unique(keys, return_inverse=True)[1], dtype=np.int64)


def _true_identities(truth: IdentifiedBoxes, predicted: IdentifiedBoxes, tracks: Int64) -> Int64:
    """(K,) -1 for a track that matches nothing."""
    counted = count(truth, replace(predicted, identities=tracks))
    true = np.full(int(tracks.max(initial=-1)) + 1, -1, dtype=np.int64)
    table = _table(tracks[counted.same.predicted], counted.identities.truth[counted.same.truth])
    most = _largest(table.true, table.boxes)
    true[table.true[most]] = table.linked[most]
    return true


def _two_of(counts: Float64) -> Float64:
    return np.asarray(counts * (counts - 1) / 2, dtype=np.float64)
