"""`reseen classify train` and `reseen classify evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.console import progress_for
from reseen.cli.options import Json, OtherData, Out, Overrides, Quiet, Recipe, Resume

classify = typer.Typer(
    name="classify",
    help="Image classification with the same attention: CIFAR-10/100, ImageNet, any folder of classes.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

ClassData = Annotated[
    Path,
    typer.Option(
        help="CIFAR-10 or CIFAR-100 as unpacked, a folder with train/CLASS and val/CLASS, or a VeRi-776 folder (types)."
    ),
]


@classify.command()
def train(
    recipe: Recipe,
    data: ClassData,
    out: Out,
    *,
    set_: Overrides = [],  # noqa: B006 - typer copies it
    resume: Resume = False,
    quiet: Quiet = False,
) -> None:
    """Train a classifier, score it, and write its report.

    [bold]Examples[/bold]

    reseen classify train classify-cifar10-rga-sc --data data --out runs/cifar10-rga-sc

    reseen classify train classify-bodytype-rga-sc --data vehicles --out runs/bodytype

    Ctrl-C finishes the step and saves; the same command with --resume continues.
    """
    from reseen.cli.task_runs import train_and_report
    from reseen.tasks.classify import CLASSIFICATION
    from reseen.tasks.classify.report import report_finished_run

    progress = progress_for(quiet=quiet)
    train_and_report(
        CLASSIFICATION,
        recipe,
        report_finished_run,
        data=data,
        out=out,
        overrides=set_,
        resume=resume,
        progress=progress,
    )


@classify.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="A folder that `reseen classify train` wrote.")],
    *,
    data: OtherData = None,
    json: Json = None,
    quiet: Quiet = False,
) -> None:
    """Score a run's best weights: top-1, top-5, and each class's own.

    [bold]Examples[/bold]

    reseen classify evaluate runs/cifar10-rga-sc

    reseen classify evaluate runs/bodytype --data other-vehicles --json scores.json
    """
    from reseen.cli.task_runs import tell_scores
    from reseen.tasks.classify import CLASSIFICATION, evaluate_run

    result = evaluate_run(run, data=data, progress=progress_for(quiet=quiet))
    tell_scores(run, result.report.as_dict(), task=CLASSIFICATION, json=json)
