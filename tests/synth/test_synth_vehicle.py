"""Vehicles: sound meshes of the size that was drawn, marks that show, twins that differ in nothing else."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from reseen.synth.render.mesh import merge
from reseen.synth.render.renderer import Renderer, assemble, frame
from reseen.synth.render.shading import Light
from reseen.synth.vehicle import SUBJECT
from reseen.synth.vehicle.build import VehicleState, build
from reseen.synth.vehicle.identity import Vehicle, draw_identities
from reseen.synth.vehicle.marks import MARKS, Mark, draw_marks
from reseen.synth.vehicle.paint import PAINTS
from reseen.synth.vehicle.proportions import BODY_TYPES


@pytest.fixture(scope="module")
def fleet() -> dict[str, Vehicle]:
    """One vehicle of each body type."""
    found: dict[str, Vehicle] = {}
    for vehicle in draw_identities(300, twins_share=0, rng=np.random.default_rng(0)):
        found.setdefault(vehicle.kind, vehicle)
    return found


@pytest.mark.parametrize("kind", BODY_TYPES)
def test_bodies_are_sound_and_as_large_as_drawn(fleet, kind: str) -> None:
    vehicle = replace(fleet[kind], marks=())
    mesh = merge([part.mesh for part in build(vehicle, VehicleState())])
    assert np.isfinite(mesh.vertices).all()
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1, abs=1e-3)
    assert mesh.triangles.min() >= 0
    assert mesh.triangles.max() < len(mesh.vertices)
    assert mesh.colours.min() >= 0
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    assert (high - low)[0] == pytest.approx(vehicle.size.length, rel=0.03)
    assert high[2] == pytest.approx(vehicle.size.height, rel=0.05)
    assert low[2] == pytest.approx(0, abs=0.02)
    # Mirrors stand out on both sides.
    assert 0 < (high - low)[1] - vehicle.size.width < 0.6
    assert high[1] == pytest.approx(-low[1], abs=1e-3)


@pytest.mark.parametrize("kind", BODY_TYPES)
def test_the_painted_body_looks_outward(fleet, kind: str) -> None:
    vehicle = replace(fleet[kind], marks=())
    for part in build(vehicle, VehicleState())[:2]:
        mesh = part.mesh
        a, b, c = (mesh.vertices[mesh.triangles[:, i]].astype(float) for i in range(3))
        faces = np.cross(b - a, c - a)
        away = (a + b + c) / 3 - (mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0)) / 2
        inward = np.einsum("ti,ti->t", faces, away) < 0
        assert np.linalg.norm(faces[inward], axis=1).sum() < 0.05 * np.linalg.norm(faces, axis=1).sum()


@pytest.mark.parametrize("kind", BODY_TYPES)
def test_every_mark_shows_on_every_body(fleet, kind: str) -> None:
    light = Light((0.3, 0.2, 0.9))
    with Renderer((128, 128)) as renderer:
        for name in MARKS:
            vehicle = replace(fleet[kind], marks=(Mark(name, 11),))
            model = assemble(build(vehicle, VehicleState()))
            seen = 0
            for way in np.deg2rad([0, 90, 180, 270]):
                eye = (14 * float(np.cos(way)), 14 * float(np.sin(way)), 7.0)
                camera = frame(model.vertices, eye=eye, target=(0, 0, 1), aspect=1)
                marks = renderer.draw(model, camera, light, masks=True).marks
                assert marks is not None
                seen += int(marks.sum())
            assert seen > 3, name


@pytest.mark.parametrize("side", ["left", "right"])
def test_marks_of_a_side_stay_on_it(fleet, side: str) -> None:
    for name in (mark for mark in MARKS if mark.startswith(side)):
        part = build(replace(fleet["sedan"], marks=(Mark(name, 5),)), VehicleState())[-1]
        assert part.mark
        assert np.all(part.mesh.vertices[:, 1] * (1 if side == "left" else -1) > 0)


def test_twins_differ_in_marks_and_dirt_only() -> None:
    vehicles = draw_identities(41, twins_share=0.5, rng=np.random.default_rng(1))
    assert [vehicle.twin for vehicle in vehicles] == [True] * 20 + [False] * 21
    for one, other in zip(vehicles[:20:2], vehicles[1:20:2], strict=True):
        assert one.marks != other.marks
        assert replace(one, marks=(), dirt=0.0) == replace(other, marks=(), dirt=0.0)
    assert len({vehicle.size for vehicle in vehicles}) == 31


def test_twins_without_their_marks_are_the_same_mesh() -> None:
    one, other = draw_identities(4, twins_share=0.5, rng=np.random.default_rng(2))[:2]
    bare = [assemble(build(replace(v, marks=(), dirt=0.2), VehicleState())) for v in (one, other)]
    assert all(np.array_equal(a, b) for a, b in zip(bare[0], bare[1], strict=True))
    marked = [assemble(build(v, VehicleState())) for v in (one, other)]
    assert not np.array_equal(marked[0].vertices, marked[1].vertices)


def test_kinds_and_paints_come_in_their_shares() -> None:
    vehicles = draw_identities(3000, twins_share=0, rng=np.random.default_rng(3))
    kinds = Counter(vehicle.kind for vehicle in vehicles)
    paints = Counter(vehicle.coat.family for vehicle in vehicles)
    whole = sum(body.share for body in BODY_TYPES.values())
    assert all(kinds[name] / 3000 == pytest.approx(body.share / whole, abs=0.03) for name, body in BODY_TYPES.items())
    whole = sum(paint.share for paint in PAINTS.values())
    assert all(paints[name] / 3000 == pytest.approx(paint.share / whole, abs=0.03) for name, paint in PAINTS.items())


@pytest.mark.parametrize("kind", BODY_TYPES)
def test_marks_show_from_every_side(kind: str) -> None:
    for seed in range(20):
        names = {mark.kind for mark in draw_marks(kind, np.random.default_rng(seed))}
        assert "plates" in names
        assert names <= set(MARKS)
        for side in ("left_", "right_"):
            assert any(name.startswith(side) for name in names)


def test_lamps_change_colours_but_no_shape(fleet) -> None:
    off, on = (assemble(build(fleet["sedan"], VehicleState(lamps_on=lamps))) for lamps in (False, True))
    assert np.array_equal(off.vertices, on.vertices)
    assert not np.array_equal(off.albedo, on.albedo)


def test_twenty_stations_cover_all_sides_and_differ() -> None:
    stations = SUBJECT.stations(np.random.default_rng(0))
    assert [station.number for station in stations] == list(range(1, 21))
    assert len({station.sensor for station in stations}) == 20
    assert all(3 < station.height < 9 for station in stations)
    sectors = {round(centre / 45) % 8 for station in stations for centre, _ in station.bearings}
    assert sectors == set(range(8))
    for station in stations:
        assert sum(2 * half for _, half in station.bearings) < 150
