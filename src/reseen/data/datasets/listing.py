"""Lists of images: text files with an image a line, as MSMT17, VehicleID and VERI-Wild have them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from reseen.data.table import Split, first, split_of
from reseen.errors import ReseenError


class LineFormat(NamedTuple):
    """The format of a line: a pattern that matches the whole line, and an example for messages."""

    pattern: re.Pattern[str]
    example: str


class ListEntry(NamedTuple):
    """An image that a list names."""

    path: Path
    identity: str
    camera: str | None = None


def read_list(path: Path, form: LineFormat) -> list[re.Match[str]]:
    """Match each line that is not empty. ReseenError for no list, an empty one, or lines of another format."""
    if not path.is_file():
        raise ReseenError(f"{path}: no such list; expected a line per image like '{form.example}'")
    text = path.read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [(number, line.strip()) for number, line in enumerate(text, start=1) if line.strip()]
    if not lines:
        raise ReseenError(f"{path}: expected a line per image like '{form.example}', got none")
    matches = [(number, line, form.pattern.fullmatch(line)) for number, line in lines]
    wrong = [f"line {number} {line[:60]!r}" for number, line, match in matches if not match]
    if wrong:
        raise ReseenError(f"{path}: {len(wrong)} of {len(lines)} lines are not like '{form.example}': {first(wrong)}")
    return [match for _, _, match in matches if match]


def listed_split(entries: Sequence[ListEntry], *, source: Path) -> Split:
    """The Split of the images that ``source`` lists. ReseenError for missing files."""
    missing = [str(entry.path) for entry in entries if not entry.path.is_file()]
    if missing:
        raise ReseenError(f"{source}: {len(missing)} of {len(entries)} listed images do not exist: {first(missing)}")
    cameras = [entry.camera for entry in entries]
    return split_of([entry.path for entry in entries], [entry.identity for entry in entries], cameras=cameras)


def first_of(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of the names that is a file in the folder."""
    return next((folder / name for name in names if (folder / name).is_file()), None)
