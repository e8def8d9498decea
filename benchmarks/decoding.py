"""Images a second decoded in full and small, side by side, and what the difference does to pixels and embeddings.

python benchmarks/decoding.py IMAGES [--limit 30] [--rounds 3] [--ways-only]

Each image is a mosaic of photographs with grain, 4 : 3, a JPEG file of quality 90: either of many at their own size,
whose detail is all real, or of twelve enlarged. The network is EfficientNet-Lite0 with ImageNet weights at 128 x 128. A
margin is the sides asked for over the network's. "4 megapixels": as photographs come, images a second from medians of
rounds in which the ways take turns. "files": the three ways of `data.decode`, read from files and brought to the
network's size, of these and of the photographs as they are; "cached" is the second epoch. "tightest": a size at which
the margin is just kept, its worst case.
"""

import argparse
import os
from collections.abc import Sequence
from io import BytesIO
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import torch
from PIL import Image

from reseen.data.cached import cache_folder, opener
from reseen.data.image_table import list_images
from reseen.data.opening import open_image
from reseen.data.transforms import plain_transform, resize
from reseen.retrieval.embedder import Embedder

SIDE = 128
WAYS = ("full", "scaled", "cached")
MARGINS = (1.0, 1.5, 2.0, 3.0)
FOUR_MEGAPIXELS = 1732
"""Height at 4 : 3."""
TILES = (3, 9)
"""Rows of a mosaic."""


def main() -> None:
    """Measure and print one row for each margin."""
    options = arguments()
    torch.set_num_threads(1)
    photographs = [Path(path) for path in list_images(options.images)["path"]]
    print(f"{options.limit} images, {options.rounds} rounds")
    files = mosaics(photographs, height=FOUR_MEGAPIXELS, count=options.limit)
    compare_ways(files, photographs[: 10 * options.limit], rounds=options.rounds)
    if options.ways_only:
        return
    embedder = Embedder.from_pretrained()
    seconds = timed(files, rounds=options.rounds)
    print(f"4 megapixels    full {len(files) / seconds[None]:6.1f} images/s")
    for margin in MARGINS:
        speed = f"{len(files) / seconds[margin]:6.1f} images/s {seconds[None] / seconds[margin]:5.2f} of full  "
        print(f"4 megapixels    {margin:>4} {speed}{difference(files, embedder, margin=margin)}", flush=True)
    for margin in MARGINS:
        height = round(margin * SIDE) * (8 if margin <= 2 else 4)
        files = mosaics(photographs, height=height, count=options.limit)
        print(
            f"tightest        {margin:>4} height {height:>4}  {difference(files, embedder, margin=margin)}", flush=True
        )


def mosaics(photographs: Sequence[Path], *, height: int, count: int) -> list[bytes]:
    """JPEG files of photographs in rows and columns, other ones in each."""
    generator = np.random.default_rng(0)
    width = height * 4 // 3
    grain = generator.normal(0, 6, (height, width, 1))
    return [
        mosaic(photographs, TILES[number % len(TILES)], generator=generator, grain=grain) for number in range(count)
    ]


def mosaic(photographs: Sequence[Path], rows: int, *, generator: np.random.Generator, grain: np.ndarray) -> bytes:
    """One such file."""
    height, width = grain.shape[:2]
    side = -(-height // rows)
    whole, kept = Image.new("RGB", (width, height)), BytesIO()
    for top, left in product(range(0, height, side), range(0, width, side)):
        photograph = open_image(photographs[generator.integers(len(photographs))])
        whole.paste(photograph.resize((side, side), Image.Resampling.LANCZOS), (left, top))
    Image.fromarray((np.asarray(whole) + grain).clip(0, 255).astype(np.uint8)).save(kept, "JPEG", quality=90)
    return kept.getvalue()


def compare_ways(large: Sequence[bytes], small: Sequence[Path], *, rounds: int) -> None:
    """Images a second of each way of decoding, for 4-megapixel files and for small ones."""
    with TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        paths = [Path(folder) / f"{number}.jpg" for number in range(len(large))]
        for path, file in zip(paths, large, strict=True):
            path.write_bytes(file)
        speeds = {name: speeds_of_ways(files, rounds=rounds) for name, files in (("4M", paths), ("small", small))}
        kept = [entry.stat().st_size for entry in cache_folder().rglob("*") if entry.is_file()]
    for way in WAYS:
        fast, usual = speeds["4M"][way], speeds["small"][way]
        speed = f"4 megapixels {fast:7.1f} images/s  small {usual:7.1f} images/s  ratio {fast / usual:5.3f}"
        print(f"files  {way:>6}  {speed}")
    size = sum(map(len, large)) / len(large)
    print(f"files  {len(kept)} kept, {sum(kept) / len(kept):,.0f} bytes each; the JPEG files {size:,.0f}", flush=True)


def speeds_of_ways(files: Sequence[Path], *, rounds: int) -> dict[str, float]:
    """Images a second: medians of rounds in which the ways take turns, after the cache is filled."""
    mean, std = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
    made = {way: plain_transform((SIDE, SIDE), mean=mean, std=std, decode=way) for way in WAYS}
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(rounds + 1):
        for way, transform in made.items():
            begin = perf_counter()
            for file in files:
                transform(opener(transform)(file))
            taken[way] += [perf_counter() - begin] if number else []
    return {way: len(files) / median(seconds) for way, seconds in taken.items()}


def timed(files: Sequence[bytes], *, rounds: int) -> dict[float | None, float]:
    """Median seconds of each margin; None is full decoding."""
    taken: dict[float | None, list[float]] = {margin: [] for margin in (None, *MARGINS)}
    for _ in range(rounds):
        for margin, seconds in taken.items():
            begin = perf_counter()
            for file in files:
                prepared(file, margin=margin)
            seconds.append(perf_counter() - begin)
    return {margin: median(seconds) for margin, seconds in taken.items()}


def difference(files: Sequence[bytes], embedder: Embedder, *, margin: float) -> str:
    """Of pixels that the network sees (0..255), and of embeddings, from full decoding."""
    full, small = (np.stack([prepared(file, margin=way) for file in files]) for way in (None, margin))
    cosines = (embedder.embed_prepared(small) * embedder.embed_prepared(full)).sum(1)
    pixels = np.abs(small.astype(int) - full).mean()
    return f"pixels {pixels:5.2f}  cosine mean {cosines.mean():.4f} worst {cosines.min():.4f}"


def prepared(file: bytes, *, margin: float | None) -> np.ndarray:
    """The image as the network takes it, (SIDE, SIDE, 3) uint8."""
    at_least = None if margin is None else (round(SIDE * margin),) * 2
    pixels = torch.from_numpy(np.array(open_image(file, at_least=at_least))).permute(2, 0, 1)
    return resize(image_size=(SIDE, SIDE))(pixels).permute(1, 2, 0).numpy()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--limit", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways-only", action="store_true", help="the ways of data.decode alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
