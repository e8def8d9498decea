"""Nearly equal images are told by their vectors, where the rules rank the pair and the files differ."""

from dataclasses import replace

import numpy as np
import pytest

from reseen.metrics import PROTOCOLS, Embedded
from reseen.tasks.reid.advise.near_duplicates import near_duplicates

VECTORS = np.random.default_rng(0).normal(size=(6, 16)).astype(np.float32)
NAMES = (["q0", "q1"], ["g0", "g1", "g2", "g3"])
QUERY = Embedded(VECTORS[:2], ["ann", "bob"], cameras=["1", "1"])
GALLERY = Embedded(VECTORS[2:], ["ann", "bob", "eve", "eve"], cameras=["2", "1", "2", "2"])


def found(gallery, *, same=(), protocol="market1501"):
    equal = np.zeros((2, 4), dtype=bool)
    for pair in same:
        equal[pair] = True
    return list(near_duplicates(QUERY, gallery, rules=PROTOCOLS[protocol], same=equal, names=NAMES))


def with_copy(query, row):
    """The gallery whose ``row`` is nearly the query's image."""
    vectors = VECTORS[2:].copy()
    vectors[row] = 3 * VECTORS[query] + 0.01
    return replace(GALLERY, vectors=vectors)


def test_different_images_are_none():
    assert found(GALLERY) == []


def test_a_copy_is_named_with_its_cosine():
    (one,) = found(with_copy(0, 0))
    assert one.message.startswith("1 of 2 query images")
    assert "0 of them one of another identity" in one.message
    assert one.examples == ("q0 = g0 (1.000)",)


def test_a_copy_under_another_identity_is_counted():
    (one,) = found(with_copy(0, 3))
    assert "1 of them one of another identity" in one.message


def test_pairs_that_the_rules_drop_do_not_count():
    assert found(with_copy(1, 1)) == []
    assert len(found(with_copy(1, 1), protocol="wildlife")) == 1


def test_equal_files_are_told_elsewhere():
    assert found(with_copy(0, 0), same=[(0, 0)]) == []


@pytest.mark.parametrize("shift", [10, 100])
def test_vectors_that_all_lie_close_are_not_all_copies(shift):
    query, gallery = (replace(side, vectors=side.vectors + shift) for side in (QUERY, GALLERY))
    equal = np.zeros((2, 4), dtype=bool)
    assert not list(near_duplicates(query, gallery, rules=PROTOCOLS["wildlife"], same=equal, names=NAMES))
