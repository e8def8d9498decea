"""A town of vectors: individuals that pass cameras in a row, with real travel times, camera bias and broken tracks."""

from typing import NamedTuple

import numpy as np

from reseen.linking import Sightings


class Town(NamedTuple):
    sightings: Sightings
    truth: np.ndarray


def drawn_town(
    individuals: int = 40,
    *,
    cameras: int = 4,
    noise: float = 0.8,
    broken: float = 0.2,
    seed: int = 0,
    width: int = 32,
    minutes: float = 20,
    late: dict[int, float] | None = None,
) -> Town:
    """Each drives through all cameras, half of them backwards; a share of passages is broken into two tracks."""
    draw = np.random.default_rng(seed)
    bias = draw.normal(0, 0.7, (cameras, width))
    rows = []
    for who in range(individuals):
        face, start = draw.normal(size=width), draw.uniform(0, 60 * minutes)
        route = range(cameras) if who % 2 else range(cameras)[::-1]
        for camera in route:
            passage = draw.uniform(4, 8)
            cuts = [(0.0, 0.45), (0.55, 1.0)] if draw.random() < broken else [(0.0, 1.0)]
            for low, high in cuts:
                vector = face + bias[camera] + draw.normal(0, noise, width)
                at = start + (late or {}).get(camera, 0.0)
                rows.append((camera, who, at + low * passage, at + high * passage, vector))
            start += passage + draw.normal(30, 3)
    rows = [rows[place] for place in draw.permutation(len(rows))]
    names, who, begin, end, vectors = zip(*rows, strict=True)
    sightings = Sightings([f"c{name}" for name in names], np.arange(len(rows)), begin, end, np.array(vectors))
    return Town(sightings, np.array(who))
