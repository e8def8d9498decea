"""Two runs on one page: differences signed and in points, settings that differ and no others, names told apart."""

import re
from pathlib import Path

import pytest
from PIL import Image

from reseen.draw import png_bytes
from reseen.report import BesideContent, Change, Picture, ScoreRow, write_beside
from reseen.report.comparison_page import changes, distinct_names, flat_settings, render_beside

PLAIN = ScoreRow("plain", {"mAP": 0.465, "rank1": 0.7, "rank5": 0.9, "mINP": 0.2}, evaluated=217)
OURS = ScoreRow("ours", {"mAP": 0.512, "rank1": 0.65, "rank5": 0.9, "mINP": 0.3}, evaluated=217)
FULL = BesideContent(
    first=PLAIN,
    second=OURS,
    settings="veri776",
    summary="Two runs.",
    differences={"mAP": (0.01, 0.084)},
    pictures=[Picture("Cumulative matches", "Both.", png_bytes(Image.new("RGB", (4, 4))))],
    recipe=[Change("model.name", '"a"', '"b"'), Change("model.attention.stage3.name", "", '"rga_s"')],
    recipe_alike=42,
    environment=[Change("started", "then", "now")],
    commands=["reseen train one", "reseen train two"],
)


def cells(page: str, row: str) -> list[str]:
    """The text of the cells of the table row that begins with ``row``."""
    page = page.replace("<wbr>", "")
    (found,) = re.findall(rf"<tr><th scope=\"row\">{re.escape(row)}</th>(.*?)</tr>", page, flags=re.DOTALL)
    return [
        re.sub(r"<[^>]+>", " ", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", found, flags=re.DOTALL)
    ]


def test_scores_and_their_difference():
    page = render_beside(FULL)
    assert cells(page, "plain")[:4] == ["46.5 %", "70.0 %", "90.0 %", "20.0 %"]
    assert cells(page, "ours")[:4] == ["51.2 %", "65.0 %", "90.0 %", "30.0 %"]
    assert cells(page, "difference") == ["+4.7 +1.0 to +8.4", "-5.0", "+0.0", "+10.0", "", ""]
    assert "95 % interval paired by query" in page
    assert "paired by query" not in render_beside(BesideContent(PLAIN, OURS))


def test_settings_side_by_side():
    page = render_beside(FULL)
    assert cells(page, "model.name") == ["&#34;a&#34;", "&#34;b&#34;"]
    assert cells(page, "model.attention.stage3.name") == ["not set", "&#34;rga_s&#34;"]
    assert cells(page, "started") == ["then", "now"]
    assert "42 more settings are the same" in page
    assert "The recipes are the same, line by line." in render_beside(BesideContent(PLAIN, OURS))


def test_all_is_there_and_nothing_is_fetched(tmp_path):
    write_beside(tmp_path / "page.html", FULL)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", page) == [
        "Scores",
        "Cumulative matches",
        "Recipe",
        "Environment",
        "Make it again",
    ]
    assert all(words in page for words in ("plain and ours", "Two runs.", "veri776", *FULL.commands))
    assert "<script" not in page
    assert not re.search(r"https?:|url\(|@import", page)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))


def test_every_text_of_both_runs_is_escaped():
    nasty = "<script>alert('&\"')</script>"
    row = ScoreRow(nasty, PLAIN.scores, evaluated=1, skipped={nasty: 1})
    content = BesideContent(
        row, row, settings=nasty, summary=nasty, recipe=[Change(nasty, nasty, nasty)], commands=[nasty]
    )
    assert "<script" not in render_beside(content)


def test_settings_are_flat_and_only_differences_are_told():
    first = flat_settings('seed = 0\nsize = [1, 2]\n[model]\nname = "a"\n[model.attention]\n[transforms.flip]\n')
    second = flat_settings('seed = 0\nsize = [1, 3]\n[model]\nname = "a"\n[model.attention.stage3]\nname = "rga_s"\n')
    assert first == {
        "seed": "0",
        "size": "[1, 2]",
        "model.name": '"a"',
        "model.attention": "{}",
        "transforms.flip": "{}",
    }
    assert changes(first, second) == [
        ("size", "[1, 2]", "[1, 3]"),
        ("transforms.flip", "{}", ""),
        ("model.attention.stage3.name", "", '"rga_s"'),
    ]
    assert changes(first, first) == []


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("runs/market", "runs/veri", ("market", "veri")),
        ("runs/lka/seed-0", "runs/rga/seed-0", ("lka", "rga")),
        ("runs/lka/seed-0", "runs/rga/seed-1", ("lka/seed-0", "rga/seed-1")),
        ("runs/lka/seed-0", "runs/lka/seed-1", ("seed-0", "seed-1")),
        ("runs/lka", "runs/lka/again", ("runs/lka", "runs/lka/again")),
    ],
)
def test_names_are_what_the_paths_do_not_share(first, second, names):
    assert distinct_names(Path(first), Path(second)) == names
