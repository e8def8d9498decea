"""Evaluation against the definitions: small cases with ties, distractors, junk and unknown cameras."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_evaluation import naive_evaluate, naive_ranking

from reseen.errors import ReseenError
from reseen.metrics import AVERAGE_PRECISIONS, PROTOCOLS, Embedded, evaluate, rankings
from reseen.metrics import similarity as similarity_module

AXES = np.eye(4, dtype=np.float32)


def leaning(*cosines: float) -> np.ndarray:
    """Unit vectors whose cosine with the first axis is the number given."""
    return np.array([[value, np.sqrt(1 - value**2), 0, 0] for value in cosines])


@st.composite
def cases(draw) -> tuple[Embedded, Embedded]:
    """A query set and a gallery drawn from few vectors, so that many entries tie exactly."""
    width = draw(st.integers(2, 6))
    pool = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).standard_normal((draw(st.integers(1, 12)), width))
    pool = pool.astype(draw(st.sampled_from([np.float32, np.float64])))
    as_text = draw(st.booleans())
    return tuple(draw(_side(pool, most=most, as_text=as_text)) for most in (5, 24))


@st.composite
def _side(draw, pool: np.ndarray, *, most: int, as_text: bool) -> Embedded:
    entry = st.tuples(
        st.integers(0, len(pool) - 1), st.sampled_from([0.5, 1, 8]), st.integers(-1, 3), st.integers(-1, 2)
    )
    rows = draw(st.lists(entry, min_size=1, max_size=most))
    vectors = np.stack([pool[which] * pool.dtype.type(scale) for which, scale, _, _ in rows])
    identities, cameras = [row[2] for row in rows], [row[3] for row in rows]
    if as_text:
        return Embedded(vectors, [str(i) for i in identities], ["" if c < 0 else f"c{c}" for c in cameras])
    return Embedded(vectors, identities, cameras)


def _has_camera(side: Embedded) -> bool:
    return any(str(camera) not in {"", "-1"} for camera in side.cameras)


@pytest.mark.parametrize("kind", sorted(AVERAGE_PRECISIONS))
@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
@settings(max_examples=200, deadline=None, derandomize=True)
@given(case=cases())
def test_equals_the_naive_loop(protocol: str, kind: str, case: tuple[Embedded, Embedded]):
    query, gallery = case
    drops = PROTOCOLS[protocol].drop_same_camera
    expected = naive_evaluate(query, gallery, drops=drops, kind=kind, length=50)
    junk_only = drops and all(str(identity) == "-1" for identity in gallery.identities)
    without_camera = drops and not (_has_camera(query) and _has_camera(gallery))
    if junk_only or without_camera or not expected.evaluated:
        with pytest.raises(ReseenError):
            evaluate(query, gallery, protocol=protocol, average_precision=kind)
        return
    report = evaluate(query, gallery, protocol=protocol, average_precision=kind)
    assert report.mean_average_precision == pytest.approx(expected.mean_average_precision, abs=1e-9)
    assert report.mean_inverse_negative_penalty == pytest.approx(expected.mean_inverse_negative_penalty, abs=1e-9)
    np.testing.assert_allclose(report.cmc, expected.cmc, rtol=0, atol=1e-9)
    assert report.evaluated == expected.evaluated
    assert sum(report.skipped.values()) == len(expected.skipped)
    assert np.flatnonzero(np.isnan(report.average_precisions)).tolist() == expected.skipped
    assert np.flatnonzero(report.first_hits == 0).tolist() == expected.skipped


@settings(max_examples=200, deadline=None, derandomize=True)
@given(case=cases(), top=st.integers(1, 30))
def test_rankings_equal_the_naive_order(case: tuple[Embedded, Embedded], top: int):
    query, gallery = case
    found = rankings(query, gallery, protocol="wildlife", top=top)
    for row in range(len(query)):
        expected = naive_ranking(query, gallery, row=row, drops=False)[:top]
        shown = len(expected)
        assert found.indices[row, :shown].tolist() == [index for index, _, _ in expected]
        assert found.is_match[row, :shown].tolist() == [match for _, match, _ in expected]
        np.testing.assert_allclose(found.similarity[row, :shown], [value for _, _, value in expected], atol=1e-12)
        assert (found.indices[row, shown:] == -1).all()
        assert np.isnan(found.similarity[row, shown:]).all()


def test_larger_random_case_in_several_blocks(monkeypatch):
    monkeypatch.setattr(similarity_module, "_BLOCK_ENTRIES", 900)
    rng = np.random.default_rng(5)
    centres = rng.standard_normal((20, 32))
    sides = []
    for count in (40, 400):
        identities = rng.integers(0, 20, count)
        vectors = (centres[identities] + 2 * rng.standard_normal((count, 32))).astype(np.float32)
        sides.append(Embedded(vectors, identities, rng.integers(1, 4, count)))
    expected = naive_evaluate(*sides, drops=True, kind="rectangle", length=50)
    report = evaluate(*sides)
    assert report.mean_average_precision == pytest.approx(expected.mean_average_precision, abs=1e-9)
    np.testing.assert_allclose(report.cmc, expected.cmc, atol=1e-9)


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


def test_hand_computed_case():
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


def test_inputs_are_left_alone():
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
def test_bad_pairs_are_one_clear_line(query: Embedded, gallery: Embedded, words: str):
    with pytest.raises(ReseenError, match=words) as caught:
        evaluate(query, gallery)
    assert "\n" not in str(caught.value)


def test_unknown_names_are_refused():
    side = Embedded(AXES, [1, 1, 2, 2], [1, 2, 1, 2])
    with pytest.raises(ReseenError, match="no protocol 'market'; did you mean 'market1501'"):
        evaluate(side, side, protocol="market")
    with pytest.raises(ReseenError, match="no average precision 'trapez'; did you mean 'trapezoid'"):
        evaluate(side, side, average_precision="trapez")
    with pytest.raises(ValueError, match="cmc_length"):
        evaluate(side, side, cmc_length=5)
    with pytest.raises(ValueError, match="top"):
        rankings(side, side, top=0)
