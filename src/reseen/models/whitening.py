"""A last linear layer that centres, projects and scales vectors: PCA whitening with shrinkage.

Jégou and Chum, "Negative evidences and co-occurences in image retrieval: the benefit of PCA and whitening", ECCV 2012.
N = vectors, C = channels, D = channels kept.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from reseen.errors import ReseenError


class Whitening(nn.Module):
    """``mean`` (C,) and ``projection`` (C, D), which are learned by `learn_whitening` and never by gradients.

    Until tensors are loaded it keeps the first D channels.

    Args:
        channels: C.
        width: D, at most C.

    Raises:
        ReseenError: ``width`` is larger than ``channels``.
    """

    def __init__(self, channels: int, *, width: int) -> None:
        super().__init__()
        if width > channels:
            raise ReseenError(
                f"model.whitening.width: expected at most the {channels} channels of the backbone, got {width}"
            )
        self.mean = nn.Parameter(torch.zeros(channels), requires_grad=False)
        self.projection = nn.Parameter(torch.eye(channels, width), requires_grad=False)

    @property
    def width(self) -> int:
        """D."""
        return self.projection.shape[1]

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, C) of any length -> (B, D): made to length 1, centred, projected."""
        whitened: Tensor = (nn.functional.normalize(vectors, dim=1) - self.mean) @ self.projection
        return whitened


class LearnedWhitening(NamedTuple):
    """The tensors of a `Whitening`: ``mean`` (C,) and ``projection`` (C, D)."""

    mean: Tensor
    projection: Tensor


def learn_whitening(vectors: Tensor, *, width: int, shrinkage: float = 0.5) -> LearnedWhitening:
    """Learn a whitening from vectors.

    The D directions of the largest variance are each divided by their deviation, after every variance has been moved
    towards the mean of all kept: with fewer vectors than channels the smallest variances are mostly noise.

    Args:
        vectors: (N, C), of any length; they are made to length 1.
        width: D, at most the smaller of N - 1 and C.
        shrinkage: The share of the mean variance in each, from 0 (whitening) to 1 (the projection alone).

    Returns:
        ``mean`` and ``projection``, float32.

    Raises:
        ValueError: ``width`` is below 1 or above what the vectors span, or ``shrinkage`` is no share.

    Example:
        >>> learned = learn_whitening(torch.randn(100, 8), width=4)
        >>> learned.mean.shape, learned.projection.shape
        (torch.Size([8]), torch.Size([8, 4]))
    """
    most = min(len(vectors) - 1, vectors.shape[1])
    if not 1 <= width <= most:
        raise ValueError(f"width: expected 1 to {most} for {len(vectors)} vectors of {vectors.shape[1]}, got {width}")
    if not 0 <= shrinkage <= 1:
        raise ValueError(f"shrinkage: expected a share from 0 to 1, got {shrinkage:g}")
    unit = nn.functional.normalize(vectors.double(), dim=1)
    mean = unit.mean(dim=0)
    _, deviations, directions = torch.linalg.svd(unit - mean, full_matrices=False)
    variances = deviations[:width].square() / (len(vectors) - 1)
    shrunk = (1 - shrinkage) * variances + shrinkage * variances.mean()
    scale = torch.where(shrunk > 0, shrunk, torch.ones_like(shrunk)).rsqrt()  # vectors that are all alike vary nowhere
    return LearnedWhitening(mean.float(), (directions[:width].T * scale).float().contiguous())
