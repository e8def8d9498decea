"""Evaluation of a run, of weights on a data set, or of files of embeddings; a run saves its scores."""

from dataclasses import replace
from pathlib import Path

from torch import nn

from reseen.data.cached import opener
from reseen.data.datasets import read_data
from reseen.data.fingerprint import fingerprint
from reseen.data.table import Split, Splits
from reseen.data.unreadable import below, leave_out, skip_unreadable
from reseen.engine.checkpoint import load_card
from reseen.engine.hardware import DeviceName, one_device
from reseen.engine.pretrained import resolved
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.metrics import Protocol, Report
from reseen.metrics.postprocess.rerank import Reranking
from reseen.models import EmbeddingModel
from reseen.models.histogram import ColourHistogram
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.build import build_embedder, load_model
from reseen.tasks.reid.load import protocol_for
from reseen.tasks.reid.options import RECIPE_OPTIONS, EvaluationOptions
from reseen.tasks.reid.postprocess import Expansion, Postprocessing
from reseen.tasks.reid.query_gallery import QueryGallery, evaluation_transform
from reseen.tasks.reid.recipe import MetadataTold, Recipe, recipe_from, recipe_of
from reseen.tasks.reid.saved_embeddings import save_embeddings, weights_fingerprint
from reseen.tasks.reid.scoring import Evaluated, score_files, score_model, score_model_checked, score_row
from reseen.tasks.reid.sources import Files, Weights, source_of

OTHER_DATA = "data "
"""Before the folder, in the name of scores on other data than the run's own."""


def evaluate(  # noqa: PLR0913 - each is a setting that the command line has too
    source: Run | Path | str,
    gallery: Path | str | None = None,
    *,
    data: Path | str | None = None,
    protocol: str | Protocol | None = None,
    average_precision: str | None = None,
    rerank: Reranking | None = None,
    expand: Expansion | None = None,
    expand_gallery: Expansion | None = None,
    camera_bias: bool = False,
    flip: bool | None = None,
    metadata: MetadataTold | None = None,
    device: DeviceName = "auto",
    progress: Progress | None = None,
) -> Evaluated:
    """Score a run, a weights file on a data set, or two files of embeddings.

    A run saves its embeddings, and its scores under a name that says what differs from its recipe. ``camera_bias``,
    ``expand_gallery``, ``expand`` and ``rerank`` are applied in this order.

    Args:
        source: A run or its folder, a weights file (.safetensors), or query embeddings (.parquet).
        gallery: The gallery embeddings (.parquet) beside query embeddings.
        data: The data set for a weights file; for a run, other data than its own.
        protocol: A protocol or its name; the recipe's, or else the data's, if left out.
        average_precision: The name of the average precision; the recipe's if left out.
        rerank: A re-ranking, such as ``KReciprocal()``.
        expand: The expansion of queries.
        expand_gallery: The expansion of gallery entries.
        camera_bias: Whether each camera's mean is subtracted.
        flip: Whether embeddings of an image and its mirror image are averaged; the recipe's if left out.
        metadata: The cameras and views that the model sees: "given", "cameras", "views" or "withheld"; the recipe's
            if left out.
        device: "auto", "cpu" or "cuda".
        progress: Shows bars and lines; None for none.

    Returns:
        The report, the embeddings, the rules and the data.

    Raises:
        ReseenError: An error that the user can mend, before anything is embedded wherever labels alone show it.

    Example (not run):
        ```python
        result = evaluate("runs/market", rerank=KReciprocal())
        result.report.scores()["mAP"]
        ```
    """
    options = EvaluationOptions(
        protocol=protocol,
        average_precision=average_precision,
        metadata=metadata,
        flip=flip,
        postprocessing=Postprocessing(camera_bias, expand_gallery=expand_gallery, expand=expand, rerank=rerank),
        device=device,
    )
    progress = progress or SILENT
    chosen = source_of(source, gallery, data=data)
    if isinstance(chosen, Files):
        return score_files(chosen, options=options, progress=progress)
    if isinstance(chosen, Weights):
        return evaluate_weights(chosen, options=options, progress=progress)
    return evaluate_run(chosen, data=data, options=options, progress=progress)


