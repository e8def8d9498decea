"""What `finetune` hands over, set by set and seed by seed: beside the untrained network, `demo`, the best candidate.

    python benchmarks/finetune.py --data cartons.csv animals.csv --seeds 1 2 3 --out runs/finetune

A row a run: mAP of the untrained network, of the one handed over, of the candidate that the test would have chosen, and
seconds of training with all scoring. Runs that are there already are scored again, not trained. Rows are also appended
to ``rows.jsonl`` in the folder.
"""

import argparse
import json
from pathlib import Path
from time import perf_counter
from typing import Any

import reseen
from reseen.engine.hardware import one_device
from reseen.engine.run import Run
from reseen.metrics.protocol import find_protocol
from reseen.models import read_weights
from reseen.progress import SILENT
from reseen.tasks.reid.choose.candidates import sample_of
from reseen.tasks.reid.choose.handover import Judge
from reseen.tasks.reid.evaluate import splits_of, untrained_model
from reseen.tasks.reid.load import protocol_for
from reseen.tasks.reid.recipe import recipe_of
from reseen.tasks.reid.validation import hold_out

COLUMNS = ("set", "recipe", "seed", "untrained", "trained", "best of test", "chosen", "seconds")


def main() -> None:
    """Train and score what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True, help="data sets, in any layout that reseen reads")
    parser.add_argument("--recipes", nargs="+", default=["finetune"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--set", nargs="*", default=[], help="settings for every run")
    arguments = parser.parse_args()
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    for seed in arguments.seeds:
        for recipe in arguments.recipes:
            for data in arguments.data:
                row = measure(data, recipe, seed=seed, out=arguments.out, settings=arguments.set)
                print("| " + " | ".join(str(row[column]) for column in COLUMNS) + " |", flush=True)
                with (arguments.out / "rows.jsonl").open("a") as file:
                    file.write(json.dumps(row) + "\n")


def measure(data: str, recipe: str, *, seed: int, out: Path, settings: list[str]) -> dict[str, Any]:
    """Train, choose and score as `reseen train` does; the page is left out."""
    name = Path(data).stem
    folder = out / f"{name}-{recipe}-{seed}"
    began = perf_counter()
    run = reseen.train(recipe, data=data, out=folder, overrides=[f"seed={seed}", *settings], resume=True).run
    untrained = reseen.evaluate_baselines(run)["untrained"].mean_average_precision
    trained = reseen.evaluate(run).report.mean_average_precision
    seconds = perf_counter() - began
    choice = json.loads(run.choice_file.read_text()) if run.choice_file.exists() else None
    chosen = f"{choice['chosen']['weights']}, {choice['chosen']['head']}" if choice else "best epoch"
    return {
        "set": name,
        "recipe": recipe,
        "seed": seed,
        "untrained": percent(untrained),
        "trained": percent(trained),
        "best of test": percent(max(scores_on_test(run).values())) if choice else "",
        "chosen": chosen,
        "seconds": round(seconds),
    }


def scores_on_test(run: Run) -> dict[str, float]:
    """Each candidate's mAP on query and gallery of the test, which chose nothing."""
    recipe, splits = recipe_of(run), splits_of(run, None)
    train = hold_out(splits, recipe).train
    untrained = untrained_model(recipe, train)
    judge = Judge(splits, sample_of(train), recipe, find_protocol(protocol_for(recipe, splits)), one_device(), SILENT)
    judged = judge.of_averages(untrained, untrained.state_dict(), read_weights(run.trained_weights).tensors)
    return {str(scored.candidate): scored.report.mean_average_precision for scored, _ in judged}


def percent(score: float) -> str:
    """In percent, to a tenth."""
    return f"{100 * score:.1f}"


if __name__ == "__main__":
    main()
