"""Large separable kernel attention (LSKA): LKA with each depth-wise convolution split into a row and a column.

Lau et al., "Large Separable Kernel Attention", 2024, eqs. 9 to 12, in the block of LKA-ReID.
"""

from torch import nn

from reseen.attention.lka import Kernel, LargeKernelAttention, decomposed, depthwise
from reseen.attention.start import Start
from reseen.bounds import Count
from reseen.types import FeatureMap


def lska(feature_map: FeatureMap, *, kernel: Kernel = 21, dilation: Count = 3, start: Start = "random") -> nn.Module:
    """LKA with 1 x n and n x 1 filters: parameters and operations grow with ``kernel`` instead of its square.

    Raises ReseenError if ceil(kernel / dilation), the taps of the dilated convolutions, is even.
    """
    channels = feature_map.channels
    near, far = decomposed(kernel, dilation)
    attention = nn.Sequential(
        depthwise(channels, (1, near)),
        depthwise(channels, (near, 1)),
        depthwise(channels, (1, far), dilation=dilation),
        depthwise(channels, (far, 1), dilation=dilation),
        nn.Conv2d(channels, channels, 1),
    )
    return LargeKernelAttention(channels, attention=attention, start=start)
