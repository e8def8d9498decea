"""`reseen export`."""

import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from reseen.cli.console import progress_for, results
from reseen.cli.options import Quiet
from reseen.errors import ReseenError


def export(
    source: Annotated[str, typer.Argument(help="A run, a weights file, or a Hub repository owner/name.")],
    *,
    onnx: Annotated[Path | None, typer.Option(help="Write this .onnx file.")] = None,
    openvino: Annotated[Path | None, typer.Option(help="Write this .xml file, and its .bin beside it.")] = None,
    torch_export: Annotated[
        Path | None,
        typer.Option(help="Write this .pt2 file, without pickles; open others' files only if you trust them."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option("--pictures", help="Images to compare on, a folder or table; the run's own if left out."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write a network with its preprocessing inside: uint8 RGB of any size in, embeddings of length 1 out.

    Each file is run and compared with PyTorch on real images, and kept only if no number differs by more than 1e-4.

    [bold]Examples[/bold]

    reseen export runs/mine --onnx mine.onnx

    reseen export owner/name --openvino mine.xml --torch-export mine.pt2 --pictures photos
    """
    logging.getLogger("onnxscript").setLevel(logging.ERROR)  # else it logs every node that it leaves as it is
    outs = _outs({".onnx": onnx, ".xml": openvino, ".pt2": torch_export})
    from reseen.data.image_table import list_images
    from reseen.deploy.export import export_network, images_of

    checked = images_of(source) if images is None else [Path(path) for path in list_images(images)["path"]]
    table = Table("file", "MB", "largest difference", "images")
    for file, difference, count in export_network(source, outs, images=checked, progress=progress_for(quiet=quiet)):
        parts = [file, file.with_suffix(".bin")] if file.suffix == ".xml" else [file]
        size = sum(part.stat().st_size for part in parts)
        table.add_row(str(file), f"{size / 1e6:.1f}", f"{difference:.1e}", str(count))
    results().print(table)


def _outs(given: dict[str, Path | None]) -> list[Path]:
    outs = {suffix: out for suffix, out in given.items() if out is not None}
    if not outs:
        raise ReseenError("export: expected at least one of --onnx, --openvino, --torch-export")
    for suffix, out in outs.items():
        if out.suffix != suffix:
            raise ReseenError(f"{out}: expected a name that ends in {suffix}")
    return list(outs.values())
