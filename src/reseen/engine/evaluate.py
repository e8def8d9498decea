"""Scores: embed the query and the gallery, rank under the protocol, and keep what came out in the run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from lightning_fabric import Fabric
from PIL import Image
from torch import Tensor, nn

from reseen.data.dataset import Pictures
from reseen.data.datasets import read_data
from reseen.data.table import Split, Splits
from reseen.data.transforms import plain_transform
from reseen.engine.build import build_embedder, load_model
from reseen.engine.embed import embed, embedded
from reseen.engine.hardware import one_device
from reseen.engine.intake import protocol_for
from reseen.engine.progress import Progress, Silent
from reseen.engine.recipe import MetadataTold, Recipe
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.metrics import Embedded, Report, evaluate
from reseen.models.histogram import ColourHistogram


class Evaluated(NamedTuple):
    """A report, the vectors it was made from, and the data they were made from."""

    report: Report
    query: Embedded
    gallery: Embedded
    splits: Splits


def evaluate_run(
    run: Run | Path | str,
    *,
    data: Path | str | None = None,
    metadata: MetadataTold | None = None,
    progress: Progress | None = None,
) -> Evaluated:
    """Score a run's best weights on its own data, or on ``data``; keep the embeddings and the scores in the run.

    ``metadata`` instead of what the recipe says that a model is told of cameras and views; such scores stand in a row
    of their own, and the run's embeddings stay.
    """
    run = run if isinstance(run, Run) else open_run(Path(run))
    recipe, splits, name = run.recipe(), splits_of(run, data), "trained"
    if metadata is not None:
        evaluation = recipe.evaluation.model_copy(update={"metadata": metadata})
        recipe, name = recipe.model_copy(update={"evaluation": evaluation}), f"trained, metadata {metadata}"
    model = load_model(run.best_weights)
    result = score_model(model, splits, recipe, fabric=one_device(), progress=progress or Silent(), name="trained")
    if metadata is None:
        run.embeddings.mkdir(exist_ok=True)
        result.query.save(run.embeddings / "query.parquet")
        result.gallery.save(run.embeddings / "gallery.parquet")
    run.keep_scores({name: score_row(result.report)})
    return result


def evaluate_baselines(
    run: Run | Path | str, *, data: Path | str | None = None, progress: Progress | None = None
) -> dict[str, Report]:
    """Score what a trained model must beat: a colour histogram, and the model as its training began."""
    run = run if isinstance(run, Run) else open_run(Path(run))
    recipe, splits, fabric = run.recipe(), splits_of(run, data), one_device()
    train = splits.train
    untrained = build_embedder(
        recipe,
        num_identities=len(train.identity_names),
        start_weights=True,
        metadata_names=(train.camera_names, train.view_names),
    )
    systems: dict[str, nn.Module] = {"histogram": ColourHistogram(), "untrained": untrained}
    reports = {
        name: score_model(model, splits, recipe, fabric=fabric, progress=progress or Silent(), name=name).report
        for name, model in systems.items()
    }
    run.keep_scores({name: score_row(report) for name, report in reports.items()})
    return reports


def score_model(
    model: nn.Module, splits: Splits, recipe: Recipe, *, fabric: Fabric, progress: Progress, name: str
) -> Evaluated:
    """Embed and rank with any module that returns an Output, in evaluation mode and without flips."""
    was_training = model.training
    model = fabric.to_device(model).eval()
    transform, told = transform_for(model, recipe), told_names(model, recipe)

    def vectors(split: Split, what: str) -> Embedded:
        pictures = Pictures(
            split, transform=transform, identity_names=(), camera_names=told.cameras, view_names=told.views
        )
        found = embed(
            model,
            pictures,
            fabric=fabric,
            batch_size=recipe.evaluation.batch_size,
            workers=recipe.data.workers,
            progress=progress,
            description=f"{name}: embed {what}",
        )
        return embedded(split, found)

    query, gallery = vectors(splits.query, "query"), vectors(splits.gallery, "gallery")
    model.train(was_training)
    report = evaluate(
        query,
        gallery,
        protocol=protocol_for(recipe, splits),
        average_precision=recipe.evaluation.average_precision,
    )
    return Evaluated(report, query, gallery, splits)


def score_row(report: Report) -> dict[str, object]:
    """A report as a row of scores.json: fractions, the CMC curve, and what was skipped under which protocol."""
    return {
        **report.scores(),
        "evaluated": report.evaluated,
        "skipped": dict(report.skipped),
        "protocol": report.protocol,
        "average_precision": report.average_precision,
        "cmc": [round(float(value), 6) for value in report.cmc],
    }


def splits_of(run: Run, data: Path | str | None) -> Splits:
    """A run's data: where it was trained unless ``data`` says another place."""
    path = Path(data) if data is not None else Path(str(run.data()["path"]))
    recipe = run.recipe()
    try:
        return read_data(path, layout=recipe.data.layout, seed=recipe.seed)
    except ReseenError as error:
        hint = "" if data is not None else "; if the data have moved, say where with --data"
        raise ReseenError(f"{error}{hint}") from None


class Told(NamedTuple):
    """The names that a model is to be told the cameras and views of pictures by; what is not among them is unknown."""

    cameras: Sequence[str]
    views: Sequence[str]


def told_names(model: nn.Module, recipe: Recipe) -> Told:
    """What the recipe lets a model know of cameras and views; nothing for a model without metadata."""
    metadata, what = getattr(model, "metadata", None), recipe.evaluation.metadata
    if metadata is None:
        return Told((), ())
    return Told(
        metadata.camera_names if what in {"given", "cameras"} else (),
        metadata.view_names if what in {"given", "views"} else (),
    )


def transform_for(model: nn.Module, recipe: Recipe) -> Callable[[Image.Image], Tensor]:
    """A picture as the model takes it: of the recipe's size and, but for a colour histogram, normalised."""
    if isinstance(model, ColourHistogram):
        return plain_transform(recipe.data.image_size, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    mean, std = recipe.data.mean, recipe.data.std
    assert mean is not None, "a run's recipe is resolved"
    assert std is not None, "a run's recipe is resolved"
    return plain_transform(recipe.data.image_size, mean=mean, std=std)
