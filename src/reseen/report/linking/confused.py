"""Confused identities, where the truth is known: individuals that hold several, and identities that are split."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import polars as pl

from reseen.report.cards import Card, Tile
from reseen.report.linking.individuals import count_words
from reseen.report.linking.saved import SavedLinking
from reseen.report.linking.thumbnails import Thumbnails
from reseen.report.page import Section

MOST = 24
MOST_TILES = 4


class _Kind(NamedTuple):
    """By what tracks are grouped, by what each group is divided, and how to say it."""

    group: str
    parts: str


_MERGED, _SPLIT = _Kind("identity", "truth"), _Kind("truth", "identity")


def confused_section(saved: SavedLinking, thumbnails: Thumbnails) -> Section:
    """Individuals that hold several true identities, then true identities that are split; the largest first."""
    title = "Confused identities"
    if not saved.truth_known:
        return Section(title)
    known = saved.tracks.filter(pl.col("truth").is_not_null())
    found = [(kind, rows) for kind in (_MERGED, _SPLIT) for rows in _groups(known, kind)]
    if not found:
        return Section(title, notes=["No two true identities were linked, and none is split."])
    merged = sum(kind == _MERGED for kind, _ in found)
    count = (
        f"{count_words(merged, 'individual')} {'holds' if merged == 1 else 'hold'} more than one true identity; "
        f"{count_words(len(found) - merged, 'true identity', plural='true identities')} "
        f"{'is' if len(found) - merged == 1 else 'are'} split over several individuals."
    )
    more = [f"{len(found) - MOST:,} more are left out."] * (len(found) > MOST)
    shown = _balanced(found)
    return Section(title, cards=[_card(kind, rows, thumbnails) for kind, rows in shown], notes=[count, *more])


def _balanced(found: list[tuple[_Kind, pl.DataFrame]]) -> list[tuple[_Kind, pl.DataFrame]]:
    """As many of both kinds as there are, where not all can be shown."""
    merged = [entry for entry in found if entry[0] == _MERGED]
    split = [entry for entry in found if entry[0] == _SPLIT]
    first = max(MOST // 2, MOST - len(split))
    merged = merged[:first]
    return [*merged, *split[: MOST - len(merged)]]


def _groups(known: pl.DataFrame, kind: _Kind) -> Iterator[pl.DataFrame]:
    """Tracks of each group that has several parts, the group with the most tracks outside its largest part first."""
    counts = known.group_by(kind.group, kind.parts).len()
    outside = (
        counts.group_by(kind.group)
        .agg(outside=pl.col("len").sum() - pl.col("len").max(), parts=pl.len())
        .filter(pl.col("parts") > 1)
        .sort("outside", kind.group, descending=[True, False])
    )
    rows = known.join(outside.select(kind.group), on=kind.group, how="semi").partition_by(kind.group, as_dict=True)
    for name in outside[kind.group]:
        yield rows[name,]


def _card(kind: _Kind, rows: pl.DataFrame, thumbnails: Thumbnails) -> Card:
    """The best image of each part, that with the most tracks first."""
    parts = rows.group_by(kind.parts).len().sort("len", kind.parts, descending=[True, False])
    tiles = [
        _tile(kind, rows.filter(pl.col(kind.parts) == name), thumbnails) for name in parts[kind.parts].head(MOST_TILES)
    ]
    more = [f"and {len(parts) - MOST_TILES} more"] * (len(parts) > MOST_TILES)
    name = rows[kind.group][0]
    if kind == _MERGED:
        title = f"Individual {name} holds {len(parts)} identities"
    else:
        title = f"Identity {name} is split into {len(parts)} individuals"
    return Card(title, facts=more, tiles=tiles, mark="wrong")


def _tile(kind: _Kind, rows: pl.DataFrame, thumbnails: Thumbnails) -> Tile:
    row: Mapping[str, Any] = rows.sort("begin").row(0, named=True)
    caption = f"identity {row['truth']}" if kind == _MERGED else f"individual {row['identity']}"
    cameras = ", ".join(rows["camera"].unique().sort().head(3).to_list())
    words = f"Identity {row['truth']}, linked as individual {row['identity']}"
    return Tile(caption, [count_words(len(rows), "track"), cameras], thumbnails.best(row["images"]), words)
