"""Images of a page: known by their bytes, sized by their pixels, set in rows."""

import base64
import io

import pytest
from matplotlib.figure import Figure
from PIL import Image

from reseen.draw import jpeg_bytes, png_bytes
from reseen.report import PageImage, image_of
from reseen.report.images import rows_of


def plain(width: int, height: int = 20) -> Image.Image:
    return Image.new("RGB", (width, height), (10, 20, 30))


@pytest.mark.parametrize(("encode", "kind", "suffix"), [(png_bytes, "png", ".png"), (jpeg_bytes, "jpeg", ".jpg")])
def test_a_image_is_known_by_its_bytes(encode, kind, suffix):
    image = PageImage("title", "words", encode(plain(300)))
    head, body = image.source.split(",")
    assert (head, image.suffix) == (f"data:image/{kind};base64", suffix)
    assert base64.b64decode(body) == image.data
    assert (image.size, image.shown_width, image.wide) == ((300, 20), 210, False)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>"])
def test_bytes_that_are_neither_png_nor_jpeg_are_refused(data):
    with pytest.raises(ValueError, match="image 'broken': expected PNG or JPEG bytes"):
        _ = PageImage("broken", "", data).source
    buffer = io.BytesIO()
    plain(4).save(buffer, format="GIF")
    with pytest.raises(ValueError, match="expected PNG or JPEG bytes"):
        _ = PageImage("whole GIF", "", buffer.getvalue()).size


def test_figures_become_png_and_sheets_jpeg():
    assert image_of(Figure(figsize=(1, 1)), title="", caption="").suffix == ".png"
    assert image_of(plain(30), title="", caption="").suffix == ".jpg"


@pytest.mark.parametrize(("height", "tall"), [(99, False), (100, False), (101, True)])
def test_tall_images_are_higher_than_wide(height, tall):
    assert PageImage("title", "words", png_bytes(plain(100, height))).tall is tall


def test_wide_images_stand_alone_and_others_with_their_neighbours():
    widths = [300, 1200, 1500, 300, 1000, 1001, 30]
    images = [PageImage(str(width), "", png_bytes(plain(width))) for width in widths]
    rows = [[image.size[0] for image in row] for row in rows_of(images)]
    assert rows == [[300], [1200], [1500], [300, 1000], [1001], [30]]
    assert list(rows_of([])) == []


def test_images_of_different_groups_are_not_mixed():
    images = [PageImage(title, "", png_bytes(plain(30)), group=title[0]) for title in ("a1", "a2", "b1", "a3")]
    assert [[image.title for image in row] for row in rows_of(images)] == [["a1", "a2"], ["b1"], ["a3"]]
