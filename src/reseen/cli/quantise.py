"""`reseen quantise`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from reseen.cli.console import progress_for, results
from reseen.cli.options import Quiet


def quantise(
    source: Annotated[str, typer.Argument(help="A run, a weights file, an .onnx export, or a Hub repository.")],
    out: Annotated[Path, typer.Argument(help="The file to write: .onnx, or .xml for OpenVINO.")],
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            help="A data set: training images give the ranges, query and gallery the mAP; a run's if left out."
        ),
    ] = None,
    bf16: Annotated[
        bool, typer.Option("--bf16", help="Bfloat16 instead of INT8: OpenVINO on processors that have it.")
    ] = False,
    images: Annotated[int, typer.Option(min=1, help="How many training images give the ranges.")] = 256,
    most_loss: Annotated[float, typer.Option(min=0, help="The largest loss of mAP, in points.")] = 0.5,
    quiet: Quiet = False,
) -> None:
    """Write a copy of a network that computes in 8-bit integers, kept only if its mAP falls by less than half a point.

    [bold]Examples[/bold]

    reseen quantise runs/mine mine.xml

    reseen quantise mine.onnx mine-int8.onnx --data veri776
    """
    from reseen.retrieval.quantised import quantise as quantise_network

    done = quantise_network(
        source,
        out,
        data=data,
        precision="bf16" if bf16 else "int8",
        images=images,
        most_loss=most_loss / 100,
        progress=progress_for(quiet=quiet),
    )
    table = Table("file", "MB", "mAP before", "mAP after", "lowest cosine", "images")
    size = sum(part.stat().st_size for part in (out, out.with_suffix(".bin")) if part.exists())
    table.add_row(
        str(out), f"{size / 1e6:.1f}", f"{done.before:.1%}", f"{done.after:.1%}", f"{done.cosine:.3f}", str(done.images)
    )
    results().print(table)
