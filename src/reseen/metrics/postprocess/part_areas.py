"""MUSP's distance of parts, each weighed by how much of both images it covers.

Lee et al., "Multi-attention-based Soft Partition Network for Vehicle Re-Identification", 2021.
Q = queries, G = gallery entries, n = parts, D = width of a part.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from einops import rearrange

from reseen.arrays import ArrayLike
from reseen.errors import ReseenError
from reseen.metrics.array_types import Float32, Indices, UnitVectors
from reseen.metrics.similarity import Block, cosine_blocks
from reseen.metrics.unit_vectors import joint_unit_vectors

_BEHIND = 2.0
"""What brings a cosine below each similarity of the shortlist."""


@dataclass(frozen=True)
class PartAreas:
    """Ranks by MUSP's distance, from embeddings whose parts are as long as their areas.

    Such come from the head ``musp`` with ``counted = "by_area"``, where ``parts`` is its number of prototypes: as many
    parts less the background, and the whole. The distance is the mean of the parts' squared distances at length 1,
    weighted by the product of both areas. It is no distance of vectors, so no index of vectors serves it.

    Args:
        parts: Of an embedding, all equally wide.
        shortlist: Gallery entries, the nearest of each query by cosine, that are ranked so; the others stay behind them
            in the order of their cosines. None for all.

    Raises:
        ReseenError: A number below 1.

    Example:
        >>> PartAreas(parts=6, shortlist=100).describe()
        'distance of 6 parts by area (shortlist=100)'
    """

    parts: int
    shortlist: int | None = None

    def __post_init__(self) -> None:
        if self.parts < 1:
            raise ReseenError(f"parts: expected at least 1, got {self.parts}")
        if self.shortlist is not None and self.shortlist < 1:
            raise ReseenError(f"shortlist: expected at least 1 gallery entry, got {self.shortlist}")

    def describe(self) -> str:
        """Name and settings, for a report."""
        short = "" if self.shortlist is None else f" (shortlist={self.shortlist})"
        return f"distance of {self.parts} parts by area{short}"

    def blocks(self, query: ArrayLike, gallery: ArrayLike, *, queries: Indices, device: str = "cpu") -> Iterator[Block]:
        """1 - d / 2 of the wanted query rows, d the distance, block by block; never a (Q, G) matrix.

        ReseenError: zero, NaN or infinite vectors, widths that differ or that so many parts do not share.
        """
        units = joint_unit_vectors(query, gallery)
        if units.shape[1] % self.parts:
            raise ReseenError(f"parts: expected a divisor of the vectors' {units.shape[1]} numbers, got {self.parts}")
        areas, split = part_lengths(units, parts=self.parts), len(query)
        for block in cosine_blocks(units[:split], units[split:], queries=queries, device=device):
            # A part of length a in both vectors adds a * b * cosine to their product, so it is the weighted sum.
            weights = areas[block.queries] @ areas[split:].T
            yield Block(block.queries, self._ranked(block.similarity, weights))

    def _ranked(self, cosines: Float32, weights: Float32) -> Float32:
        """(n, G), (n, G) -> (n, G)."""
        similarity: Float32 = np.clip(cosines / np.maximum(weights, np.finfo(np.float32).tiny), -1, 1)
        if self.shortlist is None or self.shortlist >= cosines.shape[1]:
            return similarity
        behind = np.argpartition(-cosines, self.shortlist, axis=1)[:, self.shortlist :]
        np.put_along_axis(similarity, behind, np.take_along_axis(cosines, behind, axis=1) - _BEHIND, axis=1)
        return similarity


def part_lengths(units: UnitVectors, *, parts: int) -> Float32:
    """(N, n * D) -> (N, n), float32: up to one factor a vector, the areas."""
    squares: Float32 = np.square(rearrange(units, "v (p d) -> v p d", p=parts)).sum(axis=2)
    lengths: Float32 = np.sqrt(squares)
    return lengths
