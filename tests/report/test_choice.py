"""The choice of a run's network on its page: every candidate, which was chosen, and on what."""

import shutil
from pathlib import Path

import pytest

from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.metrics import Estimate
from reseen.report.choice import choice_of, choice_section
from reseen.report.page import Cell
from reseen.report.run_page import report_run
from reseen.tasks.reid.choose import Candidate, Choice, Outcome

UNTRAINED = Outcome(Candidate(0.0, "pooled"), 0.401, 0.5, None)
AVERAGE = Outcome(Candidate(0.5, "whitened"), 0.456, 0.625, Estimate(0.055, 0.021, 0.084))


def choice(chosen: Outcome) -> Choice:
    return Choice([UNTRAINED, AVERAGE], chosen, identities=36, images=1216, settings="wildlife rules")


@pytest.fixture
def run(finished: tuple[Path, Path], tmp_path: Path) -> Run:
    return open_run(shutil.copytree(finished[0], tmp_path / "run"))


def test_the_section_has_a_row_for_each_candidate_with_its_gain_and_its_interval() -> None:
    section = choice_section(choice(AVERAGE))
    assert section.tables[0].rows == [
        ("untrained", "pooled", Cell("40.1%"), Cell("50.0%"), Cell("")),
        (
            "average of 50% trained and 50% untrained (chosen)",
            "whitened",
            Cell("45.6%", best=True),
            Cell("62.5%", best=True),
            Cell("+5.5", note="+2.1 to +8.4", best=True),
        ),
    ]
    assert section.notes[0] == (
        "The network handed over is average of 50% trained and 50% untrained, whitened vector: mAP 45.6% on 36 "
        "held-out identities (1,216 images), where it gains +5.5 points (95 % interval +2.1 to +8.4) over the "
        "untrained network."
    )
    assert section.notes[1].startswith("Chosen on images of 36 training identities (1,216 images) that were held out")


def test_the_page_of_a_run_shows_the_choice_and_no_longer_says_that_query_and_gallery_chose_the_epoch(run: Run) -> None:
    (row,) = run.metrics()
    run.save_metrics([row, {**row, "epoch": 2}])
    before = report_run(run).read_text(encoding="utf-8")
    assert "chosen on the same query and gallery" in before
    assert "Choice of the network" not in before
    write_json(run.choice_file, choice(UNTRAINED).as_dict())
    held_out = {"identities": ["0001", "0002"], "images": 8}
    write_json(run.data_file, {**run.data(), "held_out": held_out})
    after = report_run(run).read_text(encoding="utf-8")
    assert "chosen on the same query and gallery" not in after
    assert "Epoch and network were chosen on 2 other identities, held out of the training set." in after
    assert "Choice of the network" in after
    assert "untrained (chosen)" in after


def test_a_damaged_choice_is_an_error_of_one_line(run: Run) -> None:
    assert choice_of(run) is None
    run.choice_file.write_text("{}")
    with pytest.raises(ReseenError, match=r"choice.json: expected what `reseen train` wrote"):
        report_run(run)
