"""Measures of a map: whether it lies on the marks, points at one, and shows what the similarity depends on.

B = images, h, w = height and width of a map, H, W = of an image.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d
from torchvision.transforms.v2.functional import gaussian_blur

TOLERANCE = 1 / 32
"""How far from a mark, as a share of the image's shorter side, a map may point: 4 pixels of 128."""
STEPS = 6
"""Into how many equal parts deletion and insertion cut an image."""
BLUR = 1 / 8
"""Standard deviation of the blur that takes detail away, as a share of the image's shorter side."""

Similarity = Callable[[Tensor], Tensor]
"""Images (B, 3, H, W) -> the similarity that is explained (B,)."""


class CurveEnds(NamedTuple):
    """The ends of the curves of deletion and insertion, which do not depend on the map.

    ``gone`` (B, 3, H, W): the images without detail; ``whole`` and ``nothing`` (B,): the similarities with and without.
    """

    gone: Tensor
    whole: Tensor
    nothing: Tensor


class Areas(NamedTuple):
    """Means (B,) of the similarity while an image is blurred away, and while it comes back."""

    deletion: Tensor
    insertion: Tensor


def enlarged(maps: Tensor, *, size: tuple[int, int]) -> Tensor:
    """(B, h, w) -> (B, H, W): bilinear, cell centres on cell centres."""
    return interpolate(maps[:, None].float(), size=size, mode="bilinear", align_corners=False)[:, 0]


def energy_on(maps: Tensor, marks: Tensor) -> Tensor:
    """(B, H, W) twice -> (B,) in [0, 1]: the share of what is above 0 that lies on the marks.

    A map that is nowhere above 0 counts as one that is the same everywhere.
    """
    energy = maps.clamp(min=0)
    energy = torch.where(energy.amax(dim=(1, 2), keepdim=True) > 0, energy, torch.ones_like(energy))
    return (energy * marks).sum(dim=(1, 2)) / energy.sum(dim=(1, 2))


def points_at(maps: Tensor, marks: Tensor, *, tolerance: int) -> Tensor:
    """(B, H, W) twice -> (B,) of 0 or 1: whether the largest value lies on a mark or within ``tolerance`` pixels.

    The pointing game of Zhang et al., "Top-down Neural Attention by Excitation Backprop", 2018; distance is the larger
    of rows and columns. A map without a largest value points nowhere.
    """
    near = max_pool2d(marks[:, None].float(), kernel_size=2 * tolerance + 1, stride=1, padding=tolerance).flatten(1)
    flat = maps.flatten(1)
    hit = near.gather(1, flat.argmax(dim=1, keepdim=True))[:, 0]
    return torch.where(flat.amax(dim=1) > flat.amin(dim=1), hit, torch.zeros_like(hit))


def curve_ends(images: Tensor, similarity: Similarity) -> CurveEnds:
    """The ends for images (B, 3, H, W)."""
    gone = blurred(images)
    return CurveEnds(gone, similarity(images), similarity(gone))


def areas(images: Tensor, maps: Tensor, similarity: Similarity, *, ends: CurveEnds, steps: int = STEPS) -> Areas:
    """Images (B, 3, H, W) and maps (B, H, W) -> the areas under the curves of deletion and insertion.

    Petsiuk et al., "RISE", BMVC 2018: pixels go in the order of the map, the largest first, and come in the same
    order; here removed pixels are strongly blurred, so that no edges are added to the image. A map of what the
    similarity depends on has a small area of deletion and a large one of insertion.
    """
    order = maps.flatten(1).argsort(dim=1, descending=True, stable=True).argsort(dim=1).reshape(maps.shape)
    deleted, inserted = [ends.whole], [ends.nothing]
    for step in range(1, steps):
        first = (order < maps[0].numel() * step / steps)[:, None]
        deleted.append(similarity(torch.where(first, ends.gone, images)))
        inserted.append(similarity(torch.where(first, images, ends.gone)))
    return Areas(_mean_under([*deleted, ends.nothing]), _mean_under([*inserted, ends.whole]))


def blurred(images: Tensor) -> Tensor:
    """(B, 3, H, W) without their detail."""
    shorter = min(images.shape[2:])
    deviation = shorter * BLUR
    reach = min(round(3 * deviation), shorter - 1)
    soft: Tensor = gaussian_blur(images, kernel_size=[2 * reach + 1] * 2, sigma=[deviation] * 2)
    return soft


def _mean_under(values: list[Tensor]) -> Tensor:
    """The trapezoidal mean of a curve at even steps."""
    curve = torch.stack(values)
    return (curve[1:] + curve[:-1]).mean(dim=0) / 2
