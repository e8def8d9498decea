"""Curves: what is drawn is what was given, labelled, and legible where curves meet."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseen.draw import plot_cmc, plot_training
from reseen.draw.curves import plot_paired, spread
from reseen.draw.encode import png_bytes
from reseen.draw.style import PALETTE, brief
from reseen.errors import ReseenError

EPOCHS = [
    {"epoch": 1, "loss": 5.0, "losses": {"cross_entropy": 4.0, "triplet": 1.0}, "learning_rate": 1e-4},
    {"epoch": 2, "loss": 3.0, "losses": {"cross_entropy": 2.5, "triplet": 0.5}, "learning_rate": 3e-4, "mAP": 0.25},
    {"epoch": 3, "loss": 2.0, "losses": {"cross_entropy": 1.8, "triplet": 0.2}, "learning_rate": 2e-4, "mAP": 0.2},
]


def drawn(axes) -> dict[str, tuple[list, list]]:
    return {line.get_label(): (line.get_xdata().tolist(), line.get_ydata().tolist()) for line in axes.get_lines()}


def words(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_the_cmc_plot_draws_each_system():
    curves = {"histogram": np.linspace(0.1, 0.9, 50), "trained": np.linspace(0.5, 1.0, 50)}
    (axes,) = plot_cmc(curves, ranks=10).axes
    assert drawn(axes) == {name: (list(range(1, 11)), curve[:10].tolist()) for name, curve in curves.items()}
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    assert sorted(words(axes)) == ["histogram\nrank-1 10.0%", "trained\nrank-1 50.0%"]


def test_labels_of_meeting_curves_stand_in_the_order_of_the_curves():
    curves = {"best": [0.9, 1.0, 1.0], "worst": [0.1, 0.2, 1.0], "middle": [0.5, 0.6, 1.0]}
    (axes,) = plot_cmc(curves).axes
    heights = {text.get_text().split("\n")[0]: text.xy[1] for text in axes.texts}
    assert heights["worst"] < heights["middle"] < heights["best"]
    colours = {line.get_label(): line.get_color() for line in axes.get_lines()}
    assert {text.get_text().split("\n")[0]: text.get_color() for text in axes.texts} == colours
    assert list(colours.values()) == list(PALETTE[:3])


def test_the_cmc_plot_shows_as_many_ranks_as_the_shortest_curve():
    (axes,) = plot_cmc({"long": [0.1] * 30, "short": [0.2] * 4}).axes
    assert {name: len(points[0]) for name, points in drawn(axes).items()} == {"long": 4, "short": 4}


LONG = "trained, data /a/folder/with/a/long/path/to/it, k-reciprocal (k1=20, k2=6, weight=0.3)"


def test_long_names_of_systems_are_shortened():
    assert brief("a name of twenty-eight letters") == "a name of twe…eight letters"
    assert (
        brief("a name of 28 letters as it is")
        != brief("a name of 28 letters as it i")
        == "a name of 28 letters as it i"
    )
    for figure in (plot_cmc({LONG: [0.5, 1.0]}), plot_paired(np.ones(3), np.ones(3), names=(LONG, LONG))):
        png_bytes(figure)  # lays the figure out
        assert figure.axes[0].get_position().width > 0.4


def test_the_paired_plot_draws_a_point_per_query():
    first, second = np.array([0.1, np.nan, 0.9]), np.array([0.3, np.nan, 0.2])
    (axes,) = plot_paired(first, second, names=("one", "other")).axes
    np.testing.assert_array_equal(axes.collections[0].get_offsets().filled(np.nan), np.stack([first, second], axis=1))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("one", "other")
    with pytest.raises(ValueError, match="the same queries in both, got 3 and 2"):
        plot_paired(first, second[:2], names=("one", "other"))


def test_the_training_plot_draws_losses_rate_and_scores():
    losses, rate, scores = plot_training(EPOCHS).axes
    assert drawn(losses) == {
        "total": ([1, 2, 3], [5.0, 3.0, 2.0]),
        "cross_entropy": ([1, 2, 3], [4.0, 2.5, 1.8]),
        "triplet": ([1, 2, 3], [1.0, 0.5, 0.2]),
    }
    assert sorted(words(losses)) == ["cross entropy", "total", "triplet"]
    assert list(drawn(rate).values()) == [([1, 2, 3], [1e-4, 3e-4, 2e-4])]
    assert list(drawn(scores).values()) == [([2, 3], [0.25, 0.2])]
    assert scores.get_title(loc="left") == "mAP (best 25.0% at epoch 2)"
    assert scores.get_xlabel() == "epoch"


def test_the_training_plot_of_one_unscored_epoch_has_no_scores():
    figure = plot_training([{**EPOCHS[0], "losses": {"triplet": 5.0}}])
    losses, rate = figure.axes
    # One loss is the total: drawn once, as a dot, since a single epoch makes no line.
    assert drawn(losses) == {"total": ([1], [5.0])}
    assert losses.get_lines()[0].get_marker() == "o"
    assert rate.get_xlabel() == "epoch"


def test_plots_of_nothing_are_refused():
    with pytest.raises(ReseenError, match="at least one system"):
        plot_cmc({})
    with pytest.raises(ReseenError, match="at least one finished epoch"):
        plot_training([])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(heights=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_labels_never_overlap_and_keep_their_order(heights: list[float]):
    placed = spread(heights, room=0.1)
    assert max(placed) <= 1.0
    gaps = np.diff(sorted(placed))
    assert (gaps >= 0.1 - 1e-9).all()
    for first in range(len(heights)):
        for second in range(len(heights)):
            if heights[first] < heights[second]:
                assert placed[first] < placed[second]


def test_labels_with_room_are_not_moved():
    assert spread([0.9, 0.1, 0.5], room=0.1) == [0.9, 0.1, 0.5]
    assert spread([0.5, 0.5, 0.9], room=0.1) == [0.5, 0.6, 0.9]
    assert spread([1.0, 1.0], room=0.2) == [0.8, 1.0]
