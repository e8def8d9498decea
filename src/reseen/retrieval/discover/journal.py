"""The journal of decisions: one line of JSON a step, so that decisions can be undone and refusals are remembered.

A decision that changes the gallery has two lines: what is about to be done, and that it is done. Whoever is killed
between the two leaves a pending step, of which the gallery itself shows whether it was done. A last line without its
end was never acknowledged, and is dropped.
"""

import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from reseen.errors import ReseenError
from reseen.files import write_bytes
from reseen.formats import migrated, with_format
from reseen.retrieval.discover.proposal import Proposal

What: TypeAlias = Literal["accept", "refuse", "undo"]


class Decision(NamedTuple):
    """What was decided of a proposal: ``accept``, with the ``name`` its records got, ``refuse``, or ``undo`` of either.

    ``number`` counts all steps of a gallery from 1; ``of`` is the number of the step that was undone.
    """

    number: int
    what: What
    proposal: Proposal
    name: str | None
    time: datetime
    of: int | None = None


class Steps(NamedTuple):
    """``live``: accepted and refused, in order, without what was undone; ``pending``: begun, maybe not done."""

    live: tuple[Decision, ...]
    pending: Decision | None
    last: int


class Journal:
    """The journal in a file, which need not be there. Who writes holds a lock."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def steps(self) -> Steps:
        """What stands after all steps."""
        live: list[Decision] = []
        pending, last = None, 0
        for entry in self._entries():
            if "step" in entry:
                pending = _decision(entry)
                last = pending.number
            elif pending is not None:
                live = _applied(live, pending) if entry["done"] else live
                pending = None
        return Steps(tuple(live), pending, last)

    def begin(self, decision: Decision) -> None:
        """Note what is about to be done."""
        self._append(_entry(decision))

    def end(self, *, done: bool = True) -> None:
        """Note that the last step is done, or was not."""
        self._append({"done": done})

    def purge(self, ids: Collection[str], *, identity: str | None) -> None:
        """Remove what is noted of these records, and every decision that names the identity."""
        if not self._path.exists():
            return
        gone, kept = set(ids), []
        for decision, done in _paired(self._entries()):
            pure = _without(decision, gone)
            if pure is not None and identity not in _names(pure):
                kept += [_entry(pure), {"done": done}]
        write_bytes(self._path, b"".join(map(_line, (with_format("discovery", {}), *kept))))

    def _entries(self) -> list[dict[str, Any]]:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return []
        lines = data[: data.rfind(b"\n") + 1].splitlines()
        try:
            head, *entries = [json.loads(line) for line in lines] or [{}]
            migrated("discovery", head, name=str(self._path))
        except (ValueError, TypeError):
            raise ReseenError(
                f"{self._path}: it is damaged, not every line is JSON; move it away to begin anew"
            ) from None
        return entries

    def _append(self, entry: Mapping[str, Any]) -> None:
        """One line, on the disk before this returns."""
        try:
            with self._path.open("ab+") as file:
                file.seek(0)
                data = file.read()
                file.truncate(data.rfind(b"\n") + 1)
                head = b"" if b"\n" in data else _line(with_format("discovery", {}))
                file.write(head + _line(entry))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ReseenError(
                f"{self._path}: cannot note the decision: {error.strerror}; the next one finds out whether it was done"
            ) from None


def now() -> datetime:
    """The time of a decision."""
    return datetime.now(UTC)


def _applied(live: list[Decision], step: Decision) -> list[Decision]:
    return [earlier for earlier in live if earlier.number != step.of] if step.what == "undo" else [*live, step]


def _paired(entries: Iterable[Mapping[str, Any]]) -> list[tuple[Decision, bool]]:
    """Each decision, and whether it was done; one that is pending was not."""
    pairs: list[tuple[Decision, bool]] = []
    for entry in entries:
        if "step" in entry:
            pairs.append((_decision(entry), False))
        elif pairs:
            pairs[-1] = (pairs[-1][0], entry["done"])
    return pairs


def _without(decision: Decision, gone: set[str]) -> Decision | None:
    """The decision without the records that are ``gone``; None if none is left."""
    proposal = decision.proposal
    records = tuple(id_ for id_ in proposal.records if id_ not in gone)
    beside = tuple(id_ for id_ in proposal.beside if id_ not in gone)
    nearest = tuple(other for other in proposal.nearest if other.record not in gone)
    return (
        decision._replace(proposal=replace(proposal, records=records, beside=beside, nearest=nearest))
        if records
        else None
    )


def _names(decision: Decision) -> set[str | None]:
    proposal = decision.proposal
    return {decision.name, proposal.identity, proposal.target, *(other.identity for other in proposal.nearest)} - {None}


def _entry(decision: Decision) -> dict[str, Any]:
    return {
        "step": decision.number,
        "what": decision.what,
        "proposal": decision.proposal.as_json(),
        "name": decision.name,
        "time": decision.time.isoformat(),
        "of": decision.of,
    }


def _decision(entry: Mapping[str, Any]) -> Decision:
    proposal, time = Proposal.from_json(entry["proposal"]), datetime.fromisoformat(entry["time"])
    return Decision(entry["step"], entry["what"], proposal, entry["name"], time, entry["of"])


def _line(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry).encode() + b"\n"
