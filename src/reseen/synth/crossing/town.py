"""The small town: junctions, streets between them, gates at its edge, and the cameras' places in its streets.

All places are metres. A street has two junctions, the lower number first; along it counts from that one.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np

BLOCK = (140.0, 210.0)
"""The range of a block's length, metres."""


class Street(NamedTuple):
    """A street from junction ``first`` to junction ``second``, ``length`` metres."""

    first: int
    second: int
    length: float


class Town(NamedTuple):
    """Junctions (x, y), the streets, and the junctions at the edge, where vehicles come and go."""

    junctions: tuple[tuple[float, float], ...]
    streets: tuple[Street, ...]
    gates: tuple[int, ...]


class Post(NamedTuple):
    """Where a camera hangs: the number of its street, metres along it, and the way it looks: 1 along, -1 back."""

    street: int
    along: float
    facing: int


def draw_town(cameras: int, rng: np.random.Generator) -> Town:
    """A bent grid of streets, large enough for ``cameras`` in streets of their own."""
    side = max(3, math.ceil(math.sqrt(cameras)))
    columns, rows = (np.cumsum([0.0, *rng.uniform(*BLOCK, side - 1)]) for _ in range(2))
    places = [(float(x + rng.normal(0, 8)), float(y + rng.normal(0, 8))) for y in rows for x in columns]
    pairs = [(k, k + 1) for k in range(side * side) if (k + 1) % side]
    pairs += [(k, k + side) for k in range(side * (side - 1))]
    streets = [Street(a, b, math.dist(places[a], places[b])) for a, b in pairs]
    edge = [k for k in range(side * side) if {k // side, k % side} & {0, side - 1}]
    return Town(tuple(places), tuple(streets), tuple(edge))


def draw_route(town: Town, rng: np.random.Generator) -> list[int]:
    """The junctions from one gate to another that is not near it, by the way that one driver thinks shortest."""
    start = int(rng.choice(town.gates))
    far = [gate for gate in town.gates if math.dist(town.junctions[gate], town.junctions[start]) > 1.5 * BLOCK[1]]
    end = int(rng.choice(far))
    felt = {(street.first, street.second): street.length * float(rng.uniform(0.7, 1.3)) for street in town.streets}
    return shortest(felt, start=start, end=end)


def shortest(lengths: dict[tuple[int, int], float], *, start: int, end: int) -> list[int]:
    """The junctions of the shortest way; ``lengths`` of streets by their junctions.

    >>> shortest({(0, 1): 1.0, (1, 2): 1.0, (0, 2): 3.0}, start=2, end=0)
    [2, 1, 0]
    """
    best: dict[int, tuple[float, list[int]]] = {start: (0.0, [start])}
    todo = {start}
    while todo:
        here = todo.pop()
        done, way = best[here]
        for pair, length in lengths.items():
            if here in pair:
                there = pair[0] if pair[1] == here else pair[1]
                if there not in best or done + length < best[there][0]:
                    best[there] = (done + length, [*way, there])
                    todo.add(there)
    return best[end][1]


def draw_posts(town: Town, cameras: int, rng: np.random.Generator) -> list[Post]:
    """Cameras in streets of their own, busy ones first."""
    busy = np.ones(len(town.streets))
    numbers = {(street.first, street.second): number for number, street in enumerate(town.streets)}
    for _ in range(100):
        route = draw_route(town, rng)
        for a, b in pairwise(route):
            busy[numbers[min(a, b), max(a, b)]] += 1
    share = busy**2
    chosen = sorted(int(k) for k in rng.choice(len(busy), size=cameras, replace=False, p=share / share.sum()))
    return [
        Post(street, float(rng.uniform(0.4, 0.6) * town.streets[street].length), int(rng.choice([-1, 1])))
        for street in chosen
    ]


def distances(town: Town, posts: list[Post]) -> list[list[float]]:
    """(M, M) metres along streets between the cameras' places, which no drive between them can undercut."""
    lengths = {(street.first, street.second): street.length for street in town.streets}
    table = [[0.0] * len(posts) for _ in posts]
    for row, one in enumerate(posts):
        for column in range(row + 1, len(posts)):
            other = posts[column]
            ways = [
                near_one + _length(shortest(lengths, start=a, end=b), lengths) + near_other
                for a, near_one in _ends(town, one)
                for b, near_other in _ends(town, other)
            ]
            table[row][column] = table[column][row] = min(ways)
    return table


def _ends(town: Town, post: Post) -> list[tuple[int, float]]:
    """The two junctions of a camera's street, and how far each is."""
    street = town.streets[post.street]
    return [(street.first, post.along), (street.second, street.length - post.along)]


def _length(way: list[int], lengths: dict[tuple[int, int], float]) -> float:
    return sum(lengths[min(a, b), max(a, b)] for a, b in pairwise(way))
