"""The classes of boxes in MOT text: what their numbers mean, in a file beside the tracks."""

from collections.abc import Mapping
from pathlib import Path

from reseen.errors import ReseenError

CLASS_NAMES = "classes.txt"
"""Lines `1 person`: a number of the eighth column of MOT text, and what it means."""


def read_classes(path: Path) -> Mapping[int, str]:
    """The names of classes by their numbers; empty without the file, when the eighth column is not looked at.

    Raises ReseenError for a file that is no text, a line of another form, and a number that has two names.
    """
    if not path.is_file():
        return {}
    names: dict[int, str] = {}
    for place, line in enumerate(_lines(path), start=1):
        words = line.split(maxsplit=1)
        if not words:
            continue
        if len(words) < 2 or not words[0].isdecimal() or int(words[0]) in names:
            raise ReseenError(
                f"{path}: line {place}: expected a new number and a name, such as 1 person, got '{line.strip()}'; "
                "rename the file if it is of something else"
            )
        names[int(words[0])] = words[1].strip()
    return names


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ReseenError(f"{path}: expected names of classes, a line each; it is not text") from None
