"""Distances and similarities between two sets of vectors.

Q = queries, G = gallery entries, D = width of a vector. Half precision is converted to float32, because float16 has too
few digits to tell embeddings of one identity apart.
"""

import torch
from einops import rearrange
from torch import Tensor, nn

ROUNDING = 8
"""The largest rounding error of a^2 + b^2 - 2ab, in units of the last digit of a^2 + b^2."""


def squared_euclidean(a: Tensor, b: Tensor) -> Tensor:
    """(Q, D), (G, D) -> (Q, G), at least 0. A distance within the rounding error of 0 is 0, with gradient 0."""
    a, b = _at_least_float32(a, b)
    # Shifting both sides alike keeps the distances, and leaves fewer digits to cancel in a^2 + b^2 - 2ab.
    centre = b.detach().mean(dim=0)
    a, b = a - centre, b - centre
    squares = rearrange(a.square().sum(dim=1), "q -> q 1") + b.square().sum(dim=1)
    difference = squares - 2 * a @ b.T
    return difference * (difference > ROUNDING * torch.finfo(a.dtype).eps * squares)


def euclidean(a: Tensor, b: Tensor) -> Tensor:
    """(Q, D), (G, D) -> (Q, G), at least 0; the gradient is 0 where two vectors coincide."""
    squares = squared_euclidean(a, b)
    smallest = torch.finfo(squares.dtype).tiny
    return squares.clamp(min=smallest).sqrt() * (squares > smallest)


def cosine_similarity(a: Tensor, b: Tensor) -> Tensor:
    """(Q, D), (G, D) -> (Q, G), in [-1, 1]; the similarity to a zero vector is 0."""
    a, b = _at_least_float32(a, b)
    return (nn.functional.normalize(a, dim=1) @ nn.functional.normalize(b, dim=1).T).clamp(-1, 1)


def _at_least_float32(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    dtype = torch.promote_types(torch.promote_types(a.dtype, b.dtype), torch.float32)
    return a.to(dtype), b.to(dtype)
