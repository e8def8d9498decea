"""Re-ranking: k-reciprocal distances, whole or in blocks, and the interface of any re-ranking.

Q = queries, G = gallery entries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from reseen.arrays import ArrayLike
from reseen.errors import ReseenError
from reseen.metrics.array_types import Float32, Indices, UnitVectors, Vectors
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.postprocess.jaccard import overlaps, rerank_block
from reseen.metrics.postprocess.neighbours import nearest_among
from reseen.metrics.postprocess.reciprocal import reciprocal_weights
from reseen.metrics.similarity import Block, cosine_blocks
from reseen.metrics.unit_vectors import joint_unit_vectors


class Reranking(Protocol):
    """What ``evaluate(rerank=...)`` takes: an object that computes similarities block by block."""

    def blocks(self, query: Vectors, gallery: Vectors, *, queries: Indices, device: str = "cpu") -> Iterator[Block]:
        """(Q, D), (G, D) and the wanted query rows -> blocks in the order of those rows; larger is nearer."""
        ...

    def describe(self) -> str:
        """Name and settings, for a report."""
        ...


@dataclass(frozen=True)
class KReciprocal:
    """Settings of k-reciprocal re-ranking (Zhong et al., CVPR 2017).

    Args:
        k1: Neighbours that describe an image; at most the images of the gallery.
        k2: Neighbours over which these descriptions are averaged, 1 to ``k1``.
        weight: Of the original distance, 0 to 1; the Jaccard distance has the rest.

    Raises:
        ReseenError: A setting is out of bounds.

    Example:
        >>> KReciprocal(k1=10, k2=3).describe()
        'k-reciprocal (k1=10, k2=3, weight=0.3)'
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
        """Name and settings, for a report."""
        return f"k-reciprocal (k1={self.k1}, k2={self.k2}, weight={self.weight:g})"

    def blocks(self, query: ArrayLike, gallery: ArrayLike, *, queries: Indices, device: str = "cpu") -> Iterator[Block]:
        """Minus the re-ranked distances of the wanted query rows, block by block; never a (Q, G) matrix.

        All queries take part in the neighbourhoods, not only the wanted ones. Memory beside the vectors: their float32
        copies of length 1, O((Q + G) * k1) and a block. ReseenError: zero, NaN or infinite vectors, widths
        that differ, k1 larger than the gallery.
        """
        self.require_gallery(len(gallery))
        units = joint_unit_vectors(query, gallery)
        return self._blocks(units, split=len(query), queries=queries, device=device)

    def require_gallery(self, images: int) -> None:
        """ReseenError for a gallery of fewer images than k1."""
        if self.k1 > images:
            raise ReseenError(
                f"k1: expected at most the gallery's {images} images, got {self.k1}; "
                "take a smaller k1 or a larger gallery"
            )

    def _blocks(self, units: UnitVectors, *, split: int, queries: Indices, device: str) -> Iterator[Block]:
        with RowThreads() as threads:
            neighbours = nearest_among(units, count=self.k1 + 1, threads=threads, device=device)
            weights = reciprocal_weights(units, neighbours, threads=threads)
            overlap = overlaps(weights, neighbours, k2=self.k2, queries=split)
            del weights
            for block in cosine_blocks(units[:split], units[split:], queries=queries, device=device):
                rerank_block(block, overlap, lowest=neighbours.lowest, weight=self.weight, threads=threads)
                yield block


def k_reciprocal(
    query_vectors: ArrayLike,
    gallery_vectors: ArrayLike,
    *,
    k1: int = 20,
    k2: int = 6,
    weight: float = 0.3,
    device: str = "cpu",
) -> Float32:
    """Re-rank by k-reciprocal neighbours: Zhong et al., CVPR 2017.

    As in "Re-ranking Person Re-identification with k-reciprocal Encoding" and its authors' code: the squared Euclidean
    distance of vectors of length 1, over each row's largest; ``weight`` of it, and ``1 - weight`` of the Jaccard
    distance. Equal to the dense form where neighbour distances do not tie; ties stand in the order of rows, queries
    first. ``KReciprocal.blocks`` needs no (Q, G) result.

    Args:
        query_vectors: (Q, D), an array or a torch tensor; brought to length 1 here.
        gallery_vectors: (G, D), likewise.
        k1: Neighbours that describe an image; at most G.
        k2: Neighbours over which these descriptions are averaged, 1 to ``k1``.
        weight: Of the original distance, 0 to 1.
        device: Where products are computed: "cpu", or a device of torch.

    Returns:
        (Q, G) distances; smaller is nearer.

    Raises:
        ReseenError: A setting is out of bounds, a vector is zero or not finite, or the widths differ.

    Example:
        >>> query = np.array([[1.0, 0.0]])
        >>> gallery = np.array([[0.9, 0.1], [1.0, 0.2], [0.0, 1.0]])
        >>> k_reciprocal(query, gallery, k1=2, k2=1).argsort().tolist()
        [[0, 1, 2]]
    """
    settings = KReciprocal(k1=k1, k2=k2, weight=weight)
    queries = np.arange(len(query_vectors), dtype=np.int64)
    distances = np.empty((len(query_vectors), len(gallery_vectors)), dtype=np.float32)
    for block in settings.blocks(query_vectors, gallery_vectors, queries=queries, device=device):
        distances[block.queries] = -block.similarity
    return distances
