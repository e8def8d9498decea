"""Vehicles: eight body types in the paints of the road, watched by twenty cameras, in VeRi-776's layout."""

from types import MappingProxyType

import numpy as np

from reseen.synth.render.station import Station
from reseen.synth.subject import Description, Subject
from reseen.synth.vehicle.build import VehicleState, build
from reseen.synth.vehicle.cameras import stations
from reseen.synth.vehicle.identity import Vehicle, draw_identities
from reseen.synth.vehicle.paint import PAINTS
from reseen.synth.vehicle.paving import pave
from reseen.synth.vehicle.proportions import BODY_TYPES


def draw_state(station: Station, rng: np.random.Generator) -> VehicleState:
    """Lamps are on where the station's light calls for them, with few exceptions."""
    return VehicleState(lamps_on=station.lamps_on and bool(rng.random() < 0.9))


def describe(vehicle: Vehicle) -> Description:
    """Its labels, as VeRi's lists number them, and its marks."""
    family = vehicle.coat.family
    return Description(
        twin=vehicle.twin,
        colour=PAINTS[family].number,
        kind=BODY_TYPES[vehicle.kind].number,
        marks=tuple(mark.kind for mark in vehicle.marks),
        facts=MappingProxyType({"kind": vehicle.kind, "paint": family}),
    )


SUBJECT = Subject(
    draw_identities=draw_identities,
    draw_state=draw_state,
    build=build,
    stations=stations,
    lay_out=pave,
    describe=describe,
    colours=MappingProxyType({paint.number: name for name, paint in PAINTS.items() if name != "silver"}),
    kinds=MappingProxyType({body.number: name for name, body in BODY_TYPES.items()}),
    aspect=1.0,
    layout="veri776",
)
"""Vehicles for the generator."""
