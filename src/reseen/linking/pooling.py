"""A track's images as one vector: the better an image shows the individual, the more it counts.

N = boxes with a vector, K = tracks.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from reseen.errors import ReseenError
from reseen.linking.sightings import Sightings
from reseen.metrics.array_types import Bools, Float32, Float64, Int64
from reseen.metrics.unit_vectors import checked_unit_vectors

_TRUNCATED = 0.3
"""What an image counts whose box touches the border of its frame."""
_BORDER = 2.0
"""Pixels from the border that touch it."""
_BEST = 4
_FEWEST = 4
"""Images before and after a moment from which a change of identity is looked for."""
_UNLIKE = 5.0
"""Robust standard deviations below the usual similarity of a track's two parts."""


class Switch(NamedTuple):
    """A track whose images may be of two individuals, one before and one after ``time``."""

    camera: str
    track: str
    time: float


class Pooled(NamedTuple):
    """The tracks, and those whose images may be of two individuals."""

    sightings: Sightings
    switches: tuple[Switch, ...]


def pool(boxes: pl.DataFrame, vectors: Float32, *, spans: pl.DataFrame | None = None) -> Pooled:
    """Pool the vectors of each track.

    Args:
        boxes: N rows with camera, track, time, left, top, width, height, and perhaps confidence, sharpness, image and
            kind; a track is of the kind that most of its boxes have.
        vectors: (N, D).
        spans: All boxes, where only some have vectors: from them come the times of tracks and the size of frames.

    Raises:
        ReseenError: The counts differ, or a vector is zero or not finite.

    Example:
        >>> box = {"left": 9.0, "top": 9.0, "width": 8.0, "height": 8.0}
        >>> rows = pl.DataFrame({"camera": "a", "track": "1", "time": [0.0, 1.0], **box})
        >>> pooled = pool(rows, np.array([[1.0, 0.0], [0.6, 0.8]]))
        >>> pooled.sightings.end.tolist(), [f"{number:.2f}" for number in pooled.sightings.vectors[0]]
        ([1.0], ['0.89', '0.45'])
    """
    if len(boxes) != len(vectors):
        raise ReseenError(f"vectors: expected {len(boxes)}, one per box, got {len(vectors)}")
    ordered = boxes.with_columns(row=pl.int_range(len(boxes))).sort("camera", "track", "time")
    units = checked_unit_vectors(vectors, name="image")[ordered["row"].to_numpy()] if len(boxes) else vectors
    everything = ordered if spans is None else spans
    weight = quality(ordered, everything)
    groups = ordered.group_by("camera", "track", maintain_order=True).agg(pl.len())
    parts = _parts(groups["len"].to_numpy())
    pooled = [_mean(units[part], weight[part]) for part in parts]
    times = _times(groups, everything)
    sightings = Sightings(
        cameras=groups["camera"].to_numpy(),
        tracks=groups["track"].to_numpy(),
        begin=times["begin"].to_numpy(),
        end=times["end"].to_numpy(),
        vectors=np.stack(pooled) if pooled else vectors,
        images=tuple(_best(ordered, part, weight) for part in parts),
        kinds=_kinds(groups, everything),
    )
    alike = [_likeness(units[part], weight[part]) for part in parts]
    return Pooled(sightings, _switched(sightings, ordered, parts=parts, found=alike))


def _parts(lengths: Int64) -> list[slice]:
    """The rows of each track, which follow one another."""
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64).tolist()
    return [slice(*ends) for ends in pairwise(starts)]


def _times(groups: pl.DataFrame, everything: pl.DataFrame) -> pl.DataFrame:
    """The tracks of ``groups`` in their order, with begin and end."""
    spans = everything.group_by("camera", "track").agg(begin=pl.col("time").min(), end=pl.col("time").max())
    return groups.join(spans, on=["camera", "track"], how="left", maintain_order="left")


def _kinds(groups: pl.DataFrame, everything: pl.DataFrame) -> tuple[str, ...]:
    """The kind of each track; () where none is known."""
    known = kinds_of_tracks(everything)
    if known.is_empty():
        return ()
    named = groups.join(known, on=["camera", "track"], how="left", maintain_order="left")
    return tuple(named["kind"].fill_null("").to_list())


def kinds_of_tracks(boxes: pl.DataFrame) -> pl.DataFrame:
    """camera, track, kind: of the tracks of which it is known, the kind that most of their boxes have."""
    key = ["camera", "track"]
    if "kind" not in boxes.columns:
        return boxes.clear().select(*key, kind=pl.lit(None, dtype=pl.String))
    known = boxes.filter(pl.col("kind").is_not_null())
    counted = known.group_by(*key, "kind").agg(boxes=pl.len())
    ordered = counted.sort(*key, "boxes", "kind", descending=[False, False, True, False])
    return ordered.unique(key, keep="first", maintain_order=True).select(*key, "kind")


