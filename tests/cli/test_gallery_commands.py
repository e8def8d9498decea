"""`reseen gallery` and `reseen search` from outside: a gallery's whole life on the command line."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.cli import gallery_add
from reseen.data.opening import DEFAULT_LIMITS, open_image
from reseen.deploy.facts import Facts
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.parts import open_part
from reseen.retrieval.record import Box, summed


class Squares:
    """An embedder without a network: an image's vector is its 2 x 2 colours about their mean."""

    width, fingerprint, note, limits, threshold = 12, "fedcba9876543210", "a stand-in", DEFAULT_LIMITS, None
    facts = Facts(fingerprint, width, (2, 2))

    def open(self, source: Path, *, box: Box | None = None, name: str = "", **_: object) -> Image.Image:
        return open_part(source, box, limits=self.limits, name=name)

    def prepare(self, image: Image.Image, **_: object) -> np.ndarray:
        return np.asarray(image.resize((2, 2), Image.Resampling.BOX))

    def embed_prepared(self, images: list[np.ndarray]) -> np.ndarray:
        pixels = np.array(images, np.float32).reshape(-1, self.width)
        about = pixels - pixels.mean(axis=1, keepdims=True) + 1e-3
        return about / np.linalg.norm(about, axis=1, keepdims=True)

    def __call__(self, images: list[Path]) -> np.ndarray:
        return self.embed_prepared([self.prepare(open_image(path)) for path in images])


@pytest.fixture(autouse=True)
def _squares(monkeypatch):
    monkeypatch.setattr(Embedder, "from_pretrained", lambda *_, **__: Squares())


