"""Masks found by their images' names, and one line where there are none."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.errors import ReseenError
from reseen.explain.scoring.marks import mark_files, marks_of


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "masks" / "image_test"
    folder.mkdir(parents=True)
    pixels = np.zeros((4, 6), dtype=bool)
    pixels[1, 2:4] = True
    Image.fromarray(pixels).save(folder / "0001_c001_5.png")
    return tmp_path


def test_a_copy_in_another_folder_has_the_same_mask(root):
    marks = marks_of(mark_files(root), [Path("image_query/0001_c001_5.jpg"), Path("x/0001_c001_5.jpg")], size=(4, 6))
    assert marks.shape == (2, 4, 6)
    assert marks.dtype.is_floating_point is False
    assert marks[0].nonzero().tolist() == [[1, 2], [1, 3]]


def test_masks_have_the_size_the_network_is_fed(root):
    marks = marks_of(mark_files(root), [Path("0001_c001_5.jpg")], size=(8, 12))
    assert marks.sum() == 8
    assert marks[0, 2:4, 4:8].all()


def test_images_without_masks_are_refused(root, tmp_path):
    with pytest.raises(ReseenError, match=r"no mask for this image; expected one called 9\.png"):
        marks_of(mark_files(root), [Path("9.jpg")], size=(4, 6))
    with pytest.raises(ReseenError, match=r"no masks, which --score needs; .*reseen synth vehicle OUT --masks"):
        mark_files(tmp_path / "masks")
