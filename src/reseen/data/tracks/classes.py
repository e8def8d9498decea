"""The classes of boxes in MOT text: what their numbers mean, in a file beside the tracks."""

from collections.abc import Mapping
from pathlib import Path

from reseen.errors import ReseenError

CLASS_NAMES = "classes.txt"
"""Lines `1 person`: a number of the eighth column of MOT text, and what it means."""


def read_classes(path: Path) -> Mapping[int, str]:
    """The names of classes by their numbers; empty without the file, when the eighth column is not looked at.

    Raises ReseenError for a line of another form and for a number that has two names.
    """
    if not path.is_file():
        return {}
    names: dict[int, str] = {}
    for place, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        number, _, name = line.strip().partition(" ")
        if not line.strip():
            continue
        if not number.isdecimal() or not name.strip() or int(number) in names:
            raise ReseenError(f"{path}: line {place}: expected a new number and a name, got '{line.strip()}'")
        names[int(number)] = name.strip()
    return names
