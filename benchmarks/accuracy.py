"""Does attention pay? Rows and seeds trained on one data set, and each row beside the first one, paired by query.

    python benchmarks/accuracy.py RECIPE --data DATA --rows baseline,rga_sc,lka,hca --seeds 0,1,2 --out OUT
    python benchmarks/accuracy.py RECIPE --data DATA --held-out 0.2 --rows baseline --seeds 0 --out TRIAL

A row is "baseline", an attention, which takes the recipe's slots (with ``+neutral`` from its neutral start), or a model
by name. Seeds go round first, so that a table stopped early has every row; the same command goes on. ``--held-out``:
train and score on training identities alone, to choose settings without a look at the test set. OUT/accuracy.json and
accuracy.md are written anew after each seed.
"""

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reseen.attention import ATTENTIONS
from reseen.data.datasets import read_data
from reseen.data.table import Splits
from reseen.engine.ablation import Ablation, Row, markdown, run_ablation
from reseen.engine.run import open_run
from reseen.files import write_json, write_text
from reseen.metrics import Estimate, evaluate, interval
from reseen.progress import SILENT, Progress
from reseen.tasks.ablate import BASELINE, with_attention
from reseen.tasks.reid.ablate import ABLATION
from reseen.tasks.reid.compare import compare_runs
from reseen.tasks.reid.evaluate import evaluate_run
from reseen.tasks.reid.recipe import Recipe, read_recipe, recipe_from
from reseen.tasks.reid.saved_evaluation import embeddings_of
from reseen.tasks.reid.task import REIDENTIFICATION

NEUTRAL = "+neutral"
"""What ends the name of a row whose attention begins neutral."""


def main(given: Sequence[str] | None = None) -> None:
    """Train, score, compare, print."""
    options = arguments(given)
    recipe = read_recipe(options.recipe, overrides=options.set)
    data = options.data
    if options.held_out:
        data = held_out(data, options.out / "held-out.csv", share=options.held_out)
    options.out.mkdir(parents=True, exist_ok=True)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    for done in range(1, len(seeds) + 1):
        table = measure(recipe, rows=options.rows.split(","), seeds=seeds[:done], data=data, out=options.out)
        print(table, flush=True)


def measure(
    recipe: Recipe,
    *,
    rows: Sequence[str],
    seeds: Sequence[int],
    data: Path,
    out: Path,
    progress: Progress = SILENT,
) -> str:
    """Every row with every seed, resumable; the table as Markdown, also in ``out/accuracy.md`` and ``.json``."""
    table = run_ablation(ROWS, recipe, rows=rows, seeds=seeds, data=data, out=out, progress=progress)
    paired = [beside_first(out, rows[0], row, seed=seed) for row in rows[1:] for seed in seeds]
    text = markdown(table) + "\n" + paired_markdown(paired)
    write_json(out / "accuracy.json", {"rows": [plain(row, out) for row in table], "paired": paired})
    write_text(out / "accuracy.md", text)
    return text


def beside_first(out: Path, first: str, row: str, *, seed: int) -> dict[str, Any]:
    """The paired differences of two runs of one seed, in points, with their intervals and p-values."""
    found = compare_runs(*(out / name / f"seed-{seed}" for name in (first, row)))
    differences = {
        score: {**points(one.difference), "p_value": one.p_value} for score, one in found.differences.items()
    }
    return {"row": row, "against": first, "seed": seed, "queries": found.queries, "differences": differences}


def paired_markdown(paired: Sequence[Mapping[str, Any]]) -> str:
    """One line a row and seed: the first score's difference."""
    lines = ["| row | seed | mAP against the first row | 95 % interval | p |\n", "| --- | --- | --- | --- | --- |\n"]
    for one in paired:
        found = next(iter(one["differences"].values()))
        ends = f"{found['low']:+.1f} to {found['high']:+.1f}"
        cells = (one["row"], str(one["seed"]), f"{found['value']:+.1f}", ends, f"{found['p_value']:.3f}")
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)


def plain(row: Row, out: Path) -> dict[str, Any]:
    """A row: mean and spread over seeds, and each seed's scores with their intervals, in points."""
    scores = {words: spread._asdict() for words, spread in row.scores.items()}
    by_seed = {seed: with_intervals(out / row.name / f"seed-{seed}") for seed in row.seeds}
    return {"row": row.name, "scores": scores, "by_seed": by_seed}


def with_intervals(run: Path) -> dict[str, dict[str, float]]:
    """Score -> its value and its 95 % interval over identities, from the embeddings that the run kept."""
    kept = embeddings_of(open_run(run))
    report = evaluate(kept.query, kept.gallery, protocol=kept.protocol, average_precision=kept.average_precision)
    return {score: points(estimate) for score, estimate in interval(report, kept.query.identities).items()}


def points(estimate: Estimate) -> dict[str, float]:
    """A fraction and its interval, in points."""
    value, low, high = (round(100 * number, 2) for number in estimate[:3])
    return {"value": value, "low": low, "high": high}


def held_out(data: Path, table: Path, *, share: float) -> Path:
    """A table of a synthetic set's training identities alone; whole pairs of twins are held out as query and gallery.

    A query is the first image of an identity from each camera.
    """
    train = read_data(data, layout="auto", seed=0).train
    told = json.loads((data / "synth.json").read_text(encoding="utf-8"))["twin_pairs"]
    pairs = sorted(pair for pair in told if pair[0] in train.identity_names)
    out_of_training = {name for pair in pairs[: round(share * len(pairs))] for name in pair}
    seen: set[tuple[str, str]] = set()
    rows = [("path", "identity", "camera", "split")]
    for path, identity, camera in zip(train.paths, train.identities, train.cameras, strict=True):
        split = "train"
        if identity in out_of_training:
            split = "gallery" if (identity, camera) in seen else "query"
            seen.add((identity, camera))
        rows.append((str(path), identity, camera, split))
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return table


def _notes(_row: str, _run: object) -> Mapping[str, str]:
    return {}


def _variant(row: str, base: Recipe) -> Recipe:
    name = row.removesuffix(NEUTRAL)
    made = with_attention(name, base) if name in {BASELINE, *ATTENTIONS} else ABLATION.variant(name, base)
    if name == row:
        return made
    raw = made.model_dump(mode="json", exclude_none=True)
    for line in raw["model"]["attention"].values():
        line["start"] = "neutral"
    return recipe_from(raw, name=row)


ROWS: Ablation[Recipe, Splits] = Ablation(REIDENTIFICATION, _variant, evaluate_run, _notes)
"""Attentions in the recipe's own network, or models by name."""


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", default="baseline,rga_sc,lka,hca")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--held-out", type=float, default=0.0, help="share of the training identities that is held out")
    parser.add_argument("--set", action="append", default=[], help="key=value of the recipe")
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
