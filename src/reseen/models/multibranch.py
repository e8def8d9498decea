"""The multi-branch embedder of MBR and LKA-ReID: one trunk, and branches that are trained by different losses.

Almeida et al., "Strength in Diversity", ITSC 2023; Xiang et al., "LKA-ReID", Fig. 1.
B = batch, C = channels of a branch, n = branches, I = training identities.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.models.metadata import Metadata
from reseen.types import Output

Role: TypeAlias = Literal["classify", "triplet", "both"]
"""Which losses train a branch: those on its logits, those on its features, or both."""


class BranchOutput(NamedTuple):
    """One branch's ``pooled`` (B, C), ``necked`` (B, C) and ``logits`` (B, I) or None."""

    pooled: Tensor
    necked: Tensor
    logits: Tensor | None


class Branch(nn.Module):
    """Parts, already built, in a row: ``stage`` -> ``pooling`` -> ``neck`` -> ``classifier``.

    ``compared``: whether losses on features see this branch.
    """

    def __init__(
        self, stage: nn.Module, *, pooling: nn.Module, neck: nn.Module, classifier: nn.Module | None, compared: bool
    ) -> None:
        super().__init__()
        self.stage = stage
        self.pooling = pooling
        self.neck = neck
        self.classifier = classifier
        self.compared = compared

    def forward(self, maps: Tensor, shift: Tensor | None) -> BranchOutput:
        """(B, C', H, W) of the trunk, (B, C) of the metadata or None -> BranchOutput."""
        pooled = self.pooling(self.stage(maps))
        pooled = pooled if shift is None else pooled + shift
        necked = self.neck(pooled)
        return BranchOutput(pooled, necked, None if self.classifier is None else self.classifier(necked))


class MultiBranchEmbedder(nn.Module):
    """A trunk, whose map goes to every branch; metadata shift the branches' pooled features.

    Args:
        backbone: The trunk: images (B, 3, H, W) to maps.
        branches: In the order of the embedding's parts.
        channels: Of each branch.
        metadata: The table over cameras and views, if the branches have one.
    """

    def __init__(
        self, backbone: Backbone, branches: Sequence[Branch], *, channels: int, metadata: Metadata | None = None
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.branches = nn.ModuleList(branches)
        self.metadata = metadata
        self.channels = channels
        self.compared = tuple(number for number, branch in enumerate(branches) if branch.compared)

    @property
    def width(self) -> int:
        """The number of channels of the embedding."""
        return len(self.branches) * self.channels

    def forward(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Output:
        """(B, 3, H, W) normalised -> Output with embedding (B, n * C): each branch after its neck, of length 1.

        ``cameras`` and ``views`` (B,): numbers among the names that the model has learned, or ``UNKNOWN``; None where
        none is known. They go to the backbone, whose family may learn them, and to the metadata, whose shift
        ``pooled`` includes.

        Raises ReseenError for a camera or a view out of range.
        """
        maps = self.backbone(images, cameras, views)
        shifts = [None] * len(self.branches)
        if self.metadata is not None:
            shifts = list(self.metadata(cameras, views, batch=images.shape[0]))
        outputs = [branch(maps, shift) for branch, shift in zip(self.branches, shifts, strict=True)]
        unit = [nn.functional.normalize(output.necked, dim=1) for output in outputs]
        return Output(
            embedding=torch.cat(unit, dim=1),
            pooled=tuple(output.pooled for output in outputs),
            necked=tuple(output.necked for output in outputs),
            logits=tuple(output.logits for output in outputs if output.logits is not None),
            compared=self.compared,
        )
