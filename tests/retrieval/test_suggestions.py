"""Whom added records probably show: the probabilities are those of what happens, known individuals and strangers."""

from pathlib import Path

import numpy as np
import pytest

from reseen.deploy.search_threshold import SearchThreshold
from reseen.match_odds import MatchOdds
from reseen.metrics import Embedded, calibrate
from reseen.retrieval.discover import named_searches
from reseen.retrieval.discover.judge import by_calibration, judge_records
from reseen.retrieval.discover.neighbours import near_records, read_records
from reseen.retrieval.discover.suggest import Suggester
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel

WIDTH, INDIVIDUALS, SHOTS = 48, 400, 6
ODDS = MatchOdds(middle=0.5, slope=20.0, most=0.9, records=100)
SEARCH = SearchThreshold(0.75, records=100, doubling=0.02, odds=ODDS)


def sightings(seed: int, *, individuals: int = INDIVIDUALS) -> Embedded:
    """Half of the individuals have a twin; some images are less clear than others."""
    draw = np.random.default_rng(seed)
    faces = draw.normal(size=(individuals, WIDTH))
    twins = individuals // 4
    faces[twins : 2 * twins] = faces[:twins] + 0.3 * draw.normal(size=(twins, WIDTH))
    who = np.repeat(np.arange(individuals), SHOTS)
    vectors = faces[who] + draw.uniform(0.5, 1.3, (len(who), 1)) * draw.normal(size=(len(who), WIDTH))
    return Embedded(vectors.astype(np.float32), who, cameras=np.tile(np.arange(SHOTS), individuals))


def records(seen: Embedded, rows: np.ndarray, *, named: bool = False, camera: str | None = None) -> list[Record]:
    return [
        Record(
            vector=seen.vectors[row],
            reference=f"{row}.jpg",
            identity=f"id {seen.identities[row]}" if named else None,
            camera=camera or f"c{seen.cameras[row]}",
        )
        for row in rows.tolist()
    ]


def off_by(said: np.ndarray, right: np.ndarray) -> float:
    """The expected calibration error over ten bins."""
    place = (said * 10).astype(int)
    return float(np.abs(np.bincount(place, weights=said - right)).sum() / len(said))


@pytest.fixture(scope="module")
def model() -> GalleryModel:
    """A model that was calibrated on other individuals."""
    seen = sightings(1)
    first = seen.cameras < 3
    query, gallery = (
        Embedded(seen.vectors[side], seen.identities[side], seen.cameras[side]) for side in (~first, first)
    )
    found = calibrate(query, gallery)
    search = found.identification
    threshold = SearchThreshold(search.threshold, search.records, search.doubling, search.odds)
    return GalleryModel("drawn", WIDTH, found.threshold, threshold)


