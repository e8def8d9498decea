"""CUHK03 as its authors release it: all images as arrays in cuhk-03.mat, which ``unpack_cuhk03`` writes out once.

cuhk-03.mat (MATLAB 7.3, which is HDF5) holds the cells "labeled" and "detected": one cell a camera pair, of one row a
person and ten columns, five images of each camera, some of them empty. ``unpack_cuhk03`` writes them to
images_labeled/ and images_detected/ under the names that the new protocol's lists have: ``1_003_2_07.png`` is the
seventh image of person 3 of camera pair 1, from its camera 2 (Zhong et al., CVPR 2017).
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from reseen.data.datasets.places import find_home
from reseen.errors import ReseenError
from reseen.extras import extra
from reseen.progress import ProgressCallback

MAT = "cuhk-03.mat"
_BELOW = "cuhk03_release"
KINDS = ("labeled", "detected")
"""The release's own words for boxes drawn by hand and boxes found by a detector."""
_SHOTS = 10


class Unpacked(NamedTuple):
    """Folder -> images written to it, and the folders that existed already."""

    written: dict[Path, int]
    present: tuple[Path, ...]


class _Cell(NamedTuple):
    name: str
    reference: Any


def unpack_cuhk03(path: Path | str, *, progress: ProgressCallback | None = None) -> Unpacked:
    """Write the images of cuhk-03.mat into images_labeled/ and images_detected/ beside it.

    A folder appears when it is complete; one that exists already is left as it is.

    Args:
        path: CUHK03's folder, or its cuhk-03.mat.
        progress: Called with (done, total) cells of the file.

    Raises:
        ReseenError: There is no such file, it has another form, or the disk is full.

    Example (not run):
        ```python
        unpack_cuhk03("cuhk03").written
        ```
    """
    root = find_release(Path(path))
    mat = root and find_mat(root)
    if root is None or mat is None:
        raise ReseenError(f"{path}: expected CUHK03's {MAT}, or a folder with it, got none")
    folders = {kind: image_folder(root, kind) for kind in KINDS}
    present = tuple(folder for folder in folders.values() if folder.is_dir())
    wanted = {kind: folder for kind, folder in folders.items() if folder not in present}
    return Unpacked(_write(mat, wanted, progress) if wanted else {}, present)


def find_release(path: Path) -> Path | None:
    """The folder that holds cuhk-03.mat or cuhk03_release/ with it, or a list of the new protocol; or None."""
    root = path.parent if path.is_file() and path.name == MAT else find_home(path, _is_home)
    return root.parent if root and root.name == _BELOW else root


def find_mat(root: Path) -> Path | None:
    """cuhk-03.mat right in the folder, or in its cuhk03_release/."""
    return next((file for file in (root / MAT, root / _BELOW / MAT) if file.is_file()), None)


def image_folder(root: Path, kind: str) -> Path:
    """The folder of the unpacked images of a kind."""
    return root / f"images_{kind}"


def protocol_lists(root: Path, kind: str) -> Path:
    """The file of the new protocol's lists for a kind."""
    return root / f"cuhk03_new_protocol_config_{kind}.mat"


def _is_home(folder: Path) -> bool:
    return find_mat(folder) is not None or any(protocol_lists(folder, kind).is_file() for kind in KINDS)


def _write(mat: Path, folders: dict[str, Path], progress: ProgressCallback | None) -> dict[Path, int]:
    with extra("cuhk03"):
        import h5py

    try:
        with h5py.File(mat, "r") as file:
            cells = {kind: list(_cells(file, kind, mat)) for kind in folders}
            total, done, written = sum(map(len, cells.values())), 0, {}
            for kind, folder in folders.items():
                written[folder] = _write_kind(file, cells[kind], folder, progress=progress, place=(done, total))
                done += len(cells[kind])
            return written
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ReseenError(f"{mat}: cannot be unpacked: {reason}") from None


def _cells(file: Any, kind: str, mat: Path) -> Iterator[_Cell]:
    if kind not in file:
        raise ReseenError(f"{mat}: expected the cells {', '.join(KINDS)}, got {', '.join(sorted(file)) or 'none'}")
    for pair, reference in enumerate(file[kind][()].ravel(), start=1):
        persons = file[reference][()]  # (10, persons): HDF5 has MATLAB's axes reversed
        if persons.shape[0] != _SHOTS:
            raise ReseenError(f"{mat}: {kind}: expected {_SHOTS} cells a person, got {persons.shape[0]}")
        for person in range(persons.shape[1]):
            for shot in range(_SHOTS):
                camera = 1 if shot < _SHOTS // 2 else 2
                yield _Cell(f"{pair:d}_{person + 1:03d}_{camera}_{shot + 1:02d}.png", persons[shot, person])


def _write_kind(
    file: Any, cells: list[_Cell], folder: Path, *, progress: ProgressCallback | None, place: tuple[int, int]
) -> int:
    partial = folder.with_name(f".{folder.name}.writing")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir()
    count = 0
    for done, cell in enumerate(cells, start=place[0] + 1):
        image = file[cell.reference]
        if image.ndim == 3:  # an empty cell is stored as its two sizes
            Image.fromarray(image[()].T).save(partial / cell.name)
            count += 1
        if progress:
            progress(done, place[1])
    partial.rename(folder)
    return count
