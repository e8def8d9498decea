"""Advice on a data set before anything is trained on it."""

from reseen.tasks.reid.advise.advice import Advice
from reseen.tasks.reid.advise.backbones import BACKBONES, BackboneCost

__all__ = ["BACKBONES", "Advice", "BackboneCost"]
