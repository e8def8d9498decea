"""The page of a linking, from what its folder holds: report.html."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from reseen.report.linking.confused import confused_section
from reseen.report.linking.doubtful import doubtful_section
from reseen.report.linking.individuals import chosen_individuals, count_words, individuals_section, where_section
from reseen.report.linking.saved import SavedLinking, open_linking
from reseen.report.linking.thumbnails import Thumbnails
from reseen.report.linking.travel import travel_section
from reseen.report.page import Page, Section, Table, write_page
from reseen.report.scores import ScoreRow, score_section
from reseen.report.timeline import clock

REPORT = "report.html"
COLUMNS = {
    "idf1": "IDF1",
    "idp": "IDP",
    "idr": "IDR",
    "association": "association",
    "pair_precision": "pairs, precision",
    "pair_recall": "pairs, recall",
    "hota": "HOTA",
}
"""Scores of scores.json -> headings."""
_MOST_SWITCHES = 50
_RULE = (
    "Linked over cameras: identities that were linked in one camera alone are left out, as the AI City Challenge does. "
    "Association and pairs of tracks tell what is not linked (recall) from what is wrongly linked (precision); IDF1 "
    "does not. scores.json has more."
)


def report_linking(folder: Path | str, *, data: Path | str | None = None, out: Path | str | None = None) -> Path:
    """Write the page of a linking.

    Args:
        folder: What `reseen link` wrote.
        data: The folder that the paths of images are relative to, if they have moved.
        out: The page to write; ``report.html`` in the folder if left out.

    Returns:
        The path of the page.

    Raises:
        ReseenError: The folder holds no linking, or a damaged one.

    Example (not run):
        ```python
        page = reseen.report_linking("linked")
        ```
    """
    saved = open_linking(Path(folder), data=None if data is None else Path(data))
    path = saved.path / REPORT if out is None else Path(out)
    write_page(path, page_of(saved))
    return path


def page_of(saved: SavedLinking, *, thumbnails: Thumbnails | None = None) -> Page:
    """The page; its images are taken by ``thumbnails``."""
    thumbnails = thumbnails or Thumbnails(saved.images)
    chosen = chosen_individuals(saved)
    sections = [
        doubtful_section(saved, thumbnails),
        confused_section(saved, thumbnails),
        where_section(saved, chosen),
        individuals_section(saved, chosen, thumbnails),
        travel_section(saved),
        _switches(saved),
    ]
    return Page(
        title=f"reseen link: {saved.path.resolve().name}",
        summary=_summary(saved),
        scores=_scores(saved.scores),
        sections=[*sections, _facts(saved, thumbnails)],
    )


def _summary(saved: SavedLinking) -> str:
    tracks = saved.tracks
    cameras, identities = (count_words(tracks[name].n_unique(), thing) for name, thing in _COUNTED)
    several = tracks.group_by("identity").agg(pl.col("camera").n_unique()).filter(pl.col("camera") > 1)
    seen = f"{len(several):,} of them seen by two cameras or more" if len(several) else "none seen by two cameras"
    verb = "is" if len(tracks) == 1 else "are"
    found = f"{count_words(len(tracks), 'track')} of {cameras} {verb} {identities}"
    return f"{found}, {seen}." if len(tracks) else "There are no tracks."


_COUNTED = (("camera", "camera"), ("identity", "individual"))


def _scores(scores: Mapping[str, Any] | None) -> Section:
    """Both rules and each kind as rows, intervals under the first; empty without a truth."""
    if scores is None:
        return Section("Scores")
    shown = {name: heading for name, heading in COLUMNS.items() if scores.get(name) is not None}
    row = ScoreRow("linked over cameras", scores, intervals=scores.get("intervals", {}))
    section = score_section([row], columns=shown, heading="tracks")
    (table,) = section.tables
    others = {"all identities": scores.get("all_identities", {})}
    others |= {f"{kind}, linked over cameras": own for kind, own in scores.get("kinds", {}).items()}
    rows = [
        (heading, *("" if own.get(name) is None else f"{100 * own[name]:.1f} %" for name in shown))
        for heading, own in others.items()
    ]
    return section._replace(tables=[table._replace(rows=[*table.rows, *rows])], notes=[*section.notes, _RULE])


def _switches(saved: SavedLinking) -> Section:
    """Tracks whose images are of two individuals; both parts have an identity of their own."""
    title, found = "Tracks that hold two individuals, split in two", saved.facts.get("switches", [])
    if not found:
        return Section(title)
    rows = [
        (f"{row['camera']}, track {row['track']}", clock(row["time"] - saved.origin)) for row in found[:_MOST_SWITCHES]
    ]
    more = [f"{len(found) - _MOST_SWITCHES:,} more are in linking.json."] * (len(found) > _MOST_SWITCHES)
    return Section(title, [Table(title, ("track", "changes at"), rows, kind="dense")], notes=more)


def _facts(saved: SavedLinking, thumbnails: Thumbnails) -> Section:
    """How it was linked, and what to know about it."""
    names = {"source": "tracks", "network": "network", "threshold": "threshold"}
    rows = [(heading, str(saved.facts[name])) for name, heading in names.items() if name in saved.facts]
    rows += [(name, str(value)) for name, value in saved.facts.get("settings", {}).items()]
    notes = [f"Note: {warning}." for warning in saved.facts.get("warnings", [])]
    if thumbnails.unreadable:
        notes.append(
            f"{count_words(thumbnails.unreadable, 'image')} could not be opened in {saved.images}; if they have moved, "
            "say where: reseen report FOLDER --data PLACE."
        )
    if thumbnails.left_out:
        notes.append(f"{count_words(thumbnails.left_out, 'image')} left out, so that this page stays small.")
    return Section(
        "How it was linked", [Table("How it was linked", (), rows, kind="facts")] if rows else [], notes=notes
    )
