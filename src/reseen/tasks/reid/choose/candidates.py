"""The candidates: weights between untrained and trained, each with the heads that a vector may have."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from reseen.data.table import Split
from reseen.engine.averages import SHARES, weights_in_words

HeadName: TypeAlias = Literal["pooled", "centred", "necked", "whitened"]
"""The vector that is compared: before the BNNeck, as it is, centred or whitened; or after it."""

APART = ("neck", "classifier", "metadata")
"""Parts that begin at random or as nothing, so they are the trained ones whenever there is something trained."""
SAMPLED = 2000
"""Images at most of the training set from which heads are learned."""

_HEADS: Mapping[HeadName, int] = MappingProxyType({"pooled": 0, "centred": 1, "necked": 2, "whitened": 3})


class Candidate(NamedTuple):
    """A network that may be handed over: the share of the trained weights in its own, and its head."""

    share: float
    head: HeadName

    @property
    def weights(self) -> str:
        """Its weights in words."""
        return weights_in_words(self.share)

    @property
    def simplicity(self) -> tuple[int, int]:
        """Its place among candidates from the simplest on: by weights as in ``SHARES``, then by head."""
        return SHARES.index(self.share), _HEADS[self.head]

    def __str__(self) -> str:
        return f"{self.weights}, {self.head} vector"


def sample_of(train: Split, most: int = SAMPLED) -> Split:
    """At most so many of the training images, evenly spread over the table."""
    if len(train) <= most:
        return train
    return train.rows(np.linspace(0, len(train) - 1, num=most).round().astype(np.int64))
