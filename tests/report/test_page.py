"""report.html: everything asked for is there, nothing is fetched, all text is escaped."""

import base64
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from reseen.data.summary import SplitSummary, Spread
from reseen.draw import jpeg_bytes, png_bytes
from reseen.errors import ReseenError
from reseen.report import Cell, Page, PageImage, ScoreRow, Section, Table, score_section, write_page
from reseen.report.page import render
from reseen.report.sections import command_section, data_section, environment_section, recipe_section

DOT = Image.new("RGB", (2, 2), (1, 2, 3))
BAND = Image.new("RGB", (1200, 2), (1, 2, 3))
VOID = {"meta", "img", "br", "link", "input"}
NASTY = "<script>alert('&\"')</script>"


class Parsed(HTMLParser):
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


SYSTEMS = [
    ScoreRow("histogram", {"mAP": 0.1234, "rank1": 0.2, "rank5": 0.5, "mINP": 0.0}, evaluated=40),
    ScoreRow(
        "trained",
        {"mAP": 0.5678, "rank1": 0.9, "rank5": 0.5, "mINP": 0.25},
        evaluated=40,
        intervals={"mAP": (0.4321, 0.65)},
    ),
]
SETTINGS = "veri776 (same identity and camera dropped), rectangle average precision"
RECIPE = '[model]\nname = "resnet50_bot"'
COMMAND = "reseen train recipe.toml --data data"
FULL = Page(
    title="reseen demo",
    summary="A summary.",
    scores=score_section(SYSTEMS, settings=SETTINGS),
    images=[
        PageImage("What it finds", "A sheet.", jpeg_bytes(BAND)),
        PageImage("Cumulative matches", "A curve.", png_bytes(DOT)),
        PageImage("Training", "Curves.", png_bytes(DOT)),
    ],
    sections=[
        Section(
            "Explanations, scored",
            [
                Table(
                    "Two questions",
                    ["map", "energy"],
                    [["centre", "1.2"], ["grad_cam", "3.4"]],
                    caption="Of 9 queries.",
                    kind="dense",
                )
            ],
        ),
        data_section(
            [
                SplitSummary("train", 37778, 575, 20, 8, 0, 0, Spread(3, 12.5, 60), Spread(7, 7, 7)),
                SplitSummary("query", 1678, 200, 0, 0, 1678, 1678, Spread(1, 8, 20), None),
            ],
            {"fingerprint": "abc123"},
        ),
        command_section([COMMAND]),
        recipe_section(RECIPE),
        environment_section({"torch": "2.15.0", "device": "cpu"}),
    ],
)


def test_a_page_shows_all_its_parts_in_order():
    page = Parsed(render(FULL))
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
        SETTINGS,
        FULL.summary,
        RECIPE,
        COMMAND,
        "Of 9 queries.",
        "2.15.0",
        "fingerprint: abc123",
        "43.2 to 65.0",
    ):
        assert words in text


def test_the_contents_link_to_each_part():
    page = Parsed(render(FULL))
    parts = ["explanations-scored", "data", "make-it-again", "recipe", "environment"]
    assert page.links == ["scores", "image-1", "image-2", "image-3", *parts]
    assert page.anchors == set(page.links)


def test_a_page_needs_no_network_and_no_script():
    page = Parsed(render(FULL))
    assert not page.tags & {"script", "link", "iframe", "object"}
    assert len(page.sources) == 3
    for source, kind, data in zip(page.sources, ("jpeg", "png", "png"), FULL.images, strict=True):
        head, body = source.split(",")
        assert head == f"data:image/{kind};base64"
        assert base64.b64decode(body) == data.data
    assert not re.search(r"https?:|url\(|@import", render(FULL))


def test_empty_parts_of_a_page_leave_no_trace():
    page = Parsed(render(Page("bare", sections=[data_section([], {}), command_section([]), recipe_section("")])))
    assert page.headings == []
    assert not page.tags & {"table", "figure", "pre", "section", "details", "p", "nav"}


def test_every_text_of_a_page_is_escaped():
    row = ScoreRow(NASTY, {"mAP": 0, "rank1": 0, "rank5": 0, "mINP": 0}, evaluated=1, skipped={NASTY: 1})
    content = Page(
        title=NASTY,
        summary=NASTY,
        scores=score_section([row], heading=NASTY, columns={"mAP": NASTY}, settings=NASTY),
        images=[PageImage(NASTY, NASTY, png_bytes(DOT)), PageImage(NASTY, NASTY, png_bytes(BAND))],
        sections=[
            Section(
                "Nasty",
                [Table(NASTY, [NASTY], [[NASTY], ["row", NASTY], ["row", Cell(NASTY, note=NASTY)]], caption=NASTY)],
                notes=[NASTY],
                code=[NASTY],
                fold=NASTY,
            ),
            Section(NASTY, notes=["note"]),
            data_section([SplitSummary(NASTY, 1, 1, 1, 1, 0, 0, None, None)], {NASTY: NASTY}),
            command_section([NASTY]),
            recipe_section(NASTY),
            environment_section({NASTY: NASTY}),
        ],
    )
    page = Parsed(render(content))
    assert "script" not in page.tags
    # The title twice and the summary; five of the scores; two images with a heading, a caption and a line of the
    # contents; ten of the nasty section and two of the one that bears its name; seven of the others.
    assert sum(words.count(NASTY) for words in page.words) == 3 + 5 + 2 * 3 + 10 + 2 + 7


def test_names_of_rows_may_break_after_their_separators():
    scores = {"mAP": 0, "rank1": 0, "rank5": 0, "mINP": 0}
    page = render(Page("t", scores=score_section([ScoreRow("lite0_rga.sc/a<b", scores, evaluated=1)])))
    assert '<th scope="row">lite0_<wbr>rga.<wbr>sc/<wbr>a&lt;b</th>' in page


def test_a_page_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "report.html"
    write_page(path, FULL)
    assert path.read_text(encoding="utf-8") == render(FULL)
    with pytest.raises(ValueError, match="image 'broken': expected PNG or JPEG bytes"):
        write_page(path, Page("new", images=[PageImage("broken", "", b"GIF89a")]))
    with pytest.raises(ReseenError, match="could not be written"):
        write_page(tmp_path / "no folder" / "report.html", FULL)
    assert path.read_text(encoding="utf-8") == render(FULL)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
