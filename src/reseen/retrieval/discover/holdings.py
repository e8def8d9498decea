"""Which identities records hold now, and which there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reseen.retrieval.filters import one_of
from reseen.retrieval.store import rows_of

_AT_ONCE = 5000
"""Values in one condition."""


class Seen(NamedTuple):
    """Where and when a record was seen, and who it is said to show."""

    identity: str | None
    camera: str | None
    time: datetime | None


def seen(table: Any, ids: Sequence[str]) -> dict[str, Seen]:
    """Id -> what is known of the records that are there."""
    found: dict[str, Seen] = {}
    for start in range(0, len(ids), _AT_ONCE):
        where = one_of("id", ids[start : start + _AT_ONCE])
        for block in rows_of(table, where, columns=["id", *Seen._fields], row_ids=False):
            found |= {row["id"]: Seen(*(row[name] for name in Seen._fields)) for row in block.to_pylist()}
    return found


def identities_of(table: Any, ids: Sequence[str]) -> dict[str, str | None]:
    """Id -> identity of the records that are there."""
    held: dict[str, str | None] = {}
    for start in range(0, len(ids), _AT_ONCE):
        where = one_of("id", ids[start : start + _AT_ONCE])
        for block in rows_of(table, where, columns=["id", "identity"], row_ids=False):
            held |= zip(block["id"].to_pylist(), block["identity"].to_pylist(), strict=True)
    return held


def known_identities(table: Any, among: Sequence[str] | None = None) -> list[str]:
    """The identities that records hold, of all or of these."""
    if among is not None and not among:
        return []
    where = None if among is None else one_of("identity", sorted(set(among)))
    found: set[str | None] = set()
    for block in rows_of(table, where, columns=["identity"], row_ids=False):
        found.update(block["identity"].unique().to_pylist())
    return sorted(name for name in found if name is not None)
