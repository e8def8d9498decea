"""The parts of a vehicle, built from its identity."""

from typing import NamedTuple

import numpy as np

from reseen.synth.render.mesh import Array, Mesh, Part
from reseen.synth.vehicle.body import Body, bed, painted, shells
from reseen.synth.vehicle.glazing import windows
from reseen.synth.vehicle.identity import Vehicle
from reseen.synth.vehicle.marks import build_mark
from reseen.synth.vehicle.placing import Surroundings
from reseen.synth.vehicle.shell import both, pane
from reseen.synth.vehicle.trim import fittings
from reseen.synth.vehicle.wheels import wheels

DUST = np.asarray((0.42, 0.36, 0.28), np.float32)


class VehicleState(NamedTuple):
    """What changes on a vehicle from image to image."""

    lamps_on: bool = False


def build(vehicle: Vehicle, state: VehicleState) -> list[Part]:
    """All parts of one vehicle; its marks are parts of their own."""
    body = shells(vehicle.kind, vehicle.size)
    paint = np.asarray(vehicle.coat.colour)
    trim = vehicle.trim
    parts = painted(
        body, paint=paint, gloss=vehicle.coat.gloss, cladding=trim.cladding, cargo_paint=vehicle.livery.colour
    )
    if vehicle.kind == "bus":
        parts += _bands(body, np.asarray(vehicle.livery.colour))
    if vehicle.kind == "pickup":
        parts.append(Part(bed(body)))
    glass = (trim.glass, trim.glass * 1.05, trim.glass * 1.1)
    parts += windows(vehicle.kind, body, glass=glass, breaks=trim.breaks)
    parts += wheels(vehicle.kind, body, style=trim.rim, metal=(0.6, 0.61, 0.63))
    parts += fittings(vehicle.kind, body, trim, paint=paint, lamps_on=state.lamps_on)
    dusty = [part._replace(mesh=_dust(part.mesh, vehicle)) for part in parts]
    where = Surroundings(vehicle.kind, body, paint)
    marks = [Part(build_mark(mark, where), mark=True, gloss=0.25) for mark in vehicle.marks]
    return dusty + marks


def _bands(body: Body, colour: Array) -> list[Part]:
    """The livery of a bus: a broad band along each flank."""
    size = body.size
    x = np.linspace(size.length / 2 - 0.45, -size.length / 2 + 0.4, 24)[None]
    z = np.linspace(size.belt - 0.12, size.sill + 0.35, 4)[:, None]
    return [Part(both(pane(body.hull.flank(x, z), colour=colour, lift=0.012)), gloss=0.4)]


def _dust(mesh: Mesh, vehicle: Vehicle) -> Mesh:
    """Road dust, thickest near the ground."""
    low = np.exp(-mesh.vertices[:, 2] / (0.28 * vehicle.size.belt))
    share = (vehicle.dirt * (0.12 + 0.9 * low))[:, None].astype(np.float32)
    return mesh._replace(colours=mesh.colours * (1 - share) + DUST * share)
