"""Trials: what is drawn, that it is drawn fairly, and how scores of several become one."""

import dataclasses

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.metrics import PROTOCOLS, Embedded, evaluate
from reseen.metrics.ranking.selection import select
from reseen.metrics.ranking.trials import draw_trials, matches_in

VEHICLEID = PROTOCOLS["vehicleid"]


def images(sizes: list[int], *, cameras: int = 1) -> Embedded:
    """Identities of the sizes given, their images spread over cameras in turn."""
    identities = np.repeat(np.arange(len(sizes)), sizes)
    vectors = np.random.default_rng(0).standard_normal((len(identities), 8))
    names = [f"{number}.jpg" for number in range(len(identities))]
    return Embedded(vectors, identities, np.arange(len(identities)) % cameras, names=names)


def drawn_in(side: Embedded, **change) -> list[list[int]]:
    selection = select(side, side, protocol=dataclasses.replace(VEHICLEID, **change))
    return [trial.columns.tolist() for trial in draw_trials(selection)]


def test_each_trial_draws_one_image_an_identity_and_asks_the_others():
    side = images([3, 1, 5])
    for trial in draw_trials(select(side, side, protocol=VEHICLEID)):
        assert side.identities[trial.columns].tolist() == [0, 1, 2]
        assert sorted([*trial.columns, *trial.queries]) == list(range(9))


def test_draws_are_a_function_of_seed_and_trial():
    side = images([6] * 9)
    assert drawn_in(side) == drawn_in(side)
    assert drawn_in(side)[:4] == drawn_in(side, trials=4)
    assert drawn_in(side) != drawn_in(side, seed=1)
    assert len({tuple(columns) for columns in drawn_in(side)}) == VEHICLEID.trials


def test_every_image_is_drawn_as_often():
    columns = np.concatenate(drawn_in(images([4] * 10), trials=2000))
    counts = np.bincount(columns, minlength=40)
    # 2000 draws of probability 1/4: standard deviation 19.4.
    assert np.abs(counts - 500).max() < 4 * 19.4


def test_a_match_is_drawn_from_another_camera_and_rivals_stay():
    side = images([6] * 5, cameras=2)
    selection = select(side, side, protocol=PROTOCOLS["cuhk03_classic"])
    for trial in draw_trials(selection):
        assert side.identities[trial.columns].tolist() == [0, 1, 2, 3, 4]
        matches = matches_in(selection, trial, trial.queries)
        assert matches.queries.tolist() == list(range(30))
        assert np.diff(matches.first).tolist() == [1] * 30
        assert (side.identities[matches.entries] == side.identities).all()
        assert (side.cameras[matches.entries] != side.cameras).all()
        own = np.isin(matches.entries, trial.columns) | (side.cameras[trial.columns] == side.cameras[:, None]).any(
            axis=1
        )
        assert own.all()


def test_scores_are_means_over_trials():
    side = images([4] * 12)
    report = evaluate(side, side, protocol=VEHICLEID)
    alone = []
    for seed_of_trial, columns in enumerate(drawn_in(side)):
        rest = np.setdiff1d(np.arange(len(side)), columns)
        query, gallery = (Embedded(side.vectors[rows], side.identities[rows]) for rows in (rest, columns))
        alone.append(evaluate(query, gallery, protocol="wildlife"))
        assert report.trial_first_hits[seed_of_trial, rest].tolist() == alone[-1].first_hits.tolist()
    precisions = [one.mean_average_precision for one in alone]
    assert report.trials == 10
    assert report.mean_average_precision == pytest.approx(np.mean(precisions), abs=1e-12)
    assert report.trial_deviation == pytest.approx(np.std(precisions, ddof=1), abs=1e-12)
    assert report.rank1 == pytest.approx(np.mean([one.rank1 for one in alone]), abs=1e-12)
    # One match each: average precision is 1 / rank of the first hit.
    hits = report.trial_first_hits.astype(float)
    hits[hits == 0] = np.nan
    np.testing.assert_allclose(report.average_precisions, np.nanmean(1 / hits, axis=0))
    np.testing.assert_allclose(report.found_by(3), np.nanmean(np.where(np.isnan(hits), np.nan, hits <= 3), axis=0))
    assert "1 image an identity drawn as gallery, mean of 10 trials, seed 0" in report.settings


def test_a_protocol_without_draws_has_a_single_trial():
    side = images([4, 4], cameras=2)
    report = evaluate(side, side)
    assert (report.trials, report.trial_deviation, report.trial_first_hits) == (1, None, None)
    assert report.found_by(1).tolist() == (report.first_hits == 1).tolist()
    assert report.as_dict()["trials"] == 1


def test_queries_that_no_trial_evaluates_are_counted_by_reason():
    side = images([1, 1, 2])
    assert evaluate(side, side, protocol="vehicleid").skipped == {"no match but the image itself": 2}
    once = dataclasses.replace(VEHICLEID, trials=1)
    report = evaluate(side, side, protocol=once)
    assert report.skipped == {"no match but the image itself": 2, "drawn into the gallery of every trial": 1}


def test_names_tell_images_apart_within_an_identity():
    # Folders of identities may hold files of one name; these are different images.
    side = Embedded(np.eye(4), [1, 1, 2, 2], names=["a.jpg", "b.jpg", "a.jpg", "b.jpg"])
    report = evaluate(side, side, protocol=VEHICLEID)
    assert np.count_nonzero(report.trial_first_hits, axis=1).tolist() == [2] * 10


@pytest.mark.parametrize(
    ("names", "words"),
    [(None, "the query has no names: give names"), (["a", "b", "", "d"], "the query has images without one")],
)
def test_missing_names_are_refused_in_one_line(names, words: str):
    query = Embedded(np.eye(4), [1, 1, 2, 2], names=names)
    gallery = Embedded(np.eye(4), [1, 1, 2, 2], names=list("abcd"))
    with pytest.raises(ReseenError, match=words):
        evaluate(query, gallery, protocol="vehicleid")
