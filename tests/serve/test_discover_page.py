"""Who is who on the page: decided by keyboard alone, by mouse, in light and dark, on a desk and on a phone."""

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from plain_embedder import PlainEmbedder
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.serve.app import create_app
from reseen.serve.middleware.limits import Limits
from served_pages import foreign, opened
from shared import made_once

INDIVIDUALS, SHOTS, TOKEN = 100, 3, "the-token-of-the-page"
FAST = Limits(rate=1e6, burst=1_000_000)


def png(picture) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def unnamed(tmp_path_factory, image) -> Path:
    """A hundred individuals of three records each, without identity; which is which stands in the reference."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(INDIVIDUALS, PlainEmbedder.width))

    def make(folder: Path) -> None:
        gallery = Gallery(folder / "gates", embedder=PlainEmbedder(), create=True, upkeep=False)
        gallery.add(
            [
                Record(
                    picture=png(image(who, shot, size=24)),
                    vector=centres[who] + 0.3 * rng.normal(size=PlainEmbedder.width),
                    reference=f"{who}-{shot}",
                    camera=f"gate {shot + 1}",
                )
                for who in range(INDIVIDUALS)
                for shot in range(SHOTS)
            ]
        )
        gallery.discover()

    return made_once(tmp_path_factory, "unnamed-gallery", make) / "gates"


@pytest.fixture
def gallery(unnamed: Path, tmp_path: Path) -> Gallery:
    return Gallery(shutil.copytree(unnamed, tmp_path / "gates"), embedder=PlainEmbedder(), upkeep=False)


@pytest.fixture
def url(gallery, served) -> Iterator[str]:
    with served(create_app(gallery, limits=FAST, decide=True)) as address:
        yield address


@pytest.fixture
def client(gallery) -> Iterator[TestClient]:
    with TestClient(create_app(gallery, limits=FAST, decide=True), base_url="http://localhost") as asking:
        yield asking


def waits(page, place: int, count: int) -> None:
    """Until so many proposals wait, and this one is shown."""
    page.wait_for_function(
        "text => document.getElementById('place').textContent == text", arg=f"{place} of {count} waiting"
    )


def names(gallery: Gallery) -> dict[int, set[str | None]]:
    """The identities that each individual's records hold."""
    held: dict[int, set[str | None]] = {}
    for block in gallery._store.rows(None, columns=["picture", "identity"]):
        for row in block.to_pylist():
            held.setdefault(int(row["picture"].split("-")[0]), set()).add(row["identity"])
    return held


@pytest.mark.long
def test_a_person_names_a_hundred_individuals_by_keyboard_alone(browser, gallery, url):
    page = opened(browser, f"{url}discover")
    for number in range(INDIVIDUALS):
        waits(page, 1, INDIVIDUALS - number)
        page.keyboard.press("n")
        page.keyboard.type(f"a {number}")  # with letters that are keys of the page elsewhere
        page.keyboard.press("Enter")
    page.wait_for_selector("body[data-state=none]")
    assert page.locator("#ask").inner_text() == "Everything is decided"
    held = names(gallery)
    assert all(len(given) == 1 for given in held.values())
    assert {name for given in held.values() for name in given} == {f"a {number}" for number in range(INDIVIDUALS)}
    assert foreign(page, url) == []


def test_keys_accept_refuse_undo_and_step_and_each_is_read_aloud(browser, gallery, url):
    page = opened(browser, f"{url}discover")
    waits(page, 1, 100)
    said, focused = page.locator("#said"), "document.activeElement.id"
    assert page.locator("#ask").inner_text() == "Are these one individual?"
    assert page.evaluate(focused) == "ask"
    page.keyboard.press("a")
    waits(page, 1, 99)
    assert said.inner_text() == "3 records named individual 1. Are these one individual?"
    page.keyboard.press("r")
    waits(page, 1, 98)
    assert said.inner_text().startswith("Refused.")
    page.keyboard.press("j")
    waits(page, 2, 98)
    page.keyboard.press("ArrowRight")
    waits(page, 3, 98)
    page.keyboard.press("k")
    page.keyboard.press("ArrowLeft")
    waits(page, 1, 98)
    page.keyboard.press("ArrowLeft")
    waits(page, 98, 98)
    page.keyboard.press("u")
    waits(page, 1, 99)
    assert said.inner_text().startswith("Refusal undone.")
    page.keyboard.press("u")
    waits(page, 1, 100)
    assert said.inner_text().startswith("Undone: no longer individual 1.")
    assert page.locator("#undo").is_disabled()
    assert names(gallery)[0] == {None}
    for _ in range(3):
        page.keyboard.down("r")
    page.keyboard.up("r")
    waits(page, 1, 99)
    page.keyboard.press("u")
    waits(page, 1, 100)
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.keyboard.type("half a name")
    page.keyboard.press("Escape")
    assert page.evaluate(focused) == "ask"
    assert page.locator("#name").input_value() == ""
    assert names(gallery)[0] == {None}
    assert foreign(page, url) == []


