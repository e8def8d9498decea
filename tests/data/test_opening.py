"""Whatever a caller hands over becomes an upright RGB image, or one clear line."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from os import O_NONBLOCK, O_WRONLY, mkfifo
from os import open as os_open
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.data.fingerprint import content_digest
from reseen.data.opening import DEFAULT_LIMITS, ImageLimits, open_image, read_image
from reseen.errors import ReseenError

COLOURS = np.array([[[200, 30, 60], [10, 220, 40], [0, 0, 255], [90, 90, 90]]] * 3, dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    kept = BytesIO()
    image.save(kept, kind, **options)
    return kept.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


SOURCES: dict[str, Callable[[Path], object]] = {
    "path": lambda path: path,
    "text": str,
    "bytes": lambda path: path.read_bytes(),
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "PIL": Image.open,
    "array": lambda _: COLOURS,
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_of_source_gives_the_same_image(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.png").write_bytes(encoded(Image.fromarray(COLOURS)))
    opened = open_image(SOURCES[kind](tmp_path / "a.png"))
    assert opened.mode == "RGB"
    assert np.array_equal(np.asarray(opened), COLOURS)


def test_bgr_turns_the_channels_of_arrays_and_leaves_the_array_alone() -> None:
    array = COLOURS[..., ::-1].copy()
    assert np.array_equal(np.asarray(open_image(array, bgr=True)), COLOURS)
    assert np.array_equal(array, COLOURS[..., ::-1])


ODD: dict[str, tuple[Image.Image, str, dict[str, object]]] = {
    "grey": (Image.fromarray(COLOURS).convert("L"), "PNG", {}),
    "CMYK": (Image.fromarray(COLOURS).convert("CMYK"), "JPEG", {}),
    "16 bits": (Image.fromarray(COLOURS[..., 0].astype(np.uint16) * 257), "PNG", {}),
    "alpha": (Image.fromarray(np.dstack([COLOURS, COLOURS[..., 0]])), "PNG", {}),
    "palette": (Image.fromarray(COLOURS).quantize(4), "GIF", {}),
    "TIFF": (Image.fromarray(COLOURS), "TIFF", {}),
    "WebP": (Image.fromarray(COLOURS), "WEBP", {"lossless": True}),
    "BMP": (Image.fromarray(COLOURS), "BMP", {}),
    "animated": (
        Image.fromarray(COLOURS).quantize(4),
        "GIF",
        {"save_all": True, "append_images": [Image.new("P", (4, 3))]},
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_images_are_turned_to_rgb_as_training_does_it(tmp_path: Path, kind: str) -> None:
    image, stored_as, options = ODD[kind]
    (tmp_path / "a").write_bytes(encoded(image, stored_as, **options))
    opened = open_image((tmp_path / "a").read_bytes())
    assert opened.mode == "RGB"
    assert np.array_equal(np.asarray(opened), np.asarray(open_image(tmp_path / "a")))


def test_of_an_animation_the_first_frame_is_taken() -> None:
    red, blue = (Image.new("RGB", (4, 3), colour) for colour in ("red", "blue"))
    opened = open_image(encoded(red, "GIF", save_all=True, append_images=[blue]))
    assert np.asarray(opened)[0, 0].tolist() == [255, 0, 0]


def test_a_rotated_image_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by a quarter, clockwise
    opened = open_image(encoded(Image.fromarray(COLOURS), exif=exif))
    assert np.array_equal(np.asarray(opened), np.rot90(COLOURS, -1))
    assert np.array_equal(np.asarray(open_image(opened)), np.asarray(opened)), "once is enough"


REFUSED: dict[str, tuple[object, str]] = {
    "text": (b"not an image", r"cannot read the image: not an image in a known format"),
    "nothing": (b"", r"cannot read the image: the file is empty \(0 bytes\)"),
    "truncated": (encoded(Image.effect_noise((64, 64), 50))[:900], r"cannot read the image: .*truncated"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", r"not an image in a known format"),
    "bomb": (png_header(60_000, 60_000), r"expected an image of at most 40,000,000 pixels, got more"),
    "large bomb": (png_header(10_000, 9_500), r"expected an image of at most 40,000,000 pixels, got more"),
    "50 megapixels": (png_header(8_000, 6_250), r"at most 40,000,000 pixels, got 8,000 x 6,250 = 50,000,000"),
    "floats": (COLOURS / 255, r"expected \(height, width, 3\) of uint8, got 3 x 4 x 3 of float64"),
    "grey array": (COLOURS[..., 0], r"expected \(height, width, 3\) of uint8, got 3 x 4 of uint8"),
    "empty array": (COLOURS[:0], r"expected at least 1 x 1 pixel, got 4 x 0"),
    "missing": (Path("gone.jpg"), r"^gone.jpg: cannot read the image: no such file$"),
    "folder": (Path(), r"cannot read the image: it is a folder"),
    "a number": (5, r"expected a path, bytes, a PIL image or a numpy array, got int"),
    "a NUL in a path": ("a\0b", r"cannot read the image: .*null"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_fit_image_is_one_line(kind: str) -> None:
    source, reason = REFUSED[kind]
    with pytest.raises(ReseenError, match=reason) as raised:
        open_image(source, limits=DEFAULT_LIMITS)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("stored_as", ["EPS", "ICNS", "ICO", "PCX", "SGI", "TGA"])
def test_what_else_pillow_knows_is_no_image_whatever_it_is_called(tmp_path: Path, stored_as: str) -> None:
    path = tmp_path / "a.jpg"  # Pillow would hand PostScript to a program, which runs it
    path.write_bytes(encoded(Image.effect_noise((32, 32), 50).convert("RGB"), stored_as))
    for read in (open_image, lambda path: read_image(path, np.asarray)):
        with pytest.raises(ReseenError, match=r"a.jpg: cannot read the image: not an image in a known format"):
            read(path)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("read", [open_image, content_digest])
def test_a_pipe_is_refused_without_being_opened(tmp_path: Path, read: Callable[[Path], object]) -> None:
    mkfifo(tmp_path / "a.jpg")
    with pytest.raises(ReseenError, match=r"a.jpg: cannot read the (image|file): it is no regular file"):
        read(tmp_path / "a.jpg")
    with pytest.raises(OSError, match="No such device"):  # nobody reads there
        os_open(tmp_path / "a.jpg", O_WRONLY | O_NONBLOCK)


WORDS, RATIONAL = 2, 5


def turning_exif(tag: int, kind: int) -> bytes:
    """EXIF that turns an image by a quarter, and whose other entry is eight bytes of the kind."""
    count = {WORDS: 8, RATIONAL: 1}[kind]
    entries = struct.pack(">HHHIHH", 2, 0x0112, 3, 1, 6, 0) + struct.pack(">HHII", tag, kind, count, 38)
    return b"Exif\0\0MM\0*" + struct.pack(">I", 8) + entries + bytes(4) + b"2026:01\0"


@pytest.mark.filterwarnings("ignore:Corrupt EXIF:UserWarning")
@pytest.mark.parametrize(
    ("exif", "turned"),
    [
        (turning_exif(0x0152, WORDS), True),  # a tag of whole numbers
        (turning_exif(0x011F, WORDS), True),  # of fractions
        (turning_exif(0x010F, RATIONAL), True),  # of words
        (b"Exif\0\0" + b"from a camera" * 3, False),
        (b"Exif\0\0II*\0\x08\0\0\0\xff\xff", False),
        (b"Exif\0\0MM\0*\xff\xff\xff\xf0", False),
    ],
)
def test_broken_exif_spoils_no_image_and_its_orientation_counts_where_it_can_be_read(
    tmp_path: Path, exif: bytes, turned: bool
) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "a.png", exif=exif)
    expected = np.rot90(COLOURS, -1) if turned else COLOURS
    assert np.array_equal(np.asarray(open_image(tmp_path / "a.png")), expected)


def test_limits_hold_for_every_kind_of_source(tmp_path: Path) -> None:
    image = Image.fromarray(COLOURS)
    (tmp_path / "a.png").write_bytes(encoded(image))
    limits = ImageLimits(pixels=11)
    for source in (tmp_path / "a.png", encoded(image), image, COLOURS):
        with pytest.raises(ReseenError, match="at most 11 pixels, got 4 x 3 = 12"):
            open_image(source, limits=limits)
    size = (tmp_path / "a.png").stat().st_size
    for source in (tmp_path / "a.png", encoded(image)):
        open_image(source, limits=ImageLimits(bytes=size))
        with pytest.raises(ReseenError, match=f"at most {size - 1} bytes, got {size}"):
            open_image(source, limits=ImageLimits(bytes=size - 1))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_bytes_by_the_hundred_end_in_a_image_or_in_one_line() -> None:
    generator = np.random.default_rng(0)
    refusals: list[str] = []
    for stored_as in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"):
        whole = np.frombuffer(encoded(Image.effect_noise((24, 24), 50).convert("RGB"), stored_as), dtype=np.uint8)
        for _ in range(60):
            damaged = whole.copy()
            damaged[generator.integers(len(whole), size=8)] = generator.integers(0, 256, 8)
            refusals += refusal(damaged[: generator.integers(1, len(whole) + 1)].tobytes())
    assert len(refusals) > 100
    assert not any("\n" in told for told in refusals)


def refusal(data: bytes) -> list[str]:
    try:
        open_image(data)
    except ReseenError as error:
        return [str(error)]
    return []
