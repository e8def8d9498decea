"""Batches of rows in an order that only the seed and the epoch decide."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from reseen.data.dataset import Draw
from reseen.errors import ReseenError


class ShuffledBatches(Sampler[list[Draw]]):
    """Every row once an epoch, ``batch_size`` at a time; a last batch that would be smaller is left out.

    Of ``world_size`` processes each takes every world_size-th batch, all the same number. Every Draw's seed is a
    function of the seed, the epoch and the place in the epoch's whole order.
    """

    def __init__(self, rows: int, *, batch_size: int, seed: int, rank: int = 0, world_size: int = 1) -> None:
        if min(batch_size, world_size) < 1 or not 0 <= rank < world_size:
            raise ValueError(
                "expected batch_size, world_size >= 1 and 0 <= rank < world_size,"
                f" got {batch_size}, {world_size} and {rank}"
            )
        if rows < batch_size * world_size:
            raise ReseenError(
                f"{rows} training pictures do not fill a batch of {batch_size}"
                + (f" for each of {world_size} processes" if world_size > 1 else "")
                + "; lower the batch size"
            )
        self._rows, self._size, self._seed = rows, batch_size, seed
        self._rank, self._world_size = rank, world_size
        self._epoch, self._start = 0, 0

    def set_epoch(self, epoch: int, *, start: int = 0) -> None:
        """Which epoch comes next, and how many of this process's batches of it were already done."""
        self._epoch, self._start = epoch, start

    def __len__(self) -> int:
        """How many batches a whole epoch gives this process."""
        return self._rows // self._size // self._world_size

    def __iter__(self) -> Iterator[list[Draw]]:
        generator = np.random.default_rng([self._seed, self._epoch])
        order, seeds = generator.permutation(self._rows), generator.integers(2**32, size=self._rows)
        for step in range(self._start, len(self)):
            first = (step * self._world_size + self._rank) * self._size
            places = slice(first, first + self._size)
            yield [Draw(int(row), int(seed)) for row, seed in zip(order[places], seeds[places], strict=True)]
