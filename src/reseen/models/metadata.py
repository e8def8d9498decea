"""Cameras and views that a model has learned: a table whose rows shift the branches' features.

The table over camera x view of MBR, added before the neck, has rows for an unknown camera and an unknown view, so
that one model serves with all, some or none of this information. B = batch, C = channels of a branch.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from reseen.backbones import SideInformation
from reseen.backbones.side_table import check_range
from reseen.types import UNKNOWN


class Metadata(nn.Module):
    """One row of C numbers per branch, camera and view; the last camera and the last view stand for unknown.

    Zero at the start: the model begins as if it had none. ``camera_names`` and ``view_names`` say what the
    numbers mean; images are matched by name. In training each image's camera is taken as unknown with
    probability ``drop``, and its view independently.
    """

    def __init__(
        self,
        *,
        branches: int,
        channels: int,
        camera_names: Sequence[str],
        view_names: Sequence[str],
        drop: float = 0.0,
    ) -> None:
        super().__init__()
        self.camera_names, self.view_names = tuple(camera_names), tuple(view_names)
        self.drop = drop
        self.table = nn.Parameter(torch.zeros(branches, len(camera_names) + 1, len(view_names) + 1, channels))

    def forward(self, cameras: Tensor | None, views: Tensor | None, *, batch: int) -> Tensor:
        """(B,), (B,) -> (branches, B, C).

        Each entry is a number among the names, or ``UNKNOWN``; None in place of a tensor means that all are unknown.

        Raises ReseenError for a number out of range.
        """
        camera = self._rows(cameras, "camera", count=len(self.camera_names), batch=batch)
        view = self._rows(views, "view", count=len(self.view_names), batch=batch)
        return self.table[:, camera, view]

    def _rows(self, numbers: Tensor | None, kind: str, *, count: int, batch: int) -> Tensor:
        """(B,) with ``UNKNOWN`` -> (B,) in 0 to count, where count stands for unknown."""
        if numbers is None:
            return torch.full((batch,), count, device=self.table.device)
        numbers = numbers.to(self.table.device)
        check_range(numbers, kind, count=count)
        unknown = numbers == UNKNOWN
        if self.training and self.drop:
            unknown = unknown | (torch.rand(batch, device=unknown.device) < self.drop)
        return torch.where(unknown, count, numbers)


def side_information(model: nn.Module) -> SideInformation | None:
    """The cameras and views that a model has learned, in its branches or in its backbone; None for one that has not."""
    table = getattr(model, "metadata", None)
    if isinstance(table, Metadata):
        return SideInformation(table.camera_names, table.view_names)
    return getattr(getattr(model, "backbone", None), "side_information", None)
