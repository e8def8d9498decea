"""`reseen train`."""

from reseen.cli.console import progress_for, results, say
from reseen.cli.options import Data, Out, Overrides, Quiet, Recipe, Resume


def train(
    recipe: Recipe,
    data: Data,
    out: Out,
    *,
    set_: Overrides = [],  # noqa: B006 - typer copies it
    resume: Resume = False,
    quiet: Quiet = False,
) -> None:
    """Train a recipe on a data set, score it, and write its report.

    [bold]Examples[/bold]

    reseen train market1501-resnet50-bot --data Market-1501 --out runs/market

    reseen train finetune --data my.csv --out runs/mine --set training.minutes=10

    torchrun --nproc-per-node 8 -m reseen train veri776-resnet50-bot --data VeRi --out runs/veri

    Ctrl-C finishes the step and saves; the same command with --resume continues.
    """
    import reseen
    from reseen.cli.scores import score_table

    progress = progress_for(quiet=quiet)
    trained = reseen.train(recipe, data=data, out=out, overrides=set_, resume=resume, progress=progress)
    if not trained.first_process:
        return
    baselines = reseen.evaluate_baselines(trained.run, progress=progress)
    result = reseen.evaluate(trained.run, progress=progress)
    report = reseen.report_run(trained.run, result)
    results().print(score_table({**baselines, "trained": result.report}))
    say(f"report: {report}")
