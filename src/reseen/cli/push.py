"""`reseen push`."""

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.console import say


def push(
    run: Annotated[Path, typer.Argument(help="A folder that `reseen train` wrote.")],
    repository: Annotated[str, typer.Argument(help="The Hugging Face Hub repository, owner/name.")],
    *,
    public: Annotated[
        bool, typer.Option("--public", help="Make a new repository public; private if left out.")
    ] = False,
    licence: Annotated[str, typer.Option(help="The licence's identifier on the Hub, such as apache-2.0.")] = "",
    revision: Annotated[str | None, typer.Option(help="The branch; main if left out.")] = None,
) -> None:
    """Upload a run's network to the Hugging Face Hub, with a model card; log in with `hf auth login` first.

    [bold]Example[/bold]

    reseen push runs/mine owner/name
    """
    from reseen.deploy.pushing import push as upload

    done = upload(run, repository, private=not public, licence=licence, revision=revision)
    say(f"{done.url}", f"as it is now: {done.source}")
