"""Tells near pairs of one individual from strangers without names or calibration, by the gallery's own similarities.

N = records, K = neighbours of each, best first, D = width of the vectors.
"""

import math
from typing import NamedTuple

import numpy as np

from reseen.linking.mixture import fit
from reseen.metrics.array_types import Float32, Float64

_FEWEST = 3
"""Neighbours from which a drop is told."""
_APART = 1.3
"""Scales of the strangers' tail between both kinds; where all are strangers it is 1 to 1.2, whatever their number."""
_BEYOND = 2.0
"""Standard deviations beyond the nearest of so many normal strangers, from which pairs are of one individual."""
_ABOVE = 5.6
"""Scales above strangers' best where both kinds cannot be told apart; a stranger reaches it once in a hundred."""
_SAMPLE = 20_000


class TwoKinds(NamedTuple):
    """Evidence is ``slope`` times what a similarity is above ``level``; ``apart``: both kinds can be told apart."""

    level: float
    slope: float
    apart: bool


def find_two_kinds(similarity: Float32, *, vectors: Float32) -> TwoKinds | None:
    """(N, K), (N, D) -> the line of evidence; None where there are too few records.

    The nearest of a record may be right; what comes after the largest drop in its list is a stranger. Both are
    explained by two kinds (`linking/mixture.py`), if they are further apart than spacings of strangers make them. Where
    lists hold no strangers, because individuals have more records than a list, the line begins at strangers' reach.
    """
    near = similarity.astype(np.float64)
    if near.shape[1] < _FEWEST:
        return None
    reach = _strangers_reach(vectors)
    if float(np.median(near[:, -1])) > reach.similarity:
        return TwoKinds(reach.similarity, 1 / reach.deviation, apart=True)
    best = near[:, 0]
    wrong = near[np.arange(len(near)), np.argmax(near[:, :-1] - near[:, 1:], axis=1) + 1]
    found, scale, stranger = fit(best, wrong), _tail_scale(near), float(np.median(wrong))
    right = float(np.median(best[best > found.threshold])) if (best > found.threshold).any() else -1
    apart = right - stranger > _APART * scale or right > reach.similarity + _BEYOND * reach.deviation
    if math.isfinite(found.threshold) and found.slope > 0 and apart:
        return TwoKinds(float(found.threshold), float(found.slope), apart=True)
    return TwoKinds(min(stranger + _ABOVE * scale, 1.0), 1 / scale, apart=False)


class _Reach(NamedTuple):
    """The similarity of the nearest of N normal strangers, and the standard deviation of strangers' similarities."""

    similarity: float
    deviation: float


def _strangers_reach(vectors: Float32) -> _Reach:
    """From random pairs, by quartiles, which the few pairs of one individual among them hardly move."""
    first, second = np.random.default_rng(0).integers(0, len(vectors), size=(2, _SAMPLE))
    cosines = np.einsum("nd,nd->n", vectors[first], vectors[second])[first != second]
    low, middle, high = np.quantile(cosines, [0.25, 0.5, 0.75])
    deviation = max(float(high - low) / 1.349, 1e-3)
    return _Reach(float(middle) + math.sqrt(2 * math.log(len(vectors))) * deviation, deviation)


def _tail_scale(near: Float64) -> float:
    """The scale of an exponential tail, whose spacing after rank r is its scale over r, in the second half of lists."""
    rank = np.arange(1, near.shape[1])
    spacings = (rank * (near[:, :-1] - near[:, 1:]))[:, len(rank) // 2 :]
    return max(float(np.median(spacings)) / math.log(2), 1e-3)
