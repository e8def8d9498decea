"""score_links: how well identities over cameras are those of the truth, each score with its interval.

I = clusters of `counts.py`, S = numbers counted of each, R = draws of the bootstrap.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reseen.errors import ReseenError
from reseen.metrics.array_types import Float64, Indices
from reseen.metrics.association.boxes import IdentifiedBoxes, alike
from reseen.metrics.association.counts import count
from reseen.metrics.association.grouping import grouping, track_pairs
from reseen.metrics.confidence.intervals import percentiles
from reseen.metrics.confidence.rates import Estimate

_DRAWS_AT_ONCE = 100


class LinkScores(NamedTuple):
    """Scores of a linking, from 0 to 1. A share of nothing is 0.

    Attributes:
        idf1: Share of boxes, true and predicted, whose identity is the one matched to theirs.
        idp: The same of predicted boxes alone.
        idr: The same of true boxes alone.
        hota: Root of detection accuracy times association accuracy, a mean over overlaps of boxes from .05 to .95.
        association: AssA: unlike IDF1 it tells what is not linked from what is wrongly linked.
        detection: DetA: of boxes alone; the linker cannot change it.
        purity: Share of matched boxes whose predicted identity is mostly of their true one.
        completeness: Share of matched boxes in the predicted identity that has most of their true one.
        pair_precision: Share of linked pairs of tracks that are of one identity; None without tracks.
        pair_recall: Share of pairs of tracks of one identity that are linked; None without tracks.
    """

    idf1: Estimate
    idp: Estimate
    idr: Estimate
    hota: Estimate
    association: Estimate
    detection: Estimate
    purity: Estimate
    completeness: Estimate
    pair_precision: Estimate | None
    pair_recall: Estimate | None


def score_links(
    truth: IdentifiedBoxes,
    predicted: IdentifiedBoxes,
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> LinkScores:
    """Score predicted identities. Cameras are laid end to end in time, as TrackEval and the AI City Challenge do.

    Predicted boxes of cameras that the truth does not have are left out, and so are repeats of a predicted identity in
    one frame but the first (pairs of tracks count them). The intervals are of the bootstrap over true identities; the
    matching of identities is not repeated in each draw.

    Args:
        truth: The true boxes; one a frame and identity.
        predicted: The predicted boxes, with their tracks for scores of pairs.
        confidence: Share of intervals that hold the true score.
        resamples: Draws of the bootstrap.
        seed: Decides the draws.

    Raises:
        ReseenError: The truth is empty or has an identity twice in one frame.

    Example:
        >>> truth = IdentifiedBoxes(["a", "b"], [1, 1], [7, 7], [[0, 0, 4, 4], [0, 0, 4, 4]])
        >>> linked = IdentifiedBoxes(["a", "b"], [1, 1], ["x", "y"], [[0, 0, 4, 4], [0, 0, 4, 4]])
        >>> score_links(truth, linked).idf1.value
        0.5
    """
    if not len(truth):
        raise ReseenError("truth: expected at least one box, got none")
    if len(_first_rows(truth)) < len(truth):
        raise ReseenError("truth: an identity stands twice in one frame of one camera; expected one box for each")
    true_cameras, cameras = alike(truth.cameras, predicted.cameras)
    predicted = predicted.rows(np.isin(cameras, true_cameras))
    columns = _columns(truth, predicted)
    totals = _scores({name: values.sum(axis=0) for name, values in columns.items()})
    spread = _spread(columns, confidence=confidence, resamples=resamples, seed=seed)
    estimates = {name: Estimate(float(value), *spread[name]) for name, value in totals.items()}
    return LinkScores(**{name: estimates.get(name) for name in LinkScores._fields})  # type: ignore[arg-type]


def only_in_several_cameras(predicted: IdentifiedBoxes) -> IdentifiedBoxes:
    """The boxes whose predicted identity stands in two cameras or more: those that the AI City Challenge scores.

    >>> boxes = IdentifiedBoxes(["a", "b", "b"], [1, 1, 2], [7, 7, 8], np.ones((3, 4)))
    >>> only_in_several_cameras(boxes).identities.tolist()
    [7, 7]
    """
    names, codes = np.unique(predicted.identities, return_inverse=True)
    cameras = np.unique(predicted.cameras, return_inverse=True)[1]
    pairs = np.unique(np.stack([codes, cameras], axis=1), axis=0)
    return predicted.rows(np.bincount(pairs[:, 0], minlength=len(names))[codes] > 1)


def _first_rows(boxes: IdentifiedBoxes) -> Indices:
    """The first row of each camera, frame and identity."""
    labels = (boxes.cameras, boxes.frames, boxes.identities)
    codes = np.stack([np.unique(values, return_inverse=True)[1] for values in labels], axis=1)
    return np.sort(np.unique(codes, axis=0, return_index=True)[1])


def _columns(truth: IdentifiedBoxes, predicted: IdentifiedBoxes) -> dict[str, Float64]:
    """What is counted, each (I,) or (I, alphas)."""
    counted = count(truth, predicted.rows(_first_rows(predicted)))
    columns = {**counted.counts._asdict(), **{f"grouped {k}": v for k, v in grouping(counted)._asdict().items()}}
    if predicted.tracks is not None:
        pairs = track_pairs(truth, predicted, counted)
        columns.update({f"pairs {name}": values for name, values in pairs._asdict().items()})
    return columns


def _scores(sums: Mapping[str, Float64]) -> dict[str, Float64]:
    """Sums over identities, each (...) or (..., alphas) -> scores (...)."""
    truth, predicted, identified = sums["truth"], sums["predicted"], sums["identified"]
    matched = sums["matched"]
    detection = matched / np.maximum(1, truth[..., None] + predicted[..., None] - matched)
    association = sums["association"] / np.maximum(1, matched)
    scores = {
        "idf1": _share(2 * identified, truth + predicted),
        "idp": _share(identified, predicted),
        "idr": _share(identified, truth),
        "hota": np.sqrt(detection * association).mean(axis=-1),
        "association": association.mean(axis=-1),
        "detection": detection.mean(axis=-1),
        "purity": _share(sums["grouped pure"], sums["grouped matched"]),
        "completeness": _share(sums["grouped whole"], sums["grouped matched"]),
    }
    if "pairs right" in sums:
        scores["pair_precision"] = _share(sums["pairs right"], sums["pairs linked"])
        scores["pair_recall"] = _share(sums["pairs right"], sums["pairs true"])
    return scores


def _share(part: Float64, whole: Float64) -> Float64:
    return np.asarray(part / np.maximum(1, whole), dtype=np.float64)


def _spread(
    columns: Mapping[str, Float64], *, confidence: float, resamples: int, seed: int
) -> dict[str, Sequence[float]]:
    """The low and high end of each score, over identities drawn with replacement; the score itself of one alone."""
    generator, clusters = np.random.default_rng(seed), len(columns["truth"])
    if clusters < 2:
        return {
            name: [float(value)] * 2 for name, value in _scores({k: v.sum(axis=0) for k, v in columns.items()}).items()
        }
    draws: list[dict[str, Float64]] = []
    for start in range(0, resamples, _DRAWS_AT_ONCE):
        size = min(_DRAWS_AT_ONCE, resamples - start)
        drawn = generator.multinomial(clusters, np.full(clusters, 1 / clusters), size=size).astype(np.float64)
        draws.append(_scores({name: drawn @ values for name, values in columns.items()}))
    cuts = percentiles(clusters, confidence=confidence)
    return {name: np.quantile(np.concatenate([draw[name] for draw in draws]), cuts).tolist() for name in draws[0]}
