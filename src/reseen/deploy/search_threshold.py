"""The threshold of a search, which is not that of two pictures: the more records, the nearer the nearest stranger."""

import math
from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, with_config

MOST = 1 + 2**-18
"""A search threshold that nothing reaches: one step above the largest cosine."""


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class SearchThreshold:
    """A similarity from which a search's best match counts as known, in a gallery of as many ``records``.

    ``doubling``: by how much it rises each time that the gallery is twice as large. ``records`` 0: at which size it was
    found was not written down, and it rises nowhere.
    """

    value: Annotated[float, Field(ge=-1, le=MOST)]
    records: Annotated[int, Field(ge=0)] = 0
    doubling: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0

    def at(self, records: int) -> float:
        """For a gallery of so many records: the same up to twice the size, and never lower.

        Whole doublings count, so that a growing gallery keeps its threshold for long; false alarms stay within twice
        the share that was wanted.

        >>> SearchThreshold(0.5, records=1000, doubling=0.02).at(4500)
        0.54
        """
        if not self.records or records < 2 * self.records:
            return self.value
        return max(self.value, min(1.0, self.value + int(math.log2(records / self.records)) * self.doubling))

    def describe(self, records: int) -> str:
        """In words, for a gallery of so many records.

        >>> SearchThreshold(0.5, records=1000, doubling=0.02).describe(4500)
        'search threshold 0.5400 (0.5000 as calibrated with 1,000 records, raised for 4,500)'
        """
        threshold = self.at(records)
        words = f"search threshold {threshold:.4f}"
        if not self.records:
            return f"{words} (calibrated with a gallery of unknown size: calibrate again)"
        if threshold > self.value:
            return f"{words} ({self.value:.4f} as calibrated with {self.records:,} records, raised for {records:,})"
        return f"{words} (calibrated with {self.records:,} records)"


NO_SEARCH_THRESHOLD = "no search threshold is known: `reseen calibrate` finds one"
"""What is said where there is none; the threshold of two pictures does not stand in for it."""
