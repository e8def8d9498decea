"""Evaluation by hand and at its edges: ties, junk, unknown cameras, skipped queries, bad pairs; random cases beside."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from naive_evaluation import naive_evaluate, naive_rankings
from random_sides import random_sides
from reseen.errors import ReseenError
from reseen.metrics import PROTOCOLS, Embedded, custom_protocol, evaluate, rankings
from reseen.metrics.ranking import cosine as cosine_module
from reseen.metrics.ranking.thresholds import SEARCH_FROM

AXES = np.eye(4, dtype=np.float32)


def leaning(*cosines: float) -> np.ndarray:
    """Unit vectors whose cosine with the first axis is the number given."""
    return np.array([[value, np.sqrt(1 - value**2), 0, 0] for value in cosines])


@pytest.mark.parametrize("seed", range(200))
def test_rankings_equal_the_naive_order(seed: int):
    query, gallery = random_sides(seed)
    protocol = custom_protocol(drop_same_camera=False, junk=[3], same_pictures=bool(seed % 2))
    top = 1 + seed % 20
    if all(str(identity) == "3" for identity in gallery.identities):
        return
    found = rankings(query, gallery, protocol=protocol, top=top)
    kept = [row for row, identity in enumerate(gallery.identities) if str(identity) != "3"]
    for row, whole in naive_rankings(query, gallery, protocol)[0].items():
        expected = whole[:top]
        shown = len(expected)
        assert found.indices[row, :shown].tolist() == [kept[entry.number] for entry in expected]
        assert found.is_match[row, :shown].tolist() == [entry.match for entry in expected]
        np.testing.assert_allclose(found.similarity[row, :shown], [one.similarity for one in expected], atol=1e-12)
        assert (found.indices[row, shown:] == -1).all()
        assert np.isnan(found.similarity[row, shown:]).all()


def larger_sides(*, identities: int, counts: tuple[int, int]) -> list[Embedded]:
    rng = np.random.default_rng(5)
    centres = rng.standard_normal((identities, 32))
    sides = []
    for count in counts:
        labels = rng.integers(0, identities, count)
        vectors = (centres[labels] + 2 * rng.standard_normal((count, 32))).astype(np.float32)
        vectors[: count // 8] = vectors[-1]
        cameras = rng.integers(1, 4, count)
        tracks = labels * 10_000 + cameras * 1_000 + np.arange(count) // 30
        sides.append(Embedded(vectors, labels, cameras, tracks=tracks))
    return sides


@pytest.mark.parametrize("protocol", ["market1501", "veri776_track", "cuhk03_classic"])
@pytest.mark.parametrize(
    ("identities", "counts"), [(20, (40, 400)), (2, (6, 2 * SEARCH_FROM + 200))], ids=["few matches", "many matches"]
)
def test_larger_random_cases_in_many_tiles(monkeypatch, identities: int, counts: tuple[int, int], protocol: str):
    monkeypatch.setattr(cosine_module, "QUERIES", 7)
    monkeypatch.setattr(cosine_module, "IMAGES", 90)
    monkeypatch.setattr(cosine_module, "BYTES", 3000)
    sides = larger_sides(identities=identities, counts=counts)
    ranked = naive_rankings(*sides, PROTOCOLS[protocol])
    expected = naive_evaluate(sides[0], ranked, kind="old-sklearn", depth=None, length=50)
    report = evaluate(*sides, protocol=protocol, average_precision="old-sklearn")
    assert report.mean_average_precision == pytest.approx(expected.mean_average_precision, abs=1e-9)
    assert report.mean_inverse_negative_penalty == pytest.approx(expected.mean_inverse_negative_penalty, abs=1e-9)
    np.testing.assert_allclose(report.cmc, expected.cmc, atol=1e-9)


def test_evaluations_may_run_beside_each_other():
    sides = larger_sides(identities=20, counts=(40, 400))
    expected = evaluate(*sides).average_precisions
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: evaluate(*sides).average_precisions, range(8)):
            np.testing.assert_array_equal(found, expected)


def test_differences_below_float32_are_decided():
    # The cosines of entries 0 to 3 differ by 1e-9; float32 steps are 6e-8 there.
    gallery = Embedded(leaning(0.8, 0.8 + 1e-9, 0.8 + 2e-9, 0.8 + 3e-9), [0, 0, 0, 1], [2, 2, 2, 2])
    query = Embedded(leaning(1.0), [1], [1])
    assert evaluate(query, gallery).first_hits.tolist() == [1]
    assert rankings(query, gallery, top=4).indices.tolist() == [[3, 2, 1, 0]]


def test_ties_stand_in_gallery_order():
    query = Embedded(AXES[:1], ["a"], ["c1"])
    for position in range(40):
        identities = ["b"] * 40
        identities[position] = "a"
        gallery = Embedded(np.repeat(AXES[:1] * 3, 40, axis=0), identities, ["c2"] * 40)
        assert evaluate(query, gallery).first_hits.tolist() == [position + 1]


@pytest.mark.parametrize("seed", range(8))
def test_vectors_that_differ_in_length_alone_tie(seed: int):
    direction = np.random.default_rng(seed).standard_normal((1, 7))
    scales = np.array([[1.1], [0.3], [7.7], [1e-9], [1 / 3]])
    shown = rankings(
        Embedded(np.ones((1, 7)), [5]), Embedded(direction * scales, [1, 2, 3, 4, 5]), protocol="wildlife", top=5
    )
    assert shown.indices.tolist() == [[0, 1, 2, 3, 4]]


def test_evaluate_gives_the_scores_of_a_hand_computed_case():
    # Ranking by cosine: a .9, b .8, a .7, a .6 (own camera), junk .5, a .4, distractor .3.
    gallery = Embedded(
        leaning(0.4, 0.9, 0.6, 0.8, 0.5, 0.7, 0.3), ["a", "a", "a", "b", "-1", "a", "0000"], list("2213123")
    )
    report = evaluate(Embedded(leaning(1.0), ["a"], ["1"]), gallery)
    # Hits at ranks 1, 3, 4: AP = (1/1 + 2/3 + 3/4) / 3 = 29/36, INP = 3/4.
    assert report.mean_average_precision == pytest.approx(29 / 36, abs=1e-12)
    assert report.mean_inverse_negative_penalty == pytest.approx(3 / 4)
    assert report.rank1 == report.rank5 == report.rank10 == 1.0
    # Without the camera rule the dropped one is a hit too, at rank 4: (1 + 2/3 + 3/4 + 4/6) / 4.
    kept = evaluate(Embedded(leaning(1.0), ["a"], ["1"]), gallery, protocol="wildlife")
    assert kept.mean_average_precision == pytest.approx((1 + 2 / 3 + 3 / 4 + 4 / 6) / 4)


def test_cmc_is_padded_beyond_a_short_gallery():
    report = evaluate(Embedded(leaning(1.0), [1], [1]), Embedded(leaning(0.5, 0.9), [1, 2], [2, 2]), cmc_length=20)
    assert report.cmc.tolist() == [0.0] + [1.0] * 19
    assert report.scores() == {"mAP": 0.5, "rank1": 0.0, "rank5": 1.0, "mINP": 0.5}
    with pytest.raises(ValueError, match="1 to 20, got 21"):
        report.at(21)


def test_skipped_queries_are_counted_by_reason():
    query = Embedded(np.repeat(AXES[:1], 5, axis=0), [1, 2, 3, -1, 1], [1, 1, 1, 1, -1])
    gallery = Embedded(np.repeat(AXES[:1], 3, axis=0), [1, 2, -1], [2, 1, 2])
    report = evaluate(query, gallery)
    assert report.evaluated == 2
    assert report.skipped == {
        "junk identity": 1,
        "identity not in the gallery": 1,
        "matches from its own camera only": 1,
    }
    assert report.as_dict()["skipped"] == report.skipped
    assert "same identity and camera dropped" in report.settings
    assert "rectangle" in report.settings


def test_unknown_cameras_are_never_the_same_camera():
    query = Embedded(leaning(1.0, 1.0), ["a", "a"], ["", "c1"])
    gallery = Embedded(leaning(0.9, 0.8), ["a", "a"], ["", "c1"])
    # The first query shares no camera with anyone. The second drops the c1 entry and keeps the unknown.
    shown = rankings(query, gallery, top=2)
    assert shown.indices.tolist() == [[0, 1], [0, -1]]


def test_evaluate_leaves_its_inputs_alone():
    vectors = np.random.default_rng(0).standard_normal((6, 4))
    before = vectors.copy()
    side = Embedded(vectors, [1, 1, 2, 2, 3, 3], [1, 2, 1, 2, 1, 2])
    evaluate(side, side)
    np.testing.assert_array_equal(vectors, before)
    assert vectors.flags.writeable


@pytest.mark.parametrize(
    ("query", "gallery", "words"),
    [
        (Embedded(AXES, [1, 2, 3, 4], [1] * 4), Embedded(AXES[:, :3] + 1, [1] * 4, [1] * 4), "4 numbers.* 3"),
        (
            Embedded(AXES, [1, 2, 3, 4]),
            Embedded(AXES, [1] * 4, [1] * 4),
            "'market1501' needs cameras.*'wildlife'",
        ),
        (Embedded(AXES, [1] * 4, [1] * 4), Embedded(AXES, [1] * 4, [-1] * 4), "none is known in the gallery"),
        (
            Embedded(AXES, [1] * 4, [1] * 4),
            Embedded(AXES, ["1"] * 4, [2] * 4),
            "numbers, those of the gallery text",
        ),
        (Embedded(AXES, [1] * 4, [1] * 4), Embedded(AXES, [-1] * 4, [2] * 4), "all 4 gallery entries"),
        (
            Embedded(AXES, [7, 8, 9, -1], ["c1", "c1", "c1", "c1"]),
            Embedded(AXES, [7, 7, 5, 5], ["c1"] * 4),
            (
                r"none of 4 queries has a valid match under .market1501.: 1 with junk "
                r"identity \(identities -1\), "
                r"2 with identity not in the gallery \(identities 8, 9\), "
                r"1 with matches from its own camera only \(identities 7; cameras c1\)"
            ),
        ),
    ],
)
def test_query_and_gallery_that_do_not_fit_are_refused_in_one_line(query: Embedded, gallery: Embedded, words: str):
    with pytest.raises(ReseenError, match=words) as caught:
        evaluate(query, gallery)
    assert "\n" not in str(caught.value)


def test_unknown_protocols_and_average_precisions_are_refused():
    side = Embedded(AXES, [1, 1, 2, 2], [1, 2, 1, 2])
    with pytest.raises(ReseenError, match="no protocol 'market'; did you mean 'market1501'"):
        evaluate(side, side, protocol="market")
    with pytest.raises(ReseenError, match="no average precision 'trapez'; did you mean 'trapezoid'"):
        evaluate(side, side, average_precision="trapez")
    with pytest.raises(ValueError, match="cmc_length"):
        evaluate(side, side, cmc_length=5)
    with pytest.raises(ValueError, match="top"):
        rankings(side, side, top=0)
