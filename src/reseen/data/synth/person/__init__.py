"""Persons: dressed bodies that walk and stand, watched by six cameras, in Market-1501's layout."""

from reseen.data.synth.person.cameras import stations
from reseen.data.synth.person.describe import COLOURS, KINDS, describe
from reseen.data.synth.person.figure import build
from reseen.data.synth.person.identity import draw_identities
from reseen.data.synth.person.places import lay_out
from reseen.data.synth.person.poses import draw_state
from reseen.data.synth.subject import Subject

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
"""What the generator needs to know of persons."""
