"""Which queries are asked about: named ones, pictures that are no queries, or some picked from all."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from reseen.data.opening import open_image
from reseen.data.table import Split, first, split_of
from reseen.draw.select import pick_queries, worst_queries
from reseen.errors import ReseenError
from reseen.explain.explainer import Explainer
from reseen.metrics import Embedded
from reseen.progress import Progress
from reseen.tasks.reid.scoring import Evaluated

NOBODY = "?"
"""The identity of a picture of which none is known."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Pictures that are asked about: their table, and their vectors in the same order."""

    split: Split
    embedded: Embedded


@dataclass(frozen=True)
class Wanted:
    """``names`` of pictures of the data, or files; without any, ``count`` queries from the best ranked to the worst.

    ``worst``: the worst ranked alone. ``top``: entries of each ranking that are explained.
    """

    names: Sequence[str] = ()
    count: int = 8
    worst: bool = False
    top: int = 1


def asked_of(result: Evaluated, wanted: Wanted, *, explainer: Explainer, progress: Progress) -> list[Asked]:
    """The queries wanted, then those pictures that are none, which are embedded now; that is said.

    ReseenError: no such picture in the data and no such file, a file that is no picture, or nothing was ranked wrong.
    """
    rows, left = rows_by_name(result, wanted.names) if wanted.names else (_picked(result, wanted), [])
    asked = []
    if rows:
        numbers = np.asarray(rows, dtype=np.int64)
        asked.append(Asked(result.splits.query.rows(numbers), result.query.rows(numbers)))
    if left:
        table = table_of(result, left)
        progress.say(f"no queries of the run's data, embedded now: {first([str(path) for path in table.paths])}")
        asked.append(Asked(table, explainer.embed(table, progress=progress)))
    return asked


def _picked(result: Evaluated, wanted: Wanted) -> list[int]:
    if not wanted.worst:
        return pick_queries(result.report, count=wanted.count)
    rows = worst_queries(result.report, result.query.identities, count=wanted.count)
    if not rows:
        raise ReseenError("--worst: every query is ranked perfectly; leave it out to see some of them")
    return rows


def rows_by_name(result: Evaluated, names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Rows of the queries that the names mean, and the names that mean no query."""
    rows, left = [], []
    for name in names:
        places = _places(result.splits.query, name)
        rows += places[:1]
        left += [] if places else [name]
    return rows, left


def table_of(result: Evaluated, names: Sequence[str]) -> Split:
    """A table of pictures that are no queries: others of the data, by name, with what is known of them, or files.

    ReseenError: no such picture in the data and no such file, or a file that is no picture.
    """
    rows: list[dict[str, str | None]] = []
    for name in names:
        for split in (result.splits.gallery, result.splits.train):
            places = _places(split, name)
            if places:
                rows.append(split.frame.row(places[0], named=True))
                break
        else:
            rows.append({"path": str(_file(result, name)), "identity": NOBODY, "camera": None, "view": None})
    return split_of(
        [str(row["path"]) for row in rows],
        [str(row["identity"]) for row in rows],
        cameras=[row["camera"] for row in rows],
        views=[row["view"] for row in rows],
    )


def _places(split: Split, name: str) -> list[int]:
    """Rows whose file is called this, with or without folder and suffix."""
    wanted = Path(name)
    alike = [(row, path) for row, path in enumerate(split.paths) if wanted.name in {path.name, path.stem}]
    if wanted.is_file():
        return [row for row, path in alike if path.samefile(wanted)]
    return [row for row, _ in alike if wanted.name == name]


def _file(result: Evaluated, name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        names = [known.name for known in result.splits.query.paths]
        near = get_close_matches(name, names, n=1, cutoff=0.3) or names[:1]
        raise ReseenError(
            f"--query: no picture '{name}' in {result.splits.root} and no such file; queries are called like {near[0]}"
        )
    open_image(path)
    return path.resolve()
