"""Linking at scale: synthetic vectors of many cameras, seconds, memory, and precision and recall of pairs.

    python benchmarks/linking.py [--tracks 100000] [--cameras 50] [--width 256] [--noise 0.9]

Individuals drive along rows of five cameras next to each other, 60 seconds apart, over as many hours as keep a camera
at one passage in nine seconds. A vector is the individual's, the camera's and noise. The peak of memory is the
process's, the vectors included.
"""

import argparse
import resource
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.linking import Sightings, link

STOPS, TRAVEL, PASSAGE, EVERY = 5, 60.0, 6.0, 9.0


class Town(NamedTuple):
    """Sightings and the individual of each."""

    sightings: Sightings
    individuals: NDArray[np.int64]


def main() -> None:
    """Measure and print."""
    options = arguments()
    town = drawn(options.tracks, cameras=options.cameras, width=options.width, noise=options.noise)
    began = perf_counter()
    linking = link(town.sightings)
    seconds = perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    precision, recall = pairs(town.individuals, linking.identities)
    size = f"{options.tracks:,} tracks, {options.cameras} cameras, {options.width} numbers"
    print(f"{size}: {seconds:.1f} s, {peak:.2f} GiB")
    print(f"pairs: precision {precision:.3f}, recall {recall:.3f}; {linking.threshold}")


def drawn(tracks: int, *, cameras: int, width: int, noise: float) -> Town:
    """About so many tracks."""
    draw = np.random.default_rng(0)
    count = tracks // STOPS
    faces = draw.standard_normal((count, width), dtype=np.float32)
    bias = 0.7 * draw.standard_normal((cameras, width), dtype=np.float32)
    start = draw.uniform(0, EVERY * tracks / cameras, count)
    first = draw.integers(0, max(1, cameras - STOPS + 1), count)
    who = np.repeat(np.arange(count), STOPS)
    stop = np.tile(np.arange(STOPS), count)
    camera = (first[who] + stop) % cameras
    begin = start[who] + stop * (TRAVEL + PASSAGE) + draw.normal(0, 6, len(who))
    vectors = faces[who] + bias[camera]
    vectors += noise * draw.standard_normal(vectors.shape, dtype=np.float32)
    names = np.array([f"c{number:03d}" for number in range(cameras)])
    sightings = Sightings(names[camera], np.arange(len(who)), begin, begin + PASSAGE, vectors)
    return Town(sightings, who)


def pairs(truth: NDArray[np.int64], found: NDArray[np.int64]) -> tuple[float, float]:
    """Precision and recall of pairs."""

    def two_of(labels: NDArray[np.int64]) -> float:
        sizes = np.unique(labels, axis=0, return_counts=True)[1].astype(float)
        return float((sizes * (sizes - 1) / 2).sum())

    both = two_of(np.stack([truth, found], axis=1))
    return both / max(two_of(found), 1), both / two_of(truth)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--cameras", type=int, default=50)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--noise", type=float, default=0.9)
    return parser.parse_args()


if __name__ == "__main__":
    main()
