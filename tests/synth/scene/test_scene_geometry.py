"""Where things, ground and shadows come to lie in a scene, against hand computation."""

import math

import numpy as np
import pytest
from torchvision.datasets import Cityscapes

from reseen.synth.render.mesh import box
from reseen.synth.render.renderer import Camera
from reseen.synth.render.shading import Light
from reseen.synth.scene.furniture import BOARDS
from reseen.synth.scene.labels import LABELS
from reseen.synth.scene.roadway import NOWHERE, Roadway, ground_at, make_grain
from reseen.synth.scene.shadows import CELL, LOW, lightmap
from reseen.synth.scene.shoot import Photographer, View
from reseen.synth.scene.sky import Air, hazed, horizon
from reseen.synth.scene.street import Street
from reseen.synth.scene.thing import placed, thing

ROADWAY = Roadway(
    half=5.0,
    lanes=(-1.5, 1.5),
    parking=(0.0, 0.0),
    pavement=(2.0, 3.0),
    verge=(0.0, 0.0),
    junction=30.0,
    across=4.0,
    zebra=NOWHERE,
    road=np.full(3, 0.3, np.float32),
    slabs=np.full(3, 0.5, np.float32),
    green=np.asarray((0.2, 0.4, 0.1), np.float32),
    joints=0.5,
)
LIGHT = Light((-1.0, 0.0, 1.0))
CLEAR = Air(reach=1e9, clouds=0.0, seed=0)


def test_labels_are_those_of_cityscapes() -> None:
    theirs = {entry.name: entry.id for entry in Cityscapes.classes}
    assert dict(LABELS) == {name: theirs[name] for name in LABELS}


@pytest.mark.parametrize(
    ("x", "y", "name"),
    [
        (10, 0, "road"),
        (10, 4.9, "road"),
        (10, -4.9, "road"),
        (10, 5.1, "sidewalk"),
        (10, 6.9, "sidewalk"),  # left: 2 m wide
        (10, 7.1, "terrain"),
        (10, -7.9, "sidewalk"),  # right: 3 m wide
        (10, -8.1, "terrain"),
        (33.9, 20, "road"),  # the street across: 30 +- 4
        (36.1, 20, "sidewalk"),  # and its pavement, 2.2 m
        (36.3, 20, "terrain"),
        (36.1, 0, "road"),
    ],
)
def test_ground_at_a_point(x: float, y: float, name: str) -> None:
    ground = ground_at(np.asarray([x]), np.asarray([y]), roadway=ROADWAY, grain=make_grain())
    assert ground.labels.tolist() == [LABELS[name]]


def test_lane_lines_are_white_and_dashed() -> None:
    x = np.arange(0, 9, 0.25) + 0.01
    ground = ground_at(x, 0 * x, roadway=ROADWAY, grain=make_grain())
    bright = ground.albedo.min(axis=1) > 0.55
    assert bright.tolist() == (x % 9 < 4).tolist()


def test_a_box_and_the_ground_are_seen_where_the_pinhole_says() -> None:
    """A 2 m cube's near face 10 m ahead spans 0.2 of the image plane; ground at distance d is 1.5 / d below."""
    cube = placed([thing("car", box((2, 2, 2), centre=(1, 0, 1)))], at=(10, 0))
    camera = Camera((0, 0, 1.5), (10, 0, 1.5), (-0.5, -0.25, 0.5, 0.25))
    with Photographer((128, 256)) as photographer:
        shot = photographer.shoot(View(Street(ROADWAY, cube, 0.0), camera, LIGHT, CLEAR))
    expected = np.zeros((128, 256), int)
    for i in range(128):
        for j in range(256):
            right, up = ((j + 0.75) / 256 - 0.5) * 1.0, (0.5 - (i + 0.75) / 128) * 0.5
            expected[i, j] = _seen(right, up)
    assert (shot.labels == expected).mean() > 0.995  # pixels on an edge may fall either way
    assert shot.labels[20, 128] == LABELS["sky"]


def _seen(right: float, up: float) -> int:
    if abs(right) < 0.1 and -0.15 < up < 0.05:  # the near face: 1.5 m below to 0.5 m above the eye, 10 m ahead
        return LABELS["car"]
    if up >= 0:
        return LABELS["sky"]
    distance = 1.5 / -up
    x, y = distance, -right * distance
    point = ground_at(np.asarray([x]), np.asarray([y]), roadway=ROADWAY, grain=_GRAIN)
    return int(point.labels[0])


_GRAIN = make_grain()


def test_the_shadow_of_a_box_under_a_sun_at_45_degrees() -> None:
    """The sun stands over -x, so 4 m of height throw 4 m of shadow towards +x, as wide as the box."""
    post = placed([thing("building", box((1, 2, 4), centre=(0, 0, 2)))], at=(20, 0))
    light = LIGHT._replace(sky=(0.0, 0.0, 0.0))  # all light is sun: a hard shadow
    shadow = lightmap(post, light)
    dark = np.argwhere(shadow.sun < 0.5) * CELL + LOW
    assert dark.min(axis=0) == pytest.approx([19.5, -1], abs=2 * CELL)
    assert dark.max(axis=0) == pytest.approx([24.5, 1], abs=2 * CELL)
    sun, sky = shadow.at(np.asarray([22.0, 26.0, 1e4]), np.zeros(3))
    assert sun == pytest.approx([1 - 225 / 255, 1, 1], abs=0.02)
    assert sky == pytest.approx([1, 1, 1])


def test_haze_leaves_one_part_in_e_after_its_reach() -> None:
    air = Air(reach=200.0, clouds=0.0, seed=0)
    seen = hazed(np.zeros((2, 3), np.float32), np.asarray([0.0, 200.0]), light=LIGHT, air=air)
    assert seen[0] == pytest.approx([0, 0, 0])
    assert seen[1] == pytest.approx((1 - 1 / math.e) * horizon(LIGHT), rel=1e-5)


@pytest.mark.parametrize("name", BOARDS)
def test_boards_of_signs_face_who_drives_along_x(name: str) -> None:
    for mesh in BOARDS[name](0.4):
        a, b, c = (mesh.vertices[mesh.triangles[:, i]] for i in range(3))
        towards = np.cross(b - a, c - a)[:, 0]
        assert towards.min() < 0
        assert mesh.vertices[:, 0].max() - mesh.vertices[:, 0].min() > 0 or (towards <= 0).all(), (
            "flat ones face -x only"
        )


def test_placed_things_turn_about_their_own_axis_and_the_origin_stays() -> None:
    made = [thing("pole", box((2, 1, 1), centre=(2, 0, 0.5)))]
    before = made[0].model.vertices.copy()
    moved = placed(made, at=(10, 5), heading=90)[0].model
    assert moved.vertices.min(axis=0) == pytest.approx([9.5, 6, 0], abs=1e-5)
    assert moved.vertices.max(axis=0) == pytest.approx([10.5, 8, 1], abs=1e-5)
    assert np.array_equal(made[0].model.vertices, before)
