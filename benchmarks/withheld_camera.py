"""What an unknown camera should add in a network with side information: the mean of the cameras' rows, or nothing.

    python benchmarks/withheld_camera.py --data SET --out FOLDER [--epochs 10] [--seeds 0 1]

TransReID and CLIP-ReID learn a row of numbers for each camera and view, which is added to every token. Both are made
small, trained from random weights on SET, and scored on its queries: told the true cameras and views; with all of them
withheld; and with those of the queries alone withheld, as where a query comes from a new camera. Where one is withheld
the network adds the mean of the rows ("mean") or nothing ("off"). Runs that are in FOLDER are not trained again.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from torch import nn

from networks import SMALL, budget
from reseen.backbones.side_embedding import SideEmbedding
from reseen.backbones.side_table import SideTable
from reseen.data.table import Splits
from reseen.engine.hardware import one_device
from reseen.metrics import Report, compare
from reseen.metrics.protocol import find_protocol
from reseen.models import EmbeddingModel
from reseen.progress import SILENT
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.evaluate import splits_of
from reseen.tasks.reid.load import protocol_for
from reseen.tasks.reid.postprocess import score
from reseen.tasks.reid.query_gallery import QueryGallery, embed_query_gallery
from reseen.tasks.reid.recipe import Recipe, recipe_of
from reseen.tasks.reid.train import train
from training_arguments import training_parser

RECIPES = {
    "transreid-veri776": [*SMALL["transreid-veri776"], "model.stride=16"],
    "clip-reid-veri776": ["model.blocks=2", "model.stride=16"],
}
"""Recipe -> what makes its network small."""


class Scored(NamedTuple):
    """The reports of one network: told, and withheld for all images and for queries alone, by mean and by nothing."""

    told: Report
    all_mean: Report
    all_off: Report
    queries_mean: Report
    queries_off: Report


def scored(model: EmbeddingModel, splits: Splits, recipe: Recipe) -> Scored:
    """Score one network in the five ways."""

    def embedded(metadata: Literal["given", "withheld"]) -> QueryGallery:
        evaluation = recipe.evaluation.model_copy(update={"metadata": metadata})
        told = recipe.model_copy(update={"evaluation": evaluation})
        return embed_query_gallery(model, splits, told, fabric=one_device(), progress=SILENT, name=metadata)

    def report(query: QueryGallery, gallery: QueryGallery) -> Report:
        return score(
            QueryGallery(query.query, gallery.gallery),
            protocol=find_protocol(protocol_for(recipe, splits)),
            average_precision=recipe.evaluation.average_precision,
        )

    given = embedded("given")
    sides = {}
    for unknown in ("mean", "off"):
        for side in side_tables(model):
            side.unknown = unknown  # type: ignore[assignment]
        sides[unknown] = embedded("withheld")
    mean, off = sides["mean"], sides["off"]
    return Scored(report(given, given), report(mean, mean), report(off, off), report(mean, given), report(off, given))


def side_tables(model: nn.Module) -> Iterator[SideTable | SideEmbedding]:
    """The model's rows of cameras and views."""
    return (module for module in model.modules() if isinstance(module, SideTable | SideEmbedding))


def rows(recipe: str, *, data: Path, out: Path, seed: int, epochs: int, size: int) -> Iterator[str]:
    """Train one network, and yield its lines of the table."""
    lines = [*budget(epochs=epochs, size=size), f"seed={seed}", *RECIPES[recipe]]
    run = train(recipe, data=data, out=out, overrides=lines, resume=out.exists()).run
    splits = splits_of(run, None)
    reports = scored(load_model(run.best_weights), splits, recipe_of(run))
    for withheld, mean, off in (
        ("all", reports.all_mean, reports.all_off),
        ("of queries", reports.queries_mean, reports.queries_off),
    ):
        result = compare(off, mean, splits.query.identities).differences["mAP"]
        scores = [f"{100 * report.scores()['mAP']:.1f}" for report in (reports.told, mean, off)]
        low, high = (100 * end for end in result.difference[1:])
        difference = f"{100 * result.difference.value:+.1f} ({low:+.1f} to {high:+.1f})"
        yield f"| {' | '.join([recipe, str(seed), withheld, *scores, difference])} |"


def main(given: Sequence[str] | None = None) -> None:
    """Train what is missing, and print the table."""
    parser = training_parser(__doc__, epochs=10)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1])
    parser.add_argument("--recipes", nargs="*", default=list(RECIPES), choices=RECIPES)
    options = parser.parse_args(given)
    options.out.mkdir(parents=True, exist_ok=True)
    print("| recipe | seed | withheld | told mAP | mean mAP | off mAP | mean - off (95 %) |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for recipe in options.recipes:
        for seed in options.seeds:
            out = options.out / f"{recipe}-{seed}"
            for row in rows(recipe, data=options.data, out=out, seed=seed, epochs=options.epochs, size=options.size):
                print(row, flush=True)


if __name__ == "__main__":
    main()
