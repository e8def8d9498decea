"""Large kernel attention (LKA): two small depth-wise convolutions that together see K x K positions.

Guo et al., "Visual Attention Network", 2023; here as the block of LKA-ReID (Xiang et al.), eqs. 1 to 3.
B = batch, C = channels, H, W = height and width of the map.
"""

from math import ceil
from typing import Annotated

from annotated_types import Ge
from torch import Tensor, nn

from reseen.attention.start import Start
from reseen.bounds import Count
from reseen.errors import ReseenError
from reseen.types import FeatureMap

Kernel = Annotated[int, Ge(3)]


class LargeKernelAttention(nn.Module):
    """F' = conv(GELU(F)); out = conv(A(F') * F') + F, the convolutions 1 x 1 with bias (eqs. 1 and 3).

    ``attention`` is A: a module that keeps (B, C, H, W) and gives each feature its weight (eq. 2). With a neutral
    ``start``, the last convolution begins at 0, so that the output is F.
    """

    def __init__(self, channels: int, *, attention: nn.Module, start: Start = "random") -> None:
        super().__init__()
        self.activation = nn.GELU()
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.attention = attention
        self.proj_out = nn.Conv2d(channels, channels, 1)
        if start == "neutral":
            nn.init.zeros_(self.proj_out.weight)
            nn.init.zeros_(self.proj_out.bias)  # type: ignore[arg-type]

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        features = self._features(maps)
        changed: Tensor = self.proj_out(self.attention(features) * features) + maps
        return changed

    def weights(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W): A(F'), the weight of each feature of F', of either sign."""
        weights: Tensor = self.attention(self._features(maps))
        return weights

    def _features(self, maps: Tensor) -> Tensor:
        features: Tensor = self.proj_in(self.activation(maps))
        return features


def lka(feature_map: FeatureMap, *, kernel: Kernel = 21, dilation: Count = 3, start: Start = "random") -> nn.Module:
    """A depth-wise, a dilated depth-wise and a 1 x 1 convolution that together see ``kernel`` x ``kernel`` (eq. 2).

    The defaults are the papers': 5 x 5, then 7 x 7 at dilation 3. Raises ReseenError if ceil(kernel / dilation), the
    taps of the dilated convolution, is even.
    """
    channels = feature_map.channels
    near, far = decomposed(kernel, dilation)
    attention = nn.Sequential(
        depthwise(channels, (near, near)),
        depthwise(channels, (far, far), dilation=dilation),
        nn.Conv2d(channels, channels, 1),
    )
    return LargeKernelAttention(channels, attention=attention, start=start)


def decomposed(kernel: int, dilation: int) -> tuple[int, int]:
    """(K, d) -> the kernel sizes of the first and the dilated convolution, 2d - 1 and ceil(K / d).

    >>> decomposed(21, 3)
    (5, 7)
    """
    near, far = 2 * dilation - 1, ceil(kernel / dilation)
    if far % 2 == 0:
        fits = [size * dilation for size in (far - 1, far + 1)]
        raise ReseenError(
            f"a kernel of {kernel} at dilation {dilation} has {far} taps, expected an odd number: "
            f"the nearest kernels are {fits[0]} and {fits[1]}"
        )
    return near, far


def depthwise(channels: int, kernel: tuple[int, int], *, dilation: int = 1) -> nn.Conv2d:
    """A depth-wise convolution of odd size (height, width), with bias, that keeps the size of the map."""
    height, width = kernel
    padding = (dilation * (height // 2), dilation * (width // 2))
    return nn.Conv2d(channels, channels, kernel, padding=padding, dilation=dilation, groups=channels)
