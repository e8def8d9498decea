"""The choice on made-up vectors: training that helps, that does nothing, that hurts; ties; too few identities."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.metrics import Embedded, Estimate, Report, custom_protocol, evaluate
from reseen.tasks.reid.choose import Candidate, Choice, Scored, choose, read_choice

RULES = custom_protocol(drop_same_camera=False, junk=(), same_pictures=True)
UNTRAINED, TRAINED, AVERAGE = Candidate(0.0, "pooled"), Candidate(1.0, "pooled"), Candidate(0.5, "pooled")


def labels(identities: int) -> np.ndarray:
    return np.repeat([f"{number:03d}" for number in range(identities)], 4)


def report(noise: float, *, identities: int = 30, seed: int = 0) -> Report:
    """Each identity's own vector plus noise: the more noise, the worse a network."""
    own = np.repeat(np.random.default_rng(0).normal(size=(identities, 8)), 4, axis=0)
    vectors = own + noise * np.random.default_rng(seed).normal(size=own.shape)
    names = [f"{row}.jpg" for row in range(len(vectors))]
    images = Embedded(vectors, labels(identities), names=names)
    return evaluate(images, images, protocol=RULES)


def choice(*scored: tuple[Candidate, Report], identities: int = 30) -> Choice:
    return choose([Scored(*entry) for entry in scored], labels(identities), images=4 * identities)


def test_training_that_helps_is_handed_over_at_the_weights_that_are_best() -> None:
    chosen = choice((UNTRAINED, report(1.2)), (TRAINED, report(0.8)), (AVERAGE, report(0.5)))
    assert chosen.chosen.candidate == AVERAGE
    assert not chosen.untrained_kept
    gain = chosen.chosen.gain
    assert gain is not None
    assert gain.value == pytest.approx(chosen.chosen.mean_average_precision - chosen.outcomes[0].mean_average_precision)
    assert 0 < gain.low < gain.value < gain.high
    assert chosen.reason.startswith(
        "the network handed over is average of 50% trained and 50% untrained, pooled vector"
    )
    assert "on 30 held-out identities (120 images), where it gains +" in chosen.reason


def test_training_that_hurts_leaves_the_untrained_network_and_says_what_might_help() -> None:
    kept = choice((UNTRAINED, report(0.8)), (TRAINED, report(1.2)))
    assert (kept.chosen.candidate, kept.untrained_kept) == (UNTRAINED, True)
    assert "\n" not in kept.reason
    assert kept.reason.startswith("no candidate is surely better than the untrained network on 30 held-out identities")
    assert "the best, trained, pooled vector, gains -" in kept.reason
    for help_ in ("more identities", "more images of each", "a larger image", "another backbone"):
        assert help_ in kept.reason


def test_training_that_does_nothing_leaves_the_untrained_network() -> None:
    same = report(1.0)
    assert choice((UNTRAINED, same), (TRAINED, same)).untrained_kept


def test_a_gain_that_chance_may_give_leaves_the_untrained_network() -> None:
    untrained = report(1.0, seed=0)
    luckier = next(
        other
        for seed in range(1, 50)
        if (other := report(1.0, seed=seed)).rank1 > untrained.rank1
        and 0 < other.mean_average_precision - untrained.mean_average_precision < 0.01
    )
    kept = choice((UNTRAINED, untrained), (TRAINED, luckier))
    assert kept.untrained_kept
    assert kept.outcomes[1].mean_average_precision > kept.outcomes[0].mean_average_precision


def test_of_equal_candidates_the_simplest_is_chosen() -> None:
    good = report(0.5)
    average, whitened, trained = (AVERAGE, good), (Candidate(1.0, "whitened"), good), (TRAINED, good)
    assert choice((UNTRAINED, report(1.2)), average, whitened, trained).chosen.candidate == TRAINED
    assert choice((UNTRAINED, report(1.2)), average, whitened).chosen.candidate == Candidate(1.0, "whitened")


def test_what_is_less_simple_is_chosen_only_if_it_is_surely_better() -> None:
    necked = Candidate(1.0, "necked")
    better = choice((UNTRAINED, report(1.2)), (TRAINED, report(0.8)), (necked, report(0.4)))
    assert better.chosen.candidate == necked
    pooled = report(0.5)
    lucky = next(
        other
        for seed in range(1, 50)
        if 0 < (other := report(0.5, seed=seed)).rank1 - pooled.rank1 < 0.05
        and other.mean_average_precision > pooled.mean_average_precision
    )
    chosen = choice((UNTRAINED, report(1.2)), (TRAINED, pooled), (necked, lucky))
    assert chosen.chosen.candidate == TRAINED
    assert "trained, necked vector has " in chosen.reason
    assert "which is not surely better, and is less simple" in chosen.reason


def test_a_simpler_candidate_needs_most_of_the_gain_though_its_own_may_be_unsure(monkeypatch) -> None:
    unsure, worse = Candidate(1.0, "centred"), report(0.7, identities=4)
    best = report(0.4, identities=4)
    untrained = report(1.2, identities=4)
    gains = {id(worse): Estimate(0.08, -0.01, 0.16), id(best): Estimate(0.1, 0.02, 0.2)}
    monkeypatch.setattr(
        "reseen.tasks.reid.choose.choice._gain",
        lambda simpler, other, _: gains[id(other)] if simpler is untrained else Estimate(0.02, -0.02, 0.05),
    )
    entries = (UNTRAINED, untrained), (unsure, worse), (Candidate(1.0, "necked"), best)
    assert choice(*entries, identities=4).chosen.candidate == unsure, "0.08 is three quarters of 0.1"
    gains[id(worse)] = Estimate(0.07, -0.01, 0.16)
    assert choice(*entries, identities=4).chosen.candidate == Candidate(1.0, "necked")


def test_a_head_alone_may_be_what_is_better_than_the_untrained_network() -> None:
    chosen = choice((UNTRAINED, report(1.2)), (Candidate(0.0, "whitened"), report(0.6)), (TRAINED, report(1.4)))
    assert chosen.chosen.candidate == Candidate(0.0, "whitened")
    assert not chosen.untrained_kept


def test_a_single_held_out_identity_proves_nothing_so_the_untrained_network_is_kept() -> None:
    kept = choice((UNTRAINED, report(1.0, identities=1)), (TRAINED, report(0.1, identities=1)), identities=1)
    assert kept.untrained_kept
    assert [outcome.gain for outcome in kept.outcomes] == [None, None]


@pytest.mark.parametrize("noises", [(1.2, 0.5), (0.5, 1.2)])
def test_a_choice_reads_back_as_it_was_written(noises: Sequence[float], tmp_path: Path) -> None:
    made = choice((UNTRAINED, report(noises[0])), (TRAINED, report(noises[1])))
    write_json(tmp_path / "choice.json", made.as_dict())
    assert read_choice(tmp_path / "choice.json") == made
    values = json.loads((tmp_path / "choice.json").read_text())
    assert values["held_out"] == {"identities": 30, "images": 120}
    assert [row["trained_share"] for row in values["candidates"]] == [0.0, 1.0]
    assert values["reason"] == made.reason


@pytest.mark.parametrize("text", ['{"candidates": []}', "[1]", '{"chosen": 3, "candidates": [4]}', "{"])
def test_another_file_in_place_of_a_choice_is_an_error_of_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "choice.json").write_text(text)
    with pytest.raises(ReseenError, match=r"choice\.json: (expected|not JSON)"):
        read_choice(tmp_path / "choice.json")
