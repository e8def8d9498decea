"""The page in headless Chromium, on a desk and on a phone, light and dark, by mouse and by keyboard alone."""

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.data.opening import open_image
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.serve.app import create_app
from served_pages import foreign, opened

WIDTHS = {"desktop": 1200, "phone": 390}
TOKEN = "the-token-of-the-page"


@pytest.fixture
def file(tmp_path: Path, image) -> Path:
    path = tmp_path / "query.png"
    image(2, 9).resize((96, 96)).save(path)
    return path


def found(page) -> list[str]:
    """Who the cards show, once all of a search is there."""
    page.wait_for_selector(".card")
    page.wait_for_selector("body:not(.busy)")
    return page.locator(".who strong").all_inner_texts()


def shows(page, cards: int) -> None:
    """Waits for so many cards."""
    from playwright.sync_api import expect

    expect(page.locator(".card")).to_have_count(cards)


@pytest.fixture
def url(gallery, loaded, served) -> Iterator[str]:
    with served(create_app(gallery, network=loaded.network)) as address:
        yield address


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_page_searches_by_an_image_and_then_by_a_match(browser, url, file, width):
    page = opened(browser, url, width=width)
    page.wait_for_selector("text=24 records")
    page.set_input_files("#file", file)
    assert found(page)[:1] == ["individual 2"]
    shows(page, 24)
    page.locator(".card.loaded").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert all(page.evaluate("[...document.querySelectorAll('.card.loaded img')].map(image => image.naturalWidth > 1)"))
    page.locator(".shot").nth(5).click()
    page.wait_for_selector("#trail button")
    shows(page, 23)  # all but the record itself
    page.go_back()
    page.wait_for_selector("#trail", state="hidden")
    assert found(page)[:1] == ["individual 2"]
    shows(page, 24)
    assert foreign(page, url) == []


def test_filters_of_cameras_times_and_counts_narrow_a_search_down(browser, url, file):
    page = opened(browser, url)
    page.set_input_files("#file", file)
    found(page)
    page.get_by_text("gate 2", exact=True).and_(page.locator("label")).click()
    shows(page, 12)
    assert set(page.locator(".where span:first-child").all_inner_texts()) == {"gate 2"}
    page.fill("#after", "2026-03-02T00:00")
    shows(page, 6)
    assert min(page.locator(".where span:last-child").all_inner_texts()) >= "2026-03-02 00:00"
    assert page.locator("#filters-said").inner_text() == "gate 2, time range"
    page.get_by_text("Clear filters").click()
    shows(page, 24)
    page.locator("#counts label").first.click()
    shows(page, 12)


def test_the_page_draws_a_line_at_the_threshold(browser, gallery, url, file):
    similarities = [match.similarity for match in gallery.search(file.read_bytes(), k=24)[0]]
    page = opened(browser, url)
    page.set_input_files("#file", file)
    found(page)
    assert page.locator("#threshold-said").inner_text() == "0.90"
    judged_by = "Search threshold 0.9000 (calibrated with 24 records)."
    assert page.locator("#judged-by").inner_text() == judged_by
    limit = round(similarities[11], 2)
    slide = "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }"
    page.locator("#threshold").evaluate(slide, limit)
    above = sum(similarity >= limit for similarity in similarities)
    assert 0 < above < 24
    assert page.locator(".card:not(.below)").count() == above
    line = page.locator(f"#matches > :nth-child({above + 1})").inner_text()
    assert line == f"below {limit:.2f}: not counted as the same"
    page.locator("#threshold").evaluate(slide, 1)
    assert page.locator("#verdict").inner_text() == "Unknown"
    page.get_by_text("Back to 0.90").click()
    assert page.locator("#threshold-said").inner_text() == "0.90"


def drawn_box(page) -> list[int]:
    """What the last search said of the box."""
    last = [heard for heard in page.heard if "search?" in heard][-1]
    return [int(number) for number in last.split("box=")[1].replace("%2C", ",").split(",")]


