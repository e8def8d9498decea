"""Open-set identification: a search either names an identity of the gallery or answers "unknown".

After Phillips, Grother and Micheals (Handbook of Face Recognition, 2nd ed., ch. 21, 2011), at rank 1. Q = queries.
"""

import math
from typing import NamedTuple

import numpy as np

from reseen.match_odds import MatchOdds
from reseen.metrics.array_types import Bools, Float32, Int64
from reseen.metrics.confidence.rates import Estimate, clustered_rate
from reseen.metrics.verification.pair_counts import STEPS, NearestPairs


class Identification(NamedTuple):
    """Search with a threshold on the similarity of the best entry.

    ``false_alarm_rate``: share of searches for an identity that the gallery does not have which name one all the
    same. ``detection_rate``: share of searches for an identity that it has which name the right one (the detection
    and identification rate at rank 1). ``enrolled``: how many the latter are.

    Among more strangers the nearest is nearer: ``records`` is the number of entries searched, 0 where that was not
    recorded, and ``doubling`` how much the threshold must rise for each doubling of the gallery. ``odds``: how probable
    it is that a best match is right, by its similarity; None where the searches were of too few identities.
    """

    wanted_false_alarm_rate: float
    threshold: float
    false_alarm_rate: Estimate
    detection_rate: Estimate
    searches: int
    enrolled: int
    records: int = 0
    doubling: float = 0.0
    odds: MatchOdds | None = None


def identify(nearest: NearestPairs, *, false_alarm_rate: float, confidence: float = 0.95) -> Identification:
    """Every query searches twice: in the gallery, and in the gallery without the query's own identity.

    The threshold is the lowest multiple of 1 / STEPS with no more than the wanted share of false alarms; below one
    in Q no alarm is allowed. An equally similar entry of another identity counts as the answer. The intervals are
    over identities, for this gallery.
    """
    strangers, enrolled = nearest.impostor > -np.inf, nearest.genuine > -np.inf
    threshold = _lowest_threshold(nearest.impostor[strangers], false_alarm_rate)
    alarms = nearest.impostor >= threshold
    named = (nearest.genuine >= threshold) & (nearest.genuine > nearest.impostor)
    return Identification(
        wanted_false_alarm_rate=false_alarm_rate,
        threshold=threshold,
        false_alarm_rate=_rate(alarms, strangers, nearest.identities, confidence=confidence),
        detection_rate=_rate(named, enrolled, nearest.identities, confidence=confidence),
        searches=int(strangers.sum()),
        enrolled=int(enrolled.sum()),
    )


def rise_per_doubling(impostor: Int64, *, searches: int) -> float:
    """How much nearer the nearest stranger of a search is in a gallery twice as large, from all impostor pairs (B,).

    Beyond a height that one comparison in so many passes, shares fall as exp(-excess / mean excess): the exponential
    tail of extreme value theory (Pickands, Annals of Statistics 3, 1975, with shape 0, which the bounded similarities
    of a network stay below). Twice the comparisons then keep their alarms at a threshold higher by mean excess * log 2.
    The tail is the pairs above the height that one pair a search passes, as far as bins tell.
    """
    above = np.cumsum(impostor[::-1])
    tail = int(np.searchsorted(above, min(searches, above[-1])))
    if not above[tail]:
        return 0.0
    excess = (tail - np.arange(tail + 1)) @ impostor[::-1][: tail + 1] / above[tail] / STEPS
    return float(excess * math.log(2))


def _lowest_threshold(similarity: Float32, false_alarm_rate: float) -> float:
    """The lowest threshold that no larger share of the similarities reaches."""
    steps = np.clip(np.floor(np.sort(similarity)[::-1].astype(np.float64) * STEPS), -STEPS, STEPS)
    shares = np.arange(1, len(steps) + 1) / len(steps)
    allowed = int(np.count_nonzero(shares <= false_alarm_rate))
    return float((steps[allowed] + 1) / STEPS) if allowed < len(steps) else -1.0


def _rate(events: Bools, trials: Bools, identities: Int64, *, confidence: float) -> Estimate:
    counts = [np.bincount(identities, weights=flags) for flags in (events & trials, trials)]
    return clustered_rate(counts[0], counts[1], confidence=confidence)
