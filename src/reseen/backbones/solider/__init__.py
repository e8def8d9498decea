"""SOLIDER's Swin transformers, whose features a weight steers between appearance and parts of the body."""

from reseen.backbones.solider.family import SOLIDER

__all__ = ["SOLIDER"]
