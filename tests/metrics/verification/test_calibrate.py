"""calibrate: against loops over all pairs, a closed form, and a population whose true rates are known."""

import json
from dataclasses import fields

import numpy as np
import pytest

from naive_pairs import naive_pairs
from reseen.errors import ReseenError
from reseen.metrics import Calibration, Embedded, calibrate
from reseen.metrics.protocol import find_protocol
from reseen.metrics.verification.pair_counts import STEPS

WIDTH, SHOTS = 8, 3


def population(generator, identities, *, shots=SHOTS) -> tuple[Embedded, Embedded]:
    """Identities about centres of their own, some of them harder than others, two cameras."""
    centres = generator.normal(size=(identities, 1, WIDTH))
    hardness = generator.gamma(4, 0.15, size=(identities, 1, 1))
    images = (centres + hardness * generator.normal(size=(identities, 2 * shots, WIDTH))).astype(np.float32)
    labels = np.repeat(np.arange(identities), shots)
    cameras = np.tile([f"c{shot % 2}" for shot in range(shots)], identities)
    halves = images[:, :shots], images[:, shots:]
    query, gallery = (Embedded(half.reshape(-1, WIDTH), labels, cameras=cameras) for half in halves)
    return query, gallery


@pytest.fixture(scope="module")
def calibrated():
    query, gallery = population(np.random.default_rng(0), 30)
    return query, gallery, calibrate(query, gallery, false_accept_rate=0.01, false_alarm_rate=0.1)


def test_calibrated_rates_are_those_of_all_pairs_one_by_one(calibrated):
    query, gallery, found = calibrated
    pairs = naive_pairs(query, gallery, protocol=find_protocol("market1501"))
    genuine = np.array([pair.similarity for pair in pairs if pair.genuine])
    impostor = np.array([pair.similarity for pair in pairs if not pair.genuine])
    assert (found.genuine_pairs, found.impostor_pairs, found.identities) == (len(genuine), len(impostor), 30)
    assert found.false_accept_rate.value == pytest.approx(np.mean(impostor >= found.threshold), abs=1e-12)
    assert found.false_reject_rate.value == pytest.approx(np.mean(genuine < found.threshold), abs=1e-12)
    assert found.false_accept_rate.value <= 0.01 < np.mean(impostor >= found.threshold - 1e-3)
    at, step = found.equal_error_threshold, 1 / len(genuine) + 1 / len(impostor)
    assert found.equal_error_rate.value == pytest.approx(np.mean(impostor >= at), abs=step)
    assert found.equal_error_rate.value == pytest.approx(np.mean(genuine < at), abs=step)
    points = zip(found.roc.thresholds, found.roc.false_accept_rates, found.roc.false_reject_rates, strict=True)
    for threshold, accepts, rejects in points:
        assert accepts == pytest.approx(np.mean(impostor >= threshold), abs=2 / len(impostor))
        assert rejects == pytest.approx(np.mean(genuine < threshold), abs=2 / len(genuine))


