"""Random erasing: a rectangle of a normalised image is overwritten. An entry of `reseen.data.transforms.TRANSFORMS`.

Zhong et al., "Random Erasing Data Augmentation", AAAI 2020.
"""

from collections.abc import Callable
from functools import partial
from math import exp, log, sqrt
from typing import Literal, NamedTuple, TypeAlias, TypeVar

import torch
from torch import Tensor

from reseen.bounds import Positive, Share
from reseen.data.crops import Transform

Fill: TypeAlias = float | tuple[float, float, float] | Literal["noise"]

_ATTEMPTS = 10
"""Attempts to draw a rectangle that fits; after them the image stays as it is."""


class _Rectangles(NamedTuple):
    """How rectangles are drawn: shares of the area, height / width, and whether its logarithm is drawn."""

    area: tuple[float, float]
    aspect: tuple[float, float]
    logarithm: bool


FactoryT = TypeVar("FactoryT", bound=Callable[..., Transform])


def after_normalising(factory: FactoryT) -> FactoryT:
    """Mark a factory whose transform comes after normalising, as others come before."""
    factory.after_normalising = True  # type: ignore[attr-defined]
    return factory


def comes_after_normalising(factory: Callable[..., Transform]) -> bool:
    """Whether the factory is marked so."""
    return getattr(factory, "after_normalising", False)


@after_normalising
def random_erasing(
    *,
    probability: Share = 0.5,
    area: tuple[Share, Share] = (0.02, 0.4),
    aspect: tuple[Positive, Positive] = (0.3, 3.3),
    aspect_drawn: Literal["log_uniform", "uniform"] = "log_uniform",
    fill: Fill = 0.0,
) -> Transform:
    """A rectangle of a drawn share of the area overwritten, after normalising.

    ``aspect``: its height / width. Drawn "log_uniform", as torchvision does, wide ones are as frequent as tall ones;
    drawn "uniform", as many re-ID releases do, tall ones prevail. ``fill`` is in normalised units, one number or one a
    channel: 0 is the mean; "noise" draws each pixel from N(0, 1).
    """
    rectangles = _Rectangles(area, aspect, logarithm=aspect_drawn == "log_uniform")
    return partial(_erase, probability=probability, rectangles=rectangles, fill=fill)


def _erase(image: Tensor, *, probability: float, rectangles: _Rectangles, fill: Fill) -> Tensor:
    """(3, H, W) -> (3, H, W). Draws what torchvision's own transform draws, in its order."""
    if torch.rand(1) >= probability:
        return image
    for _ in range(_ATTEMPTS):
        height, width = _drawn_size(image, rectangles)
        if height < image.shape[-2] and width < image.shape[-1]:
            return _erase_rectangle(image, (height, width), fill)
    return image


def _drawn_size(image: Tensor, rectangles: _Rectangles) -> tuple[int, int]:
    area = image.shape[-2] * image.shape[-1] * _uniform(*rectangles.area)
    least, most = rectangles.aspect
    aspect = exp(_uniform(log(least), log(most))) if rectangles.logarithm else _uniform(least, most)
    return round(sqrt(area * aspect)), round(sqrt(area / aspect))


def _erase_rectangle(image: Tensor, size: tuple[int, int], fill: Fill) -> Tensor:
    """Overwritten anywhere, in a copy."""
    height, width = size
    values = torch.randn(3, height, width) if fill == "noise" else torch.tensor(fill).reshape(-1, 1, 1)
    top = int(torch.randint(image.shape[-2] - height + 1, ()))
    left = int(torch.randint(image.shape[-1] - width + 1, ()))
    erased = image.clone()
    erased[:, top : top + height, left : left + width] = values
    return erased


def _uniform(least: float, most: float) -> float:
    return float(torch.empty(1).uniform_(least, most))
