"""Energy, pointing, deletion and insertion against loops and closed forms."""

import pytest
import torch

from reseen.explain.scoring.measures import areas, blurred, curve_ends, energy_on, enlarged, points_at


@pytest.fixture
def maps():
    return torch.randn(5, 6, 7, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def marks():
    return torch.rand(5, 6, 7, generator=torch.Generator().manual_seed(2)) < 0.1


def test_energy_is_the_share_on_the_marks_computed_by_hand():
    # Above 0: 1 + 3, of which 3 on the mark; what is below 0 counts for nothing.
    maps = torch.tensor([[[1.0, -9.0], [3.0, 0.0]]])
    marks = torch.tensor([[[False, True], [True, False]]])
    assert energy_on(maps, marks).tolist() == [0.75]


def test_an_empty_map_has_the_energy_of_a_flat_one(marks):
    expected = marks.float().mean(dim=(1, 2))
    assert torch.allclose(energy_on(torch.full(marks.shape, -1.0), marks), expected)
    assert torch.allclose(energy_on(torch.full(marks.shape, 2.0), marks), expected)


@pytest.mark.parametrize("tolerance", [0, 1, 2])
def test_pointing_as_a_loop_counts_it(maps, marks, tolerance):
    for source in range(5):
        row, column = divmod(int(maps[source].argmax()), 7)
        near = [
            bool(marks[source, y, x])
            for y in range(6)
            for x in range(7)
            if max(abs(y - row), abs(x - column)) <= tolerance
        ]
        assert points_at(maps, marks, tolerance=tolerance)[source] == float(any(near))


def test_a_flat_map_points_nowhere():
    assert points_at(torch.ones(1, 4, 4), torch.ones(1, 4, 4) > 0, tolerance=1).tolist() == [0]


def test_enlarged_keeps_cell_centres():
    large = enlarged(torch.tensor([[[0.0, 1.0], [2.0, 3.0]]]), size=(6, 6))
    assert torch.allclose(large[0, 1::3, 1::3], torch.tensor([[0.0, 1.0], [2.0, 3.0]]), atol=1e-6)


@pytest.mark.parametrize("steps", [2, 4, 8])
def test_areas_of_a_sum_of_pixels_are_computed_by_hand(maps, steps):
    """For a similarity that is a weighted sum of pixels the curves are sums, taken here in a loop."""
    images = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    weights = torch.randn(8, 8, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    maps = enlarged(maps, size=(8, 8))

    def similarity(sources):
        return (sources.mean(dim=1) * weights).sum(dim=(1, 2))

    ends = curve_ends(images, similarity)
    found = areas(images, maps, similarity, ends=ends, steps=steps)
    worth = ((images - blurred(images)).mean(dim=1) * weights).flatten(1)
    for source in range(5):
        ranked = sorted(range(64), key=lambda pixel: -float(maps[source].flatten()[pixel]))
        gains = [
            sum(float(worth[source, pixel]) for pixel in ranked[: 64 * step // steps]) for step in range(steps + 1)
        ]
        mean = (sum(gains) - (gains[0] + gains[-1]) / 2) / steps
        assert float(found.insertion[source]) == pytest.approx(float(ends.nothing[source]) + mean, abs=1e-9)
        assert float(found.deletion[source]) == pytest.approx(float(ends.whole[source]) - mean, abs=1e-9)


def test_a_map_of_what_counts_beats_its_reverse():
    images = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(5))
    detail = (images - blurred(images)).mean(dim=1)

    def similarity(sources):
        return sources.mean(dim=(1, 2, 3))

    ends = curve_ends(images, similarity)
    right, wrong = (areas(images, sign * detail, similarity, ends=ends) for sign in (1, -1))
    assert (right.insertion > wrong.insertion).all()
    assert (right.deletion < wrong.deletion).all()


def test_measures_leave_their_arguments_unchanged(maps):
    images = torch.rand(5, 3, 8, 8)
    before = images.clone()
    ends = curve_ends(images, lambda sources: sources.mean(dim=(1, 2, 3)))
    areas(images, enlarged(maps, size=(8, 8)), lambda sources: sources.mean(dim=(1, 2, 3)), ends=ends)
    assert torch.equal(images, before)


def test_blurring_keeps_a_flat_image():
    assert torch.allclose(blurred(torch.full((1, 3, 16, 12), 0.4)), torch.tensor(0.4))
