"""`reseen profile`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from reseen.cli.console import results
from reseen.errors import ReseenError


def profile(
    name: Annotated[str, typer.Argument(help="A model that `reseen models` lists.")] = "",
    *,
    identities: Annotated[int, typer.Option(min=1, help="Training identities of the classifiers.")] = 575,
    image_size: Annotated[
        tuple[int, int] | None, typer.Option(metavar="H W", help="In pixels; the paper's size if left out.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the counts to this file.")] = None,
    paper: Annotated[bool, typer.Option("--paper", help="Our counts beside those in the papers.")] = False,
) -> None:
    """Count a model: parameters, multiply-adds by kind, activations, part by part.

    [bold]Examples[/bold]

    reseen profile lka_reid

    reseen profile rga_sc --identities 751 --image-size 256 128 --json rga.json

    reseen profile --paper
    """
    if paper:
        _print_paper(results())
        return
    if not name:
        raise ReseenError("profile: expected a model's name or --paper; `reseen models` lists the names")
    from reseen.files import write_json
    from reseen.profiling.profile import profile as count

    counted = count(name, identities=identities, image_size=image_size)
    if json is not None:
        write_json(json, counted.as_dict())
    height, width = counted.image_size
    table = Table("part", *(("parameters", "trained", "G MACs", "convolution", "matmul", "normalisation")))
    table.title = f"{name}, one image of {height} x {width}, {identities} identities"
    for part, cost in {"whole": counted.whole, **counted.parts}.items():
        macs = (f"{value / 1e9:.3f}" for value in (cost.macs.total, *cost.macs))
        table.add_row(part, f"{cost.parameters:,}", f"{cost.trainable_parameters:,}", *macs)
    inference, training = counted.activations_inference / 1e6, counted.activations_training / 1e6
    table.caption = f"activations at their peak, float32: {inference:.1f} MB, {training:.1f} MB kept for backward"
    results().print(table)


def _print_paper(console: Console) -> None:
    from reseen.profiling.papers import baseline_candidates, compare_rga, compare_table_i, compare_table_ii

    systems = Table("LKA-ReID, Table I", "mAP", "rank-1", "rank-5", "recipe", "parameters (M)", "G MACs")
    for row, trained, multiplied in compare_table_i():
        scores = (row.mean_average_precision, row.rank1, row.rank5)
        systems.add_row(
            row.label,
            *("" if score is None else f"{score:.2%}" for score in scores),
            row.recipe or "no public code",
            "" if trained is None else f"{trained / 1e6:.2f}",
            "" if multiplied is None else f"{multiplied / 1e9:.2f}",
        )
    systems.caption = (
        "Scores on VeRi-776 as printed; a star: with cameras and views. Costs are ours, with 575 identities."
    )
    cost = Table("LKA-ReID, Table II", "parameters (M)", "ours", "GFLOPs", "ours (G MACs)", "difference")
    for paper, parameters, macs in compare_table_ii():
        cost.add_row(
            paper.label,
            f"{paper.parameters:.2f}",
            f"{parameters / 1e6:.3f}",
            f"{paper.macs:.2f}",
            f"{macs / 1e9:.2f}",
            f"{macs / 1e9 - paper.macs:+.2f}",
        )
    readings = Table("bottleneck branches of the baseline", "Baseline", "+ LKA")
    for candidate in baseline_candidates():
        readings.add_row(candidate.what, *(f"{macs / 1e9:.2f}" for macs in candidate.macs.values()))
    readings.add_row("printed in Table II", "14.44", "13.89")
    readings.caption = (
        "The printed GFLOPs of these two rows cannot be reconciled with the public code; the last reading comes "
        "nearest, and no public code does it."
    )
    bodies = Table("RGA, released backbone", "parameters", "ours")
    for model, released, ours in compare_rga():
        bodies.add_row(model, f"{released:,}", f"{ours:,}")
    for table in (systems, cost, readings, bodies):
        console.print(table)
