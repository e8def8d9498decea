"""The demo over cameras: what it makes, that it goes on from what is there, and what it refuses."""

import shutil
from functools import partial
from types import SimpleNamespace

import pytest

import reseen
from reseen import demonstration
from reseen.engine.run import open_run
from reseen.errors import ReseenError
from reseen.synth import synthesise_crossing


@pytest.fixture
def tiny(monkeypatch, finished):
    """A small town that is rendered, and a finished run in the place of the training."""
    trained = []

    def train(recipe, *, data, out, resume, progress):
        trained.append(recipe)
        if not out.exists():
            shutil.copytree(finished[0], out)
        return SimpleNamespace(run=open_run(out))

    monkeypatch.setattr(demonstration, "train", train)
    monkeypatch.setattr(demonstration, "synthesise", lambda _kind, out, **_: out.mkdir(parents=True))
    render = partial(synthesise_crossing, rate=2.0, image_size=32)
    monkeypatch.setattr(demonstration, "synthesise_crossing", render)
    for name, value in {"VEHICLES": 4, "CAMERAS": 2, "MINUTES": 1.0}.items():
        monkeypatch.setattr(demonstration, name, value)
    return trained


@pytest.mark.long
def test_the_demo_links_a_town_and_goes_on_from_what_is_there(tiny, tmp_path):
    done = reseen.demo_cameras(tmp_path / "demo")
    assert done.report == tmp_path / "demo" / "linked" / "report.html"
    assert "Who was where" in done.report.read_text()
    assert done.linked.scores is not None
    assert tiny == ["demo"]
    rendered = next(done.town.rglob("*.jpg")).stat().st_mtime_ns
    again = reseen.demo_cameras(tmp_path / "demo")
    assert again.linked.links.equals(done.linked.links)
    assert next(done.town.rglob("*.jpg")).stat().st_mtime_ns == rendered


def test_a_folder_that_holds_something_else_is_refused_and_an_unfinished_one_is_not(tiny, tmp_path, monkeypatch):
    (tmp_path / "other.txt").touch()
    with pytest.raises(ReseenError, match=r"holds something else \(other\.txt\)"):
        reseen.demo_cameras(tmp_path)
    monkeypatch.setattr(demonstration, "synthesise_crossing", _stop)
    (tmp_path / "demo" / ".town-unfinished").mkdir(parents=True)
    (tmp_path / "demo" / ".data-unfinished").mkdir()
    with pytest.raises(KeyboardInterrupt):
        reseen.demo_cameras(tmp_path / "demo")


def _stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