@pytest.mark.parametrize("by_names", [True, False])
def test_suggestions_are_right_as_often_as_they_say_and_pairs_of_images_would_say_more(
    tmp_path: Path, model: GalleryModel, by_names: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not by_names:
        monkeypatch.setattr(named_searches, "odds_of_names", lambda _: None)
    seen = sightings(2)
    known = (np.random.default_rng(0).permutation(INDIVIDUALS) % 2 == 0)[seen.identities]
    first = seen.cameras < 3
    there, added = np.flatnonzero(known & first), np.flatnonzero(~first)
    gallery = Gallery(tmp_path / "g", model=model, create=True, upkeep=False)
    gallery.add(records(seen, there, named=True), batch=len(there))
    held = read_records(gallery._store.snapshot())
    suggested = gallery.add(records(seen, added), batch=len(added), suggest=True).suggestions
    right = np.array([one.identity for one in suggested]) == np.array([f"id {who}" for who in seen.identities[added]])
    assert off_by(np.array([one.probability for one in suggested]), right) < 0.05
    if by_names:
        pairs = judge_records(held, near_records(None, held, count=24, facts=None), model=model)
    else:
        pairs = by_calibration(model, records=len(there))
    said = np.array([pairs.probability(float(pairs.evidence(one.similarity))) for one in suggested])
    assert off_by(said, right) > 0.1


def test_another_image_by_the_same_camera_says_nothing_of_how_others_find_an_individual(tmp_path: Path) -> None:
    seen = sightings(3, individuals=30)
    for name, camera, told in (("one", "c0", False), ("several", None, True)):
        gallery = Gallery(tmp_path / name, model=GalleryModel("drawn", WIDTH), create=True, upkeep=False)
        gallery.add(records(seen, np.arange(len(seen.vectors)), named=True, camera=camera))
        assert (named_searches.odds_of_names(gallery._store) is not None) == told


def test_a_model_without_odds_and_a_gallery_of_few_names_tell_no_probability(tmp_path: Path) -> None:
    seen = sightings(4, individuals=12)
    for name, search, told in (("odds", SEARCH, True), ("none", SearchThreshold(0.75, 100, 0.02), False)):
        gallery = Gallery(tmp_path / name, model=GalleryModel("drawn", WIDTH, 0.7, search), create=True, upkeep=False)
        gallery.add(records(seen, np.arange(SHOTS, len(seen.vectors)), named=True))
        (one,) = gallery.add(records(seen, np.arange(1)), suggest=True).suggestions
        if told:
            assert one.probability == ODDS.probability(one.similarity, records=66)
        else:
            assert one.probability is None
            assert str(one).startswith("most similar to id ")


def test_of_many_names_some_identities_with_all_their_records_give_nearly_the_same_odds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = sightings(5)
    gallery = Gallery(tmp_path / "g", model=GalleryModel("drawn", WIDTH), create=True, upkeep=False)
    gallery.add(records(seen, np.arange(len(seen.vectors)), named=True), batch=10_000)
    every = named_searches.odds_of_names(gallery._store)
    monkeypatch.setattr(named_searches, "MOST_RECORDS", 900)
    some = named_searches.odds_of_names(gallery._store)
    assert (every.records, some.records) == (INDIVIDUALS * SHOTS, 900)
    for similarity in (0.5, 0.55, 0.6, 0.7):
        both = [odds.probability(similarity, records=INDIVIDUALS * SHOTS) for odds in (every, some)]
        assert both[0] == pytest.approx(both[1], abs=0.15)


def test_names_are_searched_again_once_their_number_has_changed_by_a_tenth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    gallery = Gallery(tmp_path / "g", model=GalleryModel("drawn", WIDTH), create=True, upkeep=False)
    monkeypatch.setattr("reseen.retrieval.discover.suggest.odds_for", lambda *_: looked.append(len(gallery)))
    seen = sightings(6, individuals=40)
    suggest = Suggester(gallery._store)
    unnamed = gallery.add(records(seen, np.arange(1))).ids
    for start, stop in ((1, 101), (101, 105), (105, 120)):
        gallery.add(records(seen, np.arange(start, stop), named=True))
        suggest(unnamed, model=gallery.model)
    assert looked == [101, 120]


def test_a_gallery_keeps_the_odds_of_its_model(tmp_path: Path) -> None:
    model = GalleryModel("drawn", WIDTH, 0.7, SEARCH)
    Gallery(tmp_path / "g", model=model, create=True)
    assert Gallery(tmp_path / "g").model == model


def test_the_first_record_of_a_gallery_may_ask_for_a_suggestion(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "gallery", model=GalleryModel("drawn", WIDTH), create=True)
    added = gallery.add(records(sightings(0), np.array([0])), suggest=True)
    assert (added.added, added.suggestions) == (1, (None,))


def test_an_identity_of_too_many_records_does_not_keep_out_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_searches, "MOST_RECORDS", 10)
    names = np.repeat(np.arange(4), [2, 11, 2, 2])
    assert set(names[named_searches._kept(names)].tolist()) == {0, 2, 3}
