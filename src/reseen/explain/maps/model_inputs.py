"""What a model is fed with, and the similarity of its vectors, which is what maps explain.

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

from reseen.types import Output


class ModelInputs(NamedTuple):
    """One image of each of B pairs: ``images`` (B, 3, H, W) normalised; ``cameras`` and ``views`` (B,) or None."""

    images: Tensor
    cameras: Tensor | None = None
    views: Tensor | None = None


Vectors = tuple[Tensor, ...]
"""One (B, C) per branch: the vectors whose cosines are compared."""


def compared_vectors(model: nn.Module, inputs: ModelInputs) -> Vectors:
    """The vectors after each branch's neck; of a model without branches its embedding, whichever vector that is."""
    output: Output = model(*inputs)
    return output.necked if hasattr(model, "branches") else (output.embedding,)


def branch_vectors(model: nn.Module, inputs: ModelInputs) -> Vectors:
    """The vectors of each branch, without gradient and in evaluation mode."""
    with evaluation_mode(model), torch.no_grad():
        return compared_vectors(model, inputs)


def similarity_shares(vectors: Vectors, other: Vectors) -> Tensor:
    """n of (B, C), n of (B, C) -> (B, n): each branch's share; their sum is the similarity, in [-1, 1]."""
    cosines = [cosine_similarity(first, second) for first, second in zip(vectors, other, strict=True)]
    return torch.stack(cosines, dim=1) / len(cosines)


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put the model into evaluation mode within the block, and each of its parts back into its own mode afterwards."""
    modes: Sequence[tuple[nn.Module, bool]] = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training
