"""`reseen import-weights`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.cli.console import results
from reseen.errors import ReseenError

if TYPE_CHECKING:
    from reseen.models.releases import Released

ONNX = "onnx"
"""The release of a file that holds its network."""


def import_weights(
    release: Annotated[str, typer.Argument(help="Whose checkpoint; --list names the kinds.")] = "",
    source: Annotated[Path | None, typer.Argument(help="The checkpoint, plain or wrapped.")] = None,
    out: Annotated[
        Path | None, typer.Argument(help="The weights file to write (.safetensors, or .onnx for onnx).")
    ] = None,
    *,
    image_size: Annotated[
        tuple[int, int] | None, typer.Option(help="Height and width of its training; the release's if left out.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="An option of the release that its tensors do not tell: --set cameras=20."),
    ] = None,
    identities: Annotated[int | None, typer.Option(min=1, help="How many identities its head must have.")] = None,
    without_head: Annotated[bool, typer.Option("--without-head", help="Leave the classifier out.")] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="Tell of each kind what it reads, its options, licence and files.")
    ] = False,
) -> None:
    """Turn a checkpoint that another project released into a weights file of reseen.

    [bold]Examples[/bold]

    reseen import-weights --list

    reseen import-weights rga-release checkpoint_600.pth.tar rga.safetensors --without-head

    reseen import-weights onnx vehicle-reid.onnx vehicles.onnx --set mean=[0.0,0.0,0.0] --set std=[1.0,1.0,1.0]

    reseen import-weights transreid vit_transreid_stride.pth transreid.safetensors --set cameras=20 --set views=8
    """
    if listed:
        _list()
        return
    if source is None or out is None:
        raise ReseenError("expected RELEASE FILE OUT, or --list, which names the kinds of release")
    if release == ONNX:
        _import_onnx(source, out, image_size=image_size, options=settings or ())
        return
    from reseen.tasks.reid.releases import import_weights as convert

    released = convert(
        release,
        source,
        out,
        image_size=image_size,
        num_identities=identities,
        with_head=not without_head,
        options=settings or (),
    )
    _tell(released, out)


def _tell(released: "Released", out: Path) -> None:
    head = "no head" if released.num_identities is None else f"{released.num_identities} identities"
    left_out = f", {len(released.left_out)} tensors left out" if released.left_out else ""
    results().print(f"{released.described}, {len(released.tensors)} tensors, {head}{left_out} -> {out}")


def _import_onnx(source: Path, out: Path, *, image_size: tuple[int, int] | None, options: Sequence[str]) -> None:
    from reseen.deploy.foreign_onnx import import_onnx

    facts = import_onnx(source, out, image_size=image_size, options=options)
    results().print(f"ONNX, images of {facts.image_size[0]} x {facts.image_size[1]}, vectors of {facts.width} -> {out}")


def _list() -> None:
    from rich.table import Table

    from reseen.models.releases import RELEASES
    from reseen.tasks.reid.releases import options_of

    table = Table(title="Checkpoints that can be imported", show_lines=True)
    for column in ("release", "what it reads", "--set", "licence", "files", "expected", "distance"):
        table.add_column(column, overflow="fold")
    for name, release in RELEASES.items():
        table.add_row(
            name,
            release.reads,
            "\n".join(options_of(name)),
            release.licence,
            release.files,
            release.expected,
            release.distance,
        )
    table.add_row(
        ONNX, "an ONNX file of any embedder, into a copy that says its preprocessing", "mean=...\nstd=...\nbgr=False"
    )
    results().print(table)
