"""`reseen import-weights`."""

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.console import results


def import_weights(
    release: Annotated[str, typer.Argument(help="Whose checkpoint: rga-release or mbr-release.")],
    source: Annotated[Path, typer.Argument(help="The checkpoint, plain or wrapped in state_dict.")],
    out: Annotated[Path, typer.Argument(help="The weights file to write (.safetensors).")],
    *,
    image_size: Annotated[
        tuple[int, int] | None, typer.Option(help="Height and width of its training; the release's if left out.")
    ] = None,
    identities: Annotated[int | None, typer.Option(min=1, help="How many identities its head must have.")] = None,
    without_head: Annotated[bool, typer.Option("--without-head", help="Leave the classifier out.")] = False,
) -> None:
    """Turn a checkpoint that a method's authors released into a weights file of reseen.

    [bold]Examples[/bold]

    reseen import-weights rga-release checkpoint_600.pth.tar rga.safetensors

    reseen import-weights rga-release checkpoint_600.pth.tar rga.safetensors --without-head

    reseen import-weights mbr-release best_mAP.pt mbr.safetensors
    """
    from reseen.tasks.reid.releases import import_weights as convert

    released = convert(
        release, source, out, image_size=image_size, num_identities=identities, with_head=not without_head
    )
    head = "no head" if released.num_identities is None else f"{released.num_identities} identities"
    results().print(f"{released.model}, {len(released.tensors)} tensors, {head} -> {out}")
