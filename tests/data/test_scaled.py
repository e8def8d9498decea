"""Large JPEG files are decoded small where a pipeline needs no more, and everything else is decoded as before."""

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from reseen.data.opening import ImageLimits, open_image, read_size
from reseen.data.scaled import size_for, size_for_all
from reseen.data.transforms import TRANSFORMS, build_transforms, plain_transform, resize
from reseen.errors import ReseenError
from reseen.recipe.training import ImageSettings
from reseen.tasks.classify.classes import ClassSplit, Files, LabelledImages
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.segment.recipe import SceneLines

PLAIN = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}


def jpeg(
    width: int, height: int, *, mode: str = "RGB", orientation: int = 1, kind: str = "JPEG", **settings: bool
) -> bytes:
    """A smooth ramp from left to right."""
    ramp = Image.fromarray(np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1))).convert("RGB")
    exif, kept = Image.Exif(), BytesIO()
    exif[0x0112] = orientation
    ramp.convert(mode).save(kept, kind, exif=exif, **settings)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("at_least", "size"),
    [((100, 200), (200, 100)), ((101, 200), (400, 200)), ((401, 1), (800, 400)), (None, (800, 400))],
)
def test_a_jpeg_is_decoded_at_the_smallest_scale_with_both_sides_long_enough(
    at_least: tuple[int, int] | None, size: tuple[int, int]
) -> None:
    assert open_image(jpeg(800, 400), at_least=at_least).size == size


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_sides_asked_for_are_those_of_the_upright_image(orientation: int) -> None:
    data = jpeg(800, 400, orientation=orientation)
    full, small = open_image(data), open_image(data, at_least=(100, 100))
    assert min(small.size) == 100
    expected = np.asarray(full.resize(small.size, Image.Resampling.BOX)).astype(int)
    assert np.abs(expected - np.asarray(small)).mean() < 2
    tall = open_image(data, at_least=(400, 200))
    assert tall.size == ((400, 800) if orientation < 5 else (200, 400))[:: 1 if orientation >= 5 else -1]


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_files_decoded_small_look_as_in_full(mode: str) -> None:
    data = jpeg(800, 400, mode=mode)
    small = open_image(data, at_least=(100, 200))
    expected = np.asarray(open_image(data).resize((200, 100), Image.Resampling.BOX)).astype(int)
    assert (small.mode, small.size) == ("RGB", (200, 100))
    assert np.abs(expected - np.asarray(small)).mean() < 2


def test_other_formats_and_opened_images_keep_their_size() -> None:
    opened = Image.open(BytesIO(jpeg(800, 400)))
    assert open_image(opened, at_least=(10, 10)).size == (800, 400)
    assert open_image(jpeg(800, 400, kind="PNG"), at_least=(10, 10)).size == (800, 400)


def test_pipelines_say_what_size_they_need() -> None:
    assert plain_transform((32, 64), **PLAIN).needs is None
    assert plain_transform((32, 64), **PLAIN, decode="scaled").needs == (64, 128)
    smallest = size_for([(TRANSFORMS["random_resized_crop"], {"area": (0.01, 1.0), "aspect": (1.0, 1.0)})], (32, 32))
    assert smallest == (320, 320)  # a hundredth of 320 x 320 is 32 x 32
    assert size_for([(TRANSFORMS["flip"], {}), (resize, {})], (32, 32)) == (64, 64)


@pytest.mark.parametrize("name", ["blur", "pad_crop"])
def test_transforms_measured_in_pixels_before_the_resize_keep_the_full_size(name: str) -> None:
    assert (
        build_transforms([{"name": name}, {"name": "resize"}], image_size=(32, 32), **PLAIN, decode="scaled").needs
        is None
    )


def test_a_classifier_s_files_are_decoded_as_its_transform_needs(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(800, 400))
    seen: list[tuple[int, int]] = []

    class Watch(SimpleNamespace):
        def __call__(self, image: Image.Image) -> None:
            seen.append(image.size)

    split = ClassSplit(Files([(str(tmp_path / "a.jpg"), 0)]), np.zeros(1, np.int64))
    for needs in (None, (50, 50)):
        LabelledImages(split, transform=Watch(needs=needs))[0]
    assert seen == [(800, 400), (100, 50)]


def test_a_dump_names_the_decoding_only_where_it_is_scaled() -> None:
    size = (32, 32)
    assert "decode" not in ImageSettings(image_size=size).model_dump()
    assert ImageSettings(image_size=size, decode="scaled").model_dump()["decode"] == "scaled"


def test_a_card_of_cached_decoding_says_scaled_and_the_recipe_says_cached(recipe_file: Path) -> None:
    scaled, cached = (read_recipe(recipe_file, overrides=[f"data.decode={decode}"]) for decode in ("scaled", "cached"))
    assert cached.on_card() == scaled.on_card() == scaled.model_dump(mode="json")
    assert cached.as_written()["data"]["decode"] == "cached"


def test_segmentation_refuses_scaled_decoding() -> None:
    with pytest.raises(ValueError, match="expected 'full'"):
        SceneLines(image_size=(32, 32), decode="scaled")


@pytest.fixture
def pillow_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow refuses images of more than 200,000 pixels, and warns, an error here, from 100,000."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100_000)


@pytest.mark.usefixtures("pillow_limit")
def test_pillow_s_limit_counts_the_pixels_of_a_jpeg_that_are_decoded() -> None:
    data = jpeg(800, 400, orientation=6)
    assert open_image(data, at_least=(400, 200)).size == (200, 400)
    for at_least in (None, (401, 200)):
        with pytest.raises(ReseenError, match="could be decompression bomb"):
            open_image(data, at_least=at_least)


@pytest.mark.usefixtures("pillow_limit")
@pytest.mark.parametrize(("kind", "settings"), [("PNG", {}), ("JPEG", {"progressive": True})])
def test_what_takes_memory_for_every_pixel_of_the_file_stays_within_pillow_s_limit(
    kind: str, settings: dict[str, bool]
) -> None:
    with pytest.raises(ReseenError, match="could be decompression bomb"):
        open_image(jpeg(800, 400, kind=kind, **settings), at_least=(10, 10))


@pytest.mark.usefixtures("pillow_limit")
def test_a_jpeg_beyond_any_use_or_the_caller_s_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = jpeg(800, 400)
    with pytest.raises(ReseenError, match=r"at most 300,000 pixels, got 800 x 400 = 320,000"):
        open_image(data, at_least=(10, 10), limits=ImageLimits(pixels=300_000))
    monkeypatch.setattr("reseen.data.jpeg.LARGEST", 319_999)
    with pytest.raises(ReseenError, match="could be decompression bomb"):
        open_image(data, at_least=(10, 10))


@pytest.mark.usefixtures("pillow_limit")
def test_the_size_of_a_jpeg_beyond_pillow_s_limit_is_read_upright_from_its_header(tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(jpeg(800, 400, orientation=6))
    assert read_size(tmp_path / "large.jpg") == (800, 400)
    (tmp_path / "cut.jpg").write_bytes(jpeg(800, 400)[:9])
    with pytest.raises(ReseenError, match=r"cut\.jpg: cannot read the image: "):
        read_size(tmp_path / "cut.jpg")


def test_transforms_together_need_the_longest_of_their_sides() -> None:
    tall, wide, own = (SimpleNamespace(needs=size) for size in ((9, 2), (3, 8), None))
    assert size_for_all(tall, wide) == (9, 8)
    assert size_for_all(tall, own) is None
