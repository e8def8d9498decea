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
    """Write the images inside CUHK03's cuhk-03.mat into folders beside it.

    The folders are images_labeled/ and images_detected/; one that exists already is left as it is.

    [bold]Example[/bold]

    reseen unpack cuhk03
    """
    import reseen

    with as_callback(progress_for(quiet=quiet), "unpack images") as progress:
        done = reseen.unpack_cuhk03(data, progress=progress)
    lines = [f"{folder}: {count:,} images written" for folder, count in done.written.items()]
    lines += [f"{folder}: was there already, nothing written" for folder in done.present]
    say(*lines)
