"""Reads whole numbers and cells of text from a file of MATLAB 5 to 7, and refuses whatever is damaged.

An element is a tag, which says its type and its bytes, then data; an array is a matrix element, whose data are the
elements flags, sizes, name and contents ("MAT-File Format", The MathWorks, chapter 1). scipy's reader believes types
that it does not check, so damaged bytes may end the process.
"""

import math
import struct
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_HEADER = 128
_ORDERS: Mapping[bytes, str] = MappingProxyType({b"\x00\x01IM": "<", b"\x01\x00MI": ">"})
"""How the header ends in either order of bytes, and numpy's sign of it."""
_NAME, _SIZES, _FLAGS, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
"""Types of elements."""
_NUMBERS: Mapping[int, str] = MappingProxyType(
    {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
)
_TEXTS: Mapping[int, str] = MappingProxyType({1: "utf-8", 2: "utf-8", 4: "utf-16", 16: "utf-8", 17: "utf-16"})
"""How elements of these types hold numbers, and text."""
_ENDS: Mapping[str, str] = MappingProxyType({"<": "-le", ">": "-be"})
_CELL, _TEXT, _NUMERIC, _OBJECT = 1, 4, range(6, 16), 17
"""Classes of arrays."""
_MOST = 16 << 20
"""Bytes of an array that was compressed; CUHK03's lists take about 2 MB."""
_SIZES_OF_AN_ARRAY = range(2, 33)


class Variables(NamedTuple):
    """By name, numbers (N,) in MATLAB's order, column by column, and cells of text."""

    numbers: dict[str, npt.NDArray[np.int64]]
    texts: dict[str, list[str]]


class _Array(NamedTuple):
    name: str
    kind: int
    entries: int
    contents: list[tuple[int, memoryview]]


def read_matlab_5(path: Path, *, names: Collection[str]) -> Variables:
    """The variables of these names that a file has; others are left alone.

    MATLAB 4 has no cells, and 7.3 is HDF5: neither is read. Raises ValueError for a file that is neither whole nor of
    MATLAB 5 to 7, and for such a variable that holds anything else; OSError where the file cannot be read.
    """
    data = memoryview(path.read_bytes())
    order = _ORDERS.get(bytes(data[_HEADER - 4 : _HEADER]))
    if order is None:
        raise ValueError("expected the header of MATLAB 5 to 7, got none")
    found = Variables({}, {})
    for kind, content in _elements(data[_HEADER:], order):
        array = _array(*(_unpacked(content, order) if kind == _COMPRESSED else (kind, content)), order)
        if array.name in found.texts or array.name in found.numbers:
            raise ValueError(f"{array.name}: stands there twice")
        if array.name in names and array.kind == _CELL:
            found.texts[array.name] = _texts(array, order)
        elif array.name in names:
            found.numbers[array.name] = _numbers(array, order)
    return found


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """The type and the data of one element after the other."""
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise ValueError(f"expected an element, got {len(data) - at} bytes")
        kind, size = struct.unpack_from(f"{order}II", data, at)
        start = at + 8
        if kind >> 16:  # up to four bytes stand in the tag itself
            kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
        if start + size > len(data) or (start == at + 4 and size > 4):
            raise ValueError(f"expected an element of {size} bytes, got {len(data) - start}")
        yield kind, data[start : start + size]
        at = at + 8 if start == at + 4 else start + size + (-size % 8 if kind != _COMPRESSED else 0)


def _unpacked(content: memoryview, order: str) -> tuple[int, memoryview]:
    """The one element that was compressed."""
    expand = zlib.decompressobj()
    try:
        data = expand.decompress(content, _MOST)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not expand.eof or expand.unused_data:
        raise ValueError(f"expected one whole compressed array of at most {_MOST:,} bytes, got less, more or another")
    inside = list(_elements(memoryview(data), order))
    if len(inside) != 1:
        raise ValueError(f"expected one compressed array, got {len(inside)}")
    return inside[0]


def _array(kind: int, content: memoryview, order: str) -> _Array:
    if kind != _MATRIX:
        raise ValueError(f"expected an array, got an element of type {kind}")
    elements = list(_elements(content, order))
    if [found for found, _ in elements[:2]] == [_FLAGS, _NAME]:  # MATLAB's own objects have no sizes
        return _Array("", _OBJECT, 0, [])
    if [found for found, _ in elements[:3]] != [_FLAGS, _SIZES, _NAME]:
        raise ValueError(f"expected flags, sizes and name of an array, got {len(elements)} elements of other types")
    flags, sizes, name = (data for _, data in elements[:3])
    if len(flags) != 8 or len(sizes) / 4 not in _SIZES_OF_AN_ARRAY:
        raise ValueError(f"expected 8 bytes of flags and 2 to 32 sizes, got {len(flags)} and {len(sizes)} bytes")
    shape = struct.unpack(f"{order}{len(sizes) // 4}i", sizes)
    if min(shape) < 0:
        raise ValueError(f"expected sizes of at least 0, got {min(shape)}")
    (word,) = struct.unpack_from(f"{order}I", flags)
    return _Array(str(name, "ascii"), word & 0xFF, math.prod(shape), elements[3:])


def _texts(cell: _Array, order: str) -> list[str]:
    _check_filled(cell, len(cell.contents))
    return [_text(_array(*content, order), order) for content in cell.contents]


def _text(array: _Array, order: str) -> str:
    if array.kind != _TEXT:
        raise ValueError(f"expected cells of text, got an array of class {array.kind}")
    kind, data = _only(array, _TEXTS)
    text = str(data, _TEXTS[kind] + (_ENDS[order] if _TEXTS[kind] == "utf-16" else ""))
    _check_filled(array, len(text))
    if not text.isprintable():
        raise ValueError(f"expected text of one line, got {text[:40]!r}")
    return text


def _numbers(array: _Array, order: str) -> npt.NDArray[np.int64]:
    if array.kind not in _NUMERIC:
        raise ValueError(f"{array.name}: expected numbers or a cell, got an array of class {array.kind}")
    kind, data = _only(array, _NUMBERS)
    dtype = np.dtype(order + _NUMBERS[kind])
    _check_filled(array, len(data) / dtype.itemsize)
    values = np.frombuffer(data, dtype=dtype)
    with np.errstate(invalid="ignore"):
        whole = values.astype(np.int64)
    if (whole != values).any():
        raise ValueError(f"{array.name}: expected whole numbers, got {values[whole != values][0]}")
    return whole


def _only(array: _Array, kinds: Mapping[int, str]) -> tuple[int, memoryview]:
    """The one element that an array of numbers or text holds."""
    found = [kind for kind, _ in array.contents]
    if len(found) != 1 or found[0] not in kinds:
        raise ValueError(
            f"{array.name or 'a cell'}: expected one element of type {_listed(kinds)}, got {len(found):,}"
            f"{': ' if found else ''}{_listed(found[:3])}"
        )
    return array.contents[0]


def _check_filled(array: _Array, entries: float) -> None:
    if entries != array.entries:
        raise ValueError(f"{array.name or 'a cell'}: expected {array.entries} entries by its sizes, got {entries:g}")


def _listed(kinds: Iterable[int]) -> str:
    return ", ".join(map(str, kinds))
