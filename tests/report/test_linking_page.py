"""The page of a linking: what it shows, its bounds, names that need escaping, and in the browser."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import reseen
from linked_town import linked_town, write_linking, write_nothing
from page_scripts import CONTRASTS, WATCH_SCROLLERS
from reseen.errors import ReseenError
from reseen.linking import Sightings
from reseen.linking.record import SCHEMA
from reseen.report.linking.saved import SavedLinking, open_linking
from reseen.report.linking.thumbnails import Thumbnails
from reseen.report.linking_page import page_of, report_linking
from reseen.report.page import Section, render
from shared import made_once

NASTY = "<script>alert('x')</script>&\"quoted\""


@pytest.fixture(scope="module")
def town(tmp_path_factory, image) -> Path:
    def make(folder: Path) -> None:
        report_linking(linked_town(folder / "town", image, individuals=30, cameras=4, noise=1.3))

    return made_once(tmp_path_factory, "linked-town", make) / "town"


def sections(saved: SavedLinking) -> dict[str, Section]:
    return {section.title: section for section in page_of(saved).sections}


def test_doubtful_links_come_first_with_their_evidence(town):
    saved = open_linking(town)
    found = sections(saved)
    assert next(iter(found)) == "Doubtful links"
    card, doubt = found["Doubtful links"].cards[0], saved.doubts[0]
    assert abs(doubt.evidence) == min(abs(other.evidence) for other in saved.doubts)
    facts = " ".join(card.facts)
    assert f"Similarity {doubt.similarity:.3f}" in facts
    assert f"{doubt.seconds:.1f} s between them" in facts
    assert all(tile.image for tile in card.tiles)


def test_a_doubtful_link_is_marked_by_the_truth(town):
    saved = open_linking(town)
    for doubt, card in zip(saved.doubts, sections(saved)["Doubtful links"].cards, strict=False):
        one, other = (saved.tracks["truth"][row] for row in (doubt.first, doubt.second))
        assert card.mark == ("right" if (one == other) == doubt.linked else "wrong")


def test_images_of_an_individual_are_in_order_of_time(town):
    saved = open_linking(town)
    cards = sections(saved)["Individuals"].cards
    for card in cards:
        times = [tile.notes[0] for tile in card.tiles]
        seconds = [int(minutes) * 60 + int(rest) for minutes, rest in (time.split(":") for time in times)]
        assert seconds == sorted(seconds)
    assert any(card.chart and len(card.chart.lanes) > 2 for card in cards)


def test_confused_identities_are_those_of_the_truth(town):
    tracks = open_linking(town).tracks
    held = tracks.group_by("identity").agg(pl.col("truth").n_unique()).filter(pl.col("truth") > 1)["identity"]
    section = sections(open_linking(town))["Confused identities"]
    titles = [card.title for card in section.cards]
    assert {f"Individual {identity}" for identity in held} >= {
        title.split(" holds")[0] for title in titles if " holds " in title
    }
    assert any(" is split into " in title for title in titles)
    split = tracks.group_by("truth").agg(pl.col("identity").n_unique()).filter(pl.col("identity") > 1)
    assert section.notes[0].startswith(f"{len(held)} individual")
    assert f"; {len(split)} true identit" in section.notes[0]


def test_learned_windows_stand_behind_their_histograms(tmp_path, image):
    saved = open_linking(linked_town(tmp_path / "sure", image, individuals=40, cameras=3, noise=0.4))
    travel = sections(saved)["Travel times"]
    learned = {(row["origin"], row["target"]) for row in saved.facts["windows"]}
    assert learned
    drawn = {chart.title for chart in travel.histograms if chart.window}
    assert drawn == {f"{origin} → {target}" for origin, target in learned}
    assert any("learned from" in row[-1] for row in travel.tables[0].rows)


def test_travel_times_and_scores_of_kinds_are_told_apart(town):
    saved = open_linking(town)
    way = {"from": "c0", "to": "c1", "median": 30.0, "seconds": [0.0, 30.0, 60.0], "links": [4.0, 4.0]}
    ways = [{**way, "kind": kind} for kind in ("person", "vehicle")]
    windows = [
        {"origin": "c0", "target": "c1", "shortest": 1.0, "longest": 50.0, "links": 0},
        {"origin": "c0", "target": "c1", "shortest": 20.0, "longest": 60.0, "links": 9, "kind": "person"},
    ]
    scores = {**saved.scores, "kinds": {"person": {"idf1": 0.25}}}
    page = page_of(saved._replace(facts={**saved.facts, "ways": ways, "windows": windows}, scores=scores))
    travel = next(section for section in page.sections if section.title == "Travel times")
    assert [chart.title for chart in travel.histograms] == ["c0 → c1 (person)", "c0 → c1 (vehicle)"]
    assert [row[-1] for row in travel.tables[0].rows[:2]] == ["learned from 9 links", "given"]
    assert page.scores.tables[0].rows[-1][:2] == ("person, linked over cameras", "25.0 %")


def test_scores_have_their_intervals_and_are_missing_without_a_truth(town, tmp_path, image):
    (table,) = page_of(open_linking(town)).scores.tables
    assert tuple(table.columns[:4]) == ("tracks", "IDF1", "IDP", "IDR")
    assert table.rows[0][1].note == "70.0 to 90.0"
    blind = open_linking(linked_town(tmp_path / "blind", image, truth=False, individuals=3, cameras=2))
    assert page_of(blind).scores.empty
    assert sections(blind)["Confused identities"].empty
    assert "Truth" not in render(page_of(blind))


def test_no_track_and_one_track_make_a_page(tmp_path):
    none = report_linking(write_nothing(tmp_path / "none")).read_text()
    assert "There are no tracks." in none
    assert "No link is in doubt." in none
    (tmp_path / "one").mkdir()
    one = report_linking(write_linking(tmp_path / "one", Sightings(["a"], ["1"], [0.0], [1.0], [[1.0, 0.0]])))
    assert "1 track of 1 camera is 1 individual" in one.read_text()


def test_five_thousand_individuals_make_a_small_page_that_says_what_it_leaves_out(tmp_path):
    count = 5000
    saved = SavedLinking(tmp_path, {"doubts": _doubts(2 * count)}, None, _many(count), tmp_path)
    html = render(page_of(saved, thumbnails=_Noise(tmp_path)))
    assert "4,960 individuals more are left out" in html
    assert "160 more are in linking.json" in html
    assert 1e6 < len(html) < 10e6


def test_a_page_takes_no_more_bytes_of_images_than_it_may(town):
    saved = open_linking(town)
    thumbnails = Thumbnails(saved.images, most_bytes=20_000)
    html = render(page_of(saved, thumbnails=thumbnails))
    assert "left out, so that this page stays small" in html
    assert html.count("data:image/jpeg") > 3
    assert len(html) < 300_000


def test_images_that_are_gone_are_counted_and_found_where_they_moved(town, tmp_path, image):
    moved = linked_town(tmp_path / "a", image, individuals=2, cameras=2)
    facts = json.loads((moved / "linking.json").read_text())
    (moved / "linking.json").write_text(json.dumps({**facts, "images": str(tmp_path / "gone")}))
    page = report_linking(moved).read_text()
    assert "could not be opened" in page
    assert "data:image/jpeg" not in page
    assert "data:image/jpeg" in report_linking(moved, data=moved, out=tmp_path / "p.html").read_text()


def test_names_are_escaped(tmp_path):
    folder = tmp_path / "nasty"
    folder.mkdir()
    seen = Sightings([NASTY, f"{NASTY}2"], [NASTY, "1"], [0.0, 9.0], [1.0, 10.0], [[1.0, 0.1], [1.0, 0.0]])
    html = report_linking(write_linking(folder, seen, truth=np.array([1, 2]))).read_text()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "alert('x')\"" not in html


def test_what_is_no_linking_is_one_line(tmp_path, town):
    with pytest.raises(ReseenError, match="expected a folder that `reseen link` finished"):
        reseen.report_linking(tmp_path)
    old = tmp_path / "old"
    old.mkdir()
    (old / "linking.json").write_text("{}")
    with pytest.raises(ReseenError, match=r"has no tracks\.parquet.*run the same `reseen link` again"):
        report_linking(old)
    (old / "tracks.parquet").write_bytes(b"damaged")
    with pytest.raises(ReseenError, match=r"tracks\.parquet: cannot be read"):
        report_linking(old)


@pytest.fixture(scope="module", params=[1200, 390])
def page(request, browser, town) -> Iterator:
    opened = browser.new_page(viewport={"width": request.param, "height": 900}, reduced_motion="reduce")
    opened.heard = []
    opened.on("request", lambda asked: opened.heard.append(asked.url))
    opened.on("console", lambda message: opened.heard.append(message.text))
    opened.goto((town / "report.html").as_uri())
    opened.width = request.param
    yield opened
    opened.close()


def test_the_page_fits_and_fetches_nothing(page):
    assert page.evaluate("document.documentElement.scrollWidth") == page.width
    assert [url[:60] for url in page.heard[1:] if not url.startswith("data:image/")] == []
    for link in page.locator("nav a").all():
        assert page.locator(link.get_attribute("href")).inner_text() == link.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(page, scheme):
    page.emulate_media(color_scheme=scheme)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 100
    assert [(text, ratio) for text, ratio in contrasts if ratio < 4.5] == []


def test_what_scrolls_has_a_name_and_every_image_words(page):
    page.evaluate(WATCH_SCROLLERS)
    assert page.evaluate("scrollers.every(element => element.ariaLabel && element.tabIndex == 0)")
    assert page.evaluate("[...document.images].every(image => image.alt)")
    assert page.evaluate("[...document.querySelectorAll('figure svg')].every(drawn => drawn.ariaLabel)")


def test_a_bar_leads_to_its_individual_even_where_that_is_folded(page):
    bar = page.locator("a.stay").last
    bar.click()
    card = page.locator(bar.get_attribute("href"))
    assert card.is_visible()
    assert card.locator("h3").inner_text() == f"Individual {bar.inner_text()}"


def test_no_two_bars_cover_each_other_on_the_screen(page):
    assert (
        page.evaluate(
            """() => {
            const boxes = [...document.querySelectorAll("a.stay")].map(bar => bar.getBoundingClientRect());
            return boxes.flatMap((a, k) => boxes.slice(k + 1).filter(b =>
              a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length;
            }"""
        )
        == 0
    )


class _Noise(Thumbnails):
    """Images that JPEG cannot make small."""

    def of(self, image):
        return super().of({**image, "path": self._path})

    def __init__(self, root: Path) -> None:
        from PIL import Image

        super().__init__(root)
        self._path = "noise.png"
        noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
        Image.fromarray(noise).save(root / self._path)


def _many(count: int) -> pl.DataFrame:
    """Two tracks each, in two of fifty cameras, but the first that has 200."""
    identity = np.concatenate([np.repeat(np.arange(1, count + 1), 2), np.ones(198, dtype=np.int64)])
    rows = np.arange(len(identity))
    image = {"path": "a", "time": 0.0}
    return pl.DataFrame(
        {
            "camera": [f"c{row % 50}" for row in rows],
            "track": rows.astype(str),
            "begin": 10.0 * rows,
            "end": 10.0 * rows + 5,
            "identity": identity,
            "truth": [f"v{who // 3}" for who in identity],
            "images": [[image] * 4] * len(rows),
        },
        schema=SCHEMA,
    )


def _doubts(rows: int) -> list[dict[str, object]]:
    facts = {"evidence": 0.1, "linked": True, "similarity": 0.5, "seconds": 3.0}
    return [{**facts, "rows": [row, rows - 1 - row]} for row in range(200)]
