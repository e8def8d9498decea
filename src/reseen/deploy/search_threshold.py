"""The threshold of a search, which is above that of two images: in a larger gallery, the nearest stranger is nearer."""

import math
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field, with_config

from reseen.match_odds import MatchOdds

MOST = 1 + 2**-18
"""A search threshold that no match reaches: one step above the largest cosine."""


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class SearchThreshold:
    """The similarity from which the best match of a search is known, in a gallery of as many ``records``.

    ``doubling``: how much it rises each time the gallery's size doubles. ``records`` 0: the size at calibration is
    unknown, and it never rises. ``odds``: how probable it is that a best match is right; None where that is unknown.
    """

    value: Annotated[float, Field(ge=-1, le=MOST)]
    records: Annotated[int, Field(ge=0)] = 0
    doubling: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    odds: MatchOdds | None = None

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON; no odds are left out, as before there were any."""
        values = asdict(self)
        if self.odds is None:
            del values["odds"]
        return values

    def at(self, records: int) -> float:
        """The threshold for a gallery of so many records: the same up to twice the size, and never lower.

        Only whole doublings count, so that a growing gallery keeps its threshold for long; false alarms stay within
        twice the calibrated share.

        >>> SearchThreshold(0.5, records=1000, doubling=0.02).at(4500)
        0.54
        """
        if not self.records or records < 2 * self.records:
            return self.value
        return max(self.value, min(1.0, self.value + int(math.log2(records / self.records)) * self.doubling))

    def describe(self, records: int) -> str:
        """The threshold for a gallery of so many records, in words.

        >>> SearchThreshold(0.5, records=1000, doubling=0.02).describe(4500)
        'search threshold 0.5400 (0.5000 as calibrated with 1,000 records, raised for 4,500)'
        """
        threshold = self.at(records)
        text = f"search threshold {threshold:.4f}"
        if not self.records:
            return f"{text} (calibrated with a gallery of unknown size: calibrate again)"
        if threshold > self.value:
            return f"{text} ({self.value:.4f} as calibrated with {self.records:,} records, raised for {records:,})"
        return f"{text} (calibrated with {self.records:,} records)"


NO_SEARCH_THRESHOLD = "no search threshold is known: `reseen calibrate` finds one"
"""The message without one; the threshold of two images is no substitute."""
