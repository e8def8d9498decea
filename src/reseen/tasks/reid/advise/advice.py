"""Advice: what a data set looks like, what was found in it, and what to train on it; as values and for JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from reseen.data.summary import Finding, SplitSummary


class ImageSizes(NamedTuple):
    """(height, width) in pixels of ``images`` images: the medians, and the one with the most pixels."""

    median: tuple[int, int]
    largest: tuple[int, int]
    images: int


class SplitDescription(NamedTuple):
    """A split's counts, its sizes (None: none was read), and the share of images of the largest tenth of identities."""

    summary: SplitSummary
    sizes: ImageSizes | None
    largest_tenth: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        counts, sizes = self.summary, self.sizes
        each = counts.images_per_identity
        return {
            "images": counts.images,
            "identities": counts.identities,
            "cameras": counts.cameras,
            "views": counts.views,
            "images_per_identity": {"min": each.least, "median": each.median, "max": each.largest} if each else None,
            "image_size": {"median": list(sizes.median), "largest": list(sizes.largest), "images": sizes.images}
            if sizes
            else None,
            "largest_tenth": round(self.largest_tenth, 4),
        }


class ValidationOutlook(NamedTuple):
    """Whether training identities can be held out, how many of how many, and why."""

    possible: bool
    held_out: int
    identities: int
    reason: str


class UntrainedScores(NamedTuple):
    """The start network's scores, fractions, on so many images; None, with the reason in ``on``, if it has none."""

    mean_average_precision: float | None
    rank1: float | None
    images: int
    on: str


class Recommendation(NamedTuple):
    """What to train: settings by place ("section.setting") with their reasons, the minutes of the run, the command.

    ``minutes`` and ``command`` are None where the set cannot be trained on; then ``reasons["recipe"]`` says why.
    """

    recipe: str
    settings: dict[str, object]
    reasons: dict[str, str]
    minutes: float | None
    command: str | None


@dataclass(frozen=True)
class Advice:
    """The result of ``advise``."""

    path: Path
    layout: str
    splits: tuple[SplitDescription, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    validation: ValidationOutlook
    untrained: UntrainedScores
    recommendation: Recommendation

    def as_dict(self) -> dict[str, Any]:
        """Everything, for JSON; scores are fractions, sizes (height, width) in pixels."""
        return {
            "data": {
                "path": str(self.path),
                "layout": self.layout,
                "splits": {split.summary.name: split.as_dict() for split in self.splits},
                "notes": list(self.notes),
            },
            "findings": [{**found._asdict(), "examples": list(found.examples)} for found in self.findings],
            "validation": self.validation._asdict(),
            "untrained": {
                "mAP": self.untrained.mean_average_precision,
                "rank1": self.untrained.rank1,
                "images": self.untrained.images,
                "on": self.untrained.on,
            },
            "recommendation": self.recommendation._asdict(),
        }
