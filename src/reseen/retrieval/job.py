"""Embedding as a job: the pictures of a folder or table to Parquet, in parts, so that a killed job goes on.

```
OUT/
  job.json                  format, network (source, fingerprint, width), and the columns that it was told of pictures
  part-0123456789.parquet   one chunk: the source's columns and vector (D float32 of length 1), whole or not there
  failures.csv              path and error of what was no fit picture in the last run; the next run tries again
```
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import polars

from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.files import write_atomically, write_json
from reseen.formats import migrated, with_format
from reseen.progress import Progress, Silent
from reseen.retrieval.embedder import BATCH, Embedder
from reseen.retrieval.listing import list_pictures

CHUNK = 1024
"""Pictures a part, unless said otherwise: what a killed job does again at most."""

PARTS = "part-*.parquet"
_NOW, _THERE = "\0now", "\0there"
"""In the names of columns that no table has."""
_ANEW = "choose another folder, or remove this one"
JOB = "job.json"
_FAILURES, _VECTOR = "failures.csv", "vector"
_COLUMNS = ("camera", "view")


class Failure(NamedTuple):
    """A picture that has no vector, and why."""

    path: str
    error: str


class ChunkDone(NamedTuple):
    """A part that was written: so many vectors, and what had none."""

    embedded: int
    failures: list[Failure]


class JobDone(NamedTuple):
    """So many vectors written now, so many there before, and what has none."""

    embedded: int
    before: int
    failures: list[Failure]


Runner: TypeAlias = Callable[[Iterable[polars.DataFrame]], Iterator[ChunkDone]]
"""Embeds chunks and tells as each is done, in any order: `in_this_process`, or `reseen.retrieval.on_ray.on_ray`."""


class ChunkEmbedder:
    """Writes the part of one chunk after another into ``out``."""

    def __init__(self, embedder: Embedder, out: Path, *, batch: int, workers: int | None) -> None:
        self._embedder, self._out, self._batch, self._workers = embedder, out, batch, workers

    def __call__(self, chunk: polars.DataFrame) -> ChunkDone:
        """Embed the rows' pictures; the part is there when this returns."""
        told = {f"{column}s": _names(chunk[column]) for column in columns_told(read_job(self._out))}
        found = list(
            self._embedder.embed_files(chunk["path"], batch=self._batch, workers=self._workers, on_error="skip", **told)
        )
        failures = [Failure(path, entry.error) for path, entry in zip(chunk["path"], found, strict=True) if entry.error]
        vectors = [entry.vector for entry in found if entry.vector is not None]
        if vectors:
            rows = chunk.filter(polars.Series([entry.vector is not None for entry in found]))
            frame = rows.with_columns(polars.Series(_VECTOR, np.stack(vectors)))
            write_atomically(self._out / _part_name(chunk), frame.write_parquet)
        return ChunkDone(len(vectors), failures)


def in_this_process(embedder: ChunkEmbedder) -> Runner:
    """One chunk after another; decoding is threaded inside."""
    return lambda chunks: (embedder(chunk) for chunk in chunks)


def embed_pictures(
    source: Path | str,
    out: Path | str,
    *,
    embedder: Embedder,
    runner: Runner | None = None,
    batch: int = BATCH,
    chunk: int = CHUNK,
    metadata: bool = False,
    progress: Progress | None = None,
) -> JobDone:
    """Embed what ``source`` lists (see `list_pictures`) into the folder ``out``, but for what lies there already.

    New rows of a source that has grown are added; a picture's file that changed is not looked at again. ``runner``: who
    does the work; None: this process. ``metadata``: the columns camera and view are told to a network that was
    evaluated with them. Raises ReseenError for a source that lists nothing, for an ``out`` of another network, or of
    rows that are gone or changed, and for metadata that the table has not or the network does not take.
    """
    if chunk < 1:
        raise ValueError(f"expected a chunk of at least 1 picture, got {chunk}")
    out, listed = Path(out), list_pictures(Path(source))
    if _VECTOR in listed.columns:
        raise ReseenError(f"{source}: has a column {_VECTOR} already; rename it")
    _begin(out, embedder, told=_columns_to_tell(embedder, listed) if metadata else [])
    there = _done(out, listed.schema)
    _check_unchanged(there, listed, out)
    pending = listed.join(there, on="path", how="anti", maintain_order="left")
    runner = runner or in_this_process(ChunkEmbedder(embedder, out, batch=batch, workers=None))
    embedded, failures = 0, list[Failure]()
    with (progress or Silent()).bar("embed", total=len(pending)) as bar:
        for done in runner(pending.iter_slices(chunk)):
            embedded += done.embedded
            failures += done.failures
            bar.advance(done.embedded + len(done.failures))
    _keep_failures(out, failures)
    return JobDone(embedded, len(listed) - len(pending), failures)