def test_a_proposal_to_merge_shows_both_sides_and_its_evidence(browser, gallery, served):
    decisions = gallery.decisions()
    for number, proposal in enumerate(decisions.proposals()[:60]):
        gallery.update(proposal.records[:2], {"identity": f"<b>van</b> {number}"})
    gallery.discover()
    with served(create_app(gallery, limits=FAST, decide=True)) as url:
        page = opened(browser, f"{url}discover")
        waits(page, 1, 100)
        while "<b>van</b>" not in page.locator("#ask").inner_text():
            page.keyboard.press("j")
        assert page.locator("#ask").inner_text().startswith("Is this <b>van</b>")
        assert page.locator("#records .sighting").count() == 1
        assert page.locator("#beside .sighting").count() == 2
        assert page.locator("#beside-title").inner_text().startswith("<b>van</b>")
        page.wait_for_function("() => document.querySelectorAll('.sides .sighting.loaded').length == 3")
        assert page.locator("#facts .sure").inner_text().endswith("likely")
        assert page.locator("#records .where").inner_text().startswith("gate")
        page.keyboard.press("a")
        waits(page, page.evaluate("Number(document.getElementById('place').textContent.split(' ')[0])"), 99)
        assert sum(len(given) == 1 and None not in given for given in names(gallery).values()) == 1


def test_a_proposal_that_another_decided_meanwhile_is_told_and_the_list_is_read_again(browser, gallery, url):
    page = opened(browser, f"{url}discover")
    waits(page, 1, 100)
    first = gallery.decisions().proposals()[0]
    gallery.decisions().accept(first.id, name="by another")
    page.keyboard.press("r")
    page.wait_for_selector("#trouble:not([hidden])")
    assert page.locator("#trouble").inner_text().startswith(f"proposal {first.id} was accepted as 'by another' already")
    waits(page, 1, 99)
    page.keyboard.press("r")
    waits(page, 1, 98)
    assert page.locator("#trouble").is_hidden()


def test_everything_works_by_mouse_and_every_control_is_reached_by_tab(browser, gallery, url):
    page = opened(browser, f"{url}discover")
    waits(page, 1, 100)
    page.fill("#name", "by mouse")
    page.click("#accept")
    waits(page, 1, 99)
    page.click("#refuse")
    waits(page, 1, 98)
    page.click("#next")
    waits(page, 2, 98)
    page.click("#previous")
    page.click("#undo")
    waits(page, 1, 99)
    page.click("#keys")
    page.wait_for_selector("#help[open]")
    page.click("#help .close")
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert reached >= {"name", "accept", "refuse", "undo", "next", "previous", "keys"}


@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_as_wide_as_the_window_and_its_texts_contrast(browser, url, scheme, width, contrasts):
    page = opened(browser, f"{url}discover", width=width, color_scheme=scheme)
    waits(page, 1, 100)
    page.keyboard.press("a")
    waits(page, 1, 99)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = page.evaluate(contrasts)
    assert len(found) > 15
    assert [(text, ratio) for text, ratio in found if ratio < 4.5] == []


def test_the_page_asks_for_the_token(browser, gallery, served):
    with served(create_app(gallery, limits=FAST, token=TOKEN, decide=True)) as url:
        page = opened(browser, f"{url}discover")
        page.wait_for_selector("#login[open]")
        page.fill("#token", TOKEN)
        page.keyboard.press("Enter")
        waits(page, 1, 100)


def test_a_service_that_may_not_decide_has_no_page_and_no_routes_for_it(gallery):
    with TestClient(create_app(gallery), base_url="http://localhost") as client:
        assert client.get("/gallery").json()["decides"] is False
        answer = client.get("/discover")
        assert (answer.status_code, answer.json()["detail"]) == (403, "serve with --decide to decide proposals here")
        proposal = gallery.decisions().proposals()[0].id
        assert client.get("/proposals").status_code == 404
        assert client.post(f"/proposals/{proposal}/accept", json={}).status_code == 404
        assert client.post("/decisions/undo").status_code == 404
    assert names(gallery)[0] == {None}


def test_both_pages_ask_for_the_token_alike_and_hold_no_marks_of_their_templates(client):
    pages = [client.get(path).text for path in ("/", "/discover")]
    logins = [page[page.index('<dialog id="login"') :] for page in pages]
    assert logins[0].partition("</dialog>")[0] == logins[1].partition("</dialog>")[0]
    assert [page[page.index("<title>") :].partition("</title>")[0] for page in pages] == [
        "<title>reseen",
        "<title>Who is who · reseen",
    ]
    assert not any(mark in page for page in pages for mark in ("{%", "{{"))


def test_the_routes_page_through_proposals_and_refuse_what_is_wrong(client, gallery):
    page = client.get("/proposals?first=98&count=5").json()
    assert (page["waiting"], page["decided"], len(page["proposals"])) == (100, 0, 2)
    shown = page["proposals"][0]
    assert (shown["count"], len(shown["records"]), shown["records"][0]["camera"][:4]) == (3, 3, "gate")
    accepted = client.post(f"/proposals/{shown['id']}/accept", json={"name": "x"})
    assert (accepted.json()["what"], accepted.json()["name"]) == ("accept", "x")
    for path, body, status, detail in (
        (f"proposals/{shown['id']}/accept", {}, 409, "was accepted as 'x' already"),
        ("proposals/00000000/refuse", {}, 409, "no proposal '00000000'"),
        ("proposals/none/refuse", {}, 422, "id: string should match pattern"),
        (f"proposals/{page['proposals'][1]['id']}/accept", {"name": " "}, 409, "name: expected 1 to 200 characters"),
        (f"proposals/{page['proposals'][1]['id']}/accept", {"nome": "x"}, 422, "nome: extra inputs are not permitted"),
    ):
        answer = client.post(f"/{path}", json=body)
        assert (answer.status_code, detail in answer.json()["detail"]) == (status, True), answer.json()
    assert client.post("/decisions/undo").json()["what"] == "undo"
    assert client.post("/decisions/undo").json()["detail"] == "there is no decision to undo"
    answer = client.post("/decisions/undo", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
