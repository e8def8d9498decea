"""Pictures of a page: known by their bytes, sized by their pixels, set in rows."""

import base64
import io

import pytest
from matplotlib.figure import Figure
from PIL import Image

from reseen.draw import jpeg_bytes, png_bytes
from reseen.report import Picture, picture_of
from reseen.report.pictures import rows_of


def plain(width: int, height: int = 20) -> Image.Image:
    return Image.new("RGB", (width, height), (10, 20, 30))


@pytest.mark.parametrize(("encode", "kind", "suffix"), [(png_bytes, "png", ".png"), (jpeg_bytes, "jpeg", ".jpg")])
def test_a_picture_is_known_by_its_bytes(encode, kind, suffix):
    picture = Picture("title", "words", encode(plain(300)))
    head, body = picture.source.split(",")
    assert (head, picture.suffix) == (f"data:image/{kind};base64", suffix)
    assert base64.b64decode(body) == picture.data
    assert (picture.size, picture.shown_width, picture.wide) == ((300, 20), 210, False)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>"])
def test_bytes_that_are_neither_png_nor_jpeg_are_refused(data):
    with pytest.raises(ValueError, match="picture 'broken': expected PNG or JPEG bytes"):
        _ = Picture("broken", "", data).source
    buffer = io.BytesIO()
    plain(4).save(buffer, format="GIF")
    with pytest.raises(ValueError, match="expected PNG or JPEG bytes"):
        _ = Picture("whole GIF", "", buffer.getvalue()).size


def test_figures_become_png_and_sheets_jpeg():
    assert picture_of(Figure(figsize=(1, 1)), title="", caption="").suffix == ".png"
    assert picture_of(plain(30), title="", caption="").suffix == ".jpg"


@pytest.mark.parametrize(("height", "tall"), [(99, False), (100, False), (101, True)])
def test_tall_pictures_are_higher_than_wide(height, tall):
    assert Picture("title", "words", png_bytes(plain(100, height))).tall is tall


def test_wide_pictures_stand_alone_and_others_with_their_neighbours():
    widths = [300, 1200, 1500, 300, 1000, 1001, 30]
    pictures = [Picture(str(width), "", png_bytes(plain(width))) for width in widths]
    rows = [[picture.size[0] for picture in row] for row in rows_of(pictures)]
    assert rows == [[300], [1200], [1500], [300, 1000], [1001], [30]]
    assert list(rows_of([])) == []


def test_pictures_of_different_groups_are_not_mixed():
    pictures = [Picture(title, "", png_bytes(plain(30)), group=title[0]) for title in ("a1", "a2", "b1", "a3")]
    assert [[picture.title for picture in row] for row in rows_of(pictures)] == [["a1", "a2"], ["b1"], ["a3"]]
