"""Two runs on one page: scores and their difference, the same queries, and what differs in recipe and environment."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, takewhile
from pathlib import Path
from typing import NamedTuple

from reseen.data.summary import SplitSummary
from reseen.files import write_text
from reseen.report.page import Intervals, ScoreRow, Table, render
from reseen.report.pictures import Picture


class Change(NamedTuple):
    """One setting and its value in either run, as text; empty where it is not set."""

    setting: str
    first: str
    second: str


@dataclass(frozen=True)
class BesideContent:
    """What the page of two runs shows. ``first`` and ``second`` are their score rows, whose names name the runs.

    ``differences``: intervals of second minus first, paired by query, as far as they are known. ``recipe`` and
    ``environment`` hold what differs; ``recipe_alike`` is the number of settings that do not.
    """

    first: ScoreRow
    second: ScoreRow
    settings: str = ""
    summary: str = ""
    differences: Intervals = field(default_factory=dict)
    pictures: Sequence[Picture] = ()
    explanations: Sequence[Table] = ()
    data: Sequence[SplitSummary] = ()
    data_facts: Mapping[str, str] = field(default_factory=dict)
    recipe: Sequence[Change] = ()
    recipe_alike: int = 0
    environment: Sequence[Change] = ()
    commands: Sequence[str] = ()

    @property
    def title(self) -> str:
        """Both names."""
        return f"{self.first.name} and {self.second.name}"


def write_beside(path: Path, content: BesideContent) -> None:
    """Write the page, whole or not at all. Every text in it is escaped."""
    write_text(path, render_beside(content))


def render_beside(content: BesideContent) -> str:
    """The page as text."""
    return render("beside.html", content=content, systems=[content.first, content.second])


def changes(first: Mapping[str, str], second: Mapping[str, str]) -> list[Change]:
    """The settings that differ, in the order of the first, then those of the second alone.

    A table that is empty in one and not in the other is told by the other's lines.
    """
    names = dict.fromkeys([*first, *second])
    tables = {parent for name in names for parent in accumulate(name.split(".")[:-1], "{}.{}".format)}
    return [
        Change(name, first.get(name, ""), second.get(name, ""))
        for name in names
        if first.get(name) != second.get(name) and name not in tables
    ]


def flat_settings(recipe: str) -> dict[str, str]:
    """TOML text -> a dotted name for each line, with its value as JSON.

    >>> flat_settings("[model.attention]\\nstage1 = 'rga_s'")
    {'model.attention.stage1': '"rga_s"'}
    """
    flat: dict[str, str] = {}

    def lay(table: Mapping[str, object], above: str) -> None:
        for name, value in table.items():
            if isinstance(value, Mapping) and value:
                lay(value, f"{above}{name}.")
            else:
                flat[f"{above}{name}"] = json.dumps(value, ensure_ascii=False, default=str)

    lay(tomllib.loads(recipe), "")
    return flat


def distinct_names(first: Path, second: Path) -> tuple[str, str]:
    """What two paths do not share at either end, to name them by; the whole paths where that leaves nothing.

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
