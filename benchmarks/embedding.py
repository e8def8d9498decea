"""Images a second from files to vectors, beside a plain PyTorch loop that takes them one by one.

python benchmarks/embedding.py IMAGES [--model RUN] [--exports a.onnx b.xml] [--limit 512] [--repeats 5]
python benchmarks/embedding.py IMAGES --where [--model RUN or EXPORT] [--photographs 12]

The plain loop decodes with Pillow, resizes and normalises with torchvision, and forwards a batch of one. All ways take
turns in each repeat, so that what else the machine does falls on all alike; the ratios are of medians. Processor time
is all threads' together: it says little of waiting, and nothing of what else runs.

--where tells where an image's time goes instead: of the images as they are, or of mosaics of them of 12 megapixels.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import v2

import reseen
from decoding import mosaics
from reseen.data.image_table import list_images
from reseen.engine.run import open_run
from reseen.models import WHEEL, WHEELS
from reseen.retrieval.embedder import Embedder
from reseen.tasks.reid.recipe import recipe_of
from where import where

TWELVE_MEGAPIXELS = 3000
"""Height at 4 : 3."""


def main() -> None:
    """Measure and print one row a way."""
    options = arguments()
    torch.set_num_threads(options.threads)
    if options.where:
        tell_where(options)
        return
    files = [Path(path) for path in list_images(options.images)["path"]][: options.limit]
    embedder = reseen.Embedder.from_pretrained(options.model)
    ways: dict[str, Callable[[Sequence[Path]], np.ndarray]] = {
        "plain loop": plain(options.model),
        "embedder": many(embedder),
    }
    ways |= {path.suffix: many(reseen.Embedder.from_pretrained(path)) for path in options.exports}
    taken: dict[str, list[Taken]] = {name: [] for name in ways}
    expected = ways["plain loop"](files[:64])
    for name, way in ways.items():
        print(f"{name:12} largest difference from the plain loop {np.abs(way(files[:64]) - expected).max():.1e}")
    for _ in range(options.repeats):
        for name, way in ways.items():
            taken[name].append(timed(way, files))
    print(f"{len(files)} images, {options.threads} threads, {options.repeats} repeats")
    print(
        f"{'way':12} {'images/s':>10} {'fastest':>8} {'of plain loop':>14} {'processor ms':>13} {'of plain loop':>14}"
    )
    base = Taken(*(median(column) for column in zip(*taken["plain loop"], strict=True)))
    for name, repeats in taken.items():
        wall, processor = (median(column) for column in zip(*repeats, strict=True))
        fastest = len(files) / min(repeat.wall for repeat in repeats)
        print(
            f"{name:12} {len(files) / wall:10.1f} {fastest:8.1f} {base.wall / wall:14.2f} "
            f"{1000 * processor / len(files):13.2f} {base.processor / processor:14.2f}"
        )


def tell_where(options: argparse.Namespace) -> None:
    """The stages of the images, copied into one folder, or of photographs made of them."""
    files = [Path(path) for path in list_images(options.images)["path"]]
    with TemporaryDirectory() as folder:
        if options.photographs:
            made = mosaics(files, height=TWELVE_MEGAPIXELS, count=options.photographs)
        else:
            made = [file.read_bytes() for file in files[: options.limit]]
        for number, data in enumerate(made):
            Path(folder, f"{number:05}.jpg").write_bytes(data)
        where(Path(folder), sorted(Path(folder).iterdir()), network=options.model, repeats=options.repeats)


class Taken(NamedTuple):
    """Seconds by the clock and of all threads on a processor."""

    wall: float
    processor: float


def timed(way: Callable[[Sequence[Path]], np.ndarray], files: Sequence[Path]) -> Taken:
    """One pass over the files."""
    clock, processor = perf_counter(), process_time()
    way(files)
    return Taken(perf_counter() - clock, process_time() - processor)


def plain(source: str) -> Callable[[Sequence[Path]], np.ndarray]:
    """The loop anybody writes first, with the same weights."""
    if Path(source).is_dir():
        run = open_run(source)
        model, data = reseen.load_model(run.best_weights), recipe_of(run).data
        size, mean, std = data.image_size, data.mean, data.std
    else:
        size, (mean, std) = Embedder.from_pretrained(source).image_size, WHEELS[WHEEL].normalisation
        model = reseen.build_model(source, num_identities=None, image_size=size, pretrained=True).eval()
    resize = v2.Resize(size, antialias=True)
    prepare = v2.Compose([resize, v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)])

    def loop(files: Sequence[Path]) -> np.ndarray:
        vectors = []
        with torch.no_grad():
            for path in files:
                image = v2.functional.pil_to_tensor(Image.open(path).convert("RGB"))
                vectors.append(torch.nn.functional.normalize(model(prepare(image)[None]).embedding)[0].numpy())
        return np.stack(vectors)

    return loop


def many(embedder: Embedder) -> Callable[[Sequence[Path]], np.ndarray]:
    """Our way."""
    return lambda files: np.stack([found.vector for found in embedder.embed_files(files)])


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--where", action="store_true", help="where an image's time goes")
    parser.add_argument("--photographs", type=int, default=0, help="make so many photographs of 12 megapixels")
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--exports", type=Path, nargs="*", default=[])
    parser.add_argument("--limit", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
