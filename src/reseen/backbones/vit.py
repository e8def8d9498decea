"""The family of timm's ViTs: one row of tokens from the first block to the last, so no stages and no strides."""

import timm
from torch import nn

from reseen.backbones.family import Family
from reseen.backbones.timm_body import is_timm, timm_body, timm_normalisation

_MODULES = ("vision_transformer", "vision_transformer_relpos", "deit", "eva", "beit", "cait", "xcit")
"""Where timm defines them."""


def vit(*, name: str, image_size: tuple[int, int], pretrained: bool) -> nn.Module:
    """The timm network ``name``, with its positional embedding for ``image_size``."""
    return timm_body(name, image_size=image_size, pretrained=pretrained)


def _owns(name: str) -> bool:
    return is_timm(name) and timm.models.is_model_in_modules(name, _MODULES)


VIT = Family("ViT", build=vit, owns=_owns, slots=(), normalisation=timm_normalisation)
