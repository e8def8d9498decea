"""What the training loop loses to reading data: the whole loop beside the bare forward and backward, in turn.

    python benchmarks/training.py --data DATA [--recipe demo] [--rounds 5] [--steps 20]
    python benchmarks/training.py --data DATA --hardware [--rounds 5] [--steps 5]

Prints images/s of both, the median of their ratios, and the process's peak memory. --hardware: one training step with
each of the settings that a CPU may profit from, in turn, over that of the recipe as it is.
"""

import argparse
import resource
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from pathlib import Path
from time import perf_counter, process_time
from types import MappingProxyType
from typing import NamedTuple

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

HARDWARE: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "as it is": (),
        "channels_last": ("hardware.channels_last=true",),
        "bf16": ("hardware.precision=bf16",),
        "bf16, channels_last": ("hardware.precision=bf16", "hardware.channels_last=true"),
        "compile": ("hardware.compile=true",),
        "compile, channels_last": ("hardware.compile=true", "hardware.channels_last=true"),
    }
)
"""A way -> the settings that differ from the recipe's."""


def main() -> None:
    """Measure and print."""
    options = arguments()
    if options.hardware:
        compare_hardware(options)
        return
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


def compare_hardware(options: argparse.Namespace) -> None:
    """Seconds of a step of each way, medians of rounds in which the ways take turns, and ratios round by round."""
    ways: dict[str, LoopParts] = {}
    for name, overrides in HARDWARE.items():
        recipe = resolved(read_recipe(options.recipe, overrides=overrides))
        fabric = launch(recipe.hardware)
        splits = load_data(options.data, recipe, fabric=fabric, progress=Silent()).data
        ways[name] = assemble(build_components(recipe, splits, rank=0, world_size=1), recipe, fabric=fabric)
    fixed = next(read_batches(ways["as it is"]))
    for name, parts in ways.items():
        began = perf_counter()
        images_per_second(parts, repeat(fixed, 2))
        print(f"{name:24} first two steps {perf_counter() - began:6.1f} s", flush=True)
    taken: dict[str, list[Step]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, parts in ways.items():
            busy = process_time()
            rate = images_per_second(parts, repeat(fixed, options.steps))
            taken[name].append(Step(rate, (process_time() - busy) / options.steps))
    for name, steps in taken.items():
        faster, lighter = (
            statistics.median(
                getattr(one, of) / getattr(base, of) for one, base in zip(steps, taken["as it is"], strict=True)
            )
            for of in ("rate", "processor")
        )
        print(
            f"{name:24} {statistics.median(step.rate for step in steps):7.1f} images/s  {faster:5.2f} of as it is  "
            f"processor time {lighter:5.2f}"
        )


class Step(NamedTuple):
    """Images a second, and processor seconds of a step, all threads together."""

    rate: float
    processor: float


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
    parser.add_argument("--hardware", action="store_true", help="one step in each of the ways of a CPU")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    main()
