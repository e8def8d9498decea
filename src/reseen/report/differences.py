"""How two runs differ: the settings of their recipes, facts about their environments, and names to tell them apart."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from itertools import accumulate, takewhile
from pathlib import Path
from typing import NamedTuple

from reseen.report.page import Section, Table


class Change(NamedTuple):
    """One setting and its value in either run, as text; empty where it is not set."""

    setting: str
    first: str
    second: str


def changes(first: Mapping[str, str], second: Mapping[str, str]) -> list[Change]:
    """The settings that differ, in the order of the first, then those of the second alone.

    A table that is empty in one and not in the other is left out: the other's lines say the same.
    """
    names = dict.fromkeys([*first, *second])
    tables = {parent for name in names for parent in accumulate(name.split(".")[:-1], "{}.{}".format)}
    return [
        Change(name, first.get(name, ""), second.get(name, ""))
        for name in names
        if first.get(name) != second.get(name) and name not in tables
    ]


def change_section(title: str, changed: Sequence[Change], *, names: tuple[str, str]) -> Section:
    """What differs between two runs of these ``names``; empty where nothing does."""
    rows = [(change.setting, change.first or "not set", change.second or "not set") for change in changed]
    return Section(title, [Table(title, ("setting", *names), rows, kind="changes")] if rows else [])


def recipe_section(changed: Sequence[Change], *, names: tuple[str, str], alike: int) -> Section:
    """The settings in which two recipes differ, and the number of those that are ``alike``."""
    note = f"{alike} more settings are the same in both." if changed else "The recipes are the same, line by line."
    return change_section("Recipe", changed, names=names)._replace(notes=[note])


def flat_settings(recipe: str) -> dict[str, str]:
    """TOML text -> a dotted name for each line, with its value as JSON.

    >>> flat_settings("[model.attention]\\nstage1 = 'rga_s'")
    {'model.attention.stage1': '"rga_s"'}
    """
    flat: dict[str, str] = {}

    def flatten(table: Mapping[str, object], above: str) -> None:
        for name, value in table.items():
            if isinstance(value, Mapping) and value:
                flatten(value, f"{above}{name}.")
            else:
                flat[f"{above}{name}"] = json.dumps(value, ensure_ascii=False, default=str)

    flatten(tomllib.loads(recipe), "")
    return flat


def distinct_names(first: Path, second: Path) -> tuple[str, str]:
    """The parts of two paths between what they share at either end; the whole paths where nothing is left.

    >>> distinct_names(Path("runs/lka/seed-0"), Path("runs/rga/seed-0"))
    ('lka', 'rga')
    """
    paths = [path.resolve().parts for path in (first, second)]
    start = _shared(*paths)
    ends = [parts[start:] for parts in paths]
    shared = _shared(*(end[::-1] for end in ends))
    names = ["/".join(end[: len(end) - shared]) for end in ends]
    return (names[0], names[1]) if all(names) else (str(first), str(second))


def _shared(first: Sequence[str], second: Sequence[str]) -> int:
    """How many entries two sequences begin with alike."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))))
