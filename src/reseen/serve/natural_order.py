"""Names in the order that people expect: camera 2 before camera 10."""

import re
from collections.abc import Iterable


def in_natural_order(names: Iterable[str]) -> list[str]:
    """Sort names with their numbers as numbers.

    >>> in_natural_order(["c10", "c2"])
    ['c2', 'c10']
    """
    return sorted(names, key=_text_and_numbers)


def _text_and_numbers(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
