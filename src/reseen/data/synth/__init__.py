"""The synthetic sets: vehicles and persons rendered from parametric meshes, in the layouts of the public sets."""

from reseen.data.synth.sheet import contact_sheet
from reseen.data.synth.subject import SUBJECTS, Description, Subject
from reseen.data.synth.synthesise import SynthResult, synthesise

__all__ = ["SUBJECTS", "Description", "Subject", "SynthResult", "contact_sheet", "synthesise"]
