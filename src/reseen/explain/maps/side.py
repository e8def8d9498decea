"""One side of pairs as the network meets it, and the similarity that is explained.

Retrieval compares embeddings by their cosine. A multi-branch embedding is its branches' vectors, each of length 1,
end to end, so its cosine is the mean of the branches' cosines: each branch has a share, and the shares add up. B =
pairs, C = channels, n = branches.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity


class Side(NamedTuple):
    """One picture of each of B pairs: ``images`` (B, 3, H, W) normalised; ``cameras`` and ``views`` (B,) or None."""

    images: Tensor
    cameras: Tensor | None = None
    views: Tensor | None = None


Vectors = tuple[Tensor, ...]
"""One (B, C) a branch, after the neck: what their cosines compare."""


def branch_vectors(model: nn.Module, side: Side) -> Vectors:
    """What each branch makes of the pictures, without gradient and in evaluation mode."""
    with at_rest(model), torch.no_grad():
        vectors: Vectors = model(*side).necked
    return vectors


def similarity_shares(vectors: Vectors, other: Vectors) -> Tensor:
    """n of (B, C), n of (B, C) -> (B, n): each branch's share; their sum is the similarity, in [-1, 1]."""
    cosines = [cosine_similarity(one, two) for one, two in zip(vectors, other, strict=True)]
    return torch.stack(cosines, dim=1) / len(cosines)


@contextmanager
def at_rest(model: nn.Module) -> Iterator[None]:
    """The model in evaluation mode within the block, and afterwards each of its parts in the mode it was in."""
    modes: Sequence[tuple[nn.Module, bool]] = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training
