"""The synthetic sets: vehicles, persons and street scenes from parametric meshes, in the layouts of public sets."""

from reseen.synth.crossing import CrossingSet, TrackerNoise, synthesise_crossing
from reseen.synth.kinds import SUBJECTS
from reseen.synth.scene import SceneSet, synthesise_scenes
from reseen.synth.sheet import contact_sheet
from reseen.synth.subject import Description, Subject
from reseen.synth.synthesise import SynthResult, synthesise

__all__ = [
    "SUBJECTS",
    "CrossingSet",
    "Description",
    "SceneSet",
    "Subject",
    "SynthResult",
    "TrackerNoise",
    "contact_sheet",
    "synthesise",
    "synthesise_crossing",
    "synthesise_scenes",
]
