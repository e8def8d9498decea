"""Options that choose records of a gallery: camera, time and the values of fields."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.errors import ReseenError, unknown

if TYPE_CHECKING:  # the commands are listed without loading the gallery
    from reseen.retrieval.filters import FieldFilter

_BOOLEANS: Mapping[str, bool] = MappingProxyType({"true": True, "false": False})

GalleryAddress = Annotated[str, typer.Argument(help="A gallery: a folder, or an object store's address.")]
Cameras = Annotated[list[str], typer.Option("--camera", help="Only images of this camera; may be repeated.")]
After = Annotated[str | None, typer.Option(help="Only from this time on, as 2026-05-01T12:30+02:00; UTC by default.")]
Before = Annotated[str | None, typer.Option(help="Only before this time.")]
Where = Annotated[
    list[str],
    typer.Option(
        metavar="FIELD=VALUE", help="Only where a field has this value: colour=red, lane=1,2 or speed=30..50."
    ),
]


def read_filters(filters: Sequence[str], kinds: Mapping[str, str]) -> "dict[str, FieldFilter]":
    """``FIELD=VALUE`` for fields of ``kinds`` (string, number, boolean); identity and image are strings.

    ReseenError for a filter that cannot be read.
    """
    known = {**kinds, "identity": "string", "picture": "string"}
    read: dict[str, FieldFilter] = {}
    for filter_ in filters:
        name, equals, value = filter_.partition("=")
        if not equals:
            raise ReseenError(f"--where: expected FIELD=VALUE, got '{filter_}'")
        if name not in known:
            raise ReseenError(f"--where: {unknown('field', name, known)}")
        read[name] = _filter(filter_, value, known[name])
    return read


def _filter(filter_: str, value: str, kind: str) -> "FieldFilter":
    from reseen.retrieval.filters import Span

    if kind == "string":
        return value.split(",")
    try:
        if kind == "boolean":
            return _BOOLEANS[value]
        low, dots, high = value.partition("..")
        if dots:
            return Span(float(low) if low else None, float(high) if high else None)
        return [float(number) for number in value.split(",")]
    except (ValueError, KeyError):
        expected = {"boolean": "true or false", "number": "a number, several with commas, or LOW..HIGH"}[kind]
        raise ReseenError(f"--where: {filter_}: expected {expected}") from None


def read_changes(changes: Sequence[str], kinds: Mapping[str, str]) -> dict[str, "str | float | bool | datetime | None"]:
    """``COLUMN=VALUE``: a known field's value by its kind, a new field's as a string; nothing after = empties."""
    from reseen.retrieval.sources import read_time

    read: dict[str, str | float | bool | datetime | None] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise ReseenError(f"--set: expected COLUMN=VALUE, got '{change}'")
        if not value:
            read[name] = None
        elif name == "time":
            read[name] = read_time(value)
        else:
            read[name] = _value(change, value, kinds.get(name, "string"))
    return read


def _value(change: str, value: str, kind: str) -> str | float | bool:
    try:
        return value if kind == "string" else _BOOLEANS[value] if kind == "boolean" else float(value)
    except (ValueError, KeyError):
        raise ReseenError(f"--set: {change}: expected a {kind}") from None
