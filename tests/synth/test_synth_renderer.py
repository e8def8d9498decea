"""The renderer: what it shows is where and as large as geometry says, and lit as the arithmetic says."""

import numpy as np
import pytest

from reseen.synth.render import shading
from reseen.synth.render.mesh import Part, box, ellipsoid
from reseen.synth.render.renderer import Camera, Renderer, assemble, frame
from reseen.synth.render.shading import Light, shade, to_bytes
from reseen.synth.render.shadow import ground_shadow

NOON = Light((0.0, 0.0, 1.0))
SIZE = (64, 64)


@pytest.fixture(scope="module")
def renderer():
    with Renderer(SIZE) as one:
        yield one


def test_projection_is_the_pinhole() -> None:
    camera = Camera((10, 0, 2), (0, 0, 2))
    # The object's left (+y) is on the right for who looks it in the face.
    assert camera.project(np.array([[0, 1, 3]], np.float32))[0] == pytest.approx([0.1, 0.1, 10])
    assert camera.project(np.array([[5, -1, 2]], np.float32))[0] == pytest.approx([-0.2, 0.0, 5])


@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0])
def test_a_frame_holds_all_points_and_keeps_its_shape(aspect: float) -> None:
    points = box((4, 2, 1.5), centre=(0, 0, 0.75)).vertices
    camera = frame(points, eye=(9, 5, 4), target=(0, 0, 0.7), aspect=aspect, stretch=1.2)
    left, bottom, right, top = camera.window
    seen = camera.project(points)
    assert seen[:, 0].min() >= left
    assert seen[:, 0].max() <= right
    assert seen[:, 1].min() >= bottom
    assert seen[:, 1].max() <= top
    assert aspect / 1.2001 <= (right - left) / (top - bottom) <= aspect * 1.2001


def test_a_face_covers_the_pixels_that_it_should(renderer) -> None:
    camera = Camera((10.5, 0, 1), (0, 0, 1), (-0.1, -0.1, 0.1, 0.1))
    seen = renderer.render([Part(box((1, 1, 1), centre=(0, 0, 1)))], camera, NOON)
    # The near face, 1 m wide, is 10 m away: 0.1 of a window 0.2 wide, a quarter of the image.
    assert seen.alpha.mean() == pytest.approx(0.25, abs=0.01)
    assert seen.alpha[32, 32] == 1
    assert seen.alpha[4, 4] == 0
    assert np.all(seen.rgb[4, 4] == 0)


def test_left_and_up_are_where_they_belong(renderer) -> None:
    ball = ellipsoid((0.2, 0.2, 0.2), centre=(0, 0.6, 1.6))
    camera = Camera((10, 0, 1), (0, 0, 1), (-0.1, -0.1, 0.1, 0.1))
    rows, columns = np.nonzero(renderer.render([Part(ball)], camera, NOON).alpha)
    assert columns.mean() == pytest.approx(32 + 64 * 0.06 / 0.2, abs=1.0)
    assert rows.mean() == pytest.approx(32 - 64 * 0.06 / 0.2, abs=1.0)


def test_marks_are_found_unless_something_hides_them(renderer) -> None:
    mark = Part(box((0.1, 0.5, 0.5), centre=(0.6, 0, 1)), mark=True)
    body, screen = Part(box((1, 1, 1), centre=(0, 0, 1))), Part(box((0.1, 2, 2), centre=(2, 0, 1)))
    camera = Camera((10.65, 0, 1), (0, 0, 1), (-0.1, -0.1, 0.1, 0.1))
    found = renderer.render([body, mark], camera, NOON, masks=True).marks
    assert found is not None
    assert found.mean() == pytest.approx((0.5 / 10 / 0.2) ** 2, abs=0.01)
    hidden = renderer.render([body, mark, screen], camera, NOON, masks=True).marks
    assert hidden is not None
    assert not hidden.any()
    assert renderer.render([body, mark], camera, NOON).marks is None


