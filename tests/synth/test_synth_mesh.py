"""Meshes: closed solids have the volume and area that geometry says, and look outward."""

import numpy as np
import pytest

from reseen.synth.render import mesh as m
from reseen.synth.render.decal import patch
from reseen.synth.render.mesh import Mesh


def volume(mesh: Mesh) -> float:
    """By the divergence theorem: positive only if the triangles look outward."""
    a, b, c = (mesh.vertices[mesh.triangles[:, i]].astype(float) for i in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def area(mesh: Mesh) -> float:
    a, b, c = (mesh.vertices[mesh.triangles[:, i]].astype(float) for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def prism(sides: int, radius: float, length: float) -> float:
    return sides * radius**2 * np.sin(2 * np.pi / sides) / 2 * length


@pytest.mark.parametrize(
    ("mesh", "expected", "tolerance"),
    [
        (m.box((1, 2, 3), centre=(4, 5, 6), divisions=3), 6.0, 1e-5),
        (m.cylinder(0.5, 2, axis="x", segments=12), prism(12, 0.5, 2), 1e-5),
        (m.cylinder(0.5, 2, axis="y", segments=12), prism(12, 0.5, 2), 1e-5),
        (m.cylinder(0.5, 2, segments=12), prism(12, 0.5, 2), 1e-5),
        (m.ellipsoid((1, 2, 0.5), rows=60, columns=80), 4 / 3 * np.pi, 0.02),
        (m.scale(m.box((1, 1, 1)), (-1, 2, 1)), 2.0, 1e-5),
    ],
    ids=["box", "cylinder-x", "cylinder-y", "cylinder-z", "ellipsoid", "mirrored box"],
)
def test_solids_have_the_volume_of_geometry_and_look_outward(mesh: Mesh, expected: float, tolerance: float) -> None:
    assert volume(mesh) == pytest.approx(expected, rel=tolerance)
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1, abs=1e-5)


def test_smooth_normals_are_the_area_weighted_mean_of_a_loop() -> None:
    ball = m.ellipsoid((1, 0.7, 0.4), rows=6, columns=7)
    expected = np.zeros_like(ball.vertices, dtype=float)
    for triangle in ball.triangles:
        a, b, c = ball.vertices[triangle].astype(float)
        for corner in triangle:
            expected[corner] += np.cross(b - a, c - a)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert m.smooth_normals(ball.vertices, ball.triangles) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("axis", "start", "end"), [("x", (0, 1, 0), (0, 0, 1)), ("y", (0, 0, 1), (1, 0, 0)), ("z", (1, 0, 0), (0, 1, 0))]
)
def test_a_quarter_turn_takes_each_axis_to_the_next(axis, start, end) -> None:
    assert m.rotation(axis, 90) @ np.asarray(start) == pytest.approx(np.asarray(end), abs=1e-6)


def test_rotation_about_a_point_leaves_the_point() -> None:
    about = (1.0, 2.0, 3.0)
    turned = m.rotate(m.box((0.2, 0.2, 0.2), centre=about), "z", 33, about=about)
    assert turned.vertices.mean(axis=0) == pytest.approx(about, abs=1e-5)


def test_merge_keeps_every_triangle_where_it_was() -> None:
    parts = [m.box((1, 1, 1)), m.box((2, 1, 1), centre=(5, 0, 0)), m.box((1, 3, 1), centre=(0, 9, 0))]
    assert volume(m.merge(parts)) == pytest.approx(6)
    assert len(m.merge([]).vertices) == 0


def test_patch_faces_the_way_that_right_and_up_say() -> None:
    skin = patch(np.zeros((2, 3, 3)), centre=(0, 1, 0), right=(-1, 0, 0), up=(0, 0, 1), size=(3, 2), lift=0.01)
    assert skin.normals == pytest.approx(np.tile([0, 1, 0], (24, 1)), abs=1e-6)
    assert skin.vertices[:, 1] == pytest.approx(1.01)
    assert area(skin) == pytest.approx(6)


def test_the_first_row_of_a_texture_is_on_top_and_its_first_column_left() -> None:
    texture = np.zeros((2, 2, 3))
    texture[0, 0] = (1, 0, 0)
    skin = patch(texture, centre=(0, 0, 0), right=(0, 1, 0), up=(0, 0, 1), size=(2, 2), lift=0)
    red = skin.vertices[skin.colours[:, 0] == 1]
    assert red.mean(axis=0) == pytest.approx([0, -0.5, 0.5], abs=1e-6)


@pytest.mark.parametrize("longest", [2, 3, 6, 50])
def test_joined_cells_cover_what_single_cells_cover(longest: int) -> None:
    rng = np.random.default_rng(longest)
    texture = rng.integers(0, 2, (9, 17, 1)) * np.ones(3)
    keep = rng.random((9, 17)) < 0.7
    where = {"centre": (0, 0, 0), "right": (0, 1, 0), "up": (0, 0, 1), "size": (17, 9)}
    single = patch(texture, keep=keep, **where)
    joined = patch(texture, keep=keep, run=longest, **where)
    assert area(single) == pytest.approx(keep.sum())
    for shade in (0, 1):
        assert area(_only(joined, shade)) == pytest.approx((keep & (texture[..., 0] == shade)).sum())
    assert len(joined.triangles) < len(single.triangles)


def _only(mesh: Mesh, shade: int) -> Mesh:
    return mesh._replace(triangles=mesh.triangles[mesh.colours[mesh.triangles[:, 0], 0] == shade])
