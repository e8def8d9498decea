"""The counts of a data set compared with those that its authors published."""

from collections.abc import Sequence
from typing import NamedTuple

from reseen.data.datasets.layout import Count, PublishedCounts
from reseen.data.table import Split, Splits

SYNTH_FACTS = "synth.json"
"""A file that `reseen synth` writes into its sets."""
_JUNK = "-1"


class CountComparison(NamedTuple):
    """One line on the counts, and whether this is likely a damaged copy of the published set."""

    line: str
    damaged: bool


def compare(splits: Splits, editions: Sequence[PublishedCounts]) -> CountComparison | None:
    """Compare a set's counts with those of the nearest published edition; None where none is published.

    Counts that differ mean damage when the set is about the published one: some table has exactly as many images, or
    all together are from half to twice as many. Otherwise it is another set in the same layout, or a small part.
    """
    if not editions:
        return None
    counts = {part: _count(tables) for part, tables in _tables(splits).items()}
    nearest = min(editions, key=lambda edition: _distance(counts, edition))
    name = f"the published ones{f' ({nearest.edition})' if nearest.edition else ''}"
    differing = [part for part, count in nearest.parts.items() if not _agree(counts[part], count)]
    if not differing:
        return CountComparison(f"counts are {name}", damaged=False)
    differences = "; ".join(f"{part} {counts[part].words()}, not {nearest.parts[part].words()}" for part in differing)
    if (splits.root / SYNTH_FACTS).is_file():
        return CountComparison(f"rendered by reseen, so counts are not {name}: {differences}", damaged=False)
    if _is_about(counts, nearest):
        return CountComparison(
            f"counts are not {name}: {differences}; a part is missing, or this is another set", damaged=True
        )
    return CountComparison(f"a small part or another set, since counts are not {name}: {differences}", damaged=False)


def _tables(splits: Splits) -> dict[str, tuple[Split, ...]]:
    tables = splits.tables()
    return {**{name: (table,) for name, table in tables.items()}, "whole": tuple(tables.values())}


def _count(tables: tuple[Split, ...]) -> Count:
    labels = [name for table in tables for name in table.frame["identity"] if name != _JUNK]
    return Count(len(labels), len(set(labels)))


def _agree(counts: Count, published: Count) -> bool:
    return counts.images == published.images and published.identities in (None, counts.identities)


def _distance(counts: dict[str, Count], edition: PublishedCounts) -> int:
    return sum(abs(counts[part].images - count.images) for part, count in edition.parts.items())


def _is_about(counts: dict[str, Count], edition: PublishedCounts) -> bool:
    pairs = [(counts[part].images, count.images) for part, count in edition.parts.items()]
    here, there = (sum(numbers) for numbers in zip(*pairs, strict=True))
    return any(mine == theirs for mine, theirs in pairs) or there <= 2 * here <= 4 * there
