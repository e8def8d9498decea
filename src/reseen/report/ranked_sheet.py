"""Sheets of queries with the first entries of their rankings."""

from collections.abc import Sequence

from reseen.draw.sheet import Tile, draw_sheet, rank_columns, ranked_tiles
from reseen.metrics import Report
from reseen.report.images import Drawing
from reseen.tasks.reid.scoring import Evaluated

ROWS, TOP = 8, 10
"""Rows on a sheet, and entries shown of each ranking."""
FRAMES_EXPLAINED = "Frames: blue for the query, green with a tick for the same identity, red with a cross for another."


def query_outcome(report: Report, row: int) -> str:
    """How well a query's match was found, in words."""
    return f"average precision {report.average_precisions[row]:.1%}, first match at rank {report.first_hits[row]}"


def tiles_of(result: Evaluated, queries: Sequence[int]) -> list[list[Tile]]:
    """The rows of a sheet: each query and the ``TOP`` entries of its ranking."""
    return ranked_tiles(
        result.query,
        result.gallery,
        query_paths=result.splits.query.paths,
        gallery_paths=result.splits.gallery.paths,
        queries=queries,
        top=TOP,
        protocol=result.protocol,
    )


def outcome_sheet(result: Evaluated, queries: list[int]) -> Drawing | None:
    """The queries with their outcomes in words; None without queries."""
    if not queries:
        return None
    titles = [query_outcome(result.report, row) for row in queries]
    return draw_sheet(tiles_of(result, queries), columns=rank_columns(TOP), titles=titles)
