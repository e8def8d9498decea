"""The candidates: weights between those before and after training, each with the heads that may stand on them."""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reseen.engine.averages import SHARES, weights_in_words

HeadName: TypeAlias = Literal["class means", "logistic regression", "trained"]
"""The linear layer: fitted on training images in one of two ways, or trained with the network."""

FITTED: tuple[HeadName, ...] = ("class means", "logistic regression")
AVERAGES = (0.0, 0.5, 0.75, 0.25)
"""Shares of the trained weights in the networks whose heads are fitted; 0 is the network before training."""
SAMPLED = 5000
"""Training images, besides one of each class, that heads are fitted on at most."""

_HEADS = ("class means", "logistic regression", "trained")


class Candidate(NamedTuple):
    """A network that may be handed over: the share of the trained weights in its backbone, and its head."""

    share: float
    head: HeadName

    @property
    def weights(self) -> str:
        """Its backbone's weights in words."""
        return weights_in_words(self.share)

    @property
    def simplicity(self) -> tuple[int, int]:
        """Its place among candidates from the simplest on: untrained, trained, averages; then by head."""
        return SHARES.index(self.share), _HEADS.index(self.head)

    def __str__(self) -> str:
        return "the trained network" if self.share == 1 else f"{self.weights} backbone with {self.head}"


def sampled_rows(labels: NDArray[np.int64], most: int = SAMPLED) -> NDArray[np.bool_]:
    """(N,) classes -> (N,) which images heads are fitted on: an equal share of each class, evenly spread, at least one.

    >>> sampled_rows(np.array([0, 0, 0, 0, 0, 0, 1, 1, 2]), most=3).astype(int).tolist()
    [1, 0, 0, 0, 0, 1, 1, 0, 1]
    """
    taken = np.zeros(len(labels), dtype=np.bool_)
    share = min(1.0, most / max(len(labels), 1))
    for number in np.unique(labels):
        rows = np.flatnonzero(labels == number)
        count = int(np.ceil(share * len(rows)))
        taken[rows[np.linspace(0, len(rows) - 1, num=count).round().astype(np.int64)]] = True
    return taken
