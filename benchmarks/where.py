"""Where an image's time goes from file to vector, stage by stage, beside bare decoding on all cores.

Used by `benchmarks/embedding.py --where`. Each stage runs alone over all images on one thread, so its processor time is
its own; the whole way and bare decoding run as `reseen embed` runs, on all cores.
"""

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from os import cpu_count
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np
import polars
import torch
from PIL import Image

from reseen.data.blocks import whole_blocks
from reseen.data.opening import open_image
from reseen.data.resized import resized
from reseen.data.transforms import resize
from reseen.retrieval.embedder import BATCH, Embedder
from reseen.retrieval.job import embed_images


class Taken(NamedTuple):
    """Seconds by the clock and of all threads on a processor, an image."""

    wall: float
    processor: float


def where(source: Path, files: Sequence[Path], *, network: str, repeats: int) -> None:
    """Print the stages' milliseconds and shares, and the whole way over bare decoding, full and scaled."""
    print(f"{len(files)} images, {sum(file.stat().st_size for file in files) / len(files):,.0f} bytes each; {network}")
    embedders = {way: Embedder.from_pretrained(network, decode=way) for way in ("full", "scaled")}
    whole: dict[str, Callable[[], object]] = {"bare decoding": partial(in_threads, bare, files)}
    whole["before: copied whole"] = partial(as_before, embedders["full"], files)
    whole |= {f"embed, {way}": partial(job, embedder, source) for way, embedder in embedders.items()}
    for way, embedder in embedders.items():
        tell_stages(way, stages(files, embedder, repeats=repeats))
    for embedder in embedders.values():
        embedder(files[:2])
    taken: dict[str, list[Taken]] = {name: [] for name in whole}
    for _ in range(repeats):
        for name, work in whole.items():
            taken[name].append(timed(work, images=len(files)))
    base = middle(taken["bare decoding"])
    before = middle(taken["before: copied whole"])
    for name, repeated in taken.items():
        one = middle(repeated)
        print(
            f"{name:22} {1 / one.wall:8.1f} images/s  {1000 * one.processor:7.2f} ms processor  of bare decoding "
            f"{one.wall / base.wall:5.2f} (processor {one.processor / base.processor:5.2f})  images/s of before "
            f"{before.wall / one.wall:5.2f} (processor {before.processor / one.processor:5.2f})"
        )
    tell_difference(files, embedders)


@whole_blocks()
def stages(files: Sequence[Path], embedder: Embedder, *, repeats: int) -> dict[str, Taken]:
    """Each stage alone, given what the one before it made."""
    read = [file.read_bytes() for file in files]
    needs = tuple(2 * side for side in embedder.image_size) if embedder.decode == "scaled" else None
    some = [open_image(data, at_least=needs) for data in read[:4]]
    small = [resized(image, embedder.image_size) for image in some]
    batch = [small[row % len(small)] for row in range(BATCH)]
    vectors = embedder.embed_prepared(batch)
    frame = polars.DataFrame({"path": [str(file) for file in files]})
    written = frame.with_columns(polars.Series("vector", np.resize(vectors, (len(files), embedder.width))))
    with tempfile.TemporaryDirectory() as folder:
        work: dict[str, tuple[Callable[[], object], int]] = {
            "read": (partial(one_by_one, Path.read_bytes, files), len(files)),
            "decode": (partial(one_by_one, partial(open_image, at_least=needs), read), len(files)),
            "resize": (partial(one_by_one, partial(resized, size=embedder.image_size), some), len(some)),
            "normalise and network": (lambda: embedder.embed_prepared(batch), BATCH),
            "write": (lambda: written.write_parquet(f"{folder}/part.parquet"), len(files)),
        }
        taken: dict[str, list[Taken]] = {name: [] for name in work}
        for _ in range(repeats):
            for name, (stage, images) in work.items():
                taken[name].append(timed(stage, images=images))
    return {name: middle(repeated) for name, repeated in taken.items()}


def one_by_one(work: Callable[[Any], object], items: Sequence[Any]) -> None:
    """Results are thrown away, as many decoded photographs would fill the memory."""
    for item in items:
        work(item)


def tell_stages(way: str, taken: dict[str, Taken]) -> None:
    """A row a stage."""
    total = sum(one.processor for one in taken.values())
    for name, one in taken.items():
        print(f"{way:8} {name:22} {1000 * one.processor:8.3f} ms processor {one.processor / total:7.1%}")


def tell_difference(files: Sequence[Path], embedders: dict[str, Embedder]) -> None:
    """What decoding small does to the vectors."""
    full, scaled = (embedders[way](files) for way in ("full", "scaled"))
    cosines = (full * scaled).sum(axis=1)
    print(f"cosine of full and scaled: mean {cosines.mean():.4f}, worst {cosines.min():.4f}")


def timed(work: Callable[[], object], *, images: int) -> Taken:
    """One run."""
    clock, processor = perf_counter(), process_time()
    work()
    return Taken((perf_counter() - clock) / images, (process_time() - processor) / images)


def middle(taken: Sequence[Taken]) -> Taken:
    """Medians of both."""
    return Taken(*(median(column) for column in zip(*taken, strict=True)))


def in_threads(work: Callable[[Path], object], files: Sequence[Path]) -> None:
    """As many threads as cores."""
    with ThreadPoolExecutor(cpu_count()) as pool:
        list(pool.map(work, files))


def bare(file: Path) -> None:
    """Decoded by Pillow at its own size, and thrown away."""
    with Image.open(BytesIO(file.read_bytes())) as opened:
        opened.load()


def as_before(embedder: Embedder, files: Sequence[Path]) -> None:
    """Each image decoded in full, copied as a whole, and resized."""
    made = resize(image_size=embedder.image_size)
    prepared: list[Any] = []

    def prepare(file: Path) -> None:
        pixels = torch.from_numpy(np.array(open_image(file))).permute(2, 0, 1)
        prepared.append(made(pixels).permute(1, 2, 0).numpy())

    in_threads(prepare, files)
    for first in range(0, len(prepared), BATCH):
        embedder.embed_prepared(prepared[first : first + BATCH])


def job(embedder: Embedder, source: Path) -> None:
    """`reseen embed` without its start."""
    with tempfile.TemporaryDirectory() as folder:
        embed_images(source, f"{folder}/out", embedder=embedder)
