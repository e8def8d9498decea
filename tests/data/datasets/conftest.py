"""A tiny tree in the exact public layout of each data set, two identities to find and at least one to train."""

from collections.abc import Callable
from pathlib import Path

import pytest

from public_trees import (
    MSMT17_GALLERY,
    MSMT17_QUERY,
    MSMT17_TRAIN,
    MSMT17_VAL,
    item,
    label_file,
    lines,
    write_config,
    write_mat,
)

WriteNamed = Callable[..., Path]


@pytest.fixture
def duke(tmp_path: Path, write_named: WriteNamed) -> Path:
    names = ["bounding_box_train/0002_c1_f0044158.jpg", "query/0005_c2_f0046985.jpg"]
    return write_named(
        tmp_path / "duke", [*names, "bounding_box_test/0005_c5_f0051341.jpg", "bounding_box_test/0012_c8_f0000001.jpg"]
    )


@pytest.fixture
def msmt17(tmp_path: Path, write_named: WriteNamed) -> Callable[..., Path]:
    """MSMT17, version 1 or 2."""

    def make(version: int = 1) -> Path:
        root = tmp_path / f"MSMT17_V{version}"
        train, test = ("train", "test") if version == 1 else ("mask_train_v2", "mask_test_v2")
        lists = {"train": MSMT17_TRAIN, "val": MSMT17_VAL, "query": MSMT17_QUERY, "gallery": MSMT17_GALLERY}
        for name, rows in lists.items():
            lines(root / f"list_{name}.txt", rows)
            folder = train if name in {"train", "val"} else test
            write_named(root, [f"{folder}/{row.split()[0]}" for row in rows])
        return root

    return make


@pytest.fixture
def vehicleid(tmp_path: Path, write_named: WriteNamed) -> Callable[..., Path]:
    """VehicleID with the test lists of these sizes, each of the same five images."""

    def make(*sizes: int) -> Path:
        root = tmp_path / "VehicleID_V1.0"
        test = ["0000003 12", "0000004 12", "0000005 12", "0000006 7", "0000007 7"]
        for size in sizes or (800,):
            lines(root / f"train_test_split/test_list_{size}.txt", test)
        lines(root / "train_test_split/train_list.txt", ["0000001 5", "0000002 5"])
        return write_named(root, [f"image/000000{number}.jpg" for number in range(1, 9)])

    return make


@pytest.fixture
def veriwild(tmp_path: Path, write_named: WriteNamed) -> Callable[..., Path]:
    """VERI-Wild with the lists of this size, as given out: a number and a camera behind each image."""

    def make(size: int = 3000) -> Path:
        root = tmp_path / "VERI-Wild"
        split = root / "train_test_split"
        lines(split / "train_list_start0.txt", ["00011/000001.jpg 0 23", "00011/000002.jpg 0 41"])
        lines(split / f"test_{size}_id_query.txt", ["00001/000003.jpg 1 23", "00002/000005.jpg 2 8"])
        lines(split / f"test_{size}_id.txt", ["00001/000004.jpg 1 41", "00002/000006.jpg 2 8"])
        names = ["00011/000001", "00011/000002", "00001/000003", "00001/000004", "00002/000005", "00002/000006"]
        return write_named(root, [f"images/{name}.jpg" for name in names])

    return make


@pytest.fixture
def cityflow(tmp_path: Path, write_named: WriteNamed) -> Path:
    """The challenge's release: four vehicles to train on in two cameras each, and test images without labels."""
    root = tmp_path / "AIC21_Track2_ReID"
    names = [f"{number:06d}.jpg" for number in range(1, 9)]
    vehicles = [f"{number:04d}" for number in (1, 1, 2, 2, 3, 3, 9, 9)]
    label_file(
        root / "train_label.xml",
        [
            item(name, vehicle, f"c{6 + place % 2:03d}")
            for place, (name, vehicle) in enumerate(zip(names, vehicles, strict=True))
        ],
    )
    lines(root / "train_label.csv", ["000001.jpg,1"])
    label_file(root / "query_label.xml", [item("000001.jpg", None, "c011")], kind="Query")
    label_file(
        root / "test_label.xml", [item("000001.jpg", None, "c012"), item("000002.jpg", None, "c012")], kind="Test"
    )
    files = ["image_query/000001.jpg", "image_test/000001.jpg", "image_test/000002.jpg"]
    return write_named(root, [*[f"image_train/{name}" for name in names], *files])


@pytest.fixture
def wildlife(tmp_path: Path, write_named: WriteNamed) -> Callable[..., Path]:
    """A frame of wildlife-datasets as CSV, of these rows behind its header, over six images."""

    def make(header: str, *rows: str) -> Path:
        root = write_named(tmp_path / "animals", [f"images/{number}.jpg" for number in range(6)])
        lines(root / "metadata.csv", [header, *rows])
        return root

    return make


@pytest.fixture
def cuhk03_release(tmp_path: Path) -> Path:
    """CUHK03 as given out and the lists of the new protocol: two camera pairs, three persons, some empty cells."""
    root = tmp_path / "cuhk03"
    first = [0, 1, None, None, None, 2, None, None, None, None]
    second = [3, 4, None, None, None, 5, 6, None, None, None]
    third = [7, None, None, None, None, 8, None, None, None, 9]
    write_mat(root / "cuhk03_release/cuhk-03.mat", {"labeled": [[first, second], [third]], "detected": [[second]]})
    rows = [
        ("1_001_1_01.png", 1), ("1_001_1_02.png", 1), ("1_001_2_06.png", 1),
        ("1_002_1_01.png", 2), ("1_002_1_02.png", 2), ("1_002_2_06.png", 2), ("1_002_2_07.png", 2),
        ("2_001_1_01.png", 3), ("2_001_2_06.png", 3), ("2_001_2_10.png", 3),
    ]  # fmt: skip
    parts = {"train_idx": [1, 2, 3], "query_idx": [4, 6, 8], "gallery_idx": [5, 7, 9, 10]}
    write_config(root / "cuhk03_new_protocol_config_labeled.mat", rows, parts)
    return root
