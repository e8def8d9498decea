"""The plane of embeddings: groups stay groups, whole identities are drawn, colours tell labels apart."""

import numpy as np
import pytest

from reseen.draw import Panel, place_on_plane, plot_plane, sample_identities
from reseen.draw.scatter import DISTINCT, most_frequent
from reseen.errors import ReseenError


def groups(count: int, each: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors round ``count`` centres, and which centre each belongs to."""
    random = np.random.default_rng(seed)
    identities = np.repeat([f"{number:02d}" for number in range(count)], each)
    centres = np.repeat(random.normal(size=(count, 16)), each, axis=0)
    return (centres + random.normal(scale=0.05, size=centres.shape)).astype(np.float32), identities


def test_neighbours_on_the_plane_are_of_one_group_whatever_their_length():
    vectors, identities = groups(6, 10)
    longer = vectors * np.random.default_rng(1).uniform(0.1, 10, size=(60, 1)).astype(np.float32)
    points = place_on_plane(longer)
    assert points.shape == (60, 2)
    distances = np.linalg.norm(points[:, None] - points, axis=2) + np.diag(np.full(60, np.inf))
    assert (identities[distances.argmin(axis=1)] == identities).mean() == 1.0


def test_the_same_vectors_give_the_same_plane():
    vectors, _ = groups(3, 5)
    np.testing.assert_array_equal(place_on_plane(vectors, seed=4), place_on_plane(vectors, seed=4))


def test_a_plane_of_too_few_images_is_refused():
    with pytest.raises(ReseenError, match="at least 12 images, got 11"):
        place_on_plane(np.eye(11))


def test_a_sample_takes_all_images_where_there_is_room():
    assert sample_identities(np.array(list("abab"))).tolist() == [0, 1, 2, 3]


def test_a_sample_takes_whole_identities_and_none_fills_it():
    identities = np.array(["crowd"] * 500 + [f"{number}" for number in range(40) for _ in range(5)])
    rows = sample_identities(identities, most=100, each=20)
    names, counts = np.unique(identities[rows], return_counts=True)
    assert (len(rows), len(set(rows.tolist()))) == (100, 100)
    assert rows.tolist() == sorted(rows.tolist())
    assert set(counts[names == "crowd"]) <= {20}
    # All identities but the last one drawn are there with all their images.
    assert sum(count != 5 for name, count in zip(names, counts, strict=True) if name != "crowd") <= 1
    assert rows.tolist() == sample_identities(identities, most=100, each=20).tolist()
    assert rows.tolist() != sample_identities(identities, most=100, each=20, seed=1).tolist()


def test_the_most_frequent_labels_leave_out_the_unknown():
    assert most_frequent(np.array(["b", "", "", "", "a", "b", "c", "c"]), count=2) == ["b", "c"]
    assert most_frequent(np.array([10, 2, 2, 10, -1, -1, -1, 3]), count=2) == ["2", "10"]


def drawn(axes) -> dict[str, tuple]:
    """Label -> its points, colour, and corners of its marker."""
    return {
        layer.get_label(): (
            layer.get_offsets().tolist(),
            tuple(layer.get_facecolor()[0, :3]),
            len(layer.get_paths()[0].vertices),
        )
        for layer in axes.collections
    }


def test_panels_show_the_same_points_by_their_labels():
    points = np.arange(8.0).reshape(4, 2)
    figure = plot_plane(
        points,
        [
            Panel("identity", np.array(["a", "b", "a", "c"]), ["c", "a"]),
            Panel("camera", np.array([1, 1, 2, 2]), ["1", "2"]),
        ],
    )
    identity, camera = figure.axes
    found = drawn(identity)
    assert {name: places for name, (places, _, _) in found.items()} == {
        "others": [[2.0, 3.0]],
        "c": [[6.0, 7.0]],
        "a": [[0.0, 1.0], [4.0, 5.0]],
    }
    assert {name: places for name, (places, _, _) in drawn(camera).items()} == {
        "1": [[0.0, 1.0], [2.0, 3.0]],
        "2": [[4.0, 5.0], [6.0, 7.0]],
    }
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["identity", "camera"]
    assert [text.get_text() for text in identity.get_legend().texts] == ["others", "c", "a"]


def test_every_label_of_a_panel_has_a_look_of_its_own():
    names = [f"{number:02d}" for number in range(DISTINCT)]
    (axes,) = plot_plane(np.zeros((DISTINCT, 2)), [Panel("all", np.array(names), names)]).axes
    looks = {(colour, corners) for _, colour, corners in drawn(axes).values()}
    assert len(looks) == DISTINCT


def test_wrong_panels_are_refused():
    with pytest.raises(ValueError, match="panel 'view': expected 2 labels, got 1"):
        plot_plane(np.zeros((2, 2)), [Panel("view", np.array(["a"]), [])])
    many = [str(number) for number in range(DISTINCT + 1)]
    with pytest.raises(ValueError, match=f"at most {DISTINCT} labels can be shown, got {DISTINCT + 1}"):
        plot_plane(np.zeros((1, 2)), [Panel("camera", np.array(["0"]), many)])
