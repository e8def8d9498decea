"""Cloth patterns against naive loops."""

import numpy as np
import pytest

from reseen.synth.person.paint import PATTERNS, cloth, weave

FIRST, SECOND = np.array([0.1, 0.2, 0.3]), np.array([0.9, 0.8, 0.1])


def place():
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return cloth(np.linspace(0.8, 1.4, 40), turns, np.full(40, 0.15))


def test_a_cloth_unrolls_to_metres_left_and_right_of_the_front() -> None:
    unrolled = place()
    assert unrolled.across[0, 0] == 0
    assert unrolled.across[0, 6] == pytest.approx(0.15 * np.pi / 2)
    assert unrolled.across[0, 18] == pytest.approx(-0.15 * np.pi / 2)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_mixes_its_two_colours_and_nothing_else(pattern: str) -> None:
    painted = weave(place(), (FIRST, SECOND), pattern=pattern, scale=0.06)
    share = (painted - FIRST) / (SECOND - FIRST)
    assert painted.shape == (40, 24, 3)
    assert share.min() >= -1e-6
    assert share.max() <= 1 + 1e-6
    np.testing.assert_allclose(share, share[..., :1].repeat(3, 2), atol=1e-5)
    assert (share.std() > 0.05) == (pattern != "plain")


def test_stripes_and_checks_are_those_of_a_loop() -> None:
    where = place()
    stripes = weave(where, ([0, 0, 0], [1, 1, 1]), pattern="stripes", scale=0.06)[..., 0]
    checks = weave(where, ([0, 0, 0], [1, 1, 1]), pattern="checks", scale=0.06)[..., 0]
    for r in range(40):
        for s in range(24):
            height, across = where.height[r, 0], where.across[r, s]
            assert stripes[r, s] == (height % 0.06 < 0.03)
            dark = int(height % 0.096 < 0.0432) + int(across % 0.096 < 0.0432)
            assert checks[r, s] == pytest.approx(0.4 * dark)
