"""Embedding jobs: the images of a folder or table to Parquet, in parts, so that a killed job can continue.

```
OUT/
  job.json                  format, network (source, fingerprint, width), the metadata columns it was given, and how
                            JPEG files are decoded
  part-0123456789.parquet   one chunk: the source's columns and vector (D float32 of length 1), complete or absent
  failures.csv              path and error of each image that the last run could not embed; the next run tries again
```
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import polars

from reseen.data.image_table import list_images
from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.files import make_own_folder, write_atomically, write_json
from reseen.formats import migrated, with_format
from reseen.progress import SILENT, Progress
from reseen.retrieval.embedder import BATCH, Embedder

CHUNK = 1024
"""Images in a part by default; a killed job repeats at most one part."""

PARTS = "part-*.parquet"
_NOW, _LISTED = "\0now", "\0listed"
"""Parts of column names that no table has."""
_START_ANEW = "choose another folder, or remove this one"
JOB = "job.json"
_FAILURES, _VECTOR = "failures.csv", "vector"
_COLUMNS = ("camera", "view")


class FailedImage(NamedTuple):
    """An image that has no vector, and the reason."""

    path: str
    error: str


class ChunkDone(NamedTuple):
    """One finished part: how many images were embedded, and the failures."""

    embedded: int
    failures: list[FailedImage]


class JobDone(NamedTuple):
    """A finished job: how many images were embedded now and ``before``, and the failures."""

    embedded: int
    before: int
    failures: list[FailedImage]


Runner: TypeAlias = Callable[[Iterable[polars.DataFrame]], Iterator[ChunkDone]]
"""Embeds chunks and yields each as it is done, in any order: `in_this_process` or `reseen.retrieval.on_ray.on_ray`."""


class ChunkEmbedder:
    """Embeds chunks and writes the part of each into ``out``."""

    def __init__(self, embedder: Embedder, out: Path, *, batch: int, workers: int | None) -> None:
        self._embedder, self._out, self._batch, self._workers = embedder, out, batch, workers

    def __call__(self, chunk: polars.DataFrame) -> ChunkDone:
        """Embed the images of the rows, and write their part."""
        metadata = {f"{column}s": _names(chunk[column]) for column in metadata_columns(read_job(self._out))}
        entries = list(
            self._embedder.embed_files(
                chunk["path"], batch=self._batch, workers=self._workers, on_error="skip", **metadata
            )
        )
        failures = [
            FailedImage(path, entry.error) for path, entry in zip(chunk["path"], entries, strict=True) if entry.error
        ]
        vectors = [entry.vector for entry in entries if entry.vector is not None]
        if vectors:
            rows = chunk.filter(polars.Series([entry.vector is not None for entry in entries]))
            frame = rows.with_columns(polars.Series(_VECTOR, np.stack(vectors)))
            write_atomically(self._out / _part_name(chunk), frame.write_parquet)
        return ChunkDone(len(vectors), failures)


def in_this_process(embedder: ChunkEmbedder) -> Runner:
    """A runner for one chunk after another; decoding uses several threads."""
    return lambda chunks: (embedder(chunk) for chunk in chunks)


def embed_images(
    source: Path | str,
    out: Path | str,
    *,
    embedder: Embedder,
    runner: Runner | None = None,
    batch: int = BATCH,
    chunk: int = CHUNK,
    metadata: bool = False,
    progress: Progress = SILENT,
) -> JobDone:
    """Embed the images of a folder or table into Parquet files, except those that have been embedded before.

    New rows of a source that has grown are added. An image file that has changed is not embedded again.

    Args:
        source: A folder of images, or a .csv or .parquet table with a column path.
        out: The folder to write into.
        embedder: The network.
        runner: Embeds the chunks; by default, this process does.
        batch: Images in one pass of the network.
        chunk: Images in one part.
        metadata: Give the columns camera and view to the network, which must have been evaluated with them.
        progress: Shows a bar.

    Raises:
        ReseenError: The source lists no image; ``out`` holds vectors of another network, or of rows that are gone or
            changed; the table lacks the metadata, or the network does not accept them.

    Example (not run):
        ```python
        embedder = reseen.Embedder.from_pretrained("runs/mine")
        job = embed_images("photos", "vectors", embedder=embedder)
        print(job.embedded, job.failures)
        ```
    """
    if chunk < 1:
        raise ValueError(f"expected a chunk of at least 1 image, got {chunk}")
    out, listed = Path(out), list_images(Path(source))
    if _VECTOR in listed.columns:
        raise ReseenError(f"{source}: the table has a column {_VECTOR} already; rename it")
    begin_job(out, embedder, metadata=_known_columns(embedder, listed) if metadata else [])
    finished = _finished(out, listed.schema)
    _check_unchanged(finished, listed, out)
    pending = listed.join(finished, on="path", how="anti", maintain_order="left")
    runner = runner or in_this_process(ChunkEmbedder(embedder, out, batch=batch, workers=None))
    embedded, failures = 0, list[FailedImage]()
    with progress.bar("embed", total=len(pending)) as bar:
        for done in runner(pending.iter_slices(chunk)):
            embedded += done.embedded
            failures += done.failures
            bar.advance(done.embedded + len(done.failures))
    _save_failures(out, failures)
    return JobDone(embedded, len(listed) - len(pending), failures)


def read_job(folder: Path) -> dict[str, object]:
    """The job.json of an embedding job, in the current format. Raises ReseenError for one of a newer reseen."""
    return migrated("job", read_json(folder / JOB), name=str(folder / JOB))


def metadata_columns(job: Mapping[str, object]) -> list[str]:
    """The columns that the job's network was given with each image; none in jobs of older versions."""
    columns = job.get("told", [])
    return [str(column) for column in columns] if isinstance(columns, list) else []


