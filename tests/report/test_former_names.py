"""ReportContent and BesideContent, the former names of pages: they still make the same pages, and warn."""

import re

import pytest
from PIL import Image

from reseen.data.summary import SplitSummary
from reseen.draw import png_bytes
from reseen.report import Change, PageImage, ScoreRow, Table

SCORES = {"mAP": 0.465, "rank1": 0.7, "rank5": 0.9, "mINP": 0.2}
PLAIN, OURS = (ScoreRow(name, SCORES, evaluated=217) for name in ("plain", "ours"))
PARTS = {
    "settings": "veri776",
    "summary": "A summary.",
    "pictures": [PageImage("Cumulative matches", "Both.", png_bytes(Image.new("RGB", (4, 4))))],
    "explanations": [Table("Two questions", ["map", "energy"], [["grad_cam", "3.4"]])],
    "data": [SplitSummary("train", 9, 3, 1, 1, 0, 0, None, None)],
    "data_facts": {"fingerprint": "abc123"},
}


def headings(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*>(.*?)</h2>", page)


def test_the_content_of_a_run_is_written_as_before(tmp_path):
    with pytest.warns(DeprecationWarning, match="is now reseen"):
        from reseen.explain import ReportContent, write_report
    content = ReportContent(
        "reseen demo",
        systems=[PLAIN],
        recipe="seed = 0",
        environment={"torch": "2.15"},
        command="reseen train",
        **PARTS,
    )
    write_report(tmp_path / "page.html", content)
    page = (tmp_path / "page.html").read_text().replace("<wbr>", "")
    parts = ["Explanations, scored", "Data", "Make it again", "Recipe", "Environment"]
    assert headings(page) == ["Scores", "Cumulative matches", *parts]
    assert all(words in page for words in ("A summary.", "veri776", "grad_cam", "abc123", "seed = 0", "2.15"))


def test_the_content_of_two_runs_is_written_as_before(tmp_path):
    with pytest.warns(DeprecationWarning, match="is now reseen"):
        from reseen.explain import BesideContent, write_beside
    content = BesideContent(
        PLAIN,
        OURS,
        differences={"mAP": (0.01, 0.084)},
        recipe=[Change("model.name", "a", "b")],
        recipe_alike=42,
        environment=[Change("started", "then", "now")],
        commands=["reseen train one", "reseen train two"],
        **PARTS,
    )
    write_beside(tmp_path / "page.html", content)
    page = (tmp_path / "page.html").read_text().replace("<wbr>", "")
    parts = ["Explanations, scored", "Recipe", "Environment", "Data", "Make it again"]
    assert headings(page) == ["Scores", "Cumulative matches", *parts]
    assert content.title == "plain and ours"
    assert "plain and ours" in page
    assert "+1.0 to +8.4" in page
    assert "42 more settings are the same" in page
    assert page.count("<pre") == 2
