"""What several commands take, said once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.progress import Progress

if TYPE_CHECKING:
    from reseen.retrieval.embedder import Embedder

Data = Annotated[
    Path,
    typer.Option(
        help="A data set: a known one (see `reseen datasets`), a CSV or Parquet table, or a folder per identity."
    ),
]
Recipe = Annotated[str, typer.Argument(help="A recipe: a TOML file, or the name of one that comes with reseen.")]
Out = Annotated[Path, typer.Option(help="The run's folder: recipe, metrics, checkpoints, report.")]
Overrides = Annotated[
    list[str], typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, e.g. training.epochs=20.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where a stopped or killed run was saved.")]
OtherData = Annotated[Path | None, typer.Option(help="Another data set than the run was trained on.")]
Json = Annotated[Path | None, typer.Option(help="Also write the scores to this file.")]
Device = Annotated[str, typer.Option(help="As PyTorch names it: cpu, cuda, cuda:1.")]
NetworkSource = Annotated[
    str,
    typer.Option(
        help="A run, a weights file, an export (.onnx, .xml, .pt2), or a Hub repository owner/name[@revision]; a plain "
        "ImageNet baseline if left out."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")]


def embedder_for(model: str, *, device: str, progress: Progress) -> "Embedder":
    """The embedder that ``--model`` names, and what there is to say of it."""
    from reseen.retrieval.embedder import Embedder

    embedder = Embedder.from_pretrained(model, device=device)
    if embedder.note:
        progress.say(embedder.note)
    return embedder


def words(text: str) -> list[str]:
    """Comma-separated words."""
    return [word.strip() for word in text.split(",") if word.strip()]
