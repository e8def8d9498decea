"""One image: views by bearing, the street under the wheels, what the sensor does, what stands in front."""

import numpy as np
import pytest

from reseen.synth.render.occlude import OCCLUDERS, occluder
from reseen.synth.render.renderer import Camera
from reseen.synth.render.shading import Light
from reseen.synth.render.shot import VIEWS, develop, view_of
from reseen.synth.render.station import WEATHERS, Sensor, lit
from reseen.synth.render.street import REACH, TILE, look
from reseen.synth.vehicle.paving import STREETS, pave

DAY = Light((0.3, 0.3, 0.9))


@pytest.mark.parametrize("bearing", [*range(-720, 721, 9), 22.4, 22.6, 67.4, 67.6])
def test_views_are_named_by_the_sides_that_show(bearing: float) -> None:
    way = np.deg2rad(bearing)
    # A side belongs to the name when it shows by more than the sine of an eighth of a right angle.
    limit = np.sin(np.deg2rad(22.5))
    sides = [name for name, share in (("left", np.sin(way)), ("right", -np.sin(way))) if share > limit]
    sides += [name for name, share in (("front", np.cos(way)), ("rear", -np.cos(way))) if share > limit]
    assert VIEWS[view_of(bearing)] == "-".join(sides)


@pytest.mark.parametrize("name", STREETS)
def test_streets_are_painted_and_repeat(name: str) -> None:
    street = pave(name, light=DAY, seed=5)
    camera = Camera((10, 3, 6), (0, 0, 0.5), (-0.3, -0.2, 0.3, 0.4))
    here = look(street, camera, (48, 48), shift=(3.0, 1.75), turn=0.1)
    assert here.shape == (48, 48, 3)
    assert here.std() > 4
    again = look(street, camera, (48, 48), shift=(3.0 + TILE, 1.75), turn=0.1)
    # A ray that falls on the edge of a texel may go to either side of it.
    assert (here == again).mean() > 0.95
    assert (here == look(street, camera, (48, 48), shift=(9.0, 1.75), turn=0.1)).mean() < 0.5
    assert np.array_equal(pave(name, light=DAY, seed=5).ground, street.ground)
    assert not np.array_equal(pave(name, light=DAY, seed=6).ground, street.ground)


def test_the_ray_straight_down_meets_the_tile_below() -> None:
    street = pave("avenue", light=DAY, seed=1)
    side = street.ground.shape[0]
    camera = Camera((0.001, 0, 20), (0, 0, 0), (-1e-4, -1e-4, 1e-4, 1e-4))
    seen = look(street, camera, (8, 8), shift=(7.0, 2.0), turn=0.0)
    i, j = int(7.0 / TILE * side), int((2.0 + REACH) / (2 * REACH) * side)
    assert np.abs(seen.reshape(-1, 3).mean(0) - street.ground[i - 1 : i + 2, j - 1 : j + 2].mean((0, 1))).max() < 25


def test_above_the_fronts_is_sky() -> None:
    street = pave("highway", light=DAY, seed=1)
    camera = Camera((0, 0, 3), (0, 10, 30), (-0.1, -0.1, 0.1, 0.1))
    assert np.all(look(street, camera, (8, 8), shift=(0, 0), turn=0) == street.sky)


def test_a_plain_sensor_changes_little_and_a_strong_one_its_share() -> None:
    image = np.full((64, 64, 3), 120, np.float32)
    plain = Sensor(resolution=(1, 1), blur=0, noise=0)
    out = np.asarray(develop(image, plain, np.random.default_rng(0)), float)
    assert 120 * 0.7 < out.mean() < 120 * 1.3
    assert out.std(axis=(0, 1)) == pytest.approx(0, abs=1e-6)
    warm = Sensor(resolution=(1, 1), blur=0, noise=0, gains=(1.2, 1.0, 0.8))
    neutral = np.asarray(develop(image, plain, np.random.default_rng(0)), float).mean((0, 1))
    tinted = np.asarray(develop(image, warm, np.random.default_rng(0)), float).mean((0, 1))
    assert tinted / neutral == pytest.approx([1.2, 1.0, 0.8], abs=0.03)


def test_noise_has_the_deviation_that_it_says() -> None:
    image = np.full((128, 128, 3), 120, np.float32)
    sensor = Sensor(resolution=(1, 1), blur=0, noise=8)
    out = np.asarray(develop(image, sensor, np.random.default_rng(0)), float)
    # Brightness noise of 8 and half of it again in each colour.
    assert out[..., 0].std() == pytest.approx(8 * np.sqrt(1.25), rel=0.05)


def test_less_resolution_means_less_detail() -> None:
    image = np.random.default_rng(1).uniform(0, 255, (64, 64, 3)).astype(np.float32)
    sharp, dull = (
        np.asarray(develop(image, Sensor(resolution=(r, r), blur=0, noise=0), np.random.default_rng(0)), float)
        for r in (1.0, 0.4)
    )
    assert dull.std() < 0.7 * sharp.std()


def test_everything_that_may_stand_in_front_covers_a_part() -> None:
    covers = [occluder((64, 64), brightness=0.8, rng=np.random.default_rng(seed)).cover for seed in range(60)]
    shares = [float(cover.mean()) for cover in covers]
    assert all(0 < share < 0.7 for share in shares)
    assert len(OCCLUDERS) == 5
    assert covers[0].shape == (64, 64)


@pytest.mark.parametrize("name", WEATHERS)
def test_the_sun_is_up_in_every_weather(name: str) -> None:
    light = lit(name, np.random.default_rng(2))
    assert np.linalg.norm(light.direction) == pytest.approx(1)
    low, high = WEATHERS[name].elevation
    assert np.sin(np.deg2rad(low)) - 1e-6 <= light.direction[2] <= np.sin(np.deg2rad(high)) + 1e-6
    assert 0 <= light.hardness < 1
