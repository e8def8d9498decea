"""`reseen advise`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from reseen.cli.console import progress_for, results, say
from reseen.cli.evaluate_options import ComputeDevice
from reseen.cli.options import Quiet

if TYPE_CHECKING:
    from reseen.tasks.reid.advise import Advice
    from reseen.tasks.reid.advise.advice import SplitDescription, UntrainedScores


def advise(
    data: Annotated[Path, typer.Argument(help="A data set, in any layout that reseen reads.")],
    *,
    minutes: Annotated[
        float | None, typer.Option(help="How long the whole run may take; the recipe's own length if left out.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the advice to this file.")] = None,
    recipe: Annotated[str, typer.Option(help="The recipe to fit: a name, or a TOML file.")] = "finetune",
    layout: Annotated[str, typer.Option(help="auto, or a layout that `reseen datasets` lists.")] = "auto",
    device: ComputeDevice = "auto",
    quiet: Quiet = False,
) -> None:
    """Look at a data set before training: what it holds, what is wrong with it, and the command that trains on it.

    A sample is embedded with the untrained network, and a few training steps are timed; nothing is trained.

    [bold]Examples[/bold]

    reseen advise my.csv

    reseen advise my.csv --minutes 10 --json advice.json
    """
    import reseen
    from reseen.files import write_json
    from reseen.tasks.reid.results import require_writable

    require_writable(json=json, per_query=None)
    progress = progress_for(quiet=quiet)
    advice = reseen.advise(data, minutes=minutes, recipe=recipe, layout=layout, device=device, progress=progress)
    if json is not None:
        write_json(json, advice.as_dict())
    results().print(_splits_table(advice))
    say(*_lines(advice))
    results().print(_settings_table(advice))
    say(*_last_lines(advice))


def _splits_table(advice: "Advice") -> Table:
    table = Table(
        "split", "images", "identities", "images each", "cameras", "size (median)", "largest", "largest tenth"
    )
    table.title = f"{advice.path} ({advice.layout}; sizes are height x width)"
    for split in advice.splits:
        table.add_row(*_cells(split))
    return table


def _cells(split: "SplitDescription") -> Iterator[str]:
    counts, sizes = split.summary, split.sizes
    each = counts.images_per_identity
    yield counts.name
    yield f"{counts.images:,}"
    yield f"{counts.identities:,}"
    yield f"{each.least}..{each.median:g}..{each.largest}" if each else "-"
    yield f"{counts.cameras:,}" if counts.cameras else "-"
    yield f"{sizes.median[0]} x {sizes.median[1]}" if sizes else "-"
    yield f"{sizes.largest[0]} x {sizes.largest[1]}" if sizes else "-"
    yield f"{split.largest_tenth:.0%} of images" if counts.images else "-"


def _lines(advice: "Advice") -> Iterator[str]:
    for found in advice.findings:
        yield found.line
    for note in advice.notes:
        yield f"note: {note}"
    outlook = advice.validation
    if outlook.possible:
        yield f"validation: {outlook.held_out} of {outlook.identities} training identities: {outlook.reason}"
    yield f"untrained network: {_scores(advice.untrained)}"


def _scores(scores: "UntrainedScores") -> str:
    if scores.mean_average_precision is None or scores.rank1 is None:
        return f"not scored: {scores.on}"
    return (
        f"mAP {scores.mean_average_precision:.1%}, rank-1 {scores.rank1:.1%} on {scores.images} images of {scores.on}"
    )


def _settings_table(advice: "Advice") -> Table:
    told = advice.recommendation
    table = Table("setting", "value", "why")
    table.add_row("recipe", told.recipe, told.reasons["recipe"])
    for place, value in told.settings.items():
        shown = " x ".join(map(str, value)) if isinstance(value, list) else str(value)
        table.add_row(place, shown, told.reasons[place])
    return table


def _last_lines(advice: "Advice") -> Iterator[str]:
    told = advice.recommendation
    if told.command is None:
        yield f"nothing to train: {told.reasons['recipe']}"
        return
    yield f"about {told.minutes:g} minutes for the whole run:"
    yield told.command
