"""How attention begins when it is put into a network that already has weights.

The papers begin at random: the first gates are noise laid over trained features, and a long schedule mends it. A
neutral start treats all positions and channels alike, so that a short fine-tuning begins where the weights are.
"""

from typing import Literal, TypeAlias

Start: TypeAlias = Literal["random", "neutral"]
