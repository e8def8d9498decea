"""The choice: what is surely better on the held-out images, else the untrained network."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.tasks.classify.choose import Candidate, Choice, Scored, choose, read_choice
from reseen.tasks.classify.choose.choice import paired_gain

IMAGES = 100
UNTRAINED, REGRESSION = Candidate(0.0, "class means"), Candidate(0.0, "logistic regression")
TRAINED, AVERAGE = Candidate(1.0, "trained"), Candidate(0.5, "class means")


def right(count: int, *, of: int = IMAGES) -> np.ndarray:
    """The first so many images are classified right."""
    return np.arange(of) < count


def choice(*scored: tuple[Candidate, int]) -> Choice:
    return choose([Scored(candidate, right(count)) for candidate, count in scored], np.arange(IMAGES) % 4)


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (3, 0), (0, 4), (6, 0), (9, 2), (9, 1), (20, 31), (40, 0)])
def test_the_interval_of_a_gain_is_clopper_and_pearsons_for_the_images_on_which_the_two_differ(won, lost):
    before = np.zeros(50 + won + lost, dtype=bool)
    before[: 20 + lost] = True
    after = before.copy()
    after[:lost], after[len(after) - won :] = False, True
    gain = paired_gain(after, before)
    assert gain.value == pytest.approx((won - lost) / len(before))
    if won + lost == 0:
        assert gain == (0, 0, 0)
        return
    test = binomtest(won, won + lost)
    share = test.proportion_ci(0.95, method="exact")
    scale = (won + lost) / len(before)
    assert (gain.low, gain.high) == pytest.approx(((2 * share.low - 1) * scale, (2 * share.high - 1) * scale))
    assert (gain.low > 0) == (won > lost and test.pvalue < 0.05)


def test_a_training_that_helps_is_handed_over():
    chosen = choice((UNTRAINED, 60), (REGRESSION, 50), (TRAINED, 90))
    assert (chosen.chosen.candidate, chosen.untrained_kept) == (TRAINED, False)
    assert chosen.reason.startswith(
        "the network handed over is the trained network: top-1 90.0% on 100 held-out images of 4 classes, where it "
        "gains +30.0 points (95 % interval +"
    )


def test_a_training_that_hurts_leaves_the_untrained_network_and_says_what_might_help():
    kept = choice((UNTRAINED, 80), (TRAINED, 60))
    assert (kept.chosen.candidate, kept.untrained_kept) == (UNTRAINED, True)
    assert "\n" not in kept.reason
    assert kept.reason.startswith(
        "no candidate is surely better than the untrained backbone with class means (top-1 80"
    )
    assert "the best, the trained network, gains -20.0 points" in kept.reason
    assert kept.reason.endswith("more images of each class, a longer training or another backbone might help")


@pytest.mark.parametrize("gained", [0, 1, 5])
def test_a_gain_that_chance_may_give_leaves_the_untrained_network(gained):
    assert choice((UNTRAINED, 60), (TRAINED, 60 + gained)).untrained_kept
    assert not choice((UNTRAINED, 60), (TRAINED, 66)).untrained_kept, "6 won and none lost: p = 2 / 2 ** 6 = 0.03"


def test_the_better_of_the_two_untrained_heads_is_what_others_are_compared_with():
    chosen = choice((UNTRAINED, 60), (REGRESSION, 85), (TRAINED, 88))
    assert chosen.untrained.candidate == chosen.chosen.candidate == REGRESSION
    assert choice((UNTRAINED, 85), (REGRESSION, 85), (TRAINED, 88)).chosen.candidate == UNTRAINED


def test_among_candidates_that_are_alike_the_simplest_is_chosen_and_else_the_best():
    assert choice((UNTRAINED, 60), (AVERAGE, 90), (TRAINED, 90)).chosen.candidate == TRAINED
    assert choice((UNTRAINED, 60), (AVERAGE, 91), (TRAINED, 90)).chosen.candidate == AVERAGE


def test_an_untrained_network_alone_is_kept():
    kept = choice((UNTRAINED, 60))
    assert kept.untrained_kept
    assert "gains" not in kept.reason


@pytest.mark.parametrize("trained", [60, 95])
def test_a_choice_reads_back_as_it_was_written(trained: int, tmp_path: Path):
    made = choice((UNTRAINED, 60), (TRAINED, trained))
    write_json(tmp_path / "choice.json", made.as_dict())
    assert read_choice(tmp_path / "choice.json") == made
    values = json.loads((tmp_path / "choice.json").read_text())
    assert values["held_out"] == {"images": 100, "classes": 4}
    assert values["reason"] == made.reason
    assert [row["head"] for row in values["candidates"]] == ["class means", "trained"]


@pytest.mark.parametrize("text", ['{"candidates": []}', "[1]", '{"chosen": 3, "candidates": [4]}', "{"])
def test_another_file_in_place_of_a_choice_is_an_error_of_one_line(text: str, tmp_path: Path):
    (tmp_path / "choice.json").write_text(text)
    with pytest.raises(ReseenError, match=r"choice\.json: (expected|not JSON)"):
        read_choice(tmp_path / "choice.json")
