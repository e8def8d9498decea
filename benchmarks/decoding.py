"""Images a second decoded in full and small, side by side, and what the difference does to pixels and embeddings.

python benchmarks/decoding.py IMAGES [--limit 24] [--repeats 3]

Photographs are enlarged to each size and saved as JPEG of quality 90; the network is EfficientNet-Lite0 with ImageNet
weights at 128 x 128. A margin is the sides asked for over the network's; ratios are of medians, ways taking turns.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from PIL import Image

from reseen.data.image_table import list_images
from reseen.data.opening import open_image
from reseen.data.transforms import resize
from reseen.retrieval.embedder import Embedder

SIDE = 128
WIDTHS = (256, 640, 2309)
"""The last is 4 megapixels at 4 : 3."""
MARGINS = (1.0, 1.5, 2.0, 3.0, 4.0)


def main() -> None:
    """Measure and print one row for each size and margin."""
    options = arguments()
    torch.set_num_threads(2)
    paths = list_images(options.images)["path"]
    chosen = paths[:: max(1, len(paths) // options.limit)][: options.limit]
    embedder = Embedder.from_pretrained()
    print(f"{len(chosen)} images, {options.repeats} repeats")
    print(
        f"{'size':>11} {'margin':>6} {'images/s':>9} {'of full':>8} {'pixels (0..255)':>16} {'cosine':>8} {'worst':>8}"
    )
    for width in WIDTHS:
        files = [enlarged(Path(path), width) for path in chosen]
        report(files, embedder, size=f"{width}x{width * 3 // 4}", repeats=options.repeats)


def report(files: Sequence[bytes], embedder: Embedder, *, size: str, repeats: int) -> None:
    """The rows of one size."""
    ways: dict[float | None, tuple[int, int] | None] = {None: None}
    ways |= {margin: (round(SIDE * margin),) * 2 for margin in MARGINS}
    taken: dict[float | None, list[float]] = {margin: [] for margin in ways}
    for _ in range(repeats):
        for margin, at_least in ways.items():
            begin = perf_counter()
            list(map(partial(prepared, at_least=at_least), files))
            taken[margin].append(perf_counter() - begin)
    full = np.stack([prepared(file, at_least=None) for file in files])
    expected = embedder.embed_prepared(full)
    for margin, at_least in ways.items():
        small = np.stack([prepared(file, at_least=at_least) for file in files])
        cosines = (embedder.embed_prepared(small) * expected).sum(1)
        seconds = median(taken[margin])
        print(
            f"{size:>11} {margin or 'full':>6} {len(files) / seconds:9.1f} {median(taken[None]) / seconds:8.2f} "
            f"{np.abs(small.astype(int) - full).mean():16.3f} {cosines.mean():8.5f} {cosines.min():8.5f}"
        )


def prepared(file: bytes, *, at_least: tuple[int, int] | None) -> np.ndarray:
    """The image as the network takes it, (SIDE, SIDE, 3) uint8."""
    pixels = torch.from_numpy(np.array(open_image(file, at_least=at_least))).permute(2, 0, 1)
    return resize(image_size=(SIDE, SIDE))(pixels).permute(1, 2, 0).numpy()


def enlarged(path: Path, width: int) -> bytes:
    """The photograph at 4 : 3 as a JPEG file."""
    kept = BytesIO()
    open_image(path).resize((width, width * 3 // 4), Image.Resampling.LANCZOS).save(kept, "JPEG", quality=90)
    return kept.getvalue()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--limit", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
