"""Doubtful links: both tracks side by side, with the evidence for and against."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from reseen.report.cards import Card, Mark, Tile
from reseen.report.linking.saved import Doubt, SavedLinking
from reseen.report.linking.thumbnails import Thumbnails
from reseen.report.page import Section
from reseen.report.timeline import clock

MOST = 40
_EXPLAINED = (
    "Links that were made on little evidence, and pairs that were nearly linked; the most doubtful first. Evidence is "
    "in nats of log odds: 0 is even odds, and a link that joins two groups has the mean of all their pairs. Similarity "
    "is the cosine of the two tracks' vectors. Times are since the first track began."
)


WayName: TypeAlias = tuple[str, str, str]
"""The cameras left and arrived at, and of which kind's ways it is; "" where there is one kind, and for all of them."""


class Ways(NamedTuple):
    """Windows and learned travel times of linking.json."""

    windows: Mapping[WayName, Mapping[str, Any]]
    times: Mapping[WayName, Mapping[str, Any]]

    def window(self, way: WayName) -> Mapping[str, Any] | None:
        """The window of a way; that which was given for all kinds where the kind has none."""
        shared = self.windows.get((*way[:2], ""))
        learned_of_others = way[2] and shared is not None and shared.get("links")
        return self.windows.get(way, None if learned_of_others else shared)


def ways_of(saved: SavedLinking) -> Ways:
    """Windows and travel times by their cameras; a window that was given stands before a learned one."""
    facts = saved.facts
    windows = {(row["origin"], row["target"], row.get("kind", "")): row for row in reversed(facts.get("windows", []))}
    return Ways(windows, {(row["from"], row["to"], row.get("kind", "")): row for row in facts.get("ways", [])})


def doubtful_section(saved: SavedLinking, thumbnails: Thumbnails) -> Section:
    """A card for each of the most doubtful links; how many are left out stands below."""
    doubts, ways = saved.doubts, ways_of(saved)
    cards = [_card(doubt, saved, ways=ways, thumbnails=thumbnails) for doubt in doubts[:MOST]]
    if not cards:
        return Section("Doubtful links", notes=["No link is in doubt."])
    more = [f"{len(doubts) - MOST:,} more are in linking.json."] * (len(doubts) > MOST)
    return Section("Doubtful links", cards=cards, notes=[_EXPLAINED, *more])


def window_words(window: Mapping[str, Any]) -> str:
    """A window in words: "window 3 s to 20 s (learned from 14 links)"."""
    return f"window {window_ends(window, digits=0)} ({window_source(window)})"


def window_ends(window: Mapping[str, Any], *, digits: int) -> str:
    """From and to: "3 s to 20 s"."""
    ends = (window["shortest"], window["longest"])
    return " to ".join("any" if end is None else f"{end:.{digits}f} s" for end in ends)


def window_source(window: Mapping[str, Any]) -> str:
    """Where a window comes from."""
    return f"learned from {window['links']} links" if window.get("links") else "given"


def of_kind(kind: str) -> str:
    """Whom it is about, where that is known: " (person)"."""
    return f" ({kind})" if kind else ""


def _card(doubt: Doubt, saved: SavedLinking, *, ways: Ways, thumbnails: Thumbnails) -> Card:
    first, second = (saved.tracks.row(row, named=True) for row in (doubt.first, doubt.second))
    said = "linked" if doubt.linked else "kept apart"
    odds = 1 / (1 + math.exp(-doubt.evidence))
    mark, truth = _verdict(first, second, linked=doubt.linked)
    return Card(
        title=f"{first['camera']} and {second['camera']}{of_kind(doubt.kind)}: {said}",
        facts=[
            f"Evidence {doubt.evidence + 0.0:+.2f}: {odds:.0%} likely to be one individual",
            f"Similarity {doubt.similarity:.3f}",
            _travel((first["camera"], second["camera"], doubt.kind), doubt, ways),
            *([truth] if truth else []),
        ],
        tiles=[_tile(row, saved, thumbnails) for row in (first, second)],
        mark=mark,
    )


def _travel(way: WayName, doubt: Doubt, ways: Ways) -> str:
    """The time between both against what is usual."""
    if doubt.seconds < 0:
        return f"Both are seen at once for {-doubt.seconds:.1f} s"
    window = ways.window(way)
    usual = [] if window is None else [window_words(window)]
    if way in ways.times:
        usual.insert(0, f"usually {ways.times[way]['median']:.0f} s")
    return f"{doubt.seconds:.1f} s between them; {', '.join(usual) or 'no travel times are known'}"


def _verdict(first: Mapping[str, Any], second: Mapping[str, Any], *, linked: bool) -> tuple[Mark, str]:
    """What the truth says, where both tracks have one."""
    one, other = first["truth"], second["truth"]
    if one is None or other is None:
        return "", ""
    right = (one == other) == linked
    said = f"both are identity {one}" if one == other else f"they are identities {one} and {other}"
    return ("right" if right else "wrong"), f"{'Right' if right else 'Wrong'}: {said}"


def _tile(row: Mapping[str, Any], saved: SavedLinking, thumbnails: Thumbnails) -> Tile:
    time = clock(row["begin"] - saved.origin)
    return Tile(
        caption=f"{row['camera']}, track {row['track']}",
        notes=[time, f"individual {row['identity']}"],
        image=thumbnails.best(row["images"]),
        words=f"Track {row['track']} of camera {row['camera']}",
    )
