"""Scoring of a model or of embeddings; what cannot work is refused before anything is computed."""

from dataclasses import dataclass

from lightning_fabric import Fabric
from torch import nn

from reseen.data.table import Splits
from reseen.deprecation import renamed_attribute
from reseen.engine.hardware import counting_device, one_device
from reseen.errors import ReseenError
from reseen.metrics import Embedded, Protocol, Report
from reseen.models import EmbeddingModel
from reseen.models.metadata import side_information
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.load import protocol_for, usual_protocol
from reseen.tasks.reid.memory import predict, require_memory
from reseen.tasks.reid.options import RECIPE_OPTIONS, EvaluationOptions
from reseen.tasks.reid.postprocess import require_fit, score, with_settings
from reseen.tasks.reid.query_gallery import QueryGallery, embed_query_gallery, labels_of, told_apart
from reseen.tasks.reid.recipe import Recipe
from reseen.tasks.reid.sources import Files, load_query_gallery


@dataclass(frozen=True, eq=False)
class Evaluated:
    """The result of an evaluation: the report, the embeddings before postprocessing, the rules and the data.

    ``name``: the name of the scores in the run; "trained" where everything is as its recipe says.
    """

    report: Report
    query: Embedded
    gallery: Embedded
    protocol: Protocol
    _splits: Splits | None = None
    name: str = "trained"
    row = renamed_attribute("Evaluated.row", "name")
    data = renamed_attribute("Evaluated.data", "splits")

    @property
    def splits(self) -> Splits:
        """The evaluated data. ValueError for an evaluation of two files of embeddings, which has none."""
        if self._splits is None:
            raise ValueError("expected the evaluation of a model on data, got that of two files of embeddings")
        return self._splits


def score_model(
    model: nn.Module,
    splits: Splits,
    recipe: Recipe,
    *,
    fabric: Fabric,
    progress: Progress,
    name: str,
    options: EvaluationOptions = RECIPE_OPTIONS,
) -> Evaluated:
    """Embed and rank with any module that returns an Output; ``name`` stands beside the bars."""
    rules, recipe = options.rules(protocol_for(recipe, splits)), options.applied(recipe)
    embeddings = embed_query_gallery(model, splits, recipe, fabric=fabric, progress=progress, name=name)
    report = score(
        told_apart(embeddings, query=splits.query, gallery=splits.gallery),
        protocol=rules,
        average_precision=recipe.evaluation.average_precision,
        postprocessing=options.postprocessing,
        device=counting_device(fabric),
    )
    return Evaluated(with_settings(report, *_details(model, recipe)), *embeddings, rules, splits)


def score_row(report: Report) -> dict[str, object]:
    """A report as a row of scores.json: fractions, the CMC curve, and what was skipped under which rules."""
    return {
        **report.scores(),
        "evaluated": report.evaluated,
        "skipped": dict(report.skipped),
        "protocol": report.protocol,
        "average_precision": report.precision_rule,
        "settings": report.settings,
        "cmc": [round(float(value), 6) for value in report.cmc],
    }


def score_model_checked(
    model: EmbeddingModel,
    splits: Splits,
    recipe: Recipe,
    *,
    options: EvaluationOptions,
    progress: Progress,
    name: str,
) -> Evaluated:
    """Check labels and memory, then `score_model` on one device."""
    rules, labels = options.rules(protocol_for(recipe, splits)), labels_of(splits)
    require_fit(labels, protocol=rules, postprocessing=options.postprocessing)
    _require_memory(labels, rules, options, width=model.width, embedded=False, progress=progress)
    fabric = one_device(options.device)
    return score_model(model, splits, recipe, fabric=fabric, progress=progress, name=name, options=options)


def score_files(files: Files, *, options: EvaluationOptions = RECIPE_OPTIONS, progress: Progress = SILENT) -> Evaluated:
    """Score files of embeddings; by default with the protocol market1501 where cameras are known, else wildlife."""
    unusable = options.embedding_options()
    if unusable:
        raise ReseenError(f"--{unusable[0]} says how images are embedded, and these files hold vectors: leave it out")
    embeddings = load_query_gallery(files)
    rules = options.rules(usual_protocol(*(side.cameras for side in embeddings)))
    require_fit(embeddings, protocol=rules, postprocessing=options.postprocessing)
    _require_memory(embeddings, rules, options, width=embeddings.query.width, embedded=True, progress=progress)
    report = score(
        embeddings,
        protocol=rules,
        average_precision=options.average_precision or "rectangle",
        postprocessing=options.postprocessing,
        device=counting_device(one_device(options.device)),
    )
    return Evaluated(report, *embeddings, rules)


def _require_memory(
    embeddings: QueryGallery,
    rules: Protocol,
    options: EvaluationOptions,
    *,
    width: int,
    embedded: bool,
    progress: Progress,
) -> None:
    queries, gallery = (len(side) for side in embeddings)
    require_memory(
        predict(queries, gallery, width, protocol=rules, postprocessing=options.postprocessing),
        vectors=(queries + gallery) * width * 4,
        embedded=embedded,
        postprocessing=options.postprocessing,
        progress=progress,
    )


def _details(model: nn.Module, recipe: Recipe) -> list[str]:
    """Flip test and metadata, where the embeddings were made with them."""
    evaluation = recipe.evaluation
    clauses = ["mean of each image and its mirror image"] * evaluation.flip
    if side_information(model) is not None and evaluation.metadata != "given":
        clauses.append(f"metadata {evaluation.metadata}")
    return clauses
