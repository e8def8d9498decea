"""The report of a check, as values and as text: a summary of each split, the findings, the notes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import polars

from reseen.data.table import Split
from reseen.deprecation import renamed_attribute

Kind = Literal[
    "unparsed-names",
    "published-counts",
    "unreadable",
    "no-valid-match",
    "identity-on-both-sides",
    "duplicate-across-splits",
    "same-images",
    "near-duplicates",
    "large-images",
    "small-images",
    "empty-split",
    "few-identities",
    "single-image",
    "one-camera",
    "imbalance",
    "sided-views",
]
"""What `check` finds, and from "same-images" on what only `advise` does."""


class Spread(NamedTuple):
    """Minimum, median and maximum of counts."""

    least: int
    median: float
    largest: int


@dataclass(frozen=True)
class SplitSummary:
    """Counts of one split; a spread is None where nothing is known."""

    name: str
    images: int
    identities: int
    cameras: int
    views: int
    without_camera: int
    without_view: int
    images_per_identity: Spread | None
    cameras_per_identity: Spread | None

    pictures = renamed_attribute("SplitSummary.pictures", "images")
    pictures_per_identity = renamed_attribute("SplitSummary.pictures_per_identity", "images_per_identity")


class Finding(NamedTuple):
    """A fault to mend: its kind, one line that says how many and where, and a few examples."""

    kind: Kind
    message: str
    examples: tuple[str, ...]

    @property
    def line(self) -> str:
        """The kind, the message, and the examples that the message does not name already."""
        more = [example for example in self.examples if example not in self.message]
        return f"{self.kind}: {self.message}" + (f": {'; '.join(more)}" if more else "")


class CheckReport(NamedTuple):
    """The result of ``check``. ``notes`` need no mending."""

    layout: str
    root: Path
    splits: tuple[SplitSummary, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether there is no finding."""
        return not self.findings

    def tables(self) -> str:
        """The counts of the splits, a line each under a line of headings."""
        rows = [_HEADINGS, *(_cells(split) for split in self.splits)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
        lines = [
            "  ".join(
                [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
            )
            for row in rows
        ]
        return "\n".join([f"{self.root} ({self.layout}; per identity: least..median..most)", *lines])

    def lines(self) -> list[str]:
        """Each finding and each note in a line, and the verdict."""
        findings = [found.line for found in self.findings]
        count = len(self.findings)
        verdict = f"{count} finding{'' if count == 1 else 's'}" if count else "no findings"
        return [*findings, *(f"note: {note}" for note in self.notes), verdict]


def summarise(name: str, split: Split) -> SplitSummary:
    """Count a split."""
    per_identity = split.frame.group_by("identity").agg(
        polars.len().alias("pictures"), polars.col("camera").drop_nulls().n_unique().alias("cameras")
    )
    return SplitSummary(
        name=name,
        images=len(split),
        identities=per_identity.height,
        cameras=len(split.camera_names),
        views=len(split.view_names),
        without_camera=split.frame["camera"].null_count(),
        without_view=split.frame["view"].null_count(),
        images_per_identity=_spread(per_identity["pictures"]),
        cameras_per_identity=_spread(per_identity["cameras"]) if split.camera_names else None,
    )


def _spread(counts: polars.Series) -> Spread | None:
    values = counts.to_numpy()
    return Spread(int(values.min()), float(np.median(values)), int(values.max())) if len(values) else None


_HEADINGS = (
    "split", "pictures", "identities", "cameras", "views", "pictures/identity", "cameras/identity",
)  # fmt: skip


def _cells(split: SplitSummary) -> tuple[str, ...]:
    counts = (split.images, split.identities, split.cameras, split.views)
    spreads = (split.images_per_identity, split.cameras_per_identity)
    return (split.name, *(f"{count:,}" for count in counts), *(_range(spread) for spread in spreads))


def _range(spread: Spread | None) -> str:
    return f"{spread.least}..{spread.median:g}..{spread.largest}" if spread else "-"
