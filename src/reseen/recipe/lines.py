"""Recipe lines that name an entry of a table: checked against the entry's own signature, defaults written out."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from reseen.data.transforms import PROVIDED, TRANSFORMS
from reseen.errors import unknown
from reseen.recipe.settings import plain_settings

Entry = dict[str, Any]
Table = Mapping[str, Callable[..., object]]


def known(kind: str, name: str, table: Mapping[str, object]) -> str:
    """The name, if the table has it; else a ValueError that names the nearest."""
    if name not in table:
        raise ValueError(unknown(kind, name, table))
    return name


def entry_settings(kind: str, name: str, table: Table, *, settings: Entry, provided: Collection[str] = ()) -> Entry:
    """The settings of the entry ``name`` with its defaults; ``provided``: parameters the program supplies."""
    known(kind, name, table)
    try:
        return plain_settings(table[name], settings, provided=provided)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def weighted_entry(kind: str, name: str, table: Table, *, settings: Entry, provided: Collection[str] = ()) -> Entry:
    """The same for a line that also has a ``weight``, 1 where it says none."""
    weight = settings.get("weight", 1.0)
    if not isinstance(weight, int | float) or isinstance(weight, bool) or weight <= 0:
        raise ValueError(f"{name}: weight: expected a number above 0, got {weight!r}")
    own = {key: value for key, value in settings.items() if key != "weight"}
    return {"weight": float(weight), **entry_settings(kind, name, table, settings=own, provided=provided)}


def named_entry(kind: str, table: Table, *, settings: Entry, provided: Collection[str] = ()) -> Entry:
    """The same for a section that chooses one entry by its ``name``."""
    name = settings.get("name")
    if not isinstance(name, str):
        raise ValueError(  # noqa: TRY004 - pydantic reports ValueError only
            f"expected name = one of {', '.join(sorted(table))}, got {name!r}"
        )
    own = {key: value for key, value in settings.items() if key != "name"}
    return {"name": name, **entry_settings(kind, name, table, settings=own, provided=provided)}


def transform_lines(lines: Mapping[str, Entry]) -> dict[str, Entry]:
    """The [transforms] of a recipe, each checked, in their order."""
    return {
        name: entry_settings("transform", name, TRANSFORMS, settings=settings, provided=PROVIDED)
        for name, settings in lines.items()
    }


def without_name(entry: Mapping[str, object]) -> dict[str, object]:
    """The settings of a line that has chosen its entry by name."""
    return {key: value for key, value in entry.items() if key != "name"}
