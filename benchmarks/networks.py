"""Each family of networks trained from random weights on one small set for the same short budget.

    python benchmarks/networks.py --data SET --out FOLDER [--epochs 6] [--size 64] [--recipes NAME ...]

Every recipe keeps its head, losses and sampler; its network is made small where that is needed on a CPU (the column
"made small" says how), and the optimiser is AdamW with a cosine for all. The scores say that each family learns from
its own losses, not which is best: a few epochs from random weights are no measure of networks that are published with
weights of ImageNet or of 400 million captions. Rows that are in FOLDER already are not trained again, so that slow
recipes can be given fewer epochs by a call of their own.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.evaluate import evaluate_baselines, evaluate_run
from reseen.tasks.reid.train import train
from training_arguments import training_parser

SMALL: Mapping[str, Sequence[str]] = {
    "veri776-resnet50-bot": ["model.backbone=resnet18"],
    "fastreid-agw-market1501": ["model.backbone=resnet26", "model.non_local=[1, 1]"],
    "fastreid-sbs-veri776": ["model.backbone=resnet26", "model.non_local=[1, 1]"],
    "fastreid-mgn-market1501": ["model.backbone=resnet26", "data.image_size=[96, 96]"],
    "hrcn-veri776": ["model.backbone=resnet26", "model.head={name='hrcn', width=256}"],
    "ssbver-veri776": [
        "model.backbone=resnet26",
        "training.ema=0.99",
        "crops={local=2, size=[32, 32], area=[0.1, 0.4]}",
    ],
    "musp-veri776": ["model.backbone=resnet26", "model.head={name='musp', prototypes=6, width=512}"],
    "pcb-market1501": ["model.backbone=resnet18"],
    "lightmbn-market1501": ["model.backbone=osnet_x0_25"],
    "osnet-x0-25-market1501": [],
    "osnet-ain-x1-0-msmt17": ["model.backbone=osnet_ain_x0_25"],
    "transreid-veri776": ["model.backbone=transreid_deit_tiny", "model.depth=4"],
    "clip-reid-market1501": ["model.blocks=3"],
    "solider-tiny-market1501": ["model.depths=[1, 1, 1, 1]"],
    "rga-sc-market1501": ["model.backbone=resnet26", "data.image_size=[128, 128]"],
    "lka-reid-veri776": [],
    "mbr-4b-veri776": [],
}
"""Recipe -> what makes its network small enough for two cores."""


def budget(*, epochs: int, size: int) -> list[str]:
    """The lines that all recipes share here."""
    return [
        f"data.image_size=[{size}, {size}]",
        "data.workers=0",
        "model.weights=none",
        "model.expect_missing=[]",
        "model.expect_unexpected=[]",
        "sampler={identities=8, images=4}",
        "optimizer={name='adamw', learning_rate=1e-3, weight_decay=1e-2}",
        "schedule={name='cosine', final=0.01}",
        f"training={{epochs={epochs}, warmup={{epochs=1.0, start=0.1}}, clip_norm=1.0}}",
        "hardware={channels_last=true}",
        "evaluation={every=0, batch_size=64}",
    ]


def trained_row(recipe: str, *, data: Path, out: Path, epochs: int, size: int) -> dict[str, object]:
    """Train one recipe and score it beside its untrained network."""
    began, lines = perf_counter(), [*budget(epochs=epochs, size=size), *SMALL[recipe]]
    run = train(recipe, data=data, out=out, overrides=lines, resume=out.exists()).run
    minutes = (perf_counter() - began) / 60
    untrained = evaluate_baselines(run, data=data)["untrained"].scores()
    scores = evaluate_run(run, data=data).report.scores()
    parameters = sum(one.numel() for one in load_model(run.best_weights).parameters())
    return {
        "recipe": recipe,
        "made small": ", ".join(line.removeprefix("model.") for line in SMALL[recipe]),
        "epochs": epochs,
        "parameters": parameters,
        "untrained": [untrained["mAP"], untrained["rank1"]],
        "trained": [scores["mAP"], scores["rank1"]],
        "minutes": minutes,
    }


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Markdown."""
    head = ["recipe", "made small", "epochs", "parameters", "untrained mAP / rank-1", "trained mAP / rank-1"]
    lines = [
        [
            str(row["recipe"]),
            str(row["made small"]) or "-",
            str(row.get("epochs", "-")),
            f"{float(str(row['parameters'])) / 1e6:.1f} M",
            *(" / ".join(f"{100 * score:.1f}" for score in row[kind]) for kind in ("untrained", "trained")),  # type: ignore[attr-defined]
        ]
        for row in rows
    ]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [head, ["---"] * len(head), *lines])


def main(given: Sequence[str] | None = None) -> None:
    """Train what is missing, and print the table."""
    parser = training_parser(__doc__, epochs=6)
    parser.add_argument("--recipes", nargs="*", default=list(SMALL), choices=SMALL)
    options = parser.parse_args(given)
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for recipe in options.recipes:
        kept = options.out / f"{recipe}.json"
        if not kept.exists():
            out = options.out / recipe
            row = trained_row(recipe, data=options.data, out=out, epochs=options.epochs, size=options.size)
            kept.write_text(json.dumps(row, indent=1))
        rows.append(json.loads(kept.read_text()))
        print(table(rows[-1:]).splitlines()[-1], flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
