"""Sheets that `reseen explain` saved in a run, on its page: the first of each kind, or none."""

from pathlib import Path

import pytest
from PIL import Image

from reseen.draw.encode import write_png
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.report.saved_maps import saved_maps


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "explain").mkdir()
    return Run(tmp_path)


def save(run: Run, *names: str) -> None:
    for name in names:
        write_png(run.explanations / f"{name}.png", Image.new("RGB", (8, 4)))


def test_a_run_without_explanations_has_no_saved_maps(tmp_path):
    assert saved_maps(Run(tmp_path)) == []


def test_saved_maps_come_in_the_order_of_the_page(run):
    save(run, "channels", "attention-01", "pairs-01", "something-else")
    (run.explanations / "explain.json").write_text("{}")
    found = saved_maps(run)
    assert [image.title for image in found] == ["Why they match", "Attention", "Channel weights"]
    assert [image.suffix for image in found] == [".jpg", ".jpg", ".png"], "plots stay sharp"
    assert [image.size for image in found] == [(8, 4)] * 3


def test_the_caption_counts_the_sheets_that_a_page_leaves_out(run):
    save(run, *(f"pairs-{number:02d}" for number in range(1, 6)))
    first, second = saved_maps(run)
    assert (first.title, second.title) == ("Why they match", "Why they match, 2")
    assert "more sheets" not in first.caption
    assert second.caption.endswith(f"3 more sheets are in {run.explanations}.")


def test_a_saved_map_that_is_no_image_is_refused_by_name(run):
    (run.explanations / "pairs-01.png").write_text("no image")
    with pytest.raises(ReseenError, match=r"pairs-01\.png: cannot read the image: not an image"):
        saved_maps(run)
