"""Decoded images that are kept on disk: always the pixels of scaled decoding, whatever happens to the cache."""

import logging
import os
import re
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.data import cached
from reseen.data.cached import cache_folder, open_cached, opener
from reseen.data.opening import ImageError, open_image
from reseen.data.transforms import plain_transform

SMALL = (40, 40)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(cached, "KEPT_FREE", 0)
    cached._spoken.cache_clear()
    return tmp_path / "caches" / "reseen" / "images"


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A JPEG of 200 x 160 pixels, stored on its side."""
    return noise(tmp_path / "photograph.jpg", seed=0)


def noise(path: Path, *, seed: int, size: tuple[int, int] = (160, 200)) -> Path:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, exif=exif)
    return path


def entries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def same(path: Path) -> bool:
    """Whether the cache gives what decoding gives."""
    image, expected = open_cached(path, at_least=SMALL), open_image(path, at_least=SMALL)
    return image.size == expected.size and image.mode == "RGB" and image.tobytes() == expected.tobytes()


def test_kept_pixels_are_those_of_scaled_decoding(photograph: Path, folder: Path) -> None:
    assert all(same(photograph) for _ in range(3))
    assert len(entries(folder)) == 1
    assert open_cached(photograph, at_least=(80, 80)).size == open_image(photograph, at_least=(80, 80)).size
    assert len(entries(folder)) == 2


def test_an_image_is_decoded_once(photograph: Path) -> None:
    first, status = open_cached(photograph, at_least=SMALL), photograph.stat()
    photograph.write_bytes(bytes(status.st_size))
    os.utime(photograph, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert open_cached(photograph, at_least=SMALL).tobytes() == first.tobytes()


def test_a_changed_file_of_the_same_length_is_decoded_again(photograph: Path) -> None:
    photograph.write_bytes(photograph.read_bytes().ljust(100_000, b"\0"))
    open_cached(photograph, at_least=SMALL)
    status = photograph.stat()
    changed = noise(photograph, seed=1).read_bytes()
    photograph.write_bytes(changed.ljust(status.st_size, b"\0"))
    assert photograph.stat().st_size == status.st_size
    os.utime(photograph, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert same(photograph)


def test_images_decoded_at_their_own_size_are_not_kept(tmp_path: Path, folder: Path) -> None:
    small = noise(tmp_path / "small.jpg", seed=0, size=(60, 50))
    large = noise(tmp_path / "large.png", seed=0)
    assert same(small)
    assert same(large)
    assert open_cached(large, at_least=None).size == (160, 200)
    assert entries(folder) == []


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "other"])
def test_a_damaged_entry_is_decoded_again_and_repaired(
    photograph: Path, folder: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    open_cached(photograph, at_least=SMALL)
    (entry,) = entries(folder)
    whole = entry.read_bytes()
    if damage == "other":
        other = noise(photograph.with_name("other.jpg"), seed=1)
        open_cached(other, at_least=SMALL)
        (there,) = set(entries(folder)) - {entry}
        entry.write_bytes(there.read_bytes())
    else:
        entry.write_bytes({"flipped": whole[:-1] + bytes([whole[-1] ^ 1]), "cut": whole[:-9], "empty": b""}[damage])
    with caplog.at_level(logging.WARNING):
        assert same(photograph)
    assert entry.read_bytes() == whole
    assert [record.getMessage().split(": ")[-1] for record in caplog.records] == [
        "an entry is damaged, and its image is decoded again"
    ]


def test_a_cache_that_cannot_be_written_is_one_line_and_no_error(
    photograph: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.parent.parent.write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert all(same(photograph) for _ in range(3))
    assert len(caplog.records) == 1
    assert "images cannot be kept" in caplog.text


def test_nothing_is_added_to_a_disk_that_is_almost_full(
    photograph: Path, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached, "KEPT_FREE", 5 << 30)
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage((5 << 30) - 1))
    with caplog.at_level(logging.WARNING):
        assert all(same(photograph) for _ in range(3))
    assert entries(folder) == []
    assert len(caplog.records) == 1
    assert "less than 5 GB free" in caplog.text


def test_a_missing_or_broken_image_is_refused_as_without_a_cache(tmp_path: Path, folder: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(noise(tmp_path / "whole.jpg", seed=0).read_bytes()[:2000])
    for path in (broken, tmp_path / "gone.jpg"):
        with pytest.raises(ImageError) as expected:
            open_image(path, at_least=SMALL)
        with pytest.raises(ImageError, match=re.escape(str(expected.value))):
            open_cached(path, at_least=SMALL)
    assert entries(folder) == []


@pytest.mark.parametrize(("decode", "count"), [("full", 0), ("scaled", 0), ("cached", 1)])
def test_a_pipeline_says_whether_its_images_are_kept(photograph: Path, folder: Path, decode: str, count: int) -> None:
    plain = plain_transform((20, 20), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), decode=decode)
    opener(plain)(photograph)
    assert len(entries(folder)) == count


def test_without_a_variable_the_cache_is_in_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert cache_folder() == Path("/home/somebody/.cache/reseen/images")
