"""Individuals: who was where when, and each one's best images in order of time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from reseen.report.cards import Card, Tile
from reseen.report.linking.saved import SavedLinking
from reseen.report.linking.thumbnails import Thumbnails
from reseen.report.page import Section
from reseen.report.timeline import Span, Timeline, clock, timeline

MOST = 40
"""Individuals that a page shows."""
MOST_TRACKS = 24
"""Tracks of an individual that a page shows."""
MOST_TILES = 12
_TILES_OF_FEW = 6
"""Images of an individual with few tracks."""
_OF_TRACK = 3


def chosen_individuals(saved: SavedLinking, *, most: int = MOST) -> list[int]:
    """Those with the most cameras, then the most tracks; those of several cameras first, by their numbers."""
    counted = saved.tracks.group_by("identity").agg(cameras=pl.col("camera").n_unique(), tracks=pl.len())
    ranked = counted.sort("cameras", "tracks", "identity", descending=[True, True, False])
    shown = ranked.head(most).sort(pl.col("cameras") > 1, "identity", descending=[True, False])
    return [int(identity) for identity in shown["identity"]]


def anchor(identity: int) -> str:
    """What links in the page call an individual's card."""
    return f"individual-{identity}"


def where_section(saved: SavedLinking, chosen: Sequence[int]) -> Section:
    """The time line of all cameras that these individuals pass."""
    title = "Who was where"
    rows = saved.tracks.filter(pl.col("identity").is_in(chosen)).sort("begin")
    if rows.is_empty():
        return Section(title, notes=["There is no track."])
    kept = rows.filter(pl.int_range(pl.len()).over("identity") < MOST_TRACKS)
    passed = count_words(kept["camera"].n_unique(), "camera")
    label = f"When {count_words(len(chosen), 'individual')} passed {passed}; the individuals below say the same"
    spans = [_span(row, saved, text=str(row["identity"])) for row in kept.iter_rows(named=True)]
    drawn = timeline(spans, lanes=sorted(kept["camera"].unique().to_list()), label=label, origin=saved.origin)
    note = (
        "Each bar is a track, with the number of the individual that it was linked to, and leads to that individual "
        "below. Lines join the tracks of one individual. Time is in minutes and seconds since the first track began."
    )
    return Section(title, charts=[drawn], notes=[note, *_left_out(saved, chosen, dropped=len(rows) - len(kept))])


def individuals_section(saved: SavedLinking, chosen: Sequence[int], thumbnails: Thumbnails) -> Section:
    """A card for each."""
    cards = [_card(rows, saved, thumbnails) for rows in _by_identity(saved, chosen)]
    notes = (
        ["Those of several cameras first. Images are in order of time, the best of each track."]
        if cards
        else ["There is no individual."]
    )
    return Section("Individuals", cards=cards, notes=[*notes, *_left_out(saved, chosen, dropped=0)])


def count_words(count: int, thing: str, *, plural: str = "") -> str:
    """A number and its noun: "1 track", "2,000 tracks"."""
    return f"{count:,} {thing if count == 1 else plural or f'{thing}s'}"


def _left_out(saved: SavedLinking, chosen: Sequence[int], *, dropped: int) -> list[str]:
    more = saved.tracks["identity"].n_unique() - len(chosen)
    notes = [f"{count_words(dropped, 'track')} more of these individuals are not drawn."] * (dropped > 0)
    if more > 0:
        notes.append(
            f"{count_words(more, 'individual')} more {'is' if more == 1 else 'are'} left out: those of the fewest "
            "cameras and tracks. links.csv has all."
        )
    return notes


def _by_identity(saved: SavedLinking, chosen: Sequence[int]) -> Iterator[pl.DataFrame]:
    rows = saved.tracks.filter(pl.col("identity").is_in(chosen)).sort("begin")
    found = rows.partition_by("identity", as_dict=True, maintain_order=True)
    yield from (found[identity,] for identity in chosen)


def _card(rows: pl.DataFrame, saved: SavedLinking, thumbnails: Thumbnails) -> Card:
    identity, shown = int(rows["identity"][0]), rows.head(MOST_TRACKS)
    cameras = rows["camera"].unique(maintain_order=True).to_list()
    begin, end = (clock(float(at) - saved.origin) for at in (rows["begin"][0], max(rows["end"])))
    facts = [f"{count_words(len(rows), 'track')} in {count_words(len(cameras), 'camera')}, from {begin} to {end}"]
    true = rows["truth"].drop_nulls().unique(maintain_order=True).to_list()
    if true:
        names = f"{', '.join(true[:5])}{' and others' if len(true) > 5 else ''}"
        facts.append(f"Truth: {'identities' if len(true) > 1 else 'identity'} {names}")
    return Card(
        title=f"Individual {identity}",
        facts=facts,
        tiles=list(_tiles(shown, saved, thumbnails)),
        chart=_path(shown, saved, identity=identity) if len(shown) > 1 else None,
        anchor=anchor(identity),
        mark="wrong" if len(true) > 1 else "",
    )


def _path(rows: pl.DataFrame, saved: SavedLinking, *, identity: int) -> Timeline:
    lanes = rows["camera"].unique(maintain_order=True).to_list()
    stays = [f"{row['camera']} at {clock(row['begin'] - saved.origin)}" for row in rows.iter_rows(named=True)]
    label = f"Path of individual {identity}: {', '.join(stays)}"
    spans = [_span(row, saved) for row in rows.iter_rows(named=True)]
    return timeline(spans, lanes=lanes, label=label, origin=saved.origin)


def _span(row: Mapping[str, Any], saved: SavedLinking, *, text: str = "") -> Span:
    begin, end = (clock(row[at] - saved.origin) for at in ("begin", "end"))
    title = f"individual {row['identity']} in {row['camera']}, track {row['track']}, {begin} to {end}"
    link = anchor(row["identity"]) if text else ""
    return Span(row["camera"], row["begin"], row["end"], row["identity"], text=text, title=title, link=link)


def _tiles(rows: pl.DataFrame, saved: SavedLinking, thumbnails: Thumbnails) -> Iterator[Tile]:
    """Of few tracks several images each, of many the best one."""
    each = min(max(_TILES_OF_FEW // len(rows), 1), _OF_TRACK)
    for row in rows.head(MOST_TILES).iter_rows(named=True):
        found = (row["images"] or [])[:each]
        for image in sorted(found, key=lambda image: image["time"] or row["begin"]):
            time = row["begin"] if image["time"] is None else image["time"]
            words = f"Individual {row['identity']} in camera {row['camera']}"
            made = thumbnails.of(image)
            if made is not None:
                yield Tile(row["camera"], [clock(time - saved.origin)], made, words)
