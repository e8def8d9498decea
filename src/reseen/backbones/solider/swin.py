"""SOLIDER's Swin: mmcv's layers by its names, and after each merging of patches a shift by the semantic weight.

Chen et al., "Beyond Appearance: a Semantic Controllable Self-Supervised Learning Framework for Human-Centric Visual
Tasks", CVPR 2023. B = batch, H, W = pixels, h, w = positions of a map, C = channels.
"""

from collections.abc import Sequence

import torch
from einops import rearrange
from timm.layers.drop import DropPath
from torch import Tensor, nn
from torch.nn.functional import pad, softplus

from reseen.backbones.solider.windows import WINDOW, ShiftedWindows

PATCH = 4


class Swin(nn.Module):
    """Images -> the normed map of the last stage.

    Args:
        width: Channels of the first stage; each further stage has twice as many.
        depths: Blocks a stage.
        semantic_weight: From 0 (appearance) to 1 (parts of the body): the input of the semantic embeddings.
        drop_path: How often the last block is left out in training; earlier ones less often, the first never.
    """

    semantics: Tensor

    def __init__(self, *, width: int, depths: Sequence[int], semantic_weight: float, drop_path: float) -> None:
        super().__init__()
        channels = [width * 2**stage for stage in range(len(depths))]
        blocks = iter(range(sum(depths)))
        rates = [[drop_path * next(blocks) / max(sum(depths) - 1, 1) for _ in range(depth)] for depth in depths]
        self.patch_embed = PatchEmbedding(width)
        self.stages = nn.ModuleList(
            Stage(wide, rates=own, merges=wide != channels[-1]) for wide, own in zip(channels, rates, strict=True)
        )
        self.semantic_embed_w = nn.ModuleList(nn.Linear(2, wide) for wide in channels[1:])
        self.semantic_embed_b = nn.ModuleList(nn.Linear(2, wide) for wide in channels[1:])
        self.register_buffer("semantics", torch.tensor([semantic_weight, 1 - semantic_weight]), persistent=False)
        self.add_module(f"norm{len(depths) - 1}", nn.LayerNorm(channels[-1]))
        for part in self.modules():
            if isinstance(part, nn.Linear):
                _begin(part)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, C, h, w)."""
        *merging, last = self.stages
        maps = self.patch_embed(images)
        for stage, scale, offset in zip(merging, self.semantic_embed_w, self.semantic_embed_b, strict=True):
            maps = stage(maps) * softplus(scale(self.semantics)) + offset(self.semantics)
        normed: Tensor = self.get_submodule(f"norm{len(merging)}")(last(maps))
        return rearrange(normed, "b h w c -> b c h w")


class Stage(nn.Module):
    """Blocks, every second one shifted; then, in all stages but the last, each 2 x 2 positions become one."""

    def __init__(self, channels: int, *, rates: Sequence[float], merges: bool) -> None:
        super().__init__()
        shifts = [WINDOW // 2 if number % 2 else 0 for number in range(len(rates))]
        self.blocks = nn.Sequential(
            *(Block(channels, shift=shift, drop_path=rate) for shift, rate in zip(shifts, rates, strict=True))
        )
        self.downsample = PatchMerging(channels) if merges else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """(B, h, w, C) -> (B, h, w, C), or half as high and wide with 2C channels."""
        merged: Tensor = self.downsample(self.blocks(maps))
        return merged


class Block(nn.Module):
    """Attention in windows and a perceptron, each after a norm and added to what it was given."""

    def __init__(self, channels: int, *, shift: int, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn = ShiftedWindows(channels, shift=shift)
        self.norm2 = nn.LayerNorm(channels)
        self.ffn = Perceptron(channels)
        self.drop_path = DropPath(drop_path)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, h, w, C) -> (B, h, w, C)."""
        attended = maps + self.drop_path(self.attn(self.norm1(maps)))
        seen: Tensor = attended + self.drop_path(self.ffn(self.norm2(attended)))
        return seen


class Perceptron(nn.Module):
    """Two layers with GELU between them, by mmcv's names."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        first = nn.Sequential(nn.Linear(channels, 4 * channels), nn.GELU())
        self.layers = nn.Sequential(first, nn.Linear(4 * channels, channels))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, h, w, C) -> (B, h, w, C)."""
        out: Tensor = self.layers(maps)
        return out


class PatchEmbedding(nn.Module):
    """Each 4 x 4 pixels become one position; zeros fill the image up to whole patches."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(3, width, kernel_size=PATCH, stride=PATCH)
        self.norm = nn.LayerNorm(width)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, h, w, C)."""
        height, width = images.shape[-2:]
        patches = self.projection(pad(images, (0, -width % PATCH, 0, -height % PATCH)))
        normed: Tensor = self.norm(rearrange(patches, "b c h w -> b h w c"))
        return normed


class PatchMerging(nn.Module):
    """Each 2 x 2 positions become one of 4C channels, in the order (channel, row, column), and 2C are made of them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, h, w, C) -> (B, ceil(h / 2), ceil(w / 2), 2C)."""
        height, width = maps.shape[1:3]
        whole = pad(maps, (0, 0, 0, width % 2, 0, height % 2))
        fours = rearrange(whole, "b (h s) (w t) c -> b h w (c s t)", s=2, t=2)
        merged: Tensor = self.reduction(self.norm(fours))
        return merged


def _begin(layer: nn.Linear) -> None:
    nn.init.trunc_normal_(layer.weight, std=0.02)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
