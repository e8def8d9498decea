"""The job.json of an embedding job: the network, its metadata and its decoding, which a continued job must share."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars

from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.files import make_own_folder, write_json
from reseen.formats import migrated, with_format
from reseen.retrieval.embedder import Embedder

JOB = "job.json"
START_ANEW = "choose another folder, or remove this one"
COLUMNS = ("camera", "view")


def read_job(folder: Path) -> dict[str, object]:
    """The job.json of an embedding job, in the current format. Raises ReseenError for one of a newer reseen."""
    return migrated("job", read_json(folder / JOB), name=str(folder / JOB))


def metadata_columns(job: Mapping[str, object]) -> list[str]:
    """The columns that the job's network was given with each image; none in jobs of older versions."""
    columns = job.get("told", [])
    return [str(column) for column in columns] if isinstance(columns, list) else []


def known_columns(embedder: Embedder, listed: polars.DataFrame) -> list[str]:
    """The columns of the table that the network accepts. Raises ReseenError where there are none."""
    accepted = [column for column, names in zip(COLUMNS, embedder.visible_metadata, strict=True) if names]
    columns = [column for column in accepted if column in listed.columns]
    if not columns:
        want = (
            f"a table with a column {' or '.join(accepted)}" if accepted else "a run that was evaluated with metadata"
        )
        raise ReseenError(f"metadata: expected {want}, got {embedder.source} and columns {', '.join(listed.columns)}")
    return columns


def begin_job(out: Path, embedder: Embedder, *, metadata: Sequence[str] = ()) -> None:
    """Make the folder with its job.json; one that is there must name this network."""
    if (out / JOB).exists():
        _require_same(out, embedder, metadata=list(metadata))
        return
    make_own_folder(out, of="embedding job")
    facts = {
        "source": embedder.source,
        "fingerprint": embedder.fingerprint,
        "width": embedder.width,
        "told": list(metadata),
        "decode": embedder.decode,
    }
    write_json(out / JOB, with_format("job", facts))


def _require_same(out: Path, embedder: Embedder, *, metadata: list[str]) -> None:
    """Raise ReseenError unless the folder's job is of this network, metadata and decoding."""
    job = read_job(out)
    stated, before = job.get("fingerprint"), metadata_columns(job)
    if stated != embedder.fingerprint:
        raise ReseenError(
            f"{out}: holds vectors of another network ({stated}, not {embedder.fingerprint}); choose another folder"
        )
    if before != metadata:
        expected, got = (", ".join(columns) or "none" for columns in (before, metadata))
        raise ReseenError(f"{out}: its vectors were made with metadata {expected}, got {got}; choose another folder")
    decoded = job.get("decode", embedder.facts.decode)
    if decoded != embedder.decode:
        raise ReseenError(f"{out}: begun with decode {decoded}, got {embedder.decode}; {START_ANEW}")
