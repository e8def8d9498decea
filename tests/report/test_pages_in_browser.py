"""The pages in headless Chromium, wide and narrow, light and dark: all fits, shows, can be reached and read."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from page_scripts import CONTRASTS, WATCH_SCROLLERS
from reseen.draw import png_bytes
from reseen.draw.encode import write_png
from reseen.report import Page, PageImage, ScoreRow, Section, Table, score_section, write_page
from reseen.report.comparison_page import report_pair
from reseen.report.run_page import report_run
from reseen.report.sections import command_section, data_section, environment_section, recipe_section
from shared import made_once

WIDTHS = {"desktop": 1200, "phone": 390}
LONG = "a-name-without-any-place-to-break-it-" * 6


def write_long_page(path: Path) -> Path:
    """Everything as long as it may be, and with intervals."""
    scores = {"mAP": 1.0, "rank1": 1.0, "rank5": 1.0, "mINP": 1.0}
    rows = [
        ScoreRow(name, scores, evaluated=123456, skipped={LONG: 9}, intervals={"mAP": (0.1, 1.0)})
        for name in (LONG, "trained")
    ]
    images = [
        PageImage(LONG, LONG, png_bytes(Image.new("RGB", (width, 60), (90, 120, 150))))
        for width in (2400, 800, 300, 1100)
    ]
    table = Table(LONG, [LONG, LONG], [[LONG, "1.23 (0.45 to 6.78) *"]], caption=LONG, kind="dense")
    page = Page(
        title=LONG,
        summary=LONG,
        scores=score_section(rows, settings=LONG),
        images=images,
        sections=[
            Section("Explanations, scored", [table]),
            Section("Changes", [Table("Changes", ["setting", LONG, LONG], [[LONG, LONG, LONG]], kind="changes")]),
            data_section([], {LONG: LONG}),
            command_section([LONG]),
            recipe_section(f"{LONG} = '{LONG}'"),
            environment_section({LONG: LONG}),
        ],
    )
    write_page(path, page)
    return path


@pytest.fixture(scope="module")
def pages(finished, tmp_path_factory) -> dict[str, Path]:
    def make(folder: Path) -> None:
        first, second = (shutil.copytree(run, folder / run.name) for run in finished)
        (first / "explain").mkdir()
        write_png(first / "explain" / "pairs-01.png", Image.new("RGB", (870, 2100), (90, 120, 150)))
        shutil.copy(report_run(first), folder / "run.html")
        report_pair(first, second, out=folder / "pair.html")
        write_long_page(folder / "long.html")

    folder = made_once(tmp_path_factory, "pages", make)
    return {name: folder / f"{name}.html" for name in ("run", "pair", "long")}


@pytest.fixture(scope="module", params=WIDTHS)
def width(request) -> int:
    return WIDTHS[request.param]


@pytest.fixture(scope="module", params=["run", "pair", "long"])
def page(request, browser, pages, width) -> Iterator:
    """One page, open; ``page.heard`` collects what it asked for and complained about."""
    opened = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    opened.heard = []
    opened.on("request", lambda asked: opened.heard.append(asked.url))
    opened.on("console", lambda message: opened.heard.append(message.text))
    opened.on("pageerror", lambda error: opened.heard.append(str(error)))
    opened.goto(pages[request.param].as_uri())
    yield opened
    opened.close()


def test_a_page_fits_fetches_nothing_and_shows_every_image(page, width):
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert [url[:60] for url in page.heard[1:] if not url.startswith("data:image/")] == []
    images = page.evaluate("[...document.images].map(image => [image.complete, image.naturalWidth, image.clientWidth])")
    assert images
    assert all(complete and natural > 1 and 100 < shown <= natural for complete, natural, shown in images)


def test_headings_and_contents_lead_through_the_page(page):
    assert page.locator("h1").count() == 1
    assert page.locator("h2").first.inner_text() == "Scores"
    for link in page.locator("nav a").all():
        target = page.locator(link.get_attribute("href"))
        assert target.inner_text() == link.inner_text()
        assert target.is_visible()


def test_what_scrolls_can_be_reached_by_keyboard_and_has_a_name(page):
    for _ in range(page.evaluate(WATCH_SCROLLERS)):
        page.keyboard.press("Tab")
    assert page.evaluate("scrollers.length"), "the sheet is wider than a page"
    assert page.evaluate("scrollers.filter(element => !reached.has(element)).map(element => element.outerHTML)") == []
    assert page.evaluate("scrollers.every(element => element.tagName == 'PRE' || element.ariaLabel)")
    page.evaluate("scrollers[0].focus()")
    page.keyboard.press("ArrowRight", delay=50)
    page.wait_for_function("scrollers[0].scrollLeft > 0", polling=20, timeout=5000)


def test_a_sheet_can_be_seen_in_full_size_without_a_script(page, width):
    box, image = page.get_by_label("full size").first, page.locator(".wide img").first
    before = image.evaluate("image => image.clientWidth")
    box.check()
    after, natural = image.evaluate("image => [image.clientWidth, image.naturalWidth]")
    assert after == natural > before
    assert page.evaluate("document.documentElement.scrollWidth") == width
    box.uncheck()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(page, scheme):
    page.emulate_media(color_scheme=scheme)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 20
    assert [(text, ratio) for text, ratio in contrasts if ratio < 4.5] == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
