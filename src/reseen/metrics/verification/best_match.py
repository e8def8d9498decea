"""How probable it is that the best match of a search shows the individual that was searched for.

Each image searches twice, as in `identification`: in the gallery, and in the gallery without its own identity, where
every match is wrong. Both searches count alike: a new image shows an individual of the gallery as likely as not. The
nearest of many strangers is near, so this is another probability than that of a pair of images. S = searches.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from reseen.match_odds import MatchOdds
from reseen.metrics.array_types import Bools, Float64
from reseen.metrics.verification.pair_counts import NearestPairs

FEWEST = 20
"""Identities that were searched for in their presence, from which odds are told."""


def match_odds(nearest: NearestPairs, *, records: int) -> MatchOdds | None:
    """The odds from all searches; None where they are of too few identities or similarities tell nothing."""
    enrolled, strangers = nearest.genuine > -np.inf, nearest.impostor > -np.inf
    right = np.concatenate([(nearest.genuine > nearest.impostor)[enrolled], np.zeros(int(strangers.sum()), dtype=bool)])
    if len(np.unique(nearest.identities[enrolled])) < FEWEST or not strangers.any() or not right.any():
        return None
    similarity = np.concatenate([np.maximum(nearest.genuine, nearest.impostor)[enrolled], nearest.impostor[strangers]])
    counts = np.array([enrolled.sum(), strangers.sum()])
    return _fitted(similarity.astype(np.float64), right, np.repeat(counts.sum() / 2 / counts, counts), records=records)


def _fitted(similarity: Float64, right: Bools, weight: Float64, *, records: int) -> MatchOdds | None:
    """The likeliest curve; one right and one wrong match are added to what ``most`` is judged by, as Laplace does."""
    centre, spread = float(similarity.mean()), max(float(similarity.std()), 1e-6)
    scaled = (similarity - centre) / spread

    def loss(line: Float64) -> tuple[float, Float64]:
        rise, most = expit(line[0] + line[1] * scaled), expit(line[2])
        share = np.clip(most * rise, 1e-12, 1 - 1e-12)
        nats = np.where(right, np.log(share), np.log1p(-share))
        slope = weight * np.where(right, 1.0, -share / (1 - share))  # of the nats by the logarithm of the share
        gradient = [(slope * (1 - rise)).sum(), (slope * (1 - rise) * scaled).sum(), (slope * (1 - most)).sum()]
        laplace = log_expit(line[2]) + log_expit(-line[2])
        return -float(weight @ nats + laplace), -np.array(gradient) - np.array([0, 0, 1 - 2 * most])

    found = minimize(
        loss, np.array([0.0, 1.0, 2.0]), jac=True, method="L-BFGS-B", bounds=[(-30, 30), (0, 100), (-9, 9)]
    )
    slope = float(found.x[1]) / spread
    if slope <= 0:
        return None
    return MatchOdds(centre - float(found.x[0]) / slope, slope, float(expit(found.x[2])), records)
