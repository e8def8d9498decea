"""PK batches: exact lengths, each image's share, and an order that seed, epoch and rank decide."""

from collections import Counter
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseen.data.dataset import Draw
from reseen.data.sampler import EpochIs, IdentityBatches, batches_that_fit, spread
from reseen.errors import ReseenError

COUNTS = st.lists(st.integers(1, 23), min_size=1, max_size=12)


def labels_of(counts: list[int]) -> np.ndarray:
    """Shuffled labels with ``counts[i]`` rows of label i."""
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))


def draws(sampler: IdentityBatches, epoch: int = 0, start: int = 0) -> list[list[Draw]]:
    sampler.set_epoch(epoch, start=start)
    return list(sampler)


def naive_batches(groups: list[int], identities: int) -> int:
    """Deal out: while enough identities have groups left, take the fullest ones. Longest-first is optimal here."""
    left, batches = sorted(groups), 0
    while len(left) >= identities and left[-identities] > 0:
        left = sorted(left[:-identities] + [group - 1 for group in left[-identities:]])
        batches += 1
    return batches


@given(groups=COUNTS, identities=st.integers(1, 6))
def test_the_number_of_batches_is_what_dealing_out_gives(groups: list[int], identities: int) -> None:
    if len(groups) >= identities:
        assert batches_that_fit(np.array(groups), identities) == naive_batches(groups, identities)


