"""Heads as linear algebra on vectors that were embedded once, and what each sets in the network.

P = passes of the flip test (1 without it), N = images, C = channels, D = width of a head.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn

from reseen.models import BNNeck, Whitening, learn_whitening
from reseen.tasks.reid.choose.candidates import HeadName

_SHRINKAGE: Mapping[HeadName, float] = MappingProxyType({"centred": 1.0, "whitened": 0.5})
"""Of the variances: all of it leaves lengths as they are, so the vector is only centred."""


@dataclass(frozen=True, eq=False)
class Head:
    """A head: ``module`` (N, C) -> (N, D), and the ``tensors`` of the network that it sets."""

    name: HeadName
    module: nn.Module
    tensors: Mapping[str, Tensor]

    @property
    def width(self) -> int | None:
        """D of a whitening, None for another head."""
        return self.module.width if isinstance(self.module, Whitening) else None

    def __call__(self, vectors: Tensor) -> Tensor:
        """(P, N, C) -> (N, D): the mean over the passes, as the flip test takes it."""
        with torch.inference_mode():
            means: Tensor = torch.stack([self.module(of_pass) for of_pass in vectors]).mean(dim=0)
            return means


def heads_of(neck: nn.Module, sample: Tensor, *, trained: bool) -> Sequence[Head]:
    """The heads of a single-branch network.

    Args:
        neck: The network's own.
        sample: (P, N, C), vectors of training images before the neck.
        trained: Whether the neck has followed these very weights; if not, its mean and variance are the sample's.

    Returns:
        The vector before the neck, after it, and centred and whitened, as far as the sample has images enough.
    """
    seen, images = sample.flatten(0, 1), sample.shape[1]
    heads = [Head("pooled", nn.Identity(), {})]
    if not seen.isfinite().all():
        return heads  # nothing can be learned from them
    if trained or images > 1:
        heads.append(_necked(neck, None if trained else seen))
    if images > 1:
        heads += [_whitened(seen, name=name) for name in _SHRINKAGE]
    return heads


def as_compared() -> Sequence[Head]:
    """The only head of a network with branches, whose vector is the one after its necks."""
    return [Head("necked", nn.Identity(), {})]


def _necked(neck: nn.Module, seen: Tensor | None) -> Head:
    """The neck, with the mean and the variance of the vectors ``seen`` (N, C) if given."""
    neck = copy.deepcopy(neck).cpu().eval()
    if seen is None:
        return Head("necked", neck, {})
    assert isinstance(neck, BNNeck), "single-branch networks have a BNNeck"
    statistics = {"running_mean": seen.mean(dim=0), "running_var": seen.var(dim=0)}
    neck.norm.load_state_dict(statistics, strict=False)
    return Head("necked", neck, {f"neck.norm.{name}": value for name, value in statistics.items()})


def _whitened(seen: Tensor, *, name: HeadName) -> Head:
    width = seen.shape[1]
    learned = learn_whitening(seen, width=width, shrinkage=_SHRINKAGE[name])
    whitening = Whitening(width, width=width)
    whitening.load_state_dict(learned._asdict())
    return Head(name, whitening, {f"whitening.{key}": value for key, value in learned._asdict().items()})
