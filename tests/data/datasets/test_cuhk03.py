"""CUHK03 in both forms: the folders of CUHK03-NP, and the release, unpacked once and read by the protocol's lists."""

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from public_trees import NP_FILES, image_of, write_config, write_mat
from reseen.data.datasets import LAYOUTS, read_data
from reseen.data.datasets.cuhk03_release import unpack_cuhk03
from reseen.errors import ReseenError


def test_the_folder_form_reads_either_kind(tmp_path: Path, write_named: Callable[..., Path]) -> None:
    root = tmp_path / "CUHK03-NP"
    write_named(root / "labeled", NP_FILES)
    write_named(root / "detected", [*NP_FILES, "bounding_box_test/0004_c1_30.png"])
    with pytest.raises(ReseenError, match=r"choose one with --layout, .*: cuhk03_labelled, cuhk03_detected$"):
        read_data(root)
    labelled, detected = (read_data(root, layout=f"cuhk03_{kind}") for kind in ("labelled", "detected"))
    assert (labelled.root, detected.root) == (root / "labeled", root / "detected")
    assert labelled.query.identities.tolist() == ["0003", "0003"]
    assert labelled.query.cameras.tolist() == ["1", "2"]
    assert (len(labelled.gallery), len(detected.gallery)) == (2, 3)


def test_a_folder_of_any_name_reads_when_the_layout_is_said(tmp_path: Path, write_named: Callable[..., Path]) -> None:
    root = write_named(tmp_path / "mine", NP_FILES)
    assert read_data(root).layout == "market1501"
    assert read_data(root, layout="cuhk03_labelled").layout == "cuhk03_labelled"


def test_a_third_camera_does_not_parse(tmp_path: Path, write_named: Callable[..., Path]) -> None:
    root = write_named(tmp_path / "labeled", [*NP_FILES, "query/0003_c3_40.png", "query/0003_c12_40.png"])
    with pytest.raises(ReseenError, match=r"2 of 4 file names in query do not parse as 0003_c1_21.png"):
        read_data(root)


def test_unpacked_images_are_the_arrays(cuhk03_release: Path) -> None:
    told: list[tuple[int, int]] = []
    done = unpack_cuhk03(cuhk03_release, progress=lambda *at: told.append(at))
    labelled, detected = cuhk03_release / "images_labeled", cuhk03_release / "images_detected"
    assert done.written == {labelled: 10, detected: 4}
    assert done.present == ()
    assert told == [(cell, 40) for cell in range(1, 41)], "three persons and one of ten cells"
    names = sorted(path.name for path in labelled.iterdir())
    assert names[:4] == ["1_001_1_01.png", "1_001_1_02.png", "1_001_2_06.png", "1_002_1_01.png"]
    assert names[-1] == "2_001_2_10.png"
    for name, seed in (("1_001_2_06.png", 2), ("2_001_2_10.png", 9)):
        assert np.array_equal(np.asarray(Image.open(labelled / name)), image_of(seed))
    assert np.array_equal(np.asarray(Image.open(detected / "1_001_2_07.png")), image_of(6))


def test_what_is_unpacked_is_not_written_again(cuhk03_release: Path) -> None:
    unpack_cuhk03(cuhk03_release / "cuhk03_release")
    shutil.rmtree(cuhk03_release / "images_detected")
    (cuhk03_release / "images_labeled/1_001_1_01.png").write_bytes(b"mine")
    done = unpack_cuhk03(cuhk03_release / "cuhk03_release/cuhk-03.mat")
    assert done.written == {cuhk03_release / "images_detected": 4}
    assert done.present == (cuhk03_release / "images_labeled",)
    assert (cuhk03_release / "images_labeled/1_001_1_01.png").read_bytes() == b"mine"


