"""The candidates: weights between untrained and trained, each with the heads that a vector may have.

Weights between those before and after fine-tuning often do better on data unlike the training data: Wortsman et al.,
"Robust fine-tuning of zero-shot models" (WiSE-FT), CVPR 2022.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from torch import Tensor

from reseen.data.table import Split

HeadName: TypeAlias = Literal["pooled", "centred", "necked", "whitened"]
"""The vector that is compared: before the BNNeck, as it is, centred or whitened; or after it."""

SHARES = (0.0, 1.0, 0.5, 0.75, 0.25)
"""Shares of the trained weights in a candidate's, from the simplest on: untrained, trained, averages of both."""
SAMPLED = 2000
"""Images at most of the training set from which heads are learned."""

_HEADS: Mapping[HeadName, int] = MappingProxyType({"pooled": 0, "centred": 1, "necked": 2, "whitened": 3})
_NOT_AVERAGED = frozenset({"neck", "classifier", "metadata"})
"""Parts that begin at random or as nothing, so they are the trained ones whenever there is something trained."""


class Candidate(NamedTuple):
    """A network that may be handed over: the share of the trained weights in its own, and its head."""

    share: float
    head: HeadName

    @property
    def weights(self) -> str:
        """Its weights in words."""
        if self.share in {0.0, 1.0}:
            return "trained" if self.share else "untrained"
        return f"average of {self.share:.0%} trained and {1 - self.share:.0%} untrained"

    @property
    def simplicity(self) -> tuple[int, int]:
        """Its place among candidates from the simplest on: by weights as in ``SHARES``, then by head."""
        return SHARES.index(self.share), _HEADS[self.head]

    def __str__(self) -> str:
        return f"{self.weights}, {self.head} vector"


def averaged(untrained: Mapping[str, Tensor], trained: Mapping[str, Tensor], *, share: float) -> dict[str, Tensor]:
    """The weights with so large a ``share`` of the trained ones, statistics of batch norms included.

    Counters are the trained ones, and so are parts that begin at random, unless nothing is trained.

    >>> import torch
    >>> averaged({"a": torch.tensor(0.0)}, {"a": torch.tensor(8.0)}, share=0.25)
    {'a': tensor(2.)}
    """
    if share in {0.0, 1.0}:
        return dict(trained if share else untrained)
    return {
        name: untrained[name].lerp(tensor, share) if _is_averaged(name, tensor) else tensor
        for name, tensor in trained.items()
    }


def _is_averaged(name: str, tensor: Tensor) -> bool:
    return tensor.is_floating_point() and not _NOT_AVERAGED & set(name.split("."))


def sample_of(train: Split, most: int = SAMPLED) -> Split:
    """At most so many of the training images, evenly spread over the table."""
    if len(train) <= most:
        return train
    return train.rows(np.linspace(0, len(train) - 1, num=most).round().astype(np.int64))