def read_job(folder: Path) -> dict[str, object]:
    """What the job.json of an embedding job says, in today's format. ReseenError for one of a newer reseen."""
    return migrated("job", read_json(folder / JOB), name=str(folder / JOB))


def columns_told(job: Mapping[str, object]) -> list[str]:
    """The columns of a job that its network was told beside each picture; none in jobs of before there were any."""
    told = job.get("told", [])
    return [str(column) for column in told] if isinstance(told, list) else []


def _columns_to_tell(embedder: Embedder, listed: polars.DataFrame) -> list[str]:
    known = [column for column, names in zip(_COLUMNS, embedder.told, strict=True) if names]
    told = [column for column in known if column in listed.columns]
    if not told:
        takes = f"a table with a column {' or '.join(known)}" if known else "a run that was evaluated with metadata"
        raise ReseenError(f"metadata: expected {takes}, got {embedder.source} and columns {', '.join(listed.columns)}")
    return told


def _names(column: polars.Series) -> list[str | None]:
    return [name or None for name in column.cast(polars.String)]


def _begin(out: Path, embedder: Embedder, *, told: list[str]) -> None:
    """The folder with its job.json, which must speak of this network if it is there."""
    job = out / JOB
    if job.exists():
        there = read_job(out)
        stated, before = there.get("fingerprint"), columns_told(there)
        if stated != embedder.fingerprint:
            raise ReseenError(
                f"{out}: holds vectors of another network ({stated}, not {embedder.fingerprint}); choose another folder"
            )
        if before != told:
            words = [", ".join(columns) or "nothing" for columns in (before, told)]
            raise ReseenError(
                f"{out}: holds vectors of a network that was told {words[0]} of pictures, not {words[1]}; "
                "choose another folder"
            )
        return
    if out.is_dir() and any(out.iterdir()):
        raise ReseenError(f"{out}: the folder exists, is not empty and is no embedding job; choose another")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReseenError(f"{out}: the folder cannot be made: {error.strerror}") from None
    facts = {"source": embedder.source, "fingerprint": embedder.fingerprint, "width": embedder.width, "told": told}
    write_json(job, with_format("job", facts))


def _done(out: Path, schema: polars.Schema) -> polars.DataFrame:
    """The rows that have a vector, without it. ReseenError: they have other columns than the source has now."""
    rows = [polars.DataFrame(schema=schema)]
    for part in sorted(out.glob(PARTS)):
        found = polars.scan_parquet(part, glob=False).drop(_VECTOR).collect()
        if found.schema != schema:
            words = (
                ", ".join(f"{name} ({kind})" for name, kind in columns.items()) for columns in (schema, found.schema)
            )
            raise ReseenError(f"{out}: begun with other columns: expected {next(words)}, got {next(words)}; {_ANEW}")
        rows.append(found)
    return polars.concat(rows)


def _check_unchanged(done: polars.DataFrame, listed: polars.DataFrame, out: Path) -> None:
    """ReseenError where rows that have a vector are gone from the source, or say something else there now."""
    there = listed.with_columns(polars.col("path").alias(_THERE))
    now = done.join(there, on="path", how="left", suffix=_NOW, maintain_order="left")
    same = [polars.col(name).eq_missing(polars.col(f"{name}{_NOW}")) for name in listed.columns if name != "path"]
    changed = now.filter(~polars.all_horizontal(polars.col(_THERE).is_not_null(), *same))["path"]
    if len(changed):
        count = f"{len(changed)} of {len(done)} are gone or changed, such as {changed[0]}"
        raise ReseenError(f"{out}: begun with other rows: {count}; {_ANEW}")


def _part_name(chunk: polars.DataFrame) -> str:
    """By what was to be embedded, not by what could be: a chunk that is done twice is one part."""
    digest = hashlib.sha256("\n".join(chunk["path"]).encode()).hexdigest()
    return PARTS.replace("*", digest[:10])


def _keep_failures(out: Path, failures: list[Failure]) -> None:
    frame = polars.DataFrame(sorted(failures), schema=dict.fromkeys(Failure._fields, polars.String), orient="row")
    write_atomically(out / _FAILURES, frame.write_csv)
