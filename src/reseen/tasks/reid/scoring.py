"""From a model, or from embeddings, to a report: what cannot work is refused before anything is computed."""

from typing import NamedTuple

from lightning_fabric import Fabric
from torch import nn

from reseen.data.table import Splits
from reseen.engine.hardware import counting_device, one_device
from reseen.errors import ReseenError
from reseen.metrics import Embedded, Protocol, Report
from reseen.models import SingleBranchEmbedder
from reseen.models.metadata import side_information
from reseen.models.multibranch import MultiBranchEmbedder
from reseen.progress import Progress, Silent
from reseen.tasks.reid.load import protocol_for, usual_protocol
from reseen.tasks.reid.memory import predict, require_memory
from reseen.tasks.reid.options import AS_THE_RECIPE_SAYS, Choices
from reseen.tasks.reid.postprocess import require_fit, score, with_settings
from reseen.tasks.reid.query_gallery import Sides, embed_sides, labels_of
from reseen.tasks.reid.recipe import Recipe
from reseen.tasks.reid.sources import Files, load_sides


class Evaluated(NamedTuple):
    """A report, the vectors as they were embedded, the rules, and the data, None where files held the vectors.

    ``row``: the name under which the run keeps the scores; "trained" where all was as its recipe says.
    """

    report: Report
    query: Embedded
    gallery: Embedded
    protocol: Protocol
    data: Splits | None = None
    row: str = "trained"

    @property
    def splits(self) -> Splits:
        """The data. ValueError where files held the vectors."""
        if self.data is None:
            raise ValueError("expected what evaluating a model on data returned, got that of two files of embeddings")
        return self.data


def score_model(
    model: nn.Module,
    splits: Splits,
    recipe: Recipe,
    *,
    fabric: Fabric,
    progress: Progress,
    name: str,
    choices: Choices = AS_THE_RECIPE_SAYS,
) -> Evaluated:
    """Embed and rank with any module that returns an Output, in evaluation mode; ``name`` stands beside the bars."""
    rules, recipe = choices.rules(protocol_for(recipe, splits)), choices.applied(recipe)
    sides = embed_sides(model, splits, recipe, fabric=fabric, progress=progress, name=name)
    report = score(
        sides,
        protocol=rules,
        average_precision=recipe.evaluation.average_precision,
        refinement=choices.refinement,
        device=counting_device(fabric),
    )
    return Evaluated(with_settings(report, *_seen(model, recipe)), *sides, rules, splits)


def score_row(report: Report) -> dict[str, object]:
    """A report as a row of scores.json: fractions, the CMC curve, and what was skipped under which rules."""
    return {
        **report.scores(),
        "evaluated": report.evaluated,
        "skipped": dict(report.skipped),
        "protocol": report.protocol,
        "average_precision": report.average_precision,
        "settings": report.settings,
        "cmc": [round(float(value), 6) for value in report.cmc],
    }


def score_model_checked(
    model: SingleBranchEmbedder | MultiBranchEmbedder,
    splits: Splits,
    recipe: Recipe,
    *,
    choices: Choices,
    progress: Progress,
    name: str,
) -> Evaluated:
    """`score_model` on one device, once the labels and the memory allow it."""
    rules, labels = choices.rules(protocol_for(recipe, splits)), labels_of(splits)
    require_fit(labels, protocol=rules, refinement=choices.refinement)
    _require_memory(labels, rules, choices, width=model.width, made=False, progress=progress)
    fabric = one_device(choices.device)
    return score_model(model, splits, recipe, fabric=fabric, progress=progress, name=name, choices=choices)


def score_files(files: Files, *, choices: Choices = AS_THE_RECIPE_SAYS, progress: Progress | None = None) -> Evaluated:
    """Score embeddings; without a chosen protocol by market1501's rules with cameras, by wildlife's without."""
    told = choices.of_pictures()
    if told:
        raise ReseenError(f"--{told[0]} says how pictures are embedded, and these files hold vectors: leave it out")
    sides = load_sides(files)
    rules = choices.rules(usual_protocol(*(side.cameras for side in sides)))
    require_fit(sides, protocol=rules, refinement=choices.refinement)
    _require_memory(sides, rules, choices, width=sides.query.width, made=True, progress=progress or Silent())
    report = score(
        sides,
        protocol=rules,
        average_precision=choices.average_precision or "rectangle",
        refinement=choices.refinement,
        device=counting_device(one_device(choices.device)),
    )
    return Evaluated(report, *sides, rules)


def _require_memory(
    sides: Sides, rules: Protocol, choices: Choices, *, width: int, made: bool, progress: Progress
) -> None:
    queries, gallery = (len(side) for side in sides)
    require_memory(
        predict(queries, gallery, width, protocol=rules, refinement=choices.refinement),
        vectors=(queries + gallery) * width * 4,
        made=made,
        refinement=choices.refinement,
        progress=progress,
    )


def _seen(model: nn.Module, recipe: Recipe) -> list[str]:
    """How pictures became vectors, where that is not the plain way."""
    evaluation = recipe.evaluation
    clauses = ["mean of each picture and its mirror image"] * evaluation.flip
    if side_information(model) is not None and evaluation.metadata != "given":
        clauses.append(f"metadata {evaluation.metadata}")
    return clauses
