"""Sightings: what linking takes. One row is one track of one camera: when it was seen, and its vector.

K = sightings, D = width of the vectors.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from reseen.arrays import as_array
from reseen.errors import ReseenError
from reseen.metrics.array_types import Bools, Float32, Float64, Indices
from reseen.metrics.labels import Labels, clean_labels
from reseen.metrics.unit_vectors import checked_unit_vectors


@dataclass(frozen=True, eq=False)
class Sightings:
    """K tracks, each as one vector.

    Args:
        cameras: (K,) names.
        tracks: (K,) names; two cameras may use the same.
        begin: (K,) seconds on the clock that all cameras share.
        end: (K,) seconds, not before ``begin``.
        vectors: (K, D), brought to length 1 here.
        images: For each sighting, its best images, best first; () where unknown.
        kinds: For each sighting what it is, such as "person", and "" where that is unknown; () where it is of all.
            Sightings of two kinds are never linked.

    Raises:
        ReseenError: Lengths differ, a time is not finite or ends before it begins, a vector is zero or not finite, or
            one camera has a track twice.

    Example:
        >>> seen = Sightings(["a", "b"], [1, 1], [0.0, 9.0], [2.0, 11.0], [[1.0, 0.0], [0.0, 2.0]])
        >>> len(seen), seen.vectors.tolist()
        (2, [[1.0, 0.0], [0.0, 1.0]])
    """

    cameras: Labels
    tracks: Labels
    begin: Float64
    end: Float64
    vectors: Float32
    images: tuple[tuple[str, ...], ...] = ()
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        vectors = np.asarray(as_array(self.vectors))
        if len(vectors):
            object.__setattr__(self, "vectors", checked_unit_vectors(vectors, name="track"))
        count = len(vectors)
        for field in ("cameras", "tracks"):
            if count:
                labels = clean_labels(getattr(self, field), what=field, count=count, optional=False)
                object.__setattr__(self, field, labels.astype(np.str_))
        for field in ("begin", "end"):
            object.__setattr__(self, field, np.asarray(getattr(self, field), dtype=np.float64))
        object.__setattr__(self, "kinds", tuple(str(kind or "") for kind in self.kinds))
        self._check(count)

    def _check(self, count: int) -> None:
        for field in ("begin", "end"):
            if getattr(self, field).shape != (count,):
                raise ReseenError(f"{field}: expected {count}, one per track, got {getattr(self, field).shape}")
        if len(self.kinds) not in (0, count):
            raise ReseenError(f"kinds: expected {count}, one per track, got {len(self.kinds)}")
        if not (np.isfinite(self.begin).all() and np.isfinite(self.end).all() and (self.begin <= self.end).all()):
            raise ReseenError("times: expected finite seconds, none of them ending before it begins")
        if count and len(np.unique(np.stack([self.cameras, self.tracks], axis=1), axis=0)) < count:
            raise ReseenError("tracks: one camera has a track twice; expected each track of a camera once")

    def __len__(self) -> int:
        return len(self.vectors)

    def rows(self, rows: Bools | Indices) -> Self:
        """(K,) True for each sighting to take, or rows -> those."""
        rows = np.flatnonzero(rows) if np.asarray(rows).dtype == np.bool_ else np.asarray(rows, dtype=np.int64)
        return replace(
            self,
            cameras=self.cameras[rows],
            tracks=self.tracks[rows],
            begin=self.begin[rows],
            end=self.end[rows],
            vectors=self.vectors[rows],
            images=tuple(self.images[row] for row in rows) if self.images else (),
            kinds=tuple(self.kinds[row] for row in rows) if self.kinds else (),
        )


def joined(first: Sightings, second: Sightings) -> Sightings:
    """Both, one after the other."""
    if not len(first):
        return second
    if not len(second):
        return first
    fields = ("cameras", "tracks", "begin", "end", "vectors")
    columns = {field: np.concatenate([getattr(first, field), getattr(second, field)]) for field in fields}
    known = bool(first.images) and bool(second.images)
    kinds: tuple[str, ...] = ()
    if first.kinds or second.kinds:
        kinds = sum((part.kinds or ("",) * len(part) for part in (first, second)), ())
    return Sightings(**columns, images=first.images + second.images if known else (), kinds=kinds)
