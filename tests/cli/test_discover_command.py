"""`reseen gallery discover` from outside: proposals in a table, decided one by one."""

import json
from pathlib import Path

import numpy as np
import pytest

from reseen.retrieval.discover import propose
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel

WIDTH = 32


@pytest.fixture
def cars(tmp_path: Path) -> Path:
    """Forty individuals of three records each, without identity."""
    rng = np.random.default_rng(0)
    gallery = Gallery(tmp_path / "cars", model=GalleryModel("drawn", WIDTH), create=True, upkeep=False)
    vectors = rng.normal(size=(40, 1, WIDTH)) + 0.2 * rng.normal(size=(40, 3, WIDTH))
    gallery.add(
        [Record(vector=v, reference=str(n), camera=f"c{n % 3}") for n, v in enumerate(vectors.reshape(-1, WIDTH))]
    )
    return tmp_path / "cars"


def named(cars: Path) -> int:
    return Gallery(cars).info().identities


def test_proposals_are_printed_and_accepted_refused_and_undone(reseen, cars, tmp_path):
    code, out, err = reseen("gallery", "discover", cars, "--json", tmp_path / "found.json", "--quiet")
    told = " ".join(out.split())
    assert (code, err) == (0, "")
    assert "40 proposals; 120 records, 120 of them without identity, 0 identities" in told
    assert "judged by this gallery's own pairs" in told
    assert "3 records without" in told
    assert "and 20 more" in told
    first, second, *_ = [proposal["id"] for proposal in json.loads((tmp_path / "found.json").read_text())]
    assert out.index(first) < out.index(second)
    assert named(cars) == 0
    code, out, _ = reseen("gallery", "discover", cars, "accept", first, "--name", "van 12")
    assert (code, out) == (0, f"{first}: 3 records are 'van 12' now\n")
    assert named(cars) == 1
    assert "refused; it does not come back" in reseen("gallery", "discover", cars, "refuse", second)[1]
    out = reseen("gallery", "discover", cars, "list", "--shown", 99)[1]
    assert ("38 proposals wait" in out, first in out, second in out) == (True, False, False)
    assert reseen("gallery", "discover", cars, "undo")[1] == f"{second}: no longer refused\n"
    assert reseen("gallery", "discover", cars, "undo")[1] == f"{first}: 3 records are without identity again\n"
    assert named(cars) == 0
    assert "40 proposals wait" in reseen("gallery", "discover", cars, "list")[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("list",), "0 proposals wait"),
        (("undo",), "nothing was proposed yet; `reseen gallery discover` looks for proposals"),
        (("accept",), "accept: expected the id of a proposal"),
        (("acept", "x"), "no action 'acept'; did you mean 'accept'"),
        (("undo", "x"), "undo: expected no ids, got x"),
        (("refuse", "x", "--name", "y"), "--name: expected with accept and one id"),
        (("accept", "0123abcd"), "nothing was proposed yet"),
    ],
)
def test_what_cannot_be_decided_is_one_line(reseen, cars, words, message):
    code, out, err = reseen("gallery", "discover", cars, *words)
    assert code == (0 if words == ("list",) else 2)
    assert message in out + err
    assert (out + err).count("\n") == 1


def test_ctrl_c_during_a_look_keeps_the_proposals_of_the_last_one(reseen, cars, monkeypatch):
    reseen("gallery", "discover", cars, "--quiet")
    kept = (cars / "discover/proposals.json").read_bytes()

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(propose, "unnamed_groups", interrupted)
    code, _, err = reseen("gallery", "discover", cars, "--quiet")
    assert (code, err) == (130, "reseen: interrupted; what was decided is kept, and `list` shows what waits\n")
    assert (cars / "discover/proposals.json").read_bytes() == kept
    assert {path.name for path in (cars / "discover").iterdir()} == {"proposals.json", "lock"}


def test_adding_may_say_whom_a_record_probably_shows(reseen, tmp_path, image):
    (tmp_path / "photos").mkdir()
    image(1, 0).save(tmp_path / "photos/a.png")
    reseen("gallery", "add", tmp_path / "g", tmp_path / "photos/a.png", "--identity", "van 1", "--quiet")
    image(1, 1).save(tmp_path / "photos/b.png")
    out = reseen("gallery", "add", tmp_path / "g", tmp_path / "photos/b.png", "--suggest", "--quiet")[1]
    assert "nothing was set; `reseen gallery update` and `discover` set identities:" in out
    assert "most similar to van 1 (similarity" in out
    assert named(tmp_path / "g") == 1
