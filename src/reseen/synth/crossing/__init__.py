"""A small town of cameras: vehicles that drive through it, what a tracker makes of them, and the truth."""

from reseen.synth.crossing.crossing import CrossingSet, synthesise_crossing
from reseen.synth.crossing.noise import TrackerNoise

__all__ = ["CrossingSet", "TrackerNoise", "synthesise_crossing"]
