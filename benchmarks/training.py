"""What the training loop loses to reading data: the whole loop beside the bare forward and backward, in turn.

    python benchmarks/training.py --data DATA [--recipe demo] [--rounds 5] [--steps 20]

Prints images/s of both, the median of their ratios, and the process's peak memory.
"""

import argparse
import resource
import statistics
from collections.abc import Iterable, Iterator
from itertools import islice, repeat
from pathlib import Path
from time import perf_counter

from reseen.engine.assemble import assemble
from reseen.engine.checkpoint import Place
from reseen.engine.hardware import launch
from reseen.engine.loop import LoopParts, train_step
from reseen.engine.pretrained import resolved
from reseen.progress import Silent
from reseen.tasks.reid.components import build_components
from reseen.tasks.reid.load import load_data
from reseen.tasks.reid.recipe import read_recipe
from reseen.types import Sample


def main() -> None:
    """Measure and print."""
    options = arguments()
    recipe = resolved(read_recipe(options.recipe))
    fabric = launch(recipe.hardware)
    splits = load_data(options.data, recipe, fabric=fabric, progress=Silent()).data
    parts = assemble(build_components(recipe, splits, rank=0, world_size=1), recipe, fabric=fabric)
    read = read_batches(parts)
    fixed = next(read)
    images_per_second(parts, repeat(fixed, 3))
    whole, bare = [], []
    for _ in range(options.rounds):
        whole.append(images_per_second(parts, islice(read, options.steps)))
        bare.append(images_per_second(parts, repeat(fixed, options.steps)))
    ratios = [one / other for one, other in zip(whole, bare, strict=True)]
    print(f"whole loop          {statistics.median(whole):7.1f} images/s (median of {options.rounds})")
    print(f"forward + backward  {statistics.median(bare):7.1f} images/s")
    print(f"lost to data        {1 - statistics.median(ratios):7.1%} (median of the ratios, round by round)")
    print(f"peak memory         {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:7.2f} GiB, this process")


def read_batches(parts: LoopParts) -> Iterator[Sample]:
    """Epoch after epoch, as training reads them."""
    epoch = 0
    while True:
        parts.batches.set_epoch(epoch)
        yield from parts.loader
        epoch += 1


def images_per_second(parts: LoopParts, batches: Iterable[Sample]) -> float:
    """Train on the batches; the loaders' workers read ahead during the other measurement, so each starts warm."""
    began, images = perf_counter(), 0
    for batch in batches:
        train_step(parts, batch, Place(), epoch_fraction=0.0, step_optimizer=True)
        images += len(batch.image)
    return images / (perf_counter() - began)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--recipe", default="demo")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    main()
