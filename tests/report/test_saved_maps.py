"""What explain left in a run, on its page: the first sheets of each kind, and none where there is none."""

from pathlib import Path

import pytest
from PIL import Image

from reseen.draw.encode import write_png
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.report.saved_maps import kept_maps


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "explain").mkdir()
    return Run(tmp_path)


def keep(run: Run, *names: str) -> None:
    for name in names:
        write_png(run.explanations / f"{name}.png", Image.new("RGB", (8, 4)))


def test_none_without_explanations(tmp_path):
    assert kept_maps(Run(tmp_path)) == []


def test_each_kind_in_the_order_of_the_page(run):
    keep(run, "channels", "attention-01", "pairs-01", "something-else")
    (run.explanations / "explain.json").write_text("{}")
    found = kept_maps(run)
    assert [picture.title for picture in found] == ["Why it finds them", "Attention", "Channel weights"]
    assert [picture.suffix for picture in found] == [".jpg", ".jpg", ".png"], "plots stay sharp"
    assert [picture.size for picture in found] == [(8, 4)] * 3


def test_more_sheets_than_a_page_takes_are_said_to_be_there(run):
    keep(run, *(f"pairs-{number:02d}" for number in range(1, 6)))
    first, second = kept_maps(run)
    assert (first.title, second.title) == ("Why it finds them", "Why it finds them, 2")
    assert "more sheets" not in first.caption
    assert second.caption.endswith(f"3 more sheets are in {run.explanations}.")


def test_no_picture_is_refused_by_name(run):
    (run.explanations / "pairs-01.png").write_text("no picture")
    with pytest.raises(ReseenError, match=r"pairs-01\.png: cannot read the picture: not a picture"):
        kept_maps(run)
