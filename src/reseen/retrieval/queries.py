"""What a gallery is searched by: images or vectors, to unit vectors.

Q = queries, D = width of the vectors.
"""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reseen.arrays import ArrayLike, as_array, is_tensor
from reseen.errors import ReseenError
from reseen.retrieval.intake import NEEDS_EMBEDDER, unit_vectors

if TYPE_CHECKING:
    from reseen.retrieval.embedder import Embedder, Images

Vectors: TypeAlias = ArrayLike


def query_vectors(queries: "Images | Vectors", *, embedder: "Embedder | None", width: int) -> NDArray[np.float32]:
    """Images, or vectors (D,) or (Q, D) of any length -> (Q, D) of length 1; images need an embedder."""
    if is_tensor(queries):
        queries = as_array(queries)
    if isinstance(queries, np.ndarray) and np.issubdtype(queries.dtype, np.floating):
        return unit_vectors(queries, width=width)
    return embedder_of(embedder)(queries)


def embedder_of(embedder: "Embedder | None") -> "Embedder":
    """The embedder. Raises ReseenError where a gallery has none."""
    if embedder is None:
        raise ReseenError(NEEDS_EMBEDDER)
    return embedder
