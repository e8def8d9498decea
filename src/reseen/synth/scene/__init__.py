"""Street scenes with label maps: streets of houses, gardens and parks with traffic and people, seen from a car."""

from reseen.synth.scene.labels import LABELS
from reseen.synth.scene.scenes import SceneSet, synthesise_scenes

__all__ = ["LABELS", "SceneSet", "synthesise_scenes"]
