"""Transforms that crop or shift an image. Entries of `reseen.data.transforms.TRANSFORMS`."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeAlias

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor
from torchvision.transforms import v2

from reseen.bounds import Count, Part, Positive, Share

Transform: TypeAlias = Callable[[Tensor], Tensor]


def random_resized_crop(
    *,
    image_size: tuple[int, int],
    area: tuple[Part, Part] = (0.08, 1.0),
    aspect: tuple[Positive, Positive] = (0.75, 4 / 3),
) -> Transform:
    """A rectangle of a drawn share of the area and a drawn width / height, resized to image_size (H, W).

    Szegedy et al. (2015) train on ImageNet so.
    """
    transform: Transform = v2.RandomResizedCrop(image_size, scale=area, ratio=aspect, antialias=True)
    return transform


def centre_crop(*, image_size: tuple[int, int], share: Part = 0.875) -> Transform:
    """The middle as image_size (H, W), from an image resized so that this is ``share`` of its tighter side."""
    return partial(_centre_crop, image_size=image_size, share=share)


def pad_crop(*, padding: Count = 10, fill: Annotated[int, Ge(0), Le(255)] = 0) -> Transform:
    """Shifted by up to ``padding`` pixels each way, the border filled with the grey ``fill`` (0..255)."""
    return partial(_pad_crop, padding=padding, fill=fill)


def translate_crop(
    *, image_size: tuple[int, int], probability: Share = 0.5, scale: Annotated[float, Gt(1)] = 1.125
) -> Transform:
    """Resized to ``scale`` times image_size (H, W) and a piece of image_size cut out anywhere, or else just resized.

    RGA's 2-D translation: the image is resized once, from its own size.
    """
    return partial(_translate_crop, image_size=image_size, probability=probability, scale=scale)


def _centre_crop(image: Tensor, *, image_size: tuple[int, int], share: float) -> Tensor:
    """(3, H', W') -> (3, H, W)."""
    height, width = image.shape[-2:]
    scale = max(image_size[0] / height, image_size[1] / width) / share
    larger = v2.functional.resize(image, [round(height * scale), round(width * scale)], antialias=True)
    cut: Tensor = v2.functional.center_crop(larger, list(image_size))
    return cut


def _pad_crop(image: Tensor, *, padding: int, fill: int) -> Tensor:
    """(3, H, W) -> (3, H, W)."""
    padded = torch.nn.functional.pad(image, [padding] * 4, value=fill)
    return _cut_anywhere(padded, image.shape[-2], image.shape[-1])


def _translate_crop(image: Tensor, *, image_size: tuple[int, int], probability: float, scale: float) -> Tensor:
    """(3, H', W') -> (3, H, W)."""
    height, width = image_size
    if torch.rand(()) >= probability:
        resized: Tensor = v2.functional.resize(image, [height, width], antialias=True)
        return resized
    larger = v2.functional.resize(image, [round(height * scale), round(width * scale)], antialias=True)
    return _cut_anywhere(larger, height, width)


def _cut_anywhere(image: Tensor, height: int, width: int) -> Tensor:
    """(3, H', W') -> (3, height, width)."""
    top = int(torch.randint(image.shape[-2] - height + 1, ()))
    left = int(torch.randint(image.shape[-1] - width + 1, ()))
    return image[..., top : top + height, left : left + width]
