"""Camera bias: what is taken out, worked by hand, and that a bias put in is found."""

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.metrics.embedded import Embedded
from reseen.metrics.postprocess.camera_bias import without_camera_bias


def test_camera_means_are_subtracted_by_hand():
    gallery = Embedded(
        np.array([[2.0, 0.0], [0.0, 1.0], [0.0, -3.0]]), [1, 2, 3], cameras=["a", "a", "b"], views=[1, 2, 3]
    )
    # UnitVectors (1, 0), (0, 1), (0, -1); overall (1/3, 0); camera a (1/2, 1/2), b (0, -1).
    # With one image at the overall mean among them, camera a has ((1, 1) + (1/3, 0)) / 3 = (4/9, 1/3),
    # b ((0, -1) + (1/3, 0)) / 2 = (1/6, -1/2).
    found = without_camera_bias(gallery, shrinkage=1)
    np.testing.assert_allclose(found.vectors, [[5 / 9, -1 / 3], [-4 / 9, 2 / 3], [-1 / 6, -1 / 2]], rtol=1e-6)
    assert found.identities.tolist() == [1, 2, 3]
    assert found.cameras.tolist() == ["a", "a", "b"]
    assert found.views.tolist() == [1, 2, 3]
    query = Embedded(np.array([[0.0, 5.0], [0.0, 5.0], [0.0, 5.0]]), [1, 2, 3], cameras=["b", "c", ""])
    found = without_camera_bias(query, reference=gallery, shrinkage=1)
    np.testing.assert_allclose(found.vectors, [[-1 / 6, 3 / 2], [-1 / 3, 1], [-1 / 3, 1]], rtol=1e-6)


def test_a_camera_bias_put_in_is_taken_out():
    rng = np.random.default_rng(0)
    cameras = rng.integers(4, size=2000)
    biases = 0.8 * rng.standard_normal((4, 16))
    content = rng.standard_normal((2000, 16))
    biased = Embedded(content + biases[cameras], np.arange(2000), cameras=cameras)
    cleaned = without_camera_bias(biased)

    def spread(vectors):
        return np.ptp([vectors[cameras == camera].mean(axis=0) for camera in range(4)], axis=0).max()

    assert spread(cleaned.vectors) < spread(biased.vectors) / 50


def test_camera_bias_refuses_images_that_do_not_fit():
    plain = Embedded(np.ones((2, 3)), [1, 2])
    with pytest.raises(ReseenError, match="camera bias: expected a camera for each image, got none"):
        without_camera_bias(plain)
    seen = Embedded(np.eye(4), [1, 2, 3, 4], cameras=[1, 2, 1, 2])
    other = Embedded(np.ones((2, 3)), [1, 2], cameras=[1, 2])
    with pytest.raises(ReseenError, match="vectors have 4 numbers, those of the reference 3"):
        without_camera_bias(seen, reference=other)
    with pytest.raises(ValueError, match="shrinkage: expected at least 0 images, got -1"):
        without_camera_bias(seen, shrinkage=-1)