def test_random_directions_in_space_have_uniform_cosines():
    """Archimedes: the share of a sphere above a plane grows as its height, so a tenth lies above a cosine of 0.8."""
    generator = np.random.default_rng(1)
    query, gallery = (Embedded(generator.normal(size=(1500, 3)), np.arange(1500) // 2) for _ in range(2))
    found = calibrate(query, gallery, protocol="wildlife", false_accept_rate=0.1)
    assert found.threshold == pytest.approx(0.8, abs=0.01)
    assert found.equal_error_rate.value == pytest.approx(0.5, abs=0.02)
    assert found.equal_error_rate.low < 0.5 < found.equal_error_rate.high


def test_intervals_of_calibrated_rates_cover_the_truth():
    """Ten thousand identities of one query and one entry give the truth that 60 samples of 30 are to cover."""
    generator, draws = np.random.default_rng(2), 60
    query, gallery = population(generator, 10_000, shots=1)
    one, other = (side.vectors / np.linalg.norm(side.vectors, axis=1, keepdims=True) for side in (query, gallery))
    genuine, impostor = (one * other).sum(axis=1), np.concatenate([one[:1000] @ other[1000:3000].T]).ravel()

    def accepts(threshold):
        return np.mean(impostor >= threshold)

    def rejects(threshold):
        return np.mean(genuine < threshold)

    grid = np.linspace(0, 1, 501)
    equal = min(grid, key=lambda threshold: abs(accepts(threshold) - rejects(threshold)))
    covered = np.zeros(3)
    for _ in range(draws):
        found = calibrate(*population(generator, 30), protocol="wildlife", false_accept_rate=0.01)
        for place, (estimate, truth) in enumerate(
            [
                (found.false_accept_rate, accepts(found.threshold)),
                (found.false_reject_rate, rejects(found.threshold)),
                (found.equal_error_rate, accepts(equal)),
            ]
        ):
            covered[place] += estimate.low <= truth <= estimate.high
    assert (covered / draws >= 0.88).all(), covered / draws


def test_perfect_separation_is_zero_with_the_rule_of_three():
    vectors = np.repeat(np.eye(40, dtype=np.float32), 2, axis=0)
    both = Embedded(vectors, np.repeat(np.arange(40), 2))
    found = calibrate(both, both, protocol="wildlife")
    high = 1 - 0.025 ** (1 / 40)
    assert found.false_accept_rate == (0, 0, pytest.approx(high))
    assert found.equal_error_rate[:2] == (0, 0)
    assert found.equal_error_rate.high == pytest.approx(high * 2**0.5, rel=1e-3)
    assert found.threshold == 1 / STEPS, "just above the strangers' cosine of 0"
    assert found.equal_error_threshold == pytest.approx(0.5, abs=1e-5)


def test_rules_of_rankings_are_none_of_pairs():
    """VehicleID's trials and a track's nearest image say which entries are ranked, not which pairs are compared."""
    query, _ = population(np.random.default_rng(3), 20)
    names = np.array([str(row) for row in range(len(query))])
    both = Embedded(query.vectors, query.identities, cameras=query.cameras, names=names)
    found = calibrate(both, both, protocol="vehicleid", false_accept_rate=0.1)
    assert "trial" not in found.settings
    assert (found.genuine_pairs, found.impostor_pairs) == (60 * 2, 60 * 57)
    by_track = calibrate(both, both, protocol="veri776_track", false_accept_rate=0.1)
    assert "a track counts" not in by_track.settings
    assert by_track.genuine_pairs == sum(
        one != other for identity in range(20) for one in query.cameras[:3] for other in query.cameras[:3]
    )


def test_a_calibration_is_saved_and_loaded(calibrated, tmp_path):
    found, path = calibrated[2], tmp_path / "calibration.json"
    found.save(path)
    assert Calibration.load(path) == found
    assert json.loads(path.read_text()).keys() == {field.name for field in fields(Calibration)}
    assert [entry.name for entry in tmp_path.iterdir()] == ["calibration.json"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("{}", "wanted_false_accept_rate: field required"), ("[", "the file: invalid json"), (None, "No such file")],
)
def test_files_without_a_calibration_are_refused(tmp_path, text, message):
    path = tmp_path / "calibration.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ReseenError, match=message):
        Calibration.load(path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"false_accept_rate": 0.0}, "false accept rate: expected a share above 0 and below 1, got 0"),
        ({"false_alarm_rate": 1.0}, "false alarm rate: expected a share above 0 and below 1, got 1"),
        ({"confidence": 95.0}, "confidence: expected a share"),
        ({"false_accept_rate": 1e-5}, "7,830 pairs of different identities cannot show .* expected at least 100,000"),
        ({"protocol": "markt1501"}, "did you mean 'market1501'"),
    ],
)
def test_rates_that_cannot_be_calibrated_are_refused(calibrated, settings, message):
    query, gallery, _ = calibrated
    with pytest.raises(ReseenError, match=message):
        calibrate(query, gallery, **settings)


def test_vectors_that_are_all_alike_are_refused():
    alike = Embedded(np.ones((40, 3), dtype=np.float32), np.arange(40) // 2)
    with pytest.raises(ReseenError, match="have a cosine of 1; expected no image under two identities"):
        calibrate(alike, alike, protocol="wildlife", false_accept_rate=0.1)
    with pytest.raises(ReseenError, match="0 pairs of different identities"):
        calibrate(Embedded(np.eye(3), [1, 1, 1]), Embedded(np.eye(3), [1, 1, 1]), protocol="wildlife")
