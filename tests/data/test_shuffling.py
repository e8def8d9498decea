"""Shuffled batches: every row once, the same order for the same seed and epoch, shared out among processes."""

from itertools import chain

import pytest

from reseen.data.shuffling import ShuffledBatches
from reseen.errors import ReseenError


def epoch_of(batches: ShuffledBatches, epoch: int, *, start: int = 0) -> list[list[tuple[int, int]]]:
    batches.set_epoch(epoch, start=start)
    return [[tuple(draw) for draw in batch] for batch in batches]


def test_an_epoch_meets_every_row_at_most_once_and_leaves_less_than_a_batch():
    batches = ShuffledBatches(23, batch_size=5, seed=1)
    rows = [row for batch in epoch_of(batches, 0) for row, _ in batch]
    assert len(batches) == 4
    assert len(rows) == len(set(rows)) == 20
    assert set(rows) <= set(range(23))


def test_the_order_is_a_function_of_seed_and_epoch():
    first = epoch_of(ShuffledBatches(40, batch_size=8, seed=3), 2)
    assert first == epoch_of(ShuffledBatches(40, batch_size=8, seed=3), 2)
    assert first != epoch_of(ShuffledBatches(40, batch_size=8, seed=3), 1)
    assert first != epoch_of(ShuffledBatches(40, batch_size=8, seed=4), 2)


def test_a_resumed_epoch_is_the_rest_of_it():
    batches = ShuffledBatches(40, batch_size=8, seed=3)
    assert epoch_of(batches, 1, start=3) == epoch_of(batches, 1)[3:]


def test_processes_share_out_the_batches_that_one_would_train():
    alone = epoch_of(ShuffledBatches(50, batch_size=6, seed=0), 5)
    every = [ShuffledBatches(50, batch_size=6, seed=0, rank=rank, world_size=3) for rank in range(3)]
    shares = [epoch_of(batches, 5) for batches in every]
    assert [list(chain(*parts)) for parts in zip(*shares, strict=True)] == alone
    assert {(len(batches), batches.images) for batches in every} == {(8, 6)}


def test_too_few_rows_for_a_batch_are_refused():
    with pytest.raises(ReseenError, match=r"7 training images do not fill a batch of 8; lower the batch size"):
        ShuffledBatches(7, batch_size=8, seed=0)
    with pytest.raises(ReseenError, match=r"batch_size is 8, .*which 3 processes cannot share out evenly; set it to 6"):
        ShuffledBatches(15, batch_size=8, seed=0, world_size=3)
    with pytest.raises(ValueError, match="expected batch_size, world_size >= 1"):
        ShuffledBatches(7, batch_size=0, seed=0)
