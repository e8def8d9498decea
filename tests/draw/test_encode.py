"""Drawings as bytes and files."""

import io

import numpy as np
from PIL import Image

from reseen.draw import jpeg_bytes, plot_cmc, png_bytes, write_png

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8))


def test_png_is_lossless_and_jpeg_is_near():
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png_bytes(NOISE)))), np.asarray(NOISE))
    flat = Image.new("RGB", (40, 60), (10, 120, 230))
    back = np.asarray(Image.open(io.BytesIO(jpeg_bytes(flat)))).astype(int)
    assert np.abs(back - (10, 120, 230)).max() <= 3


def test_the_same_figure_is_the_same_bytes():
    first, second = (png_bytes(plot_cmc({"a": [0.5, 1.0]})) for _ in range(2))
    assert first == second
    assert Image.open(io.BytesIO(first)).size == (800, 608)


def test_write_png_leaves_no_half_file(tmp_path):
    write_png(tmp_path / "noise.png", NOISE)
    with Image.open(tmp_path / "noise.png") as written:
        np.testing.assert_array_equal(np.asarray(written), np.asarray(NOISE))
    assert [path.name for path in tmp_path.iterdir()] == ["noise.png"]


def test_a_figure_is_written_as_png(tmp_path):
    figure = plot_cmc({"a": [0.5, 1.0]})
    write_png(tmp_path / "cmc.png", figure)
    assert (tmp_path / "cmc.png").read_bytes() == png_bytes(figure)
