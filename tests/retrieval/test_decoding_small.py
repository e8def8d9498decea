"""Large JPEG files decoded small for an embedder that is asked to: what it changes, where it is told, and boxes."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from reseen.errors import ReseenError
from reseen.retrieval.embedder import Embedder
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.job import embed_images
from reseen.retrieval.parts import open_part
from reseen.retrieval.record import Record


def photograph(name: str, *, times: int = 4, orientation: int = 1) -> bytes:
    """A photograph of 640 x 427 with the grain of a camera, enlarged, as a JPEG file of quality 90."""
    image = Image.fromarray(load_sample_image(f"{name}.jpg"))
    pixels = np.asarray(image.resize((640 * times, 427 * times), Image.Resampling.LANCZOS)).astype(int)
    grain = np.random.default_rng(0).normal(0, 6, (*pixels.shape[:2], 1))
    exif, kept = Image.Exif(), BytesIO()
    exif[0x0112] = orientation
    Image.fromarray((pixels + grain).clip(0, 255).astype(np.uint8)).save(kept, "JPEG", quality=90, exif=exif)
    return kept.getvalue()


@pytest.fixture(scope="module")
def photographs() -> list[bytes]:
    return [photograph(name) for name in ("china", "flower")]


def test_vectors_of_photographs_decoded_small_are_those_of_full_decoding_within_a_hundredth(
    photographs: list[bytes],
) -> None:
    full, scaled = (Embedder.from_pretrained(decode=decode) for decode in ("full", "scaled"))
    assert scaled.open(photographs[0]).size == (640, 427)
    cosines = (full(photographs) * scaled(photographs)).sum(axis=1)
    assert cosines.min() > 0.99
    assert cosines.max() < 1 - 1e-6, "they differ, so the files were decoded small"


def test_an_embedder_decodes_in_full_unless_it_is_asked_or_its_network_was_trained_otherwise(
    weights_file: Path, photographs: list[bytes]
) -> None:
    plain, scaled = (Embedder.from_pretrained(weights_file, decode=decode) for decode in (None, "scaled"))
    assert (plain.decode, plain.note) == ("full", plain.facts.note)
    assert plain.open(photographs[0]).size == (2560, 1708)
    assert (scaled.decode, scaled.fingerprint) == ("scaled", plain.fingerprint)
    assert "decoded at 1/2, 1/4 or 1/8" in scaled.note


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_box_is_decoded_as_small_as_its_own_sides_allow(orientation: int) -> None:
    data = photograph("flower", times=2, orientation=orientation)
    box = (203, 101, 603, 501)
    full = open_part(data, box)
    assert full.size == (400, 400)
    for at_least, scale in (((400, 400), 1), ((400, 201), 1), ((200, 200), 2), ((99, 60), 4)):
        small = open_part(data, box, at_least=at_least)
        assert small.width >= at_least[1]
        assert small.height >= at_least[0]
        assert 400 / scale <= small.width <= 400 / scale + 2
        apart = np.asarray(full.resize(small.size, Image.Resampling.BOX)).astype(int) - np.asarray(small)
        assert np.abs(apart).mean() < 5, scale


def test_a_box_outside_the_image_is_refused_with_the_file_s_own_size(photographs: list[bytes]) -> None:
    with pytest.raises(ReseenError, match=r"a: box \(3000, 0, 3010, 10\) lies outside the image of 2560 x 1708"):
        open_part(photographs[0], (3000, 0, 3010, 10), name="a", at_least=(4, 4))


def test_a_gallery_s_records_are_decoded_as_their_embedder_says(
    weights_file: Path, photographs: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[tuple[int, int]] = []
    opened = Embedder.open
    monkeypatch.setattr(
        Embedder, "open", lambda self, *args, **rest: sizes.append((image := opened(self, *args, **rest)).size) or image
    )
    box = (100, 100, 2148, 1700)
    for decode in ("full", "scaled"):
        embedder = Embedder.from_pretrained(weights_file, decode=decode)
        Gallery(tmp_path / decode, embedder=embedder, create=True).add(Record(picture=photographs[0], box=box))
    assert sizes[0] == (2048, 1600)
    assert sizes[1] == (257, 201), "an eighth, and as large as the thumbnail needs"


def test_a_job_says_how_files_were_decoded_and_is_not_continued_otherwise(
    weights_file: Path, tmp_path: Path, image: Callable[..., Image.Image]
) -> None:
    (tmp_path / "in").mkdir()
    image(0, 0).save(tmp_path / "in" / "a.png")
    plain, scaled = (Embedder.from_pretrained(weights_file, decode=decode) for decode in (None, "scaled"))
    embed_images(tmp_path / "in", tmp_path / "out", embedder=scaled)
    facts = json.loads((tmp_path / "out" / "job.json").read_text())
    assert facts["decode"] == "scaled"
    with pytest.raises(ReseenError, match="begun with decode scaled, got full"):
        embed_images(tmp_path / "in", tmp_path / "out", embedder=plain)
    (tmp_path / "out" / "job.json").write_text(json.dumps({key: facts[key] for key in facts if key != "decode"}))
    assert embed_images(tmp_path / "in", tmp_path / "out", embedder=plain).before == 1, "jobs of before said nothing"


def test_the_command_says_that_it_decodes_small(
    weights_file: Path, tmp_path: Path, image: Callable[..., Image.Image], reseen: Callable[..., tuple[int, str, str]]
) -> None:
    (tmp_path / "in").mkdir()
    image(0, 0).save(tmp_path / "in" / "a.png")
    words = ["embed", tmp_path / "in", "--model", weights_file, "--out", tmp_path / "out", "--decode", "scaled"]
    code, out, err = reseen(*words)
    assert code == 0
    assert "large JPEG files decoded small" in out
    assert "which changes their vectors a little" in err
