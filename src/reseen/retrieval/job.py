"""Embedding jobs: the images of a folder or table to Parquet, in parts, so that a killed job can continue.

```
OUT/
  job.json                  format, network (source, fingerprint, width), the metadata columns it was given, and how
                            JPEG files are decoded
  part-0123456789.parquet   one chunk: the source's columns and vector (D float32 of length 1), complete or absent
  failures.csv              path and error of each image that the last run could not embed; the next run tries again
```
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

import polars

from reseen.data.image_table import list_images
from reseen.errors import ReseenError
from reseen.files import write_atomically
from reseen.progress import SILENT, Progress
from reseen.retrieval.embedder import BATCH, Embedder
from reseen.retrieval.job_file import JOB, begin_job, known_columns, metadata_columns, read_job
from reseen.retrieval.job_parts import (
    PARTS,
    VECTOR,
    ChunkDone,
    ChunkEmbedder,
    FailedImage,
    finished_rows,
    require_unchanged,
)

__all__ = [
    "CHUNK",
    "JOB",
    "PARTS",
    "ChunkDone",
    "ChunkEmbedder",
    "FailedImage",
    "JobDone",
    "Runner",
    "begin_job",
    "embed_images",
    "in_this_process",
    "metadata_columns",
    "read_job",
]

CHUNK = 1024
"""Images in a part by default; a killed job repeats at most one part."""
_FAILURES = "failures.csv"


class JobDone(NamedTuple):
    """A finished job: how many images were embedded now and ``before``, and the failures."""

    embedded: int
    before: int
    failures: list[FailedImage]


Runner: TypeAlias = Callable[[Iterable[polars.DataFrame]], Iterator[ChunkDone]]
"""Embeds chunks and yields each as it is done, in any order: `in_this_process` or `reseen.retrieval.on_ray.on_ray`."""


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
    if VECTOR in listed.columns:
        raise ReseenError(f"{source}: the table has a column {VECTOR} already; rename it")
    begin_job(out, embedder, metadata=known_columns(embedder, listed) if metadata else [])
    finished = finished_rows(out, listed.schema)
    require_unchanged(finished, listed, out)
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


def _save_failures(out: Path, failures: list[FailedImage]) -> None:
    frame = polars.DataFrame(sorted(failures), schema=dict.fromkeys(FailedImage._fields, polars.String), orient="row")
    write_atomically(out / _FAILURES, frame.write_csv)
