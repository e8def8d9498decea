"""A linking as its folder holds it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.formats import migrated
from reseen.linking.record import LINKING, SCHEMA, SCORES, TRACKS


class Doubt(NamedTuple):
    """A doubtful link: rows of the tracks (the earlier first), nats of evidence, cosine, and seconds between them.

    ``kind``: of both tracks, where there are several kinds.
    """

    first: int
    second: int
    evidence: float
    linked: bool
    similarity: float
    seconds: float
    kind: str = ""


class SavedLinking(NamedTuple):
    """Facts of linking.json and scores.json (None without a truth), rows of tracks.parquet, and where images are."""

    path: Path
    facts: Mapping[str, Any]
    scores: Mapping[str, Any] | None
    tracks: pl.DataFrame
    images: Path

    @property
    def doubts(self) -> list[Doubt]:
        """Doubtful links, the most doubtful first."""
        return [_doubt(row) for row in self.facts.get("doubts", []) if "rows" in row]

    @property
    def origin(self) -> float:
        """The seconds at which the first track begins."""
        begin = self.tracks["begin"].min()
        return float(begin) if isinstance(begin, int | float) else 0.0

    @property
    def truth_known(self) -> bool:
        """Whether the true identity of any track is known."""
        return bool(self.tracks["truth"].is_not_null().any())


def _doubt(row: Mapping[str, Any]) -> Doubt:
    first, second = row["rows"][:2]
    evidence, linked, similarity, seconds = (row[name] for name in ("evidence", "linked", "similarity", "seconds"))
    return Doubt(first, second, evidence, linked, similarity, seconds, row.get("kind", ""))


def is_linking(folder: Path) -> bool:
    """Whether `reseen link` finished in this folder."""
    return (folder / LINKING).is_file()


def open_linking(folder: Path, *, data: Path | None = None) -> SavedLinking:
    """Read the folder of a linking; ``data``: the folder of its images, if they have moved.

    ReseenError: it holds none, a damaged one, or one of a reseen before pages.
    """
    if not is_linking(folder):
        raise ReseenError(f"{folder}: expected a folder that `reseen link` finished; it has no {LINKING}")
    if not (folder / TRACKS).is_file():
        raise ReseenError(f"{folder}: has no {TRACKS}, from which a page is made; run the same `reseen link` again")
    facts = migrated("linking", read_json(folder / LINKING), name=str(folder / LINKING))
    scores = read_json(folder / SCORES) if (folder / SCORES).is_file() else None
    try:
        tracks = pl.read_parquet(folder / TRACKS).select(list(SCHEMA))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ReseenError(f"{folder / TRACKS}: cannot be read: {str(error).splitlines()[0]}") from None
    return SavedLinking(folder, facts, scores, tracks, data or folder / str(facts.get("images", ".")))
