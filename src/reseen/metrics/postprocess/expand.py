"""Expansion: a vector becomes the mean of itself and its nearest neighbours, on the query side or in the database.

Average expansion is Chum et al., "Total Recall", ICCV 2007; weights similarity^alpha are Radenovic et al., "Fine-tuning
CNN Image Retrieval with No Human Annotation", TPAMI 2018; the database side is Turcot and Lowe, ICCV workshops 2009.
"""

import numpy as np
from numpy.typing import NDArray

from reseen.arrays import ArrayLike
from reseen.errors import ReseenError
from reseen.metrics.kernels.team import Team
from reseen.metrics.postprocess.neighbours import Neighbours, nearest, nearest_among
from reseen.metrics.postprocess.units import joint_units, unit_rows
from reseen.metrics.similarity import Units

_GATHERED_NUMBERS = 4_000_000
"""Numbers of neighbours' vectors held at once."""


def expand_query(
    query_vectors: ArrayLike, gallery_vectors: ArrayLike, *, top: int = 5, alpha: float = 0.0, device: str = "cpu"
) -> Units:
    """(Q, D), (G, D) -> (Q, D) float32 of length 1: each query and its ``top`` nearest of the gallery, summed.

    Arrays or torch tensors; all vectors are brought to length 1 first. A neighbour weighs its cosine to the power
    ``alpha`` (0: all alike), none if the cosine is negative and ``alpha`` above 0; the query weighs 1. No label is
    looked at, so what a protocol drops for a query may be among its neighbours. ReseenError: ``top`` beyond the
    gallery, negative ``alpha``, zero, NaN or infinite vectors, widths that differ.
    """
    require_neighbours(top, available=len(gallery_vectors))
    require_alpha(alpha)
    units = joint_units(query_vectors, gallery_vectors)
    query, gallery = units[: len(query_vectors)], units[len(query_vectors) :]
    with Team() as team:
        found = nearest(query, gallery, count=top, team=team, device=device)
    return _expanded(query, gallery, found, alpha=alpha)


def expand_gallery(gallery_vectors: ArrayLike, *, top: int = 5, alpha: float = 0.0, device: str = "cpu") -> Units:
    """(G, D) -> (G, D) float32 of length 1: each entry and its ``top`` nearest others, as ``expand_query``."""
    require_neighbours(top, available=len(gallery_vectors) - 1)
    require_alpha(alpha)
    gallery = unit_rows(gallery_vectors, side="gallery")
    with Team() as team:
        found = nearest_among(gallery, count=top + 1, team=team, device=device)
    others = found._replace(rows=found.rows[:, 1:], similarity=found.similarity[:, 1:])
    return _expanded(gallery, gallery, others, alpha=alpha)


def require_neighbours(top: int, *, available: int) -> None:
    """ReseenError for no neighbour, or more than there are to add."""
    if not 1 <= top <= available:
        raise ReseenError(f"top: expected 1 to {available}, the gallery entries there are to add, got {top}")


def require_alpha(alpha: float) -> None:
    """ReseenError for a power that would let the farthest neighbours weigh most."""
    if not 0 <= alpha < np.inf:
        raise ReseenError(f"alpha: expected 0 (all neighbours alike) or more, got {alpha}")


def _expanded(units: Units, others: Units, found: Neighbours, *, alpha: float) -> NDArray[np.float32]:
    sums = units.copy()
    step = max(1, _GATHERED_NUMBERS // (found.rows.shape[1] * units.shape[1]))
    for start in range(0, len(units), step):
        part = slice(start, start + step)
        weights = np.maximum(found.similarity[part], 0) ** np.float32(alpha)
        sums[part] += np.einsum("nk,nkd->nd", weights, others[found.rows[part]])
    return unit_rows(sums, side="expanded")
