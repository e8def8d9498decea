"""Batches of rows in an order that depends on the seed and the epoch alone."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from reseen.data.dataset import Draw
from reseen.data.sampler import share_of
from reseen.errors import ReseenError


class ShuffledBatches(Sampler[list[Draw]]):
    """Every row once an epoch, ``batch_size`` at a time, without a last batch that would be smaller.

    The batches are a function of seed and epoch alone; of ``world_size`` processes each takes an equal share of every
    one. Every Draw's seed is a function of the seed, the epoch and the place in the epoch's whole order.
    """

    def __init__(self, rows: int, *, batch_size: int, seed: int, rank: int = 0, world_size: int = 1) -> None:
        if min(batch_size, world_size) < 1 or not 0 <= rank < world_size:
            raise ValueError(
                "expected batch_size, world_size >= 1 and 0 <= rank < world_size,"
                f" got {batch_size}, {world_size} and {rank}"
            )
        self._share = share_of(batch_size, what="data.batch_size", rank=rank, world_size=world_size)
        if rows < batch_size:
            raise ReseenError(f"{rows} training images do not fill a batch of {batch_size}; lower the batch size")
        self._rows, self._size, self._seed = rows, batch_size, seed
        self._epoch, self._start = 0, 0

    def set_epoch(self, epoch: int, *, start: int = 0) -> None:
        """Set the next epoch, and how many of its batches are already done."""
        self._epoch, self._start = epoch, start

    @property
    def images(self) -> int:
        """Images in a batch of all processes together."""
        return self._size

    def __len__(self) -> int:
        """Batches in a whole epoch."""
        return self._rows // self._size

    def __iter__(self) -> Iterator[list[Draw]]:
        generator = np.random.default_rng([self._seed, self._epoch])
        order, seeds = generator.permutation(self._rows), generator.integers(2**32, size=self._rows)
        for step in range(self._start, len(self)):
            first = step * self._size
            places = slice(first + self._share.start, first + self._share.stop)
            yield [Draw(int(row), int(seed)) for row, seed in zip(order[places], seeds[places], strict=True)]
