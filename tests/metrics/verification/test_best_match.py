"""How probable a best match is: against the closed form of drawn similarities, and unseen searches."""

import math

import numpy as np
import pytest

from reseen.match_odds import MatchOdds
from reseen.metrics.verification.best_match import FEWEST, match_odds
from reseen.metrics.verification.pair_counts import NearestPairs

NONE = np.float32(-np.inf)


def searches(right: np.ndarray, wrong: np.ndarray) -> NearestPairs:
    """Searches whose individual is there and found, and others for strangers."""
    genuine = np.concatenate([right, np.full(len(wrong), NONE)]).astype(np.float32)
    impostor = np.concatenate([np.full(len(right), NONE), wrong]).astype(np.float32)
    return NearestPairs(np.arange(len(genuine)), genuine, impostor)


@pytest.mark.parametrize("alike", [0.0, 0.3])
def test_the_odds_of_drawn_similarities_are_their_closed_form(alike):
    """Normal, deviation .1, about .7 and .3: 40 nats each unit above .5. A share of strangers looks like individuals.

    Right : wrong = 1 : alike + (1 - alike) exp(-40 (s - .5)) = most / (1 - most + exp(-40 (s - middle))).
    """
    draw, count = np.random.default_rng(0), 40_000
    right, wrong = draw.normal(0.7, 0.1, count), draw.normal(np.where(draw.random(3 * count) < alike, 0.7, 0.3), 0.1)
    odds = match_odds(searches(right, wrong), records=10)
    most = 1 / (1 + alike)
    assert odds.most == pytest.approx(most, abs=0.01)
    assert odds.middle == pytest.approx(0.5 + math.log((1 - alike) * most) / 40, abs=0.005)
    assert odds.slope == pytest.approx(40, rel=0.08)
    assert odds.records == 10


def test_odds_of_few_identities_or_of_similarities_that_tell_nothing_are_not_told():
    draw = np.random.default_rng(0)
    right, wrong = draw.normal(0.7, 0.1, FEWEST), draw.normal(0.3, 0.1, 99)
    assert match_odds(searches(right, wrong), records=10) is not None
    assert match_odds(searches(right[1:], wrong), records=10) is None
    assert match_odds(searches(right, wrong[:0]), records=10) is None
    assert match_odds(searches(wrong, right), records=10) is None, "strangers more similar than individuals"
    never_right = searches(right, wrong)._replace(impostor=np.full(len(right) + 99, 0.9, dtype=np.float32))
    assert match_odds(never_right, records=10) is None


def test_a_certain_match_is_told_as_less_than_certain():
    odds = match_odds(searches(np.full(FEWEST, 0.9), np.full(99, 0.1)), records=10)
    assert 0.9 < odds.probability(1.0, records=10) < 0.99


def people(individuals: int, *, shots: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(N, 48) unit vectors, some less clear than others, and who is shown."""
    draw, who = np.random.default_rng(seed), np.repeat(np.arange(individuals), shots)
    noise = draw.uniform(0.5, 1.3, (len(who), 1)) * draw.normal(size=(len(who), 48))
    vectors = draw.normal(size=(individuals, 48))[who] + noise
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), who


def off_by(said: np.ndarray, right: np.ndarray) -> float:
    """The expected calibration error over ten bins."""
    place = (said * 10).astype(int)
    return float(np.abs(np.bincount(place, weights=said - right)).sum() / len(said))


def test_the_odds_hold_for_unseen_searches_in_a_gallery_of_eight_times_the_size():
    vectors, who = people(300, shots=4, seed=1)
    similarity, own = vectors @ vectors.T, who[:, None] == who
    np.fill_diagonal(similarity, NONE)
    nearest = NearestPairs(who, *(np.where(kept, similarity, NONE).max(axis=1) for kept in (own, ~own)))
    odds = match_odds(nearest, records=len(vectors))
    vectors, who = people(4800, shots=5, seed=2)
    gallery, queries = (np.arange(len(who)) % 5 < 4) & (who < 2400), np.arange(4, len(who), 10)
    similarity = vectors[queries] @ vectors[gallery].T
    right = who[gallery][similarity.argmax(axis=1)] == who[queries]
    for records, error in ((int(gallery.sum()), (0, 0.04)), (odds.records, (0.15, 1))):
        said = np.array([odds.probability(best, records=records) for best in similarity.max(axis=1).tolist()])
        assert error[0] < off_by(said, right) < error[1], "with the gallery's size; without it the odds are too high"


def test_odds_are_divided_by_what_the_gallery_is_larger():
    odds = MatchOdds(middle=0.6, slope=20.0, most=0.9, records=1000)
    before, told = (odds.probability(0.7, records=records) for records in (1000, 7000))
    assert before == pytest.approx(0.9 / (1 + math.exp(-2)))
    assert told / (1 - told) == pytest.approx(before / (1 - before) / 7)
