"""IBN-a: instance norm beside batch norm in a residual block's first norm (Pan et al., 2018, Fig. 3b)."""

from typing import Any

import torch
from torch import Tensor, nn

from reseen.errors import ReseenError


class InstanceBatchNorm(nn.Module):
    """Instance norm on the first half of the channels (appearance), batch norm on the rest (content).

    The parts are named ``IN`` and ``BN`` as in the public IBN-Net checkpoints.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.instance = channels // 2
        self.IN = nn.InstanceNorm2d(self.instance, affine=True)
        self.BN = nn.BatchNorm2d(channels - self.instance)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        first, rest = maps[:, : self.instance], maps[:, self.instance :]
        return torch.cat([self.IN(first.contiguous()), self.BN(rest.contiguous())], dim=1)


def put_ibn_a(body: nn.Module) -> None:
    """Replace ``bn1`` of every block in stages 1 to 3 of a timm ResNet, in place; stage 4 keeps batch norm.

    Raises ReseenError for a ResNet without plain batch norms.
    """
    stages = [body.get_submodule(name) for name in ("layer1", "layer2", "layer3")]
    blocks: list[Any] = [block for stage in stages for block in stage.children()]
    if not all(isinstance(getattr(block, "bn1", None), nn.BatchNorm2d) for block in blocks):
        raise ReseenError("ibn is for ResNets with batch norm: leave it out")
    for block in blocks:
        block.bn1 = InstanceBatchNorm(block.bn1.num_features)
