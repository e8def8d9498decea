"""Appearance calibrated by travel times: how likely a pair is one individual, from its contrast, without labels.

Wrong pairs have the gaps of pairs at large, whatever they look like; right ones have travel times. So the gaps of pairs
of one contrast x tell how many of them are right: their density is s(x) p1(gap) + (1 - s(x)) p0(gap), where p0 is
counted, and p1 and the logistic curve s are found by expectation and maximisation (a mixture of experts, Jordan and
Jacobs 1994, with two experts of which one is known). Contrasts alone would be sure of what is only alike. E = pairs.
"""

from typing import NamedTuple

import numpy as np

from reseen.linking.mixture import Mixture, share_of
from reseen.linking.usual import Large, learned
from reseen.metrics.array_types import Float64

_ROUNDS = 60
_MOST_PAIRS = 200_000
_RIDGE = 0.5
"""How much the slope is held to that of the first guess, in units of pairs."""
_PROOF = 3.0
"""Nats per log of the number of pairs, by which travel times must explain the gaps better than pairs at large do."""


class Kind(NamedTuple):
    """Pairs between cameras, or within one: (E,) contrasts and gaps in seconds."""

    contrast: Float64
    seconds: Float64
    within: bool


class Calibrated(NamedTuple):
    """The curve, and (B + 1,) the evidence of the bins of gaps."""

    curve: Mixture
    nats: Float64


def calibrate(pairs: Kind, first: Mixture, large: Large, *, likely: Float64, seed: int = 0) -> Calibrated:
    """Fit both. ``first``: the curve that contrasts alone gave, which is kept where gaps do not tell right pairs from
    pairs at large; ``likely`` (E,): how likely each is right by it."""
    if len(pairs.contrast) > _MOST_PAIRS:
        drawn = np.random.default_rng(seed).choice(len(pairs.contrast), _MOST_PAIRS, replace=False)
        pairs, likely = Kind(pairs.contrast[drawn], pairs.seconds[drawn], pairs.within), likely[drawn]
    nothing = Calibrated(first, np.zeros(large.share.shape[1]))
    if not len(likely):
        return nothing
    centre, spread = float(pairs.contrast.mean()), max(float(pairs.contrast.std()), 1e-6)
    x, bins = (pairs.contrast - centre) / spread, large.bins(pairs.seconds)
    line = guess = _line(x, likely, np.zeros(2), ridge=1e-3)
    for _ in range(_ROUNDS):
        nats = learned(large, bins, likely=likely, within=pairs.within)
        likely = share_of(line[0] + line[1] * x + nats[bins])
        before, line = line, _line(x, likely, guess, ridge=_RIDGE)
        if np.abs(line - before).max() < 1e-4:
            break
    share = share_of(line[0] + line[1] * x)
    gain = float(np.log1p(share * np.expm1(nats[bins])).sum())
    if gain < _PROOF * np.log(len(x)) or line[1] <= 0:
        return nothing
    slope = float(line[1]) / spread
    return Calibrated(Mixture(centre - float(line[0]) / slope, slope, first.share, separated=True), nats)


def _line(x: Float64, likely: Float64, guess: Float64, *, ridge: float) -> Float64:
    """Logistic regression whose targets are shares: intercept and slope."""
    line, penalty = guess.copy(), np.array([1e-6, ridge])
    for _ in range(25):
        share = share_of(line[0] + line[1] * x)
        weight, error = np.maximum(share * (1 - share), 1e-9), likely - share
        gradient = np.array([error.sum(), (error * x).sum()]) - penalty * (line - guess)
        cross = float((weight * x).sum())
        hessian = np.array([[weight.sum(), cross], [cross, (weight * x * x).sum()]]) + np.diag(penalty)
        step = np.clip(np.linalg.solve(hessian, gradient), -2, 2)
        line = line + step
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(line, dtype=np.float64)
