"""Batches of P identities with K images each, in an order that depends on the seed and the epoch alone."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from torch.utils.data import Sampler

from reseen.data.dataset import Draw
from reseen.errors import ReseenError

EpochIs = Literal["pass", "draw"]
"""A "pass" takes every image about once; a "draw" takes K images of each identity, as RGA does."""


class IdentityBatches(Sampler[list[Draw]]):
    """Batches of ``identities`` (P) different identities with ``images`` (K) images each, side by side.

    In a pass, an identity with n images has ceil(n / K) groups; the last is filled up from its other images, or with
    repeats where it has fewer than K. In a draw it has one group. There are B batches, B the largest number for which
    enough different identities are left to fill them: sum over identities of min(groups, B) >= P * B. Groups that do
    not fit are left out; they differ from epoch to epoch.

    With the ``cameras`` of the images, a group takes images of as many cameras as it can.

    The batches are a function of seed and epoch alone, however many processes there are. Of ``world_size``
    processes each takes an equal share of the identities of every batch. Every Draw's seed is a function of
    the seed, the epoch and the place in the epoch's whole order.
    """

    def __init__(
        self,
        labels: Sequence[int] | np.ndarray,
        *,
        identities: int,
        images: int,
        seed: int,
        epoch_is: EpochIs = "pass",
        cameras: Sequence[int] | np.ndarray | None = None,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        if min(identities, images, world_size) < 1 or not 0 <= rank < world_size:
            raise ValueError(
                "expected identities, images, world_size >= 1 and 0 <= rank < world_size,"
                f" got {identities}, {images}, {world_size} and {rank}"
            )
        self._share = share_of(identities, what="sampler.identities", rank=rank, world_size=world_size)
        self._rows = _rows_by_label(np.asarray(labels))
        if len(self._rows) < identities:
            raise ReseenError(
                f"a batch takes {identities} different identities, the training split has {len(self._rows)};"
                " lower sampler.identities"
            )
        self._identities, self._images, self._seed = identities, images, seed
        self._draw = epoch_is == "draw"
        self._cameras = None if cameras is None else np.asarray(cameras)
        self._epoch, self._start = 0, 0
        self._groups = np.array([1 if self._draw else -(-len(rows) // images) for rows in self._rows])
        self._batches = batches_that_fit(self._groups, identities)

    def set_epoch(self, epoch: int, *, start: int = 0) -> None:
        """Set the next epoch, and how many of its batches are already done."""
        self._epoch, self._start = epoch, start

    @property
    def images(self) -> int:
        """Images in a batch of all processes together."""
        return self._identities * self._images

    def __len__(self) -> int:
        """Batches in a whole epoch."""
        return self._batches

    def __iter__(self) -> Iterator[list[Draw]]:
        images = self._epoch_rows()
        seeds = self._generator(1).integers(2**32, size=images.shape)
        mine = slice(self._share.start * self._images, self._share.stop * self._images)
        for batch in range(self._start, len(self)):
            drawn = zip(images[batch, mine], seeds[batch, mine], strict=True)
            yield [Draw(int(row), int(seed)) for row, seed in drawn]

    def _epoch_rows(self) -> np.ndarray:
        """(B, P * K) int64: the rows of every batch of the epoch."""
        generator = self._generator(0)
        chosen = spread(np.minimum(self._groups, self._batches), self._identities, generator=generator)
        rows = np.empty((chosen.size, self._images), dtype=np.int64)
        for places in _rows_by_label(chosen.ravel()):
            identity = chosen.flat[places[0]]
            rows[places] = self._groups_of(self._rows[identity], generator)[: len(places)]
        return rows.reshape(len(chosen), -1)

    def _groups_of(self, rows: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """(g, K): the identity's images in shuffled groups, the filled-up one anywhere among them."""
        size = self._images
        shuffled = generator.permutation(rows)
        if self._cameras is not None:
            shuffled = shuffled[_cameras_in_turn(self._cameras[shuffled])]
        if self._draw:
            shuffled = shuffled[:size]
        short = -len(shuffled) % size
        last = len(shuffled) - (size - short)
        others = shuffled[:last] if short <= last else shuffled
        fill = generator.choice(others, short, replace=short > len(others)) if short else shuffled[:0]
        return generator.permutation(np.concatenate([shuffled, fill]).reshape(-1, size))

    def _generator(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, self._epoch, purpose])


