"""What can be drawn of a run: the table of drawings, and which are there to see."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.draw.cameras import camera_matrix, plot_cameras
from reseen.draw.confusions import (
    Confusion,
    IdentityPair,
    confused_pairs,
    confusion_sheet,
    find_confusions,
    known_twins,
)
from reseen.draw.curves import plot_cmc, plot_training
from reseen.draw.scatter import LEAST, Panel, most_frequent, place_on_plane, plot_plane, sample_identities
from reseen.draw.select import pick_queries, worst_queries
from reseen.draw.sheet import ranked_sheet
from reseen.draw.similarities import count_similarities, plot_similarities
from reseen.draw.style import PALETTE
from reseen.engine.run import Run
from reseen.metrics import Calibration, Report
from reseen.metrics.labels import known
from reseen.report.pictures import Drawing
from reseen.tasks.reid.scoring import Evaluated

SYSTEMS = ("histogram", "untrained", "trained")

_ROWS, _TOP = 8, 10
"""Rows on a sheet, and entries shown of each ranking."""


class Drawn(NamedTuple):
    """One kind of drawing: its title, its words, whether it is a sheet of photographs, and what draws it of a run: None
    where there is nothing to see.
    """

    title: str
    caption: str
    sheet: bool
    draw: Callable[[Run, Evaluated], Drawing | None]


def scored_systems(run: Run, row: str) -> dict[str, dict[str, Any]]:
    """The score table of a run in its order, and last the named row where it is none of these."""
    scores = run.scores()
    return {name: scores[name] for name in dict.fromkeys((*SYSTEMS, row)) if name in scores}


def how_found(report: Report, row: int) -> str:
    """A query's outcome in words."""
    return f"average precision {report.average_precisions[row]:.1%}, first match at rank {report.first_hits[row]}"


def calibrated_threshold(run: Run) -> float | None:
    """The threshold in the run's calibration.json; None where it was not calibrated."""
    return Calibration.load(run.calibration_file).threshold if run.calibration_file.exists() else None


def _sheet(result: Evaluated, queries: list[int]) -> Drawing | None:
    if not queries:
        return None
    return ranked_sheet(
        result.query,
        result.gallery,
        query_paths=result.splits.query.paths,
        gallery_paths=result.splits.gallery.paths,
        queries=queries,
        top=_TOP,
        protocol=result.protocol,
        titles=[how_found(result.report, row) for row in queries],
    )


def _mix(_run: Run, result: Evaluated) -> Drawing | None:
    return _sheet(result, pick_queries(result.report, count=_ROWS))


def _failures(_run: Run, result: Evaluated) -> Drawing | None:
    return _sheet(result, worst_queries(result.report, result.query.identities, count=_ROWS))


def _hard_pairs(result: Evaluated) -> tuple[str, list[Confusion]]:
    """Twins where the data name them, else the pairs most often confused; and what the other of a pair is called."""
    twins = find_confusions(result, known_twins(result.splits.root))
    return ("twin", twins) if twins else ("other", find_confusions(result, confused_pairs(result, count=_ROWS)))


def _twins(_run: Run, result: Evaluated) -> Drawing | None:
    other, found = _hard_pairs(result)
    return confusion_sheet(result, found[:_ROWS]) if other == "twin" else None


def _confused(_run: Run, result: Evaluated) -> Drawing | None:
    other, found = _hard_pairs(result)
    return confusion_sheet(result, found, other=other) if other != "twin" and found else None


def _cmc(run: Run, result: Evaluated) -> Drawing | None:
    return plot_cmc({name: row["cmc"] for name, row in scored_systems(run, result.name).items()})


def _training(run: Run, _result: Evaluated) -> Drawing | None:
    rows = run.metrics()
    return plot_training(rows) if rows else None


def _similarities(run: Run, result: Evaluated) -> Drawing | None:
    found = count_similarities(result.query, result.gallery, protocol=result.protocol)
    return plot_similarities(found, threshold=calibrated_threshold(run))


def _cameras(_run: Run, result: Evaluated) -> Drawing | None:
    """Where both sides know cameras, and either has several."""
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
    fit = np.flatnonzero(~np.isin(identities, result.protocol.junk))
    rows = fit[sample_identities(identities[fit])]
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


_RANKED = (
    "Each row: a query (blue frame) and the gallery pictures most similar to it, the best at the left. A green "
    "frame with a tick shows the same identity, a red one with a cross another. Under each picture stand identity, "
    "camera and cosine similarity. "
)
_SIDES = (
    "Each row: a query (blue frame), the pictures most similar to it of its own identity (green, tick), then those "
    "of {other} (red, cross), with camera and cosine similarity. The query shown is the one for which {other} comes "
    "nearest, or leads by most. "
)

DRAWINGS: Mapping[str, Drawn] = MappingProxyType(
    {
        "sheet": Drawn(
            "What it finds",
            _RANKED + "Rows go from the query with the highest average precision to the lowest.",
            sheet=True,
            draw=_mix,
        ),
        "failures": Drawn(
            "Where it fails",
            _RANKED + "Rows are the queries with the lowest average precision, the worst first, one an identity.",
            sheet=True,
            draw=_failures,
        ),
        "twins": Drawn(
            "Twins",
            _SIDES.format(other="its twin") + "Twins differ in a few marks alone; the set was rendered with them.",
            sheet=True,
            draw=_twins,
        ),
        "confusions": Drawn(
            "Who is taken for whom",
            _SIDES.format(other="the other") + "The pairs are those with the most queries that rank the other first.",
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
            "All pairs of a query and a gallery picture that count under the protocol, each histogram as shares of its "
            "own pairs. The less they overlap, the better one threshold decides; a dashed line is the calibrated one.",
            sheet=False,
            draw=_similarities,
        ),
        "cameras": Drawn(
            "From camera to camera",
            "Each query camera searched in the pictures of one gallery camera alone. These are smaller galleries, so "
            "the numbers are higher than the score of all; compare them with each other. A dash: no query has a match "
            "there. Cells rest on few queries where the data are small.",
            sheet=False,
            draw=_cameras,
        ),
        "plane": Drawn(
            "Embeddings",
            "Query and gallery pictures, near each other where their embeddings are (t-SNE of the unit vectors; "
            "distances between groups mean little). Good embeddings group by identity, and not by camera or view.",
            sheet=False,
            draw=_plane,
        ),
    }
)
"""In the order of the page."""
