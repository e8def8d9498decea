"""The synthetic sets: vehicles, persons and street scenes from parametric meshes, in the layouts of public sets."""

from reseen.data.synth.scene import SceneSet, synthesise_scenes
from reseen.data.synth.sheet import contact_sheet
from reseen.data.synth.subject import SUBJECTS, Description, Subject
from reseen.data.synth.synthesise import SynthResult, synthesise

__all__ = [
    "SUBJECTS",
    "Description",
    "SceneSet",
    "Subject",
    "SynthResult",
    "contact_sheet",
    "synthesise",
    "synthesise_scenes",
]
