"""The initial weights of attention in a network that is pretrained.

The papers begin with random weights: at first the gates multiply pretrained features by noise, and it takes a long
schedule to recover. A neutral start treats all positions and channels alike, so that pretrained features stay useful in
a short fine-tuning.
"""

from typing import Literal, TypeAlias

Start: TypeAlias = Literal["random", "neutral"]
