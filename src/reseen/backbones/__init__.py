"""timm backbones opened up: any feature extractor as (B, 3, H, W) -> (B, C, H', W')."""

from reseen.backbones.backbone import Backbone
from reseen.backbones.build import build_backbone
from reseen.backbones.carry import carry

__all__ = ["Backbone", "build_backbone", "carry"]
