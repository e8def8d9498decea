"""Removes what proposals and decisions hold of records that are forgotten."""

from collections.abc import Sequence
from pathlib import Path

from reseen.file_lock import file_lock
from reseen.retrieval.discover.files import FOLDER, JOURNAL, LOCK, PROPOSALS
from reseen.retrieval.discover.journal import Journal

_PATIENCE = 60.0


def forget_decided(gallery: Path, ids: Sequence[str], *, identity: str | None) -> None:
    """Remove these records and this identity from the journal of the gallery's folder, and all proposals.

    Proposals are made anew by the next look.
    """
    folder = gallery / FOLDER
    if not folder.is_dir():
        return
    with file_lock(folder / LOCK, patience=_PATIENCE, advice="forget again when it is done", keep=True):
        (folder / PROPOSALS).unlink(missing_ok=True)
        Journal(folder / JOURNAL).purge(ids, identity=identity)
