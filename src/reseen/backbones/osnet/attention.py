"""The spatial attention of the vehicle networks of OSNet-AIN (OpenVINO's vehicle-reid-0001 and its siblings).

Their published description names three convolutions with batch norms and x * (1 + sigmoid); that a hard swish stands
between the convolutions, and that the middle one is 3 x 3 of each channel by itself, is our assumption.
B = batch, C = channels, H, W = positions.
"""

from torch import Tensor, nn

from reseen.backbones.osnet.blocks import ConvNorm


class SpatialAttention(nn.Module):
    """Strengthens positions: x * (1 + m), where m of (0, 1) is one map for all channels."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        middle = ConvNorm(width, width, kernel=3, groups=width, relu=False)
        self.layers = nn.Sequential(
            ConvNorm(channels, width, relu=False),
            nn.Hardswish(),
            middle,
            nn.Hardswish(),
            ConvNorm(width, 1, relu=False),
            nn.Sigmoid(),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        out: Tensor = maps * (1 + self.layers(maps))
        return out
