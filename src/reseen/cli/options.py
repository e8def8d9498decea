"""Options and arguments that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from reseen.errors import ReseenError
from reseen.progress import Progress

if TYPE_CHECKING:
    from reseen.retrieval.embedder import Embedder
    from reseen.retrieval.ray_pool import RayPool

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
Resume = Annotated[bool, typer.Option("--resume", help="Continue a stopped or killed run from where it was saved.")]
OtherData = Annotated[Path | None, typer.Option(help="Another data set than the one the run was trained on.")]
Json = Annotated[Path | None, typer.Option(help="Also write the scores to this file.")]
Device = Annotated[str, typer.Option(help="The device, as PyTorch names it: cpu, cuda, cuda:1.")]
NetworkSource = Annotated[
    str,
    typer.Option(
        help="A run, a weights file, an export (.onnx, .xml, .pt2), or a Hub repository owner/name[@revision]; a plain "
        "ImageNet baseline if left out."
    ),
]
Decode = Annotated[
    Literal["full", "scaled"] | None,
    typer.Option(
        help="scaled: decode JPEG files at 1/2, 1/4 or 1/8 of their size where twice the network's input is left; "
        "faster, and vectors change a little. As the network was trained if left out."
    ),
]
Ray = Annotated[bool, typer.Option("--ray", help="Spread the work over processes, with Ray.")]
Address = Annotated[str | None, typer.Option(help="With --ray: the cluster's address; this machine if left out.")]
Processes = Annotated[
    int | None,
    typer.Option(min=1, help="With --ray: the most processes; one for each core, or GPU, if left out."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")]
Batch = Annotated[int, typer.Option(min=1, help="Images through the network at once; more on a GPU.")]


def embedder_for(
    model: str, *, device: str, progress: Progress, decode: Literal["full", "scaled"] | None = None
) -> "Embedder":
    """Load the embedder that ``--model`` names, and report its note."""
    from reseen.retrieval.embedder import Embedder

    embedder = Embedder.from_pretrained(model, device=device, decode=decode)
    if embedder.note:
        progress.say(embedder.note)
    return embedder


def require_ray(*, ray: bool, address: str | None, processes: int | None) -> None:
    """Raise ReseenError for options of Ray without --ray."""
    if address is not None and not ray:
        raise ReseenError("--address names a Ray cluster; add --ray")
    if processes is not None and not ray:
        raise ReseenError("--processes limits Ray's processes; add --ray")


def ray_pool(*, ray: bool, device: str, address: str | None, processes: int | None) -> "RayPool | None":
    """The processes that --ray asks for."""
    require_ray(ray=ray, address=address, processes=processes)
    if not ray:
        return None
    from reseen.retrieval.ray_pool import RayPool

    return RayPool(device=device, address=address, processes=processes)


def words(text: str) -> list[str]:
    """The words of a comma-separated list."""
    return [word.strip() for word in text.split(",") if word.strip()]


def given(**options: object) -> dict[str, Any]:
    """The options that were given: those that are not None."""
    return {name: value for name, value in options.items() if value is not None}
