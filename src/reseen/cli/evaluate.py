"""`reseen evaluate`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from reseen.cli.options import Quiet, progress_for, results


def evaluate(
    run: Annotated[Path, typer.Argument(help="A folder that `reseen train` wrote.")],
    *,
    data: Annotated[Path | None, typer.Option(help="Another data set than the run was trained on.")] = None,
    metadata: Annotated[
        Literal["given", "cameras", "views", "withheld"] | None,
        typer.Option(help="What a model with metadata is told of them; the recipe's if left out."),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the scores to this file.")] = None,
    quiet: Quiet = False,
) -> None:
    """Score a run's best weights: mAP, CMC and mINP under the data's protocol.

    [bold]Examples[/bold]

    reseen evaluate runs/market

    reseen evaluate runs/market --data other-set --json scores.json

    reseen evaluate runs/veri-metadata --metadata withheld
    """
    import reseen
    from reseen.cli.scores import score_table
    from reseen.engine.files import write_json

    result = reseen.evaluate(run, data=data, metadata=metadata, progress=progress_for(quiet=quiet))
    if json is not None:
        write_json(json, result.report.as_dict())
    results().print(score_table({str(run): result.report}))
