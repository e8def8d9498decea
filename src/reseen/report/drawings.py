"""The table of drawings on a run's page, and how each is made of a run and its evaluation."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from reseen.draw.cameras import camera_matrix, plot_cameras
from reseen.draw.curves import plot_cmc, plot_training
from reseen.draw.select import pick_queries, worst_queries
from reseen.draw.similarities import count_similarities, plot_similarities
from reseen.engine.run import Run
from reseen.metrics import Calibration
from reseen.metrics.labels import known
from reseen.report.confusions import confusion_sheet, hard_pairs
from reseen.report.embedding_plane import embedding_plane
from reseen.report.images import Drawing
from reseen.report.ranked_sheet import FRAMES_EXPLAINED, ROWS, outcome_sheet
from reseen.tasks.reid.scoring import Evaluated

SYSTEMS = ("histogram", "untrained", "trained")


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


def calibrated_threshold(run: Run) -> float | None:
    """The threshold in the run's calibration.json; None where it was not calibrated."""
    return Calibration.load(run.calibration_file).threshold if run.calibration_file.exists() else None


def _mix(_run: Run, result: Evaluated) -> Drawing | None:
    return outcome_sheet(result, pick_queries(result.report, count=ROWS))


def _failures(_run: Run, result: Evaluated) -> Drawing | None:
    return outcome_sheet(result, worst_queries(result.report, result.query.identities, count=ROWS))


def _twins(_run: Run, result: Evaluated) -> Drawing | None:
    other, confusions = hard_pairs(result)
    return confusion_sheet(result, confusions[:ROWS]) if other == "twin" else None


def _confused(_run: Run, result: Evaluated) -> Drawing | None:
    other, confusions = hard_pairs(result)
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
    return embedding_plane(result)


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
