"""What a table says of identities besides who they are: its extra columns, one class an identity."""

from collections import Counter
from typing import NamedTuple

from reseen.data.table import COLUMNS, Split, numbers

_NO_ATTRIBUTES = (*COLUMNS, "split", "track")


def identity_attributes(split: Split) -> dict[str, list[int]]:
    """Extra column -> the class of each identity (I,), in the order of their names, or `UNKNOWN`.

    Classes are numbered from the sorted values that identities have. An identity's is what most of its images say, the
    first in the alphabet where two are as many; null says nothing.

    >>> from reseen.data.table import split_of
    >>> split = split_of(["a", "b", "c"], ["7", "2", "2"], extra={"colour": ["red", None, "blue"]})
    >>> identity_attributes(split)
    {'colour': [0, 1]}
    """
    return {column: _classes(split, column).of_identity for column in _columns(split)}


def attribute_classes(split: Split) -> dict[str, list[str]]:
    """Extra column -> the names of its classes, in the order in which `identity_attributes` numbers them.

    >>> from reseen.data.table import split_of
    >>> attribute_classes(split_of(["a", "b", "c"], ["7", "2", "2"], extra={"colour": ["red", None, "blue"]}))
    {'colour': ['blue', 'red']}
    """
    return {column: _classes(split, column).names for column in _columns(split)}


class _Classes(NamedTuple):
    """The ``names`` of an attribute's classes, and the number of each identity's (I,)."""

    names: list[str]
    of_identity: list[int]


def _columns(split: Split) -> list[str]:
    return [column for column in split.frame.columns if column not in _NO_ATTRIBUTES]


def _classes(split: Split, column: str) -> _Classes:
    names = split.identity_names
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    for identity, value in split.frame.select("identity", column).iter_rows():
        if value is not None:
            counts[identity][str(value)] += 1
    most = [min(found, key=lambda value: (-found[value], value), default=None) for found in counts.values()]
    classes = sorted({value for value in most if value is not None})
    return _Classes(classes, [int(number) for number in numbers(classes, most)])
