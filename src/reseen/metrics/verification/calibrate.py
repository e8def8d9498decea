"""calibrate: the similarity from which two images count as one identity, and the errors made at it.

False accepts and rejects are counted over comparisons, as the false match and non-match rates of ISO/IEC 19795-1:
every image has a vector, none fails to be acquired. I = identities.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from reseen.errors import ReseenError
from reseen.metrics.confidence.rates import Estimate, clustered_rate, dyadic_rate
from reseen.metrics.embedded import Embedded
from reseen.metrics.protocol import Protocol, find_protocol
from reseen.metrics.verification.best_match import match_odds
from reseen.metrics.verification.calibration import Calibration
from reseen.metrics.verification.identification import Identification, identify, rise_per_doubling
from reseen.metrics.verification.pair_counts import PairCounts, accepted_pairs, count_pairs
from reseen.metrics.verification.pairs import Pairs, find_pairs
from reseen.metrics.verification.roc import Curve, Roc

_OF_RANKINGS: Mapping[str, Any] = MappingProxyType({"tracks": False, "shots": None, "trials": 1, "depth": None})
"""The rules of a protocol that do not concern pairs of images."""


def calibrate(
    query: Embedded,
    gallery: Embedded,
    *,
    false_accept_rate: float = 1e-3,
    false_alarm_rate: float = 1e-2,
    protocol: str | Protocol = "market1501",
    confidence: float = 0.95,
) -> Calibration:
    """Thresholds from all pairs of a query and a gallery image that the protocol lets count.

    Give images on which nothing was trained or chosen: on others the rates come out too good. The pairs are computed
    twice, in blocks, and not stored. Intervals take into account that pairs with a common identity depend on each
    other (``metrics/confidence/rates.py``).

    Args:
        query: Images of one side of a pair.
        gallery: Images of the other side, and the gallery of searches.
        false_accept_rate: Share of impostor pairs that may be accepted.
        false_alarm_rate: Share of searches for an unknown identity that may name one.
        protocol: A name of ``PROTOCOLS`` or a ``Protocol``.
        confidence: Of the intervals, above 0 and below 1.

    Returns:
        The thresholds, with the rates of errors at them.

    Raises:
        ReseenError: A rate is out of bounds or too low for so few pairs, vectors that are nearly all alike, and what
            ``evaluate`` refuses.

    Example:
        >>> angles = np.linspace(0, 3, 30)
        >>> vectors, names = np.stack([np.cos(angles), np.sin(angles)], axis=1), np.arange(30) // 3
        >>> query, gallery = Embedded(vectors[::3], names[::3]), Embedded(vectors[1::3], names[1::3])
        >>> calibration = calibrate(query, gallery, false_accept_rate=0.02, protocol="wildlife")
        >>> round(calibration.threshold, 4), calibration.false_reject_rate.value
        (0.9787, 0.0)
    """
    _require_shares(
        {"false accept rate": false_accept_rate, "false alarm rate": false_alarm_rate, "confidence": confidence}
    )
    rules = replace(find_protocol(protocol), **_OF_RANKINGS)
    pairs = find_pairs(query, gallery, protocol=rules)
    counts = count_pairs(pairs)
    verification = _verification(pairs, counts, false_accept_rate=false_accept_rate, confidence=confidence)
    return Calibration(
        wanted_false_accept_rate=false_accept_rate,
        **verification._asdict(),
        identification=_identification(pairs, counts, false_alarm_rate=false_alarm_rate, confidence=confidence),
        genuine_pairs=int(counts.genuine.sum()),
        impostor_pairs=int(counts.impostor.sum()),
        identities=pairs.identity_count,
        confidence=confidence,
        settings=f"{rules.describe()}, pairs of a query and a gallery image, cosine",
    )


class _Verification(NamedTuple):
    """The fields of a Calibration that say how two images are compared."""

    threshold: float
    false_accept_rate: Estimate
    false_reject_rate: Estimate
    equal_error_threshold: float
    equal_error_rate: Estimate
    roc: Roc


def _verification(pairs: Pairs, counts: PairCounts, *, false_accept_rate: float, confidence: float) -> _Verification:
    _require_enough(int(counts.impostor.sum()), false_accept_rate)
    curve = Curve.of(counts.genuine, counts.impostor)
    threshold, equal = curve.lowest_threshold(false_accept_rate), curve.equal_error().threshold
    _require_reachable(threshold, false_accept_rate)
    errors, equal_errors = (
        _errors(accepted, counts, pairs, confidence=confidence)
        for accepted in accepted_pairs(pairs, (threshold, equal))
    )
    equal_rate = _where_equal(curve, equal_errors)
    return _Verification(threshold, errors.accepts, errors.rejects, equal, equal_rate, curve.points())


def _identification(pairs: Pairs, counts: PairCounts, *, false_alarm_rate: float, confidence: float) -> Identification:
    identification = identify(counts.nearest, false_alarm_rate=false_alarm_rate, confidence=confidence)
    doubling = rise_per_doubling(counts.impostor, searches=identification.searches)
    records = len(pairs.identities.gallery)
    odds = match_odds(counts.nearest, records=records)
    return identification._replace(records=records, doubling=doubling, odds=odds)


class _Errors(NamedTuple):
    """False accept and false reject rate at one threshold."""

    accepts: Estimate
    rejects: Estimate


def _errors(accepted: csr_array, counts: PairCounts, pairs: Pairs, *, confidence: float) -> _Errors:
    """From (I, I) accepted pairs, genuine ones on the diagonal."""
    queries, gallery = (np.bincount(side, minlength=pairs.identity_count) for side in pairs.identities)
    rejected = counts.genuine_pairs - accepted.diagonal()
    return _Errors(
        dyadic_rate(accepted, queries=queries, gallery=gallery, confidence=confidence),
        clustered_rate(rejected, counts.genuine_pairs, confidence=confidence),
    )


def _where_equal(curve: Curve, errors: _Errors) -> Estimate:
    """The equal error rate: each rate goes to the end of its interval in turn, and what that does adds up in squares.

    The limits of a combination from those of its parts: Zou and Donner, Statistics in Medicine 27, 2008.
    """
    rate = curve.equal_error().rate

    def reach(accepts_end: float, rejects_end: float) -> float:
        accepts = curve.equal_error(accepts_moved=accepts_end - errors.accepts.value)
        rejects = curve.equal_error(rejects_moved=rejects_end - errors.rejects.value)
        return math.hypot(accepts.rate - rate, rejects.rate - rate)

    low = rate - reach(errors.accepts.low, errors.rejects.low)
    high = rate + reach(errors.accepts.high, errors.rejects.high)
    return Estimate(rate, max(low, 0.0), min(high, 1.0))


def _require_shares(shares: dict[str, float]) -> None:
    for name, share in shares.items():
        if not 0 < share < 1:
            raise ReseenError(f"{name}: expected a share above 0 and below 1, got {share:g}")


def _require_enough(impostor_pairs: int, false_accept_rate: float) -> None:
    if impostor_pairs * false_accept_rate < 1:
        raise ReseenError(
            f"{impostor_pairs:,} pairs of different identities cannot show a false accept rate of "
            f"{false_accept_rate:g}: expected at least {math.ceil(1 / false_accept_rate):,}; "
            "ask for a higher rate or give more images"
        )


def _require_reachable(threshold: float, false_accept_rate: float) -> None:
    if threshold >= 1:
        raise ReseenError(
            f"no threshold keeps a false accept rate of {false_accept_rate:g}: more pairs of different identities have "
            "a cosine of 1; expected no image under two identities, and vectors that are not all alike"
        )
