"""Every kind of image becomes upright RGB; every damaged one is refused by name and by nothing else."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.data.opening import open_image
from reseen.data.threads import in_threads
from reseen.data.unreadable import find_unreadable
from reseen.errors import ReseenError
from reseen.progress import Silent

COLOURS = np.array([[[200, 30, 60], [10, 220, 40], [0, 0, 255], [90, 90, 90]]] * 3, dtype=np.uint8)


def test_an_rgb_image_is_itself(tmp_path: Path) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    loaded = open_image(tmp_path / "a.png")
    assert loaded.mode == "RGB"
    assert np.array_equal(np.asarray(loaded), COLOURS)


@pytest.mark.parametrize(("suffix", "mode"), [("png", "L"), ("png", "P"), ("jpg", "CMYK"), ("png", "1"), ("gif", "P")])
def test_other_modes_come_out_as_pillow_converts_them(tmp_path: Path, suffix: str, mode: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(COLOURS).convert(mode).save(path)
    with Image.open(path) as opened:
        expected = np.asarray(opened.convert("RGB"))
    loaded = open_image(path)
    assert loaded.mode == "RGB"
    assert np.array_equal(np.asarray(loaded), expected)


def test_16_bits_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    values = np.array([[0, 255, 256, 32768, 65535]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    loaded = np.asarray(open_image(tmp_path / "a.png"))
    assert loaded[0, :, 0].tolist() == [0, 0, 1, 128, 255]
    assert np.array_equal(loaded[..., 0], loaded[..., 2])


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_parts_are_laid_on_black(tmp_path: Path, mode: str) -> None:
    opaque = Image.new(mode, (2, 1), (255,) * len(mode))
    opaque.putpixel((0, 0), (255,) * (len(mode) - 1) + (0,))
    opaque.save(tmp_path / "a.png")
    assert np.asarray(open_image(tmp_path / "a.png"))[0].tolist() == [[0, 0, 0], [255, 255, 255]]


LARGE = 4000, 3000
"""Twelve million pixels: more than are turned to RGB at a time."""


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16"])
@pytest.mark.parametrize("size", [(1100, 1900), (1_500_000, 2)])
def test_a_large_image_has_the_pixels_of_its_parts(tmp_path: Path, mode: str, size: tuple[int, int]) -> None:
    noise = Image.effect_noise((97, 89), 90).convert("RGB").resize(size, Image.Resampling.NEAREST)
    if mode == "I;16":
        noise = Image.fromarray(np.asarray(noise)[..., 0].astype(np.uint16) * 257)
    else:
        noise = noise.convert(mode)
        if "A" in mode:
            noise.putalpha(Image.linear_gradient("L").resize(size))
    noise.save(tmp_path / "a.tif")
    loaded = open_image(tmp_path / "a.tif")
    assert loaded.size == size
    for box in [(0, 0, 1000, 2), (size[0] - 1000, size[1] - 2, *size), (500, size[1] // 2, 1100, size[1] // 2 + 1)]:
        noise.crop(box).save(tmp_path / "part.tif")
        assert np.array_equal(np.asarray(loaded.crop(box)), np.asarray(open_image(tmp_path / "part.tif")))


PEAK = """
import re, sys
from reseen.data.opening import open_image

def peak():  # of this program alone: getrusage counts that of the one that started it
    return int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) * 1024

open_image(sys.argv[2])
before = peak()
open_image(sys.argv[1])
print(peak() - before)
"""


@pytest.mark.parametrize("mode", ["I;16", "I", "RGBA", "LA", "P"])
def test_a_large_image_takes_little_more_memory_than_itself_and_its_result(tmp_path: Path, mode: str) -> None:
    """Pillow keeps at most four bytes a pixel of any mode, and four of RGB; two more for all that is on the way."""
    for name, size in (("large", LARGE), ("small", (10, 10))):
        kind = "PNG" if mode != "I" else "TIFF"
        array = np.zeros(size[::-1], {"I": np.int32, "I;16": np.uint16}.get(mode, np.uint8))
        opaque = Image.fromarray(array) if mode.startswith("I") else Image.new(mode, size)
        opaque.save(tmp_path / name, kind, **({"transparency": 0} if mode == "P" else {}))
    words = [sys.executable, "-c", PEAK, str(tmp_path / "large"), str(tmp_path / "small")]
    taken = int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    assert taken < 10 * LARGE[0] * LARGE[1]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_turns_the_image_upright(tmp_path: Path, orientation: int) -> None:
    # What a viewer must do to the stored rows and columns, by the EXIF standard's table.
    upright: dict[int, Callable[[np.ndarray], np.ndarray]] = {
        1: np.asarray, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1), 7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
        8: np.rot90,
    }  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(COLOURS).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(np.asarray(open_image(tmp_path / "a.png")), upright[orientation](COLOURS))


def test_what_is_missing_empty_or_no_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("not an image")
    (tmp_path / "folder.jpg").mkdir()
    for name, reason in {
        "gone.jpg": "no such file",
        "empty.jpg": r"empty \(0 bytes\)",
        "text.jpg": "not an image in a known format",
        "folder.jpg": "it is a folder",
    }.items():
        with pytest.raises(ReseenError, match=f"{name}: cannot read the image: .*{reason}"):
            open_image(tmp_path / name)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "bmp", "tif"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_bytes_end_in_a_image_or_in_one_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    generator = np.random.default_rng(0)
    Image.fromarray(generator.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(path)
    whole = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    refusals: list[str] = []
    for _ in range(60):
        damaged = whole.copy()
        damaged[generator.integers(len(whole), size=8)] = generator.integers(0, 256, 8)
        path.write_bytes(damaged[: generator.integers(1, len(whole) + 1)].tobytes())
        refusals += _refusal(path)
    assert refusals, "some of these are beyond reading"
    assert all(refusal.startswith(f"{path}: cannot read the image: ") for refusal in refusals)
    assert not any("\n" in refusal for refusal in refusals)


def _refusal(path: Path) -> list[str]:
    try:
        open_image(path)
    except ReseenError as error:
        return [str(error)]
    return []


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_half_a_file_is_unreadable(tmp_path: Path, suffix: str) -> None:
    good, half = tmp_path / f"good.{suffix}", tmp_path / f"half.{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(good)
    half.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    (tmp_path / "gone.jpg").touch()
    bars = CountedBars()
    bad = find_unreadable([half, good, tmp_path / "gone.jpg"], bars)
    assert list(bad) == [half, tmp_path / "gone.jpg"]
    assert "truncated" in bad[half]
    assert bad[tmp_path / "gone.jpg"] == "the file is empty (0 bytes)"
    assert (bars.total, bars.steps) == (3, [1, 1, 1])


class CountedBars(Silent):
    """Keeps the total of its bar and the count of each step."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    @contextmanager
    def bar(self, description: str, *, total: int) -> Iterator[Silent]:
        self.total = total
        yield self

    def advance(self, count: int = 1, *, note: str = "") -> None:
        self.steps.append(count)


def test_threads_keep_the_order_beyond_what_is_in_flight() -> None:
    entries = list(range(1500))
    assert list(in_threads(lambda entry: entry**2, entries)) == [(entry, entry**2) for entry in entries]
    assert list(in_threads(str, [])) == []
