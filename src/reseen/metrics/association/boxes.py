"""IdentifiedBoxes: boxes with the camera, the frame and the identity of each, and which boxes of two sets overlap.

T = boxes of the truth, P = predicted boxes, E = pairs of them that overlap.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import polars as pl

from reseen.arrays import as_array
from reseen.errors import ReseenError
from reseen.metrics.array_types import Bools, Float64, Indices, Int64
from reseen.metrics.kernels.ragged import owners, ranges
from reseen.metrics.labels import Labels, clean_labels, shared_codes

_COLUMNS = ("camera", "frame", "identity", "left", "top", "width", "height")


@dataclass(frozen=True, eq=False)
class IdentifiedBoxes:
    """N boxes, one row each.

    Args:
        cameras: (N,) whole numbers or text.
        frames: (N,) whole numbers; frame 7 of two cameras need not be of one moment.
        identities: (N,) whole numbers or text that hold over all cameras.
        boxes: (N, 4) left, top, width, height in pixels.
        tracks: (N,) the track of each box within its camera, where known; pairs of tracks are scored with it.

    Raises:
        ReseenError: Lengths differ, or a box is not finite or has a negative size.

    Example:
        >>> boxes = IdentifiedBoxes(["a", "a"], [1, 1], [7, 8], [[0, 0, 4, 4], [8, 0, 4, 4]])
        >>> len(boxes), boxes.rows(np.array([True, False])).identities.tolist()
        (2, [7])
    """

    cameras: Labels
    frames: Int64
    identities: Labels
    boxes: Float64
    tracks: Labels | None = None

    def __post_init__(self) -> None:
        boxes = np.asarray(as_array(self.boxes), dtype=np.float64).reshape(-1, 4)
        if not np.isfinite(boxes).all() or (boxes[:, 2:] < 0).any():
            raise ReseenError("boxes: expected finite numbers, width and height at least 0")
        object.__setattr__(self, "boxes", boxes)
        for field in ("cameras", "frames", "identities", "tracks"):
            values = getattr(self, field)
            if values is not None:
                empty = np.empty(0, dtype=np.int64)
                cleaned = clean_labels(values, what=field, count=len(boxes), optional=False) if len(values) else empty
                object.__setattr__(self, field, cleaned)

    def __len__(self) -> int:
        return len(self.boxes)

    def rows(self, rows: Bools | Indices) -> Self:
        """(N,) True for each box to take, or rows -> those boxes."""
        tracks = None if self.tracks is None else self.tracks[rows]
        labels = {"cameras": self.cameras[rows], "frames": self.frames[rows], "identities": self.identities[rows]}
        return replace(self, boxes=self.boxes[rows], tracks=tracks, **labels)

    @classmethod
    def from_table(cls, table: pl.DataFrame) -> Self:
        """A table with columns camera, frame, identity, left, top, width, height, and perhaps track."""
        missing = [column for column in _COLUMNS if column not in table.columns]
        if missing:
            raise ReseenError(f"boxes: no column {', '.join(missing)}; expected {', '.join(_COLUMNS)}")
        return cls(
            cameras=table["camera"].to_numpy(),
            frames=table["frame"].to_numpy(),
            identities=table["identity"].to_numpy(),
            boxes=table.select("left", "top", "width", "height").to_numpy(),
            tracks=table["track"].to_numpy() if "track" in table.columns else None,
        )


class Overlaps(NamedTuple):
    """(E,) rows of the truth, (E,) of the predicted boxes, and their intersection over union, above 0."""

    truth: Int64
    predicted: Int64
    iou: Float64


def overlapping(truth: IdentifiedBoxes, predicted: IdentifiedBoxes) -> Overlaps:
    """Which boxes of one camera and frame overlap; nothing of T times P is held."""
    moments = _moments(truth, predicted)
    order = np.argsort(moments.gallery, kind="stable")
    begin, end = (
        np.searchsorted(moments.gallery[order], moments.query, side=side).astype(np.int64) for side in ("left", "right")
    )
    rows, others = owners(end - begin), order[ranges(begin, end - begin)]
    iou = _iou(truth.boxes[rows], predicted.boxes[others])
    touching = iou > 0
    return Overlaps(rows[touching], others[touching], iou[touching])


class _Moments(NamedTuple):
    query: Int64
    gallery: Int64


def _moments(truth: IdentifiedBoxes, predicted: IdentifiedBoxes) -> _Moments:
    """One number for each camera and frame, equal in both sets."""
    cameras = np.concatenate(shared_codes(*alike(truth.cameras, predicted.cameras), what="cameras"))
    frames = np.concatenate([truth.frames, predicted.frames])
    codes = np.unique(np.stack([cameras, frames], axis=1), axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    return _Moments(codes[: len(truth)], codes[len(truth) :])


def alike(labels: Labels, others: Labels) -> tuple[Labels, Labels]:
    """Both as they are where they are of one kind, else both as text."""
    if labels.dtype.kind == others.dtype.kind:
        return labels, others
    return labels.astype(np.str_), others.astype(np.str_)


def _iou(boxes: Float64, others: Float64) -> Float64:
    """(E, 4), (E, 4) of left, top, width, height -> (E,)."""
    low = np.maximum(boxes[:, :2], others[:, :2])
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], others[:, :2] + others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    union = np.prod(boxes[:, 2:], axis=1) + np.prod(others[:, 2:], axis=1) - shared
    ratio = np.divide(shared, union, out=np.zeros_like(shared), where=union > np.finfo(np.float64).eps)
    return np.asarray(ratio, dtype=np.float64)
