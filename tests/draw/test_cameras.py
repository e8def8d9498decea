"""The camera-to-camera table: each cell is the mean over its queries of a ranking done by hand."""

import numpy as np
import pytest

from reseen.draw import CameraMatrix, camera_matrix, plot_cameras
from reseen.errors import ReseenError
from reseen.metrics import Embedded

RANDOM = np.random.default_rng(3)
QUERY = Embedded(RANDOM.normal(size=(12, 3)), list("abcd" * 3), [*("1", "2", "3") * 4])
GALLERY = Embedded(RANDOM.normal(size=(40, 3)), list("abcde" * 8), [*("1", "2", "3", "") * 10])


def naive_cell(query_camera: str, gallery_camera: str, *, drops: bool) -> list[float]:
    """Average precisions of one camera's queries among one camera's images."""
    precisions = []
    for vector, identity in zip(
        QUERY.vectors[QUERY.cameras == query_camera], QUERY.identities[QUERY.cameras == query_camera], strict=True
    ):
        entries = [
            (float(vector @ other) / float(np.linalg.norm(other)), str(name) == str(identity))
            for other, name, camera in zip(GALLERY.vectors, GALLERY.identities, GALLERY.cameras, strict=True)
            if camera == gallery_camera and not (drops and name == identity and camera == query_camera)
        ]
        ranked = [match for _, match in sorted(entries, reverse=True)]
        hits = [rank for rank, match in enumerate(ranked, start=1) if match]
        if hits:
            precisions.append(float(np.mean([(place + 1) / rank for place, rank in enumerate(hits)])))
    return precisions


@pytest.mark.parametrize(("protocol", "drops"), [("market1501", True), ("wildlife", False)])
def test_every_cell_of_the_camera_matrix_is_computed_by_hand(protocol, drops):
    found = camera_matrix(QUERY, GALLERY, protocol=protocol)
    assert found.query_cameras == found.gallery_cameras == ("1", "2", "3")
    for (row, column), value in np.ndenumerate(found.mean_average_precision):
        expected = naive_cell(found.query_cameras[row], found.gallery_cameras[column], drops=drops)
        assert found.queries[row, column] == len(expected)
        assert np.isnan(value) if not expected else value == pytest.approx(np.mean(expected), abs=1e-12)
    assert np.isnan(np.diag(found.mean_average_precision)).all() == drops


def test_many_cameras_are_cut_to_those_with_the_most_images():
    query = Embedded(np.eye(4), list("abcd"), [10, 2, 2, 2])
    gallery = Embedded(np.eye(4), list("abcd"), [1, 3, 3, 3])
    found = camera_matrix(query, gallery, most=1)
    assert (found.query_cameras, found.gallery_cameras) == (("2",), ("3",))
    assert (found.mean_average_precision.tolist(), found.queries.tolist()) == ([[1.0]], [[3]])
    # Numbers stand in the order of numbers.
    assert camera_matrix(query, gallery).query_cameras == ("2", "10")


def test_a_camera_matrix_without_cameras_is_refused():
    known, unknown = Embedded(np.eye(2), ["a", "b"], ["1", "2"]), Embedded(np.eye(2), ["a", "b"], ["", ""])
    with pytest.raises(ReseenError, match=r"needs cameras: .* got none in the gallery"):
        camera_matrix(known, unknown)
    with pytest.raises(ReseenError, match=r"needs cameras: .* got none in the query"):
        camera_matrix(Embedded(np.eye(2), ["a", "b"]), known)


def test_the_plot_of_a_camera_matrix_prints_each_number_and_leaves_blanks():
    values = np.array([[np.nan, 0.514], [0.999, 0.0]])
    matrix = CameraMatrix(("c1", "c2"), ("c1", "c9"), values, np.array([[0, 4], [5, 6]]))
    axes, bar = plot_cameras(matrix).axes
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "–", (1, 0): "51", (0, 1): "100", (1, 1): "0"}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["c1", "c9"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["c1", "c2"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("gallery camera", "query camera")
    assert [label.get_text() for label in bar.get_yticklabels()] == ["0", "50", "100"]


def test_numbers_stand_out_from_their_cells():
    values = np.linspace(0, 1, 101)[None]
    names = tuple(str(place) for place in range(101))
    axes, _ = plot_cameras(CameraMatrix(("q",), names, values, np.ones((1, 101), dtype=int))).axes
    (image,) = axes.images
    for value, text in zip(values[0], axes.texts, strict=True):
        cell, ink = (
            luminance(image.to_rgba(value)[:3]),
            luminance({"white": (1, 1, 1), "black": (0, 0, 0)}[text.get_color()]),
        )
        assert (max(cell, ink) + 0.05) / (min(cell, ink) + 0.05) > 4.5


def luminance(colour) -> float:
    """Of sRGB in 0..1, as WCAG 2 defines it."""
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
