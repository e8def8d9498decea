"""The six stations and their places, and one rendered pair of twins."""

import numpy as np
import pytest

from reseen.synth.person import SUBJECT
from reseen.synth.person.cameras import CAMERAS, stations
from reseen.synth.person.places import PLACES, lay_out
from reseen.synth.render.renderer import Renderer, frame
from reseen.synth.render.shading import Light
from reseen.synth.render.shot import VIEWS, draw_pass, view_of

LIGHT = Light((0.3, 0.4, 0.87))


def test_six_stations_with_places_of_their_own_see_all_eight_views() -> None:
    found = stations(np.random.default_rng(0))
    assert [station.number for station in found] == [*range(1, CAMERAS + 1)]
    assert {station.street for station in found} == set(PLACES)
    assert len({station.sensor for station in found}) == CAMERAS
    rng = np.random.default_rng(1)
    seen = {view_of(draw_pass(station, rng).bearing) for station in found for _ in range(60)}
    assert seen == set(range(len(VIEWS)))
    assert found == stations(np.random.default_rng(0))
    assert found != stations(np.random.default_rng(5))


@pytest.mark.parametrize("name", PLACES)
def test_every_place_is_painted_from_its_seed(name: str) -> None:
    first = lay_out(name, light=LIGHT, seed=3)
    assert first.ground.dtype == first.front.dtype == np.uint8
    assert first.ground.shape[0] == first.ground.shape[1] == first.front.shape[0]
    assert first.ground.std() > 3
    assert first.front.std() > 3
    assert min(first.wall) > 6.3
    again, other = (lay_out(name, light=LIGHT, seed=seed) for seed in (3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first.front, other.front)


def test_images_of_twins_differ_at_their_marks_only() -> None:
    people = SUBJECT.draw_identities(60, twins_share=1.0, rng=np.random.default_rng(4))
    station = SUBJECT.stations(np.random.default_rng(0))[0]
    state = SUBJECT.draw_state(station, np.random.default_rng(7))
    pairs = [pair for pair in zip(people[::2], people[1::2], strict=True) if pair[0].differs <= {"bag", "print"}]
    assert pairs
    told = 0
    with Renderer((128, 64)) as renderer:
        for pair in pairs:
            built = [SUBJECT.build(one, state) for one in pair]
            points = np.concatenate([part.mesh.vertices for part in built[0] + built[1]])
            camera = frame(points, eye=(5.0, -4.0, 3.0), target=(0, 0, 0.9), aspect=0.5)
            one, other = (renderer.render(parts, camera, LIGHT, masks=True) for parts in built)
            assert one.marks is not None
            assert other.marks is not None
            away = np.abs(one.rgb - other.rgb).max(axis=2) > 0.02
            near = one.marks | other.marks
            # a pixel on a mark's edge is less than half mark
            grown = near.copy()
            for axis in (0, 1):
                for step in (-2, -1, 1, 2):
                    grown |= np.roll(near, step, axis)
            # straps and handles thinner than half a pixel show faintly without being in the mask
            assert (away & ~grown).sum() <= 0.05 * away.sum() + 2
            told += bool(away.any())
    assert told >= 0.6 * len(pairs)