def share_of(total: int, *, what: str, rank: int, world_size: int) -> slice:
    """The part of a batch's ``total`` entries that this process takes; ``what`` is the setting of their number.

    Raises ReseenError where the processes cannot share them evenly.

    >>> share_of(16, what="sampler.identities", rank=1, world_size=4)
    slice(4, 8, None)
    """
    share, left = divmod(total, world_size)
    if left:
        near = sorted({max(share, 1) * world_size, (share + 1) * world_size})
        raise ReseenError(
            f"{what} is {total}, of all processes together, which {world_size} processes cannot share out evenly; "
            f"set it to {' or '.join(map(str, near))}, or choose a number of processes that divides it"
        )
    return slice(rank * share, (rank + 1) * share)


def batches_that_fit(groups: np.ndarray, identities: int) -> int:
    """The largest B with sum(min(groups, B)) >= identities * B; groups (I,), and I >= identities.

    >>> batches_that_fit(np.array([5, 1, 1, 1]), 2)
    3
    """
    low, high = 0, int(groups.sum()) // identities
    while low < high:
        middle = (low + high + 1) // 2
        fits = int(np.minimum(groups, middle).sum()) >= identities * middle
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def spread(groups: np.ndarray, identities: int, *, generator: np.random.Generator) -> np.ndarray:
    """The identities of each batch: (I,) groups, none above B -> (B, P), no identity twice in a row.

    Each batch draws P identities at random, likelier those with more groups left; an identity with as many
    groups left as there are batches to come must be among them, and this always leaves a choice for the
    batches that follow.
    """
    left = _without_excess(groups, identities, generator)
    batches = int(left.sum()) // identities
    chosen = np.empty((batches, identities), dtype=np.int64)
    for batch in range(batches):
        live = np.flatnonzero(left)
        keys = generator.exponential(size=len(live)) / left[live]
        keys[left[live] == batches - batch] = -1.0
        chosen[batch] = generator.permutation(live[np.argpartition(keys, identities - 1)[:identities]])
        left[chosen[batch]] -= 1
    return chosen


def _without_excess(groups: np.ndarray, identities: int, generator: np.random.Generator) -> np.ndarray:
    """The groups less some drawn at random, so that they fill whole batches."""
    batches = batches_that_fit(groups, identities)
    capped = np.minimum(groups, batches)
    excess = int(capped.sum()) - identities * batches
    dropped = generator.choice(np.repeat(np.arange(len(capped)), capped), excess, replace=False)
    left: np.ndarray = capped - np.bincount(dropped, minlength=len(capped))
    return left


def _cameras_in_turn(cameras: np.ndarray) -> np.ndarray:
    """(n,) cameras -> (n,) places: one of each camera, then the second of each, and so on.

    >>> _cameras_in_turn(np.array([4, 4, 4, 7, 4, 7]))
    array([0, 3, 1, 5, 2, 4])
    """
    turns = np.empty(len(cameras), dtype=np.int64)
    for places in _rows_by_label(cameras):
        turns[places] = np.arange(len(places))
    return np.argsort(turns, kind="stable")


def _rows_by_label(labels: np.ndarray) -> list[np.ndarray]:
    """For each label that occurs, in order, the rows that have it."""
    order = np.argsort(labels, kind="stable")
    _, starts = np.unique(labels[order], return_index=True)
    return np.split(order, starts[1:]) if len(labels) else []
