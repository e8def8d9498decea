"""What is done to a picture on its way to the network: one table, and the two pipelines made from it.

Pictures travel as uint8 (3, H, W) tensors through torchvision.transforms.v2 and are then scaled to 0..1 and
normalised: (x - mean) / std. Only ``random_erasing`` comes after that, so its fill is in normalised units and
a fill of 0 is the mean. Everything random is drawn from torch's global generator.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

import numpy as np
import torch
from PIL.Image import Image
from pydantic import Field
from torch import Tensor
from torchvision.transforms import v2

from reseen.data.crops import centre_crop, pad_crop, random_resized_crop, translate_crop
from reseen.data.erasing import random_erasing
from reseen.errors import ReseenError, unknown

Transform: TypeAlias = Callable[[Tensor], Tensor]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Triple: TypeAlias = tuple[float, float, float]

PROVIDED = ("image_size",)
"""The parameters of the factories that ``build_transforms`` supplies; a recipe line does not set them."""


def resize(
    *, image_size: tuple[int, int], interpolation: Literal["bilinear", "bicubic", "nearest"] = "bilinear"
) -> Transform:
    """To exactly image_size (H, W), without keeping the aspect ratio, antialiased."""
    mode = v2.InterpolationMode(interpolation)
    made: Transform = v2.Resize(image_size, interpolation=mode, antialias=True)
    return made


def flip(*, probability: Share = 0.5) -> Transform:
    """Left and right exchanged."""
    made: Transform = v2.RandomHorizontalFlip(probability)
    return made


def rotate(*, degrees: Positive = 10.0, probability: Share = 0.5) -> Transform:
    """Turned by up to so many degrees either way, the corners black."""
    turn = v2.RandomRotation(degrees, interpolation=v2.InterpolationMode.BILINEAR)
    return _sometimes(turn, probability)


def colour_jitter(
    *,
    brightness: NotNegative = 0.2,
    contrast: NotNegative = 0.15,
    saturation: NotNegative = 0.0,
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0,
    probability: Share = 0.5,
) -> Transform:
    """Brightness, contrast, saturation times 1 +- their setting; hue turned by up to ``hue`` of a circle."""
    return _sometimes(v2.ColorJitter(brightness, contrast, saturation, hue), probability)


def grey(*, probability: Share = 0.1) -> Transform:
    """Without colour, still three channels."""
    made: Transform = v2.RandomGrayscale(probability)
    return made


def blur(
    *,
    kernel: Literal[3, 5, 7, 9, 11] = 5,
    sigma: tuple[Positive, Positive] = (0.1, 2.0),
    probability: Share = 0.5,
) -> Transform:
    """Gaussian blur: ``kernel`` pixels wide, its sigma drawn between the two."""
    return _sometimes(v2.GaussianBlur(kernel, sigma), probability)


def auto_augment(*, policy: Literal["imagenet", "cifar10", "svhn"] = "imagenet", probability: Share = 1.0) -> Transform:
    """AutoAugment (Cubuk et al., CVPR 2019) with one of its learned policies."""
    return _sometimes(v2.AutoAugment(v2.AutoAugmentPolicy(policy)), probability)


def rand_augment(
    *,
    operations: Annotated[int, Field(ge=1)] = 2,
    magnitude: Annotated[int, Field(ge=0, le=30)] = 9,
    probability: Share = 1.0,
) -> Transform:
    """RandAugment (Cubuk et al., 2020): so many operations drawn at random, at one magnitude of 0..30."""
    return _sometimes(v2.RandAugment(operations, magnitude), probability)


def trivial_augment(*, probability: Share = 1.0) -> Transform:
    """TrivialAugment (Mueller and Hutter, ICCV 2021): one operation, its strength drawn anew each time."""
    return _sometimes(v2.TrivialAugmentWide(), probability)


def augmix(
    *,
    severity: Annotated[int, Field(ge=1, le=10)] = 3,
    chains: Annotated[int, Field(ge=1)] = 3,
    probability: Share = 1.0,
) -> Transform:
    """AugMix (Hendrycks et al., ICLR 2020): several chains of operations mixed with the picture itself."""
    return _sometimes(v2.AugMix(severity, chains), probability)


TRANSFORMS: Mapping[str, Callable[..., Transform]] = MappingProxyType(
    {
        made.__name__: made
        for made in (
            resize, random_resized_crop, centre_crop, pad_crop, translate_crop, flip, rotate, colour_jitter, grey, blur,
            auto_augment, rand_augment, trivial_augment, augmix, random_erasing,
        )
    }
)  # fmt: skip
"""Name -> factory. A new one: a function above and its name here."""

_AFTER_NORMALISING = frozenset({"random_erasing"})
_TAKES_IMAGE_SIZE = frozenset({"resize", "random_resized_crop", "centre_crop", "translate_crop"})


@dataclass(frozen=True)
class Pipeline:
    """An RGB picture -> float32 (3, H, W): ``before`` on uint8, then normalised, then ``after``."""

    before: tuple[Transform, ...]
    after: tuple[Transform, ...]
    scale: Tensor
    shift: Tensor

    def __call__(self, picture: Image) -> Tensor:
        """The picture as the network takes it."""
        image = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
        for step in self.before:
            image = step(image)
        image = image.to(torch.float32, memory_format=torch.contiguous_format).mul_(self.scale).sub_(self.shift)
        for step in self.after:
            image = step(image)
        return image


def build_transforms(
    lines: Sequence[Mapping[str, object]], *, image_size: tuple[int, int], mean: Triple, std: Triple
) -> Pipeline:
    """The training pipeline: each line a transform's ``name`` and its settings, applied in their order.

    Pictures come to image_size (H, W) where the line ``resize``, ``random_resized_crop``, ``centre_crop`` or
    ``translate_crop`` stands, or are resized first where there is none.
    ``mean`` and ``std`` are of pictures scaled to 0..1. Raises ReseenError for a name that is not in
    ``TRANSFORMS``.
    """
    names = [str(line["name"]) for line in lines]
    for name in names:
        if name not in TRANSFORMS:
            raise ReseenError(unknown("transform", name, TRANSFORMS))
    if not _TAKES_IMAGE_SIZE.intersection(names):
        lines, names = [{"name": "resize"}, *lines], ["resize", *names]
    made = [(name, _make(name, line, image_size)) for name, line in zip(names, lines, strict=True)]
    before = tuple(step for name, step in made if name not in _AFTER_NORMALISING)
    after = tuple(step for name, step in made if name in _AFTER_NORMALISING)
    return _pipeline(before, after, mean=mean, std=std)


def plain_transform(image_size: tuple[int, int], *, mean: Triple, std: Triple) -> Pipeline:
    """The pipeline of evaluation: resized to (H, W) and normalised, nothing random."""
    return build_transforms([], image_size=image_size, mean=mean, std=std)


def _make(name: str, line: Mapping[str, object], image_size: tuple[int, int]) -> Transform:
    settings = {key: value for key, value in line.items() if key != "name"}
    if name in _TAKES_IMAGE_SIZE:
        settings["image_size"] = image_size
    return TRANSFORMS[name](**settings)


def _pipeline(before: tuple[Transform, ...], after: tuple[Transform, ...], *, mean: Triple, std: Triple) -> Pipeline:
    centre = torch.tensor(mean, dtype=torch.float64).reshape(3, 1, 1)
    spread = torch.tensor(std, dtype=torch.float64).reshape(3, 1, 1)
    return Pipeline(before, after, (1 / (255 * spread)).float(), (centre / spread).float())


def _sometimes(transform: Transform, probability: float) -> Transform:
    made: Transform = v2.RandomApply([transform], probability)
    return made
