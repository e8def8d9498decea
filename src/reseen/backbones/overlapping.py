"""Patches of a ViT that may overlap: a convolution whose stride is smaller than its kernel."""

from typing import Any

from timm.layers.patch_embed import PatchEmbed


class OverlappingPatches(PatchEmbed):
    """timm's patch embedding with a ``stride`` of its own, in pixels; what it says of its grid follows the stride."""

    def __init__(self, *, stride: int, **settings: Any) -> None:
        self.stride = stride  # before the base's own, which asks for the grid
        super().__init__(**settings)
        self.proj.stride = (stride, stride)

    def _init_img_size(self, img_size: Any) -> tuple[tuple[int, int], tuple[int, int], int]:
        size = (img_size, img_size) if isinstance(img_size, int) else tuple(img_size)
        rows, columns = grid = self.dynamic_feat_size(size)
        return size, grid, rows * columns

    def dynamic_feat_size(self, img_size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) in pixels -> rows and columns of patches."""
        return patch_grid(img_size, patch=self.patch_size[0], stride=self.stride)

    def feat_ratio(self, *_: Any, **__: Any) -> int:
        """How many times smaller than the image the grid is."""
        return self.stride


def patch_grid(image_size: tuple[int, int], *, patch: int, stride: int) -> tuple[int, int]:
    """The rows and columns of patches that fit into (height, width), in pixels.

    >>> patch_grid((256, 128), patch=16, stride=12)
    (21, 10)
    """
    height, width = image_size
    return (height - patch) // stride + 1, (width - patch) // stride + 1
