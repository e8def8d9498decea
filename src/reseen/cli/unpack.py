"""`reseen unpack`."""

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.console import progress_for, say
from reseen.cli.options import Quiet
from reseen.progress import as_callback


def unpack(
    data: Annotated[Path, typer.Argument(help="CUHK03's folder, or its cuhk-03.mat.")], *, quiet: Quiet = False
) -> None:
    """Write out the pictures that CUHK03 holds inside cuhk-03.mat, once, into folders beside it.

    They become images_labeled/ and images_detected/; a folder that is there already stays as it is.

    [bold]Example[/bold]

    reseen unpack cuhk03
    """
    import reseen

    with as_callback(progress_for(quiet=quiet), "unpack pictures") as progress:
        done = reseen.unpack_cuhk03(data, progress=progress)
    lines = [f"{folder}: {count:,} pictures written" for folder, count in done.written.items()]
    lines += [f"{folder}: was there already, nothing written" for folder in done.present]
    say(*lines)
