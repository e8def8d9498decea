"""How probable it is that the best match of a search shows the individual that was searched for; loads no PyTorch."""

import math
from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, with_config

_MOST = 8.0
"""Nats beyond which no probability is told."""


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class MatchOdds:
    """The best match is right with probability ``most`` / (1 + exp(-``slope`` * (similarity - ``middle``))).

    ``most`` is below 1 where some individuals cannot be told apart. ``records``: the entries that were searched. Among
    n times as many are n times as many strangers of any similarity, which divide the odds by n.

    Example:
        >>> odds = MatchOdds(middle=0.6, slope=20.0, most=0.9, records=1000)
        >>> [round(odds.probability(0.6, records=records), 2) for records in (1000, 4000)]
        [0.45, 0.17]
    """

    middle: Annotated[float, Field(allow_inf_nan=False)]
    slope: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    most: Annotated[float, Field(gt=0, lt=1)]
    records: Annotated[int, Field(ge=1)]

    def probability(self, similarity: float, *, records: int) -> float:
        """That a best match so similar is right, in a gallery of so many records."""
        nats = self.slope * (similarity - self.middle)
        share = self.most / (1 + math.exp(-min(max(nats, -_MOST), _MOST)))
        return share / (share + (1 - share) * max(records, 1) / self.records)
