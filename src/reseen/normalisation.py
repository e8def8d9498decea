"""Normalisation of images: (byte / 255 - mean) / std per channel, as one product and one difference."""

from typing import NamedTuple

import torch
from torch import Tensor

from reseen.bounds import Triple


class ScaleAndShift(NamedTuple):
    """``byte * scale - shift`` normalises; each is (3,) float32."""

    scale: Tensor
    shift: Tensor


class Normalisation(NamedTuple):
    """Images scaled to 0..1 enter the network as (x - mean) / std, per channel RGB."""

    mean: Triple
    std: Triple

    def scale_and_shift(self) -> ScaleAndShift:
        """The two factors for bytes, computed in float64.

        >>> Normalisation(mean=(0.5, 0.5, 0.5), std=(1.0, 1.0, 1.0)).scale_and_shift().shift
        tensor([0.5000, 0.5000, 0.5000])
        """
        mean, std = (torch.tensor(values, dtype=torch.float64) for values in self)
        return ScaleAndShift((1 / (255 * std)).float(), (mean / std).float())
