"""Pure tensor functions: distances and pooling."""

from reseen.ops.distances import cosine_similarity, euclidean, squared_euclidean
from reseen.ops.pooling import POOLINGS, generalized_mean

__all__ = ["POOLINGS", "cosine_similarity", "euclidean", "generalized_mean", "squared_euclidean"]
