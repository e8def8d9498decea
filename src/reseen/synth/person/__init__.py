"""Persons: dressed bodies that walk and stand, watched by six cameras, in Market-1501's layout."""

from reseen.synth.person.cameras import stations
from reseen.synth.person.describe import COLOURS, KINDS, describe
from reseen.synth.person.figure import build
from reseen.synth.person.identity import draw_identities
from reseen.synth.person.places import lay_out
from reseen.synth.person.poses import draw_state
from reseen.synth.subject import Subject

SUBJECT = Subject(
    draw_identities=draw_identities,
    draw_state=draw_state,
    build=build,
    stations=stations,
    lay_out=lay_out,
    describe=describe,
    colours=COLOURS,
    kinds=KINDS,
    aspect=0.5,
    layout="market1501",
)
"""Persons for the generator."""
