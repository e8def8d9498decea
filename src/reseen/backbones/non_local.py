"""Non-local blocks in a ResNet: every position sees a weighted sum over all positions of its map.

Wang et al., "Non-local Neural Networks", CVPR 2018, in the dot-product form with one inner channel that FastReID's
AGW and SBS networks have. B = batch, C = channels, N = H * W positions.
"""

from typing import Any

from torch import Tensor, nn

from reseen.errors import ReseenError

STAGES = ("layer2", "layer3")
"""The stages whose last blocks can be followed by non-local blocks."""


class NonLocal(nn.Module):
    """x + norm(project(y)), y_i = query_i * (mean over j of key_j * value_j), all three with one channel.

    The affinity query_i * key_j / N has rank 1 with one channel, so the sum over j is taken first: (N) instead of
    (N x N) numbers an image. The norm begins at 0, so the block begins as the identity.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Conv2d(channels, 1, kernel_size=1) for _ in range(3))
        self.project = nn.Conv2d(1, channels, kernel_size=1)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        summed = (self.key(maps) * self.value(maps)).mean(dim=(2, 3), keepdim=True)
        change: Tensor = self.norm(self.project(self.query(maps) * summed))
        return maps + change


def put_non_local(body: nn.Module, counts: tuple[int, int]) -> None:
    """Put a non-local block after each of the last blocks of a timm ResNet's stages 2 and 3, so many, in place.

    The block after ``layer2.3`` is ``layer2.non_local3``; all others keep their names. Raises ReseenError for more
    than a stage has blocks.
    """
    described: Any = body.feature_info
    channels = {entry["module"]: entry["num_chs"] for entry in described}
    for path, count in zip(STAGES, counts, strict=True):
        blocks = dict(body.get_submodule(path).named_children())
        if count > len(blocks):
            raise ReseenError(f"non_local: expected at most the {len(blocks)} blocks of {path}, got {count}")
        stage = nn.Sequential()
        for number, (name, block) in enumerate(blocks.items(), start=1):
            stage.add_module(name, block)
            if number > len(blocks) - count:
                stage.add_module(f"non_local{name}", NonLocal(channels[path]))
        body.add_module(path, stage)
