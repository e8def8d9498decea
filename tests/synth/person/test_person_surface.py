"""Lofted surfaces against closed forms: cylinders, spheres, straight axes."""

import numpy as np
import pytest

from reseen.synth.person.surface import (
    SAMPLES,
    Axis,
    along_axis,
    angles,
    blob,
    creases,
    grid_normals,
    pose,
    ring_triangles,
    still,
    tube,
)


def upright(length: float) -> Axis:
    points = np.zeros((SAMPLES, 3), np.float32)
    points[:, 2] = np.linspace(0, length, SAMPLES)
    forward, side = np.zeros_like(points), np.zeros_like(points)
    forward[:, 0], side[:, 1] = 1, 1
    return Axis(points, forward, side)


def enclosed(points: np.ndarray, triangles: np.ndarray) -> float:
    a, b, c = (points[triangles[:, k]].astype(float) for k in range(3))
    return float(np.einsum("ti,ti->", a, np.cross(b, c)) / 6)


def test_the_triangles_of_a_ring_grid_are_those_of_a_loop() -> None:
    expected = []
    for r in range(3):
        for s in range(5):
            a, b = r * 5 + s, r * 5 + (s + 1) % 5
            expected += [(a, b, b + 5), (a, b + 5, a + 5)]
    assert ring_triangles(4, 5).tolist() == [list(triple) for triple in expected]


def test_weights_along_an_axis_interpolate_linearly() -> None:
    weights = along_axis([-1.0, 0.0, 0.31, 0.9, 2.0, 5.0], 2.0)
    values = np.random.default_rng(0).normal(size=SAMPLES)
    expected = np.interp([0, 0, 0.31, 0.9, 2.0, 2.0], np.linspace(0, 2, SAMPLES), values)
    np.testing.assert_allclose(weights @ values, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-6)


def test_a_posed_cylinder_stands_where_it_should_with_outward_normals() -> None:
    turns = angles(16)
    radii = (np.full((5, 1), 0.2) * np.cos(turns), np.full((5, 1), 0.2) * np.sin(turns))
    shape = tube(along_axis(np.linspace(0, 2, 5), 2.0), radii, np.full((5, 16, 3), 0.5, np.float32))
    grid = pose(shape, upright(2.0), np.random.default_rng(1))
    np.testing.assert_allclose(np.hypot(grid.points[..., 0], grid.points[..., 1]), 0.2, rtol=1e-5)
    np.testing.assert_allclose(grid.points[:, 3, 2], np.linspace(0, 2, 5), atol=1e-6)
    np.testing.assert_allclose(grid.normals[..., :2] * 0.2, grid.points[..., :2], atol=1e-6)


def test_creases_deepen_and_darken_by_what_was_asked_and_no_more() -> None:
    turns = angles(12)
    radii = (np.full((30, 1), 0.1) * np.cos(turns), np.full((30, 1), 0.1) * np.sin(turns))
    colours = np.full((30, 12, 3), 0.5, np.float32)
    shape = tube(along_axis(np.linspace(0, 1, 30), 1.0), radii, colours, folds=np.full(30, 0.01), shade=0.2)
    grid = pose(shape, upright(1.0), np.random.default_rng(5))
    off = np.hypot(grid.points[..., 0], grid.points[..., 1]) - 0.1
    assert 0.005 < np.abs(off).max() <= 0.0101
    np.testing.assert_allclose(grid.colours[..., 0], 0.5 * (1 + 0.2 * off / 0.01), atol=1e-5)


@pytest.mark.parametrize(("hem", "end"), [("first", 0), ("last", -1)])
def test_a_hem_turns_inward_and_is_dark(hem: str, end: int) -> None:
    turns = angles(8)
    radii = (np.ones((4, 1)) * np.cos(turns), np.ones((4, 1)) * np.sin(turns))
    shape = tube(along_axis(np.linspace(0, 1, 4), 1.0), radii, np.ones((4, 8, 3), np.float32), hem=hem)
    assert len(shape.forward) == 5
    np.testing.assert_allclose(np.hypot(shape.forward, shape.side)[end], 0.5, rtol=1e-6)
    assert (shape.colours[end] < 0.5).all()
    assert np.array_equal(shape.along[end], shape.along[1 if end == 0 else -2])


def test_creases_stay_in_range_close_round_the_ring_and_follow_the_generator() -> None:
    first = creases(40, 36, np.random.default_rng(3))
    assert first.shape == (40, 36)
    assert np.abs(first).max() <= 1
    seam, inside = np.abs(first[:, 0] - first[:, -1]).max(), np.abs(np.diff(first, axis=1)).max()
    assert seam <= 1.05 * inside
    assert np.array_equal(first, creases(40, 36, np.random.default_rng(3)))
    assert not np.array_equal(first, creases(40, 36, np.random.default_rng(4)))


def test_a_round_blob_is_a_sphere() -> None:
    ball = blob((0.3, 0.3, 0.3), (0.1, 0.2, 0.3), rings=40, sides=60)
    np.testing.assert_allclose(np.linalg.norm(ball.points, axis=2), 0.3, rtol=1e-5)
    np.testing.assert_allclose(ball.normals[1:-1], ball.points[1:-1] / 0.3, atol=2e-3)
    mesh = ball.mesh()
    assert enclosed(mesh.vertices, mesh.triangles) == pytest.approx(4 / 3 * np.pi * 0.3**3, rel=0.02)


def test_a_boxy_blob_fills_more_of_its_box() -> None:
    volumes = []
    for boxy in (0.0, 0.5, 0.9):
        mesh = blob((0.3, 0.2, 0.1), (0, 0, 0), boxy=boxy, rings=30, sides=40).mesh()
        volumes.append(enclosed(mesh.vertices, mesh.triangles) / (8 * 0.3 * 0.2 * 0.1))
        assert (np.abs(mesh.vertices) <= np.array([0.3, 0.2, 0.1]) + 1e-6).all()
    assert volumes[0] < volumes[1] < volumes[2] <= 1


def test_normals_of_a_cone_lean_upward() -> None:
    rise, turns = np.linspace(0, 1, 6)[:, None], angles(32)[None]
    points = np.stack([(1 - 0.5 * rise) * np.cos(turns), (1 - 0.5 * rise) * np.sin(turns), rise + 0 * turns], -1)
    expected = np.stack([np.cos(turns) + 0 * rise, np.sin(turns) + 0 * rise, 0.5 + 0 * rise + 0 * turns], -1)
    expected /= np.linalg.norm(expected, axis=2, keepdims=True)
    np.testing.assert_allclose(grid_normals(points.astype(np.float32)), expected, atol=1e-5)
    assert still(points, (0.2, 0.4, 0.6)).colours.shape == points.shape
