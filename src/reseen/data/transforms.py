"""What is done to an image on its way to the network: one table, and the two pipelines made from it.

Images travel as uint8 (3, H, W) tensors through torchvision.transforms.v2 and are then scaled to 0..1 and
normalised: (x - mean) / std. Only ``random_erasing`` comes after that, so its fill is in normalised units and
a fill of 0 is the mean. Everything random is drawn from torch's global generator.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import torch
from annotated_types import Ge, Le
from PIL.Image import Image
from torch import Tensor
from torchvision.transforms import v2

from reseen.bounds import Count, NotNegative, Positive, Share, Triple
from reseen.data.crops import centre_crop, pad_crop, random_resized_crop, translate_crop
from reseen.data.erasing import comes_after_normalising, random_erasing
from reseen.data.scaled import Decode, size_for
from reseen.errors import ReseenError, unknown
from reseen.normalisation import Normalisation
from reseen.signatures import supplied

Transform: TypeAlias = Callable[[Tensor], Tensor]
Factory: TypeAlias = Callable[..., Transform]


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
    hue: Annotated[float, Ge(0), Le(0.5)] = 0.0,
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
    operations: Count = 2,
    magnitude: Annotated[int, Ge(0), Le(30)] = 9,
    probability: Share = 1.0,
) -> Transform:
    """RandAugment (Cubuk et al., 2020): so many operations drawn at random, at one magnitude of 0..30."""
    return _sometimes(v2.RandAugment(operations, magnitude), probability)


def trivial_augment(*, probability: Share = 1.0) -> Transform:
    """TrivialAugment (Mueller and Hutter, ICCV 2021): one operation, its strength drawn anew each time."""
    return _sometimes(v2.TrivialAugmentWide(), probability)


def augmix(
    *,
    severity: Annotated[int, Ge(1), Le(10)] = 3,
    chains: Count = 3,
    probability: Share = 1.0,
) -> Transform:
    """AugMix (Hendrycks et al., ICLR 2020): several chains of operations mixed with the image itself."""
    return _sometimes(v2.AugMix(severity, chains), probability)


TRANSFORMS: Mapping[str, Factory] = MappingProxyType(
    {
        made.__name__: made
        for made in (
            resize, random_resized_crop, centre_crop, pad_crop, translate_crop, flip, rotate, colour_jitter, grey, blur,
            auto_augment, rand_augment, trivial_augment, augmix, random_erasing,
        )
    }
)  # fmt: skip
"""Name -> factory. A new one: a function above and its name here.

One that brings images to the network's size names ``image_size``, which the pipeline supplies; one whose transform
comes after normalising is marked with ``after_normalising``.
"""


def _of_table(name: str) -> Factory:
    if name not in TRANSFORMS:
        raise ReseenError(unknown("transform", name, TRANSFORMS))
    return TRANSFORMS[name]


@dataclass(frozen=True)
class Pipeline:
    """An RGB image -> float32 (3, H, W): ``before`` on uint8, then normalised, then ``after``.

    ``needs``: (height, width) to which images may be decoded; None for their own size. ``cached``: whether images that
    are decoded smaller are kept on disk.
    """

    before: tuple[Transform, ...]
    after: tuple[Transform, ...]
    scale: Tensor
    shift: Tensor
    needs: tuple[int, int] | None = None
    cached: bool = False

    def __call__(self, image: Image) -> Tensor:
        """The image as the network takes it."""
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        for step in self.before:
            pixels = step(pixels)
        pixels = pixels.to(torch.float32, memory_format=torch.contiguous_format).mul_(self.scale).sub_(self.shift)
        for step in self.after:
            pixels = step(pixels)
        return pixels


def build_transforms(
    lines: Sequence[Mapping[str, Any]],
    *,
    image_size: tuple[int, int],
    mean: Triple,
    std: Triple,
    factory: Callable[[str], Factory] = _of_table,
    decode: Decode = "full",
) -> Pipeline:
    """The training pipeline: each line a transform's ``name`` and its settings, applied in their order.

    Images come to image_size (H, W) where a transform stands that takes it, such as ``random_resized_crop``, or are
    resized first where there is none. ``mean`` and ``std`` are of images scaled to 0..1. ``factory`` finds a name's.
    ``decode``: "scaled" says in the pipeline's ``needs`` how small a JPEG may be decoded, "cached" also to keep it.
    Raises ReseenError for a name that is not in ``TRANSFORMS``.
    """
    own = [{key: value for key, value in line.items() if key != "name"} for line in lines]
    steps = [(factory(line["name"]), settings) for line, settings in zip(lines, own, strict=True)]
    if not any(supplied(step, image_size=image_size) for step, _ in steps):
        steps = [(resize, {}), *steps]
    made = [(step, step(**settings, **supplied(step, image_size=image_size))) for step, settings in steps]
    before = tuple(transform for step, transform in made if not comes_after_normalising(step))
    after = tuple(transform for step, transform in made if comes_after_normalising(step))
    needs = size_for(steps, image_size) if decode != "full" else None
    return replace(_pipeline(before, after, mean=mean, std=std), needs=needs, cached=decode == "cached")


def plain_transform(image_size: tuple[int, int], *, mean: Triple, std: Triple, decode: Decode = "full") -> Pipeline:
    """The pipeline of evaluation: resized to (H, W) and normalised, nothing random."""
    return build_transforms([], image_size=image_size, mean=mean, std=std, decode=decode)


def _pipeline(before: tuple[Transform, ...], after: tuple[Transform, ...], *, mean: Triple, std: Triple) -> Pipeline:
    scale, shift = (factor.reshape(3, 1, 1) for factor in Normalisation(mean, std).scale_and_shift())
    return Pipeline(before, after, scale, shift)


def _sometimes(transform: Transform, probability: float) -> Transform:
    made: Transform = v2.RandomApply([transform], probability)
    return made
