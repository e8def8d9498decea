"""report.html: everything asked for is there, nothing is fetched, all text is escaped."""

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from reseen.data.summary import SplitSummary, Spread
from reseen.draw import jpeg_bytes, png_bytes
from reseen.errors import ReseenError
from reseen.metrics import Embedded, evaluate
from reseen.report import Picture, ReportContent, ScoreRow, write_report
from reseen.report.page import Table, render_report

DOT = Image.new("RGB", (2, 2), (1, 2, 3))
BAND = Image.new("RGB", (1200, 2), (1, 2, 3))
VOID = {"meta", "img", "br", "link", "input"}
NASTY = "<script>alert('&\"')</script>"


class Page(HTMLParser):
    """Tags that must close, in order; headings, cells, sources and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.best: list[str] = []
        self.words: list[str] = []
        self.headings: list[str] = []
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self._is_best = False
        self.feed(page.replace("<wbr>", ""))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.add(tag)
        self.sources += [found[key] for key in ("src", "href") if key in found and not found[key].startswith("#")]
        self.links += [found["href"].removeprefix("#")] if "href" in found else []
        self.anchors |= {found["id"]} if "id" in found else set()
        self._is_best = "best" in (found.get("class") or "")
        if tag == "tr":
            self.rows.append([])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)
        if self.open and self.open[-1] in {"td", "th"}:
            self.rows[-1].append(data)
            if self._is_best:
                self.best.append(data)


FULL = ReportContent(
    title="reseen demo",
    systems=[
        ScoreRow("histogram", {"mAP": 0.1234, "rank1": 0.2, "rank5": 0.5, "mINP": 0.0}, evaluated=40),
        ScoreRow(
            "trained",
            {"mAP": 0.5678, "rank1": 0.9, "rank5": 0.5, "mINP": 0.25},
            evaluated=40,
            intervals={"mAP": (0.4321, 0.65)},
        ),
    ],
    settings="veri776 (same identity and camera dropped), rectangle average precision",
    summary="A summary.",
    pictures=[
        Picture("What it finds", "A sheet.", jpeg_bytes(BAND)),
        Picture("Cumulative matches", "A curve.", png_bytes(DOT)),
        Picture("Training", "Curves.", png_bytes(DOT)),
    ],
    explanations=[Table("Two questions", "Of 9 queries.", ["map", "energy"], [["centre", "1.2"], ["grad_cam", "3.4"]])],
    data=[
        SplitSummary("train", 37778, 575, 20, 8, 0, 0, Spread(3, 12.5, 60), Spread(7, 7, 7)),
        SplitSummary("query", 1678, 200, 0, 0, 1678, 1678, Spread(1, 8, 20), None),
    ],
    data_facts={"fingerprint": "abc123"},
    recipe='[model]\nname = "resnet50_bot"',
    environment={"torch": "2.15.0", "device": "cpu"},
    command="reseen train recipe.toml --data data",
)


def test_all_parts_are_there():
    page = Page(render_report(FULL))
    assert page.headings == [
        "Scores",
        "What it finds",
        "Cumulative matches",
        "Training",
        "Explanations, scored",
        "Data",
        "Make it again",
        "Recipe",
        "Environment",
    ]
    assert page.rows[:3] == [
        ["system", "mAP", "rank-1", "rank-5", "mINP", "queries", "skipped"],
        ["histogram", "12.3 %", "20.0 %", "50.0 %", "0.0 %", "40", "0"],
        ["trained", "56.8 %", "90.0 %", "50.0 %", "25.0 %", "40", "0"],
    ]
    # Both share the best rank-5.
    assert page.best == ["50.0 %", "56.8 %", "90.0 %", "50.0 %", "25.0 %"]
    assert ["train", "37,778", "575", "20", "8", "3 to 60, median 12.5", "7"] in page.rows
    assert ["query", "1,678", "200", "unknown", "unknown", "1 to 20, median 8", "unknown"] in page.rows
    assert ["map", "energy"] in page.rows
    assert ["grad_cam", "3.4"] in page.rows
    text = " ".join(page.words)
    for words in (
        FULL.settings,
        FULL.summary,
        FULL.recipe,
        FULL.command,
        "2.15.0",
        "fingerprint: abc123",
        "43.2 to 65.0",
    ):
        assert words in text


def test_contents_lead_to_each_part():
    page = Page(render_report(FULL))
    parts = ["explanations", "data", "again", "recipe", "environment"]
    assert page.links == ["scores", "picture-1", "picture-2", "picture-3", *parts]
    assert page.anchors == set(page.links)


def test_intervals_are_explained_only_where_some_are_shown():
    assert "95 % interval" in render_report(FULL)
    assert "95 % interval" not in render_report(ReportContent(title="t", systems=FULL.systems[:1]))


def test_it_needs_no_network_and_no_script():
    page = Page(render_report(FULL))
    assert not page.tags & {"script", "link", "iframe", "object"}
    assert len(page.sources) == 3
    for source, kind, data in zip(page.sources, ("jpeg", "png", "png"), FULL.pictures, strict=True):
        head, body = source.split(",")
        assert head == f"data:image/{kind};base64"
        assert base64.b64decode(body) == data.data
    assert not re.search(r"https?:|url\(|@import", render_report(FULL))


def test_parts_left_empty_leave_no_trace():
    page = Page(render_report(ReportContent(title="bare")))
    assert page.headings == []
    assert not page.tags & {"table", "figure", "pre", "section", "details", "p"}


def test_every_text_is_escaped():
    content = ReportContent(
        title=NASTY,
        systems=[ScoreRow(NASTY, {"mAP": 0, "rank1": 0, "rank5": 0, "mINP": 0}, evaluated=1, skipped={NASTY: 1})],
        settings=NASTY,
        summary=NASTY,
        pictures=[Picture(NASTY, NASTY, png_bytes(DOT)), Picture(NASTY, NASTY, png_bytes(BAND))],
        explanations=[Table(NASTY, NASTY, [NASTY], [[NASTY], ["row", NASTY]])],
        data=[SplitSummary(NASTY, 1, 1, 1, 1, 0, 0, None, None)],
        data_facts={NASTY: NASTY},
        recipe=NASTY,
        environment={NASTY: NASTY},
        command=NASTY,
    )
    page = Page(render_report(content))
    assert "script" not in page.tags
    # The title twice, two pictures with a heading, a caption and a line of the contents, five in a table of their own,
    # and eleven that stand once.
    assert sum(words.count(NASTY) for words in page.words) == 2 + 2 * 3 + 5 + 11


def test_names_may_break_after_their_separators():
    scores = {"mAP": 0, "rank1": 0, "rank5": 0, "mINP": 0}
    page = render_report(ReportContent(title="t", systems=[ScoreRow("lite0_rga.sc/a<b", scores, evaluated=1)]))
    assert '<th scope="row">lite0_<wbr>rga.<wbr>sc/<wbr>a&lt;b</th>' in page


def test_skipped_queries_are_explained_once_or_by_system():
    scores = {"mAP": 0.5, "rank1": 0.5, "rank5": 0.5, "mINP": 0.5}
    same = [ScoreRow(name, scores, evaluated=9, skipped={"junk identity": 2}) for name in ("a", "b")]
    text = render_report(ReportContent(title="t", systems=same))
    assert text.count("2 with junk identity") == 1
    other = [same[0], ScoreRow("b", scores, evaluated=9, skipped={"junk identity": 3})]
    text = render_report(ReportContent(title="t", systems=other))
    assert "Queries skipped by a: 2 with junk identity." in text
    assert "Queries skipped by b: 3 with junk identity." in text


def test_a_row_from_a_report():
    side = Embedded(np.eye(3), [1, 2, 3], [1, 1, 1])
    gallery = Embedded(np.eye(3), [1, 2, 9], [2, 1, 1])
    row = ScoreRow.of("model", evaluate(side, gallery), intervals={"mAP": (0.5, 1.0)})
    assert (row.name, row.evaluated, sum(row.skipped.values())) == ("model", 1, 2)
    assert row.intervals == {"mAP": (0.5, 1.0)}
    assert row.scores == {"mAP": 1.0, "rank1": 1.0, "rank5": 1.0, "mINP": 1.0}


def test_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "report.html"
    write_report(path, FULL)
    assert path.read_text(encoding="utf-8") == render_report(FULL)
    with pytest.raises(ValueError, match="picture 'broken': expected PNG or JPEG bytes"):
        write_report(path, ReportContent(title="new", pictures=[Picture("broken", "", b"GIF89a")]))
    with pytest.raises(ReseenError, match="could not be written"):
        write_report(tmp_path / "no folder" / "report.html", FULL)
    assert path.read_text(encoding="utf-8") == render_report(FULL)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
