"""Tiny models whose necks have seen data, as pairs of pictures."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from reseen.backbones import build_backbone
from reseen.models.assemble import BranchLine, MetadataLine, multi_branch
from reseen.models.embedder import single_branch

SIZE = (64, 64)


def _settled(model: nn.Module) -> nn.Module:
    """Every norm with statistics of its own, as after training: a fresh one would hide what the neck does."""
    for part in model.modules():
        if isinstance(part, nn.BatchNorm1d):
            nn.init.normal_(part.running_mean, mean=0.3, std=0.2)
            nn.init.uniform_(part.running_var, 0.5, 2.0)
            nn.init.uniform_(part.weight, 0.5, 1.5)
    return model.eval()


@pytest.fixture
def single() -> Callable[..., nn.Module]:
    def make(pooling: str = "average", **options: object) -> nn.Module:
        backbone = build_backbone("resnet10t", image_size=SIZE, **options)
        return _settled(single_branch(backbone, num_identities=None, pooling=pooling))

    return make


@pytest.fixture
def branched() -> Callable[..., nn.Module]:
    """Branches of different map sizes: 2 x 2 and 4 x 4."""

    def make(*, metadata: bool = False, size: int = 64) -> nn.Module:
        lines = [BranchLine(kind, "both") for kind in ("bottleneck", "hca", "bot")]
        table = MetadataLine(("c1", "c2"), ()) if metadata else None
        backbone = build_backbone("resnet26", image_size=(size, size))
        model = multi_branch(backbone, lines, num_identities=None, metadata=table)
        if metadata:
            nn.init.normal_(model.metadata.table)
        return _settled(model)

    return make


@pytest.fixture
def images() -> torch.Tensor:
    """(6, 3, 64, 64): three queries and their matches."""
    return torch.randn(6, 3, *SIZE, generator=torch.Generator().manual_seed(1))
