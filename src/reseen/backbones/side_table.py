"""Side information embedding (SIE) of TransReID: one row of numbers for each camera and view, added to the tokens.

He et al., "TransReID: Transformer-based Object Re-Identification", ICCV 2021, section 3.4. B = batch, D = width.
"""

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from reseen.errors import ReseenError
from reseen.types import UNKNOWN

ForUnknown: TypeAlias = Literal["mean", "off"]
"""What an unknown camera or view adds: the mean of the rows over it, or nothing."""


class SideTable(nn.Module):
    """A row of ``width`` numbers per camera and view; 0 cameras or views: the table does not ask for them.

    ``unknown``: an image without its camera (or view) gets the mean of the rows over all cameras (or views), or,
    "off", nothing at all, which is what the public code gives with its coefficient at 0.
    """

    def __init__(self, *, cameras: int, views: int, width: int, unknown: ForUnknown) -> None:
        super().__init__()
        self.cameras, self.views, self.unknown = cameras, views, unknown
        self.table = nn.Parameter(torch.empty(max(cameras, 1), max(views, 1), width))
        nn.init.trunc_normal_(self.table, std=0.02)

    def forward(self, cameras: Tensor | None, views: Tensor | None, *, batch: int) -> Tensor:
        """(B,), (B,) -> (B, D); each entry is a number among the names, or ``UNKNOWN``; None: all are unknown.

        Raises ReseenError for a number out of range.
        """
        device = self.table.device
        camera = numbered(cameras, "camera", count=self.cameras, batch=batch, device=device)
        view = numbered(views, "view", count=self.views, batch=batch, device=device)
        return self._with_unknown()[camera, view]

    def _with_unknown(self) -> Tensor:
        """(cameras + 1, views + 1, D): the last row and column stand for unknown."""
        table: Tensor = self.table
        if self.unknown == "off":
            return pad(table, (0, 0, 0, int(self.views > 0), 0, int(self.cameras > 0)))
        table = torch.cat([table, table.mean(dim=0, keepdim=True)])
        return torch.cat([table, table.mean(dim=1, keepdim=True)], dim=1)


def numbered(numbers: Tensor | None, kind: str, *, count: int, batch: int, device: torch.device) -> Tensor:
    """(B,) with ``UNKNOWN`` -> (B,) in 0 to ``count``, where ``count`` stands for unknown. None: all are unknown.

    Where ``count`` is 0 the numbers are not asked for, and all become 0. Raises ReseenError for a number out of range.
    """
    if numbers is None or not count:
        return torch.full((batch,), count, device=device)
    numbers = numbers.to(device)
    check_range(numbers, kind, count=count)
    return torch.where(numbers == UNKNOWN, count, numbers)


def check_range(numbers: Tensor, kind: str, *, count: int) -> None:
    """Raise ReseenError for a number that is neither ``UNKNOWN`` nor in 0 to ``count`` - 1."""
    if torch.compiler.is_compiling() or numbers.is_meta:  # a check of values would split the graph
        return
    wrong = numbers[(numbers < UNKNOWN) | (numbers >= count)]
    if len(wrong):
        known = f"0 to {count - 1}, or {UNKNOWN} for unknown" if count else f"{UNKNOWN} for unknown, as none is known"
        raise ReseenError(f"{kind} out of range: expected {known}, got {int(wrong[0])}")