def evaluate_run(
    run: Run | Path | str,
    *,
    data: Path | str | None = None,
    options: EvaluationOptions = RECIPE_OPTIONS,
    progress: Progress = SILENT,
) -> Evaluated:
    """Score a run's best weights on its own data or on ``data``; save the scores, and the embeddings of its own data.

    Scores that are made otherwise than the recipe says have a name of their own.
    """
    run = open_run(run)
    recipe, splits = recipe_of(run), splits_of(run, data, progress=progress)
    own_data = data is None or _same_data(run, Path(data), splits)
    differences = options.differences(recipe, protocol_for(recipe, splits))
    differences += [] if own_data else [f"{OTHER_DATA}{Path(str(data)).resolve()}"]
    weights, model = weights_fingerprint(run), load_model(run.best_weights)
    result = score_model_checked(model, splits, recipe, options=options, progress=progress, name="trained")
    result = replace(result, name=", ".join([result.name, *differences]))
    if own_data and not options.embedding_differences(recipe):
        save_embeddings(run, QueryGallery(result.query, result.gallery), weights=weights)
    run.save_scores({result.name: score_row(result.report)})
    return result


def evaluate_weights(
    weights: Weights, *, options: EvaluationOptions = RECIPE_OPTIONS, progress: Progress = SILENT
) -> Evaluated:
    """Score a weights file on a data set, as the recipe on its card says; nothing is saved."""
    recipe = resolved(recipe_from(load_card(weights.path).recipe, name=str(weights.path)))
    splits = read_data(weights.data, layout=recipe.data.layout, seed=recipe.seed)
    if recipe.data.unreadable == "skip":
        splits = skip_unreadable(splits, progress, opens=opener(evaluation_transform(recipe)))
    model, name = load_model(weights.path), weights.path.stem
    return score_model_checked(model, splits, recipe, options=options, progress=progress, name=name)


def evaluate_baselines(
    run: Run | Path | str, *, data: Path | str | None = None, progress: Progress | None = None
) -> dict[str, Report]:
    """Score two baselines of a run: a colour histogram, and the model before its training.

    Args:
        run: A run or its folder, which saves the scores.
        data: Where the data are now, if they have moved.
        progress: Shows bars and lines; None for none.

    Returns:
        "histogram" and "untrained" -> report.

    Example (not run):
        ```python
        evaluate_baselines("runs/market")["histogram"].scores()["mAP"]
        ```
    """
    run = open_run(run)
    progress = progress or SILENT
    recipe, splits, fabric = recipe_of(run), splits_of(run, data, progress=progress), one_device()
    systems: dict[str, nn.Module] = {
        "histogram": ColourHistogram(),
        "untrained": untrained_model(recipe, splits.train),
    }
    reports = {
        name: score_model(model, splits, recipe, fabric=fabric, progress=progress, name=name).report
        for name, model in systems.items()
    }
    run.save_scores({name: score_row(report) for name, report in reports.items()})
    return reports


def untrained_model(recipe: Recipe, train: Split) -> EmbeddingModel:
    """The model as it is before training on these images: with its start weights, in training mode."""
    return build_embedder(
        recipe,
        num_identities=len(train.identity_names),
        start_weights=True,
        metadata_names=(train.camera_names, train.view_names),
    )


def splits_of(run: Run, data: Path | str | None, *, progress: Progress = SILENT) -> Splits:
    """A run's data, or those of ``data``.

    Images that its training skipped as unreadable stay left out. Of ``data``, others that do not decode are skipped
    too, where the recipe says so.
    """
    recipe = recipe_of(run)
    try:
        splits = read_data(run.data_path(data), layout=recipe.data.layout, seed=recipe.seed)
    except ReseenError as error:
        hint = "" if data is not None else "; if the data have moved, say where with --data"
        raise ReseenError(f"{error}{hint}") from None
    listed = run.unreadable()
    if listed:
        progress.say(f"left out, as in training: {len(listed)} unreadable, listed in {run.data_file}")
        splits = leave_out(splits, below(splits.root, listed))
    if data is None or recipe.data.unreadable != "skip":
        return splits
    return skip_unreadable(splits, progress, opens=opener(evaluation_transform(recipe)))


def _same_data(run: Run, data: Path, splits: Splits) -> bool:
    """Whether these are the run's own data, wherever they lie."""
    facts = run.data()
    if str(data.resolve()) == facts["path"]:
        return True
    counts = {name: len(split) for name, split in splits.tables().items()}
    return counts == facts["pictures"] and fingerprint(splits) == facts["fingerprint"]
