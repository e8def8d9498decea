"""MATLAB's files are read as scipy reads them, and damaged ones refused, where scipy's reader may end the process."""

import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from reseen.data.datasets.matlab5 import read_matlab_5

NAMES = np.array([["1_001_1_01.png"], ["1_é.png"], [""]], dtype=object)
LISTS = {"filelist": NAMES, "labels": np.array([[1.0, 2], [3, 70_000]]), "small": np.arange(-3, 3, dtype=np.int8)}


@pytest.mark.parametrize("compressed", [False, True])
def test_numbers_and_texts_are_those_that_scipy_reads(tmp_path: Path, compressed: bool) -> None:
    savemat(tmp_path / "a.mat", {**LISTS, "unknown": {"a": 1}}, do_compression=compressed)
    found, expected = read_matlab_5(tmp_path / "a.mat", names=LISTS), loadmat(tmp_path / "a.mat")
    assert {name: values.tolist() for name, values in found.numbers.items()} == {
        name: expected[name].ravel(order="F").tolist() for name in ("labels", "small")
    }
    assert found.texts == {"filelist": ["".join(cell) for cell in expected["filelist"].ravel()]}


def element(kind: int, data: bytes) -> bytes:
    return struct.pack(">II", kind, len(data)) + data + bytes(-len(data) % 8)


def array(kind: int, shape: tuple[int, int], name: str, *contents: bytes) -> bytes:
    parts = (element(6, struct.pack(">II", kind, 0)), element(5, struct.pack(">ii", *shape)), element(1, name.encode()))
    return element(14, b"".join((*parts, *contents)))


def test_the_other_order_of_bytes_and_values_in_the_tag_itself_are_read(tmp_path: Path) -> None:
    inside_tag = struct.pack(">HH", 4, 4) + struct.pack(">HH", 513, 2)  # four bytes of type 4
    text = array(4, (1, 2), "", element(17, "é7".encode("utf-16-be")))
    arrays = array(6, (1, 2), "n", inside_tag), array(6, (1, 1), "d", element(9, struct.pack(">d", -5)))
    content = b"MATLAB".ljust(124) + b"\x01\x00MI" + b"".join(arrays) + array(1, (1, 1), "t", text)
    (tmp_path / "a.mat").write_bytes(content)
    found, expected = read_matlab_5(tmp_path / "a.mat", names="ndt"), loadmat(tmp_path / "a.mat")
    assert {name: values.tolist() for name, values in found.numbers.items()} == {"n": [513, 2], "d": [-5]}
    assert (expected["n"].tolist(), expected["d"].tolist()) == ([[513, 2]], [[-5]])
    assert found.texts == {"t": ["é7"]}
    assert expected["t"][0, 0].tolist() == ["é7"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.array([1.0, np.nan]), "a: expected whole numbers, got nan"),
        (np.array([0.5]), "a: expected whole numbers, got 0.5"),
        (np.array([1e30]), r"a: expected whole numbers, got 1e\+30"),
        (np.array([1j]), "a: expected one element of type 1, .*, got 2: 9, 9"),
        ("text", "a: expected numbers or a cell, got an array of class 4"),
        (np.array([[1.0]], dtype=object), "expected cells of text, got an array of class 6"),
        (np.array([["a\nb"]], dtype=object), r"expected text of one line, got 'a\\nb'"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, value: object, why: str) -> None:
    savemat(tmp_path / "a.mat", {"a": value})
    assert read_matlab_5(tmp_path / "a.mat", names=["b"]) == ({}, {})
    with pytest.raises(ValueError, match=why):
        read_matlab_5(tmp_path / "a.mat", names=["a"])


@pytest.mark.parametrize("compressed", [False, True])
def test_whatever_is_damaged_is_one_line(tmp_path: Path, compressed: bool) -> None:
    path, draw, refusals = tmp_path / "a.mat", random.Random(0), []
    savemat(path, LISTS, do_compression=compressed)
    whole = path.read_bytes()
    for _ in range(400):
        damaged = bytearray(whole[: draw.choice([len(whole), draw.randrange(1, len(whole))])])
        for _ in range(draw.randrange(1, 6)):
            damaged[draw.randrange(128, len(whole)) % len(damaged)] = draw.randrange(256)
        path.write_bytes(damaged)
        try:
            read_matlab_5(path, names=LISTS)
        except ValueError as error:
            refusals.append(str(error))
    assert len(refusals) > 200
    assert not any("\n" in refusal for refusal in refusals)


def test_sizes_and_compressed_arrays_beyond_reason_are_refused_at_once(tmp_path: Path) -> None:
    def read(*elements: bytes) -> object:
        (tmp_path / "a.mat").write_bytes(b"MATLAB".ljust(124) + b"\x01\x00MI" + b"".join(elements))
        return read_matlab_5(tmp_path / "a.mat", names=["n"])

    numbers = element(2, bytes(9))
    whole = array(6, (3, 3), "n", numbers)
    assert read(array(6, (3, 3), "other", numbers), whole).numbers["n"].tolist() == [0] * 9
    with pytest.raises(ValueError, match="expected sizes of at least 0, got -3"):
        read(array(6, (-3, -3), "n", numbers))
    with pytest.raises(ValueError, match="n: stands there twice"):
        read(whole, whole)
    with pytest.raises(ValueError, match="8 bytes of flags and 2 to 32 sizes, got 8 and 400 bytes"):
        read(element(14, element(6, bytes(8)) + element(5, bytes(400)) + element(1, b"n")))
    for packed in (zlib.compress(bytes(20 << 20)), zlib.compress(whole)[:-6], zlib.compress(whole) + b"more"):
        with pytest.raises(ValueError, match="expected one whole compressed array of at most 16,777,216 bytes"):
            read(struct.pack(">II", 15, len(packed)) + packed)


def test_an_object_of_matlabs_own_is_left_alone(tmp_path: Path) -> None:
    made = element(14, element(6, struct.pack(">II", 17, 0)) + element(1, b"when") + element(1, b"datetime"))
    numbers = array(6, (1, 1), "n", element(2, b"\x07"))
    (tmp_path / "a.mat").write_bytes(b"MATLAB".ljust(124) + b"\x01\x00MI" + made + numbers)
    assert read_matlab_5(tmp_path / "a.mat", names=["n"]).numbers["n"].tolist() == [7]
