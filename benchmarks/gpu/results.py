"""The results of one card and commit: rows as JSON, and the same as Markdown, whole at every moment."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gpu.part import PARTS, Row

EMPTY: Mapping[str, object] = {"rows": (), "done": (), "under way": None, "complete": False}
"""A part of which nothing is known yet."""


class Results:
    """``folder``/results.json and results.md, read when made and written anew with each row."""

    def __init__(self, folder: Path) -> None:
        self.file, self.table = folder / "results.json", folder / "results.md"
        self._told: dict[str, Any] = {"machine": {}, "calls": [], "parts": {}}
        if self.file.exists():
            self._told = json.loads(self.file.read_text(encoding="utf-8"))

    def begin(self, machine: Mapping[str, str], *, command: str) -> None:
        """Note a call: on what, when, and by which command."""
        self._told["machine"] = dict(machine)
        self._told["calls"].append({"date": now(), "command": command})
        self._write()

    def add(self, part: str, cell: str, row: Row) -> None:
        """Keep a row; it takes the place of one of the same name."""
        rows = self._part(part)["rows"]
        kept = [one for one in rows if one["row"] != row["row"]]
        self._part(part)["rows"] = [*kept, {**row, "cell": cell, "date": now()}]
        self._write()

    def start(self, part: str, cell: str) -> None:
        """Note that a cell is under way; what it failed of before is forgotten."""
        told = self._part(part)
        told["rows"] = [row for row in told["rows"] if row["cell"] != cell or "failed" not in row]
        told["under way"] = cell
        self._write()

    def finish(self, part: str, cell: str) -> None:
        """Note that a cell is through and need not be measured again."""
        self._part(part)["done"].append(cell)
        self._part(part)["under way"] = None
        self._write()

    def under_way(self, part: str) -> str | None:
        """The cell that was begun and is not through, if there is one."""
        found: str | None = self._part(part)["under way"]
        return found

    def complete(self, part: str) -> None:
        """Note that nothing is left to do in a part."""
        self._part(part)["complete"] = True
        self._write()

    def done(self, part: str) -> set[str]:
        """The cells that are through."""
        return set(self._part(part)["done"])

    def is_complete(self, part: str) -> bool:
        """Whether nothing is left to do in a part."""
        return bool(self._part(part)["complete"])

    def rows(self, part: str) -> list[Row]:
        """The rows of a part so far."""
        return list(self._part(part)["rows"])

    def _part(self, part: str) -> dict[str, Any]:
        found: dict[str, Any] = self._told["parts"].setdefault(part, dict(EMPTY, rows=[], done=[]))
        return found

    def _write(self) -> None:
        from reseen.files import write_json, write_text

        write_json(self.file, self._told)
        write_text(self.table, self.markdown())

    def markdown(self) -> str:
        """One table a part, under what was measured on."""
        machine = self._told["machine"]
        lines = ["# Measured on a GPU", "", *(f"- {name}: {value}" for name, value in machine.items())]
        lines += [f"- {call['date']}: `{call['command']}`" for call in self._told["calls"]]
        for part in PARTS:
            rows = self.rows(part.name) if part.name in self._told["parts"] else []
            if rows:
                lines += ["", f"## {part.title}"]
                lines += [line for kind in kinds(rows) for line in ("", *table(kind))]
        return "\n".join(lines) + "\n"


def kinds(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows, those that have a column in common together; one that failed belongs to those before it."""
    found: list[list[Row]] = []
    for row in rows:
        columns = row.keys() - {"row", "cell", "date"}
        fits = [kind for kind in found if any(columns & other.keys() for other in kind)]
        if fits:
            fits[0].append(row)
        elif found and "failed" in row:
            found[-1].append(row)
        else:
            found.append([row])
    return found


def table(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Markdown, with a column for everything that any row has but its cell and date."""
    columns = list(dict.fromkeys(column for row in rows for column in row if column not in {"cell", "date"}))
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return head + [f"| {' | '.join(said(row.get(column)) for column in columns)} |" for row in rows]


def said(value: object) -> str:
    """A cell's text: four digits of a number, nothing for nothing."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def now() -> str:
    """The date and time, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
