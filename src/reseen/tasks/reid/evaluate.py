"""Evaluation: what is given, scored as it was chosen, and kept in the run where it is one."""

from pathlib import Path

from torch import nn

from reseen.data.datasets import read_data
from reseen.data.fingerprint import fingerprint
from reseen.data.table import Splits
from reseen.data.unreadable import below, leave_out, skip_unreadable
from reseen.engine.checkpoint import load_card
from reseen.engine.hardware import DeviceName, one_device
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.metrics import Protocol, Report
from reseen.metrics.postprocess.rerank import Reranking
from reseen.models.histogram import ColourHistogram
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.build import build_embedder, load_model, resolved
from reseen.tasks.reid.embedding_files import keep_embeddings, weights_fingerprint
from reseen.tasks.reid.load import protocol_for
from reseen.tasks.reid.options import AS_THE_RECIPE_SAYS, Choices
from reseen.tasks.reid.postprocess import Expansion, Refinement
from reseen.tasks.reid.query_gallery import Sides
from reseen.tasks.reid.recipe import MetadataTold, recipe_from, recipe_of
from reseen.tasks.reid.scoring import Evaluated, score_files, score_model, score_model_checked, score_row
from reseen.tasks.reid.sources import Files, Weights, source_of

OTHER_DATA = "data "
"""How the name of a row of scores goes on, before the folder, where it is of other data than the run's own."""


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
    """Score a run on its own data or on ``data``, a weights file on ``data``, or two files of embeddings.

    ``protocol``, ``average_precision``, ``metadata`` (what a model is told of cameras and views) and ``flip`` (whether
    a picture's and its mirror image's embeddings are averaged) are the recipe's where left out, and the protocol then
    the data's. ``camera_bias``, ``expand_gallery``, ``expand`` and ``rerank`` are done in this order.

    A run keeps its embeddings, and its scores in a row that is named by what differs from its recipe. ReseenError for
    what the user can mend, before anything is embedded wherever the labels alone show it.
    """
    choices = Choices(
        protocol=protocol,
        average_precision=average_precision,
        metadata=metadata,
        flip=flip,
        refinement=Refinement(camera_bias, expand_gallery=expand_gallery, expand=expand, rerank=rerank),
        device=device,
    )
    progress = progress or SILENT
    found = source_of(source, gallery, data=data)
    if isinstance(found, Files):
        return score_files(found, choices=choices, progress=progress)
    if isinstance(found, Weights):
        return evaluate_weights(found, choices=choices, progress=progress)
    return evaluate_run(found, data=data, choices=choices, progress=progress)


def evaluate_run(
    run: Run | Path | str,
    *,
    data: Path | str | None = None,
    choices: Choices = AS_THE_RECIPE_SAYS,
    progress: Progress = SILENT,
) -> Evaluated:
    """Score a run's best weights on its own data, or on ``data``; keep the scores, and the embeddings of its own data.

    Scores that come about otherwise than the recipe says stand in a row of their own.
    """
    run = open_run(run)
    recipe, splits = recipe_of(run), splits_of(run, data, progress=progress)
    own = data is None or _same_data(run, Path(data), splits)
    differences = choices.differences(recipe, protocol_for(recipe, splits))
    differences += [] if own else [f"{OTHER_DATA}{Path(str(data)).resolve()}"]
    weights, model = weights_fingerprint(run), load_model(run.best_weights)
    result = score_model_checked(model, splits, recipe, choices=choices, progress=progress, name="trained")
    result = result._replace(row=", ".join([result.row, *differences]))
    if own and not choices.differences_of_pictures(recipe):
        keep_embeddings(run, Sides(result.query, result.gallery), weights=weights)
    run.save_scores({result.row: score_row(result.report)})
    return result


def evaluate_weights(
    weights: Weights, *, choices: Choices = AS_THE_RECIPE_SAYS, progress: Progress = SILENT
) -> Evaluated:
    """Score a weights file on a data set, as the recipe on its card says; nothing is kept."""
    recipe = resolved(recipe_from(load_card(weights.path).recipe, name=str(weights.path)))
    splits = read_data(weights.data, layout=recipe.data.layout, seed=recipe.seed)
    splits = skip_unreadable(splits, progress) if recipe.data.unreadable == "skip" else splits
    model, name = load_model(weights.path), weights.path.stem
    return score_model_checked(model, splits, recipe, choices=choices, progress=progress, name=name)


def evaluate_baselines(
    run: Run | Path | str, *, data: Path | str | None = None, progress: Progress | None = None
) -> dict[str, Report]:
    """Score what a trained model must beat: a colour histogram, and the model as its training began."""
    run = open_run(run)
    progress = progress or SILENT
    recipe, splits, fabric = recipe_of(run), splits_of(run, data, progress=progress), one_device()
    train = splits.train
    untrained = build_embedder(
        recipe,
        num_identities=len(train.identity_names),
        start_weights=True,
        metadata_names=(train.camera_names, train.view_names),
    )
    systems: dict[str, nn.Module] = {"histogram": ColourHistogram(), "untrained": untrained}
    reports = {
        name: score_model(model, splits, recipe, fabric=fabric, progress=progress, name=name).report
        for name, model in systems.items()
    }
    run.save_scores({name: score_row(report) for name, report in reports.items()})
    return reports


def splits_of(run: Run, data: Path | str | None, *, progress: Progress = SILENT) -> Splits:
    """A run's data: where it was trained unless ``data`` says another place.

    Pictures that its training skipped as unreadable stay left out. Of ``data`` that are named, others that do not
    decode are skipped too, where the recipe says so.
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
    skips = data is not None and recipe.data.unreadable == "skip"
    return skip_unreadable(splits, progress) if skips else splits


def _same_data(run: Run, data: Path, splits: Splits) -> bool:
    """Whether these are the pictures that the run was trained and scored on, wherever they lie."""
    facts = run.data()
    if str(data.resolve()) == facts["path"]:
        return True
    counts = {name: len(split) for name, split in splits.tables().items()}
    return counts == facts["pictures"] and fingerprint(splits) == facts["fingerprint"]
