"""The images on the page of two runs: the same queries in both, and the drawings of either."""

from collections.abc import Iterator
from dataclasses import replace

from reseen.draw.curves import plot_cmc, plot_paired
from reseen.draw.select import changed_queries
from reseen.draw.sheet import draw_sheet, rank_columns
from reseen.progress import Progress
from reseen.report.drawings import DRAWINGS
from reseen.report.images import PageImage, image_of
from reseen.report.ranked_sheet import FRAMES_EXPLAINED, TOP, query_outcome, tiles_of
from reseen.report.run_drawings import draw_run
from reseen.report.run_scores import RunScores
from reseen.report.saved_maps import saved_maps

_PAIRED = "One point per query, at its average precision in either run; above the diagonal the second run is better."
_EACH = ("training", "similarities")
"""Drawings that either run has of its own."""


def comparison_images(runs: tuple[RunScores, RunScores], *, progress: Progress) -> Iterator[PageImage]:
    """The images of the page, in order."""
    yield from _changed_queries(runs)
    for run in runs:
        yield from (_of_run(run, image) for image in saved_maps(run.run))
    yield from _plots_of_both(runs)
    drawn = [draw_run(run.run, run.result, names=_EACH, progress=progress) for run in runs]
    for name in _EACH:
        for run, images in zip(runs, drawn, strict=True):
            if name in images:
                yield replace(_of_run(run, images[name]), group=name)


def _changed_queries(runs: tuple[RunScores, RunScores]) -> Iterator[PageImage]:
    """A sheet of the queries that are better in either run, where there are such."""
    first, second = (run.result for run in runs)
    changed = changed_queries(first.report, second.report, first.query.identities)
    for rows, winner in ((changed.better, runs[1]), (changed.worse, runs[0])):
        if rows:
            yield _sheet(runs, rows, winner=winner.name)


def _plots_of_both(runs: tuple[RunScores, RunScores]) -> Iterator[PageImage]:
    cmc = plot_cmc({run.name: run.result.report.cmc for run in runs})
    yield image_of(cmc, title="Cumulative matches", caption=DRAWINGS["cmc"].caption)
    first, second = (run.result.report.average_precisions for run in runs)
    paired = plot_paired(first, second, names=(runs[0].name, runs[1].name))
    yield image_of(paired, title="Query by query", caption=_PAIRED)


def _of_run(run: RunScores, image: PageImage) -> PageImage:
    return replace(image, title=f"{image.title}: {run.name}")


def _sheet(runs: tuple[RunScores, RunScores], queries: list[int], *, winner: str) -> PageImage:
    """The same queries ranked by either run, one under the other."""
    rows, titles = [], []
    for query, *ranked in zip(queries, *(tiles_of(run.result, queries) for run in runs), strict=True):
        for run, tiles in zip(runs, ranked, strict=True):
            rows.append(tiles)
            titles.append(f"{run.name}: {query_outcome(run.result.report, query)}")
    caption = (
        f"The queries whose average precision differs most in favour of {winner}, one per identity, each as ranked by "
        f"either run. {FRAMES_EXPLAINED}"
    )
    sheet = draw_sheet(rows, columns=rank_columns(TOP), titles=titles)
    return image_of(sheet, title=f"Where {winner} is better", caption=caption)