def quality(boxes: pl.DataFrame, everything: pl.DataFrame) -> Float64:
    """(N,) what each image counts: by its size within its track, confidence, sharpness, and whether it is truncated."""
    area = pl.col("width") * pl.col("height")
    size = boxes.select((area / area.max().over("camera", "track")).sqrt())[:, 0].to_numpy()
    weight = np.asarray(size * np.where(_truncated(boxes, everything), _TRUNCATED, 1.0), dtype=np.float64)
    for name in ("confidence", "sharpness"):
        if name in boxes.columns:
            values = boxes[name].cast(pl.Float64).to_numpy()
            weight *= np.where(np.isfinite(values) & (values > 0), values, 1.0)
    return np.maximum(weight, 1e-6)


def _truncated(boxes: pl.DataFrame, everything: pl.DataFrame) -> Bools:
    """Boxes at the border; a camera's frame is as large as its boxes reach."""
    right, bottom = pl.col("left") + pl.col("width"), pl.col("top") + pl.col("height")
    frames = everything.group_by("camera").agg(wide=right.max(), high=bottom.max())
    joined = boxes.join(frames, on="camera", how="left", maintain_order="left")
    touches = (
        (pl.col("left") <= _BORDER)
        | (pl.col("top") <= _BORDER)
        | (right >= pl.col("wide") - _BORDER)
        | (bottom >= pl.col("high") - _BORDER)
    )
    return joined.select(touches)[:, 0].to_numpy()


def _mean(units: Float32, weight: Float64) -> Float32:
    """Weighted mean, in which images that differ from the others count less."""
    centre = np.average(units, axis=0, weights=weight)
    if len(units) > 2:
        near = units @ (centre / max(float(np.linalg.norm(centre)), 1e-12))
        usual = float(np.median(near))
        weight = weight * np.where(near < usual - 3 * max(float(np.median(np.abs(near - usual))), 0.02), 0.2, 1.0)
        centre = np.average(units, axis=0, weights=weight)
    return np.asarray(centre if np.abs(centre).max() > 1e-9 else units[0], dtype=np.float32)


def _best(ordered: pl.DataFrame, part: slice, weight: Float64) -> tuple[str, ...]:
    """The images that count most, best first."""
    if "image" not in ordered.columns:
        return ()
    order = part.start + np.argsort(-weight[part], kind="stable")[:_BEST]
    return tuple(name for name in ordered["image"][order.tolist()] if name is not None)


class _Likeness(NamedTuple):
    """How alike the two parts of a track are that differ most, and where the second begins; NaN for short tracks."""

    similarity: float
    place: int


def _likeness(units: Float32, weight: Float64) -> _Likeness:
    if len(units) < 2 * _FEWEST:
        return _Likeness(np.nan, 0)
    sums = np.cumsum(units * weight[:, None], axis=0)
    before, after = sums[_FEWEST - 1 : -_FEWEST], sums[-1] - sums[_FEWEST - 1 : -_FEWEST]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    alike = (before * after).sum(axis=1) / np.maximum(lengths, 1e-12)
    return _Likeness(float(alike.min()), int(alike.argmin()) + _FEWEST)


def _switched(
    sightings: Sightings, ordered: pl.DataFrame, *, parts: list[slice], found: list[_Likeness]
) -> tuple[Switch, ...]:
    """Tracks whose parts are much less alike than those of other tracks of their kind."""
    alike = np.array([likeness.similarity for likeness in found])
    kinds = np.array(sightings.kinds or ("",) * len(sightings))
    unlike = np.zeros(len(found), dtype=np.bool_)
    for kind in dict.fromkeys(kinds.tolist()):
        unlike |= (kinds == kind) & _unlike(alike, of=kinds == kind)
    return tuple(
        Switch(
            str(sightings.cameras[row]),
            str(sightings.tracks[row]),
            float(ordered["time"][parts[row].start + found[row].place]),
        )
        for row in np.flatnonzero(unlike)
    )


def _unlike(alike: Float64, *, of: Bools) -> Bools:
    """(K,) which tracks' parts are much less alike than those ``of`` the tracks of their kind."""
    known = alike[of & np.isfinite(alike)]
    if len(known) < 10:
        return np.zeros(len(alike), dtype=np.bool_)
    usual = float(np.median(known))
    spread = max(1.4826 * float(np.median(np.abs(known - usual))), 0.02)
    return np.asarray(alike < usual - _UNLIKE * spread, dtype=np.bool_)
