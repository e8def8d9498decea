"""Images a second that the synthetic sets are rendered at, all the way to a JPEG on disk.

python benchmarks/rendering.py [--images 300] [--sizes 128 256] [--workers 1 2]
"""

import argparse
import tempfile
from pathlib import Path
from time import perf_counter

from reseen.synth import SUBJECTS, synthesise


def main() -> None:
    """Measure and print one row a kind, size and number of processes."""
    options = arguments()
    print(f"{'kind':8} {'height':>6} {'workers':>7} {'pictures/s':>10}   (start of the processes included)")
    for kind in SUBJECTS:
        for size in options.sizes:
            for workers in options.workers:
                rate = images_per_second(kind, images=options.images, size=size, workers=workers)
                print(f"{kind:8} {size:6} {workers:7} {rate:10.1f}")


def images_per_second(kind: str, *, images: int, size: int, workers: int) -> float:
    """Render a whole set into a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        began = perf_counter()
        synthesise(kind, Path(folder) / "set", identities=images // 10, images=images, image_size=size, workers=workers)
        return images / (perf_counter() - began)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    return parser.parse_args()


if __name__ == "__main__":
    main()