def test_the_same_scene_gives_the_same_bytes(renderer) -> None:
    parts = [Part(ellipsoid((1, 0.5, 0.5), centre=(0, 0, 0.5), colour=(0.8, 0.1, 0.1)), gloss=0.8)]
    camera = frame(parts[0].mesh.vertices, eye=(5, 3, 2), target=(0, 0, 0.5), aspect=1)
    first = renderer.render(parts, camera, NOON)
    renderer.render([Part(box((1, 1, 1)))], camera, NOON)
    with Renderer(SIZE) as other:
        for again in (renderer.render(parts, camera, NOON), other.render(parts, camera, NOON)):
            assert np.array_equal(first.rgb, again.rgb)
            assert np.array_equal(first.shadow, again.shadow)


def test_matt_light_is_the_sum_of_sun_sky_and_ground() -> None:
    light = Light((0, 0, 1), sun=(0.5, 0.5, 0.5), sky=(0.2, 0.2, 0.4), ground=(0.1, 0.1, 0.1))
    model = assemble([Part(box((1, 1, 1), colour=(1, 1, 1)))])
    lit = shade(model, eye=(5, 5, 5), light=light)
    top, side, under = (np.isclose(model.normals[:, 2], z) for z in (1, 0, -1))
    assert lit[top] == pytest.approx(np.tile([0.7, 0.7, 0.9], (top.sum(), 1)), abs=1e-5)
    assert lit[side] == pytest.approx(np.tile([0.15, 0.15, 0.25], (side.sum(), 1)), abs=1e-5)
    assert lit[under] == pytest.approx(0.1, abs=1e-5)


def test_gloss_shines_towards_the_sun_only() -> None:
    dull, shiny = (assemble([Part(box((2, 2, 0.1), colour=(0.2, 0.2, 0.2)), gloss=g)]) for g in (0.0, 1.0))
    light = Light((1, 0, 1), sun=(1, 1, 1), sky=(0, 0, 0), ground=(0, 0, 0))
    top = np.isclose(dull.normals[:, 2], 1)
    gain = {
        eye: float((shade(shiny, eye=eye, light=light) - shade(dull, eye=eye, light=light))[top].mean())
        for eye in ((-50.0, 0.0, 50.0), (50.0, 0.0, 50.0))
    }
    assert gain[(-50.0, 0.0, 50.0)] > 0.5
    assert abs(gain[(50.0, 0.0, 50.0)]) < 0.1


def test_tones_rise_from_black_to_white() -> None:
    tones = to_bytes(np.linspace(0, 2, 400, dtype=np.float32)).astype(int)
    assert tones[0] == 0
    assert tones[-1] > 250
    assert np.all(np.diff(tones) >= 0)
    middle = to_bytes(np.array([0.214], np.float32))[0]
    assert abs(int(middle) - round(255 * 0.214 ** (1 / 2.2))) <= 1


def test_shadow_falls_away_from_the_sun() -> None:
    post = ellipsoid((0.2, 0.2, 1.0), centre=(0, 0, 1))
    points, depth = ground_shadow(post.vertices, Light((1, 0, 1), sun=(1, 1, 1), sky=(0.1, 0.1, 0.1)))
    weight = depth.astype(float) / depth.sum()
    assert (weight * points[:, 0]).sum() < -0.4
    assert (weight * points[:, 1]).sum() == pytest.approx(0, abs=0.05)
    assert points[:, 2] == pytest.approx(0)
    assert depth.max() <= 127


def test_parts_keep_their_codes() -> None:
    model = assemble([Part(box((1, 1, 1))), Part(box((1, 1, 1)), mark=True, gloss=0.5)])
    half = len(model.code) // 2
    assert set(model.code[:half]) == {shading.PLAIN}
    assert set(model.code[half:]) == {shading.MARKED}
    assert set(model.gloss[half:]) == {0.5}
