"""Transforms of an image with its labels: scale, crop, mirror; and colour changes of the image alone.

torchvision's transforms v2 know which of the two they have: labels are never interpolated, and what a cut adds at a
border is ignored. All that is random comes from torch's global generator.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from reseen.bounds import Triple
from reseen.tasks.segment.classes import IGNORE
from reseen.tasks.segment.scenes import Labels

Both = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class JointTransform:
    """An image and its classes (H, W) uint8 -> image (3, H', W') normalised, labels (H', W') int64.

    ``together`` moves both, then ``colours`` changes the image alone, on uint8.
    """

    together: tuple[Callable[..., Both], ...]
    colours: tuple[Callable[[Tensor], Tensor], ...]
    normalise: Callable[[Tensor], Tensor]

    def __call__(self, image: Image, classes: Labels) -> Both:
        """Transform one scene."""
        pixels: Tensor = tv_tensors.Image(torch.from_numpy(np.array(image)).permute(2, 0, 1))
        labels: Tensor = tv_tensors.Mask(torch.from_numpy(np.array(classes)))
        for move in self.together:
            pixels, labels = move(pixels, labels)
        for change in self.colours:
            pixels = change(pixels)
        pixels = self.normalise(pixels.as_subclass(Tensor))
        return pixels.contiguous(), labels.as_subclass(Tensor).long()


def training_transform(
    size: tuple[int, int],
    *,
    scale: tuple[float, float],
    flip: float,
    colours: Sequence[Callable[[Tensor], Tensor]],
    mean: Triple,
    std: Triple,
) -> JointTransform:
    """The transform of training: scaled by a factor from ``scale``, a random crop of ``size`` (H, W), mirrored.

    Where the scaled image is smaller than the piece, the rest is the mean colour and ignored.
    """
    grey = [round(255 * value) for value in mean]
    cut = v2.RandomCrop(size, pad_if_needed=True, fill={tv_tensors.Image: grey, tv_tensors.Mask: IGNORE})
    together = (partial(_scaled, scale=scale), cut, v2.RandomHorizontalFlip(flip))
    return JointTransform(together, tuple(colours), _normalise(mean, std))


def plain_transform(*, mean: Triple, std: Triple) -> JointTransform:
    """The transform of evaluation: the whole scene, normalised."""
    return JointTransform((), (), _normalise(mean, std))


def _scaled(image: Tensor, labels: Tensor, *, scale: tuple[float, float]) -> Both:
    factor = scale[0] + (scale[1] - scale[0]) * float(torch.rand(()))
    size = [max(1, round(side * factor)) for side in image.shape[-2:]]
    return v2.functional.resize(image, size, antialias=True), v2.functional.resize(labels, size)


def _normalise(mean: Triple, std: Triple) -> Callable[[Tensor], Tensor]:
    transform: Callable[[Tensor], Tensor] = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)])
    return transform
