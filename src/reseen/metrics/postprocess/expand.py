"""Expansion: a vector becomes the mean of itself and its nearest neighbours, for queries or for the gallery.

Average expansion is Chum et al., "Total Recall", ICCV 2007; weights similarity^alpha are Radenovic et al., "Fine-tuning
CNN Image Retrieval with No Human Annotation", TPAMI 2018; gallery expansion is Turcot and Lowe, ICCV workshops 2009.
"""

import numpy as np

from reseen.arrays import ArrayLike
from reseen.errors import ReseenError
from reseen.metrics.array_types import Float32, UnitVectors
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.postprocess.neighbours import Neighbours, nearest, nearest_among
from reseen.metrics.unit_vectors import checked_unit_vectors, joint_unit_vectors

_GATHERED_NUMBERS = 4_000_000
"""Numbers of neighbours' vectors held at once."""


def expand_query(
    query_vectors: ArrayLike, gallery_vectors: ArrayLike, *, top: int = 5, alpha: float = 0.0, device: str = "cpu"
) -> UnitVectors:
    """Add to each query its nearest neighbours in the gallery.

    All vectors are brought to length 1 first. A query has weight 1, a neighbour its cosine to the power ``alpha``, and
    0 if the cosine is negative and ``alpha`` above 0. Labels are not used, so entries that a protocol drops for a query
    may be among its neighbours.

    Args:
        query_vectors: (Q, D), an array or a torch tensor.
        gallery_vectors: (G, D), likewise.
        top: Neighbours to add, 1 to G.
        alpha: Power of the cosine that is a neighbour's weight; 0: all weigh 1.
        device: Where neighbours are found: "cpu", or a device of torch.

    Returns:
        (Q, D) float32 of length 1.

    Raises:
        ReseenError: ``top`` or ``alpha`` is out of bounds, a vector is zero or not finite, or the widths differ.

    Example:
        >>> expand_query(np.array([[1.0, 0.0]]), np.array([[0.6, 0.8], [0.0, -1.0]]), top=1).round(3)
        array([[0.894, 0.447]], dtype=float32)
    """
    require_neighbours(top, available=len(gallery_vectors))
    require_alpha(alpha)
    units = joint_unit_vectors(query_vectors, gallery_vectors)
    query, gallery = units[: len(query_vectors)], units[len(query_vectors) :]
    with RowThreads() as threads:
        neighbours = nearest(query, gallery, count=top, threads=threads, device=device)
    return _expanded(query, gallery, neighbours, alpha=alpha)


def expand_gallery(gallery_vectors: ArrayLike, *, top: int = 5, alpha: float = 0.0, device: str = "cpu") -> UnitVectors:
    """Add to each gallery entry its nearest neighbours among the others, as ``expand_query`` does for queries.

    Args:
        gallery_vectors: (G, D), an array or a torch tensor.
        top: Neighbours to add, 1 to G - 1.
        alpha: Power of the cosine that is a neighbour's weight; 0: all weigh 1.
        device: Where neighbours are found: "cpu", or a device of torch.

    Returns:
        (G, D) float32 of length 1.

    Raises:
        ReseenError: ``top`` or ``alpha`` is out of bounds, or a vector is zero or not finite.

    Example:
        >>> expand_gallery(np.array([[1.0, 0.0], [0.0, 2.0]]), top=1).round(2)
        array([[0.71, 0.71],
               [0.71, 0.71]], dtype=float32)
    """
    require_neighbours(top, available=len(gallery_vectors) - 1)
    require_alpha(alpha)
    gallery = checked_unit_vectors(gallery_vectors, name="gallery")
    with RowThreads() as threads:
        neighbours = nearest_among(gallery, count=top + 1, threads=threads, device=device)
    others = neighbours._replace(rows=neighbours.rows[:, 1:], similarity=neighbours.similarity[:, 1:])
    return _expanded(gallery, gallery, others, alpha=alpha)


def require_neighbours(top: int, *, available: int) -> None:
    """ReseenError for no neighbour, or more than the gallery has."""
    if not 1 <= top <= available:
        raise ReseenError(f"top: expected 1 to {available}, the gallery entries that can be added, got {top}")


def require_alpha(alpha: float) -> None:
    """ReseenError for a power by which the farthest neighbours would weigh most."""
    if not 0 <= alpha < np.inf:
        raise ReseenError(f"alpha: expected 0 (all neighbours alike) or more, got {alpha}")


def _expanded(units: UnitVectors, others: UnitVectors, neighbours: Neighbours, *, alpha: float) -> Float32:
    sums = units.copy()
    step = max(1, _GATHERED_NUMBERS // (neighbours.rows.shape[1] * units.shape[1]))
    for start in range(0, len(units), step):
        part = slice(start, start + step)
        weights = np.maximum(neighbours.similarity[part], 0) ** np.float32(alpha)
        sums[part] += np.einsum("nk,nkd->nd", weights, others[neighbours.rows[part]])
    return checked_unit_vectors(sums, name="expanded")