def _known_columns(embedder: Embedder, listed: polars.DataFrame) -> list[str]:
    accepted = [column for column, names in zip(_COLUMNS, embedder.visible_metadata, strict=True) if names]
    columns = [column for column in accepted if column in listed.columns]
    if not columns:
        want = (
            f"a table with a column {' or '.join(accepted)}" if accepted else "a run that was evaluated with metadata"
        )
        raise ReseenError(f"metadata: expected {want}, got {embedder.source} and columns {', '.join(listed.columns)}")
    return columns


def _names(column: polars.Series) -> list[str | None]:
    return [name or None for name in column.cast(polars.String)]


def begin_job(out: Path, embedder: Embedder, *, metadata: Sequence[str] = ()) -> None:
    """Make the folder with its job.json; one that is there must name this network."""
    metadata = list(metadata)
    if (out / JOB).exists():
        job = read_job(out)
        stated, before = job.get("fingerprint"), metadata_columns(job)
        if stated != embedder.fingerprint:
            raise ReseenError(
                f"{out}: holds vectors of another network ({stated}, not {embedder.fingerprint}); choose another folder"
            )
        if before != metadata:
            expected, got = (", ".join(columns) or "none" for columns in (before, metadata))
            raise ReseenError(
                f"{out}: its vectors were made with metadata {expected}, got {got}; choose another folder"
            )
        decoded = job.get("decode", embedder.facts.decode)
        if decoded != embedder.decode:
            raise ReseenError(f"{out}: begun with decode {decoded}, got {embedder.decode}; {_START_ANEW}")
        return
    make_own_folder(out, of="embedding job")
    facts = {
        "source": embedder.source,
        "fingerprint": embedder.fingerprint,
        "width": embedder.width,
        "told": metadata,
        "decode": embedder.decode,
    }
    write_json(out / JOB, with_format("job", facts))


def _finished(out: Path, schema: polars.Schema) -> polars.DataFrame:
    """The rows that have a vector, without it. Raises ReseenError if their columns are not the source's."""
    rows = [polars.DataFrame(schema=schema)]
    for part in sorted(out.glob(PARTS)):
        frame = polars.scan_parquet(part, glob=False).drop(_VECTOR).collect()
        if frame.schema != schema:
            expected, got = (", ".join(f"{name} ({kind})" for name, kind in s.items()) for s in (schema, frame.schema))
            raise ReseenError(f"{out}: begun with other columns: expected {expected}, got {got}; {_START_ANEW}")
        rows.append(frame)
    return polars.concat(rows)


def _check_unchanged(finished: polars.DataFrame, listed: polars.DataFrame, out: Path) -> None:
    """Raise ReseenError if rows that have a vector are gone from the source, or have changed there."""
    marked = listed.with_columns(polars.col("path").alias(_LISTED))
    now = finished.join(marked, on="path", how="left", suffix=_NOW, maintain_order="left")
    same = [polars.col(name).eq_missing(polars.col(f"{name}{_NOW}")) for name in listed.columns if name != "path"]
    changed = now.filter(~polars.all_horizontal(polars.col(_LISTED).is_not_null(), *same))["path"]
    if len(changed):
        count = f"{len(changed)} of {len(finished)} are gone or changed, such as {changed[0]}"
        raise ReseenError(f"{out}: begun with other rows: {count}; {_START_ANEW}")


def _part_name(chunk: polars.DataFrame) -> str:
    """A name made of the chunk's paths, so that a chunk that is done twice is one part."""
    digest = hashlib.sha256("\n".join(chunk["path"]).encode()).hexdigest()
    return PARTS.replace("*", digest[:10])


def _save_failures(out: Path, failures: list[FailedImage]) -> None:
    frame = polars.DataFrame(sorted(failures), schema=dict.fromkeys(FailedImage._fields, polars.String), orient="row")
    write_atomically(out / _FAILURES, frame.write_csv)
