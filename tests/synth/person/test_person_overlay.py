"""Straps and prints on a cylinder, where their places have a closed form."""

import numpy as np
import pytest

from reseen.synth.person.overlay import Chart, lay, overlay, printed
from reseen.synth.person.paint import PRINTS, draw_print
from reseen.synth.person.surface import Grid, angles, float32, still

HEIGHTS = np.linspace(0, 1, 21)
TURNS = angles(72)


def cylinder() -> tuple[Grid, Chart]:
    z, turn = np.meshgrid(HEIGHTS, TURNS, indexing="ij")
    return still(np.stack([0.5 * np.cos(turn), 0.5 * np.sin(turn), z], -1), (1, 1, 1)), Chart(float32(HEIGHTS), TURNS)


@pytest.mark.parametrize("middle", [0.0, 1.3, np.pi, -0.9])
def test_a_patch_lies_where_its_heights_and_turns_say(middle: float) -> None:
    grid, chart = cylinder()
    height, turn = np.meshgrid([0.73, 0.6, 0.42], middle + np.linspace(-0.3, 0.3, 5), indexing="ij")
    mesh = lay(overlay(chart, heights=height, turns=turn, colours=(1, 0, 0), lift=0.01), grid)
    radius = 0.51
    expected = np.stack([radius * np.cos(turn), radius * np.sin(turn), height], -1).reshape(-1, 3)
    np.testing.assert_allclose(mesh.vertices, expected, atol=1.5e-3)
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    outward = np.einsum("ti,ti->t", np.cross(b - a, c - a), a * [1, 1, 0])
    assert (outward > 0).all()


def test_falling_heights_are_found_as_well_as_rising_ones() -> None:
    grid, chart = cylinder()
    upside = Grid(*(values[::-1] for values in grid))
    place = {"heights": [[0.7, 0.7], [0.3, 0.3]], "turns": [[0.1, 0.2], [0.1, 0.2]], "colours": (0, 0, 0), "lift": 0.0}
    falling = lay(overlay(Chart(chart.heights[::-1], chart.turns), **place), upside)
    np.testing.assert_allclose(falling.vertices, lay(overlay(chart, **place), grid).vertices, atol=1e-6)


def test_a_print_has_one_crisp_quad_for_each_inked_cell() -> None:
    grid, chart = cylinder()
    keep = np.array([[True, False], [True, True]])
    texture = float32(np.arange(12).reshape(2, 2, 3) / 12)
    mesh = lay(printed(chart, texture=texture, keep=keep, heights=[0.6, 0.5, 0.4], turns=[-0.1, 0.0, 0.1]), grid)
    assert (len(mesh.vertices), len(mesh.triangles)) == (12, 6)
    for quad, cell in enumerate([(0, 0), (1, 0), (1, 1)]):
        assert (mesh.colours[4 * quad : 4 * quad + 4] == texture[cell]).all()


@pytest.mark.parametrize("kind", PRINTS)
def test_every_print_has_ink_and_leaves_some_cloth(kind: str) -> None:
    image = draw_print(kind, ((1, 0, 0), (0, 0, 1)))
    assert 0.1 < image.keep.mean() < 0.95
    assert {tuple(colour) for colour in image.texture.reshape(-1, 3).tolist()} <= {(1, 0, 0), (0, 0, 1)}


def test_prints_have_different_shapes() -> None:
    shapes = {draw_print(kind, ((1, 0, 0), (0, 0, 1))).keep.tobytes() for kind in PRINTS}
    assert len(shapes) == len(PRINTS)
