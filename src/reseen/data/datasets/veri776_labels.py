"""Colours and types of VeRi-776's vehicles, which its label files give for each image.

``train_label.xml`` and ``test_label.xml`` hold one ``<Item imageName="..." colorID="1" typeID="4" .../>`` an image;
``list_color.txt`` and ``list_type.txt`` one line a number and its word: ``1 yellow``.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import polars

from reseen.data.datasets.items import read_items
from reseen.data.table import Split
from reseen.errors import ReseenError

_WORD = re.compile(r"\s*(\d+)[\s.:,]+(.+?)\s*")


class VehicleAttributes(NamedTuple):
    """A vehicle's ``colour`` and ``type`` in words, or by number where the lists of words are not there."""

    colour: str | None
    type: str | None


def read_attributes(root: Path, part: str) -> dict[str, VehicleAttributes]:
    """File name -> attributes of the "train" or "test" labels below ``root``; empty without the file.

    Raises ReseenError for an item without the name of its image, and a line of words that is none.
    """
    path = root / f"{part}_label.xml"
    colours, types = _words(root / "list_color.txt"), _words(root / "list_type.txt")
    found = {}
    for item in read_items(path):
        if "imageName" not in item:
            raise ReseenError(f'{path}: expected imageName="..." in each Item, got {item}')
        found[item["imageName"]] = VehicleAttributes(
            _known(item.get("colorID"), colours), _known(item.get("typeID"), types)
        )
    return found


def with_attributes(split: Split, attributes: Mapping[str, VehicleAttributes]) -> Split:
    """The split with the columns ``colour`` and ``type``, null where nothing is known; as it is without attributes."""
    if not attributes:
        return split
    rows = [attributes.get(path.name, VehicleAttributes(None, None)) for path in split.paths]
    columns = [
        polars.Series(name, [getattr(row, name) for row in rows], dtype=polars.String)
        for name in VehicleAttributes._fields
    ]
    return Split(split.frame.with_columns(columns))


def _known(number: str | None, words: Mapping[str, str]) -> str | None:
    return None if number is None else words.get(number.strip(), number.strip())


def _words(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    words = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        found = _WORD.fullmatch(line)
        if found is None:
            raise ReseenError(f"{path}:{number}: expected a number and a word such as '1 yellow', got {line[:60]!r}")
        words[found[1]] = found[2]
    return words
