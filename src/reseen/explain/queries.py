"""Which queries are explained: named ones, other images, or some picked from all queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from reseen.data.opening import open_image
from reseen.data.table import Split, first, split_of
from reseen.draw.select import pick_queries, worst_queries
from reseen.errors import ReseenError
from reseen.explain.run_model import RunModel
from reseen.metrics import Embedded
from reseen.progress import Progress
from reseen.tasks.reid.scoring import Evaluated

UNKNOWN_IDENTITY = "?"
"""The identity of an image of unknown identity."""


@dataclass(frozen=True, eq=False)
class QuerySet:
    """Queries to explain: their table, and their vectors in the same order."""

    split: Split
    embedded: Embedded


@dataclass(frozen=True)
class QuerySelection:
    """Which queries to explain: those of ``names``, else ``count`` of all, spread from the best ranked to the worst.

    Args:
        names: Names of images of the data, or image files.
        count: How many queries to pick without names.
        worst: Pick the worst ranked queries only.
        top: How many entries of each ranking to explain.
    """

    names: Sequence[str] = ()
    count: int = 8
    worst: bool = False
    top: int = 1


def select_queries(
    result: Evaluated, selection: QuerySelection, *, run_model: RunModel, progress: Progress
) -> list[QuerySet]:
    """The selected queries of the run's data, then the selected images that are none, which are embedded now.

    ReseenError: no such image in the data and no such file, a file that is no image, or no query was ranked wrong.
    """
    rows, left = rows_by_name(result, selection.names) if selection.names else (_picked(result, selection), [])
    query_sets = []
    if rows:
        numbers = np.asarray(rows, dtype=np.int64)
        query_sets.append(QuerySet(result.splits.query.rows(numbers), result.query.rows(numbers)))
    if left:
        table = table_of(result, left)
        progress.say(f"not among the run's queries, embedded now: {first([str(path) for path in table.paths])}")
        query_sets.append(QuerySet(table, run_model.embed(table, progress=progress)))
    return query_sets


def _picked(result: Evaluated, selection: QuerySelection) -> list[int]:
    if not selection.worst:
        return pick_queries(result.report, count=selection.count)
    rows = worst_queries(result.report, result.query.identities, count=selection.count)
    if not rows:
        raise ReseenError("--worst: every query is ranked perfectly; leave --worst out to see some of them")
    return rows


def rows_by_name(result: Evaluated, names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Rows of the queries with these names, and the names that no query has."""
    rows, left = [], []
    for name in names:
        places = _places(result.splits.query, name)
        rows += places[:1]
        left += [] if places else [name]
    return rows, left


def table_of(result: Evaluated, names: Sequence[str]) -> Split:
    """A table of images that are no queries: other images of the data, by name, with their labels, or files.

    ReseenError: no such image in the data and no such file, or a file that is no image.
    """
    rows: list[dict[str, str | None]] = []
    for name in names:
        for split in (result.splits.gallery, result.splits.train):
            places = _places(split, name)
            if places:
                rows.append(split.frame.row(places[0], named=True))
                break
        else:
            rows.append({"path": str(_file(result, name)), "identity": UNKNOWN_IDENTITY, "camera": None, "view": None})
    return split_of(
        [str(row["path"]) for row in rows],
        [str(row["identity"]) for row in rows],
        cameras=[row["camera"] for row in rows],
        views=[row["view"] for row in rows],
    )


def _places(split: Split, name: str) -> list[int]:
    """Rows whose file has this name, with or without folder and suffix."""
    file = Path(name)
    same_name = [(row, path) for row, path in enumerate(split.paths) if file.name in {path.name, path.stem}]
    if file.is_file():
        return [row for row, path in same_name if path.samefile(file)]
    return [row for row, _ in same_name if file.name == name]


def _file(result: Evaluated, name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        names = [known.name for known in result.splits.query.paths]
        near = get_close_matches(name, names, n=1, cutoff=0.3) or names[:1]
        raise ReseenError(
            f"--query: no image '{name}' in {result.splits.root} and no such file; names of queries look like {near[0]}"
        )
    open_image(path)
    return path.resolve()
