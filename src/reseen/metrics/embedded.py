"""Embedded: vectors with their identities, cameras, views, names and tracks, checked once, saved in one Parquet file.

One file, because a vector and its labels must never part; Parquet, because any table tool reads it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import polars as pl

from reseen.arrays import ArrayLike, as_array
from reseen.errors import ReseenError
from reseen.files import write_atomically
from reseen.formats import FORMAT, format_of, migrated
from reseen.metrics.array_types import Bools, Indices, Vectors
from reseen.metrics.labels import Labels, clean_labels

ResultT = TypeVar("ResultT")

_FORMAT = f"reseen.{FORMAT}"
_COLUMNS = {"identities": "identity", "cameras": "camera", "views": "view", "names": "name", "tracks": "track"}


@dataclass(frozen=True, eq=False)
class Embedded:
    """N embedded images. Each field takes an array, a list, or a torch tensor on any device, and becomes an array.

    Args:
        vectors: (N, D) float32 or float64, of any length but zero; half precision becomes float32.
        identities: (N,) whole numbers or text.
        cameras: (N,) whole numbers or text, -1 or ``""`` where unknown; None when none is known.
        views: As ``cameras``.
        names: (N,) text that tells a reader which image it is.
        tracks: (N,) whole numbers or text, equal for the images of one identity that one camera took in passing;
            no two tracks share a name.

    Raises:
        ReseenError: Lengths differ, a vector is zero or not finite, or a field has another kind of values.

    Example:
        >>> images = Embedded([[1.0, 0.0], [0.0, 2.0]], ["ann", "bob"], cameras=[3, None])
        >>> len(images), images.width, images.cameras.tolist()
        (2, 2, [3, -1])
        >>> images.rows([False, True]).identities.tolist()
        ['bob']
    """

    vectors: Vectors
    identities: Labels
    cameras: Labels | None = None
    views: Labels | None = None
    names: Labels | None = None
    tracks: Labels | None = None

    def __post_init__(self) -> None:
        vectors = _clean_vectors(self.vectors)
        object.__setattr__(self, "vectors", vectors)
        for field in _COLUMNS:
            optional = field != "identities"
            values = getattr(self, field)
            if values is None and optional:
                continue
            cleaned = clean_labels(values, what=field, count=len(vectors), optional=optional)
            object.__setattr__(self, field, cleaned)

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def width(self) -> int:
        """Numbers in a vector."""
        return int(self.vectors.shape[1])

    def rows(self, rows: Indices | Bools | Sequence[int]) -> Self:
        """(n,) rows -> these images, in that order; or (N,) True for each image to take."""
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows.astype(np.int64)
        if len(rows) == len(self) and (rows == np.arange(len(self))).all():
            return self
        labels = {field: values[rows] for field, values in self._labels().items()}
        return replace(self, vectors=self.vectors[rows], **labels)

    def save(self, path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
        """Write one Parquet file, whole or not at all: columns vector, identity and, where known, the others.

        The format and ``metadata`` go into the file's own metadata, where ``saved_metadata`` reads them.
        """
        columns = {_COLUMNS[field]: values for field, values in self._labels().items()}
        frame = pl.DataFrame({**columns, "vector": np.ascontiguousarray(self.vectors)})
        described = {_FORMAT: str(format_of("embeddings")), **(metadata or {})}
        write_atomically(path, partial(frame.write_parquet, metadata=described))

    def _labels(self) -> dict[str, Any]:
        """The labels that are known, by field."""
        return {field: getattr(self, field) for field in _COLUMNS if getattr(self, field) is not None}

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote. ReseenError: no such file, not Parquet, a newer format, or a column is missing."""
        frame = _read_columns(path)
        missing = [column for column in ("vector", "identity") if column not in frame.columns]
        if missing:
            raise ReseenError(f"{path}: no column {', '.join(missing)}; it has {', '.join(frame.columns) or 'none'}")
        if not isinstance(frame.schema["vector"], pl.Array):
            raise ReseenError(f"{path}: column vector: expected arrays of one width, got {frame.schema['vector']}")
        labels = {field: frame[column].to_numpy() for field, column in _COLUMNS.items() if column in frame.columns}
        return cls(vectors=frame["vector"].to_numpy(), **labels)


def _read_columns(path: Path) -> pl.DataFrame:
    """The table in today's format; a column that happens to be called like the format's key is not read as one."""
    version = saved_metadata(path).get(_FORMAT, "1")
    frame = _read(path, lambda: pl.read_parquet(path, glob=False))
    columns = migrated("embeddings", {**frame.to_dict(as_series=True), FORMAT: version}, name=str(path))
    return pl.DataFrame(columns)


def saved_metadata(path: Path) -> dict[str, str]:
    """The file's own metadata, as ``save`` wrote them. ReseenError: no such file, or not Parquet."""
    return _read(path, lambda: pl.read_parquet_metadata(path))


def _read(path: Path, read: Callable[[], ResultT]) -> ResultT:
    if not path.is_file():
        raise ReseenError(f"{path}: no such file; expected embeddings as Parquet")
    try:
        return read()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ReseenError(f"{path}: expected embeddings as Parquet, cannot read it as such") from error


def read_vectors(values: ArrayLike, *, what: str = "vectors") -> Vectors:
    """(N, D) of an array or a torch tensor -> the same as float32 or float64.

    ReseenError, which calls them ``what``, where they have another kind or shape, or one is zero or not finite.
    """
    vectors = as_array(values)
    if vectors.ndim != 2 or not vectors.size:
        raise ReseenError(f"{what}: expected (images, width), both at least 1, got {vectors.shape}")
    if vectors.dtype not in (np.float32, np.float64):
        raise ReseenError(f"{what}: expected float32 or float64, got {vectors.dtype}")
    largest, smallest = vectors.max(axis=1), vectors.min(axis=1)
    for bad, why in (
        (~(np.isfinite(largest) & np.isfinite(smallest)), "are not finite (NaN or infinite)"),
        ((largest == 0) & (smallest == 0), "are all zeros and have no direction to compare"),
    ):
        if bad.any():
            raise ReseenError(
                f"{bad.sum()} of {len(bad)} {what} {why}, first at row {bad.argmax()}: embed these images again or "
                "leave them out"
            )
    return vectors


def _clean_vectors(values: Vectors) -> Vectors:
    vectors = np.ascontiguousarray(read_vectors(values)).view()
    vectors.flags.writeable = False
    return vectors
