"""Re-ranking: k-reciprocal distances, whole or in blocks, and what evaluation asks of any re-ranking.

Q = queries, G = gallery entries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.metrics.embedded import Vectors
from reseen.metrics.similarity import Block

Rows = NDArray[np.int64]


class Reranking(Protocol):
    """What ``evaluate(rerank=...)`` takes: similarities of its own making, block by block."""

    def blocks(self, query: Vectors, gallery: Vectors, *, queries: Rows, device: str = "cpu") -> Iterator[Block]:
        """(Q, D), (G, D) and the wanted query rows -> blocks in the order asked; larger is nearer."""
        ...

    def describe(self) -> str:
        """Name and settings, as they stand in a report."""
        ...


@dataclass(frozen=True)
class KReciprocal:
    """Settings of k-reciprocal re-ranking (Zhong et al., CVPR 2017).

    ``k1`` neighbours a picture is known by, ``k2`` neighbours over which these are averaged, ``weight`` of the
    original distance beside the Jaccard distance. ReseenError when one is out of bounds.
    """

    k1: int = 20
    k2: int = 6
    weight: float = 0.3

    def __post_init__(self) -> None:
        if self.k1 < 1:
            raise ReseenError(f"k1: expected at least 1 neighbour, got {self.k1}")
        if not 1 <= self.k2 <= self.k1:
            raise ReseenError(f"k2: expected 1 to k1 = {self.k1}, got {self.k2}")
        if not 0 <= self.weight <= 1:
            raise ReseenError(f"weight: expected 0 (Jaccard alone) to 1 (original distance alone), got {self.weight}")

    def describe(self) -> str:
        """As it stands in a report."""
        return f"k-reciprocal (k1={self.k1}, k2={self.k2}, weight={self.weight:g})"

    def blocks(self, query: Vectors, gallery: Vectors, *, queries: Rows, device: str = "cpu") -> Iterator[Block]:
        """Minus the re-ranked distances of the wanted query rows, in blocks."""
        raise NotImplementedError
