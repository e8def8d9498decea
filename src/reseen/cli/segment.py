"""`reseen segment train`, `reseen segment evaluate` and `reseen segment predict`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from reseen.cli.console import progress_for, say
from reseen.cli.options import Json, OtherData, Out, Overrides, Quiet, Recipe, Resume

segment = typer.Typer(
    name="segment",
    help="Scene segmentation with the same attention: Cityscapes, and what has its layout.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

SceneData = Annotated[
    Path,
    typer.Option(help="A folder in the layout of Cityscapes (leftImg8bit/, gtFine/), such as reseen synth scene's."),
]
TrainedRun = Annotated[Path, typer.Argument(help="A folder that `reseen segment train` wrote.")]


@segment.command()
def train(
    recipe: Recipe,
    data: SceneData,
    out: Out,
    *,
    set_: Overrides = [],  # noqa: B006 - typer copies it
    resume: Resume = False,
    quiet: Quiet = False,
) -> None:
    """Train a segmenter, score it, and write its report.

    [bold]Examples[/bold]

    reseen segment train segment-scenes-rga-sc --data scenes --out runs/scenes

    reseen segment train segment-cityscapes-rga-sc --data Cityscapes --out runs/cityscapes --set data.batch_size=4

    Ctrl-C finishes the step and saves; the same command with --resume continues.
    """
    from reseen.cli.task_runs import train_and_report
    from reseen.tasks.segment import SEGMENTATION
    from reseen.tasks.segment.report import report_run

    progress = progress_for(quiet=quiet)
    train_and_report(
        SEGMENTATION, recipe, report_run, data=data, out=out, overrides=set_, resume=resume, progress=progress
    )


@segment.command()
def evaluate(
    run: TrainedRun,
    *,
    data: OtherData = None,
    inference: Annotated[
        Literal["whole", "sliding"] | None,
        typer.Option(help="Whole images, or windows of the training size; the recipe's if left out."),
    ] = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Score a run's best weights: mean intersection over union, and each class's own.

    [bold]Examples[/bold]

    reseen segment evaluate runs/cityscapes

    reseen segment evaluate runs/cityscapes --inference whole --json scores.json
    """
    from reseen.cli.task_runs import tell_scores
    from reseen.tasks.segment import SEGMENTATION, evaluate_run

    result = evaluate_run(run, data=data, inference=inference, progress=progress_for(quiet=quiet))
    tell_scores(run, result.report.as_dict(), task=SEGMENTATION, json=json)


@segment.command()
def predict(
    run: TrainedRun,
    images: Annotated[Path, typer.Argument(help="An image, or a folder of images.")],
    out: Annotated[Path, typer.Option(help="The folder for NAME_labelIds.png and NAME_overlay.jpg.")],
    *,
    quiet: Quiet = False,
) -> None:
    """Label images with a run's best weights: label maps with Cityscapes' ids, and coloured overlays.

    [bold]Examples[/bold]

    reseen segment predict runs/scenes drive.jpg --out labelled

    reseen segment predict runs/scenes scenes/leftImg8bit/val --out labelled
    """
    from reseen.tasks.segment.predict import predict_run

    written = predict_run(run, images, out=out, progress=progress_for(quiet=quiet))
    say(f"{out}: {len(written)} label maps and overlays")
