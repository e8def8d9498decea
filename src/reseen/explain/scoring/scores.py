"""Scores of explanations: of a map, of a question, of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reseen.metrics import Estimate

MATCH, TWIN = "match", "twin"
SCORES = ("energy", "pointing", "deletion", "insertion", "faithfulness")
"""Energy on the marks over the marks' share of the image (1: a map that is the same everywhere); share of maps that
point at a mark; mean similarity while the image is blurred away, and while it comes back; the latter minus the former.
"""


@dataclass(frozen=True)
class ScoredMap:
    """``scores`` by the names in ``SCORES``, and the difference of each to the centre prior's."""

    method: str
    stage: str
    scores: Mapping[str, Estimate]
    over_centre: Mapping[str, Estimate]


@dataclass(frozen=True)
class ScoredQuestion:
    """The maps of one question; ``marks_area``: the share of the ``images`` that the marks cover."""

    name: str
    images: int
    identities: int
    marks_area: float
    maps: Sequence[ScoredMap]


@dataclass(frozen=True)
class ScoredExplanations:
    """The scores, with the run, its model, the data, and the distance in pixels at which pointing still hits."""

    run: Path
    model: str
    data: Path
    tolerance: int
    questions: Sequence[ScoredQuestion]
