"""The kinds of objects that `synthesise` renders, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from reseen.synth import person, vehicle
from reseen.synth.subject import Subject

SUBJECTS: Mapping[str, Subject] = MappingProxyType({"vehicle": vehicle.SUBJECT, "person": person.SUBJECT})
