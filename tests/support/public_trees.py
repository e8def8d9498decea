"""What the public layouts are made of: lists, label files, MATLAB files, for the trees that tests build."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
from scipy.io import savemat

MSMT17_TRAIN = ["0000/0000_000_01_0303morning_0015_0.jpg 0", "0001/0001_003_14_0302noon_0200_1.jpg 1"]
MSMT17_VAL = ["0001/0001_004_02_0302noon_0300_0.jpg 1"]
MSMT17_QUERY = ["0000/0000_000_01_0303morning_0020_2.jpg 0", "0001/0001_001_07_0113afternoon_0100_0.jpg 1"]
MSMT17_GALLERY = ["0000/0000_001_03_0303evening_0020_2.jpg 0", "0001/0001_002_15_0113afternoon_0001_1.jpg 1"]

NP_FILES = [
    "bounding_box_train/0001_c1_1.png",
    "bounding_box_train/0001_c2_6.png",
    "query/0003_c1_21.png",
    "query/0003_c2_26.png",
    "bounding_box_test/0003_c1_22.png",
    "bounding_box_test/0003_c2_27.png",
]


def lines(path: Path, rows: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{row}\n" for row in rows))
    return path


def item(name: str, vehicle: str | None, camera: str) -> str:
    known = f'vehicleID="{vehicle}" ' if vehicle else ""
    return f'    <Item imageName="{name}" {known}cameraID="{camera}"/>'


def label_file(path: Path, items: Sequence[str], *, kind: str = "Training") -> Path:
    head = ['<?xml version="1.0" encoding="gb2312"?>', f'<{kind}Images Version="1.0">', '  <Items number="1">']
    return lines(path, [*head, *items, "  </Items>", f"</{kind}Images>"])


def image_of(seed: int) -> np.ndarray:
    """(H, W, 3) uint8, higher than wide, of its own content."""
    return np.random.default_rng(seed).integers(0, 256, (12 + seed % 3, 6, 3), dtype=np.uint8)


def write_mat(path: Path, kinds: Mapping[str, Sequence[Sequence[Sequence[int | None]]]]) -> Path:
    """cuhk-03.mat: for each kind, pairs of persons of ten shots, each the seed of its image or None.

    As MATLAB 7.3 writes cells: references into ``#refs#``, every array with its axes reversed, an empty cell as its
    two sizes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        store = file.create_group("#refs#")

        def kept(array: np.ndarray, **attributes: int) -> h5py.Reference:
            made = store.create_dataset(f"x{len(store)}", data=array)
            made.attrs.update(attributes)
            return made.ref

        for kind, pairs in kinds.items():
            cells = []
            for persons in pairs:
                cell = np.empty((10, len(persons)), dtype=h5py.ref_dtype)
                for person, shots in enumerate(persons):
                    for shot, seed in enumerate(shots):
                        empty = seed is None
                        array = np.zeros(2, dtype=np.uint64) if empty else image_of(seed).T
                        cell[shot, person] = kept(array, MATLAB_empty=int(empty))
                made = store.create_dataset(f"x{len(store)}", data=cell, dtype=h5py.ref_dtype)
                cells.append(made.ref)
            file.create_dataset(kind, data=np.array([cells], dtype=h5py.ref_dtype), dtype=h5py.ref_dtype)
    return path


def write_config(path: Path, rows: Sequence[tuple[str, int]], parts: Mapping[str, Sequence[int]]) -> Path:
    """A file of the new protocol's lists, as MATLAB writes them: columns of doubles, rows counted from 1."""
    names = np.empty((len(rows), 1), dtype=object)
    names[:, 0] = [name for name, _ in rows]
    numbers = {part: np.array(places, dtype=float)[:, None] for part, places in parts.items()}
    labels = np.array([label for _, label in rows], dtype=float)[:, None]
    savemat(path, {"filelist": names, "labels": labels, **numbers})
    return path