@settings(deadline=None)
@given(counts=COUNTS, identities=st.integers(1, 5), images=st.integers(1, 5), epoch=st.integers(0, 3))
def test_a_pass_has_p_identities_of_k_images_and_repeats_as_little_as_it_can(
    counts: list[int], identities: int, images: int, epoch: int
) -> None:
    if len(counts) < identities:
        return
    labels = labels_of(counts)
    sampler = IdentityBatches(labels, identities=identities, images=images, seed=3)
    batches = draws(sampler, epoch)
    groups = [-(-count // images) for count in counts]
    assert len(batches) == len(sampler) == naive_batches(groups, identities)
    seen: Counter[int] = Counter()
    for batch in batches:
        of = labels[[draw.row for draw in batch]].reshape(identities, images)
        assert (of == of[:, :1]).all(), "K images of an identity stand together"
        assert len(set(of[:, 0].tolist())) == identities, "P different identities"
        for rows in np.array([draw.row for draw in batch]).reshape(identities, images):
            count = counts[labels[rows[0]]]
            assert len(set(rows.tolist())) == min(count, images), "no repeats where there are enough images"
        seen.update(draw.row for draw in batch)
    for identity, count in enumerate(counts):
        rows = np.flatnonzero(labels == identity).tolist()
        if sum(seen[row] for row in rows) == groups[identity] * images:
            assert min(seen[row] for row in rows) >= 1, "an identity that is whole shows every image"
            assert max(seen[row] for row in rows) <= (2 if count >= images else images - count + 1)


def test_what_is_left_out_changes_with_the_epoch() -> None:
    labels = labels_of([4, 4, 4, 4, 4])  # five groups for batches of two: one is left out each epoch
    sampler = IdentityBatches(labels, identities=2, images=4, seed=0)
    assert len(sampler) == 2
    left_out = [
        set(range(5)) - {int(labels[draw.row]) for batch in draws(sampler, epoch) for draw in batch}
        for epoch in range(30)
    ]
    assert all(len(identities) == 1 for identities in left_out)
    assert set.union(*left_out) == set(range(5))


@pytest.mark.parametrize("count", [2, 4, 9])
def test_a_draw_takes_k_images_of_each_identity_once(count: int) -> None:
    labels = labels_of([count] * 7)
    sampler = IdentityBatches(labels, identities=3, images=4, seed=0, epoch_is="draw")
    assert len(sampler) == 2  # 7 // 3
    seen = Counter()
    for epoch in range(60):
        rows = np.array([draw.row for batch in draws(sampler, epoch) for draw in batch]).reshape(6, 4)
        assert len(set(labels[rows[:, 0]].tolist())) == 6
        assert all(len(set(group)) == min(4, count) for group in rows.tolist())
        seen.update(rows.ravel().tolist())
    assert len(seen) == 7 * count, "over many epochs every image is drawn"


@pytest.mark.parametrize("epoch_is", ["pass", "draw"])
def test_images_of_an_identity_are_of_as_many_cameras_as_they_can_be(epoch_is: EpochIs) -> None:
    labels = np.repeat(np.arange(3), 8)
    cameras = np.tile([0, 0, 0, 0, 1, 1, 2, 3], 3)  # in two groups of four: {0, 1, 2, 3} and {0, 0, 0, 1}
    make = {"identities": 2, "images": 4, "seed": 1, "epoch_is": epoch_is}
    apart = [
        len({cameras[draw.row] for draw in batch[first : first + 4]})
        for batch in draws(IdentityBatches(labels, cameras=cameras, **make))
        for first in (0, 4)
    ]
    assert set(apart) == ({2, 4} if epoch_is == "pass" else {4})
    if epoch_is == "pass":
        assert Counter(apart)[4] == Counter(apart)[2]


@pytest.mark.parametrize("epoch_is", ["pass", "draw"])
def test_the_order_is_a_function_of_seed_and_epoch(epoch_is: EpochIs) -> None:
    labels = labels_of([5, 9, 13, 4, 6, 8])
    make = {"identities": 3, "images": 4, "epoch_is": epoch_is}
    one, same = (IdentityBatches(labels, seed=7, **make) for _ in range(2))
    other = IdentityBatches(labels, seed=8, **make)
    draws(one, 0)
    assert draws(one, 4) == draws(same, 4), "not of the epochs that came before"
    assert draws(one, 4) != draws(one, 5)
    assert draws(one, 4) != draws(other, 4)


def test_resuming_in_an_epoch_gives_its_remaining_batches() -> None:
    sampler = IdentityBatches(labels_of([8] * 6), identities=2, images=2, seed=0)
    whole = draws(sampler, 3)
    assert len(whole) == 12
    for start in (1, 5, 12):
        assert draws(sampler, 3, start) == whole[start:]
        assert len(sampler) == 12
    assert draws(sampler, 3) == whole


@pytest.mark.parametrize("world_size", [2, 3, 6])
def test_processes_share_out_the_identities_of_the_batches_that_one_would_train(world_size: int) -> None:
    labels = labels_of([8, 12, 9, 30, 7, 16, 8, 8])
    make = {"identities": 6, "images": 4, "seed": 5}
    alone = draws(IdentityBatches(labels, **make), 2)
    samplers = [IdentityBatches(labels, rank=rank, world_size=world_size, **make) for rank in range(world_size)]
    shares = [draws(sampler, 2) for sampler in samplers]
    assert [list(chain(*parts)) for parts in zip(*shares, strict=True)] == alone
    assert {len(batch) for share in shares for batch in share} == {24 // world_size}
    assert {(len(sampler), sampler.images) for sampler in samplers} == {(len(alone), 24)}


def test_an_epoch_begun_by_one_process_is_finished_by_two() -> None:
    labels = labels_of([8] * 6)
    make = {"identities": 4, "images": 2, "seed": 0}
    alone = draws(IdentityBatches(labels, **make), 3)
    rest = [draws(IdentityBatches(labels, rank=rank, world_size=2, **make), 3, 2) for rank in range(2)]
    assert [list(chain(*parts)) for parts in zip(*rest, strict=True)] == alone[2:]


def test_every_place_in_the_epoch_has_its_own_seed() -> None:
    sampler = IdentityBatches(labels_of([40] * 10), identities=5, images=4, seed=0)
    seeds = [draw.seed for epoch in range(3) for batch in draws(sampler, epoch) for draw in batch]
    assert len(set(seeds)) == len(seeds)
    assert 0 <= min(seeds) <= max(seeds) < 2**32


def test_identities_meet_many_others_over_an_epoch() -> None:
    # Twenty identities with ten groups each, batches of four: dealt in turns, each would meet about eight others.
    sampler = IdentityBatches(labels_of([20] * 20), identities=4, images=2, seed=0)
    labels = labels_of([20] * 20)
    met: dict[int, set[int]] = {identity: set() for identity in range(20)}
    for batch in draws(sampler):
        together = set(labels[[draw.row for draw in batch]].tolist())
        for identity in together:
            met[identity] |= together - {identity}
    assert np.mean([len(others) for others in met.values()]) > 13


def test_spread_uses_up_tight_groups_exactly() -> None:
    groups = np.array([6, 6, 3, 3, 3, 3])  # 24 = 4 x 6: the first two must be in every batch
    for seed in range(20):
        chosen = spread(groups, 4, generator=np.random.default_rng(seed))
        assert chosen.shape == (6, 4)
        assert all(a in row for row in chosen.tolist() for a in (0, 1))
        assert np.bincount(chosen.ravel()).tolist() == groups.tolist()
    orders = [tuple(spread(groups, 4, generator=np.random.default_rng(seed)).ravel()) for seed in range(4)]
    assert all(a != b for a, b in pairwise(orders))


def test_too_few_identities_and_uneven_shares_are_named() -> None:
    with pytest.raises(ReseenError, match="takes 8 different identities, the training split has 3"):
        IdentityBatches(labels_of([4] * 3), identities=8, images=4, seed=0)
    with pytest.raises(ReseenError, match="has 0"):
        IdentityBatches([], identities=1, images=4, seed=0)
    with pytest.raises(ReseenError, match=r"is 3, .*which 2 processes cannot share out evenly; set it to 2 or 4"):
        IdentityBatches(labels_of([4] * 3), identities=3, images=4, seed=0, world_size=2)
    with pytest.raises(ValueError, match="0 <= rank < world_size"):
        IdentityBatches(labels_of([4] * 3), identities=1, images=4, seed=0, rank=2, world_size=2)
