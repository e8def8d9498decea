"""What a data set holds beside what its authors say it holds."""

from collections.abc import Sequence
from typing import NamedTuple

from reseen.data.datasets.layout import Count, PublishedCounts
from reseen.data.table import Split, Splits

MADE_HERE = "synth.json"
"""A file that only the sets have that `reseen synth` renders."""
_JUNK = "-1"


class CountComparison(NamedTuple):
    """One line on the counts, and whether they make a damaged copy of the published set likely."""

    line: str
    damaged: bool


def compare(splits: Splits, editions: Sequence[PublishedCounts]) -> CountComparison | None:
    """The set's counts beside those of the published edition that comes nearest; None where none is published.

    Counts that differ are damage when the set is about the published one: some table has exactly its pictures, or
    all together are from half to twice as many. Otherwise it is another set in the same layout, or a small part.
    """
    if not editions:
        return None
    found = {part: _count(tables) for part, tables in _tables(splits).items()}
    nearest = min(editions, key=lambda edition: _distance(found, edition))
    name = f"the published ones{f' ({nearest.edition})' if nearest.edition else ''}"
    differing = [part for part, count in nearest.parts.items() if not _agree(found[part], count)]
    if not differing:
        return CountComparison(f"counts are {name}", damaged=False)
    told = "; ".join(f"{part} {found[part].words()}, not {nearest.parts[part].words()}" for part in differing)
    if (splits.root / MADE_HERE).is_file():
        return CountComparison(f"rendered by reseen, so counts are not {name}: {told}", damaged=False)
    if _is_about(found, nearest):
        return CountComparison(
            f"counts are not {name}: {told}; a part is missing, or this is another set", damaged=True
        )
    return CountComparison(f"a small part or another set, since counts are not {name}: {told}", damaged=False)


def _tables(splits: Splits) -> dict[str, tuple[Split, ...]]:
    tables = splits.tables()
    return {**{name: (table,) for name, table in tables.items()}, "whole": tuple(tables.values())}


def _count(tables: tuple[Split, ...]) -> Count:
    labels = [name for table in tables for name in table.frame["identity"] if name != _JUNK]
    return Count(len(labels), len(set(labels)))


def _agree(found: Count, published: Count) -> bool:
    return found.pictures == published.pictures and published.identities in (None, found.identities)


def _distance(found: dict[str, Count], edition: PublishedCounts) -> int:
    return sum(abs(found[part].pictures - count.pictures) for part, count in edition.parts.items())


def _is_about(found: dict[str, Count], edition: PublishedCounts) -> bool:
    pairs = [(found[part].pictures, count.pictures) for part, count in edition.parts.items()]
    here, there = (sum(numbers) for numbers in zip(*pairs, strict=True))
    return any(mine == theirs for mine, theirs in pairs) or there <= 2 * here <= 4 * there
