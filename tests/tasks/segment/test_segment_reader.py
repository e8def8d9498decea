"""What is read and what is refused: each fault is named with its file."""

import shutil

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import Cityscapes

from drawn_scenes import write_scene
from reseen.errors import ReseenError
from reseen.progress import Silent
from reseen.tasks.segment.classes import CLASS_NAMES, CLASS_OF_ID, COLOURS, IGNORE, KNOWN_IDS, LABEL_IDS
from reseen.tasks.segment.reader import fingerprint, look_at, read_scenes


def test_the_classes_are_cityscapes_nineteen_in_order():
    assert CLASS_NAMES[:3] == ("road", "sidewalk", "building")
    assert CLASS_NAMES[-2:] == ("motorcycle", "bicycle")
    assert len(CLASS_NAMES) == len(COLOURS) == 19
    for entry in Cityscapes.classes:
        if entry.id >= 0:
            assert CLASS_OF_ID[entry.id] == (IGNORE if entry.ignore_in_eval else entry.train_id)
            assert entry.id in KNOWN_IDS
    assert CLASS_OF_ID[LABEL_IDS].tolist() == list(range(19))


def test_scenes_and_labels_are_paired_in_the_order_of_their_names(scenes):
    splits = read_scenes(scenes())
    assert [pair.image.name[:11] for pair in splits.train] == [f"town_{number:06d}" for number in range(6)]
    assert len(splits.val) == 2
    for pair in (*splits.train, *splits.val):
        assert pair.labels.name.split("_gtFine")[0] == pair.image.name.split("_leftImg8bit")[0]
        assert pair.labels.is_file()


def test_files_of_another_kind_are_passed_over(scenes):
    root = scenes()
    (root / "leftImg8bit/train/town/.hidden").write_text("nothing")
    assert len(read_scenes(root).train) == 6


def test_fingerprint_is_of_names_and_contents_wherever_they_lie(scenes, tmp_path):
    def print_of(root):
        splits = read_scenes(root)
        return fingerprint(splits, look_at(splits, progress=Silent()))

    root = scenes()
    first = print_of(root)
    shutil.copytree(root, tmp_path / "elsewhere")
    assert print_of(tmp_path / "elsewhere") == first
    write_scene(root, "train", 0, (32, 80))
    assert print_of(root) != first


def test_an_unknown_layout_of_scenes_is_refused(tmp_path):
    with pytest.raises(ReseenError, match=r"expected the layout of Cityscapes with a train part: leftImg8bit"):
        read_scenes(tmp_path)


def test_a_scene_set_without_images_is_refused(scenes):
    root = scenes()
    shutil.rmtree(root / "leftImg8bit/val/town")
    (root / "leftImg8bit/val/town").mkdir()
    with pytest.raises(ReseenError, match=r"no images \*_leftImg8bit.png below leftImg8bit/val/CITY"):
        read_scenes(root)


def test_missing_counterparts_name_the_first_three(scenes):
    root = scenes(train=8)
    for number in range(4):
        (root / f"gtFine/train/town/town_{number:06d}_000019_gtFine_labelIds.png").unlink()
    (root / "leftImg8bit/train/town/town_000005_000019_leftImg8bit.png").unlink()
    with pytest.raises(ReseenError) as caught:
        read_scenes(root)
    said = str(caught.value)
    assert "4 images without a label map (leftImg8bit/train/town/town_000000_000019_leftImg8bit.png, " in said
    assert "town_000002_000019_leftImg8bit.png, ...)" in said
    assert "town_000003" not in said
    assert "1 label maps without an image (gtFine/train/town/town_000005_000019_gtFine_labelIds.png)" in said


def test_label_values_outside_the_classes_are_refused(scenes):
    root = scenes()
    labels = root / "gtFine/val/town/town_000006_000019_gtFine_labelIds.png"
    ids = np.asarray(Image.open(labels)).copy()
    ids[0, :3] = (34, 200, 255)
    Image.fromarray(ids).save(labels)
    with pytest.raises(ReseenError, match=r"town_000006_000019_gtFine_labelIds.png holds 34, 200, 255: .* 0 to 33"):
        look_at(read_scenes(root), progress=Silent())


def test_an_image_and_labels_of_different_size_are_refused(scenes):
    root = scenes()
    image, _ = write_scene(root, "train", 1, (32, 60))
    Image.open(image).resize((64, 32)).save(image)
    with pytest.raises(
        ReseenError, match=r"1 unfit: .*town_000001_000019_leftImg8bit.png is 32 x 64 but .*_labelIds.png is 32 x 60"
    ):
        look_at(read_scenes(root), progress=Silent())


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b"no image"), "cannot read the image: not an image"),
        (lambda path: Image.new("RGB", (64, 32)).save(path), "expected a label map of one 8-bit channel, got uint8"),
    ],
)
def test_a_file_that_is_no_label_map_is_refused(scenes, spoil, said):
    root = scenes()
    spoil(root / "gtFine/train/town/town_000002_000019_gtFine_labelIds.png")
    with pytest.raises(ReseenError, match=said):
        look_at(read_scenes(root), progress=Silent())
