"""What `reseen.track_features` costs over its bare network: N boxes of a frame to vectors.

python benchmarks/tracker_hook.py [--model RUN] [--boxes 30] [--repeats 40] [--threads 2]

The bare network gets the same boxes cut and resized before, in batches as large as the hook's. Both take turns in each
repeat, the order changing, so that what else the machine does falls on both alike; the ratio is of medians, and of the
fastest. Boxes are of persons and vehicles as detectors find them in a frame of 1920 x 1080: 40 to 300 pixels high.
"""

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

import reseen
from reseen.data.frames import crops_of
from reseen.retrieval.embedder import Embedder

HEIGHT, WIDTH = 1080, 1920


def main() -> None:
    """Measure and print both ways and their ratio."""
    options = arguments()
    torch.set_num_threads(options.threads)
    embedder = Embedder.from_pretrained(options.model)
    features = reseen.track_features(embedder)
    frame, boxes = drawn(options.boxes)
    ready = [embedder.prepare(crop, bgr=True) for crop in crops_of(frame, boxes)]
    images = [image for image in ready if isinstance(image, np.ndarray)]
    parts = [images[at : at + features.batch] for at in range(0, len(images), features.batch)]

    def bare() -> NDArray[np.float32]:
        return np.concatenate([embedder.embed_prepared(part) for part in parts])

    def hook() -> NDArray[np.float32]:
        return features.get_features(boxes, frame)

    print(
        f"{embedder.source}: {options.boxes} boxes of a frame {WIDTH} x {HEIGHT}, to {embedder.image_size}, "
        f"{options.threads} threads"
    )
    print(f"largest difference {np.abs(hook() - bare()).max():.1e}")
    taken = in_turn({"bare network": bare, "hook": hook}, repeats=options.repeats)
    for name, seconds in taken.items():
        print(f"{name:13} median {1000 * median(seconds):7.1f} ms, fastest {1000 * min(seconds):7.1f} ms")
    first, second = taken.values()
    print(f"hook / bare   median {median(second) / median(first):7.3f},    fastest {min(second) / min(first):7.3f}")


def in_turn(ways: dict[str, Callable[[], object]], *, repeats: int) -> dict[str, list[float]]:
    """Seconds of each call of each way; every other repeat goes backwards."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats + 2):
        for name in list(ways)[:: -1 if repeat % 2 else 1]:
            start = perf_counter()
            ways[name]()
            if repeat >= 2:  # the first ones warm caches up
                taken[name].append(perf_counter() - start)
    return taken


def drawn(count: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A frame, and boxes (N, 4) of left, top, right, bottom."""
    drawing = np.random.default_rng(0)
    frame = drawing.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    high = drawing.uniform(40, 300, count)
    wide = high * drawing.uniform(0.4, 1.6, count)
    left, top = drawing.uniform(0, WIDTH - wide), drawing.uniform(0, HEIGHT - high)
    return frame, np.column_stack([left, top, left + wide, top + high])


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--boxes", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
