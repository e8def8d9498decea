"""Backbones by name, of timm or of elsewhere: (B, 3, H, W) -> (B, C, H', W')."""

from reseen.backbones.backbone import Backbone, SideInformation
from reseen.backbones.build import build_backbone
from reseen.backbones.families import FAMILIES, family_of
from reseen.backbones.family import Family
from reseen.backbones.input_size import set_input_size
from reseen.deprecation import moved_names

__all__ = ["FAMILIES", "Backbone", "Family", "SideInformation", "build_backbone", "family_of", "set_input_size"]

__getattr__ = moved_names(__name__, {"carry": "reseen.backbones:set_input_size"})
