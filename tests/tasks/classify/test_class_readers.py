"""Readers of classes: real layouts in small, and what they refuse."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import CIFAR10, CIFAR100

from reseen.errors import ReseenError
from reseen.synth import synthesise
from reseen.tasks.classify.readers import READERS, read_classes

CIFAR = {"cifar10": (CIFAR10, "labels", 10), "cifar100": (CIFAR100, "fine_labels", 100)}


def write_cifar(root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A few images in the archive's own files, whose checksums the reader is told; the first file's images."""
    kind, key, classes = CIFAR[name]
    folder = root / kind.base_folder
    folder.mkdir(parents=True)

    def put(file: str, content: dict[str, object]) -> str:
        data = pickle.dumps(content)
        (folder / file).write_bytes(data)
        return hashlib.md5(data).hexdigest()

    drawn = {}
    for part in ("train_list", "test_list"):
        entries = []
        for number, (file, _) in enumerate(getattr(kind, part)):
            data = np.random.default_rng(number).integers(0, 256, (4, 3072), dtype=np.uint8)
            drawn.setdefault(part, data)
            entries.append([file, put(file, {"data": data, key: [number, 1, 2, 3]})])
        monkeypatch.setattr(kind, part, entries)
    names = [f"class {number}" for number in range(classes)]
    digest = put(kind.meta["filename"], {kind.meta["key"]: names})
    monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": digest})
    return drawn["train_list"]


@pytest.mark.parametrize("name", CIFAR)
def test_cifar_is_read_as_its_archive_unpacks(name, tmp_path, monkeypatch):
    data = write_cifar(tmp_path, name, monkeypatch)
    splits = read_classes(tmp_path)
    kind, _, classes = CIFAR[name]
    assert (splits.layout, len(splits.class_names)) == (name, classes)
    assert splits.class_names[:2] == ("class 0", "class 1")
    assert len(splits.train.labels) == 4 * len(kind.train_list)
    assert splits.val.labels.tolist() == [0, 1, 2, 3]
    image, label = splits.train.source[1]
    planes = data[1].reshape(3, 32, 32)  # red, then green, then blue, row by row
    assert label == 1
    assert np.array_equal(np.asarray(image), planes.transpose(1, 2, 0))


def test_a_damaged_cifar_file_is_named_by_its_folder(tmp_path, monkeypatch):
    write_cifar(tmp_path, "cifar10", monkeypatch)
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(b"cut")
    with pytest.raises(ReseenError, match=r"cifar-10-batches-py: files are missing or damaged .* unpack https"):
        read_classes(tmp_path)


def test_folders_are_classes_in_the_order_of_their_names(class_folder):
    root = class_folder()
    splits = read_classes(root)
    assert (splits.layout, splits.class_names) == ("folder", ("ash", "elm", "oak"))
    assert splits.train.labels.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert splits.val.labels.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    image, label = splits.train.source[6]
    assert label == 1
    with Image.open(root / "train/elm/0.png") as first:
        assert np.array_equal(np.asarray(image), np.asarray(first))


def test_the_fingerprint_sees_a_image_more_and_a_class_renamed(class_folder):
    root = class_folder()
    before = read_classes(root).fingerprint
    assert read_classes(root).fingerprint == before
    for part in ("train", "val"):
        (root / part / "oak").rename(root / part / "yew")
    assert read_classes(root).fingerprint != before


def test_class_folders_that_differ_are_named(class_folder):
    root = class_folder(classes=("a", "b", "c", "d", "e", "f"))
    for name in "abcd":
        (root / "val" / name).rename(root / "val" / f"{name}x")
    with pytest.raises(ReseenError, match=r"got 4 only in train/ \(a, b, c, \.\.\.\); 4 only in val/ \(ax, bx, cx"):
        read_classes(root)


def test_a_class_without_images_is_named(class_folder):
    root = class_folder()
    (root / "val" / "pine").mkdir()
    with pytest.raises(ReseenError, match=r"val: class folders without images: pine"):
        read_classes(root)


def test_a_flat_folder_is_no_class_folder(class_folder, image):
    root = class_folder()
    for folder in (root / "val").iterdir():
        for file in folder.iterdir():
            file.rename(root / "val" / f"{folder.name}-{file.name}")
        folder.rmdir()
    with pytest.raises(ReseenError, match=r"val: expected a folder of images for each class, got none"):
        read_classes(root)


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("auto", "no known layout; expected one of cifar10: cifar-10-batches-py/ as cifar-10-python.tar.gz unpacks; "),
        ("cifar100", "not in the layout cifar100: expected cifar-100-python/"),
    ],
)
def test_a_folder_of_no_layout_of_classes_is_told_what_is_expected(layout, message, tmp_path):
    with pytest.raises(ReseenError, match=message):
        read_classes(tmp_path, layout=layout)


def test_a_class_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ReseenError, match="expected a folder of images with classes, got nothing there"):
        read_classes(tmp_path / "absent")


@pytest.fixture(scope="module")
def vehicles(tmp_path_factory):
    root = tmp_path_factory.mktemp("synth") / "vehicles"
    synthesise("vehicle", root, identities=40, images=80, image_size=32, seed=2, twins=0.0, workers=1)
    return root


def test_vehicle_types_come_from_the_label_files(vehicles):
    import json

    kinds = {
        number: about["kind"] for number, about in json.loads((vehicles / "synth.json").read_text())["identity"].items()
    }
    splits = read_classes(vehicles)
    assert splits.layout == "veri776_types"
    assert set(splits.class_names) == {kinds[Path(path).name[:4]] for path, _ in splits.train.source.samples}
    for split in (splits.train, splits.val):
        for path, label in split.source.samples:
            assert splits.class_names[label] == kinds[Path(path).name[:4]]
            assert Path(path).is_file()
    sides = [{Path(path).name[:4] for path, _ in split.source.samples} for split in (splits.train, splits.val)]
    assert not sides[0] & sides[1], "no identity on both sides"


def test_a_type_that_training_does_not_show_is_named(vehicles, tmp_path):
    import shutil

    root = shutil.copytree(vehicles, tmp_path / "copy")
    text = (root / "test_label.xml").read_text()
    (root / "list_type.txt").write_text((root / "list_type.txt").read_text() + "10 tram\n")
    first = text.index("typeID=")
    (root / "test_label.xml").write_text(text[:first] + 'typeID="10"' + text[text.index('"', first + 8) + 1 :])
    with pytest.raises(ReseenError, match="the training identities show no tram, which test identities are"):
        read_classes(root)
    (root / "list_type.txt").write_text("1 sedan\n")
    with pytest.raises(ReseenError, match=r"train_label\.xml: typeID 2, .* is not in list_type\.txt"):
        read_classes(root)


def test_every_reader_says_what_it_expects():
    assert all(reader.expects for reader in READERS.values())
