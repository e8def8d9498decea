"""The table of drawings on a run's page, and how each is made of a run and its evaluation."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.data.twins import IdentityPair, known_twins
from reseen.draw.cameras import camera_matrix, plot_cameras
from reseen.draw.curves import plot_cmc, plot_training
from reseen.draw.scatter import LEAST, Panel, most_frequent, place_on_plane, plot_plane, sample_identities
from reseen.draw.select import pick_queries, worst_queries
from reseen.draw.sheet import Tile, draw_sheet, rank_columns, ranked_tiles
from reseen.draw.similarities import count_similarities, plot_similarities
from reseen.draw.style import PALETTE
from reseen.engine.run import Run
from reseen.metrics import Calibration, Report
from reseen.metrics.labels import known
from reseen.report.confusions import Confusion, confused_pairs, confusion_sheet, find_confusions
from reseen.report.images import Drawing
from reseen.tasks.reid.scoring import Evaluated

SYSTEMS = ("histogram", "untrained", "trained")

ROWS, TOP = 8, 10
"""Rows on a sheet, and entries shown of each ranking."""


class Drawn(NamedTuple):
    """A kind of drawing: its title, its caption, whether it is a sheet of photographs, and the function that draws it.

    The function returns None where there is nothing to show.
    """

    title: str
    caption: str
    sheet: bool
    draw: Callable[[Run, Evaluated], Drawing | None]


def scored_systems(run: Run, row: str) -> dict[str, dict[str, Any]]:
    """The score table of a run in its order, and last the named row where it is not among them."""
    scores = run.scores()
    return {name: scores[name] for name in dict.fromkeys((*SYSTEMS, row)) if name in scores}


def query_outcome(report: Report, row: int) -> str:
    """How well a query's match was found, in words."""
    return f"average precision {report.average_precisions[row]:.1%}, first match at rank {report.first_hits[row]}"


def calibrated_threshold(run: Run) -> float | None:
    """The threshold in the run's calibration.json; None where it was not calibrated."""
    return Calibration.load(run.calibration_file).threshold if run.calibration_file.exists() else None


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


def _sheet(result: Evaluated, queries: list[int]) -> Drawing | None:
    if not queries:
        return None
    titles = [query_outcome(result.report, row) for row in queries]
    return draw_sheet(tiles_of(result, queries), columns=rank_columns(TOP), titles=titles)


def _mix(_run: Run, result: Evaluated) -> Drawing | None:
    return _sheet(result, pick_queries(result.report, count=ROWS))


def _failures(_run: Run, result: Evaluated) -> Drawing | None:
    return _sheet(result, worst_queries(result.report, result.query.identities, count=ROWS))


def _hard_pairs(result: Evaluated) -> tuple[str, list[Confusion]]:
    """The word for the other of a pair, and the pairs: twins where the data name them, else the most confused."""
    twins = find_confusions(result, known_twins(result.splits.root))
    return ("twin", twins) if twins else ("other", find_confusions(result, confused_pairs(result, count=ROWS)))


def _twins(_run: Run, result: Evaluated) -> Drawing | None:
    other, confusions = _hard_pairs(result)
    return confusion_sheet(result, confusions[:ROWS]) if other == "twin" else None


def _confused(_run: Run, result: Evaluated) -> Drawing | None:
    other, confusions = _hard_pairs(result)
    return confusion_sheet(result, confusions, other=other) if other != "twin" and confusions else None


def _cmc(run: Run, result: Evaluated) -> Drawing | None:
    return plot_cmc({name: row["cmc"] for name, row in scored_systems(run, result.name).items()})


def _training(run: Run, _result: Evaluated) -> Drawing | None:
    rows = run.metrics()
    return plot_training(rows) if rows else None


def _similarities(run: Run, result: Evaluated) -> Drawing | None:
    similarities = count_similarities(result.query, result.gallery, protocol=result.protocol)
    return plot_similarities(similarities, threshold=calibrated_threshold(run))


def _cameras(_run: Run, result: Evaluated) -> Drawing | None:
    """Only where cameras are known in query and gallery, and one of them has several."""
    sides = (result.query.cameras, result.gallery.cameras)
    counts = [0 if cameras is None else len(np.unique(cameras[known(cameras)])) for cameras in sides]
    if min(counts) < 1 or max(counts) < 2:
        return None
    matrix = camera_matrix(
        result.query,
        result.gallery,
        protocol=result.protocol,
        average_precision=result.report.precision_rule,
    )
    return plot_cameras(matrix)


