"""Re-ranking: k-reciprocal distances, whole or in blocks, and what evaluation asks of any re-ranking.

Q = queries, G = gallery entries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reseen.arrays import ArrayLike
from reseen.errors import ReseenError
from reseen.metrics.embedded import Vectors
from reseen.metrics.kernels.segments import Rows
from reseen.metrics.kernels.team import Team
from reseen.metrics.postprocess.jaccard import overlaps, rerank_block
from reseen.metrics.postprocess.neighbours import nearest_among
from reseen.metrics.postprocess.reciprocal import reciprocal_weights
from reseen.metrics.postprocess.units import joint_units
from reseen.metrics.similarity import Block, Units, cosine_blocks


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

    def blocks(self, query: ArrayLike, gallery: ArrayLike, *, queries: Rows, device: str = "cpu") -> Iterator[Block]:
        """Minus the re-ranked distances of the wanted query rows, block by block; never a (Q, G) matrix.

        Every query takes part in the neighbourhoods, wanted or not. Memory above the vectors: their float32
        copies of length 1, O((Q + G) * k1) and a block. ReseenError: zero, NaN or infinite vectors, widths
        that differ, k1 larger than the gallery.
        """
        self.require_gallery(len(gallery))
        units = joint_units(query, gallery)
        return self._blocks(units, split=len(query), queries=queries, device=device)

    def require_gallery(self, pictures: int) -> None:
        """ReseenError for a gallery of fewer pictures than a picture is to have neighbours."""
        if self.k1 > pictures:
            raise ReseenError(
                f"k1: expected at most the gallery's {pictures} pictures, got {self.k1}; "
                "take a smaller k1 or a larger gallery"
            )

    def _blocks(self, units: Units, *, split: int, queries: Rows, device: str) -> Iterator[Block]:
        with Team() as team:
            neighbours = nearest_among(units, count=self.k1 + 1, team=team, device=device)
            weights = reciprocal_weights(units, neighbours, team=team)
            overlap = overlaps(weights, neighbours, k2=self.k2, queries=split)
            del weights
            for block in cosine_blocks(units[:split], units[split:], queries=queries, device=device):
                rerank_block(block, overlap, lowest=neighbours.lowest, weight=self.weight, team=team)
                yield block


def k_reciprocal(
    query_vectors: ArrayLike,
    gallery_vectors: ArrayLike,
    *,
    k1: int = 20,
    k2: int = 6,
    weight: float = 0.3,
    device: str = "cpu",
) -> NDArray[np.float32]:
    """(Q, D), (G, D), arrays or torch tensors -> (Q, G) re-ranked distances, smaller is nearer.

    The definition of Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017,
    as their code has it: the squared Euclidean distance of the vectors, brought to length 1 first, over each
    row's largest; ``weight`` of it, and ``1 - weight`` of the Jaccard distance. Equal to the dense form where
    neighbour distances do not tie; ties stand in the order of rows, queries first. Raises what
    ``KReciprocal`` and its ``blocks`` raise. ``KReciprocal.blocks`` needs no (Q, G) result.
    """
    settings = KReciprocal(k1=k1, k2=k2, weight=weight)
    queries = np.arange(len(query_vectors), dtype=np.int64)
    distances = np.empty((len(query_vectors), len(gallery_vectors)), dtype=np.float32)
    for block in settings.blocks(query_vectors, gallery_vectors, queries=queries, device=device):
        distances[block.queries] = -block.similarity
    return distances
