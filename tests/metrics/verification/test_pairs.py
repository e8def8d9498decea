"""Which pairs count, and what is tallied of them, against a loop over every pair."""

import numpy as np
import pytest

from naive_pairs import naive_pairs
from reseen.errors import ReseenError
from reseen.metrics import Embedded, Protocol
from reseen.metrics.protocol import find_protocol
from reseen.metrics.verification.pair_counts import STEPS, _count_into, accepted_pairs, count_pairs
from reseen.metrics.verification.pairs import find_pairs


def drawn(seed, *, cameras=True, names=True) -> tuple[Embedded, Embedded]:
    """Few identities, cameras and names, some unknown or junk, so that every rule is met."""
    generator = np.random.default_rng(seed)

    def side(count: int) -> Embedded:
        return Embedded(
            generator.normal(size=(count, 5)).astype(np.float32),
            generator.choice([-1, 0, 3, 4, 7], size=count),
            cameras=generator.choice(["a", "b", ""], size=count) if cameras else None,
            names=generator.choice([f"{number}.jpg" for number in range(4)], size=count) if names else None,
        )

    return side(40), side(60)


@pytest.mark.parametrize(("protocol", "cameras"), [("market1501", True), ("wildlife", True), ("wildlife", False)])
@pytest.mark.parametrize("names", [True, False])
def test_every_pair_is_counted_once(protocol, cameras, names):
    query, gallery = drawn(0, cameras=cameras, names=names)
    rules = find_protocol(protocol)
    pairs, naive = find_pairs(query, gallery, protocol=rules), naive_pairs(query, gallery, protocol=rules)
    counts = count_pairs(pairs)
    for histogram, genuine in ((counts.genuine, True), (counts.impostor, False)):
        similarities = [pair.similarity for pair in naive if pair.genuine == genuine]
        expected = np.histogram(similarities, bins=np.arange(-STEPS, STEPS + 2) / STEPS)[0]
        moved = np.abs(np.cumsum(histogram) - np.cumsum(expected)) > 0
        assert histogram.sum() == len(similarities)
        assert moved.sum() <= len(similarities), "float32 moves a pair to the next bin at most"
    kept = [row for row in range(len(query)) if str(query.identities[row]) not in rules.junk]
    for place, row in enumerate(kept):
        for nearest, genuine in ((counts.nearest.genuine, True), (counts.nearest.impostor, False)):
            own = [pair.similarity for pair in naive if pair.query == row and pair.genuine == genuine]
            assert nearest[place] == pytest.approx(max(own, default=-np.inf), abs=1e-6)


def test_accepted_pairs_by_identity():
    query, gallery = drawn(1)
    rules = find_protocol("market1501")
    pairs, naive = find_pairs(query, gallery, protocol=rules), naive_pairs(query, gallery, protocol=rules)
    names = {0: 0, 3: 1, 4: 2, 7: 3}
    for threshold, counts in zip((-0.25, 0.5), accepted_pairs(pairs, (-0.25, 0.5)), strict=True):
        expected = np.zeros((4, 4), dtype=np.int64)
        for pair in naive:
            place = names[int(query.identities[pair.query])], names[int(gallery.identities[pair.entry])]
            expected[place] += pair.similarity >= threshold
        assert np.array_equal(counts.toarray(), expected)


def test_a_pair_on_a_threshold_is_accepted_and_bins_close_below():
    """Cosines that float32 holds exactly: (1, 1, 1, 1) / 2 with an axis is 1/2, with its opposite -1/2."""
    query = Embedded(np.ones((1, 4), dtype=np.float32), [1])
    gallery = Embedded(np.concatenate([np.eye(4), -np.eye(4)])[:6].astype(np.float32), [1, 2, 2, 2, 2, 2])
    pairs = find_pairs(query, gallery, protocol=find_protocol("wildlife"))
    counts = count_pairs(pairs)
    assert np.flatnonzero(counts.impostor).tolist() == [STEPS // 2, STEPS + STEPS // 2]
    assert counts.impostor[[STEPS // 2, STEPS + STEPS // 2]].tolist() == [2, 3]
    thresholds = [-0.5, -0.5 + 1 / STEPS, 0.5, 0.5 + 1 / STEPS]
    assert [matrix.sum() for matrix in accepted_pairs(pairs, thresholds)] == [6, 4, 4, 0]


def test_bins_close_below_for_negative_similarities_too():
    histogram = np.zeros(2 * STEPS + 1, dtype=np.int64)
    beyond, small = 1 + 2**-20, 2**-30
    _count_into(histogram, np.array([-beyond, -1, -small, 0, small, 1, beyond, -np.inf], dtype=np.float32))
    assert {int(place) - STEPS: int(histogram[place]) for place in np.flatnonzero(histogram)} == {
        -STEPS: 2,
        -1: 1,
        0: 2,
        STEPS: 2,
    }


def test_blocks_of_pairs_cover_all_queries_in_order():
    query, gallery = drawn(2)
    pairs = find_pairs(query, gallery, protocol=find_protocol("market1501"))
    blocks = list(pairs.blocks())
    assert [block.rows.start for block in blocks] == [0, *(block.rows.stop for block in blocks[:-1])]
    assert sum(len(block.similarity) for block in blocks) == len(pairs.query_rows) == len(pairs.identities.query)


def test_a_image_and_itself_are_no_pair():
    vectors = np.eye(4, dtype=np.float32)
    both = Embedded(vectors, [1, 1, 2, 2], names=["a", "b", "a", "b"])
    rules = Protocol("all", drop_same_camera=False, junk=(), source="here")
    counts = count_pairs(find_pairs(both, both, protocol=rules))
    assert (counts.genuine.sum(), counts.impostor.sum()) == (4, 8)


def test_pairs_without_a_valid_query_are_refused_as_by_evaluate():
    one, other = (Embedded(np.eye(2, dtype=np.float32), names) for names in (["a", "b"], ["c", "d"]))
    with pytest.raises(ReseenError, match="none of 2 queries has a valid match"):
        find_pairs(one, other, protocol=find_protocol("wildlife"))
