"""The plan of a set, made before anything is rendered: the split of the identities, their cameras and their images."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reseen.errors import ReseenError

FEWEST = 2
"""Images that each identity needs: one as a query and one, from another camera, to be found."""


class Shot(NamedTuple):
    """One image to render: ``place`` in the whole set, ``identity`` (place in the list) and ``camera`` (from 1).

    ``number``: the identity's number in file names. ``frame``: the video frame, ``track``: the seed of its track.
    """

    place: int
    identity: int
    number: int
    camera: int
    frame: int
    track: tuple[int, ...]
    train: bool


class Plan(NamedTuple):
    """The shots, and each identity's number and split; ``numbers[i]`` and ``train[i]`` belong to identity i."""

    shots: list[Shot]
    numbers: list[int]
    train: list[bool]
    pairs: list[tuple[int, int]]


def twin_pairs(twins: Sequence[bool]) -> list[tuple[int, int]]:
    """Places of the two of each pair; twins follow each other.

    >>> twin_pairs([True, True, True, True, False])
    [(0, 1), (2, 3)]
    """
    places = [i for i, twin in enumerate(twins) if twin]
    if len(places) % 2:
        raise ValueError(f"twins come in pairs, got {len(places)} of them")
    return list(zip(places[::2], places[1::2], strict=True))


def split(twins: Sequence[bool], *, test_share: float, rng: np.random.Generator) -> list[bool]:
    """(I,) whether each identity is for training; twins share a split, and neither split is empty."""
    pairs = twin_pairs(twins)
    paired = {place for pair in pairs for place in pair}
    groups: list[tuple[int, ...]] = [*pairs, *((i,) for i in range(len(twins)) if i not in paired)]
    if len(groups) < 2:
        raise ReseenError(
            "the two of a pair of twins share a split, so one pair alone leaves the other split empty; "
            "ask for more identities or fewer twins"
        )
    wanted = max(1, round(len(twins) * test_share))
    order = [groups[int(i)] for i in rng.permutation(len(groups))]
    test: set[int] = set()
    for group in order[:-1]:
        if not test or len(test) + len(group) <= wanted:
            test.update(group)
    return [i not in test for i in range(len(twins))]


def make_plan(twins: Sequence[bool], *, images: int, cameras: int, test_share: float, seed: Sequence[int]) -> Plan:
    """The plan for ``images`` images, spread evenly over the identities and over a few cameras of each."""
    rng = np.random.default_rng([*seed, 1])
    train = split(twins, test_share=test_share, rng=rng)
    numbers = [int(k) + 1 for k in rng.permutation(len(twins))]
    shots: list[Shot] = []
    for identity in range(len(twins)):
        share = images // len(twins) + (numbers[identity] <= images % len(twins))
        for camera, count in _seen_by(share, cameras, rng):
            start = int(rng.integers(1, 90_000))
            for k in range(count):
                shots.append(
                    Shot(
                        place=len(shots),
                        identity=identity,
                        number=numbers[identity],
                        camera=camera,
                        frame=start + 5 * k,
                        track=(*seed, 2, identity, camera),
                        train=train[identity],
                    )
                )
    return Plan(shots, numbers, train, twin_pairs(twins))


def _seen_by(count: int, cameras: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(camera, images) pairs: two or three images a camera, at least two cameras."""
    several = int(np.clip(round(count / 2.5), 2, min(cameras, count)))
    chosen = sorted(int(c) + 1 for c in rng.choice(cameras, size=several, replace=False))
    extra = set(rng.permutation(several)[: count % several].tolist())
    return [(camera, count // several + (i in extra)) for i, camera in enumerate(chosen)]


def queries(shots: Sequence[Shot], *, apart: bool) -> list[Shot]:
    """One query per test identity and camera, as far as each keeps a match from another camera.

    ``apart``: a query leaves the gallery (Market-1501); otherwise it stays there as well (VeRi-776).
    """
    chosen: list[Shot] = []
    of: dict[int, list[Shot]] = {}
    for shot in shots:
        if not shot.train:
            of.setdefault(shot.identity, []).append(shot)
    for own in of.values():
        firsts = list({shot.camera: shot for shot in reversed(own)}.values())[::-1]
        taken: list[Shot] = []
        for shot in firsts:
            gallery = [entry for entry in own if not apart or entry not in (*taken, shot)]
            if all(any(entry.camera != query.camera for entry in gallery) for query in (*taken, shot)):
                taken.append(shot)
        chosen += taken
    return chosen