def test_mouse_and_keyboard_crop_the_query_image(browser, url, file):
    page = opened(browser, url)
    page.set_input_files("#file", file)
    found(page)
    around = page.locator("#frame").bounding_box()
    at = [(around["x"] + share * around["width"], around["y"] + share * around["height"]) for share in (0.25, 0.75)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=3)
    with page.expect_response(lambda answer: "box=" in answer.url):
        page.mouse.up()
    assert drawn_box(page) == pytest.approx([24, 24, 72, 72], abs=1)
    page.locator("#crop").focus()
    with page.expect_response(lambda answer: "box=" in answer.url):
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Shift+ArrowDown")
    assert drawn_box(page) == pytest.approx([22, 24, 70, 74], abs=1)
    with page.expect_response(lambda answer: "search?" in answer.url and "box=" not in answer.url):
        page.keyboard.press("Escape")
    assert page.locator("#crop").evaluate("crop => crop.classList.contains('whole')")


def test_every_control_of_the_page_can_be_reached_by_keyboard(browser, url, file):
    page = opened(browser, url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    with page.expect_file_chooser() as chooser:
        for _ in range(2):
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
    chooser.value.set_files(file)
    found(page)
    assert page.evaluate("document.activeElement.id") == "results", "what had the focus is gone"
    reached = set()
    for _ in range(90):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached >= {"crop", "other", "threshold", "shot", "after", "before"}
    page.locator(".shot").first.focus()
    ranks = []
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
        ranks.append(int(page.evaluate("document.activeElement.querySelector('.rank').textContent")))
    columns = len(page.evaluate("getComputedStyle(document.querySelector('#matches')).gridTemplateColumns").split())
    assert ranks == [2, 2 + columns, 2, 1, 1]
    page.keyboard.press("Enter")
    page.wait_for_selector("#trail button")


GIVE = """
([kind, data]) => {
  const given = new DataTransfer();
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
  given.items.add(new File([bytes], "given.png", { type: "image/png" }));
  const held = { clipboardData: given, dataTransfer: given };
  dispatchEvent(kind == "paste" ? new ClipboardEvent(kind, held) : new DragEvent(kind, held));
}
"""


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_query_image_can_be_dropped_or_pasted(browser, url, file, kind):
    page = opened(browser, url)
    page.wait_for_selector("#about strong")
    page.evaluate(GIVE, [kind, base64.b64encode(file.read_bytes()).decode()])
    assert found(page)[:1] == ["individual 2"]


def test_a_file_that_is_no_image_is_an_error_after_which_the_page_goes_on(browser, url, file, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"<script>alert(1)</script>")
    page = opened(browser, url)
    page.set_input_files("#file", tmp_path / "bad.png")
    page.wait_for_selector("#trouble:not([hidden])")
    assert "not an image in a known format" in page.locator("#trouble").inner_text()
    page.set_input_files("#file", file)
    assert found(page)[:1] == ["individual 2"]
    assert page.locator("#trouble").is_hidden()


REFUSED_SLOWLY = """() => {
  const plain = window.fetch;
  window.fetch = (path, options) => {
    if (!path.startsWith("search")) return plain(path, options);
    window.fetch = plain;
    const { signal } = options;
    const stopped = new Promise((_, refuse) => signal.addEventListener("abort", () => refuse(signal.reason)));
    return Promise.resolve({ ok: false, status: 400, json: () => stopped });
  };
}"""
"""The first search is refused, but the words of the refusal never come whole."""


def test_the_error_of_a_search_that_a_newer_one_replaces_is_not_shown(browser, url, file):
    page = opened(browser, url)
    page.wait_for_selector("#about strong")
    page.evaluate(REFUSED_SLOWLY)
    page.set_input_files("#file", file)
    page.wait_for_selector("body.busy")
    page.set_input_files("#file", file)
    assert found(page)[:1] == ["individual 2"]
    assert page.locator("#trouble").is_hidden()


def test_names_of_records_are_text_and_not_markup(browser, gallery, served, file):
    nasty = "<img src=x onerror=alert(1)>"
    gallery.add(
        Record(picture=file.read_bytes(), reference=nasty, identity=nasty, camera=nasty, fields={"colour": nasty})
    )
    with served(create_app(gallery)) as url:
        page = opened(browser, url)
        page.set_input_files("#file", file)
        assert found(page)[0] == nasty
        assert nasty in page.locator("#verdict").inner_text()
        assert page.locator("img[src=x]").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") == 1200
        assert foreign(page, url) == []


def test_the_page_asks_once_for_the_token_and_refuses_a_wrong_one(browser, gallery, served, file):
    with served(create_app(gallery, token=TOKEN)) as url:
        page = opened(browser, url)
        page.wait_for_selector("#login[open]")
        page.keyboard.type("not it, not it, not it")
        page.keyboard.press("Enter")
        page.wait_for_selector("#login-wrong:not([hidden])")
        page.fill("#token", TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_selector("text=24 records")
        page.set_input_files("#file", file)
        assert found(page)[:1] == ["individual 2"]
        page.locator(".card.loaded").first.wait_for()
        page.reload()
        page.wait_for_selector("text=24 records")
        assert page.locator("#login[open]").count() == 0
        page.goto("about:blank")
        given = opened(browser, f"{url}#token={TOKEN}")
        given.wait_for_selector("text=24 records")
        assert given.url == url, "the token does not stay in the address"


def test_the_page_shows_a_gallery_without_threshold_and_images(browser, weights_file, served, tmp_path, file):
    embedder = Embedder.from_pretrained(weights_file)
    gallery = Gallery(tmp_path / "bare", embedder=embedder, create=True)
    gallery.add([Record(vector=np.eye(1, embedder.width, place)[0], reference=str(place)) for place in range(3)])
    with served(create_app(gallery)) as url:
        page = opened(browser, url)
        page.set_input_files("#file", file)
        assert found(page) == ["no identity"] * 3
        assert page.locator("#limit").is_hidden()
        assert "no calibrated threshold for searches" in page.locator("#verdict-why").inner_text()
        assert page.locator("#judged-by").inner_text() == ""
        page.wait_for_selector(".card.without")
        page.locator(".shot").first.click()
        page.wait_for_selector("#trail button")
        shows(page, 2)


def test_the_page_shows_why_a_record_matches(browser, url, file):
    page = opened(browser, url)
    page.set_input_files("#file", file)
    found(page)
    page.locator(".why").first.click()
    page.wait_for_selector("#why-said:has-text('Bright areas')")
    assert page.evaluate("[...document.querySelectorAll('.layers img')].every(image => image.naturalWidth > 1)")
    page.locator("#why-strength").focus()
    page.keyboard.press("Home")
    assert page.locator(".map").first.evaluate("map => getComputedStyle(map).opacity") == "0"
    page.keyboard.press("Escape")
    assert page.locator("#why[open]").count() == 0
    assert foreign(page, url) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_of_the_page_contrasts_with_its_background(browser, url, file, scheme, contrasts):
    page = opened(browser, url, color_scheme=scheme)
    page.set_input_files("#file", file)
    found(page)
    found_ratios = page.evaluate(contrasts)
    assert len(found_ratios) > 100
    assert [(text, ratio) for text, ratio in found_ratios if ratio < 4.5] == []


def test_a_image_that_lies_on_its_side_is_cut_as_it_is_seen(browser, url, tmp_path, file):
    exif = Image.Exif()
    exif[0x0112] = 6
    open_image(file).resize((120, 60)).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    page = opened(browser, url)
    page.set_input_files("#file", tmp_path / "turned.jpg")
    found(page)
    assert page.evaluate("[image.naturalWidth, image.naturalHeight]") == [60, 120]
    page.locator("#crop").focus()
    with page.expect_response(lambda answer: "box=" in answer.url):
        for _ in range(10):
            page.keyboard.press("Shift+ArrowUp")
    assert drawn_box(page) == pytest.approx([0, 0, 60, 96], abs=1)