def _plane(_run: Run, result: Evaluated) -> Drawing | None:
    """Query and gallery together; the identities that stand out are the pairs most often confused."""
    sides = (result.query, result.gallery)
    identities = np.concatenate([side.identities.astype(np.str_) for side in sides])
    counted = np.flatnonzero(~np.isin(identities, result.protocol.junk))
    rows = counted[sample_identities(identities[counted])]
    if len(rows) < LEAST:
        return None
    points = place_on_plane(np.concatenate([side.vectors for side in sides])[rows])
    panels = [_identity_panel(result, identities[rows])]
    for name, columns in (("camera", [side.cameras for side in sides]), ("view", [side.views for side in sides])):
        if all(column is not None and known(column).any() for column in columns):
            labels = np.concatenate([np.asarray(column) for column in columns])[rows]
            panels.append(Panel(name, labels, most_frequent(labels)))
    return plot_plane(points, panels)


def _identity_panel(result: Evaluated, identities: NDArray[np.str_]) -> Panel:
    pairs: list[IdentityPair] = []
    for confusion in _hard_pairs(result)[1]:
        own, other = result.query.identities[confusion.query], result.gallery.identities[confusion.other[0].row]
        if not {str(own), str(other)} & {name for pair in pairs for name in pair}:
            pairs.append((str(own), str(other)))
    if not pairs:
        return Panel("identity", identities, most_frequent(identities))
    firsts, seconds = zip(*pairs[: len(PALETTE)], strict=True)
    return Panel("identity, in confused pairs", identities, [*firsts, *seconds])


FRAMES_EXPLAINED = "Frames: blue for the query, green with a tick for the same identity, red with a cross for another."
_RANKED = (
    "Each row: a query and the gallery images most similar to it, the best at the left. "
    f"{FRAMES_EXPLAINED} Under each image: identity, camera and cosine similarity. "
)
_CONFUSED = (
    "Each row: a query, the gallery images of its own identity that are most similar to it, then those of {other}. "
    f"{FRAMES_EXPLAINED} Under each image: identity, camera and cosine similarity. Of each pair the query is shown for "
    "which {other} is closest, or furthest ahead. "
)

DRAWINGS: Mapping[str, Drawn] = MappingProxyType(
    {
        "sheet": Drawn(
            "What it finds",
            _RANKED + "Rows are ordered from the highest average precision to the lowest.",
            sheet=True,
            draw=_mix,
        ),
        "failures": Drawn(
            "Where it fails",
            _RANKED + "The queries with the lowest average precision, the worst first, one per identity.",
            sheet=True,
            draw=_failures,
        ),
        "twins": Drawn(
            "Twins",
            _CONFUSED.format(other="its twin") + "Twins, which this set was made with, differ in a few marks only.",
            sheet=True,
            draw=_twins,
        ),
        "confusions": Drawn(
            "Confused identities",
            _CONFUSED.format(other="the other")
            + "The pairs are those with the most queries that rank the other first.",
            sheet=True,
            draw=_confused,
        ),
        "cmc": Drawn(
            "Cumulative matches", "Share of queries with at least one match among the first k.", sheet=False, draw=_cmc
        ),
        "training": Drawn(
            "Training", "Mean of each epoch; mAP after the epochs that were scored.", sheet=False, draw=_training
        ),
        "similarities": Drawn(
            "Similarity",
            "All pairs of a query and a gallery image that count under the protocol, each histogram in shares of its "
            "pairs. The less they overlap, the better a threshold separates them; the dashed line, if any, is the "
            "calibrated threshold.",
            sheet=False,
            draw=_similarities,
        ),
        "cameras": Drawn(
            "From camera to camera",
            "mAP of the queries of one camera, searched among the gallery images of another one only. These galleries "
            "are smaller, so the values are higher than the overall score; compare them with each other. A dash: no "
            "query has a match there. In small data sets a cell rests on few queries.",
            sheet=False,
            draw=_cameras,
        ),
        "plane": Drawn(
            "Embeddings",
            "Query and gallery images, close together where their embeddings are (t-SNE of the unit vectors; distances "
            "between groups mean little). Good embeddings group by identity, not by camera or view.",
            sheet=False,
            draw=_plane,
        ),
    }
)
"""In the order of the page."""
