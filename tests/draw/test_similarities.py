"""Similarity histograms: the pairs are those of a loop over all, and what is drawn is what was counted."""

import numpy as np
import pytest

from reseen.draw import Similarities, count_similarities, plot_similarities
from reseen.errors import ReseenError
from reseen.metrics import Embedded

RANDOM = np.random.default_rng(7)
QUERY = Embedded(RANDOM.normal(size=(9, 4)), [*"aabbccdd", "-1"], ["1", "2", "", "3", "1", "2", "3", "1", "1"])
GALLERY = Embedded(RANDOM.normal(size=(30, 4)), [*"abcd" * 7, "-1", "x"], [*("1", "2", "3", "", "2") * 6])


def naive(query: Embedded, gallery: Embedded, *, drops: bool, junk: tuple[str, ...]) -> tuple[list, list]:
    """Cosines of the pairs of one identity, and of two, one pair at a time."""
    same, different = [], []
    for vector, identity, camera in zip(query.vectors, query.identities, query.cameras, strict=True):
        for other, name, place in zip(gallery.vectors, gallery.identities, gallery.cameras, strict=True):
            if identity in junk or name in junk or (drops and identity == name and camera == place != ""):
                continue
            cosine = float(vector @ other) / float(np.linalg.norm(vector) * np.linalg.norm(other))
            (same if identity == name else different).append(cosine)
    return same, different


@pytest.mark.parametrize(("protocol", "drops", "junk"), [("market1501", True, ("-1",)), ("wildlife", False, ())])
@pytest.mark.parametrize("bins", [1, 7, 100])
def test_counted_similarities_are_those_of_a_loop(protocol, drops, junk, bins):
    found = count_similarities(QUERY, GALLERY, protocol=protocol, bins=bins)
    edges = np.linspace(-1, 1, bins + 1)
    for counts, cosines in zip(
        (found.same, found.different), naive(QUERY, GALLERY, drops=drops, junk=junk), strict=True
    ):
        assert counts.tolist() == np.histogram(cosines, bins=edges)[0].tolist()
    np.testing.assert_allclose(found.edges, edges)


def test_similarities_at_the_ends_of_the_scale_are_counted():
    query = Embedded(np.array([[1.0, 0.0]]), ["a"])
    gallery = Embedded(np.array([[5.0, 0.0], [-3.0, 0.0]]), ["a", "b"])
    found = count_similarities(query, gallery, protocol="wildlife", bins=10)
    assert found.same.tolist() == [0] * 9 + [1]
    assert found.different.tolist() == [1] + [0] * 9


def test_similarities_of_one_kind_of_pairs_are_refused():
    side = Embedded(np.eye(2), ["a", "a"])
    with pytest.raises(ReseenError, match="expected pairs of one identity and of different ones, got 4 and 0"):
        count_similarities(side, side, protocol="wildlife")
    with pytest.raises(ValueError, match="bins: expected at least 1, got 0"):
        count_similarities(side, side, protocol="wildlife", bins=0)


FOUND = Similarities(np.linspace(-1, 1, 5), same=np.array([0, 0, 1, 3]), different=np.array([0, 6, 2, 0]))


def test_the_plot_of_similarities_draws_shares_and_counts():
    (axes,) = plot_similarities(FOUND).axes
    lines = {patch.get_label(): patch.get_data().values for patch in axes.patches if not patch.get_fill()}
    assert lines.keys() == {"same identity, 4 pairs", "different identities, 8 pairs"}
    np.testing.assert_allclose(lines["same identity, 4 pairs"], [0, 0, 0.25, 0.75])
    np.testing.assert_allclose(lines["different identities, 8 pairs"], [0, 0.75, 0.25, 0])
    assert axes.get_xlim() == (-0.5, 1.0)
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    assert not axes.texts


@pytest.mark.parametrize("threshold", [0.3, -0.9])
def test_the_plot_of_similarities_marks_the_threshold(threshold):
    (axes,) = plot_similarities(FOUND, threshold=threshold).axes
    assert [line.get_xdata()[0] for line in axes.get_lines()] == [threshold]
    assert [text.get_text() for text in axes.texts] == [f"threshold {threshold:.3f}"]
    assert axes.get_xlim()[0] < threshold < axes.get_xlim()[1]