def test_an_interrupted_unpacking_leaves_no_folder_and_begins_anew(cuhk03_release: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpack_cuhk03(cuhk03_release, progress=stop)
    assert not (cuhk03_release / "images_labeled").exists()
    assert unpack_cuhk03(cuhk03_release).written[cuhk03_release / "images_labeled"] == 10
    assert not list(cuhk03_release.glob(".*"))


def test_the_release_form_reads_by_the_protocols_lists(cuhk03_release: Path) -> None:
    unpack_cuhk03(cuhk03_release)
    splits = read_data(cuhk03_release, layout="cuhk03_labelled")
    assert splits.root == cuhk03_release
    assert splits.train.identities.tolist() == ["0001"] * 3
    assert splits.train.cameras.tolist() == ["1", "1", "2"]
    assert splits.query.identities.tolist() == ["0002", "0002", "0003"]
    assert [path.name for path in splits.gallery.paths] == [
        "1_002_1_02.png", "1_002_2_07.png", "2_001_2_06.png", "2_001_2_10.png"
    ]  # fmt: skip


def test_images_still_packed_are_told_how_to_be_unpacked(cuhk03_release: Path) -> None:
    with pytest.raises(ReseenError, match=rf"labelled images in images_labeled/, .*: reseen unpack {cuhk03_release}$"):
        read_data(cuhk03_release, layout="cuhk03_labelled")
    (cuhk03_release / "cuhk03_release/cuhk-03.mat").unlink()
    with pytest.raises(ReseenError, match=r"nor is cuhk-03.mat here to unpack"):
        read_data(cuhk03_release)


def test_missing_lists_of_the_protocol_say_where_to_get_them(cuhk03_release: Path) -> None:
    unpack_cuhk03(cuhk03_release)
    with pytest.raises(ReseenError, match=r"cuhk03_new_protocol_config_detected.mat, got none; they stand in github"):
        read_data(cuhk03_release, layout="cuhk03_detected")


def test_lists_that_are_wrong_are_named(cuhk03_release: Path) -> None:
    unpack_cuhk03(cuhk03_release)
    config = cuhk03_release / "cuhk03_new_protocol_config_labeled.mat"

    def complaint() -> str:
        with pytest.raises(ReseenError) as caught:
            read_data(cuhk03_release, layout="cuhk03_labelled")
        assert "\n" not in str(caught.value)
        return str(caught.value)

    parts = {"train_idx": [1], "query_idx": [2], "gallery_idx": [3]}
    rows = [("1_001_1_01.png", 1), ("1_002_1_01.png", 2), ("1_002_2_06.png", 2)]
    write_config(config, [*rows, ("a.png", 3)], parts)
    assert "got 4 labels and 4 names, 1 of another form: a.png" in complaint()
    write_config(config, rows, {**parts, "gallery_idx": [0]})
    assert "expected rows from 1 to 3 of its list" in complaint()
    write_config(config, [*rows[:2], ("1_009_2_06.png", 2)], parts)
    assert "1 of 1 listed images do not exist" in complaint()
    savemat(config, {"labels": [1.0]})
    assert "got none named train_idx, query_idx, gallery_idx, filelist" in complaint()
    config.write_bytes(b"not MATLAB" * 40)
    assert "cannot be read as a MATLAB file" in complaint()


def with_bytes(data: bytes, at: int, *, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda plain, _: plain[:140], r"expected an element of \d+ bytes, got 4"),
        (lambda plain, _: with_bytes(plain, 128, new=b"\x63"), "expected an array, got an element of type 99"),
        (lambda plain, _: with_bytes(plain, 160, new=b"\x05"), "labels: expected 45 entries by its sizes, got 9"),
        (lambda plain, _: with_bytes(plain, 144, new=b"\x14"), "expected numbers or a cell, got an array of class 20"),
        (lambda plain, _: with_bytes(plain, 184, new=b"\x63"), "expected one element of type 1, .*, got 1: 99"),
        (lambda _, compressed: with_bytes(compressed, 150, new=b"\xff\xff\xff\xff"), "while decompressing data"),
        (lambda plain, _: with_bytes(plain, 124, new=b"\x00\x02IM"), "expected the header of MATLAB 5 to 7, got none"),
        (lambda plain, _: plain[:100], "expected the header of MATLAB 5 to 7, got none"),
        (lambda *_: b"", "expected the header of MATLAB 5 to 7, got none"),
    ],
    ids=[
        "cut short",
        "no matrix",
        "wrong shape",
        "unknown class",
        "unknown type",
        "compressed",
        "MATLAB 7.3",
        "no header",
        "empty",
    ],
)
def test_lists_that_are_damaged_are_one_line(tmp_path: Path, damage: Callable[[bytes, bytes], bytes], why: str) -> None:
    (tmp_path / "images_labeled").mkdir()
    config = tmp_path / "cuhk03_new_protocol_config_labeled.mat"
    whole = []
    for do_compression in (False, True):
        savemat(config, {"labels": np.arange(9.0)}, do_compression=do_compression)
        whole.append(config.read_bytes())
    config.write_bytes(damage(*whole))
    with pytest.raises(ReseenError, match=rf"labeled\.mat: cannot be read as a MATLAB file: .*({why})"):
        read_data(tmp_path, layout="cuhk03_labelled")


def test_a_mat_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=r"expected CUHK03's cuhk-03.mat, or a folder with it, got none"):
        unpack_cuhk03(tmp_path)
    mat = tmp_path / "cuhk-03.mat"
    mat.write_bytes(b"not HDF5")
    with pytest.raises(ReseenError, match=r"cuhk-03.mat: cannot be unpacked: "):
        unpack_cuhk03(mat)
    with h5py.File(mat, "w") as file:
        file["testsets"] = 1
    with pytest.raises(ReseenError, match=r"expected the cells labeled, detected, got testsets"):
        unpack_cuhk03(mat)
    write_mat(mat, {"labeled": [], "detected": []})
    with h5py.File(mat, "a") as file:
        cell = file.create_dataset("x", data=np.empty((3, 1), dtype=h5py.ref_dtype), dtype=h5py.ref_dtype)
        del file["labeled"]
        file.create_dataset("labeled", data=np.array([[cell.ref]], dtype=h5py.ref_dtype), dtype=h5py.ref_dtype)
    with pytest.raises(ReseenError, match=r"labeled: expected 10 cells a person, got 3"):
        unpack_cuhk03(mat)
    assert not (tmp_path / "images_labeled").exists()


def test_published_counts_are_of_767_and_700_identities() -> None:
    for name, total in (("cuhk03_labelled", 14_096), ("cuhk03_detected", 14_097)):
        counts = LAYOUTS[name].published[0].parts
        assert sum(count.images for count in counts.values()) == total
        assert [count.identities for count in counts.values()] == [767, 700, 700]
