"""A learned row for each camera and view, which a network adds to its tokens; what an unknown camera gets stands here.

B = batch, C = cameras, V = views, D = width.
"""

from typing import Literal, TypeAlias

import torch
from einops import rearrange
from torch import Tensor, nn

from reseen.backbones.side_table import check_range

Unknown: TypeAlias = Literal["off", "mean"]
"""What stands for a camera or a view that is not known: nothing, or the mean of those that are."""


class SideEmbedding(nn.Module):
    """Rows (C * V, D), numbered as camera * V + view, times ``coefficient``.

    Without views (or cameras) there is one row a camera (or a view), and the other is not looked at.
    """

    def __init__(self, *, cameras: int, views: int, width: int, coefficient: float, unknown: Unknown) -> None:
        super().__init__()
        self.cameras, self.views = cameras, views
        self.coefficient = coefficient
        self.unknown = unknown
        self.rows = nn.Parameter(torch.empty(max(cameras, 1) * max(views, 1), width))
        nn.init.trunc_normal_(self.rows, std=0.02)

    def forward(self, cameras: Tensor | None, views: Tensor | None) -> Tensor:
        """(B,) or None, twice, unknown ones -1 -> (B, D), or (1, D) where neither is given.

        Raises ReseenError for a number beyond those that were learned.
        """
        camera = self._index(cameras, self.cameras, "camera")
        view = self._index(views, self.views, "view")
        return self.coefficient * self._table()[camera, view]

    def _table(self) -> Tensor:
        """(C + 1, V + 1, D), the last of each for what is not known: where -1 leads to."""
        table: Tensor = rearrange(self.rows, "(c v) d -> c v d", v=max(self.views, 1))
        if self.unknown == "off":
            return nn.functional.pad(table, (0, 0, 0, 1, 0, 1))
        cameras = torch.cat([table, table.mean(dim=0, keepdim=True)])
        return torch.cat([cameras, cameras.mean(dim=1, keepdim=True)], dim=1)

    def _index(self, given: Tensor | None, known: int, name: str) -> Tensor:
        if known == 0 or given is None:
            return torch.tensor([0 if known == 0 else -1], device=self.rows.device)
        numbers = given.to(self.rows.device)
        check_range(numbers, name, count=known)
        return numbers
