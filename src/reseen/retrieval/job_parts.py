"""The parts of an embedding job: the vectors of one chunk of images each, complete or absent."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars

from reseen.errors import ReseenError
from reseen.files import write_atomically
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.file_vectors import FileVector
from reseen.retrieval.job_file import START_ANEW, metadata_columns, read_job

PARTS = "part-*.parquet"
VECTOR = "vector"
_NOW, _LISTED = "\0now", "\0listed"
"""Parts of column names that no table has."""


class FailedImage(NamedTuple):
    """An image that has no vector, and the reason."""

    path: str
    error: str


class ChunkDone(NamedTuple):
    """One finished part: how many images were embedded, and the failures."""

    embedded: int
    failures: list[FailedImage]


class ChunkEmbedder:
    """Embeds chunks and writes the part of each into ``out``."""

    def __init__(self, embedder: Embedder, out: Path, *, batch: int, workers: int | None) -> None:
        self._embedder, self._out, self._batch, self._workers = embedder, out, batch, workers

    def __call__(self, chunk: polars.DataFrame) -> ChunkDone:
        """Embed the images of the rows, and write their part."""
        entries = self._entries(chunk)
        failures = [
            FailedImage(path, entry.error) for path, entry in zip(chunk["path"], entries, strict=True) if entry.error
        ]
        vectors = [entry.vector for entry in entries if entry.vector is not None]
        if vectors:
            rows = chunk.filter(polars.Series([entry.vector is not None for entry in entries]))
            frame = rows.with_columns(polars.Series(VECTOR, np.stack(vectors)))
            write_atomically(self._out / _part_name(chunk), frame.write_parquet)
        return ChunkDone(len(vectors), failures)

    def _entries(self, chunk: polars.DataFrame) -> list[FileVector]:
        """Each image's vector or error."""
        metadata = {f"{column}s": _names(chunk[column]) for column in metadata_columns(read_job(self._out))}
        files = self._embedder.embed_files(
            chunk["path"], batch=self._batch, workers=self._workers, on_error="skip", **metadata
        )
        return list(files)


def _names(column: polars.Series) -> list[str | None]:
    return [name or None for name in column.cast(polars.String)]


def finished_rows(out: Path, schema: polars.Schema) -> polars.DataFrame:
    """The rows that have a vector, without it. Raises ReseenError if their columns are not the source's."""
    rows = [polars.DataFrame(schema=schema)]
    for part in sorted(out.glob(PARTS)):
        frame = polars.scan_parquet(part, glob=False).drop(VECTOR).collect()
        if frame.schema != schema:
            expected, got = (", ".join(f"{name} ({kind})" for name, kind in s.items()) for s in (schema, frame.schema))
            raise ReseenError(f"{out}: begun with other columns: expected {expected}, got {got}; {START_ANEW}")
        rows.append(frame)
    return polars.concat(rows)


def require_unchanged(finished: polars.DataFrame, listed: polars.DataFrame, out: Path) -> None:
    """Raise ReseenError if rows that have a vector are gone from the source, or have changed there."""
    marked = listed.with_columns(polars.col("path").alias(_LISTED))
    now = finished.join(marked, on="path", how="left", suffix=_NOW, maintain_order="left")
    same = [polars.col(name).eq_missing(polars.col(f"{name}{_NOW}")) for name in listed.columns if name != "path"]
    changed = now.filter(~polars.all_horizontal(polars.col(_LISTED).is_not_null(), *same))["path"]
    if len(changed):
        count = f"{len(changed)} of {len(finished)} are gone or changed, such as {changed[0]}"
        raise ReseenError(f"{out}: begun with other rows: {count}; {START_ANEW}")


def _part_name(chunk: polars.DataFrame) -> str:
    """A name made of the chunk's paths, so that a chunk that is done twice is one part."""
    digest = hashlib.sha256("\n".join(chunk["path"]).encode()).hexdigest()
    return PARTS.replace("*", digest[:10])