@pytest.fixture
def sightings(tmp_path, image) -> Path:
    """A table of ten sightings of five individuals, the last in a box of an image that stands there twice."""
    (tmp_path / "photos").mkdir()
    rows = ["path,identity,camera,time,left,top,right,bottom,plate,speed,towing"]
    for row in range(9):
        image(row % 5, row // 5).save(tmp_path / "photos" / f"{row}.png")
        rows.append(f"photos/{row}.png,v{row % 5},c{row % 2},2026-05-0{row + 1}T10:00:00,,,,,00{row},{row * 10},true")
    rows.append("photos/8.png,,,,4,4,28,28,,,false")
    table = tmp_path / "sightings.csv"
    table.write_text("\n".join(rows))
    return table


def test_a_gallerys_life(reseen, tmp_path, sightings):
    cars, query, sheet, found = (tmp_path / name for name in ("cars", "photos/0.png", "s.png", "s.json"))
    code, out, err = reseen("gallery", "add", cars, sightings)
    assert (code, out, err) == (0, f"{cars}: 10 records added; it holds 10\n", "a stand-in\n")
    code, out, _ = reseen("gallery", "add", cars, sightings, "--quiet")
    assert "0 records added, 10 were there before; it holds 10" in out
    code, out, _ = reseen("gallery", "info", cars)
    assert all(
        words in out for words in ("plate (string), speed (number), towing (boolean)", "2: c0, c1", "2026-05-09")
    )
    wishes = ("--camera", "c0", "--after", "2026-05-01", "--where", "speed=0..60", "--where", "towing=true")
    code, out, err = reseen(
        "search", query, "--gallery", cars, *wishes, "-k", 3, "--threshold", 0.9, "--sheet", sheet, "--json", found
    )
    assert (code, err) == (0, "a stand-in\n")
    assert "v0 (threshold 0.9000)" in out
    told = json.loads(found.read_text())[0]
    assert (told["identity"], told["known"], len(told["matches"])) == ("v0", True, 3)
    assert (told["matches"][0]["time"], told["matches"][0]["fields"]["plate"]) == ("2026-05-01T10:00:00+00:00", "000")
    with Image.open(sheet) as drawn:
        assert drawn.width > 600
    one = told["matches"][0]["id"]
    assert "1 records changed" in reseen("gallery", "update", cars, one, "--set", "identity=new", "--set", "speed=")[1]
    match = Gallery(cars).search(Gallery(cars).vectors([one])[0], k=1)[0][0]
    assert (match.identity, match.fields) == ("new", {"plate": "000", "towing": True})
    assert "1 records deleted" in reseen("gallery", "delete", cars, one)[1]
    assert "2 records forgotten" in reseen("gallery", "forget", cars, "--identity", "v3")[1]
    assert "holds 6" in reseen("gallery", "forget", cars, "--camera", "c1", "--before", "2026-05-03")[1]
    assert "6 records in" in reseen("gallery", "compact", cars)[1]


def test_without_a_threshold_the_nearest_are_shown(reseen, tmp_path, sightings):
    cars, sheet = tmp_path / "cars", tmp_path / "s.png"
    reseen("gallery", "add", cars, tmp_path / "photos", "--identity", "one", "--camera", "gate", "--time", "2026-05-01")
    code, out, _ = reseen("gallery", "search", tmp_path / "photos/3.png", "--gallery", cars, "--sheet", sheet)
    told = " ".join(out.split())  # a caption is as wide as its table
    assert (code, "without a search threshold none is called known" in told, "fields" in told) == (0, True, False)
    assert "no search threshold is known: `reseen calibrate` finds one" in told
    assert "no search threshold is known" in reseen("gallery", "info", cars)[1]
    assert "gate" in out
    assert "2026-05-01 00:00:00" in out


def test_images_that_cannot_be_read_are_told(reseen, tmp_path, sightings):
    (tmp_path / "photos" / "bad.png").write_bytes(b"x")
    code, out, _ = reseen("gallery", "add", tmp_path / "cars", tmp_path / "photos")
    assert (code, "9 records added" in out, "1 images could not be added:\n" in out) == (0, True, True)
    assert "bad.png: cannot read the image" in out


def test_several_sources_share_one_pool_of_ray(reseen, tmp_path, sightings, monkeypatch):
    did: list[str] = []

    class Pool:
        def __enter__(self) -> None:
            did.append("begin")

        def __exit__(self, *_: object) -> None:
            did.append("end")

    monkeypatch.setattr(gallery_add, "ray_pool", lambda **_: Pool())
    monkeypatch.setattr(Gallery, "add", lambda *_, pool, **__: did.append(type(pool).__name__) or summed([]))
    assert reseen("gallery", "add", tmp_path / "cars", sightings, tmp_path / "photos", "--ray")[0] == 0
    assert did == ["begin", "Pool", "Pool", "end"]


def test_a_part_of_a_data_set_comes_with_identity_and_camera(reseen, tmp_path, market):
    assert "9 records added" in reseen("gallery", "add", tmp_path / "g", market(), "--split", "gallery")[1]
    info = Gallery(tmp_path / "g").info()
    assert (info.identities, info.cameras, info.fields) == (3, ("1", "2"), {})


def test_ctrl_c_keeps_what_was_added_and_the_same_command_goes_on(reseen, tmp_path, sightings, monkeypatch):
    embed = Squares.embed_prepared

    def interrupted(self: Squares, images: list[np.ndarray]) -> np.ndarray:
        os.kill(os.getpid(), signal.SIGINT)
        return embed(self, images)

    add = ("gallery", "add", tmp_path / "cars", sightings, "--batch", 4, "--quiet")
    with monkeypatch.context() as patched:
        patched.setattr(Squares, "embed_prepared", interrupted)
        code, _, err = reseen(*add)
    assert (code, err) == (130, "reseen: 4 records were added and are safe; the same command continues\n")
    assert len(Gallery(tmp_path / "cars")) == 4
    assert "6 records added, 4 were there before" in reseen(*add)[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("gallery", "info", "nowhere"), "nowhere: no gallery there"),
        (("gallery", "add", "g", "nowhere.csv"), "nowhere.csv: no such file or folder"),
        (("gallery", "add", "g", "photos", "--time", "noon"), "expected a date and time like"),
        (("gallery", "forget", "cars"), "expected ids, an identity, a camera or a time"),
        (("gallery", "update", "cars", "x", "--set", "speed=fast"), "--set: speed=fast: expected a number"),
        (("gallery", "update", "cars", "x", "--set", "speed"), "--set: expected COLUMN=VALUE, got 'speed'"),
        (("search", "photos/0.png", "--gallery", "cars", "-k", "0"), "k: expected 1 to 10,000 matches, got 0"),
        (("search", "photos/0.png", "--gallery", "cars", "--camera", "c9"), "no camera 'c9'"),
        (("search", "photos/0.png", "--gallery", "cars", "--where", "sped=1"), "did you mean 'speed'"),
        (("search", "photos/0.png", "--gallery", "cars", "--where", "speed"), "expected FIELD=VALUE, got 'speed'"),
        (("search", "photos/0.png", "--gallery", "cars", "--where", "speed=x"), "speed=x: expected a number"),
        (("search", "photos/0.png", "--gallery", "cars", "--where", "towing=2"), "expected true or false"),
        (("search", "photos/0.png", "--gallery", "cars", "--after", "noon"), "got 'noon'"),
    ],
)
def test_a_gallery_command_that_is_wrong_is_one_line(reseen, tmp_path, sightings, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    reseen("gallery", "add", "cars", sightings)
    code, out, err = reseen(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.removeprefix("a stand-in\n").count("\n") == 1


@pytest.mark.parametrize("command", ["add", "search", "info", "update", "delete", "forget", "compact"])
def test_each_command_teaches_by_example(reseen, command):
    code, out, _ = reseen("gallery", command, "--help")
    assert (code, "Example" in out) == (0, True)
