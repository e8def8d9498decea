"""Two runs beside each other: scored on the same queries, gathered on one page."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reseen.draw.curves import plot_cmc, plot_paired
from reseen.draw.select import changed_queries
from reseen.draw.sheet import draw_sheet, rank_columns, ranked_tiles
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.metrics import Comparison, compare
from reseen.progress import SILENT, Progress
from reseen.report.comparison_page import BesideContent, changes, distinct_names, flat_settings, write_beside
from reseen.report.drawings import DRAWINGS, how_found
from reseen.report.page import ScoreRow, ends_of
from reseen.report.pictures import Picture, picture_of
from reseen.report.run_page import (
    command_again,
    data_facts,
    draw_run,
    environment_facts,
    split_summaries,
)
from reseen.report.saved_maps import kept_maps
from reseen.report.saved_scores import kept_scores
from reseen.tasks.reid.results import intervals_of
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from reseen.tasks.reid.scoring import Evaluated

_TOP = 10
_PAIRED = "A point a query, by its average precision in either run; above the diagonal the second run ranks it better."
_EACH = ("training", "similarities")
"""Drawings that either run has of its own."""


class Side(NamedTuple):
    """One of the two runs."""

    name: str
    run: Run
    result: Evaluated


def report_pair(
    first: Run | Path | str,
    second: Run | Path | str,
    *,
    data: Path | str | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the page of two runs; returns its path, ``beside-NAME.html`` in the second run unless ``out`` is given.

    ReseenError: the same run twice, runs scored on other queries, another gallery or under other rules.
    """
    progress = progress or SILENT
    sides = _sides([open_run(run) for run in (first, second)], data, progress)
    one, other = sides
    recipes = [flat_settings(side.run.recipe_file.read_text(encoding="utf-8")) for side in sides]
    changed = changes(*recipes)
    comparison = _comparison(one.result, other.result)
    differences = {} if comparison is None else comparison.differences
    page = other.run.path / f"beside-{one.name.replace('/', '-')}.html" if out is None else Path(out)
    content = BesideContent(
        first=_score_row(one),
        second=_score_row(other),
        settings=one.result.report.settings,
        summary=_summary(sides, comparison),
        differences=ends_of({score: found.difference for score, found in differences.items()}),
        pictures=list(_pictures(sides, progress=progress)),
        explanations=[
            table._replace(title=f"{table.title}: {side.name}") for side in sides for table in kept_scores(side.run)
        ],
        data=split_summaries(one.result.splits),
        data_facts=data_facts(one.run, one.result.splits),
        recipe=changed,
        recipe_alike=len(recipes[0].keys() | recipes[1].keys()) - len(changed),
        environment=changes(*(environment_facts(side.run) for side in sides)),
        commands=[command_again(side.run) for side in sides],
    )
    write_beside(page, content)
    return page


def _sides(runs: Sequence[Run], data: Path | str | None, progress: Progress) -> tuple[Side, Side]:
    first, second = (run.path for run in runs)
    if first.resolve() == second.resolve():
        raise ReseenError(f"{first}: expected two different runs, got the same twice")
    one, other = (
        Side(name, run, saved_evaluation(run, data=data, progress=progress))
        for name, run in zip(distinct_names(first, second), runs, strict=True)
    )
    _require_alike(one, other)
    return one, other


def _score_row(side: Side) -> ScoreRow:
    return ScoreRow.of(side.name, side.result.report, intervals=ends_of(intervals_of(side.result)))


def _comparison(first: Evaluated, second: Evaluated) -> Comparison | None:
    """None where too few identities were asked for an interval."""
    return compare(first.report, second.report, first.query.identities) if intervals_of(first) else None


def _require_alike(first: Side, second: Side) -> None:
    for what in ("query", "gallery"):
        one, other = (getattr(side.result, what) for side in (first, second))
        if not all(np.array_equal(getattr(one, field), getattr(other, field)) for field in ("identities", "names")):
            raise ReseenError(
                f"{first.run.path} and {second.run.path}: expected runs scored on the same pictures; their {what} "
                f"differs ({len(one)} and {len(other)} pictures)"
            )
    if first.result.report.settings != second.result.report.settings:
        raise ReseenError(
            f"{first.run.path} and {second.run.path}: expected runs scored under the same rules, got "
            f"{first.result.report.settings}; and {second.result.report.settings}"
        )


def _pictures(sides: tuple[Side, Side], *, progress: Progress) -> Iterator[Picture]:
    one, other = sides
    changed = changed_queries(one.result.report, other.result.report, one.result.query.identities)
    for rows, winner in ((changed.better, other), (changed.worse, one)):
        if rows:
            yield _sheet(sides, rows, winner=winner.name)
    for side in sides:
        yield from (_of_side(side, picture) for picture in kept_maps(side.run))
    cmc = plot_cmc({side.name: side.result.report.cmc for side in sides})
    yield picture_of(cmc, title="Cumulative matches", caption=DRAWINGS["cmc"].caption)
    names = (one.name, other.name)
    paired = plot_paired(one.result.report.average_precisions, other.result.report.average_precisions, names=names)
    yield picture_of(paired, title="Query by query", caption=_PAIRED)
    drawn = [draw_run(side.run, side.result, names=_EACH, progress=progress) for side in sides]
    for name in _EACH:
        for side, pictures in zip(sides, drawn, strict=True):
            if name in pictures:
                yield replace(_of_side(side, pictures[name]), group=name)


def _of_side(side: Side, picture: Picture) -> Picture:
    return replace(picture, title=f"{picture.title}: {side.name}")


def _sheet(sides: tuple[Side, Side], queries: list[int], *, winner: str) -> Picture:
    """The same queries ranked by either run, one under the other."""
    ranked = [
        ranked_tiles(
            result.query,
            result.gallery,
            query_paths=result.splits.query.paths,
            gallery_paths=result.splits.gallery.paths,
            queries=queries,
            top=_TOP,
            protocol=result.protocol,
        )
        for _, _, result in sides
    ]
    rows, titles = [], []
    for place, query in enumerate(queries):
        for side, tiles in zip(sides, ranked, strict=True):
            rows.append(tiles[place])
            titles.append(f"{side.name}: {how_found(side.result.report, query)}")
    caption = (
        "The queries whose average precision differs most in its favour, one an identity; each as either run ranks it. "
        "Blue frame: the query; green with a tick: the same identity; red with a cross: another."
    )
    return picture_of(
        draw_sheet(rows, columns=rank_columns(_TOP), titles=titles), title=f"Where {winner} is better", caption=caption
    )


def _summary(sides: tuple[Side, Side], comparison: Comparison | None) -> str:
    first, second = (side.result.report.average_precisions for side in sides)
    verdict = "" if comparison is None else " " + comparison.sentence(sides[0].name, sides[1].name)
    return (
        f"Two runs before the same {len(sides[0].result.gallery)} gallery pictures. "
        f"Of {np.isfinite(first).sum()} queries, {sides[1].name} ranks {(second > first).sum()} better, "
        f"{sides[0].name} {(second < first).sum()}, and both {(second == first).sum()} alike."
        f"{verdict}"
    )
